"""Compare the planner with CP-SAT on the same boards: equal cost wherever CP-SAT proves its optimum, and the times.

The CP-SAT model reads the board by itself, in plain datetimes, and shares only the weights with the planner. It is
given its best known setting (one worker, linearization_level=2) and a strong model: a date stays, moves within its
day, or flows to another day, so that the linear relaxation is tight. Only the building of the model and its solving
count as CP-SAT's time, not the reading of the board; all of `plan_kind` counts as ours. Times are processor time
of this process (both run in one thread), so that other load on the machine does not decide; `--process` has real time.

    python benchmarks/placement.py [--quick] [--weeks 12 26 52] [--k 2 3 5] [--seeds 3] [--process]
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from calsync.model import Kind, Span, at_wall_clock
from calsync.planning import costs
from calsync.planning.board import Board, BusySpan, KindPlan, Prefer, Standing, Wish
from calsync.planning.plan import plan_kind

ZONE = ZoneInfo("Europe/Berlin")
START = date(2026, 9, 7)  # the change from summer time is in every horizon
OPENS, CLOSES = 9 * 60, 18 * 60


# ---------------------------------------------------------------- boards


def moment(day: date, minute: int) -> datetime:
    return at_wall_clock(day, time(minute // 60, minute % 60), ZONE)


def random_board(seed: int, weeks: int, load: float = 0.65, grid: int = 15, into_week: int = 0) -> Board:
    """A leader's weeks: recurring meetings, some cancelled or moved, single ones, days off, weeks away."""
    r = random.Random(f"{seed}/{weeks}/{load}/{grid}")
    recurring: list[tuple[int, int, int]] = []
    for _ in range(400):
        if sum(n for _, _, n in recurring) >= load * 0.8 * 5 * (CLOSES - OPENS):
            break
        day, length = r.randrange(5), r.choice([30, 30, 45, 60, 60, 90])
        start = OPENS + 15 * r.randrange((CLOSES - OPENS - length) // 15 + 1)
        if not any(day == d and start < s + n and s < start + length for d, s, n in recurring):
            recurring.append((day, start, length))
    busy: list[BusySpan] = []
    working: dict[date, tuple[Span, ...]] = {}
    mondays = tuple(START + timedelta(7 * i) for i in range(weeks))
    for monday in mondays:
        for i in range(5):
            if r.random() > 0.03:
                day = monday + timedelta(i)
                working[day] = (Span(moment(day, OPENS), moment(day, CLOSES)),)
        if r.random() < 0.03:
            busy.append(BusySpan(Span(moment(monday, 0), moment(monday + timedelta(5), 0)), "out of office"))
        meetings = []
        for day_index, start, length in recurring:
            chance = r.random()
            if chance < 0.1:
                continue
            if chance < 0.2:
                day_index, start = r.randrange(5), OPENS + 15 * r.randrange((CLOSES - OPENS - length) // 15 + 1)
            meetings.append((day_index, start, length, "team meeting"))
        meetings += [
            (r.randrange(5), OPENS + 15 * r.randrange(34), r.choice([30, 30, 45]), "one-on-one")
            for _ in range(int(load * 0.2 * 5 * (CLOSES - OPENS) / 35))
        ]
        for day_index, start, length, label in meetings:
            begin = moment(monday + timedelta(day_index), start)
            busy.append(BusySpan(Span(begin, begin + timedelta(minutes=length)), label))
    not_before = moment(START, 0) + timedelta(hours=into_week)
    return Board(ZONE, mondays, not_before, working, tuple(busy), grid_minutes=grid)


def later_night(seed: int, board: Board, wish: Wish) -> tuple[Board, list[Standing]]:
    """The same leader a night later: new meetings, series that stand, dates pinned, deleted and moved."""
    r = random.Random(f"later/{seed}")
    plan = plan_kind(board, wish, [])
    busy = [b for b in board.busy if r.random() > 0.03]
    for monday in board.mondays:
        begin = moment(monday + timedelta(r.randrange(5)), OPENS + 15 * r.randrange(32))
        busy.append(BusySpan(Span(begin, begin + timedelta(hours=1)), "one-on-one"))
    standing = []
    for series in plan.series:
        fixed: dict[date, Span | None] = {}
        current: dict[date, Span | None] = {}
        for placement in series.placements:
            chance = r.random()
            if chance < 0.03 or (chance < 0.06 and placement.span is None):
                fixed[placement.home] = None
            elif chance < 0.06:
                fixed[placement.home] = placement.span
            elif placement.reason:
                current[placement.home] = placement.span
        standing.append(
            Standing(
                series.number,
                series.generation,
                series.weekday,
                series.start,
                series.minutes,
                series.first,
                keep=any(span is not None for span in fixed.values()),
                fixed=fixed,
                current=current,
            )
        )
    return replace(board, busy=tuple(busy)), standing


# ---------------------------------------------------------------- the board, read for CP-SAT

Places = dict[date, dict[int, int]]


class Reading:
    """Legal starts and their points by local date and minute, in plain datetimes."""

    def __init__(self, board: Board, wish: Wish, standing: list[Standing]) -> None:
        self.board, self.wish = board, wish
        self.length = timedelta(minutes=wish.minutes)
        self.fixed = [s for one in standing for s in one.fixed.values() if s is not None]
        self.blocks = [*board.own, *self.fixed]
        self.by_day: dict[date, list[Span]] = {}
        self.raw_by_day: dict[date, list[Span]] = {}
        for b in board.busy:
            for table, span in ((self.by_day, b.span.widened(board.buffer)), (self.raw_by_day, b.span)):
                day = span.start.astimezone(board.zone).date() - timedelta(1)
                last = span.end.astimezone(board.zone).date() + timedelta(1)
                while day <= last:
                    table.setdefault(day, []).append(span)
                    day += timedelta(1)
        self.left = {m: self._left(m) for m in board.mondays}
        self.places: Places = {d: self._places(d) for m in board.mondays for d in self.days(m)}

    @staticmethod
    def days(monday: date) -> list[date]:
        return [monday + timedelta(i) for i in range(7)]

    def day(self, span: Span) -> date:
        return span.start.astimezone(self.board.zone).date()

    def _left(self, monday: date) -> int:
        days = self.days(monday)
        work = sum(int(s.length.total_seconds()) for d in days for s in self.board.working.get(d, ()))
        used = sum(int(b.length.total_seconds()) for b in self.blocks if self.day(b) in days)
        return work * round(self.board.block_share * 10**6) // 10**6 - used

    def _free(self, day: date) -> float:
        total = 0.0
        for frame in self.board.working[day]:
            reached, end = frame.start.timestamp(), frame.end.timestamp()
            total += end - reached
            spans = [*self.raw_by_day.get(day, []), *self.blocks]
            for a, b in sorted((s.start.timestamp(), s.end.timestamp()) for s in spans):
                a, b = max(a, reached), min(b, end)
                if b > a:
                    total -= b - a
                    reached = b
        return total

    def _places(self, day: date) -> dict[int, int]:
        if day not in self.board.working:
            return {}
        out = {}
        for minute in range(0, 24 * 60, self.board.grid_minutes):
            begin = moment(day, minute)
            points = self.points(Span(begin, (begin.astimezone(UTC) + self.length).astimezone(ZONE)), minute)
            if points is not None:
                out[minute] = points
        return out

    def points(self, span: Span, minute: int) -> int | None:
        """The points of a place, None where it is not legal for one block alone."""
        day, board, wish = self.day(span), self.board, self.wish
        working = board.working.get(day, ())
        if span.start < board.not_before or not any(w.start <= span.start and span.end <= w.end for w in working):
            return None
        wide = self.by_day.get(day, [])
        if any(span.overlaps(b) for b in wide) or any(span.overlaps(b) for b in self.blocks):
            return None
        monday = day - timedelta(day.weekday())
        seconds = self.length.total_seconds()
        if seconds > self.left[monday] or sum(self.day(f) == day for f in self.fixed) >= wish.max_a_day:
            return None
        if self._free(day) - seconds < 60 * board.free_minutes:
            return None
        end = minute + wish.minutes
        walls = [(_wall(w.start), _wall(w.end)) for w in sorted(working)]
        points = costs.EDGE * (minute < walls[0][0] + 30) + costs.EDGE * (end > walls[-1][1] - 30)
        rests = [b for (_, a), (b, _) in pairwise(walls) if a < b and a >= 660 and b <= 870]
        points += costs.MIDDAY * (minute < 780 and end > 720 and not rests)
        half = min(rests, default=720)
        points += costs.PREFER * (wish.prefer is Prefer.MORNING and minute >= half)
        points += costs.PREFER * (wish.prefer is Prefer.AFTERNOON and minute < half)
        points += costs.MONDAY_FIRST * (day.weekday() == 0 and minute < walls[0][0] + 60)
        points += costs.FRIDAY_LATE * (day.weekday() == 4 and end > 900)
        near = timedelta(seconds=costs.NEAR_SECONDS)
        points += costs.NEAR * any(timedelta() <= span.start - b.end < near for b in wide)
        points += costs.NEAR * any(timedelta() <= b.start - span.end < near for b in wide)
        return points + costs.CLUSTER * sum(self.day(b) == day for b in self.blocks)


def _wall(value: datetime) -> int:
    local = value.astimezone(ZONE)
    return local.hour * 60 + local.minute


def _way(home: date, minute: int, day: date, other: int) -> int:
    if home != day:
        return costs.MOVE + costs.DAY_AWAY * abs((home - day).days)
    return costs.MOVE + costs.HOUR_AWAY * -(-abs(minute - other) // 60) if minute != other else 0


def standing_vector(reading: Reading, one: Standing, monday: date) -> dict[date, int] | int | None:
    """By day the least points of a standing series' date; an int when it is missing for good, None when settled."""
    home = monday + timedelta(one.weekday)
    minute = one.start.hour * 60 + one.start.minute
    if home < one.first or home in one.fixed:
        return None
    if home in one.frozen_out:
        return costs.SKIP
    if moment(home, minute) < reading.board.not_before:
        return None
    own = one.current.get(home, Span(moment(home, minute), moment(home, minute) + reading.length))
    now = None
    if own is not None and own.length == reading.length and reading.day(own) in reading.days(monday):
        points = reading.points(own, _wall(own.start))
        now = (reading.day(own), _wall(own.start), points) if points is not None else None
    out: dict[date, int] = {}
    for day in reading.days(monday):
        for at, points in reading.places[day].items():
            total = points + _way(home, minute, day, at)
            if now is not None and (day, at) not in ((now[0], now[1]), (home, minute)):
                total += costs.RESHUFFLE
            out[day] = min(out.get(day, 1 << 30), total)
    if now is not None:
        total = now[2] + _way(home, minute, now[0], now[1])
        out[now[0]] = min(out.get(now[0], 1 << 30), total)
    return out


# ---------------------------------------------------------------- CP-SAT


class Referee:
    """The CP-SAT model for `max_a_day` 1 and blocks of one length."""

    def __init__(self, reading: Reading, standing: list[Standing], count: int, weeks: list[date]) -> None:
        from ortools.sat.python import cp_model

        self.cp = cp_model
        self.reading, self.standing, self.count, self.weeks = reading, standing, count, weeks
        self.model = cp_model.CpModel()
        self.terms: list[Any] = []
        self.constant = 0

    def prepare(self, slots: dict[int, list[int]]) -> None:
        """Read off what the model needs, outside the clock."""
        self.slots = slots
        self.vectors = [[standing_vector(self.reading, s, m) for m in self.weeks] for s in self.standing]
        self.cheapest = [
            [min(self.reading.places[d].values(), default=None) for d in Reading.days(m)] for m in self.weeks
        ]
        self.same: list[dict[int, list[int | None]]] = []
        for monday in self.weeks:
            row: dict[int, list[int | None]] = {}
            for weekday, minutes in slots.items():
                places = self.reading.places[monday + timedelta(weekday)]
                row[weekday] = [
                    min(
                        (p + costs.MOVE + costs.HOUR_AWAY * -(-abs(a - m) // 60) for a, p in places.items() if a != m),
                        default=None,
                    )
                    for m in minutes
                ]
            self.same.append(row)

    def build(self, keep: list[bool]) -> None:
        """`keep[j]`: standing series j must stay."""
        model = self.model
        self.fresh = {d: [model.NewBoolVar("") for _ in minutes] for d, minutes in self.slots.items()}
        self.kept = [model.NewBoolVar("") for _ in self.standing]
        model.Add(sum(self.kept) + sum(v for vs in self.fresh.values() for v in vs) == self.count)
        for d in range(7):
            model.AddAtMostOne(
                [*self.fresh.get(d, []), *(v for v, s in zip(self.kept, self.standing, strict=True) if s.weekday == d)]
            )
        for v, must in zip(self.kept, keep, strict=True):
            if must:
                model.Add(v == 1)
            self.terms.append(-costs.SWITCH * v)
            self.constant += costs.SWITCH
        for w in range(len(self.weeks)):
            self._week(w)
        model.Minimize(sum(self.terms))

    def _week(self, w: int) -> None:
        model, monday = self.model, self.weeks[w]
        arrivals: list[list[Any]] = [[] for _ in range(7)]
        for d, variables in self.fresh.items():
            self._fresh_day(w, d, variables, arrivals)
        for j, kept in enumerate(self.kept):
            vector = self.vectors[j][w]
            if vector is None:
                continue
            if isinstance(vector, int):
                self.terms.append(vector * kept)
                continue
            skip = model.NewBoolVar("")
            self.terms.append(costs.SKIP * skip)
            placed = []
            for day, points in vector.items():
                v = model.NewBoolVar("")
                placed.append(v)
                arrivals[day.weekday()].append(v)
                self.terms.append(points * v)
            model.Add(sum(placed) + skip == kept)
        for group in arrivals:
            if len(group) > 1:
                model.Add(sum(group) <= 1)
        room = max(0, self.reading.left[monday] // int(self.reading.length.total_seconds()))
        everything = [v for group in arrivals for v in group]
        if everything and room < self.count:
            model.Add(sum(everything) <= room)

    def _fresh_day(self, w: int, d: int, variables: list[Any], arrivals: list[list[Any]]) -> None:
        model = self.model
        places = self.reading.places[self.weeks[w] + timedelta(d)]
        leaving: list[Any] = []
        for v, minute, same in zip(variables, self.slots[d], self.same[w][d], strict=True):
            here = []
            for points in (places.get(minute), same):
                if points is not None:
                    x = model.NewBoolVar("")
                    here.append(x)
                    self.terms.append(points * x)
            arrivals[d].extend(here)
            if here:
                model.Add(sum(here) <= v)
            leaving += [v, *(-x for x in here)]
        outflow = [model.NewBoolVar("")]
        self.terms.append(costs.SKIP * outflow[0])
        for other, cheapest in enumerate(self.cheapest[w]):
            if other != d and cheapest is not None:
                x = model.NewBoolVar("")
                outflow.append(x)
                arrivals[other].append(x)
                self.terms.append((cheapest + costs.MOVE + costs.DAY_AWAY * abs(other - d)) * x)
        model.Add(sum(leaving) == sum(outflow))

    def solve(self, limit: float) -> tuple[bool, int, float]:
        """(proved optimal, cost, lower bound)."""
        solver = self.cp.CpSolver()
        solver.parameters.max_time_in_seconds = limit
        solver.parameters.num_workers = 1
        solver.parameters.linearization_level = 2
        status = solver.Solve(self.model)
        if status not in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            return False, 1 << 40, solver.BestObjectiveBound() + self.constant
        cost = round(solver.ObjectiveValue()) + self.constant
        return status == self.cp.OPTIMAL, cost, solver.BestObjectiveBound() + self.constant


def referee(board: Board, wish: Wish, standing: list[Standing], limit: float) -> tuple[bool, int, float, float]:
    """CP-SAT on the weeks that lie wholly ahead: (proved, cost, bound, seconds to build and solve)."""
    reading = Reading(board, wish, standing)
    weeks = [m for m in board.mondays if moment(m, 0) >= board.not_before]
    slots = _slots(board, wish, standing)
    keep = [s.keep or any(span is not None and home >= weeks[0] for home, span in s.fixed.items()) for s in standing]
    judge = Referee(reading, standing, wish.per_week, weeks)
    judge.prepare(slots)
    began = process_time()
    judge.build(keep)
    proved, cost, bound = judge.solve(limit)
    return proved, cost, bound, process_time() - began


def _slots(board: Board, wish: Wish, standing: list[Standing]) -> dict[int, list[int]]:
    taken = {(s.weekday, s.start.hour * 60 + s.start.minute) for s in standing}
    slots: dict[int, set[int]] = {}
    for day, spans in board.working.items():
        for minute in range(0, 24 * 60, board.grid_minutes):
            begin = moment(day, minute)
            if any(s.start <= begin and begin + timedelta(minutes=wish.minutes) <= s.end for s in spans):
                slots.setdefault(day.weekday(), set()).add(minute)
    return {d: [m for m in sorted(ms) if (d, m) not in taken] for d, ms in sorted(slots.items())}


def before_the_switch(board: Board, wish: Wish, standing: list[Standing], plan: KindPlan) -> int:
    """What the plan's dates before the first whole week cost, counted from the board; one a day, no neighbours."""
    reading = Reading(board, wish, standing)
    total = 0
    by_name = {(s.number, s.generation): s for s in standing}
    for series in plan.series:
        one = by_name.get((series.number, series.generation)) if series.standing else None
        minute = series.start.hour * 60 + series.start.minute
        for placement in series.placements:
            monday = placement.home - timedelta(placement.home.weekday())
            if moment(monday, 0) >= board.not_before or (one is not None and placement.home in one.fixed):
                continue
            if placement.span is None:
                total += costs.SKIP
                continue
            at = _wall(placement.span.start)
            points = reading.points(placement.span, at)
            assert points is not None, placement
            total += points + _way(placement.home, minute, reading.day(placement.span), at)
    return total


# ---------------------------------------------------------------- runs


def compare(board: Board, wish: Wish, standing: list[Standing], limit: float) -> tuple[float, float, bool, KindPlan]:
    """(our seconds, CP-SAT's seconds, CP-SAT proved it, the plan); raises when the costs disagree."""
    ours = []
    for _ in range(3):
        began = process_time()
        plan = plan_kind(board, wish, standing)
        ours.append(process_time() - began)
    proved, cost, bound, theirs = referee(board, wish, standing, limit)
    ahead = plan.cost - before_the_switch(board, wish, standing, plan)
    if plan.cost != plan.bound:
        print(f"  not proved by us: {plan.bound} < {plan.cost}")
    if proved and not (cost == ahead or (plan.bound < plan.cost and cost <= ahead)):
        raise SystemExit(f"the costs differ: ours {ahead}, CP-SAT {cost} (proved)")
    if not proved and not bound - 1e-6 <= ahead <= cost:
        raise SystemExit(f"the costs differ: ours {ahead}, CP-SAT {bound} .. {cost}")
    return median(ours), theirs, proved, plan


def table(weeks: list[int], ks: list[int], seeds: range, grid: int, limit: float, *, later: bool) -> None:
    """One row for each horizon and number of series."""
    print(f"\n{'a later night' if later else 'the first night'}, {grid}-minute grid, seeds {list(seeds)}")
    print("weeks  k   ours ms (max)     CP-SAT ms (max)   ratio   CP-SAT proved")
    for horizon in weeks:
        for k in ks:
            ours, theirs, proofs = [], [], 0
            for seed in seeds:
                board = random_board(seed, horizon, grid=grid, into_week=30 * (seed % 2))
                wish = Wish(Kind.CONNECT, 30, k, list(Prefer)[seed % 3])
                standing: list[Standing] = []
                if later:
                    board, standing = later_night(seed, replace(board, not_before=moment(START, 0)), wish)
                a, b, proved, _ = compare(board, wish, standing, limit)
                ours.append(1000 * a)
                theirs.append(1000 * b)
                proofs += proved
            m, c = median(ours), median(theirs)
            print(
                f"{horizon:5} {k:2} {m:8.0f} ({max(ours):5.0f}) {c:11.0f} ({max(theirs):6.0f}) {m / c:9.3f}"
                f"   {proofs} of {len(ours)}",
                flush=True,
            )


def processes(weeks: list[int], rounds: int) -> None:
    """Whole processes, imports and the making of the board included."""
    print("\nwhole processes, k=3, 15-minute grid (median of", rounds, "rounds in turn)")
    for horizon in weeks:
        times: dict[str, list[float]] = {"ours": [], "cpsat": []}
        for seed in range(rounds):
            for who, found in times.items():
                began = perf_counter()
                command = [sys.executable, __file__, "--one", who, str(seed), str(horizon)]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                found.append(perf_counter() - began)
        a, b = median(times["ours"]), median(times["cpsat"])
        print(f"{horizon:5} weeks: ours {1000 * a:5.0f} ms, CP-SAT {1000 * b:6.0f} ms, ratio {a / b:.3f}", flush=True)


def one(who: str, seed: int, weeks: int) -> None:
    board, wish = random_board(seed, weeks), Wish(Kind.CONNECT, 30, 3)
    if who == "ours":
        print(plan_kind(board, wish, []).cost)
    else:
        print(referee(board, wish, [], 120)[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="12 and 26 weeks, k=3, two seeds, a minute at most")
    parser.add_argument("--weeks", type=int, nargs="+", default=[12, 26, 52])
    parser.add_argument("--k", type=int, nargs="+", default=[2, 3, 5])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=60, help="seconds for one CP-SAT solve")
    parser.add_argument("--grid", type=int, default=15)
    parser.add_argument("--process", action="store_true", help="compare whole processes instead")
    parser.add_argument("--one", nargs=3, metavar=("WHO", "SEED", "WEEKS"), help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.one:
        one(a.one[0], int(a.one[1]), int(a.one[2]))
        return
    if a.process:
        processes([12] if a.quick else a.weeks, 3 if a.quick else 5)
        return
    if a.quick:
        a.weeks, a.k, a.seeds, a.limit = [12, 26], [3], 2, 5.0
    seeds = range(a.first_seed, a.first_seed + a.seeds)
    for later in (False, True):
        table(a.weeks, a.k, seeds, a.grid, a.limit, later=later)


if __name__ == "__main__":
    main()
