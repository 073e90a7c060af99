"""Compare the rotation's assignment with CP-SAT, and print what a year of it looks like.

Two kinds of instances. "weeks": people with cadences, weights and absences into 52 weeks of three places, as simple
tools state the problem; "nights": the turns that a real night gives to its own solver, for its twelve weeks. Both are
solved by `calsync.people.flow` and by CP-SAT at its best known setting (one worker, linearization_level=2), and the
costs must be equal wherever CP-SAT proves its optimum. Only building and solving count, as processor time of this
process, so that other load on the machine does not decide.

    python benchmarks/rotation.py [--quick]            # 200 years and 25 nights: 10, 50, 300 people
    python benchmarks/rotation.py --life [--seeds 3]   # a year of thirty people with real life in it
    python benchmarks/rotation.py --stability          # how much one changed person moves all others
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from statistics import mean, median, pstdev
from time import process_time
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from calsync.model import Person, Span
from calsync.people import assignment
from calsync.people.assignment import Seat, assign
from calsync.people.clocks import Known
from calsync.people.contacts import Contact, Snooze
from calsync.people.flow import Job, Matching, cheapest

ZONE = ZoneInfo("Europe/Berlin")
START = date(2026, 1, 5)
DROP = 200


# ---------------------------------------------------------------- instances


def weeks_instance(seed: int, people: int, weeks: int = 52, places: int = 3) -> tuple[list[Job], list[int]]:
    """Who is met every so many weeks, late counting double, away now and then; demand near the number of places."""
    r = random.Random(f"{seed}/{people}")
    raw = [r.choice([1, 2, 2, 4, 4, 4, 6, 8, 13]) for _ in range(people)]
    scale = sum(weeks / c for c in raw) / (weeks * places * r.uniform(0.9, 1.1))
    jobs = []
    for cadence in raw:
        gap = max(1, min(104, round(cadence * max(1.0, scale))))
        due, weight = r.randrange(-2, gap), r.choice([1, 2, 3, 5])
        away = {w for w in range(weeks) if r.random() < 0.08}
        while due < weeks:
            costs = {w: weight * (2 * (w - due) if w > due else due - w) * 60 // gap for w in range(weeks)}
            jobs.append(Job({w: c for w, c in costs.items() if w not in away}, weight * DROP))
            due += gap
    return jobs, [places] * weeks


def nights_instance(seed: int, people: int, weeks: int = 12) -> tuple[list[Job], list[int]]:
    """The turns that the assignment itself wants to place: taken where it hands them to its solver."""
    r = random.Random(f"night/{seed}/{people}")
    gaps = [r.choice([(7, 14), (14, 28), (30, 60), (45, 90), (90, 180)]) for _ in range(people)]
    everybody = [Person(f"P{n}", *gap) for n, gap in enumerate(gaps)]
    now = datetime.combine(START, time(2), ZONE)
    contacts = tuple(
        Contact(p.name, now - timedelta(r.randrange(1, p.max_days))) for p in everybody if r.random() < 0.8
    )
    a_week = 3
    starts = [now + timedelta(weeks=w, days=2 * n, hours=12) for w in range(weeks) for n in range(a_week)]
    seats = [Seat(f"b{n}", Span(at, at + timedelta(minutes=30))) for n, at in enumerate(starts)]
    away = {(p.name, s.block) for p in everybody for s in seats if r.random() < 0.08}
    blocks = {s.span.start: s.block for s in seats}
    taken: list[tuple[list[Job], list[int]]] = []

    def note(jobs: Sequence[Job], room: Sequence[int]) -> Matching:
        taken.append((list(jobs), list(room)))
        return cheapest(jobs, room)

    assignment.cheapest = note  # the only way to see the very numbers that a night solves
    try:
        assign(everybody, Known(contacts), seats, 2, now, ZONE, lambda p, s: (p.name, blocks[s.start]) not in away)
    finally:
        assignment.cheapest = cheapest
    return taken[0]


# ---------------------------------------------------------------- solvers


def cp_sat(jobs: Sequence[Job], room: Sequence[int], limit: float) -> tuple[int, bool]:
    """The cost, and whether it is proved."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    load: list[list[cp_model.IntVar]] = [[] for _ in room]
    terms = []
    for job in jobs:
        choices = []
        for place, cost in job.costs.items():
            if cost < job.drop:
                variable = model.new_bool_var("")
                load[place].append(variable)
                terms.append(variable * (cost - job.drop))
                choices.append(variable)
        model.add_at_most_one(choices)
    for place, variables in enumerate(load):
        model.add(sum(variables) <= room[place])
    model.minimize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    solver.parameters.max_time_in_seconds = limit
    status = solver.solve(model)
    return round(solver.objective_value) + sum(job.drop for job in jobs), status == cp_model.OPTIMAL


def compare(kind: str, people: int, instances: int, limit: float) -> None:
    """One row: equal costs, and the times."""
    make = weeks_instance if kind == "weeks" else nights_instance
    ours, theirs, turns, proved = [], [], [], 0
    for seed in range(instances):
        jobs, room = make(seed, people)
        times = []
        for _ in range(3):
            begin = process_time()
            found = cheapest(jobs, room)
            times.append(process_time() - begin)
        # A few milliseconds are easily disturbed; the hundreds of the other are not.
        ours.append(median(times))
        begin = process_time()
        cost, sure = cp_sat(jobs, room, limit)
        theirs.append(process_time() - begin)
        proved += sure
        if sure and cost != found.cost:
            raise SystemExit(f"{kind}, {people} people, seed {seed}: {found.cost} here, {cost} there")
        turns.append(len(jobs))
    ratio = [a / b for a, b in zip(ours, theirs, strict=True)]
    print(
        f"| {kind} | {people} | {round(mean(turns))} | {1000 * median(ours):.1f} | {1000 * median(theirs):.0f} | "
        f"{median(ratio):.3f} | {max(ratio):.3f} | {proved} of {instances} |",
        flush=True,
    )


# ---------------------------------------------------------------- life


def life(seeds: int) -> None:
    """A year for each seed, night by night."""
    from tests.simulation.rotation_life import Year

    print(
        "| seed | blocks | places filled | passed over | gap / ideal | gaps vary (CV) | past max, % | moved a night |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for seed in range(seeds):
        year = Year(seed).live()
        gaps: dict[str, list[int]] = {}
        last: dict[str, date] = {}
        for held in year.held:
            for name in held.named:
                day = held.start.date()
                if name in last:
                    gaps.setdefault(name, []).append((day - last[name]).days)
                last[name] = day
        against = [gap / year.ever[name].ideal_days for name, found in gaps.items() for gap in found]
        vary = [pstdev(found) / mean(found) for found in gaps.values() if len(found) > 2]
        past = [held.waited[n] > year.ever[n].max_days for held in year.held for n in held.there if n in held.waited]
        places, moved = (sum(column) for column in zip(*year.changed, strict=True))
        filled = sum(len(held.named) for held in year.held)
        print(
            f"| {seed} | {len(year.held)} | {filled} of {2 * len(year.held)} | {len(year.passed_over())} | "
            f"{median(against):.2f} | {median(vary):.2f} | {100 * mean(past):.1f} | {100 * moved / places:.1f} % |",
            flush=True,
        )


def stability(seeds: int) -> None:
    """What one changed person moves for all others in the four weeks to come."""
    from tests.simulation import rotation_life as world

    moved: dict[str, list[float]] = {}
    for seed in range(seeds):
        year = world.Year(seed, weeks=9).live()
        now = datetime.combine(year.begin + timedelta(weeks=9), time(2), world.ZONE)
        starts = {block: start for block, (start, _) in year.told.items() if start >= now}
        near = [block for block, start in starts.items() if start < now + timedelta(weeks=4)]
        everybody, known = list(year.everybody.values()), year.known()
        told = planned(everybody, known, starts, {block: set(year.told[block][1]) for block in starts}, now)
        for one in everybody:
            rest = [p for p in everybody if p is not one]
            away = replace(known, snoozes=(*known.snoozes, Snooze(one.name, now.date() + timedelta(21))))
            slower = replace(one, ideal_days=2 * one.ideal_days, max_days=2 * one.max_days)
            new = replace(known, since={**known.since, "New": now.date()})
            for what, people, knows in (
                ("nothing", everybody, known),
                ("removed", rest, known),
                ("snoozed for three weeks", everybody, away),
                ("gaps doubled", [*rest, slower], known),
                ("one more person", [*everybody, Person("New", 14, 28)], new),
            ):
                got = planned(people, knows, starts, told, now)
                others = {block: told[block] - {one.name} for block in near}
                places = sum(len(names) for names in others.values())
                moved.setdefault(what, []).append(100 * sum(len(others[b] - got[b]) for b in near) / places)
    print("| one person | others moved, median | mean | most |")
    print("|---|---|---|---|")
    for what, shares in moved.items():
        print(f"| {what} | {median(shares):.1f} % | {mean(shares):.1f} % | {max(shares):.1f} % |")


def planned(
    people: Sequence[Person],
    known: Known,
    starts: Mapping[str, datetime],
    told: Mapping[str, set[str]],
    now: datetime,
) -> dict[str, set[str]]:
    """Who stands in each block, after `told`."""
    from tests.simulation import rotation_life as world

    seats = [
        Seat(b, Span(s, s + timedelta(minutes=30)), tuple(sorted(told[b])), s < now + world.FREEZE)
        for b, s in starts.items()
    ]
    found: dict[str, set[str]] = {block: set() for block in starts}
    for ping in assign(people, known, seats, world.PINGS, now, world.ZONE, world.Year.free):
        found[ping.block_id].add(ping.person)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the instances")
    parser.add_argument("--limit", type=float, default=60, help="seconds for CP-SAT on one instance")
    parser.add_argument("--life", action="store_true")
    parser.add_argument("--stability", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    if given.life:
        life(given.seeds)
        return
    if given.stability:
        stability(given.seeds)
        return
    print("| instances | people | turns | here, ms | CP-SAT, ms | ratio | largest | proved |")
    print("|---|---|---|---|---|---|---|---|")
    for kind, counts in (("weeks", (80, 80, 40)), ("nights", (10, 10, 5))):
        for people, instances in zip((10, 50, 300), counts, strict=True):
            compare(kind, people, max(2, instances // 10) if given.quick else instances, given.limit)


if __name__ == "__main__":
    main()
