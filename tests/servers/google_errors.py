"""The error answers of the Calendar API, with the shapes that its error guide and its users' bug reports show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "ApiError",
    "bad_request",
    "forbidden_scope",
    "gone_sync_token",
    "not_found",
    "quota",
    "throttled",
    "unauthorized",
    "unavailable",
]

_RPC_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class ApiError(Exception):
    """An answer that is not a success: its status, `errors[0]`, and headers of its own."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        location: str = "",
        location_type: str = "parameter",
        headers: Mapping[str, str] | None = None,
        details: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason, self.message, self.domain = status, reason, message, domain
        self.location, self.location_type = location, location_type
        self.headers = dict(headers or {})
        self.details = details or []

    def body(self) -> dict[str, Any]:
        """The JSON of the answer (Calendar API guide "Handle API errors")."""
        one: dict[str, Any] = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.location:
            one |= {"locationType": self.location_type, "location": self.location}
        error: dict[str, Any] = {"errors": [one], "code": self.status, "message": self.message}
        if self.details:
            error |= {"status": _RPC_STATUS.get(self.status, "UNKNOWN"), "details": self.details}
        return {"error": error}


def bad_request(message: str, reason: str = "invalid", location: str = "") -> ApiError:
    """400: the request itself is wrong."""
    return ApiError(400, reason, message, location=location)


def not_found() -> ApiError:
    """404 `notFound` (error guide): no such calendar, no such event, or no right to know of it."""
    return ApiError(404, "notFound", "Not Found")


def unauthorized() -> ApiError:
    """401 `authError` (error guide): the access token is missing, unknown or past its time."""
    challenge = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}
    return ApiError(
        401,
        "authError",
        "Invalid Credentials",
        location="Authorization",
        location_type="header",
        headers=challenge,
    )


def forbidden_scope(method: str, scopes: list[str]) -> ApiError:
    """403 `insufficientPermissions`: no scope of the token opens the method (google.rpc.ErrorInfo)."""
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        "domain": "googleapis.com",
        "metadata": {"method": method},
    }
    challenge = f'Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="{" ".join(scopes)}"'
    return ApiError(
        403,
        "insufficientPermissions",
        "Request had insufficient authentication scopes.",
        headers={"WWW-Authenticate": challenge},
        details=[info],
    )


def gone_sync_token() -> ApiError:
    """410 `fullSyncRequired` (discovery document, events.list syncToken: expired tokens get 410 GONE)."""
    message = "Sync token is no longer valid, a full sync is required."
    return ApiError(410, "fullSyncRequired", message, domain="calendar", location="syncToken")


def throttled(retry_after: float | str) -> ApiError:
    """429 `rateLimitExceeded` (quota guide), with the time to wait."""
    return ApiError(
        429, "rateLimitExceeded", "Rate Limit Exceeded", domain="usageLimits", headers={"Retry-After": str(retry_after)}
    )


def quota(reason: str) -> ApiError:
    """403 of domain `usageLimits` (error guide): which of its three reasons is said."""
    words = {
        "userRateLimitExceeded": "User Rate Limit Exceeded",
        "rateLimitExceeded": "Rate Limit Exceeded",
        "quotaExceeded": "Calendar usage limits exceeded.",
    }
    return ApiError(403, reason, words.get(reason, reason), domain="usageLimits")


def unavailable(status: int, retry_after: float | str | None = None) -> ApiError:
    """500 or 503 `backendError` (error guide)."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return ApiError(status, "backendError", "Backend Error", headers=headers)
