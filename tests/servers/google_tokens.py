"""The token endpoint and what a bearer token opens."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from tests.servers.google_errors import forbidden_scope, unauthorized
from tests.servers.google_schema import Method, short_scope
from tests.servers.google_store import Calendar

if TYPE_CHECKING:
    from tests.servers.google import GoogleServer

__all__ = ["JWT_BEARER", "Tokens"]

Json = dict[str, Any]
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_SKEW = timedelta(minutes=5)


class Tokens:
    """Access tokens by text, each with its end by the server's clock."""

    def __init__(self, server: GoogleServer) -> None:
        self._server = server
        self._valid: dict[str, datetime] = {}
        self._made = 0

    def issue(self) -> str:
        """A new access token, good for `server.expires_in` seconds."""
        self._made += 1
        token = f"ya29.a0AfB_{self._made:06d}"
        self._valid[token] = self._server.now() + timedelta(seconds=self._server.expires_in)
        return token

    def expire(self) -> None:
        """No access token given out so far opens anything any more."""
        self._valid.clear()

    def check(self, authorization: str) -> None:
        """Raises 401 for a request without a token that is good now."""
        scheme, _, token = authorization.partition(" ")
        until = self._valid.get(token.strip()) if scheme.lower() == "bearer" else None
        if until is None or until <= self._server.now():
            raise unauthorized()

    def role(self, method: Method, calendar: Calendar | None) -> str:
        """The accessRole that the granted scopes leave the leader in `calendar`; raises 403 when none opens `method`.

        Which scope opens what is in the discovery document; `events.owned` reaches owned calendars only,
        `app.created` those that the app made, `events.freebusy` shows times only (scope descriptions there).
        """
        useful = {short_scope(scope) for scope in self._server.scopes} & method.scopes
        if calendar is not None:
            useful = {scope for scope in useful if _reaches(scope, calendar)}
        if not useful:
            raise forbidden_scope(method.id, sorted(method.scopes))
        if calendar is None:
            return ""
        return "freeBusyReader" if useful == {"calendar.events.freebusy"} else calendar.role

    def answer(self, body: bytes) -> tuple[int, dict[str, str], Json]:
        """What `POST /token` says (RFC 6749 5.1 and 5.2)."""
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        match form.get("grant_type"):
            case "refresh_token":
                status, said = self._refresh(form)
            case grant if grant == JWT_BEARER:
                status, said = self._assertion(form)
            case _:
                status, said = 400, {"error": "unsupported_grant_type", "error_description": "Invalid grant_type: "}
        return status, {"Cache-Control": "no-store"}, said

    def _refresh(self, form: dict[str, str]) -> tuple[int, Json]:
        server = self._server
        if form.get("client_id") != server.client_id or form.get("client_secret", "") != server.client_secret:
            return 401, {"error": "invalid_client", "error_description": "The OAuth client was not found."}
        if server.revoked or form.get("refresh_token") not in server.refresh_tokens:
            # Also what an app in "Testing" gets after seven days (developers.google.com/identity/protocols/oauth2).
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        return 200, self._granted()

    def _assertion(self, form: dict[str, str]) -> tuple[int, Json]:
        server = self._server
        claims = _claims(form.get("assertion", ""))
        if claims is None:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        server.assertions.append(claims)
        issued = claims.get("iat")
        if not isinstance(issued, int) or abs(server.now().timestamp() - issued) > _SKEW.total_seconds():
            # What a clock that is off is answered (googleapis/google-api-php-client#1501).
            said = (
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your"
                " iat and exp values and use a clock with skew to account for clock differences between systems."
            )
            return 400, {"error": "invalid_grant", "error_description": said}
        if claims.get("sub") and not server.delegation:
            said = (
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized"
                " for any of the scopes requested."
            )
            return 401, {"error": "unauthorized_client", "error_description": said}
        if server.revoked:
            return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        return 200, self._granted()

    def _granted(self) -> Json:
        return {
            "access_token": self.issue(),
            "expires_in": self._server.expires_in,
            "scope": " ".join(sorted(self._server.scopes)),
            "token_type": "Bearer",
        }


def _reaches(scope: str, calendar: Calendar) -> bool:
    if scope.startswith("calendar.events.owned"):
        return calendar.role == "owner"
    if scope == "calendar.app.created":
        return calendar.app_created
    return scope != "calendar.events.public.readonly"


def _claims(assertion: str) -> Json | None:
    parts = assertion.split(".")
    try:
        head, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in parts[:2])
    except ValueError:
        return None
    return claims if len(parts) == 3 and head.get("alg") == "RS256" and isinstance(claims, dict) else None
