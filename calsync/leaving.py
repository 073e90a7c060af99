"""Going away: the schedule, what calsync remembers, its secrets; and the names of all that stays."""

from __future__ import annotations

import contextlib

from calsync.desk import Desk
from calsync.errors import CalsyncError, StateError, Unfinished
from calsync.nightreport import NightReport
from calsync.ownlists import ACTS, TOPICS
from calsync.schedule import service
from calsync.state.files import inventory, others, own_files, remove_own_files
from calsync.state.lock import hold
from calsync.tokens import SERVICE, SecretStore
from calsync.vault import KEY_NAME

__all__ = ["remove_everything", "remove_schedule", "what_stays"]


def remove_schedule(desk: Desk, report: NightReport) -> None:
    """Take the nights out of the machine's schedulers; a scheduler that refuses is an error in the report."""
    try:
        gone = service.remove(desk.config.path, desk.state_folder, dry_run=report.dry_run)
    except StateError as error:
        report.errors.append(error)
        return
    report.notes += [f"{'would remove' if report.dry_run else 'removed'} {line}" for line in gone]


def remove_everything(desk: Desk, report: NightReport) -> None:
    """Remove what calsync keeps on this machine. While anything went wrong before, nothing: a next try needs it."""
    if report.errors:
        report.notes.append("what calsync remembers was not removed, since not all was done: run this again")
        return
    names = _in_keyring(desk)
    if report.dry_run:
        report.notes += [f"would remove the secret {name} from the system keyring" for name in names]
        with contextlib.suppress(OSError):
            report.notes += [f"would remove {path}" for path in own_files(desk.state_folder)]
        return
    try:
        with hold(desk.state_folder):
            for name in names:
                SecretStore(desk.state_folder).forget(name)
                report.notes.append(f"removed the secret {name} from the system keyring")
            removed = remove_own_files(desk.state_folder, keep_lock=True)
        removed += remove_own_files(desk.state_folder)
    except OSError as error:
        report.errors.append(
            Unfinished(f"{error.filename} cannot be removed: {error.strerror or error}", "remove it by hand")
        )
        return
    except CalsyncError as error:
        report.errors.append(error)
        return
    report.notes += [f"removed {path}" for path in removed]


def what_stays(desk: Desk, *, everything: bool) -> list[str]:
    """A line on each thing that is left: the configuration, the state folder, secrets, grants."""
    config = desk.config.path
    lists = [path for own in (TOPICS, ACTS) if (path := own.path(config)).exists()]
    stays = [f"left in place: {path}, your own file" for path in (config, *lists)]
    unfinished = config.with_name(config.name + ".unfinished")
    if unfinished.exists():
        stays.append(f"left in place: {unfinished}, a setup that was not finished")
    folder = desk.state_folder
    with contextlib.suppress(OSError):
        if everything:
            foreign = others(folder)
            if foreign:
                stays.append(f"left in place: {folder}, for what is not calsync's: {', '.join(foreign)}")
            elif folder.is_symlink():
                stays.append(f"left in place: {folder}, a link, and the empty folder {folder.resolve()}")
        elif folder.is_dir():
            stays.append(f"left in place: {folder}, with {', '.join(inventory(folder))}")
    if not everything:
        stays += [f"left in the system keyring ({SERVICE}): {name}" for name in _in_keyring(desk)]
        stays.append("to remove these too, all but your own files: calsync uninstall --everything")
    granted = [c.options["account"] for c in desk.config.calendars if "account" in c.options]
    stays += [
        f"left with {account}: what the account has granted, until you end it there (docs/privacy.md)"
        for account in dict.fromkeys(granted)
    ]
    return stays


def _in_keyring(desk: Desk) -> list[str]:
    """The names of our secrets that lie in the system keyring."""
    store = SecretStore(desk.state_folder, environment={})
    found = []
    for name in [*(calendar.name for calendar in desk.config.calendars), KEY_NAME]:
        with contextlib.suppress(StateError):
            if store.place(name) == "keyring":
                found.append(name)
    return found
