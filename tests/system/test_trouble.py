"""Trouble of the machine: one line that says what is wrong, one that says what to do, and nothing lost."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

import calsync
from calsync.state.lock import hold
from tests.conftest import RunCalsync
from tests.system.world import BERLIN, FolderShelf, World, meeting

NOW = "2026-11-23T03:00:00+01:00"
LATER = "2026-11-24T03:00:00+01:00"


def args(world: World, *words: str, now: str = NOW) -> list[str | Path]:
    return ["--config", world.config, "--state", world.state, *words, "--now", now]


@pytest.fixture
def begun(folder_world: World, run_calsync: RunCalsync) -> World:
    """A leader whose first night went well, with one meeting."""
    start = datetime(2026, 11, 24, 10, tzinfo=BERLIN)
    folder_world.shelf.put("m.ics", meeting("m", start, 60, "RRULE:FREQ=WEEKLY"))
    folder_world.write_config()
    assert run_calsync(args(folder_world, "nightly")).code == 0
    return folder_world


def two_lines(stderr: str) -> list[str]:
    lines = stderr.strip().splitlines()
    assert len(lines) == 2, stderr
    assert "Traceback" not in stderr
    assert lines[0].startswith("calsync: ")
    return lines


def test_a_second_run_says_so_and_ends_with_75(begun: World, run_calsync: RunCalsync) -> None:
    with hold(begun.state):
        ended = run_calsync(args(begun, "nightly"))
    assert ended.code == 75
    assert two_lines(ended.stderr)[0] == f"calsync: another calsync run is using {begun.state}"


def test_a_full_disk_changes_no_calendar_and_is_said(begun: World) -> None:
    clash = begun.blocks()[0].series
    begun.shelf.put("clash.ics", meeting("clash", clash.home(clash.first).start, 30))
    before = begun.shelf.everything()
    words = [sys.executable, "-P", "-m", "calsync", *map(str, args(begun, "nightly", now=LATER))]
    # No file may grow beyond nothing: what a write meets on a full disk, without filling one.
    ended = subprocess.run(
        ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *words],
        env={"PYTHONPATH": str(Path(calsync.__file__).resolve().parents[1]), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 3, ended.stderr
    assert "Traceback" not in ended.stderr
    assert begun.shelf.everything() == before
    assert begun.night(datetime.fromisoformat(LATER)).exit_code == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "empty"), (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "END"), (b"<html>sign in</html>", "VCALENDAR")],
)
def test_a_torn_or_foreign_file_in_a_calendar_is_named_and_the_old_plan_stays(
    begun: World, run_calsync: RunCalsync, content: bytes, said: str
) -> None:
    before = begun.shelf.everything()
    begun.shelf.put("torn.ics", content)
    ended = run_calsync(args(begun, "nightly", now=LATER))
    assert ended.code == 3
    lines = two_lines(ended.stderr)
    assert "torn.ics" in lines[0]
    assert said.lower() in lines[0].lower()
    begun.shelf.remove("torn.ics")
    assert begun.shelf.everything() == before
    assert run_calsync(args(begun, "nightly", now=LATER)).code == 0


def test_a_calendar_folder_that_vanished_is_no_empty_calendar(begun: World, run_calsync: RunCalsync) -> None:
    assert isinstance(begun.shelf, FolderShelf)
    begun.shelf.folder.rename(begun.folder / "elsewhere")
    ended = run_calsync(args(begun, "nightly", now=LATER))
    assert ended.code == 3
    assert str(begun.shelf.folder) in two_lines(ended.stderr)[0]
    assert not begun.shelf.folder.exists()


@pytest.mark.parametrize("loss", ["damaged", "gone", "gone with its copy"])
def test_a_loss_that_another_command_came_upon_first_is_told_by_the_next_night_once(
    begun: World, run_calsync: RunCalsync, loss: str
) -> None:
    for suffix in ("", "-wal", "-shm"):
        (begun.state / f"calsync.db{suffix}").unlink(missing_ok=True)
    if loss == "damaged":
        (begun.state / "calsync.db").write_bytes(b"\0" * 9999)
    if loss == "gone with its copy":
        (begun.state / "decisions.json").write_text("[]", "utf-8")
    assert run_calsync(args(begun, "week")).code == 0
    notes = run_calsync(args(begun, "nightly", "--json")).json()["notes"]
    expected = {
        "damaged": "the state database was damaged; it was set aside as",
        "gone": "the state database was gone; it was rebuilt",
        "gone with its copy": "decisions.json was damaged; it was set aside as",
    }
    assert len(notes) == 1
    assert notes[0].startswith(expected[loss])
    assert run_calsync(args(begun, "nightly", "--json")).json()["notes"] == []


def test_a_damaged_database_is_set_aside_and_the_night_goes_on(begun: World, run_calsync: RunCalsync) -> None:
    before = begun.shelf.everything()
    (begun.state / "calsync.db").write_bytes(b"\0" * 9999)
    (note,) = run_calsync(args(begun, "plan", "--json")).json()["notes"]
    assert note == "the state database is damaged; the next night sets it aside and rebuilds it from the calendars"
    ended = run_calsync(args(begun, "nightly", "--json"))
    assert ended.code == 0
    assert "set aside as" in ended.json()["notes"][0]
    assert ended.json()["written"] == 0
    assert begun.shelf.everything() == before


def test_json_is_all_that_stdout_carries_even_when_something_is_wrong(begun: World, run_calsync: RunCalsync) -> None:
    begun.shelf.put("torn.ics", b"")
    night = run_calsync(args(begun, "nightly", "--json", now=LATER)).json()
    assert night["exit"] == 3
    assert night["calendars"][0]["ok"] is False
    assert night["errors"][0]["next_step"]
