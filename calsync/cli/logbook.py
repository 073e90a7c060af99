"""What came of a turn, as the leader says it: done, skip and snooze."""

from __future__ import annotations

import sys
from datetime import datetime, time
from typing import TYPE_CHECKING

import click

from calsync.cli.completing import offer_people
from calsync.cli.options import dry_run, now_option, open_at, shown_first, yes
from calsync.cli.output import lines, sentences
from calsync.cli.private import ASK, given_text, may_be_kept
from calsync.cli.when import parse_day, parse_due
from calsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calsync.cli import Settings
    from calsync.logbook import Said
    from calsync.promises import Asked

__all__ = ["done", "skip", "snooze"]


@click.command()
@click.argument("name", shell_complete=offer_people)
@click.option("--note", metavar="TEXT", help="What you want to remember of it. - asks for it, or reads stdin.")
@click.option("--feel", type=click.IntRange(1, 5), metavar="1-5", help="How it felt to you: 1 is worst, 5 is best.")
@click.option(
    "--thread",
    metavar="TEXT",
    help="What to ask about next time; closes the earlier one. - asks for it, or reads stdin.",
)
@click.option("--close-thread", is_flag=True, help="What was left open last time is settled.")
@click.option(
    "--promise", metavar="TEXT", help="What you promised them; goes with --by. - asks for it, or reads stdin."
)
@click.option("--by", metavar="WHEN", help="By when you promised it: fri, in 2 weeks, 3 Dec, 2026-12-04 14:00.")
@click.option("--minutes", type=int, metavar="N", help="How long it will take you.  [default: 30]")
@click.option("--no-answer", is_flag=True, help="You reached out and heard nothing: not a talk.")
@click.option("--declined", is_flag=True, help="The answer was: not now. An answer, but not a talk.")
@click.option("--on", "on", metavar="DAY", help="When it was, if not now: 2026-11-05, yesterday, fri, 3d.")
@click.option("--undo", is_flag=True, help="Take back what you logged last of them, with its note.")
@click.option("--new-key", is_flag=True, help="Note it with a new key, though the key of earlier notes is lost.")
@now_option
@dry_run
@yes
@click.pass_obj
def done(
    settings: Settings,
    name: str,
    note: str | None,
    feel: int | None,
    thread: str | None,
    close_thread: bool,
    promise: str | None,
    by: str | None,
    minutes: int | None,
    no_answer: bool,
    declined: bool,
    on: str | None,
    undo: bool,
    new_key: bool,
    now: datetime | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Say that you have reached someone.

    Their clock starts anew, and the next night gives the turn to somebody else. NAME may be a part of the name, as
    long as it can mean one person only.

    What you note is for you alone: it is encrypted, never leaves this machine, and is deleted after 18 months unless
    privacy.notes_months says otherwise. A text on the command line stays in your shell's history; --note - and
    --thread - ask for it instead. Before details of health, belief or family are saved you are asked once more.
    """
    _go_together(
        {
            "--note": note is not None,
            "--feel": feel is not None,
            "--thread": thread is not None,
            "--close-thread": close_thread,
            "--promise": promise is not None,
            "--by": by is not None,
            "--minutes": minutes is not None,
            "--no-answer": no_answer,
            "--declined": declined,
            "--on": on is not None,
            "--undo": undo,
            "--new-key": new_key,
        }
    )
    desk = open_at(settings, now)
    from calsync.contacts import find_person
    from calsync.logbook import Said, record_done, take_back
    from calsync.people.contacts import ContactKind

    if undo:
        return shown_first(lambda on_paper: take_back(desk, name, dry_run=on_paper), dry_run=dry_run, yes=yes)
    at = None
    if on is not None:
        day = parse_day(on, desk.now.date(), past=True)
        # The hour does not matter to a clock that counts days; noon is that day in every zone that people live in.
        at = datetime.combine(day, time(12), desk.config.zone)
    person = find_person(desk.config.people, name).name
    kind = ContactKind.NO_ANSWER if no_answer else ContactKind.DECLINED if declined else ContactKind.PERSONAL
    asked = [f"--{what}" for what, text in (("note", note), ("thread", thread), ("promise", promise)) if text == ASK]
    if len(asked) > 1 and not sys.stdin.isatty():
        raise UsageError(f"{asked[0]} - and {asked[1]} - cannot both be read from stdin", "give one of them in words")
    said = Said(kind, feel, _text("note", note), _text("thread", thread), close_thread)
    given = _promise(promise, by, minutes, desk.now)
    if dry_run:
        sentences(_would(person, said, given))
        return 0
    if not may_be_kept("\n\n".join([said.note, said.thread, given.text if given else ""]), yes=yes):
        lines([f"Nothing was noted. To log the talk alone: calsync done {person!r}"])
        return 0
    if given is None:
        sentences(record_done(desk, name, at, said, new_key=new_key))
        return 0
    from calsync.cli.promise import tell_prospect
    from calsync.prospects import without_room

    before = without_room(desk)
    sentences(record_done(desk, name, at, said, promise=given, new_key=new_key))
    return tell_prospect(desk, None, before)


def _go_together(given: Mapping[str, bool]) -> None:
    """Refuse options that exclude each other."""
    of_a_talk = ("--note", "--feel", "--thread", "--close-thread", "--promise")
    excluded = {
        "--undo": [name for name in given if name != "--undo"],
        "--no-answer": ["--declined", *of_a_talk, "--new-key"],
        "--declined": [*of_a_talk, "--new-key"],
        "--thread": ["--close-thread"],
    }
    why = {
        "--undo": "--undo takes back, it logs nothing",
        "--thread": "a new thread closes the earlier one by itself",
    }
    for name, others in excluded.items():
        for other in others:
            if given[name] and given[other]:
                reason = why.get(name, "where nobody talked there is nothing to note of a talk")
                if other == "--declined":
                    reason = "either nobody answered, or they did"
                raise UsageError(f"{name} and {other} exclude each other: {reason}", "leave out one of them")
    if given["--new-key"] and not any(given[name] for name in of_a_talk):
        raise UsageError("--new-key is for a note", "add --note, --feel, --thread or --promise")


_QUESTIONS = {
    "note": "What do you want to remember of it?",
    "thread": "What to ask about next time",
    "promise": "What you promised",
}


def _text(what: str, given: str | None) -> str:
    """The text as given, or asked for. Raises UsageError for an empty one."""
    if given is None:
        return ""
    text = given_text(what, given, _QUESTIONS[what], one_line=what != "note")
    if not text.strip():
        raise UsageError(f"the {what} is empty", f"write something, or leave out --{what}")
    return text


def _promise(text: str | None, by: str | None, minutes: int | None, now: datetime) -> Asked | None:
    """What is promised, None when nothing is; raises UsageError for a part of a promise."""
    if text is None:
        for name, value in (("--by", by), ("--minutes", minutes)):
            if value is not None:
                raise UsageError(f"{name} is for a promise", 'add --promise "what you promised"')
        return None
    if by is None:
        raise UsageError("a promise needs a day", "add --by, for example --by fri or --by 2026-12-04")
    from calsync.promises import Asked

    due = parse_due(by, now)
    return Asked(_text("promise", text), due, 30 if minutes is None else minutes)


def _would(person: str, said: Said, promise: Asked | None) -> list[str]:
    from calsync.people.contacts import ContactKind

    if said.kind is ContactKind.NO_ANSWER:
        return [f"Would note that {person} did not answer."]
    if said.kind is ContactKind.DECLINED:
        return [f"Would note that {person} declined."]
    parts = {
        f"a feel of {said.feel}": said.feel is not None,
        "a note": bool(said.note),
        "a thread, which closes the earlier one": bool(said.thread),
        "the open thread closed": said.close_thread,
        f"a promise due {promise.due:%a %d %b %Y %H:%M}" if promise else "": promise is not None,
    }
    kept = [part for part, there in parts.items() if there]
    return [f"Would note a talk with {person}{', with ' if kept else ''}{'; '.join(kept)}."]


@click.command()
@click.argument("name", shell_complete=offer_people)
@now_option
@dry_run
@click.pass_obj
def skip(settings: Settings, name: str, now: datetime | None, dry_run: bool) -> int:
    """Pass over someone this time.

    It counts as no contact: they stay due, but somebody else gets the turn.
    """
    desk = open_at(settings, now)
    from calsync.contacts import find_person
    from calsync.logbook import record_skip

    if dry_run:
        lines([f"Would pass over {find_person(desk.config.people, name).name} this time."])
    else:
        lines([record_skip(desk, name)])
    return 0


@click.command()
@click.argument("name", shell_complete=offer_people)
@click.option("--until", metavar="DAY", required=True, help="2026-11-20, fri, tomorrow, 10d, 2w.")
@now_option
@dry_run
@click.pass_obj
def snooze(settings: Settings, name: str, until: str, now: datetime | None, dry_run: bool) -> int:
    """Leave someone out until a day."""
    desk = open_at(settings, now)
    day = parse_day(until, desk.now.date())
    from calsync.contacts import find_person
    from calsync.logbook import record_snooze

    if dry_run:
        lines([f"Would leave out {find_person(desk.config.people, name).name} until {day.isoformat()}."])
    else:
        told = record_snooze(desk, name, day)
        # The answer ends with the day, which stands without its year; a far one is only seen to be mistyped with it.
        lines([told if day.year == desk.now.year else f"{told.removesuffix('.')} {day.year}."])
    return 0
