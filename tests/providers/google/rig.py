"""A Google account on loopback, providers on it, and what tests ask of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import requests

from calsync.model import Key, Series, Span
from calsync.ports import Delta, Outcome, OwnedSeries, SeriesWrite
from providers.google.provider import GoogleProvider
from tests.contract.samples import override, series
from tests.contract.suite import context
from tests.servers.detour import GOOGLE_HOSTS, detour
from tests.servers.google import GoogleServer

__all__ = ["AFTER", "BEFORE", "FAMILY", "KEY", "Pass", "Rig", "rig"]

FAMILY = "family@group.calendar.google.com"
KEY = Key("csblock000000000000000000000000001")
_MONDAYS = [date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 14), date(2026, 12, 21), date(2026, 12, 28)]
BEFORE = series(
    KEY,
    cancelled=frozenset({_MONDAYS[1]}),
    dropped=frozenset({_MONDAYS[1]}),
    overrides={_MONDAYS[2]: override(date(2026, 12, 16), time(11, 0))},
)
"""A series with a dropped date and a moved one."""
AFTER = series(
    KEY,
    title="Deep work",
    sequence=1,
    cancelled=frozenset({_MONDAYS[3]}),
    dropped=frozenset({_MONDAYS[3]}),
    overrides={
        _MONDAYS[1]: override(date(2026, 12, 8), time(9, 0), title="Deep work"),
        _MONDAYS[4]: override(date(2026, 12, 29), time(16, 0), title="Deep work"),
    },
)
"""The same one later: the dropped date back elsewhere, the moved one home, another one dropped, another one moved."""


class Pass:
    """Lets requests in with a token that was given out without a request, and counts how often it was renewed."""

    def __init__(self, server: GoogleServer) -> None:
        self.server = server
        self.renewed = 0
        self._token = ""

    def authorization(self) -> str:
        self._token = self._token or self.server.token()
        return f"Bearer {self._token}"

    def renew(self) -> None:
        self.renewed += 1
        self._token = ""


@dataclass
class Rig:
    """The account of `server`; `provider` makes one run's object on it, which needs no request for its token."""

    server: GoogleServer
    folder: Path
    window: Span = field(
        default_factory=lambda: Span(datetime(2026, 11, 23, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC))
    )

    def provider(self, *, http: Callable[[], requests.Session] | None = None, **options: str) -> GoogleProvider:
        return GoogleProvider(
            "work",
            {"account": self.server.email, **options},
            context(self.folder),
            http=http or detour(self.server.url, GOOGLE_HOSTS),
            pause=lambda _seconds: None,
            access=Pass(self.server),
        )

    def read(self, cursor: str | None = None, **options: str) -> Delta:
        return self.provider(**options).read("", self.window, cursor)

    def write(self, *changes: SeriesWrite, **options: str) -> list[Outcome]:
        return self.provider(**options).write("", changes)

    def create(self, wanted: Series, **options: str) -> Outcome:
        (outcome,) = self.write(SeriesWrite(wanted.key, None, wanted), **options)
        return outcome

    def own(self, key: str = KEY) -> OwnedSeries:
        (found,) = [owned for owned in self.provider().owned("") if owned.series.key == key]
        return found

    def names(self) -> list[str]:
        """The requests since the last call."""
        return self.server.take()

    def everything(self, calendar: str = "") -> dict[str, bytes]:
        """All that stands on a calendar, as iCalendar by id."""
        hand = self.server.hand
        return {name: hand.ical(calendar, name) for name in hand.names(calendar)}

    def json(self, name: str = KEY) -> dict[str, Any]:
        return self.server.hand.json("", name)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    server = GoogleServer()
    with server.running():
        yield Rig(server, tmp_path)
    # Whatever was asked fits the discovery document, and nobody was sent mail.
    assert not server.refused_bodies
    assert not server.mailed
