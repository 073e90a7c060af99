"""`config.example.yaml` and `docs/configuration.md`, written from the schema so that neither can differ from it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from calsync.config.render import flow

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

__all__ = ["HEAD", "comment_lines", "example_text", "explained", "reference_text", "section_lines"]

_WIDTH = 96
_PLAIN_FORMS = frozenset({"a name", "a title", "a path", "true or false", "a kind of calendar, such as ics"})

HEAD = """\
# What calsync should know about you. Everything that you decide stands in this one file.
#
# A line that begins with # is a comment and changes nothing. Keys that belong together are indented alike, with
# spaces. Every key but `calendars` may be left out; then the value called "default" here counts. When something in
# this file cannot be right, calsync says so before it does anything, with the line and what it expected there.
"""

_SECOND_PERSON = {"name": "Ben Okafor", "email": ["ben@example.com", "ben@example.org"], "ideal": "3w", "max": "45d"}


def comment_lines(text: str, indent: str) -> list[str]:
    """A text as comment, behind `indent`."""
    mark = f"{indent}# "
    return textwrap.wrap(text, _WIDTH, initial_indent=mark, subsequent_indent=mark, break_on_hyphens=False)


def _default(info: FieldInfo) -> str:
    """The default of a plain value as the file would have it, "" when there is none to name."""
    if info.is_required() or info.default in (None, "", []) or info.default_factory is not None:
        return ""
    return flow(info.default)


def explained(info: FieldInfo) -> str:
    """What a key means, with the form of its value and its default."""
    from calsync.config.keys import form_of, section_of

    text = info.description or ""
    form = form_of(info)
    if form is not None and section_of(info) is None:
        default = _default(info)
        known = form.text not in _PLAIN_FORMS and not isinstance((info.examples or [""])[0], dict)
        facts = [form.text] if known else []
        facts += [f"default {default}"] if default else []
        text += f" ({'; '.join(facts)})" if facts else ""
    return text


def section_lines(
    section: type[BaseModel],
    indent: str,
    value: Callable[[tuple[str, ...], FieldInfo], Any],
    where: tuple[str, ...] = (),
) -> list[str]:
    """Every key of a section with its comment and its `value`, which is asked by the way to it from the section."""
    from calsync.config.keys import keys_of, section_of

    lines: list[str] = []
    for key, info in keys_of(section).items():
        lines += comment_lines(explained(info), indent)
        inner = section_of(info)
        if inner is not None:
            lines += [f"{indent}{key}:", *section_lines(inner, indent + "  ", value, (*where, key))]
            continue
        said = value((*where, key), info)
        if isinstance(said, dict):
            lines.append(f"{indent}{key}:")
            lines += [f"{indent}  {name}: {_quoted(text)}" for name, text in said.items()]
        else:
            lines.append(f"{indent}{key}: {flow(said)}")
    return lines


def _section_lines(section: type[BaseModel], indent: str) -> list[str]:
    """Every key of a section with its comment and its example value."""
    return section_lines(section, indent, lambda _, info: (info.examples or [""])[0])


def _quoted(text: str) -> str:
    return f'"{text}"'


def _item_lines(section: type[BaseModel]) -> list[str]:
    """The first entry of a list: a dash, and every key with its comment."""
    lines = _section_lines(section, "    ")
    first = next(at for at, line in enumerate(lines) if not line.lstrip().startswith("#"))
    return [*(line[2:] for line in lines[:first]), f"  - {lines[first].lstrip()}", *lines[first + 1 :]]


def _calendar_lines() -> list[str]:
    from calsync.config.keys import keys_of
    from calsync.config.offers import PROVIDERS
    from calsync.config.schema import CalendarEntry

    lines: list[str] = []
    told = {key: explained(info) for key, info in keys_of(CalendarEntry).items()}
    for rules in PROVIDERS.values():
        for about, entry in rules.examples:
            lines += ["", *comment_lines(about, "  ")]
            dash = "  - "
            for key, value in entry.items():
                said = told.pop(key, "") or (rules.keys.get(key, "") if key not in keys_of(CalendarEntry) else "")
                lines += (
                    comment_lines(said, "    ")
                    if said and dash != "  - "
                    else comment_lines(said, "  ")
                    if said
                    else []
                )
                lines.append(f"{dash}{key}: {flow(value)}")
                dash = "    "
    return lines


def example_text() -> str:
    """The text of `config.example.yaml`: complete, commented and valid."""
    from calsync.config.keys import by_name, keys_of, section_of
    from calsync.config.schema import File

    lines: list[str] = HEAD.splitlines()
    for key, info in keys_of(File).items():
        lines += ["", *comment_lines(explained(info), "")]
        inner = section_of(info)
        example: Any = (info.examples or [None])[0]
        if key == "calendars":
            lines += [f"{key}:", *_calendar_lines()]
        elif by_name(info) and inner is not None:
            lines += [f"{key}:", f"  {example}:", *_section_lines(inner, "    ")]
        elif inner is not None:
            many = str(info.annotation).startswith("list")
            lines += [f"{key}:", *(_item_lines(inner) if many else _section_lines(inner, "  "))]
            lines += [f"  - {flow(_SECOND_PERSON)}"] if key == "people" else []
        elif isinstance(example, dict):
            lines.append(f"{key}:")
            lines += [f"  {name}: {_quoted(value)}" for name, value in example.items()]
        else:
            lines.append(f"{key}: {flow(example)}")
    return "\n".join(lines) + "\n"


_REFERENCE_HEAD = """\
# The configuration

One YAML file holds what you decide. It is read from `--config`, else from `$CALSYNC_CONFIG`, else from the user's
configuration folder. `config.example.yaml` is a complete one. This page is generated from the schema that calsync
checks the file against.

- A key that is not listed here is refused, and so is a value of another form. All problems are named at once, each with
  its file, line and key, and nothing is read or written then (exit code 2).
- Lengths of time are `14d`, `2w`, or a bare number of days. Paths may begin with `~`; relative ones begin at the folder
  of the configuration file.
- An empty value (`people:` with nothing behind it) counts as left out where a group or a list is expected.
- Passwords and tokens do not belong in this file. An address with a password in it is refused.
- The file is UTF-8, at most 1 MiB, and one YAML 1.2 document without tags; anchors (`&`, `*`, `<<`) are fine.
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(section: type[BaseModel]) -> list[str]:
    from calsync.config.keys import by_name, form_of, keys_of, section_of

    lines = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for key, info in keys_of(section).items():
        form, inner = form_of(info), section_of(info)
        many = str(info.annotation).startswith("list")
        value = "a group of keys" if inner is not None else form.text if form is not None else ""
        if many:
            value = "a list of groups" if inner is not None else f"{value}; one or a list"
        default = "required" if info.is_required() else f"`{_default(info)}`" if _default(info) else "none"
        if by_name(info):
            value = "a group of keys for each name"
        if key == "working_hours":
            from calsync.config.schema import DEFAULT_HOURS

            value = "days with their hours"
            default = f'`{{mon-fri: "{DEFAULT_HOURS}"}}`' if section.__name__ == "File" else "none"
        elif key == "timezone" and section.__name__ == "File":
            default = "the system's"
        elif inner is not None and not info.is_required():
            default = "none" if many or by_name(info) or section.__name__ == "Blocks" else "as below"
        lines.append(f"| `{key}` | {_cell(value)} | {_cell(default)} | {_cell(info.description or '')} |")
    return lines


def reference_text() -> str:
    """The text of `docs/configuration.md`: every key with its form, default and meaning."""
    from calsync.config.keys import by_name, keys_of, section_of
    from calsync.config.offers import PROVIDERS, option_form
    from calsync.config.schema import File

    lines = [*_REFERENCE_HEAD.splitlines(), "", "## The whole file", "", *_table(File)]
    for key, info in keys_of(File).items():
        inner = section_of(info)
        if inner is None:
            continue
        each = ", each entry" if str(info.annotation).startswith("list") else ", each tag" if by_name(info) else ""
        lines += ["", f"## `{key}`{each}", "", *_table(inner)]
        if key == "calendars":
            for kind, rules in PROVIDERS.items():
                lines += ["", f"### provider `{kind}`", "", rules.about, ""]
                lines += ["| key | value | needed | meaning |", "|---|---|---|---|"]
                for option, meaning in rules.keys.items():
                    needed = "yes" if option in rules.required else "either one" if option in rules.one_of else "no"
                    value = option_form(kind, option).text
                    lines.append(f"| `{option}` | {_cell(value)} | {needed} | {_cell(meaning)} |")
        for name, deeper in keys_of(inner).items():
            nested = section_of(deeper)
            if nested is not None:
                lines += ["", f"### `{key}.{name}`", "", *_table(nested)]
    lines += ["", "## A complete example", "", "```yaml", *example_text().splitlines(), "```"]
    return "\n".join(lines) + "\n"
