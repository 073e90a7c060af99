"""What asking somebody before a change may cost others: no day beyond their maximum gap.

The weight that asking has in the plan is a sum over everybody, and a sum cannot promise that (see assignment.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from calsync.people.clocks import Clock

__all__ = ["Standing", "best_plan"]

P = TypeVar("P")

_PARTS = 6
"""So many parts are tried where not everybody can be asked at once: each is one plan more to be made."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How long each clock's person waits in a plan that ends on day `end`. Days are ordinals.

    `turns` are the days of everybody's turns that the plan has, in order, by the number of their clock.
    """

    turns: Mapping[int, Sequence[int]]
    end: int

    def beyond(self, clock: Clock, number: int, turns: int | None = None) -> int:
        """By how many days the gaps before the first so many turns are longer than the maximum, all taken together.

        None: all, and the one that is open at the end.
        """
        days = list(self.turns.get(number, ()))
        ends = [*days, self.end] if turns is None else [*days, self.end][:turns]
        last, sum_ = clock.start, 0
        for day in ends:
            sum_ += max(0, day - last - clock.person.max_days)
            last = day
        return sum_


def best_plan(clocks: Sequence[Clock], plan: Callable[[Sequence[Clock]], P], standing: Callable[[P], Standing]) -> P:
    """The plan that asks most people before their change is announced, among those in which nobody pays for it with a
    day beyond their maximum gap that they would not wait otherwise.

    `plan` makes the plan for clocks one for one like `clocks`, `standing` tells how people stand in one. Where not
    everybody can be asked at the cost of nobody, it is tried with a few of them at a time, the nearest change first.
    """

    def asking(wanted: Collection[int]) -> P:
        return plan([c if n in wanted else replace(c, before=None) for n, c in enumerate(clocks)])

    best = asking(())
    without = standing(best)
    most = _asked_in_time(clocks, without)
    everybody = _wanted(clocks)
    size = -(-len(everybody) // _PARTS)
    groups = [everybody[at : at + size] for at in range(0, len(everybody), size)] if size > 0 else []
    wanted: list[int] = []
    for group in [everybody, *(groups if len(groups) > 1 else [])]:
        tried = asking([*wanted, *group])
        now = standing(tried)
        asked = _asked_in_time(clocks, now)
        if asked >= most and not _harms(clocks, without, now):
            best, most = tried, asked
            wanted += group
        if len(wanted) == len(everybody):
            break
    return best


def _harms(clocks: Sequence[Clock], without: Standing, asking: Standing) -> bool:
    """True when somebody waits longer beyond their maximum in the plan `asking` than in the one `without`.

    Of those who are to be asked only their next turn counts: the one after it is later for being asked early.
    """
    for number, clock in enumerate(clocks):
        turns = None if clock.before is None else 1
        if asking.beyond(clock, number, turns) > without.beyond(clock, number, turns):
            return True
    return False


def _asked_in_time(clocks: Sequence[Clock], plan: Standing) -> int:
    """How many of those who are to be asked have a turn before their change is announced."""
    return sum(
        any(day < clock.before.toordinal() for day in plan.turns.get(number, ()))
        for number, clock in enumerate(clocks)
        if clock.before is not None
    )


def _wanted(clocks: Sequence[Clock]) -> list[int]:
    """Those who are to be asked, by number: whose change comes first, first."""
    rows = sorted((clock.before, clock.key, n) for n, clock in enumerate(clocks) if clock.before is not None)
    return [number for _, _, number in rows]
