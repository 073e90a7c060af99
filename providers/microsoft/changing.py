"""One series on its way to what it ought to be: look, say what is missing, send that, look again.

Nothing is remembered of what was sent but that it was: what is still missing is worked out each time from what stands
there. So it does not matter where an earlier run was cut off, and an unclear answer is settled by the next look.
Each write goes with the ETag of what was looked at. Exchange keeps a series in one item, so its dates share an ETag:
then the first of the changes has it, and the others follow only when that one was done.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from zoneinfo import ZoneInfo

from calsync.model import Series
from calsync.ports import Outcome, OutcomeState, OwnedSeries, SeriesWrite
from providers.microsoft.blocks import MARGIN, Block, owned, sight
from providers.microsoft.bodies import WIPES, data_for
from providers.microsoft.comparing import adopted, bare, mixed, same, touched
from providers.microsoft.errors import FORBIDDEN, NOT_FOUND, SKIPPED, STALE, THROTTLED, Reply, patience
from providers.microsoft.finding import Found, Places, all_rows, event_part, gather, instances_part, key_part
from providers.microsoft.graph import Graph, Part
from providers.microsoft.marks import DATA, Data, mark_of, properties
from providers.microsoft.missing import Missing, Op, asks_somebody, guarded, removal
from providers.microsoft.zones import plain_zone, windows_zone

__all__ = ["Changing", "NoRights", "Step"]

_ROUNDS = 24
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
    """One write. `begun` is True once some of it was done or may have been, `complete` once all of it was.

    `known` are the ids of what the series consisted of when it was read, the master's first; empty where that is not
    known.
    """

    change: SeriesWrite
    graph: Graph
    places: Places
    leader: ZoneInfo
    year: int
    known: Sequence[str] = ()
    begun: bool = False
    complete: bool = False
    _numbers: dict[date | None, int] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)
    _tries: dict[str, int] = field(default_factory=dict)
    _apart: set[date] = field(default_factory=set)
    _crossed: set[date] = field(default_factory=set)
    _theirs: set[date] = field(default_factory=set)
    _before: Series | None = None
    _after: Series | None = None
    _data: Data | None = None
    _made: dict[str, None] = field(default_factory=dict)
    _rows: Mapping[str, date] = field(default_factory=dict)
    _wiped: bool = False
    _rewritten: set[date] = field(default_factory=set)
    _reason: str = ""
    _unclear: bool = False

    def run(self) -> Generator[Step, list[Reply], Outcome]:
        """The steps of the write, then how it ended. Raises ProviderError, or NoRights."""
        end = yield from self._run()
        if self.begun and end.state in (OutcomeState.FAILED, OutcomeState.CONFLICT):
            # Part of it is done: whoever looks next must know that it may be.
            return replace(end, state=OutcomeState.UNCLEAR)
        return end

    def _run(self) -> Generator[Step, list[Reply], Outcome]:
        look = yield from self._first()
        self._before, self._after = (_plain(side) for side in (self.change.before, self.change.after))
        looks = 0
        for _ in range(_ROUNDS):
            end = self._settled(look)
            ops = self._missing(look) if end is None else end
            old = self.begun and end is not None and end.state is OutcomeState.CONFLICT
            if not isinstance(ops, Outcome):
                old = any(op.id in self._done for op in ops)
                ops = [op for op in ops if op.id not in self._done]
            if (old or self._outdated(look)) and looks < _LOOKS:
                # What was done is not there: what is read may be older than that.
                looks += 1
                look = yield from self._again(look, wait=2.0 ** (looks - 1))
                continue
            if isinstance(ops, Outcome):
                return ops
            if not ops:
                if not self.complete and self._done:
                    return Outcome(OutcomeState.UNCLEAR, error="Microsoft goes on showing what stood there before")
                return Outcome(OutcomeState.DONE, look.read.etag if self._after and look.read else "")
            if any(self._tries.get(op.id, 0) >= _TRIES for op in ops):
                return Outcome(OutcomeState.FAILED, error=f"Microsoft does not take it: {self._reason}")
            self.complete, self._unclear = False, False
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
        """Look at what was there, and at what was made meanwhile."""
        found = look.found
        ids = list(dict.fromkeys([*(found.ids if found is not None else []), *self._made]))
        if not ids:
            return (yield from self._by_key(wait))
        return (yield from self._by_ids(ids, ids[0] if found is not None and found.recurs else "", wait))

    def _by_ids(self, ids: Sequence[str], series: str, wait: float = 0.0) -> Generator[Step, list[Reply], _Look]:
        """Look by ids, which are found sooner than keys are; `series` is the one that has dates, as far as is known."""
        parts = [event_part(self.places, name, marks=True) for name in ids]
        if series:
            parts.append(instances_part(self.places, series, sight(self.year)))
        answers = yield Step(parts, wait=wait)
        rows = []
        for reply in answers[: len(ids)]:
            if reply.done:
                rows.append(reply.body)
            elif reply.status != NOT_FOUND:
                raise self.graph.failure(reply)
        found = gather(rows).get(self.change.key)
        if found is not None and found.recurs and found.master is not None:
            if series != found.master["id"]:
                answers = yield Step([instances_part(self.places, str(found.master["id"]), sight(self.year))])
            found.take(all_rows(self.graph, answers[-1]))
        return self._seen(found)

    def _first(self) -> Generator[Step, list[Reply], _Look]:
        if self.known:
            look = yield from self._by_ids(self.known, self.known[0])
            if look.block is not None:
                return look
        return (yield from self._by_key())

    def _seen(self, found: Found | None) -> _Look:
        block = found.block(self.leader, self.year) if found is not None else None
        return _Look(found, block, owned(block, self.leader)[1] if block is not None else None)

    # comparing

    def _settled(self, look: _Look) -> Outcome | None:
        """How the write ends by what is there; None when something is still to be sent."""
        before, after, seen = self._before, self._after, sight(self.year)
        if look.nothing:
            if after is None:
                return Outcome(OutcomeState.DONE)
            if before is None:
                return None
            return Outcome(OutcomeState.CONFLICT, error="the series is gone from the calendar")
        if look.block is None or look.read is None:
            return Outcome(OutcomeState.CONFLICT, error="its marks were changed by another program")
        there = look.read.series
        # What somebody did to an unfinished series is left as it is; they are told of it as of any other edit.
        after = adopted(after, there, self._theirs) if after is not None else None
        finished = not look.block.unfinished and not look.block.doubled
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

    def _outdated(self, look: _Look) -> bool:
        """True when dates are shown that are not plain, after a change that has wiped all that was special about them
        and before they were written anew: what is read of a series and of its dates may be of different age.
        """
        block = look.block
        if not self._wiped or block is None or not block.unfinished or look.found is None or not look.found.recurs:
            return False
        seen = sight(self.year)
        days = block.actual.days((seen.start + MARGIN).date(), (seen.end - MARGIN).date())
        odd = {day for day in days if day not in block.dates or block.dates[day].get("type") == "exception"}
        return bool(odd - self._rewritten)

    # what is missing

    def _missing(self, look: _Look) -> list[Op] | Outcome:
        """The next changes, in the order in which they must be made; an Outcome when they must not be made."""
        block = look.block
        self._rows = {str(row["id"]): day for day, row in block.dates.items()} if block is not None else {}
        if self._after is None:
            ops = removal(self.places, look.found)
        else:
            self._data = self._data or self._marks(self._after, look)
            if self._data is None:
                return Outcome(
                    OutcomeState.FAILED,
                    error=f"Microsoft has no time zone that keeps the time of {self._after.timezone}",
                )
            missing = Missing(
                self.places,
                self._after,
                self._data,
                sight(self.year),
                self._numbers,
                frozenset(self._crossed),
                frozenset(self._apart),
            )
            ops = missing.of(block)
            if block is not None:
                self._theirs |= missing.left(block)
        if block is not None and asks_somebody(block, ops):
            return Outcome(
                OutcomeState.CONFLICT,
                error="somebody was invited to it in Outlook and would get mail; change or delete it by hand",
            )
        return guarded(block, ops)

    def _marks(self, after: Series, look: _Look) -> Data | None:
        """The marks of the finished series; None when there is no zone for it."""
        there, read = look.block, look.read
        if there is not None and there.data.zone == after.timezone:
            windows = there.data.windows
        else:
            windows = windows_zone(after.timezone, self.year)
        if not windows:
            return None
        theirs = read.series.overrides if read is not None else {}
        leaders = (day for day in (read.leaders if read is not None else ()) if day in theirs)
        kept = frozenset(day for day in leaders if after.overrides.get(day) == theirs[day])
        return data_for(after, windows, there, kept)

    # answers

    def _judge(self, ops: Sequence[Op], replies: Sequence[Reply]) -> Generator[Step, list[Reply], Outcome | None]:
        """Note what was answered; an Outcome when that is the end of it."""
        for op, reply in zip(ops, replies, strict=True):
            self._note(op, reply)
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
                # Its neighbour may be on its way as well: then it goes there after that one.
                others = any(one.day not in (None, op.day) for one in ops)
                (self._crossed if others and op.day not in self._crossed else self._apart).add(op.day)
            elif reply.status == FORBIDDEN:
                raise NoRights
            elif reply.status == NOT_FOUND and not op.target:
                raise self.graph.failure(reply)
            elif reply.status not in (NOT_FOUND, STALE):
                return Outcome(OutcomeState.FAILED, error=self._refusal(reply))
        self.complete = all(op.id in self._done for op in ops) and not self._more(ops)
        return None

    def _note(self, op: Op, reply: Reply) -> None:
        """Keep count of what was done, or may have been: of the dates that were written since all were wiped, too."""
        if not (reply.done or reply.unclear):
            return
        self.begun = True
        if op.day is None and op.target and (op.part.body or {}).keys() & WIPES:
            self._wiped, self._rewritten = True, set()
        elif op.target in self._rows:
            self._rewritten.add(self._rows[op.target])

    def _refusal(self, reply: Reply) -> str:
        if reply.code == _NO_ZONE:
            zone = self.change.after.timezone if self.change.after is not None else ""
            return f"Microsoft's server does not know the time zone that it has for {zone} ({reply.line})"
        if reply.status == THROTTLED:
            return patience(reply)
        return f"Microsoft refuses it ({reply.line})"

    def _more(self, ops: Sequence[Op]) -> bool:
        """True when more is to come after these changes: the dates of a series that was made or rewritten."""
        if self._after is None or self._data is None:
            return False
        whole = [op.part.body or {} for op in ops if op.day is None]
        if any(body.keys() & WIPES for body in whole) and touched(self._after):
            return True
        marks = [properties(body).get(DATA) for body in whole if "singleValueExtendedProperties" in body]
        return bool(marks) and marks[-1] != self._data.dump()

    def _taken(self, op: Op, reply: Reply) -> Generator[Step, list[Reply], Outcome | None]:
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
        # In growing steps: a date may have come and gone for years.
        self._numbers[op.day] = 2 * self._numbers.get(op.day, 0) or 1
        self._tries.pop(op.id, None)
        return None


def _plain(series: Series | None) -> Series | None:
    """The series by the name that its zone is read by."""
    return replace(series, timezone=plain_zone(series.timezone)) if series is not None else None
