"""When it is time for a night: once between two times of that name on the leader's clock, whatever clocks do."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.desk import Desk
from calsync.history import LastNight, due_after, is_due, last_night, last_since, next_since
from calsync.state import database, glance
from calsync.state.store import Store
from tests.unit.cli.calling import desk_at, plain_demo

ZONES = [
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Pacific/Apia",
]
INSTANTS = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - UTC is added
CLOCKS = st.builds(time, st.integers(0, 23), st.integers(0, 59))
AT = time(4, 15)


@given(INSTANTS, st.sampled_from(ZONES), CLOCKS)
def test_now_lies_between_the_last_and_the_next_time_of_that_name(now: datetime, zone: str, at: time) -> None:
    here = now.astimezone(ZoneInfo(zone))
    last, following = last_since(at, here).astimezone(UTC), next_since(at, here).astimezone(UTC)
    assert last <= now < following
    # A clock that changes makes a day an hour or two longer; the day that Samoa left out makes one of two.
    assert following - last <= timedelta(hours=26) or zone == "Pacific/Apia"
    assert last_since(at, following.astimezone(ZoneInfo(zone))).astimezone(UTC) == following
    assert next_since(at, (following - timedelta(seconds=1)).astimezone(ZoneInfo(zone))).astimezone(UTC) == following


@given(INSTANTS, st.sampled_from(ZONES), CLOCKS, st.integers(0, 59))
def test_one_night_a_night_is_run_when_it_is_asked_every_hour(
    start: datetime, zone: str, at: time, minute: int
) -> None:
    here, last, nights = ZoneInfo(zone), None, []
    begin = start.replace(minute=minute, second=0, microsecond=0)
    for hour in range(24 * 9):
        now = (begin + timedelta(hours=hour)).astimezone(here)
        if due_after(last, at, now):
            nights.append(last_since(at, now).astimezone(UTC))
            last = LastNight(now.astimezone(UTC), ended=True, exit=0)
    assert len(nights) == len(set(nights))
    passed = {
        last_since(at, (begin + timedelta(hours=hour)).astimezone(here)).astimezone(UTC) for hour in range(24 * 9)
    }
    assert set(nights) == passed, "and none was left out"


@given(INSTANTS, st.sampled_from(ZONES), CLOCKS, st.sampled_from([0, 1, 2, 4, 5, 75]))
def test_a_night_that_ended_is_not_run_again_before_the_next_time_and_one_that_is_unfinished_is(
    now: datetime, zone: str, at: time, code: int
) -> None:
    here = now.astimezone(ZoneInfo(zone))
    begun = last_since(at, here).astimezone(UTC)
    assert not due_after(LastNight(begun, ended=True, exit=code), at, here)
    assert due_after(LastNight(begun, ended=True, exit=3), at, here)
    assert due_after(LastNight(begun, ended=False, exit=None), at, here)
    assert due_after(LastNight(begun - timedelta(seconds=1), ended=True, exit=code), at, here)
    assert due_after(None, at, here)


def test_a_time_that_the_clocks_skip_comes_an_hour_later_and_one_they_show_twice_comes_once() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    skipped = last_since(time(2, 30), datetime(2026, 3, 29, 12, tzinfo=berlin))
    assert skipped == datetime(2026, 3, 29, 3, 30, tzinfo=berlin)
    between = datetime(2026, 10, 25, 2, 45, fold=1, tzinfo=berlin)
    assert last_since(time(2, 30), between).astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_since(time(2, 30), between).date() == date(2026, 10, 26)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    plain_demo(tmp_path / "demo")
    return tmp_path / "demo"


def ran(desk: Desk, command: str = "nightly", *, exit_code: int | None = 0) -> None:
    with Store(desk.state_folder, desk.now) as store:
        run = store.begin_run(command, desk.now, desk.now)
        if exit_code is not None:
            store.end_run(run, exit_code, {})


def at(folder: Path, text: str) -> Desk:
    return desk_at(folder, f"2026-11-{text}+01:00")


def test_before_the_first_night_it_is_time_for_one(folder: Path) -> None:
    desk = at(folder, "09T12:00")
    assert last_night(desk) is None
    assert is_due(desk, AT)
    assert not (desk.state_folder / database.FILE_NAME).exists(), "looking makes nothing"


def test_a_night_of_after_the_time_counts_and_one_of_before_it_does_not(folder: Path) -> None:
    ran(at(folder, "09T04:14"))
    assert not is_due(at(folder, "09T04:14:59"), AT)
    assert is_due(at(folder, "09T04:15"), AT)
    ran(at(folder, "09T04:15"))
    assert not is_due(at(folder, "09T04:15"), AT)
    assert not is_due(at(folder, "10T04:14:59"), AT)
    assert is_due(at(folder, "10T04:15"), AT)
    assert last_night(at(folder, "10T04:15")) == LastNight(datetime(2026, 11, 9, 3, 15, tzinfo=UTC), True, 0)


@pytest.mark.parametrize("command", ["plan", "restore", "undo", "uninstall"])
def test_only_a_night_counts_as_one(folder: Path, command: str) -> None:
    ran(at(folder, "09T05:00"), command)
    assert is_due(at(folder, "09T06:00"), AT)


def test_a_night_that_was_cut_off_is_not_over(folder: Path) -> None:
    ran(at(folder, "09T05:00"), exit_code=None)
    assert last_night(at(folder, "09T06:00")) == LastNight(datetime(2026, 11, 9, 4, tzinfo=UTC), False, None)
    assert is_due(at(folder, "09T06:00"), AT)


def test_the_newest_night_decides(folder: Path) -> None:
    ran(at(folder, "09T05:00"), exit_code=3)
    assert is_due(at(folder, "09T06:00"), AT)
    ran(at(folder, "09T06:00"))
    assert not is_due(at(folder, "09T07:00"), AT)
    ran(at(folder, "09T07:00"), exit_code=3)
    assert is_due(at(folder, "09T08:00"), AT)


def test_a_night_that_was_tried_for_a_later_time_does_not_count_before_it(folder: Path) -> None:
    ran(at(folder, "20T05:00"))
    assert last_night(at(folder, "09T06:00")) is None
    assert is_due(at(folder, "09T06:00"), AT)


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0"])
def test_a_state_that_cannot_be_read_is_as_good_as_none(folder: Path, content: bytes) -> None:
    (folder / "state").mkdir(exist_ok=True)
    (folder / "state" / database.FILE_NAME).write_bytes(content)
    assert is_due(at(folder, "09T06:00"), AT)


def test_a_night_that_another_process_is_writing_just_now_is_not_waited_for(folder: Path) -> None:
    ran(at(folder, "09T05:00"))
    with sqlite3.connect(folder / "state" / database.FILE_NAME, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not is_due(at(folder, "09T06:00"), AT)
        other.execute("ROLLBACK")


def test_the_database_has_one_name() -> None:
    assert glance.FILE_NAME == database.FILE_NAME
