"""Another program's hand on the account, or the leader's in the web page: no HTTP, no faults, no limits."""

from __future__ import annotations

import base64
import copy
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import icalendar

from tests.servers.google_ical import Parsed, parse, text_of
from tests.servers.google_store import Calendar, Entry, is_instance, is_live
from tests.servers.google_times import Series, instant, moment, read_when, stamp, when

if TYPE_CHECKING:
    from tests.servers.google import GoogleServer

__all__ = ["Hand"]

Json = dict[str, Any]
_MARKS = ("calsync", "key", "kind", "slot", "sum", "dropped", "changed", "sequence")


class Hand:
    """Acts on one account. `calendar` is an id, "primary" or ""; `name` is the id of a series or a single event."""

    def __init__(self, server: GoogleServer) -> None:
        self._server, self._store = server, server.store

    def put(self, calendar: str, uid: str, ical: bytes) -> str:
        """Another program stores the event of that UID, or replaces it; returns its id.

        A UID that was deleted comes back under its old id, as in an import. A new one gets the id that Google gives
        to imported events, which is the UID in base32hex (seen in nextcloud/integration_google#281).
        """
        with self._server.lock:
            place = self._calendar(calendar)
            old = self._store.by_uid(place, uid)
            name = old.body["id"] if old else "_" + base64.b32hexencode(uid.encode()).decode().lower().rstrip("=")
            self._put(place, name, uid, parse(ical, place.timezone, self._server.email))
            return str(name)

    def put_named(self, calendar: str, name: str, ical: bytes) -> None:
        """Replace or create the event with that very id; marks in the text go where calsync keeps them."""
        with self._server.lock:
            place = self._calendar(calendar)
            parsed = parse(ical, place.timezone, self._server.email)
            uid = f"{name}@google.com" if _is_ours(name, parsed.key) else _uid(ical)
            self._put(place, name, uid, parsed)

    def put_json(self, calendar: str, body: Json) -> str:
        """Store an event as the API would show it, for what iCalendar cannot say; returns its id."""
        with self._server.lock:
            place = self._calendar(calendar)
            made = {"status": "confirmed", "sequence": 0, "eventType": "default", "reminders": {"useDefault": False}}
            made |= {"organizer": {"email": self._server.email, "self": True}, **copy.deepcopy(body)}
            made.setdefault("id", self._store.new_id())
            made.setdefault("iCalUID", f"{made['id']}@google.com")
            for key in ("start", "end", "originalStartTime"):
                if key in made:
                    made[key] = read_when(made[key], place.timezone)
            self._store.save(place, made)
            return str(made["id"])

    def json(self, calendar: str, name: str) -> Json:
        """What is stored under an id, an instance included; times are in UTC."""
        with self._server.lock:
            return copy.deepcopy(self._found(self._calendar(calendar), name).body)

    def ical(self, calendar: str, name: str) -> bytes:
        """What is stored, as iCalendar: equal content, equal bytes. A block of ours has the UID `<key>@calsync`."""
        with self._server.lock:
            place = self._calendar(calendar)
            master = self._live(place, name).body
            key = _private(master).get("key", "")
            ours = _is_ours(name, key)
            own = [e.body for e in place.exceptions(name) if not self._says_nothing(place, master, e.body)]
            uid = f"{key}@calsync" if ours else master["iCalUID"]
            return text_of(master, own, uid, ours=ours, default_reminders=place.default_reminders)

    def delete(self, calendar: str, name: str) -> None:
        """Delete the series or the event; its id stays taken."""
        with self._server.lock:
            place = self._calendar(calendar)
            self._store.cancel(place, self._live(place, name).body)

    def vanish(self, calendar: str, name: str) -> None:
        """What was deleted is gone for good: it "will eventually disappear" (discovery document, Event.status)."""
        with self._server.lock:
            place = self._calendar(calendar)
            assert not is_live(place.entries[name].body)
            for entry in [e for e in place.entries.values() if e.body.get("recurringEventId") == name]:
                del place.entries[entry.body["id"]]
            del place.entries[name]

    def names(self, calendar: str) -> list[str]:
        """The ids of every live series and single event, sorted."""
        with self._server.lock:
            return sorted(e.body["id"] for e in self._calendar(calendar).masters() if is_live(e.body))

    def name_of(self, key: str) -> str:
        """The id under which the first creation of the series `key` is stored."""
        return key

    def touch(self, calendar: str, name: str) -> None:
        """A new version of an event that says the same."""
        with self._server.lock:
            self._store.touch(self._calendar(calendar), name)

    def delete_date(self, calendar: str, name: str, day: date) -> None:
        """The leader deletes the date whose home is `day`, on the wall clock of the series."""
        with self._server.lock:
            place = self._calendar(calendar)
            self._store.cancel(place, self._date(place, name, day).body)

    def move_date(self, calendar: str, name: str, day: date, to: date, clock: time, minutes: int = 0) -> None:
        """The leader moves the date whose home is `day`; it keeps its length unless `minutes` are given."""
        with self._server.lock:
            place = self._calendar(calendar)
            body = copy.deepcopy(self._date(place, name, day).body)
            zone = ZoneInfo(body["start"].get("timeZone", place.timezone))
            length = instant(moment(body["end"]), zone) - instant(moment(body["start"]), zone)
            length = timedelta(minutes=minutes) if minutes else length
            start = datetime.combine(to, clock, tzinfo=zone)
            end = start.astimezone(UTC) + length
            self._store.save(place, {**body, "start": when(start), "end": when(end.astimezone(zone))})

    def retitle(self, calendar: str, name: str, title: str, day: date | None = None) -> None:
        """The leader gives one date, or the whole series and what is called like it, another title."""
        with self._server.lock:
            place = self._calendar(calendar)
            if day is not None:
                self._store.save(place, {**self._date(place, name, day).body, "summary": title})
                return
            master = self._live(place, name).body
            for entry in place.exceptions(name):
                if is_live(entry.body) and entry.body.get("summary") == master.get("summary"):
                    self._store.save(place, {**entry.body, "summary": title})
            self._store.save(place, {**master, "summary": title})

    # --- how ---

    def _calendar(self, calendar: str) -> Calendar:
        return self._server.calendar(calendar or "primary")

    def _found(self, place: Calendar, name: str) -> Entry:
        found = self._store.find(place, name)
        if found is None:
            raise KeyError(name)
        return found

    def _live(self, place: Calendar, name: str) -> Entry:
        found = self._found(place, name)
        if not is_live(found.body) or is_instance(found.body):
            raise KeyError(name)
        return found

    def _date(self, place: Calendar, name: str, day: date) -> Entry:
        master = self._live(place, name).body
        series = Series(master, place.zone)
        for at in series.starts():
            home = at.date() if isinstance(at, datetime) else at
            if home == day:
                return self._found(place, f"{name}_{stamp(at)}")
            if home > day:
                break
        raise KeyError(f"{name} has no date {day}")

    def _put(self, place: Calendar, name: str, uid: str, parsed: Parsed) -> None:
        """Store what was read; what iCalendar cannot say stays as it was in a block of ours."""
        old = place.entries.get(name)
        ours = _is_ours(name, parsed.key)
        kept = old.body if old and ours and _private(old.body).get("key") == parsed.key else None
        master = {**_with_old(parsed.master, kept, instance=False), "id": name, "iCalUID": uid}
        master.setdefault("organizer", {"email": self._server.email, "self": True})
        master.setdefault("creator", {"email": self._server.email, "self": True})
        if ours and "recurrence" in master:
            master["recurrence"] = [line for line in master["recurrence"] if not line.startswith("EXDATE")]
        master = self._store.save(place, master).body
        if not master.get("recurrence") or not is_live(master):
            return
        series = Series(master, place.zone)
        wanted = {key: self._override(place, master, series, key, one) for key, one in parsed.overrides.items()}
        if ours:
            wanted |= {key: {"status": "cancelled"} for key in parsed.excluded}
        there = {e.body["id"].rpartition("_")[2] for e in place.exceptions(name)}
        for key in sorted({*wanted, *there}):
            at = series.has(key)
            if at is None:
                continue
            plain = self._store.instance(master, series, at)
            said = {**plain, **wanted.get(key, {}), "id": plain["id"]}
            body = {name: value for name, value in said.items() if value is not None}
            stands = place.entries.get(plain["id"])
            if not is_live(body):
                if stands is None or is_live(stands.body):
                    self._store.cancel(place, plain)
            elif stands is None or _content(stands.body) != _content(body):
                self._store.save(place, body)

    def _override(self, place: Calendar, master: Json, series: Series, key: str, one: Json) -> Json:
        """The version of one date; it is whole in itself, so nothing of the series shows through."""
        at = series.has(key)
        old = place.entries.get(f"{master['id']}_{key}")
        before = old.body if old and is_live(old.body) else None
        if before is None and at is not None:
            before = self._store.instance(master, series, at)
        same_key = before is not None and _private(before).get("key", "") == _private(one).get("key", "") != ""
        made = _with_old(one, before if same_key else None, instance=True)
        blank = dict.fromkeys(("summary", "description", "location", "transparency", "visibility", "attendees"))
        gone = {key: None for key in blank if key not in made}
        if "extendedProperties" not in made:
            gone["extendedProperties"] = None
        return {**made, **gone, "iCalUID": master["iCalUID"]}

    def _says_nothing(self, place: Calendar, master: Json, body: Json) -> bool:
        """True for a version of a date that says what the series says of it anyway."""
        if not is_live(body) or not master.get("recurrence"):
            return False
        series = Series(master, place.zone)
        at = series.has(body["id"].rpartition("_")[2])
        return at is not None and _content(self._store.instance(master, series, at)) == _content(body)


def _with_old(new: Json, old: Json | None, *, instance: bool) -> Json:
    """`new` as read from text, with what text cannot hold of `old`."""
    if old is None:
        return new
    made = {**new}
    for key in (
        "colorId",
        "eventType",
        "focusTimeProperties",
        "source",
        "guestsCanSeeOtherGuests",
        "creator",
        "organizer",
    ):
        if key in old:
            made[key] = old[key]
    before, now = dict(_private(old)), dict(_private(new))
    others = {key: value for key, value in before.items() if key not in _MARKS}
    if before.get("changed") and now.get("changed") and _at(before["changed"]) == _at(now["changed"]):
        now["changed"] = before["changed"]
    if instance and "dropped" in before:
        now["dropped"] = before["dropped"]
    made["sequence"] = old.get("sequence", 0)
    made["extendedProperties"] = {**old.get("extendedProperties", {}), "private": {**others, **now}}
    return made


def _content(body: Json) -> Json:
    return {k: v for k, v in body.items() if k not in ("created", "updated", "sequence") and v not in (None, [], {})}


def _private(body: Json) -> dict[str, str]:
    kept: dict[str, str] = body.get("extendedProperties", {}).get("private", {})
    return kept


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _is_ours(name: str, key: str) -> bool:
    """True for an id that is derived from the key: the key itself, or with a number behind it."""
    return bool(key) and name.startswith(key) and (name == key or name[len(key) :].isdecimal())


def _uid(ical: bytes) -> str:
    return str(icalendar.Calendar.from_ical(ical).walk("VEVENT")[0]["UID"])
