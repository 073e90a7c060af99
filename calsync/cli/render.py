"""From what the use cases answer to tables and sentences; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from calsync.cli.output import Table
from calsync.cli.paragraph import visible
from calsync.planning.words import count_words, day_words

if TYPE_CHECKING:
    from calsync.contacts import DueView
    from calsync.following import Unkept
    from calsync.importing import FoundPerson
    from calsync.nightreport import CalendarReport, NightReport
    from calsync.people.rotation import Due
    from calsync.sync.diff import Change

__all__ = [
    "calendar_table",
    "change_table",
    "connected_table",
    "due_table",
    "found_table",
    "night_lines",
    "run_table",
    "summary",
    "unkept_lines",
    "when",
]

_SIGNS = {"create": "+", "move": "~", "update": "~", "cancel": "-", "restore": "+", "delete": "-"}


def when(start: datetime, end: datetime | None, zone: ZoneInfo) -> str:
    """A time as a person says it, in `zone`: "Tue 10 Nov 2026 14:00-14:30"."""
    begin = start.astimezone(zone)
    text = f"{_day(begin.date())} {begin:%H:%M}"
    if end is None:
        return text
    close = end.astimezone(zone)
    return f"{text}-{close:%H:%M}" if close.date() == begin.date() else f"{text} - {_day(close.date())} {close:%H:%M}"


def change_table(changes: Sequence[Change], zone: ZoneInfo) -> Table:
    """The changes as a diff: a sign, what is done, where (when there is more than one place), when, from when, why.

    Days stand without their year: all lie within the horizon, and the closing line names it.
    """
    several = len({change.calendar for change in changes}) > 1
    kinds = len({change.kind for change in changes}) > 1
    rows = []
    for change in changes:
        moved = change.was_start is not None and change.was_start != change.start
        rows.append(
            (
                _SIGNS.get(change.action, "~"),
                str(change.action),
                change.calendar if several else "",
                str(change.kind) if kinds else "",
                _near(change.start, change.end, zone),
                _near(change.was_start, None, zone) if moved and change.was_start else "",
                change.person or "",
                change.reason,
            )
        )
    return Table(("", "change", "calendar", "block", "when", "was", "person", "why"), rows, grow=7)


def _near(start: datetime, end: datetime | None, zone: ZoneInfo) -> str:
    begin = start.astimezone(zone)
    text = f"{begin:%a} {begin.day} {begin:%b} {begin:%H:%M}"
    return f"{text}-{end.astimezone(zone):%H:%M}" if end is not None else text


def calendar_table(calendars: Sequence[CalendarReport]) -> Table:
    """How each calendar was read."""
    rows = [
        (c.name, c.provider, "read" if c.ok else "not read", str(c.events), str(c.requests), c.error or "")
        for c in calendars
    ]
    return Table(("calendar", "provider", "", "events", "requests", "error"), rows, grow=5)


def summary(report: NightReport, zone: ZoneInfo, *, dry_run: bool) -> str:
    """The closing line of a night: how much was or would be written, and for which weeks."""
    first, last = report.horizon.start.astimezone(zone).date(), report.horizon.end.astimezone(zone).date()
    weeks = f"for {_day(first)} to {_day(last)}"
    if not report.changes:
        # After an error nobody knows what there would have been to change.
        return f"Nothing was changed {weeks}." if report.errors else f"Nothing to change {weeks}."
    changes = count_words(len(report.changes), "change")
    if dry_run:
        return f"{changes} would be made {weeks}; nothing was written."
    return f"{changes} {weeks}; {count_words(report.written, 'write')} done."


def night_lines(report: NightReport) -> list[str]:
    """What a person must know besides the changes: weeks without room, and remarks."""
    text = []
    for week in report.unplaced:
        taken = "; ".join(week.displaced_by) or "no working time"
        text.append(f"No room in {week.week} for {count_words(week.missing, f'{week.kind} block')}: {taken}")
    text += [line for one in report.unkept for line in unkept_lines(one)]
    return [*text, *map(visible, report.notes)]


def unkept_lines(one: Unkept) -> list[str]:
    """Which promise has no room, why, and what would make some; neither the person nor the words are named."""
    missing = "" if one.missing >= one.minutes else f" for {one.missing} of {one.minutes} minutes"
    room = list(one.room) or ["nothing in the next weeks would: tell whom you promised it"]
    return [f"No room for promise {one.promise.id}{missing}: {one.why}", *(f"  {way}" for way in room)]


def due_table(people: Sequence[DueView], today: date, zone: ZoneInfo) -> Table:
    """The rotation: who, when due, and the two clocks."""
    rows = []
    for view in people:
        due = view.due
        met = due.last_work.astimezone(zone).date() if due.last_work else None
        stands = ", ".join(filter(None, ("" if due.paused else _due(due.due_on, today), _state(due))))
        gaps = f"{due.ideal_days} to {due.max_days}"
        rows.append((due.person, stands, _contact(due.last_personal, today), _contact(met, today), gaps))
    return Table(("person", "due", "last talk", "at work", "gap days"), rows, grow=1)


def _state(due: Due) -> str:
    if due.paused:
        return "paused"
    held = "held back" if due.held_until else ""
    return ", ".join(filter(None, ("past the maximum" if due.past_max else "", held)))


def connected_table(calendars: Sequence[Mapping[str, Any]]) -> Table:
    """What is connected: a row for each configured calendar."""
    rows = [
        (
            row["name"],
            row["provider"],
            "blocks are written here" if row["write"] else "read only",
            "ok" if row["ok"] else row["error"],
        )
        for row in calendars
    ]
    return Table(("calendar", "provider", "use", "state"), rows, grow=3)


def found_table(people: Sequence[FoundPerson]) -> Table:
    """People who could come into the rotation: a row for each."""
    rows = [(p.name, ", ".join(p.addresses), p.why, _standing(p)) for p in people]
    return Table(("name", "addresses", "why", "already"), rows, grow=2)


def _standing(person: FoundPerson) -> str:
    """Whether somebody is in the rotation, under which other name, and what --merge would add."""
    if not person.known:
        return ""
    name = "" if person.known == person.name else f" as {person.known}"
    return f"in the rotation{name}" + (f"; would add {', '.join(person.would_add)}" if person.would_add else "")


def run_table(runs: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> Table:
    """What past runs did: a row for each."""
    rows = [
        (
            str(row["run"]),
            row["command"],
            when(datetime.fromisoformat(row["started_at"]), None, zone),
            "cut off" if row["exit"] is None else str(row["exit"]),
            str(row.get("written", "")),
            ", ".join(f"{number} {action}" for action, number in row.get("changes", {}).items()),
            "; ".join(map(visible, row.get("errors", ()))),
        )
        for row in runs
    ]
    said = 6 if any(row[6] for row in rows) else 5
    return Table(("run", "command", "when", "exit", "written", "changes", "errors"), rows, grow=said)


def _day(day: date) -> str:
    return f"{day_words(day)} {day.year}"


def _due(due: date, today: date) -> str:
    days = (due - today).days
    on = _near_day(due, today)
    if days == 0:
        return f"{on} (today)"
    return f"{on} (in {count_words(days, 'day')})" if days > 0 else f"{on} ({count_words(-days, 'day')} ago)"


def _contact(value: date | None, today: date) -> str:
    return "never" if value is None else _near_day(value, today)


def _near_day(day: date, today: date) -> str:
    """Without the year where it is this one, so that the table fits a narrow terminal."""
    return day_words(day) if day.year == today.year else _day(day)
