"""One file a night, whole lines, private, without people; and a log that cannot be written fails nothing."""

from __future__ import annotations

import json
import os
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from calsync.config.load import load_config
from calsync.config.values import Config
from calsync.errors import SignInNeeded, Unreachable
from calsync.nightlog import KEPT, NightLog, clean_logs, log_file, read_events
from calsync.people.traces import Traces

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 9, 0, 30, tzinfo=BERLIN)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / "config.yaml"
    path.write_text(
        "timezone: Europe/Berlin\nme: [maya@example.com]\n"
        "calendars:\n  - {name: Ana Sousa, provider: ics, path: a}\n"
        "people:\n  - {name: Ana Sousa, email: ana@example.com, ideal: 14d, max: 28d}\n",
        "utf-8",
    )
    return load_config(path, snapshot_folder=None, today=NOW.date(), provider_kinds={"ics": frozenset({"path"})})


def begun(folder: Path, config: Config, now: datetime = NOW) -> NightLog:
    seconds = iter(range(1000))
    log = NightLog(folder, config, now, tick=lambda: float(next(seconds)))
    log.run = 7
    return log


def test_an_event_is_one_line_with_its_time_level_key_and_run(tmp_path: Path, config: Config) -> None:
    log = begun(tmp_path, config)
    log.event("plan", changes={"create": 2}, left_out=None)
    log.error(SignInNeeded("work: maya@example.com wants you to sign in"))
    path = log_file(tmp_path, date(2026, 11, 9))
    assert [json.loads(line) for line in path.read_text("utf-8").splitlines()] == [
        {
            "at": "2026-11-09T00:30:01.000+01:00",
            "level": "info",
            "what": "plan",
            "run": 7,
            "changes": {"create": 2},
        },
        {
            "at": "2026-11-09T00:30:02.000+01:00",
            "level": "error",
            "what": "error",
            "run": 7,
            "type": "SignInNeeded",
            "said": "work: maya@example.com wants you to sign in",
            "exit": 4,
        },
    ]
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_people_and_addresses_are_taken_out_of_every_text_but_the_leaders_own_address(
    tmp_path: Path, config: Config
) -> None:
    log = begun(tmp_path, config)
    log.event("calendar-read", calendar="Ana Sousa")
    log.error(Unreachable("ana sousa: bo@other.example and ANA@example.com do not answer maya@example.com"))
    text = log_file(tmp_path, NOW.date()).read_text("utf-8")
    assert "sousa" not in text.casefold()
    assert "other.example" not in text
    assert "ana@" not in text.casefold()
    assert "maya@example.com" in text


@pytest.mark.parametrize("file", ["ana-sousa-1on1.ics", "1on1_Ana_Sousa.ics", "ANA.SOUSA.ics", "ana%20sousa"])
def test_a_person_is_taken_out_of_the_name_of_a_file(tmp_path: Path, config: Config, file: str) -> None:
    begun(tmp_path, config).error(Unreachable(f"/home/maya/{file}: it is torn"))
    text = log_file(tmp_path, NOW.date()).read_text("utf-8").casefold()
    assert "sousa" not in text
    assert "it is torn" in text


def test_of_a_bug_only_the_type_is_put_down(tmp_path: Path, config: Config) -> None:
    begun(tmp_path, config).cut_short(ValueError("Zwetschgen"))
    (event,) = read_events(tmp_path, 7, NOW.date())
    assert (event["what"], event["type"]) == ("bug", "builtins.ValueError")
    assert "Zwetschgen" not in str(event)


def test_so_many_nights_are_kept_and_the_oldest_go(tmp_path: Path, config: Config) -> None:
    for day in range(KEPT + 5):
        begun(tmp_path, config, NOW + timedelta(day)).event("start")
    (tmp_path / "logs" / "mine.txt").write_text("not a log", "utf-8")
    begun(tmp_path, config, NOW + timedelta(KEPT + 4)).event("start")
    days = sorted(path.stem for path in (tmp_path / "logs").glob("*.jsonl"))
    assert len(days) == KEPT
    assert days[-1] == (NOW + timedelta(KEPT + 4)).date().isoformat()
    assert (tmp_path / "logs" / "mine.txt").exists()


def test_a_line_that_was_cut_off_is_skipped_and_spoils_no_other(tmp_path: Path, config: Config) -> None:
    begun(tmp_path, config).event("start")
    with log_file(tmp_path, NOW.date()).open("a", encoding="utf-8") as file:
        file.write('{"at": "2026-11-09T00:30:01", "what": "pl')
    log = begun(tmp_path, config)
    log.run = 8
    log.event("start")
    assert len(read_events(tmp_path, 7, NOW.date())) == 1
    assert len(read_events(tmp_path, 8, NOW.date())) == 1
    assert read_events(tmp_path, 9, NOW.date()) == []
    assert read_events(tmp_path, 7, date(2020, 1, 1)) == []


def test_a_log_that_cannot_be_written_says_so_once_and_raises_nothing(tmp_path: Path, config: Config) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be", "utf-8")
    log = begun(tmp_path, config)
    log.event("start")
    log.event("end")
    assert log.lost.startswith("the log of the night cannot be written: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is played by /dev/full")
def test_a_full_disk_fails_no_night(tmp_path: Path, config: Config) -> None:
    (tmp_path / "logs").mkdir()
    log_file(tmp_path, NOW.date()).symlink_to("/dev/full")
    log = begun(tmp_path, config)
    log.event("start")
    assert "No space left" in log.lost


def test_what_lies_about_under_the_name_of_a_log_costs_no_other_log(tmp_path: Path, config: Config) -> None:
    for day in range(KEPT):
        log_file(tmp_path, NOW.date() - timedelta(day + 1)).parent.mkdir(exist_ok=True)
        log_file(tmp_path, NOW.date() - timedelta(day + 1)).touch()
    log_file(tmp_path, date(2020, 1, 1)).mkdir()
    log = begun(tmp_path, config)
    log.event("error", said="Zoë Quist")
    assert log.lost == ""
    assert clean_logs(tmp_path, Traces("Zoë Quist")) == [log_file(tmp_path, NOW.date())]
    assert read_events(tmp_path, 7, date(2020, 1, 1)) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes that have names")
def test_a_pipe_in_the_place_of_a_log_is_not_waited_for(tmp_path: Path, config: Config) -> None:
    (tmp_path / "logs").mkdir()
    os.mkfifo(log_file(tmp_path, NOW.date()))
    assert "is no file" in begun(tmp_path, config).lost
    assert read_events(tmp_path, 7, NOW.date()) == []
    assert clean_logs(tmp_path, Traces("Zoë Quist")) == []


def test_what_cannot_be_written_is_the_same_remark_each_night(tmp_path: Path, config: Config) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be", "utf-8")
    assert begun(tmp_path, config).lost == begun(tmp_path, config, NOW + timedelta(1)).lost


def test_a_line_that_is_nested_beyond_reason_is_skipped(tmp_path: Path, config: Config) -> None:
    begun(tmp_path, config).event("start")
    with log_file(tmp_path, NOW.date()).open("a", encoding="utf-8") as file:
        file.write("[" * 100_000 + "\n")
    assert len(read_events(tmp_path, 7, NOW.date())) == 1


def test_a_person_is_taken_out_of_the_logs_of_the_past(tmp_path: Path, config: Config) -> None:
    log = begun(tmp_path, config)
    log.event("error", said="/home/maya/Zoë Quist.ics: torn")
    log.event("plan", no_room=[{"week": "2026-W52"}])
    before = log_file(tmp_path, NOW.date()).read_text("utf-8")
    assert clean_logs(tmp_path, Traces("Bo Nobody")) == []
    assert log_file(tmp_path, NOW.date()).read_text("utf-8") == before
    assert clean_logs(tmp_path, Traces("Zoë Quist")) == [log_file(tmp_path, NOW.date())]
    text = log_file(tmp_path, NOW.date()).read_text("utf-8")
    assert "Quist" not in text
    assert len(read_events(tmp_path, 7, NOW.date())) == 2
