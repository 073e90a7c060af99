"""Why an act of kindness is worth its minutes, in one modest line for each piece of evidence. Pure.

docs/topics.md says where each comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["WORTH", "worth"]

_EVER = "Small things mean more to others than they seem to from where you are."

WORTH: Mapping[str, str] = MappingProxyType(
    {
        "E1": "Asked what they value most in talks with their manager, people name recognition first.",
        "E2": "What does most harm is no contact at all; a little of it goes a long way.",
        "E3": "More people feel that they belong when somebody asks after them than when they are praised before all.",
        "E4": "Hearing from somebody is more welcome than one thinks beforehand, most of all as a surprise.",
        "E5": "Wanting to is seldom what is missing; doing it once makes the next time easier.",
        "E6": "A voice brings two people closer than writing does, and is no more awkward.",
        "E7": "Talking of what matters is less awkward, and brings people closer, than one expects.",
        "E8": "Somebody who is asked a further question knows that they were heard.",
        "E9": "Most of us are liked better than we believe, above all by our peers.",
        "E10": "Whoever does a kind thing tends to underrate how much it means to the other.",
        "E11": "At one workplace, people who were given small kindnesses went on to do many more themselves.",
        "E12": "It does its giver good, too: not by much, but in study after study.",
        "E13": "It does its giver good whether they know the other well, a little, or hardly at all.",
        "E14": "What is new each time takes longer to wear off.",
        "E15": "Thanks that name a reason please and surprise more than the one who gives them expects.",
        "E16": "Being forgotten makes for distance; a detail that is remembered shows that somebody counts.",
        "E17": "A feeling that is named with care makes for trust.",
        "E18": "Of those who say that they are fine, many are not; and many doubt that the other wants to know.",
        "E19": "What you say yourself counts as care; what others put into words for you counts for less.",
        "E20": "Where leaders do what they say, it shows in the work of all.",
        "E21": "People speak up where their voice is asked for and valued.",
        "E22": "What is tied to a time and a place gets done far more often than what is only meant.",
        "E23": "It takes months until something is a habit, and one day missed changes nothing.",
        "E24": "A few light words at work lift the mood, even if they distract.",
        "E25": "Fewer people than before can say that somebody at work cares about them.",
        "E26": "Talks with a manager are often moved, and often about the work alone.",
    }
)
"""What to say of an act, by its evidence key."""


def worth(evidence: str) -> str:
    """The line for an act with that evidence; one that holds for every act where there is none."""
    return WORTH.get(evidence, _EVER)
