"""A leader's folder with a configuration and a state, and a machine on which nothing is wrong until a test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from calsync.doctor.case import Case, Machine
from calsync.doctor.examine import open_case
from calsync.doctor.findings import Finding, Level

__all__ = ["ANA", "NOW", "SOUND", "Check", "Folder", "bad", "fine", "told"]

NOW = datetime.fromisoformat("2026-11-09T05:00:00+01:00")
ANA = "{name: Ana Sousa, email: ana@example.com, ideal: 14d, max: 28d}"
SOUND = Machine(
    clock=lambda: NOW,
    zone="Europe/Berlin",
    iana="2026f",
    python=(3, 12),
    executable="/opt/python/bin/python3",
    environment={},
    free=lambda _path: 10**12,
    mounts="",
    installed=lambda _name: "99",
    requires=(),
)

Check = Callable[[Case], Iterable[Finding]]


class Folder:
    """One leader's files. What is given to `write` stands in the configuration beside what always does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.yaml"
        self.state = folder / "state"
        self.work = folder / "work"
        self.work.mkdir()
        self.write()

    def write(
        self,
        *more: str,
        calendars: str = "",
        connect: str = "{minutes: 30, per_week: 2}",
        people: str = f"[{ANA}]",
        hours: str = "",
    ) -> None:
        listed = calendars or f"[{{name: work, provider: ics, path: '{self.work}', write: true}}]"
        lines = [
            "timezone: Europe/Berlin",
            "me: [maya@example.com]",
            f"calendars: {listed}",
            f"people: {people}",
            *([f"blocks: {{connect: {connect}}}"] if connect else []),
            *([f"working_hours: {hours}"] if hours else []),
            *more,
        ]
        self.config.write_text("\n".join(lines) + "\n", "utf-8")

    def case(self, now: datetime = NOW, *, write: bool = False, **machine: Any) -> Case:
        """What the checks are given, on a sound machine but for what is named."""
        wanted = replace(SOUND, clock=lambda: now)
        return open_case(self.config, self.state, now=now, machine=replace(wanted, **machine), write=write)

    def night(self, now: datetime = NOW) -> int:
        from calsync.desk import open_desk
        from calsync.nightly import run_night

        return run_night(open_desk(self.config, self.state, now)).exit_code


def bad(check: Check, case: Case) -> list[Finding]:
    """What a check finds wrong."""
    return [finding for finding in check(case) if finding.level is not Level.FINE]


def fine(check: Check, case: Case) -> list[str]:
    """What a check says that is fine, when it finds nothing else."""
    found = list(check(case))
    assert all(finding.level is Level.FINE for finding in found), found
    return [finding.what for finding in found]


def told(finding: Finding) -> tuple[str, str, str, str]:
    """Level and the three sentences of a finding."""
    return finding.level.value, finding.what, finding.why, finding.command
