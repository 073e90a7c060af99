"""The reference provider against the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync.ports import CalendarProvider
from providers.memory import MemoryProvider, MemoryServer
from tests.contract.suite import Harness, ReadContract, WriteContract, context


class MemoryHarness(Harness):
    """A server in memory."""

    def __init__(self, folder: Path) -> None:
        self.server = MemoryServer()
        self.context = context(folder)

    def make(self) -> CalendarProvider:
        return MemoryProvider("work", {}, self.context, self.server)

    def make_missing(self) -> CalendarProvider:
        return MemoryProvider("work", {"calendar": "nowhere"}, self.context, self.server)

    def put(self, uid: str, data: bytes) -> str:
        self.server.put(f"{uid}.ics", data)
        return f"{uid}.ics"

    def put_raw(self, name: str, data: bytes) -> None:
        self.server.put(name, data)

    def raw(self, name: str) -> bytes:
        return self.server.raw(name)

    def remove(self, name: str) -> None:
        self.server.remove(name)

    def names(self) -> list[str]:
        return self.server.names()

    def name_of(self, key: str) -> str:
        return f"{key}.ics"


class TestMemory(ReadContract, WriteContract):
    """Every promise, kept in memory."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Harness:
        return MemoryHarness(tmp_path)
