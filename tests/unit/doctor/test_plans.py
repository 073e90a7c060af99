"""Each finding about calendars, room, people, schedule and what a night gives away, injected, with its whole text."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from calsync.doctor import calendars, examine, room, rotation, scheduled
from calsync.doctor.accounts import accounts
from calsync.doctor.case import Case
from calsync.doctor.findings import Finding, exit_code
from calsync.doctor.outlets import exports, notices
from calsync.doctor.paper import Paper
from calsync.doctor.repair import mend
from calsync.errors import Refused, StateError
from calsync.model import Span
from calsync.nightreport import NightReport
from calsync.planning.board import Board
from calsync.schedule import service
from calsync.state.lock import hold
from calsync.state.store import Store
from tests.system.world import meeting
from tests.unit.doctor.rig import NOW, Check, Folder, bad, fine, told
from tests.unit.schedule.programs import Machine

NOT_READ = "a night cannot read that calendar, so it plans nothing new and leaves the blocks as they stand"


def after_reading(check: Check) -> Check:
    """The check, on what a night on paper has read."""

    def both(case: Case) -> list[Finding]:
        list(calendars.reading(case))
        return list(check(case))

    return both


def all_day(uid: str, day: datetime, days: int, *, title: str = "Fair", free: bool = False) -> bytes:
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Another program//EN", "BEGIN:VEVENT", f"UID:{uid}",
        "DTSTAMP:20261101T080000Z", f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days):%Y%m%d}", f"SUMMARY:{title}",
        *(["TRANSP:TRANSPARENT"] if free else []), "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    return ("\r\n".join(lines) + "\r\n").encode()


# --- calendars ---


def test_a_folder_that_is_gone(folder: Folder) -> None:
    folder.night()
    folder.work.rename(folder.folder / "elsewhere")
    (found,) = bad(calendars.reading, folder.case())
    assert told(found) == (
        "fails",
        f"{folder.work}: there is no such file or folder",
        NOT_READ,
        "check `path` in the config, or put it back",
    )
    assert (found.key, found.subject, found.exit_code) == ("calendar.missing", "work", 3)
    assert folder.night() == 3


def test_a_calendar_that_is_suddenly_empty(folder: Folder) -> None:
    for number in range(3):
        (folder.work / f"m{number}.ics").write_bytes(meeting(f"m{number}", NOW + timedelta(days=number + 1)))
    folder.night()
    for path in folder.work.glob("m*.ics"):
        path.unlink()
    (found,) = bad(calendars.reading, folder.case())
    assert told(found) == (
        "fails",
        "work: the calendar had 3 events to come and now reads empty; nothing was planned against it",
        NOT_READ,
        "look at it; if it is right, run `calsync nightly --force` once",
    )
    assert found.key == "calendar.refused"


def test_an_event_that_cannot_be_understood(folder: Folder) -> None:
    (folder.work / "odd.ics").write_text("no calendar at all")
    (found,) = bad(calendars.reading, folder.case())
    assert (found.key, found.subject) == ("calendar.malformed", "work")
    assert found.what.startswith(f"{folder.work / 'odd.ics'}: ")
    assert found.command == "repair it, or take it out of the folder"


def test_a_calendar_that_can_be_read_is_told_with_what_it_has(folder: Folder) -> None:
    (folder.work / "m.ics").write_bytes(meeting("m", NOW + timedelta(days=1)))
    case = folder.case()
    assert fine(calendars.reading, case) == ["work: it can be read; 1 events to come"]
    assert fine(calendars.night, case) == ["a night on paper ends well"]
    assert not (folder.state / "calsync.db").exists()


def test_a_file_that_is_older_than_an_export_gets(folder: Folder) -> None:
    path = folder.folder / "family.ics"
    path.write_bytes(meeting("m", NOW))
    folder.write(calendars=f"[{{name: family, provider: ics, path: '{path}'}}]")
    old = (NOW - timedelta(days=45)).timestamp()
    os.utime(path, (old, old))
    (found,) = bad(accounts, folder.case())
    assert told(found) == (
        "warns",
        f"family: {path} has not changed for 45 days",
        "if another program exports it, that has stopped, and newer meetings are not seen",
        "look at the program that writes the file; a file that you keep by hand may well be so old",
    )
    assert found.key == "calendar.stale"
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    assert bad(accounts, folder.case()) == []


def test_a_folder_that_may_not_be_written(folder: Folder) -> None:
    # Nobody may write in a folder of the kernel's, not even root.
    folder.write(calendars="[{name: work, provider: ics, path: /proc/sys, write: true}]")
    if os.access("/proc/sys", os.W_OK):
        pytest.skip("here it may")
    (found,) = bad(accounts, folder.case())
    assert told(found) == (
        "fails",
        "work: the calendar sys can be read but not written",
        "the configuration has `write: true` for it, and no block can be put there",
        f"ask its owner for write access, or set `write: false` for work in {folder.config}",
    )


def test_a_scratch_block_is_written_only_where_that_was_asked_for(folder: Folder) -> None:
    assert fine(calendars.writing, folder.case()) == []
    assert fine(calendars.writing, folder.case(write=True)) == ["work: a block was written, and removed again"]
    assert list(folder.work.iterdir()) == []


def test_a_calendar_that_does_not_take_a_block(folder: Folder) -> None:
    folder.work.rename(folder.folder / "elsewhere")
    (found,) = bad(calendars.writing, folder.case(write=True))
    assert told(found) == (
        "fails",
        f"{folder.work}: there is no such file or folder",
        "no block can be put on that calendar",
        "check `path` in the config, or put it back",
    )


def test_while_a_run_is_in_progress_writing_is_not_tried(folder: Folder) -> None:
    folder.night()
    case = folder.case(write=True)
    with hold(folder.state):
        (found,) = bad(calendars.writing, case)
        (read,) = fine(calendars.reading, case)
    assert told(found) == (
        "warns",
        f"another calsync run is using {folder.state}",
        "so it was not tried whether the calendar can be written",
        "wait until it has finished, then run this again",
    )
    assert read.startswith("work: it can be read; ")


def test_a_plan_that_the_guard_refuses_and_a_night_that_cannot_begin(folder: Folder) -> None:
    case = folder.case()
    reach = Span(NOW, NOW + timedelta(weeks=12))
    refused = Refused("this run would change 9 of 20 dates", "look at it with `calsync plan`")
    case.paper = Paper((), NightReport(NOW, reach, dry_run=True, errors=[refused]))
    (found,) = bad(calendars.night, case)
    assert told(found) == (
        "fails",
        "this run would change 9 of 20 dates",
        "a night would change nothing",
        "look at it with `calsync plan`",
    )
    case.paper = Paper((), None, StateError("the state cannot be copied", "check the free space"))
    (found,) = bad(calendars.night, case)
    assert told(found) == ("fails", "the state cannot be copied", "a night cannot begin", "check the free space")


# --- room ---


def test_whole_days_that_leave_no_room_are_told_by_date_and_on_the_screen_by_title(folder: Folder) -> None:
    (folder.work / "fair.ics").write_bytes(all_day("fair", NOW + timedelta(days=1), 19, title="Fair in Milan"))
    (found,) = bad(after_reading(room.whole_days), folder.case())
    assert told(found) == (
        "warns",
        (
            "14 of the 20 working days of the coming 4 weeks are taken by events that last all day: Tue 10 Nov, "
            "Wed 11 Nov, Thu 12 Nov, Fri 13 Nov, Mon 16 Nov, Tue 17 Nov, Wed 18 Nov, Thu 19 Nov, Fri 20 Nov, "
            "Mon 23 Nov and 4 more"
        ),
        "a day that is taken as a whole gets no block; an all-day entry that is only a note must be shown as free",
        "show those events as free in your calendar, or wait until you are back",
    )
    assert found.screen == ("Fair in Milan",)
    assert "Milan" not in str(found.as_json())


@pytest.mark.parametrize(("days", "free"), [(19, True), (12, False)])
def test_a_note_and_a_holiday_of_two_weeks_are_fine(folder: Folder, days: int, free: bool) -> None:
    (folder.work / "fair.ics").write_bytes(all_day("fair", NOW + timedelta(days=1), days, free=free))
    assert bad(after_reading(room.whole_days), folder.case()) == []


def test_weeks_without_any_room(folder: Folder) -> None:
    (folder.work / "fair.ics").write_bytes(all_day("fair", NOW + timedelta(days=7), 7))
    (found,) = bad(after_reading(calendars.night), folder.case())
    assert told(found) == (
        "warns",
        "there is no room for any block in 2026-W47",
        "a night names these weeks and ends with 5; in them nobody gets time",
        "see what takes the time with `calsync plan`; shorter blocks or longer `working_hours` leave more room",
    )
    assert exit_code([found]) == 0


def test_promises_without_time(folder: Folder) -> None:
    from calsync.tokens import SecretStore
    from calsync.vault import Vault

    folder.write("# promises", connect="{minutes: 30, per_week: 1}, follow-through: {minutes: 30, per_week: 1}")
    folder.night()
    vault = Vault(SecretStore(folder.state, {}))
    vault.make_key()
    from calsync.cli import main

    where = ["--config", str(folder.config), "--state", str(folder.state)]
    due = ["--by", "2026-11-10", "--minutes", "240"]
    assert main([*where, "promise", "add", "Ana Sousa", "Send the budget", *due, "--now", NOW.isoformat()]) == 5
    (found,) = bad(after_reading(calendars.night), folder.case())
    assert told(found) == (
        "warns",
        "1 promise does not get enough time before the day they are due",
        "a night names them and ends with 5",
        "`calsync promise list` says what would make room",
    )


def test_no_block_at_all(folder: Folder) -> None:
    folder.write(connect="")
    (found,) = bad(room.hours, folder.case())
    assert told(found) == (
        "warns",
        "no block is asked for",
        "a night then reads the calendars and plans nothing",
        f"add `blocks:` to {folder.config} (docs/configuration.md)",
    )


def test_hours_that_are_too_narrow_for_a_block(folder: Folder) -> None:
    folder.write(connect="{minutes: 90, per_week: 1}", hours='{mon-fri: "09:00-10:00, 11:00-12:00, 13:00-14:00"}')
    (found,) = [one for one in bad(room.hours, folder.case()) if one.key == "hours.narrow"]
    assert told(found) == (
        "warns",
        "a connect block of 90 minutes fits into no stretch of `working_hours`; the longest has 60",
        "no such block is ever planned",
        f"shorten the block or widen the hours in {folder.config}",
    )


def test_a_tenth_that_allows_no_block_or_too_few(folder: Folder) -> None:
    folder.write(connect="{minutes: 30, per_week: 1}", hours='{mon: "09:00-12:00"}')
    (none,) = bad(room.hours, folder.case())
    assert told(none) == (
        "warns",
        "a tenth of the week's working time is 18 minutes, less than the shortest block has",
        "blocks take a tenth of the working time at most, so none is ever planned",
        f"ask for fewer or shorter blocks in {folder.config}",
    )
    folder.write(connect="{minutes: 30, per_week: 3}", hours='{mon-tue: "09:00-15:00"}')
    (few,) = bad(room.hours, folder.case())
    assert told(few) == (
        "warns",
        "the blocks ask for 90 minutes a week, and a tenth of the week's working time is 72",
        "blocks take a tenth of the working time at most; the others are left out, and a night names them",
        f"ask for fewer or shorter blocks in {folder.config}",
    )


def test_the_tenth_is_the_planners() -> None:
    assert Board.__init__.__kwdefaults__ is None
    defaults = dict(zip(reversed(Board.__match_args__), reversed(Board.__init__.__defaults__ or ()), strict=False))
    assert defaults["block_share"] == room.SHARE


def test_a_week_without_a_working_day_by_its_holidays(folder: Folder) -> None:
    # Of the days that are worked here, the week of Christmas has holidays only.
    folder.write("holidays: DE-BY", hours='{fri: "09:00-17:00"}', connect="{minutes: 30, per_week: 1}")
    (found,) = [one for one in bad(room.hours, folder.case()) if one.key == "hours.holidays"]
    assert told(found) == (
        "warns",
        "by `holidays: DE-BY` no day is worked in the week of Mon 21 Dec, Mon 28 Dec",
        "such a week gets no block",
        f"check `holidays` and `working_hours` in {folder.config}",
    )


# --- people ---


def test_nobody_in_the_rotation(folder: Folder) -> None:
    folder.write(people="[]")
    (found,) = bad(rotation.people, folder.case())
    assert told(found) == (
        "warns",
        "nobody is in the rotation",
        "blocks are planned, and none of them says whom to reach",
        "run `calsync people import`",
    )


def test_everybody_paused(folder: Folder) -> None:
    folder.night()
    with Store(folder.state, NOW) as store:
        store.pause("Ana Sousa", NOW.date())
    (found,) = bad(rotation.people, folder.case())
    assert told(found) == (
        "warns",
        "everybody in the rotation is paused",
        "blocks are planned, and none of them says whom to reach",
        "run `calsync people resume NAME`",
    )


def test_gaps_that_cannot_be_kept(folder: Folder) -> None:
    crowd = ", ".join(f"{{name: Person {n}, ideal: 7d, max: 7d}}" for n in range(9))
    folder.write(people=f"[{crowd}]", connect="{minutes: 30, per_week: 1, pings: 1}")
    (found,) = bad(rotation.people, folder.case())
    assert told(found) == (
        "warns",
        (
            "the gaps ask for 9.0 turns a week and the blocks give 1: not even the maximum gaps can be kept; 8 blocks "
            "more a week would keep everybody within their ideal gap"
        ),
        "some people then wait longer than their maximum gap, whatever is planned",
        f"raise `per_week` or `pings` under `blocks.connect`, or lengthen gaps, in {folder.config}",
    )


def test_somebody_whose_hours_never_meet_the_leaders(folder: Folder) -> None:
    folder.write(people="[{name: Kiri Ngata, ideal: 14d, max: 28d, timezone: Pacific/Auckland}]")
    (found,) = bad(rotation.people, folder.case())
    assert told(found) == (
        "warns",
        "no time within your `working_hours` lies within the hours of Kiri Ngata",
        "no block can ever be for them",
        f"check `timezone` and `hours` of Kiri Ngata in {folder.config}",
    )


def test_people_who_can_be_reached(folder: Folder) -> None:
    assert fine(rotation.people, folder.case()) == ["1 people can be reached, within their maximum gaps"]


# --- exports ---


def test_exports_that_cannot_be_written(folder: Folder) -> None:
    foreign, nowhere = folder.folder / "mine.ics", folder.work / "m.ics" / "blocks.ics"
    foreign.write_text("mine")
    (folder.work / "m.ics").write_bytes(meeting("m", NOW))
    folder.write(calendars="[{name: web, provider: ics, url: 'http://127.0.0.1:9/x.ics'}]")
    folder.write(
        f"exports: [{{path: '{foreign}'}}, {{path: '{nowhere}'}}]",
        calendars="[{name: web, provider: ics, url: 'http://127.0.0.1:9/x.ics'}]",
    )
    one, other = bad(exports, folder.case())
    why = "the night ends with 3, and whoever subscribes to the file sees old blocks"
    step = f"make its folder writable, or name another file under `exports` in {folder.config}"
    assert told(one) == (
        "fails", f"the export {foreign} cannot be written: it was not written by calsync and is left alone", why, step,
    )  # fmt: skip
    assert told(other)[1] == f"the export {nowhere} cannot be written: {folder.work / 'm.ics'} is not a folder"


def test_an_export_that_can_be_written_leaves_nothing_behind(folder: Folder) -> None:
    target = folder.folder / "out" / "blocks.ics"
    target.parent.mkdir()
    folder.write(f"exports: [{{path: '{target}'}}]")
    assert fine(exports, folder.case()) == [f"{target} can be written"]
    assert list(target.parent.iterdir()) == []


# --- notices ---


def test_notices_without_what_sends_them(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write("notify: ['json://127.0.0.1:9/']")
    monkeypatch.setitem(sys.modules, "apprise", None)
    (found,) = bad(notices, folder.case())
    assert told(found) == (
        "warns",
        "notify: what sends notices is not installed",
        "no digest is sent to it; the night itself is not touched by that",
        (
            "install it: pip install 'calsync[notify]', or pipx inject calsync apprise, or uv tool install "
            "'calsync[notify]'"
        ),
    )


def test_a_notice_to_an_address_of_no_known_form(folder: Folder, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("apprise")
    folder.write("notify: ['json://127.0.0.1:9/', 'nosuch://hunter2/']")
    (found,) = bad(notices, folder.case())
    assert told(found) == (
        "warns",
        "notify[#2]: Apprise knows no such URL, or a part of it is missing",
        "no digest is sent to it; the night itself is not touched by that",
        f"correct it in {folder.config}; https://github.com/caronc/apprise/wiki has the forms",
    )
    assert "hunter2" not in "".join(capfd.readouterr())
    folder.write("notify: ['json://127.0.0.1:9/']")
    assert fine(notices, folder.case()) == ["the addresses under `notify` are of a known form"]


# --- the schedule and the last night ---


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
    from tests.unit.doctor.test_statefolder import Desktop

    before, backend = keyring.get_keyring(), Desktop()
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


# --- all of them ---


def test_a_check_that_breaks_hides_no_other(folder: Folder) -> None:
    def breaks(_path: Path) -> int:
        raise RuntimeError("Ana Sousa")

    found = examine.examine(folder.case(free=breaks))
    broken = next(one for one in found if one.key == "check.broken")
    assert told(broken) == (
        "fails",
        "the check of the free space itself is broken (RuntimeError)",
        "what it looks at was not looked at",
        "please report it, with the release that `calsync --version` names",
    )
    assert {"schedule.none", "state.place", "people", "calendar"} <= {one.key for one in found}
    assert "Ana Sousa" not in str([one.as_json() for one in found if one.key == "check.broken"])


def test_without_a_configuration_the_machine_is_looked_at_all_the_same(folder: Folder) -> None:
    folder.config.write_text("calendars: {}")
    found = examine.examine(folder.case(free=lambda _path: 0))
    assert [one.key for one in found[:2]] == ["config.wrong", "state.space"]
    assert exit_code(found) == 2


def test_what_fails_stands_before_what_warns_and_each_thing_once(folder: Folder) -> None:
    folder.write(calendars="[{name: work, provider: google, account: maya@example.com, write: true}]")
    found = examine.examine(folder.case())
    assert [one.level.value for one in found] == sorted(
        (one.level.value for one in found), key=["fails", "warns", "fine"].index
    )
    assert [one.what for one in found].count("work: maya@example.com has not signed in at Google yet") == 1
    assert exit_code(found) == 4


def test_a_look_writes_nothing(folder: Folder) -> None:
    folder.night()
    before = {path: path.read_bytes() for path in folder.folder.rglob("*") if path.is_file()}
    examine.examine(folder.case(NOW + timedelta(days=1)))
    after = {path: path.read_bytes() for path in folder.folder.rglob("*") if path.is_file()}
    assert {path for path in after if after[path] != before.get(path)} <= {folder.state / "calsync.db-shm"}
    assert before.keys() == after.keys()
