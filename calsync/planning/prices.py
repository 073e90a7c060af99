"""What each weekly slot costs over the horizon if every week could be decided for it alone: the planner's lower bound.

A week ties its series together only through its days (so many blocks on each) and its share of working time. Both get
a price; with any prices of at least nothing the sum below is never more than the true cost (Lagrange), so slots can be
judged one by one. Prices that come from the weeks' own marginal costs make the bound nearly tight.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from calsync.planning.costs import CLUSTER, DAY_AWAY, HOUR_AWAY, MOVE, RESHUFFLE, SKIP
from calsync.planning.repair import State, away, present, state
from calsync.planning.slots import Candidate, Day, Ground, Week

__all__ = ["FAR", "UNIT", "Table", "least_total"]

UNIT = 64
"""Parts of a point: fine enough for prices, and for one part a series ended, so that ties keep what exists."""

FAR = 1 << 50

_SKIP = SKIP * UNIT
_DAY = DAY_AWAY * UNIT
_PAIR = CLUSTER * UNIT

Vector = list[int]
"""For one date: the least cost in parts of a point on each day of its week, `FAR` where it cannot be."""


def least_total(vectors: Sequence[Vector], room: Sequence[int], left: int, spare: int = -1) -> int:
    """The cheapest way to give each date a day or to drop it: `room[d]` dates a day, `left` in all, pairs cost.

    Day `spare` has one place more, which pairs with nothing.
    """
    sets, members = _subsets(len(vectors))
    best = [FAR] * len(members)
    best[0] = len(vectors) * _SKIP
    for d in range(7):
        if room[d] <= 0:
            continue
        costs = [v[d] - _SKIP for v in vectors]
        if min(costs, default=0) >= 0:
            continue
        # The n-th date of a day pairs with n - 1: each place of the day takes one date at its own extra cost.
        extras = [_PAIR * n for n in range(min(room[d], len(vectors)))]
        for extra in [0, *extras] if d == spare else extras:
            # From large to small, so that a place gives each set at most one of its members.
            for mask in sets:
                least = best[mask]
                for bit, i in members[mask]:
                    total = best[mask ^ bit] + costs[i] + extra
                    if total < least:
                        least = total
                best[mask] = least
    return min([total for mask, total in enumerate(best) if len(members[mask]) <= left])


@cache
def _subsets(count: int) -> tuple[list[int], list[list[tuple[int, int]]]]:
    """All sets of `count` things as bit masks, largest mask first, and by mask its members as (bit, index)."""
    members = [[(1 << i, i) for i in range(count) if mask >> i & 1] for mask in range(1 << count)]
    return list(range((1 << count) - 1, 0, -1)), members


class Table:
    """The costs of all candidates in the weeks of a choice, and the prices of the days.

    `fresh[d]` are slots of weekday `d` that do not exist yet, all of one length; `standing` the ones that do. `cost`
    and `cost_standing` run parallel to them: the cost over all weeks at the present prices, in parts of a point.
    """

    def __init__(
        self,
        ground: Ground,
        weeks: Sequence[Week],
        length: int,
        fresh: Sequence[Sequence[Candidate]],
        standing: Sequence[Candidate],
    ) -> None:
        """Read every week once; no prices yet."""
        self.ground = ground
        self.weeks = weeks
        self.length = length
        self.fresh = fresh
        self.standing = standing
        shortest = min([length, *(s.length for s in standing)])
        self.room = [[self._room(d, shortest) for d in w.days] for w in weeks]
        self.left = [max(0, w.left // shortest) for w in weeks]
        self.other = [[UNIT * (p[0][0] + MOVE) if p else FAR for p in ground.places(w.index, length)] for w in weeks]
        self.used = [d for d in range(7) if fresh[d]]
        known: dict[tuple[int, tuple[tuple[int, int], ...]], list[int]] = {}
        self.rows = {d: [self._row(w, d, known) for w in weeks] for d in self.used}
        self.constant = [0] * len(standing)
        self.vectors = [[self._standing_vector(i, s, w) for w in weeks] for i, s in enumerate(standing)]
        self.shadow = [[0] * 7 for _ in weeks]
        self.toll = [0] * len(weeks)
        self._flat = [0] * 7
        self._parts: dict[int, list[list[int] | int]] = {d: [0] * len(weeks) for d in self.used}
        self._standing_parts = [[0] * len(weeks) for _ in standing]
        self._offsets = [0] * len(weeks)
        self.cost = [[0] * len(fresh[d]) for d in range(7)]
        self.cost_standing = list(self.constant)
        self.offset = 0
        self.reprice(range(len(weeks)))

    def _room(self, day: Day, shortest: int) -> int:
        """The most dates that fit on a day: by the rules, and beside each other in its gaps."""
        room = max(0, min(day.room, day.free // shortest))
        if room <= 1:
            return room
        ground = self.ground
        ends = {
            (start + length, start)
            for length in {self.length, *(s.length for s in self.standing)}
            for _, minute in ground.places(day.week, length)[day.index]
            for start in [ground.start(day, minute)]
        }
        for slot in self.standing:
            # A series that stands may have places off the grid: its home, and where its date is now.
            now = present(ground, ground.weeks[day.week], slot)
            starts = [now.start] if now.day == day.index and now.start is not None else []
            if slot.weekday == day.index:
                starts.append(ground.start(day, slot.minute))
            ends.update((s + slot.length, s) for s in starts)
        count, reached = 0, -FAR
        for end, start in sorted(ends):
            if start >= reached:
                count, reached = count + 1, end
        return min(room, count)

    def _row(
        self, week: Week, weekday: int, known: dict[tuple[int, tuple[tuple[int, int], ...]], list[int]]
    ) -> list[int] | None:
        """For each fresh slot of a weekday: the least cost of its date on its own day, or None if none can stand."""
        places = self.ground.places(week.index, self.length)[weekday]
        day = week.days[weekday]
        if not day.plain:
            homes = [self.ground.price(day, self.ground.start(day, s.minute), s.length) for s in self.fresh[weekday]]
            return _own_day(places, [s.minute for s in self.fresh[weekday]], homes)
        if not places:
            return None
        key = weekday, tuple(places)
        if key not in known:
            at = {minute: points for points, minute in places}
            minutes = [s.minute for s in self.fresh[weekday]]
            known[key] = _own_day(places, minutes, [at.get(m) for m in minutes])
        return known[key]

    def _standing_vector(self, i: int, slot: Candidate, week: Week) -> Vector | None:
        """The vector of a standing series' date, or None when nothing is left to decide about it."""
        what = state(self.ground, week, slot)
        if what != State.OPEN:
            self.constant[i] += _SKIP * (what == State.OUT)
            return None
        now = present(self.ground, week, slot)
        day = week.days[slot.weekday]
        home = self.ground.price(day, self.ground.start(day, slot.minute), slot.length)
        keeps = RESHUFFLE if (now.home and home is not None) or now.day >= 0 else 0
        out = [FAR] * 7
        for d, places in enumerate(self.ground.places(week.index, slot.length)):
            if d != slot.weekday and places:
                out[d] = UNIT * (places[0][0] + MOVE + keeps + DAY_AWAY * abs(d - slot.weekday))
            elif places:
                out[d] = min([_moved(p, m, slot.minute) for p, m in places if m != slot.minute], default=FAR)
                out[d] += UNIT * keeps
        if home is not None:
            out[slot.weekday] = min(out[slot.weekday], UNIT * home)
        if now.day >= 0 and now.start is not None:
            wall = self.ground.wall(week.days[now.day], now.start)
            points = now.points + MOVE + away(slot.weekday, slot.minute, now.day, wall)
            out[now.day] = min(out[now.day], UNIT * points)
        return out

    def vector(self, slot: Candidate, place: int, week: int) -> Vector | None:
        """The vector of any candidate; `place` is its place among the standing ones or in its weekday's list."""
        if slot.standing is not None:
            return self.vectors[place][week]
        d = slot.weekday
        out = [cost + _DAY * abs(i - d) for i, cost in enumerate(self.other[week])]
        row = self.rows[d][week]
        out[d] = FAR if row is None else row[place]
        return out

    def reprice(self, weeks: Iterable[int]) -> None:
        """Take changed prices of some weeks into every cost."""
        changed = list(weeks)
        for w in changed:
            offset = self._offset(w)
            self.offset += offset - self._offsets[w]
            self._offsets[w] = offset
        for d in self.used:
            self._reprice_fresh(d, changed)
        for i, vectors in enumerate(self.vectors):
            parts = self._standing_parts[i]
            for w in changed:
                vector = vectors[w]
                if vector is not None:
                    toll = self.toll[w]
                    least = min([v + p for v, p in zip(vector, self.shadow[w], strict=True)]) + toll
                    part = min(_SKIP, least)
                    self.cost_standing[i] += part - parts[w]
                    parts[w] = part

    def _offset(self, w: int) -> int:
        """What the prices of a week give back for the room that it has."""
        total = -self.toll[w] * self.left[w]
        for price, room in zip(self.shadow[w], self.room[w], strict=True):
            if price:
                total += min(_PAIR * n * (n - 1) // 2 - price * n for n in range(room + 1))
        return total

    def _reprice_fresh(self, d: int, weeks: Sequence[int]) -> None:
        parts, rows, cost = self._parts[d], self.rows[d], self.cost[d]
        for w in weeks:
            toll, shadow = self.toll[w], self.shadow[w]
            elsewhere = _SKIP
            for i, other in enumerate(self.other[w]):
                if i != d and other < FAR:
                    elsewhere = min(elsewhere, other + _DAY * abs(i - d) + shadow[i] + toll)
            row, old, new = rows[w], parts[w], elsewhere
            if isinstance(old, int):
                self._flat[d] -= old
            else:
                cost = [c - o for c, o in zip(cost, old, strict=True)]
            if row is None:
                self._flat[d] += new
                parts[w] = new
            else:
                here = toll + shadow[d]
                most = elsewhere - here
                part = [(min(most, a)) + here for a in row]
                cost = [c + a for c, a in zip(cost, part, strict=True)]
                parts[w] = part
        self.cost[d] = cost

    def price(self, slot: Candidate, place: int) -> int:
        """A candidate's cost over all weeks at the present prices, in parts of a point."""
        if slot.standing is not None:
            return self.cost_standing[place]
        return self.cost[slot.weekday][place] + self._flat[slot.weekday]

    def prices_of(self, w: int, vectors: Sequence[Vector]) -> tuple[list[int], int]:
        """What one more place on each day, and one more block in all, would save these dates in week `w`."""
        room, left = self.room[w], self.left[w]
        total = least_total(vectors, room, left)
        toll = total - least_total(vectors, room, left + 1) if left < len(vectors) else 0
        shadow = [0] * 7
        for d in range(7):
            if room[d] and any(v[d] < _SKIP for v in vectors):
                shadow[d] = max(0, total - least_total(vectors, room, left + 1, spare=d) - toll)
        return shadow, toll


def _moved(points: int, minute: int, home: int) -> int:
    return UNIT * (points + MOVE + HOUR_AWAY * -(-abs(minute - home) // 60))


def _own_day(places: Sequence[tuple[int, int]], minutes: Sequence[int], homes: Sequence[int | None]) -> list[int]:
    """For each start: home if it is free, else the cheapest move within the day (places are cheapest first)."""
    out = []
    for minute, home in zip(minutes, homes, strict=True):
        best = FAR if home is None else home
        for points, at in places:
            if points + MOVE + HOUR_AWAY >= best:
                break
            if at != minute:
                best = min(best, points + MOVE + HOUR_AWAY * -(-abs(at - minute) // 60))
        out.append(best if best >= FAR else best * UNIT)
    return out
