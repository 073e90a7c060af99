"""An .ics file on the web: asked for with the marks of the last answer, so that it is sent only when it changed."""

from __future__ import annotations

import shlex
import time
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from calsync.errors import Malformed, NotFound, ProviderError, SignInNeeded, Unreachable, UsageError
from calsync.ports import Delta
from providers.ics.cursor import Cursor, parse
from providers.ics.files import content_tag
from providers.ics.parts import compare

if TYPE_CHECKING:
    import requests

__all__ = ["WebCalendar"]

_CONNECT_SECONDS = 10
_SILENCE_SECONDS = 30
_WHOLE_SECONDS = 120
_MOST_BYTES = 200_000_000
_CHUNK = 1 << 16


class WebCalendar:
    """The calendar at one address.

    Raises UsageError when the address cannot be one. Messages name the calendar and the server, never the whole
    address, which may be a secret.
    """

    def __init__(self, name: str, url: str, username: str | None, password: str | None) -> None:
        self._name = name
        plain = url.strip()
        for scheme, real in (("webcal://", "https://"), ("webcals://", "https://")):
            if plain.lower().startswith(scheme):
                plain = real + plain[len(scheme) :]
        try:
            parts = urlsplit(plain)
            server = parts.hostname or ""
            server += f":{parts.port}" if parts.port else ""
        except ValueError as error:
            raise UsageError(
                f"{name}: the address in `url` is none: {error}", "give an http or https address"
            ) from error
        if parts.scheme not in {"http", "https"} or not server:
            raise UsageError(f"{name}: the address in `url` is not http or https", "give an http or https address")
        self._url = plain
        self._where = f"{name}: {parts.scheme}://{server}"
        self._auth = (username, password or "") if username else None

    def read(self, start: datetime, cursor: str | None) -> Delta:
        """What changed since `cursor`, for a window that begins at `start`. One request, and one for each redirection.

        Raises Unreachable, SignInNeeded, NotFound or Malformed.
        """
        known = parse(cursor, self._url, start)
        headers = {"Accept": "text/calendar, */*;q=0.1"}
        if known is not None:
            for header, kept in (("If-None-Match", "etag"), ("If-Modified-Since", "modified")):
                if known.head.get(kept):
                    headers[header] = str(known.head[kept])
        code, answered, data, requests_made = self._get(headers)
        if code == 304 and known is not None and cursor is not None:
            return Delta((), (), cursor, complete=False, requests=requests_made)
        self._require_calendar(code, data)
        tag = content_tag(data)
        head = {"etag": answered.get("ETag", ""), "modified": answered.get("Last-Modified", ""), "tag": tag}
        if known is not None and known.head.get("tag") == tag:
            made = Cursor(known.origin, head, known.body).text(self._url)
            return Delta((), (), made, complete=False, requests=requests_made)
        origin = start if known is None else known.origin
        changed, removed, body = compare(data, self._where, {} if known is None else known.parts(), origin)
        made = Cursor(origin, head, body).text(self._url)
        return Delta(tuple(changed), tuple(removed), made, complete=known is None, requests=requests_made)

    def date(self) -> str:
        """The server's Date header, "" where there is none or no answer; the calendar itself is not read."""
        import requests

        try:
            with requests.get(
                self._url, auth=self._auth, timeout=(_CONNECT_SECONDS, _SILENCE_SECONDS), stream=True
            ) as answer:
                return str(answer.headers.get("Date", ""))
        except (requests.exceptions.RequestException, OSError, ValueError):
            return ""

    def _get(self, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes, int]:
        import requests
        from requests.structures import CaseInsensitiveDict

        deadline = time.monotonic() + _WHOLE_SECONDS
        try:
            with (
                requests.Session() as client,
                client.get(
                    self._url,
                    headers=headers,
                    auth=self._auth,
                    timeout=(_CONNECT_SECONDS, _SILENCE_SECONDS),
                    stream=True,
                ) as answer,
            ):
                data = self._body(answer, deadline)
                found = CaseInsensitiveDict(answer.headers)
                marks = {name: found.get(name, "") for name in ("ETag", "Last-Modified")}
                return answer.status_code, marks, data, 1 + len(answer.history)
        except requests.exceptions.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" not in str(error):
                raise Unreachable(
                    f"{self._where} does not speak https", "check the address: it may be one that begins with http://"
                ) from error
            raise Unreachable(
                f"{self._where} has a certificate that is not trusted", "check the address, or the server's certificate"
            ) from error
        except requests.exceptions.Timeout as error:
            raise Unreachable(f"{self._where} did not answer in time", "run again later") from error
        except (requests.exceptions.RequestException, OSError, ValueError) as error:
            raise Unreachable(
                f"{self._where} could not be read ({type(error).__name__})", "check the network and the address"
            ) from error

    def _body(self, answer: requests.Response, deadline: float) -> bytes:
        pieces: list[bytes] = []
        size = 0
        for piece in answer.iter_content(_CHUNK):
            pieces.append(piece)
            size += len(piece)
            if size > _MOST_BYTES:
                raise Malformed(f"{self._where} sent more than {_MOST_BYTES // 1_000_000} MB", "check the address")
            if time.monotonic() > deadline:
                raise Unreachable(f"{self._where} took more than {_WHOLE_SECONDS} s to answer", "run again later")
        data = b"".join(pieces)
        promised = answer.headers.get("Content-Length", "")
        # requests takes a connection that closes early for the end of the answer.
        whole = answer.status_code != 200 or not promised.isdigit() or answer.headers.get("Content-Encoding")
        if not whole and len(data) != int(promised):
            raise Unreachable(f"{self._where} broke off in the middle of its answer", "run again later")
        return data

    def _require_calendar(self, code: int, data: bytes) -> None:
        trouble: ProviderError | None = None
        if code in {401, 403}:
            trouble = SignInNeeded(
                f"{self._where} refuses the sign-in (HTTP {code})",
                f"run `calsync calendars sign-in {shlex.quote(self._name)}`, and check `url` and `username`",
            )
        elif code in {404, 410}:
            trouble = NotFound(
                f"{self._where} has no calendar at this address (HTTP {code})", "check `url` in the config"
            )
        elif code != 200:
            trouble = Unreachable(f"{self._where} answered HTTP {code}", "run again later")
        elif data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            trouble = Malformed(
                f"{self._where} answered with a web page instead of a calendar",
                "open the address in a browser: it may ask to sign in, or be the page and not the .ics file",
            )
        if trouble is not None:
            raise trouble
