"""Worlds on a folder, on Radicale and on Xandikos."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.fixtures import CalDavCalendar, radicale, radicale_server, xandikos, xandikos_server
from tests.system.world import DavShelf, FolderShelf, World

# pytest finds a fixture where its name is.
__all__ = ["radicale", "radicale_server", "xandikos", "xandikos_server"]


@pytest.fixture
def folder_world(tmp_path: Path) -> World:
    """A leader whose calendar is a folder."""
    return World(tmp_path, FolderShelf(tmp_path / "work"))


@pytest.fixture(params=["folder", "radicale", "xandikos"])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same leader on each kind of calendar."""
    if request.param == "folder":
        return World(tmp_path, FolderShelf(tmp_path / "work"))
    place: CalDavCalendar = request.getfixturevalue(request.param)
    monkeypatch.setenv("CALSYNC_SECRET_WORK", place.password)
    return World(tmp_path, DavShelf(place))
