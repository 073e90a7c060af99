"""From a plan to the series as they should stand on one calendar. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from calsync.model import Key, Kind, Override, Series, Span
from calsync.planning.board import PlannedSeries
from calsync.sync.edits import touched_days

__all__ = ["Look", "Mark", "ended_series", "wanted_series"]


OLD = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Mark:
    """What the leader decided of one date: `placed` as they have it, None when they deleted it."""

    placed: Override | None


@dataclass(frozen=True, slots=True)
class Look:
    """How a block of one kind should look: the title of the series, its description, and what single dates differ in.

    `transparent` is the series' own; `busy` are home dates that must look busy all the same; `titles` are home
    dates with a title of their own.
    """

    title: str
    description: str
    transparent: bool
    busy: frozenset[date] = frozenset()
    titles: Mapping[date, str] | None = None


def wanted_series(
    key: Key,
    kind: Kind,
    plan: PlannedSeries,
    generation: int,
    current: Series | None,
    marks: Mapping[date, Mark],
    look: Look,
    timezone: str,
    now: datetime,
    *,
    once: bool = False,
) -> Series:
    """The series `key` as the plan wants it; `current` itself when nothing differs. `once` is for a single date.

    Dates that the plan does not speak of, and dates that are over, stay as they are. What the leader decided of a
    date (`marks`) is written to calendars that do not have it yet, and otherwise left alone.
    """
    frame = current or Series(
        key=key,
        kind=kind,
        number=plan.number,
        generation=generation,
        timezone=timezone,
        first=plan.first,
        start=plan.start,
        minutes=plan.minutes,
        title=look.title,
        transparent=look.transparent,
        description=look.description,
        changed=_stamp(now),
    )
    frame = _dated(frame, plan, timezone) if once else _slotted(frame, plan, timezone)
    frame = replace(frame, title=look.title, transparent=look.transparent, until=plan.first if once else None)
    cancelled, dropped = set(frame.cancelled), set(frame.dropped)
    overrides = dict(frame.overrides)
    if current is not None and (current.title, current.transparent) != (frame.title, frame.transparent):
        _keep_the_past(current, frame, overrides, cancelled, now)
    for placement in plan.placements:
        day = placement.home
        if not frame.has(day):
            continue
        mark = marks.get(day)
        if mark is not None:
            _obey(frame, day, mark, cancelled, dropped, overrides)
            continue
        span = placement.span
        if span is not None and span.end <= now:
            continue
        if span is None:
            cancelled.add(day)
            dropped.add(day)
            overrides.pop(day, None)
            continue
        cancelled.discard(day)
        dropped.discard(day)
        _place(frame, day, span, look, overrides)
    if not look.titles:
        _unname(look, marks, overrides)
    return _settle(
        current, replace(frame, cancelled=frozenset(cancelled), dropped=frozenset(dropped), overrides=overrides), now
    )


def _slotted(frame: Series, plan: PlannedSeries, timezone: str) -> Series:
    """The series on the slot of the plan: elsewhere the leader may have moved all of it, or a program its zone."""
    slot = (plan.weekday, plan.start, plan.minutes, timezone)
    if (frame.first.weekday(), frame.start, frame.minutes, frame.timezone) == slot:
        return frame
    first = frame.first + timedelta(plan.weekday - frame.first.weekday())
    shifted = replace(
        frame,
        first=first,
        start=plan.start,
        minutes=plan.minutes,
        timezone=timezone,
        overrides={},
        cancelled=frozenset(),
    )
    return replace(
        shifted,
        cancelled=frozenset(day for day in frame.cancelled if shifted.has(day)),
        dropped=frozenset(day for day in frame.dropped if shifted.has(day)),
        overrides={day: o for day, o in frame.overrides.items() if shifted.has(day)},
    )


def _dated(frame: Series, plan: PlannedSeries, timezone: str) -> Series:
    """The series on the one date of the plan: the leader may have moved it elsewhere."""
    return replace(frame, first=plan.first, until=plan.first, start=plan.start, minutes=plan.minutes, timezone=timezone)


def ended_series(current: Series, last: date, drop: frozenset[date], now: datetime) -> Series:
    """`current` with no date after `last`; of what remains, the home dates `drop` do not take place."""
    last = max(day for day in current.days(current.first, last + timedelta(1)))
    gone = {day for day in current.cancelled if day <= last} | drop
    return _settle(
        current,
        replace(
            current,
            until=last,
            cancelled=frozenset(gone),
            dropped=frozenset({day for day in current.dropped if day <= last} | drop),
            overrides={day: o for day, o in current.overrides.items() if day <= last and day not in drop},
        ),
        now,
    )


def _keep_the_past(
    current: Series, frame: Series, overrides: dict[date, Override], cancelled: set[date], now: datetime
) -> None:
    # A series that gets another title or look must not rewrite what its past dates said.
    for day in current.days(current.first, now.astimezone(current.zone).date()):
        if day not in overrides and day not in cancelled and current.home(day).end <= now:
            overrides[day] = Override(frame.home(day), current.title, current.transparent)


def _obey(
    frame: Series, day: date, mark: Mark, cancelled: set[date], dropped: set[date], overrides: dict[date, Override]
) -> None:
    dropped.discard(day)
    if mark.placed is None:
        cancelled.add(day)
        overrides.pop(day, None)
        return
    cancelled.discard(day)
    plain = Override(frame.home(day), frame.title, frame.transparent)
    there = overrides.get(day)
    if there is not None and there == mark.placed:
        return
    if mark.placed == plain and not mark.placed.extra:
        overrides.pop(day, None)
    else:
        overrides[day] = mark.placed


def _place(frame: Series, day: date, span: Span, look: Look, overrides: dict[date, Override]) -> None:
    local = Span(span.start.astimezone(frame.zone), span.end.astimezone(frame.zone))
    title = (look.titles or {}).get(day, frame.title)
    known = overrides.get(day)
    extra = known.extra if known is not None else ()
    wanted = Override(local, title, frame.transparent and day not in look.busy, extra)
    if wanted == Override(frame.home(day), frame.title, frame.transparent):
        overrides.pop(day, None)
    else:
        overrides[day] = wanted


def _unname(look: Look, marks: Mapping[date, Mark], overrides: dict[date, Override]) -> None:
    # Where no name may stand, none may stay on a date that is over either.
    for day, override in overrides.items():
        if day not in marks and override.title.startswith(f"{look.title}: "):
            overrides[day] = replace(override, title=look.title)


def _stamp(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(microsecond=0)


def _settle(current: Series | None, wanted: Series, now: datetime) -> Series:
    """Give changed content its stamp; return `current` itself when nothing differs."""
    if current is None:
        return wanted
    if wanted.same_content(current):
        return current
    wanted = _tidied(wanted, now)
    timing = any(_span(wanted, day) != _span(current, day) for day in touched_days(current, wanted))
    moved = timing or (wanted.until, wanted.first, wanted.start) != (current.until, current.first, current.start)
    return replace(wanted, changed=_stamp(now), sequence=current.sequence + (1 if moved else 0))


def _tidied(series: Series, now: datetime) -> Series:
    """Without overrides of long ago that differed in nothing but looking busy: a series must not grow for years.

    Done only along with another change, so that tidying alone never writes.
    """
    before = now.astimezone(series.zone).date() - OLD
    kept = {
        day: o
        for day, o in series.overrides.items()
        if day >= before or o.extra or o.span != series.home(day) or o.title != series.title
    }
    return replace(series, overrides=kept)


def _span(series: Series, day: date) -> Span | None:
    placed = series.placed(day) if series.has(day) else None
    return placed.span if placed else None
