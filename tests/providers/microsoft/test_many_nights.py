"""Nights on end, each with a plan of its own, a leader at work in Outlook, and something going wrong in every other.

What calsync takes for the leader's doing each night must be just what the leader did, and stay through what follows.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from calsync.errors import ProviderError
from calsync.model import Override, Series, Span, at_wall_clock
from calsync.ports import OutcomeState, OwnedSeries, Resource, SeriesWrite
from calsync.state.blocks import BaseSeries, Decision
from calsync.state.runs import JournalRow
from calsync.sync.edits import What, notice, touched_days
from tests.contract.samples import BERLIN, WINDOW, series
from tests.servers.context import context
from tests.servers.graph import Fault, GraphServer
from tests.servers.graph_access import provider

FIRST = series()
DAYS = list(FIRST.days(date(2026, 12, 1), date(2027, 2, 15)))
FAULTS = [
    Fault.REFUSED,
    Fault.NO_ANSWER,
    Fault.ANSWER_LOST,
    Fault.STALE,
    Fault.THROTTLED,
    Fault.UNAVAILABLE,
    Fault.FORBIDDEN,
]


class Nights:
    """One series through many nights; `edits` are the dates that the leader has touched."""

    def __init__(self, server: GraphServer, folder: Path, seed: int) -> None:
        self.server = server
        self.context = context(folder)
        self.dice = random.Random(seed)
        self.cursor: str | None = None
        self.known: dict[str, Resource] = {}
        self.base: BaseSeries | None = None
        self.rows: list[JournalRow] = []
        self.decisions: list[Decision] = []
        self.edits: dict[date, Override | None] = {}
        self.fresh: set[date] = set()
        self.count = 0

    def there(self) -> OwnedSeries | None:
        return next(iter(provider(self.server, self.context).owned("")), None)

    # the leader

    def leader(self) -> None:
        """One edit of a date that the leader has left alone so far."""
        day = self.dice.choice(DAYS)
        found = self.there()
        if found is None or day in self.edits or not found.series.has(day) or day in found.series.cancelled:
            return
        if any(row.after is not None and day in touched_days(row.after) for row in self.rows):
            # Where both may have done the same, nobody can tell whose doing it is.
            return
        if found.unfinished:
            # What a date looks like while its series lies unfinished is nobody's to say.
            return
        hand, name = self.server.hand, found.resource
        stand_in = next((n for n in hand.names() if self._stands_in(n, day)), "")
        to = day - timedelta(day.weekday()) + timedelta(self.dice.randint(0, 4))
        clock = time(self.dice.randint(7, 18))
        if self.dice.random() < 0.4:
            if stand_in:
                hand.delete("", stand_in)
            else:
                hand.delete_date("", name, day)
        elif stand_in:
            hand.change("", stand_in, subject=f"Mine {day}")
        else:
            hand.move_date("", name, day, to, clock, title=f"Mine {day}")
        after = self.there()
        assert after is not None
        self.edits[day] = after.series.placed(day)
        self.fresh.add(day)

    def _stands_in(self, name: str, day: date) -> bool:
        return f"/{day:%Y%m%d}" in (self.server.hand.json("", name)["transactionId"] or "")

    # the plan

    def plan(self, there: Series | None) -> Series:
        """Some change of what stands there, on dates that the leader left alone."""
        self.count += 1
        stamp = FIRST.changed + timedelta(hours=self.count)
        if there is None:
            return replace(FIRST, changed=stamp)
        wanted = replace(there, changed=stamp, sequence=there.sequence + 1)
        match self.dice.randint(0, 7):
            case 0:
                wanted = replace(wanted, title=f"Focus {self.count}")
            case 1:
                wanted = replace(wanted, transparent=not wanted.transparent)
            case 2:
                wanted = replace(wanted, description=f"Why: {self.count}.")
            case 3:
                wanted = replace(wanted, start=time(self.dice.randint(9, 16)))
            case 4:
                wanted = self._until(wanted, None if wanted.until else self.dice.choice(DAYS[4:]))
        for day in self.dice.sample(DAYS, 3):
            if day not in self.edits and wanted.has(day):
                wanted = self._dated(wanted, day)
        return wanted

    def _until(self, wanted: Series, until: date | None) -> Series:
        ended = replace(wanted, until=until)
        # Dates that an ending takes away are nobody's any more.
        self.edits = {day: placed for day, placed in self.edits.items() if ended.has(day)}
        return replace(
            ended,
            cancelled=frozenset(day for day in wanted.cancelled if ended.has(day)),
            dropped=frozenset(day for day in wanted.dropped if ended.has(day)),
            overrides={day: o for day, o in wanted.overrides.items() if ended.has(day)},
        )

    def _dated(self, wanted: Series, day: date) -> Series:
        gone, dropped, overrides = set(wanted.cancelled), set(wanted.dropped), dict(wanted.overrides)
        gone.discard(day)
        dropped.discard(day)
        overrides.pop(day, None)
        choice = self.dice.random()
        if choice < 0.3:
            gone.add(day)
            dropped.add(day)
        elif choice < 0.7:
            to = day - timedelta(day.weekday()) + timedelta(self.dice.randint(0, 6))
            start = at_wall_clock(to, time(self.dice.randint(7, 19), 30), wanted.zone)
            span = Span(start, start + timedelta(minutes=30))
            overrides[day] = Override(span, wanted.title, self.dice.random() < 0.5)
        return replace(wanted, cancelled=frozenset(gone), dropped=frozenset(dropped), overrides=overrides)

    # the night

    def night(self, *, fair: bool) -> None:
        one_run = provider(self.server, self.context)
        delta = one_run.read("", WINDOW, self.cursor)
        self.cursor = delta.cursor
        for name in delta.removed:
            del self.known[name]
        self.known.update((resource.name, resource) for resource in delta.changed)
        there = self.there()
        # What the changes add up to is what is found without them.
        expanded = one_run.expand("", self.known.values(), WINDOW, BERLIN)
        assert [one.owned for one in expanded] == ([there] if there is not None else [])
        self._notice(there, self.server.now())
        wanted = self.plan(there.series if there is not None else None)
        if there is not None and wanted.same_content(there.series) and not there.unfinished:
            return
        before = there.series if there is not None else None
        self.rows = [JournalRow(self.count, 1, "work", wanted.key, before, wanted, "intended")]
        if not fair:
            part = self.dice.choice([None, 0, 1, 2])
            self.server.fail_next(self.dice.choice(FAULTS), skip=self.dice.randint(0, 6), part=part)
            for later in range(self.dice.choice([0, 0, 20])):
                self.server.fail_next(Fault.NO_ANSWER, skip=8 + later)
        with suppress(ProviderError):
            change = SeriesWrite(wanted.key, before, wanted, there.etag if there is not None else "")
            (outcome,) = one_run.write("", [change])
            assert not fair or outcome.state is OutcomeState.DONE, outcome
            if outcome.state is OutcomeState.DONE:
                self.base = BaseSeries(wanted, "", outcome.etag, standing=True)
            if outcome.state is not OutcomeState.UNCLEAR:
                self.rows = []
        self.server.behave()
        if fair:
            found = self.there()
            assert found is not None
            assert found.series.same_content(wanted)

    def _notice(self, there: OwnedSeries | None, now: datetime) -> None:
        owned = {there.series.key: there} if there is not None else {}
        base = {FIRST.key: self.base} if self.base is not None else {}
        noticed = notice("work", owned, base, self.rows, self.decisions, now)
        days = {date.fromisoformat(d.home) for d in noticed.decisions if d.what in (What.DELETED, What.PINNED)}
        others = [d.what for d in noticed.decisions if d.what not in (What.DELETED, What.PINNED)]
        assert (days, others) == (self.fresh, [])
        self.fresh = set()
        self.decisions += noticed.decisions
        self.base = noticed.bases.get(FIRST.key, self.base)
        self.rows = []
        for day, placed in self.edits.items():
            assert there is not None
            if there.series.has(day):
                assert there.series.placed(day) == placed, day


@pytest.mark.parametrize("shared", [True, False], ids=["one-etag-a-series", "one-a-date"])
@pytest.mark.parametrize("seed", range(6))
def test_what_is_taken_for_the_leaders_doing_is_what_the_leader_did(seed: int, shared: bool, tmp_path: Path) -> None:
    server = GraphServer()
    server.occurrences_share_etag = shared
    with server.running():
        nights = Nights(server, tmp_path, seed)
        for _ in range(12):
            nights.night(fair=nights.dice.random() < 0.4)
            for _ in range(nights.dice.randint(0, 2)):
                nights.leader()
        for _ in range(2):
            nights.night(fair=True)
        assert not server.mailed
        assert not server.refused_bodies
