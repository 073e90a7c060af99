"""`change`: a change to come, whom it affects, who was asked before, and how it went."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calsync.cli.completing import offer_files, offer_people
from calsync.cli.options import as_json, confirm, dry_run, now_option, open_at, shown_first, yes
from calsync.cli.outfile import outfile
from calsync.cli.output import lines, print_json, sentences
from calsync.cli.private import given_text, may_be_kept
from calsync.cli.when import parse_coming_day, parse_day
from calsync.errors import Unfinished, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from calsync.cli import Settings
    from calsync.desk import Desk
    from calsync.errors import CalsyncError

__all__ = ["change"]

_NEW_KEY = "Note it with a new key, though the key of earlier notes is lost."
_EXAMPLE = 'for example: calsync change note Ana "less typing, if the search works"'


@click.group()
def change() -> None:
    """Include people in a change: whom it affects, who was asked before.

    What you and they say of it is encrypted and for you alone (docs/changes.md). WHICH is the number that `change list`
    shows, or a part of the title; it can be left out while one change is open.
    """


@change.command("add")
@click.argument("title", required=False)
@click.option("--on", metavar="DAY", help="When it is announced: fri, in 2 weeks, 3 Dec, 2027-02-01.")
@click.option("--pro", "pros", multiple=True, metavar="TEXT", help="What speaks for it; can be given again.")
@click.option("--con", "cons", multiple=True, metavar="TEXT", help="What speaks against it; can be given again.")
@click.option(
    "--affects",
    multiple=True,
    metavar="WHOM",
    shell_complete=offer_people,
    help="A name, or tag:NAME; can be given again.",
)
@click.option("--new-key", is_flag=True, help=_NEW_KEY)
@now_option
@dry_run
@yes
@click.pass_obj
def add(
    settings: Settings,
    title: str | None,
    on: str | None,
    pros: tuple[str, ...],
    cons: tuple[str, ...],
    affects: tuple[str, ...],
    new_key: bool,
    now: datetime | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Note a change that is to come, and whom it affects.

    Whoever gets a tag later is affected as well, until the date. Nobody is asked before `change ask`.
    """
    desk = open_at(settings, now)
    from calsync.changing import Words
    from calsync.changing import add as use_case

    words = Words(title or "", pros, cons)
    if not words.title:
        raise UsageError(
            "a change needs a title", 'for example: calsync change add "New ticket system" --on 2027-02-01'
        )
    if on is None:
        raise UsageError("a change needs the date of its announcement", "add --on, for example --on 2027-02-01")
    day = parse_coming_day(on, desk.now)
    if not dry_run and not may_be_kept("\n\n".join([words.title, *words.pros, *words.cons]), yes=yes):
        lines(["Nothing was noted."])
        return 0
    sentences(use_case(desk, words, day, affects, new_key=new_key, dry_run=dry_run))
    return 0


@change.command("edit", short_help="Give a change another day or title, other people, more points.")
@click.argument("which", required=False)
@click.option("--title", metavar="TEXT", help="Call it something else.")
@click.option("--on", metavar="DAY", help="It is announced on another day.")
@click.option("--pro", "pros", multiple=True, metavar="TEXT", help="One more point for it.")
@click.option("--con", "cons", multiple=True, metavar="TEXT", help="One more point against it.")
@click.option(
    "--affects",
    multiple=True,
    metavar="WHOM",
    shell_complete=offer_people,
    help="It affects them, too: a name, or tag:NAME.",
)
@click.option(
    "--except",
    "but",
    multiple=True,
    metavar="WHOM",
    shell_complete=offer_people,
    help="It does not affect them after all.",
)
@click.option("--new-key", is_flag=True, help=_NEW_KEY)
@now_option
@dry_run
@yes
@click.pass_obj
def edit(
    settings: Settings,
    which: str | None,
    title: str | None,
    on: str | None,
    pros: tuple[str, ...],
    cons: tuple[str, ...],
    affects: tuple[str, ...],
    but: tuple[str, ...],
    new_key: bool,
    now: datetime | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Give a change another day or title, other people, more points of your own."""
    desk = open_at(settings, now)
    from calsync.changing import Words
    from calsync.changing import edit as use_case

    words = Words(title or "", pros, cons)
    if title is not None and not words.title:
        raise UsageError("the title is blank", "write something, or leave out --title")
    day = None if on is None else parse_coming_day(on, desk.now)
    if not dry_run and not may_be_kept("\n\n".join([words.title, *words.pros, *words.cons]), yes=yes):
        lines(["Nothing was changed."])
        return 0
    return _told(*use_case(desk, which, words, day, affects, but, new_key=new_key, dry_run=dry_run))


@change.command("list", short_help="Show who was asked before the date, and both sides.")
@click.argument("which", required=False)
@click.option("--all", "everything", is_flag=True, help="Closed ones, too.")
@now_option
@as_json
@click.pass_obj
def list_(settings: Settings, which: str | None, everything: bool, now: datetime | None, json_: bool) -> int:
    """Show the changes to come: who was asked before the date, pros and cons with who raised them.

    With WHICH also what each of those affected said, and what that changed.
    """
    desk = open_at(settings, now)
    from calsync.changes import listing
    from calsync.cli.failure import say

    found = listing(desk, which, everything=everything)
    if json_:
        print_json({"changes": [view.as_json(desk) for view in found.views]})
    elif found.views:
        from calsync.cli.changetext import show_changes

        show_changes(found.views, desk.now.date(), desk.config.zone, whole=which is not None)
    else:
        lines(["No change is open." if not everything else "You have noted no change yet: calsync change add"])
    say(found.problems)
    return 0


@change.command("ask", short_help="Put the question into the briefs of those affected.")
@click.argument("which", required=False)
@click.option("--stop", is_flag=True, help="Take the question out of the briefs again.")
@now_option
@dry_run
@click.pass_obj
def ask(settings: Settings, which: str | None, stop: bool, now: datetime | None, dry_run: bool) -> int:
    """Put the question into the briefs of those affected, from now until the date.

    The next nights give those who were not asked yet a turn before the date, where nobody else waits too long for it.
    """
    desk = open_at(settings, now)
    from calsync.changing import ask as use_case

    return _told(*use_case(desk, which, stop=stop, dry_run=dry_run))


@change.command("note")
@click.argument("which_name_text", nargs=-1, shell_complete=offer_people, metavar="[WHICH] NAME TEXT")
@click.option("--pro", "pros", multiple=True, metavar="TEXT", help="A point for it that they raised.")
@click.option("--con", "cons", multiple=True, metavar="TEXT", help="A point against it that they raised.")
@click.option("--changed", default="", metavar="TEXT", help="What their answer changed.")
@click.option("--at", metavar="DAY", help="When they were asked, if not now: yesterday, fri, 2026-11-05, 3d.")
@click.option("--undo", is_flag=True, help="Take back what you noted last of NAME.")
@click.option("--new-key", is_flag=True, help=_NEW_KEY)
@now_option
@dry_run
@yes
@click.pass_obj
def note(
    settings: Settings,
    which_name_text: tuple[str, ...],
    pros: tuple[str, ...],
    cons: tuple[str, ...],
    changed: str,
    at: str | None,
    undo: bool,
    new_key: bool,
    now: datetime | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Note that NAME was asked, and what they said: this is what counts.

    TEXT - asks for it, or reads stdin, so that it stays out of your shell's history; "" says that they had nothing to
    say. Noted again, it is added to what they said before. Asked on the day of the announcement or later, it is kept
    and does not count as asked before the date.
    """
    if undo:
        if pros or cons or changed or at is not None or new_key:
            raise UsageError("--undo takes back, it notes nothing", "leave out the other options")
        return _take_back(open_at(settings, now), which_name_text, dry_run=dry_run, yes=yes)
    if len(which_name_text) not in (2, 3):
        raise UsageError("a name and what they said are needed", _EXAMPLE)
    *whichever, name, text = which_name_text
    if not whichever and name.isdecimal():
        raise UsageError(f"what {text} said is missing", f'for example: calsync change note {name} {text} "fine"')
    desk = open_at(settings, now)
    from calsync.changing import Words
    from calsync.changing import note as use_case

    text = given_text("answer", text, "What did they say of it?", one_line=False)
    words = Words("", pros, cons)
    day: date | None = None if at is None else parse_day(at, desk.now.date(), past=True)
    if not dry_run and not may_be_kept("\n\n".join([text, changed, *pros, *cons]), yes=yes):
        lines(["Nothing was noted."])
        return 0
    which = whichever[0] if whichever else None
    return _told(*use_case(desk, which, name, text, words, changed, day, new_key=new_key, dry_run=dry_run))


def _take_back(desk: Desk, which_name: tuple[str, ...], *, dry_run: bool, yes: bool) -> int:
    if len(which_name) not in (1, 2):
        raise UsageError("a name is needed, and no text", "for example: calsync change note Ana --undo")
    from calsync.changing import take_back

    *whichever, name = which_name
    which = whichever[0] if whichever else None
    return shown_first(lambda on_paper: take_back(desk, which, name, dry_run=on_paper)[0], dry_run=dry_run, yes=yes)


@change.command("close")
@click.argument("which", required=False)
@click.option(
    "--out", metavar="FILE", shell_complete=offer_files, default="-", show_default=True, help="Where to; - is stdout."
)
@click.option("--names", is_flag=True, help="Say who was asked and who said what.")
@now_option
@dry_run
@yes
@click.pass_obj
def close(
    settings: Settings, which: str | None, out: str, names: bool, now: datetime | None, dry_run: bool, yes: bool
) -> int:
    """Close a change, and sum it up as Markdown.

    The summary names nobody unless you say --names, not even where your own notes do. Of a change that is closed
    already it gives the summary again.
    """
    desk = open_at(settings, now)
    from calsync.changing import close as use_case
    from calsync.cli.failure import say

    file = outfile(desk, out) if out != "-" else None
    if file is not None and not dry_run and not _may_write(file, out, yes=yes):
        lines(["Nothing was done."])
        return 0
    closed = use_case(desk, which, names=names, write=None if file is None else _writer(file, out), dry_run=dry_run)
    if file is None:
        lines(closed.summary.rstrip("\n").split("\n"))
        click.echo(closed.line, err=True)
    else:
        lines([closed.line, f"{'Would write' if dry_run else 'Wrote'} the summary to {out}"])
    say(closed.problems)
    return 0


def _may_write(file: Path, typed: str, *, yes: bool) -> bool:
    """True when there is no such file, or the leader agrees to lose it."""
    if file.is_dir():
        raise UsageError(f"{typed} is a folder", "name a file in it")
    if yes or not file.exists():
        return True
    if not sys.stdin.isatty():
        raise UsageError(f"{typed} is there already", "name another file, or add --yes to write over it")
    return confirm(f"{typed} is there already. Write over it?", yes=False)


def _writer(file: Path, typed: str) -> Callable[[str], None]:
    def write(text: str) -> None:
        from calsync.wholefile import replace_file

        try:
            replace_file(file, text.encode())
        except OSError as error:
            raise Unfinished(
                f"{typed}: cannot be written ({error.strerror or error}), so nothing was done",
                "name a file in a folder that you can write to",
            ) from error

    return write


def _told(text: list[str], problems: list[CalsyncError]) -> int:
    from calsync.cli.failure import say

    sentences(text)
    say(problems)
    return 0
