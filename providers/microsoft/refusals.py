"""What Microsoft's refusals to sign somebody in mean, in the leader's words: one line each, and what to do.

Microsoft numbers them: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from calsync.errors import ProviderError, SignInNeeded, Unreachable
from calsync.signstep import sign_in_step
from calsync.wire import LATER
from providers.microsoft.clouds import Cloud

__all__ = ["SignedIn", "no_grant", "refusal", "sign_in_step"]

ANY_TENANT = frozenset({"organizations", "common", "consumers"})
"""Not a tenant, but a word for any."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who was refused: the calendar's name, its account, and what the account signs in through."""

    name: str
    account: str
    client: str
    tenant: str
    cloud: Cloud

    @property
    def step(self) -> str:
        """The command that signs in again."""
        return sign_in_step(self.name)

    @property
    def approval(self) -> str:
        """Where an administrator approves the application for everybody.

        Only a real tenant has such a page; the domain of the account's address names it.
        """
        tenant = self.account.rpartition("@")[2] if self.tenant in ANY_TENANT else self.tenant
        return f"{self.cloud.login}/{tenant}/adminconsent?client_id={self.client}"


def no_grant(name: str, account: str) -> SignInNeeded:
    """Nobody has signed in with `account` yet."""
    return SignInNeeded(f"{name}: {account} has not signed in at Microsoft yet", sign_in_step(name))


def refusal(who: SignedIn, answer: Mapping[str, Any]) -> ProviderError:
    """The error for an answer of the token server that has `error` in it.

    Of its words only the numbers reach a message.
    """
    error = str(answer.get("error", ""))
    codes = _codes(answer)
    for code in codes:
        found = _MEANINGS.get(code)
        if found is not None:
            what, step = found(who)
            return SignInNeeded(f"{who.name}: {what} (AADSTS{code})", step)
    # Only what looks like one of OAuth's words: an answer may echo what it was sent.
    word = f" ({error})" if re.fullmatch(r"[a-z_]{1,40}", error) else ""
    number = f" (AADSTS{codes[0]})" if codes else word
    if error in ("temporarily_unavailable", "server_error", "request_timeout") or codes[:1] in ([90033], [90012]):
        return Unreachable(f"{who.name}: Microsoft cannot sign anybody in now{number}", LATER)
    if error == "consent_required" or answer.get("suberror") == "consent_required":
        what, step = _consent(who)
        return SignInNeeded(f"{who.name}: {what}", step)
    if error in ("access_denied", "authorization_declined"):
        return SignInNeeded(f"{who.name}: the sign-in of {who.account} was declined{number}", who.step)
    return SignInNeeded(f"{who.name}: Microsoft refuses the sign-in of {who.account}{number}", who.step)


def _codes(answer: Mapping[str, Any]) -> list[int]:
    """Microsoft's numbers, the one that the answer begins with first."""
    words = [int(found) for found in re.findall(r"AADSTS(\d{4,9})", str(answer.get("error_description", "")))]
    listed = answer.get("error_codes")
    more = [one for one in listed if isinstance(one, int)] if isinstance(listed, list) else []
    return list(dict.fromkeys([*words, *more]))


_Told = tuple[str, str]


def _consent(who: SignedIn) -> _Told:
    return (
        f"an administrator has to approve calsync's application before {who.account} can sign in",
        f"ask one to open {who.approval} , then {who.step}",
    )


def _ended(who: SignedIn) -> _Told:
    return f"the sign-in of {who.account} has ended (unused for 90 days, taken back, or a new password)", who.step


def _proof(who: SignedIn) -> _Told:
    return f"the organisation wants a second proof that it is {who.account}", who.step


def _conditions(who: SignedIn) -> _Told:
    return (
        f"the organisation's rules for access do not let {who.account} in from here",
        f"{who.step} in the browser of a computer that the organisation trusts, or ask an administrator",
    )


def _tenant(who: SignedIn) -> _Told:
    where = "any organisation" if who.tenant in ANY_TENANT else f"the tenant {who.tenant}"
    return (
        f"{who.account} does not belong to {where}",
        "check `account` and `tenant` (an Outlook.com account: `tenant: consumers`)",
    )


def _no_tenant(who: SignedIn) -> _Told:
    return f"Microsoft knows no tenant {who.tenant}", "check `tenant` and `cloud`"


def _bad_secret(who: SignedIn) -> _Told:
    return (
        f"Microsoft refuses the secret of the application {who.client}",
        f"make a new one in the Entra admin center, then {sign_in_step(who.name, '--application')}",
    )


def _unknown_app(who: SignedIn) -> _Told:
    where = "there" if who.tenant in ANY_TENANT else f"in the tenant {who.tenant}"
    return f"there is no application {who.client} {where}", "check `client` and `tenant` (docs/microsoft.md)"


def _not_public(who: SignedIn) -> _Told:
    return (
        f"the application {who.client} is not made for programs on a computer",
        "allow public client flows under its Authentication in the Entra admin center (docs/microsoft.md)",
    )


def _redirect(who: SignedIn) -> _Told:
    return (
        f"the application {who.client} does not know the address http://localhost",
        "add it under Authentication > Mobile and desktop applications in the Entra admin center (docs/microsoft.md)",
    )


def _not_assigned(who: SignedIn) -> _Told:
    return (
        f"{who.account} may not use the application {who.client}",
        "ask an administrator to assign it, or to enable it again",
    )


def _locked(who: SignedIn) -> _Told:
    return f"the account {who.account} is disabled or locked", "ask an administrator"


def _unknown_account(who: SignedIn) -> _Told:
    return f"Microsoft knows no account {who.account}", "check `account`"


def _password(who: SignedIn) -> _Told:
    return f"the password of {who.account} has expired", f"change it, then {who.step}"


_MEANINGS: dict[int, Callable[[SignedIn], _Told]] = {
    code: told
    for told, codes in (
        (_consent, (65001, 90093, 90094, 90095, 900941)),
        (_ended, (50078, 50089, 50132, 50133, 50173, 54005, 70000, 70008, 70043, 700082, 700084)),
        (_proof, (50072, 50074, 50076, 50079, 50158)),
        (_conditions, (50005, 50097, 53000, 53001, 53002, 53003, 53004, 530003, 530032, 530034, 530035)),
        (_tenant, (50020, 50128, 51004, 90072)),
        (_no_tenant, (50059, 90002, 900023)),
        (_bad_secret, (7000215, 7000222)),
        (_unknown_app, (700016, 700038)),
        (_not_public, (7000218,)),
        (_redirect, (50011, 500113, 90009)),
        (_not_assigned, (50105, 7000112)),
        (_locked, (50053, 50057)),
        (_unknown_account, (50034,)),
        (_password, (50055,)),
    )
    for code in codes
}
