"""The client on the wire: who is shown the password, what is sent again, and what an answer is taken for."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from calsync.errors import Malformed, NotFound, SignInNeeded, Unreachable
from providers.caldav.dav import Dav
from providers.caldav.provider import CalDavProvider
from tests.contract.samples import WINDOW, single
from tests.servers.awkward import PASSWORD, USER, AwkwardServer
from tests.servers.context import context
from tests.servers.fixtures import CalDavCalendar

Make = Callable[..., CalDavProvider]


@pytest.fixture
def dav(awkward: AwkwardServer, pauses: list[float]) -> Dav:
    return Dav("work", awkward.calendar_url, USER, PASSWORD, pause=pauses.append)


def shown(server: AwkwardServer) -> list[str]:
    """The scheme with which each request came, "" for none."""
    return [seen.headers.get("authorization", "").partition(" ")[0] for seen in server.seen]


def test_basic_is_sent_only_after_the_server_asked_and_remembered_for_the_next_night(
    awkward: AwkwardServer, provider: Make
) -> None:
    awkward.auth = "basic"
    awkward.calendar.put("a.ics", single("a"))
    first = provider().read("", WINDOW, None)
    assert [r.name for r in first.changed] == ["a.ics"]
    assert shown(awkward) == ["", "Basic", "Basic", "Basic"]
    awkward.seen.clear()
    quiet = provider().read("", WINDOW, first.cursor)
    assert (quiet.requests, shown(awkward)) == (1, ["Basic"])


@pytest.mark.parametrize("kind", ["digest", "digest-sha256"])
def test_digest_is_answered_and_the_password_itself_never_sent(
    awkward: AwkwardServer, provider: Make, kind: str
) -> None:
    awkward.auth = kind
    awkward.calendar.put("a.ics", single("a"))
    first = provider().read("", WINDOW, None)
    assert [r.name for r in first.changed] == ["a.ics"]
    assert shown(awkward) == ["", "Digest", "Digest", "Digest"]
    assert first.requests == 4
    awkward.seen.clear()
    quiet = provider().read("", WINDOW, first.cursor)
    assert (quiet.requests, shown(awkward)) == (2, ["", "Digest"])


@pytest.mark.parametrize("kind", ["digest", "digest-sha256"])
def test_a_nonce_that_has_become_stale_is_answered_anew(awkward: AwkwardServer, dav: Dav, kind: str) -> None:
    awkward.auth, awkward.nonce_uses = kind, 2
    for _ in range(5):
        assert dav.send("OPTIONS", awkward.calendar_url).status == 405
    assert shown(awkward).count("") == 1


@pytest.mark.parametrize("kind", ["basic", "digest", "digest-sha256"])
def test_a_wrong_password_is_a_sign_in_with_the_command_and_shows_nothing(
    awkward: AwkwardServer, provider: Make, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    awkward.auth = kind
    wrong = "not" + PASSWORD
    one = provider(secret=wrong)
    with pytest.raises(SignInNeeded) as caught:
        one.read("", WINDOW, None)
    assert "`calsync calendars sign-in work`" in caught.value.next_step
    assert "refuses the user name or the password" in caught.value.what
    assert len(awkward.seen) <= 3
    told = "".join(traceback.format_exception(caught.value)) + repr(one) + repr(vars(one)["_client"]) + caplog.text
    assert wrong not in told


def test_a_server_that_wants_digest_from_tonight_on_gets_it(awkward: AwkwardServer, provider: Make) -> None:
    awkward.auth = "basic"
    first = provider().read("", WINDOW, None)
    awkward.auth = "digest"
    awkward.seen.clear()
    second = provider().read("", WINDOW, first.cursor)
    assert (second.changed, shown(awkward)) == ((), ["Basic", "Digest"])
    awkward.seen.clear()
    provider().read("", WINDOW, second.cursor)
    assert shown(awkward) == ["", "Digest"]


@pytest.mark.parametrize("kind", ["basic", "digest"])
def test_a_name_that_is_not_ascii_is_refused_by_the_server_and_not_by_us(
    awkward: AwkwardServer, provider: Make, kind: str
) -> None:
    awkward.auth = kind
    with pytest.raises(SignInNeeded, match="refuses"):
        provider(username="mäyя", secret="пароль").read("", WINDOW, None)


def test_no_password_and_no_user_name_are_told_apart(awkward: AwkwardServer, provider: Make) -> None:
    awkward.auth = "basic"
    with pytest.raises(SignInNeeded, match="no password is kept"):
        provider(secret=None).read("", WINDOW, None)
    with pytest.raises(SignInNeeded, match="no `username`"):
        provider(username="").read("", WINDOW, None)
    assert set(shown(awkward)) == {""}


def test_a_netrc_file_is_not_looked_into(
    awkward: AwkwardServer, provider: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    provider().read("", WINDOW, None)
    assert set(shown(awkward)) == {""}


def test_a_server_that_only_wants_a_token_is_named_so(awkward: AwkwardServer, provider: Make) -> None:
    awkward.redirects["/dav/cal/"] = (401, "")
    awkward.headers["WWW-Authenticate"] = 'Bearer realm="x"'
    with pytest.raises(SignInNeeded, match="only bearer"):
        provider().read("", WINDOW, None)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_keeps_the_method_and_the_body(awkward: AwkwardServer, dav: Dav, status: int) -> None:
    awkward.redirects["/old/"] = (status, "/dav/cal/")
    said, where = dav.propfind(awkward.url + "old/", ("{DAV:}resourcetype",), 0)
    assert where == awkward.calendar_url
    assert len(said.members) == 1
    assert [(s.method, bool(s.body)) for s in awkward.seen] == [("PROPFIND", True)] * 2


def test_a_redirect_to_nonsense_is_said_to_be_that(awkward: AwkwardServer, dav: Dav) -> None:
    awkward.redirects["/a/"] = (302, "http://[::1")
    with pytest.raises(NotFound, match="no address"):
        dav.send("GET", awkward.url + "a/")


def test_redirects_without_end_are_given_up(awkward: AwkwardServer, dav: Dav) -> None:
    awkward.redirects["/a/"] = (302, "/b/")
    awkward.redirects["/b/"] = (302, "/a/")
    with pytest.raises(NotFound, match="without end"):
        dav.send("GET", awkward.url + "a/")


def test_no_request_at_all_goes_to_another_host(awkward: AwkwardServer, dav: Dav) -> None:
    other = AwkwardServer()
    with other.running():
        awkward.auth = other.auth = "basic"
        same_host_other_port = other.url
        by_another_name = other.url.replace("127.0.0.1", "localhost")
        for target in (same_host_other_port, by_another_name):
            awkward.redirects["/away/"] = (307, target + "dav/cal/")
            with pytest.raises(NotFound) as caught:
                dav.send("GET", awkward.url + "away/")
            assert "the password is not sent to another host" in caught.value.what
            assert target.rstrip("/") in caught.value.next_step
        assert other.seen == []


def test_hrefs_that_point_at_another_host_are_not_followed_either(awkward: AwkwardServer, provider: Make) -> None:
    other = AwkwardServer()
    with other.running():
        awkward.home = other.url.replace("127.0.0.1", "localhost") + "dav/"
        with pytest.raises(NotFound, match="another host"):
            provider(url=awkward.url).read("", WINDOW, None)
        assert other.seen == []


@pytest.mark.parametrize(
    ("base", "target", "fine"),
    [
        ("https://h.example/", "https://h.example/x", True),
        ("https://h.example/", "https://H.EXAMPLE:443/x", True),
        ("http://h.example/", "https://h.example/x", True),
        ("http://h.example:5232/", "https://h.example:5233/x", True),
        ("https://h.example/", "https://h.example:8443/x", False),
        ("http://h.example/", "http://h.example:8080/x", False),
        ("https://h.example/", "https://evil.example/x", False),
        ("https://h.example/", "https://h.example.evil/x", False),
        ("https://h.example/", "https://h.example@evil.example/x", False),
        ("https://h.example/", "https://sub.h.example/x", False),
        ("https://caldav.icloud.com/", "https://p42-caldav.icloud.com/x", True),
        ("https://caldav.icloud.com/", "https://p42-caldav.icloud.com:443/x", True),
        ("https://caldav.icloud.com/", "http://p42-caldav.icloud.com/x", False),
        ("https://caldav.icloud.com/", "https://icloud.com.evil.example/x", False),
        ("https://caldav.icloud.com/", "https://eviicloud.com/x", False),
        ("https://h.example/", "https://p42-caldav.icloud.com/x", False),
        ("https://h.example/", "file:///etc/passwd", False),
        ("https://h.example/", "https://h.example:99999/x", False),
    ],
)
def test_which_hosts_may_be_spoken_to(base: str, target: str, fine: bool) -> None:
    client = Dav("work", base, USER, PASSWORD)
    if fine:
        client._check_host(target)
        return
    with pytest.raises(NotFound):
        client._check_host(target)


def test_a_step_down_to_http_is_refused_as_such() -> None:
    with pytest.raises(Unreachable, match="from https to http"):
        Dav("work", "https://h.example/", USER, PASSWORD)._check_host("http://h.example/x")


@pytest.mark.parametrize("url", ["", "nowhere", "ftp://h/", "http://", "http://[::1", "//h/x"])
def test_what_is_no_address_is_said_to_be_none(url: str, tmp_path: Path) -> None:
    one = CalDavProvider("work", {"url": url}, context(tmp_path))
    with pytest.raises(NotFound) as caught:
        one.read("", WINDOW, None)
    assert "address" in caught.value.what
    assert "url" in caught.value.next_step


def test_a_password_in_the_url_is_neither_sent_nor_shown(awkward: AwkwardServer, provider: Make) -> None:
    awkward.auth = "basic"
    url = awkward.calendar_url.replace("http://", "http://maya:letmein@")
    with pytest.raises(SignInNeeded) as caught:
        provider(secret=None, url=url).read("", WINDOW, None)
    assert set(shown(awkward)) == {""}
    assert "letmein" not in "".join(traceback.format_exception(caught.value))


def test_a_server_that_is_briefly_busy_is_asked_again(awkward: AwkwardServer, provider: Make) -> None:
    awkward.calendar.put("a.ics", single("a"))
    awkward.busy = ["3", "nonsense"]
    assert len(provider().read("", WINDOW, None).changed) == 1


@pytest.mark.parametrize(("busy", "asked"), [(["0"] * 9, 4), (["3600"], 1)])
def test_a_server_that_stays_busy_is_unreachable_and_one_that_wants_an_hour_is_not_asked_again(
    awkward: AwkwardServer, provider: Make, busy: list[str], asked: int
) -> None:
    awkward.busy = busy
    with pytest.raises(Unreachable, match="503"):
        provider().read("", WINDOW, None)
    assert len(awkward.take()) == asked


def test_a_connection_that_is_cut_is_tried_four_times_for_reading(awkward: AwkwardServer, provider: Make) -> None:
    awkward.down = True
    with pytest.raises(Unreachable, match="did not answer") as caught:
        provider().read("", WINDOW, None)
    assert awkward.take() == ["PROPFIND"] * 4
    assert "0x" not in caught.value.what


def test_a_port_where_nobody_listens_is_unreachable(tmp_path: Path) -> None:
    gone = AwkwardServer()
    with gone.running():
        url = gone.calendar_url
    one = CalDavProvider("work", {"url": url}, context(tmp_path))
    with pytest.raises(Unreachable) as caught:
        one.read("", WINDOW, None)
    assert "refused" in caught.value.what
    assert "0x" not in caught.value.what


def test_speaking_https_to_a_server_without_it_names_the_certificate_and_is_not_repeated(
    awkward: AwkwardServer, provider: Make
) -> None:
    with pytest.raises(Unreachable) as caught:
        provider(url=awkward.calendar_url.replace("http://", "https://")).read("", WINDOW, None)
    assert "could not prove who it is" in caught.value.what
    assert "REQUESTS_CA_BUNDLE" in caught.value.next_step


def test_a_login_page_is_not_taken_for_an_empty_calendar(awkward: AwkwardServer, provider: Make) -> None:
    awkward.calendar.put("a.ics", single("a"))
    first = provider().read("", WINDOW, None)
    awkward.html = True
    for cursor in (None, first.cursor):
        with pytest.raises(Malformed, match="a web page"):
            provider().read("", WINDOW, cursor)


def test_an_answer_without_end_is_cut_off(
    awkward: AwkwardServer, provider: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    awkward.huge = 70 * 1024 * 1024
    with pytest.raises(Malformed, match="more than 64 MB"):
        provider().read("", WINDOW, None)


def test_cookies_are_not_carried_on(awkward: AwkwardServer, provider: Make) -> None:
    awkward.headers["Set-Cookie"] = "tracker=1"
    provider().read("", WINDOW, None)
    assert all("cookie" not in seen.headers for seen in awkward.seen)


def test_basic_on_a_real_server_with_a_password_that_is_not_ascii(
    radicale_basic: CalDavCalendar, tmp_path: Path
) -> None:
    radicale_basic.hand.put(radicale_basic.path, "a.ics", single("a"))
    good = CalDavProvider("work", radicale_basic.options, context(tmp_path, radicale_basic.password))
    assert [r.name for r in good.read("", WINDOW, None).changed] == ["a.ics"]
    with pytest.raises(SignInNeeded):
        CalDavProvider("work", radicale_basic.options, context(tmp_path, "wrong")).read("", WINDOW, None)


def test_another_users_calendar_is_not_let_into(radicale_basic: CalDavCalendar, tmp_path: Path) -> None:
    options = {"url": radicale_basic.url, "username": "ana"}
    with pytest.raises(SignInNeeded, match="does not let this user in"):
        CalDavProvider("work", options, context(tmp_path, "other")).read("", WINDOW, None)
