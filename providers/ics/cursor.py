"""The text of a cursor: one line about the calendar as a whole, then what is remembered of its parts.

The first line is enough to see that nothing changed, so a quiet night does not read the second.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

__all__ = ["Cursor", "parse"]

_VERSION = "ics-1"


@dataclass(frozen=True, slots=True)
class Cursor:
    """What is remembered between two reads.

    `origin` is the start of the window of the last complete read: nothing that can touch what comes after it was
    left out. `head` has what a source needs to see whether anything changed; `body` is its text about the parts.
    """

    origin: datetime
    head: Mapping[str, Any]
    body: str

    def parts(self) -> dict[str, Any]:
        """What is remembered of each part, by name."""
        found = json.loads(self.body)
        return found if isinstance(found, dict) else {}

    def text(self, place: str) -> str:
        """The cursor for the calendar at `place`."""
        head = {"origin": self.origin.astimezone(UTC).isoformat(), **self.head}
        return f"{_VERSION} {_hidden(place)} {json.dumps(head, separators=(',', ':'))}\n{self.body}"


def parse(text: str | None, place: str, start: datetime) -> Cursor | None:
    """The cursor in `text`, or None when it cannot serve a read of `place` with a window that begins at `start`."""
    head, newline, body = (text or "").partition("\n")
    version, _, rest = head.partition(" ")
    known_place, _, values = rest.partition(" ")
    if version != _VERSION or known_place != _hidden(place) or not newline or not body.endswith("}"):
        return None
    try:
        found = json.loads(values)
        origin = datetime.fromisoformat(found.pop("origin"))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return Cursor(origin, found, body) if start >= origin else None


def _hidden(place: str) -> str:
    # An address may be a secret in itself; the state keeps only its hash.
    return blake2b(place.encode(errors="surrogateescape"), digest_size=12).hexdigest()
