"""What became of each date of the blocks: told at the end of every night from the blocks as they stand by then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from calsync.agenda import Identity, Slot, block_id, horizon, identity_of, is_once, standing_slots
from calsync.desk import Desk, target_names
from calsync.planning.board import Unplaced
from calsync.planning.words import TOO_NEAR
from calsync.state.store import KEPT_DAYS, OutcomeRow, Store
from calsync.sync.edits import What
from calsync.wanting import Wanted

__all__ = ["Became", "became", "remember_outcomes"]

_NOWHERE = "none"
"""Stands in the id of a block in the place of a slot's number and generation where a week had no room for a slot."""


class Became(StrEnum):
    """What one date of a block came to."""

    HOME = "home"
    MOVED = "moved"
    """calsync put it elsewhere in its week."""
    PINNED = "pinned"
    """It is where the leader put it."""
    DROPPED = "dropped"
    """It gave way, and its week had no other room."""
    DELETED = "deleted"
    """The leader took it out."""


def remember_outcomes(desk: Desk, store: Store, wanted: Wanted, unplaced: Iterable[Unplaced]) -> None:
    """Bring what is remembered of each date up to date; a night that changes nothing writes nothing."""
    zone = desk.config.zone
    decisions = store.decisions()
    bases = {name: list(store.base(name).values()) for name in target_names(desk)}
    rows = {name: [(row.series, row.standing) for row in of] for name, of in bases.items()}
    slots = standing_slots(rows, decisions, zone)
    keys = {str(row.series.key): identity_of(row.series) for of in bases.values() for row in of}
    whys = {
        block_id(keys[key], home): why
        for of in wanted.reasons.values()
        for (key, home), why in of.items()
        if key in keys and why
    }
    ended = {(d.kind, d.number, d.generation) for d in decisions if d.what == What.RETIRED}
    last = horizon(desk.now, desk.config.planning.horizon_weeks, zone).mondays[-1] + timedelta(7)
    store.keep_outcomes(became(slots, whys, unplaced, ended, store.outcomes(), last, desk.now, zone))


def became(
    slots: Iterable[Slot],
    whys: Mapping[str, str],
    unplaced: Iterable[Unplaced],
    retired: Iterable[Identity],
    earlier: Sequence[OutcomeRow],
    last: date,
    now: datetime,
    zone: ZoneInfo,
) -> list[OutcomeRow]:
    """Everything to remember, before the home day `last`. Pure.

    `whys` says by block id why a date is not at home; `retired` are the slots that the leader did away with. What is
    over stays as it was `earlier`, but for what the leader did to it since. Of what is to come only what stands now
    counts; of the present week also what was planned and stands no more.
    """
    slots, retired = list(slots), list(retired)
    known = {row.block: row for row in earlier}
    today = now.astimezone(zone).date()
    monday = today - timedelta(today.weekday())
    found: dict[str, OutcomeRow] = {}
    for slot in slots:
        if slot.theirs:
            continue
        # Of a week before this one only what the leader did to it late can still change.
        for day in slot.series.days(monday - timedelta(7), last):
            name = block_id(identity_of(slot.series), day)
            row = _one(slot, day, name, known.get(name), whys.get(name, ""), now)
            if row is not None:
                found[name] = row
    theirs = [identity_of(slot.series) for slot in slots if slot.theirs]
    for row in earlier:
        # A block for one date that goes because nothing is left to do in it was not displaced by anything.
        idle = is_once(row.block, row.kind) and not _over(row, now, today) and not _is_of(row, retired)
        if row.block not in found and row.home < monday + timedelta(7) and not _nowhere(row) and not idle:
            found[row.block] = row if _over(row, now, today) or _is_of(row, theirs) else _gone(row, retired, whys)
    found.update({row.block: row for row in list(_without_room(unplaced, found, known, today))})
    oldest = today - timedelta(KEPT_DAYS)
    return sorted((r for r in found.values() if r.home >= oldest), key=lambda r: (r.home, r.block))


def _one(slot: Slot, day: date, name: str, before: OutcomeRow | None, why: str, now: datetime) -> OutcomeRow | None:
    series, kind = slot.series, slot.series.kind.value
    placed = series.placed(day)
    if placed is None:
        late = series.home(day).end <= now
        if before is None and late:
            return None
        mine = day in series.dropped and day not in slot.marks
        if late and before is not None and (mine or before.start is None):
            return before
        what = Became.DROPPED if mine else Became.DELETED
        why = _why(what, why, before) if mine else ""
        return OutcomeRow(name, kind, day, None, None, what.value, why)
    span = placed.span
    over = span.end <= now
    if over and (before is None or (before.start, before.end) == (span.start, span.end)):
        return before
    if day in slot.marks or (over and before is not None):
        what = Became.PINNED
    else:
        what = Became.HOME if span == series.home(day) else Became.MOVED
    why = _why(what, why, before) if what is Became.MOVED else ""
    return OutcomeRow(name, kind, day, span.start, span.end, what.value, why)


def _why(what: Became, why: str, before: OutcomeRow | None) -> str:
    """The reason of the night that decided it: near dates stay because they are near, which displaced nothing."""
    if before is not None and before.what == what and before.why:
        return before.why if not why or why in TOO_NEAR else why
    return why


def _gone(row: OutcomeRow, retired: Sequence[Identity], whys: Mapping[str, str]) -> OutcomeRow:
    """A date of this week that stands no more, though its turn had not come."""
    if _is_of(row, retired):
        return OutcomeRow(row.block, row.kind, row.home, None, None, Became.DELETED.value, "")
    if row.start is None:
        return row
    why = whys.get(row.block) or "its series ended"
    return OutcomeRow(row.block, row.kind, row.home, None, None, Became.DROPPED.value, why)


def _is_of(row: OutcomeRow, slots: Iterable[Identity]) -> bool:
    return any(block_id(slot, row.home) == row.block for slot in slots)


def _over(row: OutcomeRow, now: datetime, today: date) -> bool:
    return row.end <= now if row.end is not None else row.home < today


def _without_room(
    unplaced: Iterable[Unplaced], found: Mapping[str, OutcomeRow], known: Mapping[str, OutcomeRow], today: date
) -> Iterator[OutcomeRow]:
    """The blocks that a week has no slot for at all; dates of slots that were dropped are in `found` already.

    A week's shortage is what it was on its Monday: late in a week there is never room. A block that found room after
    all takes one of them away.
    """
    monday = today - timedelta(today.weekday())
    fixed = today > monday
    for week in unplaced:
        begin = datetime.strptime(f"{week.week}-1", "%G-W%V-%u").date()  # noqa: DTZ007 - a day has no zone
        if begin < monday or (begin == monday and fixed):
            continue
        dropped = sum(1 for row in _of_week(found, begin, week.kind.value) if row.what == Became.DROPPED)
        why = week.displaced_by[0] if week.displaced_by else ""
        for number in range(1, week.missing - dropped + 1):
            name = f"{week.kind.value}-{_NOWHERE}-{number}-{begin.isoformat()}"
            yield OutcomeRow(name, week.kind.value, begin, None, None, Became.DROPPED.value, why)
    lasting = [row for row in known.values() if _nowhere(row) and (row.home < monday or (row.home == monday and fixed))]
    for kind in sorted({row.kind for row in lasting}):
        yield from (row for row in lasting if row.kind == kind and row.home < monday)
        late = sum(1 for row in _of_week(found, monday, kind) if row.start is not None and row.block not in known)
        yield from sorted((r for r in lasting if r.kind == kind and r.home == monday), key=lambda r: r.block)[late:]


def _nowhere(row: OutcomeRow) -> bool:
    return row.block.startswith(f"{row.kind}-{_NOWHERE}-")


def _of_week(rows: Mapping[str, OutcomeRow], monday: date, kind: str) -> list[OutcomeRow]:
    return [r for r in rows.values() if r.kind == kind and not _nowhere(r) and 0 <= (r.home - monday).days < 7]
