"""Stretches of time as pairs of whole seconds (UTC, since 1970): what the planner's inner loops count with."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import ceil, floor

from calsync.model import Span

__all__ = ["Stretches", "instant", "merge", "seconds_of"]

Stretch = tuple[int, int]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(seconds: int) -> datetime:
    """The UTC datetime of `seconds` since 1970."""
    return _EPOCH + timedelta(seconds=seconds)


def seconds_of(span: Span) -> Stretch:
    """A span as seconds; parts of a second widen it, so that what is taken never looks free."""
    return floor(span.start.timestamp()), ceil(span.end.timestamp())


def merge(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The union, in order, as stretches that neither overlap nor touch."""
    out: list[Stretch] = []
    last = -1 << 62
    for start, end in sorted(stretches):
        if start <= last:
            if end > last:
                last = end
                out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
            last = end
    return out


class Stretches:
    """A union of stretches that can be asked about a window. `starts` and `ends` run in parallel, in order."""

    __slots__ = ("ends", "starts")

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        """Take any stretches in any order."""
        merged = merge(stretches)
        self.starts = [s for s, _ in merged]
        self.ends = [e for _, e in merged]

    def taken(self, start: int, end: int) -> int:
        """How many seconds of [start, end) are in the union."""
        total = 0
        i = bisect_right(self.ends, start)
        while i < len(self.starts) and self.starts[i] < end:
            total += min(end, self.ends[i]) - max(start, self.starts[i])
            i += 1
        return total

    def touches(self, start: int, end: int) -> bool:
        """True when [start, end) and the union share an instant."""
        i = bisect_right(self.ends, start)
        return i < len(self.starts) and self.starts[i] < end

    def gaps(self, start: int, end: int) -> list[Stretch]:
        """What of [start, end) is not in the union, in order."""
        out: list[Stretch] = []
        i = bisect_right(self.ends, start)
        while start < end:
            if i == len(self.starts) or self.starts[i] >= end:
                out.append((start, end))
                break
            if self.starts[i] > start:
                out.append((start, self.starts[i]))
            start = max(start, self.ends[i])
            i += 1
        return out

    def sides(self, start: int) -> tuple[int, int]:
        """For an instant outside the union: the last end before it and the first start after it (far away if none)."""
        i = bisect_right(self.ends, start)
        before = self.ends[i - 1] if i else -1 << 62
        return before, self.starts[i] if i < len(self.starts) else 1 << 62
