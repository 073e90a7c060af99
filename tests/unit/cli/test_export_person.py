"""Idea 22: `people export NAME` gives all that is kept of one person, in clear, and nothing of anybody else."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from calsync.state.tables import metadata
from tests.unit.cli.calling import NOW, later


def test_all_that_is_kept_of_a_person_is_there(calsync, folder: Path) -> None:
    for day, feel in enumerate((4, 4, 5, 4, 2)):
        calsync("done", "ana", "--feel", str(feel), "--note", f"note {day}", day=day)
    calsync("done", "ana", "--thread", "the move", day=5)
    calsync("done", "ana", "--declined", day=6)
    calsync("done", "ben", "--note", "of Ben", day=6)
    calsync("snooze", "ana", "--until", "2026-12-01", day=6)
    calsync("nightly", day=7)
    kept = calsync("people", "export", "ana", day=7).json()
    assert kept["name"] == "Ana Sousa"
    assert kept["configuration"]["name"] == "Ana Sousa"
    assert kept["configuration"]["addresses"]
    assert [row["kind"] for row in kept["contacts"]] == ["personal"] * 6 + ["declined"]
    assert kept["contacts"][0]["at"] == NOW
    assert [row["note"] for row in kept["notes"]] == [*(f"note {day}" for day in range(5)), ""]
    assert kept["notes"][-1]["thread"] == "the move"
    assert kept["notes"][-1]["thread_open"] is True
    assert kept["notes_unreadable"] == []
    assert [flag["kind"] for flag in kept["flags"]] == ["low"]
    assert len(kept["flags"][0]["entries"]) == 4
    assert kept["snoozed_until"] == "2026-12-01"
    assert kept["in_the_rotation_since"] == "2026-11-09"
    assert "of Ben" not in json.dumps(kept)
    assert "Ben Okafor" not in json.dumps(kept)
    topics = [row for row in kept["topics_told"] if row["text"]]
    assert len(topics) == len(kept["topics_told"])


def test_promises_are_there_in_clear(calsync) -> None:
    calsync("promise", "add", "ana", "the book", "--by", "fri")
    calsync("promise", "add", "ana", "the slides", "--by", "mon", "--minutes", "45")
    calsync("promise", "add", "ben", "of Ben", "--by", "mon")
    calsync("promise", "keep", "1", day=1)
    kept = calsync("people", "export", "ana", day=2).json()
    assert [(row["text"], row["state"], row["minutes"]) for row in kept["promises"]] == [
        ("the book", "kept", 30),
        ("the slides", "open", 45),
    ]
    assert kept["promises"][0]["due"] == "2026-11-13T23:59:00+01:00"
    assert kept["promises"][0]["closed_at"] == later(1)
    assert "of Ben" not in json.dumps(kept)


def test_a_person_who_is_always_low_is_not_flagged(calsync) -> None:
    for day in range(5):
        calsync("done", "ana", "--feel", "2", day=day)
    assert calsync("people", "export", "ana", day=5).json()["flags"] == []


def test_no_table_that_knows_a_person_is_left_out(calsync, folder: Path) -> None:
    """A row of Ana in each of them, made up from the schema itself."""
    calsync("done", "ana")
    connection = sqlite3.connect(folder / "state" / "calsync.db")
    for table in metadata.sorted_tables:
        if "person" not in table.c:
            continue
        connection.execute(f'delete from "{table.name}"')
        plain = [column for column in table.c if column.name != "id"]
        values = [
            "Ana Sousa"
            if c.name == "person"
            else "personal"
            if c.name == "kind"
            else 1_800_000_000
            if c.type.python_type is int
            else "2026-11-11"
            for c in plain
        ]
        names = ", ".join(f'"{c.name}"' for c in plain)
        marks = ", ".join("?" * len(plain))
        connection.execute(f'insert into "{table.name}" ({names}) values ({marks})', values)
    connection.commit()
    connection.close()
    said = calsync("people", "export", "Ana Sousa")
    assert said.code == 3  # the note is none, and nor are the promise and what was noted of the act
    assert "2 of the notes and 1 of the promises cannot be read" in said.err
    kept = said.json()
    own = {
        "contacts": kept["contacts"],
        "notes": kept["notes_unreadable"],
        "topics_told": kept["topics_told"],
        "snoozes": kept["snoozed_until"],
        "pauses": kept["paused_since"],
        "newcomers": kept["in_the_rotation_since"],
        "promises": kept["promises"],
        "promise_time": kept["promise_time"],
        "acts": kept["acts"],
    }
    for table in metadata.sorted_tables:
        if "person" in table.c:
            assert own.get(table.name) or kept["other"].get(table.name), table.name


def test_a_file_is_for_its_owner_alone(calsync, tmp_path: Path) -> None:
    calsync("done", "ana", "--note", "hello")
    out = tmp_path / "new" / "ana.json"
    said = calsync("people", "export", "ana", "--out", str(out))
    assert (said.code, said.err) == (0, "")
    assert out.stat().st_mode & 0o777 == 0o600
    assert json.loads(out.read_text("utf-8"))["notes"][0]["note"] == "hello"
    refused = calsync("people", "export", "ana", "--out", str(tmp_path))
    assert refused.code == 3


def test_somebody_who_left_is_still_there_and_a_stranger_is_not(calsync) -> None:
    calsync("done", "ana", "--note", "hello")
    assert calsync("people", "remove", "ana", "--yes").code == 0
    kept = calsync("people", "export", "ana").json()
    assert kept["configuration"] is None
    assert [row["note"] for row in kept["notes"]] == ["hello"]
    nobody = calsync("people", "export", "Nobody At All")
    assert nobody.code == 2
    assert nobody.out == ""


def test_notes_without_their_key_are_named_and_not_made_up(calsync, folder: Path) -> None:
    calsync("done", "ana", "--note", "hello")
    (folder / "state" / "secrets.json").unlink()
    said = calsync("people", "export", "ana")
    assert said.code == 3
    assert said.json()["notes"] == []
    assert said.json()["notes_unreadable"] == [NOW]
    assert "1 of the notes cannot be read" in said.err


def test_without_a_name_it_is_everybody_as_csv(calsync) -> None:
    said = calsync("people", "export")
    assert said.out.startswith("name,")
    assert "Ana Sousa" in said.out
