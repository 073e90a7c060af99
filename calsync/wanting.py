"""From plans to series: how every block of the plan should look on every calendar that takes blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from calsync.agenda import Agenda, Slot, block_id, identity_of, last_dates, numbered
from calsync.config.values import Names, ShowAs
from calsync.contacts import assign_people
from calsync.desk import Desk
from calsync.following import Followed, OneOff, taken_out
from calsync.model import Kind, Series, Span
from calsync.planning.board import Board, Ended, KindPlan, Placement, PlannedSeries
from calsync.planning.spans import Stretches, seconds_of
from calsync.state.store import BaseSeries, Store
from calsync.sync.desired import Look, ended_series, wanted_series
from calsync.sync.keys import series_key

__all__ = ["Wanted", "want"]

ROOM = timedelta(hours=2)
"""With `show_as: auto`, a day with less free working time than this makes its blocks look busy."""
NAMED = timedelta(days=7)
"""With `privacy.names: first`, so far ahead a first name stands in the entry: later ones may still change."""


@dataclass(slots=True)
class Wanted:
    """By calendar: the series as they should stand (None: gone) by key, and why, by key and home date.

    `assignments` are the people of each block to come, with its start; `asked` are keys of series that go because
    the leader ended them elsewhere.
    """

    series: dict[str, dict[str, Series | None]] = field(default_factory=dict)
    reasons: dict[str, dict[tuple[str, date], str]] = field(default_factory=dict)
    assignments: dict[str, tuple[datetime, tuple[str, ...]]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)


def want(
    desk: Desk,
    store: Store,
    agenda: Agenda,
    plans: Sequence[KindPlan],
    bases: Mapping[str, Mapping[str, BaseSeries]],
    calendars: Sequence[str],
    followed: Followed,
) -> Wanted:
    """What every calendar should have after this run. Reads the state, changes nothing."""
    wanted = Wanted({name: {} for name in calendars}, {name: {} for name in calendars})
    planned = numbered(plans, store.generations())
    blocks = {
        block_id((kind.value, series.number, generation), placement.home): placement.span
        for kind, series, generation in planned
        if kind is Kind.CONNECT
        for placement in series.placements
        if placement.span is not None
    }
    # The dates that are left of blocks that end are still for somebody.
    blocks |= last_dates(agenda, plans, Kind.CONNECT, desk.now.date())
    wanted.assignments = assign_people(desk, store, {b: span for b, span in blocks.items() if span is not None})
    slots = {identity_of(slot.series): slot for slot in agenda.slots}
    crowded = _crowded(agenda.board, plans, [one.span for one in followed.once])
    for kind, series, generation in planned:
        slot = slots.get((kind.value, series.number, generation))
        look = _look(desk, kind, series, generation, slot, crowded, agenda.board, wanted)
        for name in calendars:
            key = series_key(name, kind, series.number, generation)
            row = _row(bases[name], kind, series.number, generation)
            current = row.series if row else None
            shape = _shape(series, current, desk)
            made = wanted_series(
                current.key if current else key,
                kind,
                shape,
                generation,
                current,
                slot.marks if slot else {},
                look,
                desk.config.timezone,
                desk.now,
            )
            wanted.series[name][made.key] = made
            for placement in series.placements:
                if placement.reason:
                    wanted.reasons[name][made.key, placement.home] = placement.reason
    for plan in plans:
        for ended in plan.ended:
            _end(desk, agenda.board, wanted, bases, plan.kind, ended)
    for one in followed.once:
        _want_once(desk, agenda.board, wanted, bases, one, crowded)
    _clear_trials(wanted, bases)
    for slot in agenda.slots:
        if slot.series.once:
            _tend_once(desk, wanted, bases, slot, followed.gone.get(identity_of(slot.series), ""))
        else:
            _tend(desk, agenda, wanted, bases, slot)
    return wanted


def _want_once(
    desk: Desk,
    board: Board,
    wanted: Wanted,
    bases: Mapping[str, Mapping[str, BaseSeries]],
    one: OneOff,
    crowded: frozenset[date],
) -> None:
    """A block for one date as it should stand on every calendar."""
    kind, slot = Kind.FOLLOW_THROUGH, one.slot
    local = one.span.start.astimezone(board.zone)
    first, start = (slot.series.first, slot.series.start) if slot else (local.date(), local.time())
    minutes = slot.series.minutes if slot else int(one.span.length / timedelta(minutes=1))
    shape = PlannedSeries(
        one.number,
        one.generation,
        slot is not None,
        first.weekday(),
        start,
        minutes,
        first,
        (Placement(first, one.span),),
    )
    look = _look(desk, kind, shape, one.generation, slot, crowded, board, wanted)
    look = replace(look, transparent=look.transparent and first not in look.busy, busy=frozenset())
    numbers = ", ".join(map(str, one.promises))
    for name, rows in bases.items():
        row = _row(rows, kind, one.number, one.generation)
        current = row.series if row else None
        key = current.key if current else series_key(name, kind, one.number, one.generation)
        marks = slot.marks if slot else {}
        made = wanted_series(
            key, kind, shape, one.generation, current, marks, look, desk.config.timezone, desk.now, once=True
        )
        wanted.series[name][made.key] = made
        if current is None:
            wanted.reasons[name][made.key, first] = f"time for promise {numbers}" if numbers else "as elsewhere"


def _tend_once(
    desk: Desk, wanted: Wanted, bases: Mapping[str, Mapping[str, BaseSeries]], slot: Slot, gone: str
) -> None:
    """Remove a block for one date that is not needed any more, or whose copy the leader took out elsewhere."""
    series = slot.series
    given_up = taken_out(slot) or slot.theirs
    elsewhere = f"you {'made it your own' if slot.theirs else 'took it out'} on another calendar"
    for name, rows in bases.items():
        row = _row(rows, series.kind, series.number, series.generation)
        if row is None or not (gone or given_up) or (slot.theirs and row.series is series):
            continue
        placed = row.series.placed(row.series.first)
        if not row.series.rule_is_ours or placed is None or placed.span.end <= desk.now:
            continue
        wanted.series[name][row.series.key] = None
        wanted.reasons[name][row.series.key, row.series.first] = gone or elsewhere
        wanted.asked.add(row.series.key)


def _clear_trials(wanted: Wanted, bases: Mapping[str, Mapping[str, BaseSeries]]) -> None:
    """Remove what a check of a calendar left there that was killed before it could."""
    for name, rows in bases.items():
        for row in rows.values():
            if row.series.trial:
                wanted.series[name][row.series.key] = None
                wanted.reasons[name][row.series.key, row.series.first] = "left by a check that was cut off"
                wanted.asked.add(row.series.key)


def _row(rows: Mapping[str, BaseSeries], kind: Kind, number: int, generation: int) -> BaseSeries | None:
    for row in rows.values():
        if identity_of(row.series) == (kind.value, number, generation):
            return row
    return None


def _shape(series: PlannedSeries, current: Series | None, desk: Desk) -> PlannedSeries:
    """A slot that exists elsewhere begins on a new calendar today: its past is not written there."""
    if current is not None or not series.standing:
        return series
    today = desk.now.date()
    ahead = [placement for placement in series.placements if placement.home >= today]
    return replace(series, first=ahead[0].home if ahead else series.first, placements=tuple(ahead))


def _look(
    desk: Desk,
    kind: Kind,
    series: PlannedSeries,
    generation: int,
    slot: Slot | None,
    crowded: frozenset[date],
    board: Board,
    wanted: Wanted,
) -> Look:
    config = desk.config
    block = config.block(kind)
    title = block.title if block is not None else ""
    if slot is not None and (slot.own_title is not None or block is None):
        title = slot.own_title or slot.series.title
    show_as = config.planning.show_as
    busy: set[date] = set()
    titles: dict[date, str] = {}
    for placement in series.placements:
        span = placement.span
        if span is None:
            continue
        if show_as is ShowAs.AUTO and (
            span.start < board.not_before or span.start.astimezone(board.zone).date() in crowded
        ):
            busy.add(placement.home)
        if config.names is Names.FIRST and span.start < desk.now + NAMED:
            names = wanted.assignments.get(block_id((kind.value, series.number, generation), placement.home))
            if names is not None and names[1]:
                firsts = {person.name: person.first_name for person in config.people}
                called = [first for name in names[1] if (first := firsts.get(name, ""))]
                if called:
                    titles[placement.home] = f"{title}: {', '.join(called)}"
    return Look(title, "", show_as is not ShowAs.BUSY, frozenset(busy), titles)


def _crowded(board: Board, plans: Sequence[KindPlan], once: Iterable[Span]) -> frozenset[date]:
    """Days with less than ROOM of free working time once all blocks stand."""
    taken = Stretches(
        seconds_of(span)
        for span in [
            *(busy.span for busy in board.busy),
            *board.own,
            *once,
            *(p.span for plan in plans for series in plan.series for p in series.placements if p.span is not None),
        ]
    )
    found = set()
    for day, working in board.working.items():
        stretches = [seconds_of(span) for span in working]
        free = sum(end - start - taken.taken(start, end) for start, end in stretches)
        if free < ROOM.total_seconds():
            found.add(day)
    return frozenset(found)


def _end(
    desk: Desk,
    board: Board,
    wanted: Wanted,
    bases: Mapping[str, Mapping[str, BaseSeries]],
    kind: Kind,
    ended: Ended,
) -> None:
    for name, rows in bases.items():
        row = _row(rows, kind, ended.number, ended.generation)
        if row is None:
            continue
        current = row.series
        last = ended.last if ended.last is not None and ended.last >= current.first else None
        if last is None and any(
            current.home(day).start < desk.now for day in current.days(current.first, board.mondays[-1])
        ):
            # What took place stays on the calendar, as any past event does.
            last = max(d for d in current.days(current.first, board.mondays[-1]) if current.home(d).start < desk.now)
        after = None if last is None else ended_series(current, last, frozenset(), desk.now)
        wanted.series[name][current.key] = after
        begin = last or current.first
        for day in current.days(begin, board.mondays[-1] + timedelta(7)):
            wanted.reasons[name][current.key, day] = ended.reason


def _tend(
    desk: Desk, agenda: Agenda, wanted: Wanted, bases: Mapping[str, Mapping[str, BaseSeries]], slot: Slot
) -> None:
    """See to a slot that no plan decides about: its copies end with it, and what remains gives way to meetings."""
    series, board = slot.series, agenda.board
    if slot.retired or slot.theirs:
        # The leader ended it on one calendar, or made it theirs there: calsync's copies elsewhere have no purpose.
        for name, rows in bases.items():
            row = _row(rows, series.kind, series.number, series.generation)
            if row is None or row.series.until is not None or not row.series.rule_is_ours:
                continue
            if slot.retired or row.series is not series:
                end = Ended(series.number, series.generation, None, "you ended it on another calendar")
                _end(desk, board, wanted, {name: rows}, series.kind, end)
                wanted.asked.add(row.series.key)
    for name, rows in bases.items():
        row = _row(rows, series.kind, series.number, series.generation)
        if row is None or row.series.until is None or row.series.until < desk.now.date() or slot.standing:
            continue
        clashes = {
            day: label
            for day in row.series.days(desk.now.date(), row.series.until + timedelta(1))
            if day not in slot.marks and (label := _clash(row.series, day, board))
        }
        if clashes:
            after = ended_series(row.series, row.series.until, frozenset(clashes), desk.now)
            wanted.series[name][row.series.key] = after
            wanted.reasons[name].update({(row.series.key, day): label for day, label in clashes.items()})


def _clash(series: Series, day: date, board: Board) -> str:
    placed = series.placed(day)
    if placed is None or placed.span.start < board.not_before:
        return ""
    wide: Span = placed.span.widened(board.buffer)
    return next((busy.label for busy in board.busy if busy.span.overlaps(wide)), "")
