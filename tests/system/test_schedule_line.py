"""What is promised of a schedule: the very line that cron runs, in the bare environment that cron gives it, works."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calsync.cli import main
from tests.conftest import NO_KEYRING
from tests.test_startup import loaded_by
from tests.unit.cli.calling import NOW, places, plain_demo
from tests.unit.schedule.programs import Machine

BARE = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "maya"}


def as_cron_runs(text: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the sixth field of a line as cron does: by sh, an escaped % as a plain one, with next to no variables."""
    command = text.split(None, 5)[5].replace("\\%", "%")
    return subprocess.run(
        ["/bin/sh", "-c", command],
        env={**BARE, "HOME": str(home)},
        cwd=home,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def blocks(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "calendars" / "work").glob("cs*"))}


def test_the_installed_line_writes_blocks_in_crons_environment_and_then_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "Maya's 50% ä folder"
    plain_demo(folder, datetime.now(UTC).isoformat())
    machine = Machine(tmp_path / "machine", monkeypatch, "crontab")
    for name, value in NO_KEYRING.items():
        monkeypatch.setenv(name, value)
    assert main([*places(folder), "schedule", "install"]) == 0
    assert machine.crontab is not None
    [text] = machine.crontab.decode().splitlines()
    first = as_cron_runs(text, machine.home)
    assert (first.returncode, first.stderr) in ((0, ""), (5, "")), first
    assert first.stdout
    written = blocks(folder)
    assert written
    second = as_cron_runs(text, machine.home)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert blocks(folder) == written
    assert list(machine.home.iterdir()) == [], "nothing is written where the configuration names nothing"


def test_asking_whether_a_night_is_due_loads_no_library_of_a_night(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    plain_demo(folder)
    assert main([*places(folder), "nightly", "--now", NOW]) == 0
    more = loaded_by(project, *places(folder), "nightly", "--if-due", "04:15", "--now", NOW)
    slow = {"alembic", "icalendar", "keyring", "providers", "pydantic", "requests", "rich", "ruamel", "sqlalchemy"}
    assert {name.split(".")[0] for name in more} & slow == set()
    assert "calsync.nightly" not in more


@pytest.mark.skipif(
    "CALSYNC_REAL_CRONTAB" not in os.environ or shutil.which("crontab") is None,
    reason="it changes the crontab of whoever runs it; set CALSYNC_REAL_CRONTAB where that does no harm",
)
def test_the_crontab_of_this_machine_keeps_every_byte_of_others(tmp_path: Path) -> None:
    folder = tmp_path / "a 50% folder"
    plain_demo(folder)

    def read() -> bytes:
        return subprocess.run(["crontab", "-l"], capture_output=True, check=False).stdout

    before = read()
    mine = b"# mine, with 100% of my own\nMAILTO=maya@example.com\n\n0 7 * * 1\techo '50\\% \xc3\xa4'\n"
    try:
        subprocess.run(["crontab", "-"], input=mine, check=True)
        assert main([*places(folder), "schedule", "install", "--kind", "cron"]) == 0
        assert read().startswith(mine)
        assert read().count(b"# calsync:") == 1
        assert main([*places(folder), "schedule", "show"]) == 0
        assert main([*places(folder), "schedule", "remove"]) == 0
        assert read() == mine
    finally:
        subprocess.run(["crontab", "-"] if before else ["crontab", "-r"], input=before, check=True)
