"""One refresh of a token in a process that dies: SIGKILL before the n-th thing that it does to the disk.

Counted are the interpreter's own audit events in the state folder (open, rename, remove, mkdir), locks, each fsync, and
of each file written the moments before, in the middle of, and after its bytes.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from calsync.wire import Wire
from providers.google.auth import GoogleAccess
from providers.microsoft.auth import MicrosoftAccess
from tests.servers.context import context
from tests.servers.detour import detours

_EVENTS = {"open", "os.rename", "os.remove", "os.mkdir"}


class Reaper:
    """Counts steps in `folder`, notes each in `log`, and kills the process at the one numbered `at`."""

    def __init__(self, at: int, folder: str, log: str) -> None:
        self.left = at
        self.folder = folder
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def step(self, what: str) -> None:
        os.write(self.log, what.encode() + b"\n")
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, name: str, args: tuple[Any, ...]) -> None:
        if name in _EVENTS and any(str(a).startswith(self.folder) for a in args if isinstance(a, (str, Path))):
            self.step(f"{name} {Path(str(args[0])).name}")
        elif name == "fcntl.flock":
            self.step(name)

    def install(self) -> None:
        """Watch this process from now on."""
        fsync, fdopen, reaper = os.fsync, os.fdopen, self

        def counted_fsync(handle: int) -> None:
            reaper.step("fsync")
            fsync(handle)

        class Torn(io.BufferedWriter):
            def write(self, data: Any) -> int:
                half = len(data) // 2
                reaper.step("write")
                super().write(data[:half])
                self.flush()
                reaper.step("half written")
                super().write(data[half:])
                self.flush()
                reaper.step("written")
                return len(data)

        def torn_fdopen(handle: int, mode: str = "r", **more: Any) -> Any:
            return Torn(io.FileIO(handle, "wb")) if mode == "wb" else fdopen(handle, mode, **more)

        os.fsync, os.fdopen = counted_fsync, torn_fdopen
        sys.addaudithook(self.audit)


def main(vendor: str, folder: str, places: str, at: str, log: str) -> None:
    """Refresh the token of maya@example.com."""
    make = {"google": GoogleAccess, "microsoft": MicrosoftAccess}[vendor]
    access = make(
        "work", {"account": "maya@example.com"}, context(Path(folder)), Wire("work", detours(json.loads(places)))
    )
    Reaper(int(at), folder, log).install()
    access.authorization()


if __name__ == "__main__":
    main(*sys.argv[1:])
