"""How the rotation gives its reasons: days, gaps and why somebody's turn has come, in words for the leader."""

from __future__ import annotations

from datetime import date

from calsync.people.clocks import Clock

__all__ = ["ago", "beyond", "days", "to_be_asked", "why"]


def why(clock: Clock, last: date | None, day: date, today: date, *, planned: bool) -> str:
    """The reason for a talk on `day`, as the leader reads it on `today`.

    `last` is the day of the talk before it, one that is only planned when `planned`.
    """
    ideal, limit = clock.person.ideal_days, clock.person.max_days
    if last is None:
        return f"no talk logged yet; you aim for {days(ideal)}"
    gap = (day - last).days
    if planned:
        return f"next after the talk planned for {last:%a} {last.day} {last:%b}; you aim for {days(ideal)}"
    said = f"last talked {ago(gap)}" if day <= today else f"by then {days(gap)} since you last talked"
    return f"{said}; you aim for {days(ideal)}" + (f", at most {limit}" if gap > limit else "")


def to_be_asked(before: date) -> str:
    """That a change is announced on the day `before`, and this person is affected and was not asked yet."""
    return f"to be asked about a change before {before:%a} {before.day} {before:%b}"


def days(count: float) -> str:
    """A number of days."""
    return "1 day" if count == 1 else f"{count:g} days"


def ago(count: float) -> str:
    """How long ago something was."""
    return "today" if count == 0 else f"{days(count)} ago"


def beyond(count: float) -> str:
    """How far a gap is over, or how much of it is left."""
    if count == 0:
        return "over today"
    return f"over for {days(count)}" if count > 0 else f"{days(-count)} left"
