"""Has icalendar parse VEVENTs whose dates are in plain form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

__all__ = ["NOT_UNDERSTOOD", "Component", "parse_events"]

Component: TypeAlias = Any
"""An icalendar component. Its values are typed there as a union of thirty classes, which says less than nothing."""

NOT_UNDERSTOOD: Final = (ValueError, TypeError, AttributeError, KeyError, IndexError, ArithmeticError, AssertionError)
"""What icalendar, dateutil and recurring-ical-events raise for values that they cannot make sense of."""


def parse_events(events: Iterable[tuple[int, Sequence[str]]], blocks: Mapping[str, str]) -> list[Component]:
    """One component for each (number for its UID, date lines), in order; `blocks` are the VTIMEZONEs they name.

    Raises ValueError for a line that icalendar cannot read and for an event without a DTSTART.
    """
    import icalendar

    lines = ["BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:calsync", *(block.strip() for block in blocks.values())]
    uids = []
    for uid, dates in events:
        uids.append(str(uid))
        lines.append("BEGIN:VEVENT")
        lines.extend(dates)
        lines.append("END:VEVENT")
    lines.append("END:VCALENDAR\r\n")
    calendar = icalendar.Calendar.from_ical("\r\n".join(lines))
    components = [one for one in calendar.subcomponents if one.name == "VEVENT"]
    for name, component in zip(uids, components, strict=True):
        component["UID"] = name
        if component.errors:
            raise ValueError(component.errors[0][1])
        if "DTSTART" not in component:
            raise ValueError("an event has no DTSTART")
    return components
