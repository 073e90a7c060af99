"""The agent of macOS: a property list that every parser reads, loaded once, ours alone touched."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
from pathlib import Path

import pytest

from calsync.errors import StateError
from calsync.schedule import launchd
from tests.unit.schedule.made import COMMAND, job
from tests.unit.schedule.programs import Machine

GOLDEN = Path(__file__).with_name("golden") / "calsync.plist"
ID = "0123abcd"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path / "machine", monkeypatch, "launchctl")


def test_the_agent_is_the_golden_one() -> None:
    assert launchd.agent_text(job()) == GOLDEN.read_text("utf-8")


def test_the_agent_runs_the_command_as_it_is_and_writes_no_file_that_grows() -> None:
    agent = plistlib.loads(launchd.agent_text(job()).encode())
    assert agent["ProgramArguments"] == list(COMMAND)
    assert agent["StartCalendarInterval"] == {"Minute": 37}
    assert agent["RunAtLoad"] is True
    assert agent["EnvironmentVariables"]["TZ"] == "Europe/Berlin"
    assert not {"StandardOutPath", "StandardErrorPath"} & set(agent)


def test_other_peoples_parsers_read_it_too() -> None:
    checks = {"plutil": ["-lint", str(GOLDEN)], "plistutil": ["-i", str(GOLDEN), "-f", "xml"]}
    found = [[path, *args] for name, args in checks.items() if (path := shutil.which(name))]
    if not found:
        pytest.skip("neither plutil nor plistutil is here")
    for command in found:
        ended = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        assert ended.returncode == 0, ended.stderr
        if command[0].endswith("plistutil"):
            assert plistlib.loads(ended.stdout.encode()) == plistlib.loads(GOLDEN.read_bytes())


def test_it_is_loaded_once_and_anew_when_it_changes(machine: Machine) -> None:
    launchd.place(job())
    launchd.place(job())
    done = [call.split()[0] for call in machine.told("launchctl.calls") if not call.startswith("print")]
    assert done == ["bootstrap"]
    launchd.place(job((*COMMAND[:-1], "05:00")))
    done = [call.split()[0] for call in machine.told("launchctl.calls") if not call.startswith("print")]
    assert done == ["bootstrap", "bootout", "bootstrap"]
    found = launchd.present(ID)
    assert found is not None
    assert (found.command[-1], found.minute, found.problems) == ("05:00", 37, ())


def test_an_agent_that_is_not_loaded_or_was_changed_is_told(machine: Machine) -> None:
    launchd.place(job())
    (machine.folder / f"{launchd.label(ID)}.loaded").unlink()
    found = launchd.present(ID)
    assert found is not None
    assert found.problems[0].startswith("launchd has not loaded calsync.nightly.0123abcd")
    launchd.path_of(ID).write_text("<plist>", "utf-8")
    found = launchd.present(ID)
    assert found is not None
    assert found.problems[0] == f"{launchd.path_of(ID)} was changed by hand and cannot be understood"


def test_taking_it_out_unloads_it_and_removes_the_file(machine: Machine) -> None:
    launchd.place(job())
    assert launchd.take(ID, dry_run=True) == [str(launchd.path_of(ID))]
    assert launchd.path_of(ID).exists()
    assert launchd.take(ID, dry_run=False) == [str(launchd.path_of(ID))]
    assert not launchd.path_of(ID).exists()
    assert machine.told("launchctl.calls")[-1].startswith("bootout gui/")
    assert launchd.take(ID, dry_run=False) == []
    assert launchd.present(ID) is None


def test_a_launchd_that_refuses_is_told_with_what_to_do(machine: Machine) -> None:
    machine.says("launchd.deaf")
    with pytest.raises(StateError) as refusal:
        launchd.place(job())
    assert refusal.value.what.endswith("Bootstrap failed: 5: Input/output error")
    assert "log in" in refusal.value.next_step
