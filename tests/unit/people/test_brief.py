"""What the leader is told before a talk: ideas 9 and 23, and what the evidence E16 to E18 asks for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.model import Person
from calsync.people.brief import Brief, Thread, brief_of
from calsync.people.cues import ASK_TWICE, PREFACE
from calsync.people.signals import flags
from calsync.people.silence import SWITCH
from calsync.people.talks import Talk
from calsync.people.topics import Topic

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 10, 8, tzinfo=BERLIN)
PEER = Person(
    "Grace Lin", 28, 56, tags=("peer",), channel="call", thanks="private", working_hours={0: ((time(9), time(17)),)}
)
TOPIC = Topic("k", "What made you laugh?", "team", 1, ("Who was there?", "How so?"), "E24")


def talk(days_ago: int, *, thread: str = "", open_: bool = True, feel: int | None = None, hour: int = 12) -> Talk:
    at = NOW.replace(hour=hour) - timedelta(days=days_ago)
    return Talk(PEER.name, at, feel, "a note", thread, bool(thread) and open_)


def brief(person: Person = PEER, talks: list[Talk] | None = None, **more: Any) -> Brief:
    noted = talks or []
    given_: dict[str, Any] = {
        "logged": len(noted),
        "last": max((one.at for one in noted), default=None),
        "silences": 0,
        "flags": [],
        "promises": [],
        "topic": TOPIC,
        "now": NOW,
        "zone": BERLIN,
        **more,
    }
    return brief_of(person, talks=noted, **given_)


# --- idea 9: memory leads ------------------------------------------------------------------------------------------


def test_the_newest_open_thread_leads_with_its_local_day() -> None:
    found = brief(talks=[talk(40, thread="the old flat"), talk(14, thread="her move to Porto", hour=0), talk(7)])
    assert found.thread == Thread((NOW - timedelta(days=14)).date(), "her move to Porto")
    assert found.as_json()["thread"] == "2026-10-27: her move to Porto"


def test_a_thread_that_was_closed_never_leads_again() -> None:
    talks = [talk(14, thread="her move to Porto", open_=False)]
    assert brief(talks=talks).thread is None
    assert brief(talks=[*talks, talk(7)]).thread is None


def test_only_the_thread_of_notes_is_told_and_never_a_note_itself() -> None:
    """E16: being remembered wins little by trivia, so nothing but the thread is recited."""
    assert "a note" not in str(brief(talks=[talk(14, thread="the flat", feel=2)]).as_json())


def test_a_talk_that_is_still_to_come_leads_nothing() -> None:
    assert brief(talks=[talk(-3, thread="not yet")], last=NOW, logged=5).thread is None


def test_promises_and_flags_come_as_they_are_given() -> None:
    talks = [talk(28, feel=4), talk(21, feel=4), talk(14, feel=5), talk(7, feel=2)]
    found = brief(talks=talks, promises=["the book"], flags=flags(PEER, talks, [], NOW, BERLIN))
    assert found.promises == ("the book",)
    assert [flag["kind"] for flag in found.as_json()["flags"]] == ["low"]
    assert found.as_json()["flags"][0]["entries"][-1].endswith("feel 2")


def test_the_topic_comes_with_its_follow_ups_and_may_be_missing() -> None:
    assert (brief().topic, brief().follow_ups) == (TOPIC.text, TOPIC.follow_ups)
    assert (brief(topic=None).topic, brief(topic=None).follow_ups) == (None, ())


# --- E18: the preface, and asking twice ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "logged", "days", "said"),
    [
        (PEER, 0, None, True),
        (PEER, 2, 10, True),
        (PEER, 3, 10, False),
        (PEER, 9, 56, False),
        (PEER, 9, 57, True),
        (replace(PEER, tags=("report",)), 50, 3, True),
        (replace(PEER, tags=("Skip-Level",)), 50, 3, True),
        (replace(PEER, tags=("report-berlin",)), 50, 3, True),
        (replace(PEER, tags=("reporter",)), 50, 3, False),
    ],
)
def test_the_preface_is_there_when_they_may_wonder_why(
    person: Person, logged: int, days: int | None, said: bool
) -> None:
    last = None if days is None else NOW - timedelta(days=days)
    assert brief(person, logged=logged, last=last).preface == (PREFACE if said else None)


def test_the_leader_is_always_told_to_ask_twice() -> None:
    assert brief().ask_twice == ASK_TWICE
    assert "status" in PREFACE


# --- idea 23: ask once ---------------------------------------------------------------------------------------------


def test_the_first_check_in_asks_what_nobody_knows_and_no_later_one_does() -> None:
    unknown = Person("Bo", 14, 28)
    first = brief(unknown).asks
    assert len(first) == 3
    assert [word in " ".join(first) for word in ("reached", "thanked", "hours")] == [True] * 3
    assert brief(unknown, logged=1, last=NOW).asks == ()


def test_what_is_known_is_not_asked() -> None:
    assert brief().asks == ()
    assert len(brief(replace(PEER, thanks="")).asks) == 1


@pytest.mark.parametrize("channel", ["chat", "mail"])
@given(silences=st.integers(0, 6), logged=st.integers(0, 9))
def test_text_only_never_gets_a_call_cue(channel: str, silences: int, logged: int) -> None:
    cue = brief(replace(PEER, channel=channel), silences=silences, logged=logged).channel
    assert cue is not None
    assert "call" not in cue.casefold()
    assert "write" in cue.casefold() or "line" in cue.casefold()


@pytest.mark.parametrize(("channel", "word"), [("call", "Call"), ("walk", "walk"), ("visit", "person"), ("", "Call")])
def test_each_channel_has_a_cue_and_where_none_is_known_a_call_is_suggested(channel: str, word: str) -> None:
    assert word in str(brief(replace(PEER, channel=channel)).channel)


def test_after_three_silences_another_channel_is_tried_and_one_that_asks_less() -> None:
    assert "Call" in str(brief(silences=SWITCH - 1).channel)
    cue = str(brief(silences=SWITCH).channel)
    assert "chat" in cue
    assert "Call" not in cue


# --- idea 7: cues, and never a message -----------------------------------------------------------------------------


@given(
    st.sampled_from(["", "call", "chat", "mail", "walk", "visit"]),
    st.sampled_from([(), ("report",), ("peer",)]),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_a_cue_speaks_to_the_leader_and_never_for_them(
    channel: str, tags: tuple[str, ...], logged: int, silences: int
) -> None:
    """No greeting, no signature, no name: nothing that could be sent as it stands."""
    person = replace(PEER, channel=channel, tags=tags, thanks="")
    found = brief(person, logged=logged, last=NOW, silences=silences).as_json()
    for text in (found["preface"], found["channel"], found["ask_twice"], *found["asks"]):
        words = str(text).casefold()
        assert not words.startswith(("hi", "hello", "dear", "hey"))
        assert "grace" not in words
        assert " i " not in f" {words} ".replace("i'm", "")
