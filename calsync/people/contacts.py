"""What is known of talks with people: logged contacts, "not now", and which person a typed name means.

Two clocks run for each person. Only a personal contact that the leader logged turns back the rotation; meetings at
work are shown beside it and never do.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from calsync.model import Person, require_aware

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


def name_key(name: str) -> str:
    """What two spellings of one name share: case, spaces and the composition of letters are no difference."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def matching(people: Iterable[Person], typed: str) -> tuple[Person, ...]:
    """Whom `typed` can mean, in the order of `people`: nobody, one, or several to choose from.

    The first of these that fits anybody decides: the whole name, an address, a whole word of the name, its beginning.
    """
    everybody = tuple(people)
    key = name_key(typed)
    if not key:
        return ()
    tests: tuple[Callable[[Person], bool], ...] = (
        lambda p: name_key(p.name) == key,
        lambda p: key in (a.casefold() for a in p.addresses),
        lambda p: key in name_key(p.name).split(),
        lambda p: name_key(p.name).startswith(key),
    )
    for fits in tests:
        found = tuple(p for p in everybody if fits(p))
        if found:
            return found
    return ()
