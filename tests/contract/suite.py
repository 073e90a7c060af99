"""One suite that every provider passes: each sentence of the docstrings in calsync/ports.py has a test here.

How to add a provider: write a `Harness` for it (how to make one on a fresh calendar, and how another program puts,
reads and removes raw iCalendar there), then subclass `ReadContract` and either `WriteContract` or `ReadOnlyContract`
and give them a `harness` fixture:

    class TestWords(ReadContract, WriteContract):
        @pytest.fixture
        def harness(self, tmp_path: Path) -> Iterator[Harness]:
            with WordsHarness(tmp_path) as harness:
                yield harness

What only that provider does (its quirks, its failures) belongs in tests/providers/<name>/.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest

from calsync.errors import Malformed, NotFound, ReadOnly
from calsync.model import ONE_OFF, TRIAL, Key, Kind, Series, Span
from calsync.ports import (
    CalendarProvider,
    Delta,
    Expanded,
    OutcomeState,
    OwnedSeries,
    ProviderContext,
    Resource,
    SeriesWrite,
    WorkingWeek,
)
from providers.memory import date_deleted, date_moved, retitled, uid_changed
from tests.contract.samples import (
    BERLIN,
    CHANGED,
    WINDOW,
    calendar,
    meeting,
    override,
    series,
    single,
    spans,
    vevent,
)

__all__ = ["Harness", "ReadContract", "ReadOnlyContract", "WriteContract", "context"]

DONE, CONFLICT, FAILED = OutcomeState.DONE, OutcomeState.CONFLICT, OutcomeState.FAILED


def context(folder: Path, secret: str | None = None) -> ProviderContext:
    """What a provider is given in these tests: the leader is in Berlin, every secret is `secret`."""
    return ProviderContext(zone=BERLIN, folder=folder, secret=lambda _name: secret, me=frozenset({"maya@example.com"}))


class Harness(ABC):
    """One empty calendar of one kind, and another program's hand on it.

    `calendar` is what is passed to the provider. `put` and `put_raw` act as another program (or the leader) would.
    `floating` is the zone in which a calendar that has no floating times keeps them, None where it has them.
    `reads_on` is False where the server expands series, so that nothing is read of what lies far outside the window;
    `named_by_key` is False where names do not follow from keys, so that nobody's event can stand in a block's place.
    `has_primary` is True where the vendor has a calendar that it takes where none is named.
    """

    calendar: ClassVar[str] = ""
    writable: ClassVar[bool] = True
    floating: ClassVar[ZoneInfo | None] = None
    reads_on: ClassVar[bool] = True
    named_by_key: ClassVar[bool] = True
    has_primary: ClassVar[bool] = False

    @abstractmethod
    def make(self) -> CalendarProvider:
        """A new provider object on the calendar; called more than once in a test, as one run after another."""

    @abstractmethod
    def make_missing(self) -> CalendarProvider:
        """A provider whose options name a calendar that does not exist."""

    @abstractmethod
    def put(self, uid: str, data: bytes) -> str:
        """Store an event of that UID, or replace it; returns the name of its resource."""

    @abstractmethod
    def put_raw(self, name: str, data: bytes) -> None:
        """Replace or create the resource `name`, byte for byte where the calendar keeps bytes."""

    @abstractmethod
    def raw(self, name: str) -> bytes:
        """What is stored under `name`."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Delete the resource as another program would."""

    @abstractmethod
    def names(self) -> list[str]:
        """The names of all resources, sorted, asked without the provider."""

    def tell_hours(self, week: WorkingWeek | None) -> bool:
        """Let the account know when its owner works (None: not at all); False where it has no place for that."""
        return False

    @abstractmethod
    def name_of(self, key: str) -> str:
        """The name under which this kind of provider stores the series `key`."""


class _Mirror:
    """What a reader knows after applying each delta: the state store's half of the bargain, in six lines."""

    def __init__(self) -> None:
        self.known: dict[str, Resource] = {}
        self.cursor: str | None = None

    def take(self, delta: Delta) -> Delta:
        if delta.complete:
            self.known.clear()
        self.known.update((r.name, r) for r in delta.changed)
        for name in delta.removed:
            self.known.pop(name, None)
        self.cursor = delta.cursor
        return delta


def _titles(provider: CalendarProvider, harness: Harness, resources: Iterable[Resource]) -> list[str]:
    expanded = provider.expand(harness.calendar, resources, WINDOW, BERLIN)
    return sorted({o.event.title for item in expanded for o in item.occurrences})


def _own(provider: CalendarProvider, harness: Harness, key: str = "") -> OwnedSeries:
    found = [o for o in provider.owned(harness.calendar) if not key or o.series.key == key]
    assert len(found) == 1, found
    return found[0]


def _create(provider: CalendarProvider, harness: Harness, *wanted: Series) -> list[str]:
    outcomes = provider.write(harness.calendar, [SeriesWrite(s.key, None, s) for s in wanted])
    assert [o.state for o in outcomes] == [DONE] * len(wanted), outcomes
    return [o.etag for o in outcomes]


class ReadContract:
    """What every provider promises of reading."""

    def test_making_a_provider_and_asking_what_it_can_do_needs_no_calendar(self, harness: Harness) -> None:
        provider = harness.make_missing()
        assert provider.capabilities == provider.capabilities
        assert harness.make().capabilities.can_write == harness.writable

    def test_calendars_are_sorted_by_id_and_say_which_can_be_written(self, harness: Harness) -> None:
        before = harness.names()
        listed = harness.make().calendars()
        assert [c.id for c in listed] == sorted(c.id for c in listed)
        assert any(c.writable for c in listed) == harness.writable
        assert all(c.name for c in listed)
        assert harness.names() == before

    def test_one_calendar_is_primary_where_the_vendor_takes_one_unnamed_and_elsewhere_none(
        self, harness: Harness
    ) -> None:
        primary = [info for info in harness.make().calendars() if info.primary]
        assert len(primary) == int(harness.has_primary)

    def test_every_listed_calendar_can_be_read_under_its_id(self, harness: Harness) -> None:
        harness.put("a", single("a"))
        provider = harness.make()
        for info in provider.calendars():
            assert provider.read(info.id, WINDOW, None).complete

    def test_a_calendar_that_does_not_exist_is_not_found_and_never_empty(self, harness: Harness) -> None:
        provider = harness.make_missing()
        with pytest.raises(NotFound) as caught:
            provider.read(harness.calendar, WINDOW, None)
        assert caught.value.what
        assert caught.value.next_step

    def test_an_empty_calendar_reads_as_complete_and_empty(self, harness: Harness) -> None:
        delta = harness.make().read(harness.calendar, WINDOW, None)
        assert delta.complete
        assert delta.changed == ()
        assert delta.removed == ()
        assert delta.warnings == ()

    def test_without_a_cursor_everything_in_the_window_and_after_it_is_read(self, harness: Harness) -> None:
        in_window = harness.put("in", single("in", "20261201"))
        after = harness.put("after", single("after", "20271201"))
        running = harness.put("running", meeting("running"))
        delta = harness.make().read(harness.calendar, WINDOW, None)
        assert delta.complete
        assert delta.removed == ()
        expected = {in_window, after, running} if harness.reads_on else {in_window, running}
        assert {r.name for r in delta.changed} == expected
        assert all(r.etag and r.payload for r in delta.changed)

    def test_what_lies_wholly_before_the_window_may_be_left_out_but_what_reaches_into_it_may_not(
        self, harness: Harness
    ) -> None:
        old = harness.put("old", single("old", "20250101"))
        long = harness.put("long", calendar(vevent("long", start="20260101T000000", end="20261224T120000")))
        moved_in = harness.put(
            "moved",
            calendar(
                vevent("moved", "RRULE:FREQ=DAILY;COUNT=3", start="20260105T100000", end="20260105T110000"),
                vevent(
                    "moved",
                    "RECURRENCE-ID;TZID=Europe/Berlin:20260106T100000",
                    start="20261202T100000",
                    end="20261202T110000",
                    title="Moved here",
                ),
            ),
        )
        names = {r.name for r in harness.make().read(harness.calendar, WINDOW, None).changed}
        assert {long, moved_in} <= names <= {old, long, moved_in}

    def test_an_unchanged_calendar_gives_an_empty_delta(self, harness: Harness) -> None:
        harness.put("a", single("a"))
        harness.put("b", meeting("b"))
        first = harness.make().read(harness.calendar, WINDOW, None)
        for _ in range(3):
            again = harness.make().read(harness.calendar, WINDOW, first.cursor)
            assert (again.changed, again.removed, again.complete) == ((), (), False)
            first = again

    def test_a_change_an_addition_and_a_removal_come_back_as_just_that(self, harness: Harness) -> None:
        changed = harness.put("changed", single("changed"))
        gone = harness.put("gone", single("gone", "20261202"))
        harness.put("still", single("still", "20261203"))
        first = harness.make().read(harness.calendar, WINDOW, None)
        harness.put("changed", single("changed", title="Another title"))
        harness.remove(gone)
        added = harness.put("added", single("added", "20261204"))
        delta = harness.make().read(harness.calendar, WINDOW, first.cursor)
        assert not delta.complete
        assert sorted(r.name for r in delta.changed) == sorted([changed, added])
        assert delta.removed == (gone,)
        before = {r.name: r.etag for r in first.changed}
        after = {r.name: r.etag for r in delta.changed}
        assert before[changed] != after[changed]
        assert _titles(harness.make(), harness, delta.changed) == ["Another title", "Review with Ana"]

    def test_a_name_that_is_gone_and_back_again_is_listed_as_changed_only(self, harness: Harness) -> None:
        name = harness.put("back", single("back"))
        first = harness.make().read(harness.calendar, WINDOW, None)
        harness.remove(name)
        harness.put("back", single("back", title="Back again"))
        delta = harness.make().read(harness.calendar, WINDOW, first.cursor)
        assert [r.name for r in delta.changed] == [name]
        assert delta.removed == ()

    @pytest.mark.parametrize("cursor", ["", "no such cursor", '{"v": 99}', "[]", "null", "data:,nowhere\x00"])
    def test_a_cursor_that_is_not_known_gives_a_complete_read(self, harness: Harness, cursor: str) -> None:
        name = harness.put("a", single("a"))
        delta = harness.make().read(harness.calendar, WINDOW, cursor)
        assert delta.complete
        assert [r.name for r in delta.changed] == [name]

    def test_a_window_that_starts_earlier_is_read_completely_again(self, harness: Harness) -> None:
        old = harness.put("old", single("old", "20260301"))
        new = harness.put("new", single("new"))
        first = harness.make().read(harness.calendar, WINDOW, None)
        earlier = Span(datetime(2026, 1, 1, tzinfo=BERLIN), WINDOW.end)
        delta = harness.make().read(harness.calendar, earlier, first.cursor)
        assert delta.complete
        assert sorted(r.name for r in delta.changed) == sorted([old, new])
        again = harness.make().read(harness.calendar, earlier, delta.cursor)
        assert (again.changed, again.removed, again.complete) == ((), (), False)

    def test_a_window_that_rolls_on_needs_no_second_complete_read_and_loses_nothing(self, harness: Harness) -> None:
        mirror = _Mirror()
        mirror.take(harness.make().read(harness.calendar, WINDOW, None))
        for week in range(1, 4):
            by = timedelta(weeks=week)
            rolled = Span(WINDOW.start + by, WINDOW.end + by)
            # Added behind the rolled start, yet inside the window that the cursor was made for.
            name = harness.put(f"w{week}", single(f"w{week}", "20261124"))
            delta = mirror.take(harness.make().read(harness.calendar, rolled, mirror.cursor))
            assert not delta.complete
            back = mirror.take(harness.make().read(harness.calendar, WINDOW, mirror.cursor))
            assert back.complete or name in mirror.known
            assert name in mirror.known

    def test_an_event_that_leaves_the_window_for_the_past_does_not_stay_where_it_was(self, harness: Harness) -> None:
        mirror = _Mirror()
        name = harness.put("a", single("a"))
        mirror.take(harness.make().read(harness.calendar, WINDOW, None))
        harness.put("a", single("a", "20250101"))
        provider = harness.make()
        # It is still there under its name, so it has changed and not gone; who sees the window only cannot tell.
        removed = mirror.take(provider.read(harness.calendar, WINDOW, mirror.cursor)).removed
        assert removed == (() if harness.reads_on else (name,))
        assert spans(provider.expand(harness.calendar, mirror.known.values(), WINDOW, BERLIN)) == []

    def test_an_event_that_comes_into_the_window_from_the_past_is_seen(self, harness: Harness) -> None:
        mirror = _Mirror()
        harness.put("a", single("a", "20250101"))
        mirror.take(harness.make().read(harness.calendar, WINDOW, None))
        name = harness.put("a", single("a"))
        mirror.take(harness.make().read(harness.calendar, WINDOW, mirror.cursor))
        assert name in mirror.known

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_after_any_changes_the_deltas_add_up_to_a_complete_read(self, harness: Harness, seed: int) -> None:
        dice, mirror = random.Random(seed), _Mirror()
        for _ in range(8):
            for _ in range(dice.randint(0, 3)):
                uid = f"u{dice.randint(1, 5)}"
                there = harness.names()
                if there and dice.random() < 0.3:
                    harness.remove(dice.choice(there))
                else:
                    day = dice.choice(["20250301", "20261125", "20261210", "20270105", "20280101"])
                    harness.put(uid, single(uid, day, title=f"Title {dice.randint(1, 9)}"))
            mirror.take(harness.make().read(harness.calendar, WINDOW, mirror.cursor))
            provider = harness.make()
            fresh = provider.read(harness.calendar, WINDOW, None)
            assert sorted(r.name for r in fresh.changed if r.name not in mirror.known) == []
            known = provider.expand(harness.calendar, mirror.known.values(), WINDOW, BERLIN)
            complete = provider.expand(harness.calendar, fresh.changed, WINDOW, BERLIN)
            assert spans(known) == spans(complete)
            assert {r.name: r.etag for r in fresh.changed}.items() <= {
                n: r.etag for n, r in mirror.known.items()
            }.items()

    def test_the_etag_is_the_same_while_the_resource_is(self, harness: Harness) -> None:
        harness.put("a", single("a"))
        first = harness.make().read(harness.calendar, WINDOW, None)
        second = harness.make().read(harness.calendar, WINDOW, None)
        assert [(r.name, r.etag) for r in first.changed] == [(r.name, r.etag) for r in second.changed]

    def test_expand_answers_one_for_one_in_order_and_asks_nothing(self, harness: Harness) -> None:
        for n in range(4):
            harness.put(f"u{n}", single(f"u{n}", f"2026120{n + 1}", title=f"Title {n}"))
        resources = list(harness.make().read(harness.calendar, WINDOW, None).changed)
        resources.append(Resource("past.ics", "1", single("past", "20200101")))
        random.Random(7).shuffle(resources)
        elsewhere = harness.make_missing()
        expanded = elsewhere.expand(harness.calendar, iter(resources), WINDOW, BERLIN)
        assert [e.name for e in expanded] == [r.name for r in resources]
        assert [len(e.occurrences) for e in expanded] == [0 if r.name == "past.ics" else 1 for r in resources]
        assert elsewhere.expand(harness.calendar, [], WINDOW, BERLIN) == []

    def test_expand_gives_what_overlaps_the_window_and_no_cancelled_occurrence(self, harness: Harness) -> None:
        harness.put("weekly", meeting("weekly"))
        harness.put(
            "daily",
            calendar(
                vevent("daily", "RRULE:FREQ=DAILY;COUNT=3", start="20261130T080000", end="20261130T081500"),
                vevent(
                    "daily",
                    "RECURRENCE-ID;TZID=Europe/Berlin:20261201T080000",
                    "STATUS:CANCELLED",
                    start="20261201T080000",
                    end="20261201T081500",
                ),
            ),
        )
        provider = harness.make()
        resources = provider.read(harness.calendar, WINDOW, None).changed
        window = Span(datetime(2026, 11, 30, tzinfo=BERLIN), datetime(2026, 12, 20, tzinfo=BERLIN))
        found = spans(provider.expand(harness.calendar, resources, window, BERLIN))
        expected = [
            (datetime(2026, 11, 30, 7, 0, tzinfo=UTC), 15),
            (datetime(2026, 12, 1, 8, 0, tzinfo=UTC), 30),
            (datetime(2026, 12, 2, 7, 0, tzinfo=UTC), 15),
            (datetime(2026, 12, 15, 8, 0, tzinfo=UTC), 30),
        ]
        assert found == [(start, start + timedelta(minutes=m)) for start, m in expected]

    @pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
    def test_all_day_and_floating_times_are_taken_in_the_zone_given(self, harness: Harness, zone: str) -> None:
        harness.put(
            "day", calendar(vevent("day", "DTSTART;VALUE=DATE:20261203", "DTEND;VALUE=DATE:20261204"), zones=False)
        )
        harness.put("float", calendar(vevent("float", "DTSTART:20261204T090000", "DTEND:20261204T100000"), zones=False))
        provider, tz = harness.make(), ZoneInfo(zone)
        resources = provider.read(harness.calendar, WINDOW, None).changed
        expanded = provider.expand(harness.calendar, resources, WINDOW, tz)
        day = datetime(2026, 12, 3, tzinfo=tz).astimezone(UTC)
        floating = datetime(2026, 12, 4, 9, tzinfo=harness.floating or tz).astimezone(UTC)
        assert spans(expanded) == [(day, day + timedelta(days=1)), (floating, floating + timedelta(hours=1))]
        assert sorted(o.all_day for e in expanded for o in e.occurrences) == [False, True]

    def test_expand_names_the_resource_that_it_cannot_understand(self, harness: Harness) -> None:
        fine = Resource("fine.ics", "1", single("fine"))
        with pytest.raises(Malformed, match=r"torn\.ics"):
            harness.make().expand(
                harness.calendar, [fine, Resource("torn.ics", "1", single("torn")[:150])], WINDOW, BERLIN
            )

    def test_a_block_of_ours_carries_its_key_and_a_foreign_event_does_not(self, harness: Harness) -> None:
        harness.put("foreign", single("foreign"))
        provider = harness.make()
        foreign = provider.read(harness.calendar, WINDOW, None).changed
        expanded = provider.expand(harness.calendar, foreign, WINDOW, BERLIN)
        assert [o.event.ours for e in expanded for o in e.occurrences] == [""]
        assert [e.owned for e in expanded] == [None]

    def test_a_calendar_without_blocks_of_ours_owns_nothing(self, harness: Harness) -> None:
        harness.put("foreign", meeting("foreign"))
        assert harness.make().owned(harness.calendar) == []

    def test_busy_times_of_others_are_answered_one_for_one_even_where_they_cannot_be_asked(
        self, harness: Harness
    ) -> None:
        provider = harness.make()
        if provider.capabilities.can_ask_busy:
            pytest.skip("this provider asks a server; its own tests cover the answers")
        asked = ["ana@example.com", "ben@example.com"]
        answers = provider.busy(asked, WINDOW)
        assert [a.address for a in answers] == asked
        assert all(a.error and not a.busy for a in answers)

    def test_reading_changes_nothing(self, harness: Harness) -> None:
        name = harness.put("a", meeting("a"))
        before = (harness.names(), harness.raw(name))
        provider = harness.make()
        delta = provider.read(harness.calendar, WINDOW, None)
        provider.read(harness.calendar, WINDOW, delta.cursor)
        provider.expand(harness.calendar, delta.changed, WINDOW, BERLIN)
        provider.owned(harness.calendar)
        assert (harness.names(), harness.raw(name)) == before

    def test_a_provider_that_was_closed_can_be_used_again(self, harness: Harness) -> None:
        provider = harness.make()
        provider.close()
        first = provider.read(harness.calendar, WINDOW, None)
        for _ in range(2):
            provider.close()
        name = harness.put("a", single("a"))
        assert [r.name for r in provider.read(harness.calendar, WINDOW, first.cursor).changed] == [name]
        provider.close()

    def test_working_hours_are_what_the_account_has_been_told_and_asking_changes_nothing(
        self, harness: Harness
    ) -> None:
        harness.put("a", single("a"))
        before = harness.names()
        days = ((time(8, 30), time(17, 15)),)
        week = WorkingWeek(dict.fromkeys(range(5), days), "Europe/Berlin")
        known = harness.tell_hours(week)
        assert harness.make().working_hours() == (week if known else None)
        assert harness.make().working_hours() == (week if known else None)
        assert harness.names() == before

    def test_an_account_that_does_not_tell_has_no_working_hours(self, harness: Harness) -> None:
        harness.tell_hours(None)
        assert harness.make().working_hours() is None


class ReadOnlyContract:
    """What a provider promises that cannot write."""

    def test_writing_is_refused_and_nothing_is_written(self, harness: Harness) -> None:
        name = harness.put("a", single("a"))
        before = (harness.names(), harness.raw(name))
        wanted = series()
        with pytest.raises(ReadOnly) as caught:
            harness.make().write(harness.calendar, [SeriesWrite(wanted.key, None, wanted)])
        assert caught.value.what
        assert caught.value.next_step
        assert (harness.names(), harness.raw(name)) == before


class WriteContract:
    """What a provider promises that can write."""

    def test_a_created_series_is_found_on_the_calendar_alone_with_the_etag_that_was_given(
        self, harness: Harness
    ) -> None:
        wanted = series()
        (etag,) = _create(harness.make(), harness, wanted)
        found = _own(harness.make(), harness)
        assert found.series.same_content(wanted)
        assert found.series.changed == wanted.changed
        assert (found.resource, found.etag) == (harness.name_of(wanted.key), etag)
        assert found.leaders == frozenset()

    def test_a_created_series_is_read_as_a_block_of_ours(self, harness: Harness) -> None:
        wanted = series()
        first = harness.make().read(harness.calendar, WINDOW, None)
        (etag,) = _create(harness.make(), harness, wanted)
        provider = harness.make()
        delta = provider.read(harness.calendar, WINDOW, first.cursor)
        assert [(r.name, r.etag) for r in delta.changed] == [(harness.name_of(wanted.key), etag)]
        (expanded,) = provider.expand(harness.calendar, delta.changed, WINDOW, BERLIN)
        assert {o.event.ours for o in expanded.occurrences} == {wanted.key}
        assert expanded.owned is not None
        assert expanded.owned == _own(provider, harness)
        days = [o.span for o in expanded.occurrences]
        assert days == [wanted.home(day) for day in wanted.days(date(2026, 11, 23), date(2027, 2, 15))]

    @pytest.mark.parametrize(
        "wanted",
        [
            series(timezone="America/New_York", start=time(9, 30), minutes=45, kind=Kind.FOLLOW_THROUGH, number=3),
            series(timezone="Australia/Lord_Howe", start=time(2, 15), first=date(2026, 10, 4)),
            series(timezone="Asia/Kathmandu", transparent=False, title="Fokus, Ärger; und \\ mehr"),
            series(timezone="UTC", description="Why: someone is overdue.\nWho: a surprise"),
            series(until=date(2027, 3, 1), generation=4, sequence=2),
            series(number=ONE_OFF, first=date(2026, 12, 2), until=date(2026, 12, 2), kind=Kind.FOLLOW_THROUGH),
            series(
                cancelled=frozenset({date(2026, 12, 7), date(2026, 12, 28)}), dropped=frozenset({date(2026, 12, 7)})
            ),
            series(
                overrides={
                    date(2026, 12, 14): override(date(2026, 12, 16), time(11, 0), title="Ana"),
                    date(2027, 1, 4): override(date(2027, 1, 4), time(15, 0), minutes=60),
                },
                cancelled=frozenset({date(2026, 12, 28)}),
                dropped=frozenset({date(2026, 12, 28)}),
            ),
        ],
        ids=["new-york", "lord-howe", "kathmandu", "utc", "until", "one-date", "cancelled", "overrides"],
    )
    def test_every_part_of_a_series_comes_back_as_it_was_written(self, harness: Harness, wanted: Series) -> None:
        _create(harness.make(), harness, wanted)
        found = _own(harness.make(), harness).series
        assert found == wanted or found.same_content(wanted), (found, wanted)

    def test_creating_twice_is_creating_once(self, harness: Harness) -> None:
        wanted = series()
        (etag,) = _create(harness.make(), harness, wanted)
        stored = harness.raw(harness.name_of(wanted.key))
        (again,) = _create(harness.make(), harness, wanted)
        later = series(changed=CHANGED + timedelta(days=1))
        (third,) = _create(harness.make(), harness, later)
        assert etag == again == third
        assert harness.raw(harness.name_of(wanted.key)) == stored
        assert harness.names() == [harness.name_of(wanted.key)]

    def test_a_creation_never_overwrites_a_different_series(self, harness: Harness) -> None:
        wanted = series()
        _create(harness.make(), harness, wanted)
        stored = harness.raw(harness.name_of(wanted.key))
        other = series(start=time(16, 0))
        (outcome,) = harness.make().write(harness.calendar, [SeriesWrite(other.key, None, other)])
        assert outcome.state is CONFLICT
        assert outcome.error
        assert harness.raw(harness.name_of(wanted.key)) == stored

    def test_a_creation_never_overwrites_a_foreign_event_of_the_same_name(self, harness: Harness) -> None:
        wanted = series()
        name = harness.name_of(wanted.key)
        harness.put_raw(name, single("somebody-elses"))
        stored = harness.raw(name)
        (outcome,) = harness.make().write(harness.calendar, [SeriesWrite(wanted.key, None, wanted)])
        assert outcome.state is CONFLICT
        assert harness.raw(name) == stored

    def test_a_foreign_event_of_our_name_is_neither_changed_nor_deleted_even_with_its_etag(
        self, harness: Harness
    ) -> None:
        wanted = series()
        name = harness.name_of(wanted.key)
        harness.put_raw(name, single("somebody-elses"))
        stored = harness.raw(name)
        (resource,) = harness.make().read(harness.calendar, WINDOW, None).changed
        for after in (series(title="Mine"), None):
            (outcome,) = harness.make().write(harness.calendar, [SeriesWrite(wanted.key, wanted, after, resource.etag)])
            # Where the event is not in the block's place, no block is there, and deleting what is gone is done.
            assert outcome.state is (CONFLICT if after is not None or harness.named_by_key else DONE)
            assert harness.raw(name) == stored

    def test_a_change_with_the_current_etag_is_done_and_gives_the_new_one(self, harness: Harness) -> None:
        before, after = series(), series(title="Deep work", sequence=1, changed=CHANGED + timedelta(hours=1))
        (etag,) = _create(harness.make(), harness, before)
        (outcome,) = harness.make().write(harness.calendar, [SeriesWrite(before.key, before, after, etag)])
        assert outcome.state is DONE, outcome
        found = _own(harness.make(), harness)
        assert found.series.same_content(after)
        assert found.etag == outcome.etag != etag

    def test_changing_twice_is_changing_once(self, harness: Harness) -> None:
        before, after = series(), series(minutes=45)
        (etag,) = _create(harness.make(), harness, before)
        change = SeriesWrite(before.key, before, after, etag)
        (first,) = harness.make().write(harness.calendar, [change])
        stored = harness.raw(harness.name_of(before.key))
        (second,) = harness.make().write(harness.calendar, [change])
        assert (first.state, second.state) == (DONE, DONE)
        assert first.etag == second.etag
        assert harness.raw(harness.name_of(before.key)) == stored

    def test_a_change_whose_etag_is_stale_is_a_conflict_and_changes_nothing(self, harness: Harness) -> None:
        before = series()
        (etag,) = _create(harness.make(), harness, before)
        name = harness.name_of(before.key)
        harness.put_raw(name, retitled(harness.raw(name), "Mine now"))
        stored = harness.raw(name)
        for stale in (etag, "", '"nonsense"'):
            (outcome,) = harness.make().write(
                harness.calendar, [SeriesWrite(before.key, before, series(minutes=60), stale)]
            )
            assert outcome.state is CONFLICT
            assert outcome.error
            assert harness.raw(name) == stored

    def test_a_change_of_what_is_gone_is_a_conflict_and_makes_nothing(self, harness: Harness) -> None:
        before = series()
        (etag,) = _create(harness.make(), harness, before)
        harness.remove(harness.name_of(before.key))
        (outcome,) = harness.make().write(harness.calendar, [SeriesWrite(before.key, before, series(minutes=60), etag)])
        assert outcome.state is CONFLICT
        assert harness.names() == []

    def test_deleting_is_done_once_and_done_again_when_it_is_gone(self, harness: Harness) -> None:
        wanted = series()
        (etag,) = _create(harness.make(), harness, wanted)
        delete = SeriesWrite(wanted.key, wanted, None, etag)
        for _ in range(2):
            (outcome,) = harness.make().write(harness.calendar, [delete])
            assert (outcome.state, outcome.etag) == (DONE, "")
            assert harness.names() == []
        assert harness.make().owned(harness.calendar) == []

    def test_deleting_what_the_leader_changed_meanwhile_is_a_conflict(self, harness: Harness) -> None:
        wanted = series()
        (etag,) = _create(harness.make(), harness, wanted)
        name = harness.name_of(wanted.key)
        harness.put_raw(name, retitled(harness.raw(name), "Mine now"))
        (outcome,) = harness.make().write(harness.calendar, [SeriesWrite(wanted.key, wanted, None, etag)])
        assert outcome.state is CONFLICT
        assert harness.names() == [name]

    def test_a_failed_write_stops_no_other_and_outcomes_come_back_in_order(self, harness: Harness) -> None:
        keys = [f"cscontractblock0000000000000000000{n}" for n in range(4)]
        taken = series(keys[1])
        _create(harness.make(), harness, taken, series(keys[2]))
        etag = _own(harness.make(), harness, keys[2]).etag
        outcomes = harness.make().write(
            harness.calendar,
            [
                SeriesWrite(Key(keys[0]), None, series(keys[0])),
                SeriesWrite(Key(keys[1]), None, series(keys[1], minutes=60)),
                SeriesWrite(Key(keys[2]), series(keys[2]), None, etag),
                SeriesWrite(Key(keys[3]), None, series(keys[3])),
            ],
        )
        assert [o.state for o in outcomes] == [DONE, CONFLICT, DONE, DONE]
        left = harness.make().owned(harness.calendar)
        assert [o.series.key for o in left] == [keys[0], keys[1], keys[3]]
        assert {o.series.key: o.etag for o in left}[Key(keys[3])] == outcomes[3].etag
        assert harness.make().write(harness.calendar, []) == []

    def test_one_batch_may_create_change_and_delete_the_same_series(self, harness: Harness) -> None:
        wanted = series()
        (created,) = harness.make().write(harness.calendar, [SeriesWrite(wanted.key, None, wanted)])
        outcomes = harness.make().write(
            harness.calendar,
            [
                SeriesWrite(wanted.key, wanted, None, created.etag),
                SeriesWrite(wanted.key, None, series(minutes=60)),
            ],
        )
        assert [o.state for o in outcomes] == [DONE, DONE]
        assert _own(harness.make(), harness).series.minutes == 60

    def test_neither_attendee_nor_organizer_nor_alarm_is_ever_stored(self, harness: Harness) -> None:
        wanted = series(overrides={date(2026, 12, 7): override(date(2026, 12, 8), time(9, 0))})
        (etag,) = _create(harness.make(), harness, wanted)
        changed = series(minutes=45)
        harness.make().write(harness.calendar, [SeriesWrite(wanted.key, wanted, changed, etag)])
        stored = harness.raw(harness.name_of(wanted.key)).upper()
        for word in (b"ATTENDEE", b"ORGANIZER", b"VALARM", b"MAILTO:", b"METHOD"):
            assert word not in stored
        assert b"CATEGORIES" in stored
        assert b"X-CALSYNC-KEY" in stored

    def test_foreign_events_stay_byte_equal_through_everything_we_write(self, harness: Harness) -> None:
        foreign = [harness.put(f"f{n}", data) for n, data in enumerate([meeting("f0"), single("f1"), meeting("f2")])]
        before = {name: harness.raw(name) for name in foreign}
        wanted, changed = series(), series(minutes=60)
        (etag,) = _create(harness.make(), harness, wanted)
        (outcome,) = harness.make().write(harness.calendar, [SeriesWrite(wanted.key, wanted, changed, etag)])
        assert {name: harness.raw(name) for name in foreign} == before
        harness.make().write(harness.calendar, [SeriesWrite(wanted.key, changed, None, outcome.etag)])
        assert {name: harness.raw(name) for name in foreign} == before
        assert harness.names() == sorted(foreign)

    def test_owned_lists_ours_sorted_by_key_and_no_foreign_event(self, harness: Harness) -> None:
        harness.put("foreign", meeting("foreign"))
        keys = [f"cscontractblock0000000000000000000{n}" for n in (3, 1, 2)]
        _create(harness.make(), harness, *(series(key) for key in keys))
        assert [o.series.key for o in harness.make().owned(harness.calendar)] == sorted(keys)

    def test_a_copy_of_a_block_under_another_name_and_uid_is_the_leaders(self, harness: Harness) -> None:
        wanted = series()
        _create(harness.make(), harness, wanted)
        copy = uid_changed(harness.raw(harness.name_of(wanted.key)), "a-copy-by-hand")
        name = harness.put("a-copy-by-hand", copy)
        provider = harness.make()
        assert _own(provider, harness).resource == harness.name_of(wanted.key)
        by_name: dict[str, Expanded] = {
            e.name: e
            for e in provider.expand(
                harness.calendar, provider.read(harness.calendar, WINDOW, None).changed, WINDOW, BERLIN
            )
        }
        assert by_name[name].owned is None
        assert by_name[harness.name_of(wanted.key)].owned is not None
        assert len(by_name[name].occurrences) > 0

    def test_a_date_that_the_leader_deleted_is_told_apart_from_one_that_calsync_dropped(self, harness: Harness) -> None:
        dropped, deleted = date(2026, 12, 7), date(2026, 12, 14)
        wanted = series(cancelled=frozenset({dropped}), dropped=frozenset({dropped}))
        _create(harness.make(), harness, wanted)
        name = harness.name_of(wanted.key)
        harness.put_raw(name, date_deleted(harness.raw(name), deleted))
        found = _own(harness.make(), harness)
        assert found.series.cancelled == {dropped, deleted}
        assert found.series.dropped == {dropped}
        assert found.leaders == {deleted}

    def test_a_date_that_the_leader_moved_is_an_override_of_theirs(self, harness: Harness) -> None:
        ours, theirs = date(2026, 12, 7), date(2026, 12, 14)
        wanted = series(overrides={ours: override(date(2026, 12, 8), time(9, 0))})
        _create(harness.make(), harness, wanted)
        name = harness.name_of(wanted.key)
        harness.put_raw(name, date_moved(harness.raw(name), theirs, date(2026, 12, 17), time(11, 30)))
        found = _own(harness.make(), harness)
        assert set(found.series.overrides) == {ours, theirs}
        begin = datetime(2026, 12, 17, 11, 30, tzinfo=BERLIN)
        assert found.series.overrides[theirs].span == Span(begin, begin + timedelta(minutes=30))
        assert found.leaders == {theirs}

    def test_a_series_that_the_leader_retitled_or_deleted_is_seen_so(self, harness: Harness) -> None:
        wanted = series()
        _create(harness.make(), harness, wanted)
        name = harness.name_of(wanted.key)
        first = harness.make().read(harness.calendar, WINDOW, None)
        harness.put_raw(name, retitled(harness.raw(name), "Mine now"))
        assert _own(harness.make(), harness).series.title == "Mine now"
        second = harness.make().read(harness.calendar, WINDOW, first.cursor)
        assert [r.name for r in second.changed] == [name]
        harness.remove(name)
        assert harness.make().owned(harness.calendar) == []
        third = harness.make().read(harness.calendar, WINDOW, second.cursor)
        assert third.removed == (name,)

    def test_a_write_on_a_calendar_that_is_gone_is_not_found(self, harness: Harness) -> None:
        wanted = series()
        with pytest.raises(NotFound):
            harness.make_missing().write(harness.calendar, [SeriesWrite(wanted.key, None, wanted)])

    def test_a_scratch_block_is_written_found_and_removed_again_as_often_as_one_likes(self, harness: Harness) -> None:
        foreign = harness.put("foreign", meeting("foreign"))
        before = harness.raw(foreign)
        day = date(2026, 12, 21)
        block = series(number=TRIAL, first=day, until=day, start=time(4, 40), minutes=10, title="calsync check")
        for _ in range(3):
            (etag,) = _create(harness.make(), harness, block)
            provider = harness.make()
            found = _own(provider, harness)
            assert found.series.trial
            assert found.series.same_content(block)
            assert found.etag == etag
            (outcome,) = provider.write(harness.calendar, [SeriesWrite(block.key, found.series, None, found.etag)])
            assert outcome.state is DONE
            assert harness.make().owned(harness.calendar) == []
        assert harness.names() == [foreign]
        assert harness.raw(foreign) == before
