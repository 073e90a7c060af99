"""Finds our own series on a calendar: by the key among their marks, then with all their dates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from zoneinfo import ZoneInfo

from calsync.model import Span
from providers.microsoft.blocks import Block, block, sight
from providers.microsoft.errors import NOT_FOUND, Reply
from providers.microsoft.graph import Graph, Part, path, query
from providers.microsoft.mapping import NOT_UNDERSTOOD, Json
from providers.microsoft.marks import KEY, OWN, expand_marks, mark_of

__all__ = [
    "Found",
    "Places",
    "all_rows",
    "event_part",
    "gather",
    "instances_part",
    "key_part",
    "listed",
    "own_part",
    "with_dates",
]

_PAGE = "500"
_FIELDS = (
    "id,type,seriesMasterId,start,end,originalStart,originalStartTimeZone,originalEndTimeZone,subject,showAs,"
    "sensitivity,isAllDay,isCancelled,isOrganizer,hideAttendees,attendees,organizer,responseStatus,location,body"
)
"""What is asked of a date of a series."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a calendar's events are: `calendar` is the calendar itself, `delta` its list of changes, both as paths."""

    calendar: str
    delta: str

    @classmethod
    def of(cls, root: str, place: str) -> Places:
        """Of the calendar with the id `place`, the primary one when it is "" (whose delta is the documented one)."""
        if not place:
            return cls(f"{root}/calendar", f"{root}/calendarView/delta")
        calendar = root + path("calendars", place)
        return cls(calendar, f"{calendar}/calendarView/delta")

    def event(self, name: str) -> str:
        """The path of one event, through its calendar.

        Behind the mailbox alone an id leads to an event in any folder, Deleted Items among them.
        """
        return self.calendar + path("events", name)


@dataclass(slots=True)
class Found:
    """What there is of one of our series: the master, and the stand-ins by home date."""

    key: str
    master: Json | None = None
    stand_ins: dict[date, Json] = field(default_factory=dict)
    instances: list[Json] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The ids of all of it, the master's first."""
        rows = [*([self.master] if self.master is not None else []), *self.stand_ins.values()]
        return [str(row["id"]) for row in rows]

    @property
    def recurs(self) -> bool:
        """True when its dates have to be asked for."""
        return self.master is not None and self.master.get("type") == "seriesMaster"

    def take(self, rows: list[Json] | None) -> None:
        """Its dates; None when it has gone meanwhile."""
        if rows is None:
            self.master = None
        else:
            self.instances = rows

    def block(self, leader: ZoneInfo, year: int) -> Block | None:
        """The series as it stands; None for one whose marks nobody understands, or of which nothing is there."""
        if self.master is None and not self.stand_ins:
            return None
        try:
            return block(self.key, self.master, self.instances, self.stand_ins, leader, sight(year))
        except NOT_UNDERSTOOD:
            return None


def gather(rows: Iterable[Json]) -> dict[str, Found]:
    """Rows with their marks, by key. Of two that were made for the same the later made one counts."""
    found: dict[str, Found] = {}
    for row in sorted(rows, key=_number):
        mark = mark_of(row)
        if mark is None or "singleValueExtendedProperties" not in row:
            continue
        one = found.setdefault(mark.key, Found(mark.key))
        if mark.day is None:
            one.master = row
        else:
            one.stand_ins[mark.day] = row
    return found


def _number(row: Json) -> int:
    mark = mark_of(row)
    return mark.number if mark is not None else 0


def listed(graph: Graph, places: Places) -> Iterator[Json]:
    """Every master and single event on the calendar that has a key."""
    for page in graph.pages(own_part(places).path):
        yield from rows_in(page)


def own_part(places: Places) -> Part:
    """Asks for all of ours at once: every key begins alike."""
    condition = _any(f"startswith(ep/value,'{OWN}')")
    return Part("GET", f"{places.calendar}/events" + query(_filter=condition, _expand=expand_marks(), _top=_PAGE))


def key_part(places: Places, key: str) -> Part:
    """Asks for all that has the key `key`."""
    condition = _any(f"ep/value eq '{key}'")
    return Part("GET", f"{places.calendar}/events" + query(_filter=condition, _expand=expand_marks(), _top=_PAGE))


def event_part(places: Places, name: str, *, marks: bool = False) -> Part:
    """Asks for one event."""
    return Part("GET", places.event(name) + (query(_expand=expand_marks()) if marks else ""))


def instances_part(places: Places, name: str, window: Span) -> Part:
    """Asks for the dates of a series that touch `window`."""
    begin, end = (f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for at in (window.start, window.end))
    options = query(startDateTime=begin, endDateTime=end, _select=_FIELDS, _top=_PAGE)
    return Part("GET", f"{places.event(name)}/instances{options}")


def rows_in(page: Mapping[str, object]) -> list[Json]:
    """The events on a page."""
    found = page.get("value")
    return [row for row in found if isinstance(row, dict) and row.get("id")] if isinstance(found, list) else []


def all_rows(graph: Graph, reply: Reply) -> list[Json] | None:
    """The events of an answer and of the pages behind it; None when what they belong to is gone."""
    if reply.status == NOT_FOUND:
        return None
    if not reply.done:
        raise graph.failure(reply)
    rows = rows_in(reply.body)
    link = reply.body.get("@odata.nextLink")
    for page in graph.pages(str(link)) if link else ():
        rows += rows_in(page)
    return rows


def with_dates(graph: Graph, places: Places, found: Sequence[Found], year: int) -> None:
    """Fetch the dates of each series; one that has gone meanwhile loses its master."""
    recurring = [one for one in found if one.recurs and one.master is not None]
    parts = [instances_part(places, str(one.master["id"]), sight(year)) for one in recurring if one.master is not None]
    for one, reply in zip(recurring, graph.read(parts), strict=True):
        one.take(all_rows(graph, reply))


def _any(condition: str) -> str:
    return f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and {condition})"
