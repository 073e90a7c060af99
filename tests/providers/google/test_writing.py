"""Writing at Google: what is asked, what is left alone, and what happens when Google will not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from calsync.model import Series
from calsync.ports import OutcomeState, SeriesWrite
from providers.google.blocks import ids_of
from providers.google.bodies import date_body, dropped_marks, new_event, recurrence_lines
from tests.contract.samples import BERLIN, CHANGED, override, series
from tests.providers.google.rig import AFTER, BEFORE, FAMILY, KEY, Rig, rig
from tests.servers.google import Fault

# pytest finds a fixture where its name is.
__all__ = ["rig"]

DONE, CONFLICT, FAILED, UNCLEAR = OutcomeState.DONE, OutcomeState.CONFLICT, OutcomeState.FAILED, OutcomeState.UNCLEAR
PLAIN = series(KEY)
MOVED = date(2026, 12, 14)


def patched(rig: Rig, name: str = KEY, **fields: Any) -> None:
    """The leader's hand on an event, through the web page: what iCalendar cannot say included."""
    place = rig.server.calendar("primary")
    entry = rig.server.store.find(place, name)
    assert entry is not None
    rig.server.store.save(place, {**entry.body, **fields})


# --- what is asked ---


def test_the_body_of_a_new_series_is_just_this() -> None:
    assert new_event(series(KEY, until=date(2026, 12, 28), description="Why: overdue"), KEY, focus=False) == {
        "id": KEY,
        "summary": "Focus",
        "description": "Why: overdue",
        "start": {"dateTime": "2026-11-30T15:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-30T15:30:00+01:00", "timeZone": "Europe/Berlin"},
        "recurrence": ["RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261228T140000Z"],
        "transparency": "transparent",
        "visibility": "private",
        "reminders": {"useDefault": False, "overrides": []},
        "extendedProperties": {
            "private": {
                "calsync": "1",
                "key": KEY,
                "kind": "connect",
                "slot": "1/0",
                "sum": "8746eda350bd",
                "changed": "20261122T200000Z",
                "sequence": "0",
                "wall": "2026-11-30T15:00:00/30/Europe/Berlin",
            }
        },
    }


def test_the_body_of_a_moved_date_is_just_this() -> None:
    placed = BEFORE.overrides[MOVED]
    assert date_body(BEFORE, MOVED, placed, focus=False) == {
        "status": "confirmed",
        "summary": "Focus",
        "start": {"dateTime": "2026-12-16T11:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-12-16T11:30:00+01:00", "timeZone": "Europe/Berlin"},
        "transparency": "transparent",
        "extendedProperties": {
            "private": {"calsync": "1", "key": KEY, "kind": "connect", "slot": "1/0", "sum": "40f605662485"}
        },
    }


def test_until_is_the_last_date_in_utc_on_its_own_side_of_a_change_of_the_clocks() -> None:
    summer = series(KEY, first=date(2027, 3, 1), until=date(2027, 3, 29))
    assert recurrence_lines(summer) == ["RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20270329T130000Z"]
    assert recurrence_lines(series(KEY), {date(2026, 12, 7)}) == [
        "RRULE:FREQ=WEEKLY;BYDAY=MO",
        "EXDATE;TZID=Europe/Berlin:20261207T150000",
    ]


def test_a_series_whose_first_time_the_clocks_skip_starts_a_week_earlier_and_leaves_that_date_out() -> None:
    skipped = series(KEY, timezone="Australia/Lord_Howe", start=time(2, 15), first=date(2026, 10, 4))
    body = new_event(skipped, KEY, focus=False)
    assert body["start"]["dateTime"] == "2026-09-27T02:15:00+10:30"
    assert body["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=SU", "EXDATE;TZID=Australia/Lord_Howe:20260927T021500"]


def test_a_series_is_one_request_and_each_date_that_differs_is_one_more(rig: Rig) -> None:
    assert rig.create(PLAIN).state is DONE
    assert rig.names() == ["events.insert"]
    rig.write(SeriesWrite(KEY, PLAIN, None))
    rig.names()
    assert rig.create(BEFORE).state is DONE
    again = ["events.insert", "events.get", "events.list", "events.get"]
    dates = ["events.instances", "events.delete", "events.patch"]
    looked = ["events.list", "events.instances"]
    assert rig.names() == [*again, "events.insert", *dates, "events.patch", *looked]


def test_a_change_of_the_series_alone_is_one_write_after_one_look(rig: Rig) -> None:
    etag = rig.create(PLAIN).etag
    rig.names()
    (outcome,) = rig.write(SeriesWrite(KEY, PLAIN, series(KEY, title="Deep work"), etag))
    assert (outcome.state, outcome.etag) == (DONE, rig.own().etag)
    assert rig.names()[:4] == ["events.get", "events.list", "events.instances", "events.patch"]


def test_only_what_differs_is_sent(rig: Rig) -> None:
    etag = rig.create(PLAIN).etag
    wanted = series(KEY, title="Deep work", sequence=1, changed=CHANGED + timedelta(days=1))
    rig.write(SeriesWrite(KEY, PLAIN, wanted, etag))
    assert rig.server.bodies[-1].body == {
        "summary": "Deep work",
        "extendedProperties": {"private": {"sum": "ca74f7327fdf", "changed": "20261123T200000Z", "sequence": "1"}},
    }
    wanted = series(KEY, title="Deep work", sequence=2, until=date(2026, 12, 28))
    rig.write(SeriesWrite(KEY, rig.own().series, wanted, rig.own().etag))
    assert rig.server.bodies[-1].body["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20261228T140000Z"]
    assert rig.server.bodies[-1].body.keys() == {"recurrence", "extendedProperties"}


def test_every_change_is_made_to_the_version_that_was_looked_at_and_nobody_is_told(rig: Rig) -> None:
    etag = rig.create(BEFORE).etag
    rig.write(SeriesWrite(KEY, BEFORE, AFTER, etag))
    rig.write(SeriesWrite(KEY, AFTER, None, rig.own().etag))
    writes = [seen for seen in rig.server.requests if seen.method != "GET"]
    assert len(writes) > 10
    for seen in writes:
        assert seen.query.get("sendUpdates") == ["none"]
        assert ("if-match" in seen.headers) == (seen.name != "events.insert")
    for said in rig.server.bodies:
        assert not said.body.keys() & {"attendees", "organizer", "eventType", "conferenceData"}


def test_a_mark_is_made_before_what_it_marks_and_goes_after_it(rig: Rig) -> None:
    """So that a run that is cut off never makes a drop of calsync's look like the leader's."""
    etag = rig.create(BEFORE).etag
    before = len(rig.server.bodies)
    rig.write(SeriesWrite(KEY, BEFORE, AFTER, etag))
    dropped = [b.body["extendedProperties"]["private"].get("dropped") for b in rig.server.bodies[before:]]
    assert dropped[0] == "20261207 20261221"
    assert dropped[-1] == "20261221"
    assert dropped[1:-1] == [None] * (len(dropped) - 2)


def test_dates_that_were_left_out_stand_in_as_many_properties_as_they_need(rig: Rig) -> None:
    days = [date(2026, 11, 30) + timedelta(7 * n) for n in range(130)]
    assert {len(part or "") for part in dropped_marks(days, {}).values()} == {899, 269}
    assert dropped_marks(days[:1], {"dropped": "x", "dropped1": "y", "kind": "z"}) == {
        "dropped": "20261130",
        "dropped1": None,
    }
    wanted = series(KEY, cancelled=frozenset(days), dropped=frozenset(days))
    outcome = rig.create(wanted)
    assert outcome.state is DONE
    assert rig.own().series.same_content(wanted)
    assert rig.own().leaders == frozenset()
    (fewer,) = rig.write(
        SeriesWrite(KEY, wanted, series(KEY, cancelled=frozenset(days[:99]), dropped=frozenset(days[:99])))
    )
    assert fewer.state is DONE
    assert "dropped1" not in rig.json()["extendedProperties"]["private"]


# --- what is left alone ---


def test_what_the_leader_added_to_a_block_stays_through_every_change(rig: Rig) -> None:
    etag = rig.create(BEFORE).etag
    added = {
        "location": "Café Lisboa",
        "colorId": "7",
        "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 5}]},
        "attendees": [{"email": "maya@example.com", "self": True, "organizer": True, "responseStatus": "accepted"}],
    }
    patched(rig, **added)
    there = rig.own()
    assert there.series.same_content(BEFORE)
    assert any(line.startswith("LOCATION") for line in there.series.extra)
    (outcome,) = rig.write(SeriesWrite(KEY, BEFORE, AFTER, etag))
    assert outcome.state is DONE
    kept = rig.json()
    assert {name: kept[name] for name in added} == added


def test_a_date_of_the_leaders_own_is_not_touched_by_a_change_of_others(rig: Rig) -> None:
    etag = rig.create(PLAIN).etag
    name = f"{KEY}_20261221T140000Z"
    patched(rig, name, location="Café Lisboa", summary="With Ana")
    theirs = rig.own()
    assert theirs.leaders == {date(2026, 12, 21)}
    before = rig.json(name)
    wanted = series(
        KEY,
        minutes=45,
        overrides={**theirs.series.overrides, date(2026, 12, 7): override(date(2026, 12, 8), time(9, 0))},
    )
    (outcome,) = rig.write(SeriesWrite(KEY, theirs.series, wanted, theirs.etag))
    assert outcome.state is DONE
    assert rig.json(name) == before
    assert rig.own().leaders == {date(2026, 12, 21)}
    assert outcome.etag != etag


def test_a_date_of_the_leaders_that_a_new_time_would_wipe_is_written_back_as_theirs(rig: Rig) -> None:
    etag = rig.create(PLAIN).etag
    rig.server.hand.move_date("", KEY, date(2026, 12, 21), date(2026, 12, 22), time(9, 0))
    theirs = rig.own()
    wanted = series(KEY, start=time(16, 0), overrides=dict(theirs.series.overrides))
    (outcome,) = rig.write(SeriesWrite(KEY, theirs.series, wanted, theirs.etag))
    assert outcome.state is DONE
    assert rig.own().series.same_content(wanted)
    assert rig.own().leaders == {date(2026, 12, 21)}
    assert outcome.etag != etag


def test_a_date_goes_home_and_follows_its_series_from_then_on(rig: Rig) -> None:
    etag = rig.create(BEFORE).etag
    home = series(KEY, cancelled=BEFORE.cancelled, dropped=BEFORE.dropped)
    (outcome,) = rig.write(SeriesWrite(KEY, BEFORE, home, etag))
    assert outcome.state is DONE
    assert rig.own().series.same_content(home)
    assert rig.json(f"{KEY}_20261214T140000Z")["extendedProperties"]["private"]["sum"].startswith("home ")
    # Google keeps it as a date of its own; a new title and length reach it all the same.
    later = series(KEY, title="Deep work", minutes=60, cancelled=BEFORE.cancelled, dropped=BEFORE.dropped)
    (outcome,) = rig.write(SeriesWrite(KEY, home, later, outcome.etag))
    assert outcome.state is DONE
    assert rig.own().series.same_content(later)
    assert rig.json(f"{KEY}_20261214T140000Z")["summary"] == "Deep work"
    # And the leader's hand on it is seen.
    rig.server.hand.move_date("", KEY, MOVED, MOVED, time(18, 0))
    assert rig.own().leaders == {MOVED}


def test_a_dropped_date_comes_back_and_is_dropped_again(rig: Rig) -> None:
    etag, stands = rig.create(BEFORE).etag, BEFORE
    for wanted in (PLAIN, BEFORE, PLAIN):
        (outcome,) = rig.write(SeriesWrite(KEY, stands, wanted, etag))
        assert outcome.state is DONE, outcome
        assert rig.own().series.same_content(wanted)
        etag, stands = outcome.etag, wanted


ANA = [{"email": "ana@example.com", "responseStatus": "accepted"}]
INVITED = "somebody was invited to it and would get mail; change or delete it by hand"


@pytest.mark.parametrize(
    "after",
    [
        None,
        replace(BEFORE, title="Deep work"),
        replace(BEFORE, description="Why: overdue"),
        replace(BEFORE, transparent=not BEFORE.transparent),
        replace(BEFORE, until=date(2026, 12, 21)),
        replace(PLAIN, start=time(16, 0)),
        PLAIN,
        AFTER,
    ],
    ids=["deleted", "retitled", "described", "other-looks", "ended", "at-another-time", "dates-home", "all-of-it"],
)
@pytest.mark.parametrize("name", [KEY, f"{KEY}_20261214T140000Z"], ids=["the-series", "a-date"])
def test_a_block_to_which_somebody_is_invited_is_not_changed_behind_their_back(
    rig: Rig, name: str, after: Series | None
) -> None:
    rig.create(BEFORE)
    patched(rig, name, attendees=ANA)
    there = rig.own()
    stands, bodies = rig.everything(), len(rig.server.bodies)
    (outcome,) = rig.write(SeriesWrite(KEY, there.series, after, there.etag))
    assert (outcome.state, outcome.error) == (CONFLICT, INVITED)
    assert (rig.everything(), len(rig.server.bodies)) == (stands, bodies)


def test_of_a_block_with_guests_marks_and_the_dates_without_guests_can_be_changed(rig: Rig) -> None:
    etag = rig.create(BEFORE).etag
    patched(rig, f"{KEY}_20261214T140000Z", attendees=ANA)
    there = rig.own().series
    other = {**there.overrides, date(2026, 12, 28): override(date(2026, 12, 29), time(16, 0))}
    wanted = replace(there, overrides=other)
    (outcome,) = rig.write(SeriesWrite(KEY, there, wanted, etag))
    assert outcome.state is DONE, outcome
    assert rig.own().series.same_content(wanted)
    patched(rig, attendees=ANA)
    renamed = replace(wanted, sequence=wanted.sequence + 1, changed=CHANGED + timedelta(days=1))
    stands = len(rig.server.bodies)
    (marked,) = rig.write(SeriesWrite(KEY, wanted, renamed, outcome.etag))
    assert marked.state is DONE, marked
    assert all(body.body.keys() == {"extendedProperties"} for body in rig.server.bodies[stands:])


def test_a_line_of_exdate_that_another_program_wrote_is_understood_and_taken_back(rig: Rig) -> None:
    etag = rig.create(PLAIN).etag
    lines = [*rig.json()["recurrence"], "EXDATE;TZID=Europe/Berlin:20261207T150000,20261214T150000"]
    patched(rig, recurrence=lines)
    there = rig.own()
    assert there.leaders == there.series.cancelled == {date(2026, 12, 7), date(2026, 12, 14)}
    wanted = series(KEY, cancelled=frozenset({date(2026, 12, 14)}))
    (outcome,) = rig.write(SeriesWrite(KEY, there.series, wanted, there.etag))
    assert outcome.state is DONE
    assert rig.own().series.same_content(wanted)
    assert rig.json()["recurrence"] == ["RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE;TZID=Europe/Berlin:20261214T150000"]
    assert etag != outcome.etag


def test_a_block_that_the_leader_made_an_all_day_event_can_be_taken_back(rig: Rig) -> None:
    rig.create(PLAIN)
    patched(rig, start={"date": "2026-11-30"}, end={"date": "2026-12-01"})
    there = rig.own()
    (outcome,) = rig.write(SeriesWrite(KEY, there.series, PLAIN, there.etag))
    assert outcome.state is DONE
    assert rig.own().series.same_content(PLAIN)


# --- ids ---


def test_ids_of_a_key_are_the_key_and_then_with_a_number_behind_it() -> None:
    found = ids_of(KEY)
    assert [next(found) for _ in range(3)] == [KEY, f"{KEY}1", f"{KEY}2"]


def test_a_series_that_was_deleted_comes_back_under_the_next_id(rig: Rig) -> None:
    for name in (KEY, f"{KEY}1", f"{KEY}2"):
        outcome = rig.create(BEFORE)
        assert outcome.state is DONE
        assert rig.server.hand.names("") == [name]
        assert (rig.own().resource, rig.own().etag) == (name, outcome.etag)
        assert [r.name for r in rig.read().changed] == [name]
        (again,) = [rig.create(BEFORE)]
        assert (again.state, again.etag) == (DONE, outcome.etag)
        (changed,) = rig.write(SeriesWrite(KEY, BEFORE, AFTER, outcome.etag))
        assert changed.state is DONE
        (gone,) = rig.write(SeriesWrite(KEY, AFTER, None, changed.etag))
        assert gone.state is DONE
        assert rig.server.hand.names("") == []


def test_a_later_id_is_found_when_google_has_forgotten_the_first_one(rig: Rig) -> None:
    first = rig.create(PLAIN)
    rig.write(SeriesWrite(KEY, PLAIN, None, first.etag))
    second = rig.create(PLAIN)
    rig.server.hand.vanish("", KEY)
    (changed,) = rig.write(SeriesWrite(KEY, PLAIN, AFTER, second.etag))
    assert changed.state is DONE
    assert rig.server.hand.names("") == [f"{KEY}1"]
    (gone,) = rig.write(SeriesWrite(KEY, AFTER, None, changed.etag))
    assert gone.state is DONE
    assert rig.server.hand.names("") == []


def test_a_single_event_that_the_leader_made_of_a_block_is_a_series_of_one_date(rig: Rig) -> None:
    rig.create(PLAIN)
    body = rig.json()
    del body["recurrence"]
    rig.server.store.save(rig.server.calendar("primary"), body)
    there = rig.own()
    assert (there.series.first, there.series.until) == (date(2026, 11, 30), date(2026, 11, 30))
    (outcome,) = rig.write(SeriesWrite(KEY, there.series, None, there.etag))
    assert outcome.state is DONE


# --- focus time ---


FOCUS = {"event_type": "focus"}


def test_blocks_are_focus_time_where_the_account_has_it(rig: Rig) -> None:
    rig.server.workspace = True
    outcome = rig.create(BEFORE, **FOCUS)
    assert (outcome.state, outcome.note) == (DONE, "")
    stored = rig.json()
    assert (stored["eventType"], stored.get("transparency", "opaque")) == ("focusTime", "opaque")
    assert stored["focusTimeProperties"] == {"autoDeclineMode": "declineNone"}
    # Google lets a focus time look busy only; how it was meant comes back.
    assert rig.own().series.same_content(BEFORE)
    shown = rig.server.bodies
    before = len(shown)
    (changed,) = rig.write(
        SeriesWrite(KEY, BEFORE, series(KEY, transparent=False, title="Deep work"), outcome.etag), **FOCUS
    )
    assert changed.state is DONE
    assert not rig.own().series.transparent
    assert all("eventType" not in said.body for said in shown[before:])
    assert all(said.body.get("transparency", "opaque") == "opaque" for said in shown[before:])


def test_where_the_account_has_no_focus_time_blocks_are_ordinary_events_and_that_is_said_once(rig: Rig) -> None:
    other = series(f"{KEY[:-1]}2")
    outcomes = rig.write(SeriesWrite(KEY, None, BEFORE), SeriesWrite(other.key, None, other), **FOCUS)
    assert [o.state for o in outcomes] == [DONE, DONE]
    assert [o.note for o in outcomes] == [
        "work: maya@example.com has no focus time on this calendar; its blocks are ordinary events",
        "",
    ]
    assert rig.names().count("events.insert") == 3
    assert rig.own().series.same_content(BEFORE)
    assert {rig.json(name)["eventType"] for name in rig.server.hand.names("")} == {"default"}


def test_another_calendar_than_the_first_one_has_no_focus_time(rig: Rig) -> None:
    rig.server.workspace = True
    rig.server.add_calendar(FAMILY, "Family")
    outcome = rig.create(PLAIN, calendar=FAMILY, **FOCUS)
    assert outcome.state is DONE
    assert outcome.note


def test_a_wish_for_focus_time_that_google_passes_over_is_noticed(rig: Rig) -> None:
    rig.server.workspace = True
    insert = rig.server._writes.insert

    def passing_over(calendar: Any, role: str, body: dict[str, Any], query: Any) -> dict[str, Any]:
        kept = {name: value for name, value in body.items() if name not in ("eventType", "focusTimeProperties")}
        return insert(calendar, role, kept, query)

    rig.server._writes.insert = passing_over  # type: ignore[method-assign]
    outcome = rig.create(BEFORE, **FOCUS)
    assert outcome.state is DONE
    assert outcome.note
    assert rig.own().series.same_content(BEFORE)


# --- what happens when Google will not ---


def silence(rig: Rig, *, after: int, count: int = 40) -> None:
    """No request is answered any more."""
    for number in range(count):
        rig.server.fail_next(Fault.NO_ANSWER, skip=after + number)


def test_a_server_that_has_gone_silent_is_not_asked_again_in_the_same_run(rig: Rig) -> None:
    other = series(f"{KEY[:-1]}2")
    silence(rig, after=1)
    first, second, third = rig.write(
        SeriesWrite(KEY, None, PLAIN),
        SeriesWrite(other.key, None, other),
        SeriesWrite(other.key, other, None),
    )
    assert first.state is DONE
    # What became of the second is not known; of the third it is.
    assert second.state is UNCLEAR
    assert "did not answer" in second.error
    assert (third.state, third.error[:9]) == (FAILED, "not sent:")
    rig.server.behave()
    assert rig.server.hand.names("") == [KEY]


def test_a_write_that_was_surely_not_carried_out_has_failed_and_is_not_unclear(rig: Rig) -> None:
    etag = rig.create(PLAIN).etag
    rig.server.fail_next(Fault.STALE, skip=3)
    silence(rig, after=4)
    (outcome,) = rig.write(SeriesWrite(KEY, PLAIN, series(KEY, title="Deep work"), etag))
    assert outcome.state is FAILED
    assert outcome.error.startswith("HTTP 412, conditionNotMet: Precondition Failed; and then work: ")
    rig.server.behave()
    assert rig.own().series.title == "Focus"


def test_a_change_that_is_cut_off_in_the_middle_is_unclear_and_no_conflict(rig: Rig) -> None:
    etag = rig.create(BEFORE).etag
    silence(rig, after=5)
    (outcome,) = rig.write(SeriesWrite(KEY, BEFORE, AFTER, etag))
    assert outcome.state is UNCLEAR
    rig.server.behave()
    (again,) = rig.write(SeriesWrite(KEY, BEFORE, AFTER, etag))
    assert again.state is DONE


def test_a_refusal_in_the_middle_of_a_change_leaves_it_open(rig: Rig) -> None:
    etag = rig.create(BEFORE).etag
    rig.server.fail_next(Fault.FORBIDDEN, skip=7)
    (outcome,) = rig.write(SeriesWrite(KEY, BEFORE, AFTER, etag))
    assert outcome.state is UNCLEAR
    assert outcome.error == "Google refuses it: HTTP 403, forbidden: Forbidden"


def test_a_quota_that_is_used_up_stops_the_writes_and_says_so(rig: Rig) -> None:
    other = series(f"{KEY[:-1]}2")
    rig.server.fail_next(Fault.QUOTA, reason="quotaExceeded")
    outcomes = rig.write(SeriesWrite(KEY, None, PLAIN), SeriesWrite(other.key, None, other))
    assert [o.state for o in outcomes] == [FAILED, FAILED]
    said = "not sent: work: the calendar has reached Google's limit of use (quotaExceeded)"
    assert [o.error for o in outcomes] == [said, said]
    assert rig.server.hand.names("") == []
    assert rig.names() == ["events.insert"]


def test_a_series_that_google_does_not_understand_fails_alone(rig: Rig) -> None:
    wrong: Series = series("no key of ours, but for Google an id that is none")
    first, second = rig.write(SeriesWrite(wrong.key, None, wrong), SeriesWrite(KEY, None, PLAIN))
    assert (first.state, second.state) == (FAILED, DONE)
    assert first.error == "Google refuses it: HTTP 400, invalid: Invalid resource id value."


def test_a_version_that_is_always_another_one_ends(rig: Rig) -> None:
    etag = rig.create(PLAIN).etag
    for number in range(40):
        rig.server.fail_next(Fault.STALE, skip=number)
    (outcome,) = rig.write(SeriesWrite(KEY, PLAIN, series(KEY, title="Deep work"), etag))
    assert outcome.state is FAILED
    assert outcome.error.startswith("Google did not take it")
    assert rig.own().series.title == "Focus"


def test_floating_zones_and_instants_do_not_mix(rig: Rig) -> None:
    """An override that was placed in another zone stands at the same instant."""
    tokyo = override(date(2026, 12, 8), time(9, 0), zone=BERLIN)
    wanted = series(KEY, timezone="Asia/Tokyo", overrides={date(2026, 12, 7): tokyo})
    assert rig.create(wanted).state is DONE
    assert rig.own().series.overrides[date(2026, 12, 7)].span.start == datetime(2026, 12, 8, 9, tzinfo=BERLIN)
