"""Changes to come: whom they affect, who was asked, and what speaks for and against them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, select, update

from calsync.state import tables
from calsync.state.codec import from_epoch, to_epoch
from calsync.state.rows import Rows

__all__ = ["AffectedRow", "ChangeRow", "ChangeRows", "PointRow"]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change, announced on the local day `on`; `tags` say whom it affects beside those named. `body` is encrypted.

    `asking_since` is None before the leader asks anybody, `closed_at` while the change is open.
    """

    id: int
    on: date
    made_at: datetime
    asking_since: datetime | None
    closed_at: datetime | None
    tags: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True)
class AffectedRow:
    """One person whom a change affects; `asked_at` is None before they were asked, `body` encrypted or ""."""

    change: int
    person: str
    asked_at: datetime | None
    body: str


@dataclass(frozen=True, slots=True)
class PointRow:
    """What speaks for a change (side pro) or against it (con); `person` raised it, "" is the leader."""

    id: int
    change: int
    person: str
    side: str
    at: datetime
    body: str


class ChangeRows(Rows):
    """Questions and changes about changes to come."""

    def changes(self) -> list[ChangeRow]:
        """Every change, by id."""
        t = tables.changes
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.id)).all()
        return [
            ChangeRow(
                r.id,
                date.fromisoformat(r.on),
                from_epoch(r.made_at),
                _instant(r.asking_since),
                _instant(r.closed_at),
                tuple(json.loads(r.tags)),
                r.body,
            )
            for r in rows
        ]

    def affected(self) -> list[AffectedRow]:
        """Everybody whom a change names or who was asked about one, by change and name."""
        t = tables.change_people
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.change, t.c.person)).all()
        return [AffectedRow(r.change, r.person, _instant(r.asked_at), r.body) for r in rows]

    def points(self) -> list[PointRow]:
        """Everything that speaks for and against changes, by id."""
        t = tables.change_points
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.id)).all()
        return [PointRow(r.id, r.change, r.person, r.side, from_epoch(r.at), r.body) for r in rows]

    def add_change(
        self,
        on: date,
        made_at: datetime,
        tags: Iterable[str],
        people: Iterable[str],
        points: Iterable[tuple[str, str]],
        body: str,
    ) -> int:
        """Keep a change with the leader's own `points` (side, encrypted body); gives its id."""
        when = to_epoch(made_at)
        with self._transaction(keep=True) as connection:
            done = connection.execute(
                insert(tables.changes).values(
                    on=on.isoformat(),
                    made_at=when,
                    asking_since=None,
                    closed_at=None,
                    tags=json.dumps(list(tags)),
                    body=body,
                )
            )
            change = int(done.inserted_primary_key[0])  # type: ignore[index]
            for person in people:
                connection.execute(
                    insert(tables.change_people).values(change=change, person=person, asked_at=None, body="")
                )
            for side, text in points:
                connection.execute(
                    insert(tables.change_points).values(change=change, person="", side=side, at=when, body=text)
                )
        return change

    def edit_change(self, change: int, *, on: date, tags: Iterable[str], people: Iterable[str]) -> None:
        """Give a change another day, other tags, and more people."""
        t, p = tables.changes, tables.change_people
        with self._transaction(keep=True) as connection:
            connection.execute(update(t).where(t.c.id == change).values(on=on.isoformat(), tags=json.dumps(list(tags))))
            for person in people:
                there = (p.c.change == change) & (p.c.person == person)
                if connection.execute(select(p.c.person).where(there)).first() is None:
                    connection.execute(insert(p).values(change=change, person=person, asked_at=None, body=""))

    def ask_about(self, change: int, since: datetime | None) -> None:
        """Say from when on people are asked about a change; None for not at all."""
        t = tables.changes
        when = None if since is None else to_epoch(since)
        with self._transaction(keep=True) as connection:
            connection.execute(update(t).where(t.c.id == change).values(asking_since=when))

    def close_change(self, change: int, at: datetime | None) -> None:
        """Say that a change is done with, or with None that it is open again."""
        t = tables.changes
        when = None if at is None else to_epoch(at)
        with self._transaction(keep=True) as connection:
            connection.execute(update(t).where(t.c.id == change).values(closed_at=when))

    def note_answer(
        self,
        change: int,
        person: str,
        asked_at: datetime | None,
        body: str,
        points: Iterable[tuple[str, str]] = (),
        now: datetime | None = None,
    ) -> None:
        """Keep what a person said of a change, and the points (side, encrypted body) that they raised at `now`."""
        t = tables.change_people
        when = None if asked_at is None else to_epoch(asked_at)
        with self._transaction(keep=True) as connection:
            connection.execute(delete(t).where(t.c.change == change, t.c.person == person))
            connection.execute(insert(t).values(change=change, person=person, asked_at=when, body=body))
            for side, text in points:
                assert now is not None
                connection.execute(
                    insert(tables.change_points).values(
                        change=change, person=person, side=side, at=to_epoch(now), body=text
                    )
                )


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else from_epoch(seconds)
