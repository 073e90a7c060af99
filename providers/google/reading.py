"""What stands on a calendar: everything from a day on, what changed since a token, and single series as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from calsync.ports import Resource
from providers.google.blocks import clock_of, dropped_of, key_of
from providers.google.calls import EVENT, Calls
from providers.google.changes import is_unfinished, owned_of
from providers.google.errors import Rejected
from providers.google.groups import Facts, Group, Json, grouped, is_live, merged, private_of
from providers.google.mapping import resource_of
from providers.google.times import zone_named

__all__ = ["NOT_UNDERSTOOD", "Found", "Reader"]

NOT_UNDERSTOOD = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What the mapping raises for an event that it cannot make sense of."""

_DATE = "id,status,etag,recurringEventId,originalStartTime"
_GONE = frozenset({404, 410})
_FORGOTTEN = frozenset({400, 410})
_TOUCHED = 25
"""From so many touched series on, one full read is less work than reading each of them."""
_MOVED = timedelta(days=14)
"""How far before its home an occurrence of a block may lie, with room to spare."""


@dataclass(slots=True)
class Found:
    """What one read brought: resources that are there, names that are not, and lines about what is not understood."""

    resources: list[Resource] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    token: str = ""


class Reader:
    """Reads one calendar. `facts` is what the last list said of it; methods raise Rejected and what Calls raises."""

    def __init__(self, calls: Calls, calendar: str) -> None:
        self.calls = calls
        self.calendar = calendar
        self.facts = Facts()

    def everything(self, begin: datetime) -> Found:
        """All that ends after `begin`."""
        found = Found()
        items: list[Json] = []
        for page in self._pages(showDeleted=True, timeMin=_utc(begin)):
            items += page.get("items", ())
            found.token = str(page.get("nextSyncToken", ""))
        for group in grouped(items):
            self._take(found, self._completed(group, begin) if group.exists else group, gone=False)
        return found

    def since(self, token: str) -> Found | None:
        """What changed since `token`, None when only a full read can tell."""
        found = Found()
        items: list[Json] = []
        try:
            for page in self._pages(showDeleted=True, syncToken=token):
                items += page.get("items", ())
                found.token = str(page.get("nextSyncToken", ""))
        except Rejected as rejected:
            if rejected.status in _FORGOTTEN:
                return None
            raise
        groups = list(grouped(items))
        # A cancelled master takes its exceptions with it, unless we are still invited to single dates.
        series = [group for group in groups if group.recurs and (group.exists or not _ended(group))]
        if len(series) > _TOUCHED:
            return None
        whole = {}
        for group in series:
            one = self._whole_of(group)
            if one is None:
                return None
            whole[group.name] = one
        for group in groups:
            self._take(found, whole.get(group.name, group), gone=True)
        return found

    def get(self, event: str) -> Json | None:
        """One event by its id, deleted ones included, None when there is none."""
        request = self.calls.events.get(calendarId=self.calendar, eventId=event, fields=EVENT)
        try:
            return self.calls.run(request)
        except Rejected as rejected:
            if rejected.status in _GONE:
                return None
            raise

    def whole(self, name: str, uid: str) -> Group:
        """The series `name` with all its exceptions, found by the iCalUID that they share."""
        items = [item for page in self._pages(showDeleted=True, iCalUID=uid) for item in page.get("items", ())]
        return next((group for group in grouped(items) if group.name == name), Group(name, None))

    def gathered(self, group: Group) -> Group:
        """The series of `group`, whole: as a list has it, and where that lags behind, as `group` has it."""
        return self._with_cancelled(merged(group, self.whole(group.name, group.uid)))

    def marked(self, mark: str, value: str) -> Iterator[Group]:
        """The live events of ours with a private property, without their exceptions."""
        items = [
            item
            for page in self._pages(showDeleted=False, privateExtendedProperty=f"{mark}={value}")
            for item in page.get("items", ())
        ]
        for group in grouped(items):
            if group.master is not None and is_live(group.master) and key_of(group.master):
                yield Group(group.name, group.master)

    def blocks(self) -> Iterator[Group]:
        """Every block series, whole."""
        for group in list(self.marked("calsync", "1")):
            yield self.gathered(group) if group.recurs else group

    def instances(self, name: str, begin: datetime, end: datetime) -> list[Json]:
        """The single dates of a series that overlap [begin, end), with ids and versions, cancelled ones left out."""
        return self._dates(name, EVENT, timeMin=_utc(begin), timeMax=_utc(end))

    def _with_cancelled(self, group: Group) -> Group:
        """The group, with all its cancelled dates if it is a block.

        A cancelled date is sure to be given with three fields, and the iCalUID by which a list finds the others is
        none of them. A block must not seem to get its cancelled dates back, so they are asked for by its id: to a
        year that nobody plans yet, and to the last date that calsync itself left out.
        """
        if group.master is None or not _is_block(group.master):
            return group
        # By Google's clock: it has just said what time it is, and this computer's may be wrong.
        now = datetime.now(UTC) - (self.calls.transport.wire.skew or timedelta())
        end = datetime(now.year + 2, 3, 1, tzinfo=UTC)
        for day in dropped_of(group.master):
            end = max(end, datetime(day.year, day.month, day.day, tzinfo=UTC) + _MOVED)
        return merged(Group(group.name, None, tuple(self._cancelled(group.name, end))), group)

    def _cancelled(self, name: str, end: datetime) -> Iterator[Json]:
        """The cancelled dates of a series, from its first one to `end`."""
        try:
            dates = self._dates(name, _DATE, timeMax=_utc(end), showDeleted=True)
        except Rejected as rejected:
            if rejected.status in _GONE:
                return
            raise
        for item in dates:
            if not is_live(item) and item.get("originalStartTime"):
                yield {**item, "recurringEventId": name}

    def _dates(self, name: str, fields: str, **asked: object) -> list[Json]:
        pages = self.calls.pages(
            self.calls.events,
            "instances",
            calendarId=self.calendar,
            eventId=name,
            maxResults=2500,
            fields=f"nextPageToken,items({fields})",
            **asked,
        )
        return [item for page in pages for item in page.get("items", ())]

    def role(self) -> str:
        """What the account is on this calendar: owner, writer, reader, ..."""
        request = self.calls.events.list(calendarId=self.calendar, maxResults=1, fields="accessRole")
        return str(self.calls.run(request).get("accessRole", ""))

    def _pages(self, **asked: object) -> Iterator[Json]:
        for page in self.calls.list_events(self.calendar, **asked):
            self.facts = Facts(zone_named(str(page.get("timeZone", ""))), str(page.get("accessRole", "owner")))
            yield page

    def _completed(self, group: Group, begin: datetime) -> Group:
        """The group as `whole` has it.

        A list from a day on leaves out the exceptions before it. Of other people's series nobody needs them; a block
        is compared with what calsync wrote, to the last date.
        """
        master = group.master
        if master is None or not _is_block(master):
            return group
        try:
            clock = clock_of(master, self.facts)
        except NOT_UNDERSTOOD:
            return group
        if clock is not None and clock.at(clock.first).start - _MOVED >= begin:
            return group
        return self.gathered(group)

    def _whole_of(self, group: Group) -> Group | None:
        """A touched series read anew, None when only a full read can tell how it stands.

        That is so when it cannot be told under which iCalUID it stands, and when the list by that iCalUID lags behind
        what is known already: what it lacks is no sign of anything being gone.
        """
        known = group
        if not known.uid:
            # Of cancelled exceptions only the ids are sure to be given.
            master = self.get(group.name)
            if master is None:
                return None
            if not is_live(master):
                return Group(group.name, master)
            known = Group(group.name, master, group.exceptions)
        if not known.uid:
            return None
        listed = self.whole(known.name, known.uid)
        there = {item["id"] for item in listed.items}
        if any(item["id"] not in there for item in known.items if is_live(item)):
            return None
        return self._with_cancelled(merged(listed, known))

    def _take(self, found: Found, group: Group, *, gone: bool) -> None:
        """Put the group where it belongs; with `gone` also when nothing of it is left."""
        try:
            resource = resource_of(group, self.facts)
        except NOT_UNDERSTOOD as error:
            reason = " ".join(str(error).split())[:100]
            found.warnings.append(f"an event cannot be understood ({group.name}: {reason})")
            return
        unfinished = resource is not None and self._is_unfinished(group)
        if resource is not None and not unfinished:
            found.resources.append(resource)
        elif gone:
            found.removed.append(group.name)

    def _is_unfinished(self, group: Group) -> bool:
        making = group.master is not None and "making" in private_of(group.master)
        return making and is_unfinished(group, owned_of(group, self.facts, self.facts.zone or ZoneInfo("UTC")))


def _is_block(master: Json) -> bool:
    return is_live(master) and bool(master.get("recurrence")) and bool(key_of(master))


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _ended(group: Group) -> bool:
    return group.master is not None and not is_live(group.master)
