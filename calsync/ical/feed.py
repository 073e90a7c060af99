"""The export: every block series in one iCalendar file that calendar programs can subscribe to (RFC 5545, RFC 7986)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from calsync.ical import marks
from calsync.ical.content import encoded, escaped
from calsync.ical.write import event_lines, last_day, placed_walls
from calsync.ical.zones import vtimezone
from calsync.model import Series

__all__ = ["feed_bytes"]

_BUSY: Final = "Busy"
_REFRESH: Final = "PT12H"
_NAMESPACE: Final = uuid.UUID("5f0c64b2-3b44-5d0e-9a3c-6f6e4d5e0b53")
_DETAILS: Final = ("busy", "titles", "full")


def feed_bytes(series: Iterable[Series], details: str, *, name: str) -> bytes:
    """One VCALENDAR named `name` with every series and its overrides.

    `details` is "busy" (every block is called "Busy"), "titles", or "full" (descriptions too). The bytes follow from
    the arguments alone, whatever the order of the series: DTSTAMP is when a series last changed. Events keep their
    marks, so that calsync knows its own feed when it meets it. Raises ValueError for another word in `details`.
    """
    if details not in _DETAILS:
        raise ValueError(f"details of a feed are one of {', '.join(_DETAILS)}, not {details!r}")
    blocks = sorted(series, key=lambda one: one.key)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{marks.PRODID}",
        "CALSCALE:GREGORIAN",
        f"UID:{uuid.uuid5(_NAMESPACE, name)}",
        f"NAME:{escaped(name)}",
        f"X-WR-CALNAME:{escaped(name)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:{_REFRESH}",
        f"X-PUBLISHED-TTL:{_REFRESH}",
    ]
    if blocks:
        lines.append(f"LAST-MODIFIED:{max(one.changed for one in blocks):%Y%m%dT%H%M%SZ}")
    lines += _zones(blocks)
    for one in blocks:
        lines += _event(one, details)
    lines.append("END:VCALENDAR")
    return encoded(lines)


def _zones(blocks: list[Series]) -> list[str]:
    lines = []
    for zone in sorted({one.timezone for one in blocks} - {"UTC"}):
        same = [one for one in blocks if one.timezone == zone]
        lines += vtimezone(zone, min(one.first for one in same), max(map(last_day, same)))
    return lines


def _event(one: Series, details: str) -> list[str]:
    begin = datetime.combine(one.first, one.start)
    end = begin + timedelta(minutes=one.minutes)
    more = [] if details == "busy" else [f"{marks.KIND}:{one.kind}"]
    if details == "full" and one.description:
        more.append(f"DESCRIPTION:{escaped(one.description)}")
    more.append("END:VEVENT")
    title = _BUSY if details == "busy" else one.title
    lines = event_lines(one, None, begin, end, title=title, transparent=one.transparent)
    lines += more
    for home, override in one.overrides.items():
        if home in one.cancelled:
            continue
        begin, end = placed_walls(override, one.zone)
        title = _BUSY if details == "busy" else override.title
        lines += event_lines(one, home, begin, end, title=title, transparent=override.transparent)
        lines += more
    return lines
