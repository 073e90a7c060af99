"""Checks of the state folder: that it can be written, that nobody else reads it, and that what lies in it is whole."""

from __future__ import annotations

import os
import shlex
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from calsync.doctor.case import Case
from calsync.doctor.findings import Finding, Level, fine
from calsync.errors import Busy, StateError
from calsync.places import is_folder, nearest_there
from calsync.state.database import HEAD
from calsync.state.lock import hold
from calsync.state.looking import Condition, look_at

__all__ = ["database", "lock", "modes", "place", "private_files", "space", "writable"]

_LOW, _NONE = 200 * 1024 * 1024, 20 * 1024 * 1024
"""Bytes: a night writes some megabytes, and SQLite needs as much again for a while."""
_SYNCED = {
    "dropbox": "Dropbox",
    "onedrive": "OneDrive",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "icloud drive": "iCloud",
    "icloud~": "iCloud",
    "com~apple~clouddocs": "iCloud",
    "mobile documents": "iCloud",
    "nextcloud": "Nextcloud",
    "syncthing": "Syncthing",
}
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afpfs", "fuse.sshfs", "davfs", "fuse.rclone"})
_OTHERS_WRITE = 0o1022
"""Group, others, or everybody their own files, as in /tmp."""
_WHY_OPEN = "what was logged of people, and the calendars' entries, are in it"


def writable(case: Case) -> Iterator[Finding]:
    """Whether a file can be made in it; where it is missing, in the nearest folder above it."""
    folder = case.state_folder
    there = nearest_there(folder)
    if there == folder and not is_folder(folder):
        yield _unwritable(folder, "it is not a folder")
        return
    try:
        with suppress(FileNotFoundError):
            folder.stat()  # it may be there, and not to be seen
        with tempfile.NamedTemporaryFile(prefix=".calsync-", suffix=".tmp", dir=there):
            pass
    except OSError as error:
        yield _unwritable(folder, error.strerror or str(error))
        return
    missing = " does not exist yet; the first run makes it" if there != folder else " can be written"
    yield fine("state", str(folder), f"{folder}{missing}")


def modes(case: Case) -> Iterator[Finding]:
    """Whether others on this machine can look into it."""
    folder = case.state_folder
    mode = _mode(folder) if is_folder(folder) else None
    if mode is None or not mode & 0o077:
        return
    if mode & _OTHERS_WRITE or folder in (Path.home(), Path(folder.anchor)):
        # A folder that is meant for others, or for all that one has, is not to be closed.
        yield Finding(
            "state.shared",
            str(folder),
            Level.WARNS,
            f"{folder}: it is no folder of calsync's own (mode {mode:04o})",
            f"{_WHY_OPEN}, and others may read or replace that",
            "name a folder for calsync alone with --state or CALSYNC_STATE",
        )
        return
    yield Finding(
        "state.open",
        str(folder),
        Level.WARNS,
        f"{folder}: others on this machine can look into it (mode {mode:04o})",
        _WHY_OPEN,
        f"run `chmod 700 {shlex.quote(str(folder))}`",
    )


def private_files(case: Case) -> Iterator[Finding]:
    """Files of secrets that others can read are refused by every command."""
    folder = case.state_folder
    grants = folder / "grants"
    files = [folder / "secrets.json", *(sorted(grants.glob("*.json")) if is_folder(grants) else ())]
    for path in files:
        mode = _mode(path)
        if mode is not None and mode & 0o077:
            yield Finding(
                "state.secrets-open",
                str(path),
                Level.FAILS,
                f"{path}: others on this machine can read it (mode {mode:04o})",
                "calsync refuses secrets that others can read, so no calendar that needs them can be read",
                f"run `chmod 600 {shlex.quote(str(path))}`",
            )
    if not any((_mode(path) or 0) & 0o077 for path in files):
        yield fine("state.secrets", str(folder), "only you can read the secrets in it")


def database(case: Case) -> Iterator[Finding]:
    """Whether the database can be used, and its second copy with it."""
    seen = look_at(case.state_folder)
    path = str(seen.path)
    if seen.condition is Condition.NEWER:
        yield Finding(
            "state.newer",
            path,
            Level.FAILS,
            f"{path}: a newer calsync has made it (schema {seen.schema}, this one knows {HEAD})",
            "this calsync does not touch it, so no night runs",
            "upgrade calsync: `pipx upgrade calsync`",
        )
    elif seen.condition is Condition.CLOSED:
        yield Finding(
            "state.closed",
            path,
            Level.FAILS,
            f"{path}: it cannot be opened ({seen.why})",
            "no night runs without it",
            "check its permissions and the free space on its disk",
        )
    elif seen.condition is Condition.DAMAGED:
        back = (
            "what only you can tell comes back from decisions.json"
            if seen.copy
            else "there is no decisions.json that can be read, so what you have logged and noted is lost"
        )
        yield Finding(
            "state.damaged",
            path,
            Level.WARNS if seen.copy else Level.FAILS,
            f"{path}: the database is damaged",
            f"the next run sets it aside and builds a new one from the calendars; {back}",
            "run `calsync nightly`" if seen.copy else "put back a copy of the state folder from before (docs/state.md)",
        )
    elif seen.copy is False and seen.condition is Condition.ABSENT:
        copy = case.state_folder / "decisions.json"
        yield Finding(
            "state.lost",
            str(copy),
            Level.FAILS,
            f"{copy}: it cannot be understood, and there is no database",
            "the next run sets it aside and begins anew; what you have logged and noted is lost",
            "put back a copy of the state folder from before (docs/state.md)",
        )
    elif seen.copy is False:
        copy = case.state_folder / "decisions.json"
        yield Finding(
            "state.copy",
            str(copy),
            Level.WARNS,
            f"{copy}: it cannot be understood",
            "it is the second copy of what only you can tell, for the day on which the database is damaged",
            "run `calsync doctor --fix`, which writes it anew from the database",
        )
    else:
        yield fine("state.database", path, "the database is whole" if seen.schema else "there is no database yet")


def space(case: Case) -> Iterator[Finding]:
    """Whether there is room on its disk."""
    there = nearest_there(case.state_folder)
    free = case.machine.free(there)
    if free >= _LOW:
        yield fine("state.space", str(there), "there is room enough on its disk")
        return
    yield Finding(
        "state.space",
        str(there),
        Level.FAILS if free < _NONE else Level.WARNS,
        f"{there}: {free // (1024 * 1024)} MB are free on its disk",
        "a night that cannot write what it has done stops before it does anything"
        if free < _NONE
        else "a night needs some megabytes, and a disk that fills up stops it",
        "make room on that disk",
    )


def lock(case: Case) -> Iterator[Finding]:
    """Whether a run holds it right now."""
    folder = case.state_folder
    if nearest_there(folder / "lock") != folder / "lock":
        return
    try:
        with hold(folder):
            pass
    except Busy:
        yield Finding(
            "state.busy",
            str(folder),
            Level.WARNS,
            f"{folder}: another run of calsync is in progress",
            "what it is changing was not looked at",
            "wait until it has finished, then run `calsync doctor` again",
        )
    except StateError:
        return  # told by the check that writes there
    else:
        yield fine("state.lock", str(folder), "no other run is in progress")


def place(case: Case) -> Iterator[Finding]:
    """Whether it lies where other machines write, too."""
    folder = case.state_folder
    service = _service(folder)
    share = _share(folder, case.machine.mounts)
    if service:
        yield Finding(
            "state.synced",
            str(folder),
            Level.WARNS,
            f"{folder}: it lies in a folder that {service} keeps in step",
            "a database that is copied while it is written is damaged sooner or later, and secrets leave this machine",
            "move the folder to a place on this machine, and name that with --state or CALSYNC_STATE",
        )
    elif share:
        yield Finding(
            "state.remote",
            str(folder),
            Level.WARNS,
            f"{folder}: it lies on a network share ({share})",
            "locks of such shares are not to be relied on, and a night fails when the share is away",
            "move the folder to a disk of this machine, and name that with --state or CALSYNC_STATE",
        )
    else:
        yield fine("state.place", str(folder), "it lies on a disk of this machine")


def _unwritable(folder: Path, why: str) -> Finding:
    return Finding(
        "state.unwritable",
        str(folder),
        Level.FAILS,
        f"{folder}: it cannot be written ({why})",
        "no night runs without it",
        "make it writable, or name another folder with --state",
    )


def _mode(path: Path) -> int | None:
    """The mode where it says who may read, None on Windows and for what is not there."""
    if os.name != "posix":
        return None
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def _service(folder: Path) -> str:
    for part in folder.parts:
        name = part.casefold()
        for beginning, service in _SYNCED.items():
            if (
                name == beginning
                or name.startswith((f"{beginning} ", f"{beginning}-"))
                or (beginning.endswith("~") and name.startswith(beginning))
            ):
                return service
    return ""


def _share(folder: Path, mounts: str) -> str:
    """The kind of network file system that `folder` lies on, "" for none."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = point == "/" or str(folder) == point or str(folder).startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind if kind in _REMOTE else ""
