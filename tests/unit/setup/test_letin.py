"""Passwords from a file, as an option of the setup names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync.errors import Unreachable, UsageError
from calsync.setup.connect import calendars
from calsync.setup.draft import Draft
from calsync.setup.missing import missing
from calsync.setup.plan import Setup
from calsync.setup.wishes import Wishes
from calsync.tokens import SecretStore
from tests.unit.setup.conftest import NOW, Scripted

FAMILY = {"name": "family", "provider": "caldav", "url": "http://127.0.0.1:1/family/", "username": "maya"}


@pytest.fixture
def draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Draft:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    made = Draft(tmp_path / "config.yaml", tmp_path / "state", NOW)
    made.add("calendars", FAMILY)
    return made


def test_a_password_that_an_option_gives_takes_the_place_of_the_one_that_was_kept(draft: Draft, tmp_path: Path) -> None:
    kept = SecretStore(draft.state)
    kept.put("family", "old")
    # As some editors write it: with a mark before the first letter.
    (tmp_path / "new.txt").write_bytes(b"\xef\xbb\xbfn\xc3\xa9w\r\nnotes\r\n")
    with pytest.raises(Unreachable):
        calendars(Setup(draft, Wishes(passwords={"family": tmp_path / "new.txt"}), Scripted(attended=False)))
    assert kept.get("family") == "néw"


def test_a_file_without_a_password_is_refused_by_name(draft: Draft, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(UsageError, match=r"family: .*empty has no password in its first line"):
        calendars(Setup(draft, Wishes(passwords={"family": tmp_path / "empty"}), Scripted(attended=False)))
    with pytest.raises(UsageError, match=r"family: .*nowhere cannot be read \(No such file or directory\)"):
        calendars(Setup(draft, Wishes(passwords={"family": tmp_path / "nowhere"}), Scripted(attended=False)))


def test_a_password_or_a_token_file_for_a_calendar_that_takes_the_other_is_refused(
    draft: Draft, tmp_path: Path
) -> None:
    draft.add("calendars", {"name": "work", "provider": "google", "account": "maya@example.com"})
    wishes = Wishes(passwords={"work": tmp_path / "a"}, token_files={"family": tmp_path / "b"})
    said = [(error.what, error.next_step) for error in missing(draft, wishes)][:2]
    assert said == [
        ("family: a calendar of provider caldav takes no token file", "add --password family=FILE in its place"),
        (
            "work: a calendar of provider google takes no password",
            "add --token-file work=FILE in its place, or sign in at a terminal",
        ),
    ]
    with pytest.raises(UsageError, match="family: a calendar of provider caldav takes no token file"):
        calendars(Setup(draft, wishes, Scripted(attended=False)))
    assert SecretStore(draft.state).get("work") is None


def test_a_password_for_no_calendar_is_named(draft: Draft, tmp_path: Path) -> None:
    wishes = Wishes(passwords={"famly": tmp_path / "a", "family": tmp_path / "b"}, token_files={"x": tmp_path / "c"})
    said = [(error.what, error.next_step) for error in missing(draft, wishes)][:2]
    assert said == [
        ("famly is no calendar, so it needs no password", "name one of: family"),
        ("x is no calendar, so it needs no token file", "name one of: family"),
    ]


@pytest.mark.parametrize("said", [True, False])
def test_whether_an_accounts_people_may_be_seen_is_not_asked_where_an_option_wants_them(
    draft: Draft, tmp_path: Path, said: bool
) -> None:
    draft.remove_item("calendars", 0)
    draft.add("calendars", {"name": "work", "provider": "google", "account": "maya@example.com"})
    (tmp_path / "token.json").write_text("no token", "utf-8")
    talk = Scripted({"What now?": ["keep"]})
    wishes = Wishes(
        token_files={"work": tmp_path / "token.json"}, people_from=("google",) if said else (), try_writing=False
    )
    calendars(Setup(draft, wishes, talk))
    assert [what for what, _ in talk.warned] != []
    assert any(question.startswith("May calsync also see whom") for question, _ in talk.asked) != said
