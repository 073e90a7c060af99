"""Idea 11: what the leader promised, by the commands: noted, listed, kept, dropped, never read by anybody else."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.cli import main
from calsync.desk import Desk
from calsync.people.promises import DAY_ENDS, PromiseState
from calsync.promises import Asked, close, make, promised, reopen
from calsync.state.store import Store
from tests.unit.cli.calling import NOW, Calsync, desk_at, every_byte, later, places, plain_demo

SECRET = "Zwetschgenknoedel"
"""A word that stands in a promise of these tests and nowhere else."""


@pytest.fixture(scope="session")
def a_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files alone: no night has run."""
    return plain_demo(tmp_path_factory.mktemp("promises") / "demo").folder


def listed(calsync: Calsync, *args: str, now: str = NOW) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = calsync("promise", "list", "--json", *args, now=now).json()["promises"]
    return found


# ---------------------------------------------------------------------- made and listed


def test_a_promise_is_noted_with_its_number_its_day_and_how_long_it_takes(calsync) -> None:
    said = calsync("promise", "add", "ana", " intro  to\nBo ", "--by", "fri", "--minutes", "45")
    assert said.code == 0
    assert said.out.splitlines()[0] == "Promise 1 to Ana Sousa: intro to Bo, by Fri 13 Nov (45 minutes)."
    (one,) = listed(calsync)
    assert {key: one[key] for key in ("id", "person", "text", "due", "minutes", "state", "late")} == {
        "id": 1,
        "person": "Ana Sousa",
        "text": "intro to Bo",
        "due": "2026-11-13T23:59:00+01:00",
        "minutes": 45,
        "state": "open",
        "late": False,
    }
    assert (one["made_at"], one["closed_at"], one["booked"], one["short"]) == (NOW, None, [], None)


def test_the_list_has_what_is_overdue_first_and_closed_ones_only_when_asked_for(calsync) -> None:
    calsync("promise", "add", "ana", "the slides", "--by", "in 2 weeks")
    calsync("promise", "add", "ben", "intro to Bo", "--by", "wed 14:00")
    calsync("promise", "add", "ana", "the book", "--by", "tomorrow")
    calsync("promise", "add", "ben", "a word with Eva", "--by", "today")
    calsync("promise", "keep", "4")
    at = later(2, hours=10)
    assert [one["text"] for one in listed(calsync, now=at)] == ["the book", "intro to Bo", "the slides"]
    assert [one["text"] for one in listed(calsync, "--all", now=at)][-1] == "a word with Eva"
    said = calsync("promise", "list", now=at).out.splitlines()
    assert [line.split("  ")[0] for line in said] == ["no.", "3", "2", "1"]
    assert "overdue by 1 day" in said[1]
    assert "overdue since 14:00" in said[2]
    assert "Mon 23 Nov" in said[3]
    assert [one["late"] for one in listed(calsync, now=at)] == [True, True, False]


def test_where_nothing_is_promised_the_list_says_so(calsync) -> None:
    assert calsync("promise", "list").out == "No promise is open.\n"
    assert calsync("promise", "list", "--all").out == "You have noted no promise yet: calsync promise add\n"
    assert listed(calsync, "--all") == []


# ---------------------------------------------------------------------- time for it


@pytest.fixture
def asking(folder: Path) -> Path:
    """The leader asks for time to follow through, and a night has planned it: Tuesdays at 11:00, 45 minutes."""
    path = folder / "config.yaml"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("\n  connect: ", "\n  follow-through: {minutes: 45, per_week: 1}\n  connect: "), "utf-8"
    )
    return path


def test_without_a_block_for_it_the_leader_is_told_how_to_have_one(calsync) -> None:
    said = calsync("promise", "add", "ana", "the book", "--by", "fri")
    assert (said.code, said.out.splitlines()[-2:]) == (
        0,
        [
            "No time is set aside for it: the configuration lists no follow-through block.",
            "  To have some each week, add there: blocks: {follow-through: {minutes: 45, per_week: 1}}",
        ],
    )


def test_before_the_first_night_it_is_the_night_that_will_find_time(calsync, asking: Path) -> None:
    said = calsync("done", "ana", "--promise", "the book", "--by", "fri")
    assert (said.code, said.out.splitlines()[-1]) == (0, "The next night finds time for it.")


def test_when_there_is_time_for_it_is_said_at_once_and_stands_in_the_list_and_the_night_does_so(
    calsync, asking: Path
) -> None:
    calsync("nightly")
    said = calsync("promise", "add", "ana", "the book", "--by", "in 2 weeks")
    assert said.code == 0
    assert re.fullmatch(
        r"Time for it: 30 minutes in the block of \w{3} \d+ Nov \d\d:\d\d-\d\d:\d\d", said.out.splitlines()[-1]
    )
    (one,) = listed(calsync)
    assert sum(block["minutes"] for block in one["booked"]) == 30
    assert all(block["end"] <= one["due"] for block in one["booked"])
    assert calsync("nightly", now=later(0, hours=1)).code == 0
    assert listed(calsync, now=later(0, hours=1)) == [one]
    start = datetime.fromisoformat(one["booked"][0]["start"])
    assert f"{start:%a} {start.day} Nov {start:%H:%M}" in calsync("promise", "list").out


def test_what_does_not_fit_is_noted_all_the_same_with_code_5_and_what_would_make_room(calsync, asking: Path) -> None:
    calsync("nightly")
    said = calsync("promise", "add", "ana", "the book", "--by", "today")
    assert (said.code, said.err) == (5, "")
    text = said.out.splitlines()
    assert text[-3].startswith("There is no room for 30 minutes of it: ")
    assert text[-2] == "What would make room:"
    way = re.fullmatch(r"- give it until (.*): (calsync promise edit 1 --by \S+)", text[-1])
    assert way is not None
    (one,) = listed(calsync)
    assert (one["text"], one["short"]["minutes"], one["short"]["room"]) == ("the book", 30, [text[-1][2:]])
    assert "no room for 30 min" in calsync("promise", "list").out
    assert calsync(*way[2].split()[1:]).code == 0
    assert listed(calsync)[0]["short"] is None


def test_a_block_that_only_a_run_of_today_can_add_says_by_when_it_has_to_run(calsync, asking: Path) -> None:
    """The night may come when nothing new is booked so near any more."""
    calsync("nightly")
    said = calsync("promise", "add", "ana", "the book", "--by", "tomorrow")
    assert said.code == 0
    way = re.search(r"adds that block if it runs by (today|tomorrow) (\d\d):(\d\d)$", said.out.rstrip())
    assert way is not None
    (one,) = listed(calsync)
    last = datetime.fromisoformat(NOW).replace(hour=int(way[2]), minute=int(way[3])) + timedelta(way[1] == "tomorrow")
    assert datetime.fromisoformat(one["booked"][0]["start"]) - last == timedelta(hours=20)
    assert calsync("nightly", now=last.isoformat()).code == 0
    again = listed(calsync, now=last.isoformat())
    assert (again[0]["booked"], again[0]["short"]) == (one["booked"], None)


def test_what_a_new_promise_pushes_out_is_said_too(calsync, asking: Path) -> None:
    calsync("nightly")
    assert calsync("promise", "add", "ana", "the book", "--by", "thu", "--minutes", "480").code == 5
    all_there_is = str(480 - listed(calsync)[0]["short"]["minutes"])
    assert calsync("promise", "edit", "ana", "--minutes", all_there_is).code == 0
    said = calsync("promise", "add", "ben", "the slides", "--by", "thu 22:00", "--minutes", "30")
    assert said.code == 5
    assert "Promise 1 to Ana Sousa no longer fits beside it. There is no room for " in said.out
    again = calsync("promise", "add", "chiara", "a card", "--by", "in 3 weeks", "--minutes", "5")
    assert again.code == 0
    assert "no longer fits" not in again.out


def test_a_kept_promise_gives_its_time_back(calsync, asking: Path) -> None:
    calsync("nightly")
    calsync("promise", "add", "ana", "the book", "--by", "in 2 weeks")
    calsync("nightly", now=later(0, hours=1))
    said = calsync("promise", "keep", "1", now=later(0, hours=2))
    assert said.out.endswith("The next brief for them says so. The next night gives its time back.\n")
    assert [(one["booked"], one["short"]) for one in listed(calsync, "--all")] == [([], None)]


def test_the_list_fits_a_terminal_of_80_columns(folder: Path, asking: Path) -> None:
    paths = places(folder)
    main([*paths, "nightly", "--now", NOW])
    main(
        [
            *paths,
            "promise",
            "add",
            "elif",
            "introduce her to whoever is building the new office in Porto",
            "--by",
            "2w",
            "--now",
            NOW,
        ]
    )
    shown = on_a_terminal([*paths, "promise", "list", "--now", NOW], columns=80)
    assert "Porto" in shown
    assert "─" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def on_a_terminal(args: list[str], columns: int) -> str:
    """What `calsync ARGS` shows on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen([sys.executable, "-m", "calsync", *args], stdout=theirs, env=env) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:  # what Linux says at the end
                break
            if not more:
                break
            shown += more
        process.wait()
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r", "")


# ---------------------------------------------------------------------- bad input

WRONG = [
    ([], "a promise needs a person and a text", 'for example: calsync promise add Ana "intro to Bo" --by fri'),
    (
        ["intro to Bo", "--by", "fri"],
        "a promise needs a person and a text",
        'for example: calsync promise add Ana "intro to Bo" --by fri',
    ),
    (
        ["ana", "--by", "fri"],
        "the promise has no text",
        'for example: calsync promise add Ana "intro to Bo" --by fri',
    ),
    (
        ["ana", "  ", "--by", "fri"],
        "the promise has no text",
        'say what you promised: calsync promise add Ana "intro to Bo" --by fri',
    ),
    (["ana", "x"], "a promise needs a day", "add --by, for example --by fri or --by 2026-12-04"),
    (["ana", "x", "--by", "2026-11-08"], "'2026-11-08' is over", "give a later day or hour"),
    (["ana", "x", "--by", "yesterday"], "'yesterday' is over", "give a later day or hour"),
    (["ana", "x", "--by", "2126-11-08"], "'2126-11-08' is more than ten years ahead", "check the year"),
    (
        ["ana", "x", "--by", "soon"],
        "'soon' is no day or hour",
        "write it as fri, fri 14:00, in 2 weeks, 3 Dec or 2026-12-03",
    ),
    (["Ana Suosa", "x", "--by", "fri"], "nobody called Ana Suosa is in the rotation", "did you mean Ana Sousa?"),
    (
        ["Zbigniew", "x", "--by", "fri"],
        "nobody called Zbigniew is in the rotation",
        "`calsync people list` shows who is",
    ),
    (
        ["ana", "x", "--by", "fri", "--minutes", "0"],
        "a promise cannot take 0 minutes",
        "give 1 to 480; what takes longer is better kept as several promises",
    ),
    (
        ["ana", "x", "--by", "fri", "--minutes", "-5"],
        "a promise cannot take -5 minutes",
        "give 1 to 480; what takes longer is better kept as several promises",
    ),
    (
        ["ana", "x", "--by", "fri", "--minutes", "481"],
        "a promise cannot take 481 minutes",
        "give 1 to 480; what takes longer is better kept as several promises",
    ),
    (
        ["ana", "x", "--by", "fri", "--minutes", "half"],
        "invalid value for '--minutes': 'half' is no whole number",
        "see: calsync promise add --help",
    ),
    (["ana", "a\x07b", "--by", "fri"], "the promise has control characters in it", "write it as plain text"),
    (["ana", "x" * 301, "--by", "fri"], "the promise has more than 300 letters", "say it in fewer words"),
]


@pytest.mark.parametrize(("args", "what", "to_do"), WRONG, ids=lambda value: str(value)[:40])
def test_what_is_no_promise_is_refused_in_one_line_with_what_to_do(calsync, args, what: str, to_do: str) -> None:
    said = calsync("promise", "add", *args)
    assert (said.code, said.out, said.err) == (2, "", f"calsync: {what}\n  {to_do}\n")
    assert listed(calsync, "--all") == []


@pytest.mark.parametrize(
    ("args", "what", "to_do"),
    [
        (["keep", "9"], "there is no promise 9", "`calsync promise list --all` shows each with its number"),
        (["drop", "9" * 5000], f"there is no promise {'9' * 5000}", None),
        (
            ["keep", "chiara"],
            "no promise to Chiara Ricci is open",
            "`calsync promise list --all` shows each with its number",
        ),
        (["keep", "ana"], "2 promises to Ana Sousa are open: 1 and 2", "give the number: calsync promise keep 1"),
        (["edit", "ana", "--by", "mon"], "2 promises to Ana Sousa are open: 1 and 2", None),
        (["keep", "Zbigniew"], "nobody called Zbigniew is in the rotation", None),
        (["edit", "1"], "nothing to change", "give --by, --minutes or --text"),
        (["edit", "1", "--by", "yesterday"], "'yesterday' is over", None),
        (["edit", "1", "--minutes", "500"], "a promise cannot take 500 minutes", None),
        (["edit", "1", "--text", " "], "the text is empty", "write something, or leave out --text"),
        (["keep", " "], "no name is given", "`calsync people list` shows who is in the rotation"),
        (["keep", "1", "--on", "tomorrow"], "Tue 10 Nov is still to come", "say so once it is done"),
        (["keep", "1", "--on", "2026-11-01"], "promise 1 was made after that, on Mon 9 Nov", None),
        (["keep", "1", "--undo"], "promise 1 is open, not kept", None),
        (["keep", "1", "--undo", "--on", "fri"], "--undo opens a promise again, which takes no day", None),
        (["keep", "3"], "promise 3 was dropped on Mon 9 Nov", "open it again first: calsync promise drop 3 --undo"),
        (["edit", "3", "--by", "mon"], "promise 3 was dropped on Mon 9 Nov", None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_promise_that_cannot_be_meant_is_refused_and_nothing_changes(
    calsync, args, what: str, to_do: str | None
) -> None:
    calsync("promise", "add", "ana", "the book", "--by", "fri")
    calsync("promise", "add", "ana", "the slides", "--by", "mon")
    calsync("promise", "add", "ben", "a word with Eva", "--by", "mon")
    calsync("promise", "drop", "ben")
    before = listed(calsync, "--all")
    said = calsync("promise", *args)
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines()[0] == f"calsync: {what}"
    assert len(said.err.splitlines()) == 2
    assert to_do is None or said.err.splitlines()[1] == f"  {to_do}"
    assert listed(calsync, "--all") == before


# ---------------------------------------------------------------------- kept, dropped, changed


def test_keep_says_whether_it_was_in_time_and_twice_is_once(calsync) -> None:
    calsync("promise", "add", "ana", "the book", "--by", "tomorrow")
    said = calsync("promise", "keep", "ana", now=later(3))
    assert said.out == "Noted as kept, after its day: the book, to Ana Sousa. The next brief for them says so.\n"
    again = calsync("promise", "keep", "1", now=later(4))
    assert (again.code, again.out) == (0, "That promise is kept already, since Thu 12 Nov: the book, to Ana Sousa.\n")
    (one,) = listed(calsync, "--all", now=later(4))
    assert (one["state"], one["late"], one["closed_at"]) == ("kept", True, later(3))


@pytest.mark.parametrize(("on", "closed_at", "late"), [("tue", "12:00", False), ("wed", "12:00", True)])
def test_a_day_without_an_hour_is_in_time_when_it_was_due_on_that_day(calsync, on, closed_at: str, late: bool) -> None:
    calsync("promise", "add", "ana", "the book", "--by", "tomorrow")
    calsync("promise", "keep", "1", "--on", on, now=later(3))
    (one,) = listed(calsync, "--all", now=later(3))
    assert (one["closed_at"][11:16], one["late"]) == (closed_at, late)


def test_on_the_day_it_was_due_at_an_hour_the_day_alone_is_in_time(calsync) -> None:
    calsync("promise", "add", "ana", "the book", "--by", "tomorrow 09:00")
    calsync("promise", "keep", "1", "--on", "tue", now=later(3))
    (one,) = listed(calsync, "--all", now=later(3))
    assert (one["closed_at"], one["late"]) == ("2026-11-10T09:00:00+01:00", False)


def test_what_was_kept_or_dropped_by_mistake_is_open_again(calsync) -> None:
    calsync("promise", "add", "ana", "the book", "--by", "fri")
    before = listed(calsync)
    for verb, state in (("keep", "kept"), ("drop", "dropped")):
        calsync("promise", verb, "1")
        assert listed(calsync, "--all")[0]["state"] == state
        assert calsync("promise", verb, "ana", "--undo").out == "Open again: the book, to Ana Sousa.\n"
        assert listed(calsync) == before


def test_a_promise_gets_another_day_length_and_words(calsync) -> None:
    calsync("promise", "add", "ana", "the bok", "--by", "fri")
    said = calsync("promise", "edit", "ana", "--by", "mon", "--minutes", "90", "--text", "the book")
    assert said.out.splitlines()[0] == "Promise 1 to Ana Sousa: the book, by Mon 16 Nov (90 minutes)."
    again = calsync("promise", "edit", "1", "--by", "mon")
    assert again.out.splitlines()[0] == "Nothing changes: the book, to Ana Sousa."
    (one,) = listed(calsync)
    assert (one["text"], one["due"], one["minutes"]) == ("the book", "2026-11-16T23:59:00+01:00", 90)


def test_dry_runs_say_what_would_be_and_write_nothing(calsync, folder: Path) -> None:
    said = calsync("promise", "add", "ana", "the book", "--by", "fri", "--dry-run")
    assert said.out == "Would note a promise to Ana Sousa: the book, by Fri 13 Nov (30 minutes).\n"
    assert not (folder / "state" / "secrets.json").exists()
    calsync("promise", "add", "ana", "the book", "--by", "fri")
    before = listed(calsync)
    for args, out in (
        (("keep", "1"), "Would note as kept: the book, to Ana Sousa.\n"),
        (("drop", "1"), "Would note as dropped: the book, to Ana Sousa.\n"),
        (("edit", "1", "--by", "mon"), "Would be: Promise 1 to Ana Sousa: the book, by Mon 16 Nov (30 minutes).\n"),
    ):
        assert calsync("promise", *args, "--dry-run").out == out
    assert listed(calsync, "--all") == before
    calsync("promise", "keep", "1")
    assert calsync("promise", "keep", "1", "--undo", "--dry-run").out == "Would open again: the book, to Ana Sousa.\n"
    assert listed(calsync, "--all")[0]["state"] == "kept"


CONFIG = """\
timezone: Europe/Berlin
me: [maya@example.com]
calendars: [{name: work, provider: ics, path: work, write: true}]
people: [{name: Ana Sousa, ideal: 7d, max: 14d}]
"""
DAYS = st.integers(0, 20)


@pytest.fixture(scope="module")
def one_person(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A leader with one person and one state, to which every example adds a promise."""
    folder = tmp_path_factory.mktemp("law")
    (folder / "work").mkdir()
    (folder / "config.yaml").write_text(CONFIG, "utf-8")
    return folder


@settings(max_examples=25)
@given(due=st.integers(1, 20), closed=DAYS, state=st.sampled_from([PromiseState.KEPT, PromiseState.DROPPED]))
def test_to_close_and_to_open_again_is_to_do_nothing(
    one_person: Path, due: int, closed: int, state: PromiseState
) -> None:
    desk = at(one_person, 0)
    asked = Asked("the book", datetime.combine(desk.now.date() + timedelta(due), DAY_ENDS, desk.config.zone), 30)
    made, _ = make(desk, "ana", asked)
    close(at(one_person, closed), str(made.id), state)
    reopen(at(one_person, closed + 1), str(made.id), state)
    with Store(desk.state_folder, desk.now) as store:
        assert promised(desk, store).promises[-1] == made


def at(folder: Path, days: int) -> Desk:
    return desk_at(folder, later(days))


# ---------------------------------------------------------------------- with a talk


def test_a_talk_and_a_promise_are_logged_as_one(calsync) -> None:
    said = calsync("done", "ana", "--promise", "the book", "--by", "mon", "--minutes", "20", "--feel", "4")
    assert said.code == 0
    text = said.out.splitlines()
    assert text[0] == "Noted: you talked with Ana Sousa on Mon 9 Nov. Next by Mon 23 Nov."
    place = text.index("Promise 1 to Ana Sousa: the book, by Mon 16 Nov (20 minutes).")
    assert text[place + 1].startswith("No time is set aside for it"), "what there is to say of its time follows it"
    kept = calsync("people", "export", "ana").json()
    assert [row["kind"] for row in kept["contacts"]] == ["personal"]
    assert [note["feel"] for note in kept["notes"]] == [4]


@pytest.mark.parametrize(
    "args",
    [
        ["--promise", "x"],
        ["--promise", " ", "--by", "fri"],
        ["--promise", "x", "--by", "soon"],
        ["--promise", "x", "--by", "yesterday"],
        ["--promise", "x", "--by", "fri", "--minutes", "0"],
        ["--promise", "a\x07b", "--by", "fri"],
        ["--by", "fri"],
        ["--minutes", "30"],
        ["--promise", "x", "--by", "fri", "--no-answer"],
        ["--promise", "x", "--by", "fri", "--declined"],
        ["--promise", "x", "--by", "fri", "--undo"],
        ["--promise", "x", "--by", "fri", "--on", "tomorrow"],
        ["--promise", "x", "--by", "fri", "--feel", "9"],
    ],
    ids=lambda args: " ".join(args)[:40],
)
def test_where_the_talk_or_the_promise_is_wrong_neither_is_written(calsync, args) -> None:
    said = calsync("done", "ana", *args)
    assert (said.code, said.out) == (2, "")
    assert len(said.err.splitlines()) == 2
    assert calsync("who", "--json").json()["people"][0]["last_personal"] is None
    assert listed(calsync, "--all") == []


def test_a_dry_run_of_both_says_both(calsync) -> None:
    said = calsync("done", "ana", "--promise", "the book", "--by", "fri", "--dry-run")
    assert said.out == "Would note a talk with Ana Sousa, with a promise due Fri 13 Nov 2026 23:59.\n"
    assert listed(calsync) == []


# ---------------------------------------------------------------------- the brief


def briefs(calsync: Calsync, now: str) -> dict[str, list[str]]:
    """By name what each person of the week waits for."""
    blocks = calsync("week", "--json", now=now).json()["blocks"]
    return {person["name"]: person["brief"]["promises"] for block in blocks for person in block["people"]}


def test_a_kept_promise_opens_the_next_talk_and_no_talk_after_that(calsync) -> None:
    calsync("nightly")
    (name, *_), *_ = [[p["name"] for p in b["people"]] for b in calsync("week", "--json").json()["blocks"]]
    calsync("promise", "add", name, "intro to Bo", "--by", "fri")
    calsync("promise", "add", name, "the slides", "--by", "tomorrow")
    assert briefs(calsync, NOW)[name] == ["the slides, by tomorrow", "intro to Bo, by Fri 13 Nov"]
    assert "    promised the slides, by tomorrow" in calsync("week").out
    calsync("promise", "keep", "1", now=later(0, hours=1))
    opening = "done on Mon 9 Nov: intro to Bo. Tell them so, and ask whether it was of use"
    assert briefs(calsync, later(0, hours=2))[name] == ["the slides, by tomorrow", opening]
    calsync("done", name, now=later(0, hours=3))
    after = briefs(calsync, later(0, hours=4))
    assert opening not in [line for lines in after.values() for line in lines]
    assert after.get(name, ["the slides, by tomorrow"]) == ["the slides, by tomorrow"]


def test_the_brief_says_plainly_what_is_overdue(calsync) -> None:
    calsync("nightly")
    names = [p["name"] for b in calsync("week", "--json").json()["blocks"] for p in b["people"]]
    for name in names:
        calsync("promise", "add", name, "the slides", "--by", "today 05:30")
    told = briefs(calsync, later(1))
    assert told
    assert set(map(tuple, told.values())) <= {("the slides, overdue by 1 day (it was due Mon 9 Nov 05:30)",), ()}
    assert ("the slides, overdue by 1 day (it was due Mon 9 Nov 05:30)",) in map(tuple, told.values())


def test_without_the_key_the_brief_knows_that_something_was_promised_and_says_the_problem_once(
    calsync, folder: Path
) -> None:
    calsync("nightly")
    (name, *_), *_ = [[p["name"] for p in b["people"]] for b in calsync("week", "--json").json()["blocks"]]
    calsync("done", "jonas", "--note", "something", "--promise", "the slides", "--by", "fri")
    calsync("promise", "add", name, "intro to Bo", "--by", "fri")
    (folder / "state" / "secrets.json").unlink()
    said = calsync("week")
    assert said.code == 0
    assert "promised something whose words cannot be read, by Fri 13 Nov" in said.out
    assert said.err.count("cannot be read") == 1


# ---------------------------------------------------------------------- private


def test_no_word_of_a_promise_can_be_read_in_any_file_of_the_state(calsync, folder: Path) -> None:
    calsync("promise", "add", "ana", f"a {SECRET} recipe", "--by", "fri")
    calsync("done", "ben", "--promise", f"more {SECRET}", "--by", "mon")
    calsync("promise", "edit", "1", "--text", f"two {SECRET} recipes")
    calsync("nightly")
    calsync("week")
    calsync("promise", "keep", "1")
    calsync("promise", "list", "--all")
    for text in (SECRET, SECRET.lower(), "recipe", '"text"'):
        assert text.encode() not in every_byte(folder)


def test_without_the_key_promises_are_known_and_kept_and_the_problem_is_said_once(calsync, folder: Path) -> None:
    calsync("promise", "add", "ana", "the book", "--by", "fri")
    calsync("promise", "add", "ben", "the slides", "--by", "mon")
    path = folder / "state" / "secrets.json"
    path.rename(path.with_suffix(".away"))
    said = calsync("promise", "list")
    assert said.code == 0
    assert said.err.splitlines()[0] == "calsync: 2 promises cannot be read: their key is not here"
    assert said.out.count("(cannot be read)") == 2
    assert [one["text"] for one in listed(calsync)] == [None, None]
    assert calsync("promise", "keep", "ana").out.startswith("Noted as kept in time: promise 1, to Ana Sousa.")
    assert calsync("promise", "edit", "ben", "--by", "tue").code == 0
    refused = calsync("promise", "add", "ana", "more", "--by", "fri")
    assert (refused.code, refused.out) == (3, "")
    assert "nothing is noted: 2 notes cannot be read" in refused.err
    assert not path.exists()
    path.with_suffix(".away").rename(path)
    assert [(one["text"], one["due"][:10]) for one in listed(calsync)] == [("the slides", "2026-11-10")]


def test_the_words_of_a_closed_promise_expire_as_notes_do_and_that_it_was_kept_stays(calsync, folder: Path) -> None:
    calsync("promise", "add", "ana", "the book", "--by", "fri")
    calsync("promise", "add", "ana", "for ever", "--by", "fri")
    calsync("promise", "keep", "1")
    with Store(folder / "state", datetime.fromisoformat(NOW)) as store:
        bodies = [row.body for row in store.promises()]
        assert all(bodies)
    after = "2028-05-10T05:00:00+02:00"  # eighteen months and a day
    said = calsync("promise", "list", "--all", now=after)
    assert "the book" not in said.out
    assert "Ana Sousa: (its words are deleted)" in said.out
    assert "for ever" in said.out
    assert said.err == ""
    calsync("nightly", now=after)
    with Store(folder / "state", datetime.fromisoformat(after)) as store:
        assert [row.body for row in store.promises()] == ["", bodies[1]]
    assert [(one["text"], one["state"]) for one in listed(calsync, "--all", now=after)] == [
        ("for ever", "open"),
        (None, "kept"),
    ]
    assert bodies[0].encode() not in (folder / "state" / "decisions.json").read_bytes()


def test_a_lost_database_loses_no_promise(calsync, folder: Path) -> None:
    calsync("promise", "add", "ana", "the book", "--by", "fri")
    calsync("promise", "keep", "1")
    calsync("promise", "add", "ben", "the slides", "--by", "mon", "--minutes", "90")
    before = listed(calsync, "--all")
    for path in (folder / "state").glob("calsync.db*"):
        path.unlink()
    assert listed(calsync, "--all") == before


def test_before_sensitive_words_are_saved_the_leader_is_asked(calsync) -> None:
    said = calsync("promise", "add", "ana", "ask about her surgery", "--by", "fri")
    assert said.code == 2
    assert "This seems to speak of health (surgery)." in said.err
    assert listed(calsync) == []
    assert calsync("promise", "add", "ana", "ask about her surgery", "--by", "fri", "--yes").code == 0
    assert calsync("done", "ana", "--promise", "ask about her surgery", "--by", "fri").code == 2
    assert calsync("promise", "edit", "1", "--text", "cake for her daughter").code == 2
    assert [one["text"] for one in listed(calsync)] == ["ask about her surgery"]


def test_a_text_from_stdin_stays_out_of_the_shells_history(folder: Path, run_calsync) -> None:
    paths = places(folder)
    said = run_calsync([*paths, "promise", "add", "ana", "-", "--by", "fri", "--now", NOW], input=f"{SECRET}\n")
    assert said.code == 0
    found = run_calsync([*paths, "promise", "list", "--json", "--now", NOW]).json()
    assert [one["text"] for one in found["promises"]] == [SECRET]


def test_who_has_left_the_rotation_is_still_owed_what_was_promised(calsync) -> None:
    calsync("promise", "add", "ana", "the book", "--by", "fri")
    calsync("promise", "add", "ana", "the slides", "--by", "fri")
    assert calsync("people", "remove", "Ana Sousa", "--yes").code == 0
    assert [one["person"] for one in listed(calsync)] == ["Ana Sousa", "Ana Sousa"]
    assert calsync("promise", "keep", "1").out == "Noted as kept in time: the book, to Ana Sousa.\n"
    assert calsync("promise", "drop", "ana").out == "Dropped: the slides, to Ana Sousa.\n"
    assert listed(calsync) == []


def test_promises_go_with_a_person_who_is_renamed_or_merged(calsync) -> None:
    calsync("promise", "add", "ana", "the book", "--by", "fri")
    calsync("promise", "add", "ben", "the slides", "--by", "fri")
    assert calsync("people", "edit", "ana", "--name", "Ana Maria Sousa").code == 0
    assert calsync("people", "merge", "Ana Maria Sousa", "Ben Okafor", "--yes").code == 0
    assert [(one["person"], one["text"]) for one in listed(calsync)] == [
        ("Ana Maria Sousa", "the book"),
        ("Ana Maria Sousa", "the slides"),
    ]


def test_forgetting_a_person_forgets_the_promises_to_them_everywhere(calsync, folder: Path) -> None:
    calsync("promise", "add", "ana", f"{SECRET} for her", "--by", "fri")
    calsync("done", "ana", "--promise", f"more {SECRET}", "--by", "mon")
    calsync("promise", "keep", "1")
    calsync("promise", "add", "ben", "the slides", "--by", "mon")
    calsync("nightly")
    preview = calsync("people", "forget", "ana", "--dry-run").out
    assert "2 promises" in preview
    assert calsync("people", "forget", "ana", "--yes").code == 0
    kept = every_byte(folder / "state")
    for text in (SECRET, "Ana Sousa", "ana@example.com"):
        assert text.encode() not in kept
    assert [one["person"] for one in listed(calsync, "--all")] == ["Ben Okafor"]
