"""The rotation as the leader meets it: who is due, and whom each block is for."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from calsync.desk import Desk
from calsync.errors import UsageError
from calsync.model import Kind, Person, Span
from calsync.people.contacts import Contact, ContactKind, Snooze, matching
from calsync.people.rotation import Due, Ping, assign, who
from calsync.people.rotation import explain as explain_due
from calsync.planning.meetings import work_contacts
from calsync.state.store import Store

__all__ = [
    "DueView",
    "assign_people",
    "dues_of",
    "explain",
    "find_person",
    "nearest_names",
    "pings_for",
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
        }


def find_person(people: Sequence[Person], typed: str) -> Person:
    """The one person that `typed` means; raises UsageError, with the nearest names, for none or several."""
    found = matching(people, typed)
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(person.name for person in found)
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
        dues = [due for due in dues if due.due_on <= last]
    return [DueView(due) for due in dues]


def explain(desk: Desk, name: str) -> list[tuple[str, str]]:
    """Every term of one person's place in the rotation, as (label, value)."""
    person = find_person(desk.config.people, name)
    with Store(desk.state_folder, desk.now) as store:
        due = next(due for due in dues_of(desk, store) if due.person == person.name)
    return [("name", person.name), *explain_due(due)]


def assign_people(desk: Desk, store: Store, blocks: Mapping[str, Span]) -> dict[str, tuple[datetime, tuple[str, ...]]]:
    """Whom each connect block is for: block id -> (start, names)."""
    named: dict[str, list[str]] = {}
    for ping in pings_for(desk, store, blocks):
        named.setdefault(ping.block_id, []).append(ping.person)
    return {block: (span.start, tuple(named.get(block, ()))) for block, span in blocks.items()}


def pings_for(desk: Desk, store: Store, blocks: Mapping[str, Span]) -> list[Ping]:
    """Who stands in which of `blocks`; whom the leader was told already stands fast once the freeze has begun.

    Blocks that are over count too, so that a leader who logs nothing is not sent to the same people every time.
    """
    config = desk.config
    block = next((b for b in config.blocks if b.kind is Kind.CONNECT), None)
    if block is None or not config.people:
        return []
    frozen = desk.now + timedelta(hours=config.planning.freeze_hours)
    told = store.assignments()
    over = {name: start for name, (start, _) in told.items() if start < desk.now and name not in blocks}
    fixed = {name: told[name][1] for name, span in blocks.items() if name in told and span.start < frozen}
    found = assign(
        config.people,
        _contacts(store),
        _snoozes(store),
        store.newcomers(),
        [*over.items(), *((name, span.start) for name, span in blocks.items())],
        block.pings,
        fixed | {name: told[name][1] for name in over},
        desk.now,
        config.zone,
    )
    return [ping for ping in found if ping.block_id in blocks]


def dues_of(desk: Desk, store: Store) -> list[Due]:
    """Everybody's place in the rotation, most due first."""
    config = desk.config
    occurrences = [o for calendar in config.calendars for o in store.occurrences(calendar.name)]
    work = work_contacts(occurrences, config.me, config.people, desk.now)
    return who(config.people, _contacts(store), _snoozes(store), store.newcomers(), work, desk.now, config.zone)


def _contacts(store: Store) -> list[Contact]:
    return [Contact(row.person, row.at, ContactKind(row.kind)) for row in store.contacts()]


def _snoozes(store: Store) -> list[Snooze]:
    return [Snooze(person, until) for person, until in store.snoozes().items()]
