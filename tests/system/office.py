"""A leader's computer in an office whose web goes through a proxy: the installed command, a terminal, a browser.

All that the command is told of the test servers are the variables that any company sets: HTTPS_PROXY and a CA bundle.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import calsync
from tests.conftest import Ran
from tests.servers.accounts import Front
from tests.servers.proxy import Proxy

__all__ = ["Office", "office"]

_HOME = str(Path(calsync.__file__).resolve().parents[1])
_BROWSER = Path(__file__).resolve().parents[1] / "servers" / "browser.py"


@dataclass
class Office:
    """`front` is the vendor's; `folder` has the configuration and the state. What ran is noted in `told`."""

    front: Front
    proxy: Proxy
    folder: Path
    told: list[Ran] = field(default_factory=list)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def trace(self) -> Path:
        """The pages that the browser has opened, one a line; not there while it has opened none."""
        return self.folder / "browser.trace"

    @property
    def environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("CALSYNC_", "COLUMNS", "PYTHON"))}
        return (
            inherited
            | self.proxy.environment
            | {
                "PYTHONPATH": _HOME,
                "PYTHONIOENCODING": "utf-8",
                "BROWSER": f"{sys.executable} -P {_BROWSER} %s",
                "BROWSER_TRACE": str(self.trace),
            }
        )

    def config(self, *calendars: str, people: str = "") -> None:
        """Write the configuration, with these calendars."""
        listed = "\n".join(f"  - {line}" for line in calendars)
        (self.folder / "config.yaml").write_text(
            f"timezone: Europe/Berlin\nme: [maya@example.com]\ncalendars:\n{listed}\n"
            "blocks: {connect: {minutes: 30, per_week: 2}}\n"
            "people: [{name: Ana Sousa, email: ana@example.com, ideal: 14d, max: 28d}]\n" + people,
            encoding="utf-8",
        )

    def run(self, *args: str | Path, typed: str = "", **more: str) -> Ran:
        """Run the command without a terminal; `typed` is its stdin, `more` goes into its environment."""
        ended = subprocess.run(
            self._command(args),
            env=self.environment | more,
            cwd=self.folder,
            input=typed,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return self._noted(Ran(ended.returncode, ended.stdout, ended.stderr))

    def at_terminal(self, *args: str | Path, **more: str) -> Ran:
        """Run the command with a terminal for stdin, at which nobody types."""
        ours, theirs = pty.openpty()
        try:
            ended = subprocess.run(
                self._command(args),
                env=self.environment | more,
                cwd=self.folder,
                stdin=theirs,
                capture_output=True,
                encoding="utf-8",
                timeout=120,
                check=False,
            )
        finally:
            os.close(ours)
            os.close(theirs)
        return self._noted(Ran(ended.returncode, ended.stdout, ended.stderr))

    def answering(self, answer: Callable[[str], str], *args: str | Path) -> Ran:
        """Run the command and type what `answer` makes of the first address that it shows on stderr."""
        running = subprocess.Popen(
            self._command(args),
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert running.stdin is not None
        assert running.stderr is not None
        assert running.stdout is not None
        watchdog = threading.Timer(120, running.kill)
        watchdog.start()
        shown: list[str] = []
        for line in running.stderr:
            shown.append(line)
            if line.startswith("https://"):
                running.stdin.write(answer(line) + "\n")
                running.stdin.close()
        out = running.stdout.read()
        code = running.wait()
        watchdog.cancel()
        running.stdout.close()
        running.stderr.close()
        return self._noted(Ran(code, out, "".join(shown)))

    def _command(self, args: tuple[str | Path, ...]) -> list[str]:
        start = [sys.executable, "-P", "-W", "error", "-m", "calsync", "--config", str(self.folder / "config.yaml")]
        return [*start, "--state", str(self.state), *map(str, args)]

    def _noted(self, ran: Ran) -> Ran:
        self.told.append(ran)
        return ran


@contextmanager
def office(front: Any, folder: Path) -> Iterator[Office]:
    """The office of a leader whose account is at `front`, which keeps its state in `folder/state`."""
    folder.mkdir(exist_ok=True)
    proxy = Proxy(front.places, folder)
    with proxy.running():
        yield Office(front, proxy, folder)
