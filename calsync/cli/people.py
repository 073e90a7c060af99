"""The people: whose turn it is, what came of it, and who is in the rotation at all."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calsync.cli.failure import say
from calsync.cli.options import as_json, confirm, dry_run, now_option, open_at, yes
from calsync.cli.output import lines, print_json, table
from calsync.cli.rights import export, forget
from calsync.cli.when import parse_gap
from calsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calsync.cli import Settings
    from calsync.desk import Desk

__all__ = ["people", "who"]


@click.command()
@click.option("--upcoming", type=parse_gap, metavar="GAP", help="Only who is due within so long: 14d, 2w.")
@click.option("--explain", metavar="NAME", help="Why this person stands where they stand, term by term.")
@now_option
@as_json
@click.pass_obj
def who(settings: Settings, upcoming: int | None, explain: str | None, now: datetime | None, json_: bool) -> int:
    """Show whose turn it is, most due first, each with the reason."""
    desk = open_at(settings, now)
    from calsync import contacts

    if explain is not None:
        terms = contacts.explain(desk, explain)
        if json_:
            print_json({"person": explain, "terms": dict(terms)})
        else:
            lines([f"{term}: {value}" for term, value in terms])
        return 0
    due = contacts.who_is_due(desk, upcoming)
    if json_:
        print_json({"people": [person.as_json() for person in due]})
        return 0
    from calsync.cli.render import due_table

    table(due_table(due, desk.now.date(), desk.config.zone))
    if not due:
        lines(["Nobody is due." if desk.config.people else "Nobody is in the rotation yet: calsync people add NAME"])
    return 0


@click.group()
def people() -> None:
    """List, add, change, remove, import and export people.

    They stand in the configuration; these commands edit that file and keep its comments.
    """


@people.command("list")
@as_json
@click.pass_obj
def list_(settings: Settings, json_: bool) -> int:
    """Show everybody in the rotation."""
    desk = open_at(settings)
    from calsync.cli.render import record_table
    from calsync.roster import listed

    everybody = listed(desk)
    if json_:
        print_json({"people": everybody})
    else:
        table(record_table(everybody))
    return 0


@people.command("add")
@click.argument("name")
@click.option("--ideal", type=parse_gap, metavar="GAP", required=True, help="A good gap between two talks: 14d, 2w.")
@click.option("--max", "max_", type=parse_gap, metavar="GAP", help="Too long a gap; twice the ideal if not given.")
@click.option("--email", "emails", multiple=True, metavar="ADDRESS", help="An address; may be given more than once.")
@click.option("--timezone", metavar="ZONE", help="Where they are, as Europe/Lisbon.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag; may be given more than once.")
@click.option("--channel", metavar="TEXT", help="How you reach them: call, chat, mail, walk or visit.")
@dry_run
@click.pass_obj
def add(
    settings: Settings,
    name: str,
    ideal: int,
    max_: int | None,
    emails: tuple[str, ...],
    timezone: str | None,
    tags: tuple[str, ...],
    channel: str | None,
    dry_run: bool,
) -> int:
    """Add someone to the rotation."""
    desk = open_at(settings)
    from calsync.roster import PersonFields
    from calsync.roster import add as use_case

    fields = PersonFields(ideal, max_ or 2 * ideal, emails or None, timezone, tags or None, channel)
    lines(use_case(desk, name, fields, dry_run=dry_run))
    return 0


@people.command("edit")
@click.argument("name")
@click.option("--ideal", type=parse_gap, metavar="GAP", help="A good gap between two talks: 14d, 2w.")
@click.option("--max", "max_", type=parse_gap, metavar="GAP", help="Too long a gap.")
@click.option("--email", "emails", multiple=True, metavar="ADDRESS", help="Every address anew; may be repeated.")
@click.option("--timezone", metavar="ZONE", help="Where they are; empty for none.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Every tag anew; may be repeated.")
@click.option("--channel", metavar="TEXT", help="call, chat, mail, walk or visit; empty for none.")
@dry_run
@click.pass_obj
def edit(
    settings: Settings,
    name: str,
    ideal: int | None,
    max_: int | None,
    emails: tuple[str, ...],
    timezone: str | None,
    tags: tuple[str, ...],
    channel: str | None,
    dry_run: bool,
) -> int:
    """Change what is known of someone; what you do not name stays."""
    desk = open_at(settings)
    from calsync.roster import PersonFields
    from calsync.roster import edit as use_case

    fields = PersonFields(ideal, max_, emails or None, timezone, tags or None, channel)
    lines(use_case(desk, name, fields, dry_run=dry_run))
    return 0


@people.command("remove")
@click.argument("name")
@dry_run
@yes
@click.pass_obj
def remove(settings: Settings, name: str, dry_run: bool, yes: bool) -> int:
    """Take someone out of the rotation.

    What you logged about them stays in calsync's memory, should they come back.
    """
    desk = open_at(settings)
    from calsync.roster import remove as use_case

    if not dry_run:
        lines(use_case(desk, name, dry_run=True))
        if not confirm("Do this?", yes=yes):
            lines(["Nothing was done."])
            return 0
    lines(use_case(desk, name, dry_run=dry_run))
    return 0


@people.command("import")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--format", "kind", type=click.Choice(["csv", "vcard"]), help="If the file's ending does not tell.")
@click.option("--from", "source", metavar="SOURCE", help="google, microsoft or meetings, in place of a file.")
@click.option("--calendar", metavar="NAME", help="Ask this one calendar only.")
@click.option("--pick", "picks", multiple=True, metavar="NAME", help="Add this one; may be given more than once.")
@click.option("--all", "everybody", is_flag=True, help="Add everybody who is found.")
@click.option(
    "--ideal", type=parse_gap, default="28d", show_default=True, metavar="GAP", help="For who has none there."
)
@click.option("--max", "max_", type=parse_gap, metavar="GAP", help="For who has none there; twice the ideal.")
@now_option
@dry_run
@as_json
@click.pass_obj
def import_(
    settings: Settings,
    file: Path | None,
    kind: str | None,
    source: str | None,
    calendar: str | None,
    picks: tuple[str, ...],
    everybody: bool,
    ideal: int,
    max_: int | None,
    now: datetime | None,
    dry_run: bool,
    json_: bool,
) -> int:
    """Add people from a CSV or vCard file, from an account, or from past one-on-ones.

    The first line of a CSV file names its columns: name, email, ideal, max, timezone, tags, channel. FILE - is stdin.
    Who is in the rotation already stays as they are. Rows that cannot be used are named, with exit code 3.

    --from google and --from microsoft ask the connected accounts whom they know; --from meetings looks who was in the
    one-on-ones of the last five weeks, on every calendar that a night has read. Without --pick and --all this shows who
    was found and adds nobody. An account that cannot be asked is named, with exit code 3 or 4, and hides no other.
    """
    from_somewhere = {"--calendar": calendar, "--pick": picks, "--all": everybody, "--json": json_}
    _only_one_source(file, source, {"--format": kind}, from_somewhere)
    desk = open_at(settings, now)
    gaps = (ideal, max_ or 2 * ideal)
    if source is not None:
        return _import_from(desk, source, calendar, picks, gaps, everybody=everybody, dry_run=dry_run, json_=json_)
    assert file is not None
    return _import_file(desk, file, kind, gaps, dry_run=dry_run)


def _only_one_source(
    file: Path | None, source: str | None, with_file: Mapping[str, object], with_source: Mapping[str, object]
) -> None:
    """Refuse a call that names no source or two, or an option of the other one."""
    if file is not None and source is not None:
        raise UsageError("FILE and --from exclude each other", "give one of them: a file, or where else to look")
    if file is None and source is None:
        raise UsageError("there is nothing to import from", "name a FILE, or say --from google, microsoft or meetings")
    stray = next((name for name, given in (with_source if source is None else with_file).items() if given), "")
    if stray:
        raise UsageError(f"{stray} goes with {'--from' if source is None else 'FILE'} only", f"leave out {stray}")
    if with_source["--all"] and with_source["--pick"]:
        raise UsageError("--all and --pick exclude each other", "leave out one of them")
    if with_source["--json"] and (with_source["--all"] or with_source["--pick"]):
        raise UsageError("--json shows who was found, and adds nobody", "leave out --json, or --pick and --all")


def _import_from(
    desk: Desk,
    source: str,
    calendar: str | None,
    picks: tuple[str, ...],
    gaps: tuple[int, int],
    *,
    everybody: bool,
    dry_run: bool,
    json_: bool,
) -> int:
    from calsync.cli.render import found_table
    from calsync.importing import add_found, find_people

    search = find_people(desk, source, calendar)
    say(search.errors)
    # Signing in comes before everything else, as in `calendars`.
    codes = {error.exit_code for error in search.errors}
    code = 4 if 4 in codes else max(codes, default=0)
    if json_:
        errors = [{"what": error.what, "next_step": error.next_step} for error in search.errors]
        print_json({"people": [person.as_json() for person in search.people], "errors": errors})
    elif search.errors and not search.people:
        # Whether there is nobody is not known.
        return code
    elif picks or (everybody and search.people):
        lines(add_found(desk, search.people, picks, ideal=gaps[0], max_=gaps[1], dry_run=dry_run))
    elif not search.people:
        lines(["Nobody was found."])
    else:
        table(found_table(search.people))
        lines(["Nobody was added. To add some of them, repeat this with --pick NAME; to add everybody, with --all."])
    return code


def _import_file(desk: Desk, file: Path, kind: str | None, gaps: tuple[int, int], *, dry_run: bool) -> int:
    from calsync.roster import import_people

    content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    vcard = kind == "vcard" or (kind is None and file.suffix.lower() in {".vcf", ".vcard"})
    source = "stdin" if str(file) == "-" else str(file)
    told, errors = import_people(desk, content, source, vcard=vcard, ideal=gaps[0], max_=gaps[1], dry_run=dry_run)
    lines(told)
    say(errors)
    return max((error.exit_code for error in errors), default=0)


people.add_command(export)
people.add_command(forget)
