"""Checks of the schedule: that there is one, that it runs this calsync, and how the last night went."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from calsync.doctor.case import Case
from calsync.doctor.findings import Finding, Level, fine
from calsync.planning.words import day_words

if TYPE_CHECKING:
    from calsync.schedule.service import Installed

__all__ = ["last_night", "schedule"]

_MISSED = timedelta(hours=36)
_AGAIN = "run `calsync schedule install`"
_MEANINGS = {
    1: "by a bug; a report of it lies in reports/ of the state folder",
    2: "because of the configuration",
    3: "with something left to do",
    4: "because an account wanted you to sign in",
    5: "without room for a block or a promise",
    75: "because another run was in progress",
}


def schedule(case: Case) -> Iterator[Finding]:
    """Installed or not, and whether what it runs is there and is meant for this configuration and state."""
    from calsync.schedule.service import installed

    found = installed(case.config_path, case.state_folder, case.now)
    if not found:
        yield Finding(
            "schedule.none",
            "schedule",
            Level.WARNS,
            "no schedule runs the night",
            "a night happens only when you run `calsync nightly` yourself",
            _AGAIN,
        )
        return
    if len(found) > 1:
        kinds = " and ".join(one.kind for one in found)
        yield Finding(
            "schedule.twice",
            "schedule",
            Level.WARNS,
            f"the night is scheduled by {kinds}",
            "the second run finds nothing to do, and what is told once is told by whichever comes first",
            "run `calsync schedule remove`, then `calsync schedule install`",
        )
    for one in found:
        yield from _runs_this(one)


def last_night(case: Case) -> Iterator[Finding]:
    """When the last night ran, and how it ended."""
    from calsync.history import last_night as newest

    assert case.desk is not None
    last = newest(case.desk)
    if last is None:
        return
    zone = case.desk.config.zone
    started = last.started_at.astimezone(zone)
    when = f"on {day_words(started.date())} at {started:%H:%M}"
    if case.desk.now.astimezone(UTC) - last.started_at.astimezone(UTC) > _MISSED:
        yield Finding(
            "night.missed",
            "night",
            Level.WARNS,
            f"the last night ran {when}",
            "new meetings since then stand on blocks, and blocks on them",
            "run `calsync nightly`, then see `calsync schedule show`",
        )
    if not last.ended:
        yield Finding(
            "night.cut-off",
            "night",
            Level.WARNS,
            f"the night {when} was cut off, or is still running",
            "the next one ends where it would have ended",
            "run `calsync nightly`",
        )
    elif last.exit:
        meaning = _MEANINGS.get(last.exit, "")
        yield Finding(
            "night.failed",
            "night",
            Level.WARNS,
            f"the night {when} ended with {last.exit}{f', {meaning}' if meaning else ''}",
            "what was not done then is still to be done",
            "see `calsync log`; docs/exit-codes.md has the numbers",
        )
    else:
        yield fine("night.last", "night", f"the last night ran {when} and ended well")


def _runs_this(one: Installed) -> Iterator[Finding]:
    program = one.command[0] if one.command else ""
    if program and shutil.which(program) is None:
        yield Finding(
            "schedule.gone",
            one.kind,
            Level.FAILS,
            f"{one.where}: it runs {program}, which is not there",
            "no night runs",
            "run `calsync doctor --fix`, which installs the schedule again",
        )
        return
    for problem in one.problems:
        # The scheduler's own words end with what to do.
        what, _, step = problem.rpartition(": run ")
        yield Finding(
            "schedule.wrong",
            one.kind,
            Level.WARNS,
            f"{one.where}: {what or problem}",
            "the night may not run, or not as you expect",
            f"run {step}" if what else _AGAIN,
        )
    if one.kind == "systemd" and _lingers() is False:
        yield Finding(
            "schedule.lingering",
            one.kind,
            Level.WARNS,
            "the night runs only while you are logged in (lingering is off)",
            "on a computer that nobody is logged in to, no night runs",
            "run `loginctl enable-linger`",
        )
    elif not one.problems:
        at = f", from {one.at:%H:%M} on" if one.at is not None else ""
        yield fine("schedule", one.kind, f"the night is scheduled by {one.kind}{at}")


def _lingers() -> bool | None:
    from calsync.schedule.systemd import lingers

    return lingers()
