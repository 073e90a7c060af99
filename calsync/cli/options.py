"""What several commands share: their common options, and the way from the global options to a desk."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from calsync.cli.output import lines
from calsync.cli.when import parse_instant
from calsync.errors import UsageError

if TYPE_CHECKING:
    from calsync.cli import Settings
    from calsync.desk import Desk

__all__ = [
    "as_json",
    "confirm",
    "dry_run",
    "now_option",
    "open_at",
    "paths_of",
    "shown_first",
    "yes",
]

F = TypeVar("F", bound=Callable[..., object])


def as_json(command: F) -> F:
    """Add `--json`."""
    return click.option("--json", "json_", is_flag=True, help="Answer in JSON, with keys that scripts can rely on.")(
        command
    )


def dry_run(command: F) -> F:
    """Add `--dry-run`."""
    return click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")(command)


def yes(command: F) -> F:
    """Add `--yes`."""
    return click.option("-y", "--yes", is_flag=True, help="Do not ask.")(command)


def now_option(command: F) -> F:
    """Add `--now`."""
    return click.option(
        "--now", type=parse_instant, metavar="INSTANT", help="Stand in for the clock: ISO 8601 with an offset from UTC."
    )(command)


def paths_of(settings: Settings) -> tuple[Path, Path]:
    """The configuration file and the state folder that are meant: as given, else the platform's own for the user."""
    config, state = settings.config, settings.state
    if config is None or state is None:
        import platformdirs

        config = config or str(platformdirs.user_config_path("calsync") / "config.yaml")
        state = state or str(platformdirs.user_state_path("calsync"))
    return Path(config).expanduser().absolute(), Path(state).expanduser().absolute()


def open_at(settings: Settings, now: datetime | None = None) -> Desk:
    """Open the desk that the global options name; what it connects to is closed when the command ends.

    Raises `UsageError` when there is no configuration there.
    """
    config_path, state_folder = paths_of(settings)
    try:
        there = config_path.is_file()
    except OSError:
        there = True  # who reads it says why that cannot be done
    if not there:
        raise UsageError(
            f"{config_path}: there is no configuration here",
            "run `calsync setup`, name another with --config, or look round first with `calsync demo`",
        )
    from calsync.desk import open_desk

    desk = open_desk(config_path, state_folder, now)
    command = click.get_current_context(silent=True)
    if command is not None:
        command.call_on_close(desk.close)
    return desk


def confirm(question: str, *, yes: bool) -> bool:
    """True when `--yes` was given or the person at the terminal agrees; `UsageError` where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError(
            "this asks before it acts, and there is nobody to ask here", "add --yes, or look first with --dry-run"
        )
    return click.confirm(question, default=False, err=True)


def shown_first(act: Callable[[bool], Sequence[str]], *, dry_run: bool, yes: bool) -> int:
    """Show what `act` would do, ask, and do it. It answers with lines; called with True it does nothing."""
    if not dry_run and not yes:
        lines(act(True))
        if not confirm("Do this?", yes=yes):
            lines(["Nothing was done."])
            return 0
    lines(act(dry_run))
    return 0
