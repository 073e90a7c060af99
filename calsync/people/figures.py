"""How attention was spent in a period: sums and medians over people and blocks, never about one of them.

Pure: everything known comes in, figures come out. No figure holds a name, and none puts people in an order. All
reckoning is in local days. docs/report.md defines each figure for the leader.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from statistics import median, quantiles
from zoneinfo import ZoneInfo

from calsync.model import Kind, Person, require_aware
from calsync.people.contacts import Contact, ContactKind, name_key

__all__ = ["Blocks", "Date", "Figures", "Gaps", "Spread", "Week", "figures"]

TALKED = Kind.CONNECT.value
"""The kind of block that a logged talk keeps."""
GIVEN = Kind.KINDNESS.value
"""The kind of block that an act of kindness keeps. What keeps the other kind is not known."""


@dataclass(frozen=True, slots=True)
class Date:
    """One date of a block that was planned. `what` is home | moved | pinned | dropped | deleted, as the nights saw it.

    `start` and `end` are None where nothing took place. `cause` says what was in the way of a date that is not at
    home, without a title, a name or a time. `people` are those whom the block named to the leader.
    """

    kind: str
    home: date
    start: datetime | None
    end: datetime | None
    what: str
    cause: str = ""
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gaps:
    """`median_of_target` is over people: the median of each one's gaps as a part of their ideal gap, 1 = on target.

    `people` have at least one gap to judge. The rest counts everybody by the days since their last talk, today.
    """

    median_of_target: float | None
    people: int
    within_ideal: int
    within_max: int
    past_max: int


@dataclass(frozen=True, slots=True)
class Spread:
    """`to_others` is how many of the talks would have to go to others for everybody to get their due share, rounded.

    The due share follows the ideal gaps. `quartiles` are over people: talks for each one that the ideal gap asks for.
    """

    talks: int
    to_others: int
    share: float | None
    quartiles: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class Blocks:
    """What became of the blocks that were planned: planned = kept + open + displaced + deleted + to_come.

    `kept` is None for a kind of which it is not known. `open` are those that took place in the calendar without
    a talk that was logged. `moved` and `pinned` are among kept, open and to_come. `displaced_by` and `moved_by` are
    (cause, blocks), most blocks first.
    """

    planned: int
    kept: int | None
    open: int
    displaced: int
    deleted: int
    to_come: int
    moved: int
    pinned: int
    displaced_by: tuple[tuple[str, int], ...] = ()
    moved_by: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Week:
    """One ISO week, as far as it lies in the period, by its Monday."""

    monday: date
    talks: int
    blocks: Blocks

    @property
    def name(self) -> str:
        """`2026-W50`."""
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02}"


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of the local days `start` to `end`, both included."""

    start: date
    end: date
    people: int
    reached: int
    gaps: Gaps
    spread: Spread
    blocks: Blocks
    kinds: tuple[tuple[str, Blocks], ...]
    weeks: tuple[Week, ...]


def figures(
    people: Iterable[Person],
    contacts: Iterable[Contact],
    since: Mapping[str, date],
    paused: Collection[str],
    dates: Iterable[Date],
    start: date,
    now: datetime,
    zone: ZoneInfo,
    deeds: Iterable[date] = (),
) -> Figures:
    """The figures from the local day `start` to today. `deeds` are the local days of acts of kindness that were done.

    `since` is the day on which each person, by name, came into the rotation; `paused` are left out, and so is whoever
    is not in `people`, but their talks keep blocks all the same. `dates` of a week to come are not counted yet.
    """
    today = require_aware(now, "now").astimezone(zone).date()
    monday, next_monday = start - timedelta(start.weekday()), today - timedelta(today.weekday()) + timedelta(7)
    talks = _talk_days(contacts, now, zone)
    left_out = {name_key(name) for name in paused}
    first = {name_key(name): day for name, day in since.items()}
    clocks = [
        _Clock(person, talks.get(key, []), first.get(key), start, today)
        for person in people
        if (key := name_key(person.name)) not in left_out
    ]
    planned = [d for d in dates if start <= d.home < next_monday]
    kept = _kept(planned, talks, set(deeds), zone)
    judged = [(date_, kept[i]) for i, date_ in enumerate(planned)]
    weeks = [monday + timedelta(7 * n) for n in range((next_monday - monday).days // 7)]
    of_week = Counter(day - timedelta(day.weekday()) for clock in clocks for day in clock.talks)
    return Figures(
        start=start,
        end=today,
        people=len(clocks),
        reached=sum(1 for clock in clocks if clock.talks),
        gaps=_gaps(clocks),
        spread=_spread(clocks),
        blocks=_blocks(judged, now),
        kinds=tuple(
            (kind, _blocks([j for j in judged if j[0].kind == kind], now)) for kind in sorted({d.kind for d in planned})
        ),
        weeks=tuple(
            Week(week, of_week[week], _blocks([j for j in judged if 0 <= (j[0].home - week).days < 7], now))
            for week in weeks
        ),
    )


def _talk_days(contacts: Iterable[Contact], now: datetime, zone: ZoneInfo) -> dict[str, list[date]]:
    """The local days on which each person was talked with, in order; two talks on one day count as one."""
    found: dict[str, set[date]] = {}
    for contact in contacts:
        if contact.kind is ContactKind.PERSONAL and contact.at <= now:
            found.setdefault(name_key(contact.person), set()).add(contact.at.astimezone(zone).date())
    return {key: sorted(days) for key, days in found.items()}


class _Clock:
    """One person's talks in the period and the gaps that ended in it, in days."""

    def __init__(self, person: Person, days: Sequence[date], since: date | None, start: date, today: date) -> None:
        self.ideal, self.max = person.ideal_days, person.max_days
        self.talks = [day for day in days if day >= start]
        begin = since or (days[0] if days else today)
        ends = list(days)
        if not ends or begin < ends[0]:
            ends.insert(0, begin)
        self.silent = max(0, (today - ends[-1]).days)
        self.gaps = [(b - a).days for a, b in pairwise(ends) if b >= start]
        if self.silent > self.ideal:
            # A gap that is still open counts once it is too long: else whoever is never talked with is never seen.
            self.gaps.append(self.silent)
        present = (today - max(start, min(begin, *self.talks) if self.talks else begin)).days + 1
        self.asked = Fraction(max(1, present), self.ideal)


def _gaps(clocks: Sequence[_Clock]) -> Gaps:
    ratios = [median(clock.gaps) / clock.ideal for clock in clocks if clock.gaps]
    past = sum(1 for clock in clocks if clock.silent > clock.max)
    ideal = sum(1 for clock in clocks if clock.silent <= clock.ideal)
    return Gaps(
        median_of_target=round(median(ratios), 2) if ratios else None,
        people=len(ratios),
        within_ideal=ideal,
        within_max=len(clocks) - ideal - past,
        past_max=past,
    )


def _spread(clocks: Sequence[_Clock]) -> Spread:
    talks = sum(len(clock.talks) for clock in clocks)
    if not talks:
        return Spread(0, 0, None, None)
    asked = sum(clock.asked for clock in clocks)
    due = [(len(clock.talks), talks * clock.asked / asked) for clock in clocks]
    too_many = sum(max(0, had - ceil(share)) for had, share in due)
    too_few = sum(max(0, floor(share) - had) for had, share in due)
    moves = max(too_many, too_few)
    ratios = [float(len(clock.talks) / clock.asked) for clock in clocks]
    low, middle, high = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    return Spread(talks, moves, round(moves / talks, 3), (round(low, 2), round(middle, 2), round(high, 2)))


def _kept(
    dates: Sequence[Date], talks: Mapping[str, Sequence[date]], deeds: Collection[date], zone: ZoneInfo
) -> list[bool]:
    """Which of `dates` a talk with somebody whom they name keeps, or a deed, on their local day or on the day after it.

    Each talk keeps one block, and so do the deeds of one day: first that of its own day, then that of the day before,
    the earlier block first.
    """
    kept = [False] * len(dates)
    unused = {(TALKED, key, day) for key, days in talks.items() for day in days} | {(GIVEN, "", day) for day in deeds}
    order = sorted((d.start, index) for index, d in enumerate(dates) if d.start is not None)
    for later in (0, 1):
        for start, index in order:
            if kept[index]:
                continue
            day, kind = start.astimezone(zone).date() + timedelta(later), dates[index].kind
            names = [""] if kind == GIVEN else map(name_key, dates[index].people)
            used = next((one for name in names if (one := (kind, name, day)) in unused), None)
            if used is not None:
                unused.remove(used)
                kept[index] = True
    return kept


def _blocks(judged: Sequence[tuple[Date, bool]], now: datetime) -> Blocks:
    kept = [date_ for date_, is_kept in judged if is_kept]
    rest = [date_ for date_, is_kept in judged if not is_kept and date_.start is not None]
    over = [date_ for date_ in rest if date_.end is not None and date_.end <= now]
    known = not judged or any(date_.kind in (TALKED, GIVEN) for date_, _ in judged)
    dropped = [date_ for date_, _ in judged if date_.what == "dropped"]
    moved = [date_ for date_, _ in judged if date_.what == "moved"]
    return Blocks(
        planned=len(judged),
        kept=len(kept) if known else None,
        open=len(over),
        displaced=len(dropped),
        deleted=sum(1 for date_, _ in judged if date_.what == "deleted"),
        to_come=len(rest) - len(over),
        moved=len(moved),
        pinned=sum(1 for date_, _ in judged if date_.what == "pinned"),
        displaced_by=_causes(dropped),
        moved_by=_causes(moved),
    )


def _causes(dates: Iterable[Date]) -> tuple[tuple[str, int], ...]:
    counted = Counter(date_.cause or "not known any more" for date_ in dates)
    return tuple(sorted(counted.items(), key=lambda row: (-row[1], row[0])))
