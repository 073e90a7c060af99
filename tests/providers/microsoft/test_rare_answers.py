"""Answers that a Microsoft calendar gives seldom, each of which once led a simulated year astray."""

from __future__ import annotations

import pytest

from calsync.ports import SeriesWrite
from tests.contract.samples import BERLIN, WINDOW, series
from tests.providers.microsoft.conftest import Make
from tests.servers.graph import GraphServer

KEY = series().key


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
