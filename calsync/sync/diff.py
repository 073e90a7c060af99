"""From the series as they stand and as they are wanted to the list of changes that a person reads. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from calsync.model import Override, Series, Span
from calsync.ports import SeriesWrite
from calsync.sync.edits import touched_days
from calsync.sync.keys import series_name

__all__ = ["Action", "CalendarDiff", "Change", "diff_calendar"]


class Action(StrEnum):
    """What happens to a block or a date of it."""

    CREATE = "create"
    MOVE = "move"
    UPDATE = "update"
    CANCEL = "cancel"
    RESTORE = "restore"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Change:
    """One change, in the leader's zone. `was_start` is where a moved or restored date stood; `person` who is named."""

    action: Action
    calendar: str
    kind: str
    series: str
    start: datetime
    end: datetime
    was_start: datetime | None = None
    person: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CalendarDiff:
    """All that one calendar needs: the writes, and the changes they amount to.

    `standing` counts the blocks of the horizon that stand now, `disturbed` those of them that go or move.
    """

    calendar: str
    writes: tuple[SeriesWrite, ...]
    changes: tuple[Change, ...]
    standing: int
    disturbed: int


_WHOLE = (Action.CREATE, Action.DELETE)
"""Changes of a whole series: told even when its first date is over. Of single dates only those to come are."""


@dataclass(slots=True)
class _Count:
    standing: int = 0
    disturbed: int = 0
    changes: list[Change] = field(default_factory=list)


def diff_calendar(
    calendar: str,
    current: Mapping[str, Series],
    wanted: Mapping[str, Series | None],
    etags: Mapping[str, str],
    reasons: Mapping[tuple[str, date], str],
    horizon: Span,
    asked: Collection[str] = (),
    unfinished: Collection[str] = (),
) -> CalendarDiff:
    """What turns `current` into `wanted` (by key; None: the series goes; keys not in `wanted` stay).

    `reasons` are by key and home date; `asked` are keys whose going is the leader's own doing and surprises nobody,
    `unfinished` those of series that must be written even where nothing differs.
    Writes come in the order: endings first, then changes, then creations, so
    that a run that is cut off leaves room free rather than blocks doubled.
    """
    count = _Count()
    writes: list[SeriesWrite] = []
    for key in sorted({*current, *wanted}):
        before = current.get(key)
        after = wanted.get(key, before)
        if key not in asked:
            _count(count, before, after, horizon)
        if before is after and (after is None or key not in unfinished):
            continue
        told = _changes(calendar, before, after, {d: r for (k, d), r in reasons.items() if k == key}, horizon.start)
        count.changes.extend(change for change in told if change.end > horizon.start or change.action in _WHOLE)
        one = before or after
        assert one is not None
        writes.append(SeriesWrite(one.key, before, after, etags.get(key, "")))
    writes.sort(key=lambda w: (w.after is not None, w.before is None, w.key))
    changes = tuple(sorted(count.changes, key=lambda c: (c.start, c.series, c.action)))
    return CalendarDiff(calendar, tuple(writes), changes, count.standing, count.disturbed)


def _count(count: _Count, before: Series | None, after: Series | None, horizon: Span) -> None:
    if before is None or not before.rule_is_ours:
        return
    begin, end = (i.astimezone(before.zone).date() for i in (horizon.start, horizon.end))
    for day in before.days(begin, end):
        placed = before.placed(day)
        if placed is None or not placed.span.overlaps(horizon):
            continue
        count.standing += 1
        then = after.placed(day) if after is not None and after.has(day) else None
        count.disturbed += then is None or then.span != placed.span


def _changes(
    calendar: str, before: Series | None, after: Series | None, reasons: Mapping[date, str], now: datetime
) -> Iterator[Change]:
    one = after or before
    assert one is not None
    make = _Maker(calendar, one)
    if after is None:
        yield make(Action.DELETE, _next(one, now), reason=next(iter(reasons.values()), "no longer planned"))
        return
    if before is None:
        yield make(Action.CREATE, _first(one), reason=reasons.get(one.first, "") or "a new weekly block")
    else:
        yield from _frame_changes(make, before, after, reasons, now)
    for day in sorted(touched_days(after, *([before] if before else []))):
        if after.has(day):
            yield from _date_changes(make, before, after, day, reasons.get(day, ""))


def _date_changes(make: _Maker, before: Series | None, after: Series, day: date, reason: str) -> Iterator[Change]:
    home, now = after.home(day), after.placed(day)
    was: Override | None = Override(home, after.title, after.transparent)
    if before is not None:
        was = before.placed(day) if before.has(day) else None
    if now == was:
        return
    if now is None:
        assert was is not None
        yield make(Action.CANCEL, was.span, was.span, reason)
    elif was is None:
        yield make(Action.RESTORE, now.span, None, reason or "there is room again")
    elif now.span == was.span:
        # What the whole series changed of its look is one change, told once.
        if before is None or (before.title, before.transparent) == (after.title, after.transparent):
            yield make(Action.UPDATE, now.span, was.span, reason or _look(was.transparent, now.transparent))
    elif now.span == home:
        yield make(Action.RESTORE, now.span, was.span, reason or "its usual time is free again")
    else:
        yield make(Action.MOVE, now.span, was.span, reason)


def _frame_changes(
    make: _Maker, before: Series, after: Series, reasons: Mapping[date, str], now: datetime
) -> Iterator[Change]:
    if after.once and (before.title, before.description) == (after.title, after.description):
        if before.transparent != after.transparent:
            yield make(Action.UPDATE, _next(after, now), None, _look(before.transparent, after.transparent))
        if (before.first, before.start) != (after.first, after.start):
            yield make(Action.MOVE, _first(after), _first(before), "you moved it on another calendar")
        return
    if (before.title, before.description, before.transparent) != (after.title, after.description, after.transparent):
        yield make(Action.UPDATE, _next(after, now), None, "its title or look was changed in the configuration")
    if before.until != after.until and after.until is not None:
        following = next((day for day in before.days(after.until, date.max) if day > after.until), None)
        if following is not None:
            placed = before.placed(following)
            reason = reasons.get(following, "") or "the series ends"
            yield make(Action.DELETE, placed.span if placed else before.home(following), None, reason)


def _look(was: bool, now: bool) -> str:
    if was == now:
        return "another title"
    return "shown as free again" if now else "shown as busy: the day fills up or the block is near"


def _first(series: Series) -> Span:
    return series.home(series.first)


def _next(series: Series, now: datetime) -> Span:
    """The first date of the series that is not over, its very first one when all are."""
    today = now.astimezone(series.zone).date()
    ahead = (series.placed(day) for day in series.days(today, today + timedelta(weeks=60)))
    return next((one.span for one in ahead if one is not None and one.span.end > now), _first(series))


class _Maker:
    """Makes changes of one series on one calendar."""

    def __init__(self, calendar: str, series: Series) -> None:
        self.calendar = calendar
        self.series = series

    def __call__(self, action: Action, span: Span, was: Span | None = None, reason: str = "") -> Change:
        zone = self.series.zone
        return Change(
            action,
            self.calendar,
            self.series.kind.value,
            series_name(self.series.kind.value, self.series.number),
            span.start.astimezone(zone),
            span.end.astimezone(zone),
            was.start.astimezone(zone) if was else None,
            None,
            reason,
        )
