"""Two records of one person: what the second adds, and that nothing of the first is ever lost or overwritten."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.model import Person
from calsync.people.merging import gain_of, joined, known_as
from calsync.people.workweek import days_and_hours, split_week, week_text

DAY = ((time(9), time(12)), (time(13), time(17)))
ANA = Person("Ana Sousa", 14, 28, ("ana@example.com",), "Europe/Lisbon", ("report",), "call")
OTHER = Person(
    "A. Sousa",
    7,
    9,
    ("ana@example.org", "ana@example.com"),
    "Europe/Paris",
    ("REPORT", "peer"),
    "chat",
    {0: DAY},
    frozenset({date(2027, 1, 1)}),
    "private",
    "PT",
    "Aninha",
)


def test_addresses_and_tags_are_added_and_only_what_is_empty_is_filled() -> None:
    assert joined(ANA, OTHER) == Person(
        "Ana Sousa",
        14,
        28,
        ("ana@example.com", "ana@example.org"),
        "Europe/Lisbon",
        ("report", "peer"),
        "call",
        {0: DAY},
        frozenset({date(2027, 1, 1)}),
        "private",
        "PT",
        "Aninha",
    )


def test_what_would_be_added_is_said_in_words() -> None:
    assert str(gain_of(ANA, OTHER)) == (
        "Ana Sousa: would add ana@example.org, the tag peer, the working hours mon 09:00-12:00, 13:00-17:00, "
        "the holidays of PT, private thanks and the call name Aninha"
    )
    assert str(gain_of(Person("Bo", 1, 2), ANA)) == (
        "Bo: would add ana@example.com, the tag report, the time zone Europe/Lisbon and the channel call"
    )
    assert str(gain_of(Person("Bo", 1, 2), Person("Bo", 1, 2, ("bo@example.com",)))) == "Bo: would add bo@example.com"


def test_a_record_without_anything_new_adds_nothing() -> None:
    assert gain_of(ANA, ANA) is None
    assert gain_of(ANA, Person("ana", 99, 100, ("ana@example.com",), "Asia/Tokyo", ("Report",), "visit")) is None


@pytest.mark.parametrize(
    ("name", "addresses", "known"),
    [
        ("ANA sousa", (), ["Ana Sousa"]),
        ("Somebody", ("ANA@example.com",), ["Ana Sousa"]),
        ("Bo Berg", ("ana@example.com",), ["Ana Sousa", "Bo Berg"]),
        ("Ana Sousa", ("bo@example.com",), ["Bo Berg", "Ana Sousa"]),
        ("Ana", ("a@example.com",), []),
    ],
)
def test_somebody_is_known_by_an_address_or_by_the_whole_name(
    name: str, addresses: tuple[str, ...], known: list[str]
) -> None:
    people = [ANA, Person("Bo Berg", 1, 2, ("bo@example.com",))]
    assert [person.name for person in known_as(people, name, addresses)] == known


persons = st.builds(
    Person,
    st.sampled_from(["Ana", "Bo"]),
    st.integers(1, 5),
    st.integers(5, 9),
    st.lists(st.sampled_from(["a@x.example", "b@x.example", "c@x.example"]), unique=True).map(tuple),
    st.sampled_from(["", "Europe/Lisbon", "Europe/Paris"]),
    st.lists(st.sampled_from(["report", "peer", "Peer"]), unique_by=str.lower).map(tuple),
    st.sampled_from(["", "call", "chat"]),
    st.sampled_from([None, {0: DAY}, {4: DAY}]),
    thanks=st.sampled_from(["", "public", "private"]),
    holidays=st.sampled_from(["", "PT", "FR"]),
    call_name=st.sampled_from(["", "A", "B"]),
)


@given(persons, persons)
def test_whatever_stands_stays_and_joining_twice_adds_no_more(first: Person, second: Person) -> None:
    both = joined(first, second)
    for field in fields(Person):
        before, after = getattr(first, field.name), getattr(both, field.name)
        if isinstance(before, tuple):
            assert after[: len(before)] == before
        elif before:
            assert after == before
    assert set(second.addresses) <= set(both.addresses)
    assert joined(both, second) == both
    assert joined(first, first) == first
    assert (gain_of(first, second) is None) == (both == first)


weeks = st.dictionaries(
    st.integers(0, 6), st.sampled_from([DAY, ((time(9), time(17)),), ((time(0), time(23, 59)),)]), min_size=1
)


@given(weeks)
def test_a_week_on_one_line_is_read_back(week: dict[int, tuple[tuple[time, time], ...]]) -> None:
    assert split_week(week_text(week)) == days_and_hours(week)


def test_days_in_a_row_with_the_same_hours_stand_together() -> None:
    late = ((time(14), time(20)),)
    assert week_text({0: DAY, 1: DAY, 2: late, 4: DAY, 6: DAY}) == (
        "mon-tue 09:00-12:00, 13:00-17:00; wed 14:00-20:00; fri 09:00-12:00, 13:00-17:00; sun 09:00-12:00, 13:00-17:00"
    )
    assert week_text({}) == ""


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("Mon - Thu 09:00-17:00", {"mon-thu": "09:00-17:00"}),
        ("mon, wed: 09:00-12:00, 13:00-14:00;", {"mon,wed": "09:00-12:00, 13:00-14:00"}),
        (" ", {}),
    ],
)
def test_a_week_may_be_written_loosely(text: str, week: dict[str, str]) -> None:
    assert split_week(text) == week


@pytest.mark.parametrize("text", ["09:00-17:00", "mon 09:00-10:00; mon 11:00-12:00", "monday"])
def test_a_week_without_days_or_with_one_twice_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected days with their hours"):
        split_week(text)
