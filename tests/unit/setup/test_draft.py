"""What was answered is kept beside the configuration, which is not touched before the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync.errors import ConfigError, UsageError
from calsync.setup.draft import Draft
from tests.unit.setup.conftest import NOW

WORK = {"name": "work", "provider": "ics", "path": "/nowhere/work"}
BY_HAND = """\
# mine
timezone: Europe/Berlin   # where I live
calendars:
  - {name: work, provider: ics, path: /nowhere/work}  # the only one
blocks: {connect: {minutes: 30,  per_week: 2}}
people:
# Ana first
  - name: Ana Sousa
    ideal: 14d
    max:   28d
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    return tmp_path


def draft(folder: Path, **how: bool) -> Draft:
    return Draft(folder / "config.yaml", folder / "state", NOW, **how)


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_nothing_is_written_before_the_first_answer(folder: Path) -> None:
    assert draft(folder).values == {}
    assert left(folder) == []


def test_a_new_draft_outlasts_its_process_and_becomes_the_configuration_at_the_end(folder: Path) -> None:
    first = draft(folder)
    first.add("calendars", WORK)
    first.answer("calendars")
    assert left(folder) == ["config.yaml.unfinished", "state/setup.unfinished"]
    again = draft(folder)
    assert again.resumed
    assert again.answered == ("calendars",)
    again.change(("blocks", "connect"), {"per_week": 3})
    assert again.put_in_place()
    again.discard()
    assert left(folder) == ["config.yaml"]
    text = (folder / "config.yaml").read_text("utf-8")
    assert "    per_week: 3\n" in text
    assert "timezone: Europe/Berlin\n" in text
    assert (folder / "config.yaml").stat().st_mode & 0o777 == 0o600


def test_in_a_configuration_by_hand_only_what_is_changed_changes(folder: Path) -> None:
    (folder / "config.yaml").write_text(BY_HAND, "utf-8")
    one = draft(folder)
    one.change(("blocks", "connect"), {"per_week": 3})
    one.change((), {"holidays": "DE-BY"})
    one.add("people", {"name": "Ben Okafor", "ideal": "14d", "max": "28d"})
    one.change_item("calendars", 0, {"name": "files"})
    assert (folder / "config.yaml").read_text("utf-8") == BY_HAND
    assert one.put_in_place()
    assert (folder / "config.yaml").read_text("utf-8") == BY_HAND.replace("per_week: 2", "per_week: 3").replace(
        "name: work", "name: files"
    ) + ("  - name: Ben Okafor\n    ideal: 14d\n    max: 28d\n\nholidays: DE-BY\n")


def test_an_answer_that_is_what_stands_there_changes_nothing(folder: Path) -> None:
    (folder / "config.yaml").write_text(BY_HAND, "utf-8")
    one = draft(folder)
    one.change(("blocks", "connect"), {"per_week": 2})
    one.change((), {"timezone": "Europe/Berlin", "holidays": None})
    assert not one.differs
    assert not one.put_in_place()


def test_an_answer_that_cannot_be_leaves_the_draft_as_it_was(folder: Path) -> None:
    one = draft(folder)
    one.add("calendars", WORK)
    before = one.text()
    with pytest.raises(ConfigError, match="expected a whole number from 0 to 5, not 9"):
        one.change(("blocks", "connect"), {"per_week": 9})
    with pytest.raises(ConfigError, match="path"):
        one.add("calendars", {"name": "other", "provider": "ics"})
    assert one.text() == before


def test_a_configuration_that_was_changed_by_hand_meanwhile_is_not_overwritten(folder: Path) -> None:
    (folder / "config.yaml").write_text(BY_HAND, "utf-8")
    one = draft(folder)
    one.change((), {"holidays": "DE"})
    one.answer("hours")
    (folder / "config.yaml").write_text(BY_HAND + "# more\n", "utf-8")
    with pytest.raises(UsageError, match="was changed by somebody else meanwhile"):
        one.put_in_place()
    with pytest.raises(UsageError, match="was changed since this setup was begun") as refused:
        draft(folder)
    assert refused.value.next_step == "begin anew from it: calsync setup --afresh"
    assert draft(folder, afresh=True).values["people"][0]["name"] == "Ana Sousa"


def test_a_setup_that_was_killed_after_its_file_was_in_place_goes_on(folder: Path) -> None:
    one = draft(folder)
    one.add("calendars", WORK)
    one.answer("calendars")
    one.put_in_place()
    again = draft(folder)
    assert again.resumed
    assert again.answered == ("calendars",)
    assert not again.put_in_place()


def test_on_paper_nothing_is_left_and_an_unfinished_draft_stays(folder: Path) -> None:
    one = draft(folder)
    one.add("calendars", WORK)
    one.answer("calendars")
    before = left(folder)
    paper = draft(folder, paper=True)
    paper.add("calendars", WORK)
    paper.answer("calendars")
    paper.discard()
    assert left(folder) == before


def test_notes_of_a_draft_that_cannot_be_read_mean_that_the_steps_are_asked_again(folder: Path) -> None:
    one = draft(folder)
    one.add("calendars", WORK)
    one.answer("calendars")
    (folder / "state" / "setup.unfinished").write_text("{", "utf-8")
    again = draft(folder)
    assert again.answered == ()
    assert again.values["calendars"] == [WORK]


def test_a_wrong_configuration_is_refused_before_anything_is_asked(folder: Path) -> None:
    (folder / "config.yaml").write_text("timezone: Moon\n", "utf-8")
    with pytest.raises(ConfigError):
        draft(folder)
    assert left(folder) == ["config.yaml"]


def test_the_last_calendar_of_a_new_draft_takes_it_along(folder: Path) -> None:
    one = draft(folder)
    one.add("calendars", WORK)
    one.remove_item("calendars", 0)
    assert one.values == {}


def test_the_last_calendar_of_a_configuration_stays(folder: Path) -> None:
    (folder / "config.yaml").write_text(BY_HAND, "utf-8")
    with pytest.raises(UsageError):
        draft(folder).remove_item("calendars", 0)
