"""Content lines of iCalendar (RFC 5545 3.1) as bytes and text: unfolding, taking apart, escaping and folding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

__all__ = ["ContentLine", "encoded", "escaped", "folded", "take_apart", "unfold"]

# The look-behind pins a match to the first line break of a run, so that a long run of empty lines stays linear.
_FOLD = re.compile(rb"(?<![\r\n])(?:\r?\n)+[ \t]")
_PARAMETER = re.compile(r';\s*([^=;:\s]+)\s*=\s*((?:"[^"]*"|[^";:])*)')
_NAME = re.compile(r"\s*([A-Za-z0-9-]+)\s*(?=[;:])")
_SPECIAL = re.compile(r"[\\;,\x00-\x08\x0a-\x1f\x7f]")
_ESCAPES: dict[int, str | None] = dict.fromkeys((*range(9), *range(0x0B, 0x20), 0x7F))
_ESCAPES.update({ord(c): "\\" + c for c in "\\;,"})
_ESCAPES[0x0A] = "\\n"
_LIMIT = 75


class ContentLine(NamedTuple):
    """One line taken apart: name in upper case, parameters by upper-case name without their quotes, raw value."""

    name: str
    params: Mapping[str, str]
    value: str


def unfold(data: bytes) -> bytes:
    """`data` with folded lines joined; line ends stay as they are."""
    if b"\n " in data or b"\n\t" in data:
        return _FOLD.sub(b"", data)
    return data


def take_apart(line: str) -> ContentLine | None:
    """The parts of an unfolded content line, or None when it is none (no name, no colon)."""
    head = _NAME.match(line)
    if head is None:
        return None
    at = head.end()
    params: dict[str, str] = {}
    while line.startswith(";", at):
        parameter = _PARAMETER.match(line, at)
        if parameter is None:
            return None
        params[parameter[1].upper()] = parameter[2].strip().strip('"')
        at = parameter.end()
    if not line.startswith(":", at):
        return None
    return ContentLine(head[1].upper(), params, line[at + 1 :])


def escaped(text: str) -> str:
    """`text` as a TEXT value; control characters, which TEXT cannot hold, are left out."""
    if _SPECIAL.search(text) is None:
        return text
    return text.translate(_ESCAPES)


def encoded(lines: Iterable[str]) -> bytes:
    """`lines` as a stream: each folded where it is too long, with its line end, in UTF-8."""
    short = [line if len(line) <= _LIMIT and line.isascii() else folded(line)[:-2] for line in lines]
    return "\r\n".join([*short, ""]).encode()


def folded(line: str) -> str:
    """`line` with its line end, cut so that no piece has more than 75 octets and no character is torn."""
    if len(line) <= _LIMIT and line.isascii():
        return line + "\r\n"
    raw = line.encode()
    if len(raw) <= _LIMIT:
        return line + "\r\n"
    pieces = []
    start, room = 0, _LIMIT
    while start < len(raw):
        end = min(start + room, len(raw))
        while end < len(raw) and raw[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(raw[start:end].decode())
        start, room = end, _LIMIT - 1
    return "\r\n ".join(pieces) + "\r\n"
