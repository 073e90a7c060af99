"""Sets the table for the planner: the weeks, the working time, what stands and what the leader decided of it.

Between the state (series on calendars, decisions) and the planner (slots, weeks) stands the *slot*: one logical
series that is written to every writable calendar alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from calsync.config.values import Config
from calsync.model import ONE_OFF, Kind, Occurrence, Series, Span, at_wall_clock
from calsync.planning.board import Board, BusySpan, KindPlan, PlannedSeries, Standing, Wish
from calsync.planning.meetings import busy_spans
from calsync.planning.plan import plan_kind
from calsync.planning.working import working_days
from calsync.state.codec import load_override
from calsync.state.store import BaseSeries, Decision
from calsync.sync.desired import Mark
from calsync.sync.edits import What

__all__ = [
    "Agenda",
    "Horizon",
    "Slot",
    "block_id",
    "ending_spans",
    "horizon",
    "is_once",
    "last_dates",
    "lay_out",
    "left_over",
    "make_agenda",
    "make_plans",
    "numbered",
    "once_span",
    "planned_spans",
    "standing_slots",
]

KINDS = (Kind.CONNECT, Kind.FOLLOW_THROUGH, Kind.KINDNESS)
"""The order in which kinds are planned: each exactly, around those before it."""


Identity = tuple[str, int, int]
"""(kind, number, generation): what a slot is called on every calendar."""


def identity_of(series: Series) -> Identity:
    """The slot that a series belongs to."""
    return (series.kind.value, series.number, series.generation)


@dataclass(frozen=True, slots=True)
class Slot:
    """One logical series as it stands on the first writable calendar that has it, and what the leader decided of it."""

    series: Series
    marks: Mapping[date, Mark]
    own_slot: bool = False
    own_title: str | None = None
    theirs: bool = False
    retired: bool = False
    standing: bool = True


@dataclass(frozen=True, slots=True)
class Horizon:
    """The stretch that the plan keeps clean: from now to the end of the last week, and its ISO weeks."""

    span: Span
    mondays: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Agenda:
    """Everything that the plans of one run are made from."""

    horizon: Horizon
    board: Board
    slots: tuple[Slot, ...]
    wishes: tuple[Wish, ...]
    taken: frozenset[tuple[str, int]] = frozenset()
    """(kind, number) that no new series may have: the leader did away with one of that name."""


def horizon(now: datetime, weeks: int, zone: ZoneInfo) -> Horizon:
    """Every ISO week that `weeks` weeks from `now` touch, the present one included, to its end."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(today.weekday())
    last = today + timedelta(weeks=weeks)
    mondays = tuple(monday + timedelta(7 * i) for i in range((last - monday).days // 7 + 1))
    end = at_wall_clock(mondays[-1] + timedelta(7), time(), zone)
    return Horizon(Span(now, end), mondays)


def block_id(slot: Identity, home: date) -> str:
    """The lasting name of one date of a slot, on all calendars alike."""
    kind, number, generation = slot
    return f"{kind}-{number}-{generation}-{home.isoformat()}"


def is_once(block: str, kind: str) -> bool:
    """True for the id of a block of that kind that was added for a single date."""
    number = block.removeprefix(f"{kind}-").partition("-")[0]
    return number.isdecimal() and int(number) >= ONE_OFF


def standing_slots(
    bases: Mapping[str, Iterable[tuple[Series, bool]]], decisions: Iterable[Decision], zone: ZoneInfo
) -> tuple[Slot, ...]:
    """The slots that exist on any of the calendars: by calendar, the series there and whether each still stands.

    A slot that the leader gave another time, title or recurrence is taken from the calendar where they did.
    """
    by_slot: dict[Identity, list[Decision]] = {}
    for decision in decisions:
        by_slot.setdefault((decision.kind, decision.number, decision.generation), []).append(decision)
    copies: dict[Identity, dict[str, tuple[Series, bool]]] = {}
    for name, rows in bases.items():
        for series, standing in rows:
            if not series.trial:
                copies.setdefault(identity_of(series), {})[name] = (series, standing)
    return tuple(_slot(copies[i], by_slot.get(i, []), zone) for i in sorted(copies))


def _slot(copies: Mapping[str, tuple[Series, bool]], decisions: Sequence[Decision], zone: ZoneInfo) -> Slot:
    whole = [d.calendar for d in decisions if d.what in (What.SLOT, What.TITLED, What.THEIRS) and d.calendar in copies]
    series, _ = copies[whole[-1]] if whole else next(iter(copies.values()))
    whats = {d.what for d in decisions}
    if series.timezone != zone.key and (series.once or What.SLOT not in whats) and series.rule_is_ours:
        # In whichever zone one date was written down, it is one instant.
        series = _in_zone(series, zone)
    foreign = series.timezone != zone.key
    return Slot(
        series,
        {
            date.fromisoformat(d.home): Mark(load_override(d.placed, zone))
            for d in decisions
            if d.what in (What.DELETED, What.PINNED)
        },
        own_slot=What.SLOT in whats,
        own_title=series.title if What.TITLED in whats else None,
        theirs=What.THEIRS in whats or not series.rule_is_ours or (What.SLOT in whats and foreign),
        retired=What.RETIRED in whats,
        standing=any(standing for _, standing in copies.values()) and What.RETIRED not in whats,
    )


def _in_zone(series: Series, zone: ZoneInfo) -> Series:
    """A series in the leader's zone: the leader moved there, or a program wrote it down in another one."""
    begin = series.home(series.first).start.astimezone(zone)
    shift = timedelta((begin.date() - series.first).days)
    return replace(
        series,
        timezone=zone.key,
        first=begin.date(),
        start=begin.time(),
        until=series.until + shift if series.until else None,
        cancelled=frozenset(day + shift for day in series.cancelled),
        dropped=frozenset(day + shift for day in series.dropped),
        overrides={day + shift: override for day, override in series.overrides.items()},
    )


def lay_out(
    config: Config,
    now: datetime,
    occurrences: Sequence[Occurrence],
    bases: Mapping[str, Mapping[str, BaseSeries]],
    decisions: Sequence[Decision],
) -> Agenda:
    """The agenda of one run: from what the calendars have, the blocks as calsync knows them by calendar and key, and
    what the leader decided of these.
    """
    busy = busy_spans(occurrences, config.me, config.planning.tentative_is_busy, config.zone)
    rows = {name: [(b.series, b.standing) for b in of.values()] for name, of in bases.items()}
    slots = standing_slots(rows, decisions, config.zone)
    theirs = {identity_of(slot.series) for slot in slots if slot.theirs}
    lent = {b.series.key for of in bases.values() for b in of.values() if identity_of(b.series) in theirs}
    spans = [o.span for o in occurrences if o.event.ours in lent]
    return make_agenda(config, now, busy, slots, decisions, spans)


def numbered(plans: Iterable[KindPlan], last: Mapping[tuple[str, int], int]) -> list[tuple[Kind, PlannedSeries, int]]:
    """Every series of the plans with its kind and its generation; `last` is the highest one used by (kind, number)."""
    return [
        (
            plan.kind,
            series,
            series.generation if series.standing else last.get((plan.kind.value, series.number), -1) + 1,
        )
        for plan in plans
        for series in plan.series
    ]


def make_agenda(
    config: Config,
    now: datetime,
    busy: tuple[BusySpan, ...],
    slots: tuple[Slot, ...],
    decisions: Iterable[Decision],
    theirs: Iterable[Span] = (),
) -> Agenda:
    """The board and the wishes of one run; a slot that the leader retired is not wished for again.

    `theirs` are the dates of series that the leader gave a recurrence of their own: blocks still, but not calsync's.
    """
    reach = horizon(now, config.planning.horizon_weeks, config.zone)
    first, last = reach.mondays[0], reach.mondays[-1] + timedelta(7)
    once = [span for slot in slots if slot.series.once and (span := once_span(slot))]
    board = Board(
        zone=config.zone,
        mondays=reach.mondays,
        not_before=now + timedelta(hours=config.planning.freeze_hours),
        working=working_days(first, last, config.working_hours, config.zone, config.free_days),
        busy=busy,
        own=tuple(sorted(theirs)),
        once=tuple(sorted(once)),
        buffer=timedelta(minutes=config.planning.buffer_minutes),
        grid_minutes=config.planning.grid_minutes,
    )
    gone = {(d.kind, d.number, d.generation) for d in decisions if d.what == What.RETIRED}
    gone |= {identity_of(slot.series) for slot in slots if slot.theirs}
    asked = {block.kind: block for block in config.blocks}
    wishes = []
    for kind in KINDS:
        block = asked.get(kind)
        standing = [slot for slot in slots if _stands(slot, kind)]
        if block is None:
            if standing:
                wishes.append(Wish(kind, standing[0].series.minutes, 0))
            continue
        retired = {number for of, number, _ in gone if of == kind.value and number < ONE_OFF}
        wishes.append(
            Wish(
                kind,
                block.minutes,
                max(0, block.per_week - len(retired)),
                block.prefer,
                config.planning.max_blocks_a_day,
            )
        )
    return Agenda(reach, board, slots, tuple(wishes), frozenset((kind, number) for kind, number, _ in gone))


def make_plans(agenda: Agenda, *, keep: bool = False) -> list[KindPlan]:
    """One plan a kind, each around the ones before it. With `keep`, every standing series keeps its slot."""
    board = agenda.board
    plans: list[KindPlan] = []
    standing = {
        wish.kind: [
            _standing(slot, board, asked=wish.per_week > 0, keep=keep)
            for slot in agenda.slots
            if _stands(slot, wish.kind)
        ]
        for wish in agenda.wishes
    }
    left = [span for _, span in left_over(agenda)]
    for index, wish in enumerate(agenda.wishes):
        later = [
            span
            for other in agenda.wishes[index + 1 :]
            for one in standing[other.kind]
            for span in one.fixed.values()
            if span is not None
        ]
        before = {span for plan in plans for span in (*planned_spans(plan), *ending_spans(agenda, plan))}
        own = sorted({*board.own, *later, *left, *before})
        plan = plan_kind(replace(board, own=tuple(own)), wish, standing[wish.kind])
        plans.append(_renumbered(plan, agenda.taken))
    return plans


def _renumbered(plan: KindPlan, taken: frozenset[tuple[str, int]]) -> KindPlan:
    """The plan with no new series under a number that the leader did away with: it would look like its return."""
    used = {series.number for series in plan.series if series.standing}
    used |= {number for kind, number in taken if kind == plan.kind.value}
    renumbered = []
    for series in plan.series:
        if not series.standing:
            number = next(n for n in range(1, len(used) + 2) if n not in used)
            used.add(number)
            series = replace(series, number=number)
        renumbered.append(series)
    return replace(plan, series=tuple(renumbered))


def _stands(slot: Slot, kind: Kind) -> bool:
    return slot.series.kind is kind and slot.standing and not slot.theirs and not slot.series.once


def planned_spans(plan: KindPlan) -> list[Span]:
    """Where the dates of a plan stand."""
    return [p.span for series in plan.series for p in series.placements if p.span is not None]


def once_span(slot: Slot) -> Span | None:
    """Where a block for one date is to stand; None where the leader took it out, or made it theirs."""
    mark = slot.marks.get(slot.series.first)
    placed = slot.series.placed(slot.series.first) if mark is None else mark.placed
    return None if placed is None or slot.theirs or slot.retired else placed.span


def ending_spans(agenda: Agenda, plan: KindPlan) -> list[Span]:
    """Where the dates stand that are left of series which end with this plan."""
    last = {(plan.kind.value, one.number, one.generation): one.last for one in plan.ended}
    return [
        span
        for slot in agenda.slots
        if (day := last.get(identity_of(slot.series))) is not None
        for span in _placed(slot, agenda.board.mondays[0], day + timedelta(1))
    ]


def last_dates(agenda: Agenda, plans: Iterable[KindPlan], kind: Kind, begin: date) -> dict[str, Span]:
    """The dates from the home day `begin` on that are left of weekly series of a kind which end with these plans, or
    did before, by block.
    """
    ended = {(plan.kind.value, e.number, e.generation): e.last for plan in plans for e in plan.ended}
    found: dict[str, Span] = {}
    for slot in agenda.slots:
        series, identity = slot.series, identity_of(slot.series)
        last = ended.get(identity, None if slot.standing else series.until)
        if series.kind is not kind or series.once or slot.theirs or last is None:
            continue
        days = ((day, series.placed(day)) for day in series.days(begin, last + timedelta(1)))
        found.update({block_id(identity, day): one.span for day, one in days if one is not None})
    return found


def left_over(agenda: Agenda) -> list[tuple[Slot, Span]]:
    """What is left of weekly slots that no plan decides about any more."""
    board = agenda.board
    begin, end = board.mondays[0], board.mondays[-1] + timedelta(7)
    return [
        (slot, span)
        for slot in agenda.slots
        if not slot.theirs and not slot.standing and not slot.series.once
        for span in _placed(slot, begin, end)
    ]


def _placed(slot: Slot, begin: date, end: date) -> list[Span]:
    """Where the dates of a slot with home days in [begin, end) stand."""
    placed = (slot.series.placed(day) for day in slot.series.days(begin, end))
    return [one.span for one in placed if one is not None]


def _standing(slot: Slot, board: Board, *, asked: bool, keep: bool) -> Standing:
    """The slot as the planner takes it; of a kind that is not asked for any more, nothing binds it but the freeze."""
    series = slot.series
    begin, end = board.mondays[0], board.mondays[-1] + timedelta(7)
    fixed: dict[date, Span | None] = {}
    current: dict[date, Span | None] = {}
    frozen_out: set[date] = set()
    for day in series.days(begin, end):
        placed, home = series.placed(day), series.home(day)
        mark = slot.marks.get(day)
        near = min(home.start, placed.span.start if placed else home.start) < board.not_before
        if mark is not None and (asked or near):
            fixed[day] = mark.placed.span if mark.placed else None
        elif near:
            if placed is None:
                frozen_out.add(day)
            else:
                fixed[day] = placed.span
        elif placed is None or placed.span != home:
            current[day] = placed.span if placed else None
    return Standing(
        number=series.number,
        generation=series.generation,
        weekday=series.first.weekday(),
        start=series.start,
        minutes=series.minutes,
        first=series.first,
        keep=asked and (keep or slot.own_slot or any(begin <= day for day in slot.marks)),
        fixed=fixed,
        frozen_out=frozenset(frozen_out),
        current=current,
    )
