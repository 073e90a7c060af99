"""`log`: what past runs did, and what one of them did step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from calsync.cli.options import as_json, open_at
from calsync.cli.output import lines, paragraphs, print_json, table
from calsync.cli.paragraph import Paragraph, clean
from calsync.errors import UsageError
from calsync.planning.words import count_words

if TYPE_CHECKING:
    from calsync.cli import Settings
    from calsync.desk import Desk

__all__ = ["log"]

_MOST_RUNS = 1_000_000
_NEWEST = "last"


@click.command()
@click.argument("run", required=False)
@click.option(
    "--last",
    "limit",
    type=click.IntRange(1, _MOST_RUNS),
    default=10,
    show_default=True,
    metavar="N",
    help="How many runs.",
)
@as_json
@click.pass_obj
def log(settings: Settings, run: str | None, limit: int, json_: bool) -> int:
    """Show what past runs did, or all that one of them did.

    The latest stands first. RUN is a number of that list, or the word `last`: then the events of that run are shown, as
    they stand in the log of its night (docs/notices.md). There is no name of a person, no note and no title in it.
    """
    desk = open_at(settings)
    from calsync.cli.render import run_table
    from calsync.history import runs

    if run is not None:
        return _show_one(desk, run, json_=json_)
    found = runs(desk, limit)
    if json_:
        print_json({"runs": found})
    elif found:
        table(run_table(found, desk.config.zone))
    else:
        lines(["No run yet."])
    return 0


def _show_one(desk: Desk, run: str, *, json_: bool) -> int:
    from calsync.history import runs
    from calsync.nightlog import log_file, read_events

    if run != _NEWEST and not (run.isascii() and run.isdecimal()):
        raise UsageError(f"{run} is no run", f"give a number from `calsync log`, or the word {_NEWEST}")
    known = runs(desk, 1 if run == _NEWEST else _MOST_RUNS)
    row = next((one for one in known if run in (_NEWEST, str(one["run"]))), None)
    if row is None:
        raise UsageError("there is no run yet" if run == _NEWEST else f"there is no run {run}", "see: calsync log")
    # The night is the one of the clock at which it began, in the zone that was the leader's then.
    began = datetime.fromisoformat(row["now"])
    events = read_events(desk.state_folder, row["run"], began.date())
    path = log_file(desk.state_folder, began.date())
    if json_:
        print_json({"run": row, "file": str(path) if events else None, "events": events})
        return 0
    ended = "cut off" if row["exit"] is None else f"exit code {row['exit']}"
    lines([f"Run {row['run']}, {row['command']}, {began:%Y-%m-%d %H:%M}: {ended}"])
    if not events:
        said = [*row.get("errors", ()), *row.get("notes", ())]
        paragraphs([("  ", clean(one)) for one in said])
        lines([f"No log is kept of it: only nights have one, and the newest {_kept()} are kept."])
        return 0
    paragraphs([_line(event) for event in events])
    lines([f"The log is {path}"])
    return 0


def _kept() -> int:
    from calsync.nightlog import KEPT

    return KEPT


def _line(event: Mapping[str, Any]) -> Paragraph:
    at = str(event.get("at", ""))[11:19]
    level = event.get("level", "info")
    return (f"  {at}  ", ("" if level == "info" else f"{level}: ") + clean(_words(event)))


def _words(event: Mapping[str, Any]) -> str:
    """One event as a person would say it; one that this version does not know, as it stands."""
    said = _SAID.get(str(event.get("what")))
    try:
        return said(event) if said is not None else _plain(event)
    except (KeyError, TypeError, AttributeError, ValueError):
        return _plain(event)


def _plain(event: Mapping[str, Any]) -> str:
    rest = ", ".join(f"{key} {value}" for key, value in event.items() if key not in ("at", "level", "what", "run"))
    return f"{event.get('what')}" + (f": {rest}" if rest else "")


def _read(event: Mapping[str, Any]) -> str:
    if not event["ok"]:
        return f"{event['calendar']}: not read ({_took(event)})"
    asked = f", {count_words(event['requests'], 'request')}" if event["requests"] else ""
    return f"{event['calendar']}: read, {count_words(event['events'], 'event')} to come{asked} ({_took(event)})"


def _plan(event: Mapping[str, Any]) -> str:
    changes = ", ".join(f"{number} {action}" for action, number in event["changes"].items()) or "nothing to change"
    room = [
        f"no room in {week['week']} for {count_words(week['missing'], week['kind'] + ' block')}"
        for week in event["no_room"]
    ]
    unkept = [f"no room for promise {one['promise']}" for one in event["unkept"]]
    return f"planned: {'; '.join([changes, *room, *unkept])} ({_took(event)})"


def _written(event: Mapping[str, Any]) -> str:
    problems = f", {count_words(event['problems'], 'problem')}" if event["problems"] else ""
    done = f"{event['written']} of {count_words(event['asked'], 'write')} done"
    return f"{event['calendar']}: {done}{problems} ({_took(event)})"


_SAID: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "start": lambda e: f"{e['command']} of calsync {e['version']} begins, {count_words(e['calendars'], 'calendar')}",
    "calendar-read": _read,
    "plan": _plan,
    "write": _written,
    "note": lambda e: str(e["said"]),
    "error": lambda e: str(e["said"]),
    "bug": lambda e: f"a bug ended the run ({e['type']})",
    "notice": lambda e: f"a notice was sent to {e['urls'] - e['failed']} of {count_words(e['urls'], 'URL')}",
    "end": lambda e: f"ended with {e['exit']}, {count_words(e['written'], 'write')} ({_took(e)})",
}
"""How each event is said, by its key."""


def _took(event: Mapping[str, Any]) -> str:
    return f"{event['ms'] / 1000:.1f} s"
