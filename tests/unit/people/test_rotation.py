"""Whose turn it is, who stands in which block, and the laws that hold whoever the people are."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.model import Person
from calsync.people.contacts import Contact, ContactKind, Snooze
from calsync.people.rotation import Due, Ping, Place, assign, explain, who

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 11, 10)
NOW = datetime(2026, 11, 10, 8, tzinfo=BERLIN)


def ago(days: int, person: str = "Ana", kind: ContactKind = ContactKind.PERSONAL) -> Contact:
    return Contact(person, NOW - timedelta(days=days), kind)


def person(name: str = "Ana", ideal: int = 14, maximum: int = 28) -> Person:
    return Person(name, ideal, maximum)


def standing(
    people: list[Person],
    contacts: list[Contact] | None = None,
    snoozes: list[Snooze] | None = None,
    since: dict[str, date] | None = None,
    work: dict[str, datetime] | None = None,
    now: datetime = NOW,
    zone: ZoneInfo = BERLIN,
) -> list[Due]:
    return who(people, contacts or [], snoozes or [], since or {}, work or {}, now, zone)


def planned(
    people: list[Person],
    contacts: list[Contact] | None = None,
    snoozes: list[Snooze] | None = None,
    since: dict[str, date] | None = None,
    blocks: list[tuple[str, datetime]] | None = None,
    pings: int = 1,
    fixed: dict[str, list[str]] | None = None,
    now: datetime = NOW,
) -> list[Ping]:
    wanted = [("b1", NOW + timedelta(hours=6))] if blocks is None else blocks
    return assign(people, contacts or [], snoozes or [], since or {}, wanted, pings, fixed or {}, now, BERLIN)


def names(pings: list[Ping], block: str | None = None) -> list[str]:
    return [p.person for p in pings if block in (None, p.block_id)]


# ---- who ----


@pytest.mark.parametrize(
    ("days", "due_on", "past_max", "score"),
    [
        (0, date(2026, 11, 24), False, 0),
        (2, date(2026, 11, 22), False, 14.3),
        (7, date(2026, 11, 17), False, 50),
        (14, TODAY, False, 100),
        (21, date(2026, 11, 3), False, 150),
        (28, date(2026, 10, 27), False, 200),
        (29, date(2026, 10, 26), True, 201),
        (40, date(2026, 10, 15), True, 212),
    ],
)
def test_the_gaps_count_from_the_last_personal_contact(days: int, due_on: date, past_max: bool, score: float) -> None:
    [due] = standing([person()], [ago(days), ago(days + 30)])
    assert (due.due_on, due.past_max, due.score) == (due_on, past_max, score)
    assert due.last_personal == TODAY - timedelta(days)
    assert due.terms["days_since"] == days


def test_when_ideal_and_maximum_are_equal_the_day_after_is_past_the_maximum() -> None:
    assert [standing([person("Ana", 7, 7)], [ago(d)])[0].score for d in (6, 7, 8)] == [85.7, 100, 201]


def test_past_the_maximum_comes_first_then_the_larger_part_of_the_gap() -> None:
    people = [
        person("Ana", 7, 14),
        person("Bo", 90, 120),
        person("Cy", 30, 60),
        person("Di", 7, 90),
        person("Ed", 90, 95),
    ]
    contacts = [ago(15, "Ana"), ago(100, "Bo"), ago(10, "Cy"), ago(30, "Di"), ago(98, "Ed")]
    assert [(d.person, d.past_max) for d in standing(people, contacts)] == [
        ("Ed", True),
        ("Ana", True),
        ("Bo", False),
        ("Di", False),
        ("Cy", False),
    ]


def test_meetings_at_work_are_shown_and_never_count() -> None:
    yesterday = datetime(2026, 11, 9, 23, 30, tzinfo=UTC)
    [without], [with_work] = standing([person()], [ago(20)]), standing([person()], [ago(20)], work={"ana": yesterday})
    assert (without.due_on, without.score) == (with_work.due_on, with_work.score)
    assert with_work.last_work == yesterday
    assert with_work.last_work is not None
    assert with_work.last_work.date() == TODAY


def test_the_day_of_a_contact_is_the_leaders_local_day() -> None:
    late = Contact("Ana", datetime(2026, 11, 1, 23, 30, tzinfo=UTC))
    assert standing([person()], [late])[0].last_personal == date(2026, 11, 2)
    assert standing([person()], [late], zone=ZoneInfo("America/New_York"))[0].last_personal == date(2026, 11, 1)


def test_contacts_after_now_are_not_known_yet() -> None:
    [due] = standing([person()], [ago(20), ago(-1)])
    assert due.last_personal == TODAY - timedelta(20)


def test_a_contact_is_found_whatever_the_spelling_of_the_name() -> None:
    [due] = standing([person("Zoë Berg")], [ago(3, "zoe\u0308  BERG")])
    assert due.terms["days_since"] == 3


def test_a_newcomer_is_due_within_the_ideal_gap_and_has_the_whole_maximum() -> None:
    people = [person(f"P{n}", 30, 60) for n in range(200)]
    joined = {p.name: TODAY for p in people}
    first = [d.due_on - TODAY for d in standing(people, since=joined)]
    assert all(timedelta(0) <= d < timedelta(30) for d in first)
    assert max(Counter(first).values()) < 20, "newcomers must not all come at once"
    at_limit = standing(people, since=joined, now=NOW + timedelta(60))
    assert not any(d.past_max for d in at_limit)
    assert all(d.past_max for d in standing(people, since=joined, now=NOW + timedelta(61)))


def test_a_newcomer_without_a_known_day_joins_today() -> None:
    assert standing([person()]) == standing([person()], since={"Ana": TODAY})


def test_weekly_meetings_and_no_check_in_make_a_person_due_and_a_logged_one_does_not() -> None:
    joined, work = {"Ana": TODAY - timedelta(20)}, {"Ana": NOW - timedelta(1)}
    assert standing([person()], since=joined, work=work)[0].due_on <= TODAY
    assert standing([person()], [ago(0)], since=joined, work=work)[0].due_on == TODAY + timedelta(14)


def test_a_skip_holds_back_for_half_the_ideal_gap_and_is_no_contact() -> None:
    [due] = standing([person()], [ago(40), ago(2, kind=ContactKind.SKIP)])
    assert due.last_personal == TODAY - timedelta(40)
    assert (due.held_until, due.due_on, due.past_max) == (TODAY + timedelta(5), TODAY + timedelta(5), True)
    assert due.score == -5
    [later] = standing([person()], [ago(40), ago(7, kind=ContactKind.SKIP)])
    assert (later.held_until, later.score) == (None, 212)


def test_half_an_odd_gap_is_rounded_up() -> None:
    [due] = standing([person("Ana", 7, 14)], [ago(9), ago(0, kind=ContactKind.SKIP)])
    assert due.held_until == TODAY + timedelta(4)


def test_equals_change_their_order_from_week_to_week_and_keep_it_within_one() -> None:
    people = [person(f"P{n}") for n in range(6)]

    def order(days: int) -> list[str]:
        now = NOW + timedelta(days)
        contacts = [Contact(p.name, now - timedelta(5)) for p in people]
        return [d.person for d in standing(people, contacts, now=now)]

    assert TODAY.isoweekday() == 2
    assert order(-1) == order(0) == order(5)
    assert len({tuple(order(7 * week)) for week in range(8)}) > 4


def test_a_talk_after_a_skip_ends_it() -> None:
    [due] = standing([person("Ana", 30, 60)], [ago(2, kind=ContactKind.SKIP), ago(1)])
    assert due.held_until is None


@pytest.mark.parametrize(("until", "held"), [(1, True), (0, False), (-5, False)])
def test_a_snooze_holds_until_its_day_and_no_longer(until: int, held: bool) -> None:
    [due] = standing([person()], [ago(40)], [Snooze("Ana", TODAY + timedelta(until))])
    assert (due.held_until is not None) is held
    assert due.due_on == (TODAY + timedelta(until) if held else TODAY - timedelta(26))


def test_the_last_snooze_given_stands_and_the_longer_of_snooze_and_skip() -> None:
    snoozes = [Snooze("Ana", TODAY + timedelta(90)), Snooze("Ana", TODAY + timedelta(2))]
    assert standing([person()], [ago(40)], snoozes)[0].held_until == TODAY + timedelta(2)
    [due] = standing([person()], [ago(40), ago(0, kind=ContactKind.SKIP)], snoozes)
    assert due.held_until == TODAY + timedelta(7)


def test_a_snooze_earlier_than_the_due_day_leaves_the_due_day() -> None:
    [due] = standing([person()], [ago(1)], [Snooze("Ana", TODAY + timedelta(3))])
    assert (due.due_on, due.held_until) == (TODAY + timedelta(13), TODAY + timedelta(3))


def test_held_people_come_after_everybody_else() -> None:
    people = [person("Ana"), person("Bo"), person("Cy")]
    contacts = [ago(90, "Ana"), ago(0, "Bo"), ago(20, "Cy")]
    assert [d.person for d in standing(people, contacts, [Snooze("Ana", date(2027, 1, 1))])] == ["Cy", "Bo", "Ana"]


def test_nobody_in_the_rotation_gives_nothing() -> None:
    assert standing([]) == []
    assert planned([]) == []


def test_a_gap_longer_than_time_itself_does_no_harm() -> None:
    [due] = standing([person("Ana", 10**6, 10**9)], [ago(5)])
    assert due.due_on > date(4000, 1, 1)
    assert standing([person("Ana", 10**9, 10**9)], [ago(5)])[0].due_on == date.max
    assert names(planned([person("Ana", 10**9, 10**9)])) == ["Ana"]


def test_every_term_is_explained_in_words() -> None:
    work = {"Ana": datetime(2026, 11, 9, 10, tzinfo=BERLIN)}
    skip = ago(2, kind=ContactKind.SKIP)
    assert explain(standing([person()], [ago(29), skip], work=work)[0]) == [
        ("last personal talk", "2026-10-12, 29 days ago"),
        ("last meeting at work", "2026-11-09; it does not count as a personal talk"),
        ("ideal gap", "14 days; over for 15 days"),
        ("maximum gap", "28 days; over for 1 day"),
        ("held back", "until 2026-11-15: skipped on 2026-11-08, half an ideal gap before"),
        ("due on", "2026-11-15"),
        ("score", "-5 (100: ideal gap over; 200: maximum over; below 0: held back)"),
    ]
    [newcomer] = standing([person()], since={"Ana": TODAY - timedelta(1)})
    assert explain(newcomer)[:3] == [
        ("last personal talk", "none logged; in the rotation for 1 day"),
        (
            "first turn",
            f"{newcomer.terms['spread_days']} days after joining, so that newcomers do not all come at once",
        ),
        ("last meeting at work", "none seen"),
    ]
    assert ("held back", "until 2026-12-01: snoozed") in explain(
        standing([person()], [ago(14)], [Snooze("Ana", date(2026, 12, 1))])[0]
    )
    assert ("ideal gap", "14 days; over today") in explain(standing([person()], [ago(14)])[0])
    assert ("ideal gap", "14 days; 14 days left") in explain(standing([person()], [ago(0)])[0])


# ---- assign ----


def test_a_block_of_two_has_the_easier_one_first_and_the_longest_overdue_last() -> None:
    people = [person("Ana"), person("Bo"), person("Cy")]
    got = planned(people, [ago(40, "Ana"), ago(20, "Bo"), ago(2, "Cy")], pings=2)
    assert [(p.person, p.place) for p in got] == [("Bo", Place.EASY), ("Ana", Place.LONGEST)]


def test_a_block_of_one_has_the_longest_overdue() -> None:
    got = planned([person("Ana"), person("Bo")], [ago(40, "Ana"), ago(20, "Bo")])
    assert [(p.person, p.place) for p in got] == [("Ana", Place.LONGEST)]


def test_a_block_is_never_empty_while_somebody_may_be_named() -> None:
    got = planned([person("Ana", 90, 120)], [ago(1)], pings=2)
    assert [(p.person, p.place, p.why) for p in got] == [
        ("Ana", Place.LONGEST, "last talked 1 day ago; you aim for 90 days")
    ]


@pytest.mark.parametrize(
    ("contacts", "start", "why"),
    [
        ([ago(23)], NOW, "last talked 23 days ago; you aim for 14 days"),
        ([ago(31)], NOW, "last talked 31 days ago; you aim for 14 days, at most 28"),
        ([ago(1)], NOW, "last talked 1 day ago; you aim for 14 days"),
        ([ago(0)], NOW, "last talked today; you aim for 14 days"),
        ([ago(20)], NOW + timedelta(3), "by then 23 days since you last talked; you aim for 14 days"),
        ([], NOW, "no talk logged yet; you aim for 14 days"),
    ],
)
def test_the_reason_says_how_long_it_has_been_without_judging(
    contacts: list[Contact], start: datetime, why: str
) -> None:
    assert [p.why for p in planned([person()], contacts, blocks=[("b", start)])] == [why]


def test_a_planned_talk_counts_as_a_contact_for_the_blocks_after_it() -> None:
    blocks = [("b2", NOW + timedelta(2)), ("b1", NOW + timedelta(1)), ("b3", NOW + timedelta(3))]
    got = planned([person("Ana"), person("Bo")], [ago(20, "Ana"), ago(19, "Bo")], blocks=blocks)
    assert [(p.block_id, p.person) for p in got] == [("b1", "Ana"), ("b2", "Bo"), ("b3", "Ana")]
    assert got[2].why == "next after the talk planned for 2026-11-11; you aim for 14 days"


def test_what_the_leader_was_told_stays() -> None:
    people = [person("Ana"), person("Bo"), person("Cy")]
    contacts = [ago(40, "Ana"), ago(20, "Bo"), ago(2, "Cy")]
    got = planned(people, contacts, pings=2, fixed={"b1": ["Cy", "Bo"]})
    assert [(p.person, p.place) for p in got] == [("Cy", Place.EASY), ("Bo", Place.LONGEST)]


def test_told_names_that_left_or_are_held_back_are_replaced() -> None:
    people = [person("Ana"), person("Bo"), person("Cy")]
    contacts = [ago(40, "Ana"), ago(20, "Bo"), ago(2, "Cy"), ago(0, "Ana", ContactKind.SKIP)]
    assert names(planned(people, contacts, pings=2, fixed={"b1": ["Gone", "Ana"]})) == ["Cy", "Bo"]
    snoozed = [Snooze("Bo", TODAY + timedelta(1))]
    assert names(planned(people, contacts, snoozed, pings=2, fixed={"b1": ["Bo", "Cy"]})) == ["Cy"]


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


@pytest.mark.parametrize(
    ("named_days_ago", "bo_days_ago", "expected"),
    [
        (1, 20, "Bo"),
        (10, 20, "Bo"),
        # Nobody else is due: Ana again, but not at once.
        (1, 5, "Bo"),
        (6, 5, "Bo"),
        (7, 5, "Ana"),
    ],
)
def test_whoever_was_named_and_not_logged_comes_after_the_others_who_are_due(
    named_days_ago: int, bo_days_ago: int, expected: str
) -> None:
    people, contacts = [person("Ana"), person("Bo")], [ago(40, "Ana"), ago(bo_days_ago, "Bo")]
    blocks = [("b0", NOW - timedelta(days=named_days_ago, hours=2)), ("b1", NOW + timedelta(hours=2))]
    assert names(planned(people, contacts, blocks=blocks, fixed={"b0": ["Ana"]}), "b1") == [expected]
    assert names(planned(people[:1], contacts, blocks=blocks, fixed={"b0": ["Ana"]}), "b1") == ["Ana"]


def test_whoever_was_named_and_logged_has_their_place_by_the_talk_alone() -> None:
    people, contacts = [person("Ana"), person("Bo")], [ago(40, "Ana"), ago(19, "Bo"), ago(20, "Ana")]
    blocks = [("b0", NOW - timedelta(days=20, hours=2)), ("b1", NOW + timedelta(hours=2))]
    assert names(planned(people, contacts, blocks=blocks, fixed={"b0": ["Ana"]}), "b1") == ["Ana"]


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


def test_no_pings_wanted_gives_only_what_was_told() -> None:
    assert names(planned([person("Ana"), person("Bo")], pings=0, fixed={"b1": ["Bo"]})) == ["Bo"]
    assert planned([person()], pings=0) == []


# ---- laws ----


def year(people: list[Person], contacts: list[Contact], picks_a_week: int, pings: int, weeks: int = 52) -> list[Ping]:
    joined = {p.name: TODAY for p in people}
    a_week = picks_a_week // pings
    blocks = [(f"{w:02}-{n}", NOW + timedelta(weeks=w, days=n, hours=3)) for w in range(weeks) for n in range(a_week)]
    return planned(people, contacts, since=joined, blocks=blocks, pings=pings)


@pytest.mark.parametrize("pings", [1, 2])
@pytest.mark.parametrize("gaps", [(7, 14), (14, 28), (42, 42), (90, 180)])
def test_with_equal_gaps_nobody_is_picked_twice_more_than_another_in_a_year(gaps: tuple[int, int], pings: int) -> None:
    """12 people, 2 picks a week, 52 weeks, on 40 seeds of who was talked to when."""
    for seed in range(40):
        rng = random.Random(seed)
        people = [person(f"P{n}", *gaps) for n in range(12)]
        contacts = [ago(rng.randrange(1, 60), p.name) for p in people if rng.random() < 0.7]
        got = names(year(people, contacts, 2, pings))
        assert len(got) == 104
        counts = Counter(got)
        assert max(counts.values()) - min(counts[p.name] for p in people) <= 1
        for index, name in enumerate(got):
            assert name not in got[index + 1 : index + 6], "no repeat within half the people"


def waits(name: str, people: dict[str, Person], last: dict[str, date], day: date) -> int:
    """Days beyond the maximum gap."""
    return (day - last[name]).days - people[name].max_days


everyone = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40), st.integers(0, 90)), min_size=1, max_size=9).map(
    lambda rows: [(person(f"P{n}", i, i + extra), since) for n, (i, extra, since) in enumerate(rows)]
)


@settings(deadline=None)
@given(everyone, st.integers(1, 3), st.integers(1, 4))
def test_nobody_is_named_while_another_waits_longer_past_their_maximum(
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
        assert len(chosen) == len(set(chosen)) == min(pings, len(people))
        for other in people.keys() - set(chosen):
            if waits(other, people, last, day) > 0:
                assert all(waits(c, people, last, day) >= waits(other, people, last, day) for c in chosen)
            # Nobody is named before half their gap is over while another's is.
            if 2 * (day - last[other]).days >= people[other].ideal_days:
                assert all(2 * (day - last[c]).days >= people[c].ideal_days for c in chosen)
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
    first = standing(people, contacts, snoozes), planned(people, contacts, snoozes, blocks=blocks, pings=pings)
    for things in (people, contacts, snoozes, blocks):
        rng.shuffle(things)  # type: ignore[arg-type]
    assert first == (
        standing(people, contacts, snoozes),
        planned(people, contacts, snoozes, blocks=blocks, pings=pings),
    )


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
@given(everyone, contact_rows, snooze_rows)
def test_the_list_is_sorted_by_score_and_the_first_block_has_its_first_people(
    rows: list[tuple[Person, int]], contacts: list[Contact], snoozes: list[Snooze]
) -> None:
    people = [p for p, _ in rows]
    dues = standing(people, contacts, snoozes)
    assert all(a.score >= b.score for a, b in pairwise(dues))
    assert sorted(d.person for d in dues) == sorted(p.name for p in people)
    for due in dues:
        assert all(label and value for label, value in explain(due))
    free = [d.person for d in dues if d.held_until is None][:2]
    assert names(planned(people, contacts, snoozes, blocks=[("b", NOW)], pings=2)) == free[::-1]


def test_what_was_planned_and_then_done_is_planned_again_the_next_night() -> None:
    people = [person(f"P{n}") for n in range(7)]
    contacts = [ago(3 * n, p.name) for n, p in enumerate(people)]
    blocks = [(f"b{n:02}", NOW + timedelta(days=2 * n, hours=4)) for n in range(12)]
    before = planned(people, contacts, blocks=blocks, pings=2)
    done = [Contact(p.person, p.start) for p in before if p.block_id == "b00"]
    after = planned(people, contacts + done, blocks=blocks[1:], pings=2, now=NOW + timedelta(days=1))
    assert [(p.block_id, p.person) for p in after] == [(p.block_id, p.person) for p in before if p.block_id != "b00"]
