"""What stands on a calendar: everything from a day on, what changed since a token, and single series as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from calsync.ports import Resource
from providers.google.blocks import clock_of, key_of
from providers.google.calls import EVENT, Calls
from providers.google.changes import is_unfinished, owned_of
from providers.google.errors import Rejected
from providers.google.groups import Facts, Group, Json, grouped, is_live, private_of
from providers.google.mapping import resource_of
from providers.google.times import zone_named

__all__ = ["NOT_UNDERSTOOD", "Found", "Reader"]

NOT_UNDERSTOOD = (ValueError, KeyError, TypeError, AttributeError, OverflowError)
"""What the mapping raises for an event that it cannot make sense of."""

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
        for page in self._pages(showDeleted=True, timeMin=f"{begin.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"):
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
        whole = {group.name: self._whole_of(group) for group in series}
        if None in whole.values():
            return None
        for group in groups:
            self._take(found, whole.get(group.name) or group, gone=True)
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
            yield self.whole(group.name, group.uid) if group.recurs else group

    def instances(self, name: str, begin: datetime, end: datetime) -> list[Json]:
        """The single dates of a series that overlap [begin, end), with ids and versions, cancelled ones left out."""
        items: list[Json] = []
        token = ""
        while True:
            request = self.calls.events.instances(
                calendarId=self.calendar,
                eventId=name,
                timeMin=f"{begin.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                timeMax=f"{end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
                maxResults=2500,
                fields=f"nextPageToken,items({EVENT})",
                **({"pageToken": token} if token else {}),
            )
            page = self.calls.run(request)
            items += page.get("items", ())
            token = str(page.get("nextPageToken", ""))
            if not token:
                return items

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
        if master is None or not is_live(master) or not master.get("recurrence") or not key_of(master):
            return group
        try:
            clock = clock_of(master, self.facts)
        except NOT_UNDERSTOOD:
            return group
        if clock is not None and clock.at(clock.first).start - _MOVED >= begin:
            return group
        return self.whole(group.name, group.uid)

    def _whole_of(self, group: Group) -> Group | None:
        """A touched series read anew, None when it cannot be told under which iCalUID it stands."""
        uid = group.uid
        if not uid:
            # Of cancelled exceptions only the ids are sure to be given.
            master = self.get(group.name)
            if master is None:
                return None
            if not is_live(master):
                return Group(group.name, master)
            uid = str(master.get("iCalUID", ""))
        return self.whole(group.name, uid) if uid else None

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


def _ended(group: Group) -> bool:
    return group.master is not None and not is_live(group.master)
