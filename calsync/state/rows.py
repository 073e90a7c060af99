"""One database, its transactions, and the second copy of the leader's part: what every group of rows stands on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from calsync.errors import StateError
from calsync.state import ledger
from calsync.state.database import open_database
from calsync.state.lock import opening

__all__ = ["Rows"]


class Rows:
    """The open database of one state folder. Not for use by several threads at once."""

    def __init__(self, folder: Path, now: datetime) -> None:
        """Open or make the database in `folder`; a damaged one is set aside.

        Wherever it is found empty, the leader's part is read back from its second copy.
        """
        self.folder = folder
        with opening(folder):
            self._engine, self.set_aside = open_database(folder, now)
            with self._transaction() as connection:
                self.rebuilt = ledger.restore(connection, folder, now)
                """True when the database had lost everything and the second copy was read back."""

    def close(self) -> None:
        """Let go of the database file."""
        self._engine.dispose()

    def write_copy(self) -> None:
        """Write the second copy of the leader's part anew. Raises StateError."""
        with self._transaction(keep=True):
            pass

    @contextmanager
    def _transaction(self, *, keep: bool = False) -> Iterator[Connection]:
        """One transaction; `keep` when the leader's part changes, so that its second copy is written too."""
        try:
            with self._engine.begin() as connection:
                yield connection
            if keep:
                with self._engine.connect() as connection:
                    ledger.save(connection, self.folder)
        except DatabaseError as error:
            raise StateError(
                f"the state database in {self.folder} cannot be used: {error.orig}",
                "check the free space and the permissions there, then run this again",
            ) from error
        except OSError as error:
            raise StateError(
                f"the state folder {self.folder} cannot be written: {error.strerror or error}",
                "check the free space and the permissions there, then run this again",
            ) from error
