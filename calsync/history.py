"""What past runs did, as `calsync log` tells it; and whether it is time for a night, which is asked every hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from calsync.desk import Desk
from calsync.model import at_wall_clock
from calsync.state.glance import newest_run

__all__ = ["LastNight", "due_after", "is_due", "last_night", "last_since", "next_since", "runs"]

_UNFINISHED = 3
"""The exit code of a night that a later run finishes."""


@dataclass(frozen=True, slots=True)
class LastNight:
    """The newest night that was no run on paper. `started_at` is aware, in UTC; `exit` is None until it has `ended`.

    One that has not ended is under way, or was cut off.
    """

    started_at: datetime
    ended: bool
    exit: int | None


def runs(desk: Desk, limit: int) -> list[dict[str, Any]]:
    """The newest runs, newest first: number, command, when, exit code, counts, errors."""
    from calsync.state.store import Store

    with Store(desk.state_folder, desk.now) as store:
        return store.runs(limit)


def last_night(desk: Desk) -> LastNight | None:
    """The newest night until now, None when there was none or the state cannot be read. Opens no state: it is cheap.

    A night that was run for a later time than now, with `--now`, is not among them.
    """
    found = newest_run(desk.state_folder, "nightly", desk.now)
    return None if found is None else LastNight(found[0], found[1] is not None, found[1])


def is_due(desk: Desk, at: time) -> bool:
    """Whether it is time for a night, as `due_after` says."""
    return due_after(last_night(desk), at, desk.now)


def due_after(last: LastNight | None, at: time, now: datetime) -> bool:
    """True when no night has ended since the last `at` on the leader's clock, or the last one left work to a later run.

    A night that was cut off has not ended. One that wants a sign-in, or found no room, would find the same an hour
    later: it has ended. `now` is in the leader's zone.
    """
    return last is None or last.started_at < last_since(at, now) or last.exit in (None, _UNFINISHED)


def last_since(at: time, now: datetime) -> datetime:
    """The last instant until now at which the clock showed `at`, in the zone of `now`, which has to be a ZoneInfo.

    Where the clocks skip `at`, the instant is as much later (see calsync.model.at_wall_clock); where they show it
    twice, it is the first.
    """
    return max((one for one in _around(at, now) if _utc(one) <= _utc(now)), key=_utc)


def next_since(at: time, now: datetime) -> datetime:
    """The first instant after now at which the clock shows `at`, as `last_since` has it."""
    return min((one for one in _around(at, now) if _utc(one) > _utc(now)), key=_utc)


def _utc(instant: datetime) -> datetime:
    """To compare by: two times of one zone are compared by their clocks, which may show the same twice."""
    return instant.astimezone(UTC)


def _around(at: time, now: datetime) -> list[datetime]:
    from zoneinfo import ZoneInfo

    assert isinstance(now.tzinfo, ZoneInfo)
    return [at_wall_clock(now.date() + timedelta(day), at, now.tzinfo) for day in (-2, -1, 0, 1, 2)]
