"""What a schedule runs, and when: the same for every scheduler."""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

from calsync.config.values import Config
from calsync.errors import UsageError
from calsync.history import next_since
from calsync.places import nearest_there

__all__ = ["Job", "Placed", "at_of", "identity", "make_job", "minute_of", "next_chance", "next_run"]

_SPREAD = 29
"""Minutes after the time that was asked for within which a machine's own minute lies: not everybody asks at once."""


@dataclass(frozen=True, slots=True)
class Job:
    """One configuration's night as a scheduler is to run it: `command`, with `environment`, at `minute` of each hour.

    `writable` are the folders that a night may write in. `withheld` says, a line each, what was not handed on and why.
    """

    id: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    at: time
    minute: int
    state: Path
    writable: tuple[Path, ...]
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """What a scheduler has of ours: where, its text, the command in it, and what is wrong with it, a line each."""

    where: str
    text: str
    command: tuple[str, ...]
    minute: int
    problems: tuple[str, ...] = ()


def identity(config: Path, state: Path) -> str:
    """The mark of this configuration with this state: the same on every call, another one for every other pair.

    A folder that is reached by two names, as a home that was moved and linked, is one: else an uninstall by the one
    would leave the schedule of the other.
    """
    pair = "\0".join(f"{Path(os.path.realpath(path.parent)) / path.name}" for path in (config, state))
    return hashlib.sha256(pair.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def minute_of(job_id: str, at: time) -> int:
    """The minute of each hour in which this machine asks: drawn once, up to half an hour after `at`."""
    import platform

    drawn = hashlib.sha256(f"{platform.node()}\0{job_id}".encode()).digest()[0] % _SPREAD
    return (at.minute + 1 + drawn) % 60


def make_job(config_path: Path, config: Config, state: Path, at: time, environment: Mapping[str, str]) -> Job:
    """The job that runs the nights of this configuration. Raises UsageError for what no scheduler can be told."""
    from calsync.schedule.environment import handed_on

    command = (*_program(), *_arguments(config_path, state, at))
    for word in command:
        if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in word):
            raise UsageError(f"{word!a} has a sign in it that no scheduler takes", "give it another name")
    passed, withheld = handed_on(environment)
    job_id = identity(config_path, state)
    return Job(
        job_id,
        command,
        passed,
        at,
        minute_of(job_id, at),
        state,
        _writable(config, state),
        (*_about_the_program(), *withheld),
    )


def _arguments(config: Path, state: Path, at: time) -> tuple[str, ...]:
    return ("--config", str(config), "--state", str(state), "-q", "nightly", "--if-due", f"{at:%H:%M}")


def at_of(command: Sequence[str]) -> time | None:
    """The time of day that an installed command names, None when it names none."""
    for before, word in pairwise(command):
        if before == "--if-due":
            try:
                return time.fromisoformat(word).replace(second=0, microsecond=0, tzinfo=None)
            except ValueError:
                return None
    return None


def next_chance(minute: int, after: datetime) -> datetime:
    """The first instant from `after` on at which this machine's clock shows that minute."""
    local = after.astimezone(UTC).astimezone()
    whole = local.replace(second=0, microsecond=0)
    if whole < local:
        whole += timedelta(minutes=1)
    instant = whole.astimezone(UTC)
    # Step by minutes through UTC: a zone may change its offset by less than an hour.
    while instant.astimezone().minute != minute:
        instant += timedelta(minutes=1)
    return instant.astimezone(after.tzinfo)


def next_run(minute: int, at: time, now: datetime, *, due: bool) -> datetime:
    """When the next night runs, in the zone of `now`, which is the leader's."""
    return next_chance(minute, now if due else next_since(at, now))


def _program() -> tuple[str, ...]:
    """The words that call this calsync from anywhere."""
    if os.name == "nt":
        # A console program would open a window each hour.
        windowless = Path(sys.executable).with_name("pythonw.exe")
        if windowless.is_file():
            return (str(windowless), "-P", "-m", "calsync")
    for path in (Path(sys.argv[0]), *_scripts()):
        if path.name in ("calsync", "calsync.exe") and path.is_file() and os.access(path, os.X_OK):
            return (str(path.absolute()),)
    return (sys.executable, "-P", "-m", "calsync")


def _scripts() -> list[Path]:
    name = "calsync.exe" if os.name == "nt" else "calsync"
    return [Path(sys.executable).with_name(name), Path(sysconfig.get_path("scripts")) / name]


def _about_the_program() -> list[str]:
    """What to say of a calsync that lies where things are thrown away."""
    program = Path(_program()[0])
    parts = {part.lower() for part in program.parts}
    if (".cache" in parts or "caches" in parts) and parts & {"uv", "pipx", "pip"}:
        how = "install calsync for good (pipx install calsync), then install the schedule again"
        return [f"{program} lies in a cache that is emptied now and then: {how}."]
    return []


def _writable(config: Config, state: Path) -> tuple[Path, ...]:
    """The folders that a night of this configuration may write in, each once."""
    found = [state]
    for calendar in config.writable:
        if calendar.provider == "ics" and "path" in calendar.options:
            path = Path(calendar.options["path"])
            found.append(path.parent if path.is_file() or path.suffix == ".ics" else path)
    found += [target.path.parent for target in config.exports]
    # A folder that is missing is made in the nearest one above it.
    return tuple(dict.fromkeys(nearest_there(path) for path in found))
