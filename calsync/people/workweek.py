"""A working week as one line of text ("mon-thu 09:00-17:00; fri 09:00-13:00"), as a cell or an option holds it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

__all__ = ["Stretches", "days_and_hours", "split_week", "week_text"]

Stretches = tuple[tuple[time, time], ...]
"""(start, end) wall-clock pairs of one day, in order."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def days_and_hours(week: Mapping[int, Stretches]) -> dict[str, str]:
    """The days with their hours as the configuration writes them; days in a row with the same hours stand together."""
    groups: list[tuple[int, int, Stretches]] = []
    for day, stretches in sorted(week.items()):
        if groups and groups[-1][1] == day - 1 and groups[-1][2] == stretches:
            groups[-1] = (groups[-1][0], day, stretches)
        else:
            groups.append((day, day, stretches))
    return {
        _DAYS[first] if first == last else f"{_DAYS[first]}-{_DAYS[last]}": ", ".join(
            f"{start:%H:%M}-{end:%H:%M}" for start, end in stretches
        )
        for first, last, stretches in groups
    }


def week_text(week: Mapping[int, Stretches]) -> str:
    """The week on one line; `split_week` takes it apart again."""
    return "; ".join(f"{days} {hours}" for days, hours in days_and_hours(week).items())


def split_week(text: str) -> dict[str, str]:
    """The days with their hours that `text` names, neither checked any further.

    Raises ValueError for a part that does not begin with days, and for days that stand twice.
    """
    found: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        # Where the clock begins the days end: "mon, wed 09:00-12:00".
        at = next((at for at, letter in enumerate(part) if letter.isdecimal()), -1)
        days = "".join(part[: max(at, 0)].split()).rstrip(":,").lower()
        if not days or days in found:
            raise ValueError(
                f"expected days with their hours, such as mon-thu 09:00-17:00; fri 09:00-13:00, not {part!r}"
            )
        found[days] = part[at:]
    return found
