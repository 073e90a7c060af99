"""The open questions of docs/google.md, tried out on one calendar with events that are removed again."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from calsync.accounts import Probed
from calsync.errors import CalsyncError, ProviderError
from calsync.model import TRIAL_TITLE, at_wall_clock
from calsync.ports import ProviderContext
from calsync.wire import Answer, Wire
from providers.google.auth import GoogleAccess
from providers.google.calendars import configured_id, named
from providers.google.calls import Calls
from providers.google.errors import Rejected, told
from providers.google.times import utc_text
from providers.google.transport import Transport, asks_for_patience

if TYPE_CHECKING:
    from requests import Session

__all__ = ["probe"]

_API = "https://www.googleapis.com/calendar/v3/calendars"
_GONE = frozenset({200, 204, 404, 410})
_AT = time(4, 40)
_LENGTH = timedelta(minutes=10)

Json = dict[str, Any]


def probe(
    name: str,
    options: Mapping[str, str],
    context: ProviderContext,
    day: date,
    run: str,
    *,
    http: Callable[[], Session] | None = None,
) -> Generator[Probed]:
    """See calsync.accounts.LiveProbe. `http` gives the requests session."""
    bench = _Bench(name, options, context, day, run, http)
    try:
        for ask in (_taken_id, _two_conditions, _focus_time, _one_cancelled_date, _one_changed_date):
            yield from ask(bench)
    finally:
        bench.clear()


class _Bench:
    """One calendar, and what was made on it. Every event has calsync's mark and no key, so that it is never a block."""

    def __init__(
        self,
        name: str,
        options: Mapping[str, str],
        context: ProviderContext,
        day: date,
        run: str,
        http: Callable[[], Session] | None,
    ) -> None:
        self.name = name
        self.zone = context.zone
        self.day = day
        self.run = run
        self.made: list[str] = []
        self._account = options["account"]
        self._wire = Wire(name, http, not_done=asks_for_patience)
        self._access = GoogleAccess(name, options, context, self._wire)
        wanted = options.get("calendar", "")
        self._calendar = configured_id(wanted)
        if not self._calendar:
            try:
                self._calendar = named(Calls(name, Transport(self._wire, self._access)), wanted)
            except Rejected as rejected:
                raise told(rejected, self._wire, self._account, "its list of calendars") from None

    def id(self, what: str) -> str:
        """An event id that no other run has: letters a to v and digits only."""
        return f"cscheck{what}{self.run}"

    def dated(self, after: timedelta) -> Json:
        """Start and end of ten minutes, so long `after` the first."""
        begin = at_wall_clock(self.day, _AT, self.zone) + after
        times = (("start", begin), ("end", begin + _LENGTH))
        return {key: {"dateTime": at.isoformat(), "timeZone": self.zone.key} for key, at in times}

    def event(self, what: str, **more: Any) -> Json:
        """The body of an event of ten minutes."""
        return {
            "id": self.id(what),
            "summary": TRIAL_TITLE,
            "visibility": "private",
            "transparency": "transparent",
            "reminders": {"useDefault": False, "overrides": []},
            "extendedProperties": {"private": {"calsync": "1", "check": self.run, "part": what}},
            **self.dated(timedelta()),
            **more,
        }

    def ask(self, method: str, event: str = "", body: Json | None = None, **query: Any) -> tuple[int, Json]:
        """Status and answer of one request about the calendar's events."""
        path = f"{_API}/{quote(self._calendar, safe='')}/events" + (f"/{quote(event, safe='')}" if event else "")
        answer = self._send(method, path + (f"?{urlencode(query, doseq=True)}" if query else ""), body)
        try:
            said = json.loads(answer.body) if answer.body else {}
        except ValueError:
            said = {}
        return answer.status, said if isinstance(said, dict) else {}

    def make(self, what: str, **more: Any) -> tuple[int, Json]:
        """Make an event, to be removed at the end whatever the answer says."""
        self.made.append(self.id(what))
        return self.ask("POST", body=self.event(what, **more))

    def must(self, status: int, said: Json) -> Json:
        """The answer of a request without which nothing can be told. Raises what the port has for a refusal."""
        if status < 300:
            return said
        rejected = Rejected(status, {}, json.dumps(said).encode())
        raise told(rejected, self._wire, self._account, self._calendar)

    def clear(self) -> None:
        """Remove all that was made; what cannot be removed is named. Raises ProviderError."""
        left = []
        try:
            for event in self.made:
                try:
                    if self.ask("DELETE", event)[0] not in _GONE:
                        left.append(event)
                except CalsyncError:
                    left.append(event)
        finally:
            self._wire.close()
        if left:
            raise ProviderError(
                f"{self.name}: {len(left)} events called {TRIAL_TITLE}, from {self.day} on, could not be removed",
                "remove them in the calendar by hand",
            )

    def _send(self, method: str, url: str, body: Json | None) -> Answer:
        data = b"" if body is None else json.dumps(body).encode()
        answer: Answer | None = None
        for _ in range(2):
            headers = {"Authorization": self._access.authorization()}
            if data:
                headers["Content-Type"] = "application/json"
            answer = self._wire.send(method, url, body=data, headers=headers, safe=method == "GET")
            if answer.status != 401:
                break
            self._access.renew()
        assert answer is not None
        return answer


def _taken_id(bench: _Bench) -> Iterator[Probed]:
    bench.must(*bench.make("taken"))
    event = bench.id("taken")
    bench.ask("DELETE", event)
    status, said = bench.ask("POST", body=bench.event("taken"))
    _, shown = bench.ask("GET", event)
    yield Probed(
        "Does the id of an event stay taken after it was deleted?",
        f"made again with the same id: {_words(status, said)}; asked for by its id it is {shown.get('status', 'gone')}",
        "that it stays taken (409), and that the event is shown as cancelled",
        status == 409 and shown.get("status") == "cancelled",
    )


def _two_conditions(bench: _Bench) -> Iterator[Probed]:
    bench.must(*bench.make("first"))
    bench.must(*bench.make("second"))
    both = [f"check={bench.run}", "part=first"]
    status, said = bench.ask("GET", privateExtendedProperty=both)
    found = {str(item.get("id")) for item in said.get("items", ())}
    joined = {frozenset({bench.id("first")}): "and", frozenset({bench.id("first"), bench.id("second")}): "or"}
    yield Probed(
        'Are two conditions on private properties joined by "and" or by "or"?',
        f'joined by "{joined[frozenset(found)]}"' if frozenset(found) in joined else f"neither: {_words(status, said)}",
        "nothing: it sends one condition",
        None,
    )
    status, said = bench.ask("GET", privateExtendedProperty=f"check={bench.run}")
    there = {str(item.get("id")) for item in said.get("items", ())} >= {bench.id("first"), bench.id("second")}
    yield Probed(
        "Does a list show an event as soon as it was made?",
        "yes, at the first look" if there else "not at the first look",
        "nothing: what a list leaves out is asked for by its id",
        None,
    )


def _focus_time(bench: _Bench) -> Iterator[Probed]:
    focus = {
        "eventType": "focusTime",
        "transparency": "opaque",
        "focusTimeProperties": {"autoDeclineMode": "declineNone"},
    }
    status, said = bench.make("focus", **focus)
    if status < 300:
        seen = f"it was made, as an event of the type {said.get('eventType', 'default')}"
    else:
        seen = f"it was {_words(status, said)}"
    yield Probed(
        "With which error does an account without focus time refuse it?",
        seen,
        "a refusal (400 or 403), or an ordinary event in its place; or focus time, where the account has it",
        status < 300 or status in (400, 403),
    )


def _one_cancelled_date(bench: _Bench) -> Iterator[Probed]:
    made = bench.must(*bench.make("series", recurrence=["RRULE:FREQ=WEEKLY;COUNT=6"]))
    second = f"{bench.id('series')}_{utc_text(at_wall_clock(bench.day + timedelta(7), _AT, bench.zone))}"
    bench.must(*bench.ask("PATCH", second, {"status": "cancelled"}))
    _, said = bench.ask("GET", iCalUID=str(made.get("iCalUID", "")), showDeleted="true")
    yield Probed(
        "Does a list by iCalUID find the cancelled dates of a series?",
        "yes" if _has(said, second) else "no",
        "nothing: it asks for the cancelled dates of a block by the block's id",
        None,
    )
    begin = datetime.combine(bench.day - timedelta(1), time(), tzinfo=bench.zone).isoformat()
    _, said = bench.ask("GET", timeMin=begin, showDeleted="true", maxResults="2500")
    yield Probed(
        "Does a list from a day on bring the cancelled dates after that day?",
        "yes" if _has(said, second) else "no",
        "that it does",
        _has(said, second),
    )
    # With all that a date needs: a status alone is refused.
    status, said = bench.ask(
        "PATCH", second, {"status": "confirmed", **bench.dated(timedelta(7)), "summary": TRIAL_TITLE}
    )
    _, shown = bench.ask("GET", second)
    yield Probed(
        "Can a cancelled date be made to take place again?",
        f"{_words(status, said)}; asked for by its id it is {shown.get('status', 'gone')}",
        "that it can; where not, calsync says so",
        shown.get("status") == "confirmed",
    )


def _one_changed_date(bench: _Bench) -> Iterator[Probed]:
    _, before = bench.ask("GET", bench.id("series"))
    begin = at_wall_clock(bench.day + timedelta(14), _AT, bench.zone)
    third = f"{bench.id('series')}_{utc_text(begin)}"
    bench.must(*bench.ask("PATCH", third, bench.dated(timedelta(days=14, hours=1))))
    _, after = bench.ask("GET", bench.id("series"))
    yield Probed(
        "Does a change of one date give its series another version (ETag)?",
        "no" if before.get("etag") == after.get("etag") else "yes",
        "nothing: it reads a series anew after it has changed dates",
        None,
    )


def _has(said: Json, event: str) -> bool:
    return any(item.get("id") == event and item.get("status") == "cancelled" for item in said.get("items", ()))


def _words(status: int, said: Json) -> str:
    """An answer in a few words: of an error Google's own names for it, never its text."""
    if status < 300:
        return f"it is done (HTTP {status})"
    reasons = ", ".join(sorted(Rejected(status, {}, json.dumps(said).encode()).reasons))
    return f"refused (HTTP {status}{f', {reasons}' if reasons else ''})"
