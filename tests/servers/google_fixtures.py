"""The loopback Google account as a fixture, bare calls to it, and the events that tests begin with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers.google import GoogleServer
from tests.servers.google_client import Api

__all__ = ["END", "ONE", "SECOND", "START", "THIRD", "WEEKLY", "api", "server", "told"]

START = {"dateTime": "2026-12-01T10:00:00", "timeZone": "Europe/Berlin"}
END = {"dateTime": "2026-12-01T10:30:00", "timeZone": "Europe/Berlin"}
ONE: dict[str, Any] = {"id": "single1", "summary": "Review", "start": START, "end": END}
WEEKLY: dict[str, Any] = {**ONE, "id": "series1", "recurrence": ["RRULE:FREQ=WEEKLY"]}
SECOND = "series1_20261208T090000Z"
THIRD = "series1_20261215T090000Z"


@pytest.fixture
def server() -> Iterator[GoogleServer]:
    """An account with one empty calendar."""
    server = GoogleServer()
    with server.running():
        yield server


@pytest.fixture
def api(server: GoogleServer) -> Iterator[Api]:
    """Bare calls to it."""
    api = Api(server)
    yield api
    api.close()


def told(said: Any) -> list[tuple[str, str]]:
    """Id and status of each event of a list."""
    return [(item["id"], item["status"]) for item in said.json["items"]]
