"""A Microsoft Graph calendar server on loopback, with the semantics that Microsoft documents or that others have met.

`GraphServer` has the switches; `graph_events` (create, change, delete), `graph_views` (lists and delta), `graph_batch`,
`graph_people` and `graph_login` answer; `graph_hand` is another program's or the leader's hand. Each rule in them names
its source. What no source settles stands in each module's docstring under "decided here".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import ThreadingHTTPServer

from tests.servers.graph_batch import batch, parts_of
from tests.servers.graph_hand import Hand
from tests.servers.graph_http import Fault, Handler, Planned, Refusal, Reply, Seen
from tests.servers.graph_login import login
from tests.servers.graph_people import Directory
from tests.servers.graph_routes import address_of, route
from tests.servers.graph_store import Items, Mailbox
from tests.servers.graph_views import Round

__all__ = ["Fault", "GraphServer", "Seen"]

_NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


class GraphServer:
    """The server and its switches; well-behaved until one of them, or a fault, says otherwise.

    `scopes` are what every token may do. `origin` is the address in links: that of Graph, or `url` for clients that
    speak to loopback directly. `any_bearer` takes every token, for tests with an OAuth server of their own.
    `max_concurrent` requests of a mailbox may be under way at once; `gather` holds requests until so many are (or
    `gather_seconds` have passed), so that `peak` shows how many a client sends at once. `lag` is how many reads after a
    write still see what stood there before; `filter_lag` is how many questions by an extended property do not find an
    event yet that was just made. `duplicate_status` is 400 or 409; `forgotten_answer` 410, 400 or 404.
    `deleted_stay_by_id`: a GET by id still finds a deleted event, which is in Deleted Items; `paths_hold` off: it finds
    events of other calendars as well, whichever the path names.
    `masters_hide`: a GET by id finds no master of a series, though its dates are shown.
    `delta_masters` says which masters are rows of a delta: "all", "young" (of series that begin in the window), "none".
    """

    def __init__(self, now: Callable[[], datetime] = lambda: _NOW) -> None:
        self.now = now
        self.url = ""
        self.origin = "https://graph.microsoft.com"
        self.address = "maya@example.com"
        self.tenant = "5f0e1c9a-0000-4000-8000-000000000001"
        self.oid = "5f0e1c9a-0000-4000-8000-0000000000aa"
        self.mailboxes: dict[str, Mailbox] = {}
        self.directory = Directory()
        self.requests: list[Seen] = []
        self.scopes: set[str] = {"Calendars.ReadWrite", "User.Read"}
        # What Exchange does or may do:
        self.page_size = 10
        self.empty_pages = False
        self.repeats_rows = True
        self.delta_scatters_rows = False
        self.delta_echoes_whole_series = True
        self.delta_masters = "all"
        self.stray_tombstones = True
        self.transaction_ids_stay_taken = True
        self.duplicate_status = 400
        self.occurrences_share_etag = True
        self.occurrences_carry_transaction_id = False
        self.spurious_412 = 0
        self.lag = 0
        self.filter_lag = 0
        self.deleted_stay_by_id = False
        self.paths_hold = True
        self.masters_hide = False
        self.forgotten_answer = 410
        self.max_concurrent = 4
        self.gather = 0
        self.gather_seconds = 0.2
        # Signing in:
        self.any_bearer = False
        self.token_error = 0
        self.client_secret: str | None = None
        self.old_refresh_tokens_die = True
        self.refresh_tokens: set[str] = set()
        self.codes: set[str] = set()
        self.tokens: dict[str, bool] = {}
        # What was noted:
        self.without_immutable: list[str] = []
        self.refused_bodies: list[tuple[str, str, object]] = []
        self.mailed: list[tuple[str, str, tuple[str, ...]]] = []
        self.peak = 0
        self.rounds: dict[str, Round] = {}
        self.forgotten: set[str] = set()
        self._faults: dict[int, list[Planned]] = {}
        self._under_way: dict[str, int] = {}
        self._gathered = 0
        self._issued = 0
        self._lock = threading.RLock()
        self._crowd = threading.Condition()
        self.add_mailbox(self.address, "Maya Lindgren")
        self.hand = Hand(self)

    # --- the accounts ---

    def add_mailbox(self, address: str, name: str, zone: str = "W. Europe Standard Time") -> Mailbox:
        """A mailbox with a primary calendar."""
        made = Mailbox(address.lower(), name, zone)
        made.add_calendar("Calendar", default=True)
        self.mailboxes[made.address] = made
        return made

    @property
    def mailbox(self) -> Mailbox:
        """The mailbox of whoever signs in."""
        return self.mailboxes[self.address]

    @property
    def calendar(self) -> str:
        """The id of its primary calendar."""
        assert self.mailbox.default is not None
        return self.mailbox.default.id

    def add_calendar(self, name: str, *, can_edit: bool = True) -> str:
        """Another calendar of the mailbox; returns its id."""
        return self.mailbox.add_calendar(name, can_edit=can_edit).id

    def drop_calendar(self, calendar: str = "") -> None:
        """The calendar and all in it is gone."""
        name = calendar or self.calendar
        items = self.mailbox.items
        del items.calendars[name]
        items.events = {k: e for k, e in items.events.items() if e.calendar != name}

    def issue(self, *, app_only: bool = False) -> str:
        """An access token."""
        self._issued += 1
        token = f"access-{self._issued}"
        self.tokens[token] = app_only
        return token

    def new_refresh_token(self) -> str:
        """A refresh token."""
        self._issued += 1
        token = f"refresh-{self._issued}"
        self.refresh_tokens.add(token)
        return token

    def revoke(self) -> None:
        """Every token handed out so far is worth nothing."""
        self.tokens.clear()
        self.refresh_tokens.clear()

    def forget_tokens(self) -> None:
        """Every delta and next link handed out so far is unknown."""
        with self._lock:
            self.forgotten |= self.rounds.keys()

    # --- what goes wrong ---

    def fail_at(
        self, number: int, fault: Fault, *, part: int | None = None, retry_after: str = "1", stored: bool = False
    ) -> None:
        """Let request `number` (from 1, of all that were ever sent) go wrong, or its part at position `part`."""
        with self._lock:
            self._faults.setdefault(number, []).append(Planned(Fault(fault), part, retry_after, stored))

    def fail_next(
        self, fault: Fault, skip: int = 0, *, part: int | None = None, retry_after: str = "1", stored: bool = False
    ) -> None:
        """Let the next request but `skip` go wrong."""
        self.fail_at(len(self.requests) + skip + 1, fault, part=part, retry_after=retry_after, stored=stored)

    def behave(self) -> None:
        """Forget every fault that is still to come."""
        with self._lock:
            self._faults.clear()

    # --- serving ---

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve until the block ends."""
        served = self

        class Serving(Handler):
            owner = served

        http = ThreadingHTTPServer(("127.0.0.1", 0), Serving)
        http.daemon_threads = True
        self.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            http.shutdown()
            http.server_close()
            thread.join(10)

    def date(self) -> str:
        """The Date header."""
        return format_datetime(self.now().astimezone(UTC), usegmt=True)

    def answer(self, seen: Seen) -> Reply | None:
        """The answer to a request; None closes the connection."""
        with self._lock:
            self.requests.append(seen)
            number = len(self.requests)
            plans = self._faults.pop(number, [])
        reply = self._whole(number, seen, plans)
        seen.status = reply.status if reply is not None else 0
        return reply

    def _whole(self, number: int, seen: Seen, plans: list[Planned]) -> Reply | None:
        plan = next((p for p in plans if p.part is None), None)
        is_batch = seen.path == "/v1.0/$batch" and seen.method == "POST"
        try:
            if is_batch:
                # Listed before anything goes wrong, so that a test sees what was asked.
                seen.parts = parts_of(seen)
            if not seen.path.startswith("/v1.0/"):
                with self._lock:
                    return _as_oauth(_spoilt(plan, number, lambda: self._login(seen)))
            with self._room(seen) as free, self._lock:
                if plan is not None and plan.fault is Fault.STALE:
                    for part in seen.parts or [seen]:
                        self._touch(part)
                if is_batch:
                    inner: dict[int | None, Planned] = {p.part: p for p in plans if p.part is not None}
                    return _spoilt(plan, number, lambda: batch(seen, number, self._parts(number, inner, plan, free)))
                return _spoilt(plan, number, lambda: self._api(number, seen, plan, crowded=not free))
        except Refusal as refusal:
            return refusal.reply(number)

    def _login(self, seen: Seen) -> Reply:
        return login(self, seen) or Reply(404, {"error": "not_found"})

    def _parts(
        self, number: int, inner: dict[int | None, Planned], whole: Planned | None, free: int
    ) -> Callable[[int, Seen], Reply]:
        def run(at: int, part: Seen) -> Reply:
            plan = inner.get(at, whole if whole is not None and whole.fault in _WITHIN else None)
            if plan is not None and plan.fault is Fault.STALE:
                self._touch(part)
            # microsoft-graph-docs, json-batching: four at a time; each is held against the limits by itself.
            crowded = at % min(4, self.max_concurrent) >= free
            reply = _spoilt(plan, number, lambda: self._api(number, part, plan, crowded=crowded))
            return reply or Reply(504, {"error": {"code": "UnknownError", "message": "No answer came in time."}})

        return run

    @contextmanager
    def _room(self, seen: Seen) -> Iterator[int]:
        """How many of a mailbox's places at once are free for this request, which takes one (a batch up to four)."""
        box = address_of(self, seen.parts[0] if seen.parts else seen)
        weight = min(4, len(seen.parts)) if seen.parts else 1
        with self._crowd:
            before = self._under_way.get(box, 0)
            self._under_way[box] = before + weight
            self.peak = max(self.peak, before + weight)
            if self._under_way[box] >= self.gather:
                # Whoever waits is let go, even if others have already finished when they look.
                self._gathered += 1
                self._crowd.notify_all()
            else:
                since = self._gathered
                self._crowd.wait_for(lambda: self._gathered > since, self.gather_seconds)
        try:
            yield max(0, self.max_concurrent - before)
        finally:
            with self._crowd:
                self._under_way[box] -= weight

    def _api(self, number: int, seen: Seen, plan: Planned | None, *, crowded: bool) -> Reply:
        try:
            app_only = self._admitted(seen, crowded=crowded)
            fault = plan.fault if plan is not None else None
            return route(
                self,
                seen,
                app_only=app_only,
                empty_page=fault is Fault.EMPTY_PAGE,
                forgotten=fault is Fault.FORGOTTEN,
            )
        except Refusal as refusal:
            return refusal.reply(number)

    def _admitted(self, seen: Seen, *, crowded: bool) -> bool:
        """Whether the token is an app's own; a Refusal without a good one, or when too many are under way."""
        scheme, _, token = seen.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not (token in self.tokens or (self.any_bearer and token)):
            words = "Access token is empty." if not token else "Access token has expired or is not yet valid."
            raise Refusal(401, "InvalidAuthenticationToken", words, {"WWW-Authenticate": 'Bearer realm=""'})
        if crowded:
            # microsoft-graph-docs, throttling-limits: four at once for an app and a mailbox.
            words = "Application is over its MailboxConcurrency limit."
            raise Refusal(429, "ApplicationThrottled", words, {"Retry-After": "1"})
        return self.tokens.get(token, False)

    def _touch(self, seen: Seen) -> None:
        """Somebody saves the event that a request is about, and changes nothing in it."""
        mailbox = self.mailboxes.get(address_of(self, seen), self.mailbox)
        for name in seen.path.split("/"):
            immutable = mailbox.immutable(name)
            event = mailbox.items.events.get(mailbox.occurrences.get(immutable, (immutable,))[0])
            if event is not None:
                self.changing(mailbox)
                mailbox.touch(event, self.now())

    # --- for the endpoints ---

    def read(self, mailbox: Mailbox) -> Items:
        """What a read sees: for the first few after a write what stood there before it (see `lag`)."""
        if mailbox.stale is None:
            return mailbox.items
        seen = mailbox.stale
        mailbox.stale_reads -= 1
        if mailbox.stale_reads <= 0:
            mailbox.stale = None
        return seen

    def changing(self, mailbox: Mailbox) -> None:
        """To be called before a change."""
        if self.lag:
            # microsoft-graph-docs-contrib#3706: a change that was answered has been seen to read back stale.
            mailbox.stale = mailbox.stale or mailbox.items.copy()
            mailbox.stale_reads = self.lag

    def token_of(self, begun: Round) -> str:
        """A token that stands for a round, from now on."""
        token = f"R0usmcCM996atia_s{len(self.rounds) + 1:06d}"
        self.rounds[token] = begun
        return token


_WITHIN = frozenset({Fault.EMPTY_PAGE, Fault.FORGOTTEN})


def _spoilt(plan: Planned | None, number: int, run: Callable[[], Reply]) -> Reply | None:
    """Carry out `run` with what goes wrong around it; None: no answer."""
    fault = plan.fault if plan is not None else None
    if plan is None or fault not in _REFUSALS:
        if fault is Fault.NO_ANSWER:
            return None
        reply = run()
        return None if fault is Fault.ANSWER_LOST else reply
    if plan.stored:
        run()
    status, code, words, waits = _REFUSALS[fault]
    headers = {"Retry-After": plan.retry_after} if waits and plan.retry_after else {}
    return Refusal(status, code, words, headers).reply(number)


def _as_oauth(reply: Reply | None) -> Reply | None:
    """What went wrong at the token endpoint, as OAuth words it (RFC 6749, 5.2)."""
    if reply is None or not isinstance(reply.body, dict) or not isinstance(reply.body.get("error"), dict):
        return reply
    said = reply.body["error"]
    error = "temporarily_unavailable" if reply.status in (429, 500, 503, 504) else "invalid_grant"
    return Reply(reply.status, {"error": error, "error_description": said["message"]}, reply.headers)


# Status, code, words, and whether a Retry-After comes with it.
_REFUSALS: dict[Fault | None, tuple[int, str, str, bool]] = {
    Fault.REFUSED: (500, "InternalServerError", "Something went wrong on our side.", False),
    Fault.THROTTLED: (429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.", True),
    Fault.UNAVAILABLE: (503, "ServiceUnavailable", "The service is temporarily unavailable.", True),
    Fault.GATEWAY: (504, "GatewayTimeout", "The server did not answer in time.", False),
    Fault.UNAUTHORIZED: (401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.", False),
    Fault.FORBIDDEN: (403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.", False),
}
