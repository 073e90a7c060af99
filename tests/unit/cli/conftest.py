"""What every test of a command may use: a demo of its own, and calsync to call on it."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from calsync.cli import main
from tests.unit.cli.calling import NOW, Calsync, Said, places, plain_demo, takes_a_time


@pytest.fixture(scope="session")
def a_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo with blocks for talks alone, on which one night has run; each test works on a copy."""
    folder = tmp_path_factory.mktemp("commands") / "demo"
    plain_demo(folder)
    assert main([*places(folder), "nightly", "--now", NOW]) == 0
    return folder


@pytest.fixture
def folder(a_demo: Path, tmp_path: Path) -> Path:
    # The state knows files by their full path; the first night on the copy takes that in.
    return Path(shutil.copytree(a_demo, tmp_path / "demo"))


@pytest.fixture
def start() -> str:
    """The time of a call that names no other."""
    return NOW


@pytest.fixture
def calsync(folder: Path, start: str, capsys: pytest.CaptureFixture[str]) -> Calsync:
    """Call a command on the test's own folder."""

    def call(*args: str, now: str | None = None, day: float = 0) -> Said:
        capsys.readouterr()
        at = (datetime.fromisoformat(now or start) + timedelta(day)).isoformat()
        clock = ["--now", at] if takes_a_time(args) else []
        code = main([*places(folder), *args, *clock])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call
