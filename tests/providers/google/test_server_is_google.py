"""The loopback Google account, judged by clients and libraries that nobody here wrote: gcsa, recurring-ical-events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from gcsa.attendee import Attendee
from gcsa.event import Event
from gcsa.reminders import PopupReminder
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from googleapiclient.errors import HttpError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.samples import calendar, vevent
from tests.servers.google import GoogleServer
from tests.servers.google_client import Api, gcsa_calendar
from tests.servers.google_fixtures import server

# pytest finds a fixture where its name is.
__all__ = ["server"]

BERLIN = ZoneInfo("Europe/Berlin")
WINTER = (datetime(2026, 11, 1, tzinfo=BERLIN), datetime(2027, 2, 1, tzinfo=BERLIN))


@pytest.fixture
def google(server: GoogleServer) -> Iterator[Any]:
    with gcsa_calendar(server) as found:
        yield found


def berlin(day: int, hour: int = 10, minute: int = 0, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def weekly(google: Any, event_id: str = "series1", **more: Any) -> Any:
    fields = {"timezone": "Europe/Berlin", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"], "event_id": event_id, **more}
    return google.add_event(Event("Weekly", start=berlin(1), end=berlin(1, 11), **fields))


# --- gcsa sees what is stored ---


def test_an_event_comes_back_as_it_was_made(server: GoogleServer, google: Any) -> None:
    made = google.add_event(
        Event(
            "Review",
            start=berlin(1),
            end=berlin(1, 11),
            timezone="Europe/Berlin",
            description="Why",
            location="Room 2",
            visibility="private",
            transparency="transparent",
            reminders=PopupReminder(minutes_before_start=10),
            attendees=[Attendee("ana@example.com", display_name="Ana")],
            extendedProperties={"private": {"calsync": "1"}},
        )
    )
    found = google.get_event(made.event_id)
    assert (found.summary, found.description, found.location) == ("Review", "Why", "Room 2")
    assert (found.start, found.end, found.timezone) == (berlin(1), berlin(1, 11), "Europe/Berlin")
    assert (found.visibility, found.transparency) == ("private", "transparent")
    assert [r.minutes_before_start for r in found.reminders] == [10]
    assert [(a.email, a.response_status) for a in found.attendees] == [("ana@example.com", "needsAction")]
    assert found.organizer.email == found.creator.email == "maya@example.com"
    assert found.other["extendedProperties"] == {"private": {"calsync": "1"}}
    assert found.other["iCalUID"] == f"{made.event_id}@google.com"
    assert server.mailed == []
    assert server.refused_bodies == []


def test_an_all_day_event_stays_all_day(google: Any) -> None:
    made = google.add_event(Event("Fair", start=date(2026, 12, 3), end=date(2026, 12, 5)))
    assert (made.start, made.end) == (date(2026, 12, 3), date(2026, 12, 5))
    (found,) = google.get_events(*WINTER)
    assert found.start == date(2026, 12, 3)


def test_what_another_program_puts_as_icalendar_is_seen_through_the_api(server: GoogleServer, google: Any) -> None:
    name = server.hand.put(
        "",
        "from-outlook",
        calendar(
            vevent(
                "from-outlook",
                "RRULE:FREQ=WEEKLY;UNTIL=20261231T230000Z",
                "EXDATE;TZID=Europe/Berlin:20261208T100000",
                "ORGANIZER:mailto:ana@example.com",
                "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ana@example.com",
                "ATTENDEE;PARTSTAT=DECLINED;ROLE=OPT-PARTICIPANT:mailto:maya@example.com",
                "ATTENDEE;CUTYPE=ROOM:mailto:room@example.com",
                start="20261201T100000",
                end="20261201T110000",
            ),
            vevent(
                "from-outlook",
                "RECURRENCE-ID;TZID=Europe/Berlin:20261215T100000",
                start="20261216T090000",
                end="20261216T100000",
                title="Moved",
            ),
            vevent(
                "from-outlook",
                "RECURRENCE-ID;TZID=Europe/Berlin:20261222T100000",
                "STATUS:CANCELLED",
                start="20261222T100000",
                end="20261222T110000",
            ),
        ),
    )
    found = google.get_event(name)
    assert found.other["iCalUID"] == "from-outlook"
    assert [(a.email, a.response_status, a.optional, a.is_resource) for a in found.attendees] == [
        ("ana@example.com", "accepted", None, None),
        ("maya@example.com", "declined", True, None),
        ("room@example.com", "needsAction", None, True),
    ]
    days = [(e.summary, e.start) for e in google.get_events(*WINTER, single_events=True, order_by="startTime")]
    assert days == [
        ("Review with Ana", berlin(1)),
        ("Moved", berlin(16, 9)),
        ("Review with Ana", berlin(29)),
    ]


def test_a_floating_time_is_taken_in_the_calendars_zone(server: GoogleServer, google: Any) -> None:
    server.add_calendar("tokyo@example.com", timezone="Asia/Tokyo")
    floating = calendar(vevent("f", "DTSTART:20261204T090000", "DTEND:20261204T100000"), zones=False)
    name = server.hand.put("tokyo@example.com", "f", floating)
    found = google.get_event(name, calendar_id="tokyo@example.com")
    assert found.start == datetime(2026, 12, 4, 9, tzinfo=ZoneInfo("Asia/Tokyo"))


# --- gcsa works on it ---


def test_a_series_its_instances_and_changes_of_single_dates(server: GoogleServer, google: Any) -> None:
    weekly(google)
    instances = list(google.get_instances("series1", *WINTER))
    assert [one.event_id for one in instances] == [f"series1_202612{day:02}T090000Z" for day in (1, 8, 15, 22, 29)]
    assert {one.recurring_event_id for one in instances} == {"series1"}
    instances[1].start, instances[1].end = berlin(10, 14), berlin(10, 15)
    moved = google.update_event(instances[1])
    assert moved.other["originalStartTime"]["dateTime"] == "2026-12-08T10:00:00+01:00"
    google.delete_event(instances[2])
    listed = google.get_events(*WINTER, single_events=True, order_by="startTime")
    assert [one.start for one in listed] == [berlin(1), berlin(10, 14), berlin(22), berlin(29)]
    assert "series1" in [one.event_id for one in google.get_events(*WINTER)]
    assert server.hand.ical("", "series1").count(b"BEGIN:VEVENT") == 3


def test_a_change_of_the_series_keeps_the_exceptions_that_still_have_a_date(google: Any) -> None:
    series = weekly(google)
    one = google.get_event("series1_20261208T090000Z")
    one.summary = "Just this one"
    google.update_event(one)
    series.summary = "All of them"
    google.update_event(series)
    titles = [e.summary for e in google.get_events(*WINTER, single_events=True, order_by="startTime")]
    assert titles == ["All of them", "Just this one", "All of them", "All of them", "All of them"]
    series.start, series.end = berlin(1, 12), berlin(1, 13)
    google.update_event(series)
    assert {e.summary for e in google.get_events(*WINTER, single_events=True)} == {"All of them"}


def test_a_deleted_event_keeps_its_id(google: Any) -> None:
    weekly(google)
    google.delete_event("series1")
    assert list(google.get_events(*WINTER)) == []
    assert google.get_event("series1").other["status"] == "cancelled"
    for status, again in ((410, lambda: google.delete_event("series1")), (409, lambda: weekly(google))):
        with pytest.raises(HttpError) as caught:
            again()
        assert caught.value.status_code == status


def test_an_event_moves_to_another_calendar(server: GoogleServer, google: Any) -> None:
    server.add_calendar("team@group.calendar.google.com", "Team")
    moved = google.move_event(weekly(google), "team@group.calendar.google.com")
    assert moved.organizer.email == "team@group.calendar.google.com"
    assert list(google.get_events(*WINTER)) == []
    assert len(list(google.get_events(*WINTER, calendar_id="team@group.calendar.google.com"))) == 1


def test_an_imported_event_keeps_its_uid(google: Any) -> None:
    made = google.import_event(Event("Theirs", start=berlin(1), end=berlin(1, 11), iCalUID="theirs@example.org"))
    assert made.other["iCalUID"] == "theirs@example.org"


def test_calendars_are_listed_with_what_may_be_done_in_them(server: GoogleServer, google: Any) -> None:
    server.add_calendar("boss@example.com", "Boss", role="freeBusyReader", timezone="America/New_York")
    listed = [(c.calendar_id, c.access_role, c.timezone) for c in google.get_calendar_list()]
    assert listed == [
        ("boss@example.com", "freeBusyReader", "America/New_York"),
        ("maya@example.com", "owner", "Europe/Berlin"),
    ]
    assert google.get_calendar("primary").timezone == "Europe/Berlin"


def test_free_and_busy_times_of_several_people_come_in_one_answer(server: GoogleServer, google: Any) -> None:
    weekly(google)
    google.delete_event("series1_20261215T090000Z")
    google.add_event(Event("Free", start=berlin(2), end=berlin(2, 11), transparency="transparent"))
    server.others["ana@example.com"] = [(berlin(3), berlin(3, 11)), (berlin(3, 11), berlin(3, 12))]
    asked = ["primary", "ana@example.com", "nobody@example.com"]
    answer = google.get_free_busy(asked, time_min=berlin(1), time_max=berlin(20), ignore_errors=True)
    assert [(span.start, span.end) for span in answer.calendars["primary"]] == [
        (berlin(day), berlin(day, 11)) for day in (1, 8)
    ]
    assert [(span.start, span.end) for span in answer.calendars["ana@example.com"]] == [(berlin(3), berlin(3, 12))]
    assert [error["reason"] for error in answer.calendars_errors["nobody@example.com"]] == ["notFound"]


@pytest.mark.parametrize("empty", [False, True])
def test_many_events_come_in_pages_some_of_them_empty(server: GoogleServer, google: Any, empty: bool) -> None:
    for day in range(1, 9):
        google.add_event(Event(f"Day {day}", start=berlin(day), end=berlin(day, 11)))
    server.page_size, server.empty_pages = 3, empty
    server.take()
    found = [e.summary for e in google.get_events(*WINTER, single_events=True, order_by="startTime")]
    assert found == [f"Day {day}" for day in range(1, 9)]
    assert server.take() == ["events.list"] * (4 if empty else 3)


def test_a_token_that_is_past_its_time_is_refreshed_once(server: GoogleServer) -> None:
    credentials = Credentials(
        token=server.token(),
        refresh_token="1//refresh-maya",
        token_uri=f"{server.url}/token",
        client_id=server.client_id,
        client_secret=server.client_secret,
    )
    with gcsa_calendar(server, credentials) as google:
        server.expire_tokens()
        assert list(google.get_events(*WINTER)) == []
        assert server.take() == ["events.list", "token", "events.list"]
        assert [seen.status for seen in server.requests] == [401, 200, 200]
        server.revoke()
        with pytest.raises(RefreshError) as caught:
            list(google.get_events(*WINTER))
    assert caught.value.args[1]["error"] == "invalid_grant"


# --- recurrence, against a library that reads the same series as iCalendar ---

YEAR = (datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 9, 1, tzinfo=UTC))


def judged(ical: bytes, zone: ZoneInfo) -> list[datetime]:
    """When each occurrence starts. Its end is left out: the library's goes by the wall clock, also across a gap."""
    found = []
    for one in recurring_ical_events.of(icalendar.Calendar.from_ical(ical)).between(*YEAR):
        if one.get("STATUS") != "CANCELLED":
            start = one["DTSTART"].dt
            start = start if isinstance(start, datetime) else datetime.combine(start, time(), tzinfo=zone)
            found.append(start.astimezone(UTC))
    return sorted(found)


def expanded(api: Api) -> list[tuple[datetime, datetime]]:
    said = api.list(singleEvents="true", timeMin=YEAR[0].isoformat(), timeMax=YEAR[1].isoformat(), maxResults=2500)
    zone = ZoneInfo(said.json["timeZone"])
    return sorted((at(one["start"], zone), at(one["end"], zone)) for one in said.json["items"])


def at(when: dict[str, str], zone: ZoneInfo) -> datetime:
    if "dateTime" in when:
        return datetime.fromisoformat(when["dateTime"]).astimezone(UTC)
    return datetime.combine(date.fromisoformat(when["date"]), time(), tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
@pytest.mark.parametrize(
    ("start", "lines"),
    [
        ("2026-10-05T09:00", ["RRULE:FREQ=WEEKLY"]),
        ("2026-09-27T02:15", ["RRULE:FREQ=WEEKLY;BYDAY=SU"]),
        ("2026-10-05T23:30", ["RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR;WKST=SU"]),
        ("2026-10-01T07:00", ["RRULE:FREQ=DAILY;COUNT=200"]),
        ("2026-09-21T02:45", ["RRULE:FREQ=DAILY;INTERVAL=3"]),
        ("2026-10-13T16:00", ["RRULE:FREQ=MONTHLY;BYDAY=2TU"]),
        ("2026-10-30T16:00", ["RRULE:FREQ=MONTHLY;BYDAY=-1FR"]),
        ("2026-10-31T08:00", ["RRULE:FREQ=MONTHLY;BYMONTHDAY=31"]),
        ("2026-10-05T15:00", ["RRULE:FREQ=WEEKLY;UNTIL=20270301T120000Z"]),
        ("2026-10-05T15:00", ["RRULE:FREQ=WEEKLY;COUNT=4", "RDATE:20270105T100000Z,20270106T100000Z"]),
        ("2026-10-06", ["RRULE:FREQ=WEEKLY;BYDAY=TU,TH"]),
        ("2026-10-06", ["RRULE:FREQ=DAILY;UNTIL=20261231", "EXDATE;VALUE=DATE:20261013"]),
    ],
)
def test_a_series_means_what_recurring_ical_events_makes_of_it(zone: str, start: str, lines: list[str]) -> None:
    server = GoogleServer()
    server.calendars["maya@example.com"].timezone = zone
    with server.running():
        api = Api(server)
        if "T" in start:
            first = datetime.fromisoformat(start)
            whens = [{"dateTime": at.isoformat(), "timeZone": zone} for at in (first, first + timedelta(minutes=30))]
        else:
            day = date.fromisoformat(start)
            whens = [{"date": at.isoformat()} for at in (day, day + timedelta(days=1))]
        said = api.insert({"id": "series", "start": whens[0], "end": whens[1], "recurrence": lines})
        assert said.status == 200, said.json
        found = expanded(api)
        assert found
        assert [start for start, _ in found] == judged(server.hand.ical("", "series"), ZoneInfo(zone))
        if "T" in start:
            assert {end - begin for begin, end in found} == {timedelta(minutes=30)}
        api.close()


DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@st.composite
def rules(draw: st.DrawFn) -> tuple[datetime, str]:
    """A start and a rule that gives it."""
    start = datetime(2026, 9, 1) + timedelta(days=draw(st.integers(0, 120)), minutes=15 * draw(st.integers(0, 95)))  # noqa: DTZ001 - a wall-clock time
    day = DAYS[start.weekday()]
    kind = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))
    rule = f"RRULE:FREQ={kind};INTERVAL={draw(st.integers(1, 4))}"
    if kind == "WEEKLY":
        rule += ";BYDAY=" + ",".join(sorted({day, *draw(st.sets(st.sampled_from(DAYS), max_size=3))}, key=DAYS.index))
    if kind == "MONTHLY":
        rule += f";BYDAY={(start.day - 1) // 7 + 1}{day}"
    end = draw(st.sampled_from(["", ";COUNT=9", ";UNTIL=20270328T003000Z"]))
    return start, rule + end


def test_any_rule_with_dates_deleted_and_moved_means_the_same_to_both() -> None:
    server = GoogleServer()
    with server.running():
        api = Api(server)

        @settings(max_examples=settings.default.max_examples // 3)
        @given(
            rules(),
            st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
            st.lists(st.integers(0, 8), max_size=3, unique=True),
        )
        def law(rule: tuple[datetime, str], zone: str, touched: list[int]) -> None:
            server.calendars["maya@example.com"].entries.clear()
            start, line = rule
            whens = [{"dateTime": at.isoformat(), "timeZone": zone} for at in (start, start + timedelta(minutes=30))]
            api.insert({"id": "series", "start": whens[0], "end": whens[1], "recurrence": [line]})
            ids = api.ask("GET", "series/instances", maxResults=9).ids
            for number, at in enumerate(touched):
                if at < len(ids) and number:
                    assert api.delete(ids[at]).status == 204
                elif at < len(ids):
                    moved = [{"dateTime": f"2027-01-0{number + 1}T1{hour}:00:00Z"} for hour in (1, 2)]
                    assert api.patch(ids[at], {"start": moved[0], "end": moved[1]}).status == 200
            ical = server.hand.ical("", "series")
            assert [begin for begin, _ in expanded(api)] == judged(ical, ZoneInfo(zone))
            copy = server.hand.put("", "copy", ical)
            assert server.hand.ical("", copy) == ical.replace(b"series@google.com", b"copy")

        law()
        api.close()
