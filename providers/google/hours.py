"""When the owner of a Google account works: Workspace keeps it with the primary calendar.

It needs a permission (`calendar.calendars.readonly`, or a wider one) that calsync asks nobody for, since nothing but
a proposal at setup comes of it. Who signed in with a wider one, as service accounts may be allowed to, gets it told.
"""

from __future__ import annotations

from calsync.ports import WorkingWeek
from providers.google.calendars import PRIMARY
from providers.google.calls import Calls, Json
from providers.google.errors import Rejected

__all__ = ["week_of", "working_hours"]

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def working_hours(calls: Calls) -> WorkingWeek | None:
    """The hours that the account has been told, None where it tells none. Raises Rejected and what calls raise."""
    try:
        return week_of(calls.run(calls.calendars.get(calendarId=PRIMARY, fields="timeZone,workingHours")))
    except Rejected as rejected:
        if not rejected.is_about_scope:
            raise
        return None


def week_of(said: Json) -> WorkingWeek | None:
    """The week of a calendar as `calendars.get` gives it, None for one that has none switched on."""
    hours, timezone = said.get("workingHours"), said.get("timeZone")
    if not isinstance(hours, dict) or hours.get("workingHoursEnabled") is not True or not isinstance(timezone, str):
        return None
    try:
        stretches = [
            (_DAYS.index(one["dayOfWeek"]), int(one["periodStart"]), int(one["periodEnd"]))
            for one in hours["availableTimes"]
        ]
        return WorkingWeek.of(stretches, timezone)
    except (KeyError, TypeError, ValueError):
        return None
