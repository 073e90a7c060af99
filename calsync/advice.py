"""What a night on paper says besides its changes: blocks that are missing, people whom hardly any can be for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from calsync.config.values import Config
from calsync.contacts import can_reach, clocks, connect_block, shortage_of
from calsync.desk import Desk
from calsync.following import Unkept
from calsync.model import Person, Span
from calsync.people.clocks import Clock
from calsync.people.promises import due_words
from calsync.promises import promised
from calsync.state.store import Store
from calsync.telling import day_words, shortage_words, unreachable_words

__all__ = ["advice", "named_promises"]

_NAMED = 5


def advice(desk: Desk, store: Store, told: Mapping[str, tuple[datetime, Sequence[str]]]) -> list[str]:
    """Lines for the leader alone, with names in them; `told` are the blocks of the plan, with start and people."""
    block = connect_block(desk)
    if block is None:
        return []
    there = [clock for clock in clocks(desk, store) if not clock.paused]
    length = timedelta(minutes=block.minutes)
    ahead = sorted(Span(start, start + length) for start, _ in told.values() if start >= desk.now)
    lines = [shortage_words(shortage_of(desk, [clock.person for clock in there]))]
    if ahead:
        firsts = [(clock, _first(desk.config, clock.person, ahead)) for clock in there]
        lines.append(unreachable_words(sorted(clock.person.name for clock, day in firsts if day is None)))
        lines += _late([(clock, day) for clock, day in firsts if day is not None], desk.now.date())
    return [line for line in lines if line]


def named_promises(desk: Desk, store: Store, unkept: Sequence[Unkept]) -> list[str]:
    """Which promises they are that cannot be kept, for the leader alone."""
    if not unkept:
        return []
    texts = {promise.id: promise.text for promise in promised(desk, store).promises}
    return [
        f"promise {p.id} is to {p.person}: {texts[p.id] or '(its words cannot be read)'}, "
        f"by {due_words(p.due, desk.now, desk.config.zone)}"
        for p in (one.promise for one in unkept)
    ]


def _first(config: Config, person: Person, ahead: Sequence[Span]) -> date | None:
    """The local day of the first block that the person can be reached in, None when there is none."""
    reached = (span.start.astimezone(config.zone).date() for span in ahead if can_reach(config, person, span))
    return next(reached, None)


def _late(firsts: Sequence[tuple[Clock, date]], today: date) -> list[str]:
    """Who cannot be reached before the maximum gap is over."""
    late = [(day, clock) for clock, day in firsts if today.toordinal() <= clock.max_on < day.toordinal()]
    shown = [
        f"{clock.person.name} can first be reached on {day_words(day)}, by their clock and holidays; the maximum gap "
        f"is over on {day_words(date.fromordinal(clock.max_on))}"
        for day, clock in sorted(late, key=lambda one: (one[0], one[1].person.name))
    ]
    more = len(shown) - _NAMED
    return shown if more <= 0 else [*shown[:_NAMED], f"and so for {more} others"]
