"""Servers for the CalDAV adapter's own tests, and how they are looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from providers.caldav.provider import CalDavProvider
from tests.servers.awkward import PASSWORD, USER, AwkwardServer
from tests.servers.context import context
from tests.servers.fixtures import (
    awkward,
    radicale,
    radicale_basic,
    radicale_basic_server,
    radicale_server,
    xandikos,
    xandikos_server,
)

# pytest finds a fixture where its name is.
__all__ = [
    "awkward",
    "radicale",
    "radicale_basic",
    "radicale_basic_server",
    "radicale_server",
    "xandikos",
    "xandikos_server",
]


@pytest.fixture
def pauses() -> list[float]:
    """The seconds that were asked for between tries; nobody waits for them."""
    return []


@pytest.fixture
def provider(awkward: AwkwardServer, tmp_path: Path, pauses: list[float]) -> Callable[..., CalDavProvider]:
    """Makes a provider on the awkward server's calendar; keywords replace options, `secret` the password."""

    def make(secret: str | None = PASSWORD, **options: str) -> CalDavProvider:
        wanted = {"url": awkward.calendar_url, "username": USER, **options}
        return CalDavProvider("work", wanted, context(tmp_path, secret), pause=pauses.append)

    return make
