"""Idea 22: after `people forget` no file has the name, the address or a note; what stops halfway is told."""

from __future__ import annotations

import json
import shutil
import sqlite3
import unicodedata
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import icalendar
import pytest

from calsync.cli import main
from calsync.errors import UsageError
from calsync.takeback import undo
from tests.unit.cli.calling import Calsync, desk_at, later, places

TODAY = later(19)
NAME, ADDRESS, NOTE = "Zoë Quist-Ålund", "zoe.quist@example.com", "Zwetschgenknödel"
CONFIG = f"""\
# The people whom I mean to reach.
timezone: Europe/Berlin
me: [maya@example.com]
working_hours: {{mon-fri: "09:00-17:00"}}
calendars:
  - {{name: work, provider: ics, path: work, write: true}}
  - {{name: second, provider: ics, path: second, write: true}}
blocks:
  connect: {{minutes: 30, per_week: 4, pings: 1, title: "Focus"}}
people:
  # she is the first
  - {{name: {NAME}, email: [{ADDRESS}, zq@example.org], ideal: 5d, max: 10d}}  # and new
  - name: Zoë Lindqvist   # another Zoë
    ideal: 5d
    max: 10d
  - {{name: Ben Okafor, ideal: 5d, max: 10d}}
privacy: {{names: first}}
exports:
  - {{path: full.ics, details: full}}
"""


def command(folder: Path, *args: str, day: int = 0) -> int:
    return main([*places(folder), *args, "--now", later(day)])


@pytest.fixture(scope="session")
def three_weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks of nights, talks and notes; at their end blocks that are over have first names in their titles."""
    home = tmp_path_factory.mktemp("forget") / "home"
    for name in ("work", "second"):
        (home / name).mkdir(parents=True)
    (home / "config.yaml").write_text(CONFIG, "utf-8")
    for day in range(19):
        assert command(home, "nightly", day=day) == 0
        if day % 6 == 0:
            for who in (NAME, "Zoë Lindqvist", "ben"):
                assert command(home, "done", who, "--note", f"{NOTE} {day}", "--feel", "4", day=day) == 0
    assert command(home, "done", NAME, "--thread", NOTE, day=18) == 0
    assert command(home, "snooze", NAME, "--until", "2w", day=18) == 0
    return home


@pytest.fixture
def folder(three_weeks: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(three_weeks, tmp_path / "home"))


@pytest.fixture
def start() -> str:
    return TODAY


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def holds(folder: Path, *words: str) -> list[str]:
    """The files that have any of the words, in any case, composition or JSON escape."""
    found = []
    for path, data in everything(folder).items():
        texts = [data.decode("utf-8", "replace")]
        if path.suffix == ".ics":
            texts.append(data.replace(b"\r\n ", b"").decode("utf-8"))  # lines are folded
        forms = {form for word in words for form in (word, json.dumps(word)[1:-1], unicodedata.normalize("NFD", word))}
        if any(form.casefold() in text.casefold() for text in texts for form in forms):
            found.append(path.name)
    return found


def titles(folder: Path, calendar: str = "work") -> dict[str, str]:
    """The titles of the single dates, by date."""
    found = {}
    for path in (folder / calendar).glob("*.ics"):
        for event in icalendar.Calendar.from_ical(path.read_bytes()).events:
            if "RECURRENCE-ID" in event:
                found[event["RECURRENCE-ID"].dt.date().isoformat()] = str(event["SUMMARY"])
    return found


def planned_for(folder: Path) -> dict[str, list[str]]:
    connection = sqlite3.connect(folder / "state" / "calsync.db")
    rows = connection.execute("select block, people from assignments").fetchall()
    connection.close()
    return {block[-10:]: json.loads(people) for block, people in rows}


def test_the_world_of_these_tests_has_what_is_to_be_forgotten(folder: Path) -> None:
    assert holds(folder, NAME) == ["config.yaml", "calsync.db", "config.snapshot", "decisions.json"]
    names = planned_for(folder)
    mine = [day for day, title in titles(folder).items() if "Zoë" in title and NAME in names[day]]
    theirs = [day for day, title in titles(folder).items() if "Zoë" in title and NAME not in names[day]]
    assert mine
    assert theirs
    assert any(day < "2026-11-28" for day in mine)
    assert "Zoë" in (folder / "full.ics").read_text("utf-8")


def test_after_forget_nothing_is_left_of_the_person_in_any_file(calsync: Calsync, folder: Path) -> None:
    state = folder / "state"
    shutil.copy(state / "calsync.db", state / "calsync.db.damaged-20261101T000000")
    shutil.copy(state / "decisions.json", state / "decisions.json.damaged-20261101T000000")
    shutil.copy(state / "decisions.json", state / ".decisions.json.0a0b0c.tmp")
    shutil.copy(folder / "config.yaml", folder / ".config.yaml.0a0b0c.tmp")
    (state / "reports").mkdir()
    (state / "reports" / "calsync-x.txt").write_text(f"about {NAME}", "utf-8")
    (state / "reports" / "calsync-y.txt").write_text("about nobody", "utf-8")
    log = state / "logs" / "2026-11-02.jsonl"
    log.write_text(
        json.dumps({"run": 1, "said": f"{NAME}: no answer from {ADDRESS}"}, ensure_ascii=False) + "\n", "utf-8"
    )
    before, people = titles(folder), planned_for(folder)
    said = calsync("people", "forget", NAME, "--yes")
    assert (said.code, said.err) == (0, "")
    assert log.is_file()
    assert holds(folder, NAME, ADDRESS, "zq@example.org", NOTE, "quist") == []
    after = titles(folder)
    for day, title in before.items():
        both = people[day].count(NAME) and "Zoë Lindqvist" in people[day]
        if NAME not in people[day]:
            assert after.get(day, "Focus") == title
        elif both:
            assert sorted(after[day].split()) == sorted(title.replace("Zoë", "", 1).replace(", ", " ").split())
        else:
            assert "Zoë" not in after.get(day, "")
    assert titles(folder, "second") == after
    assert not list(state.glob("*damaged*"))
    assert [path.name for path in (state / "reports").iterdir()] == ["calsync-y.txt"]


def test_what_is_kept_of_everybody_else_stays(calsync: Calsync, folder: Path) -> None:
    def rows(of: str) -> list[object]:
        connection = sqlite3.connect(folder / "state" / "calsync.db")
        tables = ("contacts", "notes", "newcomers", "topics_told", "pauses", "snoozes")
        found = [connection.execute(f"select * from {t} where person = ?", (of,)).fetchall() for t in tables]
        connection.close()
        return found

    others = {name: rows(name) for name in ("Zoë Lindqvist", "Ben Okafor")}
    assert calsync("people", "forget", NAME, "--yes").code == 0
    assert {name: rows(name) for name in others} == others
    assert not any(rows(NAME))
    kept = json.loads((folder / "state" / "decisions.json").read_text("utf-8"))["tables"]
    assert {row[1] for row in kept["contacts"]} == set(others)
    text = (folder / "config.yaml").read_text("utf-8")
    assert text.startswith("# The people whom I mean to reach.\n")
    assert "# another Zoë" in text


def test_the_nights_after_write_nothing_that_brings_the_name_back(calsync: Calsync, folder: Path) -> None:
    assert calsync("people", "forget", NAME, "--yes").code == 0
    for day in range(20, 24):
        assert calsync("nightly", now=later(day)).code == 0
    assert holds(folder, NAME, ADDRESS, "quist") == []
    before = everything(folder / "work")
    calsync("nightly", now=later(23))
    assert everything(folder / "work") == before


def test_no_name_comes_back_by_undo(calsync: Calsync, folder: Path) -> None:
    assert calsync("people", "forget", NAME, "--yes").code == 0
    desk = desk_at(folder, TODAY)
    for run in range(20, 0, -1):
        with suppress(UsageError):  # a run that wrote nothing
            undo(desk, run)
    assert holds(folder, NAME, ADDRESS, "quist") == []
    planned = planned_for(folder)
    named = [day for day, title in titles(folder).items() if "Zoë" in title]
    assert all("Zoë Lindqvist" in planned[day] for day in named)


@pytest.mark.parametrize("spelling", ["ZOË  quist-ålund", unicodedata.normalize("NFD", NAME), ADDRESS, "quist"])
def test_the_person_is_found_in_another_spelling(calsync: Calsync, folder: Path, spelling: str) -> None:
    assert calsync("people", "forget", spelling, "--yes").code == 0
    assert holds(folder, NAME) == []


def test_somebody_who_left_the_rotation_can_be_forgotten(calsync: Calsync, folder: Path) -> None:
    assert calsync("people", "remove", NAME, "--yes").code == 0
    assert "calsync.db" in holds(folder, NAME)
    assert calsync("people", "forget", "zoë quist-ålund", "--yes").code == 0
    assert holds(folder, NAME, NOTE) == []
    gone = calsync("people", "forget", NAME, "--yes")
    assert gone.code == 2
    assert "in the rotation" in gone.err


def test_a_first_name_that_two_share_is_refused(calsync: Calsync) -> None:
    said = calsync("people", "forget", "Zoë", "--yes")
    assert said.code == 2
    assert "can be any of" in said.err


def test_a_dry_run_says_it_all_and_does_nothing(calsync: Calsync, folder: Path) -> None:
    calsync("who")
    before = everything(folder)
    said = calsync("people", "forget", NAME, "--dry-run")
    assert said.code == 0
    assert everything(folder) == before
    for words in ("out of the rotation", "notes", "1 snooze", "taken out of", "would be dropped"):
        assert words in said.out


def test_without_a_terminal_it_needs_yes(calsync: Calsync, folder: Path) -> None:
    calsync("who")
    before = everything(folder)
    assert calsync("people", "forget", NAME).code == 2
    assert everything(folder) == before


def test_a_calendar_that_cannot_be_reached_is_named_and_finished_later(calsync: Calsync, folder: Path) -> None:
    (folder / "second").rename(folder / "gone")
    said = calsync("people", "forget", NAME, "--yes")
    assert said.code == 3
    assert "second" in said.err
    assert "Quist" not in (folder / "config.yaml").read_text("utf-8")
    (folder / "gone").rename(folder / "second")
    again = calsync("people", "forget", NAME, "--yes")
    assert (again.code, again.err) == (0, "")
    assert holds(folder, NAME, ADDRESS, "quist") == []
    assert titles(folder) == titles(folder, "second")


def test_what_the_leader_moved_meanwhile_stays_where_they_put_it(calsync: Calsync, folder: Path) -> None:
    def moved(text: bytes) -> bytes:
        return text.replace(b"T090000", b"T110000")

    day = next(d for d, title in sorted(titles(folder).items()) if "Zoë" in title and d > "2026-11-28")
    for path in (folder / "work").glob("*.ics"):
        calendar = icalendar.Calendar.from_ical(path.read_bytes())
        for event in calendar.events:
            if "RECURRENCE-ID" in event and event["RECURRENCE-ID"].dt.date().isoformat() == day:
                shift = timedelta(minutes=45)
                event["DTSTART"].dt += shift
                if "DTEND" in event:
                    event["DTEND"].dt += shift
                path.write_bytes(calendar.to_ical())
    assert calsync("people", "forget", NAME, "--yes").code == 0
    connection = sqlite3.connect(folder / "state" / "calsync.db")
    decided = connection.execute("select what, home, placed from decisions").fetchall()
    connection.close()
    assert [(what, home) for what, home, _ in decided] == [("pinned", day)]
    calsync("nightly", now=later(20))
    assert holds(folder, NAME, "quist") == []


def test_a_comment_of_the_leaders_with_the_name_is_pointed_out(calsync: Calsync, folder: Path) -> None:
    path = folder / "config.yaml"
    path.write_text(f"{path.read_text('utf-8')}# {NAME} comes back in May\n", "utf-8")
    said = calsync("people", "forget", NAME, "--yes")
    assert said.code == 0
    line = len(path.read_text("utf-8").splitlines())
    assert f"config.yaml, line {line}: your own words" in said.out


def test_a_name_in_a_run_of_the_past_is_taken_out_of_its_text(calsync: Calsync, folder: Path) -> None:
    connection = sqlite3.connect(folder / "state" / "calsync.db")
    text = json.dumps({"written": 1, "errors": [f"work: {NAME} <{ADDRESS}> said no", "Zoë Lindqvist"]})
    connection.execute("update runs set summary = ? where id = 2", (text,))
    connection.execute("update journal set error = ? where id = 1", (f"no {NAME}",))
    connection.execute("insert into notices values ('read:1', 'x', ?, 1, 1)", (f"{NAME}: no answer",))
    connection.commit()
    connection.close()
    assert calsync("people", "forget", NAME, "--yes").code == 0
    assert holds(folder, NAME, ADDRESS) == []
    assert "Zoë Lindqvist" in calsync("log", "--last", "100").out


def test_a_configuration_that_cannot_be_edited_is_told_before_anything_is_done(calsync: Calsync, folder: Path) -> None:
    path = folder / "config.yaml"
    text = path.read_text("utf-8").replace("zq@example.org], ideal: 5d", "zq@example.org], ideal: &gap 5d")
    path.write_text(text.replace("Ben Okafor, ideal: 5d", "Ben Okafor, ideal: *gap"), "utf-8")
    assert calsync("who").code == 0
    before = everything(folder)
    said = calsync("people", "forget", NAME, "--yes")
    assert said.code == 2
    assert everything(folder) == before


def test_a_program_that_has_the_database_open_is_told_and_the_next_call_finishes(
    calsync: Calsync, folder: Path
) -> None:
    other = sqlite3.connect(folder / "state" / "calsync.db", isolation_level=None)
    other.execute("BEGIN")
    other.execute("select count(*) from runs").fetchone()
    said = calsync("people", "forget", NAME, "--yes")
    assert said.code == 3
    assert "another program has" in said.err
    other.close()
    again = calsync("people", "forget", NAME, "--yes")
    assert again.code == 0 or "nobody called" in again.err  # closing it may already have written the rest
    assert holds(folder, NAME, ADDRESS, "quist") == []


def test_it_says_line_by_line_what_was_done(calsync: Calsync, folder: Path) -> None:
    said = calsync("people", "forget", NAME, "--yes")
    lines = said.out.splitlines()
    at = lines.index("Beyond calsync's reach:")
    assert [line.split(":")[0].split(" of ")[0] for line in lines[:at]] == [
        "- The first name is out",
        "- The first name is out",
        f"- Wrote {folder / 'full.ics'} anew.",
        "- Deleted from the state",
        "- The copies",
        f"- {NAME} is out",
    ]
    assert len(lines) > at + 2
    assert sum("may name them, and is encrypted" in line for line in lines[at:]) == 1


def test_where_nothing_is_kept_of_others_there_are_no_words_about_them_to_speak_of(
    calsync: Calsync, folder: Path
) -> None:
    for one in ("Zoë Lindqvist", "Ben Okafor"):
        assert "may name them, and is encrypted" in calsync("people", "forget", one, "--yes").out
    assert "may name them" not in calsync("people", "forget", NAME, "--yes").out


def test_a_name_that_is_what_somebody_else_is_called_is_no_trace_in_their_titles(
    calsync: Calsync, folder: Path
) -> None:
    """Zoë alone is forgotten to the end, though titles of blocks for Zoë Lindqvist have the same word in them."""
    config = folder / "config.yaml"
    config.write_text(config.read_text("utf-8").replace(f"name: {NAME},", "name: Zoë,"), "utf-8")
    assert calsync("nightly").code == 0
    said = calsync("people", "forget", "Zoë", "--yes")
    assert (said.code, said.err) == (0, "")
    assert holds(folder, ADDRESS, "zq@example.org") == []
    assert any("Zoë" in title for title in titles(folder).values())
