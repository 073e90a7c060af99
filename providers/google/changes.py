"""What stands under a key, and the requests that turn it into what is wanted. Pure.

Google keeps a series in pieces: a master, and an event for each date that differs. No request changes two of them, so
a change can be cut off in its middle. The marks go first and shrink last: what calsync does is marked as its own before
it is done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from calsync.errors import Malformed
from calsync.ical.marks import sum_of_series
from calsync.ical.own import read_series
from calsync.model import Override, Series
from calsync.ports import OwnedSeries, SeriesWrite
from providers.google.blocks import (
    FOCUS,
    Clock,
    clock_of,
    dropped_of,
    has_guests,
    home_of,
    is_home,
    key_of,
    says_the_same,
)
from providers.google.bodies import clock_for, date_body, dropped_marks, looks, recurrence_lines, series_marks, times
from providers.google.groups import Facts, Group, Json, is_live, private_of
from providers.google.mapping import resource_of

__all__ = [
    "DateStep",
    "MasterSteps",
    "Standing",
    "asks_somebody",
    "date_steps",
    "is_asked",
    "is_between",
    "is_plain",
    "is_unfinished",
    "master_steps",
    "owned_of",
    "standing_of",
    "untouched",
]

Body = dict[str, Any]
_HOME = "home"


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for a series: nothing (`group` None; `name` is then the id to take), ours, or something else.

    `dates` are its exceptions by home date, `excluded` the dates that its rule leaves out by itself.
    """

    name: str
    group: Group | None = None
    owned: OwnedSeries | None = None
    clock: Clock | None = None
    dates: Mapping[date, Json] = field(default_factory=dict)
    excluded: frozenset[date] = frozenset()

    @property
    def master(self) -> Json:
        """The master; only of what stands."""
        assert self.group is not None
        assert self.group.master is not None
        return self.group.master

    @property
    def is_focus(self) -> bool:
        """True for Google's own focus time."""
        return bool(self.master.get("eventType") == FOCUS)


def owned_of(group: Group, facts: Facts, zone: ZoneInfo) -> OwnedSeries | None:
    """The block series that a group is, None when it is none or cannot be understood as one."""
    key = key_of(group.master) if group.master is not None and is_live(group.master) else ""
    if not key:
        return None
    try:
        resource = resource_of(group, facts)
        assert resource is not None
        owned = read_series(resource.payload, f"{key}.ics", resource.etag, zone)
    except (Malformed, ValueError, KeyError, TypeError, AttributeError):
        return None
    return None if owned is None else replace(owned, resource=group.name)


def standing_of(group: Group, facts: Facts, zone: ZoneInfo) -> Standing:
    """What a group is that stands under an id of ours."""
    owned = owned_of(group, facts, zone)
    if owned is None or group.master is None:
        return Standing(group.name, group)
    clock = clock_of(group.master, facts)
    dates: dict[date, Json] = {}
    for item in group.exceptions:
        home = home_of(item, clock)
        if home is not None:
            dates[home] = item
    excluded = owned.series.cancelled - {day for day, item in dates.items() if not is_live(item)}
    # A date with a version of its own is not left out by the rule, even when that version makes no sense.
    return Standing(group.name, group, owned, clock, dates, excluded - dates.keys())


def is_unfinished(group: Group, owned: OwnedSeries | None) -> bool:
    """True for a series whose making was cut off and which nobody else has touched since.

    Its exceptions are missing, which would look as if the leader had put every date back. Whoever reads the calendar
    takes it for not made, and the next creation goes on where the last one ended.
    """
    if owned is None or group.master is None or owned.leaders:
        return False
    said = private_of(group.master)
    return said.get("making") == "1" and said.get("sum") == sum_of_series(owned.series)


def is_between(there: Series, before: Series, after: Series) -> bool:
    """True when every part of `there` is as `before` or as `after` has it: a change of ours that was cut off."""
    for name in ("kind", "number", "generation", "title", "transparent", "until", "description", "rule_is_ours"):
        if getattr(there, name) not in (getattr(before, name), getattr(after, name)):
            return False
    if _slot(there) not in (_slot(before), _slot(after)):
        return False
    days = {day for side in (there, before, after) for day in (*side.cancelled, *side.overrides)}
    # With another start the dates are others, and what was special about the old ones is gone.
    anew = _slot(there) != _slot(before)
    return all(
        _is_like(there, before, day, (before, after))
        or _is_like(there, after, day, (before, after))
        or (anew and _entry(there, day) == _HOME)
        for day in days
        if there.has(day)
    )


def _is_like(there: Series, side: Series, day: date, masters: Sequence[Series]) -> bool:
    """True when a date is as `side` has it. A change of the master may have brought its title and looks to the date."""
    one, other = _entry(there, day), _entry(side, day)
    if not isinstance(one, Override) or not isinstance(other, Override):
        return one == other
    return (
        one.span == other.span
        and one.title in (other.title, *(master.title for master in masters))
        and one.transparent in (other.transparent, *(master.transparent for master in masters))
    )


def _slot(series: Series) -> tuple[object, ...]:
    return series.first, series.start, series.minutes, series.timezone


def _entry(series: Series, day: date) -> object:
    if day in series.cancelled:
        return "cancelled"
    return series.overrides.get(day, _HOME)


@dataclass(frozen=True, slots=True)
class MasterSteps:
    """The changes of a master: before and after those of its dates, {} for none.

    `reshapes` is True when `first` may change what its exceptions are or mean, so that they must be looked at again.
    """

    first: Body
    last: Body
    reshapes: bool


def master_steps(standing: Standing, after: Series) -> MasterSteps:
    """What the master of a series that stands needs to be that of `after`."""
    assert standing.owned is not None
    there, said = standing.owned.series, private_of(standing.master)
    body = _fields(standing, after)
    wanted = series_marks(after)
    if standing.is_focus:
        wanted["free"] = "1" if after.transparent else "0"
    properties: dict[str, str | None] = {name: value for name, value in wanted.items() if said.get(name) != value}
    before = dropped_of(standing.master)
    widened = before | after.dropped
    late: dict[str, str | None] = {}
    if widened != after.dropped:
        late = dropped_marks(after.dropped, said)
    if "making" in said:
        late["making"] = None
    if widened != before:
        properties |= dropped_marks(widened, said)
    elif not body and late:
        properties, late = {}, {**properties, **late}
    if properties:
        body["extendedProperties"] = {"private": properties}
    last: Body = {"extendedProperties": {"private": late}} if late else {}
    reshapes = bool(body.keys() - {"extendedProperties"}) and bool(there.overrides or standing.dates)
    return MasterSteps(body, last, reshapes)


def _fields(standing: Standing, after: Series) -> Body:
    """The fields of the event that differ."""
    assert standing.owned is not None
    there, master = standing.owned.series, standing.master
    body: Body = {}
    moves = standing.clock is None or _slot(there) != _slot(after)
    if moves:
        clock = clock_for(after)
        body |= times(clock.at(clock.anchor), after)
        for name in ("start", "end"):
            if master[name].get("date"):
                body[name]["date"] = None
    unwanted = standing.excluded - after.cancelled
    if moves or there.until != after.until or not there.rule_is_ours or unwanted:
        body["recurrence"] = recurrence_lines(after, standing.excluded & after.cancelled)
    if there.title != after.title:
        body["summary"] = after.title
    if there.description != after.description:
        body["description"] = after.description
    if there.transparent != after.transparent and not standing.is_focus:
        body["transparency"] = looks(after.transparent, {}, focus=False)["transparency"]
    return body


@dataclass(frozen=True, slots=True)
class DateStep:
    """One date that is to change: to `body`, or cancelled (None). `item` is its exception where there is one."""

    day: date
    body: Body | None
    item: Json | None = None


def date_steps(standing: Standing, after: Series, leaders: Mapping[date, Override]) -> list[DateStep]:
    """What the dates of a series need whose master is as wanted; `leaders` are overrides that are the leader's own."""
    assert standing.owned is not None
    there = standing.owned.series
    steps: list[DateStep] = []
    for day in sorted({*after.cancelled, *after.overrides, *standing.dates}):
        item = standing.dates.get(day)
        takes_place = item is not None and is_live(item)
        if not after.has(day):
            if takes_place and day not in standing.owned.leaders:
                steps.append(DateStep(day, None, item))
        elif day in after.cancelled:
            if takes_place or (item is None and day not in standing.excluded):
                steps.append(DateStep(day, None, item))
        elif day in after.overrides:
            wanted = after.overrides[day]
            if not takes_place or there.overrides.get(day) != wanted:
                by_leader = leaders.get(day) == wanted
                body = date_body(after, day, wanted, focus=standing.is_focus, by_leader=by_leader)
                steps.append(DateStep(day, body, item))
        elif item is not None and not _is_home(item, standing, day):
            steps.append(DateStep(day, _home_body(standing, after, day, item), item))
    return steps


def asks_somebody(standing: Standing, of_master: Body, dates: Sequence[DateStep]) -> bool:
    """True when these changes are about an event with guests, who would see them or get mail.

    What changes the master changes or wipes its dates, too. Marks are nobody's business but calsync's.
    """
    if of_master.keys() - {"extendedProperties"}:
        return is_asked(standing)
    touched = [step.item for step in dates if step.item is not None and is_live(step.item)]
    return bool(dates) and any(has_guests(item) for item in (standing.master, *touched))


def is_asked(standing: Standing) -> bool:
    """True when somebody is invited to a series or to one of its dates."""
    return standing.group is not None and any(has_guests(item) for item in standing.group.items if is_live(item))


def is_plain(item: Json, standing: Standing, day: date) -> bool:
    """True for a single date that is just as its series has it, so that nobody has changed it yet."""
    assert standing.clock is not None
    return says_the_same(item, standing.master, standing.clock.at(day))


def _is_home(item: Json, standing: Standing, day: date) -> bool:
    return is_live(item) and is_home(item, standing.master, day) and is_plain(item, standing, day)


def _home_body(standing: Standing, after: Series, day: date, item: Json) -> Body:
    """Puts a date back to where its series has it, with what the series says and nothing else."""
    body = date_body(after, day, None, focus=standing.is_focus)
    if not is_live(item):
        return body
    for name in ("description", "location"):
        if item.get(name, "") != standing.master.get(name, ""):
            body[name] = standing.master.get(name) or None
    return body


def untouched(change: SeriesWrite, standing: Standing) -> bool:
    """True when nothing of a change has come to stand."""
    if change.before is None:
        return standing.group is None
    return standing.owned is not None and standing.owned.series.same_content(change.before)
