"""The store: every question and every change that the use cases have for the state database, one method each."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import DatabaseError

from calsync.errors import StateError
from calsync.model import Occurrence, Series
from calsync.ports import Expanded, OwnedSeries, Resource
from calsync.state import ledger, tables
from calsync.state.codec import (
    dump_occurrences,
    dump_owned,
    dump_series,
    from_epoch,
    load_occurrences,
    load_owned,
    load_series,
    to_epoch,
)
from calsync.state.database import open_database

__all__ = ["BaseSeries", "CalendarState", "ContactRow", "Decision", "JournalRow", "Store"]


@dataclass(frozen=True, slots=True)
class CalendarState:
    """How far a calendar was read. `fingerprint` tells which calendar it was: a changed one is read anew."""

    fingerprint: str
    cursor: str
    covered_from: datetime
    covered_to: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class BaseSeries:
    """A series as calsync last knew it to be its own work."""

    series: Series
    resource: str
    etag: str
    standing: bool


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One write of one run."""

    id: int
    run: int
    calendar: str
    key: str
    before: Series | None
    after: Series | None
    state: str


@dataclass(frozen=True, slots=True)
class Decision:
    """An edit of the leader's that is honoured. `home` is ISO text, '' for a whole series; see tables.decisions."""

    id: int
    what: str
    kind: str
    number: int
    generation: int
    home: str
    placed: str
    calendar: str
    noticed_at: datetime


@dataclass(frozen=True, slots=True)
class ContactRow:
    """What the leader logged: kind is `personal` or `skip`."""

    person: str
    at: datetime
    kind: str


class Store:
    """The state of one leader. Not for use by several threads at once; `close` it, or use it in a `with`."""

    def __init__(self, folder: Path, now: datetime) -> None:
        """Open or make the database in `folder`; a damaged one is set aside and the leader's part restored."""
        self.folder = folder
        self._engine, self.set_aside = open_database(folder, now)
        self._connection: Connection | None = None
        if self.set_aside is not None:
            with self._transaction() as connection:
                ledger.restore(connection, folder)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database file."""
        self._engine.dispose()

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

    # Reading calendars -----------------------------------------------------------------------------------------

    def calendar(self, name: str) -> CalendarState | None:
        """How far calendar `name` was read, or None."""
        t = tables.calendars
        with self._transaction() as connection:
            row = connection.execute(select(t).where(t.c.name == name)).one_or_none()
        if row is None:
            return None
        return CalendarState(
            row.fingerprint, row.cursor, from_epoch(row.covered_from), from_epoch(row.covered_to), row.zone
        )

    def resources(self, calendar: str) -> list[Resource]:
        """The calendar's stored resources with their payloads, by name."""
        t = tables.resources
        query = select(t.c.name, t.c.etag, t.c.payload).where(t.c.calendar == calendar).order_by(t.c.name)
        with self._transaction() as connection:
            return [Resource(*row) for row in connection.execute(query)]

    def keep_reading(
        self,
        name: str,
        state: CalendarState,
        changed: Iterable[tuple[Resource, Expanded]],
        removed: Iterable[str],
        read_at: datetime,
        *,
        complete: bool,
    ) -> None:
        """Take over what a read brought and its cursor, all in one transaction. With `complete`, all else is gone."""
        t, c = tables.resources, tables.calendars
        rows = [
            {
                "calendar": name,
                "name": resource.name,
                "etag": resource.etag,
                "payload": resource.payload,
                "expanded": dump_occurrences(expanded.occurrences),
                "owned": dump_owned(expanded.owned),
            }
            for resource, expanded in changed
        ]
        gone = [{"n": resource} for resource in {*removed, *(row["name"] for row in rows)}]
        with self._transaction() as connection:
            if complete:
                connection.execute(delete(t).where(t.c.calendar == name))
            elif gone:
                connection.execute(delete(t).where(t.c.calendar == name, t.c.name == bindparam("n")), gone)
            if rows:
                connection.execute(insert(t), rows)
            connection.execute(delete(c).where(c.c.name == name))
            connection.execute(
                insert(c).values(
                    name=name,
                    fingerprint=state.fingerprint,
                    cursor=state.cursor,
                    covered_from=to_epoch(state.covered_from),
                    covered_to=to_epoch(state.covered_to),
                    zone=state.zone,
                    read_at=to_epoch(read_at),
                )
            )

    def occurrences(self, calendar: str, without: Collection[str] = ()) -> list[Occurrence]:
        """Every stored occurrence of the calendar, in no particular order, but for those of some resources."""
        t = tables.resources
        query = select(t.c.name, t.c.expanded).where(t.c.calendar == calendar, t.c.expanded != "")
        with self._transaction() as connection:
            rows = connection.execute(query).all()
        return [o for name, text in rows if name not in without for o in load_occurrences(text)]

    def owned(self, calendar: str) -> dict[str, OwnedSeries]:
        """The block series as last read from the calendar, by key."""
        t = tables.resources
        query = select(t.c.owned).where(t.c.calendar == calendar, t.c.owned != "")
        with self._transaction() as connection:
            texts = connection.execute(query).scalars().all()
        found = (load_owned(text) for text in texts)
        return {owned.series.key: owned for owned in found if owned is not None}

    def forget_calendar(self, name: str) -> None:
        """Drop what was read of a calendar, so that the next read is a full one."""
        with self._transaction() as connection:
            connection.execute(delete(tables.resources).where(tables.resources.c.calendar == name))
            connection.execute(delete(tables.calendars).where(tables.calendars.c.name == name))

    # Series and decisions --------------------------------------------------------------------------------------

    def base(self, calendar: str | None = None) -> dict[tuple[str, str], BaseSeries]:
        """The series as calsync last knew them, by (calendar, key); of one calendar, or of all."""
        t = tables.series
        query = select(t).order_by(t.c.calendar, t.c.kind, t.c.number, t.c.generation)
        if calendar is not None:
            query = query.where(t.c.calendar == calendar)
        found: dict[tuple[str, str], BaseSeries] = {}
        with self._transaction() as connection:
            for row in connection.execute(query):
                body = load_series(row.body)
                if body is not None:
                    found[row.calendar, row.key] = BaseSeries(body, row.resource, row.etag, row.standing)
        return found

    def keep_base(self, rows: Mapping[tuple[str, str], BaseSeries | None]) -> None:
        """Remember the given series; None forgets one."""
        if not rows:
            return
        with self._transaction(keep=True) as connection:
            self._keep_base(connection, rows)

    @staticmethod
    def _keep_base(connection: Connection, rows: Mapping[tuple[str, str], BaseSeries | None]) -> None:
        t, g = tables.series, tables.generations
        for (calendar, key), row in rows.items():
            connection.execute(delete(t).where(t.c.calendar == calendar, t.c.key == key))
            if row is None:
                continue
            body = row.series
            connection.execute(
                insert(t).values(
                    calendar=calendar,
                    key=key,
                    kind=body.kind.value,
                    number=body.number,
                    generation=body.generation,
                    body=dump_series(body),
                    resource=row.resource,
                    etag=row.etag,
                    standing=row.standing,
                )
            )
            mine = (g.c.kind == body.kind.value) & (g.c.number == body.number)
            last = connection.execute(select(g.c.last).where(mine)).scalar()
            if last is None:
                connection.execute(insert(g).values(kind=body.kind.value, number=body.number, last=body.generation))
            elif last < body.generation:
                connection.execute(update(g).where(mine).values(last=body.generation))

    def generations(self) -> dict[tuple[str, int], int]:
        """The highest generation ever used, by (kind, number)."""
        with self._transaction() as connection:
            return {(r.kind, r.number): r.last for r in connection.execute(select(tables.generations))}

    def decisions(self) -> list[Decision]:
        """The leader's edits that are honoured, oldest first."""
        t = tables.decisions
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.id)).all()
        return [
            Decision(
                r.id, r.what, r.kind, r.number, r.generation, r.home, r.placed, r.calendar, from_epoch(r.noticed_at)
            )
            for r in rows
        ]

    def add_decisions(self, decisions: Sequence[Decision]) -> None:
        """Remember edits; their `id` is given here. One for the same date replaces the earlier one."""
        if not decisions:
            return
        t = tables.decisions
        with self._transaction(keep=True) as connection:
            for d in decisions:
                connection.execute(
                    delete(t).where(
                        t.c.kind == d.kind,
                        t.c.number == d.number,
                        t.c.generation == d.generation,
                        t.c.home == d.home,
                        t.c.what.in_(("deleted", "pinned") if d.home else (d.what,)),
                    )
                )
                connection.execute(
                    insert(t).values(
                        what=d.what,
                        kind=d.kind,
                        number=d.number,
                        generation=d.generation,
                        home=d.home,
                        placed=d.placed,
                        calendar=d.calendar,
                        noticed_at=to_epoch(d.noticed_at),
                    )
                )

    def drop_decisions(self, ids: Iterable[int]) -> None:
        """Forget edits: they are taken back."""
        wanted = list(ids)
        if wanted:
            with self._transaction(keep=True) as connection:
                connection.execute(delete(tables.decisions).where(tables.decisions.c.id.in_(wanted)))

    # Runs and the journal --------------------------------------------------------------------------------------

    def begin_run(self, command: str, started_at: datetime, now: datetime) -> int:
        """A new run's number."""
        t = tables.runs
        with self._transaction() as connection:
            result = connection.execute(
                insert(t).values(command=command, started_at=to_epoch(started_at), now=now.isoformat(), summary="")
            )
            return int(result.inserted_primary_key[0])  # type: ignore[index]

    def end_run(self, run: int, exit_code: int, summary: Mapping[str, Any]) -> None:
        """Close a run with its exit code and a summary without names."""
        t = tables.runs
        text = json.dumps(summary, ensure_ascii=False)
        with self._transaction() as connection:
            connection.execute(update(t).where(t.c.id == run).values(exit=exit_code, summary=text))

    def runs(self, limit: int) -> list[dict[str, Any]]:
        """The newest runs, newest first."""
        t = tables.runs
        with self._transaction() as connection:
            rows = connection.execute(select(t).order_by(t.c.id.desc()).limit(limit)).all()
        return [
            {
                "run": row.id,
                "command": row.command,
                "started_at": from_epoch(row.started_at).isoformat(),
                "now": row.now,
                "exit": row.exit,
                **(json.loads(row.summary) if row.summary else {}),
            }
            for row in rows
        ]

    def intend(self, run: int, calendar: str, writes: Iterable[tuple[str, Series | None, Series | None]]) -> list[int]:
        """Put writes down before they are asked for: (key, before, after). The rows' ids, in order."""
        t, ids = tables.journal, []
        with self._transaction() as connection:
            for key, before, after in writes:
                result = connection.execute(
                    insert(t).values(
                        run=run,
                        calendar=calendar,
                        key=key,
                        before=dump_series(before),
                        after=dump_series(after),
                        state="intended",
                        error="",
                    )
                )
                ids.append(int(result.inserted_primary_key[0]))  # type: ignore[index]
        return ids

    def settle(self, states: Mapping[int, tuple[str, str]], bases: Mapping[tuple[str, str], BaseSeries | None]) -> None:
        """Close journal rows (id -> (state, error)) and take over the series they left, in one transaction."""
        if not states and not bases:
            return
        t = tables.journal
        with self._transaction(keep=bool(bases)) as connection:
            for row, (state, error) in states.items():
                connection.execute(update(t).where(t.c.id == row).values(state=state, error=error))
            self._keep_base(connection, bases)

    def journal(self, *, run: int | None = None, state: str | None = None) -> list[JournalRow]:
        """Journal rows in the order they were written, of one run and/or in one state."""
        t = tables.journal
        query = select(t).order_by(t.c.id)
        if run is not None:
            query = query.where(t.c.run == run)
        if state is not None:
            query = query.where(t.c.state == state)
        with self._transaction() as connection:
            rows = connection.execute(query).all()
        return [
            JournalRow(r.id, r.run, r.calendar, r.key, load_series(r.before), load_series(r.after), r.state)
            for r in rows
        ]

    def last_undoable(self) -> int | None:
        """The newest run that wrote something and is not itself an undo or undone, or None."""
        t, r = tables.journal, tables.runs
        query = (
            select(func.max(t.c.run))
            .select_from(t.join(r, r.c.id == t.c.run))
            .where(t.c.state == "confirmed", r.c.command != "undo")
        )
        with self._transaction() as connection:
            found = connection.execute(query).scalar()
        return int(found) if found is not None else None

    # People ----------------------------------------------------------------------------------------------------

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

    def assignments(self) -> dict[str, tuple[str, ...]]:
        """Whom each block was last planned for."""
        with self._transaction() as connection:
            return {r.block: tuple(json.loads(r.people)) for r in connection.execute(select(tables.assignments))}

    def keep_assignments(self, rows: Mapping[str, tuple[datetime, Sequence[str]]], before: datetime) -> None:
        """Replace the assignments of the given blocks, and of all that start at or after `before`."""
        t = tables.assignments
        if {block: tuple(people) for block, (_, people) in rows.items()} == {
            block: people for block, people in self.assignments().items() if block in rows
        } and not self._stray_assignments(set(rows), before):
            return
        with self._transaction() as connection:
            connection.execute(delete(t).where((t.c.start >= to_epoch(before)) | t.c.block.in_(list(rows))))
            if rows:
                connection.execute(
                    insert(t),
                    [
                        {"block": block, "people": json.dumps(list(people)), "start": to_epoch(start)}
                        for block, (start, people) in rows.items()
                    ],
                )

    def _stray_assignments(self, known: set[str], before: datetime) -> bool:
        t = tables.assignments
        with self._transaction() as connection:
            stored = connection.execute(select(t.c.block).where(t.c.start >= to_epoch(before))).scalars()
            return any(block not in known for block in stored)
