"""Which changes make a series what it ought to be, in the order in which they must be made. Pure.

Marks come before dates, so that a date which calsync drops never looks like one that the leader deleted. What cannot be
done in one go is marked as unfinished by its first change and as finished by its last.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from calsync.ical import marks as ical_marks
from calsync.model import Override, Series, Span
from providers.microsoft.blocks import Block
from providers.microsoft.bodies import LOOKS, WIPES, Times, date_change, series_body, series_change, stand_in_body
from providers.microsoft.comparing import HOME, entry, judged, touched
from providers.microsoft.finding import Found, Places
from providers.microsoft.graph import Part
from providers.microsoft.mapping import Json
from providers.microsoft.marks import Data
from providers.microsoft.records import Note, record_of

__all__ = ["Missing", "Op", "asks_somebody", "guarded", "removal"]


@dataclass(frozen=True, slots=True)
class Op:
    """One change, to the event `target` ("" for a new one). `day` is the home date that it is about, if any."""

    part: Part
    target: str = ""
    day: date | None = None

    @property
    def id(self) -> str:
        """The same for the same change, whatever ETag it goes with."""
        body = json.dumps(self.part.body, sort_keys=True) if self.part.body is not None else ""
        return f"{self.part.method} {self.part.path} {body}"


@dataclass(frozen=True, slots=True)
class Missing:
    """What `after` still needs. `data` are its marks when it is finished; `seen` is what was looked at.

    `numbers` say how often the series (None) or a stand-in was made before. `crossed` are dates that a neighbour was in
    the way of, so that they are moved last; `apart` those that cannot stand where they ought to within the series.
    """

    places: Places
    after: Series
    data: Data
    seen: Span
    numbers: Mapping[date | None, int] = field(default_factory=dict)
    crossed: frozenset[date] = frozenset()
    apart: frozenset[date] = frozenset()

    def of(self, block: Block | None) -> list[Op]:
        """The next changes to what stands there, None when nothing does."""
        after, data = self.after, self.data
        if block is None or block.master is None:
            # A new one has no exceptions; until it has, it is read as it is to be.
            kept = replace(data, was=record_of(after, {})) if self._has_dates() else data
            return [self._made(series_body(after, kept, self.numbers.get(None, 0)), None)]
        was = block.data.was
        change = series_change(block, after, data if was is None else self._kept(block, was))
        wiped = change.keys() & WIPES and (block.has_exceptions or self._has_dates())
        if was is None and (wiped or (change.keys() & LOOKS and block.has_exceptions)):
            # Until the exceptions are as they ought to be, it is read as it stood before.
            change = series_change(block, after, self._kept(block, record_of(block.shown, block.notes)))
            return [self._op("PATCH", block.master, None, change)]
        ops = [self._op("PATCH", block.master, None, change)] if change else []
        if change.keys() & WIPES:
            return ops
        ops += self._dates(block)
        if was is not None:
            marks = series_change(block, after, data)["singleValueExtendedProperties"]
            ops.append(self._op("PATCH", block.master, None, {"singleValueExtendedProperties": marks}))
        return ops

    def _kept(self, block: Block, was: Mapping[str, Any]) -> Data:
        """The marks while the series is unfinished: they tell what this writing and those before it have done."""
        old, data = block.data.sums, self.data
        sums = {
            day: old.get(day, frozenset()) | data.sums.get(day, frozenset()) for day in old.keys() | data.sums.keys()
        }
        return replace(data, was=was, dropped=data.dropped | block.data.dropped, sums=sums)

    def _has_dates(self) -> bool:
        return any(self.after.has(day) and judged(day, self.seen) for day in touched(self.after))

    def _dates(self, block: Block) -> Iterator[Op]:
        left = self.left(block)
        for day in sorted(self._days(block) - left, key=lambda day: (day in self.crossed, day)):
            row, stand_in = block.dates.get(day), block.stand_ins.get(day)
            if row is not None and row is block.master:
                continue
            if not self.after.has(day):
                yield from self._deleted(day, stand_in)
            elif judged(day, self.seen):
                yield from self._date(block, day, row, stand_in)

    def _days(self, block: Block) -> set[date]:
        return touched(self.after, block.actual, block.shown) | block.stand_ins.keys()

    def left(self, block: Block) -> set[date]:
        """The dates that somebody changed while a writing lay unfinished: they are left as they are."""
        if not block.unfinished:
            return set()
        return {day for day in self._days(block) if self.after.has(day) and _is_the_leaders(block, self.after, day)}

    def _date(self, block: Block, day: date, row: Json | None, stand_in: Json | None) -> Iterator[Op]:
        """What makes one date as it ought to be."""
        wanted = self.after.placed(day)
        if wanted is None:
            yield from self._deleted(day, stand_in, row)
            return
        plain = row is not None and row.get("type") == "occurrence"
        if plain and stand_in is None and entry(self.after, day) is HOME:
            return
        # A plain date looks as its series will.
        looks = {**row, **_look_of(self.after)} if plain and row is not None else row
        note = block.notes.get(day, Note()) if block.unfinished else Note()
        change = self._change(block, looks, wanted, note)
        other = self._change(block, stand_in, wanted, note)
        if row is not None and (not change or (day not in self.apart and (stand_in is None or other))):
            if change:
                yield self._op("PATCH", row, day, change)
            yield from self._deleted(day, stand_in)
            return
        # The stand-in first: for a moment both are there, and the date counts, as it did before.
        if stand_in is None:
            body = stand_in_body(self.after, day, wanted, note, self.data, self.numbers.get(day, 0))
            yield self._made(body, day)
        elif other:
            yield self._op("PATCH", stand_in, day, other)
        yield from self._deleted(day, row)

    def _change(self, block: Block, row: Json | None, wanted: Override, note: Note) -> dict[str, object]:
        if row is None:
            return {}
        times = Times(self.after.zone, self.data.windows)
        return date_change(row, wanted, note, times, (block.shown.description, self.after.description))

    def _deleted(self, day: date, *rows: Json | None) -> Iterator[Op]:
        for row in rows:
            if row is not None:
                yield self._op("DELETE", row, day)

    def _made(self, body: Json, day: date | None) -> Op:
        return Op(Part("POST", f"{self.places.calendar}/events", body), "", day)

    def _op(self, method: str, row: Json, day: date | None = None, body: Json | None = None) -> Op:
        return _op(self.places, method, row, day, body)


def removal(places: Places, found: Found | None) -> list[Op]:
    """The changes that take away all that there is. Stand-ins first: as long as the series is there, all is found."""
    if found is None:
        return []
    ops = [_op(places, "DELETE", row, day) for day, row in sorted(found.stand_ins.items())]
    return [*ops, *([_op(places, "DELETE", found.master)] if found.master is not None else [])]


def _op(places: Places, method: str, row: Json, day: date | None = None, body: Json | None = None) -> Op:
    name = str(row["id"])
    return Op(Part(method, places.event(name), body), name, day)


def _look_of(after: Series) -> dict[str, object]:
    """What a plain date has of its series, once that is as it ought to be."""
    text = {"contentType": "text", "content": after.description}
    return {"subject": after.title, "showAs": "free" if after.transparent else "busy", "body": text}


def _is_the_leaders(block: Block, after: Series, day: date) -> bool:
    """True for a date that somebody changed while a writing lay unfinished.

    Then it stands neither as it did before, nor as it is to, nor as an earlier try or the wiping left it. Its title and
    look may have come from the series meanwhile.
    """
    there = entry(block.actual, day)
    sides = (entry(block.shown, day), entry(after, day))
    if there is HOME or there in sides:
        return False
    if not isinstance(there, Override):
        return day not in block.data.dropped
    if ical_marks.sum_of_override(day.isoformat(), there) in block.data.sums.get(day, ()):
        return False
    spans = [block.actual.home(day), *(side.span for side in sides if isinstance(side, Override))]
    titles = {after.title, block.shown.title, *(side.title for side in sides if isinstance(side, Override))}
    return there.span not in spans or there.title not in titles


def asks_somebody(block: Block, ops: Sequence[Op]) -> bool:
    """True when one of the changes is about an event with guests: Exchange would write to them."""
    rows = [*block.rows, *block.dates.values()]
    asked = {str(row["id"]) for row in rows if row.get("attendees")}
    if not asked or not ops:
        return False
    master = str(block.master["id"]) if block.master is not None else ""
    whole = (op for op in ops if op.day is None and op.target == master)
    wide = any(op.part.method == "DELETE" or (op.part.body or {}).keys() & (WIPES | LOOKS) for op in whole)
    return wide or master in asked or any(op.target in asked for op in ops)


def guarded(block: Block | None, ops: Sequence[Op]) -> list[Op]:
    """The changes, each with the ETag of what was looked at where that still holds when its turn comes.

    Dates share an ETag with each other where Exchange keeps a series in one item, and any of them gives the series
    another.
    """
    if block is None:
        return list(ops)
    etags = {str(row["id"]): str(row.get("@odata.etag") or "") for row in [*block.dates.values(), *block.rows]}
    master = str(block.master["id"]) if block.master is not None else ""
    spent: set[str] = set()
    found: list[Op] = []
    for op in ops:
        etag = etags.get(op.target, "")
        if etag and etag not in spent and (op.target != master or not found):
            spent.add(etag)
            op = replace(op, part=replace(op.part, match=etag))
        found.append(op)
    return found
