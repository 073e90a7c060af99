"""`setup` as a command, where nobody needs a terminal to see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync.cli import main
from calsync.desk import open_desk
from tests.unit.cli.calling import NOW


def test_a_configuration_whose_name_begins_with_a_dot_is_written_like_any_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, state, work = tmp_path / ".calsync.yaml", tmp_path / "state", tmp_path / "work"
    work.mkdir()
    said = ["--calendar", f"name: work, provider: ics, path: {work}, write: true", "--timezone", "Europe/Berlin"]
    rest = ["--people-from", "nobody", "--schedule", "none", "--no-write-now", "--now", NOW]
    assert main(["--config", str(config), "--state", str(state), "setup", "--non-interactive", *said, *rest]) == 0
    assert f"The configuration is in {config}." in capsys.readouterr().err
    assert [one.name for one in open_desk(config, state).config.calendars] == ["work"]
    assert [path.name for path in tmp_path.glob(".calsync*")] == [".calsync.yaml"]
