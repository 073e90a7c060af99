"""When the leader works, as accounts tell it: in each vendor's own words, and None for what is not understood."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calsync.errors import SignInNeeded, Unreachable
from calsync.ical.availability import working_week
from calsync.ports import WorkingWeek
from providers.caldav.provider import CalDavProvider
from providers.google import hours as google_hours
from providers.microsoft.hours import week_of
from tests.providers.google.rig import Rig, rig
from tests.providers.microsoft.conftest import Make, graph, make
from tests.servers.awkward import PASSWORD, USER, AwkwardServer
from tests.servers.context import context
from tests.servers.fixtures import awkward
from tests.servers.graph import Fault, GraphServer

# pytest finds a fixture where its name is.
__all__ = ["awkward", "graph", "make", "rig"]

BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_FIVE = {"startTime": "09:00:00.0000000", "endTime": "17:00:00.0000000"}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def every(days: range, *stretches: tuple[str, str]) -> dict[int, tuple[tuple[time, time], ...]]:
    """The same stretches on each of the days."""
    return dict.fromkeys(days, tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in stretches))


# --- the value ---


def test_stretches_that_meet_are_one_and_the_end_of_a_day_is_shown_as_the_last_minute() -> None:
    week = WorkingWeek.of([(1, 900, 1440), (0, 600, 720), (0, 540, 600), (0, 780, 1020), (0, 700, 710)], "UTC")
    assert week == WorkingWeek(
        {0: every(range(1), ("09:00", "12:00"), ("13:00", "17:00"))[0], 1: every(range(1), ("15:00", "23:59"))[0]},
        "UTC",
    )
    assert WorkingWeek.of([], "UTC") is None


@pytest.mark.parametrize("wrong", [(7, 0, 1), (-1, 0, 1), (0, 5, 5), (0, -1, 5), (0, 0, 1441)])
def test_what_is_no_stretch_of_a_day_is_refused(wrong: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no stretch of a day"):
        WorkingWeek.of([wrong], "UTC")


# --- Microsoft ---


def microsoft(zone: Mapping[str, Any], days: tuple[str, ...] = WEEKDAYS, **more: Any) -> WorkingWeek | None:
    said = {"daysOfWeek": list(days), **NINE_TO_FIVE, "timeZone": dict(zone), **more}
    return week_of(said, BERLIN, 2026)


# The zone in Microsoft's own example of getSchedule (microsoft-graph-docs, calendar-getschedule).
PACIFIC = {
    "@odata.type": "#microsoft.graph.customTimeZone",
    "bias": 480,
    "name": "Customized Time Zone",
    "standardOffset": {
        "time": "02:00:00.0000000",
        "dayOccurrence": 1,
        "dayOfWeek": "sunday",
        "month": 11,
        "year": 0,
    },
    "daylightOffset": {
        "daylightBias": -60,
        "time": "02:00:00.0000000",
        "dayOccurrence": 2,
        "dayOfWeek": "sunday",
        "month": 3,
        "year": 0,
    },
}
CENTRAL_EUROPE = {
    **PACIFIC,
    "bias": -60,
    "standardOffset": {**PACIFIC["standardOffset"], "dayOccurrence": 5, "month": 10},
    "daylightOffset": {**PACIFIC["daylightOffset"], "dayOccurrence": 5},
}
NO_SUMMER = {"dayOccurrence": 0, "dayOfWeek": "sunday", "month": 0, "year": 0, "time": "00:00:00.0000000"}


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ({"name": "W. Europe Standard Time"}, "Europe/Berlin"),
        ({"name": "India Standard Time"}, "Asia/Calcutta"),
        ({"@odata.type": "#microsoft.graph.timeZoneBase", "name": "UTC"}, "UTC"),
        ({"name": "Europe/Vienna"}, "Europe/Vienna"),
        (PACIFIC, "America/Los_Angeles"),
        # Any place of central Europe keeps this time; the leader's own comes first.
        (CENTRAL_EUROPE, "Europe/Berlin"),
        ({**PACIFIC, "bias": -345, "standardOffset": NO_SUMMER, "daylightOffset": NO_SUMMER}, "Asia/Katmandu"),
        ({**PACIFIC, "bias": -345, "standardOffset": None, "daylightOffset": None}, "Asia/Katmandu"),
        # Hobart's clocks are Sydney's. South of the equator summer lies around the turn of the year.
        (
            {
                **PACIFIC,
                "bias": -600,
                "standardOffset": {**PACIFIC["standardOffset"], "month": 4},
                "daylightOffset": {**PACIFIC["daylightOffset"], "dayOccurrence": 1, "month": 10},
            },
            "Australia/Hobart",
        ),
    ],
)
def test_microsofts_zones_are_those_of_windows_or_spelled_out(zone: Mapping[str, Any], name: str) -> None:
    assert microsoft(zone) == WorkingWeek(every(range(5), ("09:00", "17:00")), name)


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ({"endTime": "00:00:00.0000000"}, every(range(5), ("09:00", "23:59"))),
        ({"days": ("sunday",), "startTime": "22:00:00", "endTime": "06:30:00"}, None),
        ({"days": ("Monday", "monday")}, every(range(1), ("09:00", "17:00"))),
    ],
)
def test_microsofts_hours_may_end_at_midnight_or_past_it(said: dict[str, Any], hours: Any) -> None:
    week = microsoft({"name": "W. Europe Standard Time"}, **said)
    assert week is not None
    assert week.hours == (hours or {6: ((time(22), time(23, 59)),), 0: ((time(), time(6, 30)),)})


@pytest.mark.parametrize(
    "said",
    [
        {"daysOfWeek": []},
        {"daysOfWeek": ["someday"]},
        {"daysOfWeek": None},
        {"startTime": None},
        {"endTime": "soon"},
        {"timeZone": None},
        {"timeZone": {}},
        {"timeZone": {"name": "Customized Time Zone"}},
        {"timeZone": {"name": "tzone://Microsoft/Custom"}},
        {"timeZone": {**PACIFIC, "bias": 17}},
        {"timeZone": {**PACIFIC, "bias": "much"}},
        {"timeZone": {**PACIFIC, "daylightOffset": {"month": 13}}},
    ],
    ids=str,
)
def test_what_microsoft_says_of_no_week_is_none(said: dict[str, Any]) -> None:
    assert microsoft({"name": "UTC"}, **said) is None


def test_a_private_account_or_one_that_may_not_be_asked_tells_nothing(graph: GraphServer, make: Make) -> None:
    assert make().working_hours() == WorkingWeek(every(range(5), ("09:00", "17:00")), "Europe/Berlin")
    graph.directory.hidden[graph.address] = ("ErrorAccessDenied", "…")
    assert make().working_hours() is None
    graph.directory.hidden.clear()
    graph.scopes = {"User.Read"}
    assert make().working_hours() is None
    graph.scopes = {"Calendars.ReadBasic"}
    assert make().working_hours() is not None
    graph.mailboxes[graph.address].working_zone = {"name": "Customized Time Zone"}
    assert make().working_hours() is None


def test_silence_is_no_answer_at_microsoft(graph: GraphServer, make: Make) -> None:
    for later in range(4):
        graph.fail_next(Fault.NO_ANSWER, skip=later)
    with pytest.raises(Unreachable):
        make().working_hours()
    graph.behave()
    for later in range(4):
        graph.fail_next(Fault.UNAUTHORIZED, skip=later)
    with pytest.raises(SignInNeeded):
        make().working_hours()


# --- Google ---


def google(*stretches: tuple[str, int, int], **more: Any) -> dict[str, Any]:
    times = [{"dayOfWeek": day, "periodStart": begin, "periodEnd": end} for day, begin, end in stretches]
    return {"timeZone": "Europe/Zurich", "workingHours": {"workingHoursEnabled": True, "availableTimes": times}, **more}


def test_googles_hours_may_differ_from_day_to_day() -> None:
    said = google(("friday", 480, 720), ("monday", 540, 720), ("monday", 780, 1440))
    assert google_hours.week_of(said) == WorkingWeek(
        {0: every(range(1), ("09:00", "12:00"), ("13:00", "23:59"))[0], 4: every(range(1), ("08:00", "12:00"))[0]},
        "Europe/Zurich",
    )


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"timeZone": "Europe/Zurich"},
        google(("monday", 540, 1020), timeZone=None),
        google(),
        google(("monday", 540, 540)),
        google(("someday", 540, 600)),
        {"timeZone": "UTC", "workingHours": {"workingHoursEnabled": False, "availableTimes": []}},
        {"timeZone": "UTC", "workingHours": {"workingHoursEnabled": True}},
        {"timeZone": "UTC", "workingHours": {"workingHoursEnabled": True, "availableTimes": [None]}},
        {"timeZone": "UTC", "workingHours": "nine to five"},
    ],
    ids=str,
)
def test_what_google_says_of_no_week_is_none(said: dict[str, Any]) -> None:
    assert google_hours.week_of(said) is None


def test_google_tells_hours_only_to_who_may_see_the_calendars_settings(rig: Rig) -> None:
    rig.server.workspace = True
    rig.server.calendars[rig.server.email].working_hours = google(("monday", 540, 1020))["workingHours"]
    assert rig.provider().working_hours() is not None
    auth = "https://www.googleapis.com/auth/calendar."
    rig.server.scopes = {auth + "events.owned", auth + "freebusy", auth + "calendarlist.readonly"}
    assert rig.provider().working_hours() is None
    rig.server.scopes.add(auth + "calendars.readonly")
    assert rig.provider().working_hours() is not None


# --- CalDAV ---


def available(*lines: str) -> str:
    return "\r\n".join(["BEGIN:AVAILABLE", "UID:a", "DTSTAMP:20261101T080000Z", *lines, "END:AVAILABLE", ""])


def availability(*parts: str, head: str = "") -> str:
    """A calendar-availability, as Nextcloud keeps it."""
    begin = f"BEGIN:VCALENDAR\r\nPRODID:Nextcloud DAV app\r\nBEGIN:VAVAILABILITY\r\n{head}"
    return begin + "".join(parts) + "END:VAVAILABILITY\r\nEND:VCALENDAR\r\n"


def weekly(day: str, begin: str, end: str, zone: str = ";TZID=Europe/Paris") -> str:
    return available(f"DTSTART{zone}:20211005T{begin}", f"DTEND{zone}:20211005T{end}", f"RRULE:FREQ=WEEKLY;BYDAY={day}")


@pytest.mark.parametrize(
    ("text", "hours", "zone"),
    [
        (
            availability(
                weekly("MO", "090000", "120000"), weekly("MO", "130000", "173000"), weekly("FR,TH", "090000", "130000")
            ),
            {
                0: every(range(1), ("09:00", "12:00"), ("13:00", "17:30"))[0],
                **every(range(3, 5), ("09:00", "13:00")),
            },
            "Europe/Paris",
        ),
        (availability(weekly("TU", "090000", "170000", "")), every(range(1, 2), ("09:00", "17:00")), "Europe/Berlin"),
        (
            availability(available("DTSTART:20261201T080000Z", "DURATION:PT8H", "RRULE:FREQ=DAILY;BYDAY=TU")),
            every(range(1, 2), ("09:00", "17:00")),
            "Europe/Berlin",
        ),
        (
            availability(available("DTSTART;TZID=UTC:20261206T200000", "DURATION:PT8H", "RRULE:FREQ=WEEKLY")),
            {6: ((time(20), time(23, 59)),), 0: ((time(), time(4)),)},
            "UTC",
        ),
    ],
)
def test_the_availability_of_a_caldav_account_is_its_week(text: str, hours: Any, zone: str) -> None:
    assert working_week(text, BERLIN) == WorkingWeek(hours, zone)


def test_of_several_availabilities_the_most_important_counts() -> None:
    often = availability(weekly("MO", "090000", "170000"))
    first = availability(weekly("TU", "100000", "160000"), head="PRIORITY:1\r\n")
    both = often.removesuffix("END:VCALENDAR\r\n") + "".join(first.partition("BEGIN:VAVAILABILITY")[1:])
    week = working_week(both, BERLIN)
    assert week is not None
    assert set(week.hours) == {1}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "nonsense",
        availability(),
        availability(weekly("MO", "170000", "090000")),
        availability(weekly("XX", "090000", "170000")),
        availability(weekly("MO", "090000", "170000"), head="DTSTART:20261201T000000Z\r\nDTEND:20261231T000000Z\r\n"),
        availability(weekly("MO", "090000", "170000"), weekly("TU", "090000", "170000", ";TZID=Asia/Tokyo")),
        availability(available("DTSTART:20261201T080000Z", "DURATION:PT8H")),
        availability(available("DTSTART:20261201T080000Z", "DURATION:PT8H", "RRULE:FREQ=WEEKLY;INTERVAL=2")),
        availability(available("DTSTART:20261201T080000Z", "DURATION:PT8H", "RRULE:FREQ=WEEKLY;COUNT=3")),
        availability(available("DTSTART:20261201T080000Z", "DURATION:PT8H", "RRULE:FREQ=MONTHLY")),
        availability(available("DTSTART;VALUE=DATE:20261201", "DURATION:P1D", "RRULE:FREQ=WEEKLY")),
        availability(available("DURATION:PT8H", "RRULE:FREQ=WEEKLY")),
    ],
    ids=range(14),
)
def test_an_availability_that_is_no_week_is_none(text: str) -> None:
    assert working_week(text, BERLIN) is None


def test_an_account_with_a_scheduling_inbox_is_asked_there(awkward: AwkwardServer, tmp_path: Path) -> None:
    def on(url: str) -> CalDavProvider:
        return CalDavProvider("work", {"url": url, "username": USER}, context(tmp_path, PASSWORD))

    assert on(awkward.calendar_url).working_hours() is None
    awkward.availability = ""
    assert on(awkward.calendar_url).working_hours() is None
    awkward.availability = availability(weekly("TU", "090000", "170000"))
    for url in (awkward.calendar_url, awkward.url):
        assert on(url).working_hours() == WorkingWeek(every(range(1, 2), ("09:00", "17:00")), "Europe/Paris")
    assert {seen.method for seen in awkward.seen} == {"PROPFIND"}
    assert on(awkward.url + "nowhere/").working_hours() is None
    awkward.down = True
    with pytest.raises(Unreachable):
        on(awkward.calendar_url).working_hours()


def test_the_day_of_the_year_does_not_matter(graph: GraphServer, make: Make) -> None:
    for month in (1, 7):
        graph.now = lambda month=month: datetime(2026, month, 31, 23, 30, tzinfo=UTC)  # type: ignore[misc]
        assert make().working_hours() is not None
