"""Where an answer may be written: never in the place of what calsync itself reads, and never over a device."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from calsync.errors import UsageError

if TYPE_CHECKING:
    from calsync.desk import Desk

__all__ = ["outfile", "refuse_a_calendar"]


def outfile(desk: Desk, typed: str) -> Path:
    """The file that `typed` names, as a whole path; raises UsageError where writing it would lose something.

    A slip of the hand in a name must not cost the configuration, the state, or somebody's calendar.
    """
    from calsync.ownlists import own_files

    path = Path(typed).expanduser().absolute()
    target = path.resolve()
    config = desk.config.path
    if target in [file.resolve() for file in (config, *own_files(config))]:
        raise UsageError(f"{typed}: calsync reads this file itself and does not write an answer over it", _OTHER)
    if desk.state_folder.resolve() in target.parents:
        raise UsageError(f"{typed}: lies in the state folder, which is calsync's own", _OTHER)
    refuse_a_calendar(desk, typed, "the answer would stand among your events")
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UsageError(f"{typed}: is no file", _OTHER)
    return path


def refuse_a_calendar(desk: Desk, typed: str, why: str) -> None:
    """Raise UsageError when `typed` lies in a connected calendar."""
    target = Path(typed).expanduser().resolve()
    for calendar in desk.config.calendars:
        path = calendar.options.get("path")
        if path is None:
            continue
        place = Path(path).resolve()
        if target == place or place in target.parents:
            raise UsageError(f"{typed}: lies in the calendar {calendar.name}, so that {why}", _OTHER)


_OTHER = "name another file"
