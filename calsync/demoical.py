"""The events of a made-up calendar, and how they are written as iCalendar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

__all__ = ["ME", "ZONE", "DemoEvent", "calendar_of"]

ZONE = "Europe/Berlin"
"""The zone of the made-up leader, in which every wall-clock time is read."""
ME = ("Maya Brandt", "maya@example.com")
"""Her name and address."""


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """An event to write: wall-clock `start` in the zone; `minutes` 0 means all day, for `days` days.

    `rule` is an RRULE; `skipped` are dates that it leaves out, `moved` are dates that stand at another wall-clock time.
    `guests` are (name, address, PARTSTAT); `extra` are property lines as they are.
    """

    slug: str
    title: str
    start: datetime
    minutes: int = 0
    days: int = 1
    rule: str = ""
    skipped: tuple[date, ...] = ()
    moved: tuple[tuple[date, datetime], ...] = ()
    organizer: tuple[str, str] = ME
    guests: tuple[tuple[str, str, str], ...] = ()
    answer: str = "ACCEPTED"
    extra: tuple[str, ...] = ()


_VTIMEZONE = (
    "BEGIN:VTIMEZONE",
    f"TZID:{ZONE}",
    "BEGIN:DAYLIGHT",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0200",
    "TZNAME:CEST",
    "DTSTART:19810329T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "TZOFFSETFROM:+0200",
    "TZOFFSETTO:+0100",
    "TZNAME:CET",
    "DTSTART:19961027T030000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "END:STANDARD",
    "END:VTIMEZONE",
)


def calendar_of(events: Iterable[DemoEvent]) -> bytes:
    """The events as one iCalendar stream."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//calsync//demo//EN", *_VTIMEZONE]
    for event in events:
        lines += _components(event)
    return "".join(_folded(line) for line in [*lines, "END:VCALENDAR"]).encode()


def _components(event: DemoEvent) -> Iterator[str]:
    yield from _vevent(event, event.start, [f"RRULE:{event.rule}"] if event.rule else [])
    for home, start in event.moved:
        yield from _vevent(event, start, [_stamped("RECURRENCE-ID", datetime.combine(home, event.start.time()))])


def _vevent(event: DemoEvent, start: datetime, recurrence: Sequence[str]) -> Iterator[str]:
    # Changed last on the Thursday of the week before it begins: any time will do that depends on the event alone.
    stamp = datetime.combine(event.start.date(), time(6), UTC) - timedelta(event.start.weekday() + 4)
    yield from (
        "BEGIN:VEVENT",
        f"UID:{event.slug}-{event.start:%Y%m%d}@demo.example.com",
        f"DTSTAMP:{stamp:%Y%m%dT%H%M%SZ}",
    )
    yield f"SUMMARY:{_text(event.title)}"
    if event.minutes:
        yield _stamped("DTSTART", start)
        yield _stamped("DTEND", start + timedelta(minutes=event.minutes))
    else:
        yield f"DTSTART;VALUE=DATE:{start:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{start + timedelta(event.days):%Y%m%d}"
    yield from recurrence
    if event.rule and not recurrence[0].startswith("RECURRENCE-ID"):
        for day in event.skipped:
            yield _stamped("EXDATE", datetime.combine(day, event.start.time()))
    if event.guests or any(line.startswith("ATTENDEE") for line in event.extra):
        name, address = event.organizer
        yield f'ORGANIZER;CN="{name}":mailto:{address}'
        yield f'ATTENDEE;PARTSTAT={event.answer};CN="{ME[0]}":mailto:{ME[1]}'
        for name, address, answer in event.guests:
            yield f'ATTENDEE;PARTSTAT={answer};CN="{name}":mailto:{address}'
    yield from event.extra
    yield "END:VEVENT"


def _stamped(name: str, moment: datetime) -> str:
    return f"{name};TZID={ZONE}:{moment:%Y%m%dT%H%M%S}"


def _text(value: str) -> str:
    return value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> str:
    """The line with CRLF, folded after at most 75 octets and never inside a letter (RFC 5545 3.1)."""
    parts, length = [""], 0
    for letter in line:
        size = len(letter.encode())
        if length + size > 75:
            parts.append(" ")
            length = 1
        parts[-1] += letter
        length += size
    return "\r\n".join(parts) + "\r\n"
