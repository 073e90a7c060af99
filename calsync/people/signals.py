"""When something may be off with somebody, judged by the leader's own notes and by nothing else.

A flag is a reason to ask, never a finding: it names the entries that it rests on, and a tentative way to begin.
Naming a low feeling tentatively builds trust even where it is mistaken; naming a good one that is not there does the
reverse (evidence E17), so no opening ever says that somebody looks well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from calsync.model import Person
from calsync.people.contacts import Contact, ContactKind, name_key
from calsync.people.talks import Talk

__all__ = ["DECLINED", "DROP", "ENTRIES", "LONG", "LOW", "SILENCE", "Flag", "flags"]

LOW, SILENCE, DECLINED = "low", "silence", "declined"
"""The kinds of flags."""
ENTRIES = 4
"""So many talks it takes to know what is usual for somebody; with fewer there is neither LOW nor SILENCE."""
DROP = 2
"""A talk is low when its feel is at least so far below the median of that person's earlier ones."""
LONG = 2
"""A silence is long when it is more than so many times the median of that person's own gaps."""

_OPENINGS = {
    LOW: (
        "Say it in your own words and as an impression: last time they seemed to carry more than usual, you may well "
        "be wrong, and they need not explain. Then ask how they are, and leave room."
    ),
    SILENCE: (
        "Say in your own words that it has been longer than usual and that they came to your mind. Ask how these weeks "
        "have been for them; the gap may be as much yours as theirs."
    ),
    DECLINED: (
        "Ask in your own words whether another way or another time would suit them better, and say that no is a fine "
        "answer. Offer, do not press."
    ),
}


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to ask. `text` is for the leader, `opening` a cue for their own words, never a message.

    `entries` are what it rests on: the days, and what was logged on them. No note's text is in any of them.
    """

    kind: str
    text: str
    opening: str
    entries: tuple[str, ...]


def flags(
    person: Person, talks: Sequence[Talk], contacts: Sequence[Contact], now: datetime, zone: ZoneInfo
) -> list[Flag]:
    """The flags of `person` at the aware instant `now`; days are the leader's, in `zone`.

    The order of `talks` and `contacts` is no matter, nor what they hold of others or of after `now`.

    LOW: of at least ENTRIES talks with a feel, the last is at least DROP below the median of the earlier ones.
    SILENCE: after at least ENTRIES days with a talk, it is more than LONG times the median gap between them, and longer
    than the ideal gap that the leader wishes for. DECLINED: the last two answers were no; a call that nobody answered
    is no answer.
    """
    key = name_key(person.name)
    mine = [talk for talk in talks if name_key(talk.person) == key and talk.at <= now]
    logged = sorted(
        (contact for contact in contacts if name_key(contact.person) == key and contact.at <= now),
        key=lambda contact: (contact.at, contact.kind),
    )
    found = [_low(mine, zone), _silence(person, logged, now.astimezone(zone).date(), zone), _declined(logged, zone)]
    return [flag for flag in found if flag is not None]


def _low(talks: Sequence[Talk], zone: ZoneInfo) -> Flag | None:
    # Of talks at one instant the lowest counts as the last.
    felt = sorted((talk.at, -talk.feel) for talk in talks if talk.feel is not None)
    if len(felt) < ENTRIES:
        return None
    *before, (_, last) = felt
    usual = median(-feel for _, feel in before)
    if usual + last < DROP:
        return None
    return Flag(
        LOW,
        f"Your last talk felt like {-last} to you, and {_number(usual)} is usual with them.",
        _OPENINGS[LOW],
        tuple(f"{_day(at.astimezone(zone).date())}: feel {-feel}" for at, feel in felt[-ENTRIES:]),
    )


def _silence(person: Person, logged: Sequence[Contact], today: date, zone: ZoneInfo) -> Flag | None:
    days = sorted({c.at.astimezone(zone).date() for c in logged if c.kind is ContactKind.PERSONAL})
    if len(days) < ENTRIES:
        return None
    usual = median((later - earlier).days for earlier, later in pairwise(days))
    silent = (today - days[-1]).days
    if silent <= LONG * usual or silent <= person.ideal_days:
        return None
    gap = "1 day is" if usual == 1 else f"{_number(usual)} days are"
    return Flag(
        SILENCE,
        f"You last talked {silent} days ago, and {gap} usual with them.",
        _OPENINGS[SILENCE],
        tuple(f"{_day(day)}: you talked" for day in days[-ENTRIES:]),
    )


def _declined(logged: Sequence[Contact], zone: ZoneInfo) -> Flag | None:
    answers = [c for c in logged if c.kind in (ContactKind.PERSONAL, ContactKind.DECLINED)][-2:]
    if len(answers) < 2 or any(c.kind is not ContactKind.DECLINED for c in answers):
        return None
    return Flag(
        DECLINED,
        "They declined your last two calls.",
        _OPENINGS[DECLINED],
        tuple(f"{_day(c.at.astimezone(zone).date())}: declined" for c in answers),
    )


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b} {day.year}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
