"""What goes over the wire of the Graph test server: requests seen, answers, refusals, faults, and the HTTP handler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

__all__ = ["Fault", "Handler", "Planned", "Refusal", "Reply", "Seen"]


class Fault(StrEnum):
    """How one request goes wrong."""

    REFUSED = "refused"
    """500, and nothing was stored."""
    NO_ANSWER = "no-answer"
    """The connection is closed before anything happened."""
    ANSWER_LOST = "answer-lost"
    """It was done and stored; then the connection is closed without an answer."""
    STALE = "stale"
    """Somebody touches the event just before the request is carried out, so that If-Match fails."""
    THROTTLED = "throttled"
    """429 with Retry-After; nothing was stored."""
    UNAVAILABLE = "unavailable"
    """503 with Retry-After where asked for; nothing was stored."""
    GATEWAY = "gateway"
    """504; with `stored=True` it was done all the same."""
    FORGOTTEN = "forgotten"
    """The delta token of the request is not known any more; other requests do not notice."""
    UNAUTHORIZED = "unauthorized"
    """401, as for an access token that has expired."""
    FORBIDDEN = "forbidden"
    """403 ErrorAccessDenied."""
    EMPTY_PAGE = "empty-page"
    """A list begins with an empty page that has a next link."""


@dataclass(frozen=True)
class Planned:
    """A fault to come: `part` names the part of a batch by its position (None: the request itself)."""

    fault: Fault
    part: int | None = None
    retry_after: str = "1"
    stored: bool = False


@dataclass
class Seen:
    """One request as it came, with the status it got (0: none). A batch has its parts, in the order they were sent."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    status: int = 0
    parts: list[Seen] = field(default_factory=list)

    @property
    def json(self) -> Any:
        """The body as JSON; None when there is none."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True)
class Reply:
    """An answer; `body` is JSON, None for no content."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """An error as Graph words it: `{"error": {"code": ..., "message": ...}}`."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **more: Any):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.headers = dict(headers or {})
        self.more = more

    def reply(self, number: int) -> Reply:
        """The answer; `number` makes the request id."""
        inner = {"date": "2026-11-23T03:00:00", "request-id": f"00000000-0000-4000-8000-{number:012d}"}
        error = {"code": self.code, "message": self.message, **self.more, "innerError": inner}
        return Reply(self.status, {"error": error}, self.headers)


class _Answers(Protocol):
    def answer(self, seen: Seen) -> Reply | None: ...

    def date(self) -> str: ...


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections that stay open, and no waiting for acknowledgements."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    owner: _Answers

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.owner.answer(seen_of(self.command, self.path, headers, body))
        if reply is None:
            self.close_connection = True
            return
        content = b"" if reply.body is None else json.dumps(reply.body, ensure_ascii=False).encode()
        self.send_response_only(reply.status)
        self.send_header("Date", self.owner.date())
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if reply.status != 204:
            self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def seen_of(method: str, target: str, headers: dict[str, str], body: bytes) -> Seen:
    """A request by its target, with path and query decoded."""
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Seen(method, unquote(parts.path), query, headers, body)
