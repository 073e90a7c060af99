"""Who stands in which block, and the laws that hold whoever the people are."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import mean, pstdev
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.model import Person, Span
from calsync.people.assignment import Ping, Place, Seat, assign
from calsync.people.clocks import Known
from calsync.people.contacts import Contact, ContactKind, Snooze

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 11, 10)
NOW = datetime(2026, 11, 10, 8, tzinfo=BERLIN)
HALF_AN_HOUR = timedelta(minutes=30)


def ago(days: int, person: str = "Ana", kind: ContactKind = ContactKind.PERSONAL) -> Contact:
    return Contact(person, NOW - timedelta(days=days), kind)


def person(name: str = "Ana", ideal: int = 14, maximum: int = 28) -> Person:
    return Person(name, ideal, maximum)


def planned(
    people: list[Person],
    contacts: list[Contact] | None = None,
    snoozes: list[Snooze] | None = None,
    since: dict[str, date] | None = None,
    blocks: list[tuple[str, datetime]] | None = None,
    pings: int = 1,
    fixed: dict[str, list[str]] | None = None,
    told: dict[str, list[str]] | None = None,
    now: datetime = NOW,
    **more: object,
) -> list[Ping]:
    wanted = [("b1", NOW + timedelta(hours=6))] if blocks is None else blocks
    fixed, told = fixed or {}, told or {}
    seats = [
        Seat(b, Span(start, start + HALF_AN_HOUR), tuple(fixed.get(b, told.get(b, ()))), b in fixed)
        for b, start in wanted
    ]
    known = Known(tuple(contacts or ()), tuple(snoozes or ()), since or {})
    return assign(people, known, seats, pings, now, BERLIN, **more)  # type: ignore[arg-type]


def names(pings: list[Ping], block: str | None = None) -> list[str]:
    return [p.person for p in pings if block in (None, p.block_id)]


def weekly(weeks: int, a_week: int = 1) -> list[tuple[str, datetime]]:
    return [(f"{w:02}-{n}", NOW + timedelta(weeks=w, days=2 * n, hours=3)) for w in range(weeks) for n in range(a_week)]


# ---- one block ----


def test_a_block_of_two_has_the_easier_one_first_and_the_longest_overdue_last() -> None:
    """Idea 5: pick 1 has the shorter gap, pick 2 the longest."""
    people = [person("Ana"), person("Bo"), person("Cy")]
    got = planned(people, [ago(40, "Ana"), ago(20, "Bo"), ago(2, "Cy")], pings=2)
    assert [(p.person, p.place) for p in got] == [("Bo", Place.EASY), ("Ana", Place.LONGEST)]


def test_a_block_of_one_has_the_longest_overdue() -> None:
    got = planned([person("Ana"), person("Bo")], [ago(40, "Ana"), ago(20, "Bo")])
    assert [(p.person, p.place) for p in got] == [("Ana", Place.LONGEST)]


def test_a_place_stays_free_rather_than_going_to_somebody_met_just_now() -> None:
    assert planned([person("Ana", 90, 120)], [ago(45)], pings=2) == []
    assert names(planned([person("Ana", 90, 120)], [ago(46)], pings=2)) == ["Ana"]


@pytest.mark.parametrize(
    ("contacts", "start", "why"),
    [
        ([ago(23)], NOW, "last talked 23 days ago; you aim for 14 days"),
        ([ago(31)], NOW, "last talked 31 days ago; you aim for 14 days, at most 28"),
        ([ago(20)], NOW + timedelta(3), "by then 23 days since you last talked; you aim for 14 days"),
        ([], NOW, "no talk logged yet; you aim for 14 days"),
    ],
)
def test_the_reason_says_how_long_it_has_been_without_judging(
    contacts: list[Contact], start: datetime, why: str
) -> None:
    assert [p.why for p in planned([person()], contacts, blocks=[("b", start)])] == [why]


def test_nobody_is_put_where_they_cannot_be_reached() -> None:
    """Idea 25: the longest overdue waits for a block within their hours."""
    people, contacts = [person("Ana"), person("Bo")], [ago(60, "Ana"), ago(20, "Bo")]
    blocks = weekly(6)
    late = {start for _, start in blocks[::2]}

    def free(who: Person, span: Span) -> bool:
        return who.name != "Ana" or span.start not in late

    got = planned(people, contacts, blocks=blocks, free=free)
    assert all(p.start not in late for p in got if p.person == "Ana")
    assert names(got)[:2] == ["Bo", "Ana"]
    told = {block: ["Ana"] for block, start in blocks if start in late}
    assert "Ana" not in names(planned(people, contacts, blocks=blocks[:1], fixed=told, free=free))


# ---- what was told ----


def test_what_the_leader_was_told_stays() -> None:
    people = [person("Ana"), person("Bo"), person("Cy")]
    contacts = [ago(40, "Ana"), ago(20, "Bo"), ago(12, "Cy")]
    got = planned(people, contacts, pings=2, fixed={"b1": ["Cy", "Bo"]})
    assert [(p.person, p.place) for p in got] == [("Cy", Place.EASY), ("Bo", Place.LONGEST)]


def test_told_names_that_left_are_held_back_or_were_talked_with_since_are_replaced() -> None:
    people = [person("Ana"), person("Bo"), person("Cy")]
    contacts = [ago(40, "Ana"), ago(20, "Bo"), ago(12, "Cy"), ago(0, "Ana", ContactKind.SKIP)]
    assert names(planned(people, contacts, pings=2, fixed={"b1": ["Gone", "Ana"]})) == ["Cy", "Bo"]
    snoozed = [Snooze("Bo", TODAY + timedelta(1))]
    assert names(planned(people, contacts, snoozed, pings=2, fixed={"b1": ["Bo", "Cy"]})) == ["Cy"]
    talked = [*contacts[:3], ago(1, "Bo")]
    assert names(planned(people, talked, pings=2, fixed={"b1": ["Bo", "Ana"]})) == ["Cy", "Ana"]


def test_a_talk_logged_on_the_day_of_the_block_is_that_blocks_own() -> None:
    people, contacts = [person("Ana"), person("Bo")], [ago(0, "Ana"), ago(20, "Bo")]
    assert names(planned(people, contacts, fixed={"b1": ["Ana"]})) == ["Ana"]


def test_somebody_told_for_a_later_block_is_not_also_put_in_an_earlier_one() -> None:
    blocks = [("b1", NOW + timedelta(1)), ("b2", NOW + timedelta(4))]
    people, contacts = [person("Ana"), person("Bo")], [ago(40, "Ana"), ago(10, "Bo")]
    got = planned(people, contacts, blocks=blocks, fixed={"b2": ["Ana"]})
    assert [(p.block_id, p.person) for p in got] == [("b1", "Bo"), ("b2", "Ana")]


def test_a_block_that_began_keeps_its_names_and_gets_no_others() -> None:
    people = [person("Ana"), person("Bo")]
    snoozed = [Snooze("Ana", TODAY + timedelta(9))]
    past = [("b1", NOW - timedelta(days=1)), ("b0", NOW - timedelta(days=2))]
    assert names(planned(people, [ago(40, "Ana")], snoozed, blocks=past, pings=2, fixed={"b1": ["Ana"]})) == ["Ana"]


@pytest.mark.parametrize(("named_days_ago", "expected"), [(1, []), (7, []), (8, ["Ana"])])
def test_whoever_was_named_and_not_logged_is_not_named_again_at_once(named_days_ago: int, expected: list[str]) -> None:
    blocks = [("b0", NOW - timedelta(days=named_days_ago, hours=2)), ("b1", NOW + timedelta(hours=2))]
    assert names(planned([person()], [ago(40)], blocks=blocks, fixed={"b0": ["Ana"]}), "b1") == expected


def test_a_leader_who_logs_nothing_still_meets_everybody() -> None:
    people = [person(f"P{n}") for n in range(8)]
    joined = {p.name: TODAY for p in people}
    blocks = [(f"b{n}", NOW + timedelta(days=3.5 * n, hours=1)) for n in range(24)]
    told: dict[str, list[str]] = {}
    for night in range(90):
        now = NOW + timedelta(days=night)
        coming = [b for b in blocks if b[1] < now + timedelta(days=7)]
        for ping in planned(people, since=joined, blocks=coming, fixed=told, now=now):
            if ping.block_id not in told:
                told[ping.block_id] = [ping.person]
    counts = Counter(n for value in told.values() for n in value)
    assert set(counts) == {p.name for p in people}
    assert max(counts.values()) - min(counts.values()) <= 2


# ---- laws ----

everyone = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40), st.integers(0, 90)), min_size=1, max_size=9).map(
    lambda rows: [(person(f"P{n}", i, i + extra), since) for n, (i, extra, since) in enumerate(rows)]
)


@settings(deadline=None)
@given(everyone, st.integers(1, 3), st.integers(1, 4))
def test_nobody_is_past_their_maximum_while_a_block_goes_to_somebody_within_their_ideal_gap(
    rows: list[tuple[Person, int]], pings: int, step: int
) -> None:
    people = {p.name: p for p, _ in rows}
    last = {p.name: TODAY - timedelta(since) for p, since in rows}
    contacts = [ago(since, p.name) for p, since in rows]
    blocks = [(f"b{n:02}", NOW + timedelta(days=step * n)) for n in range(20)]
    got = planned(list(people.values()), contacts, blocks=blocks, pings=pings)
    for block, start in blocks:
        day = start.date()
        chosen = names(got, block)
        assert len(chosen) == len(set(chosen)) <= pings
        gaps = {name: (day - last[name]).days for name in people}
        waiting = [n for n in people if n not in chosen and gaps[n] > people[n].max_days]
        for name in chosen:
            assert 2 * gaps[name] > people[name].ideal_days, "nobody within half their ideal gap"
            assert not waiting or gaps[name] >= people[name].ideal_days, (block, waiting)
        last |= dict.fromkeys(chosen, day)


contact_rows = st.lists(
    st.tuples(st.integers(0, 8), st.integers(-3, 90), st.sampled_from(ContactKind)), max_size=12
).map(lambda rows: [ago(days, f"P{n}", kind) for n, days, kind in rows])
snooze_rows = st.dictionaries(st.integers(0, 8), st.integers(-10, 60), max_size=4).map(
    lambda d: [Snooze(f"P{n}", TODAY + timedelta(days)) for n, days in d.items()]
)


@settings(deadline=None)
@given(everyone, contact_rows, snooze_rows, st.integers(1, 3), st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_given_is_irrelevant(
    rows: list[tuple[Person, int]], contacts: list[Contact], snoozes: list[Snooze], pings: int, rng: random.Random
) -> None:
    people = [p for p, _ in rows]
    blocks = [(f"b{n}", NOW + timedelta(days=2 * n)) for n in range(8)]
    first = planned(people, contacts, snoozes, blocks=blocks, pings=pings)
    for things in (people, contacts, snoozes, blocks):
        rng.shuffle(things)  # type: ignore[arg-type]
    assert first == planned(people, contacts, snoozes, blocks=blocks, pings=pings)


@settings(deadline=None)
@given(everyone, contact_rows, snooze_rows, st.integers(1, 3), st.booleans())
def test_a_snoozed_person_is_never_named_before_the_day(
    rows: list[tuple[Person, int]], contacts: list[Contact], snoozes: list[Snooze], pings: int, told: bool
) -> None:
    people = [p for p, _ in rows]
    blocks = [(f"b{n}", NOW + timedelta(days=2 * n)) for n in range(12)]
    fixed = {"b1": ["P0", "P1"], "b3": ["P2"]} if told else {}
    until = {s.person: s.until for s in snoozes}
    for ping in planned(people, contacts, snoozes, blocks=blocks, pings=pings, fixed=fixed):
        assert until.get(ping.person, TODAY) <= ping.start.date()


@settings(deadline=None)
@given(everyone, contact_rows, st.integers(1, 3), st.integers(1, 7))
def test_planned_again_with_what_was_told_everybody_stays(
    rows: list[tuple[Person, int]], contacts: list[Contact], pings: int, step: int
) -> None:
    people = [p for p, _ in rows]
    blocks = [(f"b{n}", NOW + timedelta(days=step * n, hours=1)) for n in range(14)]
    first = planned(people, contacts, blocks=blocks, pings=pings)
    told = {block: names(first, block) for block, _ in blocks}
    assert planned(people, contacts, blocks=blocks, pings=pings, told=told) == first


# ---- fairness, surprise, stability over a year ----


def live(people: list[Person], a_week: int, pings: int, past: list[Contact] | None = None) -> list[tuple[date, str]]:
    """A year of nights on which every talk is logged: the day and name of each, in order."""
    weeks = 52
    joined = {p.name: TODAY for p in people}
    contacts = list(past or ())
    every = weekly(weeks + 12, a_week)
    told: dict[str, list[str]] = {}
    talks: list[tuple[date, str]] = []
    for number, (block, start) in enumerate(every[: weeks * a_week]):
        now = start - timedelta(hours=9)
        coming = every[number : number + 12 * a_week]
        got = planned(people, contacts, since=joined, blocks=coming, pings=pings, told=told, now=now)
        told |= {b: names(got, b) for b, _ in coming}
        talks += [(start.date(), name) for name in told[block]]
        contacts += [Contact(name, start) for name in told[block]]
    return talks


def assert_fair(people: list[Person], talks: list[tuple[date, str]], apart: int = 1) -> None:
    picks = [name for _, name in talks]
    counts = Counter(picks)
    assert max(counts.values()) - min(counts[p.name] for p in people) <= apart
    for index, name in enumerate(picks):
        assert name not in picks[index + 1 : index + 1 + len(people) // 2], "no repeat within half the people"


@pytest.mark.parametrize("pings", [1, 2])
def test_with_equal_gaps_nobody_is_picked_twice_more_than_another_in_a_year(pings: int) -> None:
    """Idea 3: 12 people, 2 picks a week, 52 weeks; the long tests do it on 1000 seeds."""
    for seed in range(8):
        people = [person(f"P{seed}-{n}", 42, 84) for n in range(12)]
        assert_fair(people, live(people, 2 // pings, pings))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_with_equal_gaps_a_thousand_years_are_fair(part: int) -> None:
    """Idea 3 in full: 1000 seeds."""
    for seed in range(100 * part, 100 * part + 100):
        people = [person(f"P{seed}-{n}", 42, 84) for n in range(12)]
        assert_fair(people, live(people, 1, 2))


def test_whoever_was_talked_with_when_before_a_year_is_fair() -> None:
    """A head start of up to a whole gap is one turn; what is left over at both ends of the year may be another."""
    for seed in range(10):
        rng = random.Random(seed)
        people = [person(f"P{seed}-{n}", 42, 84) for n in range(12)]
        past = [ago(rng.randrange(1, 60), p.name) for p in people if rng.random() < 0.5]
        assert_fair(people, live(people, 1, 2, past), apart=2)


@pytest.mark.parametrize(
    ("count", "ideal", "a_week", "may_be_regular"),
    [(12, 42, 1, 0), (10, 30, 1, 0), (12, 42, 2, 0.05), (20, 35, 2, 0.05)],
)
def test_gaps_vary_from_turn_to_turn_and_never_leave_the_least_and_the_maximum(
    count: int, ideal: int, a_week: int, may_be_regular: float
) -> None:
    """Idea 4: over 52 weeks the gaps of a person vary (CV >= 0.15), and none leaves what is allowed.

    Where the turns are as many as the gaps ask for and no more, one person in twenty may get a more regular year.
    """
    regular = everybody = 0
    for seed in range(4):
        people = [person(f"P{seed}-{n}", ideal, 2 * ideal) for n in range(count)]
        talks = live(people, a_week, 2 if a_week * ideal < 80 else 1)
        for one in people:
            days = [day for day, name in talks if name == one.name]
            gaps = [(b - a).days for a, b in pairwise(days)]
            assert all(ideal / 2 < gap <= 2 * ideal for gap in gaps)
            regular += pstdev(gaps) < 0.15 * mean(gaps)
            everybody += 1
    assert regular <= may_be_regular * everybody
