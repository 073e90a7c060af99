"""What is encrypted in the state beside the notes of talks: so that a lost key is noticed before more is sealed."""

from __future__ import annotations

from sqlalchemy import select

from calsync.state import tables
from calsync.state.rows import Rows

__all__ = ["SealedRows"]

_SEALED = (
    tables.promises,
    tables.acts,
    tables.changes,
    tables.change_people,
    tables.change_points,
)


class SealedRows(Rows):
    """Questions about what is encrypted."""

    def sealed(self) -> list[str]:
        """Every encrypted text but the notes of talks."""
        with self._transaction() as connection:
            bodies = [body for t in _SEALED for body in connection.execute(select(t.c.body)).scalars()]
        # What two entries who are one person said of a change stands one behind the other.
        return [one for body in bodies for one in body.split()]
