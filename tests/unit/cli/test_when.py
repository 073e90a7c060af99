"""Instants, days and gaps as people type them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.cli.when import parse_coming_day, parse_day, parse_due, parse_gap, parse_instant
from calsync.errors import UsageError
from calsync.people.promises import DAY_ENDS

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


NOW = datetime(2026, 11, 25, 9, 30, tzinfo=ZoneInfo("Europe/Berlin"))  # a Wednesday
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Pacific/Kiritimati",
]
INSTANTS = st.builds(
    lambda seconds, name: datetime.fromtimestamp(seconds, ZoneInfo(name)),
    st.integers(1_577_836_800, 2_208_988_800),  # from 2020 to 2040
    st.sampled_from(ZONES),
)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("fri", "2026-11-27 23:59"),
        ("by friday", "2026-11-27 23:59"),
        ("next friday", "2026-11-27 23:59"),
        ("Wednesday", "2026-12-02 23:59"),
        ("wed 14:00", "2026-12-02 14:00"),
        ("fri 14:00", "2026-11-27 14:00"),
        ("Friday at 2pm", "2026-11-27 14:00"),
        ("today", "2026-11-25 23:59"),
        ("tomorrow", "2026-11-26 23:59"),
        ("tomorrow at noon", "2026-11-26 12:00"),
        ("14:00", "2026-11-25 14:00"),
        ("next week", "2026-11-30 23:59"),
        ("2w", "2026-12-09 23:59"),
        ("in 2 weeks", "2026-12-09 23:59"),
        ("in a month", "2026-12-25 23:59"),
        ("in 10 days", "2026-12-05 23:59"),
        ("in 90 minutes", "2026-11-25 11:00"),
        ("end of month", "2026-11-30 23:59"),
        ("3 Dec", "2026-12-03 23:59"),
        ("Dec 3rd", "2026-12-03 23:59"),
        ("Thu 3 Dec", "2026-12-03 23:59"),
        ("3 December 2027", "2027-12-03 23:59"),
        ("1 Mar", "2027-03-01 23:59"),
        ("29 Feb", "2028-02-29 23:59"),
        ("25 nov", "2026-11-25 23:59"),
        ("25 nov 18:00", "2026-11-25 18:00"),
        ("2026-12-04", "2026-12-04 23:59"),
        ("2026-12-04 14:00", "2026-12-04 14:00"),
        ("2026-12-04T14:00", "2026-12-04 14:00"),
        ("2026-12-04T14:00Z", "2026-12-04 15:00"),
        ("2026-12-04T14:00-05:00", "2026-12-04 20:00"),
    ],
)
def test_what_something_is_due_by_is_understood_in_plain_words(text: str, due: str) -> None:
    found = parse_due(text, NOW)
    assert f"{found:%Y-%m-%d %H:%M}" == due
    assert found.tzinfo == NOW.tzinfo


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "12", "0", "2027", "soon", "may", "may be", "two", "second", "dec", "may 2027", "next month", "eod"),
        *(
            "3.12.",
            "3/12",
            "03-12-2026",
            "12/3/2026",
            "2026/12/04",
            "17h",
            "fri 17h",
            "3 m",
            "midnight",
            "fri midnight",
        ),
        *("31 Nov", "2026-02-30", "2026-W50", "2026-12", "fri 25:00", "fri fri", "mon-fri", "friday or monday"),
        *("fri 14:00 est", "next week 14:00", "٣ dec", "fri " * 20, "vendredi", "in 1e9 days"),
    ],
)
def test_what_has_several_meanings_or_none_is_refused_and_never_guessed(text: str) -> None:
    with pytest.raises(UsageError, match="is no day or hour") as refusal:
        parse_due(text, NOW)
    assert refusal.value.next_step == "write it as fri, fri 14:00, in 2 weeks, 3 Dec or 2026-12-03"


@pytest.mark.parametrize(
    ("text", "what", "to_do"),
    [
        ("yesterday", "'yesterday' is over", "give a later day or hour"),
        ("2026-11-24", "'2026-11-24' is over", "give a later day or hour"),
        ("2 weeks ago", "'2 weeks ago' is over", "give a later day or hour"),
        ("today 08:00", "'today 08:00' is over", "give a later day or hour"),
        ("2026-11-25T09:30+01:00", "'2026-11-25T09:30+01:00' is over", "give a later day or hour"),
        ("3 nov", "'3 nov' is over", "if you mean next year, write 2027-11-03"),
        ("in 20 years", "'in 20 years' is more than ten years ahead", "check the year"),
        ("2062-12-04", "'2062-12-04' is more than ten years ahead", "check the year"),
        ("Fri 5 Dec", "'Fri 5 Dec' has a weekday that is not the date's", "5 Dec 2026 is a Saturday: give one of both"),
    ],
)
def test_a_day_that_cannot_be_meant_is_refused_with_the_reason(text: str, what: str, to_do: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_due(text, NOW)
    assert (refusal.value.what, refusal.value.next_step) == (what, to_do)


@given(now=INSTANTS, days=st.integers(1, 300))
def test_every_way_to_name_a_day_means_that_day_to_its_end_in_the_leaders_zone(now: datetime, days: int) -> None:
    day = now.date() + timedelta(days)
    for text in (f"{days}d", f"in {days} days", day.isoformat(), f"{day.day} {day:%b}", f"{day:%a} {day.day} {day:%B}"):
        due = parse_due(text, now)
        assert (due.date(), due.time(), due.tzinfo) == (day, DAY_ENDS, now.tzinfo), text


@given(now=INSTANTS, number=st.integers(0, 6), hour=st.integers(0, 23))
def test_a_weekday_with_an_hour_is_the_next_one_after_today_in_every_zone(
    now: datetime, number: int, hour: int
) -> None:
    name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[number]
    due = parse_due(f"{name} {hour:02}:00", now)
    assert due > now
    assert due.date() == parse_day(name, now.date())
    gap = due.astimezone(UTC).astimezone(now.tzinfo) - timedelta(hours=3)
    assert due.hour == hour or due.utcoffset() != gap.utcoffset()  # the clocks go forward over that hour


PIECES = re.findall(
    r"\S+", "fri next in 2 3 14:00 9am weeks days month dec may 31 30 29 of the end tomorrow last ago year 2026 at noon"
)
WORDS = st.lists(st.sampled_from(PIECES), max_size=5).map(" ".join)


@given(now=INSTANTS, text=st.one_of(WORDS, st.text(max_size=12)))
def test_whatever_is_typed_what_is_understood_lies_ahead_within_ten_years(now: datetime, text: str) -> None:
    with suppress(UsageError):
        due = parse_due(text, now)
        assert now < due <= now + timedelta(3660)
        assert due.tzinfo == now.tzinfo


# ---- a day of something to come ----


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("fri", date(2026, 11, 27)),
        ("2w", date(2026, 12, 9)),
        ("in 2 weeks", date(2026, 12, 9)),
        ("3 Dec", date(2026, 12, 3)),
        ("Thu 3 Dec", date(2026, 12, 3)),
        ("end of month", date(2026, 11, 30)),
        ("2027-02-01", date(2027, 2, 1)),
        ("2020-01-01", date(2020, 1, 1)),
    ],
)
def test_a_day_to_come_may_be_said_in_the_words_of_a_promise(text: str, day: date) -> None:
    assert parse_coming_day(text, NOW) == day


@pytest.mark.parametrize(
    ("text", "what", "to_do"),
    [
        ("someday", "'someday' is no day", "write it as fri, in 2 weeks, 3 Dec or 2026-12-03"),
        ("3.12.", "'3.12.' is no day", "write it as fri, in 2 weeks, 3 Dec or 2026-12-03"),
        ("fri 14:00", "'fri 14:00' has an hour", "give the day alone: 2026-11-27"),
        ("Fri 3 Dec", "a weekday that is not the date's", "3 Dec 2026 is a Thursday"),
        ("", "'' is no day", "write it as"),
    ],
)
def test_a_day_to_come_has_no_hour_and_one_meaning(text: str, what: str, to_do: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_coming_day(text, NOW)
    assert what in refusal.value.what
    assert refusal.value.next_step.startswith(to_do)
