"""The rotation as the leader meets it: who is due, and whom each block is for."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from calsync.config.values import BlockConfig, Config
from calsync.desk import Desk
from calsync.errors import UsageError
from calsync.model import Kind, Person, Span
from calsync.outlines import wanted_before
from calsync.people.assignment import KEPT, LONGEST, WEIGHTS, Ping, Seat, assign
from calsync.people.availability import reachable
from calsync.people.clocks import Clock, Known, clocks_of
from calsync.people.contacts import Contact, ContactKind, Snooze, matching, name_key
from calsync.people.pace import Shortage, paces, shortage
from calsync.people.rotation import Due, who
from calsync.people.rotation import explain as explain_due
from calsync.people.rounds import REGULAR
from calsync.people.wording import days
from calsync.planning.meetings import work_contacts
from calsync.state.store import Store

__all__ = [
    "DueView",
    "assign_people",
    "can_reach",
    "clocks",
    "connect_block",
    "dues_of",
    "explain",
    "find_person",
    "logged",
    "missing_blocks",
    "nearest_names",
    "next_turns",
    "paused_people",
    "pings_for",
    "shortage_json",
    "shortage_of",
    "who_is_due",
]


@dataclass(frozen=True, slots=True)
class DueView:
    """One person's place in the rotation, as `who` shows it."""

    due: Due

    def as_json(self) -> dict[str, Any]:
        """The documented keys of `who`."""
        due = self.due
        return {
            "name": due.person,
            "due_on": due.due_on.isoformat(),
            "past_max": due.past_max,
            "last_personal": due.last_personal.isoformat() if due.last_personal else None,
            "last_work": due.last_work.isoformat() if due.last_work else None,
            "ideal_days": due.ideal_days,
            "max_days": due.max_days,
            "score": due.score,
            "terms": dict(due.terms),
            "held_until": due.held_until.isoformat() if due.held_until else None,
            "held_by": due.held_by or None,
            "paused": due.paused,
        }


def find_person(people: Sequence[Person], typed: str) -> Person:
    """The one person that `typed` means; raises UsageError, with the nearest names, for none or several."""
    if not typed.strip():
        raise UsageError("no name is given", "`calsync people list` shows who is in the rotation")
    found = matching(people, typed)
    if len(found) == 1:
        return found[0]
    if found:
        more = f" and {len(found) - 5} others" if len(found) > 5 else ""
        several = ", ".join(person.name for person in found[:5]) + more
        raise UsageError(f"{typed} can be any of {several}", "write the whole name in quotes, or the address")
    nearest = nearest_names(people, typed)
    if nearest:
        raise UsageError(f"nobody called {typed} is in the rotation", f"did you mean {' or '.join(nearest)}?")
    if not people:
        raise UsageError(
            "nobody is in the rotation yet", 'add somebody: calsync people add "Ana Sousa" --ideal 14d --max 28d'
        )
    raise UsageError(f"nobody called {typed} is in the rotation", "`calsync people list` shows who is")


def nearest_names(people: Sequence[Person], typed: str) -> list[str]:
    """The names that come nearest to `typed`, at most three."""
    words = {word.casefold(): p.name for p in people for word in [p.name, *p.name.split()]}
    near = difflib.get_close_matches(typed.casefold(), list(words), n=3, cutoff=0.5)
    return list(dict.fromkeys(words[word] for word in near))


def who_is_due(desk: Desk, upcoming_days: int | None = None) -> list[DueView]:
    """Everybody, most due first; with `upcoming_days`, only those due within so many days."""
    with Store(desk.state_folder, desk.now) as store:
        dues = dues_of(desk, store)
    if upcoming_days is not None:
        last = desk.now.date() + timedelta(upcoming_days)
        dues = [due for due in dues if due.due_on <= last and not due.paused]
    return [DueView(due) for due in dues]


def explain(desk: Desk, name: str) -> list[tuple[str, str]]:
    """Every term of one person's place in the rotation, as (label, value)."""
    person = find_person(desk.config.people, name)
    with Store(desk.state_folder, desk.now) as store:
        dues = dues_of(desk, store)
        block, ahead = connect_block(desk), {}
        if block is not None:
            length = timedelta(minutes=block.minutes)
            ahead = {b: Span(at, at + length) for b, (at, _) in store.assignments().items() if at >= desk.now}
        pings = pings_for(desk, store, ahead)
        before = wanted_before(desk, store).get(person.name)
    due = next(due for due in dues if due.person == person.name)
    return [("name", person.name), *explain_due(due), *_turns(desk, person, dues, ahead.values(), pings, before)]


def missing_blocks(desk: Desk) -> Shortage | None:
    """How the blocks a week agree with the gaps of everybody who is not paused; None without people or blocks."""
    with Store(desk.state_folder, desk.now) as store:
        paused = paused_people(desk, store)
    return shortage_of(desk, [person for person in desk.config.people if person.name not in paused])


def shortage_of(desk: Desk, people: Sequence[Person]) -> Shortage | None:
    """The same for `people`."""
    block = connect_block(desk)
    return shortage(people, block.per_week, block.pings) if block is not None and people else None


def shortage_json(missing: Shortage | None) -> dict[str, float] | None:
    """The documented keys of `turns_a_week` in `who`: turns, and blocks a week to add."""
    return asdict(missing) if missing is not None else None


def assign_people(desk: Desk, store: Store, blocks: Mapping[str, Span]) -> dict[str, tuple[datetime, tuple[str, ...]]]:
    """Whom the night plans each connect block for: block id -> (start, names).

    Whom the leader was told already stands fast once the freeze has begun, and stays before it where that costs little.
    """
    told = store.assignments()
    named: dict[str, list[str]] = {}
    for ping in _pings(desk, store, blocks, told, fixed=_frozen(desk, blocks)):
        named.setdefault(ping.block_id, []).append(ping.person)
    return {block: (span.start, tuple(named.get(block, ()))) for block, span in blocks.items()}


def pings_for(desk: Desk, store: Store, blocks: Mapping[str, Span]) -> list[Ping]:
    """Who stands in which of `blocks` as the last night told it.

    Where one who was told can no longer be named (left out of the rotation, skipped, talked with in the meantime), the
    blocks show what the next night would make of it. Blocks that the night knew nothing of have nobody yet, unless it
    told nothing at all.
    """
    told = store.assignments()
    if any(start >= desk.now for start, _ in told.values()):
        blocks = {block: span for block, span in blocks.items() if block in told}
    found = _pings(desk, store, blocks, told, fixed=set(blocks))
    there = {(ping.block_id, name_key(ping.person)) for ping in found}
    if all((block, name_key(name)) in there for block in blocks if block in told for name in told[block][1]):
        return found
    # Between fixed blocks hardly anybody is left to step in; the next night may take people from later ones.
    return _pings(desk, store, blocks, told, fixed=_frozen(desk, blocks))


def next_turns(desk: Desk, store: Store) -> list[Ping]:
    """Who the next night would put into the blocks that the last one told, as things stand now."""
    told, block = store.assignments(), connect_block(desk)
    if block is None:
        return []
    length = timedelta(minutes=block.minutes)
    blocks = {name: Span(start, start + length) for name, (start, _) in told.items() if start >= desk.now}
    return _pings(desk, store, blocks, told, fixed=_frozen(desk, blocks))


def _frozen(desk: Desk, blocks: Mapping[str, Span]) -> set[str]:
    """Which of `blocks` are so near that their names stay."""
    frozen = desk.now + timedelta(hours=desk.config.planning.freeze_hours)
    return {block for block, span in blocks.items() if span.start < frozen}


def _pings(
    desk: Desk,
    store: Store,
    blocks: Mapping[str, Span],
    told: Mapping[str, tuple[datetime, tuple[str, ...]]],
    fixed: Collection[str],
) -> list[Ping]:
    config, block = desk.config, connect_block(desk)
    if block is None or not config.people:
        return []
    # Blocks that are over count too, so that a leader who logs nothing is not sent to the same people every time.
    seats = [
        Seat(name, Span(start, start + timedelta(minutes=block.minutes)), names)
        for name, (start, names) in told.items()
        if start < desk.now and name not in blocks
    ]
    seats += [
        Seat(name, span, told[name][1] if name in told else (), fixed=name in told and name in fixed)
        for name, span in blocks.items()
    ]
    taken = {name_key(name): spans for name, spans in store.people_busy().items()} if config.free_busy else {}
    found = assign(
        config.people,
        _known(desk, store),
        seats,
        block.pings,
        desk.now,
        config.zone,
        lambda person, span: can_reach(config, person, span, taken.get(name_key(person.name), ())),
    )
    return [ping for ping in found if ping.block_id in blocks]


def _turns(
    desk: Desk,
    person: Person,
    dues: Sequence[Due],
    ahead: Collection[Span],
    pings: Sequence[Ping],
    before: date | None,
) -> list[tuple[str, str]]:
    """What the blocks to come mean for one person: pace, blocks out of reach, the next turn, and the weights."""
    config, block = desk.config, connect_block(desk)
    if block is None:
        return []
    lines: list[tuple[str, str]] = []
    zone = config.zone
    paused = {due.person for due in dues if due.paused}
    there = [p for p in config.people if p.name not in paused]
    if person in there:
        pace = round(paces(there, block.per_week * block.pings / 7)[there.index(person)])
        turns = f"{block.per_week} x {block.pings} turns a week for {len(there)}"
        lines.append(("pace", f"every {days(pace)} or so: {turns}"))
    away = sum(not can_reach(config, person, span) for span in ahead)
    if away:
        lines.append(("out of reach", f"in {away} of the {len(ahead)} blocks to come, by their clock or holidays"))
    following = min((ping.start.astimezone(zone) for ping in pings if ping.person == person.name), default=None)
    lines.append(("next turn", f"{following:%Y-%m-%d %H:%M}" if following else "none in the blocks to come"))
    if before is not None:
        lines.append(("to be asked", f"about a change that is announced on {before.isoformat()}"))
    return [*lines, *_weights(asking=before is not None)]


def _weights(*, asking: bool) -> list[tuple[str, str]]:
    """What every term costs in the sum over everybody that the blocks to come make as small as they can.

    `asking` adds what somebody's turn counts who is to be asked about a change.
    """
    (week, _), *near, (_, later) = KEPT
    kept = "".join(f"{saved:,} less within {days(ahead)}, " for ahead, saved in near)
    return [
        ("weights", "the blocks are filled so that the sum over everybody is least"),
        ("a turn too early", f"{WEIGHTS['early']:,} for a whole gap before its day, in proportion"),
        ("a turn too late", f"{WEIGHTS['late']:,} for a whole gap after its day, in proportion"),
        ("unfairness", f"{WEIGHTS['far']:,} for a whole gap further from the regular day than is fair"),
        ("gaps much alike", f"{REGULAR} times as much for what is too early or too late"),
        ("past the maximum", f"{WEIGHTS['past_max']:,} for each day, and {LONGEST:,} for the square of the days"),
        *([("asked too late", f"{WEIGHTS['asked']:,} for a next turn that is not before the day")] if asking else []),
        ("a free place soon", f"{WEIGHTS['empty']:,} for each in the coming fortnight"),
        ("what you were told", f"stays within {days(week)}; {kept}{later:,} less later, where somebody stays"),
    ]


def dues_of(desk: Desk, store: Store) -> list[Due]:
    """Everybody's place in the rotation, most due first."""
    config = desk.config
    occurrences = [o for calendar in config.calendars for o in store.occurrences(calendar.name)]
    work = work_contacts(occurrences, config.me, config.people, desk.now)
    return who(config.people, _known(desk, store), work, desk.now, config.zone)


def paused_people(desk: Desk, store: Store) -> set[str]:
    """The names of those who are left in peace: by the leader, or after so many silences."""
    return {clock.person.name for clock in clocks(desk, store) if clock.paused}


def clocks(desk: Desk, store: Store) -> list[Clock]:
    """How everybody in the rotation stands, in the order of the configuration; reads no meetings."""
    return clocks_of(desk.config.people, _known(desk, store), desk.now, desk.config.zone)


def can_reach(config: Config, person: Person, span: Span, taken: Sequence[Span] = ()) -> bool:
    """Whether `person` can be reached in all of `span`, as far as the configuration and `taken` tell."""
    # Whoever has no zone of their own is where the leader is.
    return reachable(person, Span(span.start.astimezone(config.zone), span.end), config.working_hours, taken)


def logged(store: Store, person: Person | None = None) -> list[Contact]:
    """What the leader logged, oldest first; of one person, in whatever spelling, or of all."""
    key = None if person is None else name_key(person.name)
    return [
        Contact(row.person, row.at, ContactKind(row.kind))
        for row in store.contacts()
        if key is None or name_key(row.person) == key
    ]


def connect_block(desk: Desk) -> BlockConfig | None:
    """What the leader asked for in connect blocks, None when nothing."""
    return desk.config.block(Kind.CONNECT)


def _known(desk: Desk, store: Store) -> Known:
    return Known(
        tuple(logged(store)),
        tuple(Snooze(person, until) for person, until in store.snoozes().items()),
        store.newcomers(),
        store.pauses(),
        wanted_before(desk, store),
    )
