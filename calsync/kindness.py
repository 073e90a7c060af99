"""The act of kindness of a day or week: which it is, and for whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from calsync.acts import shelf
from calsync.contacts import clocks
from calsync.desk import Desk
from calsync.errors import CalsyncError
from calsync.memory import oldest_kept
from calsync.model import Kind, Person
from calsync.people.acts import Act
from calsync.people.clocks import Clock
from calsync.people.contacts import name_key
from calsync.people.kindness import Given, Kindness, first_day, last_day
from calsync.people.recipients import SOMEBODY, fits, recipient
from calsync.people.worth import worth
from calsync.state.acts import ActRow
from calsync.state.store import KEPT_DAYS, Store
from calsync.telling import problem_line

__all__ = [
    "DONE",
    "SKIPPED",
    "TOLD",
    "ActTurn",
    "Ahead",
    "Counted",
    "acts_ahead",
    "chooser",
    "counted",
    "done_days",
    "is_wanted",
    "keep_act_told",
    "turn_of",
    "turns_between",
]

DONE, SKIPPED, TOLD = "done", "skipped", "told"


@dataclass(frozen=True, slots=True)
class ActTurn:
    """The act of the local days `first` to `last`, both included, and for whom; `state` is told | done | skipped.

    `act` is None after a skip without another act, and where there are none. `person` is "" where the act needs
    nobody by name, or nobody in the rotation is suited.
    """

    first: date
    last: date
    act: Act | None
    person: str
    state: str

    @property
    def whom(self) -> str:
        """The name, or who else it is for in words; "" where it is for nobody in particular."""
        if self.act is None or not self.act.needs_person:
            return ""
        return self.person or SOMEBODY[self.act.tie]

    def as_json(self) -> dict[str, Any] | None:
        """The documented keys of `act` in `week` and `today`."""
        if self.act is None:
            return None
        return {
            "key": self.act.key,
            "text": self.act.text,
            "person": self.person or None,
            "minutes": self.act.minutes,
            "channel": self.act.channel,
            "reach": self.act.reach,
        }

    def in_full(self) -> dict[str, Any] | None:
        """The documented keys of `act` in `kindness`."""
        act = self.act
        if act is None:
            return None
        return {
            **(self.as_json() or {}),
            "whom": self.whom or None,
            "cost": act.cost,
            "effort": act.effort,
            "tie": act.tie,
            "evidence": act.evidence or None,
            "why": worth(act.evidence),
            "own": act.own,
        }


@dataclass(frozen=True, slots=True)
class Ahead:
    """Turns by their first day, in order, and what was wrong with the leader's own acts."""

    turns: Mapping[date, ActTurn]
    problems: tuple[CalsyncError, ...] = ()

    def on(self, day: date) -> ActTurn | None:
        """The turn that the local `day` is in."""
        return next((turn for turn in self.turns.values() if turn.first <= day <= turn.last), None)


@dataclass(frozen=True, slots=True)
class Counted:
    """Acts of a period that were `done` and that were `given`, done or not, and those done in the calendar year."""

    done: int = 0
    given: int = 0
    year_count: int = 0


def is_wanted(desk: Desk) -> bool:
    """Whether the leader asked for kindness blocks."""
    return desk.config.block(Kind.KINDNESS) is not None


def turn_of(desk: Desk, day: date | None = None) -> tuple[ActTurn, int, tuple[CalsyncError, ...]]:
    """The turn of today or of another local day, how many acts were done this year, and what is wrong."""
    day = day or desk.now.date()
    with Store(desk.state_folder, desk.now) as store:
        found = acts_ahead(desk, store, [day])
        done = done_days(desk, store)
    return (
        found.turns[first_day(day, desk.config.kindness_every)],
        sum(one.year == desk.now.year for one in done),
        found.problems,
    )


def acts_ahead(desk: Desk, store: Store, days: Collection[date]) -> Ahead:
    """The turns of all local `days`, from today on as they would come one after the other. Changes nothing."""
    if not days:
        return Ahead({})
    found = shelf(desk.config.path)
    start, end = min(*days, desk.now.date()), max(days)
    turns = turns_between(desk, store.acts(), found.acts, clocks(desk, store), start, end)
    wanted = {first_day(day, desk.config.kindness_every) for day in days}
    return Ahead({day: turn for day, turn in turns.items() if day in wanted}, found.problems)


def turns_between(
    desk: Desk, rows: Sequence[ActRow], acts: Iterable[Act], clocks: Iterable[Clock], start: date, end: date
) -> dict[date, ActTurn]:
    """The turns from that of the local day `start` to that of `end`, of those `acts`, after what `rows` say."""
    every = desk.config.kindness_every
    kindness = chooser(desk, rows, acts)
    people = [clock.person for clock in clocks if not clock.held(desk.now.date())]
    named = _last_named(rows)
    turns = {}
    for first, act in kindness.acts_between(start, end).items():
        last_row = next((row for row in reversed(rows) if row.day == first), None)
        # A later calsync may not know any more what was told or even done: then there is another act.
        state = last_row.state if last_row is not None and (act is None or last_row.act == act.key) else TOLD
        person = _whom(people, act, last_row, named, first)
        if person:
            named[name_key(person)] = max(first, named.get(name_key(person), first))
        turns[first] = ActTurn(first, last_day(first, every), act, person, state)
    return turns


def chooser(desk: Desk, rows: Iterable[ActRow], acts: Iterable[Act]) -> Kindness:
    """The leader's acts in their order; it follows from the first of the leader's own addresses alone."""
    seed = min(desk.config.me, default="")
    return Kindness(acts, seed, desk.config.kindness_every, [Given(row.day, row.act, row.state) for row in rows])


def keep_act_told(desk: Desk, store: Store) -> list[str]:
    """Remember the act of today or of this week as told, for a leader who wants them; forget what is long ago.

    A second night writes nothing. Gives remarks on what is wrong with the leader's own acts.
    """
    store.drop_acts(desk.now.date() - timedelta(KEPT_DAYS))
    store.drop_act_notes(oldest_kept(desk))
    if not is_wanted(desk):
        return []
    found = acts_ahead(desk, store, [desk.now.date()])
    (turn,) = found.turns.values()
    rows = [row for row in store.acts() if row.day == turn.first]
    if turn.act is not None and (not rows or rows[-1].act != turn.act.key):
        # What was told is gone from the acts since: what stands in its place is told in its stead.
        instead = rows[-1].id if rows and rows[-1].state == TOLD else None
        store.keep_act(turn.first, turn.act.key, turn.person, TOLD, desk.now, instead_of=instead)
    return [problem_line(problem) for problem in found.problems]


def done_days(desk: Desk, store: Store) -> list[date]:
    """The local day of every act that was done, in order; a day is there as often as acts were done on it."""
    return sorted(_day(desk, row.at) for row in store.acts() if row.state == DONE)


def counted(desk: Desk, store: Store, start: date) -> Counted:
    """The acts from the local day `start` to today, and those of this calendar year. A skipped act was not given."""
    done, today = done_days(desk, store), desk.now.date()
    every = desk.config.kindness_every
    given = {(row.day, row.act) for row in store.acts() if row.state != SKIPPED}
    return Counted(
        done=sum(start <= day <= today for day in done),
        given=sum(start <= last_day(day, every) and day <= today for day, _ in given),
        year_count=sum(day.year == today.year for day in done),
    )


def _whom(people: Sequence[Person], act: Act | None, row: ActRow | None, named: Mapping[str, date], first: date) -> str:
    """For whom the act is: who was told, as long as it suits them; whoever it was done for."""
    if act is None:
        return ""
    if row is not None and row.act == act.key:
        told = next((one for one in people if name_key(one.name) == name_key(row.person)), None)
        if row.state == DONE or (told is not None and act.needs_person and fits(told, act)):
            return row.person
    found = recipient(people, act, named, first)
    return found.name if found is not None else ""


def _last_named(rows: Iterable[ActRow]) -> dict[str, date]:
    found: dict[str, date] = {}
    for row in rows:
        if row.person:
            key = name_key(row.person)
            found[key] = max(row.day, found.get(key, row.day))
    return found


def _day(desk: Desk, instant: datetime) -> date:
    return instant.astimezone(desk.config.zone).date()
