"""What a Microsoft calendar reads as: delta rounds, series as a whole, tombstones, and links that age."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

import pytest

from calsync.errors import Malformed, Unreachable
from calsync.model import Span
from calsync.ports import Delta, Resource, SeriesWrite
from providers.microsoft.provider import MicrosoftProvider
from tests.contract.samples import BERLIN, WINDOW, calendar, meeting, override, series, single, spans, vevent
from tests.providers.microsoft.conftest import Make
from tests.servers.graph import Fault, GraphServer

KEY = series().key


class Mirror:
    """What the state knows after each delta, and what that means."""

    def __init__(self, provider: MicrosoftProvider) -> None:
        self.provider = provider
        self.known: dict[str, Resource] = {}
        self.cursor: str | None = None

    def read(self, window: Span = WINDOW) -> Delta:
        delta = self.provider.read("", window, self.cursor)
        if delta.complete:
            self.known.clear()
        assert not {r.name for r in delta.changed} & set(delta.removed)
        self.known.update((r.name, r) for r in delta.changed)
        for name in delta.removed:
            del self.known[name]
        self.cursor = delta.cursor
        return delta

    def spans(self) -> list[tuple[datetime, datetime]]:
        return spans(self.provider.expand("", self.known.values(), WINDOW, BERLIN))

    def same_as(self, delta: Delta) -> bool:
        """True when a complete read of the same window gives the same resources, versions and all."""
        fresh = {r.name: r for r in delta.changed}
        return {n: fresh.get(n) for n in fresh} == {n: self.known.get(n) for n in fresh} and self.spans() == spans(
            self.provider.expand("", fresh.values(), WINDOW, BERLIN)
        )


def names(resources: Iterable[Resource]) -> set[str]:
    return {resource.name for resource in resources}


def weekly(uid: str, *more: str) -> bytes:
    """Ten to eleven on Tuesdays from the first of December."""
    return calendar(vevent(uid, "RRULE:FREQ=WEEKLY;BYDAY=TU", *more, start="20261201T100000", end="20261201T110000"))


def test_a_quiet_night_is_one_request(graph: GraphServer, make: Make) -> None:
    graph.hand.put("", "weekly", weekly("weekly"))
    make().write("", [SeriesWrite(KEY, None, series())])
    first = make().read("", WINDOW, None)
    before = len(graph.requests)
    quiet = make().read("", WINDOW, first.cursor)
    assert (quiet.changed, quiet.removed, quiet.complete, quiet.requests) == ((), (), False, 1)
    assert len(graph.requests) == before + 1


def test_a_quiet_night_on_a_named_calendar_is_one_request_as_well(graph: GraphServer, make: Make) -> None:
    graph.add_calendar("Blocks")
    options = {"calendar": "blocks"}
    first = make(options=options).read("", WINDOW, None)
    assert make(options=options).read("", WINDOW, first.cursor).requests == 1


def test_whatever_was_touched_costs_one_more_request(graph: GraphServer, make: Make) -> None:
    for n in range(5):
        graph.hand.put("", f"weekly{n}", weekly(f"weekly{n}"))
    lone = graph.hand.put("", "lone", single("lone"))
    make().write("", [SeriesWrite(KEY, None, series())])
    mirror = Mirror(make())
    mirror.read()
    for name in [name for name in graph.hand.names() if name != lone]:
        graph.hand.delete_date("", name, date(2026, 12, 14) if name == graph.hand.name_of(KEY) else date(2026, 12, 15))
    graph.hand.delete("", lone)
    delta = mirror.read()
    assert (len(delta.changed), delta.removed, delta.requests) == (6, (lone,), 2)
    assert mirror.same_as(make().read("", WINDOW, None))


def test_a_deleted_date_is_gone_although_it_leaves_no_tombstone(graph: GraphServer, make: Make) -> None:
    name = graph.hand.put("", "weekly", weekly("weekly"))
    mirror = Mirror(make())
    mirror.read()
    graph.hand.delete_date("", name, date(2026, 12, 8))
    assert names(mirror.read().changed) == {name}
    starts = [start for start, _ in mirror.spans()]
    assert datetime(2026, 12, 1, 9, tzinfo=UTC) in starts
    assert datetime(2026, 12, 8, 9, tzinfo=UTC) not in starts


def test_a_moved_date_is_read_with_what_it_has_of_its_own(graph: GraphServer, make: Make) -> None:
    name = graph.hand.put("", "weekly", weekly("weekly"))
    graph.hand.move_date("", name, date(2026, 12, 8), date(2026, 12, 9), time(14, 0), title="Elsewhere")
    provider = make()
    delta = provider.read("", WINDOW, None)
    (expanded,) = provider.expand("", delta.changed, WINDOW, BERLIN)
    moved = [o for o in expanded.occurrences if o.event.title == "Elsewhere"]
    assert [o.span.start.astimezone(UTC) for o in moved] == [datetime(2026, 12, 9, 13, tzinfo=UTC)]
    assert len({o.event.uid for o in expanded.occurrences}) == len(expanded.occurrences)


@pytest.mark.parametrize("scatters", [False, True])
@pytest.mark.parametrize("echoes", [False, True])
def test_a_touched_series_reads_as_in_a_complete_read(
    graph: GraphServer, make: Make, scatters: bool, echoes: bool
) -> None:
    graph.delta_scatters_rows, graph.delta_echoes_whole_series = scatters, echoes
    name = graph.hand.put("", "weekly", weekly("weekly"))
    make().write("", [SeriesWrite(KEY, None, series())])
    own = graph.hand.name_of(KEY)
    mirror = Mirror(make())
    mirror.read()
    for one, day, to in ((name, date(2026, 12, 8), date(2026, 12, 9)), (own, date(2026, 12, 7), date(2026, 12, 8))):
        graph.hand.move_date("", one, day, to, time(8, 0))
        graph.hand.retitle("", one, "Another title", day + timedelta(7))
        graph.hand.delete_date("", one, day + timedelta(14))
        assert names(mirror.read().changed) == {one}
        assert mirror.same_as(make().read("", WINDOW, None))
    graph.hand.retitle("", name, "All of it")
    graph.hand.retitle("", own, "All of it")
    assert names(mirror.read().changed) == {name, own}
    assert mirror.same_as(make().read("", WINDOW, None))


def test_a_series_that_is_deleted_is_gone_as_a_whole(graph: GraphServer, make: Make) -> None:
    name = graph.hand.put("", "weekly", weekly("weekly"))
    make().write("", [SeriesWrite(KEY, None, series())])
    mirror = Mirror(make())
    mirror.read()
    graph.hand.delete("", name)
    graph.hand.delete("", graph.hand.name_of(KEY))
    assert set(mirror.read().removed) == {name, graph.hand.name_of(KEY)}
    assert mirror.known == {}
    assert mirror.read().removed == ()


def test_a_series_of_which_no_date_is_left_in_the_window_still_stands(graph: GraphServer, make: Make) -> None:
    make().write("", [SeriesWrite(KEY, None, series())])
    own = graph.hand.name_of(KEY)
    mirror = Mirror(make())
    mirror.read()
    for day in series().days(date(2026, 11, 1), date(2027, 6, 1)):
        graph.hand.delete_date("", own, day)
    assert names(mirror.read().changed) == {own}
    complete = make().read("", WINDOW, None)
    assert names(complete.changed) == {own}
    assert mirror.same_as(complete)
    (expanded,) = make().expand("", complete.changed, WINDOW, BERLIN)
    assert expanded.occurrences == ()
    assert expanded.owned is not None
    assert expanded.owned.series.until is None


def test_tombstones_of_what_was_never_seen_say_nothing(graph: GraphServer, make: Make) -> None:
    mirror = Mirror(make())
    mirror.read()
    stray = graph.hand.put("", "old", single("old", "20250101"))
    before = len(graph.requests)
    delta = mirror.read()
    assert (delta.changed, delta.removed, delta.requests) == ((), (), 1)
    graph.hand.delete("", stray)
    assert mirror.read().removed == ()
    assert len(graph.requests) == before + 2


def test_a_single_event_that_becomes_a_series_and_back_keeps_its_name(graph: GraphServer, make: Make) -> None:
    name = graph.hand.put("", "a", single("a"))
    mirror = Mirror(make())
    mirror.read()
    for data, count in ((weekly("a"), 11), (single("a"), 1), (weekly("a"), 11)):
        assert graph.hand.put("", "a", data) == name
        assert names(mirror.read().changed) == {name}
        assert len(mirror.spans()) == count
        assert mirror.same_as(make().read("", WINDOW, None))


@pytest.mark.parametrize("answer", [410, 404, 400])
def test_a_forgotten_link_costs_one_complete_read(graph: GraphServer, make: Make, answer: int) -> None:
    graph.forgotten_answer = answer
    name = graph.hand.put("", "a", single("a"))
    first = make().read("", WINDOW, None)
    graph.forget_tokens()
    again = make().read("", WINDOW, first.cursor)
    assert again.complete
    assert names(again.changed) == {name}
    assert make().read("", WINDOW, again.cursor).requests == 1


def test_links_that_are_forgotten_while_they_are_followed_end_the_read(graph: GraphServer, make: Make) -> None:
    for n in range(3):
        graph.hand.put("", f"u{n}", single(f"u{n}"))
    first = make().read("", WINDOW, None)
    graph.fail_next(Fault.FORGOTTEN)
    graph.empty_pages = True
    graph.fail_next(Fault.FORGOTTEN, skip=2)
    with pytest.raises(Unreachable, match="work: Microsoft lost its place"):
        make().read("", WINDOW, first.cursor)


def test_empty_pages_end_nothing(graph: GraphServer, make: Make) -> None:
    graph.empty_pages = True
    found = {graph.hand.put("", f"u{n}", single(f"u{n}")) for n in range(3)}
    found.add(graph.hand.put("", "weekly", weekly("weekly")))
    make().write("", [SeriesWrite(KEY, None, series())])
    first = make().read("", WINDOW, None)
    assert names(first.changed) == {*found, graph.hand.name_of(KEY)}
    assert len(make().owned("")) == 1
    assert make().calendars()


def test_a_window_that_rolls_on_needs_a_new_round_only_after_weeks(graph: GraphServer, make: Make) -> None:
    later = graph.hand.put("", "later", single("later", "20270405"))
    mirror = Mirror(make())
    complete = []
    for week in range(12):
        by = timedelta(weeks=week)
        complete.append(mirror.read(Span(WINDOW.start + by, WINDOW.end + by)).complete)
    assert [week for week, new in enumerate(complete) if new] == [0, 6]
    assert later in mirror.known


def test_the_same_question_to_another_calendar_account_or_cloud_begins_anew(graph: GraphServer, make: Make) -> None:
    graph.add_calendar("Blocks")
    first = make().read("", WINDOW, None)
    assert not make().read("", WINDOW, first.cursor).complete
    assert make(options={"calendar": "Blocks"}).read("", WINDOW, first.cursor).complete
    assert make().read(graph.calendar, WINDOW, first.cursor).complete


def test_a_calendar_that_was_made_anew_under_its_name_is_found_again(graph: GraphServer, make: Make) -> None:
    options = {"calendar": "Blocks"}
    graph.add_calendar("Blocks")
    first = make(options=options).read("", WINDOW, None)
    graph.drop_calendar(graph.add_calendar("Blocks"))
    made = graph.mailbox.add_calendar("blocks")
    name = graph.hand.put(made.id, "a", single("a"))
    delta = make(options=options).read("", WINDOW, first.cursor)
    assert delta.complete
    assert names(delta.changed) == {name}


def test_when_the_year_turns_our_own_series_are_looked_at_anew(graph: GraphServer, make: Make) -> None:
    wanted = series(overrides={date(2026, 12, 14): override(date(2026, 12, 16), time(11, 0))})
    make().write("", [SeriesWrite(KEY, None, wanted)])
    mirror = Mirror(make())
    mirror.read()
    mirror.provider = make(clock=lambda: datetime(2027, 1, 1, 3, tzinfo=UTC))
    assert names(mirror.read().changed) == {graph.hand.name_of(KEY)}
    assert mirror.read().changed == ()
    (expanded,) = mirror.provider.expand("", mirror.known.values(), WINDOW, BERLIN)
    assert expanded.owned is not None
    assert expanded.owned.series.same_content(wanted)


def test_a_deleted_series_whose_stand_in_remains_is_one_that_has_ended(graph: GraphServer, make: Make) -> None:
    dropped = date(2026, 12, 7)
    first = series(cancelled=frozenset({dropped}), dropped=frozenset({dropped}))
    make().write("", [SeriesWrite(KEY, None, first)])
    make().write("", [SeriesWrite(KEY, first, series())])
    stand_in = graph.hand.name_of(KEY, "/20261207")
    mirror = Mirror(make())
    mirror.read()
    graph.hand.delete("", graph.hand.name_of(KEY))
    delta = mirror.read()
    assert (names(delta.changed), delta.removed) == ({stand_in}, (graph.hand.name_of(KEY),))
    assert mirror.same_as(make().read("", WINDOW, None))
    (left,) = make().owned("")
    assert (left.resource, left.series.first, left.series.until) == (stand_in, dropped, dropped)
    (outcome,) = make().write("", [SeriesWrite(KEY, left.series, None, left.etag)])
    assert outcome.state.value == "done"
    assert graph.hand.names() == []
    assert mirror.read().removed == (stand_in,)


def test_a_series_to_which_the_leader_gave_another_recurrence_is_theirs(graph: GraphServer, make: Make) -> None:
    make().write("", [SeriesWrite(KEY, None, series())])
    own = graph.hand.name_of(KEY)
    text = graph.hand.ical("", own).replace(b"FREQ=WEEKLY;", b"FREQ=WEEKLY;INTERVAL=2;")
    graph.hand.put_named("", own, text)
    graph.hand.move_date("", own, date(2026, 12, 14), date(2026, 12, 15), time(9, 0))
    provider = make()
    (expanded,) = provider.expand("", provider.read("", WINDOW, None).changed, WINDOW, BERLIN)
    assert expanded.owned is not None
    assert not expanded.owned.series.rule_is_ours
    days = [o.span.start.astimezone(BERLIN).date() for o in expanded.occurrences]
    assert days[:3] == [date(2026, 11, 30), date(2026, 12, 15), date(2026, 12, 28)]
    assert {o.event.ours for o in expanded.occurrences} == {KEY}


@pytest.mark.parametrize("since", [False, True])
def test_a_block_that_lost_its_key_is_an_event_like_any_other(graph: GraphServer, make: Make, since: bool) -> None:
    make().write("", [SeriesWrite(KEY, None, series())])
    own = graph.hand.name_of(KEY)
    mirror = Mirror(make())
    if since:
        mirror.read()
    graph.mailbox.items.events[own].extended.clear()
    graph.hand.touch("", own)
    delta = mirror.read()
    (expanded,) = make().expand("", delta.changed, WINDOW, BERLIN)
    assert (expanded.name, expanded.owned) == (own, None)
    assert {o.event.ours for o in expanded.occurrences} == {""}
    assert len(expanded.occurrences) == 11
    graph.hand.delete("", own)
    assert mirror.read().removed == (own,)


def test_an_event_that_cannot_be_understood_is_a_warning_and_not_free_time(graph: GraphServer, make: Make) -> None:
    name = graph.hand.put("", "a", single("a"))
    graph.hand.put("", "b", single("b"))
    graph.mailbox.items.events[name].fields["attendees"] = [{"emailAddress": "not an object"}]
    delta = make().read("", WINDOW, None)
    assert len(delta.changed) == 1
    assert delta.warnings == (f"an event cannot be understood (AttributeError, id ...{name[-12:]})",)


def test_a_link_to_another_place_is_not_followed(graph: GraphServer, make: Make) -> None:
    graph.origin = "https://graph.example.com"
    with pytest.raises(Malformed, match="work: Microsoft sent a link to another place"):
        make().read("", WINDOW, make().read("", WINDOW, None).cursor)


def test_a_meeting_is_read_with_everybody_in_it(graph: GraphServer, make: Make) -> None:
    graph.hand.put("", "weekly", meeting("weekly"))
    provider = make()
    (expanded,) = provider.expand("", provider.read("", WINDOW, None).changed, WINDOW, BERLIN)
    event = expanded.occurrences[0].event
    assert event.organizer == "maya@example.com"
    assert event.organized_by_me
    assert [party.address for party in event.parties] == ["ana@example.com"]


def test_one_meeting_on_two_calendars_has_one_uid_and_each_date_its_own(graph: GraphServer, make: Make) -> None:
    graph.add_calendar("Blocks")
    found = []
    for calendar_name in ("", "Blocks"):
        graph.hand.put(calendar_name, "lone", single("lone"))
        graph.hand.put(calendar_name, "weekly", meeting("weekly"))
        provider = make(options={"calendar": calendar_name})
        expanded = provider.expand("", provider.read("", WINDOW, None).changed, WINDOW, BERLIN)
        found.append({(o.event.uid, o.span) for one in expanded for o in one.occurrences})
    one, other = found
    assert len({uid for uid, _ in one}) == len(one) > 10
    assert one == other


def test_the_uids_of_dates_are_the_same_in_every_way_of_reading(graph: GraphServer, make: Make) -> None:
    empty = make().read("", WINDOW, None)
    name = graph.hand.put("", "weekly", weekly("weekly"))
    graph.hand.move_date("", name, date(2026, 12, 8), date(2026, 12, 9), time(14, 0), title="Elsewhere")
    assert make().read("", WINDOW, empty.cursor).changed == make().read("", WINDOW, None).changed
