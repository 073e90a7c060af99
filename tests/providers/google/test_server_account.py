"""The loopback Google account around its events: who may do what, tokens, other people, faults, and the hand."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import requests

from calsync.ical.write import series_bytes
from tests.contract.samples import calendar, meeting, series, vevent
from tests.servers.google import Fault, GoogleServer
from tests.servers.google_client import Api
from tests.servers.google_fixtures import ONE, SECOND, WEEKLY, api, server, told
from tests.servers.google_tokens import JWT_BEARER

# pytest finds a fixture where its name is.
__all__ = ["api", "server"]

SCOPE = "https://www.googleapis.com/auth/"


# --- who may do what ---


def test_a_reader_writes_nothing_and_a_free_busy_reader_sees_times_only(server: GoogleServer, api: Api) -> None:
    place = server.add_calendar("boss@example.com", role="reader")
    name = server.hand.put("boss@example.com", "a", meeting("a"))
    server.hand.put(
        "boss@example.com", "b", calendar(vevent("b", "CLASS:PRIVATE", start="20261201T100000", end="20261201T110000"))
    )
    boss = Api(server, "boss@example.com")
    for said in (boss.insert(ONE), boss.patch(name, {"summary": "x"}), boss.delete(name)):
        assert (said.status, said.reason) == (403, "requiredAccessLevel")
    assert {one.get("summary") for one in boss.list().json["items"]} == {"Ana / Maya", None}
    place.role = "freeBusyReader"
    said = boss.list(singleEvents="true", timeMax="2027-01-01T00:00:00Z")
    assert said.json["accessRole"] == "freeBusyReader"
    assert not any({"summary", "attendees", "description"} & set(one) for one in said.json["items"])
    assert Api(server, "nobody@example.com").list().reason == "notFound"
    boss.close()


@pytest.mark.parametrize(
    ("scope", "opens"),
    [
        ("calendar.events.owned", {"list", "insert"}),
        ("calendar.events.readonly", {"list"}),
        ("calendar.readonly", {"list", "calendars", "calendar", "busy"}),
        ("calendar.calendarlist.readonly", {"calendars"}),
        ("calendar.freebusy", {"busy"}),
        ("calendar.app.created", set()),
        ("contacts.readonly", set()),
    ],
)
def test_a_scope_opens_what_the_discovery_document_says(
    server: GoogleServer, api: Api, scope: str, opens: set[str]
) -> None:
    server.scopes = {SCOPE + scope}
    busy = {"timeMin": "2026-12-01T00:00:00Z", "timeMax": "2026-12-02T00:00:00Z", "items": [{"id": "primary"}]}
    said = {
        "list": api.list(),
        "insert": api.insert(ONE),
        "calendars": api.ask("GET", "/calendar/v3/users/me/calendarList"),
        "calendar": api.ask("GET", "/calendar/v3/calendars/primary"),
        "busy": api.ask("POST", "/calendar/v3/freeBusy", busy),
    }
    assert {name for name, one in said.items() if one.status == 200} == opens
    for one in said.values():
        if one.status != 200:
            assert (one.status, one.reason) == (403, "insufficientPermissions")
            assert one.json["error"]["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


def test_without_a_good_token_nothing_is_answered(server: GoogleServer, api: Api) -> None:
    server.expires_in = 60
    late = Api(server)
    assert late.list().status == 200
    server.now = lambda: datetime(2026, 11, 23, 3, 2, tzinfo=UTC)
    assert (late.list().status, late.list().reason) == (401, "authError")
    assert requests.get(f"{server.url}/calendar/v3/calendars/primary", timeout=10).status_code == 401
    assert late.list().headers["Date"] == "Mon, 23 Nov 2026 03:02:00 GMT"
    late.close()


def assertion(server: GoogleServer, issued: datetime, **claims: Any) -> Any:
    parts = [{"alg": "RS256", "typ": "JWT"}, {"iss": "robot@example.com", "iat": int(issued.timestamp()), **claims}]
    text = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    form = {"grant_type": JWT_BEARER, "assertion": ".".join([*text, "c2lnbmF0dXJl"])}
    return requests.post(f"{server.url}/token", data=form, timeout=10)


def test_a_service_account_needs_delegation_and_a_clock_that_is_right(server: GoogleServer) -> None:
    good = assertion(server, server.now(), sub="maya@example.com")
    assert good.json()["token_type"] == "Bearer"
    assert server.assertions[0]["sub"] == "maya@example.com"
    late = assertion(server, server.now() - timedelta(minutes=6))
    assert late.json()["error"] == "invalid_grant"
    assert late.json()["error_description"].startswith("Invalid JWT: Token must be a short-lived token")
    server.delegation = False
    assert assertion(server, server.now(), sub="maya@example.com").json()["error"] == "unauthorized_client"
    assert assertion(server, server.now()).status_code == 200
    server.revoke()
    assert assertion(server, server.now()).json()["error"] == "invalid_grant"


# --- other people ---


def test_free_busy_takes_fifty_calendars_and_ninety_days(server: GoogleServer, api: Api) -> None:
    asked = [{"id": f"p{number}@example.com"} for number in range(51)]
    server.others = {one["id"]: [] for one in asked}
    server.busy_errors["p1@example.com"] = "internalError"
    server.groups["team@example.com"] = ["p2@example.com", "p3@example.com"]
    times = {"timeMin": "2026-12-01T00:00:00Z", "timeMax": "2026-12-02T00:00:00Z"}
    said = api.ask("POST", "/calendar/v3/freeBusy", {**times, "items": asked}).json["calendars"]
    assert said["p0@example.com"] == {"busy": []}
    assert said["p1@example.com"]["errors"][0]["reason"] == "internalError"
    assert said["p50@example.com"]["errors"][0]["reason"] == "tooManyCalendarsRequested"
    group = api.ask("POST", "/calendar/v3/freeBusy", {**times, "items": [{"id": "team@example.com"}]}).json
    assert set(group["calendars"]) == set(group["groups"]["team@example.com"]["calendars"])
    long = {**times, "timeMax": "2027-03-02T00:00:00Z", "items": asked[:1]}
    assert api.ask("POST", "/calendar/v3/freeBusy", long).reason == "timeRangeTooLong"
    assert api.ask("POST", "/calendar/v3/freeBusy", {**times, "calendarExpansionMax": 51}).status == 400


def test_people_come_with_the_fields_that_were_asked_for(server: GoogleServer, api: Api) -> None:
    ana = {
        "resourceName": "people/c1",
        "names": [{"displayName": "Ana Sousa"}],
        "emailAddresses": [{"value": "ana@example.com"}],
    }
    server.directory, server.connections, server.other_contacts = [ana, ana, ana], [ana], [ana]
    directory = {"readMask": "names", "sources": "DIRECTORY_SOURCE_TYPE_DOMAIN_PROFILE"}
    assert api.ask("GET", "/v1/people:listDirectoryPeople", **directory).status == 400
    server.workspace = True
    said = api.ask("GET", "/v1/people:listDirectoryPeople", pageSize=2, **directory).json
    assert said["people"][0] == {"resourceName": "people/c1", "names": [{"displayName": "Ana Sousa"}]}
    more = api.ask("GET", "/v1/people:listDirectoryPeople", pageToken=said["nextPageToken"], pageSize=2, **directory)
    assert (len(more.json["people"]), "nextPageToken" in more.json) == (1, False)
    assert api.ask("GET", "/v1/people/me/connections").status == 400
    connections = api.ask("GET", "/v1/people/me/connections", personFields="names,emailAddresses")
    assert connections.json["connections"] == [ana]
    assert len(api.ask("GET", "/v1/otherContacts", readMask="names").json["otherContacts"]) == 1
    server.scopes.remove(SCOPE + "contacts.other.readonly")
    assert api.ask("GET", "/v1/otherContacts", readMask="names").status == 403


# --- faults ---


@pytest.mark.parametrize(
    ("fault", "more", "status", "reason", "waits"),
    [
        (Fault.REFUSED, {}, 500, "backendError", None),
        (Fault.UNAVAILABLE, {}, 503, "backendError", None),
        (Fault.UNAVAILABLE, {"retry_after": 3}, 503, "backendError", "3"),
        (Fault.THROTTLED, {"retry_after": 7}, 429, "rateLimitExceeded", "7"),
        (Fault.QUOTA, {}, 403, "userRateLimitExceeded", None),
        (Fault.QUOTA, {"reason": "quotaExceeded"}, 403, "quotaExceeded", None),
        (Fault.UNAUTHORIZED, {}, 401, "authError", None),
        (Fault.FORBIDDEN, {}, 403, "forbidden", None),
    ],
)
def test_a_request_goes_wrong_when_told_to_and_stores_nothing(
    server: GoogleServer, api: Api, fault: Fault, more: dict[str, Any], status: int, reason: str, waits: str | None
) -> None:
    server.fail_next(fault, skip=1, **more)
    assert api.list().status == 200
    said = api.insert(ONE)
    assert (said.status, said.reason, said.headers.get("Retry-After")) == (status, reason, waits)
    assert api.insert(ONE).status == 200


def test_a_connection_is_closed_before_or_after_the_work(server: GoogleServer, api: Api) -> None:
    server.fail_at(1, Fault.NO_ANSWER)
    server.fail_at(2, Fault.ANSWER_LOST)
    for stored in ([], ["single1"]):
        with pytest.raises(requests.ConnectionError):
            api.insert(ONE)
        assert server.hand.names("") == stored
    assert [(seen.name, seen.status) for seen in server.requests] == [("events.insert", 0)] * 2
    assert server.take() == ["events.insert"] * 2


def test_somebody_touches_the_event_just_before_a_write(server: GoogleServer, api: Api) -> None:
    etag = api.insert(WEEKLY).json["etag"]
    for event in ("series1", SECOND):
        server.fail_next(Fault.STALE)
        assert api.patch(event, {"summary": "x"}, etag).status == 412
        etag = api.get(event).json["etag"]
    server.fail_next(Fault.STALE)
    server.behave()
    assert api.patch("series1", {"summary": "x"}, etag).status == 200


def test_a_token_is_forgotten_and_a_page_is_empty_when_told_to(server: GoogleServer, api: Api) -> None:
    api.insert(ONE)
    token = api.list().json["nextSyncToken"]
    server.fail_next(Fault.FORGOTTEN)
    assert api.list(syncToken=token).reason == "fullSyncRequired"
    assert api.list(syncToken=token).status == 200
    server.fail_next(Fault.EMPTY_PAGE)
    said = api.list()
    assert said.ids == []
    assert api.list(pageToken=said.json["nextPageToken"]).ids == ["single1"]


def test_the_token_endpoint_fails_in_its_own_words(server: GoogleServer) -> None:
    server.fail_next(Fault.UNAVAILABLE)
    said = requests.post(f"{server.url}/token", data={"grant_type": "refresh_token"}, timeout=10)
    assert (said.status_code, said.json()["error"]) == (503, "backendError")


# --- the hand ---


def test_a_block_as_text_is_stored_with_its_marks_and_comes_back_as_the_same_text(
    server: GoogleServer, api: Api
) -> None:
    key = "cs" + "0" * 32
    dropped = frozenset({date(2026, 12, 7)})
    server.hand.put_named("", key, series_bytes(series(key, cancelled=dropped | {date(2026, 12, 28)}, dropped=dropped)))
    stored = api.get(key).json
    assert stored["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=MO"]
    assert stored["iCalUID"] == f"{key}@google.com"
    marks = stored["extendedProperties"]["private"]
    assert (marks["calsync"], marks["key"], marks["slot"], marks["dropped"]) == ("1", key, "1/0", "20261207")
    assert sorted(told(api.list()))[1:] == [
        (f"{key}_20261207T140000Z", "cancelled"),
        (f"{key}_20261228T140000Z", "cancelled"),
    ]
    text = server.hand.ical("", key)
    assert text.count(b"EXDATE;TZID=Europe/Berlin:202612") == 2
    assert f"UID:{key}@calsync".encode() in text
    server.hand.put_named("", key, text)
    assert server.hand.ical("", key) == text


def test_the_leader_deletes_moves_and_retitles_dates_by_hand(server: GoogleServer, api: Api) -> None:
    api.insert(WEEKLY)
    server.hand.delete_date("", "series1", date(2026, 12, 8))
    server.hand.move_date("", "series1", date(2026, 12, 15), date(2026, 12, 17), time(11, 30))
    server.hand.retitle("", "series1", "Only this", date(2026, 12, 22))
    server.hand.retitle("", "series1", "All")
    said = api.list(singleEvents="true", timeMax="2026-12-30T00:00:00Z", orderBy="startTime").json["items"]
    assert [(one["summary"], one["start"]["dateTime"]) for one in said] == [
        ("All", "2026-12-01T10:00:00+01:00"),
        ("All", "2026-12-17T11:30:00+01:00"),
        ("Only this", "2026-12-22T10:00:00+01:00"),
        ("All", "2026-12-29T10:00:00+01:00"),
    ]
    with pytest.raises(KeyError):
        server.hand.delete_date("", "series1", date(2026, 12, 9))
    server.hand.delete("", "series1")
    assert server.hand.names("") == []


def test_another_programs_excluded_dates_stay_lines_and_its_event_comes_back_under_its_id(
    server: GoogleServer, api: Api
) -> None:
    name = server.hand.put("", "m", meeting("m"))
    assert api.get(name).json["recurrence"] == [
        "RRULE:FREQ=WEEKLY;BYDAY=TU",
        "EXDATE;TZID=Europe/Berlin:20261208T090000",
    ]
    text = server.hand.ical("", name)
    server.hand.delete("", name)
    assert server.hand.put("", "m", text) == name
    assert server.hand.ical("", name) == text
    assert api.get(name).json["status"] == "confirmed"
