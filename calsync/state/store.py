"""The store: everything that the use cases ask of the state, in one object."""

from __future__ import annotations

from calsync.state.acts import ActRow, ActRows
from calsync.state.blocks import BaseSeries, Decision
from calsync.state.changes import AffectedRow, ChangeRow, ChangeRows, PointRow
from calsync.state.forgetting import ForgettingRows
from calsync.state.identity import IdentityRows
from calsync.state.notices import NoticeRow, NoticeRows
from calsync.state.outcomes import KEPT_DAYS, OutcomeRow, OutcomeRows
from calsync.state.people import ContactRow, NoteRow, ToldRow
from calsync.state.promises import NewPromise, PromiseRow, PromiseRows, TimeRow
from calsync.state.readings import CalendarState, ReadingRows
from calsync.state.runs import JournalRow, RunRows
from calsync.state.sealed import SealedRows
from calsync.state.turns import Turn, TurnRows

__all__ = [
    "KEPT_DAYS",
    "ActRow",
    "AffectedRow",
    "BaseSeries",
    "CalendarState",
    "ChangeRow",
    "ContactRow",
    "Decision",
    "JournalRow",
    "NewPromise",
    "NoteRow",
    "NoticeRow",
    "OutcomeRow",
    "PointRow",
    "PromiseRow",
    "Store",
    "TimeRow",
    "ToldRow",
    "Turn",
]


class Store(
    ReadingRows,
    RunRows,
    TurnRows,
    OutcomeRows,
    PromiseRows,
    ActRows,
    ChangeRows,
    SealedRows,
    NoticeRows,
    ForgettingRows,
    IdentityRows,
):
    """The state of one leader; `close` it, or use it in a `with`."""

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
