"""How often everybody can be met with the turns that there are, and what is missing."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.model import Person
from calsync.people.clocks import Clock
from calsync.people.pace import SHORTEST, paces, shortage
from calsync.people.rounds import round_of

everyone = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, 90)).map(lambda g: Person("P", g[0], g[0] + g[1])),
    min_size=1,
    max_size=30,
)


@given(everyone, st.floats(0.01, 5))
def test_all_turns_are_used_unless_everybody_would_be_met_too_soon(people: list[Person], turns: float) -> None:
    gaps = paces(people, turns)
    rate = sum(1 / gap for gap in gaps)
    # A step of the pace is 8 %: half of it is lost or gained at most.
    assert rate <= turns * 1.05
    for person, gap in zip(people, gaps, strict=True):
        assert gap >= SHORTEST * person.ideal_days - 1e-9
    if any(gap > SHORTEST * p.ideal_days + 0.01 * p.ideal_days for p, gap in zip(people, gaps, strict=True)):
        assert rate >= turns * 0.95


@given(everyone, st.floats(0.01, 5))
def test_nobody_is_beyond_the_maximum_unless_everybody_is_by_the_same_factor(
    people: list[Person], turns: float
) -> None:
    over = [gap / p.max_days for p, gap in zip(people, paces(people, turns), strict=True)]
    assert max(over) <= 1 + 1e-9 or max(over) - min(over) < 1e-9


def test_with_just_enough_turns_everybody_has_their_ideal_gap() -> None:
    people = [Person("Ana", 7, 14), Person("Bo", 14, 40), Person("Cy", 28, 30)]
    assert paces(people, 1 / 7 + 1 / 14 + 1 / 28) == pytest.approx([7, 14, 28], rel=0.01)


def test_it_says_how_many_more_blocks_a_week_the_gaps_take() -> None:
    """Ten people every week need ten turns; one block a week of two gives two, so four more blocks are missing."""
    found = shortage([Person(f"P{n}", 7, 14) for n in range(10)], blocks_a_week=1, pings=2)
    assert (found.wanted, found.needed, found.given) == (10, 5, 2)
    assert (found.more_for_ideal, found.more_for_max) == (4, 2)
    enough = shortage([Person("Ana", 7, 14)], 1, 1)
    assert (enough.more_for_ideal, enough.more_for_max) == (0, 0)


@given(
    st.integers(2, 120),
    st.integers(0, 120),
    st.floats(0.5, 3),
    st.lists(st.integers(0, 400), min_size=1, max_size=8, unique=True).map(sorted),
    st.integers(0, 200),
)
def test_target_days_keep_the_least_and_the_maximum_gap_and_rise_from_turn_to_turn(
    ideal: int, more: int, factor: float, met: list[int], later: int
) -> None:
    person = Person("Ana", ideal, ideal + more)
    clock = Clock(person, "ana", date.fromordinal(1))
    gap = max(factor * ideal, ideal / 2)
    around = round_of(clock, gap, [day + 1 for day in met], date.fromordinal(met[-1] + 1 + later))
    targets = [around.target(turn) for turn in range(6)]
    assert targets == sorted(targets)
    if not around.at_once:
        assert clock.least <= targets[0] - (met[-1] + 1)
        assert gap > person.max_days or targets[0] - (met[-1] + 1) <= person.max_days
    for turn in range(5):
        day = int(targets[turn])
        assert sum(around.allows(t, day) for t in range(7)) <= 1, "no day belongs to two turns"


def test_a_late_talk_moves_the_round_only_when_it_was_far_off_and_an_early_one_is_no_debt() -> None:
    clock = Clock(Person("Ana", 40, 80), "ana", date.fromordinal(1))
    regular = round_of(clock, 40, [100, 140, 180], date.fromordinal(181))
    assert regular.nominal(0) == 220
    assert round_of(clock, 40, [100, 140, 190], date.fromordinal(191)).nominal(0) == 220, "ten days late: caught up"
    assert round_of(clock, 40, [100, 140, 300], date.fromordinal(301)).nominal(0) == pytest.approx(322), "far too late"
    assert round_of(clock, 40, [100, 140, 150], date.fromordinal(151)).nominal(0) > 170, "one more talk, not one less"


def test_gaps_that_came_out_alike_make_the_next_target_count_more() -> None:
    clock = Clock(Person("Ana", 40, 80), "ana", date.fromordinal(1))
    assert round_of(clock, 40, [100, 140, 180], date.fromordinal(181)).weight > 1
    assert round_of(clock, 40, [100, 130, 180], date.fromordinal(181)).weight == 1


def test_the_first_turn_of_newcomers_is_spread_over_a_gap() -> None:
    people = [Person(f"P{n}", 30, 60) for n in range(60)]
    since = date(2026, 11, 10)
    firsts = {round_of(Clock(p, p.name.lower(), since), 30, [], since).target(0) for p in people}
    assert len(firsts) > 15
    assert all(0 <= first - since.toordinal() < 30 for first in firsts)
