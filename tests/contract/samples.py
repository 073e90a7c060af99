"""iCalendar as other people's programs write it, and block series to write: what the suite feeds a provider."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from calsync.model import Key, Kind, Override, Series, Span

BERLIN = ZoneInfo("Europe/Berlin")
WINDOW = Span(datetime(2026, 11, 23, tzinfo=BERLIN), datetime(2027, 2, 15, tzinfo=BERLIN))
CHANGED = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)

VTIMEZONE_BERLIN = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""


def calendar(*components: str, zones: bool = True) -> bytes:
    """One VCALENDAR around `components`, with CRLF line ends."""
    body = (VTIMEZONE_BERLIN if zones else "") + "".join(c if c.endswith("\n") else c + "\n" for c in components)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//Another program//EN\n{body}END:VCALENDAR\n"
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def vevent(uid: str, *lines: str, start: str = "", end: str = "", title: str = "Review with Ana") -> str:
    """One VEVENT as another program writes it; `start` and `end` are Berlin wall-clock times (20261201T100000)."""
    times = [f"DTSTART;TZID=Europe/Berlin:{start}", f"DTEND;TZID=Europe/Berlin:{end}"] if start else []
    rows = ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T080000Z", f"SUMMARY:{title}", *times, *lines, "END:VEVENT"]
    return "\n".join(rows) + "\n"


def single(uid: str, day: str = "20261201", title: str = "Review with Ana") -> bytes:
    """One meeting from ten to eleven in Berlin on `day`."""
    return calendar(vevent(uid, start=f"{day}T100000", end=f"{day}T110000", title=title))


def meeting(uid: str) -> bytes:
    """A weekly one-on-one since long before the window, with an organizer, an attendee, an alarm and odd properties."""
    return calendar(
        vevent(
            uid,
            "RRULE:FREQ=WEEKLY;BYDAY=TU",
            "EXDATE;TZID=Europe/Berlin:20261208T090000",
            "ORGANIZER;CN=Maya:mailto:maya@example.com",
            "ATTENDEE;CN=Ana Sousa;PARTSTAT=ACCEPTED:mailto:ana@example.com",
            "X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC",
            "DESCRIPTION:Ümläute\\, commas\\; and a\\nsecond line",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            "DESCRIPTION:soon",
            "TRIGGER:-PT10M",
            "END:VALARM",
            start="20260106T090000",
            end="20260106T093000",
            title="Ana / Maya",
        )
    )


def series(key: str = "cscontractblock00000000000000000001", **changes: Any) -> Series:
    """A weekly connect block on Mondays at three in Berlin; `changes` are fields of Series."""
    fields: dict[str, Any] = {
        "key": Key(key),
        "kind": Kind.CONNECT,
        "number": 1,
        "generation": 0,
        "timezone": "Europe/Berlin",
        "first": date(2026, 11, 30),
        "start": time(15, 0),
        "minutes": 30,
        "title": "Focus",
        "transparent": True,
        "changed": CHANGED,
    }
    return Series(**{**fields, **changes, "key": Key(changes.get("key", key))})


def override(day: date, clock: time, minutes: int = 30, title: str = "Focus", zone: ZoneInfo = BERLIN) -> Override:
    """An occurrence put on `day` at wall-clock `clock`."""
    start = datetime.combine(day, clock, tzinfo=zone)
    return Override(Span(start, start + timedelta(minutes=minutes)), title, True)


def spans(expanded: Iterable[Any]) -> list[tuple[datetime, datetime]]:
    """The UTC starts and ends of every occurrence of `expanded`, sorted."""
    return sorted(
        (o.span.start.astimezone(UTC), o.span.end.astimezone(UTC)) for item in expanded for o in item.occurrences
    )
