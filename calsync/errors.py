"""The error tree: every error a user can meet, with its exit code and its next step.

    CalsyncError                 1   (a bug when raised bare)
    ├── UsageError               2   wrong usage or config
    │   └── ConfigError          2   file, line, key, what was expected
    ├── ProviderError            3   a calendar could not be read or written
    │   ├── Unreachable          3   no answer, or a server's own failure
    │   ├── Malformed            3   it answered with something that is no calendar
    │   ├── NotFound             3   there is no such calendar
    │   ├── ReadOnly             3   it can be read only
    │   ├── Conflict             3   somebody changed the event meanwhile
    │   └── SignInNeeded         4   names the account and the command
    ├── StateError               3   the state folder cannot be used
    ├── Refused                  3   the guard met a surprising plan
    ├── Unfinished               3   a part is left to a later run
    └── Busy                     75  another run is in progress

Messages follow one shape: `what` says what is wrong with the named thing, `next_step` what to do.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "Busy",
    "CalsyncError",
    "ConfigError",
    "Conflict",
    "Malformed",
    "NotFound",
    "Problem",
    "ProviderError",
    "ReadOnly",
    "Refused",
    "SignInNeeded",
    "StateError",
    "Unfinished",
    "Unreachable",
    "UsageError",
]


class CalsyncError(Exception):
    """An error with one line on what is wrong and one on what to do next.

    `what` names the thing and the reason; `next_step` is a sentence or a command, without a full stop's worth of blame.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step

    def __str__(self) -> str:
        return self.what


class UsageError(CalsyncError):
    """The command was called in a way that it cannot follow."""

    exit_code = 2


class Problem:
    """One thing wrong in a configuration: where it stands, and what was expected there."""

    __slots__ = ("column", "file", "key", "line", "text")

    def __init__(self, file: str, line: int, key: str, text: str, column: int = 0) -> None:
        self.file = file
        self.line = line
        self.key = key
        self.text = text
        self.column = column

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.text}" if self.key else f"{where}: {self.text}"


class ConfigError(UsageError):
    """The configuration cannot be used; `problems` has every reason, in the order of the file."""

    def __init__(self, problems: list[Problem], next_step: str = "") -> None:
        super().__init__("\n".join(str(p) for p in problems), next_step)
        self.problems = problems


class ProviderError(CalsyncError):
    """A calendar could not be read or written."""

    exit_code = 3


class Unreachable(ProviderError):
    """No answer, or an answer that is the server's own failure; a later run may succeed."""


class Malformed(ProviderError):
    """What was read is not a calendar; nothing of it is used."""


class NotFound(ProviderError):
    """There is no such calendar, file or folder."""


class ReadOnly(ProviderError):
    """The calendar can be read but not written."""


class Conflict(ProviderError):
    """The event changed between reading and writing it."""


class SignInNeeded(ProviderError):
    """The account refuses its credentials, or there are none."""

    exit_code = 4


class StateError(CalsyncError):
    """The state folder or its database cannot be used."""

    exit_code = 3


class Refused(CalsyncError):
    """The guard refuses a plan that would change surprisingly much."""

    exit_code = 3


class Unfinished(CalsyncError):
    """A part of the work that is left to a later run."""

    exit_code = 3


class Busy(CalsyncError):
    """Another run holds the state folder."""

    exit_code = 75
