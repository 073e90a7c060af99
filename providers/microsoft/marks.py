"""The marks of a block on Graph: its transactionId, which nobody can copy, and two extended properties.

Only an event whose transactionId follows from the key in its mark is ours: a copy made in Outlook has the properties
and the category, but not the transactionId.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from calsync.model import Kind

__all__ = ["DATA", "KEY", "OWN", "Data", "Mark", "expand_marks", "mark_of", "transaction"]

_GUID = "{6e1f2c1a-7a52-4a6b-9d0f-63a1c0a15c01}"
KEY: Final = f"String {_GUID} Name calsyncKey"
DATA: Final = f"String {_GUID} Name calsyncData"
OWN: Final = "cs"
"""What every key begins with, so that one question finds all of them."""

_TRANSACTION = re.compile(r"calsync:([0-9a-z]+)(?:/(\d{8}))?(?::(\d{1,4}))?")
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """Whose an event is by its transactionId: the series `key`, or the stand-in for its home date `day`.

    `number` counts how often it was made anew, since a transactionId stays taken after its event was deleted.
    """

    key: str
    day: date | None
    number: int


def transaction(key: str, day: date | None = None, number: int = 0) -> str:
    """The transactionId of a series, or of the single event that stands in for its date `day`."""
    return f"calsync:{key}" + (f"/{day:%Y%m%d}" if day else "") + (f":{number}" if number else "")


def mark_of(row: Mapping[str, Any]) -> Mark | None:
    """The mark in an event's transactionId, None for another's. Where the key property was asked for, it must agree."""
    found = _TRANSACTION.fullmatch(row.get("transactionId") or "")
    if found is None:
        return None
    try:
        day = datetime.strptime(found[2], "%Y%m%d").replace(tzinfo=UTC).date() if found[2] else None
    except ValueError:
        return None
    if "singleValueExtendedProperties" in row and properties(row).get(KEY) != found[1]:
        return None
    return Mark(found[1], day, int(found[3] or 0))


def properties(row: Mapping[str, Any]) -> dict[str, str]:
    """The extended properties that came with an event, by id."""
    return {str(one.get("id")): str(one.get("value")) for one in row.get("singleValueExtendedProperties") or ()}


def expand_marks() -> str:
    """The `$expand` that brings our properties along."""
    return f"singleValueExtendedProperties($filter=id eq '{KEY}' or id eq '{DATA}')"


@dataclass(frozen=True, slots=True)
class Data:
    """What a block says of itself beside what every event says.

    `zone` is the IANA zone that was meant and `windows` the name it was written by; `wall` is the first start there
    with the length in minutes, of which Graph gives instants back. `dropped` are home dates that calsync left out;
    `sums` tell for home dates which versions of them calsync wrote. `was`, when there, is
    what an unfinished series is to be read as (see `records`).
    """

    kind: Kind
    number: int
    generation: int
    zone: str
    windows: str
    wall: tuple[datetime, int]
    changed: datetime
    sequence: int = 0
    dropped: frozenset[date] = frozenset()
    sums: Mapping[date, frozenset[str]] = field(default_factory=dict)
    was: Mapping[str, Any] | None = None

    def dump(self) -> str:
        """As text; equal data, equal text."""
        said: dict[str, Any] = {
            "v": _VERSION,
            "kind": self.kind.value,
            "slot": f"{self.number}/{self.generation}",
            "tz": self.zone,
            "windows": self.windows,
            "wall": f"{self.wall[0]:%Y%m%dT%H%M%S}/{self.wall[1]}",
            "changed": f"{self.changed.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            "sequence": self.sequence,
        }
        if self.dropped:
            said["dropped"] = " ".join(f"{day:%Y%m%d}" for day in sorted(self.dropped))
        if self.sums:
            said["sums"] = {f"{day:%Y%m%d}": " ".join(sorted(sums)) for day, sums in sorted(self.sums.items())}
        if self.was is not None:
            said["was"] = self.was
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> Data | None:
        """The data in `text`, None when it is not ours to understand."""
        try:
            said = json.loads(text)
            number, _, generation = said["slot"].partition("/")
            wall, _, minutes = said["wall"].partition("/")
            was = said.get("was")
            return cls(
                Kind(said["kind"]),
                int(number),
                int(generation),
                str(said["tz"]),
                str(said["windows"]),
                (datetime.fromisoformat(wall).replace(tzinfo=None), int(minutes)),
                datetime.fromisoformat(said["changed"]).astimezone(UTC),
                int(said["sequence"]),
                frozenset(date.fromisoformat(day) for day in said.get("dropped", "").split()),
                {date.fromisoformat(d): frozenset(s.split()) for d, s in said.get("sums", {}).items()},
                was if isinstance(was, dict) else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
