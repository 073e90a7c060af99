"""Refuses a plan that would change surprisingly much: the last look before anything is written."""

from __future__ import annotations

from collections.abc import Sequence

from calsync.errors import Refused
from calsync.sync.diff import CalendarDiff

__all__ = ["LEAST", "SHARE", "check", "surprising"]

SHARE = 1 / 3
"""The largest part of all blocks of the horizon that one run may delete or move."""
LEAST = 3
"""So few blocks may always change: with a short horizon a single clash is more than a third."""


def surprising(diffs: Sequence[CalendarDiff]) -> tuple[int, int] | None:
    """(disturbed, standing) when the plan goes beyond SHARE, else None."""
    standing = sum(diff.standing for diff in diffs)
    disturbed = sum(diff.disturbed for diff in diffs)
    return (disturbed, standing) if disturbed >= LEAST and disturbed > standing * SHARE else None


def check(diffs: Sequence[CalendarDiff]) -> None:
    """Raise Refused for a surprising plan."""
    found = surprising(diffs)
    if found is not None:
        disturbed, standing = found
        raise Refused(
            f"the plan would delete or move {disturbed} of {standing} blocks, more than a third; nothing was written",
            "look at it with `calsync plan`; if it is right, run `calsync nightly --force` once",
        )
