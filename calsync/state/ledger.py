"""A second copy, beside the database, of what only the leader can tell: read back when the database is damaged."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.exc import SQLAlchemyError

from calsync.state import tables
from calsync.state.codec import load_series
from calsync.wholefile import replace_file

__all__ = ["FILE_NAME", "UNCERTAIN", "restore", "save"]

FILE_NAME = "decisions.json"
_KEPT: tuple[Table, ...] = (
    tables.series,
    tables.decisions,
    tables.generations,
    tables.contacts,
    tables.snoozes,
    tables.newcomers,
    tables.assignments,
    tables.notes,
    tables.topics_told,
    tables.pauses,
    tables.outcomes,
)
_VERSION = 2
_SINCE_2: frozenset[str] = frozenset({"notes", "topics_told", "pauses", "outcomes"})
"""The tables that a copy of version 1 does not have."""
UNCERTAIN = "?"
"""The etag of a series that was read back from here."""


def save(connection: Connection, folder: Path) -> None:
    """Write the copy, for its owner alone, replaced whole or not at all. Raises OSError."""
    content = {t.name: [list(row) for row in connection.execute(select(t))] for t in _KEPT}
    text = json.dumps({"version": _VERSION, "tables": content}, ensure_ascii=False)
    replace_file(folder / FILE_NAME, text.encode())


def restore(connection: Connection, folder: Path, now: datetime) -> bool:
    """Fill the tables from the copy when all of them are empty; True when there was something to fill them with.

    A copy that cannot be understood is set aside, never overwritten.
    """
    path = folder / FILE_NAME
    if not path.exists() or any(connection.execute(select(t).limit(1)).first() for t in (*_KEPT, tables.runs)):
        return False
    try:
        content = _content(json.loads(path.read_text(encoding="utf-8")))
        for table, rows in content:
            if rows:
                connection.execute(insert(table), rows)
    except (AttributeError, KeyError, TypeError, ValueError, OSError, SQLAlchemyError):
        connection.rollback()
        path.rename(path.with_name(f"{FILE_NAME}.damaged-{now:%Y%m%dT%H%M%S}"))
        return False
    return any(rows for _, rows in content)


def _content(stored: dict[str, Any]) -> list[tuple[Table, list[dict[str, Any]]]]:
    """The rows of each table; raises one of several errors for anything that `save` does not write."""
    version = stored["version"]
    if version not in (1, _VERSION):
        raise ValueError(version)
    found = []
    for table in _KEPT:
        if version == 1 and table.name in _SINCE_2:
            continue
        names = [column.name for column in table.columns]
        rows = [dict(zip(names, row, strict=True)) for row in stored["tables"][table.name]]
        if table is tables.series:
            # The copy may be one write older than the calendar: calsync.sync.edits must not take that for an edit.
            rows = [{**row, "etag": UNCERTAIN} for row in rows]
            for row in rows:
                load_series(row["body"])
        found.append((table, rows))
    return found
