"""Each step of the setup, with a leader who answers from a script: what is proposed, and what comes of the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest

from calsync.config.load import load_config
from calsync.errors import CalsyncError
from calsync.setup.connect import calendars
from calsync.setup.crowd import people
from calsync.setup.entries import asked_entry
from calsync.setup.missing import missing
from calsync.setup.plan import Setup
from calsync.setup.running import STEPS, answer_all, let_run, take_effect
from calsync.setup.shape import blocks, privacy
from calsync.setup.timing import schedule
from calsync.setup.week import hours
from calsync.setup.wishes import Wishes
from calsync.tokens import SecretStore
from tests.keyrings import DictKeyring
from tests.unit.schedule.programs import Machine
from tests.unit.setup.conftest import Scripted

Begin = Callable[..., Setup]


def connected(begin: Begin, talk: Scripted | None = None, wishes: Wishes | None = None) -> Setup:
    """A setup whose folder of calendars is connected, which takes the defaults alone."""
    setup = begin(Scripted(), Wishes())
    calendars(setup)
    return Setup(setup.draft, wishes or Wishes(), talk or Scripted())


def test_a_folder_where_programs_keep_calendars_is_proposed_and_tried(begin: Begin, home: Path) -> None:
    setup = begin(talk := Scripted())
    calendars(setup)
    assert setup.draft.values["calendars"] == [
        {"name": "work", "provider": "ics", "write": True, "path": str(home / "calendars"), "calendar": "work"}
    ]
    assert f"There are calendar files in {home / 'calendars'}." in talk.said
    assert "work can be written: a test event was made there and removed again." in talk.said
    assert [path for path in (home / "calendars" / "work").iterdir() if path.name.startswith("cs")] == []


def test_a_folder_that_cannot_be_written_is_told_and_may_be_read_only(begin: Begin, home: Path) -> None:
    talk = Scripted({"Blocks cannot be written": ["read"]})
    setup = begin(talk)
    (home / "calendars" / "work").chmod(0o500)
    calendars(setup)
    (home / "calendars" / "work").chmod(0o700)
    if talk.warned:  # whoever may write everywhere is not refused
        assert "write" not in setup.draft.values["calendars"][0]


def test_a_calendar_that_cannot_be_opened_can_be_left_out(begin: Begin, home: Path) -> None:
    talk = Scripted(
        {
            "Where is the calendar?": ["files"],
            "The folder": [str(home / "broken.ics")],
            "What now?": ["out"],
        }
    )
    (home / "broken.ics").write_text("no calendar", "utf-8")
    setup = begin(talk)
    calendars(setup)
    assert [one["name"] for one in setup.draft.values["calendars"]] == ["work"]
    assert [what for what, _ in talk.warned] != []


def test_working_hours_addresses_zone_and_holidays_come_from_answers_and_defaults(begin: Begin) -> None:
    talk = Scripted(
        {"Your own mail addresses": ["maya@example.com, Maya@Example.org"], "Your working": ["mon 9-5", ""]}
    )
    talk.answers["Your working hours"] = talk.answers.pop("Your working")
    talk.answers["Your working hours"] = ["mon 09:00-17:00, 10:00-11:00", "mon-wed 09:00-15:00"]
    setup = connected(begin, talk)
    hours(setup)
    values = setup.draft.values
    assert values["timezone"] == "Europe/Berlin"
    assert values["me"] == ["maya@example.com", "maya@example.org"]
    assert values["working_hours"] == {"mon-wed": "09:00-15:00"}
    assert values["holidays"] == "DE"
    assert [why for _, why in talk.warned] == ["09:00-17:00 and 10:00-11:00 overlap"]


def test_addresses_are_taken_as_mail_programs_copy_them(begin: Begin) -> None:
    copied = '"Lind, Maya" <maya@example.com>, Maya Lind <maya@example.org>; m@example.net'
    setup = connected(begin, Scripted({"Your own mail addresses": [copied]}))
    hours(setup)
    assert setup.draft.values["me"] == ["maya@example.com", "maya@example.org", "m@example.net"]


@pytest.mark.parametrize("form", ["'{}'", '"{}"', " {} ", "{}"])
def test_a_path_is_taken_as_it_comes_when_a_file_is_dragged_into_the_terminal(
    form: str, begin: Begin, home: Path
) -> None:
    folder = (home / "calendars").rename(home / "my calendars") / "work"
    said = form.format(folder) if form != "{}" else str(folder).replace(" ", "\\ ")
    setup = begin(Scripted({"Where is the calendar?": ["files"], "The folder": [said]}))
    calendars(setup)
    assert [one["path"] for one in setup.draft.values["calendars"]] == [str(folder)]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("webcal://school.example.net/a.ics", "https://school.example.net/a.ics"),
        ("school.example.net/a.ics", "https://school.example.net/a.ics"),
        ("http://localhost:5232/a.ics", "http://localhost:5232/a.ics"),
    ],
)
def test_a_link_may_come_as_pages_show_it_and_needs_no_name(said: str, meant: str, begin: Begin) -> None:
    setup = begin(Scripted({"Where is the calendar?": ["link"], "The link": [said], "The name": ["None"]}))
    name = "localhost" if "localhost" in meant else "school.example.net"
    assert asked_entry(setup, [], writes=True) == {"name": name, "provider": "ics", "url": meant}


def test_nobodys_holidays_are_guessed_where_nobody_answers(begin: Begin) -> None:
    setup = connected(begin, Scripted(attended=False))
    hours(setup)
    assert "holidays" not in setup.draft.values


def test_blocks_are_shown_whole_and_asked_for_one_by_one_only_where_they_are_not_right(begin: Begin) -> None:
    setup = connected(begin, talk := Scripted())
    blocks(setup)
    [line] = [line for line in talk.said if line.startswith("  connect")]
    assert line.startswith("  connect: 2 a week of 30 minutes, 2 people each, any time, titled Focus; time to")
    assert [question for question, _ in talk.asked] == ["Is that right for you?"]
    answers = {"Is that right": ["n"], "How many a week": ["3", "0", "0"], "When do they suit": ["afternoon"]}
    setup = Setup(setup.draft, Wishes(), talk := Scripted(answers))
    blocks(setup)
    said = setup.draft.values["blocks"]
    assert (said["connect"]["per_week"], said["connect"]["prefer"]) == (3, "afternoon")
    assert (said["follow-through"]["per_week"], said["kindness"]["per_week"]) == (0, 0)


def test_a_kind_of_block_that_a_configuration_does_not_list_stays_unlisted(begin: Begin, home: Path) -> None:
    (home / "config").mkdir()
    text = "calendars: [{name: work, provider: ics, path: /nowhere}]\nblocks: {connect: {per_week: 1}}\n"
    (home / "config" / "config.yaml").write_text(text, "utf-8")
    setup = begin(talk := Scripted())
    blocks(setup)
    assert not setup.draft.differs
    assert "  kindness: none; a few minutes for one small act of kindness" in talk.said


def test_people_are_ticked_among_those_who_were_met_and_nobody_comes_in_unasked(begin: Begin) -> None:
    setup = connected(begin, Scripted({"Where from?": ["met"]}))
    setup.draft.change((), {"me": ["maya@example.com"]})
    people(setup)
    assert not setup.draft.values.get("people")
    talk = Scripted(
        {"Where from?": ["met"], "Who of them": ["Ana Sousa,Grace Lin"], "How often": ["2w"], "And at": ["21d"]}
    )
    setup = Setup(setup.draft, Wishes(), talk)
    people(setup)
    assert talk.warned == []
    assert setup.draft.values["people"] == [
        {"name": "Ana Sousa", "email": "ana@example.com", "ideal": "14d", "max": "21d"},
        {"name": "Grace Lin", "email": "grace@example.com", "ideal": "14d", "max": "21d"},
    ]
    setup = Setup(setup.draft, Wishes(), talk := Scripted({"Where from?": ["met"]}))
    people(setup)
    assert not any(row.startswith("Ana Sousa <") for row in talk.said)


def test_people_are_typed_and_read_from_a_file(begin: Begin, home: Path) -> None:
    (home / "people.csv").write_text(
        "name,email,ideal,max\nBen Okafor,ben@example.com,7d,14d\n,x@example.com,,\n", "utf-8"
    )
    talk = Scripted(
        {
            "Where from?": ["type", "file"],
            "A name": ["ana@example.com", "Ana Sousa <ana@example.com>", "Chiara", ""],
            "The file": ["~/none.csv", str(home / "people.csv")],
        }
    )
    setup = connected(begin, talk)
    people(setup)
    assert setup.draft.values["people"] == [
        {"name": "Ana Sousa", "email": "ana@example.com", "ideal": "28d", "max": "56d"},
        {"name": "Chiara", "ideal": "28d", "max": "56d"},
        {"name": "Ben Okafor", "email": "ben@example.com", "ideal": "7d", "max": "14d"},
    ]
    assert any("expected a name with the address behind it" in why for _, why in talk.warned)
    assert any(f"there is no file {home / 'none.csv'}" in why for _, why in talk.warned)
    assert any(str(home / "people.csv") in what for what, _ in talk.warned)


def test_privacy_is_the_safest_unless_it_is_asked_for_otherwise(begin: Begin) -> None:
    setup = connected(begin)
    privacy(setup)
    assert "exports" not in setup.draft.values
    assert setup.draft.values["privacy"] == {"names": "none", "free_busy": False, "notes_months": 18}
    talk = Scripted({"What may stand": ["first"], "A file with": ["~/public/c.ics"], "How much": ["titles"]})
    setup = Setup(setup.draft, Wishes(), talk)
    privacy(setup)
    assert setup.draft.values["privacy"]["names"] == "first"
    assert setup.draft.values["exports"] == [{"path": "~/public/c.ics", "details": "titles"}]


def test_what_this_machine_cannot_do_is_refused_by_name(begin: Begin) -> None:
    setup = connected(begin, Scripted(attended=False), Wishes(schedule="windows"))
    with pytest.raises(CalsyncError, match="windows cannot run calsync on this machine"):
        schedule(setup)
    assert setup.draft.noted("schedule") is None


def test_everything_that_is_missing_is_named_at_once(begin: Begin) -> None:
    setup = begin(Scripted(attended=False))
    assert [error.what for error in missing(setup.draft, setup.wishes)] == [
        "no calendar is named",
        "nobody is named for the rotation",
        "it is not said what is to run calsync every night",
        "it is not said whether the first plan is to be written at once",
    ]


def test_a_password_and_a_sign_in_that_are_missing_are_named_with_their_calendar(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = begin(Scripted(attended=False), Wishes(nobody=True, schedule="none", write_now=False))
    setup.draft.add("calendars", {"name": "dav", "provider": "caldav", "url": "https://x.example/", "username": "maya"})
    setup.draft.add("calendars", {"name": "g", "provider": "google", "account": "maya@example.com"})
    assert [(error.what, error.next_step) for error in missing(setup.draft, setup.wishes)] == [
        ("dav: there is no password for it", "add --password dav=FILE, or set CALSYNC_SECRET_DAV"),
        (
            "g: nobody has signed in to it yet",
            "add --token-file g=FILE, or run this setup at a terminal, without --non-interactive",
        ),
    ]
    monkeypatch.setenv("CALSYNC_SECRET_DAV", "hush")
    assert [error.what for error in missing(setup.draft, setup.wishes)] == ["g: nobody has signed in to it yet"]


def test_what_was_answered_is_not_asked_again_after_a_stop(begin: Begin) -> None:
    class Stops(Scripted):
        def agree(self, question: str, default: bool) -> bool:
            if question.startswith("Is that right"):
                raise KeyboardInterrupt
            return super().agree(question, default)

    with pytest.raises(KeyboardInterrupt):
        answer_all(begin(Stops({"Your own mail": ["maya@example.com"]})))
    setup = begin(talk := Scripted())
    answer_all(setup)
    assert talk.said[0] == (
        "Going on where you stopped. Answered already: calendars, hours and holidays; `calsync setup --afresh` begins "
        "anew."
    )
    assert not any(question.startswith("Your time zone") for question, _ in talk.asked)
    assert setup.draft.answered == tuple(name for name, _, _ in STEPS)
    assert setup.draft.values["me"] == ["maya@example.com"]


def test_run_again_it_changes_only_what_is_chosen(begin: Begin, home: Path, now_kinds: Any) -> None:
    answer_all(first := begin(Scripted({"Your own mail": ["maya@example.com"], "What should run": ["none"]})))
    first.draft.put_in_place()
    first.draft.discard()
    before = (home / "config" / "config.yaml").read_text("utf-8")
    again = begin(Scripted({"What do you want to change?": ["done"]}))
    answer_all(again)
    assert not again.draft.differs
    talk = Scripted({"What do you want to change?": ["hours", "done"], "Whose public holidays": ["DE-BY"]})
    again = begin(talk)
    answer_all(again)
    again.draft.put_in_place()
    after = (home / "config" / "config.yaml").read_text("utf-8")
    assert after == before.replace("holidays: DE\n", "holidays: DE-BY\n")
    assert load_config(home / "config" / "config.yaml", **now_kinds).holidays == "DE-BY"


@pytest.fixture
def now_kinds() -> dict[str, Any]:
    """What a configuration is checked by."""
    from datetime import date

    from calsync.registry import kinds, option_keys

    known = {kind: frozenset(option_keys(kind)) for kind in kinds()}
    return {"today": date(2026, 11, 26), "provider_kinds": known}


def test_what_an_option_says_counts_also_where_the_step_would_not_be_asked(begin: Begin) -> None:
    answer_all(begin(Scripted({"What should run": ["none"]})))
    again = begin(talk := Scripted(), Wishes(holidays="DE-BY"))
    answer_all(again)
    assert again.draft.values["holidays"] == "DE-BY"
    assert not any(question.startswith("Is that right") for question, _ in talk.asked)
    again.draft.put_in_place()
    again.draft.discard()
    again = begin(talk := Scripted(), Wishes(pings=1))
    answer_all(again)
    assert again.draft.values["blocks"]["connect"]["pings"] == 1
    assert [question for question, _ in talk.asked] == ["Is that right for you?", "What do you want to change?"]


@pytest.fixture
def desktop() -> Iterator[DictKeyring]:
    """A keyring that is open for whoever is logged in, and for nobody else."""
    before, mine = keyring.get_keyring(), DictKeyring()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


@pytest.mark.parametrize("wanted", [True, False])
def test_secrets_that_cron_cannot_reach_are_copied_into_the_file_if_the_leader_agrees(
    begin: Begin, desktop: DictKeyring, wanted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = connected(begin, talk := Scripted({"Without a desktop": ["y" if wanted else "n"]}))
    machine = Machine(tmp_path / "machine", monkeypatch, "crontab")
    secrets = SecretStore(setup.draft.state)
    assert secrets.put("work", "hush", "keyring") == "keyring"
    setup.draft.note("schedule", "cron")
    setup.draft.note("at", "03:30")
    lines = [*take_effect(setup), *let_run(setup)]
    assert machine.crontab is not None
    [(question, _)] = talk.asked
    assert question.startswith("Without a desktop a night cannot open your keyring, which has the secrets of work.")
    said = f"The secrets of work are in a file in {setup.draft.state} now, which only you can read."
    assert (said in lines) == wanted
    assert (setup.draft.state / "secrets.json").exists() == wanted
