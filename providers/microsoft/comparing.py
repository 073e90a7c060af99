"""What a look says of a write: that it is done, that it is still to be sent, or that somebody else was there. Pure.

A series is written in several requests, so a run that was cut off leaves a mixture behind: some dates as they were,
some as they ought to be. Such a mixture is our own doing and is carried on; anything else is the leader's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

from calsync.ical.extras import telling
from calsync.model import Override, Series, Span
from providers.microsoft.blocks import MARGIN

__all__ = ["HOME", "Entry", "adopted", "bare", "entry", "judged", "mixed", "same", "touched", "trimmed"]


class Home:
    """The entry of a date that simply follows the rule of its series."""


HOME = Home()
Entry = Override | Home | None


def judged(day: date, seen: Span) -> bool:
    """True for a home date of which something can be said after looking at `seen`."""
    return (seen.start + MARGIN).date() <= day < (seen.end - MARGIN).date()


def trimmed(series: Series, seen: Span, noted: Collection[date] = ()) -> Series:
    """The series by what is read of it: without dates that were not looked at, those of other years, and without
    overrides that say just what the series says, since on Graph such a date is one like any other; but for those of
    the days `noted`.
    """
    return replace(
        series,
        cancelled=frozenset(day for day in series.cancelled if judged(day, seen)),
        dropped=frozenset(day for day in series.dropped if judged(day, seen)),
        overrides={
            day: override
            for day, override in series.overrides.items()
            if judged(day, seen) and day not in series.cancelled and (day in noted or not _is_plain(series, day))
        },
    )


def _is_plain(series: Series, day: date) -> bool:
    return series.overrides[day] == Override(series.home(day), series.title, series.transparent)


def _noted(there: Series, *sides: Series) -> set[date]:
    """The days of `there` into which somebody has written something, and nothing else, that no side has like that."""
    return {
        day
        for day, override in there.overrides.items()
        if telling(override.extra)
        and _is_plain(there, day)
        and not any(day in side.overrides and _is_plain(side, day) for side in sides)
    }


def entry(series: Series, day: date) -> Entry:
    """How the series treats home date `day`: None when cancelled, an override, or HOME."""
    if day in series.cancelled:
        return None
    return series.overrides.get(day, HOME)


def touched(*series: Series) -> set[date]:
    """Home dates on which any of them differs from its rule."""
    return {day for one in series for day in (*one.cancelled, *one.overrides)}


def same(there: Series, other: Series, seen: Span) -> bool:
    """True when both say the same of all that was looked at."""
    return trimmed(there, seen, _noted(there, other)).same_content(trimmed(other, seen))


def mixed(there: Series, before: Series, after: Series | None, seen: Span) -> bool:
    """True when every part of `there` is as in `before` or as in `after` (None: as it is taken away)."""
    known = [one for one in (before, after) if one is not None]
    sides = [trimmed(one, seen) for one in known]
    there = trimmed(there, seen, _noted(there, *known))
    if not there.rule_is_ours:
        return False
    if any(part not in parts for part, *parts in zip(_frame(there), *map(_frame, sides), strict=True)):
        return False
    for day in touched(there, *sides):
        if not there.has(day):
            continue
        allowed = [entry(side, day) for side in sides if side.has(day)]
        if entry(there, day) not in ([*allowed, None] if after is None else allowed):
            return False
    return True


def adopted(series: Series, there: Series, days: Iterable[date]) -> Series:
    """The series with the entries that `there` has for `days`."""
    cancelled, dropped, overrides = set(series.cancelled), set(series.dropped), dict(series.overrides)
    for day in days:
        cancelled.discard(day)
        dropped.discard(day)
        overrides.pop(day, None)
        found = entry(there, day)
        if found is None:
            cancelled.add(day)
        elif isinstance(found, Override):
            overrides[day] = found
    return replace(series, cancelled=frozenset(cancelled), dropped=frozenset(dropped), overrides=overrides)


def bare(series: Series) -> Series:
    """The series as its creation leaves it, before its dates are written."""
    return replace(series, cancelled=frozenset(), dropped=frozenset(), overrides={})


def _frame(series: Series) -> tuple[object, ...]:
    slot = series.first, series.start, series.minutes, series.timezone, series.until
    return (slot, series.title, series.description, series.transparent)
