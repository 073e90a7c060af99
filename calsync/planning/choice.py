"""Which weekly slots a kind gets: the best set, proved.

Prices on days make slots independent (`prices.Table`), which gives a lower bound for every set; what the bound leaves
is gone through in the order of (weekday, start), each set costed exactly week by week. Equal sets: the one that keeps
more of what exists, then the earlier one in that order.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, islice
from typing import NamedTuple

from calsync.planning.costs import CLUSTER, SKIP, SWITCH
from calsync.planning.prices import FAR, UNIT, Table, Vector, least_total
from calsync.planning.repair import POINT, Task, options, present, settle, skip_price
from calsync.planning.slots import Candidate, Ground, Week

__all__ = ["Choice", "Slots", "choose"]

ROUNDS = 40
"""Rounds of better prices before the search."""

LEAST_STEP = 0.03
"""Where steps towards better prices stop to be worth a round."""

LIMIT = 60_000
"""Steps before the search gives up its proof. Steps, not seconds: the same input gives the same plan."""

COSTING = 30
"""The steps that costing a set counts for, in whole or in part."""

NEIGHBOURS = 3
"""Slots of each weekday that may take the place of one of the best set."""

_SKIP = SKIP * UNIT


class Slots(NamedTuple):
    """What may be chosen.

    `bound` slots are in every set; of the `free` ones (in order) `wanted` are to be added, at most `room[d]` on
    weekday `d`. `ended` series end whatever is chosen.
    """

    bound: Sequence[Candidate]
    free: Sequence[Candidate]
    wanted: int
    room: Sequence[int]
    ended: int


class Choice(NamedTuple):
    """The chosen slots in order, what the weeks of the choice then cost in points, and the proved lower bound."""

    slots: tuple[Candidate, ...]
    cost: int
    bound: int


_Prices = tuple[list[list[int]], list[int]]
"""The shadow prices of days and the tolls of weeks, by week."""


class _Item:
    """A candidate with what the search asks of it again and again."""

    __slots__ = ("bits", "least", "mins", "place", "slot")

    def __init__(self, slot: Candidate, place: int) -> None:
        self.slot = slot
        self.place = place
        self.least = 0
        self.bits: list[int] | None = None
        self.mins: list[int] = []


def choose(ground: Ground, weeks: Sequence[Week], length: int, slots: Slots) -> Choice:
    """The cheapest set over `weeks`; `length` seconds is the kind's own block length."""
    return _Search(ground, weeks, length, slots).run()


class _Search:
    def __init__(self, ground: Ground, weeks: Sequence[Week], length: int, slots: Slots) -> None:
        self.ground = ground
        self.weeks = weeks
        self.slots = slots
        standing = [*slots.bound, *(s for s in slots.free if s.standing)]
        fresh: list[list[Candidate]] = [[] for _ in range(7)]
        for slot in slots.free:
            if slot.standing is None:
                fresh[slot.weekday].append(slot)
        self.table = Table(ground, weeks, length, fresh, standing)
        self.bound = [_Item(s, i) for i, s in enumerate(slots.bound)]
        place = {id(s): i for group in [standing, *fresh] for i, s in enumerate(group)}
        self.days: list[list[_Item]] = [[] for _ in range(7)]
        for slot in slots.free:
            self.days[slot.weekday].append(_Item(slot, place[id(slot)]))
        self.free_standing = len(standing) - len(slots.bound)
        for item in [*self.bound, *(i for day in self.days for i in day)]:
            item.least = self.table.price(item.slot, item.place)
        self.value = FAR
        self.best: tuple[_Item, ...] = ()
        self.seen: dict[tuple[int, ...], int] = {}
        self.proved = True
        self.found = False
        self.left = LIMIT
        self.touched: set[int] = set()
        self.alone: list[list[int]] = []
        self.tasks: dict[tuple[int, int], Task | None] = {}

    # ------------------------------------------------------------------ what a set costs, exactly

    def ending(self, chosen: Sequence[_Item]) -> int:
        """The cost of the series that a set ends, in parts of a point, and one part for each."""
        kept = sum(1 for i in chosen if i.slot.standing is not None)
        return (self.slots.ended + self.free_standing - kept) * (SWITCH * UNIT + 1)

    def evaluate(self, chosen: tuple[_Item, ...], limit: int) -> int:
        """The exact cost of a set, or some lower bound of it that is above `limit`; remembers the best set."""
        key = tuple(id(i) for i in chosen)
        value = self.seen.get(key)
        if value is None:
            items = [*self.bound, *chosen]
            alone = sum(i.least for i in items) + self.ending(chosen)
            loose = [(w, *self.surplus(items, w)) for w in self.conflicting(items)]
            value = alone + sum(more for _, more, _ in loose)
            for w, more, exact in loose:
                if value > limit:
                    return value
                if not exact:
                    value += self.settled(items, w) - more
            self.seen[key] = value
        if value < self.value:
            self.value, self.best = value, chosen
        return value

    def prepare(self, item: _Item) -> list[int]:
        """For each week the day (as a bit) that the item would take alone, 0 when it drops or nothing is open."""
        if item.bits is None:
            item.bits = []
            for w in range(len(self.weeks)):
                vector = self.table.vector(item.slot, item.place, w)
                least = FAR if vector is None else min(vector)
                item.bits.append(1 << vector.index(least) if vector is not None and least < _SKIP else 0)
                item.mins.append(0 if vector is None else min(least, _SKIP))
        return item.bits

    def conflicting(self, items: Sequence[_Item]) -> list[int]:
        """The weeks in which what is best for each does not go together."""
        columns = [self.prepare(i) for i in items]
        left = self.table.left
        out = []
        for w, bits in enumerate(zip(*columns, strict=True)):
            used = 0
            for bit in bits:
                if used & bit:
                    out.append(w)
                    break
                used |= bit
            else:
                if used.bit_count() > left[w]:
                    out.append(w)
        return out

    def surplus(self, items: Sequence[_Item], w: int) -> tuple[int, bool]:
        """At least what a week costs more than what would be best for each; True when it is exactly that.

        It is exact where no two dates share a day, for then only days matter, not places.
        """
        vectors = [v for i in items if (v := self.table.vector(i.slot, i.place, w)) is not None]
        alone = sum(i.mins[w] for i in items)
        room = self.table.room[w]
        exact = max(room) <= 1 and all(i.slot.length == self.table.length for i in items)
        return least_total(vectors, room, self.table.left[w]) - alone, exact

    def settled(self, items: Sequence[_Item], w: int) -> int:
        """Exactly what a week costs more than what would be best for each."""
        tasks = [t for i in items if (t := self.task(i, w)) is not None]
        total, _ = settle(self.weeks[w], tasks)
        return (total // POINT) * UNIT - sum(i.mins[w] for i in items)

    def task(self, item: _Item, w: int) -> Task | None:
        """The item's date in a week, with all its places; None when nothing is open."""
        key = id(item), w
        if key not in self.tasks:
            week = self.weeks[w]
            self.tasks[key] = None
            if self.table.vector(item.slot, item.place, w) is not None:
                now = present(self.ground, week, item.slot)
                self.tasks[key] = Task(item.slot.length, skip_price(now), options(self.ground, week, item.slot, now))
        return self.tasks[key]

    # ------------------------------------------------------------------ the bound

    def least_sets(self) -> tuple[list[list[int]], tuple[_Item, ...]]:
        """`rest[d][n]`: the least sum of prices of `n` slots on weekdays from `d` on; and a set that has it."""
        rest = [[0] + [FAR] * self.slots.wanted]
        picks: list[list[tuple[_Item, ...]]] = [[()] * (self.slots.wanted + 1)]
        for d in range(6, -1, -1):
            of_day = self.least_of_day(d)
            row, chosen = [], []
            for n in range(self.slots.wanted + 1):
                total, pick = min(
                    ((cost + rest[0][n - m], m) for m, (cost, _) in enumerate(of_day) if m <= n), key=lambda x: x
                )
                row.append(total)
                chosen.append(of_day[pick][1] + picks[0][n - pick])
            rest.insert(0, row)
            picks.insert(0, chosen)
        return rest, picks[0][self.slots.wanted]

    def least_of_day(self, d: int) -> list[tuple[int, tuple[_Item, ...]]]:
        """The least sum of prices of 0, 1, 2, ... slots of a weekday that do not overlap."""
        price = self.table.price
        gain = SWITCH * UNIT + 1
        items = [(price(i.slot, i.place) - (gain if i.slot.standing else 0), i) for i in self.days[d]]
        out: list[tuple[int, tuple[_Item, ...]]] = [(0, ())]
        if self.slots.room[d] <= 0 or not items:
            return out
        best = min(range(len(items)), key=lambda k: (items[k][0], k))
        out.append((items[best][0], (items[best][1],)))
        # ends[k]: the least for sets of the present size whose last slot is item k
        sets: list[tuple[int, tuple[_Item, ...]]] = [(c, (i,)) for c, i in items]
        for _ in range(1, min(self.slots.room[d], self.slots.wanted)):
            grown: list[tuple[int, tuple[_Item, ...]]] = []
            for c, item in items:
                found: tuple[int, tuple[_Item, ...]] = (FAR, ())
                for total, chosen in sets:
                    if total + c < found[0] and _after(chosen[-1].slot, item.slot):
                        found = (total + c, (*chosen, item))
                grown.append(found)
            sets = [g if g[1] else (FAR, (items[k][1],)) for k, g in enumerate(grown)]
            least = min(grown, key=lambda g: g[0])
            if least[0] >= FAR:
                break
            out.append(least)
        return out

    def floor(self) -> int:
        """What every set costs at the present prices besides its free slots."""
        fixed = sum(self.table.price(i.slot, i.place) for i in self.bound)
        return fixed + self.table.offset + self.ending(())

    def improve(self) -> int:
        """Raise the lower bound by better prices; the best bound found, with the table left at its prices."""
        best, kept = self.climb(-FAR, ([], []))
        if best < self.value and max(self.slots.room) > 1:
            # Where slots share days on purpose, begin once more from what a pair costs, on all days alike.
            table = self.table
            self.touched.update(range(len(self.weeks)))
            table.shadow = [[CLUSTER * UNIT] * 7 for _ in self.weeks]
            table.toll = [0] * len(self.weeks)
            table.reprice(range(len(self.weeks)))
            best, kept = self.climb(best, kept)
        self.restore(kept)
        return best

    def climb(self, best: int, kept: _Prices) -> tuple[int, _Prices]:
        """Improve prices from where they are; the best bound, not below `best`, and the prices that give it."""
        step, stalled = 1.0, 0
        for _ in range(ROUNDS):
            rest, chosen = self.least_sets()
            bound = self.floor() + rest[0][self.slots.wanted]
            self.evaluate(chosen, self.value)
            if bound > best:
                best, stalled = bound, 0
                kept = [list(s) for s in self.table.shadow], list(self.table.toll)
            else:
                stalled += 1
                if stalled >= 4:
                    step, stalled = step / 2, 0
                    if step < LEAST_STEP:
                        break
                    self.restore(kept)
                    continue
            if best >= self.value or not self.reprice(chosen, bound, step):
                break
        return best, kept

    def polish(self) -> None:
        """Look for a better set near the best one: another slot for one of its slots, as long as that helps."""
        price = self.table.price
        order = [sorted(day, key=lambda i: (price(i.slot, i.place), i.slot.key)) for day in self.days]
        before = FAR
        while self.value < before:
            before = self.value
            for old in self.best:
                others = [i for i in self.best if i is not old]
                for day in range(7):
                    if sum(1 for i in others if i.slot.weekday == day) >= self.slots.room[day]:
                        continue
                    fitting = (i for i in order[day] if not any(i.slot.clashes(o.slot) for o in others))
                    for new in islice(fitting, NEIGHBOURS):
                        self.evaluate(tuple(sorted([*others, new], key=lambda i: i.slot.key)), self.value)

    def restore(self, kept: _Prices) -> None:
        """Go back to earlier prices."""
        shadow, toll = kept
        table = self.table
        changed = [w for w in range(len(self.weeks)) if table.shadow[w] != shadow[w] or table.toll[w] != toll[w]]
        for w in changed:
            table.shadow[w], table.toll[w] = list(shadow[w]), toll[w]
        table.reprice(changed)

    def reprice(self, chosen: Sequence[_Item], bound: int, step: float) -> bool:
        """Move the prices towards what the weeks of a set ask for; False when there is nothing to move."""
        table = self.table
        changed, slopes = [], []
        for w in range(len(self.weeks)):
            days, toll = self.slope(w, self.vectors(w, chosen))
            if not toll and not any(days):
                continue
            changed.append(w)
            if w not in self.touched:
                self.touched.add(w)
                table.shadow[w], table.toll[w] = table.prices_of(w, self.vectors(w, self.best))
            else:
                slopes.append((w, days, toll))
        norm = sum(toll * toll + sum(g * g for g in days) for _, days, toll in slopes)
        if norm:
            stride = step * (self.value - bound + 1) / norm
            for w, days, toll in slopes:
                table.shadow[w] = [max(0, p + int(stride * g)) for p, g in zip(table.shadow[w], days, strict=True)]
                table.toll[w] = max(0, table.toll[w] + int(stride * toll))
        table.reprice(changed)
        return bool(changed)

    def vectors(self, w: int, chosen: Sequence[_Item]) -> list[Vector]:
        """The open dates of a set in a week."""
        items = [*self.bound, *chosen]
        return [v for i in items if (v := self.table.vector(i.slot, i.place, w)) is not None]

    def slope(self, w: int, vectors: Sequence[Vector]) -> tuple[list[int], int]:
        """By how much the dates at the present prices overfill each day, and the week's share."""
        table = self.table
        shadow, toll = table.shadow[w], table.toll[w]
        used = [0] * 7
        for vector in vectors:
            priced = [v + p + toll for v, p in zip(vector, shadow, strict=True)]
            least = min(priced)
            if least < _SKIP:
                used[priced.index(least)] += 1
        over = sum(used) - table.left[w]
        pair = CLUSTER * UNIT
        days = []
        for n, price, room in zip(used, shadow, table.room[w], strict=True):
            given = min(range(room + 1), key=lambda k: (pair * k * (k - 1) // 2 - price * k, k)) if price else 0
            excess = n - given if price else n - min(room, 1)
            days.append(excess if price or excess > 0 else 0)
        return days, over if toll or over > 0 else 0

    # ------------------------------------------------------------------ the search

    def run(self) -> Choice:
        """The best set and its proof."""
        self.alone = self.least_sets()[0]
        self.evaluate(self.least_sets()[1], self.value)
        standing = tuple(i for day in self.days for i in day if i.slot.standing is not None)
        if len(standing) == self.slots.wanted and self.goes_together(standing):
            self.evaluate(standing, self.value)
        if max(self.slots.room) > 1 and self.alone[0][self.slots.wanted] + self.floor() < self.value:
            self.polish()
        root = self.improve()
        if root < self.value:
            self.polish()
        rest, _ = self.least_sets()
        floor = self.floor()
        self.descend(0, self.slots.wanted, floor, (), rest)
        chosen = sorted([*self.slots.bound, *(i.slot for i in self.best)], key=lambda s: s.key)
        cost = self.value // UNIT
        most_ended = self.free_standing + self.slots.ended
        proved = cost if self.proved else min(cost, -((most_ended - root) // UNIT))
        return Choice(tuple(chosen), cost, proved)

    def goes_together(self, chosen: Sequence[_Item]) -> bool:
        """True when the slots may be chosen together."""
        taken = [0] * 7
        for item in chosen:
            taken[item.slot.weekday] += 1
        apart = not any(a.slot.clashes(b.slot) for a, b in combinations(chosen, 2))
        return apart and all(n <= max(0, room) for n, room in zip(taken, self.slots.room, strict=True))

    def limit(self) -> int:
        """The highest bound that a set may have and still be worth costing."""
        if not self.found:
            return self.value
        ended = self.value % UNIT
        return self.value - 1 if ended else self.value - UNIT + min(UNIT - 1, self.free_standing + self.slots.ended)

    def descend(self, d: int, count: int, bound: int, chosen: tuple[_Item, ...], rest: list[list[int]]) -> None:
        """Go through the sets that extend `chosen` by `count` slots from weekday `d` on, in order."""
        if count == 0:
            self.arrive(chosen)
            return
        self.left -= 1
        price = self.table.price
        gain = SWITCH * UNIT + 1
        for day in range(d, 7):
            if bound + rest[day][count] > self.limit():
                return
            last = chosen[-1].slot if chosen and chosen[-1].slot.weekday == day else None
            taken = sum(1 for i in chosen if i.slot.weekday == day)
            if taken >= self.slots.room[day]:
                continue
            after = day + 1 if taken + 1 >= self.slots.room[day] else day
            tail = rest[after][count - 1]
            for item in self.days[day]:
                own = bound + price(item.slot, item.place) - (gain if item.slot.standing else 0)
                if own + tail > self.limit() or (last is not None and not _after(last, item.slot)):
                    continue
                if self.left <= 0:
                    self.proved = False
                    return
                wider = (*chosen, item)
                if last is None or self.worth(wider, after, count - 1):
                    self.descend(after, count - 1, own, wider, rest)

    def worth(self, chosen: tuple[_Item, ...], d: int, count: int) -> bool:
        """False when slots that share a weekday cost so much together that no set with them can be the best."""
        self.left -= COSTING
        items = [*self.bound, *chosen]
        value = self.alone[d][count] + sum(i.least for i in items) + self.ending(chosen)
        return value + sum(self.surplus(items, w)[0] for w in self.conflicting(items)) <= self.limit()

    def arrive(self, chosen: tuple[_Item, ...]) -> None:
        """Cost one set; the first of the best in order stays."""
        self.left -= COSTING
        before = self.value
        value = self.evaluate(chosen, before)
        if value < before or (value == before and not self.found):
            self.best = chosen
            self.found = True


def _after(first: Candidate, second: Candidate) -> bool:
    """True when `second` begins on the same weekday after `first` has ended."""
    return first.minute * 60 + first.length <= second.minute * 60
