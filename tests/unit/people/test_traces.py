"""Where a person shows in a text: the right one, in every spelling, and nobody else."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.people.traces import GONE, Traces

ANA = Traces("Ana Sousa", ("ana@example.com",), ("Ana", "Annie"), ("Ana Sousa Lima", "Ben"))


@pytest.mark.parametrize(
    "text",
    [
        "Ana Sousa",
        "with ANA  SOUSA on Monday",
        "ana\nsousa",
        "Ana Sousapersonal",  # fields of a database stand side by side
        "mailto:ana@example.com",
        "ANA@EXAMPLE.COM;",
        "Ana Sousa Lima and Ana Sousa",
    ],
)
def test_a_name_or_an_address_is_found_in_any_spelling(text: str) -> None:
    assert ANA.is_in(text)
    assert ANA.is_in_bytes(text.encode())


@pytest.mark.parametrize("text", ["Ana", "Sousa", "Ana Sousa Lima", "juliana@example.com", "ana@example.com-x", ""])
def test_other_people_and_parts_of_a_name_are_not(text: str) -> None:
    assert not ANA.is_in(text)
    assert ANA.redacted(text) == text


def test_every_composition_and_escape_is_found() -> None:
    zoe = Traces("Zoë Müller")
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        text = unicodedata.normalize(form, "met Zoë Müller")
        assert zoe.is_in(text)
        assert zoe.redacted(text) == f"met {GONE}"
    assert zoe.is_in_bytes(json.dumps(["Zoë Müller"]).encode())


def test_a_name_of_one_word_is_found_as_a_word_only() -> None:
    al = Traces("Al")
    assert al.is_in("lunch with Al.")
    assert not al.is_in("also, a portal")
    assert al.redacted("Al, also") == f"{GONE}, also"


def test_a_name_that_is_a_word_too_is_meant_in_its_own_case_only() -> None:
    may = Traces("May", (), ("May",), ("May Lin",))
    assert may.redacted("you may meet May, not May Lin") == f"you may meet {GONE}, not May Lin"
    assert not may.is_in("you may, and MAY LIN as well")


@given(st.text(max_size=20), st.text(max_size=20), st.sampled_from(["NFC", "NFD"]), st.booleans())
def test_nothing_is_left_where_it_was_redacted_and_other_texts_stay(
    before: str, after: str, form: str, loud: bool
) -> None:
    zoe = Traces("Zoë Quist", ("zoe@example.com",))
    name = "ZOË QUIST" if loud else "Zoë Quist"
    text = f"{before} {unicodedata.normalize(form, name)} {after} zoe@example.com"
    assert zoe.is_in(text)
    assert not zoe.is_in(zoe.redacted(text))
    assert zoe.redacted(before) == before


@pytest.mark.parametrize(
    ("title", "left"),
    [
        ("Focus: Ana", "Focus"),
        ("Focus: Ana, Ben", "Focus: Ben"),
        ("Focus: Ben, ana", "Focus: Ben"),
        ("Focus: Ana, Ana", "Focus: Ana"),
        ("1:1 time: Ana", "1:1 time"),
        ("Focus: Annie", "Focus"),
        ("Focus: Annie, Ana", "Focus: Annie"),
        ("Focus: Anabel", "Focus: Anabel"),
        ("Focus", "Focus"),
        ("Ana", "Ana"),
        ("Lunch with Ana", "Lunch with Ana"),
    ],
)
def test_a_first_name_is_taken_out_of_a_title(title: str, left: str) -> None:
    assert ANA.without(title) == left


def test_without_a_first_name_every_title_stays() -> None:
    assert Traces("山田太郎").without("Focus: , Ben") == "Focus: , Ben"
