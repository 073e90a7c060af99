"""Checks of each calendar: read as a night reads it, planned as a night plans, and written where that was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from calsync.doctor.case import Case
from calsync.doctor.findings import SIGN_IN, Finding, Level, fine, of_error
from calsync.errors import Busy, CalsyncError, Malformed, NotFound, SignInNeeded, Unreachable
from calsync.planning.words import count_words

__all__ = ["NOT_READ", "night", "reading", "writing"]

NOT_READ = "a night cannot read that calendar, so it plans nothing new and leaves the blocks as they stand"


def reading(case: Case) -> Iterator[Finding]:
    """Every calendar, read on a copy of the state: nothing of it is remembered."""
    from calsync.doctor.paper import try_night

    assert case.desk is not None
    case.paper = try_night(case.desk)
    for one in case.paper.readings:
        name = one.calendar.name
        if one.error is None:
            events = count_words(len(one.occurrences), "event")
            yield fine("calendar", name, f"{name}: it can be read; {events} to come")
            continue
        yield of_error(_key(one.error), name, one.error, NOT_READ)


def night(case: Case) -> Iterator[Finding]:
    """What else a night would end with: a plan that the guard refuses, weeks and promises without room."""
    if case.paper is None:
        return
    if case.paper.refusal is not None:
        yield of_error("night.stopped", "night", case.paper.refusal, "a night cannot begin")
        return
    report = case.paper.report
    if report is None:
        return
    for error in report.errors:
        yield of_error("night.refused", "night", error, "a night would change nothing")
    if report.empty_weeks:
        weeks = ", ".join(report.empty_weeks)
        yield Finding(
            "room.weeks",
            "blocks",
            Level.WARNS,
            f"there is no room for any block in {weeks}",
            "a night names these weeks and ends with 5; in them nobody gets time",
            "see what takes the time with `calsync plan`; shorter blocks or longer `working_hours` leave more room",
        )
    if report.unkept:
        short = len(report.unkept)
        one = "1 promise does" if short == 1 else f"{short} promises do"
        yield Finding(
            "room.promises",
            "promises",
            Level.WARNS,
            f"{one} not get enough time before the day they are due",
            "a night names them and ends with 5",
            "`calsync promise list` says what would make room",
        )
    if not report.errors:
        yield fine("night", "night", "a night on paper ends well")


def writing(case: Case) -> Iterator[Finding]:
    """With `--write`: a scratch block on each calendar that blocks are written to, removed again."""
    assert case.desk is not None
    if not case.write:
        return
    from calsync.trial import try_writing

    for calendar in case.desk.config.writable:
        try:
            try_writing(case.desk, calendar.name)
        except Busy as error:
            yield Finding(
                "calendar.not-tried",
                calendar.name,
                Level.WARNS,
                error.what,
                "so it was not tried whether the calendar can be written",
                error.next_step,
            )
        except CalsyncError as error:
            yield of_error("calendar.unwritten", calendar.name, error, "no block can be put on that calendar")
        else:
            yield fine("calendar.written", calendar.name, f"{calendar.name}: a block was written, and removed again")


def _key(error: CalsyncError) -> str:
    """What kind of trouble it is, for those who go by keys."""
    kinds = {SignInNeeded: SIGN_IN, NotFound: "calendar.missing", Malformed: "calendar.malformed"}
    return next(
        (key for kind, key in kinds.items() if isinstance(error, kind)),
        "calendar.unread" if isinstance(error, Unreachable) else "calendar.refused",
    )
