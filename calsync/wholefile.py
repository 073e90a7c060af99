"""Replaces a file as a whole: a crash at any moment leaves the old content or the new one, never a part of either."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["replace_file", "sync_folder", "written_beside"]

_STALE_SECONDS = 3600
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})


def replace_file(path: Path, data: bytes, *, private: bool = True) -> None:
    """Make `data` the content of `path`; raises OSError, and then the old content stands.

    With `private` only its owner can read it, from its first byte on, and a folder that is missing is made so, too;
    without, both are as this process makes files.
    """
    path.parent.mkdir(mode=0o700 if private else 0o777, parents=True, exist_ok=True)
    with written_beside(path, data, private=private) as temporary:
        temporary.replace(path)
    sync_folder(path.parent)


@contextlib.contextmanager
def written_beside(path: Path, data: bytes, *, private: bool = True) -> Iterator[Path]:
    """A file beside `path` with `data` in it, on the disk, to be renamed to it; an error removes it. Raises OSError."""
    _sweep(path)
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(temporary, flags, 0o600 if private else 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make a new name in `folder` last through a power cut, where the system can do that for a folder."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems know no such thing; the file itself is on the disk.
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


def _sweep(path: Path) -> None:
    """Remove what killed processes left beside `path` more than an hour ago: it may hold secrets."""
    begin, end = f".{path.name}.", ".tmp"
    with contextlib.suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if entry.name.startswith(begin) and entry.name.endswith(end):
                with contextlib.suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime < time.time() - _STALE_SECONDS:
                        Path(entry.path).unlink()
