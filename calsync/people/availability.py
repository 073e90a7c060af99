"""Whether somebody can be reached at an hour: at work by their own clock, on no holiday of theirs, not taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from calsync.model import Person, Span, at_wall_clock

__all__ = ["Hours", "reachable"]

Hours = Mapping[int, Sequence[tuple[time, time]]]
"""Working hours on somebody's clock: (start, end) by weekday, 0 = Monday."""


def reachable(person: Person, span: Span, leaders: Hours, taken: Sequence[Span] = ()) -> bool:
    """True when the whole of `span` lies in the person's working time and touches nothing in `taken`.

    The hours are the person's own, else those of the leader, read on the person's clock; somebody of whom neither
    hours nor zone are known is where the leader is, and works when a block does.
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
    hours = leaders if person.working_hours is None else person.working_hours
    return any(
        at_wall_clock(begin.date(), start, zone) <= begin and span.end <= _close(begin, end, zone)
        for start, end in hours.get(begin.weekday(), ())
    )


def _close(begin: datetime, end: time, zone: ZoneInfo) -> datetime:
    return at_wall_clock(begin.date(), end, zone)
