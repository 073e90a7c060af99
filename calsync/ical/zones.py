"""Compact VTIMEZONEs: the zone's rule in two RRULEs where that is right, its clock changes one by one elsewhere.

Outlook reads nothing of a VTIMEZONE but TZID, DTSTART, RRULE and the offsets (MS-STANOICAL 2.2.47), so lists of RDATEs
leave it without clock changes. The rule is taken from the last line of the zone's TZif file (RFC 9636 3.3) and is
compared with what zoneinfo says before it is used.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import TZPATH, ZoneInfo

__all__ = ["vtimezone"]

_YEARS: Final = 3
"""For how many years after the end of what is written the zone must be right."""
_DAY: Final = timedelta(days=1)
_ALWAYS: Final = datetime.combine(date(1970, 1, 1), time())
_WEEKDAYS: Final = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
_NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]+>)"
_CLOCK = r"[+-]?\d{1,3}(?::\d\d){0,2}"
_FOOTER = re.compile(rf"({_NAME})({_CLOCK})(?:({_NAME})({_CLOCK})?,([^,]+),([^,]+))?")
_SWITCH = re.compile(rf"M(\d+)\.(\d)\.(\d)(?:/({_CLOCK}))?")


class _Change(NamedTuple):
    """A clock change: the instant (UTC), the offsets before and after it, and the name of the time after it."""

    at: datetime
    before: timedelta
    after: timedelta
    name: str


class _Switch(NamedTuple):
    """A yearly clock change as the footer has it: day `weekday` (0 = Sunday) of week `week` (5 = last) of a month."""

    month: int
    week: int
    weekday: int
    clock: timedelta
    before: timedelta
    after: timedelta

    def in_year(self, year: int) -> datetime:
        """The instant of the change in UTC."""
        first = date(year, self.month, 1)
        day = first + timedelta((self.weekday - first.isoweekday()) % 7 + 7 * (self.week - 1))
        while day.month != self.month:
            day -= timedelta(7)
        return datetime.combine(day, time(), UTC) + self.clock - self.before

    def rule(self) -> str | None:
        """The RRULE of the change, None when no plain rule gives it."""
        shift = self.clock // _DAY
        weekday = _WEEKDAYS[(self.weekday + shift) % 7]
        if not shift:
            nth = -1 if self.week == 5 else self.week
            return f"FREQ=YEARLY;BYMONTH={self.month};BYDAY={nth}{weekday}"
        begin = 7 * (self.week - 1) + 1 + shift
        if self.week == 5 or begin < 1 or begin + 6 > monthrange(2025, self.month)[1]:
            # It can fall into the next or the previous month.
            return None
        days = ",".join(str(day) for day in range(begin, begin + 7))
        return f"FREQ=YEARLY;BYMONTH={self.month};BYDAY={weekday};BYMONTHDAY={days}"


def vtimezone(name: str, begin: date, end: date) -> list[str]:
    """The lines of a VTIMEZONE for the IANA zone `name`, right from `begin` until three years after `end`.

    It goes on being right as long as the zone keeps its rule, where one rule gives its clock changes. Raises
    ZoneInfoNotFoundError for a name that is no zone.
    """
    return list(_vtimezone(name, begin, max(begin, end)))


@lru_cache(maxsize=256)
def _vtimezone(name: str, begin: date, end: date) -> tuple[str, ...]:
    zone = ZoneInfo(name)
    start = datetime.combine(begin, time(), UTC) - _DAY
    stop = datetime.combine(end, time(), UTC) + timedelta(days=366 * _YEARS)
    changes = _changes(zone, start, stop)
    lines = _by_rule(name, zone, changes, start, stop)
    return ("BEGIN:VTIMEZONE", f"TZID:{name}", *(lines or _one_by_one(zone, changes, start)), "END:VTIMEZONE")


def _changes(zone: ZoneInfo, start: datetime, stop: datetime) -> list[_Change]:
    """Every clock change of the zone in (start, stop], to the second."""
    found = []
    at, offset = start, _offset(zone, start)
    while at < stop:
        high = at + _DAY
        last = new = _offset(zone, high)
        if new != offset:
            low = at
            while high - low > timedelta(seconds=1):
                middle = (low + (high - low) // 2).replace(microsecond=0)
                now = _offset(zone, middle)
                low, high, last = (middle, high, last) if now == offset else (low, middle, now)
            found.append(_Change(high, offset, last, _named(zone, high)))
        # After the first change of a day the rest of it is searched again.
        at, offset = high, last
    return found


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _by_rule(name: str, zone: ZoneInfo, changes: list[_Change], start: datetime, stop: datetime) -> list[str] | None:
    """The observances by RRULE, None when the footer's rule does not give exactly `changes`."""
    if not changes:
        offset = _offset(zone, start)
        return _observance("STANDARD", _ALWAYS, offset, offset, _named(zone, start))
    switches = _switches(name)
    if len(switches) != 2 or any(switch.rule() is None for switch in switches):
        return None
    expected = sorted(
        (switch.in_year(year), switch) for switch in switches for year in range(start.year - 1, stop.year + 1)
    )
    given = [(at, switch.before, switch.after) for at, switch in expected if start < at <= stop]
    if given != [(change.at, change.before, change.after) for change in changes]:
        return None
    names = {change.after: change.name for change in changes}
    lines = []
    for switch in switches:
        # The year before, so that the time in force at the start follows from the rules too.
        onset = (switch.in_year(start.year - 1) + switch.before).replace(tzinfo=None)
        kind = "DAYLIGHT" if switch.after > switch.before else "STANDARD"
        label = names.get(switch.after) or _named(zone, start)
        lines += _observance(kind, onset, switch.before, switch.after, label, switch.rule())
    return lines


def _one_by_one(zone: ZoneInfo, changes: list[_Change], start: datetime) -> list[str]:
    """One observance for the time in force at the start and one for each clock change."""
    offset = _offset(zone, start)
    # Which of two offsets is summer time is told by the larger one.
    standard = min([offset, *(change.after for change in changes)])
    kind = "DAYLIGHT" if offset > standard else "STANDARD"
    lines = _observance(kind, _ALWAYS, offset, offset, _named(zone, start))
    for change in changes:
        kind = "DAYLIGHT" if change.after > change.before else "STANDARD"
        onset = (change.at + change.before).replace(tzinfo=None)
        lines += _observance(kind, onset, change.before, change.after, change.name)
    return lines


def _observance(
    kind: str, onset: datetime, before: timedelta, after: timedelta, name: str, rule: str | None = None
) -> list[str]:
    lines = [f"BEGIN:{kind}", f"DTSTART:{onset:%Y%m%dT%H%M%S}"]
    if rule:
        lines.append(f"RRULE:{rule}")
    lines += [
        f"TZOFFSETFROM:{_utc_offset(before)}",
        f"TZOFFSETTO:{_utc_offset(after)}",
        f"TZNAME:{name}",
        f"END:{kind}",
    ]
    return lines


def _named(zone: tzinfo, at: datetime) -> str:
    return at.astimezone(zone).tzname() or ""


def _utc_offset(offset: timedelta) -> str:
    sign = "-" if offset < timedelta(0) else "+"
    minutes, seconds = divmod(abs(int(offset.total_seconds())), 60)
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")


def _switches(name: str) -> list[_Switch]:
    """The two yearly clock changes in the footer of the zone's file; none when it has none or is of another form."""
    match = _FOOTER.fullmatch(_footer(name))
    if match is None or match[3] is None:
        return []
    standard = -_clock(match[2])
    summer = -_clock(match[4]) if match[4] else standard + timedelta(hours=1)
    found = []
    for text, before, after in ((match[5], standard, summer), (match[6], summer, standard)):
        switch = _SWITCH.fullmatch(text)
        if switch is None:
            return []
        clock = _clock(switch[4] or "2")
        found.append(_Switch(int(switch[1]), int(switch[2]), int(switch[3]), clock, before, after))
    return found


def _clock(text: str) -> timedelta:
    """A POSIX time or offset, hours with optional minutes and seconds."""
    sign = -1 if text.startswith("-") else 1
    hours, minutes, seconds = ([int(part) for part in text.lstrip("+-").split(":")] + [0, 0])[:3]
    return sign * timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _footer(name: str) -> str:
    """The POSIX rule at the end of the zone's TZif file, "" when there is no such file."""
    parts = name.split("/")
    packaged = resources.files("tzdata").joinpath("zoneinfo", *parts)
    places = [packaged, *(Path(folder).joinpath(*parts) for folder in TZPATH)]
    data = next((place.read_bytes() for place in places if place.is_file()), b"")
    if not data.startswith(b"TZif"):
        return ""
    return data.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii", errors="replace")
