"""Requests to Microsoft Graph: one at a time, page by page, and twenty in a batch.

No more than four requests are under way for a mailbox at a time, whatever asks (MailboxConcurrency; Graph runs four
parts of a batch side by side). The parts of a batch of writes run one after another, each when the one before it was
done: nothing else is promised to work (known issues of JSON batching: parallel, serial or one for all).
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from calsync.errors import Malformed, ProviderError, SignInNeeded, Unreachable
from calsync.wire import LATER, Answer, Wire, wait_asked
from providers.microsoft.errors import LOST, SKIPPED, THROTTLED, UNAUTHORIZED, Forgotten, Reply, failure

__all__ = ["PAGE", "Access", "Graph", "Part", "path", "query"]

_VERSION = "/v1.0"
_PREFER = 'IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text"'
_AT_ONCE = 4
_LARGEST = 20
_TRIES = 4
_PATIENCE = 60.0
"""Seconds; a server that asks for more is left alone until the next run."""
_MOST_PAGES = 2000
_NOT_DONE = frozenset({UNAUTHORIZED, SKIPPED, THROTTLED})
PAGE = 500
"""How many events are asked for in one answer."""

Json = Mapping[str, Any]


class Access(Protocol):
    """What lets requests in: `MicrosoftAccess`."""

    @property
    def app_only(self) -> bool:
        """True when an application acts, without a user."""
        ...

    def authorization(self) -> str:
        """The header `Authorization`."""
        ...

    def renew(self) -> None:
        """The token was refused; the next one is asked for."""
        ...

    def refused(self) -> SignInNeeded:
        """The error for a token that was just renewed and is refused again."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """One request, by its path behind the version; `match` is the ETag that what it changes must have."""

    method: str
    path: str
    body: Json | None = None
    match: str = ""


def path(*segments: str) -> str:
    """A path of Graph's; ids and addresses are quoted."""
    return "".join(f"/{quote(segment, safe='=-_@.$()')}" for segment in segments)


def query(**options: str) -> str:
    """Query options, `$` added to the names that begin with an underscore."""
    named = {(f"${name[1:]}" if name.startswith("_") else name): value for name, value in options.items()}
    return "?" + urlencode(named, quote_via=quote, safe="$:(),'/")


class Graph:
    """One account's way to Graph, for one thread at a time. Making it does no I/O."""

    def __init__(
        self, name: str, account: str, address: str, wire: Wire, access: Access, pause: Callable[[float], None]
    ) -> None:
        self.name = name
        self.account = account
        self._address = address
        self._wire = wire
        self._access = access
        self._pause = pause
        self._places = _places(address, account)

    @property
    def requests(self) -> int:
        """Round trips so far; those for tokens are not counted."""
        return self._wire.requests

    def root(self) -> str:
        """The path of the mailbox: an application has no `/me`."""
        return path("users", self.account) if self._access.app_only else "/me"

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def get(self, target: str) -> Json:
        """The JSON at `target`, a path or a link that Graph gave. Raises what `failure` makes of a refusal."""
        return self._good(self._send("GET", target, None, {}, weight=1, safe=True))

    def ask(self, target: str, body: Json) -> Reply:
        """The answer to a POST that changes nothing, whatever it is."""
        return self._send("POST", target, body, {}, weight=1, safe=True)

    def pages(self, target: str, *, delta: bool = False) -> Iterator[Json]:
        """Every page from `target` on, followed at once: links grow old. The last one may have a delta link.

        With `delta` it raises Forgotten when the server does not know the link (any more).
        """
        seen: set[str] = set()
        link = target
        while link:
            if link in seen or len(seen) >= _MOST_PAGES:
                raise Malformed(f"{self.name}: Microsoft's list of events has no end", "try again later")
            seen.add(link)
            prefer = {"Prefer": f"{_PREFER}, odata.maxpagesize={PAGE}"}
            reply = self._send("GET", link, None, prefer, weight=1, safe=True)
            if delta and reply.forgotten:
                raise Forgotten
            page = self._good(reply)
            yield page
            link = str(page.get("@odata.nextLink") or "")

    def read(self, parts: Sequence[Part]) -> list[Reply]:
        """The answers to any number of requests that change nothing. Raises for the first that gets none."""
        replies: dict[int, Reply] = {}
        left = list(range(len(parts)))
        tries: Counter[int] = Counter()
        while left:
            batch, left = left[:_LARGEST], left[_LARGEST:]
            again = []
            for at, reply in zip(batch, self._batch([parts[at] for at in batch], serial=False), strict=True):
                if reply.status in (UNAUTHORIZED, THROTTLED) or reply.unclear:
                    again.append((at, reply))
                replies[at] = reply
            if again:
                tries.update(at for at, _ in again)
                most = max(tries[at] for at, _ in again)
                if most >= _TRIES or not self._waited([reply for _, reply in again], most):
                    raise self.failure(again[0][1])
                left = [*(at for at, _ in again), *left]
        return [replies[at] for at in range(len(parts))]

    def write(self, groups: Sequence[Sequence[Part]]) -> list[list[Reply]]:
        """Carry out groups of changes, in order, each change once. In a group nothing follows what has failed.

        Answers come by group and part: LOST where it is not known what happened, 424 for what was not done because
        of something before it. After a lost answer nothing more is sent. What is throttled is sent again.
        """
        replies: list[list[Reply]] = [[Reply(SKIPPED)] * len(group) for group in groups]
        left = [(group, at) for group, parts in enumerate(groups) for at in range(len(parts))]
        failed: set[int] = set()
        tries: Counter[tuple[int, int]] = Counter()
        while left:
            batch, left = left[:_LARGEST], left[_LARGEST:]
            try:
                answers = self._batch([groups[group][at] for group, at in batch], serial=True)
            except ProviderError:
                if all(reply.status == SKIPPED for group in replies for reply in group):
                    raise
                # A part of it is done: what became of that is what counts now.
                break
            again = []
            for (group, at), reply in zip(batch, answers, strict=True):
                if reply.status != SKIPPED:
                    replies[group][at] = reply
                if reply.status in _NOT_DONE:
                    again.append((group, at))
                elif not reply.done:
                    failed.add(group)
            refused = [
                (one, reply)
                for one, reply in zip(batch, answers, strict=True)
                if reply.status in _NOT_DONE and reply.status != SKIPPED
            ]
            tries.update(one for one, _ in refused)
            wait, most = [reply for _, reply in refused], max((tries[one] for one, _ in refused), default=0)
            lost = any(reply.status == 0 for reply in answers)
            if lost or len(again) == len(batch) > len(wait) == 0 or most >= _TRIES:
                break
            if wait and not self._waited(wait, most):
                break
            left = [(group, at) for group, at in (*again, *left) if group not in failed]
        return replies

    def failure(self, reply: Reply) -> ProviderError:
        """The error for a refusal."""
        return failure(self.name, self.account, reply, clock=self._wire.clock_is_off, refused=self._access.refused())

    def expired(self) -> Unreachable:
        """The error for links that are forgotten while they are followed."""
        return Unreachable(f"{self.name}: Microsoft lost its place in the list of events while it was read", LATER)

    def _good(self, reply: Reply) -> Json:
        if reply.done:
            return reply.body
        raise self.failure(reply)

    def _waited(self, replies: Sequence[Reply], tries: int) -> bool:
        """Do what must be done before the same is asked again: another token, some patience. False: too much."""
        if any(reply.status == UNAUTHORIZED for reply in replies):
            if tries > 1:
                return False
            self._access.renew()
        asked = [wait_asked(reply.headers, datetime.now(UTC)) for reply in replies]
        wait = max((seconds for seconds in asked if seconds is not None), default=0.5 * 2**tries)
        if wait > _PATIENCE:
            return False
        self._pause(wait)
        return True

    def _batch(self, parts: Sequence[Part], *, serial: bool) -> list[Reply]:
        """One batch, its answers in order; raises for a refusal of the batch as a whole, of which nothing was done."""
        requests = [_request(number, part, serial=serial) for number, part in enumerate(parts, 1)]
        weight = min(_AT_ONCE, len(parts))
        reply = self._send("POST", "/$batch", {"requests": requests}, {}, weight=weight, safe=not serial)
        if serial and reply.unclear:
            return [LOST] * len(parts)
        if not reply.done:
            raise self.failure(reply)
        found = {str(one.get("id")): one for one in reply.body.get("responses") or () if isinstance(one, dict)}
        date = reply.headers.get("date", "")
        return [_part_of(found.get(str(number)), date) for number in range(1, len(parts) + 1)]

    def _send(
        self, method: str, target: str, body: Json | None, headers: Mapping[str, str], *, weight: int, safe: bool
    ) -> Reply:
        """One request; what is not `safe` gives LOST when no answer came, or none that can be read."""
        url = target if "://" in target else self._address + _VERSION + target
        if not url.startswith(self._address + "/"):
            # The token goes to nobody else.
            raise Malformed(f"{self.name}: Microsoft sent a link to another place", "try again later")
        data = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        sent = {"Prefer": _PREFER, **({"Content-Type": "application/json"} if data else {}), **headers}
        reply = LOST
        for last in (False, True):
            sent["Authorization"] = self._access.authorization()
            try:
                with self._places.taken(weight):
                    reply = _reply(self.name, self._wire.send(method, url, body=data, headers=sent, safe=safe))
            except (Unreachable, Malformed):
                if safe:
                    raise
                return LOST
            if reply.status != UNAUTHORIZED or last:
                break
            # Nothing was done. One new token must do.
            self._access.renew()
        return reply


class _Places:
    """The requests that may be under way for one mailbox in this process."""

    def __init__(self) -> None:
        self._free = _AT_ONCE
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, count: int) -> Iterator[None]:
        """Hold `count` places, as soon as so many are free."""
        with self._changed:
            self._changed.wait_for(lambda: self._free >= count)
            self._free -= count
        try:
            yield
        finally:
            with self._changed:
                self._free += count
                self._changed.notify_all()


_ALL_PLACES: dict[tuple[str, str], _Places] = {}
_GUARD = threading.Lock()


def _places(address: str, account: str) -> _Places:
    with _GUARD:
        return _ALL_PLACES.setdefault((address, account.lower()), _Places())


def _request(number: int, part: Part, *, serial: bool) -> dict[str, Any]:
    # No header but Authorization is handed down to the parts.
    headers = {"Prefer": _PREFER}
    if part.match:
        headers["If-Match"] = part.match
    request: dict[str, Any] = {"id": str(number), "method": part.method, "url": part.path, "headers": headers}
    if part.body is not None:
        headers["Content-Type"] = "application/json"
        request["body"] = part.body
    if serial and number > 1:
        request["dependsOn"] = [str(number - 1)]
    return request


def _part_of(one: Json | None, date: str) -> Reply:
    if one is None or not isinstance(one.get("status"), int):
        return LOST
    # The date of the whole, as no part has its own.
    own = {str(name).lower(): str(value) for name, value in (one.get("headers") or {}).items()}
    headers = {"date": date, **own}
    body = one.get("body")
    return Reply(one["status"], headers, body if isinstance(body, dict) else {})


def _reply(name: str, answer: Answer) -> Reply:
    said: Any = None
    if answer.body:
        try:
            said = json.loads(answer.body)
        except ValueError:
            said = None
    if not isinstance(said, dict):
        if 200 <= answer.status < 300 and answer.body:
            raise Malformed(
                f"{name}: what came back is no answer of Microsoft Graph (HTTP {answer.status})",
                "open a web page to see whether this network wants a sign-in of its own; the next run tries again",
            )
        said = {}
    return Reply(answer.status, answer.headers, said)
