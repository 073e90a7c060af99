"""What the leader said of people: talks, passes, snoozes, and since when somebody is in the rotation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, insert, select

from calsync.model import Span
from calsync.people.contacts import ContactKind
from calsync.state import tables
from calsync.state.codec import from_epoch, to_epoch
from calsync.state.rows import Rows

__all__ = ["ContactRow", "NoteRow", "PeopleRows", "ToldRow"]


_KINDS = frozenset(kind.value for kind in ContactKind)


@dataclass(frozen=True, slots=True)
class ContactRow:
    """What the leader logged: kind is a ContactKind of calsync.people.contacts."""

    person: str
    at: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class NoteRow:
    """What was noted of a talk; `body` is encrypted."""

    id: int
    person: str
    at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class ToldRow:
    """The topic of one person's brief in one block that starts at `start`."""

    block: str
    person: str
    topic: str
    start: datetime


class PeopleRows(Rows):
    """Questions and changes about people."""

    def contacts(self) -> list[ContactRow]:
        """Everything logged, oldest first, without what another hand wrote there in words of its own."""
        t = tables.contacts
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.at, t.c.id)).all()
        return [ContactRow(r.person, from_epoch(r.at), r.kind) for r in rows if r.kind in _KINDS]

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

    def pauses(self) -> dict[str, date]:
        """Who is paused, and since when."""
        with self._transaction() as connection:
            return {r.person: date.fromisoformat(r.since) for r in connection.execute(select(tables.pauses))}

    def pause(self, person: str, since: date | None) -> None:
        """Leave `person` out from the day `since` on; None lets them back in."""
        t = tables.pauses
        with self._transaction(keep=True) as connection:
            connection.execute(delete(t).where(t.c.person == person))
            if since is not None:
                connection.execute(insert(t).values(person=person, since=since.isoformat()))

    def notes(self, person: str | None = None) -> list[NoteRow]:
        """What was noted, oldest first; of one person or of all."""
        t = tables.notes
        query = select(t).order_by(t.c.at, t.c.id)
        if person is not None:
            query = query.where(t.c.person == person)
        with self._transaction() as connection:
            return [NoteRow(r.id, r.person, from_epoch(r.at), r.body) for r in connection.execute(query)]

    def add_note(self, person: str, at: datetime, body: str) -> None:
        """Keep an encrypted note."""
        with self._transaction(keep=True) as connection:
            connection.execute(insert(tables.notes).values(person=person, at=to_epoch(at), body=body))

    def drop_notes(self, before: datetime) -> int:
        """Forget every note from before that instant; how many there were."""
        t = tables.notes
        old = t.c.at < to_epoch(before)
        with self._transaction() as connection:
            if connection.execute(select(t.c.id).where(old).limit(1)).first() is None:
                return 0
        with self._transaction(keep=True) as connection:
            return connection.execute(delete(t).where(old)).rowcount

    def topics_told(self) -> list[ToldRow]:
        """The topics of all briefs, past and coming, by start."""
        t = tables.topics_told
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.start, t.c.block, t.c.person)).all()
        return [ToldRow(r.block, r.person, r.topic, from_epoch(r.start)) for r in rows]

    def keep_topics(self, rows: Iterable[ToldRow], since: datetime, forget_before: datetime) -> None:
        """Replace what is kept of briefs from `since` on, and forget what is older than `forget_before`."""
        t = tables.topics_told
        wanted = sorted(rows, key=lambda r: (r.start, r.block, r.person))
        known = [r for r in self.topics_told() if r.start >= since]
        with self._transaction() as connection:
            old = connection.execute(select(t.c.block).where(t.c.start < to_epoch(forget_before)).limit(1)).first()
        same = [(r.block, r.person, r.topic, to_epoch(r.start)) for r in known] == [
            (r.block, r.person, r.topic, to_epoch(r.start)) for r in wanted
        ]
        if same and old is None:
            return
        with self._transaction(keep=True) as connection:
            connection.execute(delete(t).where((t.c.start >= to_epoch(since)) | (t.c.start < to_epoch(forget_before))))
            for r in wanted:
                connection.execute(delete(t).where(t.c.block == r.block, t.c.person == r.person))
                connection.execute(
                    insert(t).values(block=r.block, person=r.person, topic=r.topic, start=to_epoch(r.start))
                )

    def people_busy(self) -> dict[str, list[Span]]:
        """When people are busy, as their calendars said when they were last asked."""
        with self._transaction() as connection:
            rows = connection.execute(select(tables.people_busy)).all()
        return {r.person: [Span(from_epoch(a), from_epoch(b)) for a, b in json.loads(r.spans)] for r in rows}

    def keep_people_busy(self, busy: Mapping[str, Iterable[Span]], asked_at: datetime) -> None:
        """Replace all that is known of when people are busy."""
        rows = [
            {
                "person": person,
                "asked_at": to_epoch(asked_at),
                "spans": json.dumps([[to_epoch(span.start), to_epoch(span.end)] for span in spans]),
            }
            for person, spans in sorted(busy.items())
        ]
        with self._transaction() as connection:
            connection.execute(delete(tables.people_busy))
            if rows:
                connection.execute(insert(tables.people_busy), rows)
