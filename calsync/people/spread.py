"""The order in which acts of kindness come round: each once, and every sort of act in every stretch of a year. Pure.

The acts stand in a ring of places, a day or a week each. First every place is given a wish (a tie, an effort, a channel
and a reach), by four steps round the ring which make what there is much of come often and what there is little of come
seldom, but both regularly. Then the places choose the acts that come nearest to their wishes. Where a year of 52 places
still has too few of a sort, two acts change places that are otherwise alike. Nothing is left to chance, and a few acts
more or less move few of the others.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from math import gcd
from operator import ne

from calsync.people.acts import DIMENSIONS, Act
from calsync.people.clocks import stable_number

__all__ = ["LEAST", "RING", "WEEKS", "ring_of", "sorts_of"]

RING = 366
"""How many places the ring has, if there are as many acts: as many as the longest year has days."""
WEEKS = 52
"""The acts of a year with one a week."""
LEAST = 6
"""So many of WEEKS acts in a row are of each sort at least, wherever one begins: more than a tenth."""

_STEPS = (0.6180339887, 0.7548776662, 0.4142135624, 0.8191725134)
"""How far round the ring it is from one place to the next, by dimension: fractions that are near no simple one."""
_PARTS = 25
"""The places wish for sorts in so many parts of all: so coarsely that an act more or less seldom changes a wish."""
_ORDER_OF_CHOICE = 0.3819660113
_PRIME = (1 << 61) - 1
_ROUNDS = 400
_TRIES = 400
_MOST_DIFFERENT = 2
"""The bounds of the search: far more than it needs with the acts that calsync ships."""

Sorts = tuple[str, ...]


def sorts_of(act: Act) -> Sorts:
    """What an act counts as: one value of each dimension, in the order of DIMENSIONS."""
    return tuple(getattr(act, dimension) for dimension in DIMENSIONS)


def ring_of(acts: Iterable[Act], seed: str) -> tuple[Act, ...]:
    """The acts in their order for a leader with that `seed`: RING of them, or all where there are fewer.

    The leader's own acts are in it first; which of the others are left out differs from seed to seed. The order of
    `acts` is irrelevant.
    """
    drawn = sorted((not act.own, stable_number(f"{seed}\n{act.key}"), act.key) for act in acts)
    known = {act.key: act for act in acts}
    members = [(number, known[key]) for _, number, key in drawn[:RING]]
    if not members:
        return ()
    offsets = [stable_number(f"{seed}\n{dimension}") for dimension in DIMENSIONS]
    ring = _seated(members, _wishes(members, offsets), offsets[0])
    _Repair(ring).run()
    return tuple(ring)


def _coprime(count: int, fraction: float) -> int:
    """The number nearest above `fraction` of `count` that leads round all places of the ring."""
    step = max(1, round(count * fraction))
    while gcd(step, count) != 1:
        step += 1
    return step


def _wishes(members: Sequence[tuple[int, Act]], offsets: Sequence[int]) -> list[Sorts]:
    """What each place wishes for: every sort in about the part that it has of the acts."""
    count = len(members)
    columns = []
    for (dimension, values), fraction, offset in zip(DIMENSIONS.items(), _STEPS, offsets, strict=True):
        step = _coprime(count, fraction)
        there = Counter(getattr(act, dimension) for _, act in members)
        parts = [round(_PARTS * there[value] / count) for value in values]
        bounds = list(accumulate(parts))
        places = ((offset + place * step) % count * bounds[-1] // count for place in range(count))
        columns.append([values[bisect_right(bounds, at)] for at in places])
    return list(zip(*columns, strict=True))


def _seated(members: Sequence[tuple[int, Act]], wishes: Sequence[Sorts], offset: int) -> list[Act]:
    """Let the places choose: first those for whose wish there is an act, then the others whatever comes nearest."""
    left: dict[Sorts, list[tuple[int, Act]]] = {}
    for number, act in members:
        left.setdefault(sorts_of(act), []).append((number, act))
    count = len(members)
    step = _coprime(count, _ORDER_OF_CHOICE)
    seats: dict[int, Act] = {}

    def take(place: int, sorts: Iterable[Sorts]) -> None:
        _, number, at = min(
            ((2 * place + 1) * number % _PRIME, sort, index)
            for sort in sorts
            for index, (number, _) in enumerate(left[sort])
        )
        seats[place] = left[number].pop(at)[1]

    later = []
    for place in ((offset + turn * step) % count for turn in range(count)):
        if left.get(wishes[place]):
            take(place, [wishes[place]])
        else:
            later.append(place)
    for place in later:
        distances = {sort: _distance(sort, wishes[place]) for sort, acts in left.items() if acts}
        nearest = min(distances.values())
        take(place, [sort for sort, distance in distances.items() if distance == nearest])
    return [seats[place] for place in range(count)]


def _distance(one: Sorts, other: Sorts) -> int:
    return sum(weight for weight, a, b in zip((4, 2, 3, 2), one, other, strict=True) if a != b)


class _Repair:
    """Acts change places until no stretch of the ring has too few of a sort, as far as there are enough of it."""

    def __init__(self, ring: list[Act]) -> None:
        self.ring = ring
        self.sorts = [
            tuple(f"{dimension} {value}" for dimension, value in zip(DIMENSIONS, sorts_of(act), strict=True))
            for act in ring
        ]
        self.places: dict[str, list[int]] = {}
        for place, sorts in enumerate(self.sorts):
            for sort in sorts:
                self.places.setdefault(sort, []).append(place)
        self.least = {sort: self._least(len(places)) for sort, places in self.places.items()}

    def _least(self, there: int) -> int:
        return min(LEAST, there * WEEKS // len(self.ring))

    def run(self) -> None:
        if len(self.ring) <= WEEKS:
            return
        for _ in range(_ROUNDS):
            if not any(self._mend(*gap) for gap in self._gaps()):
                break
        for place in range(len(self.ring)):
            if self._clashes(place):
                self._part(place)

    def _gaps(self) -> Iterator[tuple[str, int, int]]:
        """Each sort that is missing, with the place before and the place after the stretch that lacks it."""
        for sort in sorted(self.places):
            for before, after in self._stretches(sort):
                if after - before > WEEKS:
                    yield sort, before, after

    def _stretches(self, sort: str) -> Iterator[tuple[int, int]]:
        """Each stretch between two places of a sort with one less than its least between them."""
        places, least, count = self.places[sort], self.least[sort], len(self.ring)
        if not least:
            return
        for at, before in enumerate(places):
            rounds, index = divmod(at + least, len(places))
            yield before, places[index] + rounds * count

    def _missing(self, sort: str) -> int:
        """By how many places all its stretches together are too long."""
        return sum(max(0, after - before - WEEKS) for before, after in self._stretches(sort))

    def _mend(self, sort: str, before: int, after: int) -> bool:
        """Bring one more of `sort` into the stretch; False when that would only move the trouble elsewhere."""
        count = len(self.ring)
        inside = [at % count for at in range(before + 1, after) if sort not in self.sorts[at % count]]
        alike: dict[Sorts, list[int]] = {}
        theirs = self.places[sort]
        dimension = self.sorts[theirs[0]].index(sort)
        for here in inside:
            alike.setdefault(_without(self.sorts[here], dimension), []).append(here)
        # Acts that differ in nothing else first: all other sorts stay as they are.
        pairs = [(here, there) for there in theirs for here in alike.get(_without(self.sorts[there], dimension), ())]
        if self._swap_any(pairs):
            return True
        return self._swap_any(
            (here, there)
            for there in theirs
            for here in inside
            if sum(map(ne, self.sorts[here], self.sorts[there])) == _MOST_DIFFERENT
        )

    def _swap_any(self, pairs: Iterable[tuple[int, int]]) -> bool:
        """Swap the nearest two that are better for it; False when none are."""
        nearest = sorted((self._apart(here, there), here, there) for here, there in pairs)
        return any(self._swap_if_better(here, there) for _, here, there in nearest[:_TRIES])

    def _apart(self, one: int, other: int) -> int:
        straight = abs(one - other)
        return min(straight, len(self.ring) - straight)

    def _swap_if_better(self, one: int, other: int) -> bool:
        touched = set(self.sorts[one]) ^ set(self.sorts[other])
        before = sum(map(self._missing, touched)), self._clashes(one) + self._clashes(other)
        self._swap(one, other)
        if (sum(map(self._missing, touched)), self._clashes(one) + self._clashes(other)) < before:
            return True
        self._swap(one, other)
        return False

    def _swap(self, one: int, other: int) -> None:
        for place, sorts in ((one, self.sorts[one]), (other, self.sorts[other])):
            for sort in sorts:
                places = self.places[sort]
                del places[bisect_left(places, place)]
        self.ring[one], self.ring[other] = self.ring[other], self.ring[one]
        self.sorts[one], self.sorts[other] = self.sorts[other], self.sorts[one]
        for place in (one, other):
            for sort in self.sorts[place]:
                insort(self.places[sort], place)

    def _clashes(self, place: int) -> int:
        """How many of the two neighbours have the same tie and channel."""
        count = len(self.ring)
        here = self.ring[place]
        around = (self.ring[place - 1], self.ring[(place + 1) % count])
        return sum(act.tie == here.tie and act.channel == here.channel for act in around)

    def _part(self, place: int) -> None:
        """Move an act away from a neighbour like it, as near as that goes."""
        count = len(self.ring)
        near = sorted(range(count), key=lambda other: (self._apart(place, other), other))
        for other in near[1:_TRIES]:
            if self._swap_if_better(place, other):
                return


def _without(sorts: Sorts, dimension: int) -> Sorts:
    return (*sorts[:dimension], *sorts[dimension + 1 :])
