"""The promises as the commands show them: each with the time that is set aside for it, or what would make room."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from calsync.desk import Desk
from calsync.errors import CalsyncError
from calsync.following import Booked, Outlook, Unkept, outlook
from calsync.model import Kind
from calsync.people.promises import Promise
from calsync.promises import promised
from calsync.state.store import Store

__all__ = ["Listing", "PromiseView", "Prospect", "asks_for_time", "listing", "prospect", "without_room"]


@dataclass(frozen=True, slots=True)
class PromiseView:
    """A promise with its `booked` times by start, and what is `short`, None where it fits or nothing was planned."""

    promise: Promise
    booked: tuple[Booked, ...]
    short: Unkept | None
    late: bool

    def as_json(self, desk: Desk) -> dict[str, Any]:
        """The documented keys of a promise in `promise list`; instants in the leader's zone."""
        one, short = self.promise, self.short
        return {
            "id": one.id,
            "person": one.person,
            "text": one.text or None,
            "due": desk.iso(one.due),
            "minutes": one.minutes,
            "state": one.state.value,
            "made_at": desk.iso(one.made_at),
            "closed_at": desk.iso(one.closed_at) if one.closed_at else None,
            "late": self.late,
            "booked": [{"start": desk.iso(b.start), "end": desk.iso(b.end), "minutes": b.minutes} for b in self.booked],
            "short": {"minutes": short.missing, "why": short.why, "room": list(short.room)} if short else None,
        }


@dataclass(frozen=True, slots=True)
class Listing:
    """The promises in the order in which they are shown, and what cannot be read."""

    views: list[PromiseView]
    problems: Sequence[CalsyncError]


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a promise that was just made or changed comes to: its own view, and those that no longer fit beside it.

    `planned` is False where no time is kept for promises yet.
    """

    view: PromiseView
    ousted: list[PromiseView]
    planned: bool


def listing(desk: Desk, *, everything: bool = False) -> Listing:
    """The open promises, first due first, and with `everything` the closed ones after them, newest first."""
    with Store(desk.state_folder, desk.now) as store:
        found, ahead = promised(desk, store), outlook(desk, store)
    waiting = sorted((p for p in found.promises if p.is_open), key=lambda p: (p.due, p.id))
    closed = sorted(
        (p for p in found.promises if not p.is_open), key=lambda p: (p.closed_at or p.due, p.id), reverse=True
    )
    shown = [*waiting, *(closed if everything else ())]
    return Listing([_view(desk, p, ahead) for p in shown], found.problems)


def without_room(desk: Desk) -> frozenset[int]:
    """The promises that do not fit as things are, by id."""
    with Store(desk.state_folder, desk.now) as store:
        return frozenset(outlook(desk, store).short)


def prospect(desk: Desk, number: int | None, before: Collection[int]) -> Prospect:
    """What the promise `number`, None for the newest, comes to; `before` did not fit already (see `without_room`)."""
    with Store(desk.state_folder, desk.now) as store:
        promises, ahead = {p.id: p for p in promised(desk, store).promises}, outlook(desk, store)
    id_ = max(promises) if number is None else number
    ousted = [_view(desk, promises[other], ahead) for other in sorted(ahead.short) if other not in {id_, *before}]
    return Prospect(_view(desk, promises[id_], ahead), ousted, ahead.planned)


def asks_for_time(desk: Desk) -> bool:
    """True when the configuration has blocks in which promises are kept."""
    return desk.config.block(Kind.FOLLOW_THROUGH) is not None


def _view(desk: Desk, promise: Promise, ahead: Outlook) -> PromiseView:
    late = promise.is_late or promise.is_overdue(desk.now)
    if not promise.is_open:
        return PromiseView(promise, (), None, late)
    booked = tuple(sorted(ahead.booked.get(promise.id, ()), key=lambda b: b.start))
    return PromiseView(promise, booked, ahead.short.get(promise.id), late)
