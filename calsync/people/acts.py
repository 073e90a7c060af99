"""Acts of kindness: what one of them is, and the words that sort them. Pure.

docs/kindness.md tells the leader what the words mean; which act is for which day or week is in calsync.people.kindness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["CHANNELS", "COSTS", "DIMENSIONS", "EFFORTS", "MOMENT", "MOST_MINUTES", "REACHES", "SHORT", "TIES", "Act"]

TIES = ("report", "peer", "skip-level", "support", "outside")
"""Whom an act is for: who reports to the leader, a peer, somebody a level away, support staff, somebody outside."""

EFFORTS = ("moment", "short", "longer")
"""How long an act takes, told from its minutes."""

CHANNELS = ("person", "call", "message", "paper", "deed")
"""How an act reaches somebody: face to face, by voice, in writing on a screen, on paper, or as something done."""

REACHES = ("public", "private")
"""Whether others see whom the act is for."""

COSTS = ("free", "small")
"""Whether an act costs money: nothing, or about as much as a coffee."""

MOMENT = 2
SHORT = 5
MOST_MINUTES = 20
"""The most minutes of an act that takes a moment, of a short one, and of any."""

DIMENSIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"tie": TIES, "effort": EFFORTS, "channel": CHANNELS, "reach": REACHES}
)
"""In what a year of acts is spread: the attribute of an Act, with its values."""


@dataclass(frozen=True, slots=True)
class Act:
    """One small act of kindness, as a cue in plain words.

    `key` never changes; `minutes` is 1 to MOST_MINUTES; `cost` is one of COSTS, `channel` of CHANNELS, `reach` of
    REACHES, `tie` of TIES. `needs_person` is True where the act is for one person by name. `evidence` is a key of
    docs/topics.md (it may be empty for the leader's own acts, which are `own`).
    """

    key: str
    text: str
    minutes: int
    cost: str
    channel: str
    reach: str
    tie: str
    needs_person: bool
    evidence: str
    own: bool = False

    @property
    def effort(self) -> str:
        """One of EFFORTS."""
        return "moment" if self.minutes <= MOMENT else "short" if self.minutes <= SHORT else "longer"
