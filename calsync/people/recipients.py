"""For whom an act of kindness is: somebody of the rotation whom it suits, each in their turn. Pure.

docs/kindness.md lists the words for the leader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from calsync.model import Person
from calsync.people.acts import Act
from calsync.people.clocks import stable_number
from calsync.people.contacts import name_key

__all__ = ["REACHED_BY", "SOMEBODY", "UNTAGGED", "WORDS", "fits", "recipient", "ties_of"]

WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "report": frozenset({"report", "reports", "direct", "directs", "direct-report", "direct-reports"}),
        "peer": frozenset({"peer", "peers", "colleague", "colleagues"}),
        "skip-level": frozenset({"skip-level", "skip-levels", "skip", "skips", "indirect"}),
        "support": frozenset({"support", "support-staff", "staff", "assistant", "reception", "facilities", "canteen"}),
        "outside": frozenset({"outside", "external", "mentor", "mentee", "alumni", "former", "client"}),
    }
)
"""The tags that say what somebody is to the leader, by the tie of an act; upper and lower case are the same."""

UNTAGGED = "peer"
"""What somebody counts as of whom no tag says it: a peer is whom one may thank without being more than a colleague."""

REACHED_BY: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "call": frozenset({"call", "paper", "deed"}),
        "chat": frozenset({"message", "paper", "deed"}),
        "mail": frozenset({"message", "paper", "deed"}),
        "walk": frozenset({"person", "paper", "deed"}),
        "visit": frozenset({"person", "paper", "deed"}),
    }
)
"""The channels of acts for somebody who likes to be reached in one way. Without a preference every channel will do."""

SOMEBODY: Mapping[str, str] = MappingProxyType(
    {
        "report": "somebody who reports to you",
        "peer": "a peer of yours",
        "skip-level": "somebody who reports to one of your reports",
        "support": "somebody who keeps the house running",
        "outside": "somebody outside",
    }
)
"""What stands in the place of a name, by tie, where nobody in the rotation is suited."""


def ties_of(tags: Iterable[str]) -> frozenset[str]:
    """What somebody with those tags is to the leader; UNTAGGED alone where no tag says so."""
    said = {tag.strip().casefold().replace(" ", "-").replace("_", "-") for tag in tags}
    return frozenset(tie for tie, words in WORDS.items() if said & words) or frozenset({UNTAGGED})


def fits(person: Person, act: Act) -> bool:
    """Whether the act suits the person by their tags, by how they like to be reached, and by how they like thanks.

    Before others only somebody is thanked who is known to like that: whoever has not been asked is not.
    """
    if act.reach == "public" and person.thanks != "public":
        return False
    if person.channel and act.channel not in REACHED_BY.get(person.channel, frozenset()):
        return False
    return act.tie in ties_of(person.tags)


def recipient(people: Iterable[Person], act: Act, named: Mapping[str, date], first: date) -> Person | None:
    """For whom of `people` the act of the day or week from `first` on is; None when it suits nobody, or needs nobody.

    Whoever was named longest ago has the turn: `named` has the last day by `name_key`. Equals differ by a lot that is
    drawn anew for each day or week.
    """
    if not act.needs_person:
        return None
    return min(
        (person for person in people if fits(person, act)),
        key=lambda person: (
            named.get(name_key(person.name), date.min),
            stable_number(f"{first.isoformat()}\n{name_key(person.name)}"),
            person.name,
        ),
        default=None,
    )
