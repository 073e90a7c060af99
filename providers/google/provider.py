"""The Google Calendar adapter: the port's promises, kept with the calls in the modules beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from calsync.errors import NotFound
from calsync.inorder import written_in_order
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
from providers.google.calendars import configured_id, listed, named
from providers.google.calls import Calls
from providers.google.cursor import Cursor
from providers.google.errors import Rejected, told
from providers.google.transport import Access, Transport, asks_for_patience

if TYPE_CHECKING:
    from requests import Session

    from providers.google.reading import Found
    from providers.google.writing import Focus

__all__ = ["GoogleProvider"]


class GoogleProvider:
    """One Google account.

    Options: `account`, `calendar` (`primary`, an id, or a name), `event_type` (`focus` or `default`), and what the
    sign-in wants. `http` makes the requests session, `pause` waits (seconds) between tries, `access` lets requests in
    (default: what the account has granted).
    """

    def __init__(
        self,
        name: str,
        options: Mapping[str, str],
        context: ProviderContext,
        *,
        http: Callable[[], Session] | None = None,
        pause: Callable[[float], None] = time.sleep,
        access: Access | None = None,
    ) -> None:
        self._name = name
        self._options = options
        self._account = options.get("account", "")
        self._wanted = options.get("calendar", "")
        self._context = context
        self._wire = Wire(name, http, not_done=asks_for_patience)
        self._pause = pause
        self._access = access
        self._made: Calls | None = None
        self._chosen = ""
        self._focus: Focus | None = None

    def __repr__(self) -> str:
        return f"GoogleProvider({self._name!r})"

    @property
    def capabilities(self) -> Capabilities:
        """Reads, writes, and knows other people and when they are busy."""
        return Capabilities(can_write=True, can_ask_busy=True, can_list_people=True)

    @property
    def requests(self) -> int:
        """Round trips made by this object so far, those for tokens aside."""
        return self._wire.requests

    def close(self) -> None:
        """Close the connections; the object can be used again."""
        self._wire.close()

    def calendars(self) -> list[CalendarInfo]:
        """Every calendar of the account; the configured one where the sign-in does not cover the list."""
        with self._telling():
            return listed(self._calls(), configured_id(self._wanted))

    def read(self, calendar: str, window: Span, cursor: str | None) -> Delta:
        """What changed: one request when nothing did."""
        from providers.google.reading import Reader

        asked = (self._account, self._wanted, calendar)
        known = Cursor.load(cursor, asked)
        before = self._wire.requests
        if known is not None and window.start >= known.begin:
            try:
                with self._telling(known.calendar):
                    found = Reader(self._calls(), known.calendar).since(known.token)
            except NotFound:
                # Another calendar may have its name by now; what the config means today is what counts.
                self._chosen, found = "", None
            if found is not None:
                return self._delta(found, replace(known, token=found.token), before, complete=False)
        chosen = self._calendar(calendar)
        with self._telling(chosen):
            found = Reader(self._calls(), chosen).everything(window.start)
        return self._delta(found, Cursor(asked, chosen, window.start, found.token), before, complete=True)

    def expand(
        self,
        calendar: str,  # noqa: ARG002 - the port's signature; iCalendar means the same on every calendar
        resources: Iterable[Resource],
        window: Span,
        zone: ZoneInfo,
    ) -> list[Expanded]:
        """What each resource means in the window, by calsync's own reading of iCalendar."""
        from calsync.ical.read import expand_payloads
        from providers.google.blocks import key_in

        given = list(resources)
        keys = [key_in(one.name, one.payload) for one in given]
        # Calsync's reader knows its own series by the name of a file.
        named_so = [f"{key}.ics" if key else one.name for key, one in zip(keys, given, strict=True)]
        payloads = [(name, one.etag, one.payload) for name, one in zip(named_so, given, strict=True)]
        return [
            Expanded(
                one.name,
                found.occurrences,
                None if found.owned is None else replace(found.owned, resource=one.name),
            )
            for one, found in zip(given, expand_payloads(payloads, window, zone), strict=True)
        ]

    def owned(self, calendar: str) -> list[OwnedSeries]:
        """Our series, found by the mark in their private properties, each read as a whole."""
        from providers.google.changes import owned_of
        from providers.google.reading import Reader

        chosen = self._calendar(calendar)
        with self._telling(chosen):
            reader = Reader(self._calls(), chosen)
            found = [owned_of(group, reader.facts, self._context.zone) for group in reader.blocks()]
        return sorted((owned for owned in found if owned is not None), key=lambda owned: owned.series.key)

    def write(self, calendar: str, writes: Sequence[SeriesWrite]) -> list[Outcome]:
        """Each write by itself, in order; once the server has gone silent the rest is not sent."""
        if not writes:
            return []
        from providers.google.reading import Reader
        from providers.google.writing import Focus, Writer

        if self._focus is None:
            self._focus = Focus(self._options.get("event_type") == "focus")
        reader = Reader(self._calls(), self._calendar(calendar))
        writer = Writer(reader, self._account, self._context.zone, self._focus, self._pause)
        return written_in_order(writes, writer.write, lambda: writer.any_done, lambda: writer.silent)

    def busy(self, addresses: Sequence[str], window: Span) -> list[BusyAnswer]:
        """When other people are busy, as far as the account may see it."""
        from providers.google.freebusy import ask

        with self._telling("other people's free and busy times"):
            return ask(self._calls(), addresses, window)

    def people(self) -> list[AccountPerson]:
        """The organisation's directory, or the account's contacts."""
        from providers.google.people import known

        with self._telling("its people", "--people"):
            return known(self._calls(), self._context.me | {self._account.lower()})

    def working_hours(self) -> WorkingWeek | None:
        """What Google Workspace has been told; only of a sign-in that covers the calendar's own settings."""
        from providers.google.hours import working_hours

        with self._telling("its working hours"):
            return working_hours(self._calls())

    @contextmanager
    def _telling(self, what: str = "", *options: str) -> Iterator[None]:
        """Google's refusals about `what` come out as the port's errors; `options` are those of a wider sign-in."""
        try:
            yield
        except Rejected as rejected:
            raise told(rejected, self._wire, self._account, what, *options) from None

    def _delta(self, found: Found, cursor: Cursor, before: int, *, complete: bool) -> Delta:
        return Delta(
            tuple(found.resources),
            tuple(found.removed),
            cursor.dump(),
            complete,
            self._wire.requests - before,
            tuple(found.warnings),
        )

    def _calendar(self, calendar: str) -> str:
        """The id of `calendar`, or of the one that the options mean."""
        if calendar:
            return calendar
        if not self._chosen:
            self._chosen = configured_id(self._wanted)
        if not self._chosen:
            with self._telling("its list of calendars"):
                self._chosen = named(self._calls(), self._wanted)
        return self._chosen

    def _calls(self) -> Calls:
        if self._made is None:
            access = self._access
            if access is None:
                from providers.google.auth import GoogleAccess

                access = GoogleAccess(self._name, self._options, self._context, self._wire)
            self._made = Calls(self._name, Transport(self._wire, access))
        return self._made
