"""What each turn costs in the plan: too early, too late, unfair, past the maximum; and what is saved by staying.

docs/rotation.md tells the leader; `who --explain` shows these weights.
"""

from __future__ import annotations

from collections.abc import Mapping

from calsync.people.rounds import Round

__all__ = ["KEPT", "LONGEST", "SOON", "WEIGHTS", "loss", "price"]

WEIGHTS: Mapping[str, int] = {
    "early": 60_000,
    "late": 120_000,
    "far": 1_000_000,
    "empty": 400_000,
    "past_max": 1_000_000,
    "asked": 900_000,
}
"""What a turn costs: `early` and `late` for a whole gap before or after its target day, `far` for a whole gap further
from its nominal day than is fair to others, `empty` for a place of the coming fortnight that stays free, `past_max` for
one day, `asked` for the turn of somebody who is to be asked about a change that is not before its announcement.

Past the maximum every day costs the same for everybody, whatever their gaps: so to exchange somebody within their ideal
gap for somebody past their maximum never costs more than it saves.
"""
KEPT = ((7, 10**8), (14, 250_000), (28, 150_000), (10**9, 6_000))
"""What is saved by leaving a person where the leader was told, by how many days ahead that is at most.

In the coming week nothing but the two rules moves anybody: the leader has seen those names.
"""

_NEAR = 0.35
"""How far from its nominal day, in gaps, a turn may be before it costs somebody a turn in a year."""
LONGEST = 1_000
"""What the square of the days past the maximum adds: of two who are past it, the one who waits longer comes first."""
SOON = 14
"""In so many days a place should not stay free while anybody may be named."""


def price(around: Round, turn: int, day: int) -> int:
    """What the turn costs on that day, in the unit of WEIGHTS."""
    past = max(0, day - around.limit(turn))
    # Past the maximum only the days past it count, so that they count the same for everybody.
    on_time = day - past
    off = on_time - around.target(turn)
    far = max(0.0, abs(on_time - around.nominal(turn)) / around.gap - _NEAR)
    slope = WEIGHTS["early"] if off < 0 else WEIGHTS["late"]
    if around.last is None and turn == 0 and off < 0:
        # A first turn takes a free place gladly, the sooner the better, and pushes nobody aside for it.
        slope, off, far = WEIGHTS["early"] // 10, on_time - around.joined, 0.0
    waited = int(around.weight * slope * abs(off) / around.gap + WEIGHTS["far"] * far)
    return waited + WEIGHTS["past_max"] * past + LONGEST * past * past


def loss(around: Round, turn: int, end: int) -> int:
    """What it costs to give a turn no place: as much as to have it just after the end; before it, less than nothing."""
    target = around.target(turn)
    cost = price(around, turn, end)
    return cost if target <= end else cost - 2 * int(around.weight * WEIGHTS["early"] * (target - end) / around.gap)
