"""What to talk about: which topic a person is given next. Pure; the topics themselves come in.

docs/topics.md tells the leader what the themes and depths are and how the choice is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from calsync.people.contacts import name_key

__all__ = ["DEPTHS", "QUIET_DAYS", "THEMES", "Told", "Topic", "choose", "rung"]

THEMES: Mapping[str, str] = MappingProxyType(
    {
        "weekend": "the weekend and films",
        "home": "family and home",
        "learning": "learning",
        "people": "their people",
        "work": "their work's joys and frictions",
        "recognition": "recognition",
        "changes": "changes ahead",
        "team": "health of the team",
        "plans": "plans",
    }
)
"""The themes by the word that stands in a file, with what each is about."""

DEPTHS: Mapping[int, str] = MappingProxyType(
    {1: "easy and recent", 2: "what something means to them", 3: "what matters most to them"}
)
"""The ladder: how deep a topic goes."""

QUIET_DAYS = 365
"""So many days after a topic nobody is given the same one again."""

_SECOND_RUNG = 3
_THIRD_RUNG = 8


@dataclass(frozen=True, slots=True)
class Topic:
    """One question for the leader to ask, with questions that follow it up.

    `key` never changes; `theme` is one of THEMES, `depth` one of DEPTHS, `evidence` a key of docs/topics.md (it may be
    empty for the leader's own topics, which are `own`).
    """

    key: str
    text: str
    theme: str
    depth: int
    follow_ups: tuple[str, ...]
    evidence: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """The topic with that key stood in the brief about `person` on the local day `day`."""

    person: str
    topic: str
    day: date


def rung(talks: int) -> int:
    """How deep a topic may go after so many logged talks: 1 for the first three, 3 from the ninth on."""
    return 1 if talks < _SECOND_RUNG else 2 if talks < _THIRD_RUNG else 3


def choose(topics: Iterable[Topic], told: Iterable[Told], person: str, day: date, talks: int) -> Topic | None:
    """The topic for `person` on the local day `day` after `talks` logged talks; None when all are used up.

    Never one that they were given within QUIET_DAYS of `day`, before or after. Of the others, in this order: not deeper
    than `rung(talks)`; not the theme of the time before; not more than one step below that rung; the theme that has
    waited longest. What is then still equal is decided by the person, the day and the topic's key alone, so that the
    order of `topics` and of `told` is irrelevant and a new topic changes few choices.
    """
    key = name_key(person)
    mine = [one for one in told if name_key(one.person) == key]
    recent = {one.topic for one in mine if abs((day - one.day).days) <= QUIET_DAYS}
    known = {topic.key: topic for topic in topics}
    left = [topic for topic in known.values() if topic.key not in recent]
    if not left:
        return None
    theme_used: dict[str, date] = {}
    for one in mine:
        if one.day <= day and one.topic in known:
            theme = known[one.topic].theme
            theme_used[theme] = max(one.day, theme_used.get(theme, one.day))
    last = max(theme_used.values(), default=None)
    just_had = {theme for theme, used in theme_used.items() if used == last}
    deepest = rung(talks)

    def rank(topic: Topic) -> tuple[bool, bool, bool, date]:
        return (
            topic.depth > deepest,
            topic.theme in just_had,
            topic.depth < deepest - 1,
            theme_used.get(topic.theme, date.min),
        )

    best = min(map(rank, left))
    return min((t for t in left if rank(t) == best), key=lambda t: _lot(key, day, t.key))


def _lot(person: str, day: date, topic: str) -> bytes:
    return hashlib.sha256(f"{person}\n{day.isoformat()}\n{topic}".encode()).digest()
