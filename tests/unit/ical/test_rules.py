"""Recurrence: whatever is passed over, moved nearer or left out, the dates stay those of the plain libraries."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync.ical import lexical
from calsync.ical.read import expand_each
from calsync.model import Span
from tests.unit.ical.material import BERLIN, DAY, calendar, expand, plain, rows

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "UTC")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def _form(zone: str, wall: datetime) -> str:
    return f":{wall:%Y%m%dT%H%M%S}Z" if zone == "UTC" else f";TZID={zone}:{wall:%Y%m%dT%H%M%S}"


@st.composite
def rules(draw: st.DrawFn) -> str:
    """A rule of a form that calendars have, with its end or without."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "WEEKLY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 5))}")
    if frequency == "WEEKLY" and draw(st.booleans()):
        parts.append("WKST=" + draw(st.sampled_from(["MO", "SU"])))
    if frequency in ("WEEKLY", "DAILY") and draw(st.booleans()):
        days = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4, unique=True))
        parts.append("BYDAY=" + ",".join(days))
    if frequency == "MONTHLY":
        parts += draw(
            st.sampled_from([[], ["BYDAY=2TU"], ["BYDAY=-1FR"], ["BYMONTHDAY=31"], ["BYDAY=MO,TU", "BYSETPOS=-1"]])
        )
    end = draw(st.sampled_from(["", "COUNT", "UNTIL"]))
    if end == "COUNT":
        parts.append(f"COUNT={draw(st.integers(1, 60))}")
    elif end:
        last = date(2024, 1, 1) + draw(st.integers(0, 900)) * DAY
        parts.append(f"UNTIL={last:%Y%m%d}T{draw(st.integers(0, 23)):02}0000Z")
    return ";".join(parts)


@st.composite
def resources(draw: st.DrawFn) -> bytes:
    """A series with exceptions and overrides, most of which are no dates of its rule."""
    zone = draw(st.sampled_from(ZONES))
    first = date(2020, 1, 1) + draw(st.integers(0, 1800)) * DAY
    # Not by night: what starts at a time that clocks leave out lasts as long as always here, and not there.
    clock = time(draw(st.integers(5, 23)), draw(st.sampled_from([0, 30])))
    start = datetime.combine(first, clock)
    length = timedelta(minutes=draw(st.sampled_from([30, 60, 600, 3 * 1440])))
    master = [f"UID:x\nDTSTART{_form(zone, start)}\nSUMMARY:master\nRRULE:{draw(rules())}"]
    if draw(st.booleans()):
        master.append(f"DTEND{_form(zone, start + length)}")
    else:
        master.append(f"DURATION:PT{int(length.total_seconds() // 60)}M")
    days = draw(st.lists(st.integers(0, 1800), max_size=8, unique=True))
    others = [datetime.combine(max(first, date(2023, 6, 1)) + day * DAY, clock) for day in days]
    if others and draw(st.booleans()):
        master.append(f"EXDATE{_form(zone, others[0])}")
    if others and draw(st.integers(0, 4)) == 0:
        master.append(f"RDATE{_form(zone, others[-1] + timedelta(hours=5))}")
    overrides = []
    for wall in others[1:]:
        moved = wall + timedelta(hours=draw(st.sampled_from([-50, -2, 1, 30, 24 * 20])))
        status = draw(st.sampled_from(["CONFIRMED", "CANCELLED"]))
        times = f"DTSTART{_form(zone, moved)}\nDTEND{_form(zone, moved + length)}"
        overrides.append(f"UID:x\nRECURRENCE-ID{_form(zone, wall)}\n{times}\nSUMMARY:moved\nSTATUS:{status}")
    return calendar("\n".join(master), *overrides)


@st.composite
def windows(draw: st.DrawFn) -> Span:
    start = datetime(2024, 1, 1, draw(st.integers(0, 23)), tzinfo=UTC) + draw(st.integers(0, 800)) * DAY
    return Span(start, start + draw(st.integers(1, 150)) * DAY)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources(), windows())
def test_a_series_has_the_dates_that_the_plain_libraries_give(data: bytes, window: Span) -> None:
    assert rows(expand(data, window).occurrences) == plain(data, window)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources(), windows())
def test_what_is_passed_over_or_left_out_of_the_payload_is_not_missed(data: bytes, window: Span) -> None:
    (group,) = lexical.split(data).groups
    expected = plain(data, window)
    if lexical.cannot_touch(group, window.start) or lexical.starts_after(group, window.end):
        assert expected == []
    assert rows(expand(group.payload(since=window.start), window).occurrences) == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(resources(), windows())
def test_the_order_of_a_series_and_its_overrides_does_not_matter(data: bytes, window: Span) -> None:
    events = data.split(b"BEGIN:VEVENT")
    head, parts = events[0], [part.replace(b"END:VCALENDAR\r\n", b"") for part in events[1:]]
    backwards = head + b"".join(b"BEGIN:VEVENT" + part for part in reversed(parts)) + b"END:VCALENDAR\r\n"
    assert rows(expand(backwards, window).occurrences) == rows(expand(data, window).occurrences)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=2",
        "FREQ=DAILY;BYHOUR=9,10;BYMINUTE="
        + ",".join(map(str, range(60)))
        + ";BYSECOND="
        + ",".join(map(str, range(60))),
    ],
)
def test_a_rule_that_recurs_more_often_than_anybody_meets_is_refused_and_costs_no_time(rule: str) -> None:
    data = calendar(f"UID:x\nDTSTART:20260101T090000Z\nDTEND:20260101T090001Z\nRRULE:{rule}")
    window = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
    (found,) = expand_each([("dense.ics", "", data)], window, BERLIN)
    assert str(found) == "dense.ics: it repeats more often than calsync can count through"


def test_a_rule_by_the_minute_with_an_end_is_read() -> None:
    data = calendar(
        "UID:x\nDTSTART:20260101T090000Z\nDTEND:20260101T090010Z\nRRULE:FREQ=MINUTELY;UNTIL=20260101T093000Z"
    )
    window = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
    assert len(expand(data, window).occurrences) == 31


def test_a_rule_without_any_date_is_not_looked_for_until_the_end_of_time() -> None:
    data = calendar("UID:x\nDTSTART:20260101T090000Z\nDTEND:20260101T100000Z\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")
    window = Span(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
    assert expand(data, window, ZoneInfo("UTC")).occurrences == ()
