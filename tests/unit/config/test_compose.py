"""A configuration written whole: as well commented as the example, valid, and with the values that went into it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.config.compose import composed
from calsync.config.keys import keys_of, section_of
from calsync.config.load import load_config
from calsync.config.schema import File
from calsync.config.tree import read_tree
from calsync.registry import kinds, option_keys

LEAST: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "calendars": [{"name": "work", "provider": "ics", "path": "/nowhere/work"}],
}
FULL: dict[str, Any] = {
    "timezone": "Europe/London",
    "me": ["maya@example.com", "maya@example.org"],
    "working_hours": {"mon-thu": "09:00-12:30, 13:15-17:30", "fri": "09:00-15:00"},
    "holidays": "GB-ENG",
    "calendars": [
        {"name": "work", "provider": "google", "write": True, "account": "maya@example.com", "client": "/tmp/c.json"},
        {"name": "office", "provider": "microsoft", "account": "maya@example.org", "tenant": "example.org"},
        {"name": "family", "provider": "caldav", "url": "https://dav.example.net/maya/", "username": "maya"},
        {"name": "school", "provider": "ics", "url": "https://school.example.net/terms.ics"},
    ],
    "blocks": {"connect": {"per_week": 3, "prefer": "afternoon"}, "kindness": {"per_week": 0}},
    "planning": {"horizon_weeks": 6},
    "people": [
        {"name": "Ana Sousa", "email": "ana@example.com", "ideal": "14d", "max": "28d"},
        {"name": 'Ben: the "boss" #1', "email": ["ben@example.com", "b@example.org"], "tags": ["report"]},
    ],
    "tags": {"report": {"ideal": "7d", "max": "14d"}},
    "privacy": {"names": "first"},
    "exports": [{"path": "~/public/connect.ics", "details": "titles"}],
    "notify": ["ntfy://example.net/maya"],
}


def load(text: str, folder: Path) -> Any:
    path = folder / "config.yaml"
    path.write_text(text, "utf-8")
    known = {kind: frozenset(option_keys(kind)) for kind in kinds()}
    return load_config(path, today=date(2026, 11, 26), provider_kinds=known, system_zone="")


def within(wanted: Any, found: Any) -> bool:
    """True when `found` says all of `wanted`, whatever it says besides."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(within(value, found.get(key)) for key, value in wanted.items())
    return bool(wanted == found)


@pytest.mark.parametrize("values", [LEAST, FULL], ids=["least", "full"])
def test_what_is_written_loads_and_says_what_it_was_given(values: dict[str, Any], tmp_path: Path) -> None:
    text = composed(values)
    assert within(values, read_tree(text).value)
    assert load(text, tmp_path).timezone == values["timezone"]


@pytest.mark.parametrize("values", [LEAST, FULL], ids=["least", "full"])
def test_every_key_of_the_whole_file_and_of_its_groups_stands_there_under_a_comment(values: dict[str, Any]) -> None:
    lines = composed(values).splitlines()
    for key, info in keys_of(File).items():
        at = next(at for at, line in enumerate(lines) if line.removeprefix("# ").startswith(f"{key}:"))
        assert lines[at - 1].startswith("# "), key
        section = section_of(info)
        if section is not None and key in ("blocks", "planning", "privacy"):
            for inner in keys_of(section):
                at = next(at for at, line in enumerate(lines) if line.startswith(f"  {inner}:"))
                assert lines[at - 1].lstrip().startswith("# "), inner


def test_the_same_defaults_are_planned_with_as_without_a_word(tmp_path: Path) -> None:
    written = load(composed(LEAST), tmp_path)
    bare = load("timezone: Europe/Berlin\ncalendars: [{name: work, provider: ics, path: /nowhere/work}]\n", tmp_path)
    for key in ("working_hours", "planning", "names", "free_busy", "notes_months", "exports", "notify", "holidays"):
        assert getattr(written, key) == getattr(bare, key), key


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1, max_size=30)))
def test_whatever_a_person_is_called_reads_back_as_it_was(names: list[str]) -> None:
    people = [{"name": name, "ideal": "14d", "max": "28d"} for name in names]
    text = composed({**LEAST, "people": people})
    assert (read_tree(text).value["people"] or []) == people
