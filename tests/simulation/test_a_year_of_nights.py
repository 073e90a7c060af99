"""Hundreds of nights on a seed, on a server that misbehaves and with a leader who edits: what must hold, holds."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from calsync.config.values import BlockConfig, CalendarConfig, Config, Names, PlanningConfig
from calsync.desk import Desk
from calsync.model import Kind, Person, Span
from calsync.nightly import run_night
from calsync.nightreport import NightReport
from calsync.planning.board import Prefer
from calsync.ports import OwnedSeries
from calsync.state.store import Store
from providers.memory import Fault, Killed, MemoryProvider

ZONES = ("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo")
HOURS = {day: ((time(9), time(12, 30)), (time(13, 15), time(17, 30))) for day in range(5)}


class Life:
    """A leader, a server, and chance."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.zone = ZoneInfo(ZONES[seed % len(ZONES)])
        self.folder = folder
        self.now = datetime(2026, 3, 2, 3, tzinfo=self.zone)
        self.count = 0
        self.meetings: dict[str, bytes] = {}
        provider = self.desk().provider("work")
        assert isinstance(provider, MemoryProvider)
        self.server = provider.server

    def desk(self) -> Desk:
        """The leader's desk at this moment; the server outlives it under the name of the folder."""
        options = {"server": str(self.folder), "calendar": "main"}
        config = Config(
            path=self.folder / "config.yaml",
            timezone=self.zone.key,
            me=frozenset({"maya@example.com"}),
            working_hours=HOURS,
            holidays="",
            free_days=frozenset(),
            calendars=(CalendarConfig("work", "memory", write=True, options=options),),
            blocks=(BlockConfig(Kind.CONNECT, 30, 2, 1, Prefer.ANY, "Focus"),),
            planning=PlanningConfig(horizon_weeks=6),
            people=(Person("Ana", 7, 14), Person("Bo", 7, 14), Person("Cy", 14, 28)),
            names=Names.NONE,
            exports=(),
            notify=(),
        )
        return Desk(config, self.folder / "state", self.now)

    def meet(self) -> None:
        """Meetings come and go."""
        for _ in range(self.chance.randrange(3)):
            day = self.now.date() + timedelta(self.chance.randrange(1, 45))
            clock = time(self.chance.randrange(8, 18), self.chance.choice((0, 15, 30)))
            start = datetime.combine(day, clock, self.zone)
            span = Span(start, start + timedelta(minutes=self.chance.choice((30, 60, 120, 240))))
            self.count += 1
            name = self.server.add_event(f"m{self.count}", span)
            self.meetings[name] = self.server.raw(name)
        if self.meetings and self.chance.random() < 0.2:
            name = self.chance.choice(sorted(self.meetings))
            self.server.remove(name)
            del self.meetings[name]

    def misbehave(self) -> None:
        """One request of the coming night goes wrong now and then."""
        self.server.behave()
        if self.chance.random() < 0.35:
            self.server.fail_next(self.chance.choice(list(Fault)), self.chance.randrange(4))
        if self.chance.random() < 0.05:
            self.server.forget_cursors()

    def night(self) -> NightReport | None:
        """One night; None when its process died."""
        try:
            return run_night(self.desk())
        except Killed:
            return None

    def owned(self) -> list[OwnedSeries]:
        """The blocks as they stand on the server."""
        return self.desk().provider("work").owned("")


def check_whole(one: Life) -> None:
    """After an undisturbed night: foreign events untouched, one series a slot, nothing on top of a meeting."""
    assert {n: d for n, d in one.server.snapshot().items() if not n.startswith("cs")} == one.meetings
    found = [o.series for o in one.owned()]
    alive = [s for s in found if s.until is None]
    assert len({s.number for s in alive}) == len(alive) <= 2
    with Store(one.folder / "state", one.now) as store:
        assert store.journal(state="intended") == []
        pinned = {(d.number, d.generation, date.fromisoformat(d.home)) for d in store.decisions() if d.what == "pinned"}
    busy = [_span_of(data) for data in one.meetings.values()]
    frozen = one.now + timedelta(hours=20)
    last = one.now.date() + timedelta(weeks=6)
    for series in found:
        for day in series.days(one.now.date(), last):
            placed = series.placed(day)
            if placed is None or placed.span.start < frozen or (series.number, series.generation, day) in pinned:
                continue
            wide = placed.span.widened(timedelta(minutes=5))
            assert not any(b.overlaps(wide) for b in busy), (series.number, day)
            assert placed.span.start.isocalendar()[:2] == day.isocalendar()[:2]


def _span_of(data: bytes) -> Span:
    lines = dict(line.split(":", 1) for line in data.decode().splitlines() if line.startswith(("DTSTART", "DTEND")))
    begin, end = (datetime.strptime(lines[k], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for k in ("DTSTART", "DTEND"))
    return Span(begin, end)


def live(folder: Path, seed: int, nights: int) -> None:
    one = Life(folder, seed)
    for n in range(nights):
        one.meet()
        if n % 7 == 6:
            _edit(one)
        one.misbehave()
        one.night()
        one.server.behave()
        report = one.night()
        assert report is not None
        assert report.exit_code in (0, 5), [e.what for e in report.errors]
        check_whole(one)
        again = one.night()
        assert again is not None
        assert (again.written, again.changes) == (0, [])
        one.now = (one.now.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=one.zone)


def _edit(one: Life) -> None:
    """The leader deletes or moves a date; it must stay so."""
    alive = [o.series for o in one.owned() if o.series.until is None]
    if not alive:
        return
    series = one.chance.choice(alive)
    ahead = [
        d
        for d in series.days(one.now.date() + timedelta(3), one.now.date() + timedelta(30))
        if d not in series.cancelled and d not in series.overrides
    ]
    if not ahead:
        return
    day = one.chance.choice(ahead)
    if one.chance.random() < 0.5:
        one.server.delete_date(series.key, day)
    else:
        one.server.move_date(series.key, day, day, time(19, 0))


@pytest.mark.parametrize("seed", [0, *(pytest.param(one, marks=pytest.mark.slow) for one in (1, 2))])
def test_a_month_of_misbehaviour(tmp_path: Path, seed: int) -> None:
    live(tmp_path, seed, 30)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 18))
def test_a_year_of_misbehaviour(tmp_path: Path, seed: int) -> None:
    live(tmp_path, seed, 250)
