"""What the leader promised, and which minutes of which block are for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from calsync.state import tables
from calsync.state.codec import from_epoch, to_epoch
from calsync.state.rows import Rows

__all__ = ["NewPromise", "PromiseRow", "PromiseRows", "TimeRow", "insert_promise"]


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One promise; `state` is open | kept | dropped, `closed_at` None while it is open, `body` encrypted."""

    id: int
    person: str
    made_at: datetime
    due: datetime
    minutes: int
    state: str
    closed_at: datetime | None
    body: str


@dataclass(frozen=True, slots=True)
class NewPromise:
    """An open promise that is to be kept in the state; `body` encrypted."""

    person: str
    made_at: datetime
    due: datetime
    minutes: int
    body: str


@dataclass(frozen=True, slots=True)
class TimeRow:
    """`minutes` of the block that is from `start` to `end` are for a promise, by id."""

    block: str
    promise: int
    person: str
    minutes: int
    start: datetime
    end: datetime


class PromiseRows(Rows):
    """Questions and changes about promises."""

    def promises(self) -> list[PromiseRow]:
        """Every promise, by id: in the order in which they were made."""
        t = tables.promises
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.id)).all()
        return [
            PromiseRow(
                r.id,
                r.person,
                from_epoch(r.made_at),
                from_epoch(r.due),
                r.minutes,
                r.state,
                None if r.closed_at is None else from_epoch(r.closed_at),
                r.body,
            )
            for r in rows
        ]

    def add_promise(self, new: NewPromise) -> int:
        """Keep an open promise; gives its id."""
        with self._transaction(keep=True) as connection:
            return insert_promise(connection, new)

    def change_promise(self, id_: int, *, due: datetime, minutes: int, body: str) -> None:
        """Give a promise another due instant, length and encrypted text."""
        t = tables.promises
        with self._transaction(keep=True) as connection:
            values = {"due": to_epoch(due), "minutes": minutes, "body": body}
            connection.execute(update(t).where(t.c.id == id_).values(**values))

    def close_promise(self, id_: int, state: str, at: datetime | None) -> None:
        """Say what came of a promise: kept or dropped, at an instant; or open again, with None."""
        t = tables.promises
        closed = None if at is None else to_epoch(at)
        with self._transaction(keep=True) as connection:
            connection.execute(update(t).where(t.c.id == id_).values(state=state, closed_at=closed))

    def drop_promise_texts(self, before: datetime) -> int:
        """Forget the texts of promises that were closed before that instant; how many there were."""
        t = tables.promises
        old = (t.c.closed_at < to_epoch(before)) & (t.c.body != "")
        with self._transaction() as connection:
            if connection.execute(select(t.c.id).where(old).limit(1)).first() is None:
                return 0
        with self._transaction(keep=True) as connection:
            return connection.execute(update(t).where(old).values(body="")).rowcount

    def promise_time(self) -> list[TimeRow]:
        """The minutes of all blocks, gone by and to come, by start."""
        t = tables.promise_time
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.start, t.c.block, t.c.promise)).all()
        return [TimeRow(r.block, r.promise, r.person, r.minutes, from_epoch(r.start), from_epoch(r.end)) for r in rows]

    def keep_promise_time(self, rows: Iterable[TimeRow], since: datetime, forget_before: datetime) -> None:
        """Replace what is kept of blocks that start at or after `since`, and forget what ended before `forget_before`.

        Nothing is written when that is so already.
        """
        t = tables.promise_time
        wanted = sorted(rows, key=_order)
        known = self.promise_time()
        old = any(row.end < forget_before for row in known)
        if not old and [row for row in known if row.start >= since] == wanted:
            return
        with self._transaction(keep=True) as connection:
            connection.execute(delete(t).where((t.c.start >= to_epoch(since)) | (t.c.end < to_epoch(forget_before))))
            for row in wanted:
                connection.execute(delete(t).where(t.c.block == row.block, t.c.promise == row.promise))
                connection.execute(insert(t).values(_values(row)))


def insert_promise(connection: Connection, new: NewPromise) -> int:
    """Keep an open promise within the transaction of `connection`; gives its id."""
    values = {"made_at": to_epoch(new.made_at), "due": to_epoch(new.due), "minutes": new.minutes, "body": new.body}
    done = connection.execute(insert(tables.promises).values(person=new.person, state="open", closed_at=None, **values))
    return int(done.inserted_primary_key[0])  # type: ignore[index]


def _order(row: TimeRow) -> tuple[datetime, str, int]:
    return row.start, row.block, row.promise


def _values(row: TimeRow) -> dict[str, Any]:
    return {
        "block": row.block,
        "promise": row.promise,
        "person": row.person,
        "minutes": row.minutes,
        "start": to_epoch(row.start),
        "end": to_epoch(row.end),
    }
