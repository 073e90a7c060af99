"""What the checks are given: the two paths, the machine as it is, and the desk where there is one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from calsync.config.zones import system_timezone
from calsync.desk import Desk

if TYPE_CHECKING:
    from calsync.doctor.paper import Paper
    from calsync.errors import CalsyncError

__all__ = ["Case", "Machine"]


def _mounts() -> str:
    try:
        return Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _iana() -> str:
    from importlib import import_module

    # Its types are not published.
    return str(import_module("tzdata").IANA_VERSION)


def _requires() -> list[str]:
    try:
        return metadata.requires("calsync") or []
    except metadata.PackageNotFoundError:
        # A checkout that was never installed says nothing of what it needs.
        return []


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is besides calsync, each by itself, so that a check can be shown another machine.

    `clock` is this computer's, aware; `zone` its IANA zone, "" when it cannot be told; `iana` the version of the zones'
    rules; `free` the bytes that are free where a path lies; `mounts` what Linux has mounted, in its own lines;
    `installed` the version of a package, None without it; `requires` what calsync needs, in the words of its metadata.
    """

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    zone: str = field(default_factory=system_timezone)
    iana: str = field(default_factory=_iana)
    python: tuple[int, int] = field(default_factory=lambda: sys.version_info[:2])
    executable: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free
    mounts: str = field(default_factory=_mounts)
    installed: Callable[[str], str | None] = _installed
    requires: tuple[str, ...] = field(default_factory=lambda: tuple(_requires()))


@dataclass(slots=True)
class Case:
    """One leader's calsync as the checks see it.

    `desk` is None where the configuration cannot be used, and `refusal` says why. `paper` is what a night reads and
    would do, once that was tried. `write` asks for a scratch block on each calendar that blocks are written to.
    """

    config_path: Path
    state_folder: Path
    machine: Machine
    desk: Desk | None = None
    refusal: CalsyncError | None = None
    write: bool = False
    paper: Paper | None = None

    @property
    def now(self) -> datetime:
        """The instant of the examination: aware, in the leader's zone where that is known."""
        return self.desk.now if self.desk is not None else self.machine.clock()
