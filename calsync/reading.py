"""Reads every calendar since its cursor, side by side, and remembers what came with the cursor in one transaction."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from calsync import __version__
from calsync.config.values import CalendarConfig
from calsync.desk import Desk
from calsync.errors import CalsyncError, ProviderError, Refused
from calsync.model import Occurrence, Span
from calsync.ports import CalendarProvider, Delta, Expanded, OwnedSeries, Resource
from calsync.state.store import CalendarState, Store

__all__ = ["PAST", "Reading", "read_calendars", "reading_window"]

PAST = timedelta(days=35)
"""How far back is read: a month of one-on-ones says when work brought two people together."""
SLACK = timedelta(weeks=5)
"""How much further than the horizon is expanded at once, so that most nights expand nothing."""
FULL = 3
"""A calendar with at least so many events to come that suddenly has none is not believed."""


@dataclass(slots=True)
class Reading:
    """What is known of one calendar after a look at it; with `error` set, what was known before.

    `occurrences` are those between now and the end of the window.
    """

    calendar: CalendarConfig
    provider: CalendarProvider | None = None
    occurrences: list[Occurrence] = field(default_factory=list)
    owned: dict[str, OwnedSeries] = field(default_factory=dict)
    requests: int = 0
    error: CalsyncError | None = None
    milliseconds: int = 0
    """How long the server or the disk took."""


@dataclass(frozen=True, slots=True)
class _Task:
    calendar: CalendarConfig
    provider: CalendarProvider
    cursor: str | None
    stored: Sequence[Resource]
    coverage: Span


@dataclass(frozen=True, slots=True)
class _Answer:
    delta: Delta
    rows: list[tuple[Resource, Expanded]]


def reading_window(now: datetime, horizon_end: datetime) -> Span:
    """From midnight PAST ago to the horizon's end, in the zone of `now`."""
    begin = (now - PAST).replace(hour=0, minute=0, second=0, microsecond=0)
    return Span(begin, horizon_end)


def read_calendars(
    desk: Desk,
    store: Store,
    window: Span,
    *,
    force: bool = False,
    progress: Callable[[str, int, int], None] = lambda _stage, _done, _total: None,
) -> list[Reading]:
    """Look at every configured calendar, in the order of the file.

    A calendar that cannot be read keeps its former rows and carries the error; the others are not affected. A full
    calendar that suddenly has nothing to come is such an error, unless `force`.
    """
    to_come = Span(desk.now, window.end)
    readings = [Reading(calendar) for calendar in desk.config.calendars]
    tasks = [_task(desk, store, reading, window) for reading in readings]
    total = len(tasks)
    answers = _ask_all(tasks, desk)
    for done, (reading, task, (answer, took)) in enumerate(zip(readings, tasks, answers, strict=True)):
        progress("reading calendars", done, total)
        reading.milliseconds = took
        if task is not None and isinstance(answer, _Answer):
            _keep(desk, store, reading, task, answer, force=force)
        elif isinstance(answer, CalsyncError):
            reading.error = answer
        reading.occurrences = store.occurrences(reading.calendar.name, to_come)
        reading.owned = store.owned(reading.calendar.name)
    progress("reading calendars", total, total)
    return readings


def _task(desk: Desk, store: Store, reading: Reading, window: Span) -> _Task | None:
    calendar = reading.calendar
    try:
        reading.provider = desk.provider(calendar.name)
    except CalsyncError as error:
        reading.error = error
        return None
    coverage = Span(window.start, window.end + SLACK)
    state = store.calendar(calendar.name)
    if state is None or not _usable(state, calendar, desk, window):
        return _Task(calendar, reading.provider, None, (), coverage)
    if state.covered_to >= window.end:
        return _Task(calendar, reading.provider, state.cursor, (), Span(window.start, state.covered_to))
    return _Task(calendar, reading.provider, state.cursor, store.resources(calendar.name), coverage)


def _usable(state: CalendarState, calendar: CalendarConfig, desk: Desk, window: Span) -> bool:
    return (
        state.fingerprint == _fingerprint(calendar)
        and state.zone == desk.config.timezone
        and state.covered_from <= window.start
    )


def _fingerprint(calendar: CalendarConfig) -> str:
    # With the version: a calsync that reads better must read everything again.
    text = json.dumps([__version__, calendar.provider, sorted(calendar.options.items())])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _ask_all(tasks: Sequence[_Task | None], desk: Desk) -> list[tuple[_Answer | CalsyncError | None, int]]:
    """What came of each task, and the milliseconds that it took."""

    def timed(task: _Task | None) -> tuple[_Answer | CalsyncError | None, int]:
        begun = time.monotonic()
        answer = _ask(task, desk)
        return answer, round((time.monotonic() - begun) * 1000)

    if len(tasks) == 1:
        return [timed(tasks[0])]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=min(8, len(tasks))) as pool:
        return list(pool.map(timed, tasks))


def _ask(task: _Task | None, desk: Desk) -> _Answer | CalsyncError | None:
    if task is None:
        return None
    try:
        delta = task.provider.read("", task.coverage, task.cursor)
        fresh = {resource.name for resource in delta.changed} | set(delta.removed)
        again = [] if delta.complete else [r for r in task.stored if r.name not in fresh]
        resources = [*delta.changed, *again]
        expanded = task.provider.expand("", resources, task.coverage, desk.config.zone) if resources else []
    except CalsyncError as error:
        return error
    return _Answer(delta, list(zip(resources, expanded, strict=True)))


def _keep(desk: Desk, store: Store, reading: Reading, task: _Task, answer: _Answer, *, force: bool) -> None:
    name, delta = reading.calendar.name, answer.delta
    reading.requests = delta.requests
    if delta.warnings:
        reading.error = ProviderError(
            f"{name}: {delta.warnings[0]}", "mend or remove that entry; until then nothing is planned against it"
        )
        return
    before = store.calendar(name)
    if not answer.rows and not delta.removed and before is not None and before.cursor == delta.cursor:
        return
    # Only what takes events away can empty a calendar; a quiet night need not look at all of them.
    emptied = not force and (delta.complete or bool(delta.removed))
    was = [o for o in store.occurrences(name) if _to_come(o, desk.now)] if emptied else []
    if len(was) >= FULL and not _any_left(store, name, answer, desk.now):
        reading.error = Refused(
            f"{name}: the calendar had {len(was)} events to come and now reads empty; nothing was planned against it",
            "look at it; if it is right, run `calsync nightly --force` once",
        )
        return
    covered_from = task.coverage.start if delta.complete or before is None else before.covered_from
    state = CalendarState(
        _fingerprint(reading.calendar), delta.cursor, covered_from, task.coverage.end, desk.config.timezone
    )
    store.keep_reading(name, state, answer.rows, delta.removed, desk.now, complete=delta.complete)


def _to_come(occurrence: Occurrence, now: datetime) -> bool:
    return not occurrence.event.ours and occurrence.span.end > now


def _any_left(store: Store, name: str, answer: _Answer, now: datetime) -> bool:
    if any(_to_come(o, now) for _, expanded in answer.rows for o in expanded.occurrences):
        return True
    if answer.delta.complete:
        return False
    gone = {*answer.delta.removed, *(resource.name for resource, _ in answer.rows)}
    return any(_to_come(o, now) for o in store.occurrences(name, without=gone))
