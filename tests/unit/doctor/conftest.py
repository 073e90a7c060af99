"""What every test of the doctor may use: a folder of its own, and no scheduler of whoever runs the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doctor.rig import Folder


@pytest.fixture(autouse=True)
def nobodys_schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH without any scheduler, and a home that is empty; gives the folder that PATH names."""
    programs = tmp_path / "programs"
    programs.mkdir()
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return programs


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
