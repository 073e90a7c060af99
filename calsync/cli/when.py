"""Instants, days and gaps as a person types them; the only place where they are understood."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from calsync.errors import UsageError

__all__ = ["parse_coming_day", "parse_day", "parse_due", "parse_gap", "parse_instant", "parse_time_of_day"]

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_GAP = re.compile(r"(\d{1,4})\s*(d|day|days|w|week|weeks)?", re.IGNORECASE)
_FAR = 3660
"""Days: whoever snoozes for more than ten years has mistyped."""
_FIRST_YEAR, _LAST_YEAR = 1971, 2200
"""Years that are meant: outside of them a clock or a date is mistyped, and a horizon may leave what dates can be."""
_DUE = "write it as fri, fri 14:00, in 2 weeks, 3 Dec or 2026-12-03"
_COMING_DAY = "write it as fri, in 2 weeks, 3 Dec or 2026-12-03"
_LONGEST = 60
_NUMBER = r"(?:an?|one|two|three|four|five|six|\d{1,4})"
_ANCHOR = re.compile(
    rf"\d|mon|tue|wed|thu|fri|sat|sun|day|tomorrow|tonight|noon|\b{_NUMBER} (?:hour|week|fortnight|month|year)"
)
"""Without any of these the library takes "two" for the second of a month and "may" for the month."""
_SEVERAL_MEANINGS = re.compile(r"\d\s*[./-]\s*\d|\d\s*[hms]\b|midnight|\b(?:next|last|this|coming) (?:week|month|year)")
"""3.12 and 3/12 are hours or days, by the country of whoever reads it; 17h is an hour of the day, or hours from now."""
_SO_LONG = re.compile(rf"(?:in )?{_NUMBER} (?:fortnight|week|month|year)s?(?: ago)?")
_ISO = re.compile(r"\d{4}-?\d\d-?\d\d(?:[ t].*)?")
_JUST_OVER = timedelta(60)
"""A date without a year that was so short a time ago is as likely meant for this year, by mistake, as for the next."""


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


def parse_time_of_day(text: str) -> time:
    """The wall-clock time that "4:15" or "04:15" names. Raises `UsageError` for anything else."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip(), re.ASCII)
    if found is None:
        raise UsageError(f"{text!r} is no time of day", "write it as 04:15")
    return time(int(found[1]), int(found[2]))


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


def parse_coming_day(text: str, now: datetime) -> date:
    """The local day of what `parse_day` takes, and of the words for a day that `parse_due` takes ("in 2 weeks").

    Raises `UsageError` as they do, and for a day with an hour.
    """
    from calsync.people.promises import DAY_ENDS

    try:
        return parse_day(text, now.date())
    except UsageError as refusal:
        try:
            due = parse_due(text, now)
        except UsageError as error:
            if error.next_step == _DUE:
                raise UsageError(refusal.what, _COMING_DAY) from None
            raise
    if due.time() != DAY_ENDS:
        raise UsageError(f"{text!r} has an hour", f"give the day alone: {due:%Y-%m-%d}")
    return due.date()


def parse_due(text: str, now: datetime) -> datetime:
    """The instant after `now` by which something is due, in the zone of `now`, which is aware and the leader's.

    It takes what `parse_day` takes, ISO 8601 with or without an hour and an offset, and what dateparser makes of
    English words ("fri 14:00", "in 2 weeks", "3 Dec", "end of month"). A day without an hour is meant to its end,
    23:59. Raises `UsageError` for what has several meanings or none, what is over, and what is more than ten years
    ahead.
    """
    from calsync.people.promises import DAY_ENDS

    words = " ".join(text.lower().split()).removeprefix("by ")
    day, clock, instant = _own_words(words, now), None, None
    if day is None:
        day, clock, instant = _iso(words, now) or _by_library(text, words, now)
    zone = now.tzinfo
    assert zone is not None
    due = instant if instant is not None else _wall(day, clock or DAY_ENDS, zone, now)
    _check_weekday(text, words, due)
    if due <= now:
        raise UsageError(f"{text!r} is over", "give a later day or hour")
    if due - now > timedelta(_FAR):
        raise UsageError(f"{text!r} is more than ten years ahead", "check the year")
    return due


_Meant = tuple[date, time | None, datetime | None]
"""A local day, its hour where one was named, and the instant itself where the text says which it is."""


def _own_words(words: str, now: datetime) -> date | None:
    """The day of words that have one meaning in all commands; None for others."""
    today = now.date()
    if words in ("end of month", "end of the month"):
        return today.replace(day=monthrange(today.year, today.month)[1])
    try:
        return parse_day(words.removeprefix("in "), today)
    except UsageError:
        return None


def _iso(words: str, now: datetime) -> _Meant | None:
    if not _ISO.fullmatch(words):
        return None
    try:
        read = datetime.fromisoformat(words.upper())
    except ValueError:
        return None
    _check_year(words, read.year)
    if read.tzinfo is not None:
        return read.date(), None, read.astimezone(now.tzinfo)
    return read.date(), read.time(), None  # a day alone was understood before this


def _by_library(text: str, words: str, now: datetime) -> _Meant:
    """What dateparser makes of it, where that is no guess."""
    refusal = UsageError(f"{text[:_LONGEST]!r} is no day or hour", _DUE)
    if len(words) > _LONGEST or not words.isascii() or not _ANCHOR.search(words) or _SEVERAL_MEANINGS.search(words):
        raise refusal
    if words.isdigit():
        raise refusal
    read, period = _read(words, now, "future")
    # A zone by its letters may be one of several, and a week, a month or a year is no day.
    if read is None or read.tzinfo is not None or (period in _NO_DAYS and not _SO_LONG.fullmatch(words)):
        raise refusal
    if read.date() - now.date() > timedelta(300):
        this_year, _ = _read(words, now, "current_period")
        if this_year is not None and this_year.date() == now.date():
            read = this_year  # the library takes the date of today for one that is over
        elif this_year is not None and timedelta(0) < now.date() - this_year.date() < _JUST_OVER:
            raise UsageError(f"{text!r} is over", f"if you mean next year, write {read:%Y-%m-%d}")
    return read.date(), None if period in ("day", *_NO_DAYS) else read.time(), None


_NO_DAYS = ("week", "month", "year")


def _read(words: str, now: datetime, prefer: str) -> tuple[datetime | None, str]:
    """The wall clock that dateparser reads, and what the words are as exact as: a day, a time and so on."""
    # Loading it takes a quarter of a second, and most commands and most days do without.
    from dateparser.date import DateDataParser

    settings = {
        "RELATIVE_BASE": now.replace(tzinfo=None, fold=0),
        "TIMEZONE": "UTC",  # else it asks the system for a zone, and the leader's is not always that
        "PREFER_DATES_FROM": prefer,
        "DATE_ORDER": "DMY",
        "RETURN_TIME_AS_PERIOD": True,
        "PARSERS": ["relative-time", "absolute-time"],
    }
    try:
        found = DateDataParser(languages=["en"], settings=settings).get_date_data(words)
    except (ValueError, OverflowError):
        return None, ""
    return found.date_obj, found.period or ""


def _wall(day: date, clock: time, zone: tzinfo, now: datetime) -> datetime:
    """The instant of a wall clock, in a gap moved on by its length; of two, the first that is not over."""
    wall = datetime.combine(day, clock, zone)
    first, second = (wall.replace(fold=fold).astimezone(UTC).astimezone(zone) for fold in (0, 1))
    return first if first > now else max(first, second)


def _check_weekday(text: str, words: str, due: datetime) -> None:
    """Refuse a weekday that is not the date's: one of both is mistyped."""
    for word in re.findall(r"[a-z]+", words):
        named = [n for n, name in enumerate(_WEEKDAYS) if len(word) >= 3 and name.startswith(word)]
        if named and named[0] != due.weekday():
            day = f"{due.day} {due:%b} {due.year}"
            raise UsageError(f"{text!r} has a weekday that is not the date's", f"{day} is a {due:%A}: give one of both")


def _check_year(text: str, year: int) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise UsageError(
            f"{text!r} is not in the years {_FIRST_YEAR} to {_LAST_YEAR}", "check the year: it is the first number"
        )
