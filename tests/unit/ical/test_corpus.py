"""Calendars that other projects collected as hard to read: understood as the libraries do, or refused in one line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from calsync.errors import Malformed
from calsync.ical import lexical
from calsync.ical.read import expand_each, expand_payloads
from calsync.model import Span
from tests.unit.ical.material import BERLIN, DAY, SHARED, Row, calendar, expand, plain, rows, shared

UTC_ZONE = ZoneInfo("UTC")
FILES = sorted((SHARED / "corpus").rglob("*.ics"))
_FIRST = re.compile(rb"BEGIN:VEVENT(?:(?!END:VEVENT).)*?DTSTART[^\r\n]*:(\d{4})(\d\d)(\d\d)", re.DOTALL | re.IGNORECASE)

DIFFERENT = {
    "HourlyUntil1.ics": "an UNTIL without a zone is taken in DTSTART's zone, not in UTC",
    "event_dt_mixed_awareness.ics": "a time with Z is UTC whatever its TZID; a floating DTEND stands in DTSTART's zone",
    "event_dt_multi_uid.ics": "of two equal versions of one event the last counts",
    "event_dtr_no_tz_exdatez.ics": "an EXDATE in UTC does not make a floating DTSTART UTC",
}
REASONS = ("does not begin with BEGIN:VCALENDAR", "empty", "torn", "binary", "Expected period format")
"""For what files are refused although the libraries make something of them."""
TOO_DENSE = re.compile("Minutely|Secondly")


def _windows(data: bytes) -> tuple[Span, Span]:
    """From a little before the first event: a year, and some weeks in the middle of it."""
    found = _FIRST.search(data)
    first = datetime(2020, 1, 1, tzinfo=UTC)
    if found is not None and 1900 < int(found[1]) < 2200:
        first = datetime(*map(int, found.groups()), tzinfo=UTC)
    return Span(first - 2 * DAY, first + 40 * DAY), Span(first + 75 * DAY, first + 110 * DAY)


def _plain(data: bytes, window: Span) -> list[Row] | None:
    """What the libraries give, None when they refuse."""
    try:
        return plain(data, window)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None


@pytest.mark.skipif(not FILES, reason="there is no shared/corpus beside the project")
def test_the_corpus_is_there() -> None:
    assert len(FILES) > 400


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(SHARED / "corpus")) for path in FILES])
def test_a_file_means_what_the_libraries_say_or_is_refused_by_name(path: Path) -> None:
    data = path.read_bytes()
    for window in _windows(data):
        (found,) = expand_each([(path.name, "", data)], window, BERLIN)
        if isinstance(found, Malformed):
            assert re.fullmatch(rf"{re.escape(path.name)}: [^\n]+", found.what)
            assert found.next_step
            known = any(reason in found.what for reason in REASONS) or TOO_DENSE.match(path.name)
            assert known or _plain(data, window) is None
        elif path.name not in DIFFERENT and not TOO_DENSE.match(path.name):
            expected = _plain(data, window)
            assert expected is None or rows(found.occurrences) == expected


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_difference_from_the_libraries_is_still_there(name: str) -> None:
    data = next(shared("corpus").rglob(name)).read_bytes()
    window = _windows(data)[0]
    assert rows(expand(data, window).occurrences) != plain(data, window)


def test_what_is_passed_over_as_past_or_to_come_has_no_occurrence_there() -> None:
    seen = 0
    for path in FILES:
        data = path.read_bytes()
        try:
            groups = lexical.split(data).groups
        except Malformed:
            continue
        for group in groups:
            begin, end = _windows(group.payload())[1].start, _windows(group.payload())[0].start
            seen += _nothing_after(group, begin) + _nothing_before(group, end - 200 * DAY)
    assert seen > 150


def _nothing_after(group: lexical.Group, start: datetime) -> bool:
    if not lexical.cannot_touch(group, start):
        return False
    assert not _plain(group.payload(), Span(start, start + 2000 * DAY))
    return True


def _nothing_before(group: lexical.Group, end: datetime) -> bool:
    if not lexical.starts_after(group, end):
        return False
    assert not _plain(group.payload(), Span(end - 2000 * DAY, end))
    return True


def _cases() -> list[tuple[str, str, list[str]]]:
    path = SHARED / "corpus/ical.net/Ical.Net.Tests/Calendars/Recurrence/RecurrenceTestCases.txt"
    found = []
    for block in path.read_text("utf-8-sig").split("\n\n") if path.exists() else ():
        fields = dict(line.split(":", 1) for line in block.splitlines() if ":" in line and not line.startswith("#"))
        # The window would reach beyond the last year that dates can have.
        if {"RRULE", "DTSTART", "INSTANCES"} <= fields.keys() and fields["DTSTART"] < "9":
            found.append((fields["RRULE"], fields["DTSTART"], fields["INSTANCES"].split(",")))
    return found


@pytest.mark.parametrize(("rule", "start", "instances"), _cases())
def test_a_rule_gives_the_dates_that_another_engine_is_tested_for(rule: str, start: str, instances: list[str]) -> None:
    moments = [datetime.strptime(one[:8], "%Y%m%d").replace(tzinfo=UTC) for one in instances]
    window = Span(moments[0] - 5 * DAY, min(moments[-1], moments[0] + 20_000 * DAY) + 5 * DAY)
    # Times are taken in UTC, so that an UNTIL without a zone means the same to everybody.
    day = len(start) == 8
    until = re.sub(r"(UNTIL=\d{8}T\d{6})Z?", r"\1Z", rule)
    times = "DTSTART;VALUE=DATE:{}\nDURATION:P1D" if day else "DTSTART:{}Z\nDURATION:PT1S"
    data = calendar(f"UID:1\n{times.format(start.rstrip('Z'))}\nRRULE:{until}")
    (found,) = expand_each([("a.ics", "", data)], window, UTC_ZONE)
    if isinstance(found, Malformed):
        assert _engine_refuses(data, window)
        return
    given = [o.span.start.strftime("%Y%m%d" if day else "%Y%m%dT%H%M%S") for o in found.occurrences]
    if given != [one.rstrip("Z") for one in instances]:
        # Where engines differ (a DTSTART that its rule does not give, a week 53), ours is recurring-ical-events'.
        assert rows(found.occurrences) == plain(data, window, UTC_ZONE)


def _engine_refuses(data: bytes, window: Span) -> bool:
    try:
        recurring_ical_events.of(icalendar.Calendar.from_ical(data)).between(window.start, window.end)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return True
    return False


def test_many_files_in_one_call_mean_what_each_means_alone() -> None:
    window = Span(datetime(2014, 1, 1, tzinfo=UTC), datetime(2014, 5, 1, tzinfo=UTC))
    readable = []
    for path in FILES:
        data = path.read_bytes()
        if "khal" not in path.parts:
            continue
        try:
            readable.append((path.name, data, expand(data, window, name=path.name).occurrences))
        except Malformed:
            continue
    together = expand_payloads([(name, "", data) for name, data, _ in readable], window, BERLIN)
    assert len(readable) > 30
    assert [one.occurrences for one in together] == [alone for _, _, alone in readable]
