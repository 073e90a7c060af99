"""The working hours as a leader writes them ("mon-thu", "09:00-12:30, 13:15-17:30"), read into wall-clock pairs."""

from __future__ import annotations

import re
from datetime import time
from itertools import pairwise

from calsync.config.wording import listed, nearest, shown

__all__ = ["WEEKDAYS", "parse_clock", "parse_hours", "parse_weekdays"]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def _weekday(word: str, whole: str) -> int:
    name = word.strip().casefold()
    if name in WEEKDAYS:
        return WEEKDAYS.index(name)
    if _CLOCK.search(word):
        raise ValueError(
            f"expected a weekday, not {shown(word)}; put the hours of a day in quotes, all of them together"
        )
    near = name[:3] if name[:3] in WEEKDAYS else nearest(name, WEEKDAYS)
    hint = f"did you mean `{near}`?" if near else f"expected {listed(WEEKDAYS)}"
    where = "" if word.strip() == whole.strip() else f" in {shown(whole)}"
    raise ValueError(f"unknown weekday {shown(word.strip())}{where}; {hint}")


def parse_weekdays(text: str) -> tuple[int, ...]:
    """The weekdays (0 = Monday) that `text` names: one ("mon"), a range ("mon-thu", "fri-mon") or a list ("mon,wed").

    Raises ValueError, saying what was expected, for an unknown weekday or one that is named twice.
    """
    days: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        begin = _weekday(first, text)
        end = _weekday(last, text) if dash else begin
        for step in range((end - begin) % 7 + 1):
            day = (begin + step) % 7
            if day in days:
                raise ValueError(f"{shown(text)} names {WEEKDAYS[day]} twice")
            days.append(day)
    return tuple(days)


def parse_clock(text: str) -> time:
    """The wall-clock time that `text` (HH:MM, 00:00 to 23:59) names; raises ValueError for anything else."""
    match = _CLOCK.fullmatch(text)
    if match:
        return time(int(match[1]), int(match[2]))
    if text == "24:00":
        raise ValueError("24:00 is the next day already; the last time of a day is 23:59")
    if re.fullmatch(r"\d:[0-5]\d", text):
        raise ValueError(f"expected a time as HH:MM, not {shown(text)}; did you mean `0{text}`?")
    raise ValueError(f"expected a time as HH:MM, 00:00 to 23:59, not {shown(text)}")


def parse_hours(text: str) -> tuple[tuple[time, time], ...]:
    """The stretches of a working day that `text` names, in order of the clock.

    Raises ValueError for a stretch that is not HH:MM-HH:MM, ends before it starts, or overlaps another.
    """
    stretches: list[tuple[time, time, str]] = []
    for part in text.split(","):
        said = part.strip()
        begin, dash, end = (piece.strip() for piece in said.replace("\N{EN DASH}", "-").partition("-"))
        if not dash:
            raise ValueError(f"expected hours as HH:MM-HH:MM, not {shown(said)}; leave a day out that is not worked")
        start, stop = parse_clock(begin), parse_clock(end)
        if stop == start:
            raise ValueError(f"{said} lasts no time at all")
        if stop < start:
            raise ValueError(f"{said} ends before it starts; hours past midnight belong to the next day")
        stretches.append((start, stop, said))
    stretches.sort()
    for (_, stop, said), (start, _, other) in pairwise(stretches):
        if start < stop:
            raise ValueError(f"{said} and {other} overlap")
    return tuple((start, stop) for start, stop, _ in stretches)
