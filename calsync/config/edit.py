"""People added, changed and removed in the configuration file itself, which stays the one place that a leader reads.

Nothing else in the file changes, not even its spaces. The result is checked as a whole before it takes the file's
place, and a file that somebody else changed meanwhile is left alone.
"""

from __future__ import annotations

import copy
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from calsync.config.load import check_config, read_config_bytes
from calsync.config.wording import did_you_mean, shown
from calsync.config.zones import system_timezone
from calsync.errors import ConfigError, UsageError
from calsync.names import name_key
from calsync.wholefile import sync_folder, written_beside

__all__ = ["PERSON_KEYS", "Edited", "add_people", "add_person", "edit_person", "remove_person"]

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


def add_person(
    path: Path,
    fields: Mapping[str, object],
    *,
    today: date,
    provider_kinds: Mapping[str, frozenset[str]],
    system_zone: str | None = None,
    dry_run: bool = False,
) -> Edited:
    """Add a person with `fields` (see PERSON_KEYS; text, numbers, lists of text) at the end of `people`.

    Raises UsageError when somebody of that name or address is there already, when a field is wrong, when the file
    changed meanwhile or is written in a way that cannot be edited safely; ConfigError when the file is wrong already.
    With `dry_run` everything but the last step is done. `today`, `provider_kinds` and `system_zone` as in load_config.
    """
    rules: dict[str, Any] = {"today": today, "provider_kinds": provider_kinds, "system_zone": system_zone}
    return add_people(path, [fields], **rules, dry_run=dry_run)


def add_people(
    path: Path,
    several: Sequence[Mapping[str, object]],
    *,
    today: date,
    provider_kinds: Mapping[str, frozenset[str]],
    system_zone: str | None = None,
    dry_run: bool = False,
) -> Edited:
    """Add `several` people at once, all of them or nobody; as `add_person`, and much quicker than one by one."""
    context = _Context(path, today, provider_kinds, system_zone, dry_run)
    news = [{key: value for key, value in _plain(fields).items() if value is not None} for fields in several]
    if not all(str(person.get("name", "")).strip() for person in news):
        raise UsageError("a person needs a name", "give the name first")

    def change(text: str, people: list[Values]) -> tuple[str, list[Values]]:
        from calsync.config.splice import add_items

        known = {name_key(str(person.get("name"))) for person in people}
        for person in news:
            name = str(person["name"])
            if name_key(name) in known:
                raise UsageError(
                    f"{name} is in the rotation already", "use `calsync people edit` to change what is there"
                )
            known.add(name_key(name))
        return add_items(text, "people", news), [*people, *news]

    return _edited(context, str(news[0]["name"]) if len(news) == 1 else "", change)


def edit_person(
    path: Path,
    name: str,
    changes: Mapping[str, object],
    *,
    today: date,
    provider_kinds: Mapping[str, frozenset[str]],
    system_zone: str | None = None,
    dry_run: bool = False,
) -> Edited:
    """Set the keys of `changes` for the person called `name`; None, "" or an empty list takes a key out.

    Raises as `add_person`; UsageError with the nearest name when there is nobody of that name.
    """
    context = _Context(path, today, provider_kinds, system_zone, dry_run)
    wanted = _plain(changes)

    def change(text: str, people: list[Values]) -> tuple[str, list[Values]]:
        from calsync.config.splice import change_item

        at = _find(people, name)
        person = people[at]
        news = {key: value for key, value in wanted.items() if person.get(key) != value}
        changed = {key: value for key, value in (person | news).items() if value is not None or key not in news}
        return change_item(text, "people", at, news), [*people[:at], changed, *people[at + 1 :]]

    return _edited(context, name, change)


def remove_person(
    path: Path,
    name: str,
    *,
    today: date,
    provider_kinds: Mapping[str, frozenset[str]],
    system_zone: str | None = None,
    dry_run: bool = False,
) -> Edited:
    """Take the person called `name` out of `people`, with the comments inside the entry; raises as `edit_person`."""
    context = _Context(path, today, provider_kinds, system_zone, dry_run)

    def change(text: str, people: list[Values]) -> tuple[str, list[Values]]:
        from calsync.config.splice import remove_item

        at = _find(people, name)
        return remove_item(text, "people", at), [*people[:at], *people[at + 1 :]]

    return _edited(context, name, change)


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
            _replace(context.path, data, new)
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


def _replace(path: Path, old: bytes, new: bytes) -> None:
    """Put `new` in the place of `old`, whole or not at all; a link stays a link, mode and owner stay."""
    try:
        real = path.resolve(strict=True)
        found = real.stat()
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(
                f"{path} is not a plain file, so it cannot be edited", "make the change where it comes from"
            )
        with written_beside(real, new) as temporary:
            temporary.chmod(stat.S_IMODE(found.st_mode))
            if os.name == "posix" and (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
                os.chown(temporary, found.st_uid, found.st_gid)
            if real.read_bytes() != old:
                raise UsageError(f"{path} was changed by somebody else meanwhile", "nothing was written; try again")
            temporary.replace(real)
        sync_folder(real.parent)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "check its permissions; it is as it was"
        ) from None
