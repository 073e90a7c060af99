"""The people of the file as values: their gaps, those of their tags among them, their hours and their days off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import TYPE_CHECKING, Any

from calsync.config.hours import parse_weekdays
from calsync.model import Person

if TYPE_CHECKING:
    from calsync.config.schema import File, PersonEntry

__all__ = ["free_days", "gaps_of", "hours_by_weekday", "people_of"]

Stretches = tuple[tuple[time, time], ...]


def gaps_of(tags: Sequence[str], gaps: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The first of `tags` that has gaps, and these; case is no difference between two tags."""
    by_folded = {tag.casefold(): (tag, found) for tag, found in gaps.items()}
    return next((by_folded[tag.casefold()] for tag in tags if tag.casefold() in by_folded), None)


def hours_by_weekday(hours: Mapping[str, Stretches]) -> dict[int, Stretches]:
    """The stretches of each weekday (0 = Monday), from the days as the file names them (mon-thu)."""
    found: dict[int, Stretches] = {}
    for days, stretches in hours.items():
        found |= dict.fromkeys(parse_weekdays(days), stretches)
    return dict(sorted(found.items()))


def free_days(code: str, years: range) -> frozenset[date]:
    """The local dates of the public holidays of `code` in `years`."""
    if not code:
        return frozenset()
    import warnings

    from holidays import country_holidays

    country, _, subdivision = code.partition("-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # notes for programmers about renamed subdivisions
        return frozenset(country_holidays(country, subdiv=subdivision or None, years=years))


def people_of(file: File, years: range) -> tuple[Person, ...]:
    """Everybody in the rotation, with the days off of `years`. The file is checked: everybody has gaps."""
    gaps = {tag: (one.ideal, one.max) for tag, one in file.tags.items()}
    days = {code: free_days(code, years) for code in {person.holidays for person in file.people}}
    return tuple(_person(person, gaps, days[person.holidays]) for person in file.people)


def _person(entry: PersonEntry, gaps: Mapping[str, tuple[int, int]], days_off: frozenset[date]) -> Person:
    _, (ideal, longest) = gaps_of(entry.tags, gaps) or ("", (0, 0))
    return Person(
        name=" ".join(entry.name.split()),
        ideal_days=entry.ideal or ideal,
        max_days=entry.max or longest,
        addresses=tuple(dict.fromkeys(entry.email)),
        timezone=entry.timezone,
        tags=tuple(dict.fromkeys(entry.tags)),
        channel=entry.channel,
        working_hours=None if entry.working_hours is None else hours_by_weekday(entry.working_hours),
        free_days=days_off,
        thanks=entry.thanks,
        holidays=entry.holidays,
        call_name=entry.call_name,
    )
