"""What is kept of people, handed out and removed: the rights of whom it is about."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from calsync.cli.completing import offer_files, offer_people
from calsync.cli.failure import say
from calsync.cli.options import confirm, dry_run, now_option, open_at, yes
from calsync.cli.outfile import outfile
from calsync.cli.output import lines, print_json
from calsync.errors import Unfinished

if TYPE_CHECKING:
    from calsync.cli import Settings
    from calsync.desk import Desk

__all__ = ["export", "forget"]


@click.command()
@click.argument("name", required=False, shell_complete=offer_people)
@click.option(
    "--out", metavar="FILE", shell_complete=offer_files, default="-", show_default=True, help="Where to; - is stdout."
)
@now_option
@click.pass_obj
def export(settings: Settings, name: str | None, out: str, now: datetime | None) -> int:
    """Write everybody as CSV, or all that is kept of NAME as JSON.

    Without NAME: everybody in the rotation, so that `people import` reads it back.

    With NAME: everything, for them to see if they ask: their entry in the configuration, what was logged, noted and
    promised (in clear), what they said of changes, flags, topics, blocks, snooze and pause. Somebody who is no longer
    in the rotation can be asked for, too. A file is made for your eyes only.
    """
    desk = open_at(settings, now)
    if name is not None:
        return _export_one(desk, name, out)
    from calsync.roster import export_people

    text = export_people(desk)
    if out == "-":
        click.echo(text.encode(), nl=False)  # bytes: the line ends of CSV stay as they are
        return 0
    file = outfile(desk, out)
    try:
        file.write_bytes(text.encode())
    except OSError as error:
        raise Unfinished(
            f"{out} cannot be written: {error.strerror or error}", "check its folder and the free space"
        ) from error
    lines([f"{len(desk.config.people)} people written to {out}"])
    return 0


def _export_one(desk: Desk, name: str, out: str) -> int:
    from calsync.disclosure import all_kept_of, write_privately

    file = outfile(desk, out) if out != "-" else None
    kept = all_kept_of(desk, name)
    if file is None:
        print_json(kept)
    else:
        import json

        write_privately(file, json.dumps(kept, ensure_ascii=False, indent=2) + "\n")
        lines([f"All that is kept of {kept['name']} is written to {out}; only you can read that file."])
    promises = sum(not row["readable"] for row in kept["promises"])
    changes = sum(not row["readable"] for row in kept["changes"])
    acts = sum(not row["readable"] for row in kept["acts"])
    unreadable = {"notes": len(kept["notes_unreadable"]) + acts, "promises": promises, "changes": changes}
    parts = [f"{count} of the {what}" for what, count in unreadable.items() if count]
    if parts:
        unread = Unfinished(f"{' and '.join(parts)} cannot be read; only their instants are there", "see docs/notes.md")
        say([unread])
        return unread.exit_code
    return 0


@click.command()
@click.argument("name", shell_complete=offer_people)
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
