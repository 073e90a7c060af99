"""What the account keeps: calendars, each with its events by id, and the order in which they changed."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.servers.google_times import Moment, Series, moment, stamp, when

__all__ = ["Calendar", "Entry", "Store", "is_instance", "is_live"]

Json = dict[str, Any]
_INSTANCE = re.compile(r"(.+)_(\d{8}(?:T\d{6}Z)?)")
_NOT_INHERITED = ("recurrence", "created", "updated")


@dataclass
class Entry:
    """A stored event. `at` is the number of its last change.

    `orphan` is True for an exception whose date its series no longer gives: it is only told of in deltas.
    """

    body: Json
    at: int
    orphan: bool = False

    @property
    def etag(self) -> str:
        """Quoted, and another one after each change."""
        return etag_of(self.at)


@dataclass
class Calendar:
    """One calendar of the account. `role` is the accessRole of the leader in it."""

    id: str
    summary: str
    role: str = "owner"
    timezone: str = "Europe/Berlin"
    primary: bool = False
    app_created: bool = False
    default_reminders: list[Json] = field(default_factory=lambda: [{"method": "popup", "minutes": 10}])
    working_hours: Json | None = None
    entries: dict[str, Entry] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone."""
        return ZoneInfo(self.timezone)

    def masters(self) -> Iterator[Entry]:
        """Every event that is no exception, deleted ones included."""
        return (entry for entry in list(self.entries.values()) if not is_instance(entry.body))

    def exceptions(self, master: str) -> list[Entry]:
        """The stored exceptions of a series, orphans left out."""
        return [e for e in self.entries.values() if e.body.get("recurringEventId") == master and not e.orphan]


def is_instance(body: Json) -> bool:
    """True for an instance of a series."""
    return "recurringEventId" in body


def is_live(body: Json) -> bool:
    """True unless it is deleted or cancelled."""
    return bool(body.get("status") != "cancelled")


def etag_of(at: int) -> str:
    """The ETag of what was changed last by change number `at`."""
    return f'"{3_480_508_598_540_000 + at}"'


class Store:
    """All calendars by id, and one count of changes for all of them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.calendars: dict[str, Calendar] = {}
        self.changes = 0
        self._made = 0

    def stamped(self) -> str:
        """The server's time as `created` and `updated` have it."""
        return f"{self.now().astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"

    def new_id(self) -> str:
        """A generated event id: never twice, and always the same ones in the same order."""
        self._made += 1
        digest = hashlib.sha256(f"event {self._made}".encode()).digest()
        return base64.b32hexencode(digest).decode().lower()[:26]

    def save(self, calendar: Calendar, body: Json, *, touched: bool = True) -> Entry:
        """Store `body` under its id as a new change; `touched` False leaves `updated` alone."""
        self.changes += 1
        old = calendar.entries.get(body["id"])
        created = old.body.get("created") if old else None
        body = {**body, "created": body.get("created") or created or self.stamped()}
        if touched or not body.get("updated"):
            body["updated"] = self.stamped()
        entry = Entry(body, self.changes)
        calendar.entries[body["id"]] = entry
        if not is_instance(body):
            self.settle(calendar, body)
        return entry

    def touch(self, calendar: Calendar, event: str) -> None:
        """A new version of the same content; an instance without a version of its own is its series'."""
        entry = calendar.entries.get(event) or calendar.entries.get(self.master_of(event))
        if entry is not None and is_live(entry.body):
            self.save(calendar, entry.body)

    def cancel(self, calendar: Calendar, body: Json) -> Entry:
        """Delete an event, which keeps its details, or cancel an instance, which keeps only what names it.

        "Cancelled exceptions are only guaranteed to have values for the id, recurringEventId and originalStartTime";
        "cancelled events continue to expose event details so that they can be restored" (discovery document,
        Event.status).
        """
        kept = cancelled_instance(body) if is_instance(body) else {**body, "status": "cancelled"}
        return self.save(calendar, kept)

    def settle(self, calendar: Calendar, master: Json) -> None:
        """After a change of a series: exceptions whose original start it no longer gives are gone.

        The others stay as they are: "changes are preserved even if the recurring event itself is updated" (Google
        Apps Developer Blog, "Calendar v3 best practices: recurring events", 2011).
        """
        series = Series(master, calendar.zone) if is_live(master) and master.get("recurrence") else None
        for entry in list(calendar.entries.values()):
            if entry.body.get("recurringEventId") != master["id"]:
                continue
            stays = series is not None and series.has(entry.body["id"].rpartition("_")[2]) is not None
            if entry.orphan and stays:
                del calendar.entries[entry.body["id"]]
            elif not entry.orphan and not stays:
                self.changes += 1
                gone = {**cancelled_instance(entry.body), "updated": self.stamped(), "created": entry.body["created"]}
                calendar.entries[entry.body["id"]] = Entry(gone, self.changes, orphan=True)

    def find(self, calendar: Calendar, event: str) -> Entry | None:
        """The event `event`: stored, or an instance that its series gives, with the series' ETag."""
        entry = calendar.entries.get(event)
        if entry is not None and not entry.orphan:
            return entry
        name = _INSTANCE.fullmatch(event)
        master = calendar.entries.get(name[1]) if name else None
        if name is None or master is None or not is_live(master.body) or not master.body.get("recurrence"):
            return entry
        series = Series(master.body, calendar.zone)
        at = series.has(name[2])
        return entry if at is None else Entry(self.instance(master.body, series, at), master.at)

    def master_of(self, event: str) -> str:
        """The id of the series in the id of an instance, "" when it is none."""
        name = _INSTANCE.fullmatch(event)
        return name[1] if name else ""

    def instance(self, master: Json, series: Series, at: Moment) -> Json:
        """The instance of `at` as the series has it: everything is inherited but its place in time."""
        made = copy.deepcopy({key: value for key, value in master.items() if key not in _NOT_INHERITED})
        made |= {
            "id": f"{master['id']}_{stamp(at)}",
            "recurringEventId": master["id"],
            "originalStartTime": when(at, master["start"].get("timeZone", "")),
            "start": when(at, master["start"].get("timeZone", "")),
            "end": when(series.end_of(at), master["end"].get("timeZone", "")),
            "created": master["created"],
            "updated": master["updated"],
        }
        return made

    def by_uid(self, calendar: Calendar, uid: str) -> Entry | None:
        """The series or single event of that iCalUID, deleted or not."""
        return next((entry for entry in calendar.masters() if entry.body.get("iCalUID") == uid), None)

    def original(self, body: Json) -> Moment:
        """When an instance would start by the rule."""
        return moment(body["originalStartTime"])


def cancelled_instance(body: Json) -> Json:
    """What is kept of a cancelled instance."""
    kept = {key: body[key] for key in ("id", "recurringEventId", "originalStartTime", "iCalUID") if key in body}
    return {**kept, "status": "cancelled"}
