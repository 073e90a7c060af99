"""What a scheduler is told to run: the calsync that was called, with what it needs of the environment and no secret."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.errors import UsageError
from calsync.schedule.environment import handed_on
from calsync.schedule.job import Job, at_of, make_job, minute_of, next_chance, next_run
from tests.unit.cli.calling import desk_at, plain_demo

AT = time(4, 15)
CLOCKS = st.builds(time, st.integers(0, 23), st.integers(0, 59))
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - UTC is added


def made(folder: Path) -> Job:
    desk = desk_at(folder)
    return make_job(desk.config.path, desk.config, desk.state_folder, AT, {})


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", "utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    plain_demo(tmp_path / "demo")
    return tmp_path / "demo"


def test_the_script_that_was_called_is_run_under_the_name_by_which_it_was_called(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "bin" / "calsync"
    link.parent.mkdir()
    link.symlink_to(program(tmp_path / "venv" / "bin" / "calsync"))
    monkeypatch.setattr(sys, "argv", [str(link)])
    assert made(folder).command[0] == str(link), "an upgrade may put another environment behind the link"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bin/calsync"])
    assert made(folder).command[0] == str(link)


def test_called_in_another_way_it_is_the_script_of_this_environment_or_the_interpreter(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "__main__.py")])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "env" / "python"))
    monkeypatch.setattr("sysconfig.get_path", lambda _name: str(tmp_path / "scripts"))
    assert made(folder).command[:4] == (str(tmp_path / "env" / "python"), "-P", "-m", "calsync")
    script = program(tmp_path / "scripts" / "calsync")
    assert made(folder).command[0] == str(script)
    beside = program(tmp_path / "env" / "calsync")
    assert made(folder).command[0] == str(beside)


def test_a_calsync_that_lies_in_a_cache_is_told(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = program(tmp_path / ".cache" / "uv" / "archive-v0" / "x" / "bin" / "calsync")
    monkeypatch.setattr(sys, "argv", [str(cached)])
    assert "a cache that is emptied now and then: install calsync for good" in made(folder).withheld[0]


def test_the_night_may_write_in_the_state_the_calendars_with_blocks_and_the_exports(folder: Path) -> None:
    found = made(folder).writable
    state = folder / "state" if (folder / "state").is_dir() else folder
    assert set(found) == {state, folder / "calendars" / "work", folder}


def test_a_name_that_no_scheduler_takes_is_refused(folder: Path) -> None:
    desk = desk_at(folder)
    with pytest.raises(UsageError, match=r"has a sign in it that no scheduler takes"):
        make_job(folder / "con\nfig.yaml", desk.config, desk.state_folder, AT, {})


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("http://proxy.example:3128", True),
        ("proxy.example:3128", True),
        ("http://maya@proxy.example:3128", True),
        ("http://[::1]:3128", True),
        ("http://maya:secret@proxy.example:3128", False),
        ("maya:secret@proxy.example:3128", False),
        ("socks5h://maya:@proxy.example", False),
        ("http://maya:sec]ret[@proxy.example", False),
        ("http://proxy\n", False),
    ],
)
def test_a_proxy_is_handed_on_unless_its_address_has_a_password(value: str, written: bool) -> None:
    passed, withheld = handed_on({"https_proxy": value})
    assert (passed == {"https_proxy": value}) is written
    assert (withheld == []) is written
    assert not any("secret" in line for line in withheld)


def test_nothing_else_of_the_environment_is_handed_on() -> None:
    bus = f"unix:path=/run/user/{os.getuid()}/bus"
    wanted = {"TZ": "Europe/Berlin", "SSL_CERT_FILE": "/etc/ca.pem", "DBUS_SESSION_BUS_ADDRESS": bus}
    passed, withheld = handed_on({**wanted, "AWS_SECRET": "x", "PATH": "/bin", "KEYRING_PROPERTY_KEYRING_KEY": "x"})
    assert passed == wanted
    assert withheld == []


@given(st.text(max_size=8), CLOCKS)
def test_the_minute_is_drawn_once_and_lies_in_the_half_hour_after_the_time(mark: str, at: time) -> None:
    minute = minute_of(mark, at)
    assert minute == minute_of(mark, at)
    assert (minute - at.minute) % 60 in range(1, 30)


@given(INSTANTS, st.integers(0, 59))
def test_the_next_chance_is_the_first_one_and_comes_within_the_hour(now: datetime, minute: int) -> None:
    chance = next_chance(minute, now)
    assert now <= chance <= now + timedelta(minutes=120)
    assert chance.astimezone().minute == minute
    assert next_chance(minute, chance) == chance


def test_a_night_that_is_due_runs_at_the_next_chance_and_another_one_after_its_time(folder: Path) -> None:
    now = desk_at(folder, "2026-11-09T12:00:00+01:00").now
    assert next_run(37, AT, now, due=True) == now.replace(minute=37)
    assert next_run(37, AT, now, due=False) == now.replace(day=10, hour=4, minute=37)
    assert next_run(7, AT, now, due=False) == now.replace(day=10, hour=5, minute=7)


def test_the_time_of_an_installed_command_is_read_from_it() -> None:
    assert at_of(("calsync", "nightly", "--if-due", "05:30")) == time(5, 30)
    assert at_of(("calsync", "nightly", "--if-due", "soon")) is None
    assert at_of(("calsync", "nightly")) is None
