"""What is known of talks with people: logged contacts, "not now", and which person a typed name means.

Two clocks run for each person. Only a personal contact that the leader logged turns back the rotation; meetings at
work are shown beside it and never do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from calsync.model import Person, require_aware
from calsync.names import name_key, name_words, plain_key

__all__ = ["Contact", "ContactKind", "Snooze", "matching", "name_key"]


class ContactKind(StrEnum):
    """What the leader said of a person at a moment."""

    PERSONAL = "personal"
    """They talked."""
    SKIP = "skip"
    """Not this time: no contact, and no wish to be reminded at once."""
    NO_ANSWER = "no-answer"
    """The leader reached out and heard nothing."""
    DECLINED = "declined"
    """The leader reached out, and the answer was: not now. An answer all the same."""
    RESUMED = "resumed"
    """The leader wants the person back in the rotation: silences before it count no more."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One logged contact, or one skip, with `person` by name. Raises ValueError for an instant without offset."""

    person: str
    at: datetime
    kind: ContactKind = ContactKind.PERSONAL

    def __post_init__(self) -> None:
        require_aware(self.at, "when a contact was")
        object.__setattr__(self, "kind", ContactKind(self.kind))


@dataclass(frozen=True, slots=True)
class Snooze:
    """The leader does not want to be sent to `person` on any local day before `until`."""

    person: str
    until: date


def matching(people: Iterable[Person], typed: str) -> tuple[Person, ...]:
    """Whom `typed` can mean, in the order of `people`: nobody, one, or several to choose from.

    The first of these that fits anybody decides: the whole name, an address, words of the name in any order, the whole
    name or its words without accents, the beginnings of words or, in East Asian letters, a part of the name; the last
    also without accents. What the person is called counts as a word of the name.
    """
    everybody = tuple(people)
    key, plain = name_key(typed), plain_key(typed)
    if not key:
        return ()
    words = frozenset(name_words(typed))
    plain_words = frozenset(map(plain_key, words))
    address = typed.strip().casefold()
    tests: tuple[Callable[[Person], bool], ...] = (
        lambda p: name_key(p.name) == key,
        lambda p: address in (a.casefold() for a in p.addresses),
        lambda p: words <= _words(p),
        lambda p: bool(plain) and plain_key(p.name) == plain,
        lambda p: bool(plain) and plain_words <= {plain_key(word) for word in _words(p)},
        lambda p: _begins(name_key(p.name), _words(p), key, words),
        lambda p: bool(plain) and _begins(plain_key(p.name), {*map(plain_key, _words(p))}, plain, plain_words),
    )
    for fits in tests:
        found = tuple(p for p in everybody if fits(p))
        if found:
            return found
    return ()


def _words(person: Person) -> frozenset[str]:
    return frozenset((*name_words(person.name), *name_words(person.call_name)))


def _begins(name: str, words: Collection[str], typed: str, typed_words: Collection[str]) -> bool:
    """True when the name begins as typed, each typed word begins one of its words, or, unspaced, stands in it."""
    if name.startswith(typed) or (typed >= "\u2e80" and typed in name):
        return True
    return all(any(word.startswith(one) for word in words) for one in typed_words)
