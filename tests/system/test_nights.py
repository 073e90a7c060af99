"""Whole nights on real calendars: nothing on top of a meeting, nothing written twice, nothing foreign touched."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from calsync.desk import open_desk
from calsync.errors import Busy
from calsync.exporting import export
from calsync.model import Kind
from calsync.state.lock import hold
from calsync.state.store import Store
from calsync.takeback import undo, uninstall
from tests.system.world import BERLIN, NOW, FolderShelf, World, meeting


def at(day: int, hour: int, minute: int = 0, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def stamps(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


def busy_afternoons(world: World) -> None:
    """A weekly team meeting on every afternoon but Wednesday's, and mornings that are taken."""
    for n, day in enumerate((23, 24, 26, 27)):
        world.shelf.put(f"am{n}.ics", meeting(f"am{n}", at(day, 9, month=11), 210, "RRULE:FREQ=WEEKLY"))
        world.shelf.put(f"pm{n}.ics", meeting(f"pm{n}", at(day, 13, 15, month=11), 255, "RRULE:FREQ=WEEKLY"))


def test_the_second_night_writes_nothing(world: World) -> None:
    world.shelf.put("m.ics", meeting("m", at(24, 10, month=11), 60, "RRULE:FREQ=WEEKLY"))
    first = world.night()
    assert (first.exit_code, first.written) == (0, 2)
    before = world.shelf.everything()
    second = world.night()
    assert (second.exit_code, second.written, second.changes) == (0, 0, [])
    assert world.shelf.everything() == before


def test_files_keep_their_bytes_and_times_when_nothing_changed(folder_world: World) -> None:
    world = folder_world
    world.extra = f"exports: [{{path: '{world.folder / 'connect.ics'}', details: full}}]"
    world.shelf.put("m.ics", meeting("m", at(24, 10, month=11), 60, "RRULE:FREQ=WEEKLY"))
    world.night()
    assert isinstance(world.shelf, FolderShelf)
    before = stamps(world.shelf.folder), (world.folder / "connect.ics").stat().st_mtime_ns
    for minutes in range(3):
        world.night(NOW + timedelta(minutes=minutes))
    assert (stamps(world.shelf.folder), (world.folder / "connect.ics").stat().st_mtime_ns) == before


def test_foreign_events_stay_byte_equal_through_everything(world: World) -> None:
    world.shelf.put("m.ics", meeting("m", at(24, 14, month=11), 60, "RRULE:FREQ=WEEKLY", title="Zoë & Бо: 東京"))
    foreign = world.shelf.everything()
    world.night()
    world.shelf.put("n.ics", meeting("n", at(1, 9), 480))
    foreign |= {"n.ics": world.shelf.get("n.ics")}
    list(world.nights(5, NOW + timedelta(days=1)))
    assert {n: d for n, d in world.shelf.everything().items() if not n.startswith("cs")} == foreign
    uninstall(open_desk(world.config, world.state, NOW + timedelta(days=7)))
    assert world.shelf.everything() == foreign


def test_a_clash_moves_that_date_only_and_it_goes_home_when_the_clash_does(world: World) -> None:
    world.night()
    series = world.blocks()[0].series
    day = series.first + timedelta(21)
    home = series.home(day)
    world.shelf.put("clash.ics", meeting("clash", home.start.astimezone(BERLIN), 30))
    report = world.night(NOW + timedelta(days=1))
    assert [(c.action.value, c.was_start) for c in report.changes if c.action.value != "update"] == [
        ("move", home.start)
    ]
    assert "team meeting" in report.changes[-1].reason
    moved = next(o.series for o in world.blocks() if o.series.key == series.key)
    assert list(moved.overrides) == [day]
    assert moved.overrides[day].span.start.isocalendar()[:2] == day.isocalendar()[:2]
    world.shelf.remove("clash.ics")
    report = world.night(NOW + timedelta(days=2))
    assert [c.action.value for c in report.changes if c.action.value != "update"] == ["restore"]
    assert next(o.series for o in world.blocks() if o.series.key == series.key).placed(day) == replace(
        moved.overrides[day], span=home
    )


def test_a_week_without_room_is_named_with_what_took_it_and_ends_with_5(folder_world: World) -> None:
    world = folder_world
    for n in range(5):
        world.shelf.put(f"x{n}.ics", meeting(f"x{n}", at(7 + n, 8), 720))
    report = world.night()
    assert report.exit_code == 5
    assert [(u.week, u.kind, u.missing) for u in report.unplaced] == [("2026-W50", Kind.CONNECT, 2)]
    assert "team meeting" in report.unplaced[0].displaced_by[0]
    assert not any("Review" in line for u in report.unplaced for line in u.displaced_by)


def test_a_frozen_block_is_not_moved_any_more(folder_world: World) -> None:
    world = folder_world
    world.night()
    series = world.blocks()[0].series
    home = series.home(series.first)
    world.shelf.put("late.ics", meeting("late", home.start.astimezone(BERLIN), 30))
    report = world.night(home.start.astimezone(BERLIN) - timedelta(hours=19))
    assert [c for c in report.changes if c.action.value != "update"] == []


def test_a_block_near_its_time_looks_busy_and_far_ones_look_free(folder_world: World) -> None:
    world = folder_world
    world.night()
    series = world.blocks()[0].series
    assert series.transparent
    world.night(series.home(series.first).start.astimezone(BERLIN) - timedelta(hours=10))
    after = next(o.series for o in world.blocks() if o.series.key == series.key)
    assert {day: o.transparent for day, o in after.overrides.items()} == {series.first: False}
    assert after.overrides[series.first].span == series.home(series.first)


def test_an_unreadable_calendar_stops_planning_and_loses_nothing(folder_world: World) -> None:
    world = folder_world
    world.calendars = [f"{{name: family, provider: ics, path: '{world.folder / 'family.ics'}'}}"]
    (world.folder / "family.ics").write_bytes(meeting("f", at(24, 15, month=11)))
    world.night()
    before = world.shelf.everything()
    (world.folder / "family.ics").write_bytes(meeting("f", at(24, 15, month=11))[:-40])
    world.shelf.put("new.ics", meeting("new", at(1, 9), 480))
    report = world.night(NOW + timedelta(days=1))
    assert report.exit_code == 3
    assert [(c.name, c.ok) for c in report.calendars] == [("work", True), ("family", False)]
    assert "family" in report.errors[0].what
    assert {n: d for n, d in world.shelf.everything().items() if n != "new.ics"} == before
    (world.folder / "family.ics").write_bytes(meeting("f", at(24, 15, month=11)))
    assert world.night(NOW + timedelta(days=1)).exit_code == 0


def test_a_full_calendar_that_reads_empty_is_not_believed_until_forced(folder_world: World) -> None:
    world = folder_world
    family = world.folder / "family"
    family.mkdir()
    world.calendars = [f"{{name: family, provider: ics, path: '{family}'}}"]
    for n in range(5):
        (family / f"{n}.ics").write_bytes(meeting(f"f{n}", at(1 + n, 15)))
    world.night()
    before = world.shelf.everything()
    for path in family.iterdir():
        path.unlink()
    for _ in range(2):
        report = world.night(NOW + timedelta(days=1))
        assert report.exit_code == 3
        assert "family: the calendar had 5 events to come and now reads empty" in report.errors[0].what
        assert world.shelf.everything() == before
    assert world.night(NOW + timedelta(days=1), force=True).exit_code == 0
    assert world.night(NOW + timedelta(days=1)).exit_code == 0


def test_the_guard_refuses_a_plan_that_moves_more_than_a_third(folder_world: World) -> None:
    world = folder_world
    world.night()
    before = world.shelf.everything()
    world.extra = 'working_hours: {mon-fri: "06:00-08:00"}'
    report = world.night(NOW + timedelta(minutes=1))
    assert report.exit_code == 3
    assert "more than a third" in report.errors[0].what
    assert world.shelf.everything() == before
    assert world.night(NOW + timedelta(minutes=1), force=True).errors == []
    assert {s.series.start.hour for s in world.blocks()} <= {6, 7}
    assert world.night(NOW + timedelta(minutes=2)).written == 0


def test_a_dry_run_changes_neither_calendar_nor_decisions(world: World) -> None:
    report = world.night(dry_run=True)
    assert [c.action.value for c in report.changes] == ["create", "create"]
    assert world.shelf.names() == []
    world.night()
    series = world.blocks()[0].series
    world.shelf.remove(f"{series.key}.ics")
    assert len(world.night(NOW + timedelta(minutes=1), dry_run=True).notes) == 1
    assert world.decisions() == []


def test_undo_takes_a_run_back_and_leaves_what_was_changed_since(world: World) -> None:
    world.shelf.put("m.ics", meeting("m", at(24, 10, month=11)))
    foreign = world.shelf.everything()
    world.night()
    after_first = world.shelf.everything()
    series = world.blocks()[0].series
    home = series.home(series.first + timedelta(21)).start.astimezone(BERLIN)
    world.shelf.put("clash.ics", meeting("clash", home, 30))
    world.night(NOW + timedelta(hours=1))
    desk = open_desk(world.config, world.state, NOW + timedelta(hours=2))
    report = undo(desk)
    assert (report.exit_code, report.written) == (0, 1)
    again = next(o.series for o in world.blocks() if o.series.key == series.key)
    assert again.same_content(series)
    assert set(world.shelf.names()) == {*after_first, "clash.ics"}
    assert undo(desk, 1).exit_code == 0
    assert set(world.shelf.names()) == {*foreign, "clash.ics"}


def test_a_lost_state_is_rebuilt_from_the_calendar_and_nothing_is_doubled(world: World) -> None:
    world.night()
    before = world.shelf.everything()
    shutil.rmtree(world.state)
    world.state.mkdir()
    report = world.night(NOW + timedelta(minutes=1))
    assert (report.exit_code, report.written) == (0, 0)
    assert world.shelf.everything() == before


def test_a_damaged_state_keeps_the_leaders_deletions(world: World) -> None:
    world.night()
    one, two = (o.series for o in world.blocks())
    world.shelf.remove(f"{one.key}.ics")
    world.night(NOW + timedelta(minutes=1))
    for suffix in ("", "-wal", "-shm"):
        (world.state / f"calsync.db{suffix}").unlink(missing_ok=True)
    (world.state / "calsync.db").write_bytes(os.urandom(30_000))
    report = world.night(NOW + timedelta(minutes=2))
    assert "was damaged; it was set aside as" in report.notes[0]
    assert (report.exit_code, report.written) == (0, 0)
    assert [o.series.key for o in world.blocks()] == [two.key]


def test_two_runs_at_once_are_not_possible(folder_world: World) -> None:
    folder_world.write_config()
    with hold(folder_world.state), pytest.raises(Busy):
        folder_world.night()


def test_without_a_writable_calendar_the_blocks_are_exported_only(tmp_path: Path) -> None:
    (tmp_path / "in.ics").write_bytes(meeting("m", at(24, 10, month=11), 60, "RRULE:FREQ=WEEKLY"))
    config = tmp_path / "config.yaml"
    config.write_text(
        "timezone: Europe/Berlin\ncalendars:\n  - {name: work, provider: ics, path: in.ics}\n"
        "blocks: {connect: {minutes: 30, per_week: 2}}\nexports: [{path: out.ics, details: titles}]\n",
        encoding="utf-8",
    )
    from calsync.nightly import run_night

    for minutes in range(3):
        desk = open_desk(config, tmp_path / "state", NOW + timedelta(minutes=minutes))
        report = run_night(desk)
        assert (report.exit_code, report.written) == (0, 0 if minutes else 2)
    text = (tmp_path / "out.ics").read_text(encoding="utf-8")
    assert text.count("RRULE:FREQ=WEEKLY;BYDAY=") == 2
    assert export(desk, Path("-"))[0].startswith("BEGIN:VCALENDAR")


def test_fewer_blocks_a_week_end_a_series_and_more_add_one(folder_world: World) -> None:
    world = folder_world
    world.night()
    world.connect = "{minutes: 30, per_week: 3}"
    report = world.night(NOW + timedelta(days=1))
    assert [c.action.value for c in report.changes if c.action.value != "update"] == ["create"]
    world.connect = "{minutes: 30, per_week: 2}"
    assert world.night(NOW + timedelta(days=2)).exit_code == 0
    later = NOW + timedelta(days=14)
    world.night(later)
    ahead = world.placed(later.date(), later.date() + timedelta(weeks=10))
    assert len({number for number, _ in ahead}) == 2
    assert len(ahead) == 20


def test_blocks_follow_the_wall_clock_across_both_clock_changes(folder_world: World) -> None:
    world = folder_world
    world.extra = "planning: {horizon_weeks: 40}"
    world.night()
    starts = {
        (number, start.astimezone(BERLIN).time())
        for (number, _), start in world.placed(NOW.date(), NOW.date() + timedelta(weeks=60)).items()
    }
    assert len(starts) == 2


def test_a_first_name_stands_in_near_entries_only_when_asked_for(folder_world: World) -> None:
    world = folder_world
    world.night()
    assert not any(b"Ana" in data for data in world.shelf.everything().values())
    world.extra = "privacy: {names: first}"
    world.night(NOW + timedelta(minutes=1))
    texts = [data for data in world.shelf.everything().values() if b"Ana" in data]
    assert texts
    assert not any(b"Sousa" in text or b"ana@example.com" in text for text in texts)
    assert world.night(NOW + timedelta(minutes=2)).written == 0


@pytest.mark.parametrize("blocks", ["{minutes: 30, per_week: 0}", None])
def test_a_kind_that_is_not_asked_for_any_more_ends_and_stays_away(folder_world: World, blocks: str | None) -> None:
    world = folder_world
    world.night()
    if blocks is None:
        world.extra = "# nothing is asked for"
        world.connect = "{minutes: 30, per_week: 0}\n  kindness: {minutes: 10, per_week: 1}"
    else:
        world.connect = blocks
    assert world.night(NOW + timedelta(days=1)).exit_code == 3
    assert world.night(NOW + timedelta(days=1), force=True).errors == []
    assert {o.series.kind for o in world.blocks() if o.series.until is None} <= {Kind.KINDNESS}
    assert world.night(NOW + timedelta(days=2)).errors == []


@pytest.mark.parametrize("loss", ["gone", "empty"])
def test_a_database_that_is_gone_keeps_the_leaders_decisions(folder_world: World, loss: str) -> None:
    world = folder_world
    world.night()
    kept = world.blocks()[1].series
    world.shelf.remove(f"{world.blocks()[0].series.key}.ics")
    world.night(NOW + timedelta(minutes=1))
    for suffix in ("", "-wal", "-shm"):
        (world.state / f"calsync.db{suffix}").unlink(missing_ok=True)
    if loss == "empty":
        (world.state / "calsync.db").touch()
    report = world.night(NOW + timedelta(minutes=2))
    assert report.notes == ["the state database was gone; it was rebuilt from decisions.json and the calendars"]
    assert report.written == 0
    assert [o.series.key for o in world.blocks()] == [kept.key]


def test_a_run_on_paper_leaves_the_state_as_it_is(folder_world: World) -> None:
    world = folder_world
    world.night()
    world.shelf.put("new.ics", meeting("new", at(1, 9), 480))
    before = {p: p.read_bytes() for p in world.state.rglob("*") if p.is_file()}
    world.night(NOW + timedelta(days=1), dry_run=True, force=True)
    assert {p: p.read_bytes() for p in world.state.rglob("*") if p.is_file()} == before


def test_blocks_on_a_calendar_that_is_no_longer_written_to_are_named_and_uninstalled(folder_world: World) -> None:
    world = folder_world
    world.night()
    old, new = world.shelf, FolderShelf(world.folder / "new")
    world.calendars = [f"{{name: old, provider: ics, path: '{old.config().split(chr(39))[1]}'}}"]
    world.shelf = new
    # The calendar that was called work is called old now, and read only; another one is called work.
    with Store(world.state, NOW) as store:
        rows = {("old", key): row for (_, key), row in store.base().items()}
        store.keep_base({**dict.fromkeys(store.base(), None), **rows})
    report = world.night(NOW + timedelta(days=1))
    assert any("blocks from earlier are still on old" in note for note in report.notes)
    uninstall(open_desk(world.config, world.state, NOW + timedelta(days=1)))
    assert old.names() == new.names() == []


def test_first_names_go_from_past_dates_too_when_they_are_no_longer_wanted(folder_world: World) -> None:
    world = folder_world
    world.extra = "privacy: {names: first}"
    list(world.nights(10))
    assert any(b"Ana" in data for data in world.shelf.everything().values())
    world.extra = ""
    world.night(NOW + timedelta(days=10))
    assert not any(b"Ana" in data for data in world.shelf.everything().values())


def test_undo_after_a_night_that_was_cut_off_knows_what_was_written(folder_world: World) -> None:
    world = folder_world
    world.night()
    with Store(world.state, NOW) as store:
        rows = store.journal(run=1)
        store.settle({row.id: ("intended", "") for row in rows}, {("work", row.key): None for row in rows})
    report = undo(open_desk(world.config, world.state, NOW + timedelta(hours=1)))
    assert (report.exit_code, report.written) == (0, 2)
    assert world.shelf.names() == []


def test_uninstall_on_paper_names_the_export_and_works_on_a_leap_day(folder_world: World) -> None:
    world = folder_world
    out = world.folder / "connect.ics"
    world.extra = f"exports: [{{path: '{out}'}}]"
    world.night()
    leap = open_desk(world.config, world.state, datetime(2028, 2, 29, 5, tzinfo=BERLIN))
    assert f"would remove {out}" in uninstall(leap, dry_run=True).notes
    assert out.exists()
    assert uninstall(leap).exit_code == 0
    assert not out.exists()
    assert world.shelf.names() == []


@pytest.mark.parametrize(
    ("said", "first"),
    [("", ""), (", call_name: 小明", "小明"), (", call_name: Ming", "Ming")],
    ids=["no", "own", "latin"],
)
def test_a_first_name_that_the_name_does_not_tell_stands_in_an_entry_only_when_the_leader_says_it(
    folder_world: World, said: str, first: str
) -> None:
    world = folder_world
    world.people = f"[{{name: 王小明, email: wang@example.com, ideal: 1d, max: 2d{said}}}]"
    world.extra = "privacy: {names: first}"
    assert world.night().errors == []
    titles = {
        line.removeprefix("SUMMARY:")
        for data in world.shelf.everything().values()
        for line in data.decode().splitlines()
        if line.startswith("SUMMARY:Focus")
    }
    assert titles == ({"Focus", f"Focus: {first}"} if first else {"Focus"})
    assert not any("王" in data.decode() for data in world.shelf.everything().values())
