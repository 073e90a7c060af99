"""A bare client of the Graph test server, for tests of the server itself: one request, one answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from tests.servers.detour import MICROSOFT_HOSTS, detour
from tests.servers.graph import GraphServer

__all__ = ["WINDOW", "Client", "client_of", "timed", "weekly"]

WINDOW = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2027-02-01T00:00:00Z"


class Client:
    """Speaks to one server, with a token of its own and immutable ids unless told otherwise."""

    def __init__(self, server: GraphServer, *, app_only: bool = False) -> None:
        self.server = server
        self._session = detour(server.url, MICROSOFT_HOSTS)()
        self.headers = {
            "Authorization": f"Bearer {server.issue(app_only=app_only)}",
            "Prefer": 'IdType="ImmutableId"',
        }

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """One request; `path` is what follows /v1.0, or a whole link. A header `if_match` goes out as If-Match."""
        url = path if path.startswith("https://") else f"https://graph.microsoft.com/v1.0{path}"
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._session.request(method, url, json=body, headers={**self.headers, **more}, timeout=30)

    def get(self, path: str, **headers: str) -> Any:
        """The body of a GET that must succeed."""
        answer = self.ask("GET", path, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def made(self, body: dict[str, Any], path: str = "/me/events") -> Any:
        """The event that a POST makes, which must succeed."""
        answer = self.ask("POST", path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def error(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Status and code of a request that must be refused."""
        answer = self.ask(method, path, body, **headers)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["error"]["code"]

    def pages(self, path: str, **headers: str) -> Iterator[Any]:
        """Each page of a list, the last one with its delta link if it is one."""
        while path:
            page = self.get(path, **headers)
            yield page
            path = page.get("@odata.nextLink", "")

    def rows(self, path: str, **headers: str) -> list[Any]:
        """Every row of a list."""
        return [row for page in self.pages(path, **headers) for row in page["value"]]

    def delta(self, link: str = f"/me/calendarView/delta?{WINDOW}", **headers: str) -> tuple[list[Any], str]:
        """The rows of a round, and the link to the next one."""
        pages = list(self.pages(link, **headers))
        return [row for page in pages for row in page["value"]], pages[-1]["@odata.deltaLink"]

    def dates(self, master: str) -> list[Any]:
        """The instances of a series in the window."""
        return self.rows(f"/me/events/{master}/instances?{WINDOW}&$top=100")


@contextmanager
def client_of(server: GraphServer) -> Iterator[Client]:
    """A client of a server that runs until the block ends."""
    with server.running():
        yield Client(server)


def timed(
    day: str, start: str = "10:00", end: str = "11:00", zone: str = "W. Europe Standard Time", **more: Any
) -> Any:
    """The body of an event on one day."""
    times = {name: {"dateTime": f"{day}T{at}:00", "timeZone": zone} for name, at in (("start", start), ("end", end))}
    return {"subject": "Review", **times, **more}


def weekly(first: str = "2026-11-30", span: dict[str, Any] | None = None, **more: Any) -> Any:
    """The body of a series on Mondays at ten in Berlin."""
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"}
    return timed(
        first, recurrence={"pattern": pattern, "range": {"startDate": first, **(span or {"type": "noEnd"})}}, **more
    )
