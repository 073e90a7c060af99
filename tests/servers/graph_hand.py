"""Another program's, or the leader's, hand on the Graph test server: no HTTP, no faults, no limits.

A calendar is named by its id or its name, "" is the primary one of whoever signs in; an event by its immutable id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from tests.servers.graph_ical import KEY, Read, read, written
from tests.servers.graph_json import Looks, etag, event_json
from tests.servers.graph_store import Event, Mailbox, Patch, Row, event_id

if TYPE_CHECKING:
    from tests.servers.graph import GraphServer

__all__ = ["Hand"]


class Hand:
    """What can be done to the stored events; `address` is whose mailbox it is (that of whoever signs in)."""

    def __init__(self, server: GraphServer, address: str = "") -> None:
        self._server = server
        self._address = address

    def of(self, address: str) -> Hand:
        """The hand on another mailbox."""
        return Hand(self._server, address.lower())

    # --- iCalendar in and out ---

    def put(self, calendar: str, uid: str, ical: bytes) -> str:
        """Store the event of that UID, or replace it; returns its id, which is the same after a deletion, too."""
        with self._server._lock:
            name = event_id("put", self._box.address, self._id(calendar), uid)
            self._store(calendar, name, read(ical, self._box), uid)
            return name

    def put_named(self, calendar: str, name: str, ical: bytes) -> None:
        """Create or replace the event of that very id; one that was created over HTTP keeps its transactionId."""
        with self._server._lock:
            found = read(ical, self._box)
            self._store(calendar, name, found, found.uid)

    def ical(self, calendar: str, name: str) -> bytes:
        """What is stored, as iCalendar; KeyError when there is none."""
        with self._server._lock:
            return written(self._event(calendar, name), self._box)

    def names(self, calendar: str = "") -> list[str]:
        """The ids of all masters and single events, sorted."""
        with self._server._lock:
            return sorted(event.id for event in self._box.items.of(self._id(calendar)))

    def snapshot(self, calendar: str = "") -> dict[str, bytes]:
        """Every event as iCalendar by its id: what two runs are compared by."""
        return {name: self.ical(calendar, name) for name in self.names(calendar)}

    def name_of(self, key: str, suffix: str = "") -> str:
        """The id of the event that is created with transactionId `calsync:<key>` (`suffix`: ":1", "/20261207")."""
        return event_id("transaction", self._box.address, f"calsync:{key}{suffix}")

    # --- what people do in Outlook ---

    def delete(self, calendar: str, name: str) -> None:
        """Delete an event, a master with its series; KeyError when there is none."""
        with self._server._lock:
            event = self._event(calendar, name)
            self._server.changing(self._box)
            self._box.remove(event)

    def move(self, calendar: str, name: str, to: str) -> None:
        """Move an event, a master with its series, to the calendar `to` of the same mailbox."""
        with self._server._lock:
            event = self._event(calendar, name)
            self._server.changing(self._box)
            self._box.move(event, self._id(to), self._server.now())

    def delete_date(self, calendar: str, name: str, day: date) -> None:
        """Delete the date of a series that was at home on `day`, for good."""
        with self._changing(calendar, name) as event:
            original = _home(event, day)
            event.exceptions.pop(original, None)
            event.deleted.add(original)

    def move_date(
        self, calendar: str, name: str, day: date, to: date, clock: time, *, minutes: int | None = None, title: str = ""
    ) -> None:
        """Put the date that was at home on `day` elsewhere; the clock is that of the series' zone."""
        with self._changing(calendar, name) as event:
            original = _home(event, day)
            start = datetime.combine(to, clock)
            old = Row(event, original).walls
            end = start + (timedelta(minutes=minutes) if minutes is not None else old[1] - old[0])
            own = event.exceptions.setdefault(original, Patch(start, end))
            own.start, own.end = start, end
            own.fields |= {"subject": title} if title else {}

    def retitle(self, calendar: str, name: str, title: str, day: date | None = None) -> None:
        """Give an event, a whole series or one of its dates another title."""
        self.change(calendar, name, day, subject=title)

    def change(self, calendar: str, name: str, day: date | None = None, **fields: Any) -> None:
        """Set properties by their Graph names (showAs, hideAttendees, categories, ...), `day` for one date only."""
        with self._changing(calendar, name) as event:
            if day is None:
                event.fields |= fields
                return
            original = _home(event, day)
            event.exceptions.setdefault(original, Patch(*Row(event, original).walls)).fields |= fields

    def touch(self, calendar: str, name: str) -> None:
        """Save it without a change: its ETag is another."""
        with self._changing(calendar, name):
            pass

    # --- looking ---

    def json(self, calendar: str, name: str, day: date | None = None) -> dict[str, Any]:
        """The event, or one date of it, as a GET with immutable ids shows it, all extended properties included."""
        with self._server._lock:
            event = self._event(calendar, name)
            row = Row(event, _home(event, day) if day is not None else None)
            return event_json(row, self._box, Looks(immutable=True, expand=tuple(row.extended)))

    def etag(self, calendar: str, name: str) -> str:
        """The ETag of a master or single."""
        with self._server._lock:
            return etag(Row(self._event(calendar, name)), Looks())

    # --- inside ---

    @property
    def _box(self) -> Mailbox:
        return self._server.mailboxes[self._address or self._server.address]

    def _id(self, calendar: str) -> str:
        found = [c.id for c in self._box.items.calendars.values() if calendar in (c.id, c.name)]
        if found:
            return found[0]
        if calendar or self._box.default is None:
            raise KeyError(calendar)
        return self._box.default.id

    def _event(self, calendar: str, name: str) -> Event:
        event = self._box.items.events[name]
        if event.calendar != self._id(calendar):
            raise KeyError(name)
        return event

    @contextmanager
    def _changing(self, calendar: str, name: str) -> Iterator[Event]:
        """The event while it is changed; the change is noted when the block ends well."""
        with self._server._lock:
            event = self._event(calendar, name)
            self._server.changing(self._box)
            yield event
            self._box.touch(event, self._server.now())

    def _store(self, calendar: str, name: str, found: Read, uid: str) -> None:
        box, now = self._box, self._server.now()
        old = box.items.events.get(name)
        transaction = old.transaction if old is not None else _transaction(self, found, name)
        created = found.created or (old.created if old is not None else now)
        event = Event(
            name, self._id(calendar), uid, found.start, found.end, found.zone, found.zone_name, created,
            found.fields, found.extended, transaction, found.recurrence, found.exceptions, found.deleted,
            found.organizer, found.response,
        )  # fmt: skip
        if old is not None and old.transaction is not None:
            event.uid = old.uid
        self._server.changing(box)
        if transaction is not None and old is None:
            box.taken.setdefault(transaction, (name, ""))
        box.touch(event, now)


def _transaction(hand: Hand, found: Read, name: str) -> str | None:
    """The transactionId that an event of calsync's under that id must have been made with."""
    key = found.extended.get(KEY, "")
    own = re.fullmatch(rf"{re.escape(key)}(/\d{{8}})?@calsync", found.uid) if key else None
    if own is None:
        return None
    for number in range(20):
        suffix = (own.group(1) or "") + (f":{number}" if number else "")
        if hand.name_of(key, suffix) == name:
            return f"calsync:{key}{suffix}"
    return None


def _home(event: Event, day: date) -> datetime:
    original = event.starts.on(day) if event.recurrence is not None else None
    if original is None or original in event.deleted:
        raise KeyError(day)
    return original
