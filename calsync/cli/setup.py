"""`setup`: the one-time questions, each of which an option can answer; then the first plan, and the first night."""

from __future__ import annotations

import difflib
import shlex
import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from calsync.cli.called import called
from calsync.cli.failure import say
from calsync.cli.options import dry_run, now_option, paths_of
from calsync.cli.output import lines, progress_bar, sentences
from calsync.errors import CalsyncError, SignInNeeded, UsageError
from calsync.schedule.kinds import KINDS

if TYPE_CHECKING:
    from calsync.cli import Settings
    from calsync.nightreport import NightReport
    from calsync.setup.draft import Draft
    from calsync.setup.plan import Setup
    from calsync.setup.wishes import Wishes

__all__ = ["setup"]


def _reader(name: str) -> Callable[[str], Any]:
    """What reads an option as calsync.setup.wishes does; that is imported when the option is given."""

    def read(text: str) -> Any:
        from calsync.setup import wishes

        return _checked(getattr(wishes, name), text)

    return read


def _form(name: str) -> Callable[[str], Any]:
    """What checks an option as the configuration does."""

    def check(text: str) -> Any:
        from calsync.config import forms

        return _checked(getattr(forms, name)().check, text)

    return check


def _checked(reader: Callable[[str], Any], text: str) -> Any:
    try:
        return reader(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _named_file(text: str) -> tuple[str, Path]:
    """NAME=FILE: a file for the calendar of that name."""
    name, sign, file = text.partition("=")
    if not (name.strip() and sign and file.strip()):
        raise click.BadParameter(f"expected the calendar's name and a file, such as work=secret.txt, not {text!r}")
    return name.strip(), Path(file.strip()).expanduser()


def _options(command: Callable[..., object]) -> Callable[..., object]:
    """Every answer as an option, in the order of the questions."""
    for option in reversed(_ANSWERS):
        command = option(command)
    return command


_FILE = click.Path(dir_okay=False, path_type=Path)
_ANSWERS = (
    click.option(
        "--calendar",
        "calendars",
        multiple=True,
        type=_reader("calendar_of"),
        metavar="KEYS",
        help='A calendar, as the configuration has it: "name: work, provider: ics, path: ~/calendars, write: true".',
    ),
    click.option(
        "--sign-in",
        "way",
        type=click.Choice(["browser", "paste", "device-code"]),
        help="How to sign in to Google and Microsoft.",
    ),
    click.option(
        "--password",
        "passwords",
        multiple=True,
        type=_named_file,
        metavar="NAME=FILE",
        help="The first line of FILE is the password of calendar NAME; it is kept as `calendars sign-in` keeps it.",
    ),
    click.option(
        "--token-file",
        "token_files",
        multiple=True,
        type=_named_file,
        metavar="NAME=FILE",
        help="Take the sign-in of calendar NAME from a file that was made elsewhere.",
    ),
    click.option("--no-try", is_flag=True, help="Do not try whether blocks can be written."),
    click.option("--timezone", type=_form("Zone"), metavar="ZONE", help="Your time zone, such as Europe/Berlin."),
    click.option("--me", multiple=True, type=_form("Address"), metavar="ADDRESS", help="Your own address."),
    click.option(
        "--hours",
        type=_reader("hours_of"),
        metavar="HOURS",
        help='Your working hours: "mon-thu 09:00-12:30, 13:15-17:30; fri 09:00-15:00".',
    ),
    click.option("--holidays", metavar="CODE", help="Whose public holidays are days off: DE, DE-BY, or none."),
    click.option("--connect", type=_reader("block_of"), metavar="NxMIN", help="Connect blocks: 2x30 a week, or none."),
    click.option("--pings", type=click.IntRange(1, 5), help="How many people one connect block names."),
    click.option(
        "--prefer", type=click.Choice(["any", "morning", "afternoon"]), help="When connect blocks suit you best."
    ),
    click.option("--title", help="What stands in the calendar for connect blocks; name nobody."),
    click.option(
        "--follow-through",
        type=_reader("block_of"),
        metavar="NxMIN",
        help="Follow-through blocks: 1x45 a week, or none.",
    ),
    click.option(
        "--kindness",
        type=_reader("block_of"),
        metavar="NxMIN",
        help="Kindness blocks: 1x10 a week, or none.",
    ),
    click.option(
        "--person",
        "people",
        multiple=True,
        type=_reader("person_of"),
        metavar="PERSON",
        help='Somebody for the rotation: "Ana Sousa <ana@example.com> 14d 28d".',
    ),
    click.option("--people", "people_files", multiple=True, type=_FILE, help="People from a CSV or vCard file."),
    click.option(
        "--people-from",
        multiple=True,
        type=click.Choice(["meetings", "google", "microsoft", "nobody"]),
        help="People from past one-on-ones or an account, with --pick or --all; or nobody.",
    ),
    click.option("--pick", "picks", multiple=True, metavar="NAME", help="Add this one of those who are found."),
    click.option("--all", "everybody", is_flag=True, help="Add everybody who is found."),
    click.option("--ideal", type=_form("Days"), metavar="GAP", help="The ideal gap of who has none: 28d."),
    click.option("--max", "max_", type=_form("Days"), metavar="GAP", help="Their longest gap; twice the ideal."),
    click.option(
        "--names", type=click.Choice(["none", "first"]), help="What of a person's name may stand in the calendar."
    ),
    click.option(
        "--free-busy/--no-free-busy",
        default=None,
        help="Whether your calendar server may be asked when people are free.",
    ),
    click.option("--export", metavar="FILE", help="A file with your blocks for other calendars; or none."),
    click.option("--details", type=click.Choice(["busy", "titles", "full"]), help="How much that file says."),
    click.option("--schedule", type=click.Choice(["auto", *KINDS, "none"]), help="What runs calsync every night."),
    click.option("--at", type=_reader("clock_of"), metavar="HH:MM", help="From what time of the night on."),
    click.option("--write-now/--no-write-now", default=None, help="Whether the first plan is written at once."),
)


@click.command()
@_options
@click.option("--non-interactive", is_flag=True, help="Ask nothing; what is missing is named, all at once.")
@click.option("--afresh", is_flag=True, help="Forget the answers of a setup that was not finished.")
@now_option
@dry_run
@click.pass_obj
def setup(
    settings: Settings,
    /,
    *,
    non_interactive: bool,
    afresh: bool,
    now: datetime | None,
    dry_run: bool,
    **answers: Any,
) -> int:
    """Set calsync up, once: calendars, hours, blocks, people, privacy, the schedule.

    Asks one thing after the other, each with an example and what Enter stands for, shows the first plan, and writes it
    only when you say so. Stop at any time: what was answered is kept, and `calsync setup` goes on there. Run again, it
    changes only what you change. Each option answers a question, which is then not asked. docs/setup.md has an example.
    """
    if not non_interactive and not sys.stdin.isatty():
        raise UsageError(
            "setup asks questions, and there is nobody to ask here",
            "run it at a terminal, or say everything with options and --non-interactive",
        )
    from calsync.setup.alone import alone, check_places
    from calsync.setup.draft import Draft

    config, state = paths_of(settings)
    if not dry_run:
        check_places(config.parent, state)
    with nullcontext() if dry_run else alone(config):
        draft = Draft(config, state, now, afresh=afresh, paper=dry_run)
        return _run(draft, settings, answers, non_interactive=non_interactive, dry_run=dry_run)


def _run(draft: Draft, settings: Settings, answers: dict[str, Any], *, non_interactive: bool, dry_run: bool) -> int:
    from calsync.cli.talk import AtTerminal, Unattended
    from calsync.setup.plan import Setup

    talk = Unattended(quiet=settings.verbosity < 0) if non_interactive else AtTerminal()
    run = Setup(draft, _wishes(answers), talk)
    # Whatever ends a setup at a terminal before its end, its answers are kept.
    kept = draft.resumed or not non_interactive
    try:
        code = _unattended(run, settings) if non_interactive else _attended(run, settings)
        kept = False
    except (KeyboardInterrupt, click.Abort):
        _tell_stop(run)
        raise
    finally:
        if dry_run or not kept:
            draft.discard()
    return code


def _wishes(answers: dict[str, Any]) -> Wishes:
    from calsync.accounts import SignInWay
    from calsync.setup.wishes import IDEAL, NOBODY, Wishes

    longest, ideal = answers.pop("max_"), answers["ideal"]
    if longest is not None and longest < (ideal or IDEAL):
        raise UsageError(
            f"--max {longest}d is below the ideal gap of {ideal or IDEAL}d", "give --ideal and --max that fit"
        )
    if answers["everybody"] and answers["picks"]:
        raise UsageError("--all and --pick exclude each other", "leave out one of them")
    if (answers["everybody"] or answers["picks"]) and not answers["people_from"]:
        raise UsageError("--pick and --all need to know where from", "add --people-from meetings, google or microsoft")
    sources = answers.pop("people_from")
    way = answers.pop("way")
    return Wishes(
        way=SignInWay(way) if way else None,
        passwords=dict(answers.pop("passwords")),
        token_files=dict(answers.pop("token_files")),
        try_writing=not answers.pop("no_try"),
        max=longest,
        people_from=tuple(source for source in sources if source != NOBODY),
        nobody=NOBODY in sources,
        **answers,
    )


def _tell_stop(run: Setup) -> None:
    """Say what was kept."""
    click.echo("", err=True)
    if run.talk.attended and run.draft.path.exists():
        run.talk.say("Stopped. What you have answered is kept; `calsync setup` goes on there.")
    elif run.talk.attended:
        run.talk.say("Stopped. Nothing was written.")


def _attended(run: Setup, settings: Settings) -> int:
    from calsync.setup.running import answer_all

    if run.draft.is_new and not run.draft.resumed:
        run.talk.say(
            "calsync keeps time for your people. A few questions now, and it runs by itself. Enter takes what stands "
            "in brackets; Ctrl-C stops, and what you have answered is kept. No block is written before you say so."
        )
    answer_all(run)
    report = _show_plan(run, settings)
    write = run.wishes.write_now
    if write is None and not report.changes and not report.errors:
        write = False  # there is nothing to write
    if write is None:
        bad = any(error.exit_code != 5 for error in report.errors)
        if run.talk.attended:
            run.talk.say(f"With n {_writer(run)} writes it; until then `calsync setup` changes what you like.")
        write = run.talk.agree("Write it now?", default=not bad)
    return _finish(run, settings, report, write=write)


def _unattended(run: Setup, settings: Settings) -> int:
    from calsync.setup.connect import put_named
    from calsync.setup.missing import missing
    from calsync.setup.running import answer_all

    put_named(run)
    errors = missing(run.draft, run.wishes)
    if errors:
        say(errors)
        usage = any(error.exit_code != SignInNeeded.exit_code for error in errors)
        return UsageError.exit_code if usage else SignInNeeded.exit_code
    answer_all(run)
    report = _show_plan(run, settings)
    if report.errors:
        lines(["Nothing was written, and no configuration was made."])
        return report.exit_code
    return _finish(run, settings, report, write=bool(run.wishes.write_now))


def _show_plan(run: Setup, settings: Settings) -> NightReport:
    from calsync.cli.night import show_night
    from calsync.setup.running import preview

    run.talk.heading("The first plan" if run.draft.is_new else "The plan")
    with progress_bar(quiet=settings.verbosity < 0) as progress:
        report = preview(run, progress)
    if settings.verbosity >= 0 or run.talk.attended:
        show_night(run.draft.desk(), report, dry_run=True)
        sentences(report.advice)
    say(report.errors)
    return report


def _finish(run: Setup, settings: Settings, plan: NightReport, *, write: bool) -> int:
    from calsync.cli.night import show_night
    from calsync.cli.render import summary
    from calsync.desk import open_desk
    from calsync.setup.running import first_night, let_run, take_effect

    draft, talk = run.draft, run.talk
    if draft.on_paper:
        _show_paper(run)
        return plan.exit_code
    code = 0
    for line in take_effect(run):
        talk.say(line)
    try:
        for line in let_run(run):
            talk.say(line)
    except CalsyncError as error:
        # The configuration is in its place, and the first night needs no schedule.
        talk.warn(error.what, error.next_step)
        code = error.exit_code
    if write:
        with progress_bar(quiet=settings.verbosity < 0) as progress:
            report = first_night(run, progress)
        if settings.verbosity >= 0:
            desk = open_desk(draft.config, draft.state, draft.now)
            if talk.attended and report.changes == plan.changes:
                sentences([summary(report, desk.config.zone, dry_run=False)])
            else:
                show_night(desk, report, dry_run=False)
        say(report.errors)
        code = report.exit_code or code
    elif talk.attended and plan.changes:
        talk.say(f"Nothing was written to a calendar; {_writer(run)} does it.")
    if talk.attended:
        _show_next(run, settings)
    return code


def _writer(run: Setup) -> str:
    """What writes a plan that is not written at once."""
    from calsync.setup.wishes import NOTHING

    return "`calsync nightly`" if run.draft.noted("schedule") == NOTHING else "the next night"


def _show_paper(run: Setup) -> None:
    """What a setup on paper would have written."""
    draft = run.draft
    if draft.is_new:
        lines(["", f"This would be written to {draft.config}:", "", *draft.text().splitlines()])
        return
    before, after = draft.config.read_text("utf-8-sig").splitlines(), draft.text().splitlines()
    changed = list(difflib.unified_diff(before, after, str(draft.config), str(draft.config), lineterm="", n=2))
    lines(["", *(changed or [f"{draft.config} would stay as it is."])])


def _show_next(run: Setup, settings: Settings) -> None:
    start = [called()]
    start += ["--config", str(run.draft.config)] if settings.config is not None else []
    start += ["--state", str(run.draft.state)] if settings.state is not None else []
    begin = shlex.join(start)
    run.talk.heading("From now on")
    lines(
        [
            f"  {begin} today",
            "      today's blocks, whom they are for, and what to know before",
            f"  {begin} done NAME",
            "      you have talked to somebody; the next turn is somebody else's",
            f"  {begin} doctor",
            "      what would fail tonight, and what mends it",
            f"  {begin} setup",
            "      change any of this",
        ]
    )
