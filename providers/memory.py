"""The reference provider: a calendar server in memory that keeps every promise of the port, until told to misbehave.

Tests hold a `MemoryServer` (the account, which outlives a run) and make one `MemoryProvider` a run on it. The server
keeps iCalendar bytes, so what another program or the leader does is done to the text, as it is in life: the functions
at the end of this file are those edits, and the contract suite makes them on every other provider too.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from calsync.errors import Malformed, NotFound, Unreachable
from calsync.ical.content import escaped, folded, unfold
from calsync.model import Key, Span
from calsync.ports import (
    AccountPerson,
    BusyAnswer,
    CalendarInfo,
    Capabilities,
    Delta,
    Expanded,
    Outcome,
    OutcomeState,
    OwnedSeries,
    ProviderContext,
    Resource,
    SeriesWrite,
    WorkingWeek,
)

__all__ = [
    "Fault",
    "Killed",
    "MemoryProvider",
    "MemoryServer",
    "date_deleted",
    "date_moved",
    "retitled",
    "uid_changed",
]

_CURSOR_VERSION = 1


class Fault(StrEnum):
    """How one request goes wrong."""

    REFUSED = "refused"
    """The server says no and stores nothing: a read raises Unreachable, a write is FAILED."""
    NO_ANSWER = "no-answer"
    """The connection drops before the server did anything; the caller cannot tell: UNCLEAR."""
    ANSWER_LOST = "answer-lost"
    """The server did it, and the connection drops before it says so: UNCLEAR."""
    STALE = "stale"
    """Somebody touches the resource just before the write arrives, so that the etag is stale."""
    KILLED_BEFORE = "killed-before"
    """The process dies before the request leaves."""
    KILLED_AFTER = "killed-after"
    """The process dies after the server did it and before the caller learns of it."""


class Killed(BaseException):
    """Stands for SIGKILL in a simulation: no `except Exception` may catch it."""


@dataclass(slots=True)
class _Stored:
    data: bytes
    etag: str
    at: int


@dataclass(slots=True)
class _Calendar:
    resources: dict[str, _Stored] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)


class _Request(NamedTuple):
    number: int
    fault: Fault | None


class MemoryServer:
    """An account in memory: calendars by id, each with iCalendar resources by name.

    Every change gets a number; an etag is the number of the change that made the version. `requests` counts what
    providers asked so far. Safe to share between threads.
    """

    def __init__(self, *calendars: str) -> None:
        self._lock = threading.RLock()
        self._calendars: dict[str, _Calendar] = {name: _Calendar() for name in calendars or ("main",)}
        self._changes = 0
        self._epoch = 1
        self._faults: dict[int, Fault] = {}
        self.requests = 0
        self.note = ""
        """What it says of each block that it takes, as a server does that can keep a wish only in another way."""
        self.people: list[AccountPerson] | None = None
        """Whom the account knows; None for one that cannot tell."""
        self.week: WorkingWeek | None = None
        """When its owner works; None for one that does not tell."""

    # what tests make the server do

    def fail_next(self, fault: Fault, skip: int = 0) -> None:
        """Let the next request but `skip` go wrong that way. A read is one request, and so is each single write."""
        with self._lock:
            self._faults[self.requests + skip + 1] = fault

    def behave(self) -> None:
        """Forget every fault that is still to come."""
        with self._lock:
            self._faults.clear()

    def forget_cursors(self) -> None:
        """Every cursor handed out so far is unknown from now on."""
        with self._lock:
            self._epoch += 1

    def drop_calendar(self, calendar: str) -> None:
        """The calendar is gone, as after a change of account."""
        with self._lock:
            del self._calendars[calendar]

    # what other programs and the leader do

    def put(self, name: str, data: bytes, calendar: str = "main") -> str:
        """Store `data` under `name`, whatever stood there; returns the new etag."""
        with self._lock:
            kept = self._named(calendar)
            self._changes += 1
            kept.resources[name] = _Stored(data, str(self._changes), self._changes)
            kept.gone.pop(name, None)
            return str(self._changes)

    def remove(self, name: str, calendar: str = "main") -> None:
        """Delete the resource `name`; raises KeyError when there is none."""
        with self._lock:
            kept = self._named(calendar)
            del kept.resources[name]
            self._changes += 1
            kept.gone[name] = self._changes

    def raw(self, name: str, calendar: str = "main") -> bytes:
        """The bytes stored under `name`; raises KeyError when there are none."""
        with self._lock:
            return self._named(calendar).resources[name].data

    def names(self, calendar: str = "main") -> list[str]:
        """Every resource name, sorted."""
        with self._lock:
            return sorted(self._named(calendar).resources)

    def snapshot(self, calendar: str = "main") -> dict[str, bytes]:
        """Every resource by name: what two runs are compared by."""
        with self._lock:
            return {name: stored.data for name, stored in sorted(self._named(calendar).resources.items())}

    def add_event(self, uid: str, span: Span, title: str = "Meeting", *lines: str, calendar: str = "main") -> str:
        """Somebody adds an event (UTC, with further property `lines` such as an RRULE); returns its resource name."""
        rows = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Example//Another program//EN",
            "BEGIN:VEVENT",
            f"UID:{uid}",
            "DTSTAMP:20260101T000000Z",
            f"DTSTART:{span.start.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DTEND:{span.end.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"SUMMARY:{escaped(title)}",
            *lines,
            "END:VEVENT",
            "END:VCALENDAR",
        ]
        name = f"{uid}.ics"
        self.put(name, _folded(rows), calendar)
        return name

    def delete_date(self, key: Key, day: date, calendar: str = "main") -> None:
        """The leader deletes home date `day` of our series."""
        self.put(_name(key), date_deleted(self.raw(_name(key), calendar), day), calendar)

    def move_date(self, key: Key, day: date, to: date, clock: time, calendar: str = "main") -> None:
        """The leader moves home date `day` to another day and wall-clock time in the series' zone."""
        self.put(_name(key), date_moved(self.raw(_name(key), calendar), day, to, clock), calendar)

    def retitle(self, key: Key, title: str, calendar: str = "main") -> None:
        """The leader gives the whole series another title."""
        self.put(_name(key), retitled(self.raw(_name(key), calendar), title), calendar)

    def delete_series(self, key: Key, calendar: str = "main") -> None:
        """The leader deletes the whole series."""
        self.remove(_name(key), calendar)

    # what the provider asks

    def _named(self, calendar: str) -> _Calendar:
        found = self._calendars.get(calendar)
        if found is None:
            raise NotFound(f"there is no calendar {calendar!r} in this account", "name one of `calsync calendars`")
        return found

    def _request(self) -> _Request:
        self.requests += 1
        return _Request(self.requests, self._faults.pop(self.requests, None))

    def list_people(self) -> list[AccountPerson]:
        """Whom the account knows: one request, none when it cannot tell."""
        with self._lock:
            if self.people is None:
                return []
            _refuse_read(self._request())
            return list(self.people)

    def working_week(self) -> WorkingWeek | None:
        """When its owner works: one request."""
        with self._lock:
            _refuse_read(self._request())
            return self.week

    def list_calendars(self) -> list[str]:
        """The ids of all calendars, sorted: one request."""
        with self._lock:
            _refuse_read(self._request())
            return sorted(self._calendars)

    def read(self, calendar: str, cursor: str | None, start: datetime) -> Delta:
        """What changed since `cursor` in a calendar whose window begins at `start`: one request."""
        with self._lock:
            _refuse_read(self._request())
            kept = self._named(calendar)
            since, known_from = self._since(cursor)
            complete = since is None or known_from is None or start < known_from
            after = -1 if complete or since is None else since
            origin = start if complete or known_from is None else known_from
            changed = [Resource(n, s.etag, s.data) for n, s in sorted(kept.resources.items()) if s.at > after]
            removed = [] if complete else sorted(name for name, at in kept.gone.items() if at > after)
            made = json.dumps([_CURSOR_VERSION, self._epoch, self._changes, origin.astimezone(UTC).isoformat()])
            return Delta(tuple(changed), tuple(removed), made, complete, requests=1)

    def _since(self, cursor: str | None) -> tuple[int | None, datetime | None]:
        try:
            version, epoch, changes, origin = json.loads(cursor or "[]")
            if (version, epoch) != (_CURSOR_VERSION, self._epoch):
                return None, None
            return int(changes), datetime.fromisoformat(origin)
        except (ValueError, TypeError):
            return None, None

    def write(self, calendar: str, write: SeriesWrite, zone: ZoneInfo) -> Outcome:
        """Carry out one write: one request."""
        with self._lock:
            _number, fault = self._request()
            kept, name = self._named(calendar), _name(write.key)
            if fault is Fault.KILLED_BEFORE:
                raise Killed
            if fault is Fault.REFUSED:
                return Outcome(OutcomeState.FAILED, error="the server answered 500 and stored nothing")
            if fault is Fault.NO_ANSWER:
                return Outcome(OutcomeState.UNCLEAR, error="the connection was dropped")
            if fault is Fault.STALE and name in kept.resources:
                self.put(name, kept.resources[name].data, calendar)
            outcome = self._carried_out(calendar, name, write, zone)
            if fault is Fault.KILLED_AFTER:
                raise Killed
            if fault is Fault.ANSWER_LOST:
                return Outcome(OutcomeState.UNCLEAR, error="the connection was dropped")
            return outcome

    def _carried_out(self, calendar: str, name: str, write: SeriesWrite, zone: ZoneInfo) -> Outcome:
        from calsync.ical.write import series_bytes

        stored = self._named(calendar).resources.get(name)
        if stored is None:
            if write.after is None:
                return Outcome(OutcomeState.DONE)
            if write.before is not None:
                return Outcome(OutcomeState.CONFLICT, error=f"{name}: it was deleted meanwhile")
            return Outcome(OutcomeState.DONE, self.put(name, series_bytes(write.after), calendar), note=self.note)
        owned = _owned(name, stored, zone)
        if owned is None:
            return Outcome(OutcomeState.CONFLICT, error=f"{name}: what stands there is not a block of calsync")
        if write.after is not None and owned.series.same_content(write.after):
            return Outcome(OutcomeState.DONE, etag=stored.etag)
        if write.before is None:
            return Outcome(OutcomeState.CONFLICT, error=f"{name}: another series stands there already")
        if write.etag != stored.etag:
            return Outcome(OutcomeState.CONFLICT, error=f"{name}: it was changed meanwhile")
        if write.after is None:
            self.remove(name, calendar)
            return Outcome(OutcomeState.DONE)
        return Outcome(OutcomeState.DONE, self.put(name, series_bytes(write.after), calendar), note=self.note)


class MemoryProvider:
    """One run's view of a `MemoryServer`.

    Options: `server`, the name under which `SERVERS` holds the account (made when it is not there yet), and
    `calendar`, what "" stands for (default: main). A test that holds the server itself passes it in.
    """

    SERVERS: Mapping[str, MemoryServer]

    def __init__(
        self, name: str, options: Mapping[str, str], context: ProviderContext, server: MemoryServer | None = None
    ) -> None:
        self.name = name
        self._calendar = options.get("calendar", "main")
        self._zone = context.zone
        self.server = server if server is not None else _SERVERS.setdefault(options.get("server", name), MemoryServer())
        self._capabilities = Capabilities(can_write=True, can_list_people=self.server.people is not None)

    @property
    def capabilities(self) -> Capabilities:
        """It can be written; whether it knows people is the server's matter."""
        return self._capabilities

    def calendars(self) -> list[CalendarInfo]:
        """Every calendar of the server; all of them can be written."""
        return [CalendarInfo(id=name, name=name, writable=True) for name in self.server.list_calendars()]

    def read(self, calendar: str, window: Span, cursor: str | None) -> Delta:
        """Everything since `cursor`; nothing is left out, however old."""
        return self.server.read(calendar or self._calendar, cursor, window.start)

    def expand(
        self,
        calendar: str,  # noqa: ARG002 - the port's signature; iCalendar means the same on every calendar
        resources: Iterable[Resource],
        window: Span,
        zone: ZoneInfo,
    ) -> list[Expanded]:
        """What each resource means in `window`."""
        from calsync.ical.read import expand_payloads

        return expand_payloads([(r.name, r.etag, r.payload) for r in resources], window, zone)

    def owned(self, calendar: str) -> list[OwnedSeries]:
        """Every block series on the calendar, sorted by key."""
        delta = self.server.read(calendar or self._calendar, None, datetime.min.replace(tzinfo=UTC))
        found = (_owned(r.name, _Stored(r.payload, r.etag, 0), self._zone) for r in delta.changed)
        return sorted((o for o in found if o is not None), key=lambda o: o.series.key)

    def write(self, calendar: str, writes: Sequence[SeriesWrite]) -> list[Outcome]:
        """Carry out each write, one request each."""
        return [self.server.write(calendar or self._calendar, write, self._zone) for write in writes]

    def busy(self, addresses: Sequence[str], window: Span) -> list[BusyAnswer]:  # noqa: ARG002 - nothing to ask
        """Nobody else is known here."""
        return [BusyAnswer(address, error=f"{self.name} cannot say when others are busy") for address in addresses]

    def people(self) -> list[AccountPerson]:
        """Whom the server knows, in its order."""
        return self.server.list_people()

    def working_hours(self) -> WorkingWeek | None:
        """What the server has been told."""
        return self.server.working_week()

    def close(self) -> None:
        """Nothing is held open."""


_SERVERS: dict[str, MemoryServer] = {}
MemoryProvider.SERVERS = _SERVERS


def _refuse_read(request: _Request) -> None:
    if request.fault in {Fault.KILLED_BEFORE, Fault.KILLED_AFTER}:
        raise Killed
    if request.fault is not None and request.fault is not Fault.STALE:
        raise Unreachable(f"the server did not answer request {request.number}", "try again later")


def _name(key: Key) -> str:
    return f"{key}.ics"


def _owned(name: str, stored: _Stored, zone: ZoneInfo) -> OwnedSeries | None:
    from calsync.ical.write import read_series

    try:
        return read_series(stored.data, name, stored.etag, zone)
    except Malformed:
        return None


# The edits that people's calendar programs make, on the text.


def date_deleted(data: bytes, day: date) -> bytes:
    """The series without home date `day`: an EXDATE on the master, and no override of that date any more."""
    head, events, tail = _parts(data)
    master = next(e for e in events if not _value(e, "RECURRENCE-ID"))
    begin = next(line for line in master if _named(line) == "DTSTART")
    excluded = begin.replace("DTSTART", "EXDATE", 1).replace(_tail(begin)[:8], f"{day:%Y%m%d}")
    edited = [*master[:-1], excluded, master[-1]]
    kept = [edited if e is master else e for e in events if not _value(e, "RECURRENCE-ID").startswith(f"{day:%Y%m%d}")]
    return _folded([*head, *(line for e in kept for line in e), *tail])


def date_moved(data: bytes, day: date, to: date, clock: time) -> bytes:
    """The series with home date `day` on another day at wall-clock time `clock` of the series' zone.

    The override copies the master's properties, our marks included, as calendar programs do.
    """
    head, events, tail = _parts(data)
    master = next(e for e in events if not _value(e, "RECURRENCE-ID"))
    begin = next(line for line in master if _named(line) == "DTSTART")
    end = next(line for line in master if _named(line) == "DTEND")
    length = datetime.fromisoformat(_tail(end)) - datetime.fromisoformat(_tail(begin))
    start = datetime.combine(to, clock)
    home, zulu = _tail(begin), "Z" if begin.endswith("Z") else ""
    moved = [line for line in master if _named(line) not in {"RRULE", "EXDATE", "RDATE", "DTSTART", "DTEND"}]
    moved[1:1] = [
        begin.replace("DTSTART", "RECURRENCE-ID", 1).replace(home[:8], f"{day:%Y%m%d}"),
        begin.replace(home, f"{start:%Y%m%dT%H%M%S}{zulu}"),
        end.replace(_tail(end), f"{start + length:%Y%m%dT%H%M%S}{zulu}"),
    ]
    others = [e for e in events if not _value(e, "RECURRENCE-ID").startswith(f"{day:%Y%m%d}")]
    return _folded([*head, *(line for e in others for line in e), *moved, *tail])


def retitled(data: bytes, title: str) -> bytes:
    """The series, master and overrides alike, with another title."""
    return _folded([f"SUMMARY:{escaped(title)}" if _named(x) == "SUMMARY" else x for x in _unfolded(data)])


def uid_changed(data: bytes, uid: str) -> bytes:
    """A copy of the event under another UID, everything else being the same."""
    return _folded([f"UID:{uid}" if _named(line) == "UID" else line for line in _unfolded(data)])


def _unfolded(data: bytes) -> list[str]:
    return [line for line in unfold(data).decode().replace("\r\n", "\n").split("\n") if line]


def _folded(lines: Iterable[str]) -> bytes:
    return "".join(map(folded, lines)).encode()


def _parts(data: bytes) -> tuple[list[str], list[list[str]], list[str]]:
    head: list[str] = []
    events: list[list[str]] = []
    inside = False
    tail: list[str] = []
    for line in _unfolded(data):
        if line == "BEGIN:VEVENT":
            inside = True
            events.append([])
        (events[-1] if inside else tail if events else head).append(line)
        inside = inside and line != "END:VEVENT"
    return head, events, tail


def _named(line: str) -> str:
    return line.partition(":")[0].partition(";")[0].upper()


def _tail(line: str) -> str:
    return line.rpartition(":")[2]


def _value(event: Sequence[str], name: str) -> str:
    return next((_tail(line) for line in event if _named(line) == name), "")
