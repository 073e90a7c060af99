"""Times as the Calendar API writes them, and the dates of a series, expanded on the wall clock of its own zone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rruleset, rrulestr

__all__ = ["MANY", "Moment", "Series", "instant", "moment", "read_when", "shown_when", "stamp", "when"]

Json = dict[str, Any]
Moment = date | datetime
"""A day, or an aware date-time that stands in the zone of its event."""

MANY = 730
"""How many instances of an endless series are expanded where nothing bounds them: a weekly series was seen to come
as about 700 instances, up to 2040 (garrytan/gbrain#5015)."""
_DAY = timedelta(days=1)
_UNTIL = re.compile(r"UNTIL=([0-9TZ]+)", re.IGNORECASE)


def when(at: Moment, zone: str = "") -> Json:
    """`at` as it is stored: a `date`, or a `dateTime` in UTC with the zone of the event."""
    if not isinstance(at, datetime):
        return {"date": at.isoformat()}
    name = zone or str(getattr(at.tzinfo, "key", "UTC"))
    return {"dateTime": at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z", "timeZone": name}


def moment(stored: Json) -> Moment:
    """What `when` made, as a value in the zone of the event."""
    if "date" in stored:
        return date.fromisoformat(stored["date"])
    return datetime.fromisoformat(stored["dateTime"]).astimezone(ZoneInfo(stored["timeZone"]))


def read_when(given: Json, calendar_zone: str) -> Json:
    """An EventDateTime of a request as it is stored. Raises ValueError for one that says no single moment.

    "A time zone offset is required unless a time zone is explicitly specified in timeZone" (discovery document,
    EventDateTime.dateTime).
    """
    given = {key: value for key, value in given.items() if value is not None}
    if ("date" in given) == ("dateTime" in given):
        raise ValueError("exactly one of date and dateTime must be given")
    if "date" in given:
        return when(date.fromisoformat(given["date"]))
    zone = given.get("timeZone") or calendar_zone
    at = datetime.fromisoformat(given["dateTime"]).replace(microsecond=0)
    if at.tzinfo is None:
        if "timeZone" not in given:
            raise ValueError("a time without an offset needs a timeZone")
        at = at.replace(tzinfo=ZoneInfo(zone))
    return when(at.astimezone(ZoneInfo(zone)), zone)


def shown_when(stored: Json, zone: ZoneInfo) -> Json:
    """As an answer has it: the offset is that of the answer's zone, `timeZone` stays the event's.

    "Time zone used in the response. The default is the time zone of the calendar" (discovery document, timeZone of
    events.get and events.list).
    """
    if "date" in stored:
        return dict(stored)
    text = moment(stored).astimezone(zone).isoformat(timespec="seconds")  # type: ignore[union-attr]
    return {"dateTime": text.replace("+00:00", "Z"), "timeZone": stored["timeZone"]}


def instant(at: Moment, zone: ZoneInfo) -> datetime:
    """`at` in UTC; a day begins at midnight in `zone`, the calendar's."""
    if isinstance(at, datetime):
        return at.astimezone(UTC)
    return datetime.combine(at, time(), tzinfo=zone).astimezone(UTC)


def stamp(at: Moment) -> str:
    """What follows the `_` in the id of an instance: the original start in UTC, or the day."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" if isinstance(at, datetime) else f"{at:%Y%m%d}"


class Series:
    """The dates that `recurrence` gives, from `start`; all-day dates are placed in `zone`, the calendar's.

    "For recurring events this field is required and specifies the time zone in which the recurrence is expanded"
    (discovery document, EventDateTime.timeZone). A time in a gap moves on by the gap (RFC 5545 3.3.10); every
    instance lasts as long as the first (RFC 5545 3.8.5.3).
    """

    def __init__(self, body: Json, zone: ZoneInfo) -> None:
        self.start, self._end = moment(body["start"]), moment(body["end"])
        self._place = zone
        self._zone = self.start.tzinfo if isinstance(self.start, datetime) else None
        self._lines = tuple(body.get("recurrence", ()))
        self._rule = _rules(_wall(self.start, self._zone), self._zone, self._lines)

    @property
    def endless(self) -> bool:
        """True when a rule has neither COUNT nor UNTIL."""
        rules = [line.upper() for line in self._lines if line.upper().startswith("RRULE")]
        return any("COUNT=" not in rule and "UNTIL=" not in rule for rule in rules)

    @property
    def length(self) -> timedelta:
        """Elapsed time of each instance; whole days for all-day events."""
        if isinstance(self.start, datetime) and isinstance(self._end, datetime):
            return self._end.astimezone(UTC) - self.start.astimezone(UTC)
        return self._end - self.start

    def end_of(self, start: Moment) -> Moment:
        """When the instance ends that begins at `start`."""
        if isinstance(start, datetime):
            return (start.astimezone(UTC) + self.length).astimezone(start.tzinfo)
        return start + self.length

    def starts(self, begin: datetime | None = None, end: datetime | None = None) -> Iterator[Moment]:
        """Original starts at or after `begin` and before `end`, in order; endless where the rule is and `end` None."""
        first = (_wall(self.start, self._zone) if begin is None else _wall(begin, self._zone)) - _DAY
        last = None if end is None else _wall(end, self._zone) + _DAY
        for wall in self._rule.xafter(first, inc=True):
            if last is not None and wall > last:
                return
            at = self._at(wall)
            begins = instant(at, self._place)
            if (begin is None or begins >= begin) and (end is None or begins < end):
                yield at

    def has(self, original: str) -> Moment | None:
        """The date whose stamp is `original`, None when the rule does not give it."""
        try:
            if isinstance(self.start, datetime):
                around = datetime.strptime(original, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            else:
                around = instant(datetime.strptime(original, "%Y%m%d").date(), self._place)  # noqa: DTZ007 - a day
        except ValueError:
            return None
        found = self.starts(around, around + timedelta(seconds=1))
        return next((at for at in found if stamp(at) == original), None)

    def touches(self, begin: datetime | None, end: datetime | None, without: set[str]) -> bool:
        """True when an instance that is not in `without` ends after `begin` and starts before `end`."""
        if self.endless and end is None:
            return True
        length = self.length if isinstance(self.start, datetime) else self.length + _DAY
        since = None if begin is None else begin - length
        for at in self.starts(since, end):
            if stamp(at) not in without and (begin is None or instant(self.end_of(at), self._place) > begin):
                return True
        return False

    def _at(self, wall: datetime) -> Moment:
        if self._zone is None:
            return wall.date()
        return wall.replace(tzinfo=self._zone).astimezone(UTC).astimezone(self._zone)


def _wall(at: Moment, zone: Any) -> datetime:
    """Naive time in `zone`; a day is its midnight."""
    if not isinstance(at, datetime):
        return datetime.combine(at, time())
    return at.astimezone(zone or UTC).replace(tzinfo=None, fold=0)


@lru_cache(maxsize=4096)
def _rules(start: datetime, zone: Any, lines: tuple[str, ...]) -> rruleset:
    """The lines as one set of naive times. Raises ValueError for a line that is none of the four."""
    made = rruleset(cache=True)
    ruled = False
    for line in lines:
        head, colon, value = line.partition(":")
        name, *_ = head.upper().split(";")
        if not colon or name not in ("RRULE", "EXRULE", "RDATE", "EXDATE"):
            # "DTSTART and DTEND lines are not allowed in this field" (discovery document, Event.recurrence).
            raise ValueError(f"not a recurrence line: {line!r}")
        if name in ("RRULE", "EXRULE"):
            rule = rrulestr(_UNTIL.sub(lambda m: "UNTIL=" + _until(m[1], zone), value), dtstart=start)
            (made.rrule if name == "RRULE" else made.exrule)(rule)
            ruled = ruled or name == "RRULE"
        else:
            tzid = next((p.partition("=")[2] for p in head.split(";")[1:] if p.upper().startswith("TZID=")), "")
            for at in _listed(value.split(","), tzid, zone, start):
                (made.rdate if name == "RDATE" else made.exdate)(at)
    if not ruled:
        made.rdate(start)
    return made


def _until(value: str, zone: Any) -> str:
    """UNTIL on the wall clock of the series: dateutil compares it with naive times."""
    if "T" not in value:
        return value if zone is None else value + "T235959"
    if zone is None:
        return value[:8]
    if not value.endswith("Z"):
        return value
    at = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).astimezone(zone)
    return f"{at:%Y%m%dT%H%M%S}"


def _listed(values: Iterable[str], tzid: str, zone: Any, start: datetime) -> Iterator[datetime]:
    for value in values:
        value = value.strip()
        if "T" not in value:
            yield datetime.combine(datetime.strptime(value, "%Y%m%d").date(), start.time())  # noqa: DTZ007 - a day
        elif value.endswith("Z"):
            at = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            yield _wall(at, zone)
        else:
            naive = datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - the zone is in TZID
            yield _wall(naive.replace(tzinfo=ZoneInfo(tzid)), zone) if tzid and zone else naive
