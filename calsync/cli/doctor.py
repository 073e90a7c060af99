"""`doctor`: what would fail tonight, why it matters, and the command that mends it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from calsync.cli.completing import offer_calendars
from calsync.cli.failure import say
from calsync.cli.options import as_json, confirm, dry_run, now_option, open_at, paths_of, yes
from calsync.cli.output import lines, paragraphs, print_json, progress_bar
from calsync.cli.paragraph import Paragraph, clean
from calsync.errors import UsageError

if TYPE_CHECKING:
    from calsync.accounts import Probed
    from calsync.cli import Settings
    from calsync.doctor.findings import Finding
    from calsync.doctor.repair import Mended

__all__ = ["doctor"]

_WRITE = "Write a scratch block on each calendar with `write: true`, and remove it again?"


@click.command()
@click.option("--fix", is_flag=True, help="Mend what is safe to mend, and say what was done.")
@click.option(
    "--write", is_flag=True, help="Also put a scratch block on each calendar with `write: true`, for a moment."
)
@click.option(
    "--live",
    metavar="CALENDAR",
    shell_complete=offer_calendars,
    help="Try the open questions about a vendor on this calendar, instead of the checks.",
)
@now_option
@dry_run
@yes
@as_json
@click.pass_obj
def doctor(
    settings: Settings,
    fix: bool,
    write: bool,
    live: str | None,
    now: datetime | None,
    dry_run: bool,
    yes: bool,
    json_: bool,
) -> int:
    """Show what would fail tonight, before it does.

    Looks at the configuration, this machine, the state folder, the sign-ins, every calendar, the room for blocks, the
    people and the schedule. Each finding says what is wrong, why it matters, and what mends it. Nothing is written on
    any calendar unless --write or --live asks for it. With -v before the command it also says what is fine.

    --fix closes files that others can read, copies secrets to where cron finds them, writes decisions.json anew, and
    installs a schedule again whose command is gone. It never touches a calendar or the configuration.

    Ends with 0 when nothing fails tonight (warnings do not count), 2 for a wrong configuration, 4 when an account wants
    you to sign in, 3 for anything else.
    """
    if live is not None:
        if fix or write:
            raise UsageError(f"--live and {'--fix' if fix else '--write'} do not go together", "give one of them")
        return _live(settings, live, now, dry_run=dry_run, yes=yes, json_=json_)
    if dry_run and not (fix or write):
        raise UsageError("--dry-run is for --fix, --write and --live; the checks change nothing", "leave it out")
    from calsync.doctor.examine import examine, open_case
    from calsync.doctor.findings import exit_code
    from calsync.doctor.repair import mend

    config, state = paths_of(settings)
    # Whoever does not want it is told all that can be seen without it.
    wishes = write and not dry_run and confirm(_WRITE, yes=yes)
    with progress_bar(quiet=settings.verbosity < 0 or json_) as bar:

        def progress(_check: str, done: int, total: int) -> None:
            bar("looking", done, total)  # one bar for all the checks: each is a part of the same whole

        case = open_case(config, state, now=now, write=wishes)
        found = examine(case, progress)
        mended: list[Mended] = mend(case, found, dry_run=dry_run) if fix else []
        if any(one.error is None for one in mended) and not dry_run:
            # What was mended may have hidden something, or been the cause of something else.
            found = examine(open_case(config, state, now=now, write=wishes), progress)
    code = exit_code(found)
    if json_:
        print_json(_as_json(case.now, found, mended, code, dry_run=dry_run))
    else:
        if write and dry_run and case.desk is not None:
            lines([f"Would be tried: a scratch block on {one.name}." for one in case.desk.config.writable] + [""])
        show(found, mended, dry_run=dry_run, verbosity=settings.verbosity)
    say(one.error for one in mended if one.error is not None)
    return code


def show(found: Sequence[Finding], mended: Sequence[Mended], *, dry_run: bool, verbosity: int) -> None:
    """Print the findings, a paragraph each, and a line that counts them."""
    from calsync.doctor.findings import Level

    text: list[Paragraph] = []
    for one in mended:
        if one.error is None:
            text += [(f"{'Would be mended' if dry_run else 'Mended'}: ", clean(one.done) + "."), ("", "")]
    bad = [finding for finding in found if finding.level is not Level.FINE]
    for finding in bad:
        text += [*_paragraph(finding, fails=finding.level is Level.FAILS), ("", "")]
    fine = [finding for finding in found if finding.level is Level.FINE]
    if verbosity > 0 and fine:
        text += [*(("Fine: ", clean(finding.what) + ".") for finding in fine), ("", "")]
    text.append(("", _count(len([f for f in bad if f.level is Level.FAILS]), len(bad), len(found))))
    paragraphs(text)


def _paragraph(finding: Finding, *, fails: bool) -> Iterable[Paragraph]:
    yield ("Fails tonight: " if fails else "Needs a look: ", clean(finding.what) + ".")
    if finding.why:
        yield ("  Why it matters: ", clean(finding.why) + ".")
    if finding.screen:
        yield ("  They are: ", clean("; ".join(finding.screen)) + ".")
    if finding.command:
        # Without a full stop, which would be copied with a path or a command at the end.
        yield ("  To mend it: ", clean(finding.command))


def _count(fails: int, bad: int, looked_at: int) -> str:
    if not bad:
        return f"Nothing is wrong: {looked_at} things were looked at, and tonight's run should work."
    warns = bad - fails
    looks = "1 thing needs a look" if warns == 1 else f"{warns} things need a look"
    if not fails:
        return f"Nothing fails tonight; {looks}."
    told = "1 thing fails tonight" if fails == 1 else f"{fails} things fail tonight"
    return f"{told}; {looks}." if warns else f"{told}."


def _as_json(
    now: datetime, found: Sequence[Finding], mended: Sequence[Mended], code: int, *, dry_run: bool
) -> dict[str, Any]:
    from calsync.doctor.findings import Level

    return {
        "now": now.isoformat(),
        "findings": [one.as_json() for one in found if one.level is not Level.FINE],
        "fine": [one.as_json() for one in found if one.level is Level.FINE],
        "mended": [
            {
                "key": one.finding.key,
                "subject": one.finding.subject,
                "what": one.done,
                "done": one.error is None and not dry_run,
                "error": None if one.error is None else one.error.what,
            }
            for one in mended
        ],
        "exit": code,
    }


def _live(settings: Settings, name: str, now: datetime | None, *, dry_run: bool, yes: bool, json_: bool) -> int:
    """Try the open questions, one paragraph each as soon as it is answered; 3 when an answer is not as expected."""
    desk = open_at(settings, now)
    from calsync.doctor.live import asked_of, tried
    from calsync.model import TRIAL_TITLE

    _, day = asked_of(desk, name)
    plan = f'Events called "{TRIAL_TITLE}" are made on {name}, on {day} and in the weeks after it, and removed again.'
    if dry_run:
        if json_:
            print_json({"calendar": name, "day": day.isoformat(), "live": [], "exit": 0})
        else:
            lines([plan, "Nothing was done."])
        return 0
    if not yes:
        lines([plan])
        if not confirm("Do this?", yes=yes):
            lines(["Nothing was done."])
            return 0
    seen: list[Probed] = []
    answers = tried(desk, name)
    with closing(answers):
        for one in answers:
            seen.append(one)
            if not json_:
                paragraphs([*_answer(one), ("", "")])
    code = 3 if any(one.agrees is False for one in seen) else 0
    if json_:
        rows = [
            {"question": one.question, "seen": one.seen, "expects": one.expects, "agrees": one.agrees} for one in seen
        ]
        print_json({"calendar": name, "day": day.isoformat(), "live": rows, "exit": code})
        return code
    other = sum(one.agrees is False for one in seen)
    lines(
        [
            f"{len(seen)} questions were asked; "
            + ("nothing is other than calsync expects." if not other else f"{other} answers are not what it expects.")
        ]
    )
    return code


def _answer(one: Probed) -> Iterable[Paragraph]:
    yield ("Question: ", clean(one.question))
    yield ("  Seen: ", clean(one.seen) + ".")
    yield ("  calsync expects: ", clean(one.expects) + ".")
    if one.agrees is not None:
        yield ("  That agrees: ", "yes." if one.agrees else "no; please report it.")
