"""`serve`: the week and the calendar on 127.0.0.1, behind keys, read anew each time; nothing can be changed there."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from calsync.cli import Settings
from calsync.cli.serve import site_of
from calsync.config.values import Details
from calsync.errors import StateError
from calsync.exporting import feed
from calsync.serving import HOST, Page, Server, Site, kept_key, new_key
from calsync.state.store import Store
from tests.unit.cli.calling import NOW, Calsync, desk_at, places


class Answer:
    """What came back."""

    def __init__(self, said: http.client.HTTPResponse) -> None:
        self.status = said.status
        self.headers = said.headers
        self.body = said.read()

    @property
    def text(self) -> str:
        return self.body.decode()


class Served:
    """A server under way, and a client of it."""

    def __init__(self, server: Server, site: Site) -> None:
        self.server = server
        self.site = site

    @property
    def week(self) -> str:
        return f"/{self.site.key}/"

    @property
    def feed(self) -> str:
        return f"/{self.site.feed_key}/connect.ics"

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(HOST, self.server.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, named)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def raw(self, data: bytes) -> bytes:
        """What comes back for any bytes, until the connection ends."""
        with socket.create_connection((HOST, self.server.port), timeout=20) as wire:
            wire.sendall(data)
            wire.shutdown(socket.SHUT_WR)
            said = b""
            while more := wire.recv(65536):
                said += more
        return said


@contextmanager
def serving(site: Site) -> Iterator[Served]:
    server = Server(site, 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Served(server, site)
    finally:
        server.stop()
        thread.join()


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    """The demo of these tests, after its night."""
    settings = Settings()
    settings.state = str(folder / "state")
    with serving(site_of(lambda: desk_at(folder), None, settings)) as one:
        yield one


class Tags(HTMLParser):
    """Follows a page as HTML: what is opened is closed, and what it has is kept."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check_page(answer: Answer) -> None:
    """What holds of every page that is served, whatever it says."""
    page, text = Tags(answer.text), answer.text
    ElementTree.fromstring(text.partition("\n")[2])
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "img", "iframe", "object", "embed", "form", "base")
        assert not {"src", "style", "srcset", "action"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
    assert {a["href"] for _, a in page.tags if "href" in a} <= {"report"}
    assert set(re.findall(r"https?://[^\"]*", text)) <= {"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"}
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.endswith("; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
    # The page says the same of itself, for whoever keeps it.
    own = next(a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv"))
    assert policy == f"{own}; frame-ancestors 'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Server"] == "calsync"


# --- what is shown ---


def test_the_week_is_shown_with_its_briefs(served: Served, calsync: Calsync) -> None:
    answer = served.ask(served.week)
    assert answer.status == 200
    check_page(answer)
    blocks = calsync("week", "--json").json()["blocks"]
    assert blocks
    for block in blocks:
        start, end = (datetime.fromisoformat(block[key]) for key in ("start", "end"))
        assert f"<h3>{start:%H:%M}-{end:%H:%M} <span>{block['kind']}</span></h3>" in answer.text
        for person in block["people"]:
            assert f"<h4>{person['name']}" in answer.text
            assert person["why"] in answer.text
            assert person["brief"]["topic"] in answer.text
    assert "As of Mon 9 Nov 2026 05:00" in answer.text
    assert "The last night began Mon 9 Nov 2026 05:00." in answer.text


def test_the_report_is_the_one_of_the_command(served: Served, calsync: Calsync) -> None:
    answer = served.ask(served.week + "report")
    assert answer.status == 200
    check_page(answer)
    assert answer.text == calsync("report", "--html", "-").out


def test_the_calendar_is_the_one_of_export(folder: Path, calsync: Calsync, tmp_path: Path) -> None:
    config, site = folder / "config.yaml", site_of(lambda: desk_at(folder), None, Settings())
    text = config.read_text("utf-8").partition("\nexports:")[0]
    config.write_text(text, "utf-8")
    with serving(site) as served:
        assert served.ask(served.feed).body == feed_at(folder, Details.BUSY)
        for details in Details:
            target = tmp_path / f"{details}.ics"
            config.write_text(f"{text}\nexports: [{{path: {target}, details: {details}}}]\n", "utf-8")
            assert calsync("export").code == 0
            answer = served.ask(served.feed)
            assert answer.body == target.read_bytes() == feed_at(folder, details)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    with serving(site_of(lambda: desk_at(folder), "titles", Settings())) as served:
        assert served.ask(served.feed).body == feed_at(folder, Details.TITLES)


def feed_at(folder: Path, details: Details) -> bytes:
    desk = desk_at(folder)
    with Store(desk.state_folder, desk.now) as store:
        return feed(desk, store, details)


def test_each_request_reads_everything_anew(served: Served, calsync: Calsync, folder: Path) -> None:
    before = served.ask(served.week).text
    name = calsync("week", "--json").json()["blocks"][0]["person"]
    assert calsync("done", name, "--thread", "the <b>school</b> & play", now=NOW).code == 0
    after = served.ask(served.week)
    check_page(after)
    assert before != after.text
    feed = served.ask(served.feed)
    config = folder / "config.yaml"
    config.write_text(config.read_text("utf-8").replace("details: busy", "details: full"), "utf-8")
    assert served.ask(served.feed).headers["ETag"] != feed.headers["ETag"]


def test_what_a_person_wrote_is_text_on_the_page_and_no_markup(folder: Path, calsync: Calsync) -> None:
    config = folder / "config.yaml"
    name = calsync("week", "--json").json()["blocks"][0]["person"]
    odd = "<script>alert(1)</script>"
    assert calsync("promise", "add", name, odd, "--by", "2026-12-01", "--minutes", "30").code == 0
    assert config.is_file()
    with serving(site_of(lambda: desk_at(folder), None, Settings())) as served:
        answer = served.ask(served.week)
    check_page(answer)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text


def test_before_the_first_night_the_page_says_so(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "timezone: Europe/Berlin\ncalendars: [{name: work, provider: ics, path: work}]\nblocks: {}\n", "utf-8"
    )
    with serving(site_of(lambda: desk_at(tmp_path), None, Settings())) as served:
        answer = served.ask(served.week)
        assert served.ask(served.feed).body.startswith(b"BEGIN:VCALENDAR")
    check_page(answer)
    assert "No night has planned a block yet." in answer.text
    assert "No night has run yet." in answer.text


def test_a_night_that_failed_is_said_to_have(served: Served, folder: Path) -> None:
    with Store(folder / "state", datetime.fromisoformat(NOW)) as store:
        run = store.begin_run("nightly", datetime.fromisoformat(NOW), datetime.fromisoformat(NOW))
        store.end_run(run, 3, {})
    answer = served.ask(served.week)
    check_page(answer)
    said = "The night of Mon 9 Nov 05:00 did not go well (exit code 3): `calsync log last` says why."
    assert f'<p class="problem">{said}</p>' in answer.text
    with Store(folder / "state", datetime.fromisoformat(NOW)) as store:
        store.begin_run("nightly", datetime.fromisoformat(NOW), datetime.fromisoformat(NOW))
    assert 'class="problem"' not in served.ask(served.week).text, "it is under way"


# --- who may see it ---


def test_nothing_is_found_without_a_key_and_no_key_opens_what_is_the_others(served: Served) -> None:
    week, feed = served.site.key, served.site.feed_key
    for path in (
        "/",
        "/connect.ics",
        "/report",
        f"/{feed}/",
        f"/{feed}/report",
        f"/{feed}",
        f"/{week}/connect.ics",
        f"/{week[:-1]}/",
        f"/{week.lower()}x/",
        f"/{week}//",
        f"//{week}x/",
        f"/{week}/../{feed}/connect.ics",
        "/%00",
        "/%E4",
    ):
        answer = served.ask(path)
        assert answer.status == 404, path
        check_page(answer)
        assert week not in answer.text
        assert feed not in answer.text
    moved = served.ask(f"/{week}")
    assert (moved.status, moved.headers["Location"]) == (308, f"/{week}/")


def test_the_weeks_key_is_new_each_time_and_the_calendars_stays(folder: Path) -> None:
    one, two = (site_of(lambda: desk_at(folder), None, Settings()) for _ in range(2))
    assert one.key != two.key
    assert one.feed_key == two.feed_key
    file = folder / "state" / "feed.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == one.feed_key
    file.unlink()
    assert kept_key(folder / "state") != one.feed_key


def test_a_file_of_the_key_that_others_can_read_or_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "feed.key"
    file.write_text("short")
    file.chmod(0o600)
    with pytest.raises(StateError) as caught:
        kept_key(tmp_path)
    assert caught.value.what == f"{file}: this is no key of calsync's"
    assert caught.value.next_step == "delete the file; the feed gets another address then"
    file.write_text(new_key())
    file.chmod(0o644)
    with pytest.raises(StateError, match="others on this machine can read it"):
        kept_key(tmp_path)


def test_a_name_of_somebody_elses_that_leads_here_is_not_answered(served: Served) -> None:
    port = served.server.port
    for host in (f"evil.example:{port}", "127.0.0.1", "127.0.0.1:1", f"localhost.evil:{port}", "", f"[::1]:{port}"):
        for path in (served.week, served.feed):
            answer = served.ask(path, Host=host)
            assert answer.status == 421, host
            check_page(answer)
            assert "127.0.0.1 and localhost alone" in answer.text


def test_this_machines_own_names_are_answered(served: Served) -> None:
    for host in (f"127.0.0.1:{served.server.port}", f"LocalHost:{served.server.port}"):
        assert served.ask(served.week, Host=host).status == 200


def test_the_port_is_open_on_loopback_alone(served: Served) -> None:
    listening = Path("/proc/net/tcp")
    if not listening.exists():
        pytest.skip("this system lists its ports elsewhere")
    port = f":{served.server.port:04X}"
    mine = [line.split()[1] for line in listening.read_text().splitlines()[1:] if line.split()[3] == "0A"]
    assert [one for one in mine if one.endswith(port)] == [f"0100007F{port}"]


def test_nothing_can_be_changed(served: Served) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "TRACE"):
        for path in (served.week, served.feed):
            answer = served.ask(path, method, b"x=1")
            assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD"), method
            check_page(answer)


# --- the calendar's versions ---


def test_a_calendar_that_has_not_changed_is_not_sent_again(served: Served) -> None:
    first = served.ask(served.feed)
    etag, changed = first.headers["ETag"], first.headers["Last-Modified"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = served.ask(served.feed, If_None_Match=known)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
    assert served.ask(served.feed, If_Modified_Since=changed).status == 304
    # The ETag goes before the time, and what is no time is none.
    assert served.ask(served.feed, If_None_Match='"other"', If_Modified_Since=changed).status == 200
    assert served.ask(served.feed, If_Modified_Since="yesterday").status == 200
    assert served.ask(served.week, If_None_Match="*").status == 200


def test_two_versions_never_have_one_time() -> None:
    said, now = [b"a"], datetime(2026, 11, 9, 4, tzinfo=UTC)
    site = Site("k", "f", {}, lambda: said[0], lambda status, what: Page(b"", status=status), lambda: now)
    with serving(site) as served:
        seen = []
        for text in (b"a", b"b", b"a", b"a", b"c"):
            said[0] = text
            answer = served.ask("/f/connect.ics")
            seen.append((parsedate_to_datetime(answer.headers["Last-Modified"]) - now).total_seconds())
            since = served.ask("/f/connect.ics", If_Modified_Since=answer.headers["Last-Modified"])
            assert since.status == 304
    assert seen == [0, 1, 2, 2, 3]


def test_head_is_get_without_the_body(served: Served) -> None:
    for path in (served.week, served.week + "report", served.feed, "/nothing"):
        whole, head = served.ask(path), served.ask(path, "HEAD")
        assert head.body == b""
        assert head.status == whole.status
        assert set(head.headers) == set(whole.headers)
        assert head.headers["Content-Length"] == str(len(whole.body))


# --- what goes wrong ---


def test_an_error_is_a_page_with_its_next_step_and_the_next_request_is_answered(served: Served, folder: Path) -> None:
    config = folder / "config.yaml"
    kept = config.read_text("utf-8")
    config.write_text(kept + "\nplaning: {}\nblokcs: {}\n", "utf-8")
    for path in (served.week, served.week + "report", served.feed):
        answer = served.ask(path)
        assert answer.status == 503
        check_page(answer)
        assert "planing" in answer.text
        assert "blokcs" in answer.text
        assert "Traceback" not in answer.text
    config.write_text(kept, "utf-8")
    assert served.ask(served.week).status == 200


def test_a_state_that_was_removed_is_said_to_be_gone_and_is_not_made_anew(served: Served, folder: Path) -> None:
    (folder / "state").rename(folder / "away")
    for path in (served.week, served.week + "report", served.feed):
        answer = served.ask(path)
        assert answer.status == 503
        assert "feed.key is gone" in answer.text
    assert not (folder / "state").exists()
    (folder / "away").rename(folder / "state")
    assert served.ask(served.week).status == 200


def test_a_bug_is_a_page_that_names_its_report(folder: Path) -> None:
    def broken() -> Page:
        raise ZeroDivisionError("Ana Sousa")

    settings = Settings()
    settings.config, settings.state = str(folder / "config.yaml"), str(folder / "state")
    site = site_of(lambda: desk_at(folder), None, settings)
    with serving(Site(site.key, "f", {"": broken}, lambda: b"", site.trouble)) as served:
        answer = served.ask(served.week)
    assert answer.status == 500
    check_page(answer)
    assert "Ana Sousa" not in answer.text
    (report,) = (folder / "state" / "reports").iterdir()
    assert str(report) in answer.text


GARBLED = (
    (b"nonsense\r\n\r\n", 400),
    (b"GET / HTTP/9.9\r\n\r\n", 505),
    (b"GET / HTTP/x\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(200)) + b"\r\n", 431),
    (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 421),
    (b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: HERE\r\nConnection: close\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: HERE\r\nContent-Length: much\r\n\r\n", 405),
    (b"POST / HTTP/1.1\r\nHost: HERE\r\nContent-Length: 99999999\r\n\r\nshort", 405),
    (b"GET /n HTTP/1.1\r\nHost: HERE\r\nContent-Length: 30\r\n\r\nGET /evil HTTP/1.1\r\n\r\n", 404),
)


def test_requests_that_are_none_do_no_harm(served: Served) -> None:
    here = f"127.0.0.1:{served.server.port}".encode()
    for said, status in GARBLED:
        answer = served.raw(said.replace(b"HERE", here))
        assert re.match(rb"HTTP/1\.1 %d " % status, answer), (said[:40], answer[:100])
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"Traceback" not in answer
    assert served.ask(served.week).status == 200


def test_a_connection_that_says_nothing_or_breaks_off_keeps_nobody_waiting(served: Served) -> None:
    with (
        socket.create_connection((HOST, served.server.port)),
        socket.create_connection((HOST, served.server.port)) as two,
    ):
        two.sendall(b"GET / HT")
        assert served.ask(served.week).status == 200
    assert served.raw(b"") == b""
    assert served.ask(served.week).status == 200


def test_many_at_once_are_all_answered(served: Served) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(served.ask(served.week).status)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 12


# --- the command ---


def test_the_command_says_where_it_is_and_ends_with_ctrl_c(folder: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-P", "-W", "error", "-m", "calsync", *places(folder), "serve", "--port", "0"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3]), "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    watchdog = threading.Timer(60, running.kill)
    watchdog.start()
    assert running.stdout is not None
    shown = [running.stdout.readline() for _ in range(3)]
    week, feed = (re.search(r"http://127\.0\.0\.1:(\d+)(/[\w-]{22}/(?:connect\.ics)?)$", line) for line in shown[:2])
    assert week is not None, shown
    assert feed is not None, shown
    assert shown[2] == "Ctrl-C ends it.\n"
    for port, path in (week.groups(), feed.groups()):
        connection = http.client.HTTPConnection(HOST, int(port), timeout=20)
        connection.request("GET", path)
        assert connection.getresponse().status == 200
        connection.close()
    running.send_signal(signal.SIGINT)
    rest, errors = running.communicate()
    watchdog.cancel()
    assert (running.returncode, rest, errors) == (0, "Ended.\n", "")


def test_a_port_that_somebody_has_is_named(served: Served, calsync: Calsync) -> None:
    said = calsync("serve", "--port", str(served.server.port))
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"calsync: port {served.server.port} cannot be had: ")
    assert said.err.endswith("\n  name another one with --port, 0 for any\n")


def test_a_configuration_that_is_wrong_or_missing_is_said_before_anything_is_served(
    calsync: Calsync, folder: Path
) -> None:
    config = folder / "config.yaml"
    config.write_text(config.read_text("utf-8") + "\nplaning: {}\n", "utf-8")
    said = calsync("serve", "--port", "0")
    assert (said.code, said.out) == (2, "")
    assert "planing" in said.err
    config.unlink()
    said = calsync("serve", "--port", "0")
    assert (said.code, said.out) == (2, "")
    assert "there is no configuration here" in said.err
