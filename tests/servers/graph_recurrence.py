"""`patternedRecurrence` as Graph checks it, and the dates that it means.

Decided here, as no source says it: an ignored property of a pattern must still be of the right type (the schema sees to
that) and is kept; 0 counts as not there; an end date before the start date is refused. Of firstDayOfWeek the documents
say both that it is required for weekly patterns and that it is sunday where it is missing; here it may be missing.
"""

from __future__ import annotations

import calendar
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.servers.graph_http import Refusal
from tests.servers.graph_zones import instant, wall, zone_named

__all__ = ["Starts", "checked", "dates"]

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEX = ("first", "second", "third", "fourth", "last")
_NO_DATE = "0001-01-01"
_LAST_YEAR = 2150

# microsoft-graph-docs, recurrencePattern: the properties that each type requires (interval is one of every type).
_NEEDS = {
    "daily": (),
    "weekly": ("daysOfWeek",),
    "absoluteMonthly": ("dayOfMonth",),
    "relativeMonthly": ("daysOfWeek",),
    "absoluteYearly": ("dayOfMonth", "month"),
    "relativeYearly": ("daysOfWeek", "month"),
}


def checked(recurrence: dict[str, Any], start: datetime, zone_name: str) -> dict[str, Any]:
    """The recurrence with Graph's defaults filled in; a Refusal when it cannot be one of an event that starts then."""
    pattern, span = recurrence.get("pattern") or {}, recurrence.get("range") or {}
    return {"pattern": _pattern(pattern), "range": _range(span, start, zone_name)}


def _pattern(pattern: dict[str, Any]) -> dict[str, Any]:
    kind = pattern.get("type")
    if kind not in _NEEDS:
        raise _bad(f"pattern.type is {kind!r}")
    for name in ("interval", *_NEEDS[kind]):
        if not pattern.get(name):
            raise _bad(f"a {kind} pattern needs {name}")
    if pattern["interval"] < 1 or not 0 <= pattern.get("dayOfMonth", 0) <= 31 or not 0 <= pattern.get("month", 0) <= 12:
        raise _bad("interval, dayOfMonth or month is out of range")
    return {
        "type": kind,
        "interval": pattern["interval"],
        "month": pattern.get("month", 0),
        "dayOfMonth": pattern.get("dayOfMonth", 0),
        "daysOfWeek": list(pattern.get("daysOfWeek") or []),
        # microsoft-graph-docs, recurrencePattern: the default is sunday, where RFC 5545 has monday.
        "firstDayOfWeek": pattern.get("firstDayOfWeek") or "sunday",
        "index": pattern.get("index") or "first",
    }


def _range(span: dict[str, Any], start: datetime, zone_name: str) -> dict[str, Any]:
    kind = span.get("type")
    if kind not in ("endDate", "noEnd", "numbered"):
        raise _bad(f"range.type is {kind!r}")
    first = span.get("startDate")
    # microsoft-graph-docs, recurrenceRange: the start date must be that of the event's start; the first occurrence is
    # on it or later, as the pattern has it.
    if first != start.date().isoformat():
        raise _bad(f"range.startDate {first} is not the date of start {start.date()}")
    if kind == "numbered" and (span.get("numberOfOccurrences") or 0) < 1:
        raise _bad("a numbered range needs numberOfOccurrences")
    end = span.get("endDate") or _NO_DATE
    if kind == "endDate" and (end == _NO_DATE or end < first):
        raise _bad("an endDate range needs an endDate that is not before its startDate")
    named = span.get("recurrenceTimeZone") or zone_name
    zone_named(named)
    return {
        "type": kind,
        "startDate": first,
        "endDate": end if kind == "endDate" else _NO_DATE,
        "recurrenceTimeZone": named,
        "numberOfOccurrences": span["numberOfOccurrences"] if kind == "numbered" else 0,
    }


def _bad(what: str) -> Refusal:
    return Refusal(400, "ErrorPropertyValidationFailure", f"The recurrence is not valid: {what}.")


def dates(pattern: dict[str, Any], first: date) -> Iterator[date]:
    """Every date of a pattern from `first` on, without end."""
    step = pattern["interval"]
    if pattern["type"] == "daily":
        found: Iterator[date] = (first + timedelta(days=n) for n in range(0, 80_000, step))
    elif pattern["type"] == "weekly":
        found = _weekly(pattern, first, step)
    else:
        found = _monthly(pattern, first, step)
    return (day for day in found if day >= first and day.year < _LAST_YEAR)


def _weekly(pattern: dict[str, Any], first: date, step: int) -> Iterator[date]:
    begin = DAYS.index(pattern["firstDayOfWeek"])
    offsets = sorted((DAYS.index(day) - begin) % 7 for day in pattern["daysOfWeek"])
    week = first - timedelta(days=(first.weekday() - begin) % 7)
    for n in range(0, 12_000, step):
        for offset in offsets:
            yield week + timedelta(days=7 * n + offset)


def _monthly(pattern: dict[str, Any], first: date, step: int) -> Iterator[date]:
    yearly = pattern["type"].endswith("Yearly")
    year, month = first.year, pattern["month"] if yearly else first.month
    while year < _LAST_YEAR:
        yield _in_month(pattern, year, month)
        months = (year * 12 + month - 1) + step * (12 if yearly else 1)
        year, month = months // 12, months % 12 + 1


def _in_month(pattern: dict[str, Any], year: int, month: int) -> date:
    length = calendar.monthrange(year, month)[1]
    if pattern["type"].startswith("absolute"):
        # Outlook takes the last day of a month that is too short, where RFC 5545 skips the month.
        return date(year, month, min(pattern["dayOfMonth"], length))
    wanted = {DAYS.index(day) for day in pattern["daysOfWeek"]}
    days = [date(year, month, day) for day in range(1, length + 1) if date(year, month, day).weekday() in wanted]
    # microsoft-graph-docs, recurrencePattern: with several days it is the first that satisfies the pattern: the index
    # counts the days that are any of them.
    return days[-1 if pattern["index"] == "last" else INDEX.index(pattern["index"])]


class Starts:
    """The starts of a series, as wall-clock times in its zone, worked out as far as they are asked for."""

    def __init__(self, recurrence: dict[str, Any], start: datetime, zone: ZoneInfo) -> None:
        self._known: list[datetime] = []
        self._more = self._all(recurrence, start, zone)

    @staticmethod
    def _all(recurrence: dict[str, Any], start: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        span = recurrence["range"]
        other = zone_named(span["recurrenceTimeZone"])
        for number, day in enumerate(dates(recurrence["pattern"], start.date()), 1):
            at = datetime.combine(day, start.time())
            if span["type"] == "numbered" and number > span["numberOfOccurrences"]:
                return
            # microsoft-graph-docs, recurrenceRange: the end date is a whole day in recurrenceTimeZone.
            if span["type"] == "endDate":
                local = at if other.key == zone.key else wall(instant(at, zone), other)
                if local.date().isoformat() > span["endDate"]:
                    return
            yield at

    def until(self, end: datetime) -> list[datetime]:
        """Every start before `end`."""
        while not self._known or self._known[-1] < end:
            following = next(self._more, None)
            if following is None:
                break
            self._known.append(following)
        return self._known[: bisect_left(self._known, end)]

    def between(self, begin: datetime, end: datetime) -> list[datetime]:
        """Every start from `begin` on and before `end`."""
        known = self.until(end)
        return known[bisect_left(known, begin) :]

    def first(self) -> datetime | None:
        """The first of all."""
        if not self._known:
            self.until(datetime(1, 1, 2))  # noqa: DTZ001 - a wall-clock time
        return self._known[0] if self._known else None

    def has(self, at: datetime) -> bool:
        """Whether the series has that start."""
        return at in self.between(at, at + timedelta(seconds=1))

    def on(self, day: date) -> datetime | None:
        """The start on that date."""
        begin = datetime.combine(day, time())
        return next(iter(self.between(begin, begin + timedelta(days=1))), None)
