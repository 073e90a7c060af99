"""VTIMEZONEs: short, by rule where a rule is right, and never wrong by any reader that was tried."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from io import StringIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import icalendar
import pytest
from dateutil.rrule import rrulestr
from dateutil.tz import tzical

from calsync.ical.zones import vtimezone

BEGIN, END = date(2026, 11, 2), date(2027, 3, 1)
SAMPLE = (
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "America/Nuuk",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Asia/Kathmandu",
    "Asia/Jerusalem",
    "Asia/Beirut",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Atlantic/Azores",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "America/St_Johns",
    "Etc/GMT+12",
)
BY_RULE = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Jerusalem",
)


def _changes(lines: list[str]) -> list[tuple[datetime, timedelta]]:
    """Every (instant, offset from then on) that the observances give until 2032, reckoned by the text of RFC 5545."""
    found = []
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name == "BEGIN" and value != "VTIMEZONE":
            fields = {}
        fields[name] = value
        if name == "END" and value != "VTIMEZONE":
            before, after = (_offset(fields[side]) for side in ("TZOFFSETFROM", "TZOFFSETTO"))
            onset = datetime.strptime(fields["DTSTART"], "%Y%m%dT%H%M%S")  # noqa: DTZ007
            onsets = [onset]
            if "RRULE" in fields:
                onsets = rrulestr(fields["RRULE"], dtstart=onset).between(onset, datetime(2032, 1, 1), inc=True)  # noqa: DTZ001
            found += [((at - before).replace(tzinfo=UTC), after) for at in onsets]
    return sorted(found)


def _offset(text: str) -> timedelta:
    sign = -1 if text[0] == "-" else 1
    return sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5]), seconds=int(text[5:7] or 0))


def _moments(begin: date, end: date) -> Iterable[datetime]:
    at = datetime(begin.year, begin.month, begin.day, tzinfo=UTC)
    while at.date() < end:
        yield at
        at += timedelta(hours=7)


def _check(name: str, begin: date, end: date) -> list[str]:
    """Compare the VTIMEZONE with zoneinfo, by the rules of the RFC, over the years that it is made for."""
    lines = vtimezone(name, begin, end)
    zone = ZoneInfo(name)
    changes = _changes(lines)
    at = 0
    for moment in _moments(begin, end + timedelta(365 * 3)):
        while at + 1 < len(changes) and changes[at + 1][0] <= moment:
            at += 1
        assert changes[at][0] <= moment
        assert changes[at][1] == moment.astimezone(zone).utcoffset(), (name, moment)
    for instant, offset in changes:
        if (
            datetime(begin.year, begin.month, begin.day, tzinfo=UTC)
            < instant
            < datetime(end.year + 3, 1, 1, tzinfo=UTC)
        ):
            second = timedelta(seconds=1)
            assert (instant - second).astimezone(zone).utcoffset() != offset == instant.astimezone(zone).utcoffset()
    return lines


@pytest.mark.parametrize("name", SAMPLE)
def test_a_vtimezone_gives_the_offsets_that_zoneinfo_gives(name: str) -> None:
    _check(name, BEGIN, END)
    _check(name, date(2024, 2, 1), date(2024, 2, 1))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(available_timezones()))
def test_every_zone_has_a_right_vtimezone(name: str) -> None:
    _check(name, BEGIN, END)


@pytest.mark.slow
def test_most_zones_have_a_short_one_by_rule() -> None:
    long = [name for name in available_timezones() if len("\r\n".join(vtimezone(name, BEGIN, END))) > 420]
    assert len(long) < 20, sorted(long)


@pytest.mark.parametrize("name", BY_RULE)
def test_a_yearly_rule_is_written_as_two_rrules_which_outlook_reads(name: str) -> None:
    lines = vtimezone(name, BEGIN, END)
    assert sum(line.startswith("RRULE:FREQ=YEARLY") for line in lines) == 2
    assert not any(line.startswith("RDATE") for line in lines)
    assert len("\r\n".join(lines)) < 420


def _readers(lines: list[str]) -> Iterable[tzinfo]:
    text = "\r\n".join([*lines, ""])
    yield icalendar.Timezone.from_ical(text).to_tz(lookup_tzid=False)
    found = tzical(StringIO(text)).get()
    assert found is not None
    yield found


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "America/Santiago", "Africa/Cairo", "Asia/Kathmandu", "Africa/Casablanca"]
)
def test_icalendar_and_dateutil_read_it_as_zoneinfo_has_it(name: str) -> None:
    zone = ZoneInfo(name)
    for reader in _readers(vtimezone(name, BEGIN, END)):
        for moment in list(_moments(BEGIN, date(2029, 6, 1)))[::3]:
            wall = moment.astimezone(zone).replace(tzinfo=None)
            local = wall.replace(tzinfo=zone)
            if local.replace(fold=1).utcoffset() == local.utcoffset():
                assert wall.replace(tzinfo=reader).utcoffset() == local.utcoffset(), (name, wall)


def test_a_zone_that_is_none_is_an_error() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        vtimezone("Europe/Atlantis", BEGIN, END)


def test_the_lines_are_the_same_every_time() -> None:
    first = vtimezone("Europe/Berlin", BEGIN, END)
    first.append("spoilt by its reader")
    assert vtimezone("Europe/Berlin", BEGIN, END) == first[:-1]


def test_zones_are_those_of_the_tzdata_package_whatever_the_system_has() -> None:
    import zoneinfo
    from importlib.resources import files

    assert zoneinfo.TZPATH == ()
    with files("tzdata.zoneinfo.Africa").joinpath("Casablanca").open("rb") as file:
        packaged = ZoneInfo.from_file(file, "Africa/Casablanca")
    moments = [datetime(2026, month, 16, 9, 30) for month in range(1, 13)]  # noqa: DTZ001 - the zones are put in below
    ours = ZoneInfo("Africa/Casablanca")
    assert [m.replace(tzinfo=ours).utcoffset() for m in moments] == [
        m.replace(tzinfo=packaged).utcoffset() for m in moments
    ]
