"""The Google provider against the contract, on an account on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from calsync.grants import GrantFile
from calsync.ports import CalendarProvider, WorkingWeek
from providers.google.provider import GoogleProvider
from tests.contract.samples import BERLIN
from tests.contract.suite import Harness, ReadContract, ReadOnlyContract, WriteContract, context
from tests.servers.detour import GOOGLE_HOSTS, detour
from tests.servers.google import GoogleServer

FAMILY = "family@group.calendar.google.com"


class GoogleHarness(Harness):
    """The primary calendar of a consumer's account, signed in once."""

    floating = BERLIN
    has_primary = True

    def __init__(self, server: GoogleServer, folder: Path) -> None:
        self.server = server
        self.context = context(folder)
        self.options = {"account": server.email}
        GrantFile(folder, "google", server.email).write(
            {
                "kind": "user",
                "account": server.email,
                "client_id": server.client_id,
                "client_secret": server.client_secret,
                "refresh_token": next(iter(server.refresh_tokens)),
            }
        )

    def make(self) -> CalendarProvider:
        return self._provider(self.options)

    def make_missing(self) -> CalendarProvider:
        return self._provider({**self.options, "calendar": "nowhere@group.calendar.google.com"})

    def _provider(self, options: dict[str, str]) -> CalendarProvider:
        http = detour(self.server.url, GOOGLE_HOSTS)
        return GoogleProvider("work", options, self.context, http=http, pause=lambda _seconds: None)

    def put(self, uid: str, data: bytes) -> str:
        return self.server.hand.put(self.calendar, uid, data)

    def put_raw(self, name: str, data: bytes) -> None:
        self.server.hand.put_named(self.calendar, name, data)

    def raw(self, name: str) -> bytes:
        return self.server.hand.ical(self.calendar, name)

    def remove(self, name: str) -> None:
        self.server.hand.delete(self.calendar, name)

    def names(self) -> list[str]:
        return self.server.hand.names(self.calendar)

    def name_of(self, key: str) -> str:
        return self.server.hand.name_of(key)

    def tell_hours(self, week: WorkingWeek | None) -> bool:
        self.server.workspace = True
        names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        times = [
            {
                "dayOfWeek": names[day],
                "periodStart": start.hour * 60 + start.minute,
                "periodEnd": end.hour * 60 + end.minute,
            }
            for day, stretches in (week.hours.items() if week else ())
            for start, end in stretches
        ]
        self.server.calendars[self.server.email].working_hours = {
            "workingHoursEnabled": week is not None,
            "availableTimes": times,
        }
        return True


@pytest.fixture
def server() -> Iterator[GoogleServer]:
    server = GoogleServer()
    with server.running():
        yield server
    assert not server.refused_bodies
    assert not server.mailed


class TestGoogle(ReadContract, WriteContract):
    """Every promise, kept on Google."""

    @pytest.fixture
    def harness(self, server: GoogleServer, tmp_path: Path) -> Harness:
        return GoogleHarness(server, tmp_path)


class FamilyHarness(GoogleHarness):
    """Another calendar of the account, by its id; `role` is what the account is on it."""

    calendar = FAMILY

    def __init__(self, server: GoogleServer, folder: Path, role: str) -> None:
        super().__init__(server, folder)
        server.add_calendar(FAMILY, "Family", role=role)

    def make_missing(self) -> CalendarProvider:
        # Asked for by its id, it is missing only when it is gone from the account.
        if FAMILY in self.server.calendars:
            self.server.drop_calendar(FAMILY)
        return self.make()


class TestAnotherCalendar(ReadContract, WriteContract):
    """Every promise, kept on a calendar that is asked for by its id."""

    @pytest.fixture
    def harness(self, server: GoogleServer, tmp_path: Path) -> Harness:
        return FamilyHarness(server, tmp_path, "owner")


class TestReadOnlyGoogle(ReadOnlyContract):
    """What is promised of a calendar that the account may only read."""

    @pytest.fixture
    def harness(self, server: GoogleServer, tmp_path: Path) -> Harness:
        return FamilyHarness(server, tmp_path, "reader")
