"""A text without names: nobody who is known stands in it, however their name is written."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.model import Person
from calsync.people.nameless import Nameless

TEAM = Nameless(
    (
        Person("Ana Sousa", 14, 28, ("ana@example.com",)),
        Person("Bo Lind", 14, 28, call_name="Bobby"),
        Person("José O'Brien-Núñez", 14, 28),
        Person("Daniel Weiß", 14, 28),
        Person("Will May", 14, 28),
        Person("Ludwig van der Berg", 14, 28),
        Person("田中太郎", 14, 28),
    ),
    ("Zed Former",),
)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Ana Sousa said so", "Someone said so"),
        ("I asked ANA, sousa and aña", "I asked someone, someone and someone"),
        ("It is Ana's idea. Ana: yes", "It is someone's idea. Someone: yes"),
        ("write to ana@example.com or ANA@Example.com!", "write to someone or someone!"),
        ("bobby and Bo agree", "someone and someone agree"),
        ("Jose, OBrien and Nunez", "Someone, someone and someone"),
        ("daniel weiss, Daniel Weiß", "someone, someone"),
        ("Zed left", "Someone left"),
        ("asked 田中さん", "asked someoneさん"),
        ("it will take until may", "it will take until may"),
        ("Will says it will take until May", "Someone says it will take until someone"),
        ("A\u200bna and \uff21na", "Someone and someone"),
        ("van der Berg, and the van", "Van der someone, and the van"),
        ("bananas, Lindy, about, analysis", "bananas, Lindy, about, analysis"),
        ("", ""),
    ],
)
def test_names_their_words_what_people_are_called_and_addresses_become_someone(text: str, bare: str) -> None:
    found = TEAM.without(text)
    assert found.casefold() == bare.casefold()
    assert TEAM.without(found) == found


def test_a_text_that_names_nobody_stays_the_very_same() -> None:
    text = "Two slow weeks, e\u0301 and all; no  change  of  spaces\n"
    assert TEAM.without(text) is text


def test_without_anybody_nothing_is_taken_out() -> None:
    assert Nameless().without("Ana and Bo") == "Ana and Bo"


letters = st.sampled_from("abcdeghiklmnoprstuvzäöüßéñøåłş")
word = st.text(letters, min_size=3, max_size=8).map(str.capitalize)
names = st.lists(word, min_size=1, max_size=3).map(" ".join)
guise = st.sampled_from(
    [
        str,
        str.upper,
        str.lower,
        lambda s: unicodedata.normalize("NFD", s),
        lambda s: s.replace(" ", "\u00a0"),
        lambda s: s + "'s",
        lambda s: f"({s})",
        lambda s: "".join(c for c in unicodedata.normalize("NFD", s) if not unicodedata.combining(c)),
        lambda s: s[:1] + "\u200b" + s[1:],
    ]
)


@settings(deadline=None)
@given(st.lists(st.tuples(names, st.none() | word), min_size=1, max_size=4), st.data())
def test_no_name_no_call_name_and_no_address_is_left(people: list[tuple[str, str | None]], data: st.DataObject) -> None:
    team = [
        Person(name, 14, 28, (f"{name.split()[0].lower()}.{n}@x.example",), call_name=called or "")
        for n, (name, called) in enumerate(people)
    ]
    known = [one for person in team for one in (person.name, *person.addresses, person.call_name, *person.name.split())]
    pieces = data.draw(
        st.lists(
            st.sampled_from(["the plan", "is fine,", "said", "and:", "\n- "])
            | st.builds(lambda form, one: form(one), guise, st.sampled_from([one for one in known if one])),
            max_size=12,
        )
    )
    found = Nameless(tuple(team)).without(" ".join(pieces))

    def plain(text: str) -> str:
        bare = unicodedata.normalize("NFKD", text.replace("\u200b", "").casefold())
        return "".join(c for c in bare if not unicodedata.combining(c))

    left = plain(found)
    for one in known:
        if one and plain(one) not in ("the", "plan", "fine", "said", "and", "someone", "is"):
            assert not re.search(rf"(?<!\w){re.escape(plain(one))}(?!\w)", left), (one, found)
