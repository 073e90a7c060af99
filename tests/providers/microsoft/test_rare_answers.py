"""Answers that a Microsoft calendar gives seldom, each of which once led a simulated year astray."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from calsync.model import Key, Override, Span
from calsync.ports import OutcomeState, SeriesWrite
from tests.contract.samples import BERLIN, WINDOW, meeting, series
from tests.providers.microsoft.conftest import Make
from tests.servers.graph import GraphServer
from tests.system import vendors

KEY = series().key
KEYS = [Key(f"cslateblock0000000000000000{n:07d}") for n in range(3)]


@pytest.mark.parametrize("echoes", [False, True])
def test_a_new_block_is_ours_although_a_delta_shows_its_dates_only(
    graph: GraphServer, make: Make, echoes: bool
) -> None:
    graph.delta_masters, graph.delta_echoes_whole_series = "none", echoes
    first = make().read("", WINDOW, None)
    make().write("", [SeriesWrite(KEY, None, series())])
    delta = make().read("", WINDOW, first.cursor)
    (found,) = make().expand("", delta.changed, WINDOW, BERLIN)
    assert found.owned is not None
    assert found.owned.series == series()
    quiet = make().read("", WINDOW, delta.cursor)
    assert (quiet.changed, quiet.removed) == ((), ())


@pytest.mark.parametrize("known", [False, True], ids=["complete", "since"])
@pytest.mark.parametrize("masters", ["all", "none"])
@pytest.mark.parametrize("on_dates", [False, True])
def test_a_new_block_is_ours_although_no_question_by_its_mark_finds_it_yet(
    graph: GraphServer, make: Make, known: bool, masters: str, on_dates: bool
) -> None:
    graph.delta_masters, graph.occurrences_carry_transaction_id = masters, on_dates
    first = make().read("", WINDOW, None)
    graph.filter_lag = 50
    outcomes = make().write("", [SeriesWrite(key, None, series(key=key)) for key in KEYS])
    assert {outcome.state for outcome in outcomes} == {OutcomeState.DONE}
    delta = make().read("", WINDOW, first.cursor if known else None)
    found = make().expand("", delta.changed, WINDOW, BERLIN)
    assert {one.owned.series.key for one in found if one.owned is not None} == set(KEYS)
    assert len(found) == len(KEYS)
    quiet = make().read("", WINDOW, delta.cursor)
    assert (quiet.changed, quiet.removed, quiet.requests) == ((), (), 1)


def test_a_known_block_that_the_question_by_marks_leaves_out_is_no_deleted_one(graph: GraphServer, make: Make) -> None:
    make().write("", [SeriesWrite(KEY, None, series())])
    first = make().read("", WINDOW, None)
    own = graph.hand.name_of(KEY)
    graph.hand.delete_date("", own, date(2026, 12, 14))
    graph.mailbox.unindexed[own] = 50
    delta = make().read("", WINDOW, first.cursor)
    (found,) = make().expand("", delta.changed, WINDOW, BERLIN)
    assert (delta.removed, found.owned is not None) == ((), True)
    # The link is forgotten: a complete read still knows whom to ask for.
    graph.forget_tokens()
    again = make().read("", WINDOW, delta.cursor)
    assert again.complete
    assert again.changed == delta.changed
    graph.hand.delete("", own)
    assert make().read("", WINDOW, again.cursor).removed == (own,)


def test_nights_whose_own_blocks_are_not_found_by_their_marks_yet_are_as_any_other(tmp_path: Path) -> None:
    told = []
    for lag in (0, 3):
        with vendors.graph() as vendor:
            vendor.server.filter_lag = lag
            world = vendors.VendorWorld(tmp_path / f"leader{lag}", {"work": vendor})
            nights = [(night.written, night.errors, night.changes) for night in world.nights(3)]
            told.append((nights, world.decisions(), vendor.everything()))
    assert told[0] == told[1]
    assert told[1][0][0][:2] == (2, [])
    assert told[1][1] == []


def test_an_override_that_says_what_the_series_says_is_done_when_its_date_is_there(
    graph: GraphServer, make: Make
) -> None:
    day = series().first
    plain = Override(series().home(day), series().title, series().transparent)
    busy = series(overrides={day: replace(plain, transparent=not plain.transparent)})
    # So a date is left over that looked otherwise until the whole series looks like it.
    after = series(overrides={day: plain})
    (outcome,) = make().write("", [SeriesWrite(KEY, None, busy)])
    (outcome,) = make().write("", [SeriesWrite(KEY, busy, after, outcome.etag)])
    assert outcome.state is OutcomeState.DONE, outcome
    assert [o.series for o in make().owned("")] == [series()]
    (again,) = make().write("", [SeriesWrite(KEY, busy, after, "")])
    assert again.state is OutcomeState.DONE, again


@pytest.mark.parametrize("echoes", [False, True])
def test_dates_whose_series_is_not_to_be_had_take_time_all_the_same(
    graph: GraphServer, make: Make, echoes: bool
) -> None:
    graph.delta_masters, graph.masters_hide, graph.delta_echoes_whole_series = "none", True, echoes
    empty = make().read("", WINDOW, None)
    name = graph.hand.put("", "weekly", meeting("weekly"))
    graph.hand.move_date("", name, date(2026, 12, 15), date(2026, 12, 16), time(14, 0))
    cursor = empty.cursor
    for known in (None, cursor):
        delta = make().read("", WINDOW, known)
        (found,) = make().expand("", delta.changed, WINDOW, BERLIN)
        assert (found.name, found.owned, len(found.occurrences) > 8) == (name, None, True)
        assert not any(one.event.transparent for one in found.occurrences)
        assert sum(one.event.guests_hidden for one in found.occurrences) >= len(found.occurrences) - 1
        cursor = delta.cursor
    graph.hand.move_date("", name, date(2026, 12, 22), date(2026, 12, 23), time(14, 0))
    assert make().read("", WINDOW, cursor).removed == ()
    graph.hand.delete("", name)
    assert make().read("", WINDOW, cursor).removed == (name,)


def test_a_date_that_somebody_writes_into_meanwhile_is_not_moved_for_all_that(graph: GraphServer, make: Make) -> None:
    day = series().first
    home = series().home(day)
    later = Span(home.start + timedelta(days=1), home.end + timedelta(days=1))
    before, after = (
        series(transparent=True),
        series(transparent=True, overrides={day: Override(later, series().title, True)}),
    )
    (outcome,) = make().write("", [SeriesWrite(KEY, None, before)])
    graph.hand.change("", graph.hand.name_of(KEY), day, location={"displayName": "At the lake"})
    (late,) = make().write("", [SeriesWrite(KEY, before, after, outcome.etag)])
    assert late.state is OutcomeState.CONFLICT, late
    (found,) = make().owned("")
    assert found.series.placed(day) == before.placed(day)
    assert "LOCATION:At the lake" in found.series.overrides[day].extra
    # Known of, it can be left as it is while something else is changed.
    other = replace(found.series, title="Walk", overrides={day: replace(found.series.overrides[day], title="Walk")})
    (known,) = make().write("", [SeriesWrite(KEY, found.series, other, found.etag)])
    assert known.state is OutcomeState.DONE, known
    (found,) = make().owned("")
    assert (found.series.title, found.series.overrides[day].title) == ("Walk", "Walk")
    assert "LOCATION:At the lake" in found.series.overrides[day].extra


@pytest.mark.parametrize("share", [False, True])
@pytest.mark.parametrize("lag", [1, 2, 3])
@pytest.mark.parametrize("before", range(4))
def test_what_is_wiped_is_written_anew_although_a_series_and_its_dates_are_read_at_different_ages(
    graph: GraphServer, make: Make, share: bool, lag: int, before: int
) -> None:
    graph.occurrences_share_etag = share
    one = series()
    days = list(one.days(one.first, one.first + timedelta(weeks=9)))
    homes = [one.home(day) for day in days]
    moved = {
        day: Override(Span(home.start + timedelta(hours=1), home.end + timedelta(hours=1)), "Walk", one.transparent)
        for day, home in zip(days[1:4], homes[1:4], strict=True)
    }
    stands = series(overrides=moved, cancelled=frozenset({days[0], days[5]}), dropped=frozenset({days[5]}))
    # Back from where it was left out, a date is an event of its own.
    back = replace(stands, cancelled=frozenset({days[0]}), dropped=frozenset())
    ended = replace(back, until=days[6])
    (made,) = make().write("", [SeriesWrite(KEY, None, stands)])
    (made,) = make().write("", [SeriesWrite(KEY, stands, back, made.etag)])
    for _ in range(before):
        # What a batch does first follows from the number of the request.
        make().owned("")
    graph.lag = lag
    (outcome,) = make().write("", [SeriesWrite(KEY, back, ended, made.etag)])
    graph.lag, graph.mailbox.stale = 0, None
    if outcome.state is not OutcomeState.DONE:
        (outcome,) = make().write("", [SeriesWrite(KEY, back, ended)])
    assert outcome.state is OutcomeState.DONE, outcome
    (found,) = make().owned("")
    assert found.series.same_content(ended)
    (master,) = [name for name in graph.hand.names() if name == graph.hand.name_of(KEY)]
    singles = [name for name in graph.hand.names() if name != master]
    starts = [row["start"]["dateTime"] for row in (graph.hand.json("", name) for name in singles)]
    assert len(starts) == len(set(starts)) <= 1
