"""Carries writes out, journal first: what is intended is on disk before it is asked for, what came of it after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from calsync.errors import ProviderError
from calsync.model import Series
from calsync.ports import Outcome, OutcomeState, SeriesWrite
from calsync.state.store import BaseSeries, Store

__all__ = ["Applied", "Writer", "apply_writes"]


class Writer(Protocol):
    """The part of the port that writing needs."""

    def write(self, calendar: str, writes: Sequence[SeriesWrite]) -> list[Outcome]:
        """As CalendarProvider.write."""
        ...


_STATES = {OutcomeState.DONE: "confirmed", OutcomeState.CONFLICT: "conflict", OutcomeState.FAILED: "failed"}


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of the writes to one calendar. `problems` are one-line errors, `error` the first of their causes;
    `notes` say, each once, which wishes were met in another way.
    """

    written: int
    problems: tuple[str, ...] = ()
    error: ProviderError | None = None
    notes: tuple[str, ...] = ()


def apply_writes(
    store: Store,
    run: int,
    calendar: str,
    provider: Writer,
    writes: Sequence[SeriesWrite],
) -> Applied:
    """Carry out `writes` on one calendar. Nothing is ever sent twice blind: what is unclear stays `intended` in the
    journal, and the next run asks the calendar.
    """
    if not writes:
        return Applied(0)
    rows = store.intend(run, calendar, [(w.key, w.before, w.after) for w in writes])
    try:
        outcomes = provider.write("", writes)
    except ProviderError as error:
        return Applied(0, (_of(calendar, error.what),), error)
    states: dict[int, tuple[str, str]] = {}
    bases: dict[tuple[str, str], BaseSeries | None] = {}
    problems: list[str] = []
    for row, write, outcome in zip(rows, writes, outcomes, strict=True):
        if outcome.state is OutcomeState.UNCLEAR:
            reason = outcome.error.removeprefix(f"{calendar}: ") or "no answer"
            problems.append(f"{calendar}: no clear answer about a block: {reason}")
            continue
        states[row] = (_STATES[outcome.state], outcome.error)
        if outcome.state is OutcomeState.DONE:
            bases[calendar, write.key] = _base(write.after, outcome)
        else:
            problems.append(_of(calendar, outcome.error or "a block was changed there meanwhile"))
    store.settle(states, bases)
    notes = dict.fromkeys(_of(calendar, outcome.note) for outcome in outcomes if outcome.note)
    return Applied(len(bases), tuple(problems), notes=tuple(notes))


def _of(calendar: str, said: str) -> str:
    """What is said of a calendar, with its name in front once: most of what adapters say has it there already."""
    said = said.replace(f"not sent: {calendar}: ", "not sent: ", 1)
    return said if said.startswith(f"{calendar}: ") else f"{calendar}: {said}"


def _base(after: Series | None, outcome: Outcome) -> BaseSeries | None:
    if after is None:
        return None
    return BaseSeries(after, "", outcome.etag, standing=after.until is None or after.once)
