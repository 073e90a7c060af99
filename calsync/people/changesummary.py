"""How a change went, as Markdown to hand round: it names nobody unless that is asked for. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from calsync.people.changes import CON, GONE, PRO, UNREADABLE, Affected, Change, Count, Point
from calsync.people.nameless import SOMEONE

__all__ = ["summary"]


def summary(
    change: Change,
    affected: Sequence[Affected],
    count: Count,
    closed_at: datetime,
    zone: ZoneInfo,
    nameless: Callable[[str], str] | None,
) -> str:
    """The change as Markdown. `nameless` takes names out of a text; None: who said what is told, and nothing taken out.

    Without names nothing says who said what, and the answers stand in no order that would.
    """
    taken_out, closed = False, closed_at.astimezone(zone).date()

    def said(text: str) -> str:
        nonlocal taken_out
        if nameless is not None:
            without = nameless(text)
            taken_out = taken_out or without != text
            text = without
        return _escaped(text)

    def by(person: str) -> str:
        if not person:
            return ""
        return " (raised by someone who was asked)" if nameless is not None else f" (raised by {_escaped(person)})"

    def side(side: str) -> list[str]:
        points = [p for p in change.points if p.side == side]
        return [f"- {said(_text(point))}{by(point.person)}" for point in points] or ["- Nothing was noted."]

    entries = [(one.name, s) for one in affected for s in one.answer.said]
    if nameless is not None:
        bare = nameless
        entries.sort(key=lambda entry: bare(entry[1].text).casefold())
    announced = "Was to be announced" if closed < change.on else "Announced"
    who: Callable[[str], str] = lambda name: "" if nameless is not None else f"{_escaped(name)}: "  # noqa: E731
    answers = [f"- {who(name)}{said(s.text)}" for name, s in entries if s.text]
    answers += [f"- {who(one.name)}{UNREADABLE}" for one in affected if not one.answer.readable]
    changes = [f"- {who(name)}{said(s.changed)}" for name, s in entries if s.changed]
    text = [
        f"# {said(change.name)}",
        "",
        f"{announced} on {_day(change.on)}, closed on {_day(closed)}.",
        f"{_count(count)}{_later(affected)}",
        *_section("What speaks for it", side(PRO)),
        *_section("What speaks against it", side(CON)),
        *_section("What was said", answers),
        *_section("What the answers changed", changes),
    ]
    if nameless is None:
        text += _section("Who was asked", [_asked(one, zone) for one in affected])
    elif taken_out:
        text += ["", f"Nobody is named here: a name that stood in what was noted is replaced by \u201c{SOMEONE}\u201d."]
    return "\n".join(text) + "\n"


def _count(count: Count) -> str:
    people = "1 person" if count.affected == 1 else f"{count.affected} people"
    return f"It affects {people}; {count.asked} of {count.affected} asked before that day."


def _later(affected: Sequence[Affected]) -> str:
    later = sum(one.asked_at is not None and not one.before for one in affected)
    return f" {later} more asked later." if later else ""


def _asked(one: Affected, zone: ZoneInfo) -> str:
    name = _escaped(one.name) + ("" if one.listed else " (no longer in the rotation)")
    if one.asked_at is None:
        return f"- {name}: not asked"
    late = "" if one.before else ", after it was announced"
    return f"- {name}: asked on {_day(one.asked_at.astimezone(zone).date())}{late}"


def _section(title: str, entries: Iterable[str]) -> list[str]:
    rows = list(entries)
    return ["", f"## {title}", "", *rows] if rows else []


def _text(point: Point) -> str:
    return point.text or (GONE if point.readable else UNREADABLE)


def _escaped(text: str) -> str:
    """The text on one line, with nothing in it that Markdown would take for more than words."""
    line = re.sub(r"([\\`*_\[\]<>#|~])", r"\\\1", " ".join(text.split()))
    return re.sub(r"^([-+=]|\d+[.)])(?=\s|$)", r"\\\1", line)


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b} {day.year}"
