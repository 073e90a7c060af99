"""What the Graph test server answers to lists, deltas and questions about people: one test for each rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers.graph import Fault, GraphServer
from tests.servers.graph_client import WINDOW, Client, client_of, timed, weekly
from tests.servers.graph_people import user_json

KEY = "String {6e1f2c1a-7a52-4a6b-9d0f-63a1c0a15c01} Name calsyncKey"
DATA = "String {6e1f2c1a-7a52-4a6b-9d0f-63a1c0a15c01} Name calsyncData"
DELTA = f"/me/calendarView/delta?{WINDOW}"


@pytest.fixture
def server() -> GraphServer:
    return GraphServer()


@pytest.fixture
def client(server: GraphServer) -> Iterator[Client]:
    with client_of(server) as client:
        yield client


def gone(rows: list[Any]) -> list[str]:
    return [row["id"] for row in rows if "@removed" in row]


# --- lists ---


@pytest.mark.parametrize(
    "path",
    [
        "/me/calendarView",
        "/me/calendarView?startDateTime=2026-11-01T00:00:00Z",
        "/me/calendarView?startDateTime=2026-11-01T00:00:00Z&endDateTime=soon",
        "/me/calendarView?startDateTime=2026-11-01T00:00:00Z&endDateTime=2031-11-02T00:00:00Z",
        f"/me/calendarView?{WINDOW}&$select=subject,createdDateTime",
        f"/me/calendarView?{WINDOW}&$top=0",
        f"/me/calendarView?{WINDOW}&$top=1001",
        f"/me/calendarView?{WINDOW}&colour=red",
        "/me/events?$filter=bodyPreview eq 'x'",
        "/me/events?$expand=attachments",
        "/me/events?$orderby=location/displayName",
        f"{DELTA}&$select=subject",
        f"{DELTA}&$expand=singleValueExtendedProperties($filter=id eq '{KEY}')",
        f"{DELTA}&$filter=subject eq 'x'",
        f"{DELTA}&$top=5",
    ],
)
def test_options_that_graph_does_not_take_are_refused(client: Client, path: str) -> None:
    assert client.ask("GET", path).status_code == 400


def test_instances_need_both_bounds(client: Client) -> None:
    master = client.made(weekly())["id"]
    assert client.error("GET", f"/me/events/{master}/instances")[0] == 400
    assert client.error("GET", f"/me/events/{master}/instances?startDateTime=2026-11-01T00:00:00Z")[0] == 400
    assert client.error("GET", f"/me/events/{client.made(timed('2026-12-01'))['id']}/instances?{WINDOW}")[0] == 400


def test_pages_have_ten_rows_unless_something_else_is_asked_and_may_be_empty(
    server: GraphServer, client: Client
) -> None:
    for day in range(1, 24):
        client.made(timed(f"2026-12-{day:02d}"))
    assert [len(p["value"]) for p in client.pages(f"/me/calendarView?{WINDOW}")] == [10, 10, 3]
    assert [len(p["value"]) for p in client.pages("/me/events?$top=20")] == [20, 3]
    asked = {"Prefer": 'IdType="ImmutableId", odata.maxpagesize=15'}
    assert [len(p["value"]) for p in client.pages("/me/events", **asked)] == [15, 8]
    server.fail_next(Fault.EMPTY_PAGE)
    assert [len(p["value"]) for p in client.pages("/me/events?$top=20")] == [0, 20, 3]
    server.page_size, server.empty_pages = 8, True
    assert [len(p["value"]) for p in client.pages("/me/events")] == [0, 8, 0, 8, 0, 7]
    assert len(client.rows(f"/me/calendarView?{WINDOW}")) == 23


def test_times_come_in_the_zone_asked_for_and_bodies_in_the_form_asked_for(client: Client) -> None:
    made = client.made(timed("2026-12-01", body={"contentType": "text", "content": "one <b>\ntwo & three"}))
    path = f"/me/events/{made['id']}"
    assert made["start"] == {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"}
    tokyo = client.get(path, Prefer='outlook.timezone="Tokyo Standard Time"')
    assert tokyo["start"] == {"dateTime": "2026-12-01T18:00:00.0000000", "timeZone": "Tokyo Standard Time"}
    assert made["body"]["contentType"] == "html"
    assert "one &lt;b&gt;<br>" in made["body"]["content"]
    text = client.get(path, Prefer='outlook.body-content-type="text"')["body"]
    assert text == {"contentType": "text", "content": "one <b>\r\ntwo & three"}
    rich = client.made(timed("2026-12-02", body={"contentType": "html", "content": "<p>one</p><p>two &amp; x</p>"}))
    text = client.get(f"/me/events/{rich['id']}", Prefer='outlook.body-content-type="text"')["body"]
    assert text["content"] == "one\r\ntwo & x"


def test_extended_properties_are_shown_where_expanded_and_found_by_id_and_value(client: Client) -> None:
    own = [{"id": KEY, "value": "Contract1"}, {"id": DATA, "value": "{}"}]
    made = client.made(weekly(singleValueExtendedProperties=own))
    client.made(timed("2026-12-01"))
    assert "singleValueExtendedProperties" not in made

    def found(test: str, name: str = KEY) -> list[str]:
        where = f"singleValueExtendedProperties/Any(ep: ep/id eq '{name}' and {test})"
        return [row["id"] for row in client.rows(f"/me/events?$filter={where}")]

    assert found("ep/value eq 'contract1'") == [made["id"]]
    assert found("startswith(ep/value,'CON')") == [made["id"]]
    assert found("startswith(ep/value,'tract')") == []
    assert found("ep/value eq 'contract1'", KEY.replace("Key", "KEY")) == []
    expand = f"$expand=singleValueExtendedProperties($filter=id eq '{KEY}' or id eq '{DATA}')"
    for path in (f"/me/events/{made['id']}?{expand}", f"/me/events?{expand}&$top=1"):
        row = client.get(path)
        row = row["value"][0] if "value" in row else row
        assert row["singleValueExtendedProperties"] == own
    (first, *_) = client.rows(f"/me/events/{made['id']}/instances?{WINDOW}&{expand}&$select=start")
    assert set(first) == {"@odata.etag", "id", "start", "singleValueExtendedProperties"}


# --- delta ---


def test_a_delta_shows_masters_and_exceptions_whole_and_occurrences_by_their_place_only(
    server: GraphServer, client: Client
) -> None:
    single = client.made(timed("2026-12-01", transactionId="calsync:k1", categories=["calsync"]))
    master = client.made(weekly(span={"type": "numbered", "numberOfOccurrences": 3}))
    client.ask("PATCH", f"/me/events/{client.dates(master['id'])[1]['id']}", {"subject": "Own"})
    rows, _ = client.delta()
    assert [row["type"] for row in rows] == ["singleInstance", "seriesMaster", "occurrence", "exception", "occurrence"]
    assert (rows[0]["transactionId"], rows[0]["categories"]) == ("calsync:k1", ["calsync"])
    assert rows[1]["recurrence"]["range"]["numberOfOccurrences"] == 3
    minimal = {"@odata.type", "@odata.etag", "id", "type", "seriesMasterId", "start", "end"}
    assert set(rows[2]) == set(rows[4]) == minimal
    assert rows[3]["subject"] == "Own"
    assert {row["seriesMasterId"] for row in rows[2:]} == {master["id"]}
    assert rows[0]["id"] == single["id"]


def test_the_window_of_a_delta_stays_and_strangers_outside_it_leave_tombstones(
    server: GraphServer, client: Client
) -> None:
    moving, staying = client.made(timed("2026-12-01"))["id"], client.made(timed("2026-12-02"))["id"]
    rows, link = client.delta()
    assert len(rows) == 2
    assert client.delta(link)[0] == []
    times = timed("2027-12-01")
    client.ask("PATCH", f"/me/events/{moving}", {"start": times["start"], "end": times["end"]})
    stranger = client.made(timed("2027-06-01"))["id"]
    rows, link = client.delta(link)
    assert gone(rows) == [moving, stranger]
    assert len(rows) == 2
    client.ask("DELETE", f"/me/events/{staying}")
    client.ask("DELETE", f"/me/events/{stranger}")
    rows, link = client.delta(link)
    assert gone(rows) == [staying, stranger]
    server.stray_tombstones = False
    client.ask("DELETE", f"/me/events/{moving}")
    times = timed("2026-12-05")
    back = client.made(times)["id"]
    rows, _ = client.delta(link)
    assert [row["id"] for row in rows] == [back]


def test_a_deleted_occurrence_leaves_no_tombstone_and_its_series_comes_again(
    server: GraphServer, client: Client
) -> None:
    master = client.made(weekly(span={"type": "numbered", "numberOfOccurrences": 4}))["id"]
    rows, link = client.delta()
    ids = [row["id"] for row in rows]
    client.ask("DELETE", f"/me/events/{ids[2]}")
    rows, link = client.delta(link)
    assert [row["id"] for row in rows] == [master, ids[1], ids[3], ids[4]]
    server.delta_echoes_whole_series = server.occurrences_share_etag = False
    client.ask("DELETE", f"/me/events/{ids[3]}")
    client.ask("PATCH", f"/me/events/{ids[4]}", {"subject": "Own"})
    rows, link = client.delta(link)
    assert [row["id"] for row in rows] == [master, ids[1], ids[4]]
    client.ask("DELETE", f"/me/events/{master}")
    rows, _ = client.delta(link)
    assert sorted(gone(rows)) == sorted([master, ids[1], ids[4]])


def test_rows_of_a_delta_are_repeated_across_pages_and_pages_may_be_empty(server: GraphServer, client: Client) -> None:
    for day in range(1, 8):
        client.made(timed(f"2026-12-{day:02d}"))
    server.page_size = 3
    server.fail_next(Fault.EMPTY_PAGE)
    pages = list(client.pages(DELTA))
    assert [len(page["value"]) for page in pages] == [0, 3, 3, 3]
    assert pages[1]["value"][-1]["id"] == pages[2]["value"][0]["id"]
    assert len({row["id"] for page in pages for row in page["value"]}) == 7
    server.repeats_rows = False
    prefer = {"Prefer": 'IdType="ImmutableId", odata.maxpagesize=5'}
    assert [len(page["value"]) for page in client.pages(DELTA, **prefer)] == [5, 2]


@pytest.mark.parametrize("status", [410, 400, 404])
def test_a_forgotten_delta_token_says_so(server: GraphServer, client: Client, status: int) -> None:
    client.made(timed("2026-12-01"))
    _, link = client.delta()
    server.forgotten_answer = status
    server.fail_next(Fault.FORGOTTEN)
    assert client.ask("GET", link).status_code == status
    assert client.ask("GET", link).status_code == 200
    server.forget_tokens()
    answer = client.ask("GET", link)
    assert (answer.status_code, answer.json()["error"]["code"].lower()) == (status, "syncstatenotfound")
    if status == 410:
        window = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2027-02-01T00:00:00Z"
        assert answer.headers["Location"].endswith(f"/me/calendarView/delta?{window}&$deltatoken=")
    assert len(client.delta()[0]) == 1


def test_each_calendar_has_a_delta_of_its_own(server: GraphServer, client: Client) -> None:
    side = server.add_calendar("Side")
    client.made(timed("2026-12-01"))
    there = client.made(timed("2026-12-02"), f"/me/calendars/{side}/events")["id"]
    rows, link = client.delta(f"/me/calendars/{side}/calendarView/delta?{WINDOW}")
    assert [row["id"] for row in rows] == [there]
    client.made(timed("2026-12-03"))
    assert client.delta(link)[0] == []
    assert client.error("GET", link.replace(f"calendars/{side}/", ""))[0] == 410
    assert client.error("GET", f"/me/calendars/{server.calendar}/events/{there}") == (404, "ErrorItemNotFound")
    assert client.get(f"/me/events/{there}")["id"] == there


@pytest.mark.parametrize(("masters", "listed"), [("all", 2), ("young", 1), ("none", 0)])
def test_masters_of_old_series_may_be_missing_in_a_delta(
    server: GraphServer, client: Client, masters: str, listed: int
) -> None:
    server.delta_masters = masters
    for first in ("2026-10-05", "2026-11-30"):
        client.made(weekly(first))
    rows, _ = client.delta()
    assert [row["type"] for row in rows].count("seriesMaster") == listed
    assert len({row["seriesMasterId"] for row in rows if row["type"] == "occurrence"}) == 2


def test_only_a_view_has_a_delta(client: Client) -> None:
    assert client.error("GET", "/me/events/delta") == (400, "UnsupportedRequest")


# --- who may do what ---


def test_without_a_token_or_beyond_its_scopes_nothing_is_answered(server: GraphServer, client: Client) -> None:
    assert client.error("GET", "/me/calendar", Authorization="") == (401, "InvalidAuthenticationToken")
    assert client.error("GET", "/me/calendar", Authorization="Bearer x") == (401, "InvalidAuthenticationToken")
    assert client.error("GET", "/me/people") == (403, "Authorization_RequestDenied")
    server.scopes = {"Calendars.Read"}
    made = client.error("POST", "/me/events", timed("2026-12-01"))
    assert made == (403, "ErrorAccessDenied")
    server.scopes = {"Calendars.ReadWrite"}
    made = client.made(timed("2026-12-01", body={"contentType": "text", "content": "x"}))
    server.scopes = {"Calendars.ReadBasic"}
    assert "body" not in client.get(f"/me/events/{made['id']}")
    server.scopes = {"User.Read"}
    assert client.error("GET", f"/me/calendarView?{WINDOW}") == (403, "ErrorAccessDenied")
    server.revoke()
    assert client.error("GET", "/me") == (401, "InvalidAuthenticationToken")


def test_an_application_names_its_user_and_a_person_needs_a_share(server: GraphServer, client: Client) -> None:
    server.add_mailbox("ana@example.com", "Ana Sousa")
    path = f"/users/ana@example.com/calendarView?{WINDOW}"
    assert client.error("GET", path) == (403, "ErrorAccessDenied")
    assert client.get(f"/users/MAYA@example.com/calendarView?{WINDOW}")["value"] == []
    app = Client(server, app_only=True)
    assert app.error("GET", "/me/calendar") == (400, "BadRequest")
    assert app.get(path)["value"] == []
    assert app.error("GET", "/users/nobody@example.com/calendar")[0] == 404
    server.scopes |= {"Calendars.Read.Shared"}
    assert client.get(path)["value"] == []


# --- other people ---


def test_schedules_are_asked_for_twenty_people_and_sixty_two_days_at_most(server: GraphServer, client: Client) -> None:
    def ask(names: int = 1, end: str = "2026-12-02T00:00:00", interval: int = 60, **more: Any) -> dict[str, Any]:
        times = {"startTime": {"dateTime": "2026-12-01T00:00:00", "timeZone": "UTC"}}
        times["endTime"] = {"dateTime": end, "timeZone": "UTC"}
        return {"schedules": ["maya@example.com"] * names, "availabilityViewInterval": interval, **times, **more}

    path = "/me/calendar/getSchedule"
    for wrong in (
        ask(21),
        ask(end="2027-02-02T00:00:00"),
        ask(interval=4),
        ask(end="2026-11-30T00:00:00"),
        ask(who="me"),
    ):
        assert client.error("POST", path, wrong)[0] == 400
    assert client.error("POST", path, ask(end="2027-02-02T00:00:00"))[1] == "ErrorTimeIntervalTooBig"
    for hour, show in ((1, "workingElsewhere"), (2, "free"), (3, "tentative"), (4, "busy"), (5, "oof")):
        client.made(timed("2026-12-01", f"{hour:02d}:00", f"{hour:02d}:30", zone="UTC", showAs=show))
    (found,) = client.ask("POST", path, ask()).json()["value"]
    assert found["availabilityView"] == "000123" + "0" * 18
    assert [item["status"] for item in found["scheduleItems"]][:2] == ["workingElsewhere", "free"]
    assert found["workingHours"]["startTime"] == "09:00:00.0000000"


def test_the_directory_lists_people_page_by_page(server: GraphServer, client: Client) -> None:
    server.scopes |= {"People.Read", "User.ReadBasic.All", "MailboxSettings.Read"}
    reports = [user_json(f"report{n}@example.com", f"Report {n}") for n in range(12)]
    server.directory.direct_reports = reports
    server.directory.people = reports[:2]
    server.directory.users = reports
    assert client.rows("/me/directReports") == reports
    assert client.rows("/users?$top=5&$select=mail,displayName")[7]["mail"] == "report7@example.com"
    assert [row["displayName"] for row in client.rows("/me/people")] == ["Report 0", "Report 1"]
    assert client.error("GET", "/me/manager") == (404, "Request_ResourceNotFound")
    server.directory.manager = user_json("boss@example.com", "The Boss")
    assert client.get("/me/manager")["mail"] == "boss@example.com"
    assert client.get("/me")["mail"] == "maya@example.com"
    assert client.get("/me/mailboxSettings")["timeZone"] == "W. Europe Standard Time"
    assert {"alias": "UTC", "displayName": "UTC"} in client.get("/me/outlook/supportedTimeZones")["value"]
