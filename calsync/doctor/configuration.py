"""Checks of the configuration: that there is one, that it can be used, and who can read it."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator

from calsync.doctor.case import Case
from calsync.doctor.findings import Finding, Level, fine, of_error
from calsync.errors import ConfigError
from calsync.planning.words import count_words

__all__ = ["configuration"]

_NOTHING = "without it a night reads and plans nothing"


def configuration(case: Case) -> Iterator[Finding]:
    """Missing, wrong, or open to others although it has secrets in it."""
    path = str(case.config_path)
    if case.desk is None:
        error = case.refusal
        if isinstance(error, ConfigError) and error.problems:
            for problem in error.problems:
                at = f"{problem.file}:{problem.line}" if problem.line else problem.file
                yield Finding("config.wrong", at, Level.FAILS, str(problem), _NOTHING, error.next_step, error.exit_code)
        elif not case.config_path.exists():
            yield Finding(
                "config.missing",
                path,
                Level.FAILS,
                f"{path}: there is no configuration here",
                _NOTHING,
                "run `calsync setup`",
                2,
            )
        elif error is not None:
            yield of_error("config.unusable", path, error, _NOTHING)
        return
    config = case.desk.config
    calendars = count_words(len(config.calendars), "calendar")
    people = "1 person" if len(config.people) == 1 else f"{len(config.people)} people"
    yield fine("config", path, f"{path} can be used: {calendars}, {people}")
    mode = stat.S_IMODE(config.path.stat().st_mode)
    if config.notify and os.name == "posix" and mode & 0o077:
        yield Finding(
            "config.open",
            path,
            Level.WARNS,
            f"{path}: others on this machine can read it (mode {mode:04o})",
            "its addresses under `notify` have passwords in them",
            f"run `chmod 600 {shlex.quote(path)}`",
        )
