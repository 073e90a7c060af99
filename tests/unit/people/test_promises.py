"""What a promise is: late, overdue, told in words, brought back in the brief, and counted."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.people.promises import (
    Account,
    Promise,
    PromiseState,
    account,
    due_words,
    openings,
    overdue_words,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 27, 18, tzinfo=BERLIN)  # a Friday
DAYS = st.integers(-60, 60)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}" if "T" in text else f"{text}T12:00").replace(tzinfo=BERLIN)


def promise(made: str, due: str, state: str = "open", closed: str | None = None, text: str = "the book") -> Promise:
    return Promise(1, "Ana Sousa", text, at(made), at(due), 30, PromiseState(state), at(closed) if closed else None)


def test_instants_without_a_zone_and_minutes_that_none_has_are_refused() -> None:
    bare = datetime(2026, 11, 27, 18)  # noqa: DTZ001 - it is what is refused
    for wrong in ({"due": bare}, {"made_at": bare}, {"closed_at": bare}, {"minutes": 0}, {"minutes": 481}):
        with pytest.raises(ValueError, match=r"aware|offset|minutes"):
            Promise(**{"id": 1, "person": "Ana", "text": "", "made_at": NOW, "due": NOW, "minutes": 30, **wrong})


def test_the_due_instant_itself_is_in_time_and_not_yet_over() -> None:
    one = promise("2026-11-01", "2026-11-10", "kept", "2026-11-10")
    assert not one.is_late
    assert promise("2026-11-01", "2026-11-10", "kept", "2026-11-10T12:01").is_late
    assert not promise("2026-11-01", "2026-11-10", "dropped", "2026-11-12").is_late
    waiting = promise("2026-11-01", "2026-11-10")
    assert not waiting.is_overdue(waiting.due)
    assert waiting.is_overdue(waiting.due + timedelta(seconds=1))
    assert not one.is_overdue(NOW)


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ("2026-11-27T23:59", "today"),
        ("2026-11-27T19:00", "today 19:00"),
        ("2026-11-28T23:59", "tomorrow"),
        ("2026-12-04T23:59", "Fri 4 Dec"),
        ("2026-12-04T14:00", "Fri 4 Dec 14:00"),
        ("2027-01-04T23:59", "Mon 4 Jan 2027"),
        ("2026-11-20T23:59", "Fri 20 Nov"),
    ],
)
def test_when_it_is_due_is_said_as_people_say_it(due: str, words: str) -> None:
    assert due_words(at(due), NOW, BERLIN) == words


@pytest.mark.parametrize(
    ("due", "words"),
    [
        ("2026-11-27T17:00", "overdue since 17:00"),
        ("2026-11-26T23:59", "overdue by 1 day"),
        ("2026-11-20T14:00", "overdue by 7 days"),
    ],
)
def test_what_is_overdue_is_said_plainly(due: str, words: str) -> None:
    assert overdue_words(at(due), NOW, BERLIN) == words


def test_the_brief_has_what_they_wait_for_first_due_first_then_what_was_kept_since_the_last_talk() -> None:
    promises = [
        promise("2026-11-01", "2026-12-04T23:59", text="intro to Bo"),
        promise("2026-11-01", "2026-11-24T23:59", text="the slides"),
        promise("2026-11-01", "2026-11-20", "kept", "2026-11-19", text="the book"),
        promise("2026-11-01", "2026-11-20", "kept", "2026-11-05", text="told long ago"),
        promise("2026-11-01", "2026-11-20", "dropped", "2026-11-19", text="never mind"),
        promise("2026-11-01", "2026-11-30", text=""),
    ]
    assert openings(promises, at("2026-11-10"), NOW, BERLIN) == (
        "the slides, overdue by 3 days (it was due Tue 24 Nov)",
        "something whose words cannot be read, by Mon 30 Nov 12:00",
        "intro to Bo, by Fri 4 Dec",
        "done on Thu 19 Nov: the book. Tell them so, and ask whether it was of use",
    )
    after = openings(promises, at("2026-11-20"), NOW, BERLIN)
    assert not any(line.startswith("kept on") for line in after)
    assert any("told long ago" in line for line in openings(promises, None, NOW, BERLIN))


def test_the_account_equals_one_that_was_worked_out_by_hand() -> None:
    promises = [
        promise("2026-10-01", "2026-10-15", "kept", "2026-10-14"),  # before the period: nothing
        promise("2026-10-20", "2026-11-03", "kept", "2026-11-03"),  # kept in time
        promise("2026-11-01T23:59", "2026-11-05", "kept", "2026-11-05"),  # kept in time, made on the day before
        promise("2026-11-02T00:00", "2026-11-10", "kept", "2026-11-12"),  # made, kept late
        promise("2026-11-05", "2026-11-20", "dropped", "2026-11-18"),  # made, dropped
        promise("2026-11-05", "2026-11-20", "dropped", "2026-11-05T23:00"),  # a slip: nothing
        promise("2026-10-10", "2026-10-20"),  # overdue, for long
        promise("2026-11-20", "2026-11-27T17:59"),  # made, overdue
        promise("2026-11-20", "2026-11-27T18:00"),  # made, open: due this very instant
        promise("2026-11-26", "2026-11-30"),  # made, open
    ]
    found = account(promises, date(2026, 11, 2), NOW, BERLIN)
    assert found == Account(made=5, kept_in_time=2, kept_late=1, dropped=1, open=2, overdue=2)
    assert (found.settled, found.rate) == (6, 0.333)


def test_where_nothing_was_settled_there_is_no_rate() -> None:
    assert Account().rate is None
    assert account([promise("2026-11-26", "2026-11-30")], date(2026, 11, 2), NOW, BERLIN).rate is None


PROMISES = st.builds(
    lambda made, due, closed, state: Promise(
        1,
        "Ana Sousa",
        "x",
        NOW - timedelta(made),
        NOW + timedelta(due),
        30,
        state,
        None if state is PromiseState.OPEN else NOW - timedelta(closed),
    ),
    st.integers(0, 100),
    DAYS,
    st.integers(0, 100),
    st.sampled_from(PromiseState),
)


@given(st.lists(PROMISES, max_size=12), st.integers(0, 60), st.randoms())
def test_the_account_counts_each_promise_at_most_once_in_any_order_and_the_rate_is_a_part(promises, back, chance):
    start = NOW.date() - timedelta(back)
    found = account(promises, start, NOW, BERLIN)
    assert found.settled + found.open <= len(promises)
    assert found.rate is None or 0 <= found.rate <= 1
    shuffled = list(promises)
    chance.shuffle(shuffled)
    assert account(shuffled, start, NOW.astimezone(UTC), BERLIN) == found
