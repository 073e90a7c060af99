"""Promises in words: the table of `promise list`, and what comes of one that was just made."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from calsync.cli.output import Table
from calsync.people.promises import day_words, due_words, overdue_words

if TYPE_CHECKING:
    from calsync.following import Booked
    from calsync.prospects import Listing, PromiseView, Prospect

__all__ = ["promise_table", "prospect_lines"]

_NEXT_NIGHT = timedelta(hours=26)
"""The next night has come by then, a day on which the clocks go back included."""
_CONFIGURE = "blocks: {follow-through: {minutes: 45, per_week: 1}}"


def promise_table(found: Listing, now: datetime, zone: ZoneInfo) -> Table:
    """A row for each promise: number, to whom and what, due, minutes, and when there is time or what came of it.

    Person and promise share the column that wraps, so that it fits a terminal of 80 columns.
    """
    wordless = "(cannot be read)" if found.problems else "(its words are deleted)"
    rows = [
        (
            str(view.promise.id),
            f"{view.promise.person}: {view.promise.text or wordless}",
            _due(view, now, zone),
            str(view.promise.minutes),
            _when(view, now, zone),
        )
        for view in found.views
    ]
    return Table(("no.", "promise", "due", "min", "when"), rows, grow=1)


def prospect_lines(found: Prospect, now: datetime, zone: ZoneInfo, *, configured: bool, freeze: timedelta) -> list[str]:
    """When there is time for it, or why there is none and what would make room; and what it has pushed out.

    `freeze` is how long before its start no block is added any more.
    """
    view = found.view
    if not configured:
        return [
            "No time is set aside for it: the configuration lists no follow-through block.",
            f"  To have some each week, add there: {_CONFIGURE}",
        ]
    if not found.planned:
        return ["The next night finds time for it."]
    text = [f"Time for it: {_stretch(block, now, zone, freeze)}" for block in view.booked]
    if view.short is not None:
        text += [_no_room(view), *_room(view)]
    elif not view.booked and not view.promise.is_overdue(now):
        text.append("The time that it takes has been set aside already.")
    for other in found.ousted:
        one = other.promise
        text.append(f"Promise {one.id} to {one.person} no longer fits beside it. {_no_room(other)}")
        text += _room(other)
    return text


def _stretch(block: Booked, now: datetime, zone: ZoneInfo, freeze: timedelta) -> str:
    begin, end = block.start.astimezone(zone), block.end.astimezone(zone)
    new = ""
    if block.block is None:
        last = block.start - freeze
        new = "; the next night adds that block"
        if last < now + _NEXT_NIGHT:  # whenever that is, it may come too late
            new = f"; `calsync nightly` adds that block if it runs by {due_words(last, now, zone)}"
    day = day_words(begin.date(), now.astimezone(zone).date())
    return f"{_minutes(block.minutes)} in the block of {day} {begin:%H:%M}-{end:%H:%M}{new}"


def _no_room(view: PromiseView) -> str:
    assert view.short is not None
    return f"There is no room for {_minutes(view.short.missing)} of it: {view.short.why}."


def _room(view: PromiseView) -> list[str]:
    assert view.short is not None
    return ["What would make room:", *(f"- {way}" for way in view.short.room)] if view.short.room else []


def _minutes(count: int) -> str:
    return "1 minute" if count == 1 else f"{count} minutes"


def _due(view: PromiseView, now: datetime, zone: ZoneInfo) -> str:
    one = view.promise
    return overdue_words(one.due, now, zone) if one.is_overdue(now) else due_words(one.due, now, zone)


def _when(view: PromiseView, now: datetime, zone: ZoneInfo) -> str:
    one = view.promise
    if one.closed_at is not None:
        day = day_words(one.closed_at.astimezone(zone).date(), now.astimezone(zone).date())
        return f"{one.state.value} {'late ' if one.is_late else ''}{day}"
    if view.short is not None:
        return f"no room for {view.short.missing} min"
    more = f" and {len(view.booked) - 1} more" if len(view.booked) > 1 else ""
    return f"{due_words(view.booked[0].start, now, zone)}{more}" if view.booked else ""
