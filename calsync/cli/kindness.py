"""`kindness`: the small act of the day or week, what came of it, and what was done in the year."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calsync.cli.completing import offer_people
from calsync.cli.options import as_json, dry_run, now_option, open_at, paths_of, yes
from calsync.cli.output import lines, paragraphs, print_json

if TYPE_CHECKING:
    from calsync.cli import Settings

__all__ = ["kindness"]


@click.group(invoke_without_command=True)
@now_option
@as_json
@click.pass_context
def kindness(ctx: click.Context, now: datetime | None, json_: bool) -> int | None:
    """Show one small act of kindness; note it, or skip it.

    There is one for each week, unless blocks.kindness.every says day. None comes twice within a year, and one that you
    miss costs nothing (docs/kindness.md). It is a cue: calsync sends nothing, you do.
    """
    if ctx.invoked_subcommand is not None:
        if json_ or now is not None:
            from calsync.errors import UsageError

            where = f"calsync kindness {ctx.invoked_subcommand}"
            if now is None:
                raise UsageError("--json stands in the wrong place", f"write {where} --json")
            raise UsageError("--now stands in the wrong place", f"write {where} --now INSTANT")
        return None
    desk = open_at(ctx.obj, now)
    from calsync.cli.acttext import turn_lines
    from calsync.cli.failure import say
    from calsync.kindness import turn_of

    turn, count, problems = turn_of(desk)
    if json_:
        print_json(
            {
                "now": desk.now.isoformat(),
                "every": desk.config.kindness_every,
                "start": turn.first.isoformat(),
                "end": turn.last.isoformat(),
                "state": turn.state,
                "act": turn.in_full(),
                "year": desk.now.year,
                "year_count": count,
            }
        )
    else:
        paragraphs(turn_lines(turn, count, desk.now.year))
    say(problems)
    return 0


@kindness.command("done")
@click.option(
    "--person", metavar="NAME", shell_complete=offer_people, help="For whom, if not for the one who was named."
)
@click.option("--nobody", is_flag=True, help="It was for nobody in the rotation.")
@click.option("--note", metavar="TEXT", help="What you want to remember of it. - asks for it, or reads stdin.")
@click.option("--on", metavar="DAY", help="When it was, if not today: 2026-11-05, yesterday, fri, 3d.")
@click.option("--new-key", is_flag=True, help="Note it with a new key, though the key of earlier notes is lost.")
@now_option
@dry_run
@yes
@click.pass_obj
def done(
    settings: Settings,
    person: str | None,
    nobody: bool,
    note: str | None,
    on: str | None,
    new_key: bool,
    now: datetime | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Say that you did the act of the day or week.

    It is no talk: the clock of the person runs on until `calsync done NAME`. A note is encrypted and for you alone, as
    with `calsync done`. Said twice it counts once: the second note is added to the first, and --person takes the place
    of who was named before.
    """
    from calsync.errors import UsageError

    if person is not None and nobody:
        raise UsageError("--person and --nobody exclude each other", "leave out one of them")
    if person is not None and not person.strip():
        raise UsageError("--person is empty", "give a name, or --nobody where it was for nobody in the rotation")
    if new_key and note is None:
        raise UsageError("--new-key is for a note", "add --note")
    desk = open_at(settings, now)
    from calsync.cli.private import given_text, may_be_kept
    from calsync.cli.when import parse_day
    from calsync.contacts import find_person
    from calsync.deeds import NOBODY, record_kindness

    day = parse_day(on, desk.now.date(), past=True) if on is not None else None
    whom = find_person(desk.config.people, person).name if person is not None else NOBODY if nobody else None
    text = ""
    if note is not None:
        text = given_text("note", note, "What do you want to remember of it?", one_line=False)
        if not text.strip():
            raise UsageError("the note is empty", "write something, or leave out --note")
    if not dry_run and not may_be_kept(text, yes=yes):
        lines(["Nothing was noted. To log the act alone: calsync kindness done"])
        return 0
    lines(record_kindness(desk, whom, text, day, new_key=new_key, dry_run=dry_run))
    return 0


@kindness.command("skip")
@now_option
@dry_run
@click.pass_obj
def skip(settings: Settings, now: datetime | None, dry_run: bool) -> int:
    """Get another act for the day or week.

    It costs nothing, and no later act changes by it. After an act that is done it gives you one more.
    """
    desk = open_at(settings, now)
    from calsync.cli.acttext import act_lines, following
    from calsync.cli.failure import say
    from calsync.deeds import skip_act

    instead, problems = skip_act(desk, dry_run=dry_run)
    if instead is None:
        lines([f"{'Would be skipped' if dry_run else 'Skipped'}; {following(desk)}"])
    else:
        paragraphs([("", "Would be:" if dry_run else "Instead:"), *act_lines(instead)])
    say(problems)
    return 0


@kindness.command("list", short_help="Show the acts that you did in the year, and your notes of them.")
@click.option(
    "--year",
    is_flag=False,
    flag_value="",
    default="",
    metavar="YEAR",
    help="Another year than this one; about two years are kept.",
)
@now_option
@as_json
@click.pass_obj
def list_(settings: Settings, year: str, now: datetime | None, json_: bool) -> int:
    """Show the acts that you did in the year, with their number and what you noted of them."""
    desk = open_at(settings, now)
    from calsync.cli.acttext import deeds_lines
    from calsync.cli.failure import say
    from calsync.deeds import deeds
    from calsync.errors import UsageError

    if year and not (year.isascii() and year.isdigit() and 1 <= int(year[:5]) <= 9999):
        raise UsageError(f"{year} is no year", f"for example --year {desk.now.year - 1}")
    found = deeds(desk, int(year) if year else None)
    if json_:
        print_json({"year": found.year, "count": len(found.done), "acts": [one.as_json() for one in found.done]})
    else:
        paragraphs(deeds_lines(found, desk.now.year))
    say(found.problems)
    return 0


@kindness.command("lint", short_help="Check the shipped acts and yours, or those of FILE.")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@as_json
@click.pass_obj
def lint(settings: Settings, file: Path | None, json_: bool) -> int:
    """Check acts of kindness: the shipped ones and yours, or those of FILE.

    An act has to be small and specific: no strings, no pressure, no prying, no message made ready, and what shows one
    person to others has to be public. Ends with 2 when there is something to correct; each finding names the file, the
    line and what to do.
    """
    config, _ = paths_of(settings)
    from calsync.acts import lint as use_case

    found, count = use_case(config, file)
    if json_:
        print_json({"acts": count, "findings": [one.as_json() for one in found]})
    else:
        for one in found:
            lines([f"{one.file}:{one.line}: {one.what}", f"  {one.to_do}"])
        if not found:
            lines(["1 act is fine." if count == 1 else f"{count} acts are fine."])
    return 2 if found else 0
