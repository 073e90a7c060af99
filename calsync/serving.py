"""A small web server for one leader, on 127.0.0.1 alone: whatever it shows is read anew for each request.

Every user of this machine, and every page in the leader's own browser, can reach a port on loopback. So no page is
found without a key in its address, which no other page can know, and no request is answered that names another host
(a name of somebody else's may be made to lead to 127.0.0.1). Nothing can be changed here, and nothing is noted down.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any

from calsync.errors import StateError, UsageError
from calsync.tokens import read_private
from calsync.wholefile import replace_file

__all__ = ["FEED", "HOST", "Page", "Server", "Site", "check_kept", "kept_key", "new_key"]

HOST = "127.0.0.1"
FEED = "connect.ics"
_KEY_FILE = "feed.key"
_KEY = re.compile(r"[A-Za-z0-9_-]{22}")
_PATIENCE = 10
"""Seconds until a connection is closed on which nothing comes."""
_MOST_UNREAD = 65536
_OTHER_HOST = "This server answers to 127.0.0.1 and localhost alone."
_NOTHING = "Open the address that calsync serve has shown, with all that is in it."
_READ_ONLY = "Nothing can be changed here: only GET and HEAD are answered."
_GARBLED = "This request cannot be understood."


@dataclass(frozen=True, slots=True)
class Page:
    """One answer. `policy` is its Content-Security-Policy; what is a `feed` may be kept and asked for again."""

    body: bytes
    kind: str = "text/html; charset=utf-8"
    policy: str = "default-src 'none'"
    status: int = 200
    feed: bool = False


def new_key() -> str:
    """A key that nobody guesses: 128 bits, in letters that an address may hold."""
    return secrets.token_urlsafe(16)


def check_kept(state_folder: Path) -> None:
    """Raise StateError when the key of the feed is gone: with it went the state, or the leader has taken it back.

    Opening the state would make it anew, empty, on each request of a program that subscribes, even after an uninstall.
    """
    if not (state_folder / _KEY_FILE).exists():
        raise StateError(f"{state_folder / _KEY_FILE} is gone", "end calsync serve with Ctrl-C, and start it again")


def kept_key(state_folder: Path) -> str:
    """The key of the feed, the same each time, so that a calendar program finds it again; made where there is none.

    Raises StateError when it cannot be read or written, or others can read it.
    """
    path = state_folder / _KEY_FILE
    data = read_private(path)
    if data is None:
        data = new_key().encode()
        try:
            replace_file(path, data)
        except OSError as error:
            raise StateError(
                f"{path}: cannot be written ({error.strerror or error})", "check the state folder and the free space"
            ) from error
    key = data.decode("ascii", "replace").strip()
    if not _KEY.fullmatch(key):
        raise StateError(f"{path}: this is no key of calsync's", "delete the file; the feed gets another address then")
    return key


class Site:
    """What there is to be asked for: `pages` by name ("" is the first one) behind `key`, the feed behind `feed_key`.

    `trouble` makes the page for a status, from an error or from a sentence. Pages are made one at a time.
    """

    def __init__(
        self,
        key: str,
        feed_key: str,
        pages: Mapping[str, Callable[[], Page]],
        feed: Callable[[], bytes],
        trouble: Callable[[int, Exception | str], Page],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.key = key
        self.feed_key = feed_key
        self.trouble = trouble
        self.port = 0
        self._pages = pages
        self._feed = feed
        self._clock = clock
        self._lock = threading.Lock()
        self._changed = datetime.fromtimestamp(0, UTC)
        self._etag = ""

    def find(self, path: str) -> Callable[[], Page] | None:
        """What makes the answer for a path, None where there is nothing. Its time tells nothing of the keys."""
        _, _, rest = path.partition("/")
        key, slash, name = rest.partition("/")
        mine = hmac.compare_digest(key.encode(), self.key.encode())
        feed = hmac.compare_digest(key.encode(), self.feed_key.encode())
        if feed and name == FEED:
            return lambda: Page(self._feed(), "text/calendar; charset=utf-8", feed=True)
        return self._pages.get(name) if mine and slash else None

    def made(self, make: Callable[[], Page]) -> Page:
        """The answer; whatever goes wrong over it is an answer, too."""
        with self._lock:
            try:
                return make()
            except Exception as error:  # noqa: BLE001 - a server outlives what goes wrong in one request
                return self.trouble(500, error)

    def version(self, page: Page) -> tuple[str, datetime]:
        """The ETag of the feed, and since when it is that: as far as this server has seen.

        Each version has an instant of its own, in whole seconds, as HTTP tells them.
        """
        etag = f'"{sha256(page.body).hexdigest()[:32]}"'
        with self._lock:
            if etag != self._etag:
                now = self._clock().astimezone(UTC).replace(microsecond=0)
                self._etag, self._changed = etag, max(now, self._changed + timedelta(seconds=1))
            return etag, self._changed


class Server:
    """A site on a port of 127.0.0.1; 0 is any that is free. Raises UsageError when the port cannot be had."""

    def __init__(self, site: Site, port: int) -> None:
        try:
            self._http = _Http((HOST, port), type("Handler", (_Handler,), {"site": site}))
        except OSError as error:
            raise UsageError(
                f"port {port} cannot be had: {error.strerror or error}", "name another one with --port, 0 for any"
            ) from error
        self.port: int = self._http.server_port
        site.port = self.port

    def run(self) -> None:
        """Answer until `stop`, or Ctrl-C in the main thread."""
        try:
            self._http.serve_forever(poll_interval=0.1)
        finally:
            self._http.server_close()

    def stop(self) -> None:
        """Let `run` come to its end, from another thread."""
        self._http.shutdown()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    # Elsewhere it means that two programs may have one port.
    allow_reuse_address = os.name == "posix"

    def server_bind(self) -> None:
        """As HTTPServer does, without asking the network for a name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that end in their middle are nobody's concern."""


class _Handler(BaseHTTPRequestHandler):
    site: Site
    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE

    def do_GET(self) -> None:
        """Answer GET and HEAD."""
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # what follows is no request
        hosts = self.headers.get_all("Host") or [""]
        port = self.site.port
        if len(hosts) != 1 or hosts[0].strip().lower() not in {f"{HOST}:{port}", f"localhost:{port}"}:
            return self._give(self.site.trouble(421, _OTHER_HOST))
        if not self.path.startswith("/"):
            return self._give(self.site.trouble(400, _GARBLED))
        path = self.path.partition("?")[0]
        if hmac.compare_digest(path.encode(), f"/{self.site.key}".encode()):
            return self._give(Page(b"", status=308), {"Location": f"/{self.site.key}/"})
        make = self.site.find(path)
        return self._give(self.site.trouble(404, _NOTHING) if make is None else self.site.made(make))

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What http.server refuses by itself: other methods, and what is no request or too long for one."""
        self.close_connection = True
        # http.server takes what it cannot read for HTTP/0.9, whose answers have no head.
        self.request_version = self.protocol_version
        if code != 501:
            return self._give(self.site.trouble(code, _GARBLED))
        with suppress(OSError, ValueError):
            # A client that is still sending would not read the answer.
            self.rfile.read(max(0, min(int(self.headers.get("Content-Length", "0")), _MOST_UNREAD)))
        return self._give(self.site.trouble(405, _READ_ONLY), {"Allow": "GET, HEAD"})

    def _give(self, page: Page, more: Mapping[str, str] | None = None) -> None:
        status, body = page.status, page.body
        headers = {
            "Content-Type": page.kind,
            "Content-Security-Policy": f"{page.policy}; frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex",
            "Cache-Control": "private, no-cache" if page.feed else "no-store",
            **(more or {}),
        }
        if page.feed:
            etag, changed = self.site.version(page)
            headers |= {"ETag": etag, "Last-Modified": format_datetime(changed, usegmt=True)}
            if self._has(etag, changed):
                status, body = 304, b""
                del headers["Content-Type"]
        if status != 304:
            headers["Content-Length"] = str(len(body))
        if self.close_connection:
            headers["Connection"] = "close"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _has(self, etag: str, changed: datetime) -> bool:
        """Whether the client has this version already (RFC 9110 13.2.2: the ETag goes before the time)."""
        known = self.headers.get("If-None-Match")
        if known is not None:
            return known.strip() == "*" or etag in {one.strip().removeprefix("W/") for one in known.split(",")}
        try:
            since = parsedate_to_datetime(self.headers.get("If-Modified-Since", ""))
            return since.replace(tzinfo=since.tzinfo or UTC) >= changed
        except ValueError:
            return False

    def version_string(self) -> str:
        """Who answers."""
        return "calsync"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Nothing: a request has a key in it."""
