"""Fixtures that start the servers once a test run and give every test a calendar of its own.

Import the ones you use by name in a conftest.py (`from tests.servers.fixtures import radicale, radicale_server`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.servers.awkward import AwkwardServer
from tests.servers.hand import Hand
from tests.servers.process import ServerProcess
from tests.servers.radicale import start_radicale
from tests.servers.xandikos import start_xandikos

__all__ = [
    "CalDavCalendar",
    "awkward",
    "caldav_calendar",
    "radicale",
    "radicale_basic",
    "radicale_basic_server",
    "radicale_server",
    "xandikos",
    "xandikos_server",
]

USERS = {"maya": "s3cret: ünïcode", "ana": "other"}


@dataclass(frozen=True)
class CalDavCalendar:
    """One empty calendar on a real server. `path` is its path, `url` its address; `hand` is another program's."""

    server: str
    url: str
    path: str
    username: str
    password: str
    hand: Hand

    @property
    def options(self) -> dict[str, str]:
        """What stands in the config for it."""
        return {"url": self.url, "username": self.username}


class _Leases:
    """One process a kind of server, however many conftests import its fixture; the last one out stops it."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[ServerProcess, int]] = {}

    @contextmanager
    def lease(self, kind: str, starter: Callable[[], ServerProcess]) -> Iterator[ServerProcess]:
        server, users = self._running.get(kind, (None, 0))
        if server is None:
            server = starter()
        self._running[kind] = (server, users + 1)
        try:
            yield server
        finally:
            server, users = self._running.pop(kind)
            if users > 1:
                self._running[kind] = (server, users - 1)
            else:
                server.stop()


_leases = _Leases()


@pytest.fixture(scope="session")
def radicale_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Radicale that believes every user."""
    with _leases.lease("radicale", lambda: start_radicale(tmp_path_factory.mktemp("radicale"))) as server:
        yield server


@pytest.fixture(scope="session")
def radicale_basic_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Radicale with the users of an htpasswd file."""
    with _leases.lease("basic", lambda: start_radicale(tmp_path_factory.mktemp("basic"), USERS)) as server:
        yield server


@pytest.fixture(scope="session")
def xandikos_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Xandikos without accounts."""
    with _leases.lease("xandikos", lambda: start_xandikos(tmp_path_factory.mktemp("xandikos"))) as server:
        yield server


@contextmanager
def caldav_calendar(kind: str, server: str) -> Iterator[CalDavCalendar]:
    """A fresh calendar on a running `radicale` or `xandikos`, gone afterwards."""
    if kind == "radicale":
        user = f"u{uuid.uuid4().hex[:12]}"
        calendar = _on_radicale(server, user, "secret", "work")
    else:
        path = f"/user/calendars/c{uuid.uuid4().hex[:12]}/"
        calendar = CalDavCalendar(server, server.rstrip("/") + path, path, "", "", Hand(server))
        calendar.hand.make_calendar(path)
    try:
        yield calendar
    finally:
        calendar.hand.ask("DELETE", calendar.path)


@pytest.fixture
def radicale(radicale_server: ServerProcess) -> Iterator[CalDavCalendar]:
    """A calendar of a new user on Radicale."""
    with caldav_calendar("radicale", radicale_server.url) as calendar:
        yield calendar


@pytest.fixture
def xandikos(xandikos_server: ServerProcess) -> Iterator[CalDavCalendar]:
    """A new calendar on Xandikos."""
    with caldav_calendar("xandikos", xandikos_server.url) as calendar:
        yield calendar


@pytest.fixture
def radicale_basic(radicale_basic_server: ServerProcess) -> Iterator[CalDavCalendar]:
    """A calendar of `maya`, who needs her password."""
    name = f"c{uuid.uuid4().hex[:12]}"
    calendar = _on_radicale(radicale_basic_server.url, "maya", USERS["maya"], name)
    yield calendar
    calendar.hand.delete(calendar.path)


@pytest.fixture
def awkward() -> Iterator[AwkwardServer]:
    """A server that misbehaves as told, with one calendar at /dav/cal/."""
    server = AwkwardServer()
    with server.running():
        yield server


def _on_radicale(server: str, user: str, password: str, name: str) -> CalDavCalendar:
    hand = Hand(server, user, password)
    # The principal comes into being when it is first asked for.
    hand.ask("PROPFIND", f"/{user}/", None, {"Depth": "0"})
    path = f"/{user}/{name}/"
    hand.make_calendar(path)
    return CalDavCalendar(server, server.rstrip("/") + path, path, user, password, hand)
