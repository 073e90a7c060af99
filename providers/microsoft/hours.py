"""When the owner of a mailbox works, as getSchedule tells it: the permission to read calendars is enough for that."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from calsync.ports import WorkingWeek
from providers.microsoft.errors import THROTTLED, Reply
from providers.microsoft.graph import Graph
from providers.microsoft.mapping import NOT_UNDERSTOOD, Json
from providers.microsoft.zones import plain_zone, zone_of

__all__ = ["week_of", "working_hours"]

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CUSTOM = "#microsoft.graph.customTimeZone"


def working_hours(graph: Graph, zone: ZoneInfo, now: datetime) -> WorkingWeek | None:
    """The hours of the account's own mailbox, None where it has none to tell.

    `zone` is the leader's; `now` says on which day and in which year to look. Private accounts have no schedules, and
    nothing but a later try can mend what is wrong with them; so of all refusals only those of the server's own making
    are errors. Raises Unreachable or SignInNeeded.
    """
    day = datetime.combine(now.astimezone(UTC).date(), time())
    body = {
        "schedules": [graph.account],
        "startTime": {"dateTime": f"{day:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
        "endTime": {"dateTime": f"{day + timedelta(days=1):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"},
        "availabilityViewInterval": 1440,
    }
    reply = graph.ask(f"{graph.root()}/calendar/getSchedule", body)
    if reply.done:
        return _taken(reply, zone, now.year)
    if reply.status in (401, THROTTLED) or reply.status >= 500:
        raise graph.failure(reply)
    return None


def _taken(reply: Reply, zone: ZoneInfo, year: int) -> WorkingWeek | None:
    rows = reply.body.get("value")
    for row in rows if isinstance(rows, list) else ():
        said = row.get("workingHours") if isinstance(row, dict) else None
        if isinstance(said, dict):
            return week_of(said, zone, year)
    return None


def week_of(said: Json, zone: ZoneInfo, year: int) -> WorkingWeek | None:
    """The week that a `workingHours` means, None for one that means none.

    Microsoft gives one start and one end for all days: those of somebody with other hours on each are the earliest and
    the latest (learn.microsoft.com/answers, question 1291456).
    """
    try:
        place = _place(said["timeZone"], zone, year)
        begin, end = (_minute(said[key]) for key in ("startTime", "endTime"))
        days = [_DAYS.index(str(day).lower()) for day in said["daysOfWeek"]]
        if place is None:
            return None
        # Who works past midnight does so on the next day.
        parts = [(0, begin, end)] if begin < end else [(0, begin, 1440), (1, 0, end)]
        return WorkingWeek.of({((d + by) % 7, a, b) for d in days for by, a, b in parts if a < b}, place)
    except NOT_UNDERSTOOD:
        return None


def _minute(said: Any) -> int:
    clock = time.fromisoformat(str(said))
    return clock.hour * 60 + clock.minute


def _place(said: Json, zone: ZoneInfo, year: int) -> str | None:
    """The IANA name of a `timeZoneBase`: by its Windows name, or for a zone of its own the place that keeps its time.

    Mailboxes whose zone an older program has set have one of their own ("Customized Time Zone", with its offsets and
    the days of change), as in Microsoft's own example of getSchedule.
    """
    if said.get("@odata.type") != _CUSTOM:
        found = zone_of(str(said["name"]))
        return None if found is None else plain_zone(found.key)
    wanted = [_offset(said, date(year, 1, 1) + timedelta(days)) for days in range(0, 365, 5)]
    for name in (zone.key, *sorted(set(win_tz.values()))):
        place, noon = ZoneInfo(name), datetime(year, 1, 1, 12)  # noqa: DTZ001 - the wall clock of each place in turn
        shown = ((noon + timedelta(days)).replace(tzinfo=place).utcoffset() for days in range(0, 365, 5))
        if all(offset == asked for offset, asked in zip(shown, wanted, strict=True)):
            return plain_zone(name)
    return None


def _offset(said: Json, day: date) -> timedelta:
    """How far ahead of UTC the clocks of a `customTimeZone` are at noon of `day`."""
    bias = int(said["bias"])
    standard, daylight = said.get("standardOffset") or {}, said.get("daylightOffset") or {}
    if daylight.get("month") and standard.get("month"):
        begins, ends = _change(daylight, day.year), _change(standard, day.year)
        summer = begins <= day < ends if begins < ends else not ends <= day < begins
        bias += int(daylight.get("daylightBias") or 0) if summer else 0
    return timedelta(minutes=-bias)


def _change(said: Json, year: int) -> date:
    """The day of `year` on which the clocks change: the first to fourth weekday of a month, or (5) its last."""
    weekday, nth = _DAYS.index(str(said["dayOfWeek"]).lower()), int(said["dayOccurrence"])
    first = date(year, int(said["month"]), 1)
    days = [day for n in range(31) if (day := first + timedelta(n)).month == first.month and day.weekday() == weekday]
    return days[min(nth, len(days)) - 1]
