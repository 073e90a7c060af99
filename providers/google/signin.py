"""Signing in with a Google account, once: in a browser, by an address pasted back, or with a token made elsewhere.

What comes out is checked before anything is kept: that every permission asked for was given, and that the account is
the one that the configuration names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calsync.accounts import NewGrant, SignInPerson, SignInWay, SignInWish
from calsync.errors import ProviderError, SignInNeeded, StateError, Unreachable, UsageError
from calsync.grants import GrantFile, granted
from calsync.ports import ProviderContext
from calsync.tokens import read_private
from calsync.tokenwire import ask
from calsync.wire import Wire
from providers.google.auth import TOKEN_URI, Transport, ends_at, is_primary, of_service_account, of_user, silence
from providers.google.flow import by_browser, by_paste, find_client
from providers.google.refusals import sign_in_step
from providers.google.scopes import PEOPLE, missing, plain, scopes_for

if TYPE_CHECKING:
    from requests import Session

__all__ = ["sign_in"]

_PRIMARY = "https://www.googleapis.com/calendar/v3/users/me/calendarList/primary?fields=id"
_SWITCH_ON = "https://console.cloud.google.com/apis/library/calendar-json.googleapis.com"


def sign_in(
    name: str,
    options: Mapping[str, str],
    context: ProviderContext,
    wish: SignInWish,
    person: SignInPerson,
    *,
    http: Callable[[], Session] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> NewGrant:
    """See calsync.accounts.SignIn. `http` gives the requests session, `now` the instant of the sign-in."""
    silence()
    if wish.tenant:
        raise UsageError(f"{name}: Google knows no tenants", "leave --tenant out")
    wire = Wire(name, http)
    account = options["account"]
    said: Mapping[str, Any] = {}
    calendars = wish.calendars or (options,)
    # Asked for once, the people are not lost with the next sign-in; a file made elsewhere has what it has.
    before = granted(GrantFile(context.folder, "google", account))
    people = wish.people or (wish.way is not SignInWay.TOKEN_FILE and not before.isdisjoint(PEOPLE))
    scopes = scopes_for(write=wish.write, primary=all(map(is_primary, calendars)), people=people)
    if "service_account" in options:
        if wish.way is not SignInWay.BROWSER:
            raise UsageError(
                f"{name}: a service account acts for {account}, so there is nobody to sign in",
                f"leave --{wish.way.value} out: the sign-in then checks that it works",
            )
        token = of_service_account(name, account, wire, Path(options["service_account"]), scopes).token
        grant: dict[str, Any] = {"kind": "service", "account": account, "scopes": scopes}
    elif wish.way is SignInWay.TOKEN_FILE and wish.token_file is not None:
        token, grant, said = _from_file(name, account, wire, wish.token_file, scopes)
    elif wish.way in (SignInWay.BROWSER, SignInWay.PASTE):
        client = find_client(name, wish.client or options.get("client", ""), context.folder)
        go = by_browser if wish.way is SignInWay.BROWSER else by_paste
        said = go(name, account, client, scopes, wire, person)
        token = said["access_token"]
        grant = {
            "client_id": client.id,
            "client_secret": client.secret,
            "token_uri": client.token_uri,
            "refresh_token": said.get("refresh_token", ""),
            "scopes": _scopes_in(said),
        }
    else:
        raise UsageError(
            f"{name}: Google does not let programs see a calendar after a sign-in by {wish.way.value}",
            f"{sign_in_step(name, '--paste')} where there is no browser",
        )
    _check_scopes(name, scopes, grant["scopes"])
    who = _check_account(name, account, wire, token)
    if grant.get("kind") != "service":
        if not grant["refresh_token"]:
            raise SignInNeeded(
                f"{name}: Google has signed {account} in for an hour only",
                f"take calsync's access away at https://myaccount.google.com/connections , then {sign_in_step(name)}",
            )
        grant |= {"kind": "user", "account": account, "signed_in": now().isoformat(timespec="seconds")}
        ends = ends_at(said, now())
        if ends is not None:
            grant["ends"] = ends.isoformat(timespec="seconds")
    may = "read and write its calendars" if wish.write else "read its calendars"
    return NewGrant(who, may + (" and list its people" if people else ""), grant)


def _from_file(
    name: str, account: str, wire: Wire, path: Path, scopes: list[str]
) -> tuple[str, dict[str, Any], Mapping[str, Any]]:
    """A token that was made elsewhere: an authorized user's file of Google's libraries, or a grant of calsync.

    Gives the access token, the grant, and Google's answer.
    """
    needs = f"it needs refresh_token, client_id and client_secret (docs/google.md); or {sign_in_step(name, '--paste')}"
    try:
        data = read_private(path)
    except StateError as error:
        raise StateError(f"{name}: {error.what}", error.next_step) from None
    if data is None:
        raise UsageError(f"{name}: {path}: the token file is not there", needs)
    try:
        said = json.loads(data)
    except ValueError:
        said = None
    keys = ("refresh_token", "client_id", "client_secret")
    if not isinstance(said, dict) or not all(isinstance(said.get(key), str) and said[key] for key in keys):
        raise UsageError(f"{name}: {path} is no token file", needs)
    grant = {key: said[key] for key in keys} | {"token_uri": TOKEN_URI}
    transport = Transport(wire)
    fresh = of_user(name, account, transport, grant, in_testing=False)
    # An answer without scopes means those that were asked for, which nobody knows here but the file's maker.
    granted = _scopes_in(transport.said) or _scopes_in({"scope": said.get("scopes", scopes)})
    return fresh.token, grant | {"refresh_token": fresh.refresh_token, "scopes": granted}, transport.said


def _scopes_in(said: Mapping[str, Any]) -> list[str]:
    scope = said.get("scope", [])
    return sorted(scope.split() if isinstance(scope, str) else map(str, scope))


def _check_scopes(name: str, wanted: list[str], granted: list[str]) -> None:
    left_out = missing(wanted, granted)
    if left_out:
        raise SignInNeeded(
            f"{name}: the sign-in does not allow all that is needed; missing: {plain(left_out)}",
            f"{sign_in_step(name)} and leave every box ticked",
        )


def _check_account(name: str, account: str, wire: Wire, token: str) -> str:
    """Whose token it is: the primary calendar's id is the account's address. Raises SignInNeeded for another's."""
    answer = ask(wire, "GET", _PRIMARY, headers={"Authorization": f"Bearer {token}"}, safe=True)
    if answer.status != HTTPStatus.OK:
        raise _no_account(name, account, answer.status, answer.body)
    who = str(json.loads(answer.body).get("id", ""))
    if who.casefold() != account.strip().casefold():
        raise SignInNeeded(
            f"{name}: {who} has signed in, but the configuration names {account}; nothing was kept",
            f"{sign_in_step(name)} and choose {account} in the browser, or change `account`",
        )
    return who


def _no_account(name: str, account: str, status: int, body: bytes) -> ProviderError:
    reasons = {str(one.get("reason")) for one in _errors_in(json.loads(body))}
    if reasons & {"accessNotConfigured", "SERVICE_DISABLED"}:
        return SignInNeeded(
            f"{name}: the Google Calendar API is not switched on in the project of the OAuth client",
            f"switch it on at {_SWITCH_ON} , then {sign_in_step(name)}",
        )
    if "notACalendarUser" in reasons:
        return SignInNeeded(f"{name}: {account} has no Google Calendar", "open https://calendar.google.com once")
    if reasons & {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"}:
        return Unreachable(f"{name}: Google's quota is used up for now", "try again in some minutes")
    return SignInNeeded(f"{name}: Google does not say whose account it is (HTTP {status})", sign_in_step(name))


def _errors_in(said: Any) -> list[dict[str, Any]]:
    error = said.get("error") if isinstance(said, dict) else None
    found = [*error.get("errors", []), *error.get("details", [])] if isinstance(error, dict) else []
    return [one for one in found if isinstance(one, dict)]
