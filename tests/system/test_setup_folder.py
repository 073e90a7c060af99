"""The setup as a leader with nothing but calendar files goes through it: at a terminal, and from a script."""

from __future__ import annotations

import subprocess
import sys
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

import pytest

import calsync
from calsync.demo import write_demo
from tests.conftest import NO_KEYRING
from tests.system.terminal import Terminal, at_terminal
from tests.system.test_setup_accounts import going, stopped_at_every_question
from tests.unit.schedule.programs import Machine

NOW = "2026-11-26T05:00:00+01:00"
PROJECT = str(Path(calsync.__file__).resolve().parents[1])
CALSYNC = [sys.executable, "-P", "-W", "error", "-m", "calsync"]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine with cron, and calendar files where programs usually keep them."""
    made = Machine(tmp_path / "machine", monkeypatch, "crontab")
    write_demo(tmp_path / "demo", datetime.fromisoformat(NOW))
    (tmp_path / "demo" / "calendars").rename(made.home / "calendars")
    (made.home / "calendars" / "family.ics").unlink()
    return made


def environment(machine: Machine) -> dict[str, str]:
    """What a machine without a keyring gives a process, and where the tests' calsync lies."""
    kept = {"HOME": str(machine.home), "PATH": f"{machine.bin}:/usr/bin:/bin", "TZ": "Europe/Berlin", "LANG": "C.UTF-8"}
    return {**kept, **NO_KEYRING, "PYTHONPATH": PROJECT, "TERM": "xterm-256color"}


def setup_at(machine: Machine, *args: str, columns: int = 80, **more: str) -> AbstractContextManager[Terminal]:
    command = [*CALSYNC, "setup", "--now", NOW, *args]
    return at_terminal(command, environment(machine) | more, machine.home, columns=columns)


def run(machine: Machine, *args: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CALSYNC, *args],
        env=environment(machine) | more,
        cwd=machine.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def blocks(machine: Machine) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((machine.home / "calendars" / "work").glob("cs*"))}


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def answer_to_the_end(terminal: Terminal) -> None:
    """Every answer from the addresses on."""
    terminal.answer("Your own mail addresses", "maya@example.com")
    terminal.answer("Your working hours")
    terminal.answer("Whose public holidays", "DE-BY")
    terminal.answer("Is that right for you?")
    terminal.answer("Where from?")
    terminal.answer("Who of them should come into the rotation?", "1-3 5")
    terminal.see("1 [x] Ana Sousa")
    terminal.answer("Numbers to tick or untick")
    terminal.answer("How often would you like to talk", "2w")
    terminal.answer("And at the latest after")
    terminal.answer("Where from?")
    terminal.answer("What may stand in your calendar")
    terminal.answer("A file with your blocks", "none")
    terminal.answer("What should run calsync every night?", "cron")
    terminal.answer("From what time of the night on?", "03:30")


def test_five_minutes_at_a_terminal_and_calsync_runs_by_itself(machine: Machine) -> None:
    with setup_at(machine) as terminal:
        assert "Ctrl-C stops" in terminal.see("1 of 6: Calendars")
        terminal.answer("Where is the calendar?")
        terminal.see("There are calendar files in")
        terminal.answer("The folder, or the .ics file")
        terminal.answer("Should blocks be written to it?")
        terminal.answer("What now?")
        terminal.see("work can be written: a test event was made there and removed again.")
        terminal.answer("Your time zone")
        answer_to_the_end(terminal)
        assert "create" in terminal.see("changes would be made")
        assert blocks(machine) == {}
        assert machine.crontab is None
        terminal.answer("Write it now?")
        assert terminal.end() == 0
        assert "From now on" in terminal.new
    assert machine.crontab is not None
    assert b"nightly --if-due 03:30" in machine.crontab
    assert files(machine.home / ".config") == ["calsync/config.yaml"]
    assert [name for name in files(machine.home / ".local") if "unfinished" in name or "trial" in name] == []
    written = blocks(machine)
    assert len(written) == 4
    again = run(machine, "-q", "nightly", "--now", NOW)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert blocks(machine) == written


def test_ctrl_c_keeps_what_was_answered_and_writes_nothing_else(machine: Machine) -> None:
    with setup_at(machine) as terminal:
        terminal.answer("Where is the calendar?")
        terminal.answer("The folder, or the .ics file")
        terminal.answer("Should blocks be written to it?")
        terminal.answer("What now?")
        terminal.answer("Your time zone")
        terminal.see("Your own mail addresses")
        terminal.see(": ")
        assert terminal.interrupt() == 130
        assert "Stopped. What you have answered is kept; `calsync setup` goes on there." in terminal.screen
        assert "Traceback" not in terminal.screen
    assert files(machine.home / ".config") == ["calsync/config.yaml.unfinished"]
    assert blocks(machine) == {}
    with setup_at(machine) as terminal:
        terminal.see("Going on where you stopped. Answered already: calendars;")
        terminal.answer("Your time zone")
        answer_to_the_end(terminal)
        terminal.answer("Write it now?", "n")
        assert terminal.end() == 0
    assert blocks(machine) == {}
    assert files(machine.home / ".config") == ["calsync/config.yaml"]


@pytest.mark.slow
def test_ctrl_c_at_every_question_and_going_on_ends_where_no_stop_would_have(machine: Machine) -> None:
    answers = {
        "Your own mail addresses": ["maya@example.com"],
        "Who of them should come": ["1-3"],
        "A file with your blocks": ["~/connect.ics"],
        "What should run calsync": ["cron"],
    }
    config = machine.home / ".config" / "calsync" / "config.yaml"
    asked = stopped_at_every_question(
        lambda: setup_at(machine), answers, lambda: (files(machine.home / "calendars"), machine.crontab), config
    )
    assert len(asked) > 15
    stopped, written = config.read_bytes(), len(blocks(machine))
    assert run(machine, "uninstall", "--everything", "--yes", "--now", NOW).returncode == 0
    assert (blocks(machine), machine.crontab) == ({}, b"")
    config.unlink()
    with setup_at(machine) as terminal:
        assert going(terminal, answers).to_the_end() == 0
    assert (config.read_bytes(), len(blocks(machine))) == (stopped, written)


@pytest.mark.parametrize(
    ("columns", "more"), [(80, {"NO_COLOR": "1"}), (200, {"TERM": "dumb"}), (40, {"TERM": "dumb"})]
)
def test_without_colour_no_escape_sequence_is_shown_and_every_line_fits(
    machine: Machine, columns: int, more: dict[str, str]
) -> None:
    with setup_at(machine, columns=columns, **more) as terminal:
        terminal.answer("Where is the calendar?")
        terminal.answer("The folder, or the .ics file")
        terminal.answer("Should blocks be written to it?")
        terminal.answer("What now?")
        terminal.see("Your time zone")
        terminal.see(": ")
        assert terminal.interrupt() == 130
    assert "\x1b" not in terminal.raw
    long = [line for line in terminal.screen.splitlines() if len(line) > columns and str(machine.home) not in line]
    assert long == []


SCRIPT = (
    "--calendar", "name: work, provider: ics, path: ~/calendars/work, write: true",
    "--timezone", "Europe/Berlin", "--me", "maya@example.com", "--holidays", "DE-BY",
    "--hours", "mon-thu 09:00-12:30, 13:15-17:30; fri 09:00-15:00",
    "--connect", "2x30", "--prefer", "afternoon", "--follow-through", "none", "--kindness", "1x10",
    "--person", "Ana Sousa <ana@example.com> 14d 28d", "--people-from", "meetings", "--pick", "ben",
    "--names", "none", "--export", "~/public/connect.ics",
    "--schedule", "cron", "--at", "03:30", "--write-now",
)  # fmt: skip


@pytest.fixture
def scripted(machine: Machine) -> Machine:
    """A machine on which the setup has run from a script, in an environment that has next to nothing."""
    ended = run(machine, "setup", "--non-interactive", *SCRIPT)
    assert ended.returncode in (0, 5), (ended.stdout, ended.stderr)
    return machine


def test_a_script_sets_calsync_up_and_the_line_that_cron_runs_then_works(scripted: Machine) -> None:
    assert scripted.crontab is not None
    assert len(blocks(scripted)) == 3
    assert (scripted.home / "public" / "connect.ics").read_bytes().startswith(b"BEGIN:VCALENDAR")
    [line] = scripted.crontab.decode().splitlines()
    text = (scripted.home / ".config" / "calsync" / "config.yaml").read_text("utf-8")
    assert "  - {name: Ana Sousa, email: ana@example.com, ideal: 14d, max: 28d}" in text
    assert "  - {name: Ben Okafor, email: ben@example.com, ideal: 28d, max: 56d}" in text
    before = blocks(scripted)
    night = subprocess.run(
        ["/bin/sh", "-c", line.split(None, 5)[5].replace("\\%", "%")],
        env={"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "HOME": str(scripted.home)},
        cwd=scripted.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (night.returncode, night.stdout, night.stderr) == (0, "", "")
    assert blocks(scripted) == before


def test_a_script_run_again_changes_nothing_and_one_answer_changes_one_line(scripted: Machine) -> None:
    config = scripted.home / ".config" / "calsync" / "config.yaml"
    before, crontab = config.read_bytes(), scripted.crontab
    again = run(scripted, "setup", "--non-interactive", "--schedule", "cron", "--at", "03:30", "--no-write-now")
    assert again.returncode == 0, again.stderr
    assert (config.read_bytes(), scripted.crontab) == (before, crontab)
    once = run(scripted, "setup", "--non-interactive", "--connect", "3x30", "--schedule", "none", "--no-write-now")
    assert once.returncode == 0, once.stderr
    assert config.read_bytes() == before.replace(b"    per_week: 2\n", b"    per_week: 3\n", 1)
    assert scripted.crontab == b""


def test_on_paper_a_setup_shows_the_file_and_the_plan_and_leaves_nothing(machine: Machine) -> None:
    before = files(machine.home)
    ended = run(machine, "setup", "--non-interactive", "--dry-run", *SCRIPT)
    assert ended.returncode in (0, 5), ended.stderr
    assert "This would be written to" in ended.stdout
    assert "# Your time zone." in ended.stdout
    assert files(machine.home) == before
    assert machine.crontab is None


def test_without_a_terminal_and_without_a_word_everything_missing_is_named_at_once(machine: Machine) -> None:
    ended = run(machine, "setup", "--non-interactive")
    assert ended.returncode == 2
    assert ended.stderr.count("calsync: ") == 4
    assert files(machine.home / ".config") == []
    asked = run(machine, "setup")
    assert asked.returncode == 2
    assert asked.stderr == (
        "calsync: setup asks questions, and there is nobody to ask here\n"
        "  run it at a terminal, or say everything with options and --non-interactive\n"
    )
