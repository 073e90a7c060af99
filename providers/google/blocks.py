"""A block series as Google keeps it: the marks on its events, and from them the series that calsync reads. Pure.

What the private properties say: `calsync` (1), `key`, `kind`, `slot` (number/generation), `sum` (what calsync wrote
there; with `home` in front on a date that it put back), `dropped` (home dates that calsync itself left out), `changed`,
`sequence`, `wall` (first day, clock, minutes and zone as they were asked for), `free` (how a focus time is meant to
look) and `making` (until its first exceptions are there).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from calsync.ical import marks
from calsync.ical.vendor import VendorEvent, moment
from calsync.model import EventType, Override, Span, at_wall_clock
from providers.google.groups import Facts, Group, Json, is_live, private_of
from providers.google.parties import guests
from providers.google.times import exists, instant_of, same_clock, zone_named

__all__ = [
    "FOCUS",
    "Clock",
    "block_events",
    "brings_guests",
    "clock_of",
    "dropped_of",
    "has_guests",
    "home_of",
    "home_sum",
    "ids_of",
    "is_home",
    "key_in",
    "key_of",
    "says_the_same",
]

FOCUS = "focusTime"
_WEEK = timedelta(days=7)
_KEY = re.compile(r"[a-v0-9]{5,64}")
_KEY_LINE = re.compile(rb"^" + marks.KEY.encode() + rb":([a-v0-9]+)\r?$", re.MULTILINE)
_WALL = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)/(\d{1,5})/(\S+)")


def key_of(item: Json) -> str:
    """The key of the series that an event is by mark and id alike, "" for all others, copies of a block included."""
    said = private_of(item)
    key = said.get("key", "")
    ours = said.get("calsync") == "1" and _KEY.fullmatch(key) is not None and _is_id_of(str(item["id"]), key)
    return key if ours else ""


def key_in(name: str, payload: bytes) -> str:
    """The key of the block in a resource that `block_events` made, "" for every other resource."""
    found = _KEY_LINE.search(payload)
    key = found[1].decode() if found else ""
    return key if key and _is_id_of(name, key) else ""


def ids_of(key: str) -> Iterator[str]:
    """The event ids under which the series `key` may stand, in the order in which they are taken.

    The id of a deleted event stays taken, so that a series that comes back needs another one.
    """
    yield key
    for number in count(1):
        yield f"{key}{number}"


def _is_id_of(name: str, key: str) -> bool:
    more = name.removeprefix(key)
    return name.startswith(key) and (not more or (more.isdecimal() and not more.startswith("0")))


@dataclass(frozen=True, slots=True)
class Clock:
    """When a series takes place: from `first` on at `start` on the wall clock of `zone`, for `minutes`."""

    first: date
    start: time
    minutes: int
    zone: ZoneInfo

    @property
    def anchor(self) -> date:
        """The day on which the event of the series starts.

        Google keeps a start as an instant. Where the clocks skip the wall-clock time of the first date, they would
        show another time of day for ever: the event starts a week earlier then, and leaves that date out.
        """
        return self.first if exists(self.first, self.start, self.zone) else self.first - _WEEK

    def at(self, day: date) -> Span:
        """Where the occurrence of `day` takes place."""
        begin = at_wall_clock(day, self.start, self.zone)
        return Span(begin, (begin.astimezone(UTC) + timedelta(minutes=self.minutes)).astimezone(self.zone))

    def text(self) -> str:
        """The property `wall`."""
        return f"{self.first}T{self.start:%H:%M:%S}/{self.minutes}/{self.zone.key}"


def clock_of(master: Json, facts: Facts) -> Clock | None:
    """The clock of a series as it stands, None when it takes whole days."""
    begin, end = instant_of(master["start"]), instant_of(master["end"])
    if not isinstance(begin, datetime) or not isinstance(end, datetime):
        return None
    named = str(master["start"].get("timeZone", ""))
    asked = _WALL.fullmatch(private_of(master).get("wall", ""))
    zone = zone_named(asked[4]) if asked else None
    if asked and zone is not None and int(asked[3]):
        clock = Clock(date.fromisoformat(asked[1]), time.fromisoformat(asked[2]), int(asked[3]), zone)
        stands = clock.at(clock.anchor)
        # Nobody has moved it since, and a zone may have come back under another of its names.
        if (stands.start, stands.end) == (begin, end) and same_clock(asked[4], named, begin.year):
            return clock
    zone = zone_named(named) or facts.zone or ZoneInfo("UTC")
    local = begin.astimezone(zone)
    return Clock(local.date(), local.time(), max(1, round((end - begin) / timedelta(minutes=1))), zone)


def home_of(item: Json, clock: Clock | None) -> date | None:
    """The home date of an exception, None for one that its series no longer gives."""
    at = instant_of(item["originalStartTime"])
    if not isinstance(at, datetime):
        return at if clock is None else None
    if clock is None:
        return None
    day = at.astimezone(clock.zone).date()
    return day if at_wall_clock(day, clock.start, clock.zone) == at else None


def dropped_of(item: Json) -> frozenset[date]:
    """The home dates that calsync itself left out, by the properties `dropped`, `dropped1`, ..."""
    found = set()
    for name, text in private_of(item).items():
        if re.fullmatch(r"dropped\d*", name):
            for word in text.split():
                try:
                    found.add(date.fromisoformat(word))
                except ValueError:
                    # Then the cancellation counts as the leader's, which is the side that loses nothing.
                    continue
    return frozenset(found)


def block_events(group: Group, facts: Facts) -> Iterator[VendorEvent]:
    """The VEVENTs of a block series: as calsync itself would write them, with what the leader put there beside it."""
    master = group.master
    assert master is not None
    clock = clock_of(master, facts)
    key, said = key_of(master), private_of(master)
    if clock is None:
        begin, end = instant_of(master["start"]), instant_of(master["end"])
    else:
        begin = datetime.combine(clock.first, clock.start, tzinfo=clock.zone)
        end = begin + timedelta(minutes=clock.minutes)
    rules = [str(line) for line in master.get("recurrence", ())]
    overrides = []
    for item in group.exceptions:
        home = home_of(item, clock)
        if home is None:
            continue
        replaced = home if clock is None else datetime.combine(home, clock.start, tzinfo=clock.zone)
        if not is_live(item):
            rules.append(moment("EXDATE", replaced))
        elif clock is None or not is_home(item, master, home):
            overrides.append(_override(item, master, replaced, facts))
    shown = {marks.KEY: key, marks.KIND: said.get("kind", ""), marks.SLOT: said.get("slot", "")}
    shown[marks.SUM] = said.get("sum", "")
    shown[marks.DROPPED] = " ".join(day.isoformat() for day in sorted(dropped_of(master)))
    yield VendorEvent(
        key + marks.UID_SUFFIX,
        begin,
        end,
        rules=tuple(rules),
        title=str(master.get("summary", "")),
        description=str(master.get("description", "")),
        transparent=is_transparent(master),
        event_type=_type(master),
        parties=guests(master, facts),
        private=master.get("visibility") in ("private", "confidential"),
        location=str(master.get("location", "")),
        marks={name: value for name, value in shown.items() if value},
        changed=_changed(said),
        sequence=_number(said.get("sequence", "")),
    )
    yield from overrides


def _override(item: Json, master: Json, replaced: date, facts: Facts) -> VendorEvent:
    """One date that differs. What it has from the series says nothing of this date and is left out."""
    key, said = key_of(master), private_of(master)

    def own(name: str) -> str:
        text = str(item.get(name, ""))
        return text if text != str(master.get(name, "")) else ""

    return VendorEvent(
        key + marks.UID_SUFFIX,
        instant_of(item["start"]),
        instant_of(item["end"]),
        replaced,
        title=str(item.get("summary", "")),
        description=own("description"),
        transparent=is_transparent(item),
        event_type=_type(item),
        parties=guests(item, facts) if brings_guests(item, master) else (),
        private=item.get("visibility") in ("private", "confidential"),
        location=own("location"),
        marks={marks.KEY: key, marks.SUM: private_of(item).get("sum", "")},
        changed=_changed(said),
        sequence=_number(said.get("sequence", "")),
    )


def is_home(item: Json, master: Json, home: date) -> bool:
    """True for a date that calsync put back where its series has it, and that nobody has touched since.

    Google has no way to take an exception back: such a date stays one, with words of its own. When its series gets
    others, it has the old ones until calsync writes it anew; nobody meant that, so it counts as the series' own.
    """
    if private_of(item).get("sum") != home_sum(home, _placed(item)):
        return False
    texts = all(item.get(name, "") in ("", master.get(name, "")) for name in ("description", "location"))
    return texts and not brings_guests(item, master)


def home_sum(home: date, placed: Override | None) -> str:
    """What the mark `sum` says of a date that was put back home as `placed`."""
    return "" if placed is None else f"home {marks.sum_of_override(home.isoformat(), placed)}"


def _placed(item: Json) -> Override | None:
    begin, end = instant_of(item["start"]), instant_of(item["end"])
    if not isinstance(begin, datetime) or not isinstance(end, datetime) or end <= begin:
        return None
    return Override(Span(begin, end), str(item.get("summary", "")), is_transparent(item))


def says_the_same(item: Json, master: Json, span: Span) -> bool:
    """True for a single date that is just as its series has it: at `span`, with its title and its looks."""
    return (
        (instant_of(item["start"]), instant_of(item["end"])) == (span.start, span.end)
        and item.get("summary", "") == master.get("summary", "")
        and is_transparent(item) == is_transparent(master)
    )


def brings_guests(item: Json, master: Json) -> bool:
    """True when somebody is invited to one date who is not invited to the series."""
    return bool(set(_invited(item)) - set(_invited(master)))


def has_guests(item: Json) -> bool:
    """True when somebody else may be invited to an event, to whom Google would write of a change."""
    return bool(item.get("attendeesOmitted")) or any(_invited(item))


def _invited(item: Json) -> Iterator[str]:
    """Who is invited besides the leader, who becomes a guest of their own event with the first other one."""
    for said in item.get("attendees", ()):
        if not said.get("self"):
            yield str(said.get("email") or said.get("displayName") or said.get("id") or "somebody").lower()


def is_transparent(item: Json) -> bool:
    """True when the event is to leave its time free. A focus time is opaque by law; how it is meant is in a mark."""
    if item.get("eventType") == FOCUS:
        return private_of(item).get("free") == "1"
    return item.get("transparency") == "transparent"


def _type(item: Json) -> EventType:
    return EventType.FOCUS if item.get("eventType") == FOCUS else EventType.DEFAULT


def _changed(said: Mapping[str, str]) -> datetime | None:
    try:
        return datetime.strptime(said.get("changed", ""), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 12 else 0
