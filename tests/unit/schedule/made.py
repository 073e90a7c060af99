"""A job as it is made for a configuration, without one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from pathlib import Path

from calsync.schedule.job import Job

__all__ = ["COMMAND", "job"]

COMMAND = (
    "/home/maya/.local/bin/calsync",
    "--config",
    "/home/maya/My files/50% ä'\"$HOME/config.yaml",
    "--state",
    "/home/maya/.local/state/calsync",
    "-q",
    "nightly",
    "--if-due",
    "04:15",
)


def job(command: tuple[str, ...] = COMMAND, environment: Mapping[str, str] | None = None) -> Job:
    variables = {"HTTPS_PROXY": "http://proxy.example:3128/%20", "TZ": "Europe/Berlin"}
    return Job(
        id="0123abcd",
        command=command,
        environment=variables if environment is None else environment,
        at=time(4, 15),
        minute=37,
        state=Path("/home/maya/.local/state/calsync"),
        writable=(Path("/home/maya/.local/state/calsync"), Path("/home/maya/public html")),
    )
