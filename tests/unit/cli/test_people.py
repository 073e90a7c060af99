"""The commands that change the rotation: gaps from tags, merges with a preview, new names, names in any script."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from calsync.cli import importing
from calsync.cli.render import found_table
from calsync.importing import FoundPerson
from calsync.state.store import Store
from tests.unit.cli.calling import Calsync

FILE = """\
# my file
timezone: Europe/Berlin
me: maya@example.com
calendars: [{name: work, provider: ics, path: work, write: true}]
tags:
  report: {ideal: 7d, max: 14d}
people:
  # Ana first
  - name: Ana Sousa   # since May
    email:
      - Ana@Example.com   # work
    ideal: 14d
    max: 28d
  - {name: A. Sousa, email: asousa@example.org, tags: [peer], ideal: 9d, max: 18d, channel: call}   # the same?
  - {name: Ben, tags: [report]}
"""
NOW = "2026-11-25T12:00:00+01:00"


@dataclass(slots=True)
class Leader:
    folder: Path
    call: Calsync

    @property
    def file(self) -> Path:
        return self.folder / "config.yaml"

    def text(self) -> str:
        return self.file.read_text("utf-8")

    def people(self) -> dict[str, dict[str, Any]]:
        said = self.call("people", "list", "--json")
        assert said.code == 0, said.err
        return {person["name"]: person for person in said.json()["people"]}

    def table(self, text: str, name: str = "people.csv") -> str:
        (self.folder / name).write_text(text, "utf-8")
        return str(self.folder / name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "config.yaml").write_text(FILE, "utf-8")
    return tmp_path


@pytest.fixture
def start() -> str:
    return NOW


@pytest.fixture
def leader(folder: Path, calsync: Calsync) -> Leader:
    return Leader(folder, calsync)


def test_a_tag_gives_the_gaps_and_nothing_of_them_is_written_to_the_person(leader: Leader) -> None:
    assert leader.call("people", "add", "Kim", "--tag", "report").code == 0
    assert leader.text() == FILE + "  - {name: Kim, tags: [report]}\n"
    assert (leader.people()["Kim"]["ideal_days"], leader.people()["Kim"]["max_days"]) == (7, 14)
    assert leader.call("people", "add", "Lea", "--tag", "report", "--ideal", "5d").code == 0
    assert (leader.people()["Lea"]["ideal_days"], leader.people()["Lea"]["max_days"]) == (5, 14)
    assert leader.call("people", "add", "Zed", "--ideal", "5d").code == 0
    assert leader.people()["Zed"]["max_days"] == 10


def test_somebody_without_a_gap_anywhere_is_refused(leader: Leader) -> None:
    said = leader.call("people", "add", "Kim", "--tag", "peer")
    assert said.code == 2
    assert said.err.splitlines()[0] == "calsync: Kim needs a gap between two talks, and none of their tags has one"
    assert leader.text() == FILE


def test_hours_holidays_thanks_and_a_call_name_are_set_shown_changed_and_taken_away(leader: Leader) -> None:
    week = "mon-thu 09:00-17:00; fri 09:00-12:00"
    options = ("--working-hours", week, "--holidays", "PT", "--thanks", "private", "--call-name", "Beni")
    assert leader.call("people", "edit", "ben", *options).code == 0
    ben = leader.people()["Ben"]
    assert ben["working_hours"] == {"mon-thu": "09:00-17:00", "fri": "09:00-12:00"}
    assert (ben["holidays"], ben["thanks"], ben["call_name"]) == ("PT", "private", "Beni")
    shown = leader.call("people", "list").out
    known = "called Beni; mon-thu 09:00-17:00, fri 09:00-12:00; holidays PT; private thanks"
    assert [part.strip() for part in shown.splitlines()[3].split("  ") if part] == [
        "Ben",
        "7 to 14 days",
        "report",
        known,
    ]
    assert leader.call("people", "edit", "beni", "--working-hours", "", "--thanks", "", "--holidays", "").code == 0
    assert leader.people()["Ben"]["working_hours"] is None
    assert leader.call("people", "edit", "ben", "--call-name", "").code == 0
    assert leader.text() == FILE


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--working-hours", "09:00-17:00", "--working-hours: expected days with their hours"),
        ("--working-hours", "mon 9-17", "Ben: working_hours.mon: expected a time as HH:MM"),
        ("--working-hours", "someday 09:00-17:00", 'Ben: working_hours.someday: unknown weekday "someday"'),
        ("--holidays", "Portugal", 'no holidays are known for the country "Portugal"; did you mean `PT`'),
        ("--thanks", "loud", "Ben: thanks: expected public or private"),
        ("--name", " \u200b", "a person needs a name"),
        ("--name", "ana SOUSA", "ana SOUSA is in the rotation already"),
        ("--email", "ana@example.com", "Ana Sousa has that address already"),
        ("--email", "maya@example.com", "Ben: email: maya@example.com is one of your own addresses (`me`)"),
        ("--max", "6d", 'Ben: max: expected at least the 7 days of `ideal`, from the tag "report", not 6'),
    ],
)
def test_what_cannot_be_said_of_somebody_is_refused_in_two_lines_and_nothing_changes(
    leader: Leader, option: str, value: str, said: str
) -> None:
    answer = leader.call("people", "edit", "ben", option, value)
    assert answer.code == 2
    first, second = answer.err.splitlines()
    assert said in first
    assert second.strip()
    assert leader.text() == FILE


def test_a_new_name_keeps_what_was_logged(leader: Leader) -> None:
    leader.call("done", "ana")
    leader.call("snooze", "ana", "--until", "2w")
    on_paper = leader.call("people", "edit", "Ana Sousa", "--name", "Ana Lima", "--dry-run")
    assert on_paper.out.startswith("Ana Sousa would be called Ana Lima now (would be written to ")
    assert leader.text() == FILE
    assert leader.call("people", "edit", "Ana Sousa", "--name", "  Ana  Lima ").code == 0
    assert leader.text() == FILE.replace("name: Ana Sousa ", "name: Ana Lima ")
    said = leader.call("who", "--explain", "Ana Lima").out
    assert "last personal talk: 2026-11-25" in said
    assert "snoozed" in said


def test_a_name_that_somebody_had_who_left_is_pointed_out(leader: Leader) -> None:
    leader.call("done", "A. Sousa")
    leader.call("people", "remove", "A. Sousa", "--yes")
    said = leader.call("people", "edit", "ben", "--name", "a. sousa").out.splitlines()
    assert said[1] == "What was logged of an earlier a. sousa counts as theirs too: 1 contact."


def test_a_look_makes_no_database(leader: Leader) -> None:
    assert leader.call("people", "merge", "Ana Sousa", "A. Sousa", "--dry-run").code == 0
    assert leader.call("people", "edit", "ben", "--name", "Benny", "--dry-run").code == 0
    assert leader.call("people", "merge", "Ana Sousa", "Zorro", "--dry-run").code == 2
    assert not list((leader.folder / "state").glob("*.db"))


def test_two_entries_are_joined_with_a_preview_and_what_was_logged_goes_along(leader: Leader) -> None:
    leader.call("done", "A. Sousa")
    preview = leader.call("people", "merge", "Ana Sousa", "asousa@example.org", "--dry-run")
    lines = preview.out.splitlines()
    assert lines[:2] == [
        "Ana Sousa would get asousa@example.org, the tag peer and the channel call.",
        "Ana Sousa would get what was logged of A. Sousa: 1 contact.",
    ]
    assert lines[2].startswith("A. Sousa would be out of the rotation (would be written to ")
    assert leader.text() == FILE
    refused = leader.call("people", "merge", "Ana Sousa", "A. Sousa")
    assert (refused.code, leader.text()) == (2, FILE), "nobody can be asked here"
    merged = leader.call("people", "merge", "Ana Sousa", "A. Sousa", "--yes")
    assert merged.code == 0, merged.err
    assert leader.text() == FILE.replace(
        "      - Ana@Example.com   # work\n    ideal: 14d\n    max: 28d\n",
        "      - Ana@Example.com   # work\n      - asousa@example.org\n    ideal: 14d\n    max: 28d\n"
        "    tags: [peer]\n    channel: call\n",
    ).replace(FILE[FILE.index("  - {name: A. Sousa") : FILE.index("  - {name: Ben")], "")
    assert "last personal talk: 2026-11-25" in leader.call("who", "--explain", "ana").out


def test_the_commands_that_a_merge_names_make_two_entries_again(leader: Leader) -> None:
    import shlex

    hours = "mon-thu 09:00-17:00; fri 09:00-13:00"
    more = ("--tag", "peer", "--thanks", "private", "--holidays", "PT", "--working-hours", hours)
    leader.call("people", "edit", "A. Sousa", *more)
    before = leader.people()
    told = leader.call("people", "merge", "ana@example.com", "A. Sousa", "--yes").out.splitlines()
    assert leader.people()["Ana Sousa"]["thanks"] == "private"
    commands = [shlex.split(line)[1:] for line in told if line.startswith("  calsync ")]
    assert len(commands) == 2
    for command in commands:
        assert leader.call(*command).code == 0
    after = leader.people()
    assert after == before


def test_what_was_logged_of_somebody_renamed_by_hand_can_be_fetched(leader: Leader) -> None:
    leader.call("done", "ana@example.com")
    leader.file.write_text(leader.text().replace("name: Ana Sousa", "name: Ana Rocha"), "utf-8")
    assert "2026-11-25" not in leader.call("who", "--explain", "rocha").out
    said = leader.call("people", "merge", "rocha", "ana sousa", "--yes")
    assert said.out == "Ana Rocha gets what was logged of ana sousa: 1 contact.\n"
    assert "last personal talk: 2026-11-25" in leader.call("who", "--explain", "rocha").out


def test_what_a_run_left_behind_that_was_cut_off_between_file_and_memory_can_be_fetched(leader: Leader) -> None:
    leader.call("done", "ana@example.com")

    def write_and_die() -> None:
        leader.file.write_text(leader.text().replace("name: Ana Sousa", "name: Ana Lima"), "utf-8")
        raise KeyboardInterrupt

    with Store(leader.folder / "state", datetime.fromisoformat(NOW)) as store, pytest.raises(KeyboardInterrupt):
        store.rename_person("Ana Sousa", "Ana Lima", write_and_die)
    assert leader.call("people", "merge", "Ana Lima", "Ana Sousa", "--yes").code == 0
    assert "last personal talk: 2026-11-25" in leader.call("who", "--explain", "lima").out


@pytest.mark.parametrize(
    ("args", "first", "second"),
    [
        (("Ana Sousa", "ana@example.com"), "Ana Sousa and ana@example.com are both Ana Sousa", "name two people"),
        (("Ana Sousa", "Zorro"), "nobody called Zorro is in the rotation", "`calsync people list` shows who is"),
        (("sousa", "ben"), "sousa can be any of Ana Sousa, A. Sousa", "write the whole name in quotes"),
    ],
)
def test_a_merge_of_nobody_of_several_or_of_one_is_refused(
    leader: Leader, args: tuple[str, str], first: str, second: str
) -> None:
    said = leader.call("people", "merge", *args, "--yes")
    assert said.code == 2
    assert first in said.err.splitlines()[0]
    assert second in said.err.splitlines()[1]
    assert leader.text() == FILE


def test_when_the_file_cannot_be_written_what_was_logged_stays_where_it_was(leader: Leader) -> None:
    leader.call("done", "A. Sousa")
    # No other file can be written beside one whose name is as long as names can be.
    long = leader.file.with_name("c" * 255)
    leader.file.rename(long)
    leader.file.symlink_to(long)
    said = leader.call("people", "merge", "Ben", "A. Sousa", "--yes")
    assert (said.code, leader.text()) == (2, FILE)
    assert "cannot be written" in said.err
    assert "last personal talk: 2026-11-25" in leader.call("who", "--explain", "A. Sousa").out


TABLE = """\
name,email,tags,timezone,working_hours,thanks
ANA SOUSA,ana@other.example,report,Europe/Lisbon,mon-fri 09:00-17:00,private
Ben,,,,,
Lea Roth,lea@example.com,report,,,
L. Roth,lea@example.com,mentor,,,
"""


def test_an_import_shows_what_people_of_the_rotation_would_gain_and_changes_them_only_when_told(
    leader: Leader,
) -> None:
    table = leader.table(TABLE)
    said = leader.call("people", "import", table)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "line 5 (L. Roth) is the same person as line 4 (Lea Roth).",
        "Ben is in the rotation already and stays as they are.",
        f"Lea Roth is in the rotation (written to {leader.file}).",
        (
            "Ana Sousa: would add ana@other.example, the tag report, the time zone Europe/Lisbon, the working hours "
            "mon-fri 09:00-17:00 and private thanks."
        ),
        "They are in the rotation already and stay as they are; --merge adds this to them.",
    ]
    lea = "  - {name: Lea Roth, email: lea@example.com, tags: [report, mentor]}\n"
    assert leader.text() == FILE + lea
    on_paper = leader.call("people", "import", table, "--merge", "--dry-run")
    assert "Ana Sousa would get ana@other.example" in on_paper.out
    assert leader.text() == FILE + lea
    assert leader.call("people", "import", table, "--merge").code == 0
    gained = (
        '    tags: [report]\n    timezone: Europe/Lisbon\n    working_hours: {mon-fri: "09:00-17:00"}\n'
        "    thanks: private\n"
    )
    ana = FILE.replace("# work\n", "# work\n      - ana@other.example\n").replace(
        "    max: 28d\n", f"    max: 28d\n{gained}"
    )
    assert sorted(leader.text().splitlines()) == sorted((ana + lea).splitlines())
    assert leader.people()["Ana Sousa"]["ideal_days"] == 14, "the gaps that the leader wrote stay"
    again = leader.call("people", "import", table, "--merge")
    assert "Ana Sousa is in the rotation already and stays as they are." in again.out


@pytest.mark.parametrize("agrees", [True, False])
def test_at_a_terminal_the_import_asks(leader: Leader, monkeypatch: pytest.MonkeyPatch, agrees: bool) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    asked: list[str] = []

    def answer(question: str, *, yes: bool) -> bool:
        assert not yes
        asked.append(question)
        return agrees

    monkeypatch.setattr(importing.sys, "stdin", Terminal())
    monkeypatch.setattr(importing, "confirm", answer)
    said = leader.call("people", "import", leader.table("name,email\nBen,ben@example.com\n"))
    assert said.code == 0, said.err
    assert len(asked) == 1
    assert said.out.startswith("Ben: would add ben@example.com.\n")
    assert leader.people()["Ben"]["addresses"] == (["ben@example.com"] if agrees else [])


def test_somebody_who_would_be_two_people_or_the_leader_is_named_and_all_others_come_in(leader: Leader) -> None:
    text = "name,email\nBen,asousa@example.org\nMe,maya@example.com\nLea,lea@example.com\n"
    said = leader.call("people", "import", leader.table(text), "--merge")
    assert said.code == 3
    assert said.err.splitlines() == [
        "calsync: Ben would be each of A. Sousa and Ben, who are in the rotation already",
        "  if they are one person: calsync people merge 'A. Sousa' Ben",
        "calsync: Me: maya@example.com is one of your own addresses",
        "  take that address out of what you import, or out of `me` in the configuration",
    ]
    assert set(leader.people()) == {"Ana Sousa", "A. Sousa", "Ben", "Lea"}


def test_what_is_exported_comes_back_whole(leader: Leader) -> None:
    leader.call(
        "people", "edit", "ben", "--working-hours", "mon-thu 09:00-17:00; sat 10:00-12:00", "--thanks", "public"
    )
    leader.call("people", "edit", "ben", "--holidays", "DE-BY", "--call-name", "Beni")
    before = leader.people()
    out = leader.folder / "out.csv"
    assert leader.call("people", "export", "--out", str(out)).code == 0
    for name in before:
        assert leader.call("people", "remove", name, "--yes").code == 0
    assert leader.call("people", "list").out == "Nobody is in the rotation yet: calsync people add NAME\n"
    said = leader.call("people", "import", str(out))
    assert (said.code, said.err) == (0, "")
    assert leader.people() == before
    assert "{name: Ben, call_name: Beni, timezone" not in leader.text()
    assert "ideal: 7d" in leader.text().partition("people:")[0], "the tag keeps its gaps"
    assert "ideal: 7d" not in leader.text().partition("people:")[2], "and Ben takes them from it"


NAMES = [
    "José Ångström",
    "Işık Ünal",
    "Ζωή Παπαδόπουλος",
    "Олена Шевченко",
    "علی‌رضا محمدی",
    "נועה לוי",
    "शिवा राव",
    "山田 太郎",
    "王小明",
    "김민지",
    "Sinéad O’Brien",
    "Madonna",
    "👩‍🚀 Chi",
    "# no comment",
    "a: [b]",
]


def test_names_in_any_script_are_added_found_renamed_and_logged(leader: Leader) -> None:
    for number, name in enumerate(NAMES):
        said = leader.call("people", "add", name, "--ideal", "9d", "--email", f"p{number}@example.com")
        assert said.code == 0, said.err
    assert [name for name in leader.people() if name in NAMES] == NAMES
    for name in NAMES:
        assert leader.call("done", name).code == 0
        assert leader.call("people", "add", name.upper(), "--ideal", "9d").code == 2
    assert leader.call("done", "jose angstrom").code == 0
    assert leader.call("done", "太郎").code == 0
    assert leader.call("people", "edit", "ISIK", "--name", "ışık Ünal-Kaya").code == 0
    assert "last personal talk: 2026-11-25" in leader.call("who", "--explain", "kaya").out


def test_the_list_of_who_was_found_says_under_which_name_they_are_known_and_what_they_would_gain() -> None:
    ana = ("ana@example.com",)
    rows = found_table(
        [
            FoundPerson("Ana Sousa", ana, "in your contacts"),
            FoundPerson("Ana Sousa", ana, "", "Ana Sousa"),
            FoundPerson("A. Sousa", ana, "", "Ana Sousa", ana),
        ]
    ).rows
    assert [row[3] for row in rows] == [
        "",
        "in the rotation",
        "in the rotation as Ana Sousa; would add ana@example.com",
    ]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--from", "meetings", "--merge"), "--merge needs to know whom"),
        (("--merge",), "there is nothing to import from"),
    ],
)
def test_a_merge_without_anybody_to_merge_is_refused(leader: Leader, args: tuple[str, ...], said: str) -> None:
    answer = leader.call("people", "import", *args)
    assert answer.code == 2
    assert said in answer.err.splitlines()[0]
    assert len(answer.err.splitlines()) == 2
