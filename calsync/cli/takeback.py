"""`undo`, `restore` and `uninstall`: each shows what it would do, asks, then does it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from calsync.cli.failure import say
from calsync.cli.night import show_night
from calsync.cli.options import as_json, confirm, dry_run, now_option, open_at, yes
from calsync.cli.output import lines, print_json

if TYPE_CHECKING:
    from calsync.cli import Settings
    from calsync.desk import Desk
    from calsync.nightreport import NightReport

__all__ = ["restore", "undo", "uninstall"]

_HIGHEST_RUN = 999_999_999
"""A run every second for thirty years; what is higher is mistyped, and no database holds any number."""


@click.command()
@click.argument("run", type=click.IntRange(1, _HIGHEST_RUN), required=False)
@now_option
@dry_run
@yes
@as_json
@click.pass_obj
def undo(settings: Settings, run: int | None, now: datetime | None, dry_run: bool, yes: bool, json_: bool) -> int:
    """Take back what a run wrote.

    RUN is its number, as `calsync log` says it; without it, the last run that wrote anything. What you changed since
    then stays as you made it, and is named. The next night plans again.
    """
    from calsync.takeback import undo as use_case

    return _preview_and_do(
        settings,
        now,
        lambda desk, paper: use_case(desk, run, paper),
        dry_run=dry_run,
        yes=yes,
        json_=json_,
        afterwards="The next night plans again; to keep a block away, delete it on the calendar.",
    )


@click.command()
@click.argument("what", required=False)
@now_option
@dry_run
@yes
@as_json
@click.pass_obj
def restore(settings: Settings, what: str | None, now: datetime | None, dry_run: bool, yes: bool, json_: bool) -> int:
    """Bring back blocks that you had deleted.

    What you delete stays deleted until you ask for it. WHAT is a day (2026-11-10) or a series as `calsync week --json`
    names it; without it, everything.
    """
    from calsync.takeback import restore as use_case

    return _preview_and_do(
        settings, now, lambda desk, paper: use_case(desk, what, paper), dry_run=dry_run, yes=yes, json_=json_
    )


@click.command()
@click.option(
    "--everything",
    is_flag=True,
    help="Also remove what calsync remembers, for good: notes, promises, sign-ins, logs. Your configuration stays.",
)
@now_option
@dry_run
@yes
@as_json
@click.pass_obj
def uninstall(settings: Settings, everything: bool, now: datetime | None, dry_run: bool, yes: bool, json_: bool) -> int:
    """Remove every block from every calendar, and the schedule.

    Each calendar is then as it was before, and no night runs any more. Exports are removed, too. What stays is named:
    the configuration, the state folder with what calsync remembers, and secrets in the system keyring.
    """
    from calsync.takeback import uninstall as use_case

    return _preview_and_do(
        settings,
        now,
        lambda desk, paper: use_case(desk, paper, everything=everything),
        dry_run=dry_run,
        yes=yes,
        json_=json_,
    )


def _preview_and_do(
    settings: Settings,
    now: datetime | None,
    use_case: Callable[[Desk, bool], NightReport],
    *,
    dry_run: bool,
    yes: bool,
    json_: bool,
    afterwards: str = "",
) -> int:
    """Show what `use_case` would do, ask, and let it do it; `afterwards` is said when it has written anything."""
    desk = open_at(settings, now)
    if not dry_run and not yes:
        paper = use_case(desk, True)
        if not paper.changes and not paper.notes:
            if not paper.errors:
                lines(["There is nothing to take back."])
            say(paper.errors)
            return paper.exit_code
        show_night(desk, paper, dry_run=True)
        say(paper.errors)
        if not confirm("Do this?", yes=False):
            lines(["Nothing was done."])
            return 0
    report = use_case(desk, dry_run)
    if json_:
        print_json(report.as_json())
    else:
        show_night(desk, report, dry_run=dry_run, verbosity=settings.verbosity)
        if afterwards and report.written and not dry_run:
            lines([afterwards])
    say(report.errors)
    return report.exit_code
