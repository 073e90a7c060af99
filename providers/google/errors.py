"""What Google's refusals mean, in the leader's words: one line each, and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from calsync.errors import NotFound, ProviderError, ReadOnly, SignInNeeded, Unreachable
from calsync.wire import LATER, Wire, wait_asked
from providers.google.refusals import sign_in_step

__all__ = ["Rejected", "told"]

_RATES = frozenset({"userRateLimitExceeded", "rateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
_QUOTAS = frozenset({"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg", "calendarUsageLimitsExceeded"})
_SCOPES = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
_DISABLED = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_POLICY = frozenset({"domainPolicy", "adminPolicyEnforced", "serviceNotAvailable", "notACalendarUser"})
_WORDS = 160
_LONGEST_SECONDS = 86400.0
"""A longer wait cannot be told as a time of day; Google's limits are those of a day at most."""


class Rejected(Exception):
    """An answer of Google's that is no success. It never leaves the adapter: `told` makes the port's error of it."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        try:
            said = json.loads(body)["error"]
            self.message = " ".join(str(said.get("message", "")).split())[:_WORDS]
            self.reasons = frozenset(_reasons(said))
        except (ValueError, KeyError, TypeError, AttributeError):
            self.message, self.reasons = "", frozenset()

    @property
    def line(self) -> str:
        """The answer in a few words."""
        why = ", ".join(sorted(self.reasons))
        said = f"{why}: {self.message}" if why and self.message else why or self.message or "no reason given"
        return f"HTTP {self.status}, {said}"

    @property
    def is_for_later(self) -> bool:
        """True when nothing was done because it would have been too much for now."""
        return self.status == 429 or (self.status == 403 and bool(self.reasons & (_RATES | _QUOTAS)))

    @property
    def is_about_scope(self) -> bool:
        """True when the sign-in does not cover what was asked."""
        return self.status == 403 and bool(self.reasons & _SCOPES)

    @property
    def is_about_rights(self) -> bool:
        """True when the account may not write the calendar."""
        return self.status == 403 and "requiredAccessLevel" in self.reasons


def _reasons(said: Mapping[str, Any]) -> Iterator[str]:
    for one in (*said.get("errors", ()), *said.get("details", ())):
        if one.get("reason"):
            yield str(one["reason"])


def told(
    rejected: Rejected, wire: Wire, account: str, calendar: str, *options: str, now: datetime | None = None
) -> ProviderError:
    """The port's error for an answer about `calendar` ("" for none in particular) of `account`.

    `options` are those of a wider sign-in, where one would help.
    """
    name, status, reasons = wire.name, rejected.status, rejected.reasons
    if status == 401:
        return _not_let_in(wire, account)
    if rejected.is_for_later:
        return _later(rejected, name, now or datetime.now(UTC))
    if rejected.is_about_scope:
        return _not_covered(name, account, calendar or "what was asked", *options)
    if reasons & _DISABLED:
        return SignInNeeded(
            f"{name}: the API is not enabled for the OAuth client that {account} signed in through",
            "enable it in Google's console, for the client's project (docs/google.md); it takes some minutes",
        )
    if reasons & _POLICY:
        return SignInNeeded(
            f"{name}: the organisation of {account} does not allow it ({', '.join(sorted(reasons))})",
            "ask an administrator (docs/google.md)",
        )
    if rejected.is_about_rights:
        return ReadOnly(
            f"{name}: {calendar} can be read but not written by {account}",
            f"ask its owner for write access, or set `write: false` for {name}",
        )
    if status in (404, 410):
        return NotFound(f"{name}: {account} has no calendar {calendar}", f"`calsync calendars` lists what {name} has")
    if status == 403:
        return SignInNeeded(
            f"{name}: Google does not let {account} do that ({rejected.line})", sign_in_step(name, *options)
        )
    if status >= 500:
        return Unreachable(f"{name}: Google has a failure of its own ({rejected.line})", LATER)
    return Unreachable(f"{name}: Google did not understand the request ({rejected.line})", "please report it")


def _not_covered(name: str, account: str, what: str, *options: str) -> SignInNeeded:
    """The sign-in of `account` has no permission for `what`; with `options` another one will."""
    return SignInNeeded(f"{name}: the sign-in of {account} does not cover {what}", sign_in_step(name, *options))


def _not_let_in(wire: Wire, account: str) -> SignInNeeded:
    if wire.clock_is_off:
        return SignInNeeded(
            f"{wire.name}: Google does not let {account} in, and {wire.clock_is_off}",
            "set the clock, then try again",
        )
    return SignInNeeded(f"{wire.name}: Google does not let {account} in", sign_in_step(wire.name))


def _later(rejected: Rejected, name: str, now: datetime) -> Unreachable:
    wait = wait_asked(rejected.headers, now)
    until = None if wait is None or wait > _LONGEST_SECONDS else (now + timedelta(seconds=wait)).astimezone(UTC)
    when = "" if until is None else f" until {until:%H:%M} UTC"
    if rejected.reasons & _QUOTAS:
        return Unreachable(
            f"{name}: the calendar has reached Google's limit of use{when} ({', '.join(sorted(rejected.reasons))})",
            "wait some hours; the next run tries again",
        )
    return Unreachable(f"{name}: Google asks for fewer requests{when}", LATER)
