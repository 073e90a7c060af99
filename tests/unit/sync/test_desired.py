"""The series that a plan wants: the leader's dates stay, the past stays, and nothing changes when nothing differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from calsync.model import Kind, Override, Series, Span
from calsync.planning.board import Placement, PlannedSeries
from calsync.sync.desired import Look, Mark, ended_series, wanted_series
from calsync.sync.edits import entry
from tests.unit.sync.made import NOW, TUESDAY, later, series, week

LOOK = Look("Focus", "", transparent=True)


def plan(*placements: Placement) -> PlannedSeries:
    return PlannedSeries(1, 0, True, 1, time(14), 30, TUESDAY, placements)


def wanted(current: Series | None, *placements: Placement, marks: dict | None = None, look: Look = LOOK) -> Series:
    key = series().key
    return wanted_series(key, Kind.CONNECT, plan(*placements), 0, current, marks or {}, look, "Europe/Berlin", NOW)


def at_home(count: int) -> Placement:
    return Placement(week(count), series().home(week(count)))


def test_a_new_series_has_its_exceptions_from_the_start() -> None:
    moved = later(series(), week(1)).span
    made = wanted(None, at_home(0), Placement(week(1), moved), Placement(week(2), None))
    assert made.first == TUESDAY
    assert dict(made.overrides) == {week(1): Override(moved, "Focus", True)}
    assert made.cancelled == made.dropped == {week(2)}


def test_an_unchanged_plan_gives_back_the_very_series() -> None:
    current = series(overrides={week(1): later(series(), week(1))})
    assert wanted(current, at_home(0), Placement(week(1), later(series(), week(1)).span)) is current


def test_a_date_goes_home_and_the_change_is_stamped() -> None:
    current = series(overrides={week(1): later(series(), week(1))}, changed=NOW - timedelta(3))
    made = wanted(current, at_home(1))
    assert not made.overrides
    assert (made.changed, made.sequence) == (NOW, 1)


def test_the_leaders_deletion_is_written_to_a_calendar_that_lacks_it_but_not_as_our_own() -> None:
    made = wanted(series(), at_home(0), Placement(week(1), None), marks={week(1): Mark(None)})
    assert made.cancelled == {week(1)}
    assert made.dropped == frozenset()


def test_the_leaders_title_and_time_of_a_date_are_kept_against_any_look() -> None:
    theirs = later(series(), week(1), hours=3, title="Lunch", transparent=False)
    current = series(overrides={week(1): theirs})
    look = Look("Focus", "", transparent=True, busy=frozenset({week(1)}), titles={week(1): "Focus: Ana"})
    assert wanted(current, Placement(week(1), theirs.span), marks={week(1): Mark(theirs)}, look=look) is current


def test_a_busy_date_differs_in_nothing_but_its_look() -> None:
    made = wanted(series(), at_home(1), look=replace(LOOK, busy=frozenset({week(1)})))
    assert made.overrides[week(1)] == Override(series().home(week(1)), "Focus", False)
    assert made.sequence == 0


def test_dates_beyond_the_plan_stay_as_they_are() -> None:
    current = series(overrides={week(40): later(series(), week(40))}, cancelled={week(41)}, dropped={week(41)})
    assert wanted(current, at_home(0), at_home(1)) is current


def test_a_new_title_leaves_past_dates_with_the_old_one() -> None:
    begun = series(first=TUESDAY - timedelta(14))
    made = wanted(begun, at_home(0), look=Look("People", "", transparent=True))
    assert made.title == "People"
    assert {d: o.title for d, o in made.overrides.items()} == {week(-2): "Focus", week(-1): "Focus"}


def test_an_ended_series_keeps_what_comes_before_its_end() -> None:
    current = series(overrides={week(1): later(series(), week(1)), week(5): later(series(), week(5))})
    made = ended_series(current, week(2), frozenset({week(2)}), NOW)
    assert made.until == week(2)
    assert list(made.overrides) == [week(1)]
    assert made.cancelled == made.dropped == {week(2)}


def test_old_dates_that_only_looked_busy_are_tidied_along_with_another_change() -> None:
    first = TUESDAY - timedelta(7 * 20)
    old = {first + timedelta(7 * n): later(series(first=first), first + timedelta(7 * n), 0) for n in range(20)}
    busy = {day: replace(o, transparent=False) for day, o in old.items()}
    busy[first] = later(series(first=first), first, hours=2)
    current = series(first=first, overrides=busy)
    assert wanted(current, at_home(0)) is current
    made = wanted(current, at_home(0), Placement(week(1), None))
    assert [d for d in made.overrides if d < TUESDAY - timedelta(35)] == [first]
    assert [d for d in made.overrides if d >= TUESDAY - timedelta(35)] == [week(n) for n in range(-5, 0)]


hours = st.integers(-3, 3)
places = st.dictionaries(st.integers(0, 12), st.none() | hours, min_size=1)


@given(places, places)
def test_what_is_wanted_is_wanted_again_unchanged(before: dict, after: dict) -> None:
    """Carrying out any plan and planning the same again changes nothing, and every date is where the plan has it."""

    def placements(given: dict) -> list[Placement]:
        return [
            Placement(week(n), None if h is None else later(series(), week(n), hours=h).span)
            for n, h in sorted(given.items())
        ]

    first = wanted(None, *placements(before))
    second = wanted(first, *placements(after))
    assert wanted(second, *placements(after)) is second
    for placement in placements(after):
        placed = second.placed(placement.home)
        assert (placed.span if placed else None) == placement.span
    for n in set(before) - set(after):
        assert entry(second, week(n)) == entry(first, week(n))


def test_the_wall_clock_of_a_series_holds_across_both_clock_changes() -> None:
    for zone in ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"):
        one = series(timezone=zone, first=TUESDAY - timedelta(7 * 30))
        for day in one.days(one.first, one.first + timedelta(7 * 60)):
            span: Span = one.home(day)
            assert (span.start.time(), span.length) == (time(14), timedelta(minutes=30))
