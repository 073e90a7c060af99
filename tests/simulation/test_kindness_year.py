"""Idea 12: a year of kindness for 1000 leaders, with the acts that calsync ships.

None comes twice within a year, every sort of act has at least a tenth of them, a gap of ten days changes no later one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from random import Random
from statistics import median

import pytest

from calsync.acts import shipped
from calsync.people.acts import DIMENSIONS, Act
from calsync.people.kindness import EVERY, QUIET_DAYS, Given, Kindness, first_day
from calsync.people.spread import RING, ring_of

SHELF = shipped()
STARTS = (date(2026, 12, 7), date(2027, 1, 1), date(2028, 2, 1), date(2032, 6, 15))


def days_of(start: date, every: str) -> list[date]:
    """The first days of the year's acts: 365, or 52 weeks."""
    first = first_day(start, every)
    return [first + timedelta(n * EVERY[every]) for n in range(365 if every == "day" else 52)]


def judge(acts: Iterable[Act]) -> float:
    """The least part that a sort of act has in a year; a repeat is an error."""
    year = list(acts)
    assert len({act.key for act in year}) == len(year), "no act comes twice"
    counts = [Counter(getattr(act, dimension) for act in year) for dimension in DIMENSIONS]
    values = zip(counts, DIMENSIONS.values(), strict=True)
    return min(count[value] for count, of in values for value in of) / len(year)


def lived(kindness: Kindness, days: list[date], away: range, chance: Random) -> tuple[list[Act], list[Given]]:
    """A year as the leader lives it: what they were given day by day, skips included, and what is kept of it."""
    met, rows = [], []
    for n, day in enumerate(days):
        act = kindness.knowing(rows).act_for(day)
        assert act is not None
        met.append(act)
        if n in away:
            continue
        if chance.random() < 0.04:
            rows.append(Given(day, act.key, "skipped"))
            act = kindness.knowing(rows).another(day)
        if act is not None:
            rows.append(Given(day, act.key, "done" if chance.random() < 0.5 else "told"))
    return met, rows


def years(every: str, leaders: Iterable[int]) -> float:
    """The least part of any sort in the years of those leaders; what must hold is judged on the way."""
    least = 1.0
    for leader in leaders:
        chance = Random(leader)
        kindness = Kindness(SHELF, f"leader-{leader}@example.com", every)
        days = days_of(STARTS[leader % len(STARTS)] + timedelta(leader), every)
        planned = list(kindness.acts_between(days[0], days[-1]).values())
        least = min(least, judge(act for act in planned if act is not None))
        # Ten days, or for a leader with an act a week as many as are in them, without a look and without an entry.
        length = 10 if every == "day" else 2
        begin = chance.randrange(len(days) - length)
        met, rows = lived(kindness, days, range(begin, begin + length), chance)
        assert met == planned, "nothing that was done, skipped or missed has changed an act"
        given = [row.act for row in rows]
        assert len(set(given)) == len(given), "nor has an act that was given instead come twice"
        after = [days[-1] + timedelta(n * EVERY[every]) for n in range(1, 30)]
        for day in after:
            act = kindness.knowing(rows).act_for(day)
            earlier = [row.day for row in rows if act is not None and row.act == act.key]
            assert all((day - one).days > QUIET_DAYS[every] for one in earlier), "nor does one come soon after it"
    return least


@pytest.mark.parametrize("every", EVERY)
def test_a_year_of_kindness_for_a_few_leaders(every: str) -> None:
    assert years(every, range(0, 1000, 90)) >= 0.1
    assert QUIET_DAYS[every] >= 365


def test_when_one_act_goes_with_an_upgrade_a_twentieth_of_the_others_move_at_most_in_the_middle() -> None:
    moved = []
    for leader in range(4):
        ring = ring_of(SHELF, str(leader))
        for gone in range(leader, len(SHELF), 40):
            other = ring_of([*SHELF[:gone], *SHELF[gone + 1 :]], str(leader))
            moved.append(sum(one != two for one, two in zip(ring, other, strict=True)))
    assert median(moved) <= RING / 20


@pytest.mark.slow
@pytest.mark.parametrize("every", EVERY)
def test_a_year_of_kindness_for_a_thousand_leaders(every: str) -> None:
    assert years(every, range(1000)) >= 0.1
