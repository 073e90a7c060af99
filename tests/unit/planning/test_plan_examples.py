"""What a plan does, by example: the weeks that a reader should see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from calsync.model import Kind, Span, at_wall_clock
from calsync.planning import costs
from calsync.planning.board import Ended, Placement, Prefer, Unplaced, Wish
from calsync.planning.plan import plan_kind
from tests.unit.planning.boards import BERLIN, CONNECT, MONDAY, as_standing, at, board, only, span, standing, told

TUESDAYS = [MONDAY + timedelta(1 + 7 * i) for i in range(4)]
ALL_DAY = ("09:00", "17:30", "team meeting")


# ---------------------------------------------------------------- the first night


def test_in_empty_weeks_the_series_takes_the_earliest_place_that_nothing_speaks_against() -> None:
    plan = plan_kind(board(), CONNECT, [])
    series = only(plan)
    # Monday's first hour and the first half hour of the day are disliked a little.
    assert (series.weekday, series.start, series.minutes, series.first) == (0, time(10), 30, MONDAY)
    assert (series.number, series.generation, series.standing) == (1, 0, False)
    assert told(plan) == ["Mon 10:00"] * 4
    assert (plan.cost, plan.bound, plan.unplaced, plan.ended) == (0, 0, (), ())


def test_the_preferred_half_of_the_day_is_taken() -> None:
    afternoon = plan_kind(board(), replace(CONNECT, prefer=Prefer.AFTERNOON), [])
    assert only(afternoon).start == time(13, 15)  # noon before lunch is no afternoon
    unbroken = plan_kind(board(hours=[("09:00", "17:00")]), replace(CONNECT, prefer=Prefer.AFTERNOON), [])
    assert only(unbroken).start == time(13)
    assert only(plan_kind(board(), replace(CONNECT, prefer=Prefer.MORNING), [])).start == time(10)


def test_two_a_week_stand_on_two_days_and_get_the_numbers_one_and_two() -> None:
    plan = plan_kind(board(), replace(CONNECT, per_week=2), [])
    assert [(s.number, s.weekday) for s in plan.series] == [(1, 0), (2, 1)]


def test_the_grid_may_be_five_minutes() -> None:
    busy = [(MONDAY + timedelta(d + 7 * w), "09:00", "17:00", "team meeting") for d in range(5) for w in range(4)]
    plan = plan_kind(board(busy=busy, grid_minutes=5, hours=[("09:00", "17:35")], free_minutes=0), CONNECT, [])
    assert only(plan).start == time(17, 5)


def test_in_the_middle_of_a_week_a_series_begins_with_its_next_date_and_owes_nothing_before() -> None:
    now = at(MONDAY + timedelta(2), "12:00")
    plan = plan_kind(board(not_before=now), replace(CONNECT, per_week=5), [])
    assert [s.first for s in plan.series] == [
        MONDAY + timedelta(7),
        MONDAY + timedelta(8),
        MONDAY + timedelta(9),
        MONDAY + timedelta(3),
        MONDAY + timedelta(4),
    ]
    assert plan.unplaced == ()


# ---------------------------------------------------------------- clashes


def test_a_clash_moves_only_its_dates_to_the_nearest_good_place() -> None:
    busy = [(TUESDAYS[1], "14:00", "15:00", "team meeting"), (TUESDAYS[3], "14:00", "14:45", "one-on-one")]
    plan = plan_kind(board(busy=busy), CONNECT, [standing(1, "14:00")])
    # 13:15 is within the hour, but near the meeting; the next ones after it with some air cost one point less.
    assert told(plan) == [
        "Tue 14:00",
        "Tue 15:30 (team meeting Tue 14:00-15:00)",
        "Tue 14:00",
        "Tue 15:15 (one-on-one Tue 14:00-14:45)",
    ]
    assert plan.cost == 2 * (costs.MOVE + 2 * costs.HOUR_AWAY)


def test_when_the_clash_goes_away_the_date_goes_home() -> None:
    clash = board(busy=[(TUESDAYS[1], "14:00", "15:00", "team meeting")])
    moved = plan_kind(clash, CONNECT, [standing(1, "14:00")])
    assert told(plan_kind(board(), CONNECT, as_standing(moved, [standing(1, "14:00")]))) == ["Tue 14:00"] * 4


def test_home_wins_however_little_the_place_is_liked() -> None:
    friday = MONDAY + timedelta(4)
    crowded = board(
        1,
        weekdays=[3, 4],
        busy=[(friday, "16:30", "16:55", "one-on-one")],
        own=(span(friday, "13:15", "13:45"), span(friday, "14:00", "14:30"), span(friday, "15:00", "15:30")),
        block_share=1.0,
    )
    plan = plan_kind(
        crowded,
        replace(CONNECT, prefer=Prefer.MORNING),
        [standing(4, "17:00", keep=True, current={friday: span(friday - timedelta(1), "10:00", "10:30")})],
    )
    assert told(plan) == ["Fri 17:00"]


def test_a_moved_date_does_not_wander_to_a_place_that_is_only_slightly_better() -> None:
    clash = board(busy=[(TUESDAYS[1], "14:00", "15:00", "team meeting")])
    now = {TUESDAYS[1]: span(TUESDAYS[1], "16:30", "17:00")}
    plan = plan_kind(clash, CONNECT, [standing(1, "14:00", current=now)])
    assert told(plan)[1] == "Tue 16:30 (team meeting Tue 14:00-15:00)"


def test_a_moved_date_moves_on_when_its_place_is_taken() -> None:
    clash = board(busy=[(TUESDAYS[1], "14:00", "16:00", "team meeting")])
    now = {TUESDAYS[1]: span(TUESDAYS[1], "15:30", "16:00")}
    plan = plan_kind(clash, CONNECT, [standing(1, "14:00", current=now)])
    assert told(plan)[1] == "Tue 12:00 (team meeting Tue 14:00-16:00)"


def test_a_buffer_keeps_its_distance_and_no_more() -> None:
    tuesday = TUESDAYS[0]
    close = board(1, busy=[(tuesday, "13:15", "13:56", "one-on-one")])
    assert told(plan_kind(close, CONNECT, [standing(1, "14:00")]))[0] != "Tue 14:00"
    far = board(1, busy=[(tuesday, "13:15", "13:55", "one-on-one")])
    assert told(plan_kind(far, CONNECT, [standing(1, "14:00")])) == ["Tue 14:00"]


def test_a_holiday_moves_the_date_to_the_day_beside_it() -> None:
    plan = plan_kind(board(free_days=[TUESDAYS[2]]), CONNECT, [standing(1, "14:00")])
    assert told(plan)[2] == "Mon 14:00 (holiday)"


def test_two_dates_of_a_kind_do_not_meet_on_one_day() -> None:
    plan = plan_kind(
        board(2, free_days=[TUESDAYS[0]]),
        replace(CONNECT, per_week=2),
        [standing(1, "14:00"), standing(0, "14:00", number=2)],
    )
    assert told(plan)[0] == "Wed 14:00 (holiday)"
    assert told(plan)[2] == "Mon 14:00"


def test_blocks_of_other_kinds_are_in_the_way_and_share_their_day_unwillingly() -> None:
    tuesday = TUESDAYS[0]
    own = (span(tuesday, "14:00", "14:30"),)
    plan = plan_kind(board(1, own=own), CONNECT, [standing(1, "14:00")])
    assert told(plan) == ["Mon 14:00 (another block)"]
    assert plan.cost == costs.MOVE + costs.DAY_AWAY < costs.MOVE + costs.HOUR_AWAY + costs.CLUSTER
    plan = plan_kind(board(1, own=own, weekdays=[1], block_share=0.2), CONNECT, [standing(1, "14:00")])
    assert told(plan) == ["Tue 13:30 (another block)"]
    assert plan.cost == costs.MOVE + costs.HOUR_AWAY + costs.CLUSTER


# ---------------------------------------------------------------- no room


def test_a_full_week_says_what_took_it_most_time_first() -> None:
    week = [MONDAY + timedelta(7 + d) for d in range(5)]
    busy = [(d, *ALL_DAY) for d in week[:3]] + [
        (week[3], "09:00", "13:00", "one-on-one"),
        (week[3], "13:00", "17:30", "out of office"),
    ]
    plan = plan_kind(board(busy=busy, free_days=[week[4]]), CONNECT, [standing(1, "14:00")])
    assert told(plan)[1] == "dropped (team meeting Tue 09:00-17:30, and no other room that week)"
    assert plan.unplaced == (
        Unplaced(
            "2026-W07",
            Kind.CONNECT,
            1,
            ("team meeting 3 days", "holiday on Fri 13 Feb", "out of office 4 h 15 min", "one-on-one 3 h 30 min"),
        ),
    )
    assert plan.cost == plan.bound == costs.SKIP


def test_more_than_a_tenth_of_working_time_is_not_planned_and_every_week_says_so() -> None:
    short = board(2, hours=[("09:00", "12:00")], free_minutes=0)
    plan = plan_kind(short, replace(CONNECT, per_week=5), [])
    assert len(plan.series) == 3  # 15 hours a week: 90 minutes
    assert [(u.week, u.missing) for u in plan.unplaced] == [("2026-W06", 2), ("2026-W07", 2)]
    assert all(u.displaced_by[0] == "the limit of a tenth of working time" for u in plan.unplaced)


def test_a_short_week_keeps_its_tenth() -> None:
    off = [MONDAY + timedelta(d) for d in (0, 2, 3, 4)]
    plan = plan_kind(
        board(2, free_days=off),
        replace(CONNECT, per_week=2, max_a_day=2),
        [standing(1, "10:00"), standing(1, "14:00", number=2)],
    )
    assert sorted(told(plan)) == [
        "Tue 10:00",
        "Tue 10:00",
        "Tue 14:00",
        "dropped (a tenth of working time)",
    ]
    assert "white space rule: at most a tenth of working time" in plan.unplaced[0].displaced_by


def test_the_last_free_hour_of_a_day_is_left_alone() -> None:
    tuesday = TUESDAYS[0]
    full = board(1, weekdays=[1], block_share=1.0, busy=[(tuesday, "09:00", "16:00", "team meeting")])
    plan = plan_kind(full, CONNECT, [standing(1, "16:45", keep=True)])
    assert told(plan) == ["Tue 16:45"]
    fuller = board(1, weekdays=[1], block_share=1.0, busy=[(tuesday, "09:00", "16:01", "team meeting")])
    plan = plan_kind(fuller, CONNECT, [standing(1, "16:45", keep=True)])
    assert told(plan) == ["dropped (one free hour a day)"]
    assert plan.unplaced[0].displaced_by == ("team meeting 6 h 16 min", "white space rule: one free hour a day")


def test_more_series_than_days_are_cut_to_the_days() -> None:
    plan = plan_kind(board(1, weekdays=[1, 3], block_share=1.0), replace(CONNECT, per_week=3), [])
    assert [s.weekday for s in plan.series] == [1, 3]
    assert plan.unplaced[0].missing == 1
    assert plan.unplaced[0].displaced_by == ("the limit of 1 a day", "white space rule: at most 1 connect a day")


def test_weeks_without_any_working_time_leave_the_series_as_they_are() -> None:
    away = board(3, weekdays=[])
    plan = plan_kind(away, CONNECT, [standing(1, "14:00")])
    assert told(plan) == ["dropped (no working time on Tue, and no other room that week)"] * 3
    assert plan.ended == ()


# ---------------------------------------------------------------- what is fixed


def test_a_pinned_date_stays_where_the_leader_put_it_even_against_the_rules() -> None:
    pinned = span(TUESDAYS[1] + timedelta(4), "20:00", "20:30")  # a Saturday evening
    plan = plan_kind(board(), CONNECT, [standing(1, "14:00", keep=True, fixed={TUESDAYS[1]: pinned})])
    assert only(plan).placements[1] == Placement(TUESDAYS[1], pinned, "frozen or pinned")
    assert (plan.cost, plan.unplaced) == (0, ())


def test_a_pinned_date_is_in_the_way_of_others() -> None:
    wednesday = TUESDAYS[0] + timedelta(1)
    pinned = span(wednesday, "10:00", "10:30")
    plan = plan_kind(
        board(1),
        replace(CONNECT, per_week=2),
        [standing(1, "14:00", keep=True, fixed={TUESDAYS[0]: pinned}), standing(2, "14:00", number=2, keep=True)],
    )
    assert told(plan) == ["Wed 10:00 (frozen or pinned)", "Tue 14:00 (connect block already that day)"]


def test_a_series_with_a_pinned_date_ahead_is_not_given_up() -> None:
    pinned = span(TUESDAYS[3], "16:00", "16:30")
    clashes = board(busy=[(t, *ALL_DAY) for t in TUESDAYS])
    plan = plan_kind(clashes, CONNECT, [standing(1, "14:00", fixed={TUESDAYS[3]: pinned})])
    assert plan.ended == ()


def test_a_date_that_the_leader_deleted_is_not_missing_and_not_replaced() -> None:
    plan = plan_kind(board(), CONNECT, [standing(1, "14:00", fixed={TUESDAYS[1]: None})])
    assert told(plan) == ["Tue 14:00", "dropped (deleted by the leader)", "Tue 14:00", "Tue 14:00"]
    assert (plan.cost, plan.unplaced) == (0, ())


def test_a_frozen_date_stays_though_it_clashes() -> None:
    now = at(TUESDAYS[0], "09:00") + timedelta(hours=20)
    clash = board(busy=[(TUESDAYS[0], "14:00", "15:00", "team meeting")], not_before=now)
    plan = plan_kind(clash, CONNECT, [standing(1, "14:00", fixed={TUESDAYS[0]: span(TUESDAYS[0], "14:00", "14:30")})])
    assert told(plan) == ["Tue 14:00"] * 4


def test_a_date_dropped_too_near_to_come_back_is_missing() -> None:
    now = at(TUESDAYS[0], "15:00")
    plan = plan_kind(board(not_before=now), CONNECT, [standing(1, "14:00", frozen_out=frozenset({TUESDAYS[0]}))])
    assert told(plan)[0] == "dropped (too near to be brought back)"
    assert [(u.week, u.missing) for u in plan.unplaced] == [("2026-W06", 1)]


def test_a_date_that_is_over_is_not_listed() -> None:
    plan = plan_kind(board(not_before=at(TUESDAYS[0], "15:00")), CONNECT, [standing(1, "14:00")])
    assert [p.home for p in only(plan).placements] == TUESDAYS[1:]
    assert plan.unplaced == ()


def test_a_date_whose_home_is_over_but_which_stands_later_is_still_repaired() -> None:
    thursday = TUESDAYS[0] + timedelta(2)
    now = {TUESDAYS[0]: span(thursday, "14:00", "14:30")}
    taken = board(busy=[(thursday, "14:00", "15:00", "one-on-one")], not_before=at(TUESDAYS[0], "18:00"))
    plan = plan_kind(taken, CONNECT, [standing(1, "14:00", current=now)])
    assert told(plan)[0] == "Wed 14:00 (too near to be planned anew)"


# ---------------------------------------------------------------- changes of series


def clashing_on(count: int) -> list[tuple[date, str, str, str]]:
    return [(t, "14:00", "15:00", "team meeting") for t in TUESDAYS[:count]]


def test_a_series_gives_up_its_slot_only_for_more_than_the_change_costs() -> None:
    # A clash costs 50 points: the move and two started hours. Three cost as much as the change, which is not more.
    assert costs.MOVE + 2 * costs.HOUR_AWAY == 50
    assert costs.SWITCH == 150
    kept = plan_kind(board(busy=clashing_on(3)), CONNECT, [standing(1, "14:00")])
    assert (kept.ended, kept.cost) == ((), 150)
    changed = plan_kind(board(busy=clashing_on(4)), CONNECT, [standing(1, "14:00")])
    assert (only(changed).weekday, only(changed).start, only(changed).standing) == (0, time(10), False)
    assert changed.ended == (Ended(1, 0, TUESDAYS[0] - timedelta(7), "fewer clashes and better times at Mon 10:00"),)
    assert changed.cost == costs.SWITCH


def test_the_leaders_own_slot_is_kept_whatever_it_costs() -> None:
    plan = plan_kind(board(busy=clashing_on(4)), CONNECT, [standing(1, "14:00", keep=True)])
    assert (plan.ended, plan.cost) == ((), 4 * 50)


def test_kept_series_stay_even_if_there_are_more_than_asked_for() -> None:
    two = [standing(1, "14:00", keep=True), standing(2, "14:00", number=2, keep=True)]
    assert len(plan_kind(board(), CONNECT, two).series) == 2


def test_a_change_takes_effect_with_the_first_whole_week_and_the_old_series_runs_until_then() -> None:
    now = at(MONDAY, "12:00")
    busy = [(t, *ALL_DAY) for t in TUESDAYS[1:]]
    old = standing(1, "14:00", generation=3)
    plan = plan_kind(board(busy=busy, not_before=now), CONNECT, [old])
    assert only(plan).first == MONDAY + timedelta(7)
    assert [(e.number, e.generation, e.last) for e in plan.ended] == [(1, 3, TUESDAYS[0])]


def test_a_date_that_cannot_stay_until_the_change_is_the_first_that_does_not_take_place() -> None:
    now = at(MONDAY, "12:00")
    busy = [(t, *ALL_DAY) for t in TUESDAYS]
    plan = plan_kind(board(busy=busy, not_before=now), CONNECT, [standing(1, "14:00")])
    assert [e.last for e in plan.ended] == [TUESDAYS[0] - timedelta(7)]
    assert [(u.week, u.missing) for u in plan.unplaced] == [("2026-W06", 1)]


def test_of_a_series_that_has_not_begun_nothing_remains() -> None:
    new = standing(1, "14:00", first=TUESDAYS[0])
    plan = plan_kind(board(busy=[(t, *ALL_DAY) for t in TUESDAYS]), CONNECT, [new])
    assert [e.last for e in plan.ended] == [None]


def test_more_a_week_adds_a_series_at_once_and_leaves_the_others() -> None:
    now = at(TUESDAYS[0], "12:00")
    plan = plan_kind(board(not_before=now), replace(CONNECT, per_week=2), [standing(3, "14:00", number=2)])
    assert [(s.number, s.standing, s.weekday) for s in plan.series] == [(1, False, 0), (2, True, 3)]
    assert plan.ended == ()
    assert plan.cost == 0


def test_fewer_a_week_ends_the_series_that_is_worth_less() -> None:
    busy = [(t, "14:00", "15:00", "team meeting") for t in TUESDAYS[:2]]
    plan = plan_kind(board(busy=busy), CONNECT, [standing(1, "14:00"), standing(3, "14:00", number=2)])
    assert [s.number for s in plan.series] == [2]
    assert [(e.number, e.reason) for e in plan.ended] == [(1, "1 a week are asked for now")]


def test_none_a_week_ends_all() -> None:
    plan = plan_kind(board(), replace(CONNECT, per_week=0), [standing(1, "14:00")])
    assert (plan.series, len(plan.ended), plan.unplaced) == ((), 1, ())


def test_another_length_ends_the_series_and_may_begin_again_in_the_same_place() -> None:
    plan = plan_kind(board(), replace(CONNECT, minutes=45), [standing(0, "10:00")])
    assert (only(plan).number, only(plan).standing, only(plan).start, only(plan).minutes) == (1, False, time(10), 45)
    assert [e.reason for e in plan.ended] == ["a block lasts 45 minutes now, not 30"]
    kept = plan_kind(board(), replace(CONNECT, minutes=45), [standing(0, "10:00", keep=True)])
    assert (only(kept).standing, only(kept).minutes) == (True, 30)


def test_a_series_off_the_grid_is_kept_as_it_is() -> None:
    plan = plan_kind(board(), CONNECT, [standing(1, "14:07")])
    assert told(plan) == ["Tue 14:07"] * 4


# ---------------------------------------------------------------- clocks


@pytest.mark.parametrize(
    ("zone", "monday", "offsets"),
    [
        ("Europe/London", date(2026, 3, 23), {0, 1}),
        ("America/New_York", date(2026, 3, 2), {-5, -4}),
        ("Australia/Lord_Howe", date(2026, 3, 30), {11, 10.5}),
        ("Asia/Kathmandu", date(2026, 3, 23), {5.75}),
        ("America/Sao_Paulo", date(2018, 10, 29), {-3, -2}),
        ("Africa/Casablanca", date(2026, 2, 9), {1, 0}),
    ],
)
def test_the_wall_clock_holds_when_clocks_change(zone: str, monday: date, offsets: set[float]) -> None:
    place = ZoneInfo(zone)
    plan = plan_kind(board(zone=place, monday=monday), CONNECT, [])
    spans = [p.span for p in only(plan).placements]
    assert {f"{s.start.astimezone(place):%a %H:%M}" for s in spans if s} == {"Mon 10:00"}
    assert all(s and s.length == timedelta(minutes=30) for s in spans)
    seen = {s.start.astimezone(place).utcoffset() for s in spans if s}
    assert {o.total_seconds() / 3600 for o in seen if o is not None} == offsets


def test_a_start_that_the_clock_skips_moves_forward_on_that_day() -> None:
    london = ZoneInfo("Europe/London")
    sunday = date(2026, 3, 29)
    nights = board(2, zone=london, monday=date(2026, 3, 23), weekdays=[6], hours=[("00:00", "06:00")], block_share=1.0)
    plan = plan_kind(nights, CONNECT, [standing(6, "01:30", keep=True)])
    first, second = only(plan).placements
    assert first == Placement(sunday, Span(at(sunday, "02:30", london), at(sunday, "03:00", london)))
    assert second.span == span(sunday + timedelta(7), "01:30", "02:00", london)


def test_a_meeting_in_another_zone_is_in_the_way_as_an_instant() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    begin = at_wall_clock(TUESDAYS[0], time(22), tokyo)  # 14:00 in Berlin
    base = board(1, busy=[(TUESDAYS[0], "09:00", "09:15", "one-on-one")])
    call = replace(base.busy[0], span=Span(begin, begin + timedelta(hours=1)))
    plan = plan_kind(replace(base, busy=(call,)), CONNECT, [standing(1, "14:00")])
    assert told(plan) == ["Tue 15:30 (one-on-one Tue 14:00-15:00)"]


def test_the_result_is_in_the_boards_zone() -> None:
    plan = plan_kind(board(1), CONNECT, [])
    placed = only(plan).placements[0].span
    assert placed is not None
    assert placed.start.tzinfo is BERLIN


def test_a_kind_is_named_in_its_own_reasons() -> None:
    tuesday = TUESDAYS[0]
    wish = Wish(Kind.KINDNESS, 10, 1)
    pinned = span(tuesday, "10:00", "10:10")
    plan = plan_kind(
        board(1, weekdays=[1]),
        wish,
        [
            standing(1, "14:00", minutes=10, keep=True),
            standing(1, "09:00", minutes=10, number=2, keep=True, fixed={tuesday: pinned}),
        ],
    )
    assert told(plan)[0] == "dropped (kindness block already that day)"


def test_of_two_new_series_only_the_one_that_replaces_nothing_begins_before_the_change() -> None:
    now = at(MONDAY, "12:00")
    crossing = [standing(1, "14:00"), standing(1, "14:15", number=2)]
    plan = plan_kind(board(not_before=now), replace(CONNECT, per_week=3), crossing)
    new = [s for s in plan.series if not s.standing]
    assert sorted(s.first >= MONDAY + timedelta(7) for s in new) == [False, True]
    assert all(p.home >= s.first for s in new for p in s.placements)


def test_what_takes_the_tenth_of_one_week_alone_ends_no_series() -> None:
    """Say the last dates of a series of another kind that ends: in that week a date drops, and the series goes on."""
    tuesday = MONDAY + timedelta(8)
    plan = plan_kind(board(3, own=[span(tuesday, "09:00", "12:30")]), CONNECT, [standing(3, "14:00")])
    assert plan.ended == ()
    (series,) = plan.series
    assert [p.span is None for p in series.placements] == [False, True, False]
