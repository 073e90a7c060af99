"""What became of each date of the blocks, as the nights saw it: what the ledger of `report` is counted from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select

from calsync.state import tables
from calsync.state.codec import from_epoch, to_epoch
from calsync.state.rows import Rows

__all__ = ["KEPT_DAYS", "OutcomeRow", "OutcomeRows"]

KEPT_DAYS = 760
"""What became of blocks, and what they were for, is forgotten after about two years: no report looks further back."""


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One date of a block, or one block that a week had no room for.

    `what` is home | moved | pinned | dropped | deleted. `start` and `end` (UTC) are None where nothing took place.
    `home` is the local day by the rule of its series, or the Monday of a week without room. `why` names what was in
    the way, without a title or a name; "" where nothing was.
    """

    block: str
    kind: str
    home: date
    start: datetime | None
    end: datetime | None
    what: str
    why: str


class OutcomeRows(Rows):
    """Questions and changes about what became of blocks."""

    def outcomes(self) -> list[OutcomeRow]:
        """Every date that is remembered, by home day."""
        t = tables.outcomes
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.home, t.c.block)).all()
        return [
            OutcomeRow(r.block, r.kind, date.fromisoformat(r.home), _instant(r.start), _instant(r.end), r.what, r.why)
            for r in rows
        ]

    def keep_outcomes(self, rows: Iterable[OutcomeRow]) -> None:
        """Make `rows` all that is remembered; nothing is written when that is so already."""
        t = tables.outcomes
        known, wanted = set(self.outcomes()), set(rows)
        if known == wanted:
            return
        new = sorted(wanted - known, key=lambda row: row.block)
        with self._transaction(keep=True) as connection:
            for block in sorted({row.block for row in known ^ wanted}):
                connection.execute(delete(t).where(t.c.block == block))
            if new:
                connection.execute(insert(t), [_columns(row) for row in new])


def _columns(row: OutcomeRow) -> dict[str, Any]:
    return {
        "block": row.block,
        "kind": row.kind,
        "home": row.home.isoformat(),
        "start": None if row.start is None else to_epoch(row.start),
        "end": None if row.end is None else to_epoch(row.end),
        "what": row.what,
        "why": row.why,
    }


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else from_epoch(seconds)
