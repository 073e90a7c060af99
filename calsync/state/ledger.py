"""A second copy, beside the database, of what only the leader can tell: read back when the database is damaged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
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
    tables.promises,
    tables.promise_time,
    tables.acts,
    tables.changes,
    tables.change_people,
    tables.change_points,
)
_VERSION = 3
_SINCE: Mapping[str, int] = MappingProxyType(
    {
        "notes": 2,
        "topics_told": 2,
        "pauses": 2,
        "outcomes": 2,
        "promises": 3,
        "promise_time": 3,
        "acts": 3,
        "changes": 3,
        "change_people": 3,
        "change_points": 3,
    }
)
"""The version of the copy that has a table first; the others are in all."""
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
    if version not in range(1, _VERSION + 1):
        raise ValueError(version)
    found = []
    for table in _KEPT:
        if version < _SINCE.get(table.name, 1):
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
