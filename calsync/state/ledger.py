"""A second copy, beside the database, of what only the leader can tell: read back when the database is damaged."""

from __future__ import annotations

import json
import os
from pathlib import Path

from sqlalchemy import Connection, Table, insert, select

from calsync.state import tables

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
)
_VERSION = 1
UNCERTAIN = "?"
"""The etag of a series that was read back from here."""


def save(connection: Connection, folder: Path) -> None:
    """Write the copy: born 0600, replaced whole or not at all. Raises OSError."""
    content = {t.name: [list(row) for row in connection.execute(select(t))] for t in _KEPT}
    text = json.dumps({"version": _VERSION, "tables": content}, ensure_ascii=False)
    temp = folder / f".{FILE_NAME}.tmp"
    handle = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temp.replace(folder / FILE_NAME)


def restore(connection: Connection, folder: Path) -> bool:
    """Fill the empty tables from the copy; False when there is none that can be read."""
    try:
        stored = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    if not isinstance(stored, dict) or stored.get("version") != _VERSION:
        return False
    for table in _KEPT:
        names = [column.name for column in table.columns]
        rows = [dict(zip(names, row, strict=True)) for row in stored["tables"].get(table.name, [])]
        if table is tables.series:
            # The copy may be one write older than the calendar: calsync.sync.edits must not take that for an edit.
            rows = [{**row, "etag": UNCERTAIN} for row in rows]
        if rows:
            connection.execute(insert(table), rows)
    return True
