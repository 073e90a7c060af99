"""HTTP for adapters: requests, bounded in bytes and time, with every retry in this one place.

Repeated are requests that are safe to repeat, and those that the server says it did not carry out (429). What is not
safe is sent once: when no answer comes, only a look at the server tells what became of it, and `Unreachable` says so.
No body, no query and no header goes into the log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from calsync.errors import Malformed, Unreachable

if TYPE_CHECKING:
    from requests import Response, Session

__all__ = [
    "LATER",
    "LONGEST_SECONDS",
    "Answer",
    "NoAnswer",
    "Wire",
    "http_date",
    "last_cause",
    "repeated",
    "wait_asked",
    "whole_body",
]

LATER = "check the network; the next run tries again"

_log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10.0
_READ_SECONDS = 60.0
_ANSWER_SECONDS = 300.0
_BODY_BYTES = 64 * 1024 * 1024
_TRIES = 4
_LONGEST_WAIT = 60.0
"""A server that asks for more patience than this is left alone until the next run."""
_TRIES_SECONDS = 240.0
LONGEST_SECONDS = _TRIES_SECONDS + _LONGEST_WAIT + _CONNECT_SECONDS + _ANSWER_SECONDS
"""What one exchange may take with all its retries: the last try may begin when time is all but up, after a wait."""
_BRIEFLY = frozenset({408, 429, 500, 502, 503, 504})
_NOT_DONE = 429
_SKEW = timedelta(minutes=5)
"""OAuth servers refuse what comes from a clock that is farther off (Google's and Microsoft's limit alike)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class NoAnswer(Unreachable):
    """The connection was refused or broke: what a second try may mend at once."""


class _Said(Protocol):
    """What `repeated` looks at in an answer."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


A = TypeVar("A", bound=_Said)


class _Again(Exception, Generic[A]):
    """An answer that asks to come again after so many seconds (None: as one likes)."""

    def __init__(self, answer: A, wait: float | None) -> None:
        super().__init__(answer.status)
        self.answer = answer
        self.wait = wait


def repeated(
    once: Callable[[], A],
    *,
    safe: bool,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    not_done: Callable[[A], bool] = lambda _answer: False,
) -> A:
    """The answer that `once` gives in the end: the one place where calsync tries a request again.

    With `safe` it is tried again when no answer came (NoAnswer) and when the server is briefly away; otherwise only
    when the server says that it did nothing: with 429, or as `not_done` knows. A server that asks for more than a
    minute's patience is not asked again. Raises what `once` raises.
    """
    import stamina
    from stamina.instrumentation import set_on_retry_hooks

    def attempted() -> A:
        answer = once()
        if answer.status == _NOT_DONE or not_done(answer) or (safe and answer.status in _BRIEFLY):
            wait = wait_asked(answer.headers, now())
            if wait is None or wait <= _LONGEST_WAIT:
                raise _Again(answer, wait)
        return answer

    def worth_another(error: Exception) -> bool | float:
        if isinstance(error, _Again):
            return True if error.wait is None else error.wait
        return safe and isinstance(error, NoAnswer)

    # By itself stamina logs each retry as a warning, which lands on stderr.
    set_on_retry_hooks(())
    try:
        for attempt in stamina.retry_context(
            on=worth_another, attempts=_TRIES, timeout=_TRIES_SECONDS, wait_initial=0.5, wait_max=8.0
        ):
            with attempt:
                return attempted()
    except _Again as last:
        last_answer: A = last.answer
        return last_answer
    raise AssertionError("a retry ends with an answer or an error")


class Wire:
    """One connection to one vendor, for one thread at a time. Making it does no I/O.

    `name` stands before every message; `make` gives the requests session (tests: one that leads to loopback);
    `clock` is what the server's Date header is held against. `not_done` says of an answer that the server did
    nothing and wants the request again later; 429 always means that.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Session] | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        not_done: Callable[[Answer], bool] = lambda _answer: False,
    ) -> None:
        self.name = name
        self.requests = 0
        self.skew: timedelta | None = None
        self._make = make
        self._clock = clock
        self._not_done = not_done
        self._session: Session | None = None

    def close(self) -> None:
        """Close the connections; the object can be used again."""
        if self._session is not None:
            self._session.close()
            self._session = None

    @property
    def session(self) -> Session:
        """The requests session, made at first use: what a vendor's own library is given to speak through."""
        if self._session is None:
            import requests

            self._session = requests.Session() if self._make is None else self._make()
            self._session.headers["User-Agent"] = "calsync"
        return self._session

    @property
    def clock_is_off(self) -> str:
        """How far this computer's clock is from the server's, in words; "" when they agree well enough."""
        if self.skew is None or abs(self.skew) <= _SKEW:
            return ""
        minutes = round(abs(self.skew) / timedelta(minutes=1))
        return f"this computer's clock is {minutes} minutes {'fast' if self.skew > timedelta() else 'slow'}"

    def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None, safe: bool
    ) -> Answer:
        """Send one request and give its answer, whatever its status.

        With `safe` it is repeated, within minutes, when no answer came or the server is briefly away; without, only
        when the server says that it did nothing. Raises Unreachable when no answer came, Malformed for an answer
        without end.
        """
        return repeated(
            lambda: self._once(method, url, body, headers or {}), safe=safe, now=self._clock, not_done=self._not_done
        )

    def _once(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        import requests

        self.requests += 1
        try:
            response = self.session.request(
                method,
                url,
                data=body or None,
                headers=dict(headers),
                # As it is: otherwise requests looks into ~/.netrc and puts what it finds in the place of the token.
                auth=lambda prepared: prepared,
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,
                stream=True,
            )
            answer = self._read(response, url)
        except requests.RequestException as error:
            raise self._no_answer(url, error) from error
        _log.debug("%s %s://%s%s: %d", method, *urlsplit(url)[:3], answer.status)
        return answer

    def _read(self, response: Response, url: str) -> Answer:
        body = whole_body(
            response, self._where(url), "try again later; if it stays so, something between here and there is broken"
        )
        answer = Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body, url)
        date = http_date(answer.headers.get("date", ""))
        if date is not None:
            self.skew = self._clock() - date
        return answer

    def _no_answer(self, url: str, error: Exception) -> Unreachable:
        import requests

        where = self._where(url)
        if isinstance(error, requests.exceptions.SSLError):
            return Unreachable(
                f"{where} could not prove who it is: {last_cause(error)}",
                "check this computer's date; behind a company proxy, name its CA file in REQUESTS_CA_BUNDLE",
            )
        if isinstance(error, requests.exceptions.ProxyError):
            return NoAnswer(f"{where} could not be reached through the proxy: {last_cause(error)}", "check HTTPS_PROXY")
        if isinstance(error, requests.Timeout):
            return NoAnswer(f"{where} did not answer in time", LATER)
        return NoAnswer(f"{where} did not answer: {last_cause(error)}", LATER)

    def _where(self, url: str) -> str:
        return f"{self.name}: {urlsplit(url).netloc.rpartition('@')[2]}"


def whole_body(response: Response, where: str, if_too_large: str) -> bytes:
    """The body of an answer asked for with `stream=True`; the response is closed then.

    Raises Malformed for one without end, with `if_too_large` as the next step, Unreachable for one that takes too
    long, and what requests raises when it breaks off.
    """
    parts: list[bytes] = []
    size, until = 0, time.monotonic() + _ANSWER_SECONDS
    with response:
        for part in response.iter_content(65536):
            parts.append(part)
            size += len(part)
            if size > _BODY_BYTES:
                raise Malformed(f"{where} sent more than {_BODY_BYTES // 1024 // 1024} MB in one answer", if_too_large)
            if time.monotonic() > until:
                raise Unreachable(f"{where} took longer than {_ANSWER_SECONDS:.0f} s", LATER)
    return b"".join(parts)


def wait_asked(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds that `Retry-After` asks for (RFC 9110 10.2.3: a number or a date), None when it does not say."""
    said = headers.get("retry-after", "").strip()
    if said.isdecimal():
        return float(said)
    until = http_date(said)
    return None if until is None else max(0.0, (until - now) / timedelta(seconds=1))


def http_date(text: str) -> datetime | None:
    """The instant that a header such as Date names, None for anything else."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def last_cause(error: BaseException) -> str:
    """The innermost reason in words; the outer ones repeat the URL and object addresses."""
    seen: BaseException = error
    while True:
        inner = getattr(seen, "reason", None) or next((a for a in seen.args if isinstance(a, BaseException)), None)
        if not isinstance(inner, BaseException):
            break
        seen = inner
    text = str(seen.args[-1]) if seen.args else type(seen).__name__
    return text.rpartition("object at 0x")[2].partition(": ")[2] or text if "object at 0x" in text else text
