"""`week` and `today`: the coming blocks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from calsync.cli.options import as_json, now_option, open_at
from calsync.cli.output import lines, print_json

if TYPE_CHECKING:
    from calsync.cli import Settings

__all__ = ["today", "week"]


@click.command()
@now_option
@as_json
@click.pass_obj
def week(settings: Settings, now: datetime | None, json_: bool) -> int:
    """Show the blocks of the next seven days: when, whom, why them.

    It shows what the last night planned; it reads no calendar.
    """
    return _show(settings, now, days=7, json_=json_, none="No blocks in the next seven days.")


@click.command()
@now_option
@as_json
@click.pass_obj
def today(settings: Settings, now: datetime | None, json_: bool) -> int:
    """Show today's blocks."""
    return _show(settings, now, days=1, json_=json_, none="No blocks today.")


def _show(settings: Settings, now: datetime | None, *, days: int, json_: bool, none: str) -> int:
    desk = open_at(settings, now)
    from calsync.coming import coming_blocks

    blocks = coming_blocks(desk, days)
    if json_:
        print_json({"blocks": [block.as_json() for block in blocks]})
        return 0
    from calsync.cli.render import block_lines

    lines(block_lines(blocks, desk.config.zone) or [none])
    return 0
