"""Writes the blocks as iCalendar files: whole or not at all, and only when something changed."""

from __future__ import annotations

from pathlib import Path

from calsync.config.values import Details, ExportConfig
from calsync.desk import Desk, target_names
from calsync.errors import CalsyncError, Unfinished
from calsync.ical.marks import PRODID
from calsync.model import Series
from calsync.state.store import Store
from calsync.wholefile import replace_file

__all__ = ["export", "feed", "usual_details", "write_exports", "written_by_us"]


def export(desk: Desk, out: Path | None = None) -> list[str]:
    """Write one file, or every export of the configuration; one line on each. `out` "-" gives the text itself.

    Raises Unfinished for a file that cannot be written.
    """
    with Store(desk.state_folder, desk.now) as store:
        if out is not None and str(out) == "-":
            return [feed(desk, store, Details.FULL).decode()]
        targets = desk.config.exports if out is None else (ExportConfig(out.absolute(), usual_details(desk)),)
        return [_told(target.path, changed=_write(desk, store, target)) for target in targets]


def write_exports(desk: Desk, store: Store) -> list[CalsyncError]:
    """Bring every export of the configuration up to date; what failed."""
    errors: list[CalsyncError] = []
    for target in desk.config.exports:
        try:
            _write(desk, store, target)
        except Unfinished as error:
            errors.append(error)
    return errors


def feed(desk: Desk, store: Store, details: Details) -> bytes:
    """All blocks as one iCalendar object, the same bytes for the same blocks."""
    from calsync.ical.feed import feed_bytes

    first, *_ = target_names(desk)
    series: list[Series] = [row.series for row in store.base(first).values() if not row.series.trial]
    return feed_bytes(series, details.value, name="calsync")


def written_by_us(path: Path) -> bool:
    """True when the file begins as calsync's exports do. Raises OSError."""
    with path.open("rb") as file:
        return PRODID.encode() in file.read(4096)


def usual_details(desk: Desk) -> Details:
    """How much an export says of a block where nobody asks for more or less: as the first of the configuration."""
    return desk.config.exports[0].details if desk.config.exports else Details.BUSY


def _told(path: Path, *, changed: bool) -> str:
    return f"Wrote {path}" if changed else f"{path} is up to date"


def _write(desk: Desk, store: Store, target: ExportConfig) -> bool:
    """Write `target` unless it is equal already; True when it was written."""
    content = feed(desk, store, target.details)
    path = target.path
    try:
        if path.exists():
            if path.read_bytes() == content:
                return False
            if not written_by_us(path):
                raise Unfinished(
                    f"{path} was not written by calsync and is left alone", "name another file under `exports`"
                )
        # Others are to read it, where this process's files can be read by others.
        replace_file(path, content, private=False)
    except OSError as error:
        raise Unfinished(
            f"the export {path} cannot be written: {error.strerror or error}", "check its folder and the free space"
        ) from error
    return True
