"""The coming blocks in words: short for a week, with the whole brief for a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from calsync.cli.acttext import block_lines
from calsync.cli.paragraph import Paragraph, clean
from calsync.cli.render import when
from calsync.model import Kind
from calsync.people.changes import LIMITS

if TYPE_CHECKING:
    from calsync.coming import ComingBlock
    from calsync.people.brief import Brief
    from calsync.people.changes import Question
    from calsync.people.promises import Promise

__all__ = ["brief_lines", "day_lines", "opening_lines", "week_lines"]


def week_lines(blocks: Sequence[ComingBlock], zone: ZoneInfo) -> list[Paragraph]:
    """Each block with its people: why them, and the first thing to know."""
    return _told(blocks, zone, _first_thing, in_full=False)


def day_lines(blocks: Sequence[ComingBlock], zone: ZoneInfo) -> list[Paragraph]:
    """Each block with its people, why them, and everything to know before the talk."""
    return _told(blocks, zone, brief_lines, in_full=True)


def _told(
    blocks: Sequence[ComingBlock], zone: ZoneInfo, known: Callable[[Brief], Iterable[Paragraph]], *, in_full: bool
) -> list[Paragraph]:
    text: list[Paragraph] = []
    for block in blocks:
        text += [_head(block, zone), *opening_lines(block, zone)]
        if block.act is not None:
            text += block_lines(block.act, in_full=in_full)
        for (name, why), brief in zip(block.people, block.briefs, strict=True):
            text += [_person(name, why, brief), *known(brief)]
    return text


def _first_thing(brief: Brief) -> Iterator[Paragraph]:
    if brief.thread:
        yield ("    last time ", f"{_day(brief.thread.day)}: {clean(brief.thread.text)}")
    elif brief.promises:
        yield ("    promised ", clean(brief.promises[0]))
    elif brief.changes:
        yield ("    change ", _change(brief.changes[0]))
    elif brief.topic:
        yield ("    ask ", clean(brief.topic))


def opening_lines(block: ComingBlock, zone: ZoneInfo) -> list[Paragraph]:
    """What a block is for, as far as no person and no act says it; of a talk with nobody, that it is nobody's turn."""
    said: list[Paragraph] = []
    if block.kind == Kind.CONNECT and not block.people:
        said = [("  ", "It is nobody's turn: reach whoever comes to mind.")]
    elif block.kind == Kind.FOLLOW_THROUGH:
        said = [("  ", _work(promise, minutes, block.start, zone)) for promise, minutes in block.work]
        said = said or [("  ", "Nothing is promised for it: the time is yours.")]
    return said


def _work(promise: Promise, minutes: int, start: datetime, zone: ZoneInfo) -> str:
    """One promise that a block at `start` is for."""
    from calsync.people.promises import DAY_ENDS, day_words

    what = clean(promise.text) or "something whose words cannot be read"
    part = "" if minutes == promise.minutes else f" of {promise.minutes}"
    local = promise.due.astimezone(zone)
    due = day_words(local.date(), start.astimezone(zone).date())
    due += "" if local.time() == DAY_ENDS else f" {local:%H:%M}"
    closed = "" if promise.is_open else f", {promise.state}"
    return f"{clean(promise.person)}: {what} ({minutes}{part} minutes, due {due}{closed})"


def brief_lines(brief: Brief) -> Iterator[Paragraph]:
    """One brief: what was left open leads."""
    if brief.thread:
        yield _labelled("last time", f"{_day(brief.thread.day)}: {brief.thread.text}")
    for promise in brief.promises:
        yield _labelled("promised", promise)
    for flag in brief.flags:
        yield _labelled("take note", f"{flag.text} ({'; '.join(flag.entries)})")
        yield _labelled("", flag.opening)
    if brief.channel:
        yield _labelled("reach", brief.channel)
    if brief.preface:
        yield _labelled("begin", brief.preface)
    yield from _questions(brief)
    if brief.ask_twice:
        yield _labelled("listen", brief.ask_twice)
    for at, ask in enumerate(brief.asks):
        yield _labelled("" if at else "ask once", ask)
    if brief.asks:
        yield _labelled("", "(`calsync people edit` keeps the answers)")


def _questions(brief: Brief) -> Iterator[Paragraph]:
    """What to ask: about each change to come, with the cue that goes with it, and the topic."""
    for question in brief.changes:
        yield _labelled("change", _change(question))
    if brief.changes:
        yield _labelled("", LIMITS)
    if brief.topic:
        yield _labelled("ask", brief.topic)
        for follow_up in brief.follow_ups:
            yield _labelled("", follow_up)


def _head(block: ComingBlock, zone: ZoneInfo) -> Paragraph:
    state = "" if str(block.state) == "planned" else f" ({block.state})"
    return ("", f"{when(block.start, block.end, zone)}  {block.kind}{state}")


def _person(name: str, why: str, brief: Brief) -> Paragraph:
    noted = " (take note)" if brief.flags else ""
    return ("  ", f"{clean(name)}{noted}: {clean(why)}" if why else f"{clean(name)}{noted}")


def _change(question: Question) -> str:
    asked = question.question[0].lower() + question.question[1:]
    return f"{clean(question.change)}, announced {_day(question.on)}: {asked}"


def _labelled(label: str, text: str) -> Paragraph:
    return (f"    {label:<11}", clean(text))


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b} {day.year}"
