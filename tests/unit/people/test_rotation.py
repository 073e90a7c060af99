"""Whose turn it is, and why: the two clocks, what holds somebody back, and every term in words."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.model import Person
from calsync.people.clocks import Known
from calsync.people.contacts import Contact, ContactKind, Snooze
from calsync.people.rotation import Due, explain, who

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
    pauses: dict[str, date] | None = None,
) -> list[Due]:
    known = Known(tuple(contacts or ()), tuple(snoozes or ()), since or {}, pauses or {})
    return who(people, known, work or {}, now, zone)


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


def test_a_gap_longer_than_time_itself_does_no_harm() -> None:
    [due] = standing([person("Ana", 10**6, 10**9)], [ago(5)])
    assert due.due_on > date(4000, 1, 1)
    assert standing([person("Ana", 10**9, 10**9)], [ago(5)])[0].due_on == date.max


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


def test_a_pause_lasts_until_further_notice_and_puts_somebody_behind_everybody_else() -> None:
    people = [person("Ana"), person("Bo")]
    paused, there = {"ana": TODAY - timedelta(3)}, [ago(40, "Ana"), ago(1, "Bo")]
    bo, ana = standing(people, there, pauses=paused)
    assert (bo.person, ana.person, ana.paused) == ("Bo", "Ana", True)
    assert ana.past_max, "a pause hides nothing"
    assert explain(ana)[-1] == (
        "paused",
        "paused since 2026-11-07; an answer, or `calsync people resume`, brings them back",
    )
    assert standing(people, there, pauses=paused, now=NOW + timedelta(4000))[-1].paused


@pytest.mark.parametrize(("silences", "held_days"), [(1, 7), (2, 14), (3, 21)])
def test_each_silence_waits_half_an_ideal_gap_longer(silences: int, held_days: int) -> None:
    """Idea 24: no catch-up, no label, more room each time."""
    log = [ago(40), *(ago(2 * n, kind=ContactKind.NO_ANSWER) for n in range(silences))]
    [due] = standing([person()], log)
    assert (due.held_until, due.silences, due.paused) == (TODAY + timedelta(held_days), silences, False)
    assert due.last_personal == TODAY - timedelta(40), "reaching out is no contact"


def test_the_third_silence_asks_for_another_way_the_fourth_pauses_and_an_answer_begins_anew() -> None:
    log = [ago(40), *(ago(30 - 5 * n, kind=ContactKind.NO_ANSWER) for n in range(4))]
    [third] = standing([person()], log[:-1])
    assert ("without an answer", "3 in a row; try another way of reaching them") in explain(third)
    [fourth] = standing([person()], log)
    assert fourth.paused
    assert standing([person()], log, now=NOW + timedelta(900))[0].paused
    for kind in (ContactKind.PERSONAL, ContactKind.DECLINED, ContactKind.RESUMED):
        [again] = standing([person()], [*log, ago(1, kind=kind)])
        assert (again.paused, again.silences) == (False, 0)
    assert standing([person()], [*log, ago(1, kind=ContactKind.SKIP)])[0].paused, "a skip is no answer"


def test_a_talk_between_silences_counts_them_from_one() -> None:
    log = [ago(n, kind=ContactKind.NO_ANSWER) for n in (30, 28, 26, 5)]
    assert standing([person()], [*log, ago(10)])[0].silences == 1


# ---- laws ----

everyone = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40)), min_size=1, max_size=9).map(
    lambda rows: [person(f"P{n}", i, i + extra) for n, (i, extra) in enumerate(rows)]
)
contact_rows = st.lists(
    st.tuples(st.integers(0, 8), st.integers(-3, 90), st.sampled_from(ContactKind)), max_size=12
).map(lambda rows: [ago(days, f"P{n}", kind) for n, days, kind in rows])
snooze_rows = st.dictionaries(st.integers(0, 8), st.integers(-10, 60), max_size=4).map(
    lambda d: [Snooze(f"P{n}", TODAY + timedelta(days)) for n, days in d.items()]
)


@settings(deadline=None)
@given(everyone, contact_rows, snooze_rows)
def test_the_list_is_sorted_by_score_and_names_everybody_once(
    people: list[Person], contacts: list[Contact], snoozes: list[Snooze]
) -> None:
    dues = standing(people, contacts, snoozes)
    assert all(a.score >= b.score for a, b in pairwise(dues))
    assert sorted(d.person for d in dues) == sorted(p.name for p in people)
    for due in dues:
        assert all(label and value for label, value in explain(due))
    assert standing(people[::-1], contacts[::-1], snoozes[::-1]) == dues
