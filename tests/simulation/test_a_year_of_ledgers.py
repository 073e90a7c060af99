"""Weeks on a seed, kept account of twice: by the report, and by whoever looks at the calendar on Sunday evenings."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from calsync.logbook import record_done
from calsync.model import Span
from calsync.nightly import run_night
from calsync.people.figures import Week
from calsync.report import report
from calsync.state.store import Store
from tests.simulation.test_a_year_of_nights import Life


def stood(one: Life, monday: date) -> int:
    """How many dates of the week stand on the calendar, by home day."""
    return sum(
        1
        for owned in one.owned()
        for day in owned.series.days(monday, monday + timedelta(7))
        if owned.series.placed(day) is not None
    )


def leave_or_move(one: Life) -> None:
    """Now and then the leader deletes or moves a date of the coming days."""
    if one.chance.random() > 0.3:
        return
    series = one.chance.choice([o.series for o in one.owned() if o.series.until is None])
    today = one.now.date()
    ahead = [
        day
        for day in series.days(today + timedelta(1), today + timedelta(14))
        if day not in series.cancelled and day not in series.overrides
    ]
    if not ahead:
        return
    day = one.chance.choice(ahead)
    if one.chance.random() < 0.5:
        one.server.delete_date(series.key, day)
    else:
        clock = (series.home(day).start + timedelta(hours=1)).time()
        one.server.move_date(series.key, day, day, clock)


def crowd(one: Life) -> None:
    """Now and then most of a week to come fills up."""
    if one.chance.random() > 0.2:
        return
    monday = one.now + timedelta(days=one.chance.randrange(1, 4) * 7 - one.now.weekday())
    for n in one.chance.sample(range(5), one.chance.choice((4, 5))):
        start = (monday + timedelta(days=n)).replace(hour=8)
        one.count += 1
        name = one.server.add_event(f"m{one.count}", Span(start, start + timedelta(hours=10)))
        one.meetings[name] = one.server.raw(name)


def talk(one: Life) -> None:
    """The leader logs a talk with somebody whom one of the day's blocks names."""
    with Store(one.folder / "state", one.now) as store:
        told = store.assignments().values()
    today = [names for start, names in told if start.astimezone(one.zone).date() == one.now.date()]
    if today and today[0] and one.chance.random() < 0.6:
        evening = one.desk()
        record_done(type(evening)(evening.config, evening.state_folder, one.now + timedelta(hours=18)), today[0][0])


def live(folder: Path, seed: int, weeks: int) -> list[Week]:
    """That many weeks from a Sunday on; at the end of each, both accounts are compared."""
    one = Life(folder, seed)
    one.now -= timedelta(days=1)
    run_night(one.desk())
    seen: list[Week] = []
    for _ in range(weeks):
        crowd(one)
        for _ in range(7):
            one.now = (one.now.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=one.zone)
            one.meet()
            leave_or_move(one)
            run_night(one.desk())
            talk(one)
        desk = one.desk()
        evening = type(desk)(desk.config, desk.state_folder, one.now.replace(hour=23))
        monday = one.now.date() - timedelta(6)
        (week,) = report(evening, 1).figures.weeks
        assert week.monday == monday
        blocks = week.blocks
        assert (blocks.kept or 0) + blocks.open + blocks.to_come == stood(one, monday), monday
        assert blocks.planned == (blocks.kept or 0) + blocks.open + blocks.displaced + blocks.deleted + blocks.to_come
        assert blocks.planned == 2, monday
        seen.append(week)
    # What was said of a week at its end is still said of it at the end of all, but for a talk logged a day late.
    again = {w.monday: w.blocks for w in report(one.desk(), min(104, weeks + 1)).figures.weeks}
    for week in seen:
        then, now = week.blocks, again[week.monday]
        assert (now.planned, now.displaced, now.deleted) == (then.planned, then.displaced, then.deleted), week.monday
        assert now.displaced_by == then.displaced_by
    return seen


@pytest.mark.parametrize("seed", range(2))
def test_six_weeks_are_accounted_for(tmp_path: Path, seed: int) -> None:
    seen = live(tmp_path, seed, 6)
    assert sum(week.blocks.kept or 0 for week in seen) > 0


@pytest.mark.slow
def test_a_year_is_accounted_for_with_everything_in_it(tmp_path: Path) -> None:
    seen = live(tmp_path, 11, 52)
    for what in ("kept", "open", "displaced", "deleted", "moved", "pinned"):
        assert sum(getattr(week.blocks, what) for week in seen), what
