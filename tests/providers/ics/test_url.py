"""An address on the web: what each kind of answer means, and that an unchanged calendar is not sent again."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from calsync.errors import Malformed, NotFound, ProviderError, SignInNeeded, Unreachable
from providers.ics.provider import IcsProvider
from tests.contract.samples import WINDOW, calendar, single, vevent
from tests.contract.suite import context

Headers = dict[str, str]
Reply = tuple[int, Headers, bytes]
SECRET_PATH = "/private-0123456789abcdef/basic.ics"


class Server:
    """A loopback server that answers every request with what `reply` gives, and keeps what was asked."""

    def __init__(self) -> None:
        self.reply: Callable[[str, Headers], Reply] = lambda _path, _headers: (200, {}, single("a"))
        self.asked: list[tuple[str, Headers]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.asked.append((self.path, headers))
                code, extra, body = outer.reply(self.path, headers)
                self.send_response(code)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                pass

        self._server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def provider(url: str, tmp_path: Path, **options: str) -> IcsProvider:
    return IcsProvider("family", {"url": url, **options}, context(tmp_path, secret="s3cret-word"))


@pytest.mark.parametrize(
    ("mark", "sent"), [("ETag", "if-none-match"), ("Last-Modified", "if-modified-since")], ids=["etag", "date"]
)
def test_the_marks_of_an_answer_are_sent_with_the_next_request(
    server: Server, tmp_path: Path, mark: str, sent: str
) -> None:
    value = '"v1"' if mark == "ETag" else "Sun, 22 Nov 2026 20:00:00 GMT"

    def reply(_path: str, headers: Headers) -> Reply:
        return (304, {mark: value}, b"") if headers.get(sent) == value else (200, {mark: value}, single("a"))

    server.reply = reply
    first = provider(server.root, tmp_path).read("", WINDOW, None)
    second = provider(server.root, tmp_path).read("", WINDOW, first.cursor)
    assert (len(first.changed), first.complete, first.requests) == (1, True, 1)
    assert (second.changed, second.removed, second.complete, second.requests) == ((), (), False, 1)
    assert second.cursor == first.cursor
    assert sent not in server.asked[0][1]
    assert server.asked[1][1][sent] == value


def test_a_server_without_marks_sends_all_and_only_what_changed_is_told(server: Server, tmp_path: Path) -> None:
    stamps = iter(["20261101T080000Z", "20261102T080000Z", "20261103T080000Z"])
    title = "Dinner"

    def reply(_path: str, _headers: Headers) -> Reply:
        stamp = next(stamps)
        rows = [vevent(u, start="20261201T190000", end="20261201T200000", title=title) for u in ("a", "b")]
        text = calendar(rows[0].replace("Dinner", "Lunch"), rows[1]).decode()
        return 200, {}, text.replace("20261101T080000Z", stamp).encode()

    server.reply = reply
    work = provider(server.root, tmp_path)
    delta = work.read("", WINDOW, None)
    assert [r.name for r in delta.changed] == ["a", "b"]
    delta = work.read("", WINDOW, delta.cursor)
    assert delta.changed == ()
    title = "Supper"
    delta = work.read("", WINDOW, delta.cursor)
    assert sorted(r.name for r in delta.changed) == ["a", "b"]


@pytest.mark.parametrize(
    ("reply", "kind", "text"),
    [
        ((401, {"WWW-Authenticate": "Basic"}, b""), SignInNeeded, "refuses the sign-in (HTTP 401)"),
        ((403, {}, b"no"), SignInNeeded, "refuses the sign-in (HTTP 403)"),
        ((404, {}, b""), NotFound, "has no calendar at this address (HTTP 404)"),
        ((410, {}, b""), NotFound, "has no calendar at this address (HTTP 410)"),
        ((500, {}, b"oops"), Unreachable, "answered HTTP 500"),
        ((503, {"Retry-After": "60"}, b""), Unreachable, "answered HTTP 503"),
        ((429, {}, b""), Unreachable, "answered HTTP 429"),
        ((304, {}, b""), Unreachable, "answered HTTP 304"),
        ((204, {}, b""), Unreachable, "answered HTTP 204"),
        ((200, {"Content-Type": "text/html"}, b"\n <!DOCTYPE html>"), Malformed, "answered with a web page"),
        ((200, {}, b""), Malformed, "it is empty"),
        ((200, {}, single("a")[:200]), Malformed, "it is torn"),
        ((200, {"Content-Length": "99999"}, single("a")), Unreachable, ""),
        ((200, {"Content-Encoding": "gzip"}, b"not zipped"), Unreachable, ""),
        ((302, {"Location": "/again"}, b""), Unreachable, "(TooManyRedirects)"),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, tuple) else "",
)
def test_every_answer_but_a_calendar_is_an_error_of_the_right_kind_that_keeps_the_address_to_itself(
    server: Server, tmp_path: Path, reply: Reply, kind: type[ProviderError], text: str
) -> None:
    work = provider(server.root.replace("//", "//maya:hidden-word@") + SECRET_PATH, tmp_path)
    good = work.read("", WINDOW, None).cursor
    server.reply = lambda _path, _headers: reply
    # A 304 can only answer a request that had marks to compare.
    for cursor in {None, None if reply[0] == 304 else good}:
        with pytest.raises(kind) as caught:
            work.read("", WINDOW, cursor)
        assert type(caught.value) is kind
        assert caught.value.what.startswith(f"family: {server.root}")
        assert text in caught.value.what
        said = f"{caught.value.what} {caught.value.next_step}"
        assert caught.value.next_step
        assert "\n" not in said
        assert not any(word in said for word in ("hidden-word", "private-", "s3cret-word", "maya"))
    assert not any(word in good for word in ("hidden-word", "private-", "maya"))


def test_a_server_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        for scheme in ("http", "webcal"):
            with pytest.raises(Unreachable) as caught:
                provider(f"{scheme}://127.0.0.1:{port}/x.ics", tmp_path).read("", WINDOW, None)
            real = "http" if scheme == "http" else "https"
            assert caught.value.what == f"family: {real}://127.0.0.1:{port} could not be read (ConnectionError)"


def test_the_command_to_sign_in_can_be_copied_where_the_name_has_a_space(server: Server, tmp_path: Path) -> None:
    server.reply = lambda _path, _headers: (401, {"WWW-Authenticate": "Basic"}, b"")
    work = IcsProvider("team calendar", {"url": server.root}, context(tmp_path))
    with pytest.raises(SignInNeeded) as caught:
        work.read("", WINDOW, None)
    assert caught.value.next_step.startswith("run `calsync calendars sign-in 'team calendar'`")


def test_a_server_that_does_not_speak_https_is_not_said_to_have_a_wrong_certificate(
    server: Server, tmp_path: Path
) -> None:
    with pytest.raises(Unreachable, match="does not speak https"):
        provider(server.root.replace("http:", "webcal:"), tmp_path).read("", WINDOW, None)


def test_a_redirection_is_followed_and_counted(server: Server, tmp_path: Path) -> None:
    def reply(path: str, _headers: Headers) -> Reply:
        return (200, {}, single("a")) if path == "/there.ics" else (301, {"Location": "/there.ics"}, b"")

    server.reply = reply
    delta = provider(server.root + "/here.ics", tmp_path).read("", WINDOW, None)
    assert (len(delta.changed), delta.requests) == (1, 2)


def test_a_username_signs_in_with_the_secret_of_the_calendars_name(server: Server, tmp_path: Path) -> None:
    provider(server.root, tmp_path, username="maya").read("", WINDOW, None)
    expected = "Basic " + base64.b64encode(b"maya:s3cret-word").decode()
    assert server.asked[0][1]["authorization"] == expected


def test_a_byte_order_mark_and_bare_line_feeds_do_no_harm(server: Server, tmp_path: Path) -> None:
    server.reply = lambda _path, _headers: (200, {}, b"\xef\xbb\xbf" + single("a").replace(b"\r\n", b"\n"))
    assert [r.name for r in provider(server.root, tmp_path).read("", WINDOW, None).changed] == ["a"]
