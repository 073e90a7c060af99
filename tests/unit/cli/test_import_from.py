"""`people import --from`, in a process of its own: what it shows, whom it adds, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

import calsync
from tests.conftest import Ran, RunCalsync

NOW = "2026-11-09T05:00:00+01:00"
HOME = Path(calsync.__file__).resolve().parents[1]

# An adapter as somebody else would ship it: it knows people, or says why not.
STRANGER = """
from calsync.errors import SignInNeeded, Unreachable
from calsync.ports import AccountPerson, Capabilities


class Stranger:
    OPTIONS = {"account": "whose", "mood": "how it goes"}

    def __init__(self, name, options, context):
        self.name, self.options = name, options
        self.capabilities = Capabilities(can_write=False, can_list_people=options.get("mood") != "mute")

    def people(self):
        if self.options.get("mood") == "locked":
            raise SignInNeeded(f"{self.name}: the grant has expired", "calsync calendars sign-in " + self.name)
        if self.options.get("mood") == "away":
            raise Unreachable(f"{self.name}: no answer", "try again later")
        return [
            AccountPerson("Ana Sousa", ("ana@example.com", "a.sousa@example.org"), "reports to you"),
            AccountPerson("Okafor, Ben", ("ben@example.com",), "in your contacts"),
            AccountPerson("Zoe Adler", ("zoe@example.com",), "in your contacts"),
            AccountPerson("Maya", ("maya@example.com",), "in your contacts"),
        ]

    def close(self):
        pass
"""
CONFIG = """\
# Maya's file
timezone: Europe/Berlin
calendars:
  - {name: work, provider: stranger, account: maya@example.com}
CALENDARS
people:
  - {name: Zoe Adler, email: zoe@example.com, ideal: 14d, max: 28d}   # a friend
"""


@pytest.fixture
def office(tmp_path: Path) -> Path:
    info = tmp_path / "packages" / "stranger-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[calsync.providers]\nstranger = stranger_adapter:Stranger\n")
    (tmp_path / "packages" / "stranger_adapter.py").write_text(STRANGER)
    return tmp_path


def call(run: RunCalsync, office: Path, args: Sequence[str], *, also: Sequence[str] = (), start: bool = True) -> Ran:
    path = office / "config.yaml"
    if start:
        path.write_text(CONFIG.replace("CALENDARS\n", "".join(f"  - {line}\n" for line in also)))
    place = ["--config", path, "--state", office / "state"]
    env = {"PYTHONPATH": f"{office / 'packages'}:{HOME}"}
    return run([*place, "people", "import", *args], env=env)


def test_without_a_pick_it_shows_who_was_found_and_adds_nobody(run_calsync: RunCalsync, office: Path) -> None:
    ran = call(run_calsync, office, ["--from", "stranger"])
    assert (ran.code, ran.stderr) == (0, "")
    *rows, last = ran.stdout.splitlines()
    assert [" ".join(row.split()) for row in rows] == [
        "name addresses why already",
        "Ana Sousa ana@example.com, a.sousa@example.org reports to you",
        "Ben Okafor ben@example.com in your contacts",
        "Zoe Adler zoe@example.com in your contacts in the rotation",
    ]
    assert last.startswith("Nobody was added. To add some of them, repeat this with --pick NAME")
    assert "ana" not in (office / "config.yaml").read_text().lower()


def test_the_listing_in_json_has_the_documented_keys(run_calsync: RunCalsync, office: Path) -> None:
    also = ["{name: home, provider: stranger, account: m@example.net, mood: away}"]
    ran = call(run_calsync, office, ["--from", "stranger", "--json"], also=also)
    assert ran.code == 3
    assert ran.json() == {
        "people": [
            {
                "name": "Ana Sousa",
                "addresses": ["ana@example.com", "a.sousa@example.org"],
                "why": "reports to you",
                "known_as": None,
                "would_add": [],
            },
            {
                "name": "Ben Okafor",
                "addresses": ["ben@example.com"],
                "why": "in your contacts",
                "known_as": None,
                "would_add": [],
            },
            {
                "name": "Zoe Adler",
                "addresses": ["zoe@example.com"],
                "why": "in your contacts",
                "known_as": "Zoe Adler",
                "would_add": [],
            },
        ],
        "errors": [{"what": "home: no answer", "next_step": "try again later"}],
    }


def test_a_picked_person_is_added_and_every_other_byte_of_the_file_stays(run_calsync: RunCalsync, office: Path) -> None:
    ran = call(run_calsync, office, ["--from", "stranger", "--pick", "ana", "--ideal", "2w"])
    path = office / "config.yaml"
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout == f"Ana Sousa is in the rotation (written to {path}).\n"
    new = "  - {name: Ana Sousa, email: [ana@example.com, a.sousa@example.org], ideal: 14d, max: 28d}\n"
    assert path.read_text() == CONFIG.replace("CALENDARS\n", "") + new
    again = call(run_calsync, office, ["--from", "stranger", "--pick", "a.sousa@example.org"], start=False)
    assert again.stdout == "Ana Sousa is in the rotation already and stays as they are.\n"


def test_everybody_can_be_added_and_on_paper_first(run_calsync: RunCalsync, office: Path) -> None:
    ran = call(run_calsync, office, ["--from", "stranger", "--all", "--dry-run"])
    assert ran.code == 0
    assert ran.stdout.count("would be written to") == 2
    assert (office / "config.yaml").read_text() == CONFIG.replace("CALENDARS\n", "")
    call(run_calsync, office, ["--from", "stranger", "--all"], start=False)
    assert (office / "config.yaml").read_text().count("max: 56d") == 2


def test_a_pick_that_nobody_has_names_the_nearest(run_calsync: RunCalsync, office: Path) -> None:
    ran = call(run_calsync, office, ["--from", "stranger", "--pick", "Anna Souza"])
    assert (ran.code, ran.stdout) == (2, "")
    assert ran.stderr == "calsync: nobody called Anna Souza was found\n  did you mean Ana Sousa?\n"


@pytest.mark.parametrize(
    ("mood", "code", "what"),
    [
        ("locked", 4, "home: the grant has expired\n  calsync calendars sign-in home"),
        ("away", 3, "home: no answer\n  try again later"),
        (
            "mute",
            3,
            """home: a stranger calendar does not say whom the account knows
  see whom you met: calsync people import --from meetings""",
        ),
    ],
)
def test_an_account_that_cannot_be_asked_is_named_and_the_others_are_shown(
    run_calsync: RunCalsync, office: Path, mood: str, code: int, what: str
) -> None:
    also = [f"{{name: home, provider: stranger, account: m@example.net, mood: {mood}}}"]
    ran = call(run_calsync, office, ["--from", "stranger", "--pick", "Ben"], also=also)
    assert ran.code == code
    assert ran.stderr == f"calsync: {what}\n"
    assert "Ben Okafor is in the rotation" in ran.stdout


@pytest.mark.parametrize("more", [[], ["--pick", "Ana"], ["--all"]])
def test_where_no_account_could_be_asked_only_that_is_said(
    run_calsync: RunCalsync, office: Path, more: list[str]
) -> None:
    path = office / "config.yaml"
    path.write_text(CONFIG.replace("CALENDARS\n", "").replace("account:", "mood: locked, account:"))
    ran = call(run_calsync, office, ["--from", "stranger", *more], start=False)
    assert (ran.code, ran.stdout) == (4, "")
    assert ran.stderr == "calsync: work: the grant has expired\n  calsync calendars sign-in work\n"


@pytest.mark.parametrize(
    ("args", "what", "cure"),
    [
        ([], "there is nothing to import from", "name a FILE, or say --from google, microsoft or meetings"),
        (["p.csv", "--from", "meetings"], "FILE and --from exclude each other", "give one of them"),
        (["p.csv", "--pick", "Ana"], "--pick goes with --from only", "leave out --pick"),
        (["p.csv", "--all"], "--all goes with --from only", "leave out --all"),
        (["p.csv", "--json"], "--json goes with --from only", "leave out --json"),
        (["p.csv", "--calendar", "work"], "--calendar goes with --from only", "leave out --calendar"),
        (["--from", "meetings", "--format", "csv"], "--format goes with FILE only", "leave out --format"),
        (
            ["--from", "meetings", "--all", "--pick", "Ana"],
            "--all and --pick exclude each other",
            "leave out one of them",
        ),
        (["--from", "meetings", "--all", "--json"], "--json shows who was found, and adds nobody", "leave out --json"),
        (
            ["--from", "microsoft"],
            "no calendar of provider microsoft is connected",
            "connect one, or say --from meetings",
        ),
        (["--from", "outlook"], "people cannot be imported from 'outlook'", "it can be google, microsoft or meetings"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused_in_one_line(
    run_calsync: RunCalsync, office: Path, args: list[str], what: str, cure: str
) -> None:
    (office / "p.csv").write_text("name\nAna\n")
    ran = call(run_calsync, office, [str(office / a) if a == "p.csv" else a for a in args])
    assert (ran.code, ran.stdout) == (2, "")
    first, second = ran.stderr.splitlines()
    assert first == f"calsync: {what}"
    assert second.startswith(f"  {cure}")


def test_past_one_on_ones_of_a_folder_are_found_after_a_night(run_calsync: RunCalsync, tmp_path: Path) -> None:
    demo = tmp_path / "demo"
    assert run_calsync(["demo", demo, "--now", NOW]).code == 0
    place = ["--config", demo / "config.yaml", "--state", demo / "state"]
    found = run_calsync([*place, "people", "import", "--from", "meetings", "--now", NOW, "--json"])
    assert found.code == 0, found.stderr
    people = json.loads(found.stdout)["people"]
    assert people
    assert all("one-on-one" in person["why"] for person in people)
    listed = run_calsync([*place, "people", "list", "--json"]).json()["people"]
    rotation = {address for person in listed for address in person["addresses"]}
    assert {p["name"] for p in people if p["known_as"] is None} == {
        p["name"] for p in people if rotation.isdisjoint(p["addresses"])
    }
