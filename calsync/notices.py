"""What a quiet night says: what is new, what has changed, and what is over; nothing twice that only goes on.

A failure that lasts a week would otherwise be mailed seven times, and a leader who learns to delete such mails
misses the one that matters. What is told is remembered in the state; `decide` is the rule, and it is pure.
"""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from calsync.errors import Busy, CalsyncError, ConfigError, Refused, StateError, Unreachable
from calsync.state.database import FILE_NAME as DATABASE
from calsync.state.store import NoticeRow, Store

if TYPE_CHECKING:
    from calsync.desk import Desk
    from calsync.following import Unkept
    from calsync.nightreport import NightReport
    from calsync.planning.board import Unplaced
    from calsync.sync.diff import Change

__all__ = [
    "News",
    "Notice",
    "Topic",
    "decide",
    "failure_notice",
    "fresh_errors",
    "judged_by",
    "names_of",
    "take_note",
    "take_note_of_sending",
    "told_today",
]


class Topic(StrEnum):
    """What a notice is about. A run that was cut short cannot judge every topic: what it did not look at goes on."""

    BEGIN = "begin"
    READ = "read"
    REFUSED = "refused"
    WRITE = "write"
    ROOM = "room"
    PROMISE = "promise"
    NOTE = "note"
    CHANGE = "change"
    SENDING = "sending"


_FAILURES = frozenset({Topic.BEGIN, Topic.READ, Topic.REFUSED, Topic.WRITE, Topic.SENDING})
"""Whose end is worth a line. Weeks and promises that find room again show among the changes."""
_NIGHT = timedelta(hours=20)
"""What happened in less is of one night: its tries, one an hour, do not add up to a mail each."""
_DAY = timedelta(hours=23, minutes=30)
"""What is told once a day comes at the same hour again, though no hour is to the minute."""
_A_WHILE = timedelta(minutes=30)
"""Between two calls of a schedule there is more."""
_OFTEN = 3
"""So often a failure may change its face in one night and be told each time."""
_SIGNS = 8
"""So many faces of a failure are remembered."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell: `subject` is what it is about, `sign` differs when it must be told again, `what` is its line.

    Neither subject nor sign is kept as it is: both may quote a calendar's name, which may be a person's.
    """

    topic: Topic
    subject: str
    sign: str
    what: str

    @property
    def key(self) -> str:
        """What it is remembered by."""
        return f"{self.topic}:{_digest(self.subject)}"


@dataclass(frozen=True, slots=True)
class News:
    """What to say: the keys of what is new or has changed, and the lines of failures that are over."""

    fresh: frozenset[str] = frozenset()
    over: tuple[str, ...] = ()

    def tells_week(self, week: Unplaced) -> bool:
        """Whether it is to be said that this week has no room."""
        return _of_week(week).key in self.fresh

    def tells_promise(self, one: Unkept) -> bool:
        """Whether it is to be said that this promise has no room."""
        return _of_promise(one).key in self.fresh

    def tells_change(self, change: Change) -> bool:
        """Whether this change is to be said: one that an earlier try was to make was said then."""
        return _of_change(change).key in self.fresh

    def tells_note(self, note: str) -> bool:
        """Whether this remark is to be made."""
        return _of_note(note).key in self.fresh


def decide(
    told: Mapping[str, NoticeRow], wrong: Iterable[Notice], judged: Collection[Topic], now: datetime
) -> tuple[News, list[NoticeRow]]:
    """What to say now, given what was told and what is wrong now; and what to remember from now on.

    A notice is said when it is new, or when its sign is another than what was told. What was told and is not wrong any
    more is over, unless its topic was not `judged` this time: then nobody knows, and it stays as it is. Failures that
    come and go within a night are told once: while anything fails it is tried again, and what did not fail this time
    may the next.
    """
    rows: dict[str, NoticeRow] = {}
    fresh: set[str] = set()
    for notice in wrong:
        sign, before = _digest(notice.sign), told.get(notice.key)
        signs = [] if before is None else before.sign.split()
        if before is None or _is_news(notice.topic, sign, signs, before, now):
            fresh.add(notice.key)
            kept = [*signs[1 - _SIGNS :], sign] if notice.topic in _FAILURES else [sign]
            rows[notice.key] = NoticeRow(notice.key, " ".join(kept), notice.what, now, now)
        else:
            rows[notice.key] = replace(before, seen_at=now)
    failing = any(_topic(key) in _FAILURES for key in rows)
    over = []
    for key, row in told.items():
        topic = _topic(key)
        if key in rows:
            continue
        comes_and_goes = failing and topic is not Topic.BEGIN and abs(now - row.seen_at) < _NIGHT
        if topic not in judged or (topic in _FAILURES and comes_and_goes):
            rows[key] = row
        elif topic in _FAILURES and row.what:
            over.append(row.what)
    return News(frozenset(fresh), tuple(over)), list(rows.values())


def _is_news(topic: Topic, sign: str, signs: Sequence[str], before: NoticeRow, now: datetime) -> bool:
    """Whether what was told `before`, with these signs, is to be told again for its present one."""
    if topic not in _FAILURES:
        return sign not in signs
    return sign not in signs and (len(signs) < _OFTEN or abs(now - before.told_at) >= _NIGHT)


def _topic(key: str) -> Topic:
    return Topic(key.partition(":")[0])


def take_note(desk: Desk, store: Store, report: NightReport, *, quiet: bool) -> News:
    """What a quiet night is to say of its report; remembered as told.

    A night that is not quiet says everything: what it said of weeks, promises and the like need not be mailed later.
    Failures are mailed all the same, from their beginning to their end.
    """
    names = names_of(desk)
    wrong = [failure_notice(report, error, names) for error in report.errors] if quiet else []
    wrong += map(_of_week, report.unplaced)
    wrong += map(_of_promise, report.unkept)
    wrong += map(_of_note, report.notes)
    wrong += map(_of_change, report.changes)
    told = store.notices()
    news, rows = decide(told, wrong, judged_by(report) - (frozenset() if quiet else _FAILURES), desk.now)
    if not report.errors:  # they are made, and an hour later nothing asks for them again
        rows = [row for row in rows if _topic(row.key) is not Topic.CHANGE]
    if rows != list(told.values()):
        store.keep_notices(rows)
    return news


def fresh_errors(desk: Desk, report: NightReport) -> list[CalsyncError]:
    """The errors of a report that are to be said: those that are news, or all where nothing is known of news."""
    news, names = report.news, names_of(desk)
    if news is None:
        return report.errors
    return [error for error in report.errors if failure_notice(report, error, names).key in news.fresh]


def take_note_of_sending(desk: Desk, errors: Sequence[CalsyncError]) -> list[CalsyncError]:
    """Which failures of sending a notice are to be said; remembered as told. Raises nothing: it ends a night."""
    wrong = {error: Notice(Topic.SENDING, error.what.partition(":")[0], "", error.what) for error in errors}
    try:
        with Store(desk.state_folder, desk.now) as store:
            told = store.notices()
            news, rows = decide(told, wrong.values(), {Topic.SENDING}, desk.now)
            if rows != list(told.values()):
                store.keep_notices(rows)
    except StateError:
        return list(errors)  # what cannot be remembered is told again
    return [error for error, notice in wrong.items() if notice.key in news.fresh]


def told_today(state_folder: Path, error: Exception, now: datetime, *, patient: bool = False) -> bool:
    """Whether a night that could not begin, or that a bug ended, was told within the last day; remembered as told.

    A schedule may call every hour, and without a night nothing else says that something is wrong: so it is told once a
    day. False as well where there is no state that could remember it. With `patient` another run in progress is told
    only when one still is an hour later: who calls again need not hear that two lines met.
    """
    if not (state_folder / DATABASE).exists():
        return False
    frames = traceback.extract_tb(error.__traceback__)[-1:] if not isinstance(error, CalsyncError) else []
    subject = " ".join([type(error).__name__, *(f"{one.filename}:{one.lineno}" for one in frames)])
    what = error.what if isinstance(error, CalsyncError) else f"a bug ended the night ({type(error).__name__})"
    sign = what
    if isinstance(error, ConfigError):
        what = "the configuration cannot be used"  # what is wrong there may quote anything
    try:
        with Store(state_folder, now) as store:
            notice = Notice(Topic.BEGIN, subject, sign, what)
            told = store.notices()
            before = told.get(notice.key)
            if patient and isinstance(error, Busy):
                if before is None:
                    store.keep_notices([*told.values(), NoticeRow(notice.key, "", "", now, now)])
                    return True
                if not before.sign and now - before.told_at < _A_WHILE:
                    return True
            if before is not None and now - before.told_at >= _DAY:
                del told[notice.key]
            news, rows = decide(told, [notice], (), now)
            store.keep_notices(rows)
    except StateError:
        return False
    return not news.fresh


def names_of(desk: Desk) -> frozenset[str]:
    """What the leader has named in the configuration: a number in such a name is no varying one."""
    return frozenset(
        {calendar.name for calendar in desk.config.calendars} | {str(one.path) for one in desk.config.exports}
    )


def judged_by(report: NightReport) -> set[Topic]:
    """What this run has looked at: with a calendar unread nothing is planned, after a refusal nothing is written."""
    judged = {Topic.BEGIN, Topic.READ}
    if any(not calendar.ok for calendar in report.calendars):
        return judged
    judged |= {Topic.REFUSED, Topic.ROOM, Topic.PROMISE, Topic.NOTE, Topic.CHANGE}
    if not any(isinstance(error, Refused) for error in report.errors):
        judged.add(Topic.WRITE)
    return judged


def failure_notice(report: NightReport, error: CalsyncError, names: Collection[str]) -> Notice:
    """What there is to tell of an error of the report; `names` are those of the configuration."""
    unread = next((one.name for one in report.calendars if one.error == error.what), None)
    sign = type(error).__name__
    if not isinstance(error, Unreachable):  # what a bad line says of itself differs from night to night
        sign += f" {_steady(error.what, names)}"
    if unread is not None:
        return Notice(Topic.READ, unread, sign, error.what)
    if isinstance(error, Refused):
        return Notice(Topic.REFUSED, "", sign, error.what)
    # One calendar may have several problems at once: each of them is a subject of its own.
    place = error.what.partition(": ")[0] if isinstance(error, Unreachable) else ""
    return Notice(Topic.WRITE, f"{place} {sign}", "", error.what)


def _of_week(week: Unplaced) -> Notice:
    return Notice(Topic.ROOM, f"{week.week} {week.kind}", str(week.missing), "")


def _of_promise(one: Unkept) -> Notice:
    return Notice(Topic.PROMISE, str(one.promise.id), f"{one.promise.due.timestamp():.0f} {one.missing}", "")


def _of_note(note: str) -> Notice:
    return Notice(Topic.NOTE, _VARYING.sub("#", note), "", "")


def _of_change(change: Change) -> Notice:
    moments = (change.start, change.end, change.was_start)
    when = [f"{one.timestamp():.0f}" for one in moments if one is not None]
    return Notice(Topic.CHANGE, " ".join([change.action, change.calendar, change.kind, *when]), "", "")


_VARYING = re.compile(r"\b\d+(?:\.\d+)? ?(?:ms|s|seconds?)\b|\b\d{4}-\d\d-\d\dT[\d:.+Z-]+|\b\d\d:\d\d:\d\d\b")
"""What varies in a remark: how long something took, and instants. Its other numbers name blocks and days."""
_NUMBERS = r"\b(?=[a-f-]*\d)[\da-f]{8,}(?:-[\da-f]{2,})*\b|\d+(?:[.,:]\d+)*"
"""Numbers, and those of requests, which servers write in hexadecimal digits."""


def _steady(text: str, names: Collection[str]) -> str:
    """The text of a failure without its numbers, which vary from night to night; `names` stay as they are."""
    known = sorted((re.escape(name) for name in names), key=len, reverse=True)
    return re.sub("|".join([*known, _NUMBERS]), lambda match: match[0] if match[0] in names else "#", text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
