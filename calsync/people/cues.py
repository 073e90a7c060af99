"""Cues for the leader before a talk. They are for the leader's eyes: calsync never writes a message to anybody.

People who are called by their leader without a reason tend to fear one, and most say that they are fine whether or
not they are (evidence E18). So a talk begins with why there is one, and the question is asked a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from calsync.model import Person

__all__ = ["ASK_TWICE", "CHANNEL_CUES", "PREFACE", "QUIETER", "asks_of"]

PREFACE = (
    "Say first why you are there: nothing is wrong and no status is needed, you would like to know how they are. "
    "If they lead people, ask how those people are doing too."
)
"""How to begin when they may wonder why you are there."""

ASK_TWICE = 'A quick "fine" is seldom the whole answer: leave a pause, and ask once more in another way.'
"""What to do with the first answer."""

CHANNEL_CUES: Mapping[str, str] = MappingProxyType(
    {
        "call": "Call them: they like it, and a voice brings people closer than writing does.",
        "chat": "Write to them in the chat, as they like it: a line, and no hurry for an answer.",
        "mail": "Write to them by mail, as they like it: a line, and no hurry for an answer.",
        "walk": "Ask them out for a walk, as they like it.",
        "visit": "Drop by in person, as they like it, and see first whether it is a good moment.",
        "": "Call them if you can: a voice brings people closer than writing does.",
    }
)
"""How to reach somebody, by what they like; "" is where nobody has asked yet (evidence E6)."""

QUIETER: Mapping[str, str] = MappingProxyType(
    {
        "chat": "They have not answered several times: try a line in the chat instead, and leave it open.",
        "mail": "They have not answered several times: try a line by mail instead, and leave it open.",
    }
)
"""How to reach somebody who has not answered lately, by what is tried instead."""


def asks_of(person: Person) -> tuple[str, ...]:
    """What to ask `person` once and for all: what the configuration does not say of them yet.

    Hardly anybody is ever asked how they like to be thanked (evidence E1).
    """
    asks = []
    if not person.channel:
        asks.append("how they like to be reached: by phone, in writing, or on a walk")
    if not person.thanks:
        asks.append("how they like to be thanked: in front of others, or in a quiet word")
    if person.working_hours is None:
        asks.append("which hours suit them best")
    return tuple(asks)
