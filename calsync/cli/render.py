"""From what the use cases answer to tables and sentences; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from calsync.cli.output import Table
from calsync.model import Span

__all__ = [
    "BlockLike",
    "CalendarLike",
    "ChangeLike",
    "DueLike",
    "NightLike",
    "UnplacedLike",
    "block_lines",
    "calendar_table",
    "change_table",
    "due_table",
    "night_lines",
    "record_table",
    "summary",
    "when",
]

_SIGNS = {"create": "+", "move": "~", "update": "~", "cancel": "-", "restore": "+", "delete": "-"}


class ChangeLike(Protocol):
    """One change of a night."""

    @property
    def action(self) -> str:
        """create, move, update, cancel, restore or delete."""

    @property
    def calendar(self) -> str:
        """The calendar's name in the config."""

    @property
    def kind(self) -> str:
        """The kind of block."""

    @property
    def start(self) -> datetime | None:
        """When it begins after the change."""

    @property
    def end(self) -> datetime | None:
        """When it ends after the change."""

    @property
    def was_start(self) -> datetime | None:
        """When it began before the change."""

    @property
    def person(self) -> str | None:
        """Who stands in it."""

    @property
    def reason(self) -> str:
        """Why, in words without titles."""


class UnplacedLike(Protocol):
    """A week without room."""

    @property
    def week(self) -> str:
        """The ISO week."""

    @property
    def kind(self) -> str:
        """The kind of block."""

    @property
    def missing(self) -> int:
        """How many blocks have no place."""

    @property
    def displaced_by(self) -> Sequence[str]:
        """What took the time."""


class CalendarLike(Protocol):
    """How one calendar was read."""

    @property
    def name(self) -> str:
        """Its name in the config."""

    @property
    def provider(self) -> str:
        """Its provider."""

    @property
    def ok(self) -> bool:
        """Whether it could be read."""

    @property
    def events(self) -> int:
        """How many events it has in the horizon."""

    @property
    def requests(self) -> int:
        """How many round trips it took."""

    @property
    def error(self) -> str | None:
        """Why it could not be read."""


class NightLike(Protocol):
    """What a night did, or would do."""

    @property
    def horizon(self) -> Span:
        """The weeks that are kept clean."""

    @property
    def changes(self) -> Sequence[ChangeLike]:
        """Every change."""

    @property
    def unplaced(self) -> Sequence[UnplacedLike]:
        """Every week without room."""

    @property
    def calendars(self) -> Sequence[CalendarLike]:
        """Every calendar."""

    @property
    def notes(self) -> Sequence[str]:
        """Remarks, a line each."""

    @property
    def errors(self) -> Sequence[str]:
        """What failed, a line each."""

    @property
    def written(self) -> int:
        """How many writes were carried out."""


class BlockLike(Protocol):
    """One coming block."""

    @property
    def kind(self) -> str:
        """The kind of block."""

    @property
    def start(self) -> datetime:
        """When it begins."""

    @property
    def end(self) -> datetime:
        """When it ends."""

    @property
    def state(self) -> str:
        """planned, pinned, moved, kept or skipped."""

    @property
    def people(self) -> Sequence[tuple[str, str]]:
        """Whom to ping, and why them."""

    @property
    def brief(self) -> Mapping[str, Any]:
        """What to know before it."""


class DueLike(Protocol):
    """How one person stands in the rotation."""

    @property
    def name(self) -> str:
        """The person's name."""

    @property
    def due_on(self) -> date | None:
        """When they are due."""

    @property
    def past_max(self) -> bool | int:
        """Whether their maximum gap is over, or by how many days."""

    @property
    def last_personal(self) -> date | datetime | None:
        """The last personal contact."""

    @property
    def last_work(self) -> date | datetime | None:
        """The last work contact."""

    @property
    def ideal_days(self) -> int:
        """The ideal gap."""

    @property
    def max_days(self) -> int:
        """The maximum gap."""


def when(start: datetime, end: datetime | None, zone: ZoneInfo) -> str:
    """A time as a person says it, in `zone`: "Tue 10 Nov 2026 14:00-14:30"."""
    begin = start.astimezone(zone)
    text = f"{_day(begin.date())} {begin:%H:%M}"
    if end is None:
        return text
    close = end.astimezone(zone)
    return f"{text}-{close:%H:%M}" if close.date() == begin.date() else f"{text} - {_day(close.date())} {close:%H:%M}"


def change_table(changes: Sequence[ChangeLike], zone: ZoneInfo) -> Table:
    """The changes as a diff: a sign, what is done, where, when, from when, whom, why."""
    rows = []
    for change in changes:
        start = when(change.start, change.end, zone) if change.start else ""
        was = when(change.was_start, None, zone) if change.was_start and change.was_start != change.start else ""
        sign = _SIGNS.get(change.action, "~")
        rows.append(
            (
                sign,
                str(change.action),
                change.calendar,
                str(change.kind),
                start,
                was,
                change.person or "",
                change.reason,
            )
        )
    return Table(("", "change", "calendar", "block", "when", "was", "person", "why"), rows, grow=7)


def calendar_table(calendars: Sequence[CalendarLike]) -> Table:
    """How each calendar was read."""
    rows = [
        (c.name, c.provider, "read" if c.ok else "not read", str(c.events), str(c.requests), c.error or "")
        for c in calendars
    ]
    return Table(("calendar", "provider", "", "events", "requests", "error"), rows, grow=5)


def summary(report: NightLike, zone: ZoneInfo, *, dry_run: bool) -> str:
    """The closing line of a night: how much was or would be written, and for which weeks."""
    first, last = report.horizon.start.astimezone(zone).date(), report.horizon.end.astimezone(zone).date()
    weeks = f"for {_day(first)} to {_day(last)}"
    if not report.changes:
        return f"Nothing to change {weeks}."
    changes = _count(len(report.changes), "change")
    if dry_run:
        return f"{changes} would be made {weeks}; nothing was written."
    return f"{changes} {weeks}; {_count(report.written, 'write')} done."


def night_lines(report: NightLike) -> list[str]:
    """What a person must know besides the changes: weeks without room, and remarks."""
    text = []
    for week in report.unplaced:
        taken = "; ".join(week.displaced_by) or "no working time"
        text.append(f"No room in {week.week} for {_count(week.missing, f'{week.kind} block')}: {taken}")
    return [*text, *report.notes]


def block_lines(blocks: Sequence[BlockLike], zone: ZoneInfo) -> list[str]:
    """The coming blocks: a line each, then whom to ping and why them, then what to know."""
    text = []
    for block in blocks:
        state = "" if str(block.state) == "planned" else f" ({block.state})"
        text.append(f"{when(block.start, block.end, zone)}  {block.kind}{state}")
        text += [f"  {name}: {why}" if why else f"  {name}" for name, why in block.people]
        text += [f"    {key.replace('_', ' ')}: {_words(value)}" for key, value in block.brief.items() if value]
    return text


def due_table(people: Sequence[DueLike], today: date) -> Table:
    """The rotation: who, when due, and the two clocks."""
    rows = []
    for p in people:
        due = "" if p.due_on is None else _due(p.due_on, today)
        past = "past the maximum" if p.past_max else ""
        gaps = f"{p.ideal_days}-{p.max_days} days"
        rows.append((p.name, due, past, _contact(p.last_personal), _contact(p.last_work), gaps))
    return Table(("person", "due", "", "last talk", "last at work", "gaps"), rows, grow=1)


def record_table(records: Sequence[Mapping[str, Any]], columns: Sequence[str] = (), grow: int = -1) -> Table:
    """Records of plain values as a table; `columns` defaults to the first record's keys."""
    keys = list(columns or (records[0] if records else ()))
    rows = [[_words(record.get(key)) for key in keys] for record in records]
    return Table([key.replace("_", " ") for key in keys], rows, grow=grow)


def _day(day: date) -> str:
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


# Not strftime: its names follow the locale of the process, and the same night must say the same everywhere.
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _due(due: date, today: date) -> str:
    days = (due - today).days
    if days == 0:
        return f"{_day(due)} (today)"
    return f"{_day(due)} (in {_count(days, 'day')})" if days > 0 else f"{_day(due)} ({_count(-days, 'day')} ago)"


def _contact(value: date | datetime | None) -> str:
    if value is None:
        return "never"
    return _day(value.date() if isinstance(value, datetime) else value)


def _words(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, list | tuple):
        return ", ".join(_words(item) for item in value)
    return str(value)
