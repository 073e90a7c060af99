"""How the tests of commands call calsync: in this process, on a folder of their own, at a time that they name."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import click

from calsync.cli import cli
from calsync.demo import DemoPaths, write_demo
from calsync.desk import Desk, open_desk

__all__ = ["NOW", "Calsync", "Said", "desk_at", "every_byte", "later", "places", "plain_demo", "takes_a_time"]

NOW = "2026-11-09T05:00:00+01:00"
"""A Monday: the time of every call of these tests that names no other."""


class Said(NamedTuple):
    """How a call ended, and what it said."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class Calsync(Protocol):
    """Call a command: at `now`, or at the time of the tests, and so many days after that."""

    def __call__(self, *args: str, now: str | None = None, day: float = 0) -> Said: ...


def places(folder: Path) -> list[str]:
    """The options that say where the configuration and the state of `folder` are."""
    return ["--config", str(folder / "config.yaml"), "--state", str(folder / "state")]


def takes_a_time(args: tuple[str, ...]) -> bool:
    """Whether the command that `args` call has an option --now, and they do not give it."""
    command: click.Command = cli
    for word in args:
        if isinstance(command, click.Group):
            command = command.get_command(click.Context(command), word) or command
    return "--now" not in args and any(option.name == "now" for option in command.params)


def later(days: float, hours: float = 0) -> str:
    """The time of these tests, and so much after it."""
    return (datetime.fromisoformat(NOW) + timedelta(days, hours=hours)).isoformat()


def desk_at(folder: Path, now: str = NOW) -> Desk:
    return open_desk(folder / "config.yaml", folder / "state", datetime.fromisoformat(now))


def every_byte(folder: Path) -> bytes:
    """What all files of a folder hold."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def plain_demo(folder: Path, now: str = NOW) -> DemoPaths:
    """A demo whose only blocks are for talks, whatever else a demo plans: its files alone, before any night."""
    paths = write_demo(folder, datetime.fromisoformat(now))
    text = paths.config.read_text("utf-8")
    text = re.sub(r"^  (?!connect:)[a-z-]+: \{minutes:.*\n", "", text, flags=re.MULTILINE)
    assert text.count("{minutes:") == 1
    paths.config.write_text(text, "utf-8")
    return paths
