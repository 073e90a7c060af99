"""Which act of kindness is for which day or week. Pure: the acts, what was given before, and a seed come in.

The acts go round in a ring (calsync.people.spread), a place for every day or week from the beginning of the calendar to
its end: so an act comes back after RING days or weeks, whatever was done, skipped or missed in between, and a new year
is no beginning. docs/kindness.md tells the leader what that means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta

from calsync.people.acts import Act
from calsync.people.clocks import stable_number
from calsync.people.spread import RING, ring_of, sorts_of

__all__ = ["EVERY", "QUIET_DAYS", "Given", "Kindness", "first_day", "last_day"]

EVERY: Mapping[str, int] = {"day": 1, "week": 7}
"""How often there is an act, with how many days one is for."""

QUIET_DAYS: Mapping[str, int] = {"day": 365, "week": 53 * 7}
"""So many days before and after an act it is not given again."""

_SKIPPED = "skipped"
_DONE = "done"


@dataclass(frozen=True, slots=True)
class Given:
    """The act with that key was given for the day or week that begins on the local day `day`.

    `state` is told | done | skipped. What is given in the place of a skipped act stands behind it.
    """

    day: date
    act: str
    state: str


def first_day(day: date, every: str) -> date:
    """The first local day of the day or ISO week that `day` is in."""
    return day if every == "day" else day - timedelta(day.weekday())


def last_day(day: date, every: str) -> date:
    """The last local day of the day or ISO week that `day` is in."""
    return first_day(day, every) + timedelta(EVERY[every] - 1)


class Kindness:
    """The acts of one leader, one for every day or one for every ISO week (`every`).

    `seed` is the leader's own and never changes; `given` is what was given until now, in the order in which that was
    said. The order of `acts` is irrelevant.
    """

    def __init__(self, acts: Iterable[Act], seed: str, every: str, given: Iterable[Given] = ()) -> None:
        self.every = every
        self._known = {act.key: act for act in acts}
        self._ring = ring_of(self._known.values(), seed)
        self._place = {act.key: place for place, act in enumerate(self._ring)}
        self.given = _by_day(given)

    def knowing(self, given: Iterable[Given]) -> Kindness:
        """The same acts in the same order, with all that was given until now."""
        other = copy(self)
        other.given = _by_day(given)
        return other

    def is_skipped(self, day: date) -> bool:
        """True when the leader passed over the act of that day or week and there was no other to give."""
        rows = self.given.get(first_day(day, self.every), [])
        return bool(rows) and rows[-1].state == _SKIPPED

    def is_done(self, day: date) -> bool:
        """True when the act of that day or week, as it stands, is done."""
        rows = self.given.get(first_day(day, self.every), [])
        return bool(rows) and rows[-1].state == _DONE

    def act_for(self, day: date) -> Act | None:
        """The act of the day or week that `day` is in.

        What was told or done stays. Otherwise it is the one whose turn it is, or where that was given within
        QUIET_DAYS (acts have come or gone, or the leader took it up with a skip) the one most like it that was not.
        None when there are no acts at all, and after a skip without another.
        """
        first = first_day(day, self.every)
        rows = self.given.get(first, [])
        if rows and (rows[-1].state == _SKIPPED or rows[-1].act in self._known):
            return None if rows[-1].state == _SKIPPED else self._known[rows[-1].act]
        return self._scheduled(first)

    def acts_between(self, start: date, end: date) -> dict[date, Act | None]:
        """The acts of all days or weeks from that of `start` to that of `end`, by their first day, as they would come.

        Where an act has to be replaced, the days after it know of it.
        """
        found: dict[date, Act | None] = {}
        on_paper = copy(self)
        on_paper.given = dict(self.given)
        day = first_day(start, self.every)
        while day <= end:
            act = found[day] = on_paper.act_for(day)
            if act is not None and day not in on_paper.given:
                on_paper.given[day] = [Given(day, act.key, "told")]
            day += timedelta(EVERY[self.every])
        return found

    def another(self, day: date) -> Act | None:
        """An act for that day or week in the place of the one that it has; None when no other is left.

        Never one that was given within QUIET_DAYS or whose turn comes within them: so no later act changes by it.
        """
        first = first_day(day, self.every)
        wanted = self.act_for(first) or self._turn(first)
        return self._spare(first, wanted) if wanted is not None else None

    def _turn(self, first: date) -> Act | None:
        """Whose turn it is, whatever was given."""
        if not self._ring:
            return None
        return self._ring[self._number(first) % len(self._ring)]

    def _number(self, first: date) -> int:
        """The number of the day, or of the week: day 1 of the calendar was a Monday."""
        return (first.toordinal() - 1) // EVERY[self.every]

    def _scheduled(self, first: date) -> Act | None:
        turn = self._turn(first)
        if turn is None:
            return None
        used = self._used(first)
        # What the same place of the ring had a round ago keeps it, also when the ring is another one since.
        earlier = self.given.get(first - timedelta(RING * EVERY[self.every]), []) if len(self._ring) == RING else []
        for act in (*(self._known[one.act] for one in earlier[:1] if one.act in self._known), turn):
            if act.key not in used:
                return act
        return self._spare(first, turn) or self._unused(used, turn) or turn

    def _used(self, first: date) -> set[str]:
        """What was given within QUIET_DAYS, that day or week included."""
        quiet = QUIET_DAYS[self.every]
        return {one.act for day, rows in self.given.items() if abs((day - first).days) <= quiet for one in rows}

    def _spare(self, first: date, wanted: Act) -> Act | None:
        """The act most like `wanted` that was not given, and has no turn, within QUIET_DAYS."""
        used, count, here = self._used(first) | {wanted.key}, len(self._ring), self._number(first)
        quiet = QUIET_DAYS[self.every] // EVERY[self.every]
        free = [
            act
            for act in self._known.values()
            if act.key not in used
            and ((place := self._place.get(act.key)) is None or quiet < (place - here) % count < count - quiet)
        ]
        return self._most_alike(free, first, wanted)

    def _unused(self, used: set[str], wanted: Act) -> Act | None:
        """The act most like `wanted` that was not given within QUIET_DAYS; its turn may come."""
        free = [act for act in self._known.values() if act.key not in used]
        return min(free, key=lambda act: (_unlike(act, wanted), _lot(wanted, act)), default=None)

    def _most_alike(self, free: Iterable[Act], first: date, wanted: Act) -> Act | None:
        step = timedelta(EVERY[self.every])
        around = [self._turn(day) for day in (first - step, first + step)]
        beside = {(act.tie, act.channel) for act in around if act is not None}
        return min(
            free,
            key=lambda act: ((act.tie, act.channel) in beside, _unlike(act, wanted), _lot(wanted, act)),
            default=None,
        )


def _by_day(given: Iterable[Given]) -> dict[date, list[Given]]:
    found: dict[date, list[Given]] = {}
    for one in given:
        found.setdefault(one.day, []).append(one)
    return found


def _unlike(one: Act, other: Act) -> int:
    return sum(a != b for a, b in zip(sorts_of(one), sorts_of(other), strict=True))


def _lot(wanted: Act, act: Act) -> tuple[int, str]:
    return stable_number(f"{wanted.key}\n{act.key}"), act.key
