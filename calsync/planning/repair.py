"""One week put right: which dates stay at home, which move and where, which drop; exact for any set of series.

A total is one integer: points in the high bits, and below them what decides between plans of equal points (first
that dates stay where they are now, then the shorter way from home), so that the same input gives the same week.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from calsync.planning.costs import CLUSTER, DAY_AWAY, HOUR_AWAY, MOVE, RESHUFFLE, SKIP
from calsync.planning.slots import Candidate, Ground, Week
from calsync.planning.spans import seconds_of

__all__ = [
    "POINT",
    "Option",
    "Present",
    "State",
    "Task",
    "away",
    "independent",
    "options",
    "present",
    "settle",
    "skip_price",
    "state",
    "staying",
]

POINT = 1 << 24
"""One point, in the units of a total."""

_RESTLESS = 1 << 18
"""A date that is not where it is now; more than all distances of a week together."""


class Option(NamedTuple):
    """A place for one date: what it costs, where, and whether it is home."""

    total: int
    day: int
    start: int
    home: bool


class State:
    """What is known of one home date before the planner decides."""

    ABSENT = "absent"
    """The series has no such date, or it is past."""
    FIXED = "fixed"
    OUT = "out"
    """Not taking place and too near to be brought back."""
    OPEN = "open"


class Present:
    """Where a date stands now: `start` is None when it is dropped; `known` is False for a series that is not yet."""

    __slots__ = ("day", "home", "known", "points", "start")

    def __init__(self, *, known: bool, home: bool = False, start: int | None = None) -> None:
        """Say where; `day` and `points` are set when that place, away from home, is legal."""
        self.known = known
        self.home = home
        self.start = start
        self.day = -1
        self.points = 0


def away(weekday: int, minute: int, day: int, other: int) -> int:
    """The points for the way from home to `other` o'clock on weekday `day`."""
    if weekday != day:
        return DAY_AWAY * abs(weekday - day)
    return HOUR_AWAY * -(-abs(minute - other) // 60)


def state(ground: Ground, week: Week, slot: Candidate) -> str:
    """Whether anything is left to decide about the slot's date in `week`, apart from when a new series begins."""
    home = week.monday + timedelta(slot.weekday)
    standing = slot.standing
    late = ground.start(week.days[slot.weekday], slot.minute) < ground.not_before
    if standing is None:
        return State.ABSENT if late else State.OPEN
    if home < standing.first:
        return State.ABSENT
    if home in standing.fixed:
        return State.FIXED
    if home in standing.frozen_out:
        return State.OUT
    if late:
        span = standing.current.get(home)
        if span is None or seconds_of(span)[0] < ground.not_before:
            return State.ABSENT
    return State.OPEN


def present(ground: Ground, week: Week, slot: Candidate) -> Present:
    """Where the slot's open date in `week` stands now."""
    if slot.standing is None:
        return Present(known=False)
    home: date = week.monday + timedelta(slot.weekday)
    at_home = ground.start(week.days[slot.weekday], slot.minute)
    if home not in slot.standing.current:
        return Present(known=True, home=True, start=at_home)
    span = slot.standing.current[home]
    if span is None:
        return Present(known=True)
    start, end = seconds_of(span)
    now = Present(known=True, home=start == at_home, start=start)
    day = ground.day_of(start)
    if not now.home and end - start == slot.length and day is not None and day.week == week.index:
        points = ground.price(day, start, slot.length)
        if points is not None:
            now.day, now.points = day.index, points
    return now


def skip_price(now: Present) -> int:
    """The total of a date that does not take place."""
    return SKIP * POINT + (_RESTLESS if now.known and now.start is not None else 0)


def options(ground: Ground, week: Week, slot: Candidate, now: Present, *, only_home: bool = False) -> list[Option]:
    """Every place that the slot's date may take in `week`, cheapest first. Dropping it is not among them.

    With `only_home` the list ends there if home is free and no move within the week can be cheaper.
    """
    day = week.days[slot.weekday]
    start = ground.start(day, slot.minute)
    restless = _RESTLESS if now.known else 0
    out = []
    points = ground.price(day, start, slot.length)
    if points is not None:
        at_home = now.home or not now.known
        out.append(Option(points * POINT + (0 if at_home else _RESTLESS), slot.weekday, start, home=True))
    places = ground.places(week.index, slot.length)
    if points is not None and only_home:
        least = min([p[0][0] for p in places if p], default=points)
        if points < MOVE + HOUR_AWAY + (min(least, now.points) if now.day >= 0 else least):
            return out
    keeps = (now.home and points is not None) or now.day >= 0
    base = MOVE + (RESHUFFLE if keeps else 0)
    if now.day >= 0 and now.start is not None:
        other = ground.wall(week.days[now.day], now.start)
        cost = now.points + MOVE + away(slot.weekday, slot.minute, now.day, other)
        out.append(Option(cost * POINT + _minutes(slot, now.day, other), now.day, now.start, home=False))
    for target, found in zip(week.days, places, strict=True):
        for price, minute in found:
            if target is day and minute == slot.minute:
                continue
            moved = ground.start(target, minute)
            if target.index == now.day and moved == now.start:
                continue
            cost = price + base + away(slot.weekday, slot.minute, target.index, minute)
            total = cost * POINT + restless + _minutes(slot, target.index, minute)
            out.append(Option(total, target.index, moved, home=False))
    out.sort()
    return out


def staying(ground: Ground, week: Week, slot: Candidate, now: Present) -> list[Option]:
    """The place where the date stands now as its only option, or none if that is not legal any more."""
    found = options(ground, week, slot, now)
    return [o for o in found if o.start == now.start]


def _minutes(slot: Candidate, day: int, minute: int) -> int:
    # On another day the same time of day is nearest.
    return abs(day - slot.weekday) * 24 * 60 + abs(minute - slot.minute)


class Task(NamedTuple):
    """One open date of a week: its length in seconds, the total when it drops, and its places, cheapest first."""

    length: int
    skip: int
    options: Sequence[Option]


Link = tuple[int, Option, "Link | None"]
"""A choice for one task, and the choices before it."""

Cell = tuple[int, Link | None]


def settle(week: Week, tasks: Sequence[Task]) -> tuple[int, list[Option | None]]:
    """The cheapest way to place or drop every date of `tasks`, under all rules of the week: its total and places."""
    easy = independent(week, tasks)
    if easy is not None:
        return easy
    best: dict[int, Cell] = {0: (sum(t.skip for t in tasks), None)}
    longest = max((t.length for t in tasks), default=0)
    kept = [_useful(t, [d.room for d in week.days], t.length + longest) for t in tasks]
    for day in week.days:
        found = [k[day.index] for k in kept]
        table = _one_a_day(tasks, found) if day.room == 1 else _several_a_day(tasks, found, day.room, day.free)
        if table:
            best = _joined(best, table)
    cells = [(cell, mask) for mask, cell in best.items() if not mask or _length(tasks, mask) <= week.left]
    (total, link), _ = min(cells, key=lambda c: (c[0][0], c[1]))
    chosen: list[Option | None] = [None] * len(tasks)
    while link is not None:
        i, option, link = link
        chosen[i] = option
    return total, chosen


def independent(week: Week, tasks: Sequence[Task]) -> tuple[int, list[Option | None]] | None:
    """What `settle` gives, if what is best for each date goes together; else None. Needs only each first option."""
    total, used, length = 0, set(), 0
    chosen: list[Option | None] = []
    for task in tasks:
        option = task.options[0] if task.options and task.options[0].total < task.skip else None
        chosen.append(option)
        total += task.skip if option is None else option.total
        if option is not None:
            if option.day in used:
                return None
            used.add(option.day)
            length += task.length
    return (total, chosen) if not length or length <= week.left else None


def _length(tasks: Sequence[Task], mask: int) -> int:
    return sum(t.length for i, t in enumerate(tasks) if mask >> i & 1)


def _joined(best: dict[int, Cell], table: dict[int, Cell]) -> dict[int, Cell]:
    out = dict(best)
    for mask, (total, link) in best.items():
        for sub, (more, tail) in table.items():
            if mask & sub:
                continue
            both = mask | sub
            if both not in out or total + more < out[both][0]:
                chain, step = link, tail
                while step is not None:
                    chain, step = (step[0], step[1], chain), step[2]
                out[both] = (total + more, chain)
    return out


def _useful(task: Task, room: Sequence[int], reach: int) -> list[list[Option]]:
    """By day the places that a best week can need, cheapest first.

    On a day with room for n blocks the others are at most n - 1. Of n places so far apart (`reach` seconds) that no
    block touches two of them one stays free, so nothing dearer than these is needed.
    """
    out: list[list[Option]] = [[] for _ in room]
    apart: list[list[int]] = [[] for _ in room]
    for option in task.options:
        if option.total >= task.skip:
            break
        day = option.day
        if len(apart[day]) >= room[day]:
            continue
        out[day].append(option)
        if all(abs(option.start - s) >= reach for s in apart[day]):
            apart[day].append(option.start)
    return out


def _one_a_day(tasks: Sequence[Task], found: Sequence[Sequence[Option]]) -> dict[int, Cell]:
    return {
        1 << i: (options[0].total - task.skip, (i, options[0], None))
        for i, (task, options) in enumerate(zip(tasks, found, strict=True))
        if options
    }


def _several_a_day(tasks: Sequence[Task], found: Sequence[Sequence[Option]], room: int, free: int) -> dict[int, Cell]:
    """The cheapest places without overlap for each set of at most `room` tasks: over starts, from late to early."""
    entries = sorted(((o.start, i, o) for i, options in enumerate(found) for o in options), key=lambda e: e[:2])
    starts = [e[0] for e in entries]
    tables: list[dict[int, Cell]] = [{}] * len(entries) + [{0: (0, None)}]
    for at in range(len(entries) - 1, -1, -1):
        start, i, option = entries[at]
        table = dict(tables[at + 1])
        rest = tables[bisect_left(starts, start + tasks[i].length, at + 1)]
        for mask, (total, link) in rest.items():
            if mask >> i & 1 or mask.bit_count() >= room:
                continue
            both = mask | 1 << i
            total += option.total - tasks[i].skip + CLUSTER * POINT * mask.bit_count()
            if both not in table or total < table[both][0]:
                table[both] = (total, (i, option, link))
        tables[at] = table
    return {m: cell for m, cell in tables[0].items() if m and _length(tasks, m) <= free}
