"""The calendars of a simulated leader, with the leader's hand on each: what people do on a vendor's own web page."""

from __future__ import annotations

import copy
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import requests
from icalendar import Calendar, Event
from requests.adapters import HTTPAdapter

from providers.memory import Killed
from tests.servers.detour import GOOGLE_HOSTS, MICROSOFT_HOSTS, detour
from tests.servers.google import GoogleServer
from tests.servers.graph import GraphServer

__all__ = ["ACCOUNT", "Account", "Folder", "Google", "Graph", "Line"]

ACCOUNT = "maya@example.com"


class Line:
    """The way from calsync to the servers: it counts requests, and lets things happen at some of them.

    `before` and `after` are actions by the number of the request; `page` (not 0) makes Microsoft's pages so small.
    """

    def __init__(self) -> None:
        self.count = 0
        self.dead = self.running = False
        self.page = 0
        self.before: dict[int, Callable[[], None]] = {}
        self.after: dict[int, Callable[[], None]] = {}
        self._lock = threading.Lock()

    def begin(self) -> None:
        """A new night: nothing is to happen, and the process lives again."""
        self.count, self.dead = 0, False
        self.before.clear()
        self.after.clear()

    def kill(self) -> None:
        """The process is killed: no request of it follows."""
        self.dead = True

    def sessions(self, make: Callable[[], requests.Session]) -> Callable[[], requests.Session]:
        """The same sessions, on this line."""

        def made() -> requests.Session:
            session = make()
            for prefix, adapter in list(session.adapters.items()):
                session.mount(prefix, _OnLine(self, adapter))
            return session

        return made

    def send(self, adapter: HTTPAdapter, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        with self._lock:
            self.count += 1
            first, last = self.before.pop(self.count, None), self.after.pop(self.count, None)
            if first is not None:
                first()
        if self.dead:
            raise Killed
        if self.page:
            _smaller(request, self.page)
        answer = adapter.send(request, **more)
        if last is not None:
            with self._lock:
                last()
        if self.dead:
            # Read to its end, so that the server has nothing to complain of.
            answer.content  # noqa: B018
            answer.close()
            raise Killed
        return answer


class _OnLine(HTTPAdapter):
    def __init__(self, line: Line, inner: Any) -> None:
        super().__init__()
        self._line, self._inner = line, inner

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        assert not args
        return self._line.send(self._inner, request, **more)

    def close(self) -> None:
        self._inner.close()
        super().close()


def _smaller(request: requests.PreparedRequest, page: int) -> None:
    """A server may give less than it is asked for."""
    request.url = (request.url or "").replace("$top=500", f"$top={page}")
    if "Prefer" in request.headers:
        request.headers["Prefer"] = request.headers["Prefer"].replace("maxpagesize=500", f"maxpagesize={page}")
    if isinstance(request.body, bytes) and b"$top=500" in request.body:
        request.body = request.body.replace(b"$top=500", b"$top=%d" % page)
        request.headers["Content-Length"] = str(len(request.body))


class Account(ABC):
    """One calendar that takes blocks. `key` names a series, `day` one of its dates by home."""

    kind = ""
    crosses_neighbours = True

    def __init__(self, name: str, options: dict[str, str] | None = None) -> None:
        self.name = name
        self.options = options or {}
        self.foreign: dict[str, bytes] = {}
        self.count = 0

    @abstractmethod
    def everything(self) -> dict[str, bytes]:
        """Every event as iCalendar, by name."""

    @abstractmethod
    def put(self, uid: str, text: bytes) -> str:
        """Another program stores an event, or replaces it."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Another program deletes an event."""

    @abstractmethod
    def text(self, name: str) -> bytes:
        """One event."""

    def keep(self, uid: str, text: bytes) -> str:
        """`put`, remembered as what must stay as it is."""
        name = self.put(uid, text)
        self.foreign[name] = self.text(name)
        return name

    def drop(self, name: str) -> None:
        """`remove`, remembered."""
        self.remove(name)
        self.foreign.pop(name, None)

    # --- the leader's edits of blocks ---

    @abstractmethod
    def delete_date(self, key: str, day: date) -> None: ...

    @abstractmethod
    def move_date(self, key: str, day: date, to: date, clock: time, minutes: int) -> None: ...

    @abstractmethod
    def say(self, key: str, day: date | None, **what: str) -> None:
        """Give a date, or with None the series, a `title`, a `text`, a `place`, or a `guest`."""

    @abstractmethod
    def delete(self, key: str) -> None: ...

    @abstractmethod
    def shift(self, key: str, days: int, clock: time) -> None:
        """The whole series to another weekday and time."""

    @abstractmethod
    def end(self, key: str, last: date) -> None:
        """The series ends with `last`."""

    @abstractmethod
    def fork(self, key: str, last: date, clock: time) -> None:
        """'This and following' after `last` get another time: the series ends, and another one begins."""

    @abstractmethod
    def copy(self, key: str) -> None:
        """The leader copies the block, marks and all."""

    # --- what goes wrong ---

    def forget(self) -> None:  # noqa: B027 - a folder has nothing of the kind
        """What the server remembered for incremental reads is gone."""

    def expire(self) -> None:  # noqa: B027 - a folder has nothing of the kind
        """Every access token is past its time."""

    def behave(self) -> None:  # noqa: B027 - a folder has nothing of the kind
        """Nothing goes wrong any more."""

    @property
    def mailed(self) -> list[Any]:
        """Who got mail, and what the server refused to read."""
        return []

    @property
    def sent(self) -> list[bytes]:
        """Addresses and bodies of all requests."""
        return []


class Google(Account):
    """A calendar at Google; `place` is its id, "" the primary one."""

    kind = "google"

    def __init__(
        self, name: str, server: GoogleServer, line: Line, options: dict[str, str] | None = None, place: str = ""
    ) -> None:
        super().__init__(name, {"account": ACCOUNT, **(options or {}), **({"calendar": place} if place else {})})
        self.place = place
        self.server = server
        self.hand = server.hand
        self.sessions = line.sessions(detour(server.url, GOOGLE_HOSTS))

    def everything(self) -> dict[str, bytes]:
        return {name: self.hand.ical(self.place, name) for name in self.hand.names(self.place)}

    def put(self, uid: str, text: bytes) -> str:
        return self.hand.put(self.place, uid, text)

    def remove(self, name: str) -> None:
        self.hand.delete(self.place, name)

    def text(self, name: str) -> bytes:
        return self.hand.ical(self.place, name)

    def _name(self, key: str) -> str:
        return next(
            n for n in self.hand.names(self.place) if n == key or (n.startswith(key) and n[len(key) :].isdecimal())
        )

    def delete_date(self, key: str, day: date) -> None:
        self.hand.delete_date(self.place, self._name(key), day)

    def move_date(self, key: str, day: date, to: date, clock: time, minutes: int) -> None:
        self.hand.move_date(self.place, self._name(key), day, to, clock, minutes)

    def _of(self, key: str, day: date | None) -> dict[str, Any]:
        """The stored JSON of a series, or of one of its dates."""
        name = self._name(key)
        if day is None:
            return self.hand.json(self.place, name)
        with self.server.lock:
            place = self.server.calendar(self.place or "primary")
            return copy.deepcopy(self.hand._date(place, name, day).body)

    def say(self, key: str, day: date | None, **what: str) -> None:
        if "title" in what:
            self.hand.retitle(self.place, self._name(key), what["title"], day)
            return
        body = self._of(key, day)
        words = {"text": "description", "place": "location"}
        body |= {words[name]: said for name, said in what.items() if name in words}
        if "guest" in what:
            body["attendees"] = [
                {"email": ACCOUNT, "self": True, "organizer": True, "responseStatus": "accepted"},
                {"email": what["guest"], "responseStatus": "needsAction"},
            ]
        self.hand.put_json(self.place, body)

    def delete(self, key: str) -> None:
        self.hand.delete(self.place, self._name(key))

    def shift(self, key: str, days: int, clock: time) -> None:
        body = self._of(key, None)
        zone = ZoneInfo(body["start"]["timeZone"])
        begin, stop = (datetime.fromisoformat(body[n]["dateTime"]).astimezone(zone) for n in ("start", "end"))
        to = datetime.combine(begin.date() + timedelta(days), clock, zone)
        body["start"] = {"dateTime": to.isoformat(), "timeZone": zone.key}
        body["end"] = {"dateTime": (to.astimezone(UTC) + (stop - begin)).isoformat(), "timeZone": zone.key}
        body["recurrence"] = [_weekly(to)]
        self.hand.put_json(self.place, body)

    def end(self, key: str, last: date) -> None:
        body = self._of(key, None)
        begin = datetime.fromisoformat(body["start"]["dateTime"]).astimezone(ZoneInfo(body["start"]["timeZone"]))
        until = datetime.combine(last, time(23, 59, 59), begin.tzinfo).astimezone(UTC)
        rule = body["recurrence"][0].partition(";UNTIL")[0]
        body["recurrence"] = [f"{rule};UNTIL={until:%Y%m%dT%H%M%SZ}", *body["recurrence"][1:]]
        self.hand.put_json(self.place, body)

    def fork(self, key: str, last: date, clock: time) -> None:
        master = self._of(key, None)
        zone = ZoneInfo(master["start"]["timeZone"])
        begin, stop = (datetime.fromisoformat(master[n]["dateTime"]) for n in ("start", "end"))
        to = datetime.combine(last + timedelta(7), clock, zone)
        made = {k: v for k, v in master.items() if k not in ("created", "updated", "iCalUID")}
        made["id"] = f"{master['id']}_R{to.astimezone(UTC):%Y%m%dT%H%M%S}"
        made["start"] = {"dateTime": to.isoformat(), "timeZone": zone.key}
        made["end"] = {"dateTime": (to.astimezone(UTC) + (stop - begin)).isoformat(), "timeZone": zone.key}
        made["recurrence"] = [_weekly(to)]
        self.end(key, last)
        name = self.hand.put_json(self.place, made)
        self.foreign[name] = self.text(name)

    def copy(self, key: str) -> None:
        self.count += 1
        made = {k: v for k, v in self._of(key, None).items() if k not in ("id", "created", "updated", "iCalUID")}
        name = self.hand.put_json(self.place, made)
        self.foreign[name] = self.text(name)

    def forget(self) -> None:
        self.server.forget_sync_tokens()

    def expire(self) -> None:
        with self.server.lock:
            self.server.expire_tokens()

    def behave(self) -> None:
        self.server.behave()

    @property
    def mailed(self) -> list[Any]:
        return [*self.server.mailed, *self.server.refused_bodies]

    @property
    def sent(self) -> list[bytes]:
        return [f"{s.path} {s.query} ".encode() + s.body for s in self.server.requests]


def _weekly(start: datetime) -> str:
    return f"RRULE:FREQ=WEEKLY;BYDAY={start:%a}"[:-1].upper()


class Graph(Account):
    """A calendar of a mailbox at Microsoft; `place` is its name, "" the primary one."""

    kind = "microsoft"
    crosses_neighbours = False

    def __init__(
        self, name: str, server: GraphServer, line: Line, options: dict[str, str] | None = None, place: str = ""
    ) -> None:
        super().__init__(name, {"account": ACCOUNT, **(options or {}), **({"calendar": place} if place else {})})
        self.place = place
        self.server = server
        self.hand = server.hand
        self.sessions = line.sessions(detour(server.url, MICROSOFT_HOSTS))

    def everything(self) -> dict[str, bytes]:
        return {name: self.hand.ical(self.place, name) for name in self.hand.names(self.place)}

    def put(self, uid: str, text: bytes) -> str:
        return self.hand.put(self.place, uid, text)

    def remove(self, name: str) -> None:
        self.hand.delete(self.place, name)

    def text(self, name: str) -> bytes:
        return self.hand.ical(self.place, name)

    def _name(self, key: str, day: date | None = None) -> str:
        begin = f"calsync:{key}" + (f"/{day:%Y%m%d}" if day else "")
        return next(
            e.id
            for e in self.server.mailbox.items.events.values()
            if (e.transaction or "") == begin or (e.transaction or "").startswith(begin + ":")
        )

    def _stands_in(self, key: str, day: date | None) -> str:
        """The event that stands in for a date, ""."""
        try:
            return self._name(key, day) if day else ""
        except StopIteration:
            return ""

    def delete_date(self, key: str, day: date) -> None:
        single = self._stands_in(key, day)
        if single:
            self.hand.delete(self.place, single)
        else:
            self.hand.delete_date(self.place, self._name(key), day)

    def move_date(self, key: str, day: date, to: date, clock: time, minutes: int) -> None:
        single = self._stands_in(key, day)
        if not single:
            self.hand.move_date(self.place, self._name(key), day, to, clock, minutes=minutes)
            return
        event = self.server.mailbox.items.events[self._name(key)]
        start = datetime.combine(to, clock, event.zone)
        stop = start.astimezone(UTC) + timedelta(minutes=minutes)
        self._send("PATCH", single, {"start": _at(start), "end": _at(stop)})

    def say(self, key: str, day: date | None, **what: str) -> None:
        single = self._stands_in(key, day)
        name, day = (single, None) if single else (self._name(key), day)
        words: dict[str, Callable[[str], Any]] = {
            "title": lambda said: {"subject": said},
            "text": lambda said: {"body": {"contentType": "text", "content": said}},
            "place": lambda said: {"location": {"displayName": said}},
            "guest": lambda said: {
                "attendees": [{"type": "required", "emailAddress": {"name": said, "address": said}}]
            },
        }
        for one, said in what.items():
            self.hand.change(self.place, name, day, **words[one](said))

    def delete(self, key: str) -> None:
        self.hand.delete(self.place, self._name(key))

    def _send(self, method: str, name: str, body: dict[str, Any]) -> None:
        """What Outlook itself would ask of the server."""
        headers = {
            "Authorization": f"Bearer {self.server.issue()}",
            "Prefer": 'IdType="ImmutableId"',
            "Content-Type": "application/json",
        }
        url = f"{self.server.url}/v1.0/me/events/{quote(name)}"
        with self.server._lock:
            planned, self.server._faults = self.server._faults, {}
        spurious, self.server.spurious_412 = self.server.spurious_412, 0
        answer = requests.request(method, url, data=json.dumps(body), headers=headers, timeout=10)
        assert answer.status_code < 300, answer.text
        self.server.spurious_412 = spurious
        with self.server._lock:
            self.server.requests.pop()
            self.server._faults = planned

    def _recurring(self, key: str) -> tuple[str, Any]:
        name = self._name(key)
        return name, self.server.mailbox.items.events[name]

    def shift(self, key: str, days: int, clock: time) -> None:
        name, event = self._recurring(key)
        start = datetime.combine(event.start.date() + timedelta(days), clock)
        span = dict(event.recurrence["range"], startDate=start.date().isoformat())
        pattern = dict(event.recurrence["pattern"], daysOfWeek=[f"{start:%A}".lower()])
        body = {
            "start": {"dateTime": start.isoformat(), "timeZone": event.zone_name},
            "end": {"dateTime": (start + (event.end - event.start)).isoformat(), "timeZone": event.zone_name},
            "recurrence": {"pattern": pattern, "range": span},
        }
        self._send("PATCH", name, body)

    def end(self, key: str, last: date) -> None:
        name, event = self._recurring(key)
        span = dict(event.recurrence["range"], type="endDate", endDate=last.isoformat())
        self._send("PATCH", name, {"recurrence": {"pattern": event.recurrence["pattern"], "range": span}})

    def fork(self, key: str, last: date, clock: time) -> None:
        name, event = self._recurring(key)
        text = _copied(self.text(name), f"fork-{key}-{last}", datetime.combine(last + timedelta(7), clock, event.zone))
        self.end(key, last)
        self.keep(f"fork-{key}-{last}", text)

    def copy(self, key: str) -> None:
        self.count += 1
        uid = f"copy-{self.count}"
        self.keep(uid, _copied(self.text(self._name(key)), uid))

    def forget(self) -> None:
        self.server.forget_tokens()

    def expire(self) -> None:
        self.server.tokens.clear()

    def behave(self) -> None:
        self.server.behave()
        self.server.spurious_412 = 0

    @property
    def mailed(self) -> list[Any]:
        return [*self.server.mailed, *self.server.refused_bodies, *self.server.without_immutable]

    @property
    def sent(self) -> list[bytes]:
        return [f"{s.path} {s.query} ".encode() + s.body for s in self.server.requests]


def _at(moment: datetime) -> dict[str, str]:
    return {"dateTime": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}


class Folder(Account):
    """A folder with one event a file; the leader's program edits the text."""

    kind = "ics"

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, {"path": str(folder)})
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def everything(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.folder.glob("*.ics"))}

    def put(self, uid: str, text: bytes) -> str:
        (self.folder / f"{uid}.ics").write_bytes(text)
        return f"{uid}.ics"

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def text(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def _edit(self, key: str, change: Callable[[Calendar, Event], None]) -> None:
        calendar = Calendar.from_ical(self.text(f"{key}.ics"))
        master = next(e for e in calendar.walk("VEVENT") if "RECURRENCE-ID" not in e)
        change(calendar, master)
        (self.folder / f"{key}.ics").write_bytes(calendar.to_ical())

    def delete_date(self, key: str, day: date) -> None:
        def change(calendar: Calendar, master: Event) -> None:
            _without(calendar, _home(master, day))
            master.add("EXDATE", _home(master, day))

        self._edit(key, change)

    def move_date(self, key: str, day: date, to: date, clock: time, minutes: int) -> None:
        def change(calendar: Calendar, master: Event) -> None:
            start = datetime.combine(to, clock, master["DTSTART"].dt.tzinfo)
            own = _override(calendar, master, _home(master, day))
            del own["DTSTART"], own["DTEND"]
            own.add("DTSTART", start)
            own.add("DTEND", (start.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(start.tzinfo))

        self._edit(key, change)

    def say(self, key: str, day: date | None, **what: str) -> None:
        names = {"title": "SUMMARY", "text": "DESCRIPTION", "place": "LOCATION", "guest": "ATTENDEE"}

        def change(calendar: Calendar, master: Event) -> None:
            event = master if day is None else _override(calendar, master, _home(master, day))
            for name, said in what.items():
                event.pop(names[name], None)
                event.add(names[name], f"mailto:{said}" if name == "guest" else said)

        self._edit(key, change)

    def delete(self, key: str) -> None:
        self.remove(f"{key}.ics")

    def shift(self, key: str, days: int, clock: time) -> None:
        def change(calendar: Calendar, master: Event) -> None:
            calendar.subcomponents[:] = [
                c for c in calendar.subcomponents if c.name != "VEVENT" or "RECURRENCE-ID" not in c
            ]
            old, stop = master["DTSTART"].dt, master["DTEND"].dt
            start = datetime.combine(old.date() + timedelta(days), clock, old.tzinfo)
            for name in ("DTSTART", "DTEND", "EXDATE", "RRULE"):
                master.pop(name, None)
            master.add("DTSTART", start)
            master.add("DTEND", start + (stop - old))
            master.add("RRULE", {"FREQ": "WEEKLY", "BYDAY": f"{start:%a}".upper()[:2]})

        self._edit(key, change)

    def end(self, key: str, last: date) -> None:
        def change(_: Calendar, master: Event) -> None:
            until = datetime.combine(last, time(23, 59, 59), master["DTSTART"].dt.tzinfo)
            master["RRULE"]["UNTIL"] = [until.astimezone(UTC)]

        self._edit(key, change)

    def fork(self, key: str, last: date, clock: time) -> None:
        text = self.text(f"{key}.ics")
        zone = next(e for e in Calendar.from_ical(text).walk("VEVENT"))["DTSTART"].dt.tzinfo
        uid = f"fork-{key}-{last}"
        self.end(key, last)
        self.keep(uid, _copied(text, uid, datetime.combine(last + timedelta(7), clock, zone)))

    def copy(self, key: str) -> None:
        self.count += 1
        uid = f"copy-{self.count}"
        self.keep(uid, _copied(self.text(f"{key}.ics"), uid))


def _home(master: Event, day: date) -> datetime:
    start = master["DTSTART"].dt
    return datetime.combine(day, start.time(), start.tzinfo)


def _without(calendar: Calendar, home: datetime) -> Event | None:
    """Take the override of a date out of the text."""
    found = None
    for component in list(calendar.subcomponents):
        if component.name == "VEVENT" and "RECURRENCE-ID" in component and component["RECURRENCE-ID"].dt == home:
            calendar.subcomponents.remove(component)
            found = component
    return found


def _override(calendar: Calendar, master: Event, home: datetime) -> Event:
    found = _without(calendar, home)
    if found is None:
        found = Event()
        for name, value in master.items():
            if name not in ("RRULE", "EXDATE", "DTSTART", "DTEND"):
                found[name] = value
        found.add("RECURRENCE-ID", home)
        found.add("DTSTART", home)
        length = master["DTEND"].dt - master["DTSTART"].dt
        found.add("DTEND", (home.astimezone(UTC) + length).astimezone(home.tzinfo))
    calendar.add_component(found)
    return found


def _copied(text: bytes, uid: str, start: datetime | None = None) -> bytes:
    """The same series under another UID; with `start` from then on."""
    calendar = Calendar.from_ical(text)
    if start is not None:
        calendar.subcomponents[:] = [
            c for c in calendar.subcomponents if c.name != "VEVENT" or "RECURRENCE-ID" not in c
        ]
    for event in calendar.walk("VEVENT"):
        event["UID"] = uid
        if start is not None:
            length = event["DTEND"].dt - event["DTSTART"].dt
            for name in ("DTSTART", "DTEND", "EXDATE", "RRULE"):
                event.pop(name, None)
            event.add("DTSTART", start)
            event.add("DTEND", start + length)
            event.add("RRULE", {"FREQ": "WEEKLY", "BYDAY": f"{start:%a}".upper()[:2]})
    return bytes(calendar.to_ical())
