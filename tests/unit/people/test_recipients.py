"""For whom an act of kindness is: by tags, by how people like to be reached and thanked, and each in their turn."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.config.schema import CHANNELS as PREFERRED
from calsync.model import Person
from calsync.people.acts import CHANNELS, REACHES, TIES, Act
from calsync.people.contacts import name_key
from calsync.people.recipients import REACHED_BY, SOMEBODY, WORDS, fits, recipient, ties_of
from tests.unit.people.shelves import shelf_of

DAY = date(2027, 6, 1)
SHELF = shelf_of(380, 7)
tags = st.lists(st.sampled_from([*sorted(word for words in WORDS.values() for word in words), "chess", "Berlin"]))
people = st.lists(
    st.builds(
        Person,
        name=st.sampled_from(["Ana", "Ben", "Chi", "Dee", "Eva", "Finn"]),
        ideal_days=st.just(14),
        max_days=st.just(28),
        tags=tags.map(tuple),
        channel=st.sampled_from(("", *PREFERRED)),
        thanks=st.sampled_from(("", "public", "private")),
    ),
    unique_by=lambda person: person.name,
)


def act(tie: str = "peer", channel: str = "message", reach: str = "private", *, needs_person: bool = True) -> Act:
    return Act("an-act", "Do it.", 2, "free", channel, reach, tie, needs_person, "E10")


def person(name: str, *tags: str, channel: str = "", thanks: str = "") -> Person:
    return Person(name, 14, 28, tags=tags, channel=channel, thanks=thanks)


@given(people, st.sampled_from(SHELF), st.dictionaries(st.sampled_from(["ana", "ben", "chi"]), st.dates()))
def test_nobody_is_named_for_an_act_that_does_not_suit_them(
    rotation: list[Person], act: Act, named: dict[str, date]
) -> None:
    found = recipient(rotation, act, named, DAY)
    if found is None:
        assert not act.needs_person or not any(fits(one, act) for one in rotation)
        return
    assert act.needs_person
    assert act.reach == "private" or found.thanks == "public"
    assert act.tie in ties_of(found.tags)
    if found.channel in ("chat", "mail"):
        assert act.channel not in ("call", "person")
    if found.channel == "call":
        assert act.channel not in ("message", "person")


@pytest.mark.parametrize("thanks", ["", "private"])
def test_who_likes_private_thanks_or_was_never_asked_gets_no_public_act(thanks: str) -> None:
    ana = person("Ana", thanks=thanks)
    assert recipient([ana], act(reach="public"), {}, DAY) is None
    assert recipient([ana], act(reach="private"), {}, DAY) == ana
    assert recipient([person("Ana", thanks="public")], act(reach="public"), {}, DAY) is not None


def test_every_way_of_being_reached_has_its_acts_and_text_only_never_means_a_call() -> None:
    assert set(REACHED_BY) == set(PREFERRED)
    assert all(of <= set(CHANNELS) for of in REACHED_BY.values())
    for preferred in ("chat", "mail"):
        assert recipient([person("Ana", channel=preferred)], act(channel="call"), {}, DAY) is None
        assert recipient([person("Ana", channel=preferred)], act(channel="message"), {}, DAY) is not None


def test_each_tie_has_words_and_somebody_in_the_place_of_a_name() -> None:
    assert set(WORDS) == set(SOMEBODY) == set(TIES)
    everything = [word for words in WORDS.values() for word in words]
    assert len(everything) == len(set(everything)), "no word means two things"
    assert all(tie in words for tie, words in WORDS.items())


@pytest.mark.parametrize(
    ("said", "ties"),
    [
        (["report"], {"report"}),
        (["Skip level"], {"skip-level"}),
        (["Support_Staff", "berlin"], {"support"}),
        (["mentor", "peer"], {"outside", "peer"}),
        ([], {"peer"}),
        (["chess"], {"peer"}),
    ],
)
def test_tags_say_what_somebody_is_to_the_leader_and_without_them_everybody_is_a_peer(
    said: list[str], ties: set[str]
) -> None:
    assert ties_of(said) == ties


def test_everybody_has_their_turn() -> None:
    rotation = [person(name) for name in ("Ana", "Ben", "Chi", "Dee", "Eva")]
    named: dict[str, date] = {}
    turns: dict[str, int] = dict.fromkeys((one.name for one in rotation), 0)
    for week in range(52):
        day = DAY + timedelta(weeks=week)
        found = recipient(rotation, act(), named, day)
        assert found is not None
        turns[found.name] += 1
        named[name_key(found.name)] = day
    assert max(turns.values()) - min(turns.values()) <= 1


def test_the_order_of_the_rotation_is_irrelevant_and_nobody_is_no_error() -> None:
    rotation = [person(name) for name in ("Ana", "Ben", "Chi", "Dee", "Eva")]
    assert recipient(rotation, act(), {}, DAY) == recipient(rotation[::-1], act(), {}, DAY)
    assert recipient([], act(), {}, DAY) is None
    assert recipient(rotation, act(needs_person=False), {}, DAY) is None
    assert {act.reach for act in SHELF} == set(REACHES)
