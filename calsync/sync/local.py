"""Where blocks live when no calendar can be written: in the state alone, for export. Nothing is read or sent."""

from __future__ import annotations

from collections.abc import Sequence

from calsync.ports import Outcome, OutcomeState, SeriesWrite

__all__ = ["LOCAL", "LocalCalendar"]

LOCAL = "(export only)"
"""The name that stands for it where a calendar's name is shown; no configured calendar can have it."""


class LocalCalendar:
    """Takes every write as done: the store that remembers the write is the calendar."""

    def write(self, calendar: str, writes: Sequence[SeriesWrite]) -> list[Outcome]:  # noqa: ARG002 - the port's words
        """Everything is done."""
        return [Outcome(OutcomeState.DONE, etag=str(w.after.sequence) if w.after else "") for w in writes]
