"""Google's sign-in: its addresses and its words. Each rule names what it stands on.

developers.google.com/identity/protocols/oauth2/native-app: the endpoints, loopback redirects with any port, PKCE, the
errors that come back to the browser; .../service-account: assertions; and google-auth's own tests for the words.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, request

from tests.servers.oauth import Client, OAuthServer

__all__ = ["GOOGLE_CLIENT", "GOOGLE_SECRET", "GoogleSignIn"]

GOOGLE_CLIENT, GOOGLE_SECRET = "1234-desktop.apps.googleusercontent.com", "GOCSPX-client-secret"
SEVEN_DAYS = timedelta(days=7)
"""After which the grants of an app in Testing end (developers.google.com/identity/protocols/oauth2, expiration)."""


class GoogleSignIn(OAuthServer):
    """accounts.google.com and oauth2.googleapis.com. Refresh tokens stay the same unless `rotates` is set."""

    audiences = ("https://oauth2.googleapis.com/token",)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.clients[GOOGLE_CLIENT] = Client(GOOGLE_CLIENT, GOOGLE_SECRET)

    def add_service_account(self, email: str, key: Any, delegated: frozenset[str]) -> None:
        """A service account with a public key that may act for the users with these scopes."""
        grants = ("urn:ietf:params:oauth:grant-type:jwt-bearer",)
        self.clients[email] = Client(email, key=key, grants=grants, delegated=delegated)

    def paths(self, app: Flask) -> None:
        for path in ("/o/oauth2/v2/auth", "/o/oauth2/auth"):
            app.add_url_rule(path, path, self.authorize, methods=["GET", "POST"])
        app.add_url_rule("/token", "token", self.token, methods=["POST"])

    def worded(self, error: dict[str, Any], status: int) -> tuple[dict[str, Any], int]:
        """Authlib's codes are RFC 6749's, as Google's are; only the words differ."""
        code, words = error.get("error"), error.get("error_description", "")
        if code == "invalid_grant" and "'sub'" in words:
            error["error_description"] = "Invalid email or User ID"
        elif code == "invalid_grant" and "client does not exist" in words:
            error["error_description"] = "Invalid grant: account not found"
        elif code == "invalid_grant" and not words:
            by_key = "assertion" in request.form
            error["error_description"] = "Invalid JWT Signature." if by_key else "Token has been expired or revoked."
        return error, status
