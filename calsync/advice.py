"""What a night on paper says besides its changes: blocks that are missing, people whom hardly any can be for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from calsync.config.values import BlockConfig, Config
from calsync.contacts import connect_block, dues_of, shortage_of
from calsync.desk import Desk
from calsync.model import Person, Span
from calsync.people.availability import reachable
from calsync.people.rotation import Due
from calsync.state.store import Store
from calsync.telling import day_words, shortage_words, unreachable_words

__all__ = ["advice"]

_NAMED = 5


def advice(desk: Desk, store: Store, told: Mapping[str, tuple[datetime, Sequence[str]]]) -> list[str]:
    """Lines for the leader alone, with names in them; `told` are the blocks of the plan, with start and people."""
    block = connect_block(desk)
    if block is None:
        return []
    dues = {due.person: due for due in dues_of(desk, store)}
    there = [person for person in desk.config.people if not dues[person.name].paused]
    starts = sorted(start.astimezone(desk.config.zone) for start, _ in told.values() if start >= desk.now)
    lines = [shortage_words(shortage_of(desk, there))]
    if starts:
        first = {person.name: _first(person, block, starts, desk.config) for person in there}
        lines.append(unreachable_words(sorted(name for name, start in first.items() if start is None)))
        lines += _late([(dues[name], start) for name, start in first.items() if start is not None])
    return [line for line in lines if line]


def _first(person: Person, block: BlockConfig, starts: Sequence[datetime], config: Config) -> datetime | None:
    """The first block that the person can be reached in, None when there is none."""
    length = timedelta(minutes=block.minutes)
    return next((at for at in starts if reachable(person, Span(at, at + length), config.working_hours)), None)


def _late(firsts: Sequence[tuple[Due, datetime]]) -> list[str]:
    """Who cannot be reached before the maximum gap is over."""
    late = [(due, at) for due, at in firsts if at.date() > due.last_day and not due.past_max]
    shown = [
        f"{due.person} can first be reached on {day_words(at.date())}, by their clock and holidays; the maximum gap is "
        f"over on {day_words(due.last_day)}"
        for due, at in sorted(late, key=lambda one: (one[1], one[0].person))
    ]
    more = len(shown) - _NAMED
    return shown if more <= 0 else [*shown[:_NAMED], f"and so for {more} others"]
