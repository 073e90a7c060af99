"""`calendars` and `log`: what is connected, and what past runs did; and signing in to what is connected."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from calsync.cli.options import as_json, open_at
from calsync.cli.output import lines, print_json, table

if TYPE_CHECKING:
    from calsync.cli import Settings

__all__ = ["calendars", "log"]

_MOST_RUNS = 1_000_000


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def calendars(context: click.Context, json_: bool) -> int:
    """Show what is connected; sign in to a calendar.

    Each calendar, whether it can be read and written, and what is wrong with it.

    Ends with 3 when one of them cannot be read, 4 when one of them wants you to sign in.
    """
    if context.invoked_subcommand is not None:
        return 0
    desk = open_at(context.obj)
    from calsync.cli.render import connected_table
    from calsync.connected import calendars as connected

    found = connected(desk)
    if json_:
        print_json({"calendars": found})
    else:
        table(connected_table(found))
        lines([f"{row['name']}: {row['next_step']}" for row in found if row["next_step"]])
    # Signing in comes before everything else: what can be done about the others may depend on it.
    codes = {row["exit"] for row in found}
    return 4 if 4 in codes else max(codes, default=0)


@calendars.command("sign-in")
@click.argument("name")
@click.pass_obj
def sign_in(settings: Settings, name: str) -> int:
    """Keep the password of calendar NAME, in the system keyring or in a file that only you can read.

    It is asked for without being shown, or read from the first line of stdin.
    """
    from calsync.errors import UsageError

    desk = open_at(settings)
    names = [calendar.name for calendar in desk.config.calendars]
    if name not in names:
        raise UsageError(f"{desk.config.path}: there is no calendar {name}", f"connected are: {', '.join(names)}")
    if sys.stdin.isatty():
        password = click.prompt(f"Password for {name}", hide_input=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise UsageError(f"{name}: there is no password on stdin", "write it there as one line")
    from calsync.tokens import SecretStore

    place = SecretStore(desk.state_folder).put(name, password)
    where = "the system keyring" if place == "keyring" else f"a file in {desk.state_folder} that only you can read"
    lines([f"The password of {name} is kept in {where}."])
    return 0


@click.command()
@click.option(
    "--last", "limit", type=click.IntRange(1, _MOST_RUNS), default=10, show_default=True, help="How many runs."
)
@as_json
@click.pass_obj
def log(settings: Settings, limit: int, json_: bool) -> int:
    """Show what past runs did.

    The latest stands first.
    """
    desk = open_at(settings)
    from calsync.cli.render import run_table
    from calsync.history import runs

    found = runs(desk, limit)
    if json_:
        print_json({"runs": found})
    elif found:
        table(run_table(found, desk.config.zone))
    else:
        lines(["No run yet."])
    return 0
