"""Checks of the people: somebody to reach, gaps that can be kept, hours that meet the leader's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from calsync.contacts import can_reach, clocks, connect_block, shortage_of
from calsync.doctor.case import Case
from calsync.doctor.findings import Finding, Level, fine
from calsync.model import Person, Span
from calsync.planning.working import working_days
from calsync.telling import shortage_words

__all__ = ["people"]

_WEEKS = 4
_NAMED = 5


def people(case: Case) -> Iterator[Finding]:
    """Nobody in the rotation, too few turns, and people whose hours never meet the leader's."""
    if case.desk is None:
        return
    block = connect_block(case.desk)
    if block is None or not block.pings:
        return
    config = case.desk.config
    if not config.people:
        yield Finding(
            "people.none",
            "people",
            Level.WARNS,
            "nobody is in the rotation",
            "blocks are planned, and none of them says whom to reach",
            "run `calsync people import`",
        )
        return
    there = _there(case)
    if not there:
        yield Finding(
            "people.paused",
            "people",
            Level.WARNS,
            "everybody in the rotation is paused",
            "blocks are planned, and none of them says whom to reach",
            "run `calsync people resume NAME`",
        )
        return
    short = shortage_of(case.desk, there)
    words = shortage_words(short)
    if short is not None and short.more_for_max:
        yield Finding(
            "people.gaps",
            "people",
            Level.WARNS,
            words,
            "some people then wait longer than their maximum gap, whatever is planned",
            f"raise `per_week` or `pings` under `blocks.connect`, or lengthen gaps, in {config.path}",
        )
    far = sorted(person.name for person in there if not _ever(case, person, block.minutes))
    if far:
        named = ", ".join(far[:_NAMED]) + (f" and {len(far) - _NAMED} more" if len(far) > _NAMED else "")
        yield Finding(
            "people.unreachable",
            "people",
            Level.WARNS,
            f"no time within your `working_hours` lies within the hours of {named}",
            "no block can ever be for them",
            f"check `timezone` and `hours` of {named} in {config.path}",
        )
    if not far and not (short is not None and short.more_for_max):
        yield fine("people", "people", f"{len(there)} in the rotation can be reached, within their maximum gaps")


def _there(case: Case) -> list[Person]:
    """Who is in the rotation and not paused; everybody where there is no state to say so."""
    from calsync.state.looking import Condition, look_at
    from calsync.state.store import Store

    assert case.desk is not None
    if look_at(case.desk.state_folder).condition is not Condition.GOOD:
        return list(case.desk.config.people)
    with Store(case.desk.state_folder, case.desk.now) as store:
        return [clock.person for clock in clocks(case.desk, store) if not clock.paused]


def _ever(case: Case, person: Person, minutes: int) -> bool:
    """True when some time of the leader's working hours in the coming weeks reaches the person."""
    assert case.desk is not None
    config, length, step = case.desk.config, timedelta(minutes=minutes), timedelta(minutes=15)
    today = case.desk.now.astimezone(config.zone).date()
    ahead = working_days(today, today + timedelta(weeks=_WEEKS), config.working_hours, config.zone, config.free_days)
    if not ahead:
        return True  # told as hours that are too narrow
    for spans in ahead.values():
        for span in spans:
            begin = span.start
            while begin + length <= span.end:
                if can_reach(config, person, Span(begin, begin + length)):
                    return True
                begin += step
    return False
