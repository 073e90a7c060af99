"""Two records of one person: who is who already, and what the second one adds to the first.

Nothing that stands is overwritten: addresses and tags are added, and only empty fields are filled.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from calsync.model import Person
from calsync.names import name_key
from calsync.people.workweek import week_text

__all__ = ["Gain", "gain_of", "joined", "known_as"]


@dataclass(frozen=True, slots=True)
class Gain:
    """What a person would get from another record of them: `after` is the person with it; `words` say it."""

    person: Person
    after: Person
    words: tuple[str, ...]

    @property
    def listed(self) -> str:
        """What is gained, in words."""
        *most, last = self.words
        return f"{', '.join(most)} and {last}" if most else last

    def __str__(self) -> str:
        return f"{self.person.name}: would add {self.listed}"


def known_as(people: Iterable[Person], name: str, addresses: Collection[str]) -> list[Person]:
    """Everybody of `people` who has that name or one of those addresses, whoever has an address first."""
    folded = {address.lower() for address in addresses}
    everybody = list(people)
    by_address = [p for p in everybody if not folded.isdisjoint(a.lower() for a in p.addresses)]
    by_name = [p for p in everybody if name_key(p.name) == name_key(name) and p not in by_address]
    return [*by_address, *by_name]


def gain_of(person: Person, other: Person) -> Gain | None:
    """What `other`, another record of the same person, adds to `person`; None when there is nothing new in it."""
    after = joined(person, other)
    words = [address for address in after.addresses if address not in person.addresses]
    tags = [tag for tag in after.tags if tag not in person.tags]
    words += [f"the tag {tag}" for tag in tags]
    if after.timezone != person.timezone:
        words.append(f"the time zone {after.timezone}")
    if after.working_hours is not None and person.working_hours is None:
        words.append(f"the working hours {week_text(after.working_hours)}")
    if after.holidays != person.holidays:
        words.append(f"the holidays of {after.holidays}")
    if after.channel != person.channel:
        words.append(f"the channel {after.channel}")
    if after.thanks != person.thanks:
        words.append(f"{after.thanks} thanks")
    if after.call_name != person.call_name:
        words.append(f"the call name {after.call_name}")
    return Gain(person, after, tuple(words)) if words else None


def joined(person: Person, other: Person) -> Person:
    """`person` with the addresses and tags of `other` too, and with what only `other` has; the gaps stay."""
    folded = {tag.casefold() for tag in person.tags}
    return replace(
        person,
        addresses=tuple(dict.fromkeys((*person.addresses, *other.addresses))),
        tags=(*person.tags, *(tag for tag in other.tags if tag.casefold() not in folded)),
        timezone=person.timezone or other.timezone,
        channel=person.channel or other.channel,
        working_hours=other.working_hours if person.working_hours is None else person.working_hours,
        holidays=person.holidays or other.holidays,
        free_days=person.free_days if person.holidays else other.free_days,
        thanks=person.thanks or other.thanks,
        call_name=person.call_name or other.call_name,
    )
