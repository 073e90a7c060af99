"""What holds for every plan, on boards drawn at random in zones with odd clocks; judged by naive code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.model import Span
from calsync.planning.board import Board, KindPlan, Standing, Wish
from calsync.planning.plan import plan_kind
from tests.unit.planning import judge
from tests.unit.planning.boards import as_standing, cases

Case = tuple[Board, Wish, list[Standing]]


def placed(plan: KindPlan, standing: Sequence[Standing]) -> list[Span]:
    """Where the planner itself put blocks."""
    return [span for _, _, _, span in judge.decided(plan, standing) if span is not None]


def fixed_in(standing: Sequence[Standing]) -> list[Span]:
    return judge.held(standing)


@settings(max_examples=60)
@given(cases())
def test_no_block_touches_busy_time_its_buffer_or_another_block(case: Case) -> None:
    board, wish, standing = case
    spans = placed(plan_kind(board, wish, standing), standing)
    for span in spans:
        assert not any(span.overlaps(b.span.widened(board.buffer)) for b in board.busy)
        assert not any(span.overlaps(o) for o in [*board.own, *fixed_in(standing)])
        assert sum(span.overlaps(other) for other in spans) == 1  # itself


@settings(max_examples=60)
@given(cases())
def test_a_block_stays_in_working_time_in_its_week_and_ahead(case: Case) -> None:
    board, wish, standing = case
    plan = plan_kind(board, wish, standing)
    for _, _, home, span in judge.decided(plan, standing):
        if span is None:
            continue
        assert judge.in_work(board, span)
        assert judge.monday_of(judge.local_day(board, span)) == judge.monday_of(home)
        assert span.start >= board.not_before
        assert span.length == timedelta(minutes=wish.minutes)
        local = span.start.astimezone(board.zone)
        moved_from = next((s.current.get(home) for s in standing if home in s.current), None)
        assert local.minute % board.grid_minutes == 0 or span == moved_from


@settings(max_examples=60)
@given(cases())
def test_white_space_stays(case: Case) -> None:
    board, wish, standing = case
    spans = placed(plan_kind(board, wish, standing), standing)
    fixed = fixed_in(standing)
    for span in spans:
        day = judge.local_day(board, span)
        of_kind = [s for s in [*spans, *fixed] if judge.local_day(board, s) == day]
        assert len(of_kind) <= wish.max_a_day
        everything = [*board.own, *fixed, *spans]
        assert judge.free_time(board, day, everything) >= timedelta(minutes=board.free_minutes)
        monday = judge.monday_of(day)
        lengths = [s.length for s in everything if judge.monday_of(judge.local_day(board, s)) == monday]
        assert sum(lengths, timedelta()) <= judge.week_share(board, monday)


@settings(max_examples=40)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_makes_no_difference(case: Case, random: object) -> None:
    board, wish, standing = case
    before = plan_kind(board, wish, standing)
    busy, own, series = list(board.busy), list(board.own), list(standing)
    for rows in (busy, own, series):
        random.shuffle(rows)  # type: ignore[attr-defined]
    shuffled = Board(
        zone=board.zone,
        mondays=board.mondays,
        not_before=board.not_before,
        working=dict(reversed(list(board.working.items()))),
        busy=tuple(busy),
        own=tuple(own),
        buffer=board.buffer,
        grid_minutes=board.grid_minutes,
        block_share=board.block_share,
        free_minutes=board.free_minutes,
    )
    assert plan_kind(shuffled, wish, series) == before


@settings(max_examples=60)
@given(cases())
def test_planning_again_on_its_own_result_changes_nothing(case: Case) -> None:
    board, wish, standing = case
    first = plan_kind(board, wish, standing)
    gone = {(e.number, e.generation): e.last for e in first.ended}
    switch = board.mondays[judge.switch_week(board)] if judge.switch_week(board) < len(board.mondays) else None
    # What remains of ended series stands in the way like any block that no plan decides about.
    left = [
        span
        for s in standing
        if (last := gone.get((s.number, s.generation))) is not None
        for home, span in _stands(board, s)
        if home <= last and span is not None and (switch is None or home < switch)
    ]
    again = plan_kind(
        Board(
            zone=board.zone,
            mondays=board.mondays,
            not_before=board.not_before,
            working=board.working,
            busy=board.busy,
            own=(*board.own, *left),
            buffer=board.buffer,
            grid_minutes=board.grid_minutes,
            block_share=board.block_share,
            free_minutes=board.free_minutes,
        ),
        wish,
        as_standing(first, standing),
    )
    assert not again.ended
    assert all(s.standing for s in again.series)
    assert [(s.weekday, s.start, _where(s)) for s in again.series] == [
        (s.weekday, s.start, _where(s)) for s in first.series
    ]


def _stands(board: Board, one: Standing) -> list[tuple[object, Span | None]]:
    from calsync.model import at_wall_clock

    out: list[tuple[object, Span | None]] = []
    for monday in board.mondays:
        home = monday + timedelta(one.weekday)
        begin = at_wall_clock(home, one.start, board.zone)
        span: Span | None = Span(begin, begin + timedelta(minutes=one.minutes))
        if home in one.fixed:
            span = one.fixed[home]
        elif home in one.current:
            span = one.current[home]
        out.append((home, span))
    return out


def _where(series: object) -> list[tuple[object, object]]:
    return [(p.home, p.span) for p in series.placements]  # type: ignore[attr-defined]


@settings(max_examples=60)
@given(cases())
def test_the_cost_is_what_the_plan_costs_counted_anew_and_it_is_proved(case: Case) -> None:
    board, wish, standing = case
    plan = plan_kind(board, wish, standing)
    assert plan.bound == plan.cost
    if not plan.ended:  # dates of an ended series are not in the plan
        assert plan.cost == judge.plan_points(board, wish, standing, plan)


@settings(max_examples=25)
@given(cases(tiny=True))
def test_no_set_of_slots_and_no_arrangement_of_weeks_is_cheaper(case: Case) -> None:
    board, wish, standing = case
    plan = plan_kind(board, wish, standing)
    if not board.working:
        return
    counted = Wish(wish.kind, wish.minutes, len(plan.series), wish.prefer, wish.max_a_day)
    assert plan.cost == plan.bound == judge.brute_force(board, counted, standing)


@settings(max_examples=60)
@given(cases())
def test_a_date_drops_only_when_its_week_has_no_legal_place_left(case: Case) -> None:
    board, wish, standing = case
    plan = plan_kind(board, wish, standing)
    fixed = fixed_in(standing)
    rows = list(judge.decided(plan, standing))
    spans = [span for _, _, _, span in rows if span is not None]
    if plan.ended:
        return
    for _, _, home, span in rows:
        if span is not None:
            continue
        monday = judge.monday_of(home)
        week = [s for s in spans if judge.monday_of(judge.local_day(board, s)) == monday]
        for place in judge.grid_spans(board, monday, wish.minutes):
            if judge.alone_legal(board, wish, fixed, place):
                assert not judge.together_legal(board, wish, fixed, [*week, place])


@settings(max_examples=60)
@given(cases())
def test_every_missing_date_is_reported_with_what_took_its_place(case: Case) -> None:
    board, wish, standing = case
    plan = plan_kind(board, wish, standing)
    missing = {u.week: u.missing for u in plan.unplaced}
    assert all(u.displaced_by and u.missing > 0 and u.kind is wish.kind for u in plan.unplaced)
    if plan.ended:
        return
    short = max(0, wish.per_week - len(plan.series))
    for monday in board.mondays:
        year, number, _ = monday.isocalendar()
        dropped = sum(
            1 for _, _, home, span in judge.decided(plan, standing) if span is None and judge.monday_of(home) == monday
        )
        assert missing.get(f"{year}-W{number:02}", 0) == dropped + short


@settings(max_examples=60)
@given(cases())
def test_what_is_fixed_is_repeated_as_it_is(case: Case) -> None:
    board, wish, standing = case
    plan = plan_kind(board, wish, standing)
    known = {(s.number, s.generation): s for s in standing}
    for series in plan.series:
        one = known[series.number, series.generation] if series.standing else None
        if one is None:
            continue
        said = {p.home: p.span for p in series.placements}
        homes = {m + timedelta(one.weekday) for m in board.mondays}
        assert {h: said[h] for h in one.fixed if h in homes} == {h: s for h, s in one.fixed.items() if h in homes}


@settings(max_examples=60)
@given(cases())
def test_a_new_series_has_every_date_from_its_first_on(case: Case) -> None:
    board, wish, standing = case
    for series in plan_kind(board, wish, standing).series:
        if series.standing:
            continue
        homes = [m + timedelta(series.weekday) for m in board.mondays]
        assert [p.home for p in series.placements] == [h for h in homes if h >= series.first]
        assert series.first >= homes[0]
        if standing and len(standing) >= wish.per_week and judge.switch_week(board) < len(board.mondays):
            assert series.first >= board.mondays[judge.switch_week(board)]


@settings(max_examples=60)
@given(cases())
def test_series_that_are_bound_stay_and_numbers_are_free(case: Case) -> None:
    board, wish, standing = case
    plan = plan_kind(board, wish, standing)
    staying = {(s.number, s.generation) for s in plan.series if s.standing}
    assert all((s.number, s.generation) in staying for s in standing if s.keep)
    numbers = [s.number for s in plan.series]
    assert len(set(numbers)) == len(numbers)
    assert all(n >= 1 for n in numbers)
    assert {(s.number, s.generation) for s in standing} == staying | {(e.number, e.generation) for e in plan.ended}
