"""Who judges a plan: libraries and arithmetic that had no part in it.

Blocks are read from the files by vobject and expanded by dateutil; busy time comes from the generator's own truth.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import vobject
from dateutil.rrule import rrulestr

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True)
class Truth:
    """What a generated calendar really says: busy stretches, all-day ones in `zone`."""

    uids: int
    busy: list[Stretch]


def generate(script: Path, folder: Path, *, events: int, seed: int, zone: ZoneInfo, vdir: bool = False) -> Truth:
    """Make the calendar `cal.ics` (or the folder `cal`) and return its truth for 130 days from 1 March 2026."""
    target = ["--vdir", str(folder / "cal")] if vdir else ["--ics", str(folder / "cal.ics")]
    truth = folder / "truth.json"
    command = [sys.executable, str(script), "--events", str(events), "--seed", str(seed), "--window-days", "130"]
    made = subprocess.run(
        [*command, *target, "--truth", str(truth)], check=True, capture_output=True, text=True, timeout=300
    )
    busy = []
    for _uid, start, end, kind in json.loads(truth.read_text(encoding="utf-8"))["instances"]:
        begin, finish = (datetime.strptime(t, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for t in (start, end))
        if kind == "allday":
            begin, finish = (datetime.combine(t.date(), time(), zone).astimezone(UTC) for t in (begin, finish))
        if kind in ("busy", "tentative", "allday"):
            busy.append((begin, finish))
    return Truth(json.loads(made.stdout)["uids"], sorted(busy))


def blocks_of(folder: Path, begin: datetime, end: datetime, zone: ZoneInfo) -> list[Stretch]:
    """Every block in the folder's files between two instants."""
    return sorted(b for path in folder.glob("cs*.ics") for b in _expand(path, begin, end, zone))


def _expand(path: Path, begin: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Stretch]:
    calendar = vobject.readOne(path.read_text(encoding="utf-8"))
    events = list(calendar.vevent_list)
    master = next(e for e in events if "recurrence-id" not in e.contents)
    others = {_wall(e.recurrence_id.value): e for e in events if "recurrence-id" in e.contents}
    gone = {_wall(t) for line in master.contents.get("exdate", []) for t in line.value}
    rule, first = master.rrule.value.upper(), _wall(master.dtstart.value)
    length = master.dtend.value - master.dtstart.value
    head, _, until = rule.partition(";UNTIL=")
    for wall in rrulestr(head, dtstart=first).between(first, first + timedelta(weeks=200), inc=True):
        start = wall.replace(tzinfo=zone).astimezone(UTC)
        if until and start > datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC):
            return
        if start > end + timedelta(7):
            return
        if wall in gone:
            continue
        finish = start + length
        if wall in others:
            one = others[wall]
            start, finish = (v.value.astimezone(UTC) for v in (one.dtstart, one.dtend))
        if start < end and finish > begin:
            yield start, finish


def _wall(value: datetime) -> datetime:
    return value.replace(tzinfo=None)


def overlapping(blocks: Iterable[Stretch], busy: list[Stretch], buffer: timedelta) -> list[tuple[Stretch, Stretch]]:
    """Every block that lies on a busy stretch or its buffer."""
    return [(b, m) for b in blocks for m in busy if b[0] < m[1] + buffer and m[0] - buffer < b[1]]


def per_day(blocks: Iterable[Stretch], zone: ZoneInfo) -> dict[date, int]:
    """How many blocks each local day has."""
    count: dict[date, int] = {}
    for start, _ in blocks:
        day = start.astimezone(zone).date()
        count[day] = count.get(day, 0) + 1
    return count
