"""A made-up leader's calendars, people and configuration, around any day: something to look at without an account.

Everything is text put together here, from the day alone: the same day gives the same bytes on any machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from calsync.demoical import ZONE, DemoEvent, calendar_of
from calsync.desk import Desk
from calsync.errors import UsageError
from calsync.model import require_aware

__all__ = ["DemoPaths", "log_talks", "write_demo"]

_MARK = ".calsync-demo"
"""The file that tells a demo folder from any other: "writing DAY" while it is made, then "written DAY"."""
_WEEKS_BEFORE = 5
_WEEKS_AFTER = 16


@dataclass(frozen=True, slots=True)
class DemoPaths:
    """Where a demo stands. `fresh` is False when it stood there before and was left as it is."""

    folder: Path
    config: Path
    state: Path
    fresh: bool


def write_demo(folder: Path, now: datetime) -> DemoPaths:
    """Make a demo in `folder` around the day of `now` (aware), or find the one that is there and leave it as it is.

    It has `config.yaml`, `calendars/work/` (one event a file), `calendars/family.ics` and an empty `state/`.
    Raises `UsageError` when the folder holds something else, or cannot be written.
    """
    day = require_aware(now, "the time of a demo").astimezone(ZoneInfo(ZONE)).date()
    folder = folder.absolute()
    paths = DemoPaths(folder, folder / "config.yaml", folder / "state", fresh=True)
    try:
        begun = _begun(folder)
        if begun.startswith("written "):
            return DemoPaths(folder, paths.config, paths.state, fresh=False)
        if begun:
            day = date.fromisoformat(begun.removeprefix("writing "))  # an earlier attempt was cut off: finish that one
        _write(paths, day)
    except OSError as refusal:
        raise UsageError(
            f"{folder}: a demo cannot be written here ({refusal.strerror})",
            "name a folder of your own: calsync demo DIR",
        ) from refusal
    return paths


def log_talks(desk: Desk) -> None:
    """Log talks of the past weeks, with notes, and a promise, in a new demo: so that a brief has something to remember.

    The key of the notes goes into the demo's own folder, never into the system keyring, where the leader's own may be.
    """
    import base64
    import json
    import os

    from calsync.logbook import Said, record_done
    from calsync.people.promises import DAY_ENDS
    from calsync.promises import Asked, make
    from calsync.vault import KEY_NAME
    from calsync.wholefile import replace_file

    secrets = {KEY_NAME: base64.urlsafe_b64encode(os.urandom(32)).decode()}
    replace_file(desk.state_folder / "secrets.json", (json.dumps(secrets) + "\n").encode())
    for days, name, feel, thread in _TALKS:
        day = desk.now.date() - timedelta(days)
        day -= timedelta(max(0, day.weekday() - 4))  # nobody was asked at a weekend
        at = datetime.combine(day, time(14), desk.config.zone)
        record_done(desk, name, at, Said(feel=feel, thread=thread))
    due = datetime.combine(desk.now.date() + timedelta(9), DAY_ENDS, desk.config.zone)
    make(desk, "Ben Okafor", Asked("look at the outline of his talk", due, 75))


def _begun(folder: Path) -> str:
    """What the mark of the folder says, "" for a new or empty folder."""
    mark = folder / _MARK
    if mark.is_file():
        return mark.read_text("utf-8").strip()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder}: this is not empty and not a demo, so it is left alone", "name another: calsync demo DIR"
        )
    return ""


def _write(paths: DemoPaths, day: date) -> None:
    work = paths.folder / "calendars" / "work"
    work.mkdir(parents=True, exist_ok=True)
    mark = paths.folder / _MARK
    mark.write_text(f"writing {day}\n", "utf-8")
    paths.state.mkdir(mode=0o700, exist_ok=True)
    for event in _work(day):
        (work / f"{event.slug}.ics").write_bytes(calendar_of([event]))
    (paths.folder / "calendars" / "family.ics").write_bytes(calendar_of(_family(day)))
    paths.config.write_bytes(files("calsync").joinpath("demo.yaml").read_bytes())
    mark.write_text(f"written {day}\n", "utf-8")


_REPORTS = (
    ("Ana Sousa", "ana@example.com"),
    ("Ben Okafor", "ben@example.com"),
    ("Chiara Ricci", "chiara@example.com"),
    ("Daniel Weiß", "daniel@example.com"),
    ("Elif Şahin", "elif@example.com"),
    ("Farid Haddad", "farid@example.com"),
)
_OTHERS = (
    ("Grace Lin", "grace@example.com"),
    ("Henrik Dahl", "henrik@example.com"),
    ("Ingrid Holm", "ingrid@example.com"),
    ("Jonas Keller", "jonas@example.com"),
)
_TALKS = (
    # days ago, person, how it felt, what was left open
    (61, "Ana Sousa", 4, ""),
    (47, "Ana Sousa", 5, ""),
    (44, "Grace Lin", 4, "the choir she has joined"),
    (34, "Ana Sousa", 4, "the course in pottery"),
    (23, "Ben Okafor", 4, "the talk that he was asked to give in spring"),
    (20, "Ana Sousa", 2, "whether she will move to Porto"),
    (12, "Henrik Dahl", 5, "the boat he is building"),
)
_ROOM = 'ATTENDEE;CUTYPE=ROOM;ROLE=NON-PARTICIPANT;PARTSTAT=ACCEPTED;CN="Linden":mailto:linden@rooms.example.com'


def _work(day: date) -> Iterator[DemoEvent]:
    """The work calendar around `day`."""
    monday = day - timedelta(day.weekday())
    first = monday - timedelta(weeks=_WEEKS_BEFORE)
    yield from _one_on_ones(first, monday)
    yield from _team_meetings(first)
    yield from _away(monday)
    yield from _oddities(monday)
    yield from _single_meetings(first)


def _one_on_ones(first: date, monday: date) -> Iterator[DemoEvent]:
    """Five regular talks with one person, one of them moved and one left out in the coming weeks."""
    table = (
        # person, weekday, begins, minutes, every so many weeks, from which week
        (_REPORTS[0], 1, time(10), 30, 1, 0),
        (_REPORTS[1], 2, time(11), 30, 1, 0),
        (_REPORTS[2], 3, time(14), 45, 2, 0),
        (_REPORTS[3], 0, time(15), 30, 2, 1),
        (_OTHERS[2], 4, time(10), 60, 1, 0),
    )
    for (name, address), weekday, begins, minutes, interval, offset in table:
        start = first + timedelta(weeks=offset, days=weekday)
        skipped: tuple[date, ...] = ()
        moved: tuple[tuple[date, datetime], ...] = ()
        if interval == 1 and weekday == 1:
            home = monday + timedelta(weeks=2, days=weekday)
            moved = ((home, datetime.combine(home + timedelta(1), time(14, 30))),)
        if interval == 1 and weekday == 2:
            skipped = (monday + timedelta(weeks=3, days=weekday),)
        yield DemoEvent(
            slug=f"one-on-one-{address.partition('@')[0]}",
            title=f"Maya / {name.split()[0]}",
            start=datetime.combine(start, begins),
            minutes=minutes,
            rule=_weekly(interval),
            skipped=skipped,
            moved=moved,
            guests=((name, address, "ACCEPTED"),),
            extra=(_ROOM,) if weekday == 1 else (),
        )


def _team_meetings(first: date) -> Iterator[DemoEvent]:
    """What everybody sits in; the two fortnightly ones stand in the way of an afternoon block every other week."""
    team = tuple((name, address, "ACCEPTED") for name, address in _REPORTS)
    peers = tuple((name, address, "ACCEPTED") for name, address in _OTHERS)
    table = (
        # slug, title, weekday, begins, minutes, rule, from which week, guests
        ("team-meeting", "Team meeting", 0, time(9, 30), 60, _weekly(1), 0, team),
        ("stand-up", "Stand-up", 1, time(9), 15, _weekly(1) + ";BYDAY=TU,WE,TH", 0, team),
        ("project-review", "Project review", 3, time(10), 90, _weekly(1), 0, (*team[:3], *peers[:2])),
        ("leadership-round", "Leadership round", 0, time(11), 60, _weekly(1), 0, peers),
        ("steering-committee", "Steering committee", 1, time(13, 30), 120, _weekly(2), 0, peers),
        ("architecture-forum", "Architecture forum", 2, time(13, 30), 120, _weekly(2), 1, (*team[2:], *peers[3:])),
        ("backlog", "Backlog", 3, time(15, 30), 60, _weekly(2), 1, team),
    )
    for slug, title, weekday, begins, minutes, rule, offset, guests in table:
        start = first + timedelta(weeks=offset, days=weekday)
        yield DemoEvent(slug, title, datetime.combine(start, begins), minutes, rule=rule, guests=guests)
    wednesday = _first_weekday(first, 2)
    everyone = 'ATTENDEE;CUTYPE=GROUP;PARTSTAT=NEEDS-ACTION;CN="Everyone":mailto:everyone@example.com'
    yield DemoEvent(
        "all-hands",
        "All-hands",
        datetime.combine(wednesday, time(15)),
        90,
        rule="FREQ=MONTHLY;BYDAY=1WE",
        organizer=("Ingrid Holm", "ingrid@example.com"),
        extra=(everyone,),
    )


def _away(monday: date) -> Iterator[DemoEvent]:
    """A trip of three days, and a day on which the company is closed."""
    away = ("X-MICROSOFT-CDO-BUSYSTATUS:OOF",)
    yield DemoEvent(
        "trip-to-lisbon",
        "Lisbon office",
        datetime.combine(monday + timedelta(weeks=6, days=1), time()),
        days=3,
        extra=away,
    )
    yield DemoEvent(
        "company-closed", "Company closed", datetime.combine(monday + timedelta(weeks=4, days=3), time()), extra=away
    )


def _oddities(monday: date) -> Iterator[DemoEvent]:
    """One event of each sort that is easily taken for something it is not."""
    peers = tuple((name, address, "ACCEPTED") for name, address in _OTHERS)
    week = timedelta(weeks=1)
    yield DemoEvent(
        "vendor-pitch",
        "Vendor pitch",
        datetime.combine(monday + week + timedelta(2), time(15, 30)),
        60,
        organizer=("Jonas Keller", "jonas@example.com"),
        guests=peers[:2],
        answer="DECLINED",
    )
    yield DemoEvent(
        "offsite-idea",
        "Offsite? (to be confirmed)",
        datetime.combine(monday + 3 * week + timedelta(1), time(13, 30)),
        180,
        guests=peers,
        answer="TENTATIVE",
        extra=("STATUS:TENTATIVE",),
    )
    yield DemoEvent(
        "budget-workshop",
        "Budget workshop",
        datetime.combine(monday + 2 * week + timedelta(3), time(13, 30)),
        120,
        guests=peers,
        extra=("STATUS:CANCELLED",),
    )
    yield DemoEvent(
        "open-lecture",
        "Open lecture, drop in if you like",
        datetime.combine(monday + week + timedelta(1), time(16)),
        60,
        extra=("TRANSP:TRANSPARENT",),
    )
    yield DemoEvent(
        "write-review", "Write the quarterly review", datetime.combine(monday + week + timedelta(4), time(13, 15)), 90
    )


_SINGLES = (
    ("Interview", 60, 1),
    ("Customer visit", 90, 3),
    ("Budget round", 60, 2),
    ("Incident review", 45, 4),
    ("Contract with the works council", 60, 2),
    ("Roadmap", 90, 3),
)


def _single_meetings(first: date) -> Iterator[DemoEvent]:
    """Two or three meetings a week that happen once, more often in the afternoon, at times that the day decides."""
    people = (*_REPORTS, *_OTHERS)
    for week in range(_WEEKS_BEFORE + _WEEKS_AFTER):
        monday = first + timedelta(weeks=week)
        for number in range(2 + _pick(monday, "how many", 2)):
            what = f"single {number}"
            title, minutes, size = _SINGLES[_pick(monday, what, len(_SINGLES))]
            weekday = _pick(monday, what + " weekday", 4)
            hour = (11, 13, 14, 15, 16, 16)[_pick(monday, what + " hour", 6)]
            start = datetime.combine(monday + timedelta(weekday), time(hour, 30 if hour in {13, 15} else 0))
            if (start.month, start.day) >= (12, 24) or (start.month, start.day) == (1, 1):
                continue  # nobody calls a meeting between the years
            whom = _pick(monday, what + " whom", len(people))
            guests = tuple((*people[(whom + i) % len(people)], "ACCEPTED") for i in range(size))
            yield DemoEvent(f"meeting-{start:%Y-%m-%d}-{number}", title, start, minutes, guests=guests)


def _family(day: date) -> Iterator[DemoEvent]:
    """The family calendar: private appointments in working time, and birthdays, which take none."""
    monday = day - timedelta(day.weekday())
    first = monday - timedelta(weeks=_WEEKS_BEFORE)
    yield DemoEvent(
        "pick-up", "Pick up Lotte", datetime.combine(first + timedelta(2), time(16, 30)), 60, rule=_weekly(1)
    )
    yield DemoEvent("dentist", "Dentist", datetime.combine(monday + timedelta(weeks=1, days=3), time(13, 15)), 60)
    yield DemoEvent("school-play", "School play", datetime.combine(monday + timedelta(weeks=5, days=1), time(15)), 120)
    yield DemoEvent(
        "weekend", "Weekend by the lake", datetime.combine(monday + timedelta(weeks=2, days=4), time(15)), 48 * 60
    )
    for slug, whose, ahead in (("birthday-tom", "Tom", 17), ("birthday-lotte", "Lotte", 52)):
        birthday = datetime.combine(_not_leap(day + timedelta(ahead)), time())
        yield DemoEvent(
            slug,
            f"{whose}'s birthday",
            birthday,
            rule="FREQ=YEARLY",
            extra=("TRANSP:TRANSPARENT", "CATEGORIES:Birthday"),
        )


def _weekly(interval: int) -> str:
    return "FREQ=WEEKLY" if interval == 1 else f"FREQ=WEEKLY;INTERVAL={interval}"


def _first_weekday(day: date, weekday: int) -> date:
    """The first such weekday of the month of `day`."""
    begin = day.replace(day=1)
    return begin + timedelta((weekday - begin.weekday()) % 7)


def _not_leap(day: date) -> date:
    """A yearly rule from 29 February takes place every fourth year only; nobody's birthday should."""
    return day - timedelta(1) if (day.month, day.day) == (2, 29) else day


def _pick(day: date, what: str, choices: int) -> int:
    """A number below `choices` that depends on the day and on what it is for, and on nothing else."""
    return int.from_bytes(hashlib.sha256(f"{day} {what}".encode()).digest()[:4], "big") % choices
