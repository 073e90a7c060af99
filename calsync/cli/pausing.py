"""`people pause` and `people resume`: leaving somebody in peace until further notice."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from calsync.cli.completing import offer_people
from calsync.cli.options import dry_run, now_option, open_at
from calsync.cli.output import lines

if TYPE_CHECKING:
    from calsync.cli import Settings

__all__ = ["pause", "resume"]


@click.command()
@click.argument("name", shell_complete=offer_people)
@now_option
@dry_run
@click.pass_obj
def pause(settings: Settings, name: str, now: datetime | None, dry_run: bool) -> int:
    """Leave someone in peace until you say otherwise.

    They stay in the list, with all that you logged. `people resume` takes them in again; for a pause with an end there
    is `snooze`.
    """
    desk = open_at(settings, now)
    from calsync.pausing import pause as use_case

    lines([use_case(desk, name, dry_run=dry_run)])
    return 0


@click.command()
@click.argument("name", shell_complete=offer_people)
@now_option
@dry_run
@click.pass_obj
def resume(settings: Settings, name: str, now: datetime | None, dry_run: bool) -> int:
    """Take someone into the rotation again.

    It ends a pause, yours or the one after four calls without an answer. Nothing is caught up with.
    """
    desk = open_at(settings, now)
    from calsync.pausing import resume as use_case

    lines([use_case(desk, name, dry_run=dry_run)])
    return 0
