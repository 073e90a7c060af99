"""The Microsoft provider against the contract, on a mailbox on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from calsync.errors import SignInNeeded
from calsync.ports import CalendarProvider
from providers.microsoft.provider import MicrosoftProvider
from tests.contract.samples import BERLIN
from tests.contract.suite import Harness, ReadContract, ReadOnlyContract, WriteContract, context
from tests.servers.detour import MICROSOFT_HOSTS, detour
from tests.servers.graph import GraphServer


class Signed:
    """A user who has signed in at the test server: how access is had is `auth`'s business, with tests of its own."""

    app_only = False

    def __init__(self, server: GraphServer) -> None:
        self.server = server
        self.token = ""

    def authorization(self) -> str:
        self.token = self.token or self.server.issue()
        return f"Bearer {self.token}"

    def renew(self) -> None:
        self.token = ""

    def refused(self) -> SignInNeeded:
        return SignInNeeded("work: refused", "sign in again")


class GraphHarness(Harness):
    """One calendar of a mailbox, the primary one unless another is named."""

    floating = BERLIN
    reads_on = False
    named_by_key = False

    def __init__(self, server: GraphServer, folder: Path, name: str = "") -> None:
        self.server = server
        self.context = context(folder)
        self.options = {"account": server.address, **({"calendar": name} if name else {})}

    def make(self) -> CalendarProvider:
        return self._provider(self.options)

    def make_missing(self) -> CalendarProvider:
        return self._provider({**self.options, "calendar": "Nowhere"})

    def _provider(self, options: dict[str, str]) -> CalendarProvider:
        return MicrosoftProvider(
            "work",
            options,
            self.context,
            http=detour(self.server.url, MICROSOFT_HOSTS),
            pause=lambda _seconds: None,
            clock=self.server.now,
            access=Signed(self.server),
        )

    def put(self, uid: str, data: bytes) -> str:
        return self.server.hand.put(self._name, uid, data)

    def put_raw(self, name: str, data: bytes) -> None:
        self.server.hand.put_named(self._name, name, data)

    def raw(self, name: str) -> bytes:
        return self.server.hand.ical(self._name, name)

    def remove(self, name: str) -> None:
        self.server.hand.delete(self._name, name)

    def names(self) -> list[str]:
        return self.server.hand.names(self._name)

    def name_of(self, key: str) -> str:
        return self.server.hand.name_of(key)

    @property
    def _name(self) -> str:
        return self.options.get("calendar", "")


@pytest.fixture
def server() -> Iterator[GraphServer]:
    server = GraphServer()
    with server.running():
        yield server
    assert not server.refused_bodies
    assert not server.mailed
    assert not server.without_immutable


class TestMicrosoft(ReadContract, WriteContract):
    """Every promise, kept on the primary calendar."""

    @pytest.fixture
    def harness(self, server: GraphServer, tmp_path: Path) -> Harness:
        return GraphHarness(server, tmp_path)


class TestAnotherCalendar(ReadContract, WriteContract):
    """Every promise, kept on a calendar that is named in the options."""

    @pytest.fixture
    def harness(self, server: GraphServer, tmp_path: Path) -> Harness:
        server.add_calendar("Blocks")
        return GraphHarness(server, tmp_path, "Blocks")


class TestReadOnly(ReadContract, ReadOnlyContract):
    """Every promise of a calendar that somebody else only lets us read."""

    @pytest.fixture
    def harness(self, server: GraphServer, tmp_path: Path) -> Harness:
        server.add_calendar("Team", can_edit=False)
        return GraphHarness(server, tmp_path, "Team")
