"""A second opinion on plans, in plain datetimes: what is legal, what it costs, and the best by trying everything.

It shares only the weights with the planner; every rule is read anew from the board, as slowly as one likes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations, pairwise, product

from calsync.model import Span, at_wall_clock
from calsync.planning import costs
from calsync.planning.board import Board, KindPlan, Prefer, Standing, Wish

MINUTE = timedelta(minutes=1)


def local_day(board: Board, span: Span) -> date:
    return span.start.astimezone(board.zone).date()


def monday_of(day: date) -> date:
    return day - timedelta(day.weekday())


def switch_week(board: Board) -> int:
    """The first week that begins at or after `not_before`; the number of weeks if there is none."""
    for i, monday in enumerate(board.mondays):
        if at_wall_clock(monday, time(), board.zone) >= board.not_before:
            return i
    return len(board.mondays)


def held(standing: Sequence[Standing]) -> list[Span]:
    return [span for s in standing for span in s.fixed.values() if span is not None]


def in_work(board: Board, span: Span) -> bool:
    return any(w.start <= span.start and span.end <= w.end for w in board.working.get(local_day(board, span), ()))


def minutes_union(spans: Iterable[Span], within: Iterable[Span]) -> timedelta:
    """How much of `within` the spans take, overlaps counted once: minute by minute would be slower only."""
    total = timedelta()
    for frame in within:
        cuts = sorted(
            (max(s.start, frame.start).astimezone(UTC), min(s.end, frame.end).astimezone(UTC))
            for s in spans
            if s.overlaps(frame)
        )
        reached = frame.start.astimezone(UTC)
        for start, end in cuts:
            if end > reached:
                total += end - max(start, reached)
                reached = end
    return total


def free_time(board: Board, day: date, blocks: Iterable[Span]) -> timedelta:
    working = board.working.get(day, ())
    taken = minutes_union([*(b.span for b in board.busy), *blocks], working)
    return sum((w.length for w in working), timedelta()) - taken


def week_share(board: Board, monday: date) -> timedelta:
    work = sum((w.length for d, spans in board.working.items() if monday_of(d) == monday for w in spans), timedelta())
    return timedelta(seconds=int(work.total_seconds() * round(board.block_share * 10**6)) // 10**6)


def alone_legal(board: Board, wish: Wish, fixed: Sequence[Span], span: Span) -> bool:
    """True when a block could stand at `span` if no other date of the kind were placed anywhere."""
    if span.start < board.not_before or not in_work(board, span):
        return False
    if any(span.overlaps(b.span.widened(board.buffer)) for b in board.busy):
        return False
    blocks = [*board.own, *fixed]
    return not any(span.overlaps(b) for b in blocks) and together_legal(board, wish, fixed, [span])


def together_legal(board: Board, wish: Wish, fixed: Sequence[Span], spans: Sequence[Span]) -> bool:
    """The rules that tie blocks together: no overlap, so many a day, the free hour, the week's share."""
    if any(a.overlaps(b) for a, b in combinations(spans, 2)):
        return False
    everything = [*board.own, *fixed, *spans]
    for day in {local_day(board, s) for s in spans}:
        of_kind = [s for s in [*fixed, *spans] if local_day(board, s) == day]
        if len(of_kind) > wish.max_a_day:
            return False
        if free_time(board, day, everything) < timedelta(minutes=board.free_minutes):
            return False
    for monday in {monday_of(local_day(board, s)) for s in spans}:
        lengths = [s.length for s in everything if monday_of(local_day(board, s)) == monday]
        if sum(lengths, timedelta()) > week_share(board, monday):
            return False
    return True


def clock(board: Board, moment: datetime) -> int:
    local = moment.astimezone(board.zone)
    return local.hour * 60 + local.minute


def place_points(board: Board, wish: Wish, fixed: Sequence[Span], span: Span) -> int:
    """What the place itself costs: taste, closeness, and the blocks that stand on its day anyway."""
    day = local_day(board, span)
    working = sorted(board.working[day])
    start = clock(board, span.start)
    end = start + int(span.length / MINUTE)
    opening, closing = clock(board, working[0].start), clock(board, max(w.end for w in working))
    points = 0
    points += costs.EDGE if start < opening + 30 else 0
    points += costs.EDGE if end > closing - 30 else 0
    rests = [(clock(board, a.end), clock(board, b.start)) for a, b in pairwise(working) if a.end < b.start]
    rests = [(a, b) for a, b in rests if a >= 11 * 60 and b <= 14 * 60 + 30]
    if start < 13 * 60 and end > 12 * 60 and not rests:
        points += costs.MIDDAY
    afternoon = start >= (rests[0][1] if rests else 12 * 60)
    if (wish.prefer is Prefer.MORNING and afternoon) or (wish.prefer is Prefer.AFTERNOON and not afternoon):
        points += costs.PREFER
    if day.weekday() == 0 and start < opening + 60:
        points += costs.MONDAY_FIRST
    if day.weekday() == 4 and end > 15 * 60:
        points += costs.FRIDAY_LATE
    wide = [b.span.widened(board.buffer) for b in board.busy]
    limit = timedelta(seconds=costs.NEAR_SECONDS)
    if any(timedelta() <= span.start - w.end < limit for w in wide):
        points += costs.NEAR
    if any(timedelta() <= w.start - span.end < limit for w in wide):
        points += costs.NEAR
    return points + costs.CLUSTER * sum(1 for b in [*board.own, *fixed] if local_day(board, b) == day)


def way_points(board: Board, home_day: date, start: time, span: Span) -> int:
    """What the way from home costs; nothing at home."""
    home = at_wall_clock(home_day, start, board.zone)
    if span.start == home:
        return 0
    day = local_day(board, span)
    if day != home_day:
        return costs.MOVE + costs.DAY_AWAY * abs((day - home_day).days)
    minutes = abs(clock(board, span.start) - start.hour * 60 - start.minute)
    return costs.MOVE + costs.HOUR_AWAY * -(-minutes // 60)


def reshuffle_points(
    board: Board, wish: Wish, fixed: Sequence[Span], one: Standing | None, home: date, span: Span, start: time
) -> int:
    """What leaving a legal present place costs, other than to go home."""
    if one is None or span.start == at_wall_clock(home, start, board.zone):
        return 0
    begin = at_wall_clock(home, start, board.zone)
    now = one.current.get(home, Span(begin, begin + timedelta(minutes=one.minutes)))
    if now is None or now.start == span.start or now.length != timedelta(minutes=one.minutes):
        return 0
    if monday_of(local_day(board, now)) != monday_of(home) or not alone_legal(board, wish, fixed, now):
        return 0
    return costs.RESHUFFLE


def cluster_points(board: Board, spans: Sequence[Span]) -> int:
    counts = Counter(local_day(board, s) for s in spans)
    return sum(costs.CLUSTER * n * (n - 1) // 2 for n in counts.values())


def date_points(
    board: Board,
    wish: Wish,
    fixed: Sequence[Span],
    one: Standing | None,
    home: date,
    start: time,
    span: Span | None,
) -> int:
    if span is None:
        return costs.SKIP
    return (
        place_points(board, wish, fixed, span)
        + way_points(board, home, start, span)
        + reshuffle_points(board, wish, fixed, one, home, span, start)
    )


def decided(plan: KindPlan, standing: Sequence[Standing]) -> Iterator[tuple[Standing | None, time, date, Span | None]]:
    """(the standing series, its start, home date, span) of each date that the planner decided or could not have."""
    by_name = {(s.number, s.generation): s for s in standing}
    for series in plan.series:
        one = by_name[series.number, series.generation] if series.standing else None
        for placement in series.placements:
            if one is None or placement.home not in one.fixed:
                yield one, series.start, placement.home, placement.span


def plan_points(board: Board, wish: Wish, standing: Sequence[Standing], plan: KindPlan) -> int:
    """The objective of a plan, counted anew. The weeks before a switch must have no ended series with dates."""
    fixed = held(standing)
    total = costs.SWITCH * len(plan.ended)
    for monday in board.mondays:
        rows = [r for r in decided(plan, standing) if monday_of(r[2]) == monday]
        total += sum(date_points(board, wish, fixed, one, home, start, span) for one, start, home, span in rows)
        total += cluster_points(board, [span for _, _, _, span in rows if span is not None])
    return total


def grid_spans(board: Board, monday: date, minutes: int) -> list[Span]:
    """Every block of a week on the grid within working time; each instant once."""
    out = {}
    for offset in range(7):
        day = monday + timedelta(offset)
        for minute in range(0, 24 * 60, board.grid_minutes):
            wall = time(minute // 60, minute % 60)
            begin = at_wall_clock(day, wall, board.zone)
            span = Span(begin, (begin.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(board.zone))
            if begin.astimezone(board.zone).time() == wall and in_work(board, span):
                out[span.start] = span
    return list(out.values())


def best_week(
    board: Board, wish: Wish, fixed: Sequence[Span], monday: date, dates: Sequence[tuple[Standing | None, int, time]]
) -> int:
    """The least points of one week for series (standing, weekday, start), by trying every combination."""
    choices: list[list[tuple[int, Span | None]]] = []
    for one, weekday, start in dates:
        home = monday + timedelta(weekday)
        found: list[tuple[int, Span | None]] = [(costs.SKIP, None)]
        begin = at_wall_clock(home, start, board.zone)
        length = timedelta(minutes=wish.minutes)
        spans = {s.start: s for s in grid_spans(board, monday, wish.minutes)}
        spans[begin] = Span(begin, begin + length)
        now = one.current.get(home) if one is not None else None
        if now is not None and now.length == length and monday_of(local_day(board, now)) == monday:
            spans[now.start] = now
        found += [
            (date_points(board, wish, fixed, one, home, start, span), span)
            for span in spans.values()
            if alone_legal(board, wish, fixed, span)
        ]
        choices.append(sorted(found, key=lambda f: f[0]))
    best = costs.SKIP * len(dates)
    for combination in product(*choices):
        points = sum(p for p, _ in combination)
        if points >= best:
            continue
        spans_taken = [s for _, s in combination if s is not None]
        points += cluster_points(board, spans_taken)
        if points < best and together_legal(board, wish, fixed, spans_taken):
            best = points
    return best


def slots_of(board: Board, minutes: int) -> set[tuple[int, time]]:
    out = set()
    for day, working in board.working.items():
        for minute in range(0, 24 * 60, board.grid_minutes):
            wall = time(minute // 60, minute % 60)
            begin = at_wall_clock(day, wall, board.zone)
            span = Span(begin, begin + timedelta(minutes=minutes))
            if any(w.start <= span.start and span.end <= w.end for w in working):
                out.add((day.weekday(), wall))
    return out


def brute_force(board: Board, wish: Wish, standing: Sequence[Standing]) -> int:
    """The least points over every set of `per_week` slots and every week; for boards that begin on a whole week.

    `standing` may hold series whose dates are all open; all may be given up.
    """
    fixed = held(standing)
    existing: dict[tuple[int, time], Standing] = {
        (s.weekday, s.start): s for s in standing if s.minutes == wish.minutes
    }
    slots = sorted(slots_of(board, wish.minutes) | set(existing))
    memo: dict[tuple[date, tuple[tuple[int, time], ...]], int] = {}
    best = None
    for chosen in combinations(slots, wish.per_week):
        if not _apart(chosen, wish):
            continue
        ended = len(standing) - sum(1 for s in chosen if s in existing)
        points = costs.SWITCH * ended
        for monday in board.mondays:
            key = monday, chosen
            if key not in memo:
                dates = [(existing.get(s), *s) for s in chosen]
                memo[key] = best_week(board, wish, fixed, monday, dates)
            points += memo[key]
        best = points if best is None else min(best, points)
    assert best is not None
    return best


def _apart(chosen: Sequence[tuple[int, time]], wish: Wish) -> bool:
    if max(Counter(d for d, _ in chosen).values(), default=0) > wish.max_a_day:
        return False
    return all(
        d != e or abs((s.hour - t.hour) * 60 + s.minute - t.minute) >= wish.minutes
        for (d, s), (e, t) in combinations(chosen, 2)
    )
