"""A report in words for the terminal, with small drawings where one can show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING

from calsync.planning.words import count_words, day_words

if TYPE_CHECKING:
    from datetime import date

    from calsync.kindness import Counted
    from calsync.people.changes import Tally
    from calsync.people.figures import Blocks, Figures, Gaps
    from calsync.people.promises import Account
    from calsync.report import Report

__all__ = [
    "LABEL",
    "block_parts",
    "caused",
    "change_words",
    "gap_words",
    "kindness_words",
    "ledger_words",
    "nothing_recorded",
    "period_words",
    "promise_words",
    "report_lines",
    "spark",
    "spread_words",
    "today_words",
    "word_parts",
]

LABEL = 16
"""How many cells the label before a figure takes."""
_STEPS = "▁▂▃▄▅▆▇█"
_WIDEST = 60
"""More weeks than this are drawn several at a time, so that a line fits on a terminal."""


def spark(values: Sequence[int]) -> str:
    """A sparkline: one sign for each value, its height as a part of the largest; only nothing has the lowest."""
    top = max(values, default=0) or 1
    return "".join(_STEPS[-(-value * (len(_STEPS) - 1) // top)] for value in values)


def report_lines(report: Report, *, draw: bool) -> list[str]:
    """The report, one figure a line. With `draw` the weeks stand as sparklines, else as numbers."""
    f = report.figures
    text = [period_words(f)]
    if f.people:
        text += [
            _row("talked with", f"{f.reached} of {_people(f.people)} in the rotation"),
            _row("gaps", gap_words(f.gaps)),
            _row("today", today_words(f.gaps)),
            _row("spread", spread_words(f)),
            *_weekly("talks a week", [week.talks for week in f.weeks], draw=draw),
        ]
    else:
        text.append(_row("talked with", "nobody is in the rotation"))
    if any(astuple(report.word)):
        text.append(_row("promises", promise_words(report.word)))
    if any(astuple(report.changes)):
        text.append(_row("changes", change_words(report.changes)))
    if any(astuple(report.kindness)):
        text.append(_row("kindness", kindness_words(report.kindness)))
    if not f.blocks.planned:
        return [*text, _row("blocks", nothing_recorded(report))]
    text.append(_row("blocks", ledger_words(f.blocks)))
    if len(f.kinds) > 1:
        text += [_row(f" {kind}", ledger_words(blocks)) for kind, blocks in f.kinds]
    text += [
        *_caused("displaced by", f.blocks.displaced_by),
        *_caused("moved for", f.blocks.moved_by),
        *_weekly("planned a week", [week.blocks.planned for week in f.weeks], draw=draw),
        *_weekly("kept a week", [week.blocks.kept or 0 for week in f.weeks], draw=draw),
    ]
    if report.recorded_from is not None and report.recorded_from > f.start:
        text.append(_row("", f"what became of blocks is known from {_day(report.recorded_from)} on"))
    return text


def period_words(f: Figures) -> str:
    """The days of the report."""
    return f"{_day(f.start)} to {_day(f.end)} ({count_words(len(f.weeks), 'week')})"


def gap_words(gaps: Gaps) -> str:
    """The median gap against the target."""
    if gaps.median_of_target is None:
        return "none is long enough to judge yet"
    of = f"over {_people(gaps.people)} with a gap to judge"
    return f"in the median {gaps.median_of_target:g} times as long as the ideal, {of}"


def today_words(gaps: Gaps) -> str:
    """How many stand within their gaps today."""
    parts = (("within the ideal gap", gaps.within_ideal), ("within the maximum", gaps.within_max))
    return ", ".join(f"{number} {what}" for what, number in (*parts, ("past the maximum", gaps.past_max)))


def spread_words(f: Figures) -> str:
    """How far the talks were spread as the gaps ask for."""
    s = f.spread
    if s.share is None or s.quartiles is None:
        return "no talk was logged"
    low, middle, high = (f"{value:g}" for value in s.quartiles)
    share = "" if not s.to_others else f" ({round(100 * s.share)} %)"
    return (
        f"{s.to_others} of {count_words(s.talks, 'talk')}{share} would have to go to others; "
        f"people had {middle} times the talks that their gaps ask for in the median, the middle half {low} to {high}"
    )


def ledger_words(blocks: Blocks) -> str:
    """The ledger of blocks in one line; it sums to what was planned."""
    parts = ", ".join(f"{number} {what}" for what, number in block_parts(blocks) if number or what == "kept")
    hands = [
        f"{number} {what}" for number, what in ((blocks.moved, "moved"), (blocks.pinned, "put there by you")) if number
    ]
    also = f"; of those that stood {' and '.join(hands)}" if hands else ""
    return f"{blocks.planned} planned: {parts}{also}"


def block_parts(blocks: Blocks) -> list[tuple[str, int]]:
    """The parts that a number of planned blocks is the sum of, each with its words."""
    known = [("kept", blocks.kept), ("nothing logged", blocks.open)]
    if blocks.kept is None:
        known = [("stood in the calendar", blocks.open)]
    rest = [("displaced", blocks.displaced), ("deleted by you", blocks.deleted), ("to come", blocks.to_come)]
    return [(what, number) for what, number in [*known, *rest] if number is not None]


def promise_words(word: Account) -> str:
    """How many promises were kept in time, of those that were settled; and those that are open."""
    parts = [f"{word.made} made"]
    if word.rate is not None:
        parts.append(f"{word.kept_in_time} of {word.settled} kept in time ({round(100 * word.rate)} %)")
    parts += [f"{number} {what}" for what, number in word_parts(word) if number and what != "kept in time"]
    return ", ".join([*parts, f"{word.open} open"])


def word_parts(word: Account) -> list[tuple[str, int]]:
    """The parts that the settled promises are the sum of, each with its words."""
    late, dropped, overdue = word.kept_late, word.dropped, word.overdue
    return [("kept in time", word.kept_in_time), ("kept late", late), ("dropped", dropped), ("overdue", overdue)]


def change_words(changes: Tally) -> str:
    """How many of those whom changes affect were asked before the day."""
    were = "was" if changes.affected == 1 else "were"
    asked = f"{changes.asked_before} of {_people(changes.affected)} affected {were} asked before the date"
    return f"{changes.open} open, {changes.closed} closed: {asked}"


def kindness_words(kindness: Counted) -> str:
    """How many acts of kindness were done; those that were not are no debt."""
    return f"{count_words(kindness.done, 'act')} done; {kindness.year_count} this year"


def nothing_recorded(report: Report) -> str:
    """Why there is nothing to say of blocks."""
    if report.recorded_from is None:
        return "no night has run yet: calsync nightly"
    if report.recorded_from > report.figures.end:
        return "none planned; the first one comes with " + _day(report.recorded_from)
    return f"none planned in these weeks; the first one known is of {_day(report.recorded_from)}"


def caused(causes: Sequence[tuple[str, int]]) -> str:
    """Causes with their numbers."""
    return ", ".join(f"{what} {number}" for what, number in causes)


def _caused(label: str, causes: Sequence[tuple[str, int]]) -> list[str]:
    return [_row(label, caused(causes))] if causes else []


def _weekly(label: str, values: Sequence[int], *, draw: bool) -> list[str]:
    if not draw:
        return [_row(label, " ".join(map(str, values)))]
    step = -(-len(values) // _WIDEST)
    first = len(values) % step
    groups = [sum(values[max(0, at) : at + step]) for at in range(first - step if first else 0, len(values), step)]
    each = "" if step == 1 else f", {step} weeks a sign"
    return [_row(label, f"{spark(groups)}  {min(groups)} to {max(groups)}{each}")]


def _row(label: str, text: str) -> str:
    return f"{label:<{LABEL}}{text}"


def _day(day: date) -> str:
    return f"{day_words(day)} {day.year}"


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"
