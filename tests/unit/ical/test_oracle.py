"""Whole calendars: what is read is what the generator counts, whatever is passed over, in whatever order it stands."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from calsync.ical import lexical
from calsync.ical.read import expand_payloads
from tests.unit.ical.material import Generated, as_truth, generated, plain, rows

UTC_ZONE = ZoneInfo("UTC")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("generated")


def _read(calendar: Generated, *, filtered: bool = True) -> list[tuple[str, str, str, str]]:
    return as_truth(expand_payloads(calendar.payloads(filtered=filtered), calendar.window, UTC_ZONE))


@pytest.mark.parametrize("seed", range(4))
def test_a_generated_calendar_reads_as_the_generator_counts_it(folder: Path, seed: int) -> None:
    calendar = generated(folder, 150, seed)
    assert _read(calendar) == calendar.truth


def test_nothing_changes_when_nothing_is_passed_over_before_the_parser(folder: Path) -> None:
    calendar = generated(folder, 150, 7, "--window-days", "140")
    assert _read(calendar, filtered=False) == _read(calendar) == calendar.truth


def test_a_whole_file_as_one_resource_means_the_same_as_its_resources_one_by_one(folder: Path) -> None:
    calendar = generated(folder, 150, 8, "--window-days", "140")
    found = expand_payloads([("all.ics", "", calendar.data)], calendar.window, UTC_ZONE)
    assert as_truth(found) == calendar.truth


def test_the_order_of_the_components_does_not_matter(folder: Path) -> None:
    calendar = generated(folder, 150, 9)
    events = re.findall(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", calendar.data, re.DOTALL)
    backwards = calendar.data[: calendar.data.index(events[0])] + b"".join(reversed(events)) + b"END:VCALENDAR\r\n"
    found = expand_payloads([("all.ics", "", backwards)], calendar.window, UTC_ZONE)
    assert as_truth(found) == calendar.truth


def test_line_ends_without_carriage_return_and_a_byte_order_mark_do_not_matter(folder: Path) -> None:
    calendar = generated(folder, 150, 10)
    data = b"\xef\xbb\xbf" + calendar.data.replace(b"\r\n", b"\n")
    assert as_truth(expand_payloads([("all.ics", "", data)], calendar.window, UTC_ZONE)) == calendar.truth


def test_plain_icalendar_and_recurring_ical_events_agree(folder: Path) -> None:
    calendar = generated(folder, 150, 11)
    found = expand_payloads([("all.ics", "", calendar.data)], calendar.window, UTC_ZONE)
    assert rows(o for one in found for o in one.occurrences) == plain(calendar.data, calendar.window, UTC_ZONE)


def test_what_cannot_touch_the_window_has_nothing_in_it_and_most_of_an_old_calendar_cannot(folder: Path) -> None:
    calendar = generated(folder, 400, 12, "--years", "5")
    groups = lexical.split(calendar.data).groups
    past = [group for group in groups if lexical.cannot_touch(group, calendar.window.start)]
    touched = {row[0] for row in calendar.truth}
    assert not touched & {group.uid for group in past}
    assert len(past) > 0.6 * len(groups)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 30))
def test_calendars_of_a_thousand_events_read_as_the_generator_counts_them(folder: Path, seed: int) -> None:
    options = ("--years", str(1 + seed % 8), "--window-days", str(60 + 20 * (seed % 5)), "--series-share", ".6")
    calendar = generated(folder, 1000, seed, *options)
    assert _read(calendar) == calendar.truth


@pytest.mark.slow
@pytest.mark.parametrize("anchor", ["2025-10-01", "2026-03-01"])
def test_a_calendar_of_ten_thousand_events_reads_as_the_generator_counts_it(folder: Path, anchor: str) -> None:
    calendar = generated(folder, 10_000, 3, "--anchor", anchor, "--window-days", "140", "--years", "4")
    assert _read(calendar) == calendar.truth
