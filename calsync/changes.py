"""Change plans as the leader reads them: what they are, whom they affect, who was asked before the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from calsync.desk import Desk
from calsync.errors import CalsyncError, UsageError
from calsync.memory import Opener, oldest_kept, values_of
from calsync.model import Person
from calsync.names import name_key, plain_key
from calsync.outlines import changes_from, outlines
from calsync.people.changes import (
    CON,
    PRO,
    UNREADABLE,
    Affected,
    Answer,
    Change,
    Count,
    Point,
    Tally,
    affected_by,
    counted,
    tally,
)
from calsync.state.store import Store

__all__ = [
    "ChangeView",
    "Listing",
    "Planned",
    "changes_of",
    "count_words",
    "listing",
    "meant",
    "planned",
    "tally_of",
    "view_of",
]

_ALL = "`calsync change list --all` shows each with its number"


@dataclass(frozen=True, slots=True)
class Planned:
    """Every change, open or closed, by id; and what could not be read."""

    changes: list[Change]
    problems: list[CalsyncError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One change, with everybody whom it affects as things stand, and how many of them were asked before its day."""

    change: Change
    affected: tuple[Affected, ...]
    count: Count
    today: date

    @property
    def state(self) -> str:
        """closed, asking or open."""
        if not self.change.open:
            return "closed"
        return "asking" if self.change.asks(self.today) else "open"

    def side(self, side: str) -> list[Point]:
        """Every point of one side, in the order in which they were raised."""
        return [point for point in self.change.points if point.side == side]

    def as_json(self, desk: Desk) -> dict[str, Any]:
        """The documented keys of an entry of `changes` in `change list`; instants in the leader's zone."""
        change = self.change
        return {
            "id": change.id,
            "title": change.title or None,
            "on": change.on.isoformat(),
            "state": self.state,
            "made_at": _said(desk, change.made_at),
            "asking_since": _said(desk, change.asking_since),
            "closed_at": _said(desk, change.closed_at),
            "tags": list(change.tags),
            "count": {"asked_before": self.count.asked, "affected": self.count.affected},
            "affected": [
                {
                    "name": one.name,
                    "in_the_rotation": one.listed,
                    "asked_at": _said(desk, one.asked_at),
                    "before_the_date": one.before,
                    "said": _sayings(desk, one.answer),
                }
                for one in self.affected
            ],
            "pros": [_point(desk, point) for point in self.side(PRO)],
            "cons": [_point(desk, point) for point in self.side(CON)],
        }


@dataclass(frozen=True, slots=True)
class Listing:
    """The changes that were asked for: the open ones by their day, then the closed ones, the last closed first."""

    views: list[ChangeView]
    problems: list[CalsyncError]


def planned(desk: Desk, store: Store) -> Planned:
    """Every change that was noted and not forgotten.

    Raises nothing for what cannot be decrypted: such words are missing, which `problems` says once. Those that were
    closed before notes expire have none either, and that is no problem.
    """
    return _read(desk, store, oldest_kept(desk))


def _read(desk: Desk, store: Store, expired: datetime | None) -> Planned:
    opener = Opener(desk)
    changes = changes_from(store, lambda body: opener.open(values_of, body), expired)
    return Planned(changes, opener.problems("text", " of your changes"))


def listing(desk: Desk, which: str | None = None, *, everything: bool = False) -> Listing:
    """The open changes, all with `everything`, or the one that `which` means. Raises UsageError as `meant`."""
    with Store(desk.state_folder, desk.now) as store:
        found = planned(desk, store)
        since = store.newcomers()
    wanted = [change for change in found.changes if everything or change.open]
    if which is not None:
        wanted = [meant(found.changes, which)]
    wanted.sort(key=lambda c: (not c.open, c.on if c.open else date.min, -(c.closed_at or c.made_at).timestamp(), c.id))
    return Listing([view_of(desk, change, since) for change in wanted], found.problems)


def view_of(desk: Desk, change: Change, since: Mapping[str, date]) -> ChangeView:
    """The change as things stand; `since` is when each person, by name, came into the rotation."""
    today = desk.now.date()
    affected = affected_by(change, desk.config.people, since, today, desk.config.zone)
    return ChangeView(change, tuple(affected), counted(change, affected), today)


def meant(changes: Sequence[Change], which: str | None, *, still_open: bool = False) -> Change:
    """The one change that `which` means: its number, a part of its title, or None where exactly one is open.

    Open ones come before closed ones. Raises UsageError for none or several, and for a closed one with `still_open`.
    """
    if not changes:
        raise UsageError(
            "there is no change yet", 'note one: calsync change add "New ticket system" --on 2027-02-01 --affects Ana'
        )
    opened = [change for change in changes if change.open]
    if which is None:
        if len(opened) == 1:
            return opened[0]
        if not opened:
            raise UsageError("no change is open", f"name a closed one by its number: {_ALL}")
        raise UsageError(f"which change is meant? {_several(opened)}", "give its number, or a part of its title")
    found = _named(changes, opened, which)
    if still_open and not found.open:
        raise UsageError(f"{found.numbered} is closed", "note it as a change of its own: calsync change add")
    return found


def _named(changes: Sequence[Change], opened: Sequence[Change], which: str) -> Change:
    number = which.strip().removeprefix("#")
    if number.isdecimal():
        by_number = [change for change in changes if change.id == int(number)]
        if by_number:
            return by_number[0]
    key = plain_key(which)
    for some in (opened, [change for change in changes if not change.open]):
        found = [change for change in some if key and key in plain_key(change.title)]
        found = [change for change in found if plain_key(change.title) == key] or found
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"{which} can be any of {_several(found)}", "give its number")
    if any(change.name == UNREADABLE for change in changes):
        raise UsageError(f"no change that can be read is called {which}", _ALL)
    raise UsageError(f"there is no change {which}", _ALL)


def _several(changes: Sequence[Change]) -> str:
    more = f" and {len(changes) - 5} others" if len(changes) > 5 else ""
    return ", ".join(f"{change.id} ({change.name})" for change in changes[:5]) + more


def count_words(count: Count) -> str:
    """`7 of 9 asked before the date`."""
    return f"{count.asked} of {count.affected} asked before the date"


def changes_of(desk: Desk, store: Store, person: Person) -> list[dict[str, Any]]:
    """All that is kept of `person` and changes, as the documented keys of `people export NAME`, in clear.

    `readable` is false, and the words null, where no key opens them.
    """
    since, zone, today = store.newcomers(), desk.config.zone, desk.now.date()
    key, found = name_key(person.name), []
    for change in _read(desk, store, None).changes:
        mine = [one for one in affected_by(change, [person], since, today, zone) if name_key(one.name) == key]
        points = [point for point in change.points if name_key(point.person) == key]
        if mine or points:
            answer = mine[0].answer if mine else Answer(person.name)
            readable = change.readable and answer.readable and all(point.readable for point in points)
            found.append(
                {
                    "id": change.id,
                    "title": change.title or None,
                    "readable": readable,
                    "on": change.on.isoformat(),
                    "asked_at": _said(desk, answer.asked_at),
                    "said": _sayings(desk, answer),
                    "points": [{"side": point.side, **_point(desk, point)} for point in points],
                }
            )
    return found


def tally_of(desk: Desk, store: Store, start: date) -> Tally:
    """The figures of a report from the local day `start` on; needs no key."""
    since, zone, today = store.newcomers(), desk.config.zone, desk.now.date()
    return tally(outlines(store), desk.config.people, since, start, today, zone)


def _sayings(desk: Desk, answer: Answer) -> list[dict[str, Any]] | None:
    if not answer.readable:
        return None
    return [
        {"at": _said(desk, one.at), "text": one.text, "changed": one.changed or None}
        for one in answer.said
        if not one.is_empty
    ]


def _point(desk: Desk, point: Point) -> dict[str, Any]:
    return {"text": point.text or None, "by": point.person or None, "at": _said(desk, point.at)}


def _said(desk: Desk, instant: datetime | None) -> str | None:
    """To the second, as instants stand everywhere else in JSON."""
    return None if instant is None else desk.iso(instant.replace(microsecond=0))
