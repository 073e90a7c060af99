"""Idea 22: a note that may hold health, belief or family details is recognised, and ordinary ones are not."""

from __future__ import annotations

import pytest

from calsync.people.sensitive import BELIEF, FAMILY, HEALTH, concerns

SENSITIVE = [
    ("She was diagnosed with diabetes in March", HEALTH, "diagnosed with"),
    ("Surgery next week, back in a fortnight", HEALTH, "Surgery"),
    ("he is on sick leave", HEALTH, "sick leave"),
    ("told me that she is pregnant", HEALTH, "pregnant"),
    ("sees a therapist on Tuesdays", HEALTH, "therapist"),
    ("was in hospital over the weekend", HEALTH, "in hospital"),
    ("close to a burnout again", HEALTH, "burnout"),
    ("fasting for Ramadan", BELIEF, "Ramadan"),
    ("spends Sundays at church", BELIEF, "at church"),
    ("very religious\nparents", BELIEF, "religious"),
    ("stands for the trade union", BELIEF, "trade union"),
    ("getting divorced", FAMILY, "divorced"),
    ("her mother died", FAMILY, "mother"),
    ("His daughter starts school", FAMILY, "daughter"),
    ("Ana\u2019s parents visit", FAMILY, "Ana\u2019s parents"),
    ("got engaged in spring", FAMILY, "got engaged"),
    ("on parental leave from May", FAMILY, "parental leave"),
]
ORDINARY = [
    "Wants to learn Rust; asked for a mentor",
    "The feature flag is disabled, which annoys everyone",
    "Chronic delays with the vendor",
    "Diagnosed the fault in an hour",
    "Talked with Christian about the offsite",
    "An unorthodox idea for the roadmap",
    "sick of the flaky tests",
    "the parent company moves to Lyon, and the sister team with it",
    "a child process hangs",
    "her mother tongue is Catalan",
    "is working from the new office, likes the coffee",
    "proud of the release, tired of the meetings",
    "I'll ask about the trip to Norway",
    "wants to present at the spring conference",
    "the person that I met in Kiel",
    "a stroll along the river; swims every morning",
    "ill-defined requirements are what slows them down",
    "a business partner of ours",
    "font families and design tokens",
    "thinks the reorganisation leaves her people out",
]


@pytest.mark.parametrize(("text", "about", "word"), SENSITIVE)
def test_details_of_health_belief_and_family_are_recognised(text: str, about: str, word: str) -> None:
    assert [(c.about, c.word) for c in concerns(text) if c.about == about] == [(about, word)]


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_note_of_work_is_let_through(text: str) -> None:
    assert concerns(text) == []


def test_each_kind_is_named_once() -> None:
    found = concerns("Her husband has cancer, her father had cancer; they pray for him")
    assert [c.about for c in found] == [HEALTH, BELIEF, FAMILY]


@pytest.mark.parametrize("text", ["", "   ", "\n", "é" * 10_000, "a" * 10_000, "her " * 2_500])
def test_any_text_is_judged_quickly(text: str) -> None:
    assert concerns(text) == []
