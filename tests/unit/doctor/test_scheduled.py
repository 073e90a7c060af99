"""Each finding about the schedule and the last night, injected, with its whole text."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path

import pytest

from calsync.doctor import examine, scheduled
from calsync.doctor.repair import mend
from calsync.schedule import service
from calsync.state.store import Store
from tests.unit.doctor.rig import NOW, Folder, bad, fine, told
from tests.unit.schedule.programs import Machine


def crontab(programs: Path, text: str = "") -> Path:
    """A crontab of this test's own, kept in a file; gives the file."""
    kept = programs.parent / "crontab.txt"
    kept.write_text(text)
    program = programs / "crontab"
    program.write_text(f'#!/bin/sh\nif [ "$1" = -l ]; then /bin/cat {kept}; else /bin/cat > {kept}; fi\n')
    program.chmod(0o755)
    return kept


def test_no_schedule(folder: Folder) -> None:
    (found,) = bad(scheduled.schedule, folder.case())
    assert told(found) == (
        "warns",
        "no schedule runs the night",
        "a night happens only when you run `calsync nightly` yourself",
        "run `calsync schedule install`",
    )


@pytest.fixture
def by_cron(folder: Folder, nobodys_schedule: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Installs the schedule in a crontab of this test's own, with a calsync at that place; gives the crontab's file."""

    def install(name: str) -> Path:
        kept = crontab(nobodys_schedule)
        program = folder.folder / name / "calsync"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        monkeypatch.setattr("sys.argv", [str(program)])
        service.install(folder.config, folder.state, kind="cron", at=time(4, 15), now=NOW)
        return kept

    return install


def test_a_schedule_that_is_as_it_should_be(folder: Folder, by_cron: Callable[[str], Path]) -> None:
    by_cron("bin")
    assert fine(scheduled.schedule, folder.case()) == ["the night is scheduled by cron, from 04:15 on"]


def test_a_schedule_whose_calsync_is_gone_is_installed_again(
    folder: Folder, by_cron: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = by_cron("old")
    gone = folder.folder / "old" / "calsync"
    gone.unlink()
    case = folder.case()
    (found,) = bad(scheduled.schedule, case)
    where = service.installed(folder.config, folder.state, NOW)[0].where
    assert told(found) == (
        "fails",
        f"{where}: it runs {gone}, which is not there",
        "no night runs",
        "run `calsync doctor --fix`, which installs the schedule again",
    )
    there = folder.folder / "new" / "calsync"
    there.parent.mkdir()
    there.write_text("#!/bin/sh\n")
    there.chmod(0o755)
    monkeypatch.setattr("sys.argv", [str(there)])
    (planned,) = mend(case, [found], dry_run=True)
    assert planned.done == "the schedule in cron is installed again"
    assert str(gone) in kept.read_text()
    mend(case, [found], dry_run=False)
    assert str(gone) not in kept.read_text()
    assert str(there) in kept.read_text()
    assert bad(scheduled.schedule, folder.case()) == []


def test_a_schedule_that_was_switched_off_by_hand(folder: Folder, by_cron: Callable[[str], Path]) -> None:
    kept = by_cron("bin")
    kept.write_text(f"# {kept.read_text()}")
    (found,) = bad(scheduled.schedule, folder.case())
    where = service.installed(folder.config, folder.state, NOW)[0].where
    assert told(found) == (
        "warns",
        f"{where}: the line in the crontab is switched off (a # stands before it)",
        "the night may not run, or not as you expect",
        "run `calsync schedule install`",
    )


def test_a_crontab_that_cannot_be_read_hides_no_other_check(folder: Folder, nobodys_schedule: Path) -> None:
    program = nobodys_schedule / "crontab"
    program.write_text('#!/bin/sh\necho "crontab: the spool cannot be read" >&2\nexit 1\n')
    program.chmod(0o755)
    found = next(one for one in examine.examine(folder.case()) if one.key == "check.stopped")
    assert told(found) == (
        "fails",
        "your crontab cannot be read: crontab: the spool cannot be read",
        "the schedule could not be looked at",
        "see cron.allow and cron.deny, or choose another kind with `calsync schedule install --kind`",
    )


@pytest.fixture
def by_systemd(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine on which systemd runs the nights, and cron could."""
    machine = Machine(folder.folder / "machine", monkeypatch, "systemctl", "systemd-run", "loginctl", "crontab")
    for word in ("manager", "namespaces"):
        machine.says(word)
    program = folder.folder / "bin" / "calsync"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.argv", [str(program)])
    service.install(folder.config, folder.state, kind="systemd", at=time(4, 15), now=NOW)
    return machine


def test_a_timer_that_needs_a_login(folder: Folder, by_systemd: Machine) -> None:
    (found,) = bad(scheduled.schedule, folder.case())
    assert told(found) == (
        "warns",
        "the night runs only while you are logged in (lingering is off)",
        "on a computer that nobody is logged in to, no night runs",
        "run `loginctl enable-linger`",
    )
    by_systemd.says("linger", "yes")
    assert fine(scheduled.schedule, folder.case()) == ["the night is scheduled by systemd, from 04:15 on"]


def test_two_schedules_at_once(folder: Folder, by_systemd: Machine) -> None:
    by_systemd.says("linger", "yes")
    before = {path: path.read_text() for path in by_systemd.units.rglob("*") if path.is_file()}
    service.install(folder.config, folder.state, kind="cron", at=time(4, 15), now=NOW)
    for path, text in before.items():
        path.write_text(text)
        by_systemd.says(f"{path.name}.is-active")
        by_systemd.says(f"{path.name}.is-enabled")
    (found,) = bad(scheduled.schedule, folder.case())
    assert told(found) == (
        "warns",
        "the night is scheduled by systemd and cron",
        "the second run finds nothing to do, and what is told once is told by whichever comes first",
        "run `calsync schedule remove`, then `calsync schedule install`",
    )


def test_where_systemd_runs_the_night_of_whoever_is_logged_in_the_keyring_may_have_the_secrets(
    folder: Folder, by_systemd: Machine
) -> None:
    import keyring

    from calsync.doctor.cronkeys import secrets
    from calsync.tokens import SERVICE
    from tests.keyrings import DictKeyring

    before, backend = keyring.get_keyring(), DictKeyring()
    backend.kept = {(SERVICE, "work"): "hunter2"}
    keyring.set_keyring(backend)
    try:
        assert fine(secrets, folder.case()) == ["every secret can be had without a desktop"]
        by_systemd.says("linger", "yes")
        (found,) = bad(secrets, folder.case(executable=sys.executable))
        assert found.key == "secret.keyring"
    finally:
        keyring.set_keyring(before)


def test_nights_that_were_missed(folder: Folder) -> None:
    folder.night()
    (found,) = bad(scheduled.last_night, folder.case(NOW + timedelta(days=3)))
    assert told(found) == (
        "warns",
        "the last night ran on Mon 9 Nov at 05:00",
        "new meetings since then stand on blocks, and blocks on them",
        "run `calsync nightly`, then see `calsync schedule show`",
    )


def test_a_last_night_that_failed(folder: Folder) -> None:
    folder.work.rename(folder.folder / "elsewhere")
    assert folder.night() == 3
    (found,) = bad(scheduled.last_night, folder.case(NOW + timedelta(hours=1)))
    assert told(found) == (
        "warns",
        "the night on Mon 9 Nov at 05:00 ended with 3, with something left to do",
        "what was not done then is still to be done",
        "see `calsync log`; docs/exit-codes.md has the numbers",
    )


def test_a_last_night_that_was_cut_off(folder: Folder) -> None:
    with Store(folder.state, NOW) as store:
        store.begin_run("nightly", NOW, NOW)
    (found,) = bad(scheduled.last_night, folder.case(NOW + timedelta(hours=1)))
    assert told(found) == (
        "warns",
        "the night on Mon 9 Nov at 05:00 was cut off, or is still running",
        "the next one ends where it would have ended",
        "run `calsync nightly`",
    )


def test_a_last_night_that_ended_well(folder: Folder) -> None:
    folder.night()
    assert fine(scheduled.last_night, folder.case(NOW + timedelta(hours=1))) == [
        "the last night ran on Mon 9 Nov at 05:00 and ended well"
    ]
