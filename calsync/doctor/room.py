"""Checks of the room for blocks: days that are taken as a whole, hours that are too narrow, holidays, the tenth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from calsync.config.values import Config
from calsync.doctor.case import Case
from calsync.doctor.findings import Finding, Level, fine
from calsync.model import Occurrence, Span, at_wall_clock
from calsync.planning.meetings import Meaning, read_event
from calsync.planning.words import day_words
from calsync.planning.working import working_days

__all__ = ["SHARE", "hours", "whole_days"]

_WEEKS = 4
_MOST = 0.6
"""With more than this part of the working days taken as a whole, it is no holiday any more: something blocks them."""
_SHOWN = 10
SHARE = 0.1
"""The part of a week's working time that all blocks together may take, as the planner has it."""
_MIDNIGHT = time()


def whole_days(case: Case) -> Iterator[Finding]:
    """Events that take whole days over most working days of the coming weeks."""
    if case.desk is None or case.paper is None:
        return
    config, now = case.desk.config, case.now
    today = now.astimezone(config.zone).date()
    days = working_days(today, today + timedelta(weeks=_WEEKS), config.working_hours, config.zone, config.free_days)
    occurrences = case.paper.occurrences
    taken = {day: titles for day, work in days.items() if (titles := _taking(config, occurrences, day, work))}
    if not days or len(taken) <= _MOST * len(days):
        left = len(days) - len(taken)
        yield fine("room", "room", f"{left} of the {len(days)} working days to come are not taken as a whole")
        return
    yield Finding(
        "room.days",
        "blocks",
        Level.WARNS,
        f"{len(taken)} of the {len(days)} working days of the coming {_WEEKS} weeks are taken as a whole by events "
        f"that last all day or say out of office: {_dates(sorted(taken))}",
        "a day that is taken as a whole gets no block; an all-day entry that is only a note must be shown as free",
        "show those events as free in your calendar, or wait until you are back",
        screen=tuple(sorted({title for titles in taken.values() for title in titles})),
    )


def hours(case: Case) -> Iterator[Finding]:
    """Whether each kind of block fits into the working hours at all, and into the tenth that blocks may take."""
    if case.desk is None:
        return
    config = case.desk.config
    if not config.blocks:
        yield Finding(
            "blocks.none",
            "blocks",
            Level.WARNS,
            "no block is asked for",
            "a night then reads the calendars and plans nothing",
            f"add `blocks:` to {config.path} (docs/configuration.md)",
        )
        return
    longest = _longest(config)
    for block in config.blocks:
        if block.minutes > longest:
            yield Finding(
                "hours.narrow",
                block.kind.value,
                Level.WARNS,
                f"a {block.kind.value} block of {block.minutes} minutes fits into no stretch of `working_hours`; the "
                f"longest has {longest}",
                "no such block is ever planned",
                f"shorten the block or widen the hours in {config.path}",
            )
    yield from _tenth(config)
    yield from _holidays(config, case.now)


def _longest(config: Config) -> int:
    """Minutes of the longest stretch of working hours."""
    return max(_stretches(config), default=0)


def _stretches(config: Config) -> list[int]:
    """How many minutes each stretch of a week's working hours has."""
    return [
        (end.hour * 60 + end.minute) - (start.hour * 60 + start.minute)
        for stretches in config.working_hours.values()
        for start, end in stretches
    ]


def _tenth(config: Config) -> Iterator[Finding]:
    allowed, asked = (
        int(sum(_stretches(config)) * SHARE),
        sum(block.minutes * block.per_week for block in config.blocks),
    )
    if min(block.minutes for block in config.blocks) > allowed:
        what = f"a tenth of the week's working time is {allowed} minutes, less than the shortest block has"
        why = "blocks take a tenth of the working time at most, so none is ever planned"
    elif asked > allowed:
        what = f"the blocks ask for {asked} minutes a week, and a tenth of the week's working time is {allowed}"
        why = "blocks take a tenth of the working time at most; the others are left out, and a night names them"
    else:
        yield fine("hours", "blocks", f"the blocks ask for {asked} minutes a week of {allowed} that they may take")
        return
    yield Finding("hours.tenth", "blocks", Level.WARNS, what, why, f"ask for fewer or shorter blocks in {config.path}")


def _holidays(config: Config, now: datetime) -> Iterator[Finding]:
    """Weeks of the horizon in which nobody works at all."""
    today = now.astimezone(config.zone).date()
    monday = today - timedelta(today.weekday())
    empty = []
    for week in range(1, config.planning.horizon_weeks + 1):
        begin = monday + timedelta(weeks=week)
        free = any(begin <= day < begin + timedelta(7) for day in config.free_days)
        if free and not working_days(begin, begin + timedelta(7), config.working_hours, config.zone, config.free_days):
            empty.append(begin)
    if empty:
        yield Finding(
            "hours.holidays",
            "blocks",
            Level.WARNS,
            f"by `holidays: {config.holidays}` no day is worked in the week of {_dates(empty)}",
            "such a week gets no block",
            f"check `holidays` and `working_hours` in {config.path}",
        )


def _taking(config: Config, occurrences: Sequence[Occurrence], day: date, work: Sequence[Span]) -> list[str]:
    """The titles of what takes the whole of `day`, whose working time is `work`; one without a title by its meaning."""
    whole = Span(at_wall_clock(day, _MIDNIGHT, config.zone), at_wall_clock(day + timedelta(1), _MIDNIGHT, config.zone))
    found = []
    for one in occurrences:
        if one.event.ours or not one.span.overlaps(whole):
            continue
        read = read_event(one, config.me, tentative_is_busy=config.planning.tentative_is_busy)
        covers = one.all_day or (one.span.start <= whole.start and whole.end <= one.span.end)
        # An hour out of office takes its whole day, as the planner has it; a night of it takes none.
        away = read.meaning is Meaning.OUT_OF_OFFICE and any(one.span.overlaps(span) for span in work)
        if read.busy and (covers or away):
            found.append(one.event.title.strip() or f"({read.label})")
    return found


def _dates(days: Sequence[date]) -> str:
    """Days in words, those beyond ten counted."""
    shown = [day_words(day) for day in days[:_SHOWN]]
    more = len(days) - _SHOWN
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
