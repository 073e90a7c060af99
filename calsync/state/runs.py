"""What each run did: its number, its end, and the journal of its writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from calsync.model import Series
from calsync.state import tables
from calsync.state.blocks import BaseSeries, BlockRows
from calsync.state.codec import dump_series, from_epoch, load_series, to_epoch

__all__ = ["KEPT_RUNS", "JournalRow", "RunRows"]

KEPT_RUNS = 200
"""How many runs back one can be undone; older writes are forgotten, so that the database does not grow for ever."""


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One write of one run."""

    id: int
    run: int
    calendar: str
    key: str
    before: Series | None
    after: Series | None
    state: str


class RunRows(BlockRows):
    """Questions and changes about runs; a confirmed write and the block it left are one transaction."""

    def begin_run(self, command: str, started_at: datetime, now: datetime) -> int:
        """A new run's number."""
        t = tables.runs
        with self._transaction() as connection:
            result = connection.execute(
                insert(t).values(command=command, started_at=to_epoch(started_at), now=now.isoformat(), summary="")
            )
            return int(result.inserted_primary_key[0])  # type: ignore[index]

    def end_run(self, run: int, exit_code: int, summary: Mapping[str, Any]) -> None:
        """Close a run with its exit code and a summary without names."""
        t, j = tables.runs, tables.journal
        text = json.dumps(summary, ensure_ascii=False)
        with self._transaction() as connection:
            connection.execute(update(t).where(t.c.id == run).values(exit=exit_code, summary=text))
            connection.execute(delete(j).where(j.c.run <= run - KEPT_RUNS, j.c.state != "intended"))

    def runs(self, limit: int) -> list[dict[str, Any]]:
        """The newest runs, newest first."""
        t = tables.runs
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.id.desc()).limit(limit)).all()
        return [
            {
                "run": row.id,
                "command": row.command,
                "started_at": from_epoch(row.started_at).isoformat(),
                "now": row.now,
                "exit": row.exit,
                **(json.loads(row.summary) if row.summary else {}),
            }
            for row in rows
        ]

    def intend(self, run: int, calendar: str, writes: Iterable[tuple[str, Series | None, Series | None]]) -> list[int]:
        """Put writes down before they are asked for: (key, before, after). The rows' ids, in order."""
        t, ids = tables.journal, []
        with self._transaction() as connection:
            for key, before, after in writes:
                result = connection.execute(
                    insert(t).values(
                        run=run,
                        calendar=calendar,
                        key=key,
                        before=dump_series(before),
                        after=dump_series(after),
                        state="intended",
                        error="",
                    )
                )
                ids.append(int(result.inserted_primary_key[0]))  # type: ignore[index]
        return ids

    def settle(self, states: Mapping[int, tuple[str, str]], bases: Mapping[tuple[str, str], BaseSeries | None]) -> None:
        """Close journal rows (id -> (state, error)) and take over the series they left, in one transaction."""
        if not states and not bases:
            return
        t = tables.journal
        with self._transaction(keep=bool(bases)) as connection:
            for row, (state, error) in states.items():
                connection.execute(update(t).where(t.c.id == row).values(state=state, error=error))
            self._keep_base(connection, bases)

    def journal(self, *, run: int | None = None, state: str | None = None) -> list[JournalRow]:
        """Journal rows in the order they were written, of one run and/or in one state."""
        t = tables.journal
        query = select(t).order_by(t.c.id)
        if run is not None:
            query = query.where(t.c.run == run)
        if state is not None:
            query = query.where(t.c.state == state)
        with self._transaction() as connection:
            rows = connection.execute(query).all()
        return [
            JournalRow(r.id, r.run, r.calendar, r.key, load_series(r.before), load_series(r.after), r.state)
            for r in rows
        ]

    def last_undoable(self) -> int | None:
        """The newest run that wrote something and is not itself an undo or undone, or None."""
        t, r = tables.journal, tables.runs
        query = (
            select(func.max(t.c.run))
            .select_from(t.join(r, r.c.id == t.c.run))
            .where(t.c.state == "confirmed", r.c.command != "undo")
        )
        with self._transaction() as connection:
            found = connection.execute(query).scalar()
        return int(found) if found is not None else None
