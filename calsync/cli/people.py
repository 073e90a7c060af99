"""The people: whose turn it is, what came of it, and who is in the rotation at all."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from calsync.cli.completing import offer_people, offer_words, offer_zones
from calsync.cli.importing import import_, merge
from calsync.cli.options import as_json, dry_run, now_option, open_at, shown_first, yes
from calsync.cli.output import Table, lines, paragraphs, print_json, sentences, table
from calsync.cli.pausing import pause, resume
from calsync.cli.rights import export, forget
from calsync.cli.when import parse_gap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from calsync.cli import Settings

__all__ = ["people", "who"]

_CHANNELS = offer_words("call", "chat", "mail", "walk", "visit")
_THANKS = offer_words("public", "private")


@click.command()
@click.option("--upcoming", type=parse_gap, metavar="GAP", help="Only who is due within so long: 14d, 2w.")
@click.option(
    "--explain",
    metavar="NAME",
    shell_complete=offer_people,
    help="Why this person stands where they stand, term by term.",
)
@now_option
@as_json
@click.pass_obj
def who(settings: Settings, upcoming: int | None, explain: str | None, now: datetime | None, json_: bool) -> int:
    """Show whose turn it is, most due first; --explain says why."""
    desk = open_at(settings, now)
    from calsync import contacts

    if explain is not None:
        terms = contacts.explain(desk, explain)
        if json_:
            print_json({"person": dict(terms)["name"], "terms": dict(terms)})
        else:
            paragraphs([(f"{term}: ", value) for term, value in terms])
        return 0
    due = contacts.who_is_due(desk, upcoming)
    missing = contacts.missing_blocks(desk)
    if json_:
        turns = contacts.shortage_json(missing)
        print_json({"people": [person.as_json() for person in due], "turns_a_week": turns})
        return 0
    from calsync.cli.render import due_table
    from calsync.telling import shortage_words

    table(due_table(due, desk.now.date(), desk.config.zone))
    sentences([f"{words[:1].upper()}{words[1:]}." for words in [shortage_words(missing)] if words])
    if not due:
        lines(["Nobody is due." if desk.config.people else "Nobody is in the rotation yet: calsync people add NAME"])
    return 0


@click.group()
def people() -> None:
    """List, add, change, remove, import, export and forget people.

    They stand in the configuration; these commands edit that file and keep its comments.
    """


@people.command("list")
@as_json
@click.pass_obj
def list_(settings: Settings, json_: bool) -> int:
    """Show everybody in the rotation."""
    desk = open_at(settings)
    from calsync.roster import listed

    everybody = listed(desk)
    if json_:
        print_json({"people": everybody})
        return 0
    table(_table_of(everybody))
    if not everybody:
        lines(["Nobody is in the rotation yet: calsync people add NAME"])
    return 0


def _table_of(people: Sequence[Mapping[str, Any]]) -> Table:
    """A row for each; all that is not on everybody shares the column that wraps, so that it fits a narrow terminal."""
    rows = []
    for p in people:
        known = [
            ", ".join(p["addresses"]),
            f"called {p['call_name']}" if p["call_name"] else "",
            p["timezone"],
            ", ".join(f"{days} {hours}" for days, hours in (p["working_hours"] or {}).items()),
            f"holidays {p['holidays']}" if p["holidays"] else "",
            p["channel"],
            f"{p['thanks']} thanks" if p["thanks"] else "",
        ]
        gaps = f"{p['ideal_days']} to {p['max_days']} days"
        rows.append((p["name"], gaps, ", ".join(p["tags"]), "; ".join(filter(None, known))))
    return Table(("name", "gaps", "tags", "what is known"), rows, grow=3)


@people.command("add")
@click.argument("name")
@click.option(
    "--ideal", type=parse_gap, metavar="GAP", help="A good gap between two talks: 14d, 2w. A tag may give it."
)
@click.option(
    "--max", "max_", type=parse_gap, metavar="GAP", help="Too long a gap; else the tag's, or twice the ideal."
)
@click.option("--email", "emails", multiple=True, metavar="ADDRESS", help="An address; may be given more than once.")
@click.option("--call-name", metavar="TEXT", help="What you call them, where the name does not tell.")
@click.option("--timezone", metavar="ZONE", shell_complete=offer_zones, help="Where they are, as Europe/Lisbon.")
@click.option("--working-hours", metavar="WEEK", help='On their own clock: "mon-thu 09:00-17:00; fri 09:00-13:00".')
@click.option("--holidays", metavar="CODE", help="Whose public holidays they have off: PT, DE-BY.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag; may be given more than once.")
@click.option(
    "--channel", metavar="TEXT", shell_complete=_CHANNELS, help="How you reach them: call, chat, mail, walk or visit."
)
@click.option(
    "--thanks", metavar="TEXT", shell_complete=_THANKS, help="How they like to be thanked: public or private."
)
@dry_run
@click.pass_obj
def add(
    settings: Settings,
    /,
    name: str,
    ideal: int | None,
    max_: int | None,
    emails: tuple[str, ...],
    tags: tuple[str, ...],
    dry_run: bool,
    **said: str | None,
) -> int:
    """Add someone to the rotation.

    Their gaps are their own, or those of a tag that has any in the configuration.
    """
    desk = open_at(settings)
    from calsync.roster import PersonFields
    from calsync.roster import add as use_case

    fields = PersonFields(ideal=ideal, max=max_, emails=emails or None, tags=tags or None, **said)
    lines(use_case(desk, name, fields, dry_run=dry_run))
    return 0


@people.command("edit")
@click.argument("name", shell_complete=offer_people)
@click.option("--name", "new_name", metavar="TEXT", help="Another name; what was logged of them stays theirs.")
@click.option("--ideal", type=parse_gap, metavar="GAP", help="A good gap between two talks: 14d, 2w.")
@click.option("--max", "max_", type=parse_gap, metavar="GAP", help="Too long a gap.")
@click.option("--email", "emails", multiple=True, metavar="ADDRESS", help="Every address anew; may be repeated.")
@click.option("--call-name", metavar="TEXT", help="What you call them; empty for the first name.")
@click.option("--timezone", metavar="ZONE", shell_complete=offer_zones, help="Where they are; empty for none.")
@click.option("--working-hours", metavar="WEEK", help='"mon-thu 09:00-17:00; fri 09:00-13:00"; empty for not known.')
@click.option("--holidays", metavar="CODE", help="PT, DE-BY; empty for none.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Every tag anew; may be repeated.")
@click.option(
    "--channel", metavar="TEXT", shell_complete=_CHANNELS, help="call, chat, mail, walk or visit; empty for none."
)
@click.option("--thanks", metavar="TEXT", shell_complete=_THANKS, help="public or private; empty for not known.")
@dry_run
@click.pass_obj
def edit(
    settings: Settings,
    /,
    name: str,
    new_name: str | None,
    ideal: int | None,
    max_: int | None,
    emails: tuple[str, ...],
    tags: tuple[str, ...],
    dry_run: bool,
    **said: str | None,
) -> int:
    """Change what is known of someone; what you do not name stays."""
    desk = open_at(settings)
    from calsync.roster import PersonFields
    from calsync.roster import edit as use_case

    fields = PersonFields(name=new_name, ideal=ideal, max=max_, emails=_anew(emails), tags=_anew(tags), **said)
    lines(use_case(desk, name, fields, dry_run=dry_run))
    return 0


def _anew(given: tuple[str, ...]) -> tuple[str, ...] | None:
    """What an option that may be repeated says: nothing, or every value, of which "" takes all away."""
    return tuple(one for one in given if one.strip()) if given else None


@people.command("remove")
@click.argument("name", shell_complete=offer_people)
@dry_run
@yes
@click.pass_obj
def remove(settings: Settings, name: str, dry_run: bool, yes: bool) -> int:
    """Take someone out of the rotation.

    What you logged about them stays in calsync's memory, should they come back; `calsync people forget` removes that,
    too.
    """
    desk = open_at(settings)
    from calsync.roster import remove as use_case

    return shown_first(lambda on_paper: use_case(desk, name, dry_run=on_paper), dry_run=dry_run, yes=yes)


people.add_command(export)
people.add_command(forget)
people.add_command(import_)
people.add_command(merge)
people.add_command(pause)
people.add_command(resume)
