"""What Graph's refusals mean, in the leader's words: one line on what is wrong, one on what to do.

Of an answer only its status and its code reach a message: its words may quote what stands in a calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from calsync.errors import Malformed, NotFound, ProviderError, ReadOnly, SignInNeeded, Unreachable
from calsync.wire import LATER, wait_asked
from providers.microsoft.refusals import sign_in_step

__all__ = [
    "FORBIDDEN",
    "LOST",
    "NOT_FOUND",
    "SKIPPED",
    "STALE",
    "THROTTLED",
    "UNAUTHORIZED",
    "Forgotten",
    "Reply",
    "failure",
    "patience",
    "read_only",
]

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, GONE, STALE, SKIPPED, THROTTLED = 401, 403, 404, 410, 412, 424, 429

_FORGOTTEN = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired", "errorsyncstatenotfound"})
_NO_MAILBOX = frozenset({"MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI", "ErrorInvalidUser"})
_UNKNOWN_ACCOUNT = frozenset({"Request_ResourceNotFound", "ResourceNotFound", "ErrorNonExistentMailbox"})

_A_DAY = 86_400.0
"""Seconds; of a longer wait a time of day would say the wrong thing."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one request, or to one part of a batch; `headers` have lower-case names, status 0 is no answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """True when it was carried out."""
        return 200 <= self.status < 300

    @property
    def unclear(self) -> bool:
        """True when it may have been carried out all the same."""
        return self.status == 0 or self.status >= 500 or self.status == 408

    @property
    def error(self) -> Mapping[str, Any]:
        """The error object, empty where there is none."""
        found = self.body.get("error")
        return found if isinstance(found, dict) else {}

    @property
    def code(self) -> str:
        """Microsoft's name for what is wrong; letters, digits and underscores only."""
        code = str(self.error.get("code", ""))
        return code if code.replace("_", "").isalnum() else ""

    @property
    def line(self) -> str:
        """Status and code, for a message."""
        if self.status == 0:
            return "no answer"
        return f"HTTP {self.status} {self.code}".strip()

    @property
    def forgotten(self) -> bool:
        """True when the server does not know a delta link any more (microsoft-graph-docs#2350: 410 or another 40x)."""
        return self.status == GONE or (400 <= self.status < 500 and self.code.lower() in _FORGOTTEN)


LOST = Reply(0)


class Forgotten(Exception):
    """The server does not know the delta link any more."""


def failure(name: str, account: str, reply: Reply, *, clock: str = "", refused: SignInNeeded) -> ProviderError:
    """The error for a refused request of the calendar `name`.

    `clock` says how far off this computer's clock is; `refused` is the error for a token that is not taken.
    """
    if reply.status == UNAUTHORIZED:
        if clock:
            return SignInNeeded(f"{name}: Microsoft does not let {account} in, and {clock}", "set the clock right")
        return refused
    if reply.status == THROTTLED:
        return Unreachable(f"{name}: {patience(reply)}", LATER)
    if reply.unclear:
        return Unreachable(f"{name}: Microsoft's calendar server has trouble of its own ({reply.line})", LATER)
    if reply.code in _NO_MAILBOX:
        return NotFound(
            f"{name}: {account} has no mailbox at Microsoft 365 ({reply.code})",
            "check `account` and `tenant`; a mailbox on a company's own server cannot be reached this way",
        )
    if reply.code in _UNKNOWN_ACCOUNT:
        return NotFound(f"{name}: Microsoft knows no account {account} ({reply.code})", "check `account` and `tenant`")
    if reply.status == FORBIDDEN:
        return SignInNeeded(
            f"{name}: the sign-in of {account} does not include this ({reply.line})",
            f"{sign_in_step(name)}, which asks for what is missing",
        )
    if reply.status in (NOT_FOUND, GONE):
        return NotFound(
            f"{name}: the calendar is not there any more ({reply.line})",
            "see `calsync calendars` for those that are, and set `calendar`",
        )
    return Malformed(
        f"{name}: Microsoft does not understand what calsync asked ({reply.line})",
        "this should not happen: please report it with this line",
    )


def patience(reply: Reply) -> str:
    """What a throttled request is told, in words: until when, where `Retry-After` says so (by the server's clock)."""
    now = _date(reply.headers.get("date", "")) or datetime.now(UTC)
    wait = wait_asked(reply.headers, now)
    until = f" until {now + timedelta(seconds=wait):%H:%M} UTC" if wait is not None and wait <= _A_DAY else ""
    return f"Microsoft asks for fewer requests{until} ({reply.line})"


def _date(said: str) -> datetime | None:
    try:
        return parsedate_to_datetime(said).astimezone(UTC)
    except ValueError:
        return None


def read_only(name: str, account: str, *, shared: bool) -> ReadOnly:
    """The error for a calendar that cannot be written; `shared` when it is one whose owner allows no more."""
    if shared:
        return ReadOnly(
            f"{name}: this calendar can be read but not written by {account}",
            f"ask its owner for permission to edit, or set `write: false` for {name}",
        )
    return ReadOnly(
        f"{name}: the sign-in of {account} allows no writing",
        f"{sign_in_step(name)}, or set `write: false` for {name}",
    )
