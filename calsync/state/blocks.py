"""The blocks as calsync last knew them, what the leader decided of them, and whom they are for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from calsync.model import Series
from calsync.state import tables
from calsync.state.codec import dump_series, from_epoch, load_series, to_epoch
from calsync.state.rows import Rows

__all__ = ["BaseSeries", "BlockRows", "Decision"]


@dataclass(frozen=True, slots=True)
class BaseSeries:
    """A series as calsync last knew it to be its own work. `unfinished` is what this run saw; it is not kept."""

    series: Series
    resource: str
    etag: str
    standing: bool
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """An edit of the leader's that is honoured. `home` is ISO text, '' for a whole series; see tables.decisions."""

    id: int
    what: str
    kind: str
    number: int
    generation: int
    home: str
    placed: str
    calendar: str
    noticed_at: datetime


class BlockRows(Rows):
    """Questions and changes about blocks."""

    def base(self, calendar: str | None = None) -> dict[tuple[str, str], BaseSeries]:
        """The series as calsync last knew them, by (calendar, key); of one calendar, or of all."""
        t = tables.series
        query = select(t).order_by(t.c.calendar, t.c.kind, t.c.number, t.c.generation)
        if calendar is not None:
            query = query.where(t.c.calendar == calendar)
        found: dict[tuple[str, str], BaseSeries] = {}
        with self._transaction() as connection:
            for row in connection.execute(query):
                body = load_series(row.body)
                if body is not None:
                    found[row.calendar, row.key] = BaseSeries(body, row.resource, row.etag, row.standing)
        return found

    def keep_base(self, rows: Mapping[tuple[str, str], BaseSeries | None]) -> None:
        """Remember the given series; None forgets one."""
        if not rows:
            return
        with self._transaction(keep=True) as connection:
            self._keep_base(connection, rows)

    @staticmethod
    def _keep_base(connection: Connection, rows: Mapping[tuple[str, str], BaseSeries | None]) -> None:
        t, g = tables.series, tables.generations
        for (calendar, key), row in rows.items():
            connection.execute(delete(t).where(t.c.calendar == calendar, t.c.key == key))
            if row is None:
                continue
            body = row.series
            connection.execute(
                insert(t).values(
                    calendar=calendar,
                    key=key,
                    kind=body.kind.value,
                    number=body.number,
                    generation=body.generation,
                    body=dump_series(body),
                    resource=row.resource,
                    etag=row.etag,
                    standing=row.standing,
                )
            )
            mine = (g.c.kind == body.kind.value) & (g.c.number == body.number)
            last = connection.execute(select(g.c.last).where(mine)).scalar()
            if last is None:
                connection.execute(insert(g).values(kind=body.kind.value, number=body.number, last=body.generation))
            elif last < body.generation:
                connection.execute(update(g).where(mine).values(last=body.generation))

    def generations(self) -> dict[tuple[str, int], int]:
        """The highest generation ever used, by (kind, number)."""
        with self._transaction() as connection:
            return {(r.kind, r.number): r.last for r in connection.execute(select(tables.generations))}

    def decisions(self) -> list[Decision]:
        """The leader's edits that are honoured, oldest first."""
        t = tables.decisions
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.id)).all()
        return [
            Decision(
                r.id, r.what, r.kind, r.number, r.generation, r.home, r.placed, r.calendar, from_epoch(r.noticed_at)
            )
            for r in rows
        ]

    def add_decisions(self, decisions: Sequence[Decision]) -> None:
        """Remember edits; their `id` is given here. One for the same date replaces the earlier one."""
        if not decisions:
            return
        t = tables.decisions
        with self._transaction(keep=True) as connection:
            for d in decisions:
                connection.execute(
                    delete(t).where(
                        t.c.kind == d.kind,
                        t.c.number == d.number,
                        t.c.generation == d.generation,
                        t.c.home == d.home,
                        t.c.what.in_(("deleted", "pinned") if d.home else (d.what,)),
                    )
                )
                connection.execute(
                    insert(t).values(
                        what=d.what,
                        kind=d.kind,
                        number=d.number,
                        generation=d.generation,
                        home=d.home,
                        placed=d.placed,
                        calendar=d.calendar,
                        noticed_at=to_epoch(d.noticed_at),
                    )
                )

    def drop_decisions(self, ids: Iterable[int]) -> None:
        """Forget edits: they are taken back."""
        wanted = list(ids)
        if wanted:
            with self._transaction(keep=True) as connection:
                connection.execute(delete(tables.decisions).where(tables.decisions.c.id.in_(wanted)))

    def assignments(self) -> dict[str, tuple[datetime, tuple[str, ...]]]:
        """When each block was to begin, and whom it was last planned for; past blocks included."""
        with self._transaction() as connection:
            rows = connection.execute(select(tables.assignments)).all()
        return {r.block: (from_epoch(r.start), tuple(json.loads(r.people))) for r in rows}

    def keep_assignments(self, rows: Mapping[str, tuple[datetime, Sequence[str]]], before: datetime) -> None:
        """Replace the assignments of the given blocks, and of all that start at or after `before`."""
        t, since = tables.assignments, to_epoch(before)
        known = {
            block: row for block, row in self.assignments().items() if block in rows or row[0] >= from_epoch(since)
        }
        if known == {block: (from_epoch(to_epoch(start)), tuple(people)) for block, (start, people) in rows.items()}:
            return
        with self._transaction() as connection:
            connection.execute(delete(t).where((t.c.start >= since) | t.c.block.in_(list(rows))))
            if rows:
                connection.execute(
                    insert(t),
                    [
                        {"block": block, "people": json.dumps(list(people)), "start": to_epoch(start)}
                        for block, (start, people) in rows.items()
                    ],
                )
