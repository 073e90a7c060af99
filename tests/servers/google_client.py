"""Clients for the loopback Google account: bare requests, for what a library would not send, and gcsa as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from tests.servers.google import GoogleServer

__all__ = ["Api", "Said", "gcsa_calendar"]

Json = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """One answer: status, headers, and what its JSON says."""

    status: int
    headers: Mapping[str, str]
    json: Any

    @property
    def reason(self) -> str:
        """`errors[0].reason` of an error."""
        return str(self.json["error"]["errors"][0]["reason"])

    @property
    def ids(self) -> list[str]:
        """The ids of a list, in its order."""
        return [item["id"] for item in self.json["items"]]


class Api:
    """Bare calls to one calendar, with a token that is good now. Parameters of a call are those of the API."""

    def __init__(self, server: GoogleServer, calendar: str = "primary") -> None:
        self._server, self._session = server, requests.Session()
        self._session.headers["Authorization"] = f"Bearer {server.token()}"
        self.calendar = calendar

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, **query: Any
    ) -> Said:
        """`path` begins with a slash, or is below the calendar's events."""
        place = path if path.startswith("/") else f"/calendar/v3/calendars/{self.calendar}/events/{path}".rstrip("/")
        said = self._session.request(
            method, self._server.url + place, params=query, json=body, headers=dict(headers or {}), timeout=30
        )
        return Said(said.status_code, said.headers, said.json() if said.content else None)

    def list(self, **query: Any) -> Said:
        """events.list."""
        return self.ask("GET", "", **query)

    def get(self, event: str, **query: Any) -> Said:
        """events.get."""
        return self.ask("GET", event, **query)

    def insert(self, body: Json, **query: Any) -> Said:
        """events.insert."""
        return self.ask("POST", "", body, **query)

    def patch(self, event: str, body: Json, match: str = "", **query: Any) -> Said:
        """events.patch, with If-Match where `match` is given."""
        return self.ask("PATCH", event, body, {"If-Match": match} if match else None, **query)

    def update(self, event: str, body: Json, match: str = "", **query: Any) -> Said:
        """events.update."""
        return self.ask("PUT", event, body, {"If-Match": match} if match else None, **query)

    def delete(self, event: str, match: str = "", **query: Any) -> Said:
        """events.delete."""
        return self.ask("DELETE", event, None, {"If-Match": match} if match else None, **query)


@contextmanager
def gcsa_calendar(server: GoogleServer, credentials: Any = None, calendar: str = "primary") -> Iterator[Any]:
    """gcsa's GoogleCalendar on the server; only the service object under it is made for the loopback address."""
    from gcsa.google_calendar import GoogleCalendar
    from google.oauth2.credentials import Credentials
    from googleapiclient.discovery import build

    credentials = credentials or Credentials(token=server.token())
    found = GoogleCalendar(calendar, credentials=credentials)
    found.service.close()
    found.service = build(
        "calendar",
        "v3",
        credentials=credentials,
        static_discovery=True,
        client_options={"api_endpoint": f"{server.url}/calendar/v3/"},
    )
    try:
        yield found
    finally:
        found.service.close()
