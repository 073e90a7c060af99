"""A text without names: nobody who is known stands in it, however their name is written."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from calsync.model import Person
from calsync.people import changesummary
from calsync.people.changes import CON, PRO, Answer, Change, Point, Saying, affected_by, counted
from calsync.people.changesummary import summary
from calsync.people.nameless import Nameless

UTC = ZoneInfo("UTC")
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)

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
        ("ask @AnaSousa, ana_sousa, Ana-Sousa or bo.lind", "ask @someone, someone, someone or someone"),
        ("bananasousage", "bananasousage"),
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


TEMPLATE = frozenset(re.findall(r"[a-z]{3,}", Path(changesummary.__file__ or "").read_text("utf-8").casefold()))
"""Words of the summary itself, of days and months among them: a person of that name would stand in it by chance."""


@settings(deadline=None)
@given(st.lists(names, min_size=2, max_size=4, unique=True), st.data())
def test_the_summary_of_a_change_holds_no_name_wherever_the_leader_wrote_one(
    everybody: list[str], data: st.DataObject
) -> None:
    team = [Person(name, 14, 28, (f"{name.split()[0].lower()}@x.example",)) for name in everybody]
    words = [word for name in everybody for word in name.split()]
    assume(not {word.casefold() for word in words} & (TEMPLATE | {"mon", "tue", "feb", "dec"}))

    def mention() -> str:
        person = data.draw(st.sampled_from(team))
        form, who = data.draw(guise), data.draw(st.sampled_from([person.name, *person.name.split(), *person.addresses]))
        return f"as {form(who)} says"

    change = Change(
        1,
        date(2027, 2, 1),
        NOW,
        closed_at=NOW,
        title=mention(),
        answers=tuple(Answer(one.name, NOW, (Saying(NOW, mention(), mention()),)) for one in team[1:]),
        points=(Point(PRO, mention(), team[0].name), Point(CON, mention())),
    )
    affected = affected_by(change, team[:1], {}, date(2026, 12, 1), UTC)
    text = summary(change, affected, counted(change, affected), NOW, UTC, Nameless(tuple(team)).without)
    left = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    for one in (*words, *everybody, *(address for person in team for address in person.addresses)):
        folded = "".join(c for c in unicodedata.normalize("NFKD", one.casefold()) if not unicodedata.combining(c))
        assert not re.search(rf"(?<!\w){re.escape(folded)}(?!\w)", left), (one, text)
    named = summary(change, affected, counted(change, affected), NOW, UTC, None)
    assert all(one.name in named for one in team[1:])


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
