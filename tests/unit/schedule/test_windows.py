"""The task of Windows: XML in the order that its schema asks for, and a command line that is read as it was meant."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.errors import StateError
from calsync.schedule import windows
from tests.unit.schedule.made import COMMAND, job
from tests.unit.schedule.programs import Machine

GOLDEN = Path(__file__).with_name("golden") / "calsync.xml"
ID = "0123abcd"
SPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
WORDS = st.text(st.sampled_from('ab \\"&<>%ä\t'), max_size=8)

# Where the documented schema has a sequence; Task and Settings may have their elements in any order.
SEQUENCES = {
    "CalendarTrigger": [
        "Enabled",
        "StartBoundary",
        "EndBoundary",
        "Repetition",
        "ExecutionTimeLimit",
        "RandomDelay",
        "ScheduleByDay",
    ],
    "Repetition": ["Interval", "Duration", "StopAtDurationEnd"],
    "Exec": ["Command", "Arguments", "WorkingDirectory"],
}
ALLOWED = {
    "Task": {"RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"},
    "Settings": {
        "MultipleInstancesPolicy",
        "DisallowStartIfOnBatteries",
        "StopIfGoingOnBatteries",
        "StartWhenAvailable",
        "Hidden",
        "ExecutionTimeLimit",
        "Priority",
    },
}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path / "machine", monkeypatch, "schtasks")


def test_the_task_is_the_golden_one_in_the_encoding_that_schtasks_wants() -> None:
    data = windows.task_bytes(job())
    assert data == GOLDEN.read_bytes()
    assert data.startswith(b"\xff\xfe")
    assert data.decode("utf-16").replace("\r\n", "\n") == windows.task_text(job())


def test_every_element_stands_where_the_schema_wants_it() -> None:
    root = ET.fromstring(windows.task_bytes(job()))
    for element in root.iter():
        name, below = element.tag.removeprefix(SPACE), [child.tag.removeprefix(SPACE) for child in element]
        if name in SEQUENCES:
            assert below == [one for one in SEQUENCES[name] if one in below], name
        if name in ALLOWED:
            assert set(below) <= ALLOWED[name]
            assert len(below) == len(set(below))


def test_what_was_missed_is_made_up_for_and_nothing_runs_twice_at_once() -> None:
    root = ET.fromstring(windows.task_bytes(job()))
    found = {element.tag.removeprefix(SPACE): element.text for element in root.iter()}
    assert found["StartWhenAvailable"] == "true"
    assert found["MultipleInstancesPolicy"] == "IgnoreNew"
    assert (found["Interval"], found["Duration"], found["RandomDelay"]) == ("PT1H", "P1D", "PT2M")
    assert str(found["StartBoundary"]).endswith("T00:37:00")


@given(st.lists(WORDS, max_size=5))
def test_a_command_line_is_taken_apart_as_it_was_put_together(words: list[str]) -> None:
    assert windows.words_of(subprocess.list2cmdline(words)) == words


@given(st.lists(WORDS, max_size=4))
def test_what_a_task_runs_can_be_read_back_from_it(words: list[str]) -> None:
    command = ("C:\\Program Files\\calsync & more\\pythonw.exe", *words)
    assert windows.command_of(windows.task_text(job(command))) == command


def test_a_task_is_made_found_and_removed(machine: Machine) -> None:
    assert windows.present(ID) is None
    assert windows.take(ID, dry_run=False) == []
    windows.place(job())
    found = windows.present(ID)
    assert found is not None
    assert (found.command, found.minute, found.problems) == (COMMAND, 37, ())
    assert windows.take(ID, dry_run=True) == ["the task calsync-0123abcd in the Task Scheduler"]
    assert windows.take(ID, dry_run=False) == ["the task calsync-0123abcd in the Task Scheduler"]
    assert windows.present(ID) is None


def test_a_task_that_was_switched_off_is_told(machine: Machine) -> None:
    windows.place(job())
    path = machine.folder / "calsync-0123abcd.xml"
    text = path.read_bytes().decode("utf-16").replace("<Hidden>", "<Enabled>false</Enabled><Hidden>")
    path.write_bytes(text.encode("utf-8"))  # as some consoles answer
    found = windows.present(ID)
    assert found is not None
    assert found.problems == ("the task is switched off",)


def test_a_task_scheduler_that_refuses_is_told_with_what_to_do(machine: Machine) -> None:
    machine.says("schtasks.deaf")
    with pytest.raises(StateError) as refusal:
        windows.place(job())
    assert refusal.value.what == "schtasks /Create: ERROR: Access is denied."
    assert "may make tasks" in refusal.value.next_step
