"""Takes one person out of the whole state, free pages and the log of writes included."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Table, delete, select, update

from calsync.model import Series
from calsync.people.traces import Traces
from calsync.state import tables
from calsync.state.codec import dump_series, from_epoch, load_series
from calsync.state.rows import Rows

__all__ = ["ForgettingRows", "Retitle", "retitled"]

Retitle = Callable[[str, int, int, str, str], str]
"""The title of a date as it may stay: called with kind, number, generation, home date (ISO) and the title."""

_INSTANTS = ("at", "start", "end", "asked_at", "made_at", "due", "closed_at")
_BY_PERSON = tuple(table for table in tables.metadata.sorted_tables if "person" in table.c)
"""Every table that has rows of single people."""


class ForgettingRows(Rows):
    """Questions and changes about what is kept of one person."""

    def everybody_known(self) -> set[str]:
        """Every name that stands in the state."""
        with self._transaction() as connection:
            names = {name for t in _BY_PERSON for name in connection.execute(select(t.c.person)).scalars()}
            lists = connection.execute(select(tables.assignments.c.people)).scalars().all()
        return (names - {""}) | {name for people in lists for name in json.loads(people)}

    def rows_of(self, traces: Traces) -> dict[str, list[dict[str, Any]]]:
        """Every row of the person by table, oldest first; what stands as seconds (`at`, `start`, ...) as an instant."""
        found = {}
        with self._transaction() as connection:
            for t in _BY_PERSON:
                instants = [name for name in _INSTANTS if name in t.c]
                rows = connection.execute(select(t).order_by(*(t.c[name] for name in instants))).mappings().all()
                found[t.name] = [
                    {**row, **{name: from_epoch(row[name]) for name in instants if row[name] is not None}}
                    for row in rows
                    if traces.is_named(row["person"])
                ]
        return found

    def counted(self, traces: Traces) -> dict[str, int]:
        """How many rows of each table are of the person; those of `assignments` name them among others."""
        with self._transaction() as connection:
            found = {t.name: len(_rows_of(connection, t, traces)) for t in _BY_PERSON}
            lists = connection.execute(select(tables.assignments.c.people)).scalars().all()
        found["assignments"] = sum(any(map(traces.is_named, json.loads(people))) for people in lists)
        return {name: count for name, count in found.items() if count}

    def forget_person(self, traces: Traces, retitle: Retitle, *, keep_blocks: bool) -> None:
        """Forget the person in one transaction: their rows, and their name in what stays.

        What was read of calendars is dropped, so that the next night reads it anew. `keep_blocks` leaves whom each
        block was for: a later run still needs that to finish.
        """
        with self._transaction(keep=True) as connection:
            for table in _BY_PERSON:
                for keys in _rows_of(connection, table, traces):
                    connection.execute(delete(table).where(*(table.c[name] == key for name, key in keys.items())))
            if not keep_blocks:
                _leave_blocks(connection, traces)
            _retitle_decisions(connection, retitle)
            _clean_journal(connection, traces, retitle)
            _clean_runs(connection, traces)
            _clean_notices(connection, traces)
            connection.execute(delete(tables.resources))
            connection.execute(delete(tables.calendars))

    def compact(self) -> bool:
        """Write the database anew, so that nothing that was deleted is left in it; False when another has it open."""
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute("PRAGMA temp_store=MEMORY")
            cursor.execute("VACUUM")
            busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            cursor.close()
        except sqlite3.OperationalError:
            return False
        finally:
            connection.close()
        return not busy


def retitled(series: Series, retitle: Retitle) -> Series:
    """The series with the titles of its dates as they may stay; the same object when all may."""
    overrides = {
        day: replace(o, title=retitle(series.kind.value, series.number, series.generation, day.isoformat(), o.title))
        for day, o in series.overrides.items()
    }
    return series if overrides == dict(series.overrides) else replace(series, overrides=overrides)


def _rows_of(connection: Connection, table: Table, traces: Traces) -> list[dict[str, Any]]:
    """The primary keys of the person's rows."""
    names = [column.name for column in table.primary_key]
    rows = connection.execute(select(table)).mappings().all()
    return [{name: row[name] for name in names} for row in rows if traces.is_named(row["person"])]


def _leave_blocks(connection: Connection, traces: Traces) -> None:
    t = tables.assignments
    for row in connection.execute(select(t)).all():
        people = json.loads(row.people)
        kept = [name for name in people if not traces.is_named(name)]
        if kept != people:
            connection.execute(update(t).where(t.c.block == row.block).values(people=json.dumps(kept)))


def _retitle_decisions(connection: Connection, retitle: Retitle) -> None:
    t = tables.decisions
    for row in connection.execute(select(t)).all():
        placed = json.loads(row.placed) if row.placed else None
        if placed is None or not row.home:
            continue
        title = retitle(row.kind, row.number, row.generation, row.home, placed[2])
        if title != placed[2]:
            placed[2] = title
            text = json.dumps(placed, ensure_ascii=False, separators=(",", ":"))
            connection.execute(update(t).where(t.c.id == row.id).values(placed=text))


def _clean_journal(connection: Connection, traces: Traces, retitle: Retitle) -> None:
    t = tables.journal
    for row in connection.execute(select(t)).all():
        values = {"error": traces.redacted(row.error)}
        if row.state != "intended":  # what may still be under way must be recognised by what was asked for
            for side, text in (("before", row.before), ("after", row.after)):
                series = load_series(text)
                clean = None if series is None else retitled(series, retitle)
                values[side] = text if clean is series else dump_series(clean)
        if any(getattr(row, name) != value for name, value in values.items()):
            connection.execute(update(t).where(t.c.id == row.id).values(**values))


def _clean_runs(connection: Connection, traces: Traces) -> None:
    t = tables.runs
    for row in connection.execute(select(t.c.id, t.c.summary)).all():
        if traces.is_in(row.summary):
            said = _redacted(json.loads(row.summary), traces)
            connection.execute(update(t).where(t.c.id == row.id).values(summary=json.dumps(said, ensure_ascii=False)))


def _clean_notices(connection: Connection, traces: Traces) -> None:
    t = tables.notices
    for row in connection.execute(select(t.c.key, t.c.what)).all():
        if traces.is_in(row.what):
            connection.execute(update(t).where(t.c.key == row.key).values(what=traces.redacted(row.what)))


def _redacted(value: Any, traces: Traces) -> Any:
    if isinstance(value, str):
        return traces.redacted(value)
    if isinstance(value, list):
        return [_redacted(item, traces) for item in value]
    if isinstance(value, dict):
        return {key: _redacted(item, traces) for key, item in value.items()}
    return value
