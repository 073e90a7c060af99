"""Finds the time zone that a TZID means: by IANA name, the file's own VTIMEZONE, Windows' names, or the leader's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from calsync.ical.content import take_apart, unfold
from calsync.ical.plain import NOT_UNDERSTOOD
from calsync.ical.zones import vtimezone

__all__ = ["Zone", "ZoneFinder", "iana"]


class Zone(NamedTuple):
    """A zone found: the TZID to write instead, what it does, and a VTIMEZONE to hand over with it ("" for none).

    The TZID is an IANA name, "UTC", or, for a VTIMEZONE that has none, a name made from its content: parsers keep
    zones by name for the life of the process, and two files may give one name to two zones.
    """

    tzid: str
    rules: tzinfo
    block: str = ""


class ZoneFinder:
    """Looks up the TZIDs of one resource.

    `blocks` are its VTIMEZONEs by TZID, `leader` the zone for all that cannot be found, and `hint` what the calendar
    names as its zone (X-WR-TIMEZONE), in which `floating` times are taken.
    """

    def __init__(self, blocks: Mapping[str, bytes], leader: ZoneInfo, hint: str = "") -> None:
        self._blocks = blocks
        self.leader = Zone(leader.key, leader)
        place = iana(hint) if hint else None
        self.floating = self.leader if place is None else Zone(place.key, place)
        self._found: dict[str, Zone] = {}

    def __call__(self, tzid: str) -> Zone:
        """The zone of `tzid`.

        A place name of the IANA database means that place, whatever the VTIMEZONE beside it says: VTIMEZONEs age.
        Any other name means the VTIMEZONE given for it; without one, Windows' or a vendor's name for a place; without
        that, the leader's zone. A VTIMEZONE that says the same as the place of that name is taken for the place.
        """
        found = self._found.get(tzid)
        if found is None:
            found = self._found[tzid] = self._find(tzid)
        return found

    def _find(self, tzid: str) -> Zone:
        block = self._blocks.get(tzid)
        if "/" in tzid or block is None or tzid.upper() in _UTC:
            place = iana(tzid)
            if place is not None:
                return Zone(place.key, place)
        if block is None:
            return self.leader
        return _described(block, tzid) or self.leader


_COMPARED = range(2020, 2031)
_NOW = (date(2025, 1, 1), date(2027, 1, 1))
_UTC = frozenset({"UTC", "Z", "GMT", "ETC/UTC", "ETC/GMT", "UCT", "ZULU"})


@lru_cache(maxsize=1024)
def iana(tzid: str) -> ZoneInfo | None:
    """The IANA zone of a TZID: its own name, a Windows name, or what stands after a vendor's prefix; else None."""
    name = tzid.strip().strip("/")
    if name.upper() in _UTC:
        return ZoneInfo("UTC")
    place = _zone(name) or _windows(name)
    parts = name.split("/")
    while place is None and tzid.strip().startswith("/") and len(parts) > 2:
        del parts[0]
        place = _zone("/".join(parts))
    return place


def _windows(name: str) -> ZoneInfo | None:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    return _zone(WINDOWS_TO_OLSON.get(name, ""))


def _zone(name: str) -> ZoneInfo | None:
    if not name or not name.isascii():
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A name of another form, a folder of the database ("Europe"), or one too long for a file name.
        return None


@lru_cache(maxsize=256)
def _described(block: bytes, tzid: str) -> Zone | None:
    """The zone that a VTIMEZONE describes, None when it describes none."""
    place = iana(tzid)
    if place is not None and _observances(_lines(block)) == _observances(vtimezone(place.key, *_NOW)):
        return Zone(place.key, place)
    own = _own_rules(block)
    if own is not None and place is not None and (own.rules is place or _agree(own.rules, place)):
        return Zone(place.key, place)
    return own


def _observances(lines: list[str]) -> set[tuple[str, ...]]:
    """Each observance in short: its offsets, its time of day, its rule; whatever year it is said to begin in."""
    found = set()
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name == "END" and value != "VTIMEZONE":
            rule = sorted(fields.get("RRULE", "").split(";"))
            found.add(
                (fields.get("TZOFFSETFROM", ""), fields.get("TZOFFSETTO", ""), fields.get("DTSTART", "")[8:], *rule)
            )
        elif name == "BEGIN":
            fields = {}
        fields[name] = value
    return found


def _lines(block: bytes) -> list[str]:
    return unfold(block).decode(errors="replace").replace("\r\n", "\n").split("\n")


def _agree(one: tzinfo, other: tzinfo) -> bool:
    """True when two zones have the same offset on days close enough together to tell apart any two yearly rules."""
    days = (datetime(year, month, day, 12) for year in _COMPARED for month in range(1, 13) for day in (1, 11, 21))  # noqa: DTZ001
    try:
        return all(day.replace(tzinfo=one).utcoffset() == day.replace(tzinfo=other).utcoffset() for day in days)
    except NOT_UNDERSTOOD:
        return False


def _own_rules(block: bytes) -> Zone | None:
    import icalendar

    name = "calsync-" + blake2b(block, digest_size=12).hexdigest()
    kept = []
    for line in _lines(block):
        parts = take_apart(line)
        if parts is None:
            continue
        if parts.name == "X-LIC-LOCATION":
            place = _zone(parts.value.strip())
            if place is not None:
                return Zone(place.key, place)
        if parts.name == "TZID":
            kept.append(f"TZID:{name}")
        elif not parts.name.startswith("X-"):
            kept.append(line.strip())
    text = "\r\n".join([*kept, ""])
    try:
        zone = icalendar.Timezone.from_ical(text)
        if not isinstance(zone, icalendar.Timezone):
            return None
        rules = zone.to_tz(lookup_tzid=False)
        # The rules are read when they are first asked.
        datetime(2025, 1, 1, tzinfo=rules).utcoffset()
        return Zone(name, rules, text)
    except NOT_UNDERSTOOD:
        # icalendar and dateutil raise these for a VTIMEZONE without a start, an offset or an observance.
        return None
