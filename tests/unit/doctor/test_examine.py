"""All checks together: none hides another, what fails stands first, and a look writes nothing."""

from __future__ import annotations

import sqlite3
import sys
import types
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from calsync.cli import main
from calsync.doctor import examine
from calsync.doctor.accounts import accounts
from calsync.doctor.findings import exit_code
from tests.unit.doctor.rig import NOW, Folder, told


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


def _no_folder(folder: Folder) -> None:
    folder.work.rename(folder.folder / "elsewhere")


def _newer(folder: Folder) -> None:
    with closing(sqlite3.connect(folder.state / "calsync.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def _foreign_export(folder: Folder) -> None:
    (folder.folder / "mine.ics").write_text("mine")
    folder.write(f"exports: [{{path: '{folder.folder / 'mine.ics'}'}}]")


def _wrong(folder: Folder) -> None:
    folder.write("plannig: {}")


def _odd_event(folder: Folder) -> None:
    (folder.work / "odd.ics").write_text("no calendar at all")


@pytest.mark.parametrize("fault", [_no_folder, _newer, _foreign_export, _wrong, _odd_event])
def test_what_the_doctor_says_fails_does_fail_and_the_old_plan_stays(
    folder: Folder, fault: Callable[[Folder], None], capsys: pytest.CaptureFixture[str]
) -> None:
    folder.night()
    blocks = {path.name: path.read_bytes() for path in folder.work.iterdir()}
    assert blocks
    fault(folder)
    tonight = NOW + timedelta(hours=1)
    foretold = exit_code(examine.examine(folder.case(tonight)))
    where = ["--config", str(folder.config), "--state", str(folder.state)]
    assert main([*where, "-q", "nightly", "--now", tonight.isoformat()]) == foretold != 0
    assert capsys.readouterr().err
    kept = folder.work if folder.work.exists() else folder.folder / "elsewhere"
    assert {path.name: path.read_bytes() for path in kept.iterdir() if path.name != "odd.ics"} == blocks


def test_a_bug_in_one_adapter_hides_no_other_calendar(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    # Somebody else's library, broken by an update.
    monkeypatch.setitem(sys.modules, "msal", types.ModuleType("msal"))
    grant = folder.state / "grants" / "microsoft-maya@example.com.json"
    grant.parent.mkdir(parents=True)
    grant.touch(0o600)
    grant.write_text(
        '{"kind": "user", "account": "maya@example.com", "client": "c", "tenant": "t", "cloud": "global",'
        ' "scopes": ["Calendars.Read"], "cache": ""}'
    )
    office = "{name: office, provider: microsoft, account: maya@example.com}"
    home = f"{{name: work, provider: ics, path: '{folder.work}', write: true}}"
    folder.write(calendars=f"[{office}, {home}]")
    found = list(accounts(folder.case()))
    assert [(one.key, one.subject) for one in found if one.level != "fine"] == [
        ("check.broken", "the sign-in for office")
    ]
    assert found[0].what == "the check of the sign-in for office itself is broken (ImportError)"
