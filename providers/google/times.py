"""Times as Google's JSON has them, as Python has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from calsync.model import at_wall_clock

__all__ = ["exists", "instant_of", "moment_of", "same_clock", "utc_text", "zone_named"]


@lru_cache(maxsize=512)
def zone_named(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, None for a name that is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        # ZoneInfoNotFoundError is a KeyError; a name with odd signs in it is one of the others.
        return None


def instant_of(said: Mapping[str, Any]) -> date | datetime:
    """A start, end or originalStartTime as a date (all day) or an instant in UTC. Raises ValueError."""
    if said.get("date"):
        return date.fromisoformat(said["date"])
    if not said.get("dateTime"):
        raise ValueError("neither a date nor a time")
    at = datetime.fromisoformat(said["dateTime"])
    if at.tzinfo is None:
        # Google always gives the offset; without one there is still the zone.
        at = at.replace(tzinfo=zone_named(said.get("timeZone", "")) or UTC)
    return at.astimezone(UTC)


def moment_of(said: Mapping[str, Any], otherwise: ZoneInfo | None = None) -> date | datetime:
    """As `instant_of`, a time on the wall clock of its own zone, or of `otherwise` where that is unknown."""
    at = instant_of(said)
    if not isinstance(at, datetime):
        return at
    zone = zone_named(str(said.get("timeZone", ""))) or otherwise
    return at if zone is None else at.astimezone(zone)


def exists(day: date, clock: time, zone: ZoneInfo) -> bool:
    """False when the clocks of `zone` skip `clock` on `day`."""
    return at_wall_clock(day, clock, zone).replace(tzinfo=None) == datetime.combine(day, clock)


@lru_cache(maxsize=512)
def same_clock(one: str, other: str, year: int) -> bool:
    """True when two zone names mean the same clock in the years around `year`: Asia/Katmandu is Asia/Kathmandu."""
    if one == other:
        return True
    first, second = zone_named(one), zone_named(other)
    if first is None or second is None:
        return False
    days = (datetime(year - 1, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(0, 5 * 366, 5))
    return all(at.astimezone(first).utcoffset() == at.astimezone(second).utcoffset() for at in days)


def utc_text(at: datetime) -> str:
    """An instant as RFC 5545 writes it in UTC; so do the ids of Google's instances."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
