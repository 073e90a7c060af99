"""iCalendar text as events of the Calendar API and back, by the icalendar library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import icalendar

from tests.servers.google_store import is_live
from tests.servers.google_times import Moment, Series, moment, stamp, when

__all__ = ["Parsed", "parse", "text_of"]

Json = dict[str, Any]
_DAY = timedelta(days=1)
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative", "DELEGATED": "declined"}
_PARTSTATS = {"accepted": "ACCEPTED", "declined": "DECLINED", "tentative": "TENTATIVE"}
_CLASSES = {"PRIVATE": "private", "CONFIDENTIAL": "confidential", "PUBLIC": "public"}
_MARKS = {"KEY": "key", "KIND": "kind", "SLOT": "slot", "SUM": "sum"}
"""Marks of calsync by the end of their iCalendar name: what holds them among the private properties."""


class Parsed:
    """One resource: the series or single event, its versions of single dates, and which dates are left out.

    `master` and `overrides` are events as they are stored, without id; `overrides` and `excluded` are by stamp.
    """

    def __init__(self, master: Json, overrides: dict[str, Json], excluded: dict[str, Moment]) -> None:
        self.master, self.overrides, self.excluded = master, overrides, excluded

    @property
    def key(self) -> str:
        """The key among the marks, or ""."""
        return str(_private(self.master).get("key", ""))


def parse(data: bytes, zone: str, me: str) -> Parsed:
    """Read a VCALENDAR of one UID; floating times are taken in `zone`, the calendar's, for Google has none."""
    events = [c for c in icalendar.Calendar.from_ical(data).walk("VEVENT") if isinstance(c, icalendar.Event)]
    masters = [one for one in events if "RECURRENCE-ID" not in one] or events[:1]
    master = _event(masters[-1], zone, me)
    place = master["start"].get("timeZone", zone)
    series = Series({**master, "recurrence": master.get("recurrence", [])}, ZoneInfo(zone))
    whole_days = not isinstance(series.start, datetime)
    excluded = {}
    for at in _dates(masters[-1], "EXDATE", place):
        at = _as_start(at, series.start, whole_days=whole_days)
        excluded[stamp(at)] = at
    overrides: dict[str, Json] = {}
    for one in events:
        if one in masters:
            continue
        home = _as_start(_placed(one["RECURRENCE-ID"].dt, place), series.start, whole_days=whole_days)
        overrides[stamp(home)] = {
            **{key: value for key, value in _event(one, zone, me).items() if key != "recurrence"},
            "originalStartTime": when(home, place),
        }
    return Parsed(master, overrides, excluded)


def _as_start(at: Moment, start: Moment, *, whole_days: bool) -> Moment:
    """A date of the series in the form of its DTSTART."""
    if whole_days:
        return at.date() if isinstance(at, datetime) else at
    if not isinstance(at, datetime) and isinstance(start, datetime):
        return start.replace(year=at.year, month=at.month, day=at.day)
    return at.astimezone(start.tzinfo) if isinstance(at, datetime) and isinstance(start, datetime) else at


def _placed(at: date, zone: str) -> Moment:
    """A date-time in a zone that has an IANA name."""
    if not isinstance(at, datetime):
        return at
    if at.tzinfo is None:
        return at.replace(tzinfo=ZoneInfo(zone))
    name = str(getattr(at.tzinfo, "key", ""))
    return at if name in _zones() else at.astimezone(UTC)


@cache
def _zones() -> set[str]:
    return available_timezones()


def _event(one: icalendar.Event, zone: str, me: str) -> Json:
    start = _placed(one["DTSTART"].dt, zone)
    end = _end(one, start, zone)
    made: Json = {
        "start": when(start),
        "end": when(end),
        "status": {"TENTATIVE": "tentative", "CANCELLED": "cancelled"}.get(_text(one, "STATUS").upper(), "confirmed"),
        "sequence": int(one.get("SEQUENCE", 0)),
        "reminders": {"useDefault": False},
        "eventType": "default",
    }
    for name, key in (("SUMMARY", "summary"), ("DESCRIPTION", "description"), ("LOCATION", "location")):
        if _text(one, name):
            made[key] = _text(one, name)
    if _text(one, "TRANSP").upper() == "TRANSPARENT":
        made["transparency"] = "transparent"
    if _text(one, "CLASS").upper() in _CLASSES:
        made["visibility"] = _CLASSES[_text(one, "CLASS").upper()]
    lines = _recurrence(one, str(made["start"].get("timeZone", zone)))
    if lines:
        made["recurrence"] = lines
    alarms = [_minutes(alarm) for alarm in one.walk("VALARM")]
    overrides = [{"method": "popup", "minutes": m} for m in alarms if m is not None][:5]
    if overrides:
        made["reminders"]["overrides"] = overrides
    made |= _people(one, me)
    properties = _marks(one)
    if properties:
        made["extendedProperties"] = {"private": properties}
    return made


def _end(one: icalendar.Event, start: Moment, zone: str) -> Moment:
    if "DTEND" in one:
        return _placed(one["DTEND"].dt, zone)
    if "DURATION" in one:
        return start + one["DURATION"].dt  # type: ignore[no-any-return]
    return start if isinstance(start, datetime) else start + _DAY


def _text(one: icalendar.Event, name: str) -> str:
    value = one.get(name, "")
    return str(value[0] if isinstance(value, list) else value)


def _several(one: icalendar.Event, name: str) -> list[Any]:
    value = one.get(name, [])
    return value if isinstance(value, list) else [value]


def _dates(one: icalendar.Event, name: str, zone: str) -> Iterable[Moment]:
    for group in _several(one, name):
        for value in group.dts:
            if not isinstance(value.dt, tuple):
                yield _placed(value.dt, zone)


def _recurrence(one: icalendar.Event, zone: str) -> list[str]:
    lines = [f"RRULE:{rule.to_ical().decode()}" for rule in _several(one, "RRULE")]
    for name in ("RDATE", "EXDATE"):
        lines += [f"{name}{_line(at)}" for at in _dates(one, name, zone)]
    return lines


def _line(at: Moment) -> str:
    if not isinstance(at, datetime):
        return f";VALUE=DATE:{at:%Y%m%d}"
    if at.tzinfo is UTC or str(getattr(at.tzinfo, "key", "UTC")) == "UTC":
        return f":{at:%Y%m%dT%H%M%SZ}"
    return f";TZID={at.tzinfo}:{at:%Y%m%dT%H%M%S}"


def _minutes(alarm: Any) -> int | None:
    trigger = alarm.get("TRIGGER")
    before = getattr(trigger, "dt", None)
    if not isinstance(before, timedelta) or before > timedelta(0):
        return None
    return min(40320, int(-before / timedelta(minutes=1)))


def _people(one: icalendar.Event, me: str) -> Json:
    chair = _address(one.get("ORGANIZER", ""))
    guests = []
    for who in _several(one, "ATTENDEE"):
        params = {name.upper(): str(value) for name, value in who.params.items()}
        guest: Json = {
            "email": _address(who),
            "responseStatus": _ANSWERS.get(params.get("PARTSTAT", ""), "needsAction"),
        }
        if params.get("CN"):
            guest["displayName"] = params["CN"]
        if params.get("ROLE") == "OPT-PARTICIPANT":
            guest["optional"] = True
        if params.get("CUTYPE") in ("ROOM", "RESOURCE"):
            guest["resource"] = True
        if guest["email"] == me:
            guest["self"] = True
        if guest["email"] == chair:
            # "If the organizer is also an attendee, this is indicated with a separate entry in attendees with the
            # organizer field set to True" (discovery document, Event.organizer).
            guest["organizer"] = True
        guests.append(guest)
    made: Json = {"attendees": guests} if guests else {}
    if chair:
        name = str(one["ORGANIZER"].params.get("CN", ""))
        made["organizer"] = {"email": chair, **({"displayName": name} if name else {})}
        made["organizer"] |= {"self": True} if chair == me else {}
    return made


def _address(value: Any) -> str:
    text = str(value).strip().lower()
    return text.removeprefix("mailto:")


def _private(body: Json) -> Mapping[str, str]:
    kept: Mapping[str, str] = body.get("extendedProperties", {}).get("private", {})
    return kept


def _marks(one: icalendar.Event) -> dict[str, str]:
    made = {key: _text(one, f"X-CALSYNC-{name}") for name, key in _MARKS.items() if f"X-CALSYNC-{name}" in one}
    if "key" not in made:
        return {}
    made["calsync"] = "1"
    if "X-CALSYNC-DROPPED" in one:
        made["dropped"] = _text(one, "X-CALSYNC-DROPPED").replace("-", "")
    if "DTSTAMP" in one:
        made["changed"] = f"{one['DTSTAMP'].dt.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    made["sequence"] = str(int(one.get("SEQUENCE", 0)))
    return made


# --- and back ---


def text_of(master: Json, exceptions: Iterable[Json], uid: str, *, ours: bool, default_reminders: list[Json]) -> bytes:
    """What is stored as a VCALENDAR: equal input, equal bytes.

    Cancelled dates of a series of ours are EXDATE lines, as calsync writes them; of others they are VEVENTs.
    """
    made = icalendar.Calendar()
    made.add("prodid", "-//Google Inc//Google Calendar 70.9054//EN")
    made.add("version", "2.0")
    head = _vevent(master, uid, default_reminders)
    for line in master.get("recurrence", []):
        _add_line(head, line, moment(master["start"]))
    made.add_component(head)
    for body in sorted(exceptions, key=lambda one: one["id"]):
        home = moment(body["originalStartTime"])
        if is_live(body):
            one = _vevent(body, uid, default_reminders)
        elif ours:
            head.add("exdate", home)
            continue
        else:
            one = icalendar.Event()
            one.add("uid", uid)
            one.add("dtstamp", datetime.fromisoformat(body["updated"]))
            one.add("dtstart", home)
            one.add("status", "CANCELLED")
        one.add("recurrence-id", home)
        made.add_component(one)
    return bytes(made.to_ical())


def _vevent(body: Json, uid: str, default_reminders: list[Json]) -> icalendar.Event:
    one = icalendar.Event()
    marks = _private(body)
    one.add("uid", uid)
    changed = datetime.fromisoformat(marks.get("changed") or body["updated"]).astimezone(UTC).replace(microsecond=0)
    one.add("dtstamp", changed)
    if marks.get("changed"):
        one.add("last-modified", changed)
    one.add("sequence", int(marks.get("sequence") or body.get("sequence", 0)))
    one.add("dtstart", moment(body["start"]))
    one.add("dtend", moment(body["end"]))
    one.add("transp", body.get("transparency", "opaque").upper())
    for key in ("summary", "description", "location"):
        if body.get(key):
            one.add(key, body[key])
    if body.get("status") != "confirmed":
        one.add("status", body["status"].upper())
    if body.get("visibility"):
        one.add("class", body["visibility"].upper())
    if marks.get("key"):
        one.add("categories", ["calsync"])
        for name, key in _MARKS.items():
            if key in marks:
                one.add(f"x-calsync-{name}", marks[key])
        if marks.get("dropped") and "recurringEventId" not in body:
            days = [datetime.strptime(day, "%Y%m%d").date() for day in marks["dropped"].split()]  # noqa: DTZ007 - days
            one.add("x-calsync-dropped", " ".join(day.isoformat() for day in days))
    _add_people(one, body)
    reminders = body.get("reminders", {})
    for reminder in default_reminders if reminders.get("useDefault") else reminders.get("overrides", []):
        alarm = icalendar.Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", body.get("summary", ""))
        alarm.add("trigger", -timedelta(minutes=reminder["minutes"]))
        one.add_component(alarm)
    return one


def _add_people(one: icalendar.Event, body: Json) -> None:
    guests = body.get("attendees", [])
    if not guests:
        return
    if body.get("organizer"):
        chair = icalendar.vCalAddress(f"mailto:{body['organizer']['email']}")
        if body["organizer"].get("displayName"):
            chair.params["CN"] = body["organizer"]["displayName"]
        one.add("organizer", chair)
    for guest in guests:
        who = icalendar.vCalAddress(f"mailto:{guest['email']}")
        if guest.get("displayName"):
            who.params["CN"] = guest["displayName"]
        if guest.get("resource"):
            who.params["CUTYPE"] = "RESOURCE"
        if guest.get("optional"):
            who.params["ROLE"] = "OPT-PARTICIPANT"
        who.params["PARTSTAT"] = _PARTSTATS.get(guest.get("responseStatus", ""), "NEEDS-ACTION")
        one.add("attendee", who)


def _add_line(one: icalendar.Event, line: str, start: Moment) -> None:
    head, _, value = line.partition(":")
    name = head.partition(";")[0].lower()
    if name in ("rrule", "exrule"):
        one.add(name, icalendar.vRecur.from_ical(value))
        return
    probe = icalendar.Event.from_ical(f"BEGIN:VEVENT\r\n{line}\r\nEND:VEVENT\r\n")
    assert isinstance(probe, icalendar.Event)
    zone = str(getattr(start.tzinfo, "key", "UTC")) if isinstance(start, datetime) else "UTC"
    for at in _dates(probe, name.upper(), zone):
        one.add(name, at if name == "exdate" else [at])
