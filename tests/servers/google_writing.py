"""events.insert, import, patch, update, delete and move: what is checked, what is stored, and who would get mail."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.servers.google_errors import ApiError, bad_request, not_found
from tests.servers.google_showing import shown_event
from tests.servers.google_store import Calendar, Entry, is_instance, is_live
from tests.servers.google_times import Series, instant, moment, read_when

if TYPE_CHECKING:
    from tests.servers.google import GoogleServer

__all__ = ["Mail", "Writes"]

Json = dict[str, Any]
Query = Mapping[str, Sequence[str]]
_ID = re.compile(r"[a-v0-9]{5,1024}")
_IGNORED = ("kind", "etag", "created", "updated", "htmlLink", "hangoutLink", "creator", "locked", "attendeesOmitted")
_FIXED = ("id", "iCalUID", "recurringEventId", "originalStartTime", "organizer", "eventType", "privateCopy")
"""Immutable after creation, or read-only (discovery document, Event)."""
_DEFAULTS = {
    "transparency": "opaque",
    "visibility": "default",
    "anyoneCanAddSelf": False,
    "guestsCanInviteOthers": True,
    "guestsCanModify": False,
    "guestsCanSeeOtherGuests": True,
}
"""Defaults of the discovery document, which are not shown."""
_STRICT = {"private": 1, "confidential": 1}
_SPECIAL_TYPES = ("focusTime", "outOfOffice", "workingLocation")


@dataclass(frozen=True)
class Mail:
    """A write for which Google would have sent mail: which method, on which event, to whom."""

    method: str
    event: str
    to: tuple[str, ...]


class Writes:
    """Writes to the calendars of one account."""

    def __init__(self, server: GoogleServer) -> None:
        self._server, self._store = server, server.store

    def insert(self, calendar: Calendar, role: str, body: Json, query: Query) -> Json:
        """events.insert."""
        if "id" in body and "iCalUID" in body:
            # "only one of them should be supplied at event creation time" (discovery document, Event.id).
            raise bad_request("Only one of id and iCalUID can be given.", "invalid", "iCalUID")
        if "id" in body and not _ID.fullmatch(body["id"]):
            # "lowercase letters a-v and digits 0-9 ... between 5 and 1024 characters" (discovery document, Event.id).
            raise bad_request("Invalid resource id value.", "invalid", "resource.id")
        taken = calendar.entries.get(body["id"]) if "id" in body else self._of_uid(calendar, body)
        if taken is not None:
            # A deleted event keeps its id, too (googleapis/google-api-ruby-client#1811).
            raise ApiError(409, "duplicate", "The requested identifier already exists.")
        event = body.get("id") or self._store.new_id()
        made = self._new(calendar, event, body)
        made.setdefault("iCalUID", f"{event}@google.com")
        return self._stored("insert", calendar, role, made, query)

    def import_(self, calendar: Calendar, role: str, body: Json, query: Query) -> Json:
        """events.import: "a private copy of an existing event", "Only events with an eventType of default"."""
        if "iCalUID" not in body:
            raise bad_request("Missing iCalUID.", "required", "iCalUID")
        if body.get("eventType", "default") != "default":
            raise bad_request("Only default events can be imported.", "eventTypeRestriction")
        body = {key: value for key, value in body.items() if key != "id"}
        old = self._store.by_uid(calendar, body["iCalUID"])
        made = self._new(calendar, old.body["id"] if old else self._store.new_id(), body)
        if "organizer" in body:
            made["organizer"] = body["organizer"]
        return self._stored("import", calendar, role, made, {**query, "sendUpdates": ["none"]})

    def patch(self, calendar: Calendar, role: str, event: str, body: Json, query: Query, match: str) -> Json:
        """events.patch: what is named is changed, null removes, objects are merged, arrays replaced (guide
        "Working with partial resources")."""
        found = self._target(calendar, event, match)
        if "eventType" in body:
            # Refused even where it says what is so (dust-tt/dust#25265).
            raise bad_request("Event type cannot be changed.", "eventTypeRestriction", "eventType")
        base = found.body
        if is_instance(base) and not is_live(base):
            if body.get("status") not in ("confirmed", "tentative"):
                raise ApiError(403, "forbidden", "Forbidden")
            base = self._restored(calendar, base, body)
        elif body.get("status") == "cancelled":
            entry = self._store.cancel(calendar, base)
            self._mail("patch", base, query)
            return shown_event(entry.body, entry.at, calendar, role)
        return self._changed("patch", calendar, role, found, _merged(base, _writable(body)), body, query)

    def update(self, calendar: Calendar, role: str, event: str, body: Json, query: Query, match: str) -> Json:
        """events.update: the whole resource anew; what is not given is gone."""
        found = self._target(calendar, event, match)
        if is_instance(found.body) and not is_live(found.body) and body.get("status") not in ("confirmed", "tentative"):
            raise ApiError(403, "forbidden", "Forbidden")
        if body.get("eventType", found.body.get("eventType", "default")) != found.body.get("eventType", "default"):
            raise bad_request("Event type cannot be changed.", "eventTypeRestriction", "eventType")
        if body.get("status") == "cancelled":
            entry = self._store.cancel(calendar, found.body)
            self._mail("update", found.body, query)
            return shown_event(entry.body, entry.at, calendar, role)
        kept = {key: found.body[key] for key in (*_FIXED, "creator", "created", "sequence") if key in found.body}
        if "eventType" not in kept:
            kept |= {"eventType": "default", "sequence": 0, "organizer": self._me(calendar), "creator": self._creator()}
        made = {**kept, "status": "confirmed", "reminders": {"useDefault": True}, **_writable(body)}
        return self._changed("update", calendar, role, found, made, body, query)

    def delete(self, calendar: Calendar, event: str, query: Query, match: str) -> None:
        """events.delete: of an instance, it cancels that one date."""
        found = self._store.find(calendar, event)
        if found is None:
            raise not_found()
        if not is_live(found.body):
            # googleapis/google-api-python-client#210: deleting again is 410.
            raise ApiError(410, "deleted", "Resource has been deleted")
        _check_match(found, match)
        self._mail("delete", found.body, query)
        self._store.cancel(calendar, found.body)

    def move(self, calendar: Calendar, role: str, event: str, target: Calendar, query: Query) -> Json:
        """events.move: "leave behind a cancelled event" (discovery document, Event.status)."""
        found = self._target(calendar, event, "")
        if is_instance(found.body) or found.body.get("eventType", "default") != "default":
            raise bad_request("Cannot move an instance, or an event of a special type.", "invalid")
        if event in target.entries and is_live(target.entries[event].body):
            raise ApiError(409, "duplicate", "The requested identifier already exists.")
        body = copy.deepcopy(found.body)
        for entry in calendar.exceptions(event):
            target.entries[entry.body["id"]] = entry
        self._store.cancel(calendar, found.body)
        return self._stored("move", target, role, {**body, "organizer": self._me(target)}, query)

    # --- what comes of a body ---

    def _of_uid(self, calendar: Calendar, body: Json) -> Entry | None:
        return self._store.by_uid(calendar, body["iCalUID"]) if "iCalUID" in body else None

    def _new(self, calendar: Calendar, event: str, body: Json) -> Json:
        if body.get("status") == "cancelled":
            raise bad_request("A new event cannot be cancelled.", "invalid", "status")
        made = {
            "status": "confirmed",
            "sequence": 0,
            "eventType": "default",
            "reminders": {"useDefault": True},
            "organizer": self._me(calendar),
            "creator": self._creator(),
            **_writable(body),
            "id": event,
        }
        for key in ("iCalUID", "eventType"):
            if key in body:
                made[key] = body[key]
        return self._checked(calendar, made, None)

    def _changed(
        self, method: str, calendar: Calendar, role: str, found: Entry, made: Json, body: Json, query: Query
    ) -> Json:
        made = self._checked(calendar, made, found.body)
        moved = any(made.get(key) != found.body.get(key) for key in ("start", "end", "recurrence"))
        old = int(found.body.get("sequence", 0))
        if int(body.get("sequence") or old) < old:
            message = (
                "Invalid sequence value. The specified sequence number is below the current sequence number of the"
                " resource. Re-fetch the resource and use its sequence number on the following request."
            )
            raise bad_request(message, "invalid", "sequence")
        made["sequence"] = max(int(made.get("sequence") or 0), old + moved)
        if is_instance(made):
            self._tighten(calendar, made)
        return self._stored(method, calendar, role, made, query, before=found.body)

    def _stored(
        self, method: str, calendar: Calendar, role: str, made: Json, query: Query, before: Json | None = None
    ) -> Json:
        # "changing reminders does not also change the updated property" (discovery document, Event.reminders).
        same = before is not None and _without_reminders(before) == _without_reminders(made)
        entry = self._store.save(calendar, made, touched=not same)
        self._mail(method, made, query)
        return shown_event(entry.body, entry.at, calendar, role)

    def _target(self, calendar: Calendar, event: str, match: str) -> Entry:
        found = self._store.find(calendar, event)
        if found is None:
            raise not_found()
        if not is_live(found.body) and (not is_instance(found.body) or found.orphan):
            # An update of a deleted event was seen to give 403 (googleapis/google-api-java-client#1535).
            raise ApiError(403, "forbidden", "Forbidden")
        _check_match(found, match)
        return found

    def _restored(self, calendar: Calendar, base: Json, body: Json) -> Json:
        """A cancelled instance on its way back: all that is kept of it is its name, so the times must be given."""
        for key in ("start", "end"):
            if not body.get(key):
                raise bad_request(f"Missing {key} time.", "required", key)
        master = calendar.entries[base["recurringEventId"]].body
        series = Series(master, calendar.zone)
        at = series.has(base["id"].rpartition("_")[2])
        assert at is not None
        fresh = self._store.instance(master, series, at)
        return {key: value for key, value in fresh.items() if key not in ("start", "end")}

    def _tighten(self, calendar: Calendar, made: Json) -> None:
        """ "If the new setting is more restrictive, it is applied to all instances. If ... less restrictive, the
        change is ignored" (discovery document, Event.visibility)."""
        master = calendar.entries[made["recurringEventId"]]
        wanted, stands = made.get("visibility", "default"), master.body.get("visibility", "default")
        if _STRICT.get(wanted, 0) <= _STRICT.get(stands, 0):
            made.pop("visibility", None)
            if stands != "default":
                made["visibility"] = stands
            return
        self._store.save(calendar, {**master.body, "visibility": wanted})
        for other in calendar.exceptions(made["recurringEventId"]):
            if is_live(other.body):
                self._store.save(calendar, {**other.body, "visibility": wanted})

    def _checked(self, calendar: Calendar, made: Json, old: Json | None) -> Json:
        """`made` as it is stored; refuses what Google refuses."""
        made = {key: value for key, value in made.items() if value is not None}
        _check_times(calendar, made)
        _check_recurrence(calendar, made)
        _check_reminders(made)
        _keep_properties(made)
        self._check_type(calendar, made, old)
        for key, default in _DEFAULTS.items():
            if made.get(key) == default:
                del made[key]
        if made.get("attendees"):
            made["attendees"] = [self._attendee(calendar, one) for one in made["attendees"]]
        for key in ("attendees", "recurrence", "attachments"):
            if made.get(key) == []:
                del made[key]
        return made

    def _check_type(self, calendar: Calendar, made: Json, old: Json | None) -> None:
        kind = made.get("eventType", "default")
        if kind == "fromGmail" and old is None:
            # "fromGmail - An event from Gmail. This type of event cannot be created" (discovery document).
            raise bad_request("An event from Gmail cannot be created.", "eventTypeRestriction", "eventType")
        if kind not in ("default", "fromGmail", "birthday", *_SPECIAL_TYPES):
            raise bad_request("Invalid value for eventType.", "invalid", "eventType")
        if kind not in _SPECIAL_TYPES:
            return
        if old is None and not (self._server.workspace and calendar.primary):
            # Status events exist "only on primary calendars, and only for some users" (guide "Manage focus time").
            raise bad_request("The event type is not allowed here.", "eventTypeRestriction", "eventType")
        if kind == "focusTime":
            if "date" in made["start"]:
                raise bad_request("A focus time event must have start and end times.", "invalid", "start")
            made["transparency"] = "opaque"

    def _attendee(self, calendar: Calendar, one: Json) -> Json:
        if not one.get("email") or "@" not in one["email"]:
            raise bad_request("Missing attendee email.", "required", "attendees.email")
        made = {"responseStatus": "needsAction", **{k: v for k, v in one.items() if k not in ("self", "organizer")}}
        if made["email"].lower() == self._server.email:
            made["self"] = True
            made |= {"organizer": True} if calendar.primary else {}
        return made

    def _me(self, calendar: Calendar) -> Json:
        if calendar.primary:
            return {"email": self._server.email, "self": True}
        return {"email": calendar.id, "displayName": calendar.summary, "self": True}

    def _creator(self) -> Json:
        return {"email": self._server.email, "self": True}

    def _mail(self, method: str, body: Json, query: Query) -> None:
        # Guests are told unless sendUpdates says none, and then "some emails might still be sent" (discovery document).
        others = tuple(one["email"] for one in body.get("attendees", []) if not one.get("self"))
        if others and list(query.get("sendUpdates", [])) != ["none"]:
            self._server.mailed.append(Mail(f"events.{method}", body["id"], others))


def _check_match(found: Entry, match: str) -> None:
    # xorbitsai/xagent#2339: a stale If-Match is 412 conditionNotMet.
    if match and match not in (found.etag, "*"):
        raise ApiError(412, "conditionNotMet", "Precondition Failed", location="If-Match", location_type="header")


def _writable(body: Json) -> Json:
    return {key: copy.deepcopy(value) for key, value in body.items() if key not in (*_IGNORED, *_FIXED)}


def _merged(base: Json, patch: Json) -> Json:
    made = copy.deepcopy(base)
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        elif isinstance(value, dict) and isinstance(made.get(key), dict):
            made[key] = _merged(made[key], value)
        else:
            made[key] = value
    return made


def _without_reminders(body: Json) -> Json:
    return {key: value for key, value in body.items() if key not in ("reminders", "updated", "created")}


def _check_times(calendar: Calendar, made: Json) -> None:
    for key in ("start", "end"):
        if not made.get(key):
            # Annotated as required for insert, import and update (discovery document, Event.start).
            raise bad_request(f"Missing {key} time.", "required", key)
        given = made[key]
        if made.get("recurrence") and given.get("dateTime") and not given.get("timeZone"):
            # "For recurring events this field is required" (discovery document, EventDateTime.timeZone).
            raise bad_request(f"Missing time zone definition for {key} time.", "required", key)
        try:
            made[key] = read_when(given, calendar.timezone)
        except (ValueError, OSError, KeyError):
            raise bad_request(f"Invalid {key} time.", "invalid", key) from None
    if ("date" in made["start"]) != ("date" in made["end"]):
        raise bad_request("Start and end times must either both be date or both be dateTime.", "invalid", "end")
    first, last = (instant(moment(made[key]), calendar.zone) for key in ("start", "end"))
    if last < first:
        raise ApiError(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar", location="end")


def _check_recurrence(calendar: Calendar, made: Json) -> None:
    if not made.get("recurrence"):
        return
    if is_instance(made):
        # "This field is omitted for single events or instances of recurring events" (discovery document).
        raise bad_request("An instance cannot recur.", "invalid", "recurrence")
    try:
        Series(made, ZoneInfo(calendar.timezone))
    except (ValueError, TypeError, KeyError):
        raise bad_request("Invalid recurrence rule.", "invalid", "recurrence") from None


def _check_reminders(made: Json) -> None:
    reminders = made.get("reminders", {})
    overrides = reminders.get("overrides", [])
    # "The maximum number of override reminders is 5"; "between 0 and 40320" (discovery document).
    if len(overrides) > 5 or any(not 0 <= one.get("minutes", -1) <= 40320 for one in overrides):
        raise bad_request("Invalid reminders.", "invalid", "reminders")
    if reminders.get("useDefault") and overrides:
        message = "Cannot specify both default reminders and overrides at the same time."
        raise ApiError(400, "cannotUseDefaultRemindersAndSpecifyOverride", message, domain="calendar")


def _keep_properties(made: Json) -> None:
    """Limits (guide "Extended properties"): a key longer than 44 characters is "silently dropped", a value longer than
    1024 "silently truncated", "up to 300 properties totaling up to 32kB"."""
    properties = made.get("extendedProperties")
    if not properties:
        return
    kept = {
        kind: {key: value[:1024] for key, value in pairs.items() if len(key) <= 44}
        for kind, pairs in properties.items()
    }
    every = [pair for pairs in kept.values() for pair in pairs.items()]
    if len(every) > 300 or sum(len(key) + len(value) for key, value in every) > 32_768:
        raise bad_request("Extended properties are too many or too large.", "invalid", "extendedProperties")
    made["extendedProperties"] = {kind: pairs for kind, pairs in kept.items() if pairs}
    if not made["extendedProperties"]:
        del made["extendedProperties"]
