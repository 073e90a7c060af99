"""Who is in the rotation: shown, added, changed, joined, removed and exported; the configuration stays the one place.

Each function answers with lines that say what was done, or with `dry_run` would be.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from calsync.contacts import find_person
from calsync.desk import Desk
from calsync.errors import UsageError
from calsync.model import Person
from calsync.names import name_key, tidy_name
from calsync.people.exchange import person_fields
from calsync.people.merging import Gain, gain_of, known_as
from calsync.people.rows import LONGEST_DAYS
from calsync.people.workweek import days_and_hours, split_week, week_text
from calsync.state import database, ledger
from calsync.state.lock import hold
from calsync.state.store import Store

if TYPE_CHECKING:
    from calsync.config.edit import Edited

__all__ = [
    "PersonFields",
    "add",
    "added",
    "config_rules",
    "edit",
    "export_people",
    "filled",
    "listed",
    "merge",
    "merge_command",
    "remove",
]

T = TypeVar("T")
_LISTS = ("email", "tags")


@dataclass(frozen=True, slots=True)
class PersonFields:
    """What is said of a person; None is not said. An empty text or tuple takes away what is there. Gaps in days."""

    ideal: int | None = None
    max: int | None = None
    emails: tuple[str, ...] | None = None
    timezone: str | None = None
    tags: tuple[str, ...] | None = None
    channel: str | None = None
    name: str | None = None
    call_name: str | None = None
    working_hours: str | None = None
    holidays: str | None = None
    thanks: str | None = None

    def as_keys(self) -> dict[str, object]:
        """The configuration's own keys, those that are said. Raises UsageError for working hours without days."""
        said: dict[str, object] = {
            "email": None if self.emails is None else list(self.emails),
            "ideal": None if self.ideal is None else f"{self.ideal}d",
            "max": None if self.max is None else f"{self.max}d",
            "timezone": self.timezone,
            "tags": None if self.tags is None else list(self.tags),
            "channel": self.channel,
            "name": self.name,
            "call_name": self.call_name,
            "working_hours": None if self.working_hours is None else _week(self.working_hours),
            "holidays": self.holidays,
            "thanks": self.thanks,
        }
        return {key: value for key, value in said.items() if value is not None}


def listed(desk: Desk) -> list[dict[str, Any]]:
    """Everybody in the rotation, in the order of the file, as the documented keys of `people list`."""
    return [
        {
            "name": person.name,
            "ideal_days": person.ideal_days,
            "max_days": person.max_days,
            "addresses": list(person.addresses),
            "timezone": person.timezone or None,
            "tags": list(person.tags),
            "channel": person.channel or None,
            "call_name": person.call_name or None,
            "working_hours": None if person.working_hours is None else days_and_hours(person.working_hours),
            "holidays": person.holidays or None,
            "thanks": person.thanks or None,
        }
        for person in desk.config.people
    ]


def add(desk: Desk, name: str, fields: PersonFields, *, dry_run: bool = False) -> list[str]:
    """Put `name` into the rotation. Raises UsageError when they are there already or a field is wrong.

    Without a gap in `fields` a tag has to give it; a maximum that neither gives is twice the ideal.
    """
    from calsync.config.edit import add_person
    from calsync.config.persons import gaps_of

    called = tidy_name(name)
    there = known_as(desk.config.people, called, fields.emails or ())
    if there:
        raise _known_already(called, there[0])
    keys = fields.as_keys()
    lent = gaps_of(fields.tags or (), desk.config.tag_gaps)
    if fields.ideal is None and lent is None:
        raise UsageError(
            f"{called} needs a gap between two talks, and none of their tags has one",
            "say --ideal 14d, or --tag with a tag that has gaps under `tags` in the configuration",
        )
    if fields.ideal is not None and fields.max is None and lent is None:
        keys["max"] = f"{min(2 * fields.ideal, LONGEST_DAYS)}d"
    edited = add_person(desk.config.path, {**keys, "name": called}, **config_rules(desk), dry_run=dry_run)
    return _told(edited, called, "in the rotation", dry_run=dry_run)


def edit(desk: Desk, name: str, fields: PersonFields, *, dry_run: bool = False) -> list[str]:
    """Change what is said of the one person that `name` means; UsageError for nobody, several, or nothing said.

    Under another name they keep everything that was logged of them.
    """
    from calsync.config.edit import edit_person

    person = find_person(desk.config.people, name)
    changes = fields.as_keys()
    if not changes:
        raise UsageError(f"nothing is said about {person.name}", "see: calsync people edit --help")
    called = person.name if fields.name is None else tidy_name(fields.name)
    if fields.name is not None:
        if not called:
            raise UsageError("a person needs a name", "give one with --name, or leave --name out")
        changes["name"] = called
    others = [p for p in desk.config.people if p is not person]
    there = known_as(others, called, fields.emails or ())
    if there:
        raise _known_already(called, there[0], person)

    def write(on_paper: bool) -> Edited:
        return edit_person(desk.config.path, person.name, changes, **config_rules(desk), dry_run=on_paper)

    earlier = {} if name_key(called) == name_key(person.name) else _kept_of(desk, called)
    edited = write(True)
    if edited.before == edited.after:
        return [f"{person.name} is as you say already."]
    if not dry_run:
        edited = _kept_under(desk, person.name, called, lambda: write(False))
    if called == person.name:
        return _told(edited, person.name, "changed", dry_run=dry_run)
    lines = _told(edited, person.name, f"called {called} now", dry_run=dry_run)
    if any(earlier.values()):
        lines.append(f"What was logged of an earlier {called} counts as theirs too: {_counted(earlier)}.")
    return lines


def merge(desk: Desk, name: str, other: str, *, dry_run: bool = False) -> list[str]:
    """Join two entries that are one person: the one that `name` means keeps its name, its gaps and what stands there.

    It gets the other's addresses and tags, whatever else only the other has, and all that was logged of the other.
    `other` may be the name of somebody who is no longer in the rotation; then what was logged goes over. Raises
    UsageError for nobody, several, or one and the same.
    """
    from calsync.config.edit import change_people

    first = find_person(desk.config.people, name)
    # A name that nobody in the rotation has, but that talks were logged under, means those.
    exact = any(name_key(person.name) == name_key(other) for person in desk.config.people)
    kept = {} if exact else _kept_of(desk, other)
    second = None if any(kept.values()) else find_person(desk.config.people, other)
    if second is not None:
        kept = _kept_of(desk, second.name)
    if second is not None and second.name == first.name:
        raise UsageError(f"{name} and {other} are both {first.name}", "name two people, in quotes or by address")
    gone = other if second is None else second.name
    gain = None if second is None else gain_of(first, second)

    def write(on_paper: bool) -> Edited | None:
        if second is None:
            return None
        return change_people(
            desk.config.path,
            edit={first.name: {} if gain is None else filled(gain)},
            extend={} if gain is None else {first.name: added(gain)},
            remove=[second.name],
            **config_rules(desk),
            dry_run=on_paper,
        )

    edited = write(True)
    if not dry_run:
        edited = _kept_under(desk, gone, first.name, lambda: write(False))
    would = "would get" if dry_run else "gets"
    lines = [f"{first.name} {would} {gain.listed}."] if gain is not None else []
    if any(kept.values()):
        lines.append(f"{first.name} {would} what was logged of {gone}: {_counted(kept)}.")
    if edited is not None and second is not None:
        lines += _told(edited, gone, "out of the rotation", dry_run=dry_run)
        lines += ["To have two of them again (what was logged stays with the first):", *_parting(first, second)]
    return lines


def remove(desk: Desk, name: str, *, dry_run: bool = False) -> list[str]:
    """Take the one person that `name` means out of the rotation. Raises UsageError for nobody or several."""
    from calsync.config.edit import remove_person

    person = find_person(desk.config.people, name)
    edited = remove_person(desk.config.path, person.name, **config_rules(desk), dry_run=dry_run)
    return _told(edited, person.name, "out of the rotation", dry_run=dry_run)


def export_people(desk: Desk) -> str:
    """Everybody in the rotation as CSV that `import_people` reads back."""
    from calsync.people.exchange import people_to_csv

    return people_to_csv(desk.config.people)


def filled(gain: Gain) -> dict[str, object]:
    """The configuration's keys that were empty, with their new value."""
    before, after = person_fields(gain.person), person_fields(gain.after)
    return {key: value for key, value in after.items() if before.get(key) != value and key not in _LISTS}


def added(gain: Gain) -> dict[str, list[str]]:
    """What comes behind the addresses and tags that stand there."""
    return {
        "email": [one for one in gain.after.addresses if one not in gain.person.addresses],
        "tags": [one for one in gain.after.tags if one not in gain.person.tags],
    }


def merge_command(name: str, other: str) -> str:
    """How to join two people."""
    return f"calsync people merge {shlex.quote(name)} {shlex.quote(other)}"


def _parting(first: Person, second: Person) -> list[str]:
    """The commands that make two entries again, each with what stood there."""
    lent = {option for option, value in _single(first).items() if not value and _single(second)[option]}
    first_words = ["calsync", "people", "edit", first.name, *_repeated("--email", first.addresses or ("",))]
    first_words += [
        *_repeated("--tag", first.tags or ("",)),
        *(word for option in sorted(lent) for word in (option, "")),
    ]
    words = ["calsync", "people", "add", second.name]
    words += ["--ideal", f"{second.ideal_days}d", "--max", f"{second.max_days}d"]
    words += [*_repeated("--email", second.addresses), *_repeated("--tag", second.tags)]
    words += [word for option, value in _single(second).items() if value for word in (option, value)]
    return [f"  {shlex.join(first_words)}", f"  {shlex.join(words)}"]


def _single(person: Person) -> dict[str, str]:
    """What stands once at most in an entry, by the option that says it; "" where it does not."""
    return {
        "--call-name": person.call_name,
        "--timezone": person.timezone,
        "--working-hours": "" if person.working_hours is None else week_text(person.working_hours),
        "--holidays": person.holidays,
        "--channel": person.channel,
        "--thanks": person.thanks,
    }


def _repeated(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _known_already(name: str, there: Person, person: Person | None = None) -> UsageError:
    if person is not None:
        cure = f"if they are one person: {merge_command(there.name, person.name)}"
    else:
        cure = f"change what is there: calsync people edit {shlex.quote(there.name)}"
    same = name_key(name) == name_key(there.name)
    return UsageError(f"{name} is in the rotation already" if same else f"{there.name} has that address already", cure)


def _week(text: str) -> dict[str, str]:
    try:
        return split_week(text)
    except ValueError as reason:
        raise UsageError(f"--working-hours: {reason}", "write days, then hours; a semicolon parts the days") from None


def _kept_of(desk: Desk, name: str) -> dict[str, int]:
    """How much is logged of `name`; asking makes no database where there is none."""
    if not _has_memory(desk):
        return {}
    with Store(desk.state_folder, desk.now) as store:
        return store.kept_of(name)


def _has_memory(desk: Desk) -> bool:
    return any((desk.state_folder / name).exists() for name in (database.FILE_NAME, ledger.FILE_NAME))


def _counted(kept: Mapping[str, int]) -> str:
    said = [f"{number} {what if number != 1 else what.removesuffix('s')}" for what, number in kept.items() if number]
    return " and ".join(said)


def _kept_under(desk: Desk, old: str, new: str, write: Callable[[], T]) -> T:
    """Change the configuration by `write`, and let all that is logged of `old` be logged of `new`: both or neither."""
    if name_key(old) == name_key(new) or not _has_memory(desk):
        return write()
    with hold(desk.state_folder), Store(desk.state_folder, desk.now) as store:
        return store.rename_person(old, new, write)


def _told(edited: Edited, name: str, what: str, *, dry_run: bool) -> list[str]:
    if dry_run:
        return [f"{name} would be {what} (would be written to {edited.path})."]
    return [f"{name} is {what} (written to {edited.path})."]


def config_rules(desk: Desk) -> Mapping[str, Any]:
    """What the configuration is checked by."""
    from calsync.registry import kinds, option_keys

    return {
        "today": desk.now.date(),
        "provider_kinds": {kind: frozenset(option_keys(kind)) for kind in kinds()},
        "system_zone": desk.config.timezone,
    }
