"""The port to accounts: how one signs in, how a sign-in stands, and what is open about its vendor, as promises.

Each is a callable of the adapter's, which the registry finds by the kind of calendar; a kind that needs none has none.
Every sentence here has a test in tests/providers/.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from calsync.errors import CalsyncError
from calsync.ports import CalendarInfo, ProviderContext

__all__ = [
    "Health",
    "HealthCheck",
    "LiveProbe",
    "NewGrant",
    "Probed",
    "Remark",
    "SignIn",
    "SignInPerson",
    "SignInWay",
    "SignInWish",
]


class SignInWay(StrEnum):
    """How a leader signs in; which of them there are is the provider's to say."""

    BROWSER = "browser"
    """In a browser on this computer."""
    PASTE = "paste"
    """In any browser; the address that it ends on is brought back by hand."""
    DEVICE_CODE = "device-code"
    """In any browser, with a code that is shown here."""
    TOKEN_FILE = "token-file"  # noqa: S105 - the name of an option
    """Somewhere else, earlier; a file has what came of it."""
    APPLICATION = "application"
    """Not at all: an application acts with a secret of its own."""


@dataclass(frozen=True, slots=True)
class SignInWish:
    """What is wanted of a sign-in.

    `write`: blocks are written to one of the account's calendars. `calendars` are the options of each calendar of the
    account that is connected. `people`: the account's people are to be listed, too. `client`, `tenant` and
    `token_file` are what the command line says; "" and None where it says nothing.
    """

    way: SignInWay = SignInWay.BROWSER
    write: bool = False
    calendars: tuple[Mapping[str, str], ...] = ()
    people: bool = False
    client: str = ""
    tenant: str = ""
    token_file: Path | None = None


class SignInPerson(Protocol):
    """Whoever signs in, as the provider reaches them."""

    def say(self, text: str) -> None:
        """Show a line. It is never one with a secret in it."""
        ...

    def ask(self, question: str, *, hidden: bool = False) -> str:
        """What they type or paste, "" for nothing; `hidden` keeps it off the screen."""
        ...

    def watch(self) -> None:
        """Raises UsageError when nobody is at the terminal who could follow a sign-in elsewhere."""
        ...

    def browser(self) -> str:
        """The name under which Python's `webbrowser` opens their browser; it also shows the address.

        Raises UsageError when nobody is at the terminal, or when there is no browser.
        """
        ...


@dataclass(frozen=True, slots=True)
class NewGrant:
    """What a sign-in gave, checked and not yet kept.

    `account` is who has signed in; `may` says what calsync may do now, as in "calsync may ..."; `grant` is for the
    account's grant file, `secret` (if any) for the secrets, under the calendar's name.
    """

    account: str
    may: str
    grant: Mapping[str, Any] = field(repr=False)
    secret: str = field(default="", repr=False)


class SignIn(Protocol):
    """A provider's sign-in, for kinds of calendars that need more than a password."""

    def __call__(
        self, name: str, options: Mapping[str, str], context: ProviderContext, wish: SignInWish, person: SignInPerson
    ) -> NewGrant:
        """Sign in for the calendar `name`, and check that it is the account that the options name.

        Keeps nothing. Raises SignInNeeded when it was refused or another account has signed in, Unreachable,
        StateError, or UsageError for a wish that the provider cannot meet.
        """
        ...


@dataclass(frozen=True, slots=True)
class Remark:
    """What a provider knows of one of its calendars that may spoil a night: `what` it is, `why` it matters, and the
    `step` that mends it. `key` is the same for all remarks of a kind.
    """

    key: str
    what: str
    why: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """How one configured calendar and its account stand.

    `error` is what a night would meet when it asks to be let in, None when it is let in. `lacks` are the permissions
    that the configuration needs and the sign-in does not have. `signed_in` is when the account was signed in with;
    `ends` is when that is over: for certain, or with `may_end` perhaps, and `ends_why` says by whose rule. `calendar`
    is the one that the options mean, None where that is not known. `skew` is how far this computer's clock is ahead of
    the clock of `server`; `needs_clock`: there tokens are refused when it is five minutes.
    """

    account: str = ""
    error: CalsyncError | None = None
    lacks: tuple[str, ...] = ()
    signed_in: datetime | None = None
    ends: datetime | None = None
    may_end: bool = False
    ends_why: str = ""
    calendar: CalendarInfo | None = None
    server: str = ""
    skew: timedelta | None = None
    needs_clock: bool = False
    remarks: tuple[Remark, ...] = ()


class HealthCheck(Protocol):
    """Tells how a calendar stands. It asks, and changes nothing; a token that changes with use is kept."""

    def __call__(
        self,
        name: str,
        options: Mapping[str, str],
        context: ProviderContext,
        wish: SignInWish,
        clock: Callable[[], datetime],
    ) -> Health:
        """How the calendar `name` stands; `wish` is what a sign-in for the configuration would ask for.

        `clock` is this computer's. What a night would meet is in the answer; raises nothing but a bug.
        """
        ...


@dataclass(frozen=True, slots=True)
class Probed:
    """One open question about a vendor, tried out: what was `seen`, what calsync `expects`, and whether that `agrees`
    (None where it does not matter to calsync, or could not be told).
    """

    question: str
    seen: str
    expects: str
    agrees: bool | None


class LiveProbe(Protocol):
    """Tries out the open questions of a vendor on one calendar."""

    def __call__(
        self, name: str, options: Mapping[str, str], context: ProviderContext, day: date, run: str
    ) -> Generator[Probed]:
        """One answer after the other. Everything it makes has calsync's mark and is called TRIAL_TITLE (calsync.model).

        It lies on `day` and in the weeks after it; `run` (letters and digits) tells its names from those of other
        runs. When the iterator ends or is closed, all of it has been removed again. Raises what a provider may raise.
        """
        ...
