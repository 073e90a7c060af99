"""A CalDAV server for the simulated leaders."""

from __future__ import annotations

from tests.servers.fixtures import radicale, radicale_server

# pytest finds a fixture where its name is.
__all__ = ["radicale", "radicale_server"]
