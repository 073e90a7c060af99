"""Questions and answers in plain lines: numbers to choose by, boxes to tick by number, nothing that is drawn over.

All of it goes to stderr, as with every question: stdout has what a command answers. Lines that are never drawn over are
what a screen reader can follow, and what a log of a terminal shows as it was.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

import click

from calsync.cli.output import wrapped
from calsync.cli.person import Person
from calsync.errors import UsageError

__all__ = ["AtTerminal", "Unattended"]

T = TypeVar("T")
_WIDEST = 100
_NARROWEST = 40


class AtTerminal:
    """Somebody sits at the terminal. See calsync.setup.interview.Interview."""

    attended = True

    def heading(self, text: str) -> None:
        """Begin another part."""
        bold = sys.stderr.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        _show("")
        _show(click.style(text, bold=True) if bold else text)
        _show("")

    def say(self, text: str) -> None:
        """Show a sentence, wrapped; what begins with spaces keeps them on each of its lines."""
        indent = " " * (len(text) - len(text.lstrip()))
        _wrapped(text.strip(), indent, indent + "    " if indent else "")

    def warn(self, what: str, next_step: str) -> None:
        """Show what went wrong, and what to do."""
        _wrapped(f"calsync: {what}")
        if next_step:
            _wrapped(next_step, "  ", "  ")

    def ask(self, question: str, default: str, check: Callable[[str], T], *, example: str = "") -> T:
        """Ask until `check` takes the answer."""
        hint = f" (for instance {example})" if example and example != default else ""
        while True:
            said = _prompt(f"{question}{hint}", default)
            try:
                return check(said)
            except ValueError as error:
                _wrapped(str(error), "  ", "  ")

    def choose(self, question: str, options: Sequence[tuple[str, str]], default: str) -> str:
        """Show the options with their numbers; a number or the beginning of an option is an answer."""
        keys = [key for key, _ in options]
        _wrapped(question)
        for number, (_, words) in enumerate(options, 1):
            _wrapped(words, f"  {number:>2}  ", " " * 6)
        usual = str(keys.index(default) + 1) if default in keys else "1"
        while True:
            said = _prompt("Which one", usual)
            found = _option(said, options)
            if found is not None:
                return found
            _show(f"  expected a number from 1 to {len(options)}")

    def tick(self, question: str, rows: Sequence[str], ticked: Collection[int]) -> frozenset[int]:
        """Show the rows with their boxes; numbers turn boxes over, an empty line ends it."""
        now = set(ticked)
        _wrapped(question)
        while True:
            for at, row in enumerate(rows):
                _wrapped(row, f"  {at + 1:>2} [{'x' if at in now else ' '}] ", " " * 9)
            said = _prompt("Numbers to tick or untick (1 3-5), all, none; Enter when it is right", "")
            if not said:
                return frozenset(now)
            if said.lower() in ("all", "a"):
                now = set(range(len(rows)))
            elif said.lower() in ("none", "n"):
                now = set()
            else:
                chosen = _numbers(said, len(rows))
                if chosen is None:
                    _show("  " + _expected(len(rows)))
                    continue
                now ^= chosen

    def agree(self, question: str, default: bool) -> bool:
        """Yes or no."""
        end = "" if question.endswith((".", "?")) else "?"
        return _yes(f"{question}{end}", default=default)

    def person(self, calendar: str) -> Person:
        """Them, for a sign-in."""
        return Person(calendar)


class Unattended:
    """Nobody is asked: every default is the answer. See calsync.setup.interview.Interview."""

    attended = False

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def heading(self, text: str) -> None:
        """Nobody looks."""

    def say(self, text: str) -> None:
        """Show what was done, unless that is not wanted."""
        if not self._quiet:
            _show(text)

    def warn(self, what: str, next_step: str) -> None:
        """Show what went wrong, in the one shape of errors."""
        _show(f"calsync: {what}")
        if next_step:
            _show(f"  {next_step}")

    def ask(self, question: str, default: str, check: Callable[[str], T], *, example: str = "") -> T:
        """The default; one that cannot be is refused."""
        try:
            return check(default)
        except ValueError as error:
            raise UsageError(
                f"{question}: {error}", "say it with an option; calsync setup --help has them all"
            ) from None

    def choose(self, question: str, options: Sequence[tuple[str, str]], default: str) -> str:
        """The default."""
        return default

    def tick(self, question: str, rows: Sequence[str], ticked: Collection[int]) -> frozenset[int]:
        """Those that are ticked at first."""
        return frozenset(ticked)

    def agree(self, question: str, default: bool) -> bool:
        """The default."""
        return default

    def person(self, calendar: str) -> Person:
        """Whoever wrote the first line of stdin, for a password."""
        return Person(calendar)


def _show(text: str) -> None:
    click.echo(text, err=True)


def _width() -> int:
    import shutil

    return max(_NARROWEST, min(shutil.get_terminal_size((80, 24)).columns, _WIDEST))


def _wrapped(text: str, first: str = "", following: str = "") -> None:
    for line in wrapped(text, _width(), first, following) or [first.rstrip()]:
        _show(line)


def _prompt(question: str, default: str) -> str:
    """What they type; the question's last line is the prompt itself, so that it can be edited behind it."""
    lines = wrapped(f"{question} [{default}]" if default else question, _width() - 2) or [question]
    for line in lines[:-1]:
        _show(line)
    answer: str = click.prompt(lines[-1], default=default, show_default=False, prompt_suffix=": ", err=True)
    return answer.strip()


def _yes(question: str, *, default: bool) -> bool:
    while True:
        said = _prompt(f"{question} (y or n)", "y" if default else "n").lower()
        if said in ("y", "yes", "n", "no"):
            return said.startswith("y")
        _show("  expected y or n")


def _expected(rows: int) -> str:
    """What may be answered to so many boxes."""
    if rows == 1:
        return "expected 1, or Enter alone"
    return f"expected numbers from 1 to {rows}, such as {'1 3-5' if rows > 4 else f'1 {rows}'}"


def _option(said: str, options: Sequence[tuple[str, str]]) -> str | None:
    if said.isdecimal():
        return options[int(said) - 1][0] if 1 <= int(said) <= len(options) else None
    folded = said.casefold()
    found = [key for key, words in options if folded in (key.casefold(), words.casefold())]
    found = found or [key for key, words in options if folded and words.casefold().startswith(folded)]
    return found[0] if len(found) == 1 else None


def _numbers(said: str, most: int) -> set[int] | None:
    """The places (from 0) that numbers and ranges mean, None for anything else."""
    chosen: set[int] = set()
    for part in said.replace(",", " ").split():
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            return None
        begin, end = int(first), int(last) if dash else int(first)
        if not 1 <= begin <= end <= most:
            return None
        chosen |= set(range(begin - 1, end))
    return chosen
