"""How a vendor's own sign-in library asks for tokens: through the adapter's wire, so that proxies, patience and retries
are the same for all that calsync sends.

What such a library gets to see is a JSON object; everything else means that no token server has answered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from calsync.errors import Unreachable
from calsync.wire import LATER, Answer, Wire

__all__ = ["ask", "is_token"]

_COME_AGAIN = 429


def ask(
    wire: Wire, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None, *, safe: bool
) -> Answer:
    """Send one request of a sign-in and give its answer, which has a JSON object in it.

    It is not counted among the wire's requests: those are the calendar's. `safe` is the wire's. Raises Unreachable
    when no answer came, for a server's own failure, and for an answer of somebody else's (a network's login page).
    """
    count = wire.requests
    try:
        answer = wire.send(method, url, body=body, headers=headers, safe=safe)
    finally:
        wire.requests = count
    where = f"{wire.name}: {urlsplit(url).netloc}"
    if answer.status >= 500 or answer.status == _COME_AGAIN:
        raise Unreachable(f"{where} cannot sign anybody in now (HTTP {answer.status})", LATER)
    try:
        said = json.loads(answer.body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        # What it said is kept out: it may be anything.
        raise Unreachable(
            f"{where} did not answer as a sign-in server does (HTTP {answer.status})",
            "open a web page to see whether this network wants a sign-in of its own; the next run tries again",
        )
    return answer


def is_token(said: Mapping[str, object]) -> bool:
    """True for a token answer that a vendor's library can work with (RFC 6749 5.1)."""
    return isinstance(said.get("access_token"), str) and str(said.get("expires_in", 0)).isdecimal()
