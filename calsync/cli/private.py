"""Words that are for the leader alone, as they come in: asked for where the shell should not keep them, and weighed."""

from __future__ import annotations

import sys

import click

from calsync.cli.options import confirm
from calsync.errors import UsageError

__all__ = ["ASK", "given_text", "may_be_kept"]

ASK = "-"
"""What stands for a text that is asked for instead of given."""
_MOST = 1_000_000
"""So many letters of stdin are looked at: what is longer is too long whatever follows."""


def given_text(what: str, given: str, question: str, *, one_line: bool) -> str:
    """The text as given, or for `-` what the person at the terminal types, or stdin.

    `what` names it in errors. A text of one line is asked for behind `question`; another one goes to the first empty
    line. Raises UsageError for what is no text.
    """
    if given != ASK:
        return given
    if not sys.stdin.isatty():
        try:
            return sys.stdin.read(_MOST)
        except UnicodeDecodeError:
            raise UsageError(f"the {what} on stdin is no text in {sys.stdin.encoding}", "send it as UTF-8") from None
    if one_line:
        answer: str = click.prompt(question, err=True, default="", show_default=False)
        return answer
    click.echo(f"{question} An empty line ends it.", err=True)
    typed: list[str] = []
    while line := sys.stdin.readline().rstrip("\r\n"):
        typed.append(line)
    return "\n".join(typed)


def may_be_kept(text: str, *, yes: bool) -> bool:
    """Ask before details are saved that had better not be; True when there are none, or with the leader's yes."""
    from calsync.people.sensitive import concerns

    found = concerns(text)
    if not found or yes:
        return True
    touched = ", ".join(f"{concern.about} ({concern.word})" for concern in found)
    click.echo(f"This seems to speak of {touched}.", err=True)
    click.echo("Keep such details only with a good reason: they can ask you to see what you noted.", err=True)
    return confirm("Save it all the same?", yes=False)
