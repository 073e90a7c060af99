"""What the leader did is told from what calsync did, whichever run was cut off in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.model import Series
from calsync.ports import OwnedSeries
from calsync.state.codec import load_override
from calsync.state.ledger import UNCERTAIN
from calsync.state.store import BaseSeries, Decision, JournalRow
from calsync.sync.edits import Noticed, notice
from tests.unit.sync.made import NOW, TUESDAY, later, series, week


def look(
    theirs: Series | None,
    base: Series | None,
    *rows: JournalRow,
    known: tuple[Decision, ...] = (),
    leaders: frozenset = frozenset(),
    etag: str = "1",
) -> Noticed:
    owned = {theirs.key: OwnedSeries(theirs, f"{theirs.key}.ics", "2", leaders)} if theirs else {}
    bases = {base.key: BaseSeries(base, "", etag, standing=True)} if base else {}
    return notice("work", owned, bases, rows, known, NOW)


def decided(noticed: Noticed) -> list[tuple[str, str]]:
    return [(d.what, d.home) for d in noticed.decisions]


def row(before: Series | None, after: Series | None) -> JournalRow:
    one = before or after
    assert one is not None
    return JournalRow(7, 1, "work", one.key, before, after, "intended")


def test_nothing_is_noticed_where_all_is_as_written() -> None:
    ours = series(cancelled={week(2)}, dropped={week(2)}, overrides={week(1): later(series(), week(1))})
    assert decided(look(ours, ours)) == []


def test_a_series_whose_writing_was_cut_off_is_remembered_as_such_for_this_run() -> None:
    one = series()
    owned = {one.key: OwnedSeries(one, "name", "2", unfinished=True)}
    noticed = notice("work", owned, {one.key: BaseSeries(one, "name", "2", standing=True)}, (), (), NOW)
    found = noticed.bases[one.key]
    assert found is not None
    assert found.unfinished
    assert noticed.decisions == []


def test_a_deleted_date_is_the_leaders() -> None:
    assert decided(look(series(cancelled={week(3)}), series())) == [("deleted", week(3).isoformat())]


def test_a_moved_date_is_pinned_where_the_leader_put_it() -> None:
    moved = later(series(), week(3), hours=-2)
    noticed = look(series(overrides={week(3): moved}), series())
    assert decided(noticed) == [("pinned", week(3).isoformat())]
    assert load_override(noticed.decisions[0].placed, ZoneInfo("Europe/Berlin")) == moved


def test_a_date_that_calsync_moved_and_the_leader_put_back_is_pinned_at_home() -> None:
    noticed = look(series(), series(overrides={week(1): later(series(), week(1))}))
    assert decided(noticed) == [("pinned", week(1).isoformat())]
    placed = load_override(noticed.decisions[0].placed, ZoneInfo("Europe/Berlin"))
    assert placed is not None
    assert placed.span == series().home(week(1))


def test_a_retitled_date_is_pinned_with_its_title() -> None:
    titled = later(series(), week(1), hours=0, title="Lunch with Bo")
    noticed = look(series(overrides={week(1): titled}), series())
    assert decided(noticed) == [("pinned", week(1).isoformat())]
    assert "Lunch with Bo" in noticed.decisions[0].placed


def test_a_series_that_is_gone_is_retired() -> None:
    noticed = look(None, series())
    assert decided(noticed) == [("retired", "")]
    assert noticed.bases == {series().key: None}


def test_a_series_that_had_ended_and_is_gone_is_only_forgotten() -> None:
    noticed = look(None, series(first=TUESDAY - timedelta(70), until=TUESDAY - timedelta(14)))
    assert decided(noticed) == []


def test_a_series_ended_by_the_leader_is_retired_and_left_as_it_is() -> None:
    assert decided(look(series(until=week(4)), series())) == [("retired", "")]


@pytest.mark.parametrize(
    ("change", "what"),
    [({"start": time(9)}, "slot"), ({"minutes": 45}, "slot"), ({"title": "People"}, "titled")],
)
def test_a_change_of_the_whole_series_is_the_leaders(change: dict, what: str) -> None:
    assert decided(look(series(**change), series())) == [(what, "")]


def test_a_recurrence_of_the_leaders_own_hands_the_series_over() -> None:
    assert decided(look(series(rule_is_ours=False), series())) == [("theirs", "")]
    assert decided(look(series(rule_is_ours=False), series(rule_is_ours=False))) == []


def test_a_write_that_was_stored_before_the_run_was_killed_is_ours() -> None:
    after = series(overrides={week(1): later(series(), week(1))}, cancelled={week(2)}, dropped={week(2)})
    noticed = look(after, series(), row(series(), after))
    assert decided(noticed) == []
    assert noticed.journal == {7: ("confirmed", "")}
    kept = noticed.bases[after.key]
    assert kept is not None
    assert kept.series == after


def test_a_write_that_was_never_stored_is_abandoned_and_nobody_is_blamed() -> None:
    after = series(overrides={week(1): later(series(), week(1))})
    noticed = look(series(), series(), row(series(), after))
    assert decided(noticed) == []
    assert noticed.journal == {7: ("abandoned", "")}


def test_a_creation_that_was_never_stored_is_no_deletion() -> None:
    noticed = look(None, None, row(None, series()))
    assert decided(noticed) == []
    assert noticed.journal == {7: ("abandoned", "")}


def test_a_deletion_of_our_own_that_was_cut_off_after_it_was_done_is_no_retirement() -> None:
    noticed = look(None, series(), row(series(), None))
    assert decided(noticed) == []
    assert noticed.journal == {7: ("confirmed", "")}


def test_an_edit_made_while_a_write_was_unclear_is_still_the_leaders() -> None:
    after = series(overrides={week(1): later(series(), week(1))})
    theirs = series(overrides={week(1): later(series(), week(1))}, cancelled={week(5)})
    assert decided(look(theirs, series(), row(series(), after))) == [("deleted", week(5).isoformat())]


@pytest.mark.parametrize("base", [None, series(cancelled={week(9)})])
def test_without_a_sure_base_the_calendar_itself_says_what_is_the_leaders(base: Series | None) -> None:
    theirs = series(cancelled={week(1), week(2)}, dropped={week(2)})
    noticed = look(theirs, base, leaders=frozenset({week(1)}), etag=UNCERTAIN)
    assert decided(noticed) == [("deleted", week(1).isoformat())]


def test_a_retired_series_that_the_leader_brings_back_is_no_longer_retired() -> None:
    retired = Decision(3, "retired", "connect", 1, 0, "", "null", "work", NOW)
    assert look(series(), None, known=(retired,)).back == [3]


def test_what_is_over_needs_no_decision() -> None:
    first = TUESDAY - timedelta(70)
    gone = first + timedelta(7)
    assert decided(look(series(first=first, cancelled={gone}), series(first=first))) == []


weeks = st.integers(0, 12).map(week)
ours = st.builds(
    lambda moved, dropped: series(
        overrides={d: later(series(), d) for d in moved - dropped}, cancelled=dropped, dropped=dropped
    ),
    st.frozensets(weeks, max_size=5),
    st.frozensets(weeks, max_size=5),
)


@given(ours, ours, st.frozensets(weeks, max_size=4))
def test_whatever_was_written_when_exactly_the_leaders_dates_are_noticed(
    base: Series, after: Series, deleted: frozenset
) -> None:
    """Any mixture of an old and a half-carried-out version is ours; deletions on top of it are the leader's."""
    mixed = {d: o for d, o in after.overrides.items() if d.toordinal() % 2 and d not in base.cancelled}
    dropped = base.dropped
    stored = replace(base, overrides={**base.overrides, **mixed}, cancelled=dropped, dropped=dropped)
    theirs = replace(
        stored,
        cancelled=dropped | deleted,
        overrides={d: o for d, o in stored.overrides.items() if d not in deleted},
    )
    noticed = look(theirs, base, row(base, after))
    expected = {d.isoformat() for d in deleted if d not in base.cancelled and d not in after.cancelled}
    assert {home for what, home in decided(noticed) if what == "deleted"} == expected
    assert [what for what, _ in decided(noticed) if what != "deleted"] == []


@given(ours)
def test_looking_twice_notices_nothing_new(base: Series) -> None:
    theirs = replace(base, cancelled=base.cancelled | {week(6)})
    first = look(theirs, base)
    kept = first.bases[base.key]
    assert kept is not None
    assert decided(look(theirs, kept.series)) == []
