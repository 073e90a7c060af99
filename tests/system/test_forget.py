"""Forgetting a person on every kind of calendar, and being killed while doing it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

import calsync
from calsync.desk import open_desk
from calsync.forgetting import forget
from calsync.nightly import run_night
from tests.system.vendors import NOW, Vendor, VendorWorld, google, graph
from tests.system.world import World

PROJECT = Path(calsync.__file__).resolve().parents[1]
ACCOUNTS: dict[str, Callable[[], AbstractContextManager[Vendor]]] = {"google": google, "microsoft": graph}
ZOE = "{name: Zoë Quist, email: zoe.quist@example.com, ideal: 3d, max: 6d}"
BEN = "{name: Ben Okafor, ideal: 3d, max: 6d}"
NAMED = "privacy: {names: first}\nexports: [{path: out.ics, details: full}]"
DAYS = 10


def written(*resources: bytes) -> str:
    """Everything as text, lines unfolded."""
    return "".join(data.replace(b"\r\n ", b"").decode("utf-8") for data in resources)


@pytest.mark.parametrize("kind", sorted(ACCOUNTS))
def test_no_first_name_is_left_on_an_account(kind: str, tmp_path: Path) -> None:
    with ACCOUNTS[kind]() as vendor:
        world = VendorWorld(tmp_path, {"work": vendor}, people=f"[{ZOE}, {BEN}]", extra=NAMED)
        for report in world.nights(DAYS):
            assert report.errors == []
        assert "Zoë" in written(*vendor.everything().values())
        later = NOW + timedelta(DAYS)
        found = forget(world.desk(later), "zoë quist")
        assert [error.what for error in found.errors] == []
        assert "Zoë" not in written(*vendor.everything().values(), (tmp_path / "out.ics").read_bytes())
        assert "Ben" in written(*vendor.everything().values())
        assert "Quist" not in world.config.read_text("utf-8")
        state = b"".join(path.read_bytes() for path in world.state.rglob("*") if path.is_file())
        assert not any(word.encode() in state for word in ("Zoë", "Zo\\u00eb", "Quist", "zoe.quist"))
        world.people = f"[{BEN}]"  # the world writes its configuration anew
        assert world.night(later).errors == []
        assert world.decisions() == []
        assert world.night(later).written == 0


def test_no_first_name_is_left_in_a_folder_or_on_a_server(world: World) -> None:
    world.people, world.extra = f"[{ZOE}, {BEN}]", NAMED
    for report in world.nights(DAYS):
        assert report.errors == []
    assert "Zoë" in written(*world.shelf.everything().values())
    desk = open_desk(world.config, world.state, NOW + timedelta(DAYS))
    found = forget(desk, "Zoë Quist")
    assert [error.what for error in found.errors] == []
    shelved = written(*world.shelf.everything().values())
    assert "Zoë" not in shelved
    assert "Ben" in shelved
    after = open_desk(world.config, world.state, NOW + timedelta(DAYS))
    assert run_night(after).errors == []
    assert world.decisions() == []
    assert run_night(after).written == 0


@dataclass
class Stage:
    """A leader with two writable folders; every command is a process of its own, which may die."""

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
        (self.folder / "config.yaml").write_text(
            "timezone: Europe/Berlin\nme: [maya@example.com]\ncalendars:\n"
            "  - {name: work, provider: dying, path: work, write: true}\n"
            "  - {name: second, provider: dying, path: second, write: true}\n"
            f"blocks: {{connect: {{minutes: 30, per_week: 2}}}}\npeople: [{ZOE}, {BEN}]\n{NAMED}\n",
            encoding="utf-8",
        )
        for day in range(0, DAYS, 3):
            assert self.run("nightly", day=day).returncode == 0
        assert self.run("done", "zoë", "--note", "Zwetschgen", "--feel", "4", day=DAYS).returncode == 0

    def run(self, *args: str, day: int = DAYS, die_at: int = 0) -> subprocess.CompletedProcess[str]:
        log = self.folder / "steps.log"
        log.unlink(missing_ok=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("CALSYNC_", "PYTHON"))} | {
            "PYTHONPATH": os.pathsep.join([str(PROJECT), str(self.folder / "plugin")]),
            "PYTHONIOENCODING": "utf-8",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "DIE_AT": str(die_at),
            "DIE_WITHIN": str(self.folder),
            "DIE_LOG": str(log),
        }
        command = [sys.executable, "-P", "-m", "calsync", "--config", str(self.folder / "config.yaml")]
        return subprocess.run(
            [*command, "--state", str(self.folder / "state"), *args, "--now", (NOW + timedelta(day)).isoformat()],
            env=env,
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def steps(self) -> list[str]:
        return (self.folder / "steps.log").read_text(encoding="utf-8").splitlines()

    def picture(self) -> dict[str, bytes]:
        """Both calendars, the export and the configuration."""
        files = [*(self.folder / "work").iterdir(), *(self.folder / "second").iterdir()]
        files += [self.folder / "out.ics", self.folder / "config.yaml"]
        return {str(p.relative_to(self.folder)): p.read_bytes() for p in files if not p.name.endswith(".tmp")}

    def traces(self) -> list[str]:
        """The files in which something of the person stands."""
        places = [self.folder / "state", self.folder / "work", self.folder / "second"]
        files = [path for place in places for path in sorted(place.rglob("*")) if path.is_file()]
        files += [self.folder / "out.ics", self.folder / "config.yaml"]
        words = ("Zoë", "Zo\\u00eb", "Quist", "zoe.quist")
        return [path.name for path in files if any(word.encode() in path.read_bytes() for word in words)]


def killed_everywhere(tmp_path: Path, every: int, first: int) -> None:
    before = Stage(tmp_path / "before")
    before.build()
    whole = Stage(Path(shutil.copytree(before.folder, tmp_path / "whole", symlinks=True)))
    assert {"calsync.db", "decisions.json", "config.yaml", "out.ics"} <= set(whole.traces())
    done = whole.run("people", "forget", "Zoë Quist", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert whole.traces() == []
    count = len(whole.steps())
    assert count > 8
    for point in range(first, count + 1, every):
        trial = Stage(Path(shutil.copytree(before.folder, tmp_path / f"killed-{point}", symlinks=True)))
        killed = trial.run("people", "forget", "Zoë Quist", "--yes", die_at=point)
        assert killed.returncode == -9, (point, killed.stderr)
        again = trial.run("people", "forget", "Zoë Quist", "--yes")
        if again.returncode == 2:
            assert "nobody called Zoë Quist" in again.stderr, point  # it had all been done
        else:
            assert (again.returncode, again.stderr) == (0, ""), point
        assert trial.traces() == [], (point, trial.steps())
        assert trial.picture() == whole.picture(), point
        shutil.rmtree(trial.folder)


def test_forgetting_that_was_killed_is_finished_by_the_same_command(tmp_path: Path) -> None:
    killed_everywhere(tmp_path, every=5, first=3)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(3))
def test_forgetting_can_be_killed_at_any_step(tmp_path: Path, part: int) -> None:
    killed_everywhere(tmp_path, every=3, first=1 + part)
