"""What the command line has answered already: each answer of the setup as an option's value, checked on its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any

from calsync.accounts import SignInWay
from calsync.config.forms import Days
from calsync.config.hours import parse_clock, parse_hours, parse_weekdays
from calsync.config.tree import read_tree
from calsync.config.wording import shown
from calsync.people.workweek import split_week

__all__ = ["IDEAL", "NOBODY", "NOTHING", "Wishes", "block_of", "calendar_of", "clock_of", "hours_of", "person_of"]

NOTHING = "none"
"""The answer that takes something away: no holidays, no blocks of a kind, no schedule."""

NOBODY = "nobody"
"""Where people come from when none are to be added."""

IDEAL = 28
"""The gap in days that is proposed for everybody: once in four weeks."""

_BLOCK = re.compile(r"(\d)\s*[x*]\s*(\d{1,3})", re.IGNORECASE)
_CLOCK = re.compile(r"\b(\d{1,2})(?:[:.](\d{2}))?(?![\w:.])")
_PERSON = re.compile(r"(?P<name>[^<>]+?)\s*(?:<(?P<address>[^<>\s]+)>)?\s+(?P<ideal>\d+[dw]?)\s+(?P<max>\d+[dw]?)")


@dataclass(frozen=True, slots=True)
class Wishes:
    """The options of `calsync setup`; None and () where nothing was said.

    `calendars` are entries as the configuration has them; `hours` days with their hours as text; `connect`,
    `follow_through` and `kindness` are (how many a week, minutes). `people` are entries of the configuration.
    `passwords` and `token_files` have a file by the calendar's name.
    """

    timezone: str | None = None
    me: tuple[str, ...] = ()
    hours: Mapping[str, str] | None = None
    holidays: str | None = None
    calendars: tuple[Mapping[str, Any], ...] = ()
    way: SignInWay | None = None
    passwords: Mapping[str, Path] = field(default_factory=dict)
    token_files: Mapping[str, Path] = field(default_factory=dict)
    try_writing: bool = True
    connect: tuple[int, int] | None = None
    pings: int | None = None
    prefer: str | None = None
    title: str | None = None
    follow_through: tuple[int, int] | None = None
    kindness: tuple[int, int] | None = None
    people: tuple[Mapping[str, Any], ...] = ()
    people_files: tuple[Path, ...] = ()
    people_from: tuple[str, ...] = ()
    nobody: bool = False
    picks: tuple[str, ...] = ()
    everybody: bool = False
    ideal: int | None = None
    max: int | None = None
    names: str | None = None
    free_busy: bool | None = None
    export: str | None = None
    details: str | None = None
    schedule: str | None = None
    at: time | None = None
    write_now: bool | None = None

    def concern(self, step: str) -> bool:
        """True when anything is said that the step of that name would ask."""
        nothing = Wishes()
        return any(getattr(self, key) != getattr(nothing, key) for key in _OF_STEPS[step])

    @property
    def any_people(self) -> bool:
        """True when the options say something of who is to be in the rotation."""
        return bool(self.people or self.people_files or self.people_from or self.nobody)


_OF_STEPS = {
    "calendars": ("calendars", "way", "passwords", "token_files"),
    "hours": ("timezone", "me", "hours", "holidays"),
    "blocks": ("connect", "pings", "prefer", "title", "follow_through", "kindness"),
    "people": ("people", "people_files", "people_from"),
    "privacy": ("names", "free_busy", "export", "details"),
    "schedule": ("schedule", "at"),
}


def calendar_of(text: str) -> dict[str, Any]:
    """A calendar as the configuration has it on one line, with or without the braces.

    `name: work, provider: ics, path: ~/calendars, write: true`. Raises ValueError.
    """
    said = text.strip()
    tree = read_tree(said if said.startswith("{") else f"{{{said}}}")
    if tree.faults or not isinstance(tree.value, dict):
        raise ValueError(f"expected keys and values such as {_EXAMPLE!r}, not {shown(text)}")
    missing = [key for key in ("name", "provider") if not str(tree.value.get(key) or "").strip()]
    if missing:
        raise ValueError(f"a calendar needs `{missing[0]}:`, as in {_EXAMPLE!r}")
    return {str(key): value for key, value in tree.value.items()}


_EXAMPLE = "name: work, provider: ics, path: ~/calendars/work, write: true"


def hours_of(text: str) -> dict[str, str]:
    """Days with their hours (`mon-thu 09:00-12:30, 13:15-17:30; fri 09:00-15:00`). Raises ValueError.

    `9` is 09:00, and hours without a day are those of Monday to Friday.
    """
    said = _CLOCK.sub(lambda found: f"{int(found[1]):02}:{found[2] or '00'}", text.strip())
    week = split_week(f"mon-fri {said}" if said[:1].isdecimal() else said)
    if not week:
        raise ValueError("expected days with their hours, such as mon-thu 09:00-17:00; fri 09:00-13:00")
    taken: set[int] = set()
    for days, hours in week.items():
        for day in parse_weekdays(days):
            if day in taken:
                raise ValueError(f"{shown(text)} names a day twice")
            taken.add(day)
        parse_hours(hours)
    return week


def block_of(text: str) -> tuple[int, int]:
    """How many blocks a week and of how many minutes (`2x30`); `none` is (0, 0). Raises ValueError."""
    if text.strip().lower() in (NOTHING, "0"):
        return 0, 0
    found = _BLOCK.fullmatch(text.strip())
    if not found:
        raise ValueError(f"expected how many a week and how long, such as 2x30, or none, not {shown(text)}")
    return int(found[1]), int(found[2])


def clock_of(text: str) -> time:
    """A time of the day as HH:MM. Raises ValueError."""
    return parse_clock(text.strip())


def person_of(text: str) -> dict[str, Any]:
    """Somebody with their gaps: `Ana Sousa <ana@example.com> 14d 28d`; the address may be left out.

    Raises ValueError.
    """
    found = _PERSON.fullmatch(text.strip())
    if not found:
        raise ValueError(
            f"expected a name, an address in < >, the ideal and the longest gap, such as "
            f'"Ana Sousa <ana@example.com> 14d 28d", not {shown(text)}'
        )
    ideal, longest = Days().check(found["ideal"]), Days().check(found["max"])
    if longest < ideal:
        raise ValueError(f"{found['name']}: the longest gap ({found['max']}) is below the ideal one ({found['ideal']})")
    person = {"name": found["name"].strip(), "email": found["address"], "ideal": f"{ideal}d", "max": f"{longest}d"}
    return {key: value for key, value in person.items() if value}
