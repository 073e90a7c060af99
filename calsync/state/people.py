"""What the leader said of people: talks, passes, snoozes, and since when somebody is in the rotation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, select

from calsync.state import tables
from calsync.state.codec import from_epoch, to_epoch
from calsync.state.rows import Rows

__all__ = ["ContactRow", "PeopleRows"]


@dataclass(frozen=True, slots=True)
class ContactRow:
    """What the leader logged: kind is `personal` or `skip`."""

    person: str
    at: datetime
    kind: str


class PeopleRows(Rows):
    """Questions and changes about people."""

    def contacts(self) -> list[ContactRow]:
        """Everything logged, oldest first."""
        t = tables.contacts
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.at, t.c.id)).all()
        return [ContactRow(r.person, from_epoch(r.at), r.kind) for r in rows]

    def add_contact(self, person: str, at: datetime, kind: str) -> None:
        """Log a contact (`personal`) or a pass (`skip`)."""
        with self._transaction(keep=True) as connection:
            connection.execute(insert(tables.contacts).values(person=person, at=to_epoch(at), kind=kind))

    def snoozes(self) -> dict[str, date]:
        """Who is snoozed, and until when."""
        with self._transaction() as connection:
            return {r.person: date.fromisoformat(r.until) for r in connection.execute(select(tables.snoozes))}

    def snooze(self, person: str, until: date) -> None:
        """Leave `person` out before the day `until`."""
        t = tables.snoozes
        with self._transaction(keep=True) as connection:
            connection.execute(delete(t).where(t.c.person == person))
            connection.execute(insert(t).values(person=person, until=until.isoformat()))

    def newcomers(self) -> dict[str, date]:
        """The day on which each person was first seen."""
        with self._transaction() as connection:
            return {r.person: date.fromisoformat(r.since) for r in connection.execute(select(tables.newcomers))}

    def see_people(self, names: Iterable[str], today: date) -> None:
        """Remember the day for people not seen before."""
        new = sorted(set(names) - set(self.newcomers()))
        if new:
            with self._transaction(keep=True) as connection:
                connection.execute(
                    insert(tables.newcomers), [{"person": name, "since": today.isoformat()} for name in new]
                )
