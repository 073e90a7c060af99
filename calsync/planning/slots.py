"""Where a block could stand: every legal start of every day with its price, and the weekly slots to choose from.

Places are counted in whole seconds since 1970 and in minutes of the local wall clock since midnight; datetimes are
made once a day, not once a place.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from math import ceil

from calsync.model import Span, at_wall_clock
from calsync.planning.board import Board, Prefer, Standing, Wish
from calsync.planning.costs import CLUSTER, EDGE, FRIDAY_LATE, MIDDAY, MONDAY_FIRST, NEAR, NEAR_SECONDS, PREFER
from calsync.planning.spans import Stretches, instant, seconds_of

__all__ = ["Candidate", "Day", "Ground", "Week", "share_of", "taste"]

Pattern = tuple[int, tuple[tuple[int, int], ...]]
"""A weekday and its working spans in minutes of the wall clock."""

Place = tuple[int, int]
"""The price in points and the wall-clock minute of a legal start."""

_NOON = 12 * 60
_DAY = 24 * 60


def taste(pattern: Pattern, minute: int, minutes: int, prefer: Prefer) -> int:
    """The points that a block of `minutes` from wall-clock `minute` costs by its place in the day alone."""
    weekday, spans = pattern
    end = minute + minutes
    opening, closing = spans[0][0], max(e for _, e in spans)
    points = EDGE * (minute < opening + 30) + EDGE * (end > closing - 30)
    breaks = [b for (_, a), (b, _) in pairwise(spans) if a < b and a >= _NOON - 60 and b <= _NOON + 150]
    if minute < _NOON + 60 and end > _NOON and not breaks:
        points += MIDDAY
    # The midday break parts the day where there is one: noon before lunch is no afternoon.
    late = minute >= (breaks[0] if breaks else _NOON)
    if (prefer is Prefer.MORNING and late) or (prefer is Prefer.AFTERNOON and not late):
        points += PREFER
    if weekday == 0 and minute < opening + 60:
        points += MONDAY_FIRST
    if weekday == 4 and end > _NOON + 180:
        points += FRIDAY_LATE
    return points


def share_of(seconds: int, share: float) -> int:
    """`share` of a number of seconds, rounded down, without the noise of binary fractions."""
    return seconds * round(share * 1_000_000) // 1_000_000


class Candidate:
    """A weekly slot that may be chosen: one that exists (`standing`) or one that does not yet.

    `minute` is wall clock, `length` seconds. `bound` slots are in every plan.
    """

    __slots__ = ("bound", "length", "minute", "standing", "weekday")

    def __init__(self, weekday: int, minute: int, length: int, standing: Standing | None = None) -> None:
        """Name a slot; a standing one brings its dates."""
        self.weekday = weekday
        self.minute = minute
        self.length = length
        self.standing = standing
        self.bound = False

    @property
    def key(self) -> tuple[int, int, int]:
        """The order of slots: weekday, start, and what exists by its number before what does not."""
        return self.weekday, self.minute, self.standing.number if self.standing else 1 << 30

    def clashes(self, other: Candidate) -> bool:
        """True when the two overlap on the wall clock of one weekday."""
        return (
            self.weekday == other.weekday
            and self.minute * 60 < other.minute * 60 + other.length
            and other.minute * 60 < self.minute * 60 + self.length
        )


class Day:
    """One local date of the horizon.

    `midnight` is its 00:00 in seconds since 1970; on a `plain` day the clocks do not change. `spans` are its working
    spans in seconds. `blocks` stand on it whatever is planned; `room` is how many more of the kind it may get, and
    `free` how many seconds more of blocks.
    """

    __slots__ = ("blocks", "date", "free", "index", "midnight", "pattern", "plain", "room", "spans", "week")

    def __init__(self, day: date, week: int, index: int) -> None:
        """A day without working time, until the ground fills it."""
        self.date = day
        self.week = week
        self.index = index
        self.midnight = 0
        self.plain = True
        self.spans: tuple[tuple[int, int], ...] = ()
        self.pattern: Pattern = (index, ())
        self.blocks = 0
        self.room = 0
        self.free = 0


class Week:
    """One ISO week: `work` seconds of working time, of which blocks may still take `left`."""

    __slots__ = ("days", "index", "left", "monday", "own", "work")

    def __init__(self, monday: date, index: int) -> None:
        """A week of seven days, until the ground fills it."""
        self.monday = monday
        self.index = index
        self.days = [Day(monday + timedelta(i), index, i) for i in range(7)]
        self.work = 0
        self.own = 0
        self.left = 0


class Ground:
    """The board, prepared for one kind: what is legal where, and what it costs there."""

    def __init__(self, board: Board, wish: Wish, fixed: Iterable[Span]) -> None:
        """`fixed` are the blocks of the kind that stay where they are."""
        self.board = board
        self.zone = board.zone
        self.grid = board.grid_minutes
        self.prefer = wish.prefer
        self.not_before = ceil(board.not_before.timestamp())
        self.weeks = [Week(monday, i) for i, monday in enumerate(board.mondays)]
        self.days = {day.date: day for week in self.weeks for day in week.days}
        own = [seconds_of(s) for s in board.own]
        once = [seconds_of(s) for s in board.once]
        held = [seconds_of(s) for s in fixed]
        raw = [seconds_of(b.span) for b in board.busy]
        pad = ceil(board.buffer.total_seconds())
        self.busy = Stretches((s - pad, e + pad) for s, e in raw)
        self.blocked = Stretches([*zip(self.busy.starts, self.busy.ends, strict=True), *own, *once, *held])
        self.full = Stretches([*raw, *own, *once, *held])
        self._fill(board, wish)
        for stretches, is_kind in ((own, False), (held, True)):
            for start, end in stretches:
                self._occupy(start, end, is_kind=is_kind)
        self._tastes: dict[tuple[Pattern, int], dict[int, int]] = {}
        self._places: dict[tuple[int, int], list[list[Place]]] = {}

    def _fill(self, board: Board, wish: Wish) -> None:
        midnights: dict[date, datetime] = {}
        for day in self.days.values():
            bounds = []
            for value in (day.date, day.date + timedelta(1)):
                if value not in midnights:
                    midnights[value] = datetime.combine(value, time(), tzinfo=self.zone)
                bounds.append(midnights[value])
            day.midnight = int(bounds[0].timestamp())
            day.plain = bounds[0].utcoffset() == bounds[1].utcoffset()
            spans = board.working.get(day.date, ())
            if not spans:
                continue
            day.spans = tuple(sorted((ceil(s.start.timestamp()), int(s.end.timestamp())) for s in spans))
            day.pattern = day.index, tuple((self.wall(day, s), self.wall(day, e)) for s, e in day.spans)
            work = sum(e - s for s, e in day.spans)
            taken = sum(self.full.taken(s, e) for s, e in day.spans)
            day.free = work - taken - 60 * board.free_minutes
            day.room = wish.max_a_day
            self.weeks[day.week].work += work
        for week in self.weeks:
            week.left = share_of(week.work, board.block_share)

    def _occupy(self, start: int, end: int, *, is_kind: bool) -> None:
        day = self.day_of(start)
        if day is None:
            return
        day.blocks += 1
        day.room -= is_kind
        week = self.weeks[day.week]
        week.left -= end - start
        week.own += 0 if is_kind else end - start

    def day_of(self, start: int) -> Day | None:
        """The local day of the horizon on which `start` lies."""
        return self.days.get(instant(start).astimezone(self.zone).date())

    def start(self, day: Day, minute: int) -> int:
        """The instant of a wall-clock minute of `day`; in a gap of the clock it moves forward."""
        if day.plain:
            return day.midnight + 60 * minute
        return int(at_wall_clock(day.date, time(minute // 60, minute % 60), self.zone).timestamp())

    def wall(self, day: Day, start: int) -> int:
        """The wall-clock minute of an instant, counted from `day`'s midnight."""
        if day.plain:
            return (start - day.midnight) // 60
        local = datetime.fromtimestamp(start, UTC).astimezone(self.zone)
        return (local.date() - day.date).days * _DAY + local.hour * 60 + local.minute

    def open(self, day: Day, length: int) -> bool:
        """True when the rules for the day and its week let one more block of `length` seconds onto it at all."""
        return day.room > 0 and day.free >= length and self.weeks[day.week].left >= length

    def within_work(self, day: Day, start: int, length: int) -> bool:
        """True when the block lies in one working span of `day`."""
        return any(s <= start and start + length <= e for s, e in day.spans)

    def price(self, day: Day, start: int, length: int) -> int | None:
        """The points of a block at any instant of `day`, or None when it may not stand there."""
        if (
            start < self.not_before
            or not self.open(day, length)
            or not self.within_work(day, start, length)
            or self.blocked.touches(start, start + length)
        ):
            return None
        before, after = self.busy.sides(start)
        near = NEAR * (start - before < NEAR_SECONDS) + NEAR * (after - start - length < NEAR_SECONDS)
        return taste(day.pattern, self.wall(day, start), length // 60, self.prefer) + near + CLUSTER * day.blocks

    def places(self, week: int, length: int) -> list[list[Place]]:
        """For each day of a week, the legal starts on the grid, cheapest first."""
        found = self._places.get((week, length))
        if found is None:
            found = [self._legal(day, length) for day in self.weeks[week].days]
            self._places[week, length] = found
        return found

    def _legal(self, day: Day, length: int) -> list[Place]:
        if not day.spans or not self.open(day, length):
            return []
        if not day.plain:
            return self._legal_between_clocks(day, length)
        grid, midnight, extra = self.grid, day.midnight, CLUSTER * day.blocks
        tastes = self.tastes(day.pattern, length)
        out = []
        for opening, closing in day.spans:
            for a, b in self.blocked.gaps(max(opening, self.not_before), closing):
                if b - a < length:
                    continue
                before, after = self.busy.sides(a)
                soon = (before + NEAR_SECONDS - midnight) / 60
                late = (after - NEAR_SECONDS - length - midnight) / 60
                first = -(-(a - midnight) // (60 * grid)) * grid
                for m in range(first, min((b - length - midnight) // 60 + 1, _DAY), grid):
                    out.append((tastes[m] + extra + NEAR * (m < soon) + NEAR * (m > late), m))  # noqa: PERF401
        out.sort()
        return out

    def _legal_between_clocks(self, day: Day, length: int) -> list[Place]:
        out = []
        for minute in range(0, _DAY, self.grid):
            start = self.start(day, minute)
            if self.wall(day, start) == minute:
                points = self.price(day, start, length)
                if points is not None:
                    out.append((points, minute))
        return sorted(out)

    def tastes(self, pattern: Pattern, length: int) -> dict[int, int]:
        """`taste` for every start on the grid that fits the pattern."""
        found = self._tastes.get((pattern, length))
        if found is None:
            found = {}
            for opening, closing in pattern[1]:
                for minute in range(-(-opening // self.grid) * self.grid, closing, self.grid):
                    found[minute] = taste(pattern, minute, length // 60, self.prefer)
            self._tastes[pattern, length] = found
        return found

    def slots(self, length: int) -> list[list[int]]:
        """For each weekday the starts on the grid that fit its working hours on some date of the horizon."""
        out: list[set[int]] = [set() for _ in range(7)]
        for weekday, spans in {day.pattern for day in self.days.values()}:
            for opening, closing in spans:
                first = -(-opening // self.grid) * self.grid
                out[weekday].update(range(first, closing - length // 60 + 1, self.grid))
        return [sorted(m for m in minutes if m < _DAY) for minutes in out]

    def normal_work(self, weekday: int) -> int:
        """The working seconds of a weekday that is no holiday: the most that any such date of the horizon has."""
        return max((sum(e - s for s, e in w.days[weekday].spans) for w in self.weeks), default=0)
