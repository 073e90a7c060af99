"""Whatever goes wrong at whichever request of a write, nobody is taken for the leader, and the next night ends it well.

Each change of a series is made on a server that does as it is told, then on one where a single request, or a single
part of a batch, goes wrong. In between, calsync's own comparison must see no decision of the leader's in what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import icalendar
import pytest
import recurring_ical_events

from calsync.errors import ProviderError
from calsync.model import Series
from calsync.ports import OutcomeState, OwnedSeries, SeriesWrite
from calsync.state.blocks import BaseSeries
from calsync.state.runs import JournalRow
from calsync.sync.edits import notice
from providers.microsoft.provider import MicrosoftProvider
from tests.contract.samples import CHANGED, WINDOW, meeting, override, series
from tests.servers.context import context
from tests.servers.graph import Fault, GraphServer, Seen
from tests.servers.graph_access import provider

DROPPED, MOVED, LEADERS, DELETED = date(2026, 12, 7), date(2026, 12, 14), date(2026, 12, 21), date(2027, 1, 4)
NEXT, AFTER = date(2026, 12, 28), date(2027, 1, 11)
LATER = CHANGED + timedelta(days=1)
PLAIN = series()
RICH = series(
    cancelled=frozenset({DROPPED}),
    dropped=frozenset({DROPPED}),
    overrides={
        MOVED: override(date(2026, 12, 16), time(11, 0), title="Ana"),
        NEXT: override(NEXT, time(15, 0), minutes=60),
    },
)


def changed(there: Series, **fields: object) -> Series:
    """`there` with other content, stamped as a later night's."""
    return replace(there, changed=LATER, sequence=there.sequence + 1, **fields)  # type: ignore[arg-type]


def without(there: Series, day: date) -> dict[str, object]:
    """The fields of a series in which `day` is dropped."""
    overrides = {d: o for d, o in there.overrides.items() if d != day}
    return {"cancelled": there.cancelled | {day}, "dropped": there.dropped | {day}, "overrides": overrides}


def with_dates(there: Series) -> Series:
    """Another date moves, one goes home, one is dropped, one looks busy."""
    fields = without(there, NEXT)
    overrides = {day: one for day, one in there.overrides.items() if day not in (MOVED, NEXT)}
    return changed(there, **{**fields, "overrides": {**overrides, AFTER: override(date(2027, 1, 13), time(9, 30))}})


def restored(there: Series) -> Series:
    """What calsync dropped comes home, which Graph cannot do with the date itself."""
    return changed(there, cancelled=there.cancelled - {DROPPED}, dropped=there.dropped - {DROPPED})


def crossing(there: Series) -> Series:
    """A date goes to a day behind its neighbour's, which Graph refuses."""
    return changed(there, overrides={**there.overrides, AFTER: override(date(2027, 1, 20), time(9, 30))})


def ended(there: Series) -> Series:
    """No date after the middle of January: a change of the range, which wipes every exception."""
    return changed(there, until=AFTER)


def shifted(there: Series) -> Series:
    """Another time of day, and with it another title."""
    return changed(there, start=time(14, 0), title="Deep work", description="Why: so.\nHow: thus.")


def retitled(there: Series) -> Series:
    return changed(there, title="Deep work", transparent=False)


@dataclass(frozen=True)
class Case:
    """What is there when the night begins (None: nothing), by whose hand, and what the night wants (None: nothing)."""

    first: Series | None
    wanted: Callable[[Series], Series] | Series | None
    leader: bool = False
    stand_in: bool = False


CASES = {
    "create-plain": Case(None, PLAIN),
    "create-rich": Case(None, RICH),
    "dates": Case(RICH, with_dates, leader=True),
    "restore": Case(RICH, restored, leader=True),
    "restored-again": Case(RICH, with_dates, stand_in=True),
    "crossing": Case(RICH, crossing),
    "end": Case(RICH, ended, leader=True),
    "end-with-stand-in": Case(RICH, ended, stand_in=True),
    "shift": Case(RICH, shifted, leader=True),
    "retitle": Case(RICH, retitled, leader=True),
    "delete": Case(RICH, None, leader=True, stand_in=True),
}
LONG = {"crossing", "end", "end-with-stand-in", "restored-again", "shift", "retitle"}
FAULTS = [
    Fault.REFUSED,
    Fault.NO_ANSWER,
    Fault.ANSWER_LOST,
    Fault.STALE,
    Fault.THROTTLED,
    Fault.UNAVAILABLE,
    Fault.UNAUTHORIZED,
    Fault.FORBIDDEN,
]
LOOKS = [Fault.NO_ANSWER, Fault.THROTTLED, Fault.FORBIDDEN]
LOOKS_IN_PARTS = [Fault.UNAVAILABLE, Fault.THROTTLED]
IN_PARTS = [Fault.REFUSED, Fault.ANSWER_LOST, Fault.THROTTLED, Fault.UNAVAILABLE, Fault.STALE]


class Night:
    """One calendar as it is in the evening, as often as it is needed, and the writes of the night on it."""

    def __init__(self, server: GraphServer, case: Case, folder: Path) -> None:
        self.server = server
        # A night reads before it writes, an uninstall does not; the two find what is there in different ways.
        self.reads = not server.occurrences_share_etag
        self.case = case
        self.context = context(folder)
        self.foreign = server.hand.put("", "foreign", meeting("foreign"))
        self.kept = server.hand.ical("", self.foreign)
        self._evening()
        self.before = self.there()
        box = server.mailbox
        self._saved = box.items.copy(), dict(box.taken), dict(box.occurrences)

    @contextmanager
    def once_more(self) -> Iterator[None]:
        """A night from this evening on: nobody else's event is touched in it, and nobody is mailed."""
        box, (items, taken, occurrences) = self.server.mailbox, self._saved
        box.items, box.taken, box.occurrences = items.copy(), dict(taken), dict(occurrences)
        yield
        assert self.server.hand.ical("", self.foreign) == self.kept
        assert not self.server.mailed
        assert not self.server.refused_bodies

    def _evening(self) -> None:
        first = self.case.first
        if first is None:
            return
        self.write(None, first)
        name = self.server.hand.name_of(first.key)
        if self.case.stand_in:
            there = self.there()
            assert there is not None
            self.write(there, restored(there.series))
        if self.case.leader:
            self.server.hand.move_date("", name, LEADERS, date(2026, 12, 23), time(10, 0), title="Mine")
            self.server.hand.change("", name, LEADERS, location={"displayName": "By the lake"})
            self.server.hand.delete_date("", name, DELETED)

    @property
    def wanted(self) -> Series | None:
        wanted = self.case.wanted
        if wanted is None or isinstance(wanted, Series):
            return wanted
        assert self.before is not None
        return wanted(self.before.series)

    def provider(self) -> MicrosoftProvider:
        return provider(self.server, self.context)

    def there(self) -> OwnedSeries | None:
        """What stands there, asked as a run without any state would."""
        return next(iter(self.provider().owned("")), None)

    def write(
        self, there: OwnedSeries | None, after: Series | None, *faults: tuple[Fault, int, int | None]
    ) -> OutcomeState:
        """Write what `there` is to become; of the faults each comes at a request of the write, or at a part of it."""
        before = there.series if there is not None else None
        one = after or before
        assert one is not None
        change = SeriesWrite(one.key, before, after, there.etag if there is not None else "")
        self.state = OutcomeState.UNCLEAR
        one_run = self.provider()
        if self.reads:
            one_run.read("", WINDOW, None)
        for fault, number, part in faults:
            self.server.fail_next(fault, skip=number, part=part)
        (outcome,) = one_run.write("", [change])
        self.state = outcome.state
        return outcome.state

    def decisions(self) -> list[object]:
        """What calsync would take for the leader's doing, were this the night after.

        Of a write that failed or met a conflict it does not remember what it wanted, as nothing of it is there.
        """
        there, before, wanted = self.there(), self.before, self.wanted
        one = wanted or (before.series if before is not None else None)
        assert one is not None
        row = JournalRow(1, 1, "work", one.key, before.series if before else None, wanted, "intended")
        base = {one.key: BaseSeries(before.series, "", before.etag, standing=True)} if before else {}
        owned = {one.key: there} if there is not None else {}
        if self.state is OutcomeState.DONE:
            base = {one.key: BaseSeries(wanted, "", "", standing=True)} if wanted else {}
        intended = [row] if self.state is OutcomeState.UNCLEAR else []
        noticed = notice("work", owned, base, intended, [], self.server.now())
        return list(noticed.decisions)

    def again(self) -> None:
        """The next night: it reads, and writes what is still different."""
        there = self.there()
        wanted = self.wanted
        if there is None and wanted is None:
            return
        if there is not None and wanted is not None and not there.unfinished and there.series.same_content(wanted):
            return
        assert self.write(there, wanted) is OutcomeState.DONE

    def seen(self) -> list[tuple[datetime, datetime, str, str]]:
        """What a person sees in the calendar, by a library that calsync does not read with here."""
        begin, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)
        found = []
        for text in self.server.hand.snapshot().values():
            for row in recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between(begin, end):
                start, stop = (row[name].dt.astimezone(UTC) for name in ("DTSTART", "DTEND"))
                found.append((start, stop, str(row["SUMMARY"]), str(row["TRANSP"]) + str(row.get("LOCATION", ""))))
        return sorted(found)

    def end(self) -> object:
        """The end of it: what people see, and what calsync reads."""
        there = self.there()
        read = (there.series.overrides, there.series.cancelled, there.series.dropped, there.leaders) if there else None
        return self.seen(), read


@pytest.fixture(params=[True, pytest.param(False, marks=pytest.mark.slow)], ids=["one-etag-a-series", "one-a-date"])
def server(request: pytest.FixtureRequest) -> Iterator[GraphServer]:
    server = GraphServer()
    server.occurrences_share_etag = request.param
    with server.running():
        yield server


def undisturbed(night: Night) -> tuple[object, list[Seen]]:
    """How it ends when nothing goes wrong, and the requests of the write."""
    with night.once_more():
        before = len(night.server.requests)
        assert night.write(night.before, night.wanted) is OutcomeState.DONE
        asked = night.server.requests[before:]
        # Without those of the reading before, which is not what is tried here.
        first = next(at for at, request in enumerate(asked) if any(p.method != "GET" for p in request.parts))
        asked = asked[max(0, first - (1 if night.reads else 2)) :]
        there = night.there()
        assert (there is None) == (night.wanted is None)
        assert there is None or there.series.same_content(night.wanted)  # type: ignore[arg-type]
        return night.end(), asked


def plans(request: Seen) -> list[tuple[Fault, int | None]]:
    """What may go wrong with a request: a look is simply made again, so that less of it is tried."""
    if all(part.method == "GET" for part in request.parts):
        return [(fault, None) for fault in LOOKS] + [(fault, 0) for fault in LOOKS_IN_PARTS]
    return [(fault, None) for fault in FAULTS] + [(f, part) for f in IN_PARTS for part in range(len(request.parts))]


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in CASES])
def test_any_fault_at_any_request_is_mended_by_the_next_night(server: GraphServer, name: str, tmp_path: Path) -> None:
    night = Night(server, CASES[name], tmp_path)
    expected, asked = undisturbed(night)
    for number, request in enumerate(asked):
        for fault, part in plans(request):
            with night.once_more():
                with suppress(ProviderError):
                    night.write(night.before, night.wanted, (fault, number, part))
                server.behave()
                assert night.decisions() == [], (fault, number, part)
                night.again()
                assert night.end() == expected, (fault, number, part)


@pytest.mark.parametrize("name", CASES)
def test_a_write_that_is_cut_off_for_good_is_carried_on_by_the_same_write(
    server: GraphServer, name: str, tmp_path: Path
) -> None:
    night = Night(server, CASES[name], tmp_path)
    expected, asked = undisturbed(night)
    for number, request in enumerate(asked):
        if all(part.method == "GET" for part in request.parts):
            continue
        for part in range(len(request.parts)):
            with night.once_more():
                # This part and what follows it is not done, and no look afterwards succeeds.
                silence: list[tuple[Fault, int, int | None]] = [
                    (Fault.NO_ANSWER, number + later, None) for later in range(1, 12)
                ]
                with suppress(ProviderError):
                    state = night.write(night.before, night.wanted, (Fault.REFUSED, number, part), *silence)
                    assert state is not OutcomeState.CONFLICT
                server.behave()
                assert night.write(night.before, night.wanted) is OutcomeState.DONE, (number, part)
                assert night.end() == expected, (number, part)
