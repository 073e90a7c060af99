"""The page of commands, made from the commands; `python -m calsync.cli.generated` writes it anew."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from calsync.cli import COMMANDS, cli
from calsync.cli.pages import between

__all__ = ["BEGIN", "END", "commands_reference", "rewritten"]

BEGIN = "<!-- generated from the commands: begin -->"
END = "<!-- generated from the commands: end -->"


def commands_reference() -> str:
    """Every command with its arguments and options, as Markdown."""
    root = click.Context(cli, info_name="calsync")
    lines = ["## Options of every command", "", *_options(cli, root)]
    for title, section in COMMANDS.items():
        lines += [f"## {title}", ""]
        for name in section:
            command = cli.get_command(root, name)
            assert command is not None
            lines += _command(command, click.Context(command, root, info_name=name), "###")
    return "\n".join(lines).rstrip() + "\n"


def rewritten(page: str) -> str:
    """The page with what stands between the marks made anew. Raises ValueError when the marks are not there."""
    return between(page, BEGIN, END, commands_reference())


def _command(command: click.Command, context: click.Context, heading: str) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (f"{heading} `{context.command_path}`", "")
    yield from ("```", f"{context.command_path} {usage}".rstrip(), "```", "")
    yield from (inspect.cleandoc(command.help or ""), "")
    yield from _options(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _command(inner, click.Context(inner, context, info_name=name), heading + "#")


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    """A table of the command's own options; `--help`, which each has, is left out."""
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None and "--help" not in record[0]:
            rows.append(f"| `{record[0].replace('|', ' or ')}` | {record[1]} |")
    if rows:
        yield from ("| option | |", "|---|---|", *rows, "")


def main() -> None:
    """Write the page that is named anew."""
    path = Path(sys.argv[1])
    path.write_text(rewritten(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
