"""A leader's words without anybody's name in them: whoever is known stands as "someone".

Pure. It rather takes out a word too many than leave one that names somebody; docs/changes.md says which words stay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from calsync.model import Person
from calsync.names import first_name_of, is_east_asian, name_key, name_words, plain_key

__all__ = ["SOMEONE", "Nameless"]

SOMEONE = "someone"
"""What stands for a name."""

_WORDS_TOO = frozenset(
    [
        "art",
        "bill",
        "brook",
        "chase",
        "christian",
        "dawn",
        "dean",
        "drew",
        "faith",
        "frank",
        "gene",
        "grace",
        "grant",
        "guy",
        "heath",
        "hope",
        "ivy",
        "jack",
        "jay",
        "joy",
        "june",
        "mark",
        "max",
        "may",
        "melody",
        "miles",
        "nick",
        "noble",
        "olive",
        "page",
        "pat",
        "pearl",
        "penny",
        "ray",
        "rich",
        "rob",
        "robin",
        "rose",
        "ruby",
        "sandy",
        "sky",
        "star",
        "sue",
        "summer",
        "terry",
        "victor",
        "wade",
        "will",
        "young",
        "april",
        "august",
        "banks",
        "baker",
        "black",
        "brown",
        "cook",
        "gold",
        "green",
        "hall",
        "hill",
        "king",
        "lane",
        "long",
        "price",
        "reed",
        "short",
        "small",
        "smith",
        "stone",
        "white",
        "wood",
        "love",
        "day",
        "field",
        "ford",
        "best",
        "power",
        "way",
        "parks",
        "price",
        "rush",
        "case",
    ]
)
"""Names that are English words as well: in small letters the word is meant, and it stays."""
_PARTS = frozenset(
    [
        "al",
        "bin",
        "da",
        "das",
        "de",
        "del",
        "den",
        "der",
        "des",
        "di",
        "do",
        "dos",
        "du",
        "el",
        "het",
        "ibn",
        "ii",
        "iii",
        "jr",
        "la",
        "las",
        "le",
        "los",
        "of",
        "sr",
        "st",
        "ter",
        "the",
        "van",
        "von",
        "y",
        "zu",
        "zum",
        "zur",
        "und",
        "and",
        "e",
    ]
)
"""Parts of names that name nobody by themselves."""


@dataclass(frozen=True)
class Nameless:
    """What `people` are known by: names, their words, what they are called, and addresses; `more` are further names."""

    people: tuple[Person, ...] = ()
    more: tuple[str, ...] = ()

    def without(self, text: str) -> str:
        """The text with SOMEONE for everybody named in it; the very same where nobody is.

        Case, accents, the shapes of letters and spaces, and marks that cannot be seen are no difference.
        """
        folded, places = _folded(text)
        spans = [
            (places[match.start()], places[match.end() - 1] + 1)
            for match in self._pattern.finditer(folded)
            if not self._is_a_word(match[0], text[places[match.start()] : places[match.end() - 1] + 1])
        ]
        if not spans:
            return text
        found, at = "", 0
        for begin, end in spans:
            found += text[at:begin] + (SOMEONE.capitalize() if _begins(text[:begin]) else SOMEONE)
            at = end
        found += text[at:]
        return re.sub(rf"({SOMEONE})(?:\s+{SOMEONE})+", r"\1", found, flags=re.IGNORECASE)

    def _is_a_word(self, folded: str, written: str) -> bool:
        """True for an English word in small letters that is a name as well."""
        return folded.removesuffix("s") in _WORDS_TOO and written == written.lower()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        forms: dict[str, None] = {}
        names = [*((p.name, p.call_name) for p in self.people), *((name, "") for name in self.more)]
        addresses = [address for person in self.people for address in person.addresses]
        for address in sorted(addresses, key=len, reverse=True):
            if address.strip():
                forms[rf"(?<![\w.+%-]){_form(address)}(?![\w-])"] = None
        for name in sorted({one for pair in names for one in pair if one.strip()}, key=len, reverse=True):
            forms[_as_word(name)] = None
        words = {word for pair in names for one in pair for word in _words(one)}
        for word in sorted(words, key=lambda word: (-len(word), word)):
            forms[_as_word(word)] = None
        return re.compile("|".join(forms) or r"(?!)")


def _words(name: str) -> set[str]:
    """The words of a name that name somebody by themselves."""
    found = {word for word in (*name_words(name), name_key(first_name_of(name))) if len(word.strip(".")) > 1}
    if is_east_asian(name) and len(name_key(name)) >= 4:
        found.add(name_key(name)[:2])  # a family's name mostly has two letters where the whole has four
    return {word for word in found if plain_key(word) not in _PARTS}


def _as_word(name: str) -> str:
    form = _form(name)
    if is_east_asian(name):
        return form  # these letters have no spaces between words
    return rf"(?<![^\W_]){form}s?(?![^\W_])"  # an underscore parts the words of a handle


def _form(name: str) -> str:
    """The pattern of a name in folded text: an apostrophe may be left out, and so may spaces, as handles do it."""
    folded, _ = _folded(name.strip())
    return r"[\s._-]*".join(re.escape(word).replace("'", "'?") for word in folded.split())


def _folded(text: str) -> tuple[str, list[int]]:
    """The text without case, accents and marks that cannot be seen; and for each of its letters where it stood."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for one in _fold(letter):
            letters.append(one)
            places.append(place)
    return "".join(letters), places


def _fold(letter: str) -> str:
    if letter.isspace():
        return " "
    key = name_key(letter)
    return key if key == "'" else plain_key(letter)


def _begins(before: str) -> bool:
    """True where a sentence begins."""
    return not before.strip() or bool(re.search(r"[.!?:\n]\s*[\"'\u201c\u2018(]*\Z", before))
