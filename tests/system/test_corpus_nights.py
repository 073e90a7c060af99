"""Every calendar file that real programs wrote: the night plans around it, or refuses it in one line."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import icalendar
import pytest
import recurring_ical_events

from tests.system.judge import Stretch, blocks_of, overlapping
from tests.system.world import BERLIN, FolderShelf, World

TOO_DENSE = ("Minutely", "Secondly", "Hourly")
BUFFER = timedelta(minutes=5)


def _moment(value: date) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), BERLIN)
    return value if value.tzinfo is not None else value.replace(tzinfo=BERLIN)


def _first(calendars: list[icalendar.Calendar]) -> datetime | None:
    starts = [
        _moment(event["DTSTART"].dt)
        for calendar in calendars
        for event in calendar.walk("VEVENT")
        if "DTSTART" in event and hasattr(event["DTSTART"], "dt")
    ]
    good = [s for s in starts if 1975 < s.year < 2150]
    return min(good, default=None)


def plainly_busy(calendars: list[icalendar.Calendar], begin: datetime, end: datetime) -> list[Stretch]:
    """What the plain libraries read as busy without any doubt, in UTC."""
    found = []
    for calendar in calendars:
        for event in recurring_ical_events.of(calendar, components=["VEVENT"]).between(begin, end):
            free = str(event.get("TRANSP", "")).upper() == "TRANSPARENT" or str(event.get("STATUS")) == "CANCELLED"
            if free or "X-MICROSOFT-CDO-BUSYSTATUS" in event or "DTEND" not in event:
                continue
            start, finish = (_moment(event[key].dt).astimezone(UTC) for key in ("DTSTART", "DTEND"))
            if start < finish:
                found.append((start, finish))
    return found


def files(shared: Path) -> list[Path]:
    return [p for p in sorted((shared / "corpus").rglob("*.ics")) if not any(w in p.name for w in TOO_DENSE)]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_no_block_lies_on_an_event_of_any_file_of_the_corpus(shared: Path, tmp_path: Path, part: int) -> None:
    planned = 0
    for n, path in enumerate(files(shared)[part::4]):
        data = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                calendars = list(icalendar.Calendar.from_ical(data, multiple=True))
                first = _first(calendars)
                now = (first or datetime(2026, 11, 23, tzinfo=BERLIN)).astimezone(BERLIN) - timedelta(days=2)
                busy = plainly_busy(calendars, now, now + timedelta(weeks=13))
            except Exception:  # noqa: BLE001 - whatever the plain libraries make of a broken file
                calendars, busy, now = [], [], datetime(2026, 11, 23, tzinfo=BERLIN)
        folder = tmp_path / str(n)
        world = World(folder, FolderShelf(folder / "work"))
        (folder / "other.ics").write_bytes(data)
        world.calendars = [f"{{name: other, provider: ics, path: '{folder / 'other.ics'}'}}"]
        report = world.night(now)
        assert report.exit_code in (0, 3, 5), path
        if report.exit_code == 3:
            assert len(report.errors) == 1, path
            assert "\n" not in report.errors[0].what
            assert not world.shelf.names(), path
            continue
        planned += 1
        blocks = blocks_of(folder / "work", now, report.horizon.end, BERLIN)
        assert overlapping(blocks, busy, BUFFER) == [], path
        assert world.night(now).written == 0, path
        assert (folder / "other.ics").read_bytes() == data
    assert planned > 40
