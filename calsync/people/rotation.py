"""Whose turn it is, and why: who is due, and who stands in which block.

Pure: the clock, the zone and everything known come in, values go out. All reckoning is in local days. docs/rotation.md
explains each rule to the leader; `explain` says it of one person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from heapq import nsmallest
from zoneinfo import ZoneInfo

from calsync.model import Person, require_aware
from calsync.people.contacts import Contact, ContactKind, Snooze, name_key

__all__ = ["Due", "Ping", "Place", "assign", "explain", "who"]


_DUE = 100.0
_PAST = 200.0
"""The scores at which the ideal and the maximum gap are over."""


class Place(StrEnum):
    """Why a person stands where they stand in a block: somebody easy to warm up with, or the longest overdue."""

    EASY = "easy"
    LONGEST = "longest"


@dataclass(frozen=True, slots=True)
class Due:
    """How one person stands in the rotation on the local day `day`.

    `score` puts everybody in order, most due first: 0 on the day of a talk, 100 when the ideal gap is over, 200 when
    the maximum is, one more for each day beyond; below 0 while held back, by the days that are left. `due_on` is the
    day the ideal gap is over, or later when the person is held back beyond it. `past_max` stays true while held back.
    `terms` are the numbers behind it, in days but for the score itself.
    """

    person: str
    day: date
    due_on: date
    past_max: bool
    last_personal: date | None
    last_work: datetime | None
    ideal_days: int
    max_days: int
    held_until: date | None
    held_by: str
    score: float
    terms: Mapping[str, float]

    @property
    def name(self) -> str:
        """The person's name."""
        return self.person


@dataclass(frozen=True, slots=True)
class Ping:
    """One person in one block, with the reason in words for the leader alone."""

    block_id: str
    start: datetime
    person: str
    why: str
    place: Place


def who(
    people: Iterable[Person],
    contacts: Iterable[Contact],
    snoozes: Iterable[Snooze],
    since: Mapping[str, date],
    work: Mapping[str, datetime],
    now: datetime,
    zone: ZoneInfo,
) -> list[Due]:
    """Everybody in the rotation, most due first; the order of `people` is irrelevant.

    `since` is the local day on which a person (by name) was first in the rotation, today when it is not known; it
    counts for those without a logged contact only. `work` is the last meeting at work by name; it is shown and counts
    for nothing. Contacts later than `now` are not known yet. Of several snoozes of one person the last one given
    stands.
    """
    today = require_aware(now, "now").astimezone(zone).date()
    met = {name_key(name): at.astimezone(zone) for name, at in work.items()}
    clocks = _clocks(people, contacts, snoozes, since, now, zone)
    return [c.due(today, met.get(c.key)) for c in sorted(clocks, key=lambda c: c.order(today))]


def assign(
    people: Iterable[Person],
    contacts: Iterable[Contact],
    snoozes: Iterable[Snooze],
    since: Mapping[str, date],
    blocks: Iterable[tuple[str, datetime]],
    pings: int,
    fixed: Mapping[str, Sequence[str]],
    now: datetime,
    zone: ZoneInfo,
) -> list[Ping]:
    """Who stands in which of `blocks` (id, start), `pings` people each, by start of the block and place in it.

    The talks planned here count as contacts for the blocks after them. Each block takes the most due, the easiest of
    them first and the longest overdue last; nobody twice. A block has fewer people only when there are no more who may
    be named: a snoozed or skipped person never is.

    `fixed` has the names that the leader was told already, by block: they stay, except those who left the rotation or
    are held back on that day; places that become free are filled. A block that began before `now` keeps its fixed
    names and gets no others. Whoever was named there without a talk logged since comes after the others who are due, so
    that a leader who logs nothing is not sent to the same people again and again.
    """
    require_aware(now, "now")
    clocks = _clocks(people, contacts, snoozes, since, now, zone)
    by_name = {c.key: c for c in sorted(clocks, key=lambda c: (c.person.name, c.person.ideal_days, c.person.max_days))}
    ordered = sorted((start, block, start.astimezone(zone).date()) for block, start in blocks)
    for _, block, day in ordered:
        for key in {name_key(name) for name in fixed.get(block, ())} & by_name.keys():
            by_name[key].told.append(day)
    found: list[Ping] = []
    today = now.astimezone(zone).date()
    for start, block, day in ordered:
        kept = [c for c in (by_name.get(key) for key in dict.fromkeys(map(name_key, fixed.get(block, ())))) if c]
        chosen = kept
        if start >= now:
            chosen = [c for c in kept if not c.held(day)]
            chosen += _easiest_first(by_name.values(), chosen, pings - len(chosen), day)
        for index, clock in enumerate(chosen):
            place = Place.EASY if index == 0 and len(chosen) > 1 else Place.LONGEST
            found.append(Ping(block, start, clock.person.name, clock.why(day, today), place))
        if start >= now:
            for clock in chosen:
                clock.plan(day)
    return found


def explain(due: Due) -> list[tuple[str, str]]:
    """Every term of a person's place in the rotation, as (label, value) lines."""
    lines: list[tuple[str, str]] = []
    if due.last_personal is None:
        waited = _days(due.terms["days_in_rotation"])
        lines.append(("last personal talk", f"none logged; in the rotation for {waited}"))
        lines.append(
            (
                "first turn",
                f"{_days(due.terms['spread_days'])} after joining, so that newcomers do not all come at once",
            )
        )
    else:
        lines.append(("last personal talk", f"{due.last_personal}, {_ago(due.terms['days_since'])}"))
    if due.last_work is None:
        lines.append(("last meeting at work", "none seen"))
    else:
        lines.append(("last meeting at work", f"{due.last_work.date()}; it does not count as a personal talk"))
    lines.append(("ideal gap", f"{_days(due.ideal_days)}; {_beyond(due.terms['days_past_ideal'])}"))
    lines.append(("maximum gap", f"{_days(due.max_days)}; {_beyond(due.terms['days_past_max'])}"))
    if due.held_until is not None:
        lines.append(("held back", f"until {due.held_until}: {due.held_by}"))
    lines.append(("due on", str(due.due_on)))
    lines.append(("score", f"{due.score:g} (100: ideal gap over; 200: maximum over; below 0: held back)"))
    return lines


@dataclass(slots=True, eq=False)
class _Clock:
    """What the rotation knows of one person; moves on as talks are planned."""

    person: Person
    key: str
    since: date
    last: date | None = None
    hold: date | None = None
    held_by: str = ""
    planned: bool = False
    told: list[date] = field(default_factory=list)
    due_on: int = 0
    max_on: int = 0

    @property
    def half(self) -> int:
        """Half the ideal gap in days, rounded up."""
        return (self.person.ideal_days + 1) // 2

    @property
    def spread(self) -> int:
        """How many days after joining somebody without a logged talk is due: fixed for a name, below the ideal gap."""
        return _number(self.key) % self.person.ideal_days

    def __post_init__(self) -> None:
        self.reckon()

    def reckon(self) -> None:
        """Set the day on which the ideal gap is over, and the last one within the maximum gap.

        Both as ordinals: a gap may be longer than the calendar. Newcomers have the whole maximum gap before them, so
        that none is late on arrival.
        """
        start = (self.last or self.since).toordinal()
        self.due_on = start + (self.spread if self.last is None else self.person.ideal_days)
        self.max_on = start + self.person.max_days

    def held(self, day: date) -> bool:
        return self.hold is not None and day < self.hold

    def score(self, day: date) -> float:
        if self.hold is not None and day < self.hold:
            return float((day - self.hold).days)
        today, due, limit = day.toordinal(), self.due_on, self.max_on
        if today > limit:
            return _PAST + today - limit
        if today > due:
            return _DUE + (_PAST - _DUE) * (today - due) / (limit - due)
        ideal = self.person.ideal_days
        return max(0.0, _DUE * (ideal - due + today) / ideal)

    def order(self, day: date) -> tuple[float, int, int, str, str]:
        """Sorts the most due first. Equals differ by a number that changes from week to week, then by name."""
        # Day 1 of the calendar was a Monday.
        week = (day.toordinal() - 1) // 7
        return (-self.score(day), self.due_on, _number(f"{week} {self.key}"), self.key, self.person.name)

    def turn(self, day: date) -> tuple[int, date, tuple[float, int, int, str, str]]:
        """Sorts by whose turn in a block it is: the order of the rotation, after what the leader was told already.

        Last comes whoever stands in a block within half an ideal gap of `day`, before or after it. Of those who are
        due, the ones named since their last logged talk come after the ones who were not, longest ago first.
        """
        order = self.order(day)
        if not self.told:
            return (0 if -order[0] >= _DUE else 2, date.min, order)
        told = [t for t in self.told if self.last is None or t > self.last]
        if any(abs((day - t).days) < self.half for t in told):
            return (3, date.min, order)
        if -order[0] < _DUE:
            return (2, date.min, order)
        named = max((t for t in told if t < day), default=None)
        return (0, date.min, order) if named is None else (1, named, order)

    def plan(self, day: date) -> None:
        self.last, self.planned = day, True
        self.reckon()

    def why(self, day: date, today: date) -> str:
        """The reason for a talk on `day`, as the leader reads it on `today`."""
        ideal, limit = self.person.ideal_days, self.person.max_days
        if self.last is None:
            return f"no talk logged yet; you aim for {_days(ideal)}"
        gap = (day - self.last).days
        if self.planned:
            return f"next after the talk planned for {self.last}; you aim for {_days(ideal)}"
        said = f"last talked {_ago(gap)}" if day <= today else f"by then {_days(gap)} since you last talked"
        return f"{said}; you aim for {_days(ideal)}" + (f", at most {limit}" if gap > limit else "")

    def due(self, day: date, last_work: datetime | None) -> Due:
        held = self.hold if self.held(day) else None
        terms: dict[str, float] = {"ideal_days": self.person.ideal_days, "max_days": self.person.max_days}
        if self.last is None:
            terms |= {"days_in_rotation": (day - self.since).days, "spread_days": self.spread}
        else:
            terms["days_since"] = (day - self.last).days
        terms["days_past_ideal"] = day.toordinal() - self.due_on
        terms["days_past_max"] = day.toordinal() - self.max_on
        terms["days_held"] = (held - day).days if held else 0
        due_on = date.fromordinal(min(self.due_on, date.max.toordinal()))
        return Due(
            person=self.person.name,
            day=day,
            due_on=max(due_on, held) if held else due_on,
            past_max=day.toordinal() > self.max_on,
            last_personal=self.last,
            last_work=last_work,
            ideal_days=self.person.ideal_days,
            max_days=self.person.max_days,
            held_until=held,
            held_by=self.held_by if held else "",
            score=round(self.score(day), 1),
            terms=terms,
        )


def _easiest_first(clocks: Iterable[_Clock], taken: Sequence[_Clock], count: int, day: date) -> list[_Clock]:
    """The `count` most due on `day` who may be named and are not `taken`, the longest overdue last."""
    free = [c for c in clocks if c not in taken and not c.held(day)]
    return nsmallest(max(0, count), free, key=lambda c: c.turn(day))[::-1]


def _clocks(
    people: Iterable[Person],
    contacts: Iterable[Contact],
    snoozes: Iterable[Snooze],
    since: Mapping[str, date],
    now: datetime,
    zone: ZoneInfo,
) -> list[_Clock]:
    today = now.astimezone(zone).date()
    joined = {name_key(name): day for name, day in since.items()}
    until = {name_key(s.person): s.until for s in snoozes}
    talks: dict[str, datetime] = {}
    skips: dict[str, datetime] = {}
    for contact in contacts:
        if contact.at <= now:
            known = talks if contact.kind is ContactKind.PERSONAL else skips
            key = name_key(contact.person)
            known[key] = max(contact.at, known.get(key, contact.at))
    clocks = []
    for person in people:
        key = name_key(person.name)
        talk, skip = talks.get(key), skips.get(key)
        last = None if talk is None else talk.astimezone(zone).date()
        clock = _Clock(person, key, joined.get(key, today), last)
        if skip is not None and (talk is None or skip > talk):
            clock.hold = _later(skip.astimezone(zone).date(), clock.half)
            clock.held_by = f"skipped on {skip.astimezone(zone).date()}, half an ideal gap before"
        if key in until and (clock.hold is None or until[key] > clock.hold):
            clock.hold, clock.held_by = until[key], "snoozed"
        clocks.append(clock)
    return clocks


@lru_cache(maxsize=4096)
def _number(text: str) -> int:
    """A number that is the same for a text on every machine and in every run."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:6], "big")


def _later(day: date, days: int) -> date:
    """`days` after `day`, or the end of the calendar: a gap may be longer than time itself."""
    return day + timedelta(days) if days <= (date.max - day).days else date.max


def _days(count: float) -> str:
    return "1 day" if count == 1 else f"{count:g} days"


def _ago(count: float) -> str:
    return "today" if count == 0 else f"{_days(count)} ago"


def _beyond(count: float) -> str:
    if count == 0:
        return "over today"
    return f"over for {_days(count)}" if count > 0 else f"{_days(-count)} left"
