"""Requests on the wire: what was seen of each, how one goes wrong when a test wants it, and the HTTP around them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.google_errors import ApiError, gone_sync_token, quota, throttled, unauthorized, unavailable

__all__ = ["Answer", "Fault", "Planned", "Seen", "serving"]


class Fault(StrEnum):
    """How one request goes wrong."""

    REFUSED = "refused"
    """500, nothing stored."""
    NO_ANSWER = "no-answer"
    """The connection is closed before anything happened."""
    ANSWER_LOST = "answer-lost"
    """Done and stored, then the connection is closed without an answer."""
    STALE = "stale"
    """Somebody touches the event just before the request is carried out."""
    THROTTLED = "throttled"
    """429 with Retry-After (`retry_after`, seconds), nothing stored."""
    QUOTA = "quota"
    """403 of domain usageLimits; `reason` is userRateLimitExceeded, rateLimitExceeded or quotaExceeded."""
    UNAVAILABLE = "unavailable"
    """503, with Retry-After where `retry_after` is given."""
    FORGOTTEN = "forgotten"
    """410: the sync token in this request has expired; nothing happens to a request without one."""
    UNAUTHORIZED = "unauthorized"
    """401."""
    FORBIDDEN = "forbidden"
    """403 without a reason that says more."""
    EMPTY_PAGE = "empty-page"
    """An empty page with a nextPageToken comes first; only a list can."""


@dataclass
class Seen:
    """One request as it came, and how it was answered; `status` is 0 where no answer was sent.

    `name` is the method: `events.list`, `freebusy.query`, `people.listDirectoryPeople`, `token`, or "".
    """

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    name: str = ""
    status: int = 0

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass
class Planned:
    """A fault to come, with what it wants to know."""

    fault: Fault
    more: Mapping[str, Any] = field(default_factory=dict)

    def stop(self, seen: Seen) -> None:
        """Raises the error of a fault that keeps the request from being carried out."""
        more = self.more
        match self.fault:
            case Fault.REFUSED:
                raise unavailable(500)
            case Fault.UNAVAILABLE:
                raise unavailable(503, more.get("retry_after"))
            case Fault.THROTTLED:
                raise throttled(more.get("retry_after", 1))
            case Fault.QUOTA:
                raise quota(more.get("reason", "userRateLimitExceeded"))
            case Fault.UNAUTHORIZED:
                raise unauthorized()
            case Fault.FORBIDDEN:
                raise ApiError(403, "forbidden", "Forbidden")
            case Fault.FORGOTTEN:
                if "syncToken" in seen.query:
                    raise gone_sync_token()
            case _:
                return


Answer = tuple[int, dict[str, str], bytes]
"""Status, headers and body; None closes the connection without a word."""


@contextmanager
def serving(answer: Callable[[Seen], Answer | None], now: Callable[[], datetime]) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 until the block ends; gives the address, without a slash at its end."""

    class Handler(_Handler):
        pass

    Handler.answer, Handler.now = staticmethod(answer), staticmethod(now)
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        http.server_close()
        thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    answer: Callable[[Seen], Answer | None]
    now: Callable[[], datetime]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = parse_qs(parts.query, keep_blank_values=True)
        method = self.command
        if method == "POST" and "x-http-method-override" in headers:
            # How google-api-python-client asks when the address would be too long: the query is in the body.
            method, query, body = headers["x-http-method-override"], parse_qs(body.decode()), b""
        answered = type(self).answer(Seen(method, parts.path, query, headers, body))
        if answered is None:
            self.close_connection = True
            return
        status, more, said = answered
        self.send_response_only(status)
        self.send_header("Date", format_datetime(type(self).now().astimezone(UTC), usegmt=True))
        for name, value in more.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        if status != 204:
            self.wfile.write(said)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815 - the names that http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parameter of the base class
        return
