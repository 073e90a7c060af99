"""One person under another name, or two who are one: everything that is kept of them moves along."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from calsync.names import name_key
from calsync.state import tables
from calsync.state.rows import Rows

__all__ = ["IdentityRows"]

T = TypeVar("T")

_DATED = ((tables.snoozes, "until", max), (tables.newcomers, "since", min), (tables.pauses, "since", min))
"""One row a person; of two that become one, the later snooze and the earlier day of the others stay."""

_BESIDE = (tables.promises, tables.promise_time, tables.acts, tables.change_points)
"""Rows of one person stand beside rows of another, whatever they are called."""


class IdentityRows(Rows):
    """Questions and changes about who is who. Spellings with the same `name_key` are one name."""

    def kept_of(self, person: str) -> dict[str, int]:
        """How many contacts and notes are kept of `person`."""
        with self._transaction() as connection:
            return {
                table.name: sum(
                    number
                    for spelling, number in connection.execute(
                        select(table.c.person, func.count()).group_by(table.c.person)
                    )
                    if name_key(spelling) == name_key(person)
                )
                for table in (tables.contacts, tables.notes)
            }

    def rename_person(self, old: str, new: str, settle: Callable[[], T]) -> T:
        """Let all that is kept of `old` be kept of `new`, beside what is kept of them already.

        `settle` is called before the change stands: when it raises, everything is as it was. Gives what it gives.
        """
        if name_key(old) == name_key(new):
            return settle()
        with self._transaction(keep=True) as connection:
            _turns(connection, old, new)
            for table, column, better in _DATED:
                _one_day(connection, table, column, better, old, new)
            _topics(connection, old, new)
            _assignments(connection, old, new)
            _affected(connection, old, new)
            for table in _BESIDE:
                connection.execute(
                    update(table).where(table.c.person.in_(_spellings(connection, table, old))).values(person=new)
                )
            busy = tables.people_busy  # asked anew by the next night: whose addresses it is of has changed
            connection.execute(delete(busy).where(busy.c.person.in_(_spellings(connection, busy, old))))
            return settle()


def _spellings(connection: Connection, table: Table, name: str) -> list[str]:
    """The ways in which `name` is written in a table."""
    found = connection.execute(select(table.c.person).distinct()).scalars()
    return sorted(spelling for spelling in found if name_key(spelling) == name_key(name))


def _turns(connection: Connection, old: str, new: str) -> None:
    """Move contacts and notes. A person's contacts never share a second, by which a note finds its contact."""
    c, n = tables.contacts, tables.notes
    spellings = _spellings(connection, c, old)
    moving = sorted(set(connection.execute(select(c.c.at).where(c.c.person.in_(spellings))).scalars()))
    there = c.c.person.in_(_spellings(connection, c, new))
    taken = set(connection.execute(select(c.c.at).where(there)).scalars())
    for second in moving:
        free = second
        while free in taken:
            free -= 1
        taken.add(free)
        for table in (c, n):
            these = table.c.person.in_(_spellings(connection, table, old)) & (table.c.at == second)
            connection.execute(update(table).where(these).values(person=new, at=free))
    alone = _spellings(connection, n, old)
    connection.execute(update(n).where(n.c.person.in_(alone)).values(person=new))


def _one_day(
    connection: Connection, table: Table, column: str, better: Callable[[list[str]], str], old: str, new: str
) -> None:
    """Let the one row of `new` have the better day of both; days are ISO text, so they compare as they are."""
    spellings = _spellings(connection, table, old)
    if not spellings:
        return
    both = table.c.person.in_([*spellings, *_spellings(connection, table, new)])
    days = list(connection.execute(select(table.c[column]).where(both)).scalars())
    connection.execute(delete(table).where(both))
    connection.execute(insert(table).values({"person": new, column: better(days)}))


def _topics(connection: Connection, old: str, new: str) -> None:
    """Move the topics told; where both were told one in the same block, that of `new` stays."""
    t = tables.topics_told
    told = set(connection.execute(select(t.c.block).where(t.c.person.in_(_spellings(connection, t, new)))).scalars())
    for spelling in _spellings(connection, t, old):
        connection.execute(delete(t).where((t.c.person == spelling) & t.c.block.in_(told)))
        told |= set(connection.execute(select(t.c.block).where(t.c.person == spelling)).scalars())
        connection.execute(update(t).where(t.c.person == spelling).values(person=new))


def _assignments(connection: Connection, old: str, new: str) -> None:
    """Put `new` in the place of `old` in every block, once where both stood in it."""
    t = tables.assignments
    for row in connection.execute(select(t)).all():
        people = json.loads(row.people)
        renamed = list(dict.fromkeys(new if name_key(one) in (name_key(old), name_key(new)) else one for one in people))
        if renamed != people and any(name_key(one) == name_key(old) for one in people):
            connection.execute(update(t).where(t.c.block == row.block).values(people=json.dumps(renamed)))


def _affected(connection: Connection, old: str, new: str) -> None:
    """Let `new` be affected by what affects `old`; of two who are both, both answers stay, who was asked first first.

    They are encrypted, so they stand one behind the other until the leader notes something more.
    """
    t = tables.change_people
    both = [*_spellings(connection, t, old), *_spellings(connection, t, new)]
    found: dict[int, list[Any]] = {}
    for row in connection.execute(select(t).where(t.c.person.in_(both))).all():
        found.setdefault(row.change, []).append(row)
    for change, rows in found.items():
        rows.sort(key=lambda row: (row.asked_at is None, row.asked_at or 0, not row.body, row.person != new))
        body = " ".join(row.body for row in rows if row.body)
        connection.execute(delete(t).where((t.c.change == change) & t.c.person.in_(both)))
        connection.execute(insert(t).values(change=change, person=new, asked_at=rows[0].asked_at, body=body))
