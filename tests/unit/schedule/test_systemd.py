"""The timer of a user's own systemd: files that systemd takes, a sandbox only where it works, ours alone touched."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.errors import StateError
from calsync.schedule import systemd
from tests.unit.schedule.made import COMMAND, job
from tests.unit.schedule.programs import Machine

GOLDEN = Path(__file__).with_name("golden")
ID = "0123abcd"
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path / "machine", monkeypatch, "systemctl", "systemd-run", "loginctl")
    machine.says("manager")
    machine.says("namespaces")
    return machine


def test_the_units_are_the_golden_ones() -> None:
    assert systemd.service_text(job(), sandbox=True) == (GOLDEN / "calsync.service").read_text("utf-8")
    assert systemd.timer_text(job()) == (GOLDEN / "calsync.timer").read_text("utf-8")


@pytest.mark.parametrize("sandbox", [True, False])
def test_systemd_has_nothing_to_say_against_the_units(tmp_path: Path, *, sandbox: bool) -> None:
    checker = shutil.which("systemd-analyze")
    if checker is None:
        pytest.skip("systemd-analyze is not here")
    program = tmp_path / "calsync"
    program.write_text("#!/bin/sh\n", "utf-8")
    program.chmod(0o755)
    one = job((str(program), *COMMAND[1:]))
    (tmp_path / "calsync-0123abcd.service").write_text(systemd.service_text(one, sandbox=sandbox), "utf-8")
    (tmp_path / "calsync-0123abcd.timer").write_text(systemd.timer_text(one), "utf-8")
    for folder in ("home", "run"):
        (tmp_path / folder).mkdir(mode=0o700)
    ended = subprocess.run(
        [checker, "--user", "verify", *(str(tmp_path / name) for name in systemd.names(ID))],
        env={**os.environ, "HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path / "run"), "LC_ALL": "C"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if "Failed to initialize manager" in ended.stderr:
        pytest.skip("systemd-analyze cannot work here")
    assert (ended.returncode, ended.stderr) == (0, "")


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_what_a_service_runs_can_be_read_back_from_it(words: list[str]) -> None:
    one = job(("/bin/calsync", *words))
    assert systemd.command_of(systemd.service_text(one, sandbox=True)) == one.command


def test_the_night_may_write_where_the_configuration_wants_it_to_and_nowhere_else() -> None:
    text = systemd.service_text(job(), sandbox=True)
    inside = Path("/home/maya/public html/feeds")
    outside = Path("/home/maya/elsewhere")
    assert systemd.closed_to(text, [inside, outside]) == [outside]
    assert systemd.closed_to(systemd.service_text(job(), sandbox=False), [outside]) == []


def test_the_timer_is_written_loaded_and_started_and_the_second_time_nothing_is_done(machine: Machine) -> None:
    systemd.place(job())
    service, timer = systemd.names(ID)
    assert sorted(path.name for path in machine.units.iterdir()) == [service, timer]
    done = [call for call in machine.told("systemctl.calls") if "is-" not in call]
    assert done == ["--user daemon-reload", f"--user enable {timer}", f"--user restart {timer}"]
    systemd.place(job())
    assert [call for call in machine.told("systemctl.calls") if "is-" not in call] == done
    found = systemd.present(ID)
    assert found is not None
    assert (found.command, found.minute, found.problems) == (COMMAND, 37, ())
    assert found.text == systemd.preview(job())


def test_where_namespaces_are_not_given_to_users_the_service_does_without_a_sandbox(machine: Machine) -> None:
    (machine.folder / "namespaces").unlink()
    systemd.place(job())
    text = (machine.units / systemd.names(ID)[0]).read_text("utf-8")
    assert "ProtectSystem" not in text
    assert "NoNewPrivileges=yes" in text


def test_units_that_were_changed_by_hand_are_put_right_again(machine: Machine) -> None:
    systemd.place(job())
    timer = machine.units / systemd.names(ID)[1]
    timer.write_text(timer.read_text("utf-8").replace("*:37:00", "daily"), "utf-8")
    found = systemd.present(ID)
    assert found is not None
    assert found.problems == (f"{timer} was changed by hand: when it runs cannot be told",)
    systemd.place(job())
    assert timer.read_text("utf-8") == systemd.timer_text(job())


def test_a_unit_that_is_missing_or_stopped_is_told(machine: Machine) -> None:
    systemd.place(job())
    service, timer = systemd.names(ID)
    (machine.folder / f"{timer}.is-active").unlink()
    found = systemd.present(ID)
    assert found is not None
    assert found.problems == (f"{timer} is not running (systemctl --user status {timer})",)
    (machine.units / service).unlink()
    found = systemd.present(ID)
    assert found is not None
    assert found.problems == (f"{machine.units / service} is missing",)


def test_taking_it_out_removes_both_files_and_the_link_and_leaves_other_units(machine: Machine) -> None:
    systemd.place(job())
    service, timer = systemd.names(ID)
    (machine.units / "backup.timer").write_text("", "utf-8")
    wants = machine.units / "timers.target.wants"
    wants.mkdir()
    (wants / timer).symlink_to(machine.units / timer)
    stamps = machine.home / ".local" / "share" / "systemd" / "timers"
    stamps.mkdir(parents=True)
    (stamps / f"stamp-{timer}").write_text("", "utf-8")
    assert systemd.take(ID, dry_run=True) == [str(machine.units / timer), str(machine.units / service)]
    assert systemd.take(ID, dry_run=False) == [str(machine.units / timer), str(machine.units / service)]
    assert sorted(path.name for path in machine.units.iterdir()) == ["backup.timer", "timers.target.wants"]
    assert list(wants.iterdir()) == []
    assert list(stamps.iterdir()) == [], "systemd's own note of when it ran last goes, too"
    assert systemd.present(ID) is None
    assert systemd.take(ID, dry_run=False) == []


def test_files_are_removed_also_where_the_manager_does_not_run(machine: Machine) -> None:
    systemd.place(job())
    (machine.folder / "manager").unlink()
    assert len(systemd.take(ID, dry_run=False)) == 2
    assert list(machine.units.iterdir()) == []


def test_a_manager_that_refuses_is_told_with_what_to_do(machine: Machine) -> None:
    machine.says("manager.deaf", "enable")
    with pytest.raises(StateError) as refusal:
        systemd.place(job())
    assert refusal.value.what == f"systemctl --user enable {systemd.names(ID)[1]}: Access denied"
    assert "--kind" in refusal.value.next_step


def test_a_folder_for_units_that_cannot_be_made_is_told(machine: Machine) -> None:
    (machine.home / ".config").write_text("", "utf-8")
    with pytest.raises(StateError, match=r"calsync-0123abcd\.service cannot be written"):
        systemd.place(job())


def test_without_a_manager_systemd_does_not_fit(machine: Machine) -> None:
    assert systemd.fits({})[0]
    (machine.folder / "manager").unlink()
    assert systemd.fits({}) == (
        False,
        "your own service manager cannot be reached (Failed to connect to bus: No medium found)",
    )


def test_lingering_is_read_from_the_login_manager(machine: Machine) -> None:
    assert systemd.lingers() is False
    machine.says("linger", "yes")
    assert systemd.lingers() is True
