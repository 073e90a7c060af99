"""What makes an imported row a person: the checks that every format shares."""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
import zoneinfo
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from calsync.model import Person
from calsync.names import name_key, tidy_name

__all__ = ["LONGEST_DAYS", "Checker", "Imported", "Row", "RowProblem", "zones"]

LONGEST_DAYS = 730
"""No gap is longer: two years."""

_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+")
_GAP = re.compile(r"(\d{1,5})\s*(d|days?|w|weeks?)?", re.IGNORECASE)
_NAME_LENGTH, _TAG_LENGTH = 200, 40


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
    """The people of a file in its order, and every problem, by line. Whoever has a problem is not among the people."""

    people: list[Person]
    problems: list[RowProblem]


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


@dataclass(slots=True)
class Checker:
    """Turns rows into people, or into problems."""

    ideal: int
    max: int
    channels: Collection[str]
    people: list[Person] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    def known(self, people: Iterable[Person]) -> None:
        """Take note of people who are in the rotation already."""
        for person in people:
            self._remember(person, "in the rotation")

    def take(self, row: Row) -> None:
        """Add the person of `row`, or its problems."""
        faults: list[tuple[str, str]] = []
        name = tidy_name(row.name)
        if not name:
            faults.append(("name", "is empty; every person needs a name"))
        elif len(name) > _NAME_LENGTH or _has_controls(row.name):
            faults.append(("name", f"expected one line of at most {_NAME_LENGTH} printable characters"))
        elif name_key(name) in self.names:
            faults.append(("name", f"{name} is {self.names[name_key(name)]} already"))
        addresses = tuple(dict.fromkeys(e.strip().lower().removeprefix("mailto:") for e in row.emails if e.strip()))
        for address in addresses:
            if not _ADDRESS.fullmatch(address):
                faults.append(("email", f"expected a mail address, such as ana@example.com, not {address!r}"))
            elif address in self.addresses:
                faults.append(("email", f"{address} belongs to {self.addresses[address]} already"))
        ideal, longest = self._gaps(row, faults)
        if row.timezone and row.timezone not in zones():
            faults.append(("timezone", f"there is no time zone {row.timezone!r}{_nearest_zone(row.timezone)}"))
        channel = row.channel.strip().lower()
        if channel and self.channels and channel not in self.channels:
            faults.append(("channel", f"expected one of {', '.join(self.channels)}, not {row.channel!r}"))
        if faults:
            self.problems += [RowProblem(row.line, key, text, row.raw) for key, text in faults]
            return
        tags = tuple(dict.fromkeys(tag for t in row.tags if (tag := _tag(t))))
        person = Person(name, ideal, longest, addresses, row.timezone, tags, channel)
        self.people.append(person)
        self._remember(person, f"on line {row.line}")

    def done(self) -> Imported:
        """Everything taken so far."""
        return Imported(self.people, sorted(self.problems, key=lambda p: p.line))

    def _gaps(self, row: Row, faults: list[tuple[str, str]]) -> tuple[int, int]:
        """Ideal and maximum in days. Somebody with one of the two gets the other from it."""
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
        if "ideal" in found:
            longest = found.get("max", min(2 * found["ideal"], LONGEST_DAYS))
            if longest < found["ideal"]:
                faults.append(("max", f"expected at least the {found['ideal']} days of the ideal gap, not {row.max!r}"))
            return found["ideal"], longest
        return (min(self.ideal, found["max"]), found["max"]) if "max" in found else (self.ideal, self.max)

    def _remember(self, person: Person, where: str) -> None:
        self.names.setdefault(name_key(person.name), where)
        for address in person.addresses:
            self.addresses.setdefault(address.lower(), f"{person.name} {where}")


@functools.cache
def zones() -> frozenset[str]:
    """The names of all time zones; asking the system takes a while, so it is done once."""
    return frozenset(zoneinfo.available_timezones())


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
