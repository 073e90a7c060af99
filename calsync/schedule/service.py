"""Installs the nightly run in the machine's own scheduler, says what is installed, and takes it out again."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path
from typing import Protocol

from calsync.desk import Desk, open_desk
from calsync.errors import CalsyncError, StateError, UsageError
from calsync.history import is_due
from calsync.schedule import cron, launchd, systemd, windows
from calsync.schedule.job import Job, Placed, at_of, identity, make_job, next_run
from calsync.schedule.kinds import KINDS

__all__ = ["Installed", "Offer", "install", "installed", "needs", "offers", "remove"]

_OF_THIS_SYSTEM = {"nt": ("windows",)}.get(os.name, ("launchd" if sys.platform == "darwin" else "systemd", "cron"))


@dataclass(frozen=True, slots=True)
class Offer:
    """A scheduler: whether it fits this machine, and why (not)."""

    kind: str
    fits: bool
    why: str


@dataclass(frozen=True, slots=True)
class Installed:
    """The nightly run of one configuration in one scheduler.

    `at` is the time of day on the leader's clock from which on a night is due; `where` names the file, line or task,
    and `text` is what stands (or would stand) there. `next_run` is in the leader's zone, None when it will not run or
    cannot be told. `problems` are what is wrong with it, a line each; `withheld` what was not handed on to it.
    `changed` is False when an installation found all as it should be.
    """

    kind: str
    at: time | None
    command: tuple[str, ...]
    where: str
    next_run: datetime | None
    text: str
    problems: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: bool = True


class _Scheduler(Protocol):
    def fits(self, _environment: Mapping[str, str]) -> tuple[bool, str]: ...
    def preview(self, job: Job) -> str: ...
    def place(self, job: Job) -> None: ...
    def where(self, job_id: str, /) -> str: ...
    def present(self, job_id: str) -> Placed | None: ...
    def take(self, job_id: str, *, dry_run: bool) -> list[str]: ...


_SCHEDULERS: dict[str, _Scheduler] = {"systemd": systemd, "cron": cron, "launchd": launchd, "windows": windows}


def offers(environment: Mapping[str, str]) -> list[Offer]:
    """What this machine can do, what fits best first. `environment` is the process's own."""
    found = [Offer(kind, *_SCHEDULERS[kind].fits(environment)) for kind in KINDS]
    # macOS has a crontab, too; there it runs nothing of what was missed.
    found.sort(key=lambda offer: (not offer.fits, offer.fits and offer.kind != "launchd"))
    return found


def install(
    config: Path, state: Path, *, kind: str | None, at: time, dry_run: bool = False, now: datetime | None = None
) -> Installed:
    """Let a scheduler run the nights of `config` with `state`, from `at` on the leader's clock; what is then there.

    `kind` None keeps the one that is installed, else takes the one that fits best. A second installation changes
    nothing, one with another time or kind replaces the first. Nothing is written with `dry_run`. `now` None takes the
    clock. Raises UsageError when no scheduler fits, ConfigError for a configuration that cannot be used, StateError
    when the scheduler refuses.
    """
    desk = open_desk(config, state, now)
    job = make_job(config, desk.config, state, at, os.environ)
    chosen = _chosen(kind, job)
    scheduler, before = _SCHEDULERS[chosen], _present(chosen, job.id)
    text = scheduler.preview(job)
    if not dry_run:
        scheduler.place(job)
    removed, remarks = _without_others(chosen, job, dry_run=dry_run)
    there = before if dry_run else _present(chosen, job.id)
    return Installed(
        chosen,
        at,
        job.command,
        scheduler.where(job.id) if there is None else there.where,
        _next(desk, job.minute, at),
        text,
        problems=() if dry_run or there is None else there.problems,
        withheld=(*job.withheld, *remarks),
        removed=tuple(removed),
        changed=before is None or before.text != text or bool(before.problems) or bool(removed),
    )


def installed(config: Path, state: Path, now: datetime | None = None) -> list[Installed]:
    """What is installed for `config` with `state`; more than one only where somebody else put it there.

    `now` None takes the clock. Needs no configuration that can be read. Raises StateError when a scheduler cannot be
    asked.
    """
    job_id, found = identity(config, state), []
    desk: Desk | None = None
    broken: list[str] = []
    for kind in KINDS:
        placed = _present(kind, job_id)
        if placed is None:
            continue
        if desk is None and not broken:
            try:
                desk = open_desk(config, state, now)
            except CalsyncError as error:
                broken = [error.what]
        at = at_of(placed.command)
        problems = [*placed.problems, *_wrong(placed), *broken]
        if desk is not None and at is not None and not problems:
            problems += _outdated(kind, placed, desk, at)
        runs = desk is not None and at is not None and not placed.problems
        when = _next(desk, placed.minute, at) if runs and desk is not None and at is not None else None
        found.append(
            Installed(
                kind, at, placed.command, placed.where, when, placed.text, problems=tuple(problems), changed=False
            )
        )
    return found


def remove(config: Path, state: Path, *, dry_run: bool = False) -> list[str]:
    """Take the nightly run of `config` with `state` out of every scheduler; a line on each thing removed.

    Needs no configuration. A machine without a scheduler has nothing to remove. Raises StateError.
    """
    job_id = identity(config, state)
    return [line for kind in KINDS for line in _SCHEDULERS[kind].take(job_id, dry_run=dry_run)]


def needs(kind: str) -> list[str]:
    """What a schedule of that kind needs to do its work, a line each."""
    if kind == "systemd":
        lingers = systemd.lingers()
        if lingers:
            return ["It runs whether you are logged in or not (lingering is on)."]
        told = "lingering is off" if lingers is False else "whether lingering is on cannot be told"
        return [
            f"It runs only while you are logged in ({told}). To let it run without a login: loginctl enable-linger",
        ]
    if kind == "cron":
        return ["cron mails you what it says, where this machine can send mail; MAILTO in your crontab says to whom."]
    if kind == "launchd":
        return ["It runs while you are logged in."]
    return ["It runs while you are logged in. What it says is shown nowhere: `calsync log` has it."]


def _chosen(kind: str | None, job: Job) -> str:
    import shlex

    if kind is not None and kind not in KINDS:
        raise UsageError(f"there is no kind of schedule called {kind}", f"choose one of: {', '.join(KINDS)}")
    offered = offers(os.environ)
    by_hand = f"have this run every hour, however you can: {shlex.join(job.command)}"
    if kind is None:
        kept = [one.kind for one in offered if one.fits and _present(one.kind, job.id) is not None]
        if kept:
            return kept[0]
        if not offered[0].fits:
            why = "; ".join(f"{offer.kind}: {offer.why}" for offer in offered if offer.kind in _OF_THIS_SYSTEM)
            raise UsageError(f"no scheduler fits here: {why}", by_hand)
        return offered[0].kind
    offer = next(one for one in offered if one.kind == kind)
    if not offer.fits:
        others = [one.kind for one in offered if one.fits]
        step = f"leave --kind away, which takes {others[0]} here" if others else by_hand
        raise UsageError(f"{kind} cannot be used here: {offer.why}", step)
    return kind


def _present(kind: str, job_id: str) -> Placed | None:
    return _SCHEDULERS[kind].present(job_id)


def _next(desk: Desk, minute: int, at: time) -> datetime:
    return next_run(minute, at, desk.now, due=is_due(desk, at))


def _without_others(chosen: str, job: Job, *, dry_run: bool) -> tuple[list[str], list[str]]:
    """Take the job out of every other scheduler, so that never two run it; what was taken, and who refused."""
    removed, remarks = [], []
    for kind in KINDS:
        if kind == chosen:
            continue
        try:
            removed += _SCHEDULERS[kind].take(job.id, dry_run=dry_run)
        except StateError as error:
            remarks.append(f"Whether {kind} has an older schedule cannot be told: {error.what}.")
    return removed, remarks


def _wrong(placed: Placed) -> list[str]:
    """Why an installed command cannot run any more: a calsync that has been moved."""
    words = placed.command
    if not words:
        return [] if placed.problems else [f"{placed.where}: what it runs cannot be told"]
    again = "run `calsync schedule install` again"
    if shutil.which(words[0]) is None:
        return [f"{words[0]} is not there any more: {again}"]
    interpreter = _interpreter(Path(words[0]))
    if interpreter is not None and shutil.which(interpreter) is None:
        return [f"{words[0]} needs {interpreter}, which is not there any more: install calsync anew, then {again}"]
    return []


def _interpreter(program: Path) -> str | None:
    """The program that a script's first line names, None for what is no such script."""
    try:
        with program.open("rb") as file:
            first = file.readline(4096)
    except OSError:
        return None
    words = os.fsdecode(first[2:]).split() if first.startswith(b"#!") else []
    return words[0] if words else None


def _outdated(kind: str, placed: Placed, desk: Desk, at: time) -> list[str]:
    """Whether the night may no longer write where the configuration wants it to."""
    if kind != "systemd":
        return []
    job = make_job(desk.config.path, desk.config, desk.state_folder, at, os.environ)
    return [
        f"the night is not allowed to write in {folder}, which the configuration names: "
        f"run `calsync schedule install` again"
        for folder in systemd.closed_to(placed.text, job.writable)
    ]
