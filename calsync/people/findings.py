"""What the linters of content have in common: entries that know their lines, findings, and the form of a text.

Pure. The linter of topics is lint.py, that of acts of kindness is actlint.py.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from calsync.people.phrases import words_of

__all__ = [
    "EVIDENCE",
    "LONGEST",
    "Entry",
    "Finding",
    "Seen",
    "is_key",
    "is_language",
    "of_form",
    "own_key",
    "plain",
    "shown",
    "text_problem",
]

EVIDENCE = tuple(f"E{number}" for number in range(1, 27))
"""The keys of docs/topics.md."""

LONGEST = 200
"""The most characters of a question or an act."""

_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_JOINERS = "\u200c\u200d"
"""Not printable, and yet a part of Persian words, Indian letters and of some emoji."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in a file for one topic or act, and on which line each part of it; `()` is the entry as a whole."""

    value: Any
    lines: Mapping[tuple[str | int, ...], int]

    def line(self, *where: str | int) -> int:
        """The line of that part, or of the nearest one around it."""
        for length in range(len(where), -1, -1):
            if where[:length] in self.lines:
                return self.lines[where[:length]]
        return 1


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong on a line, and what to do about it. `rule` is the name of a Rule, or of what a linter adds to them.

    `entry` says which entry of the file it is about, from 0.
    """

    line: int
    rule: str
    what: str
    to_do: str
    entry: int = 0


@dataclass(slots=True)
class Seen:
    """The keys and texts of a file so far, with their lines; `one` is what an entry is called, as "a topic"."""

    one: str
    taken: Collection[str]
    keys: dict[str, int] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)

    def key_again(self, entry: Entry) -> Iterable[Finding]:
        """What is wrong with the entry's key because of others, if it has one; remembers it."""
        key = entry.value.get("key")
        if not isinstance(key, str):
            return
        line = entry.line("key")
        if key in self.taken:
            yield of_form(line, f"calsync ships {self.one} with the key {key}", "choose another")
        elif key in self.keys:
            noun = self.one.split()[-1]
            yield of_form(
                line, f"the key {key} is on line {self.keys[key]} already", f"give each {noun} a key of its own"
            )
        self.keys.setdefault(key, line)

    def line_of(self, entry: Entry) -> int | None:
        """The line on which the entry's text stands already, word by word; remembers it when there is none."""
        text = entry.value.get("text")
        alike = " ".join(words_of(text)) if isinstance(text, str) else ""
        if alike and alike not in self.texts:
            self.texts[alike] = entry.line("text")
            return None
        return self.texts.get(alike)


def of_form(line: int, what: str, to_do: str) -> Finding:
    """A finding on how an entry is written, whatever its words mean."""
    return Finding(line, "form", what, to_do)


def shown(value: object) -> str:
    """A value as a message quotes it: short, and without what could not be shown."""
    text = str(value)
    clean = "".join(c if c.isprintable() else "?" for c in text[:60])
    return f'"{clean}…"' if len(text) > 60 else f'"{clean}"'


def plain(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())


def text_problem(value: str) -> str:
    """Why `value` is no text to be shown, "" when it is one."""
    odd = next((c for c in value if not c.isprintable() and c not in _JOINERS and c != "\n"), "")
    if odd:
        return f"a character that cannot be shown (U+{ord(odd):04X}) stands in the text"
    if not words_of(value):
        return "no word stands in the text"
    return f"the text is longer than {LONGEST} characters" if len(value) > LONGEST else ""


def is_key(value: str) -> bool:
    """True for small letters, digits and hyphens, as in `first-film`."""
    return bool(_KEY.fullmatch(value))


def is_language(value: str) -> bool:
    """True for a code such as `de` or `pt-BR`."""
    return bool(_LANGUAGE.fullmatch(value))


def own_key(text: str) -> str:
    """The key of an own entry whose file gives none: it changes when the words do."""
    return "own-" + hashlib.sha256(" ".join(words_of(text)).encode()).hexdigest()[:10]
