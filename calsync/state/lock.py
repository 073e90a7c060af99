"""One run at a time for a state folder, by an advisory lock that dies with its process."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from calsync.errors import Busy, StateError

__all__ = ["hold", "opening"]

_PATIENCE = 10.0
"""Seconds to wait for a process that is opening the same state: longer than any migration takes."""
_PAUSE = 0.01


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process; raise Busy at once when another process does, StateError when it can't be used.

    The lock file is never removed: a lock on a deleted file would guard nothing. A killed process frees it (flock(2)).
    """
    path = folder / "lock"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise StateError(
            f"the state folder {folder} cannot be used: {error.strerror or error}",
            "make it writable, or name another one with --state",
        ) from error
    try:
        if not _try_lock(handle):
            raise Busy(f"another calsync run is using {folder}", "wait until it has finished, then run this again")
        yield
    finally:
        os.close(handle)


@contextmanager
def opening(folder: Path) -> Iterator[None]:
    """Keep other processes from making, migrating or mending the database of `folder` meanwhile; short waits only.

    Whoever only reads holds no `hold`, and two of them may come upon a database that is new, old or damaged. It is the
    folder itself that is locked. Where a system cannot do that, or another process is stuck, this goes on without.
    """
    with suppress(OSError):  # whoever opens the database says what is wrong with the folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = _locked_folder(folder)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _locked_folder(folder: Path) -> int | None:
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except (ImportError, OSError):
        return None
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < until:
                time.sleep(_PAUSE)
                continue
        except OSError:
            pass  # some network file systems lock no folders
        return handle


def _try_lock(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
