"""Calls the schedulers' own programs; the only place that starts one."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass

from calsync.errors import StateError

__all__ = ["Ended", "call", "has"]

_PATIENCE = 60.0
"""Seconds: they answer at once, or they are stuck."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its code (127 when there is no such program), its answer as bytes, its complaint as text."""

    code: int
    out: bytes
    err: str

    @property
    def complaint(self) -> str:
        """Why it failed, in one line: the first, for what follows is advice."""
        said = (self.err.strip() or self.out.decode("utf-8", "replace").strip()).splitlines()
        return said[0].strip() if said else f"it ended with {self.code}"


def has(program: str) -> bool:
    """True when there is such a program."""
    return shutil.which(program) is not None


def call(program: str, *args: str, given: bytes = b"") -> Ended:
    """Run a program to its end. Raises StateError when it does not answer."""
    path = shutil.which(program)
    if path is None:
        return Ended(127, b"", f"there is no program {program} on this machine")
    # Complaints are told apart by their English words.
    environment = {**os.environ, "LC_ALL": "C"}
    if hasattr(os, "getuid"):
        # A login by ssh or su may lack what leads to the user's own service manager.
        folder = f"/run/user/{os.getuid()}"
        if "XDG_RUNTIME_DIR" not in environment and os.path.isdir(folder):  # noqa: PTH112 - a name, not a path of ours
            environment["XDG_RUNTIME_DIR"] = folder
    try:
        ended = subprocess.run(  # noqa: S603 - a fixed program, no shell
            [path, *args], input=given, capture_output=True, env=environment, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise StateError(f"{program} does not answer", "see what holds it up, then run the command again") from None
    except OSError as error:
        return Ended(126, b"", f"{path}: {error.strerror or error}")
    return Ended(ended.returncode, ended.stdout, ended.stderr.decode("utf-8", "replace"))
