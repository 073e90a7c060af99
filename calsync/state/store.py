"""The store: everything that the use cases ask of the state, in one object."""

from __future__ import annotations

from calsync.state.blocks import BaseSeries, Decision
from calsync.state.outcomes import OutcomeRow, OutcomeRows
from calsync.state.people import ContactRow, NoteRow, PeopleRows, ToldRow
from calsync.state.readings import CalendarState, ReadingRows
from calsync.state.runs import JournalRow, RunRows

__all__ = [
    "BaseSeries",
    "CalendarState",
    "ContactRow",
    "Decision",
    "JournalRow",
    "NoteRow",
    "OutcomeRow",
    "Store",
    "ToldRow",
]


class Store(ReadingRows, RunRows, PeopleRows, OutcomeRows):
    """The state of one leader; `close` it, or use it in a `with`."""

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
