"""The words of calsync as values: frozen, aware datetimes only, checked where they are made.

Instants are aware datetimes in any zone and are compared as instants; spans are half-open. A date of a weekly
series is named by its *home* date: the wall-clock date in the series' own zone that its rule gives (RFC 5545
RECURRENCE-ID), whether or not that occurrence was moved elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NewType
from zoneinfo import ZoneInfo, reset_tzpath

from calsync.names import first_name_of

__all__ = [
    "ONE_OFF",
    "TRIAL",
    "TRIAL_TITLE",
    "Answer",
    "Event",
    "EventType",
    "Key",
    "Kind",
    "Occurrence",
    "Override",
    "Party",
    "PartyKind",
    "Person",
    "Role",
    "Series",
    "Span",
    "Status",
    "at_wall_clock",
    "require_aware",
]

# The tzdata package alone, before any zone is made: systems keep old rules for years (Debian 12 has an hour in Morocco
# that is gone), and two of them in one process would disagree about the same block.
reset_tzpath(to=())

ONE_OFF = 101
"""Slots of a kind with this number and higher ones are for a single date, added for a promise."""

TRIAL = 999_999
"""The slot of the scratch block by which calsync.trial sees whether a calendar can be written. It is on no plan."""

TRIAL_TITLE = "calsync check"
"""What everything is called that is made on a calendar to try it, for the seconds in which it stands."""

Key = NewType("Key", str)
"""The opaque name of one series on one calendar: no name and no address can be read from it."""


class Kind(StrEnum):
    """What a block is for."""

    CONNECT = "connect"
    FOLLOW_THROUGH = "follow-through"
    KINDNESS = "kindness"


class Status(StrEnum):
    """RFC 5545 STATUS of an event."""

    CONFIRMED = "confirmed"
    TENTATIVE = "tentative"
    CANCELLED = "cancelled"


class EventType(StrEnum):
    """What the calendar itself says an event is, where it can say so (Google eventType, Graph showAs, BUSYSTATUS)."""

    DEFAULT = "default"
    FOCUS = "focus"
    OUT_OF_OFFICE = "out-of-office"
    WORKING_LOCATION = "working-location"
    NO_MEETING = "no-meeting"
    """A birthday, an entry made from mail: not people at all."""


class Role(StrEnum):
    """How much a party's presence is asked for (RFC 5545 ROLE)."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NON_PARTICIPANT = "non-participant"


class PartyKind(StrEnum):
    """RFC 5545 CUTYPE, with room and equipment as one."""

    PERSON = "person"
    GROUP = "group"
    RESOURCE = "resource"


class Answer(StrEnum):
    """RFC 5545 PARTSTAT, in the words that matter here."""

    NONE = "none"
    NEEDS_ACTION = "needs-action"
    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"


def require_aware(value: datetime, what: str) -> datetime:
    """Return `value` unchanged; raise ValueError when it has no UTC offset."""
    if value.tzinfo is None or value.utcoffset() is None:
        raise ValueError(f"{what} must be an aware datetime, not {value!r}")
    return value


def at_wall_clock(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant of wall-clock `clock` on `day` in `zone`.

    In a gap (clocks go forward) the time moves forward by the gap's length; in an overlap it is the first of the
    two (PEP 495, fold=0; RFC 5545 3.3.5 asks for the same).
    """
    wall = datetime.combine(day, clock, tzinfo=zone).replace(fold=0)
    # The way through UTC is what moves a time in a gap onto the clock that people see.
    return wall.astimezone(UTC).astimezone(zone)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open stretch of time [start, end), never empty."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        require_aware(self.start, "the start of a span")
        require_aware(self.end, "the end of a span")
        if self.end.astimezone(UTC) <= self.start.astimezone(UTC):
            raise ValueError(f"a span must end after it starts, not {self.start!r} .. {self.end!r}")

    @property
    def length(self) -> timedelta:
        """Elapsed time, not wall-clock difference."""
        return self.end.astimezone(UTC) - self.start.astimezone(UTC)

    def overlaps(self, other: Span) -> bool:
        """True when the two share an instant."""
        return self.start < other.end and other.start < self.end

    def widened(self, by: timedelta) -> Span:
        """The span with `by` more elapsed time on each side."""
        return Span(self.start.astimezone(UTC) - by, self.end.astimezone(UTC) + by)


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody or something invited. `address` is lower case, without `mailto:`; it may be empty."""

    address: str
    name: str = ""
    kind: PartyKind = PartyKind.PERSON
    role: Role = Role.REQUIRED
    answer: Answer = Answer.NONE
    is_me: bool = False
    """True when the calendar itself says so (Google `self`); configured addresses are matched elsewhere."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a calendar says of one event or of one overridden occurrence, whatever the calendar's format.

    `organizer` is a lower-case address or "". `guests_hidden` is True when the list of parties is incomplete or the
    details are hidden from us. `ours` is the key of the calsync series whose mark the event carries, or "".
    """

    uid: str
    title: str = ""
    status: Status = Status.CONFIRMED
    transparent: bool = False
    event_type: EventType = EventType.DEFAULT
    organizer: str = ""
    organized_by_me: bool = False
    parties: tuple[Party, ...] = ()
    guests_hidden: bool = False
    private: bool = False
    ours: str = ""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One date of an event. All-day occurrences span local midnights of the leader's zone."""

    event: Event
    span: Span
    all_day: bool = False


@dataclass(frozen=True, slots=True)
class Override:
    """One occurrence of a block series that differs from its rule.

    `extra` is what the leader wrote into it beside that, in the calendar's own form: kept through every rewrite,
    and no difference between two overrides.
    """

    span: Span
    title: str
    transparent: bool
    extra: tuple[str, ...] = field(default=(), compare=False)


_EMPTY: Mapping[date, Override] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Series:
    """One recurring block on one calendar, in the terms that every calendar can keep: weekly, one weekday.

    `first` is the first home date and its weekday the series' weekday; `start` is wall-clock time in `timezone`
    (IANA); `minutes` is the length; `until` is the last home date or None for an endless series. `cancelled` are
    home dates that do not take place; of these `dropped` are the ones that calsync itself left out (the rest the
    leader deleted). `overrides` are by home date. `number` counts the slots of a kind from 1, `generation` how
    often that slot was made anew, from 0. `changed` (UTC, whole seconds) is when this content was last changed:
    DTSTAMP and LAST-MODIFIED; `sequence` goes up when a time changes (RFC 5545 3.8.7.4).
    `extra` is what the leader wrote into the series beside all this, as in Override.
    `rule_is_ours` is False when the leader gave the series a recurrence that calsync cannot express; such a series
    is theirs and is left alone.
    """

    key: Key
    kind: Kind
    number: int
    generation: int
    timezone: str
    first: date
    start: time
    minutes: int
    title: str
    transparent: bool
    changed: datetime
    until: date | None = None
    cancelled: frozenset[date] = frozenset()
    dropped: frozenset[date] = frozenset()
    overrides: Mapping[date, Override] = field(default_factory=lambda: _EMPTY)
    description: str = ""
    sequence: int = 0
    rule_is_ours: bool = True
    extra: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        require_aware(self.changed, "when a series was changed")
        if self.minutes <= 0:
            raise ValueError(f"a block lasts at least a minute, not {self.minutes}")
        if self.start.tzinfo is not None:
            raise ValueError("the start of a series is wall-clock time, without a zone")
        if self.until is not None and self.until < self.first:
            raise ValueError(f"a series cannot end on {self.until} before it begins on {self.first}")
        object.__setattr__(self, "overrides", MappingProxyType(dict(sorted(self.overrides.items()))))

    @property
    def once(self) -> bool:
        """True for a block of a single date by design; its rule is a count of one, so that it can be moved anywhere."""
        return self.number >= ONE_OFF

    @property
    def trial(self) -> bool:
        """True for a scratch block that a check was to remove again; wherever one is met, it goes."""
        return self.number == TRIAL

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose wall clock the series keeps."""
        return ZoneInfo(self.timezone)

    def home(self, day: date) -> Span:
        """Where the rule puts the occurrence of home date `day`."""
        begin = at_wall_clock(day, self.start, self.zone)
        return Span(begin, (begin.astimezone(UTC) + timedelta(minutes=self.minutes)).astimezone(self.zone))

    def has(self, day: date) -> bool:
        """True when the rule gives `day`, cancelled or not."""
        return day >= self.first and (self.until is None or day <= self.until) and (day - self.first).days % 7 == 0

    def days(self, begin: date, end: date) -> Iterator[date]:
        """Every home date of the rule in [begin, end), cancelled ones included."""
        day = max(begin, self.first)
        day += timedelta((self.first - day).days % 7)
        while day < end and (self.until is None or day <= self.until):
            yield day
            day += timedelta(7)

    def placed(self, day: date) -> Override | None:
        """What takes place for home date `day`: the override, the rule's own, or None when cancelled."""
        if day in self.cancelled:
            return None
        return self.overrides.get(day) or Override(self.home(day), self.title, self.transparent)

    def same_content(self, other: Series) -> bool:
        """True when only `changed` and `sequence` may differ."""
        return replace(self, changed=other.changed, sequence=other.sequence) == other


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the rotation. `ideal_days` and `max_days` are gaps between personal contacts, in days.

    `working_hours` are (start, end) wall-clock pairs by weekday (0 = Monday) in the person's zone; None: not known.
    `free_days` are their public holidays, by `holidays`, a country or its part. `thanks` is "public", "private" or ""
    where nobody has asked yet. `call_name` is what the leader calls them where that is not the first word of the name.
    """

    name: str
    ideal_days: int
    max_days: int
    addresses: tuple[str, ...] = ()
    timezone: str = ""
    tags: tuple[str, ...] = ()
    channel: str = ""
    working_hours: Mapping[int, tuple[tuple[time, time], ...]] | None = field(default=None, hash=False)
    free_days: frozenset[date] = frozenset()
    thanks: str = ""
    holidays: str = ""
    call_name: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.ideal_days <= self.max_days:
            raise ValueError(f"{self.name}: the ideal gap must be at least a day and at most the maximum gap")

    @property
    def first_name(self) -> str:
        """What may stand in a calendar entry when `privacy.names` is `first`; "" where the name does not tell it."""
        return self.call_name or first_name_of(self.name)
