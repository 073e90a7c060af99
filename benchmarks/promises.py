"""Compare the time found for promises with CP-SAT: as many must be kept, and it must not take long.

Instances are a leader's weeks at random: meetings, weekly follow-through blocks, and promises that often are more than
there is room for. `calsync.planning.follow` plans them; CP-SAT chooses the steps of the grid that blocks are added on
and which promises are kept, as many as can be. Where CP-SAT proves its optimum, both numbers must be
equal. Only building and solving count, as processor time of this process (one worker).

    python benchmarks/promises.py [--quick]     # 60 instances: 5, 20 and 60 promises in four and twelve weeks
"""

from __future__ import annotations

import argparse
import random
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from statistics import median
from time import process_time
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from calsync.model import Kind, Span, at_wall_clock
from calsync.planning.board import Board, BusySpan, Wish
from calsync.planning.follow import Need, WorkBlock, follow_through
from calsync.planning.slots import Ground

ZONE = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 4, tzinfo=ZONE)
HOURS = ((time(9), time(12, 30)), (time(13, 15), time(17, 30)))
LIMIT = 20.0
"""Seconds for CP-SAT to prove its optimum."""


def instance(seed: int, promises: int, weeks: int) -> tuple[Board, list[WorkBlock], list[Need]]:
    """A leader with a meeting for every second hour, and about so many promises as there is room for, or more."""
    r = random.Random(f"{seed}/{promises}/{weeks}")
    days = [MONDAY + timedelta(7 * w + d) for w in range(weeks) for d in range(5)]
    busy = []
    for day in days:
        for _ in range(r.randrange(1, 6)):
            start = at_wall_clock(day, time(r.randrange(8, 17), r.choice((0, 30))), ZONE)
            busy.append(BusySpan(Span(start, start + timedelta(minutes=r.choice((30, 60, 90)))), "meeting"))
    board = Board(
        zone=ZONE,
        mondays=tuple(MONDAY + timedelta(7 * w) for w in range(weeks)),
        not_before=NOW + timedelta(hours=20),
        working={d: tuple(Span(at_wall_clock(d, a, ZONE), at_wall_clock(d, b, ZONE)) for a, b in HOURS) for d in days},
        busy=tuple(busy),
    )
    blocks = []
    for week in range(weeks):
        start = at_wall_clock(MONDAY + timedelta(7 * week + 2), time(14), ZONE)
        span = Span(start, start + timedelta(minutes=45))
        if not any(b.span.overlaps(span) for b in busy):
            blocks.append(WorkBlock(f"w{week}", span))
    scale = max(15, 120 * weeks // promises)
    needs = [
        Need(n, r.randrange(10, 2 * scale), at_wall_clock(r.choice(days), r.choice((time(12), time(23, 59))), ZONE))
        for n in range(promises)
    ]
    return board, blocks, [need for need in needs if need.due > NOW]


def by_cp_sat(board: Board, blocks: list[WorkBlock], needs: list[Need]) -> tuple[int, bool]:
    """How many promises can be kept, and whether that is proved."""
    from ortools.sat.python import cp_model

    step = board.grid_minutes
    ground = Ground(
        Board(**{f: getattr(board, f) for f in board.__slots__} | {"own": tuple(b.span for b in blocks)}),
        Wish(Kind.FOLLOW_THROUGH, step, 1, max_a_day=999),
        (),
    )
    model = cp_model.CpModel()
    supply: list[tuple[int, int, object]] = []  # end, minutes, whether it is there
    for week in ground.weeks:
        of_week = []
        for day in week.days:
            of_day = []
            for minute in range(0, 1440, step):
                start = ground.start(day, minute)
                if (
                    start >= ground.not_before
                    and ground.wall(day, start) == minute
                    and ground.within_work(day, start, 60 * step)
                    and not ground.blocked.touches(start, start + 60 * step)
                ):
                    taken = model.new_bool_var("")
                    of_day.append(taken)
                    supply.append((start + 60 * step, step, taken))
            if of_day:
                model.add(60 * step * sum(of_day) <= max(0, day.free))
            of_week += of_day
        if of_week:
            model.add(60 * step * sum(of_week) <= max(0, week.left))
    supply += [(int(b.span.end.timestamp()), int(b.span.length.total_seconds()) // 60, 1) for b in blocks]
    kept = {need.id: model.new_bool_var("") for need in needs}
    # That work fits when these sums do is proved by trying everything in tests/unit/planning/test_follow.py.
    for due in sorted({int(need.due.timestamp()) for need in needs}):
        held = sum(minutes * there for end, minutes, there in supply if end <= due)
        model.add(sum(n.minutes * kept[n.id] for n in needs if n.due.timestamp() <= due) <= held)
    model.maximize(sum(kept.values()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = LIMIT
    status = solver.solve(model)
    return round(solver.objective_value), status == cp_model.OPTIMAL


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="ten instances")
    args = parser.parse_args()
    sizes = [(5, 4), (20, 4), (60, 12)]
    wrong = 0
    for promises, weeks in sizes:
        ratios, ours, equal, proved, not_all = [], [], 0, 0, 0
        for seed in range(3 if args.quick else 20):
            board, blocks, needs = instance(seed, promises, weeks)
            begin = process_time()
            plan = follow_through(board, blocks, needs, NOW)
            mine = process_time() - begin
            begin = process_time()
            best, sure = by_cp_sat(board, blocks, needs)
            ratios.append(mine / (process_time() - begin))
            ours.append(mine)
            got = len(needs) - len(plan.short)
            proved += sure
            equal += sure and got == best
            wrong += got < best
            not_all += bool(plan.short)
        print(
            f"{promises} promises, {weeks} weeks: equal on {equal} of {proved} proved, not all kept on {not_all}; "
            f"time {median(ours) * 1000:.0f} ms (worst {max(ours) * 1000:.0f}), {median(ratios):.3f} of CP-SAT's "
            f"(worst {max(ratios):.3f})"
        )
    if wrong:
        raise SystemExit(f"fewer promises kept than possible on {wrong} instances")


if __name__ == "__main__":
    main()
