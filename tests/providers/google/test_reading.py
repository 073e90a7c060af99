"""Reading at Google: what it costs, what a delta brings, and which calendar is read."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calsync.errors import NotFound
from calsync.model import Span
from calsync.ports import Delta, OutcomeState, Resource, SeriesWrite
from providers.google.calendars import configured_id
from providers.google.cursor import Cursor
from tests.contract.samples import BERLIN, calendar, meeting, override, series, single, spans, vevent
from tests.providers.google.canned import Canned
from tests.providers.google.rig import AFTER, BEFORE, FAMILY, KEY, Rig, rig
from tests.servers.google import Fault

# pytest finds a fixture where its name is.
__all__ = ["rig"]

AUTH = "https://www.googleapis.com/auth/"


def names(delta: Delta) -> list[str]:
    return [resource.name for resource in delta.changed]


def starts(rig: Rig, resources: tuple[Resource, ...]) -> list[str]:
    expanded = rig.provider().expand("", resources, rig.window, BERLIN)
    return [f"{start:%m-%dT%H:%M}" for start, _ in spans(expanded)]


# --- what it costs ---


@pytest.mark.parametrize("option", ["", "primary", FAMILY, "Family"])
def test_a_quiet_night_is_one_request(rig: Rig, option: str) -> None:
    rig.server.add_calendar(FAMILY, "Family")
    first = rig.read(calendar=option)
    rig.names()
    for _ in range(3):
        first = rig.read(first.cursor, calendar=option)
        assert (first.changed, first.removed, first.complete, first.requests) == ((), (), False, 1)
        assert rig.names() == ["events.list"]


def test_a_complete_read_follows_every_page_and_gives_the_token_of_the_last(rig: Rig) -> None:
    put = [rig.server.hand.put("", f"u{n}", single(f"u{n}", f"202612{n + 1:02d}")) for n in range(7)]
    rig.server.page_size, rig.server.empty_pages = 3, True
    delta = rig.read()
    assert sorted(names(delta)) == sorted(put)
    assert (delta.requests, rig.names()) == (4, ["events.list"] * 4)
    rig.server.hand.put("", "new", single("new"))
    again = rig.read(delta.cursor)
    assert (len(again.changed), again.complete, again.requests) == (1, False, 2)


def test_an_empty_page_in_front_of_a_delta_loses_nothing(rig: Rig) -> None:
    first = rig.read()
    name = rig.server.hand.put("", "a", single("a"))
    rig.server.fail_next(Fault.EMPTY_PAGE)
    assert names(rig.read(first.cursor)) == [name]


def test_a_forgotten_token_costs_one_complete_read(rig: Rig) -> None:
    name = rig.server.hand.put("", "a", single("a"))
    first = rig.read()
    rig.server.forget_sync_tokens()
    delta = rig.read(first.cursor)
    assert (names(delta), delta.complete, delta.requests) == ([name], True, 2)
    assert rig.read(delta.cursor).requests == 1


def test_a_token_that_was_forgotten_and_a_list_that_fails_is_no_empty_calendar(rig: Rig) -> None:
    first = rig.read()
    rig.server.forget_sync_tokens()
    rig.server.fail_next(Fault.FORBIDDEN, skip=1)
    with pytest.raises(Exception, match="does not let"):
        rig.read(first.cursor)


def test_a_single_event_that_changed_comes_with_the_delta_itself(rig: Rig) -> None:
    first = rig.read()
    for n in range(30):
        rig.server.hand.put("", f"u{n}", single(f"u{n}"))
    delta = rig.read(first.cursor)
    assert (len(delta.changed), delta.complete, delta.requests) == (30, False, 1)


def test_each_touched_series_is_read_whole(rig: Rig) -> None:
    hand = rig.server.hand
    name = hand.put("", "weekly", meeting("weekly"))
    hand.move_date("", name, date(2026, 12, 1), date(2026, 12, 2), time(15, 0))
    first = rig.read()
    hand.move_date("", name, date(2026, 12, 15), date(2026, 12, 16), time(16, 0))
    delta = rig.read(first.cursor)
    assert (names(delta), delta.complete, delta.requests) == ([name], False, 2)
    # What was moved before is there, too, and the date that the rule leaves out is not.
    assert starts(rig, delta.changed)[:4] == ["11-24T08:00", "12-02T14:00", "12-16T15:00", "12-22T08:00"]
    assert delta.changed == rig.read().changed


def test_a_date_that_was_cancelled_comes_with_its_ids_only_and_is_found_all_the_same(rig: Rig) -> None:
    hand = rig.server.hand
    name = hand.put("", "weekly", meeting("weekly"))
    first = rig.read()
    hand.delete_date("", name, date(2026, 12, 1))
    rig.names()
    delta = rig.read(first.cursor)
    assert (names(delta), rig.names()) == ([name], ["events.list", "events.get", "events.list"])
    assert starts(rig, delta.changed)[:2] == ["11-24T08:00", "12-15T08:00"]
    # A third cancelled date of a series that is gone altogether.
    hand.delete_date("", name, date(2026, 12, 15))
    hand.delete("", name)
    assert rig.read(delta.cursor).removed == (name,)


def test_a_list_that_lags_behind_makes_nothing_of_what_is_there_gone(rig: Rig) -> None:
    hand = rig.server.hand
    name = hand.put("", "weekly", meeting("weekly"))
    hand.move_date("", name, date(2026, 12, 1), date(2026, 12, 2), time(15, 0))
    rig.create(BEFORE)
    first = rig.read()
    rig.server.lists_lag = True
    hand.retitle("", name, "New title")
    second = rig.read(first.cursor)
    assert (second.removed, sorted(names(second))) == ((), sorted([KEY, name]))
    assert starts(rig, tuple(r for r in second.changed if r.name == name))[:2] == ["11-24T08:00", "12-02T14:00"]
    # An instance alone, of which a list by iCalUID knows nothing yet.
    hand.delete_date("", name, date(2026, 12, 15))
    hand.retitle("", KEY, "Mine now")
    third = rig.read(second.cursor)
    assert (third.removed, sorted(names(third))) == ((), sorted([KEY, name]))
    # What lies before the window is missing from the full read; the block is there all the same.
    later = Span(datetime(2027, 6, 1, tzinfo=UTC), datetime(2027, 9, 1, tzinfo=UTC))
    assert sorted(names(rig.provider().read("", later, None))) == sorted([KEY, name])
    assert [owned.series.key for owned in rig.provider().owned("")] == [KEY]
    # What is deleted is gone, as the delta itself says.
    hand.delete("", name)
    assert rig.read(third.cursor).removed == (name,)


@pytest.mark.parametrize("have_uid", [False, True])
def test_cancelled_dates_are_seen_whether_or_not_a_list_by_icaluid_finds_them(rig: Rig, have_uid: bool) -> None:
    hand = rig.server.hand
    rig.server.cancelled_dates_have_uid = have_uid
    name = hand.put("", "weekly", meeting("weekly"))
    rig.create(BEFORE)
    first = rig.read()
    hand.delete_date("", name, date(2026, 12, 1))
    hand.delete_date("", KEY, date(2026, 12, 21))
    delta = rig.read(first.cursor)
    assert starts(rig, tuple(r for r in delta.changed if r.name == name))[:2] == ["11-24T08:00", "12-15T08:00"]
    mine = rig.own()
    assert mine.series.cancelled == {date(2026, 12, 7), date(2026, 12, 21)}
    assert mine.leaders == {date(2026, 12, 21)}
    assert mine.etag in [r.etag for r in delta.changed if r.name == KEY]
    assert sorted(delta.changed, key=str) == sorted(rig.read().changed, key=str)
    # The block is touched again, by something that says nothing of its cancelled dates.
    hand.retitle("", KEY, "Mine now")
    (again,) = rig.read(delta.cursor).changed
    (expanded,) = rig.provider().expand("", [again], rig.window, BERLIN)
    assert expanded.owned is not None
    assert expanded.owned.series.cancelled == mine.series.cancelled


def test_from_so_many_touched_series_on_everything_is_read_anew(rig: Rig) -> None:
    hand = rig.server.hand
    first = rig.read()
    for n in range(26):
        hand.put("", f"w{n}", meeting(f"w{n}"))
    delta = rig.read(first.cursor)
    assert (len(delta.changed), delta.complete, delta.requests) == (26, True, 2)
    for n in range(25):
        hand.put("", f"w{n}", meeting(f"w{n}").replace(b"Ana / Maya", b"Ana and Maya"))
    delta = rig.read(delta.cursor)
    assert (len(delta.changed), delta.complete, delta.requests) == (25, False, 26)


# --- what a delta brings ---


def test_a_series_becomes_a_single_event_and_back(rig: Rig) -> None:
    hand = rig.server.hand
    name = hand.put("", "a", meeting("a"))
    hand.move_date("", name, date(2026, 12, 1), date(2026, 12, 2), time(15, 0))
    first = rig.read()
    assert hand.put("", "a", single("a")) == name
    second = rig.read(first.cursor)
    assert (names(second), starts(rig, second.changed)) == ([name], ["12-01T09:00"])
    hand.put("", "a", meeting("a"))
    third = rig.read(second.cursor)
    assert names(third) == [name]
    assert starts(rig, third.changed)[:2] == ["11-24T08:00", "12-01T08:00"]


def invited_to(rig: Rig, *days: str) -> str:
    """The leader is invited to single dates of somebody's series: their calendar has no master."""
    for day in days:
        rig.server.hand.put_json(
            "",
            {
                "id": f"theirseries_{day}T090000Z",
                "recurringEventId": "theirseries",
                "iCalUID": "theirseries@google.com",
                "summary": "Steering",
                "organizer": {"email": "ana@example.com"},
                "originalStartTime": {
                    "dateTime": f"{day[:4]}-{day[4:6]}-{day[6:]}T10:00:00+01:00",
                    "timeZone": "Europe/Berlin",
                },
                "start": {"dateTime": f"{day[:4]}-{day[4:6]}-{day[6:]}T10:00:00+01:00", "timeZone": "Europe/Berlin"},
                "end": {"dateTime": f"{day[:4]}-{day[4:6]}-{day[6:]}T11:00:00+01:00", "timeZone": "Europe/Berlin"},
            },
        )
    return "theirseries"


def test_single_dates_of_somebodys_series_are_one_resource(rig: Rig) -> None:
    first = rig.read()
    name = invited_to(rig, "20261201", "20261208")
    delta = rig.read(first.cursor)
    assert (names(delta), starts(rig, delta.changed)) == ([name], ["12-01T09:00", "12-08T09:00"])
    assert rig.read().changed == delta.changed
    invited_to(rig, "20261215")
    more = rig.read(delta.cursor)
    assert starts(rig, more.changed) == ["12-01T09:00", "12-08T09:00", "12-15T09:00"]


def test_a_date_that_is_withdrawn_from_a_series_without_a_master_is_told_by_a_complete_read(rig: Rig) -> None:
    name = invited_to(rig, "20261201", "20261208")
    first = rig.read()
    place = rig.server.calendar("primary")
    rig.server.store.cancel(place, place.entries[f"{name}_20261201T090000Z"].body)
    delta = rig.read(first.cursor)
    assert delta.complete
    assert starts(rig, delta.changed) == ["12-08T09:00"]
    rig.server.store.cancel(place, place.entries[f"{name}_20261208T090000Z"].body)
    gone = rig.read(delta.cursor)
    assert (gone.complete, gone.changed) == (True, ())


def test_a_series_that_is_deleted_and_one_date_of_it_kept_stays_as_that_date(rig: Rig) -> None:
    name = invited_to(rig, "20261208")
    rig.server.hand.put_json(
        "",
        {
            "id": name,
            "summary": "Steering",
            "start": {"dateTime": "2026-12-01T10:00:00+01:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2026-12-01T11:00:00+01:00", "timeZone": "Europe/Berlin"},
            "recurrence": ["RRULE:FREQ=WEEKLY"],
        },
    )
    first = rig.read()
    place = rig.server.calendar("primary")
    rig.server.store.cancel(place, place.entries[name].body)
    invited_to(rig, "20261208")
    delta = rig.read(first.cursor)
    assert (names(delta), delta.removed) == ([name], ())
    assert starts(rig, delta.changed) == ["12-08T09:00"]


def test_what_came_and_went_between_two_reads_is_nothing_new(rig: Rig) -> None:
    first = rig.read()
    name = rig.server.hand.put("", "a", single("a"))
    rig.server.hand.delete("", name)
    delta = rig.read(first.cursor)
    assert (delta.changed, delta.removed) == ((), (name,))


def test_a_deleted_event_is_none_for_a_complete_read(rig: Rig) -> None:
    for uid, data in (("a", single("a")), ("b", meeting("b"))):
        rig.server.hand.delete("", rig.server.hand.put("", uid, data))
    delta = rig.read()
    assert (delta.changed, delta.removed) == ((), ())


def test_a_block_reads_the_same_in_a_delta_in_a_complete_read_and_by_its_mark_years_later(rig: Rig) -> None:
    first = rig.read()
    (created,) = [rig.create(BEFORE)]
    (changed,) = rig.write(SeriesWrite(KEY, BEFORE, AFTER, created.etag))
    later = Span(datetime(2027, 6, 1, tzinfo=UTC), datetime(2027, 9, 1, tzinfo=UTC))
    delta = rig.read(first.cursor)
    rig.names()
    complete = rig.provider().read("", later, None)
    # The exceptions lie before the window; the block is asked for by itself.
    assert rig.names() == ["events.list", "events.list", "events.instances"]
    assert complete.changed == delta.changed
    (expanded,) = rig.provider().expand("", complete.changed, later, BERLIN)
    assert expanded.owned == rig.own()
    assert (rig.own().etag, expanded.name) == (changed.etag, KEY)


def test_what_was_not_understood_is_told_and_not_taken_for_free_time(tmp_path: Path) -> None:
    body = (
        b'{"timeZone":"Europe/Berlin","accessRole":"owner","nextSyncToken":"t","items":['
        b'{"id":"torn","status":"confirmed","start":{},"end":{}},'
        b'{"id":"fine","status":"confirmed","start":{"date":"2026-12-01"},"end":{"date":"2026-12-02"}}]}'
    )
    from tests.providers.google.test_errors import provider

    delta = provider(Canned([(200, {}, body)]), tmp_path).read(
        "", Span(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)), None
    )
    assert names(delta) == ["fine"]
    assert delta.warnings == ("an event cannot be understood (torn: neither a date nor a time)",)


# --- how much is seen ---


def test_where_only_times_are_seen_they_are_seen_without_people(rig: Rig) -> None:
    rig.server.hand.put("", "weekly", meeting("weekly"))
    rig.server.scopes = {AUTH + "calendar.events.freebusy"}
    delta = rig.read()
    expanded = rig.provider().expand("", delta.changed, rig.window, BERLIN)
    events = {o.event for item in expanded for o in item.occurrences}
    assert [(e.title, e.parties, e.guests_hidden, e.transparent) for e in events] == [("", (), True, False)]


def test_a_private_event_on_somebody_elses_calendar_is_busy_without_details(rig: Rig) -> None:
    rig.server.add_calendar("ana@example.com", "Ana", role="reader")
    rig.server.hand.put(
        "ana@example.com", "p", calendar(vevent("p", "CLASS:PRIVATE", start="20261201T100000", end="20261201T110000"))
    )
    rig.server.hand.put("ana@example.com", "o", single("o", "20261202"))
    delta = rig.read(calendar="ana@example.com")
    expanded = rig.provider().expand("", delta.changed, rig.window, BERLIN)
    seen = sorted((o.event.title, o.event.guests_hidden) for item in expanded for o in item.occurrences)
    assert seen == [("", True), ("Review with Ana", False)]


# --- which calendar ---


def test_the_calendar_is_a_name_an_id_or_the_accounts_own() -> None:
    assert [configured_id(o) for o in ("", " Primary ", FAMILY, "Family")] == ["primary", "primary", FAMILY, ""]


def test_a_name_is_found_whatever_its_case(rig: Rig) -> None:
    rig.server.add_calendar(FAMILY, "Family & friends")
    name = rig.server.hand.put(FAMILY, "a", single("a"))
    assert names(rig.read(calendar="family & FRIENDS")) == [name]
    assert rig.names() == ["calendarList.list", "events.list"]


def test_a_name_that_no_calendar_has_is_not_found_and_what_there_is_is_listed(rig: Rig) -> None:
    rig.server.add_calendar(FAMILY, "Family")
    with pytest.raises(NotFound) as caught:
        rig.read(calendar="Familie")
    assert caught.value.what == "work: no calendar of the account is called Familie"
    assert caught.value.next_step == "there are: Family, Maya"


def test_a_name_that_two_calendars_have_is_not_guessed(rig: Rig) -> None:
    rig.server.add_calendar(FAMILY, "Family")
    rig.server.add_calendar("other@group.calendar.google.com", "family")
    with pytest.raises(NotFound) as caught:
        rig.read(calendar="Family")
    assert caught.value.what == "work: 2 calendars of the account are called Family"
    assert caught.value.next_step == (
        f"put the id of the one that is meant in its place: {FAMILY}, other@group.calendar.google.com"
    )


def test_a_calendar_that_is_gone_is_looked_for_under_its_name_once_more(rig: Rig) -> None:
    rig.server.add_calendar(FAMILY, "Family")
    first = rig.read(calendar="Family")
    rig.server.drop_calendar(FAMILY)
    with pytest.raises(NotFound, match="no calendar of the account is called Family"):
        rig.read(first.cursor, calendar="Family")
    other = "other@group.calendar.google.com"
    rig.server.add_calendar(other, "Family")
    name = rig.server.hand.put(other, "a", single("a"))
    delta = rig.read(first.cursor, calendar="Family")
    assert (delta.complete, names(delta)) == (True, [name])


def test_a_calendar_that_is_gone_is_not_found_and_never_empty(rig: Rig) -> None:
    rig.server.add_calendar(FAMILY, "Family")
    first = rig.read(calendar=FAMILY)
    rig.server.drop_calendar(FAMILY)
    with pytest.raises(NotFound) as caught:
        rig.read(first.cursor, calendar=FAMILY)
    assert caught.value.what == f"work: maya@example.com has no calendar {FAMILY}"
    with pytest.raises(NotFound):
        rig.provider(calendar=FAMILY).owned("")


def test_all_calendars_are_listed_with_what_they_are_called_and_whether_they_can_be_written(rig: Rig) -> None:
    rig.server.add_calendar(FAMILY, "Family", timezone="America/New_York")
    rig.server.add_calendar("ana@example.com", "Ana", role="reader")
    rig.server.add_calendar("team@group.calendar.google.com", "Team", role="writerWithoutPrivateAccess")
    rig.server.page_size = 2
    listed = rig.provider().calendars()
    assert [(c.id, c.name, c.writable, c.timezone) for c in listed] == [
        ("ana@example.com", "Ana", False, "Europe/Berlin"),
        (FAMILY, "Family", True, "America/New_York"),
        ("maya@example.com", "Maya", True, "Europe/Berlin"),
        ("team@group.calendar.google.com", "Team", False, "Europe/Berlin"),
    ]


def test_without_the_permission_to_list_the_configured_calendar_is_the_list(rig: Rig) -> None:
    rig.server.scopes = {AUTH + "calendar.events"}
    rig.server.add_calendar(FAMILY, "Family", role="reader")
    assert [(c.id, c.writable) for c in rig.provider().calendars()] == [("primary", True)]
    assert [(c.id, c.writable) for c in rig.provider(calendar=FAMILY).calendars()] == [(FAMILY, False)]


# --- the cursor ---


def test_the_cursor_of_another_account_calendar_or_version_is_none() -> None:
    cursor = Cursor(
        ("maya@example.com", "", ""), "primary", datetime(2026, 11, 23, tzinfo=ZoneInfo("Europe/Berlin")), "t"
    )
    text = cursor.dump()
    found = Cursor.load(text, cursor.asked)
    assert found is not None
    assert (found.calendar, found.token, found.begin) == ("primary", "t", cursor.begin)
    assert found.dump() == text
    assert Cursor.load(text, ("ben@example.com", "", "")) is None
    for broken in ("", text.replace('"v":1', '"v":2'), text.replace('"t"', '""'), text.replace('"t"', "7"), text[:-1]):
        assert Cursor.load(broken, cursor.asked) is None
    assert Cursor.load(text.replace("+00:00", ""), cursor.asked) is None


def test_a_window_that_rolls_on_keeps_the_token(rig: Rig) -> None:
    first = rig.read()
    later = Span(rig.window.start + timedelta(7), rig.window.end + timedelta(7))
    delta = rig.provider().read("", later, first.cursor)
    assert (delta.complete, delta.requests) == (False, 1)
    earlier = Span(rig.window.start - timedelta(7), rig.window.end)
    assert rig.provider().read("", earlier, delta.cursor).complete


# --- a series whose making was cut off ---


def cut_off(rig: Rig, at: int = 2) -> None:
    """A creation that Google stopped after its master and some of its exceptions."""
    rig.server.fail_next(Fault.FORBIDDEN, skip=at)
    (outcome,) = [rig.create(BEFORE)]
    assert outcome.state is OutcomeState.UNCLEAR
    assert KEY in rig.server.hand.names("")


@pytest.mark.parametrize("at", [2, 3])
def test_a_series_whose_making_was_cut_off_is_not_there_for_a_reader(rig: Rig, at: int) -> None:
    first = rig.read()
    cut_off(rig, at)
    assert rig.read(first.cursor).changed == ()
    assert rig.read().changed == ()
    # Whoever takes everything back finds it.
    assert [o.series.key for o in rig.provider().owned("")] == [KEY]
    (gone,) = rig.write(SeriesWrite(KEY, rig.own().series, None, rig.own().etag))
    assert gone.state is OutcomeState.DONE


def test_another_creation_goes_on_where_the_last_one_ended_whatever_it_wants_by_then(rig: Rig) -> None:
    cut_off(rig)
    wanted = series(KEY, title="Later", overrides={date(2026, 12, 7): override(date(2026, 12, 9), time(8, 0))})
    outcome = rig.create(wanted)
    assert outcome.state is OutcomeState.DONE
    assert rig.own().series.same_content(wanted)
    assert [(r.name, r.etag) for r in rig.read().changed] == [(KEY, outcome.etag)]
    assert "making" not in rig.json()["extendedProperties"]["private"]


def test_a_series_in_the_making_that_the_leader_has_touched_is_theirs_to_see(rig: Rig) -> None:
    edits: list[Any] = [
        lambda hand: hand.delete_date("", KEY, date(2026, 12, 21)),
        lambda hand: hand.move_date("", KEY, date(2026, 12, 21), date(2026, 12, 22), time(9, 0)),
        lambda hand: hand.retitle("", KEY, "Mine now"),
    ]
    for edit in edits:
        rig.server.calendar("primary").entries.clear()
        cut_off(rig)
        edit(rig.server.hand)
        assert names(rig.read()) == [KEY]
        assert rig.create(AFTER).state is OutcomeState.CONFLICT
