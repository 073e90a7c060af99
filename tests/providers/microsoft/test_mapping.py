"""What Graph's JSON means, on recorded shapes of it, and the odd times that come with them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from calsync.ical.read import expand_payloads
from calsync.model import Answer, EventType, Occurrence, Party, PartyKind, Role, Span
from calsync.planning.meetings import read_event
from providers.microsoft.mapping import NOT_UNDERSTOOD, etag_of, instant, series_payload, single_payload
from tests.contract.samples import BERLIN, WINDOW

MINE = ("maya@example.com", "m.lindgren@example.com")


def person(address: str, name: str = "") -> dict[str, Any]:
    return {"emailAddress": {"address": address, "name": name or address}}


def guest(address: str, answer: str = "none", kind: str = "required") -> dict[str, Any]:
    return {**person(address), "type": kind, "status": {"response": answer, "time": "0001-01-01T00:00:00Z"}}


def row(**fields: Any) -> dict[str, Any]:
    """An event as a GET shows it (microsoft-graph-docs, event-get): an hour on the first of December."""
    return {
        "@odata.etag": 'W/"ZlnW4RIAV06KYYwlrfNZvQAAKGWwbw=="',
        "id": "AAMkAGIAAAoZDOFAAA=",
        "type": "singleInstance",
        "subject": "Let's go for lunch",
        "bodyPreview": "Does mid month work for you?",
        "body": {"contentType": "text", "content": "Does mid month work for you?"},
        "start": {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-12-01T10:00:00.0000000", "timeZone": "UTC"},
        "originalStartTimeZone": "W. Europe Standard Time",
        "originalEndTimeZone": "W. Europe Standard Time",
        "isAllDay": False,
        "isCancelled": False,
        "isOrganizer": True,
        "hideAttendees": False,
        "sensitivity": "normal",
        "showAs": "busy",
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
        "location": {"displayName": "Harry's Bar", "locationType": "default"},
        "attendees": [],
        "organizer": person("maya@example.com", "Maya Lindgren"),
        **fields,
    }


def read(payload: bytes, window: Span = WINDOW) -> list[Occurrence]:
    (expanded,) = expand_payloads([("name", "1", payload)], window, BERLIN)
    return list(expanded.occurrences)


def only(**fields: Any) -> Occurrence:
    (occurrence,) = read(single_payload(row(**fields), MINE))
    return occurrence


def test_a_single_event_is_what_graph_says_of_it_without_its_body() -> None:
    payload = single_payload(row(attendees=[guest("Ana@Example.com", "accepted")]), MINE)
    assert b"mid month" not in payload
    assert payload.decode() == (
        "BEGIN:VCALENDAR\r\n"
        "VERSION:2.0\r\n"
        "PRODID:-//calsync//calsync//EN\r\n"
        "BEGIN:VEVENT\r\n"
        "UID:AAMkAGIAAAoZDOFAAA=\r\n"
        "DTSTART:20261201T090000Z\r\n"
        "DTEND:20261201T100000Z\r\n"
        "SUMMARY:Let's go for lunch\r\n"
        "LOCATION:Harry's Bar\r\n"
        "TRANSP:OPAQUE\r\n"
        'ORGANIZER;CN="Maya Lindgren";X-CALSYNC-SELF=TRUE:mailto:maya@example.com\r\n'
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ana@example.com\r\n"
        "END:VEVENT\r\n"
        "END:VCALENDAR\r\n"
    )


@pytest.mark.parametrize(
    ("fields", "busy", "label"),
    [
        ({}, True, "hold"),
        ({"showAs": "free"}, False, "hold"),
        ({"showAs": "tentative"}, True, "hold"),
        ({"showAs": "oof"}, True, "out of office"),
        ({"showAs": "workingElsewhere"}, False, "working location"),
        ({"showAs": "unknown"}, True, "hold"),
        ({"sensitivity": "private"}, True, "hold"),
        ({"attendees": [guest("ana@example.com")]}, True, "one-on-one"),
        ({"attendees": [guest("ana@example.com"), guest("room@example.com", kind="resource")]}, True, "one-on-one"),
        ({"attendees": [guest("ana@example.com"), guest("ben@example.com")]}, True, "team meeting"),
        ({"attendees": [guest("ana@example.com"), guest("ben@example.com", "declined")]}, True, "one-on-one"),
        ({"attendees": [guest("ana@example.com"), guest("ben@example.com", kind="optional")]}, True, "one-on-one"),
    ],
)
def test_what_it_shows_and_who_is_in_it_decides_what_it_is(fields: dict[str, Any], busy: bool, label: str) -> None:
    reading = read_event(only(**fields), MINE, tentative_is_busy=True)
    assert (reading.busy, reading.label) == (busy, label)


def test_a_tentative_event_takes_no_time_where_the_leader_says_so() -> None:
    assert not read_event(only(showAs="tentative"), MINE, tentative_is_busy=False).busy


def test_a_cancelled_meeting_stays_in_the_view_and_takes_no_time() -> None:
    assert read(single_payload(row(isCancelled=True), MINE)) == []


def test_the_organizer_counts_although_graph_does_not_list_them() -> None:
    occurrence = only(
        isOrganizer=False,
        organizer=person("Ben@Example.com", "Ben"),
        responseStatus={"response": "accepted"},
        attendees=[guest("maya@example.com", "none")],
    )
    assert occurrence.event.organizer == "ben@example.com"
    assert not occurrence.event.organized_by_me
    reading = read_event(occurrence, (), tentative_is_busy=True)
    assert (reading.label, reading.others) == ("one-on-one", ("ben@example.com",))


@pytest.mark.parametrize(
    ("response", "answer", "busy"),
    [
        ("accepted", Answer.ACCEPTED, True),
        ("tentativelyAccepted", Answer.TENTATIVE, True),
        ("notResponded", Answer.NEEDS_ACTION, True),
        ("declined", Answer.DECLINED, False),
    ],
)
@pytest.mark.parametrize("listed", ["maya@example.com", "m.lindgren@example.com", "team@example.com"])
def test_the_leaders_own_answer_is_the_one_that_the_calendar_has(
    response: str, answer: Answer, busy: bool, listed: str
) -> None:
    occurrence = only(
        isOrganizer=False,
        organizer=person("ben@example.com"),
        responseStatus={"response": response},
        attendees=[guest(listed, "accepted"), guest("ana@example.com", "accepted")],
    )
    (me,) = [party for party in occurrence.event.parties if party.is_me]
    assert me.answer is answer
    assert read_event(occurrence, (), tentative_is_busy=True).busy is busy


def test_parties_keep_their_names_kinds_and_roles() -> None:
    occurrence = only(
        attendees=[
            {**guest("ana@example.com", "tentativelyAccepted"), **person("ana@example.com", 'Ana "A" Sousa')},
            guest("ben@example.com", "notResponded", "optional"),
            guest("room@example.com", "accepted", "resource"),
        ]
    )
    assert occurrence.event.parties == (
        Party("ana@example.com", 'Ana "A" Sousa', answer=Answer.TENTATIVE),
        Party("ben@example.com", role=Role.OPTIONAL, answer=Answer.NEEDS_ACTION),
        Party("room@example.com", kind=PartyKind.RESOURCE, answer=Answer.ACCEPTED),
    )


def test_a_guest_who_may_not_see_the_others_does_not_take_them_for_none() -> None:
    fields = {"hideAttendees": True, "attendees": [guest("maya@example.com")], "organizer": person("ben@example.com")}
    hidden = only(**fields, isOrganizer=False, responseStatus={"response": "accepted"})
    assert read_event(hidden, MINE, tentative_is_busy=True).label == "event with hidden guests"
    own = only(**{**fields, "attendees": [guest("ana@example.com")]})
    assert read_event(own, MINE, tentative_is_busy=True).label == "one-on-one"


@pytest.mark.parametrize(
    ("start", "end", "zone"),
    [
        ("2026-12-03T00:00:00.0000000", "2026-12-05T00:00:00.0000000", "W. Europe Standard Time"),
        ("2026-12-02T23:00:00.0000000", "2026-12-04T23:00:00.0000000", "W. Europe Standard Time"),
        ("2026-12-03T05:00:00.0000000", "2026-12-05T05:00:00.0000000", "Eastern Standard Time"),
        ("2026-12-02T23:00:00.0000000", "2026-12-04T23:00:00.0000000", "Customized Time Zone"),
        ("2026-12-02T18:15:00.0000000", "2026-12-04T18:15:00.0000000", "Nepal Standard Time"),
    ],
)
def test_an_all_day_event_is_on_the_days_it_was_meant_for_whatever_midnight_is_shown(
    start: str, end: str, zone: str
) -> None:
    occurrence = only(
        isAllDay=True,
        start={"dateTime": start, "timeZone": "UTC"},
        end={"dateTime": end, "timeZone": "UTC"},
        originalStartTimeZone=zone,
        originalEndTimeZone=zone,
    )
    assert occurrence.all_day
    assert occurrence.span == Span(datetime(2026, 12, 3, tzinfo=BERLIN), datetime(2026, 12, 5, tzinfo=BERLIN))


def test_an_all_day_event_of_no_length_lasts_its_day() -> None:
    midnight = {"dateTime": "2026-12-03T00:00:00.0000000", "timeZone": "UTC"}
    occurrence = only(isAllDay=True, start=midnight, end=midnight)
    assert occurrence.span == Span(datetime(2026, 12, 3, tzinfo=BERLIN), datetime(2026, 12, 4, tzinfo=BERLIN))


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-03-20T10:00:00.0000000", "UTC", datetime(2026, 3, 20, 10, tzinfo=UTC)),
        ("2026-03-20T10:00:00.0000000", "Pacific Standard Time", datetime(2026, 3, 20, 17, tzinfo=UTC)),
        ("2026-03-20T10:00:00.0000000", "tzone://Microsoft/Utc", datetime(2026, 3, 20, 10, tzinfo=UTC)),
        ("2026-03-20T10:00:00Z", "Pacific Standard Time", datetime(2026, 3, 20, 17, tzinfo=UTC)),
        ("2026-03-20T10:00:00", "Europe/Berlin", datetime(2026, 3, 20, 9, tzinfo=UTC)),
    ],
)
def test_times_have_seven_decimals_and_any_of_microsofts_zones(text: str, zone: str, expected: datetime) -> None:
    assert instant({"dateTime": text, "timeZone": zone}) == expected


def test_a_series_is_its_dates_and_a_plain_date_is_what_its_master_says() -> None:
    master = row(id="master", type="seriesMaster", subject="Weekly", attendees=[guest("ana@example.com")])
    # Of a plain date a delta shows no more than this (microsoft-graph-docs#7632).
    plain = {
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": "W/1",
        "id": "second",
        "type": "occurrence",
        "seriesMasterId": "master",
        "start": {"dateTime": "2026-12-08T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-12-08T10:00:00.0000000", "timeZone": "UTC"},
    }
    moved = row(
        id="third",
        type="exception",
        seriesMasterId="master",
        subject="Weekly, later",
        start={"dateTime": "2026-12-16T11:00:00.0000000", "timeZone": "UTC"},
        end={"dateTime": "2026-12-16T11:30:00.0000000", "timeZone": "UTC"},
        attendees=[],
        showAs="free",
    )
    payload = series_payload(master, [moved, plain], MINE)
    assert payload == series_payload(master, [plain, moved], MINE)
    first, second = read(payload)
    assert (first.event.title, first.event.transparent) == ("Weekly", False)
    assert [party.address for party in first.event.parties] == ["ana@example.com"]
    assert (second.event.title, second.event.transparent, second.event.parties) == ("Weekly, later", True, ())
    # The same date, seen with all that it has.
    whole = {**master, **plain, "subject": "Weekly", "originalStart": "2026-12-08T09:00:00Z"}
    assert series_payload(master, [whole, moved], MINE) == payload
    assert read(series_payload(master, [], MINE)) == []


def test_the_version_is_that_of_what_is_read() -> None:
    one = single_payload(row(), MINE)
    assert etag_of(one) == etag_of(single_payload(row(**{"@odata.etag": "W/another"}), MINE))
    assert etag_of(one) != etag_of(single_payload(row(subject="Another"), MINE))


@pytest.mark.parametrize(
    "broken",
    [
        {"start": None},
        {"start": {"dateTime": "soon", "timeZone": "UTC"}},
        {"end": {"dateTime": "2026-12-01T10:00:00", "timeZone": "Nowhere Standard Time"}},
        {"attendees": ["ana@example.com"]},
    ],
)
def test_what_is_no_event_is_refused_and_never_read_as_free(broken: dict[str, Any]) -> None:
    with pytest.raises(NOT_UNDERSTOOD):
        single_payload(row(**broken), MINE)


def test_null_is_taken_for_nothing_wherever_graph_may_send_it() -> None:
    names = ("subject", "body", "location", "attendees", "organizer", "responseStatus", "sensitivity", "hideAttendees")
    occurrence = only(**dict.fromkeys(names))
    assert (occurrence.event.title, occurrence.event.parties, occurrence.event.private) == ("", (), False)
    assert occurrence.event.event_type is EventType.DEFAULT
    assert occurrence.span.start.date() == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("said", "uid"),
    [("040000008200E00074C5", "040000008200E00074C5"), (None, row()["id"]), ("csabc@calsync", row()["id"])],
)
def test_the_uid_is_that_of_every_calendar_but_never_that_of_a_block(said: str | None, uid: str) -> None:
    assert only(iCalUId=said).event.uid == uid
