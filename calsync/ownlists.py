"""Lists that calsync ships and the leader adds to in a YAML file beside the configuration: how they are read.

Topics and acts of kindness are such lists. What makes one of their entries a good one is for the linters in people/.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calsync.errors import CalsyncError, ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from calsync.people.findings import Entry, Finding

__all__ = ["ACTS", "TOPICS", "Check", "Linted", "OwnList", "own_files", "shipped_data"]

Check = Callable[[Sequence["Entry"], bool], Sequence["Finding"]]
"""What is wrong with entries; the flag says whether they are the leader's own."""

_LARGEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Linted:
    """Something to correct: in which file (as it is called), on which line, what and how. `rule` as in Finding."""

    file: str
    line: int
    rule: str
    what: str
    to_do: str

    def as_json(self) -> dict[str, Any]:
        """The documented keys of `topics lint` and `kindness lint`."""
        return {"file": self.file, "line": self.line, "rule": self.rule, "what": self.what, "to_do": self.to_do}


@dataclass(frozen=True, slots=True)
class OwnList:
    """One such list: what its file is called, what it holds, and the command that checks it.

    `many` and `one` are the words for its entries ("topics", "topic"), `command` is as in "topics lint".
    """

    file: str
    many: str
    one: str
    command: str

    @property
    def next_step(self) -> str:
        """What to do about a file of the leader's that is wrong."""
        return f"the shipped {self.many} are used meanwhile; `calsync {self.command}` shows every line to correct"

    def path(self, config: Path) -> Path:
        """Where the leader's own entries are, if there are any, for the configuration at `config`."""
        return config.parent / self.file

    def kept(self, config: Path, check: Check) -> tuple[list[Entry], tuple[CalsyncError, ...]]:
        """The leader's own entries that can be used, and why others cannot; raises nothing.

        All are left out where the file cannot be read, single ones that `check` refuses are left out alone; either is
        one problem.
        """
        path = self.path(config)
        if path == config:  # the configuration itself is called so: there is no room for own entries beside it
            return [], ()
        try:
            entries = self.entries(path, self.read_own(path))
        except FileNotFoundError:
            return [], ()
        except CalsyncError as error:
            return [], (error,)
        findings = check(entries, True)
        wrong = {finding.entry for finding in findings}
        if not findings:
            return entries, ()
        left_out = f"1 of your {self.many} is" if len(wrong) == 1 else f"{len(wrong)} of your {self.many} are"
        # What the entry says stays in its file: this line gets into the log of the night.
        first = findings[0]
        what = f"{path}:{first.line}: the linter refuses this {self.one} ({first.rule}); {left_out} left out"
        kept = [entry for at, entry in enumerate(entries) if at not in wrong]
        return kept, (UsageError(what, self.next_step),)

    def lint(self, config: Path, file: Path | None, check: Check) -> tuple[list[Linted], int]:
        """What is wrong with the entries of `file`, or else with the shipped and the own ones; how many there are.

        Raises UsageError when `file` cannot be read.
        """
        if file is not None:
            return self._linted(str(file), lambda: self._read(file), check, own=True)
        found, count = self._linted(f"{self.file} as shipped", lambda: shipped_data(self.file), check, own=False)
        own = self.path(config)
        if own.exists() and own != config:
            more, read = self._linted(str(own), lambda: self.read_own(own), check, own=True)
            found, count = found + more, count + read
        return found, count

    def read_own(self, path: Path) -> bytes:
        """What the leader's own file holds, which the night reads while nobody is there to feed a pipe.

        Raises FileNotFoundError when there is none, UsageError when it cannot be read.
        """
        if path.exists() and not path.is_file() and not path.is_dir():
            to_do = f"put a file with your {self.many} there, or nothing"
            raise UsageError(f"{path} cannot be read: it is no file", to_do)
        return self._read(path)

    def _read(self, path: Path) -> bytes:
        """What the file holds; raises FileNotFoundError when there is none, UsageError when it cannot be read."""
        try:
            with path.open("rb") as file:
                data = file.read(_LARGEST + 1)
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"{path} cannot be read: {reason}", "check the path and its permissions") from None
        if len(data) > _LARGEST:
            what = f"is larger than 1 MiB, so it is no list of {self.many}"
            raise ConfigError([Problem(str(path), 0, "", what)], self.next_step)
        return data

    def entries(self, path: Path, data: bytes) -> list[Entry]:
        """The entries of a file with their lines. Raises ConfigError when it is no list, or no YAML."""
        from calsync.config.tree import decode, read_tree
        from calsync.people.findings import Entry

        text, faults = decode(data)
        if not faults:
            tree = read_tree(text)
            faults = tree.faults
            if not faults and tree.value is None:
                return []
            if not faults and isinstance(tree.value, list):
                lines: list[dict[tuple[str | int, ...], int]] = [{} for _ in tree.value]
                for marks in (tree.values, tree.keys):
                    for where, mark in marks.items():
                        if where and isinstance(where[0], int):
                            lines[where[0]].setdefault(where[1:], mark.line)
                return [Entry(value, at) for value, at in zip(tree.value, lines, strict=True)]
            if not faults:
                what = f"expected a list of {self.many}, each begun with a dash: `- text: ...`"
                raise ConfigError([Problem(str(path), 1, "", what)], self.next_step)
        ordered = sorted(faults, key=lambda fault: (fault.mark.line, fault.mark.column))
        raise ConfigError([self._problem(path, fault) for fault in ordered], self.next_step)

    def _problem(self, path: Path, fault: Any) -> Problem:
        key = ".".join(step for step in fault.where if isinstance(step, str))
        return Problem(str(path), fault.mark.line, key, fault.text.replace("configuration", f"list of {self.many}"))

    def _linted(self, name: str, read: Callable[[], bytes], check: Check, *, own: bool) -> tuple[list[Linted], int]:
        try:
            entries = self.entries(Path(name), read())
        except FileNotFoundError:
            raise UsageError(f"{name}: there is no such file", "check the path") from None
        except ConfigError as error:
            return [
                Linted(name, p.line, "form", f"{p.key}: {p.text}" if p.key else p.text, "correct the line")
                for p in error.problems
            ], 0
        return [Linted(name, f.line, f.rule, f.what, f.to_do) for f in check(entries, own)], len(entries)


TOPICS = OwnList("topics.yaml", "topics", "topic", "topics lint")
ACTS = OwnList("kindness.yaml", "acts", "act", "kindness lint")


def own_files(config: Path) -> tuple[Path, ...]:
    """Where the leader's own lists are, if there are any, for the configuration at `config`."""
    return TOPICS.path(config), ACTS.path(config)


def shipped_data(name: str) -> bytes:
    """What a file holds that calsync ships."""
    return files("calsync.people").joinpath("data", name).read_bytes()
