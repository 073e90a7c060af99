"""A CalDAV server on loopback that does, one at a time and on purpose, what other servers are known to do.

Well-behaved until a field says otherwise. It keeps its calendars in memory and notes every request it gets, with
what was in its Authorization header.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote, urlsplit

__all__ = ["AwkwardServer", "Calendar", "Seen"]

USER, PASSWORD = "maya", "s3cret"
_HREF = re.compile(rb"<d:href>([^<]*)</d:href>")
_TOKEN = re.compile(rb"<d:sync-token>([^<]*)</d:sync-token>")
_UID = re.compile(rb"^UID:(.*?)\r?$", re.MULTILINE)
_NAMESPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://sabredav.org/ns"'


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The method, with the REPORT's own kind: `REPORT sync`, `REPORT multiget`."""
        if self.method != "REPORT":
            return self.method
        return "REPORT sync" if b"sync-collection" in self.body else "REPORT multiget"


@dataclass
class Calendar:
    """One collection: its objects by name, each with its ETag and content, and what happened in which order."""

    title: str = "Work"
    components: tuple[str, ...] = ("VEVENT",)
    objects: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def put(self, name: str, data: bytes) -> str:
        """Store, and give the new ETag."""
        self.log.append(name)
        etag = f'"{len(self.log)}-{hashlib.sha256(data).hexdigest()[:12]}"'
        self.objects[name] = (etag, data)
        return etag

    def delete(self, name: str) -> None:
        """Remove."""
        self.log.append(name)
        del self.objects[name]


class AwkwardServer:
    """The server and its switches; every switch is off at first.

    `sync`: "" works, "unsupported" answers 403 `supported-report`, "forgets" knows no token but the empty one (with
    `forgets_with` as status), "lies" answers 207 with nothing to a token it does not know. `page` cuts sync answers
    after so many members with a 507. `cut` lists what to do to the next writes, one each: "stored" stores and closes
    the connection without a word, "lost" closes it before, "error" stores and answers 500. `down` closes every
    connection. `busy` lists the next answers to be 503, each with its Retry-After. `auth` is "", "basic", "digest"
    or "digest-sha256" (with MD5 beside it); `nonce_uses` makes a nonce stale after so many uses. With `availability`
    the account has a scheduling inbox (RFC 6638 2.2) that keeps it (RFC 7953 7.2.4); "" for one that keeps none.
    """

    def __init__(self) -> None:
        self.calendars: dict[str, Calendar] = {"/dav/cal/": Calendar()}
        self.seen: list[Seen] = []
        self.sync = ""
        self.forgets_with = 403
        self.page = 0
        self.no_sync_property = False
        self.lists_itself_in_sync = False
        self.no_multiget = False
        self.multiget_leaves_out: set[str] = set()
        self.ignores_if_none_match = False
        self.if_match_always_fails = False
        self.put_etag = "strong"
        self.cut: list[str] = []
        self.down = False
        self.busy: list[str] = []
        self.auth = ""
        self.nonce_uses = 10_000
        self.knows_nobody_without_password = False
        self.redirects: dict[str, tuple[int, str]] = {}
        self.html = False
        self.trash: set[bytes] = set()
        self.keeps_trash = False
        self.unique_uids = 0
        self.read_only = False
        self.home = "/dav/"
        self.inner_origin = ""
        self.member_status: dict[str, int] = {}
        self.huge = 0
        self.availability: str | None = None
        self.headers: dict[str, str] = {}
        self.url = ""
        self._nonces: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def calendar(self) -> Calendar:
        """The calendar at /dav/cal/."""
        return self.calendars["/dav/cal/"]

    @property
    def calendar_url(self) -> str:
        """Where it stands."""
        return self.url + "dav/cal/"

    def take(self) -> list[str]:
        """The kinds of the requests since the last call."""
        kinds = [seen.kind for seen in self.seen]
        self.seen.clear()
        return kinds

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve until the block ends."""
        owner = self

        class Handler(_Handler):
            server_state = owner

        http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        http.daemon_threads = True
        self.url = f"http://127.0.0.1:{http.server_address[1]}/"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            http.shutdown()
            http.server_close()
            thread.join(10)

    # --- what each request means ---

    def answer(self, ask: Seen) -> tuple[int, dict[str, str], bytes] | None:
        """Status, headers and body; None closes the connection without an answer."""
        with self._lock:
            self.seen.append(ask)
            if self.down:
                return None
            if self.busy:
                return 503, {"Retry-After": self.busy.pop(0)}, b"busy"
            if ask.path in self.redirects:
                status, target = self.redirects[ask.path]
                return status, {"Location": target}, b""
            refused = self._refuse(ask)
            if refused is not None:
                return refused
            if self.html:
                return 200, {"Content-Type": "text/html; charset=utf-8"}, b"<!doctype html><title>Log in</title><br>"
            if self.huge:
                return 207, {"Content-Type": "application/xml"}, b"x" * self.huge
            return getattr(self, "_" + ask.method.lower(), self._unknown)(ask)  # type: ignore[no-any-return]

    def _unknown(self, ask: Seen) -> tuple[int, dict[str, str], bytes]:
        return 405, {}, b""

    def _get(self, ask: Seen) -> tuple[int, dict[str, str], bytes]:
        calendar, name = self._place(ask.path)
        if calendar is None or name not in calendar.objects:
            return 404, {}, b"no such thing"
        etag, data = calendar.objects[name]
        return 200, {"ETag": etag, "Content-Type": "text/calendar; charset=utf-8"}, data

    def _put(self, ask: Seen) -> tuple[int, dict[str, str], bytes] | None:
        calendar, name = self._place(ask.path)
        if calendar is None:
            return 409, {}, b"no such collection"
        how = self.cut.pop(0) if self.cut else ""
        if how == "lost":
            return None
        if self.read_only:
            return 403, {"Content-Type": "application/xml"}, _error("s:exception", "d:need-privileges")
        old = calendar.objects.get(name)
        if "if-none-match" in ask.headers and old is not None and not self.ignores_if_none_match:
            return 412, {}, b""
        wanted = ask.headers.get("if-match")
        if wanted is not None and (old is None or wanted != old[0] or self.if_match_always_fails):
            return 412, {}, b""
        uid = _uid(ask.body)
        if uid in self.trash:
            text = "Deleted calendar object with uid already exists in this calendar collection."
            body = f'<?xml version="1.0"?><d:error {_NAMESPACES}><s:message>{text}</s:message></d:error>'
            return 400, {"Content-Type": "application/xml"}, body.encode()
        if self.unique_uids and any(n != name and _uid(d) == uid for n, (_, d) in calendar.objects.items()):
            return self.unique_uids, {"Content-Type": "application/xml"}, _error("c:no-uid-conflict")
        etag = calendar.put(name, ask.body)
        if how == "stored":
            return None
        if how == "error":
            return 500, {}, b"it broke"
        shown = {"strong": etag, "weak": f"W/{etag}", "percent": quote(etag), "": ""}[self.put_etag]
        return 201 if old is None else 204, {"ETag": shown} if shown else {}, b""

    def _delete(self, ask: Seen) -> tuple[int, dict[str, str], bytes] | None:
        calendar, name = self._place(ask.path)
        if calendar is None or name not in calendar.objects:
            return 404, {}, b""
        how = self.cut.pop(0) if self.cut else ""
        if how == "lost":
            return None
        etag, data = calendar.objects[name]
        if ask.headers.get("if-match", etag) != etag:
            return 412, {}, b""
        if self.keeps_trash:
            self.trash.add(_uid(data))
        calendar.delete(name)
        if how == "stored":
            return None
        return (500, {}, b"it broke") if how == "error" else (204, {}, b"")

    def _propfind(self, ask: Seen) -> tuple[int, dict[str, str], bytes]:
        calendar, name = self._place(ask.path)
        if calendar is not None and name:
            if name not in calendar.objects:
                return 404, {}, b""
            return _multi([self._member(ask.path, calendar, name)])
        rows = []
        if calendar is not None:
            rows.append(self._collection(ask.path, calendar, ask))
            if ask.headers.get("depth") == "1":
                rows += [self._member(ask.path + quote(n), calendar, n) for n in sorted(calendar.objects)]
                rows += [_gone(ask.path + quote(n), status) for n, status in self.member_status.items()]
        elif ask.path == self.home:
            rows.append(self._plain(ask.path, ask))
            if ask.headers.get("depth") == "1":
                rows += [self._collection(path, c, ask) for path, c in sorted(self.calendars.items())]
        elif ask.path in ("/principals/maya/", "/"):
            rows.append(self._plain(ask.path, ask))
        elif ask.path == "/dav/inbox/" and self.availability is not None:
            kept = f"<c:calendar-availability>{escape(self.availability)}</c:calendar-availability>"
            rows.append(_found(ask.path, kept if self.availability else ""))
        else:
            return 404, {}, b""
        return _multi(rows)

    def _report(self, ask: Seen) -> tuple[int, dict[str, str], bytes]:
        calendar, _ = self._place(ask.path)
        if calendar is None:
            return 404, {}, b""
        if ask.kind == "REPORT multiget":
            return self._multiget(ask, calendar)
        assert b"limit" not in ask.body
        if self.sync == "unsupported":
            return 403, {"Content-Type": "application/xml"}, _error("d:supported-report")
        found = _TOKEN.search(ask.body)
        token = found.group(1).decode() if found else ""
        position = int(token.rpartition("/")[2]) if token.startswith("http://awkward/sync/") else None
        if token and (self.sync in ("forgets", "lies") or position is None):
            if self.sync == "lies":
                return _multi([], f"http://awkward/sync/{len(calendar.log)}")
            return self.forgets_with, {"Content-Type": "application/xml"}, _error("d:valid-sync-token")
        begin = position or 0
        end = min(len(calendar.log), begin + self.page) if self.page else len(calendar.log)
        rows = []
        for name in dict.fromkeys(calendar.log[begin:end]):
            path = ask.path + quote(name)
            there = name in calendar.objects
            rows.append(self._member(path, calendar, name) if there else _gone(path, 404))
        if self.lists_itself_in_sync:
            rows.append(self._collection(ask.path, calendar, ask))
        if end < len(calendar.log):
            rows.append(_gone(ask.path, 507))
        return _multi(rows, f"http://awkward/sync/{end}")

    def _multiget(self, ask: Seen, calendar: Calendar) -> tuple[int, dict[str, str], bytes]:
        if self.no_multiget:
            return 501, {}, b""
        rows = []
        for href in _HREF.findall(ask.body):
            path = href.decode()
            name = unquote(path.rpartition("/")[2])
            if name in self.multiget_leaves_out:
                continue
            there = name in calendar.objects
            rows.append(self._member(path, calendar, name, content=True) if there else _gone(path, 404))
        return _multi(rows)

    def _place(self, path: str) -> tuple[Calendar | None, str]:
        folder, _, name = path.rpartition("/")
        return self.calendars.get(folder + "/"), unquote(name)

    def _member(self, path: str, calendar: Calendar, name: str, *, content: bool = False) -> str:
        etag, data = calendar.objects[name]
        kind = calendar.types.get(name, "text/calendar; charset=utf-8; component=vevent")
        props = f"<d:getetag>{escape(etag)}</d:getetag>"
        if kind:
            props += f"<d:getcontenttype>{kind}</d:getcontenttype>"
        if kind == "collection":
            props = "<d:resourcetype><d:collection/></d:resourcetype>"
        if content:
            props += f"<c:calendar-data>{escape(data.decode(), quote=False)}</c:calendar-data>"
        return _found(self.inner_origin + path, props)

    def _collection(self, path: str, calendar: Calendar, ask: Seen) -> str:
        kinds = "".join(f'<c:comp name="{kind}"/>' for kind in calendar.components)
        rights = "<d:read/>" if self.read_only else "<d:read/></d:privilege><d:privilege><d:write/>"
        token = "" if self.no_sync_property else f"http://awkward/sync/{len(calendar.log)}"
        return _found(
            self.inner_origin + path,
            "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
            f"<d:displayname>{escape(calendar.title)}</d:displayname>"
            f"<c:supported-calendar-component-set>{kinds}</c:supported-calendar-component-set>"
            f"<d:current-user-privilege-set><d:privilege>{rights}</d:privilege></d:current-user-privilege-set>"
            + (f"<d:sync-token>{token}</d:sync-token>" if token else "")
            + self._who(ask),
        )

    def _plain(self, path: str, ask: Seen) -> str:
        home = f"<c:calendar-home-set><d:href>{self.inner_origin + self.home}</d:href></c:calendar-home-set>"
        if self.availability is not None:
            home += "<c:schedule-inbox-URL><d:href>/dav/inbox/</d:href></c:schedule-inbox-URL>"
        kind = "<d:resourcetype><d:collection/></d:resourcetype>"
        return _found(path, kind + self._who(ask) + (home if path == "/principals/maya/" else ""))

    def _who(self, ask: Seen) -> str:
        nobody = self.knows_nobody_without_password and "authorization" not in ask.headers
        inner = "<d:unauthenticated/>" if nobody else f"<d:href>{self.inner_origin}/principals/maya/</d:href>"
        return f"<d:current-user-principal>{inner}</d:current-user-principal>"

    # --- who may come in ---

    def _refuse(self, ask: Seen) -> tuple[int, dict[str, str], bytes] | None:
        said = ask.headers.get("authorization", "")
        if not self.auth:
            return None
        if self.auth == "basic":
            import base64

            good = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            return (
                None if said == good else (401, {"WWW-Authenticate": 'Basic realm="a, Digest b", charset="UTF-8"'}, b"")
            )
        stale = ""
        if said.startswith("Digest "):
            parts = {k: v.strip('"') for k, v in re.findall(r'(\w+)=("[^"]*"|[^,\s]+)', said)}
            nonce = parts.get("nonce", "")
            used = self._nonces.get(nonce)
            if used is not None and self._digest(ask, parts) == parts.get("response"):
                if int(parts["nc"], 16) == used + 1 and used < self.nonce_uses:
                    self._nonces[nonce] = used + 1
                    return None
                stale = ", stale=true"
        nonce = secrets.token_hex(8)
        self._nonces[nonce] = 0
        md5 = f'Digest realm="dav, here", nonce="{nonce}", qop="auth,auth-int", algorithm=MD5, opaque="o"{stale}'
        sha = f'Digest realm="dav, here", nonce="{nonce}", qop="auth", algorithm=SHA-256, opaque="o"{stale}'
        offers = f"{md5}, {sha}" if self.auth == "digest-sha256" else md5
        return 401, {"WWW-Authenticate": offers}, b""

    def _digest(self, ask: Seen, parts: dict[str, str]) -> str:
        algorithm = parts.get("algorithm", "MD5")
        if self.auth == "digest-sha256" and algorithm != "SHA-256":
            return "the weaker one was chosen"
        make: Any = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5

        def of(text: str) -> str:
            return str(make(text.encode()).hexdigest())

        one, two = of(f"{USER}:{parts['realm']}:{PASSWORD}"), of(f"{ask.method}:{parts['uri']}")
        return of(f"{one}:{parts['nonce']}:{parts['nc']}:{parts['cnonce']}:{parts['qop']}:{two}")


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections that stay open, and no waiting for acknowledgements."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server_state: AwkwardServer

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server_state.answer(Seen(self.command, urlsplit(self.path).path, headers, body))
        if answer is None:
            self.close_connection = True
            return
        status, said, content = answer
        self.send_response(status)
        for name, value in {**said, **self.server_state.headers}.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if status != 204:
            self.wfile.write(content)

    do_GET = do_PUT = do_DELETE = do_PROPFIND = do_REPORT = do_OPTIONS = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def _found(href: str, props: str) -> str:
    return (
        f"<d:response><d:href>{escape(href)}</d:href><d:propstat><d:prop>{props}</d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )


def _gone(href: str, status: int) -> str:
    return f"<d:response><d:href>{escape(href)}</d:href><d:status>HTTP/1.1 {status} Gone</d:status></d:response>"


def _multi(rows: list[str], token: str = "") -> tuple[int, dict[str, str], bytes]:
    tail = f"<d:sync-token>{token}</d:sync-token>" if token else ""
    text = f'<?xml version="1.0" encoding="utf-8"?><d:multistatus {_NAMESPACES}>{"".join(rows)}{tail}</d:multistatus>'
    return 207, {"Content-Type": 'application/xml; charset="utf-8"'}, text.encode()


def _error(*conditions: str) -> bytes:
    inner = "".join(f"<{condition}/>" for condition in conditions)
    return f'<?xml version="1.0"?><d:error {_NAMESPACES}>{inner}</d:error>'.encode()


def _uid(data: bytes) -> bytes:
    found = _UID.search(data)
    return found.group(1) if found else b""
