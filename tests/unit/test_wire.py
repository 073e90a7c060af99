"""The one way over HTTP: what is sent again and what never, how long it waits, and how each failure is told."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
import stamina
import trustme

from calsync.errors import Malformed, Unreachable
from calsync.wire import NoAnswer, Wire, last_cause, wait_asked

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
GONE = 0
"""A status of the script below: the connection is closed without an answer."""


@dataclass
class Script:
    """A server that answers as it is told, with status, headers and body; the last answer stays."""

    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=lambda: [(200, {}, b"{}")])
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def says(self, *answers: int | tuple[int, dict[str, str], bytes]) -> None:
        self.answers = [(one, {}, b"{}") if isinstance(one, int) else one for one in answers]

    def next(self) -> tuple[int, dict[str, str], bytes]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def serving(script: Script, context: ssl.SSLContext | None = None) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            script.seen.append((self.command, self.path, headers, body))
            status, more, said = script.next()
            if status == GONE:
                self.close_connection = True
                return
            self.send_response_only(status)
            for name, value in {"Content-Length": str(len(said)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_GET  # noqa: N815 - the name that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    if context is not None:
        http.socket = context.wrap_socket(http.socket, server_side=True)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    script.url = f"http{'s' if context else ''}://127.0.0.1:{http.server_address[1]}"
    try:
        yield
    finally:
        http.shutdown()
        http.server_close()
        thread.join(10)


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()
    with serving(script):
        yield script


@pytest.fixture
def wire() -> Iterator[Wire]:
    wire = Wire("work", clock=lambda: NOW)
    yield wire
    wire.close()


def get(wire: Wire, script: Script, path: str = "/x", *, safe: bool = True) -> int:
    return wire.send("GET" if safe else "POST", script.url + path, safe=safe).status


# --- what is sent again ---


@pytest.mark.parametrize("trouble", [408, 500, 502, 503, 504, GONE])
def test_what_is_safe_is_sent_again_when_the_server_is_briefly_away(wire: Wire, script: Script, trouble: int) -> None:
    script.says(trouble, trouble, 200)
    assert get(wire, script) == 200
    assert wire.requests == len(script.seen) == 3


@pytest.mark.parametrize("trouble", [408, 500, 502, 503, 504])
def test_what_is_not_safe_is_sent_once_and_its_answer_is_given(wire: Wire, script: Script, trouble: int) -> None:
    script.says(trouble, 200)
    assert get(wire, script, safe=False) == trouble
    assert len(script.seen) == 1


def test_what_is_not_safe_is_sent_once_when_no_answer_comes(wire: Wire, script: Script) -> None:
    script.says(GONE, 200)
    with pytest.raises(NoAnswer):
        get(wire, script, safe=False)
    assert len(script.seen) == 1


@pytest.mark.parametrize("safe", [True, False])
def test_429_means_that_nothing_was_done_so_anything_is_sent_again(wire: Wire, script: Script, safe: bool) -> None:
    script.says((429, {"Retry-After": "1"}, b"later"), 201)
    assert get(wire, script, safe=safe) == 201
    assert len(script.seen) == 2


@pytest.mark.parametrize("safe", [True, False])
def test_what_a_vendor_calls_not_done_is_sent_again_too(script: Script, safe: bool) -> None:
    wire = Wire("work", clock=lambda: NOW, not_done=lambda answer: answer.status == 403 and b"rate" in answer.body)
    script.says((403, {}, b"rate limit"), (403, {}, b"forbidden"))
    assert get(wire, script, safe=safe) == 403
    assert len(script.seen) == 2
    wire.close()


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 409, 410, 412, 501])
def test_every_other_answer_is_given_as_it_is(wire: Wire, script: Script, status: int) -> None:
    script.says(status)
    assert get(wire, script) == status
    assert len(script.seen) == 1


def test_the_last_answer_is_given_after_so_many_tries(wire: Wire, script: Script) -> None:
    script.says((503, {}, b"down"))
    answer = wire.send("GET", script.url, safe=True)
    assert (answer.status, answer.body) == (503, b"down")
    assert len(script.seen) == 4


def test_no_answer_after_so_many_tries_is_unreachable(wire: Wire, script: Script) -> None:
    script.says(GONE)
    with pytest.raises(Unreachable, match=r"work: 127\.0\.0\.1:\d+ did not answer"):
        get(wire, script)
    assert len(script.seen) == 4


def test_each_try_has_the_same_body_and_headers(wire: Wire, script: Script) -> None:
    script.says(503, GONE, 200)
    wire.send("POST", script.url + "/a?b=c", body=b"\x00body", headers={"If-Match": '"1"'}, safe=True)
    assert [(method, path, body, headers["if-match"]) for method, path, headers, body in script.seen] == [
        ("POST", "/a?b=c", b"\x00body", '"1"')
    ] * 3
    assert {headers["user-agent"] for _, _, headers, _ in script.seen} == {"calsync"}


# --- how long it waits ---


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The pauses between tries, which are noted and not made."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    with stamina.set_testing(False):
        yield made


def test_it_waits_as_long_as_the_server_asks(wire: Wire, script: Script, waits: list[float]) -> None:
    date = format_datetime(NOW + timedelta(seconds=30), usegmt=True)
    script.says((429, {"Retry-After": "60"}, b""), (503, {"Retry-After": date}, b""), 200)
    assert get(wire, script) == 200
    assert waits == [60.0, 30.0]


def test_it_waits_longer_each_time_when_the_server_does_not_say(wire: Wire, script: Script, waits: list[float]) -> None:
    script.says(503)
    assert get(wire, script) == 503
    assert len(waits) == 3
    assert all(0 < pause <= 9 for pause in waits)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(seconds=30), usegmt=True), 0.0),
        ("Mon, 23 Nov 2026 03:00:05 GMT", 5.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
        ("Tue, 99 Nov 2026 03:00:05 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(said: str, seconds: float | None) -> None:
    assert wait_asked({"retry-after": said}, NOW) == seconds
    assert wait_asked({}, NOW) is None


@pytest.mark.parametrize("asked", ["61", "3600", format_datetime(NOW + timedelta(hours=1), usegmt=True)])
@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_too_much_patience_is_left_alone_at_once(
    wire: Wire, script: Script, asked: str, status: int
) -> None:
    script.says((status, {"Retry-After": asked}, b""), 200)
    assert get(wire, script) == status
    assert len(script.seen) == 1


# --- what is bounded ---


def test_a_body_without_end_is_malformed(wire: Wire, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calsync.wire._BODY_BYTES", 1024 * 1024)
    script.says((200, {}, b"x" * (1024 * 1024)), (200, {}, b"x" * (1024 * 1024 + 1)))
    assert get(wire, script) == 200
    with pytest.raises(Malformed, match=r"work: 127\.0\.0\.1:\d+ sent more than 1 MB in one answer"):
        get(wire, script)


def test_a_body_that_trickles_is_given_up(wire: Wire, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calsync.wire._ANSWER_SECONDS", -1.0)
    with pytest.raises(Unreachable, match="took longer than"):
        get(wire, script)
    assert len(script.seen) == 1


def test_a_body_that_ends_too_early_is_no_answer(wire: Wire, script: Script) -> None:
    script.says((200, {"Content-Length": "99", "Connection": "close"}, b"half"), 200)
    assert get(wire, script) == 200
    assert len(script.seen) == 2


def test_a_server_that_says_nothing_is_given_up(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calsync.wire._READ_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NoAnswer) as caught:
        wire.send("GET", f"http://127.0.0.1:{silent.getsockname()[1]}/", safe=False)
    assert caught.value.what.endswith("did not answer in time")


def test_no_redirect_is_followed(wire: Wire, script: Script) -> None:
    script.says((302, {"Location": "/elsewhere"}, b""))
    answer = wire.send("GET", script.url + "/here", safe=True)
    assert (answer.status, answer.headers["location"]) == (302, "/elsewhere")
    assert [path for _, path, _, _ in script.seen] == ["/here"]


# --- clocks ---


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (timedelta(), ""),
        (timedelta(minutes=5), ""),
        (timedelta(minutes=-5), ""),
        (timedelta(minutes=42), "this computer's clock is 42 minutes slow"),
        (timedelta(minutes=-42), "this computer's clock is 42 minutes fast"),
    ],
)
def test_the_clock_is_held_against_the_servers_date(wire: Wire, script: Script, off: timedelta, words: str) -> None:
    script.says((200, {"Date": format_datetime(NOW + off, usegmt=True)}, b""))
    get(wire, script)
    assert wire.clock_is_off == words


def test_without_a_date_nothing_is_known_of_clocks(wire: Wire, script: Script) -> None:
    get(wire, script)
    script.says((200, {"Date": "yesterday"}, b""))
    get(wire, script)
    assert wire.skew is None
    assert wire.clock_is_off == ""


# --- how failures are told ---


def test_a_port_where_nobody_listens(wire: Wire) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreachable) as caught:
        wire.send("GET", f"http://127.0.0.1:{port}/secret?token=hunter2", safe=True)
    assert caught.value.what.startswith(f"work: 127.0.0.1:{port} did not answer: ")
    assert "refused" in caught.value.what
    assert "hunter2" not in caught.value.what + caught.value.next_step
    assert "object at" not in caught.value.what
    assert caught.value.next_step == "check the network; the next run tries again"
    assert caught.value.exit_code == 3
    assert wire.requests == 4


def test_a_proxy_that_is_not_there(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(Unreachable) as caught:
        Wire("work").send("GET", "https://calendar.invalid/", safe=False)
    assert caught.value.what.startswith("work: calendar.invalid could not be reached through the proxy: ")
    assert caught.value.next_step == "check HTTPS_PROXY"


def test_a_certificate_that_nobody_vouches_for_is_not_tried_again(wire: Wire) -> None:
    script, context = Script(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with serving(script, context), pytest.raises(Unreachable) as caught:
        wire.send("GET", script.url, safe=True)
    assert caught.value.what.startswith("work: 127.0.0.1:")
    assert "could not prove who it is: " in caught.value.what
    assert "certificate" in caught.value.what
    assert caught.value.next_step == (
        "check this computer's date; behind a company proxy, name its CA file in REQUESTS_CA_BUNDLE"
    )
    assert wire.requests == 1


def test_a_ca_named_in_the_environment_is_believed(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ca, script, context = trustme.CA(), Script(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    bundle = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(bundle)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with serving(script, context):
        assert get(wire, script) == 200


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("plain"), "plain"),
        (requests.ConnectionError(OSError(111, "Connection refused")), "Connection refused"),
        (requests.ConnectionError("<urllib3.X object at 0x7f00>: no such host"), "no such host"),
        (ValueError(), "ValueError"),
    ],
)
def test_of_nested_errors_the_innermost_reason_is_told(error: Exception, words: str) -> None:
    assert last_cause(error) == words


# --- secrets, and the object itself ---


def test_neither_bodies_nor_queries_nor_headers_are_logged(
    wire: Wire, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "calsync")
    script.says((200, {"Set-Cookie": "a=hunter2"}, b"hunter2"), GONE)
    headers = {"Authorization": "Bearer hunter2"}
    wire.send("POST", script.url + "/x?code=hunter2", body=b"hunter2", headers=headers, safe=False)
    with pytest.raises(NoAnswer):
        wire.send("POST", script.url + "/x?code=hunter2", body=b"hunter2", headers=headers, safe=False)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("calsync")]
    assert ours == [f"POST {script.url}/x: 200"]


def test_the_error_of_a_request_shows_no_body_and_no_header(wire: Wire, script: Script) -> None:
    script.says(GONE)
    # Not spelled out in the call, whose line a traceback quotes.
    secret = "hunter2"
    with pytest.raises(NoAnswer) as caught:
        wire.send("POST", script.url, body=secret.encode(), headers={"Authorization": secret}, safe=False)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_making_a_wire_makes_no_session_and_a_closed_one_can_be_used_again(script: Script) -> None:
    made: list[requests.Session] = []

    def make() -> requests.Session:
        made.append(requests.Session())
        return made[-1]

    wire = Wire("work", make)
    assert made == []
    wire.close()
    assert made == []
    get(wire, script)
    get(wire, script)
    assert len(made) == 1
    wire.close()
    get(wire, script)
    assert len(made) == 2
    wire.close()


def test_answers_have_lower_case_headers_and_whole_bodies(wire: Wire, script: Script) -> None:
    script.says((200, {"ETag": '"1"', "X-Odd": "Yes"}, b"x" * 200_000))
    answer = wire.send("GET", script.url + "/y", safe=True)
    assert (answer.headers["etag"], answer.headers["x-odd"]) == ('"1"', "Yes")
    assert len(answer.body) == 200_000
    assert answer.url == script.url + "/y"


def test_retries_say_nothing_on_stderr(wire: Wire, script: Script, capfd: pytest.CaptureFixture[str]) -> None:
    script.says(503, 200)
    get(wire, script)
    assert capfd.readouterr().err == ""


def test_a_netrc_file_is_not_asked_for_a_password_that_would_take_the_place_of_the_token(
    wire: Wire, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login maya password letmein\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    wire.send("GET", script.url, headers={"Authorization": "Bearer token"}, safe=True)
    assert [headers["authorization"] for _, _, headers, _ in script.seen] == ["Bearer token"]
