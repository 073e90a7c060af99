"""A block series as a resource: what is written, that it reads back, and what other programs may make of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.errors import Malformed
from calsync.ical.write import read_series, series_bytes
from calsync.model import Key, Kind, Override, Series, Span
from calsync.ports import OwnedSeries
from tests.unit.ical.material import BERLIN, DAY, expand, span, starts

FIRST = date(2026, 11, 5)  # a Thursday
WEEK = timedelta(days=7)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Asia/Jerusalem",
    "UTC",
)


def series(**changes: object) -> Series:
    plain = Series(
        key=Key("k7q"),
        kind=Kind.CONNECT,
        number=1,
        generation=0,
        timezone="Europe/Berlin",
        first=FIRST,
        start=time(14, 0),
        minutes=30,
        title="Focus",
        transparent=True,
        changed=datetime(2026, 11, 1, 3, 0, tzinfo=UTC),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def moved(day: date, clock: str, title: str = "Focus", *, transparent: bool = False) -> Override:
    begin = datetime.combine(day, time.fromisoformat(clock), tzinfo=BERLIN)
    return Override(Span(begin, begin + timedelta(minutes=30)), title, transparent)


def back(data: bytes, name: str = "k7q.ics") -> OwnedSeries:
    found = read_series(data, name, "etag", BERLIN)
    assert found is not None
    return found


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


@st.composite
def all_series(draw: st.DrawFn) -> Series:
    """Any series that calsync can mean: aligned end, exceptions among its dates, spans of whole seconds."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    first = draw(st.dates(date(2024, 1, 1), date(2030, 12, 31)))
    days = [first + n * WEEK for n in draw(st.lists(st.integers(0, 60), max_size=8, unique=True))]
    split = draw(st.integers(0, len(days)))
    cancelled, rest = frozenset(days[:split]), days[split:]
    overrides = {}
    for day in rest:
        begin = datetime.combine(day, time(), UTC) + timedelta(seconds=draw(st.integers(-864_000, 864_000)))
        end = begin + timedelta(seconds=draw(st.integers(1, 90_000)))
        overrides[day] = Override(Span(begin.astimezone(zone), end.astimezone(zone)), draw(TEXT), draw(st.booleans()))
    return Series(
        key=Key(draw(st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=1, max_size=32))),
        kind=draw(st.sampled_from(Kind)),
        number=draw(st.integers(1, 9)),
        generation=draw(st.integers(0, 99)),
        timezone=zone.key,
        first=first,
        start=draw(st.times(time(0), time(23, 59))).replace(microsecond=0),
        minutes=draw(st.integers(1, 1500)),
        title=draw(TEXT),
        transparent=draw(st.booleans()),
        changed=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 200_000_000))),
        until=draw(st.none() | st.integers(60, 90).map(lambda n: first + n * WEEK)),
        cancelled=cancelled,
        dropped=frozenset(sorted(cancelled)[: draw(st.integers(0, 8))]),
        overrides=overrides,
        description=draw(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=90)),
        sequence=draw(st.integers(0, 99)),
    )


@settings(max_examples=150, deadline=None)
@given(all_series())
def test_what_is_written_reads_back_the_same(wanted: Series) -> None:
    found = back(series_bytes(wanted), f"{wanted.key}.ics")
    assert found.series == wanted
    assert found.leaders == wanted.cancelled - wanted.dropped
    assert (found.resource, found.etag) == (f"{wanted.key}.ics", "etag")


@settings(max_examples=60, deadline=None)
@given(all_series())
def test_the_bytes_follow_from_the_series_and_every_line_fits(wanted: Series) -> None:
    data = series_bytes(wanted)
    assert data == series_bytes(replace(wanted, overrides=dict(reversed(wanted.overrides.items()))))
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert data.count(b"\n") == data.count(b"\r\n")
    data.decode()


@settings(max_examples=40, deadline=None)
@given(all_series())
def test_icalendar_writes_and_reads_it_to_the_same_series(wanted: Series) -> None:
    again = icalendar.Calendar.from_ical(series_bytes(wanted)).to_ical()
    assert back(again, f"{wanted.key}.ics").series == wanted


def test_another_library_reads_the_same_dates() -> None:
    data = series_bytes(
        series(cancelled=frozenset({FIRST + WEEK}), overrides={FIRST + 2 * WEEK: moved(FIRST, "09:00")})
    )
    event = next(e for e in vobject.readOne(data.decode()).vevent_list if not hasattr(e, "recurrence_id"))
    dates = [at.replace(tzinfo=None) for at in event.rruleset[:3]]
    assert dates == [datetime(2026, 11, 5, 14), datetime(2026, 11, 19, 14), datetime(2026, 11, 26, 14)]  # noqa: DTZ001


def test_it_says_everything_that_a_calendar_needs_and_nothing_that_mails_anybody() -> None:
    text = series_bytes(
        series(
            until=FIRST + 9 * WEEK,
            cancelled=frozenset({FIRST + WEEK, FIRST + 3 * WEEK}),
            dropped=frozenset({FIRST + WEEK}),
            overrides={FIRST + 2 * WEEK: moved(date(2026, 11, 18), "09:00")},
            description="Reach two people",
            sequence=2,
        )
    ).decode()
    for line in (
        "UID:k7q@calsync",
        "DTSTAMP:20261101T030000Z",
        "LAST-MODIFIED:20261101T030000Z",
        "SEQUENCE:2",
        "DTSTART;TZID=Europe/Berlin:20261105T140000",
        "DTEND;TZID=Europe/Berlin:20261105T143000",
        "RRULE:FREQ=WEEKLY;BYDAY=TH;UNTIL=20270107T130000Z",
        "EXDATE;TZID=Europe/Berlin:20261112T140000",
        "EXDATE;TZID=Europe/Berlin:20261126T140000",
        "RECURRENCE-ID;TZID=Europe/Berlin:20261119T140000",
        "DTSTART;TZID=Europe/Berlin:20261118T090000",
        "SUMMARY:Focus",
        "DESCRIPTION:Reach two people",
        "TRANSP:TRANSPARENT",
        "TRANSP:OPAQUE",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "CLASS:PRIVATE",
        "CATEGORIES:calsync",
        "X-CALSYNC-KEY:k7q",
        "X-CALSYNC-KIND:connect",
        "X-CALSYNC-SLOT:1/0",
        "X-CALSYNC-DROPPED:2026-11-12",
    ):
        assert f"\r\n{line}\r\n" in text
    assert not re.search("ATTENDEE|ORGANIZER|VALARM|METHOD|DURATION", text)
    assert text.count("BEGIN:VEVENT") == 2
    assert text.count("BEGIN:VTIMEZONE") == 1


def test_a_series_that_need_not_be_private_has_no_class() -> None:
    assert b"CLASS" not in series_bytes(series(), private=False)


def test_a_series_whose_every_date_is_cancelled_is_still_one() -> None:
    days = frozenset(FIRST + n * WEEK for n in range(3))
    empty = series(until=FIRST + 2 * WEEK, cancelled=days, dropped=days)
    data = series_bytes(empty)
    assert back(data).series == empty
    assert expand(data, span("2026-11-01", "2027-01-01"), name="k7q.ics").occurrences == ()


def test_its_occurrences_lie_where_the_series_places_them_through_a_clock_change() -> None:
    wanted = series(first=date(2026, 10, 15), overrides={date(2026, 10, 29): moved(date(2026, 10, 30), "08:15")})
    window = span("2026-10-01", "2026-12-01")
    found = expand(series_bytes(wanted), window, name="k7q.ics")
    days = wanted.days(date(2026, 10, 1), date(2026, 12, 1))
    assert [o.span for o in found.occurrences] == [placed.span for day in days if (placed := wanted.placed(day))]
    assert {o.event.ours for o in found.occurrences} == {"k7q"}
    assert found.owned is not None
    assert found.owned.series == wanted


@pytest.mark.parametrize("name", ["k7q.ics", "maya/k7q.ics", "k7q@calsync"])
def test_a_block_is_known_by_its_marks_its_uid_and_its_name(name: str) -> None:
    found = expand(series_bytes(series()), span("2026-11-01", "2026-11-10"), name=name)
    assert found.owned is not None
    assert found.occurrences[0].event.ours == "k7q"


def test_a_second_file_with_the_uid_of_a_block_is_neither_ours_to_keep_nor_a_meeting() -> None:
    found = expand(series_bytes(series()), span("2026-11-01", "2026-11-10"), name="k7q.sync-conflict.ics")
    assert found.owned is None
    assert [o.event.ours for o in found.occurrences] == ["k7q"]


def test_what_the_leader_wrote_beside_ours_comes_back_and_goes_out_again() -> None:
    one = series(overrides={})
    note = b"LOCATION:Caf\xc3\xa9\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT"
    data = series_bytes(one).replace(b"END:VEVENT", note, 1)
    owned = read_series(data, "k7q.ics", "1", ZoneInfo("Europe/Berlin"))
    assert owned is not None
    assert owned.series.extra == (
        "LOCATION:Café",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-PT5M",
        "END:VALARM",
    )
    assert series_bytes(owned.series) == data


@pytest.mark.parametrize("line", [b"STATUS:CANCELLED"])
def test_a_cancelled_series_is_no_block_any_more(line: bytes) -> None:
    data = series_bytes(series()).replace(b"END:VEVENT", line + b"\r\nEND:VEVENT", 1)
    assert read_series(data, "k7q.ics", "1", ZoneInfo("Europe/Berlin")) is None


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("k7q.ics", b"UID:k7q@calsync", b"UID:another"),
        ("k7q.ics", b"X-CALSYNC-KEY:k7q", b"X-CALSYNC-KEY:other"),
        ("k7q.ics", b"CATEGORIES:calsync", b"CATEGORIES:calsynced"),
    ],
)
def test_a_copy_of_a_block_is_the_leaders_own_event(name: str, old: bytes, new: bytes) -> None:
    data = series_bytes(series()).replace(old, new) if old else series_bytes(series())
    found = expand(data, span("2026-11-01", "2026-11-10"), name=name)
    assert found.owned is None
    assert [o.event.ours for o in found.occurrences] == [""]
    assert read_series(data, name, "", BERLIN) is None


def test_an_event_of_somebody_else_is_no_series_of_ours() -> None:
    assert read_series(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "a.ics", "", BERLIN) is None


# What calendar programs do to a block.


def edited(data: bytes, *changes: tuple[str, str]) -> bytes:
    text = data.decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


def added(data: bytes, body: str) -> bytes:
    event = "\r\n".join(["BEGIN:VEVENT", *(line.strip() for line in body.strip().splitlines()), "END:VEVENT", ""])
    return data.replace(b"END:VCALENDAR", event.encode() + b"END:VCALENDAR")


def test_a_date_deleted_by_the_leader_is_told_from_one_that_calsync_dropped() -> None:
    data = series_bytes(series(cancelled=frozenset({FIRST + WEEK}), dropped=frozenset({FIRST + WEEK})))
    found = back(edited(data, ("\r\nSUMMARY", "\r\nEXDATE:20261119T130000Z\r\nSUMMARY")))
    assert found.series.cancelled == {FIRST + WEEK, FIRST + 2 * WEEK}
    assert found.series.dropped == {FIRST + WEEK}
    assert found.leaders == {FIRST + 2 * WEEK}


def test_a_date_cancelled_by_status_counts_as_deleted_by_the_leader() -> None:
    body = """UID:k7q@calsync
        RECURRENCE-ID:20261112T130000Z
        DTSTART:20261112T130000Z
        DTEND:20261112T133000Z
        STATUS:CANCELLED"""
    found = back(added(series_bytes(series()), body))
    assert (found.series.cancelled, found.series.overrides) == ({FIRST + WEEK}, {})
    assert found.leaders == {FIRST + WEEK}


@pytest.mark.parametrize(
    "body",
    [
        "RECURRENCE-ID:20261112T130000Z\nDTSTART:20261113T080000Z\nDTEND:20261113T083000Z",
        "RECURRENCE-ID;TZID=Europe/Berlin:20261112T140000\nDTSTART;TZID=Europe/Lisbon:20261113T080000\nDURATION:PT30M",
        "RECURRENCE-ID;TZID=W. Europe Standard Time:20261112T140000\nDTSTART:20261113T090000\nDTEND:20261113T093000",
        "RECURRENCE-ID;VALUE=DATE:20261112\nDTSTART;TZID=Europe/Berlin:20261113T090000\nDURATION:PT30M",
    ],
)
def test_an_override_in_whatever_form_a_program_writes_it_is_the_leaders(body: str) -> None:
    found = back(added(series_bytes(series()), f"UID:k7q@calsync\n{body}\nSUMMARY:Focus"))
    assert found.series.overrides == {FIRST + WEEK: moved(date(2026, 11, 13), "09:00")}
    assert found.leaders == {FIRST + WEEK}


def test_an_override_of_calsync_that_was_moved_or_renamed_is_the_leaders_and_one_left_alone_is_not() -> None:
    days = [FIRST + n * WEEK for n in (1, 2, 3)]
    data = series_bytes(series(overrides={day: moved(day, "09:00") for day in days}))
    data = edited(
        data,
        ("DTSTART;TZID=Europe/Berlin:20261112T090000", "DTSTART;TZID=Europe/Berlin:20261112T093000"),
        ("DTEND;TZID=Europe/Berlin:20261112T093000", "DTEND;TZID=Europe/Berlin:20261112T100000"),
    )
    head, _, tail = data.decode().partition("RECURRENCE-ID;TZID=Europe/Berlin:20261119")
    data = (
        head + "RECURRENCE-ID;TZID=Europe/Berlin:20261119" + tail.replace("SUMMARY:Focus", "SUMMARY:Call Ana", 1)
    ).encode()
    found = back(data)
    assert found.leaders == set(days[:2])
    assert found.series.overrides[days[0]] == moved(days[0], "09:30")
    assert found.series.overrides[days[1]].title == "Call Ana"


def test_an_override_that_lost_its_marks_stays_part_of_the_series() -> None:
    data = series_bytes(series(overrides={FIRST + WEEK: moved(FIRST + WEEK, "09:00")}))
    head, _, tail = data.decode().partition("RECURRENCE-ID")
    data = (head + "RECURRENCE-ID" + re.sub(r"(X-CALSYNC|CATEGORIES)[^\r]*\r\n", "", tail)).encode()
    assert back(data).leaders == {FIRST + WEEK}
    found = expand(data, span("2026-11-01", "2026-11-15"), name="k7q.ics")
    assert [o.event.ours for o in found.occurrences] == ["k7q", "k7q"]


def test_the_leaders_own_override_stays_known_as_theirs_when_calsync_writes_the_series_again() -> None:
    wanted = series(overrides={FIRST + WEEK: moved(FIRST + WEEK, "09:00"), FIRST + 2 * WEEK: moved(FIRST, "10:00")})
    found = back(series_bytes(wanted, leaders={FIRST + WEEK}))
    assert found.series == wanted
    assert found.leaders == {FIRST + WEEK}


def test_a_series_moved_to_another_time_or_day_by_the_leader_is_read_as_it_stands() -> None:
    data = edited(
        series_bytes(series()),
        ("DTSTART;TZID=Europe/Berlin:20261105T140000", "DTSTART;TZID=Europe/Berlin:20261106T101500"),
        ("DTEND;TZID=Europe/Berlin:20261105T143000", "DTEND;TZID=Europe/Berlin:20261106T110000"),
        ("BYDAY=TH", "BYDAY=FR"),
        ("SUMMARY:Focus", "SUMMARY:People"),
    )
    found = back(data).series
    assert (found.first, found.start, found.minutes, found.title) == (date(2026, 11, 6), time(10, 15), 45, "People")
    assert found.rule_is_ours


@pytest.mark.parametrize(
    ("rule", "until"),
    [
        ("FREQ=WEEKLY", None),
        ("FREQ=WEEKLY;INTERVAL=1;WKST=SU;BYDAY=TH", None),
        ("FREQ=WEEKLY;COUNT=3", FIRST + 2 * WEEK),
        ("FREQ=WEEKLY;UNTIL=20261119T125959Z", FIRST + WEEK),
        ("FREQ=WEEKLY;UNTIL=20261119T130000Z", FIRST + 2 * WEEK),
        ("FREQ=WEEKLY;UNTIL=20261119", FIRST + 2 * WEEK),
        ("FREQ=WEEKLY;UNTIL=20261124T235959", FIRST + 2 * WEEK),
    ],
)
def test_a_rule_that_calsync_can_express_is_still_its_own(rule: str, until: date | None) -> None:
    found = back(edited(series_bytes(series()), ("FREQ=WEEKLY;BYDAY=TH", rule))).series
    assert (found.rule_is_ours, found.until) == (True, until)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;INTERVAL=2",
        "FREQ=WEEKLY;BYDAY=TU,TH",
        "FREQ=WEEKLY;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=1TH",
        "FREQ=WEEKLY;UNTIL=20261101T000000Z",
        "FREQ=WEEKLY;BYDAY=TH\r\nRDATE:20261110T100000Z",
        "FREQ=WEEKLY;BYDAY=TH\r\nRRULE:FREQ=WEEKLY;BYDAY=FR",
    ],
)
def test_a_rule_that_calsync_cannot_express_is_the_leaders(rule: str) -> None:
    found = back(edited(series_bytes(series()), ("FREQ=WEEKLY;BYDAY=TH", rule)))
    assert not found.series.rule_is_ours


def test_a_change_from_one_date_on_is_the_leaders_rule() -> None:
    body = """UID:k7q@calsync
        RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20261112T140000
        DTSTART;TZID=Europe/Berlin:20261112T150000
        DTEND;TZID=Europe/Berlin:20261112T153000"""
    assert not back(added(series_bytes(series()), body)).series.rule_is_ours


def test_a_series_made_all_day_is_the_leaders() -> None:
    data = re.sub(rb"DT(START|END);TZID=Europe/Berlin:(\d{8})T\d{6}", rb"DT\1;VALUE=DATE:\2", series_bytes(series()))
    found = back(data).series
    assert not found.rule_is_ours
    assert (found.first, found.start) == (FIRST, time(0))


def test_a_series_without_its_rule_is_a_series_of_one_date() -> None:
    found = back(edited(series_bytes(series()), ("RRULE:FREQ=WEEKLY;BYDAY=TH\r\n", ""))).series
    assert (found.rule_is_ours, found.until) == (True, FIRST)


def test_zone_names_of_windows_and_properties_in_any_order_are_understood() -> None:
    data = series_bytes(series(cancelled=frozenset({FIRST + WEEK}), dropped=frozenset({FIRST + WEEK})))
    assert back(data.replace(b"Europe/Berlin", b"W. Europe Standard Time")).series == back(data).series
    head, event, tail = re.split(rb"(?s)(?<=BEGIN:VEVENT\r\n)(.*)(?=END:VEVENT)", data)
    backwards = b"\r\n".join(reversed(event.rstrip().split(b"\r\n"))) + b"\r\n"
    assert back(head + backwards + tail).series == back(data).series


def test_the_newer_of_two_versions_counts() -> None:
    data = series_bytes(series(overrides={FIRST + WEEK: moved(FIRST + WEEK, "09:00")}))
    body = """UID:k7q@calsync
        RECURRENCE-ID:20261112T130000Z
        SEQUENCE:1
        DTSTART:20261112T100000Z
        DTEND:20261112T103000Z
        SUMMARY:Later"""
    assert back(added(data, body)).series.overrides[FIRST + WEEK].title == "Later"
    assert back(added(data, body.replace("SEQUENCE:1", "SEQUENCE:0"))).series.overrides[FIRST + WEEK].title == "Focus"


def test_the_feed_or_a_series_that_lost_its_slot_is_ours_but_no_series_to_write() -> None:
    data = edited(series_bytes(series()), ("X-CALSYNC-SLOT:1/0\r\n", ""))
    found = expand(data, span("2026-11-01", "2026-11-10"), name="k7q.ics")
    assert found.owned is None
    assert found.occurrences[0].event.ours == "k7q"


def test_a_block_that_cannot_be_understood_is_refused_by_name() -> None:
    data = edited(series_bytes(series()), ("RRULE:FREQ=WEEKLY;BYDAY=TH", "RRULE:FREQ=SOMETIMES"))
    with pytest.raises(Malformed, match=r"^k7q\.ics: "):
        read_series(data, "k7q.ics", "", BERLIN)


def test_times_that_a_clock_change_makes_ambiguous_are_written_as_instants() -> None:
    begin = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
    second = Override(Span(begin.astimezone(BERLIN), (begin + timedelta(minutes=30)).astimezone(BERLIN)), "x", False)
    wanted = series(first=date(2026, 10, 22), overrides={date(2026, 10, 22): second})
    data = series_bytes(wanted)
    assert b"DTSTART:20261025T010000Z" in data
    assert [o.span.start for o in expand(data, Span(begin - DAY, begin + DAY), name="k7q.ics").occurrences] == [begin]


def test_a_series_at_a_time_that_a_clock_change_leaves_out_moves_forward_as_the_model_says() -> None:
    wanted = series(first=date(2026, 3, 22), start=time(2, 30))
    assert starts(series_bytes(wanted), span("2026-03-20", "2026-04-08")) == [
        "2026-03-22 02:30",
        "2026-03-29 03:30",
        "2026-04-05 02:30",
    ]
