"""Another program's hand on a CalDAV server: the standard library only, so that no fault of our client hides in it."""

from __future__ import annotations

import base64
import http.client
import re
from collections.abc import Mapping
from html import escape
from urllib.parse import quote, unquote, urlsplit

__all__ = ["Hand"]

_HREF = re.compile(rb"<(?:[A-Za-z0-9]+:)?href[^>]*>([^<]+)<")


class Hand:
    """Speaks to one server as `user`; the password is sent with every request when there is a user."""

    def __init__(self, url: str, user: str = "", password: str = "secret") -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}"} if user else {}

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower case) and body of one request on a connection of its own."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=120)
        try:
            connection.request(method, path, body, {**self._headers, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def make_calendar(self, path: str, name: str = "", components: str = "") -> None:
        """MKCALENDAR `path`, with a display name and a set of components where given."""
        kinds = "".join(f'<c:comp name="{kind}"/>' for kind in components.split())
        wanted = (f"<d:displayname>{escape(name)}</d:displayname>" if name else "") + (
            f"<c:supported-calendar-component-set>{kinds}</c:supported-calendar-component-set>" if kinds else ""
        )
        body = (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
            f"<d:set><d:prop>{wanted}</d:prop></d:set></c:mkcalendar>"
        )
        status, _, said = self.ask(
            "MKCALENDAR", path, body.encode() if wanted else None, {"Content-Type": "application/xml"} if wanted else {}
        )
        assert status == 201, (status, said)

    def put(self, collection: str, name: str, data: bytes, content_type: str = "text/calendar; charset=utf-8") -> None:
        """Store `data` as `name`, whatever stands there."""
        status, _, said = self.ask("PUT", collection + quote(name), data, {"Content-Type": content_type})
        assert status in (200, 201, 204), (status, said)

    def get(self, collection: str, name: str) -> bytes:
        """What stands under `name`."""
        status, _, said = self.ask("GET", collection + quote(name))
        assert status == 200, (status, said)
        return said

    def delete(self, collection: str, name: str = "") -> None:
        """Remove `name`, or the collection itself."""
        status, _, said = self.ask("DELETE", collection + quote(name))
        assert status in (200, 204), (status, said)

    def names(self, collection: str) -> list[str]:
        """The names in the collection, sorted."""
        body = b'<?xml version="1.0"?><propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
        status, _, said = self.ask("PROPFIND", collection, body, {"Depth": "1", "Content-Type": "application/xml"})
        assert status == 207, (status, said)
        paths = [urlsplit(href.decode()).path for href in _HREF.findall(said)]
        return sorted(unquote(path.rpartition("/")[2]) for path in paths if not path.endswith("/"))
