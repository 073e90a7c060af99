"""What is kept of one person goes over to another name whole, beside what is kept there, or not at all."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync.model import Span
from calsync.state.store import Store, ToldRow

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = NOW.date()


def at(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def nothing() -> None:
    """The other half of the change, where a test does not look at it."""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, NOW)


def test_everything_that_is_kept_of_a_person_is_kept_under_the_new_name(store: Store) -> None:
    store.see_people(["Ana Sousa"], TODAY)
    store.log_turn("Ana Sousa", at(0), "personal", "sealed")
    store.log_turn("ana  SOUSA", at(60), "skip")
    store.snooze("Ana Sousa", date(2027, 1, 1))
    store.pause("Ana Sousa", TODAY)
    store.keep_topics([ToldRow("b1", "Ana Sousa", "films", at(0))], at(-10), at(-20))
    store.keep_assignments({"b1": (at(0), ("Ana Sousa", "Bo")), "b2": (at(9), ("Bo",))}, at(-10))
    store.keep_people_busy({"Ana Sousa": [Span(at(0), at(60))]}, NOW)
    assert store.kept_of("ana sousa") == {"contacts": 2, "notes": 1}
    assert store.rename_person("Ana Sousa", "Ana Lima", lambda: 7) == 7
    assert [(row.person, row.at, row.kind) for row in store.contacts()] == [
        ("Ana Lima", at(0), "personal"),
        ("Ana Lima", at(60), "skip"),
    ]
    assert [(row.person, row.at, row.body) for row in store.notes()] == [("Ana Lima", at(0), "sealed")]
    assert store.snoozes() == {"Ana Lima": date(2027, 1, 1)}
    assert store.newcomers() == store.pauses() == {"Ana Lima": TODAY}
    assert [(row.person, row.topic) for row in store.topics_told()] == [("Ana Lima", "films")]
    assert {block: people for block, (_, people) in store.assignments().items()} == {
        "b1": ("Ana Lima", "Bo"),
        "b2": ("Bo",),
    }
    assert store.people_busy() == {}
    assert store.kept_of("Ana Sousa") == {"contacts": 0, "notes": 0}


def test_of_two_who_become_one_the_later_snooze_and_the_earlier_days_stay_and_nobody_is_named_twice(
    store: Store,
) -> None:
    for name, day in (("Ana", 3), ("A.", 1)):
        store.see_people([name], date(2026, 11, day))
        store.pause(name, date(2026, 11, day + 1))
        store.snooze(name, date(2026, 12, day))
    store.keep_topics([ToldRow("b", "Ana", "films", at(0)), ToldRow("b", "A.", "plans", at(0))], at(-1), at(-9))
    store.keep_assignments({"b": (at(0), ("A.", "Bo", "Ana")), "c": (at(1), ("Ana", "Bo"))}, at(-1))
    store.rename_person("A.", "Ana", nothing)
    assert store.newcomers() == {"Ana": date(2026, 11, 1)}
    assert store.pauses() == {"Ana": date(2026, 11, 2)}
    assert store.snoozes() == {"Ana": date(2026, 12, 3)}
    assert [(row.person, row.topic) for row in store.topics_told()] == [("Ana", "films")]
    assert {block: people for block, (_, people) in store.assignments().items()} == {
        "b": ("Ana", "Bo"),
        "c": ("Ana", "Bo"),
    }


def test_another_spelling_of_the_same_name_moves_nothing(store: Store) -> None:
    store.log_turn("Ana Sousa", at(0), "personal")
    store.rename_person("Ana Sousa", "ANA SOUSA", nothing)
    assert [row.person for row in store.contacts()] == ["Ana Sousa"]


def test_when_the_other_half_fails_nothing_has_moved_in_the_database_or_its_second_copy(
    store: Store, tmp_path: Path
) -> None:
    store.log_turn("Ana", at(0), "personal", "sealed")
    before = (tmp_path / "decisions.json").read_bytes()

    def fail() -> None:
        raise RuntimeError("the file is full")

    with pytest.raises(RuntimeError, match="full"):
        store.rename_person("Ana", "Bo", fail)
    assert store.kept_of("Ana") == {"contacts": 1, "notes": 1}
    assert (tmp_path / "decisions.json").read_bytes() == before


def test_the_second_copy_has_the_new_name(store: Store, tmp_path: Path) -> None:
    store.log_turn("Ana Sousa", at(0), "personal")
    store.rename_person("Ana Sousa", "Ana Lima", nothing)
    copy = (tmp_path / "decisions.json").read_text("utf-8")
    assert "Ana Lima" in copy
    assert "Ana Sousa" not in copy


turns = st.lists(st.tuples(st.sampled_from(["Ana", "Bo", "Cy"]), st.integers(0, 4), st.booleans()), max_size=12)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(turns)
def test_no_contact_and_no_note_is_lost_and_each_note_still_finds_its_contact(
    tmp_path_factory: pytest.TempPathFactory, logged: list[tuple[str, int, bool]]
) -> None:
    with Store(tmp_path_factory.mktemp("s"), NOW) as store:
        for number, (person, second, noted) in enumerate(logged):
            store.log_turn(person, at(second), "personal" if noted else "skip", str(number) if noted else None)
        kinds = Counter(row.kind for row in store.contacts())
        bodies = {row.body: row.person for row in store.notes()}
        store.rename_person("Ana", "Bo", nothing)
        assert Counter(row.kind for row in store.contacts()) == kinds
        seconds = [(row.person, row.at) for row in store.contacts()]
        assert len(set(seconds)) == len(seconds), "a person's contacts never share a second"
        personal = {(row.person, row.at) for row in store.contacts() if row.kind == "personal"}
        assert {(row.person, row.at) for row in store.notes()} == personal
        renamed = {body: "Bo" if person == "Ana" else person for body, person in bodies.items()}
        assert {row.body: row.person for row in store.notes()} == renamed
