"""The port: what calsync asks of a calendar, as promises. Every sentence here has a test in tests/contract/.

A *resource* is what the server keeps under one name: one UID with its series and overrides. A *calendar* is named
by the provider's own id for it (a path, a collection URL); which calendars exist is asked with `calendars()`, and
"" means the one that the provider's options name.

An adapter is a class called with `(name, options, context)`: the calendar's name in the config (for messages), the
provider's own config keys as text, and a `ProviderContext`. Making it does no I/O.

What every method may raise: `Unreachable` (no answer; later it may work), `SignInNeeded`, `NotFound` (no such
calendar), `Malformed` (what came back is no calendar). Nothing else leaves a provider, and no vendor type does.
A provider object is used by one thread at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from calsync.model import Key, Occurrence, Series, Span

__all__ = [
    "AccountPerson",
    "BusyAnswer",
    "CalendarInfo",
    "CalendarProvider",
    "Capabilities",
    "Delta",
    "Expanded",
    "Outcome",
    "OutcomeState",
    "OwnedSeries",
    "ProviderContext",
    "Resource",
    "SeriesWrite",
    "WorkingWeek",
]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do, as data; what it cannot do degrades in one sentence, never silently."""

    can_write: bool
    can_ask_busy: bool = False
    can_list_people: bool = False


@dataclass(frozen=True, slots=True)
class CalendarInfo:
    """A calendar that the account has. `id` is what `read` and `write` take.

    `primary` is True for the one that the account's vendor takes where none is named.
    """

    id: str
    name: str
    writable: bool
    timezone: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """One stored object: its name on the server, its version mark, and its content in the provider's own form."""

    name: str
    etag: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Delta:
    """What changed since a cursor.

    `changed` are resources that are new or different; `removed` are names that are gone. With `complete=True`
    `changed` is everything that can touch the window or lie after it, and whatever was known before and is not
    listed is gone. Resources that lie wholly before the window may be left out. `cursor` goes into the next `read`;
    it is opaque text. `requests` counts round trips (0 for files). `warnings` are one-line notes about single
    resources that could not be understood and were left out; they are counted as unreadable, not as free time.
    """

    changed: tuple[Resource, ...]
    removed: tuple[str, ...]
    cursor: str
    complete: bool
    requests: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnedSeries:
    """A block series as it stands on the server: ours by mark, UID and resource name alike.

    `leaders` are home dates whose override or cancellation was not written by calsync, as far as the resource
    itself can tell; it is what a lost state database is rebuilt from. `unfinished` is True when a write of calsync's
    was cut off in its middle, on a server that takes a series in pieces: `series` is then what stood before or what is
    to stand, whatever stands now, and it must be written again even where the plan wants just that.
    """

    series: Series
    resource: str
    etag: str
    leaders: frozenset[date] = frozenset()
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Expanded:
    """What a resource means in a window: every occurrence that overlaps it, and the block series that it is, if ours.

    Cancelled occurrences are not listed.
    """

    name: str
    occurrences: tuple[Occurrence, ...]
    owned: OwnedSeries | None = None


@dataclass(frozen=True, slots=True)
class SeriesWrite:
    """Make the series `key` look like `after`; None deletes it.

    `before` is what calsync believes to stand there (None: nothing), `etag` the version that it read.
    """

    key: Key
    before: Series | None
    after: Series | None
    etag: str = ""

    def __post_init__(self) -> None:
        if self.before is None and self.after is None:
            raise ValueError("a write needs a series before or after it")
        for side in (self.before, self.after):
            if side is not None and side.key != self.key:
                raise ValueError(f"a write of {self.key} cannot carry the series {side.key}")


class OutcomeState(StrEnum):
    """How one write ended."""

    DONE = "done"
    CONFLICT = "conflict"
    FAILED = "failed"
    UNCLEAR = "unclear"
    """No answer came; only a look at the server tells. Never sent again blind."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one write, in the order asked. `etag` is the new version when DONE and not deleted; `error` a line.

    `note` is one sentence for the leader when a wish was met in another way than asked for.
    """

    state: OutcomeState
    etag: str = ""
    error: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class BusyAnswer:
    """When one other person is busy, or why that cannot be told."""

    address: str
    busy: tuple[Span, ...] = ()
    error: str = field(default="")


@dataclass(frozen=True, slots=True)
class AccountPerson:
    """Somebody whom the account knows. `addresses` are lower case, the main one first; `why` says how it knows them."""

    name: str
    addresses: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class WorkingWeek:
    """When the owner of an account works. `hours` are (start, end) wall-clock pairs by weekday (0 = Monday) in the
    zone `timezone` (IANA), in order, whole minutes, apart from each other; a weekday that is not worked is left out.
    """

    hours: Mapping[int, tuple[tuple[time, time], ...]]
    timezone: str

    @classmethod
    def of(cls, stretches: Iterable[tuple[int, int, int]], timezone: str) -> WorkingWeek | None:
        """The week of stretches (weekday, first minute of the day, minute after the last); None without any.

        Stretches that meet are one. The end of a day, which no clock shows, is 23:59. Raises ValueError for a weekday
        or a minute that there is not.
        """
        days: dict[int, list[tuple[int, int]]] = {}
        for day, begin, end in sorted(stretches):
            if not (0 <= day <= 6 and 0 <= begin < end <= 24 * 60):
                raise ValueError(f"no stretch of a day: {(day, begin, end)}")
            before = days.setdefault(day, [])
            if before and begin <= before[-1][1]:
                begin, end = before[-1][0], max(end, before.pop()[1])
            before.append((begin, end))
        hours = {day: tuple((_clock(a), _clock(b)) for a, b in of) for day, of in days.items()}
        return cls(hours, timezone) if hours else None


def _clock(minute: int) -> time:
    minute = min(minute, 24 * 60 - 1)
    return time(minute // 60, minute % 60)


@dataclass(frozen=True, slots=True)
class ProviderContext:
    """What an adapter is given besides its options.

    `zone` is the leader's; `folder` a private folder in the state folder where it may keep files of its own;
    `secret` finds a password or token by name (usually the calendar's) or gives None; `me` are the leader's addresses.
    """

    zone: ZoneInfo
    folder: Path
    secret: Callable[[str], str | None]
    me: frozenset[str] = frozenset()


class CalendarProvider(Protocol):
    """One account or folder, with the calendars in it."""

    @property
    def capabilities(self) -> Capabilities:
        """What this provider can do; constant for the object's life, no request."""
        ...

    def calendars(self) -> list[CalendarInfo]:
        """Every calendar of the account, sorted by id. Reads only."""
        ...

    def read(self, calendar: str, window: Span, cursor: str | None) -> Delta:
        """Everything that changed since `cursor`.

        With no cursor, or one that the server no longer knows, everything in the window and after it, with
        `complete=True`. A provider whose server expands series may read to some weeks after the window only; asked
        for a window that ends later than that, it reads completely again. At most one full read a call. An unchanged
        calendar gives an empty delta. The cursor remembers the start of its window: when `window` starts earlier than
        that, the read is complete again.
        Raises `Malformed` when the calendar as a whole cannot be understood.
        """
        ...

    def expand(self, calendar: str, resources: Iterable[Resource], window: Span, zone: ZoneInfo) -> list[Expanded]:
        """What each resource means in `window`, one for one, in order. Pure: no request.

        All-day and floating times are taken in `zone`. An event that calsync wrote carries its key in
        `Event.ours`. Raises `Malformed`, naming the resource, for one that cannot be understood.
        """
        ...

    def owned(self, calendar: str) -> list[OwnedSeries]:
        """Every block series on the calendar, found on the server alone, sorted by key.

        A copy of a block under another name or UID is not listed: it is the leader's.
        """
        ...

    def write(self, calendar: str, writes: Sequence[SeriesWrite]) -> list[Outcome]:
        """Carry out each write; outcomes one for one, in order. Doing it twice is doing it once.

        A creation never overwrites: where an equal series stands already, it is DONE; where a different one does, it
        is CONFLICT. A change whose `etag` is stale is CONFLICT, unless the server already has `after`. Deleting what
        is gone is DONE. One failed write does not stop the others. Raises `ReadOnly` when the calendar cannot be
        written at all; nothing was written then. No attendee, organizer or alarm is ever written.
        """
        ...

    def busy(self, addresses: Sequence[str], window: Span) -> list[BusyAnswer]:
        """When other people are busy, one for one, in order; only where `capabilities.can_ask_busy`.

        An error about one address never fails the others.
        """
        ...

    def people(self) -> list[AccountPerson]:
        """The people whom the account knows, nearest first; only where `capabilities.can_list_people`, else none."""
        ...

    def working_hours(self) -> WorkingWeek | None:
        """When the account says that its owner works; reads only.

        None where it does not tell, may not be asked, or says what cannot be understood.
        """
        ...

    def close(self) -> None:
        """Close what is held open, such as connections; the object can be used again."""
        ...
