"""Hours that an account tells are proposed, whichever of the accounts it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync.setup.draft import Draft
from calsync.setup.plan import Setup
from calsync.setup.week import hours
from calsync.setup.wishes import Wishes
from calsync.tokens import SecretStore
from tests.providers.test_working_hours import availability, weekly
from tests.servers.awkward import PASSWORD, USER, AwkwardServer
from tests.servers.fixtures import awkward
from tests.unit.setup.conftest import NOW, Scripted

# pytest finds a fixture where its name is.
__all__ = ["awkward"]


def test_an_account_that_cannot_be_asked_keeps_no_other_from_telling_its_hours(
    awkward: AwkwardServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    awkward.availability = availability(weekly("TU", "090000", "170000"))
    draft = Draft(tmp_path / "config.yaml", tmp_path / "state", NOW)
    away = {"name": "away", "provider": "caldav", "url": "http://127.0.0.1:1/dav/", "username": USER, "write": True}
    draft.add("calendars", away, {"name": "there", "provider": "caldav", "url": awkward.url, "username": USER})
    for name in ("away", "there"):
        SecretStore(draft.state).put(name, PASSWORD)
    hours(Setup(draft, Wishes(), talk := Scripted()))
    defaults = {question.partition("?")[0]: default for question, default in talk.asked}
    assert (defaults["Your working hours"], defaults["Your time zone"]) == ("tue 09:00-17:00", "Europe/Paris")
    assert "Your account knows your working hours; they are proposed here." in talk.said
