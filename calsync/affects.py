"""Whom the leader means when they say whom a change affects, and whom it does not."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable, Mapping, Sequence

from calsync.changes import ChangeView
from calsync.contacts import find_person
from calsync.desk import Desk
from calsync.errors import UsageError
from calsync.model import Person
from calsync.names import name_key
from calsync.people.changes import Affected, tagged
from calsync.people.contacts import matching

__all__ = ["one_affected", "taken_out", "whom"]

_TAG = "tag:"


def whom(desk: Desk, affects: Iterable[str]) -> tuple[list[str], list[Person]]:
    """The tags and the people that `affects` names, each once.

    Raises UsageError for a name or a tag that nobody in the rotation has, with those that come near.
    """
    tags: dict[str, str] = {}
    people: dict[str, Person] = {}
    known = {tag.casefold(): tag for person in reversed(desk.config.people) for tag in person.tags}
    for typed in affects:
        if typed.casefold().startswith(_TAG):
            key = typed[len(_TAG) :].strip().casefold()
            if not key:
                raise UsageError("no tag is named", "write it behind the colon, as in tag:report")
            if key not in known:
                raise _unknown_tag(typed, known)
            tags[key] = known[key]
        else:
            person = find_person(desk.config.people, typed)
            people[name_key(person.name)] = person
    return list(tags.values()), list(people.values())


def one_affected(desk: Desk, view: ChangeView, name: str, *, to_do: str = "") -> Affected:
    """The one of those affected whom `name` means; raises UsageError for nobody, several, and somebody not affected.

    `to_do` is the next step where they are not affected, unless it is to say that they are.
    """
    by_key = {name_key(one.name): one for one in view.affected}
    listed = {name_key(person.name): person for person in desk.config.people}
    people = [listed.get(key) or Person(one.name, 1, 1) for key, one in by_key.items()]
    found = matching(people, name)
    if len(found) == 1:
        return by_key[name_key(found[0].name)]
    person = find_person(found or desk.config.people, name)
    number, who = view.change.id, shlex.quote(person.name)
    raise UsageError(
        f"{person.name} is not affected by {view.change.numbered}",
        to_do or f"if they are: calsync change edit {number} --affects {who}",
    )


def taken_out(desk: Desk, view: ChangeView, tags: Sequence[str], but: Sequence[str]) -> tuple[list[str], list[str]]:
    """The tags that stay and the names that go when a change does not affect `but` after all.

    Raises UsageError for a tag that it has not, and for somebody who is not affected, is by a tag that stays, or was
    asked already.
    """
    gone = {typed[len(_TAG) :].strip().casefold() for typed in but if typed.casefold().startswith(_TAG)}
    missing = gone - {tag.casefold() for tag in tags}
    shows = f"`calsync change list {view.change.id}` shows whom it affects"
    if missing:
        raise UsageError(f"it affects nobody by the tag {min(missing)}", f"{shows} by which")
    stay = [tag for tag in tags if tag.casefold() not in gone]
    listed = {name_key(person.name): person for person in desk.config.people}
    names = []
    for typed in but:
        if typed.casefold().startswith(_TAG):
            continue
        one = one_affected(desk, view, typed, to_do=shows)
        person = listed.get(name_key(one.name))
        if one.asked_at is not None:
            raise UsageError(f"{one.name} was asked already, and that stays", "leave them out of --except")
        if person is not None and tagged(person, stay):
            by = next(tag for tag in stay if tagged(person, [tag]))
            raise UsageError(f"{one.name} is affected by {_TAG}{by}", f"take the tag out: --except {_TAG}{by}")
        names.append(one.name)
    return stay, names


def _unknown_tag(typed: str, known: Mapping[str, str]) -> UsageError:
    wanted = typed[len(_TAG) :].strip()
    near = [known[key] for key in difflib.get_close_matches(wanted.casefold(), list(known), n=3, cutoff=0.6)]
    if near:
        cure = f"did you mean {' or '.join(_TAG + tag for tag in near)}?"
    elif known:
        cure = f"there are {', '.join(_TAG + tag for tag in sorted(known.values())[:10])}"
    else:
        cure = "nobody has a tag yet: calsync people edit NAME --tag TAG"
    return UsageError(f"nobody in the rotation has the tag {wanted}", cure)
