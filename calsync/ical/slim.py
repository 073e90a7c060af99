"""Passes over the properties that calsync never reads, and writes the dates that remain in one plain form.

What comes out names IANA zones only (or a zone made from the resource's own VTIMEZONE), has no floating time left and
no UNTIL that cannot be compared with its DTSTART, so that the parser neither guesses nor warns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from calsync.ical.content import ContentLine, take_apart, unfold
from calsync.ical.tzids import Zone, ZoneFinder

__all__ = ["Slim", "date_lines", "named_zones", "slim", "zone_of"]

_DATES = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
_WANTED = re.compile(
    rb"\n(BEGIN|END|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|RECURRENCE-ID|SEQUENCE|DTSTAMP|LAST-MODIFIED"
    rb"|SUMMARY|STATUS|TRANSP|CLASS|ORGANIZER|ATTENDEE|CATEGORIES|X-MICROSOFT-CDO-(?:BUSYSTATUS|ALLDAYEVENT)"
    rb"|X-CALSYNC-[A-Z]+|DESCRIPTION)[ \t]*(?=[;:])([^\r\n]*(?:(?:\r?\n)+[ \t][^\r\n]*)*)",
    re.IGNORECASE,
)
_UNTIL = re.compile(r"(?<=UNTIL=)\s*(\d{8})(?:T(\d{6})(Z?))?\s*(?=;|$)", re.IGNORECASE)
_MOMENT = re.compile(r"\d{8}(?:T\d{6}Z?)?", re.IGNORECASE)


@dataclass(slots=True)
class Slim:
    """The lines of one VEVENT that matter: dates taken apart, all else as text, in the order in which they stand."""

    dates: list[ContentLine] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    sequence: int = 0
    stamp: str = ""

    def date(self, name: str) -> ContentLine | None:
        """The first date property of this name."""
        return next((line for line in self.dates if line.name == name), None)


def slim(component: bytes, *, description: bool = False) -> Slim:
    """The lines of a VEVENT that matter; its DESCRIPTION only when asked for. Components inside it are passed over.

    Lines may be folded, though not within their names; `lexical.split` sees to that.
    """
    found = Slim()
    depth = 0
    for match in _WANTED.finditer(component):
        name = match[1].decode().upper()
        if name == "BEGIN":
            depth += 1
        elif name == "END":
            depth -= 1
        elif depth == 0:
            _take(found, name, unfold(match[2]).decode(errors="replace"), description)
    return found


def _take(found: Slim, name: str, rest: str, description: bool) -> None:
    if name in _DATES:
        line = take_apart(name + rest)
        # A date line that is no content line stays in a form that the parser will refuse.
        found.dates.append(line or ContentLine(name, {}, rest))
    elif name == "SEQUENCE":
        number = rest.rpartition(":")[2].strip()
        found.sequence = int(number) if number.isdecimal() and len(number) < 12 else 0
    elif name in ("DTSTAMP", "LAST-MODIFIED"):
        found.stamp = max(found.stamp, rest.rpartition(":")[2].strip())
    elif name != "DESCRIPTION" or description:
        found.details.append(name + rest)


def date_lines(component: Slim, find: ZoneFinder, home: Zone | None = None) -> tuple[list[str], Zone, list[Zone]]:
    """The date properties in plain form, the zone in which its floating times were taken, and all zones named.

    `home` is the zone of the master's DTSTART, for an override.
    """
    start = component.date("DTSTART")
    own = zone_of(start, find)
    zones = [own]
    lines: list[str] = []
    for line in component.dates:
        if line.name == "DURATION":
            lines.append(f"DURATION:{line.value.strip()}")
        elif line.name == "RRULE":
            lines.append(f"RRULE:{_rule(line.value, start, own)}")
        else:
            floating = home if home is not None and line.name == "RECURRENCE-ID" else own
            zone = find(line.params["TZID"]) if line.params.get("TZID") else floating
            zones.append(zone)
            lines.extend(_moments(line, zone))
    return lines, own, zones


def zone_of(start: ContentLine | None, find: ZoneFinder) -> Zone:
    """The zone in which a DTSTART stands: its own, UTC, or that of floating times."""
    if start is None:
        return find.floating
    if start.value.strip().upper().endswith("Z"):
        return find("UTC")
    return find(start.params["TZID"]) if start.params.get("TZID") else find.floating


def _moments(line: ContentLine, zone: Zone) -> Iterator[str]:
    """One line for each stretch of values of the same form; a list may mix dates, UTC, local times and periods."""
    extra = f";RANGE={line.params['RANGE'].upper()}" if "RANGE" in line.params else ""
    before = ""
    values: list[str] = []
    for item in line.value.split(","):
        head, value = _moment(item.strip(), zone)
        head = f"{line.name}{extra}{head}:"
        if head != before and values:
            yield before + ",".join(values)
            values = []
        before = head
        values.append(value)
    if before:
        yield before + ",".join(values)


def _moment(item: str, zone: Zone) -> tuple[str, str]:
    """The parameters and the plain form of one date, date-time or period; the value tells which it is."""
    first, slash, second = item.partition("/")
    if not slash and len(first) == 8:
        return ";VALUE=DATE", first
    head = ";VALUE=PERIOD" if slash else ""
    if first[-1:] in ("Z", "z"):
        return head, item
    if zone.tzid == "UTC":
        utc = [part + "Z" if _MOMENT.fullmatch(part) and part[-1] not in "Zz" else part for part in (first, second)]
        return head, slash.join(utc) if slash else utc[0]
    return f"{head};TZID={zone.tzid}", item


def _rule(value: str, start: ContentLine | None, zone: Zone) -> str:
    """A rule whose UNTIL can be compared with its DTSTART.

    An UNTIL without a time, where DTSTART has one, includes that day; an UNTIL without a zone is taken in DTSTART's.
    """
    if start is None or len(start.value.strip()) == 8:
        return value.strip()

    def in_utc(match: re.Match[str]) -> str:
        if match[3]:
            return match[0].strip().upper()
        try:
            moment = datetime.strptime(match[1] + (match[2] or "235959"), "%Y%m%d%H%M%S").replace(tzinfo=zone.rules)
            return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        except (ValueError, OverflowError):
            return match[0]

    return _UNTIL.sub(in_utc, value.strip())


def named_zones(zones: Iterable[Zone]) -> dict[str, str]:
    """The VTIMEZONE text of every zone that needs one, by TZID."""
    return {zone.tzid: zone.block for zone in zones if zone.block}
