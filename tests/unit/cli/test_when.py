"""Instants, days and gaps as people type them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.cli.when import parse_day, parse_gap, parse_instant
from calsync.errors import UsageError

TODAY = date(2026, 11, 11)  # a Wednesday
DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-20", date(2026, 11, 20)),
        ("20261120", date(2026, 11, 20)),
        ("today", TODAY),
        ("Tomorrow", date(2026, 11, 12)),
        ("yesterday", date(2026, 11, 10)),
        ("10d", date(2026, 11, 21)),
        ("2w", date(2026, 11, 25)),
        ("2 weeks", date(2026, 11, 25)),
        ("1 day", date(2026, 11, 12)),
        ("fri", date(2026, 11, 13)),
        ("next fri", date(2026, 11, 13)),
        ("Wednesday", date(2026, 11, 18)),
        ("thurs", date(2026, 11, 12)),
        ("mon", date(2026, 11, 16)),
        ("next week", date(2026, 11, 16)),
    ],
)
def test_a_day_in_plain_words_is_understood(text: str, day: date) -> None:
    assert parse_day(text, TODAY) == day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("fri", date(2026, 11, 6)),
        ("last fri", date(2026, 11, 6)),
        ("Wednesday", TODAY),
        ("tue", date(2026, 11, 10)),
        ("3d", date(2026, 11, 8)),
        ("2 weeks", date(2026, 10, 28)),
        ("yesterday", date(2026, 11, 10)),
        ("2026-11-20", date(2026, 11, 20)),
    ],
)
def test_of_what_has_been_a_weekday_is_the_last_one_and_a_gap_lies_behind(text: str, day: date) -> None:
    assert parse_day(text, TODAY, past=True) == day


@pytest.mark.parametrize(
    "text", ["", "next", "xx", "fr", "fridayish", "2026-02-30", "0d", "10", "9999w", "11/12/2026", "-3d"]
)
def test_what_is_no_day_is_refused_with_the_text_and_an_example(text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_day(text, TODAY)
    assert repr(text) in refusal.value.what
    assert refusal.value.next_step.startswith("write it as ")


@given(today=DAYS, number=st.integers(0, 6))
def test_a_weekday_is_always_the_next_one_after_today(today: date, number: int) -> None:
    name = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")[number]
    day = parse_day(name, today)
    assert day.weekday() == number
    assert timedelta(1) <= day - today <= timedelta(7)
    assert parse_day(name[:3], today) == day


@given(today=DAYS, days=st.integers(1, 3660))
def test_days_ahead_are_days_ahead(today: date, days: int) -> None:
    assert parse_day(f"{days}d", today) == today + timedelta(days)
    assert parse_gap(f"{days}d") == parse_gap(str(days)) == days


OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.builds(datetime.combine, st.dates(date(1971, 1, 1), date(2200, 12, 31)), st.times(), tzinfo=OFFSETS))
def test_every_instant_that_isoformat_writes_is_read_back(instant: datetime) -> None:
    read = parse_instant(instant.isoformat())
    assert read == instant
    assert read.utcoffset() == instant.utcoffset()


def test_z_is_utc() -> None:
    assert parse_instant("2026-11-09T05:00:00Z") == datetime(2026, 11, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-09T05:00", "2026-11-09", "now", "", "2026-11-09T25:00Z"])
def test_an_instant_without_an_offset_or_sense_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_instant(text)
    assert refusal.value.next_step == "write it as 2026-11-09T05:00+01:00"


@given(st.text(max_size=12))
def test_no_text_makes_the_parsers_fail_otherwise(text: str) -> None:
    for parse in (lambda: parse_day(text, TODAY), lambda: parse_gap(text), lambda: parse_instant(text)):
        with suppress(UsageError):
            parse()


@pytest.mark.parametrize("year", ["0001", "1970", "2201", "9999"])
def test_a_year_that_nobody_means_is_refused_with_the_years_that_are_taken(year: str) -> None:
    for parse in (lambda: parse_day(f"{year}-12-31", TODAY), lambda: parse_instant(f"{year}-01-01T00:00:00+00:00")):
        with pytest.raises(UsageError, match="is not in the years 1971 to 2200"):
            parse()


def test_the_first_and_the_last_year_are_taken() -> None:
    assert parse_day("1971-01-01", TODAY) == date(1971, 1, 1)
    assert parse_day("2200-12-31", TODAY) == date(2200, 12, 31)
