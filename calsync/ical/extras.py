"""What the leader wrote into a block beside what calsync writes: kept as it stands through every rewrite."""

from __future__ import annotations

from collections.abc import Iterable

from calsync.ical.content import unfold

__all__ = ["foreign_lines", "telling"]

_OURS = frozenset(
    {
        "CLASS",
        "DTEND",
        "DTSTAMP",
        "DTSTART",
        "DURATION",
        "EXDATE",
        "EXRULE",
        "LAST-MODIFIED",
        "RDATE",
        "RECURRENCE-ID",
        "RRULE",
        "SEQUENCE",
        "STATUS",
        "SUMMARY",
        "TRANSP",
        "UID",
        "X-MICROSOFT-CDO-BUSYSTATUS",
    }
)
_TELLING = frozenset({"ATTACH", "ATTENDEE", "BEGIN", "COLOR", "COMMENT", "DESCRIPTION", "LOCATION", "URL"})
"""Properties that only a person puts there; servers add others of their own accord (CREATED, X-...)."""


def foreign_lines(component: bytes, *, description: bool = True) -> tuple[str, ...]:
    """The unfolded content lines of a VEVENT that calsync does not write, alarms whole, in their order.

    With `description` False the DESCRIPTION is left out: the caller keeps it elsewhere.
    """
    kept: list[str] = []
    depth = 0
    for line in unfold(component).decode("utf-8", "replace").split("\n"):
        line = line.rstrip("\r")
        name = line.partition(":")[0].partition(";")[0].strip().upper()
        if name == "END":
            depth -= 1
        nested = depth > 1 or (depth == 1 and name in ("BEGIN", "END"))
        if nested or (depth == 1 and _is_foreign(name, line, description=description)):
            kept.append(line)
        if name == "BEGIN":
            depth += 1
    return tuple(kept)


def _is_foreign(name: str, line: str, *, description: bool) -> bool:
    if not name or name in _OURS or name.startswith("X-CALSYNC-"):
        return False
    if name == "CATEGORIES":
        return line.partition(":")[2].strip().lower() != "calsync"
    return description or name != "DESCRIPTION"


def telling(extra: Iterable[str]) -> tuple[str, ...]:
    """Those of the lines that show a person's hand."""
    found, depth = [], 0
    for line in extra:
        name = line.partition(":")[0].partition(";")[0].strip().upper()
        depth += name == "BEGIN"
        if depth or name in _TELLING:
            found.append(line)
        depth -= name == "END"
    return tuple(found)
