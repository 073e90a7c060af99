"""`plan` and `nightly`: the same run, once on paper and once in earnest."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from calsync.cli.failure import say
from calsync.cli.options import as_json, dry_run, now_option, open_at
from calsync.cli.output import lines, print_json, progress_bar, table

if TYPE_CHECKING:
    from calsync.cli import Settings
    from calsync.desk import Desk
    from calsync.nightreport import NightReport

__all__ = ["nightly", "plan", "show_night"]


@click.command()
@now_option
@as_json
@click.pass_obj
def plan(settings: Settings, now: datetime | None, json_: bool) -> int:
    """Show what the night would change, and why.

    Reads every calendar, writes nothing on any of them. Ends with 5 when a week has no room for any block, or when a
    promise does not have enough time before it is due.
    """
    return _run(settings, now, dry_run=True, force=False, json_=json_)


@click.command()
@now_option
@dry_run
@click.option("--force", is_flag=True, help="Carry out even a plan that changes surprisingly much; for this run only.")
@as_json
@click.pass_obj
def nightly(settings: Settings, now: datetime | None, dry_run: bool, force: bool, json_: bool) -> int:
    """Read, plan, write and export: what a schedule runs.

    A second run right after it changes nothing. It never asks anything. Ends with 3 when a calendar could not be
    read or written (a later run finishes it), 4 when an account wants you to sign in, 5 when a week has no room for
    any block or a promise not enough time, 75 when another run is in progress.
    """
    return _run(settings, now, dry_run=dry_run, force=force, json_=json_)


def _run(settings: Settings, now: datetime | None, *, dry_run: bool, force: bool, json_: bool) -> int:
    desk = open_at(settings, now)
    from calsync.nightly import run_night

    with progress_bar(quiet=settings.verbosity < 0) as progress:
        report = run_night(desk, dry_run=dry_run, force=force, progress=progress)
    if json_:
        print_json(report.as_json())
    else:
        show_night(desk, report, dry_run=dry_run, verbosity=settings.verbosity)
        lines(report.advice)
    say(report.errors)
    return report.exit_code


def show_night(desk: Desk, report: NightReport, *, dry_run: bool, verbosity: int = 0) -> None:
    """Print a night: the changes, weeks without room, remarks, and how much was done.

    With `verbosity` below 0 a night that changed nothing says only what is new: weeks without room were named on the
    night that found them, and are named again only when they have no block at all.
    """
    from calsync.cli.render import calendar_table, change_table, night_lines, summary

    zone = desk.config.zone
    if verbosity > 0:
        table(calendar_table(report.calendars))
    table(change_table(report.changes, zone))
    if verbosity < 0 and not report.changes and not report.empty_weeks and not report.unkept:
        lines(report.notes)
        return
    lines(night_lines(report))
    lines([summary(report, zone, dry_run=dry_run)])
