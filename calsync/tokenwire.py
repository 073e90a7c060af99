"""How a vendor's own sign-in library asks for tokens: through the adapter's wire, so that proxies, patience and retries
are the same for all that calsync sends.

What such a library gets to see is a JSON object; everything else means that no token server has answered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from calsync.errors import Unreachable, UsageError
from calsync.wire import LATER, Answer, Wire

__all__ = ["ask", "is_token", "pasted_answer"]

_COME_AGAIN = 429
_AROUND = "'\"`<>\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"


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


def pasted_answer(name: str, pasted: str, begins: str) -> dict[str, str]:
    """What the address that a sign-in ended on says, out of what was pasted for the calendar `name`.

    Only its query counts: browsers leave the scheme out, terminals break lines, and people quote. Raises UsageError,
    with how the address `begins`, when it holds no answer of a sign-in.
    """
    whole = "".join(pasted.split()).strip(_AROUND)
    query = whole.partition("?")[2] if "?" in whole else whole
    answer = dict(parse_qsl(query.partition("#")[0]))
    try:
        "".join(answer.values()).encode()
    except UnicodeEncodeError:
        # A terminal has let through half a character.
        answer = {}
    if "state" not in answer or not answer.keys() & {"code", "error"}:
        raise UsageError(
            f"{name}: that is no address that a sign-in ends on",
            f"copy all of it from the browser's address bar: it begins with {begins}",
        )
    return answer
