"""The command in a process of its own: what only a real stdin, a real terminal and a real environment can show."""

from __future__ import annotations

import json
import os
import pty
import shlex
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


ENCODINGS = [
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
]


@pytest.mark.parametrize("env", ENCODINGS, ids=["cp1252", "latin-1", "C"])
def test_a_letter_that_the_encoding_lacks_is_a_question_mark_and_in_json_it_is_whole(
    demo: DemoPaths, project: Path, env: dict[str, str]
) -> None:
    name = "Łucja 木村"
    assert main([*at(demo), "people", "add", name, "--ideal", "2w"]) == 0

    def said(*args: str) -> bytes:
        command = [sys.executable, "-P", "-W", "error", "-m", "calsync", *at(demo), *args]
        ended = subprocess.run(
            command, capture_output=True, env={**os.environ, "PYTHONPATH": str(project), **env}, check=False
        )
        assert (ended.returncode, ended.stderr) == (0, b"")
        return ended.stdout

    assert b"?ucja ??" in said("who", "--now", NOW)
    assert name in [person["name"] for person in json.loads(said("who", "--json", "--now", NOW))["people"]]


def by_shell(paths: DemoPaths, project: Path, command: str, redirection: str) -> subprocess.CompletedProcess[str]:
    """Run a command with its streams redirected by the shell."""
    call = shlex.join([sys.executable, "-P", "-W", "error", "-m", "calsync", *at(paths)])
    return subprocess.run(
        ["sh", "-c", f"{call} {command} {redirection}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(project)},
        encoding="utf-8",
        check=False,
        timeout=120,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "command", ["who --json", "people list", "people export", "export --out -", f"nightly --now {NOW}", "--help"]
)
def test_an_answer_that_finds_no_room_is_two_lines_and_code_three(demo: DemoPaths, project: Path, command: str) -> None:
    ended = by_shell(demo, project, command, ">/dev/full")
    assert ended.returncode == 3
    told = ended.stderr.splitlines()
    assert told[0].startswith("calsync: stdout: the answer cannot be written (")
    assert len(told) == 2
    assert not (demo.state / "reports").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_what_failed_is_told_and_counts_though_the_answer_finds_no_room(demo: DemoPaths, project: Path) -> None:
    (demo.folder / "calendars" / "family.ics").unlink()
    ended = by_shell(demo, project, f"nightly --json --now {NOW}", ">/dev/full")
    assert ended.returncode == 3
    assert "family" in ended.stderr
    assert "stdout: the answer cannot be written" in ended.stderr
    assert by_shell(demo, project, f"nightly --now {NOW}", "2>/dev/full").returncode == 3


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_closed_stream_takes_nothing_and_changes_nothing_else(demo: DemoPaths, project: Path, closed: str) -> None:
    ended = by_shell(demo, project, f"nightly --now {NOW}", closed)
    assert ended.returncode == 0
    assert ended.stderr == ""
    assert ("Nothing to change" in ended.stdout) == (">&-" not in closed.split())
    assert by_shell(demo, project, f"uninstall --now {NOW}", closed).returncode == 2, "nobody can be asked"
    assert by_shell(demo, project, "who", "").returncode == 0
