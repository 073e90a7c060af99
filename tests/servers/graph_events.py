"""Creating, changing and deleting events on the Graph test server.

Decided here, as no source says it:

- A transactionId is remembered for the whole mailbox and stays taken after its event was deleted
  (`transaction_ids_stay_taken`); an identical body then gets the refusal for duplicates, too. Bodies are compared as
  JSON values.
- A body with a read-only property is refused; so is a transactionId in a PATCH.
- A PATCH of a master that has `start`, `end` or `recurrence` in it wipes exceptions and deletions, even if they are
  equal to what stands there; so `range.startDate` is checked against the start again.
- A PATCH that changes nothing gives a new ETag all the same.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.servers.graph_http import Refusal, Reply
from tests.servers.graph_json import Looks, etag, event_json
from tests.servers.graph_recurrence import checked
from tests.servers.graph_schema import complaint
from tests.servers.graph_store import DEFAULTS, Calendar, Event, Items, Mailbox, Patch, Row, event_id
from tests.servers.graph_zones import instant, parse_wall, wall, windows_name, zone_named

if TYPE_CHECKING:
    from tests.servers.graph import GraphServer

__all__ = ["Ask", "create", "delete", "find", "get", "patch"]

_PLAIN = frozenset(DEFAULTS) - {"isCancelled"}
_TIMES = ("start", "end", "recurrence")
_WRITABLE = _PLAIN | {*_TIMES, "transactionId", "singleValueExtendedProperties"}
_PROPERTY = re.compile(
    r"(String|Integer|Boolean|SystemTime) (\{[0-9A-Fa-f-]{36}\} (Name .+|Id 0x[0-9A-Fa-f]+)|0x[0-9A-Fa-f]+)"
)


@dataclass
class Ask:
    """A request to one mailbox: the path behind it, and what the answer is to look like."""

    server: GraphServer
    mailbox: Mailbox
    method: str
    base: str
    segments: list[str]
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    looks: Looks
    items: Items
    """What a read sees of the mailbox."""
    empty_page: bool = False
    forgotten: bool = False


def find(ask: Ask, name: str, calendar: Calendar | None = None, *, fresh: bool = True) -> Row:
    """The event or occurrence of an id in either form; `fresh` is what stands there, else what a read sees."""
    items = ask.mailbox.items if fresh else ask.items
    immutable = ask.mailbox.immutable(name)
    # microsoft-graph-docs, outlook-immutable-id: ids are case-sensitive.
    event_name, day = ask.mailbox.occurrences.get(immutable, (immutable, None))
    event = items.events.get(event_name)
    anywhere = calendar is None or not (fresh or ask.server.paths_hold)
    if event is None and not fresh and anywhere and ask.server.deleted_stay_by_id:
        # microsoft-graph-docs, outlook-immutable-id: an id holds in whichever folder of the mailbox the event is.
        event = items.trash.get(event_name)
    if event is not None and (anywhere or (calendar is not None and event.calendar == calendar.id)):
        original = event.starts.on(day) if day is not None and event.recurrence is not None else None
        if day is None or (original is not None and original not in event.deleted):
            return Row(event, original)
    raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def get(ask: Ask, name: str, calendar: Calendar | None) -> Reply:
    """GET of one event."""
    row = find(ask, name, calendar, fresh=False)
    if row.kind == "seriesMaster" and ask.server.masters_hide:
        raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    return Reply(200, _shown(ask, row))


def _shown(ask: Ask, row: Row) -> dict[str, Any]:
    context = f"{ask.server.origin}/v1.0/$metadata#users('{ask.mailbox.address}')/events/$entity"
    return {"@odata.context": context, **event_json(row, ask.mailbox, ask.looks)}


def create(ask: Ask, calendar: Calendar) -> Reply:
    """POST of an event; at once when its transactionId and body are those of one that stands there already."""
    _may_edit(calendar)
    body = _checked(ask, creating=True)
    transaction, print_ = body.get("transactionId"), json.dumps(body, sort_keys=True)
    name = event_id("made", ask.mailbox.address, f"{calendar.id}/{ask.mailbox.items.version}")
    if transaction is not None:
        name = event_id("transaction", ask.mailbox.address, transaction)
        again = _repeated(ask, transaction, print_, name)
        if again is not None:
            return again
        while transaction in ask.mailbox.taken and name in ask.mailbox.items.gone:
            # Exchange uses no id twice.
            name = event_id("again", name)
    times = _times(body, None)
    event = Event(name, calendar.id, _uid(name), *times, created=ask.server.now())
    event.transaction = transaction
    _set_fields(event.fields, event.extended, body)
    if body.get("recurrence") is not None:
        event.recurrence = checked(body["recurrence"], event.start, event.zone_name)
    ask.server.changing(ask.mailbox)
    if transaction is not None:
        ask.mailbox.taken[transaction] = (name, print_)
    ask.mailbox.touch(event, ask.server.now())
    if ask.server.filter_lag:
        ask.mailbox.unindexed[name] = ask.server.filter_lag
    _mail(ask, event)
    return Reply(201, _shown(ask, Row(event)), {"Location": f"{ask.server.origin}/v1.0/me/events/{ask.looks.id(name)}"})


def _repeated(ask: Ask, transaction: str, print_: str, name: str) -> Reply | None:
    known, made_with = ask.mailbox.taken.get(transaction, ("", ""))
    if not known and name in ask.mailbox.items.events:
        # Another program's event that was put under this id counts as made with this transactionId.
        known = name
    if not known:
        return None
    event = ask.mailbox.items.events.get(known)
    if event is None and not ask.server.transaction_ids_stay_taken:
        return None
    if event is not None and made_with == print_:
        # blog.rykoma.net/2020/10/05/1559: the same id and body again is 201, and no second event.
        return Reply(201, _shown(ask, Row(event)))
    # alcionai/corso#2490: the same id with another body; analogous code reads @event.existingEventId from it.
    raise Refusal(
        ask.server.duplicate_status,
        "ErrorDuplicateTransactionId",
        f"Your request can't be completed. The TransactionId {transaction} has already been used to create a "
        "different event.",
        **{"@event.existingEventId": ask.looks.id(known)},
    )


def patch(ask: Ask, name: str, calendar: Calendar | None) -> Reply:
    """PATCH of an event, a series or one date of it."""
    row = find(ask, name, calendar)
    _may_edit(ask.mailbox.items.calendars[row.event.calendar])
    _if_match(ask, row)
    body = _checked(ask, creating=False)
    if row.original is not None:
        _patch_date(ask, row, body)
    else:
        _patch_event(ask, row.event, body)
    _mail(ask, row.event, body)
    return Reply(200, _shown(ask, row))


def _patch_event(ask: Ask, event: Event, body: dict[str, Any]) -> None:
    times = _times(body, event) if "start" in body or "end" in body or "isAllDay" in body else None
    start, zone_name = (times[0], times[3]) if times is not None else (event.start, event.zone_name)
    recurrence = body.get("recurrence", event.recurrence)
    if recurrence is not None:
        recurrence = checked(recurrence, start, zone_name)
    ask.server.changing(ask.mailbox)
    if times is not None:
        event.start, event.end, event.zone, event.zone_name = times
    if any(name in body for name in _TIMES):
        # Changing the times or the recurrence of a series wipes its exceptions (provider facts; no document says so).
        event.exceptions.clear()
        event.deleted.clear()
    event.recurrence = recurrence
    event.renewed()
    _set_fields(event.fields, event.extended, body)
    ask.mailbox.touch(event, ask.server.now())


def _patch_date(ask: Ask, row: Row, body: dict[str, Any]) -> None:
    event, original = row.event, row.original
    assert original is not None
    if "recurrence" in body:
        raise Refusal(400, "ErrorInvalidRequest", "The recurrence of an occurrence cannot be set.")
    start, end = row.walls
    if "start" in body or "end" in body:
        start = _moment(body["start"], event.zone) if "start" in body else start
        end = _moment(body["end"], event.zone) if "end" in body else end
        _in_order(start, end, bool(body.get("isAllDay", row.fields["isAllDay"])))
        _within_neighbours(event, original, start)
    ask.server.changing(ask.mailbox)
    own = event.exceptions.setdefault(original, Patch(start, end))
    own.start, own.end = start, end
    _set_fields(own.fields, own.extended, body)
    ask.mailbox.touch(event, ask.server.now(), own)


def _within_neighbours(event: Event, original: datetime, start: datetime) -> None:
    """Refuse a start on or beyond the day of the date before or after, where those stand now."""
    far = max(original, start) + timedelta(days=366 * 12)
    originals = event.originals(far)
    at = originals.index(original)
    before = Row(event, originals[at - 1]).walls[0].date() if at else None
    after = Row(event, originals[at + 1]).walls[0].date() if at + 1 < len(originals) else None
    # microsoft-graph-docs, event-update: not to or before the previous one's day, nor to or after the next one's.
    if (before is not None and start.date() <= before) or (after is not None and start.date() >= after):
        raise Refusal(
            400,
            "ErrorOccurrenceCrossingBoundary",
            "Modified occurrence is crossing or overlapping adjacent occurrence.",
        )


def delete(ask: Ask, name: str, calendar: Calendar | None) -> Reply:
    """DELETE of an event, of a whole series, or of one date for good."""
    row = find(ask, name, calendar)
    _may_edit(ask.mailbox.items.calendars[row.event.calendar])
    _if_match(ask, row)
    ask.server.changing(ask.mailbox)
    _mail(ask, row.event)
    if row.original is None:
        ask.mailbox.remove(row.event)
    else:
        row.event.exceptions.pop(row.original, None)
        row.event.deleted.add(row.original)
        ask.mailbox.touch(row.event, ask.server.now())
    return Reply(204)


def _may_edit(calendar: Calendar) -> None:
    if not calendar.can_edit:
        raise Refusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def _if_match(ask: Ask, row: Row) -> None:
    wanted = ask.headers.get("if-match")
    if wanted is None or wanted == "*":
        return
    spurious = ask.server.spurious_412 > 0
    ask.server.spurious_412 -= spurious
    # analogdotnow/Analog#475: 412 ErrorIrresolvableConflict, at times though nothing has changed.
    if spurious or wanted != etag(row, ask.looks):
        raise Refusal(
            412,
            "ErrorIrresolvableConflict",
            "The send or update operation could not be performed because the change key passed in the request does "
            "not match the current change key for the item.",
        )


def _checked(ask: Ask, *, creating: bool) -> dict[str, Any]:
    """The body; refused and noted when Microsoft's own schema or the rules of the properties do not allow it."""
    body = _read_leniently(ask.body)
    wrong = complaint(body) if isinstance(body, dict) else "the body is no JSON object"
    if not wrong:
        wrong = next((f"{name} cannot be written" for name in body if name not in _WRITABLE and "@" not in name), "")
    if not wrong and creating:
        wrong = next((f"{name} is required" for name in ("start", "end") if not body.get(name)), "")
    if not wrong and not creating and "transactionId" in body:
        wrong = "transactionId can only be set at creation"
    for one in body.get("singleValueExtendedProperties") or () if not wrong else ():
        if not _PROPERTY.fullmatch(one.get("id") or "") or not isinstance(one.get("value"), str):
            wrong = f"{one} is no extended property"
    if wrong:
        ask.server.refused_bodies.append((ask.method, wrong, body))
        raise Refusal(400, "ErrorPropertyValidationFailure", f"At least one property failed validation: {wrong}.")
    return dict(body)


def _read_leniently(body: Any) -> Any:
    """The body with what Graph takes though its metadata spell it otherwise."""
    if not isinstance(body, dict):
        return body
    body = dict(body)
    if isinstance(body.get("body"), dict) and body["body"].get("contentType"):
        # microsoft-graph-docs, user-post-events, samples: "HTML" is taken as well as "html".
        body["body"] = {**body["body"], "contentType": str(body["body"]["contentType"]).lower()}
    if isinstance(body.get("isOnlineMeeting"), str):
        # python-o365, calendar.py: it has always sent this one as "true" or "false", in quotes.
        body["isOnlineMeeting"] = body["isOnlineMeeting"] == "true"
    return body


def _set_fields(fields: dict[str, Any], extended: dict[str, str], body: dict[str, Any]) -> None:
    for name in _PLAIN & body.keys():
        if body[name] is None:
            fields.pop(name, None)
        else:
            fields[name] = body[name]
    if "location" in body and "locations" not in body:
        # microsoft-graph-docs, event-update: the location replaces all that were in locations.
        named = (body["location"] or {}).get("displayName")
        fields["locations"] = [body["location"]] if named else []
    for one in body.get("singleValueExtendedProperties") or ():
        extended[one["id"]] = one["value"]


def _times(body: dict[str, Any], event: Event | None) -> tuple[datetime, datetime, ZoneInfo, str]:
    """Start and end on the clock of the start's zone, that zone, and the name that was given for it."""
    zone, zone_name = (event.zone, event.zone_name) if event is not None else (ZoneInfo("UTC"), "UTC")
    if "start" in body:
        zone_name = body["start"].get("timeZone") or "UTC"
        zone = zone_named(zone_name)
    was = {"start": event.start, "end": event.end} if event is not None else {}
    old = event.zone if event is not None else zone
    start, end = (
        _moment(body[name], zone) if name in body else wall(instant(was[name], old), zone) for name in ("start", "end")
    )
    all_day = bool(body.get("isAllDay", event is not None and event.fields.get("isAllDay", False)))
    _in_order(start, end, all_day)
    return start, end, zone, windows_name(zone_name)


def _moment(said: dict[str, Any], zone: ZoneInfo) -> datetime:
    own = zone_named(said.get("timeZone") or "UTC")
    try:
        at = parse_wall(said["dateTime"], own)
    except (KeyError, TypeError, ValueError):
        raise Refusal(400, "ErrorInvalidParameter", f"{said.get('dateTime')!r} is no dateTime.") from None
    return at if own.key == zone.key else wall(instant(at, own), zone)


def _in_order(start: datetime, end: datetime, all_day: bool) -> None:
    # microsoft-graph-docs, event: an all-day event starts and ends at midnight in one zone.
    if all_day and ({start.time(), end.time()} != {time()} or end <= start):
        raise Refusal(
            400, "ErrorPropertyValidationFailure", "The start and end of an all-day event need to be set to midnight."
        )
    if end < start:
        raise Refusal(400, "ErrorPropertyValidationFailure", "The end of the event is before its start.")


def _mail(ask: Ask, event: Event, body: dict[str, Any] | None = None) -> None:
    """Note whom Exchange would have written to (microsoft-graph-docs, event): the attendees of a meeting of ours."""
    attendees = {**event.fields, **(body or {})}.get("attendees") or []
    addresses = sorted(str((one.get("emailAddress") or {}).get("address", "")).lower() for one in attendees)
    if addresses and event.response == "organizer":
        ask.server.mailed.append((ask.method, event.id, tuple(addresses)))


def _uid(name: str) -> str:
    return "040000008200E00074C5B7101A82E008" + name[-44:].encode().hex().upper()[:48]
