"""A small WebDAV client on requests: one method a request kind, one place for each danger.

The dangers: credentials for one host shown to another (every URL passes `_check_host`), a write sent twice (only
GET, PROPFIND and REPORT are ever repeated), an answer without end (bounded in bytes and in time), a login page taken
for a calendar (`Malformed`), and a status that means one thing here and another there (`error_for`, and only there).
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from calsync.errors import Malformed, NotFound, ProviderError, SignInNeeded, Unreachable
from calsync.wire import NoAnswer, last_cause, repeated, whole_body
from providers.caldav.names import origin
from providers.caldav.quirks import Quirks, quirks_for
from providers.caldav.xml import DAV, MultiStatus, parse_multistatus, preconditions, propfind_body

if TYPE_CHECKING:
    from requests import Response, Session
    from requests.auth import AuthBase

__all__ = ["Answer", "Dav", "error_for"]

_CONNECT_SECONDS = 10.0
# A small server that has to index a calendar of years first takes its time.
_READ_SECONDS = 120.0
_REDIRECTS = 5
_SAFE = frozenset({"GET", "PROPFIND", "REPORT", "OPTIONS"})
_AWAY = frozenset({429, 502, 503, 504})
_XML = "application/xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer: `url` is where it came from after redirects, `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def conditions(self) -> frozenset[str]:
        """The preconditions that an error body names."""
        return preconditions(self.body)

    @property
    def is_about_rights(self) -> bool:
        """True when it was refused because of who asks, and not because of what was asked."""
        return self.status == 403 and self.conditions <= {f"{DAV}need-privileges"}

    @property
    def line(self) -> str:
        """The status and the first words of the body, for a message."""
        words = " ".join(self.body[:4000].decode("utf-8", "replace").split())
        if words.startswith("<"):
            words = _message_in(words) or ", ".join(sorted(tag.rpartition("}")[2] for tag in self.conditions))
        return f"{self.status} {words[:160]}".rstrip()


class Dav:
    """One account on one server. Not for two threads at a time. Making it does no I/O.

    `name` is the calendar's name in the config and stands before every message; `base` the configured URL, the only
    host that is spoken to; `scheme` the authentication that the server asked for last time, "" when not known.
    """

    def __init__(
        self,
        name: str,
        base: str,
        username: str,
        password: str | None,
        *,
        scheme: str = "",
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self.base = base
        self.requests = 0
        self.scheme = scheme
        self.date = ""
        """The Date header of the last answer."""
        self._username = username
        self._password = password
        self._pause = pause
        try:
            self._quirks = quirks_for(base)
        except ValueError as error:
            raise NotFound(f"{name}: {base!r} is not an address ({error})", "check `url`") from error
        self._session: Session | None = None
        self._auth: AuthBase | None = None

    def __repr__(self) -> str:
        return f"Dav({self.name!r}, {self.base!r})"

    @property
    def quirks(self) -> Quirks:
        """What is known of this server so far."""
        return self._quirks

    @property
    def can_sign_in(self) -> bool:
        """True when there is a name and a password that were not shown yet."""
        return bool(self._username) and self._password is not None and not self.scheme

    def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def show_basic(self) -> None:
        """Send the password with the next request, to a server that lets anybody look but knows nobody by itself."""
        from providers.caldav.auth import basic

        self._auth, self.scheme = basic(self._username, self._password or ""), "basic"

    def propfind(self, url: str, properties: tuple[str, ...], depth: int) -> tuple[MultiStatus, str]:
        """The properties of `url` (and of its members with depth 1), and the URL that answered."""
        answer = self.send("PROPFIND", url, propfind_body(properties), {"Depth": str(depth)})
        return self.multistatus(answer), answer.url

    def report(self, url: str, body: bytes, depth: int) -> Answer:
        """The answer to a REPORT, whatever its status."""
        return self.send("REPORT", url, body, {"Depth": str(depth)})

    def multistatus(self, answer: Answer) -> MultiStatus:
        """What a 207 says; any other status is raised as its error."""
        if answer.status != 207:
            if 200 <= answer.status < 300:
                raise Malformed(
                    f"{self._where(answer.url)} answered with {_kind(answer)}, not with calendar data",
                    "check that `url` is the CalDAV address, not the address of the web page",
                )
            raise self.error(answer)
        try:
            return parse_multistatus(answer.body)
        except ValueError as error:
            raise Malformed(
                f"{self._where(answer.url)} sent an answer that cannot be read ({error})",
                "try again later; if it stays so, the server or something in between is broken",
            ) from error

    def error(self, answer: Answer) -> ProviderError:
        """The error that an answer's status stands for, with this server's own advice in it."""
        return error_for(self.name, answer, self._quirks.password_hint)

    def send(self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Send one request and give its answer, whatever its status, except that 401 is raised as SignInNeeded.

        GET, PROPFIND and REPORT are tried again when the server is briefly away, anything else only when the server
        says that it did nothing (429). What then still cannot be answered is given as it is, except that for the three
        it is raised as Unreachable. Raises Unreachable when no answer came, NotFound when the server points at another
        host.
        """
        safe = method in _SAFE
        answer = repeated(lambda: self._follow(method, url, body, headers or {}), safe=safe)
        if safe and answer.status in _AWAY:
            raise self.error(answer)
        return answer

    def _follow(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One request with its redirects, which keep method and body (requests would turn some into a GET)."""
        for _ in range(_REDIRECTS + 1):
            self._check_host(url)
            answer = self._challenge(method, url, body, headers)
            target = answer.headers.get("location", "")
            if answer.status not in (301, 302, 303, 307, 308) or not target:
                return answer
            url = urljoin(url, target)
        raise NotFound(f"{self._where(url)} redirects without end", "check `url`")

    def _challenge(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One request, answered with the password when the server asks for one."""
        from providers.caldav import auth

        remembered = self._auth is None and self.scheme == "basic" and bool(self._username) and bool(self._password)
        if remembered:
            self.show_basic()
        elif self._auth is None:
            self._auth = auth.NoCredentials()
        response = self._transmit(method, url, body, headers)
        challenges = auth.split_challenges(auth.challenges_of(response)) if response.status_code == 401 else []
        # A server that took the password itself last night may want Digest tonight.
        changed = remembered and not auth.offers_basic(challenges)
        if response.status_code == 401 and (changed or isinstance(self._auth, auth.NoCredentials)):
            response.close()
            if not self._username or self._password is None:
                missing = "no password is kept for it" if self._username else "no `username` is given for it"
                raise SignInNeeded(f"{self._where(url)} asks for a password, and {missing}", self._sign_in())
            digest = auth.best_digest(challenges)
            if digest is not None:
                self._auth, self.scheme = auth.Digest(self._username, self._password, digest), "digest"
            elif auth.offers_basic(challenges):
                self.show_basic()
            else:
                offered = ", ".join(sorted({scheme for scheme, _ in challenges})) or "nothing"
                raise SignInNeeded(
                    f"{self._where(url)} takes neither Basic nor Digest authentication, only {offered}",
                    "use an address of the server that takes a password, or another provider kind",
                )
            response = self._transmit(method, url, body, headers)
        answer = self._read(response, url)
        if answer.status == 401:
            raise self.error(answer)
        return answer

    def _transmit(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Response:
        import requests

        if self._session is None:
            from http.cookiejar import DefaultCookiePolicy

            session = requests.Session()
            # Nothing of one request is carried into the next but the connection.
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            session.headers["User-Agent"] = "calsync"
            self._session = session
        if self._quirks.pause and self.requests:
            self._pause(self._quirks.pause)
        self.requests += 1
        sent = {**({"Content-Type": _XML} if body else {}), **headers}
        try:
            response = self._session.request(
                method,
                url,
                data=body or None,
                headers=sent,
                auth=self._auth,
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            raise self._no_answer(url, error) from error
        except ValueError as error:
            # requests looks at the target of a redirect even when it is not to follow it.
            raise NotFound(
                f"{self._where(url)} redirects to something that is no address ({error})", "check `url`"
            ) from error
        self.requests += len(response.history)
        return response

    def _read(self, response: Response, url: str) -> Answer:
        """The whole answer, unless it is too large or too slow."""
        import requests

        too_large = "check `url`; if the calendar really is that large, split it on the server"
        try:
            body = whole_body(response, self._where(url), too_large)
        except requests.RequestException as error:
            raise self._no_answer(url, error) from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        self.date = headers.get("date", "")
        if self._quirks.product == "unknown server":
            self._quirks = quirks_for(url, headers)
        return Answer(response.status_code, headers, body, url)

    def _check_host(self, url: str) -> None:
        """Let through the configured host alone, its own step up to https, and a service's account hosts."""
        try:
            here, there = origin(self.base), origin(url)
        except ValueError as error:
            raise NotFound(f"{self.name}: {url!r} is not an address ({error})", "check `url`") from error
        if there[0] not in ("http", "https") or not there[1]:
            raise NotFound(f"{self.name}: {url!r} is not an http or https address", "check `url`")
        same_host = there[1] == here[1]
        if there == here or (same_host and here[0] == "http" and there[0] == "https"):
            return
        family = self._quirks.account_hosts
        if family and there[0] == "https" and (there[1] == family or there[1].endswith("." + family)):
            return
        if same_host and here[0] == "https" and there[0] == "http":
            raise Unreachable(
                f"{self._where(url)} redirects from https to http, where the password could be read on the way",
                "tell whoever runs the server; calsync does not follow",
            )
        shown = f"{there[0]}://{urlsplit(url).netloc.rpartition('@')[2]}"
        raise NotFound(
            f"{self.name}: {here[1]} points at {shown}, and the password is not sent to another host",
            f"if you trust {shown}, put it into `url`",
        )

    def _no_answer(self, url: str, error: Exception) -> ProviderError:
        import requests

        where = self._where(url)
        if isinstance(error, requests.exceptions.SSLError):
            return Unreachable(
                f"{where} could not prove who it is: {last_cause(error)}",
                "check the host in `url`; for a certificate of your own, name its CA file in REQUESTS_CA_BUNDLE",
            )
        if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
            return NotFound(f"{self.name}: {url!r} is not an address", "check `url`")
        if isinstance(error, requests.Timeout):
            return Unreachable(f"{where} did not answer in time", _LATER)
        return NoAnswer(f"{where} did not answer: {last_cause(error)}", _LATER)

    def _where(self, url: str) -> str:
        return f"{self.name}: {urlsplit(url).netloc.rpartition('@')[2]}"

    def _sign_in(self) -> str:
        return _sign_in_step(self.name, self._quirks.password_hint)


_LATER = "check the network and the server; the next run tries again"


def error_for(name: str, answer: Answer, hint: str = "") -> ProviderError:
    """The error for an answer that is not a success; the one place where a status gets its meaning."""
    where = f"{name}: {urlsplit(answer.url).netloc}"
    status = answer.status
    if status == 401:
        return SignInNeeded(f"{where} refuses the user name or the password", _sign_in_step(name, hint))
    if answer.is_about_rights:
        return SignInNeeded(
            f"{where} does not let this user in there ({answer.line})",
            f"check `url` and `username`, or {_sign_in_step(name, hint)}",
        )
    if status in (404, 410):
        return NotFound(f"{name}: there is no {answer.url}", f"`calsync calendars` lists what {name} has; check `url`")
    if status >= 500 or status in (408, 425, 429):
        return Unreachable(f"{where} cannot answer now ({answer.line})", _LATER)
    return Malformed(f"{where} answered {answer.line}", "check that `url` is a CalDAV address")


def _sign_in_step(name: str, hint: str) -> str:
    return f"run `calsync calendars sign-in {shlex.quote(name)}`" + (f" ({hint})" if hint else "")


def _kind(answer: Answer) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip()
    return "a web page" if kind == "text/html" else kind or "something without a type"


def _message_in(text: str) -> str:
    """The message that SabreDAV puts into its error bodies, "" when there is none."""
    rest = text.partition("<s:message>")[2]
    return rest.partition("</s:message>")[0]
