"""How a file is looked at and read so that nothing torn or half old is taken for a calendar."""

from __future__ import annotations

import errno
import os
import stat
import time
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from calsync.errors import Malformed, NotFound, ProviderError, Unreachable

__all__ = ["Signature", "content_tag", "read_whole", "reason", "settled", "signature", "trouble"]

# File systems that keep whole seconds (and FAT, two of them) need that long until a second change shows in the time.
_COARSE_NS = 2_100_000_000
_FINE_NS = 100_000_000
_SECOND_NS = 1_000_000_000


class Signature(NamedTuple):
    """What the file system says of a file without opening it."""

    size: int
    mtime_ns: int
    inode: int


def signature(found: os.stat_result) -> Signature:
    """The signature in a stat result."""
    return Signature(found.st_size, found.st_mtime_ns, found.st_ino)


def settled(seen: Signature) -> Signature:
    """The signature to remember: without its time when the file is so fresh that a further change could hide in it."""
    grain = _COARSE_NS if seen.mtime_ns % _SECOND_NS == 0 else _FINE_NS
    if seen.mtime_ns > time.time_ns() - grain:
        return seen._replace(mtime_ns=-1)
    return seen


def content_tag(data: bytes) -> str:
    """The etag of these bytes: a prefix of their SHA-256, so that touching or copying a file changes nothing."""
    return sha256(data).hexdigest()[:24]


def read_whole(path: Path | str) -> tuple[bytes, Signature]:
    """The bytes of the file and the signature that they belong to.

    A file that is replaced while it is read is read once more. Raises NotFound when it is gone, Malformed when it is
    not a file, Unreachable when it cannot be read or keeps changing.
    """
    try:
        for _ in range(2):
            with open(path, "rb", buffering=0, opener=_unblocked) as file:
                found = os.fstat(file.fileno())
                if not stat.S_ISREG(found.st_mode):
                    raise Malformed(f"{path}: it is not a file", "take it out of the folder")
                data = file.readall()
            before = signature(found)
            if signature(os.stat(path)) == before and len(data) == before.size:  # noqa: PTH116 - as above
                return data, before
    except OSError as error:
        raise trouble(path, error) from error
    raise Unreachable(
        f"{path}: it kept changing while it was read", "run again when the program that writes it has finished"
    )


def _unblocked(path: str, flags: int) -> int:
    # A named pipe that nobody writes to would otherwise block the night at this line.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def reason(error: OSError) -> str:
    """Why the system refused, in its own words and lower case."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


def trouble(path: Path | str, error: OSError) -> ProviderError:
    """The error that says what the system refused about `path`."""
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return NotFound(f"{path}: there is no such file or folder", "check `path` in the config, or put it back")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return Unreachable(f"{path}: {reason(error)}", "let the user who runs calsync read it")
    return Unreachable(f"{path}: {reason(error)}", "run again when the disk can be read")
