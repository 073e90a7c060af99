"""A key of a group is set in whatever way the file is written, and nothing else in the file changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.config.compose import composed
from calsync.config.splice import Tangled, change_group
from calsync.config.tree import read_tree

CASES = {
    "a value in its line": ("a: 1 # why\nb: 2\n", (), {"a": 3}, "a: 3 # why\nb: 2\n"),
    "a value in brackets": ("g: {a: 1,  b: 2}\n", ("g",), {"b": 5}, "g: {a: 1,  b: 5}\n"),
    "a value deeper down": (
        "blocks:\n  connect: {minutes: 30} # half\n  kindness:\n    minutes: 10\n",
        ("blocks", "kindness"),
        {"minutes": 15},
        "blocks:\n  connect: {minutes: 30} # half\n  kindness:\n    minutes: 15\n",
    ),
    "a new key of a group": ("g:\n  a: 1\n\nb: 2\n", ("g",), {"c": 3}, "g:\n  a: 1\n  c: 3\n\nb: 2\n"),
    "a new key in brackets": ("g: {a: 1}\n", ("g",), {"c": 3}, "g: {a: 1, c: 3}\n"),
    "a new group": ("a: 1\n", ("g",), {"c": 3}, "a: 1\n\ng: {c: 3}\n"),
    "a group that is empty": ("g:\na: 1\n", ("g",), {"c": 3}, "g: {c: 3}\na: 1\n"),
    "a group in a new group": ("a: 1\n", ("g", "h"), {"c": 3}, "a: 1\n\ng: {h: {c: 3}}\n"),
    "a key taken out": ("a: 1\nb: 2\nc: 3\n", (), {"b": None}, "a: 1\nc: 3\n"),
    "a key taken out that is not there": ("a: 1\n", ("g",), {"b": None}, "a: 1\n"),
    "a key that stands in a comment": ("a: 1\n\n# b: 9\n\nc: 3\n", (), {"b": 2}, "a: 1\n\nb: 2\n\nc: 3\n"),
    "other line ends": ("a: 1\r\nb: 2\r\n", (), {"c": 3}, "a: 1\r\nb: 2\r\n\r\nc: 3\r\n"),
    "no end of line": ("a: 1", (), {"c": 3}, "a: 1\n\nc: 3"),
    "days with their hours": (
        'working_hours:\n  mon-fri: "09:00-17:00"\nb: 2\n',
        (),
        {"working_hours": {"mon": "10:00-12:00"}},
        'working_hours: {mon: "10:00-12:00"}\nb: 2\n',
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_only_the_key_changes(case: tuple[str, tuple[str, ...], dict[str, Any], str]) -> None:
    before, where, changes, after = case
    assert change_group(before, where, changes) == after


def test_a_group_that_is_only_an_alias_is_left_alone() -> None:
    with pytest.raises(Tangled, match="no group of its own"):
        change_group("a: &x {b: 1}\ng: *x\n", ("g",), {"b": 2})


def test_a_group_that_is_a_list_is_left_alone() -> None:
    with pytest.raises(Tangled, match="no group of its own"):
        change_group("g: [1, 2]\n", ("g",), {"b": 2})


VALUES = st.one_of(st.integers(0, 99), st.booleans(), st.sampled_from(["Focus", "a: b", "# no", "yes", "09:00-17:00"]))
WHERE = st.sampled_from(
    [
        ((), "timezone"),
        ((), "holidays"),
        (("planning",), "horizon_weeks"),
        (("blocks", "connect"), "minutes"),
        (("blocks", "follow-through"), "title"),
        (("privacy",), "names"),
        (("tags", "report"), "ideal"),
        (("new",), "key"),
    ]
)


@settings(max_examples=30)  # each parses a file of two hundred lines several times
@given(st.lists(st.tuples(WHERE, st.one_of(st.none(), VALUES)), max_size=6))
def test_any_row_of_changes_to_a_written_file_leaves_all_other_values_and_comments(changes: list[Any]) -> None:
    text = composed({"timezone": "Europe/Berlin", "calendars": [{"name": "work", "provider": "ics", "path": "x"}]})
    wanted = read_tree(text).value
    comments = [line for line in text.splitlines() if line.lstrip().startswith("# ") and ":" not in line.split()[1]]
    for (where, key), value in changes:
        text = change_group(text, where, {key: value})
        group: Any = wanted
        for step in where:
            group[step] = group.get(step) or {}
            group = group[step]
        group[key] = value
    tree = read_tree(text)
    assert tree.faults == []
    assert bare(tree.value) == bare(wanted)
    assert [line for line in comments if line not in text] == []


def bare(value: Any) -> Any:
    """The values without what is empty: nothing and an empty group mean the same."""
    if not isinstance(value, dict):
        return value
    inner = {key: bare(one) for key, one in value.items()}
    return {key: one for key, one in inner.items() if one not in (None, {}, [])}
