"""Each finding about calendars and what a night gives away, injected, with its whole text."""

from __future__ import annotations

import os
import sys
from datetime import timedelta

import pytest

from calsync.doctor import calendars
from calsync.doctor.accounts import accounts
from calsync.doctor.outlets import exports, notices
from calsync.doctor.paper import Paper
from calsync.errors import Refused, StateError, UsageError
from calsync.model import Span
from calsync.nightreport import NightReport
from calsync.notifying import unknown
from calsync.state.lock import hold
from tests.system.world import meeting
from tests.unit.doctor.rig import NOW, Folder, bad, fine, told

NOT_READ = "a night cannot read that calendar, so it plans nothing new and leaves the blocks as they stand"

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
    assert fine(calendars.reading, case) == ["work: it can be read; 1 event to come"]
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
    with pytest.raises(UsageError) as refused:
        unknown(["json://127.0.0.1:9/"])
    (found,) = bad(notices, folder.case())
    assert told(found) == (
        "warns",
        "notify: what sends notices is not installed",
        "no digest is sent to it; the night itself is not touched by that",
        refused.value.next_step,
    )
    assert found.command.startswith("install it: ")


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
