"""The export: one file to subscribe to, the same bytes as long as nothing changed."""

from __future__ import annotations

import re
import time as clock
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import icalendar
import pytest

from calsync.ical.feed import feed_bytes
from calsync.model import Key, Kind, Override, Series, Span
from tests.unit.ical.material import BERLIN, expand, span

FIRST = date(2026, 11, 5)


def block(key: str, **changes: object) -> Series:
    plain = Series(
        key=Key(key),
        kind=Kind.KINDNESS,
        number=1,
        generation=0,
        timezone="Europe/Berlin",
        first=FIRST,
        start=time(14, 0),
        minutes=30,
        title="Focus: Ana, Bo",
        transparent=False,
        changed=datetime(2026, 11, 1, 3, 0, tzinfo=UTC),
        description="Ask Ana; then listen",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


MOVED = Override(
    Span(datetime(2026, 11, 13, 9, tzinfo=BERLIN), datetime(2026, 11, 13, 9, 30, tzinfo=BERLIN)), "Call Ana", True
)
BLOCKS = [
    block("b", cancelled=frozenset({date(2026, 11, 19)})),
    block("a", overrides={date(2026, 11, 12): MOVED}),
    block("c", timezone="America/New_York", changed=datetime(2026, 11, 3, tzinfo=UTC), until=date(2026, 12, 31)),
    block("d", timezone="UTC"),
]


def test_it_is_a_calendar_as_rfc_7986_has_it() -> None:
    data = feed_bytes(BLOCKS, "busy", name="Maya, connected")
    calendar = icalendar.Calendar.from_ical(data)
    assert b"\r\nNAME:Maya\\, connected\r\nX-WR-CALNAME:Maya\\, connected\r\n" in data
    assert b"\r\nREFRESH-INTERVAL;VALUE=DURATION:PT12H\r\nX-PUBLISHED-TTL:PT12H\r\n" in data
    assert calendar["UID"] == icalendar.Calendar.from_ical(feed_bytes([], "full", name="Maya, connected"))["UID"]
    assert [zone["TZID"] for zone in calendar.walk("VTIMEZONE")] == ["America/New_York", "Europe/Berlin"]
    assert [event["UID"] for event in calendar.walk("VEVENT")] == [f"{key}@calsync" for key in "aabcd"]
    assert not re.search(rb"ATTENDEE|ORGANIZER|VALARM|METHOD|CLASS", data)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))


def test_equal_blocks_in_any_order_give_equal_bytes() -> None:
    assert feed_bytes(BLOCKS, "full", name="x") == feed_bytes(reversed(BLOCKS), "full", name="x")


def test_a_feed_without_blocks_is_an_empty_calendar() -> None:
    assert icalendar.Calendar.from_ical(feed_bytes([], "busy", name="x")).subcomponents == []


@pytest.mark.parametrize(
    ("details", "says", "hides"),
    [
        ("busy", ["SUMMARY:Busy"], ["Ana", "Focus", "kindness", "listen"]),
        ("titles", ["SUMMARY:Focus: Ana\\, Bo", "SUMMARY:Call Ana"], ["Busy", "listen"]),
        ("full", ["SUMMARY:Focus: Ana\\, Bo", "DESCRIPTION:Ask Ana\\; then listen"], []),
    ],
)
def test_it_says_as_much_as_was_asked_for(details: str, says: list[str], hides: list[str]) -> None:
    text = feed_bytes(BLOCKS, details, name="x").decode()
    assert all(f"\r\n{line}\r\n" in text for line in says)
    assert not any(word in text.replace("BUSYSTATUS", "") for word in hides)


def test_another_word_for_the_details_is_an_error() -> None:
    with pytest.raises(ValueError, match="details of a feed are one of busy, titles, full, not 'most'"):
        feed_bytes([], "most", name="x")


@pytest.mark.parametrize("details", ["busy", "titles", "full"])
def test_calsync_knows_its_own_feed_when_it_reads_it(details: str) -> None:
    data = feed_bytes(BLOCKS, details, name="x")
    window = span("2026-11-01", "2026-11-30")
    for one in BLOCKS:
        events = re.findall(rb"BEGIN:VTIMEZONE.*END:VTIMEZONE\r\n", data, re.DOTALL)
        events += [
            e for e in re.findall(rb"BEGIN:VEVENT.*?END:VEVENT\r\n", data, re.DOTALL) if f"UID:{one.key}@".encode() in e
        ]
        alone = b"BEGIN:VCALENDAR\r\n" + b"".join(events) + b"END:VCALENDAR\r\n"
        found = expand(alone, window, name=f"{one.key}@calsync")
        assert {o.event.ours for o in found.occurrences} == {one.key}
        assert found.owned is None
        days = one.days(date(2026, 11, 1), date(2026, 11, 30))
        assert [o.span for o in found.occurrences] == [at.span for day in days if (at := one.placed(day))]


def test_a_thousand_blocks_take_well_under_a_second_and_a_twelfth_of_icalendars_time() -> None:
    blocks = [block(f"k{n}", start=time(8 + n % 9, 15)) for n in range(1000)]
    feed_bytes(blocks[:2], "full", name="x")  # the zone's rule is worked out once a process
    begin = clock.process_time()
    data = feed_bytes(blocks, "full", name="x")
    ours = clock.process_time() - begin
    parsed = icalendar.Calendar.from_ical(feed_bytes(blocks[:100], "full", name="x"))
    begin = clock.process_time()
    parsed.to_ical()
    theirs = 10 * (clock.process_time() - begin)
    assert data.count(b"BEGIN:VEVENT") == 1000
    assert ours < 0.5
    assert ours < theirs / 6, f"{theirs / ours:.1f} times"


def test_the_feed_changes_only_with_its_blocks() -> None:
    before = feed_bytes(BLOCKS, "titles", name="x")
    later = [replace(BLOCKS[0], title="Else", changed=BLOCKS[0].changed + timedelta(days=9)), *BLOCKS[1:]]
    after = feed_bytes(later, "titles", name="x")
    differ = set(before.split(b"\r\n")) ^ set(after.split(b"\r\n"))
    assert {line.partition(b":")[0] for line in differ} <= {b"SUMMARY", b"DTSTAMP", b"LAST-MODIFIED"}
