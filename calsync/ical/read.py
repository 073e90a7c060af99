"""Reads resources: what each means in a window of time, expanded by recurring-ical-events, as values of the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from calsync.errors import Malformed
from calsync.ical import lexical
from calsync.ical.details import Details, DetailsReader
from calsync.ical.marks import UID_SUFFIX
from calsync.ical.own import read_series
from calsync.ical.plain import NOT_UNDERSTOOD, Component, parse_events, parse_single
from calsync.ical.rules import near
from calsync.ical.slim import Slim, date_lines, named_zones, slim, zone_of
from calsync.ical.tzids import Zone, ZoneFinder
from calsync.model import Event, Occurrence, Span, Status, at_wall_clock
from calsync.ports import Expanded

__all__ = ["expand_each", "expand_payloads"]

Payload = tuple[str, str, bytes]
"""A resource: its name, its ETag, its iCalendar bytes."""

_AT: Final = "X-CALSYNC-AT"
_BATCH: Final = 400
"""How many VEVENTs are parsed at a time: enough that a call costs nothing, few enough that memory stays level."""
_AT_ONCE: Final = 200
"""How many resources are open at a time, for the same reason."""
_DAY: Final = timedelta(days=1)


def expand_payloads(payloads: Sequence[Payload], window: Span, zone: ZoneInfo) -> list[Expanded]:
    """What each resource means in `window`, one for one, in order.

    All-day and floating times are taken in `zone`; the spans of the occurrences are in UTC. Raises `Malformed`,
    naming the resource, for the first that cannot be understood.
    """
    found = []
    for one in expand_each(payloads, window, zone):
        if isinstance(one, Malformed):
            raise one
        found.append(one)
    return found


def expand_each(payloads: Sequence[Payload], window: Span, zone: ZoneInfo) -> list[Expanded | Malformed]:
    """As `expand_payloads`, with the error in the place of a resource that cannot be understood."""
    reader = DetailsReader()
    found: list[Expanded | Malformed] = []
    for at in range(0, len(payloads), _AT_ONCE):
        items = [_open(payload, window, zone, reader) for payload in payloads[at : at + _AT_ONCE]]
        for batch in _batches(items):
            _expand(batch, window, zone)
        found.extend(_closed(item, zone) for item in items)
    return found


@dataclass(slots=True)
class _Part:
    """One VEVENT on its way: which event it is, and its dates in plain form."""

    event: Event
    whole_days: bool
    lines: list[str]
    sequence: int
    stamp: str
    is_override: bool
    recurs: bool


@dataclass(slots=True)
class _Item:
    """One resource on its way: for each UID its VEVENTs, then its occurrences, its own series, or what is wrong."""

    payload: Payload
    groups: list[list[_Part]] = field(default_factory=list)
    blocks: dict[str, str] = field(default_factory=dict)
    found: list[Occurrence] = field(default_factory=list)
    series: bytes = b""
    error: Malformed | None = None

    @property
    def size(self) -> int:
        return sum(map(len, self.groups))

    def is_simple(self, group: list[_Part]) -> bool:
        """True for an event that does not recur and stands in a zone that needs no VTIMEZONE."""
        return len(group) == 1 and not group[0].recurs and not self.blocks


def _malformed(name: str, why: object) -> Malformed:
    reason = " ".join(str(why).split())
    return Malformed(
        f"{name}: {reason[:200]}",
        "open the event in your calendar program and save or delete it; calsync leaves it alone",
    )


def _open(payload: Payload, window: Span, zone: ZoneInfo, reader: DetailsReader) -> _Item:
    """Cut the resource, leave out what cannot touch the window, and bring the rest into plain form."""
    name, _, data = payload
    item = _Item(payload)
    try:
        cut = lexical.split(data)
    except Malformed as error:
        item.error = _malformed(name, error)
        return item
    find = ZoneFinder(cut.zones, zone, cut.zone_hint)
    for group in cut.groups:
        passed_over = lexical.cannot_touch(group, window.start) or lexical.starts_after(group, window.end)
        if passed_over and not group.uid.endswith(UID_SUFFIX):
            continue
        slims = [slim(component) for component in group.relevant(window.start, window.end)]
        details = [reader(one.details) for one in slims]
        ours = _ours(group.uid, details)
        if ours:
            item.series = group.payload()
        if passed_over:
            continue
        try:
            parts, zones = _plain(group.uid, slims, details, find, ours)
            if not any(part.follows for part in group.parts):
                for part in parts:
                    part.lines = part.lines if part.is_override else near(part.lines, window)
        except NOT_UNDERSTOOD as error:
            item.error = _malformed(name, error)
            return item
        item.groups.append(parts)
        item.blocks.update(named_zones(zones))
    return item


def _ours(uid: str, details: Iterable[Details]) -> str:
    """The key of the block series that a resource is, "" for everything else, blocks under another UID included.

    A second file with the UID of a block (as file synchronisers make) is that block once more, and no meeting.
    """
    key = next((one.key for one in details if one.key), "")
    return key if key and uid == key + UID_SUFFIX else ""


def _plain(
    uid: str, slims: list[Slim], details: list[Details], find: ZoneFinder, ours: str
) -> tuple[list[_Part], list[Zone]]:
    """The VEVENTs of a UID in plain form, and the zones that they name."""
    home: Zone | None = None
    for one in slims:
        if one.date("RECURRENCE-ID") is None:
            home = zone_of(one.date("DTSTART"), find)
    parts: list[_Part] = []
    named: list[Zone] = []
    for one, say in zip(slims, details, strict=True):
        is_override = one.date("RECURRENCE-ID") is not None
        lines, _, zones = date_lines(one, find, home if is_override else None)
        named.extend(zones)
        recurs = is_override or any(line.name in ("RRULE", "RDATE", "EXDATE") for line in one.dates)
        event = say.event(uid, ours)
        parts.append(_Part(event, say.whole_days, lines, one.sequence, one.stamp, is_override, recurs))
    return parts, named


def _batches(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    batch: list[_Item] = []
    size = 0
    for item in items:
        if not item.size:
            continue
        batch.append(item)
        size += item.size
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _expand(batch: list[_Item], window: Span, zone: ZoneInfo) -> None:
    """Put the occurrences of every item of the batch in its place, or its error."""
    try:
        found = _occurrences(batch, window, zone)
    except NOT_UNDERSTOOD as error:
        if len(batch) == 1:
            batch[0].error = _malformed(batch[0].payload[0], error)
            return
        # One of them cannot be understood; each on its own shows which.
        for item in batch:
            _expand([item], window, zone)
        return
    for item, occurrences in zip(batch, found, strict=True):
        item.found = occurrences


def _occurrences(batch: list[_Item], window: Span, zone: ZoneInfo) -> list[list[Occurrence]]:
    """The occurrences of each item that overlap the window, sorted."""
    import icalendar
    from recurring_ical_events import ComponentsWithName, of

    parts = [part for item in batch for group in item.groups for part in group]
    owner = [number for number, item in enumerate(batch) for group in item.groups for _ in group]
    components = iter(_parsed(batch))
    recurring = icalendar.Calendar()
    rows: list[tuple[int, date, date]] = []
    at = 0
    for item in batch:
        for group in item.groups:
            if item.is_simple(group):
                rows.append((at, *_bounds(parse_single(group[0].lines), zone)))
            else:
                mine = [(at + offset, part, next(components)) for offset, part in enumerate(group)]
                for number, component in _newest(mine):
                    component[_AT] = number
                    recurring.add_component(component)
            at += len(group)
    if recurring.subcomponents:
        begin, end = window.start.astimezone(UTC) - 2 * _DAY, window.end.astimezone(UTC) + 2 * _DAY
        query = of(recurring, components=[ComponentsWithName("VEVENT", _row_adapter())])
        rows.extend((row[_AT], row["DTSTART"], row["DTEND"]) for row in query.between(begin, end))
    found: list[list[Occurrence]] = [[] for _ in batch]
    for number, start, stop in rows:
        part = parts[number]
        if part.event.status is Status.CANCELLED:
            continue
        span = _span(start, stop, zone)
        if span is not None and span.overlaps(window):
            all_day = part.whole_days or not isinstance(start, datetime)
            found[owner[number]].append(Occurrence(part.event, span, all_day))
    for occurrences in found:
        occurrences.sort(key=lambda o: (o.span.start, o.span.end, o.event.uid, o.event.title))
    return found


@cache
def _row_adapter() -> type:
    """How recurring-ical-events hands out an occurrence: as three values, not as a copy of the whole component."""
    from recurring_ical_events import EventAdapter

    def as_row(self: Any, start: date, stop: date, keep_recurrence_attributes: bool = True) -> dict[str, Any]:
        del keep_recurrence_attributes
        return {"DTSTART": start, "DTEND": stop, _AT: self._component[_AT]}

    return type("RowAdapter", (EventAdapter,), {"as_component": as_row})


def _parsed(batch: list[_Item]) -> list[Component]:
    """Every VEVENT of the batch that is not simple, parsed in one go, in order; those of one UID share a number."""
    blocks: dict[str, str] = {}
    for item in batch:
        blocks.update(item.blocks)
    groups = (group for item in batch for group in item.groups if not item.is_simple(group))
    return parse_events(((uid, part.lines) for uid, group in enumerate(groups) for part in group), blocks)


def _newest(group: list[tuple[int, _Part, Component]]) -> Iterator[tuple[int, Component]]:
    """Of the VEVENTs for one RECURRENCE-ID the one with the highest SEQUENCE, then the latest stamp, then the last."""
    if len(group) == 1:
        yield group[0][0], group[0][2]
        return
    newest: dict[object, tuple[tuple[int, str, int], Component]] = {}
    for number, part, component in group:
        place: object = None
        if part.is_override:
            moment = component["RECURRENCE-ID"].dt
            place = moment.astimezone(UTC) if isinstance(moment, datetime) else moment
        rank = (part.sequence, part.stamp, number)
        if place not in newest or newest[place][0] < rank:
            newest[place] = (rank, component)
    for rank, component in newest.values():
        yield rank[2], component


def _bounds(times: Mapping[str, Any], zone: ZoneInfo) -> tuple[date, date]:
    """Where a single event starts and ends; without DTEND and DURATION as RFC 5545 3.6.1 has it."""
    start = times["DTSTART"]
    if "DTEND" in times:
        return start, times["DTEND"]
    if "DURATION" not in times:
        return start, start if isinstance(start, datetime) else start + _DAY
    length = times["DURATION"]
    # Whole days of an all-day event are days of the calendar, whatever their length.
    return start, start + length if isinstance(start, datetime) or not length % _DAY else _instant(start, zone) + length


def _span(start: date, end: date, zone: ZoneInfo) -> Span | None:
    """The time from `start` to `end`, None when it is none.

    Nothing is busy for no time at all, save that an all-day event that ends on the day on which it starts was meant to
    last that day. An event that ends before it starts has them the wrong way round.
    """
    begin, stop = _instant(start, zone), _instant(end, zone)
    if isinstance(start, datetime) and isinstance(end, datetime) and not _exists(start):
        # Clocks skip the time at which it starts: it starts later and lasts as long as always.
        stop = begin + (end - start)
    if stop < begin:
        begin, stop = stop, begin
    if begin == stop:
        if isinstance(start, datetime):
            return None
        stop = _instant(start + _DAY, zone)
    return Span(begin, stop)


def _exists(moment: datetime) -> bool:
    """False for a time of day that a change of the clocks leaves out."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo).replace(tzinfo=None) == moment.replace(tzinfo=None)


def _instant(moment: date, zone: ZoneInfo) -> datetime:
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)
    return at_wall_clock(moment, time(), zone).astimezone(UTC)


def _closed(item: _Item, zone: ZoneInfo) -> Expanded | Malformed:
    if item.error is not None:
        return item.error
    name, etag, _ = item.payload
    try:
        owned = read_series(item.series, name, etag, zone) if item.series else None
    except Malformed as error:
        return error
    return Expanded(name, tuple(item.found), owned)
