"""What a quiet night writes: a text for a mail, as cron sends it. Nothing happened, nothing is written.

A mail may be forwarded or read over a shoulder, so there is no name of a person in it, whatever `privacy` allows on the
calendar, and nothing that the leader noted. It says what is new since the last one; what only goes on stands in
`calsync plan`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from calsync.cli.output import wrapped
from calsync.cli.paragraph import clean
from calsync.cli.render import summary, unkept_lines
from calsync.planning.words import day_words
from calsync.sync.diff import Action

if TYPE_CHECKING:
    from calsync.nightreport import NightReport
    from calsync.sync.diff import Change

__all__ = ["mail_lines"]

_WIDTH = 79
"""A mail of 80 columns, and the one that some programs keep for the line's end."""
_DONE = {
    Action.CREATE: "new",
    Action.MOVE: "moved",
    Action.CANCEL: "left out",
    Action.RESTORE: "back",
    Action.DELETE: "removed",
}


def mail_lines(report: NightReport, zone: ZoneInfo, *, dry_run: bool) -> list[str]:
    """The lines: changes of this week first, then what has no room, remarks, and what is over. [] without any news."""
    news = report.news
    # That a block near at hand is shown as busy, or has another title, happens every few days and moves nothing.
    moved = [change for change in report.changes if change.action is not Action.UPDATE]
    changes = [change for change in moved if news is None or news.tells_change(change)]
    text = _changes(changes, report.now.date(), zone)
    weeks = [week for week in report.unplaced if news is None or news.tells_week(week)]
    promises = [one for one in report.unkept if news is None or news.tells_promise(one)]
    notes = [note for note in report.notes if news is None or news.tells_note(note)]
    if weeks or promises:
        text += ["No room:"]
        for week in weeks:
            taken = "; ".join(week.displaced_by) or "no working time"
            blocks = "1 block" if week.missing == 1 else f"{week.missing} blocks"
            text += _item(f"{_week_words(week.week)}: {blocks} of {week.kind} fewer. In the way: {taken}")
        for one in promises:
            said, *ways = unkept_lines(one)
            text += _item(said.removeprefix("No room for "))
            text += [line for way in ways for line in _wrapped(way.strip(), "    - ", "      ")]
    if notes:
        text += ["To know:", *(line for note in notes for line in _item(note))]
    if news is not None and news.over:
        text += ["No longer so:", *(line for what in news.over for line in _item(what))]
    if changes or weeks or promises:
        text += _wrapped(summary(replace(report, changes=changes), zone, dry_run=dry_run))
    return text


def _changes(changes: Sequence[Change], today: date, zone: ZoneInfo) -> list[str]:
    """The changes under the week that they are in. What is done alike on several calendars is one line."""
    several = len({change.calendar for change in changes}) > 1
    places: dict[Change, list[str]] = {}
    for change in changes:
        places.setdefault(_anywhere(change), []).append(change.calendar)
    text: list[str] = []
    heading = ""
    for change, calendars in places.items():
        above = _heading(change.start.astimezone(zone).date(), today)
        if above != heading:
            text.append(above)
            heading = above
        text += _item(_change_words(change, calendars if several else [], zone))
    return text


def _anywhere(change: Change) -> Change:
    """The change without where it is made and whom it is for."""
    return replace(change, calendar="", person=None)


def _change_words(change: Change, calendars: Sequence[str], zone: ZoneInfo) -> str:
    start, end = change.start.astimezone(zone), change.end.astimezone(zone)
    where = f" on {', '.join(calendars)}" if calendars else ""
    done = _DONE.get(change.action, str(change.action))
    if change.was_start is not None and change.was_start != change.start:
        was = change.was_start.astimezone(zone)
        day = "" if was.date() == start.date() else f"{day_words(was.date())} "
        done += f" from {day}{was:%H:%M}"
    why = f" ({change.reason})" if change.reason else ""
    if change.action is Action.CREATE and change.reason.startswith("a new "):
        done, why = change.reason, ""
    return f"{day_words(start.date())} {start:%H:%M}-{end:%H:%M} {change.kind}{where}: {done}{why}"


def _heading(day: date, today: date) -> str:
    monday = today - timedelta(today.weekday())
    if day < monday + timedelta(7):
        return "This week:"
    return "Next week:" if day < monday + timedelta(14) else "Later:"


def _week_words(week: str) -> str:
    """`week of Mon 21 Dec` for 2026-W52."""
    year, _, number = week.partition("-W")
    return f"week of {day_words(date.fromisocalendar(int(year), int(number), 1))}"


def _item(text: str) -> list[str]:
    return _wrapped(clean(text), "  ", "    ")


def _wrapped(text: str, first: str = "", following: str = "") -> list[str]:
    """The text in lines of a mail."""
    return wrapped(text, _WIDTH, first, following)
