"""What a night found, changed and could not do: its exit code, and its documented keys in JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from calsync.errors import CalsyncError, SignInNeeded
from calsync.following import Unkept
from calsync.model import Span
from calsync.planning.board import Unplaced
from calsync.sync.diff import Change

if TYPE_CHECKING:
    from calsync.notices import News

__all__ = ["CalendarReport", "NightReport"]


@dataclass(frozen=True, slots=True)
class CalendarReport:
    """How the look at one calendar went. `events` counts what it has between now and the horizon's end."""

    name: str
    provider: str
    ok: bool
    events: int
    requests: int
    error: str | None

    def as_json(self) -> dict[str, Any]:
        """The documented keys."""
        return {
            "name": self.name,
            "provider": self.provider,
            "ok": self.ok,
            "events": self.events,
            "requests": self.requests,
            "error": self.error,
        }


@dataclass(slots=True)
class NightReport:
    """What a night found, changed and could not do."""

    now: Any
    horizon: Span
    dry_run: bool
    calendars: list[CalendarReport] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    unplaced: list[Unplaced] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    errors: list[CalsyncError] = field(default_factory=list)
    written: int = 0
    run: int | None = None
    empty_weeks: tuple[str, ...] = ()
    unkept: tuple[Unkept, ...] = ()
    """Promises for which there is not time enough before they are due."""
    news: News | None = None
    """What of all this is to be said, for a quiet night; None where everything is."""
    advice: list[str] = field(default_factory=list)
    """For the leader's eyes, with names: never in the log. Of a night on paper only."""

    @property
    def exit_code(self) -> int:
        """4 before 3 before 5: what the leader must do first."""
        codes = {error.exit_code for error in self.errors}
        if SignInNeeded.exit_code in codes:
            return SignInNeeded.exit_code
        if codes:
            return 3
        return 5 if self.empty_weeks or self.unkept else 0

    def as_json(self) -> dict[str, Any]:
        """The documented keys of `plan` and `nightly`."""
        zone = self.now.tzinfo
        return {
            "now": self.now.isoformat(),
            "horizon": {
                "start": self.horizon.start.astimezone(zone).isoformat(),
                "end": self.horizon.end.astimezone(zone).isoformat(),
            },
            "calendars": [calendar.as_json() for calendar in self.calendars],
            "changes": [
                {
                    "action": change.action.value,
                    "calendar": change.calendar,
                    "kind": change.kind,
                    "series": change.series,
                    "start": change.start.isoformat(),
                    "end": change.end.isoformat(),
                    "was_start": change.was_start.isoformat() if change.was_start else None,
                    "person": change.person,
                    "reason": change.reason,
                }
                for change in self.changes
            ],
            "unplaced": [
                {"week": u.week, "kind": u.kind.value, "missing": u.missing, "displaced_by": list(u.displaced_by)}
                for u in self.unplaced
            ],
            "unkept": [
                {
                    "promise": u.promise.id,
                    "due": u.promise.due.astimezone(zone).isoformat(),
                    "minutes": u.minutes,
                    "missing": u.missing,
                    "why": u.why,
                    "room": list(u.room),
                }
                for u in self.unkept
            ],
            "written": self.written,
            "notes": list(self.notes),
            "errors": [{"what": e.what, "next_step": e.next_step} for e in self.errors],
            "exit": self.exit_code,
        }
