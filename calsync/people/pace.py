"""How often each person can really be met with the blocks that there are, and how many blocks are missing.

The gaps that the leader asked for and the number of turns that the blocks give hardly ever agree. All gaps are
stretched or shortened by one factor until they do: nobody beyond the maximum while others have room, nobody sooner than
half the ideal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from calsync.model import Person

__all__ = ["SHORTEST", "Shortage", "paces", "shortage"]

SHORTEST = 0.5
"""The least factor: a turn that nobody needs stays free rather than being spent on somebody met just now."""
_STEP = 1.08
"""Paces change by this factor or not at all: one person more or less should not move the turns of all others."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """How the gaps and the blocks agree, in turns and blocks a week.

    `wanted` are the turns that keep everybody within the ideal gap, `needed` within the maximum; `given` are those that
    the blocks have. `more_for_ideal` and `more_for_max` are blocks a week to add.
    """

    wanted: float
    needed: float
    given: float
    more_for_ideal: int
    more_for_max: int


def paces(people: Sequence[Person], turns_a_day: float) -> list[float]:
    """The gap in days at which each of `people` comes up, one for one, when `turns_a_day` are given to them."""
    if not people or turns_a_day <= 0:
        return [float(person.max_days) for person in people]
    at_max = sum(1 / person.max_days for person in people)
    if at_max >= turns_a_day:
        # Not even the maximum gaps can be kept: all are late by the same factor.
        return [person.max_days * at_max / turns_a_day for person in people]
    furthest = max(person.max_days / person.ideal_days for person in people)
    factor = _factor(
        lambda f: sum(1 / min(f * p.ideal_days, p.max_days) for p in people), SHORTEST, furthest, turns_a_day
    )
    factor = max(SHORTEST, _STEP ** round(math.log(factor, _STEP)))
    return [min(factor * person.ideal_days, float(person.max_days)) for person in people]


def shortage(people: Sequence[Person], blocks_a_week: float, pings: int) -> Shortage:
    """What `people` ask for against `blocks_a_week` blocks of `pings` turns each."""
    wanted = round(7 * sum(1 / person.ideal_days for person in people), 2)
    needed = round(7 * sum(1 / person.max_days for person in people), 2)
    given = blocks_a_week * pings
    return Shortage(wanted, needed, given, *(_more(turns - given, pings) for turns in (wanted, needed)))


def _factor(rate: Callable[[float], float], low: float, high: float, wanted: float) -> float:
    """Where the falling `rate` meets `wanted` between `low` and `high`, to a thousandth; the nearer end beyond them."""
    if rate(low) <= wanted:
        return low
    while high - low > 0.001:
        middle = (low + high) / 2
        if rate(middle) > wanted:
            low = middle
        else:
            high = middle
    return high


def _more(turns: float, pings: int) -> int:
    # A tenth of a turn a week is a rounding error of the calendar, not a block too few.
    return max(0, math.ceil((turns - 0.1) / pings)) if pings else 0
