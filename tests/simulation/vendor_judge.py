"""What iCalendar text means, by icalendar and dateutil alone: the judge of blocks and meetings in simulations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Calendar

__all__ = ["Block", "Date", "Standing", "busy_times", "read_blocks"]

_UNTIL = re.compile(r"UNTIL=([0-9TZ]+)")
_UID = re.compile(r"(cs[a-v0-9]{32})(?:/(\d{8}))?@calsync")


@dataclass(frozen=True)
class Date:
    """One date of an event: its home on the wall clock of its series, and what takes place."""

    home: date
    start: datetime
    end: datetime
    title: str
    free: bool
    place: str = ""
    text: str = ""
    guests: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[object, ...]:
        """All that the calendars of one leader must agree about."""
        return self.start, self.end, self.title, self.free


@dataclass
class Block:
    """One block series of calsync's: its slot, whether it is endless, and its dates by home."""

    key: str
    slot: tuple[str, int, int]
    names: list[str]
    endless: bool
    title: str
    weekly: tuple[int, time] | None
    text: str
    place: str
    guests: tuple[str, ...]
    dates: dict[date, Date] = field(default_factory=dict)


@dataclass
class Standing:
    """What stands on a calendar: blocks by slot, and the texts of all that is no block."""

    blocks: dict[tuple[str, int, int], Block]
    foreign: dict[str, bytes]
    wrong: list[str]
    """What must never be, in words: two series of one slot, a date that stands twice, a stand-in without a series."""


def read_blocks(texts: dict[str, bytes], zone: ZoneInfo, begin: datetime, end: datetime) -> Standing:
    """Sort the events of a calendar, by name, into blocks and what is not calsync's."""
    found = Standing({}, {}, [])
    singles: list[tuple[str, str, date, list[Any]]] = []
    for name, text in texts.items():
        events = _events(text)
        mark = _UID.fullmatch(str(events[0]["UID"]))
        if mark is None or mark[1] != str(events[0].get("X-CALSYNC-KEY", "")):
            found.foreign[name] = text
        elif mark[2]:
            singles.append((name, mark[1], datetime.strptime(mark[2], "%Y%m%d").replace(tzinfo=UTC).date(), events))
        else:
            block = _block(name, mark[1], events, zone, begin, end)
            if block.slot in found.blocks:
                found.wrong.append(f"two series of {block.slot}")
            found.blocks[block.slot] = block
    by_key = {block.key: block for block in found.blocks.values()}
    for name, key, home, events in singles:
        one = by_key.get(key)
        if one is None:
            found.wrong.append(f"a stand-in of {home} for {key}, which is not there")
            continue
        if home in one.dates:
            found.wrong.append(f"{one.slot} of {home} stands twice")
        one.names.append(name)
        (there,) = _dates(events, zone, _LOW, _HIGH)
        if begin <= there.start < end:
            one.dates[home] = replace(there, home=home)
    return found


def busy_times(text: bytes, zone: ZoneInfo, begin: datetime, end: datetime, me: str) -> Iterator[tuple[Date, str]]:
    """When an event of other people's takes the leader's time, with its UID."""
    events = _events(text)
    for one in _dates(events, zone, begin, end, me=me):
        if not one.free:
            yield one, str(events[0]["UID"])


def _block(name: str, key: str, events: list[Any], zone: ZoneInfo, begin: datetime, end: datetime) -> Block:
    master = next(e for e in events if "RECURRENCE-ID" not in e)
    number, _, generation = str(master["X-CALSYNC-SLOT"]).partition("/")
    rule = master.get("RRULE")
    start = master["DTSTART"].dt
    plain = rule is not None and rule.get("FREQ") == ["WEEKLY"] and len(rule.get("BYDAY", [""])) == 1
    weekly = (start.weekday(), start.time()) if plain and rule.get("INTERVAL", [1]) == [1] else None
    block = Block(
        key,
        (str(master["X-CALSYNC-KIND"]), int(number), int(generation)),
        [name],
        rule is not None and "UNTIL" not in rule and "COUNT" not in rule,
        str(master.get("SUMMARY", "")),
        weekly,
        str(master.get("DESCRIPTION", "")).strip(),
        str(master.get("LOCATION", "")),
        _guests(master),
    )
    for one in _dates(events, zone, begin, end):
        block.dates[one.home] = one
    return block


def _events(text: bytes) -> list[Any]:
    return list(Calendar.from_ical(text).walk("VEVENT"))


def _dates(events: list[Any], zone: ZoneInfo, begin: datetime, end: datetime, *, me: str = "") -> Iterator[Date]:
    """Every date that takes place in [begin, end), overrides in their places."""
    master = next((e for e in events if "RECURRENCE-ID" not in e), None)
    own: dict[datetime, Any] = {}
    place = _zone(master if master is not None else events[0], zone)
    for event in events:
        if "RECURRENCE-ID" in event:
            own[_wall(event["RECURRENCE-ID"].dt, place)] = event
    if master is not None:
        span = _span(master, zone)
        length = span[1] - span[0]
        for wall in _walls(master, place, begin - length - timedelta(days=2), end + timedelta(days=2)):
            if wall in own:
                continue
            start = wall.replace(tzinfo=place).astimezone(UTC)
            if not isinstance(master["DTSTART"].dt, datetime):
                days = _last(master) - master["DTSTART"].dt
                start, stop = _midnight(wall.date(), zone), _midnight(wall.date() + days, zone)
            else:
                stop = start + length
            if start < end and stop > begin and _takes_place(master, me):
                yield _date(master, wall.date(), start, stop)
    for wall, event in own.items():
        start, stop = _span(event, zone)
        if start < end and stop > begin and _takes_place(event, me):
            yield _date(event, wall.date(), start, stop)


def _takes_place(event: Any, me: str) -> bool:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return False
    said = event.get("ATTENDEE", [])
    for who in said if isinstance(said, list) else [said]:
        if me and str(who).lower() == f"mailto:{me}" and who.params.get("PARTSTAT") == "DECLINED":
            return False
    return True


def _date(event: Any, home: date, start: datetime, stop: datetime) -> Date:
    return Date(
        home,
        start,
        stop,
        str(event.get("SUMMARY", "")),
        str(event.get("TRANSP", "OPAQUE")).upper() == "TRANSPARENT",
        str(event.get("LOCATION", "")),
        str(event.get("DESCRIPTION", "")).replace("\r\n", "\n").strip(),
        _guests(event),
    )


def _guests(event: Any) -> tuple[str, ...]:
    said = event.get("ATTENDEE", [])
    return tuple(
        sorted(str(who).lower().removeprefix("mailto:") for who in (said if isinstance(said, list) else [said]))
    )


def _zone(event: Any, leader: ZoneInfo) -> ZoneInfo:
    start = event["DTSTART"].dt
    if not isinstance(start, datetime):
        return leader
    key = str(getattr(start.tzinfo, "key", None) or getattr(start.tzinfo, "zone", None) or "UTC")
    return ZoneInfo(key)


def _wall(at: date, place: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        return datetime.combine(at, time())
    return at.astimezone(place).replace(tzinfo=None, fold=0)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _last(event: Any) -> date:
    if "DTEND" in event:
        found: date = event["DTEND"].dt
        return found
    start: date = event["DTSTART"].dt
    return start + timedelta(days=1)


def _span(event: Any, zone: ZoneInfo) -> tuple[datetime, datetime]:
    start, stop = event["DTSTART"].dt, _last(event)
    if not isinstance(start, datetime):
        return _midnight(start, zone), _midnight(stop, zone)
    assert isinstance(stop, datetime)
    return start.astimezone(UTC), stop.astimezone(UTC)


def _walls(master: Any, place: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """The starts on the wall clock of `place`."""
    first = master["DTSTART"].dt
    # The clock as it was written, which a change of the clocks may leave out.
    start = first.replace(tzinfo=None, fold=0) if isinstance(first, datetime) else datetime.combine(first, time())
    out = {_wall(at.dt, place) for one in _several(master, "EXDATE") for at in one.dts}
    more = {_wall(at.dt, place) for one in _several(master, "RDATE") for at in one.dts}
    low, high = (at.astimezone(place).replace(tzinfo=None) for at in (max(begin, _LOW), min(end, _HIGH)))
    rule = master.get("RRULE")
    if rule is None:
        found = [start] if low <= start < high or begin < _LOW else []
    else:
        text = _UNTIL.sub(lambda m: f"UNTIL={_until(m[1], place)}", rule.to_ical().decode())
        found = list(rrulestr(text, dtstart=start).between(low, high, inc=True))
    yield from sorted({*found, *more} - out)


_LOW, _HIGH = datetime(1990, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)


def _several(event: Any, name: str) -> list[Any]:
    found = event.get(name, [])
    return found if isinstance(found, list) else [found]


def _until(value: str, place: ZoneInfo) -> str:
    if "T" not in value:
        return value + "T235959"
    if not value.endswith("Z"):
        return value
    at = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return f"{at.astimezone(place):%Y%m%dT%H%M%S}"
