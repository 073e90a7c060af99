"""What came of a turn, written as one: the contact, the note that goes with it, and the threads that it closes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from calsync.people.contacts import name_key
from calsync.state import tables
from calsync.state.codec import from_epoch, to_epoch
from calsync.state.people import NoteRow, PeopleRows
from calsync.state.promises import NewPromise, insert_promise

__all__ = ["Turn", "TurnRows"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that was logged: the contact with its row's id, and the note of the same instant, None without one."""

    id: int
    person: str
    at: datetime
    kind: str
    note: NoteRow | None


class TurnRows(PeopleRows):
    """Questions and changes about turns. A person's contacts never share a second: by it a note finds its contact."""

    def log_turn(
        self,
        person: str,
        at: datetime,
        kind: str,
        body: str | None = None,
        closing: Mapping[int, str] | None = None,
        promise: NewPromise | None = None,
    ) -> int | None:
        """Log what came of a turn; `kind` is a ContactKind, `body` a sealed note, None for none.

        `closing` are notes by id that get another body with it; `promise` is kept with it, and its id given. Where
        something is logged of that second already, this goes to the second before.
        """
        c, n = tables.contacts, tables.notes
        second = to_epoch(at)
        with self._transaction(keep=True) as connection:
            taken = {
                row.at
                for row in connection.execute(select(c.c.person, c.c.at))
                if name_key(row.person) == name_key(person)
            }
            while second in taken:
                second -= 1
            connection.execute(insert(c).values(person=person, at=second, kind=kind))
            if body is not None:
                connection.execute(insert(n).values(person=person, at=second, body=body))
            for id_, other in (closing or {}).items():
                connection.execute(update(n).where(n.c.id == id_).values(body=other))
            return None if promise is None else insert_promise(connection, promise)

    def last_turn(self, person: str) -> Turn | None:
        """What was logged last of `person`, in whatever spelling; by when it was logged, not by when it took place."""
        c, n = tables.contacts, tables.notes
        with self._transaction() as connection:
            for row in connection.execute(select(c).order_by(c.c.id.desc())):
                if name_key(row.person) == name_key(person):
                    break
            else:
                return None
            found = connection.execute(
                select(n).where(n.c.person == row.person, n.c.at == row.at).order_by(n.c.id.desc())
            ).first()
        at = from_epoch(row.at)
        note = None if found is None else NoteRow(found.id, found.person, at, found.body)
        return Turn(row.id, row.person, at, row.kind, note)

    def take_back_turn(self, turn: Turn, reopening: Mapping[int, str]) -> None:
        """Forget a turn with its note; `reopening` are notes by id that get another body with it."""
        c, n = tables.contacts, tables.notes
        with self._transaction(keep=True) as connection:
            connection.execute(delete(c).where(c.c.id == turn.id))
            if turn.note is not None:
                connection.execute(delete(n).where(n.c.id == turn.note.id))
            for id_, body in reopening.items():
                connection.execute(update(n).where(n.c.id == id_).values(body=body))
