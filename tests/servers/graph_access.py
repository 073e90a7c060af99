"""Makes Microsoft providers that reach the Graph test server: signed in, with its clock, and waiting for nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calsync.errors import SignInNeeded
from calsync.ports import ProviderContext
from providers.microsoft.provider import MicrosoftProvider
from tests.servers.detour import MICROSOFT_HOSTS, detour
from tests.servers.graph import GraphServer

__all__ = ["Signed", "provider"]


class Signed:
    """Somebody who has signed in. How access is had is the business of the adapter's `auth`, with tests of its own."""

    def __init__(self, server: GraphServer, *, app_only: bool = False) -> None:
        self.server = server
        self.app_only = app_only
        self.token = ""

    def authorization(self) -> str:
        self.token = self.token or self.server.issue(app_only=self.app_only)
        return f"Bearer {self.token}"

    def renew(self) -> None:
        self.token = ""

    def refused(self) -> SignInNeeded:
        return SignInNeeded("work: Microsoft does not let maya@example.com in", "run `calsync calendars sign-in work`")


def provider(
    server: GraphServer, context: ProviderContext, options: Mapping[str, str] | None = None, **more: Any
) -> MicrosoftProvider:
    """A provider called "work" on the mailbox of whoever signs in; `more` replaces what it is made with."""
    made: dict[str, Any] = {
        "http": detour(server.url, MICROSOFT_HOSTS),
        "pause": lambda _seconds: None,
        "clock": server.now,
        "access": Signed(server),
    }
    return MicrosoftProvider("work", {"account": server.address, **(options or {})}, context, **{**made, **more})
