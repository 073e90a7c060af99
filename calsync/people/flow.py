"""The cheapest way to give jobs places of limited room: an exact min-cost flow, in plain Python.

Successive shortest paths with prices (Ahuja, Magnanti, Orlin, *Network Flows*, 1993, section 9.7): jobs come one by
one, and each takes the cheapest chain of moves that makes room for it. The prices that remain prove the result.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Job", "Matching", "cheapest"]


@dataclass(frozen=True, slots=True)
class Job:
    """What wants a place: `costs` by place, where it can have one at all; `drop` is the cost of having none."""

    costs: Mapping[int, int]
    drop: int


@dataclass(frozen=True, slots=True)
class Matching:
    """The place of each job (None: none), the sum of costs, and the price of each place.

    A price is what one more seat in the place would save; it is 0 where a seat is free. That the matching is the
    cheapest can be seen from the prices alone: no job would rather have another place, or none, at these prices.
    """

    places: tuple[int | None, ...]
    cost: int
    prices: tuple[int, ...]


@dataclass(slots=True)
class _Path:
    """The way to the cheapest place of one new job: what each place costs, and who would move there from where."""

    cost: dict[int, int] = field(default_factory=dict)
    came: dict[int, tuple[int, int] | None] = field(default_factory=dict)
    settled: list[int] = field(default_factory=list)
    best: int = 0
    end: int | None = None
    """The place at the end of the way, None when the new job itself gets none."""
    dropped: int | None = None
    """The job that loses its place at the end of the way, None when a seat is free there."""


def cheapest(jobs: Sequence[Job], room: Sequence[int]) -> Matching:
    """The matching of least cost, with at most `room[place]` jobs in a place.

    Costs are whole numbers and may be negative. Of equally cheap matchings it is always the same one.
    """
    # A place that costs no less than having none is never worth it.
    useful = [sorted((cost, x) for x, cost in job.costs.items() if cost < job.drop and room[x] > 0) for job in jobs]
    places: list[int | None] = [None] * len(jobs)
    seats = list(room)
    members: list[set[int]] = [set() for _ in room]
    prices = [0] * len(room)
    # Those that lose most come first: later ones then seldom push them about.
    for number in sorted(range(len(jobs)), key=lambda n: -jobs[n].drop):
        path = _search(number, jobs, useful, seats, members, prices)
        for x in path.settled:
            prices[x] += max(0, path.best - path.cost[x])
        _move(number, path, places, seats, members)
    cost = sum(job.drop if place is None else job.costs[place] for job, place in zip(jobs, places, strict=True))
    return Matching(tuple(places), cost, tuple(prices))


def _search(
    number: int,
    jobs: Sequence[Job],
    useful: Sequence[Sequence[tuple[int, int]]],
    seats: Sequence[int],
    members: Sequence[set[int]],
    prices: Sequence[int],
) -> _Path:
    """Dijkstra over places at reduced costs; it ends at a free seat, or where dropping a job is cheaper."""
    path = _Path(best=jobs[number].drop)
    cost, came = path.cost, path.came
    heap = [(own + prices[x], x) for own, x in useful[number]]
    heapq.heapify(heap)
    for at, x in heap:
        cost[x], came[x] = at, None
    settled: set[int] = set()
    while heap:
        at, x = heapq.heappop(heap)
        if at >= path.best:
            break
        if x in settled or at > cost[x]:
            continue
        settled.add(x)
        path.settled.append(x)
        if seats[x]:
            path.best, path.end, path.dropped = at, x, None
            break
        for member in members[x]:
            job = jobs[member]
            left = at - prices[x] - job.costs[x]
            if left + job.drop < path.best:
                path.best, path.end, path.dropped = left + job.drop, x, member
            for own, y in useful[member]:
                # The cheapest come first and no price is below 0: what follows cannot be better either.
                if left + own >= path.best:
                    break
                there = left + own + prices[y]
                if y not in settled and there < cost.get(y, path.best):
                    cost[y] = there
                    came[y] = (member, x)
                    heapq.heappush(heap, (there, y))
    return path


def _move(number: int, path: _Path, places: list[int | None], seats: list[int], members: Sequence[set[int]]) -> None:
    """Let everybody on the way move one place on, the new job last."""
    x = path.end
    if x is None:
        return
    if path.dropped is None:
        seats[x] -= 1
    else:
        members[x].discard(path.dropped)
        places[path.dropped] = None
    while (step := path.came[x]) is not None:
        mover, before = step
        members[before].discard(mover)
        members[x].add(mover)
        places[mover] = x
        x = before
    members[x].add(number)
    places[number] = x
