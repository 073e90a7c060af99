"""Other people's events: from Graph's JSON to the iCalendar text that calsync reads. Pure.

The server expands series, so each date of one is a VEVENT of its own here, under its own UID; the text of a series has
all its dates in the window. UIDs follow from iCalUId, which is the same on the calendar of everybody invited. Bodies
are left out: nothing needs them, and they would be kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from calsync.ical.marks import UID_SUFFIX
from calsync.ical.vendor import VendorEvent, vendor_bytes
from calsync.model import Answer, EventType, Party, PartyKind, Role, Status
from providers.microsoft.zones import zone_of

__all__ = [
    "NOT_UNDERSTOOD",
    "UNKNOWN",
    "Json",
    "etag_of",
    "instant",
    "parties_of",
    "place_of",
    "series_payload",
    "single_payload",
    "span_of",
    "title_of",
]

Json = Mapping[str, Any]
UNKNOWN: Json = {"showAs": "busy", "hideAttendees": True}
"""Stands for a master that is not to be had: its dates take time, and who is in them is not known."""
NOT_UNDERSTOOD = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What the functions here raise for JSON that is no event as Microsoft describes it."""

_ANSWERS = {
    "accepted": Answer.ACCEPTED,
    "tentativelyAccepted": Answer.TENTATIVE,
    "declined": Answer.DECLINED,
    "notResponded": Answer.NEEDS_ACTION,
}
_ROLES = {"optional": Role.OPTIONAL}
_TYPES = {"oof": EventType.OUT_OF_OFFICE, "workingElsewhere": EventType.WORKING_LOCATION}
_HALF_A_DAY = timedelta(hours=12)
# Of a plain date only these say something of their own; a delta shows no more of it (microsoft-graph-docs#7632).
_OF_A_DATE = ("id", "type", "start", "end")


def etag_of(payload: bytes) -> str:
    """The version of a resource: what reads the same is the same, through whichever question it was found."""
    return blake2b(payload, digest_size=16).hexdigest()


def single_payload(row: Json, mine: Sequence[str]) -> bytes:
    """A single event. `mine` are the leader's addresses, the account's own first, lower case."""
    return vendor_bytes([_event(row, mine, _uid(row) or str(row["id"]))])


def series_payload(master: Json, dates: Iterable[Json], mine: Sequence[str]) -> bytes:
    """A series by its dates in the window, in the order of their starts; they may be none.

    What a date does not say of itself its master says.
    """
    uid = _uid(master)
    events = [_event(_whole(master, one), mine, _uid_of_date(uid, one)) for one in dates]
    return vendor_bytes(sorted(events, key=lambda event: (str(event.start), event.uid)))


def _whole(master: Json, one: Json) -> Json:
    if one.get("type") == "exception":
        return {**master, **{name: value for name, value in one.items() if value is not None}}
    return {**master, **{name: one[name] for name in _OF_A_DATE if name in one}}


def _uid(row: Json) -> str:
    uid = str(row.get("iCalUId") or "")
    # One that ends so is a block's for calsync's reader, and this is none.
    return "" if uid.endswith(UID_SUFFIX) else uid


def _uid_of_date(uid: str, one: Json) -> str:
    """By when it is: what date it was at home is not told of everyone, and no two dates begin at once."""
    return f"{uid}/{instant(one['start']):%Y%m%dT%H%M%SZ}" if uid else str(one["id"])


def _event(row: Json, mine: Sequence[str], uid: str) -> VendorEvent:
    start, end = _times(row)
    show = row.get("showAs")
    return VendorEvent(
        uid=uid,
        start=start,
        end=end,
        title=title_of(row),
        status=_status(row),
        transparent=show == "free",
        event_type=_TYPES.get(str(show), EventType.DEFAULT),
        organizer=_organizer(row),
        parties=parties_of(row, mine),
        guests_hidden=bool(row.get("hideAttendees")) and not row.get("isOrganizer"),
        private=row.get("sensitivity") in ("private", "confidential"),
        location=place_of(row),
    )


def _times(row: Json) -> tuple[date, date]:
    """Start and end: dates for an all-day event, instants in UTC otherwise."""
    if not row.get("isAllDay"):
        return span_of(row)
    start = _day(row["start"], row.get("originalStartTimeZone"))
    end = _day(row["end"], row.get("originalEndTimeZone") or row.get("originalStartTimeZone"))
    return start, max(end, start + timedelta(days=1))


def _day(said: Json, zone_name: object) -> date:
    """The date of an all-day event's bound, which is midnight somewhere: in the zone asked for, or in its own."""
    at = _wall(said)
    zone = zone_of(str(zone_name or ""))
    if at.time() != time() and zone is not None:
        at = instant(said).astimezone(zone).replace(tzinfo=None)
    # Midnight of a zone that is not known: the nearest one.
    return (at + _HALF_A_DAY).date()


def span_of(row: Json) -> tuple[datetime, datetime]:
    """Start and end as instants in UTC; the end is never before the start."""
    start, end = instant(row["start"]), instant(row["end"])
    return start, max(start, end)


def instant(said: Json) -> datetime:
    """A dateTimeTimeZone as an instant in UTC."""
    at = _wall(said)
    zone = zone_of(str(said.get("timeZone") or "UTC"))
    if zone is None:
        raise ValueError(f"{said.get('timeZone')!r} is no time zone")
    return at.replace(tzinfo=zone).astimezone(UTC)


def _wall(said: Json) -> datetime:
    # Seven decimals, of which datetime takes six.
    at = datetime.fromisoformat(said["dateTime"])
    return at.astimezone(ZoneInfo("UTC")).replace(tzinfo=None) if at.tzinfo is not None else at


def title_of(row: Json) -> str:
    """The subject, "" where there is none."""
    return str(row.get("subject") or "")


def place_of(row: Json) -> str:
    """Where it takes place, in words."""
    return str((row.get("location") or {}).get("displayName") or "")


def _status(row: Json) -> Status:
    if row.get("isCancelled"):
        # It stays in the calendar until its owner removes it.
        return Status.CANCELLED
    return Status.TENTATIVE if row.get("showAs") == "tentative" else Status.CONFIRMED


def _organizer(row: Json) -> Party | None:
    address, name = _address(row.get("organizer"))
    mine = bool(row.get("isOrganizer"))
    return Party(address, name, is_me=mine) if address or mine else None


def parties_of(row: Json, mine: Sequence[str]) -> tuple[Party, ...]:
    """Everybody invited, with the leader's own answer as the calendar itself has it.

    The list holds the answers as the organizer's copy had them; `responseStatus` is the leader's own.
    """
    own = _ANSWERS.get(str((row.get("responseStatus") or {}).get("response")), Answer.NONE)
    parties = [_party(one, mine, own) for one in row.get("attendees") or ()]
    if own is not Answer.NONE and mine and not any(party.is_me for party in parties):
        # Invited under an alias or through a list: the answer is the leader's all the same.
        parties.append(Party(mine[0], answer=own, is_me=True))
    return tuple(parties)


def _party(said: Json, mine: Sequence[str], own: Answer) -> Party:
    address, name = _address(said)
    kind = PartyKind.RESOURCE if said.get("type") == "resource" else PartyKind.PERSON
    role = _ROLES.get(str(said.get("type")), Role.REQUIRED)
    answer = _ANSWERS.get(str((said.get("status") or {}).get("response")), Answer.NONE)
    if address in mine:
        return Party(address, name, kind, role, answer if own is Answer.NONE else own, is_me=True)
    return Party(address, name, kind, role, answer)


def _address(said: Json | None) -> tuple[str, str]:
    """Address, lower case, and name of a recipient; a name that only repeats the address is none."""
    person = (said or {}).get("emailAddress") or {}
    address, name = str(person.get("address") or "").strip().lower(), str(person.get("name") or "").strip()
    return address, "" if name.lower() == address else name
