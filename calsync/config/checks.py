"""What one value alone cannot show: names that stand twice, a maximum below its ideal, a calendar nobody can write.

These checks look at the values as they were read, so that they find their problems beside every other problem; they
pass over what has the wrong form, which `schema` reports.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from calsync.config.forms import Address, Days, PathText, Text
from calsync.config.hours import WEEKDAYS, parse_weekdays
from calsync.config.keys import keys_of
from calsync.config.offers import PROVIDERS, option_form
from calsync.config.persons import gaps_of
from calsync.config.schema import CalendarEntry, PersonEntry
from calsync.config.tree import Fault, Tree, Where
from calsync.config.wording import did_you_mean, listed, nearest, shown
from calsync.names import name_key

__all__ = ["cross_checks", "option_value", "resolved"]

_SECRETS = frozenset(
    {
        "access_token",
        "api_key",
        "app_password",
        "client_secret",
        "passwd",
        "password",
        "private_key",
        "refresh_token",
        "secret",
        "token",
    }
)
_SERVED_BY = {
    "exchange": "microsoft",
    "fastmail": "caldav",
    "gcal": "google",
    "gmail": "google",
    "icloud": "caldav",
    "m365": "microsoft",
    "nextcloud": "caldav",
    "office365": "microsoft",
    "outlook": "microsoft",
}
"""What people call their calendar's provider, and which of ours it is."""
_NO_ROOM = "names no day, so there is no room for any block; leave it out or name days"
_NEVER_THERE = "names no day, so the person would never be at work; leave it out or name days"
_OWN_KEYS = frozenset(keys_of(CalendarEntry))
_PERSON_KEYS = frozenset(keys_of(PersonEntry))

Items = list[tuple[int, dict[str, Any]]]


def resolved(text: str, folder: Path) -> Path:
    """The absolute path that `text` means in a configuration in `folder`; raises ValueError for an unknown `~name`."""
    path = os.path.expanduser(text)  # noqa: PTH111 - Path.expanduser raises where this leaves the text as it is
    if path.startswith("~"):
        raise ValueError(f"there is no home folder for {shown(text)}")
    return Path(os.path.normpath(folder / path))


def option_value(provider: str, key: str, value: Any, folder: Path) -> str:
    """What a provider's own key stands for: paths absolute, all else in its form. Raises ValueError with the reason."""
    form = option_form(provider, key)
    said = str(form.check(value))
    return str(resolved(said, folder)) if isinstance(form, PathText) else said


def _items(value: Any, key: str) -> Items:
    """The mappings of the list under `key`, with their places."""
    found = value.get(key) if isinstance(value, dict) else None
    return [(at, item) for at, item in enumerate(found) if isinstance(item, dict)] if isinstance(found, list) else []


def _same(text: str) -> str:
    """What two spellings of one name have in common."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _valid(form: Any, value: Any) -> Any:
    """The value in its form, or None: then `schema` has said why."""
    try:
        return form.check(value)
    except ValueError:
        return None


def cross_checks(tree: Tree, file: Path, kinds: Mapping[str, frozenset[str]]) -> Iterator[Fault]:
    """Every problem between the values of `tree`, read from `file`; `kinds` has the option keys by provider."""
    folder = file.absolute().parent
    yield from _weekdays_once(tree, ("working_hours",), tree.value.get("working_hours"), _NO_ROOM)
    yield from _some_calendar(tree)
    for at, calendar in _items(tree.value, "calendars"):
        yield from _calendar(tree, at, calendar, folder, kinds)
    yield from _calendars_differ(tree, folder)
    yield from _people(tree)
    yield from _tags(tree)
    yield from _exports(tree, file)


def _fault(tree: Tree, where: Where, text: str, *, key: bool = False) -> Fault:
    return Fault(tree.mark(where, key=key), text, where)


def _weekdays_once(tree: Tree, here: Where, hours: Any, empty: str) -> Iterator[Fault]:
    if not isinstance(hours, dict):
        return
    if not hours:
        yield _fault(tree, here, empty)
    taken: dict[int, str] = {}
    for key in hours:
        try:
            days = parse_weekdays(key)
        except ValueError:
            continue
        for day in days:
            if day in taken:
                yield _fault(tree, (*here, key), f"{WEEKDAYS[day]} has hours under `{taken[day]}` already", key=True)
                break
            taken[day] = key


def _some_calendar(tree: Tree) -> Iterator[Fault]:
    calendars = tree.value.get("calendars")
    if calendars is None or calendars == []:
        where: Where = ("calendars",)
        yield _fault(
            tree, where, "there are no calendars; list at least one, each with a `name` and a `provider`", key=True
        )


def _calendar(
    tree: Tree, at: int, calendar: dict[str, Any], folder: Path, kinds: Mapping[str, frozenset[str]]
) -> Iterator[Fault]:
    here: Where = ("calendars", at)
    provider = _valid(Text(), calendar.get("provider"))
    if provider is None:
        return
    if provider not in kinds:
        known = _SERVED_BY.get(provider.casefold(), "")
        hint = f"; did you mean `{known}`?" if known in kinds else did_you_mean(provider, kinds)
        yield _fault(tree, (*here, "provider"), f"unknown provider {shown(provider)}{hint}")
        return
    for key, value in calendar.items():
        if key not in _OWN_KEYS:
            yield from _option(tree, (*here, key), value, provider, kinds[provider], folder)
    rules = PROVIDERS.get(provider)
    if rules is None:
        return
    misspelt = {_near(key, kinds[provider]) for key in calendar if key not in kinds[provider]}
    for key in rules.required:
        if key not in calendar and key not in misspelt:
            yield _fault(tree, (*here, key), f"is missing; a calendar of provider {provider} needs it")
    given = [key for key in rules.one_of if key in calendar]
    if rules.one_of and not given and not misspelt.intersection(rules.one_of):
        either = listed(f"`{key}`" for key in rules.one_of)
        yield _fault(tree, here, f"a calendar of provider {provider} needs {either}")
    elif len(given) > 1:
        both = listed(f"`{key}`" for key in given).replace(" or ", " and ")
        yield _fault(
            tree,
            (*here, given[1]),
            f"a calendar of provider {provider} has either one: {both} are both given",
            key=True,
        )
    if provider == "ics" and calendar.get("write") is True and len(given) == 1:
        yield from _writable(tree, here, calendar, folder)
    if provider == "google" and calendar.get("event_type") == "focus" and not _is_primary(calendar):
        text = "Google has focus time on an account's primary calendar only, and this one is "
        cure = "take out `event_type` or `calendar`"
        yield _fault(tree, (*here, "event_type"), f"{text}{shown(calendar['calendar'])}; {cure}")


def _near(key: str, keys: frozenset[str]) -> str:
    """The key of a calendar that was meant by one that a provider with the option `keys` has not."""
    elsewhere = any(key in rules.keys for rules in PROVIDERS.values())
    return "" if elsewhere else nearest(key, keys | _OWN_KEYS)


def _option(tree: Tree, where: Where, value: Any, provider: str, keys: frozenset[str], folder: Path) -> Iterator[Fault]:
    key = str(where[-1])
    if key not in keys:
        near = _near(key, keys)
        if key.casefold() in _SECRETS:
            cure = "passwords and tokens are kept apart from it (see `calsync calendars sign-in`)"
            text = f"does not belong in this file; {cure}"
        elif near:
            text = f"unknown key; did you mean `{near}`?"
        else:
            text = f"unknown key; provider {provider} takes {listed(sorted(keys))}" if keys else "unknown key"
        yield _fault(tree, where, text, key=True)
        return
    try:
        option_value(provider, key, value, folder)
    except ValueError as error:
        yield _fault(tree, where, str(error))


def _is_primary(calendar: dict[str, Any]) -> bool:
    """True for a Google account's first calendar, which is also called by the account's address."""
    return _same(str(calendar.get("calendar", "primary"))) in ("primary", _same(str(calendar.get("account"))))


def _writable(tree: Tree, here: Where, calendar: dict[str, Any], folder: Path) -> Iterator[Fault]:
    cure = "set `write: false`, or name a folder in `path`"
    if "url" in calendar:
        yield _fault(tree, (*here, "write"), f"a calendar that is read by `url` cannot be written to; {cure}")
        return
    try:
        path = resolved(calendar["path"], folder)
    except (ValueError, TypeError):
        return
    if path.is_file() or (path.suffix.lower() == ".ics" and not path.is_dir()):
        yield _fault(tree, (*here, "write"), f"a single .ics file cannot be written to; {cure}")


def _calendars_differ(tree: Tree, folder: Path) -> Iterator[Fault]:
    names: dict[str, int] = {}
    targets: dict[tuple[Any, ...], int] = {}
    for at, calendar in _items(tree.value, "calendars"):
        name = calendar.get("name")
        if isinstance(name, str):
            first = names.setdefault(_same(name), at)
            if first != at:
                line = tree.mark(("calendars", first, "name")).line
                yield _fault(tree, ("calendars", at, "name"), f"a calendar of this name stands on line {line} already")
        target = _target(calendar, folder)
        if len(target) < 2:  # the provider alone says nothing of where the calendar is
            continue
        first = targets.setdefault(tuple(sorted((key, repr(value)) for key, value in target.items())), at)
        if first != at:
            line = tree.mark(("calendars", first)).line
            yield _fault(tree, ("calendars", at), f"the calendar on line {line} is the same one; connect it once")


def _target(calendar: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What says which calendar an entry means; two spellings of one thing are the same here."""
    options = {key: value for key, value in calendar.items() if key not in {"name", "write"}}
    provider = calendar.get("provider")
    rules = PROVIDERS.get(provider) if isinstance(provider, str) else None
    if rules is None or not rules.target:
        path = _path_of(calendar, folder)
        return options if path is None else options | {"path": str(path)}
    if any(_valid(option_form(str(provider), key), calendar.get(key)) is None for key in rules.required):
        return {}
    said = {key: str(calendar.get(key, absent)).strip() for key, absent in rules.target.items()}
    said["account"] = _same(said["account"])
    if provider == "google" and _is_primary(calendar):
        said["calendar"] = "primary"
    return {"provider": provider, **said}


def _path_of(entry: dict[str, Any], folder: Path) -> Path | None:
    path = entry.get("path")
    try:
        return resolved(path, folder) if isinstance(path, str) and path.strip() else None
    except ValueError:
        return None


def _addresses(value: Any) -> list[tuple[int | None, str]]:
    """The valid addresses of a key that takes one or a list of them, with their places."""
    if isinstance(value, list):
        found = [(at, _valid(Address(), item)) for at, item in enumerate(value)]
        return [(at, address) for at, address in found if address]
    address = _valid(Address(), value)
    return [(None, address)] if address else []


def _people(tree: Tree) -> Iterator[Fault]:
    mine = {address for _, address in _addresses(tree.value.get("me"))}
    names: dict[str, int] = {}
    owners: dict[str, int] = {}
    for at, person in _items(tree.value, "people"):
        here: Where = ("people", at)
        name = person.get("name")
        if isinstance(name, str) and name.strip():
            first = names.setdefault(name_key(name), at)
            if first != at:
                line = tree.mark(("people", first, "name")).line
                yield _fault(tree, (*here, "name"), f"a person of this name stands on line {line} already")
        for place, address in _addresses(person.get("email")):
            where: Where = (*here, "email") if place is None else (*here, "email", place)
            owner = owners.setdefault(address, at)
            if address in mine:
                yield _fault(tree, where, f"{address} is one of your own addresses (`me`)")
            elif owner != at:
                line = tree.mark(("people", owner)).line
                yield _fault(tree, where, f"{address} is an address of the person on line {line} already")
        yield from _weekdays_once(tree, (*here, "working_hours"), person.get("working_hours"), _NEVER_THERE)
        yield from _gaps(tree, here, person)


def _tags(tree: Tree) -> Iterator[Fault]:
    found = tree.value.get("tags")
    taken: dict[str, str] = {}
    for tag, gaps in found.items() if isinstance(found, dict) else ():
        here: Where = ("tags", tag)
        first = taken.setdefault(_same(str(tag)), tag)
        if first != tag:
            line = tree.mark(("tags", first), key=True).line
            yield _fault(tree, here, f"the tag {shown(first)} on line {line} is the same one", key=True)
        ideal, longest = _days_of(gaps)
        if ideal is not None and longest is not None and longest < ideal:
            yield _fault(tree, (*here, "max"), f"expected at least the {ideal} days of `ideal`, not {longest}")


def _days_of(gaps: Any) -> tuple[int | None, int | None]:
    """The valid gaps of a person or of a tag: ideal and maximum."""
    ideal, longest = (_valid(Days(), gaps.get(key)) if isinstance(gaps, dict) else None for key in ("ideal", "max"))
    return ideal, longest


def _gaps(tree: Tree, here: Where, person: dict[str, Any]) -> Iterator[Fault]:
    """A gap that is missing from the person and their tags, and a maximum below its ideal."""
    said = person.get("tags")
    tags = [tag for tag in (said if isinstance(said, list) else [said]) if isinstance(tag, str)]
    known = tree.value.get("tags")
    tag, from_tag = gaps_of(tags, known if isinstance(known, dict) else {}) or ("", None)
    own, lent = _days_of(person), _days_of(from_tag)
    if not tag:
        misspelt = {nearest(key, _PERSON_KEYS) for key in person if key not in _PERSON_KEYS}
        for key in ("ideal", "max"):
            # A misspelt `tags` may be why there is none.
            if key not in person and not misspelt.intersection((key, "tags")):
                hint = _no_tag(tags, known)
                yield _fault(tree, (*here, key), f"is missing; expected {Days.text}{hint}")
    ideal, longest = (own[at] if ("ideal", "max")[at] in person else lent[at] for at in (0, 1))
    if ideal is None or longest is None or longest >= ideal:
        return
    if "max" in person:
        source = "`ideal`" if "ideal" in person else f"`ideal`, from the tag {shown(tag)}"
        yield _fault(tree, (*here, "max"), f"expected at least the {ideal} days of {source}, not {longest}")
    elif "ideal" in person:
        text = f"expected at most the {longest} days of `max`, from the tag {shown(tag)}, not {ideal}"
        yield _fault(tree, (*here, "ideal"), f"{text}; give the person a `max` too")


def _no_tag(tags: Sequence[str], known: Any) -> str:
    """Why the tags give no gaps; nothing where no tag could."""
    if not tags or not isinstance(known, dict) or not known:
        return ""
    near = next((found for tag in tags if (found := nearest(tag, [str(key) for key in known]))), "")
    hint = f"; did you mean `{near}`?" if near else ""
    return f", here or under `tags` for {listed(shown(tag) for tag in tags)}{hint}"


def _exports(tree: Tree, file: Path) -> Iterator[Fault]:
    folder = file.absolute().parent
    calendars = [
        (path, str(calendar.get("name")))
        for _, calendar in _items(tree.value, "calendars")
        if (path := _path_of(calendar, folder)) is not None
    ]
    taken: dict[Path, int] = {}
    for at, export in _items(tree.value, "exports"):
        where: Where = ("exports", at, "path")
        path = _path_of(export, folder)
        if path is None:
            if isinstance(export.get("path"), str) and export["path"].strip():
                yield _fault(tree, where, f"there is no home folder for {shown(export['path'])}")
            continue
        first = taken.setdefault(path, at)
        owner = next((name for calendar, name in calendars if path == calendar or calendar in path.parents), None)
        if first != at:
            line = tree.mark(("exports", first, "path")).line
            yield _fault(tree, where, f"an export to this file stands on line {line} already")
        elif owner is not None:
            text = f"lies in the calendar {shown(owner)}, so that the blocks would be read back; name another file"
            yield _fault(tree, where, text)
        elif path == file.absolute():
            yield _fault(tree, where, "is this very file, which the export would overwrite; name another file")
        elif path.is_dir():
            yield _fault(tree, where, f"expected a file, not the folder {shown(export['path'])}")
