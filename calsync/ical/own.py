"""Reads a block series back from the resource it was written to, and tells what the leader changed in it meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from calsync.errors import Malformed
from calsync.ical import lexical, marks
from calsync.ical.details import Details, DetailsReader
from calsync.ical.extras import foreign_lines, telling
from calsync.ical.plain import NOT_UNDERSTOOD, Component, parse_events
from calsync.ical.slim import Slim, date_lines, named_zones, slim, zone_of
from calsync.ical.tzids import Zone, ZoneFinder, iana
from calsync.model import Key, Kind, Override, Series, Span, Status, at_wall_clock
from calsync.ports import OwnedSeries

__all__ = ["read_series"]

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_RULE_PARTS = frozenset({"FREQ", "INTERVAL", "BYDAY", "UNTIL", "COUNT", "WKST"})
_NO_STAMP = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


@dataclass(slots=True)
class _Version:
    """One VEVENT of the series: its lines, its details, and the component that icalendar made of its dates."""

    slim: Slim
    details: Details
    component: Component
    zone: Zone
    raw: bytes

    @property
    def rank(self) -> tuple[int, str]:
        return self.slim.sequence, self.slim.stamp


def read_series(data: bytes, name: str, etag: str, zone: ZoneInfo) -> OwnedSeries | None:
    """The block series in the resource `name`, None when it holds none or a mere copy of one.

    Floating times are taken in `zone`, the leader's. Raises `Malformed`, naming the resource, when it is ours by its
    marks and cannot be understood.
    """
    try:
        cut = lexical.split(data)
        for group in cut.groups:
            owned = _of_group(group, cut, name, etag, zone)
            if owned is not None:
                return owned
    except (Malformed, *NOT_UNDERSTOOD) as error:
        reason = " ".join(str(error).split())[:200]
        raise Malformed(f"{name}: {reason}", "delete the block in your calendar; calsync makes a new one") from error
    return None


def _of_group(group: lexical.Group, cut: lexical.Cut, name: str, etag: str, zone: ZoneInfo) -> OwnedSeries | None:
    raw = group.components()
    slims = [slim(component, description=True) for component in raw]
    reader = DetailsReader()
    details = [reader(one.details) for one in slims]
    masters = [at for at, one in enumerate(slims) if one.date("RECURRENCE-ID") is None]
    key = next((one.key for one in details if one.key), "")
    if not masters or not key or not marks.names_resource(key, group.uid, name):
        return None
    find = ZoneFinder(cut.zones, zone, cut.zone_hint)
    versions = _parsed(slims, details, raw, find)
    master = max((versions[at] for at in masters), key=lambda one: one.rank)
    overrides = [one for one in versions if "RECURRENCE-ID" in one.component]
    slot = _slot(master.details)
    if slot is None or master.details.status is Status.CANCELLED:
        # A cancelled series is one that the leader took off the calendar, as a deleted one is.
        return None
    series, leaders = _series(key, slot, master, overrides, zone)
    return OwnedSeries(series, name, etag, leaders, master.details.x.get(marks.UNFINISHED) == "TRUE")


def _parsed(slims: list[Slim], details: list[Details], raw: list[bytes], find: ZoneFinder) -> list[_Version]:
    """Every VEVENT of the group, parsed; a floating RECURRENCE-ID is taken in the master's zone."""
    home = next((zone_of(one.date("DTSTART"), find) for one in slims if one.date("RECURRENCE-ID") is None), None)
    lines: list[list[str]] = []
    own: list[Zone] = []
    zones: list[Zone] = []
    for one in slims:
        dates, zone, named = date_lines(one, find, home if one.date("RECURRENCE-ID") is not None else None)
        lines.append(dates)
        own.append(zone)
        zones.extend(named)
    components = parse_events(enumerate(lines), named_zones(zones))
    return [_Version(*version) for version in zip(slims, details, components, own, raw, strict=True)]


def _slot(details: Details) -> tuple[Kind, int, int] | None:
    """Kind, number and generation from the marks, None when they are not those of a series."""
    number, slash, generation = details.x.get(marks.SLOT, "").partition("/")
    kind = details.x.get(marks.KIND, "")
    if kind not in set(Kind) or not slash or not number.isdecimal() or not generation.isdecimal():
        return None
    return Kind(kind), int(number), int(generation)


def _series(
    key: str, slot: tuple[Kind, int, int], master: _Version, overrides: Iterable[_Version], leader: ZoneInfo
) -> tuple[Series, frozenset[date]]:
    """The series as it stands, and the home dates about which the leader decided."""
    place = iana(master.zone.tzid) or leader
    start = _local(master.component["DTSTART"].dt, place)
    rule_is_ours, until = _rule(master, start, place)
    bare = Series(
        key=Key(key),
        kind=slot[0],
        number=slot[1],
        generation=slot[2],
        timezone=place.key,
        first=start.date(),
        start=start.time(),
        minutes=_minutes(master.component, place),
        title=master.details.title,
        transparent=master.details.transparent,
        changed=_stamp(master.slim.stamp),
        until=until,
        description=master.details.description,
        sequence=master.slim.sequence,
        rule_is_ours=rule_is_ours and not any(_follows(one) for one in overrides),
        extra=foreign_lines(master.raw, description=False),
    )
    cancelled = {day for day in _exdates(master.component, place) if bare.has(day)}
    dropped = cancelled & _dropped(master.details)
    placed: dict[date, Override] = {}
    leaders = cancelled - dropped
    for day, version in _newest(overrides, place).items():
        if day in cancelled or not bare.has(day):
            continue
        override = _override(version, place, master.details.description)
        if version.details.status is Status.CANCELLED or override is None:
            cancelled.add(day)
            leaders.add(day)
            continue
        placed[day] = override
        if telling(override.extra) or version.details.x.get(marks.SUM) != marks.sum_of_override(
            day.isoformat(), override
        ):
            leaders.add(day)
    series = _with_dates(bare, cancelled, dropped, placed)
    return series, frozenset(leaders)


def _with_dates(bare: Series, cancelled: set[date], dropped: set[date], placed: Mapping[date, Override]) -> Series:
    return replace(bare, cancelled=frozenset(cancelled), dropped=frozenset(dropped), overrides=placed)


def _newest(overrides: Iterable[_Version], place: ZoneInfo) -> dict[date, _Version]:
    """The version that counts for each home date; of equal ones the last."""
    newest: dict[date, _Version] = {}
    for version in overrides:
        day = _local(version.component["RECURRENCE-ID"].dt, place).date()
        if day not in newest or newest[day].rank <= version.rank:
            newest[day] = version
    return newest


def _follows(version: _Version) -> bool:
    line = version.slim.date("RECURRENCE-ID")
    return line is not None and "RANGE" in line.params


def _local(moment: date, place: ZoneInfo) -> datetime:
    """The wall-clock time of a date or date-time in `place`, which it keeps where it stands there already."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(), tzinfo=place)
    return moment.astimezone(place) if moment.tzinfo is not None else moment.replace(tzinfo=place)


def _minutes(component: Component, place: ZoneInfo) -> int:
    """The length by the wall clock, at least a minute."""
    start = _local(component["DTSTART"].dt, place).replace(tzinfo=None)
    if "DTEND" in component:
        length = _local(component["DTEND"].dt, place).replace(tzinfo=None) - start
    elif "DURATION" in component:
        length = component["DURATION"].dt
    else:
        length = timedelta(0) if isinstance(component["DTSTART"].dt, datetime) else _DAY
    return max(1, round(length / timedelta(minutes=1)))


def _rule(master: _Version, start: datetime, place: ZoneInfo) -> tuple[bool, date | None]:
    """Whether calsync can express how the series recurs, and its last home date where it has one."""
    component = master.component
    if "RDATE" in component or not isinstance(component["DTSTART"].dt, datetime):
        return False, None
    rule = component.get("RRULE")
    if rule is None:
        # What was made a single event is a series of one date.
        return True, start.date()
    if isinstance(rule, list) or not rule.keys() <= _RULE_PARTS:
        return False, None
    weekly = [str(part).upper() for part in rule.get("FREQ", [])] == ["WEEKLY"] and rule.get("INTERVAL", [1]) == [1]
    days = [str(day).upper() for day in rule.get("BYDAY", [])]
    if not weekly or days not in ([], [_WEEKDAYS[start.weekday()]]):
        return False, None
    if "UNTIL" in rule:
        last = _last_before(rule["UNTIL"][0], start, place)
        return last is not None, last
    if "COUNT" in rule:
        return True, start.date() + timedelta(7 * (int(rule["COUNT"][0]) - 1))
    return True, None


def _last_before(until: date, start: datetime, place: ZoneInfo) -> date | None:
    """The last home date that does not start after `until`, None when the first one does."""
    end = _local(until, place)
    weeks = (end.date() - start.date()).days // 7
    day = start.date() + timedelta(7 * weeks)
    if isinstance(until, datetime) and at_wall_clock(day, start.time(), place).astimezone(UTC) > end.astimezone(UTC):
        day -= timedelta(7)
    return day if day >= start.date() else None


def _exdates(component: Component, place: ZoneInfo) -> set[date]:
    values = component.get("EXDATE", [])
    lists = values if isinstance(values, list) else [values]
    return {_local(moment.dt, place).date() for one in lists for moment in one.dts}


def _dropped(details: Details) -> set[date]:
    found = set()
    for word in details.x.get(marks.DROPPED, "").replace(",", " ").split():
        try:
            found.add(date.fromisoformat(word))
        except ValueError:
            # Not a date of ours: then the cancellation counts as the leader's, which is the side that loses nothing.
            continue
    return found


def _override(version: _Version, place: ZoneInfo, description: str) -> Override | None:
    component = version.component
    start = _local(component["DTSTART"].dt, place)
    if "DTEND" in component:
        end = _local(component["DTEND"].dt, place)
    else:
        minutes = timedelta(minutes=_minutes(component, place))
        end = (start.astimezone(UTC) + minutes).astimezone(place)
    if end.astimezone(UTC) <= start.astimezone(UTC):
        return None
    # A description that the whole series has says nothing of this date.
    extra = foreign_lines(version.raw, description=version.details.description != description)
    return Override(Span(start, end), version.details.title, version.details.transparent, extra)


def _stamp(text: str) -> datetime:
    try:
        return datetime.strptime(text.upper(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return _NO_STAMP
