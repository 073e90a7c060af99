"""`export`: the blocks as iCalendar."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calsync.cli.completing import offer_files
from calsync.cli.options import dry_run, now_option, open_at
from calsync.cli.outfile import refuse_a_calendar
from calsync.cli.output import lines

if TYPE_CHECKING:
    from calsync.cli import Settings

__all__ = ["export"]

_NO_FILE = "The configuration names no file to export to; name one with --out FILE."


@click.command()
@click.option(
    "--out",
    metavar="FILE",
    shell_complete=offer_files,
    help="Where to; - is stdout. Without it, every file that the config names.",
)
@now_option
@dry_run
@click.pass_obj
def export(settings: Settings, out: str | None, now: datetime | None, dry_run: bool) -> int:
    """Write the blocks as iCalendar.

    To FILE, or to every file under `exports` in the configuration. A file that would not change is not touched.
    """
    desk = open_at(settings, now)
    if out is not None and out != "-":
        refuse_a_calendar(desk, out, "the blocks would be read back")
    if dry_run:
        targets = [out] if out else [str(export.path) for export in desk.config.exports]
        lines([f"Would write {target}" for target in targets] or [_NO_FILE])
        return 0
    from calsync.exporting import export as use_case

    told = use_case(desk, None if out is None else Path(out))
    if out == "-":
        click.echo("".join(told).encode(), nl=False)  # bytes: iCalendar's own line ends stay as they are
    elif out is None and not desk.config.exports:
        lines([_NO_FILE])
    else:
        lines(told)
    return 0
