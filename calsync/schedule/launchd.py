"""An agent of macOS's launchd: a property list in the user's own LaunchAgents."""

from __future__ import annotations

import os
import plistlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from calsync.errors import StateError
from calsync.schedule.calling import call, has
from calsync.schedule.job import Job, Placed
from calsync.wholefile import replace_file

__all__ = ["agent_text", "fits", "label", "path_of", "place", "present", "preview", "take", "where"]


def fits(_environment: Mapping[str, str]) -> tuple[bool, str]:
    """Whether this machine has launchd, and why (not)."""
    if sys.platform == "darwin" and has("launchctl"):
        return True, "launchd makes up for what was missed while the machine slept"
    return False, "launchd is macOS's, and this is not macOS"


def label(job_id: str) -> str:
    """The agent's name."""
    return f"calsync.nightly.{job_id}"


def path_of(job_id: str) -> Path:
    """Where the agent's file lies."""
    return Path.home() / "Library" / "LaunchAgents" / f"{label(job_id)}.plist"


def where(job_id: str) -> str:
    """Where the agent is."""
    return str(path_of(job_id))


def agent_text(job: Job) -> str:
    """The property list. It names no file for output: what a night has to say is in its log."""
    agent: dict[str, Any] = {
        "Label": label(job.id),
        "ProgramArguments": list(job.command),
        "StartCalendarInterval": {"Minute": job.minute},
        "RunAtLoad": True,
        "ProcessType": "Background",
        "LowPriorityIO": True,
        "WorkingDirectory": "/",
    }
    if job.environment:
        agent["EnvironmentVariables"] = dict(job.environment)
    return plistlib.dumps(agent, sort_keys=True).decode()


def preview(job: Job) -> str:
    """The file."""
    return agent_text(job).rstrip("\n")


def place(job: Job) -> None:
    """Write the file and load it, anew where it has changed. Raises StateError."""
    path, text = path_of(job.id), agent_text(job)
    loaded = call("launchctl", "print", _target(job.id)).code == 0
    if _data(path) == text.encode() and loaded:
        return
    try:
        replace_file(path, text.encode(), private=False)
    except OSError as error:
        raise StateError(
            f"{path} cannot be written: {error.strerror or error}", "check that folder, then run the command again"
        ) from error
    if loaded:
        call("launchctl", "bootout", _target(job.id))
    ended = call("launchctl", "bootstrap", _domain(), str(path))
    if ended.code != 0:
        raise StateError(
            f"launchctl bootstrap {_domain()} {path}: {ended.complaint}",
            "log in at the machine itself once, then run the command again",
        )


def present(job_id: str) -> Placed | None:
    """The agent as its file has it, None when there is none."""
    path = path_of(job_id)
    data = _data(path)
    if data is None:
        return None
    problems = []
    try:
        agent = plistlib.loads(data)
        command = tuple(str(word) for word in agent["ProgramArguments"])
        minute = int(agent["StartCalendarInterval"]["Minute"])
    except Exception:  # noqa: BLE001 - the parser fails in many ways; whatever it is, the file is not as we wrote it
        command, minute = (), 0
        problems.append(f"{path} was changed by hand and cannot be understood")
    if call("launchctl", "print", _target(job_id)).code != 0:
        problems.append(f"launchd has not loaded {label(job_id)} (launchctl print {_target(job_id)})")
    return Placed(where(job_id), data.decode("utf-8", "replace").rstrip("\n"), command, minute, tuple(problems))


def take(job_id: str, *, dry_run: bool) -> list[str]:
    """Unload the agent and remove its file; what was removed, a line each. Raises StateError."""
    path = path_of(job_id)
    if not path.is_file():
        return []
    if not dry_run:
        call("launchctl", "bootout", _target(job_id))
        try:
            path.unlink()
        except OSError as error:
            raise StateError(f"{path} cannot be removed: {error.strerror}", "remove it by hand") from error
    return [str(path)]


def _domain() -> str:
    return f"gui/{os.getuid() if hasattr(os, 'getuid') else 0}"


def _target(job_id: str) -> str:
    return f"{_domain()}/{label(job_id)}"


def _data(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
