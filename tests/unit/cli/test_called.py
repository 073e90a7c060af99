"""Commands that are shown to be copied begin as calsync was called, where its name alone would not be found."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync.cli.called import called


def test_calsync_is_called_by_its_path_only_where_its_name_is_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.argv", [".venv/bin/calsync", "demo"])
    assert called() == ".venv/bin/calsync"
    (tmp_path / "calsync").touch(mode=0o755)
    assert called() == "calsync"


def test_another_program_that_calls_it_gives_it_no_other_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["/usr/bin/pytest", "-q"])
    assert called() == "calsync"
