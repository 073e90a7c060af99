"""Changes to come: whom they affect, who was asked before the day, and who is still to be asked.

Pure. Asked counts when the leader noted it: that somebody stood in a block says nothing of what was talked about.
docs/changes.md tells the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from calsync.model import Person, require_aware
from calsync.names import name_key

__all__ = [
    "CON",
    "GONE",
    "LIMITS",
    "PRO",
    "QUESTION",
    "UNREADABLE",
    "Affected",
    "Answer",
    "Change",
    "Count",
    "Point",
    "Question",
    "Saying",
    "Tally",
    "affected_by",
    "counted",
    "questions",
    "still_to_ask",
    "tagged",
    "tally",
]

PRO, CON = "pro", "con"
"""The sides of a point."""

QUESTION = "What would this change for you?"
"""Whoever is affected is asked this before the day: input that is invited and valued makes a change safer (E21)."""

UNREADABLE, GONE = "(cannot be read)", "(no longer kept)"
"""What stands for words of a change that no key opens, or that are older than notes are kept."""

LIMITS = "Say first what is decided already and what can still change."
"""The cue that goes with it: who is asked about what is settled is not asked at all."""


@dataclass(frozen=True, slots=True)
class Saying:
    """That somebody was asked about a change at an aware instant, what they said, and what that changed."""

    at: datetime
    text: str = ""
    changed: str = ""

    @property
    def is_empty(self) -> bool:
        """True when they were asked and had nothing to say."""
        return not self.text and not self.changed


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of one person and a change. `asked_at` is when they were first asked, None before.

    `said` is empty where nothing was said, or where it cannot be read (then `readable` is False).
    """

    person: str
    asked_at: datetime | None = None
    said: tuple[Saying, ...] = ()
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Point:
    """What speaks for a change (side PRO) or against it (CON); `person` raised it, "" is the leader.

    `text` is "" where it cannot be read (then `readable` is False), or is no longer kept.
    """

    side: str
    text: str
    person: str = ""
    at: datetime | None = None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """One change, announced on the leader's local day `on`.

    `asking_since` is None before the leader asks anybody, `closed_at` while the change is open. `answers` are of the
    people whom it names and of those who were asked; `tags` affect whoever has one of them at the time of looking.
    `counted` is (asked before the day, affected) as it was at the closing. `title` is "" where it cannot be read (then
    `readable` is False), or is no longer kept. With `fixed` the tags affect nobody beside `answers`: the day has come.
    """

    id: int
    on: date
    made_at: datetime
    asking_since: datetime | None = None
    closed_at: datetime | None = None
    tags: tuple[str, ...] = ()
    title: str = ""
    answers: tuple[Answer, ...] = ()
    points: tuple[Point, ...] = ()
    counted: tuple[int, int] | None = None
    readable: bool = True
    fixed: bool = False

    def __post_init__(self) -> None:
        require_aware(self.made_at, "when a change was noted")

    @property
    def name(self) -> str:
        """The title, or what stands for it."""
        return self.title or (GONE if self.readable else UNREADABLE)

    @property
    def called(self) -> str:
        """What to call it in a sentence: by its title, or where there is none by its number."""
        return self.title or f"change {self.id}"

    @property
    def numbered(self) -> str:
        """Its number, with the title where there is one."""
        return f"change {self.id}" + (f" ({self.title})" if self.title else "")

    @property
    def open(self) -> bool:
        """True until the leader closes it."""
        return self.closed_at is None

    def asks(self, day: date) -> bool:
        """True when people are to be asked about it on `day`."""
        return self.open and self.asking_since is not None and day < self.on


@dataclass(frozen=True, slots=True)
class Affected:
    """One person whom a change affects. `listed` is False for somebody who has left the rotation.

    `before` is True when they were asked before the day of the announcement.
    """

    name: str
    listed: bool
    before: bool
    answer: Answer = field(compare=False)

    @property
    def asked_at(self) -> datetime | None:
        """When they were first asked."""
        return self.answer.asked_at


@dataclass(frozen=True, slots=True)
class Count:
    """How many of those affected were asked before the day of the announcement."""

    asked: int
    affected: int


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask somebody about a change of the day `on`; `change` is what it is called, `id` its number."""

    id: int
    change: str
    on: date
    question: str = QUESTION

    def as_json(self) -> dict[str, str]:
        """The documented keys of `changes` in a brief."""
        return {"change": self.change, "on": self.on.isoformat(), "question": self.question}


def affected_by(
    change: Change, people: Iterable[Person], since: Mapping[str, date], today: date, zone: ZoneInfo
) -> list[Affected]:
    """Everybody whom the change affects: those in the rotation in the order of `people`, then those who have left it.

    Tags are looked at now, so whoever gets one later is affected as well; on the day of the announcement and after it,
    only if they were in the rotation before. `since` is the day on which each person, by name, came into it. Whoever is
    affected by name, or was asked, stays so; of a closed change nobody else is.
    """
    answers = {name_key(answer.person): answer for answer in change.answers}
    joined = {name_key(name): day for name, day in since.items()}
    found: list[Affected] = []
    for person in people:
        key = name_key(person.name)
        answer = answers.pop(key, None)
        late = today >= change.on and joined.get(key, date.min) >= change.on
        if answer is None and change.open and not change.fixed and tagged(person, change.tags) and not late:
            answer = Answer(person.name)
        if answer is not None:
            found.append(Affected(person.name, True, _before(change, answer, zone), answer))
    gone = sorted(answers.values(), key=lambda answer: name_key(answer.person))
    return [*found, *(Affected(answer.person, False, _before(change, answer, zone), answer) for answer in gone)]


def tagged(person: Person, tags: Iterable[str]) -> bool:
    """True when the person has one of `tags`; case is no difference between two tags."""
    return not {tag.casefold() for tag in person.tags}.isdisjoint(tag.casefold() for tag in tags)


def counted(change: Change, affected: Iterable[Affected]) -> Count:
    """How many of `affected` were asked before the day; of a closed change as it was at the closing."""
    if change.counted is not None:
        return Count(*change.counted)
    everybody = list(affected)
    return Count(sum(one.before for one in everybody), len(everybody))


def still_to_ask(
    changes: Iterable[Change], people: Iterable[Person], since: Mapping[str, date], today: date, zone: ZoneInfo
) -> dict[str, date]:
    """Who in the rotation is to be asked, by name, each with the earliest day before which that has to be."""
    everybody = list(people)
    found: dict[str, date] = {}
    for change in changes:
        if not change.asks(today):
            continue
        for one in affected_by(change, everybody, since, today, zone):
            if one.listed and one.asked_at is None:
                found[one.name] = min(found.get(one.name, change.on), change.on)
    return found


def questions(
    changes: Iterable[Change], person: Person, since: Mapping[str, date], today: date, day: date, zone: ZoneInfo
) -> tuple[Question, ...]:
    """What to ask `person` on `day`, as it is known `today`: about each change that affects them, the nearest first."""
    found = []
    for change in changes:
        if change.asks(today) and change.asks(day):
            mine = affected_by(change, [person], since, today, zone)
            if any(one.listed and one.asked_at is None for one in mine):
                found.append(Question(change.id, change.name, change.on))
    return tuple(sorted(found, key=lambda question: (question.on, question.id)))


@dataclass(frozen=True, slots=True)
class Tally:
    """How changes went, over many: `affected` and `asked_before` are sums over the open and the closed ones."""

    open: int = 0
    closed: int = 0
    affected: int = 0
    asked_before: int = 0


def tally(
    changes: Iterable[Change],
    people: Iterable[Person],
    since: Mapping[str, date],
    start: date,
    today: date,
    zone: ZoneInfo,
) -> Tally:
    """The sums over every change that is open, and each that was closed on the local day `start` or later."""
    everybody, counts, closed = list(people), [], 0
    for change in changes:
        if change.closed_at is not None and change.closed_at.astimezone(zone).date() < start:
            continue
        closed += not change.open
        counts.append(counted(change, affected_by(change, everybody, since, today, zone)))
    return Tally(len(counts) - closed, closed, sum(c.affected for c in counts), sum(c.asked for c in counts))


def _before(change: Change, answer: Answer, zone: ZoneInfo) -> bool:
    return answer.asked_at is not None and answer.asked_at.astimezone(zone).date() < change.on
