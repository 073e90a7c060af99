"""Turns what was promised into booked time: what each follow-through block is for, and the blocks that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count

from calsync.agenda import (
    Agenda,
    Identity,
    Slot,
    block_id,
    ending_spans,
    horizon,
    identity_of,
    is_once,
    last_dates,
    lay_out,
    left_over,
    make_plans,
    numbered,
    once_span,
    planned_spans,
)
from calsync.config.values import Config
from calsync.desk import Desk, target_names
from calsync.model import ONE_OFF, Kind, Span
from calsync.people.promises import Promise, due_words
from calsync.planning.board import Board, KindPlan, Prefer
from calsync.planning.follow import FollowPlan, Need, Share, WorkBlock, follow_through, shares_of
from calsync.planning.makeroom import FROZEN, NO_WORKING_TIME, WHITE_SPACE, ways, why_short
from calsync.planning.words import day_words, span_words
from calsync.promises import without_words
from calsync.state.store import OutcomeRow, Store, TimeRow

__all__ = [
    "Booked",
    "Followed",
    "OneOff",
    "Outlook",
    "Unkept",
    "needs_of",
    "outlook",
    "plan_all",
    "taken_out",
    "work_of",
]


@dataclass(frozen=True, slots=True)
class OneOff:
    """A block for one date as it should stand: one that exists (`slot`), or a new one; `promises` are ids."""

    block: str
    number: int
    generation: int
    span: Span
    slot: Slot | None
    promises: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unkept:
    """A promise, without its text, of which `missing` minutes have no room: why, and what would make some, in words."""

    promise: Promise
    minutes: int
    missing: int
    why: str
    room: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Followed:
    """The blocks for single dates as they should stand, those to remove with the reason, and what each block is for.

    `rows` has what the blocks were for that the leader took out, too; `refused` is how the ids of these begin.
    """

    once: tuple[OneOff, ...] = ()
    gone: Mapping[Identity, str] = field(default_factory=dict)
    rows: tuple[TimeRow, ...] = ()
    unkept: tuple[Unkept, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Booked:
    """So many minutes of a block from `start` to `end` are for a promise; `block` is None for one still to be added."""

    start: datetime
    end: datetime
    minutes: int
    block: str | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """By promise, what the next night would make of it; `planned` is False where no time is kept for promises."""

    booked: Mapping[int, tuple[Booked, ...]]
    short: Mapping[int, Unkept]
    planned: bool


def follow(desk: Desk, store: Store, agenda: Agenda, plans: Sequence[KindPlan]) -> Followed:
    """Plan time for every open promise around the `plans` of this run. Reads the state, changes nothing."""
    promises = {promise.id: promise for promise in without_words(store)}
    slots = [slot for slot in agenda.slots if slot.series.once and slot.series.kind is Kind.FOLLOW_THROUGH]
    standing = {identity_of(slot.series): (slot, one) for slot in slots if (one := _standing(slot, agenda, desk.now))}
    told, refused = store.promise_time(), _refused(slots, agenda, desk.now)
    taken = [row for row in told if row.start >= desk.now and row.block.startswith(refused)]
    block = desk.config.block(Kind.FOLLOW_THROUGH)
    needs = []
    if block is not None and any(promise.is_open for promise in promises.values()):
        needs = needs_of(promises.values(), told, store.outcomes(), refused, desk.now)
    if not standing and not needs:
        return Followed(rows=tuple(taken), refused=refused)
    generations = store.generations()
    board = _board(agenda, plans)
    blocks = [*_weekly(agenda, plans, generations), *(one for _, one in standing.values())]
    plan = follow_through(board, blocks, needs, desk.now, Prefer.ANY if block is None else block.prefer)
    gone = dict(plan.gone)
    once = [
        OneOff(one.id, slot.series.number, slot.series.generation, one.span, slot, _for(plan.shares, one.id))
        for slot, one in standing.values()
        if one.id not in gone
    ]
    rows = _rows(plan.shares, blocks, promises)
    free = _free_numbers(agenda)
    for span, shares in zip(plan.new, plan.new_shares, strict=True):
        number = next(free)
        generation = generations.get((Kind.FOLLOW_THROUGH.value, number), -1) + 1
        home = span.start.astimezone(board.zone).date()
        name = block_id((Kind.FOLLOW_THROUGH.value, number, generation), home)
        once.append(OneOff(name, number, generation, span, None, tuple(share.need for share in shares)))
        rows += _rows([replace(s, block=name) for s in shares], [WorkBlock(name, span)], promises)
    return Followed(
        tuple(sorted(once, key=lambda o: (o.span.start, o.number))),
        {identity_of(slot.series): gone[one.id] for slot, one in standing.values() if one.id in gone},
        (*rows, *taken),
        tuple(_unkept(desk.config, board, blocks, needs, plan, promises, desk.now)),
        refused,
    )


def plan_all(desk: Desk, store: Store, agenda: Agenda, *, keep: bool = False) -> tuple[list[KindPlan], Followed]:
    """The weekly plans, with `keep` on the slots that stand, and around them the time for promises."""
    plans = make_plans(agenda, keep=keep)
    followed = follow(desk, store, agenda, plans)
    if followed.gone:
        # What an added block leaves tonight is free tonight: else weekly blocks would move there a night late.
        gone = {once_span(slot) for slot in agenda.slots if identity_of(slot.series) in followed.gone}
        board = replace(agenda.board, once=tuple(span for span in agenda.board.once if span not in gone))
        agenda = replace(agenda, board=board)
        plans, whys = make_plans(agenda, keep=keep), followed.gone
        followed = follow(desk, store, agenda, plans)
        followed = replace(followed, gone={one: whys.get(one, why) for one, why in followed.gone.items()})
    return plans, followed


def outlook(desk: Desk, store: Store) -> Outlook:
    """What the next night would make of the open promises, from the state alone: it asks no calendar.

    What changed on the calendars since the last night is not known here.
    """
    bases = {name: {key: row for (_, key), row in store.base(name).items()} for name in target_names(desk)}
    if desk.config.block(Kind.FOLLOW_THROUGH) is None or not any(bases.values()):
        return Outlook({}, {}, planned=False)
    reach = horizon(desk.now, desk.config.planning.horizon_weeks, desk.config.zone).span
    occurrences = [o for c in desk.config.calendars for o in store.occurrences(c.name, reach)]
    agenda = lay_out(desk.config, desk.now, occurrences, bases, store.decisions())
    _, found = plan_all(desk, store, agenda)
    new = {one.block for one in found.once if one.slot is None}
    booked: dict[int, tuple[Booked, ...]] = {}
    for row in found.rows:
        if row.block.startswith(found.refused):
            continue  # it counts as used, and nothing is booked
        one = Booked(row.start, row.end, row.minutes, None if row.block in new else row.block)
        booked[row.promise] = (*booked.get(row.promise, ()), one)
    short = {one.promise.id: one for one in found.unkept}
    return Outlook(booked, short, planned=True)


def work_of(
    blocks: Mapping[str, Span], promises: Sequence[Promise], store: Store, now: datetime
) -> dict[str, list[tuple[Promise, int]]]:
    """What each of the follow-through `blocks`, by id, is for: promises with minutes, as the last night left them.

    A block that has begun is for what it was for when it did; the others for what is open now and due first.
    """
    by_id = {promise.id: promise for promise in promises}
    told = store.promise_time()
    # What the last night told of blocks that do not stand is of those that the leader took out.
    refused = tuple(row.block for row in told if row.start >= now and row.block not in blocks)
    needs = needs_of(promises, told, store.outcomes(), refused, now)
    found: dict[str, list[tuple[Promise, int]]] = {block: [] for block in blocks}
    for row in told:
        if row.block in blocks and blocks[row.block].start < now and row.promise in by_id:
            found[row.block].append((by_id[row.promise], row.minutes))
    for share in shares_of([WorkBlock(block, span) for block, span in blocks.items()], needs, now):
        found[share.block].append((by_id[share.need], share.minutes))
    return found


def needs_of(
    promises: Iterable[Promise],
    told: Iterable[TimeRow],
    outcomes: Iterable[OutcomeRow],
    refused: tuple[str, ...],
    now: datetime,
) -> list[Need]:
    """What is left to do of every open promise that is not overdue.

    Minutes of a block that has begun count as done, unless it did not take place; what the leader does in it is their
    own affair, and `promise edit` asks for more. So do those of a block for one date that the leader took out
    (`refused`, how the ids of its dates begin): whoever deletes it needs no other.
    """
    took_place = {row.block: row.start is not None for row in outcomes}
    spent: dict[int, int] = {}
    for row in told:
        mine = is_once(row.block, Kind.FOLLOW_THROUGH.value)
        done = row.start < now and (mine or took_place.get(row.block, True))
        if done or (refused and row.block.startswith(refused)):
            spent[row.promise] = spent.get(row.promise, 0) + row.minutes
    left = [(p, p.minutes - spent.get(p.id, 0)) for p in promises if p.is_open and not p.is_overdue(now)]
    return [Need(promise.id, minutes, promise.due) for promise, minutes in left if minutes > 0]


def _weekly(agenda: Agenda, plans: Sequence[KindPlan], generations: Mapping[tuple[str, int], int]) -> list[WorkBlock]:
    """The dates of the weekly follow-through blocks of the plans, and what is left of those that end."""
    kind = Kind.FOLLOW_THROUGH
    found = [
        WorkBlock(block_id((kind.value, series.number, generation), placement.home), placement.span)
        for of, series, generation in numbered(plans, generations)
        if of is kind
        for placement in series.placements
        if placement.span is not None
    ]
    left = last_dates(agenda, plans, kind, agenda.board.mondays[0])
    return [*found, *(WorkBlock(block, span) for block, span in left.items())]


def _standing(slot: Slot, agenda: Agenda, now: datetime) -> WorkBlock | None:
    """A block for one date that stands and is not over; None where the leader took it out, or made it theirs."""
    series, span = slot.series, once_span(slot)
    if span is None or span.end <= now:
        return None
    # Whatever the leader did to it, or wrote into it, would be lost with it.
    touched = slot.own_slot or slot.own_title is not None or series.first in slot.marks or bool(series.description)
    bound = span.start < agenda.board.not_before or touched
    return WorkBlock(block_id(identity_of(series), series.first), span, once=True, bound=bound)


def _refused(slots: Iterable[Slot], agenda: Agenda, now: datetime) -> tuple[str, ...]:
    """How the ids of blocks begin that were for one date, and that the leader took out or moved to where it is over."""
    kind = Kind.FOLLOW_THROUGH.value
    out = {number for of, number in agenda.taken if of == kind and number >= ONE_OFF}
    deleted = [slot.series.number for slot in slots if taken_out(slot)]
    over = [slot.series.number for slot in slots if (span := once_span(slot)) is not None and span.end <= now]
    return tuple(f"{kind}-{number}-" for number in sorted({*out, *deleted, *over}))


def taken_out(slot: Slot) -> bool:
    """True when the leader deleted the block for one date that `slot` is."""
    mark = slot.marks.get(slot.series.first)
    return slot.retired or (mark is not None and mark.placed is None)


def _board(agenda: Agenda, plans: Sequence[KindPlan]) -> Board:
    """The board with the blocks of all other kinds on it; follow-through blocks come as what they are."""
    mine = Kind.FOLLOW_THROUGH
    planned = [plan for plan in plans if plan.kind is not mine]
    others = [span for plan in planned for span in (*planned_spans(plan), *ending_spans(agenda, plan))]
    left = [span for slot, span in left_over(agenda) if slot.series.kind is not mine]
    # What was added for a date that is over has taken of this week's tenth all the same.
    now = agenda.horizon.span.start
    over = [span for slot in agenda.slots if slot.series.once and (span := once_span(slot)) and span.end <= now]
    return replace(agenda.board, own=tuple(sorted({*agenda.board.own, *others, *left, *over})), once=())


def _free_numbers(agenda: Agenda) -> Iterator[int]:
    used = {slot.series.number for slot in agenda.slots} | {number for _, number in agenda.taken}
    return (number for number in count(ONE_OFF) if number not in used)


def _for(shares: Iterable[Share], block: str) -> tuple[int, ...]:
    return tuple(share.need for share in shares if share.block == block)


def _rows(shares: Iterable[Share], blocks: Iterable[WorkBlock], promises: Mapping[int, Promise]) -> list[TimeRow]:
    spans = {block.id: block.span for block in blocks}
    return [
        TimeRow(
            share.block,
            share.need,
            promises[share.need].person,
            share.minutes,
            spans[share.block].start.astimezone(UTC),
            spans[share.block].end.astimezone(UTC),
        )
        for share in shares
    ]


def _unkept(
    config: Config,
    board: Board,
    blocks: Sequence[WorkBlock],
    needs: Sequence[Need],
    plan: FollowPlan,
    promises: Mapping[int, Promise],
    now: datetime,
) -> Iterable[Unkept]:
    by_id = {need.id: need for need in needs}
    kept = [need for need in needs if need.id not in dict(plan.short) and need.due > now]
    gone = dict(plan.gone)
    stay = [b for b in blocks if b.id not in gone]
    block = config.block(Kind.FOLLOW_THROUGH)
    assert block is not None or not plan.short
    for id_, missing in plan.short:
        need, promise = by_id[id_], promises[id_]
        assert block is not None
        found = ways(board, stay, kept, now, block.prefer, need, missing)
        room = []
        for way in found:
            if way.by is not None:
                room.append(f"give it until {day_words(way.by)}: calsync promise edit {id_} --by {way.by.isoformat()}")
            if way.minutes is not None:
                asked = promise.minutes - missing
                room.append(f"do less of it: calsync promise edit {id_} --minutes {asked}")
            if way.without is not None:
                label, when = way.without.label, span_words(way.without.span, board.zone)
                room.append(f"take the {label} {when} out of your calendar")
        yield Unkept(promise, need.minutes, missing, _why(board, need, config, now), tuple(room))


def _why(board: Board, need: Need, config: Config, now: datetime) -> str:
    due = due_words(need.due, now, board.zone)
    why = why_short(board, need)
    if why == FROZEN:
        return f"nothing new is booked within {config.planning.freeze_hours} hours, and it is due {due}"
    if why == NO_WORKING_TIME:
        return f"there is no working time before it is due, {due}"
    if why == WHITE_SPACE:
        return "the rest of the time stays free (an hour a day, and nine tenths of the week)"
    return f"meetings and other blocks take the time before it is due, {due}"
