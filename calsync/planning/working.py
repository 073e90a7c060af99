"""Working time as the leader's wall clock has it: hours of a weekday become spans of a date, holidays none."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from calsync.model import Span, at_wall_clock

__all__ = ["Hours", "working_days", "working_spans"]

Hours = Mapping[int, tuple[tuple[time, time], ...]]
"""(start, end) wall-clock pairs by weekday, 0 = Monday."""


def _edge(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant at which the wall clock of `zone` first shows `clock` on `day`, or jumps over it."""
    shown = at_wall_clock(day, clock, zone)
    if shown.replace(tzinfo=None) == datetime.combine(day, clock):
        return shown
    # In a gap the time of a block moves forward, but an hour that does not exist is not worked: its edges are the
    # jump itself. PEP 495: read with the offset after the gap the wall time lies before the jump, and `shown` after.
    before = datetime.combine(day, clock, tzinfo=zone).replace(fold=1).astimezone(UTC)
    after = shown.astimezone(UTC)
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after.astimezone(zone)


def working_spans(day: date, hours: Hours, zone: ZoneInfo, free_days: Collection[date]) -> tuple[Span, ...]:
    """The spans of working time on the local date `day`, in order; none on a day in `free_days`.

    A time that stands twice on the clock (clocks go back) is its first; hours that the clock jumps over (clocks go
    forward) are not worked, so a span ends or begins at the jump and vanishes when it lies wholly in it.
    """
    if day in free_days:
        return ()
    edges = ((_edge(day, start, zone), _edge(day, end, zone)) for start, end in hours.get(day.weekday(), ()))
    return tuple(sorted(Span(begin, end) for begin, end in edges if begin.astimezone(UTC) < end.astimezone(UTC)))


def working_days(
    begin: date, end: date, hours: Hours, zone: ZoneInfo, free_days: Collection[date]
) -> dict[date, tuple[Span, ...]]:
    """The working spans of each local date in [begin, end) that has any, in order."""
    days = (begin + timedelta(days=n) for n in range((end - begin).days))
    found = ((day, working_spans(day, hours, zone, free_days)) for day in days)
    return {day: spans for day, spans in found if spans}
