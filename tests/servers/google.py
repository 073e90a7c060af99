"""A Google account on loopback: the Calendar API v3, the People API's lists and the token endpoint, as documented.

In memory and without chance. The rules are in `google_*.py`, each with the source that it stands on.

Decided here, because no source says it: cancelled dates are not found by iCalUID (the documented minimum; the switch
`cancelled_dates_have_uid`), lists from a day on bring those of them that lie after it, a cancelled date takes place
again when its status is changed, a change of one date leaves the version of its series alone, and lists know of each
change at once (the switch `lists_lag`).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.google_busy import Around
from tests.servers.google_errors import ApiError, bad_request, not_found
from tests.servers.google_hand import Hand
from tests.servers.google_reading import Listings
from tests.servers.google_schema import Method, find_method, problems, query_problems
from tests.servers.google_showing import FieldMask
from tests.servers.google_store import Calendar, Store
from tests.servers.google_tokens import Tokens
from tests.servers.google_wire import Answer, Fault, Planned, Seen, serving
from tests.servers.google_writing import Mail, Writes

__all__ = ["SCOPES", "Body", "Calendar", "Fault", "GoogleServer", "Mail", "Refused", "Seen"]

Json = dict[str, Any]
_NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
_AUTH = "https://www.googleapis.com/auth/"
SCOPES = frozenset(
    _AUTH + name for name in ("calendar", "contacts.readonly", "contacts.other.readonly", "directory.readonly")
)
"""What the grant opens unless a test narrows it."""


@dataclass(frozen=True)
class Body:
    """The JSON body of one write of an event, and the method that it went to."""

    name: str
    path: str
    body: Json


@dataclass(frozen=True)
class Refused:
    """A request that does not fit the discovery document, with what is wrong with it."""

    name: str
    path: str
    body: Any
    problems: tuple[str, ...]


class GoogleServer:
    """The account of maya@example.com and its switches; all are plain attributes.

    `workspace`: it is a Workspace account (focus time, directory, working hours). `scopes`: what the grant opens.
    `cancelled_dates_have_uid`: a list by iCalUID finds cancelled dates; `lists_lag`: it finds nothing at all yet.
    `page_size`: no page is longer (0: as asked). `empty_pages`: every list begins with an empty page.
    `revoked`, `delegation`, `refresh_tokens`, `client_id`, `client_secret`, `expires_in`: of the token endpoint, with
    the claims of every assertion in `assertions`. `others`: busy times of other people by address; `busy_errors`:
    the reason that is said for an address; `groups`: members by group address; `longest_busy_range`: how much may be
    asked at once (90 days, calcom/cal.diy#11962). `directory`, `connections`, `other_contacts`: persons as the People
    API has them. `now` is the server's clock.
    """

    def __init__(self, *, now: Callable[[], datetime] = lambda: _NOW) -> None:
        self.now = now
        self.lock = threading.RLock()
        self.email = "maya@example.com"
        self.url = ""
        self.workspace = False
        self.scopes: set[str] = set(SCOPES)
        self.cancelled_dates_have_uid = False
        self.lists_lag = False
        self.page_size = 0
        self.empty_pages = False
        self.requests: list[Seen] = []
        self.bodies: list[Body] = []
        self.refused_bodies: list[Refused] = []
        self.mailed: list[Mail] = []
        self.revoked = False
        self.delegation = True
        self.refresh_tokens = {"1//refresh-maya"}
        self.client_id, self.client_secret = "client-id.apps.googleusercontent.com", "client-secret"
        self.expires_in = 3599
        self.assertions: list[Json] = []
        self.others: dict[str, list[tuple[datetime, datetime]]] = {}
        self.busy_errors: dict[str, str] = {}
        self.groups: dict[str, list[str]] = {}
        self.longest_busy_range = timedelta(days=90)
        self.directory: list[Json] = []
        self.connections: list[Json] = []
        self.other_contacts: list[Json] = []
        self.store = Store(self.clock)
        self.add_calendar(self.email, "Maya", primary=True)
        self.hand = Hand(self)
        self._tokens = Tokens(self)
        self._listings, self._writes, self._around = Listings(self), Writes(self), Around(self)
        self._faults: dict[int, Planned] = {}
        self._taken = 0
        self._broken: Exception | None = None

    # --- what tests make of it ---

    def clock(self) -> datetime:
        """The server's time; `now` may be set anew at any moment."""
        return self.now()

    @property
    def calendars(self) -> dict[str, Calendar]:
        """Every calendar by id."""
        return self.store.calendars

    def add_calendar(self, name: str, summary: str = "", **more: Any) -> Calendar:
        """A further calendar; `more` are fields of Calendar: role, timezone, app_created, working_hours."""
        made = Calendar(name, summary or name.partition("@")[0], **more)
        self.store.calendars[name] = made
        return made

    def drop_calendar(self, name: str) -> None:
        """The calendar is gone."""
        with self.lock:
            del self.store.calendars[name]

    def calendar(self, name: str) -> Calendar:
        """The calendar of that id; "primary" is the leader's own (discovery document, calendarId). 404 without one."""
        found = self.store.calendars.get(self.email if name == "primary" else name)
        if found is None:
            raise not_found()
        return found

    def fail_at(self, number: int, fault: Fault, **more: Any) -> None:
        """The request of that number, counted from 1 over all requests, goes wrong that way."""
        with self.lock:
            self._faults[number] = Planned(fault, more)

    def fail_next(self, fault: Fault, skip: int = 0, **more: Any) -> None:
        """The next request but `skip` goes wrong that way."""
        with self.lock:
            self.fail_at(len(self.requests) + skip + 1, fault, **more)

    def behave(self) -> None:
        """Forget every fault that is still to come."""
        with self.lock:
            self._faults.clear()

    def take(self) -> list[str]:
        """The names of the requests since the last call; their count goes on, `requests` stays."""
        with self.lock:
            names = [seen.name for seen in self.requests[self._taken :]]
            self._taken = len(self.requests)
            return names

    def token(self) -> str:
        """An access token that is good now, given out without a request."""
        with self.lock:
            return self._tokens.issue()

    def expire_tokens(self) -> None:
        """Every access token given out so far is past its time."""
        with self.lock:
            self._tokens.expire()

    def revoke(self) -> None:
        """The leader took the grant back: no token opens anything, and none is refreshed."""
        with self.lock:
            self.revoked = True
            self._tokens.expire()

    def forget_sync_tokens(self) -> None:
        """Every sync token given out so far has expired."""
        with self.lock:
            self._listings.forget()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve on 127.0.0.1 until the block ends; `url` has no slash at its end."""
        with serving(self.answer, self.clock) as self.url:
            yield
        if self._broken is not None:
            raise RuntimeError("the loopback server itself went wrong") from self._broken

    # --- what each request means ---

    def answer(self, seen: Seen) -> Answer | None:
        """Status, headers and body; None closes the connection without a word."""
        with self.lock:
            self.requests.append(seen)
            plan = self._faults.pop(len(self.requests), None)
            fault = plan.fault if plan else None
            if fault is Fault.NO_ANSWER:
                self._named(seen)
                return None
            try:
                status, headers, said = self._carried_out(seen, plan)
            except Exception as error:
                if not isinstance(error, ApiError):
                    self._broken = self._broken or error
                    raise
                status, headers, said = error.status, error.headers, error.body()
                if seen.name == "token":
                    # The token endpoint says it as RFC 6749 5.2 does.
                    said = {"error": error.reason, "error_description": error.message}
            if fault is Fault.ANSWER_LOST:
                return None
            seen.status = status
            body = b"" if said is None else json.dumps(said, separators=(",", ":")).encode()
            return status, {"Content-Type": "application/json; charset=UTF-8", **headers}, body

    def _named(self, seen: Seen) -> tuple[Method, dict[str, str]] | None:
        found = find_method(seen.method, seen.path)
        seen.name = "token" if seen.path == "/token" else found[0].name if found else ""
        return found

    def _carried_out(self, seen: Seen, plan: Planned | None) -> tuple[int, dict[str, str], Any]:
        found = self._named(seen)
        if plan is not None:
            plan.stop(seen)
        if seen.name == "token" and seen.method == "POST":
            return self._tokens.answer(seen.body)
        if found is None:
            raise not_found()
        method, path = found
        self._tokens.check(seen.headers.get("authorization", ""))
        wrong = query_problems(method, seen.query)
        if wrong:
            self.refused_bodies.append(Refused(seen.name, seen.path, dict(seen.query), tuple(wrong)))
            raise bad_request(wrong[0], "invalidParameter", wrong[0].partition(":")[0])
        calendar = self.calendar(path["calendarId"]) if "calendarId" in path else None
        role = self._tokens.role(method, calendar)
        body = self._body(seen, method)
        mask = (
            FieldMask(seen.query["fields"][0], method.response)
            if seen.query.get("fields") and method.response
            else None
        )
        if plan is not None and plan.fault is Fault.STALE and calendar is not None:
            self.store.touch(calendar, path.get("eventId", ""))
        empty_first = plan is not None and plan.fault is Fault.EMPTY_PAGE
        said: Json | None
        if calendar is None or method.id in ("calendar.calendars.get", "calendar.calendarList.get"):
            said = self._around_answer(method, calendar, seen, body)
        else:
            said = self._events_answer(method, calendar, role, path, seen, body, empty_first=empty_first)
        if said is None:
            return 204, {}, None
        headers = {"ETag": said["etag"]} if "etag" in said else {}
        return 200, headers, said if mask is None else mask.of(said)

    def _around_answer(self, method: Method, calendar: Calendar | None, seen: Seen, body: Any) -> Json:
        if calendar is not None:
            listed = method.id == "calendar.calendarList.get"
            return self._around.entry(calendar) if listed else self._around.calendar(calendar)
        if method.id == "calendar.calendarList.list":
            return self._around.calendars(seen.query)
        if method.id == "calendar.freebusy.query":
            return self._around.freebusy(body)
        return self._around.people(method.name, seen.query)

    def _events_answer(
        self, method: Method, calendar: Calendar, role: str, path: Json, seen: Seen, body: Any, *, empty_first: bool
    ) -> Json | None:
        event, match = path.get("eventId", ""), seen.headers.get("if-match", "")
        if method.verb != "GET" and role not in ("owner", "writer", "writerWithoutPrivateAccess"):
            message = "You need to have writer access to this calendar."
            raise ApiError(403, "requiredAccessLevel", message, domain="calendar")
        match method.name:
            case "events.list":
                return self._listings.list(calendar, role, seen.query, empty_first=empty_first)
            case "events.get":
                return self._listings.get(calendar, role, event, seen.query)
            case "events.instances":
                return self._listings.instances(calendar, role, event, seen.query)
            case "events.insert":
                return self._writes.insert(calendar, role, body, seen.query)
            case "events.import":
                return self._writes.import_(calendar, role, body, seen.query)
            case "events.patch":
                return self._writes.patch(calendar, role, event, body, seen.query, match)
            case "events.update":
                return self._writes.update(calendar, role, event, body, seen.query, match)
            case "events.move":
                target = self.calendar(seen.query["destination"][0])
                return self._writes.move(calendar, role, event, target, seen.query)
            case _:
                self._writes.delete(calendar, event, seen.query, match)
                return None

    def _body(self, seen: Seen, method: Method) -> Any:
        """The body, which must fit the discovery document; unknown keys are refused."""
        if not method.request:
            return None
        try:
            body = json.loads(seen.body)
        except ValueError:
            raise bad_request("Parse Error", "parseError") from None
        if method.request == "Event" and isinstance(body, dict):
            self.bodies.append(Body(seen.name, seen.path, body))
        # In a query of free/busy times null stands for what is not given; gcsa sends it.
        wrong = problems(body, method.request, patch=method.verb == "PATCH" or method.request != "Event")
        if wrong:
            self.refused_bodies.append(Refused(seen.name, seen.path, body, tuple(wrong)))
            raise bad_request(f"Invalid JSON payload received. {wrong[0]}", "badRequest")
        return body
