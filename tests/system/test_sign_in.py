"""The installed command signs in through a company's proxy, reads and writes, and never opens a browser by itself."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey

from calsync.grants import GrantFile
from providers.google.scopes import scopes_for
from tests.conftest import Ran
from tests.servers.accounts import Front, google_front, microsoft_front
from tests.servers.oauth_google import GOOGLE_CLIENT, GOOGLE_SECRET
from tests.servers.oauth_microsoft import MICROSOFT_APP, MICROSOFT_SECRET, SERVICE_APP, TENANT
from tests.servers.oauth_rules import Given
from tests.system.office import Office, office

MAYA = "maya@example.com"
FRONTS: dict[str, Callable[[Path], AbstractContextManager[Front]]] = {
    "google": google_front,
    "microsoft": microsoft_front,
}
NIGHTS = ("2026-11-23T03:00:00+01:00", "2026-11-24T03:00:00+01:00")


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Office]:
    with google_front(tmp_path / "state") as front, office(front, tmp_path) as place:
        place.config(calendar_of("google"))
        client_file(tmp_path)
        yield place


@pytest.fixture
def microsoft(tmp_path: Path) -> Iterator[Office]:
    with microsoft_front(tmp_path / "state") as front, office(front, tmp_path) as place:
        place.config(calendar_of("microsoft"))
        yield place


@pytest.fixture(params=["google", "microsoft"])
def place(request: pytest.FixtureRequest) -> Office:
    """The office of a leader with an account of each vendor in turn."""
    found: Office = request.getfixturevalue(request.param)
    return found


def calendar_of(kind: str, **more: str) -> str:
    said = {"name": "work", "provider": kind, "account": MAYA, "write": "true"} | more
    return "{" + ", ".join(f"{key}: {value}" for key, value in said.items()) + "}"


def client_file(folder: Path) -> Path:
    path = folder / "client.json"
    said = {"client_id": GOOGLE_CLIENT, "client_secret": GOOGLE_SECRET, "redirect_uris": ["http://localhost"]}
    path.write_text(json.dumps({"installed": said}))
    return path


def kind_of(place: Office) -> str:
    return "google" if "accounts.google.com" in place.proxy.places else "microsoft"


def client_of(place: Office) -> list[str]:
    return ["--client", str(place.folder / "client.json") if kind_of(place) == "google" else MICROSOFT_APP]


def sign_in(place: Office, *more: str) -> Ran:
    return place.at_terminal("calendars", "sign-in", "work", *client_of(place), *more)


def again(place: Office, *more: str) -> str:
    """The next step that a sign-in like that of `sign_in` ends with."""
    return f"run `{shlex.join(['calsync', 'calendars', 'sign-in', 'work', *more, *client_of(place)])}`"


def grant_of(place: Office) -> GrantFile:
    return GrantFile(place.state, kind_of(place), MAYA)


def opened(place: Office) -> list[str]:
    """The hosts of the pages that the browser has opened."""
    return [line.split("/")[2] for line in place.trace.read_text().splitlines()] if place.trace.exists() else []


def uses_it(place: Office) -> None:
    """What a sign-in is for: the account's calendars are listed, and of two nights the second is quiet."""
    listed = place.run("calendars", "--json")
    assert listed.code == 0, listed.stderr
    assert listed.json()["calendars"][0]["ok"]
    first = place.run("nightly", "--json", "--now", NIGHTS[0])
    assert first.code == 0, first.stderr
    assert first.json()["written"] > 0
    second = place.run("nightly", "--json", "--now", NIGHTS[0])
    assert second.code == 0, second.stderr
    assert second.json()["written"] == 0


# --- each way ---


def test_a_sign_in_in_the_browser_and_the_nights_after_it(place: Office) -> None:
    ended = sign_in(place)
    assert ended.code == 0, ended.stderr
    grant = grant_of(place)
    assert ended.stdout == (
        "maya@example.com is signed in: calsync may read and write its calendars. The grant lies in "
        f"{grant.path}, which only you can read.\n"
    )
    assert "Your browser opens for the sign-in." in ended.stderr
    assert opened(place)[0] in ("accounts.google.com", "login.microsoftonline.com")
    assert grant.path.stat().st_mode & 0o777 == 0o600
    pages = place.trace.read_bytes()
    uses_it(place)
    assert place.trace.read_bytes() == pages
    assert {"www.googleapis.com", "oauth2.googleapis.com"} <= set(place.proxy.asked) or (
        {"graph.microsoft.com", "login.microsoftonline.com"} <= set(place.proxy.asked)
    )


def test_a_sign_in_with_a_pasted_address_and_the_nights_after_it(place: Office) -> None:
    ended = place.answering(place.front.pasted, "calendars", "sign-in", "work", "--paste", *client_of(place))
    assert ended.code == 0, ended.stderr
    assert opened(place) == []
    uses_it(place)


def test_a_sign_in_with_a_code_and_the_nights_after_it(microsoft: Office) -> None:
    microsoft.front.login.enters_codes = True
    ended = sign_in(microsoft, "--device-code")
    assert ended.code == 0, ended.stderr
    assert "Open https://login.microsoftonline.com/device in a browser" in ended.stderr
    assert opened(microsoft) == []
    uses_it(microsoft)


def test_a_sign_in_as_an_application_and_the_nights_after_it(microsoft: Office) -> None:
    ended = microsoft.run(
        "calendars", "sign-in", "work", "--application", "--client", SERVICE_APP, "--tenant", TENANT,
        typed=MICROSOFT_SECRET + "\n",
    )  # fmt: skip
    assert ended.code == 0, ended.stderr
    assert "calsync may read and write its calendars, as an application." in ended.stdout
    assert "and the secret in a file in" in ended.stdout
    uses_it(microsoft)


def test_a_token_file_and_the_nights_after_it(google: Office) -> None:
    scopes = " ".join(scopes_for(write=True, primary=True))
    google.front.login.given["1//else"] = Given("1//else", GOOGLE_CLIENT, scopes, MAYA, google.front.login.now())
    token = google.folder / "token.json"
    token.touch(0o600)
    token.write_text(
        json.dumps({"refresh_token": "1//else", "client_id": GOOGLE_CLIENT, "client_secret": GOOGLE_SECRET})
    )
    ended = google.run("calendars", "sign-in", "work", "--token-file", token)
    assert ended.code == 0, ended.stderr
    uses_it(google)


def test_a_service_account_and_the_nights_after_it(google: Office) -> None:
    service_account(google)
    ended = google.run("calendars", "sign-in", "work")
    assert ended.code == 0, ended.stderr
    assert ended.stdout.startswith("maya@example.com is signed in: calsync may read and write its calendars.")
    uses_it(google)


def test_a_service_account_needs_no_sign_in(google: Office) -> None:
    service_account(google)
    uses_it(google)


def service_account(google: Office) -> Path:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    email = "night@project.iam.gserviceaccount.com"
    scopes = frozenset(scopes_for(write=True, primary=True))
    google.front.login.add_service_account(email, RSAKey.import_key(public), scopes)
    key = google.folder / "key.json"
    key.touch(0o600)
    key.write_text(
        json.dumps(
            {
                "type": "service_account",
                "client_email": email,
                "client_id": "117",
                "private_key": pem.decode(),
                "token_uri": "https://oauth2.googleapis.com/token",
            }
        )
    )
    google.config(calendar_of("google", service_account="key.json"))
    return key


def test_the_permissions_are_those_that_all_the_accounts_calendars_need(place: Office) -> None:
    kind = kind_of(place)
    place.config(
        calendar_of(kind, write="false"),
        calendar_of(kind, name="other", calendar="Other", account="MAYA@example.com"),
        calendar_of(kind, name="ana", account="ana@example.com"),
    )
    ended = sign_in(place)
    assert ended.code == 0, ended.stderr
    assert "calsync may read and write its calendars." in ended.stdout
    asked = next(one.form["scope"] for one in place.front.login.asked if one.form.get("code_challenge"))
    if kind == "google":
        assert "https://www.googleapis.com/auth/calendar.events" in asked.split()
    else:
        assert "https://graph.microsoft.com/Calendars.ReadWrite" in asked.split()


# --- what ends a sign-in ---


def test_another_account_is_refused_and_nothing_is_kept(google: Office) -> None:
    google.front.calendars.email = "ana@example.com"
    google.front.calendars.add_calendar("ana@example.com", "Ana", primary=True)
    ended = sign_in(google)
    assert ended.code == 4
    assert ended.stdout == ""
    assert ended.stderr.endswith(
        "calsync: work: ana@example.com has signed in, but the configuration names maya@example.com; "
        "nothing was kept\n"
        f"  {again(google)} and choose maya@example.com in the browser, or change `account`\n"
    )
    assert not grant_of(google).path.exists()


def test_nobody_at_a_terminal_opens_no_browser(place: Office) -> None:
    ended = place.run("calendars", "sign-in", "work", *client_of(place))
    assert ended.code == 2
    assert ended.stderr == (
        "calsync: work: signing in needs somebody at a terminal, and there is nobody here\n"
        f"  {again(place)} at a terminal, or with --paste\n"
    )
    assert opened(place) == []
    assert not grant_of(place).path.exists()


def test_a_computer_without_a_browser_names_the_other_way(place: Office) -> None:
    nowhere = {"BROWSER": "", "PATH": "/nonexistent", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    ended = place.at_terminal("calendars", "sign-in", "work", *client_of(place), **nowhere)
    assert ended.code == 2
    assert ended.stderr == (f"calsync: work: no browser can be opened here\n  {again(place, '--paste')}\n")


def test_an_administrator_who_has_to_approve_is_told_where(microsoft: Office) -> None:
    microsoft.front.login.page_error = ("access_denied", "AADSTS90094: admin consent required")
    ended = sign_in(microsoft)
    assert ended.code == 4
    assert (
        "calsync: work: an administrator has to approve calsync's application before maya@example.com can sign in "
        "(AADSTS90094)\n"
        f"  ask one to open https://login.microsoftonline.com/example.com/adminconsent?client_id={MICROSOFT_APP} , "
        f"then {again(microsoft)}\n"
    ) in ended.stderr


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--paste", "--device-code"], "--paste and --device-code are two ways of signing in"),
        (["--application", "--token-file", "x"], "--token-file and --application are two ways of signing in"),
    ],
)
def test_two_ways_at_once_are_one_too_many(google: Office, options: list[str], what: str) -> None:
    ended = google.run("calendars", "sign-in", "work", *options)
    assert ended.code == 2
    assert ended.stderr == f"calsync: {what}\n  choose one\n"


def test_a_calendar_with_a_password_takes_no_other_way(google: Office) -> None:
    google.config("{name: home, provider: caldav, url: 'https://dav.example.net/', username: maya}")
    ended = google.run("calendars", "sign-in", "home", "--paste", typed="secret\n")
    assert ended.code == 2
    assert ended.stderr == (
        "calsync: home: a calendar of provider caldav is signed in to with a password\n"
        "  run `calsync calendars sign-in home` without further options\n"
    )


# --- the night ---

NIGHTLY = [
    ["nightly", "--now", NIGHTS[0]],
    ["nightly", "--now", NIGHTS[0], "--json"],
    ["plan", "--now", NIGHTS[0]],
    ["calendars"],
]


@pytest.mark.parametrize("command", NIGHTLY, ids=" ".join)
@pytest.mark.parametrize("trouble", ["never signed in", "taken back"])
def test_no_other_command_opens_a_browser_or_waits(place: Office, trouble: str, command: list[str]) -> None:
    if trouble == "taken back":
        assert sign_in(place).code == 0
        place.front.login.revoke()
        forget_access(place)
        place.trace.unlink()
    # With a terminal, so that whatever would ask could ask.
    ended = place.at_terminal(*command)
    assert ended.code == 4
    assert opened(place) == []
    told = ended.stderr + ended.stdout
    assert "run `calsync calendars sign-in work`" in told
    assert "maya@example.com" in told


def forget_access(place: Office) -> None:
    """Let the access tokens on disk be as old as they are every night."""
    grant = grant_of(place).read() or {}
    if "cache" in grant:
        cache: dict[str, Any] = json.loads(grant["cache"]) | {"AccessToken": {}}
        grant_of(place).write(grant | {"cache": json.dumps(cache)})


def test_a_refresh_token_that_changes_every_night_is_kept_every_night(place: Office) -> None:
    place.front.login.rotates = True
    assert sign_in(place).code == 0
    for night in NIGHTS:
        forget_access(place)
        assert place.run("nightly", "--now", night).code == 0
    assert place.front.login.alive()[0] in grant_of(place).path.read_text()


def test_a_company_whose_ca_is_not_named_is_told_how(place: Office) -> None:
    assert sign_in(place).code == 0
    forget_access(place)
    ended = place.run("nightly", "--now", NIGHTS[0], REQUESTS_CA_BUNDLE="")
    assert ended.code == 3
    assert "could not prove who it is" in ended.stderr
    assert "behind a company proxy, name its CA file in REQUESTS_CA_BUNDLE" in ended.stderr


def test_a_proxy_that_is_away_is_no_reason_to_sign_in(place: Office) -> None:
    assert sign_in(place).code == 0
    forget_access(place)
    ended = place.run("calendars", HTTPS_PROXY="http://127.0.0.1:9", https_proxy="http://127.0.0.1:9")
    assert ended.code == 3
    assert "could not be reached through the proxy" in ended.stdout + ended.stderr
    assert "sign-in" not in ended.stdout + ended.stderr


def test_a_second_calendar_of_the_account_needs_no_second_sign_in(place: Office) -> None:
    assert sign_in(place).code == 0
    place.config(calendar_of(kind_of(place)), calendar_of(kind_of(place), name="again", write="false", calendar="Team"))
    ended = place.run("calendars", "--json")
    assert [row["exit"] for row in ended.json()["calendars"]] == [0, 0]


def test_wanting_to_write_after_all_is_a_matter_of_signing_in_again(google: Office) -> None:
    google.config(calendar_of("google", write="false"))
    assert sign_in(google).code == 0
    google.config(calendar_of("google"))
    ended = google.run("nightly", "--now", NIGHTS[0])
    assert ended.code in (3, 4)
    assert "calsync calendars sign-in work" in ended.stderr
    assert sign_in(google).code == 0
    assert google.run("nightly", "--now", NIGHTS[0]).code == 0
