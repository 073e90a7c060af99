"""One series on its way to what it ought to be: look, say what is missing, send that, look again.

Nothing is remembered of what was sent but that it was: what is still missing is worked out each time from what stands
there. So it does not matter where an earlier run was cut off, and an unclear answer is settled by the next look.
Each write goes with the ETag of what was looked at. Exchange keeps a series in one item, so its dates share an ETag:
then the first of the changes has it, and the others follow only when that one was done.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from zoneinfo import ZoneInfo

from calsync.model import Override, Series
from calsync.ports import Outcome, OutcomeState, OwnedSeries, SeriesWrite
from providers.microsoft.blocks import Block, owned, sight
from providers.microsoft.bodies import (
    WIPES,
    Times,
    data_for,
    date_change,
    series_body,
    series_change,
    stand_in_body,
)
from providers.microsoft.comparing import HOME, bare, entry, judged, mixed, same, touched
from providers.microsoft.errors import FORBIDDEN, NOT_FOUND, SKIPPED, STALE, THROTTLED, Reply
from providers.microsoft.finding import Found, Places, all_rows, event_part, gather, instances_part, key_part
from providers.microsoft.graph import Graph, Part
from providers.microsoft.mapping import Json
from providers.microsoft.marks import Data, mark_of
from providers.microsoft.records import Note, record_of
from providers.microsoft.zones import windows_zone

__all__ = ["Changing", "NoRights", "Step"]

_ROUNDS = 12
_TRIES = 3
_LOOKS = 3
_DUPLICATE = "ErrorDuplicateTransactionId"
_CROSSING = "ErrorOccurrenceCrossingBoundary"
_NO_ZONE = "TimeZoneNotSupportedException"


class NoRights(Exception):
    """The calendar cannot be written."""


@dataclass(frozen=True, slots=True)
class Step:
    """Requests that are to be made next, after waiting for `wait` seconds; `writes` when they change something."""

    parts: Sequence[Part]
    writes: bool = False
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class _Op:
    """One change, to the event `target` ("" for a new one). `day` is the home date that it is about, if any."""

    part: Part
    target: str = ""
    day: date | None = None

    @property
    def id(self) -> str:
        """The same for the same change, whatever ETag it goes with."""
        body = json.dumps(self.part.body, sort_keys=True) if self.part.body is not None else ""
        return f"{self.part.method} {self.part.path} {body}"


@dataclass(slots=True)
class _Look:
    """What stands there: the block, and how everybody reads it. Both None where there is nothing that can be read."""

    found: Found | None
    block: Block | None = None
    read: OwnedSeries | None = None

    @property
    def nothing(self) -> bool:
        """True when nothing of the series is there."""
        return self.found is None or not self.found.ids


@dataclass(slots=True)
class Changing:
    """One write. `sent` is True once something was sent, `complete` once all of it was answered with success."""

    change: SeriesWrite
    graph: Graph
    places: Places
    leader: ZoneInfo
    year: int
    sent: bool = False
    complete: bool = False
    _numbers: dict[date | None, int] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)
    _tries: dict[str, int] = field(default_factory=dict)
    _apart: set[date] = field(default_factory=set)
    _crossed: set[date] = field(default_factory=set)
    _data: Data | None = None
    _made: dict[str, None] = field(default_factory=dict)
    _reason: str = ""
    _unclear: bool = False

    def run(self) -> Generator[Step, list[Reply], Outcome]:
        """The steps of the write, then how it ended. Raises ProviderError, or NoRights."""
        look = yield from self._by_key()
        looks = 0
        for _ in range(_ROUNDS):
            end = self._settled(look)
            if end is not None:
                return end
            ops = self._missing(look)
            if isinstance(ops, Outcome):
                return ops
            if any(op.id in self._done for op in ops):
                # It was done, and what is read is older than that.
                if looks < _LOOKS:
                    looks += 1
                    look = yield from self._again(look, wait=2.0 ** (looks - 1))
                    continue
                ops = [op for op in ops if op.id not in self._done]
            if not ops:
                gone = self.change.after is None or look.read is None
                return Outcome(OutcomeState.DONE, "" if gone or look.read is None else look.read.etag)
            if any(self._tries.get(op.id, 0) >= _TRIES for op in ops):
                return Outcome(OutcomeState.FAILED, error=f"Microsoft does not take it: {self._reason}")
            self.sent, self.complete, self._unclear = True, False, False
            replies = yield Step([op.part for op in ops], writes=True)
            refused = yield from self._judge(ops, replies)
            if refused is not None:
                return refused
            look = yield from (self._by_key() if self._unclear else self._again(look))
        return Outcome(OutcomeState.FAILED, error=f"Microsoft does not take it: {self._reason or 'no end of it'}")

    # looking

    def _by_key(self, wait: float = 0.0) -> Generator[Step, list[Reply], _Look]:
        (reply,) = yield Step([key_part(self.places, self.change.key)], wait=wait)
        rows = all_rows(self.graph, reply)
        if rows is None:
            raise self.graph.failure(reply)
        found = gather(rows).get(self.change.key)
        if found is not None and found.recurs and found.master is not None:
            (reply,) = yield Step([instances_part(self.places, str(found.master["id"]), sight(self.year))])
            found.take(all_rows(self.graph, reply))
        return self._seen(found)

    def _again(self, look: _Look, wait: float = 0.0) -> Generator[Step, list[Reply], _Look]:
        """Look at what was there, and at what was made meanwhile, by its ids: those are found sooner than keys are."""
        known = look.found.ids if look.found is not None else []
        ids = list(dict.fromkeys([*known, *self._made]))
        if not ids:
            return (yield from self._by_key(wait))
        dates = look.found.master if look.found is not None and look.found.recurs else None
        parts = [event_part(self.places, name, marks=True) for name in ids]
        if dates is not None:
            parts.append(instances_part(self.places, str(dates["id"]), sight(self.year)))
        answers = yield Step(parts, wait=wait)
        rows = []
        for reply in answers[: len(ids)]:
            if reply.done:
                rows.append(reply.body)
            elif reply.status != NOT_FOUND:
                raise self.graph.failure(reply)
        found = gather(rows).get(self.change.key)
        if found is not None and found.recurs and found.master is not None:
            if dates is None or dates["id"] != found.master["id"]:
                answers = yield Step([instances_part(self.places, str(found.master["id"]), sight(self.year))])
            found.take(all_rows(self.graph, answers[-1]))
        return self._seen(found)

    def _seen(self, found: Found | None) -> _Look:
        block = found.block(self.leader, self.year) if found is not None else None
        return _Look(found, block, owned(block, self.leader)[1] if block is not None else None)

    # comparing

    def _settled(self, look: _Look) -> Outcome | None:
        """How the write ends by what is there; None when something is still to be sent."""
        before, after, seen = self.change.before, self.change.after, sight(self.year)
        if look.nothing:
            if after is None:
                return Outcome(OutcomeState.DONE)
            if before is None:
                return None
            return Outcome(OutcomeState.CONFLICT, error="the series is gone from the calendar")
        if look.block is None or look.read is None:
            return Outcome(OutcomeState.CONFLICT, error="its marks were changed by another program")
        there = look.read.series
        finished = not look.block.unfinished and not _doubled(look.block)
        if after is not None and finished and same(there, after, seen):
            return Outcome(OutcomeState.DONE, look.read.etag)
        if before is None:
            assert after is not None
            if mixed(there, bare(after), after, seen):
                return None
            return Outcome(OutcomeState.CONFLICT, error="a different series stands under its key already")
        known = same(there, before, seen) or mixed(there, before, after, seen)
        if known or (self.change.etag and self.change.etag == look.read.etag):
            return None
        return Outcome(OutcomeState.CONFLICT, error="somebody changed the series in the calendar meanwhile")

    # what is missing

    def _missing(self, look: _Look) -> list[_Op] | Outcome:
        """The next changes, in the order in which they must be made; an Outcome when they must not be made."""
        after, block = self.change.after, look.block
        if after is None:
            ops = self._removal(look)
        else:
            data = self._marks(after, look)
            if data is None:
                return Outcome(
                    OutcomeState.FAILED,
                    error=f"Microsoft has no time zone that keeps the time of {after.timezone}",
                )
            if block is None or block.master is None:
                body = series_body(after, data, self._numbers.get(None, 0))
                # Stand-ins of a series that its leader deleted do not outlive the new one.
                return [_Op(Part("POST", f"{self.places.calendar}/events", body))]
            ops = self._changes(block, after, data)
        if block is not None and _asks_somebody(block, ops):
            return Outcome(
                OutcomeState.CONFLICT,
                error="somebody was invited to it in Outlook and would get mail; change or delete it by hand",
            )
        return _guarded(block, ops)

    def _removal(self, look: _Look) -> list[_Op]:
        """Stand-ins first: as long as the series is there, all of it is found again."""
        found = look.found
        if found is None:
            return []
        ops = [self._op("DELETE", row, day) for day, row in sorted(found.stand_ins.items())]
        return [*ops, *([self._op("DELETE", found.master)] if found.master is not None else [])]

    def _op(self, method: str, row: Json, day: date | None = None, body: Json | None = None) -> _Op:
        name = str(row["id"])
        return _Op(Part(method, self.places.event(name), body), name, day)

    def _marks(self, after: Series, look: _Look) -> Data | None:
        """The marks of the finished series, the same through all of the write; None when there is no zone for it."""
        if self._data is None:
            there = look.block
            kept = there is not None and there.data.zone == after.timezone
            windows = there.data.windows if kept and there is not None else windows_zone(after.timezone, self.year)
            if not windows:
                return None
            leaders = frozenset(
                day
                for day in (look.read.leaders if look.read is not None else ())
                if day in after.overrides
                and look.read is not None
                and after.overrides[day] == look.read.series.overrides.get(day)
            )
            self._data = data_for(after, windows, there, leaders)
        return self._data

    def _changes(self, block: Block, after: Series, data: Data) -> list[_Op]:
        master, was = block.master, block.data.was
        assert master is not None
        change = series_change(block, after, replace(data, was=was))
        if change.keys() & WIPES:
            if was is None and (touched(block.actual) or block.stand_ins):
                # Until the exceptions are there again, whoever looks is told what stood there before.
                was = record_of(block.shown, block.notes)
                change = series_change(block, after, replace(data, was=was))
            return [self._op("PATCH", master, None, change)]
        dates = list(self._dates(block, after, data))
        if was is not None and not dates:
            change = series_change(block, after, data)
        return [*([self._op("PATCH", master, None, change)] if change else []), *dates]

    def _dates(self, block: Block, after: Series, data: Data) -> Iterator[_Op]:
        seen = sight(self.year)
        for day in sorted(touched(after, block.actual, block.shown) | block.stand_ins.keys()):
            row, stand_in = block.dates.get(day), block.stand_ins.get(day)
            if row is not None and row is block.master:
                continue
            if not after.has(day):
                yield from self._deleted(day, stand_in)
            elif judged(day, seen) and not (block.unfinished and _is_the_leaders(block, after, day)):
                yield from self._date(block, after, data, day, row, stand_in)

    def _date(
        self, block: Block, after: Series, data: Data, day: date, row: Json | None, stand_in: Json | None
    ) -> Iterator[_Op]:
        """What makes one date as it ought to be."""
        wanted = after.placed(day)
        if wanted is None:
            yield from self._deleted(day, stand_in, row)
            return
        note = block.notes.get(day, Note()) if block.unfinished else Note()
        times = Times(after.zone, data.windows)
        plain = row is not None and row.get("type") == "occurrence"
        if plain and stand_in is None and entry(after, day) is HOME:
            return
        looks = {**row, **_look_of(after)} if plain and row is not None else row
        change = date_change(looks, wanted, note, times, after.description) if looks is not None else {}
        other = date_change(stand_in, wanted, note, times, after.description) if stand_in is not None else {}
        if row is not None and (not change or (day not in self._apart and (stand_in is None or other))):
            if change:
                yield self._op("PATCH", row, day, change)
            yield from self._deleted(day, stand_in)
            return
        if stand_in is None:
            yield self._stand_in(after, day, wanted, note, data)
        elif other:
            yield self._op("PATCH", stand_in, day, other)
        yield from self._deleted(day, row)

    def _stand_in(self, after: Series, day: date, wanted: Override, note: Note, data: Data) -> _Op:
        body = stand_in_body(after, day, wanted, note, data, self._numbers.get(day, 0))
        return _Op(Part("POST", f"{self.places.calendar}/events", body), day=day)

    def _deleted(self, day: date, *rows: Json | None) -> Iterator[_Op]:
        for row in rows:
            if row is not None:
                yield self._op("DELETE", row, day)

    # answers

    def _judge(self, ops: Sequence[_Op], replies: Sequence[Reply]) -> Generator[Step, list[Reply], Outcome | None]:
        """Note what was answered; an Outcome when that is the end of it."""
        for op, reply in zip(ops, replies, strict=True):
            if reply.done or (op.part.method == "DELETE" and reply.status == NOT_FOUND):
                self._done.add(op.id)
                if not op.target and reply.body.get("id"):
                    self._made[str(reply.body["id"])] = None
                continue
            self._reason = reply.line if reply.status != SKIPPED or not self._reason else self._reason
            if reply.status == SKIPPED:
                continue
            self._tries[op.id] = self._tries.get(op.id, 0) + 1
            if reply.unclear:
                self._unclear = True
                # Once more after a look, and that is all.
                self._tries[op.id] += 1
            elif reply.code == _DUPLICATE:
                end = yield from self._taken(op, reply)
                if end is not None:
                    return end
            elif reply.code == _CROSSING and op.day is not None:
                # The neighbour may have been on its way as well.
                (self._apart if op.day in self._crossed else self._crossed).add(op.day)
            elif reply.status == FORBIDDEN:
                raise NoRights
            elif reply.status == NOT_FOUND and not op.target:
                raise self.graph.failure(reply)
            elif reply.status not in (NOT_FOUND, STALE):
                return Outcome(OutcomeState.FAILED, error=self._refusal(reply))
        self.complete = all(op.id in self._done for op in ops) and not self._more(ops)
        return None

    def _refusal(self, reply: Reply) -> str:
        if reply.code == _NO_ZONE:
            zone = self.change.after.timezone if self.change.after is not None else ""
            return f"Microsoft's server does not know the time zone that it has for {zone} ({reply.line})"
        if reply.status == THROTTLED:
            return f"Microsoft asks calsync to wait longer than it does ({reply.line})"
        return f"Microsoft refuses it ({reply.line})"

    def _more(self, ops: Sequence[_Op]) -> bool:
        """True when more is to come after these changes: the dates of a series that was made or rewritten."""
        after = self.change.after
        first = next((op for op in ops if op.day is None), None)
        if after is None or first is None or first.part.body is None:
            return False
        return bool(first.part.body.keys() & WIPES and touched(after))

    def _taken(self, op: _Op, reply: Reply) -> Generator[Step, list[Reply], Outcome | None]:
        """The transactionId was used before: by a deleted event, by ours, or by something else that is there."""
        name = str(reply.error.get("@event.existingEventId") or "")
        if name:
            (answer,) = yield Step([event_part(self.places, name, marks=True)])
            if answer.done:
                mark = mark_of(answer.body)
                if mark is None or mark.key != self.change.key:
                    return Outcome(
                        OutcomeState.CONFLICT, error="an event that calsync did not write stands in its place"
                    )
                # Ours, and made a moment ago: the next look finds it.
                self._made[name] = None
                return None
            if answer.status != NOT_FOUND:
                raise self.graph.failure(answer)
        self._numbers[op.day] = self._numbers.get(op.day, 0) + 1
        self._tries.pop(op.id, None)
        return None


def _look_of(after: Series) -> dict[str, object]:
    """What a plain date has of its series, once that is as it ought to be."""
    return {"subject": after.title, "showAs": "free" if after.transparent else "busy"}


def _doubled(block: Block) -> bool:
    """True when a date and its stand-in are both there, or a stand-in for no date at all."""
    return any(day in block.dates or not block.actual.has(day) for day in block.stand_ins)


def _is_the_leaders(block: Block, after: Series, day: date) -> bool:
    """True for a date that somebody changed while a rewriting lay unfinished: neither wiped, nor before, nor after."""
    there = entry(block.actual, day)
    return there is not HOME and there not in (entry(block.shown, day), entry(after, day))


def _asks_somebody(block: Block, ops: Sequence[_Op]) -> bool:
    """True when one of the changes is about an event with guests: Exchange would write to them."""
    rows = [*block.rows, *block.dates.values()]
    asked = {str(row["id"]) for row in rows if row.get("attendees")}
    if not asked:
        return False
    master = block.master
    wide = any(
        op.day is None and (op.part.method == "DELETE" or (op.part.body or {}).keys() & WIPES) for op in ops
    ) or (master is not None and str(master["id"]) in asked)
    return bool(ops) and (wide or any(op.target in asked for op in ops))


def _guarded(block: Block | None, ops: Sequence[_Op]) -> list[_Op]:
    """The changes, each with the ETag of what was looked at where that still holds when its turn comes."""
    rows = [*block.dates.values(), *block.rows] if block is not None else []
    etags = {str(row["id"]): str(row.get("@odata.etag") or "") for row in rows}
    spent: set[str] = set()
    guarded = []
    for op in ops:
        etag = etags.get(op.target, "")
        if etag and etag not in spent:
            spent.add(etag)
            op = replace(op, part=replace(op.part, match=etag))
        guarded.append(op)
    return guarded
