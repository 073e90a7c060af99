"""The manual page, `man calsync`, made from the commands like docs/commands.md."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from calsync import __version__
from calsync.cli import COMMANDS, cli

__all__ = ["STATUS", "manual_page"]

STATUS = {
    0: "Done.",
    1: "A mistake of calsync's own; the message says where its report is.",
    2: "Wrong usage or configuration; nothing was done.",
    3: "Done in part: what failed is named, and a later run finishes it.",
    4: "An account wants you to sign in; the message has the command.",
    5: "A week has no room for any block, or a promise not enough time; they are named.",
    75: "Another run is in progress.",
    130: "Interrupted.",
    141: "Whoever read the answer has gone.",
}

_DESCRIPTION = """\
Every night calsync reads your calendars and keeps a few recurring blocks outside of every meeting. In the morning each
block names someone to reach, with what to know before and one question worth asking. It runs on your own machine,
invites nobody, sends no message, and changes nothing on a calendar that it did not put there itself.

Begin with `calsync demo`, which needs no account; `calsync setup` connects your own calendars, once.
"""


def manual_page() -> str:
    """The page in the macros of man(7). Nothing in it depends on the day or the machine."""
    root = click.Context(cli, info_name="calsync")
    lines = [
        '.\\" Made from the commands: python -m calsync.cli.generated',
        f'.TH CALSYNC 1 "" "calsync {__version__}" "User commands"',
        ".SH NAME",
        "calsync \\- make time for people in your calendar",
        ".SH SYNOPSIS",
        ".B calsync",
        f"{_text('[--config PATH] [--state DIR] [-v | -q] COMMAND')} ...",
        ".SH DESCRIPTION",
        *_paragraphs(_DESCRIPTION),
        ".SH OPTIONS OF EVERY COMMAND",
        *_options(cli, root),
    ]
    for title, section in COMMANDS.items():
        lines += [f".SH {title.upper()}"]
        for name in section:
            command = cli.get_command(root, name)
            assert command is not None
            lines += _command(command, click.Context(command, root, info_name=name))
    lines += [".SH EXIT STATUS"]
    for code, meaning in STATUS.items():
        lines += [".TP 6", f".B {code}", _text(meaning)]
    lines += [
        ".SH ENVIRONMENT",
        *_named("CALSYNC_CONFIG", "The configuration file, where --config is not given."),
        *_named("CALSYNC_STATE", "The state folder, where --state is not given."),
        *_named("CALSYNC_SECRET_NAME", "The password of the calendar NAME (in capitals), for a job without a keyring."),
        *_named("NO_COLOR", "Set to anything: no colours."),
        ".SH FILES",
        *_named("config.yaml", "What you decide, in the user's configuration folder for calsync."),
        *_named("calsync.db", "What calsync remembers, in the user's state folder for calsync, with its second copy."),
        ".SH SEE ALSO",
        "The pages that come with calsync, in docs: tutorial.md first.",
    ]
    return "\n".join(lines) + "\n"


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    yield f'.SS "{_text(context.command_path)} {_text(usage)}"'
    yield from _paragraphs(inspect.cleandoc(command.help or ""))
    yield from _options(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _command(inner, click.Context(inner, context, info_name=name))


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None and "--help" not in record[0]:
            yield from _named(*record)


def _named(name: str, meaning: str) -> Iterator[str]:
    yield from (".TP", f".B {_text(name)}", _text(meaning))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.strip().split("\n\n"):
        yield from (".PP", _text(" ".join(paragraph.split())))


def _text(text: str) -> str:
    """Words as roff takes them literally; what stands in backticks becomes bold."""
    safe = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq").replace("~", "\\(ti")
    bold = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", safe)
    return f"\\&{bold}" if bold[:1] in {".", "'"} else bold
