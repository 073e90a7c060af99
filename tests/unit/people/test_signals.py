"""Idea 10: when something may be off, from the leader's own notes only, and every law of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.model import Person
from calsync.people.contacts import Contact, ContactKind
from calsync.people.signals import DECLINED, LOW, SILENCE, Flag, flags
from calsync.people.talks import Talk, open_thread

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 12, tzinfo=BERLIN)
ANA = Person("Ana Sousa", 14, 28)


def felt(*feels: int | None, person: str = "Ana Sousa", last: datetime = NOW) -> list[Talk]:
    """Talks a week apart, the last one at `last`."""
    start = last - timedelta(weeks=len(feels) - 1)
    return [Talk(person, start + timedelta(weeks=i), feel) for i, feel in enumerate(feels)]


def at_days(*ago: int, kind: ContactKind = ContactKind.PERSONAL, person: str = "Ana Sousa") -> list[Contact]:
    return [Contact(person, NOW - timedelta(days), kind) for days in ago]


def raised(
    talks: Sequence[Talk] = (), contacts: Sequence[Contact] = (), now: datetime = NOW, person: Person = ANA
) -> list[Flag]:
    return flags(person, talks, contacts, now, BERLIN)


def kinds(
    talks: Sequence[Talk] = (), contacts: Sequence[Contact] = (), now: datetime = NOW, person: Person = ANA
) -> list[str]:
    return [flag.kind for flag in raised(talks, contacts, now, person)]


@pytest.mark.parametrize(
    ("feels", "flagged"),
    [
        ((4, 4, 5, 4, 2), True),
        ((2, 2, 2, 2, 2), False),
        ((4, 4, 2), False),
        ((5, 5, 1), False),
        ((4, 4, 4, 2), True),
        ((4, 4, 4, 3), False),
        ((4, 3, 4, 3, 2), False),
        ((4, 4, 5, 4, 2, 4), False),
        ((5, 1, 1, 1, 1), False),
        ((1, 5, 5, 5, 3), True),
        ((4, None, 4, 5, None, 4, 2), True),
        ((4, None, None, 4, 2), False),
        ((4, 4, 5, 4, 2, None), True),
    ],
)
def test_a_drop_of_two_below_the_own_median_flags_and_nothing_else_does(
    feels: tuple[int | None, ...], flagged: bool
) -> None:
    assert kinds(felt(*feels)) == ([LOW] if flagged else [])


def test_a_low_flag_names_the_days_and_what_was_logged_and_begins_tentatively() -> None:
    (flag,) = raised(felt(4, 4, 5, 4, 2))
    assert flag.text == "Your last talk felt like 2 to you, and 4 is usual with them."
    assert flag.entries == (
        "Fri 30 Oct 2026: feel 4",
        "Fri 6 Nov 2026: feel 5",
        "Fri 13 Nov 2026: feel 4",
        "Fri 20 Nov 2026: feel 2",
    )
    assert "may well be wrong" in flag.opening
    assert "own words" in flag.opening


def test_what_was_noted_of_somebody_else_is_no_matter() -> None:
    others = felt(1, 1, 1, 1, person="Bo")
    assert kinds(felt(4, 4, 5, 4, 2) + others) == [LOW]
    assert kinds([*felt(4, 4, 2), *felt(4, 4, 4, person="Ana Sousa Lima")]) == []


def test_a_name_in_another_spelling_is_the_same_person() -> None:
    assert kinds(felt(4, 4, 5, 4, 2, person="ana  SOUSA")) == [LOW]


@pytest.mark.parametrize(
    ("ago", "flagged"),
    [
        ((61, 51, 41, 31), True),  # every 10 days, then 31
        ((51, 41, 31, 20), False),  # twice the median is not yet long
        ((52, 42, 32, 22), True),
        ((41, 31, 21), False),  # three talks say nothing of what is usual
        ((18, 15, 12, 9), False),  # every 3 days, then 9: still within the gap that is wished for
        ((24, 21, 18, 15), True),
    ],
)
def test_a_silence_longer_than_twice_the_own_median_gap_flags(ago: tuple[int, ...], flagged: bool) -> None:
    assert kinds(contacts=at_days(*ago)) == ([SILENCE] if flagged else [])


def test_a_silence_names_the_talks_and_both_figures() -> None:
    (flag,) = raised(contacts=at_days(61, 51, 41, 31))
    assert flag.text == "You last talked 31 days ago, and 10 days are usual with them."
    assert flag.entries[-1] == "Tue 20 Oct 2026: you talked"
    assert len(flag.entries) == 4


def test_skips_and_unanswered_calls_are_no_talks() -> None:
    tried = at_days(20, 10, 5, kind=ContactKind.NO_ANSWER) + at_days(3, kind=ContactKind.SKIP)
    assert kinds(contacts=at_days(61, 51, 41, 31) + tried) == [SILENCE]


def test_two_declined_calls_in_a_row_flag_and_a_talk_ends_it() -> None:
    declined = at_days(9, 2, kind=ContactKind.DECLINED)
    (flag,) = raised(contacts=declined)
    assert (flag.kind, flag.text) == (DECLINED, "They declined your last two calls.")
    assert flag.entries == ("Wed 11 Nov 2026: declined", "Wed 18 Nov 2026: declined")
    assert kinds(contacts=declined[:1]) == []
    assert kinds(contacts=declined + at_days(1)) == []
    assert kinds(contacts=declined + at_days(5)) == []
    assert kinds(contacts=declined + at_days(5, kind=ContactKind.NO_ANSWER)) == [DECLINED]


def test_what_is_still_to_come_counts_for_nothing() -> None:
    assert kinds(felt(4, 4, 5, 4, 2, last=NOW + timedelta(1))) == []


def test_no_flag_ever_says_what_is_wrong_with_somebody() -> None:
    every = raised(felt(4, 4, 5, 4, 2), at_days(91, 81, 71, 61) + at_days(9, 2, kind=ContactKind.DECLINED))
    assert [flag.kind for flag in every] == [LOW, SILENCE, DECLINED]
    for flag in every:
        words = f"{flag.text} {flag.opening}".lower()
        assert not any(word in words for word in ("depress", "burn", "ill ", "stress", "happy", "look", "diagnos"))
        assert "own words" in flag.opening


def test_the_newest_open_thread_leads_and_a_closed_one_never() -> None:
    old, new = Talk("Ana", NOW - timedelta(9), None, "", "the move", True), Talk("Ana", NOW, None, "", "school", True)
    closed = Talk("Ana", NOW, None, "", "school", False)
    assert open_thread([new, old]) is new
    assert open_thread([old, closed]) is old
    assert open_thread([closed]) is None
    assert open_thread([]) is None


def test_a_feel_that_there_is_not_is_refused() -> None:
    for feel in (0, 6, -1):
        with pytest.raises(ValueError, match="1 to 5"):
            Talk("Ana", NOW, feel)


feels = st.lists(st.integers(1, 5) | st.none(), max_size=9)
contact_days = st.lists(st.tuples(st.integers(0, 200), st.sampled_from(list(ContactKind))), max_size=12)


def logged(rows: list[tuple[int, ContactKind]]) -> list[Contact]:
    return [Contact("Ana Sousa", NOW - timedelta(days), kind) for days, kind in rows]


@given(feels, contact_days, st.randoms(use_true_random=False))
def test_the_order_of_entries_is_no_matter(
    marks: list[int | None], rows: list[tuple[int, ContactKind]], chance: object
) -> None:
    talks, contacts = felt(*marks), logged(rows)
    expected = raised(talks, contacts)
    chance.shuffle(talks)  # type: ignore[attr-defined]
    chance.shuffle(contacts)  # type: ignore[attr-defined]
    assert raised(talks, contacts) == expected


@given(feels, contact_days, st.integers(-400, 400))
def test_a_shift_in_time_changes_no_kind(
    marks: list[int | None], rows: list[tuple[int, ContactKind]], days: int
) -> None:
    by = timedelta(days)  # on the wall clock of the zone, so that days stay days
    talks = [Talk(t.person, t.at + by, t.feel) for t in felt(*marks)]
    contacts = [Contact(c.person, c.at + by, c.kind) for c in logged(rows)]
    assert kinds(talks, contacts, NOW + by) == kinds(felt(*marks), logged(rows))


@given(st.lists(st.integers(1, 5), min_size=1, max_size=9), st.integers(1, 5))
def test_a_lower_last_feel_never_takes_a_flag_away(marks: list[int], other: int) -> None:
    low, high = sorted((marks[-1], other))
    assert set(kinds(felt(*marks[:-1], high))) <= set(kinds(felt(*marks[:-1], low)))


@given(contact_days, st.integers(0, 300))
def test_a_longer_silence_never_takes_a_flag_away(rows: list[tuple[int, ContactKind]], days: int) -> None:
    contacts = logged(rows)
    assert set(kinds(contacts=contacts)) <= set(kinds(contacts=contacts, now=NOW + timedelta(days)))


@given(feels, contact_days)
def test_fewer_than_four_entries_never_flag_a_drop_or_a_silence(
    marks: list[int | None], rows: list[tuple[int, ContactKind]]
) -> None:
    found = kinds(felt(*marks), logged(rows))
    if sum(mark is not None for mark in marks) < 4:
        assert LOW not in found
    if sum(kind is ContactKind.PERSONAL for _, kind in rows) < 4:
        assert SILENCE not in found


def test_days_are_the_leaders_own() -> None:
    late = datetime(2026, 11, 10, 23, 30, tzinfo=UTC)  # the 11th in Berlin
    (flag,) = raised(contacts=[Contact("Ana Sousa", late, ContactKind.DECLINED)] * 2)
    assert flag.entries[0] == "Wed 11 Nov 2026: declined"
