"""Time for promises: what each block is for, what is added, and that nothing that can be kept is missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.model import Kind, Span, at_wall_clock
from calsync.planning.board import Board, BusySpan, Wish
from calsync.planning.follow import FollowPlan, Need, WorkBlock, follow_through, shares_of
from calsync.planning.makeroom import FROZEN, NO_WORKING_TIME, TAKEN, WHITE_SPACE, Way, ways, why_short
from tests.unit.planning.boards import MONDAY, STARTS, ZONES, at, board, span
from tests.unit.planning.judge import alone_legal, local_day, together_legal

TUESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(n) for n in (1, 3, 4))
NOW = at(MONDAY, "00:00")
END_OF_FRIDAY = at(FRIDAY + timedelta(1), "00:00")


def weekly(day: date = TUESDAY, start: str = "14:00", end: str = "14:45") -> WorkBlock:
    return WorkBlock(f"follow-through-1-0-{day}", span(day, start, end))


def needs(*rows: tuple[int, int, datetime]) -> list[Need]:
    return [Need(*row) for row in rows]


def told(plan: FollowPlan) -> dict[int, int]:
    """How many minutes each need gets, in all blocks together."""
    found: dict[int, int] = {}
    for share in [*plan.shares, *(s for of in plan.new_shares for s in of)]:
        found[share.need] = found.get(share.need, 0) + share.minutes
    return found


def words(plan: FollowPlan) -> list[str]:
    return [f"{s.start:%a %H:%M}-{s.end:%H:%M}" for s in plan.new]


def test_what_fits_into_the_weekly_block_adds_none() -> None:
    plan = follow_through(board(), [weekly()], needs((1, 30, END_OF_FRIDAY)), NOW)
    assert (plan.new, plan.gone, plan.short) == ((), (), ())
    assert [(s.block, s.need, s.minutes) for s in plan.shares] == [("follow-through-1-0-2026-02-03", 1, 30)]


def test_a_block_is_for_what_is_due_first() -> None:
    plan = follow_through(board(), [weekly()], needs((1, 20, END_OF_FRIDAY), (2, 25, at(THURSDAY, "00:00"))), NOW)
    assert [(s.need, s.minutes) for s in plan.shares] == [(2, 25), (1, 20)]
    assert plan.new == ()


def test_a_block_is_added_before_the_due_instant_where_the_weekly_one_comes_too_late() -> None:
    plan = follow_through(board(), [weekly(FRIDAY)], needs((1, 30, at(THURSDAY, "00:00"))), NOW)
    (new,) = plan.new
    assert new.end <= at(THURSDAY, "00:00")
    assert new.length == timedelta(minutes=30)
    assert told(plan) == {1: 30}


def test_what_has_begun_and_what_has_a_meeting_on_top_counts_for_nothing() -> None:
    busy = [(TUESDAY, "14:30", "15:30", "team meeting")]
    plan = follow_through(board(busy=busy), [weekly()], needs((1, 30, END_OF_FRIDAY)), NOW)
    assert plan.shares == ()
    assert len(plan.new) == 1
    plan = follow_through(board(), [weekly()], needs((1, 30, END_OF_FRIDAY)), at(TUESDAY, "14:01"))
    assert plan.shares == ()


def test_nothing_is_added_within_the_freeze_and_the_rest_is_told_as_short() -> None:
    now = at(THURSDAY, "16:00")
    near = board(not_before=now + timedelta(hours=20))
    plan = follow_through(near, [], needs((1, 30, at(FRIDAY, "12:00")), (2, 30, END_OF_FRIDAY)), now)
    assert plan.short == ((1, 30),)
    assert words(plan) == ["Fri 12:00-12:30"]


def test_what_is_due_after_the_last_week_has_time_later() -> None:
    far = at(MONDAY + timedelta(60), "12:00")
    plan = follow_through(board(), [weekly()], needs((1, 600, far)), NOW)
    assert (plan.new, plan.short) == ((), ())
    assert told(plan) == {1: 45}


def test_a_block_that_is_not_needed_any_more_goes_and_a_bound_one_stays() -> None:
    once = WorkBlock("x", span(THURSDAY, "10:00", "10:30"), once=True, bound=False)
    plan = follow_through(board(), [once], [], NOW)
    assert plan.gone == (("x", "nothing is left to do in it"),)
    assert follow_through(board(), [replace(once, bound=True)], [], NOW).gone == ()


def test_a_block_with_a_meeting_on_top_gives_way_and_another_is_found() -> None:
    once = WorkBlock("x", span(THURSDAY, "10:00", "10:30"), once=True, bound=False)
    busy = [(THURSDAY, "09:00", "12:00", "team meeting")]
    plan = follow_through(board(busy=busy), [once], needs((1, 30, END_OF_FRIDAY)), NOW)
    assert plan.gone == (("x", "team meeting"),)
    assert len(plan.new) == 1


def test_a_block_late_in_the_week_makes_room_for_what_is_due_before_it() -> None:
    tight = board(weeks=1, block_share=31 / (60 * 7.75 * 5))
    late = WorkBlock("late", span(FRIDAY, "10:00", "10:30"), once=True, bound=False)
    due = needs((1, 30, at(TUESDAY, "23:00")))
    plan = follow_through(tight, [late], due, NOW)
    assert plan.short == ()
    assert dict(plan.gone).keys() == {"late"}
    both = needs((1, 30, at(TUESDAY, "23:00")), (2, 30, END_OF_FRIDAY))
    # There is room for one of them only: then what stands stays.
    assert follow_through(tight, [late], both, NOW).gone == ()


def test_what_would_make_room_is_found_by_planning_it() -> None:
    friday = [(d, "09:00", "17:30", "team meeting") for d in (MONDAY, TUESDAY, TUESDAY + timedelta(1), FRIDAY)]
    full = board(busy=[*friday, (THURSDAY, "09:00", "12:30", "workshop"), (THURSDAY, "13:15", "17:30", "one-on-one")])
    need = Need(1, 60, END_OF_FRIDAY)
    plan = follow_through(full, [], [need], NOW)
    assert plan.short == ((1, 60),)
    found = ways(full, [], [], NOW, Wish(Kind.FOLLOW_THROUGH, 45, 1).prefer, need, 60)
    assert found[0] == Way(by=MONDAY + timedelta(7))
    assert [way.without.label for way in found if way.without] == ["workshop"]
    assert why_short(full, need) == TAKEN


def test_the_reason_for_want_of_room_is_the_one_that_stands_in_the_way() -> None:
    need = Need(1, 30, END_OF_FRIDAY)
    assert why_short(board(not_before=END_OF_FRIDAY), need) == FROZEN
    assert why_short(board(free_days=[MONDAY + timedelta(n) for n in range(5)]), need) == NO_WORKING_TIME
    assert why_short(board(block_share=0.0), need) == WHITE_SPACE


def test_fewer_minutes_are_offered_where_some_fit() -> None:
    tight = board(weeks=1, block_share=31 / (60 * 7.75 * 5))
    need = Need(1, 90, END_OF_FRIDAY)
    (short,) = follow_through(tight, [], [need], NOW).short
    assert short == (1, 60)
    assert ways(tight, [], [], NOW, Wish(Kind.FOLLOW_THROUGH, 45, 1).prefer, need, 60) == [Way(minutes=30)]


def test_what_is_too_long_takes_no_time_from_what_can_be_kept() -> None:
    """Though it is due before the others: they are kept, and it gets what they leave."""
    busy = [(MONDAY, "09:00", "17:30", "workshop")]
    due = needs((1, 30, END_OF_FRIDAY), (2, 300, at(TUESDAY, "23:00")), (3, 60, END_OF_FRIDAY))
    plan = follow_through(board(busy=busy, block_share=180 / (60 * 7.75 * 5)), [], due, NOW)
    assert [need for need, _ in plan.short] == [2]
    assert (told(plan)[1], told(plan)[3]) == (30, 60)


# ---------------------------------------------------------------- laws


@st.composite
def cases(draw: st.DrawFn, *, tiny: bool) -> tuple[Board, list[WorkBlock], list[Need], datetime]:
    """A board around a change of the clocks, the weekly blocks on it, and what is due."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    monday = draw(st.sampled_from(STARTS))
    weeks = draw(st.integers(1, 2))
    days = 5 if not tiny else 3 - weeks
    length = draw(st.sampled_from([45, 60] if tiny else [240, 480]))
    opening = draw(st.sampled_from([0, 60, 120, 9 * 60]))

    def moment(day: date, minute: int) -> datetime:
        return at_wall_clock(day + timedelta(minute // 1440), time(minute % 1440 // 60, minute % 60), zone)

    everyday = [monday + timedelta(7 * w + d + (5 if tiny else 0)) for w in range(weeks) for d in range(days)]
    working = {}
    for day in everyday:
        start, end = moment(day, opening), moment(day, opening + length)
        if end.astimezone(UTC) > start.astimezone(UTC):
            working[day] = (Span(start, end),)
    minute = st.integers(0, length // 15 - 1).map(lambda n: opening + 15 * n)

    def stretch(size: int) -> st.SearchStrategy[Span]:
        return st.tuples(st.sampled_from(everyday), minute).map(
            lambda at: Span(moment(*at), (moment(*at).astimezone(UTC) + timedelta(minutes=size)).astimezone(zone))
        )

    busy = draw(st.lists(stretch(15) | stretch(30), max_size=2 if tiny else 8))
    own = draw(st.lists(stretch(15), max_size=1 if tiny else 3))
    made = Board(
        zone=zone,
        mondays=tuple(monday + timedelta(7 * w) for w in range(weeks)),
        not_before=moment(monday, 0) + timedelta(hours=draw(st.sampled_from([0, 0, 7, 20]))),
        working=working,
        busy=tuple(BusySpan(b, "meeting") for b in busy),
        own=tuple(own),
        buffer=timedelta(minutes=draw(st.sampled_from([0, 5]))),
        grid_minutes=15,
        block_share=draw(st.sampled_from([0.2, 0.5, 1.0])),
        free_minutes=draw(st.sampled_from([0, 15])),
    )
    blocks: list[WorkBlock] = []
    for one in draw(st.lists(stretch(15) | stretch(30), max_size=2)):
        if not any(one.overlaps(other.span) for other in blocks):
            blocks.append(WorkBlock(f"w{len(blocks)}", one))
    due = st.tuples(st.sampled_from(everyday), st.integers(0, 1439)).map(lambda at: moment(*at))
    sizes = st.integers(1, 3).map(lambda n: 15 * n) if tiny else st.integers(1, 120)
    rows = draw(st.lists(st.tuples(sizes, due), max_size=3 if tiny else 8))
    now = moment(monday, 0)
    return made, blocks, [Need(n, size, at) for n, (size, at) in enumerate(rows)], now


def steps(made: Board, blocks: Sequence[WorkBlock]) -> list[Span]:
    """Every step of the grid that may be taken if no other is."""
    found = []
    wish = Wish(Kind.FOLLOW_THROUGH, 15, 1, max_a_day=99)
    for day in made.working:
        for minute in range(0, 1440, 15):
            start = at_wall_clock(day, time(minute // 60, minute % 60), made.zone)
            one = Span(start, (start.astimezone(UTC) + timedelta(minutes=15)).astimezone(made.zone))
            if (start.hour * 60 + start.minute, local_day(made, one)) == (minute, day) and alone_legal(
                made, wish, [b.span for b in blocks], one
            ):
                found.append(one)
    return found


def legal_sets(made: Board, blocks: Sequence[WorkBlock]) -> Iterator[tuple[Span, ...]]:
    """Every set of steps that the rules let blocks be made of."""
    wish = Wish(Kind.FOLLOW_THROUGH, 15, 1, max_a_day=99)
    fixed = [b.span for b in blocks]
    known = steps(made, blocks)
    for size in range(len(known) + 1):
        for chosen in combinations(known, size):
            if together_legal(made, wish, fixed, chosen):
                yield chosen


def least_missed(spans: Sequence[Span], due: Sequence[Need]) -> int:
    """How many quarters of an hour cannot be done at best, by trying every way to use every one of them."""
    states = {tuple(need.minutes // 15 for need in due)}
    for one in sorted(spans):
        quarters = int(one.length / timedelta(minutes=15))
        ends = one.end
        for _ in range(quarters):
            states |= {
                (*state[:n], state[n] - 1, *state[n + 1 :])
                for state in states
                for n, need in enumerate(due)
                if state[n] and need.due >= ends
            }
    return min(sum(state) for state in states)


def most_kept(spans: Sequence[Span], due: Sequence[Need]) -> int:
    """How many of the needs can be done in time at best: every selection of them is tried."""
    for size in range(len(due), 0, -1):
        if any(least_missed(spans, chosen) == 0 for chosen in combinations(due, size)):
            return size
    return 0


@settings(max_examples=300, deadline=None)
@given(cases(tiny=True))
def test_what_any_schedule_can_keep_is_kept(case: tuple[Board, list[WorkBlock], list[Need], datetime]) -> None:
    """Against every set of added blocks and every way to use them, in six zones around changes of the clocks.

    Where not all can be kept, as many are as any schedule keeps.
    """
    made, blocks, due, now = case
    plan = follow_through(made, blocks, due, now)
    live = [n for n in due if n.due > now]
    usable = [b.span for b in blocks if b.span.start >= now and not any(b.span.overlaps(x.span) for x in made.busy)]
    best = max(most_kept([*usable, *chosen], live) for chosen in legal_sets(made, blocks))
    assert len(live) - len(plan.short) == best


@settings(max_examples=150, deadline=None)
@given(cases(tiny=False))
def test_an_added_block_keeps_every_rule_and_ends_before_what_it_is_for_is_due(
    case: tuple[Board, list[WorkBlock], list[Need], datetime],
) -> None:
    made, blocks, due, now = case
    plan = follow_through(made, blocks, due, now)
    wish = Wish(Kind.FOLLOW_THROUGH, 15, 1, max_a_day=999)
    fixed = [b.span for b in blocks]
    assert together_legal(made, wish, fixed, plan.new)
    by_id = {need.id: need for need in due}
    got = told(plan)
    for new, shares in zip(plan.new, plan.new_shares, strict=True):
        assert alone_legal(made, wish, fixed, new)
        assert new.length - timedelta(minutes=sum(s.minutes for s in shares)) < timedelta(minutes=15)
        assert all(by_id[s.need].due >= new.end for s in shares)
    ends = {b.id: b.span.end for b in blocks}
    assert all(by_id[s.need].due >= ends[s.block] for s in plan.shares)
    short = dict(plan.short)
    for need in due:
        if need.due > now:
            assert got.get(need.id, 0) + short.get(need.id, 0) == need.minutes


@settings(max_examples=150, deadline=None)
@given(cases(tiny=False))
def test_planning_again_adds_nothing_and_removes_nothing(
    case: tuple[Board, list[WorkBlock], list[Need], datetime],
) -> None:
    made, blocks, due, now = case
    plan = follow_through(made, blocks, due, now)
    stand = [*blocks, *(WorkBlock(f"n{i}", s, once=True, bound=False) for i, s in enumerate(plan.new))]
    again = follow_through(made, stand, due, now)
    assert (again.new, again.gone, again.short) == ((), (), plan.short)
    assert told(again) == told(plan)


@settings(max_examples=80, deadline=None)
@given(cases(tiny=True), st.integers(0, 3))
def test_added_blocks_that_stand_already_cost_nothing_that_could_be_kept(
    case: tuple[Board, list[WorkBlock], list[Need], datetime], first: int
) -> None:
    """Planned for some of what is due first, and then for all of it: as much is kept as planned for all at once."""
    made, blocks, due, now = case
    before = follow_through(made, blocks, due[:first], now)
    stand = [*blocks, *(WorkBlock(f"n{i}", s, once=True, bound=False) for i, s in enumerate(before.new))]
    after = follow_through(made, stand, due, now)
    at_once = follow_through(made, blocks, due, now)
    assert len(after.short) == len(at_once.short)


@settings(max_examples=100, deadline=None)
@given(cases(tiny=False))
def test_what_is_shown_between_two_nights_is_what_the_last_one_planned(
    case: tuple[Board, list[WorkBlock], list[Need], datetime],
) -> None:
    made, blocks, due, now = case
    stand = [
        replace(b, id=f"w{n}") for n, b in enumerate(blocks) if not any(b.span.overlaps(x.span) for x in made.busy)
    ]
    plan = follow_through(made, stand, due, now)
    added = [WorkBlock(f"n{i}", s, once=True, bound=False) for i, s in enumerate(plan.new)]
    shown = shares_of([*stand, *added], due, now)
    planned = [*plan.shares, *(replace(s, block=f"n{i}") for i, of in enumerate(plan.new_shares) for s in of)]
    if not plan.short:
        assert sorted(shown, key=str) == sorted(planned, key=str)
    assert sum(s.minutes for s in shown) >= sum(s.minutes for s in planned)
