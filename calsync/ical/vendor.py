"""Writes events that come from a vendor's own API as iCalendar, so that one reader understands every calendar.

What RFC 5545 has no word for stands in X-CALSYNC- lines and parameters that `details` reads: what the calendar itself
says an event is, that its guests are hidden, and which party is the leader.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from calsync.ical import marks
from calsync.ical.content import encoded, escaped
from calsync.model import Answer, EventType, Party, PartyKind, Role, Status

__all__ = ["VendorEvent", "moment", "vendor_bytes"]

_ROLES = {Role.OPTIONAL: "OPT-PARTICIPANT", Role.NON_PARTICIPANT: "NON-PARTICIPANT"}
_KINDS = {PartyKind.GROUP: "GROUP", PartyKind.RESOURCE: "RESOURCE"}
_RULE = re.compile(r"(RRULE|RDATE|EXDATE|EXRULE)[;:]", re.IGNORECASE)
_BREAK = re.compile(r"\r\n?|\n")
# Control characters, which no line can hold, and halves of characters, which JSON can and UTF-8 cannot.
_NOTHING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class VendorEvent:
    """One event, or one overridden occurrence when `replaces` is set (its original start: RECURRENCE-ID).

    `start`, `end` and `replaces` are dates for all-day events and aware datetimes otherwise; a datetime whose zone is
    a ZoneInfo is written as wall-clock time there, any other in UTC. `rules` are RRULE, RDATE and EXDATE lines as they
    stand; any other line among them is passed over. `organizer` is the organizer with `is_me` when it is the leader.
    `marks` are X-CALSYNC- properties by name; with the key among them the event is a block of calsync's.
    """

    uid: str
    start: date
    end: date | None
    replaces: date | None = None
    rules: tuple[str, ...] = ()
    title: str = ""
    description: str = ""
    status: Status = Status.CONFIRMED
    transparent: bool = False
    event_type: EventType = EventType.DEFAULT
    organizer: Party | None = None
    parties: tuple[Party, ...] = ()
    guests_hidden: bool = False
    private: bool = False
    location: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    changed: datetime | None = None
    sequence: int = 0


def vendor_bytes(events: Iterable[VendorEvent]) -> bytes:
    """One resource: a VCALENDAR with `events` in the order given; equal input, equal bytes.

    It has no VTIMEZONE: zones are named as the IANA database names them.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{marks.PRODID}"]
    for event in events:
        lines += _event(event)
    lines.append("END:VCALENDAR")
    return encoded(lines)


def moment(name: str, at: date) -> str:
    """The content line of a date or an aware datetime."""
    if not isinstance(at, datetime):
        return f"{name};VALUE=DATE:{at:%Y%m%d}"
    zone = at.tzinfo
    if isinstance(zone, ZoneInfo) and zone.key != "UTC":
        return f"{name};TZID={zone.key}:{at:%Y%m%dT%H%M%S}"
    return f"{name}:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _told_apart(at: date) -> date:
    """A time that the wall clock shows twice, where it is the second of the two, in UTC: TZID means the first."""
    if isinstance(at, datetime) and at.utcoffset() != at.replace(fold=0).utcoffset():
        return at.astimezone(UTC)
    return at


def _event(event: VendorEvent) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_line(event.uid)}"
    if event.replaces is not None:
        yield moment("RECURRENCE-ID", event.replaces)
    if event.changed is not None:
        yield f"DTSTAMP:{event.changed.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if event.sequence:
        yield f"SEQUENCE:{event.sequence}"
    recurs = any(map(_RULE.match, event.rules))
    yield moment("DTSTART", event.start if recurs else _told_apart(event.start))
    if event.end is not None:
        yield moment("DTEND", event.end if recurs else _told_apart(event.end))
    yield from (_line(rule) for rule in event.rules if _RULE.match(rule))
    yield from (f"{name}:{escaped(_NOTHING.sub('', text))}" for name, text in _texts(event) if text)
    if event.status is not Status.CONFIRMED:
        yield f"STATUS:{event.status.upper()}"
    yield f"TRANSP:{'TRANSPARENT' if event.transparent else 'OPAQUE'}"
    if event.private:
        yield "CLASS:PRIVATE"
    yield from _beyond(event)
    if marks.KEY in event.marks:
        yield f"CATEGORIES:{marks.CATEGORY}"
    yield from (f"{name}:{_line(value)}" for name, value in event.marks.items())
    yield "END:VEVENT"


def _texts(event: VendorEvent) -> Iterable[tuple[str, str]]:
    return ("SUMMARY", event.title), ("DESCRIPTION", event.description), ("LOCATION", event.location)


def _beyond(event: VendorEvent) -> Iterator[str]:
    """The parties, and what RFC 5545 has no word for."""
    if event.event_type is not EventType.DEFAULT:
        yield f"{marks.TYPE}:{event.event_type}"
    if event.guests_hidden:
        yield f"{marks.GUESTS}:HIDDEN"
    if event.organizer is not None:
        yield _party("ORGANIZER", event.organizer)
    yield from (_party("ATTENDEE", party) for party in event.parties)


def _party(name: str, party: Party) -> str:
    line = name
    if party.name:
        # RFC 6868 has the first two; icalendar reads a backslash in a parameter as it does in a text.
        said = _line(party.name).replace("^", "^^").replace('"', "^'").replace("\\", "\\\\")
        line += f';CN="{said}"'
    if party.is_me:
        line += f";{marks.SELF}=TRUE"
    if name == "ATTENDEE":
        if party.kind in _KINDS:
            line += f";CUTYPE={_KINDS[party.kind]}"
        if party.role in _ROLES:
            line += f";ROLE={_ROLES[party.role]}"
        if party.answer is not Answer.NONE:
            line += f";PARTSTAT={party.answer.upper()}"
    return f"{line}:mailto:{_line(party.address)}"


def _line(text: str) -> str:
    """Text of a vendor's that must not begin a line of its own, nor end the one that it stands in."""
    return _NOTHING.sub("", _BREAK.sub(" ", text))
