"""`promise`: what you promised, by when, and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from calsync.cli.completing import offer_people
from calsync.cli.options import as_json, dry_run, now_option, open_at, yes
from calsync.cli.output import lines, print_json, sentences, table
from calsync.cli.private import given_text, may_be_kept
from calsync.cli.when import parse_day, parse_due
from calsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from calsync.cli import Settings
    from calsync.desk import Desk
    from calsync.people.promises import PromiseState

__all__ = ["promise", "tell_prospect"]

_EXIT_NO_ROOM = 5

_EXAMPLE = 'for example: calsync promise add Ana "intro to Bo" --by fri'


@click.group()
def promise() -> None:
    """Keep your word: what you promised, by when, and what came of it.

    What you promised is encrypted and for you alone; the next nights find time for it before its day
    (docs/promises.md). WHICH is the number that `promise list` shows, or a name when one promise to them is open.
    """


@promise.command("add")
@click.argument("person", required=False, shell_complete=offer_people)
@click.argument("text", required=False)
@click.option("--by", metavar="WHEN", help="fri, fri 14:00, tomorrow, in 2 weeks, 3 Dec, 2026-12-04 14:00.")
@click.option("--minutes", type=int, default=30, show_default=True, metavar="N", help="How long it will take you.")
@click.option("--new-key", is_flag=True, help="Note it with a new key, though the key of earlier notes is lost.")
@now_option
@dry_run
@yes
@click.pass_obj
def add(
    settings: Settings,
    person: str | None,
    text: str | None,
    by: str | None,
    minutes: int,
    new_key: bool,
    now: datetime | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Note what you promised PERSON, by when, and how long it will take.

    TEXT - asks for it, or reads stdin, so that it stays out of your shell's history. A day without an hour is meant to
    its end. Ends with 5 when there is no room for it before then, and says what would make room; it is noted all the
    same.
    """
    if person is None:
        raise UsageError("a promise needs a person and a text", _EXAMPLE)
    desk = open_at(settings, now)
    from calsync.contacts import find_person
    from calsync.people.contacts import matching

    if text is None and not matching(desk.config.people, person):
        raise UsageError("a promise needs a person and a text", _EXAMPLE)
    name = find_person(desk.config.people, person).name
    if text is None:
        raise UsageError("the promise has no text", _EXAMPLE)
    if by is None:
        raise UsageError("a promise needs a day", "add --by, for example --by fri or --by 2026-12-04")
    due = parse_due(by, desk.now)
    from calsync.promises import Asked, made_words, make

    asked = Asked(given_text("promise", text, "What you promised", one_line=True), due, minutes)
    if dry_run:
        lines([f"Would note {made_words(desk, name, asked)}"])
        return 0
    if not may_be_kept(asked.text, yes=yes):
        lines(["Nothing was noted."])
        return 0
    from calsync.prospects import without_room

    before = without_room(desk)
    made, told = make(desk, name, asked, new_key=new_key)
    sentences(told)
    return tell_prospect(desk, made.id, before)


@promise.command("list", short_help="Show what you promised, overdue first, with the time for it.")
@click.option("--all", "everything", is_flag=True, help="Those that were kept or dropped, too.")
@now_option
@as_json
@click.pass_obj
def list_(settings: Settings, everything: bool, now: datetime | None, json_: bool) -> int:
    """Show what you promised, overdue first, with the time that is set aside for it."""
    desk = open_at(settings, now)
    from calsync.cli.failure import say
    from calsync.prospects import listing

    found = listing(desk, everything=everything)
    if json_:
        print_json({"promises": [view.as_json(desk) for view in found.views]})
    elif found.views:
        from calsync.cli.promisetext import promise_table

        table(promise_table(found, desk.now, desk.config.zone))
    else:
        lines(["No promise is open." if not everything else "You have noted no promise yet: calsync promise add"])
    say(found.problems)
    return 0


@promise.command("keep")
@click.argument("which")
@click.option("--on", metavar="DAY", help="When it was done, if not now: yesterday, fri, 2026-11-05, 3d.")
@click.option("--undo", is_flag=True, help="It is open after all.")
@now_option
@dry_run
@click.pass_obj
def keep(settings: Settings, which: str, on: str | None, undo: bool, now: datetime | None, dry_run: bool) -> int:
    """Say that you kept a promise.

    The next brief for them says so. With --on a day: in time if it was due on that day or later.
    """
    from calsync.people.promises import PromiseState

    return _close(settings, which, PromiseState.KEPT, on=on, undo=undo, now=now, dry_run=dry_run)


@promise.command("drop")
@click.argument("which")
@click.option("--undo", is_flag=True, help="It is open after all.")
@now_option
@dry_run
@click.pass_obj
def drop(settings: Settings, which: str, undo: bool, now: datetime | None, dry_run: bool) -> int:
    """Say that you are not going to keep a promise.

    Tell them yourself: calsync sends nothing. On the day on which it was made it counts as a slip of the hand.
    """
    from calsync.people.promises import PromiseState

    return _close(settings, which, PromiseState.DROPPED, undo=undo, now=now, dry_run=dry_run)


@promise.command("edit")
@click.argument("which")
@click.option("--by", metavar="WHEN", help="Another day or hour: fri, fri 14:00, in 2 weeks, 3 Dec, 2026-12-04.")
@click.option("--minutes", type=int, metavar="N", help="How long it will take you.")
@click.option("--text", metavar="TEXT", help="Other words for it. - asks for it, or reads stdin.")
@now_option
@dry_run
@yes
@click.pass_obj
def edit(
    settings: Settings,
    which: str,
    by: str | None,
    minutes: int | None,
    text: str | None,
    now: datetime | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Change by when a promise is due, how long it takes, or its words."""
    if by is None and minutes is None and text is None:
        raise UsageError("nothing to change", "give --by, --minutes or --text")
    desk = open_at(settings, now)
    due = parse_due(by, desk.now) if by is not None else None
    words = given_text("promise", text, "What you promised", one_line=True) if text is not None else None
    if words is not None and not words.strip():
        raise UsageError("the text is empty", "write something, or leave out --text")
    from calsync.promises import change

    if words is not None and not dry_run and not may_be_kept(words, yes=yes):
        lines(["Nothing was changed."])
        return 0
    from calsync.prospects import without_room

    before = without_room(desk)
    changed, told = change(desk, which, due=due, minutes=minutes, text=words, dry_run=dry_run)
    sentences(told)
    return 0 if dry_run else tell_prospect(desk, changed.id, before)


def tell_prospect(desk: Desk, number: int | None, before: Collection[int]) -> int:
    """Say when there is time for the promise `number`, None for the newest; 5 when it, or another beside it, has none.

    `before` are the promises that did not fit already.
    """
    from calsync.cli.promisetext import prospect_lines
    from calsync.prospects import asks_for_time, prospect

    found = prospect(desk, number, before)
    freeze = timedelta(hours=desk.config.planning.freeze_hours)
    sentences(prospect_lines(found, desk.now, desk.config.zone, configured=asks_for_time(desk), freeze=freeze))
    return _EXIT_NO_ROOM if found.view.short is not None or found.ousted else 0


def _close(
    settings: Settings,
    which: str,
    state: PromiseState,
    *,
    on: str | None = None,
    undo: bool,
    now: datetime | None,
    dry_run: bool,
) -> int:
    if undo and on is not None:
        raise UsageError("--undo opens a promise again, which takes no day", "leave out --on")
    desk = open_at(settings, now)
    from calsync.cli.failure import say
    from calsync.promises import close, reopen

    if undo:
        told, problems = reopen(desk, which, state, dry_run=dry_run)
    else:
        day = parse_day(on, desk.now.date(), past=True) if on is not None else None
        told, problems = close(desk, which, state, day, dry_run=dry_run)
    sentences([told])
    say(problems)
    return 0
