"""Who is in the rotation: shown, added, changed, removed, imported and exported; the configuration stays the one place.

Each function answers with lines that say what was done, or with `dry_run` would be.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calsync.contacts import find_person
from calsync.desk import Desk
from calsync.errors import CalsyncError, Unfinished, UsageError
from calsync.model import Person
from calsync.people.contacts import name_key

if TYPE_CHECKING:
    from calsync.config.edit import Edited

__all__ = ["PersonFields", "add", "add_all", "edit", "export_people", "import_people", "known_as", "listed", "remove"]


@dataclass(frozen=True, slots=True)
class PersonFields:
    """What is said of a person; None is not said. An empty text or tuple takes away what is there. Gaps in days."""

    ideal: int | None = None
    max: int | None = None
    emails: tuple[str, ...] | None = None
    timezone: str | None = None
    tags: tuple[str, ...] | None = None
    channel: str | None = None

    def as_keys(self) -> dict[str, object]:
        """The configuration's own keys, those that are said."""
        said: dict[str, object] = {
            "email": None if self.emails is None else list(self.emails),
            "ideal": None if self.ideal is None else f"{self.ideal}d",
            "max": None if self.max is None else f"{self.max}d",
            "timezone": self.timezone,
            "tags": None if self.tags is None else list(self.tags),
            "channel": self.channel,
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
        }
        for person in desk.config.people
    ]


def add(desk: Desk, name: str, fields: PersonFields, *, dry_run: bool = False) -> list[str]:
    """Put `name` into the rotation. Raises UsageError when they are there already or a field is wrong."""
    from calsync.config.edit import add_person

    edited = add_person(desk.config.path, {"name": name, **fields.as_keys()}, **_rules(desk), dry_run=dry_run)
    return _told(edited, f"{name} is in the rotation", dry_run=dry_run)


def edit(desk: Desk, name: str, fields: PersonFields, *, dry_run: bool = False) -> list[str]:
    """Change what is said of the one person that `name` means; UsageError for nobody, several, or nothing said."""
    from calsync.config.edit import edit_person

    person = find_person(desk.config.people, name)
    changes = fields.as_keys()
    if not changes:
        raise UsageError(f"nothing is said about {person.name}", "see: calsync people edit --help")
    edited = edit_person(desk.config.path, person.name, changes, **_rules(desk), dry_run=dry_run)
    if edited.before == edited.after:
        return [f"{person.name} is as you say already."]
    return _told(edited, f"{person.name} is changed", dry_run=dry_run)


def remove(desk: Desk, name: str, *, dry_run: bool = False) -> list[str]:
    """Take the one person that `name` means out of the rotation. Raises UsageError for nobody or several."""
    from calsync.config.edit import remove_person

    person = find_person(desk.config.people, name)
    edited = remove_person(desk.config.path, person.name, **_rules(desk), dry_run=dry_run)
    return _told(edited, f"{person.name} is out of the rotation", dry_run=dry_run)


def import_people(
    desk: Desk, content: bytes, source: str, *, vcard: bool, ideal: int, max_: int, dry_run: bool = False
) -> tuple[list[str], list[CalsyncError]]:
    """Put the people of a CSV or vCard file into the rotation: lines on who was added, and what could not be used.

    `source` names the file in messages; `ideal` and `max_` are the gaps in days for people without any there. Who is in
    the rotation already, by name or address, stays as they are; a line says so.
    """
    from calsync.config.schema import CHANNELS
    from calsync.people.exchange import people_from_csv, people_from_vcard

    if vcard:
        imported = people_from_vcard(content, ideal=ideal, max_=max_)
    else:
        imported = people_from_csv(content, ideal=ideal, max_=max_, channels=CHANNELS)
    known = [known_as(desk.config.people, person.name, person.addresses) for person in imported.people]
    lines = [f"{one.name} is in the rotation already and stays as they are." for one in known if one is not None]
    news = [person for person, one in zip(imported.people, known, strict=True) if one is None]
    lines += add_all(desk, news, dry_run=dry_run)
    errors: list[CalsyncError] = [
        Unfinished(f"{source}: {problem}", f"it says: {problem.raw.strip()}" if problem.raw.strip() else "")
        for problem in imported.problems
    ]
    return lines, errors


def export_people(desk: Desk) -> str:
    """Everybody in the rotation as CSV that `import_people` reads back."""
    from calsync.people.exchange import people_to_csv

    return people_to_csv(desk.config.people)


def add_all(desk: Desk, people: Sequence[Person], *, dry_run: bool = False) -> list[str]:
    """Put `people` into the rotation, all of them or nobody; one line on each.

    Raises UsageError when one of them cannot be added.
    """
    from calsync.config.edit import add_people
    from calsync.people.exchange import person_fields

    if not people:
        return []
    fields = [person_fields(person) for person in people]
    edited = add_people(desk.config.path, fields, **_rules(desk), dry_run=dry_run)
    return [line for one in people for line in _told(edited, f"{one.name} is in the rotation", dry_run=dry_run)]


def known_as(people: Sequence[Person], name: str, addresses: Collection[str]) -> Person | None:
    """Whoever of `people` has that name or one of those addresses."""
    for other in people:
        if name_key(other.name) == name_key(name) or not set(other.addresses).isdisjoint(addresses):
            return other
    return None


def _told(edited: Edited, what: str, *, dry_run: bool) -> list[str]:
    return [f"{what} ({'would be written to' if dry_run else 'written to'} {edited.path})."]


def _rules(desk: Desk) -> Mapping[str, Any]:
    """What the configuration is checked by."""
    from calsync.registry import kinds, option_keys

    return {
        "today": desk.now.date(),
        "provider_kinds": {kind: frozenset(option_keys(kind)) for kind in kinds()},
        "system_zone": desk.config.timezone,
    }
