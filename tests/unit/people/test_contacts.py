"""Logged contacts, and whom a typed name means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from calsync.model import Person
from calsync.people.contacts import Contact, ContactKind, matching, name_key
from calsync.people.cues import ASK_TWICE, PREFACE

PEOPLE = [
    Person("Ana Sousa", 14, 28, ("ana@example.com",)),
    Person("Ana Lima", 14, 28),
    Person("Anatol", 14, 28),
    Person("Zoë Ångström", 14, 28),
    Person("山田 太郎", 14, 28),
    Person("Bo", 14, 28),
    Person("Bo Berg", 14, 28),
]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("Ana Sousa", ["Ana Sousa"]),
        ("  ana   SOUSA ", ["Ana Sousa"]),
        ("ana", ["Ana Sousa", "Ana Lima"]),
        ("ANA@example.com", ["Ana Sousa"]),
        ("lima", ["Ana Lima"]),
        ("anat", ["Anatol"]),
        ("ana s", ["Ana Sousa"]),
        ("Zoe\u0308 A\u030angstro\u0308m", ["Zoë Ångström"]),
        ("山田", ["山田 太郎"]),
        ("Bo", ["Bo"]),
        ("Cy", []),
        (" ", []),
    ],
)
def test_a_typed_name_means_the_closest_kind_of_match(typed: str, names: list[str]) -> None:
    assert [p.name for p in matching(PEOPLE, typed)] == names


def test_case_spaces_and_composition_are_no_difference_between_names() -> None:
    assert name_key("Zoe\u0308  BERG") == name_key("zoë berg ")
    assert name_key("Zoe") != name_key("Zoë")


def test_a_contact_takes_its_kind_as_text_and_refuses_naive_times_and_other_kinds() -> None:
    at = datetime(2026, 11, 10, tzinfo=UTC)
    assert Contact("Ana", at, "skip").kind is ContactKind.SKIP  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="aware"):
        Contact("Ana", datetime(2026, 11, 10))  # noqa: DTZ001
    with pytest.raises(ValueError, match="mail"):
        Contact("Ana", at, "mail")  # type: ignore[arg-type]


def test_cues_speak_to_the_leader_and_are_no_message_to_send() -> None:
    for cue in (PREFACE, ASK_TWICE):
        assert "\n" not in cue
        assert not cue.startswith(("Hi", "Hello", "Dear"))
    assert "no status" in PREFACE
    assert " I " not in f" {PREFACE} {ASK_TWICE} "
