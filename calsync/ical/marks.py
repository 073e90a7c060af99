"""The marks of a block, the names that follow from its key, and the sums by which its author is told."""

from __future__ import annotations

from datetime import UTC
from hashlib import blake2b
from typing import Final

from calsync.model import Override, Series

__all__ = [
    "CATEGORY",
    "DROPPED",
    "GUESTS",
    "KEY",
    "KIND",
    "PRODID",
    "SELF",
    "SLOT",
    "SUM",
    "TYPE",
    "UID_SUFFIX",
    "UNFINISHED",
    "names_resource",
    "sum_of_override",
    "sum_of_series",
]

CATEGORY: Final = "calsync"
KEY: Final = "X-CALSYNC-KEY"
KIND: Final = "X-CALSYNC-KIND"
SLOT: Final = "X-CALSYNC-SLOT"
DROPPED: Final = "X-CALSYNC-DROPPED"
SUM: Final = "X-CALSYNC-SUM"
TYPE: Final = "X-CALSYNC-TYPE"
"""What the calendar itself says that an event is, as model.EventType: only in what an adapter hands over."""
GUESTS: Final = "X-CALSYNC-GUESTS"
"""HIDDEN where the list of parties is incomplete: only in what an adapter hands over."""
SELF: Final = "X-CALSYNC-SELF"
"""The parameter of a party that is the leader: only in what an adapter hands over."""
UNFINISHED: Final = "X-CALSYNC-UNFINISHED"
"""TRUE in a series whose writing was cut off (ports.OwnedSeries): only in what an adapter hands over."""
PRODID: Final = "-//calsync//calsync//EN"
UID_SUFFIX: Final = "@calsync"


def names_resource(key: str, uid: str, name: str) -> bool:
    """True when UID and resource name are those that calsync gives the series `key`: all others are copies.

    In a calendar that is one file a resource has no name but its UID; some programs name a file after the UID.
    """
    return uid == key + UID_SUFFIX and name.rpartition("/")[2] in (f"{key}.ics", f"{uid}.ics", uid)


def sum_of_series(series: Series) -> str:
    """A short hash of what the master says, apart from which dates are cancelled."""
    until = series.until.isoformat() if series.until else ""
    return _sum(
        series.first.isoformat(),
        series.start.isoformat(),
        series.timezone,
        str(series.minutes),
        until,
        series.title.strip(),
        series.description.strip(),
        str(series.transparent),
    )


def sum_of_override(home: str, override: Override) -> str:
    """A short hash of what an override says; `home` is its home date as ISO 8601 has it."""
    begin, end = (at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") for at in (override.span.start, override.span.end))
    return _sum(home, begin, end, override.title.strip(), str(override.transparent))


def _sum(*fields: str) -> str:
    return blake2b("\x1f".join(fields).encode(), digest_size=6).hexdigest()
