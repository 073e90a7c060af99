"""The Microsoft provider against the contract, on a mailbox on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from pathlib import Path

import pytest

from calsync.ports import CalendarProvider, WorkingWeek
from tests.contract.samples import BERLIN
from tests.contract.suite import Harness, ReadContract, ReadOnlyContract, WriteContract, context
from tests.servers.graph import GraphServer
from tests.servers.graph_access import provider


class GraphHarness(Harness):
    """One calendar of a mailbox, the primary one unless another is named."""

    floating = BERLIN
    reads_on = False
    named_by_key = False
    has_primary = True

    def __init__(self, server: GraphServer, folder: Path, name: str = "") -> None:
        self.server = server
        self.context = context(folder)
        self.options = {"calendar": name} if name else {}

    def make(self) -> CalendarProvider:
        return provider(self.server, self.context, self.options)

    def make_missing(self) -> CalendarProvider:
        return provider(self.server, self.context, {"calendar": "Nowhere"})

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

    def tell_hours(self, week: WorkingWeek | None) -> bool:
        mailbox = self.server.mailboxes[self.server.address]
        start, end = next(iter(week.hours.values()))[0] if week else (time(), time())
        names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        mailbox.working = (start, end, [names[day] for day in week.hours]) if week else None
        return True

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
