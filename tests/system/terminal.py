"""A terminal with somebody at it: a command runs on a pseudo-terminal, its questions are awaited, answers are typed."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Terminal", "at_terminal"]

_PATIENCE = 30.0
_IMPATIENCE = 2.0
"""So long nobody waits for what Ctrl-C does before pressing it again."""
_DRAWING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\][^\x07]*\x07")
# The terminal becomes the one that the process is controlled from, so that Ctrl-C is a key like any other.
_LAUNCH = "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execv(sys.argv[1], sys.argv[1:])"


class Terminal:
    """`screen` is all that was shown so far, without what only moves and colours; `raw` is it as it came."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self._process = process
        self._descriptor = descriptor
        self._seen = 0
        self.raw = ""

    @property
    def screen(self) -> str:
        return _DRAWING.sub("", self.raw).replace("\r\n", "\n").replace("\r", "\n")

    @property
    def new(self) -> str:
        """What was shown since the last thing that was awaited."""
        return self.screen[self._seen :]

    def see(self, text: str) -> str:
        """Wait until `text` is shown, and give what stands before it."""
        until = time.monotonic() + _PATIENCE
        while text not in self.new:
            if not self._read(until):
                raise AssertionError(f"{text!r} was not shown; the screen has:\n{self.screen[-3000:]}")
        before, _, _ = self.new.partition(text)
        self._seen += len(before) + len(text)
        return before

    def prompted(self) -> str:
        """Wait for the next question, whichever it is: what was shown since the last one, "" when the command ended.

        No question is known by its text here, so one counts that nothing follows.
        """
        until = time.monotonic() + _PATIENCE
        while not self.new.endswith(": "):
            if not self._read(until):
                assert time.monotonic() < until, f"neither a question nor the end:\n{self.screen[-3000:]}"
                return ""
        shown = self.new
        self._seen += len(shown)
        return shown

    def type(self, text: str = "") -> None:
        """Type a line and press Enter."""
        os.write(self._descriptor, f"{text}\n".encode())

    def answer(self, question: str, text: str = "") -> str:
        """Wait for a question and answer it; what was shown before it."""
        before = self.see(question)
        self.see(": ")
        self.type(text)
        return before

    def press(self, key: str) -> None:
        """Press a key, such as Ctrl-C (`\\x03`)."""
        os.write(self._descriptor, key.encode())

    def interrupt(self) -> int:
        """Press Ctrl-C until the command has ended; its exit code.

        Once need not do: an interrupt that comes just before a read waits for the next key, in Python as in C.
        """
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            self.press("\x03")
            soon = time.monotonic() + _IMPATIENCE
            while self._read(soon):
                pass
            if time.monotonic() < soon:
                break
        return self._process.wait(_PATIENCE)

    def end(self) -> int:
        """Wait until the command has ended; its exit code."""
        until = time.monotonic() + _PATIENCE
        while self._read(until):
            pass
        return self._process.wait(_PATIENCE)

    def _read(self, until: float) -> bool:
        """Take what is shown; False at the end, or when nothing came in time."""
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # Linux says so when nobody holds the other end any more
            return False
        self.raw += data.decode("utf-8", "replace")
        return bool(data)


@contextmanager
def at_terminal(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, *, columns: int = 80, lines: int = 24
) -> Iterator[Terminal]:
    """Run `command` on a terminal of that size; a process that is still there at the end is killed."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (lines, columns))
    process = subprocess.Popen(
        [sys.executable, "-S", "-E", "-c", _LAUNCH, *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=dict(environment),
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(_PATIENCE)
        os.close(ours)
