"""Microsoft's sign-in: its addresses, its numbers and what MSAL reads of an account. Each rule names what it stands on.

learn.microsoft.com/entra/identity-platform: v2-oauth2-auth-code-flow, v2-oauth2-device-code, v2-oauth2-client-creds,
reference-error-codes; msal.authority and msal.token_cache for openid-configuration and client_info.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from flask import Flask, Response

from tests.servers.oauth import Client, OAuthServer

__all__ = ["MICROSOFT_APP", "MICROSOFT_SECRET", "TENANT", "MicrosoftSignIn"]

MICROSOFT_APP, MICROSOFT_SECRET = "11111111-2222-4333-8444-555555555555", "app~secret"
SERVICE_APP = "99999999-2222-4333-8444-555555555555"
TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
_OWN = frozenset({"openid", "profile", "offline_access", "email"})
# What Microsoft's numbers go with, as far as its pages show whole answers: error and suberror.
_SHAPES = {
    65001: ("invalid_grant", "consent_required"),
    90094: ("invalid_grant", "consent_required"),
    50076: ("interaction_required", "basic_action"),
    50079: ("interaction_required", "basic_action"),
    53003: ("access_denied", "message_only"),
    700082: ("invalid_grant", "token_expired"),
    70008: ("invalid_grant", "token_expired"),
    50173: ("invalid_grant", "bad_token"),
    70000: ("invalid_grant", "bad_token"),
    70043: ("invalid_grant", "bad_token"),
    7000215: ("invalid_client", ""),
    7000218: ("invalid_client", ""),
    700016: ("unauthorized_client", ""),
    90002: ("invalid_tenant", ""),
    90033: ("temporarily_unavailable", ""),
}


class MicrosoftSignIn(OAuthServer):
    """login.microsoftonline.com. Refresh tokens change with use, and here the old one is dead at once.

    `token_error` is a number. `host` is the address that the server goes by, `username` the name that one signs in with
    where that is not the address.
    """

    rotates = True
    device_page = "https://login.microsoftonline.com/device"

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.tenants = {TENANT, "example.com", "organizations", "common", "consumers"}
        self.oid = "00000000-0000-0000-66f3-3332eca7ea81"
        self.username = ""
        self.host = "https://login.microsoftonline.com"
        self.clients[MICROSOFT_APP] = Client(MICROSOFT_APP)
        self.clients[SERVICE_APP] = Client(SERVICE_APP, MICROSOFT_SECRET, grants=("client_credentials",))

    def paths(self, app: Flask) -> None:
        app.add_url_rule("/<tenant>/v2.0/.well-known/openid-configuration", "where", self._where)
        app.add_url_rule(
            "/<tenant>/oauth2/v2.0/authorize", "authorize", self._at(self.authorize), methods=["GET", "POST"]
        )
        app.add_url_rule("/<tenant>/oauth2/v2.0/token", "token", self._at(self.token), methods=["POST"])
        app.add_url_rule("/<tenant>/oauth2/v2.0/devicecode", "device", self._at(self.device), methods=["POST"])

    def more_in(self, token: dict[str, Any], asked: Any) -> None:
        """An account for MSAL: id_token with the nonce that was asked for, client_info, and scopes but its own."""
        token["scope"] = " ".join(s for s in token.get("scope", "").split() if s not in _OWN)
        token["ext_expires_in"] = token["expires_in"]
        if asked.user is None:
            return
        claims = {
            "aud": asked.client.id,
            "iss": f"{self.host}/{TENANT}/v2.0",
            "tid": TENANT,
            "oid": self.oid,
            "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
            "preferred_username": self.username or asked.user,
            "nonce": getattr(asked.authorization_code, "nonce", ""),
            "exp": int(self.now().timestamp()) + 3600,
            "iat": int(self.now().timestamp()),
        }
        token["id_token"] = f"{_coded({'alg': 'none'})}.{_coded(claims)}."
        token["client_info"] = _coded({"uid": self.oid, "utid": TENANT})

    def worded(self, error: dict[str, Any], status: int) -> tuple[dict[str, Any], int]:
        """Authlib's codes with Microsoft's number; a device that is still waited for has none."""
        code = error["error"]
        if code in ("authorization_pending", "expired_token"):
            return error, 400
        if code == "access_denied":
            return {"error": "authorization_declined", "error_description": "AADSTS70017: declined."}, 400
        words = str(error.get("error_description", ""))
        if code == "invalid_client":
            number = 7000215 if "authenticate" in words else 700016
        else:
            number = {"invalid_grant": 70000, "unauthorized_client": 700016}.get(code, 900144)
        return _numbered(number), 401 if code == "invalid_client" else 400

    def _refusal(self) -> Response:
        return Response(json.dumps(_numbered(self.token_error)), 400, {"Content-Type": "application/json"})

    def token(self) -> Response:
        """The token endpoint; a number that is asked for is said as it is."""
        if self.token_error is not None:
            return self._refusal()
        return super().token()

    def _at(self, endpoint: Any) -> Any:
        def answered(tenant: str) -> Response:
            return endpoint() if tenant in self.tenants else Response(json.dumps(_numbered(90002)), 400)

        return answered

    def _where(self, tenant: str) -> Response:
        if tenant not in self.tenants:
            return Response(json.dumps(_numbered(90002)), 400, {"Content-Type": "application/json"})
        oauth = f"{self.host}/{tenant}/oauth2/v2.0"
        said = {
            "issuer": f"{self.host}/{TENANT}/v2.0",
            "authorization_endpoint": f"{oauth}/authorize",
            "token_endpoint": f"{oauth}/token",
            "device_authorization_endpoint": f"{oauth}/devicecode",
        }
        return Response(json.dumps(said), 200, {"Content-Type": "application/json"})


def _numbered(number: int) -> dict[str, Any]:
    error, suberror = _SHAPES.get(number, ("invalid_grant", ""))
    return {
        "error": error,
        "error_description": f"AADSTS{number}: Words. Trace ID: 0 Correlation ID: 0 Timestamp: 2026-11-23 03:00:00Z",
        "error_codes": [number],
        **({"suberror": suberror} if suberror else {}),
    }


def _coded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
