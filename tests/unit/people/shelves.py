"""Made-up shelves of acts of kindness for the tests of how they are chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

from calsync.people.acts import DIMENSIONS, Act

_MINUTES = {"moment": 2, "short": 4, "longer": 12}


def shelf_of(count: int, seed: int, least: float = 0.14) -> list[Act]:
    """`count` acts with a lopsided mix in which every sort still has a part of `least`."""
    rng = Random(seed)
    while True:
        columns = {dimension: _column(values, count, rng) for dimension, values in DIMENSIONS.items()}
        acts = [
            Act(
                key=f"act-{number:03}",
                text=f"Do the small thing number {number}.",
                minutes=_MINUTES[columns["effort"][number]],
                cost="free",
                channel=columns["channel"][number],
                reach=columns["reach"][number],
                tie=columns["tie"][number],
                needs_person=rng.random() < 0.7,
                evidence="E10",
            )
            for number in range(count)
        ]
        if all(number >= least * count for dimension in DIMENSIONS for number in counted(acts, dimension).values()):
            return acts


def counted(acts: Sequence[Act], dimension: str) -> dict[str, int]:
    """How many of `acts` there are of each value, also of those that none has."""
    found = Counter(getattr(act, dimension) for act in acts)
    return {value: found[value] for value in DIMENSIONS[dimension]}


def _column(values: Sequence[str], count: int, rng: Random) -> list[str]:
    wild = [rng.random() ** 1.5 for _ in values]
    free = 1 - 0.15 * len(values)
    return rng.choices(values, [0.15 + free * weight / sum(wild) for weight in wild], k=count)
