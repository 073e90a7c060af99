"""`schedule`: let the machine's own scheduler run the nights, see whether it does, and take it out again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

import click

from calsync.cli.options import as_json, dry_run, now_option, open_at, paths_of
from calsync.cli.output import lines, paragraphs, print_json, sentences
from calsync.cli.when import parse_time_of_day
from calsync.errors import CalsyncError
from calsync.schedule.kinds import KINDS, USUAL

if TYPE_CHECKING:
    from calsync.cli import Settings
    from calsync.desk import Desk
    from calsync.schedule.service import Installed

__all__ = ["schedule"]

_BROKEN = 3
_RUNS = "runs: "


@click.group()
def schedule() -> None:
    """Run the nights from this machine's own scheduler.

    cron, a systemd timer of your own, launchd, or the Windows Task Scheduler. docs/schedule.md has the details.
    """


@schedule.command("install")
@click.option(
    "--at", type=parse_time_of_day, metavar="HH:MM", help=f"Not before that time of day (default {USUAL:%H:%M})."
)
@click.option("--kind", type=click.Choice(KINDS), help="Which scheduler; without it, the one that fits best.")
@now_option
@dry_run
@as_json
@click.pass_obj
def install(
    settings: Settings, at: time | None, kind: str | None, now: datetime | None, dry_run: bool, json_: bool
) -> int:
    """Let the scheduler run a night every night.

    It asks every hour whether a night is due, so that one which was missed runs at the next chance. A second
    installation changes nothing; one with another --at or --kind takes the place of the first, and keeps what it does
    not name. With --dry-run what would be written is shown, to the letter.
    """
    config, state = paths_of(settings)
    desk = open_at(settings, now)
    from calsync.schedule import service

    if at is None:
        at = next((one.at for one in service.installed(config, state, now) if one.at is not None), USUAL)
    done = service.install(config, state, kind=kind, at=at, dry_run=dry_run, now=now)
    if json_:
        print_json(
            {
                "dry_run": dry_run,
                "changed": done.changed,
                "text": done.text,
                "removed": list(done.removed),
                "withheld": list(done.withheld),
                "schedules": [_as_json(desk, done) | {"installed": not (dry_run and done.changed)}],
            }
        )
        return 0
    if dry_run:
        lines([f"Would write to {done.where}:", "", done.text, ""])
        lines([f"Would remove {line}" for line in done.removed])
        _say(done.withheld)
        return 0
    _say(_told(desk, done, service.needs(done.kind)))
    return 0


@schedule.command("show")
@now_option
@as_json
@click.pass_obj
def show(settings: Settings, now: datetime | None, json_: bool) -> int:
    """Show what is installed, when it runs next, and when it last ran.

    Ends with 3 when what is installed will not run.
    """
    config, state = paths_of(settings)
    from calsync.schedule import service

    found = service.installed(config, state, now)
    desk, problem = _desk(settings, now)
    if json_:
        there = {one.kind for one in found}
        others = [o.kind for o in service.offers(os.environ) if o.fits and o.kind not in there]
        print_json({"schedules": [*(_as_json(desk, one) for one in found), *(_nothing(desk, kind) for kind in others)]})
    elif not found:
        sentences(["No schedule is installed for this configuration. To install one: calsync schedule install"])
        lines(_last(desk))
    else:
        for one in found:
            _say(_shown(one, desk, service.needs(one.kind)))
        lines(_last(desk))
    if problem is not None and not found:
        raise problem
    return _BROKEN if any(one.problems for one in found) else 0


@schedule.command("remove")
@dry_run
@as_json
@click.pass_obj
def remove(settings: Settings, dry_run: bool, json_: bool) -> int:
    """Take the nights out of the scheduler again.

    Only what was installed for this configuration and state is removed; it is named. Blocks and state stay.
    """
    config, state = paths_of(settings)
    from calsync.schedule import service

    gone = service.remove(config, state, dry_run=dry_run)
    if json_:
        print_json({"dry_run": dry_run, "removed": gone})
    elif gone:
        sentences([f"{'Would remove' if dry_run else 'Removed'} {line}" for line in gone])
    else:
        lines(["No schedule is installed for this configuration; nothing was removed."])
    return 0


def _say(text: Sequence[str]) -> None:
    """Print lines, wrapped on a terminal: all but commands, which somebody may want to copy."""
    for line in text:
        rest = line.lstrip()
        if rest.startswith(_RUNS):
            lines([line])
        else:
            paragraphs([(line.removesuffix(rest), rest)])


def _desk(settings: Settings, now: datetime | None) -> tuple[Desk | None, CalsyncError | None]:
    try:
        return open_at(settings, now), None
    except CalsyncError as error:
        return None, error


def _told(desk: Desk, done: Installed, needs: list[str]) -> list[str]:
    """What will happen, when, and what it needs, in plain words."""
    assert done.at is not None
    begin = "The schedule is installed" if done.changed else "The schedule is installed already; nothing was changed"
    said = [f"{begin}: {done.where}."]
    said += [f"Removed {line}" for line in done.removed]
    said += [
        f"Each night, from {done.at:%H:%M} on ({desk.config.timezone}): read the calendars, plan, write, export.",
        *_next(desk, done),
        "It runs on this machine, while that is on.",
        "A night that was missed or could not be finished runs at the next chance, which comes every hour.",
        *needs,
        *done.withheld,
        *(f"{problem}." for problem in done.problems),
        "To see it: calsync schedule show. To take it out: calsync schedule remove",
    ]
    return said


def _next(desk: Desk, done: Installed) -> list[str]:
    """When the next night runs; said more plainly where that is not in the coming night."""
    from calsync.history import next_since

    if done.next_run is None or done.at is None:
        return []
    if done.next_run < next_since(done.at, desk.now):
        return [f"None has run since the last {done.at:%H:%M}, so the first one comes soon: {_when(done.next_run)}."]
    return [f"The next one: {_when(done.next_run)}."]


def _shown(one: Installed, desk: Desk | None, needs: list[str]) -> list[str]:
    zone = f" ({desk.config.timezone})" if desk is not None else ""
    said = [f"{one.kind}: {one.where}"]
    if one.at is not None:
        said.append(f"  each night, from {one.at:%H:%M} on{zone}")
    if one.next_run is not None:
        said.append(f"  next night: {_when(one.next_run)}")
    if one.command:
        import shlex

        said.append(f"  {_RUNS}{shlex.join(one.command)}")
    return [*said, *(f"  {line}" for line in needs), *(f"  will not run as it should: {p}" for p in one.problems)]


def _last(desk: Desk | None) -> list[str]:
    """One line on the last night."""
    if desk is None:
        return []
    from calsync.history import last_night

    last = last_night(desk)
    if last is None:
        return ["No night has run yet."]
    how = f"ended with {last.exit}" if last.ended else "has not ended: it is under way, or was cut off"
    return [f"The last night: {_when(last.started_at.astimezone(desk.config.zone))}, {how}"]


def _when(instant: datetime) -> str:
    return f"{instant:%a} {instant.day} {instant:%b} {instant:%H:%M}"


def _as_json(desk: Desk | None, one: Installed) -> dict[str, Any]:
    return {
        **_nothing(desk, one.kind),
        "at": None if one.at is None else f"{one.at:%H:%M}",
        "where": one.where,
        "command": list(one.command),
        "next_run": None if one.next_run is None else one.next_run.isoformat(),
        "installed": True,
        "problems": list(one.problems),
    }


def _nothing(desk: Desk | None, kind: str) -> dict[str, Any]:
    """A scheduler that fits this machine and has nothing of ours."""
    last = None
    if desk is not None:
        from calsync.history import last_night

        night = last_night(desk)
        last = None if night is None else {"started_at": desk.iso(night.started_at), "exit": night.exit}
    return {
        "kind": kind,
        "at": None,
        "where": None,
        "command": [],
        "next_run": None,
        "installed": False,
        "problems": [],
        "last_run": last,
    }
