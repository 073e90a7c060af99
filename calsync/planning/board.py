"""What a plan is made from and what it says: the values between the night and the planner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from calsync.model import Kind, Span, require_aware

__all__ = [
    "Board",
    "BusySpan",
    "Ended",
    "KindPlan",
    "Placement",
    "PlannedSeries",
    "Prefer",
    "Standing",
    "Unplaced",
    "Wish",
]


class Prefer(StrEnum):
    """The part of the working day that a kind of block would rather have."""

    ANY = "any"
    MORNING = "morning"
    AFTERNOON = "afternoon"


@dataclass(frozen=True, slots=True)
class BusySpan:
    """Time that blocks must not touch, and what takes it, without a title or a name ("team meeting")."""

    span: Span
    label: str


@dataclass(frozen=True, slots=True)
class Wish:
    """One kind of block as the leader asked for it. `max_a_day` counts blocks of this kind on one local day."""

    kind: Kind
    minutes: int
    per_week: int
    prefer: Prefer = Prefer.ANY
    max_a_day: int = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """A series that exists: its slot, and the dates about which nothing is left to decide.

    `fixed` are home dates that stay as they are: frozen, pinned by the leader (a span) or deleted by the leader
    (None). A None here is the leader's will: the date is not missing. `frozen_out` are home dates that calsync
    dropped earlier and that are too near to be brought back: not taking place, and missing. `current` is where the
    other dates stand now, for those that do not stand at home (a span: moved; None: dropped).
    `keep` is True when the leader's own edits bind the series, so that its slot may not be given up.
    """

    number: int
    generation: int
    weekday: int
    start: time
    minutes: int
    first: date
    keep: bool = False
    fixed: Mapping[date, Span | None] = field(default_factory=dict)
    frozen_out: frozenset[date] = frozenset()
    current: Mapping[date, Span | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Board:
    """Everything that a plan is made against.

    `mondays` are the ISO weeks of the horizon, in order, by the local date of their Monday; the first may be partly
    over. `not_before` is now plus the freeze: nothing is newly placed before it. `working` is the working time of
    each local day that has any (holidays have none). `busy` is what no block may touch, meetings without their
    buffer; `own` is blocks placed already (other kinds), which need no buffer but count as blocks. `buffer` goes
    around `busy` on both sides. `once` is blocks for a single date, which keep their place and take nothing of the
    week's share: they were added to what the other blocks left of it, and must not push those out later. Starts lie on
    multiples of `grid_minutes` of the wall clock.
    `block_share` is the largest part of a week's working time that all blocks together may take, and `free_minutes`
    what must stay free of working time on each day that gets a block (product rule 7).
    """

    zone: ZoneInfo
    mondays: tuple[date, ...]
    not_before: datetime
    working: Mapping[date, tuple[Span, ...]]
    busy: tuple[BusySpan, ...]
    own: tuple[Span, ...] = ()
    once: tuple[Span, ...] = ()
    buffer: timedelta = timedelta(minutes=5)
    grid_minutes: int = 15
    block_share: float = 0.1
    free_minutes: int = 60

    def __post_init__(self) -> None:
        require_aware(self.not_before, "the start of a plan")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one home date of a series takes place: at home, moved (`span` elsewhere) or dropped (`span` None).

    `reason` says in words without titles why it is not at home ("team meeting Tue 14:00-15:00"), "" when it is.
    """

    home: date
    span: Span | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PlannedSeries:
    """One series of the plan, with every home date of the horizon that it has, in order.

    `standing` is False for a series that does not exist yet; then `first` is its first home date and `generation`
    is left at 0 for the caller to fill in.
    """

    number: int
    generation: int
    standing: bool
    weekday: int
    start: time
    minutes: int
    first: date
    placements: tuple[Placement, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """A series that exists and has no place in the plan any more: `last` is its last home date to keep, or None
    when no date before the change exists, so that nothing of it remains. `reason` in words.
    """

    number: int
    generation: int
    last: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A week without room for `missing` blocks of a kind, and what took it, most time first, without titles."""

    week: str
    kind: Kind
    missing: int
    displaced_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KindPlan:
    """The plan for one kind. `cost` is the objective's value and `bound` its proved lower bound (equal: optimal)."""

    kind: Kind
    series: tuple[PlannedSeries, ...]
    ended: tuple[Ended, ...]
    unplaced: tuple[Unplaced, ...]
    cost: int
    bound: int
