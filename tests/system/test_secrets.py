"""Nothing secret is shown: not by any command, as text or JSON, with -vv, in errors, reports, logs or the state.

The secrets are those of the test servers (tokens, codes, client secrets) and what an event says of itself. They may lie
in the files of grants and secrets, and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from calsync.grants import GrantFile
from providers.google.scopes import scopes_for
from tests.servers.accounts import google_front, microsoft_front
from tests.servers.oauth_google import GOOGLE_CLIENT, GOOGLE_SECRET
from tests.servers.oauth_microsoft import MICROSOFT_APP, MICROSOFT_SECRET, SERVICE_APP, TENANT
from tests.servers.oauth_rules import Given
from tests.system.office import Office, office
from tests.system.world import NOW, meeting

MAYA = "maya@example.com"
NIGHT = "2026-11-23T03:00:00+01:00"
NOTE = "planted-note-7f3"
COMMANDS = [
    ["calendars"],
    ["calendars", "--json"],
    ["plan", "--now", NIGHT],
    ["plan", "--now", NIGHT, "--json"],
    ["nightly", "--now", NIGHT],
    ["nightly", "--now", NIGHT, "--json"],
    ["week", "--now", NIGHT, "--json"],
    ["who", "--now", NIGHT, "--json"],
    ["log", "--json"],
    ["export"],
]


@pytest.fixture(params=["google", "microsoft"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """A leader whose meeting holds a note, and whose refresh token changes with every use."""
    with ExitStack() as stack:
        make = google_front if request.param == "google" else microsoft_front
        place = stack.enter_context(office(stack.enter_context(make(tmp_path / "state")), tmp_path))
        place.front.login.rotates = True
        place.config(f"{{name: work, provider: {request.param}, account: {MAYA}, write: true}}")
        start = NOW.replace(hour=10)
        calendar = "primary" if request.param == "google" else place.front.calendars.calendar
        place.front.calendars.hand.put(calendar, "m1", meeting("m1", start, 60, f"DESCRIPTION:{NOTE}", title=NOTE))
        yield place


def kind(place: Office) -> str:
    return "google" if "accounts.google.com" in place.proxy.places else "microsoft"


def client_of(place: Office) -> list[str]:
    if kind(place) == "microsoft":
        return ["--client", MICROSOFT_APP]
    path = place.folder / "client.json"
    path.write_text(json.dumps({"installed": {"client_id": GOOGLE_CLIENT, "client_secret": GOOGLE_SECRET}}))
    return ["--client", str(path)]


def secrets(place: Office) -> list[str]:
    login = place.front.login
    codes = [asked.form["code"] for asked in login.asked if asked.form.get("code")]
    verifiers = [asked.form["code_verifier"] for asked in login.asked if asked.form.get("code_verifier")]
    devices = [asked.form["device_code"] for asked in login.asked if asked.form.get("device_code")]
    return [
        NOTE,
        GOOGLE_SECRET,
        MICROSOFT_SECRET,
        *login.access_tokens,
        *login.given,
        *codes,
        *verifiers,
        *devices,
    ]


def check(place: Office) -> None:
    planted = secrets(place)
    assert len(planted) > 5
    assert 1 not in [ran.code for ran in place.told], "a bug"
    for ran in place.told:
        for secret in planted:
            assert secret not in ran.stdout
            assert secret not in ran.stderr
    kept = {place.state / "grants", place.state / "secrets.json"}
    for path in place.state.rglob("*"):
        if not path.is_file():
            continue
        assert path.stat().st_mode & 0o077 == 0 or not kept & {path, path.parent}
        content = path.read_bytes()
        for secret in planted:
            # The calendar's events are remembered in the state; its secrets are not.
            if secret != NOTE and not kept & {path, path.parent}:
                assert secret.encode() not in content, path


def forget_access(place: Office) -> None:
    """Let the access tokens on disk be as old as they are every night, so that each command refreshes."""
    file = GrantFile(place.state, kind(place), MAYA)
    grant: dict[str, Any] | None = file.read()
    if grant is not None and "cache" in grant:
        file.write(grant | {"cache": json.dumps(json.loads(grant["cache"]) | {"AccessToken": {}})})


def test_of_all_that_goes_well_nothing_secret_is_shown(place: Office) -> None:
    assert place.at_terminal("-vv", "calendars", "sign-in", "work", *client_of(place)).code == 0
    pasting = ["-vv", "calendars", "sign-in", "work", "--paste", *client_of(place)]
    assert place.answering(place.front.pasted, *pasting).code == 0
    for command in COMMANDS:
        forget_access(place)
        place.run("-vv", *command)
    assert any("POST https://" in ran.stderr for ran in place.told)
    check(place)


@pytest.mark.slow
def test_of_all_that_goes_wrong_nothing_secret_is_shown(place: Office) -> None:
    login = place.front.login
    assert place.at_terminal("-vv", "calendars", "sign-in", "work", *client_of(place)).code == 0
    token = login.alive()[0]
    echo = token.encode()
    broken: list[list[tuple[int, bytes]]] = [
        [(200, b"<html>" + echo)],
        [(200, b'{"refresh_token": "' + echo + b'"}')],
        [(200, b'{"access_token": ["' + echo + b'"]}')],
        [(400, b'{"error": "' + echo + b'"}')],
        [(400, b'{"error": "invalid_scope", "error_description": "' + echo + b'"}')],
        [(500, echo)] * 4,
    ]
    for answers in broken:
        login.answers_broken = list(answers)
        forget_access(place)
        place.run("-vv", "calendars")
    for answers in broken[:2]:
        login.answers_broken = list(answers)
        place.answering(place.front.pasted, "-vv", "calendars", "sign-in", "work", "--paste", *client_of(place))
    login.answers_broken = []
    login.revoke()
    for command in COMMANDS:
        forget_access(place)
        place.run("-vv", *command)
    place.run("-vv", "nightly", "--now", NIGHT, REQUESTS_CA_BUNDLE="")
    assert {ran.code for ran in place.told} >= {0, 3, 4}
    check(place)


def test_of_a_code_and_a_secret_nothing_is_shown(tmp_path: Path) -> None:
    with microsoft_front(tmp_path / "state") as front, office(front, tmp_path) as place:
        place.config(f"{{name: work, provider: microsoft, account: {MAYA}, write: true}}")
        front.login.enters_codes = True
        assert place.at_terminal("-vv", "calendars", "sign-in", "work", "--device-code", *client_of(place)).code == 0
        application = ["calendars", "sign-in", "work", "--application", "--client", SERVICE_APP, "--tenant", TENANT]
        assert place.run("-vv", *application, typed=MICROSOFT_SECRET + "\n").code == 0
        assert place.run("-vv", "calendars", "--json").code == 0
        front.login.clients[SERVICE_APP].secret = "another"
        forget_access(place)
        assert place.run("-vv", "nightly", "--now", NIGHT).code == 4
        assert place.run("-vv", *application, typed=MICROSOFT_SECRET + "\n").code == 4
        assert MICROSOFT_SECRET in (place.state / "secrets.json").read_text()
        check(place)


def test_of_a_token_file_nothing_is_shown(tmp_path: Path) -> None:
    with google_front(tmp_path / "state") as front, office(front, tmp_path) as place:
        place.config(f"{{name: work, provider: google, account: {MAYA}, write: true}}")
        scopes = " ".join(scopes_for(write=True, primary=True))
        front.login.given["1//elsewhere"] = Given("1//elsewhere", GOOGLE_CLIENT, scopes, MAYA, front.login.now())
        path = tmp_path / "token.json"
        said = {"refresh_token": "1//elsewhere", "client_id": GOOGLE_CLIENT, "client_secret": GOOGLE_SECRET}
        path.touch(0o600)
        for content in (json.dumps(said), json.dumps(said)[:-1], json.dumps(said | {"client_id": 5})):
            path.write_text(content)
            place.run("-vv", "calendars", "sign-in", "work", "--token-file", path)
        assert [ran.code for ran in place.told] == [0, 2, 2]
        place.run("-vv", "calendars", "--json")
        grant = GrantFile(place.state, "google", MAYA)
        whole = grant.path.read_text()
        for damaged in (
            whole[:-9],
            json.dumps([said]),
            json.dumps(said | {"kind": "user", "refresh_token": ["1//elsewhere"]}),
        ):
            grant.path.write_text(damaged)
            place.run("-vv", "nightly", "--now", NIGHT)
        check(place)
