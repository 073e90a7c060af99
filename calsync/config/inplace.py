"""Puts an edited file of the leader's in the place of the old one: whole, and only if the old one is still there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from calsync.errors import UsageError
from calsync.wholefile import sync_folder, written_beside

__all__ = ["replace_in_place"]


def replace_in_place(path: Path, old: bytes, new: bytes) -> None:
    """Put `new` in the place of `old`, whole or not at all; a link stays a link, mode and owner stay.

    An empty `old` may be a file that is not there yet; it is then made for its owner alone. Raises UsageError when the
    file is no plain one, when somebody changed it meanwhile, or when it cannot be written.
    """
    try:
        real = path.resolve()
        found = real.stat() if old or real.exists() else None
        if found is not None and not stat.S_ISREG(found.st_mode):
            raise UsageError(
                f"{path} is not a plain file, so it cannot be edited", "make the change where it comes from"
            )
        with written_beside(real, new) as temporary:
            if found is not None:
                temporary.chmod(stat.S_IMODE(found.st_mode))
                if os.name == "posix" and (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
                    os.chown(temporary, found.st_uid, found.st_gid)
            if (real.read_bytes() if real.exists() else b"") != old:
                raise UsageError(f"{path} was changed by somebody else meanwhile", "nothing was written; try again")
            temporary.replace(real)
        sync_folder(real.parent)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", "check its permissions; it is as it was"
        ) from None
