"""What a quiet night has told already, so that it need not tell it every night."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from calsync.state import tables
from calsync.state.codec import from_epoch, to_epoch
from calsync.state.rows import Rows

__all__ = ["NoticeRow", "NoticeRows"]


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """Something that was told and still holds; `sign` differs when it must be told again. Instants are aware."""

    key: str
    sign: str
    what: str
    told_at: datetime
    seen_at: datetime


def _seconds(row: NoticeRow) -> dict[str, int]:
    return {"told_at": to_epoch(row.told_at), "seen_at": to_epoch(row.seen_at)}


class NoticeRows(Rows):
    """Questions and changes about what was told."""

    def notices(self) -> dict[str, NoticeRow]:
        """Everything that was told and still held when it was last looked for, by key."""
        with self._transaction() as connection:
            rows = connection.execute(select(tables.notices).order_by(tables.notices.c.key)).all()
        return {r.key: NoticeRow(r.key, r.sign, r.what, from_epoch(r.told_at), from_epoch(r.seen_at)) for r in rows}

    def keep_notices(self, rows: Iterable[NoticeRow]) -> None:
        """Remember these, and no other."""
        t = tables.notices
        values = [{"key": r.key, "sign": r.sign, "what": r.what, **_seconds(r)} for r in rows]
        with self._transaction() as connection:
            connection.execute(delete(t))
            if values:
                connection.execute(insert(t), values)
