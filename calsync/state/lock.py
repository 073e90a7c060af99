"""One run at a time for a state folder, by an advisory lock that dies with its process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calsync.errors import Busy, StateError

__all__ = ["hold"]


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
