"""Reads when somebody says that they can be met (RFC 7953), as far as it comes again every week."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from calsync.ical.plain import NOT_UNDERSTOOD
from calsync.ical.tzids import iana
from calsync.ports import WorkingWeek

__all__ = ["working_week"]

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def working_week(text: str, zone: ZoneInfo) -> WorkingWeek | None:
    """The weekly hours of the VAVAILABILITY in `text`; None where there are none, or it cannot be understood.

    Of several the one with the highest PRIORITY counts, and times for a while (DTEND, UNTIL, COUNT) or of every other
    week do not. Floating times and those in UTC, in which no week keeps its hours, are taken in `zone`.
    """
    if not text.strip():
        return None
    try:
        from icalendar import Calendar

        found = [one for one in Calendar.from_ical(text).walk("VAVAILABILITY") if "DTEND" not in one]
        # RFC 7953 3.1: 1 is the highest priority, and 0 (or none) the lowest.
        found.sort(key=lambda one: int(one.get("PRIORITY", 0)) or 10)
        parts = [part for one in found[:1] for part in one.walk("AVAILABLE")]
        stretches = [stretch for part in parts for stretch in _stretches(part, zone)]
        names = {name for _, name in stretches}
        # A week in two zones is no week of one clock.
        return WorkingWeek.of({days for days, _ in stretches}, names.pop()) if len(names) == 1 else None
    except NOT_UNDERSTOOD:
        return None


def _stretches(part: Any, zone: ZoneInfo) -> Iterator[tuple[tuple[int, int, int], str]]:
    """Each (weekday, minute, minute) of an AVAILABLE, with the zone."""
    rule, start = part.get("RRULE"), part["DTSTART"].dt
    if rule is None or not isinstance(start, datetime):
        return
    asked = {key.upper(): [str(value).upper() for value in values] for key, values in rule.items()}
    if asked.keys() - {"FREQ", "BYDAY", "INTERVAL", "WKST"} or asked.get("INTERVAL", ["1"]) != ["1"]:
        return
    if asked["FREQ"] == ["WEEKLY"]:
        days = [_DAYS.index(day) for day in asked.get("BYDAY", [_DAYS[start.weekday()]])]
    elif asked["FREQ"] == ["DAILY"]:
        days = [_DAYS.index(day) for day in asked.get("BYDAY", _DAYS)]
    else:
        return
    tzid = str(part["DTSTART"].params.get("TZID", ""))
    place = (iana(tzid) if tzid else None) or zone
    length = part["DURATION"].dt if "DURATION" in part else part["DTEND"].dt - start
    if start.tzinfo is not None and not tzid:
        start = start.astimezone(zone)
    begin = start.hour * 60 + start.minute
    end = begin + length // timedelta(minutes=1)
    for day in days:
        yield (day, begin, min(end, 24 * 60)), place.key
        if end > 24 * 60:
            yield ((day + 1) % 7, 0, min(end - 24 * 60, 24 * 60)), place.key
