"""Events on the loopback Google account, rule by rule: ids, ETags, instances, bodies, lists and sync tokens."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.samples import single
from tests.servers.google import GoogleServer, Refused
from tests.servers.google_client import Api
from tests.servers.google_fixtures import END, ONE, SECOND, START, THIRD, WEEKLY, api, server, told
from tests.servers.google_schema import json_schema, problems

# pytest finds a fixture where its name is.
__all__ = ["api", "server"]


def token_of(api: Api, **query: Any) -> str:
    said = api.list(**query)
    while "nextPageToken" in said.json:
        assert "nextSyncToken" not in said.json
        said = api.list(pageToken=said.json["nextPageToken"], **query)
    return str(said.json["nextSyncToken"])


# --- ids ---


@pytest.mark.parametrize("event", ["abcd", "with-dash", "Upper", "weekly1", "a" * 1025])
def test_an_id_of_other_characters_or_lengths_is_refused(api: Api, event: str) -> None:
    said = api.insert({**ONE, "id": event})
    assert (said.status, said.reason) == (400, "invalid")


def test_an_id_and_a_uid_exclude_each_other(api: Api) -> None:
    assert api.insert({**ONE, "iCalUID": "a@example.org"}).status == 400


def test_an_id_stays_taken_when_its_event_is_deleted(server: GoogleServer, api: Api) -> None:
    assert api.insert(ONE).status == 200
    assert (api.insert(ONE).status, api.insert(ONE).reason) == (409, "duplicate")
    assert api.delete("single1").status == 204
    assert (api.delete("single1").status, api.delete("single1").reason) == (410, "deleted")
    assert api.insert(ONE).reason == "duplicate"
    assert api.patch("single1", {"summary": "Back"}).status == 403
    assert api.update("single1", ONE).status == 403
    kept = api.get("single1")
    assert (kept.status, kept.json["status"], kept.json["summary"]) == (200, "cancelled", "Review")
    server.hand.vanish("", "single1")
    assert api.get("single1").reason == "notFound"
    assert api.insert(ONE).status == 200


def test_all_of_a_series_share_one_uid(api: Api) -> None:
    api.insert(WEEKLY)
    api.patch(SECOND, {"summary": "Once"})
    assert api.get(SECOND).json["iCalUID"] == api.get("series1").json["iCalUID"] == "series1@google.com"
    assert sorted(api.list(iCalUID="series1@google.com").ids) == ["series1", SECOND]


# --- ETags ---


def test_each_change_makes_another_etag_and_a_stale_one_is_refused(api: Api) -> None:
    first = api.insert(ONE).json["etag"]
    assert first.startswith('"')
    second = api.patch("single1", {"summary": "Other"}, first).json["etag"]
    assert second != first
    for said in (
        api.patch("single1", {"summary": "Mine"}, first),
        api.update("single1", ONE, first),
        api.delete("single1", first),
    ):
        assert (said.status, said.reason) == (412, "conditionNotMet")
    assert api.get("single1").json["summary"] == "Other"
    assert api.get("single1").headers["ETag"] == second
    assert api.delete("single1", second).status == 204


def test_an_instance_without_a_version_of_its_own_has_the_etag_of_its_series(api: Api) -> None:
    etag = api.insert(WEEKLY).json["etag"]
    assert api.get(SECOND).json["etag"] == etag
    assert api.patch(SECOND, {"summary": "Once"}, etag).status == 200
    assert api.get(SECOND).json["etag"] != etag
    assert api.get("series1").json["etag"] == etag


# --- instances ---


def test_a_changed_instance_inherits_everything_else(api: Api) -> None:
    marks = {"private": {"calsync": "1", "sum": "abc"}}
    api.insert({**WEEKLY, "extendedProperties": marks, "visibility": "private", "transparency": "transparent"})
    moved = {"start": {"dateTime": "2026-12-09T14:00:00+01:00"}, "end": {"dateTime": "2026-12-09T14:30:00+01:00"}}
    said = api.patch(SECOND, {**moved, "extendedProperties": {"private": {"sum": None, "own": "x"}}}).json
    assert said["recurringEventId"] == "series1"
    assert said["originalStartTime"] == {"dateTime": "2026-12-08T10:00:00+01:00", "timeZone": "Europe/Berlin"}
    assert said["start"] == {"dateTime": "2026-12-09T14:00:00+01:00", "timeZone": "Europe/Berlin"}
    assert (said["summary"], said["visibility"], said["transparency"]) == ("Review", "private", "transparent")
    assert said["extendedProperties"]["private"] == {"calsync": "1", "own": "x"}
    assert "recurrence" not in said


def test_a_cancelled_instance_keeps_only_what_names_it_and_comes_back_with_its_times(api: Api) -> None:
    api.insert(WEEKLY)
    api.patch(SECOND, {"summary": "Once"})
    assert api.delete(SECOND).status == 204
    assert set(api.get(SECOND).json) == {"kind", "etag", "id", "recurringEventId", "originalStartTime", "status"}
    assert api.delete(SECOND).status == 410
    assert api.patch(SECOND, {"summary": "No"}).status == 403
    assert api.patch(SECOND, {"status": "confirmed"}).status == 400
    times = {"start": {**START, "dateTime": "2026-12-08T11:00:00"}, "end": {**END, "dateTime": "2026-12-08T11:30:00"}}
    back = api.patch(SECOND, {"status": "confirmed", **times}).json
    assert (back["status"], back["summary"]) == ("confirmed", "Review")
    assert back["start"]["dateTime"] == "2026-12-08T11:00:00+01:00"


def test_a_cancelled_instance_comes_back_by_an_update_that_says_everything(api: Api) -> None:
    api.insert(WEEKLY)
    api.delete(SECOND)
    whole = {
        **ONE,
        "start": {**START, "dateTime": "2026-12-08T11:00:00"},
        "end": {**END, "dateTime": "2026-12-08T12:00:00"},
    }
    assert api.update(SECOND, whole).status == 403
    back = api.update(SECOND, {**whole, "status": "confirmed"}).json
    assert (back["id"], back["recurringEventId"], back["summary"]) == (SECOND, "series1", "Review")
    assert api.list().ids == ["series1", SECOND]


def test_a_date_that_the_series_does_not_give_is_no_instance(api: Api) -> None:
    api.insert(WEEKLY)
    for event in ("series1_20261209T090000Z", "series1_20261208", "single1_20261208T090000Z"):
        assert api.get(event).reason == "notFound"


def test_exceptions_whose_date_is_gone_are_cancelled_and_come_back_as_the_series_has_them(api: Api) -> None:
    api.insert(WEEKLY)
    api.patch(SECOND, {"summary": "Once"})
    api.patch(THIRD, {"summary": "Twice"})
    token = token_of(api)
    api.patch("series1", {"recurrence": ["RRULE:FREQ=WEEKLY;UNTIL=20261208T090000Z"]})
    assert told(api.list(syncToken=token)) == [("series1", "confirmed"), (THIRD, "cancelled")]
    api.patch("series1", {"recurrence": ["RRULE:FREQ=WEEKLY"]})
    assert api.get(THIRD).json["summary"] == "Review"
    assert api.get(SECOND).json["summary"] == "Once"


def test_the_id_of_an_all_day_instance_has_its_day(api: Api) -> None:
    days = {"start": {"date": "2026-12-01"}, "end": {"date": "2026-12-02"}}
    api.insert({**WEEKLY, **days})
    assert api.ask("GET", "series1/instances", timeMax="2026-12-14T22:00:00Z").ids == [
        "series1_20261201",
        "series1_20261208",
    ]
    assert api.delete("series1_20261208").status == 204


def test_stricter_visibility_of_one_date_reaches_the_series_and_looser_is_ignored(api: Api) -> None:
    api.insert(WEEKLY)
    api.patch(SECOND, {"visibility": "private"})
    assert api.get("series1").json["visibility"] == "private"
    assert api.patch(SECOND, {"visibility": "public"}).json["visibility"] == "private"


# --- what is checked of a body ---


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"start": None}, "badRequest"),
        ({"start": {}}, "required"),
        ({"end": {"date": "2026-12-02"}}, "invalid"),
        ({"start": {"dateTime": "2026-12-01T10:00:00"}}, "invalid"),
        ({"start": {"dateTime": "2026-12-01T10:00:00", "timeZone": "Mars/Olympus"}}, "invalid"),
        ({"end": {"dateTime": "2026-12-01T09:00:00+01:00"}}, "timeRangeEmpty"),
        ({"start": {"dateTime": "2026-12-01T10:00:00+01:00"}, "recurrence": ["RRULE:FREQ=DAILY"]}, "required"),
        ({"recurrence": ["DTSTART:20261201T100000Z", "RRULE:FREQ=DAILY"]}, "invalid"),
        ({"recurrence": ["RRULE:FREQ=SOMETIMES"]}, "invalid"),
        ({"reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 1}] * 6}}, "invalid"),
        ({"reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 40321}]}}, "invalid"),
        (
            {"reminders": {"useDefault": True, "overrides": [{"method": "popup", "minutes": 1}]}},
            "cannotUseDefaultRemindersAndSpecifyOverride",
        ),
        ({"attendees": [{"displayName": "Nobody"}]}, "required"),
        ({"title": "no such field"}, "badRequest"),
        ({"summary": 7}, "badRequest"),
        ({"extendedProperties": {"private": {"n": 1}}}, "badRequest"),
        ({"eventType": "fromGmail"}, "eventTypeRestriction"),
        ({"eventType": "focusTime"}, "eventTypeRestriction"),
    ],
)
def test_a_body_that_is_wrong_is_refused(api: Api, change: dict[str, Any], reason: str) -> None:
    said = api.insert({**ONE, **change})
    assert (said.status, said.reason) == (400, reason)
    assert api.get("single1").status == 404


def test_what_the_discovery_document_does_not_know_is_recorded(server: GoogleServer, api: Api) -> None:
    assert api.insert({**ONE, "title": "x"}).status == 400
    assert api.list(pageSize=3).status == 400
    assert api.list(maxResults="many").status == 400
    body, query, _ = server.refused_bodies
    assert isinstance(body, Refused)
    assert (body.name, query.name) == ("events.insert", "events.list")
    assert "'title' was unexpected" in body.problems[0]
    assert query.problems == ("pageSize: no such parameter of calendar.events.list",)
    assert [one.body["id"] for one in server.bodies] == ["single1"]


def test_the_schema_of_the_discovery_document_judges_bodies() -> None:
    assert json_schema("Event")["$defs"]["EventDateTime"]["additionalProperties"] is False
    assert problems(ONE) == []
    assert problems({"summary": None}) != []
    assert problems({"summary": None, "extendedProperties": {"private": {"sum": None}}}, patch=True) == []
    assert problems({"start": {"date": "2026-12-32"}}) != []
    assert problems({**ONE, "htmlLink": "x", "attendees": [{"email": "a@b", "self": True}]}, read_only=True) == [
        "htmlLink: read-only",
        "attendees/0/self: read-only",
    ]


def test_long_property_names_are_dropped_and_long_values_cut(api: Api) -> None:
    said = api.insert({**ONE, "extendedProperties": {"private": {"k" * 44: "v" * 1025, "k" * 45: "v"}}})
    assert said.json["extendedProperties"] == {"private": {"k" * 44: "v" * 1024}}


def test_a_patch_merges_objects_and_a_null_removes(api: Api) -> None:
    api.insert({**ONE, "location": "Room", "extendedProperties": {"private": {"a": "1", "b": "2"}}})
    changed = api.patch("single1", {"location": None, "extendedProperties": {"private": {"a": None, "c": "3"}}})
    assert "location" not in changed.json
    assert changed.json["extendedProperties"]["private"] == {"b": "2", "c": "3"}
    all_day = {"start": {"date": "2026-12-01"}, "end": {"date": "2026-12-02"}}
    assert api.patch("single1", all_day).status == 400
    nulls = {"dateTime": None, "timeZone": None}
    assert api.patch("single1", {key: {**value, **nulls} for key, value in all_day.items()}).status == 200


def test_an_update_removes_what_is_not_given(api: Api) -> None:
    api.insert({**ONE, "location": "Room"})
    said = api.update("single1", {"start": START, "end": END}).json
    assert "location" not in said
    assert "summary" not in said
    assert said["iCalUID"] == "single1@google.com"


def test_focus_time_needs_a_workspace_account_and_its_primary_calendar(server: GoogleServer, api: Api) -> None:
    server.workspace = True
    focus = {**ONE, "eventType": "focusTime", "transparency": "transparent"}
    server.add_calendar("other@example.com")
    assert Api(server, "other@example.com").insert(focus).status == 400
    assert api.insert({**focus, "start": {"date": "2026-12-01"}, "end": {"date": "2026-12-02"}}).status == 400
    made = api.insert(focus)
    assert made.json["eventType"] == "focusTime"
    assert "transparency" not in made.json
    assert api.patch("single1", {"eventType": "focusTime"}).status == 400
    assert api.patch("single1", {"summary": "Deep"}).json["eventType"] == "focusTime"


def test_whoever_would_get_mail_is_noted(server: GoogleServer, api: Api) -> None:
    guests = {"attendees": [{"email": "ana@example.com"}, {"email": "maya@example.com"}]}
    api.insert({**ONE, **guests}, sendUpdates="none")
    assert server.mailed == []
    api.patch("single1", {"summary": "x"})
    api.delete("single1")
    assert [(mail.method, mail.to) for mail in server.mailed] == [
        ("events.patch", ("ana@example.com",)),
        ("events.delete", ("ana@example.com",)),
    ]


# --- lists ---


def test_a_list_without_single_events_has_series_exceptions_and_cancelled_exceptions(api: Api) -> None:
    api.insert(WEEKLY)
    api.insert(ONE)
    api.patch(SECOND, {"summary": "Once"})
    api.delete(THIRD)
    api.delete("single1")
    assert sorted(told(api.list())) == [("series1", "confirmed"), (SECOND, "confirmed"), (THIRD, "cancelled")]
    assert ("single1", "cancelled") in told(api.list(showDeleted="true"))
    single_events = told(api.list(singleEvents="true", timeMax="2026-12-20T00:00:00Z"))
    assert sorted(single_events) == [("series1_20261201T090000Z", "confirmed"), (SECOND, "confirmed")]


def test_a_range_goes_by_end_and_start_and_a_series_counts_when_any_instance_does(api: Api) -> None:
    api.insert(ONE)
    api.insert({**WEEKLY, "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]})
    assert api.list(timeMin="2026-12-01T09:30:00Z").ids == ["series1"]
    assert api.list(timeMin="2026-12-01T09:29:00Z", timeMax="2026-12-01T09:31:00Z").ids == ["single1", "series1"]
    assert api.list(timeMin="2026-12-15T09:30:00Z").ids == []
    assert api.list(timeMax="2026-12-01T09:00:00Z").ids == []
    api.patch(THIRD, {"start": {"dateTime": "2027-06-01T09:00:00Z"}, "end": {"dateTime": "2027-06-01T10:00:00Z"}})
    assert api.list(timeMin="2027-05-01T00:00:00Z").ids == ["series1", THIRD]
    empty = api.list(timeMin="2026-12-02T00:00:00Z", timeMax="2026-12-01T00:00:00Z")
    assert (empty.status, empty.reason) == (400, "timeRangeEmpty")
    assert api.list(timeMin="2026-12-02T00:00:00").status == 400


def test_private_properties_filter_exactly_and_all_of_them_must_match(api: Api) -> None:
    api.insert({**ONE, "extendedProperties": {"private": {"calsync": "1", "key": "k"}}})
    assert api.list(privateExtendedProperty="calsync=1").ids == ["single1"]
    assert api.list(privateExtendedProperty=["calsync=1", "key=k"]).ids == ["single1"]
    assert api.list(privateExtendedProperty=["calsync=1", "key=other"]).ids == []
    assert api.list(privateExtendedProperty="calsync").status == 400


def test_the_order_by_start_time_needs_single_events(api: Api) -> None:
    assert api.list(orderBy="startTime").status == 400
    assert api.list(orderBy="startTime", singleEvents="true").status == 200
    assert "nextSyncToken" not in api.list(orderBy="startTime", singleEvents="true").json


def test_a_fields_mask_leaves_out_what_it_does_not_name(api: Api) -> None:
    api.insert({**ONE, "extendedProperties": {"private": {"a": "1"}, "shared": {"b": "2"}}})
    said = api.list(fields="items(id,start/dateTime,extendedProperties(private)),nextSyncToken").json
    assert set(said) == {"items", "nextSyncToken"}
    assert said["items"] == [
        {
            "id": "single1",
            "start": {"dateTime": "2026-12-01T10:00:00+01:00"},
            "extendedProperties": {"private": {"a": "1"}},
        }
    ]
    assert set(api.list(fields="items").json) == {"items"}
    assert api.get("single1", fields="id,etag").json.keys() == {"id", "etag"}
    wrong = api.list(fields="items(id,colour)")
    assert (wrong.status, wrong.reason) == (400, "invalidParameter")


def test_times_come_in_the_zone_that_was_asked_for_and_keep_the_name_of_their_own(api: Api) -> None:
    api.insert(
        {
            **ONE,
            "start": {**START, "timeZone": "America/New_York"},
            "end": {**END, "timeZone": "America/New_York"},
        }
    )
    assert api.get("single1").json["start"] == {
        "dateTime": "2026-12-01T16:00:00+01:00",
        "timeZone": "America/New_York",
    }
    assert api.get("single1", timeZone="UTC").json["start"]["dateTime"] == "2026-12-01T15:00:00Z"


# --- sync tokens ---


def test_a_delta_has_everything_that_changed_wherever_it_lies(server: GoogleServer, api: Api) -> None:
    api.insert(WEEKLY)
    api.insert(ONE)
    token = token_of(api, timeMin="2026-11-01T00:00:00Z", timeMax="2026-12-24T00:00:00Z")
    assert told(api.list(syncToken=token)) == []
    api.delete(THIRD)
    api.delete("single1")
    old = server.hand.put("", "old", single("old", "20200101"))
    said = api.list(syncToken=token)
    assert told(said) == [(THIRD, "cancelled"), ("single1", "cancelled"), (old, "confirmed")]
    assert set(said.json["items"][1]) == {"kind", "etag", "id", "status"}
    assert told(api.list(syncToken=said.json["nextSyncToken"])) == []


def test_a_delta_of_single_events_has_each_instance_of_a_touched_series_without_an_end(api: Api) -> None:
    api.insert(WEEKLY)
    asked = {"singleEvents": "true", "maxResults": "2500"}
    token = token_of(api, timeMin="2026-12-01T00:00:00Z", timeMax="2026-12-31T00:00:00Z", **asked)
    api.patch("series1", {"summary": "Other"})
    assert len(api.list(syncToken=token, **asked).ids) == 730


def test_a_sync_token_comes_on_the_last_page_only_and_what_changes_meanwhile_comes_next(
    server: GoogleServer, api: Api
) -> None:
    server.page_size = 2
    for number in range(5):
        api.insert({**ONE, "id": f"event{number}"})
    said = api.list()
    api.patch("event0", {"summary": "Meanwhile"})
    while "nextPageToken" in said.json:
        said = api.list(pageToken=said.json["nextPageToken"])
    assert api.list(syncToken=said.json["nextSyncToken"]).ids == ["event0"]


@pytest.mark.parametrize(
    "query",
    [
        {"timeMin": "2026-12-01T00:00:00Z"},
        {"timeMax": "2026-12-01T00:00:00Z"},
        {"iCalUID": "x"},
        {"privateExtendedProperty": "a=b"},
        {"orderBy": "updated"},
        {"q": "x"},
        {"updatedMin": "2026-11-01T00:00:00Z"},
        {"showDeleted": "false"},
        {"singleEvents": "true"},
    ],
)
def test_what_does_not_go_with_a_sync_token_is_refused(api: Api, query: dict[str, str]) -> None:
    assert api.list(syncToken=token_of(api), **query).status == 400


def test_a_forgotten_sync_token_is_gone_and_an_invented_one_is_wrong(server: GoogleServer, api: Api) -> None:
    token = token_of(api)
    server.forget_sync_tokens()
    assert (api.list(syncToken=token).status, api.list(syncToken=token).reason) == (410, "fullSyncRequired")
    assert api.list(syncToken="invented").status == 400
    assert api.list(syncToken=token_of(api)).status == 200
