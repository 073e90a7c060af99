"""Has icalendar parse dates in plain form: of a VEVENT that recurs as a whole, of any other the values alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

__all__ = ["NOT_UNDERSTOOD", "Component", "parse_events", "parse_single"]

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


def parse_single(lines: Sequence[str]) -> dict[str, Any]:
    """The date, date-time or timedelta of each line, by name, of an event that does not recur.

    Most events do not, and four fifths of the time to parse one goes into its lines, not into their values. Only for
    zones that have a name of their own. Raises ValueError as `parse_events` does, and for a line that is there twice.
    """
    import icalendar

    untyped: Any = icalendar
    found: dict[str, Any] = {}
    for line in lines:
        head, _, value = line.partition(":")
        name, _, params = head.partition(";")
        if name in found:
            raise ValueError(f"an event has more than one {name}")
        zone = params[5:] if params.startswith("TZID=") else None
        found[name] = untyped.vDDDTypes.from_ical(value, zone)
    if "DTSTART" not in found:
        raise ValueError("an event has no DTSTART")
    return found
