"""Everything that would fail tonight, looked for now: all checks, each by itself. Prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from calsync.desk import open_desk
from calsync.doctor import (
    accounts,
    calendars,
    configuration,
    cronkeys,
    machine,
    outlets,
    room,
    rotation,
    scheduled,
    statefolder,
)
from calsync.doctor.case import Case, Machine
from calsync.doctor.findings import SIGN_IN, Finding, Level, of_bug, of_error
from calsync.errors import CalsyncError

__all__ = ["Progress", "examine", "open_case"]

Check = Callable[[Case], Iterable[Finding]]
Progress = Callable[[str, int, int], None]

_ALWAYS: tuple[tuple[str, Check], ...] = (
    ("the configuration", configuration.configuration),
    ("the time zone", machine.zone),
    ("the age of the time zones' rules", machine.zone_rules),
    ("the version of Python", machine.python),
    ("the libraries", machine.libraries),
    ("the adapters", machine.adapters),
    ("writing in the state folder", statefolder.writable),
    ("who can look into the state folder", statefolder.modes),
    ("who can read the secrets", statefolder.private_files),
    ("the state database", statefolder.database),
    ("the free space", statefolder.space),
    ("other runs", statefolder.lock),
    ("the place of the state folder", statefolder.place),
    ("the schedule", scheduled.schedule),
)
"""What can be looked at without a configuration, each with what it looks at."""

_WITH_DESK: tuple[tuple[str, Check], ...] = (
    ("the last night", scheduled.last_night),
    ("secrets without a desktop", cronkeys.secrets),
    ("the sign-in of each account", accounts.accounts),
    ("reading each calendar", calendars.reading),
    ("a night on paper", calendars.night),
    ("writing on each calendar", calendars.writing),
    ("days that are taken as a whole", room.whole_days),
    ("working hours and holidays", room.hours),
    ("the people", rotation.people),
    ("the exports", outlets.exports),
    ("the notices", outlets.notices),
)


def open_case(
    config_path: Path,
    state_folder: Path,
    *,
    now: datetime | None = None,
    machine: Machine | None = None,
    write: bool = False,
) -> Case:
    """What the checks look at. A configuration that cannot be used is no error here, it is a finding.

    `now` (aware) stands in for the clock everywhere, `machine` for this computer. With `write` each calendar that
    blocks are written to gets a scratch block for a moment.
    """
    if machine is None:
        machine = Machine() if now is None else Machine(clock=lambda: now)
    case = Case(config_path, state_folder, machine, write=write)
    try:
        case.desk = open_desk(config_path, state_folder, now or machine.clock())
    except CalsyncError as error:
        case.refusal = error
    return case


def examine(case: Case, progress: Progress = lambda _stage, _done, _total: None) -> list[Finding]:
    """Every finding, what is fine included: what fails first, then what warns, each in the order of the checks.

    No check hides another: one that breaks is a finding itself. Reads every calendar; writes nothing but a token that
    changes with use, and scratch blocks where the case asks for them.
    """
    checks = [*_ALWAYS, *(_WITH_DESK if case.desk is not None else ())]
    found: list[Finding] = []
    try:
        for done, (what, check) in enumerate(checks):
            progress(what, done, len(checks))
            found += _carried_out(what, check, case)
    finally:
        if case.desk is not None:
            case.desk.close()
    progress("the end", len(checks), len(checks))
    order = [Level.FAILS, Level.WARNS, Level.FINE]
    return sorted(_once(found), key=lambda finding: order.index(finding.level))


def _carried_out(what: str, check: Check, case: Case) -> list[Finding]:
    found: list[Finding] = []
    try:
        # What was found before a check breaks stays found.
        found.extend(check(case))
    except CalsyncError as error:
        found.append(of_error("check.stopped", what, error, f"{what} could not be looked at"))
    except Exception as error:  # noqa: BLE001 - a bug in one check must not hide what the others find
        found.append(of_bug(what, error))
    return found


def _once(found: Iterable[Finding]) -> Iterator[Finding]:
    """Each thing once: the sign-in and the reading of a calendar meet the same refusal."""
    seen: set[tuple[str, str]] = set()
    for finding in found:
        # Who is not let in is told once a calendar, whatever was asked for first.
        once = (finding.key, finding.subject) if finding.key == SIGN_IN else ("", finding.what)
        if finding.level is Level.FINE or once not in seen:
            seen.add(once)
            yield finding
