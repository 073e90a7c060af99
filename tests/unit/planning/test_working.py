"""Working time follows the wall clock of the leader's zone, whatever that clock does."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.model import Span
from calsync.planning.working import working_days, working_spans

ZONES = {
    name: ZoneInfo(name)
    for name in (
        "Europe/London",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "America/Sao_Paulo",
        "Africa/Casablanca",
        "Pacific/Apia",
        "Europe/Dublin",
    )
}
OFFICE = ((time(9), time(12, 30)), (time(13, 15), time(17, 30)))


def hours(text: str) -> dict[int, tuple[tuple[time, time], ...]]:
    """The same stretches on every day of the week."""
    stretches = tuple(
        (time.fromisoformat(a), time.fromisoformat(b)) for a, b in (part.split("-") for part in text.split())
    )
    return dict.fromkeys(range(7), stretches)


def utc(spans: tuple[Span, ...]) -> list[str]:
    return [f"{span.start.astimezone(UTC):%H:%M:%S}-{span.end.astimezone(UTC):%H:%M:%S}" for span in spans]


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        ("Europe/London", date(2026, 1, 5), ["09:00:00-12:30:00", "13:15:00-17:30:00"]),
        ("Europe/London", date(2026, 7, 6), ["08:00:00-11:30:00", "12:15:00-16:30:00"]),
        ("America/New_York", date(2026, 1, 5), ["14:00:00-17:30:00", "18:15:00-22:30:00"]),
        ("Australia/Lord_Howe", date(2026, 1, 5), ["22:00:00-01:30:00", "02:15:00-06:30:00"]),
        ("Australia/Lord_Howe", date(2026, 7, 6), ["22:30:00-02:00:00", "02:45:00-07:00:00"]),
        ("Asia/Kathmandu", date(2026, 1, 5), ["03:15:00-06:45:00", "07:30:00-11:45:00"]),
        ("America/Sao_Paulo", date(2026, 1, 5), ["12:00:00-15:30:00", "16:15:00-20:30:00"]),
        # Morocco's clocks go back an hour for Ramadan, 2026-02-15 to 2026-03-22.
        ("Africa/Casablanca", date(2026, 1, 5), ["08:00:00-11:30:00", "12:15:00-16:30:00"]),
        ("Africa/Casablanca", date(2026, 3, 2), ["09:00:00-12:30:00", "13:15:00-17:30:00"]),
    ],
)
def test_hours_are_those_of_the_wall_clock_of_the_day(zone: str, day: date, expected: list[str]) -> None:
    assert utc(working_spans(day, {0: OFFICE}, ZONES[zone], ())) == expected


@pytest.mark.parametrize(
    ("zone", "day", "worked", "expected"),
    [
        # London jumps from 01:00 to 02:00 (01:00 UTC).
        ("Europe/London", date(2026, 3, 29), "01:15-01:45", []),
        ("Europe/London", date(2026, 3, 29), "01:00-02:00", []),
        ("Europe/London", date(2026, 3, 29), "00:00-01:30", ["00:00:00-01:00:00"]),
        ("Europe/London", date(2026, 3, 29), "01:30-03:00", ["01:00:00-02:00:00"]),
        ("Europe/London", date(2026, 3, 29), "00:30-03:00", ["00:30:00-02:00:00"]),
        ("Europe/London", date(2026, 3, 29), "00:30-01:20 01:40-03:00", ["00:30:00-01:00:00", "01:00:00-02:00:00"]),
        # London's 01:00 to 02:00 comes twice, from 00:00 UTC and from 01:00 UTC: the first counts.
        ("Europe/London", date(2026, 10, 25), "01:00-01:30", ["00:00:00-00:30:00"]),
        ("Europe/London", date(2026, 10, 25), "01:30-02:30", ["00:30:00-02:30:00"]),
        # New York jumps from 02:00 to 03:00 (07:00 UTC).
        ("America/New_York", date(2026, 3, 8), "01:30-02:30", ["06:30:00-07:00:00"]),
        # Lord Howe jumps by half an hour, from 02:00 to 02:30 (15:30 UTC of the day before).
        ("Australia/Lord_Howe", date(2026, 10, 4), "02:05-02:25", []),
        (
            "Australia/Lord_Howe",
            date(2026, 10, 4),
            "01:30-02:15 02:15-03:00",
            ["15:00:00-15:30:00", "15:30:00-16:00:00"],
        ),
        ("Australia/Lord_Howe", date(2026, 4, 5), "01:30-02:00", ["14:30:00-15:30:00"]),
        # São Paulo jumped over midnight (00:00 to 01:00, 03:00 UTC) until 2018.
        ("America/Sao_Paulo", date(2018, 11, 4), "00:00-00:30", []),
        ("America/Sao_Paulo", date(2018, 11, 4), "00:00-02:00", ["03:00:00-04:00:00"]),
        # Casablanca goes forward after Ramadan, from 02:00 to 03:00 (02:00 UTC).
        ("Africa/Casablanca", date(2026, 3, 22), "02:10-02:50", []),
        ("Africa/Casablanca", date(2026, 3, 22), "01:00-02:30", ["01:00:00-02:00:00"]),
        # Apia had no 2011-12-30 at all.
        ("Pacific/Apia", date(2011, 12, 30), "00:00-23:59", []),
        ("Pacific/Apia", date(2011, 12, 31), "09:00-10:00", ["19:00:00-20:00:00"]),
        # Dublin's winter time is the one with the negative saving.
        ("Europe/Dublin", date(2026, 3, 29), "00:30-01:30", ["00:30:00-01:00:00"]),
    ],
)
def test_hours_that_the_clock_jumps_over_are_not_worked(zone: str, day: date, worked: str, expected: list[str]) -> None:
    assert utc(working_spans(day, hours(worked), ZONES[zone], ())) == expected


def test_a_holiday_and_a_day_without_hours_have_no_working_time() -> None:
    zone = ZONES["Europe/London"]
    assert working_spans(date(2026, 12, 25), {4: OFFICE}, zone, {date(2026, 12, 25)}) == ()
    assert working_spans(date(2026, 12, 26), {4: OFFICE}, zone, ()) == ()


def test_days_with_working_time_are_listed_in_order_and_others_left_out() -> None:
    zone = ZONES["Asia/Kathmandu"]
    days = working_days(date(2026, 12, 21), date(2026, 12, 29), {0: OFFICE, 4: OFFICE}, zone, {date(2026, 12, 25)})
    assert list(days) == [date(2026, 12, 21), date(2026, 12, 28)]
    assert days[date(2026, 12, 21)] == working_spans(date(2026, 12, 21), {0: OFFICE}, zone, ())
    assert working_days(date(2026, 12, 21), date(2026, 12, 21), {0: OFFICE}, zone, ()) == {}


MINUTES = st.lists(st.integers(0, 23 * 60 + 59), min_size=2, max_size=6, unique=True).map(sorted)


@given(st.sampled_from(sorted(ZONES)), st.dates(date(2005, 1, 1), date(2036, 12, 31)), MINUTES)
def test_spans_are_ordered_apart_and_begin_and_end_at_their_hours_or_at_a_jump(
    name: str, day: date, minutes: list[int]
) -> None:
    zone = ZONES[name]
    clock = [time(m // 60, m % 60) for m in minutes]
    pairs = tuple(zip(clock[::2], clock[1::2], strict=False))
    spans = working_spans(day, dict.fromkeys(range(7), pairs), zone, ())
    assert all(a.end <= b.start for a, b in pairwise(spans))
    allowed = {datetime.combine(day, edge) for pair in pairs for edge in pair}
    for span in spans:
        assert span.start.tzinfo is zone
        for edge in (span.start, span.end):
            before = (edge.astimezone(UTC) - timedelta(seconds=1)).astimezone(zone)
            assert edge.replace(tzinfo=None, fold=0) in allowed or before.utcoffset() != edge.utcoffset()
    # On a day without a change of the clock every stretch is there, at its full length.
    begin, end = (datetime.combine(day + timedelta(n), time(), zone) for n in (0, 1))
    if begin.utcoffset() == end.utcoffset() == datetime.combine(day, time(12), zone).utcoffset():
        expected = [datetime.combine(day, b) - datetime.combine(day, a) for a, b in pairs]
        assert [span.length for span in spans] == expected
