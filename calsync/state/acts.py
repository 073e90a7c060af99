"""Acts of kindness: which were given for which day or week, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, select, update

from calsync.state import tables
from calsync.state.codec import from_epoch, to_epoch
from calsync.state.rows import Rows

__all__ = ["ActRow", "ActRows"]


@dataclass(frozen=True, slots=True)
class ActRow:
    """One act by key, for the day or week that begins on the local day `day`; `state` is told | done | skipped.

    `person` is "" for an act that is for nobody by name, `body` an encrypted note or "". `at` is when it was said.
    """

    id: int
    day: date
    act: str
    person: str
    state: str
    at: datetime
    body: str


class ActRows(Rows):
    """Questions and changes about acts of kindness."""

    def acts(self) -> list[ActRow]:
        """Every act that is remembered, by day."""
        t = tables.acts
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.day, t.c.id)).all()
        return [
            ActRow(r.id, date.fromisoformat(r.day), r.act, r.person, r.state, from_epoch(r.at), r.body) for r in rows
        ]

    def keep_act(
        self,
        day: date,
        act: str,
        person: str,
        state: str,
        at: datetime,
        body: str = "",
        *,
        instead_of: int | None = None,
    ) -> None:
        """Remember an act; with `instead_of` it becomes what the row with that id says, in its place."""
        t = tables.acts
        values = {
            "day": day.isoformat(),
            "act": act,
            "person": person,
            "state": state,
            "at": to_epoch(at),
            "body": body,
        }
        with self._transaction(keep=True) as connection:
            if instead_of is None:
                connection.execute(insert(t).values(values))
            else:
                connection.execute(update(t).where(t.c.id == instead_of).values(values))

    def drop_act_notes(self, before: datetime) -> None:
        """Forget what was noted of acts before that instant, but not the acts; without any, nothing is written."""
        t = tables.acts
        old = (t.c.at < to_epoch(before)) & (t.c.body != "")
        with self._transaction() as connection:
            if connection.execute(select(t.c.id).where(old).limit(1)).first() is None:
                return
        with self._transaction(keep=True) as connection:
            connection.execute(update(t).where(old).values(body=""))

    def drop_acts(self, before: date) -> None:
        """Forget every act of a day before that; nothing is written when there is none."""
        t = tables.acts
        old = t.c.day < before.isoformat()
        with self._transaction() as connection:
            if connection.execute(select(t.c.id).where(old).limit(1)).first() is None:
                return
        with self._transaction(keep=True) as connection:
            connection.execute(delete(t).where(old))
