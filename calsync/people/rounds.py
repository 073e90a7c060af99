"""The days on which a person's turns should fall: regular over the months, surprising from turn to turn.

Each turn has a nominal day, one gap after the one before. The target day lies up to a slack before or after it, by a
number that is fixed for the person and the turn. Only a talk far from its nominal day moves the days after it: so turns
come out even over the year, and a talk missed or had between is no debt to be caught up with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from calsync.people.clocks import Clock, stable_number

__all__ = ["REGULAR", "SLACK", "Round", "round_of"]

SLACK = 0.25
"""How far a target day may lie from the nominal one, in gaps."""
_LEAST_REACH = 0.7
"""How far from it at least, in slacks."""
_PLAY = 0.45
"""How far a talk may be from its nominal day, in gaps, before the days of all turns after it move along."""
_ONE_TURN = 0.25
"""Two talks within so much of a gap are one turn."""
REGULAR = 10
"""How much more the target day counts of somebody whose last gaps were much the same."""
_AFRESH = 16
"""A side is drawn afresh every so many turns, and stays the same as the one before once in as many."""


@dataclass(frozen=True, slots=True)
class Round:
    """The turns of one person, numbered from 0, the next one. Days are ordinals.

    `gap` is the pace in days, `slack` the greatest distance of a target from its nominal day, `last` the day they
    were last met or will be for certain, `first` the nominal day of the next turn, which is its target too when it is
    wanted `at_once`. `count` is how many turns there were. `weight` is how much the
    target days of this person count beside those of others, `joined` the day they came into the rotation.
    """

    key: str
    gap: float
    slack: float
    least: int
    max_days: int
    last: int | None
    first: float
    next_limit: int
    count: int
    at_once: bool
    weight: int
    joined: int

    def nominal(self, turn: int) -> float:
        """The day of a turn without any surprise."""
        return self.first + turn * self.gap

    def target(self, turn: int) -> float:
        """The day that costs nothing."""
        if self.at_once and turn == 0:
            return self.first
        wish = self.nominal(turn) + self.slack * _reach(self.key, self.count + turn)
        if turn > 0 or self.last is None:
            return wish
        wish = max(wish, self.last + self.least)
        # Where the blocks do not even suffice for the maximum gaps, all are late alike.
        return wish if self.gap > self.max_days else min(wish, self.next_limit)

    def limit(self, turn: int) -> int:
        """The last day within the maximum gap."""
        if turn == 0:
            return self.next_limit
        return int(self.nominal(turn) - self.gap + max(self.max_days, self.gap))

    def allows(self, turn: int, day: int, told: int | None = None) -> bool:
        """True when the turn may take place on that day at all: half a gap around its nominal day.

        The next turn may be earlier. `told` is the turn that the leader was told for a block of that day: no other may
        have it then. No day belongs to two turns of one person.
        """
        if self.last is not None and day - self.last < self.least:
            return False
        if told is not None:
            return turn == told
        nominal = self.nominal(turn)
        return day < nominal + self.gap / 2 and (turn == 0 or day >= nominal - self.gap / 2)

    def leaves_others(self, day: int) -> bool:
        """True when the next turn, had on that day, leaves the nominal days of all turns after it where they are.

        A first turn has none after it that anybody could count on yet.
        """
        if self.last is None:
            return True
        return day - self.last >= self.gap * _ONE_TURN and day >= self.nominal(0) - _PLAY * self.gap


def round_of(clock: Clock, gap: float, met: Sequence[int], today: date) -> Round:
    """The round of one person at a pace of `gap` days, after they were met on the days `met`, in order."""
    now = today.toordinal()
    person = clock.person
    least = clock.least
    slack = max(0.0, min(SLACK * gap, (gap - least) / 2, (person.max_days - gap) / 2))
    last = met[-1] if met else None
    if last is None:
        # Spread over a gap, so that thirty people added on one evening do not all come at once.
        first = clock.start + (clock.spread * gap / person.ideal_days)
        limit = clock.max_on
    else:
        first = _nominal(met, gap) + gap
        limit = last + person.max_days
    earliest = max(now, clock.hold.toordinal()) if clock.hold is not None and not clock.paused else now
    overdue = first + slack < earliest
    # Whoever is late is due now, once: the turns they missed are gone.
    return Round(
        key=clock.key,
        gap=gap,
        slack=slack,
        least=least,
        max_days=person.max_days,
        last=last,
        first=float(earliest) if overdue else first,
        next_limit=limit,
        count=len(met),
        at_once=last is None or overdue,
        joined=clock.since.toordinal(),
        weight=REGULAR if _is_regular(met, gap) else 1,
    )


def _nominal(met: Sequence[int], gap: float) -> float:
    """The nominal day of the last talk: where regular turns would have put it, moved as little as the talks ask for."""
    nominal = float(met[0])
    for before, day in pairwise(met):
        # Two talks within a few days are one turn.
        step = gap if day - before >= gap * _ONE_TURN else 0.0
        nominal = min(max(nominal + step, day - _PLAY * gap), day + _PLAY * gap)
    return nominal


def _is_regular(met: Sequence[int], gap: float) -> bool:
    """True when the last two gaps were much the same: the next one should not be."""
    return len(met) > 2 and abs(met[-1] - 2 * met[-2] + met[-3]) < gap / 3


def _reach(key: str, turn: int) -> float:
    """How far from its nominal day a target lies, in slacks: always the same for a person and a turn.

    Nearly always on the other side than the one before, and never near the middle: a few gaps in a row that are much
    the same could be foretold.
    """
    # Counted from the last turn whose side is drawn afresh, so that it can be told without all those before it.
    fresh = turn - turn % _AFRESH
    side = 1 if stable_number(f"{key} {fresh} side") % 2 else -1
    for step in range(fresh + 1, turn + 1):
        if stable_number(f"{key} {step} stays") % _AFRESH:
            side = -side
    return side * (_LEAST_REACH + (1 - _LEAST_REACH) * stable_number(f"{key} {turn}") / float(1 << 48))
