"""What a provider is given besides its options, in tests that speak to a server."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from calsync.ports import ProviderContext

__all__ = ["context"]


def context(folder: Path, secret: str | None = None) -> ProviderContext:
    """A leader in Berlin, whose every secret is `secret`."""
    zone = ZoneInfo("Europe/Berlin")
    return ProviderContext(zone=zone, folder=folder, secret=lambda _name: secret, me=frozenset({"maya@example.com"}))
