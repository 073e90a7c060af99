"""What Authlib asks its host for: clients, codes, grants and device codes, kept in memory, and where to look them up.

The rules of RFC 6749, 7523, 7636 and 8628 are Authlib's; here are only the places where they find what they need.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, InvalidGrantError, InvalidRequestError, UnauthorizedClientError, grants
from authlib.oauth2.rfc6749.models import AuthorizationCodeMixin, TokenMixin
from authlib.oauth2.rfc7523 import JWTBearerGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant, DeviceCredentialDict

if TYPE_CHECKING:
    from flask import Flask

    from tests.servers.oauth import OAuthServer

__all__ = ["Client", "Code", "Given", "Rules", "bad_times"]

_CODE, _REFRESH, _DEVICE = "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass
class Client(ClientMixin):
    """A registered program. Without a secret it is a public one; with a key it is a service account."""

    id: str
    secret: str = ""
    redirects: tuple[str, ...] = ("http://127.0.0.1/", "http://localhost")
    grants: tuple[str, ...] = (_CODE, _REFRESH, _DEVICE)
    key: Any = None
    delegated: frozenset[str] = frozenset()

    def get_client_id(self) -> str:
        return self.id

    def get_default_redirect_uri(self) -> str:
        return ""

    def get_allowed_scope(self, scope: str | None) -> str:
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Loopback addresses are registered without a port (RFC 8252 7.3)."""
        asked = urlsplit(redirect_uri)
        return any(
            (asked.scheme, asked.hostname, asked.path) == (one.scheme, one.hostname, one.path)
            for one in map(urlsplit, self.redirects)
        )

    def check_client_secret(self, client_secret: str) -> bool:
        return bool(self.secret) and client_secret == self.secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method == "none") is not bool(self.secret)

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grants


@dataclass
class Code(AuthorizationCodeMixin):
    """The code at the end of a sign-in in the browser."""

    code: str
    client: str
    redirect_uri: str
    scope: str
    user: str
    code_challenge: str
    code_challenge_method: str
    nonce: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


@dataclass
class Given(TokenMixin):
    """What a user has granted to a client: a refresh token with its scopes. `since` is the first sign-in."""

    refresh_token: str
    client: str
    scope: str
    user: str
    since: datetime
    dead: bool = field(default=False)

    def check_client(self, client: Client) -> bool:
        return self.client == client.id

    def get_scope(self) -> str:
        return self.scope

    def get_expires_in(self) -> int:
        return 0

    def is_expired(self) -> bool:
        return False

    def is_revoked(self) -> bool:
        return self.dead


class _Challenge(CodeChallenge):
    """PKCE with S256 from everybody: Google's clients have a secret, for which RFC 7636 would let it be."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


class ByCode(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def save_authorization_code(self, code: str, request: Any) -> None:
        data = request.payload.data
        self.server.host.codes[code] = Code(
            code,
            request.client.id,
            request.payload.redirect_uri,
            self.server.host.ticked(request.payload.scope or ""),
            request.user,
            data.get("code_challenge"),
            data.get("code_challenge_method"),
            data.get("nonce", ""),
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found = self.server.host.codes.get(code)
        return found if found is not None and found.client == client.id else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del self.server.host.codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> str:
        return authorization_code.user


class ByRefresh(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.INCLUDE_NEW_REFRESH_TOKEN = self.server.host.rotates  # Authlib's name

    def authenticate_refresh_token(self, refresh_token: str) -> Given | None:
        given = self.server.host.given.get(refresh_token)
        return given if given is not None and not given.dead and not self.server.host.too_old(given) else None

    def authenticate_user(self, refresh_token: Given) -> str:
        return refresh_token.user

    def revoke_old_credential(self, refresh_token: Given) -> None:
        dies = self.server.host.rotates and not self.server.host.old_ones_live
        refresh_token.dead = refresh_token.dead or dies


class ByDevice(DeviceCodeGrant):
    def query_device_credential(self, device_code: str) -> DeviceCredentialDict | None:
        return self.server.host.devices.get(device_code)

    def query_user_grant(self, user_code: str) -> tuple[str, bool] | None:
        self.server.host.polls += 1
        if self.server.host.enters_codes or self.server.host.polls == self.server.host.enters_at:
            self.server.host.enter(user_code)
        return self.server.host.entered.get(user_code)

    def should_slow_down(self, credential: Any) -> bool:
        return False


class ByItself(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")


class ByKey(JWTBearerGrant):
    claims: Any = None

    def process_assertion_claims(self, assertion: str) -> Any:
        self.claims = super().process_assertion_claims(assertion)
        return self.claims

    def verify_claims(self, claims: Any) -> None:
        self.server.host.check_times(claims)
        super().verify_claims(claims)

    def resolve_issuer_client(self, issuer: str) -> Client | None:
        return self.server.host.clients.get(issuer)

    def resolve_client_public_key(self, client: Client) -> Any:
        return client.key

    def authenticate_user(self, subject: str) -> str | None:
        return subject if subject in self.server.host.users else None

    def get_audiences(self) -> list[str]:
        return list(self.server.host.audiences)

    def has_granted_permission(self, client: Client, user: str) -> bool:
        if not set(self.claims.get("scope", "").split()) <= client.delegated:
            raise UnauthorizedClientError("Client is unauthorized to retrieve access tokens using this method.")
        return True

    def generate_token(self, user: Any = None, scope: Any = None, **more: Any) -> Any:
        return super().generate_token(user=user, scope=self.claims.get("scope"), **more)


class DeviceCodes(DeviceAuthorizationEndpoint):
    """Where a device asks for its codes."""

    INTERVAL = 0

    @property
    def EXPIRES_IN(self) -> int:  # noqa: N802 - Authlib's name
        return self.server.host.device_seconds

    def get_verification_uri(self) -> str:
        return self.server.host.device_page

    def save_device_credential(self, client_id: str, scope: str, data: dict[str, Any]) -> None:
        until = time.time() + data["expires_in"]
        credential = DeviceCredentialDict(client_id=client_id, scope=scope, expires_at=until, **data)
        self.server.host.devices[data["device_code"]] = credential


class Rules(AuthorizationServer):
    """Authlib's server for `host`."""

    def __init__(self, host: OAuthServer, app: Flask, save: Callable[[dict[str, Any], Any], None]) -> None:
        super().__init__(app, host.clients.get, save)
        self.host = host
        self.register_grant(ByCode, [_Challenge(required=True)])
        for grant in (ByRefresh, ByDevice, ByItself, ByKey):
            self.register_grant(grant)
        self.register_endpoint(DeviceCodes)


def bad_times() -> InvalidGrantError:
    """What Google says to a clock that is off (googleapis/google-api-nodejs-client#2001 and others)."""
    return InvalidGrantError(
        description="Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        " Check your iat and exp values in the JWT claim."
    )
