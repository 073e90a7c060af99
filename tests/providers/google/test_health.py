"""When a Google grant ends, by what Google's token answers say: kept at the sign-in, and told by every later answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from calsync.accounts import SignInWay, SignInWish
from providers.google.auth import ends_at
from providers.google.health import health
from providers.google.scopes import scopes_for
from providers.google.signin import sign_in
from tests.servers.accounts import Front, google_front
from tests.servers.oauth_google import GOOGLE_CLIENT, GOOGLE_SECRET

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
MAYA = "maya@example.com"
WEEK = 7 * 86400 - 1


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with google_front(tmp_path) as front:
        front.login.now = lambda: NOW
        yield front


def signed_in(front: Front, folder: Path) -> dict[str, Any]:
    client = folder / "client.json"
    client.write_text(f'{{"installed": {{"client_id": "{GOOGLE_CLIENT}", "client_secret": "{GOOGLE_SECRET}"}}}}')
    wish = SignInWish(way=SignInWay.BROWSER, write=True, client=str(client))
    made = sign_in("work", {"account": MAYA}, front.context, wish, front.person(), http=front.http, now=lambda: NOW)
    return dict(made.grant)


def for_a_week(token: dict[str, Any], _asked: Any) -> None:
    token["refresh_token_expires_in"] = WEEK


def test_a_sign_in_keeps_the_end_that_google_says(front: Front, tmp_path: Path) -> None:
    front.login.more_in = for_a_week
    assert signed_in(front, tmp_path)["ends"] == (NOW + timedelta(seconds=WEEK)).isoformat()


def test_a_sign_in_without_an_end_keeps_none(front: Front, tmp_path: Path) -> None:
    assert "ends" not in signed_in(front, tmp_path)


def test_the_end_is_told_by_a_later_answer_where_the_sign_in_kept_none(front: Front, tmp_path: Path) -> None:
    from calsync.grants import GrantFile

    GrantFile(front.context.folder, "google", MAYA).write(signed_in(front, tmp_path))
    wish, options = SignInWish(write=True), {"account": MAYA}
    before = health("work", options, front.context, wish, lambda: NOW, http=front.http)
    assert (before.may_end, before.ends) == (True, NOW + timedelta(days=7))
    assert before.error is None
    assert before.lacks == ()
    assert before.calendar is not None
    assert (before.calendar.id, before.calendar.writable) == (MAYA, True)
    front.login.more_in = for_a_week
    after = health("work", options, front.context, wish, lambda: NOW, http=front.http)
    assert (after.may_end, after.ends) == (False, NOW + timedelta(seconds=WEEK))


@pytest.mark.parametrize("said", [None, True, "604799", -1, 0, 10**12, 1.5])
def test_what_is_no_end_is_none(said: object) -> None:
    assert ends_at({"refresh_token_expires_in": said}, NOW) is None


def test_the_permissions_that_are_missing_are_named_without_what_all_begin_with(front: Front, tmp_path: Path) -> None:
    from calsync.grants import GrantFile

    grant = signed_in(front, tmp_path) | {"scopes": scopes_for(write=False, primary=True)}
    GrantFile(front.context.folder, "google", MAYA).write(grant)
    found = health("work", {"account": MAYA}, front.context, SignInWish(write=True), lambda: NOW, http=front.http)
    assert found.lacks == ("calendar.events.owned",)


def test_a_sign_in_that_covers_no_list_is_still_the_accounts_own(front: Front, tmp_path: Path) -> None:
    from calsync.grants import GrantFile

    GrantFile(front.context.folder, "google", MAYA).write(signed_in(front, tmp_path))
    front.calendars.scopes = frozenset({"https://www.googleapis.com/auth/calendar.events.owned"})
    front.login._issue = lambda _scopes, _app_only: front.calendars.token()
    found = health("work", {"account": MAYA}, front.context, SignInWish(write=True), lambda: NOW, http=front.http)
    assert found.error is None
    assert found.calendar is not None
    assert found.calendar.writable
