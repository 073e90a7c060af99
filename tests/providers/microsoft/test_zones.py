"""Time zones in Microsoft's words: the names, and whether they keep the time that is meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from providers.microsoft.zones import windows_zone, zone_of
from tests.servers.graph_zones import WINDOWS

# Neither is a place where people live: Troll has two hours of summer time, which Microsoft has no zone for.
WITHOUT = {"Antarctica/Troll", "Factory", "localtime"}


@pytest.mark.parametrize(
    ("name", "windows"),
    [
        ("Europe/Berlin", "W. Europe Standard Time"),
        ("Europe/Vienna", "W. Europe Standard Time"),
        ("Europe/London", "GMT Standard Time"),
        ("America/New_York", "Eastern Standard Time"),
        ("Australia/Lord_Howe", "Lord Howe Standard Time"),
        ("Asia/Kathmandu", "Nepal Standard Time"),
        ("America/Sao_Paulo", "E. South America Standard Time"),
        ("Africa/Casablanca", "Morocco Standard Time"),
        ("Asia/Kolkata", "India Standard Time"),
        ("UTC", "UTC"),
        ("GMT", "UTC"),
        ("Antarctica/Troll", ""),
        # Names that the Unicode table leaves out, or gives to a zone that keeps another time by now.
        ("EST5EDT", "Eastern Standard Time"),
        ("America/Scoresbysund", "Greenland Standard Time"),
    ],
)
def test_a_zone_has_a_name_that_keeps_its_time(name: str, windows: str) -> None:
    assert windows_zone(name, 2026) == windows


def test_every_zone_has_one_and_none_is_off_by_a_minute_in_years() -> None:
    instants = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=13 * n) for n in range(2000)]
    for name in sorted(available_timezones() - WITHOUT):
        windows = windows_zone(name, 2026)
        assert windows in WINDOWS, name
        one, other = ZoneInfo(name), ZoneInfo(WINDOWS[windows])
        assert all(at.astimezone(one).utcoffset() == at.astimezone(other).utcoffset() for at in instants), name


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("UTC", "UTC"),
        ("tzone://Microsoft/Utc", "UTC"),
        ("Europe/Vienna", "Europe/Vienna"),
        ("tzone://Microsoft/Custom", None),
        ("Customized Time Zone", None),
        ("", None),
        ("../../etc/passwd", None),
    ],
)
def test_microsofts_names_are_understood_or_said_to_be_none(name: str, zone: str | None) -> None:
    found = zone_of(name)
    assert (found.key if found is not None else None) == zone
