"""What the leader promised: what, to whom, by when, how long it takes, and what came of it.

Pure. A promise is the leader's word; nothing here judges the person it was given to. docs/promises.md tells the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from calsync.model import require_aware

__all__ = ["LONGEST_MINUTES", "Promise", "PromiseState"]

LONGEST_MINUTES = 480
"""A working day: what takes longer is several promises, or no promise but a project."""


class PromiseState(StrEnum):
    """What came of a promise."""

    OPEN = "open"
    """It is still to be kept, whether or not its day is over."""
    KEPT = "kept"
    DROPPED = "dropped"
    """It is not going to be kept, and the leader said so."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise to `person`, who goes by name, of `minutes` of work before `due`.

    `made_at`, `due` and `closed_at` are aware instants; `closed_at` is None while it is open, else when it was kept or
    dropped. `text` is "" where it cannot be read. Raises ValueError for an instant without offset, and for minutes
    that no promise has.
    """

    id: int
    person: str
    text: str
    made_at: datetime
    due: datetime
    minutes: int
    state: PromiseState = PromiseState.OPEN
    closed_at: datetime | None = None

    def __post_init__(self) -> None:
        require_aware(self.made_at, "when a promise was made")
        require_aware(self.due, "when a promise is due")
        if self.closed_at is not None:
            require_aware(self.closed_at, "when a promise was closed")
        if not 1 <= self.minutes <= LONGEST_MINUTES:
            raise ValueError(f"a promise cannot take {self.minutes} minutes")
        object.__setattr__(self, "state", PromiseState(self.state))

    @property
    def is_open(self) -> bool:
        """True while it is neither kept nor dropped."""
        return self.state is PromiseState.OPEN

    def is_overdue(self, now: datetime) -> bool:
        """True when it is open and `now` is at or after its due instant."""
        return self.is_open and now >= self.due

    @property
    def is_late(self) -> bool:
        """True when it was kept after its due instant."""
        return self.state is PromiseState.KEPT and self.closed_at is not None and self.closed_at > self.due
