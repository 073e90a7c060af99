"""Keeps recurrence rules near the window: what a rule gives years before it need not be counted through.

An engine walks a rule from its DTSTART. A weekly rule kept for ten years gives five hundred dates before the window, a
rule for each second gives millions in it, and a rule for 30 February is looked for until the year 9999.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from calsync.model import Span

__all__ = ["near"]

_UNITS: Final = {
    "SECONDLY": 1,
    "MINUTELY": 60,
    "HOURLY": 3600,
    "DAILY": 86_400,
    "WEEKLY": 7 * 86_400,
    "MONTHLY": 28 * 86_400,
    "YEARLY": 365 * 86_400,
}
_LONGEST: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FINER: Final = (("BYHOUR", 3600), ("BYMINUTE", 60), ("BYSECOND", 1))
_STEPS: Final = 500_000
"""How many times a rule may recur between its DTSTART and the end of the window, and a tenth of it in the window."""
_MARGIN: Final = timedelta(days=3)
_UNTIL = re.compile(r"(\d{8})(T\d{6}Z?)?")
_DATED = re.compile(r"(DTSTART|DTEND)((?:;[^:]*)?):(\d{8})(T\d{6}Z?)?")


def near(lines: list[str], window: Span) -> list[str]:
    """The date lines of a master, in plain form, with a rule that gives the same dates in and around `window`.

    A daily or weekly rule begins a whole number of its steps later, and an endless one ends after the window. Raises
    ValueError for a rule that recurs more often than can be counted through.
    """
    rules = [line for line in lines if line.startswith("RRULE:")]
    dates = {match[1]: match for match in map(_DATED.fullmatch, lines) if match is not None}
    if len(rules) != 1 or "DTSTART" not in dates:
        return lines
    rule = _parts(rules[0][6:])
    start = dates["DTSTART"]
    first = datetime.strptime(start[3], "%Y%m%d").replace(tzinfo=UTC)
    _check(rule, _moment(start[3], start[4]), window)
    # Without a DTEND the length stands elsewhere; too rare to be worth reading here.
    if _never(rule):
        # An engine would look for a date until the year 9999; what remains is DTSTART itself.
        return [line for line in lines if line != rules[0]]
    moved = _ahead(rule, first, dates, window) if "DTEND" in dates else timedelta(0)
    text = rules[0]
    if "UNTIL" not in rule and "COUNT" not in rule:
        last = window.end.astimezone(UTC) + _MARGIN
        text += f";UNTIL={last:%Y%m%dT%H%M%SZ}" if start[4] else f";UNTIL={last:%Y%m%d}"
    return [text if line == rules[0] else _later(line, moved) for line in lines]


def _parts(rule: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in rule.upper().split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _never(rule: dict[str, str]) -> bool:
    """True when no month that the rule names has a day that it names, as with 30 February."""
    try:
        months = [int(month) for month in rule["BYMONTH"].split(",")]
        days = [abs(int(day)) for day in rule["BYMONTHDAY"].split(",")]
    except (KeyError, ValueError):
        return False
    return all(day > _LONGEST[month - 1] for month in months if 1 <= month <= 12 for day in days)


def _moment(day: str, clock: str | None) -> datetime:
    return datetime.strptime(day + (clock or "T000000")[:7], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else default


def _check(rule: dict[str, str], first: datetime, window: Span) -> None:
    """Raise ValueError when there is too much to count."""
    unit = _UNITS.get(rule.get("FREQ", ""))
    if unit is None:
        raise ValueError(f"a rule has no known frequency: {rule.get('FREQ', '')!r}")
    step = unit * max(1, _number(rule.get("INTERVAL"), 1))
    times = 1
    for name, finer in _FINER:
        if finer < unit and name in rule:
            times *= rule[name].count(",") + 1
    end = window.end.astimezone(UTC)
    until = _UNTIL.fullmatch(rule.get("UNTIL", ""))
    if until is not None:
        # Which zone DTSTART stands in is not looked at here; a day more or less does not matter.
        end = min(end, _moment(until[1], until[2] or "T235959"))
    count = _number(rule.get("COUNT"), _STEPS * 1000)
    walked = min(count, (end - first).total_seconds() / step * times)
    inside = min(count, (end - max(first, window.start.astimezone(UTC))).total_seconds() / step * times)
    if walked > _STEPS or inside > _STEPS / 10:
        raise ValueError("it repeats more often than calsync can count through")


def _ahead(rule: dict[str, str], first: datetime, dates: dict[str, re.Match[str]], window: Span) -> timedelta:
    """How much later the rule may begin without losing a date that touches the window."""
    days = {"DAILY": 1, "WEEKLY": 7}.get(rule["FREQ"])
    if days is None or "COUNT" in rule:
        return timedelta(0)
    step = timedelta(days * max(1, _number(rule.get("INTERVAL"), 1)))
    start, end = dates["DTSTART"], dates["DTEND"]
    # Both move by the clock on the wall, so they must hang on the same wall.
    if start[2] != end[2] or start[0].endswith("Z") != end[0].endswith("Z"):
        return timedelta(0)
    length = timedelta(days=1) + abs(datetime.strptime(end[3], "%Y%m%d").replace(tzinfo=UTC) - first)
    target = window.start.astimezone(UTC) - _MARGIN - length - step
    return max(0, (target - first) // step) * step


def _later(line: str, by: timedelta) -> str:
    match = _DATED.fullmatch(line)
    if match is None or not by:
        return line
    day = date(int(match[3][:4]), int(match[3][4:6]), int(match[3][6:])) + by
    return f"{match[1]}{match[2]}:{day:%Y%m%d}{match[4] or ''}"
