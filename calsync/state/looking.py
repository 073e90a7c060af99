"""A look at the state database and its second copy that changes neither: nothing is made, migrated or set aside."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from calsync.state.database import FILE_NAME, HEAD
from calsync.state.ledger import FILE_NAME as COPY_NAME

__all__ = ["Condition", "Looked", "look_at"]


class Condition(StrEnum):
    """How the database is."""

    ABSENT = "absent"
    GOOD = "good"
    OLDER = "older"
    """Of an earlier calsync; the next run brings it up to date."""
    NEWER = "newer"
    DAMAGED = "damaged"
    CLOSED = "closed"
    """It cannot be opened."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The database's condition, its schema ("" when not known), why it cannot be opened, and whether the copy is one.

    `copy` is None where there is no second copy.
    """

    path: Path
    condition: Condition
    schema: str = ""
    why: str = ""
    copy: bool | None = None


def look_at(folder: Path) -> Looked:
    """How the state in `folder` is."""
    path, copy = folder / FILE_NAME, _copy(folder / COPY_NAME)
    try:
        if not path.exists():
            return Looked(path, Condition.ABSENT, copy=copy)
    except OSError as error:
        return Looked(path, Condition.CLOSED, why=error.strerror or str(error))
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                return Looked(path, Condition.DAMAGED, copy=copy)
            known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    except sqlite3.OperationalError as error:
        return Looked(path, Condition.CLOSED, why=str(error), copy=copy)
    except sqlite3.DatabaseError:
        return Looked(path, Condition.DAMAGED, copy=copy)
    schema = str(row[0]) if row else ""
    if schema == HEAD:
        return Looked(path, Condition.GOOD, schema, copy=copy)
    return Looked(path, Condition.NEWER if schema > HEAD else Condition.OLDER, schema, copy=copy)


def _copy(path: Path) -> bool | None:
    try:
        said = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(said, dict) and isinstance(said.get("tables"), dict)
