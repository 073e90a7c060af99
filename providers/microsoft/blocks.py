"""Our own series: from what Graph stores of one (a master, its dates, its stand-ins) to a Series and its text. Pure.

A *stand-in* is a single event that takes the place of a date which the series cannot hold any more: a deleted date
never comes back on Graph, and no date may pass its neighbour. Where both are there, the date of the series counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from calsync.ical import marks as ical_marks
from calsync.ical.vendor import VendorEvent, moment, vendor_bytes
from calsync.ical.write import read_series
from calsync.model import Key, Override, Series, Span, at_wall_clock
from calsync.ports import OwnedSeries
from providers.microsoft.mapping import Json, etag_of, instant, parties_of, place_of, span_of, title_of
from providers.microsoft.marks import DATA, Data, properties
from providers.microsoft.records import Note, series_of
from providers.microsoft.zones import zone_of

__all__ = ["MARGIN", "Block", "block", "body_of", "is_free", "local_span", "name_of", "owned", "sight"]

MARGIN = timedelta(days=14)
"""A date that was moved over the edge of what was looked at is not gone: so near to the edge nothing is judged."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def sight(year: int) -> Span:
    """What is looked at of our own series: from the year before `year` to the winter after the next.

    It is the same for every question of a year, so that a series reads the same by whatever window it is found: a
    reader's window rolls on, and what was written must be recognised through another one. Plans reach a year ahead.
    """
    return Span(datetime(year - 1, 1, 1, tzinfo=UTC), datetime(year + 2, 3, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Block:
    """One of our series as it stands.

    `actual` is what is there; `shown` is how it is read, which for a writing that was cut off is something else.
    `dates` are the occurrences by home date, `stand_ins` the single events; `notes` are by home date.
    """

    key: str
    master: Json | None
    data: Data
    actual: Series
    shown: Series
    dates: Mapping[date, Json]
    stand_ins: Mapping[date, Json]
    notes: Mapping[date, Note]

    @property
    def unfinished(self) -> bool:
        """True when a writing was cut off."""
        return self.data.was is not None

    @property
    def doubled(self) -> bool:
        """True when a date and its stand-in are both there, or a stand-in for no date at all."""
        return any(day in self.dates or not self.actual.has(day) for day in self.stand_ins)

    @property
    def has_exceptions(self) -> bool:
        """True when a date of it is not plainly its rule's, as Graph sees it."""
        exceptions = any(row.get("type") == "exception" for row in self.dates.values())
        return exceptions or bool(self.stand_ins or self.actual.cancelled)

    @property
    def rows(self) -> Sequence[Json]:
        """Every event of it that stands by itself, the master first."""
        return [
            *([self.master] if self.master is not None else []),
            *(row for _, row in sorted(self.stand_ins.items())),
        ]

    @property
    def name(self) -> str:
        """The id under which it is known: of its master, or of its first stand-in."""
        return str(self.rows[0]["id"])


def name_of(key: str) -> str:
    """The name that calsync's reader expects of the series `key`; on Graph names are ids, which nobody chooses."""
    return f"{key}.ics"


def owned(one: Block, leader: ZoneInfo) -> tuple[bytes, OwnedSeries | None]:
    """The text of a block, and the series that everybody reads in it."""
    payload = _payload(one)
    etag = etag_of(payload)
    found = read_series(payload, name_of(one.key), etag, leader)
    return payload, replace(found, resource=one.name) if found is not None else None


def block(
    key: str,
    master: Json | None,
    instances: Iterable[Json],
    stand_ins: Mapping[date, Json],
    leader: ZoneInfo,
    seen: Span,
) -> Block | None:
    """The series `key`; None when its marks cannot be understood, so that it is nobody's business.

    Without a master, whose leader deleted it, the stand-ins are a series that has ended. `instances` are its dates in
    `seen`. Raises as the mapping does.
    """
    head = master if master is not None else stand_ins[min(stand_ins)]
    data = Data.load(properties(head).get(DATA, ""))
    if data is None:
        return None
    if master is None:
        data = replace(data, sums=_sums(stand_ins.values()))
    zone = _zone(master, data, leader)
    dates: dict[date, Json] = {}
    for row in sorted(instances, key=lambda row: str(row["id"])):
        dates[_home(row, zone)] = row
    bare = _frame(key, master, data, zone) if master is not None else _orphan(key, head, data, stand_ins)
    if master is not None and master.get("type") != "seriesMaster":
        dates[bare.first] = master
    actual, notes = _with_dates(bare, master, data, dates, stand_ins, seen)
    shown = actual
    if data.was is not None and master is not None:
        shown, notes = series_of(data.was, bare)
    return Block(key, master, data, actual, shown, dates, dict(stand_ins), notes)


def _sums(rows: Iterable[Json]) -> dict[date, frozenset[str]]:
    """The sums that stand-ins have in them, each its own."""
    each = (Data.load(properties(row).get(DATA, "")) for row in rows)
    return {day: sums for data in each if data is not None for day, sums in data.sums.items()}


def _zone(master: Json | None, data: Data, leader: ZoneInfo) -> ZoneInfo:
    """The zone of the series: the one that calsync meant, as long as Graph's name for it is the one it was given."""
    if master is None:
        return ZoneInfo(data.zone)
    span = (master.get("recurrence") or {}).get("range") or {}
    named = str(span.get("recurrenceTimeZone") or master.get("originalStartTimeZone") or "")
    # UTC has another name in what comes back than in what was sent.
    if named == data.windows or zone_of(named) == zone_of(data.windows) == ZoneInfo("UTC"):
        return ZoneInfo(data.zone)
    return zone_of(named) or zone_of(str(master.get("originalStartTimeZone") or "")) or leader


def _home(row: Json, zone: ZoneInfo) -> date:
    said = row.get("originalStart")
    at = datetime.fromisoformat(said) if said else instant(row["start"])
    return at.astimezone(zone).date()


def _frame(key: str, master: Json, data: Data, zone: ZoneInfo) -> Series:
    start, end = span_of(master)
    wall, minutes = data.wall
    # Of a time that the clocks skip no instant gives the wall-clock time back.
    if (start, end) != tuple(_clocked(at, zone) for at in (wall, wall + timedelta(minutes=minutes))):
        wall = start.astimezone(zone).replace(tzinfo=None)
        length = end.astimezone(zone).replace(tzinfo=None) - wall
        minutes = max(1, round(length / timedelta(minutes=1)))
    ours, until = _rule(master, wall.date())
    return Series(
        key=Key(key),
        kind=data.kind,
        number=data.number,
        generation=data.generation,
        timezone=zone.key,
        first=wall.date(),
        start=wall.time(),
        minutes=minutes,
        title=title_of(master),
        transparent=is_free(master),
        changed=data.changed,
        until=until,
        description=body_of(master),
        sequence=data.sequence,
        rule_is_ours=ours,
    )


def _clocked(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _orphan(key: str, head: Json, data: Data, stand_ins: Mapping[date, Json]) -> Series:
    wall, minutes = data.wall
    return Series(
        key=Key(key),
        kind=data.kind,
        number=data.number,
        generation=data.generation,
        timezone=data.zone,
        first=min(stand_ins),
        start=wall.time(),
        minutes=minutes,
        title=title_of(head),
        transparent=is_free(head),
        changed=data.changed,
        until=max(stand_ins),
        description=body_of(head),
        sequence=data.sequence,
    )


def _rule(master: Json, first: date) -> tuple[bool, date | None]:
    """Whether calsync can express how the series recurs, and its last home date where it has one."""
    recurrence = master.get("recurrence")
    if not recurrence or master.get("isAllDay"):
        # What was made a single event is a series of one date.
        return not master.get("isAllDay"), first
    pattern, span = recurrence["pattern"], recurrence["range"]
    weekly = pattern.get("type") == "weekly" and pattern.get("interval") == 1
    if not weekly or pattern.get("daysOfWeek") != [_WEEKDAYS[first.weekday()]]:
        return False, None
    if span.get("type") == "numbered":
        return True, first + timedelta(7 * (int(span["numberOfOccurrences"]) - 1))
    if span.get("type") == "endDate":
        weeks = (date.fromisoformat(span["endDate"]) - first).days // 7
        return weeks >= 0, first + timedelta(7 * weeks) if weeks >= 0 else None
    return True, None


def _with_dates(
    bare: Series,
    master: Json | None,
    data: Data,
    dates: Mapping[date, Json],
    stand_ins: Mapping[date, Json],
    seen: Span,
) -> tuple[Series, dict[date, Note]]:
    """The series with every date that is not plainly its rule's, and what was written into those."""
    if not bare.rule_is_ours:
        return bare, {}
    rows = {day: row for day, row in stand_ins.items() if bare.has(day)}
    rows.update((day, row) for day, row in dates.items() if bare.has(day))
    placed: dict[date, Override] = {}
    notes: dict[date, Note] = {}
    for day, row in rows.items():
        if row is master or row.get("type") == "occurrence":
            continue
        override = Override(local_span(row, bare.zone), title_of(row), is_free(row))
        note = _note(row, master, bare)
        if note != Note():
            notes[day] = note
        # A date that was moved back is no different from one that never moved, though Graph goes on calling it so.
        if note != Note() or override != Override(bare.home(day), bare.title, bare.transparent):
            placed[day] = override
    gone = frozenset(day for day in _judged(bare, master, seen) if day not in rows)
    return replace(bare, cancelled=gone, dropped=gone & data.dropped, overrides=placed), notes


def _judged(bare: Series, master: Json | None, seen: Span) -> Iterable[date]:
    """The dates of the rule that must be among those looked at."""
    if master is None:
        return bare.days(bare.first, date.max)
    if master.get("type") != "seriesMaster":
        return ()
    return bare.days((seen.start + MARGIN).date(), (seen.end - MARGIN).date())


def local_span(row: Json, zone: ZoneInfo) -> Span:
    """Where an event lies, in `zone`; what was made to last all day, or no time at all, included."""
    if row.get("isAllDay"):
        walls = (datetime.fromisoformat(row[name]["dateTime"]) for name in ("start", "end"))
        begin, end = (at_wall_clock(at.date(), time(), zone) for at in walls)
    else:
        begin, end = (at.astimezone(zone) for at in span_of(row))
    if end.astimezone(UTC) <= begin.astimezone(UTC):
        end = (begin.astimezone(UTC) + timedelta(minutes=1)).astimezone(zone)
    return Span(begin, end)


def _note(row: Json, master: Json | None, bare: Series) -> Note:
    """What an override has that its series has not."""
    place, about, parties = place_of(row), body_of(row), parties_of(row, ())
    head: Json = master or {}
    return Note(
        place if place != place_of(head) else "",
        about if about != bare.description else "",
        parties if parties != parties_of(head, ()) else (),
    )


def is_free(row: Json) -> bool:
    """True when the event takes no time."""
    return row.get("showAs") == "free"


def body_of(row: Json) -> str:
    """The text of an event, with the line ends and without the blank ends that Exchange gives it."""
    content = str((row.get("body") or {}).get("content") or "")
    return "\n".join(line.rstrip() for line in content.replace("\r\n", "\n").split("\n")).strip("\n")


def _payload(one: Block) -> bytes:
    if not one.shown.rule_is_ours:
        return vendor_bytes(_unruly(one))
    events = [_head(one, _rules(one.shown))]
    for day, override in one.shown.overrides.items():
        note = one.notes.get(day, Note())
        check = ical_marks.sum_of_override(day.isoformat(), override)
        ours = check in one.data.sums.get(day, frozenset())
        events.append(
            VendorEvent(
                uid=_uid(one.key),
                start=override.span.start.astimezone(UTC),
                end=override.span.end.astimezone(UTC),
                replaces=_wall(one.shown, day),
                title=override.title,
                description=note.about,
                transparent=override.transparent,
                location=note.place,
                parties=note.parties,
                private=True,
                marks={**_marks(one), **({ical_marks.SUM: check} if ours else {})},
                changed=one.shown.changed,
                sequence=one.shown.sequence,
            )
        )
    return vendor_bytes(events)


def _head(one: Block, rules: Sequence[str]) -> VendorEvent:
    shown = one.shown
    start = _wall(shown, shown.first)
    marks = _marks(one)
    if one.unfinished or one.doubled:
        marks[ical_marks.UNFINISHED] = "TRUE"
    if shown.dropped:
        marks[ical_marks.DROPPED] = " ".join(day.isoformat() for day in sorted(shown.dropped))
    return VendorEvent(
        uid=_uid(one.key),
        start=start,
        end=(start.replace(tzinfo=None) + timedelta(minutes=shown.minutes)).replace(tzinfo=shown.zone),
        rules=tuple(rules),
        title=shown.title,
        description=shown.description,
        transparent=shown.transparent,
        location=place_of(one.master or {}),
        parties=parties_of(one.master or {}, ()),
        private=True,
        marks=marks,
        changed=shown.changed,
        sequence=shown.sequence,
    )


def _uid(key: str) -> str:
    return key + ical_marks.UID_SUFFIX


def _marks(one: Block) -> dict[str, str]:
    return {
        ical_marks.KEY: one.key,
        ical_marks.KIND: one.data.kind.value,
        ical_marks.SLOT: f"{one.data.number}/{one.data.generation}",
    }


def _wall(series: Series, day: date) -> datetime:
    return datetime.combine(day, series.start, tzinfo=series.zone)


def _rules(series: Series) -> list[str]:
    rule = "RRULE:FREQ=WEEKLY;COUNT=1" if series.once else f"RRULE:FREQ=WEEKLY;BYDAY={_SHORT[series.first.weekday()]}"
    if series.until is not None and not series.once:
        last = at_wall_clock(series.until, series.start, series.zone).astimezone(UTC)
        rule += f";UNTIL={last:%Y%m%dT%H%M%SZ}"
    return [rule, *(moment("EXDATE", _wall(series, day)) for day in sorted(series.cancelled))]


def _unruly(one: Block) -> Iterable[VendorEvent]:
    """A series to which the leader gave a recurrence of their own: its dates as they stand, one by one."""
    rows: list[Json] = [row for _, row in sorted(one.dates.items())]
    starts = [_origin(row) for row in rows]
    begin, end = span_of(one.master or {})
    first = min(starts, default=begin)
    # One RDATE at least, so that nobody takes it for a single event; its DTSTART is a date of it in any case.
    head = _head(one, [moment("RDATE", at) for at in starts or [first]])
    yield replace(head, start=first, end=first + (end - begin))
    for row, origin in zip(rows, starts, strict=True):
        span = local_span(row, one.shown.zone)
        if row.get("type") == "exception":
            yield replace(
                head,
                rules=(),
                start=span.start.astimezone(UTC),
                end=span.end.astimezone(UTC),
                replaces=origin,
                title=title_of(row),
                transparent=is_free(row),
            )


def _origin(row: Mapping[str, Any]) -> datetime:
    said = row.get("originalStart")
    return datetime.fromisoformat(said).astimezone(UTC) if said else instant(row["start"])
