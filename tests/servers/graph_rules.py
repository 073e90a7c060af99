"""RRULE to `patternedRecurrence` and back, for the hand on the Graph test server.

Where Outlook and RFC 5545 mean other dates by the same numbers (days 29 to 31 of a month) the rule says what Outlook
means: the last of the days up to that one. What Graph cannot say at all raises ValueError.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.servers.graph_recurrence import DAYS, INDEX
from tests.servers.graph_zones import instant, wall

__all__ = ["recurrence_of", "rrule_of"]

_SHORT = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DEFAULTS = {"month": 0, "dayOfMonth": 0, "daysOfWeek": [], "firstDayOfWeek": "sunday", "index": "first"}


def recurrence_of(
    rule: Mapping[str, Any], start: datetime, zone: ZoneInfo, zone_name: str, *, all_day: bool
) -> dict[str, Any]:
    """A parsed RRULE of an event that starts at the wall-clock time `start`."""
    parts = {str(name).upper(): [_text(v) for v in _list(value)] for name, value in rule.items()}
    pattern = {**_DEFAULTS, "interval": int(parts.get("INTERVAL", ["1"])[0]), **_pattern(parts, start)}
    pattern["firstDayOfWeek"] = DAYS[_SHORT.index(parts.get("WKST", ["MO"])[0])]
    span: dict[str, Any] = {
        "type": "noEnd",
        "startDate": start.date().isoformat(),
        "endDate": "0001-01-01",
        "recurrenceTimeZone": zone_name,
        "numberOfOccurrences": 0,
    }
    if "COUNT" in parts:
        span |= {"type": "numbered", "numberOfOccurrences": int(parts["COUNT"][0])}
    elif "UNTIL" in rule:
        span |= {"type": "endDate", "endDate": _last(_list(rule["UNTIL"])[0], start, zone, all_day).isoformat()}
    return {"pattern": pattern, "range": span}


def _pattern(parts: Mapping[str, list[str]], start: datetime) -> dict[str, Any]:
    freq, by = parts["FREQ"][0].upper(), {n: v for n, v in parts.items() if n.startswith("BY")}
    if freq == "DAILY" and not by:
        return {"type": "daily"}
    if (
        freq in ("WEEKLY", "DAILY")
        and by.keys() <= {"BYDAY"}
        and (freq == "WEEKLY" or parts.get("INTERVAL", ["1"]) == ["1"])
    ):
        days = by.get("BYDAY", [_SHORT[start.weekday()]])
        return {"type": "weekly", "daysOfWeek": [DAYS[_SHORT.index(day.upper())] for day in days]}
    if freq == "MONTHLY" and "BYMONTH" not in by:
        return _monthly("Monthly", by, start)
    if freq == "YEARLY" and ("BYMONTH" in by or not by) and len(by.get("BYMONTH", "1")) == 1:
        month = int(by["BYMONTH"][0]) if by else start.month
        return {"month": month, **_monthly("Yearly", {n: v for n, v in by.items() if n != "BYMONTH"}, start, month)}
    raise ValueError(f"Graph cannot say {dict(parts)}")


def _monthly(kind: str, by: Mapping[str, list[str]], start: datetime, month: int = 0) -> dict[str, Any]:
    if not by:
        by = {"BYMONTHDAY": [str(start.day)]}
    if by.keys() <= {"BYMONTHDAY", "BYSETPOS"}:
        return {"type": f"absolute{kind}", "dayOfMonth": _day(by, month)}
    if by.keys() <= {"BYDAY", "BYSETPOS"} and "BYDAY" in by:
        days, place = by["BYDAY"], by.get("BYSETPOS", [""])[0]
        if not place and len(days) == 1 and len(days[0]) > 2:
            place, days = days[0][:-2], [days[0][-2:]]
        at = {"1": 0, "+1": 0, "2": 1, "+2": 1, "3": 2, "+3": 2, "4": 3, "+4": 3, "-1": 4}.get(place)
        if at is not None and all(len(day) == 2 for day in days):
            names = [DAYS[_SHORT.index(day.upper())] for day in days]
            return {"type": f"relative{kind}", "daysOfWeek": names, "index": INDEX[at]}
    raise ValueError(f"Graph cannot say {dict(by)} of a month")


def _day(by: Mapping[str, list[str]], month: int) -> int:
    days = sorted(int(day) for day in by["BYMONTHDAY"])
    if days == [-1] and "BYSETPOS" not in by:
        return 31
    if len(days) > 1 and by.get("BYSETPOS") == ["-1"] and days == list(range(28, days[-1] + 1)):
        return days[-1]
    # A day that every such month has means the same everywhere.
    if len(days) == 1 and 0 < days[0] <= _surely(month) and "BYSETPOS" not in by:
        return days[0]
    raise ValueError(f"Graph cannot skip the months that have no day {days}")


def _surely(month: int) -> int:
    """The last day that the month (0: any) has in every year."""
    return 28 if month in (0, 2) else 30 if month in (4, 6, 9, 11) else 31


def _last(until: Any, start: datetime, zone: ZoneInfo, all_day: bool) -> date:
    """The last local date whose start is not after UNTIL."""
    if not isinstance(until, datetime):
        assert isinstance(until, date)
        return until
    local = wall(until, zone) if until.tzinfo is not None else until
    return local.date() if all_day or local.time() >= start.time() else local.date() - timedelta(days=1)


def rrule_of(recurrence: Mapping[str, Any], start: datetime, zone: ZoneInfo, *, all_day: bool) -> str:
    """The RRULE that means the same dates."""
    pattern, span = recurrence["pattern"], recurrence["range"]
    kind, month = pattern["type"], pattern["month"]
    freq = {"daily": "DAILY", "weekly": "WEEKLY"}.get(kind, "YEARLY" if kind.endswith("Yearly") else "MONTHLY")
    rule = f"FREQ={freq}"
    if pattern["interval"] != 1:
        rule += f";INTERVAL={pattern['interval']}"
    if freq == "YEARLY":
        rule += f";BYMONTH={month}"
    days = [_SHORT[DAYS.index(day)] for day in pattern["daysOfWeek"]]
    if kind == "weekly":
        rule += f";BYDAY={','.join(days)};WKST={_SHORT[DAYS.index(pattern['firstDayOfWeek'])]}"
    elif kind.startswith("absolute"):
        rule += _days_up_to(pattern["dayOfMonth"], month if freq == "YEARLY" else 0)
    elif kind.startswith("relative"):
        place = (1, 2, 3, 4, -1)[INDEX.index(pattern["index"])]
        rule += f";BYDAY={place}{days[0]}" if len(days) == 1 else f";BYDAY={','.join(days)};BYSETPOS={place}"
    if span["type"] == "numbered":
        rule += f";COUNT={span['numberOfOccurrences']}"
    elif span["type"] == "endDate":
        last = date.fromisoformat(span["endDate"])
        at = instant(datetime.combine(last, start.time()), zone).astimezone(UTC)
        rule += f";UNTIL={last:%Y%m%d}" if all_day else f";UNTIL={at:%Y%m%dT%H%M%SZ}"
    return rule


def _days_up_to(day: int, month: int) -> str:
    if day <= _surely(month):
        return f";BYMONTHDAY={day}"
    if day == 31:
        return ";BYMONTHDAY=-1"
    return f";BYMONTHDAY={','.join(map(str, range(28, day + 1)))};BYSETPOS=-1"


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _text(value: Any) -> str:
    return str(value)
