"""The command in a process of its own: what only a real stdin, a real terminal and a real environment can show."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from calsync.cli import main
from calsync.demo import DemoPaths, write_demo
from calsync.state.lock import hold

NOW = "2026-11-09T05:00:00+01:00"
NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}


@pytest.fixture
def demo(tmp_path: Path) -> DemoPaths:
    assert main(["demo", str(tmp_path / "demo"), "--now", NOW, "--json"]) == 0
    return DemoPaths(tmp_path / "demo", tmp_path / "demo" / "config.yaml", tmp_path / "demo" / "state", fresh=False)


def at(paths: DemoPaths) -> list[str]:
    return ["--config", str(paths.config), "--state", str(paths.state)]


def test_config_and_state_come_from_the_environment_and_options_go_before_it(
    demo: DemoPaths, tmp_path: Path, run_calsync
) -> None:
    env = {"CALSYNC_CONFIG": str(demo.config), "CALSYNC_STATE": str(demo.state)}
    assert run_calsync(["who", "--json", "--now", NOW], env=env).json()["people"]
    wrong = {"CALSYNC_CONFIG": str(tmp_path / "none.yaml"), "CALSYNC_STATE": str(tmp_path / "none")}
    assert run_calsync(["who", "--now", NOW], env=wrong).code == 2
    assert run_calsync([*at(demo), "who", "--now", NOW], env=wrong).code == 0
    assert not (tmp_path / "none").exists()


def test_without_either_the_users_own_folders_are_meant(tmp_path: Path, run_calsync) -> None:
    env = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "c"), "XDG_STATE_HOME": str(tmp_path / "s")}
    ended = run_calsync(["week"], env=env)
    assert ended.code == 2
    if sys.platform == "linux":
        assert str(tmp_path / "c" / "calsync" / "config.yaml") in ended.stderr
    assert not (tmp_path / "s").exists()


def test_a_password_is_taken_from_stdin_kept_for_its_owner_and_never_shown(tmp_path: Path, run_calsync) -> None:
    paths = write_demo(tmp_path / "demo", datetime.fromisoformat(NOW))
    ended = run_calsync([*at(paths), "calendars", "sign-in", "work"], input="correct horse\n", env=NO_KEYRING)
    assert ended.code == 0, ended.stderr
    assert "correct horse" not in ended.stdout + ended.stderr
    kept = paths.state / "secrets.json"
    assert "correct horse" in kept.read_text("utf-8")
    assert kept.stat().st_mode & 0o077 == 0
    nothing = run_calsync([*at(paths), "calendars", "sign-in", "work"], input="\n", env=NO_KEYRING)
    assert nothing.code == 2
    assert "no password" in nothing.stderr


def asked(paths: DemoPaths, project: Path, command: list[str], answer: bytes) -> subprocess.CompletedProcess[bytes]:
    """Run a command whose stdin is a terminal at which somebody types `answer`."""
    ours, other = pty.openpty()
    try:
        os.write(ours, answer)
        return subprocess.run(
            [sys.executable, "-P", "-m", "calsync", *at(paths), *command, "--now", NOW],
            stdin=other,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(project)},
            check=False,
            timeout=120,
        )
    finally:
        os.close(ours)
        os.close(other)


def test_uninstall_asks_at_a_terminal_and_takes_no_for_an_answer(demo: DemoPaths, project: Path) -> None:
    export = (demo.folder / "connect.ics").read_bytes()
    no = asked(demo, project, ["uninstall"], b"n\n")
    assert no.returncode == 0, no.stderr
    assert b"Do this? [y/N]" in no.stderr
    assert no.stdout.endswith(b"Nothing was done.\n")
    assert (demo.folder / "connect.ics").read_bytes() == export
    yes = asked(demo, project, ["uninstall"], b"y\n")
    assert yes.returncode == 0, yes.stderr
    assert not (demo.folder / "connect.ics").exists()


def test_a_second_run_while_one_holds_the_state_leaves_with_75(demo: DemoPaths, run_calsync) -> None:
    with hold(demo.state):
        ended = run_calsync([*at(demo), "nightly", "--now", NOW])
    assert ended.code == 75
    assert len(ended.stderr.splitlines()) == 2


def test_the_json_of_a_night_that_failed_in_part_is_still_json_on_stdout(demo: DemoPaths, run_calsync) -> None:
    (demo.folder / "calendars" / "family.ics").unlink()
    ended = run_calsync([*at(demo), "nightly", "--json", "--now", NOW])
    assert ended.code == 3
    assert json.loads(ended.stdout)["exit"] == 3
    assert ended.stderr.startswith("calsync: ")
