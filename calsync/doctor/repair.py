"""Mends what is safe to mend: modes, secrets for cron, the second copy of the state, a schedule that leads nowhere.

It never touches a calendar, the configuration, or a lock: a lock dies with its process, so none can be stale.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from calsync.doctor.case import Case
from calsync.doctor.findings import Finding
from calsync.errors import CalsyncError, StateError
from calsync.schedule.kinds import USUAL
from calsync.state.lock import hold
from calsync.tokens import SecretStore

__all__ = ["Mended", "can_mend", "mend"]


@dataclass(frozen=True, slots=True)
class Mended:
    """What became of one finding: what was (or would be) `done`, or the `error` that kept it from being done."""

    finding: Finding
    done: str
    error: CalsyncError | None = None


def can_mend(finding: Finding) -> bool:
    """True for what `mend` does something about."""
    return finding.key in _MEND


def mend(case: Case, findings: Iterable[Finding], *, dry_run: bool) -> list[Mended]:
    """Mend those of `findings` that can be mended safely; with `dry_run` only say what would be done."""
    done = []
    for finding in findings:
        if finding.key not in _MEND:
            continue
        words, act = _MEND[finding.key]
        said = words.format(finding.subject)
        try:
            if not dry_run:
                act(case, finding)
        except CalsyncError as error:
            done.append(Mended(finding, said, error))
        except OSError as error:
            refusal = StateError(f"{finding.subject}: it cannot be mended ({error.strerror or error})", finding.command)
            done.append(Mended(finding, said, refusal))
        else:
            done.append(Mended(finding, said))
    return done


def _close_folder(_case: Case, finding: Finding) -> None:
    Path(finding.subject).chmod(0o700)


def _close_file(_case: Case, finding: Finding) -> None:
    Path(finding.subject).chmod(0o600)


def _copy_secret(case: Case, finding: Finding) -> None:
    with hold(case.state_folder):
        SecretStore(case.state_folder, case.machine.environment).copy_to_file(finding.subject)


def _write_copy(case: Case, _finding: Finding) -> None:
    from calsync.state.store import Store

    with hold(case.state_folder), Store(case.state_folder, case.now) as store:
        store.write_copy()


def _schedule_again(case: Case, finding: Finding) -> None:
    from calsync.schedule.service import install, installed

    for one in installed(case.config_path, case.state_folder, case.now):
        gone = bool(one.command) and shutil.which(one.command[0]) is None
        if one.kind == finding.subject and gone:
            install(case.config_path, case.state_folder, kind=one.kind, at=one.at or USUAL, now=case.now)


_MEND: Mapping[str, tuple[str, Callable[[Case, Finding], None]]] = {
    "state.open": ("{} is closed to others (mode 0700)", _close_folder),
    "state.secrets-open": ("{} is closed to others (mode 0600)", _close_file),
    "secret.keyring": ("the secret {} is copied from the system keyring into secrets.json (mode 0600)", _copy_secret),
    "state.copy": ("{} is written anew from the database", _write_copy),
    "schedule.gone": ("the schedule in {} is installed again", _schedule_again),
}
"""By key of a finding: what is done, in words about its subject, and the doing."""

if os.name != "posix":
    # There the mode says nothing about who may read.
    _MEND = {key: entry for key, entry in _MEND.items() if not key.endswith("open")}
