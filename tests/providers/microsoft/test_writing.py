"""What becomes of a series on a Microsoft calendar: dates that cannot come back, leaders' edits, odd servers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest

from calsync.model import Series
from calsync.ports import Outcome, OutcomeState, OwnedSeries, SeriesWrite
from tests.contract.samples import BERLIN, CHANGED, WINDOW, override, series, single
from tests.providers.microsoft.conftest import Make
from tests.servers.graph import Fault, GraphServer

DONE, CONFLICT, FAILED, UNCLEAR = OutcomeState.DONE, OutcomeState.CONFLICT, OutcomeState.FAILED, OutcomeState.UNCLEAR
KEY = series().key
DAY, NEXT = date(2026, 12, 7), date(2026, 12, 14)
LESS = series(cancelled=frozenset({DAY}), dropped=frozenset({DAY}))
RICH = series(overrides={NEXT: override(date(2026, 12, 16), time(11, 0), title="Ana")})


class Hand:
    """Writes as one night after another does, and looks at what is there."""

    def __init__(self, graph: GraphServer, make: Make) -> None:
        self.graph = graph
        self.make = make
        self.name = graph.hand.name_of(KEY)

    def there(self) -> OwnedSeries | None:
        return next(iter(self.make().owned("")), None)

    def series(self) -> Series:
        there = self.there()
        assert there is not None
        return there.series

    def write(self, after: Series | None, **more: Any) -> Outcome:
        """Make it `after` from what is there; what is done can be found with the etag that was given."""
        there = self.there()
        before, etag = (there.series, there.etag) if there is not None else (None, "")
        (outcome,) = self.make(**more).write("", [SeriesWrite(KEY, before, after, etag)])
        if outcome.state is DONE and after is not None:
            found = self.there()
            assert found is not None
            assert found.series.same_content(after)
            assert found.etag == outcome.etag
            read = {r.name: r.etag for r in self.make().read("", WINDOW, None).changed}
            assert read[found.resource] == outcome.etag
        return outcome


@pytest.fixture
def hand(graph: GraphServer, make: Make) -> Hand:
    return Hand(graph, make)


def later(there: Series, **fields: Any) -> Series:
    """`there` with other content, stamped as a later night's."""
    return replace(there, changed=there.changed + timedelta(days=1), **fields)


def plain(there: Series) -> Series:
    return later(there, cancelled=frozenset(), dropped=frozenset(), overrides={})


def test_a_date_that_calsync_dropped_comes_home_as_an_event_of_its_own(graph: GraphServer, hand: Hand) -> None:
    hand.write(LESS)
    assert hand.write(plain(LESS)).state is DONE
    stand_in = graph.hand.name_of(KEY, "/20261207")
    assert graph.hand.names() == sorted([hand.name, stand_in])
    row = graph.hand.json("", stand_in)
    assert (row["subject"], row["showAs"], row["sensitivity"]) == ("Focus", "free", "private")
    assert (row["isReminderOn"], row["attendees"], row["categories"]) == (False, [], ["calsync"])
    provider = hand.make()
    (expanded,) = provider.expand("", provider.read("", WINDOW, None).changed, WINDOW, BERLIN)
    assert [o.span for o in expanded.occurrences][1] == series().home(DAY)
    assert {o.event.ours for o in expanded.occurrences} == {KEY}


def test_it_may_go_and_come_as_often_as_there_is_reason_to(graph: GraphServer, hand: Hand) -> None:
    hand.write(LESS)
    for number in range(3):
        assert hand.write(plain(hand.series())).state is DONE
        suffix = f"/20261207:{number}" if number else "/20261207"
        assert graph.hand.names() == sorted([hand.name, graph.hand.name_of(KEY, suffix)])
        moved = {DAY: override(date(2026, 12, 9), time(9, 30), title="Ana")}
        assert hand.write(later(hand.series(), overrides=moved)).state is DONE
        assert hand.write(replace(LESS, changed=hand.series().changed + timedelta(days=1))).state is DONE
        assert graph.hand.names() == [hand.name]


def test_a_stand_in_that_the_leader_moves_or_deletes_is_theirs(graph: GraphServer, hand: Hand) -> None:
    hand.write(LESS)
    hand.write(plain(LESS))
    stand_in = graph.hand.name_of(KEY, "/20261207")
    graph.hand.change("", stand_in, subject="Mine now")
    found = hand.there()
    assert found is not None
    assert found.series.overrides[DAY].title == "Mine now"
    assert found.leaders == {DAY}
    graph.hand.delete("", stand_in)
    found = hand.there()
    assert found is not None
    assert (found.series.cancelled, found.series.dropped, found.leaders) == ({DAY}, frozenset(), {DAY})


def test_a_date_that_must_pass_its_neighbour_becomes_an_event_of_its_own(graph: GraphServer, hand: Hand) -> None:
    hand.write(series())
    moved = later(series(), overrides={DAY: override(date(2026, 12, 15), time(9, 0))})
    assert hand.write(moved).state is DONE
    assert len(graph.hand.names()) == 2
    # And home again: the date itself is gone for good.
    assert hand.write(plain(moved)).state is DONE
    assert len(graph.hand.names()) == 2


def test_two_neighbours_that_move_in_one_night_move_within_the_series(graph: GraphServer, hand: Hand) -> None:
    apart = {DAY: override(date(2026, 12, 10), time(9)), NEXT: override(date(2026, 12, 11), time(9))}
    hand.write(series())
    assert hand.write(later(series(), overrides=apart)).state is DONE
    onwards = {DAY: override(date(2026, 12, 11), time(9)), NEXT: override(date(2026, 12, 14), time(9))}
    assert hand.write(later(hand.series(), overrides=onwards)).state is DONE
    assert graph.hand.names() == [hand.name]


def test_a_date_that_was_moved_back_by_hand_is_at_home_again(graph: GraphServer, hand: Hand) -> None:
    hand.write(RICH)
    graph.hand.move_date("", hand.name, NEXT, NEXT, time(15, 0), title="Focus")
    assert graph.hand.json("", hand.name, NEXT)["type"] == "exception"
    assert hand.series().overrides == {}


def test_what_the_leader_wrote_into_a_series_stays_through_our_changes(graph: GraphServer, hand: Hand) -> None:
    hand.write(RICH)
    graph.hand.change("", hand.name, location={"displayName": "By the lake"}, isReminderOn=True, importance="high")
    graph.hand.change("", hand.name, NEXT, categories=["Red"])
    assert hand.series().extra == ("LOCATION:By the lake",)
    there = hand.series()
    assert there.overrides[NEXT].extra == ()
    for after in (later(there, title="Deep work"), later(there, until=date(2027, 2, 1)), later(there, start=time(14))):
        assert hand.write(after).state is DONE
        row = graph.hand.json("", hand.name)
        assert (row["location"]["displayName"], row["isReminderOn"], row["importance"]) == ("By the lake", True, "high")


def test_what_the_leader_wrote_into_a_date_is_written_back_when_the_series_is_rewritten(
    graph: GraphServer, hand: Hand
) -> None:
    hand.write(RICH)
    graph.hand.move_date("", hand.name, DAY, date(2026, 12, 8), time(8, 0), title="Mine")
    graph.hand.change(
        "", hand.name, DAY, location={"displayName": "Café"}, body={"contentType": "text", "content": "Two\nlines"}
    )
    there = hand.there()
    assert there is not None
    assert there.leaders == {DAY}
    assert there.series.overrides[DAY].extra == ("DESCRIPTION:Two\\nlines", "LOCATION:Café")
    assert hand.write(later(there.series, until=date(2027, 2, 1))).state is DONE
    after = hand.there()
    assert after is not None
    assert after.leaders == {DAY}
    assert after.series.overrides[DAY].extra == there.series.overrides[DAY].extra


def test_a_new_text_of_a_series_is_that_of_its_moved_dates_as_well(graph: GraphServer, hand: Hand) -> None:
    hand.write(replace(RICH, description="Why: so."))
    assert hand.write(later(hand.series(), description="Why: thus.")).state is DONE
    assert graph.hand.json("", hand.name, NEXT)["body"]["content"].strip().endswith("Why: thus.</body></html>")
    assert hand.series().overrides[NEXT].extra == ()


@pytest.mark.parametrize("on_a_date", [False, True])
def test_a_block_with_guests_is_left_alone_since_they_would_be_mailed(
    graph: GraphServer, hand: Hand, on_a_date: bool
) -> None:
    hand.write(RICH)
    ana = {"type": "required", "emailAddress": {"address": "ana@example.com", "name": "Ana"}}
    graph.hand.change("", hand.name, NEXT if on_a_date else None, attendees=[ana])
    there = hand.series()
    stored = graph.hand.ical("", hand.name)
    for after in (later(there, title="Deep work"), later(there, until=date(2027, 2, 1)), None):
        outcome = hand.write(after)
        assert (outcome.state, outcome.error) == (
            CONFLICT,
            "somebody was invited to it in Outlook and would get mail; change or delete it by hand",
        )
        assert graph.hand.ical("", hand.name) == stored
    # What is not about that date can be written; nobody hears of it.
    moved = later(there, overrides={**there.overrides, DAY: override(date(2026, 12, 8), time(9, 0))})
    assert hand.write(moved).state is (DONE if on_a_date else CONFLICT)
    assert graph.mailed == []


def test_the_hundredth_time_is_no_harder_than_the_tenth(graph: GraphServer, hand: Hand) -> None:
    for number in range(100):
        suffix = f":{number}" if number else ""
        graph.mailbox.taken[f"calsync:{KEY}{suffix}"] = ("AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0Agone", "")
    assert hand.write(RICH).state is DONE
    assert len([r for r in graph.requests if any(part.method == "POST" for part in r.parts)]) == 9


@pytest.mark.parametrize("status", [400, 409])
def test_a_series_that_was_deleted_can_be_made_again(graph: GraphServer, hand: Hand, status: int) -> None:
    graph.duplicate_status = status
    for number in range(3):
        assert hand.write(RICH).state is DONE
        assert graph.hand.names() == [graph.hand.name_of(KEY, f":{number}" if number else "")]
        assert hand.write(None).state is DONE
        assert graph.hand.names() == []


def test_where_deleting_frees_a_transaction_id_it_is_used_again(graph: GraphServer, hand: Hand) -> None:
    graph.transaction_ids_stay_taken = False
    for _ in range(2):
        assert hand.write(RICH).state is DONE
        assert len(graph.hand.names()) == 1
        assert hand.write(None).state is DONE


@pytest.mark.parametrize("lag", [1, 2, 4, 12])
def test_a_server_that_reads_back_what_was_there_before_is_asked_again(
    graph: GraphServer, hand: Hand, make: Make, lag: int
) -> None:
    graph.lag = lag
    steps: list[tuple[Series | None, Series | None]] = [(None, LESS), (LESS, RICH), (RICH, series()), (series(), None)]
    for before, after in steps:
        for _ in range(3):
            (outcome,) = make().write("", [SeriesWrite(KEY, before, after, "")])
            # Whatever was asked for too early has been answered by now.
            for _ in range(lag):
                found = hand.there()
            if outcome.state is DONE:
                break
            assert outcome.state is UNCLEAR
            assert lag > 2
        assert outcome.state is DONE
        assert (found is None) == (after is None)
        assert found is None or (after is not None and found.series.same_content(after))
    assert len(graph.hand.names()) == 0


@pytest.mark.parametrize("times", [1, 2])
def test_a_conflict_that_is_none_is_looked_at_and_overcome(graph: GraphServer, hand: Hand, times: int) -> None:
    hand.write(RICH)
    graph.spurious_412 = times
    assert hand.write(later(hand.series(), title="Deep work")).state is DONE
    graph.spurious_412 = times
    assert hand.write(None).state is DONE


def test_a_conflict_without_end_is_not_fought(graph: GraphServer, hand: Hand) -> None:
    hand.write(RICH)
    graph.spurious_412 = 1000
    outcome = hand.write(later(hand.series(), title="Deep work"))
    assert outcome.state is FAILED
    assert outcome.error == "Microsoft does not take it: HTTP 412 ErrorIrresolvableConflict"
    assert hand.series().same_content(RICH)


def test_a_zone_that_microsoft_has_no_name_for_is_named(graph: GraphServer, hand: Hand) -> None:
    outcome = hand.write(series(timezone="Antarctica/Troll"))
    assert (outcome.state, outcome.error) == (
        FAILED,
        "Microsoft has no time zone that keeps the time of Antarctica/Troll",
    )
    assert graph.hand.names() == []


def test_a_zone_comes_back_by_the_name_it_was_meant_by_until_somebody_changes_it(
    graph: GraphServer, hand: Hand
) -> None:
    hand.write(series(timezone="Europe/Vienna"))
    assert graph.hand.json("", hand.name)["originalStartTimeZone"] == "W. Europe Standard Time"
    assert hand.series().timezone == "Europe/Vienna"
    event = graph.mailbox.items.events[hand.name]
    assert event.recurrence is not None
    event.recurrence["range"]["recurrenceTimeZone"] = event.zone_name = "Romance Standard Time"
    assert hand.series().timezone == "Europe/Paris"


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC", "GMT"])
def test_utc_is_utc_by_any_of_its_names(graph: GraphServer, hand: Hand, make: Make, zone: str) -> None:
    wanted = replace(RICH, timezone=zone)
    outcomes = [make().write("", [SeriesWrite(KEY, None, wanted)])[0] for _ in range(2)]
    assert [outcome.state for outcome in outcomes] == [DONE, DONE]
    event = graph.mailbox.items.events[hand.name]
    assert event.recurrence is not None
    # What was sent as UTC comes back by another name.
    event.recurrence["range"]["recurrenceTimeZone"] = event.zone_name = "tzone://Microsoft/Utc"
    assert hand.series().same_content(replace(wanted, timezone="UTC"))
    (outcome,) = make().write("", [SeriesWrite(KEY, wanted, replace(wanted, title="Deep work"))])
    assert outcome.state is DONE


def test_what_the_leader_does_while_a_writing_lies_unfinished_is_theirs(graph: GraphServer, hand: Hand) -> None:
    hand.write(RICH)
    there = hand.there()
    assert there is not None
    after = later(there.series, until=date(2027, 2, 1))
    # The rewriting gets as far as wiping the exceptions, and nobody learns of it.
    for skip in range(2, 12):
        graph.fail_next(Fault.ANSWER_LOST if skip == 2 else Fault.NO_ANSWER, skip=skip)
    (outcome,) = hand.make().write("", [SeriesWrite(KEY, there.series, after, there.etag)])
    graph.behave()
    assert outcome.state is UNCLEAR
    assert hand.series().overrides == RICH.overrides
    assert hand.series().until is None
    graph.hand.delete_date("", hand.name, DAY)
    found = hand.there()
    assert found is not None
    (outcome,) = hand.make().write("", [SeriesWrite(KEY, found.series, after, found.etag)])
    assert outcome.state is DONE
    left = hand.there()
    assert left is not None
    assert left.series.same_content(replace(after, cancelled=frozenset({DAY})))
    assert left.leaders == {DAY}


def test_an_unfinished_series_is_written_again_although_the_plan_is_the_old_one(graph: GraphServer, hand: Hand) -> None:
    hand.write(RICH)
    there = hand.there()
    assert there is not None
    for skip in range(2, 12):
        graph.fail_next(Fault.ANSWER_LOST if skip == 2 else Fault.NO_ANSWER, skip=skip)
    hand.make().write("", [SeriesWrite(KEY, there.series, later(there.series, until=date(2027, 2, 1)), there.etag)])
    graph.behave()
    # The plan of the next night is what stood before, and that is how it is read: only its mark says more.
    found = hand.there()
    assert found is not None
    assert found.unfinished
    assert found.series.same_content(RICH)
    assert hand.write(later(RICH)).state is DONE
    finished = hand.there()
    assert finished is not None
    assert not finished.unfinished
    assert graph.hand.json("", hand.name)["recurrence"]["range"]["type"] == "noEnd"


def test_a_series_that_is_ended_twice_keeps_the_description_it_had(graph: GraphServer, hand: Hand) -> None:
    hand.write(replace(RICH, description="Why: so."))
    there = hand.there()
    assert there is not None
    for skip in range(2, 12):
        graph.fail_next(Fault.ANSWER_LOST if skip == 2 else Fault.NO_ANSWER, skip=skip)
    hand.make().write("", [SeriesWrite(KEY, there.series, later(there.series, until=date(2027, 2, 1)), there.etag)])
    graph.behave()
    # An ending takes everything but its end from what is read.
    found = hand.there()
    assert found is not None
    (outcome,) = hand.make().write("", [SeriesWrite(KEY, found.series, later(found.series, until=date(2027, 2, 8)))])
    assert outcome.state is DONE
    assert hand.series().description == "Why: so."
    assert hand.series().until == date(2027, 2, 8)


def test_dates_of_other_years_are_neither_touched_nor_asked_for(graph: GraphServer, hand: Hand, make: Make) -> None:
    gone = frozenset({date(2021, 3, 1)})
    first = series(first=date(2020, 1, 6), cancelled=gone, dropped=gone)
    (outcome,) = make().write("", [SeriesWrite(KEY, None, first)])
    assert outcome.state is DONE
    there = hand.series()
    assert there.cancelled == frozenset()
    (again,) = make().write("", [SeriesWrite(KEY, None, first)])
    assert (again.state, again.etag) == (DONE, outcome.etag)


def test_an_event_that_only_has_our_category_is_nobodys_business(graph: GraphServer, hand: Hand) -> None:
    name = graph.hand.put("", "a", single("a"))
    graph.hand.change("", name, categories=["calsync"])
    stored = graph.hand.ical("", name)
    hand.write(RICH)
    hand.write(None)
    assert graph.hand.names() == [name]
    assert graph.hand.ical("", name) == stored


def test_a_block_of_a_moment_that_clocks_skip_or_repeat_stays_where_it_was_meant(
    graph: GraphServer, hand: Hand
) -> None:
    # At the end of March clocks in Berlin skip the hour from two, at the end of October they repeat it.
    night = series(first=date(2026, 12, 6), start=time(2, 30), minutes=45)
    assert hand.write(night).state is DONE
    moved = {date(2027, 3, 28): override(date(2027, 3, 27), time(2, 30), 45)}
    assert hand.write(later(night, overrides=moved)).state is DONE
    assert hand.write(plain(hand.series())).state is DONE


def test_bodies_are_byte_stable(graph: GraphServer, make: Make) -> None:
    bodies = []
    for _ in range(2):
        graph.fail_next(Fault.REFUSED, skip=1, part=0)
        graph.fail_next(Fault.REFUSED, skip=3, part=0)
        make().write("", [SeriesWrite(KEY, None, RICH)])
    bodies = [part.body for r in graph.requests for part in r.parts if part.method == "POST"]
    assert len(bodies) == 4
    assert len(set(bodies)) == 1
    assert CHANGED.strftime("%Y%m%d").encode() in bodies[0]
