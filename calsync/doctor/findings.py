"""What a check of the doctor finds: one thing, why it matters, and the command that mends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from calsync.errors import CalsyncError, SignInNeeded, UsageError

__all__ = ["SIGN_IN", "Finding", "Level", "exit_code", "fine", "of_bug", "of_error"]

SIGN_IN = "sign-in.needed"
"""The key of a refusal to let calsync in, whichever check meets it."""


class Level(StrEnum):
    """How much it matters tonight."""

    FAILS = "fails"
    """The night fails, in whole or in part."""
    WARNS = "warns"
    """The night works; something is not as it should be, or will fail later."""
    FINE = "fine"
    """Looked at, and nothing wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `key` is the same for all findings of a kind; `subject` is what it is about (a calendar's name, a path). `what` is
    wrong, `why` it matters, `command` mends it: each a sentence without its full stop. `exit_code` is what the command
    ends with when it fails. `screen` are lines for the leader's own screen alone, never for JSON: they may have titles.
    """

    key: str
    subject: str
    level: Level
    what: str
    why: str = ""
    command: str = ""
    exit_code: int = 3
    screen: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The documented keys."""
        return {
            "key": self.key,
            "subject": self.subject,
            "level": self.level.value,
            "what": self.what,
            "why": self.why,
            "command": self.command,
        }


def fine(key: str, subject: str, what: str) -> Finding:
    """Something that was looked at and is as it should be."""
    return Finding(key, subject, Level.FINE, what)


def of_error(key: str, subject: str, error: CalsyncError, why: str) -> Finding:
    """A failure of tonight's, as the night itself would say it."""
    return Finding(key, subject, Level.FAILS, error.what, why, error.next_step, error.exit_code)


def of_bug(what: str, error: Exception) -> Finding:
    """A check that breaks is a finding itself: a bug must not hide what the others find. Its message is kept out."""
    return Finding(
        "check.broken",
        what,
        Level.FAILS,
        f"the check of {what} itself is broken ({type(error).__name__})",
        "what it looks at was not looked at",
        "please report it, with the release that `calsync --version` names",
    )


def exit_code(findings: Iterable[Finding]) -> int:
    """2 before 4 before 3: what has to be done first. 0 when nothing fails."""
    codes = {one.exit_code for one in findings if one.level is Level.FAILS}
    for code in (UsageError.exit_code, SignInNeeded.exit_code):
        if code in codes:
            return code
    return 3 if codes else 0
