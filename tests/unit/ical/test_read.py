"""Reading: what each kind of date, zone, exception and property means."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.errors import Malformed
from calsync.ical.read import expand_each, expand_payloads
from calsync.model import Answer, Event, EventType, Party, PartyKind, Role, Span, Status
from tests.unit.ical.material import BERLIN, calendar, expand, occurrences, span, starts

MARCH = span("2026-03-01", "2026-04-01")
OUTLOOK = """BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0600
TZOFFSETTO:+0530
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0530
TZOFFSETTO:+0600
RRULE:FREQ=YEARLY;BYDAY=3SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""


def event(body: str, before: str = "") -> Event:
    (found,) = occurrences(
        calendar(f"UID:a\nDTSTART:20260303T090000Z\nDTEND:20260303T100000Z\n{body}", before=before), MARCH
    )
    return found.event


def times(body: str, window: Span = MARCH, before: str = "", zone: ZoneInfo = BERLIN) -> list[tuple[str, str]]:
    """Start and end of every occurrence by Berlin's clock."""
    found = occurrences(calendar(f"UID:a\n{body}", before=before), window, zone)
    return [tuple(at.astimezone(BERLIN).strftime("%m-%d %H:%M") for at in (o.span.start, o.span.end)) for o in found]  # type: ignore[misc]


# Times and zones.


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("DTSTART:20260303T090000Z\nDTEND:20260303T100000Z", ("03-03 10:00", "03-03 11:00")),
        (
            "DTSTART;TZID=Europe/Lisbon:20260303T090000\nDTEND;TZID=Europe/Berlin:20260303T110000",
            ("03-03 10:00", "03-03 11:00"),
        ),
        ("DTSTART:20260303T090000\nDTEND:20260303T100000", ("03-03 09:00", "03-03 10:00")),
        ("DTSTART;TZID=Europe/Lisbon:20260303T090000\nDTEND:20260303T100000", ("03-03 10:00", "03-03 11:00")),
        ("DTSTART:20260303T090000Z\nDURATION:PT1H30M", ("03-03 10:00", "03-03 11:30")),
        ("DTSTART:20260328T090000Z\nDURATION:P1D", ("03-28 10:00", "03-29 11:00")),
        ("DTSTART;TZID=Europe/Berlin:20260328T100000\nDURATION:P1D", ("03-28 10:00", "03-29 10:00")),
        ("DTSTART;VALUE=DATE:20260303", ("03-03 00:00", "03-04 00:00")),
        ("DTSTART:20260303", ("03-03 00:00", "03-04 00:00")),
        ("DTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260330", ("03-28 00:00", "03-30 00:00")),
        ("DTSTART;VALUE=DATE:20260303\nDTEND;VALUE=DATE:20260303", ("03-03 00:00", "03-04 00:00")),
        ("DTSTART;VALUE=DATE:20260303\nDURATION:P2D", ("03-03 00:00", "03-05 00:00")),
        ("DTSTART;VALUE=DATE:20260303\nDURATION:PT12H", ("03-03 00:00", "03-03 12:00")),
        ("DTSTART:20260303T100000Z\nDTEND:20260303T090000Z", ("03-03 10:00", "03-03 11:00")),
        ("DTSTART;TZID=W. Europe Standard Time:20260303T090000\nDURATION:PT1H", ("03-03 09:00", "03-03 10:00")),
        (
            "DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Lisbon:20260303T090000\nDURATION:PT1H",
            ("03-03 10:00", "03-03 11:00"),
        ),
        ("DTSTART;TZID=Nowhere in Particular:20260303T090000\nDURATION:PT1H", ("03-03 09:00", "03-03 10:00")),
        ('DTSTART;TZID="Europe/Lisbon":20260303T090000\nDURATION:PT1H', ("03-03 10:00", "03-03 11:00")),
        ("dtstart;tzid=Europe/Lisbon:20260303T090000\nduration:PT1H", ("03-03 10:00", "03-03 11:00")),
        ("DTSTART;VALUE=DATE-TIME;TZID=Europe/Lisbon:20260303T090000\nDURATION:PT1H", ("03-03 10:00", "03-03 11:00")),
        ("DTSTART;TZID=Europe/Berlin:20260329T023000\nDURATION:PT1H", ("03-29 03:30", "03-29 04:30")),
    ],
)
def test_a_single_event_takes_the_time_that_it_says(body: str, expected: tuple[str, str]) -> None:
    assert times(body) == [expected]


def test_an_event_without_any_length_takes_no_time() -> None:
    assert times("DTSTART:20260303T090000Z") == times("DTSTART:20260303T090000Z\nDTEND:20260303T090000Z") == []


def test_floating_times_and_days_are_those_of_the_leaders_zone() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    assert times("DTSTART:20260303T090000\nDURATION:PT1H", zone=tokyo) == [("03-03 01:00", "03-03 02:00")]
    assert times("DTSTART;VALUE=DATE:20260303", zone=tokyo) == [("03-02 16:00", "03-03 16:00")]


def test_floating_times_are_those_of_the_zone_that_the_calendar_names() -> None:
    hint = "X-WR-TIMEZONE:America/New_York\n"
    assert times("DTSTART:20260303T090000\nDURATION:PT1H", before=hint) == [("03-03 15:00", "03-03 16:00")]
    assert times("DTSTART;VALUE=DATE:20260303", before=hint) == [("03-03 00:00", "03-04 00:00")]
    assert times("DTSTART:20260303T090000\nDURATION:PT1H", before="X-WR-TIMEZONE:Atlantis\n") == [
        ("03-03 09:00", "03-03 10:00")
    ]


def test_a_zone_that_only_its_vtimezone_describes_is_taken_from_there() -> None:
    body = "DTSTART;TZID=Customized Time Zone:202603{}T120000\nDURATION:PT1H"
    assert times(body.format("03"), before=OUTLOOK) == [("03-03 07:30", "03-03 08:30")]
    assert times(body.format("20"), before=OUTLOOK) == [("03-20 07:00", "03-20 08:00")]


def test_two_files_may_describe_two_zones_by_one_name() -> None:
    body = "UID:a\nDTSTART;TZID=Customized Time Zone:20260303T120000\nDURATION:PT1H"
    one, other = calendar(body, before=OUTLOOK), calendar(body, before=OUTLOOK.replace("+0", "-0"))
    found = expand_payloads([("1", "", one), ("2", "", other), ("3", "", one)], MARCH, BERLIN)
    assert [o.span.start.hour * 60 + o.span.start.minute for each in found for o in each.occurrences] == [
        390,
        1050,
        390,
    ]


def test_a_name_that_the_database_knows_means_its_vtimezone_where_the_two_differ() -> None:
    body = "DTSTART;TZID=EST:20260320T120000\nDURATION:PT1H"
    assert times(body) == [("03-20 18:00", "03-20 19:00")]
    assert times(body, before=OUTLOOK.replace("Customized Time Zone", "EST")) == [("03-20 07:00", "03-20 08:00")]


def test_a_place_means_that_place_whatever_the_vtimezone_beside_it_says() -> None:
    before = OUTLOOK.replace("Customized Time Zone", "Europe/Lisbon")
    assert times("DTSTART;TZID=Europe/Lisbon:20260303T090000\nDURATION:PT1H", before=before) == [
        ("03-03 10:00", "03-03 11:00")
    ]


def test_a_vtimezone_that_cannot_be_read_counts_for_nothing() -> None:
    before = OUTLOOK.replace("TZOFFSETTO", "X-OFFSET")
    body = "DTSTART;TZID=Customized Time Zone:20260303T090000\nDURATION:PT1H"
    assert times(body, before=before) == [("03-03 09:00", "03-03 10:00")]


def test_a_location_named_in_a_vtimezone_is_the_place_meant() -> None:
    before = OUTLOOK.replace("BEGIN:STANDARD", "X-LIC-LOCATION:Europe/Lisbon\nBEGIN:STANDARD", 1)
    body = "DTSTART;TZID=Customized Time Zone:20260303T090000\nDURATION:PT1H"
    assert times(body, before=before) == [("03-03 10:00", "03-03 11:00")]


# Series and their exceptions.

WEEKLY = (
    "UID:a\nDTSTART;TZID=Europe/Berlin:20260304T090000\nDTEND;TZID=Europe/Berlin:20260304T100000\nRRULE:FREQ=WEEKLY"
)


def test_a_weekly_series_keeps_its_time_through_a_clock_change() -> None:
    assert starts(calendar(WEEKLY), span("2026-03-20", "2026-04-05")) == ["2026-03-25 09:00", "2026-04-01 09:00"]


@pytest.mark.parametrize(
    "exception",
    [
        "EXDATE;TZID=Europe/Berlin:20260311T090000",
        "EXDATE:20260311T080000Z",
        "EXDATE:20260311T090000",
        "EXDATE;VALUE=DATE:20260311",
        "EXDATE;TZID=Europe/Lisbon:20260311T080000",
        "EXDATE;TZID=Europe/Berlin:20250101T090000,20260311T090000",
        "EXDATE;TZID=Europe/Berlin:20250101T090000,20260311T080000Z",
    ],
)
def test_a_date_taken_out_in_whatever_form_does_not_take_place(exception: str) -> None:
    found = starts(calendar(f"{WEEKLY}\n{exception}"), span("2026-03-01", "2026-03-20"))
    assert found == ["2026-03-04 09:00", "2026-03-18 09:00"]


@pytest.mark.parametrize(
    "extra",
    [
        "RDATE;TZID=Europe/Berlin:20260313T150000",
        "RDATE:20260313T140000Z",
        "RDATE:20260313T150000",
        "RDATE;VALUE=PERIOD:20260313T140000Z/20260313T143000Z",
        "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20260313T150000/PT30M",
    ],
)
def test_a_date_put_in_takes_place_too(extra: str) -> None:
    found = occurrences(calendar(f"{WEEKLY}\n{extra}"), span("2026-03-12", "2026-03-18"))
    minutes = 30 if "PERIOD" in extra else 60
    assert [(o.span.start.isoformat(), o.span.length.seconds // 60) for o in found] == [
        ("2026-03-13T14:00:00+00:00", minutes)
    ]


@pytest.mark.parametrize(
    "replaces",
    [
        "RECURRENCE-ID;TZID=Europe/Berlin:20260311T090000",
        "RECURRENCE-ID:20260311T080000Z",
        "RECURRENCE-ID:20260311T090000",
        "RECURRENCE-ID;TZID=W. Europe Standard Time:20260311T090000",
    ],
)
def test_an_override_takes_the_place_of_its_date(replaces: str) -> None:
    override = f"UID:a\n{replaces}\nDTSTART:20260312T080000Z\nDTEND:20260312T090000Z\nSUMMARY:moved"
    found = occurrences(calendar(WEEKLY, override), span("2026-03-01", "2026-03-20"))
    assert [(o.span.start.day, o.event.title) for o in found] == [(4, ""), (12, "moved"), (18, "")]


def test_an_override_may_move_into_the_window_or_out_of_it() -> None:
    there = "UID:a\nRECURRENCE-ID:20260304T080000Z\nDTSTART:20260701T080000Z\nDTEND:20260701T090000Z"
    data = calendar(WEEKLY, there)
    assert starts(data, span("2026-03-01", "2026-03-12")) == ["2026-03-11 09:00"]
    assert starts(data, span("2026-06-30", "2026-07-07")) == ["2026-07-01 09:00", "2026-07-01 10:00"]


def test_an_override_that_is_cancelled_takes_its_date_away() -> None:
    gone = "UID:a\nRECURRENCE-ID:20260311T080000Z\nDTSTART:20260311T080000Z\nDTEND:20260311T090000Z\nSTATUS:CANCELLED"
    assert starts(calendar(WEEKLY, gone), span("2026-03-01", "2026-03-20")) == ["2026-03-04 09:00", "2026-03-18 09:00"]


def test_an_override_without_its_series_is_an_occurrence_of_its_own() -> None:
    alone = "UID:a\nRECURRENCE-ID:20260311T080000Z\nDTSTART:20260312T080000Z\nDTEND:20260312T090000Z"
    assert starts(calendar(alone), MARCH) == ["2026-03-12 09:00"]


def test_a_change_from_one_date_on_moves_all_later_dates() -> None:
    later = """UID:a
        RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260311T090000
        DTSTART;TZID=Europe/Berlin:20260312T140000
        DTEND;TZID=Europe/Berlin:20260312T143000
        SUMMARY:new"""
    data = calendar(WEEKLY, later)
    assert starts(data, span("2026-03-01", "2026-03-20")) == [
        "2026-03-04 09:00",
        "2026-03-12 14:00",
        "2026-03-19 14:00",
    ]
    assert starts(data, span("2026-06-01", "2026-06-07")) == ["2026-06-04 14:00"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("SEQUENCE:1", "SEQUENCE:2", "second"),
        ("SEQUENCE:2", "SEQUENCE:1", "first"),
        ("DTSTAMP:20260102T000000Z", "DTSTAMP:20260101T000000Z", "first"),
        ("", "", "second"),
    ],
)
def test_of_two_versions_the_newer_counts(first: str, second: str, expected: str) -> None:
    bodies = [f"{WEEKLY}\nSUMMARY:first\n{first}", f"{WEEKLY}\nSUMMARY:second\n{second}"]
    assert {o.event.title for o in occurrences(calendar(*bodies), MARCH)} == {expected}
    override = "UID:a\nRECURRENCE-ID:20260311T080000Z\nDTSTART:20260311T1{}0000Z\nDURATION:PT1H\nSUMMARY:{}\n{}"
    versions = [override.format(2, "first", first), override.format(3, "second", second)]
    found = occurrences(calendar(WEEKLY, *versions), span("2026-03-10", "2026-03-13"))
    assert [o.event.title for o in found] == [expected]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260318T080000Z", 18),
        ("20260318T075959Z", 11),
        ("20260318", 18),
        ("20260318T090000", 18),
        ("20260318T085959", 11),
    ],
)
def test_a_series_ends_with_its_until_whatever_form_that_has(until: str, last: int) -> None:
    found = occurrences(calendar(f"{WEEKLY};UNTIL={until}"), MARCH)
    assert found[-1].span.start.day == last


def test_an_all_day_series_with_an_until_in_utc_has_its_last_day() -> None:
    body = "UID:a\nDTSTART;VALUE=DATE:20260302\nRRULE:FREQ=DAILY;UNTIL=20260304T000000Z"
    assert len(occurrences(calendar(body), MARCH)) == 3


def test_a_single_event_whose_only_date_is_taken_out_does_not_take_place() -> None:
    body = "UID:a\nDTSTART:20260303T090000Z\nDURATION:PT1H\nEXDATE:2026030{}T090000Z"
    assert [len(occurrences(calendar(body.format(day)), MARCH)) for day in (3, 4)] == [0, 1]


def test_several_events_in_one_resource_all_count() -> None:
    data = calendar("UID:b\nDTSTART:20260303T090000Z\nDURATION:PT1H", WEEKLY)
    assert len(occurrences(data, span("2026-03-01", "2026-03-06"))) == 2


def test_occurrences_are_in_utc_and_in_order() -> None:
    found = occurrences(calendar(WEEKLY, "UID:b\nDTSTART:20260302T090000Z\nDURATION:PT1H"), MARCH)
    assert [o.span.start for o in found] == sorted(o.span.start for o in found)
    assert {o.span.start.tzinfo for o in found} == {UTC}


def test_only_what_overlaps_the_window_is_listed() -> None:
    data = calendar("UID:a\nDTSTART:20260303T090000Z\nDTEND:20260303T100000Z")
    at = [datetime(2026, 3, 3, hour, tzinfo=UTC) for hour in (8, 9, 10, 11)]
    assert not occurrences(data, Span(at[0], at[1]))
    assert not occurrences(data, Span(at[2], at[3]))
    assert occurrences(data, Span(at[1], at[2]))


# What an event says of itself.


def test_an_event_says_who_is_asked_and_what_they_answered() -> None:
    found = event(
        """SUMMARY:1:1\\, Ana \\; Bo
        ORGANIZER;CN=Maya:MAILTO:Maya@Example.com
        ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN="Sousa, Ana":mailto:Ana@Example.COM
        ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=TENTATIVE:mailto:bo@example.com
        ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:room@example.com
        ATTENDEE;CUTYPE=GROUP:mailto:team@example.com
        ATTENDEE;ROLE=NON-PARTICIPANT;PARTSTAT=DECLINED:mailto:cy@example.com
        ATTENDEE;PARTSTAT=DELEGATED;ROLE=CHAIR:mailto:di@example.com
        ATTENDEE;EMAIL=El@example.com;PARTSTAT=NEEDS-ACTION:/principals/el/
        ATTENDEE;CN=Fay:invalid:nomail"""
    )
    assert (found.title, found.organizer) == ("1:1, Ana ; Bo", "maya@example.com")
    assert found.parties == (
        Party("ana@example.com", "Sousa, Ana", answer=Answer.ACCEPTED),
        Party("bo@example.com", role=Role.OPTIONAL, answer=Answer.TENTATIVE),
        Party("room@example.com", kind=PartyKind.RESOURCE, answer=Answer.ACCEPTED),
        Party("team@example.com", kind=PartyKind.GROUP),
        Party("cy@example.com", role=Role.NON_PARTICIPANT, answer=Answer.DECLINED),
        Party("di@example.com", answer=Answer.DECLINED),
        Party("el@example.com", answer=Answer.NEEDS_ACTION),
        Party("", "Fay"),
    )


@pytest.mark.parametrize(
    ("lines", "status", "transparent", "kind"),
    [
        ("", Status.CONFIRMED, False, EventType.DEFAULT),
        ("STATUS:TENTATIVE", Status.TENTATIVE, False, EventType.DEFAULT),
        ("TRANSP:TRANSPARENT", Status.CONFIRMED, True, EventType.DEFAULT),
        ("transp:transparent", Status.CONFIRMED, True, EventType.DEFAULT),
        ("TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:FREE", Status.CONFIRMED, True, EventType.DEFAULT),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE\nTRANSP:OPAQUE", Status.CONFIRMED, True, EventType.DEFAULT),
        ("X-MICROSOFT-CDO-BUSYSTATUS:BUSY", Status.CONFIRMED, False, EventType.DEFAULT),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", Status.CONFIRMED, False, EventType.OUT_OF_OFFICE),
        ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\nSTATUS:CONFIRMED", Status.TENTATIVE, False, EventType.DEFAULT),
        ("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", Status.CONFIRMED, False, EventType.WORKING_LOCATION),
    ],
)
def test_an_event_says_how_busy_it_is(lines: str, status: Status, transparent: bool, kind: EventType) -> None:
    found = event(lines)
    assert (found.status, found.transparent, found.event_type) == (status, transparent, kind)


@pytest.mark.parametrize(("word", "private"), [("PRIVATE", True), ("CONFIDENTIAL", True), ("PUBLIC", False)])
def test_an_event_says_whether_it_is_private(word: str, private: bool) -> None:
    assert event(f"CLASS:{word}").private is private


def test_a_cancelled_event_is_not_listed() -> None:
    assert not occurrences(calendar("UID:a\nDTSTART:20260303T090000Z\nDURATION:PT1H\nSTATUS:CANCELLED"), MARCH)


def test_whole_days_are_marked_however_outlook_writes_them() -> None:
    days = occurrences(calendar("UID:a\nDTSTART;VALUE=DATE:20260303"), MARCH)
    midnights = "UID:a\nDTSTART:20260303T000000\nDTEND:20260304T000000\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE"
    assert [o.all_day for o in (*days, *occurrences(calendar(midnights), MARCH))] == [True, True]


def test_what_an_alarm_says_is_not_what_the_event_says() -> None:
    found = event("BEGIN:VALARM\nSUMMARY:ring\nATTENDEE:mailto:a@example.com\nEND:VALARM\nSUMMARY:meet")
    assert (found.title, found.parties) == ("meet", ())


def test_long_lines_are_read_whole() -> None:
    data = calendar("UID:a\nDTSTART:20260303T090000Z\nDURATION:PT1H\nSUMMARY:Zoë").replace(
        "Zoë".encode(), b"Zo\xc3\r\n \xab"
    )
    assert occurrences(data, MARCH)[0].event.title == "Zoë"


# Several at a time, and what cannot be understood.


def test_each_resource_has_its_answer_in_its_place() -> None:
    good = calendar("UID:a\nDTSTART:20260303T090000Z\nDURATION:PT1H")
    past = calendar("UID:b\nDTSTART:20200303T090000Z\nDURATION:PT1H")
    found = expand_payloads([("a", "", good), ("b", "", past), ("c", "", good)], MARCH, BERLIN)
    assert [(one.name, len(one.occurrences)) for one in found] == [("a", 1), ("b", 0), ("c", 1)]


@pytest.mark.parametrize(
    "bad",
    [
        "UID:x\nSUMMARY:no date",
        "UID:x\nDTSTART:soon",
        "UID:x\nDTSTART:20260230T090000Z\nDTEND:20260230T100000Z",
        "UID:x\nDTSTART:20260303T090000Z\nRRULE:FREQ=SOMETIMES",
        "UID:x\nDTSTART:20260303T090000Z\nRRULE:BYDAY=MO",
        "UID:x\nDTSTART:20260303T090000Z\nRRULE:FREQ=WEEKLY;BYDAY=XX",
        "UID:x\nDTSTART:20260303T090000Z\nDURATION:long",
        "UID:x\nDTSTART:20260303T090000Z\nDTEND;:20260303T100000Z",
        "UID:x\nDTSTART:20260303T090000Z\nRRULE:FREQ=WEEKLY\nEXDATE:never",
        "UID:x\nRECURRENCE-ID:then\nDTSTART:20260303T090000Z",
    ],
)
def test_what_cannot_be_understood_is_named_and_costs_the_others_nothing(bad: str) -> None:
    good = calendar("UID:a\nDTSTART:20260303T090000Z\nDURATION:PT1H")
    payloads = [("good", "", good), ("bad.ics", "", calendar(bad)), ("good", "", good)]
    first, second, third = expand_each(payloads, MARCH, BERLIN)
    assert first == third == expand(good, MARCH, name="good")
    assert isinstance(second, Malformed)
    assert second.what.startswith("bad.ics: ")
    assert "\n" not in second.what
    with pytest.raises(Malformed, match=r"^bad\.ics: "):
        expand_payloads(payloads, MARCH, BERLIN)


RICH = calendar(
    f"{WEEKLY};UNTIL=20270101T000000Z\nEXDATE;TZID=Europe/Berlin:20260311T090000,20260318T090000\nSUMMARY:a\\, b",
    "UID:a\nRECURRENCE-ID:20260325T080000Z\nDTSTART;TZID=Customized Time Zone:20260326T080000\nDURATION:PT1H",
    "UID:b\nDTSTART;VALUE=DATE:20260303\nRRULE:FREQ=MONTHLY;BYDAY=1TU;COUNT=5\nATTENDEE;CN=x;PARTSTAT=ACCEPTED:mailto:x@y.z",
    "UID:c\nDTSTART:20260303T090000\nRDATE;VALUE=PERIOD:20260304T090000Z/PT1H\nCATEGORIES:x,calsync\nX-CALSYNC-KEY:k",
    "UID:k@calsync\nDTSTART:20260303T090000Z\nDTEND:20260303T100000Z\nRRULE:FREQ=WEEKLY\nCATEGORIES:calsync\n"
    "X-CALSYNC-KEY:k\nX-CALSYNC-KIND:connect\nX-CALSYNC-SLOT:1/0\nX-CALSYNC-DROPPED:2026-03-10",
    before=OUTLOOK,
)


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_garbled_calendars_are_read_or_refused_and_nothing_else_happens(data: st.DataObject) -> None:
    garbled = bytearray(RICH)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(20, len(garbled) - 20))
        match data.draw(st.sampled_from(["change", "cut", "double", "insert"])):
            case "change":
                garbled[at] = data.draw(st.sampled_from(b'09TZ:;=,"\r\n \\-PxX\xff'))
            case "cut":
                del garbled[at : at + data.draw(st.integers(1, 12))]
            case "double":
                garbled[at:at] = garbled[at : at + data.draw(st.integers(1, 60))]
            case _:
                garbled[at:at] = data.draw(st.binary(max_size=4))
    (found,) = expand_each([("k.ics", "", bytes(garbled))], MARCH, BERLIN)
    assert isinstance(found, Malformed) or all(o.span.overlaps(MARCH) for o in found.occurrences)


def test_a_resource_that_is_no_calendar_is_named() -> None:
    with pytest.raises(Malformed, match=r"^gone\.ics: it is empty$"):
        expand_payloads([("gone.ics", "", b"")], MARCH, BERLIN)
