"""What is kept of acts of kindness: in the order in which it was said, changed in its place, and forgotten when old."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from calsync.state.store import Store

NOW = datetime(2026, 12, 7, 8, tzinfo=UTC)
DAY = date(2026, 12, 7)


def said(store: Store) -> list[tuple[date, str, str, str, str]]:
    return [(row.day, row.act, row.person, row.state, row.body) for row in store.acts()]


def test_a_row_is_changed_in_its_place_so_that_the_order_stays(tmp_path: Path) -> None:
    with Store(tmp_path, NOW) as store:
        store.keep_act(DAY, "first", "Ana", "told", NOW)
        store.keep_act(DAY, "second", "", "told", NOW)
        first, second = store.acts()
        store.keep_act(DAY, "first", "Ben", "done", NOW, "sealed", instead_of=first.id)
        assert said(store) == [(DAY, "first", "Ben", "done", "sealed"), (DAY, "second", "", "told", "")]
        assert [row.id for row in store.acts()] == [first.id, second.id]


def test_old_notes_go_before_the_acts_and_then_the_acts(tmp_path: Path) -> None:
    with Store(tmp_path, NOW) as store:
        store.keep_act(DAY, "one", "Ana", "done", NOW, "sealed")
        store.keep_act(DAY + timedelta(7), "two", "", "done", NOW + timedelta(7), "sealed")
        store.drop_act_notes(NOW + timedelta(1))
        assert [row[4] for row in said(store)] == ["", "sealed"]
        store.drop_acts(DAY + timedelta(7))
        assert [row[1] for row in said(store)] == ["two"]


def test_where_nothing_is_old_nothing_is_written(tmp_path: Path) -> None:
    with Store(tmp_path, NOW) as store:
        store.keep_act(DAY, "one", "Ana", "done", NOW, "sealed")
        copy = (tmp_path / "decisions.json").stat().st_mtime_ns
        store.drop_act_notes(NOW)
        store.drop_acts(DAY)
    assert (tmp_path / "decisions.json").stat().st_mtime_ns == copy


def test_a_lost_database_has_them_back_from_the_second_copy(tmp_path: Path) -> None:
    with Store(tmp_path, NOW) as store:
        store.keep_act(DAY, "skipped", "", "skipped", NOW)
        store.keep_act(DAY, "instead", "Ana", "done", NOW, "sealed")
        before = said(store)
    for path in tmp_path.glob("calsync.db*"):
        path.unlink()
    with Store(tmp_path, NOW) as store:
        assert said(store) == before
