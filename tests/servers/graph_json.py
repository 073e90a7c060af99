"""Events, calendars and links as Graph writes them.

Decided here, as no source says it: what an occurrence has of its master includes categories and extended properties
but not transactionId (`occurrences_carry_transaction_id` on the server for the other behaviour); a text body comes back
with CRLF at line ends; an all-day event is shown at midnight in whatever zone was asked for.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.servers.graph_store import Calendar, Mailbox, Row, changeable_id
from tests.servers.graph_zones import instant, stamp, wall, windows_name

__all__ = ["Looks", "calendar_json", "etag", "event_json", "minimal_json", "text_of", "tombstone"]

_MINIMAL = ("id", "type", "seriesMasterId", "start", "end")


@dataclass(frozen=True)
class Looks:
    """How the client wants events shown: what its Prefer header and its query options say."""

    immutable: bool = False
    zone: ZoneInfo = ZoneInfo("UTC")  # noqa: RUF009 - a zone never changes
    zone_name: str = "UTC"
    text_body: bool = False
    page: int | None = None
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    basic: bool = False
    """Whether the token may see no more than the basic properties."""
    occurrences_share_etag: bool = True
    occurrences_carry_transaction_id: bool = False

    def id(self, immutable: str) -> str:
        """An id in the form asked for."""
        return immutable if self.immutable else changeable_id(immutable)


def etag(row: Row, looks: Looks) -> str:
    """The ETag of a row; its inside is the change key."""
    version = row.event.version
    if row.original is not None and not looks.occurrences_share_etag:
        version = row.patch.version if row.patch is not None else 0
    made = hashlib.sha256(f"{row.event.id}/{version}".encode()).digest()[:15]
    return f'W/"{base64.b64encode(made).decode()}"'


def tombstone(immutable: str, looks: Looks) -> dict[str, Any]:
    """What a delta says of an item that is gone, or not in the window."""
    return {"@odata.type": "#microsoft.graph.event", "id": looks.id(immutable), "@removed": {"reason": "deleted"}}


def minimal_json(row: Row, mailbox: Mailbox, looks: Looks) -> dict[str, Any]:
    """A plain occurrence as a delta lists it."""
    whole = event_json(row, mailbox, looks)
    return {"@odata.type": "#microsoft.graph.event", "@odata.etag": whole["@odata.etag"]} | {
        name: whole[name] for name in _MINIMAL
    }


def event_json(row: Row, mailbox: Mailbox, looks: Looks) -> dict[str, Any]:
    """An event as a GET shows it."""
    event, fields = row.event, row.fields
    if row.original is not None:
        mailbox.occurrences[row.id] = (event.id, row.original.date())
    mark = etag(row, looks)
    content = _content(fields["body"])
    start, end = _times(row, looks)
    shown: dict[str, Any] = {
        "@odata.etag": mark,
        "id": looks.id(row.id),
        "createdDateTime": _zulu(event.created),
        "lastModifiedDateTime": _zulu(event.changed),
        "changeKey": mark[3:-1],
        "originalStartTimeZone": windows_name(event.zone_name),
        "originalEndTimeZone": windows_name(event.zone_name),
        # msgraph-sdk, event: the UID differs for each occurrence.
        "iCalUId": event.uid + (f"-{row.original:%Y%m%d}" if row.original is not None else ""),
        "subject": fields["subject"],
        "bodyPreview": content[:255],
        "importance": fields["importance"],
        "sensitivity": fields["sensitivity"],
        "isAllDay": fields["isAllDay"],
        "isCancelled": fields["isCancelled"],
        "isOrganizer": event.response == "organizer",
        "responseRequested": fields["responseRequested"],
        "seriesMasterId": looks.id(event.id) if row.original is not None else None,
        "transactionId": event.transaction if _has_transaction(row, looks) else None,
        "showAs": fields["showAs"],
        "type": row.kind,
        "webLink": f"https://outlook.office365.com/owa/?itemid={looks.id(row.id)}&exvsurl=1&path=/calendar/item",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": fields["isOnlineMeeting"],
        "onlineMeetingProvider": fields["onlineMeetingProvider"],
        "allowNewTimeProposals": fields["allowNewTimeProposals"],
        "isReminderOn": fields["isReminderOn"],
        "reminderMinutesBeforeStart": fields["reminderMinutesBeforeStart"],
        "hideAttendees": fields["hideAttendees"],
        "isDraft": False,
        "hasAttachments": False,
        "categories": list(fields["categories"]),
        "responseStatus": {"response": event.response, "time": "0001-01-01T00:00:00Z"},
        "body": _body(fields["body"], looks),
        "start": start,
        "end": end,
        "location": {"locationType": "default", "uniqueIdType": "unknown", "address": {}, "coordinates": {}}
        | fields["location"],
        "locations": list(fields["locations"]),
        "recurrence": event.recurrence if row.original is None else None,
        "attendees": list(fields["attendees"]),
        "organizer": event.organizer or _person(mailbox),
        "onlineMeeting": None,
    }
    if row.original is not None:
        shown["originalStart"] = _zulu(_original(row))
    if looks.basic:
        # microsoft-graph-docs, permissions reference: Calendars.ReadBasic shows no body, attachments and extensions.
        del shown["body"], shown["bodyPreview"]
    if looks.select:
        # The ETag and the id come back whatever is selected (microsoft-graph-docs, event and query parameters).
        shown = {k: v for k, v in shown.items() if k in looks.select or k in ("@odata.etag", "id")}
    wanted = [name for name in looks.expand if name in row.extended and not looks.basic]
    if wanted:
        # microsoft-graph-docs, singlevaluelegacyextendedproperty-get: only what $expand names is shown.
        shown["singleValueExtendedProperties"] = [{"id": name, "value": row.extended[name]} for name in wanted]
    return shown


def calendar_json(calendar: Calendar, mailbox: Mailbox) -> dict[str, Any]:
    """A calendar as a GET shows it."""
    return {
        "id": calendar.id,
        "name": calendar.name,
        "color": calendar.color,
        "hexColor": "",
        "isDefaultCalendar": calendar.default,
        "changeKey": "nfZyf7VcrEKLNoU37KWlkQAAA0x0+w==",
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": calendar.can_edit,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": calendar.default,
        "isRemovable": not calendar.default,
        "owner": {"name": mailbox.name, "address": mailbox.address},
    }


def text_of(body: dict[str, Any]) -> str:
    """The body as plain text."""
    content = str(body.get("content") or "")
    if body.get("contentType") == "text":
        return content.replace("\r\n", "\n")
    bare = re.sub(r"(?is)<head.*?</head>|\r|\n", "", content)
    return html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"(?i)<br ?/?>|</p>|</div>", "\n", bare))).rstrip("\n")


def _body(body: dict[str, Any], looks: Looks) -> dict[str, str]:
    # microsoft-graph-docs, event-get: html unless Prefer outlook.body-content-type says text.
    if looks.text_body:
        return {"contentType": "text", "content": text_of(body).replace("\n", "\r\n")}
    content = str(body.get("content") or "")
    if body.get("contentType") == "text":
        content = html.escape(content.replace("\r\n", "\n"), quote=False).replace("\n", "<br>\r\n")
    if content and "<body" not in content.lower():
        head = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
        content = f"<html><head>\r\n{head}</head><body>{content}</body></html>"
    return {"contentType": "html", "content": content}


def _content(body: dict[str, Any]) -> str:
    return text_of(body)


def _times(row: Row, looks: Looks) -> tuple[dict[str, str], dict[str, str]]:
    # microsoft-graph-docs, event-get: UTC, or the zone of Prefer outlook.timezone.
    walls = row.walls
    if not row.fields["isAllDay"]:
        zone = row.event.zone
        walls = tuple(wall(instant(at, zone), looks.zone) for at in walls)  # type: ignore[assignment]
    start, end = ({"dateTime": stamp(at), "timeZone": looks.zone_name} for at in walls)
    return start, end


def _original(row: Row) -> datetime:
    assert row.original is not None
    return instant(row.original, ZoneInfo("UTC") if row.event.fields.get("isAllDay") else row.event.zone)


def _has_transaction(row: Row, looks: Looks) -> bool:
    return row.original is None or looks.occurrences_carry_transaction_id


def _person(mailbox: Mailbox) -> dict[str, Any]:
    return {"emailAddress": {"name": mailbox.name, "address": mailbox.address}}


def _zulu(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond:06d}0Z"
