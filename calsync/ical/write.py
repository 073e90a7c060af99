"""Writes a block series as one iCalendar resource, and reads it back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from calsync.ical import marks
from calsync.ical.content import encoded, escaped
from calsync.ical.own import read_series
from calsync.ical.zones import vtimezone
from calsync.model import Override, Series, at_wall_clock

__all__ = ["event_lines", "last_day", "placed_walls", "read_series", "series_bytes"]

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def series_bytes(series: Series, *, private: bool = True, leaders: Collection[date] = ()) -> bytes:
    """The resource of `series`: a VCALENDAR with its VTIMEZONE, its master and its overrides; equal input, equal bytes.

    `leaders` are home dates whose override is the leader's own: it is written as they have it, without the sum that
    marks an override as calsync's, so that a reader without any state still knows whose it is. Calsync itself writes
    no attendee, organizer, alarm or METHOD; what the leader put into the event stands in `extra` and goes back there.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{marks.PRODID}", "CALSCALE:GREGORIAN"]
    if series.timezone != "UTC":
        lines += vtimezone(series.timezone, series.first, last_day(series))
    lines += _master(series, private)
    for home, override in series.overrides.items():
        if home not in series.cancelled:
            lines += _override(series, home, override, private, by_leader=home in leaders)
    lines.append("END:VCALENDAR")
    return encoded(lines)


def last_day(series: Series) -> date:
    """The last day that is written of the series: its end, or for an endless one its last exception or change."""
    if series.until is not None:
        return series.until
    days = [series.first, series.changed.date(), *series.cancelled]
    days += [override.span.end.date() for override in series.overrides.values()]
    return max(days)


def _stamp(at: datetime) -> str:
    """An instant as RFC 5545 has it in UTC."""
    return _basic(at.astimezone(UTC).replace(tzinfo=None)) + "Z"


def placed_walls(override: Override, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Start and end of an override as `event_lines` takes them.

    Wall-clock times (naive) where they say which instants are meant; instants where a clock change makes one ambiguous.
    """
    instants = (override.span.start.astimezone(UTC), override.span.end.astimezone(UTC))
    begin, end = (at.astimezone(zone).replace(tzinfo=None, fold=0) for at in instants)
    if tuple(at.replace(tzinfo=zone).astimezone(UTC) for at in (begin, end)) == instants:
        return begin, end
    return instants


def event_lines(
    series: Series, home: date | None, begin: datetime, end: datetime, *, title: str, transparent: bool
) -> list[str]:
    """What a master (`home` None) and an override of a series have in common, whoever it is written for.

    `begin` and `end` are wall-clock times in the series' zone (naive) or instants (aware), which are written in UTC.
    """
    stamp = _stamp(series.changed)
    return [
        "BEGIN:VEVENT",
        f"UID:{series.key}{marks.UID_SUFFIX}",
        *([] if home is None else [f"RECURRENCE-ID{_wall(series, home)}"]),
        f"DTSTAMP:{stamp}",
        f"LAST-MODIFIED:{stamp}",
        f"SEQUENCE:{series.sequence}",
        f"DTSTART{_moment(series, begin)}",
        f"DTEND{_moment(series, end)}",
        *([] if home is not None else _recurrence(series)),
        f"SUMMARY:{escaped(title)}",
        f"TRANSP:{'TRANSPARENT' if transparent else 'OPAQUE'}",
        f"X-MICROSOFT-CDO-BUSYSTATUS:{'FREE' if transparent else 'BUSY'}",
        f"CATEGORIES:{marks.CATEGORY}",
        f"{marks.KEY}:{series.key}",
    ]


def _master(series: Series, private: bool) -> list[str]:
    begin = datetime.combine(series.first, series.start)
    end = begin + timedelta(minutes=series.minutes)
    lines = event_lines(series, None, begin, end, title=series.title, transparent=series.transparent)
    lines += _own_lines(series, private, marks.sum_of_series(series))
    if series.dropped:
        lines.append(f"{marks.DROPPED}:{' '.join(day.isoformat() for day in sorted(series.dropped))}")
    return [*lines, *series.extra, "END:VEVENT"]


def _override(series: Series, home: date, override: Override, private: bool, *, by_leader: bool) -> list[str]:
    begin, end = placed_walls(override, series.zone)
    lines = event_lines(series, home, begin, end, title=override.title, transparent=override.transparent)
    lines += _own_lines(series, private, "" if by_leader else marks.sum_of_override(home.isoformat(), override))
    # What is the leader's own among the extra lines may be a description; the series' then stays out.
    if any(line.upper().startswith("DESCRIPTION") for line in override.extra):
        lines = [line for line in lines if not line.startswith("DESCRIPTION:")]
    return [*lines, *override.extra, "END:VEVENT"]


def _own_lines(series: Series, private: bool, check: str) -> Iterable[str]:
    """Description, class and the marks that only calsync's own calendars get."""
    if series.description:
        yield f"DESCRIPTION:{escaped(series.description)}"
    if private:
        yield "CLASS:PRIVATE"
    yield f"{marks.KIND}:{series.kind}"
    yield f"{marks.SLOT}:{series.number}/{series.generation}"
    if check:
        yield f"{marks.SUM}:{check}"


def _recurrence(series: Series) -> list[str]:
    rule = (
        "RRULE:FREQ=WEEKLY;COUNT=1" if series.once else f"RRULE:FREQ=WEEKLY;BYDAY={_WEEKDAYS[series.first.weekday()]}"
    )
    if series.until is not None and not series.once:
        rule += f";UNTIL={_stamp(at_wall_clock(series.until, series.start, series.zone))}"
    # One line for each date, in DTSTART's form: Exchange knows no other.
    return [rule, *(f"EXDATE{_wall(series, day)}" for day in sorted(series.cancelled))]


def _wall(series: Series, day: date) -> str:
    return _moment(series, datetime.combine(day, series.start))


def _moment(series: Series, at: datetime) -> str:
    if at.tzinfo is not None:
        return f":{_stamp(at)}"
    if series.timezone == "UTC":
        return f":{_basic(at)}Z"
    return f";TZID={series.timezone}:{_basic(at)}"


def _basic(wall: datetime) -> str:
    """A naive time in the basic form of ISO 8601; many times quicker than strftime, which is most of an export."""
    return wall.isoformat(timespec="seconds").replace("-", "").replace(":", "")
