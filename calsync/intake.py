"""People on their way into the rotation: who is new, who is there already and would gain by it; one write for all.

Nothing that the leader wrote is overwritten, and nobody who is in the rotation is changed unless the leader agrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from calsync.desk import Desk
from calsync.errors import CalsyncError, Unfinished
from calsync.model import Person
from calsync.names import is_one_line
from calsync.people.exchange import Rules, people_from_csv, people_from_vcard, person_fields
from calsync.people.merging import Gain, gain_of, known_as
from calsync.people.workweek import Stretches, split_week
from calsync.roster import added, config_rules, filled, merge_command

__all__ = ["Intake", "carry_out", "intake_of", "read_people"]

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Intake:
    """What an import would do: who comes in, what people of the rotation gain, and who stays as they are (by name).

    `merged` says which rows of a file are one person, `errors` what could not be used.
    """

    news: tuple[Person, ...] = ()
    gains: tuple[Gain, ...] = ()
    known: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    errors: tuple[CalsyncError, ...] = ()


def read_people(desk: Desk, content: bytes, source: str, *, vcard: bool, ideal: int, max_: int) -> Intake:
    """The people of a CSV or vCard file. `source` names the file in messages.

    `ideal` and `max_` are the gaps in days for people who have none there, nor a tag that has any.
    """
    from calsync.config.forms import HolidayCode
    from calsync.config.schema import CHANNELS, THANKS

    rules = Rules(ideal, max_, desk.config.tag_gaps, CHANNELS, THANKS, _week, HolidayCode().check)
    found = (people_from_vcard if vcard else people_from_csv)(content, rules)
    errors: list[CalsyncError] = [
        Unfinished(f"{source}: {problem}", f"it says: {_on_one_line(problem.raw)}" if problem.raw.strip() else "")
        for problem in found.problems
    ]
    return intake_of(desk, found.people, found.merged, errors)


def intake_of(
    desk: Desk, people: Iterable[Person], merged: Sequence[str] = (), errors: Sequence[CalsyncError] = ()
) -> Intake:
    """What would come of taking in `people`."""
    wrong = list(errors)
    news: list[Person] = []
    after = {person.name: person for person in desk.config.people}
    known: dict[str, None] = {}
    for person in people:
        mine = desk.config.me.intersection(person.addresses)
        there = known_as(desk.config.people, person.name, person.addresses)
        if mine:
            cure = "take that address out of what you import, or out of `me` in the configuration"
            wrong.append(Unfinished(f"{person.name}: {min(mine)} is one of your own addresses", cure))
        elif len(there) > 1:
            names = [one.name for one in there]
            wrong.append(
                Unfinished(
                    f"{person.name} would be each of {' and '.join(names)}, who are in the rotation already",
                    f"if they are one person: {merge_command(*names[:2])}",
                )
            )
        elif there:
            known[there[0].name] = None
            gain = gain_of(after[there[0].name], person)
            if gain is not None:
                after[there[0].name] = gain.after
        else:
            news.append(person)
    gains = [gain for one in desk.config.people if (gain := gain_of(one, after[one.name])) is not None]
    gaining = {gain.person.name for gain in gains}
    still = tuple(name for name in known if name not in gaining)
    return Intake(tuple(news), tuple(gains), still, tuple(merged), tuple(wrong))


def carry_out(desk: Desk, intake: Intake, *, merge: bool, dry_run: bool = False) -> list[str]:
    """Put who is new into the rotation and, with `merge`, give those who are there what they gain: all or nothing.

    One line on each. Raises UsageError when the result could not be loaded.
    """
    from calsync.config.edit import change_people

    lines = [f"{text}." for text in intake.merged]
    lines += [f"{name} is in the rotation already and stays as they are." for name in intake.known]
    gains = intake.gains if merge else ()
    if intake.news or gains:
        tag_gaps = desk.config.tag_gaps
        edited = change_people(
            desk.config.path,
            add=[person_fields(person, tag_gaps) for person in intake.news],
            edit={gain.person.name: filled(gain) for gain in gains},
            extend={gain.person.name: added(gain) for gain in gains},
            **config_rules(desk),
            dry_run=dry_run,
        )
        where = f"({'would be written to' if dry_run else 'written to'} {edited.path})"
        get = "would get" if dry_run else "gets"
        lines += [f"{gain.person.name} {get} {gain.listed} {where}." for gain in gains]
        come = "would be" if dry_run else "is"
        lines += [f"{person.name} {come} in the rotation {where}." for person in intake.news]
    if intake.gains and not merge:
        lines += [f"{gain}." for gain in intake.gains]
        lines.append("They are in the rotation already and stay as they are; --merge adds this to them.")
    return lines


def _on_one_line(raw: str) -> str:
    """A row's text as a message shows it: nothing in it moves a cursor, and a photograph does not fill the screen."""
    line = " / ".join(part.strip() for part in raw.strip().splitlines())
    shown = "".join(c if is_one_line(c) else f"\\x{ord(c):02x}" for c in line[:_SHOWN])
    return f"{shown}…" if len(line) > _SHOWN else shown


def _week(text: str) -> Mapping[int, Stretches]:
    """A cell's working week, checked as the configuration would."""
    from calsync.config.hours import parse_hours
    from calsync.config.persons import hours_by_weekday

    week: dict[str, Any] = {days: parse_hours(hours) for days, hours in split_week(text).items()}
    return hours_by_weekday(week)
