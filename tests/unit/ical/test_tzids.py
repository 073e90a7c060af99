"""Which zone a TZID means."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calsync.ical.tzids import ZoneFinder, iana
from calsync.ical.zones import vtimezone
from tests.unit.ical.material import BERLIN

NEW_YORK = """BEGIN:VTIMEZONE
TZID:{}
BEGIN:STANDARD
DTSTART:16010101T020000
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
RRULE:FREQ=YEARLY;BYDAY={};BYMONTH=3
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
END:VTIMEZONE
"""


def finder(tzid: str, first_sunday: str = "2SU") -> ZoneFinder:
    return ZoneFinder({tzid: NEW_YORK.format(tzid, first_sunday).encode()}, BERLIN)


@pytest.mark.parametrize(
    "tzid", ["Eastern Standard Time", "EST5EDT", "US Eastern Standard Time 2", "Eastern Standard Time "]
)
def test_a_vtimezone_gives_the_offsets_of_its_zone_under_any_name(tzid: str) -> None:
    rules = finder(tzid)(tzid).rules
    offsets = [datetime(2026, month, 15, tzinfo=rules).utcoffset() for month in (1, 7)]
    assert offsets == [timedelta(hours=-5), timedelta(hours=-4)]


def test_a_windows_name_is_a_place_when_its_vtimezone_says_the_same_and_its_vtimezone_when_not() -> None:
    name = "Eastern Standard Time"
    assert finder(name)(name).tzid == "America/New_York"
    other = finder(name, "1SU")(name)
    assert other.tzid.startswith("calsync-")
    assert other.tzid in other.block
    assert datetime(2026, 3, 5, tzinfo=other.rules).utcoffset() == timedelta(hours=-4)


def test_a_vtimezone_of_ours_is_known_for_the_place_it_is_of() -> None:
    block = "\r\n".join(
        vtimezone(
            "America/New_York", datetime(2024, 3, 1, tzinfo=BERLIN).date(), datetime(2026, 1, 1, tzinfo=BERLIN).date()
        )
    )
    find = ZoneFinder({"Eastern Standard Time": block.encode()}, BERLIN)
    assert find("Eastern Standard Time").rules is ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("tzid", "place"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("/Europe/Berlin", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "Europe/Berlin"),
        ("/mozilla.org/20050126_1/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("UTC", "UTC"),
        ("Z", "UTC"),
        ("GMT", "UTC"),
        ("Etc/GMT+5", "Etc/GMT+5"),
    ],
)
def test_a_name_means_its_place(tzid: str, place: str) -> None:
    found = iana(tzid)
    assert found is not None
    assert found.key == place


@pytest.mark.parametrize("tzid", ["", "Europe", "Atlantis/Berlin", "../../etc/passwd", "Zürich", "x" * 400, "Eu\0rope"])
def test_what_is_no_name_of_a_place_is_none_and_means_the_leaders_zone(tzid: str) -> None:
    assert iana(tzid) is None
    assert ZoneFinder({}, BERLIN)(tzid).tzid == "Europe/Berlin"
