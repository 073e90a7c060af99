"""What Google's refusals to give a token mean, in the leader's words: one line each, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from calsync.errors import SignInNeeded
from calsync.signstep import sign_in_step

__all__ = ["Refusal", "no_grant", "sign_in_step", "testing_ended"]

_DELEGATION = "Security > Access and data control > API controls > Domain-wide delegation"


def no_grant(name: str, account: str) -> SignInNeeded:
    """Nobody has signed in with `account` yet."""
    return SignInNeeded(f"{name}: {account} has not signed in at Google yet", sign_in_step(name))


def testing_ended(signed_in: str, now: datetime) -> bool:
    """True when a sign-in at `signed_in` (ISO 8601) ended about when those of apps in Testing do: after 7 days.

    The end is noticed by the next run, which may be days later.
    """
    try:
        age = now - datetime.fromisoformat(signed_in)
    except (ValueError, TypeError):
        return False
    return timedelta(days=6, hours=12) <= age <= timedelta(days=14)


class Refusal:
    """An error answer of Google's token server, for the calendar `name` of `account`.

    `data` is the answer; only its codes and the words that are known here ever reach a message.
    """

    def __init__(self, name: str, account: str, data: Any) -> None:
        self._name = name
        self._account = account
        said = data if isinstance(data, dict) else {}
        self.error = str(said.get("error", ""))
        self._words = str(said.get("error_description", ""))
        self._kind = str(said.get("error_subtype", ""))

    def of_user(self, *, in_testing: bool) -> SignInNeeded:
        """The refusal of a refresh token. `in_testing`: its age is that at which those of apps in Testing end."""
        name, account = self._name, self._account
        if self._kind in ("invalid_rapt", "rapt_required"):
            return SignInNeeded(
                f"{name}: the organisation of {account} wants a new sign-in from time to time, and it is due",
                f"{sign_in_step(name)}; trusting the app ends that (docs/google.md)",
            )
        if self.error == "invalid_grant" and in_testing:
            return SignInNeeded(
                f"{name}: Google has ended the sign-in of {account}, most likely because the consent of an app in "
                "Testing ends after 7 days",
                f"publish the app or make it Internal (docs/google.md), then {sign_in_step(name)}",
            )
        if self.error == "invalid_grant":
            return SignInNeeded(
                f"{name}: Google has ended the sign-in of {account} (taken back, unused for 6 months, or the password "
                "has changed)",
                sign_in_step(name),
            )
        if self.error in ("invalid_client", "unauthorized_client", "deleted_client"):
            return SignInNeeded(
                f"{name}: Google no longer takes the OAuth client through which {account} signed in ({self.error})",
                f"{sign_in_step(name, '--client', 'FILE')} with the file of another one (docs/google.md)",
            )
        if self.error in ("admin_policy_enforced", "org_internal", "access_denied"):
            return SignInNeeded(
                f"{name}: the organisation of {account} does not allow this app ({self.error})",
                "ask an administrator to trust it: Security > Access and data control > API controls (docs/google.md)",
            )
        return self._unknown(sign_in_step(name))

    def of_sign_in(self) -> SignInNeeded:
        """The refusal that a sign-in in the browser ended with, or of the code that it gave."""
        name, account = self._name, self._account
        if self.error == "access_denied":
            return SignInNeeded(f"{name}: the sign-in of {account} was declined in the browser", sign_in_step(name))
        if self.error in ("invalid_grant", "mismatching_state", "missing_code"):
            return SignInNeeded(
                f"{name}: the answer belongs to another sign-in, or came too late ({self.error})", sign_in_step(name)
            )
        return self.of_user(in_testing=False)

    def of_service_account(self, client_id: str, scopes: Iterable[str], clock_is_off: str) -> SignInNeeded:
        """The refusal of a service account's key. `clock_is_off` says how far off this computer's clock is."""
        name, account, words = self._name, self._account, self._words.lower()
        listed = ",".join(scopes)
        if self.error in ("unauthorized_client", "access_denied"):
            return SignInNeeded(
                f"{name}: the service account may not act for {account}",
                f"an administrator lists client id {client_id} with exactly these scopes under {_DELEGATION}: {listed}",
            )
        if self.error == "invalid_grant" and (clock_is_off or "timeframe" in words):
            off = clock_is_off or "this computer's clock is off"
            return SignInNeeded(
                f"{name}: {off}, so that Google refuses the service account's key", "set the clock, then try again"
            )
        if self.error == "invalid_grant" and "signature" in words:
            return SignInNeeded(
                f"{name}: Google no longer knows this key of the service account",
                "make a new key in Google's console and put its file in the place of the old one",
            )
        if self.error == "invalid_grant" and ("email" in words or "user" in words):
            return SignInNeeded(
                f"{name}: {account} is no account of the service account's organisation", "check `account`"
            )
        if self.error == "invalid_grant":
            return SignInNeeded(
                f"{name}: Google no longer knows the service account",
                "check in Google's console that it and its key are there and enabled",
            )
        return self._unknown("check the service account in Google's console (docs/google.md)")

    def _unknown(self, step: str) -> SignInNeeded:
        # Only what looks like one of OAuth's words: an answer may echo what it was sent.
        why = f" ({self.error})" if re.fullmatch(r"[a-z_]{1,40}", self.error) else ""
        return SignInNeeded(f"{self._name}: Google refuses the sign-in of {self._account}{why}", step)
