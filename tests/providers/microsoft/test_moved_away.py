"""Events that stand in the mailbox still, but not in the calendar: moved to another one, or to Deleted Items.

Their ids stay, so that a question by id may find them.
"""

from __future__ import annotations

from datetime import date

import pytest

from calsync.ports import OutcomeState, SeriesWrite
from tests.contract.samples import WINDOW, meeting, series, single
from tests.providers.microsoft.conftest import Make
from tests.servers.graph import GraphServer

KEY = series().key


@pytest.fixture(params=[(False, True), (True, True), (True, False)], ids=["404", "trash", "any-path"])
def by_id(graph: GraphServer, request: pytest.FixtureRequest) -> None:
    """What a question by id finds of events that are not in the calendar any more."""
    graph.deleted_stay_by_id, graph.paths_hold = request.param


@pytest.mark.usefixtures("by_id")
@pytest.mark.parametrize("calendar", ["", "Blocks"])
@pytest.mark.parametrize("moved", [False, True])
def test_what_was_moved_to_another_calendar_or_deleted_is_gone(
    graph: GraphServer, make: Make, calendar: str, moved: bool
) -> None:
    graph.add_calendar("Blocks")
    graph.add_calendar("Elsewhere")
    options = {"calendar": calendar}
    gone = {graph.hand.put(calendar, "lone", single("lone")), graph.hand.put(calendar, "weekly", meeting("weekly"))}
    stays = graph.hand.put(calendar, "stays", single("stays"))
    make(options=options).write("", [SeriesWrite(KEY, None, series())])
    gone.add(graph.hand.name_of(KEY))
    first = make(options=options).read("", WINDOW, None)
    assert {one.name for one in first.changed} == {*gone, stays}
    for name in gone:
        if moved:
            graph.hand.move(calendar, name, "Elsewhere")
        else:
            graph.hand.delete(calendar, name)
    delta = make(options=options).read("", WINDOW, first.cursor)
    assert (delta.changed, set(delta.removed), delta.complete) == ((), gone, False)
    again = make(options=options).read("", WINDOW, delta.cursor)
    assert (again.changed, again.removed) == ((), ())
    elsewhere = make(options={"calendar": "Elsewhere"}).read("", WINDOW, None)
    assert {one.name for one in elsewhere.changed} == (gone if moved else set())


@pytest.mark.usefixtures("by_id")
def test_a_deletion_of_ours_is_known_for_done(graph: GraphServer, make: Make) -> None:
    gone = frozenset({date(2026, 12, 14)})
    first = series(cancelled=gone, dropped=gone)
    make().write("", [SeriesWrite(KEY, None, first)])
    # Home it comes as a stand-in, an event of its own.
    make().write("", [SeriesWrite(KEY, first, series())])
    assert len(graph.hand.names()) == 2
    provider = make()
    provider.read("", WINDOW, None)
    (outcome,) = provider.write("", [SeriesWrite(KEY, series(), None)])
    assert outcome.state is OutcomeState.DONE
    assert graph.hand.names() == []


def test_a_block_that_the_leader_moved_away_is_not_touched_there(graph: GraphServer, make: Make) -> None:
    graph.add_calendar("Elsewhere")
    make().write("", [SeriesWrite(KEY, None, series())])
    provider = make()
    provider.read("", WINDOW, None)
    graph.hand.move("", graph.hand.name_of(KEY), "Elsewhere")
    stored = graph.hand.snapshot("Elsewhere")
    (outcome,) = provider.write("", [SeriesWrite(KEY, series(), series(title="Deep work"))])
    assert outcome.state is OutcomeState.CONFLICT
    assert graph.hand.snapshot("Elsewhere") == stored
    (outcome,) = provider.write("", [SeriesWrite(KEY, None, series(title="Deep work"))])
    assert outcome.state is OutcomeState.DONE
    assert len(graph.hand.names()) == 1
    assert graph.hand.snapshot("Elsewhere") == stored
