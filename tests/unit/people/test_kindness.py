"""Which act of kindness is for which day or week: laws over made-up shelves, leaders and years."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.people.acts import CHANNELS, DIMENSIONS, REACHES, TIES, Act
from calsync.people.kindness import EVERY, QUIET_DAYS, Given, Kindness, first_day, last_day
from calsync.people.spread import LEAST, RING, WEEKS, ring_of
from tests.unit.people.shelves import counted, shelf_of

SHELF = shelf_of(380, 7)
MAYA = {every: Kindness(SHELF, "maya@example.com", every) for every in EVERY}
ZONES = (
    "Europe/Berlin",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "Africa/Lagos",
    "America/St_Johns",
)
YEARS = (date(2026, 1, 1), date(2026, 12, 31), date(2028, 1, 1), date(2028, 2, 29), date(2031, 7, 9))


def year(kindness: Kindness, start: date) -> dict[date, Act]:
    """A year from `start`: 365 days, or the weeks that 52 Mondays begin."""
    days = 364 if kindness.every == "day" else 7 * 51
    found = kindness.acts_between(start, start + timedelta(days))
    return {day: act for day, act in found.items() if act is not None}


def repeats(rows: list[tuple[date, str]], quiet: int) -> list[tuple[date, date, str]]:
    """Acts that were given on two days within `quiet` days of each other."""
    last: dict[str, date] = {}
    found = []
    for day, key in sorted(rows):
        if key in last and last[key] != day and (day - last[key]).days <= quiet:
            found.append((last[key], day, key))
        last[key] = day
    return found


@pytest.mark.parametrize("shelf", [shelf_of(366, 1), shelf_of(380, 2), shelf_of(420, 3)], ids=len)
def test_any_52_acts_in_a_row_have_six_of_every_sort_and_neighbours_differ(shelf: list[Act]) -> None:
    for seed in map(str, range(6)):
        ring = ring_of(shelf, seed)
        assert len({act.key for act in ring}) == len(ring) == RING
        round_ = [*ring, *ring[:WEEKS]]
        for begin in range(RING):
            for dimension in DIMENSIONS:
                assert min(counted(round_[begin : begin + WEEKS], dimension).values()) >= LEAST
        assert not [one for one, other in pairwise(round_) if (one.tie, one.channel) == (other.tie, other.channel)]


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("start", YEARS, ids=str)
def test_a_year_repeats_nothing_and_has_a_tenth_of_every_sort(every: str, start: date) -> None:
    for seed in ("maya@example.com", "ben@example.org", ""):
        acts = list(year(Kindness(SHELF, seed, every), start).values())
        assert len(acts) == (365 if every == "day" else 52)
        assert len({act.key for act in acts}) == len(acts)
        for dimension in DIMENSIONS:
            assert min(counted(acts, dimension).values()) * 10 >= len(acts)


@pytest.mark.parametrize("every", EVERY)
def test_three_years_repeat_nothing_within_a_year_across_new_years_leap_days_and_a_week_53(every: str) -> None:
    acts = MAYA[every].acts_between(date(2026, 11, 20), date(2029, 11, 20))
    assert date(2028, 2, 29) in acts or every == "week"
    assert date(2026, 12, 28) in acts, "the Monday of 2026-W53"
    rows = [(day, act.key) for day, act in acts.items() if act is not None]
    assert len(rows) == len(acts)
    assert not repeats(rows, QUIET_DAYS[every])


def test_the_next_year_begins_where_the_last_one_ended_so_that_nobody_starts_with_the_same_act() -> None:
    found = MAYA["day"].acts_between(date(2027, 1, 1), date(2027, 12, 31))
    following = MAYA["day"].acts_between(date(2028, 1, 1), date(2028, 1, 1))
    assert following[date(2028, 1, 1)] not in found.values()


@pytest.mark.parametrize("zone", ZONES)
def test_the_act_changes_at_midnight_where_the_leader_is(zone: str) -> None:
    instant = datetime(2027, 3, 28, 12, tzinfo=ZoneInfo("UTC"))
    kindness = MAYA["day"]
    seen = []
    for hour in range(72):
        local = (instant + timedelta(hours=hour)).astimezone(ZoneInfo(zone))
        act = kindness.act_for(local.date())
        assert act is not None
        seen.append((local.date(), act.key))
    assert len(set(seen)) == len({day for day, _ in seen}) == len({key for _, key in seen})


def test_a_week_is_an_iso_week() -> None:
    assert first_day(date(2027, 1, 3), "week") == date(2026, 12, 28)
    assert last_day(date(2026, 12, 28), "week") == date(2027, 1, 3)
    assert first_day(date(2027, 1, 3), "day") == last_day(date(2027, 1, 3), "day") == date(2027, 1, 3)


@pytest.mark.parametrize("every", EVERY)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_whatever_is_told_skipped_and_missed_no_act_comes_twice_within_a_year_and_no_later_one_changes(
    every: str, data: st.DataObject
) -> None:
    start = date(2027, 1, 4) + timedelta(data.draw(st.integers(0, 2000)))
    step, count = EVERY[every], 60
    days = [first_day(start, every) + timedelta(n * step) for n in range(count)]
    what = data.draw(
        st.lists(st.sampled_from(("away", "told", "done", "skip", "skip twice")), min_size=60, max_size=60)
    )
    planned = MAYA[every].acts_between(days[0], days[-1])
    rows: list[Given] = []
    for day, did in zip(days, what, strict=True):
        act = MAYA[every].knowing(rows).act_for(day)
        assert act == planned[day], "nothing that happened before has changed this act"
        if act is None or did == "away":
            continue
        skips = {"skip": 1, "skip twice": 2}.get(did, 0)
        for _ in range(skips):
            rows.append(Given(day, act.key, "skipped"))
            act = MAYA[every].knowing(rows).another(day)
            if act is None:
                assert MAYA[every].knowing(rows).act_for(day) is None
                break
        if act is not None:
            rows.append(Given(day, act.key, "done" if did == "done" else "told"))
    given_ = [(row.day, row.act) for row in rows]
    assert len({(row.day, row.act) for row in rows}) == len(rows)
    assert not repeats(given_, QUIET_DAYS[every])
    later = [days[-1] + timedelta(n * step) for n in range(1, 40)]
    after = MAYA[every].knowing(rows)
    before = MAYA[every]
    assert [after.act_for(day) for day in later] == [before.act_for(day) for day in later]


@pytest.mark.parametrize("every", EVERY)
def test_ten_days_away_change_no_later_act(every: str) -> None:
    start = date(2027, 1, 4)
    rows: list[Given] = []
    for n in range(60):
        day = start + timedelta(n)
        if not 20 <= n < 30 and first_day(day, every) == day:
            act = MAYA[every].knowing(rows).act_for(day)
            assert act is not None
            rows.append(Given(day, act.key, "told"))
    always = MAYA[every]
    away = MAYA[every].knowing(rows)
    for n in range(60, 500):
        assert away.act_for(start + timedelta(n)) == always.act_for(start + timedelta(n))


def test_a_skip_in_a_week_can_go_on_for_long_and_a_skip_of_a_day_ends_with_the_acts_that_are_over() -> None:
    for every, least in (("week", 200), ("day", len(SHELF) - RING)):
        day = first_day(date(2027, 6, 1), every)
        rows: list[Given] = []
        act = MAYA[every].knowing(rows).act_for(day)
        skips = 0
        while act is not None:
            rows.append(Given(day, act.key, "skipped"))
            act = MAYA[every].knowing(rows).another(day)
            skips += act is not None
        assert skips >= least
        assert MAYA[every].knowing(rows).is_skipped(day)


@pytest.mark.parametrize("every", EVERY)
def test_after_an_upgrade_nothing_told_within_the_year_comes_again(every: str) -> None:
    """A fifth of the acts are others; the leader looked at every one before, and goes on doing so."""
    changed = [*SHELF[80:], *(a for a in shelf_of(380, 99) if a.key < "act-080")]
    newer = [*changed[:300], *(_renamed(act) for act in changed[300:])]
    rows: list[Given] = []
    start, step = first_day(date(2026, 12, 7), every), EVERY[every]
    for n in range(340 if every == "day" else 60):
        day = start + timedelta(n * step)
        act = MAYA[every].knowing(rows).act_for(day)
        assert act is not None
        rows.append(Given(day, act.key, "told"))
    end, later = rows[-1].day, Kindness(newer, "maya@example.com", every)
    for n in range(1, 400 if every == "day" else 80):
        day = end + timedelta(n * step)
        act = later.knowing(rows).act_for(day)
        assert act is not None
        rows.append(Given(day, act.key, "told"))
    assert not repeats([(row.day, row.act) for row in rows], QUIET_DAYS[every])


def _renamed(act: Act) -> Act:
    from dataclasses import replace

    return replace(act, key=f"new-{act.key}")


def test_after_an_upgrade_a_leader_with_an_act_a_day_meets_most_acts_on_the_days_they_had() -> None:
    newer = [*SHELF[10:], *(_renamed(act) for act in SHELF[:10])]
    start = date(2026, 12, 7)
    before = Kindness(SHELF, "x", "day").acts_between(start, start + timedelta(364))
    rows = [Given(day, act.key, "told") for day, act in before.items() if act is not None]
    again = Kindness(newer, "x", "day", rows).acts_between(start + timedelta(RING), start + timedelta(RING + 364))
    same = sum(again[day + timedelta(RING)] == act for day, act in before.items())
    assert same >= 345


def test_one_act_less_moves_few_of_the_others() -> None:
    ring = ring_of(SHELF, "x")
    for gone in (3, 120, 250, 379):
        other = ring_of([*SHELF[:gone], *SHELF[gone + 1 :]], "x")
        assert sum(one != two for one, two in zip(ring, other, strict=True)) <= RING // 4


def test_what_is_told_stays_when_the_acts_change_and_an_act_that_is_gone_is_replaced() -> None:
    day = date(2027, 6, 1)
    told = Kindness(SHELF, "x", "day").act_for(day)
    assert told is not None
    rows = [Given(day, told.key, "told")]
    moved = [act for act in SHELF if act.key == told.key or act.key > "act-100"]
    assert Kindness(moved, "x", "day", rows).act_for(day) == told
    without = [act for act in SHELF if act.key != told.key]
    instead = Kindness(without, "x", "day", rows).act_for(day)
    assert instead is not None
    assert instead.key != told.key


def test_own_acts_are_always_in_the_ring_and_the_order_of_the_shelf_is_irrelevant() -> None:
    from dataclasses import replace

    own = [replace(SHELF[n], key=f"own-{n}", own=True) for n in range(40)]
    ring = ring_of([*SHELF, *own], "x")
    assert {act.key for act in own} <= {act.key for act in ring}
    assert ring == ring_of([*own[::-1], *SHELF[::-1]], "x")


def test_leaders_have_orders_of_their_own_that_never_change() -> None:
    maya = ring_of(SHELF, "maya@example.com")
    assert maya == ring_of(SHELF, "maya@example.com")
    assert sum(one == two for one, two in zip(maya, ring_of(SHELF, "ben@example.com"), strict=True)) < 40


def test_few_acts_come_round_sooner_and_no_acts_are_no_error() -> None:
    some = [act for act in SHELF if act.tie == TIES[0]][:20]
    found = Kindness(some, "x", "day").acts_between(date(2027, 1, 1), date(2027, 1, 20))
    assert len({act.key for act in found.values() if act}) == 20
    assert Kindness([], "x", "week").act_for(date(2027, 1, 1)) is None
    assert Kindness([], "x", "week").another(date(2027, 1, 1)) is None
    one = [act for act in SHELF if act.channel == CHANNELS[0] and act.reach == REACHES[0]][:1]
    assert Kindness(one, "x", "day").act_for(date(2027, 1, 1)) == one[0]


@given(st.integers(1, 90), st.sampled_from(tuple(EVERY)), st.integers(0, 4000))
@settings(max_examples=40, deadline=None)
def test_a_shelf_of_any_size_gives_every_act_once_before_one_comes_again(count: int, every: str, begin: int) -> None:
    start = date(2026, 1, 5) + timedelta(begin)
    days = [first_day(start, every) + timedelta(n * EVERY[every]) for n in range(count)]
    kindness = Kindness(SHELF[:count], "x", every)
    assert len({act.key for day in days if (act := kindness.act_for(day))}) == count
