"""Working hours and values as a leader writes them."""

from __future__ import annotations

from datetime import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.config.hours import WEEKDAYS, parse_hours, parse_weekdays
from calsync.config.render import flow, scalar
from calsync.config.tree import read_tree
from calsync.config.wording import did_you_mean, listed, nearest, shown


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon", (0,)),
        ("mon-thu", (0, 1, 2, 3)),
        ("fri-mon", (4, 5, 6, 0)),
        ("mon,wed", (0, 2)),
        ("Mon , WED - fri", (0, 2, 3, 4)),
        ("sun-sun", (6,)),
    ],
)
def test_weekdays_are_single_ranges_or_lists_and_ranges_go_round_the_week(text: str, days: tuple[int, ...]) -> None:
    assert parse_weekdays(text) == days


@given(st.integers(0, 6), st.integers(0, 6))
def test_a_range_begins_and_ends_where_it_says_and_has_no_gap(first: int, last: int) -> None:
    days = parse_weekdays(f"{WEEKDAYS[first]}-{WEEKDAYS[last]}")
    assert (days[0], days[-1]) == (first, last)
    assert all((b - a) % 7 == 1 for a, b in pairwise(days))


def test_stretches_come_out_in_order_and_may_touch() -> None:
    assert parse_hours("13:15-17:30, 09:00 - 12:30") == ((time(9), time(12, 30)), (time(13, 15), time(17, 30)))
    assert parse_hours("09:00\N{EN DASH}12:00,12:00-13:00") == ((time(9), time(12)), (time(12), time(13)))


@given(st.lists(st.integers(0, 23 * 60 + 59), min_size=2, max_size=10, unique=True).map(sorted))
def test_what_is_written_is_read(minutes: list[int]) -> None:
    clock = [time(m // 60, m % 60) for m in minutes]
    pairs = list(zip(clock[::2], clock[1::2], strict=False))
    assert parse_hours(", ".join(f"{a:%H:%M}-{b:%H:%M}" for a, b in reversed(pairs))) == tuple(pairs)


@given(st.text(max_size=30))
def test_any_other_text_is_refused_in_words(text: str) -> None:
    for parse in (parse_hours, parse_weekdays):
        reason = ""
        try:
            parse(text)
        except ValueError as error:
            reason = str(error)
        assert reason.isprintable()


VALUES = st.recursive(
    st.one_of(st.text(max_size=20), st.integers(-99, 10**6), st.booleans(), st.sampled_from(["14d", "no", "~", "1e3"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b-c"]), inner, max_size=2),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_that_is_written_reads_back_the_same(value: object) -> None:
    tree = read_tree(f"key: {flow(value)}\n")
    assert tree.value == {"key": value}
    assert not tree.faults


def test_plain_text_stays_plain() -> None:
    assert [
        scalar(text) for text in ("Ana Sousa", "ana@example.com", "14d", "Europe/Lisbon", "https://a.example/b")
    ] == [
        "Ana Sousa",
        "ana@example.com",
        "14d",
        "Europe/Lisbon",
        "https://a.example/b",
    ]
    assert [scalar(text) for text in ("Focus: x", "no", "a ", "")] == ['"Focus: x"', '"no"', '"a "', '""']


def test_the_nearest_name_is_the_one_that_was_meant_or_none() -> None:
    names = ["connect", "follow-through", "kindness"]
    assert nearest("Connect", names) == "connect"
    assert nearest("follow_trough", names) == "follow-through"
    assert nearest("kind", names) == "kindness"
    assert nearest("zzz", names) == ""
    assert nearest("x", []) == ""
    assert did_you_mean("zzz", names) == "; expected connect, follow-through or kindness"
    assert did_you_mean("zzz", [f"name{n}" for n in range(20)]) == ""
    assert listed(["a"]) == "a"


def test_shown_values_are_short_and_move_no_cursor() -> None:
    assert shown("\x1b[2J\n") == '"\\x1b[2J\\x0a"'
    assert shown("x" * 100) == f'"{"x" * 40}…"'
    assert [shown(v) for v in (None, True, 1.5, [], {})] == [
        "nothing",
        "true",
        "the number 1.5",
        "a list",
        "a group of keys",
    ]
