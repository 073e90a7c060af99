"""What came of a turn, as the leader says it: done, skip and snooze."""

from __future__ import annotations

import sys
from datetime import datetime, time
from typing import TYPE_CHECKING

import click

from calsync.cli.options import confirm, dry_run, now_option, open_at, shown_first, yes
from calsync.cli.output import lines
from calsync.cli.when import parse_day
from calsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calsync.cli import Settings
    from calsync.logbook import Said

__all__ = ["done", "skip", "snooze"]

_ASK = "-"
"""What stands for a text that is asked for instead of given."""
_MOST = 1_000_000
"""So many letters of stdin are looked at: what is longer is too long whatever follows."""


@click.command()
@click.argument("name")
@click.option("--note", metavar="TEXT", help="What you want to remember of it. - asks for it, or reads stdin.")
@click.option("--feel", type=click.IntRange(1, 5), metavar="1-5", help="How it felt to you: 1 is worst, 5 is best.")
@click.option(
    "--thread",
    metavar="TEXT",
    help="What to ask about next time; closes the earlier one. - asks for it, or reads stdin.",
)
@click.option("--close-thread", is_flag=True, help="What was left open last time is settled.")
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
    if note == thread == _ASK and not sys.stdin.isatty():
        raise UsageError("--note - and --thread - cannot both be read from stdin", "give one of them in words")
    said = Said(kind, feel, _text("note", note), _text("thread", thread), close_thread)
    if dry_run:
        lines(_would(person, said))
        return 0
    if not _may_be_kept(said, yes=yes):
        lines([f"Nothing was noted. To log the talk alone: calsync done {person!r}"])
        return 0
    lines(record_done(desk, name, at, said, new_key=new_key))
    return 0


def _go_together(given: Mapping[str, bool]) -> None:
    """Refuse options that exclude each other."""
    of_a_talk = ("--note", "--feel", "--thread", "--close-thread")
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
        raise UsageError("--new-key is for a note", "add --note, --feel or --thread")


def _text(what: str, given: str | None) -> str:
    """The text as given, or asked for. Raises UsageError for an empty one."""
    if given is None:
        return ""
    text = given
    if given == _ASK:
        text = _asked(what) if sys.stdin.isatty() else _from_stdin(what)
    if not text.strip():
        raise UsageError(f"the {what} is empty", f"write something, or leave out --{what}")
    return text


def _asked(what: str) -> str:
    """What is typed at the terminal: a thread is one line, a note goes to the first empty one."""
    if what == "thread":
        answer: str = click.prompt("What to ask about next time", err=True, default="", show_default=False)
        return answer
    click.echo("What do you want to remember of it? An empty line ends it.", err=True)
    typed: list[str] = []
    while line := sys.stdin.readline().rstrip("\r\n"):
        typed.append(line)
    return "\n".join(typed)


def _from_stdin(what: str) -> str:
    try:
        return sys.stdin.read(_MOST)
    except UnicodeDecodeError:
        raise UsageError(f"the {what} on stdin is no text in {sys.stdin.encoding}", "send it as UTF-8") from None


def _may_be_kept(said: Said, *, yes: bool) -> bool:
    """Ask before details are saved that had better not be; True when there are none, or with the leader's yes."""
    from calsync.people.sensitive import concerns

    found = concerns(f"{said.note}\n\n{said.thread}")
    if not found or yes:
        return True
    touched = ", ".join(f"{concern.about} ({concern.word})" for concern in found)
    click.echo(f"This seems to speak of {touched}.", err=True)
    click.echo("Keep such details only with a good reason: they can ask you to see what you noted.", err=True)
    return confirm("Save it all the same?", yes=False)


def _would(person: str, said: Said) -> list[str]:
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
    }
    kept = [part for part, there in parts.items() if there]
    return [f"Would note a talk with {person}{', with ' if kept else ''}{'; '.join(kept)}."]


@click.command()
@click.argument("name")
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
@click.argument("name")
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
