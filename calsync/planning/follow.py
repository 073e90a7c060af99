"""Time for what was promised: which minutes of which block are for what, and the blocks that are missing for it.

There is one worker, work may be cut into pieces, and every piece of it has a due instant. Then doing at each moment
what is due earliest meets every due instant that any order meets (Horn, *Naval Research Logistics Quarterly* 21,
1974). Blocks are the only moments there are; whether they suffice can be told from sums alone: for every due instant
the work due by then must not be more than the blocks that end by then hold.

Where they do not, blocks are added, in steps of the grid. What a day may still take is limited (the free hour), and so
is what a week may (the tenth): that makes the steps that may be taken the independent sets of a matroid. So what is
added for one due instant, in the order of due instants, never costs a later one its room, whichever steps are taken.
docs/promises.md tells the leader.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from math import ceil, floor

from calsync.model import Kind, Span, require_aware
from calsync.planning.board import Board, Prefer, Wish
from calsync.planning.costs import CLUSTER
from calsync.planning.slots import Day, Ground
from calsync.planning.spans import Stretches, instant, seconds_of

__all__ = ["NOT_NEEDED", "FollowPlan", "Need", "Share", "WorkBlock", "all_fit", "follow_through", "shares_of"]


@dataclass(frozen=True, slots=True)
class Need:
    """Work of so many minutes that is left to do by the aware instant `due`; `id` is whose it is."""

    id: int
    minutes: int
    due: datetime

    def __post_init__(self) -> None:
        require_aware(self.due, "when something is due")
        if self.minutes <= 0:
            raise ValueError(f"work takes at least a minute, not {self.minutes}")


@dataclass(frozen=True, slots=True)
class WorkBlock:
    """A follow-through block that stands; `once` for one that was added for a promise and may go again.

    `bound` blocks stay whatever is planned: they are too near, or the leader put them where they are.
    """

    id: str
    span: Span
    once: bool = False
    bound: bool = True


@dataclass(frozen=True, slots=True)
class Share:
    """So many minutes of one block are for one need."""

    block: str
    need: int
    minutes: int


@dataclass(frozen=True, slots=True)
class FollowPlan:
    """`new` are blocks to add, `gone` those of the standing ones to remove, by id, with the reason; `shares` by start.

    A share of a new block has "" for its block and is found by `new_shares`, one tuple a new block. `short` is by need
    the minutes that no block can be found for.
    """

    new: tuple[Span, ...]
    gone: tuple[tuple[str, str], ...]
    shares: tuple[Share, ...]
    new_shares: tuple[tuple[Share, ...], ...]
    short: tuple[tuple[int, int], ...]


NOT_NEEDED = "nothing is left to do in it"
REPLANNED = "another time suits what is due better"


def follow_through(
    board: Board, blocks: Iterable[WorkBlock], needs: Iterable[Need], now: datetime, prefer: Prefer = Prefer.ANY
) -> FollowPlan:
    """What to add and remove so that all `needs` fit, or as many as can; and what each block is for.

    `board.own` are the blocks of other kinds. A block counts from `now` on when it has not begun; one with a meeting
    on top counts for nothing. No block is added before `board.not_before`, none that would end after the due instant
    that it is for, and none for what is due after the weeks of the board: there is time for that later. What cannot be
    done in time gets what room the others leave, and takes none from them.
    """
    require_aware(now, "now")
    stand = sorted(blocks, key=lambda b: (b.span.start, b.id))
    wanted = sorted((need for need in needs if need.due > now), key=_order)
    best = _planned(board, stand, wanted, now, prefer)
    if best.short and any(b.once and not b.bound for b in stand):
        # A block that stands late in a week may hold the room that something due earlier needs.
        again = _planned(board, [b for b in stand if not b.once or b.bound], wanted, now, prefer)
        if _failure(again) < _failure(best):
            left = [(b.id, dict(best.gone).get(b.id, REPLANNED)) for b in stand if b.once and not b.bound]
            return replace(again, gone=tuple(left))
    return best


def all_fit(
    board: Board, blocks: Iterable[WorkBlock], needs: Iterable[Need], now: datetime, prefer: Prefer = Prefer.ANY
) -> bool:
    """True when there is time for every one of `needs`, as `follow_through` would find it around `blocks`."""
    stand = sorted(blocks, key=lambda b: (b.span.start, b.id))
    return _Try(board, stand, sorted(needs, key=_order), now, prefer).add_missing() is None


def _start(cell: tuple[Day, int]) -> int:
    return cell[1]


def _order(need: Need) -> tuple[datetime, int]:
    return need.due, need.id


def _failure(plan: FollowPlan) -> tuple[int, int]:
    return len(plan.short), sum(minutes for _, minutes in plan.short)


def _planned(
    board: Board, blocks: Sequence[WorkBlock], needs: Sequence[Need], now: datetime, prefer: Prefer
) -> FollowPlan:
    """The plan that keeps the most needs, with the standing blocks kept where they may stand.

    Where the work due by an instant is more than there can be time for, the longest of it is given up: of all that can
    be done in time that leaves the most (Moore, *Management Science* 15, 1968, the algorithm of Hodgson).
    """
    kept, given_up = list(needs), []
    while True:
        attempt = _Try(board, blocks, kept, now, prefer)
        late = attempt.add_missing()
        if late is None:
            break
        given_up.append(_longest(late))
        kept.remove(given_up[-1])
    short = []
    for need in sorted(given_up, key=_order):
        done = 0
        for bit in reversed(range(need.minutes.bit_length())):
            part = done + (1 << bit)
            if part < need.minutes:
                more = sorted([*kept, replace(need, minutes=part)], key=_order)
                again = _Try(board, blocks, more, now, prefer)
                if again.add_missing() is None:
                    done, attempt = part, again
        if done:
            kept = sorted([*kept, replace(need, minutes=done)], key=_order)
        short.append((need.id, need.minutes - done))
    return attempt.told(short)


def _longest(needs: Iterable[Need]) -> Need:
    # Of equally long ones the one that was promised last gives way.
    return max(needs, key=lambda need: (need.minutes, need.id))


class _Try:
    """One attempt to find time for all of `needs`."""

    def __init__(
        self, board: Board, blocks: Sequence[WorkBlock], needs: Sequence[Need], now: datetime, prefer: Prefer
    ) -> None:
        self.board = board
        self.needs = needs
        self.step = 60 * board.grid_minutes
        own = [*board.own, *(b.span for b in blocks if b.bound)]
        wish = Wish(Kind.FOLLOW_THROUGH, board.grid_minutes, 1, prefer, 1 << 20)
        self.ground = Ground(replace(board, own=tuple(sorted(own))), wish, ())
        self.taken: list[tuple[int, int]] = []
        self.gone: dict[str, str] = {}
        self.new: list[tuple[int, int]] = []
        self.kept = [b for b in blocks if b.bound or self._may_stay(b)]
        begin = ceil(now.timestamp())
        self.usable = [
            (b.id, *seconds_of(b.span), b)
            for b in self.kept
            if floor(b.span.start.timestamp()) >= begin and not self._overlapped(b.span)
        ]
        self.end = self._horizon_end()

    def _horizon_end(self) -> int:
        last = self.ground.weeks[-1].days[-1]
        return self.ground.start(last, 0) + 86_400 + 7200  # the last day may be longer than others

    def _overlapped(self, span: Span) -> bool:
        return any(busy.span.overlaps(span) for busy in self.board.busy)

    def _may_stay(self, block: WorkBlock) -> bool:
        """Whether a block may stand where it stands; if so its room is taken."""
        start, end = seconds_of(block.span)
        day = self.ground.day_of(start)
        why = ""
        if day is None or not self.ground.within_work(day, start, end - start):
            why = "outside working hours"
        elif self._busy_near(start, end):
            why = self._busy_near(start, end)
        elif self.ground.blocked.touches(start, end) or any(a < end and start < b for a, b in self.taken):
            why = "another block takes the place"
        elif not self._has_room(day, end - start):
            why = "white space"
        if why:
            self.gone[block.id] = why
            return False
        assert day is not None
        self._take(day, start, end)
        return True

    def _busy_near(self, start: int, end: int) -> str:
        wide = Span(instant(start), instant(end)).widened(self.board.buffer)
        return next((busy.label for busy in self.board.busy if busy.span.overlaps(wide)), "")

    def _has_room(self, day: Day, length: int) -> bool:
        return day.free >= length and self.ground.weeks[day.week].left >= length

    def _take(self, day: Day, start: int, end: int) -> None:
        day.free -= end - start
        day.blocks += 1
        self.ground.weeks[day.week].left -= end - start
        self.taken.append((start, end))

    # ------------------------------------------------------------------ what is missing

    def add_missing(self) -> list[Need] | None:
        """Add the blocks that are missing; or, where there is no room, what is due by then."""
        demand = 0
        for at, need in enumerate(self.needs):
            due = _second(need)
            if due > self.end:
                break
            demand += need.minutes
            missing = demand - self._held(due)
            if missing > 0:
                self.new += self._add(due, missing)
                if demand > self._held(due):
                    return list(self.needs[: at + 1])
        return None

    def _held(self, due: int) -> int:
        """How many minutes the blocks that end by `due` hold."""
        spans = [(start, end) for _, start, end, _ in self.usable] + self.new
        return sum((end - start) // 60 for start, end in spans if end <= due)

    def _add(self, due: int, minutes: int) -> list[tuple[int, int]]:
        """Blocks that end by `due` for so many minutes, as few as can be found, or for as many as there is room for."""
        found: list[tuple[int, int]] = []
        left = -(-minutes * 60 // self.step)
        while left > 0:
            best = self._best(self.cells[: bisect_right(self.cells, due - self.step, key=_start)], left)
            if best is None:
                break
            day, start, count = best
            end = start + count * self.step
            self._take(day, start, end)
            found.append((start, end))
            full = not self._has_room(day, self.step)
            week = day.week if self.ground.weeks[day.week].left < self.step else None
            self.cells = [
                (d, c)
                for d, c in self.cells
                if not (c < end and start < c + self.step) and d.week != week and not (full and d is day)
            ]
            left -= count
        return found

    @cached_property
    def cells(self) -> list[tuple[Day, int]]:
        """The starts of all grid steps that may still be taken for any of the needs, in order.

        Room only ever shrinks, so what can be taken no more is left out for good.
        """
        found = []
        ground, step = self.ground, self.step
        last = max((_second(need) for need in self.needs if _second(need) <= self.end), default=0)
        taken = Stretches(self.taken)
        for week in ground.weeks:
            for day in week.days:
                if not day.spans or day.spans[0][0] >= last or not self._has_room(day, step):
                    continue
                for minute in range(0, 24 * 60, self.board.grid_minutes):
                    start = ground.start(day, minute)
                    if (
                        ground.not_before <= start <= last - step
                        and ground.within_work(day, start, step)
                        and ground.wall(day, start) == minute
                        and not ground.blocked.touches(start, start + step)
                        and not taken.touches(start, start + step)
                    ):
                        found.append((day, start))
        return found

    def _best(self, cells: Sequence[tuple[Day, int]], wanted: int) -> tuple[Day, int, int] | None:
        """The longest block there is room for, at most `wanted` steps; of these the pleasantest, then the first."""
        best: tuple[tuple[int, int, int], Day, int, int] | None = None
        run = 0
        for at in range(len(cells) - 1, -1, -1):
            day, start = cells[at]
            joined = at + 1 < len(cells) and cells[at + 1] == (day, start + self.step)
            run = run + 1 if joined else 1
            room = min(day.free, self.ground.weeks[day.week].left) // self.step
            count = min(run, wanted, room)
            if count <= 0 or (best is not None and count < -best[0][0]):
                continue
            rank = (-count, self._price(day, start, count), start)
            if best is None or rank < best[0]:
                best = rank, day, start, count
        return None if best is None else best[1:]

    def _price(self, day: Day, start: int, count: int) -> int:
        return self.ground.tastes(day.pattern, count * self.step)[self.ground.wall(day, start)] + CLUSTER * day.blocks

    # ------------------------------------------------------------------ what each block is for

    def told(self, short: Sequence[tuple[int, int]]) -> FollowPlan:
        """The plan, with `short` as what could not be done; blocks without which as much is done go."""
        self._drop_idle()
        by_block = _shares(
            [(s, e, name) for name, s, e, _ in self.usable] + [(*one, "") for one in self.new], self.needs
        )
        zone = self.board.zone
        return FollowPlan(
            tuple(Span(instant(s).astimezone(zone), instant(e).astimezone(zone)) for s, e in sorted(self.new)),
            tuple(self.gone.items()),
            tuple(share for name, of in by_block if name for share in of),
            tuple(tuple(of) for name, of in by_block if not name),
            tuple(short),
        )

    def _drop_idle(self) -> None:
        """Remove added blocks, the last first, without which all that is due within the weeks is still done."""
        for one in reversed([u for u in self.usable if u[3].once and not u[3].bound]):
            self.usable.remove(one)
            if self._suffices():
                self.gone[one[0]] = NOT_NEEDED
            else:
                self.usable.append(one)

    def _suffices(self) -> bool:
        demand = 0
        for need in self.needs:
            demand += need.minutes
            due = _second(need)
            if due <= self.end and demand > self._held(due):
                return False
        return True


def shares_of(blocks: Iterable[WorkBlock], needs: Iterable[Need], now: datetime) -> list[Share]:
    """What each of `blocks` that have not begun is for, with nothing added and nothing removed, by start."""
    held = sorted((*seconds_of(b.span), b.id) for b in blocks if b.span.start >= now)
    last = max((end for _, end, _ in held), default=0)

    def slack(of: Sequence[Need], due: int) -> int:
        return sum((e - s) // 60 for s, e, _ in held if e <= due) - sum(n.minutes for n in of if _second(n) <= due)

    wanted = sorted((need for need in needs if need.due > now), key=_order)
    kept = [need for need in wanted if _second(need) > last]
    given_up: list[Need] = []
    for need in wanted:
        if _second(need) <= last:
            kept.append(need)
            if slack(kept, _second(need)) < 0:
                given_up.append(_longest(n for n in kept if _second(n) <= last))
                kept.remove(given_up[-1])
    for need in sorted(given_up, key=_order):
        dues = {_second(need), *(_second(n) for n in kept if _second(need) < _second(n) <= last)}
        part = min(slack(kept, due) for due in dues)
        if part > 0:
            kept.append(replace(need, minutes=part))
    return [share for _, of in _shares(held, sorted(kept, key=_order)) for share in of]


def _second(need: Need) -> int:
    return floor(need.due.timestamp())


def _shares(held: Iterable[tuple[int, int, str]], needs: Sequence[Need]) -> list[tuple[str, list[Share]]]:
    """By block, in the order of time, what it is for; `needs` in the order in which they are due."""
    left = {need.id: need.minutes for need in needs}
    found = []
    for start, end, name in sorted(held):
        room = (end - start) // 60
        mine = []
        for need in needs:
            part = min(room, left[need.id]) if _second(need) >= end else 0
            if part > 0:
                mine.append(Share(name, need.id, part))
                left[need.id] -= part
                room -= part
        found.append((name, mine))
    return found
