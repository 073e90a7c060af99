"""A year of a leader and thirty people with real life in it: who is named, who never is, and nobody is passed over."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.simulation.rotation_life import Year


def assert_nobody_was_wronged(year: Year) -> None:
    """The promises of docs/rotation.md, reckoned from the log alone."""
    assert year.passed_over() == []
    last: dict[str, datetime] = {}
    for held in year.held:
        assert len(set(held.named)) == len(held.named) <= 2
        for name in held.named:
            before = last.get(name)
            assert (
                before is None
                or (held.start.date() - before.date()).days > year.ever[name].ideal_days / 2
                or any(
                    c.person == name and c.at.date() >= before.date() and c.kind != "personal" for c in year.contacts
                )
            ), "twice within half an ideal gap, and not because the first was no talk"
            last[name] = held.start


def assert_no_storm(year: Year) -> None:
    """Whoever joins or comes back has no more turns in any four weeks than their own gaps ask for."""
    for name, person in year.ever.items():
        turns = [held.start for held in year.held if name in held.named]
        for begin in turns:
            month = [t for t in turns if begin <= t < begin + timedelta(weeks=4)]
            assert len(month) <= 2 + 28 * 2 // person.ideal_days


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_third_of_a_year_with_real_life_in_it_wrongs_nobody(seed: int) -> None:
    year = Year(seed, weeks=17).live()
    assert_nobody_was_wronged(year)
    assert_no_storm(year)
    assert sum(len(held.named) for held in year.held) > 1.9 * len(year.held), "places are rarely left free"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_year_with_real_life_in_it_wrongs_nobody(seed: int) -> None:
    """30 people, holidays, silences, snoozes, new joiners, a fortnight away: a year of nights for each seed."""
    year = Year(seed).live()
    assert_nobody_was_wronged(year)
    assert_no_storm(year)
    places, changed = (sum(column) for column in zip(*year.changed, strict=True))
    assert changed < 0.1 * places, "the coming four weeks stay much as they were told"


@pytest.mark.slow
@pytest.mark.parametrize("turns", [0.5])
def test_with_too_few_blocks_nobody_is_wronged_either(turns: float) -> None:
    year = Year(11, turns=turns, people=20).live()
    assert_nobody_was_wronged(year)
    assert_no_storm(year)
    reached = Counter(name for held in year.held for name in held.named)
    assert all(reached[name] for name in year.everybody if year.since[name] == year.begin)
    for name in year.everybody:
        turns_had = [held.start for held in year.held if name in held.named]
        assert all(b > a for a, b in pairwise(turns_had))
