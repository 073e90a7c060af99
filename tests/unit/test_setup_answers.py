"""Answers of a setup that cannot be, and its defaults: the question comes again, and Enter goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync.cli.person import Person
from calsync.errors import UsageError
from calsync.setup import connect
from calsync.setup.crowd import people
from calsync.setup.draft import Draft
from calsync.setup.entries import asked_entry
from calsync.setup.plan import Setup
from calsync.setup.running import take_effect
from calsync.setup.week import hours
from calsync.setup.wishes import Wishes
from calsync.signstep import sign_in_step
from calsync.tokens import SecretStore
from tests.system.test_sign_in import client_file
from tests.unit.setup.conftest import NOW, Scripted


@pytest.fixture
def draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Draft:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "Europe/Berlin")
    (tmp_path / "work").mkdir()
    made = Draft(tmp_path / "config.yaml", tmp_path / "state", NOW)
    made.add("calendars", {"name": "work", "provider": "ics", "path": str(tmp_path / "work"), "write": True})
    return made


def test_the_longest_gap_that_is_proposed_is_one_that_is_taken(draft: Draft) -> None:
    talk = Scripted({"Where from?": ["type"], "A name": ["Chiara", ""], "How often": ["400d"]})
    people(Setup(draft, Wishes(), talk))
    assert draft.values["people"] == [{"name": "Chiara", "ideal": "400d", "max": "730d"}]
    assert talk.warned == []


def test_a_name_that_is_too_long_is_asked_for_again(draft: Draft) -> None:
    talk = Scripted({"Where from?": ["type"], "A name": ["x" * 300, "Chiara", ""]})
    people(Setup(draft, Wishes(), talk))
    assert [one["name"] for one in draft.values["people"]] == ["Chiara"]
    assert [why for _, why in talk.warned] == ["is longer than 200 characters"]


def test_whoever_has_looked_in_vain_for_people_goes_on_with_enter(draft: Draft) -> None:
    talk = Scripted()
    people(Setup(draft, Wishes(), talk))
    assert [default for question, default in talk.asked if question == "Where from?"] == ["met", "done"]
    assert "Nobody was found." in talk.said


def test_what_was_answered_is_the_default_after_a_stop_though_it_is_none(draft: Draft) -> None:
    hours(Setup(draft, Wishes(), Scripted({"Your time zone": ["Europe/Lisbon"], "Whose public holidays": ["none"]})))
    resumed = Draft(draft.config, draft.state, NOW)
    hours(Setup(resumed, Wishes(), talk := Scripted()))
    defaults = {question.partition("?")[0]: default for question, default in talk.asked}
    assert defaults["Your time zone"] == "Europe/Lisbon"
    assert defaults["Whose public holidays do you have off"] == "none"


def test_a_setup_that_writes_to_no_calendar_says_so(draft: Draft) -> None:
    draft.change_item("calendars", 0, {"write": None})
    connect.calendars(Setup(draft, Wishes(), talk := Scripted()))
    assert any(line.startswith("No block is written to any of them") for line in talk.said)


def test_a_step_that_names_a_command_names_the_question_instead(draft: Draft) -> None:
    client = client_file(draft.config.parent)
    draft.change_item("calendars", 0, {"write": None})
    draft.add("calendars", {"name": "mine", "provider": "google", "account": "maya@example.com", "client": str(client)})
    connect.calendars(Setup(draft, Wishes(), talk := NoBrowser({"What now?": ["keep"]})))
    assert talk.warned == [("mine: no browser can be opened here", "try again, and choose to paste the address")]


class NoBrowser(Scripted):
    """Somebody at a computer without a browser."""

    def person(self, calendar: str) -> Person:
        return Nowhere(calendar)


class Nowhere(Person):
    def browser(self) -> str:
        raise UsageError(f"{self._name}: no browser can be opened here", sign_in_step(self._name, "--paste"))


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("cloud.example.net", "https://cloud.example.net/remote.php/dav/"),
        ("https://cloud.example.net/", "https://cloud.example.net/remote.php/dav/"),
        (
            "https://example.net/cloud/index.php/apps/calendar/dayGridMonth/now",
            "https://example.net/cloud/remote.php/dav/",
        ),
        ("https://cloud.example.net/remote.php/dav/calendars/maya/", "https://cloud.example.net/remote.php/dav/"),
        ("https://cloud.example.net/apps/calendar", "https://cloud.example.net/remote.php/dav/"),
    ],
)
def test_any_address_of_a_nextcloud_that_stands_in_the_browser_will_do(draft: Draft, typed: str, url: str) -> None:
    talk = Scripted({"Where is the calendar?": ["nextcloud"], "Your Nextcloud's": [typed], "The name": ["maya"]})
    entry = asked_entry(Setup(draft, Wishes(), talk), (), writes=False)
    assert entry == {"name": "nextcloud", "provider": "caldav", "write": True, "url": url, "username": "maya"}


def test_the_password_of_a_calendar_that_is_taken_out_is_forgotten_when_that_takes_effect(draft: Draft) -> None:
    draft.add("calendars", {"name": "old", "provider": "ics", "url": "http://127.0.0.1:9/x.ics", "username": "maya"})
    draft.put_in_place()
    secrets = SecretStore(draft.state)
    secrets.put("old", "s3cret")
    draft.discard()
    again = Draft(draft.config, draft.state, NOW)
    again.remove_item("calendars", 1)
    assert secrets.get("old") == "s3cret"
    assert take_effect(Setup(again, Wishes(), Scripted()))[1:] == ["The password of old is forgotten."]
    assert secrets.get("old") is None
