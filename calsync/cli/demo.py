"""`demo`: the whole main job on made-up calendars."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calsync.cli.called import called
from calsync.cli.failure import say
from calsync.cli.options import as_json, now_option
from calsync.cli.output import lines, paragraphs, print_json, progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calsync.cli import Settings
    from calsync.coming import ComingBlock

__all__ = ["demo"]


@click.command()
@click.argument("folder", metavar="[DIR]", default="calsync-demo", type=click.Path(path_type=Path, file_okay=False))
@now_option
@as_json
@click.pass_obj
def demo(settings: Settings, folder: Path, now: datetime | None, json_: bool) -> int:
    """Make up a leader's calendar, run a night on it, show the week.

    DIR (default: calsync-demo in this folder) gets a configuration, a folder of .ics files as the work calendar, a
    read-only family calendar, and calsync's own state. Run it again and it goes on from there. No account, no network.
    """
    from calsync.cli.briefs import week_lines
    from calsync.cli.night import show_night
    from calsync.demo import log_talks, write_demo

    paths = write_demo(folder, now or datetime.now(UTC))

    from calsync.coming import coming_blocks
    from calsync.desk import open_desk
    from calsync.nightly import run_night

    desk = open_desk(paths.config, paths.state, now)
    if paths.fresh:
        log_talks(desk)
    with progress_bar(quiet=settings.verbosity < 0) as progress:
        report = run_night(desk, dry_run=False, force=False, progress=progress)
    blocks = coming_blocks(desk, 7)
    say(report.errors)
    if json_:
        night = report.as_json()
        print_json({"folder": str(paths.folder), "night": night, "blocks": [block.as_json() for block in blocks]})
        return report.exit_code
    made = "A made-up leader's calendars are in" if paths.fresh else "Going on with the demo in"
    lines([f"{made} {folder}", "", "What the night did:"])
    show_night(desk, report, dry_run=False)
    lines(["", "The next seven days:"])
    paragraphs(week_lines(blocks, desk.config.zone) or [("", "No blocks.")])
    _show_first_brief(blocks)
    whom = next((name for block in blocks for name, _ in block.people), desk.config.people[0].name)
    lines(["", "Try next:", *_try_next(folder, whom, now)])
    lines(["", f"For your own calendars: {shlex.join([called(), 'setup'])}"])
    return report.exit_code


def _show_first_brief(blocks: Sequence[ComingBlock]) -> None:
    """The whole brief for one person, of whom something is remembered if there is any such."""
    from calsync.cli.briefs import brief_lines

    known = [(name, brief) for block in blocks for (name, _), brief in zip(block.people, block.briefs, strict=True)]
    chosen = next((one for one in known if one[1].thread), known[0] if known else None)
    if chosen is not None:
        lines(["", f"Before the talk with {chosen[0]} (on the day: `calsync today`):"])
        paragraphs(list(brief_lines(chosen[1])))


def _try_next(folder: Path, whom: str, now: datetime | None) -> list[str]:
    """A few commands to copy, with what each is for."""
    begin = shlex.join([called(), "--config", str(folder / "config.yaml"), "--state", str(folder / "state")])
    clock = f" --now {now.isoformat()}" if now else ""
    return [
        f"  {begin} who{clock}",
        "      whose turn it is, and why",
        f"  {begin} done {shlex.quote(whom)}{clock}",
        f"      you have talked to {whom}: the turn goes to somebody else",
        f"  {begin} promise list{clock}",
        "      what you have promised, and when there is time for it",
        f"  {begin} plan{clock}",
        "      what the night would change; move or delete a block and look again:",
        f"      they are the files that begin with cs in {folder / 'calendars' / 'work'}",
    ]
