"""Whose turn it is, and why: everybody in the rotation, most due first.

Pure: the clock, the zone and everything known come in, values go out. All reckoning is in local days. docs/rotation.md
explains each rule to the leader; `explain` says it of one person. Who stands in which block is in assignment.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from calsync.model import Person, require_aware
from calsync.people.clocks import Clock, Known, clocks_of
from calsync.people.contacts import name_key
from calsync.people.silence import SWITCH
from calsync.people.wording import ago, beyond, days

__all__ = ["Due", "explain", "who"]

_PAUSED = -100_000.0
"""The score of somebody who is paused: behind everybody else."""


@dataclass(frozen=True, slots=True)
class Due:
    """How one person stands in the rotation on the local day `day`.

    `score` puts everybody in order, most due first: 0 on the day of a talk, 100 when the ideal gap is over, 200 when
    the maximum is, one more for each day beyond; below 0 while held back, by the days that are left. `due_on` is the
    day the ideal gap is over, or later when the person is held back beyond it. `past_max` stays true while held back.
    `terms` are the numbers behind it, in days but for the score itself.
    """

    person: str
    day: date
    due_on: date
    past_max: bool
    last_personal: date | None
    last_work: datetime | None
    ideal_days: int
    max_days: int
    held_until: date | None
    held_by: str
    score: float
    terms: Mapping[str, float]
    paused: bool = False
    silences: int = 0

    @property
    def name(self) -> str:
        """The person's name."""
        return self.person


def who(
    people: Iterable[Person], known: Known, work: Mapping[str, datetime], now: datetime, zone: ZoneInfo
) -> list[Due]:
    """Everybody in the rotation, most due first; the order of `people` is irrelevant.

    `work` is the last meeting at work by name; it is shown and counts for nothing.
    """
    today = require_aware(now, "now").astimezone(zone).date()
    met = {name_key(name): at.astimezone(zone) for name, at in work.items()}
    clocks = sorted(clocks_of(people, known, now, zone), key=lambda c: (c.paused, c.order(today)))
    return [_due(clock, today, met.get(clock.key)) for clock in clocks]


def explain(due: Due) -> list[tuple[str, str]]:
    """Every term of a person's place in the rotation, as (label, value) lines."""
    lines: list[tuple[str, str]] = []
    if due.last_personal is None:
        waited = days(due.terms["days_in_rotation"])
        lines.append(("last personal talk", f"none logged; in the rotation for {waited}"))
        spread = days(due.terms["spread_days"])
        lines.append(("first turn", f"{spread} after joining, so that newcomers do not all come at once"))
    else:
        lines.append(("last personal talk", f"{due.last_personal}, {ago(due.terms['days_since'])}"))
    if due.last_work is None:
        lines.append(("last meeting at work", "none seen"))
    else:
        lines.append(("last meeting at work", f"{due.last_work.date()}; it does not count as a personal talk"))
    lines.append(("ideal gap", f"{days(due.ideal_days)}; {beyond(due.terms['days_past_ideal'])}"))
    lines.append(("maximum gap", f"{days(due.max_days)}; {beyond(due.terms['days_past_max'])}"))
    if due.silences:
        lines.append(("without an answer", _silence(due.silences)))
    if due.paused:
        lines.append(("paused", f"{due.held_by}; an answer, or `calsync people resume`, brings them back"))
        return lines
    if due.held_until is not None:
        lines.append(("held back", f"until {due.held_until}: {due.held_by}"))
    lines.append(("due on", str(due.due_on)))
    lines.append(("score", f"{due.score:g} (100: ideal gap over; 200: maximum over; below 0: held back)"))
    return lines


def _silence(count: int) -> str:
    said = f"{count} in a row"
    return f"{said}; try another way of reaching them" if count >= SWITCH else said


def _due(clock: Clock, day: date, last_work: datetime | None) -> Due:
    person = clock.person
    held = clock.hold if clock.held(day) and not clock.paused else None
    terms: dict[str, float] = {"ideal_days": person.ideal_days, "max_days": person.max_days}
    if clock.last is None:
        terms |= {"days_in_rotation": (day - clock.since).days, "spread_days": clock.spread}
    else:
        terms["days_since"] = (day - clock.last).days
    terms["days_past_ideal"] = day.toordinal() - clock.due_on
    terms["days_past_max"] = day.toordinal() - clock.max_on
    terms["days_held"] = (held - day).days if held else 0
    terms["silences"] = clock.silences
    due_on = date.fromordinal(min(clock.due_on, date.max.toordinal()))
    return Due(
        person=person.name,
        day=day,
        due_on=max(due_on, held) if held else due_on,
        past_max=day.toordinal() > clock.max_on,
        last_personal=clock.last,
        last_work=last_work,
        ideal_days=person.ideal_days,
        max_days=person.max_days,
        held_until=held,
        held_by=clock.held_by if held or clock.paused else "",
        score=_PAUSED if clock.paused else round(clock.score(day), 1),
        terms=terms,
        paused=clock.paused,
        silences=clock.silences,
    )
