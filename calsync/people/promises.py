"""What the leader promised: what, to whom, by when, how long it takes, and what came of it.

Pure. A promise is the leader's word; nothing here judges the person it was given to. docs/promises.md tells the rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from calsync.model import require_aware
from calsync.people.wording import days

__all__ = [
    "DAY_ENDS",
    "LONGEST_MINUTES",
    "Account",
    "Promise",
    "PromiseState",
    "account",
    "day_words",
    "due_words",
    "openings",
    "overdue_words",
]

LONGEST_MINUTES = 480
"""A working day: what takes longer is several promises, or no promise but a project."""
DAY_ENDS = time(23, 59)
"""The hour of what is due on a day: its last minute, so that it never has the date of the day after."""
_UNREADABLE = "something whose words cannot be read"


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
        """True when it is open and `now` is after its due instant."""
        return self.is_open and now > self.due

    @property
    def is_late(self) -> bool:
        """True when it was kept after its due instant."""
        return self.state is PromiseState.KEPT and self.closed_at is not None and self.closed_at > self.due


@dataclass(frozen=True, slots=True)
class Account:
    """How the leader kept their word in a period; docs/report.md defines each figure.

    `made` were given in it; `kept_in_time`, `kept_late` and `dropped` were closed in it; `open` and `overdue` are so
    now.
    """

    made: int = 0
    kept_in_time: int = 0
    kept_late: int = 0
    dropped: int = 0
    open: int = 0
    overdue: int = 0

    @property
    def settled(self) -> int:
        """Those that were closed, or ought to have been by now."""
        return self.kept_in_time + self.kept_late + self.dropped + self.overdue

    @property
    def rate(self) -> float | None:
        """The part of the settled ones that was kept in time; None without any."""
        return round(self.kept_in_time / self.settled, 3) if self.settled else None


def account(promises: Iterable[Promise], start: date, now: datetime, zone: ZoneInfo) -> Account:
    """The account of the local days from `start` to now. What was dropped on the day it was made was a slip."""
    counts = dict.fromkeys(("made", "kept_in_time", "kept_late", "dropped", "open", "overdue"), 0)
    for promise in promises:
        made = promise.made_at.astimezone(zone).date()
        closed = None if promise.closed_at is None else promise.closed_at.astimezone(zone).date()
        if promise.made_at > now or (promise.state is PromiseState.DROPPED and closed == made):
            continue
        counts["made"] += made >= start
        if promise.is_open:
            counts["overdue" if promise.is_overdue(now) else "open"] += 1
        elif closed is not None and closed >= start:
            late = "kept_late" if promise.is_late else "kept_in_time"
            counts["dropped" if promise.state is PromiseState.DROPPED else late] += 1
    return Account(**counts)


def openings(promises: Iterable[Promise], last_talk: datetime | None, now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    """What a brief says of the promises to one person: what they wait for, then what was kept since the last talk.

    `last_talk` is when they last talked. Cues for the leader's own words; days are local ones in `zone`.
    """
    waiting = sorted((p for p in promises if p.is_open), key=lambda p: (p.due, p.id))
    kept = [
        p
        for p in promises
        if p.state is PromiseState.KEPT and p.closed_at is not None and (last_talk is None or p.closed_at > last_talk)
    ]
    told = [
        f"{p.text or _UNREADABLE}, {overdue_words(p.due, now, zone)} (it was due {due_words(p.due, now, zone)})"
        if p.is_overdue(now)
        else f"{p.text or _UNREADABLE}, by {due_words(p.due, now, zone)}"
        for p in waiting
    ]
    for promise in sorted(kept, key=lambda p: (p.closed_at or p.due, p.id)):
        assert promise.closed_at is not None
        day = day_words(promise.closed_at.astimezone(zone).date(), now.astimezone(zone).date())
        told.append(f"done on {day}: {promise.text or _UNREADABLE}. Tell them so, and ask whether it was of use")
    return tuple(told)


def due_words(due: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`today`, `tomorrow 14:00`, `Fri 4 Dec`, `Mon 4 Jan 2027`: the day in `zone`, and an hour that was named."""
    local, today = due.astimezone(zone), now.astimezone(zone).date()
    day = {0: "today", 1: "tomorrow"}.get((local.date() - today).days) or day_words(local.date(), today)
    return day if local.time() == DAY_ENDS else f"{day} {local:%H:%M}"


def overdue_words(due: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`overdue by 3 days`, or by when it was due today."""
    local = due.astimezone(zone)
    late = (now.astimezone(zone).date() - local.date()).days
    return f"overdue by {days(late)}" if late > 0 else f"overdue since {local:%H:%M}"


def day_words(day: date, today: date) -> str:
    """`Fri 4 Dec`, with the year where it is not that of `today`."""
    return f"{day:%a} {day.day} {day:%b}" + (f" {day.year}" if day.year != today.year else "")
