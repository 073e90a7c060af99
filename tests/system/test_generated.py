"""On calendars that nobody prepared, no block lies on busy time, and the second night writes nothing."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import RunCalsync
from tests.system.judge import blocks_of, generate, overlapping, per_day

NOW = "2026-03-01T03:00:00-05:00"
ZONES = (
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Casablanca",
)


def check(shared: Path, folder: Path, run: RunCalsync, *, events: int, seed: int, vdir: bool = False) -> None:
    zone = ZoneInfo(ZONES[seed % len(ZONES)])
    truth = generate(shared / "tools" / "gen_calendar.py", folder, events=events, seed=seed, zone=zone, vdir=vdir)
    (folder / "out").mkdir()
    (folder / "config.yaml").write_text(
        f"timezone: {zone.key}\nme: [robin.leader@example.com]\n"
        'working_hours: {mon-fri: "07:30-12:00, 13:00-19:00"}\ncalendars:\n'
        f"  - {{name: big, provider: ics, path: {'cal' if vdir else 'cal.ics'}}}\n"
        "  - {name: out, provider: ics, path: out, write: true}\n"
        f"blocks: {{connect: {{minutes: {25 + 5 * (seed % 3)}, per_week: {2 + seed % 3}}}}}\n"
        f"planning: {{buffer_minutes: {5 * (seed % 3)}, grid_minutes: {(5, 10, 15)[seed % 3]}}}\n",
        encoding="utf-8",
    )
    args = ["--config", folder / "config.yaml", "--state", folder / "state", "nightly", "--json", "--now", NOW]
    foreign = {p: p.read_bytes() for p in folder.glob("cal*") if p.is_file()}
    first = run(args)
    assert first.code in (0, 5), first.stderr
    night = first.json()
    begin, end = (datetime.fromisoformat(night["horizon"][k]) for k in ("start", "end"))
    assert end - begin >= timedelta(weeks=12)
    blocks = blocks_of(folder / "out", begin, end, zone)
    assert overlapping(blocks, truth.busy, timedelta(minutes=5 * (seed % 3))) == []
    assert max(per_day(blocks, zone).values(), default=0) <= 1
    wanted = (2 + seed % 3) * len({(b[0] + timedelta(0)).astimezone(zone).isocalendar()[:2] for b in blocks})
    assert len(blocks) + sum(u["missing"] for u in night["unplaced"]) >= wanted - (2 + seed % 3)
    stamps = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in (folder / "out").iterdir()}
    second = run(args)
    assert (second.code, second.json()["written"], second.json()["changes"]) == (first.code, 0, [])
    assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in (folder / "out").iterdir()} == stamps
    assert {p: p.read_bytes() for p in foreign} == foreign
    json.dumps(night)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_small_calendar_is_planned_around(shared: Path, tmp_path: Path, run_calsync: RunCalsync, seed: int) -> None:
    check(shared, tmp_path, run_calsync, events=1000, seed=seed, vdir=seed == 12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 150))
def test_fifty_calendars_are_planned_around(shared: Path, tmp_path: Path, run_calsync: RunCalsync, seed: int) -> None:
    events = (1000, 1500, 2000, 3000, 10_000)[seed % 5 if seed % 10 != 4 else 3]
    check(shared, tmp_path, run_calsync, events=events, seed=seed, vdir=seed % 7 == 3)
