"""A paragraph of an answer: how its line begins and what it says, with nothing in a text that a terminal would obey."""

from __future__ import annotations

__all__ = ["Paragraph", "clean", "visible"]

Paragraph = tuple[str, str]
"""What a line begins with, and the text that is wrapped behind it on a terminal."""

_JOINERS = "\u200c\u200d"
"""Not printable, and yet a part of Persian words, Indian letters and of some emoji."""


def clean(text: str) -> str:
    """The text on one line, with nothing in it that moves a cursor or turns the writing round."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable() or c in _JOINERS)


def visible(text: str) -> str:
    """The text to the letter on one line, for paths and quotations; what a terminal would obey is written out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode() for c in text)
