"""Events of the Graph test server as iCalendar, and iCalendar as events: what its hand speaks.

The conversion is icalendar's; nothing of calsync's own code is used, so that no fault of it hides here. What Graph
cannot keep (RDATE, alarms that are not at the start, odd properties) is not there when the text is read again; what is
read again and put again stays as it is.

Marks: `X-CALSYNC-KEY` is the extended property calsyncKey. Every other `X-CALSYNC-<NAME>` of the master is the entry
`<name>` of the JSON object in calsyncData, as it stands when it is plain text, else as percent-encoded JSON with the
parameter `X-JSON=1`. `X-CALSYNC-SUM` of an override is the entry of its date (`20261207`) in calsyncData's object
`sums`, which is shown at the master as X-CALSYNC-SUMS. `CATEGORIES:calsync` is a category, as any other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from icalendar import Calendar as ICalendar
from icalendar import Event as IEvent
from icalendar import vRecur, vText

from tests.servers.graph_json import text_of
from tests.servers.graph_rules import recurrence_of, rrule_of
from tests.servers.graph_store import Event, Mailbox, Patch, Row
from tests.servers.graph_zones import instant, wall, windows_name

__all__ = ["DATA", "KEY", "Read", "read", "uid_of", "written"]

_GUID = "{6e1f2c1a-7a52-4a6b-9d0f-63a1c0a15c01}"
KEY = f"String {_GUID} Name calsyncKey"
DATA = f"String {_GUID} Name calsyncData"
_MARK = "X-CALSYNC-"
_PLAIN = ' {}[]":/+-_.@()'
"""What stays readable in percent-encoded JSON; nothing that iCalendar escapes."""

_CLASS = {"PRIVATE": "private", "CONFIDENTIAL": "confidential", "PUBLIC": "normal", "X-PERSONAL": "personal"}
_BUSY = {"FREE": "free", "TENTATIVE": "tentative", "BUSY": "busy", "OOF": "oof", "WORKINGELSEWHERE": "workingElsewhere"}
_PARTSTAT = {
    "ACCEPTED": "accepted",
    "DECLINED": "declined",
    "TENTATIVE": "tentativelyAccepted",
    "NEEDS-ACTION": "notResponded",
}


@dataclass
class Read:
    """What a text says, as an event keeps it."""

    uid: str
    start: datetime
    end: datetime
    zone: ZoneInfo
    zone_name: str
    created: datetime | None
    fields: dict[str, Any]
    extended: dict[str, str]
    recurrence: dict[str, Any] | None
    organizer: dict[str, Any] | None
    response: str
    exceptions: dict[datetime, Patch] = field(default_factory=dict)
    deleted: set[datetime] = field(default_factory=set)


def read(text: bytes, mailbox: Mailbox) -> Read:
    """The first UID of a text; ValueError for what Graph cannot say."""
    parts = ICalendar.from_ical(text).walk("VEVENT")
    uid = str(parts[0]["UID"])
    own = [part for part in parts if str(part["UID"]) == uid]
    master = next((part for part in own if "RECURRENCE-ID" not in part), own[0])
    start, end, zone, all_day = _times(master, mailbox)
    zone_name = windows_name(zone.key) if zone.key != "UTC" else "UTC"
    if "RDATE" in master or isinstance(master.get("RRULE"), list):
        raise ValueError("Graph has neither RDATE nor a second RRULE")
    rule = master.get("RRULE")
    recurrence = recurrence_of(rule, start, zone, zone_name, all_day=all_day) if rule is not None else None
    fields, extended = _fields(master, mailbox), _marks(master, own)
    organizer, response = _organizer(master, mailbox)
    found = Read(uid, start, end, zone, zone_name, _stamp(master), fields, extended, recurrence, organizer, response)
    if recurrence is not None:
        _dates(found, master, [part for part in own if part is not master], mailbox)
    return found


def _dates(found: Read, master: Any, overrides: list[Any], mailbox: Mailbox) -> None:
    event = Event(
        "", "", "", found.start, found.end, found.zone, found.zone_name, datetime.now(UTC), recurrence=found.recurrence
    )
    excluded = master.get("EXDATE", [])
    for one in excluded if isinstance(excluded, list) else [excluded]:
        found.deleted |= {at for at in (_local(d.dt, found.zone) for d in one.dts) if event.starts.has(at)}
    for part in overrides:
        original = _local(part["RECURRENCE-ID"].dt, found.zone)
        if not event.starts.has(original):
            continue
        if str(part.get("STATUS", "")).upper() == "CANCELLED":
            # Exchange takes a cancelled date off the series; it has no cancelled occurrence to show.
            found.deleted.add(original)
            continue
        start, end, zone, _ = _times(part, mailbox)
        walls = (wall(instant(at, zone), found.zone) for at in (start, end))
        own = {k: v for k, v in _fields(part, mailbox).items() if v != found.fields.get(k) and k != "isAllDay"}
        found.exceptions[original] = Patch(*walls, own)
        found.deleted.discard(original)


def _times(part: Any, mailbox: Mailbox) -> tuple[datetime, datetime, ZoneInfo, bool]:
    start = part["DTSTART"].dt
    all_day = not isinstance(start, datetime)
    if "DTEND" in part:
        end = part["DTEND"].dt
    else:
        end = start + (part["DURATION"].dt if "DURATION" in part else timedelta(days=1 if all_day else 0))
    if all_day:
        return datetime.combine(start, time()), datetime.combine(end, time()), mailbox.home, True
    # A floating time is taken in the mailbox's zone, as Exchange has no floating times.
    zone = _zone(start, mailbox)
    return _local(start, zone), _local(end, zone), zone, False


def _zone(at: datetime, mailbox: Mailbox) -> ZoneInfo:
    if at.tzinfo is None:
        return mailbox.home
    key = getattr(at.tzinfo, "key", None) or getattr(at.tzinfo, "zone", None)
    return ZoneInfo(str(key)) if key and key not in ("UTC", "Etc/UTC") else ZoneInfo("UTC")


def _local(at: date, zone: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        return datetime.combine(at, time())
    return wall(at, zone) if at.tzinfo is not None else at


def _stamp(part: Any) -> datetime | None:
    at = part["DTSTAMP"].dt if "DTSTAMP" in part else None
    return at.astimezone(UTC) if isinstance(at, datetime) and at.tzinfo is not None else None


def _fields(part: Any, mailbox: Mailbox) -> dict[str, Any]:
    transparent = str(part.get("TRANSP", "")).upper() == "TRANSPARENT"
    show = _BUSY.get(str(part.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper(), "free" if transparent else "busy")
    if str(part.get("STATUS", "")).upper() == "TENTATIVE" and show == "busy":
        show = "tentative"
    alarm = next((a for a in part.walk("VALARM") if "TRIGGER" in a and isinstance(a["TRIGGER"].dt, timedelta)), None)
    fields: dict[str, Any] = {
        "subject": str(part.get("SUMMARY", "")),
        "body": {"contentType": "text", "content": str(part.get("DESCRIPTION", ""))},
        "location": {"displayName": str(part.get("LOCATION", ""))},
        "showAs": show,
        "sensitivity": _CLASS.get(str(part.get("CLASS", "PUBLIC")).upper(), "private"),
        "categories": [str(one) for one in _categories(part)],
        "isAllDay": not isinstance(part["DTSTART"].dt, datetime),
        "isCancelled": str(part.get("STATUS", "")).upper() == "CANCELLED",
        "isReminderOn": alarm is not None,
        "attendees": _attendees(part),
    }
    if alarm is not None:
        fields["reminderMinutesBeforeStart"] = max(0, -int(alarm["TRIGGER"].dt.total_seconds()) // 60)
    return fields


def _categories(part: Any) -> Iterator[str]:
    found = part.get("CATEGORIES", [])
    for one in found if isinstance(found, list) else [found]:
        yield from (str(name) for name in one.cats)


def _address(value: Any) -> str:
    return re.sub(r"(?i)^mailto:", "", str(value))


def _listed(part: Any, name: str) -> list[Any]:
    found = part.get(name, [])
    return found if isinstance(found, list) else [found]


def _attendees(part: Any) -> list[dict[str, Any]]:
    organizer = _address(part.get("ORGANIZER", "")).lower()
    found = []
    for one in _listed(part, "ATTENDEE"):
        # Exchange does not list the organizer among the attendees.
        if _address(one).lower() == organizer:
            continue
        kind = "optional" if str(one.params.get("ROLE", "")).upper() == "OPT-PARTICIPANT" else "required"
        if str(one.params.get("CUTYPE", "")).upper() in ("ROOM", "RESOURCE"):
            kind = "resource"
        answer = _PARTSTAT.get(str(one.params.get("PARTSTAT", "NEEDS-ACTION")).upper(), "none")
        found.append(
            {
                "type": kind,
                "status": {"response": answer, "time": "0001-01-01T00:00:00Z"},
                "emailAddress": {"name": str(one.params.get("CN", _address(one))), "address": _address(one)},
            }
        )
    return found


def _organizer(part: Any, mailbox: Mailbox) -> tuple[dict[str, Any] | None, str]:
    """The organizer, and the answer of the mailbox's owner to the meeting."""
    said = part.get("ORGANIZER")
    if said is None or _address(said).lower() == mailbox.address:
        return None, "organizer"
    mine = [a for a in _attendees(part) if a["emailAddress"]["address"].lower() == mailbox.address]
    person = {"emailAddress": {"name": str(said.params.get("CN", _address(said))), "address": _address(said)}}
    return person, mine[0]["status"]["response"] if mine else "none"


def _marks(master: Any, parts: list[Any]) -> dict[str, str]:
    data: dict[str, Any] = {}
    key = ""
    for name, value in master.items():
        if not name.upper().startswith(_MARK):
            continue
        short, text = name.upper().removeprefix(_MARK).lower(), str(value)
        if short == "key":
            key = text
        else:
            data[short] = json.loads(unquote(text)) if value.params.get("X-JSON") else text
    for part in parts:
        if "RECURRENCE-ID" in part and f"{_MARK}SUM" in part:
            at = part["RECURRENCE-ID"].dt
            home = _local(at, master["DTSTART"].dt.tzinfo) if isinstance(at, datetime) and at.tzinfo else at
            data.setdefault("sums", {})[f"{home:%Y%m%d}"] = str(part[f"{_MARK}SUM"])
    marks = {KEY: key} if key else {}
    return marks | ({DATA: json.dumps(data, separators=(",", ":"), ensure_ascii=False)} if data else {})


# --- and back ---


def uid_of(event: Event) -> str:
    """The UID shown: that of calsync for an event whose transactionId follows from its key, else its own."""
    key = event.extended.get(KEY, "")
    named = re.fullmatch(rf"calsync:{re.escape(key)}(/\d{{8}})?(:\d+)?", event.transaction or "") if key else None
    return f"{key}{named.group(1) or ''}@calsync" if named else event.uid


def written(event: Event, mailbox: Mailbox) -> bytes:
    """The event as one VCALENDAR; the same event gives the same bytes."""
    whole = ICalendar()
    whole.add("PRODID", "-//Example//Graph test server//EN")
    whole.add("VERSION", "2.0")
    whole.add_component(_component(Row(event), mailbox))
    for original in sorted(event.exceptions):
        whole.add_component(_component(Row(event, original), mailbox))
    return whole.to_ical(sorted=False)


def _component(row: Row, mailbox: Mailbox) -> IEvent:
    event, fields = row.event, row.fields
    made = IEvent()
    made.add("UID", uid_of(event))
    made.add("DTSTAMP", event.created.astimezone(UTC).replace(microsecond=0))
    if row.original is not None:
        made.add("RECURRENCE-ID", _moment(row.original, row))
    for name, at in zip(("DTSTART", "DTEND"), row.walls, strict=True):
        made.add(name, _moment(at, row))
    if row.original is None and event.recurrence is not None:
        rule = rrule_of(event.recurrence, event.start, event.zone, all_day=fields["isAllDay"])
        made.add("RRULE", vRecur.from_ical(rule))
        for original in sorted(event.deleted):
            made.add("EXDATE", _moment(original, row))
    made.add("SUMMARY", fields["subject"])
    content = text_of(fields["body"])
    for name, value in (("DESCRIPTION", content), ("LOCATION", fields["location"].get("displayName", ""))):
        if value:
            made.add(name, value)
    if fields["isCancelled"]:
        made.add("STATUS", "CANCELLED")
    made.add("TRANSP", "TRANSPARENT" if fields["showAs"] in ("free", "workingElsewhere") else "OPAQUE")
    made.add("X-MICROSOFT-CDO-BUSYSTATUS", next((k for k, v in _BUSY.items() if v == fields["showAs"]), "BUSY"))
    if fields["sensitivity"] != "normal":
        made.add("CLASS", next(k for k, v in _CLASS.items() if v == fields["sensitivity"]))
    if fields["categories"]:
        made.add("CATEGORIES", list(fields["categories"]))
    _add_marks(made, row)
    _add_people(made, row, mailbox)
    if fields["isReminderOn"]:
        made.add_component(_alarm(fields["reminderMinutesBeforeStart"]))
    return made


def _moment(at: datetime, row: Row) -> date:
    if row.fields["isAllDay"]:
        return at.date()
    zone = row.event.zone
    return at.replace(tzinfo=UTC) if zone.key in ("UTC", "Etc/UTC") else at.replace(tzinfo=zone)


def _add_marks(made: IEvent, row: Row) -> None:
    if row.original is not None:
        return
    key, data = row.extended.get(KEY), row.extended.get(DATA)
    if key:
        made.add(f"{_MARK}KEY", vText(key))
    try:
        entries = json.loads(data) if data else {}
    except ValueError:
        entries = {"data": data}
    for name, value in entries.items():
        plain = isinstance(value, str) and re.fullmatch(r"[^\\,;\n\r%]*", value)
        text = vText(value if plain else quote(json.dumps(value, separators=(",", ":"), ensure_ascii=False), _PLAIN))
        if not plain:
            text.params["X-JSON"] = "1"
        made.add(f"{_MARK}{name.upper()}", text)


def _add_people(made: IEvent, row: Row, mailbox: Mailbox) -> None:
    attendees = row.fields["attendees"]
    if not attendees:
        return
    own = {"emailAddress": {"name": mailbox.name, "address": mailbox.address}}
    made.add("ORGANIZER", _person(row.event.organizer or own, {}))
    for one in attendees:
        answer = next(
            (k for k, v in _PARTSTAT.items() if v == (one.get("status") or {}).get("response")), "NEEDS-ACTION"
        )
        params = {"PARTSTAT": answer}
        if one.get("type") == "optional":
            params["ROLE"] = "OPT-PARTICIPANT"
        if one.get("type") == "resource":
            params["CUTYPE"] = "RESOURCE"
        made.add("ATTENDEE", _person(one, params))


def _person(one: dict[str, Any], params: dict[str, str]) -> Any:
    from icalendar import vCalAddress

    said = vCalAddress(f"mailto:{one['emailAddress'].get('address', '')}")
    said.params.update({"CN": one["emailAddress"].get("name") or one["emailAddress"].get("address", ""), **params})
    return said


def _alarm(minutes: int) -> Any:
    from icalendar import Alarm

    made = Alarm()
    made.add("ACTION", "DISPLAY")
    made.add("DESCRIPTION", "Reminder")
    made.add("TRIGGER", timedelta(minutes=-minutes))
    return made
