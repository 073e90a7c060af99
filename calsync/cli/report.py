"""`report`: where attention went, in figures and pictures."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calsync.cli.completing import offer_files
from calsync.cli.options import as_json, dry_run, now_option, open_at
from calsync.cli.outfile import outfile
from calsync.cli.output import draws, lines, paragraphs, print_json
from calsync.cli.when import parse_day
from calsync.errors import Unfinished, UsageError

if TYPE_CHECKING:
    from calsync.cli import Settings

__all__ = ["report"]

_WEEKS = 12


@click.command()
@click.option(
    "--weeks",
    type=click.IntRange(1, 104),
    metavar="N",
    help=f"The last so many weeks, this one included.  [default: {_WEEKS}]",
)
@click.option("--since", metavar="DAY", help="Everything from that day on, in the place of --weeks.")
@click.option(
    "--html",
    metavar="FILE",
    shell_complete=offer_files,
    help="Write one page with pictures that needs nothing else; - is stdout.",
)
@now_option
@as_json
@dry_run
@click.pass_obj
def report(
    settings: Settings,
    weeks: int | None,
    since: str | None,
    html: str | None,
    now: datetime | None,
    json_: bool,
    dry_run: bool,
) -> int:
    """Show where your attention went: reach, gaps, blocks kept and displaced.

    Figures of your own time: none is about one person, and none compares people. It reads what calsync remembers,
    and no calendar. The page has no name in it, and only you can read the file.
    """
    if weeks is not None and since is not None:
        raise UsageError("--weeks and --since both say where the report begins", "give one of them")
    if json_ and html is not None:
        raise UsageError("--json and --html are two answers", "ask for one at a time")
    if dry_run and html is None:
        raise UsageError("--dry-run goes with --html: nothing else is written", "leave it out")
    desk = open_at(settings, now)
    file = outfile(desk, html) if html is not None and html != "-" else None
    from calsync.report import report as reckon

    found = reckon(desk, weeks or _WEEKS, parse_day(since, desk.now.date(), past=True) if since is not None else None)
    if json_:
        print_json(found.as_json())
    elif html is not None:
        from calsync.cli.reportpage import page

        _write(page(found), html, file, dry_run=dry_run)
    else:
        from calsync.cli.reporttext import LABEL, report_lines

        paragraphs([(line[:LABEL], line[LABEL:]) for line in report_lines(found, draw=draws("▁█"))])
    return 0


def _write(text: str, place: str, file: Path | None, *, dry_run: bool) -> None:
    if dry_run:
        lines([f"Would write {place}" if place != "-" else "Would write the page to stdout"])
        return
    if file is None:
        click.echo(text.encode(), nl=False)  # bytes: the page says itself that it is UTF-8
        return
    from calsync.wholefile import replace_file

    try:
        replace_file(file, text.encode())
    except OSError as error:
        raise Unfinished(
            f"{place}: cannot be written ({error.strerror or error})", "name a file in a folder that you can write to"
        ) from error
    lines([f"Wrote {place}"])
