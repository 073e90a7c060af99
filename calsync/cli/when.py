"""Instants, days and gaps as a person types them; the only place where they are understood."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from calsync.errors import UsageError

__all__ = ["parse_day", "parse_gap", "parse_instant"]

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GAP = re.compile(r"(\d{1,4})\s*(d|day|days|w|week|weeks)?", re.IGNORECASE)
_FAR = 3660
"""Days: whoever snoozes for more than ten years has mistyped."""
_FIRST_YEAR, _LAST_YEAR = 1971, 2200
"""Years that are meant: outside of them a clock or a date is mistyped, and a horizon may leave what dates can be."""


def parse_instant(text: str) -> datetime:
    """The aware datetime that `text` names in ISO 8601 with an offset ("2026-11-09T05:00+01:00", "...Z").

    Raises `UsageError` for anything else, a time without an offset included: it would mean another instant
    on another machine. So it does for years before 1971 and after 2200.
    """
    example = "write it as 2026-11-09T05:00+01:00"
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{text!r} is no instant of ISO 8601", example) from None
    if instant.tzinfo is None:
        raise UsageError(f"{text!r} has no offset from UTC, so it names no instant", example)
    _check_year(text, instant.year)
    return instant


def parse_gap(text: str) -> int:
    """The days in "14d", "2w", "2 weeks" or "14"; at least one. Raises `UsageError` for anything else."""
    match = _GAP.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is no number of days or weeks", "write it as 14d or 2w")
    days = int(match[1]) * (7 if (match[2] or "d")[0].lower() == "w" else 1)
    if not 1 <= days <= _FAR:
        raise UsageError(f"{text!r} is not between one day and ten years", "write it as 14d or 2w")
    return days


def parse_day(text: str, today: date, *, past: bool = False) -> date:
    """The local day that `text` names, seen from `today`.

    "2026-11-20"; "10d" and "2w" ahead; "today", "tomorrow", "yesterday"; a weekday by its name or its first three
    letters or more, which is the next one after today; "next week", the coming Monday. With `past` a weekday is the
    last one, today included, and "10d" is ten days ago. Raises `UsageError` for anything else, and for years before
    1971 and after 2200.
    """
    words = " ".join(text.lower().split())
    near = {"today": 0, "tomorrow": 1, "yesterday": -1, "next week": 7 - today.weekday()}
    if words in near:
        return today + timedelta(near[words])
    if _GAP.fullmatch(words) and not words.isdigit():
        return today + timedelta(-parse_gap(words) if past else parse_gap(words))
    for number, name in enumerate(_WEEKDAYS):
        if past and len(words) >= 3 and name.startswith(words.removeprefix("last ")):
            return today - timedelta((today.weekday() - number) % 7)
        if not past and len(words) >= 3 and name.startswith(words.removeprefix("next ")):
            return today + timedelta((number - today.weekday() - 1) % 7 + 1)
    try:
        day = date.fromisoformat(words)
    except ValueError:
        raise UsageError(
            f"{text!r} is no day",
            "write it as 2026-11-20, fri, yesterday, 10d (days ago) or 2w (weeks ago)"
            if past
            else "write it as 2026-11-20, fri, tomorrow, 10d (days ahead) or 2w (weeks ahead)",
        ) from None
    _check_year(text, day.year)
    return day


def _check_year(text: str, year: int) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise UsageError(
            f"{text!r} is not in the years {_FIRST_YEAR} to {_LAST_YEAR}", "check the year: it is the first number"
        )
