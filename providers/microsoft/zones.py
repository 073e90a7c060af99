"""Time zones in Microsoft's words and in those of the IANA database, by the Unicode CLDR's table (through tzlocal).

Graph speaks Windows names. Many IANA zones share one, and the table's choice can be at odds with what clocks do today;
so a name is only used when its zone keeps the same time as the one that is meant, in the years that matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tzlocal.windows_tz import tz_win, win_tz

__all__ = ["plain_zone", "windows_zone", "zone_of"]

_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Etc/GMT", "GMT", "Etc/UCT", "Etc/Zulu", "Zulu", "UCT"})
_BEFORE, _AFTER = 1, 3
"""Years around this one in which two zones must agree."""


def windows_zone(name: str, year: int) -> str:
    """The Windows name of a zone that keeps the time of the IANA zone `name` around `year`; "" when there is none."""
    if name in _UTC_NAMES:
        return "UTC"
    usual = tz_win.get(name, "")
    if usual in win_tz and _agree(name, win_tz[usual], year):
        return usual
    return next((windows for windows in sorted(win_tz) if _agree(name, win_tz[windows], year)), "")


def plain_zone(name: str) -> str:
    """The IANA zone `name`, UTC for any of its other names: a reader of iCalendar gives them all back as that."""
    return "UTC" if name in _UTC_NAMES else name


def zone_of(name: str) -> ZoneInfo | None:
    """The zone that Microsoft calls `name`, None for one that has no such name ("Customized Time Zone")."""
    if name in ("UTC", "tzone://Microsoft/Utc"):
        return ZoneInfo("UTC")
    try:
        # Some programs hand an IANA name to Graph, which takes about a hundred of them.
        return ZoneInfo(win_tz.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@cache
def _agree(one: str, other: str, year: int) -> bool:
    """True when the two zones have the same offset at every hour of the years around `year`."""
    if one == other:
        return True
    first, second = ZoneInfo(one), ZoneInfo(other)
    before: timedelta | None = None
    for day in _days(year):
        offset = day.astimezone(first).utcoffset()
        if offset != day.astimezone(second).utcoffset():
            return False
        # Both changed within the last day: then it must have been in the same hour.
        if before is not None and offset != before and not _agree_on(day - timedelta(days=1), first, second):
            return False
        before = offset
    return True


def _days(year: int) -> Iterator[datetime]:
    day, end = datetime(year - _BEFORE, 1, 1, tzinfo=UTC), datetime(year + _AFTER + 1, 1, 1, tzinfo=UTC)
    while day < end:
        yield day
        day += timedelta(days=1)


def _agree_on(day: datetime, first: ZoneInfo, second: ZoneInfo) -> bool:
    hours = (day + timedelta(minutes=30 * half) for half in range(48))
    return all(at.astimezone(first).utcoffset() == at.astimezone(second).utcoffset() for at in hours)
