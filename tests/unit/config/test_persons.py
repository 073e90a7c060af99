"""What the file says of people: gaps of their own or of a tag, hours and days off, thanks; and what privacy allows."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.config.load import load_config
from calsync.config.persons import gaps_of
from calsync.config.values import Config
from calsync.errors import ConfigError
from calsync.model import Person

WITH: dict[str, Any] = {
    "today": date(2026, 12, 7),
    "provider_kinds": {"ics": frozenset({"path"})},
    "system_zone": "Europe/Berlin",
}
CALENDARS = "calendars: [{name: work, provider: ics, path: work}]\n"


def loaded(folder: Path, text: str, **changes: Any) -> Config:
    path = folder / "config.yaml"
    path.write_text(CALENDARS + text, encoding="utf-8")
    return load_config(path, **{**WITH, **changes})


def person(folder: Path, fields: str, before: str = "") -> Person:
    (found,) = loaded(folder, f"{before}people:\n  - {{name: Ana Sousa, {fields}}}\n").people
    return found


def gaps(one: Person) -> tuple[int, int]:
    return (one.ideal_days, one.max_days)


TAGS = "tags: {report: {ideal: 7d, max: 14d}, mentor: {ideal: 60d, max: 90d}}\n"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("tags: [report]", (7, 14)),
        ("tags: report", (7, 14)),
        ("tags: [lisbon, mentor, report]", (60, 90)),
        ("tags: [REPORT]", (7, 14)),
        ("tags: [report], ideal: 5d", (5, 14)),
        ("tags: [report], max: 30d", (7, 30)),
        ("tags: [report], ideal: 20d, max: 30d", (20, 30)),
        ("ideal: 20d, max: 30d", (20, 30)),
    ],
)
def test_own_gaps_win_and_the_first_tag_with_gaps_gives_what_lacks(
    tmp_path: Path, fields: str, expected: tuple[int, int]
) -> None:
    assert gaps(person(tmp_path, fields, TAGS)) == expected


def test_the_gaps_of_the_tags_are_values_of_their_own(tmp_path: Path) -> None:
    assert loaded(tmp_path, TAGS).tag_gaps == {"report": (7, 14), "mentor": (60, 90)}
    assert loaded(tmp_path, "tags:\n").tag_gaps == {}


def test_a_persons_hours_days_off_thanks_and_call_name_are_read(tmp_path: Path) -> None:
    ana = person(
        tmp_path,
        'ideal: 14d, max: 28d, holidays: PT, thanks: private, call_name: Aninha, working_hours: {"mon,wed": '
        '"09:00-12:00, 13:00-17:00"}',
    )
    day = ((time(9), time(12)), (time(13), time(17)))
    assert ana.working_hours == {0: day, 2: day}
    assert (ana.thanks, ana.holidays, ana.call_name) == ("private", "PT", "Aninha")
    assert date(2027, 4, 25) in ana.free_days, "the day of freedom, in Portugal only"
    assert {day.year for day in ana.free_days} == {2025, 2026, 2027, 2028}


def test_what_is_not_said_of_a_person_is_not_known(tmp_path: Path) -> None:
    ana = person(tmp_path, "ideal: 14d, max: 28d")
    assert (ana.working_hours, ana.free_days, ana.thanks, ana.holidays) == (None, frozenset(), "", "")


def test_each_person_has_the_holidays_of_their_own_country(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        "holidays: DE-BY\npeople:\n"
        "  - {name: Ana, ideal: 1w, max: 2w, holidays: PT}\n  - {name: Bo, ideal: 1w, max: 2w, holidays: FR}\n",
    )
    ana, bo = config.people
    assert date(2027, 7, 14) in bo.free_days
    assert date(2027, 7, 14) not in ana.free_days | config.free_days


def test_nothing_of_people_is_asked_for_and_notes_stay_for_a_year_and_a_half_unless_the_file_says_else(
    tmp_path: Path,
) -> None:
    config = loaded(tmp_path, "")
    assert (config.free_busy, config.notes_months) == (False, 18)
    config = loaded(tmp_path, "privacy: {free_busy: true, notes_months: 6}\n")
    assert (config.free_busy, config.notes_months) == (True, 6)


def test_the_snapshot_gives_back_all_of_it(tmp_path: Path) -> None:
    text = TAGS + (
        "privacy: {free_busy: true, notes_months: 3}\npeople:\n"
        '  - {name: Ana, tags: report, holidays: PT, thanks: public, working_hours: {mon: "09:00-12:00"}}\n'
        "  - {name: Bo, ideal: 1w, max: 2w, call_name: B}\n"
    )
    first = loaded(tmp_path, text, snapshot_folder=tmp_path / "state")
    again = loaded(tmp_path, text, snapshot_folder=tmp_path / "state")
    assert again == first
    assert again.people[0].free_days


def test_all_without_a_gap_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, TAGS + "people: [{name: Ana}, {name: Bo, ideal: 3d}, {name: Chi, tags: mentor}]\n")
    assert [problem.key for problem in caught.value.problems] == [
        "people[Ana].ideal",
        "people[Ana].max",
        "people[Bo].max",
    ]


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.sets(st.sampled_from("abcdef")))
def test_the_tag_whose_gaps_count_is_the_first_that_has_any(tags: list[str], with_gaps: set[str]) -> None:
    found = gaps_of([tag.upper() for tag in tags], {tag: tag for tag in sorted(with_gaps)})
    assert (found[0] if found else None) == next((tag for tag in tags if tag in with_gaps), None)
