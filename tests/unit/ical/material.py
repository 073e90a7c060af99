"""What these tests share: calendars to read, and the plain use of the libraries to compare with."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from calsync.ical import lexical
from calsync.ical.read import expand_payloads
from calsync.model import Occurrence, Span, Status, at_wall_clock
from calsync.ports import Expanded

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared"
BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)

Row = tuple[datetime, datetime, str]


def shared(path: str) -> Path:
    """A file or folder beside the project; the test is skipped where it is absent."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"there is no shared/{path} beside the project")
    return found


def span(start: str, end: str) -> Span:
    """A window from two local dates or times of Berlin in ISO 8601."""
    return Span(*(datetime.fromisoformat(at).replace(tzinfo=BERLIN) for at in (start, end)))


def calendar(*events: str, before: str = "") -> bytes:
    """A VCALENDAR with the VEVENTs of the given bodies; a body has one property a line."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *before.strip().splitlines()]
    for body in events:
        lines += ["BEGIN:VEVENT", *(line.strip() for line in body.strip().splitlines()), "END:VEVENT"]
    return "".join(f"{line}\r\n" for line in [*lines, "END:VCALENDAR"]).encode()


def expand(data: bytes, window: Span, zone: ZoneInfo = BERLIN, name: str = "a.ics") -> Expanded:
    """What one resource means."""
    (found,) = expand_payloads([(name, "", data)], window, zone)
    return found


def occurrences(data: bytes, window: Span, zone: ZoneInfo = BERLIN) -> tuple[Occurrence, ...]:
    return expand(data, window, zone).occurrences


def starts(data: bytes, window: Span, zone: ZoneInfo = BERLIN) -> list[str]:
    """When the occurrences start, by the clock of Berlin."""
    return [o.span.start.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M") for o in occurrences(data, window, zone)]


def rows(found: Iterable[Occurrence]) -> list[Row]:
    return sorted((o.span.start, o.span.end, o.event.title) for o in found)


def plain(data: bytes, window: Span, zone: ZoneInfo = BERLIN) -> list[Row]:
    """What icalendar and recurring-ical-events give, used as their documentation shows."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for one in icalendar.Calendar.from_ical(data, multiple=True):
            for row in recurring_ical_events.of(one).between(window.start - 2 * DAY, window.end + 2 * DAY):
                if str(row.get("STATUS", "")).upper() in ("CANCELLED", "CANCELED"):
                    continue
                first, last = row["DTSTART"].dt, row["DTEND"].dt
                start, end = _instant(first, zone), _instant(last, zone)
                if start == end and not isinstance(first, datetime):
                    end = _instant(first + DAY, zone)
                if start < end and start < window.end and window.start < end:
                    found.append((start, end, str(row.get("SUMMARY", ""))))
    return sorted(found)


def _instant(moment: date, zone: ZoneInfo) -> datetime:
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    return at_wall_clock(moment, time(), zone).astimezone(UTC)


class Generated:
    """A generated leader's calendar: its bytes, a window, and what lies in it as the generator itself counts it."""

    def __init__(self, folder: Path, *options: str) -> None:
        tool = shared("tools/gen_calendar.py")
        files = {"--ics": folder / "calendar.ics", "--truth": folder / "truth.json"}
        named = [part for option, path in files.items() for part in (option, str(path))]
        subprocess.run([sys.executable, str(tool), *options, *named], check=True, capture_output=True)
        self.data = files["--ics"].read_bytes()
        truth = json.loads(files["--truth"].read_text())
        self.window = Span(*(_utc(at) for at in truth["window"]))
        self.truth = sorted(tuple(row) for row in truth["instances"] if row[3] != "cancelled")

    def payloads(self, *, filtered: bool = True) -> list[tuple[str, str, bytes]]:
        """Its resources as a night reads them, or all of them whole."""
        groups = lexical.split(self.data).groups
        if not filtered:
            return [(group.uid, "", group.payload()) for group in groups]
        start = self.window.start
        return [(g.uid, g.digest, g.payload(since=start)) for g in groups if not lexical.cannot_touch(g, start)]


@cache
def generated(folder: Path, events: int, seed: int, *options: str) -> Generated:
    target = folder / "_".join([str(events), str(seed), *options])
    target.mkdir()
    return Generated(target, "--events", str(events), "--seed", str(seed), *options)


def as_truth(found: Iterable[Expanded]) -> list[tuple[str, str, str, str]]:
    """Occurrences in the terms of the generator's own list."""
    return sorted(
        (o.event.uid, _text(o.span.start), _text(o.span.end), _kind(o)) for one in found for o in one.occurrences
    )


def _kind(occurrence: Occurrence) -> str:
    if occurrence.event.transparent:
        return "free"
    if occurrence.all_day:
        return "allday"
    return "tentative" if occurrence.event.status is Status.TENTATIVE else "busy"


def _utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _text(at: datetime) -> str:
    return at.strftime("%Y%m%dT%H%M%SZ")
