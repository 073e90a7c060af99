"""What makes an imported row a person: the checks that every format shares."""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
import zoneinfo
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from calsync.model import Person
from calsync.names import LONGEST_NAME, is_address, name_key, tidy_name
from calsync.people.merging import joined
from calsync.people.workweek import Stretches

__all__ = ["LONGEST_DAYS", "Checker", "Imported", "Row", "RowProblem", "Rules", "zones"]

T = TypeVar("T")

LONGEST_DAYS = 730
"""No gap is longer: two years."""

_GAP = re.compile(r"(\d{1,5})\s*(d|days?|w|weeks?)?", re.IGNORECASE)
_TAG_LENGTH = 40


class RowProblem(NamedTuple):
    """One thing wrong: the line in the file, from 1, the column ("" for the whole row), why, and the row's text."""

    line: int
    key: str
    text: str
    raw: str

    def __str__(self) -> str:
        where = f"line {self.line}: {self.key}" if self.key else f"line {self.line}"
        return f"{where}: {self.text}"


class Imported(NamedTuple):
    """The people of a file in its order, and every problem, by line. Whoever has a problem is not among the people.

    `merged` says which rows are of a person who stands further up, and are taken together with that one.
    """

    people: list[Person]
    problems: list[RowProblem]
    merged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One person as the file writes them."""

    line: int
    raw: str
    name: str
    emails: tuple[str, ...] = ()
    ideal: str = ""
    max: str = ""
    timezone: str = ""
    tags: tuple[str, ...] = ()
    channel: str = ""
    call_name: str = ""
    working_hours: str = ""
    holidays: str = ""
    thanks: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What rows are held against. Gaps in days: `ideal` and `max` for rows without any, `tag_gaps` for their tags.

    `channels` and `thanks` are the words that there are. `week` and `holidays` check a cell and give what it means, or
    raise ValueError with the reason.
    """

    ideal: int
    max: int
    tag_gaps: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    channels: Collection[str] = ()
    thanks: Collection[str] = ()
    week: Callable[[str], Mapping[int, Stretches]] | None = None
    holidays: Callable[[str], str] | None = None


@dataclass(slots=True)
class Checker:
    """Turns rows into people, or into problems; rows of one person become one."""

    rules: Rules
    people: dict[int, Person] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    _named: dict[str, int] = field(default_factory=dict)
    """Whose row has which name and, in `_owners`, which address: the line under which they stand in `people`."""
    _owners: dict[str, int] = field(default_factory=dict)

    def take(self, row: Row) -> None:
        """Add the person of `row`, or its problems."""
        faults: list[tuple[str, str]] = []
        name = tidy_name(row.name)
        if not name:
            faults.append(("name", "is empty; every person needs a name"))
        elif len(name) > LONGEST_NAME or _has_controls(row.name):
            faults.append(("name", f"expected one line of at most {LONGEST_NAME} printable characters"))
        addresses = tuple(dict.fromkeys(e.strip().lower().removeprefix("mailto:") for e in row.emails if e.strip()))
        call_name = tidy_name(row.call_name)
        if len(call_name) > LONGEST_NAME:
            faults.append(("call_name", f"expected one line of at most {LONGEST_NAME} printable characters"))
        wrong = [address for address in addresses if not is_address(address)]
        faults += [("email", f"expected a mail address, such as ana@example.com, not {address!r}") for address in wrong]
        tags = tuple(dict.fromkeys(tag for t in row.tags if (tag := _tag(t))))
        gaps = self._gaps(row, tags, faults)
        if row.timezone and row.timezone not in zones():
            faults.append(("timezone", f"there is no time zone {row.timezone!r}{_nearest_zone(row.timezone)}"))
        person = Person(
            name or "?",
            *gaps,
            addresses,
            row.timezone,
            tags,
            _word("channel", row.channel, self.rules.channels, faults),
            _checked("working_hours", row.working_hours, self.rules.week, faults),
            thanks=_word("thanks", row.thanks, self.rules.thanks, faults),
            holidays=_checked("holidays", row.holidays, self.rules.holidays, faults) or "",
            call_name=call_name,
        )
        if not faults:
            self._merge(row, person, faults)
        self.problems += [RowProblem(row.line, key, text, row.raw) for key, text in faults]

    def _merge(self, row: Row, person: Person, faults: list[tuple[str, str]]) -> None:
        """Put the person among the others: as a new one, or together with the rows above that are of the same one."""
        named = self._named.get(name_key(person.name), row.line)
        same = {self._owners[address] for address in person.addresses if address in self._owners}
        if named != row.line and named not in same and person.addresses and self.people[named].addresses:
            text = f"{person.name} is on line {named} already, with another address"
            faults.append(("name", f"{text}; one person's addresses belong in one row, two people need two names"))
            return
        first, *others = sorted({*same, named})
        self.people.setdefault(first, person)
        for line in others:
            self._join(first, line, person if line == row.line else self.people.pop(line))
        if first != row.line and row.line not in others:
            self._join(first, row.line, person)
        self._named[name_key(self.people[first].name)] = first
        self._owners.update(dict.fromkeys(self.people[first].addresses, first))

    def _join(self, first: int, line: int, other: Person) -> None:
        """Take `other`, who stands on `line`, together with the person on the line `first`."""
        person = self.people[first]
        self.people[first] = joined(person, other)
        self._named[name_key(other.name)] = first
        called = "" if name_key(person.name) == name_key(other.name) else f" ({other.name})"
        self.merged.append(f"line {line}{called} is the same person as line {first} ({person.name})")

    def done(self) -> Imported:
        """Everything taken so far."""
        return Imported(list(self.people.values()), sorted(self.problems, key=lambda p: p.line), tuple(self.merged))

    def _gaps(self, row: Row, tags: Sequence[str], faults: list[tuple[str, str]]) -> tuple[int, int]:
        """Ideal and maximum in days: their own, else their tag's. Somebody with one of the two only and without a tag
        gets the other from it.
        """
        found: dict[str, int] = {}
        for key, text in (("ideal", row.ideal.strip()), ("max", row.max.strip())):
            match = _GAP.fullmatch(text)
            days = int(match[1]) * (7 if (match[2] or "d")[0] in "wW" else 1) if match else 0
            if match and 1 <= days <= LONGEST_DAYS:
                found[key] = days
            elif match:
                faults.append((key, f"expected 1 to {LONGEST_DAYS} days, not {text!r}"))
            elif text:
                faults.append((key, f"expected a number of days or weeks, such as 14d or 2w, not {text!r}"))
        folded = {tag.casefold(): gaps for tag, gaps in self.rules.tag_gaps.items()}
        lent = next((folded[tag.casefold()] for tag in tags if tag.casefold() in folded), None)
        if lent is not None:
            ideal, longest = found.get("ideal", lent[0]), found.get("max", lent[1])
        elif "ideal" in found:
            ideal, longest = found["ideal"], found.get("max", min(2 * found["ideal"], LONGEST_DAYS))
        elif "max" in found:
            ideal, longest = min(self.rules.ideal, found["max"]), found["max"]
        else:
            ideal, longest = self.rules.ideal, self.rules.max
        if longest < ideal:
            said = repr(row.max.strip()) if "max" in found else f"the {longest} of the tag"
            faults.append(("max", f"expected at least the {ideal} days of the ideal gap, not {said}"))
            return longest, longest
        return ideal, longest


@functools.cache
def zones() -> frozenset[str]:
    """The names of all time zones; asking the system takes a while, so it is done once."""
    return frozenset(zoneinfo.available_timezones())


def _word(key: str, text: str, words: Collection[str], faults: list[tuple[str, str]]) -> str:
    """One of `words`, where there are any."""
    word = text.strip().lower()
    if word and words and word not in words:
        faults.append((key, f"expected one of {', '.join(words)}, not {text!r}"))
    return word


def _checked(key: str, text: str, check: Callable[[str], T] | None, faults: list[tuple[str, str]]) -> T | None:
    """What a cell means; None for an empty one, and where nothing checks it."""
    if not text.strip() or check is None:
        return None
    try:
        return check(text.strip())
    except ValueError as reason:
        faults.append((key, str(reason)))
        return None


def _has_controls(text: str) -> bool:
    """True for what no address book means: a bell, half a letter."""
    return any(unicodedata.category(c) in ("Cc", "Cs") and not c.isspace() for c in text)


def _tag(text: str) -> str:
    """`text` as one word: what is neither letter nor digit becomes a dash."""
    # The vowel signs of many scripts are marks and no letters.
    parts = "".join(c if c.isalnum() or c == "_" or unicodedata.category(c)[0] == "M" else " " for c in text).split()
    return "-".join(parts)[:_TAG_LENGTH].strip("-")


def _nearest_zone(name: str) -> str:
    """A hint: the nearest whole name, or for a place alone the zone that is called after it."""
    wanted = name.strip().replace(" ", "_")
    places = {zone if "/" in wanted else zone.rpartition("/")[2]: zone for zone in sorted(zones()) if "/" in zone}
    near = difflib.get_close_matches(wanted, places, 1, 0.75)
    return f"; did you mean {places[near[0]]}?" if near else "; names look like Europe/Berlin"
