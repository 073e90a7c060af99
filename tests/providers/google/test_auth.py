"""Access tokens for Google: asked for when needed, kept in memory, and every refusal in words of its own."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import googleapiclient
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from calsync.errors import CalsyncError, SignInNeeded, StateError, Unreachable
from calsync.grants import GrantFile
from calsync.wire import Wire
from providers.google.auth import GoogleAccess
from providers.google.scopes import PEOPLE, missing, plain, scopes_for
from tests.servers.accounts import Front, google_front
from tests.servers.oauth_google import GOOGLE_CLIENT, GOOGLE_SECRET
from tests.servers.oauth_rules import Given
from tests.servers.spoilt import spoilt

MAYA = "maya@example.com"
BEGAN = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
REFRESH = "1//refresh-hunter2"
SCOPES = scopes_for(write=True, primary=True)
SERVICE = "night@project.iam.gserviceaccount.com"


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """Maya's Google account, and her grant of three weeks ago."""
    with google_front(tmp_path) as front:
        grant(front)
        yield front


def grant(front: Front, **more: Any) -> GrantFile:
    front.login.given[REFRESH] = Given(REFRESH, GOOGLE_CLIENT, " ".join(SCOPES), MAYA, BEGAN)
    file = file_of(front)
    file.write(
        {
            "kind": "user",
            "account": MAYA,
            "client_id": GOOGLE_CLIENT,
            "client_secret": GOOGLE_SECRET,
            "token_uri": "https://oauth2.googleapis.com/token",
            "refresh_token": REFRESH,
            "scopes": SCOPES,
            "signed_in": BEGAN.isoformat(),
        }
        | more
    )
    return file


def file_of(front: Front) -> GrantFile:
    return GrantFile(front.context.folder, "google", MAYA)


def access(front: Front, *, now: datetime | None = None, wire: Wire | None = None, **options: str) -> GoogleAccess:
    wire = wire or Wire("work", front.http)
    clock = (lambda: now) if now else front.login.now
    return GoogleAccess("work", {"account": MAYA, **options}, front.context, wire, now=clock)


def opens(front: Front, authorization: str) -> int:
    """How the calendar's server answers a request with that header."""
    url = "https://www.googleapis.com/calendar/v3/users/me/calendarList/primary"
    return Wire("work", front.http).send("GET", url, headers={"Authorization": authorization}, safe=True).status


def refusal(front: Front, **more: Any) -> CalsyncError:
    with pytest.raises(CalsyncError) as caught:
        access(front, **more).authorization()
    shown = "".join(traceback.format_exception(caught.value))
    assert REFRESH not in shown
    assert GOOGLE_SECRET not in shown
    return caught.value


# --- a user's grant ---


def test_the_token_opens_the_calendar_and_is_asked_for_once(front: Front) -> None:
    one = access(front)
    header = one.authorization()
    assert opens(front, header) == 200
    assert one.authorization() == header
    assert [asked.path for asked in front.login.asked] == ["/token"]


def test_a_refused_token_is_forgotten_and_the_next_one_opens_the_calendar(front: Front) -> None:
    one = access(front)
    first = one.authorization()
    front.calendars.expire_tokens()
    assert opens(front, first) == 401
    one.renew()
    second = one.authorization()
    assert second != first
    assert opens(front, second) == 200


def test_an_old_token_is_renewed_by_itself(front: Front) -> None:
    one = access(front)
    first = one.authorization()
    one._credentials.expiry = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=1)
    assert one.authorization() != first


def test_making_it_asks_nothing_and_reads_nothing(tmp_path: Path) -> None:
    with google_front(tmp_path / "state") as front:
        access(front)
        assert front.login.asked == []
        assert not (tmp_path / "state").exists()


def test_nothing_is_written_when_the_refresh_token_stays(front: Front) -> None:
    before = file_of(front).path.stat()
    access(front).authorization()
    after = file_of(front).path.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_no_access_token_is_ever_on_disk(front: Front) -> None:
    front.login.rotates = True
    access(front).authorization()
    for file in front.context.folder.rglob("*"):
        if file.is_file():
            assert front.login.access_tokens[-1] not in file.read_text()


def test_a_token_request_is_not_one_of_the_calendars_requests(front: Front) -> None:
    wire = Wire("work", front.http)
    access(front, wire=wire).authorization()
    assert wire.requests == 0


def test_a_refresh_token_that_changes_is_kept_and_the_old_one_is_never_used_again(front: Front) -> None:
    front.login.rotates = True
    for _ in range(3):
        assert opens(front, access(front).authorization()) == 200
    kept = file_of(front).read()
    assert kept is not None
    assert front.login.alive() == [kept["refresh_token"]]
    assert kept["client_secret"] == GOOGLE_SECRET
    assert file_of(front).path.stat().st_mode & 0o777 == 0o600


def test_calendars_that_are_read_side_by_side_do_not_use_a_changing_token_twice(front: Front) -> None:
    front.login.rotates = True
    headers: list[str] = []
    threads = [threading.Thread(target=lambda: headers.append(access(front).authorization())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(headers) == 6
    assert {asked.status for asked in front.login.asked} == {200}


def test_a_new_refresh_token_that_cannot_be_kept_is_not_used(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    front.login.rotates = True

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    told = refusal(front)
    assert isinstance(told, StateError)
    assert "No space left on device" in told.what


# --- refusals of a user's grant ---


def test_without_a_grant_the_line_names_the_account_and_the_command(tmp_path: Path) -> None:
    with google_front(tmp_path) as front:
        told = refusal(front)
    assert isinstance(told, SignInNeeded)
    assert told.what == "work: maya@example.com has not signed in at Google yet"
    assert told.next_step == "run `calsync calendars sign-in work`"
    assert told.exit_code == 4


@pytest.mark.parametrize("change", [{"kind": "service"}, {"refresh_token": ""}])
def test_a_grant_of_another_kind_is_none(front: Front, change: dict[str, Any]) -> None:
    grant(front, **change)
    assert refusal(front).what == "work: maya@example.com has not signed in at Google yet"


@pytest.mark.parametrize(
    "change",
    [
        {"kind": None},
        {"kind": "user\ud800"},
        {"kind": ["user"]},
        {"refresh_token": []},
        {"refresh_token": 5},
        {"token_uri": 5},
        {"token_uri": "http://oauth2.googleapis.com/token"},
        {"token_uri": "https://[oauth2/token"},
        {"client_id": None},
        {"client_secret": {}},
        {"kind": "service", "scopes": None},
        {"kind": "service", "scopes": [5]},
    ],
    ids=str,
)
def test_a_grant_with_something_else_in_it_is_told(front: Front, change: dict[str, Any]) -> None:
    path = file_of(front).path
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    told = refusal(front)
    assert isinstance(told, SignInNeeded)
    assert told.what == "work: the grant of maya@example.com cannot be understood"
    assert told.next_step == f"move {path} away, then run `calsync calendars sign-in work`"
    assert front.login.asked == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_json_lies_there_only_calsyncs_own_errors_come_of_it(front: Front, data: st.DataObject) -> None:
    path = file_of(front).path
    path.write_text(json.dumps(data.draw(spoilt(json.loads(grant(front).path.read_text())))))
    # As for calendars of users, so for those of service accounts.
    for read in (access(front).authorization, access(front, service_account="x")._scopes):
        with suppress(CalsyncError):
            read()


def test_a_name_with_a_space_gives_a_command_that_can_be_pasted(tmp_path: Path) -> None:
    with google_front(tmp_path) as front, pytest.raises(SignInNeeded) as caught:
        GoogleAccess("my work", {"account": MAYA}, front.context, Wire("my work", front.http)).authorization()
    assert caught.value.next_step == "run `calsync calendars sign-in 'my work'`"


def test_a_grant_taken_back_wants_a_new_sign_in(front: Front) -> None:
    front.login.revoke()
    told = refusal(front)
    assert isinstance(told, SignInNeeded)
    assert told.what == (
        "work: Google has ended the sign-in of maya@example.com (taken back, unused for 6 months, or the password "
        "has changed)"
    )
    assert told.next_step == "run `calsync calendars sign-in work`"


@pytest.mark.parametrize(
    ("age", "testing"),
    [
        (timedelta(days=7), True),
        (timedelta(days=7, hours=19), True),
        (timedelta(days=13), True),
        (timedelta(days=6), False),
        (timedelta(days=30), False),
    ],
)
def test_a_grant_that_ends_after_a_week_names_the_app_in_testing(front: Front, age: timedelta, testing: bool) -> None:
    front.login.now = lambda: BEGAN + age
    front.login.ends_after = min(age, timedelta(days=7))
    told = refusal(front)
    assert isinstance(told, SignInNeeded)
    if testing:
        assert told.what == (
            "work: Google has ended the sign-in of maya@example.com, most likely because the consent of an app in "
            "Testing ends after 7 days"
        )
        assert told.next_step == (
            "publish the app or make it Internal (docs/google.md), then run `calsync calendars sign-in work`"
        )
    else:
        assert "Testing" not in told.what


def test_six_days_are_no_reason_for_an_app_in_testing_to_end(front: Front) -> None:
    front.login.now = lambda: BEGAN + timedelta(days=6)
    front.login.ends_after = timedelta(days=7)
    assert opens(front, access(front).authorization()) == 200


@pytest.mark.parametrize("signed_in", ["", "yesterday", None, "2026-11-02T08:00:00"])
def test_a_grant_whose_age_is_not_known_is_not_blamed_on_testing(front: Front, signed_in: str | None) -> None:
    grant(front, signed_in=signed_in)
    front.login.now = lambda: BEGAN + timedelta(days=8)
    front.login.revoke()
    assert "Testing" not in refusal(front).what


@pytest.mark.parametrize(
    ("said", "what", "step"),
    [
        (
            {"error": "invalid_client", "error_description": "The OAuth client was not found."},
            "work: Google no longer takes the OAuth client through which maya@example.com signed in (invalid_client)",
            "run `calsync calendars sign-in work --client FILE` with the file of another one (docs/google.md)",
        ),
        (
            {"error": "invalid_grant", "error_subtype": "invalid_rapt", "error_description": "reauth related error"},
            "work: the organisation of maya@example.com wants a new sign-in from time to time, and it is due",
            "run `calsync calendars sign-in work`; trusting the app ends that (docs/google.md)",
        ),
        (
            {"error": "admin_policy_enforced"},
            "work: the organisation of maya@example.com does not allow this app (admin_policy_enforced)",
            "ask an administrator to trust it: Security > Access and data control > API controls (docs/google.md)",
        ),
        (
            {"error": "invalid_scope", "error_description": REFRESH},
            "work: Google refuses the sign-in of maya@example.com (invalid_scope)",
            "run `calsync calendars sign-in work`",
        ),
        (
            {"error": f"echo {REFRESH}"},
            "work: Google refuses the sign-in of maya@example.com",
            "run `calsync calendars sign-in work`",
        ),
        (
            {"error": "Abc123TokenWithoutPunctuation"},
            "work: Google refuses the sign-in of maya@example.com",
            "run `calsync calendars sign-in work`",
        ),
        (
            {"no": "error"},
            "work: Google refuses the sign-in of maya@example.com",
            "run `calsync calendars sign-in work`",
        ),
    ],
)
def test_each_refusal_has_a_line_and_a_step_of_its_own(front: Front, said: Any, what: str, step: str) -> None:
    front.login.token_error = said
    told = refusal(front)
    assert isinstance(told, SignInNeeded)
    assert (told.what, told.next_step) == (what, step)


def test_a_client_whose_secret_was_replaced_is_named(front: Front) -> None:
    front.login.clients[GOOGLE_CLIENT].secret = "another"
    assert "no longer takes the OAuth client" in refusal(front).what


# --- when it is not the grant's fault ---


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_token_server_that_is_away_is_not_a_reason_to_sign_in(front: Front, status: int) -> None:
    front.login.answers_broken = [(status, b"<html>")] * 9
    told = refusal(front)
    assert isinstance(told, Unreachable)
    assert told.what == f"work: oauth2.googleapis.com cannot sign anybody in now (HTTP {status})"
    assert told.next_step == "check the network; the next run tries again"
    assert told.exit_code == 3
    assert len(front.login.asked) == 4


def test_a_token_server_that_is_away_for_a_moment_is_asked_again(front: Front) -> None:
    front.login.answers_broken = [(503, b"")] * 2
    assert opens(front, access(front).authorization()) == 200


def test_a_network_that_is_down_is_not_a_reason_to_sign_in(front: Front) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    front.places["oauth2.googleapis.com"] = f"http://127.0.0.1:{port}"
    told = refusal(front)
    assert isinstance(told, Unreachable)
    assert told.what.startswith("work: oauth2.googleapis.com did not answer: ")


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>Welcome to Hotel Wi-Fi</html>"), (302, b""), (403, b"blocked"), (200, b"[]")]
)
def test_a_page_of_somebody_else_is_not_a_reason_to_sign_in(front: Front, status: int, body: bytes) -> None:
    front.login.answers_broken = [(status, body)]
    told = refusal(front)
    assert isinstance(told, Unreachable)
    assert told.what == f"work: oauth2.googleapis.com did not answer as a sign-in server does (HTTP {status})"
    assert "Hotel" not in "".join(traceback.format_exception(told))


@pytest.mark.parametrize(
    "body",
    [
        b'{"refresh_token": "1//refresh-hunter2"}',
        b'{"access_token": ["x"], "expires_in": 3600}',
        b'{"access_token": "x", "expires_in": "soon"}',
        b'{"access_token": "x", "expires_in": null}',
    ],
)
def test_an_answer_without_a_token_is_not_a_reason_to_sign_in(front: Front, body: bytes) -> None:
    front.login.answers_broken = [(200, body)]
    told = refusal(front)
    assert isinstance(told, Unreachable)
    assert told.what == "work: oauth2.googleapis.com has answered without a token"


# --- a service account ---


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def key_file(front: Front, private_key: rsa.RSAPrivateKey, tmp_path: Path) -> Path:
    """The key of a service account that may act for Maya, with the scopes for writing."""
    front.login.add_service_account(SERVICE, RSAKey.import_key(_pem(private_key.public_key())), frozenset(SCOPES))
    path = tmp_path / "night.json"
    path.touch(0o600)
    path.write_text(
        json.dumps(
            {
                "type": "service_account",
                "client_email": SERVICE,
                "client_id": "117",
                "private_key_id": "k1",
                "private_key": _pem(private_key),
                "token_uri": "https://oauth2.googleapis.com/token",
            }
        )
    )
    return path


def _pem(key: Any) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return key.public_bytes(serialization.Encoding.PEM, form).decode()
    pkcs8, plain_text = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, plain_text).decode()


def test_a_service_account_acts_for_the_account_without_any_grant(front: Front, key_file: Path) -> None:
    file_of(front).path.unlink()
    one = access(front, service_account=str(key_file))
    assert opens(front, one.authorization()) == 200
    assert front.calendars.scopes == frozenset(SCOPES)
    assert not file_of(front).path.exists()


def test_what_its_sign_in_found_to_work_is_what_it_asks_for(front: Front, key_file: Path) -> None:
    reading = scopes_for(write=False, primary=True)
    front.login.clients[SERVICE].delegated = frozenset(reading)
    assert isinstance(refusal(front, service_account=str(key_file)), SignInNeeded)
    file_of(front).write({"kind": "service", "account": MAYA, "scopes": reading})
    assert opens(front, access(front, service_account=str(key_file)).authorization()) == 200
    assert front.calendars.scopes == frozenset(reading)


def test_a_service_account_without_delegation_names_what_the_administrator_must_list(
    front: Front, key_file: Path
) -> None:
    front.login.clients[SERVICE].delegated = frozenset()
    told = refusal(front, service_account=str(key_file))
    assert isinstance(told, SignInNeeded)
    assert told.what == "work: the service account may not act for maya@example.com"
    assert told.next_step == (
        "an administrator lists client id 117 with exactly these scopes under Security > Access and data control > "
        "API controls > Domain-wide delegation: https://www.googleapis.com/auth/calendar.calendarlist.readonly,"
        "https://www.googleapis.com/auth/calendar.events.owned,https://www.googleapis.com/auth/calendar.freebusy"
    )


@pytest.mark.parametrize(
    ("off", "words"),
    [(timedelta(minutes=42), "42 minutes slow"), (timedelta(minutes=-42), "42 minutes fast")],
)
def test_a_clock_that_is_off_is_told_as_such(front: Front, key_file: Path, off: timedelta, words: str) -> None:
    front.login.now = lambda: datetime.now(UTC) + off
    told = refusal(front, service_account=str(key_file))
    assert isinstance(told, SignInNeeded)
    assert told.what == (f"work: this computer's clock is {words}, so that Google refuses the service account's key")
    assert told.next_step == "set the clock, then try again"


def test_a_clock_that_is_off_does_not_trouble_a_users_grant(front: Front) -> None:
    front.login.now = lambda: datetime.now(UTC) + timedelta(minutes=42)
    assert opens(front, access(front).authorization()) == 200


def test_a_key_that_was_replaced_is_told_as_such(front: Front, key_file: Path) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    front.login.clients[SERVICE].key = RSAKey.import_key(_pem(other.public_key()))
    told = refusal(front, service_account=str(key_file))
    assert told.what == "work: Google no longer knows this key of the service account"
    assert told.next_step == "make a new key in Google's console and put its file in the place of the old one"


def test_an_account_of_another_organisation_is_told_as_such(front: Front, key_file: Path) -> None:
    front.login.users.discard(MAYA)
    told = refusal(front, service_account=str(key_file))
    assert told.what == "work: maya@example.com is no account of the service account's organisation"
    assert told.next_step == "check `account`"


def test_a_service_account_that_is_gone_is_told_as_such(front: Front, key_file: Path) -> None:
    del front.login.clients[SERVICE]
    told = refusal(front, service_account=str(key_file))
    assert told.what == "work: Google no longer knows the service account"


def test_a_key_that_others_can_read_is_refused(front: Front, key_file: Path) -> None:
    key_file.chmod(0o644)
    told = refusal(front, service_account=str(key_file))
    assert isinstance(told, StateError)
    assert told.what == f"work: {key_file}: others on this machine can read it (mode 0644)"
    assert told.next_step == f"chmod 600 {key_file}"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"type": "authorized_user"}', '{"type": "service_account", "private_key": "hunter2"}']
)
def test_a_file_that_is_no_key_is_told_as_such(front: Front, key_file: Path, content: str) -> None:
    key_file.write_text(content)
    told = refusal(front, service_account=str(key_file))
    assert isinstance(told, SignInNeeded)
    assert told.what == f"work: {key_file} is no key file of a service account"
    assert "hunter2" not in "".join(traceback.format_exception(told))


def test_a_key_file_that_is_not_there_is_told_as_such(front: Front, tmp_path: Path) -> None:
    told = refusal(front, service_account=str(tmp_path / "none.json"))
    assert told.what == f"work: {tmp_path / 'none.json'}: the service account's key file is not there"


# --- scopes ---


def _discovery() -> dict[str, Any]:
    folder = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
    said: dict[str, Any] = json.loads((folder / "calendar.v3.json").read_text())
    return said


def _opened(scopes: list[str], method: str) -> bool:
    resource, _, verb = method.partition(".")
    return bool(set(scopes) & set(_discovery()["resources"][resource]["methods"][verb]["scopes"]))


READING = ("events.list", "events.get", "events.instances", "calendarList.list", "calendarList.get", "freebusy.query")
WRITING = ("events.insert", "events.patch", "events.delete")


@pytest.mark.parametrize("primary", [True, False])
@pytest.mark.parametrize("write", [True, False])
def test_the_scopes_open_what_is_needed_and_nothing_more(write: bool, primary: bool) -> None:
    scopes = scopes_for(write=write, primary=primary)
    known = _discovery()["auth"]["oauth2"]["scopes"]
    assert set(scopes) <= set(known)
    assert all(_opened(scopes, method) for method in READING)
    assert [_opened(scopes, method) for method in WRITING] == [write] * 3
    # Each of them is needed for something.
    needed = READING + (WRITING if write else ())
    for scope in scopes:
        rest = [one for one in scopes if one != scope]
        assert not all(_opened(rest, method) for method in needed), scope
    for forbidden in ("acl.list", "calendars.delete", "calendars.insert", "settings.list"):
        assert not _opened(scopes, forbidden)


def test_people_are_asked_for_only_when_wanted() -> None:
    assert not set(PEOPLE) & set(scopes_for(write=True, primary=False))
    assert set(PEOPLE) <= set(scopes_for(write=False, primary=True, people=True))
    said = json.loads((Path(googleapiclient.__file__).parent / "discovery_cache/documents/people.v1.json").read_text())
    assert set(PEOPLE) <= set(said["auth"]["oauth2"]["scopes"])


def test_another_calendar_than_the_primary_may_be_somebody_elses() -> None:
    assert plain(scopes_for(write=False, primary=True)) == (
        "calendar.calendarlist.readonly, calendar.events.owned.readonly, calendar.freebusy"
    )
    assert plain(scopes_for(write=True, primary=False)) == (
        "calendar.calendarlist.readonly, calendar.events, calendar.freebusy"
    )


def test_a_wider_scope_does_as_well() -> None:
    wanted = scopes_for(write=True, primary=False)
    assert missing(wanted, wanted) == []
    assert missing(wanted, ["https://www.googleapis.com/auth/calendar"]) == []
    assert plain(missing(wanted, ["https://www.googleapis.com/auth/calendar.readonly"])) == "calendar.events"
    assert missing(wanted, []) == wanted


# --- secrets ---


def test_no_token_and_no_secret_is_logged_by_calsync(
    front: Front, key_file: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("calsync", "providers"):
        caplog.set_level(logging.DEBUG, name)
    front.login.rotates = True
    one = access(front)
    one.authorization()
    access(front, service_account=str(key_file)).authorization()
    front.login.revoke()
    refusal(front)
    told = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith(("calsync", "providers")))
    told += "".join(capfd.readouterr()) + repr(one) + repr(vars(one)["_grant"])
    for secret in [REFRESH, GOOGLE_SECRET, *front.login.access_tokens, *front.login.given]:
        assert secret not in told
