"""One leader's world for whole nights: a config, a state folder, and a calendar on a folder or a real server.

The leader's hands are another program's: they edit iCalendar text with the icalendar library and put it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from calsync.desk import open_desk
from calsync.nightly import run_night
from calsync.nightreport import NightReport
from calsync.ports import OwnedSeries
from calsync.state.store import Store
from tests.servers.fixtures import CalDavCalendar

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=BERLIN)


class Shelf:
    """Where a calendar's resources lie: by name, as bytes."""

    def names(self) -> list[str]:
        raise NotImplementedError

    def get(self, name: str) -> bytes:
        raise NotImplementedError

    def put(self, name: str, data: bytes) -> None:
        raise NotImplementedError

    def remove(self, name: str) -> None:
        raise NotImplementedError

    def config(self) -> str:
        raise NotImplementedError

    def everything(self) -> dict[str, bytes]:
        return {name: self.get(name) for name in self.names()}


class FolderShelf(Shelf):
    """A folder with one event a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def names(self) -> list[str]:
        return sorted(p.name for p in self.folder.iterdir())

    def get(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def put(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def config(self) -> str:
        return f"{{name: work, provider: ics, path: '{self.folder}', write: true}}"


class DavShelf(Shelf):
    """A collection on a CalDAV server."""

    def __init__(self, place: CalDavCalendar) -> None:
        self.place = place

    def names(self) -> list[str]:
        return sorted(self.place.hand.names(self.place.path))

    def get(self, name: str) -> bytes:
        return self.place.hand.get(self.place.path, name)

    def put(self, name: str, data: bytes) -> None:
        self.place.hand.put(self.place.path, name, data)

    def remove(self, name: str) -> None:
        self.place.hand.delete(self.place.path, name)

    def config(self) -> str:
        who = f", username: '{self.place.username}'" if self.place.username else ""
        return f"{{name: work, provider: caldav, url: '{self.place.url}'{who}, write: true}}"


@dataclass
class World:
    """A config in `folder`, its state, and a shelf that takes the blocks. `extra` goes into the config."""

    folder: Path
    shelf: Shelf
    extra: str = ""
    connect: str = "{minutes: 30, per_week: 2}"
    people: str = "[{name: Ana Sousa, email: ana@example.com, ideal: 14d, max: 28d}]"
    calendars: list[str] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def write_config(self) -> None:
        lines = "\n".join(f"  - {line}" for line in [self.shelf.config(), *self.calendars])
        self.config.write_text(
            f"timezone: Europe/Berlin\nme: [maya@example.com]\ncalendars:\n{lines}\n"
            f"blocks:\n  connect: {self.connect}\npeople: {self.people}\n{self.extra}\n",
            encoding="utf-8",
        )

    def night(self, now: datetime = NOW, *, force: bool = False, dry_run: bool = False) -> NightReport:
        self.write_config()
        return run_night(open_desk(self.config, self.state, now), force=force, dry_run=dry_run)

    def nights(self, count: int, start: datetime = NOW) -> Iterator[NightReport]:
        for n in range(count):
            yield self.night(start + timedelta(days=n))

    def blocks(self) -> list[OwnedSeries]:
        """The block series as they stand on the calendar."""
        desk = open_desk(self.config, self.state, NOW)
        return desk.provider("work").owned("")

    def placed(self, begin: date, end: date) -> dict[tuple[int, date], datetime]:
        """Where every block of [begin, end) starts, by slot number and home date."""
        return {
            (o.series.number, day): one.span.start
            for o in self.blocks()
            for day in o.series.days(begin, end)
            if (one := o.series.placed(day)) is not None
        }

    def decisions(self) -> list[tuple[str, str]]:
        with Store(self.state, NOW) as store:
            return [(d.what, d.home) for d in store.decisions()]


def meeting(uid: str, start: datetime, minutes: int = 60, *rules: str, title: str = "Review") -> bytes:
    """A meeting of the leader with two others, as another program writes it; `start` in Berlin."""
    stamp, end = f"{start:%Y%m%dT%H%M%S}", f"{start + timedelta(minutes=minutes):%Y%m%dT%H%M%S}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Example//Another program//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20261101T080000Z",
        f"DTSTART;TZID=Europe/Berlin:{stamp}",
        f"DTEND;TZID=Europe/Berlin:{end}",
        f"SUMMARY:{title}",
        "ORGANIZER:mailto:maya@example.com",
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ana@example.com",
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bo@example.com",
        *rules,
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


def edit(shelf: Shelf, name: str, change: Callable[[Calendar, Event], None]) -> None:
    """Let the leader's program change a resource: `change` gets the calendar and its master event."""
    calendar = Calendar.from_ical(shelf.get(name))
    master = next(e for e in calendar.walk("VEVENT") if "RECURRENCE-ID" not in e)
    change(calendar, master)
    shelf.put(name, calendar.to_ical())


def delete_date(day: datetime) -> Callable[[Calendar, Event], None]:
    """Leave out the occurrence that the rule gives at `day`."""

    def change(calendar: Calendar, master: Event) -> None:
        calendar.subcomponents[:] = [
            c for c in calendar.subcomponents if "RECURRENCE-ID" not in c or c["RECURRENCE-ID"].dt != day
        ]
        master.add("EXDATE", day)

    return change


def override_date(day: datetime, *, hours: int = 0, title: str | None = None) -> Callable[[Calendar, Event], None]:
    """Drag the occurrence that the rule gives at `day` to another hour, or retitle it, as a calendar program does."""

    def change(calendar: Calendar, master: Event) -> None:
        calendar.subcomponents[:] = [
            c for c in calendar.subcomponents if "RECURRENCE-ID" not in c or c["RECURRENCE-ID"].dt != day
        ]
        other = Event()
        for key, value in master.items():
            if key not in ("RRULE", "EXDATE", "DTSTART", "DTEND", "SUMMARY"):
                other[key] = value
        length = master["DTEND"].dt - master["DTSTART"].dt
        other.add("RECURRENCE-ID", day)
        other.add("DTSTART", day + timedelta(hours=hours))
        other.add("DTEND", day + timedelta(hours=hours) + length)
        other.add("SUMMARY", title or str(master["SUMMARY"]))
        calendar.add_component(other)

    return change
