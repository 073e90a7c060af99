"""What is sent to Graph to make a series, its dates or its stand-ins what they ought to be. Pure.

Bodies are byte-stable: the same series gives the same body, so that a repeated creation is recognised. Of a series that
stands there already only what differs is sent. No attendee is ever in a body, and no reminder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from calsync.ical import marks as ical_marks
from calsync.ical.write import placed_walls
from calsync.model import Override, Series
from providers.microsoft.blocks import Block, body_of, is_free, local_span
from providers.microsoft.mapping import Json, place_of, title_of
from providers.microsoft.marks import DATA, KEY, Data, transaction
from providers.microsoft.records import Note

__all__ = ["LOOKS", "WIPES", "Times", "data_for", "date_change", "series_body", "series_change", "stand_in_body"]

Body = dict[str, Any]
WIPES = frozenset({"start", "end", "recurrence"})
"""Properties of a master whose change takes its exceptions away."""
LOOKS = frozenset({"subject", "showAs", "body"})
"""Properties of a master whose change may show in its exceptions, or not: whether it does is not documented."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Times:
    """How wall-clock times of a series are said: the zone, and Microsoft's name for it."""

    zone: ZoneInfo
    windows: str

    def wall(self, at: datetime) -> Body:
        """A naive time in the zone, or an instant, which is said in UTC."""
        if at.tzinfo is not None:
            return {"dateTime": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}
        return {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": self.windows}


def data_for(series: Series, windows: str, there: Block | None, leaders: frozenset[date]) -> Data:
    """The marks of `series`, to be written before its dates are.

    Of a date that is `leaders`' no sum is kept. The sum of what calsync wrote earlier stays beside the new one, so
    that a date which is not rewritten yet still shows whose it is.
    """
    sums: dict[date, frozenset[str]] = {}
    for day, override in series.overrides.items():
        if day in leaders:
            continue
        known = {ical_marks.sum_of_override(day.isoformat(), override)}
        old = there.actual.overrides.get(day) if there is not None else None
        if there is not None and old is not None:
            known |= {ical_marks.sum_of_override(day.isoformat(), old)} & there.data.sums.get(day, frozenset())
        sums[day] = frozenset(known)
    return Data(
        kind=series.kind,
        number=series.number,
        generation=series.generation,
        zone=series.timezone,
        windows=windows,
        wall=(datetime.combine(series.first, series.start), series.minutes),
        changed=series.changed,
        sequence=series.sequence,
        dropped=series.dropped,
        sums=sums,
    )


def series_body(series: Series, data: Data, number: int) -> Body:
    """The body that creates the series, without its exceptions."""
    times = Times(series.zone, data.windows)
    return {
        **_look(series.title, series.transparent),
        "body": _text(series.description),
        **_times(series, times),
        **_made(series.key, data),
        "transactionId": transaction(series.key, None, number),
    }


def stand_in_body(series: Series, day: date, override: Override, note: Note, data: Data, number: int) -> Body:
    """The body that creates the single event which takes the place of `day`."""
    times = Times(series.zone, data.windows)
    start, end = (times.wall(at) for at in placed_walls(override, series.zone))
    own = replace(data, dropped=frozenset(), was=None, sums={day: data.sums[day]} if day in data.sums else {})
    return {
        **_look(override.title, override.transparent),
        "body": _text(note.about or series.description),
        **({"location": {"displayName": note.place}} if note.place else {}),
        "start": start,
        "end": end,
        **_made(series.key, own),
        "transactionId": transaction(series.key, day, number),
    }


def series_change(there: Block, after: Series, data: Data) -> Body:
    """The PATCH of the master that makes it that of `after`; {} when nothing of it differs."""
    master, actual = there.master, there.actual
    assert master is not None
    change: Body = {}
    if title_of(master) != after.title:
        change["subject"] = after.title
    if is_free(master) != after.transparent:
        change["showAs"] = _show(after.transparent)
    if body_of(master) != after.description:
        change["body"] = _text(after.description)
    if not actual.rule_is_ours or _frame(actual) != _frame(after):
        change |= _times(after, Times(after.zone, data.windows))
    if there.data.dump() != data.dump():
        change["singleValueExtendedProperties"] = [{"id": DATA, "value": data.dump()}]
    return change


def date_change(row: Json, override: Override, note: Note, times: Times, about: tuple[str, str]) -> Body:
    """The PATCH of one date, or of its stand-in, that makes it `override`; {} when nothing of it differs.

    `about` are the former text of its series and the one that it is to have; `note` is what the leader had written into
    the date before it was wiped.
    """
    change: Body = {}
    if Override(local_span(row, times.zone), title_of(row), is_free(row)) != override:
        # All of it, so that nothing of the date comes from its series any more and changes with that.
        start, end = (times.wall(at) for at in placed_walls(override, times.zone))
        change = {"subject": override.title, "showAs": _show(override.transparent), "start": start, "end": end}
    if note.place and place_of(row) != note.place:
        change["location"] = {"displayName": note.place}
    text = body_of(row)
    wanted = note.about or (about[1] if text == about[0] else text)
    if text != wanted:
        change["body"] = _text(wanted)
    return change


def _frame(series: Series) -> tuple[object, ...]:
    return series.first, series.start, series.minutes, series.timezone, series.until


def _show(transparent: bool) -> str:
    return "free" if transparent else "busy"


def _text(text: str) -> Body:
    return {"contentType": "text", "content": text}


def _look(title: str, transparent: bool) -> Body:
    return {
        "subject": title,
        "showAs": _show(transparent),
        "sensitivity": "private",
        "isReminderOn": False,
        "responseRequested": False,
    }


def _made(key: str, data: Data) -> Body:
    return {
        "categories": [ical_marks.CATEGORY],
        "singleValueExtendedProperties": [{"id": KEY, "value": key}, {"id": DATA, "value": data.dump()}],
    }


def _times(series: Series, times: Times) -> Body:
    start = datetime.combine(series.first, series.start)
    span: Mapping[str, Any] = {"type": "noEnd"}
    if series.once:
        span = {"type": "numbered", "numberOfOccurrences": 1}
    elif series.until is not None:
        # A whole local date, inclusive; of a series the last home date.
        span = {"type": "endDate", "endDate": series.until.isoformat()}
    return {
        "start": times.wall(start),
        "end": times.wall(start + timedelta(minutes=series.minutes)),
        "recurrence": {
            "pattern": {
                "type": "weekly",
                "interval": 1,
                "daysOfWeek": [_WEEKDAYS[series.first.weekday()]],
                # Graph's own default is Sunday, where RFC 5545 has Monday.
                "firstDayOfWeek": "monday",
            },
            "range": {**span, "startDate": series.first.isoformat(), "recurrenceTimeZone": times.windows},
        },
    }
