"""Acts of kindness in words: the one of the day or week, in short for a block, and those of a year."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from calsync.cli.paragraph import Paragraph, clean
from calsync.people.worth import worth
from calsync.planning.words import day_words

if TYPE_CHECKING:
    from calsync.deeds import Deeds
    from calsync.desk import Desk
    from calsync.kindness import ActTurn

__all__ = ["act_lines", "block_lines", "deeds_lines", "following", "turn_lines"]

_HOW = {
    "person": "face to face",
    "call": "by voice",
    "message": "in writing",
    "paper": "on paper",
    "deed": "something to do",
}


def turn_lines(turn: ActTurn, count: int, year: int) -> list[Paragraph]:
    """The act of the day or week with all there is to say of it, and what to do next."""
    if turn.act is None:
        why = "Skipped, and no other act is left" if turn.state == "skipped" else "There is no act"
        return [("", f"{why}; the next one comes on {day_words(turn.last + timedelta(1))}."), _count(count, year)]
    head = f"{_period(turn)}{' (done)' if turn.state == 'done' else ''}"
    text = [("", head), *act_lines(turn), _count(count, year)]
    if turn.state == "done":
        return [*text, ("", "For one more: calsync kindness skip")]
    return [*text, ("", "When it is done: calsync kindness done. For another one: calsync kindness skip")]


def act_lines(turn: ActTurn) -> list[Paragraph]:
    """What to do, for whom, how long it takes, and why it is worth it."""
    act = turn.act
    if act is None:
        return []
    cost = "it costs nothing" if act.cost == "free" else "it costs a little"
    return [
        ("  ", _cue(turn)),
        ("  ", f"{_minutes(act.minutes)}, {_HOW[act.channel]}, {cost}."),
        *_ask_first(turn),
        ("  ", worth(act.evidence)),
    ]


def block_lines(turn: ActTurn, *, in_full: bool) -> list[Paragraph]:
    """The act of a block: with why it is worth it for a day; what to mind with it is never left out."""
    act = turn.act
    if act is None:
        return [("  ", "The act was skipped; do whatever comes to mind.")] if turn.state == "skipped" else []
    done = " (done)" if turn.state == "done" else ""
    told = [("  ", f"{_cue(turn)} ({_minutes(act.minutes).casefold()}){done}")]
    told += [("    ", text) for _, text in _ask_first(turn)]
    if in_full and not done:
        told.append(("    ", worth(act.evidence)))
    return told


def deeds_lines(found: Deeds, this_year: int) -> list[Paragraph]:
    """What was done in the year; an empty one is no reproach."""
    when = "this year" if found.year == this_year else f"in {found.year}"
    if not found.done:
        if found.year != this_year:
            return [("", f"No acts of kindness are noted for {found.year}.")]
        return [("", "None noted yet this year. Any day is a good one to begin: calsync kindness")]
    text: list[Paragraph] = [("", f"{_acts(len(found.done))} {when}.")]
    for one in found.done:
        whom = f"for {clean(one.person)}: " if one.person else ""
        said = clean(one.text) if one.text else "(an act that is no longer among them)"
        text.append((f"  {day_words(one.day):<12}", f"{whom}{said}"))
        text += [(" " * 14, clean(line)) for line in one.note.splitlines() if line.strip()]
    return text


def following(desk: Desk) -> str:
    """When the next act comes, where no other is left for now."""
    from calsync.people.kindness import last_day

    every = desk.config.kindness_every
    there = "today" if every == "day" else "this week"
    tomorrow = last_day(desk.now.date(), every) + timedelta(1)
    return f"no other act is left for {there}, the next one comes on {day_words(tomorrow)}."


def _cue(turn: ActTurn) -> str:
    assert turn.act is not None
    text = clean(turn.act.text)
    return f"For {clean(turn.whom)}: {text}" if turn.whom else text


def _ask_first(turn: ActTurn) -> list[Paragraph]:
    """What to mind with an act before others for somebody whom calsync cannot name."""
    act = turn.act
    if act is None or act.reach != "public" or not act.needs_person or turn.person or turn.state == "done":
        return []
    return [("  ", "Others see it: choose somebody who likes that, or ask first.")]


def _period(turn: ActTurn) -> str:
    if turn.first == turn.last:
        return f"For {day_words(turn.first)}"
    return f"For the week of {day_words(turn.first)} to {day_words(turn.last)}"


def _minutes(minutes: int) -> str:
    return "A minute" if minutes == 1 else f"{minutes} minutes"


def _count(count: int, year: int) -> Paragraph:
    return ("", f"{_acts(count)} noted in {year} so far." if count else f"None noted in {year} yet, and none is owed.")


def _acts(count: int) -> str:
    return "1 act of kindness" if count == 1 else f"{count} acts of kindness"
