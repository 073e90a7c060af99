"""Who stands in which block: all blocks of the horizon at once, at the least lateness.

Every person has a target day for each turn in the horizon (see rounds.py). Giving the turns places in the blocks is a
transport problem, which flow.py solves exactly. Two rules that a sum of costs cannot promise are seen to afterwards:
nobody stands in two blocks within half an ideal gap, and nobody waits past their maximum while a block goes to somebody
whose ideal gap is not over. docs/rotation.md tells the leader.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import count
from zoneinfo import ZoneInfo

from calsync.model import Person, Span, require_aware
from calsync.people.asking import Standing, best_plan
from calsync.people.clocks import Clock, Known, clocks_of
from calsync.people.contacts import name_key
from calsync.people.costs import KEPT, LONGEST, SOON, WEIGHTS, loss, price
from calsync.people.flow import Job, cheapest
from calsync.people.pace import paces
from calsync.people.rounds import Round, round_of
from calsync.people.wording import to_be_asked, why

__all__ = ["KEPT", "LONGEST", "WEIGHTS", "Ping", "Place", "Seat", "assign"]

_UNPLACED = 10**9
"""More than any place costs: a turn that can have a place gets one."""
_MUST = 10**12
_TIES = 1024
_SETTLE = 4


class Place(StrEnum):
    """Why a person stands where they stand in a block: somebody easy to warm up with, or the longest overdue."""

    EASY = "easy"
    LONGEST = "longest"


@dataclass(frozen=True, slots=True)
class Ping:
    """One person in one block, with the reason in words for the leader alone."""

    block_id: str
    start: datetime
    person: str
    why: str
    place: Place


@dataclass(frozen=True, slots=True)
class Seat:
    """One block: `told` are the names that the leader was told for it; with `fixed` they stay if they can at all."""

    block: str
    span: Span
    told: tuple[str, ...] = ()
    fixed: bool = False


@dataclass(slots=True, eq=False)
class _Block:
    """A block while people are found for it; `people` are numbers of clocks."""

    seat: Seat
    day: date
    past: bool
    told: frozenset[str]
    people: list[int] = field(default_factory=list)
    room: int = 0


def assign(
    people: Iterable[Person],
    known: Known,
    seats: Iterable[Seat],
    pings: int,
    now: datetime,
    zone: ZoneInfo,
    free: Callable[[Person, Span], bool] = lambda _person, _span: True,
) -> list[Ping]:
    """Who stands in each of `seats`, `pings` people each, by start of the block and place in it.

    The easiest of a block stand first, the longest overdue last; nobody twice. A block has fewer people only when
    nobody else may be named there: held back (snoozed, skipped, paused), met or to be met within half their ideal gap,
    or, by `free`, not to be reached at that hour. A block that began before `now` keeps the names told for it and gets
    no others; whoever was told there without a talk logged since counts as met that day, so that a leader who logs
    nothing is not sent to the same people again and again.
    """
    require_aware(now, "now")
    today = now.astimezone(zone).date()
    clocks = sorted(clocks_of(people, known, now, zone), key=lambda c: (c.key, c.person.name))
    asked = sorted(seats, key=lambda s: (s.span.start, s.block))

    def filled(seats: Sequence[Seat], clocks: Sequence[Clock] = clocks) -> list[_Block]:
        return _filled(seats, clocks, pings, now, zone, free)

    def asking(seats: Sequence[Seat]) -> list[_Block]:
        return best_plan(clocks, lambda asked: filled(seats, asked), lambda blocks: _standing(blocks, today))

    blocks = _settled(asked, clocks, asking if any(c.before is not None for c in clocks) else filled)
    return list(_pings(blocks, clocks, today))


def _settled(
    seats: Sequence[Seat], clocks: Sequence[Clock], filled: Callable[[Sequence[Seat]], list[_Block]]
) -> list[_Block]:
    """The blocks of `seats`, one for one, with people who stay where they are when all of it is planned again."""
    blocks = filled(seats)
    for _ in range(_SETTLE):
        # What is told counts when it is planned again: so this ends where planning it again changes nothing.
        told = [
            replace(s, told=tuple(clocks[n].person.name for n in b.people)) if b.room else s
            for s, b in zip(seats, blocks, strict=True)
        ]
        again = filled(told)
        if [set(b.people) for b in again] == [set(b.people) for b in blocks]:
            break
        blocks = again
    return blocks


def _standing(blocks: Sequence[_Block], today: date) -> Standing:
    turns: dict[int, list[int]] = {}
    for block in blocks:
        if block.day >= today:
            for number in block.people:
                turns.setdefault(number, []).append(block.day.toordinal())
    return Standing(turns, max((block.day.toordinal() for block in blocks), default=today.toordinal()) + 1)


def _filled(
    seats: Sequence[Seat],
    clocks: Sequence[Clock],
    pings: int,
    now: datetime,
    zone: ZoneInfo,
    free: Callable[[Person, Span], bool],
) -> list[_Block]:
    """The blocks of `seats`, one for one, with their people."""
    numbers = {clock.key: number for number, clock in enumerate(clocks)}
    blocks = [
        _Block(
            seat, seat.span.start.astimezone(zone).date(), seat.span.start < now, frozenset(map(name_key, seat.told))
        )
        for seat in seats
    ]
    for block in blocks:
        _seat_the_told(block, clocks, numbers, pings, free)
    _Table(clocks, blocks, now.astimezone(zone).date(), free).fill()
    return blocks


def _seat_the_told(
    block: _Block,
    clocks: Sequence[Clock],
    numbers: Mapping[str, int],
    pings: int,
    free: Callable[[Person, Span], bool],
) -> None:
    """Keep the names that stay, and see how much room is left."""
    told = [numbers[key] for key in dict.fromkeys(map(name_key, block.seat.told)) if key in numbers]
    if block.past:
        block.people = told
    elif block.seat.fixed:
        block.people = [n for n in told if _may_stay(clocks[n], block, free)][:pings]
        block.room = pings - len(block.people)
    else:
        block.room = pings


def _may_stay(clock: Clock, block: _Block, free: Callable[[Person, Span], bool]) -> bool:
    """False for people held back since, not to be reached then, or talked with too shortly before; a talk logged on the
    day of the block is that block's own.
    """
    if clock.held(block.day) or not free(clock.person, block.seat.span):
        return False
    return clock.last is None or block.day == clock.last or (block.day - clock.last).days >= clock.least


class _Table:
    """The people and the blocks of one assignment."""

    def __init__(
        self, clocks: Sequence[Clock], blocks: Sequence[_Block], today: date, free: Callable[[Person, Span], bool]
    ) -> None:
        self.clocks = clocks
        self.blocks = blocks
        self.today = today
        self.open = [index for index, block in enumerate(blocks) if block.room > 0]
        self.met = self._met()
        self.gaps = self._gaps()
        self.free = [
            {
                index
                for index in self.open
                if not clock.held(blocks[index].day) and free(clock.person, blocks[index].seat.span)
            }
            for clock in clocks
        ]
        self.must: set[tuple[int, int]] = set()
        self.asking = self._asking()

    def fill(self) -> None:
        """Give every open block its people.

        What the rules have nothing against stands, and the rest is planned anew from there: with the days that people
        will have been met on by then, and with whoever must not be passed over.
        """
        while self.open:
            placed = self._solve()
            good = self._good(placed)
            for index in self.open[:good]:
                for number in placed[index]:
                    self.blocks[index].people.append(number)
                    self.met[number].append(self.blocks[index].day.toordinal())
            del self.open[:good]
            self.asking = self._asking()

    def _asking(self) -> dict[int, int]:
        """Who needs a turn before a change is announced and has none yet, by number, with the day of that."""
        # Where every block comes before the day there is nothing to see to.
        end = self.blocks[self.open[-1]].day if self.open else self.today
        wanted = {
            n: c.before.toordinal() for n, c in enumerate(self.clocks) if c.before is not None and c.before <= end
        }
        for block in self.blocks if wanted else ():
            for number in block.people:
                if block.day >= self.today and block.day.toordinal() < wanted.get(number, 0):
                    del wanted[number]
        return wanted

    def _met(self) -> list[list[int]]:
        """The days on which each person was or will be met for certain: logged, told in a block gone by, or fixed.

        Of a block gone by for which anything was logged the log alone tells: a silence or a pass is no talk.
        """
        met = [[day.toordinal() for day in clock.talks] for clock in self.clocks]
        for block in self.blocks:
            for number in block.people:
                said = self.clocks[number].logged
                if said is None or block.day > said:
                    met[number].append(block.day.toordinal())
        return [sorted(set(days)) for days in met]

    def _gaps(self) -> dict[int, float]:
        """The pace of everybody who can be named in the horizon at all, by number."""
        if not self.open:
            return {}
        last = self.blocks[self.open[-1]].day
        there = [n for n, clock in enumerate(self.clocks) if not clock.held(last)]
        # To the end of the last week: blocks come in weeks.
        days = (last - self.today).days + 7 - last.weekday()
        turns = sum(b.room + len(b.people) for b in self.blocks if not b.past)
        gaps = paces([self.clocks[n].person for n in there], turns / days)
        return {n: max(gap, self.clocks[n].least) for n, gap in zip(there, gaps, strict=True)}

    def _solve(self) -> dict[int, list[int]]:
        """Whom the cheapest plan for the open blocks has in each of them, by block."""
        jobs, owners = self._jobs()
        rooms = [self.blocks[index].room for index in self.open]
        placed: dict[int, list[int]] = {index: [] for index in self.open}
        for owner, place in zip(owners, cheapest(jobs, rooms).places, strict=True):
            if place is not None:
                placed[self.open[place]].append(owner)
        return placed

    def _jobs(self) -> tuple[list[Job], list[int]]:
        """Every turn within the horizon, and whose it is."""
        jobs, owners = [], []
        days = [self.blocks[index].day.toordinal() for index in self.open]
        end = days[-1] + 1
        for number, gap in self.gaps.items():
            around = round_of(self.clocks[number], gap, self.met[number], self.today)
            told = self._told_turns(number)
            for turn in count():
                costs = {
                    place: self._cost(number, around, turn, index)
                    for place, index in enumerate(self.open)
                    if around.allows(turn, days[place], told.get(index)) and index in self.free[number]
                }
                if costs:
                    jobs.append(Job(costs, (_UNPLACED + loss(around, turn, end)) * _TIES))
                    owners.append(number)
                if around.nominal(turn) > end:
                    # The first turn beyond the end may still be had early, where a block would else stay empty.
                    break
        return jobs, owners

    def _told_turns(self, number: int) -> dict[int, int]:
        """Which turn each block near enough is for, of those that the leader was told for this person.

        So a turn can stay where it was told though the days of all turns have shifted a little.
        """
        key = self.clocks[number].key
        told = [index for index in self.open if key in self.blocks[index].told and self._ahead(index) <= KEPT[-2][0]]
        return {index: turn for turn, index in enumerate(told)}

    def _ahead(self, index: int) -> int:
        """In how many days the block is."""
        return (self.blocks[index].day - self.today).days

    def _cost(self, number: int, around: Round, turn: int, index: int) -> int:
        block, clock = self.blocks[index], self.clocks[number]
        day = block.day.toordinal()
        cost = price(around, turn, day)
        if turn == 0 and day < self.asking.get(number, 0) and around.leaves_others(day):
            cost -= WEIGHTS["asked"]
        if clock.key in block.told:
            cost -= next(saved for days, saved in KEPT if self._ahead(index) <= days)
        if self._ahead(index) <= SOON:
            cost -= WEIGHTS["empty"]
        if (number, index) in self.must:
            cost -= _MUST
        # Equal costs would leave the choice to the order of people and blocks; this is the same on every machine.
        return cost * _TIES + zlib.crc32(f"{clock.key} {block.seat.block}".encode("utf-8", "surrogatepass")) % _TIES

    def _good(self, placed: Mapping[int, Sequence[int]]) -> int:
        """How many of the open blocks the rules have nothing against, from the first on."""
        last = [days[-1] if days else None for days in self.met]
        for good, index in enumerate(self.open):
            day = self.blocks[index].day.toordinal()
            for number in placed[index]:
                before = last[number]
                if before is not None and day - before < self.clocks[number].least:
                    return good
            late = self._passed_over(index, placed[index], last)
            if late is not None and (late, index) not in self.must:
                self.must.add((late, index))
                return good
            for number in placed[index]:
                last[number] = day
        return len(self.open)

    def _passed_over(self, index: int, chosen: Sequence[int], last: Sequence[int | None]) -> int | None:
        """Who is past their maximum then and could stand in for one of `chosen` who is within their ideal gap."""
        day = self.blocks[index].day.toordinal()
        clocks = self.clocks
        if all(day >= _due(clocks[n], last[n]) for n in chosen):
            return None
        waiting = [
            n
            for n in self.gaps
            if n not in chosen
            and index in self.free[n]
            and n not in self.blocks[index].people
            and day > _limit(clocks[n], last[n])
        ]
        return min(waiting, key=lambda n: (_limit(clocks[n], last[n]), clocks[n].key), default=None)


def _due(clock: Clock, last: int | None) -> int:
    # The first turn of newcomers may be earlier than this, but not at the cost of those who wait too long already.
    return (clock.start if last is None else last) + clock.person.ideal_days


def _limit(clock: Clock, last: int | None) -> int:
    return clock.max_on if last is None else last + clock.person.max_days


def _pings(blocks: Sequence[_Block], clocks: Sequence[Clock], today: date) -> Iterable[Ping]:
    last: list[date | None] = [clock.last for clock in clocks]
    planned: set[int] = set()
    for block in blocks:
        # The least overdue first: of two, the one with the shorter gap behind them.
        order = sorted(block.people, key=lambda n: (_waited(clocks[n], last[n], block.day), clocks[n].key))
        for place, number in enumerate(order):
            clock = clocks[number]
            kind = Place.EASY if place == 0 and len(order) > 1 else Place.LONGEST
            said = why(clock, last[number], block.day, today, planned=number in planned)
            if clock.before is not None and number not in planned and today <= block.day < clock.before:
                said = f"{said}; {to_be_asked(clock.before)}"
            yield Ping(block.seat.block, block.seat.span.start, clock.person.name, said, kind)
        if not block.past:
            for number in order:
                last[number] = block.day
                planned.add(number)


def _waited(clock: Clock, last: date | None, day: date) -> tuple[int, float, int]:
    """How overdue somebody is on `day`: days past their maximum, then in ideal gaps, then in days."""
    waited = day.toordinal() - (clock.start if last is None else last.toordinal())
    return (max(0, waited - clock.person.max_days), waited / clock.person.ideal_days, waited)
