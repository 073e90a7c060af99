"""YAML text read into plain values that know their lines.

Only the composer of ruamel.yaml is used: it says where each value stands and builds no object that a file asks for.
Keys that stand twice, tags and runaway aliases are reported here; what the values mean is `schema`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from calsync.config.wording import shown

__all__ = ["Fault", "Mark", "Tree", "Where", "compose", "decode", "key_text", "read_tree"]

Where = tuple[str | int, ...]
"""The way from the root to a value: keys, and positions in lists from 0."""

_TAG = "tag:yaml.org,2002:"
_PLAIN = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq", "merge"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_PILE = re.compile(r"(?:[\[{]\s*){100}")
_DEEPEST = 20
_MOST_NODES = 100_000


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something stands; lines and columns count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a place of the text. `where` is () when it concerns the text and not a value."""

    mark: Mark
    text: str
    where: Where = ()


@dataclass(slots=True)
class Tree:
    """The values of a file, the marks of its values and of its keys, and what is wrong with its form."""

    value: Any = None
    values: dict[Where, Mark] = field(default_factory=dict)
    keys: dict[Where, Mark] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    unread: set[Where] = field(default_factory=set)
    """Places whose value could not be read: what else is wrong there says nothing."""

    def mark(self, where: Where, *, key: bool = False) -> Mark:
        """Where the value (or its key) at `where` stands, or the nearest thing around it that stands somewhere."""
        for length in range(len(where), -1, -1):
            marks = self.keys if key else self.values
            found = marks.get(where[:length]) or self.values.get(where[:length])
            if found:
                return found
        return Mark(1, 1)


def decode(data: bytes) -> tuple[str, list[Fault]]:
    """The text of `data` (UTF-8, with or without a byte order mark), and why it is none."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        return "", [Fault(Mark(line, column), "is not UTF-8 text here; save the file as UTF-8")]
    control = _CONTROL.search(text)
    if control:
        at = control.start()
        mark = Mark(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
        return "", [Fault(mark, f"a control character (U+{ord(control[0]):04X}) stands here; delete it")]
    return text, []


# What ruamel.yaml says of a text that is no YAML, and how a person would say it.
_WORDING = (
    (r"character '\\t'", "a tab stands where YAML wants spaces"),
    (r"quoted scalar.*end of stream", "the quote that opens here is never closed"),
    (r"unknown escape", "a backslash in double quotes begins an escape that YAML does not know; use single quotes"),
    (r"quoted scalar", "the text in quotes is not closed where it should be"),
    (
        r"mapping values are not allowed",
        "a colon stands where none can; indent keys alike, quote text that has a colon",
    ),
    (r"flow sequence", "a comma or the closing ] of a list is missing"),
    (r"flow mapping", "a comma or the closing } is missing"),
    (r"block (collection|mapping|sequence)", "does not fit the lines above it; indent keys and dashes alike"),
    (r"could not find expected ':'|simple key", "expected `key: value`; is a colon missing?"),
    (r"undefined alias", "an alias (*name) stands here for which there is no anchor (&name)"),
    (r"another document", "a second document begins here (a line of --- or ...); one file holds one configuration"),
    (r"character '([@`%])'", "text that begins with @, ` or % has to stand in quotes"),
    (r"expected URI|tag", "the tag (!) here is not allowed; a value that begins with ! has to stand in quotes"),
    (r"incompatible YAML|directive", "the line that begins with % is not understood; delete it"),
)


def _worded(error: Any) -> Fault:
    context, problem = str(getattr(error, "context", "") or ""), str(getattr(error, "problem", "") or "")
    said = f"{context}: {problem}"
    mark = getattr(error, "problem_mark", None)
    opened = getattr(error, "context_mark", None)
    text = next((words for pattern, words in _WORDING if re.search(pattern, said)), "")
    # Where it began tells more than where the parser gave up.
    if opened is not None and ("quote that opens" in text or "flow" in context or "simple key" in context):
        mark = opened
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return Fault(Mark(line, column), text or f"is not YAML: {' '.join(problem.split()) or 'it cannot be read'}")


def compose(text: str) -> tuple[Any, list[Fault]]:
    """The root node of `text` (None for an empty one) with its marks, and why there is none."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if _PILE.search(text):  # the parser needs the square of its time for these
        return None, [Fault(Mark(1, 1), "is nested too deeply to be a configuration")]
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # a name used again is legal YAML and no concern of the leader's
    try:
        return yaml.compose(text), []
    except YAMLError as error:
        return None, [_worded(error)]
    except RecursionError:
        return None, [Fault(Mark(1, 1), "is nested too deeply to be a configuration")]


def key_text(node: Any) -> str | None:
    """The text of a key's node, or None when the key is no scalar."""
    return str(node.value) if node.id == "scalar" else None


class _Reader:
    def __init__(self) -> None:
        self.tree = Tree()
        self.nodes = 0

    def fault(self, node: Any, text: str, where: Where, *, unread: bool = False) -> None:
        self.tree.faults.append(Fault(_mark(node), text, where))
        if unread:
            self.tree.unread.add(where)

    def read(self, node: Any, where: Where) -> Any:
        """The plain value of `node`; records its mark. Too deep or too many (aliases multiply) reads as None."""
        self.tree.values.setdefault(where, _mark(node))
        self.nodes += 1
        if len(where) > _DEEPEST or self.nodes > _MOST_NODES:
            if not any("too deeply" in f.text for f in self.tree.faults):
                self.fault(
                    node,
                    "is nested too deeply, or repeats itself too often, to be a configuration",
                    where[:2],
                    unread=True,
                )
            return None
        if node.tag not in _PLAIN:
            tag = str(node.tag).replace(_TAG, "!!")
            self.fault(node, f"the tag {shown(tag)} is not allowed; write the value as it is", where, unread=True)
            return None
        if node.id == "mapping":
            return self.mapping(node, where)
        if node.id == "sequence":
            return [self.read(item, (*where, at)) for at, item in enumerate(node.value)]
        return _scalar(node)

    def mapping(self, node: Any, where: Where) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: list[Any] = []
        for key, value in node.value:
            if key.tag == _TAG + "merge":
                merged += value.value if value.id == "sequence" else [value]
                continue
            name = key_text(key)
            if name is None or key.tag not in _PLAIN:
                self.fault(key, "a key has to be plain text", where)
                continue
            here = (*where, name)
            if name in values:
                self.fault(key, f"stands here a second time; the first is on line {self.tree.keys[here].line}", here)
                continue
            self.tree.keys[here] = _mark(key)
            if value.id == "scalar" and value.start_mark.index == value.end_mark.index:
                self.tree.values[here] = _mark(key)  # nothing stands behind the key, and it stands on a later line
            values[name] = self.read(value, here)
        for source in merged:
            if source.id != "mapping" or self.nodes > _MOST_NODES or len(where) > _DEEPEST:
                self.fault(source, "only keys and values can be merged with <<", where)
                continue
            self.merge(source, where, values)
        return values

    def merge(self, source: Any, where: Where, values: dict[str, Any]) -> None:
        for key, value in source.value:
            name = key_text(key)
            if key.tag == _TAG + "merge":
                self.fault(key, "a merged group cannot merge another", where)
            elif name is not None and name not in values:
                self.tree.keys[(*where, name)] = _mark(key)
                values[name] = self.read(value, (*where, name))


def _mark(node: Any) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


_CONSTANTS: Mapping[str, Mapping[str, Any]] = {
    _TAG + "bool": {"true": True, "false": False},
    _TAG + "null": {"": None, "~": None, "null": None},
}


def _scalar(node: Any) -> Any:
    """Truth, nothing and decimal numbers as such; everything else is the text that stands there."""
    text = str(node.value)
    if node.tag in _CONSTANTS:
        return _CONSTANTS[node.tag].get(text.lower(), text)
    if node.tag == _TAG + "int" and _WHOLE.fullmatch(text):
        return int(text)
    if node.tag == _TAG + "float":
        try:
            return float(text)
        except ValueError:  # .inf and .nan: no number that a configuration can mean
            return text
    return text


def read_tree(text: str) -> Tree:
    """The values of a YAML text with their places; `faults` says what is wrong with its form."""
    reader = _Reader()
    root, faults = compose(text)
    reader.tree.faults += faults
    if root is not None:
        reader.tree.value = reader.read(root, ())
    return reader.tree
