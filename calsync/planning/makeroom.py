"""What would make room for work that cannot be done by its due instant: found by planning it so and looking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from calsync.model import Span, at_wall_clock
from calsync.planning.board import Board, BusySpan, Prefer
from calsync.planning.follow import Need, WorkBlock, all_fit

__all__ = ["FROZEN", "NO_WORKING_TIME", "TAKEN", "WHITE_SPACE", "Way", "ways", "why_short"]

FROZEN = "frozen"
NO_WORKING_TIME = "no working time"
TAKEN = "taken"
WHITE_SPACE = "white space"

_DAYS = 28
_MEETINGS = 30
"""So many meetings before the due instant are tried, the short ones first: it is an answer for a person who waits."""


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that alone would make room: a later last day, fewer minutes, or one thing less in the calendar."""

    by: date | None = None
    minutes: int | None = None
    without: BusySpan | None = None


def why_short(board: Board, need: Need) -> str:
    """What stands in the way most: one of FROZEN, NO_WORKING_TIME, WHITE_SPACE and TAKEN."""
    if board.not_before >= need.due:
        return FROZEN
    spans = [s for of in board.working.values() for s in of if s.end > board.not_before and s.start < need.due]
    if not spans:
        return NO_WORKING_TIME
    step = timedelta(minutes=board.grid_minutes)
    taken = [*(busy.span.widened(board.buffer) for busy in board.busy), *board.own]
    for span in spans:
        gaps = _gaps(max(span.start, board.not_before), min(span.end, need.due), taken)
        if any(end - start >= step for start, end in gaps):
            return WHITE_SPACE
    return TAKEN


def _gaps(start: datetime, end: datetime, taken: Sequence[Span]) -> Iterator[tuple[datetime, datetime]]:
    at = start
    for span in sorted(s for s in taken if s.end > start and s.start < end):
        if span.start > at:
            yield at, span.start
        at = max(at, span.end)
    if at < end:
        yield at, end


def ways(
    board: Board,
    blocks: Sequence[WorkBlock],
    needs: Sequence[Need],
    now: datetime,
    prefer: Prefer,
    short: Need,
    missing: int,
) -> list[Way]:
    """What would let `short`, of which `missing` minutes have no room, be done in time, the least first.

    `needs` are the others, all of which can be kept. A later day comes first, up to four weeks; then fewer minutes;
    then the one thing in the calendar, of those that take time before the due instant, without which it fits.
    """

    def fits(with_board: Board, need: Need) -> bool:
        return all_fit(with_board, blocks, [*needs, need], now, prefer)

    found: list[Way] = []
    day = short.due.astimezone(board.zone).date()
    last = board.mondays[-1] + timedelta(6)
    days = [later for n in range(1, _DAYS + 1) if (later := day + timedelta(n)) in board.working and later <= last]
    # More time never makes less fit: where the last day does not help, none does.
    first, beyond = 0, len(days)
    if days and fits(board, replace(short, due=_end(days[-1], board))):
        beyond -= 1
        while first < beyond:
            middle = (first + beyond) // 2
            if fits(board, replace(short, due=_end(days[middle], board))):
                beyond = middle
            else:
                first = middle + 1
        found.append(Way(by=days[beyond]))
    if missing < short.minutes:
        found.append(Way(minutes=short.minutes - missing))
    found += _without(board, short, missing, fits)
    return found


def _end(day: date, board: Board) -> datetime:
    return at_wall_clock(day + timedelta(1), time(), board.zone)


def _without(board: Board, short: Need, missing: int, fits: Callable[[Board, Need], bool]) -> list[Way]:
    reach = [
        busy
        for busy in board.busy
        if busy.span.end > board.not_before
        and busy.span.start < short.due
        and busy.span.length + 2 * board.buffer >= timedelta(minutes=missing)
        and any(busy.span.overlaps(work) for of in board.working.values() for work in of)
    ]
    reach.sort(key=lambda b: (b.span.length, b.span.start))
    del reach[_MEETINGS:]

    def without(gone: Sequence[BusySpan]) -> Board:
        return replace(board, busy=tuple(b for b in board.busy if not any(b is one for one in gone)))

    if not reach or not fits(without(reach), short):
        return []
    one = next((busy for busy in reach if fits(without([busy]), short)), None)
    return [] if one is None else [Way(without=one)]
