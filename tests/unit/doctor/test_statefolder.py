"""Each finding about the state folder and the secrets, injected, with its whole text."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import keyring
import pytest

from calsync.doctor.cronkeys import secrets
from calsync.doctor.examine import examine
from calsync.doctor.repair import mend
from calsync.doctor.statefolder import database, lock, modes, place, private_files, space, writable
from calsync.state.database import HEAD
from calsync.state.lock import hold
from calsync.tokens import SERVICE, SecretStore
from calsync.vault import KEY_NAME
from tests.keyrings import DictKeyring
from tests.unit.doctor.rig import Folder, bad, fine, told

# --- the folder ---


def test_a_state_folder_that_is_a_file(folder: Folder) -> None:
    case = folder.case()
    shutil.rmtree(folder.state, ignore_errors=True)
    folder.state.write_text("")
    (found,) = bad(writable, case)
    assert told(found) == (
        "fails",
        f"{folder.state}: it cannot be written (it is not a folder)",
        "no night runs without it",
        "make it writable, or name another folder with --state",
    )
    assert bad(modes, case) == bad(database, case) == bad(place, case) == bad(lock, case) == []


def test_a_state_folder_in_a_place_where_nothing_can_be_made(folder: Folder) -> None:
    case = folder.case()
    case.state_folder = Path("/proc/self/calsync")
    (found,) = bad(writable, case)
    assert found.what == "/proc/self/calsync: it cannot be written (No such file or directory)"


def test_a_state_folder_that_the_system_does_not_let_one_see(folder: Folder) -> None:
    case = folder.case()
    # As under a folder that is somebody else's, which nobody is for whoever may do everything.
    case.state_folder = folder.folder / ("x" * 300)
    (found,) = bad(writable, case)
    assert found.what == f"{case.state_folder}: it cannot be written (File name too long)"
    (closed,) = bad(database, case)
    assert told(closed) == (
        "fails",
        f"{case.state_folder / 'calsync.db'}: it cannot be opened (File name too long)",
        "no night runs without it",
        "check its permissions and the free space on its disk",
    )
    assert bad(modes, case) == bad(private_files, case) == bad(lock, case) == bad(space, case) == []
    assert [one.key for one in examine(case) if one.key == "check.broken"] == []


def test_a_state_folder_that_can_be_written(folder: Folder) -> None:
    folder.state.mkdir(exist_ok=True)
    assert fine(writable, folder.case()) == [f"{folder.state} can be written"]


def test_a_state_folder_that_others_can_look_into(folder: Folder) -> None:
    case = folder.case()
    folder.state.chmod(0o755)
    (found,) = bad(modes, case)
    assert told(found) == (
        "warns",
        f"{folder.state}: others on this machine can look into it (mode 0755)",
        "what was logged of people, and the calendars' entries, are in it",
        f"run `chmod 700 {folder.state}`",
    )
    (mended,) = mend(case, [found], dry_run=True)
    assert mended.done == f"{folder.state} is closed to others (mode 0700)"
    assert folder.state.stat().st_mode & 0o777 == 0o755
    mend(case, [found], dry_run=False)
    assert folder.state.stat().st_mode & 0o777 == 0o700
    assert bad(modes, case) == []


@pytest.mark.parametrize("mode", [0o1777, 0o775])
def test_a_folder_that_others_write_in_is_not_closed(folder: Folder, mode: int) -> None:
    case = folder.case()
    folder.state.chmod(mode)
    (found,) = bad(modes, case)
    assert told(found) == (
        "warns",
        f"{folder.state}: it is no folder of calsync's own (mode {mode:04o})",
        "what was logged of people, and the calendars' entries, are in it, and others may read or replace that",
        "name a folder for calsync alone with --state or CALSYNC_STATE",
    )
    assert mend(case, [found], dry_run=False) == []


def test_a_home_is_not_closed(folder: Folder) -> None:
    case = folder.case()
    case.state_folder = Path.home()
    case.state_folder.chmod(0o755)
    (found,) = bad(modes, case)
    assert found.key == "state.shared"


@pytest.mark.parametrize("name", ["secrets.json", "grants/google-maya@example.com.json"])
def test_secrets_that_others_can_read(folder: Folder, name: str) -> None:
    case = folder.case()
    path = folder.state / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("{}")
    path.chmod(0o644)
    (found,) = bad(private_files, case)
    assert told(found) == (
        "fails",
        f"{path}: others on this machine can read it (mode 0644)",
        "calsync refuses secrets that others can read, so no calendar that needs them can be read",
        f"run `chmod 600 {path}`",
    )
    (mended,) = mend(case, [found], dry_run=False)
    assert mended.done == f"{path} is closed to others (mode 0600)"
    assert fine(private_files, case) == ["only you can read the secrets in it"]


def test_a_database_of_a_newer_calsync(folder: Folder) -> None:
    folder.night()
    with closing(sqlite3.connect(folder.state / "calsync.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    (found,) = bad(database, folder.case())
    assert told(found) == (
        "fails",
        f"{folder.state / 'calsync.db'}: a newer calsync has made it (schema 9999, this one knows {HEAD})",
        "this calsync does not touch it, so no night runs",
        "upgrade calsync: `pipx upgrade calsync`",
    )


def test_a_damaged_database(folder: Folder) -> None:
    folder.night()
    path = folder.state / "calsync.db"
    _spoil(folder)
    (found,) = bad(database, folder.case())
    assert told(found) == (
        "warns",
        f"{path}: the database is damaged",
        (
            "the next run sets it aside and builds a new one from the calendars; what only you can tell comes back "
            "from decisions.json"
        ),
        "run `calsync nightly`",
    )
    (folder.state / "decisions.json").unlink()
    (found,) = bad(database, folder.case())
    assert told(found) == (
        "fails",
        f"{path}: the database is damaged",
        (
            "the next run sets it aside and builds a new one from the calendars; there is no decisions.json that can "
            "be read, so what you have logged and noted is lost"
        ),
        "put back a copy of the state folder from before (docs/state.md)",
    )
    assert path.read_bytes().startswith(b"no database")


def _spoil(folder: Folder) -> None:
    for suffix in ("-wal", "-shm"):
        (folder.state / f"calsync.db{suffix}").unlink(missing_ok=True)
    (folder.state / "calsync.db").write_bytes(b"no database " * 1000)


def test_a_database_that_cannot_be_opened(folder: Folder) -> None:
    case = folder.case()
    path = folder.state / "calsync.db"
    path.mkdir(parents=True)
    (found,) = bad(database, case)
    assert found.what.startswith(f"{path}: it cannot be opened (")
    assert told(found)[2:] == ("no night runs without it", "check its permissions and the free space on its disk")
    assert found.level == "fails"


def test_a_second_copy_that_cannot_be_understood_is_written_anew(folder: Folder) -> None:
    folder.night()
    path = folder.state / "decisions.json"
    before = json.loads(path.read_text())
    path.write_text("{")
    case = folder.case()
    (found,) = bad(database, case)
    assert told(found) == (
        "warns",
        f"{path}: it cannot be understood",
        "it is the second copy of what only you can tell, for the day on which the database is damaged",
        "run `calsync doctor --fix`, which writes it anew from the database",
    )
    (mended,) = mend(case, [found], dry_run=False)
    assert (mended.done, mended.error) == (f"{path} is written anew from the database", None)
    assert json.loads(path.read_text()) == before
    assert fine(database, case) == ["the database is whole"]


def test_a_second_copy_that_is_all_there_is_and_cannot_be_understood(folder: Folder) -> None:
    case = folder.case()
    path = folder.state / "decisions.json"
    path.write_text("{")
    (found,) = bad(database, case)
    assert told(found) == (
        "fails",
        f"{path}: it cannot be understood, and there is no database",
        "the next run sets it aside and begins anew; what you have logged and noted is lost",
        "put back a copy of the state folder from before (docs/state.md)",
    )
    assert mend(case, [found], dry_run=False) == []


def test_a_run_that_is_in_progress_is_left_alone(folder: Folder) -> None:
    folder.night()
    case = folder.case()
    with hold(folder.state):
        (found,) = bad(lock, case)
        assert mend(case, [found], dry_run=False) == []
    assert told(found) == (
        "warns",
        f"{folder.state}: another run of calsync is in progress",
        "what it is changing was not looked at",
        "wait until it has finished, then run `calsync doctor` again",
    )
    assert (folder.state / "lock").exists()
    assert fine(lock, case) == ["no other run is in progress"]


def test_a_disk_that_is_nearly_full_or_full(folder: Folder) -> None:
    (low,) = bad(space, folder.case(free=lambda _path: 100 * 1024 * 1024))
    assert told(low) == (
        "warns",
        f"{folder.state}: 100 MB are free on its disk",
        "a night needs some megabytes, and a disk that fills up stops it",
        "make room on that disk",
    )
    (none,) = bad(space, folder.case(free=lambda _path: 5 * 1024 * 1024))
    assert told(none) == (
        "fails",
        f"{folder.state}: 5 MB are free on its disk",
        "a night that cannot write what it has done stops before it does anything",
        "make room on that disk",
    )


@pytest.mark.parametrize(
    ("part", "service"),
    [
        ("Dropbox", "Dropbox"),
        ("OneDrive - Example", "OneDrive"),
        ("com~apple~CloudDocs", "iCloud"),
        ("Google Drive", "Google Drive"),
    ],
)
def test_a_state_folder_that_is_kept_in_step_with_other_machines(folder: Folder, part: str, service: str) -> None:
    case = folder.case()
    case.state_folder = folder.folder / part / "calsync"
    (found,) = bad(place, case)
    assert told(found) == (
        "warns",
        f"{case.state_folder}: it lies in a folder that {service} keeps in step",
        "a database that is copied while it is written is damaged sooner or later, and secrets leave this machine",
        "move the folder to a place on this machine, and name that with --state or CALSYNC_STATE",
    )


def test_a_state_folder_on_a_network_share(folder: Folder) -> None:
    mounts = f"/dev/sda1 / ext4 rw 0 0\nserver:/homes {folder.folder} nfs4 rw 0 0\n"
    (found,) = bad(place, folder.case(mounts=mounts))
    assert told(found) == (
        "warns",
        f"{folder.state}: it lies on a network share (nfs4)",
        "locks of such shares are not to be relied on, and a night fails when the share is away",
        "move the folder to a disk of this machine, and name that with --state or CALSYNC_STATE",
    )
    near = f"/dev/sda1 / ext4 rw 0 0\nserver:/homes {folder.folder}-other nfs4 rw 0 0\n"
    assert fine(place, folder.case(mounts=near)) == ["it lies on a disk of this machine"]


# --- secrets ---


@pytest.fixture
def desktop() -> Any:
    before = keyring.get_keyring()
    backend = DictKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def real_python(**more: Any) -> dict[str, Any]:
    return {"executable": sys.executable, **more}


def test_secrets_that_only_a_desktop_opens_are_copied_for_cron(folder: Folder, desktop: DictKeyring) -> None:
    desktop.kept = {(SERVICE, "work"): "hunter2", (SERVICE, KEY_NAME): "key"}
    case = folder.case(**real_python())
    password, key = bad(secrets, case)
    assert told(password) == (
        "fails",
        "the password of work lies in the system keyring only, and a night without a desktop cannot open that",
        "without it a night is not let in, and nothing is planned against that calendar",
        "run `calsync doctor --fix`, which copies it into secrets.json, for your eyes only",
    )
    assert told(key) == (
        "warns",
        "the key of the notes lies in the system keyring only, and a night without a desktop cannot open that",
        "without it a night cannot read what was promised and noted",
        "run `calsync doctor --fix`, which copies it into secrets.json, for your eyes only",
    )
    mended = mend(case, [password, key], dry_run=False)
    assert [one.done for one in mended] == [
        "the secret work is copied from the system keyring into secrets.json (mode 0600)",
        "the secret calsync:notes is copied from the system keyring into secrets.json (mode 0600)",
    ]
    path = folder.state / "secrets.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == {"work": "hunter2", KEY_NAME: "key"}
    assert desktop.kept[SERVICE, "work"] == "hunter2"
    assert fine(secrets, case) == ["every secret can be had without a desktop"]


def test_a_keyring_that_opens_without_a_desktop_is_enough_for_cron(
    folder: Folder, desktop: DictKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop.kept = {(SERVICE, "work"): "hunter2"}
    settings = tmp_path / "settings" / "python_keyring"
    settings.mkdir(parents=True)
    (settings / "keyringrc.cfg").write_text(
        f"[backend]\ndefault-keyring=filed.Filed\nkeyring-path={settings}\n", "utf-8"
    )
    (settings / "filed.py").write_text(
        "from keyring.backend import KeyringBackend\n"
        "class Filed(KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, service, name):\n"
        "        return 'hunter2' if name == 'work' else None\n"
        "    def set_password(self, service, name, password):\n"
        "        raise NotImplementedError\n"
    )
    monkeypatch.setenv("XDG_CONFIG_HOME", str(settings.parent))
    assert [found.subject for found in bad(secrets, folder.case(**real_python()))] == ["work"]
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    assert fine(secrets, folder.case(**real_python())) == ["every secret can be had without a desktop"]


def test_a_dry_run_copies_no_secret(folder: Folder, desktop: DictKeyring) -> None:
    desktop.kept = {(SERVICE, "work"): "hunter2"}
    case = folder.case(**real_python())
    mend(case, bad(secrets, case), dry_run=True)
    assert not (folder.state / "secrets.json").exists()


def test_a_secret_that_this_terminal_alone_knows(folder: Folder) -> None:
    environment = {"CALSYNC_SECRET_WORK": "hunter2", "CALSYNC_SECRET_CALSYNC_NOTES": "key"}
    password, key = bad(secrets, folder.case(environment=environment))
    assert told(password) == (
        "warns",
        "the password of work is known here by CALSYNC_SECRET_WORK only",
        (
            "a schedule has an environment of its own; without the variable there a night is not let in, and nothing "
            "is planned against that calendar"
        ),
        "set it where the schedule runs, or keep it with `calsync calendars sign-in work`",
    )
    assert told(key) == (
        "warns",
        "the key of the notes is known here by CALSYNC_SECRET_CALSYNC_NOTES only",
        (
            "a schedule has an environment of its own; without the variable there a night cannot read what was "
            "promised and noted"
        ),
        "set it where the schedule runs (docs/notes.md)",
    )


def test_a_secret_in_the_file_is_there_for_cron(folder: Folder) -> None:
    SecretStore(folder.state, {}).put("work", "hunter2", "file")
    assert fine(secrets, folder.case()) == ["every secret can be had without a desktop"]
