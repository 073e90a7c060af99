"""From Google's events to what calsync reads: iCalendar, one resource for each series or single event. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from calsync.ical.vendor import VendorEvent, moment, vendor_bytes
from calsync.model import EventType, Status, at_wall_clock
from calsync.ports import Resource
from providers.google.blocks import block_events, key_of
from providers.google.groups import Facts, Group, Json, is_live
from providers.google.parties import guests, guests_hidden, organizer
from providers.google.times import instant_of, moment_of

__all__ = ["resource_of"]

_TYPES = {
    "focusTime": EventType.FOCUS,
    "outOfOffice": EventType.OUT_OF_OFFICE,
    "workingLocation": EventType.WORKING_LOCATION,
    "birthday": EventType.NO_MEETING,
}


def resource_of(group: Group, facts: Facts) -> Resource | None:
    """The group as a resource, None when nothing of it takes place.

    Raises ValueError, KeyError, TypeError or AttributeError for an event that cannot be understood.
    """
    if not group.exists:
        return None
    ours = group.master is not None and is_live(group.master) and key_of(group.master)
    events = block_events(group, facts) if ours else _events(group, facts)
    payload = vendor_bytes(events)
    return Resource(group.name, group.etag(payload), payload)


def _events(group: Group, facts: Facts) -> Iterator[VendorEvent]:
    """The VEVENTs of an event that calsync did not write."""
    uid = group.uid or group.name
    master = group.master if group.master is not None and is_live(group.master) else None
    home: datetime | None = None
    if master is not None:
        recurs = bool(master.get("recurrence"))
        begin = moment_of(master["start"], facts.zone) if recurs else instant_of(master["start"])
        if isinstance(begin, datetime):
            home = begin
        cancelled = [_replaced(item, home) for item in group.exceptions if recurs and not is_live(item)]
        rules = (*map(str, master.get("recurrence", ())), *(moment("EXDATE", at) for at in cancelled))
        yield _event(master, uid, facts, begin, _end(master, begin), rules=rules)
        if not recurs:
            return
    for item in group.live:
        begin = instant_of(item["start"])
        yield _event(item, uid, facts, begin, _end(item, begin), replaces=_replaced(item, home))


def _event(
    item: Json,
    uid: str,
    facts: Facts,
    begin: date,
    end: date | None,
    *,
    rules: tuple[str, ...] = (),
    replaces: date | None = None,
) -> VendorEvent:
    return VendorEvent(
        uid,
        begin,
        end,
        replaces,
        rules,
        title=str(item.get("summary", "")),
        status=Status.TENTATIVE if item.get("status") == "tentative" else Status.CONFIRMED,
        transparent=item.get("transparency") == "transparent",
        event_type=_type(item),
        organizer=organizer(item, facts),
        parties=guests(item, facts),
        guests_hidden=guests_hidden(item, facts),
        private=item.get("visibility") in ("private", "confidential"),
    )


def _type(item: Json) -> EventType:
    kind = str(item.get("eventType", ""))
    if kind == "fromGmail" and item.get("transparency") == "transparent":
        # A hotel or a parcel. A flight, which takes its time, is an event like any other.
        return EventType.NO_MEETING
    return _TYPES.get(kind, EventType.DEFAULT)


def _end(item: Json, begin: date) -> date | None:
    """Where it ends: on the same wall clock as it begins, because a series is kept by the clock."""
    if not item.get("end"):
        return None
    end = instant_of(item["end"])
    if isinstance(begin, datetime) and isinstance(end, datetime):
        return end.astimezone(begin.tzinfo)
    return end


def _replaced(item: Json, home: datetime | None) -> date:
    """The original start of an exception, in the form in which its series has it.

    Google says when it would start; a rule says what the clock shows, which a change of the clocks may leave out.
    """
    at = moment_of(item["originalStartTime"])
    if not isinstance(at, datetime) or home is None or not isinstance(home.tzinfo, ZoneInfo):
        return at
    local = at.astimezone(home.tzinfo)
    if at_wall_clock(local.date(), home.time(), home.tzinfo) == at:
        return datetime.combine(local.date(), home.time(), tzinfo=home.tzinfo)
    return local
