"""The cut: which bytes belong to which event, what is plainly past, and what is no calendar at all."""

from __future__ import annotations

import mmap
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calsync.errors import Malformed
from calsync.ical.lexical import Group, cannot_touch, groups, split, starts_after
from tests.unit.ical.material import calendar

ZONE = """BEGIN:VTIMEZONE
TZID:Office
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0100
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
"""
START = datetime(2026, 3, 1, tzinfo=UTC)


def one(body: str, before: str = "") -> Group:
    (group,) = split(calendar(body, before=before)).groups
    return group


def test_events_of_one_uid_are_one_resource_in_the_order_of_the_file() -> None:
    data = calendar(
        "UID:b\nDTSTART:20260301T090000Z",
        "UID:a\nDTSTART:20260301T090000Z",
        "UID:b\nRECURRENCE-ID:20260308T090000Z\nDTSTART:20260308T100000Z",
    )
    assert [(group.uid, len(group.parts)) for group in groups(data)] == [("b", 2), ("a", 1)]


def test_a_payload_is_a_calendar_with_the_events_bytes_and_the_zones_that_they_name() -> None:
    other = ZONE.replace("Office", "Else")
    group = one("UID:a\nDTSTART;TZID=Office:20260301T090000\nSUMMARY:x", before=ZONE + other)
    payload = group.payload()
    assert payload.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert payload.endswith(b"END:VEVENT\r\nEND:VCALENDAR\r\n")
    assert b"SUMMARY:x" in payload
    assert re.findall(rb"TZID:(.*)\r", payload) == [b"Office"]
    (again,) = split(payload).groups
    assert (again.uid, again.digest, again.payload()) == (group.uid, group.digest, payload)


@pytest.mark.parametrize("written", ['TZID="Office"', "TZ\r\n ID=Off\r\n\tice", "X-A=b;tzid=Office"])
def test_a_zone_is_found_by_its_name_in_quotes_folded_or_after_other_parameters(written: str) -> None:
    data = calendar("UID:a\nDTSTART;TZID=Office:20260301T090000", before=ZONE)
    (group,) = split(data.replace(b"TZID=Office", written.encode())).groups
    assert b"TZID:Office" in group.payload()


def test_a_digest_changes_with_the_event_its_zone_and_the_calendars_zone_and_with_nothing_else() -> None:
    body = "UID:a\nDTSTART;TZID=Office:20260301T090000"
    plain = one(body, before=ZONE).digest
    assert plain == one(body, before=ZONE + ZONE.replace("Office", "Else")).digest
    assert plain == split(calendar("UID:z\nDTSTART:20260101T000000Z", body, before=ZONE)).groups[1].digest
    changed = (
        one(body + "\nSUMMARY:x", before=ZONE),
        one(body, before=ZONE.replace("+0100", "+0200")),
        one(body, before=ZONE + "X-WR-TIMEZONE:Europe/Berlin\n"),
    )
    assert len({plain, *(group.digest for group in changed)}) == 4


def test_the_calendars_own_zone_goes_with_every_payload() -> None:
    group = one("UID:a\nDTSTART:20260301T090000", before="X-WR-TIMEZONE:America/New_York\n")
    assert b"\r\nX-WR-TIMEZONE:America/New_York\r\n" in group.payload()


def test_what_stands_in_an_alarm_or_another_component_is_not_taken_for_the_events_own() -> None:
    alarm = "BEGIN:VALARM\nUID:alarm\nDURATION:PT1H\nDTSTART:20300101T000000Z\nEND:VALARM"
    data = calendar(f"UID:a\n{alarm}\nDTSTART:20200101T090000Z", before="BEGIN:VTODO\nUID:t\nEND:VTODO\n")
    (group,) = split(data).groups
    assert group.uid == "a"
    assert cannot_touch(group, START)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.replace(b"\r\n", b"\n"),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: b"\r\n\r\n" + data,
        lambda data: data.lower().replace(b"\r\nuid:a", b"\r\nUID:a"),
        lambda data: data.replace(b"BEGIN:VEVENT", b"BEGIN:VEV\r\n ENT"),
        lambda data: data.replace(b"DTEND", b"DT\r\n END").replace(b"UID", b"U\r\n\tID"),
        lambda data: data.replace(b"END:VEVENT", b"END:VEVENT \t"),
        lambda data: data.replace(b"\r\nDTSTART", b"\r\n\r\nDTSTART"),
        lambda data: data.rstrip(),
        lambda data: data + b"\r\n",
        lambda data: data + data.replace(b"UID:a", b"UID:b"),
    ],
    ids=[
        "lf",
        "bom",
        "blank lines first",
        "lower case",
        "folded BEGIN",
        "folded names",
        "blanks",
        "blank line",
        "no end",
        "more",
        "two",
    ],
)
def test_unusual_forms_of_the_same_calendar_are_cut_alike(change: object) -> None:
    data = calendar("UID:a\nDTSTART:20200101T090000Z\nDTEND:20200101T100000Z")
    found = split(change(data)).groups  # type: ignore[operator]
    assert [group.uid for group in found] in (["a"], ["a", "b"])
    assert all(cannot_touch(group, START) for group in found)


def test_the_bytes_may_be_a_mapped_file(tmp_path: Path) -> None:
    data = calendar("UID:a\nDTSTART:20260301T090000Z")
    (tmp_path / "a.ics").write_bytes(data)
    with (tmp_path / "a.ics").open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        (group,) = split(mapped).groups
        payload = group.payload()
    assert payload == split(data).groups[0].payload()


def test_events_without_a_uid_are_named_by_their_content() -> None:
    first, second, same = [
        *split(calendar("DTSTART:20260301T090000Z", "DTSTART:20260302T090000Z")).groups,
        one("DTSTART:20260301T090000Z"),
    ]
    assert first.uid.startswith("no-uid-")
    assert first.uid == same.uid != second.uid


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"BEGIN:VCALENDAR\r\n\0\0\0\0", "it is binary, not text"),
        (b"\x89PNG\r\n\x1a\n", "it does not begin with BEGIN:VCALENDAR"),
        (b"<html>BEGIN:VCALENDAR</html>", "it does not begin with BEGIN:VCALENDAR"),
        (b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "it does not begin with BEGIN:VCALENDAR"),
        (b"   \r\n", "it does not begin with BEGIN:VCALENDAR"),
        (calendar("UID:a\nDTSTART:20260301T090000Z")[:-15], "it is torn: VCALENDAR is begun and never ended"),
        (calendar("UID:a\nDTSTART:20260301T090000Z")[:-27], "it is torn: VEVENT is begun and never ended"),
        (b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\n", "it is torn: END:VEVENT stands where something else is open"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nEND:VCALENDAR\r\n", "it is torn: END:VCALENDAR stands"),
        (b"BEGIN:VCALENDAR", "it does not begin with BEGIN:VCALENDAR"),
    ],
)
def test_what_is_no_calendar_is_refused_in_one_line(data: bytes, reason: str) -> None:
    with pytest.raises(Malformed) as refusal:
        split(data)
    assert refusal.value.what.startswith(reason)
    assert "\n" not in refusal.value.what
    assert refusal.value.next_step


def test_every_torn_piece_of_a_calendar_is_refused() -> None:
    data = calendar("UID:a\nDTSTART:20260301T090000Z\nSUMMARY:x", before=ZONE)
    for length in range(len(data) - len("\r\n") - 1):
        with pytest.raises(Malformed):
            split(data[:length])


PAST = [
    "DTSTART:20260201T090000Z",
    "DTSTART;VALUE=DATE:20260201\nDTEND;VALUE=DATE:20260203",
    "DTSTART;TZID=Nowhere:20260201T090000\nDURATION:P3DT4H",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=WEEKLY;UNTIL=20260131T000000Z",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=WEEKLY;UNTIL=20260131;BYDAY=WE",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=WEEKLY;COUNT=300;BYDAY=WE",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=900",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=MONTHLY;COUNT=50",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=YEARLY;COUNT=3",
    "DTSTART:20260201T090000Z\nDTEND:20260131T090000Z",
]
NOT_PLAINLY_PAST = [
    "DTSTART:20260227T090000Z",
    "DTSTART:20200101T090000Z\nDTEND:20260310T090000Z",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=WEEKLY",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=WEEKLY;UNTIL=20260227T000000Z",
    "DTSTART:20200101T090000Z\nDTEND:20200105T090000Z\nRRULE:FREQ=WEEKLY;UNTIL=20260222T000000Z",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=WEEKLY;COUNT=330",
    "DTSTART:20200131T090000Z\nRRULE:FREQ=MONTHLY;COUNT=50",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=MONTHLY;BYMONTHDAY=31;COUNT=50",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=3",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=DAILY;COUNT=10;UNTIL=20200201T000000Z",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=WEEKLY;COUNT=3;COUNT=4",
    "DTSTART:20200101T090000Z\nRRULE:FREQ=HOURLY;COUNT=3",
    "DTSTART:20200101T090000Z\nRDATE:20260401T090000Z",
    "DTSTART:20200101T090000Z\nEXRULE:FREQ=DAILY",
    "DTSTART:20200101T090000Z\nDURATION:1H",
    "DTSTART:20200101T090000Z\nDTEND:sometime",
    "DTSTART:20200101T090000Z\nDTSTART:20260401T090000Z",
    "DTSTART:20201301T090000Z",
    "DTSTART:2020-01-01T09:00:00Z",
    "SUMMARY:no dates",
    "DTSTART:20200101T090000Z\nRECURRENCE-ID;RANGE=THISANDFUTURE:20200101T090000Z",
]


@pytest.mark.parametrize("body", PAST)
def test_what_is_plainly_over_is_passed_over(body: str) -> None:
    assert cannot_touch(one(f"UID:a\n{body}"), START)


@pytest.mark.parametrize("body", NOT_PLAINLY_PAST)
def test_what_is_near_endless_or_unusual_goes_to_the_parser(body: str) -> None:
    assert not cannot_touch(one(f"UID:a\n{body}"), START)


def test_the_margin_is_wider_than_any_zone_is_from_utc() -> None:
    group = one("UID:a\nDTSTART;TZID=Pacific/Kiritimati:20260226T000000\nDTEND;TZID=Etc/GMT+12:20260226T235900")
    ends = datetime(2026, 2, 27, 11, 59, tzinfo=UTC)
    passed = [n for n in range(10) if cannot_touch(group, datetime(2026, 2, 22, tzinfo=UTC) + timedelta(days=n))]
    assert datetime(2026, 2, 22, tzinfo=UTC) + timedelta(days=passed[0]) > ends + timedelta(days=1)


def test_what_begins_after_the_window_is_passed_over_and_what_may_begin_before_its_end_is_not() -> None:
    group = one("UID:a\nDTSTART:20260310T090000Z\nRRULE:FREQ=WEEKLY")
    assert starts_after(group, datetime(2026, 3, 6, tzinfo=UTC))
    assert not starts_after(group, datetime(2026, 3, 9, tzinfo=UTC))
    assert not starts_after(one("UID:a\nDTSTART:20260310T090000Z\nRDATE:20260101T090000Z"), START)


def test_a_rule_is_not_missed_because_its_name_is_folded() -> None:
    data = calendar("UID:a\nDTSTART:20200101T090000Z\nRRULE:FREQ=WEEKLY").replace(b"RRULE", b"RRU\r\n LE")
    (group,) = split(data).groups
    assert not cannot_touch(group, START)


def test_an_override_moved_into_the_window_keeps_its_whole_series() -> None:
    override = "UID:a\nRECURRENCE-ID:20200108T090000Z\nDTSTART:20260305T090000Z"
    data = calendar("UID:a\nDTSTART:20200101T090000Z\nRRULE:FREQ=WEEKLY;COUNT=3", override)
    (group,) = split(data).groups
    assert not cannot_touch(group, START)
    assert len(group.relevant(START)) == 2


def test_overrides_that_are_over_are_left_out_of_what_is_read_from_an_instant_on() -> None:
    bodies = ["UID:a\nDTSTART:20200101T090000Z\nRRULE:FREQ=WEEKLY"]
    bodies += [
        f"UID:a\nRECURRENCE-ID:{day}T090000Z\nDTSTART:{day}T100000Z" for day in ("20200108", "20200115", "20260304")
    ]
    (group,) = split(calendar(*bodies)).groups
    assert group.payload().count(b"RECURRENCE-ID") == 3
    assert group.payload(since=START).count(b"RECURRENCE-ID") == 1
    assert len(group.relevant(START, START + timedelta(days=1))) == 2
    assert len(group.relevant(datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC))) == 1


@pytest.mark.parametrize(
    "second",
    [
        "UID:a\nRECURRENCE-ID:20200108T090000Z\nDTSTART:20200108T110000Z\nSEQUENCE:2",
        "UID:a\nRECURRENCE-ID;TZID=Europe/Berlin:20200115T100000\nDTSTART:20200115T110000Z",
        "UID:a\nRECURRENCE-ID;RANGE=THISANDFUTURE:20200115T090000Z\nDTSTART:20200115T110000Z",
    ],
)
def test_no_override_is_left_out_where_it_is_not_plain_which_is_which(second: str) -> None:
    bodies = ["UID:a\nDTSTART:20200101T090000Z\nRRULE:FREQ=WEEKLY"]
    bodies += ["UID:a\nRECURRENCE-ID:20200108T090000Z\nDTSTART:20260304T100000Z", second]
    (group,) = split(calendar(*bodies)).groups
    assert len(group.relevant(START)) == 3


_MEASURE = """
import mmap, resource, sys
from datetime import UTC, datetime
from calsync.ical import lexical
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open(sys.argv[1], "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
    found = [g for g in lexical.split(data).groups if not lexical.cannot_touch(g, datetime(2026, 3, 1, tzinfo=UTC))]
print(len(found), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss has other units elsewhere")
def test_cutting_a_large_file_takes_little_more_memory_than_the_file(tmp_path: Path) -> None:
    body = "DTSTART:20200101T090000Z\nDTEND:20200101T100000Z\nDESCRIPTION:" + "x" * 1100
    path = tmp_path / "large.ics"
    path.write_bytes(calendar(*(f"UID:{n}\n{body}" for n in range(10_000))))
    root = str(Path(__file__).resolve().parents[3])
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(path)],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": root},
    )
    left, more = map(int, done.stdout.split())
    assert left == 0
    assert more * 1024 < path.stat().st_size + 8_000_000
