"""The picture of a week in the README: the demo's meetings, and the blocks that a night has put between them.

Drawn from what `calsync week` says and from what counts as busy, as inert SVG: nothing in it runs or is fetched. The
colours stand in the file itself, since pages that are not ours show it: one file for light, one for dark.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from html import escape
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

__all__ = ["Entry", "Week", "demo_week", "drawn"]

_FIRST_NIGHT = "2026-11-09T05:00:00+01:00"
_SHOWN_FROM = "2026-11-16T05:00:00+01:00"
"""The second week: in the first one a series has only just begun."""

_WIDTH, _LEFT, _TOP, _HOUR, _BOTTOM = 960, 44, 40, 46, 34
_FROM, _TO = 8, 18
_LETTER = 6.0
"""How wide a letter of the smallest text is, about: what is longer than its place is cut."""

_LIGHT = {
    "paper": "#ffffff",
    "work": "#ffffff",
    "free": "#f3f4f5",
    "line": "#d8dcdf",
    "text": "#33393d",
    "faint": "#69737a",
    "meeting": "#dfe3e6",
    "meeting-text": "#40484d",
    "connect": "#2a6f5e",
    "follow-through": "#8a5a12",
    "kindness": "#9a3b63",
    "on": "#ffffff",
}
_DARK = {
    "paper": "#14181b",
    "work": "#14181b",
    "free": "#1d2226",
    "line": "#363e44",
    "text": "#dde2e5",
    "faint": "#9aa5ac",
    "meeting": "#343c42",
    "meeting-text": "#c3ccd2",
    "connect": "#7cc7b2",
    "follow-through": "#e0b26a",
    "kindness": "#eba0c0",
    "on": "#10201b",
}
_COLOURS: Mapping[bool, Mapping[str, str]] = MappingProxyType({False: _LIGHT, True: _DARK})


@dataclass(frozen=True, slots=True)
class Entry:
    """Something on the picture, in the leader's zone. `kind` is a kind of block, or "meeting"."""

    kind: str
    start: datetime
    end: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Week:
    """The days that are drawn, when work is on them, and what stands there."""

    days: tuple[date, ...]
    work: tuple[Entry, ...]
    entries: tuple[Entry, ...]


@cache
def demo_week() -> Week:
    """A week of the demo after two nights. The same in every run and on every machine."""
    from calsync.coming import coming_blocks
    from calsync.demo import log_talks, write_demo
    from calsync.desk import open_desk
    from calsync.model import Span
    from calsync.nightly import run_night
    from calsync.planning.meetings import read_event
    from calsync.planning.working import working_days
    from calsync.state.store import Store

    first, now = datetime.fromisoformat(_FIRST_NIGHT), datetime.fromisoformat(_SHOWN_FROM)
    with tempfile.TemporaryDirectory(prefix="calsync-") as folder:
        paths = write_demo(Path(folder) / "demo", first)
        before = open_desk(paths.config, paths.state, first)
        log_talks(before)
        run_night(before)
        desk = open_desk(paths.config, paths.state, now)
        run_night(desk)
        zone, config = desk.config.zone, desk.config
        days = tuple(now.astimezone(zone).date() + timedelta(n) for n in range(5))
        shown = Span(datetime.combine(days[0], time(), zone), datetime.combine(days[-1] + timedelta(1), time(), zone))
        entries = [
            Entry(block.kind, block.start, block.end, ", ".join(name for name, _ in block.people) or _work(block.work))
            for block in coming_blocks(desk, len(days))
        ]
        with Store(desk.state_folder, desk.now) as store:
            for calendar in config.calendars:
                for one in store.occurrences(calendar.name, shown):
                    if read_event(one, config.me, tentative_is_busy=True).busy:
                        begin, end = one.span.start.astimezone(zone), one.span.end.astimezone(zone)
                        entries.append(Entry("meeting", begin, end, one.event.title))
        hours = working_days(days[0], days[-1] + timedelta(1), config.working_hours, zone, ())
        work = tuple(Entry("work", s.start, s.end, "") for spans in hours.values() for s in spans)
    ordered = sorted(entries, key=lambda entry: (entry.start, entry.end, entry.kind, entry.text))
    return Week(days, _local(work, zone), tuple(ordered))


def _work(promises: Sequence[tuple[object, int]]) -> str:
    from calsync.people.promises import Promise

    return "; ".join(promise.text for promise, _ in promises if isinstance(promise, Promise))


def _local(entries: Sequence[Entry], zone: ZoneInfo) -> tuple[Entry, ...]:
    return tuple(Entry(e.kind, e.start.astimezone(zone), e.end.astimezone(zone), e.text) for e in entries)


def drawn(week: Week, *, dark: bool) -> str:
    """The week as an SVG document."""
    colours = _COLOURS[dark]
    height = _TOP + _HOUR * (_TO - _FROM) + _BOTTOM
    blocks = [entry for entry in week.entries if entry.kind != "meeting"]
    told = "; ".join(f"{entry.start:%a %H:%M} {entry.kind} {entry.text}".rstrip() for entry in blocks)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="t d">',
        '<title id="t">A week with calsync: a made-up leader\'s meetings, and the blocks between them</title>',
        f'<desc id="d">{escape(told)}.</desc>',
        f"<style>{_style(colours)}</style>",
        f'<rect class="paper" width="{_WIDTH}" height="{height}" rx="8"/>',
        *_grid(week),
    ]
    for entry in week.entries:
        if entry.start.date() in week.days:
            lines += _box(week, entry, [other for other in week.entries if _meet(entry, other)])
    return "\n".join([*lines, *_legend(height), "</svg>"]) + "\n"


def _style(colours: Mapping[str, str]) -> str:
    kinds = ("connect", "follow-through", "kindness")
    rules = [
        "text{font:11px system-ui,-apple-system,'Segoe UI',sans-serif}",
        *(f".{name}{{fill:{colours[name]}}}" for name in ("paper", "work", "free", "meeting", *kinds)),
        f".line{{stroke:{colours['line']};stroke-width:1}}",
        f".day{{font-weight:600;font-size:13px;fill:{colours['text']}}}",
        f".faint{{fill:{colours['faint']}}}",
        f".in-meeting{{fill:{colours['meeting-text']}}}",
        f".in{{fill:{colours['on']};font-weight:600}}",
    ]
    return "".join(rules)


def _grid(week: Week) -> Iterator[str]:
    bottom = _TOP + _HOUR * (_TO - _FROM)
    yield f'<rect class="free" x="{_LEFT}" y="{_TOP}" width="{_WIDTH - _LEFT - 8}" height="{bottom - _TOP}"/>'
    for entry in week.work:
        x, top, wide, tall = _place(week, entry)
        yield f'<rect class="work" x="{x:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{tall:.1f}"/>'
    for hour in range(_FROM, _TO + 1):
        y = _TOP + _HOUR * (hour - _FROM)
        yield f'<line class="line" x1="{_LEFT}" y1="{y}" x2="{_WIDTH - 8}" y2="{y}"/>'
        yield f'<text class="faint" x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{hour}:00</text>'
    for at, day in enumerate(week.days):
        x = _LEFT + _column(week) * at
        yield f'<line class="line" x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom}"/>'
        place = f'x="{x + _column(week) / 2:.1f}" y="26" text-anchor="middle"'
        yield f'<text class="day" {place}>{day:%a} {day.day} {day:%b}</text>'


def _meet(one: Entry, other: Entry) -> bool:
    return one.start < other.end and other.start < one.end


def _box(week: Week, entry: Entry, together: Sequence[Entry]) -> Iterator[str]:
    """The box of an entry, beside those that stand there at the same time (itself among them)."""
    x, top, wide, tall = _place(week, entry)
    x, wide = x + 2 + (wide - 2) / len(together) * together.index(entry), (wide - 2) / len(together) - 2
    top, tall = top + 1, max(tall - 2, 4)
    meeting = entry.kind == "meeting"
    text = entry.text or entry.kind
    yield f'<rect class="{entry.kind}" x="{x:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{tall:.1f}" rx="3"/>'
    if tall >= 15:
        for row, line in enumerate(_cut(text, wide - 10, rows=1 if tall < 30 else 2)):
            look = "in-meeting" if meeting else "in"
            yield f'<text class="{look}" x="{x + 5:.1f}" y="{top + 14 + 13 * row:.1f}">{escape(line)}</text>'
    else:  # too low for words: they stand above it
        look = "in-meeting" if meeting else entry.kind
        yield f'<text class="{look}" x="{x + 5:.1f}" y="{top - 4:.1f}">{escape(text)}</text>'


def _cut(text: str, wide: float, *, rows: int) -> list[str]:
    """The text in at most so many lines of this width, broken at spaces where it can be."""
    most = max(1, int(wide / _LETTER))
    lines: list[str] = []
    for left in range(rows, 0, -1):
        if len(text) <= most:
            return [*lines, text]
        cut = text.rfind(" ", 0, most + 1) if left > 1 else -1
        if cut < 1:
            return [*lines, text[: most - 1].rstrip(" ,;:") + "…"]
        lines.append(text[:cut])
        text = text[cut + 1 :]
    return lines


def _place(week: Week, entry: Entry) -> tuple[float, float, float, float]:
    """Left, top, width and height, cut off at the hours that are drawn."""
    day = week.days.index(entry.start.date())
    begin = max(_hours(entry.start, entry.start.date()), _FROM)
    end = min(_hours(entry.end, entry.start.date()), _TO)
    return _LEFT + _column(week) * day, _TOP + _HOUR * (begin - _FROM), _column(week), _HOUR * max(0.0, end - begin)


def _hours(instant: datetime, day: date) -> float:
    return 24 * (instant.date() - day).days + instant.hour + instant.minute / 60


def _column(week: Week) -> float:
    return (_WIDTH - _LEFT - 8) / len(week.days)


def _legend(height: int) -> Iterator[str]:
    x = _LEFT
    for kind, text in (
        ("meeting", "meetings, never touched"),
        ("connect", "time to reach people"),
        ("follow-through", "time for what was promised"),
        ("kindness", "a small act of kindness"),
    ):
        yield f'<rect class="{kind}" x="{x}" y="{height - 21}" width="12" height="12" rx="2"/>'
        yield f'<text class="faint" x="{x + 18}" y="{height - 11}">{text}</text>'
        x += 40 + int(len(text) * _LETTER)
