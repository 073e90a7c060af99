"""What the log says of each person: the two clocks, what holds them back, and where they are in their round.

All reckoning is in local days; a day as a number is its ordinal, because a gap may be longer than the calendar.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from calsync.model import Person
from calsync.people.contacts import Contact, ContactKind, Snooze, name_key
from calsync.people.silence import PAUSE, silences

__all__ = ["DUE", "PAST", "Clock", "Known", "clocks_of", "later", "stable_number"]

DUE = 100.0
PAST = 200.0
"""The scores at which the ideal and the maximum gap are over."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that the rotation goes by beside the people themselves, by name.

    `since` is the local day on which a person was first in the rotation, today where it is not known; it counts for
    those without a logged contact only. Of several snoozes of one person the last one given stands. `pauses` are
    people left out until further notice, with the day from which on. `wanted` are those who are to be asked about a
    change, with the day of its announcement: their next turn should be before that day.
    """

    contacts: tuple[Contact, ...] = ()
    snoozes: tuple[Snooze, ...] = ()
    since: Mapping[str, date] = field(default_factory=dict)
    pauses: Mapping[str, date] = field(default_factory=dict)
    wanted: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """How one person stands.

    `last` is the local day of the last personal contact, `talks` are those of all, oldest first. `hold` is the first
    day on which the person may be named again (None: nothing holds them back, date.max: paused). `logged` is the
    local day of the last entry of any kind. `before` is the day before which they are to be asked about a change.
    """

    person: Person
    key: str
    since: date
    talks: tuple[date, ...] = ()
    hold: date | None = None
    held_by: str = ""
    silences: int = 0
    logged: date | None = None
    before: date | None = None

    @property
    def last(self) -> date | None:
        """The local day of the last personal contact."""
        return self.talks[-1] if self.talks else None

    @property
    def half(self) -> int:
        """Half the ideal gap in days, rounded up: how long a skip holds back."""
        return (self.person.ideal_days + 1) // 2

    @property
    def least(self) -> int:
        """The least gap in days between two turns: more than half of the ideal one."""
        return self.person.ideal_days // 2 + 1

    @property
    def spread(self) -> int:
        """How many days after joining somebody without a logged talk is due: fixed for a name, below the ideal gap."""
        return stable_number(self.key) % self.person.ideal_days

    @property
    def start(self) -> int:
        """The day from which both gaps are counted. Newcomers have the whole maximum gap before them."""
        return (self.last or self.since).toordinal()

    @property
    def due_on(self) -> int:
        """The day on which the ideal gap is over."""
        return self.start + (self.spread if self.last is None else self.person.ideal_days)

    @property
    def max_on(self) -> int:
        """The last day within the maximum gap."""
        return self.start + self.person.max_days

    @property
    def paused(self) -> bool:
        """True when nothing but the leader, or an answer, brings the person back."""
        return self.hold == date.max

    def held(self, day: date) -> bool:
        """True when the person is not to be named on `day`."""
        return self.hold is not None and day < self.hold

    def score(self, day: date) -> float:
        """0 on the day of a talk, DUE when the ideal gap is over, PAST when the maximum is; below 0 while held back."""
        if self.held(day) and self.hold is not None:
            return float((day - self.hold).days)
        today, due, limit = day.toordinal(), self.due_on, self.max_on
        if today > limit:
            return PAST + today - limit
        if today > due:
            return DUE + (PAST - DUE) * (today - due) / (limit - due)
        ideal = self.person.ideal_days
        return max(0.0, DUE * (ideal - due + today) / ideal)

    def order(self, day: date) -> tuple[float, int, int, str, str]:
        """Sorts the most due first. Equals differ by a number that changes from week to week, then by name."""
        # Day 1 of the calendar was a Monday.
        week = (day.toordinal() - 1) // 7
        return (-self.score(day), self.due_on, stable_number(f"{week} {self.key}"), self.key, self.person.name)


def clocks_of(people: Iterable[Person], known: Known, now: datetime, zone: ZoneInfo) -> list[Clock]:
    """The clock of each of `people`, in their order; contacts later than `now` are not known yet."""
    today = now.astimezone(zone).date()
    joined = {name_key(name): day for name, day in known.since.items()}
    until = {name_key(s.person): s.until for s in known.snoozes}
    paused = {name_key(name): day for name, day in known.pauses.items()}
    wanted = {name_key(name): day for name, day in known.wanted.items()}
    logged: dict[str, list[Contact]] = {}
    for contact in sorted(known.contacts, key=lambda c: c.at):
        if contact.at <= now:
            logged.setdefault(name_key(contact.person), []).append(contact)
    found = [
        _clock(person, logged.get(key, []), joined.get(key, today), until.get(key), paused.get(key), zone)
        for person in people
        for key in (name_key(person.name),)
    ]
    return [replace(clock, before=wanted[clock.key]) if clock.key in wanted else clock for clock in found]


def _clock(
    person: Person, logged: list[Contact], since: date, until: date | None, paused: date | None, zone: ZoneInfo
) -> Clock:
    talks = tuple(c.at.astimezone(zone).date() for c in logged if c.kind is ContactKind.PERSONAL)
    unanswered = silences(logged)
    last = logged[-1].at.astimezone(zone).date() if logged else None
    bare = Clock(person, name_key(person.name), since, talks, silences=unanswered)
    hold, held_by = _hold(bare, logged, zone)
    if until is not None and (hold is None or until > hold):
        hold, held_by = until, "snoozed"
    if paused is not None:
        hold, held_by = date.max, f"paused since {paused}"
    return Clock(person, bare.key, since, talks, hold, held_by, unanswered, last)


def _hold(clock: Clock, logged: list[Contact], zone: ZoneInfo) -> tuple[date | None, str]:
    """What the last entry of the log that is no talk holds back: a talk ends it."""
    last = logged[-1] if logged else None
    if last is None or last.kind in (ContactKind.PERSONAL, ContactKind.RESUMED):
        return None, ""
    if clock.silences >= PAUSE:
        silent = max(c.at for c in logged if c.kind is ContactKind.NO_ANSWER).astimezone(zone).date()
        return date.max, f"{clock.silences} times without an answer, the last on {silent}"
    day = last.at.astimezone(zone).date()
    if last.kind is ContactKind.SKIP:
        return later(day, clock.half), f"skipped on {day}, half an ideal gap before"
    if last.kind is ContactKind.DECLINED:
        return later(day, clock.half), f"said not now on {day}, half an ideal gap before"
    # Each silence in a row waits half a gap longer than the one before.
    return later(day, clock.half * clock.silences), f"no answer on {day}; {_times(clock.silences)} without one"


def later(day: date, days: int) -> date:
    """`days` after `day`, or the end of the calendar: a gap may be longer than time itself."""
    return day + timedelta(days) if days < (date.max - day).days else date.max - timedelta(1)


@lru_cache(maxsize=8192)
def stable_number(text: str) -> int:
    """A number that is the same for a text on every machine and in every run."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:6], "big")


def _times(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{count} times"
