"""What Google says of events, and what calsync makes of it: the files in goldens/, as Google's answers look.

Each NAME.json has the answer of a list (accessRole, timeZone, items), NAME.ics the resources made of it, in order.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calsync.ical.read import expand_payloads
from calsync.model import Answer, EventType, Occurrence, PartyKind, Role, Span, Status
from calsync.ports import Resource
from providers.google.groups import Facts, grouped
from providers.google.mapping import resource_of
from providers.google.times import zone_named
from tests.contract.samples import BERLIN

GOLDENS = Path(__file__).parent / "goldens"
NAMES = sorted(path.stem for path in GOLDENS.glob("*.json"))
WINDOW = Span(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 5, 1, tzinfo=UTC))


def said(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GOLDENS / f"{name}.json").read_text("utf-8"))
    return found


def resources(answer: dict[str, Any]) -> list[Resource]:
    facts = Facts(zone_named(answer.get("timeZone", "")), answer.get("accessRole", "owner"))
    made = (resource_of(group, facts) for group in grouped(answer["items"]))
    return [resource for resource in made if resource is not None]


def occurrences(name: str, window: Span = WINDOW) -> list[Occurrence]:
    payloads = [(one.name, one.etag, one.payload) for one in resources(said(name))]
    return sorted(
        (o for item in expand_payloads(payloads, window, BERLIN) for o in item.occurrences), key=lambda o: o.span
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_answer_becomes_its_golden_text(name: str) -> None:
    made = b"".join(resource.payload for resource in resources(said(name)))
    assert made.decode().replace("\r\n", "\n") == (GOLDENS / f"{name}.ics").read_text("utf-8")


def test_every_golden_answer_has_a_text_and_the_other_way_round() -> None:
    assert {path.stem for path in GOLDENS.glob("*.ics")} == set(NAMES)


def test_a_weekly_meeting_takes_place_where_its_exceptions_put_it() -> None:
    december = Span(datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC))
    found = occurrences("weekly-one-on-one", december)
    assert [(o.span.start.day, o.span.start.hour, o.span.length.seconds // 60) for o in found] == [
        (9, 13, 45),
        (22, 8, 30),
        (29, 8, 30),
    ]
    moved, plain = found[0].event, found[1].event
    assert (moved.title, plain.title) == ("Ana / Maya (moved)", "Ana / Maya")
    assert (plain.organizer, plain.organized_by_me, plain.guests_hidden) == ("ana@example.com", False, False)
    assert [(p.address, p.is_me, p.answer) for p in moved.parties] == [
        ("ana@example.com", False, Answer.ACCEPTED),
        ("maya@example.com", True, Answer.DECLINED),
    ]


def test_each_kind_of_event_is_what_google_says_it_is() -> None:
    by_title = {o.event.title: o for o in occurrences("kinds")}
    types = {title: o.event.event_type for title, o in by_title.items()}
    assert types == {
        "Focus time": EventType.FOCUS,
        "Out of office": EventType.OUT_OF_OFFICE,
        "Home": EventType.WORKING_LOCATION,
        "Geburtstag von Jürgen": EventType.NO_MEETING,
        "Flight to Lisbon (TP 533)": EventType.DEFAULT,
        "Stay at Hotel Lisboa": EventType.NO_MEETING,
        "Perhaps; a, \\ b\nsecond line": EventType.DEFAULT,
        "Dentist": EventType.DEFAULT,
    }
    assert by_title["Perhaps; a, \\ b\nsecond line"].event.status is Status.TENTATIVE
    assert {title for title, o in by_title.items() if o.event.transparent} == {
        "Home",
        "Geburtstag von Jürgen",
        "Stay at Hotel Lisboa",
        "Dentist",
    }
    assert {title for title, o in by_title.items() if o.event.private} == {
        "Geburtstag von Jürgen",
        "Flight to Lisbon (TP 533)",
        "Dentist",
    }
    assert {title for title, o in by_title.items() if o.all_day} == {
        "Home",
        "Geburtstag von Jürgen",
        "Stay at Hotel Lisboa",
    }


def test_whole_days_are_local_days_and_their_exceptions_count() -> None:
    found = [(o.event.title, o.span.start.astimezone(BERLIN).date().isoformat()) for o in occurrences("whole-days")]
    assert found == [
        ("No meetings", "2026-11-27"),
        ("No meetings", "2026-12-10"),
        ("No meetings", "2026-12-18"),
        ("Holidays", "2026-12-24"),
        ("No meetings", "2026-12-25"),
    ]


def test_rooms_groups_optional_and_nameless_guests_are_told_apart() -> None:
    review = next(o.event for o in occurrences("guests") if o.event.title == "Review")
    kinds = {p.address or p.name: (p.kind, p.role) for p in review.parties}
    assert kinds == {
        "maya@example.com": (PartyKind.PERSON, Role.REQUIRED),
        "ana@example.com": (PartyKind.PERSON, Role.REQUIRED),
        "ben@example.com": (PartyKind.PERSON, Role.OPTIONAL),
        "c_188abc@resource.calendar.google.com": (PartyKind.RESOURCE, Role.REQUIRED),
        "platform@googlegroups.com": (PartyKind.GROUP, Role.REQUIRED),
        "Somebody": (PartyKind.PERSON, Role.REQUIRED),
    }


def test_a_list_of_guests_that_may_be_longer_is_marked_so() -> None:
    hidden = {o.event.title for o in occurrences("guests") if o.event.guests_hidden}
    # The organizer of "Mine" sees everybody, whoever else does.
    assert hidden == {"All hands", "Interview", "Lunch"}
    assert all(o.event.guests_hidden for o in occurrences("only-times"))
    elsewhere = {o.event.title: o.event.guests_hidden for o in occurrences("somebody-elses-calendar")}
    assert elsewhere == {"Open": False, "": True}


def test_whose_calendar_it_is_need_not_be_the_leader() -> None:
    (shared,) = [o.event for o in occurrences("somebody-elses-calendar") if o.event.title]
    assert (shared.organizer, shared.organized_by_me) == ("ana@example.com", False)


def test_a_series_of_which_only_one_date_is_known_is_that_date() -> None:
    (found,) = occurrences("invited-to-one-date")
    assert found.span.start == datetime(2026, 12, 7, 9, tzinfo=UTC)
    # The date of the other series is cancelled, and nothing of that one is left.
    assert [r.name for r in resources(said("invited-to-one-date"))] == ["o1ne0date0only"]


def test_series_keep_the_clock_of_their_own_zone() -> None:
    spring = Span(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    starts: dict[str, list[str]] = {}
    for o in occurrences("zones", spring):
        starts.setdefault(o.event.title, []).append(f"{o.span.start:%m-%dT%H:%MZ}")
    assert starts == {
        "Standup in Pune": ["12-01T04:30Z", "12-02T04:30Z", "12-03T04:30Z"],
        # A zone that nobody knows is taken as the calendar's.
        "Unknown zone": ["12-02T09:00Z", "12-09T09:00Z"],
        "No zone": ["12-03T09:00Z"],
        # The clocks of Lord Howe go on by half an hour at two on 4 October, which leaves out 02:15.
        "In a gap": ["09-19T15:45Z", "09-26T15:45Z", "10-10T15:15Z"],
        "Moved out of the gap": ["10-04T08:00Z"],
    }


def test_a_series_in_a_zone_that_nobody_knows_on_a_calendar_without_one_is_taken_in_utc() -> None:
    answer = said("zones")
    answer["timeZone"] = "Also/Unknown"
    answer["items"] = [item for item in answer["items"] if item["summary"] == "Unknown zone"]
    (resource,) = resources(answer)
    assert b"DTSTART:20261202T090000Z" in resource.payload


KEY = "csblock000000000000000000000000001"


def test_a_block_is_the_series_that_was_written_with_the_leaders_hand_on_it() -> None:
    (resource,) = resources(said("block"))
    (expanded,) = expand_payloads([(f"{KEY}.ics", resource.etag, resource.payload)], WINDOW, BERLIN)
    assert expanded.owned is not None
    series = expanded.owned.series
    assert (series.key, series.number, series.generation, series.sequence) == (KEY, 1, 0, 2)
    assert (series.first, series.timezone, series.minutes) == (date(2026, 11, 30), "Europe/Berlin", 30)
    assert series.changed == datetime(2026, 11, 22, 20, tzinfo=UTC)
    assert series.cancelled == {date(2026, 12, 7), date(2026, 12, 21)}
    assert series.dropped == {date(2026, 12, 7)}
    # The date that calsync put back where it belongs is none that differs, although Google keeps it as one.
    assert set(series.overrides) == {date(2026, 12, 14), date(2027, 1, 4)}
    assert expanded.owned.leaders == {date(2026, 12, 21), date(2027, 1, 4)}
    assert series.overrides[date(2027, 1, 4)].extra == (
        "DESCRIPTION:Ana wants to talk",
        "LOCATION:Café Lisboa",
        'ATTENDEE;CN="Ana Sousa";PARTSTAT=NEEDS-ACTION:mailto:ana@example.com',
    )
    assert {o.event.ours for o in expanded.occurrences} == {KEY}


def test_neither_a_copy_nor_what_was_split_off_is_a_block_of_ours() -> None:
    made = {one.name: one.payload for one in resources(said("block-as-focus-time"))}
    assert {name for name, payload in made.items() if b"X-CALSYNC-KEY" in payload} == {f"{KEY}1"}


def test_a_focus_time_looks_as_its_mark_says_and_begins_where_the_clocks_skip_its_time() -> None:
    found = next(one for one in resources(said("block-as-focus-time")) if one.name == f"{KEY}1")
    window = Span(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC))
    (expanded,) = expand_payloads([(f"{KEY}.ics", found.etag, found.payload)], window, BERLIN)
    assert expanded.owned is not None
    assert expanded.owned.series.transparent
    assert (expanded.owned.series.first, f"{expanded.owned.series.start}") == (date(2026, 10, 4), "02:15:00")
    assert [f"{o.span.start:%m-%dT%H:%MZ}" for o in expanded.occurrences] == [
        "10-03T15:45Z",
        "10-10T15:15Z",
        "10-17T15:15Z",
    ]


def block(**changes: Any) -> dict[str, Any]:
    answer = said("block")
    answer["items"] = [{**answer["items"][0], **changes}]
    return answer


def read_block(answer: dict[str, Any]) -> Any:
    (resource,) = resources(answer)
    (expanded,) = expand_payloads([(f"{KEY}.ics", resource.etag, resource.payload)], WINDOW, BERLIN)
    assert expanded.owned is not None
    return expanded.owned.series


def test_a_zone_under_another_of_its_names_is_the_zone_that_was_written() -> None:
    answer = block(
        start={"dateTime": "2026-11-30T10:15:00+01:00", "timeZone": "Asia/Katmandu"},
        end={"dateTime": "2026-11-30T10:45:00+01:00", "timeZone": "Asia/Katmandu"},
    )
    answer["items"][0]["extendedProperties"]["private"]["wall"] = "2026-11-30T15:00:00/30/Asia/Kathmandu"
    assert read_block(answer).timezone == "Asia/Kathmandu"
    answer["items"][0]["extendedProperties"]["private"]["wall"] = "2026-11-30T15:00:00/30/Asia/Nowhere"
    assert read_block(answer).timezone == "Asia/Katmandu"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-30T16:00:00+01:00", "2026-11-30T16:30:00+01:00", ("16:00:00", 30)),
        ("2026-11-30T15:00:00+01:00", "2026-11-30T16:30:00+01:00", ("15:00:00", 90)),
    ],
)
def test_a_block_that_the_leader_moved_is_read_where_it_stands_now(
    start: str, end: str, expected: tuple[str, int]
) -> None:
    zone = {"timeZone": "Europe/Berlin"}
    series = read_block(block(start={"dateTime": start, **zone}, end={"dateTime": end, **zone}))
    assert (f"{series.start}", series.minutes) == expected


def test_a_block_that_the_leader_made_an_all_day_event_is_theirs() -> None:
    series = read_block(block(start={"date": "2026-11-30"}, end={"date": "2026-12-01"}))
    assert not series.rule_is_ours


@pytest.mark.parametrize(
    "rule",
    ["RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY;INTERVAL=2", "RRULE:FREQ=WEEKLY;BYDAY=MO,TH", "RDATE:20261201T140000Z"],
)
def test_a_block_with_a_rule_of_the_leaders_own_is_theirs(rule: str) -> None:
    assert not read_block(block(recurrence=[rule])).rule_is_ours


def test_marks_that_make_no_sense_count_as_none() -> None:
    answer = block()
    private = answer["items"][0]["extendedProperties"]["private"]
    private |= {"dropped": "20261207 nonsense 20269999", "changed": "yesterday", "sequence": "-1", "wall": "7/7/7"}
    series = read_block(answer)
    assert (series.sequence, series.changed.year, series.start.hour) == (0, 1970, 15)
    for change in ({"calsync": "0"}, {"key": ""}, {"key": "csother"}, {"key": KEY.upper()}):
        answer["items"][0]["extendedProperties"]["private"] = {**private, **change}
        (resource,) = resources(answer)
        assert b"X-CALSYNC-KEY" not in resource.payload


def test_an_id_with_something_else_behind_the_key_is_no_id_of_ours() -> None:
    for name in (f"{KEY}_R20270201T140000", f"{KEY}01", f"{KEY}x", f"x{KEY}"):
        (resource,) = resources(block(id=name))
        assert b"X-CALSYNC-KEY" not in resource.payload
    (resource,) = resources(block(id=f"{KEY}12"))
    assert b"X-CALSYNC-KEY" in resource.payload


def test_the_version_changes_with_each_of_the_events_and_with_nothing_else() -> None:
    answer = said("block")
    (first,) = resources(answer)
    assert [one.etag for one in resources({**answer, "items": answer["items"][::-1]})] == [first.etag]
    for at, item in enumerate(answer["items"]):
        other = [dict(item) for item in answer["items"]]
        other[at]["etag"] = '"another"'
        # Of a cancelled date a version is not always given.
        same = item["status"] == "cancelled"
        assert [one.etag == first.etag for one in resources({**answer, "items": other})] == [same]


def test_a_title_cannot_pretend_to_be_a_mark() -> None:
    answer = said("kinds")
    answer["items"] = [{**answer["items"][0], "id": KEY, "summary": f"x\r\nX-CALSYNC-KEY:{KEY}\r\nUID:{KEY}@calsync"}]
    (resource,) = resources(answer)
    (expanded,) = expand_payloads([(f"{KEY}.ics", "1", resource.payload)], WINDOW, ZoneInfo("UTC"))
    assert expanded.owned is None
    assert [o.event.ours for o in expanded.occurrences] == [""]


def test_a_date_that_was_put_back_counts_as_the_series_own_until_somebody_touches_it() -> None:
    answer = said("block")
    home = next(item for item in answer["items"] if item["id"].endswith("_20261228T140000Z"))

    def seen() -> bool:
        (resource,) = resources(answer)
        return b"RECURRENCE-ID;TZID=Europe/Berlin:20261228T150000" in resource.payload

    # A new title of the series has not come to it yet, nor have guests of the series.
    answer["items"][0] |= {"summary": "Deep work", "location": "Room 3", "attendees": [{"email": "ana@example.com"}]}
    assert not seen()
    for change in (
        {"summary": "With Ana"},
        {"transparency": "opaque"},
        {"location": "Café Lisboa"},
        {"description": "Ana wants to talk"},
        {"attendees": [{"email": "ben@example.com"}]},
        {"end": {"dateTime": "2026-12-28T16:00:00+01:00", "timeZone": "Europe/Berlin"}},
    ):
        before = dict(home)
        home |= change
        assert seen(), change
        home.clear()
        home |= before
