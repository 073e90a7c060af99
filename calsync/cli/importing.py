"""People who come in from elsewhere, and two entries that are one person: shown first, joined when you agree."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from calsync.cli.completing import offer_calendars, offer_people, offer_words
from calsync.cli.failure import say
from calsync.cli.options import as_json, confirm, dry_run, now_option, open_at, shown_first, yes
from calsync.cli.output import lines, print_json, table
from calsync.cli.when import parse_gap
from calsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calsync.cli import Settings
    from calsync.desk import Desk
    from calsync.intake import Intake

__all__ = ["import_", "merge"]


@click.command("merge")
@click.argument("name", shell_complete=offer_people)
@click.argument("other", shell_complete=offer_people)
@dry_run
@yes
@click.pass_obj
def merge(settings: Settings, name: str, other: str, dry_run: bool, yes: bool) -> int:
    """Join two entries that are one person.

    NAME stays, with their gaps and everything you wrote there. They get the addresses and tags of OTHER, whatever else
    only OTHER has, and all that was logged of OTHER, who leaves the rotation. OTHER may also be somebody who left
    it, or whom you renamed in the file by hand: then what was logged goes to NAME.
    """
    desk = open_at(settings)
    from calsync.roster import merge as use_case

    return shown_first(lambda on_paper: use_case(desk, name, other, dry_run=on_paper), dry_run=dry_run, yes=yes)


@click.command("import", short_help="Add people from a file, an account, or your meetings.")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--format", "kind", type=click.Choice(["csv", "vcard"]), help="If the file's ending does not tell.")
@click.option(
    "--from",
    "source",
    metavar="SOURCE",
    shell_complete=offer_words("google", "microsoft", "meetings"),
    help="google, microsoft or meetings, in place of a file.",
)
@click.option("--calendar", metavar="NAME", shell_complete=offer_calendars, help="Ask this one calendar only.")
@click.option("--pick", "picks", multiple=True, metavar="NAME", help="Add this one; may be given more than once.")
@click.option("--all", "everybody", is_flag=True, help="Add everybody who is found.")
@click.option("--merge", "merging", is_flag=True, help="Add what is new of people who are in the rotation already.")
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
    merging: bool,
    ideal: int,
    max_: int | None,
    now: datetime | None,
    dry_run: bool,
    json_: bool,
) -> int:
    """Add people from a CSV or vCard file, from an account, or from past one-on-ones.

    The first line of a CSV file names its columns: name, email, ideal, max, timezone, tags, channel, call_name,
    working_hours, holidays, thanks. FILE - is stdin. Rows that cannot be used are named, with exit code 3.

    Rows of one person are taken together. Of people who are in the rotation already, by name or address, this shows
    what is new, and with --merge, or when you agree, adds it: nothing that stands there is overwritten.

    --from google and --from microsoft ask the connected accounts whom they know; --from meetings looks who was in the
    one-on-ones of the last five weeks, on every calendar that a night has read. Without --pick and --all this shows who
    was found and adds nobody. An account that cannot be asked is named, with exit code 3 or 4, and hides no other.
    """
    from_somewhere = {"--calendar": calendar, "--pick": picks, "--all": everybody, "--json": json_}
    _only_one_source(file, source, {"--format": kind}, from_somewhere)
    desk = open_at(settings, now)
    gaps = (ideal, max_ or 2 * ideal)
    if source is not None:
        if merging and not picks and not everybody:
            raise UsageError("--merge needs to know whom", "say --pick NAME, or --all")
        search = _Search(source, calendar, picks, everybody)
        return _import_from(desk, search, gaps, merging=merging, dry_run=dry_run, json_=json_)
    assert file is not None
    return _import_file(desk, file, kind, gaps, merging=merging, dry_run=dry_run)


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


@dataclass(frozen=True, slots=True)
class _Search:
    """Where to look other than in a file, and whom to take of those who are found."""

    source: str
    calendar: str | None
    picks: tuple[str, ...]
    everybody: bool


def _import_from(
    desk: Desk, wanted: _Search, gaps: tuple[int, int], *, merging: bool, dry_run: bool, json_: bool
) -> int:
    from calsync.cli.render import found_table
    from calsync.importing import find_people, intake_of_found

    search = find_people(desk, wanted.source, wanted.calendar)
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
    elif wanted.picks or (wanted.everybody and search.people):
        intake = intake_of_found(desk, search.people, wanted.picks, ideal=gaps[0], max_=gaps[1])
        return max(code, _take_in(desk, intake, merging=merging, dry_run=dry_run), key=lambda c: (c == 4, c))
    elif not search.people:
        lines(["Nobody was found."])
    else:
        table(found_table(search.people))
        lines(["Nobody was added. To add some of them, repeat this with --pick NAME; to add everybody, with --all."])
    return code


def _import_file(
    desk: Desk, file: Path, kind: str | None, gaps: tuple[int, int], *, merging: bool, dry_run: bool
) -> int:
    from calsync.intake import read_people

    content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    vcard = kind == "vcard" or (kind is None and file.suffix.lower() in {".vcf", ".vcard"})
    source = "stdin" if str(file) == "-" else str(file)
    intake = read_people(desk, content, source, vcard=vcard, ideal=gaps[0], max_=gaps[1])
    return _take_in(desk, intake, merging=merging, dry_run=dry_run)


def _take_in(desk: Desk, intake: Intake, *, merging: bool, dry_run: bool) -> int:
    """Carry out an import; at a terminal, ask first whether people of the rotation are to be changed."""
    from calsync.intake import carry_out

    if intake.gains and not merging and not dry_run and sys.stdin.isatty():
        lines([f"{gain}." for gain in intake.gains])
        merging = confirm("They are in the rotation already. Add this to them?", yes=False)
    lines(carry_out(desk, intake, merge=merging, dry_run=dry_run))
    say(intake.errors)
    return max((error.exit_code for error in intake.errors), default=0)
