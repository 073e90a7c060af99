"""`week` and `today`: the coming blocks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from calsync.cli.options import as_json, now_option, open_at
from calsync.cli.output import lines, paragraphs, print_json

if TYPE_CHECKING:
    from calsync.cli import Settings

__all__ = ["today", "week"]


@click.command()
@now_option
@as_json
@click.pass_obj
def week(settings: Settings, now: datetime | None, json_: bool) -> int:
    """Show the blocks of the next seven days: when, whom, why them.

    It shows what the last night planned; it reads no calendar. Behind each name is what was left open last time, or a
    question to ask; --json and `calsync today` have the whole brief.
    """
    return _show(settings, now, days=7, json_=json_, none="No blocks in the next seven days.")


@click.command()
@now_option
@as_json
@click.pass_obj
def today(settings: Settings, now: datetime | None, json_: bool) -> int:
    """Show today's blocks, with the brief for each person.

    The brief is for your eyes alone: what was left open last time, promises, what seems off, how to begin, and one new
    question with two that follow it up (docs/brief.md). Nothing of it stands in any calendar.
    """
    return _show(settings, now, days=1, json_=json_, none="No blocks today; `calsync week` shows the next ones.")


def _show(settings: Settings, now: datetime | None, *, days: int, json_: bool, none: str) -> int:
    desk = open_at(settings, now)
    from calsync.cli.failure import say
    from calsync.coming import coming

    found = coming(desk, days)
    if json_:
        print_json({"blocks": [block.as_json() for block in found.blocks]})
    elif not found.blocks:
        lines([none if found.planned else "No night has planned a block yet: calsync nightly"])
    else:
        from calsync.cli.briefs import day_lines, week_lines

        told = day_lines if days == 1 else week_lines
        paragraphs(told(found.blocks, desk.config.zone))
    say(found.problems)
    return 0
