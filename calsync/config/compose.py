"""A new configuration file written whole from its values, with the comments of `config.example.yaml` at every key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from calsync.config.example import HEAD, comment_lines, explained, section_lines
from calsync.config.render import flow

__all__ = ["composed"]

_PERSON_TOLD = ("name", "email", "ideal", "max")
"""The keys of a person that are explained above the list; docs/people.md has the others."""


def composed(values: Mapping[str, Any]) -> str:
    """The text of a configuration with `values`, as YAML has them (`blocks.connect.minutes` is a number, a gap text).

    What they leave out is written with its default, or as a comment where there is none, so that every key can be found
    in the file. The values are not checked here.
    """
    from calsync.config.keys import keys_of
    from calsync.config.schema import File

    lines = HEAD.splitlines()
    for key, info in keys_of(File).items():
        lines += ["", *comment_lines(explained(info), "")]
        lines += _WRITERS.get(key, _plain)(key, values.get(key))
    return "\n".join(lines) + "\n"


def _plain(key: str, value: Any) -> list[str]:
    """A key on one line, a comment with its example where it has no value."""
    from calsync.config.keys import keys_of
    from calsync.config.schema import File

    if value in (None, "", [], {}):
        example = (keys_of(File)[key].examples or [""])[0]
        return [f"# {key}: {flow(example)}"]
    return [f"{key}: {flow(value)}"]


def _list(key: str, value: Any) -> list[str]:
    return [f"{key}: {flow(value or [])}"]


def _hours(key: str, value: Any) -> list[str]:
    from calsync.config.schema import DEFAULT_HOURS

    days = value or {"mon-fri": DEFAULT_HOURS}
    return [f"{key}:", *(f'  {name}: "{hours}"' for name, hours in days.items())]


def _group(key: str, value: Any) -> list[str]:
    from calsync.config.keys import keys_of, section_of
    from calsync.config.schema import File

    section = section_of(keys_of(File)[key])
    assert section is not None
    return [f"{key}:", *section_lines(section, "  ", lambda where, info: _value(value or {}, where, info))]


def _value(values: Any, where: Sequence[str], info: Any) -> Any:
    """What stands at `where` in the values of a group, else its default."""
    for step in where:
        values = values.get(step) if isinstance(values, Mapping) else None
    return info.default if values is None else values


def _calendars(key: str, value: Any) -> list[str]:
    from calsync.config.keys import keys_of
    from calsync.config.offers import PROVIDERS
    from calsync.config.schema import CalendarEntry

    told = {name: explained(info) for name, info in keys_of(CalendarEntry).items()}
    lines = [f"{key}:"]
    for entry in value or []:
        rules = PROVIDERS.get(str(entry.get("provider")))
        lines += ["", *comment_lines(rules.about, "  ")] if rules is not None else [""]
        dash = "  - "
        for name, said in entry.items():
            own = told.pop(name, "") or (rules.keys.get(name, "") if rules is not None and name not in _COMMON else "")
            lines += comment_lines(own, "  " if dash == "  - " else "    ") if own else []
            lines.append(f"{dash}{name}: {flow(said)}")
            dash = "    "
    return lines


_COMMON = frozenset({"name", "provider", "write"})


def _people(key: str, value: Any) -> list[str]:
    from calsync.config.keys import keys_of
    from calsync.config.schema import PersonEntry

    lines: list[str] = []
    for name in _PERSON_TOLD:
        lines += comment_lines(f"`{name}`: {explained(keys_of(PersonEntry)[name])}", "")
    lines += comment_lines(
        "docs/people.md has what else can be said of somebody: their hours, their tags, and so on.", ""
    )
    return [*lines, f"{key}:", *(f"  - {flow(person)}" for person in value or [])]


def _by_name(key: str, value: Any) -> list[str]:
    if not value:
        return [f"# {key}: {{report: {{ideal: 7d, max: 14d}}}}"]
    return [f"{key}:", *(f"  {name}: {flow(of)}" for name, of in value.items())]


def _exports(key: str, value: Any) -> list[str]:
    from calsync.config.keys import keys_of
    from calsync.config.schema import Export

    lines: list[str] = []
    for name, info in keys_of(Export).items():
        lines += comment_lines(f"`{name}`: {explained(info)}", "")
    if not value:
        return [*lines, f"# {key}: [{{path: ~/public/connect.ics, details: busy}}]"]
    return [*lines, f"{key}:", *(f"  - {flow(entry)}" for entry in value)]


_WRITERS = {
    "me": _list,
    "working_hours": _hours,
    "calendars": _calendars,
    "blocks": _group,
    "planning": _group,
    "people": _people,
    "tags": _by_name,
    "privacy": _group,
    "exports": _exports,
    "notify": _list,
}
