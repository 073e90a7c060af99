"""Where a person shows in texts that are not about them alone: in titles, in messages, in files."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from calsync.names import name_key

__all__ = ["BETWEEN", "GONE", "Traces"]

BETWEEN = r"(?:[\s_.+-]|%20)+"
"""The pattern of what stands between the words of a name; in the name of a file or in an address it is no space."""

GONE = "(forgotten)"
"""What stands for a name or an address in a text that stays."""


@dataclass(frozen=True)
class Traces:
    """What a person is known by: their name, their addresses, and the first names that may stand for them in a title.

    `others` are names of other people: "Ana Sousa" is not meant where "Ana Sousa Lima" stands. Case, the composition
    of letters, and what stands between the words ("ana-sousa.ics") are no difference anywhere.
    """

    name: str
    addresses: tuple[str, ...] = ()
    first_names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def is_named(self, name: str) -> bool:
        """True when `name` is the person's, in whatever spelling."""
        return name_key(name) == name_key(self.name)

    def count_in_title(self, title: str) -> int:
        """How often a first name is one of those that a block's title ends with ("Focus: Ana, Ben")."""
        _, colon, names = title.rpartition(": ")
        return sum(self._is_first(name) for name in names.split(", ")) if colon else 0

    def without(self, title: str) -> str:
        """The title with a first name taken out once; without its colon when no name is left."""
        stem, _, names = title.rpartition(": ")
        if not self.count_in_title(title):
            return title
        kept = names.split(", ")
        keys = [name_key(name) for name in kept]
        del kept[next(keys.index(first) for first in map(name_key, self.first_names) if first in keys)]
        return f"{stem}: {', '.join(kept)}" if kept else stem

    def _is_first(self, name: str) -> bool:
        return bool(name_key(name)) and name_key(name) in map(name_key, self.first_names)

    def is_in(self, text: str) -> bool:
        """True when the whole name or an address stands in `text`; a name of one word counts in its own case only."""
        return any(
            match.lastgroup == "theirs"
            for pattern, said in ((self._folded_forms, _folded(text)), (self._one_word, _composed(text)))
            for match in pattern.finditer(said)
        )

    def is_in_bytes(self, data: bytes) -> bool:
        """True when the whole name or an address stands in what a file holds, escaped as in JSON or not."""
        if self.is_in(data.decode("utf-8", "replace")):
            return True
        escaped = [
            json.dumps(word)[1:-1].lower().encode() for word in (self.name, *self.addresses) if not word.isascii()
        ]
        return any(word in data.lower() for word in escaped)

    def redacted(self, text: str) -> str:
        """The text with GONE for each whole name and address; the very same where there is none."""
        if not self.is_in(text):
            return text
        found = self._one_word.sub(_gone, self._folded_forms.sub(_gone, _composed(text)))
        # What only folding shows (full width, ligatures) is rare enough to give up the text's own case for it.
        return self._folded_forms.sub(_gone, _folded(found)) if self.is_in(found) else found

    @cached_property
    def _folded_forms(self) -> re.Pattern[str]:
        """The addresses, and a name of several words, for folded text."""
        names = [self.name] if len(self.name.split()) > 1 else []
        return _pattern(self._longer, [_form(word) for word in (*names, *self.addresses) if word.strip()])

    @cached_property
    def _one_word(self) -> re.Pattern[str]:
        """A name of one word, as a word and in its own case: "Al" is not in "also", and May is not who may."""
        names = self.name.split()
        alone = [rf"(?-i:(?<!\w){re.escape(_composed(names[0]))}(?!\w))"] if len(names) == 1 else []
        return _pattern(self._longer, alone)

    @property
    def _longer(self) -> list[str]:
        return [_form(name) for name in self.others if len(name) > len(self.name)]


def _pattern(others: list[str], theirs: list[str]) -> re.Pattern[str]:
    parts = [f"(?P<other>{'|'.join(others)})"] if others else []
    return re.compile("|".join([*parts, f"(?P<theirs>{'|'.join(theirs) or '(?!)'})"]), re.IGNORECASE)


def _gone(match: re.Match[str]) -> str:
    return GONE if match.lastgroup == "theirs" else match[0]


def _form(word: str) -> str:
    """The pattern of an address, or of a name, in folded text."""
    words = list(map(re.escape, _folded(word).split()))
    if "@" in word:
        return rf"(?<![\w.+%-]){' '.join(words)}(?![\w-])"
    # No word's edge around a name: fields of a database stand side by side, without a space.
    return BETWEEN.join(words)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
