"""Access tokens for one Microsoft account, through MSAL: for a user who has signed in, or for an application.

MSAL's cache lives in the grant's file and is ours to keep whole: read and written under the grant's lock, and written
before a new token is used, because Microsoft's refresh tokens change with use. Nothing here opens a browser or waits
for a person.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from calsync.errors import SignInNeeded, Unreachable
from calsync.grants import GrantFile, understood
from calsync.ports import ProviderContext
from calsync.tokenwire import ask, is_token
from calsync.wire import LATER, Answer, Wire
from providers.microsoft.clouds import cloud
from providers.microsoft.granted import is_whole
from providers.microsoft.refusals import SignedIn, no_grant, refusal, sign_in_step

if TYPE_CHECKING:
    from msal import ClientApplication, SerializableTokenCache

__all__ = ["DEFAULT_TENANT", "MicrosoftAccess", "MsalHttp", "make_app", "silence"]

DEFAULT_TENANT = "organizations"
"""Any work or school account's."""

_EARLY_SECONDS = 300
"""A token is not used in its last minutes: a request may take that long. It is MSAL's own measure."""


class MicrosoftAccess:
    """The access of one configured calendar. Making it does no I/O; it is used by one thread at a time, as `wire` is.

    `options` are the calendar's own keys. `fresh`: an access token that is kept does not do, Microsoft is asked.
    """

    def __init__(
        self, name: str, options: Mapping[str, str], context: ProviderContext, wire: Wire, *, fresh: bool = False
    ) -> None:
        self._name = name
        self._options = options
        self._account = options["account"]
        self._secret = context.secret
        self._cloud = cloud(options)
        self._file = GrantFile(context.folder, "microsoft", self._account)
        self._wire = wire
        self._token = ""
        self._refused = ""
        self._until = 0.0
        self._app_only: bool | None = None
        self._fresh = fresh

    @property
    def app_only(self) -> bool:
        """True when an application acts, without a user: then it is `/users/{account}`, not `/me`.

        Raises SignInNeeded or StateError when the grant cannot be read.
        """
        if self._app_only is None:
            self._app_only = (self._read() or {}).get("kind") == "application"
        return self._app_only

    def authorization(self) -> str:
        """What goes into the header `Authorization`; asks Microsoft for a token when there is none that is still good.

        Raises SignInNeeded, Unreachable or StateError.
        """
        if not self._token or time.monotonic() >= self._until:
            self._token, seconds = self._fetched()
            self._until = time.monotonic() + seconds - _EARLY_SECONDS
        return f"Bearer {self._token}"

    def renew(self) -> None:
        """Forget the access token, because the server has refused it; the next one is asked for."""
        self._refused, self._token = self._token or self._refused, ""

    def refused(self) -> SignInNeeded:
        """The error for a server that refuses a token which was just renewed."""
        return SignInNeeded(f"{self._name}: Microsoft does not let {self._account} in", sign_in_step(self._name))

    def _read(self) -> dict[str, Any] | None:
        return understood(self._file, self._name, self._account, is_whole)

    def _fetched(self) -> tuple[str, int]:
        """A token, and for how many seconds it is good."""
        with self._file.locked():
            grant = self._read()
            if grant is None:
                raise no_grant(self._name, self._account)
            who = self._who(grant)
            self._app_only = grant.get("kind") == "application"
            cache = self._cache(grant)
            # A new app each time: MSAL's remembers the errors of the last minute instead of asking again.
            app = make_app(who, cache, MsalHttp(self._wire, safe=True), self._secret_for(grant, who))
            answer: dict[str, Any] | None
            if self._app_only:
                answer = app.acquire_token_for_client(who.cloud.scopes([".default"]))
            else:
                accounts = app.get_accounts()
                answer = app.acquire_token_silent_with_error(
                    who.cloud.scopes(grant["scopes"]), accounts[0] if accounts else None
                )
            if answer is None:
                raise no_grant(self._name, self._account)
            if "access_token" not in answer:
                raise refusal(who, answer)
            if cache.has_state_changed:
                # Before the token is used: if this process dies now, the next one must find the new refresh token.
                self._file.write({**grant, "cache": cache.serialize()})
        return str(answer["access_token"]), int(answer.get("expires_in", 0))

    def _who(self, grant: Mapping[str, Any]) -> SignedIn:
        """What the grant is for. Raises SignInNeeded when the config has moved on to something else."""
        chosen = {
            "client": self._options.get("client"),
            "tenant": self._options.get("tenant"),
            "cloud": self._cloud.name,
        }
        for key, value in chosen.items():
            if value is not None and value != grant.get(key):
                raise SignInNeeded(
                    f"{self._name}: {self._account} has signed in through another {key} than the config names",
                    sign_in_step(self._name),
                )
        client, tenant = str(grant.get("client", "")), str(grant.get("tenant") or DEFAULT_TENANT)
        return SignedIn(self._name, self._account, client, tenant, self._cloud)

    def _cache(self, grant: Mapping[str, Any]) -> SerializableTokenCache:
        from msal import SerializableTokenCache

        cache = SerializableTokenCache()
        cache.deserialize(grant.get("cache"))
        for entry in list(cache.search(cache.CredentialType.ACCESS_TOKEN)):
            if self._fresh or entry["secret"] == self._refused:
                cache.remove_at(entry)
        return cache

    def _secret_for(self, grant: Mapping[str, Any], who: SignedIn) -> str | None:
        """The application's secret, kept under the name of the calendar that was signed in with; None for a user."""
        if not self._app_only:
            return None
        secret = self._secret(self._name) or self._secret(str(grant.get("secret_of", self._name)))
        if secret is None:
            raise SignInNeeded(
                f"{self._name}: the secret of the application {who.client} is not kept here",
                sign_in_step(self._name, "--application"),
            )
        return secret


def make_app(
    who: SignedIn, cache: SerializableTokenCache, http: MsalHttp, secret: str | None = None
) -> ClientApplication:
    """MSAL's app for a user, or with `secret` for an application.

    It asks its tenant where to sign in. Raises SignInNeeded when there is no such tenant, Unreachable.
    """
    silence()
    from msal import ConfidentialClientApplication, PublicClientApplication

    authority = f"{who.cloud.login}/{who.tenant}"
    try:
        # Without instance discovery, which would ask the global cloud about the others; the hosts are known here.
        if secret is None:
            return PublicClientApplication(
                who.client, authority=authority, token_cache=cache, http_client=http, instance_discovery=False
            )
        return ConfidentialClientApplication(
            who.client,
            client_credential=secret,
            authority=authority,
            token_cache=cache,
            http_client=http,
            instance_discovery=False,
            azure_region=False,
        )
    except ValueError:
        raise refusal(who, {"error_description": "AADSTS90002"}) from None


def silence() -> None:
    """Keep MSAL from speaking on stderr: its warnings may quote an answer."""
    logger = logging.getLogger("msal")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


class MsalHttp:
    """What MSAL sends its requests with (its http_client), on top of the wire.

    `safe`: what is posted may be posted again. That is so for a refresh, since Microsoft's refresh tokens stay good
    when they are used, and not for the code of a sign-in.
    """

    def __init__(self, wire: Wire, *, safe: bool) -> None:
        self._wire = wire
        self._safe = safe

    def get(
        self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, **_: object
    ) -> _Reply:
        """One of MSAL's questions about where to sign in."""
        answer = ask(self._wire, "GET", url + (f"?{urlencode(params)}" if params else ""), headers=headers, safe=True)
        if answer.status == HTTPStatus.OK and b'"token_endpoint"' not in answer.body:
            raise Unreachable(f"{self._wire.name}: {urlsplit(url).netloc} has not said where to sign in", LATER)
        return _Reply(answer)

    def post(
        self, url: str, data: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, **_: object
    ) -> _Reply:
        """One of MSAL's requests for a token."""
        form = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        answer = ask(self._wire, "POST", url, urlencode(data or {}).encode(), form, safe=self._safe)
        said = json.loads(answer.body)
        if "access_token" in said and not is_token(said):
            raise Unreachable(f"{self._wire.name}: {urlsplit(url).netloc} has answered without a token", LATER)
        return _Reply(answer)

    def close(self) -> None:
        """Nothing: the wire is its owner's."""


class _Reply:
    """An answer in the form that MSAL reads (msal.oauth2cli.http.Response)."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self.headers = answer.headers
        self.text = answer.body.decode("utf-8", "replace")

    def raise_for_status(self) -> None:
        """Nothing: a server's own failure has been raised already."""
