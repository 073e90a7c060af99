"""What a checked configuration says, as plain values: quick to make, nothing to validate any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from calsync.model import Kind, Person
from calsync.planning.board import Prefer

__all__ = [
    "BlockConfig",
    "CalendarConfig",
    "Config",
    "Details",
    "ExportConfig",
    "Names",
    "PlanningConfig",
    "ShowAs",
]


class Names(StrEnum):
    """How much of a person's name may stand in a calendar entry."""

    NONE = "none"
    FIRST = "first"


class ShowAs(StrEnum):
    """Whether blocks look free or busy to others."""

    AUTO = "auto"
    FREE = "free"
    BUSY = "busy"


class Details(StrEnum):
    """How much an export says of each block."""

    BUSY = "busy"
    TITLES = "titles"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class CalendarConfig:
    """One connected calendar. `options` are the provider's own keys (path, url, username, calendar, ...); paths in it
    are absolute, with `~` expanded and relative ones taken from the config file's folder.
    """

    name: str
    provider: str
    write: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BlockConfig:
    """One kind of block: its length in minutes and how many a week."""

    kind: Kind
    minutes: int
    per_week: int
    pings: int
    prefer: Prefer
    title: str


@dataclass(frozen=True, slots=True)
class PlanningConfig:
    """How far and how carefully to plan."""

    horizon_weeks: int = 12
    freeze_hours: int = 20
    buffer_minutes: int = 5
    max_blocks_a_day: int = 1
    grid_minutes: int = 15
    show_as: ShowAs = ShowAs.AUTO
    tentative_is_busy: bool = True


@dataclass(frozen=True, slots=True)
class ExportConfig:
    """One iCalendar file to keep up to date. `path` is absolute."""

    path: Path
    details: Details = Details.BUSY


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration, checked. `working_hours` has (start, end) wall-clock pairs by weekday (0 = Monday);
    `free_days` are the holidays' local dates for the years that a plan can touch. `tag_gaps` are (ideal, maximum) gaps
    in days by tag. `free_busy` lets the people's addresses be sent to the leader's own server, to ask when they are
    free. `kindness_every` is day | week: how often there is another act of kindness, with blocks for it or without.
    """

    path: Path
    timezone: str
    me: frozenset[str]
    working_hours: Mapping[int, tuple[tuple[time, time], ...]]
    holidays: str
    free_days: frozenset[date]
    calendars: tuple[CalendarConfig, ...]
    blocks: tuple[BlockConfig, ...]
    planning: PlanningConfig
    people: tuple[Person, ...]
    names: Names
    exports: tuple[ExportConfig, ...]
    notify: tuple[str, ...]
    tag_gaps: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    free_busy: bool = False
    notes_months: int = 18
    kindness_every: str = "week"

    @property
    def zone(self) -> ZoneInfo:
        """The leader's zone."""
        return ZoneInfo(self.timezone)

    @property
    def writable(self) -> tuple[CalendarConfig, ...]:
        """The calendars that blocks are written to, in the order of the file."""
        return tuple(c for c in self.calendars if c.write)

    def block(self, kind: Kind) -> BlockConfig | None:
        """What the leader asked for in blocks of that kind, None when nothing."""
        return next((block for block in self.blocks if block.kind is kind), None)
