"""Changes to YAML text that leave every other character as it was: comments, order, quotes, line endings, alignment.

A round trip through objects rewrites what it does not understand (alignment, a comment after the last entry of a
list), so the composer is asked where things stand and the text is cut there. The caller reads the result again and
compares, since a text can always be stranger than the one who cuts it thinks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from calsync.config.render import flow, scalar
from calsync.config.tree import compose, key_text

__all__ = ["Tangled", "add_items", "change_group", "change_item", "remove_item"]

_NULL = "tag:yaml.org,2002:null"


class Tangled(Exception):
    """The text is written in a way that cannot be cut safely (aliases, for instance)."""


class _Text:
    """A YAML text and its nodes, with one list of the root in view."""

    def __init__(self, text: str, key: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.root, faults = compose(text)
        if faults or self.root is None or self.root.id != "mapping":
            raise Tangled("the file is no mapping")
        self.key: Any = None
        self.list: Any = None
        for found, value in self.root.value:
            if key_text(found) == key:
                self.key, self.list = found, value
        if self.list is not None and self.list.start_mark.index < self.key.end_mark.index:
            raise Tangled("an alias stands for the list")

    def end(self, node: Any, key: Any = None) -> int:
        """Where the last character that belongs to `node` (the value of `key`, if it has one) ends."""
        if key is not None and node.start_mark.index < key.end_mark.index:
            return self.line_end(key.end_mark.index)  # an alias: it cannot be longer than its line
        if node.id == "scalar":
            return self.colon(key) if self.empty(node) and key is not None else self.trimmed(node)
        if node.flow_style:
            return int(node.end_mark.index)
        if node.id == "mapping":
            return max((self.end(value, key) for key, value in node.value), default=int(node.end_mark.index))
        last = node.value[-1]
        if last.start_mark.index < node.start_mark.index:
            raise Tangled("an alias stands for an entry")
        return self.end(last)

    def trimmed(self, node: Any) -> int:
        """The end of a scalar; a block scalar's mark lies behind its last line breaks."""
        content = self.text[node.start_mark.index : node.end_mark.index]
        return int(node.start_mark.index) + len(content.rstrip())

    def empty(self, node: Any) -> bool:
        """True for the nothing behind `key:`."""
        return bool(node.tag == _NULL and node.start_mark.index == node.end_mark.index)

    def colon(self, key: Any) -> int:
        """Where the colon behind a key ends."""
        return self.text.index(":", key.end_mark.index) + 1

    def line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Where the line of `at` ends, before its line break."""
        found = self.text.find("\n", at)
        end = len(self.text) if found < 0 else found
        return end - 1 if self.text[at:end].endswith("\r") else end

    def next_line(self, at: int) -> int:
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def cut(self, start: int, end: int, put: str = "") -> str:
        return self.text[:start] + put + self.text[end:]

    def lines_after(self, at: int, lines: list[str]) -> str:
        """The text with `lines` behind the line of `at`."""
        where = self.next_line(at)
        ended = where == 0 or self.text[where - 1] == "\n"
        put = self.newline.join(lines)
        return self.cut(where, where, put + self.newline if ended else self.newline + put)

    def without_flow_entry(self, start: int, end: int) -> str:
        """The text without what stands in [start, end) between brackets, and without one of the commas beside it."""
        after = end + len(self.text[end:]) - len(self.text[end:].lstrip())
        if self.text[after : after + 1] == ",":
            rest = self.text[after + 1 :]
            end = after + 1 + len(rest) - len(rest.lstrip(" "))
            line = self.line_start(start)
            if not self.text[line:start].strip() and self.line_end(end) == end and line:
                return self.cut(line, self.next_line(end))  # it had a line of its own
            return self.cut(start, end)
        before = len(self.text[:start].rstrip())
        if self.text[before - 1 : before] == ",":
            return self.cut(before - 1, end)
        return self.cut(start, end)


def _block_lines(item: Mapping[str, object], indent: str, gap: str) -> list[str]:
    """An entry with one key a line, behind a dash at `indent`."""
    lines = [f"{key}: {flow(value)}" for key, value in item.items()]
    deeper = indent + " " + " " * len(gap)
    return [f"{indent}-{gap}{lines[0]}", *(deeper + line for line in lines[1:])]


def add_items(text: str, key: str, items: Sequence[Mapping[str, object]]) -> str:
    """`text` with `items` as the last entries of the list under the root's `key`, which is made when there is none.

    They are written as the last one is: on one line, or one key a line. Raises Tangled.
    """
    if not items:
        return text
    doc = _Text(text, key)
    if doc.list is not None and doc.list.tag != _NULL and doc.list.id != "sequence":
        raise Tangled("no list")
    if doc.list is not None and doc.list.id == "sequence" and doc.list.value:
        return _with_more(doc, items)
    first, *rest = items
    return add_items(_with_first(doc, key, first), key, rest)


def _with_first(doc: _Text, key: str, item: Mapping[str, object]) -> str:
    if doc.list is None:
        return _with_new_list(doc, key, item)
    if doc.empty(doc.list) and not doc.root.flow_style:
        indent = " " * (doc.key.start_mark.column + 2)
        return doc.lines_after(doc.key.end_mark.index, [f"{indent}- {flow(item)}"])
    if doc.list.tag == _NULL:
        space = " " if doc.empty(doc.list) else ""
        return doc.cut(doc.list.start_mark.index, doc.list.end_mark.index, f"{space}[{flow(item)}]")
    return doc.cut(doc.list.start_mark.index + 1, doc.list.end_mark.index - 1, flow(item))


def _with_more(doc: _Text, items: Sequence[Mapping[str, object]]) -> str:
    last = doc.list.value[-1]
    if doc.list.flow_style:
        at = doc.end(last)
        return doc.cut(at, at, "".join(f", {flow(item)}" for item in items))
    indent = doc.text[doc.line_start(doc.list.start_mark.index) : doc.list.start_mark.index]
    lines = [f"{indent}- {flow(item)}" for item in items]
    if last.id == "mapping" and not last.flow_style:
        gap = last.start_mark.column - len(indent) - 1
        lines = [line for item in items for line in _block_lines(item, indent, " " * gap if 0 < gap <= 8 else " ")]
    return doc.lines_after(doc.end(doc.list), lines)


def _with_new_list(doc: _Text, key: str, item: Mapping[str, object]) -> str:
    if doc.root.flow_style:
        at = doc.end(doc.root.value[-1][1], doc.root.value[-1][0])
        return doc.cut(at, at, f", {scalar(key)}: [{flow(item)}]")
    indent = " " * doc.root.start_mark.column
    at = doc.end(doc.root)
    rest = [line.strip() for line in doc.text[doc.next_line(at) :].splitlines()]
    if all(not line or line.startswith("#") for line in rest):
        at = len(doc.text)  # behind the comments that end the file
    return doc.lines_after(at, ["", f"{indent}{key}:", f"{indent}  - {flow(item)}"])


def remove_item(text: str, key: str, at: int) -> str:
    """`text` without the entry at `at` of the list under the root's `key`; the last one leaves `[]`. Raises Tangled."""
    doc = _Text(text, key)
    item = doc.list.value[at]
    if item.start_mark.index < doc.list.start_mark.index:
        raise Tangled("an alias stands for the entry")
    if doc.list.flow_style:
        return doc.without_flow_entry(item.start_mark.index, doc.end(item))
    start = _dash(doc, item)
    end = doc.next_line(doc.end(item))
    if len(doc.list.value) > 1:
        return doc.cut(start, end)
    colon = doc.colon(doc.key)
    return doc.text[:colon] + " []" + doc.text[colon:start] + doc.text[end:]


def _dash(doc: _Text, item: Any) -> int:
    """Where the line with the dash of `item` begins: the nearest above it with a dash in the list's own column."""
    column = doc.list.start_mark.column
    start = doc.line_start(item.start_mark.index)
    while True:
        line = doc.text[start : doc.line_end(start)]
        if line[column : column + 1] == "-" and not line[:column].strip():
            return start
        if start == 0:
            raise Tangled("no dash")
        start = doc.line_start(start - 1)


def change_item(text: str, key: str, at: int, changes: Mapping[str, object]) -> str:
    """`text` with the keys of the entry at `at` set to those of `changes`; None takes a key out."""
    for name, value in changes.items():
        doc = _Text(text, key)
        item = doc.list.value[at]
        if item.id != "mapping" or item.start_mark.index < doc.list.start_mark.index:
            raise Tangled("no entry of its own")
        pairs = {key_text(k): (k, v) for k, v in item.value}
        if name not in pairs:
            text = text if value is None else _with_key(doc, item, name, value)
        elif value is None:
            text = _without_key(doc, item, *pairs[name])
        else:
            text = _with_value(doc, *pairs[name], value)
    return text


def change_group(text: str, where: Sequence[str], changes: Mapping[str, object]) -> str:
    """`text` with the keys of the group at `where` (() is the whole file) set to those of `changes`.

    None takes a key out. A group that is not there is made. A key of the whole file that only stands in a comment
    (`# holidays: DE`) takes the place of that comment. Raises Tangled.
    """
    for name, value in changes.items():
        doc = _Text(text, "")
        group = _group(doc, where)
        if group is None:
            if value is not None:
                text = change_group(text, where[:-1], {where[-1]: {name: value}})
            continue
        pairs = {key_text(k): (k, v) for k, v in group.value}
        if name in pairs:
            text = _without_key(doc, group, *pairs[name]) if value is None else _with_value(doc, *pairs[name], value)
        elif value is not None:
            text = _with_key(doc, group, name, value) if where else _with_root_key(doc, name, value)
    return text


def _group(doc: _Text, where: Sequence[str]) -> Any:
    """The node of the group at `where`, None where there is nothing."""
    node = doc.root
    for step in where:
        pair = next(((key, value) for key, value in node.value if key_text(key) == step), None)
        if pair is None or pair[1].tag == _NULL:
            return None
        key, found = pair
        if found.id != "mapping" or found.start_mark.index < key.end_mark.index:
            raise Tangled(f"{step} is no group of its own")
        node = found
    return node


def _with_root_key(doc: _Text, name: str, value: object) -> str:
    line = f"{scalar(name)}: {flow(value)}"
    if doc.root.flow_style:
        return _with_key(doc, doc.root, name, value)
    commented = re.search(rf"^# {re.escape(name)}:[^\r\n]*", doc.text, re.MULTILINE)
    if commented is not None:
        return doc.cut(commented.start(), commented.end(), line)
    return doc.lines_after(doc.end(doc.root), ["", line])


def _with_value(doc: _Text, key: Any, value: Any, new: object) -> str:
    colon = doc.colon(key)
    if doc.empty(value):
        return doc.cut(colon, colon, f" {flow(new)}")
    if value.start_mark.index < key.end_mark.index:
        raise Tangled("an alias stands for the value")
    more = _tail(value, new)
    if more and value.flow_style:
        at = doc.end(value.value[-1])
        return doc.cut(at, at, "".join(f", {flow(item)}" for item in more))
    if more:
        indent = doc.text[doc.line_start(value.start_mark.index) : value.start_mark.index]
        return doc.lines_after(doc.end(value), [f"{indent}- {flow(item)}" for item in more])
    if value.id == "scalar" or value.flow_style:
        return doc.cut(value.start_mark.index, doc.end(value), flow(new))
    return doc.cut(colon, doc.end(value), f" {flow(new)}")


def _tail(value: Any, new: object) -> list[object]:
    """What `new` has behind the items of a list that are there already; nothing where it does not begin with them."""
    if value.id != "sequence" or not value.value or not isinstance(new, list):
        return []
    there = [node.value if node.id == "scalar" else None for node in value.value]
    begun = len(new) > len(there) and [str(item) for item in new[: len(there)]] == there
    return new[len(there) :] if begun else []


def _with_key(doc: _Text, item: Any, name: str, value: object) -> str:
    last_key, last = item.value[-1]
    at = doc.end(last, last_key)
    if item.flow_style:
        return doc.cut(at, at, f", {name}: {flow(value)}")
    return doc.lines_after(at, [" " * last_key.start_mark.column + f"{name}: {flow(value)}"])


def _without_key(doc: _Text, item: Any, key: Any, value: Any) -> str:
    start, end = key.start_mark.index, doc.end(value, key)
    if item.flow_style:
        return doc.without_flow_entry(start, end)
    line = doc.line_start(start)
    if not doc.text[line:start].strip():
        return doc.cut(line, doc.next_line(end))
    # The first key stands beside the dash: the next one takes its place, unless a comment stands between them.
    following = min((k.start_mark.index for k, _ in item.value if k.start_mark.index > end), default=end)
    return doc.cut(start, following if not doc.text[end:following].strip() else end)
