"""What the leader noted of a talk: how it felt, in words, and what was left open to come back to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from calsync.model import require_aware

__all__ = ["FEELS", "Talk", "open_thread"]

FEELS = range(1, 6)
"""How a talk can have felt to the leader: 1 is worst, 5 is best."""


@dataclass(frozen=True, slots=True)
class Talk:
    """What was noted of one talk with `person`, who goes by name. `at` is an aware instant.

    `feel` is one of FEELS or None; `thread` is what to ask about next time, "" for nothing, and `thread_open` says
    whether that has still to be asked. Raises ValueError for an instant without offset and for any other feel.
    """

    person: str
    at: datetime
    feel: int | None = None
    note: str = ""
    thread: str = ""
    thread_open: bool = False

    def __post_init__(self) -> None:
        require_aware(self.at, "when a talk was")
        if self.feel is not None and self.feel not in FEELS:
            raise ValueError(f"a talk cannot have felt like {self.feel}: it is 1 to 5")


def open_thread(talks: Iterable[Talk]) -> Talk | None:
    """The newest talk whose thread is still open; None when nothing is."""
    waiting = [talk for talk in talks if talk.thread and talk.thread_open]
    return max(waiting, key=lambda talk: (talk.at, talk.thread), default=None)
