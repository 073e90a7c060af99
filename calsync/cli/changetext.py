"""Changes on the screen: what speaks for one and what against it, side by side where there is room."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from calsync.cli.output import cells, is_fancy, lines, padded, wrapped
from calsync.cli.paragraph import clean
from calsync.people.changes import CON, GONE, PRO, UNREADABLE
from calsync.planning.words import day_words

if TYPE_CHECKING:
    from calsync.changes import ChangeView
    from calsync.people.changes import Affected, Point

__all__ = ["change_lines", "show_changes", "side_by_side"]

_INDENT = "  "
_BETWEEN = 4
_NARROW = 40
"""Cells: a column narrower than this is read more easily as a list of its own, unless nothing in it has to be cut."""
_WIDEST = 100
_SIDES = ((PRO, "for it"), (CON, "against it"))


def show_changes(views: Sequence[ChangeView], today: date, zone: ZoneInfo, *, whole: bool) -> None:
    """Print each change; with `whole` also what everybody said."""
    columns = shutil.get_terminal_size((80, 24)).columns
    width = columns if is_fancy(sys.stdout.isatty(), columns) else 0
    for at, view in enumerate(views):
        lines([*([""] if at else []), *change_lines(view, today, zone, width, whole=whole)])


def change_lines(view: ChangeView, today: date, zone: ZoneInfo, width: int, *, whole: bool) -> list[str]:
    """One change for a terminal of `width` cells; 0 is a pipe, where nothing is wrapped and nothing stands beside."""
    change = view.change
    text = _wrapped(f"{change.id}  {clean(change.name)}", f"{' ' * len(str(change.id))}  ", width)
    text += _wrapped(_INDENT + _state(view, today, zone), _INDENT, width)
    waiting = [clean(one.name) + _gone(one) for one in view.affected if one.asked_at is None]
    if waiting and change.open and not whole:
        text += _wrapped(f"{_INDENT}not asked yet: {', '.join(waiting)}", _INDENT, width)
    for_it, against = ([_point(point) for point in view.side(side)] for side, _ in _SIDES)
    if for_it or against:
        text += ["", *side_by_side(for_it or ["nothing yet"], against or ["nothing yet"], width)]
    if whole:
        text.append("")
        for one in view.affected:
            text += _person(one, today, zone, width, is_open=change.open)
    return text


def side_by_side(for_it: Sequence[str], against: Sequence[str], width: int) -> list[str]:
    """Two lists beside each other where `width` cells hold both, else one below the other."""
    room = (min(width, 2 * _WIDEST) - len(_INDENT) - _BETWEEN) // 2
    fits = all(cells(entry) + 2 <= room for entry in (*for_it, *against))
    if width == 0 or (room < _NARROW and not fits):
        below = [
            [f"{_INDENT}{head}", *_entries(entries, width)]
            for (_, head), entries in zip(_SIDES, (for_it, against), strict=True)
        ]
        return [*below[0], "", *below[1]]
    left, right = ([head, *_entries(e, room, "")] for (_, head), e in zip(_SIDES, (for_it, against), strict=True))
    wide = min(room, max(map(cells, left)))
    rows = max(len(left), len(right))
    both = zip([*left, *[""] * (rows - len(left))], [*right, *[""] * (rows - len(right))], strict=True)
    return [f"{_INDENT}{padded(a, wide + _BETWEEN)}{b}".rstrip() for a, b in both]


def _entries(entries: Sequence[str], width: int, indent: str = _INDENT) -> list[str]:
    return [line for entry in entries for line in _wrapped(f"{indent}- {entry}", f"{indent}  ", width)]


def _state(view: ChangeView, today: date, zone: ZoneInfo) -> str:
    change = view.change
    closed = change.closed_at
    state = {
        "open": "nobody is being asked yet" if today < change.on else "not closed yet",
        "asking": "the question is in the briefs",
        "closed": f"closed {_day(closed.astimezone(zone).date(), today)}" if closed is not None else "closed",
    }[view.state]
    announced = "announced" if today < change.on else "was announced"
    tags = "; affects " + ", ".join(f"tag:{clean(tag)}" for tag in change.tags) if change.tags else ""
    count = f"{view.count.asked} of {view.count.affected} asked before the date"
    return f"{count}; {announced} {_day(change.on, today)}; {state}{tags}"


def _point(point: Point) -> str:
    said = clean(point.text) or (GONE if point.readable else UNREADABLE)
    return f"{said} ({clean(point.person) or 'you'})"


def _person(one: Affected, today: date, zone: ZoneInfo, width: int, *, is_open: bool) -> list[str]:
    name = clean(one.name) + _gone(one)
    if one.asked_at is None:
        return _wrapped(f"{_INDENT}{name}: not asked{' yet' if is_open else ''}", _INDENT, width)
    late = "" if one.before else ", which does not count as before the date"
    head = f"{_INDENT}{name}: asked {_day(one.asked_at.astimezone(zone).date(), today)}{late}"
    said = [clean(line) for s in one.answer.said for line in s.text.split("\n") if line.strip()]
    said = said if one.answer.readable else [UNREADABLE]
    changed = [f"changed: {clean(s.changed)}" for s in one.answer.said if s.changed]
    return [
        *_wrapped(head, _INDENT, width),
        *(row for text in (*said, *changed) for row in _wrapped(f"    {text}", "    ", width)),
    ]


def _gone(one: Affected) -> str:
    return "" if one.listed else " (no longer in the rotation)"


def _wrapped(text: str, following: str, width: int) -> list[str]:
    """The text in lines of so many cells, those after the first begin with `following`; 0 leaves it as it is."""
    if width <= 0:
        return [text]
    return wrapped(text, min(width, _WIDEST), following=following) or [text]


def _day(day: date, today: date) -> str:
    return day_words(day) + (f" {day.year}" if day.year != today.year else "")
