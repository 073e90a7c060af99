"""The rights of a person in what is kept of them: to be forgotten, and to see all of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from calsync.cli.failure import say
from calsync.cli.options import confirm, dry_run, now_option, open_at, yes
from calsync.cli.output import lines

if TYPE_CHECKING:
    from calsync.cli import Settings

__all__ = ["forget"]


@click.command()
@click.argument("name")
@now_option
@dry_run
@yes
@click.pass_obj
def forget(settings: Settings, name: str, now: datetime | None, dry_run: bool, yes: bool) -> int:
    """Remove every trace of someone: it cannot be taken back.

    Their entry in the configuration, all that was logged and noted, whom blocks were planned for, their first name in
    titles of blocks and in exports, damaged files that were set aside, and what the database still holds of deleted
    rows. Somebody who is no longer in the rotation can be forgotten, too. What is beyond calsync's reach is named.

    A calendar that cannot be reached is named with exit code 3 or 4; the same command finishes it later.
    """
    desk = open_at(settings, now)
    from calsync.forgetting import forget as use_case

    if dry_run or not yes:
        lines([f"- {line}" for line in use_case(desk, name, dry_run=True).done])
        if dry_run:
            return 0
        if not confirm("Do this? It cannot be taken back.", yes=yes):
            lines(["Nothing was done."])
            return 0
    found = use_case(desk, name)
    lines([f"- {line}" for line in found.done])
    lines(["Beyond calsync's reach:", *(f"- {line}" for line in found.beyond)])
    say(found.errors)
    return found.exit_code
