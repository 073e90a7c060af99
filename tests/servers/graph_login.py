"""The token endpoint of the Graph test server, for tests that need no real OAuth server.

Decided here:

- Which OAuth error stands with which AADSTS number (`ERRORS`), as far as Microsoft's documents do not show it.
- A refresh token that was used is worth nothing any more, so that a client is seen which does not keep the new one.
  This is harsher than life: learn.microsoft.com, refresh-tokens, says that old ones are replaced and not revoked
  (`old_refresh_tokens_die` on the server for that).
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tests.servers.graph_http import Reply, Seen

if TYPE_CHECKING:
    from tests.servers.graph import GraphServer

__all__ = ["ERRORS", "login"]

# learn.microsoft.com, Microsoft Entra error codes: number, OAuth error, suberror, words.
ERRORS: dict[int, tuple[str, str, str]] = {
    50020: ("invalid_grant", "", "User account from identity provider does not exist in tenant 'Example'."),
    50076: (
        "interaction_required",
        "basic_action",
        "Due to a configuration change you must use multi-factor authentication.",
    ),
    50173: (
        "invalid_grant",
        "bad_token",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed.",
    ),
    53003: ("invalid_grant", "message_only", "Access has been blocked by Conditional Access policies."),
    65001: ("invalid_grant", "consent_required", "The user or administrator has not consented to use the application."),
    70000: ("invalid_grant", "bad_token", "Provided grant is invalid or malformed."),
    70043: ("invalid_grant", "bad_token", "The refresh token has expired due to sign-in frequency checks."),
    90002: ("invalid_request", "", "Tenant 'example' not found."),
    90072: ("invalid_grant", "", "User account from an external tenant must be added as an external user first."),
    90094: ("invalid_grant", "consent_required", "The grant requires administrator permission."),
    700016: ("unauthorized_client", "", "Application was not found in the directory."),
    700082: ("invalid_grant", "bad_token", "The refresh token has expired due to inactivity."),
    7000215: ("invalid_client", "", "Invalid client secret provided."),
}
_HOST = "https://login.microsoftonline.com"


def login(server: GraphServer, seen: Seen) -> Reply | None:
    """The answer to what goes to the sign-in host; None when nothing there has such a path."""
    parts = seen.path.strip("/").split("/")
    if parts[1:] == ["v2.0", ".well-known", "openid-configuration"] and seen.method == "GET":
        return Reply(200, _configuration(parts[0]))
    if parts[1:] == ["oauth2", "v2.0", "token"] and seen.method == "POST":
        return _token(server, parts[0], dict(parse_qsl(seen.body.decode())))
    return None


def _configuration(tenant: str) -> dict[str, Any]:
    oauth = f"{_HOST}/{tenant}/oauth2/v2.0"
    return {
        "issuer": f"{_HOST}/{tenant}/v2.0",
        "authorization_endpoint": f"{oauth}/authorize",
        "token_endpoint": f"{oauth}/token",
        "device_authorization_endpoint": f"{oauth}/devicecode",
        "jwks_uri": f"{_HOST}/{tenant}/discovery/v2.0/keys",
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "tenant_region_scope": "EU",
    }


def _token(server: GraphServer, tenant: str, form: dict[str, str]) -> Reply:
    if server.token_error:
        return _refused(server.token_error)
    if not form.get("client_id"):
        return _refused(700016)
    if server.client_secret is not None and form.get("client_secret", server.client_secret) != server.client_secret:
        return _refused(7000215)
    match form.get("grant_type"):
        case "client_credentials":
            return Reply(200, {**_access(server, app_only=True)})
        case "refresh_token":
            spent = form.get("refresh_token", "")
            if spent not in server.refresh_tokens:
                return _refused(70000)
            if server.old_refresh_tokens_die:
                server.refresh_tokens.discard(spent)
            return Reply(200, _signed_in(server, tenant, form))
        case "authorization_code" if form.get("code") in server.codes:
            server.codes.discard(form["code"])
            return Reply(200, _signed_in(server, tenant, form))
    return _refused(70000)


def _access(server: GraphServer, *, app_only: bool = False) -> dict[str, Any]:
    token = server.issue(app_only=app_only)
    return {"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600, "access_token": token}


def _signed_in(server: GraphServer, tenant: str, form: dict[str, str]) -> dict[str, Any]:
    mailbox = server.mailboxes[server.address]
    real = server.tenant if tenant in ("common", "organizations", "consumers") else tenant
    asked = [word for word in form.get("scope", "").split() if word not in ("openid", "profile", "offline_access")]
    now = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    claims = {
        "iss": f"{_HOST}/{real}/v2.0",
        "aud": form["client_id"],
        "tid": real,
        "oid": server.oid,
        "sub": f"sub-of-{server.oid}",
        "preferred_username": mailbox.address,
        "name": mailbox.name,
        "iat": now,
        "nbf": now,
        # Far away, as clients hold it against their real clock.
        "exp": now + 50 * 365 * 86_400,
        "ver": "2.0",
    }
    return {
        **_access(server),
        "scope": " ".join(asked or sorted(server.scopes)),
        "refresh_token": server.new_refresh_token(),
        "id_token": f"{_coded({'alg': 'none', 'typ': 'JWT'})}.{_coded(claims)}.",
        "client_info": _coded({"uid": server.oid, "utid": real}),
    }


def _refused(number: int) -> Reply:
    error, suberror, words = ERRORS[number]
    trace = f"Trace ID: {number:08d}-0000-0000-0000-000000000000 Correlation ID: 0 Timestamp: 2026-11-23 03:00:00Z"
    body = {
        "error": error,
        "error_description": f"AADSTS{number}: {words} {trace}",
        "error_codes": [number],
        "timestamp": "2026-11-23 03:00:00Z",
        "trace_id": f"{number:08d}-0000-0000-0000-000000000000",
        "correlation_id": "00000000-0000-0000-0000-000000000000",
        "error_uri": f"{_HOST}/error?code={number}",
    }
    return Reply(401 if error == "invalid_client" else 400, {**body, **({"suberror": suberror} if suberror else {})})


def _coded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
