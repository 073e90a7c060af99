"""The acts of kindness there are: those that calsync ships and the leader's own, read and checked.

The shipped ones are written in people/data/kindness.yaml. Reading YAML costs more than a quiet night's own work, so a
copy in JSON lies beside it, which calsync.cli.generated makes anew and a test keeps equal.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from calsync.errors import CalsyncError
from calsync.ownlists import ACTS, Linted, shipped_data
from calsync.people.acts import Act

if TYPE_CHECKING:
    from calsync.people import findings

__all__ = ["Linted", "Shelf", "lint", "own_file", "shelf", "shipped"]


@dataclass(frozen=True, slots=True)
class Shelf:
    """The acts that can be given, the shipped ones first, and why own ones are missing."""

    acts: tuple[Act, ...]
    problems: tuple[CalsyncError, ...] = ()


def own_file(config: Path) -> Path:
    """Where the leader's own acts are, if there are any, for the configuration at `config`."""
    return ACTS.path(config)


def shipped() -> tuple[Act, ...]:
    """The acts of this version."""
    return tuple(Act(**row) for row in json.loads(shipped_data("kindness.json")))


def shelf(config: Path) -> Shelf:
    """Every act there is for the configuration at `config`.

    Own acts in a file that cannot be read are all missing, single ones that the linter refuses are missing alone;
    either is one problem, and raises nothing.
    """
    ours = shipped()
    entries, problems = ACTS.kept(config, _check)
    if not entries:
        return Shelf(ours, problems)
    from calsync.people.actlint import act_of

    return Shelf((*ours, *(act_of(entry, own=True) for entry in entries)), problems)


def lint(config: Path, file: Path | None = None) -> tuple[list[Linted], int]:
    """What is wrong with the acts of `file`, or else with the shipped and the own ones; how many there were.

    Raises UsageError when `file` cannot be read.
    """
    return ACTS.lint(config, file, _check)


def _check(entries: Sequence[findings.Entry], own: bool) -> list[findings.Finding]:
    from calsync.people.actlint import check

    texts = {act.key: act.text for act in shipped()} if own else {}
    return check(entries, own=own, taken=texts, shipped=texts)
