"""Which topic a person is given: never one twice in a year, deeper with time, over all themes, always the same."""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from calsync.people.topics import DEPTHS, QUIET_DAYS, THEMES, Told, Topic, choose, rung

TODAY = date(2026, 11, 10)


def topic(key: str, theme: str = "home", depth: int = 1) -> Topic:
    return Topic(key, f"What about {key}?", theme, depth, ("What else?", "How so?"), "E7")


MANY = [topic(f"{theme}-{depth}-{n}", theme, depth) for theme in THEMES for depth in DEPTHS for n in range(3)]
KEYS = [one.key for one in MANY]
histories = st.lists(
    st.builds(
        Told,
        person=st.sampled_from(["Ana", "ana", "Bo"]),
        topic=st.sampled_from([*KEYS, "gone"]),
        day=st.integers(-500, 30).map(lambda days: TODAY + timedelta(days)),
    ),
    max_size=60,
)


@given(histories, st.integers(0, 30), st.randoms(use_true_random=False))
def test_the_choice_depends_on_nothing_but_what_is_known(told: list[Told], talks: int, chance: random.Random) -> None:
    """The order of the topics and of the history is irrelevant, and so is the history of others."""
    first = choose(MANY, told, "Ana", TODAY, talks)
    mixed, shelf = list(told), list(MANY)
    chance.shuffle(mixed)
    chance.shuffle(shelf)
    assert choose(shelf, mixed, "ANA", TODAY, talks) == first
    assert choose(MANY, [one for one in told if one.person != "Bo"], "Ana", TODAY, talks) == first


@given(histories, st.integers(0, 30))
def test_nothing_is_repeated_to_a_person_within_a_year(told: list[Told], talks: int) -> None:
    chosen = choose(MANY, told, "Ana", TODAY, talks)
    near = {t.topic for t in told if t.person != "Bo" and abs((TODAY - t.day).days) <= QUIET_DAYS}
    assert chosen is None or chosen.key not in near
    assert (chosen is None) == (set(KEYS) <= near)


@given(histories, st.integers(0, 30))
def test_nothing_goes_deeper_than_the_talks_allow_while_something_easier_is_left(told: list[Told], talks: int) -> None:
    chosen = choose(MANY, told, "Ana", TODAY, talks)
    near = {t.topic for t in told if t.person != "Bo" and abs((TODAY - t.day).days) <= QUIET_DAYS}
    easier = [one for one in MANY if one.key not in near and one.depth <= rung(talks)]
    if easier:
        assert chosen is not None
        assert chosen.depth <= rung(talks)


@given(st.integers(0, 40), st.text(min_size=1, max_size=8), st.lists(st.integers(1, 40), min_size=2, max_size=60))
def test_a_person_hears_of_every_theme_before_any_comes_again(talks: int, person: str, gaps: list[int]) -> None:
    told: list[Told] = []
    themes: list[str] = []
    day = TODAY
    for gap in gaps:
        day += timedelta(gap)
        chosen = choose(MANY, told, person, day, talks)
        if chosen is None:
            break
        told.append(Told(person, chosen.key, day))
        themes.append(chosen.theme)
    for at, theme in enumerate(themes[: len(THEMES)]):
        assert theme not in themes[:at]
    for before, after in pairwise(themes):
        assert before != after


@given(st.integers(0, 100), st.integers(0, 100))
def test_depth_never_falls_with_more_talks(some: int, more: int) -> None:
    assert 1 == rung(0) <= rung(some) <= rung(some + more) <= 3


def test_depth_grows_with_the_talks() -> None:
    depths = [
        sum(chosen.depth for n in range(100) if (chosen := choose(MANY, [], f"person {n}", TODAY, talks)))
        for talks in (0, 3, 8)
    ]
    assert depths[0] == 100
    assert depths[0] < depths[1] < depths[2]
    assert depths[2] >= 220


def test_when_everything_is_used_up_there_is_none_until_a_year_has_gone() -> None:
    told = [Told("Ana", one.key, TODAY) for one in MANY]
    assert choose(MANY, told, "Ana", TODAY + timedelta(QUIET_DAYS), 20) is None
    assert choose(MANY, told, "Ana", TODAY + timedelta(QUIET_DAYS + 1), 20) is not None
    assert choose(MANY, told, "Bo", TODAY, 20) is not None
    assert choose([], [], "Ana", TODAY, 0) is None


def test_two_people_on_one_day_are_mostly_given_different_topics() -> None:
    chosen = {choose(MANY, [], f"person {n}", TODAY, 0) for n in range(20)}
    assert len(chosen) >= 10


def test_a_new_topic_on_the_shelf_changes_few_choices() -> None:
    people = [f"person {n}" for n in range(200)]
    before = [choose(MANY, [], person, TODAY, 0) for person in people]
    after = [choose([*MANY, topic("new")], [], person, TODAY, 0) for person in people]
    assert sum(a != b for a, b in zip(before, after, strict=True)) <= 20
