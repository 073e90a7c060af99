"""No answer is ever written over what calsync itself reads: a slip in a file's name costs nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.cli.calling import Calsync, plain_demo

COMMANDS = (["report", "--html"], ["people", "export", "--out"], ["people", "export", "Ana", "--out"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    plain_demo(tmp_path)
    for name in ("topics.yaml", "kindness.yaml"):
        (tmp_path / name).write_text("[]\n", "utf-8")
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "decisions.json").touch()
    return tmp_path


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
    calsync: Calsync, folder: Path, command: list[str], name: str
) -> None:
    file = folder / name
    before = file.read_bytes() if file.exists() else None
    said = calsync(*command, str(file))
    assert said.code == 2
    assert said.err.startswith(f"calsync: {file}: ")
    assert "name another file" in said.err
    assert (file.read_bytes() if file.exists() else None) == before


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_link_to_the_configuration_is_the_configuration(calsync: Calsync, folder: Path, command: list[str]) -> None:
    (folder / "page.html").symlink_to(folder / "config.yaml")
    assert calsync(*command, str(folder / "page.html")).code == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_device_or_pipe_is_not_replaced_by_a_file(calsync: Calsync, folder: Path, command: list[str]) -> None:
    os.mkfifo(folder / "pipe")
    assert calsync(*command, str(folder / "pipe")).code == 2
    assert (folder / "pipe").is_fifo()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_any_other_file_is_written_also_over_an_older_answer(
    calsync: Calsync, folder: Path, command: list[str]
) -> None:
    (folder / "answer").write_text("old", "utf-8")
    assert calsync(*command, str(folder / "answer")).code == 0
    assert (folder / "answer").read_text("utf-8") != "old"
