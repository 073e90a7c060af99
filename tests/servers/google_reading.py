"""events.list, events.get and events.instances: filters, pages, sync tokens, and series expanded where asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.servers.google_errors import ApiError, bad_request, gone_sync_token, not_found
from tests.servers.google_showing import shown_event
from tests.servers.google_store import Calendar, Entry, is_instance, is_live
from tests.servers.google_times import MANY, Series, instant, moment, stamp

if TYPE_CHECKING:
    from tests.servers.google import GoogleServer

__all__ = ["Listings"]

Json = dict[str, Any]
Query = Mapping[str, Sequence[str]]
_NOT_WITH_TOKEN = (
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
)
"""Discovery document, events.list syncToken: what "cannot be specified together" with it."""
_NO_TOKEN_AFTER = ("iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "updatedMin")
_FREE = ("fields", "maxResults", "pageToken", "syncToken", "alt", "prettyPrint", "key", "quotaUser", "userIp")
_DEFAULTS = {"showDeleted": "false", "singleEvents": "false", "showHiddenInvitations": "false"}


@dataclass(frozen=True)
class _Token:
    calendar: str
    at: int
    asked: Mapping[str, tuple[str, ...]]


@dataclass
class _Page:
    rows: list[Json]
    place: int
    calendar: str
    asked: Mapping[str, tuple[str, ...]]
    token_at: int | None


@dataclass
class _Ask:
    """One request, read: what it wants, and of which calendar."""

    calendar: Calendar
    role: str
    query: Query

    def one(self, name: str, default: str = "") -> str:
        return self.query[name][0] if self.query.get(name) else default

    def yes(self, name: str) -> bool:
        return self.one(name) == "true"

    def time(self, name: str) -> datetime | None:
        """An RFC 3339 time "with mandatory time zone offset" (discovery document, events.list timeMin)."""
        text = self.one(name)
        if not text:
            return None
        try:
            at = datetime.fromisoformat(text.replace(" ", "+"))
        except ValueError:
            raise bad_request("Bad Request", "badRequest", name) from None
        if at.tzinfo is None:
            raise bad_request("Bad Request", "badRequest", name)
        return at.astimezone(UTC).replace(microsecond=0)

    def asked(self, without: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
        """What must be the same in the requests that follow."""
        return {
            name: tuple(values)
            for name, values in sorted(self.query.items())
            if name not in (*_FREE, *without) and list(values) != [_DEFAULTS.get(name)]
        }


class Listings:
    """Reads for one account; keeps the page and sync tokens that it gave out."""

    def __init__(self, server: GoogleServer) -> None:
        self._server, self._store = server, server.store
        self._tokens: dict[str, _Token] = {}
        self._forgotten: set[str] = set()
        self._pages: dict[str, _Page] = {}

    def forget(self) -> None:
        """Every sync token given out so far has expired."""
        self._forgotten.update(self._tokens)

    def get(self, calendar: Calendar, role: str, event: str, query: Query) -> Json:
        """events.get: deleted ones too ("The get method always returns them", discovery document, Event.status)."""
        ask = _Ask(calendar, role, query)
        found = self._store.find(calendar, event)
        if found is None:
            raise not_found()
        return self._show(ask, found)

    def list(self, calendar: Calendar, role: str, query: Query, *, empty_first: bool = False) -> Json:
        """events.list."""
        ask = _Ask(calendar, role, query)
        if ask.one("pageToken"):
            return self._answer(ask, self._page(ask))
        if ask.one("syncToken"):
            page = self._delta(ask)
        else:
            rows = self._rows(ask)
            token_at = None if any(name in query for name in _NO_TOKEN_AFTER) else self._store.changes
            page = _Page(rows, 0, calendar.id, ask.asked(), token_at)
        return self._answer(ask, page, empty_first=empty_first)

    def instances(self, calendar: Calendar, role: str, event: str, query: Query) -> Json:
        """events.instances: no sync token, and no end but `timeMax` and the horizon."""
        ask = _Ask(calendar, role, query)
        if ask.one("pageToken"):
            return self._answer(ask, self._page(ask))
        master = self._store.find(calendar, self._store.master_of(event) or event)
        if master is None or (not is_live(master.body) and not ask.yes("showDeleted")):
            raise not_found()
        begin, end = _range(ask)
        found = self._expanded(calendar, master, begin, end, deleted=ask.yes("showDeleted"))
        if ask.one("originalStart"):
            wanted = ask.time("originalStart") if "T" in ask.one("originalStart") else None
            key = f"{wanted:%Y%m%dT%H%M%SZ}" if wanted else ask.one("originalStart").replace("-", "")
            found = [one for one in found if one.body["id"].endswith("_" + key)]
        rows = [self._show(ask, one) for one in sorted(found, key=lambda one: _begins(one, calendar.zone))]
        return self._answer(ask, _Page(rows, 0, calendar.id, ask.asked(), None))

    # --- pages and tokens ---

    def _page(self, ask: _Ask) -> _Page:
        page = self._pages.get(ask.one("pageToken"))
        if page is None or page.calendar != ask.calendar.id or page.asked != ask.asked():
            raise bad_request("Invalid page token value.", "invalid", "pageToken")
        return page

    def _delta(self, ask: _Ask) -> _Page:
        token = self._tokens.get(ask.one("syncToken"))
        for name in _NOT_WITH_TOKEN:
            if name in ask.query:
                message = f"Sync token cannot be used with query restrictions: {name}"
                raise bad_request(message, "badRequest", name)
        if ask.one("showDeleted") == "false":
            raise bad_request("Sync token cannot be used with showDeleted=false", "badRequest", "showDeleted")
        if token is None or token.calendar != ask.calendar.id:
            raise bad_request("Invalid sync token value.", "invalid", "syncToken")
        if ask.one("syncToken") in self._forgotten:
            raise gone_sync_token()
        if ask.asked() != token.asked:
            # "All other query parameters should be the same as for the initial synchronization to avoid undefined
            # behavior" (discovery document): here the undefined is an error, so that a test sees it.
            raise bad_request("Sync token was made with other parameters.", "badRequest", "syncToken")
        return _Page(self._changed(ask, token.at), 0, ask.calendar.id, token.asked, self._store.changes)

    def _answer(self, ask: _Ask, page: _Page, *, empty_first: bool = False) -> Json:
        """One page of it.

        "The number of events in the resulting page may be less than this value, or none at all, even if there are
        more events"; nextSyncToken "omitted if further results are available" (discovery document).
        """
        wanted = min(int(ask.one("maxResults", "250")), 2500)
        size = min(wanted, self._server.page_size or wanted)
        if empty_first or (self._server.empty_pages and page.place == 0 and not ask.one("pageToken")):
            size = 0
        items = page.rows[page.place : page.place + size]
        calendar = ask.calendar
        answer: Json = {
            "kind": "calendar#events",
            "etag": f'"p{self._store.changes}"',
            "summary": calendar.summary,
            "description": "",
            "updated": self._store.stamped(),
            "timeZone": ask.one("timeZone", calendar.timezone),
            "accessRole": ask.role,
            "defaultReminders": calendar.default_reminders,
            "items": items,
        }
        place = page.place + size
        if place < len(page.rows) or size == 0:
            token = f"CkAK+{len(self._pages)}/ZGQ="
            self._pages[token] = _Page(page.rows, place, page.calendar, page.asked, page.token_at)
            answer["nextPageToken"] = token
        elif page.token_at is not None:
            token = f"CPj+{len(self._tokens)}/MoDEA=="
            fixed = {name: values for name, values in page.asked.items() if name not in _NOT_WITH_TOKEN}
            self._tokens[token] = _Token(page.calendar, page.token_at, fixed)
            answer["nextSyncToken"] = token
        return answer

    # --- which events ---

    def _show(self, ask: _Ask, entry: Entry, *, details: bool = True) -> Json:
        many = int(ask.one("maxAttendees", "0"))
        zone = ask.one("timeZone")
        return shown_event(entry.body, entry.at, ask.calendar, ask.role, zone=zone, max_attendees=many, details=details)

    def _rows(self, ask: _Ask) -> list[Json]:
        calendar, deleted = ask.calendar, ask.yes("showDeleted") or "updatedMin" in ask.query
        begin, end = _range(ask)
        found: list[Entry] = []
        if ask.yes("singleEvents"):
            for entry in calendar.masters():
                found += self._expanded(calendar, entry, begin, end, deleted=deleted)
        else:
            if ask.one("orderBy") == "startTime":
                # "startTime: ... only available when the query parameter singleEvents is True" (reference).
                raise bad_request("The requested ordering is not available for the particular query.", "invalid")
            found = [e for e in self._collapsed(calendar, deleted=deleted) if self._touches(calendar, e, begin, end)]
        found = [entry for entry in found if self._wanted(ask, entry)]
        order = {
            "startTime": lambda one: (_begins(one, calendar.zone), one.body["id"]),
            "updated": lambda one: (one.body["updated"], one.at, one.body["id"]),
        }.get(ask.one("orderBy"), lambda one: (one.at, one.body["id"]))
        return [self._show(ask, one) for one in sorted(found, key=order)]

    def _changed(self, ask: _Ask, since: int) -> list[Json]:
        """Everything that changed after `since`, deleted or not, wherever in time it lies."""
        calendar = ask.calendar
        found = [entry for entry in calendar.entries.values() if entry.at > since]
        if ask.yes("singleEvents"):
            # Touching a series delivers each of its instances, with no upper bound (garrytan/gbrain#5015).
            singles = [e for e in found if is_instance(e.body) or not e.body.get("recurrence")]
            taken = {e.body["id"] for e in singles}
            for entry in found:
                if entry.body.get("recurrence") and not is_instance(entry.body):
                    instances = self._expanded(calendar, entry, None, None, deleted=True)
                    singles += [one for one in instances if one.body["id"] not in taken]
            found = singles
        types = ask.query.get("eventTypes")
        rows = [entry for entry in found if not types or entry.body.get("eventType", "default") in types]
        details = ask.yes("showDeleted")
        return [self._show(ask, e, details=details) for e in sorted(rows, key=lambda e: (e.at, e.body["id"]))]

    def _collapsed(self, calendar: Calendar, *, deleted: bool) -> Iterator[Entry]:
        """Series, singles and exceptions.

        "Cancelled instances of recurring events (but not the underlying recurring event) will still be included if
        showDeleted and singleEvents are both False" (discovery document, showDeleted).
        """
        for entry in calendar.entries.values():
            if is_instance(entry.body):
                if deleted or not entry.orphan:
                    yield entry
            elif deleted or is_live(entry.body):
                yield entry

    def _touches(self, calendar: Calendar, entry: Entry, begin: datetime | None, end: datetime | None) -> bool:
        """In the range by its own time, a cancelled exception by its original one; a series by any of its instances."""
        if begin is None and end is None:
            return True
        body, zone = entry.body, calendar.zone
        if not is_instance(body) and body.get("recurrence"):
            own = [one.body for one in calendar.exceptions(body["id"])]
            replaced = {one["id"].rpartition("_")[2] for one in own}
            if any(is_live(one) and _overlaps(one, zone, begin, end) for one in own):
                return True
            return Series(body, zone).touches(begin, end, replaced)
        return _overlaps(body, zone, begin, end)

    def _expanded(
        self, calendar: Calendar, entry: Entry, begin: datetime | None, end: datetime | None, *, deleted: bool
    ) -> list[Entry]:
        """The instances of a series in a range, or the single event itself."""
        body, zone = entry.body, calendar.zone
        if not body.get("recurrence"):
            shown = (deleted or is_live(body)) and _overlaps(body, zone, begin, end)
            return [entry] if shown else []
        if not is_live(body) and not deleted:
            return []
        series = Series(body, zone)
        own = calendar.exceptions(body["id"])
        replaced = {one.body["id"].rpartition("_")[2] for one in own}
        found = [one for one in own if (deleted or is_live(one.body)) and _overlaps(one.body, zone, begin, end)]
        early = None if begin is None else begin - series.length - timedelta(days=1)
        starts = series.starts(early, end)
        for at in starts if end is not None else islice(starts, MANY):
            if stamp(at) not in replaced:
                made = Entry(self._store.instance(body, series, at), entry.at)
                if _overlaps(made.body, zone, begin, end):
                    found.append(made)
        return found

    def _is_of(self, body: Json, uid: str) -> bool:
        """Found by that iCalUID.

        Of cancelled exceptions only "the id, recurringEventId and originalStartTime" are guaranteed (discovery
        document, Event.status): unless `cancelled_dates_have_uid`, they have no iCalUID to be found by.
        """
        if self._server.lists_lag or body.get("iCalUID") != uid:
            return False
        return self._server.cancelled_dates_have_uid or is_live(body) or not is_instance(body)

    def _wanted(self, ask: _Ask, entry: Entry) -> bool:
        body = entry.body
        if ask.one("iCalUID") and not self._is_of(body, ask.one("iCalUID")):
            return False
        types = ask.query.get("eventTypes")
        if types and body.get("eventType", "default") not in types:
            return False
        since = ask.time("updatedMin")
        if since is not None and datetime.fromisoformat(body["updated"]) < since:
            return False
        for kind in ("private", "shared"):
            properties = body.get("extendedProperties", {}).get(kind, {})
            for constraint in ask.query.get(f"{kind}ExtendedProperty", ()):
                # "propertyName=value ... to return events that match all given constraints" (discovery document).
                name, equals, value = constraint.partition("=")
                if not equals or not name:
                    raise bad_request("Invalid Value", "invalid", f"{kind}ExtendedProperty")
                if properties.get(name) != value:
                    return False
        words = ask.one("q").lower().split()
        text = " ".join(str(body.get(key, "")) for key in ("summary", "description", "location")).lower()
        return all(word in text for word in words)


def _range(ask: _Ask) -> tuple[datetime | None, datetime | None]:
    begin, end = ask.time("timeMin"), ask.time("timeMax")
    if begin is not None and end is not None and end <= begin:
        # "If timeMin is set, timeMax must be greater than timeMin"; the reason is that of the error guide.
        raise ApiError(
            400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar", location="timeMax"
        )
    return begin, end


def _overlaps(body: Json, zone: ZoneInfo, begin: datetime | None, end: datetime | None) -> bool:
    """ "Lower bound (exclusive) for an event's end time", "upper bound (exclusive) for an event's start time"."""
    first = moment(body.get("start") or body["originalStartTime"])
    last = moment(body.get("end") or body["originalStartTime"])
    return (begin is None or instant(last, zone) > begin) and (end is None or instant(first, zone) < end)


def _begins(entry: Entry, zone: ZoneInfo) -> datetime:
    return instant(moment(entry.body.get("start") or entry.body["originalStartTime"]), zone)
