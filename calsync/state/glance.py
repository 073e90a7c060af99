"""One look at the newest run of a command, without the library and the repairs that opening a state brings with it.

What cannot be read is as good as not there: whoever opens the state after that says what is wrong with it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["FILE_NAME", "newest_run"]

FILE_NAME = "calsync.db"
"""The database's name, as in calsync.state.database, which would load a library; a test keeps the two equal."""

_PATIENCE = 10.0
"""Seconds to wait for another process that writes."""


def newest_run(folder: Path, command: str, until: datetime) -> tuple[datetime, int | None] | None:
    """When the newest run of `command` began (UTC), of those that began until then, and its exit code; None for none.

    The code is None for a run that has not ended: it is under way, or was cut off. Changes nothing.
    """
    path = folder / FILE_NAME
    try:
        # rw: it makes no database, but it can read one whose last writer was killed.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_PATIENCE)) as database:
            row = database.execute(
                "SELECT started_at, exit FROM runs WHERE command = ? AND started_at <= ? "
                "ORDER BY started_at DESC, id DESC LIMIT 1",
                (command, int(until.timestamp())),
            ).fetchone()
        return None if row is None else (datetime.fromtimestamp(row[0], UTC), row[1])
    except (sqlite3.Error, OverflowError, OSError, TypeError, ValueError):
        return None
