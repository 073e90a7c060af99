"""From an exception to lines on stderr and an exit code: the one translator.

What only a bug needs is imported when there is one: the night loads this module too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from calsync import __version__
from calsync.errors import CalsyncError, ConfigError

if TYPE_CHECKING:
    from calsync.cli import Settings

__all__ = ["log_to_stderr", "say", "tell", "write_report"]

_EXIT_BUG = 1
_EXIT_USAGE = 2
_OF_ALL = {"-q": "", "--quiet": "", "-v": "", "--verbose": "", "--config": " PATH", "--state": " DIR"}
"""The options of every command, with what follows them."""
_LIBRARIES = ("alembic", "click", "icalendar", "pydantic", "recurring-ical-events", "requests", "rich", "sqlalchemy")


def tell(error: Exception, settings: Settings) -> int:
    """Print what is wrong and what to do on stderr; return the exit code.

    One shape for all: `calsync: ` and what is wrong, then two spaces and the next step. An error that is no
    `CalsyncError` is a bug: its report goes to a file, and the line says where. With -vv the traceback comes first.
    """
    if settings.verbosity > 1:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, ConfigError) and error.problems:
        _say([str(problem) for problem in error.problems], error.next_step)
        return error.exit_code
    if isinstance(error, CalsyncError) and type(error) is not CalsyncError:
        say([error])
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        print(error.format_message(), file=sys.stderr)
        return _EXIT_USAGE
    if isinstance(error, click.ClickException):
        _say([_as_sentence(error)], _help_line(error, settings.words))
        return _EXIT_USAGE
    report = write_report(error, _state_of(settings), settings.words)
    _say([f"something went wrong that is not your fault ({type(error).__name__})"], f"the report is in {report}")
    return _EXIT_BUG


def _state_of(settings: Settings) -> Path | None:
    """The state folder that was meant, when it is there."""
    from calsync.cli.options import paths_of
    from calsync.places import is_folder

    try:
        folder = paths_of(settings)[1]
    except Exception:  # noqa: BLE001 - on the way to tell of one bug, another must not hide it
        return None
    return folder if is_folder(folder) else None


def say(errors: Iterable[CalsyncError]) -> None:
    """Print each error on stderr in the one shape: for a run that went on after it."""
    for error in errors:
        _say([error.what], error.next_step)


def write_report(error: BaseException, state_folder: Path | None, words: Sequence[str] = ()) -> Path:
    """Write where `error` came from, and the versions, to a new file that only its owner can read; return its path.

    `words` is how calsync was called: the command and the names of options are put down, no value, which may be a
    name or a path. The file goes to `reports/` in the state folder where there is one that can be written, else to the
    folder for temporary files. No message is in it, only types and lines of code: a message may quote a title or a
    name.
    """
    import tempfile

    from calsync.places import is_folder

    text = "\n".join([*_versions(), *_called(words), *_night_log(state_folder), "", *_stacks(error), ""])
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    if state_folder is not None and is_folder(state_folder):
        try:
            folder = state_folder / "reports"
            folder.mkdir(mode=0o700, exist_ok=True)
            return _write_new(folder, stamp, text)
        except OSError as refusal:
            print(f"calsync: {state_folder}: no report can be written here ({refusal.strerror})", file=sys.stderr)
    return _write_new(Path(tempfile.gettempdir()), stamp, text)


def log_to_stderr(verbosity: int) -> None:
    """Send the log of calsync and its providers to stderr: -v what is being done, -vv every detail."""
    import logging

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    for name in ("calsync", "providers"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG if verbosity > 1 else logging.INFO)


def _say(lines: list[str], next_step: str) -> None:
    from calsync.cli.paragraph import visible

    # What is wrong may quote the name of a file, or a server: anybody's words.
    for line in lines:
        print(f"calsync: {visible(line)}", file=sys.stderr)
    if next_step:
        print(f"  {visible(next_step)}", file=sys.stderr)


def _as_sentence(error: click.ClickException) -> str:
    """Click's own sentence, begun and ended like ours."""
    text = " ".join(error.format_message().split()).rstrip(".").replace("is not a valid integer", "is no whole number")
    return text[:1].lower() + text[1:]


def _help_line(error: click.ClickException, words: Sequence[str]) -> str:
    context = getattr(error, "ctx", None)
    # click forgets whose option it was that lacks its value.
    see = f"see: {context.command_path if context is not None else ' '.join(_said(words, options=False))} --help"
    if isinstance(error, click.NoSuchOption) and error.option_name in _OF_ALL and context is not None:
        program, _, command = context.command_path.partition(" ")
        return f"it stands before the command: {program} {error.option_name}{_OF_ALL[error.option_name]} {command}"
    takes_words = context is not None and any(isinstance(one, click.Argument) for one in context.command.params)
    if "unexpected extra argument" in error.message and takes_words:
        return f"put words that belong together in quotes; {see}"
    return see


def _called(words: Sequence[str]) -> list[str]:
    """The command and its options as they were given, without anything that a person typed."""
    return [f"called as: {' '.join(_said(words))}"] if words else []


def _said(words: Sequence[str], *, options: bool = True) -> list[str]:
    """The names of commands, and of options where these are wanted, among the words of a call."""
    from calsync.cli import cli

    said, command = ["calsync"], cast("click.Command", cli)
    for word in words:
        context = click.Context(command)
        inner = command.get_command(context, word) if isinstance(command, click.Group) else None
        option = word.partition("=")[0]
        if inner is not None:
            command = inner
            said.append(word)
        elif options and any(
            option in param.opts or option in param.secondary_opts for param in command.get_params(context)
        ):
            said.append(option)
    return said


def _night_log(state_folder: Path | None) -> list[str]:
    """Where the newest log lies, for the events before."""
    if state_folder is None:
        return []
    from calsync.nightlog import FOLDER

    newest = max((state_folder / FOLDER).glob("*.jsonl"), default=None)
    return [] if newest is None else [f"the newest log of a night: {FOLDER}/{newest.name} in the state folder"]


def _versions() -> list[str]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    lines = [f"calsync {__version__}", f"Python {sys.version.split()[0]} on {sys.platform} ({system})"]
    for name in _LIBRARIES:
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.append(f"{name} is not installed")
    return lines


def _stacks(error: BaseException) -> list[str]:
    """Every exception of the chain, first cause first: its frames and its type."""
    import traceback

    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    lines: list[str] = []
    for exception in reversed(chain):
        lines += [line.rstrip() for line in traceback.format_list(traceback.extract_tb(exception.__traceback__))]
        lines += [f"{type(exception).__module__}.{type(exception).__qualname__}", ""]
    return lines


def _write_new(folder: Path, stamp: str, text: str) -> Path:
    import os
    import tempfile

    handle, name = tempfile.mkstemp(prefix=f"calsync-{stamp}-", suffix=".txt", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return Path(name)
