"""`plan` and `nightly`: the same run, once on paper and once in earnest."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

import click

from calsync.cli.failure import say
from calsync.cli.options import as_json, dry_run, now_option, open_at, paths_of
from calsync.cli.output import lines, print_json, progress_bar, sentences, table
from calsync.cli.when import parse_time_of_day
from calsync.errors import CalsyncError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    desk = open_at(settings, now)
    report = _run(desk, settings, dry_run=True, force=False)
    if json_:
        print_json(report.as_json())
    else:
        show_night(desk, report, dry_run=True, verbosity=settings.verbosity)
        sentences(report.advice)
    say(report.errors)
    return report.exit_code


@click.command()
@now_option
@dry_run
@click.option("--force", is_flag=True, help="Carry out even a plan that changes surprisingly much; for this run only.")
@click.option(
    "--if-due",
    type=parse_time_of_day,
    metavar="HH:MM",
    help="Do nothing when a night has ended since that time of day.",
)
@as_json
@click.pass_obj
def nightly(
    settings: Settings, now: datetime | None, dry_run: bool, force: bool, if_due: time | None, json_: bool
) -> int:
    """Read, plan, write and export: what a schedule runs.

    A second run right after it changes nothing. It never asks anything. Ends with 3 when a calendar could not be
    read or written (a later run finishes it), 4 when an account wants you to sign in, 5 when a week has no room for
    any block or a promise not enough time, 75 when another run is in progress.

    With `calsync -q nightly` it writes only what is new, without a name of a person, for a mail: what goes on since an
    earlier night is told once (docs/notices.md).
    """
    quiet = settings.verbosity < 0 and not json_
    try:
        return _night(settings, now, dry_run=dry_run, force=force, if_due=if_due, quiet=quiet, json_=json_)
    except Exception as error:
        if not quiet or dry_run or not _told_today(settings, error, now, patient=if_due is not None):
            raise
        return error.exit_code if isinstance(error, CalsyncError) else CalsyncError.exit_code


def _told_today(settings: Settings, error: Exception, now: datetime | None, *, patient: bool) -> bool:
    from calsync.notices import told_today

    return told_today(paths_of(settings)[1], error, now or datetime.now(UTC), patient=patient)


def _night(
    settings: Settings,
    now: datetime | None,
    *,
    dry_run: bool,
    force: bool,
    if_due: time | None,
    quiet: bool,
    json_: bool,
) -> int:
    desk = open_at(settings, now)
    if if_due is not None and not _is_due(desk, if_due, json_=json_):
        return 0
    report = _run(desk, settings, dry_run=dry_run, force=force, quiet=quiet)
    errors = report.errors
    if json_:
        print_json(report.as_json())
    elif quiet:
        from calsync.cli.nightmail import mail_lines
        from calsync.notices import fresh_errors

        lines(mail_lines(report, desk.config.zone, dry_run=dry_run))
        errors = fresh_errors(desk, report)
    else:
        show_night(desk, report, dry_run=dry_run, verbosity=settings.verbosity)
        sentences(report.advice)
    sys.stdout.flush()  # a mail has both streams in it: what was done stands before what went wrong
    say(errors)
    if quiet and not dry_run and errors and desk.config.notify:
        say(_notify(desk, report, errors))
    return report.exit_code


def _notify(desk: Desk, report: NightReport, errors: Sequence[CalsyncError]) -> list[CalsyncError]:
    """Send a notice of a night that failed; what of the sending went wrong and is not told yet. It fails no night."""
    from calsync.digest import night_failed
    from calsync.errors import UsageError
    from calsync.nightlog import NightLog
    from calsync.notices import take_note_of_sending
    from calsync.notifying import send

    failed: list[CalsyncError]
    try:
        failed = send(desk.config.notify, night_failed(errors, desk.now.date()))
    except UsageError as missing:
        failed = [missing]
    log = NightLog(desk.state_folder, desk.config, desk.now)
    log.run = report.run
    log.event("notice", "warning" if failed else "info", urls=len(desk.config.notify), failed=len(failed))
    return take_note_of_sending(desk, failed)


def _is_due(desk: Desk, at: time, *, json_: bool) -> bool:
    """Whether it is time for a night; only an answer in JSON says that it is not."""
    from calsync.history import is_due

    due = is_due(desk, at)
    if json_ and not due:
        print_json({"now": desk.iso(desk.now), "due": False, "exit": 0})
    return due


def _run(desk: Desk, settings: Settings, *, dry_run: bool, force: bool, quiet: bool = False) -> NightReport:
    from calsync.nightly import run_night

    with progress_bar(quiet=settings.verbosity < 0) as progress:
        return run_night(desk, dry_run=dry_run, force=force, quiet=quiet, progress=progress)


def show_night(desk: Desk, report: NightReport, *, dry_run: bool, verbosity: int = 0) -> None:
    """Print a night: the changes, weeks without room, remarks, and how much was done.

    With `verbosity` below 0 a night that changed nothing says only what is new: weeks without room were named on the
    night that found them, and are named again only when they have no block at all.
    """
    from calsync.cli.paragraph import visible
    from calsync.cli.render import calendar_table, change_table, night_lines, summary

    zone = desk.config.zone
    if verbosity > 0:
        table(calendar_table(report.calendars))
    table(change_table(report.changes, zone))
    if verbosity < 0 and not report.changes and not report.empty_weeks and not report.unkept:
        sentences(list(map(visible, report.notes)))
        return
    sentences(night_lines(report))
    sentences([summary(report, zone, dry_run=dry_run)])
