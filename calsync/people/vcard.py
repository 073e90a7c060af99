"""The syntax of vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), as far as names and addresses need it.

Address books of every age write these files, so all three are read alike and what is not understood is passed over;
only what would lose a person is reported.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["Card", "Property", "cards_of", "split_text"]

_ENCODINGS = {"QUOTED-PRINTABLE", "BASE64", "B", "7BIT", "8BIT"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Property:
    """One line of a card, unfolded and decoded, its backslashes still there; `line` is where it begins, from 1."""

    line: int
    name: str
    params: Mapping[str, tuple[str, ...]]
    value: str

    @property
    def types(self) -> frozenset[str]:
        """The TYPE parameters in lower case."""
        return frozenset(t.lower() for t in self.params.get("TYPE", ()))

    @property
    def text(self) -> str:
        """The value as one text."""
        return _unescaped(self.value)


@dataclass(slots=True)
class Card:
    """One vCard: the lines that it spans, from 1, both included, and its properties in order."""

    first: int
    last: int = 0
    properties: list[Property] = field(default_factory=list)

    def all(self, name: str) -> list[Property]:
        """The properties called `name` (upper case), in the order of the card."""
        return [p for p in self.properties if p.name == name]

    def text(self, name: str) -> str:
        """The first text of that name that is not empty, or ""."""
        return next((t for p in self.all(name) if (t := p.text.strip())), "")


def cards_of(lines: list[str]) -> tuple[list[Card], list[tuple[int, str]]]:
    """The complete cards of a file given by its lines, and what is wrong with it as (line, reason), by line.

    A card inside another (AGENT in 2.1) is passed over. A card that is never closed is reported and not given.
    """
    cards: list[Card] = []
    faults: list[tuple[int, str]] = []
    card: Card | None = None
    inner = 0
    for number, text in _unfolded(lines):
        mark = text.strip().upper()
        if mark == "BEGIN:VCARD":
            if card is None:
                card = Card(number)
            else:
                inner += 1
        elif mark == "END:VCARD":
            if inner:
                inner -= 1
            elif card is None:
                faults.append((number, "END:VCARD without a BEGIN:VCARD before it"))
            else:
                card.last = number
                cards.append(card)
                card = None
        elif card is not None and not inner and mark:
            try:
                card.properties.append(_property(number, text))
            except ValueError as wrong:
                faults.append((number, str(wrong)))
    if card is not None:
        faults.append((card.first, "BEGIN:VCARD is never closed by END:VCARD; the file may be cut off"))
    return cards, sorted(faults)


def split_text(value: str, separator: str) -> list[str]:
    """The parts of a structured or listed value, at every `separator` that no backslash stands before."""
    parts, start, at = [], 0, 0
    while at < len(value):
        if value[at] == "\\":
            at += 1
        elif value[at] == separator:
            parts.append(value[start:at])
            start = at + 1
        at += 1
    return [_unescaped(part) for part in [*parts, value[start:]]]


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(lambda m: "\n" if m[1] in "nN" else m[1], value)


def _unfolded(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The logical lines with the number of their first physical one."""
    at = 0
    while at < len(lines):
        first, text = at, lines[at]
        at += 1
        while at < len(lines):
            if lines[at][:1] in (" ", "\t"):
                text += lines[at][1:]
            elif text.endswith("=") and "QUOTED-PRINTABLE" in text.partition(":")[0].upper():
                # A soft line break of 2.1: the next line goes on without being folded.
                text = text[:-1] + lines[at]
            else:
                break
            at += 1
        yield first + 1, text


def _property(number: int, text: str) -> Property:
    """One content line; raises ValueError with the reason when it is none."""
    head, value = _cut(text, ":")
    if value is None:
        raise ValueError("expected `NAME:value` or a line that continues the one before")
    name, rest = _cut(head, ";")
    params: dict[str, tuple[str, ...]] = {}
    while rest is not None:
        param, rest = _cut(rest, ";")
        key, _, content = param.partition("=") if "=" in param else ("", "", param)
        # Version 2.1 leaves the names of its parameters out.
        key = key.strip().upper() or ("ENCODING" if content.strip().upper() in _ENCODINGS else "TYPE")
        found = tuple(v.strip().strip('"').strip() for v in content.strip().strip('"').split(","))
        params[key] = params.get(key, ()) + found
    # A group ("item1.EMAIL") only ties lines together.
    name = name.rpartition(".")[2].strip().upper()
    if "QUOTED-PRINTABLE" in (e.upper() for e in params.get("ENCODING", ())):
        value = _quoted_printable(value, params.get("CHARSET", ("utf-8",))[0])
    return Property(number, name, params, value)


def _quoted_printable(value: str, charset: str) -> str:
    try:
        return quopri.decodestring(value.encode()).decode(charset)
    except LookupError:
        raise ValueError(f"the character set {charset!r} is unknown") from None
    except UnicodeDecodeError:
        raise ValueError(f"the text is not in the character set {charset!r} that it names") from None


def _cut(text: str, separator: str) -> tuple[str, str | None]:
    """What stands before and after the first `separator` outside quotes; None when there is none."""
    quoted = False
    for at, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter == separator and not quoted:
            return text[:at], text[at + 1 :]
    return text, None
