"""Changes to come: whom they affect, who was asked, and what speaks for and against them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, insert, select, update

from calsync.names import name_key
from calsync.state import tables
from calsync.state.codec import from_epoch, to_epoch
from calsync.state.rows import Rows

__all__ = ["AffectedRow", "ChangeRow", "ChangeRows", "PointRow"]


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change, announced on the local day `on`; `tags` say whom it affects beside those named. `body` is encrypted.

    `asking_since` is None before the leader asks anybody, `closed_at` while the change is open. `counted` is how many
    were asked before the day, of how many, as it was at the closing. With `fixed` the tags affect nobody more.
    """

    id: int
    on: date
    made_at: datetime
    asking_since: datetime | None
    closed_at: datetime | None
    tags: tuple[str, ...]
    body: str
    counted: tuple[int, int] | None = None
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class AffectedRow:
    """One person whom a change affects; `asked_at` is None before they were asked, `body` encrypted or "".

    Where two entries were merged, `body` has what was said of each, with a space between.
    """

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
        found = []
        for r in rows:
            tags, counted, fixed = _whom(r.tags)
            asking, closed = _instant(r.asking_since), _instant(r.closed_at)
            on, made_at = date.fromisoformat(r.on), from_epoch(r.made_at)
            found.append(ChangeRow(r.id, on, made_at, asking, closed, tags, r.body, counted, fixed))
        return found

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

    def edit_change(
        self,
        change: int,
        *,
        on: date,
        tags: Iterable[str],
        people: Iterable[str],
        without: Iterable[str] = (),
        points: Iterable[tuple[str, str]] = (),
        body: str | None = None,
        now: datetime | None = None,
        fixed: bool = False,
    ) -> None:
        """Give a change another day, other tags, more people, more of the leader's own points, made at `now`, and with
        `body` other words. It no longer affects `without`, with what they said; with `fixed` nobody more by its tags.
        """
        t = tables.changes
        whom = json.dumps({"tags": list(tags), "counted": None} if fixed else list(tags))
        values = {"on": on.isoformat(), "tags": whom} | ({} if body is None else {"body": body})
        with self._transaction(keep=True) as connection:
            connection.execute(update(t).where(t.c.id == change).values(**values))
            _name(connection, change, people)
            _unname(connection, change, without)
            _raise(connection, change, "", points, now)

    def ask_about(self, change: int, since: datetime | None) -> None:
        """Say from when on people are asked about a change; None for not at all."""
        t = tables.changes
        when = None if since is None else to_epoch(since)
        with self._transaction(keep=True) as connection:
            connection.execute(update(t).where(t.c.id == change).values(asking_since=when))

    def close_change(self, change: int, at: datetime, people: Iterable[str], counted: tuple[int, int]) -> None:
        """Say that a change is done with, whom it affected in the end, and how many were asked before, of how many."""
        t = tables.changes
        with self._transaction(keep=True) as connection:
            tags, *_ = _whom(connection.execute(select(t.c.tags).where(t.c.id == change)).scalar_one())
            whom = json.dumps({"tags": list(tags), "counted": list(counted)})
            connection.execute(update(t).where(t.c.id == change).values(closed_at=to_epoch(at), tags=whom))
            _name(connection, change, people)

    def fix_affected(self, change: int, people: Iterable[str]) -> None:
        """Let the change affect `people` by name, and nobody more by its tags, until it is edited."""
        t = tables.changes
        with self._transaction(keep=True) as connection:
            tags, *_ = _whom(connection.execute(select(t.c.tags).where(t.c.id == change)).scalar_one())
            whom = json.dumps({"tags": list(tags), "counted": None})
            connection.execute(update(t).where(t.c.id == change).values(tags=whom))
            _name(connection, change, people)

    def drop_change_words(self, before: datetime) -> int:
        """Forget every word of the changes that were closed before that instant; how many there were."""
        t = tables.changes
        old = (t.c.closed_at < to_epoch(before)) & (t.c.body != "")
        with self._transaction() as connection:
            ids = list(connection.execute(select(t.c.id).where(old)).scalars())
        if not ids:
            return 0
        with self._transaction(keep=True) as connection:
            connection.execute(update(t).where(t.c.id.in_(ids)).values(body=""))
            for table in (tables.change_people, tables.change_points):
                connection.execute(update(table).where(table.c.change.in_(ids)).values(body=""))
        return len(ids)

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
            _unname(connection, change, [person])
            connection.execute(insert(t).values(change=change, person=person, asked_at=when, body=body))
            _raise(connection, change, person, points, now)

    def take_back_answer(
        self, change: int, person: str, asked_at: datetime | None, body: str, raised_at: datetime, *, named: bool
    ) -> None:
        """Let the answer of a person be `body` again, without the points that they raised at `raised_at`.

        `asked_at` None: they were not asked; then the change affects them by name only when `named`.
        """
        p = tables.change_points
        with self._transaction(keep=True) as connection:
            _unname(connection, change, [person])
            if named or asked_at is not None:
                when = None if asked_at is None else to_epoch(asked_at)
                row = {"change": change, "person": person, "asked_at": when, "body": body}
                connection.execute(insert(tables.change_people).values(**row))
            for row_id, spelling in connection.execute(
                select(p.c.id, p.c.person).where(p.c.change == change, p.c.at == to_epoch(raised_at))
            ).all():
                if name_key(spelling) == name_key(person):
                    connection.execute(delete(p).where(p.c.id == row_id))


def _name(connection: Connection, change: int, people: Iterable[str]) -> None:
    """Let the change affect each of `people` by name; whoever it does already stays as they are."""
    for person in people:
        if not _spellings(connection, change, person):
            row = {"change": change, "person": person, "asked_at": None, "body": ""}
            connection.execute(insert(tables.change_people).values(**row))


def _unname(connection: Connection, change: int, people: Iterable[str]) -> None:
    p = tables.change_people
    for person in people:
        for there in _spellings(connection, change, person):
            connection.execute(delete(p).where(p.c.change == change, p.c.person == there))


def _spellings(connection: Connection, change: int, person: str) -> list[str]:
    """How the person is written among those of the change: not at all, or once."""
    p = tables.change_people
    names = connection.execute(select(p.c.person).where(p.c.change == change)).scalars()
    return [name for name in names if name_key(name) == name_key(person)]


def _raise(
    connection: Connection, change: int, person: str, points: Iterable[tuple[str, str]], now: datetime | None
) -> None:
    for side, text in points:
        assert now is not None
        connection.execute(
            insert(tables.change_points).values(change=change, person=person, side=side, at=to_epoch(now), body=text)
        )


def _whom(text: str) -> tuple[tuple[str, ...], tuple[int, int] | None, bool]:
    """The tags of a change, once it is closed the count that stands, and whether its tags affect nobody more."""
    value = json.loads(text)
    if isinstance(value, list):
        return tuple(value), None, False
    counted = value["counted"]
    return tuple(value["tags"]), None if counted is None else (counted[0], counted[1]), True


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else from_epoch(seconds)
