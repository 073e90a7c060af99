"""Signing in with a Google account: each way, what is asked for, and everything that ends it with nothing kept."""

from __future__ import annotations

import json
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from calsync.accounts import NewGrant, SignInWay, SignInWish
from calsync.errors import CalsyncError, SignInNeeded, StateError, Unreachable, UsageError
from calsync.grants import GrantFile
from calsync.wire import Wire
from providers.google.auth import GoogleAccess
from providers.google.scopes import PEOPLE, scopes_for
from providers.google.signin import sign_in
from tests.servers.accounts import Front, TestPerson, google_front
from tests.servers.google import Fault
from tests.servers.oauth_google import GOOGLE_CLIENT, GOOGLE_SECRET
from tests.servers.oauth_rules import Given

MAYA = "maya@example.com"
OPTIONS = {"account": MAYA}
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with google_front(tmp_path / "state") as front:
        yield front


@pytest.fixture
def client(tmp_path: Path) -> str:
    """The file of a client, as Google's console gives it."""
    path = tmp_path / "client.json"
    path.write_text(
        json.dumps(
            {
                "installed": {
                    "client_id": GOOGLE_CLIENT,
                    "project_id": "night",
                    "auth_uri": "https://accounts.google.com/o/oauth2/auth",
                    "token_uri": "https://oauth2.googleapis.com/token",
                    "client_secret": GOOGLE_SECRET,
                    "redirect_uris": ["http://localhost"],
                }
            }
        )
    )
    return str(path)


def signed_in(
    front: Front, person: TestPerson | None = None, options: dict[str, str] | None = None, **wish: Any
) -> NewGrant:
    return sign_in(
        "work",
        options or OPTIONS,
        front.context,
        SignInWish(**wish),
        person or front.person(),
        http=front.http,
        now=lambda: NOW,
    )


def refusal(front: Front, person: TestPerson | None = None, **more: Any) -> CalsyncError:
    with pytest.raises(CalsyncError) as caught:
        signed_in(front, person, **more)
    shown = "".join(traceback.format_exception(caught.value))
    for secret in (GOOGLE_SECRET, *front.login.access_tokens, *front.login.given, *front.login.codes):
        assert secret not in shown
    assert not front.context.folder.exists()
    return caught.value


def asked_in_browser(front: Front) -> dict[str, str]:
    return next(asked.form for asked in front.login.asked if asked.path.endswith("/auth"))


# --- in the browser ---


def test_a_sign_in_in_the_browser_gives_a_grant_that_opens_the_calendar(front: Front, client: str) -> None:
    made = signed_in(front, write=True, client=client)
    assert made.account == MAYA
    assert made.may == "read and write its calendars"
    assert made.grant == {
        "kind": "user",
        "account": MAYA,
        "client_id": GOOGLE_CLIENT,
        "client_secret": GOOGLE_SECRET,
        "token_uri": "https://oauth2.googleapis.com/token",
        "refresh_token": front.login.alive()[0],
        "scopes": scopes_for(write=True, primary=True),
        "signed_in": "2026-11-23T03:00:00+00:00",
    }
    assert made.secret == ""
    GrantFile(front.context.folder, "google", MAYA).write(made.grant)
    header = GoogleAccess("work", OPTIONS, front.context, Wire("work", front.http)).authorization()
    url = "https://www.googleapis.com/calendar/v3/calendars/primary/events"
    assert Wire("work", front.http).send("GET", url, headers={"Authorization": header}, safe=True).status == 200


def test_it_proves_itself_with_pkce_and_asks_for_a_lasting_grant_of_that_account(front: Front, client: str) -> None:
    signed_in(front, client=client)
    asked = asked_in_browser(front)
    assert asked["code_challenge_method"] == "S256"
    assert asked["access_type"] == "offline"
    assert asked["prompt"] == "consent"
    assert asked["login_hint"] == MAYA
    place = urlsplit(asked["redirect_uri"])
    assert (place.scheme, place.hostname) == ("http", "127.0.0.1")
    redeemed = next(one.form for one in front.login.asked if one.path == "/token")
    assert len(redeemed["code_verifier"]) >= 43


def test_two_sign_ins_share_neither_port_nor_state_nor_verifier(front: Front, client: str) -> None:
    signed_in(front, client=client)
    signed_in(front, client=client)
    pages = [one.form for one in front.login.asked if one.path.endswith("/auth") and one.status == 200]
    assert len(pages) == 2
    assert all(pages[0][key] != pages[1][key] for key in ("state", "code_challenge"))


@pytest.mark.parametrize(
    ("wish", "calendars", "scopes", "may"),
    [
        ({}, [{}], scopes_for(write=False, primary=True), "read its calendars"),
        ({"write": True}, [{}], scopes_for(write=True, primary=True), "read and write its calendars"),
        ({}, [{"calendar": "Team"}], scopes_for(write=False, primary=False), "read its calendars"),
        (
            {"write": True},
            [{}, {"calendar": "x"}],
            scopes_for(write=True, primary=False),
            "read and write its calendars",
        ),
        (
            {},
            [{"calendar": "Primary"}, {"calendar": MAYA}],
            scopes_for(write=False, primary=True),
            "read its calendars",
        ),
        (
            {"people": True},
            [{}],
            scopes_for(write=False, primary=True, people=True),
            "read its calendars and list its people",
        ),
    ],
)
def test_it_asks_for_the_fewest_permissions_for_all_of_the_accounts_calendars(
    front: Front, client: str, wish: dict[str, Any], calendars: list[dict[str, str]], scopes: list[str], may: str
) -> None:
    made = signed_in(front, client=client, calendars=tuple({**OPTIONS, **one} for one in calendars), **wish)
    assert asked_in_browser(front)["scope"].split() == scopes
    assert made.grant["scopes"] == scopes
    assert made.may == may


def test_people_are_only_asked_for_when_wanted(front: Front, client: str) -> None:
    signed_in(front, client=client)
    assert not set(PEOPLE) & set(asked_in_browser(front)["scope"].split())


def test_the_clients_file_may_stand_in_the_configuration(front: Front, client: str) -> None:
    assert signed_in(front, options={**OPTIONS, "client": client}).account == MAYA


def test_the_client_of_another_account_serves_when_none_is_named(front: Front, client: str, tmp_path: Path) -> None:
    made = signed_in(front, client=client)
    GrantFile(front.context.folder, "google", "ana@example.com").write(made.grant)
    again = sign_in("work", OPTIONS, front.context, SignInWish(), front.person(), http=front.http)
    assert again.grant["client_id"] == GOOGLE_CLIENT


def test_without_any_client_the_way_to_one_is_told(front: Front) -> None:
    told = refusal(front)
    assert isinstance(told, UsageError)
    assert told.what == "work: signing in at Google goes through an OAuth client, and none is named"
    assert told.next_step == (
        "make one of the type Desktop app (docs/google.md), then run `calsync calendars sign-in work --client FILE`"
    )


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "the client's file cannot be read (No such file or directory)"),
        ("{", "is no file of an OAuth client"),
        ("[]", "is no file of an OAuth client"),
        ('{"installed": {}}', "is no file of an OAuth client"),
        ('{"web": {"client_id": "x"}}', "is the client of a web application"),
    ],
)
def test_a_file_that_is_no_client_is_told_as_such(front: Front, tmp_path: Path, content: str | None, what: str) -> None:
    path = tmp_path / "other.json"
    if content is not None:
        path.write_text(content)
    told = refusal(front, client=str(path))
    assert isinstance(told, UsageError)
    assert what in told.what
    assert str(path) in told.what
    assert "Desktop app" in told.next_step


def test_nobody_at_the_terminal_opens_no_browser(front: Front, client: str) -> None:
    person = front.person(there=False)
    assert isinstance(refusal(front, person, client=client), UsageError)
    assert person.browsed == []
    assert front.login.asked == []


def test_nobody_who_comes_within_minutes_ends_it(front: Front, client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.google.flow._PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(threading.Thread, "start", lambda _self: None)
    told = refusal(front, client=client)
    assert isinstance(told, SignInNeeded)
    assert told.what.startswith("work: nobody has finished the sign-in of maya@example.com within ")
    assert told.next_step.endswith("or with --paste where the browser is on another computer")


# --- what ends it ---


def test_another_account_is_refused_with_both_named(front: Front, client: str) -> None:
    front.calendars.email = "ana@example.com"
    front.calendars.add_calendar("ana@example.com", "Ana", primary=True)
    told = refusal(front, client=client)
    assert isinstance(told, SignInNeeded)
    assert told.what == (
        "work: ana@example.com has signed in, but the configuration names maya@example.com; nothing was kept"
    )
    assert told.next_step == (
        "run `calsync calendars sign-in work` and choose maya@example.com in the browser, or change `account`"
    )


def test_the_case_of_letters_does_not_make_another_account(front: Front, client: str) -> None:
    assert signed_in(front, options={"account": "Maya@Example.com"}, client=client).account == MAYA


def test_a_box_that_was_not_ticked_is_named(front: Front, client: str) -> None:
    front.login.unticked = frozenset({"https://www.googleapis.com/auth/calendar.events.owned"})
    told = refusal(front, write=True, client=client)
    assert isinstance(told, SignInNeeded)
    assert told.what == ("work: the sign-in does not allow all that is needed; missing: calendar.events.owned")
    assert told.next_step == "run `calsync calendars sign-in work` and leave every box ticked"


@pytest.mark.parametrize(
    ("error", "what"),
    [
        ("access_denied", "work: the sign-in of maya@example.com was declined in the browser"),
        (
            "admin_policy_enforced",
            "work: the organisation of maya@example.com does not allow this app (admin_policy_enforced)",
        ),
        ("org_internal", "work: the organisation of maya@example.com does not allow this app (org_internal)"),
        ("invalid_scope", "work: Google refuses the sign-in of maya@example.com (invalid_scope)"),
    ],
)
def test_what_the_browser_comes_back_with_is_told(front: Front, client: str, error: str, what: str) -> None:
    front.login.page_error = (error, "words of Google's")
    told = refusal(front, client=client)
    assert isinstance(told, SignInNeeded)
    assert told.what == what


def test_a_code_that_came_too_late_is_told(front: Front, client: str) -> None:
    front.login.token_error = {"error": "invalid_grant", "error_description": "Malformed auth code."}
    told = refusal(front, client=client)
    assert told.what == "work: the answer belongs to another sign-in, or came too late (invalid_grant)"
    assert told.next_step == "run `calsync calendars sign-in work`"


def test_a_client_that_google_does_not_know_is_told(front: Front, client: str) -> None:
    front.login.clients[GOOGLE_CLIENT].secret = "another"
    told = refusal(front, client=client)
    assert "no longer takes the OAuth client" in told.what


def test_a_grant_for_an_hour_only_is_refused(front: Front, client: str) -> None:
    front.login.clients[GOOGLE_CLIENT].grants = ("authorization_code",)
    told = refusal(front, client=client)
    assert told.what == "work: Google has signed maya@example.com in for an hour only"
    assert "https://myaccount.google.com/connections" in told.next_step


def test_a_code_is_sent_once_even_when_no_answer_comes(front: Front, client: str) -> None:
    front.login.answers_broken = [(503, b"")]
    told = refusal(front, client=client)
    assert isinstance(told, Unreachable)
    assert [one.path for one in front.login.asked].count("/token") == 1


@pytest.mark.parametrize(
    ("reason", "what"),
    [
        ("accessNotConfigured", "the Google Calendar API is not switched on in the project of the OAuth client"),
        ("notACalendarUser", "maya@example.com has no Google Calendar"),
        ("insufficientPermissions", "Google does not say whose account it is (HTTP 403)"),
        ("userRateLimitExceeded", "Google's quota is used up for now"),
    ],
)
def test_a_calendar_that_cannot_be_asked_is_told(front: Front, client: str, reason: str, what: str) -> None:
    front.calendars.fail_next(Fault.QUOTA, reason=reason)
    assert what in refusal(front, client=client).what


# --- pasted ---


def test_a_pasted_address_does_as_well(front: Front, client: str) -> None:
    person = front.person(front.pasted, there=False)
    made = signed_in(front, person, way=SignInWay.PASTE, client=client)
    assert made.grant["refresh_token"] == front.login.alive()[0]
    assert asked_in_browser(front)["code_challenge_method"] == "S256"
    assert asked_in_browser(front)["redirect_uri"] == "http://localhost"
    assert person.browsed == []
    assert person.asked == [("That whole address", False)]


def test_an_address_that_a_terminal_has_broken_into_lines_does_too(front: Front, client: str) -> None:
    def broken(shown: str) -> str:
        whole = front.pasted(shown)
        return f"  {whole[:40]}\n {whole[40:]} "

    assert signed_in(front, front.person(broken), way=SignInWay.PASTE, client=client).account == MAYA


@pytest.mark.parametrize(
    "other",
    [
        lambda whole: whole.removeprefix("http://"),
        lambda whole: f' "{whole}" ',
        lambda whole: f"'{whole}'",
        lambda whole: f"\N{LEFT DOUBLE QUOTATION MARK}{whole}\N{RIGHT DOUBLE QUOTATION MARK}",
        lambda whole: f"<{whole}>",
        lambda whole: whole.partition("?")[2],
        lambda whole: whole.replace("http://", "https://"),
        lambda whole: whole.replace("localhost", "[bad"),
        lambda whole: whole + "#",
    ],
    ids=["no scheme", "quotes", "single quotes", "curly quotes", "angles", "query", "https", "host", "fragment"],
)
def test_of_a_pasted_address_only_its_query_counts(front: Front, client: str, other: Callable[[str], str]) -> None:
    person = front.person(lambda shown: other(front.pasted(shown)))
    assert signed_in(front, person, way=SignInWay.PASTE, client=client).account == MAYA


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "hello",
        "https://accounts.google.com/o/oauth2/v2/auth?state=x",
        "http://[bad/?code=1",
        "http://localhost/?codec=1&state=x",
        "http://localhost/?code=\ud800&state=x",
        "http://localhost/?code=&state=x",
    ],
)
def test_something_else_that_is_pasted_is_told(front: Front, client: str, typed: str) -> None:
    told = refusal(front, front.person(typed), way=SignInWay.PASTE, client=client)
    assert isinstance(told, UsageError)
    assert told.what == "work: that is no address that a sign-in ends on"
    assert told.next_step.endswith("it begins with http://localhost/?")


def test_the_address_of_another_sign_in_is_refused(front: Front, client: str) -> None:
    def of_another(shown: str) -> str:
        state = parse_qs(urlsplit(front.pasted(shown)).query)["state"][0]
        return front.pasted(shown).replace(state, "another")

    told = refusal(front, front.person(of_another), way=SignInWay.PASTE, client=client)
    assert told.what == "work: the answer belongs to another sign-in, or came too late (mismatching_state)"


def test_a_refusal_that_is_pasted_is_told(front: Front, client: str) -> None:
    front.login.page_error = ("access_denied", "")
    told = refusal(front, front.person(front.pasted), way=SignInWay.PASTE, client=client)
    assert told.what == "work: the sign-in of maya@example.com was declined in the browser"


# --- once more ---


@pytest.mark.parametrize("way", [SignInWay.BROWSER, SignInWay.PASTE])
def test_a_later_sign_in_keeps_asking_for_people(front: Front, client: str, way: SignInWay) -> None:
    file = GrantFile(front.context.folder, "google", MAYA)
    file.write(signed_in(front, people=True, client=client).grant)
    made = signed_in(front, front.person(front.pasted), way=way, write=True)
    assert made.grant["scopes"] == scopes_for(write=True, primary=True, people=True)
    assert made.may == "read and write its calendars and list its people"
    file.path.write_text("{")
    assert set(PEOPLE).isdisjoint(signed_in(front, client=client).grant["scopes"])


def test_a_token_file_has_what_it_has_whatever_was_granted_before(front: Front, client: str, token_file: Path) -> None:
    file = GrantFile(front.context.folder, "google", MAYA)
    file.write(signed_in(front, people=True, client=client).grant)
    made = signed_in(front, way=SignInWay.TOKEN_FILE, token_file=token_file)
    assert made.may == "read its calendars"


# --- from a file ---


@pytest.fixture
def token_file(front: Front, tmp_path: Path) -> Path:
    """A file as Google's libraries write it elsewhere."""
    front.login.given["1//elsewhere"] = Given(
        "1//elsewhere", GOOGLE_CLIENT, " ".join(scopes_for(write=True, primary=True)), MAYA, front.login.now()
    )
    path = tmp_path / "token.json"
    path.touch(0o600)
    path.write_text(
        json.dumps(
            {
                "type": "authorized_user",
                "client_id": GOOGLE_CLIENT,
                "client_secret": GOOGLE_SECRET,
                "refresh_token": "1//elsewhere",
                "token_uri": "https://elsewhere.invalid/token",
            }
        )
    )
    return path


def test_a_token_file_made_elsewhere_is_taken_without_anybody_at_the_terminal(front: Front, token_file: Path) -> None:
    made = signed_in(front, front.person(there=False), way=SignInWay.TOKEN_FILE, token_file=token_file, write=True)
    assert made.account == MAYA
    assert made.grant["refresh_token"] == "1//elsewhere"
    # Where it is refreshed is Google's to say, and not the file's.
    assert made.grant["token_uri"] == "https://oauth2.googleapis.com/token"


def test_a_grant_of_calsync_made_elsewhere_is_a_token_file_too(front: Front, client: str, tmp_path: Path) -> None:
    GrantFile(tmp_path, "google", MAYA).write(signed_in(front, client=client).grant)
    path = GrantFile(tmp_path, "google", MAYA).path
    assert signed_in(front, way=SignInWay.TOKEN_FILE, token_file=path).account == MAYA


def test_a_token_file_that_does_not_allow_enough_is_refused(front: Front, token_file: Path) -> None:
    front.login.given["1//elsewhere"].scope = "https://www.googleapis.com/auth/calendar.readonly"
    told = refusal(front, way=SignInWay.TOKEN_FILE, token_file=token_file, write=True)
    assert told.what == "work: the sign-in does not allow all that is needed; missing: calendar.events.owned"


def test_a_token_file_of_another_account_is_refused(front: Front, token_file: Path) -> None:
    told = refusal(front, way=SignInWay.TOKEN_FILE, token_file=token_file, options={"account": "ana@example.com"})
    assert told.what == (
        "work: maya@example.com has signed in, but the configuration names ana@example.com; nothing was kept"
    )


def test_a_token_file_that_others_can_read_is_refused(front: Front, token_file: Path) -> None:
    token_file.chmod(0o644)
    told = refusal(front, way=SignInWay.TOKEN_FILE, token_file=token_file)
    assert isinstance(told, StateError)
    assert told.next_step == f"chmod 600 {token_file}"


def test_a_token_file_whose_token_is_dead_is_refused(front: Front, token_file: Path) -> None:
    front.login.revoke()
    assert isinstance(refusal(front, way=SignInWay.TOKEN_FILE, token_file=token_file), SignInNeeded)


@pytest.mark.parametrize("content", [None, "", "{}", '{"refresh_token": "x"}', '{"refresh_token": 5}'])
def test_a_file_that_is_no_token_file_is_told(front: Front, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "other.json"
    if content is not None:
        path.touch(0o600)
        path.write_text(content)
    told = refusal(front, way=SignInWay.TOKEN_FILE, token_file=path)
    assert isinstance(told, UsageError)
    assert str(path) in told.what


# --- what Google has not ---


@pytest.mark.parametrize("way", [SignInWay.DEVICE_CODE, SignInWay.APPLICATION])
def test_ways_that_google_has_not_are_told(front: Front, client: str, way: SignInWay) -> None:
    told = refusal(front, way=way, client=client)
    assert isinstance(told, UsageError)
    assert told.what == f"work: Google does not let programs see a calendar after a sign-in by {way.value}"
    assert told.next_step == "run `calsync calendars sign-in work --paste` where there is no browser"


@pytest.mark.parametrize("way", [SignInWay.PASTE, SignInWay.DEVICE_CODE, SignInWay.APPLICATION])
def test_with_a_service_account_there_is_nobody_to_sign_in(front: Front, way: SignInWay) -> None:
    told = refusal(front, way=way, options={**OPTIONS, "service_account": "/nowhere.json"})
    assert isinstance(told, UsageError)
    assert told.what == "work: a service account acts for maya@example.com, so there is nobody to sign in"
    assert told.next_step == f"leave --{way.value} out: the sign-in then checks that it works"


def test_google_knows_no_tenants(front: Front, client: str) -> None:
    told = refusal(front, tenant="example.com", client=client)
    assert isinstance(told, UsageError)
    assert (told.what, told.next_step) == ("work: Google knows no tenants", "leave --tenant out")


def test_the_sign_in_server_wants_pkce(front: Front) -> None:
    page = requests.get(
        front.login.url + "/o/oauth2/v2/auth",
        {"response_type": "code", "client_id": GOOGLE_CLIENT, "redirect_uri": "http://localhost", "scope": "x"},
        timeout=10,
    )
    assert page.status_code == 400
    assert "PKCE" in page.text
