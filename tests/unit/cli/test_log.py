"""`log RUN`: what one run did, from the log of its night, in words and in JSON."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from calsync.cli import COMMANDS, main
from calsync.nightlog import log_file
from tests.unit.cli.calling import NOW, Calsync, desk_at, places


def test_the_events_of_a_run_in_words(calsync: Calsync, folder: Path) -> None:
    assert calsync("nightly").code == 0
    lines = calsync("log", "2").out.splitlines()
    assert lines[0] == "Run 2, nightly, 2026-11-09 05:00: exit code 0"
    said = [line[12:] for line in lines[1:-1]]
    assert said[0].startswith("nightly of calsync ")
    assert said[0].endswith(" begins, 2 calendars")
    assert said[1].startswith("work: read, ")
    assert said[2].startswith("family: read, ")
    assert said[3].startswith("planned: nothing to change; no room in 2026-W52 for 1 connect block (")
    assert said[-1].startswith("ended with 0, 0 writes (")
    assert lines[-1] == f"The log is {log_file(folder / 'state', desk_at(folder).now.date())}"
    assert calsync("log", "last").out == calsync("log", "2").out


def test_the_events_of_a_run_in_json(calsync: Calsync, folder: Path) -> None:
    (folder / "calendars" / "family.ics").unlink()
    assert calsync("nightly").code == 3
    answer = calsync("log", "last", "--json").json()
    assert set(answer) == {"run", "file", "events"}
    assert answer["run"]["exit"] == 3
    events = answer["events"]
    assert [event["what"] for event in events] == ["start", "calendar-read", "calendar-read", "error", "end"]
    assert all({"at", "level", "what", "run"} <= set(event) for event in events)
    assert [event["level"] for event in events] == ["info", "info", "warning", "error", "info"]
    assert events[3]["type"] == "NotFound"
    assert events[-1]["exit"] == 3
    assert events[0]["at"].startswith("2026-11-09T05:00:00")


def test_a_run_of_another_command_has_no_log_and_is_summed_up(calsync: Calsync) -> None:
    assert calsync("undo", "--yes").code == 0
    said = calsync("log", "last")
    assert said.out.splitlines()[0] == "Run 2, undo, 2026-11-09 05:00: exit code 0"
    assert "No log is kept of it" in said.out
    assert calsync("log", "last", "--json").json()["file"] is None


@pytest.mark.parametrize(("word", "why"), [("99", "there is no run 99"), ("ana", "ana is no run"), ("-1", "")])
def test_what_is_no_run_is_said(calsync: Calsync, word: str, why: str) -> None:
    said = calsync("log", word)
    assert said.code == 2
    assert why in said.err


def test_before_the_first_run_there_is_none_to_show(calsync: Calsync, folder: Path) -> None:
    for path in (folder / "state").glob("*"):
        if path.is_file():
            path.unlink()
    assert calsync("log", "last").err.startswith("calsync: there is no run yet\n")


def test_an_event_of_another_version_is_shown_as_it_stands(calsync: Calsync, folder: Path) -> None:
    path = log_file(folder / "state", desk_at(folder).now.date())
    event = {"at": NOW, "level": "info", "what": "moon", "run": 1, "phase": "full"}
    odd = {"at": NOW, "level": "info", "what": "plan", "run": 1, "changes": 3}
    path.write_text("".join(json.dumps(one) + "\n" for one in (event, odd)) + "torn", "utf-8")
    said = calsync("log", "1").out
    assert "moon: phase full" in said
    assert "plan: changes 3" in said


def test_a_bug_says_where_its_report_is_and_how_calsync_was_called_without_what_was_typed(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command()
    @click.argument("name")
    @click.option("--note")
    def broken(name: str, note: str) -> None:
        raise ValueError(name)

    import sys
    import types

    module = types.ModuleType("broken_command")
    module.broken = broken  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "broken_command", module)
    monkeypatch.setitem(COMMANDS["Begin"], "broken", ("broken_command:broken", "x"))
    assert main([*places(folder), "-q", "broken", "Ana Sousa", "--note=Zwetschgen"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "calsync: something went wrong that is not your fault (ValueError)"
    report = Path(second.removeprefix("  the report is in "))
    assert report.parent == folder / "state" / "reports"
    text = report.read_text("utf-8")
    assert "called as: calsync --config --state -q broken --note\n" in text
    assert "the newest log of a night: logs/2026-11-09.jsonl in the state folder\n" in text
    assert "builtins.ValueError" in text
    for word in ("Ana", "Zwetschgen", str(folder)):
        assert word not in text.replace(str(Path(__file__)), "")
