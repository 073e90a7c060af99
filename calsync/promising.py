"""The promises as the commands show them: each with the time that is set aside for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calsync.desk import Desk
from calsync.errors import CalsyncError
from calsync.people.promises import Promise
from calsync.promises import promised
from calsync.state.store import Store, TimeRow

__all__ = ["Listing", "PromiseView", "listing"]


@dataclass(frozen=True, slots=True)
class PromiseView:
    """A promise with its `booked` times by start; `late` when it was kept after its due instant or is overdue."""

    promise: Promise
    booked: tuple[TimeRow, ...]
    late: bool

    def as_json(self, desk: Desk) -> dict[str, Any]:
        """The documented keys of a promise in `promise list`; instants in the leader's zone."""
        one = self.promise
        return {
            "id": one.id,
            "person": one.person,
            "text": one.text or None,
            "due": _said(desk, one.due),
            "minutes": one.minutes,
            "state": one.state.value,
            "made_at": _said(desk, one.made_at),
            "closed_at": _said(desk, one.closed_at) if one.closed_at else None,
            "late": self.late,
            "booked": [
                {"start": _said(desk, b.start), "end": _said(desk, b.end), "minutes": b.minutes} for b in self.booked
            ],
            "short": None,
        }


@dataclass(frozen=True, slots=True)
class Listing:
    """The promises in the order in which they are shown, and what cannot be read."""

    views: list[PromiseView]
    problems: Sequence[CalsyncError]


def listing(desk: Desk, *, everything: bool = False) -> Listing:
    """The open promises, first due first, and with `everything` the closed ones after them, newest first."""
    with Store(desk.state_folder, desk.now) as store:
        found, times = promised(desk, store), store.promise_time()
    waiting = sorted((p for p in found.promises if p.is_open), key=lambda p: (p.due, p.id))
    closed = sorted(
        (p for p in found.promises if not p.is_open), key=lambda p: (p.closed_at or p.due, p.id), reverse=True
    )
    shown = [*waiting, *(closed if everything else ())]
    return Listing([_view(desk, p, times) for p in shown], found.problems)


def _view(desk: Desk, promise: Promise, times: Sequence[TimeRow]) -> PromiseView:
    booked = [row for row in times if row.promise == promise.id and row.end > desk.now and promise.is_open]
    return PromiseView(promise, tuple(booked), promise.is_late or promise.is_overdue(desk.now))


def _said(desk: Desk, instant: datetime) -> str:
    return instant.astimezone(desk.config.zone).isoformat()
