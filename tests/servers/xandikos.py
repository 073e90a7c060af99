"""Xandikos, as a process, without accounts: everybody is the principal /user/."""

from __future__ import annotations

from pathlib import Path

from tests.servers.process import ServerProcess, start

__all__ = ["start_xandikos"]


def start_xandikos(folder: Path) -> ServerProcess:
    """A Xandikos that keeps its data in `folder`; calendars go below /user/calendars/."""
    options = ["-d", str(folder / "data"), "--state-dir", str(folder / "state"), "--defaults", "-l", "127.0.0.1"]
    return start(folder, lambda port: ["xandikos", "serve", *options, "-p", str(port)])
