"""Months of promises on a seed, on a server that misbehaves and with a leader who edits: what must hold, holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from calsync.config.values import BlockConfig
from calsync.desk import Desk
from calsync.model import ONE_OFF, Kind, Series, Span
from calsync.nightreport import NightReport
from calsync.planning.board import Prefer
from calsync.state.store import NewPromise, Store
from tests.simulation.test_a_year_of_nights import Life, _span_of


class PromisingLife(Life):
    """A leader who promises, keeps, drops, and moves what was added for it."""

    def desk(self) -> Desk:
        desk = super().desk()
        blocks = (*desk.config.blocks, BlockConfig(Kind.FOLLOW_THROUGH, 45, 1, 1, Prefer.ANY, "Focus"))
        return Desk(replace(desk.config, blocks=blocks), desk.state_folder, desk.now)

    def promise(self) -> None:
        """Now and then something is promised, kept or dropped."""
        with Store(self.folder / "state", self.now) as store:
            if self.chance.random() < 0.5:
                due = self.now.date() + timedelta(self.chance.randrange(0, 25))
                clock = self.chance.choice((time(23, 59), time(14), time(9, 50)))
                instant = datetime.combine(due, clock, self.zone)
                minutes = self.chance.choice((10, 30, 45, 60, 90, 200))
                if instant > self.now:
                    store.add_promise(NewPromise(self.chance.choice(("Ana", "Bo")), self.now, instant, minutes, ""))
            waiting = [p for p in store.promises() if p.state == "open"]
            if waiting and self.chance.random() < 0.3:
                one = self.chance.choice(waiting)
                store.close_promise(one.id, self.chance.choice(("kept", "dropped")), self.now)

    def added(self) -> list[Series]:
        """The blocks for single dates as they stand on the server."""
        return [o.series for o in self.owned() if o.series.number >= ONE_OFF]

    def handle(self) -> None:
        """Now and then the leader deletes an added block, or drags it elsewhere."""
        ahead = [s for s in self.added() if s.first > self.now.date()]
        if not ahead or self.chance.random() > 0.15:
            return
        one = self.chance.choice(ahead)
        if self.chance.random() < 0.5:
            self.server.delete_date(one.key, one.first)
        else:
            clock = (one.home(one.first).start + timedelta(hours=1)).time()
            self.server.move_date(one.key, one.first, one.first, clock)


def check(one: PromisingLife, report: NightReport) -> None:
    """After an undisturbed night."""
    assert {n: d for n, d in one.server.snapshot().items() if not n.startswith("cs")} == one.meetings
    with Store(one.folder / "state", one.now) as store:
        assert store.journal(state="intended") == []
        promises = {p.id: p for p in store.promises()}
        told = store.promise_time()
        marked = {(d.number, d.generation) for d in store.decisions() if d.number >= ONE_OFF}
    busy = [_span_of(data) for data in one.meetings.values()]
    frozen = one.now + timedelta(hours=20)
    blocks: list[tuple[Span, Series]] = []
    for series in [o.series for o in one.owned()]:
        for day in series.days(one.now.date(), one.now.date() + timedelta(weeks=6)):
            if (placed := series.placed(day)) is not None and placed.span.start >= frozen:
                blocks.append((placed.span, series))  # noqa: PERF401
    for number, (span, series) in enumerate(blocks):
        if (series.number, series.generation) in marked or not series.once:
            continue
        assert not any(b.overlaps(span.widened(timedelta(minutes=5))) for b in busy)
        assert not any(span.overlaps(other) for n, (other, _) in enumerate(blocks) if n != number)
        name = f"follow-through-{series.number}-{series.generation}-{series.first.isoformat()}"
        mine = [row for row in told if row.block == name]
        assert mine, "an added block is for something"
    short = {u.promise.id: u.missing for u in report.unkept}
    for row in told:
        promise = promises[row.promise]
        if promise.state == "open" and row.start >= one.now:
            taken = any(row.block.startswith(f"follow-through-{n}-{g}-") for n, g in marked)
            assert row.end <= promise.due or taken
    last = one.now + timedelta(weeks=5)
    for promise in promises.values():
        if promise.state == "open" and one.now < promise.due < last:
            got = sum(row.minutes for row in told if row.promise == promise.id)
            assert got + short.get(promise.id, 0) >= promise.minutes, promise


def live(folder: Path, seed: int, nights: int) -> tuple[int, int]:
    """That many nights; how many blocks were added in all, and how many promises had no room."""
    one = PromisingLife(folder, seed)
    added: set[str] = set()
    without_room: set[int] = set()
    for _ in range(nights):
        one.meet()
        one.promise()
        one.handle()
        one.misbehave()
        one.night()
        one.server.behave()
        report = one.night()
        assert report is not None
        assert report.exit_code in (0, 5), [e.what for e in report.errors]
        check(one, report)
        again = one.night()
        assert again is not None
        assert (again.written, again.changes) == (0, [])
        added |= {series.key for series in one.added()}
        without_room |= {u.promise.id for u in report.unkept}
        one.now = (one.now.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=one.zone)
    assert one.now.astimezone(UTC) > datetime(2026, 3, 2, tzinfo=UTC)
    return len(added), len(without_room)


def test_thirty_nights_of_promises(tmp_path: Path) -> None:
    added, _ = live(tmp_path, 3, 30)
    assert added > 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", [10, 11])
def test_five_months_of_promises(tmp_path: Path, seed: int) -> None:
    added, without_room = live(tmp_path, seed, 150)
    assert added > 20
    assert without_room
