"""Names of people in any script: when two spellings are one name, which words it has, and which one calls the person.

Unicode can write one name in several ways, keyboards and address books add marks that nobody sees, and not every
language puts the given name first. All that is known of this stands here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = [
    "JOINERS",
    "LONGEST_NAME",
    "first_name_of",
    "is_address",
    "is_east_asian",
    "is_one_line",
    "name_key",
    "name_words",
    "plain_key",
    "tidy_name",
]

JOINERS = "\u200c\u200d"
"""The zero-width non-joiner and joiner: nobody sees them, and Persian and many Indian names and emoji need them."""

LONGEST_NAME = 200
"""The most characters of a name and of an address."""

_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\.]+(\.[^@\s<>,;:\"()\[\]\\.]+)*")
_EAST_ASIAN = (
    r"\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7ff\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
"""Han, kana and hangul."""
_BETWEEN_EAST_ASIAN = re.compile(rf"(?<=[{_EAST_ASIAN}]) (?=[{_EAST_ASIAN}])")
_ONLY_EAST_ASIAN = re.compile(rf"[{_EAST_ASIAN}]+")
_HANGUL = re.compile(r"[\uac00-\ud7a3]+")
_MIDDLE_DOTS = re.compile(r"[\u00b7\u2022\u2027\u30fb\uff65]")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u055a\uff07`\u00b4"), "'")
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
# Letters with a stroke or a tie are no letter with an accent to Unicode, yet people type them without.
_BARE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ŧ": "t"})
_HONORIFICS = frozenset({"dr", "prof", "mr", "mrs", "ms", "mx", "miss", "sir", "herr", "frau"})
_ROUNDS = 4


def is_address(text: str) -> bool:
    """True for a mail address, without a name or brackets around it."""
    return len(text) <= LONGEST_NAME and text.isprintable() and bool(_ADDRESS.fullmatch(text))


def is_one_line(name: str) -> bool:
    """True for text without line breaks, control characters and marks that change the direction of what follows."""
    return all(letter.isprintable() or letter in JOINERS for letter in name)


def tidy_name(name: str) -> str:
    """The name on one line, composed (NFC), without marks that cannot be seen, except a joiner between two letters."""
    line = "".join(" " if c.isspace() or unicodedata.category(c) == "Cc" else c for c in name)
    composed = unicodedata.normalize("NFC", line)
    seen = "".join(c for c in composed if is_one_line(c) and c not in _UNSEEN)
    words = (word.strip(JOINERS) for word in seen.split())
    return " ".join(word for word in words if word)


@lru_cache(maxsize=8192)
def name_key(name: str) -> str:
    """What two spellings of one name share, to compare with and never to show.

    Case, spaces, the composition and the width of letters, marks that cannot be seen and the shapes of dashes and
    apostrophes are no difference; nor are the four letters i of Turkish, nor a space between East Asian letters.
    """
    for _ in range(_ROUNDS):
        before = name
        name = unicodedata.normalize("NFKC", name).casefold()
        name = "".join(c for c in name if not _is_unseen(c)).replace("i\u0307", "i").replace("\u0131", "i")
        name = " ".join(unicodedata.normalize("NFKC", name.translate(_DASHES).translate(_APOSTROPHES)).split())
        if name == before:
            break
    return _BETWEEN_EAST_ASIAN.sub("", name)


@lru_cache(maxsize=8192)
def plain_key(name: str) -> str:
    """As `name_key`, and without accents, vowel points and apostrophes: "José" and "Jose", "O'Brien" and "OBrien".

    Marks that are letters of their own, such as the vowels of Hindi and Thai, stay.
    """
    apart = unicodedata.normalize("NFKD", name_key(name))
    bare = "".join(c for c in apart if not _is_accent(c) and c != "'")
    return name_key(bare.translate(_BARE))


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name, each as its `name_key`; parts of a double name ("Jean-Luc") are words too."""
    whole = [name_key(word) for word in _MIDDLE_DOTS.sub(" ", name).split()]
    parts = [part for word in whole for part in word.split("-")]
    return tuple(dict.fromkeys(word for word in (*whole, *parts) if word))


def first_name_of(name: str) -> str:
    """What the person is called by, as far as the name tells; "" where it does not.

    The first word; the last one of a name in East Asian letters, which begins with the family's. Such a name without
    a space cannot be parted without guessing, but for a Korean one of three syllables. An address is no first name.
    """
    family, comma, given = name.partition(",")
    words = (given if comma and given.strip() else family).split()
    while len(words) > 1 and words[0].rstrip(".").casefold() in _HONORIFICS:
        words = words[1:]
    if not words:
        return name.strip()
    if not is_east_asian(" ".join(words)):
        return "" if "@" in words[0] else words[0]
    if _MIDDLE_DOTS.search(words[0]):
        return _MIDDLE_DOTS.split(words[0])[0]  # a foreign name in these letters: the given one stands first
    if len(words) > 1:
        return words[-1]
    return words[0][1:] if _HANGUL.fullmatch(words[0]) and len(words[0]) == 3 else ""


def is_east_asian(name: str) -> bool:
    """True for a name in Han, kana or hangul alone: the family's name comes first in it."""
    words = _MIDDLE_DOTS.sub(" ", name).split()
    return bool(words) and all(_ONLY_EAST_ASIAN.fullmatch(word) for word in words)


def _is_unseen(letter: str) -> bool:
    """True for marks that have no shape of their own: joiners, marks of direction, variation selectors, fillers."""
    if letter < "\u0080":
        return False
    selector = "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"
    return unicodedata.category(letter) == "Cf" or selector or letter in _UNSEEN


def _is_accent(letter: str) -> bool:
    """True for marks above, below and through a letter, and for Hebrew and Arabic vowel points."""
    return 10 <= unicodedata.combining(letter) <= 35 or unicodedata.combining(letter) >= 200
