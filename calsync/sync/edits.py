"""What the leader did to calsync's blocks since they were written, told by comparing three versions of each series.

The *base* is what calsync last knew as its own work, *intended* writes are those of a run that was cut off, and
*theirs* is what stands on the calendar now. A date whose entry there equals none of ours is the leader's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from calsync.model import Override, Series
from calsync.ports import OwnedSeries
from calsync.state.codec import dump_override
from calsync.state.ledger import UNCERTAIN
from calsync.state.store import BaseSeries, Decision, JournalRow

__all__ = ["HOME", "Entry", "Home", "Noticed", "What", "entry", "notice", "touched_days"]


class What(StrEnum):
    """Kinds of decision, as the state keeps them."""

    DELETED = "deleted"
    """One date is not to take place."""
    PINNED = "pinned"
    """One date stays where, and as, the leader put it."""
    RETIRED = "retired"
    """A whole series was deleted or ended by the leader."""
    SLOT = "slot"
    """The leader gave the series its weekday, time or length."""
    TITLED = "titled"
    """The leader gave the series its title."""
    THEIRS = "theirs"
    """The leader gave the series a recurrence of their own; calsync leaves it alone."""


class Home:
    """The entry of a date that simply follows the rule of its series."""


HOME = Home()
Entry = Override | Home | None


def entry(series: Series, day: date) -> Entry:
    """How `series` treats home date `day`: None when cancelled, an override, or HOME."""
    if day in series.cancelled:
        return None
    return series.overrides.get(day, HOME)


def touched_days(*series: Series) -> set[date]:
    """Home dates on which any of the series differs from its rule."""
    return {day for one in series for day in (*one.cancelled, *one.overrides)}


@dataclass(slots=True)
class Noticed:
    """What one look at one calendar brought.

    `bases` are to be remembered (None: forgotten), `decisions` honoured from now on, `back` are ids of decisions
    that the leader took back on the calendar itself, `journal` closes rows of an earlier run that was cut off.
    """

    bases: dict[str, BaseSeries | None] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    journal: dict[int, tuple[str, str]] = field(default_factory=dict)


def notice(
    calendar: str,
    owned: Mapping[str, OwnedSeries],
    base: Mapping[str, BaseSeries],
    intended: Sequence[JournalRow],
    known: Iterable[Decision],
    now: datetime,
) -> Noticed:
    """Compare what stands on `calendar` with what calsync knows of it. Pure; `now` is aware."""
    found = Noticed()
    pending: dict[str, list[JournalRow]] = {}
    for row in intended:
        pending.setdefault(row.key, []).append(row)
    known = list(known)
    retired = {(d.kind, d.number, d.generation): d.id for d in known if d.what == What.RETIRED and d.id}
    decided = {(d.kind, d.number, d.generation, d.home) for d in known if d.what == What.PINNED}
    for key in sorted({*owned, *base, *pending}):
        rows, ours = pending.get(key, []), base.get(key)
        theirs = owned.get(key)
        if theirs is None:
            _gone(found, calendar, ours, rows, key, now)
            continue
        for row in rows:
            done = row.after is not None and theirs.series.same_content(row.after)
            found.journal[row.id] = ("confirmed", "") if done else ("abandoned", "")
        known_ours = _versions(ours, rows)
        identity = (theirs.series.kind.value, theirs.series.number, theirs.series.generation)
        endless = theirs.series.until is None or theirs.series.once
        ended = all(one.until is not None for one in known_ours) and not (theirs.series.once and known_ours)
        back = identity in retired and endless and ended
        if back and not rows:
            found.back.append(retired[identity])
        pinned = {date.fromisoformat(home) for *whose, home in decided if tuple(whose) == identity}
        found.decisions.extend(_decisions(calendar, theirs, known_ours, pinned, now))
        standing = endless and (ours is None or ours.standing or back)
        found.bases[key] = BaseSeries(theirs.series, theirs.resource, theirs.etag, standing, theirs.unfinished)
    found.bases = {key: row for key, row in found.bases.items() if row != base.get(key)}
    return found


def _versions(ours: BaseSeries | None, rows: Sequence[JournalRow]) -> list[Series]:
    """Everything that may stand on the calendar by calsync's own hand; empty when that is not known."""
    versions = [side for row in rows for side in (row.before, row.after) if side is not None]
    if ours is not None and ours.etag != UNCERTAIN:
        versions.append(ours.series)
    return versions


def _gone(
    found: Noticed, calendar: str, ours: BaseSeries | None, rows: Sequence[JournalRow], key: str, now: datetime
) -> None:
    for row in rows:
        found.journal[row.id] = ("confirmed", "") if row.after is None else ("abandoned", "")
    if ours is None:
        return
    found.bases[key] = None
    if ours.series.trial:
        return
    ended = ours.series.until is not None and ours.series.until < now.astimezone(ours.series.zone).date()
    if ours.standing and not ended and not any(row.after is None for row in rows):
        found.decisions.append(_decision(What.RETIRED, calendar, ours.series, "", None, now))


def _decisions(
    calendar: str, theirs: OwnedSeries, ours: Sequence[Series], pinned: Collection[date], now: datetime
) -> Iterator[Decision]:
    series = theirs.series
    if series.trial:
        return
    today = now.astimezone(series.zone).date()
    if not _ruled(series):
        if all(_ruled(one) for one in ours):
            yield _decision(What.THEIRS, calendar, series, "", None, now)
        return
    if ours:
        yield from _master_decisions(calendar, series, ours, now)
        days: Iterable[date] = (
            day
            for day in touched_days(series, *ours)
            if series.has(day)
            and (
                all(not _same(entry(series, day), entry(one, day)) for one in ours)
                or (day in theirs.leaders and day not in pinned and all(_noted(series, one, day) for one in ours))
            )
        )
    else:
        days = theirs.leaders
    for day in sorted(days):
        placed = series.placed(day)
        # A date that is over needs no protection, and a plan never looks back.
        if day < today and (placed is None or placed.span.end < now):
            continue
        what = What.DELETED if placed is None else What.PINNED
        yield _decision(what, calendar, series, day.isoformat(), placed, now)


def _master_decisions(calendar: str, series: Series, ours: Sequence[Series], now: datetime) -> Iterator[Decision]:
    if not any(_same_slot(one, series) for one in ours):
        yield _decision(What.SLOT, calendar, series, "", None, now)
    if all(one.title != series.title for one in ours):
        yield _decision(What.TITLED, calendar, series, "", Override(series.home(series.first), series.title, True), now)
    if series.until is not None and not series.once and all(one.until != series.until for one in ours):
        yield _decision(What.RETIRED, calendar, series, "", None, now)


def _ruled(series: Series) -> bool:
    """False where the leader gave the series a recurrence of their own: also to what is for one date."""
    return series.rule_is_ours and (not series.once or series.until == series.first)


def _noted(theirs: Series, ours: Series, day: date) -> bool:
    """True when the leader wrote something into the override of `day` that was not there before."""
    now, before = theirs.overrides.get(day), ours.overrides.get(day)
    return now is not None and now.extra != (before.extra if before is not None else ())


def _same_slot(one: Series, other: Series) -> bool:
    """True when both recur at the same weekly moment, in whatever zone a program wrote it down; or on one date."""
    if one.minutes != other.minutes:
        return False
    if one.once:
        return one.home(one.first).start == other.home(other.first).start
    if one.timezone == other.timezone:
        return (one.first.weekday(), one.start) == (other.first.weekday(), other.start)
    return one.home(one.first).start in {other.home(other.first + timedelta(7 * n)).start for n in range(-60, 61)}


def _same(one: Entry, other: Entry) -> bool:
    if isinstance(one, Home) or isinstance(other, Home):
        return isinstance(one, Home) and isinstance(other, Home)
    return one == other


def _decision(what: What, calendar: str, series: Series, home: str, placed: Override | None, now: datetime) -> Decision:
    return Decision(
        id=0,
        what=what.value,
        kind=series.kind.value,
        number=series.number,
        generation=series.generation,
        home=home,
        placed=dump_override(placed),
        calendar=calendar,
        noticed_at=now,
    )
