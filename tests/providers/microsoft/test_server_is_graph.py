"""The Graph test server is judged by clients and libraries that nobody here wrote.

O365 (python-o365) creates, lists, changes and deletes, and reads what the server answers; recurring-ical-events expands
what its hand says is stored; msal signs in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import msal
import pytest
import recurring_ical_events
import requests
from O365 import Account, Connection, MSGraphProtocol
from O365.calendar import Event, EventType
from O365.utils.token import MemoryTokenBackend

from tests.contract.samples import calendar, meeting, vevent
from tests.servers.detour import MICROSOFT_HOSTS, detour
from tests.servers.graph import GraphServer

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def server() -> Iterator[GraphServer]:
    server = GraphServer()
    with server.running():
        yield server


def outlook(server: GraphServer, zone: str = "Europe/Berlin") -> Account:
    """O365 on the server, signed in, with immutable ids."""

    class OnLoopback(Connection):
        def get_session(self, load_token: bool = False) -> requests.Session:
            session = detour(server.url, MICROSOFT_HOSTS)()
            session.headers["Authorization"] = f"Bearer {server.issue()}"
            return session

    class Client(Account):
        connection_constructor = OnLoopback

    return Client(
        ("client", "secret"),
        protocol=MSGraphProtocol(timezone=zone),
        token_backend=MemoryTokenBackend(),
        requests_delay=0,
        default_headers={"Prefer": 'IdType="ImmutableId"'},
    )


def events(account: Account, begin: datetime, end: datetime, **more: Any) -> list[Event]:
    found = account.schedule().get_events(
        limit=None, start_recurring=begin.isoformat(), end_recurring=end.isoformat(), order_by="start/dateTime", **more
    )
    return list(found)


def made(account: Account, title: str, start: datetime, minutes: int = 30) -> Event:
    event = account.schedule().new_event(title)
    event.start, event.end = start, start + timedelta(minutes=minutes)
    return event


WHOLE = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 4, 1, tzinfo=UTC))


def test_a_client_creates_reads_changes_and_deletes_an_event(server: GraphServer) -> None:
    account = outlook(server)
    event = made(account, "Review", datetime(2026, 12, 1, 10, tzinfo=BERLIN))
    event.body, event.location = "one\ntwo", "Room 4"
    event.categories, event.show_as, event.sensitivity = ["calsync"], "free", "private"
    event.is_reminder_on = False
    assert event.save()
    (read,) = events(account, *WHOLE)
    assert (read.object_id, read.subject, read.location["displayName"]) == (event.object_id, "Review", "Room 4")
    assert (read.start, read.end) == (event.start, event.end)
    assert read.categories == ["calsync"]
    assert (read.show_as.value, read.sensitivity.value, read.is_reminder_on) == ("free", "private", False)
    assert read.get_body_soup().body.text.split() == ["one", "two"]
    assert (read.event_type, read.is_organizer, read.is_cancelled) == (EventType.SingleInstance, True, False)

    read.subject, read.end = "Longer", read.end + timedelta(hours=1)
    assert read.save()
    (again,) = events(account, *WHOLE)
    assert (again.subject, again.end - again.start) == ("Longer", timedelta(minutes=90))
    assert again.delete()
    assert events(account, *WHOLE) == []
    assert server.refused_bodies == []
    assert server.mailed == []
    assert server.without_immutable == []


def test_a_client_sees_defaults_and_an_all_day_event_as_outlook_has_them(server: GraphServer) -> None:
    account = outlook(server)
    event = account.schedule().new_event("Off")
    event.start, event.end = datetime(2026, 12, 3, tzinfo=BERLIN), datetime(2026, 12, 4, tzinfo=BERLIN)
    event.is_all_day = True
    assert event.save()
    (read,) = events(account, *WHOLE)
    assert (read.is_all_day, read.start.date(), read.end.date()) == (True, date(2026, 12, 3), date(2026, 12, 4))
    assert (read.is_reminder_on, read.remind_before_minutes, read.show_as.value) == (True, 15, "busy")
    assert read.response_status.status.value == "organizer"
    assert read.organizer.address == "maya@example.com"


def test_a_client_makes_a_series_moves_one_date_and_deletes_another(server: GraphServer) -> None:
    account = outlook(server)
    event = made(account, "Weekly", datetime(2026, 11, 30, 15, tzinfo=BERLIN))
    event.recurrence.set_weekly(
        1, days_of_week=["monday"], first_day_of_week="monday", start=date(2026, 11, 30), end=date(2027, 1, 4)
    )
    assert event.save()
    master = account.schedule().get_default_calendar().get_event(event.object_id)
    assert master.event_type is EventType.SeriesMaster
    assert "Weekly: every 1 week on monday" in str(master.recurrence)
    dates = list(master.get_occurrences(*WHOLE, limit=99))
    assert [o.start.date().day for o in dates] == [30, 7, 14, 21, 28, 4]
    assert {o.start.hour for o in dates} == {15}
    assert {o.event_type for o in dates} == {EventType.Occurrence}
    assert {o.series_master_id for o in dates} == {event.object_id}

    dates[1].start += timedelta(days=2)
    dates[1].end += timedelta(days=2)
    assert dates[1].save()
    assert dates[2].delete()
    dates[3].subject = "Weekly, with cake"
    assert dates[3].save()
    view = events(account, *WHOLE)
    assert [(o.start.date().day, o.subject) for o in view] == [
        (30, "Weekly"),
        (9, "Weekly"),
        (21, "Weekly, with cake"),
        (28, "Weekly"),
        (4, "Weekly"),
    ]
    assert [o.event_type.value for o in view] == ["occurrence", "exception", "exception", "occurrence", "occurrence"]
    assert dates[1].object_id == view[1].object_id

    assert master.delete()
    assert events(account, *WHOLE) == []


def test_a_client_lists_series_and_singles_or_what_they_mean(server: GraphServer) -> None:
    server.hand.put("", "weekly", meeting("weekly"))
    account = outlook(server)
    assert made(account, "Single", datetime(2026, 12, 2, 10, tzinfo=BERLIN)).save()
    listed = list(account.schedule().get_events(limit=50, include_recurring=False))
    assert {e.event_type for e in listed} == {EventType.SeriesMaster, EventType.SingleInstance}
    view = events(account, datetime(2026, 12, 1, tzinfo=BERLIN), datetime(2026, 12, 20, tzinfo=BERLIN))
    assert [(e.subject, e.start.isoformat()) for e in view] == [
        ("Ana / Maya", "2026-12-01T09:00:00+01:00"),
        ("Single", "2026-12-02T10:00:00+01:00"),
        ("Ana / Maya", "2026-12-15T09:00:00+01:00"),
    ]
    attendee = next(iter(view[0].attendees))
    assert (attendee.address, attendee.name, attendee.response_status.status.value) == (
        "ana@example.com",
        "Ana Sousa",
        "accepted",
    )


def test_a_client_pages_through_a_long_view(server: GraphServer) -> None:
    server.hand.put(
        "", "daily", calendar(vevent("daily", "RRULE:FREQ=DAILY", start="20260101T080000", end="20260101T081500"))
    )
    account = outlook(server)
    found = account.schedule().get_events(
        limit=70, batch=9, start_recurring="2026-11-01T00:00:00Z", end_recurring="2027-02-01T00:00:00Z"
    )
    starts = [event.start for event in found]
    assert len(starts) == len(set(starts)) == 70
    assert starts == sorted(starts)


def test_a_client_finds_calendars_and_another_persons_availability(server: GraphServer) -> None:
    side = server.add_calendar("Side")
    ana = server.add_mailbox("ana@example.com", "Ana Sousa")
    server.hand.of("ana@example.com").put("", "m", meeting("m"))
    server.hand.of("ana@example.com").put(
        "", "o", calendar(vevent("o", "X-MICROSOFT-CDO-BUSYSTATUS:OOF", start="20261215T140000", end="20261215T150000"))
    )
    server.directory.hidden["ben@example.com"] = ("ErrorNoFreeBusyAccess", "No access.")
    account = outlook(server)
    calendars = account.schedule().list_calendars()
    assert {c.calendar_id for c in calendars} == {server.calendar, side}
    assert [c.name for c in calendars if c.can_edit] == ["Calendar", "Side"]
    event = account.schedule().get_calendar(calendar_id=side).new_event("There")
    event.start, event.end = datetime(2026, 12, 1, 8, tzinfo=BERLIN), datetime(2026, 12, 1, 9, tzinfo=BERLIN)
    assert event.save()
    assert server.hand.names("Side") == [event.object_id]
    assert server.hand.names() == []

    begin = datetime(2026, 12, 15, 8, tzinfo=BERLIN)
    found = account.schedule().get_availability(
        ["ana@example.com", "ben@example.com", "nobody@example.com"], begin, begin + timedelta(hours=8), interval=60
    )
    view = ["free", "busy", "free", "free", "free", "free", "out of office", "free"]
    assert found[0]["availabilityView"] == view
    assert [(i["status"], i["start"].astimezone(BERLIN).hour) for i in found[0]["scheduleItems"]] == [
        ("busy", 9),
        ("oof", 14),
    ]
    assert found[0]["workingHours"]["timeZone"]["name"] == ana.zone_name
    assert [f["error"]["responseCode"] for f in found[1:]] == ["ErrorNoFreeBusyAccess", "ErrorMailRecipientNotFound"]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (("daily", {"interval": 3}), ["11-30", "12-03", "12-06", "12-09"]),
        (
            ("weekly", {"interval": 2, "days_of_week": ["monday", "sunday"], "first_day_of_week": "monday"}),
            ["11-30", "12-06", "12-14", "12-20"],
        ),
        (
            ("weekly", {"interval": 2, "days_of_week": ["monday", "sunday"], "first_day_of_week": "sunday"}),
            ["11-30", "12-13", "12-14", "12-27"],
        ),
        (("monthly", {"interval": 1, "day_of_month": 30}), ["11-30", "12-30", "01-30", "02-28"]),
        (
            ("monthly", {"interval": 1, "days_of_week": ["monday"], "index": "last"}),
            ["11-30", "12-28", "01-25", "02-22"],
        ),
        (("yearly", {"interval": 1, "month": 11, "day_of_month": 30}), ["11-30"]),
        (("yearly", {"interval": 1, "month": 11, "days_of_week": ["monday"], "index": "last"}), ["11-30"]),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_clients_recurrences_mean_what_outlook_means_and_come_back_as_they_were_set(
    server: GraphServer, how: tuple[str, dict[str, Any]], expected: list[str]
) -> None:
    account = outlook(server)
    event = made(account, "Series", datetime(2026, 11, 30, 9, tzinfo=BERLIN))
    name, options = how
    options = dict(options)
    month = (options.pop("month"),) if "month" in options else ()
    getattr(event.recurrence, f"set_{name}")(options.pop("interval"), *month, start=date(2026, 11, 30), **options)
    assert event.save()
    dates = [o.start.strftime("%m-%d") for o in events(account, WHOLE[0], datetime(2027, 3, 1, tzinfo=UTC))]
    assert dates[:4] == expected
    master = account.schedule().get_default_calendar().get_event(event.object_id)
    assert str(master.recurrence) == str(event.recurrence).replace("with no end", "ending on 0001-01-01")


def test_what_outlook_refuses_reaches_the_client_as_an_error(server: GraphServer) -> None:
    account = outlook(server)
    event = made(account, "Series", datetime(2026, 11, 30, 9, tzinfo=BERLIN))
    event.recurrence.set_weekly(1, days_of_week=["monday"], first_day_of_week="monday", start=date(2026, 12, 1))
    with pytest.raises(requests.HTTPError, match=r"range\.startDate"):
        event.save()
    with pytest.raises(requests.HTTPError, match="not found in the store"):
        account.schedule().get_default_calendar().get_event("AAkALgAAnowhere=")


# --- expansion, judged by recurring-ical-events ---

RULES = [
    "FREQ=DAILY;INTERVAL=2;COUNT=90",
    "FREQ=DAILY",
    "FREQ=WEEKLY;BYDAY=MO,WE,SU;UNTIL=20271001T000000Z",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=MO",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU",
    "FREQ=MONTHLY;BYMONTHDAY=28",
    "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1",
    "FREQ=MONTHLY;INTERVAL=2;BYDAY=2SU",
    "FREQ=MONTHLY;BYDAY=-1SU",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "FREQ=YEARLY;INTERVAL=2;BYMONTH=4;BYMONTHDAY=30",
]
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "UTC"]


@pytest.mark.parametrize("rule", RULES)
def test_the_server_expands_a_rule_as_recurring_ical_events_does(server: GraphServer, rule: str) -> None:
    # At half past two, which clock changes skip and repeat; Lord Howe changes by half an hour, Kathmandu never.
    years = 2 if "YEARLY" in rule else 1
    begin, end = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026 + years, 5, 1, tzinfo=UTC)
    put = {}
    for zone in ZONES:
        first = _first(rule, zone)
        lines = [f"DTSTART;TZID={zone}:{first:%Y%m%dT%H%M%S}", f"DTEND;TZID={zone}:{first:%Y%m%d}T034500"]
        if zone == "UTC":
            lines = [f"DTSTART:{first:%Y%m%dT%H%M%S}Z", f"DTEND:{first:%Y%m%d}T034500Z"]
        text = calendar(vevent(zone, *lines, f"RRULE:{rule}"), zones=False)
        put[server.hand.put("", zone, text)] = text
    rows = view(server, begin, end)
    for name, text in put.items():
        found = sorted((r["start"]["dateTime"], r["end"]["dateTime"]) for r in rows if r["seriesMasterId"] == name)
        assert found
        assert found == _expanded(text, begin, end), text
        assert found == _expanded(server.hand.ical("", name), begin, end), text


def _expanded(text: bytes, begin: datetime, end: datetime) -> list[tuple[str, ...]]:
    """Starts and ends of every occurrence, as Graph writes them."""
    events = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(begin, end)
    moments = [[event[at].dt.astimezone(UTC) for at in ("DTSTART", "DTEND")] for event in events]
    return sorted(tuple(f"{at:%Y-%m-%dT%H:%M:%S}.0000000" for at in pair) for pair in moments)


def _first(rule: str, zone: str) -> datetime:
    """The first start that the rule has in 2026, as a wall-clock time."""
    lines = f"BEGIN:VEVENT\nUID:x\nDTSTART:20260101T023000Z\nDTEND:20260101T034500Z\nRRULE:{rule}\nEND:VEVENT\n"
    text = icalendar.Calendar.from_ical(f"BEGIN:VCALENDAR\n{lines}END:VCALENDAR\n")
    found = recurring_ical_events.of(text).between(datetime(2026, 1, 2), datetime(2027, 6, 1))  # noqa: DTZ001
    return min(event["DTSTART"].dt for event in found).replace(tzinfo=None)


def view(server: GraphServer, begin: datetime, end: datetime) -> list[dict[str, Any]]:
    """Everything in a calendarView, page by page, over HTTP."""
    session = detour(server.url, MICROSOFT_HOSTS)()
    session.headers.update({"Authorization": f"Bearer {server.issue()}", "Prefer": 'IdType="ImmutableId"'})
    url = "https://graph.microsoft.com/v1.0/me/calendarView"
    params: dict[str, str] | None = {
        "startDateTime": begin.isoformat(),
        "endDateTime": end.isoformat(),
        "$top": "1000",
    }
    rows: list[dict[str, Any]] = []
    while url:
        page = session.get(url, params=params).json()
        rows += page["value"]
        url, params = page.get("@odata.nextLink", ""), None
    return rows


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Auckland"])
def test_moved_deleted_and_all_day_dates_are_those_that_recurring_ical_events_sees(
    server: GraphServer, zone: str
) -> None:
    server.mailbox.zone_name = {"Europe/Berlin": "W. Europe Standard Time"}.get(zone, "UTC")
    head = [f"DTSTART;TZID={zone}:20261102T090000", f"DTEND;TZID={zone}:20261102T093000"]
    series = calendar(
        vevent("s", *head, "RRULE:FREQ=WEEKLY;COUNT=8", f"EXDATE;TZID={zone}:20261109T090000"),
        vevent(
            "s",
            f"RECURRENCE-ID;TZID={zone}:20261123T090000",
            f"DTSTART;TZID={zone}:20261225T180000",
            f"DTEND;TZID={zone}:20261225T190000",
            title="Far away, across its neighbours",
        ),
        vevent("s", "RECURRENCE-ID:20261130T999999Z".replace("T999999Z", "T000000Z"), *head, title="of no date"),
        zones=False,
    )
    name = server.hand.put("", "s", series)
    rows = [r for r in view(server, *WHOLE) if r["seriesMasterId"] == name]
    text = icalendar.Calendar.from_ical(server.hand.ical("", name))
    expected = {
        (e["DTSTART"].dt.astimezone(UTC).strftime("%Y-%m-%dT%H:%M"), str(e["SUMMARY"]))
        for e in recurring_ical_events.of(text).between(*WHOLE)
    }
    assert {(r["start"]["dateTime"][:16], r["subject"]) for r in rows} == expected
    assert len(rows) == 7
    moved = next(r for r in rows if r["type"] == "exception")
    home = datetime(2026, 11, 23, 9, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert moved["originalStart"] == home.strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


# --- signing in, judged by msal ---


def test_msal_signs_in_silently_and_keeps_the_refresh_token_that_is_good(server: GraphServer) -> None:
    cache = msal.SerializableTokenCache()
    http = detour(server.url, MICROSOFT_HOSTS)()

    def app() -> msal.PublicClientApplication:
        where = f"https://login.microsoftonline.com/{server.tenant}"
        return msal.PublicClientApplication(
            "client", authority=where, token_cache=cache, http_client=http, instance_discovery=False
        )

    first = server.new_refresh_token()
    scopes = ["https://graph.microsoft.com/Calendars.ReadWrite"]
    assert "access_token" in app().acquire_token_by_refresh_token(first, scopes)
    (account,) = app().get_accounts()
    assert account["username"] == server.address
    silent = app().acquire_token_silent_with_error(scopes, account, force_refresh=True)
    assert silent is not None
    assert silent["access_token"] in server.tokens
    assert first not in server.refresh_tokens
    again = app().acquire_token_by_refresh_token(first, scopes)
    assert again["error"] == "invalid_grant"
    assert again["error_codes"] == [70000]


@pytest.mark.parametrize("number", [50020, 50076, 50173, 53003, 65001, 90072, 90094, 700082, 7000215])
def test_msal_reads_each_refusal_with_its_number(server: GraphServer, number: int) -> None:
    where = f"https://login.microsoftonline.com/{server.tenant}"
    http = detour(server.url, MICROSOFT_HOSTS)()
    app = msal.ConfidentialClientApplication(
        "client", client_credential="s", authority=where, http_client=http, instance_discovery=False
    )
    scopes = ["https://graph.microsoft.com/.default"]
    server.token_error = number
    answer = app.acquire_token_for_client(scopes)
    assert answer["error_codes"] == [number]
    assert answer["error_description"].startswith(f"AADSTS{number}: ")
    server.token_error = 0
    fresh = msal.ConfidentialClientApplication(
        "client", client_credential="s", authority=where, http_client=http, instance_discovery=False
    )
    token = fresh.acquire_token_for_client(scopes)["access_token"]
    assert server.tokens[token] is True
