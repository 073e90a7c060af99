"""The briefs of the blocks to come: what is remembered of each person, and the topic that is theirs this time."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from calsync.changes import planned
from calsync.contacts import logged
from calsync.desk import Desk
from calsync.errors import CalsyncError
from calsync.memory import recollect
from calsync.people.brief import Brief, brief_of
from calsync.people.changes import questions
from calsync.people.contacts import Contact, ContactKind, name_key
from calsync.people.promises import Promise, openings
from calsync.people.signals import flags
from calsync.people.silence import silences
from calsync.people.topics import QUIET_DAYS, Told, Topic, choose
from calsync.promises import promised
from calsync.state.store import Store, ToldRow
from calsync.telling import problem_line
from calsync.topics import shelf

__all__ = ["Briefing", "Turn", "briefs", "keep_topics"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One person's place in one block that starts at the aware instant `start`."""

    block_id: str
    start: datetime
    person: str


@dataclass(frozen=True, slots=True)
class Briefing:
    """The briefs by block and person, and what could not be read for them; they are as good as they can be without."""

    briefs: Mapping[tuple[str, str], Brief]
    problems: tuple[CalsyncError, ...] = ()


def briefs(desk: Desk, store: Store, turns: Sequence[Turn], shown: Container[str]) -> Briefing:
    """The brief for each turn in the blocks `shown`, of all the `turns` to come. Changes nothing.

    Topics are those that the last night gave; where somebody else has taken a place since, the one that the next night
    will give.
    """
    wanted = [turn for turn in turns if turn.block_id in shown]
    if not wanted:
        return Briefing({})
    found = shelf(desk.config.path)
    memory, given, asked = recollect(desk, store), promised(desk, store), planned(desk, store)
    since = store.newcomers()
    owed: dict[str, list[Promise]] = {}
    for promise in given.promises:
        if not (promise.is_open or promise.text or given.problems):
            continue  # its words have expired: nobody can open a talk with them
        owed.setdefault(name_key(promise.person), []).append(promise)
    log = _logged(store)
    topics = _topics(desk, store, turns, found.topics, log, anew=False)
    people = {person.name: person for person in desk.config.people}
    made: dict[tuple[str, str], Brief] = {}
    for turn in wanted:
        person, key = people[turn.person], name_key(turn.person)
        mine, talks = log.get(key, []), memory.talks.get(key, [])
        personal = [contact.at for contact in mine if contact.kind is ContactKind.PERSONAL]
        made[turn.block_id, turn.person] = brief_of(
            person,
            talks=talks,
            logged=len(personal),
            last=max(personal, default=None),
            silences=silences(mine),
            flags=flags(person, talks, mine, desk.now, desk.config.zone),
            promises=openings(owed.get(key, ()), max(personal, default=None), desk.now, desk.config.zone),
            changes=questions(asked.changes, person, since, desk.now.date(), _day(desk, turn.start), desk.config.zone),
            topic=topics[turn.block_id, turn.person],
            now=desk.now,
            zone=desk.config.zone,
        )
    # One key opens all of them: what is wrong with it is said once.
    return Briefing(made, (*found.problems, *(memory.problems or given.problems or asked.problems)))


def keep_topics(desk: Desk, store: Store, assignments: Mapping[str, tuple[datetime, Sequence[str]]]) -> list[str]:
    """Choose and remember the topics for the blocks to come, by id with start and names; remarks on what is wrong.

    What the leader was told stays once the freeze of a block has begun, and for good when the block has.
    """
    turns = [
        Turn(block, start, name) for block, (start, names) in assignments.items() if start >= desk.now for name in names
    ]
    found = shelf(desk.config.path)
    topics = _topics(desk, store, turns, found.topics, _logged(store), anew=True)
    rows = [
        ToldRow(turn.block_id, turn.person, topic.key, turn.start)
        for turn in turns
        if (topic := topics[turn.block_id, turn.person]) is not None
    ]
    store.keep_topics(rows, desk.now, desk.now - timedelta(days=QUIET_DAYS + 35))
    return [problem_line(problem) for problem in found.problems]


def _topics(
    desk: Desk,
    store: Store,
    turns: Sequence[Turn],
    shelf_: Sequence[Topic],
    log: Mapping[str, Sequence[Contact]],
    *,
    anew: bool,
) -> dict[tuple[str, str], Topic | None]:
    """The topic of each of all the turns to come, chosen in the order of time.

    What was told for a turn before stays; `anew` chooses again where the freeze has not begun. What was told for
    somebody who has lost their place counts for nothing, and nor does what is only planned for later.
    """
    zone = desk.config.zone
    frozen = desk.now + timedelta(hours=desk.config.planning.freeze_hours)
    known = {topic.key: topic for topic in shelf_}
    waiting = {(turn.block_id, name_key(turn.person)) for turn in turns}
    told: dict[str, list[tuple[datetime, Told]]] = {}
    fixed: dict[tuple[str, str], Topic] = {}
    for row in store.topics_told():
        place = (row.block, name_key(row.person))
        kept = place in waiting and row.topic in known and (row.start < frozen or not anew)
        if kept:
            fixed[place] = known[row.topic]
        if kept or row.start < desk.now:
            day = row.start.astimezone(zone).date()
            told.setdefault(place[1], []).append((row.start, Told(row.person, row.topic, day)))
    found: dict[tuple[str, str], Topic | None] = {}
    for turn in sorted(turns, key=lambda turn: (turn.start, turn.block_id, turn.person)):
        key = name_key(turn.person)
        topic = fixed.get((turn.block_id, key))
        if topic is None:
            day = turn.start.astimezone(zone).date()
            talks = sum(contact.kind is ContactKind.PERSONAL for contact in log.get(key, ()))
            before = [one for start, one in told.get(key, ()) if start < max(frozen, turn.start)]
            topic = choose(shelf_, before, turn.person, day, talks)
            if topic is not None:
                told.setdefault(key, []).append((turn.start, Told(turn.person, topic.key, day)))
        found[turn.block_id, turn.person] = topic
    return found


def _logged(store: Store) -> dict[str, list[Contact]]:
    """What was logged, by `name_key` of the person."""
    found: dict[str, list[Contact]] = {}
    for contact in logged(store):
        found.setdefault(name_key(contact.person), []).append(contact)
    return found


def _day(desk: Desk, instant: datetime) -> date:
    return instant.astimezone(desk.config.zone).date()
