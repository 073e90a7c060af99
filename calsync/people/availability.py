"""Whether somebody can be reached at an hour: at work by their own clock, on no holiday of theirs, not taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time
from zoneinfo import ZoneInfo

from calsync.model import Person, Span, at_wall_clock

__all__ = ["Hours", "reachable"]

Hours = Mapping[int, Sequence[tuple[time, time]]]
"""Working hours on somebody's clock: (start, end) by weekday, 0 = Monday."""


def reachable(person: Person, span: Span, leaders: Hours, taken: Sequence[Span] = ()) -> bool:
    """True when the whole of `span` lies in the person's working time and touches nothing in `taken`.

    The hours are the person's own, else those of the leader, read on the person's clock and without breaks, which
    nobody knows of. Somebody of whom neither hours nor zone are known is where the leader is, and works when a block
    does.
    """
    if any(span.overlaps(other) for other in taken):
        return False
    if not person.timezone and person.working_hours is None:
        # Blocks lie within the leader's own hours, so only a holiday is left to look at.
        return not person.free_days or span.start.date() not in person.free_days
    zone = ZoneInfo(person.timezone) if person.timezone else span.start.tzinfo
    assert isinstance(zone, ZoneInfo)
    begin = span.start.astimezone(zone)
    if begin.date() in person.free_days:
        return False
    day, weekday = begin.date(), begin.weekday()
    hours = _whole(leaders.get(weekday, ())) if person.working_hours is None else person.working_hours.get(weekday, ())
    return any(
        at_wall_clock(day, start, zone) <= begin and span.end <= at_wall_clock(day, end, zone) for start, end in hours
    )


def _whole(hours: Sequence[tuple[time, time]]) -> list[tuple[time, time]]:
    return [(min(start for start, _ in hours), max(end for _, end in hours))] if hours else []
