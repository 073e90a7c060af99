"""The open questions of docs/microsoft.md, tried out on one calendar with events that are removed again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from calsync.accounts import Probed
from calsync.errors import CalsyncError, ProviderError
from calsync.model import TRIAL_TITLE
from calsync.ports import ProviderContext
from calsync.wire import Wire
from providers.microsoft.auth import MicrosoftAccess
from providers.microsoft.calendars import listed, means_primary, picked
from providers.microsoft.clouds import cloud
from providers.microsoft.errors import Reply
from providers.microsoft.finding import Places
from providers.microsoft.graph import Access, Graph, query
from providers.microsoft.marks import DATA, KEY, expand_marks, properties

if TYPE_CHECKING:
    from requests import Session

__all__ = ["probe"]

_GONE = frozenset({200, 202, 204, 404, 410})
_HOUR = 4
_LENGTH = timedelta(minutes=10)
_LOOKS, _PAUSE = 5, 2.0

Json = Mapping[str, Any]


def probe(
    name: str,
    options: Mapping[str, str],
    context: ProviderContext,
    day: date,
    run: str,
    *,
    http: Callable[[], Session] | None = None,
    access: Access | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Generator[Probed]:
    """See calsync.accounts.LiveProbe. `http` gives the requests session, `access` lets in, `pause` waits (seconds)."""
    bench = _Bench(name, options, context, day, run, http, access, pause)
    try:
        for ask in (_same_transaction, _dates_of_a_series, _one_moved_date, _times_of_a_series, _after_deletion):
            yield from ask(bench)
    finally:
        bench.clear()


class _Bench:
    """One calendar, and what was made on it. No event has a key of calsync's, so that it is never taken for a block."""

    def __init__(
        self,
        name: str,
        options: Mapping[str, str],
        context: ProviderContext,
        day: date,
        run: str,
        http: Callable[[], Session] | None,
        access: Access | None,
        pause: Callable[[float], None],
    ) -> None:
        self.name = name
        self.day = day
        self.run = run
        self.pause = pause
        self.made: list[str] = []
        self.series = ""
        self._unanswered = False
        self._wire = Wire(name, http)
        self._access = access or MicrosoftAccess(name, options, context, self._wire)
        self._address = cloud(options).graph
        self._account = options["account"]
        self.graph = Graph(name, self._account, self._address, self._wire, self._access, pause)
        self.places = Places.of(self.graph.root(), self._place(options.get("calendar", "").strip()))

    def body(self, part: str, **more: Any) -> dict[str, Any]:
        """An event of ten minutes. Its mark is none that a night would take for a block."""
        begin = self.at(0)
        return {
            "subject": TRIAL_TITLE,
            "body": {"contentType": "text", "content": "first line\r\nsecond line"},
            "showAs": "free",
            "sensitivity": "private",
            "isReminderOn": False,
            "categories": ["calsync"],
            "start": _wall(begin),
            "end": _wall(begin + _LENGTH),
            "transactionId": f"calsync-check:{self.run}:{part}",
            "singleValueExtendedProperties": [
                {"id": KEY, "value": f"check-{self.run}-{part}"},
                {"id": DATA, "value": "check"},
            ],
            **more,
        }

    def at(self, week: int) -> datetime:
        """The start in the week so many weeks on, in UTC."""
        when = self.day + timedelta(weeks=week)
        return datetime(when.year, when.month, when.day, _HOUR, 40, tzinfo=UTC)

    def ask(self, method: str, target: str, body: Json | None = None) -> Reply:
        """The answer to one request, whatever it is."""
        data = b"" if body is None else json.dumps(body, sort_keys=True).encode()
        url = target if "://" in target else f"{self._address}/v1.0{target}"
        reply = Reply(0)
        for _ in range(2):
            headers = {"Authorization": self._access.authorization(), "Prefer": 'IdType="ImmutableId"'}
            headers["Prefer"] += ', outlook.timezone="UTC", outlook.body-content-type="text"'
            if data:
                headers["Content-Type"] = "application/json"
            answer = self._wire.send(method, url, body=data, headers=headers, safe=method == "GET")
            try:
                said = json.loads(answer.body) if answer.body else {}
            except ValueError:
                said = {}
            reply = Reply(answer.status, answer.headers, said if isinstance(said, dict) else {})
            if reply.status != 401:
                break
            self._access.renew()
        return reply

    def make(self, body: Json) -> Reply:
        """Make an event, to be removed at the end."""
        self._unanswered = True
        reply = self.ask("POST", f"{self.places.calendar}/events", body)
        self._unanswered = reply.unclear
        if reply.done and reply.body.get("id"):
            self.made.append(str(reply.body["id"]))
        return reply

    def must(self, reply: Reply) -> Json:
        """What a request said without which nothing can be told. Raises what the port has for a refusal."""
        if not reply.done:
            raise self.graph.failure(reply)
        return reply.body

    def rows(self) -> list[Json]:
        """The dates of the series, in order."""
        window = query(startDateTime=f"{self.at(0):%Y-%m-%dT00:00:00Z}", endDateTime=f"{self.at(5):%Y-%m-%dT00:00:00Z}")
        found = self.must(self.ask("GET", f"{self.places.event(self.series)}/instances{window}"))
        return sorted(found.get("value") or (), key=lambda row: str(row["start"]["dateTime"]))

    def clear(self) -> None:
        """Remove all that was made; what cannot be removed is named. Raises ProviderError."""
        left = []
        try:
            for event in dict.fromkeys([*self.made, *self._lost()]):
                try:
                    if self.ask("DELETE", self.places.event(event)).status not in _GONE:
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

    def _lost(self) -> list[str]:
        """The ids of what may have been made without an answer: found by its mark, as soon as Microsoft finds it."""
        asked = f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and startswith(ep/value, 'check-{self.run}'))"
        for look in range(_LOOKS if self._unanswered else 0):
            if look:
                self.pause(_PAUSE)
            try:
                reply = self.ask("GET", f"{self.places.calendar}/events{query(_filter=asked, _select='id')}")
            except CalsyncError:
                continue
            found = [str(row["id"]) for row in reply.body.get("value") or () if row.get("id")]
            if set(found) - set(self.made):
                return found
        return []

    def _place(self, wanted: str) -> str:
        if means_primary(wanted):
            return ""
        return picked(self.name, self._account, listed(self.graph), wanted)


def _same_transaction(bench: _Bench) -> Iterator[Probed]:
    body = bench.body("one")
    first = bench.must(bench.make(body))
    again = bench.make(body)
    same = again.done and again.body.get("id") == first["id"]
    yield Probed(
        "Is a creation that is repeated to the letter answered with the event that it made?",
        "yes" if same else f"no: {_words(again)}",
        "that it is, or that it is refused",
        same or not again.done,
    )
    other = bench.make({**body, "subject": f"{TRIAL_TITLE} "})
    named = "@event.existingEventId" in json.dumps(dict(other.body))
    yield Probed(
        "What does another body with the same transactionId get?",
        _words(other) + (", with the id of the event that has it" if named else ""),
        "a refusal (400 or 409)",
        other.status in (400, 409),
    )
    shown = bench.must(bench.ask("GET", bench.places.event(str(first["id"])) + query(_expand=expand_marks())))
    both = {KEY, DATA} <= properties(shown).keys()
    yield Probed(
        "Can both extended properties be asked for at once?",
        "yes" if both else "no: " + (", ".join(sorted(properties(shown))) or "none came"),
        "that they can",
        both,
    )
    text = str((shown.get("body") or {}).get("content", ""))
    form = (
        "\\r\\n" if "first line\r\nsecond line" in text else "\\n" if "first line\nsecond line" in text else "neither"
    )
    more = (
        "" if text.strip() in ("first line\r\nsecond line", "first line\nsecond line") else ", and something is added"
    )
    yield Probed(
        "In what form do line ends come back in texts?",
        f"as {form}{more}",
        "nothing: it compares without them",
        None,
    )
    looks = next((n for n in range(1, _LOOKS + 1) if _found(bench, n, str(first["id"]))), 0)
    yield Probed(
        "How soon does a question by an extended property find what was made?",
        f"at look {looks}, {(looks - 1) * _PAUSE:.0f} seconds on"
        if looks
        else f"not within {_LOOKS * _PAUSE:.0f} seconds",
        "nothing: what it leaves out is asked for by its id",
        None,
    )


def _found(bench: _Bench, look: int, event: str) -> bool:
    if look > 1:
        bench.pause(_PAUSE)
    asked = f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value eq 'check-{bench.run}-one')"
    reply = bench.ask("GET", f"{bench.places.calendar}/events{query(_filter=asked, _select='id')}")
    return any(row.get("id") == event for row in reply.body.get("value") or ())


def _dates_of_a_series(bench: _Bench) -> Iterator[Probed]:
    weekly = {
        "pattern": {
            "type": "weekly",
            "interval": 1,
            "daysOfWeek": [f"{bench.day:%A}".lower()],
            "firstDayOfWeek": "monday",
        },
        "range": {
            "type": "numbered",
            "numberOfOccurrences": 4,
            "startDate": bench.day.isoformat(),
            "recurrenceTimeZone": "UTC",
        },
    }
    master = bench.must(bench.make(bench.body("week", recurrence=weekly)))
    bench.series = str(master["id"])
    window = query(startDateTime=f"{bench.at(0):%Y-%m-%dT00:00:00Z}", endDateTime=f"{bench.at(5):%Y-%m-%dT00:00:00Z}")
    reply = bench.ask("GET", bench.places.delta + window)
    yield Probed(
        "Does the list of changes work for this calendar?",
        "yes" if reply.done else f"no: {_words(reply)}",
        "that it does",
        reply.done,
    )
    rows = [row for row in reply.body.get("value") or () if row.get("seriesMasterId") == bench.series]
    carried = [
        what
        for what, key in (("the transactionId", "transactionId"), ("the category", "categories"))
        if rows and all(row.get(key) for row in rows)
    ]
    yield Probed(
        "Do the dates of a series carry its transactionId and its category in the list of changes?",
        " and ".join(carried) if carried else "neither" if rows else "no date of it was in the list",
        "nothing: it asks for its own by the extended property",
        None,
    )
    first, again = bench.rows()[0], bench.must(bench.ask("GET", bench.places.event(bench.series)))
    yield Probed(
        "Do the dates of a series share its version mark (ETag)?",
        "yes" if first.get("@odata.etag") == again.get("@odata.etag") else "no",
        "nothing: it works with either",
        None,
    )


def _one_moved_date(bench: _Bench) -> Iterator[Probed]:
    second = bench.rows()[1]
    event, begin = bench.places.event(str(second["id"])), bench.at(1)
    there = {"start": _wall(begin), "end": _wall(begin + _LENGTH)}
    away = {"start": _wall(begin + timedelta(hours=1)), "end": _wall(begin + timedelta(hours=1) + _LENGTH)}
    bench.must(bench.ask("PATCH", event, away))
    bench.must(bench.ask("PATCH", event, there))
    shown = bench.must(bench.ask("GET", event))
    yield Probed(
        "Is a date that was moved away and back an exception for ever?",
        f"it is of the type {shown.get('type', 'unknown')}",
        "nothing: it takes either for the same",
        None,
    )


def _times_of_a_series(bench: _Bench) -> Iterator[Probed]:
    third = bench.rows()[2]
    begin = bench.at(2) + timedelta(hours=2)
    moved = {"start": _wall(begin), "end": _wall(begin + _LENGTH)}
    bench.must(bench.ask("PATCH", bench.places.event(str(third["id"])), moved))
    start = bench.at(0) + timedelta(minutes=30)
    reply = bench.ask("PATCH", bench.places.event(bench.series), {"start": _wall(start), "end": _wall(start + _LENGTH)})
    if not reply.done:
        seen = _words(reply)
    else:
        kept = any(str(row["start"]["dateTime"]).startswith(f"{begin:%Y-%m-%dT%H:%M}") for row in bench.rows())
        seen = "no: the moved date is where it was" if kept else "yes: the moved date is back in its series"
    yield Probed(
        "Does a change of a series' times take its exceptions away?",
        seen,
        "nothing: it looks afterwards, and makes again what is missing",
        None,
    )


def _after_deletion(bench: _Bench) -> Iterator[Probed]:
    body = bench.body("gone")
    first = bench.must(bench.make(body))
    event = bench.places.event(str(first["id"]))
    bench.must(bench.ask("DELETE", event))
    reply = bench.ask("GET", event)
    yield Probed(
        "Does a question for an event by its id, through its calendar, find one that was deleted?",
        "yes" if reply.done else f"no: {_words(reply)}",
        "that it does not",
        reply.status in (404, 410),
    )
    again = bench.make(body)
    other = again.done and again.body.get("id") != first["id"]
    yield Probed(
        "Does deleting an event free its transactionId?",
        "yes: another event was made" if other else f"no: {_words(again)}",
        "nothing: it takes it for taken, and makes the next one",
        None,
    )


def _wall(at: datetime) -> dict[str, str]:
    return {"dateTime": f"{at:%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}


def _words(reply: Reply) -> str:
    """An answer in a few words: of an error Microsoft's own name for it, never its text."""
    return f"it is done (HTTP {reply.status})" if reply.done else f"refused ({reply.line})"
