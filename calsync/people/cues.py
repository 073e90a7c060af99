"""Cues for the leader before a talk. They are for the leader's eyes: calsync never writes a message to anybody.

People who are called by their leader without a reason tend to fear one, and most say that they are fine whether or
not they are (evidence E18). So a talk begins with why there is one, and the question is asked a second time.
"""

from __future__ import annotations

__all__ = ["ASK_TWICE", "PREFACE"]

PREFACE = (
    "Say first why you are there: nothing is wrong and no status is needed, you would like to know how they are. "
    "If they lead people, ask how those people are doing too."
)
"""How to begin every check-in."""

ASK_TWICE = 'A quick "fine" is seldom the whole answer: leave a pause, and ask once more in another way.'
"""What to do with the first answer."""
