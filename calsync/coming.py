"""The coming blocks, as the last night left them: when, whom, and why them. Reads the state alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from calsync.agenda import Slot, block_id, identity_of, standing_slots
from calsync.contacts import pings_for
from calsync.desk import Desk, target_names
from calsync.model import Kind, Override, Span, at_wall_clock
from calsync.people.contacts import ContactKind, name_key
from calsync.people.cues import PREFACE
from calsync.state.store import BaseSeries, Store
from calsync.sync.keys import series_name

__all__ = ["ComingBlock", "coming_blocks"]


@dataclass(frozen=True, slots=True)
class ComingBlock:
    """One block to come, or of today. `people` are (name, why); `person` and `why` are the first of them."""

    id: str
    series: str
    kind: str
    calendar: str
    start: datetime
    end: datetime
    state: str
    people: tuple[tuple[str, str], ...]
    brief: Mapping[str, Any]

    @property
    def person(self) -> str | None:
        """Whom to ping first."""
        return self.people[0][0] if self.people else None

    @property
    def why(self) -> str | None:
        """Why them."""
        return self.people[0][1] if self.people else None

    def as_json(self) -> dict[str, Any]:
        """The documented keys of `week` and `today`."""
        return {
            "id": self.id,
            "series": self.series,
            "kind": self.kind,
            "calendar": self.calendar,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "state": self.state,
            "person": self.person,
            "why": self.why,
            "people": [{"name": name, "why": why} for name, why in self.people],
            "brief": dict(self.brief),
        }


def coming_blocks(desk: Desk, days: int) -> list[ComingBlock]:
    """The blocks from the start of today for `days` days, in order."""
    zone, today = desk.config.zone, desk.now.date()
    window = Span(at_wall_clock(today, time(), zone), at_wall_clock(today + timedelta(days), time(), zone))
    with Store(desk.state_folder, desk.now) as store:
        bases = {name: _rows(store, name) for name in target_names(desk)}
        slots = standing_slots(
            {name: [(row.series, row.standing) for row in rows.values()] for name, rows in bases.items()},
            store.decisions(),
            zone,
        )
        reach = today + timedelta(weeks=desk.config.planning.horizon_weeks + 1)
        placed = [
            (slot, day, one)
            for slot in slots
            if not slot.theirs
            for day in slot.series.days(today - timedelta(7), reach)
            if (one := slot.series.placed(day)) is not None
        ]
        connect = {
            block_id(identity_of(slot.series), day): one.span
            for slot, day, one in placed
            if slot.series.kind is Kind.CONNECT and one.span.end > window.start
        }
        people: dict[str, list[tuple[str, str]]] = {}
        for ping in pings_for(desk, store, connect):
            people.setdefault(ping.block_id, []).append((ping.person, ping.why))
        logged = {(name_key(row.person), row.at.astimezone(zone).date(), row.kind) for row in store.contacts()}
    blocks = [
        _block(desk, bases, slot, day, one, tuple(people.get(block_id(identity_of(slot.series), day), ())), logged)
        for slot, day, one in placed
        if one.span.overlaps(window)
    ]
    return sorted(blocks, key=lambda block: (block.start, block.id))


def _rows(store: Store, name: str) -> dict[str, BaseSeries]:
    return {key: row for (_, key), row in store.base(name).items()}


def _block(
    desk: Desk,
    bases: Mapping[str, Mapping[str, BaseSeries]],
    slot: Slot,
    day: date,
    placed: Override,
    people: tuple[tuple[str, str], ...],
    logged: set[tuple[str, date, str]],
) -> ComingBlock:
    zone = desk.config.zone
    series = slot.series
    calendar = next(
        name for name, rows in bases.items() for row in rows.values() if identity_of(row.series) == identity_of(series)
    )
    local = placed.span.start.astimezone(zone).date()
    state = "planned"
    if any((name_key(name), local, ContactKind.PERSONAL) in logged for name, _ in people):
        state = "kept"
    elif people and all((name_key(name), local, ContactKind.SKIP) in logged for name, _ in people):
        state = "skipped"
    elif day in slot.marks:
        state = "pinned"
    elif placed.span != series.home(day):
        state = "moved"
    return ComingBlock(
        id=block_id(identity_of(series), day),
        series=series_name(series.kind.value, series.number),
        kind=series.kind.value,
        calendar=calendar,
        start=placed.span.start.astimezone(zone),
        end=placed.span.end.astimezone(zone),
        state=state,
        people=people,
        brief={
            "preface": PREFACE if people else None,
            "thread": None,
            "promises": [],
            "topic": None,
            "follow_ups": [],
            "flags": [],
        },
    )
