"""No answer is ever written over what calsync itself reads: a slip in a file's name costs nothing."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from calsync.cli import main
from calsync.demo import write_demo

NOW = "2026-11-09T05:00:00+01:00"
COMMANDS = (["report", "--html"], ["people", "export", "--out"], ["people", "export", "Ana", "--out"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_demo(tmp_path, datetime.fromisoformat(NOW))
    for name in ("topics.yaml", "kindness.yaml"):
        (tmp_path / name).write_text("[]\n", "utf-8")
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "decisions.json").touch()
    return tmp_path


def call(folder: Path, command: list[str], file: Path) -> int:
    paths = ["--config", str(folder / "config.yaml"), "--state", str(folder / "state")]
    return main([*paths, *command, str(file), "--now", NOW])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    "name",
    [
        "config.yaml",
        "topics.yaml",
        "kindness.yaml",
        "state/decisions.json",
        "calendars/work/mine.ics",
        "calendars/family.ics",
    ],
)
def test_an_answer_goes_over_nothing_that_calsync_reads(
    folder: Path, command: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / name
    before = file.read_bytes() if file.exists() else None
    assert call(folder, command, file) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"calsync: {file}: ")
    assert "name another file" in said
    assert (file.read_bytes() if file.exists() else None) == before


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_link_to_the_configuration_is_the_configuration(folder: Path, command: list[str]) -> None:
    (folder / "page.html").symlink_to(folder / "config.yaml")
    assert call(folder, command, folder / "page.html") == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_device_or_pipe_is_not_replaced_by_a_file(folder: Path, command: list[str]) -> None:
    os.mkfifo(folder / "pipe")
    assert call(folder, command, folder / "pipe") == 2
    assert (folder / "pipe").is_fifo()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_any_other_file_is_written_also_over_an_older_answer(folder: Path, command: list[str]) -> None:
    (folder / "answer").write_text("old", "utf-8")
    assert call(folder, command, folder / "answer") == 0
    assert (folder / "answer").read_text("utf-8") != "old"
