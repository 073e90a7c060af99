"""A leader who answers from a script, and a setup in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pytest

from calsync.cli.person import Person
from calsync.demo import write_demo
from calsync.setup.draft import Draft
from calsync.setup.plan import Setup
from calsync.setup.wishes import Wishes

T = TypeVar("T")
NOW = datetime.fromisoformat("2026-11-26T05:00:00+01:00")


@dataclass
class Scripted:
    """Answers each question by the first words of it that the script knows; else by its default.

    `answers` has a list of answers by the beginning of a question: each is given once, then the default counts.
    """

    answers: dict[str, list[str]] = field(default_factory=dict)
    attended: bool = True
    said: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    warned: list[tuple[str, str]] = field(default_factory=list)

    def heading(self, text: str) -> None:
        self.said.append(text)

    def say(self, text: str) -> None:
        self.said.append(text)

    def warn(self, what: str, next_step: str) -> None:
        self.warned.append((what, next_step))

    def ask(self, question: str, default: str, check: Callable[[str], T], *, example: str = "") -> T:
        while True:
            said = self._answer(question, default)
            try:
                return check(said)
            except ValueError as error:
                self.warned.append((question, str(error)))
                if not self._script(question):
                    raise

    def choose(self, question: str, options: Sequence[tuple[str, str]], default: str) -> str:
        chosen = self._answer(question, default)
        assert chosen in [key for key, _ in options], (question, chosen, options)
        return chosen

    def tick(self, question: str, rows: Sequence[str], ticked: Collection[int]) -> frozenset[int]:
        wanted = self._answer(question, "")
        self.said += rows
        return frozenset(at for at, row in enumerate(rows) if any(w and w in row for w in wanted.split(","))) or (
            frozenset(ticked)
        )

    def agree(self, question: str, default: bool) -> bool:
        return self._answer(question, "y" if default else "n") == "y"

    def person(self, calendar: str) -> Person:
        return Person(calendar)

    def _script(self, question: str) -> list[str]:
        return next((rest for begin, rest in self.answers.items() if question.startswith(begin)), [])

    def _answer(self, question: str, default: str) -> str:
        self.asked.append((question, default))
        script = self._script(question)
        return script.pop(0) if script else default


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a folder of calendar files in it, where programs usually put them."""
    write_demo(tmp_path / "demo", NOW)
    (tmp_path / "demo" / "calendars").rename(tmp_path / "calendars")
    (tmp_path / "calendars" / "family.ics").unlink()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TZ", "Europe/Berlin")
    return tmp_path


@pytest.fixture
def begin(home: Path) -> Callable[..., Setup]:
    """A setup whose leader answers from a script; the configuration is to be in `config`, the state in `state`."""

    def made(talk: Scripted | None = None, wishes: Wishes | None = None, *, afresh: bool = False) -> Setup:
        draft = Draft(home / "config" / "config.yaml", home / "state", NOW, afresh=afresh)
        return Setup(draft, wishes or Wishes(), talk or Scripted())

    return made
