"""Names of blocks: deterministic, so that a repeated creation is recognised, and opaque, so that nothing is told."""

from __future__ import annotations

import base64
import hashlib

from calsync.model import Key, Kind

__all__ = ["series_key", "series_name"]


def series_key(calendar: str, kind: Kind, number: int, generation: int) -> Key:
    """The key of one series on one calendar: `cs` and 32 characters of a-v0-9.

    It is a Google event id (`[a-v0-9]{5,1024}`), a CalDAV href and a file name alike. It names calendar, kind, slot
    and generation and never the chosen time: a plan made anew after a crash must not find another name.
    """
    text = f"v1|{calendar}|{kind.value}|{number}|{generation}"
    digest = hashlib.sha256(text.encode()).digest()[:20]
    return Key("cs" + base64.b32hexencode(digest).decode().lower())


def series_name(kind: str, number: int) -> str:
    """What people and scripts call a slot: `connect-1`."""
    return f"{kind}-{number}"
