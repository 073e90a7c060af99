"""Why a date is not at home, and what took a week's time: in words, without titles and names."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from calsync.model import Kind, Span
from calsync.planning.board import Board, BusySpan
from calsync.planning.slots import Candidate, Day, Ground, Week
from calsync.planning.spans import Stretches, seconds_of

__all__ = [
    "FIXED",
    "TOO_LATE",
    "TOO_NEAR",
    "Reasons",
    "cause_of",
    "clock_words",
    "count_words",
    "day_words",
    "duration_words",
    "share_words",
    "span_words",
]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FIXED = "frozen or pinned"
TOO_LATE = "too near to be brought back"
_TOO_SOON = "too near to be planned anew"
TOO_NEAR = frozenset({FIXED, TOO_LATE, _TOO_SOON})
"""What is said of a date about which nothing is left to decide: why it is where it is was said before."""
_NOWHERE_ELSE = ", and no other room that week"
_WHEN = re.compile(rf"(?: on| at)? (?:{'|'.join(_DAYS)}) .*| (?:on )?(?:{'|'.join(_DAYS)})$|(?: \d+ (?:h|min|days?))+$")


def day_words(day: date) -> str:
    """`Thu 3 Dec`, in English whatever the locale."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def clock_words(weekday: int, minute: int) -> str:
    """`Tue 14:00`."""
    return f"{_DAYS[weekday]} {minute // 60:02}:{minute % 60:02}"


def duration_words(seconds: int) -> str:
    """`9 h`, `1 h 30 min`, `45 min`; parts of a minute count as one."""
    hours, minutes = divmod(-(-seconds // 60), 60)
    return " ".join([f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0 or not hours))


def count_words(number: int, noun: str) -> str:
    """`1 block`, `2 blocks`: a number with its noun, whose plural takes an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def share_words(share: float) -> str:
    """How much of working time blocks may take."""
    return "a tenth of working time" if share == 0.1 else f"{share * 100:g} % of working time"


def span_words(span: Span, zone: ZoneInfo) -> str:
    """`Tue 14:00-15:00` on one local day, else its first and last day."""
    start, end = span.start.astimezone(zone), span.end.astimezone(zone)
    last: datetime = end - timedelta(microseconds=1)
    if start.date() == last.date() and (start.hour or start.minute or last.date() == end.date()):
        return f"{_DAYS[start.weekday()]} {start:%H:%M}-{end:%H:%M}"
    if start.date() == last.date():
        return day_words(start.date())
    return f"{day_words(start.date())} to {day_words(last.date())}"


def cause_of(reason: str) -> str:
    """A reason of this module without its days, times and amounts, so that equal causes can be counted together."""
    return _WHEN.sub("", reason.removesuffix(_NOWHERE_ELSE))


class Reasons:
    """What stands in the way, looked up in the board as the planner saw it."""

    def __init__(self, ground: Ground, board: Board, kind: Kind, max_a_day: int) -> None:
        """Index the board's busy time by start."""
        self.ground = ground
        self.board = board
        self.kind = kind
        self.max_a_day = max_a_day
        self._busy = sorted(((*seconds_of(b.span), b.label, b) for b in board.busy), key=lambda b: b[:3])
        self._starts = [b[0] for b in self._busy]
        self._reach: list[int] = []
        for _, end, _, _ in self._busy:
            self._reach.append(max(end, self._reach[-1]) if self._reach else end)

    # ------------------------------------------------------------------ one date

    def not_at_home(self, week: Week, slot: Candidate, others: Iterable[int], *, dropped: bool) -> str:
        """Why the slot's date in `week` is not at home; `others` are the starts of the kind's other blocks."""
        day = week.days[slot.weekday]
        start = self.ground.start(day, slot.minute)
        why = self._at_home(day, start, slot.length)
        if why:
            return f"{why}{_NOWHERE_ELSE}" if dropped else why
        if not self.ground.open(day, slot.length):
            return self._by_rule(day, slot.length)
        if sum(1 for s in others if self._day(s) is day) >= day.room:
            return self.already()
        if dropped:
            return share_words(self.board.block_share)
        return f"another {self.kind} block takes the place" if any(others) else "the week's other blocks"

    def _day(self, start: int) -> Day | None:
        return self.ground.day_of(start)

    def _at_home(self, day: Day, start: int, length: int) -> str:
        """What keeps a block from one place, apart from the rules of its day and week; "" when nothing does."""
        ground = self.ground
        if not day.spans:
            return "holiday" if ground.normal_work(day.index) else f"no working time on {_DAYS[day.index]}"
        if start < ground.not_before:
            return _TOO_SOON
        found = self.in_the_way(start, start + length)
        if found is not None:
            return f"{found.label} {span_words(found.span, ground.zone)}"
        if not ground.within_work(day, start, length):
            return "outside working hours"
        return "another block" if ground.blocked.touches(start, start + length) else ""

    def _by_rule(self, day: Day, length: int) -> str:
        if day.room <= 0:
            return self.already()
        if day.free < length:
            return self.free_words()
        return share_words(self.board.block_share)

    def already(self) -> str:
        """The day has its blocks of this kind."""
        return f"{self.kind} block already that day"

    def free_words(self) -> str:
        """The rule of the free hour."""
        minutes = self.board.free_minutes
        return "one free hour a day" if minutes == 60 else f"{duration_words(60 * minutes)} free a day"

    def in_the_way(self, start: int, end: int) -> BusySpan | None:
        """The first busy span whose buffer touches [start, end)."""
        pad = self.board.buffer.total_seconds()
        at = bisect_left(self._starts, end + pad)
        found = None
        while at and self._reach[at - 1] + pad > start:
            at -= 1
            if self._busy[at][1] + pad > start:
                found = self._busy[at][3]
        return found

    # ------------------------------------------------------------------ one week

    def displaced_by(self, week: Week, placed: Sequence[int], length: int, lacking: str) -> tuple[str, ...]:
        """What took the time of a week that misses blocks: most time first, then the rules that stood in the way.

        `placed` are the starts of all blocks of the kind that take place in it; `lacking` names why fewer series
        than asked for exist, or is "".
        """
        taken: dict[str, int] = {}
        whole: dict[str, int] = {}
        for label in sorted({b[2] for b in self._within(week)}):
            stretches = Stretches((b[0], b[1]) for b in self._within(week) if b[2] == label)
            for day in week.days:
                seconds, full = self._taken(day, stretches)
                taken[label] = taken.get(label, 0) + seconds
                whole[label] = whole.get(label, 0) + full
        rows = [
            (seconds, f"{label} {self._amount(seconds, whole[label])}") for label, seconds in taken.items() if seconds
        ]
        rows += [
            (normal, f"holiday on {day_words(day.date)}")
            for day in week.days
            if not day.spans and (normal := self.ground.normal_work(day.index))
        ]
        rows.sort(key=lambda r: (-r[0], r[1]))
        words = [text for _, text in rows] + self._rules(week, placed, length)
        if lacking:
            words.insert(0, lacking)
        return tuple(words) or (("the week is nearly over",) if self._remaining(week) == 0 else ("no long enough gap",))

    def _within(self, week: Week) -> list[tuple[int, int, str, BusySpan]]:
        first, last = week.days[0], week.days[6]
        lo, hi = first.midnight - 86_400, last.midnight + 2 * 86_400
        at = bisect_left(self._starts, hi)
        out = []
        while at and self._reach[at - 1] > lo:
            at -= 1
            if self._busy[at][1] > lo:
                out.append(self._busy[at])
        return out

    def _taken(self, day: Day, stretches: Stretches) -> tuple[int, int]:
        spans = [(max(s, self.ground.not_before), e) for s, e in day.spans if e > self.ground.not_before]
        seconds = sum(stretches.taken(s, e) for s, e in spans)
        return seconds, int(bool(spans) and seconds == sum(e - s for s, e in day.spans))

    def _amount(self, seconds: int, days: int) -> str:
        if days:
            return "1 day" if days == 1 else f"{days} days"
        return duration_words(seconds)

    def _remaining(self, week: Week) -> int:
        return sum(max(0, e - max(s, self.ground.not_before)) for day in week.days for s, e in day.spans)

    def _rules(self, week: Week, placed: Sequence[int], length: int) -> list[str]:
        """The white-space rules that kept a block out of this week, though there was a gap for it."""
        ground = self.ground
        here = [d for s in placed if (d := ground.day_of(s)) is not None]
        gaps = [
            day
            for day in week.days
            if any(
                b - a >= length
                for s, e in day.spans
                for a, b in ground.blocked.gaps(max(s, ground.not_before), max(e, ground.not_before))
            )
        ]
        out = []
        if gaps and week.left < length * (1 + sum(1 for d in here if d.week == week.index)):
            out.append(f"white space rule: at most {share_words(self.board.block_share)}")
        if any(d.free < length * (1 + here.count(d)) for d in gaps):
            out.append(f"white space rule: {self.free_words()}")
        if any(d.room < 1 + here.count(d) for d in gaps):
            out.append(f"white space rule: at most {self.max_a_day} {self.kind} a day")
        return out
