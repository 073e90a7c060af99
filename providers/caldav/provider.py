"""The CalDAV adapter: the port's promises, kept with the calls in the modules beside it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
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
from providers.caldav.cursor import Cursor
from providers.caldav.dav import Dav
from providers.caldav.discovery import find, pick
from providers.caldav.names import collection_url
from providers.caldav.reading import Fetched, Listing, changes_since, fetch, list_all, list_first

__all__ = ["CalDavProvider"]

# Every key is lower-case letters and digits; a name of any other shape is none of ours and is not fetched.
_OUR_NAME = re.compile(r"[0-9a-z]{16,64}\.ics")


class CalDavProvider:
    """One CalDAV account.

    Options: `url` (the calendar, the account or just the host), `username`, and `calendar` (display name or last part
    of the path) where the account has several. The password is the secret named like the calendar in the config.
    `pause` waits (seconds) between requests, for servers that want that.
    """

    def __init__(
        self,
        name: str,
        options: Mapping[str, str],
        context: ProviderContext,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._url = options.get("url", "")
        self._username = options.get("username", "")
        self._wanted = options.get("calendar", "")
        self._context = context
        self._pause = pause
        self._client: Dav | None = None
        self._chosen: str | None = None

    def __repr__(self) -> str:
        return f"CalDavProvider({self._name!r})"

    @property
    def capabilities(self) -> Capabilities:
        """Reads and writes; other people's busy times are not asked for."""
        return Capabilities(can_write=True)

    @property
    def requests(self) -> int:
        """Round trips made by this object so far."""
        return self._client.requests if self._client is not None else 0

    def close(self) -> None:
        """Close the connections; the object can be used again."""
        if self._client is not None:
            self._client.close()

    def calendars(self) -> list[CalendarInfo]:
        """Every calendar of the account that takes events."""
        return list(find(self._dav(), self._url).calendars)

    def read(self, calendar: str, window: Span, cursor: str | None) -> Delta:
        """What changed: one request when nothing did."""
        known = Cursor.load(cursor, self._asked(calendar))
        dav = self._dav(known.scheme if known is not None else "")
        before = dav.requests
        if known is not None and window.start >= known.begin:
            try:
                changed, removed, following = self._read_on(dav, known)
            except NotFound:
                # The calendar may have moved; where `url` and `calendar` lead today is what counts.
                self._chosen = None
            else:
                return Delta(changed, removed, following.dump(), complete=False, requests=dav.requests - before)
        resources, following = self._read_all(dav, calendar, window)
        return Delta(resources, (), following.dump(), complete=True, requests=dav.requests - before)

    def expand(
        self,
        calendar: str,  # noqa: ARG002 - the port's signature; iCalendar means the same on every calendar
        resources: Iterable[Resource],
        window: Span,
        zone: ZoneInfo,
    ) -> list[Expanded]:
        """What each resource means in the window, by calsync's own reading of iCalendar."""
        from calsync.ical.read import expand_payloads

        return expand_payloads([(r.name, r.etag, r.payload) for r in resources], window, zone)

    def owned(self, calendar: str) -> list[OwnedSeries]:
        """Our series, found by the shape of their names and confirmed by what stands in them."""
        from calsync.ical.write import read_series

        dav, collection = self._dav(), self._collection(calendar)
        listing = list_all(dav, collection)
        names = [name for name in listing.etags if _OUR_NAME.fullmatch(name)]
        found = (
            read_series(resource.payload, resource.name, resource.etag, self._context.zone)
            for resource in fetch(dav, collection, listing, names).events
        )
        return sorted((series for series in found if series is not None), key=lambda owned: owned.series.key)

    def write(self, calendar: str, writes: Sequence[SeriesWrite]) -> list[Outcome]:
        """Each write by itself, in order; once the server has gone silent the rest is not sent."""
        from providers.caldav.writing import Writer

        if not writes:
            return []
        writer = Writer(self._dav(), self._collection(calendar), self._context.zone)
        return written_in_order(writes, writer.write, lambda: writer.any_done)

    def busy(self, addresses: Sequence[str], window: Span) -> list[BusyAnswer]:  # noqa: ARG002 - nothing is asked
        """CalDAV servers are not asked about other people."""
        return [
            BusyAnswer(address, error="a CalDAV calendar does not tell when others are busy") for address in addresses
        ]

    def people(self) -> list[AccountPerson]:
        """CalDAV knows calendars, not people."""
        return []

    def working_hours(self) -> WorkingWeek | None:
        """The availability that the account keeps for those who invite its owner (RFC 7953), where it keeps one."""
        from calsync.ical.availability import working_week
        from providers.caldav.discovery import availability

        return working_week(availability(self._dav(), self._url), self._context.zone)

    def _read_all(self, dav: Dav, calendar: str, window: Span) -> tuple[tuple[Resource, ...], Cursor]:
        collection = self._collection(calendar)
        listing = list_first(dav, collection)
        fetched = fetch(dav, collection, listing, listing.etags, window.start)
        etags = _etags(listing, fetched)
        every = dav.quirks.relist_every
        following = Cursor(self._asked(calendar), collection, window.start, listing.token, etags, 0, every, dav.scheme)
        return tuple(fetched.events), following

    def _read_on(self, dav: Dav, known: Cursor) -> tuple[tuple[Resource, ...], tuple[str, ...], Cursor]:
        listing, reads = None, known.reads + 1
        if known.token and not (known.every and reads >= known.every):
            listing = changes_since(dav, known.url, known.token)
        if listing is None:
            listing, reads = list_all(dav, known.url), 0
        different = [name for name, etag in listing.etags.items() if not etag or known.etags.get(name) != etag]
        fetched = fetch(dav, known.url, listing, different)
        gone = known.etags.keys() - listing.etags.keys() if listing.whole else known.etags.keys() & listing.gone
        removed = gone | (known.etags.keys() & (fetched.absent | {resource.name for resource in fetched.others}))
        kept = {name: etag for name, etag in known.etags.items() if name not in gone | fetched.absent}
        etags = {**kept, **_etags(listing, fetched)}
        every = dav.quirks.relist_every
        following = replace(
            known, token=listing.token, etags=etags, reads=reads if every else 0, every=every, scheme=dav.scheme
        )
        return tuple(fetched.events), tuple(sorted(removed)), following

    def _collection(self, calendar: str) -> str:
        """The URL of `calendar`, or of the one that the options mean."""
        if calendar:
            try:
                return collection_url(calendar)
            except ValueError as error:
                raise NotFound(f"{self._name}: {calendar!r} is not an address ({error})", "check `url`") from error
        if self._chosen is None:
            dav = self._dav()
            found = find(dav, self._url, all_of_them=bool(self._wanted))
            self._chosen = pick(self._name, found, self._wanted).id
        return self._chosen

    def _asked(self, calendar: str) -> tuple[str, ...]:
        return (self._url, self._username, self._wanted, calendar)

    def _dav(self, scheme: str = "") -> Dav:
        if self._client is None:
            secret = self._context.secret(self._name)
            self._client = Dav(self._name, self._url, self._username, secret, scheme=scheme, pause=self._pause)
        return self._client


def _etags(listing: Listing, fetched: Fetched) -> dict[str, str]:
    """The version of each listed resource: the one that came with its content where it was fetched. A resource that
    is no event keeps its place, so that it is not fetched again every night.
    """
    known = {name: etag for name, etag in listing.etags.items() if name not in fetched.absent}
    known.update((r.name, r.etag) for r in (*fetched.events, *fetched.past, *fetched.others))
    return known
