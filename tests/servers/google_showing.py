"""How stored events are shown: to whom, in which zone, how much of a cancelled one, and which fields were asked for."""

from __future__ import annotations

import copy
from typing import Any
from zoneinfo import ZoneInfo

from tests.servers.google_errors import bad_request
from tests.servers.google_schema import visible_fields
from tests.servers.google_store import Calendar, etag_of, is_instance, is_live
from tests.servers.google_times import shown_when

__all__ = ["FieldMask", "shown_event"]

Json = dict[str, Any]
_ALWAYS = ("id", "status", "created", "updated", "iCalUID", "sequence", "eventType", "recurringEventId", "recurrence")
_WHENS = ("start", "end", "originalStartTime")


def shown_event(
    body: Json,
    at: int,
    calendar: Calendar,
    role: str,
    *,
    zone: str = "",
    max_attendees: int = 0,
    details: bool = True,
) -> Json:
    """The event as an answer has it; `role` is what the caller may see of it, `zone` the zone of the answer.

    `details` False shows of a deleted event its id alone ("incremental sync requests with showDeleted set to false
    will not return these details", discovery document, Event.status).
    """
    place = ZoneInfo(zone or calendar.timezone)
    head = {"kind": "calendar#event", "etag": etag_of(at)}
    if not is_live(body) and is_instance(body):
        kept = {key: body[key] for key in ("id", "status", "recurringEventId")}
        return {**head, **kept, "originalStartTime": shown_when(body["originalStartTime"], place)}
    if not is_live(body) and not details:
        return {**head, "id": body["id"], "status": "cancelled"}
    shown = {**head, **copy.deepcopy(body)}
    if _hides(body, role):
        # "Private events will appear to users with reader access, but event details will be hidden"; a
        # freeBusyReader sees times only (discovery document, Events.accessRole).
        shown = {**head, **{key: body[key] for key in (*_ALWAYS, *_WHENS) if key in body}, "visibility": "private"}
        if body.get("transparency"):
            shown["transparency"] = body["transparency"]
    else:
        shown["htmlLink"] = f"https://www.google.com/calendar/event?eid={body['id']}"
    for key in _WHENS:
        if key in shown:
            shown[key] = shown_when(shown[key], place)
    if max_attendees and len(shown.get("attendees", [])) > max_attendees:
        # "If there are more than the specified number of attendees, only the participant is returned" (maxAttendees).
        shown["attendees"] = [one for one in shown["attendees"] if one.get("self")]
        shown["attendeesOmitted"] = True
    return shown


def _hides(body: Json, role: str) -> bool:
    if role == "freeBusyReader":
        return True
    private = body.get("visibility") in ("private", "confidential")
    return private and role in ("reader", "writerWithoutPrivateAccess")


class FieldMask:
    """The `fields` parameter: `items(id,start/date),nextPageToken`, `*` for all (guide "Working with partial
    resources"). What is not named is not answered, tokens included."""

    def __init__(self, text: str, schema: str) -> None:
        self._text, self._at = text, 0
        self._tree = self._names(schema, ())
        if self._at != len(text):
            raise self._wrong(text[self._at :])

    def of(self, answer: Any) -> Any:
        """The answer without what was not asked for."""
        return _masked(answer, self._tree)

    def _wrong(self, name: str) -> Exception:
        return bad_request(f"Invalid field selection {name}", "invalidParameter", "fields")

    def _names(self, schema: str, path: tuple[str, ...]) -> Json:
        tree: Json = {}
        while True:
            _merge(tree, self._name(schema, path))
            if self._peek() != ",":
                return tree
            self._at += 1

    def _name(self, schema: str, path: tuple[str, ...]) -> Json:
        begin = self._at
        while self._peek() not in ("", ",", "(", ")", "/"):
            self._at += 1
        name = self._text[begin : self._at].strip()
        here = (*path, name)
        if not name or not visible_fields(schema, here):
            raise self._wrong(name)
        if self._peek() == "/":
            self._at += 1
            return {name: self._name(schema, here)}
        if self._peek() == "(":
            self._at += 1
            inner = self._names(schema, here)
            if self._peek() != ")":
                raise self._wrong(self._text[begin:])
            self._at += 1
            return {name: inner}
        return {name: {}}

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]


def _merge(tree: Json, more: Json) -> None:
    """Add `more`; an empty tree stands for everything below."""
    for name, inner in more.items():
        if name in tree and tree[name] and inner:
            _merge(tree[name], inner)
        else:
            tree[name] = {} if name in tree else inner


def _masked(value: Any, tree: Json) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_masked(one, tree) for one in value]
    if not isinstance(value, dict):
        return value
    if "*" in tree:
        return {name: _masked(inner, tree.get(name, tree["*"])) for name, inner in value.items()}
    return {name: _masked(value[name], inner) for name, inner in tree.items() if name in value}
