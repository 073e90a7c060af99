"""The CalDAV provider against the contract, on Radicale and on Xandikos."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync.ports import CalendarProvider
from providers.caldav.provider import CalDavProvider
from tests.contract.suite import Harness, ReadContract, WriteContract, context
from tests.servers.fixtures import CalDavCalendar, radicale, radicale_server, xandikos, xandikos_server

# pytest finds a fixture where its name is.
__all__ = ["radicale", "radicale_server", "xandikos", "xandikos_server"]


class CalDavHarness(Harness):
    """One calendar on a real server."""

    def __init__(self, place: CalDavCalendar, folder: Path) -> None:
        self.place = place
        self.context = context(folder, place.password)

    def make(self) -> CalendarProvider:
        return CalDavProvider("work", self.place.options, self.context)

    def make_missing(self) -> CalendarProvider:
        options = {**self.place.options, "url": self.place.url.rstrip("/") + "-nowhere/"}
        return CalDavProvider("work", options, self.context)

    def put(self, uid: str, data: bytes) -> str:
        self.put_raw(f"{uid}.ics", data)
        return f"{uid}.ics"

    def put_raw(self, name: str, data: bytes) -> None:
        self.place.hand.put(self.place.path, name, data)

    def raw(self, name: str) -> bytes:
        return self.place.hand.get(self.place.path, name)

    def remove(self, name: str) -> None:
        self.place.hand.delete(self.place.path, name)

    def names(self) -> list[str]:
        return self.place.hand.names(self.place.path)

    def name_of(self, key: str) -> str:
        return f"{key}.ics"


class TestRadicale(ReadContract, WriteContract):
    """Every promise, kept on Radicale."""

    @pytest.fixture
    def harness(self, radicale: CalDavCalendar, tmp_path: Path) -> Harness:
        return CalDavHarness(radicale, tmp_path)


class TestXandikos(ReadContract, WriteContract):
    """Every promise, kept on Xandikos."""

    @pytest.fixture
    def harness(self, xandikos: CalDavCalendar, tmp_path: Path) -> Harness:
        return CalDavHarness(xandikos, tmp_path)
