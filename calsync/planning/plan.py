"""The plan for one kind of block: which weekly series it has, and where every date of the horizon takes place.

Series are chosen on the weeks from the switch week on, the first ISO week that lies wholly at or after
`Board.not_before`; in the weeks before it the series that exist are only repaired, so that a run in the middle of a
week never judges a slot by what is left of that week (else the next run would judge it anew).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from itertools import combinations

from calsync.model import Span
from calsync.planning.board import Board, Ended, KindPlan, Placement, PlannedSeries, Standing, Unplaced, Wish
from calsync.planning.choice import Choice, Slots, choose
from calsync.planning.costs import SKIP, SWITCH
from calsync.planning.repair import (
    POINT,
    Option,
    Present,
    State,
    Task,
    independent,
    options,
    present,
    settle,
    skip_price,
    state,
    staying,
)
from calsync.planning.slots import Candidate, Ground, Week, share_of
from calsync.planning.spans import instant, seconds_of
from calsync.planning.words import FIXED, TOO_LATE, Reasons, clock_words, share_words

__all__ = ["plan_kind"]


def plan_kind(board: Board, wish: Wish, standing: Sequence[Standing]) -> KindPlan:
    """The cheapest plan for `wish` on `board`, given the series that exist; docs/planning.md has the prices.

    Blocks of other kinds stand in `board.own`. `series` are those that go on or begin. Of a series in `ended` every
    date up to `last` stays exactly where it is now: where one cannot, the series ends before it. The order of
    `standing`, of busy and of own spans makes no difference. Nothing is raised for lack of room: that is what
    `unplaced` says.
    """
    return _Planner(board, wish, standing).plan()


class _Planner:
    def __init__(self, board: Board, wish: Wish, standing: Sequence[Standing]) -> None:
        self.board = board
        self.wish = wish
        self.length = wish.minutes * 60
        held = [span for s in standing for span in s.fixed.values() if span is not None]
        self.ground = Ground(board, wish, held)
        self.weeks = self.ground.weeks
        self.switch = next((w.index for w in self.weeks if self._monday(w) >= self.ground.not_before), len(self.weeks))
        self.existing = sorted((self._existing(s) for s in standing), key=lambda c: (c.key, _name(c)))
        self.reasons = Reasons(self.ground, board, wish.kind, wish.max_a_day)
        self.lacking = ""
        self.chosen: list[Candidate] = []
        self.early: frozenset[Candidate] = frozenset()
        self.leaving: set[Candidate] = set()
        self.cut: set[Candidate] = set()
        self.at: dict[tuple[Candidate, int], Option | None] = {}

    def _monday(self, week: Week) -> int:
        return self.ground.start(week.days[0], 0)

    def _existing(self, standing: Standing) -> Candidate:
        """A series as a slot; bound where the leader's hand or the calendar leaves no choice."""
        minute = standing.start.hour * 60 + standing.start.minute
        slot = Candidate(standing.weekday, minute, standing.minutes * 60, standing)
        later = self.switch < len(self.weeks)
        pinned = later and any(
            span is not None and home >= self.weeks[self.switch].monday for home, span in standing.fixed.items()
        )
        slot.bound = standing.keep or pinned or not later
        return slot

    # ------------------------------------------------------------------ series

    def plan(self) -> KindPlan:
        """Choose, repair, and say it."""
        picked = self._choose()
        self.chosen = list(picked.slots)
        early_cost = self._before_the_switch()
        late_cost = sum(self._settle(w, self.chosen) for w in self.weeks[self.switch :])
        gone = [c for c in self.existing if c not in self.chosen]
        out_of_reach = sum(
            SKIP
            for w in self.weeks
            for c in (self.existing if w.index < self.switch else self.chosen)
            if state(self.ground, w, c) == State.OUT
        )
        cost = early_cost + late_cost + out_of_reach + SWITCH * len(gone)
        numbers = self._numbers()
        ended = [self._ended(c) for c in gone]
        series = [self._series(c, numbers[id(c)]) for c in self.chosen]
        return KindPlan(
            kind=self.wish.kind,
            series=tuple(sorted(series, key=lambda s: (s.number, s.generation))),
            ended=tuple(sorted(ended, key=lambda e: (e.number, e.generation))),
            unplaced=self._unplaced(),
            cost=cost,
            bound=cost - (picked.cost - picked.bound),
        )

    def _choose(self) -> Choice:
        weeks = self.weeks[self.switch :] or self.weeks
        bound = [c for c in self.existing if c.bound]
        free = [c for c in self.existing if not c.bound and c.length == self.length]
        if not any(w.work for w in weeks):
            # A horizon without any working time says nothing about the slots.
            self.lacking = "no working time" if self.wish.per_week > len(self.existing) else ""
            return Choice(tuple(self.existing), 0, 0)
        free = [c for c in free if not any(c.clashes(b) for b in bound)]
        taken = {(c.weekday, c.minute) for c in free}
        for weekday, minutes in enumerate(self.ground.slots(self.length)):
            for minute in minutes:
                slot = Candidate(weekday, minute, self.length)
                if (weekday, minute) not in taken and not any(slot.clashes(b) for b in bound):
                    free.append(slot)
        free.sort(key=lambda c: c.key)
        room = [self.wish.max_a_day - sum(1 for b in bound if b.weekday == d) for d in range(7)]
        count = self._count(bound, free, room)
        offered = {id(c) for c in (*bound, *free)}
        ended = sum(1 for c in self.existing if id(c) not in offered)
        return choose(self.ground, weeks, self.length, Slots(bound, free, count, room, ended))

    def _count(self, bound: Sequence[Candidate], free: Sequence[Candidate], room: Sequence[int]) -> int:
        """How many slots to add to the bound ones: as many as asked for, as far as a full week has room."""
        # By the week with the most room: what one week alone has in it, say the last dates of a series that ends, must
        # not end another series for good.
        weeks = self.weeks[self.switch :] or self.weeks
        left = max(share_of(w.work, self.board.block_share) - w.own for w in weeks) - sum(b.length for b in bound)
        by_share = max(0, left // self.length)
        by_days = sum(min(room[d], _packed([c for c in free if c.weekday == d])) for d in range(7) if room[d] > 0)
        asked = max(0, self.wish.per_week - len(bound))
        count = min(asked, by_share, by_days)
        if count < asked:
            self.lacking = (
                f"the limit of {share_words(self.board.block_share)}"
                if by_share <= by_days
                else f"the limit of {self.wish.max_a_day} a day"
            )
        return count

    def _numbers(self) -> dict[int, int]:
        """The number of each chosen slot: its own, or the smallest that no staying series has."""
        out = {id(c): c.standing.number for c in self.chosen if c.standing is not None}
        used = set(out.values())
        free = (n for n in range(1, len(used) + len(self.chosen) + 1) if n not in used)
        for slot in self.chosen:
            if slot.standing is None:
                out[id(slot)] = next(free)
        return out

    # ------------------------------------------------------------------ dates

    def _before_the_switch(self) -> int:
        """Repair the weeks before the switch; new series that replace nothing may begin in them, the sooner first."""
        weeks = self.weeks[: self.switch]
        fresh = [c for c in self.chosen if c.standing is None]
        count = min(len(fresh), max(0, len(self.chosen) - len(self.existing)))
        best: tuple[tuple[int, int], tuple[Candidate, ...]] | None = None
        for early in combinations(fresh, count):
            cost = self._early(weeks, early)
            rank = -sum(1 for (slot, _), place in self.at.items() if slot in early and place is not None), cost
            if best is None or rank < best[0]:
                best = rank, early
        assert best is not None
        self.early = frozenset(best[1])
        return self._early(weeks, best[1])

    def _early(self, weeks: Sequence[Week], early: Sequence[Candidate]) -> int:
        self.leaving = {c for c in self.existing if c not in self.chosen}
        self.cut.clear()
        self.at.clear()
        return sum(self._settle(w, [*self.existing, *early]) for w in weeks)

    def _settle(self, week: Week, slots: Sequence[Candidate]) -> int:
        """Place the open dates of a week, remember where, and return its points."""
        dates = [(c, present(self.ground, week, c)) for c in slots if state(self.ground, week, c) == State.OPEN]
        easy = independent(week, self._tasks(week, dates, only_home=True))
        total, places = easy or settle(week, self._tasks(week, dates, only_home=False))
        for (slot, now), place in zip(dates, places, strict=True):
            self.at[slot, week.index] = place
            if place is None and now.start is not None and slot in self.leaving:
                self.cut.add(slot)
        return total // POINT

    def _tasks(self, week: Week, dates: Sequence[tuple[Candidate, Present]], *, only_home: bool) -> list[Task]:
        tasks = []
        for slot, now in dates:
            if slot not in self.leaving:
                found = options(self.ground, week, slot, now, only_home=only_home)
            else:
                found = [] if slot in self.cut else staying(self.ground, week, slot, now)
            tasks.append(Task(slot.length, skip_price(now), found))
        return tasks

    def _series(self, slot: Candidate, number: int) -> PlannedSeries:
        """A chosen slot with its dates."""
        placements = tuple(p for w in self.weeks if (p := self._placement(w, slot)) is not None)
        standing = slot.standing
        first = standing.first if standing is not None else self._first(slot)
        return PlannedSeries(
            number=number,
            generation=standing.generation if standing is not None else 0,
            standing=standing is not None,
            weekday=slot.weekday,
            start=time(slot.minute // 60, slot.minute % 60),
            minutes=slot.length // 60,
            first=first,
            placements=placements,
        )

    def _first(self, slot: Candidate) -> date:
        begin = 0 if slot in self.early else self.switch
        for week in self.weeks[begin:]:
            if state(self.ground, week, slot) == State.OPEN:
                return self._home(week, slot)
        return self._home(self.weeks[-1], slot) + timedelta(7)

    def _home(self, week: Week, slot: Candidate) -> date:
        return week.monday + timedelta(slot.weekday)

    def _placement(self, week: Week, slot: Candidate) -> Placement | None:
        home = self._home(week, slot)
        what = state(self.ground, week, slot)
        if what == State.FIXED and slot.standing is not None:
            span = slot.standing.fixed[home]
            if span is None:
                return Placement(home, None, "deleted by the leader")
            at_home = seconds_of(span)[0] == self.ground.start(week.days[slot.weekday], slot.minute)
            return Placement(home, span, "" if at_home else FIXED)
        if what == State.OUT:
            return Placement(home, None, TOO_LATE)
        if (slot, week.index) not in self.at:
            return None
        place = self.at[slot, week.index]
        if place is not None and place.home:
            return Placement(home, self._span(place.start, slot.length))
        others = [p.start for (c, w), p in self.at.items() if w == week.index and c is not slot and p is not None]
        why = self.reasons.not_at_home(week, slot, others, dropped=place is None)
        return Placement(home, None if place is None else self._span(place.start, slot.length), why)

    def _span(self, start: int, length: int) -> Span:
        zone = self.board.zone
        return Span(instant(start).astimezone(zone), instant(start + length).astimezone(zone))

    # ------------------------------------------------------------------ what is said of the rest

    def _ended(self, slot: Candidate) -> Ended:
        standing = slot.standing
        assert standing is not None
        if slot.length != self.length:
            why = f"a block lasts {self.wish.minutes} minutes now, not {standing.minutes}"
        elif len(self.existing) > len(self.chosen) and self.lacking:
            why = self.lacking
        elif len(self.existing) > len(self.chosen):
            why = f"{self.wish.per_week} a week are asked for now"
        else:
            new = [clock_words(c.weekday, c.minute) for c in self.chosen if c.standing is None]
            why = f"fewer clashes and better times at {', '.join(new)}" if new else "its slot is taken"
        return Ended(standing.number, standing.generation, self._last(slot), why)

    def _last(self, slot: Candidate) -> date | None:
        """The last home date before the switch that takes place, or about which nothing is left to decide."""
        standing = slot.standing
        assert standing is not None
        for week in reversed(self.weeks[: self.switch]):
            home = self._home(week, slot)
            if home < standing.first:
                return None
            what = state(self.ground, week, slot)
            dropped = (what == State.OPEN and self.at[slot, week.index] is None) or what == State.OUT
            past = what == State.ABSENT and standing.current.get(home, True) is not None
            if what == State.FIXED or past or (what == State.OPEN and not dropped):
                return home
        before = self.weeks[0].monday + timedelta(slot.weekday - 7)
        return before if before >= standing.first else None

    def _unplaced(self) -> tuple[Unplaced, ...]:
        short = max(0, self.wish.per_week - len(self.chosen))
        out = []
        for week in self.weeks:
            slots = [*self.existing, *self.early] if week.index < self.switch else self.chosen
            missing = short + sum(
                1
                for c in slots
                if ((c, week.index) in self.at and self.at[c, week.index] is None)
                or state(self.ground, week, c) == State.OUT
            )
            if missing:
                placed = [p.start for (_, w), p in self.at.items() if w == week.index and p is not None]
                why = self.reasons.displaced_by(week, placed, self.length, self.lacking if short else "")
                year, number, _ = week.monday.isocalendar()
                out.append(Unplaced(f"{year}-W{number:02}", self.wish.kind, missing, why))
        return tuple(out)


def _name(slot: Candidate) -> tuple[int, int]:
    return (slot.standing.number, slot.standing.generation) if slot.standing is not None else (0, 0)


def _packed(slots: Sequence[Candidate]) -> int:
    """How many of the slots of one weekday fit beside each other."""
    count, end = 0, -1
    for slot in sorted(slots, key=lambda c: c.minute * 60 + c.length):
        if slot.minute * 60 >= end:
            count, end = count + 1, slot.minute * 60 + slot.length
    return count
