"""What is connected: each configured calendar, asked now whether it can be read and written."""

from __future__ import annotations

from typing import Any

from calsync.desk import Desk
from calsync.errors import CalsyncError

__all__ = ["calendars"]


def calendars(desk: Desk) -> list[dict[str, Any]]:
    """One row a configured calendar, in the order of the file. Reads only."""
    return [_row(desk, calendar.name) for calendar in desk.config.calendars]


def _row(desk: Desk, name: str) -> dict[str, Any]:
    calendar = next(c for c in desk.config.calendars if c.name == name)
    row: dict[str, Any] = {
        "name": name,
        "provider": calendar.provider,
        "write": calendar.write,
        "ok": True,
        "calendars": [],
        "error": None,
        "next_step": None,
        "exit": 0,
    }
    try:
        found = desk.provider(name).calendars()
        row["calendars"] = [{"id": one.id, "name": one.name, "writable": one.writable} for one in found]
    except CalsyncError as error:
        row |= {"ok": False, "error": error.what, "next_step": error.next_step, "exit": error.exit_code}
    return row
