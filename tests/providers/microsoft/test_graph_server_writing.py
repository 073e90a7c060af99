"""What the Graph test server does when events are created, changed and deleted: one test for each rule that matters."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from tests.servers.graph import Fault, GraphServer
from tests.servers.graph_client import WINDOW, Client, client_of, timed, weekly

KEY = "String {6e1f2c1a-7a52-4a6b-9d0f-63a1c0a15c01} Name calsyncKey"


@pytest.fixture
def server() -> GraphServer:
    return GraphServer()


@pytest.fixture
def client(server: GraphServer) -> Iterator[Client]:
    with client_of(server) as client:
        yield client


def starts(rows: list[Any]) -> list[str]:
    return [row["start"]["dateTime"][5:16] for row in rows]


# --- creating ---


def test_the_same_transaction_and_body_again_is_the_same_event(server: GraphServer, client: Client) -> None:
    body = timed("2026-12-01", transactionId="calsync:k1")
    first, again = client.made(body), client.made(dict(reversed(body.items())))
    assert first["id"] == again["id"] == server.hand.name_of("k1")
    assert first["transactionId"] == "calsync:k1"
    assert server.hand.names() == [first["id"]]


@pytest.mark.parametrize("status", [400, 409])
def test_the_same_transaction_with_another_body_is_refused_and_names_the_event(
    server: GraphServer, client: Client, status: int
) -> None:
    server.duplicate_status = status
    first = client.made(timed("2026-12-01", transactionId="calsync:k1"))
    answer = client.ask("POST", "/me/events", timed("2026-12-02", transactionId="calsync:k1"))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, "ErrorDuplicateTransactionId")
    assert error["@event.existingEventId"] == first["id"]


def test_a_transaction_stays_taken_after_its_event_was_deleted_unless_told_otherwise(
    server: GraphServer, client: Client
) -> None:
    body = timed("2026-12-01", transactionId="calsync:k1")
    first = client.made(body)
    server.hand.delete("", first["id"])
    assert client.error("POST", "/me/events", body) == (400, "ErrorDuplicateTransactionId")
    assert client.made({**body, "transactionId": "calsync:k1:1"})["id"] == server.hand.name_of("k1", ":1")
    server.transaction_ids_stay_taken = False
    assert client.made(body)["id"] != first["id"]


def test_an_event_that_another_program_put_under_our_id_counts_as_made_with_our_transaction(
    server: GraphServer, client: Client
) -> None:
    text = server.hand.ical("", client.made(timed("2026-12-01"))["id"])
    server.hand.put_named("", server.hand.name_of("k1"), text)
    answer = client.ask("POST", "/me/events", timed("2026-12-02", transactionId="calsync:k1"))
    assert answer.json()["error"]["@event.existingEventId"] == server.hand.name_of("k1")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"subjekt": "x"}, "subjekt"),
        ({"showAs": "away"}, "showAs"),
        ({"reminderMinutesBeforeStart": "15"}, "reminderMinutesBeforeStart"),
        ({"id": "mine"}, "id cannot be written"),
        ({"isCancelled": True}, "isCancelled cannot be written"),
        ({"end": None}, "end is required"),
        ({"singleValueExtendedProperties": [{"id": "calsyncKey", "value": "k"}]}, "extended property"),
    ],
)
def test_a_body_that_microsofts_metadata_do_not_know_is_refused_and_noted(
    server: GraphServer, client: Client, shared: object, change: dict[str, Any], why: str
) -> None:
    assert client.error("POST", "/me/events", {**timed("2026-12-01"), **change}) == (
        400,
        "ErrorPropertyValidationFailure",
    )
    ((method, wrong, _),) = server.refused_bodies
    assert method == "POST"
    assert why in wrong


@pytest.mark.parametrize("zone", ["Europe/Vienna", "Mitteleuropa", "+01:00"])
def test_a_zone_is_a_windows_name_or_one_of_the_listed_iana_names(client: Client, zone: str) -> None:
    made = client.made(timed("2026-12-01", zone="Europe/Berlin"))
    assert made["originalStartTimeZone"] == "W. Europe Standard Time"
    assert made["start"] == {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"}
    error = (400, "TimeZoneNotSupportedException")
    assert client.error("POST", "/me/events", timed("2026-12-01", zone=zone)) == error
    assert client.error("GET", "/me/events", Prefer=f'outlook.timezone="{zone}"') == error


@pytest.mark.parametrize(
    ("pattern", "span"),
    [
        ({"daysOfWeek": []}, {}),
        ({"interval": 0}, {}),
        ({"type": "absoluteMonthly"}, {}),
        ({"type": "relativeYearly"}, {}),
        ({"type": "hourly"}, {}),
        ({}, {"startDate": "2026-12-07"}),
        ({}, {"type": "endDate"}),
        ({}, {"type": "endDate", "endDate": "2026-11-01"}),
        ({}, {"type": "numbered"}),
        ({}, {"recurrenceTimeZone": "Europe/Vienna"}),
    ],
)
def test_a_recurrence_must_be_whole_and_begin_with_its_event(
    client: Client, pattern: dict[str, Any], span: dict[str, Any]
) -> None:
    body = weekly()
    client.made(body)
    recurrence = {
        "pattern": {**body["recurrence"]["pattern"], **pattern},
        "range": {**body["recurrence"]["range"], **span},
    }
    assert client.error("POST", "/me/events", {**body, "recurrence": recurrence})[0] == 400


def test_the_end_date_is_a_whole_day_in_the_zone_of_the_recurrence(client: Client) -> None:
    def count(zone: str) -> int:
        span = {"type": "endDate", "endDate": "2026-12-14", "recurrenceTimeZone": zone}
        return len(client.dates(client.made({**weekly(span=span), **_late()})["id"]))

    # A quarter to midnight on 14 December in Berlin is the 15th further east.
    assert (count("W. Europe Standard Time"), count("Tokyo Standard Time")) == (3, 2)


def _late() -> Any:
    times = timed("2026-11-30", "23:45", "23:55")
    return {"start": times["start"], "end": times["end"]}


def test_the_week_begins_on_sunday_where_nothing_else_is_said(client: Client) -> None:
    body = weekly()
    body["recurrence"]["pattern"] |= {"interval": 2, "daysOfWeek": ["sunday", "monday"], "firstDayOfWeek": None}
    master = client.made(body)
    assert master["recurrence"]["pattern"]["firstDayOfWeek"] == "sunday"
    assert starts(client.dates(master["id"]))[:3] == ["11-30T09:00", "12-13T09:00", "12-14T09:00"]


def test_an_all_day_event_lies_between_midnights(client: Client) -> None:
    body = timed("2026-12-01", isAllDay=True)
    assert client.error("POST", "/me/events", body)[0] == 400
    body |= {"start": {"dateTime": "2026-12-01T00:00:00", "timeZone": "UTC"}}
    made = client.made({**body, "end": {"dateTime": "2026-12-02T00:00:00", "timeZone": "UTC"}})
    assert (made["start"]["dateTime"][:16], made["end"]["dateTime"][:16]) == ("2026-12-01T00:00", "2026-12-02T00:00")


# --- changing and deleting ---


def test_a_stale_etag_is_refused_and_the_fresh_one_is_not(server: GraphServer, client: Client) -> None:
    made = client.made(timed("2026-12-01"))
    path = f"/me/events/{made['id']}"
    changed = client.ask("PATCH", path, {"subject": "B"}, If_Match=made["@odata.etag"]).json()
    assert changed["@odata.etag"] != made["@odata.etag"]
    refused = (412, "ErrorIrresolvableConflict")
    assert client.error("PATCH", path, {"subject": "C"}, If_Match=made["@odata.etag"]) == refused
    assert client.error("DELETE", path, If_Match=made["@odata.etag"]) == refused
    server.spurious_412 = 1
    assert client.error("DELETE", path, If_Match=changed["@odata.etag"]) == refused
    assert client.ask("DELETE", path, If_Match=changed["@odata.etag"]).status_code == 204
    assert client.error("GET", path) == (404, "ErrorItemNotFound")


def test_an_event_has_an_immutable_and_a_changeable_id_and_both_are_case_sensitive(
    server: GraphServer, client: Client
) -> None:
    made = client.made(timed("2026-12-01"))
    changeable = client.get(f"/me/events/{made['id']}", Prefer="")["id"]
    assert changeable != made["id"]
    assert client.get(f"/me/events/{changeable}")["id"] == made["id"]
    assert server.without_immutable == [f"GET /v1.0/me/events/{made['id']}"]
    assert client.error("GET", f"/me/events/{made['id'].swapcase()}") == (404, "ErrorItemNotFound")


def test_one_date_is_moved_within_its_neighbours_where_those_stand_now(client: Client) -> None:
    master = client.made(weekly())["id"]
    first, second, third, *_ = client.dates(master)

    def move(row: Any, day: str) -> int:
        times = timed(day)
        return client.ask(
            "PATCH", f"/me/events/{row['id']}", {"start": times["start"], "end": times["end"]}
        ).status_code

    crossing = timed("2026-12-14")
    body = {"start": crossing["start"], "end": crossing["end"]}
    assert client.error("PATCH", f"/me/events/{second['id']}", body) == (400, "ErrorOccurrenceCrossingBoundary")
    assert move(second, "2026-11-30") == 400
    assert move(second, "2026-12-01") == 200
    assert move(third, "2026-12-02") == 200
    assert move(second, "2026-12-02") == 400
    assert client.ask("DELETE", f"/me/events/{third['id']}").status_code == 204
    assert move(second, "2026-12-20") == 200
    assert move(first, "2026-12-19") == 200
    rows = client.dates(master)
    assert [(r["type"], r["originalStart"][:10], r["start"]["dateTime"][:10]) for r in rows[:3]] == [
        ("exception", "2026-11-30", "2026-12-19"),
        ("exception", "2026-12-07", "2026-12-20"),
        ("occurrence", "2026-12-21", "2026-12-21"),
    ]


def test_a_deleted_date_is_gone_for_good_and_a_deleted_master_takes_its_series_along(client: Client) -> None:
    master = client.made(weekly())["id"]
    first, second, *_ = client.dates(master)
    assert client.ask("DELETE", f"/me/events/{second['id']}").status_code == 204
    assert client.error("PATCH", f"/me/events/{second['id']}", {"subject": "back"}) == (404, "ErrorItemNotFound")
    assert starts(client.dates(master))[:2] == ["11-30T09:00", "12-14T09:00"]
    assert client.ask("DELETE", f"/me/events/{master}").status_code == 204
    assert client.error("GET", f"/me/events/{first['id']}") == (404, "ErrorItemNotFound")
    assert client.rows(f"/me/calendarView?{WINDOW}") == []


def test_new_times_of_a_master_wipe_its_exceptions_and_deletions_and_a_new_title_does_not(client: Client) -> None:
    body = weekly()
    master = client.made(body)["id"]
    _, second, third, *_ = client.dates(master)
    client.ask("DELETE", f"/me/events/{second['id']}")
    client.ask("PATCH", f"/me/events/{third['id']}", {"subject": "Own", "showAs": "free"})
    changed = {"subject": "All", "categories": ["x"], "singleValueExtendedProperties": [{"id": KEY, "value": "k"}]}
    assert client.ask("PATCH", f"/me/events/{master}", changed).status_code == 200
    assert [r["subject"] for r in client.dates(master)][:3] == ["All", "Own", "All"]
    assert client.ask("PATCH", f"/me/events/{master}", {"recurrence": body["recurrence"]}).status_code == 200
    rows = client.dates(master)
    assert starts(rows)[:3] == ["11-30T09:00", "12-07T09:00", "12-14T09:00"]
    assert {(r["subject"], r["type"]) for r in rows} == {("All", "occurrence")}
    later = timed("2026-11-30", "15:00", "15:30")
    assert (
        client.ask("PATCH", f"/me/events/{master}", {"start": later["start"], "end": later["end"]}).status_code == 200
    )
    assert client.get(f"/me/events/{third['id']}")["start"]["dateTime"][:16] == "2026-12-14T14:00"


def test_a_series_and_its_dates_have_one_etag_unless_told_otherwise(server: GraphServer, client: Client) -> None:
    master = client.made(weekly())
    first, second, *_ = client.dates(master["id"])
    assert first["@odata.etag"] == master["@odata.etag"]
    client.ask("PATCH", f"/me/events/{first['id']}", {"subject": "Own"})
    assert client.get(f"/me/events/{second['id']}")["@odata.etag"] != second["@odata.etag"]
    server.occurrences_share_etag = False
    second = client.get(f"/me/events/{second['id']}")
    client.ask("PATCH", f"/me/events/{first['id']}", {"subject": "Other"})
    assert client.get(f"/me/events/{second['id']}")["@odata.etag"] == second["@odata.etag"]


def test_the_transaction_cannot_be_changed_and_a_calendar_may_be_read_only_or_gone(
    server: GraphServer, client: Client
) -> None:
    made = client.made(timed("2026-12-01"))
    assert client.error("PATCH", f"/me/events/{made['id']}", {"transactionId": "calsync:x"})[0] == 400
    other = server.add_calendar("Theirs", can_edit=False)
    denied = (403, "ErrorAccessDenied")
    assert client.error("POST", f"/me/calendars/{other}/events", timed("2026-12-01")) == denied
    assert client.get(f"/me/calendars/{other}")["canEdit"] is False
    server.drop_calendar(other)
    missing = (404, "ErrorItemNotFound")
    assert client.error("POST", f"/me/calendars/{other}/events", timed("2026-12-01")) == missing
    assert client.error("GET", f"/me/calendars/{other}/calendarView/delta?{WINDOW}") == missing


def test_whoever_would_be_mailed_is_noted(server: GraphServer, client: Client) -> None:
    attendees = [{"emailAddress": {"address": "Ana@example.com"}, "type": "required"}]
    made = client.made(timed("2026-12-01", attendees=attendees))
    client.ask("DELETE", f"/me/events/{made['id']}")
    client.made(timed("2026-12-02"))
    assert [(method, addresses) for method, _, addresses in server.mailed] == [
        ("POST", ("ana@example.com",)),
        ("DELETE", ("ana@example.com",)),
    ]


# --- what goes wrong ---


@pytest.mark.parametrize(
    ("fault", "status", "stored"),
    [
        (Fault.REFUSED, 500, False),
        (Fault.THROTTLED, 429, False),
        (Fault.UNAVAILABLE, 503, False),
        (Fault.GATEWAY, 504, False),
        (Fault.UNAUTHORIZED, 401, False),
        (Fault.FORBIDDEN, 403, False),
        (Fault.NO_ANSWER, 0, False),
        (Fault.ANSWER_LOST, 0, True),
    ],
)
def test_a_fault_hits_the_request_that_was_meant(
    server: GraphServer, client: Client, fault: Fault, status: int, stored: bool
) -> None:
    server.fail_next(fault, skip=1, retry_after="7")
    assert client.ask("GET", "/me").status_code == 200
    body = timed("2026-12-01", transactionId="calsync:k1")
    if status:
        answer = client.ask("POST", "/me/events", body)
        assert answer.status_code == status
        assert answer.headers.get("Retry-After") == ("7" if status in (429, 503) else None)
    else:
        with pytest.raises(requests.ConnectionError):
            client.ask("POST", "/me/events", body)
    assert [seen.status for seen in server.requests] == [200, status]
    assert len(server.hand.names()) == stored
    client.made(body)
    assert len(server.hand.names()) == 1


def test_a_touch_makes_the_etag_stale_and_a_gateway_may_time_out_after_the_work(
    server: GraphServer, client: Client
) -> None:
    made = client.made(timed("2026-12-01"))
    path = f"/me/events/{made['id']}"
    server.fail_next(Fault.STALE)
    assert client.error("PATCH", path, {"subject": "B"}, If_Match=made["@odata.etag"])[0] == 412
    server.fail_next(Fault.GATEWAY, stored=True)
    assert client.error("DELETE", path)[0] == 504
    assert server.hand.names() == []
    server.fail_next(Fault.REFUSED)
    server.behave()
    assert client.ask("GET", "/me").status_code == 200


def test_more_requests_at_once_than_allowed_are_throttled_and_the_peak_is_noted(
    server: GraphServer, client: Client
) -> None:
    server.gather, server.gather_seconds = 6, 30
    answers: list[requests.Response] = []

    def one() -> None:
        answers.append(Client(server).ask("GET", "/me/calendar"))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(a.status_code for a in answers) == [200] * 4 + [429] * 2
    assert {a.json()["error"]["code"] for a in answers if a.status_code == 429} == {"ApplicationThrottled"}
    assert server.peak == 6


def test_reads_may_lag_behind_a_write(server: GraphServer, client: Client) -> None:
    made = client.made(timed("2026-12-01"))
    server.lag = 2
    client.ask("PATCH", f"/me/events/{made['id']}", {"subject": "New"})
    seen = [client.get(f"/me/events/{made['id']}")["subject"] for _ in range(3)]
    assert seen == ["Review", "Review", "New"]
    created = client.made(timed("2026-12-02"))
    assert client.error("GET", f"/me/events/{created['id']}") == (404, "ErrorItemNotFound")
    assert client.ask("PATCH", f"/me/events/{created['id']}", {"subject": "New"}).status_code == 200


def test_the_clock_of_the_server_is_the_one_it_was_given() -> None:
    server = GraphServer(lambda: datetime(2026, 12, 24, 18, 30, tzinfo=UTC))
    with client_of(server) as client:
        answer = client.ask("POST", "/me/events", timed("2026-12-01"))
    assert answer.headers["Date"] == "Thu, 24 Dec 2026 18:30:00 GMT"
    assert answer.json()["createdDateTime"] == "2026-12-24T18:30:00.0000000Z"
