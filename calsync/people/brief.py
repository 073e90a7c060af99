"""What to know before a talk: the open thread, promises, what seems off, one new question, and how to begin.

Pure. Everything here is for the leader's eyes: cues and questions for their own words, never a message to anybody.
docs/brief.md tells the leader the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from calsync.model import Person
from calsync.people.changes import Question
from calsync.people.cues import ASK_TWICE, CHANNEL_CUES, PREFACE, QUIETER, asks_of
from calsync.people.signals import Flag
from calsync.people.silence import SWITCH, channel_now
from calsync.people.talks import Talk, open_thread
from calsync.people.topics import Topic

__all__ = ["FIRST_TALKS", "NOTHING", "Brief", "Thread", "brief_of", "wonders"]

FIRST_TALKS = 3
"""So many talks it takes until somebody knows what such a talk is about."""

_BELOW = ("report", "reports", "direct", "skip", "skips", "skip-level", "skiplevel", "mentee")
"""Tags, or their first part before a hyphen, of people for whom the leader is a boss, or near to one."""


@dataclass(frozen=True, slots=True)
class Thread:
    """What was left open in the talk of the local day `day`."""

    day: date
    text: str


@dataclass(frozen=True, slots=True)
class Brief:
    """What to know before a talk with one person; what there is nothing to say about is None or empty.

    `thread` leads. `changes` is what to ask about changes to come that affect them. `channel` is how to reach them,
    `asks` is what to ask once and for all, `topic_key` names the topic for those who keep account of it.
    """

    preface: str | None = None
    thread: Thread | None = None
    promises: tuple[str, ...] = ()
    changes: tuple[Question, ...] = ()
    topic: str | None = None
    follow_ups: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    channel: str | None = None
    ask_twice: str | None = None
    asks: tuple[str, ...] = ()
    topic_key: str | None = field(default=None, compare=False)

    def as_json(self) -> dict[str, Any]:
        """The documented keys of a brief."""
        return {
            "preface": self.preface,
            "thread": f"{self.thread.day.isoformat()}: {self.thread.text}" if self.thread else None,
            "promises": list(self.promises),
            "topic": self.topic,
            "follow_ups": list(self.follow_ups),
            "flags": [
                {"kind": flag.kind, "text": flag.text, "opening": flag.opening, "entries": list(flag.entries)}
                for flag in self.flags
            ],
            "channel": self.channel,
            "ask_twice": self.ask_twice,
            "asks": list(self.asks),
            "changes": [question.as_json() for question in self.changes],
        }


NOTHING = Brief()
"""The brief of a block without people."""


def brief_of(
    person: Person,
    *,
    talks: Sequence[Talk],
    logged: int,
    last: datetime | None,
    silences: int,
    flags: Sequence[Flag],
    promises: Sequence[str],
    changes: Sequence[Question] = (),
    topic: Topic | None,
    now: datetime,
    zone: ZoneInfo,
) -> Brief:
    """The brief about `person` as things stand at `now`; days are the leader's, in `zone`.

    `talks` are the leader's notes about them, `logged` how many talks were logged, `last` the newest of these;
    `silences` is how often in a row they have not answered.
    """
    left_open = open_thread(talk for talk in talks if talk.at <= now)
    return Brief(
        preface=PREFACE if wonders(person, logged, last, now, zone) else None,
        thread=Thread(left_open.at.astimezone(zone).date(), left_open.thread) if left_open else None,
        promises=tuple(promises),
        changes=tuple(changes),
        topic=topic.text if topic else None,
        follow_ups=topic.follow_ups if topic else (),
        flags=tuple(flags),
        channel=_channel(person.channel, silences),
        ask_twice=ASK_TWICE,
        asks=asks_of(person) if not logged else (),
        topic_key=topic.key if topic else None,
    )


def wonders(person: Person, logged: int, last: datetime | None, now: datetime, zone: ZoneInfo) -> bool:
    """True when the person may wonder why the leader calls.

    That is so for the first talks, for everybody to whom the leader is a boss (power changes how a surprise lands), and
    for others when it has been longer than their maximum gap.
    """
    if logged < FIRST_TALKS or last is None:
        return True
    if any(tag.casefold() in _BELOW or tag.casefold().split("-")[0] in _BELOW for tag in person.tags):
        return True
    return (now.astimezone(zone).date() - last.astimezone(zone).date()).days > person.max_days


def _channel(own: str, silences: int) -> str:
    """How to reach them: the way they like, or after silences another one that asks less of them."""
    if silences < SWITCH:
        return CHANNEL_CUES.get(own, CHANNEL_CUES[""])
    return QUIETER.get(channel_now(own, silences), QUIETER["chat"])
