"""The conversation topics there are: those that calsync ships and the leader's own, read, checked and added.

The shipped ones are written in people/data/topics.yaml. Reading YAML costs more than a quiet night's own work, so a
copy in JSON lies beside it, which calsync.cli.generated makes anew and a test keeps equal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calsync.errors import CalsyncError, UsageError
from calsync.ownlists import TOPICS, Linted, shipped_data
from calsync.people.topics import THEMES, Topic

if TYPE_CHECKING:
    from calsync.people import findings

__all__ = [
    "Linted",
    "Shelf",
    "add_topic",
    "checked_theme",
    "lint",
    "own_file",
    "shelf",
    "shipped",
]

_BY_HAND = "the file is as it was; make the change in an editor"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The topics that can be given, the shipped ones first, and why own ones are missing."""

    topics: tuple[Topic, ...]
    problems: tuple[CalsyncError, ...] = ()


def own_file(config: Path) -> Path:
    """Where the leader's own topics are, if there are any, for the configuration at `config`."""
    return TOPICS.path(config)


def shipped() -> tuple[Topic, ...]:
    """The topics of this version."""
    rows = json.loads(shipped_data("topics.json"))
    return tuple(Topic(**{**row, "follow_ups": tuple(row["follow_ups"])}) for row in rows)


def shelf(config: Path) -> Shelf:
    """Every topic there is for the configuration at `config`.

    Own topics in a file that cannot be read are all missing, single ones that the linter refuses are missing alone;
    either is one problem, and raises nothing.
    """
    ours = shipped()
    entries, problems = TOPICS.kept(config, _check)
    if not entries:
        return Shelf(ours, problems)
    from calsync.people.lint import topic_of

    return Shelf((*ours, *(topic_of(entry, own=True) for entry in entries)), problems)


def lint(config: Path, file: Path | None = None) -> tuple[list[Linted], int]:
    """What is wrong with the topics of `file`, or without one with the shipped and the own ones; how many were read.

    Raises UsageError when `file` cannot be read.
    """
    return TOPICS.lint(config, file, _check)


def _check(entries: Sequence[findings.Entry], own: bool) -> list[findings.Finding]:
    from calsync.people.lint import check

    return check(entries, own=own, taken={topic.key for topic in shipped()} if own else ())


def add_topic(
    config: Path,
    text: str,
    *,
    follow_ups: Sequence[str],
    theme: str,
    depth: int = 1,
    language: str = "",
    dry_run: bool = False,
) -> list[str]:
    """Put a topic at the end of the leader's own; what else is in the file stays as it is. Answers with lines.

    Raises UsageError when the linter refuses it, when it is there already, or when the file cannot be edited safely;
    ConfigError when the file is wrong already. With `dry_run` everything but the last step is done.
    """
    from calsync.people.lint import Entry, check

    path = own_file(config)
    if path == config:
        raise UsageError(f"{path} is the configuration", "give the configuration another name, such as config.yaml")
    ours = shipped()
    try:
        data = TOPICS.read_own(path)
    except FileNotFoundError:
        data = b""
    old = TOPICS.entries(path, data)
    known = {t.key for t in ours} | {str(e.value.get("key")) for e in old if isinstance(e.value, dict)}
    new: dict[str, Any] = {"key": _free_key(text, known), "text": text.strip(), "theme": theme, "depth": depth}
    new |= {"follow_ups": [question.strip() for question in follow_ups]}
    if language:
        new["language"] = language
    if findings := check([Entry(new, {})], own=True):
        raise UsageError("; ".join(one.what for one in findings), findings[0].to_do)
    alike = [t for t in ours if _alike(t.text) == _alike(text)]
    if alike or any(isinstance(e.value, dict) and _alike(str(e.value.get("text"))) == _alike(text) for e in old):
        where = f"calsync ships it as {alike[0].key}" if alike else f"it is in {path} already"
        raise UsageError(f"this topic is there already: {where}", "`calsync topics list` shows all")
    _append(path, data, [entry.value for entry in old], new, dry_run=dry_run)
    done = "would be added to" if dry_run else "is added to"
    return [f"{new['key']} {done} {path}."]


def checked_theme(typed: str) -> str:
    """The theme that `typed` names; raises UsageError with the nearest one."""
    if typed in THEMES:
        return typed
    from calsync.config.wording import did_you_mean

    raise UsageError(f"there is no theme {typed}{did_you_mean(typed, THEMES)}", f"the themes: {', '.join(THEMES)}")


def _alike(text: str) -> list[str]:
    from calsync.people.phrases import words_of

    return words_of(text)


def _free_key(text: str, known: Collection[str]) -> str:
    """A key made from the first words of `text`, or from all of it where it has no Latin letters."""
    from calsync.people.lint import own_key

    words = re.findall(r"[a-z0-9]+", re.sub("['\u2019]", "", text.casefold()))
    slug = "own-" + "-".join(words[:6]) if len(words) > 1 else own_key(text)
    number = 2
    key = slug
    while key in known:
        key, number = f"{slug}-{number}", number + 1
    return key


def _append(path: Path, data: bytes, old: list[Any], new: Mapping[str, Any], *, dry_run: bool) -> None:
    """Write `new` behind everything that is in the file, and prove by reading it again that nothing else changed."""
    from calsync.config.inplace import replace_in_place
    from calsync.config.render import flow, scalar
    from calsync.config.tree import compose, read_tree

    text = data.decode("utf-8-sig")
    root, _ = compose(text)
    if root is not None and root.id == "sequence" and not root.value:
        text = text[: root.start_mark.index] + text[root.end_mark.index :]  # the `[]` of a list without entries
        root = None
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = " " * (root.start_mark.column if root is not None and root.id == "sequence" else 0)
    lines = ["key", "text", "theme", "depth", "follow_ups", "language"]
    body: list[str] = []
    for name in (name for name in lines if name in new):
        begin = f"{indent}{'  ' if body else '- '}{name}:"
        if name == "follow_ups":
            body += [begin, *(f"{indent}    - {scalar(question)}" for question in new[name])]
        else:
            body.append(f"{begin} {flow(new[name])}")
    before = text if not text or text.endswith("\n") else text + newline
    gap = newline if before.strip() else ""
    after = before + gap + newline.join(body) + newline
    read = read_tree(after)
    if read.faults or read.value != [*old, dict(new)]:
        raise UsageError(f"{path}: a topic cannot be added safely to the file as it is written", _BY_HAND)
    if not dry_run:
        bom = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
        replace_in_place(path, data, bom + after.encode())
