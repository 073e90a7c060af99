"""`schedule`: installed for good, shown with what is wrong with it, taken out again; and what `uninstall` leaves."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import keyring
import pytest

from calsync.schedule.job import identity
from calsync.state.lock import hold
from tests.keyrings import DictKeyring
from tests.unit.cli.calling import Calsync, later
from tests.unit.schedule.programs import Machine

MINE = b"MAILTO=maya@example.com\n# my own\n0 7 * * 1 backup\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine that has a crontab only; the calsync that is called lies in its home."""
    machine = Machine(tmp_path / "machine", monkeypatch, "crontab")
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "no_proxy", "TZ"):
        monkeypatch.delenv(name, raising=False)
    program = machine.home / "calsync"
    program.write_text(f"#!{sys.executable}\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    return machine


@pytest.fixture
def manager(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The same machine, with a service manager of the user's own."""
    other = Machine(tmp_path / "manager", monkeypatch, "crontab", "systemctl", "systemd-run", "loginctl")
    other.says("manager")
    other.says("namespaces")
    return other


def line(machine: Machine) -> str:
    assert machine.crontab is not None
    [found] = [one for one in machine.crontab.decode().splitlines() if "# calsync:" in one]
    return found


def test_it_is_installed_in_the_crontab_and_says_what_will_happen(
    calsync: Calsync, machine: Machine, folder: Path
) -> None:
    machine.crontab = MINE
    said = calsync("schedule", "install")
    assert (said.code, said.err) == (0, "")
    assert machine.crontab == MINE + line(machine).encode() + b"\n"
    told = said.out.splitlines()
    assert told[0] == "The schedule is installed: your crontab (crontab -l)."
    assert told[1] == "Each night, from 04:15 on (Europe/Berlin): read the calendars, plan, write, export."
    assert told[2].startswith("The next one: Tue 10 Nov 04:")
    assert "missed" in said.out
    assert "MAILTO" in said.out
    command = f"{machine.home}/calsync --config {folder}/config.yaml --state {folder}/state -q nightly --if-due 04:15"
    assert f" {command} # calsync:" in line(machine)


def test_where_none_has_run_since_the_time_it_is_said_that_one_comes_soon(calsync: Calsync, machine: Machine) -> None:
    said = calsync("schedule", "install", now="2026-11-10T14:00:00+01:00")
    assert (
        f"None has run since the last 04:15, so the first one comes soon: Tue 10 Nov 14:{line(machine)[:2]}."
        in said.out
    )


def test_a_second_installation_changes_nothing_and_another_time_takes_its_place(
    calsync: Calsync, machine: Machine
) -> None:
    calsync("schedule", "install", "--at", "5:30")
    first = line(machine)
    again = calsync("schedule", "install")
    assert again.out.startswith("The schedule is installed already; nothing was changed: your crontab")
    assert line(machine) == first
    assert machine.told("crontab.writes") == ["written"]
    calsync("schedule", "install", "--at", "06:00")
    assert "--if-due 06:00" in line(machine)


def test_on_paper_the_very_text_is_shown_and_nothing_is_written(calsync: Calsync, machine: Machine) -> None:
    machine.crontab = MINE
    said = calsync("schedule", "install", "--dry-run")
    assert said.code == 0
    assert machine.crontab == MINE
    told = calsync("schedule", "install", "--dry-run", "--json").json()
    assert machine.crontab == MINE
    calsync("schedule", "install")
    assert said.out.splitlines()[:3] == ["Would write to your crontab (crontab -l):", "", line(machine)]
    assert (told["text"], told["dry_run"], told["changed"], told["removed"]) == (line(machine), True, True, [])
    assert [(one["kind"], one["installed"]) for one in told["schedules"]] == [("cron", False)]
    assert calsync("schedule", "remove", "--dry-run").out.startswith("Would remove the line in your crontab")
    assert "# calsync:" in line(machine)


def test_the_minute_lies_in_the_half_hour_after_the_time_and_is_the_same_each_time(
    calsync: Calsync, machine: Machine
) -> None:
    calsync("schedule", "install", "--at", "04:45")
    minute = int(line(machine).split()[0])
    assert (minute - 45) % 60 in range(1, 30)
    calsync("schedule", "remove")
    calsync("schedule", "install", "--at", "04:45")
    assert int(line(machine).split()[0]) == minute


def test_without_anything_installed_show_and_remove_say_so(calsync: Calsync, machine: Machine) -> None:
    machine.crontab = MINE
    shown = calsync("schedule", "show")
    assert shown.code == 0
    assert shown.out.startswith("No schedule is installed for this configuration.")
    removed = calsync("schedule", "remove")
    assert removed.code == 0
    assert removed.out == "No schedule is installed for this configuration; nothing was removed.\n"
    assert machine.crontab == MINE


def test_show_says_when_it_runs_next_and_how_it_went_last(calsync: Calsync, machine: Machine, folder: Path) -> None:
    calsync("schedule", "install")
    minute = int(line(machine).split()[0])
    hour = 4 if minute > 15 else 5
    shown = calsync("schedule", "show", now="2026-11-09T05:59:00+01:00")
    assert shown.code == 0
    assert f"next night: Tue 10 Nov {hour:02}:{minute:02}" in shown.out
    assert "The last night: Mon 9 Nov 05:00, ended with 0" in shown.out
    [told] = calsync("schedule", "show", "--json", now="2026-11-09T05:59:00+01:00").json()["schedules"]
    where = ["--config", f"{folder}/config.yaml", "--state", f"{folder}/state"]
    assert told == {
        "kind": "cron",
        "at": "04:15",
        "where": "your crontab (crontab -l)",
        "command": [str(machine.home / "calsync"), *where, "-q", "nightly", "--if-due", "04:15"],
        "next_run": f"2026-11-10T{hour:02}:{minute:02}:00+01:00",
        "installed": True,
        "problems": [],
        "last_run": {"started_at": "2026-11-09T05:00:00+01:00", "exit": 0},
    }


def test_a_scheduler_that_fits_and_has_nothing_of_ours_is_shown_to_scripts(calsync: Calsync, machine: Machine) -> None:
    [told] = calsync("schedule", "show", "--json").json()["schedules"]
    assert (told["kind"], told["installed"], told["next_run"]) == ("cron", False, None)


def test_a_calsync_that_was_moved_is_told_with_what_to_do(calsync: Calsync, machine: Machine) -> None:
    calsync("schedule", "install")
    program = machine.home / "calsync"
    program.write_text("#!/nowhere/bin/python\n", "utf-8")
    shown = calsync("schedule", "show")
    assert shown.code == 3
    assert f"{program} needs /nowhere/bin/python, which is not there any more: install calsync anew" in shown.out
    program.unlink()
    shown = calsync("schedule", "show")
    assert shown.code == 3
    assert f"{program} is not there any more: run `calsync schedule install` again" in shown.out


def test_a_configuration_that_was_moved_is_told_and_its_schedule_can_still_be_removed(
    calsync: Calsync, machine: Machine, folder: Path
) -> None:
    calsync("schedule", "install")
    (folder / "config.yaml").rename(folder / "other.yaml")
    shown = calsync("schedule", "show")
    assert shown.code == 3
    assert f"there is no configuration at {folder / 'config.yaml'}" in shown.out
    assert calsync("schedule", "remove").code == 0
    assert machine.crontab == b""


def test_no_secret_is_written_down_and_it_is_said_what_to_do_instead(
    calsync: Calsync, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://maya:hunter2@proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "localhost,.example.org")
    monkeypatch.setenv("CALSYNC_SECRET_WORK", "swordfish")
    said = calsync("schedule", "install")
    assert machine.crontab is not None
    assert b"HTTP_PROXY=http://proxy.example:3128 NO_PROXY=localhost,.example.org" in machine.crontab
    for secret in ("hunter2", "swordfish"):
        assert secret.encode() not in machine.crontab
        assert secret not in said.out
    assert "HTTPS_PROXY has a password in it and is not written down" in said.out
    assert "CALSYNC_SECRET_WORK is not written down: keep that secret with `calsync calendars sign-in`" in said.out


def test_what_the_keyring_is_found_by_is_handed_on(
    calsync: Calsync, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.home / "data" / "python_keyring").mkdir(parents=True)
    monkeypatch.setenv("XDG_DATA_HOME", str(machine.home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(machine.home / "nothing"))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:abstract=/tmp/dbus-1")
    calsync("schedule", "install")
    assert f"XDG_DATA_HOME={machine.home / 'data'}" in line(machine)
    assert "PYTHON_KEYRING_BACKEND=keyring.backends.fail.Keyring" in line(machine)
    assert "XDG_CONFIG_HOME" not in line(machine)
    assert "abstract" not in line(machine), "that bus is gone with the login"


def test_a_machine_with_a_service_manager_gets_a_timer_and_the_old_line_goes(
    calsync: Calsync, manager: Machine
) -> None:
    manager.crontab = MINE
    calsync("schedule", "install", "--kind", "cron")
    assert manager.crontab != MINE
    kept = calsync("schedule", "install")
    assert "nothing was changed" in kept.out, "what was chosen stays"
    said = calsync("schedule", "install", "--kind", "systemd")
    assert said.code == 0, said.err
    assert manager.crontab == MINE
    assert "Removed the line in your crontab" in said.out
    assert "loginctl enable-linger" in said.out
    assert len(list(manager.units.glob("calsync-*.timer"))) == 1
    assert calsync("schedule", "show", "--json").json()["schedules"][0]["kind"] == "systemd"
    assert calsync("schedule", "remove").code == 0
    assert list(manager.units.iterdir()) == []


def test_a_timer_is_what_fits_best_where_there_is_a_manager(calsync: Calsync, manager: Machine) -> None:
    assert calsync("schedule", "install").code == 0
    assert manager.crontab is None
    assert list(manager.units.glob("calsync-*.service"))


def test_a_folder_that_came_into_the_configuration_later_is_closed_to_the_night_until_it_is_installed_again(
    calsync: Calsync, manager: Machine, folder: Path, tmp_path: Path
) -> None:
    calsync("schedule", "install")
    assert calsync("schedule", "show").code == 0
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    config = folder / "config.yaml"
    text = config.read_text("utf-8")
    assert "exports:" in text
    config.write_text(text.replace("exports:", f"exports:\n  - {{path: '{feeds}/blocks.ics'}}", 1), "utf-8")
    shown = calsync("schedule", "show")
    assert shown.code == 3
    assert f"not allowed to write in {feeds}" in shown.out
    assert calsync("schedule", "install").code == 0
    assert calsync("schedule", "show").code == 0


def test_a_cron_that_is_not_for_this_user_is_told(calsync: Calsync, machine: Machine) -> None:
    machine.says("crontab.mood", "denied")
    said = calsync("schedule", "install")
    assert said.code == 3
    assert said.err.splitlines() == [
        "calsync: your crontab cannot be read: You (maya) are not allowed to use this program (crontab)",
        "  see cron.allow and cron.deny, or choose another kind with `calsync schedule install --kind`",
    ]


def test_without_any_scheduler_the_line_to_run_is_given(
    calsync: Calsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Machine(tmp_path / "bare", monkeypatch)
    said = calsync("schedule", "install")
    assert said.code == 2
    what, step = said.err.splitlines()
    assert what == (
        "calsync: no scheduler fits here: systemd: there is no program systemctl on this machine; "
        "cron: there is no program crontab on this machine"
    )
    assert step.startswith("  have this run every hour, however you can: ")
    assert step.endswith("-q nightly --if-due 04:15")
    assert calsync("schedule", "show").code == 0
    assert calsync("schedule", "remove").code == 0


def test_a_kind_of_another_system_is_refused(calsync: Calsync, machine: Machine) -> None:
    said = calsync("schedule", "install", "--kind", "windows")
    assert said.code == 2
    assert said.err.splitlines() == [
        "calsync: windows cannot be used here: the Task Scheduler is Windows', and this is not Windows",
        "  leave --kind away, which takes cron here",
    ]


@pytest.mark.parametrize("text", ["25:00", "4", "04:60", "noon", "-1:00"])
def test_what_is_no_time_of_day_is_refused(calsync: Calsync, machine: Machine, text: str) -> None:
    said = calsync("schedule", "install", f"--at={text}")
    assert said.code == 2
    assert said.err == f"calsync: {text!r} is no time of day\n  write it as 04:15\n"


def test_a_night_that_is_not_due_says_nothing_and_reads_nothing(calsync: Calsync, folder: Path) -> None:
    (folder / "calendars" / "family.ics").write_bytes(b"no calendar")
    said = calsync("-q", "nightly", "--if-due", "04:15", now=later(0, hours=1))
    assert said == (0, "", "")
    told = calsync("nightly", "--if-due", "04:15", "--json", now=later(0, hours=1)).json()
    assert told == {"now": later(0, hours=1), "due": False, "exit": 0}


def test_a_night_that_failed_is_tried_again_at_the_next_chance_and_then_no_more(calsync: Calsync, folder: Path) -> None:
    family = folder / "calendars" / "family.ics"
    good = family.read_bytes()
    family.write_bytes(b"BEGIN:VCALENDAR\r\nnonsense")
    assert calsync("-q", "nightly", "--if-due", "04:15", day=1).code == 3
    family.write_bytes(good)
    assert calsync("-q", "nightly", "--if-due", "04:15", now=later(1, hours=1)).code == 0
    runs = calsync("log", "--json").json()["runs"]
    assert calsync("-q", "nightly", "--if-due", "04:15", now=later(1, hours=2)) == (0, "", "")
    assert calsync("log", "--json").json()["runs"] == runs


def test_a_night_on_paper_does_not_count_and_one_that_is_long_under_way_is_told(calsync: Calsync, folder: Path) -> None:
    assert calsync("nightly", "--dry-run", "--if-due", "04:15", day=1).code == 0
    with hold(folder / "state"):
        assert calsync("-q", "nightly", "--if-due", "04:15", day=1) == (75, "", "")
        said = calsync("-q", "nightly", "--if-due", "04:15", now=later(1, hours=1))
    assert said.code == 75
    assert "another calsync run is using" in said.err
    assert calsync("nightly", "--if-due", "04:15", day=1).out != ""


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> DictKeyring:
    ring = DictKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: ring)
    return ring


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_uninstall_takes_the_schedule_out_and_names_all_that_stays(
    calsync: Calsync, machine: Machine, folder: Path, ring: DictKeyring
) -> None:
    machine.crontab = MINE
    calsync("schedule", "install")
    (folder / "topics.yaml").write_text("topics: []\n", "utf-8")
    calsync("done", "Ana", "--note", "her course")
    assert [name for _, name in ring.kept] == ["calsync:notes"]
    paper = calsync("uninstall", "--dry-run")
    assert "would remove the line in your crontab" in paper.out
    assert machine.crontab != MINE
    said = calsync("uninstall", "--yes")
    assert said.code == 0, said.err
    assert machine.crontab == MINE
    assert "removed the line in your crontab" in said.out
    for own in ("config.yaml", "topics.yaml"):
        assert f"left in place: {folder}/{own}, your own file\n" in said.out
    assert "left in the system keyring (calsync): calsync:notes\n" in said.out
    [stays] = [one for one in said.out.splitlines() if one.startswith(f"left in place: {folder}/state, with ")]
    for path in files(folder / "state"):
        below = path.relative_to(folder / "state")
        assert (str(below) if len(below.parts) == 1 else f"{below.parts[0]}/") in stays, path


def test_uninstall_with_everything_leaves_the_configuration_and_what_is_not_calsyncs(
    calsync: Calsync, machine: Machine, folder: Path, ring: DictKeyring
) -> None:
    calsync("done", "Ana", "--note", "her course")
    for name in ("logs/2026-11-01.jsonl", "reports/calsync-20261101T040000Z-ab12.txt", "grants/google-ab.json"):
        path = folder / "state" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}", "utf-8")
    mine = folder / "state" / "logs" / "mine.txt"
    mine.write_text("mine", "utf-8")
    paper = calsync("uninstall", "--everything", "--dry-run")
    would = {one.removeprefix("would remove ") for one in paper.out.splitlines() if one.startswith("would remove /")}
    before = files(folder)
    said = calsync("uninstall", "--everything", "--yes")
    assert said.code == 0, said.err
    gone = {path for path in before - files(folder) if "calendars" not in path.parts}
    removed = {one.removeprefix("removed ") for one in said.out.splitlines() if one.startswith("removed /")}
    assert {str(path) for path in gone} <= removed
    assert {str(path) for path in gone} == would
    assert files(folder / "state") == {mine}
    assert f"left in place: {folder}/state, for what is not calsync's: logs\n" in said.out
    assert (folder / "config.yaml").exists()
    assert ring.kept == {}
    assert "removed the secret calsync:notes from the system keyring\n" in said.out
    mine.unlink()
    assert calsync("uninstall", "--everything", "--yes").code == 0
    assert not (folder / "state").exists()


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own there")
def test_uninstall_with_everything_names_the_links_that_it_leaves(
    calsync: Calsync, machine: Machine, folder: Path, tmp_path: Path
) -> None:
    state, real = folder / "state", tmp_path / "disk"
    (state / "logs").rename(tmp_path / "logs")
    (state / "logs").symlink_to(tmp_path / "logs")
    said = calsync("uninstall", "--everything", "--yes")
    assert said.code == 0, said.err
    assert f"left in place: {state}, for what is not calsync's: logs\n" in said.out
    (state / "logs").unlink()
    state.rename(real)
    state.symlink_to(real)
    said = calsync("uninstall", "--everything", "--yes")
    assert f"left in place: {state}, a link, and the empty folder {real}\n" in said.out
    assert list(real.iterdir()) == []


def test_while_a_block_may_still_stand_somewhere_nothing_that_a_next_try_needs_is_removed(
    calsync: Calsync, machine: Machine, folder: Path
) -> None:
    work = folder / "calendars" / "work"
    aside = work.rename(folder / "aside")
    said = calsync("uninstall", "--everything", "--yes")
    assert said.code == 3
    assert "what calsync remembers was not removed, since not all was done: run this again" in said.out
    assert (folder / "state" / "calsync.db").exists()
    aside.rename(work)
    assert calsync("uninstall", "--everything", "--yes").code == 0
    assert not (folder / "state" / "calsync.db").exists()


def test_uninstall_asks_no_scheduler_that_is_not_there_and_tells_of_one_that_cannot_be_read(
    calsync: Calsync, machine: Machine, folder: Path, tmp_path: Path
) -> None:
    machine.says("crontab.mood", "broken")
    said = calsync("uninstall", "--yes")
    assert said.code == 3
    assert "your crontab cannot be read" in said.err
    assert not list((folder / "calendars" / "work").glob("cs*"))
    (machine.bin / "crontab").unlink()
    assert calsync("uninstall", "--yes").code == 0


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own there")
def test_a_folder_with_two_names_has_one_mark_and_what_lies_behind_a_linked_file_matters_not(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "other"
    home.mkdir()
    other.symlink_to(home)
    assert identity(other / "config.yaml", other / "state") == identity(home / "config.yaml", home / "state")
    before = identity(home / "config.yaml", home / "state")
    (home / "config.yaml").symlink_to(tmp_path / "dotfiles.yaml")
    assert identity(home / "config.yaml", home / "state") == before


def test_two_configurations_have_two_marks(tmp_path: Path) -> None:
    one, two = tmp_path / "a.yaml", tmp_path / "b.yaml"
    assert len({identity(one, tmp_path), identity(two, tmp_path), identity(one, tmp_path / "state")}) == 3
