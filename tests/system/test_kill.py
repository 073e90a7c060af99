"""A night that is killed at any point, then run again, ends as a night that was not killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import calsync
from calsync.state.store import NewPromise, Store
from tests.system.world import BERLIN, meeting

PROJECT = Path(calsync.__file__).resolve().parents[1]
NIGHTS = ("2026-11-23T03:00:00+01:00", "2026-11-24T03:00:00+01:00")


@dataclass
class Stage:
    """A leader with two writable folders, in `folder`; every run is the installed command in a process of its own."""

    folder: Path

    def build(self) -> None:
        plugin = self.folder / "plugin" / "dying-1.dist-info"
        plugin.mkdir(parents=True)
        (plugin / "METADATA").write_text("Metadata-Version: 2.1\nName: dying\nVersion: 1\n", encoding="utf-8")
        (plugin / "entry_points.txt").write_text(
            "[calsync.providers]\ndying = tests.system.dying:DyingProvider\n", encoding="utf-8"
        )
        for name in ("work", "second"):
            (self.folder / name).mkdir()
        rule = "RRULE:FREQ=WEEKLY"
        start = datetime(2026, 11, 24, 10, tzinfo=BERLIN)
        (self.folder / "work" / "weekly.ics").write_bytes(meeting("weekly", start, 60, rule))
        self.config(2)
        self.promise("2026-11-26", 75)

    def promise(self, day: str, minutes: int) -> None:
        """Something is promised to Ana, which needs a block of its own beside the weekly one."""
        due = datetime.fromisoformat(f"{day}T23:59:00+01:00")
        with Store(self.folder / "state", datetime.fromisoformat(NIGHTS[0])) as store:
            store.add_promise(NewPromise("Ana", datetime.fromisoformat(NIGHTS[0]), due, minutes, ""))

    def config(self, per_week: int) -> None:
        (self.folder / "config.yaml").write_text(
            "timezone: Europe/Berlin\nme: [maya@example.com]\ncalendars:\n"
            "  - {name: work, provider: dying, path: work, write: true}\n"
            "  - {name: second, provider: dying, path: second, write: true}\n"
            f"blocks: {{connect: {{minutes: 30, per_week: {per_week}}},\n"
            "  follow-through: {minutes: 45, per_week: 1}}\n"
            "people: [{name: Ana, ideal: 7d, max: 14d}, {name: Bo, ideal: 7d, max: 14d}]\n"
            "exports: [{path: connect.ics, details: full}]\n",
            encoding="utf-8",
        )

    def disturb(self) -> None:
        """Between the nights: a date gets a clash, the leader deletes another one, a third series is asked for, one
        promise is dropped and another made.
        """
        blocks = sorted((self.folder / "work").glob("cs*.ics"))
        text = blocks[0].read_text(encoding="utf-8")
        begin = datetime.strptime(text.partition("DTSTART;TZID=Europe/Berlin:")[2][:15], "%Y%m%dT%H%M%S").replace(
            tzinfo=BERLIN
        )
        clash, gone = begin + timedelta(14), begin + timedelta(28)
        (self.folder / "work" / "clash.ics").write_bytes(meeting("clash", clash, 30))
        head, rule, tail = text.partition("RRULE:FREQ=WEEKLY")
        exdate = f"EXDATE;TZID=Europe/Berlin:{gone:%Y%m%dT%H%M%S}\r\n"
        blocks[0].write_text(head + exdate + rule + tail, encoding="utf-8", newline="")
        self.config(3)
        with Store(self.folder / "state", datetime.fromisoformat(NIGHTS[1])) as store:
            store.close_promise(1, "dropped", datetime.fromisoformat(NIGHTS[1]))
        self.promise("2026-12-04", 150)

    def night(self, n: int, die_at: int = 0) -> subprocess.CompletedProcess[str]:
        log = self.folder / "steps.log"
        log.unlink(missing_ok=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("CALSYNC_", "PYTHON"))} | {
            "PYTHONPATH": os.pathsep.join([str(PROJECT), str(self.folder / "plugin")]),
            "DIE_AT": str(die_at),
            "DIE_WITHIN": str(self.folder),
            "DIE_LOG": str(log),
        }
        command = [sys.executable, "-P", "-m", "calsync", "--config", str(self.folder / "config.yaml")]
        return subprocess.run(
            [*command, "--state", str(self.folder / "state"), "nightly", "--json", "--now", NIGHTS[n]],
            env=env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def steps(self) -> list[str]:
        return (self.folder / "steps.log").read_text(encoding="utf-8").splitlines()

    def picture(self) -> dict[str, bytes]:
        """Everything that lasts: both calendars and the export, without the half-written file that a killed run may
        leave (no program takes it for an event, and a later run sweeps it)."""
        files = [*(self.folder / "work").iterdir(), *(self.folder / "second").iterdir(), self.folder / "connect.ics"]
        return {str(p.relative_to(self.folder)): p.read_bytes() for p in files if not p.name.endswith(".tmp")}


def after_first(base: Path) -> Stage:
    """A stage whose first night went well, and that was disturbed since."""
    stage = Stage(base)
    stage.build()
    first = stage.night(0)
    assert first.returncode == 0, first.stderr
    stage.disturb()
    return stage


def check_points(stage: Stage, n: int, points: range, tmp_path: Path) -> None:
    """Kill night `n` at each point, run it again, and compare with `stage`, on which it was never killed."""
    for point in points:
        copy = tmp_path / f"killed-{n}-{point}"
        shutil.copytree(tmp_path / f"before-{n}", copy, symlinks=True)
        trial = Stage(copy)
        killed = trial.night(n, point)
        assert killed.returncode == -9, (point, killed.stderr)
        again = trial.night(n)
        assert again.returncode == 0, (point, again.stderr)
        assert trial.picture() == stage.picture(), (point, trial.steps())
        quiet = trial.night(n)
        assert json.loads(quiet.stdout)["written"] == 0
        shutil.rmtree(copy)


def prepared(tmp_path: Path, n: int) -> tuple[Stage, int]:
    """A stage before night `n` in `before-n`, the same after it, and how many points it can be killed at."""
    before = tmp_path / f"before-{n}"
    if n == 0:
        Stage(before).build()
    else:
        after_first(before)
    whole = tmp_path / "whole"
    shutil.copytree(before, whole, symlinks=True)
    stage = Stage(whole)
    assert stage.night(n).returncode == 0
    return stage, len(stage.steps())


@pytest.mark.slow
@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("n", [0, 1])
def test_a_night_killed_at_any_step_and_run_again_ends_the_same(tmp_path: Path, n: int, part: int) -> None:
    stage, count = prepared(tmp_path, n)
    assert count > 15
    check_points(stage, n, range(1 + part, count + 1, 3), tmp_path)


def test_a_night_killed_in_the_middle_of_its_writes_ends_the_same(tmp_path: Path) -> None:
    stage, _ = prepared(tmp_path, 1)
    writes = [i for i, step in enumerate(stage.steps(), 1) if "cs" in step]
    middle = writes[len(writes) // 2]
    check_points(stage, 1, range(middle, middle + 2), tmp_path)
