"""The calls to Google's APIs: the service objects, made once, and every answer as JSON or as a `Rejected`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from calsync.errors import Malformed, Unreachable
from calsync.wire import LATER
from providers.google.errors import Rejected
from providers.google.transport import Transport

__all__ = ["EVENT", "EVENTS", "Calls", "Json"]

Json = Mapping[str, Any]

EVENT = (
    "id,status,etag,iCalUID,recurringEventId,originalStartTime,start,end,recurrence,summary,description,location,"
    "transparency,visibility,eventType,attendeesOmitted,guestsCanSeeOtherGuests,organizer(email,displayName,self),"
    "attendees(email,displayName,self,organizer,resource,optional,responseStatus,additionalGuests),"
    "extendedProperties/private"
)
EVENTS = f"nextPageToken,nextSyncToken,timeZone,accessRole,items({EVENT})"
_MOST = 2500
_PAGES = 1000
"""More pages than any calendar has; a server that never comes to an end must not keep a night busy."""


class Calls:
    """Google's services through one transport, for one thread at a time. Making it does no I/O and imports nothing."""

    def __init__(self, name: str, transport: Transport) -> None:
        self.name = name
        self.transport = transport
        self._services: dict[str, Any] = {}
        self._collections: dict[str, Any] = {}

    @property
    def events(self) -> Any:
        """The `events` collection of the Calendar API."""
        return self._collection("events")

    @property
    def freebusy(self) -> Any:
        """The `freebusy` collection of the Calendar API."""
        return self._collection("freebusy")

    @property
    def calendar_list(self) -> Any:
        """The `calendarList` collection of the Calendar API."""
        return self._collection("calendarList")

    @property
    def calendars(self) -> Any:
        """The `calendars` collection of the Calendar API."""
        return self._collection("calendars")

    @property
    def people(self) -> Any:
        """The `people` collection of the People API."""
        return self._collection("people")

    def run(self, request: Any, etag: str = "") -> Json:
        """Carry out one request, only if the event still has `etag` where one is given.

        Raises Rejected for an answer that is no success, Malformed for one that is not JSON, and what Transport
        raises when there is none.
        """
        from googleapiclient.errors import HttpError

        if etag:
            request.headers["If-Match"] = etag
        try:
            said = request.execute(num_retries=0)
        except HttpError as error:
            raise Rejected(error.resp.status, dict(error.resp), error.content) from None
        except ValueError:
            said = None
        if said == "":
            # There is nothing to say of what was deleted.
            return {}
        if not isinstance(said, dict):
            raise Malformed(
                f"{self.name}: what came back from www.googleapis.com is not an answer of Google's",
                "open a web page to see whether this network wants a sign-in of its own",
            )
        return said

    def pages(self, collection: Any, method: str = "list", **asked: Any) -> Iterator[Json]:
        """Every page that a method of a collection gives; a page may be empty and yet not the last one."""
        token = ""
        for _ in range(_PAGES):
            page = self.run(getattr(collection, method)(**asked, **({"pageToken": token} if token else {})))
            yield page
            token = str(page.get("nextPageToken", ""))
            if not token:
                return
        raise Unreachable(f"{self.name}: Google's list has no end", LATER)

    def list_events(self, calendar: str, **asked: Any) -> Iterator[Json]:
        """Every page of events of a calendar: series and exceptions, never single instances of series."""
        return self.pages(
            self.events, calendarId=calendar, singleEvents=False, maxResults=_MOST, fields=EVENTS, **asked
        )

    def _collection(self, name: str) -> Any:
        if name not in self._collections:
            service = self._service(*(("people", "v1") if name == "people" else ("calendar", "v3")))
            self._collections[name] = getattr(service, name)()
        return self._collections[name]

    def _service(self, name: str, version: str) -> Any:
        if name not in self._services:
            # It logs addresses with their queries, and answers that it did not expect.
            logging.getLogger("googleapiclient").setLevel(logging.CRITICAL)
            from googleapiclient.discovery import build

            self._services[name] = build(
                name, version, http=self.transport, static_discovery=True, cache_discovery=False, num_retries=0
            )
        return self._services[name]
