"""Access tokens for one Google account: from what the user has granted, or from a service account's key.

The access token lives in memory only. On disk is the refresh token, which is written again only when Google has given
another one. Nothing here opens a browser or waits for a person.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from calsync.errors import SignInNeeded, StateError, Unreachable
from calsync.grants import GrantFile, understood
from calsync.ports import ProviderContext
from calsync.tokens import read_private
from calsync.tokenwire import ask, is_token
from calsync.wire import LATER, Answer, Wire
from providers.google.refusals import Refusal, no_grant, testing_ended
from providers.google.scopes import scopes_for

__all__ = [
    "TOKEN_URI",
    "GoogleAccess",
    "Transport",
    "ends_at",
    "is_primary",
    "is_token_uri",
    "of_service_account",
    "of_user",
    "silence",
]

TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_LONGEST_SECONDS = 10 * 366 * 86400
"""A longer time is no end."""


class GoogleAccess:
    """The access of one configured calendar. Making it does no I/O; it is used by one thread at a time, as `wire` is.

    `options` are the calendar's own keys. `now` is what the age of a sign-in is told from.
    """

    def __init__(
        self,
        name: str,
        options: Mapping[str, str],
        context: ProviderContext,
        wire: Wire,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._name = name
        self._options = options
        self._account = options["account"]
        self._grant = GrantFile(context.folder, "google", self._account)
        self._wire = wire
        self._now = now
        # google-auth's types are not complete enough to check against.
        self._credentials: Any = None
        self.ends: datetime | None = None
        """When Google ends the grant, as far as the token answer of this object says so."""

    def authorization(self) -> str:
        """What goes into the header `Authorization`; asks Google for a token when there is none that is still good.

        Raises SignInNeeded, Unreachable or StateError.
        """
        if self._credentials is None or not self._credentials.valid:
            silence()
            key = self._options.get("service_account")
            self._credentials = (
                self._from_grant()
                if key is None
                else of_service_account(self._name, self._account, self._wire, Path(key), self._scopes())
            )
        return f"Bearer {self._credentials.token}"

    def renew(self) -> None:
        """Forget the access token, because the server has refused it; the next one is asked for."""
        self._credentials = None

    def _from_grant(self) -> Any:
        with self._grant.locked():
            grant = self._read()
            if grant is None or grant["kind"] != "user" or not grant.get("refresh_token"):
                raise no_grant(self._name, self._account)
            in_testing = testing_ended(str(grant.get("signed_in")), self._now())
            transport = Transport(self._wire)
            fresh = of_user(self._name, self._account, transport, grant, in_testing=in_testing)
            self.ends = ends_at(transport.said, self._now())
            if fresh.refresh_token != grant["refresh_token"]:
                # Before the token is used: if this process dies now, the next one must find the new one.
                self._grant.write({**grant, "refresh_token": fresh.refresh_token})
        return fresh

    def _scopes(self) -> list[str]:
        """What a service account asks for: what its sign-in has found to work, else what writing needs."""
        grant = self._read()
        if grant is not None and grant["kind"] == "service":
            return list(grant["scopes"])
        return scopes_for(write=True, primary=is_primary(self._options))

    def _read(self) -> dict[str, Any] | None:
        return understood(self._grant, self._name, self._account, _is_whole)


def _is_whole(grant: Mapping[str, Any]) -> bool:
    """True when all that is looked at in a grant has its type; what was left out is as if it were empty."""
    if grant.get("kind") == "service":
        scopes = grant.get("scopes")
        return isinstance(scopes, list) and all(isinstance(scope, str) for scope in scopes)
    texts = ("refresh_token", "client_id", "client_secret")
    return (
        grant.get("kind") == "user"
        and all(isinstance(grant.get(key, ""), str) for key in texts)
        and is_token_uri(grant.get("token_uri", TOKEN_URI))
    )


def is_token_uri(said: object) -> bool:
    """True for an address that a refresh token can be sent to: OAuth has it encrypted (RFC 6749 3.2)."""
    try:
        place = urlsplit(said) if isinstance(said, str) else None
        return place is not None and place.scheme == "https" and bool(place.hostname) and place.port != 0
    except ValueError:
        return False


def of_user(name: str, account: str, transport: Transport, grant: Mapping[str, Any], *, in_testing: bool) -> Any:
    """google-auth's credentials with a fresh access token, from the refresh token of a grant.

    Raises SignInNeeded (`in_testing`: the grant is as old as those of apps in Testing get), or Unreachable.
    """
    from google.auth.exceptions import RefreshError
    from google.oauth2 import credentials

    make: Any = credentials.Credentials
    fresh = make(
        token=None,
        refresh_token=grant["refresh_token"],
        token_uri=grant.get("token_uri", TOKEN_URI),
        client_id=grant.get("client_id", ""),
        client_secret=grant.get("client_secret", ""),
    )
    try:
        fresh.refresh(transport)
    except RefreshError as error:
        raise Refusal(name, account, _data_of(error)).of_user(in_testing=in_testing) from None
    return fresh


def of_service_account(name: str, account: str, wire: Wire, path: Path, scopes: Sequence[str]) -> Any:
    """google-auth's credentials with a fresh access token, from the key of a service account that acts for `account`.

    Raises SignInNeeded, Unreachable, or StateError when others can read the key.
    """
    from google.auth.exceptions import RefreshError
    from google.oauth2 import service_account

    key = _read_key(name, path)
    make: Any = service_account.Credentials
    try:
        fresh = make.from_service_account_info(key, scopes=scopes, subject=account)
    except ValueError:
        # The library's message is kept out: it may quote the key.
        raise _no_key(name, path) from None
    try:
        fresh.refresh(Transport(wire))
    except RefreshError as error:
        raise Refusal(name, account, _data_of(error)).of_service_account(
            str(key.get("client_id", "")), scopes, wire.clock_is_off
        ) from None
    return fresh


def ends_at(said: Mapping[str, Any], now: datetime) -> datetime | None:
    """When a grant ends, by a token answer of `now`; None where the answer sets it no end.

    Google sends the remaining seconds with grants for a time only: those of apps in Testing, and those that the user
    gave for a time (https://developers.google.com/identity/protocols/oauth2#expiration).
    """
    seconds = said.get("refresh_token_expires_in")
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 < seconds < _LONGEST_SECONDS:
        return None
    return now + timedelta(seconds=seconds)


def is_primary(options: Mapping[str, str]) -> bool:
    """True when the options name the account's own first calendar."""
    calendar = options.get("calendar", "primary").strip().casefold()
    return calendar in ("", "primary", options["account"].strip().casefold())


class Transport:
    """What google-auth sends its requests with (the interface of google.auth.transport.Request), on top of a wire.

    A refresh is safe to repeat: Google's refresh tokens stay good. `said` is the last answer.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.said: dict[str, Any] = {}

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> _Reply:
        """Send one request; raises Unreachable."""
        answer = ask(self._wire, method, url, body or b"", headers, safe=True)
        self.said = json.loads(answer.body)
        if answer.status == HTTPStatus.OK and not is_token(self.said):
            raise Unreachable(f"{self._wire.name}: {urlsplit(url).netloc} has answered without a token", LATER)
        return _Reply(answer)


def silence() -> None:
    """Keep the vendor's libraries from speaking on stderr: their warnings may quote an answer."""
    for library in ("google", "google_auth_oauthlib", "oauthlib", "requests_oauthlib"):
        logger = logging.getLogger(library)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


class _Reply:
    """An answer in the form of google.auth.transport.Response."""

    def __init__(self, answer: Answer) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self.data = answer.body


def _read_key(name: str, path: Path) -> dict[str, Any]:
    try:
        data = read_private(path)
    except StateError as error:
        raise StateError(f"{name}: {error.what}", error.next_step) from None
    if data is None:
        raise SignInNeeded(f"{name}: {path}: the service account's key file is not there", "check `service_account`")
    try:
        said = json.loads(data)
    except ValueError:
        said = None
    if not isinstance(said, dict) or said.get("type") != "service_account":
        raise _no_key(name, path)
    return said


def _no_key(name: str, path: Path) -> SignInNeeded:
    return SignInNeeded(
        f"{name}: {path} is no key file of a service account", "download it from Google's console again"
    )


def _data_of(error: Exception) -> Any:
    """The error answer inside google-auth's exception, {} when there is none."""
    if len(error.args) > 1:
        return error.args[1]
    # The one refusal that google-auth puts into words of its own, which tell of another program.
    reauth = str(error.args[0] if error.args else "").startswith("Reauthentication")
    return {"error": "invalid_grant", "error_subtype": "invalid_rapt"} if reauth else {}
