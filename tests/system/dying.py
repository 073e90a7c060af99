"""A build of the folder provider that dies: at the n-th commit or file operation its process gets SIGKILL.

It is not part of calsync: tests offer it through the entry-point group for other people's adapters. The point is
counted by the interpreter's own audit events (rename, link, remove) and SQLAlchemy's commit event, each before the
thing is done; so that dying at n + 1 is dying after the n-th was done.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from providers.ics.provider import IcsProvider

OPTIONS = {"path": "a folder with one event a file"}
_FILE_EVENTS = {"os.rename", "os.link", "os.remove"}


class _Reaper:
    def __init__(self, at: int, places: tuple[str, ...], log: str) -> None:
        self.left = at
        self.places = places
        self.log = log
        self.wrote = False

    def step(self, what: str) -> None:
        with open(self.log, "a", encoding="utf-8") as file:  # noqa: PTH123 - Path.open would raise audit events
            file.write(what + "\n")
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, name: str, args: tuple[Any, ...]) -> None:
        if name in _FILE_EVENTS and any(str(a).startswith(self.places) for a in args if isinstance(a, (str, Path))):
            self.step(f"{name} {Path(str(args[0])).name}")

    def statement(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.wrote = self.wrote or statement.split(None, 1)[0].upper() in ("INSERT", "UPDATE", "DELETE")

    def commit(self, _connection: Any) -> None:
        # Dying at the end of a transaction that only asked leaves nothing behind.
        if self.wrote:
            self.wrote = False
            self.step("commit")


def _install() -> None:
    at = int(os.environ["DIE_AT"])
    reaper = _Reaper(at, tuple(os.environ["DIE_WITHIN"].split(os.pathsep)), os.environ["DIE_LOG"])
    sys.addaudithook(reaper.audit)
    event.listen(Engine, "before_cursor_execute", reaper.statement)
    event.listen(Engine, "commit", reaper.commit)


class DyingProvider(IcsProvider):
    """A folder, in a process that will not live long."""

    OPTIONS: Mapping[str, str] = OPTIONS


_install()
