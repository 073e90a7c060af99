"""`week` and `today`: the coming blocks."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from calsync.cli.options import as_json, dry_run, now_option, open_at
from calsync.cli.output import lines, paragraphs, print_json, sentences
from calsync.errors import UsageError

if TYPE_CHECKING:
    from calsync.cli import Settings
    from calsync.desk import Desk

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
@click.option("--notify", is_flag=True, help="Send the day's times through the URLs of `notify`, and show nothing.")
@dry_run
@now_option
@as_json
@click.pass_obj
def today(settings: Settings, notify: bool, dry_run: bool, now: datetime | None, json_: bool) -> int:
    """Show today's blocks, with the brief for each person.

    The brief is for your eyes alone: what was left open last time, promises, what seems off, how to begin, and one new
    question with two that follow it up (docs/brief.md). Nothing of it stands in any calendar. When the last night
    failed, or none has run for two days, a line says so.

    With --notify nothing of the brief goes out: times and kinds of blocks, and first names only with
    `privacy: {names: first}`. A day without blocks sends nothing. With --dry-run the text is shown as it would go out.
    Ends with 3 when a URL did not take it (docs/notices.md).
    """
    if not notify:
        if dry_run:
            raise UsageError("--dry-run goes with --notify: `today` changes nothing", "leave it out, or add --notify")
        return _show(settings, now, days=1, json_=json_, none="No blocks today; `calsync week` shows the next ones.")
    desk = open_at(settings, now)
    if not desk.config.notify and not dry_run:
        raise UsageError(
            f"{desk.config.path}: there is no URL under `notify` to send to",
            'put one there, such as notify: ["ntfy://ntfy.example.net/my-topic"]; docs/notices.md has others',
        )
    return _send(desk, dry_run=dry_run, json_=json_, quiet=settings.verbosity < 0)


def _send(desk: Desk, *, dry_run: bool, json_: bool, quiet: bool) -> int:
    from calsync.cli.failure import say
    from calsync.coming import coming
    from calsync.digest import digest

    found = coming(desk, 1)
    message = digest(found.blocks, desk.config.people, desk.config.names, desk.now.date(), _trouble(desk))
    errors = []
    if message is not None and not dry_run:
        from calsync.notifying import send

        errors = send(desk.config.notify, message)
    if json_:
        print_json(
            {
                "notice": None if message is None else {"title": message.title, "body": message.body},
                "urls": len(desk.config.notify),
                "sent": 0 if message is None or dry_run else len(desk.config.notify) - len(errors),
                "errors": [{"what": error.what, "next_step": error.next_step} for error in errors],
            }
        )
    elif message is None:
        lines([] if quiet and not dry_run else ["Nothing to send: no blocks today."])
    elif dry_run:
        lines([message.title, "", *message.body.splitlines()])
    say(errors)
    return errors[0].exit_code if errors else 0


def _trouble(desk: Desk) -> str:
    from calsync.digest import trouble
    from calsync.history import last_night

    return trouble(last_night(desk), desk.now)


def _show(settings: Settings, now: datetime | None, *, days: int, json_: bool, none: str) -> int:
    desk = open_at(settings, now)
    from calsync.cli.failure import say
    from calsync.coming import coming

    found = coming(desk, days)
    wrong = _trouble(desk) if days == 1 else ""
    if json_:
        answer = {"blocks": [block.as_json() for block in found.blocks]}
        print_json(answer if days > 1 else {**answer, "trouble": wrong or None})
        wrong = ""
    elif not found.blocks:
        lines([none if found.planned else "No night has planned a block yet: calsync nightly"])
    else:
        from calsync.cli.briefs import day_lines, week_lines

        told = day_lines if days == 1 else week_lines
        paragraphs(told(found.blocks, desk.config.zone))
    if wrong:
        sentences([wrong])
    say(found.problems)
    return 0
