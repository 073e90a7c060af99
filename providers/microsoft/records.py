"""A series as a small JSON object, kept in the series itself while it is written: what it is to be read as meanwhile.

A series with exceptions takes several requests. A change of its times or range wipes its exceptions, the leader's as
well as ours, and they are written anew one by one; a new one begins without any. Whoever reads in between, after a
crash, must take none of that for the leader's doing. So it is read as it stood before, and a new one as it is to be,
with the mark of a series that must be written again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from calsync.model import Override, Party, Series, Span

__all__ = ["Note", "record_of", "series_of"]


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote into a date beside what calsync writes: where it is, a text, who is asked."""

    place: str = ""
    about: str = ""
    parties: tuple[Party, ...] = ()


def record_of(series: Series, notes: Mapping[date, Note]) -> dict[str, Any]:
    """The series as JSON. Parties are left out: a series with guests is not rewritten."""
    dates = {}
    for day, override in series.overrides.items():
        note = notes.get(day, Note())
        begin = override.span.start.astimezone(UTC)
        minutes = override.span.length // timedelta(minutes=1)
        said = [f"{begin:%Y%m%dT%H%M%SZ}", minutes, override.title, override.transparent, note.place, note.about]
        dates[f"{day:%Y%m%d}"] = said
    return {
        "first": f"{datetime.combine(series.first, series.start):%Y%m%dT%H%M%S}",
        "minutes": series.minutes,
        "tz": series.timezone,
        "until": f"{series.until:%Y%m%d}" if series.until else "",
        "look": [series.title, series.description, series.transparent],
        "gone": _days(series.cancelled),
        "dropped": _days(series.dropped),
        "dates": dates,
    }


def series_of(record: Mapping[str, Any], bare: Series) -> tuple[Series, dict[date, Note]]:
    """The series in `record`, with the identity of `bare`; raises as the mapping does for anything else."""
    first = datetime.fromisoformat(record["first"])
    zone = ZoneInfo(record["tz"])
    title, description, transparent = record["look"]
    overrides: dict[date, Override] = {}
    notes: dict[date, Note] = {}
    for text, (begin, minutes, called, free, place, about) in record["dates"].items():
        day, start = date.fromisoformat(text), datetime.fromisoformat(begin)
        span = Span(start.astimezone(zone), (start + timedelta(minutes=minutes)).astimezone(zone))
        overrides[day] = Override(span, called, free)
        if place or about:
            notes[day] = Note(place, about)
    series = replace(
        bare,
        first=first.date(),
        start=first.time(),
        minutes=record["minutes"],
        timezone=record["tz"],
        until=date.fromisoformat(record["until"]) if record["until"] else None,
        title=title,
        description=description,
        transparent=transparent,
        cancelled=frozenset(_dates(record["gone"])),
        dropped=frozenset(_dates(record["dropped"])),
        overrides=overrides,
        rule_is_ours=True,
    )
    return series, notes


def _days(days: frozenset[date]) -> str:
    return " ".join(f"{day:%Y%m%d}" for day in sorted(days))


def _dates(text: str) -> list[date]:
    return [date.fromisoformat(day) for day in text.split()]
