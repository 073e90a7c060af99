"""The Microsoft 365 adapter: the port's promises, kept with the calls in the modules beside it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from calsync.errors import NotFound
from calsync.model import Span
from calsync.ports import (
    AccountPerson,
    BusyAnswer,
    CalendarInfo,
    Capabilities,
    Delta,
    Expanded,
    Outcome,
    OwnedSeries,
    ProviderContext,
    Resource,
    SeriesWrite,
    WorkingWeek,
)
from calsync.wire import Wire
from providers.microsoft.calendars import listed, means_primary, picked
from providers.microsoft.clouds import cloud
from providers.microsoft.cursor import Cursor
from providers.microsoft.errors import Forgotten
from providers.microsoft.graph import Access, Graph

if TYPE_CHECKING:
    from requests import Session

    from providers.microsoft.reading import Reader

__all__ = ["MicrosoftProvider"]

_OWN = re.compile(rb"\r\nUID:([0-9a-z]+)@calsync\r\n")


class MicrosoftProvider:
    """One mailbox of Microsoft 365 or Outlook.com.

    Options: `account`, its address; `calendar`, another of its calendars by id or name; `tenant`, `client` and `cloud`
    for the sign-in. `http` makes the sessions to send with, `pause` waits (seconds), `clock` says what year it is, and
    `access` lets requests in: all of them are for tests.
    """

    def __init__(
        self,
        name: str,
        options: Mapping[str, str],
        context: ProviderContext,
        *,
        http: Callable[[], Session] | None = None,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        access: Access | None = None,
    ) -> None:
        self._name = name
        self._options = options
        self._context = context
        self._http = http
        self._pause = pause
        self._clock = clock
        self._access = access
        self._made: Graph | None = None
        self._chosen: str | None = None
        self._own: dict[str, Mapping[str, Sequence[str]]] = {}

    def __repr__(self) -> str:
        return f"MicrosoftProvider({self._name!r})"

    @property
    def capabilities(self) -> Capabilities:
        """Reads and writes, asks when others are busy, and knows people."""
        return Capabilities(can_write=True, can_ask_busy=True, can_list_people=True)

    @property
    def requests(self) -> int:
        """Round trips made by this object so far, those for tokens left out."""
        return self._made.requests if self._made is not None else 0

    def close(self) -> None:
        """Close the connections; the object can be used again."""
        if self._made is not None:
            self._made.close()

    def calendars(self) -> list[CalendarInfo]:
        """Every calendar of the mailbox."""
        return listed(self._graph)

    def read(self, calendar: str, window: Span, cursor: str | None) -> Delta:
        """What changed: one request when nothing did, and one or two more for what was touched."""
        graph = self._graph
        before = graph.requests
        asked = self._asked(calendar)
        known = Cursor.load(cursor, asked)
        if known is not None and known.window.start <= window.start and window.end <= known.window.end:
            self._choose(calendar, known.place)
            try:
                seen, following = self._reader(known.place).since(known)
            except (Forgotten, NotFound):
                # The calendar may have another id by now; where `calendar` leads today is what counts.
                self._chosen = None
            else:
                self._own[following.place] = following.own
                return Delta(
                    tuple(seen.changed.values()),
                    tuple(sorted(seen.removed)),
                    following.dump(),
                    complete=False,
                    requests=graph.requests - before,
                    warnings=tuple(seen.warnings),
                )
        try:
            seen, following = self._reader(self._place(calendar)).whole(window, asked, known)
        except Forgotten:
            raise graph.expired() from None
        self._own[following.place] = following.own
        return Delta(
            tuple(seen.changed.values()),
            (),
            following.dump(),
            complete=True,
            requests=graph.requests - before,
            warnings=tuple(seen.warnings),
        )

    def expand(
        self,
        calendar: str,  # noqa: ARG002 - the port's signature; the text means the same on every calendar
        resources: Iterable[Resource],
        window: Span,
        zone: ZoneInfo,
    ) -> list[Expanded]:
        """What each resource means in the window, by calsync's own reading of iCalendar."""
        from calsync.ical.read import expand_payloads

        every = list(resources)
        # A block is told from a copy by its name, too; here names are ids that follow from nothing.
        found = expand_payloads([(_alias(one), one.etag, one.payload) for one in every], window, zone)
        return [
            replace(read, name=one.name, owned=replace(read.owned, resource=one.name) if read.owned else None)
            for one, read in zip(every, found, strict=True)
        ]

    def owned(self, calendar: str) -> list[OwnedSeries]:
        """Our series, found by the keys in their marks."""
        return self._reader(self._place(calendar)).owned()

    def write(self, calendar: str, writes: Sequence[SeriesWrite]) -> list[Outcome]:
        """All writes side by side, twenty requests at a time."""
        from providers.microsoft.writing import Writer

        if not writes:
            return []
        place = self._place(calendar)
        # Whatever was read before is old after this.
        known = self._own.pop(place, {})
        return Writer(self._graph, place, self._context.zone, self._year, self._pause, known).write(writes)

    def busy(self, addresses: Sequence[str], window: Span) -> list[BusyAnswer]:
        """When others are busy, twenty at a time."""
        from providers.microsoft.schedule import busy

        return busy(self._graph, addresses, window)

    def people(self) -> list[AccountPerson]:
        """Direct reports, then those whom the account works with."""
        from providers.microsoft.people import people

        return people(self._graph)

    def working_hours(self) -> WorkingWeek | None:
        """What the mailbox has been told, in the zone that goes with it."""
        from providers.microsoft.hours import working_hours

        return working_hours(self._graph, self._context.zone, self._clock())

    @property
    def _graph(self) -> Graph:
        if self._made is None:
            from providers.microsoft.auth import MicrosoftAccess

            wire = Wire(self._name, self._http, clock=self._clock)
            access = self._access or MicrosoftAccess(self._name, self._options, self._context, wire)
            address = cloud(self._options).graph
            self._made = Graph(self._name, self._options["account"], address, wire, access, self._pause)
        return self._made

    @property
    def _year(self) -> int:
        return self._clock().year

    def _reader(self, place: str) -> Reader:
        from providers.microsoft.reading import Reader

        account = self._options["account"].lower()
        mine = (account, *sorted(address.lower() for address in self._context.me if address.lower() != account))
        return Reader(self._graph, place, self._context.zone, mine, self._year)

    def _place(self, calendar: str) -> str:
        """The id of `calendar`, or of the one that the options mean; "" is the primary one."""
        if calendar:
            return calendar
        wanted = self._options.get("calendar", "").strip()
        if means_primary(wanted):
            return ""
        if self._chosen is None:
            self._chosen = picked(self._name, self._options["account"], self.calendars(), wanted)
        return self._chosen

    def _choose(self, calendar: str, place: str) -> None:
        if not calendar:
            self._chosen = place

    def _asked(self, calendar: str) -> tuple[str, ...]:
        account, wanted = self._options["account"].lower(), self._options.get("calendar", "")
        return account, self._options.get("cloud", ""), wanted, calendar


def _alias(one: Resource) -> str:
    """The name by which calsync's reader knows a block; its own for anything else."""
    from providers.microsoft.blocks import name_of

    found = _OWN.search(one.payload)
    return name_of(found[1].decode()) if found else one.name
