"""A year of a leader and their people, on a seed: nights plan, days bring what days bring.

Silences, passes, talks that are never logged, talks between blocks, snoozes, pauses, people who join one by one or five
at once, people who leave, holidays, zones, and a fortnight in which the leader is away. `Year.live` runs it night by
night through the pure assignment and notes what happened; who may be named when is reckoned here anew, from the log
alone.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from calsync.model import Person, Span
from calsync.people.assignment import Seat, assign
from calsync.people.availability import reachable
from calsync.people.clocks import Known, clocks_of
from calsync.people.contacts import Contact, ContactKind, Snooze

__all__ = ["Held", "Year"]

ZONE = ZoneInfo("Europe/London")
HOURS = {day: ((time(9), time(12, 30)), (time(13, 15), time(17, 30))) for day in range(5)}
FREEZE = timedelta(hours=20)
PINGS = 2
_GAPS = ((7, 14), (14, 28), (21, 42), (30, 60), (30, 60), (45, 90), (60, 120), (90, 180))
_ZONES = ("", "", "", "", "Europe/Lisbon", "Europe/Athens", "America/New_York", "Asia/Kolkata")


@dataclass(frozen=True, slots=True)
class Held:
    """One block that took place: whom it named, and how everybody stood that morning, in days.

    `waited` is since the last talk, or since the person was last named without anything logged, or since they joined.
    `there` are those who could have been named: in the rotation, not held back, at work at that hour.
    """

    start: datetime
    named: tuple[str, ...]
    waited: dict[str, int]
    there: frozenset[str]


@dataclass
class Year:
    """`turns` says how many turns a week there are for each that the ideal gaps ask for."""

    seed: int
    people: int = 30
    weeks: int = 52
    horizon: int = 12
    turns: float = 1.0
    begin: date = date(2026, 1, 5)
    everybody: dict[str, Person] = field(default_factory=dict)
    ever: dict[str, Person] = field(default_factory=dict)
    contacts: list[Contact] = field(default_factory=list)
    snoozes: dict[str, date] = field(default_factory=dict)
    pauses: dict[str, date] = field(default_factory=dict)
    since: dict[str, date] = field(default_factory=dict)
    told: dict[str, tuple[datetime, tuple[str, ...]]] = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    talks: Counter[str] = field(default_factory=Counter)
    changed: list[tuple[int, int]] = field(default_factory=list)
    """Each night: of so many places in the coming four weeks, so many had another person than the night before said."""

    seen: dict[str, frozenset[str]] = field(default_factory=dict)
    """Who could have been named in a block on the last night before its freeze."""

    def __post_init__(self) -> None:
        self.chance = random.Random(f"rotation/{self.seed}")
        for _ in range(self.people):
            self._join(self.begin)
        asked = sum(7 / p.ideal_days for p in self.everybody.values())
        self.a_week = max(1, min(10, round(asked * self.turns / PINGS)))
        # Two hours a day at most, so that a week has room for ten.
        hours = ((0, 14, 0), (2, 10, 0), (3, 15, 30), (1, 9, 30), (4, 11, 0))
        times = [(day, time(hour, minute)) for day, hour, minute in hours]
        times += [(day, time(16 if hour < 12 else 10, 45)) for day, hour, _ in hours]
        self.slots = sorted(times[: self.a_week])
        self.away = (self.begin + timedelta(weeks=30), self.begin + timedelta(weeks=32))

    def live(self) -> Year:
        """All of it."""
        for days in range(7 * self.weeks):
            day = self.begin + timedelta(days)
            self._life(day)
            self._night(datetime.combine(day, time(2), ZONE))
            for block, start in self._blocks(day, 1):
                self._take_place(block, start)
        return self

    def known(self) -> Known:
        """What the log says."""
        snoozes = tuple(Snooze(name, until) for name, until in self.snoozes.items())
        return Known(tuple(self.contacts), snoozes, self.since, self.pauses)

    def _blocks(self, first: date, days: int) -> list[tuple[str, datetime]]:
        found = []
        for offset in range(days):
            day = first + timedelta(offset)
            if self.away[0] <= day < self.away[1]:
                continue
            for number, (weekday, at) in enumerate(self.slots):
                if weekday == day.weekday():
                    found.append((f"{day}/{number}", datetime.combine(day, at, ZONE)))
        return sorted(found, key=lambda b: b[1])

    def _join(self, day: date) -> None:
        number = len(self.ever)
        ideal, most = self.chance.choice(_GAPS)
        free = frozenset(self.begin + timedelta(self.chance.randrange(364)) for _ in range(self.chance.randrange(25)))
        name = f"P{self.seed}-{number:02}"
        person = Person(name, ideal, most, timezone=self.chance.choice(_ZONES), free_days=free)
        self.everybody[name] = self.ever[name] = person
        self.since[name] = day
        if day == self.begin and self.chance.random() < 0.6:
            at = datetime.combine(day - timedelta(self.chance.randrange(1, most)), time(12), ZONE)
            self.contacts.append(Contact(name, at))

    def _life(self, day: date) -> None:
        chance, week = self.chance, (day - self.begin).days // 7
        if day.weekday() == 0 and week in (10, 15, 40):
            for _ in range(5 if week == 15 else 1):
                self._join(day)
        if day.weekday() == 0 and week in (12, 33) and len(self.everybody) > 3:
            del self.everybody[chance.choice(sorted(self.everybody))]
        if chance.random() < 0.03:
            self.snoozes[chance.choice(sorted(self.everybody))] = day + timedelta(chance.randrange(3, 60))
        if chance.random() < 0.01:
            self.pauses[chance.choice(sorted(self.everybody))] = day
        for name in sorted(self.pauses):
            if chance.random() < 0.03:
                del self.pauses[name]
        if chance.random() < 0.05:
            self._log(chance.choice(sorted(self.everybody)), datetime.combine(day, time(1), ZONE))

    def _night(self, now: datetime) -> None:
        coming = self._blocks(now.date(), 7 * self.horizon)
        spans = {block: Span(start, start + timedelta(minutes=30)) for block, start in coming}
        seats = [
            Seat(b, Span(start, start + timedelta(minutes=30)), names)
            for b, (start, names) in self.told.items()
            if start < now
        ]
        for block, start in coming:
            names = self.told.get(block, (start, ()))[1]
            seats.append(Seat(block, spans[block], names, block in self.told and start < now + FREEZE))
        got = assign(self.everybody.values(), self.known(), seats, PINGS, now, ZONE, self.free)
        named: dict[str, list[str]] = {block: [] for block, _ in coming}
        for ping in got:
            if ping.block_id in named:
                named[ping.block_id].append(ping.person)
        near = [(b, s) for b, s in coming if b in self.told and s < now + timedelta(weeks=4)]
        places = sum(len(self.told[b][1]) for b, _ in near)
        self.changed.append((places, sum(len(set(self.told[b][1]) - set(named[b])) for b, _ in near)))
        for block, (start, _) in list(self.told.items()):
            if start >= now:
                del self.told[block]
        self.told |= {block: (start, tuple(named[block])) for block, start in coming}
        for block, start in coming:
            if now + FREEZE <= start < now + FREEZE + timedelta(days=1):
                self.seen[block] = self._there(now, start)

    @staticmethod
    def free(person: Person, span: Span) -> bool:
        """Whether somebody can be reached then."""
        return reachable(person, span, HOURS)

    def _take_place(self, block: str, start: datetime) -> None:
        named = self.told[block][1]
        morning = start.replace(hour=2, minute=0)
        there = self._there(morning, start) & self.seen.pop(block, frozenset())
        self.held.append(Held(start, named, self._waited(start.date()), there))
        for name in named:
            luck = self.chance.random()
            if luck < 0.8:
                self._log(name, start)
            elif luck < 0.88:
                self.contacts.append(Contact(name, start, ContactKind.NO_ANSWER))
            elif luck < 0.91:
                self.contacts.append(Contact(name, start, ContactKind.DECLINED))
            elif luck < 0.95:
                self.contacts.append(Contact(name, start, ContactKind.SKIP))

    def _log(self, name: str, at: datetime) -> None:
        self.contacts.append(Contact(name, at))
        self.talks[name] += 1

    def _waited(self, day: date) -> dict[str, int]:
        last = {name: self.since[name] for name in self.everybody}
        silent = {c.person: c.at.date() for c in sorted(self.contacts, key=lambda c: c.at)}
        for contact in self.contacts:
            if contact.kind is ContactKind.PERSONAL and contact.person in last:
                last[contact.person] = max(contact.at.date(), last[contact.person])
        talked = {c.person for c in self.contacts if c.kind is ContactKind.PERSONAL}
        for name in talked & last.keys():
            last[name] = max(c.at.date() for c in self.contacts if c.person == name and c.kind is ContactKind.PERSONAL)
        for start, names in self.told.values():
            for name in names:
                if name in last and silent.get(name, date.min) < start.date() < day:
                    last[name] = max(last[name], start.date())
        return {name: (day - at).days for name, at in last.items()}

    def _there(self, morning: datetime, start: datetime) -> frozenset[str]:
        clocks = clocks_of(self.everybody.values(), self.known(), morning, ZONE)
        span = Span(start, start + timedelta(minutes=30))
        return frozenset(c.person.name for c in clocks if not c.held(start.date()) and self.free(c.person, span))

    def passed_over(self) -> list[tuple[datetime, str, str]]:
        """Blocks that went to somebody within their ideal gap while somebody else was past their maximum."""
        found = []
        for held in self.held:
            # Whoever had a turn in another block of that day was not passed over.
            had = {name for other in self.held if other.start.date() == held.start.date() for name in other.named}
            late = [name for name in sorted(held.there - had) if held.waited.get(name, 0) > self.ever[name].max_days]
            early = [name for name in held.named if held.waited.get(name, 10**9) < self.ever[name].ideal_days]
            if late and early:
                found.append((held.start, early[0], late[0]))
        return found
