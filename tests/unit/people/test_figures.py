"""The figures of a report equal those worked out by hand; the ledger sums; nobody is named and nobody is ranked."""

from __future__ import annotations

from dataclasses import astuple
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.model import Person
from calsync.people.contacts import Contact, ContactKind
from calsync.people.figures import Date, Figures, figures

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 27, 18, tzinfo=BERLIN)
"""A Friday."""
START = date(2026, 11, 2)
"""The Monday almost four weeks before."""


def talk(person: str, day: date, hour: int = 10, kind: ContactKind = ContactKind.PERSONAL) -> Contact:
    return Contact(person, datetime(day.year, day.month, day.day, hour, tzinfo=BERLIN), kind)


def block(day: date, *people: str, what: str = "home", cause: str = "", kind: str = "connect") -> Date:
    if what in ("dropped", "deleted"):
        return Date(kind, day, None, None, what, cause, people)
    start = datetime(day.year, day.month, day.day, 14, tzinfo=BERLIN)
    return Date(kind, day, start, start + timedelta(minutes=30), what, cause, people)


def count(
    people: list[Person],
    contacts: list[Contact] | None = None,
    dates: list[Date] | None = None,
    since: dict[str, date] | None = None,
    paused: tuple[str, ...] = (),
    now: datetime = NOW,
    start: date = START,
) -> Figures:
    begun = dict.fromkeys((p.name for p in people), START) if since is None else since
    return figures(people, contacts or [], begun, paused, dates or [], start, now, BERLIN)


ANA, BO, CY, DI = Person("Ana Sousa", 7, 14), Person("Bo", 7, 14), Person("Cy", 14, 28), Person("Di", 14, 20)


def nov(day: int) -> date:
    return date(2026, 11, day)


def test_a_month_worked_out_by_hand() -> None:
    """Four people, 26 days: every figure as reckoned on paper.

    Ana: talks on 3, 10 and 24: gaps 1, 7 and 14 days, median 7, so 1.00 of her ideal; silent for 3 days.
    Bo: a talk on 23: a gap of 21 days, 3.00; silent for 4. Cy: a talk on 9: a gap of 7, 0.50; silent for 18, an open
    gap past the ideal: median 12.5 / 14 = 0.89. Di: none: silent for 25 days, past the maximum of 20: 25 / 14 = 1.79.
    Median of 0.89, 1.00, 1.79 and 3.00: 1.39.
    26 days ask for 26/7 talks with Ana and with Bo, 26/14 with Cy and with Di: a third, a third, a sixth, a sixth of
    the five talks, that is 1 2/3, 1 2/3, 5/6 and 5/6. Ana had one more than the 2 that this rounds up to, Bo has the 1
    that it rounds down to: one talk of five. For each talk asked for they had 0.81, 0.27, 0.54 and 0.
    """
    contacts = [talk("Ana Sousa", nov(d)) for d in (3, 10, 24)] + [talk("Bo", nov(23)), talk("Cy", nov(9))]
    contacts += [talk("Di", nov(20), kind=ContactKind.NO_ANSWER), talk("Di", nov(21), kind=ContactKind.SKIP)]
    dates = [
        block(nov(3), "Ana Sousa", "Di"),  # kept on its day
        block(nov(5), "Cy"),  # open
        block(nov(9), "Ana Sousa"),  # kept by the talk of the day after
        block(nov(12), "Bo", what="dropped", cause="team meeting"),
        block(nov(16), "Bo", what="deleted"),
        block(nov(17), "Bo", what="dropped", cause="team meeting"),
        block(nov(19), "Bo", what="dropped", cause="holiday"),
        block(nov(23), "Bo", what="moved", cause="one-on-one"),  # kept
        block(nov(28), "Di", what="pinned"),  # a Saturday, to come
        block(nov(30), "Di"),  # of the next week: not planned yet
        block(nov(4), kind="follow-through"),
    ]
    found = count([ANA, BO, CY, DI], contacts, dates)
    assert (found.reached, found.people) == (3, 4)
    assert astuple(found.gaps) == (1.39, 4, 2, 1, 1)
    assert astuple(found.spread) == (5, 1, 0.2, (0.2, 0.4, 0.61))
    assert astuple(found.blocks) == (
        *(10, 3, 2, 3, 1, 1),
        *(1, 1),
        (("team meeting", 2), ("holiday", 1)),
        (("one-on-one", 1),),
    )
    connect, other = (blocks for _, blocks in found.kinds)
    assert (connect.planned, connect.kept, connect.open) == (9, 3, 1)
    assert (other.planned, other.kept, other.open) == (1, None, 1)
    assert [(w.name, w.talks, w.blocks.planned, w.blocks.kept, w.blocks.displaced) for w in found.weeks] == [
        ("2026-W45", 1, 3, 1, 0),
        ("2026-W46", 2, 2, 1, 1),
        ("2026-W47", 0, 3, 0, 2),
        ("2026-W48", 2, 2, 1, 0),
    ]


def test_a_kindness_block_is_kept_by_an_act_of_its_day_or_of_the_day_after() -> None:
    dates = [block(nov(day), kind="kindness") for day in (3, 4, 10, 11, 18, 24)] + [block(nov(5), "Ana Sousa")]
    deeds = [nov(4), nov(5), nov(5), nov(11), nov(25)]
    found = figures([ANA], [], {}, (), dates, START, NOW, BERLIN, deeds)
    connect, kindness = (blocks for _, blocks in found.kinds)
    assert (connect.planned, connect.kept, connect.open) == (1, 0, 1), "an act of kindness is no talk"
    assert (kindness.planned, kindness.kept, kindness.open) == (6, 3, 3)
    assert found.reached == 0
    talks = [Contact("Ana Sousa", datetime(2026, 11, 3, 12, tzinfo=BERLIN), ContactKind.PERSONAL)]
    told = figures([ANA], talks, {}, (), dates, START, NOW, BERLIN)
    assert dict(told.kinds)["kindness"].kept == 0, "and a talk is no act of kindness"


def test_nobody_and_nothing() -> None:
    found = count([])
    assert (found.people, found.reached) == (0, 0)
    assert found.gaps.median_of_target is None
    assert (found.spread.share, found.spread.quartiles) == (None, None)
    assert found.blocks.planned == 0
    assert len(found.weeks) == 4


def test_one_person_on_target() -> None:
    found = count([ANA], [talk("Ana Sousa", nov(d)) for d in (3, 10, 17, 24)], since={})
    assert found.gaps.median_of_target == 1.0
    assert (found.spread.to_others, found.spread.share) == (0, 0.0)


def test_a_talk_before_the_period_begins_the_gap_that_ends_in_it() -> None:
    found = count([ANA], [talk("ana  sousa", date(2026, 10, 27)), talk("Ana Sousa", nov(24))], since={})
    assert found.reached == 1
    assert found.gaps.median_of_target == 4.0
    assert found.spread.talks == 1


def test_whoever_is_paused_is_left_out_but_their_talks_keep_blocks() -> None:
    found = count([ANA, BO], [talk("Bo", nov(23))], [block(nov(23), "Bo")], paused=("bo",))
    assert (found.people, found.reached, found.spread.talks) == (1, 0, 0)
    assert found.blocks.kept == 1


def test_talks_of_those_who_left_count_for_no_figure_of_people() -> None:
    found = count([ANA], [talk("Zoe", nov(23))], [block(nov(23), "Zoe")])
    assert (found.reached, found.spread.talks, found.weeks[-1].talks) == (0, 0, 0)
    assert found.blocks.kept == 1


def test_a_newcomer_owes_nothing_for_the_time_before() -> None:
    """Bo came four days ago: the talks that Ana had while she was alone are not a lack of his."""
    contacts = [talk("Ana Sousa", nov(d)) for d in (3, 10, 17, 24)]
    found = count([ANA, BO], contacts, since={"Ana Sousa": START, "Bo": nov(24)})
    assert found.gaps.within_ideal == 2
    assert found.spread.to_others == 0


def test_each_talk_keeps_one_block_first_that_of_its_own_day() -> None:
    dates = [block(nov(9), "Bo"), block(nov(10), "Bo"), block(nov(11), "Bo")]
    found = count([BO], [talk("Bo", nov(10), 9)], dates)
    assert [w.blocks.kept for w in found.weeks] == [0, 1, 0, 0]
    assert count([BO], [talk("Bo", nov(10)), talk("Bo", nov(11))], dates).blocks.kept == 2
    assert count([BO], [talk("Bo", nov(d)) for d in (10, 11, 12)], dates).blocks.kept == 2
    assert count([BO], [talk("Bo", nov(13))], dates).blocks.kept == 0


@pytest.mark.parametrize(("hour", "kept"), [(0, 1), (23, 1)])
def test_the_day_after_is_a_local_day_across_the_clock_change(hour: int, kept: int) -> None:
    """The night from 24 to 25 October 2026 has an hour more in Berlin."""
    start = datetime(2026, 10, 24, 23, 30, tzinfo=BERLIN)
    late = Date("connect", date(2026, 10, 24), start, start + timedelta(minutes=30), "pinned", "", ("Bo",))
    now = datetime(2026, 11, 6, 12, tzinfo=BERLIN)
    found = count([BO], [talk("Bo", date(2026, 10, 25), hour)], [late], start=date(2026, 10, 19), now=now)
    assert found.blocks.kept == kept
    assert [w.name for w in found.weeks] == ["2026-W43", "2026-W44", "2026-W45"]
    assert found.gaps.median_of_target == round(12 / 7, 2)


def test_a_period_before_anything_was_known_is_empty_not_wrong() -> None:
    found = count(
        [ANA], since={"Ana Sousa": nov(20)}, now=datetime(2026, 6, 1, 9, tzinfo=BERLIN), start=date(2026, 5, 4)
    )
    assert (found.reached, found.gaps.within_ideal, found.spread.talks) == (0, 1, 0)


def test_three_hundred_people() -> None:
    people = [Person(f"Person {n}", 7 + n % 80, 200) for n in range(300)]
    contacts = [talk(p.name, START + timedelta((n * 7) % 26)) for n, p in enumerate(people) if n % 3]
    found = count(people, contacts)
    assert (found.people, found.reached) == (300, 200)
    assert sum(w.talks for w in found.weeks) == 200
    assert found.gaps.within_ideal + found.gaps.within_max + found.gaps.past_max == 300


people = st.lists(
    st.builds(
        lambda name, ideal, more: Person(name, ideal, ideal + more),
        st.sampled_from(["Ana", "Bo", "Cy", "Di", "Eve"]),
        st.integers(1, 40),
        st.integers(0, 40),
    ),
    max_size=5,
    unique_by=lambda p: p.name,
)
days = st.integers(0, 25).map(lambda n: START + timedelta(n))
talks = st.lists(
    st.builds(talk, st.sampled_from(["Ana", "Bo", "Cy", "Eve"]), days, st.integers(0, 23), st.sampled_from(ContactKind))
)
dates = st.lists(
    st.builds(
        lambda day, who, what, cause, kind: block(day, *who, what=what, cause=cause, kind=kind),
        st.integers(-9, 40).map(lambda n: START + timedelta(n)),
        st.lists(st.sampled_from(["Ana", "Bo", "Cy", "Di"]), max_size=2),
        st.sampled_from(["home", "moved", "pinned", "dropped", "deleted"]),
        st.sampled_from(["", "team meeting", "holiday"]),
        st.sampled_from(["connect", "kindness"]),
    )
)


@given(people, talks, dates)
def test_every_ledger_sums_and_every_figure_lies_where_it_can(
    everybody: list[Person], contacts: list[Contact], planned: list[Date]
) -> None:
    found = count(everybody, contacts, planned)
    of_weeks = [w.blocks for w in found.weeks]
    for blocks in (found.blocks, *(b for _, b in found.kinds), *of_weeks):
        parts = (blocks.kept or 0, blocks.open, blocks.displaced, blocks.deleted, blocks.to_come)
        assert min(parts) >= 0
        assert blocks.planned == sum(parts)
        assert blocks.displaced == sum(number for _, number in blocks.displaced_by)
        assert blocks.moved == sum(number for _, number in blocks.moved_by)
    assert found.blocks.planned == sum(b.planned for b in of_weeks) == sum(b.planned for _, b in found.kinds)
    assert found.blocks.planned == sum(1 for d in planned if START <= d.home <= nov(29))
    assert (found.blocks.kept or 0) == sum(b.kept or 0 for b in of_weeks)
    assert found.reached <= found.people == len(everybody)
    assert found.spread.talks == sum(w.talks for w in found.weeks)
    assert 0 <= found.spread.to_others <= found.spread.talks
    assert found.gaps.within_ideal + found.gaps.within_max + found.gaps.past_max == found.people


@given(people, talks, dates, st.randoms(use_true_random=False))
def test_the_order_of_people_and_talks_makes_no_difference(everybody, contacts, planned, chance) -> None:  # type: ignore[no-untyped-def]
    mixed = [list(everybody), list(contacts)]
    for values in mixed:
        chance.shuffle(values)
    assert count(mixed[0], mixed[1], planned) == count(everybody, contacts, planned)


@given(people, talks, dates)
def test_no_figure_holds_a_name_or_one_row_for_each_person(
    everybody: list[Person], contacts: list[Contact], planned: list[Date]
) -> None:
    renamed = [Person(f"Qq{p.name}", p.ideal_days, p.max_days) for p in everybody]
    others = [Contact(f"Qq{c.person}", c.at, c.kind) for c in contacts]
    theirs = [
        Date(d.kind, d.home, d.start, d.end, d.what, d.cause, tuple(f"Qq{name}" for name in d.people)) for d in planned
    ]
    found = count(renamed, others, theirs)
    assert "Qq" not in repr(found)
    assert found == count(everybody, contacts, planned)
