"""Series and decisions for the tests of sync, with everything that a test does not speak of filled in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from calsync.model import Kind, Override, Series, Span
from calsync.sync.keys import series_key

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
TUESDAY = date(2026, 11, 24)


def series(**fields: Any) -> Series:
    """A weekly connect block on Tuesdays at 14:00 in Berlin."""
    given: dict[str, Any] = {
        "key": series_key("work", Kind.CONNECT, 1, 0),
        "kind": Kind.CONNECT,
        "number": 1,
        "generation": 0,
        "timezone": "Europe/Berlin",
        "first": TUESDAY,
        "start": time(14),
        "minutes": 30,
        "title": "Focus",
        "transparent": True,
        "changed": NOW,
    }
    return Series(**{**given, **fields})


def later(one: Series, day: date, hours: int = 1, **fields: Any) -> Override:
    """`day` moved by some hours."""
    home = one.home(day)
    span = Span(home.start + timedelta(hours=hours), home.end + timedelta(hours=hours))
    return Override(span, fields.get("title", one.title), fields.get("transparent", one.transparent))


def week(count: int) -> date:
    """The Tuesday `count` weeks after the first."""
    return TUESDAY + timedelta(7 * count)
