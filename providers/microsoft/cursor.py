"""What one read leaves for the next: opaque text for everybody else, JSON for us.

A delta names what is gone by ids that may never have been ours to know, and of a series it may name any date. So every
id of the window is kept, the ids of single events and dates as short hashes: ten thousand of them are 100 kB.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b

from calsync.model import Span

__all__ = ["Cursor", "short"]

_VERSION = 1
_SHORT = 8


def short(name: str) -> str:
    """Eight characters that stand for an id. Two ids that share them cost a question, no more."""
    return urlsafe_b64encode(blake2b(name.encode(), digest_size=6).digest()).decode()


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a reader stands.

    `asked` is what was asked for (account, cloud, configured calendar, calendar id), so that a changed config begins
    anew; `place` the id of the calendar that it led to, "" for the primary one. `window` is frozen in `link`, the delta
    link. `singles` are the short ids of foreign single events, `series` those of the dates of each series by its full
    id. `own` are the full ids of what our series consist of, by key, the one that names the resource first.
    `year` is the one in which our own series were looked at.
    """

    asked: tuple[str, ...]
    place: str
    window: Span
    link: str
    year: int
    singles: frozenset[str] = frozenset()
    series: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def dump(self) -> str:
        """The cursor as text; equal cursors give equal text."""
        return json.dumps(
            {
                "v": _VERSION,
                "asked": self.asked,
                "place": self.place,
                "window": [at.astimezone(UTC).isoformat() for at in (self.window.start, self.window.end)],
                "link": self.link,
                "year": self.year,
                "singles": _joined(self.singles),
                "series": {name: _joined(dates) for name, dates in sorted(self.series.items())},
                "own": {key: list(ids) for key, ids in sorted(self.own.items())},
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def load(cls, text: str | None, asked: tuple[str, ...]) -> Cursor | None:
        """The cursor in `text`, None when it is none, of another version, or made for something else."""
        if not text:
            return None
        try:
            said = json.loads(text)
            if said["v"] != _VERSION or tuple(said["asked"]) != asked:
                return None
            begin, end = (datetime.fromisoformat(at) for at in said["window"])
            found = cls(
                asked,
                said["place"],
                Span(begin, end),
                said["link"],
                int(said["year"]),
                _parts(said["singles"]),
                {str(name): _parts(dates) for name, dates in said["series"].items()},
                {str(key): tuple(map(str, ids)) for key, ids in said["own"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            # Text that is no cursor of ours is as good as none: the read is complete then.
            return None
        return found if isinstance(found.place, str) and isinstance(found.link, str) and found.link else None


def _joined(names: Iterable[str]) -> str:
    return "".join(sorted(names))


def _parts(text: str) -> frozenset[str]:
    return frozenset(text[at : at + _SHORT] for at in range(0, len(text), _SHORT))
