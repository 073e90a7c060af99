"""What a mailbox on the Graph test server keeps: calendars, events with their exceptions, and what changed when.

Decided here, as no source says it:

- An occurrence shares the ETag of its series, since Exchange keeps a series in one item (`occurrences_share_etag` on
  the server for the other behaviour).
- The id of a created event follows from its transactionId by a hash, so that a test can know it beforehand.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

from tests.servers.graph_recurrence import Starts
from tests.servers.graph_zones import instant, wall, zone_named

__all__ = ["DEFAULTS", "Calendar", "Event", "Items", "Mailbox", "Patch", "Row", "changeable_id", "event_id"]

# What an event has that was created with a subject and times only (microsoft-graph-docs, event, and its samples).
DEFAULTS: dict[str, Any] = {
    "subject": "",
    "body": {"contentType": "html", "content": ""},
    "importance": "normal",
    "sensitivity": "normal",
    "showAs": "busy",
    "isAllDay": False,
    "isCancelled": False,
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
    "responseRequested": True,
    "allowNewTimeProposals": True,
    "hideAttendees": False,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "categories": [],
    "location": {"displayName": ""},
    "locations": [],
    "attendees": [],
}


_IMMUTABLE = "AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A"


def event_id(*parts: str) -> str:
    """An immutable id (microsoft-graph-docs, outlook-immutable-id: they begin with AAkALgAA), case-sensitive."""
    return _IMMUTABLE + _hashed("\x1f".join(parts))


@cache
def changeable_id(immutable: str) -> str:
    """The id that a request gets that did not ask for immutable ones: it would change when the event is moved."""
    return "AQMkAGM2AAE" + _hashed("changeable\x1f" + immutable)


def _hashed(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()


@dataclass
class Calendar:
    """One calendar of a mailbox."""

    id: str
    name: str
    can_edit: bool = True
    default: bool = False
    color: str = "auto"


@dataclass
class Patch:
    """What one date of a series has of its own: an exception."""

    start: datetime
    end: datetime
    fields: dict[str, Any] = field(default_factory=dict)
    extended: dict[str, str] = field(default_factory=dict)
    version: int = 0


@dataclass
class Event:
    """A single event or the master of a series; `start` and `end` are wall-clock times in `zone`."""

    id: str
    calendar: str
    uid: str
    start: datetime
    end: datetime
    zone: ZoneInfo
    zone_name: str
    created: datetime
    fields: dict[str, Any] = field(default_factory=dict)
    extended: dict[str, str] = field(default_factory=dict)
    transaction: str | None = None
    recurrence: dict[str, Any] | None = None
    exceptions: dict[datetime, Patch] = field(default_factory=dict)
    deleted: set[datetime] = field(default_factory=set)
    organizer: dict[str, Any] | None = None
    response: str = "organizer"
    version: int = 0
    changed: datetime = datetime(1970, 1, 1, tzinfo=UTC)

    @cached_property
    def starts(self) -> Starts:
        """The original starts of the series."""
        assert self.recurrence is not None
        return Starts(self.recurrence, self.start, self.zone)

    def renewed(self) -> None:
        """To be called when times or recurrence have changed."""
        self.__dict__.pop("starts", None)

    def copy(self) -> Event:
        """The event as it is now, whatever happens to this one."""
        exceptions = {
            at: replace(p, fields=dict(p.fields), extended=dict(p.extended)) for at, p in self.exceptions.items()
        }
        own = {"fields": dict(self.fields), "extended": dict(self.extended), "deleted": set(self.deleted)}
        return replace(self, exceptions=exceptions, **own)

    def originals(self, until: datetime) -> list[datetime]:
        """Original starts before `until` that were not deleted."""
        return [at for at in self.starts.until(until) if at not in self.deleted]

    def dates(self, begin: datetime, end: datetime, home: ZoneInfo) -> Iterator[Row]:
        """The rows of the series that overlap the instants `begin` to `end`, by original start."""
        margin = self.end - self.start + timedelta(days=2)
        low, high = (wall(at, self.zone) for at in (begin, end))
        near = set(self.starts.between(low - margin, high + timedelta(days=2))) | self.exceptions.keys()
        for at in sorted(near - self.deleted):
            row = Row(self, at)
            if row.overlaps(begin, end, home):
                yield row


@dataclass(frozen=True)
class Row:
    """A single event, a master, or one date of a series, as a list shows it."""

    event: Event
    original: datetime | None = None

    @property
    def patch(self) -> Patch | None:
        """What the date has of its own."""
        return self.event.exceptions.get(self.original) if self.original is not None else None

    @property
    def kind(self) -> str:
        """The event type."""
        if self.original is not None:
            return "exception" if self.patch is not None else "occurrence"
        return "singleInstance" if self.event.recurrence is None else "seriesMaster"

    @property
    def id(self) -> str:
        """The immutable id."""
        if self.original is None:
            return self.event.id
        # microsoft-graph-docs#1716: the ids there hold the original date without a time; so it is the series and that.
        return event_id("occurrence", self.event.id, self.original.date().isoformat())

    @property
    def walls(self) -> tuple[datetime, datetime]:
        """Start and end on the clock of the event's zone."""
        if self.patch is not None:
            return self.patch.start, self.patch.end
        if self.original is not None:
            # The length of an occurrence is one of the wall clock, as that of its master.
            return self.original, self.original + (self.event.end - self.event.start)
        if self.event.recurrence is not None:
            first = self.event.starts.first() or self.event.start
            return first, first + (self.event.end - self.event.start)
        return self.event.start, self.event.end

    @property
    def fields(self) -> dict[str, Any]:
        """The properties, those of the date before those of the series."""
        own = self.patch.fields if self.patch is not None else {}
        return {**DEFAULTS, **self.event.fields, **own}

    @property
    def extended(self) -> dict[str, str]:
        """The extended properties, those of the date before those of the series."""
        return {**self.event.extended, **(self.patch.extended if self.patch is not None else {})}

    def instants(self, home: ZoneInfo) -> tuple[datetime, datetime]:
        """Start and end in UTC; an all-day event lasts from midnight to midnight in the mailbox's zone `home`."""
        zone = home if self.fields["isAllDay"] else self.event.zone
        start, end = self.walls
        return instant(start, zone), instant(end, zone)

    def overlaps(self, begin: datetime, end: datetime, home: ZoneInfo) -> bool:
        """Whether it has a moment in the half-open span, or is a moment in it."""
        start, stop = self.instants(home)
        return start < end and (stop > begin or start == stop == begin)


@dataclass
class Items:
    """What is in a mailbox at a time: what a read sees that comes too early after a write is an older one of these."""

    calendars: dict[str, Calendar] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    gone: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Deleted events: their calendar, and the number of the change."""
    version: int = 0
    trash: dict[str, Event] = field(default_factory=dict)
    """Deleted events as they were."""

    def copy(self) -> Items:
        """What stays as it is now when the mailbox changes."""
        events = {name: event.copy() for name, event in self.events.items()}
        calendars = {name: replace(calendar) for name, calendar in self.calendars.items()}
        return Items(calendars, events, dict(self.gone), self.version, dict(self.trash))

    def of(self, calendar: str) -> list[Event]:
        """The events of a calendar, in the order of their last change."""
        return sorted((e for e in self.events.values() if e.calendar == calendar), key=lambda e: (e.version, e.id))


class Mailbox:
    """One person's mailbox."""

    def __init__(self, address: str, name: str, zone: str) -> None:
        self.address = address
        self.name = name
        self.zone_name = zone
        self.items = Items()
        self.taken: dict[str, tuple[str, str]] = {}
        """transactionIds that were used: the event's id and what it was created with."""
        self.occurrences: dict[str, tuple[str, date]] = {}
        """Ids of dates that were shown: their series and original date."""
        self.unindexed: dict[str, int] = {}
        """Events that a question by an extended property does not find yet, and how many more it will not."""
        self.stale: Items | None = None
        self.stale_reads = 0
        self.working: tuple[time, time, list[str]] | None = (
            time(9),
            time(17),
            ["monday", "tuesday", "wednesday", "thursday", "friday"],
        )
        """One start and one end for all days (learn.microsoft.com/answers, question 1291456)."""
        self.working_zone: dict[str, Any] | None = None
        """The zone of the working hours where it is another than the mailbox's: they may differ (workingHours)."""

    @property
    def home(self) -> ZoneInfo:
        """The mailbox's zone."""
        return zone_named(self.zone_name)

    def immutable(self, name: str) -> str:
        """The immutable form of an id that came in either form."""
        if name.startswith(_IMMUTABLE):
            return name
        known = (*self.items.events, *self.items.gone, *self.occurrences)
        return next((one for one in known if changeable_id(one) == name), name)

    @property
    def default(self) -> Calendar | None:
        """The primary calendar."""
        return next((c for c in self.items.calendars.values() if c.default), None)

    def add_calendar(self, name: str, *, default: bool = False, can_edit: bool = True) -> Calendar:
        """A new calendar; its id is constant, whatever form of ids is asked for."""
        made = Calendar("AQMkAGM2CAL" + _hashed(f"{self.address}/{name}")[:32], name, can_edit, default)
        self.items.calendars[made.id] = made
        return made

    def touch(self, event: Event, now: datetime, patch: Patch | None = None) -> None:
        """Note that the event has changed."""
        self.items.version += 1
        event.version = self.items.version
        event.changed = now
        if patch is not None:
            patch.version = event.version
        self.items.events[event.id] = event
        if self.items.gone.get(event.id, ("",))[0] == event.calendar:
            del self.items.gone[event.id]

    def remove(self, event: Event) -> None:
        """Delete an event, a master with its whole series."""
        self.items.version += 1
        self.items.trash[event.id] = self.items.events.pop(event.id)
        self.items.gone[event.id] = (event.calendar, self.items.version)

    def move(self, event: Event, calendar: str, now: datetime) -> None:
        """Put an event into another calendar; its immutable id stays (microsoft-graph-docs, outlook-immutable-id)."""
        self.items.gone[event.id] = (event.calendar, self.items.version + 1)
        event.calendar = calendar
        self.touch(event, now)
