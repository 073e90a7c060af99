"""The coming blocks, as the last night left them: when, whom, why them, and the brief. Reads the state alone."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from calsync.agenda import Slot, block_id, identity_of, standing_slots
from calsync.briefing import Briefing, Turn, briefs
from calsync.contacts import pings_for
from calsync.desk import Desk, target_names
from calsync.errors import CalsyncError
from calsync.following import work_of
from calsync.kindness import ActTurn, acts_ahead, done_days
from calsync.model import Kind, Override, Span, at_wall_clock
from calsync.people.brief import NOTHING, Brief
from calsync.people.contacts import ContactKind, name_key
from calsync.people.promises import Promise
from calsync.promises import promised
from calsync.state.store import BaseSeries, Store
from calsync.sync.keys import series_name

__all__ = ["Coming", "ComingBlock", "coming", "coming_blocks"]


@dataclass(frozen=True, slots=True)
class ComingBlock:
    """One block to come, or of today. `people` are (name, why), `briefs` what to know of each of them, in that order.

    `person`, `why` and `brief` are the first of them. `act` is the act of a kindness block, `work` what a
    follow-through block is for: promises, each with the minutes that are for it.
    """

    id: str
    series: str
    kind: str
    calendar: str
    start: datetime
    end: datetime
    state: str
    people: tuple[tuple[str, str], ...]
    briefs: tuple[Brief, ...]
    act: ActTurn | None = None
    work: tuple[tuple[Promise, int], ...] = ()

    @property
    def person(self) -> str | None:
        """Whom to ping first."""
        return self.people[0][0] if self.people else None

    @property
    def why(self) -> str | None:
        """Why them."""
        return self.people[0][1] if self.people else None

    @property
    def brief(self) -> Brief:
        """What to know before the first talk."""
        return self.briefs[0] if self.briefs else NOTHING

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
            "people": [
                {"name": name, "why": why, "brief": brief.as_json()}
                for (name, why), brief in zip(self.people, self.briefs, strict=True)
            ],
            "brief": self.brief.as_json(),
            "act": self.act.as_json() if self.act is not None else None,
            "work": [
                {
                    "promise": promise.id,
                    "person": promise.person,
                    "text": promise.text or None,
                    "due": promise.due.astimezone(self.start.tzinfo).isoformat(),
                    "minutes": minutes,
                }
                for promise, minutes in self.work
            ],
        }


@dataclass(frozen=True, slots=True)
class Coming:
    """The blocks to come, in order, and what could not be read for their briefs; `planned` once a night left any."""

    blocks: list[ComingBlock]
    problems: tuple[CalsyncError, ...] = ()
    planned: bool = True


def coming_blocks(desk: Desk, days: int) -> list[ComingBlock]:
    """The blocks from the start of today for `days` days, in order."""
    return coming(desk, days).blocks


def coming(desk: Desk, days: int) -> Coming:
    """The blocks from the start of today for `days` days, with what to say of their briefs."""
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
        turns = [Turn(block, span.start, name) for block, span in connect.items() for name, _ in people.get(block, ())]
        shown = {block for block, span in connect.items() if span.overlaps(window)}
        briefing = briefs(desk, store, turns, shown)
        logged = {(name_key(row.person), row.at.astimezone(zone).date(), row.kind) for row in store.contacts()}
        acts = acts_ahead(
            desk,
            store,
            {
                one.span.start.astimezone(zone).date()
                for slot, _, one in placed
                if slot.series.kind is Kind.KINDNESS and one.span.overlaps(window)
            },
        )
        done = frozenset(done_days(desk, store))
        work, unread = _work(desk, store, placed)
    blocks = [
        _block(desk, bases, slot, day, one, people.get(block_id(identity_of(slot.series), day), []), briefing, logged)
        for slot, day, one in placed
        if one.span.overlaps(window)
    ]
    blocks = [_with_act(block, acts.on(block.start.date()), done) for block in blocks]
    blocks = [replace(block, work=tuple(work.get(block.id, ()))) for block in blocks]
    planned = any(bases.values())
    problems = (*briefing.problems, *acts.problems)
    if any(block.work for block in blocks):
        problems += tuple(problem for problem in unread if problem.what not in {one.what for one in problems})
    return Coming(sorted(blocks, key=lambda block: (block.start, block.id)), problems, planned)


def _work(
    desk: Desk, store: Store, placed: Sequence[tuple[Slot, date, Override]]
) -> tuple[Mapping[str, Sequence[tuple[Promise, int]]], Sequence[CalsyncError]]:
    """What each follow-through block is for, and what could not be read of it."""
    spans = {
        block_id(identity_of(slot.series), day): one.span
        for slot, day, one in placed
        if slot.series.kind is Kind.FOLLOW_THROUGH
    }
    if not spans:
        return {}, ()
    found = promised(desk, store)
    return work_of(spans, found.promises, store, desk.now), found.problems


def _with_act(block: ComingBlock, turn: ActTurn | None, done: Container[date]) -> ComingBlock:
    """A kindness block with its act; it is kept once an act was done on its day."""
    if block.kind != Kind.KINDNESS:
        return block
    return replace(block, act=turn, state="kept" if block.start.date() in done else block.state)


def _rows(store: Store, name: str) -> dict[str, BaseSeries]:
    return {key: row for (_, key), row in store.base(name).items()}


def _block(
    desk: Desk,
    bases: Mapping[str, Mapping[str, BaseSeries]],
    slot: Slot,
    day: date,
    placed: Override,
    people: Sequence[tuple[str, str]],
    briefing: Briefing,
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
        people=tuple(people),
        briefs=tuple(briefing.briefs[block_id(identity_of(series), day), name] for name, _ in people),
    )
