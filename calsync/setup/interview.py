"""The setup's way to whoever answers: somebody at a terminal, or nobody, and then every default is the answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from typing import Protocol, TypeVar

from calsync.accounts import SignInPerson

__all__ = ["Interview", "Option", "plain", "unquoted"]

T = TypeVar("T")
Option = tuple[str, str]
"""What stands for an answer, and the answer in words."""


class Interview(Protocol):
    """Questions and answers. Whoever stops in the middle of one raises KeyboardInterrupt or the like; nobody here does.

    `attended` is False when there is nobody to ask: then `ask`, `choose`, `tick` and `agree` give the default at once.
    """

    @property
    def attended(self) -> bool:
        """True when somebody answers."""
        ...

    def heading(self, text: str) -> None:
        """Begin another part of the setup."""
        ...

    def say(self, text: str) -> None:
        """Show a sentence or two."""
        ...

    def warn(self, what: str, next_step: str) -> None:
        """Show what went wrong, and what to do."""
        ...

    def ask(self, question: str, default: str, check: Callable[[str], T], *, example: str = "") -> T:
        """What they type, or `default`, as `check` takes it; its ValueError is shown, and the question comes again."""
        ...

    def choose(self, question: str, options: Sequence[Option], default: str) -> str:
        """One of the options."""
        ...

    def tick(self, question: str, rows: Sequence[str], ticked: Collection[int]) -> frozenset[int]:
        """Which of the rows (from 0) they want; those of `ticked` are ticked at first."""
        ...

    def agree(self, question: str, default: bool) -> bool:
        """Yes or no."""
        ...

    def person(self, calendar: str) -> SignInPerson:
        """Them, for the sign-in of a calendar."""
        ...


def plain(text: str) -> str:
    """A check that takes everything."""
    return text.strip()


def unquoted(text: str) -> str:
    """A path as it was meant: a file that is dragged into a terminal comes in quotes, or with its spaces escaped."""
    said = text.strip()
    if len(said) > 1 and said[0] == said[-1] and said[0] in "'\"":
        return said[1:-1]
    return said if os.sep == "\\" else said.replace("\\ ", " ")
