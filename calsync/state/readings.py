"""What was read of calendars: resources, their occurrences, and cursors, always changed together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from calsync.model import Occurrence, Span
from calsync.ports import Expanded, OwnedSeries, Resource
from calsync.state import tables
from calsync.state.codec import dump_occurrences, dump_owned, from_epoch, load_occurrences, load_owned, to_epoch
from calsync.state.rows import Rows

__all__ = ["CalendarState", "ReadingRows"]


@dataclass(frozen=True, slots=True)
class CalendarState:
    """How far a calendar was read. `fingerprint` tells which calendar it was: a changed one is read anew."""

    fingerprint: str
    cursor: str
    covered_from: datetime
    covered_to: datetime
    zone: str


class ReadingRows(Rows):
    """Questions and changes about what was read."""

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

    def occurrences(self, calendar: str, window: Span | None = None, without: Collection[str] = ()) -> list[Occurrence]:
        """The stored occurrences of the calendar, in no particular order, but for those of some resources.

        With `window`, only what overlaps it.
        """
        t = tables.resources
        query = select(t.c.name, t.c.expanded).where(t.c.calendar == calendar, t.c.expanded != "")
        with self._transaction() as connection:
            rows = connection.execute(query).all()
        return [o for name, text in rows if name not in without for o in load_occurrences(text, window)]

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
