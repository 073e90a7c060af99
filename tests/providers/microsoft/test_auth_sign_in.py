"""Signing in with a Microsoft account: each way, what is asked for, and everything that ends it with nothing kept."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from calsync.accounts import NewGrant, SignInWay, SignInWish
from calsync.errors import CalsyncError, SignInNeeded, Unreachable, UsageError
from calsync.grants import GrantFile
from calsync.wire import Wire
from providers.microsoft.auth import MicrosoftAccess
from providers.microsoft.signin import sign_in
from tests.servers.accounts import Front, TestPerson, microsoft_front
from tests.servers.oauth_microsoft import MICROSOFT_APP, MICROSOFT_SECRET, SERVICE_APP, TENANT

MAYA = "maya@example.com"
OPTIONS = {"account": MAYA}
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
AGAIN = "run `calsync calendars sign-in office`"


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with microsoft_front(tmp_path / "state") as front:
        yield front


def signed_in(
    front: Front, person: TestPerson | None = None, options: dict[str, str] | None = None, **wish: Any
) -> NewGrant:
    return sign_in(
        "office",
        options or OPTIONS,
        front.context,
        SignInWish(**{"client": MICROSOFT_APP} | wish),
        person or front.person(),
        http=front.http,
        now=lambda: NOW,
    )


def pasted(front: Front, **more: Any) -> NewGrant:
    """The quickest way through the browser."""
    return signed_in(front, front.person(front.pasted), way=SignInWay.PASTE, **more)


def refusal(front: Front, person: TestPerson | None = None, **more: Any) -> CalsyncError:
    with pytest.raises(CalsyncError) as caught:
        signed_in(front, person or front.person(front.pasted), **{"way": SignInWay.PASTE} | more)
    shown = "".join(traceback.format_exception(caught.value))
    for secret in (MICROSOFT_SECRET, *front.login.access_tokens, *front.login.given, *front.login.codes):
        assert secret not in shown
    assert not front.context.folder.exists()
    return caught.value


def asked_in_browser(front: Front) -> dict[str, str]:
    return next(asked.form for asked in front.login.asked if asked.path.endswith("/authorize"))


# --- in the browser ---


def test_a_sign_in_in_the_browser_gives_a_grant_that_opens_the_calendar(front: Front) -> None:
    made = signed_in(front, write=True)
    assert made.account == MAYA
    assert made.may == "read and write its calendars"
    assert made.secret == ""
    cache = made.grant["cache"]
    assert {key: value for key, value in made.grant.items() if key != "cache"} == {
        "kind": "user",
        "account": MAYA,
        "client": MICROSOFT_APP,
        "tenant": "organizations",
        "cloud": "global",
        "scopes": ["Calendars.ReadWrite", "User.Read"],
        "signed_in": "2026-11-23T03:00:00+00:00",
    }
    assert front.login.alive()[0] in cache
    assert cache not in repr(made)
    GrantFile(front.context.folder, "microsoft", MAYA).write(made.grant)
    header = MicrosoftAccess("office", OPTIONS, front.context, Wire("office", front.http)).authorization()
    headers = {"Authorization": header, "Prefer": 'IdType="ImmutableId"'}
    url = "https://graph.microsoft.com/v1.0/me/calendar"
    assert Wire("office", front.http).send("GET", url, headers=headers, safe=True).status == 200


def test_it_proves_itself_with_pkce_and_the_answer_is_posted(front: Front) -> None:
    signed_in(front)
    asked = asked_in_browser(front)
    assert asked["code_challenge_method"] == "S256"
    assert asked["response_mode"] == "form_post"
    assert asked["login_hint"] == MAYA
    place = urlsplit(asked["redirect_uri"])
    assert (place.scheme, place.hostname, place.path) == ("http", "localhost", "")
    redeemed = next(one.form for one in front.login.asked if one.path.endswith("/token"))
    assert len(redeemed["code_verifier"]) >= 43


@pytest.mark.parametrize(
    ("wish", "permissions", "may"),
    [
        ({}, {"Calendars.Read", "User.Read"}, "read its calendars"),
        ({"write": True}, {"Calendars.ReadWrite", "User.Read"}, "read and write its calendars"),
        (
            {"people": True},
            {"Calendars.Read", "User.Read", "People.Read"},
            "read its calendars and list its people",
        ),
    ],
)
def test_it_asks_for_the_fewest_permissions(front: Front, wish: Any, permissions: set[str], may: str) -> None:
    made = pasted(front, **wish)
    wanted = set(asked_in_browser(front)["scope"].split()) - {"openid", "profile", "offline_access"}
    assert wanted == {f"https://graph.microsoft.com/{one}" for one in permissions}
    assert set(made.grant["scopes"]) == permissions
    assert made.may == may


def test_client_and_tenant_may_stand_in_the_configuration(front: Front) -> None:
    made = pasted(front, client="", options={**OPTIONS, "client": MICROSOFT_APP, "tenant": TENANT})
    assert (made.grant["client"], made.grant["tenant"]) == (MICROSOFT_APP, TENANT)
    assert {one.path.split("/")[1] for one in front.login.asked} == {TENANT}


def test_the_application_of_another_account_serves_when_none_is_named(front: Front) -> None:
    GrantFile(front.context.folder, "microsoft", "ana@example.com").write(pasted(front).grant)
    assert pasted(front, client="").grant["client"] == MICROSOFT_APP


def test_an_application_of_another_cloud_does_not(front: Front) -> None:
    GrantFile(front.context.folder, "microsoft", "ana@example.com").write(pasted(front).grant)
    with pytest.raises(UsageError, match="none is named"):
        pasted(front, client="", options={**OPTIONS, "cloud": "us-gov"})


def test_without_any_application_the_way_to_one_is_told(front: Front) -> None:
    told = refusal(front, client="")
    assert isinstance(told, UsageError)
    assert told.what == "office: signing in at Microsoft goes through an application, and none is named"
    assert told.next_step == (
        "register one (docs/microsoft.md), then run `calsync calendars sign-in office --client ID`"
    )


@pytest.mark.parametrize("key", ["client", "tenant"])
def test_two_words_for_one_thing_are_told(front: Front, key: str) -> None:
    told = refusal(front, options={**OPTIONS, key: "of the config"}, **{key: "of the line"})
    assert isinstance(told, UsageError)
    assert told.what == f"office: --{key} says of the line, but the configuration says of the config"
    assert told.next_step == f"leave --{key} out, or change `{key}`"


def test_nobody_at_the_terminal_opens_no_browser(front: Front) -> None:
    person = front.person(there=False)
    assert isinstance(refusal(front, person, way=SignInWay.BROWSER), UsageError)
    assert person.browsed == []
    assert all(not one.path.endswith("/authorize") for one in front.login.asked)


def test_nobody_who_comes_within_minutes_ends_it(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.microsoft.signin._PATIENCE_SECONDS", 0.05)
    start = threading.Thread.start

    def without_browser(thread: threading.Thread) -> None:
        if thread not in person.browsed:
            start(thread)

    person = front.person()
    monkeypatch.setattr(threading.Thread, "start", without_browser)
    told = refusal(front, person, way=SignInWay.BROWSER)
    assert isinstance(told, SignInNeeded)
    assert told.what.startswith("office: nobody has finished the sign-in of maya@example.com within ")
    assert told.next_step.endswith("or with --paste where the browser is on another computer")


# --- what ends it ---


def test_another_account_is_refused_with_both_named(front: Front) -> None:
    front.login.user = "ana@example.com"
    front.calendars.add_mailbox("ana@example.com", "Ana")
    front.calendars.address = "ana@example.com"
    told = refusal(front)
    assert isinstance(told, SignInNeeded)
    assert told.what == (
        "office: ana@example.com has signed in, but the configuration names maya@example.com; nothing was kept"
    )
    assert told.next_step == f"{AGAIN} and choose maya@example.com in the browser, or change `account`"


def test_one_may_sign_in_with_another_name_than_ones_mail_address(front: Front) -> None:
    front.login.username = "m.lindgren@corp.example"
    made = pasted(front)
    assert made.account == MAYA
    GrantFile(front.context.folder, "microsoft", MAYA).write(made.grant)
    access = MicrosoftAccess("office", OPTIONS, front.context, Wire("office", front.http))
    assert access.authorization().startswith("Bearer ")


def test_the_case_of_letters_does_not_make_another_account(front: Front) -> None:
    assert pasted(front, options={"account": "Maya@Example.com"}).account == "Maya@Example.com"


def test_a_permission_that_was_not_given_is_named(front: Front) -> None:
    front.login.unticked = frozenset({"https://graph.microsoft.com/Calendars.ReadWrite"})
    told = refusal(front, write=True)
    assert isinstance(told, SignInNeeded)
    assert told.what == ("office: the sign-in does not allow all that is needed; missing: Calendars.ReadWrite")
    assert "https://login.microsoftonline.com/example.com/adminconsent?client_id=" in told.next_step


@pytest.mark.parametrize(
    ("error", "words", "what"),
    [
        (
            "access_denied",
            "AADSTS90094: An administrator must grant permissions.",
            "an administrator has to approve calsync's application before maya@example.com can sign in (AADSTS90094)",
        ),
        ("access_denied", "AADSTS65004: declined.", "the sign-in of maya@example.com was declined (AADSTS65004)"),
        ("access_denied", "the user canceled", "the sign-in of maya@example.com was declined (access_denied)"),
        (
            "invalid_request",
            "AADSTS50011: The redirect URI does not match.",
            f"the application {MICROSOFT_APP} does not know the address http://localhost (AADSTS50011)",
        ),
        (
            "invalid_client",
            "AADSTS650052: The app needs access to a service.",
            "Microsoft refuses the sign-in of maya@example.com (AADSTS650052)",
        ),
    ],
)
def test_what_the_browser_comes_back_with_is_told(front: Front, error: str, words: str, what: str) -> None:
    front.login.page_error = (error, words)
    told = refusal(front)
    assert isinstance(told, SignInNeeded)
    assert told.what == f"office: {what}"


@pytest.mark.parametrize(
    ("number", "what"),
    [
        (65001, "an administrator has to approve calsync's application before maya@example.com can sign in"),
        (50020, "maya@example.com does not belong to any organisation"),
        (50076, "the organisation wants a second proof that it is maya@example.com"),
        (7000218, f"the application {MICROSOFT_APP} is not made for programs on a computer"),
    ],
)
def test_what_the_token_server_says_is_told(front: Front, number: int, what: str) -> None:
    front.login.token_error = number
    assert refusal(front).what == f"office: {what} (AADSTS{number})"


def test_an_application_that_microsoft_does_not_know_is_told(front: Front) -> None:
    del front.login.clients[MICROSOFT_APP]
    told = refusal(front, front.person(), way=SignInWay.DEVICE_CODE)
    assert told.what == f"office: there is no application {MICROSOFT_APP} there (AADSTS700016)"


def test_a_tenant_that_is_not_there_is_told(front: Front) -> None:
    told = refusal(front, tenant="nowhere.example")
    assert isinstance(told, SignInNeeded)
    assert told.what == "office: Microsoft knows no tenant nowhere.example (AADSTS90002)"


def test_a_code_is_sent_once_even_when_no_answer_comes(front: Front) -> None:
    front.login.answers_broken = [(503, b"")]
    assert isinstance(refusal(front), Unreachable)
    assert sum(one.path.endswith("/token") for one in front.login.asked) == 1


# --- pasted ---


def test_a_pasted_address_needs_nobody_at_the_terminal(front: Front) -> None:
    person = front.person(front.pasted, there=False)
    made = signed_in(front, person, way=SignInWay.PASTE)
    assert made.account == MAYA
    assert person.browsed == []
    assert person.asked == [("That whole address", False)]
    assert asked_in_browser(front)["redirect_uri"] == "http://localhost"
    assert "response_mode" not in asked_in_browser(front)


def test_an_address_that_a_terminal_has_broken_into_lines_does_too(front: Front) -> None:
    def broken(shown: str) -> str:
        whole = front.pasted(shown)
        return f"  {whole[:40]}\n {whole[40:]} "

    assert signed_in(front, front.person(broken), way=SignInWay.PASTE).account == MAYA


@pytest.mark.parametrize(
    "other",
    [
        lambda whole: whole.removeprefix("http://"),
        lambda whole: f' "{whole}" ',
        lambda whole: whole.partition("?")[2],
        lambda whole: whole.replace("localhost", "[bad"),
    ],
    ids=["no scheme", "quotes", "query", "host"],
)
def test_of_a_pasted_address_only_its_query_counts(front: Front, other: Callable[[str], str]) -> None:
    person = front.person(lambda shown: other(front.pasted(shown)))
    assert signed_in(front, person, way=SignInWay.PASTE).account == MAYA


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "hello",
        "https://login.microsoftonline.com/x?state=x",
        "http://[bad/?code=1",
        "http://localhost/?codec=1&state=x",
        "http://localhost/?code=\ud800&state=x",
        "http://localhost/?code=&state=x",
    ],
)
def test_something_else_that_is_pasted_is_told(front: Front, typed: str) -> None:
    told = refusal(front, front.person(typed))
    assert isinstance(told, UsageError)
    assert told.what == "office: that is no address that a sign-in ends on"


def test_the_address_of_another_sign_in_is_refused(front: Front) -> None:
    def of_another(shown: str) -> str:
        whole = front.pasted(shown)
        return whole.replace(parse_qs(urlsplit(whole).query)["state"][0], "another")

    assert refusal(front, front.person(of_another)).what == "office: the answer belongs to another sign-in"


# --- once more ---


def test_a_later_sign_in_keeps_asking_for_people(front: Front) -> None:
    file = GrantFile(front.context.folder, "microsoft", MAYA)
    file.write(pasted(front, people=True).grant)
    made = pasted(front, write=True)
    assert made.grant["scopes"] == ["Calendars.ReadWrite", "People.Read", "User.Read"]
    assert made.may == "read and write its calendars and list its people"
    file.path.write_text("{")
    assert pasted(front).grant["scopes"] == ["Calendars.Read", "User.Read"]


def test_an_application_may_take_the_place_of_a_user_who_could_see_people(front: Front) -> None:
    GrantFile(front.context.folder, "microsoft", MAYA).write(pasted(front, people=True).grant)
    person = front.person(MICROSOFT_SECRET)
    made = signed_in(front, person, way=SignInWay.APPLICATION, client=SERVICE_APP, tenant=TENANT)
    assert made.grant["kind"] == "application"


# --- by code ---


def test_a_code_entered_elsewhere_does_as_well(front: Front) -> None:
    front.login.enters_codes = True
    person = front.person()
    made = signed_in(front, person, way=SignInWay.DEVICE_CODE)
    assert made.account == MAYA
    code = next(iter(front.login.entered))
    assert person.shown == [
        f"Open https://login.microsoftonline.com/device in a browser, sign in as maya@example.com and enter {code}"
    ]
    assert person.browsed == []


def test_it_waits_until_the_code_is_entered(front: Front) -> None:
    class Slow(TestPerson):
        def say(self, text: str) -> None:
            super().say(text)
            front.login.enters_at = 3

    made = signed_in(front, Slow(front, [], there=True), way=SignInWay.DEVICE_CODE)
    assert made.account == MAYA
    assert front.login.polls == 3


def test_a_code_that_is_declined_is_told(front: Front) -> None:
    front.login.enters_codes, front.login.approves = True, False
    told = refusal(front, front.person(), way=SignInWay.DEVICE_CODE)
    assert told.what == "office: the sign-in of maya@example.com was declined (AADSTS70017)"


def test_a_code_that_nobody_enters_in_time_is_told(front: Front) -> None:
    front.login.device_seconds = -1
    told = refusal(front, front.person(), way=SignInWay.DEVICE_CODE)
    assert isinstance(told, SignInNeeded)
    assert told.what == "office: nobody has entered the code in time"
    assert told.next_step == "run `calsync calendars sign-in office --device-code`"


def test_a_code_is_shown_to_somebody_only(front: Front) -> None:
    assert isinstance(refusal(front, front.person(there=False), way=SignInWay.DEVICE_CODE), UsageError)


# --- as an application ---


def by_application(front: Front, *typed: str, **more: Any) -> NewGrant:
    wish = {"client": SERVICE_APP, "tenant": TENANT, "way": SignInWay.APPLICATION} | more
    return signed_in(front, front.person(*typed, there=False), **wish)


def test_an_application_signs_in_with_a_secret_that_is_asked_for_unseen(front: Front) -> None:
    person = front.person(MICROSOFT_SECRET, there=False)
    made = signed_in(front, person, client=SERVICE_APP, tenant=TENANT, way=SignInWay.APPLICATION, write=True)
    assert person.asked == [(f"Secret of the application {SERVICE_APP}", True)]
    assert made.secret == MICROSOFT_SECRET
    assert MICROSOFT_SECRET not in repr(made) + str(made.grant)
    assert made.may == "read and write its calendars, as an application"
    assert (made.grant["kind"], made.grant["tenant"], made.grant["secret_of"]) == ("application", TENANT, "office")


def test_an_application_needs_a_tenant(front: Front) -> None:
    told = refusal(front, front.person(MICROSOFT_SECRET), way=SignInWay.APPLICATION, client=SERVICE_APP)
    assert isinstance(told, UsageError)
    assert told.what == "office: an application belongs to one tenant, and none is named"
    assert told.next_step == (
        "run `calsync calendars sign-in office --application --tenant TENANT` with your organisation's domain or id"
    )


APPLICATION: dict[str, Any] = {"way": SignInWay.APPLICATION, "client": SERVICE_APP, "tenant": TENANT}


def test_an_application_is_not_asked_for_people(front: Front) -> None:
    told = refusal(front, front.person(MICROSOFT_SECRET), people=True, **APPLICATION)
    assert isinstance(told, UsageError)
    assert told.what == "office: what an application may see is an administrator's to give"


def test_a_wrong_secret_is_told(front: Front) -> None:
    told = refusal(front, front.person("wrong"), **APPLICATION)
    assert told.what == f"office: Microsoft refuses the secret of the application {SERVICE_APP} (AADSTS7000215)"


def test_no_secret_is_told(front: Front) -> None:
    told = refusal(front, front.person(""), **APPLICATION)
    assert isinstance(told, UsageError)
    assert told.what == "office: there is no secret on stdin"


def test_a_mailbox_that_is_not_there_is_told(front: Front) -> None:
    told = refusal(front, front.person(MICROSOFT_SECRET), options={"account": "nobody@example.com"}, **APPLICATION)
    assert told.what == f"office: the tenant {TENANT} has no mailbox nobody@example.com"
    assert told.next_step == "check `account`"


def test_an_application_without_rights_is_told(front: Front) -> None:
    front.calendars.scopes = {"User.Read"}
    told = refusal(front, front.person(MICROSOFT_SECRET), **APPLICATION)
    assert told.what == f"office: the application {SERVICE_APP} may not see the calendar of maya@example.com (HTTP 403)"
    assert told.next_step.startswith("an administrator grants it Calendars.ReadWrite as an application permission: ")


def test_a_token_file_is_not_for_microsoft(front: Front) -> None:
    told = refusal(front, way=SignInWay.TOKEN_FILE, token_file=Path("/nowhere"))
    assert isinstance(told, UsageError)
    assert told.what == "office: Microsoft's tokens are not carried from one computer to another"
