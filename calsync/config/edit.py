"""People added, changed and removed in the configuration file itself, which stays the one place that a leader reads.

Nothing else in the file changes, not even its spaces. The result is checked as a whole before it takes the file's
place, and a file that somebody else changed meanwhile is left alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from calsync.config.inplace import replace_in_place
from calsync.config.load import check_config, read_config_bytes
from calsync.config.wording import did_you_mean, shown
from calsync.config.zones import system_timezone
from calsync.errors import ConfigError, UsageError
from calsync.names import name_key

__all__ = [
    "PERSON_KEYS",
    "Edited",
    "add_people",
    "add_person",
    "change_people",
    "edit_person",
    "remove_person",
]

PERSON_KEYS = (
    "name",
    "email",
    "call_name",
    "ideal",
    "max",
    "timezone",
    "working_hours",
    "holidays",
    "tags",
    "channel",
    "thanks",
)
"""What a person can have in the file, in the order in which it is written."""

_BOM = b"\xef\xbb\xbf"
_BY_HAND = "the file is as it was; make the change in an editor"


@dataclass(frozen=True, slots=True)
class Edited:
    """The text of the file before and after; the same when there was nothing to change."""

    path: Path
    before: str
    after: str


Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Context:
    path: Path
    today: date
    provider_kinds: Mapping[str, frozenset[str]]
    system_zone: str | None
    dry_run: bool

    def check(self, data: bytes) -> None:
        zone = system_timezone() if self.system_zone is None else self.system_zone
        check_config(data, self.path, today=self.today, provider_kinds=self.provider_kinds, system_zone=zone)


def add_people(path: Path, several: Sequence[Mapping[str, object]], **rules: Any) -> Edited:
    """Add people with these fields at the end of `people`, all of them or nobody; see `change_people`."""
    return change_people(path, add=several, **rules)


def add_person(path: Path, fields: Mapping[str, object], **rules: Any) -> Edited:
    """Add one person; see `change_people`."""
    return change_people(path, add=[fields], **rules)


def edit_person(path: Path, name: str, changes: Mapping[str, object], **rules: Any) -> Edited:
    """Set the keys of `changes` for the person called `name`; see `change_people`."""
    return change_people(path, edit={name: changes}, **rules)


def remove_person(path: Path, name: str, **rules: Any) -> Edited:
    """Take the person called `name` out of `people`, with the comments inside the entry; see `change_people`."""
    return change_people(path, remove=[name], **rules)


def change_people(
    path: Path,
    *,
    add: Sequence[Mapping[str, object]] = (),
    edit: Mapping[str, Mapping[str, object]] | None = None,
    extend: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    remove: Sequence[str] = (),
    today: date,
    provider_kinds: Mapping[str, frozenset[str]],
    system_zone: str | None = None,
    dry_run: bool = False,
) -> Edited:
    """Change the entries of the people named in `edit`, take out those in `remove`, and add new ones: all or nothing.

    What is added, and the changes by name, have fields as in PERSON_KEYS (text, numbers, lists of text, and days with
    their hours); in a change None, "" or an empty list takes a key out. `extend` has what is put behind what stands
    under a person's keys that take a list. Raises UsageError when somebody to be added is
    there already, when somebody to be changed is not, with the nearest name, when a field is wrong, when the file
    changed meanwhile or is written in a way that cannot be edited safely; ConfigError when the file is wrong already.
    With `dry_run` everything but the last step is done. `today`, `provider_kinds` and `system_zone` as in load_config.
    """
    context = _Context(path, today, provider_kinds, system_zone, dry_run)
    changes = {name: _plain(fields) for name, fields in (edit or {}).items()}
    news = [{key: value for key, value in _plain(fields).items() if value is not None} for fields in add]
    if not all(str(person.get("name", "")).strip() for person in news):
        raise UsageError("a person needs a name", "give the name first")

    def change(text: str, people: list[Values]) -> tuple[str, list[Values]]:
        from calsync.config.splice import add_items

        for name, more in (extend or {}).items():
            text, people = _changed(text, people, name, _extended(people[_find(people, name)], more))
        for name, wanted in changes.items():
            text, people = _changed(text, people, name, wanted)
        for name in remove:
            text, people = _without(text, people, name)
        _none_known(people, news)
        return (add_items(text, "people", news) if news else text), [*people, *news]

    touched = list(dict.fromkeys([*changes, *(extend or {}), *(str(person["name"]) for person in news)])) or remove
    return _edited(context, touched[0] if len(touched) == 1 else "", change)


def _changed(text: str, people: list[Values], name: str, wanted: Values) -> tuple[str, list[Values]]:
    from calsync.config.splice import change_item

    at = _find(people, name)
    person = people[at]
    news = {key: value for key, value in wanted.items() if person.get(key) != value}
    changed = {key: value for key, value in (person | news).items() if value is not None or key not in news}
    return change_item(text, "people", at, news), [*people[:at], changed, *people[at + 1 :]]


def _extended(person: Values, more: Mapping[str, Sequence[str]]) -> Values:
    """The keys of `more` with what stands there already in front, as it is written."""
    found: Values = {}
    for key, items in more.items():
        there = person.get(key)
        listed = there if isinstance(there, list) else [] if there is None else [there]
        if items:
            found |= _plain({key: [*listed, *items]})
    return found


def _without(text: str, people: list[Values], name: str) -> tuple[str, list[Values]]:
    from calsync.config.splice import remove_item

    at = _find(people, name)
    return remove_item(text, "people", at), [*people[:at], *people[at + 1 :]]


def _none_known(people: list[Values], news: list[Values]) -> None:
    known = {name_key(str(person.get("name"))) for person in people}
    for person in news:
        name = str(person["name"])
        if name_key(name) in known:
            raise UsageError(f"{name} is in the rotation already", "use `calsync people edit` to change what is there")
        known.add(name_key(name))


def _plain(fields: Mapping[str, object]) -> Values:
    """The fields as YAML has them, in the order of PERSON_KEYS; what is empty becomes None."""
    plain: Values = {}
    known = [key for key in PERSON_KEYS if key in fields]
    for key in [*known, *(key for key in fields if key not in PERSON_KEYS)]:
        value = fields[key]
        if isinstance(value, str):
            value = value.strip()
        if isinstance(value, Sequence) and not isinstance(value, str):
            items = list(value)
            value = items[0] if key == "email" and len(items) == 1 else items
        plain[key] = None if value in ("", [], {}) else value
    return plain


def _same(name: object, other: str) -> bool:
    return isinstance(name, str) and name_key(name) == name_key(other)


def _find(people: list[Values], name: str) -> int:
    for at, person in enumerate(people):
        if _same(person.get("name"), name):
            return at
    names = [str(person.get("name")) for person in people]
    raise UsageError(
        f"nobody in the rotation is called {shown(name)}{did_you_mean(name, names)}",
        "`calsync people list` shows everybody",
    )


def _edited(context: _Context, name: str, change: Callable[[str, list[Values]], tuple[str, list[Values]]]) -> Edited:
    """Carry out `change`, which gives the new text and the people that it must then hold."""
    from calsync.config.splice import Tangled
    from calsync.config.tree import read_tree

    data = read_config_bytes(context.path)
    context.check(data)
    bom = _BOM if data.startswith(_BOM) else b""
    before = data[len(bom) :].decode("utf-8")
    values = read_tree(before).value
    people = values.get("people") or []
    try:
        after, wanted = change(before, copy.deepcopy(people))
    except Tangled as reason:
        raise UsageError(f"{context.path}: `people` cannot be edited safely: {reason}", _BY_HAND) from None
    new = bom + after.encode("utf-8")
    if after != before:
        read = read_tree(after)
        rest = {key: value for key, value in values.items() if key != "people"}
        found = {**read.value} if isinstance(read.value, dict) else {}
        if read.faults or (found.pop("people", None) or []) != wanted or found != rest:
            raise UsageError(f"{context.path}: `people` cannot be edited safely as it is written", _BY_HAND)
        _check_result(context, name, new)
        if not context.dry_run:
            replace_in_place(context.path, data, new)
    return Edited(context.path, before, after)


def _check_result(context: _Context, name: str, data: bytes) -> None:
    """Refuse a result that would not load; the file was right before, so the change is what is wrong."""
    try:
        context.check(data)
    except ConfigError as error:
        alone = [f"{problem.key.rpartition('].')[2]}: {problem.text}" for problem in error.problems]
        several = [f"{problem.key}: {problem.text}" for problem in error.problems]
        said = f"{name}: {'; '.join(alone)}" if name else "; ".join(several)
        raise UsageError(said, "nothing was changed; correct it and try again") from None
