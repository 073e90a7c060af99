"""Lets google-api-python-client speak through calsync's wire: an object with httplib2's `request` and no more.

httplib2 itself sends a POST a second time, silently, when the first got no answer, and knows no CA variables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from calsync.errors import Unreachable
from calsync.wire import Answer, Wire

__all__ = ["Access", "NotSent", "Transport", "asks_for_patience"]

_UNAUTHORIZED = 401
_SAFE = frozenset({"GET", "HEAD"})
_ASKING = ("/freeBusy",)
"""Paths whose POST changes nothing."""
_PATIENCE = frozenset({"userRateLimitExceeded", "rateLimitExceeded"})


class NotSent(Unreachable):
    """There was no access token to be had: of the request itself nothing has left this computer."""


class Access(Protocol):
    """What lets requests in, as providers.google.auth.GoogleAccess does."""

    def authorization(self) -> str:
        """The header `Authorization`."""
        ...

    def renew(self) -> None:
        """Forget the access token; the next header has a new one."""
        ...


class Transport:
    """httplib2's interface on top of `wire`, with the header that `access` gives."""

    def __init__(self, wire: Wire, access: Access) -> None:
        self.wire = wire
        self._access = access

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> tuple[Any, bytes]:
        """Send one request; with a new token once more, when the first was refused for its token.

        Raises what Wire.send and Access.authorization raise, and NotSent when no token can be had.
        """
        import httplib2

        given = {name.lower(): value for name, value in (headers or {}).items()}
        # requests counts for itself, and two lengths are one too many.
        given.pop("content-length", None)
        # A query too long for an address is asked by POST.
        meant = given.get("x-http-method-override", method)
        safe = meant in _SAFE or (method == "POST" and uri.partition("?")[0].endswith(_ASKING))
        data = body.encode() if isinstance(body, str) else body or b""
        answer = self._send(method, uri, data, given, safe=safe)
        if answer.status == _UNAUTHORIZED:
            # Whatever it asked for, nothing of it was done.
            self._access.renew()
            answer = self._send(method, uri, data, given, safe=safe)
        response = httplib2.Response({**answer.headers, "status": str(answer.status)})
        response.reason = ""
        return response, answer.body

    def close(self) -> None:
        """Close the connections; the object can be used again."""
        self.wire.close()

    def _send(self, method: str, uri: str, body: bytes, headers: Mapping[str, str], *, safe: bool) -> Answer:
        try:
            authorization = self._access.authorization()
        except Unreachable as error:
            raise NotSent(error.what, error.next_step) from error
        given = {**headers, "authorization": authorization}
        return self.wire.send(method, uri, body=body, headers=given, safe=safe)


def asks_for_patience(answer: Answer) -> bool:
    """True for Google's other way to say 429: a 403 that names a rate as its reason."""
    if answer.status != 403:
        return False
    try:
        errors = json.loads(answer.body)["error"]["errors"]
        return any(error.get("reason") in _PATIENCE for error in errors)
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
