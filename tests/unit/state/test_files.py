"""Which files of a state folder are ours: all that the page of the state names, and nothing that only looks like it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from calsync.state.files import LOCK, inventory, others, own_files, remove_own_files

PAGE = Path(__file__).resolve().parents[3] / "docs" / "state.md"
INSIDE = {
    "grants/": "google-maya_example.com-0a1b.json",
    "logs/": "2026-11-26.jsonl",
    "reports/": "calsync-20261126T041500Z-x_1.txt",
}


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("", "utf-8")


def test_every_file_that_the_page_names_is_ours(tmp_path: Path) -> None:
    table = PAGE.read_text("utf-8").partition("## ")[0]
    named = [name + INSIDE.get(name, "") for name in re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)]
    assert len(named) >= 8
    put(tmp_path, *named)
    assert {path.relative_to(tmp_path).as_posix() for path in own_files(tmp_path)} == set(named)
    assert others(tmp_path) == []
    assert own_files(tmp_path)[-1].name == LOCK


@pytest.mark.parametrize(
    "name",
    [
        "calsync.db-wal",
        "calsync.db.damaged-20261126T041500",
        "calsync.db.damaged-20261126T041500-2-wal",
        "decisions.json.damaged-20261126T041500",
        ".decisions.json.0123456789ab.tmp",
        "grants/microsoft-maya.json.lock",
        "grants/.google-maya.json.0123456789ab.tmp",
        "setup.unfinished",
    ],
)
def test_what_is_left_of_a_damage_a_kill_or_a_setup_is_ours_too(tmp_path: Path, name: str) -> None:
    put(tmp_path, name)
    assert own_files(tmp_path) == [tmp_path / name]


@pytest.mark.parametrize(
    "name",
    ["copy.db", "calsync.db.bak", "notes.txt", "grants/mine.txt", "logs/today.jsonl", "reports/q3.txt", "x/lock"],
)
def test_what_somebody_else_put_there_is_not(tmp_path: Path, name: str) -> None:
    put(tmp_path, "calsync.db", name)
    assert own_files(tmp_path) == [tmp_path / "calsync.db"]
    assert others(tmp_path) == [name.partition("/")[0]]
    assert remove_own_files(tmp_path) == [tmp_path / "calsync.db"]
    assert (tmp_path / name).exists()


def test_folders_that_are_empty_then_go_too_and_a_link_loses_only_itself(tmp_path: Path) -> None:
    state, elsewhere = tmp_path / "state", tmp_path / "elsewhere.db"
    elsewhere.write_text("", "utf-8")
    put(state, "logs/2026-11-26.jsonl", "lock")
    (state / "calsync.db").symlink_to(elsewhere)
    assert inventory(state) == ["calsync.db", "logs/ (1 file)", "lock"]
    remove_own_files(state, keep_lock=True)
    assert [path.name for path in state.iterdir()] == ["lock"]
    assert remove_own_files(state) == [state / "lock", state]
    assert not state.exists()
    assert elsewhere.exists()
    assert remove_own_files(state) == []
