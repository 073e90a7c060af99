"""The night on paper: every calendar read as a night reads it, on a copy of the state, and the plan made of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from calsync.agenda import horizon
from calsync.desk import Desk
from calsync.errors import Busy, CalsyncError, StateError
from calsync.model import Occurrence
from calsync.nightreport import NightReport
from calsync.reading import Reading, read_calendars, reading_window
from calsync.state.looking import Condition, look_at

__all__ = ["Paper", "try_night"]


@dataclass(frozen=True, slots=True)
class Paper:
    """What came of it: `readings` one a calendar, in the order of the configuration, and the night's own `report`.

    The report is None where a calendar could not be read (a night decides nothing then), where another run was in
    progress, or where the state cannot be used; `refusal` is then what stood in the way, if it was more than that.
    """

    readings: tuple[Reading, ...]
    report: NightReport | None
    refusal: CalsyncError | None = None

    @property
    def occurrences(self) -> list[Occurrence]:
        """All that was read between now and the end of the horizon."""
        return [occurrence for reading in self.readings for occurrence in reading.occurrences]


def try_night(desk: Desk) -> Paper:
    """Read every calendar and plan a night; nothing is written, on no calendar and not into the state."""
    from calsync.nightly import run_night

    reach = horizon(desk.now, desk.config.planning.horizon_weeks, desk.config.zone)
    with _copy(desk) as (folder, usable):
        from calsync.state.store import Store

        with Store(folder, desk.now) as store:
            readings = tuple(read_calendars(desk, store, reading_window(desk.now, reach.span.end)))
    if not usable or any(reading.error is not None for reading in readings):
        return Paper(readings, None)
    try:
        return Paper(readings, run_night(desk, dry_run=True))
    except Busy:
        return Paper(readings, None)
    except CalsyncError as error:
        return Paper(readings, None, error)


@contextmanager
def _copy(desk: Desk) -> Iterator[tuple[Path, bool]]:
    """A copy of the state, or an empty state where it cannot be copied now; and whether it could be."""
    from calsync.state.database import copy_state
    from calsync.state.lock import hold

    with TemporaryDirectory(prefix="calsync-") as name:
        folder, usable = Path(name), True
        condition = look_at(desk.state_folder).condition
        if condition in (Condition.NEWER, Condition.CLOSED, Condition.DAMAGED):
            usable = False
        elif condition is not Condition.ABSENT:
            try:
                with hold(desk.state_folder):
                    copy_state(desk.state_folder, folder)
            except (Busy, StateError):
                usable = False
        yield folder, usable
