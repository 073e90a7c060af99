"""The cheapest matching: equal to trying everything on small cases, and proved by its own prices on large ones."""

from __future__ import annotations

import random
from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.people.flow import Job, Matching, cheapest

costs = st.dictionaries(st.integers(0, 3), st.integers(-20, 40), max_size=4)
jobs = st.lists(st.builds(Job, costs, st.integers(-10, 50)), max_size=5)
rooms = st.lists(st.integers(0, 2), min_size=4, max_size=4)


def by_trying_everything(jobs: list[Job], room: list[int]) -> int:
    best = None
    for places in product(*([None, *job.costs] for job in jobs)):
        used = Counter(place for place in places if place is not None)
        if all(count <= room[place] for place, count in used.items()):
            cost = sum(j.drop if p is None else j.costs[p] for j, p in zip(jobs, places, strict=True))
            best = cost if best is None else min(best, cost)
    assert best is not None
    return best


def assert_proved(jobs: list[Job], room: list[int], found: Matching) -> None:
    """Linear duality: no matching costs less than what the prices say, so one that costs just that is the cheapest."""
    used = Counter(place for place in found.places if place is not None)
    assert all(used[place] <= seats for place, seats in enumerate(room))
    assert all(price >= 0 for price in found.prices)
    least = sum(min([j.drop, *(c + found.prices[p] for p, c in j.costs.items() if room[p])]) for j in jobs)
    assert least - sum(price * seats for price, seats in zip(found.prices, room, strict=True)) == found.cost
    assert found.cost == sum(j.drop if p is None else j.costs[p] for j, p in zip(jobs, found.places, strict=True))


@given(jobs, rooms)
def test_it_costs_what_trying_everything_costs(jobs: list[Job], room: list[int]) -> None:
    found = cheapest(jobs, room)
    assert found.cost == by_trying_everything(jobs, room)
    assert_proved(jobs, room, found)


@pytest.mark.parametrize("seed", range(12))
def test_the_prices_prove_that_a_large_matching_is_the_cheapest(seed: int) -> None:
    rng = random.Random(seed)
    places = rng.choice((12, 24, 52))
    room = [rng.randrange(4) for _ in range(places)]
    jobs = [
        Job({p: rng.randrange(1000) for p in rng.sample(range(places), rng.randrange(1, 12))}, rng.randrange(400, 3000))
        for _ in range(rng.choice((40, 150, 300)))
    ]
    assert_proved(jobs, room, cheapest(jobs, room))


def test_a_job_for_which_any_place_costs_more_than_none_gets_none() -> None:
    assert cheapest([Job({0: 5}, 5), Job({0: 7}, 9)], [2]).places == (None, 0)


def test_taking_turns_makes_room_where_the_next_best_place_of_another_costs_less() -> None:
    found = cheapest([Job({0: 0, 1: 1}, 100), Job({0: 0, 1: 50}, 100)], [1, 1])
    assert (found.places, found.cost) == ((1, 0), 1)
    assert found.prices == (1, 0), "one more seat in the first place would save 1"


def test_nothing_to_place_costs_nothing() -> None:
    assert cheapest([], [1, 2]) == Matching((), 0, (0, 0))
    assert cheapest([Job({}, 7)], []) == Matching((None,), 7, ())
