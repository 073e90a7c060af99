"""What a run says of itself in words: remarks on the leader's edits, and a summary without names for the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calsync.errors import CalsyncError, ConfigError
from calsync.model import ONE_OFF, Kind
from calsync.people.pace import Shortage
from calsync.planning.board import KindPlan
from calsync.state.store import Decision, Store
from calsync.sync.edits import What
from calsync.sync.keys import series_name

if TYPE_CHECKING:
    from calsync.nightreport import NightReport

__all__ = [
    "day_words",
    "empty_weeks",
    "mended",
    "problem_line",
    "remark",
    "shortage_words",
    "told",
    "unreachable_words",
]

_NAMED = 5
"""So many people stand in one line by name."""


def day_words(day: date) -> str:
    """`Tue 1 Dec`."""
    return f"{day:%a} {day.day} {day:%b}"


def remark(decision: Decision) -> str:
    """One line on an edit of the leader's that is honoured from now on."""
    name = series_name(decision.kind, decision.number)
    if decision.number >= ONE_OFF and decision.what in (What.RETIRED, What.DELETED):
        back = f"`calsync restore {name}` takes it back"
        return f"you deleted the added block {name}: nothing is booked in its place ({back})"
    if decision.home:
        day = day_words(date.fromisoformat(decision.home))
        if decision.what == What.DELETED:
            return f"you deleted {name} of {day}: it stays deleted (`calsync restore {decision.home}` takes it back)"
        return f"you changed {name} of {day}: it stays as you put it"
    return {
        What.RETIRED.value: f"you deleted {name}: it is not planned again (`calsync restore {name}` takes it back)",
        What.SLOT.value: f"you moved {name} to another time: it stays there",
        What.TITLED.value: f"you renamed {name}: it keeps your title",
        What.THEIRS.value: f"you gave {name} a recurrence of your own: calsync leaves it to you",
    }[decision.what]


def mended(store: Store, folder: Path) -> list[str]:
    """What to know of a state that was damaged or gone: `store` is read before the night begins its run in it.

    Whatever command came upon it first has mended it and said nothing, so the first night in a new database tells it.
    """
    if store.runs(1):
        return []
    if store.set_aside is not None and store.folder != folder:  # a run on paper has mended its own copy only
        return ["the state database is damaged; the next night sets it aside and rebuilds it from the calendars"]
    aside = store.set_aside or _newest(folder, "calsync.db.damaged-*[0-9]")
    lost = _newest(folder, "decisions.json.damaged-*[0-9]")
    lines = []
    if aside is not None:
        lines.append(f"the state database was damaged; it was set aside as {aside} and rebuilt from the calendars")
    elif store.rebuilt or store.base():
        lines.append("the state database was gone; it was rebuilt from decisions.json and the calendars")
    if lost is not None:
        lines.append(f"decisions.json was damaged; it was set aside as {lost}, and nothing was read back from it")
    return lines


def _newest(folder: Path, pattern: str) -> Path | None:
    return max(folder.glob(pattern), key=lambda path: path.name, default=None)


def empty_weeks(plans: Sequence[KindPlan], ending: Iterable[date] = ()) -> tuple[str, ...]:
    """ISO weeks that have no connect block at all because there is no room: the minimum dose is missed.

    `ending` are the local days of connect blocks that are left of series which end with these plans.
    """
    for plan in plans:
        if plan.kind is not Kind.CONNECT:
            continue
        placed = Counter(
            _iso_week(placement.home)
            for series in plan.series
            for placement in series.placements
            if placement.span is not None
        )
        placed.update(map(_iso_week, ending))
        return tuple(week.week for week in plan.unplaced if not placed[week.week])
    return ()


def problem_line(problem: CalsyncError) -> str:
    """A problem with the leader's own topics or acts as one line for the log, which quotes none of their words."""
    what = problem.what
    if isinstance(problem, ConfigError):
        first, *more = problem.problems
        where = f"{first.file}:{first.line}" if first.line else first.file
        what = f"{where}: {first.text}" + (f" (and {len(more)} more)" if more else "")
    return f"{what}; {problem.next_step}"


def shortage_words(missing: Shortage | None) -> str:
    """What it takes to keep the gaps that the leader asked for, or "" where the blocks suffice."""
    if missing is None or not missing.more_for_ideal:
        return ""
    asked = f"the gaps ask for {missing.wanted:.1f} turns a week and the blocks give {missing.given:g}"
    ideal = f"{_blocks(missing.more_for_ideal)} more a week would keep everybody within their ideal gap"
    if not missing.more_for_max:
        return f"{asked}: all can be reached within their maximum; {ideal}"
    if missing.more_for_max == missing.more_for_ideal:
        return f"{asked}: not even the maximum gaps can be kept; {ideal}"
    return f"{asked}: {_blocks(missing.more_for_max)} more a week would keep the maximum gaps; {ideal}"


def unreachable_words(names: Sequence[str]) -> str:
    """Who can never be named as things are, or "" when everybody can."""
    if not names:
        return ""
    *others, last = names if len(names) <= _NAMED else [*names[:_NAMED], f"{len(names) - _NAMED} others"]
    them = f"{', '.join(others)} and {last}" if others else last
    said = f"no block to come lies within the hours of {them}, so none can be for them"
    return f"{said}: `calsync who --explain NAME` says why"


def _blocks(count: int) -> str:
    return "1 block" if count == 1 else f"{count} blocks"


def _iso_week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def told(report: NightReport) -> dict[str, Any]:
    """The summary of a run that is kept for `calsync log`: counts and errors, no title and no person."""
    actions = Counter(change.action.value for change in report.changes)
    return {
        "written": report.written,
        "changes": dict(sorted(actions.items())),
        "unplaced": [{"week": u.week, "kind": u.kind.value, "missing": u.missing} for u in report.unplaced],
        "calendars": [{"name": c.name, "ok": c.ok, "requests": c.requests} for c in report.calendars],
        "unkept": [{"promise": u.promise.id, "missing": u.missing} for u in report.unkept],
        "errors": [error.what for error in report.errors],
        "notes": list(report.notes),
    }
