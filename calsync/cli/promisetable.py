"""The table of `promise list`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from calsync.cli.output import Table
from calsync.people.promises import day_words, due_words, overdue_words

if TYPE_CHECKING:
    from calsync.promising import Listing, PromiseView

__all__ = ["promise_table"]


def promise_table(found: Listing, now: datetime, zone: ZoneInfo) -> Table:
    """A row for each promise: number, person, promise, due, minutes, when time is set aside, state."""
    rows = [
        (
            str(view.promise.id),
            view.promise.person,
            view.promise.text or "(cannot be read)",
            _due(view, now, zone),
            str(view.promise.minutes),
            _booked(view, now, zone),
            _state(view, now, zone),
        )
        for view in found.views
    ]
    return Table(("no.", "person", "promise", "due", "min", "time for it", "state"), rows, grow=2)


def _due(view: PromiseView, now: datetime, zone: ZoneInfo) -> str:
    one = view.promise
    return overdue_words(one.due, now, zone) if one.is_overdue(now) else due_words(one.due, now, zone)


def _booked(view: PromiseView, now: datetime, zone: ZoneInfo) -> str:
    return ", ".join(due_words(block.start, now, zone) for block in view.booked)


def _state(view: PromiseView, now: datetime, zone: ZoneInfo) -> str:
    one = view.promise
    if one.closed_at is None:
        return ""
    day = day_words(one.closed_at.astimezone(zone).date(), now.astimezone(zone).date())
    return f"{one.state.value} {'late, ' if one.is_late else ''}{day}"
