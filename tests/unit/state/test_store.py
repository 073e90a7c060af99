"""What is remembered comes back as it was, whole or not at all; a damaged database loses nothing of the leader."""

from __future__ import annotations

import multiprocessing
import re
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine

import calsync.state
from calsync.errors import Busy, StateError
from calsync.model import Answer, Event, EventType, Occurrence, Party, PartyKind, Role, Span, Status
from calsync.ports import Expanded, OwnedSeries, Resource
from calsync.state import ledger
from calsync.state.codec import dump_occurrences, dump_owned, dump_series, load_occurrences, load_owned, load_series
from calsync.state.database import HEAD, migrate, open_database
from calsync.state.lock import hold
from calsync.state.runs import KEPT_RUNS
from calsync.state.store import BaseSeries, CalendarState, Decision, Store
from calsync.state.tables import metadata
from tests.unit.sync.made import NOW, later, series, week

words = st.text(st.characters(codec="utf-8"), max_size=8)
instants = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 - made aware at once
    lambda d: d.replace(tzinfo=UTC, microsecond=0)
)
parties = st.builds(
    Party, words, words, st.sampled_from(PartyKind), st.sampled_from(Role), st.sampled_from(Answer), st.booleans()
)
events = st.builds(
    Event,
    words,
    words,
    st.sampled_from(Status),
    st.booleans(),
    st.sampled_from(EventType),
    words,
    st.booleans(),
    st.lists(parties, max_size=3).map(tuple),
    st.booleans(),
    st.booleans(),
    words,
)
occurrences = st.builds(
    lambda e, s, n, a: Occurrence(e, Span(s, s + timedelta(minutes=n)), a),
    events,
    instants,
    st.integers(1, 9999),
    st.booleans(),
)


@given(st.lists(occurrences, max_size=6).map(tuple))
def test_occurrences_come_back_as_they_were(given_ones: tuple[Occurrence, ...]) -> None:
    assert tuple(load_occurrences(dump_occurrences(given_ones))) == given_ones


def test_a_series_comes_back_with_its_zone_and_exceptions() -> None:
    one = series(
        until=week(20),
        cancelled=frozenset({week(1), week(2)}),
        dropped=frozenset({week(2)}),
        overrides={week(3): later(series(), week(3), title="Zoë, 東京")},
        sequence=4,
    )
    again = load_series(dump_series(one))
    assert again == one
    assert again is not None
    assert again.overrides[week(3)].span.start.tzinfo == ZoneInfo("Europe/Berlin")
    assert load_series("") is None
    assert load_owned("") is None


@pytest.mark.parametrize("unfinished", [False, True])
def test_a_series_as_it_stands_comes_back_with_whether_its_writing_was_cut_off(unfinished: bool) -> None:
    owned = OwnedSeries(series(), "name", "etag", frozenset({week(1)}), unfinished)
    assert load_owned(dump_owned(owned)) == owned


def schema(engine: Engine) -> set[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").all()
    return {(name, re.sub(r"\s+", " ", sql)) for name, sql in rows}


def test_the_migrations_build_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    engine, _ = open_database(tmp_path, NOW)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    migrated = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    migrate(migrated)
    with migrated.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == HEAD
    assert {name for name, _ in schema(migrated)} == {name for name, _ in schema(engine)}
    for one in (engine, migrated):
        one.dispose()
    scripts = ScriptDirectory(str(Path(calsync.state.__file__).parent))
    assert scripts.get_current_head() == HEAD


def test_the_database_is_private_durable_and_in_wal_mode(tmp_path: Path) -> None:
    engine, _ = open_database(tmp_path / "state", NOW)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    engine.dispose()
    assert stat.S_IMODE((tmp_path / "state" / "calsync.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_a_database_of_a_newer_calsync_is_refused_and_left_alone(tmp_path: Path) -> None:
    engine, _ = open_database(tmp_path, NOW)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(StateError, match="made by a newer calsync"):
        Store(tmp_path, NOW)
    assert not list(tmp_path.glob("*.damaged*"))


def reading(name: str = "a.ics") -> tuple[Resource, Expanded]:
    occurrence = Occurrence(Event("u"), Span(NOW, NOW + timedelta(hours=1)))
    return Resource(name, "e1", b"BEGIN"), Expanded(name, (occurrence,))


def state(cursor: str = "c1") -> CalendarState:
    return CalendarState("f", cursor, NOW, NOW + timedelta(100), "Europe/Berlin")


def test_rows_and_cursor_are_kept_together_and_replaced_by_name(tmp_path: Path) -> None:
    with Store(tmp_path, NOW) as store:
        ours = OwnedSeries(series(), "b.ics", "e", frozenset({week(1)}))
        mine = (Resource("b.ics", "e", b""), Expanded("b.ics", (), ours))
        store.keep_reading("work", state(), [reading(), mine], (), NOW, complete=True)
        assert store.calendar("work") == state()
        assert [r.name for r in store.resources("work")] == ["a.ics", "b.ics"]
        assert store.owned("work") == {series().key: ours}
        store.keep_reading("work", state("c2"), [reading("c.ics")], ["a.ics"], NOW, complete=False)
        assert [r.name for r in store.resources("work")] == ["b.ics", "c.ics"]
        assert len(store.occurrences("work")) == 1
        assert store.occurrences("work", without={"c.ics"}) == []
        store.keep_reading("work", state("c3"), [reading("d.ics")], (), NOW, complete=True)
        assert [r.name for r in store.resources("work")] == ["d.ics"]
        assert store.resources("home") == []


def test_a_failed_reading_leaves_rows_and_cursor_of_the_one_before(tmp_path: Path) -> None:
    with Store(tmp_path, NOW) as store:
        store.keep_reading("work", state(), [reading()], (), NOW, complete=True)
        with pytest.raises(StateError):
            store.keep_reading("work", state("c2"), [reading("b.ics"), reading("b.ics")], (), NOW, complete=True)
        assert store.calendar("work") == state()
        assert [r.name for r in store.resources("work")] == ["a.ics"]


def decision(home: str = "2026-12-01", what: str = "deleted") -> Decision:
    return Decision(0, what, "connect", 1, 0, home, "null", "work", NOW)


def test_a_newer_decision_on_a_date_replaces_the_older(tmp_path: Path) -> None:
    with Store(tmp_path, NOW) as store:
        store.add_decisions([decision()])
        store.add_decisions([decision(what="pinned"), decision("", "retired")])
        assert [(d.home, d.what) for d in store.decisions()] == [("2026-12-01", "pinned"), ("", "retired")]
        store.drop_decisions(d.id for d in store.decisions())
        assert store.decisions() == []


def test_generations_only_go_up_and_outlive_their_series(tmp_path: Path) -> None:
    with Store(tmp_path, NOW) as store:
        one, two = series(generation=3), series(generation=1)
        store.keep_base({("work", one.key): BaseSeries(one, "", "e", standing=True)})
        store.keep_base({("home", two.key): BaseSeries(two, "", "e", standing=True)})
        store.keep_base({("work", one.key): None, ("home", two.key): None})
        assert store.base() == {}
        assert store.generations() == {("connect", 1): 3}


def test_what_is_intended_is_there_before_it_is_settled(tmp_path: Path) -> None:
    with Store(tmp_path, NOW) as store:
        run = store.begin_run("nightly", NOW, NOW)
        (row,) = store.intend(run, "work", [(series().key, None, series())])
    with Store(tmp_path, NOW) as store:
        (found,) = store.journal(state="intended")
        assert (found.run, found.calendar, found.before, found.after) == (run, "work", None, series())
        base = BaseSeries(series(), "", "e", standing=True)
        store.settle({row: ("confirmed", "")}, {("work", series().key): base})
        assert store.journal(state="intended") == []
        assert store.base("work") == {("work", series().key): base}
        assert store.last_undoable() == run
        store.end_run(run, 0, {"written": 1})
        assert store.runs(5)[0] | {"started_at": "", "now": ""} == {
            "run": run,
            "command": "nightly",
            "started_at": "",
            "now": "",
            "exit": 0,
            "written": 1,
        }


@pytest.mark.parametrize("damage", ["garbage", "truncated", "page"])
def test_a_damaged_database_is_set_aside_and_nothing_of_the_leaders_is_lost(tmp_path: Path, damage: str) -> None:
    with Store(tmp_path, NOW) as store:
        store.log_turn("Zoë", NOW, "personal")
        store.snooze("Bo", date(2026, 12, 24))
        store.see_people(["Zoë", "Bo"], date(2026, 11, 1))
        store.add_decisions([decision()])
        store.keep_base({("work", series().key): BaseSeries(series(), "r", "e", standing=True)})
    path = tmp_path / "calsync.db"
    whole = path.read_bytes()
    broken = {
        "garbage": b"not a database" * 999,
        "truncated": whole[: len(whole) // 2],
        "page": whole[:4096] + b"\xff" * 4096 + whole[8192:],
    }[damage]
    path.write_bytes(broken)
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"calsync.db{suffix}").unlink(missing_ok=True)
    with Store(tmp_path, NOW) as store:
        assert store.set_aside is not None
        assert store.set_aside.read_bytes() == broken
        assert [(c.person, c.at, c.kind) for c in store.contacts()] == [("Zoë", NOW, "personal")]
        assert store.snoozes() == {"Bo": date(2026, 12, 24)}
        assert store.newcomers() == {"Zoë": date(2026, 11, 1), "Bo": date(2026, 11, 1)}
        assert [d.home for d in store.decisions()] == ["2026-12-01"]
        ((_, base),) = store.base().items()
        assert (base.series, base.etag) == (series(), ledger.UNCERTAIN)
    path.write_bytes(b"again")
    with Store(tmp_path, NOW) as store:
        assert len([p for p in tmp_path.glob("*.damaged-*") if not p.name.endswith(("-wal", "-shm"))]) == 2
        assert len(store.contacts()) == 1


def test_an_unreadable_second_copy_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "calsync.db").write_bytes(b"garbage" * 1000)
    (tmp_path / ledger.FILE_NAME).write_text("{torn", encoding="utf-8")
    with Store(tmp_path, NOW) as store:
        assert store.contacts() == []


def test_the_second_copy_is_private(tmp_path: Path) -> None:
    with Store(tmp_path, NOW) as store:
        store.log_turn("Ana", NOW, "personal")
    assert stat.S_IMODE((tmp_path / ledger.FILE_NAME).stat().st_mode) == 0o600


def test_a_state_folder_that_is_a_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("", encoding="utf-8")
    with pytest.raises(StateError, match=r"the state folder .* cannot be used: "), hold(tmp_path / "state"):
        pass
    with pytest.raises(StateError, match=r"the state folder .* cannot be used: "):
        Store(tmp_path / "state", NOW)


def _hold(folder: Path, held: multiprocessing.synchronize.Event, done: multiprocessing.synchronize.Event) -> None:
    with hold(folder):
        held.set()
        done.wait(30)


def test_a_second_process_is_told_that_another_run_is_in_progress(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path, held, done))
    other.start()
    assert held.wait(30)
    with pytest.raises(Busy, match="another calsync run is using"), hold(tmp_path):
        pass
    other.kill()
    other.join(30)
    with hold(tmp_path):
        pass


def test_assignments_are_replaced_from_a_moment_on(tmp_path: Path) -> None:
    with Store(tmp_path, NOW) as store:
        store.keep_assignments({"a": (NOW - timedelta(9), ["Ana"]), "b": (NOW, ["Bo"])}, NOW)
        store.keep_assignments({"c": (NOW + timedelta(1), ["Cy", "Ana"])}, NOW)
        assert store.assignments() == {
            "a": (NOW - timedelta(9), ("Ana",)),
            "c": (NOW + timedelta(1), ("Cy", "Ana")),
        }


def test_old_writes_are_forgotten_but_never_an_open_one(tmp_path: Path) -> None:
    with Store(tmp_path, NOW) as store:
        first = store.begin_run("nightly", NOW, NOW)
        done, _open = store.intend(first, "work", [(series().key, None, series())] * 2)
        store.settle({done: ("confirmed", "")}, {})
        for _ in range(KEPT_RUNS):
            last = store.begin_run("nightly", NOW, NOW)
        store.end_run(last, 0, {})
        assert [row.state for row in store.journal(run=first)] == ["intended"]
