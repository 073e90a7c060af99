"""Other people on the Graph test server: their availability, the directory, and the settings of the mailbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.servers.graph_events import Ask
from tests.servers.graph_http import Refusal, Reply
from tests.servers.graph_query import only
from tests.servers.graph_store import Mailbox, Row
from tests.servers.graph_views import paged
from tests.servers.graph_zones import WINDOWS, instant, parse_wall, stamp, wall, zone_named

__all__ = ["Directory", "listed", "mailbox_settings", "manager", "schedule", "time_zones", "user_json"]

# microsoft-graph-docs, schedule: 0 is free or working elsewhere, 1 tentative, 2 busy, 3 out of office.
_DIGIT = {"free": 0, "workingElsewhere": 0, "tentative": 1, "busy": 2, "oof": 3, "unknown": 2}


@dataclass
class Directory:
    """What the tenant knows of people; every entry is JSON as Graph has it."""

    direct_reports: list[dict[str, Any]] = field(default_factory=list)
    manager: dict[str, Any] | None = None
    people: list[dict[str, Any]] = field(default_factory=list)
    users: list[dict[str, Any]] = field(default_factory=list)
    hidden: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Addresses whose availability cannot be told: response code and message."""


def user_json(address: str, name: str) -> dict[str, Any]:
    """A user as the directory lists them."""
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": f"00000000-0000-0000-0000-{sum(address.encode()):012d}",
        "displayName": name,
        "givenName": name.split(" ", maxsplit=1)[0],
        "surname": name.partition(" ")[2] or None,
        "mail": address,
        "userPrincipalName": address,
        "jobTitle": None,
        "businessPhones": [],
    }


def listed(ask: Ask, rows: list[dict[str, Any]]) -> Reply:
    """A list of people, a page at a time."""
    query = only(ask.query, "$top", "$skip", "$skiptoken", "$select", "$count", "$filter", "$search", "$orderby")
    names = ask.looks.select
    return paged(ask, query, rows, lambda row: {k: v for k, v in row.items() if not names or k in names or "@" in k})


def manager(ask: Ask) -> Reply:
    """The manager, 404 when there is none (microsoft-graph-docs, user-list-manager)."""
    found = ask.server.directory.manager
    if found is None:
        raise Refusal(404, "Request_ResourceNotFound", "Resource 'manager' does not exist.")
    return Reply(200, found)


def mailbox_settings(ask: Ask) -> Reply:
    """Zone and working hours of the mailbox."""
    return Reply(
        200,
        {
            "archiveFolder": "AAMkAGM2archive=",
            "timeZone": ask.mailbox.zone_name,
            "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
            "dateFormat": "dd.MM.yyyy",
            "timeFormat": "HH:mm",
            "userPurpose": "user",
            "language": {"locale": "en-US", "displayName": "English (United States)"},
            **_working(ask.mailbox),
        },
    )


def time_zones() -> Reply:
    """The Windows names that this server knows."""
    return Reply(200, {"value": [{"alias": name, "displayName": name} for name in sorted(WINDOWS) if "/" not in name]})


def _working(mailbox: Mailbox) -> dict[str, Any]:
    if mailbox.working is None:
        return {}
    start, end, days = mailbox.working
    return {
        "workingHours": {
            "daysOfWeek": days,
            "startTime": f"{start:%H:%M:%S}.0000000",
            "endTime": f"{end:%H:%M:%S}.0000000",
            # A zone that no name fits is spelled out (microsoft-graph-docs, customTimeZone).
            "timeZone": mailbox.working_zone or {"name": mailbox.zone_name},
        }
    }


def schedule(ask: Ask) -> Reply:
    """POST getSchedule: availability of up to 20 mailboxes, an error for each that cannot be told."""
    body = ask.body if isinstance(ask.body, dict) else {}
    names = body.get("schedules")
    if (
        not isinstance(names, list)
        or not names
        or set(body) - {"schedules", "startTime", "endTime", "availabilityViewInterval"}
    ):
        raise Refusal(400, "ErrorInvalidRequest", "getSchedule takes schedules, startTime, endTime and an interval.")
    if len(names) > 20:
        # microsoft-graph-docs, outlook-get-free-busy-schedule: 20 at a time.
        raise Refusal(400, "ErrorInvalidRequest", "The number of schedules is greater than 20.")
    begin, end = (_instant(body.get(name)) for name in ("startTime", "endTime"))
    if end <= begin:
        raise Refusal(400, "ErrorInvalidTimeInterval", "The end of the window is not after its start.")
    if end - begin > timedelta(days=62):
        # microsoft-graph-docs#19703: the code, the words, and 62 days.
        days = -((begin - end) // timedelta(days=1))
        raise Refusal(
            400,
            "ErrorTimeIntervalTooBig",
            "The requested time duration specified for FreeBusyViewOptions.TimeWindow is too long. The allowed limit = "
            f"62 days; the actual limit = {days} days.",
        )
    step = body.get("availabilityViewInterval", 30)
    if not isinstance(step, int) or not 5 <= step <= 1440 or timedelta(minutes=step) > end - begin:
        # microsoft-graph-docs, calendar-getschedule: 5 to 1440 minutes, and not longer than the window.
        raise Refusal(400, "ErrorInvalidMergedFreeBusyInterval", "The availabilityViewInterval is out of range.")
    value = [_of_one(ask, str(name), begin, end, timedelta(minutes=step)) for name in names]
    return Reply(200, {"@odata.context": f"{ask.server.origin}/v1.0/$metadata#Collection(schedule)", "value": value})


def _of_one(ask: Ask, name: str, begin: datetime, end: datetime, step: timedelta) -> dict[str, Any]:
    mailbox = ask.server.mailboxes.get(name.lower())
    wrong = ask.server.directory.hidden.get(name.lower())
    if mailbox is None and wrong is None:
        wrong = ("ErrorMailRecipientNotFound", "Unable to resolve e-mail address to an Active Directory object.")
    if wrong is not None or mailbox is None:
        code, message = wrong or ("", "")
        return {"scheduleId": name, "availabilityView": "", "error": {"message": message, "responseCode": code}}
    rows = sorted(_busy(mailbox, begin, end), key=lambda row: (row.instants(mailbox.home), row.id))
    spans = [(*row.instants(mailbox.home), _DIGIT[row.fields["showAs"]]) for row in rows]
    digits = ""
    at = begin
    while at < end:
        digits += str(max((d for b, e, d in spans if b < min(at + step, end) and e > at), default=0))
        at += step
    return {
        "scheduleId": name,
        "availabilityView": digits,
        "scheduleItems": [_item(row, mailbox, ask) for row in rows],
        **_working(mailbox),
    }


def _busy(mailbox: Mailbox, begin: datetime, end: datetime) -> list[Row]:
    found: list[Row] = []
    # Only the primary calendar says when somebody is busy (microsoft-graph-docs, outlook-get-free-busy-schedule).
    for event in mailbox.items.of(mailbox.default.id) if mailbox.default is not None else ():
        rows = event.dates(begin, end, mailbox.home) if event.recurrence is not None else [Row(event)]
        found += [row for row in rows if row.overlaps(begin, end, mailbox.home) and not row.fields["isCancelled"]]
    return found


def _item(row: Row, mailbox: Mailbox, ask: Ask) -> dict[str, Any]:
    start, end = (stamp(wall(at, ask.looks.zone)) for at in row.instants(mailbox.home))
    private = row.fields["sensitivity"] == "private"
    return {
        "isPrivate": private,
        "status": row.fields["showAs"],
        "subject": "" if private else row.fields["subject"],
        "location": "" if private else row.fields["location"].get("displayName", ""),
        "isMeeting": bool(row.fields["attendees"]),
        "isRecurring": row.event.recurrence is not None,
        "isException": row.kind == "exception",
        "isReminderSet": row.fields["isReminderOn"],
        "start": {"dateTime": start, "timeZone": ask.looks.zone_name},
        "end": {"dateTime": end, "timeZone": ask.looks.zone_name},
    }


def _instant(said: Any) -> datetime:
    try:
        zone = zone_named(said.get("timeZone") or "UTC")
        return instant(parse_wall(said["dateTime"], zone), zone)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Refusal(400, "ErrorInvalidParameter", f"{said!r} is no time.") from None
