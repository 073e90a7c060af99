"""What one read leaves for the next: opaque text for everybody else, JSON for us."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Cursor"]

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a reader stands.

    `asked` is what was asked for (account, configured calendar, calendar id), so that a changed config begins anew;
    `calendar` is the id that it led to; `begin` the start of the window of the last complete read; `token` Google's
    sync token.
    """

    asked: tuple[str, ...]
    calendar: str
    begin: datetime
    token: str

    def dump(self) -> str:
        """The cursor as text; equal cursors give equal text."""
        return json.dumps(
            {
                "v": _VERSION,
                "asked": self.asked,
                "calendar": self.calendar,
                "from": self.begin.astimezone(UTC).isoformat(),
                "token": self.token,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def load(cls, text: str | None, asked: tuple[str, ...]) -> Cursor | None:
        """The cursor in `text`, None when it is none, of another version, without a token, or for something else."""
        if not text:
            return None
        try:
            said = json.loads(text)
            if said["v"] != _VERSION or tuple(said["asked"]) != asked:
                return None
            found = cls(asked, said["calendar"], datetime.fromisoformat(said["from"]), said["token"])
        except (ValueError, KeyError, TypeError):
            # Text that is no cursor of ours is as good as none: the read is complete then.
            return None
        texts = isinstance(found.calendar, str) and isinstance(found.token, str)
        return found if texts and found.calendar and found.token and found.begin.tzinfo is not None else None
