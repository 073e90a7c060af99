"""The log of each night: JSON lines, one file a night, for `calsync log` and for whoever has to find out what happened.

Nothing of a person or of what the leader wrote goes into it: events are counts, durations and the same lines on
errors that the night says, and names and addresses are taken out of those. A log that cannot be written fails no night.
"""

from __future__ import annotations

import errno
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calsync.errors import CalsyncError
from calsync.names import name_key
from calsync.people.traces import BETWEEN, GONE, Traces
from calsync.wholefile import replace_file

if TYPE_CHECKING:
    from calsync.config.values import Config
    from calsync.model import Person

__all__ = ["FOLDER", "KEPT", "NightLog", "clean_logs", "log_file", "read_events"]

FOLDER = "logs"
KEPT = 60
"""So many nights are kept."""

_WORDS = frozenset({"said", "calendar"})
"""The fields whose text is not ours alone."""
_BETWEEN = re.compile(BETWEEN)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def log_file(state_folder: Path, day: date) -> Path:
    """Where the log of the night of this local day lies."""
    return state_folder / FOLDER / f"{day.isoformat()}.jsonl"


class NightLog:
    """The log of one run that began at `now` (aware, in the leader's zone); `run` is its number once it has one."""

    def __init__(
        self, state_folder: Path, config: Config, now: datetime, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self.run: int | None = None
        self.lost = ""
        """Why nothing can be written, once nothing can."""
        self._clean = _Clean(config)
        self._now = now
        self._tick = tick
        self._begun = tick()
        self._path = log_file(state_folder, now.date())
        try:
            self._open()
        except OSError as error:
            self._lose(error)

    def event(self, what: str, level: str = "info", **fields: Any) -> None:
        """Put one event down, in one line: a stable key, and what belongs to it. Never raises."""
        if self.lost:
            return
        at = self._now + timedelta(seconds=self._tick() - self._begun)
        run = {} if self.run is None else {"run": self.run}
        known = {
            key: self._clean(value) if key in _WORDS else value for key, value in fields.items() if value is not None
        }
        line = {"at": at.isoformat(timespec="milliseconds"), "level": level, "what": what, **run, **known}
        try:
            _append(self._path, json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:
            self._lose(error)

    def error(self, error: CalsyncError) -> None:
        """Put an error down as the night says it."""
        self.event("error", "error", type=type(error).__name__, said=error.what, exit=error.exit_code)

    def cut_short(self, error: Exception) -> None:
        """Put down what ended the run before its time. Of a bug only the type: its message may quote anything."""
        if isinstance(error, CalsyncError) and type(error) is not CalsyncError:
            self.error(error)
        else:
            self.event("bug", "error", type=f"{type(error).__module__}.{type(error).__qualname__}")

    def since_begun(self) -> int:
        """Milliseconds since the log was begun."""
        return round((self._tick() - self._begun) * 1000)

    def _open(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        others = sorted(set(self._path.parent.glob("????-??-??.jsonl")) - {self._path}, reverse=True)
        for old in others[KEPT - 1 :]:
            with suppress(OSError):  # what cannot be removed costs room, not the log of this night
                old.unlink()
        if self._path.is_fifo():
            raise OSError(errno.EEXIST, "what lies in its place is no file")  # it would be waited for, for ever
        with suppress(FileNotFoundError), self._path.open("rb") as file:
            # What a run that was killed has left of a line ends here, so that the next one begins anew.
            if file.seek(0, os.SEEK_END) and file.seek(-1, os.SEEK_END) >= 0 and file.read(1) != b"\n":
                _append(self._path, "\n")

    def _lose(self, error: OSError) -> None:
        # Without the day: what goes on is told once.
        self.lost = f"the log of the night cannot be written: {self._path.parent}: {error.strerror or error}"


def read_events(state_folder: Path, run: int, day: date) -> list[dict[str, Any]]:
    """The events of a run whose night was that of `day`, in order; lines that were cut off are left out."""
    return [event for event in _events(log_file(state_folder, day)) if event.get("run") == run]


def clean_logs(state_folder: Path, traces: Traces) -> list[Path]:
    """Take a person out of every log; the files that had them. Raises OSError."""
    changed = []
    for path in sorted((state_folder / FOLDER).glob("*.jsonl")):
        if not path.is_file() or not traces.is_in_bytes(path.read_bytes()):
            continue
        lines = [json.dumps(_redacted(event, traces), ensure_ascii=False) + "\n" for event in _events(path)]
        replace_file(path, "".join(lines).encode())
        changed.append(path)
    return changed


class _Clean:
    """Takes the people of the rotation out of a text, and every address that is not the leader's own.

    The leader's own address stays: which account wants a sign-in is what they look for.
    """

    def __init__(self, config: Config) -> None:
        self._config = config

    def __call__(self, text: str) -> str:
        """The text made clean."""
        plain = _BETWEEN.sub(" ", name_key(text))
        for person, words in self._people:
            if any(word in plain for word in words):  # to look closely takes a while, and there may be hundreds
                text = Traces(person.name, person.addresses).redacted(text).replace(GONE, "(a person)")
        return _ADDRESS.sub(lambda found: found[0] if found[0].lower() in self._own else "(an address)", text)

    @cached_property
    def _people(self) -> list[tuple[Person, list[str]]]:
        return [
            (one, [_BETWEEN.sub(" ", name_key(word)) for word in (one.name, *one.addresses)])
            for one in self._config.people
        ]

    @cached_property
    def _own(self) -> frozenset[str]:
        accounts = {value for calendar in self._config.calendars for value in calendar.options.values()}
        return frozenset(text.lower() for text in {*self._config.me, *accounts} if "@" in text)


def _append(path: Path, text: str) -> None:
    """Add to the file in one write, so that two runs never mix their lines and a killed one leaves whole ones."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        data = text.encode()
        if os.write(handle, data) != len(data):
            raise OSError(28, "no space left for a whole line")
    finally:
        os.close(handle)


def _events(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict):
            yield event


def _redacted(value: Any, traces: Traces) -> Any:
    if isinstance(value, str):
        return traces.redacted(value)
    if isinstance(value, dict):
        return {key: _redacted(one, traces) for key, one in value.items()}
    if isinstance(value, list):
        return [_redacted(one, traces) for one in value]
    return value
