"""Access tokens for Microsoft: by MSAL out of the grant's file, and every number of Microsoft's in words of its own."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync.accounts import SignInWay, SignInWish
from calsync.errors import CalsyncError, SignInNeeded, StateError, Unreachable
from calsync.grants import GrantFile
from calsync.wire import Wire
from providers.microsoft.auth import MicrosoftAccess
from providers.microsoft.clouds import cloud, scopes_for
from providers.microsoft.signin import sign_in
from tests.servers.accounts import Front, microsoft_front
from tests.servers.oauth_microsoft import MICROSOFT_APP, MICROSOFT_SECRET, SERVICE_APP, TENANT
from tests.servers.spoilt import spoilt

MAYA = "maya@example.com"
OPTIONS = {"account": MAYA}
AGAIN = "run `calsync calendars sign-in work`"
APPROVAL = f"https://login.microsoftonline.com/{TENANT}/adminconsent?client_id={MICROSOFT_APP}"


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """Maya's Microsoft account, signed in, with an access token that is past its time."""
    with microsoft_front(tmp_path) as front:
        signed_in(front)
        stale(front)
        yield front


def signed_in(front: Front, **wish: Any) -> GrantFile:
    wish = {"way": SignInWay.PASTE, "client": MICROSOFT_APP, "tenant": TENANT, "write": True} | wish
    person = front.person(front.pasted)
    made = sign_in("work", OPTIONS, front.context, SignInWish(**wish), person, http=front.http)
    file = file_of(front)
    file.write(made.grant)
    return file


def stale(front: Front) -> None:
    """Let the access tokens on disk be as old as they are every night, and forget what was asked so far."""
    grant = file_of(front).read() or {}
    cache = json.loads(grant["cache"])
    cache["AccessToken"] = {}
    file_of(front).write(grant | {"cache": json.dumps(cache)})
    front.login.asked.clear()


def file_of(front: Front) -> GrantFile:
    return GrantFile(front.context.folder, "microsoft", MAYA)


def access(front: Front, wire: Wire | None = None, **options: str) -> MicrosoftAccess:
    return MicrosoftAccess("work", {**OPTIONS, **options}, front.context, wire or Wire("work", front.http))


def opens(front: Front, authorization: str, path: str = "/me/calendar") -> int:
    headers = {"Authorization": authorization, "Prefer": 'IdType="ImmutableId"'}
    url = f"https://graph.microsoft.com/v1.0{path}"
    return Wire("work", front.http).send("GET", url, headers=headers, safe=True).status


def refusal(front: Front, **options: str) -> CalsyncError:
    with pytest.raises(CalsyncError) as caught:
        access(front, **options).authorization()
    shown = "".join(traceback.format_exception(caught.value))
    for secret in (MICROSOFT_SECRET, *front.login.access_tokens, *front.login.given):
        assert secret not in shown
    return caught.value


def tokens_asked(front: Front) -> int:
    return sum(asked.path.endswith("/token") for asked in front.login.asked)


# --- a user's grant ---


def test_the_token_opens_the_calendar_and_is_asked_for_once(front: Front) -> None:
    one = access(front)
    header = one.authorization()
    assert opens(front, header) == 200
    assert one.authorization() == header
    assert tokens_asked(front) == 1
    assert not one.app_only


def test_making_it_asks_nothing_and_reads_nothing(tmp_path: Path) -> None:
    with microsoft_front(tmp_path / "state") as front:
        access(front)
        assert front.login.asked == []
        assert not (tmp_path / "state").exists()


def test_a_token_request_is_not_one_of_the_calendars_requests(front: Front) -> None:
    wire = Wire("work", front.http)
    access(front, wire).authorization()
    assert wire.requests == 0


def test_the_new_refresh_token_is_kept_and_the_old_one_is_never_used_again(front: Front) -> None:
    for _ in range(3):
        stale(front)
        assert opens(front, access(front).authorization()) == 200
    kept = file_of(front).read() or {}
    assert len(front.login.given) == 4
    assert [one["secret"] for one in json.loads(kept["cache"])["RefreshToken"].values()] == front.login.alive()
    assert file_of(front).path.stat().st_mode & 0o777 == 0o600


def test_calendars_of_one_account_share_a_token_and_never_use_a_refresh_token_twice(front: Front) -> None:
    headers: list[str] = []
    threads = [threading.Thread(target=lambda: headers.append(access(front).authorization())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(headers)) == 1
    assert tokens_asked(front) == 1


def test_nothing_is_written_when_nothing_has_changed(front: Front) -> None:
    access(front).authorization()
    before = file_of(front).path.stat()
    access(front).authorization()
    after = file_of(front).path.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_new_refresh_token_that_cannot_be_kept_is_not_used(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    told = refusal(front)
    assert isinstance(told, StateError)
    assert "No space left on device" in told.what


def test_a_refused_token_is_not_taken_from_the_file_again(front: Front) -> None:
    one = access(front)
    first = one.authorization()
    front.calendars.tokens.clear()
    assert opens(front, first) == 401
    one.renew()
    second = one.authorization()
    assert second != first
    assert opens(front, second) == 200
    assert access(front).authorization() == second


def test_a_renewed_token_is_asked_for_once_however_often_it_was_refused(front: Front) -> None:
    one = access(front)
    one.authorization()
    one.renew()
    one.renew()
    one.authorization()
    assert tokens_asked(front) == 2


def test_after_a_renewal_a_failure_is_asked_again_at_once(front: Front) -> None:
    one = access(front)
    front.login.token_error = 53003
    with pytest.raises(SignInNeeded):
        one.authorization()
    front.login.token_error = None
    assert opens(front, one.authorization()) == 200


def test_a_token_is_not_used_in_its_last_minutes(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    one = access(front)
    first = one.authorization()
    monkeypatch.setattr("providers.microsoft.auth.time.monotonic", lambda: one._until + 1)
    stale(front)
    assert one.authorization() != first


def test_a_refused_token_that_was_just_renewed_names_the_command(front: Front) -> None:
    told = access(front).refused()
    assert (told.what, told.next_step) == ("work: Microsoft does not let maya@example.com in", AGAIN)


# --- an application ---


@pytest.fixture
def application(front: Front) -> Front:
    wish = SignInWish(way=SignInWay.APPLICATION, client=SERVICE_APP, tenant=TENANT, write=True)
    made = sign_in("work", OPTIONS, front.context, wish, front.person(MICROSOFT_SECRET), http=front.http)
    front.secrets["work"] = made.secret
    file_of(front).write(made.grant)
    return front


def test_an_application_acts_for_the_account_with_its_secret(application: Front) -> None:
    one = access(application)
    assert one.app_only
    assert opens(application, one.authorization(), f"/users/{MAYA}/calendar") == 200


def test_its_token_is_shared_through_the_file_and_its_secret_is_not_in_it(application: Front) -> None:
    application.login.asked.clear()
    access(application).authorization()
    access(application).authorization()
    assert tokens_asked(application) == 0
    assert MICROSOFT_SECRET not in file_of(application).path.read_text()


def test_whoever_wants_a_fresh_token_does_not_take_the_kept_one(application: Front) -> None:
    application.login.asked.clear()
    fresh = MicrosoftAccess("work", OPTIONS, application.context, Wire("work", application.http), fresh=True)
    header = fresh.authorization()
    assert tokens_asked(application) == 1
    # What comes of it is kept, as after every request.
    assert access(application).authorization() == header
    application.login.token_error = 7000215
    kept = file_of(application).path.read_bytes()
    with pytest.raises(CalsyncError):
        MicrosoftAccess(
            "work", OPTIONS, application.context, Wire("work", application.http), fresh=True
        ).authorization()
    assert file_of(application).path.read_bytes() == kept


def test_another_calendar_of_the_account_finds_the_secret_under_the_first_ones_name(application: Front) -> None:
    stale(application)
    other = MicrosoftAccess("team", OPTIONS, application.context, Wire("team", application.http))
    assert opens(application, other.authorization(), f"/users/{MAYA}/calendar") == 200


def test_a_secret_that_is_not_there_is_told(application: Front) -> None:
    application.secrets.clear()
    told = refusal(application)
    assert isinstance(told, SignInNeeded)
    assert told.what == f"work: the secret of the application {SERVICE_APP} is not kept here"
    assert told.next_step == "run `calsync calendars sign-in work --application`"


def test_a_secret_that_was_replaced_is_told(application: Front) -> None:
    stale(application)
    application.login.clients[SERVICE_APP].secret = "another"
    told = refusal(application)
    assert told.what == f"work: Microsoft refuses the secret of the application {SERVICE_APP} (AADSTS7000215)"
    assert told.next_step == (
        "make a new one in the Entra admin center, then run `calsync calendars sign-in work --application`"
    )


# --- refusals ---


def test_without_a_grant_the_line_names_the_account_and_the_command(tmp_path: Path) -> None:
    with microsoft_front(tmp_path) as front:
        assert not access(front).app_only
        told = refusal(front)
    assert isinstance(told, SignInNeeded)
    assert (told.what, told.next_step) == ("work: maya@example.com has not signed in at Microsoft yet", AGAIN)
    assert told.exit_code == 4


@pytest.mark.parametrize("cache", ["", "{}"])
def test_a_cache_without_a_refresh_token_is_no_grant(front: Front, cache: str) -> None:
    grant = file_of(front).read() or {}
    file_of(front).write(grant | {"cache": cache})
    assert refusal(front).what == "work: maya@example.com has not signed in at Microsoft yet"


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "service"},
        {"kind": None},
        {"client": 5},
        {"tenant": []},
        {"scopes": None},
        {"scopes": "Calendars.Read"},
        {"scopes": [5]},
        {"cache": {}},
        {"cache": "{"},
        {"cache": "null"},
        {"cache": "[]"},
        {"cache": '{"AccessToken": 5}'},
        {"cache": '{"AccessToken": {"a": {"secret": "hunter2"}}}'},
        {"cache": '{"RefreshToken": {"a": 5}}'},
    ],
    ids=str,
)
def test_a_grant_with_something_else_in_it_is_told(front: Front, change: dict[str, Any]) -> None:
    grant = file_of(front).read() or {}
    file_of(front).write(grant | change)
    told = refusal(front)
    assert isinstance(told, SignInNeeded)
    assert told.what == "work: the grant of maya@example.com cannot be understood"
    assert told.next_step == f"move {file_of(front).path} away, then {AGAIN}"
    assert front.login.asked == []
    with pytest.raises(SignInNeeded):
        _ = access(front).app_only


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_json_lies_there_only_calsyncs_own_errors_come_of_it(front: Front, data: st.DataObject) -> None:
    path = signed_in(front).path if data.draw(st.booleans()) else file_of(front).path
    whole = path.read_text()
    try:
        path.write_text(json.dumps(data.draw(spoilt(json.loads(whole)))))
        for read in (lambda: access(front).app_only, access(front).authorization):
            with suppress(CalsyncError):
                read()
    finally:
        path.write_text(whole)


@pytest.mark.parametrize(
    ("number", "what", "step"),
    [
        (
            65001,
            "an administrator has to approve calsync's application before maya@example.com can sign in",
            f"ask one to open {APPROVAL} , then {AGAIN}",
        ),
        (
            90094,
            "an administrator has to approve calsync's application before maya@example.com can sign in",
            f"ask one to open {APPROVAL} , then {AGAIN}",
        ),
        (50076, "the organisation wants a second proof that it is maya@example.com", AGAIN),
        (50079, "the organisation wants a second proof that it is maya@example.com", AGAIN),
        (
            53003,
            "the organisation's rules for access do not let maya@example.com in from here",
            f"{AGAIN} in the browser of a computer that the organisation trusts, or ask an administrator",
        ),
        (
            700082,
            "the sign-in of maya@example.com has ended (unused for 90 days, taken back, or a new password)",
            AGAIN,
        ),
        (
            70008,
            "the sign-in of maya@example.com has ended (unused for 90 days, taken back, or a new password)",
            AGAIN,
        ),
        (
            50173,
            "the sign-in of maya@example.com has ended (unused for 90 days, taken back, or a new password)",
            AGAIN,
        ),
        (
            70000,
            "the sign-in of maya@example.com has ended (unused for 90 days, taken back, or a new password)",
            AGAIN,
        ),
        (
            50020,
            f"maya@example.com does not belong to the tenant {TENANT}",
            "check `account` and `tenant` (an Outlook.com account: `tenant: consumers`)",
        ),
        (
            90072,
            f"maya@example.com does not belong to the tenant {TENANT}",
            "check `account` and `tenant` (an Outlook.com account: `tenant: consumers`)",
        ),
        (
            50128,
            f"maya@example.com does not belong to the tenant {TENANT}",
            "check `account` and `tenant` (an Outlook.com account: `tenant: consumers`)",
        ),
        (
            700016,
            f"there is no application {MICROSOFT_APP} in the tenant {TENANT}",
            "check `client` and `tenant` (docs/microsoft.md)",
        ),
        (
            7000218,
            f"the application {MICROSOFT_APP} is not made for programs on a computer",
            "allow public client flows under its Authentication in the Entra admin center (docs/microsoft.md)",
        ),
        (
            50105,
            f"maya@example.com may not use the application {MICROSOFT_APP}",
            "ask an administrator to assign it, or to enable it again",
        ),
        (50057, "the account maya@example.com is disabled or locked", "ask an administrator"),
        (50034, "Microsoft knows no account maya@example.com", "check `account`"),
        (50055, "the password of maya@example.com has expired", f"change it, then {AGAIN}"),
        (999999, "Microsoft refuses the sign-in of maya@example.com", AGAIN),
    ],
)
def test_each_number_has_a_line_and_a_step_of_its_own(front: Front, number: int, what: str, step: str) -> None:
    front.login.token_error = number
    told = refusal(front)
    assert isinstance(told, SignInNeeded)
    assert told.what == f"work: {what} (AADSTS{number})"
    assert told.next_step == step
    assert told.exit_code == 4


def test_a_grant_taken_back_wants_a_new_sign_in(front: Front) -> None:
    front.login.revoke()
    told = refusal(front)
    assert told.what == (
        "work: the sign-in of maya@example.com has ended (unused for 90 days, taken back, or a new password) "
        "(AADSTS70000)"
    )


def test_the_approval_is_asked_of_the_tenant_of_the_address_where_none_is_named(front: Front) -> None:
    signed_in(front, tenant="organizations")
    stale(front)
    front.login.token_error = 90094
    assert f"https://login.microsoftonline.com/example.com/adminconsent?client_id={MICROSOFT_APP}" in (
        refusal(front).next_step
    )


def test_a_tenant_that_is_not_there_is_told(front: Front) -> None:
    front.login.tenants.clear()
    told = refusal(front)
    assert isinstance(told, SignInNeeded)
    assert told.what == f"work: Microsoft knows no tenant {TENANT} (AADSTS90002)"
    assert told.next_step == "check `tenant` and `cloud`"


@pytest.mark.parametrize(("option", "value"), [("client", "another"), ("tenant", "other.example"), ("cloud", "us-gov")])
def test_a_configuration_that_has_moved_on_wants_a_new_sign_in(front: Front, option: str, value: str) -> None:
    told = refusal(front, **{option: value})
    assert isinstance(told, SignInNeeded)
    assert told.what == f"work: maya@example.com has signed in through another {option} than the config names"
    assert told.next_step == AGAIN
    assert front.login.asked == []


# --- when it is not the grant's fault ---


def broken(front: Front, *answers: tuple[int, bytes]) -> None:
    front.login.answers_broken = list(answers)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_token_server_that_is_away_is_not_a_reason_to_sign_in(front: Front, status: int) -> None:
    broken(front, *[(status, b"<html>")] * 9)
    told = refusal(front)
    assert isinstance(told, Unreachable)
    assert told.what == f"work: login.microsoftonline.com cannot sign anybody in now (HTTP {status})"
    assert told.exit_code == 3
    assert tokens_asked(front) == 4


def test_a_token_server_that_is_away_for_a_moment_is_asked_again(front: Front) -> None:
    broken(front, (503, b""), (503, b""))
    assert opens(front, access(front).authorization()) == 200


def test_a_server_that_says_that_it_is_away_is_not_a_reason_to_sign_in(front: Front) -> None:
    front.login.token_error = 90033
    told = refusal(front)
    assert isinstance(told, Unreachable)
    assert told.what == "work: Microsoft cannot sign anybody in now (AADSTS90033)"


def test_a_network_that_is_down_is_not_a_reason_to_sign_in(front: Front) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    front.places["login.microsoftonline.com"] = f"http://127.0.0.1:{port}"
    told = refusal(front)
    assert isinstance(told, Unreachable)
    assert told.what.startswith("work: login.microsoftonline.com did not answer: ")


@pytest.mark.parametrize(("status", "body"), [(200, b"<html>Hotel Wi-Fi</html>"), (302, b""), (403, b"blocked")])
def test_a_page_of_somebody_else_is_not_a_reason_to_sign_in(front: Front, status: int, body: bytes) -> None:
    broken(front, (status, body))
    told = refusal(front)
    assert isinstance(told, Unreachable)
    assert told.what == f"work: login.microsoftonline.com did not answer as a sign-in server does (HTTP {status})"
    assert "Hotel" not in "".join(traceback.format_exception(told))


@pytest.mark.parametrize("body", [b'{"access_token": ["x"]}', b'{"access_token": "x", "expires_in": "soon"}'])
def test_an_answer_without_a_token_is_not_a_reason_to_sign_in(front: Front, body: bytes) -> None:
    broken(front, (200, body))
    told = refusal(front)
    assert isinstance(told, Unreachable)
    assert told.what == "work: login.microsoftonline.com has answered without a token"


def test_a_file_that_others_can_read_is_refused(front: Front) -> None:
    file_of(front).path.chmod(0o640)
    assert isinstance(refusal(front), StateError)


# --- clouds and scopes ---


@pytest.mark.parametrize(
    ("name", "graph", "login"),
    [
        ("global", "https://graph.microsoft.com", "https://login.microsoftonline.com"),
        ("us-gov", "https://graph.microsoft.us", "https://login.microsoftonline.us"),
        ("us-dod", "https://dod-graph.microsoft.us", "https://login.microsoftonline.us"),
        ("china", "https://microsoftgraph.chinacloudapi.cn", "https://login.partner.microsoftonline.cn"),
    ],
)
def test_each_cloud_has_its_hosts_and_its_scopes(name: str, graph: str, login: str) -> None:
    found = cloud({"cloud": name})
    assert (found.name, found.graph, found.login) == (name, graph, login)
    assert found.scopes(["Calendars.Read"]) == [f"{graph}/Calendars.Read"]


def test_the_global_cloud_is_meant_where_none_is_named() -> None:
    assert cloud({}) == cloud({"cloud": "global"})


def test_the_permissions_are_the_fewest() -> None:
    assert scopes_for(write=False) == ["Calendars.Read", "User.Read"]
    assert scopes_for(write=True) == ["Calendars.ReadWrite", "User.Read"]
    assert scopes_for(write=False, people=True) == ["Calendars.Read", "People.Read", "User.Read"]


def test_an_account_of_another_cloud_is_asked_there_and_nowhere_else(front: Front) -> None:
    front.places = {"login.microsoftonline.us": front.login.url, "graph.microsoft.us": front.calendars.url}
    front.login.host = "https://login.microsoftonline.us"
    options = {**OPTIONS, "cloud": "us-gov"}
    wish = SignInWish(way=SignInWay.PASTE, client=MICROSOFT_APP, tenant=TENANT)
    made = sign_in("work", options, front.context, wish, front.person(front.pasted), http=front.http)
    asked = next(one.form for one in front.login.asked if one.path.endswith("/authorize"))
    assert "https://graph.microsoft.us/Calendars.Read" in asked["scope"].split()
    file_of(front).write(made.grant)
    stale(front)
    assert access(front, cloud="us-gov").authorization().startswith("Bearer ")
    assert tokens_asked(front) == 1


# --- secrets ---


def test_no_token_and_no_secret_is_logged_by_calsync(
    application: Front, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("calsync", "providers"):
        caplog.set_level(logging.DEBUG, name)
    one = access(application)
    one.authorization()
    signed_in(application)
    stale(application)
    access(application).authorization()
    application.login.revoke()
    stale(application)
    refusal(application)
    told = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith(("calsync", "providers")))
    told += "".join(capfd.readouterr()) + repr(one)
    for secret in [MICROSOFT_SECRET, *application.login.access_tokens, *application.login.given]:
        assert secret not in told
