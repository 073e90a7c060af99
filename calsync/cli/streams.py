"""The streams of the real process made safe: letters that an encoding lacks, full disks, streams that are closed.

What a command has done is done, whether or not its answer can be shown; so nothing here ends a command half-way.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Outlet", "prepare_streams"]

_CAN_FAIL = frozenset({"strict", "surrogateescape"})
"""The error handlers that can fail on writing. Whoever asked for another one by PYTHONIOENCODING gets it."""


class Outlet(io.FileIO):
    """A file descriptor that takes everything; `lost` is the first refusal, and nothing is written after it.

    With `deaf` a reader that has gone away is a refusal like any other, else BrokenPipeError is raised.
    """

    def __init__(self, descriptor: int, *, deaf: bool = False) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self.lost: OSError | None = None
        self._deaf = deaf

    def write(self, data: ReadableBuffer, /) -> int:
        """Write `data`, or lose it without a word."""
        size = memoryview(data).nbytes
        if self.lost is not None:
            return size
        try:
            return super().write(data)
        except BrokenPipeError as refusal:
            if not self._deaf:
                raise
            self.lost = refusal
        except OSError as refusal:
            self.lost = refusal
        return size


def prepare_streams() -> Outlet | None:
    """Make stdin, stdout and stderr of this process ones that can be used; what stdout goes through, if not a terminal.

    A closed stream is replaced by the null device, in this order, so that no file which is opened later gets its
    number. A letter that an encoding lacks becomes a question mark.
    """
    if sys.stdin is None:
        nothing = io.FileIO(os.open(os.devnull, os.O_RDONLY), "rb", closefd=False)
        sys.stdin = io.TextIOWrapper(io.BufferedReader(nothing), encoding="utf-8")
    answer = None
    if sys.stdout is None:
        sys.stdout = _null()
    else:
        sys.stdout, answer = _safe(sys.stdout, deaf=False)
    if sys.stderr is None:
        sys.stderr = _null()
    else:
        sys.stderr, _ = _safe(sys.stderr, deaf=True)
    return answer


def _null() -> TextIO:
    outlet = io.FileIO(os.open(os.devnull, os.O_WRONLY), "wb", closefd=False)
    return io.TextIOWrapper(io.BufferedWriter(outlet), encoding="utf-8", errors="replace")


def _safe(stream: TextIO, *, deaf: bool) -> tuple[TextIO, Outlet | None]:
    """`stream`, or one in its place that never refuses; a terminal stays what it is, for a console may need it."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream, None
    errors = "replace" if stream.errors in _CAN_FAIL else stream.errors
    if stream.isatty():
        stream.reconfigure(errors=errors)
        return stream, None
    outlet = Outlet(stream.fileno(), deaf=deaf)
    encoding, by_line = stream.encoding, stream.line_buffering
    return io.TextIOWrapper(io.BufferedWriter(outlet), encoding, errors, line_buffering=by_line), outlet
