"""What a calendar says of the blocks that it took in another way than asked for reaches the leader, each thing once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from calsync.config.values import BlockConfig, CalendarConfig, Config, Names, PlanningConfig
from calsync.desk import Desk
from calsync.model import Kind, Series
from calsync.nightly import run_night
from calsync.planning.board import Prefer
from calsync.ports import Outcome, OutcomeState, SeriesWrite
from calsync.state.store import Store
from calsync.sync.apply import apply_writes
from calsync.takeback import undo
from providers.memory import Fault, MemoryProvider, MemoryServer
from tests.unit.sync.made import NOW, series

NOTE = "this account has no focus time; the blocks are ordinary events"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    hours = {day: ((time(9), time(17)),) for day in range(5)}
    options = {"server": str(tmp_path)}
    config = Config(
        path=tmp_path / "config.yaml",
        timezone="Europe/Berlin",
        me=frozenset(),
        working_hours=hours,
        holidays="",
        free_days=frozenset(),
        calendars=tuple(CalendarConfig(name, "memory", write=True, options=options) for name in ("work", "home")),
        blocks=(BlockConfig(Kind.CONNECT, 30, 2, 1, Prefer.ANY, "Focus"),),
        planning=PlanningConfig(horizon_weeks=2),
        people=(),
        names=Names.NONE,
        exports=(),
        notify=(),
    )
    return Desk(config, tmp_path / "state", datetime(2026, 11, 23, 3, tzinfo=ZoneInfo("Europe/Berlin")))


def server(desk: Desk) -> MemoryServer:
    provider = desk.provider("work")
    assert isinstance(provider, MemoryProvider)
    return provider.server


def written(desk: Desk, *after: Series) -> tuple[str, ...]:
    with Store(desk.state_folder, desk.now) as store:
        run = store.begin_run("nightly", NOW, NOW)
        writes = [SeriesWrite(one.key, None, one) for one in after]
        return apply_writes(store, run, "work", desk.provider("work"), writes).notes


def test_a_note_about_many_blocks_is_handed_up_once_and_names_the_calendar(desk: Desk) -> None:
    server(desk).note = NOTE
    assert written(desk, series(), series(key="other", number=2)) == (f"work: {NOTE}",)


def test_a_calendars_name_stands_in_front_once(desk: Desk) -> None:
    server(desk).note = f"work: {NOTE}"
    assert written(desk, series()) == (f"work: {NOTE}",)


def test_it_does_not_stand_behind_it_again_where_a_block_was_not_sent(desk: Desk) -> None:
    class Silent(MemoryProvider):
        def write(self, calendar: str, writes: Sequence[SeriesWrite]) -> list[Outcome]:
            return [Outcome(OutcomeState.FAILED, error="not sent: work: it did not answer") for _ in writes]

    provider = desk.provider("work")
    provider.__class__ = Silent
    with Store(desk.state_folder, desk.now) as store:
        run = store.begin_run("nightly", NOW, NOW)
        one = series()
        applied = apply_writes(store, run, "work", provider, [SeriesWrite(one.key, None, one)])
    assert applied.problems == ("work: not sent: it did not answer",)


def test_where_everything_is_as_wished_there_is_no_note(desk: Desk) -> None:
    assert written(desk, series()) == ()


def test_what_was_not_written_has_no_note(desk: Desk) -> None:
    server(desk).note = NOTE
    server(desk).fail_next(Fault.REFUSED)
    assert written(desk, series()) == ()


def test_the_night_tells_each_calendars_note_once_and_a_quiet_night_none(desk: Desk) -> None:
    server(desk).note = NOTE
    night = run_night(desk)
    assert night.written > len(desk.config.calendars)
    assert night.notes == [f"work: {NOTE}", f"home: {NOTE}"]
    assert night.as_json()["notes"] == night.notes
    assert night.exit_code == 0
    assert run_night(desk).notes == []


def test_taking_back_tells_it_once_too(desk: Desk) -> None:
    run_night(desk)
    undone = undo(desk)
    server(desk).note = NOTE
    back = undo(desk, undone.run)
    assert back.written > len(desk.config.calendars)
    assert sorted(note for note in back.notes if NOTE in note) == [f"home: {NOTE}", f"work: {NOTE}"]
