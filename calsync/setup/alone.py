"""One setup of a configuration at a time: two would write into one another's draft."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from calsync.errors import Busy, StateError
from calsync.places import nearest_there

__all__ = ["alone", "check_places"]


def check_places(*folders: Path) -> None:
    """Raises StateError for a folder in which nothing can be kept: better before the first question than after it."""
    for folder in folders:
        there = nearest_there(folder)
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise StateError(
                f"{folder}: nothing can be written here",
                "make the folder writable, or name others with --config and --state",
            )


@contextmanager
def alone(config: Path) -> Iterator[None]:
    """Keep other setups of `config` out meanwhile. Raises Busy when one is under way.

    The folder of the configuration is locked: no file is left behind, and a process that is killed frees it (flock(2)).
    A folder that is made for this and stays empty is removed again. Where nothing can be made or locked, this goes on
    without: what then cannot be written is told by whoever writes it.
    """
    folder = config.parent
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    handle = None
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        handle = _locked(folder)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)
        with suppress(OSError):
            for path in new:
                path.rmdir()


def _locked(folder: Path) -> int | None:
    """The open folder with the lock on it, None where folders cannot be locked. Raises Busy and OSError."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    handle = os.open(folder, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Busy(
            f"another setup of the configuration in {folder} is under way", "finish it or stop it, then run this again"
        ) from None
    except OSError:  # some network file systems lock no folders
        os.close(handle)
        return None
    return handle
