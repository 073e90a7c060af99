"""What `doctor` finds of accounts at Google and Microsoft and on CalDAV servers: each trouble, with its whole text.

The command runs in this process and reaches the vendors as any company's computer does, through a proxy on loopback.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from calsync.cli import main
from calsync.grants import GrantFile
from providers.google.scopes import scopes_for
from tests.servers.detour import GOOGLE_HOSTS, MICROSOFT_HOSTS
from tests.servers.fixtures import CalDavCalendar, radicale_basic, radicale_basic_server
from tests.servers.google import GoogleServer
from tests.servers.graph import GraphServer
from tests.servers.proxy import Proxy
from tests.system.vendors import grant_google, grant_microsoft

__all__ = ["radicale_basic", "radicale_basic_server"]

NOW = "2026-11-23T04:00:00+01:00"
CLOCK = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
MAYA = "maya@example.com"
NOT_READ = "a night cannot read that calendar, so it plans nothing new and leaves the blocks as they stand"
AGAIN = "run `calsync calendars sign-in work`"


@dataclass
class Place:
    """A leader's folder, and the command on it."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    server: Any = None

    def write(self, *calendars: str) -> None:
        listed = "\n".join(f"  - {line}" for line in calendars)
        (self.folder / "config.yaml").write_text(
            f"timezone: Europe/Berlin\nme: [{MAYA}]\ncalendars:\n{listed}\n"
            "blocks: {connect: {minutes: 30, per_week: 2}}\n"
            "people: [{name: Ana Sousa, email: ana@example.com, ideal: 14d, max: 28d}]\n",
            encoding="utf-8",
        )

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def call(self, *args: str) -> tuple[int, str, str]:
        where = ["--config", str(self.folder / "config.yaml"), "--state", str(self.state)]
        code = main([*where, *args])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def found(self, *but: str, now: str = NOW) -> tuple[int, list[tuple[str, str, str, str]]]:
        """The exit code, and level and sentences of each finding but those of some keys."""
        code, out, err = self.call("doctor", "--json", "--now", now)
        assert err == ""
        left_out = {"schedule.none", *but}
        rows = [one for one in json.loads(out)["findings"] if one["key"] not in left_out]
        return code, [(one["level"], one["what"], one["why"], one["command"]) for one in rows]

    def grant(self, kind: str) -> GrantFile:
        return GrantFile(self.state, kind, MAYA)

    def change_grant(self, kind: str, **more: Any) -> None:
        file = self.grant(kind)
        file.write({**(file.read() or {}), **more})


@contextmanager
def through(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with proxy.running():
        for name, value in proxy.environment.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    """A folder, on a machine without schedulers whose zone is the leader's."""
    (tmp_path / "programs").mkdir()
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TZ", "Europe/Berlin")
    (tmp_path / "state").mkdir(mode=0o700)
    return Place(tmp_path, capsys)


@pytest.fixture
def google(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Maya's calendar at Google, to which blocks are written; she has signed in."""
    server = GoogleServer()
    with server.running(), through(Proxy(dict.fromkeys(GOOGLE_HOSTS, server.url), place.folder), monkeypatch):
        place.server = server
        place.write(f"{{name: work, provider: google, account: {MAYA}, write: true}}")
        grant_google(place.state, server)
        yield place


@pytest.fixture
def microsoft(place: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The same at Microsoft."""
    server = GraphServer()
    with server.running(), through(Proxy(dict.fromkeys(MICROSOFT_HOSTS, server.url), place.folder), monkeypatch):
        place.server = server
        place.write(f"{{name: work, provider: microsoft, account: {MAYA}, write: true}}")
        grant_microsoft(place.state, server)
        yield place


@pytest.fixture(params=["google", "microsoft"])
def vendor(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


# --- nothing wrong ---


def test_an_account_with_which_all_is_well(vendor: Place) -> None:
    assert vendor.found() == (0, [])
    assert vendor.server.requests
    assert {seen.method for seen in vendor.server.requests} <= {"GET", "POST"}
    assert not vendor.server.hand.names("")


# --- signing in ---


@pytest.mark.parametrize(("kind", "called"), [("google", "Google"), ("microsoft", "Microsoft")])
def test_nobody_has_signed_in(kind: str, called: str, request: pytest.FixtureRequest) -> None:
    place: Place = request.getfixturevalue(kind)
    place.grant(kind).path.unlink()
    code, found = place.found()
    assert found == [("fails", f"work: {MAYA} has not signed in at {called} yet", NOT_READ, AGAIN)]
    assert code == 4
    assert place.call("nightly", "--now", NOW)[0] == 4


def test_google_has_ended_the_sign_in_after_seven_days(google: Place) -> None:
    google.change_grant("google", signed_in=(CLOCK - timedelta(days=8)).isoformat())
    google.server.revoked = True
    code, found = google.found()
    assert found == [
        (
            "fails",
            (
                f"work: Google has ended the sign-in of {MAYA}, most likely because the consent of an app in Testing "
                "ends after 7 days"
            ),
            NOT_READ,
            f"publish the app or make it Internal (docs/google.md), then {AGAIN}",
        )
    ]
    assert code == 4


def test_a_google_grant_for_a_time_is_told_two_days_before_its_end(google: Place) -> None:
    google.change_grant("google", ends=(CLOCK + timedelta(days=1, hours=12)).isoformat())
    code, found = google.found()
    assert found == [
        (
            "warns",
            f"work: the sign-in of {MAYA} runs out on Tue 24 Nov at 16:00",
            "Google ends what was allowed for a time; that of an app in Testing after 7 days (docs/google.md)",
            AGAIN,
        )
    ]
    assert code == 0
    google.change_grant("google", ends=(CLOCK + timedelta(days=3)).isoformat())
    assert google.found() == (0, [])


@pytest.mark.parametrize(("days", "warned"), [(4, False), (6, True), (8, False)])
def test_a_google_grant_of_whose_end_nothing_is_known_is_told_by_its_age(
    google: Place, days: int, warned: bool
) -> None:
    google.change_grant("google", signed_in=(CLOCK - timedelta(days=days)).isoformat())
    code, found = google.found()
    assert code == 0
    expected = (
        "warns",
        f"work: the sign-in of {MAYA} may run out on Tue 24 Nov at 04:00",
        "if the app is in Testing at Google's, its consent ends after 7 days (docs/google.md)",
        AGAIN,
    )
    assert found == ([expected] if warned else [])


def test_write_true_that_was_added_after_the_sign_in(google: Place) -> None:
    google.change_grant("google", scopes=scopes_for(write=False, primary=True))
    code, found = google.found()
    assert found == [
        (
            "fails",
            f"work: the sign-in of {MAYA} does not allow all that is needed; missing: calendar.events.owned",
            "the configuration asks for more than at the last sign-in; what the rest is for will be refused",
            AGAIN,
        )
    ]
    assert code == 4


def test_a_microsoft_sign_in_that_allows_reading_only(microsoft: Place) -> None:
    microsoft.change_grant("microsoft", scopes=["Calendars.Read", "User.Read"])
    code, found = microsoft.found()
    assert found == [
        (
            "fails",
            f"work: the sign-in of {MAYA} does not allow all that is needed; missing: Calendars.ReadWrite",
            "the configuration asks for more than at the last sign-in; what the rest is for will be refused",
            AGAIN,
        )
    ]
    assert code == 4


def test_a_sign_in_that_opens_no_calendar_is_told_once(google: Place) -> None:
    google.server.scopes = {"https://www.googleapis.com/auth/contacts.readonly"}
    code, found = google.found()
    assert found == [
        ("fails", f"work: the sign-in of {MAYA} does not cover its list of calendars", NOT_READ, AGAIN),
    ]
    assert code == 4


@pytest.mark.parametrize(
    ("number", "what", "step"),
    [
        (
            65001,
            f"work: an administrator has to approve calsync's application before {MAYA} can sign in (AADSTS65001)",
            (
                "ask one to open https://login.microsoftonline.com/{tenant}/adminconsent?client_id="
                f"11111111-2222-4333-8444-555555555555 , then {AGAIN}"
            ),
        ),
        (
            700082,
            f"work: the sign-in of {MAYA} has ended (unused for 90 days, taken back, or a new password) (AADSTS700082)",
            AGAIN,
        ),
        (
            53003,
            f"work: the organisation's rules for access do not let {MAYA} in from here (AADSTS53003)",
            f"{AGAIN} in the browser of a computer that the organisation trusts, or ask an administrator",
        ),
    ],
)
def test_what_microsoft_says_although_a_token_is_still_good(
    microsoft: Place, number: int, what: str, step: str
) -> None:
    microsoft.server.token_error = number
    code, found = microsoft.found()
    assert found == [("fails", what, NOT_READ, step.format(tenant=microsoft.server.tenant))]
    assert code == 4


def test_another_client_in_the_configuration_than_was_signed_in_through(microsoft: Place) -> None:
    other = "22222222-2222-4333-8444-555555555555"
    microsoft.write(f"{{name: work, provider: microsoft, account: {MAYA}, write: true, client: {other}}}")
    code, found = microsoft.found()
    assert found == [
        ("fails", f"work: {MAYA} has signed in through another client than the config names", NOT_READ, AGAIN)
    ]
    assert code == 4


@pytest.mark.parametrize("kind", ["google", "microsoft"])
def test_a_grant_of_another_account(kind: str, request: pytest.FixtureRequest) -> None:
    place: Place = request.getfixturevalue(kind)
    ana = GrantFile(place.state, kind, "ana@example.com")
    ana.write((place.grant(kind).read() or {}) | {"account": "ana@example.com"})
    place.write(f"{{name: work, provider: {kind}, account: ana@example.com, write: true}}")
    code, found = place.found()
    assert found == [
        (
            "fails",
            f"work: {MAYA} has signed in, but the configuration names ana@example.com",
            NOT_READ,
            f"{AGAIN} and choose ana@example.com in the browser, or change `account`",
        )
    ]
    assert code == 4


# --- the clock ---


@pytest.mark.parametrize(
    ("minutes", "level", "word"), [(3, "warns", "slow"), (-3, "warns", "fast"), (7, "fails", "slow")]
)
def test_a_clock_that_is_off(vendor: Place, minutes: int, level: str, word: str) -> None:
    vendor.server.now = lambda: CLOCK + timedelta(minutes=minutes)
    called = "Google" if isinstance(vendor.server, GoogleServer) else "Microsoft"
    code, found = vendor.found()
    assert found == [
        (
            level,
            f"this computer's clock is {abs(minutes)} minutes {word}, by that of {called}",
            "Google and Microsoft refuse what comes from a clock that is more than 5 minutes off"
            if level == "fails"
            else "a night starts by it, and beyond 5 minutes Google and Microsoft refuse what comes from it",
            "run `sudo timedatectl set-ntp true`, or let the system's settings set the time by themselves",
        )
    ]
    assert code == (3 if level == "fails" else 0)


# --- calendars ---


def test_a_google_calendar_that_is_not_there(google: Place) -> None:
    google.write(f"{{name: work, provider: google, account: {MAYA}, calendar: Blocks, write: true}}")
    code, found = google.found()
    assert found == [("fails", "work: no calendar of the account is called Blocks", NOT_READ, "there are: Maya")]
    assert code == 3


def test_a_microsoft_calendar_that_is_not_there(microsoft: Place) -> None:
    microsoft.write(f"{{name: work, provider: microsoft, account: {MAYA}, calendar: Blocks, write: true}}")
    code, found = microsoft.found()
    assert found == [("fails", f"work: {MAYA} has no calendar Blocks", NOT_READ, "set `calendar` to one of: Calendar")]
    assert code == 3


def test_a_calendar_that_can_only_be_read(vendor: Place) -> None:
    if isinstance(vendor.server, GoogleServer):
        vendor.server.add_calendar("team@group.calendar.google.com", "Team", role="reader")
        vendor.write(f"{{name: work, provider: google, account: {MAYA}, calendar: Team, write: true}}")
    else:
        vendor.server.add_calendar("Team", can_edit=False)
        vendor.write(f"{{name: work, provider: microsoft, account: {MAYA}, calendar: Team, write: true}}")
    code, found = vendor.found("sign-in.lacks")
    assert found == [
        (
            "fails",
            "work: the calendar Team can be read but not written",
            "the configuration has `write: true` for it, and no block can be put there",
            f"ask its owner for write access, or set `write: false` for work in {vendor.folder / 'config.yaml'}",
        )
    ]
    assert code == 3


def test_a_calendar_that_can_be_written_is_tried_with_a_block_that_is_gone_again(vendor: Place) -> None:
    code, out, err = vendor.call("doctor", "--write", "--yes", "--json", "--now", NOW)
    assert (code, err) == (0, "")
    assert "work: a block was written, and removed again" in [one["what"] for one in json.loads(out)["fine"]]
    assert not vendor.server.hand.names("")


def test_another_calendar_in_a_national_cloud(place: Place) -> None:
    place.write(f"{{name: work, provider: microsoft, account: {MAYA}, calendar: Blocks, cloud: china}}")
    code, found = place.found("sign-in.needed")
    assert found == [
        (
            "warns",
            "work: the list of changes of another calendar than the account's own is not promised in the cloud china",
            (
                "Microsoft's pages speak of the account's own calendar only; where the list is refused, the calendar "
                "cannot be read"
            ),
            "`calsync doctor --live` tries it; else leave `calendar` out for the account's own",
        )
    ]
    assert code == 4


def test_a_server_that_does_not_answer(google: Place) -> None:
    google.write("{name: feed, provider: ics, url: 'http://127.0.0.1:9/feed.ics'}")
    code, found = google.found()
    assert found == [
        (
            "fails",
            "feed: http://127.0.0.1:9 could not be read (ConnectionError)",
            NOT_READ,
            "check the network and the address",
        )
    ]
    assert code == 3


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!DOCTYPE html><html><body>Sign in</body></html>"
        self.send_response_only(200)
        self.send_header("Date", format_datetime(CLOCK, usegmt=True))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parameter of the base class
        """Say nothing."""


def test_an_address_that_answers_with_a_web_page(place: Place) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        where = f"http://127.0.0.1:{http.server_address[1]}"
        place.write(f"{{name: feed, provider: ics, url: '{where}/feed.ics'}}")
        code, found = place.found()
        http.shutdown()
    assert found == [
        (
            "fails",
            f"feed: {where} answered with a web page instead of a calendar",
            NOT_READ,
            "open the address in a browser: it may ask to sign in, or be the page and not the .ics file",
        )
    ]
    assert code == 3


def test_a_caldav_server_whose_password_is_missing_or_wrong(
    place: Place, radicale_basic: CalDavCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(f"{{name: home, provider: caldav, url: '{radicale_basic.url}', username: maya, write: true}}")
    server = radicale_basic.server.removeprefix("http://").rstrip("/")
    again = "run `calsync calendars sign-in home`"
    assert place.found("clock.off") == (
        4,
        [("fails", f"home: {server} asks for a password, and no password is kept for it", NOT_READ, again)],
    )
    monkeypatch.setenv("CALSYNC_SECRET_HOME", "wrong")
    code, found = place.found("clock.off", "secret.environment")
    assert found == [("fails", f"home: {server} refuses the user name or the password", NOT_READ, again)]
    assert code == 4
    monkeypatch.setenv("CALSYNC_SECRET_HOME", radicale_basic.password)
    assert place.found("clock.off", "secret.environment") == (0, [])


# --- the night ---


def _nobody(place: Place) -> None:
    place.grant("google" if isinstance(place.server, GoogleServer) else "microsoft").path.unlink()


def _taken_back(place: Place) -> None:
    if isinstance(place.server, GoogleServer):
        place.server.revoked = True
        return
    place.server.token_error = 65001
    # As old as access tokens are every night.
    grant = place.grant("microsoft").read() or {}
    place.change_grant("microsoft", cache=json.dumps(json.loads(grant["cache"]) | {"AccessToken": {}}))


def _no_such_calendar(place: Place) -> None:
    text = (place.folder / "config.yaml").read_text()
    (place.folder / "config.yaml").write_text(text.replace("write: true}", "write: true, calendar: Nowhere}"))


@pytest.mark.parametrize("fault", [_nobody, _taken_back, _no_such_calendar])
def test_what_the_doctor_says_fails_does_fail_and_the_old_plan_stays(
    vendor: Place, fault: Callable[[Place], None]
) -> None:
    assert vendor.call("nightly", "--now", NOW)[0] == 0
    hand = vendor.server.hand
    blocks = {name: hand.ical("", name) for name in hand.names("")}
    assert blocks
    fault(vendor)
    foretold, _ = vendor.found()
    code, _, err = vendor.call("-q", "nightly", "--now", "2026-11-24T04:00:00+01:00")
    assert code == foretold != 0
    assert err.startswith("calsync: work: ")
    assert {name: hand.ical("", name) for name in hand.names("")} == blocks


# --- the open questions ---


def test_the_open_questions_are_tried_and_nothing_stays(vendor: Place) -> None:
    code, out, err = vendor.call("doctor", "--live", "work", "--yes", "--now", NOW)
    assert (code, err) == (0, "")
    assert out.startswith("Question: ")
    assert "\n  Seen: " in out
    assert "\n  calsync expects: " in out
    assert "\n  That agrees: yes.\n" in out
    assert out.endswith(" questions were asked; nothing is other than calsync expects.\n")
    assert not vendor.server.hand.names("")
    assert not vendor.server.refused_bodies


def test_ctrl_c_in_the_middle_leaves_nothing(vendor: Place) -> None:
    hand, pressed = vendor.server.hand, []

    def now() -> datetime:
        # When the first event stands and its answer is on its way.
        if not pressed and hand.names(""):
            pressed.append(True)
            os.kill(os.getpid(), signal.SIGINT)
        return CLOCK

    vendor.server.now = now
    code, out, _ = vendor.call("doctor", "--live", "work", "--yes", "--now", NOW)
    assert pressed
    assert code == 130
    assert "questions were asked" not in out
    assert not hand.names("")


def test_an_answer_that_is_not_what_is_expected_ends_with_3(microsoft: Place) -> None:
    microsoft.server.deleted_stay_by_id, microsoft.server.paths_hold = True, False
    code, out, err = microsoft.call("doctor", "--live", "work", "--yes", "--json", "--now", NOW)
    said = json.loads(out)
    assert (code, err) == (3, "")
    assert list(said) == ["calendar", "day", "live", "exit"]
    assert (said["calendar"], said["day"], said["exit"]) == ("work", "2028-01-17", 3)
    assert [one["question"] for one in said["live"] if one["agrees"] is False] == [
        "Does a question for an event by its id, through its calendar, find one that was deleted?"
    ]
    assert all(list(one) == ["question", "seen", "expects", "agrees"] for one in said["live"])


def test_the_open_questions_are_asked_for_first(google: Place) -> None:
    plan = (
        'Events called "calsync check" are made on work, on 2028-01-17 and in the weeks after it, and removed again.\n'
    )
    code, out, err = google.call("doctor", "--live", "work", "--now", NOW)
    assert (code, out) == (2, plan)
    assert err.startswith("calsync: this asks before it acts, and there is nobody to ask here\n")
    assert google.call("doctor", "--live", "work", "--dry-run", "--now", NOW) == (0, plan + "Nothing was done.\n", "")
    assert not google.server.bodies
