"""Cuts iCalendar bytes into resources without parsing them, so that the parser only sees what can matter.

Parsing costs about two milliseconds an event; most events of a calendar that has been kept for years lie in the
past. The cut looks at BEGIN, END, UID and the date properties only, and judges conservatively: an event is passed
over only when its dates are plainly readable and plainly too early; whatever is unusual goes to the parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from functools import cached_property
from hashlib import blake2b
from mmap import mmap
from typing import Final, NamedTuple

from calsync.errors import Malformed
from calsync.ical.content import unfold
from calsync.ical.marks import PRODID

__all__ = ["MARGIN_DAYS", "Cut", "Group", "Part", "cannot_touch", "groups", "split", "starts_after"]

MARGIN_DAYS: Final = 3
"""Days between the last local date of an event and the instant from which it cannot touch what comes after: one for
the rest of that date, two for any offset from UTC and for dates that a zone shifts."""

NEVER: Final = 1 << 30
"""A day number after every date: the event may go on for ever, or its dates are not plainly readable."""
EVER: Final = 0
"""A day number before every date."""

_HEAD = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODID}\r\n".encode()
_TAIL = b"END:VCALENDAR\r\n"

# A literal line feed in front lets the search skip from line to line.
_LINE = re.compile(
    rb"\n(BEGIN|END|UID|DTSTART|DTEND|DURATION|RRULE|RDATE|EXRULE|RECURRENCE-ID|X-WR-TIMEZONE)[ \t]*"
    rb"([;:][^\r\n]*(?:(?:\r?\n)+[ \t][^\r\n]*)*)",
    re.IGNORECASE,
)
_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?\s*BEGIN[ \t]*:[ \t]*VCALENDAR[ \t]*(?=\r?\n)", re.IGNORECASE)
_DAY = re.compile(rb"(\d{8})(?:T\d{6}Z?)?", re.IGNORECASE)
_DURATION = re.compile(
    rb"\+?P(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})S)?)?", re.IGNORECASE
)
_FOLDED_TZID = b";" + b"".join(rb"(?:\s*)%c" % letter for letter in b"TZID=")
_TZID = re.compile(_FOLDED_TZID + rb'\s*("[^"]*"|[^";:]*)', re.IGNORECASE)
_FOLDED_NAME = re.compile(rb"\n[A-Za-z-]{1,40}+\r?\n[ \t]")
_REPLACED = re.compile(rb"\nRECURRENCE-ID[ \t]*([;:][^\r\n]*(?:(?:\r?\n)+[ \t][^\r\n]*)*)", re.IGNORECASE)
_ZONE_NAME = re.compile(rb"\nTZID(?:;[^:\r\n]*)?:([^\r\n]*)", re.IGNORECASE)
_NAMES = frozenset(b"BEGIN END UID DTSTART DTEND DURATION RRULE RDATE EXRULE RECURRENCE-ID".split())
_CUT_OUT = frozenset({b"VEVENT", b"VTIMEZONE"})
_PLAIN = frozenset({b":VEVENT", b":VALARM"})
_OWN = frozenset({b"BYDAY", b"WKST"})
_STEPS: Final = {b"DAILY": 1, b"WEEKLY": 7, b"MONTHLY": 31, b"YEARLY": 366}


class Part(NamedTuple):
    """One VEVENT of a resource: where it lies in the data, and the days between which its occurrences lie.

    `first` and `last` are day numbers (date.toordinal) of local dates in whatever zone. `replaces` is the day of its
    RECURRENCE-ID or EVER when it has none; `follows` is True with RANGE=THISANDFUTURE. `days` is how many days one
    occurrence can span.
    """

    begin: int
    end: int
    first: int
    last: int
    replaces: int
    follows: bool
    days: int


class Group:
    """All VEVENTs of one UID. It reads from the data that was cut, which must stay open as long as it is used."""

    __slots__ = ("_cut", "first", "last", "parts", "uid")

    def __init__(self, cut: Cut, uid: str) -> None:
        self._cut = cut
        self.uid = uid
        self.parts: list[Part] = []
        self.first = NEVER
        self.last = EVER

    def add(self, part: Part) -> None:
        """Take one more VEVENT into the resource."""
        self.parts.append(part)
        self.first = min(self.first, part.first)
        self.last = max(self.last, part.last)

    def components(self) -> list[bytes]:
        """The bytes of each VEVENT as they stand, BEGIN and END included, in the order of the file."""
        data = self._cut.data
        return [bytes(data[part.begin : part.end]) for part in self.parts]

    def relevant(self, start: datetime, end: datetime | None = None) -> list[bytes]:
        """As `components`, without overrides that neither take the place of a date near [start, end) nor lie near it.

        `end` None means the end of time. Nothing is left out where it is not plain to see.
        """
        components = self.components()
        masters = [part for part in self.parts if part.replaces == EVER]
        days = max((part.days for part in masters), default=1)
        if len(components) == len(masters) or days >= NEVER or any(part.follows for part in self.parts):
            return components
        places = [match[1] for match in map(_REPLACED.search, components) if match is not None]
        # Of two versions of one override the newer counts; written in two forms they could not be told apart here.
        forms = {(place.rpartition(b":")[0], place.rstrip()[-1:] in b"Zz") for place in places}
        if len(forms) > 1 or len(set(places)) < len(places):
            return components
        low = start.astimezone(UTC).toordinal() - MARGIN_DAYS
        high = NEVER if end is None else end.astimezone(UTC).toordinal() + MARGIN_DAYS
        return [
            component
            for part, component in zip(self.parts, components, strict=True)
            if part.replaces in (EVER, NEVER)
            or (max(part.replaces + days, part.last) > low and min(part.replaces, part.first) < high)
        ]

    def zones(self, components: Iterable[bytes] | None = None) -> list[bytes]:
        """The VTIMEZONE blocks that the dates of the resource, or of these `components` of it, name; by name."""
        names: set[bytes] = set()
        for component in self.components() if components is None else components:
            names.update(_TZID.findall(component))
        known = self._cut.zones
        return [known[name] for name in sorted(set(map(_text, names))) if name in known]

    @property
    def digest(self) -> str:
        """A hash of everything in the data that says what this resource means: its VEVENTs and their VTIMEZONEs."""
        seen = blake2b(self._cut.zone_hint.encode(), digest_size=16)
        components = self.components()
        for block in (*components, *self.zones(components)):
            seen.update(len(block).to_bytes(8, "big"))
            seen.update(block)
        return seen.hexdigest()

    def payload(self, since: datetime | None = None) -> bytes:
        """A VCALENDAR of its own with just this resource and the VTIMEZONEs that it names.

        With `since`, it says all that can matter from that instant on: overrides that are plainly over are left out.
        """
        components = self.components() if since is None else self.relevant(since)
        hint = f"X-WR-TIMEZONE:{self._cut.zone_hint}\r\n".encode() if self._cut.zone_hint else b""
        return b"".join((_HEAD, hint, *map(_line_end, (*self.zones(components), *components)), _TAIL))


class Cut:
    """What was found in `data`: its resources by UID and its VTIMEZONE blocks by TZID."""

    def __init__(self, data: bytes | mmap) -> None:
        self.data = data
        self.by_uid: dict[str, Group] = {}
        self.zones: dict[str, bytes] = {}
        self.zone_hint = ""
        """What the calendar itself names as its zone (X-WR-TIMEZONE)."""

    @cached_property
    def groups(self) -> list[Group]:
        """The resources in the order in which they first occur."""
        return list(self.by_uid.values())

    def take(self, component: bytes, begin: int, end: int, lines: dict[bytes, bytes], *, odd: bool) -> None:
        """Keep the component at these offsets; `lines` and `odd` are what was seen of a VEVENT."""
        if component == b"VEVENT":
            self.take_event(begin, end, lines, odd=odd)
        else:
            self.take_zone(begin, end)

    def take_zone(self, begin: int, end: int) -> None:
        """Keep the VTIMEZONE at these offsets; of several with one TZID the first counts."""
        block = bytes(self.data[begin:end])
        name = _ZONE_NAME.search(unfold(block))
        if name is not None:
            self.zones.setdefault(_text(name[1]), block)

    def take_event(self, begin: int, end: int, lines: dict[bytes, bytes], *, odd: bool) -> None:
        """Put the VEVENT at these offsets to those of its UID."""
        uid = _text(_value(lines.get(b"UID", b"")))
        if not uid:
            # RFC 5545 asks for a UID; without one the content is the only name that it can have.
            uid = "no-uid-" + blake2b(bytes(self.data[begin:end]), digest_size=16).hexdigest()
        group = self.by_uid.get(uid)
        if group is None:
            group = self.by_uid[uid] = Group(self, uid)
        group.add(_part(begin, end, lines, odd))


def split(data: bytes | mmap) -> Cut:
    """Cut `data` at its components.

    Raises `Malformed` when it is no calendar as a whole: empty, binary, without a VCALENDAR, or torn (a BEGIN
    without its END or the reverse).
    """
    head = _start_of(data)
    if _FOLDED_NAME.search(data) is not None:
        # Nobody folds a line within its name; should somebody do it, no line is to be missed.
        data = unfold(bytes(data))
    cut = Cut(data)
    open_components: list[bytes] = [b"VCALENDAR"]
    begin = 0
    lines: dict[bytes, bytes] = {}
    odd = False
    inside = b""
    for match in _LINE.finditer(data, head):
        name, rest = match.groups()
        if name not in _NAMES:
            name = name.upper()
        if name == b"BEGIN":
            component = _component(rest)
            if component in _CUT_OUT and not inside:
                inside, begin, lines, odd = component, match.start() + 1, {}, False
            open_components.append(component)
        elif name == b"END":
            _close(open_components, _component(rest))
            if inside and inside not in open_components:
                cut.take(inside, begin, match.end(), lines, odd=odd)
                inside = b""
        elif inside and open_components[-1] == b"VEVENT":
            if name in lines:
                odd = True
            lines[name] = rest
        elif name == b"X-WR-TIMEZONE":
            cut.zone_hint = cut.zone_hint or _text(_value(rest))
    if open_components:
        raise Malformed(f"it is torn: {_text(open_components[-1])} is begun and never ended", _NEXT)
    return cut


def groups(data: bytes | mmap) -> Iterator[Group]:
    """The resources of `data`; see `split`."""
    return iter(split(data).groups)


def cannot_touch(group: Group, start: datetime) -> bool:
    """True only when every occurrence of the resource provably ends before the instant `start`."""
    return group.last + MARGIN_DAYS <= start.astimezone(UTC).toordinal()


def starts_after(group: Group, end: datetime) -> bool:
    """True only when every occurrence of the resource provably starts after the instant `end`."""
    return group.first - MARGIN_DAYS >= end.astimezone(UTC).toordinal()


_NEXT = "look at it with another calendar program, or take it out of the config"


def _close(open_components: list[bytes], component: bytes) -> None:
    if not open_components or open_components.pop() != component:
        raise Malformed(f"it is torn: END:{_text(component)} stands where something else is open", _NEXT)


def _start_of(data: bytes | mmap) -> int:
    """Where the first line ends; raises Malformed when the data cannot be a calendar."""
    if not len(data):
        raise Malformed("it is empty", _NEXT)
    if data.find(b"\0") != -1:
        raise Malformed("it is binary, not text", _NEXT)
    first = _FIRST.match(data)
    if first is None:
        raise Malformed("it does not begin with BEGIN:VCALENDAR", _NEXT)
    return first.end()


def _component(rest: bytes) -> bytes:
    """The component that a BEGIN or END line names, in upper case."""
    return rest[1:] if rest in _PLAIN else unfold(rest)[1:].strip().upper()


def _text(raw: bytes) -> str:
    """A name or an identifier, unfolded, without blanks or quotes around it."""
    return unfold(raw).strip().strip(b'"').decode(errors="replace")


def _value(line: bytes) -> bytes:
    """What stands after the colon of a property whose value has none itself or that has no parameters."""
    if line.startswith(b":"):
        return line[1:]
    return line.rpartition(b":")[2]


def _line_end(block: bytes) -> bytes:
    return block if block.endswith(b"\n") else block.rstrip(b"\r") + b"\r\n"


def _part(begin: int, end: int, lines: dict[bytes, bytes], odd: bool) -> Part:
    """What the date properties of a VEVENT say of its reach; see `Part`."""
    follows = False
    replaces = EVER
    rid = lines.get(b"RECURRENCE-ID")
    if rid is not None:
        follows = b"RANGE" in rid.upper()
        replaces = _day(rid) or NEVER
    start = _day(lines.get(b"DTSTART"))
    stop = None if start is None else _stop(start, lines)
    if odd or start is None or stop is None or follows or b"RDATE" in lines or b"EXRULE" in lines:
        return Part(begin, end, EVER, NEVER, replaces, follows, NEVER)
    days = abs(stop - start) + 1
    first, last = min(start, stop), max(start, stop)
    rule = lines.get(b"RRULE")
    if rule is not None:
        bound = _last_of_rule(rule, start)
        last = NEVER if bound is None else max(bound, start) + days
    return Part(begin, end, first, last, replaces, follows, days)


_MOST_DAYS: Final = 50_000
_LENGTHS: Final = {8: b"", 15: b"T", 16: b"T"}
_known_days: dict[bytes, int] = {}


def _day(line: bytes | None) -> int | None:
    """The day number of a date or date-time line, None when it is not plainly readable."""
    if line is None:
        return None
    value = line.rpartition(b":")[2]
    # What is known consists of digits; the rest is a time of day when it has the length of one.
    day = _known_days.get(value[:8])
    if day is not None and _LENGTHS.get(len(value)) == value[8:9]:
        return day
    match = _DAY.fullmatch(value.strip())
    return None if match is None else _ordinal(match[1])


def _ordinal(digits: bytes) -> int | None:
    try:
        return _known_days[digits]
    except KeyError:
        try:
            day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).toordinal()
        except ValueError:
            return None
        if len(_known_days) < _MOST_DAYS:
            _known_days[digits] = day
        return day


def _stop(start: int, lines: dict[bytes, bytes]) -> int | None:
    """The last day that one occurrence can touch, None when it is not plainly readable."""
    if b"DTEND" in lines:
        return _day(lines[b"DTEND"])
    if b"DURATION" not in lines:
        return start + 1
    match = _DURATION.fullmatch(_value(lines[b"DURATION"]).strip())
    if match is None:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return start + weeks * 7 + days + (hours * 3600 + minutes * 60 + seconds) // 86400 + 2


def _last_of_rule(line: bytes, start: int) -> int | None:
    """A day after which the rule gives no date, None when the rule is not of a plain form."""
    if not line.startswith(b":"):
        return None
    rule: dict[bytes, bytes] = {}
    for item in unfold(line[1:]).strip().rstrip(b";").upper().split(b";"):
        name, _, value = item.partition(b"=")
        if name in rule:
            return None
        rule[name] = value
    if b"UNTIL" in rule:
        match = None if b"COUNT" in rule else _DAY.fullmatch(rule[b"UNTIL"])
        return None if match is None else _ordinal(match[1])
    if b"COUNT" not in rule:
        return None
    step = _STEPS.get(rule.pop(b"FREQ", b""))
    count, interval = rule.pop(b"COUNT"), rule.pop(b"INTERVAL", b"1")
    # With nothing but days of the week, every period of the rule has a date, save perhaps the first one.
    if step is None or not count.isdigit() or not interval.isdigit() or len(count) + len(interval) > 8:
        return None
    plain = rule.keys() <= _OWN if step == 7 else not rule
    # Months without a 29th, 30th or 31st, and years without a 29 February, have no date.
    if not plain or (step > 7 and date.fromordinal(start).day > 28):
        return None
    return start + (int(count) + 2) * step * max(int(interval), 1)
