"""What a leader notes of talks, by the commands: encrypted, closed, taken back, expired, never lost in silence."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from calsync.memory import Recollection, recollect
from calsync.people.talks import open_thread
from calsync.state.store import Store
from tests.unit.cli.calling import NOW, desk_at, every_byte, later, places

SECRET = "Zwetschgenknoedel"
"""A word that stands in a note of these tests and nowhere else."""


def remembered(folder: Path, now: str = NOW) -> Recollection:
    with Store(folder / "state", datetime.fromisoformat(now)) as store:
        return recollect(desk_at(folder, now), store)


def test_what_was_noted_comes_back(calsync, folder: Path) -> None:
    calsync("done", "ana", "--note", "likes  the\nnew team", "--feel", "4", "--thread", " the move\n to Lisbon ")
    (talk,) = remembered(folder).talks["ana sousa"]
    assert (talk.person, talk.feel, talk.note) == ("Ana Sousa", 4, "likes  the\nnew team")
    assert (talk.thread, talk.thread_open) == ("the move to Lisbon", True)
    assert talk.at == datetime.fromisoformat(NOW)


def test_no_note_can_be_read_in_any_file_of_the_state(calsync, folder: Path) -> None:
    calsync("done", "ana", "--note", f"a {SECRET} recipe", "--thread", f"{SECRET} again", "--feel", "2")
    calsync("nightly")
    calsync("week")
    connection = sqlite3.connect(folder / "state" / "calsync.db")  # held open, so that the -wal stays
    connection.execute("select count(*) from notes").fetchone()
    calsync("done", "ana", "--close-thread", "--note", f"more {SECRET}", now=later(1))
    assert (folder / "state" / "calsync.db-wal").stat().st_size > 0
    for text in (SECRET, SECRET.lower(), "recipe", '"feel"', '"thread"'):
        assert text.encode() not in every_byte(folder)
    connection.close()


def test_the_key_is_for_its_owner_alone_and_made_once(calsync, folder: Path) -> None:
    first = calsync("done", "ana", "--feel", "4")
    assert "the key is new and lies in" in first.out
    path = folder / "state" / "secrets.json"
    assert path.stat().st_mode & 0o077 == 0
    kept = path.read_bytes()
    assert "key" not in calsync("done", "ben", "--feel", "3").out
    assert path.read_bytes() == kept


def test_the_environment_can_hold_the_key(calsync, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calsync("done", "ana", "--feel", "4")
    path = folder / "state" / "secrets.json"
    key = json.loads(path.read_text())["calsync:notes"]
    path.unlink()
    assert len(remembered(folder).problems) == 1
    monkeypatch.setenv("CALSYNC_SECRET_CALSYNC_NOTES", key)
    assert remembered(folder).problems == []
    assert calsync("done", "ana", "--feel", "5").code == 0
    assert not path.exists()
    assert [talk.feel for talk in remembered(folder).talks["ana sousa"]] == [5, 4]


@pytest.mark.parametrize("harm", ["lost", "wrong", "no key at all"])
def test_a_key_that_does_not_fit_crashes_nothing_and_is_never_passed_over_in_silence(
    calsync, folder: Path, harm: str
) -> None:
    calsync("done", "ana", "--note", "one", "--thread", "two")
    calsync("done", "ben", "--note", "three")
    path = folder / "state" / "secrets.json"
    good = path.read_bytes()
    if harm == "lost":
        path.unlink()
    else:
        other = "A" * 43 + "=" if harm == "wrong" else "nonsense"
        path.write_text(json.dumps({"calsync:notes": other}))
    found = remembered(folder)
    assert found.talks == {}
    assert len(found.problems) == 1
    for command in (["nightly"], ["week"], ["who"], ["done", "ana"], ["skip", "ben"]):
        assert calsync(*command, now=later(1)).code == 0
    refused = calsync("done", "ana", "--note", "four", now=later(2))
    assert refused.code == 3
    assert refused.out == ""
    if harm != "no key at all":
        assert "nothing is noted: 2 notes cannot be read" in refused.err
        assert "--new-key" in refused.err
    dared = calsync("done", "ana", "--note", "five", "--new-key", now=later(2))
    assert dared.code == 0, dared.err
    assert [talk.note for talk in remembered(folder, later(2)).talks["ana sousa"]] == ["five"]
    after = calsync("done", "ana", "--note", "six", now=later(3))
    assert "2 notes cannot be read" in after.out
    if harm == "lost":
        # Both keys, and everything can be read again.
        keys = [json.loads(text)["calsync:notes"] for text in (path.read_text(), good)]
        path.write_text(json.dumps({"calsync:notes": ",".join(keys)}))
        path.chmod(0o600)
        assert remembered(folder, later(3)).problems == []
        assert [t.note for t in remembered(folder, later(3)).talks["ana sousa"]] == ["one", "five", "six"]


def test_a_new_thread_closes_the_earlier_one_and_a_talk_alone_leaves_it_open(calsync, folder: Path) -> None:
    def leads() -> str | None:
        talk = open_thread(remembered(folder, later(30)).talks["ana sousa"])
        return talk and talk.thread

    calsync("done", "ana", "--thread", "the move")
    plain = calsync("done", "ana", now=later(1))
    assert "Still open since Mon 9 Nov: the move" in plain.out
    assert leads() == "the move"
    assert "Closed the thread of Mon 9 Nov: the move" in calsync("done", "ana", "--thread", "school", now=later(2)).out
    assert leads() == "school"
    assert "Closed" in calsync("done", "ana", "--close-thread", now=later(3)).out
    assert leads() is None
    assert "No thread was open." in calsync("done", "ana", "--close-thread", now=later(4)).out


def test_the_last_thing_logged_can_be_taken_back_and_opens_what_it_closed(calsync, folder: Path) -> None:
    calsync("done", "ana", "--thread", "the move", "--feel", "4")
    calsync("done", "ana", "--thread", "typo", now=later(2))
    calsync("done", "ana", "--no-answer", now=later(3))
    assert "Taken back: a call without an answer of Thu 12 Nov" in calsync("done", "ana", "--undo", "--yes").out
    told = calsync("done", "ana", "--undo", "--yes").out
    assert "Taken back: a talk of Wed 11 Nov with Ana Sousa and its note." in told
    assert "The thread that it closed is open again." in told
    (talk,) = remembered(folder, later(3)).talks["ana sousa"]
    assert (talk.thread, talk.thread_open, talk.feel) == ("the move", True, 4)
    assert calsync("done", "ana", "--undo", "--yes").code == 0
    assert remembered(folder).talks == {}
    assert calsync("done", "ana", "--undo", "--yes").code == 2
    assert calsync("done", "ben", "--undo", "--yes").code == 2


def test_two_talks_of_one_day_are_taken_back_one_by_one(calsync, folder: Path) -> None:
    calsync("done", "ana", "--on", "yesterday", "--note", "first")
    calsync("done", "ana", "--on", "yesterday")
    assert "note" not in calsync("done", "ana", "--undo", "--yes").out
    assert [talk.note for talk in remembered(folder).talks["ana sousa"]] == ["first"]


def test_no_answer_and_declined_are_no_personal_contact(calsync) -> None:
    def last(name: str) -> object:
        everybody = calsync("who", "--json", now=later(1)).json()["people"]
        return next(person for person in everybody if person["name"] == name)["last_personal"]

    assert "heard nothing" in calsync("done", "ana", "--no-answer").out
    assert "declined" in calsync("done", "ben", "--declined").out
    assert (last("Ana Sousa"), last("Ben Okafor")) == (None, None)


@pytest.mark.parametrize(
    "options",
    [
        ("--no-answer", "--declined"),
        ("--no-answer", "--feel", "3"),
        ("--declined", "--note", "x"),
        ("--declined", "--close-thread"),
        ("--thread", "x", "--close-thread"),
        ("--undo", "--note", "x"),
        ("--undo", "--on", "yesterday"),
        ("--new-key",),
        ("--feel", "0"),
        ("--feel", "6"),
        ("--feel", "3.5"),
        ("--note", ""),
        ("--note", " \n "),
        ("--thread", "\t"),
        ("--note", "bell\x07"),
        ("--note", "\x1b[31mred"),
        ("--thread", "nul\x00"),
        ("--note", "half \ud83d a pair"),
        ("--note", "x" * 10_001),
        ("--thread", "x" * 301),
        ("--note", "x", "--on", "tomorrow"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_logged(calsync, folder: Path, options: tuple[str, ...]) -> None:
    before = (folder / "state" / "decisions.json").read_bytes()
    said = calsync("done", "ana", *options)
    assert said.code == 2, said
    assert said.out == ""
    assert said.err.startswith("calsync: ")
    assert (folder / "state" / "decisions.json").read_bytes() == before
    assert not (folder / "state" / "secrets.json").exists()


def test_a_dry_run_notes_nothing(calsync, folder: Path) -> None:
    calsync("who")  # which knows the copied configuration from here on
    before = every_byte(folder)
    said = calsync("done", "ana", "--note", "x", "--feel", "3", "--thread", "y", "--dry-run")
    assert (
        said.out
        == "Would note a talk with Ana Sousa, with a feel of 3; a note; a thread, which closes the earlier one.\n"
    )
    assert every_byte(folder) == before


def test_sensitive_details_are_not_saved_where_nobody_can_be_asked(calsync, folder: Path) -> None:
    said = calsync("done", "ana", "--note", "Her husband is in hospital")
    assert said.code == 2
    assert "This seems to speak of health (in hospital), family (husband)." in said.err
    assert "--yes" in said.err
    assert remembered(folder).talks == {}
    assert calsync("done", "ana", "--thread", "the divorce").code == 2
    saved = calsync("done", "ana", "--note", "Her husband is in hospital", "--yes")
    assert (saved.code, saved.err) == (0, "")
    assert remembered(folder).talks["ana sousa"][0].note == "Her husband is in hospital"


def test_a_note_is_deleted_by_the_first_night_after_its_time_and_not_shown_before(calsync, folder: Path) -> None:
    calsync("done", "ana", "--note", "old")
    config = folder / "config.yaml"
    text = config.read_text("utf-8")
    assert "privacy: {names: none}" in text
    config.write_text(text.replace("privacy: {names: none}", "privacy: {names: none, notes_months: 3}"), "utf-8")

    def rows() -> int:
        connection = sqlite3.connect(folder / "state" / "calsync.db")
        (count,) = connection.execute("select count(*) from notes").fetchone()
        connection.close()
        return int(count)

    calsync("nightly", now="2027-02-09T23:00:00+01:00")
    assert rows() == 1
    assert len(remembered(folder, "2027-02-09T23:00:00+01:00").talks["ana sousa"]) == 1
    over = "2027-02-10T00:30:00+01:00"
    assert remembered(folder, over).talks == {}
    assert "Still open" not in calsync("done", "ben", now=over).out
    calsync("nightly", "--dry-run", now=over)
    assert rows() == 1
    calsync("nightly", now=over)
    assert rows() == 0
    kept = json.loads((folder / "state" / "decisions.json").read_text())
    assert kept["tables"]["notes"] == []


def test_a_note_from_stdin_stays_out_of_the_shells_history(folder: Path, run_calsync) -> None:
    paths = places(folder)
    ended = run_calsync([*paths, "done", "ana", "--note", "-", "--now", NOW], input="two\nlines\n")
    assert ended.code == 0, ended.stderr
    assert remembered(folder).talks["ana sousa"][0].note == "two\nlines"
    both = run_calsync([*paths, "done", "ana", "--note", "-", "--thread", "-", "--now", NOW], input="x\n")
    assert both.code == 2
    assert run_calsync([*paths, "done", "ana", "--note", "-", "--now", NOW], input="").code == 2
    assert run_calsync([*paths, "done", "ana", "--note", "-", "--now", NOW], input="a" * 2_000_000).code == 2


def at_a_terminal(folder: Path, project: Path, command: list[str], typed: bytes) -> subprocess.CompletedProcess[bytes]:
    ours, other = pty.openpty()
    paths = places(folder)
    try:
        os.write(ours, typed)
        return subprocess.run(
            [sys.executable, "-P", "-m", "calsync", *paths, *command, "--now", NOW],
            stdin=other,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(project)},
            check=False,
            timeout=120,
        )
    finally:
        os.close(ours)
        os.close(other)


def test_at_a_terminal_a_note_and_a_thread_are_asked_for_and_sensitive_ones_asked_again(
    folder: Path, project: Path
) -> None:
    command = ["done", "ana", "--note", "-", "--thread", "-"]
    no = at_a_terminal(folder, project, command, b"her surgery\nwent well\n\nhow it heals\nn\n")
    assert no.returncode == 0, no.stderr
    assert b"Save it all the same? [y/N]" in no.stderr
    assert no.stdout.startswith(b"Nothing was noted.")
    assert remembered(folder).talks == {}
    sure = at_a_terminal(folder, project, command, b"her surgery\nwent well\n\nhow it heals\ny\n")
    assert sure.returncode == 0, sure.stderr
    (talk,) = remembered(folder).talks["ana sousa"]
    assert (talk.note, talk.thread) == ("her surgery\nwent well", "how it heals")
