"""How a password is shown to the server: which scheme, and only when the server has asked for it.

Nothing is sent before the server's challenge, so that a server that wants Digest never sees the password itself;
later nights remember the scheme. Basic and Digest (RFC 7617, RFC 7616) are requests' own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from requests import PreparedRequest, Response
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from requests.utils import parse_dict_header

__all__ = ["Digest", "NoCredentials", "basic", "best_digest", "challenges_of", "offers_basic", "split_challenges"]

_STRENGTH = {"SHA-512": 4, "SHA-256": 3, "SHA": 2, "MD5-SESS": 1, "MD5": 1}
_SCHEME = re.compile(r"(?:^|,)\s*(?=[A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]*(?:\s+[^\s=,]+\s*=|\s*(?:,|$)))")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


class NoCredentials(AuthBase):
    """Sends nothing. It stands in so that requests does not go and look into ~/.netrc."""

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """The request as it is."""
        return r


def basic(username: str, password: str) -> HTTPBasicAuth:
    """Basic with UTF-8 (RFC 7617 2.1); requests would take Latin-1 for text and fail on the rest."""
    return HTTPBasicAuth(username.encode(), password.encode())


class Digest(HTTPDigestAuth):
    """Digest that begins from a challenge already received, and answers the best of several."""

    def __init__(self, username: str, password: str, challenge: dict[str, str]) -> None:
        super().__init__(username, password)
        self.init_per_thread_state()
        state: Any = vars(self)["_thread_local"]
        state.chal = challenge
        # With the last nonce known, requests answers at once instead of asking for the challenge a second time.
        state.last_nonce = challenge["nonce"]

    def build_digest_header(self, method: str, url: str) -> str | None:
        """The header in UTF-8 (RFC 7616 4), spelled as the Latin-1 text that http.client makes those bytes from."""
        parent: Any = super()
        header: str | None = parent.build_digest_header(method, url)
        return header.encode().decode("latin-1") if header is not None else None

    def handle_401(self, r: Response, **kwargs: Any) -> Response:
        """Answer a fresh challenge (a nonce has become stale); several challenges would mix in requests' parser."""
        if r.status_code == 401:
            chosen = best_digest(split_challenges(challenges_of(r)))
            if chosen is None:
                return r
            r.headers["www-authenticate"] = "Digest " + ", ".join(f'{k}="{v}"' for k, v in chosen.items())
        parent: Any = super()
        answered: Response = parent.handle_401(r, **kwargs)
        return answered


def challenges_of(response: Response) -> list[str]:
    """Every WWW-Authenticate header of an answer, apart; requests joins them with commas."""
    return [str(line) for line in response.raw.headers.getlist("www-authenticate")]


def split_challenges(lines: Iterable[str]) -> list[tuple[str, dict[str, str]]]:
    """(scheme in lower case, parameters) of every challenge in WWW-Authenticate header lines (RFC 9110 11.6.1)."""
    parameters_of: Callable[[str], dict[str, str | None]] = parse_dict_header
    found: list[tuple[str, dict[str, str]]] = []
    for line in lines:
        # Quoted text may hold commas and words that look like a scheme: it is masked while the line is cut.
        masked = _QUOTED.sub(lambda match: "x" * len(match.group()), line)
        starts = [match.end() for match in _SCHEME.finditer(masked)]
        for begin, end in zip(starts, [*starts[1:], len(line)], strict=False):
            scheme, _, rest = line[begin:end].strip(" \t,").partition(" ")
            if scheme:
                pairs = {name.lower(): value for name, value in parameters_of(rest).items() if value is not None}
                found.append((scheme.lower(), pairs))
    return found


def offers_basic(challenges: Iterable[tuple[str, dict[str, str]]]) -> bool:
    """True when the server takes a plain password."""
    return any(scheme == "basic" for scheme, _ in challenges)


def best_digest(challenges: Iterable[tuple[str, dict[str, str]]]) -> dict[str, str] | None:
    """The strongest Digest challenge that can be answered, None when there is none."""
    usable = [
        pairs
        for scheme, pairs in challenges
        if scheme == "digest"
        and "nonce" in pairs
        and "realm" in pairs
        and pairs.get("algorithm", "MD5").upper() in _STRENGTH
        and ("qop" not in pairs or "auth" in [word.strip() for word in pairs["qop"].split(",")])
    ]
    best = max(usable, key=lambda pairs: _STRENGTH[pairs.get("algorithm", "MD5").upper()], default=None)
    if best is not None and "qop" in best:
        # requests looks for "auth" between bare commas.
        best = {**best, "qop": "auth"}
    return best
