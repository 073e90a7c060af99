"""What one read leaves for the next: opaque text for everybody else, JSON for us."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

__all__ = ["Cursor"]

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a reader stands.

    `asked` is what was asked for (configured URL, chosen calendar, calendar id), so that a changed config begins
    anew; `url` the collection that it led to. `begin` is the start of the window of the last complete read; `token`
    the sync token, "" where there is none; `etags` are the known resources; `reads` counts the reads since the last
    full listing, and `every` is how many there may be (0: any number); `scheme` is how the server wants the password.
    """

    asked: tuple[str, ...]
    url: str
    begin: datetime
    token: str = ""
    etags: Mapping[str, str] = field(default_factory=dict)
    reads: int = 0
    every: int = 0
    scheme: str = ""

    def dump(self) -> str:
        """The cursor as text; equal cursors give equal text."""
        return json.dumps(
            {
                "v": _VERSION,
                "asked": self.asked,
                "url": self.url,
                "from": self.begin.astimezone(UTC).isoformat(),
                "token": self.token,
                "etags": dict(sorted(self.etags.items())),
                "reads": self.reads,
                "every": self.every,
                "auth": self.scheme,
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
            etags = {str(name): str(etag) for name, etag in said["etags"].items()}
            begin = datetime.fromisoformat(said["from"])
            counts = int(said["reads"]), int(said["every"])
            found = cls(asked, said["url"], begin, said["token"], etags, *counts, said["auth"])
        except (ValueError, KeyError, TypeError, AttributeError):
            # Text that is no cursor of ours is as good as none: the read is complete then.
            return None
        texts = all(isinstance(part, str) for part in (found.url, found.token, found.scheme))
        return found if texts and begin.tzinfo is not None else None
