"""The bodies of requests: a block series as Google is asked to keep it. Pure.

There is never an attendee in them, and never an event type in a change: Google refuses both for what they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from calsync.ical import marks
from calsync.ical.vendor import moment
from calsync.model import Override, Series, Span, at_wall_clock
from providers.google.blocks import FOCUS, Clock, home_sum
from providers.google.times import utc_text

__all__ = ["clock_for", "date_body", "dropped_marks", "new_event", "recurrence_lines", "series_marks", "times"]

Body = dict[str, Any]

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_IN_ONE = 100
"""How many dates one property holds: Google cuts a value off at 1024 characters."""


def clock_for(series: Series) -> Clock:
    """The clock that a series is to keep."""
    return Clock(series.first, series.start, series.minutes, series.zone)


def new_event(series: Series, name: str, *, focus: bool) -> Body:
    """What makes the series, but for its exceptions, under the id `name`; with `focus` as Google's own focus time."""
    clock = clock_for(series)
    body: Body = {
        "id": name,
        "summary": series.title,
        "description": series.description,
        **times(clock.at(clock.anchor), series),
        "recurrence": recurrence_lines(series),
        "visibility": "private",
        "reminders": {"useDefault": False, "overrides": []},
    }
    if focus:
        # Never the default here, which would decline other people's invitations.
        body |= {"eventType": FOCUS, "focusTimeProperties": {"autoDeclineMode": "declineNone"}}
    properties = {**series_marks(series), **dropped_marks(series.dropped, {})}
    if series.cancelled or series.overrides:
        properties["making"] = "1"
    return {**body, **looks(series.transparent, properties, focus=focus)}


def times(span: Span, series: Series) -> Body:
    """Start and end; the offset says which instant is meant, the zone by which clock the series goes on."""
    return {
        name: {"dateTime": at.astimezone(series.zone).isoformat(timespec="seconds"), "timeZone": series.timezone}
        for name, at in (("start", span.start), ("end", span.end))
    }


def recurrence_lines(series: Series, excluded: Collection[date] = ()) -> list[str]:
    """The rule of the series, and lines for the dates that it is to leave out by itself."""
    clock = clock_for(series)
    rule = (
        "RRULE:FREQ=WEEKLY;COUNT=1" if series.once else f"RRULE:FREQ=WEEKLY;BYDAY={_WEEKDAYS[series.first.weekday()]}"
    )
    if series.until is not None and not series.once:
        rule += f";UNTIL={utc_text(at_wall_clock(series.until, series.start, series.zone))}"
    days = {*excluded, clock.anchor} - {clock.first} if clock.anchor != clock.first else {*excluded}
    walls = (datetime.combine(day, series.start, tzinfo=series.zone) for day in sorted(days))
    return [rule, *(moment("EXDATE", wall) for wall in walls)]


def series_marks(series: Series) -> dict[str, str]:
    """The marks of the master, apart from the dates that are left out."""
    return {
        **_own_marks(series),
        "sum": marks.sum_of_series(series),
        "changed": utc_text(series.changed),
        "sequence": str(series.sequence),
        "wall": clock_for(series).text(),
    }


def dropped_marks(days: Collection[date], there: Mapping[str, str]) -> dict[str, str | None]:
    """The properties that say which dates calsync left out; None takes one away that is there and not needed."""
    words = [f"{day:%Y%m%d}" for day in sorted(days)]
    parts = [" ".join(words[at : at + _IN_ONE]) for at in range(0, len(words), _IN_ONE)]
    said: dict[str, str | None] = {name: None for name in there if name.startswith("dropped")}
    said.update((f"dropped{number or ''}", part) for number, part in enumerate(parts))
    return said


def date_body(series: Series, home: date, override: Override | None, *, focus: bool, by_leader: bool = False) -> Body:
    """What makes one date so: as `override` has it, or as the series has it again (None).

    An override of the leader's own (`by_leader`) gets no sum, so that a reader without any state still knows whose it
    is.
    """
    placed = override or Override(series.home(home), series.title, series.transparent)
    properties = _own_marks(series)
    if override is None:
        properties["sum"] = home_sum(home, placed)
    elif not by_leader:
        properties["sum"] = marks.sum_of_override(home.isoformat(), override)
    return {
        "status": "confirmed",
        "summary": placed.title,
        **times(placed.span, series),
        **looks(placed.transparent, properties, focus=focus),
    }


def looks(transparent: bool, properties: Mapping[str, str | None], *, focus: bool) -> Body:
    """How the event looks to others, beside its properties. A focus time always looks busy; the wish is kept."""
    if focus:
        return {
            "transparency": "opaque",
            "extendedProperties": {"private": {**properties, "free": "1" if transparent else "0"}},
        }
    shown = "transparent" if transparent else "opaque"
    return {"transparency": shown, "extendedProperties": {"private": dict(properties)}}


def _own_marks(series: Series) -> dict[str, str]:
    return {
        "calsync": "1",
        "key": series.key,
        "kind": series.kind.value,
        "slot": f"{series.number}/{series.generation}",
    }
