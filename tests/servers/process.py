"""Starts a server as a process of its own on a free port of 127.0.0.1, waits until it answers, and stops it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

__all__ = ["ServerProcess", "start"]

_READY_SECONDS = 40.0
_PORT_TRIES = 5


class ServerProcess:
    """A running server: `url` ends with a slash, `folder` is where it keeps everything."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{port}/"
        self.folder = log.parent

    def stop(self) -> None:
        """End the process at once: it would wait for connections that are still open, and nothing of it is kept."""
        self._process.kill()
        self._process.wait(10)


def start(folder: Path, arguments: Callable[[int], Sequence[str]]) -> ServerProcess:
    """Start `python -m <arguments(port)>` with its log in `folder`, and return once its port answers.

    Another process may take the free port before the server does; then the server ends and another port is tried.
    """
    log = folder / "server.log"
    for _ in range(_PORT_TRIES):
        port = _free_port()
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments(port)], stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=folder
            )
        if _answers(process, port):
            return ServerProcess(process, port, log)
    raise RuntimeError(f"the server did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            try:
                # Waiting for the process to end is the pause between two looks at the port.
                process.wait(0.03)
            except subprocess.TimeoutExpired:
                continue
            return False
        return process.poll() is None
    process.kill()
    process.wait(10)
    return False
