"""The command line: thin, lazy; it parses, calls one use case, and renders.

This module is all that `calsync --help` loads, so it imports click and nothing else: the list of commands is a
literal table, and each command's own module is imported when that command is called.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from calsync import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from calsync.cli.streams import Outlet

__all__ = ["COMMANDS", "COMPLETE", "LazyGroup", "Settings", "cli", "main"]

COMMANDS: dict[str, dict[str, tuple[str, str]]] = {
    "Begin": {
        "setup": (
            "calsync.cli.setup:setup",
            "Set calsync up, once: calendars, hours, blocks, people, privacy, the schedule.",
        ),
        "demo": ("calsync.cli.demo:demo", "Make up a leader's calendar, run a night on it, show the week."),
        "completion": ("calsync.cli.completion:completion", "Let the Tab key complete commands, options and names."),
    },
    "Every night": {
        "schedule": ("calsync.cli.schedule:schedule", "Run the nights from this machine's own scheduler."),
        "plan": ("calsync.cli.night:plan", "Show what the night would change, and why."),
        "nightly": ("calsync.cli.night:nightly", "Read, plan, write and export: what a schedule runs."),
        "log": ("calsync.cli.log:log", "Show what past runs did, or all that one of them did."),
        "doctor": ("calsync.cli.doctor:doctor", "Show what would fail tonight, before it does."),
    },
    "Every day": {
        "today": ("calsync.cli.coming:today", "Show today's blocks, with the brief for each person."),
        "week": ("calsync.cli.coming:week", "Show the blocks of the next seven days: when, whom, why them."),
        "who": ("calsync.cli.people:who", "Show whose turn it is, most due first; --explain says why."),
        "done": ("calsync.cli.logbook:done", "Say that you have reached someone."),
        "skip": ("calsync.cli.logbook:skip", "Pass over someone this time."),
        "snooze": ("calsync.cli.logbook:snooze", "Leave someone out until a day."),
        "kindness": ("calsync.cli.kindness:kindness", "Show one small act of kindness; note it, or skip it."),
        "promise": (
            "calsync.cli.promise:promise",
            "Keep your word: what you promised, by when, and what came of it.",
        ),
        "change": ("calsync.cli.change:change", "Include people in a change: whom it affects, who was asked before."),
    },
    "People and calendars": {
        "people": ("calsync.cli.people:people", "List, add, change, remove, import, export and forget people."),
        "topics": ("calsync.cli.topics:topics", "List, add and check conversation topics."),
        "calendars": ("calsync.cli.looks:calendars", "Show what is connected; sign in to a calendar."),
        "report": (
            "calsync.cli.report:report",
            "Show where your attention went: reach, gaps, blocks kept and displaced.",
        ),
        "export": ("calsync.cli.export:export", "Write the blocks as iCalendar."),
        "serve": (
            "calsync.cli.serve:serve",
            "Show the coming week in your browser, and give your calendar programs the blocks.",
        ),
    },
    "Taking back": {
        "undo": ("calsync.cli.takeback:undo", "Take back what a run wrote."),
        "restore": ("calsync.cli.takeback:restore", "Bring back blocks that you had deleted."),
        "uninstall": ("calsync.cli.takeback:uninstall", "Remove every block from every calendar, and the schedule."),
    },
}
"""Every command by section: where it is ("module:function") and its one line of help."""

_STDOUT = 1
COMPLETE = "_CALSYNC_COMPLETE"
"""The variable by which a shell asks what can be typed next: its own name and what it wants. See completing.py."""
_EXIT_NO_ROOM = 5
_EXIT_INTERRUPTED = 130
_EXIT_BROKEN_PIPE = 141


class Settings:
    """The global options as given. Nothing is looked up before a command asks for it."""

    __slots__ = ("config", "state", "verbosity", "words")

    def __init__(self) -> None:
        self.config: str | None = None
        self.state: str | None = None
        self.verbosity = 0
        self.words: tuple[str, ...] = ()
        """How calsync was called, for the report of a bug."""


class LazyGroup(click.Group):
    """A group whose commands stand in `COMMANDS` and are imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name, in the order of the table."""
        return [name for section in COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, which imports its module; None when there is none of that name."""
        for section in COMMANDS.values():
            if cmd_name in section:
                from importlib import import_module

                module, _, attribute = section[cmd_name][0].partition(":")
                command = getattr(import_module(module), attribute)
                assert isinstance(command, click.Command)
                return command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which names come near the one that was given."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            from difflib import get_close_matches

            near = get_close_matches(name, self.list_commands(ctx))
            meant = f"; did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"there is no command {name}{meant}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What can stand behind `calsync` (or an option of it), without importing a command."""
        from click.shell_completion import CompletionItem

        known = [item for section in COMMANDS.values() for item in section.items()]
        items = [CompletionItem(name, help=text) for name, (_, text) in known if name.startswith(incomplete)]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table, section by section, without importing a command."""
        for title, section in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in section.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with `calsync demo`, then `calsync setup`. Each command has its own --help.",
)
@click.option(
    "--config",
    type=click.Path(),
    metavar="PATH",
    envvar="CALSYNC_CONFIG",
    help="The configuration; else $CALSYNC_CONFIG, else your own.",
)
@click.option(
    "--state",
    type=click.Path(),
    metavar="DIR",
    envvar="CALSYNC_STATE",
    help="What calsync remembers; else $CALSYNC_STATE, else your own.",
)
@click.option("-v", "--verbose", count=True, help="Say more on stderr; -vv also shows where an error came from.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing that is not an error or the answer itself.")
@click.version_option(__version__, prog_name="calsync", message="%(prog)s %(version)s")
@click.pass_obj
def cli(settings: Settings, config: str | None, state: str | None, verbose: int, quiet: bool) -> None:
    """Makes time for people: keeps recurring blocks outside every meeting, and says whom to spend them on."""
    settings.config = config
    settings.state = state
    settings.verbosity = -1 if quiet else verbose
    if settings.verbosity > 0:
        from calsync.cli.failure import log_to_stderr

        log_to_stderr(settings.verbosity)


def main(args: Sequence[str] | None = None) -> int:
    """Run `calsync` with `args` (default: the process's own) and return its exit code; nothing is raised.

    Whatever goes wrong becomes lines on stderr and an exit code here, and nowhere else.
    """
    answer: Outlet | None = None
    if args is None:
        if asked := os.environ.get(COMPLETE):
            from calsync.cli import completing

            return completing.answer(asked)
        from calsync.cli.streams import prepare_streams

        answer = prepare_streams()
        # A process of a second makes little garbage and much that stays: looking for it often only costs, and so
        # does looking once more through everything at the end, which the system takes back anyway.
        gc.set_threshold(50_000, 20, 50)
        atexit.register(gc.freeze)
    settings = Settings()
    settings.words = tuple(sys.argv[1:] if args is None else args)
    try:
        try:
            code = cli.main(args, prog_name="calsync", standalone_mode=False, obj=settings)
            sys.stdout.flush()
        except (
            BrokenPipeError,
            SystemExit,
        ):  # click itself turns the first into the second, and exits for nothing else
            return _leave_the_pipe()
    except (KeyboardInterrupt, click.Abort):
        return _EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the one place where every error becomes an exit code
        from calsync.cli.failure import tell

        return tell(error, settings)
    exit_code = code if isinstance(code, int) else 0
    if answer is not None and answer.lost is not None:
        return _tell_that_the_answer_is_lost(answer.lost, exit_code)
    return exit_code


def _tell_that_the_answer_is_lost(refusal: OSError, exit_code: int) -> int:
    """Say that stdout took nothing; what failed before that counts for more."""
    from calsync.cli.failure import say
    from calsync.errors import Unfinished

    lost = Unfinished(
        f"stdout: the answer cannot be written ({refusal.strerror or refusal})",
        "what the command did is done; make room there or send the answer elsewhere, `calsync log` shows past runs",
    )
    say([lost])
    return lost.exit_code if exit_code in (0, _EXIT_NO_ROOM) else exit_code


def _leave_the_pipe() -> int:
    """The reader has gone: keep the interpreter from complaining at exit, and end as a filter would."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), _STDOUT)
    return _EXIT_BROKEN_PIPE
