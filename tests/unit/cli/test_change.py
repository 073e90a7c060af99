"""`change` by its commands: noted, asked about, answered, shown, summed up, encrypted, forgotten; what is refused."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shlex
import shutil
import sqlite3
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest

from calsync.cli import main
from calsync.cli.changetext import side_by_side
from tests.unit.cli.calling import NOW, Calsync, every_byte, places

SECRET = "Zwetschgenknoedel"
"""A word that stands in these changes and nowhere else."""
ADD = ("change", "add", f"New {SECRET} system", "--on", "2027-02-01", "--affects", "tag:report")


def the_change(calsync: Calsync, *which: str, day: float = 0) -> dict[str, Any]:
    [found] = calsync("change", "list", *which, "--json", day=day).json()["changes"]
    return dict(found)


# ---- the life of a change ----


def test_a_change_is_noted_asked_about_answered_and_closed(calsync: Calsync, tmp_path: Path) -> None:
    said = calsync(*ADD, "--affects", "Grace", "--pro", "one place", "--con", "two slow weeks")
    assert said.code == 0
    assert said.out.startswith(f"Change 1: New {SECRET} system, announced Mon 1 Feb 2027, affects 7 people.\n")
    assert (
        "0 of 7 asked before the date; announced Mon 1 Feb 2027; nobody is being asked yet"
        in calsync("change", "list").out
    )
    said = calsync("change", "ask")
    assert (
        said.out.splitlines()[0]
        == f"The question about New {SECRET} system is in the briefs of 7 people until Sun 31 Jan."
    )
    said = calsync("change", "note", "Ana", "less typing", "--pro", "search", "--changed", "kept the old one", day=3)
    assert said.out.endswith("1 of 7 asked before the date.\n")
    calsync("change", "note", "1", "ben", "", day=4)
    found = the_change(calsync, day=5)
    assert list(found) == [
        *("id", "title", "on", "state", "made_at", "asking_since", "closed_at", "tags", "count", "affected"),
        *("pros", "cons"),
    ]
    assert found["state"] == "asking"
    assert found["count"] == {"asked_before": 2, "affected": 7}
    assert [(p["text"], p["by"]) for p in found["pros"]] == [("one place", None), ("search", "Ana Sousa")]
    ana, ben = found["affected"][:2]
    assert [(s["text"], s["changed"]) for s in ana["said"]] == [("less typing", "kept the old one")]
    assert (ben["before_the_date"], ben["said"]) == (True, [])
    out = tmp_path / "summary.md"
    said = calsync("change", "close", "--out", str(out), day=90)
    assert said.code == 0
    assert "2 of 7 asked before the date" in said.out
    assert "It affects 7 people; 2 of 7 asked before that day." in out.read_text("utf-8")
    assert calsync("change", "list", day=90).out == "No change is open.\n"
    assert the_change(calsync, "--all", day=91)["state"] == "closed"


def test_seven_of_nine_and_what_was_said_after_the_date_is_kept_and_does_not_count(calsync: Calsync) -> None:
    """Idea 13: 9 affected, 7 asked before the date."""
    names = ["Ana", "Ben", "Chiara", "Daniel", "Elif", "Farid", "Grace", "Henrik", "Ingrid"]
    affects = [word for name in names for word in ("--affects", name)]
    calsync("change", "add", "Tickets", "--on", "2026-12-01", *affects)
    for name in names[:7]:
        calsync("change", "note", name, "fine", day=10)
    late = calsync("change", "note", "Henrik", "nobody asked me", day=30)
    assert "7 of 9 asked before the date." in late.out
    assert "It is kept, and does not count as asked before the date." in late.out
    assert "7 of 9 asked before the date" in calsync("change", "list", day=30).out
    henrik = next(one for one in the_change(calsync, day=30)["affected"] if one["name"] == "Henrik Dahl")
    assert (henrik["said"][0]["text"], henrik["before_the_date"]) == ("nobody asked me", False)
    earlier = calsync("change", "note", "Ingrid", "early", "--at", "2026-11-30", day=30)
    assert "8 of 9 asked before the date." in earlier.out
    report = calsync("report", "--json", day=30).json()["changes"]
    assert report == {"open": 1, "closed": 0, "affected": 9, "asked_before": 8}
    assert "changes         1 open, 0 closed: 8 of 9 people affected were asked" in calsync("report", day=30).out


def test_noted_again_an_answer_is_added_and_the_first_day_counts(calsync: Calsync) -> None:
    calsync("change", "add", "Tickets", "--on", "2026-12-01", "--affects", "Ana")
    calsync("change", "note", "Ana", "fine", day=3)
    calsync("change", "note", "Ana", "not so fine", "--con", "slow", day=40)
    [ana] = the_change(calsync, day=41)["affected"]
    assert [s["text"] for s in ana["said"]] == ["fine", "not so fine"]
    assert (ana["asked_at"][:10], ana["before_the_date"]) == ("2026-11-12", True)


def test_what_was_noted_last_is_taken_back_with_its_points(calsync: Calsync) -> None:
    calsync(*ADD, "--affects", "Grace")
    calsync("change", "note", "Ana", "", "--pro", "light", day=1)
    calsync("change", "note", "Ana", "second", "--con", "dear", day=2)
    assert calsync("change", "note", "Ana", "--undo", "--dry-run", day=3).out.startswith("Would take back")
    said = calsync("change", "note", "1", "Ana", "--undo", "--yes", day=3)
    assert "what was noted of Ana Sousa on Wed 11 Nov. 1 of 7 asked before the date." in said.out
    found = the_change(calsync, day=3)
    assert (found["affected"][0]["asked_at"][:10], found["affected"][0]["said"]) == ("2026-11-10", [])
    assert ([p["text"] for p in found["pros"]], found["cons"]) == (["light"], [])
    assert calsync("change", "note", "Ana", "--undo", "--yes", day=3).code == 0
    assert the_change(calsync, day=3)["affected"][0]["asked_at"] is None
    said = calsync("change", "note", "Ana", "--undo", "--yes", day=3)
    assert (said.code, "nothing is noted of Ana Sousa" in said.err) == (2, True)
    assert calsync("change", "note", "Ana", "text", "--undo", "--at", "fri").code == 2
    assert calsync("change", "note", "--undo").code == 2


def test_a_closed_change_keeps_its_count_when_people_come_go_and_are_forgotten(calsync: Calsync) -> None:
    calsync(*ADD)
    for name in ("Ana", "Ben"):
        calsync("change", "note", name, "fine", day=1)
    calsync("change", "close", day=2)
    assert calsync("people", "forget", "Ana", "--yes", day=3).code == 0
    assert calsync("people", "edit", "Grace", "--tag", "report").code == 0
    found = the_change(calsync, "1", day=4)
    assert found["count"] == {"asked_before": 2, "affected": 6}
    assert len(found["affected"]) == 5
    assert "2 of 6 asked before the date" in calsync("change", "list", "1", day=4).out


def test_who_gets_the_tag_later_is_affected_and_who_left_is_marked(calsync: Calsync) -> None:
    calsync(*ADD)
    calsync("people", "edit", "Grace", "--tag", "report")
    calsync("change", "edit", "--affects", "Henrik")
    assert calsync("people", "remove", "Henrik", "--yes").code == 0
    names = {one["name"]: one["in_the_rotation"] for one in the_change(calsync)["affected"]}
    assert (names["Grace Lin"], names["Henrik Dahl"], len(names)) == (True, False, 8)
    assert "Henrik Dahl (no longer in the rotation)" in calsync("change", "list").out
    assert calsync("change", "note", "Henrik", "from afar").code == 0


def test_from_the_night_of_the_day_on_nobody_more_is_affected_by_a_tag(calsync: Calsync) -> None:
    calsync("change", "add", "Desks", "--on", "2026-11-16", "--affects", "tag:report")
    calsync("people", "edit", "Grace", "--tag", "report")
    assert calsync("nightly", day=6).code in (0, 5)
    calsync("people", "edit", "Henrik", "--tag", "report")
    assert the_change(calsync, day=6)["count"]["affected"] == 8
    assert calsync("nightly", day=7).code in (0, 5)
    calsync("people", "edit", "Ingrid", "--tag", "report")
    calsync("people", "edit", "Ana", "--tag", "peer")
    assert the_change(calsync, day=8)["count"]["affected"] == 8
    # A point or a person more brings in nobody else; another day asks anew whom it affects.
    said = calsync("change", "edit", "--con", "dear", "--affects", "Jonas", day=8)
    assert said.out.endswith("affects 9 people.\n")
    assert the_change(calsync, day=8)["count"]["affected"] == 9
    said = calsync("change", "edit", "--on", "2026-11-30", "--dry-run", day=8)
    assert said.out.endswith("affects 10 people.\n")
    calsync("change", "note", "Henrik", "late", day=8)
    calsync("change", "close", day=8)
    assert the_change(calsync, "1", day=8)["count"] == {"asked_before": 0, "affected": 9}


def test_edit_moves_the_day_and_adds_points_and_people(calsync: Calsync) -> None:
    calsync("change", "add", "Tickets", "--on", "2026-12-01", "--affects", "Ana")
    said = calsync(
        *("change", "edit", "tick", "--on", "2027-01-11", "--pro", "fast", "--con", "dear"),
        *("--affects", "tag:peer", "--affects", "ana", "--title", "One desk"),
    )
    assert said.out == "Change 1: One desk, announced Mon 11 Jan 2027, affects 4 people.\n"
    found = the_change(calsync)
    assert (found["on"], found["tags"]) == ("2027-01-11", ["peer"])
    assert [[p["text"] for p in found[side]] for side in ("pros", "cons")] == [["fast"], ["dear"]]


def test_whom_it_does_not_affect_after_all_is_taken_out_but_nobody_who_was_asked(calsync: Calsync) -> None:
    calsync(*ADD, "--affects", "Grace", "--affects", "Henrik")
    calsync("change", "note", "Henrik", "fine")
    assert calsync("change", "edit", "--except", "Grace").out.endswith("affects 7 people.\n")
    assert calsync("change", "edit", "--except", "grace").code == 2, "they are out already"
    for who, what, to_do in (
        ("Henrik", "Henrik Dahl was asked already", "leave them out"),
        ("Ana", "Ana Sousa is affected by tag:report", "take the tag out"),
        ("tag:peer", "it affects nobody by the tag peer", "`calsync change list 1` shows whom it affects by which"),
        ("Jonas", "Jonas Keller is not affected by change 1", "`calsync change list 1` shows whom it affects"),
        ("Zed", "nobody called Zed", "people list"),
    ):
        said = calsync("change", "edit", "--except", who)
        assert (said.code, what in said.err, to_do in said.err) == (2, True, True), said.err
    assert calsync("change", "edit", "--except", "tag:report").out.endswith("affects 1 person.\n")
    calsync("change", "add", "Desks", "--on", "2027-02-01", "--affects", "Ana")
    assert "then it would affect nobody" in calsync("change", "edit", "desks", "--except", "Ana").err
    assert calsync("change", "edit", "desks", "--except", "Ana", "--affects", "Ben").code == 0


def test_two_who_are_one_are_affected_once_and_their_points_stay(calsync: Calsync) -> None:
    calsync("change", "add", "Desks", "--on", "2027-02-01", "--affects", "Ana", "--affects", "Ben")
    calsync("change", "note", "Ben", "fine", "--pro", "light", day=1)
    assert calsync("people", "merge", "Ana", "Ben", "--yes").code == 0
    found = the_change(calsync, day=2)
    assert [(one["name"], one["before_the_date"]) for one in found["affected"]] == [("Ana Sousa", True)]
    assert (found["count"], found["pros"][0]["by"]) == ({"asked_before": 1, "affected": 1}, "Ana Sousa")


def test_of_two_who_are_one_nothing_that_was_noted_is_lost(calsync: Calsync) -> None:
    calsync("change", "add", "Desks", "--on", "2027-02-01", "--affects", "Chiara", "--affects", "Daniel")
    calsync("change", "note", "desks", "Daniel", "the first words", day=3)
    calsync("change", "note", "desks", "Chiara", "the other words", day=4)
    assert calsync("people", "merge", "Chiara", "Daniel", "--yes").code == 0

    def words() -> list[str]:
        [one] = the_change(calsync, "desks", day=5)["affected"]
        return [said["text"] for said in one["said"]]

    assert words() == ["the first words", "the other words"]
    calsync("change", "note", "desks", "Chiara", "and more", day=5)
    assert words() == ["the first words", "the other words", "and more"]


def test_asking_is_stopped_and_nothing_is_left_of_it(calsync: Calsync) -> None:
    calsync(*ADD)
    before = calsync("week", "--json").json()
    assert calsync("change", "ask", "--stop").out == f"Nobody is being asked about New {SECRET} system.\n"
    calsync("change", "ask")
    assert calsync("week", "--json").json() != before
    assert "out of the briefs" in calsync("change", "ask", "--stop").out
    assert calsync("week", "--json").json() == before


# ---- the brief and the rotation ----


def first_block(calsync: Calsync, day: float = 0) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in calsync("week", "--json", day=day).json()["blocks"][0]["people"]}


def test_the_question_is_in_the_brief_of_those_affected_until_it_was_noted(calsync: Calsync) -> None:
    one, two = first_block(calsync)
    calsync("change", "add", "Tickets", "--on", "2027-02-01", "--affects", one, "--affects", two)
    assert all(row["brief"]["changes"] == [] for row in first_block(calsync).values())
    calsync("change", "ask")
    question = {"change": "Tickets", "on": "2027-02-01", "question": "What would this change for you?"}
    people = first_block(calsync, 1)
    assert people[one]["brief"]["changes"] == [question]
    assert people[one]["why"].endswith("to be asked about a change before Mon 1 Feb")
    calsync("change", "note", one, "fine", day=1)
    people = first_block(calsync, 1)
    assert people[one]["brief"]["changes"] == []
    assert "asked" not in people[one]["why"]
    assert people[two]["brief"]["changes"] == [question]
    said = calsync("today", day=4).out  # Friday, the day of the block
    assert "    change     Tickets, announced Mon 1 Feb 2027: what would this change for you?\n" in said
    assert "               Say first what is decided already and what can still change.\n" in said


def test_in_the_week_the_question_leads_where_no_thread_does(calsync: Calsync) -> None:
    one, two = first_block(calsync)
    calsync("change", "add", "Tickets", "--on", "2027-02-01", "--affects", one, "--affects", two)
    assert calsync("week").out.count("    ask ") == 2
    calsync("change", "ask")
    assert calsync("week").out.count("    change Tickets, announced Mon 1 Feb 2027: what would") == 2
    calsync("done", one, "--thread", "the move", "--on", "2026-10-20")
    week = calsync("week").out
    assert week.count("    last time ") == week.count("    change Tickets") == 1


def test_after_the_date_the_question_is_gone_from_every_brief(calsync: Calsync) -> None:
    calsync("change", "add", "Tickets", "--on", "2026-11-12", "--affects", "tag:report", "--affects", "tag:peer")
    calsync("change", "ask")
    people = [one for block in calsync("week", "--json").json()["blocks"] for one in block["people"]]
    assert people
    assert all(one["brief"]["changes"] == [] for one in people), "the first block is on the 13th"


def test_who_explains_the_weight_and_only_while_asking(calsync: Calsync) -> None:
    calsync("change", "add", "Tickets", "--on", "2027-02-01", "--affects", "Ben")
    bare = calsync("who", "--explain", "Ben").out
    assert "asked" not in bare
    calsync("change", "ask")
    said = calsync("who", "--explain", "Ben").out
    assert "to be asked: about a change that is announced on 2027-02-01\n" in said
    assert "asked too late: 900,000 for a next turn that is not before the day\n" in said
    assert calsync("who", "--explain", "Ana").out.count("asked too late") == 0


def test_ask_names_who_has_no_turn_before_the_date(calsync: Calsync) -> None:
    calsync("change", "add", "Tickets", "--on", "2026-11-20", "--affects", "tag:report", "--affects", "tag:peer")
    said = calsync("change", "ask").out.splitlines()
    assert said[1].endswith("of 9 have a turn before Fri 20 Nov, from the next night on.")
    assert said[2].startswith("No turn before then: ")
    assert calsync("nightly", day=0.1).code in (0, 5)
    assert calsync("change", "ask").out.splitlines()[1] == said[1]


def test_before_any_night_nobody_is_said_to_have_no_turn(calsync: Calsync, folder: Path) -> None:
    shutil.rmtree(folder / "state")
    calsync("change", "add", "Tickets", "--on", "in 2 weeks", "--affects", "Ana")
    said = calsync("change", "ask").out.splitlines()
    assert said[1:] == ["Who has a turn before then is known once a night has run: calsync nightly"]
    assert calsync("nightly").code in (0, 5)
    assert calsync("change", "ask").out.splitlines()[1].startswith("Ana Sousa has a turn before Mon 23 Nov")


def test_an_answer_of_some_lines_is_shown_in_as_many(calsync: Calsync) -> None:
    calsync("change", "add", "Tickets", "--on", "2w", "--affects", "Ana")
    calsync("change", "note", "Ana", "less typing\n\nif the search works")
    assert "\n    less typing\n    if the search works\n" in calsync("change", "list", "1").out


def test_of_a_closed_change_nobody_is_said_to_be_asked_yet(calsync: Calsync) -> None:
    calsync("change", "add", "Tickets", "--on", "2w", "--affects", "Ana")
    assert "Ana Sousa: not asked yet\n" in calsync("change", "list", "1").out
    calsync("change", "close")
    assert "Ana Sousa: not asked\n" in calsync("change", "list", "1").out


# ---- the summary ----


def test_the_summary_names_nobody_and_says_that_names_were_replaced(calsync: Calsync, tmp_path: Path) -> None:
    calsync("change", "add", "A desk for Ana", "--on", "2027-02-01", "--affects", "Ana", "--affects", "Ben")
    calsync("change", "note", "Ben", "ask ana@example.com; DANIEL knows", "--con", "Ms. Sousa is away", day=1)
    said = calsync("change", "close", "--dry-run", day=2)
    low = said.out.casefold()
    assert not any(name in low for name in ("ana", "sousa", "ben", "okafor", "daniel", "@"))
    assert said.out.startswith("# A desk for someone\n")
    assert "is replaced by" in said.out
    named = calsync("change", "close", "--names", day=2)
    assert "Ben Okafor: ask ana@example.com; DANIEL knows" in named.out
    again = calsync("change", "close", "1", day=5)
    assert (again.code, again.out) == (0, said.out)
    assert "is closed since Wed 11 Nov" in again.err


def test_a_file_that_is_there_is_not_written_over_unless_the_leader_agrees(calsync: Calsync, tmp_path: Path) -> None:
    calsync("change", "add", "Tickets", "--on", "2027-02-01", "--affects", "Ana")
    out = tmp_path / "summary.md"
    out.write_text("mine", "utf-8")
    said = calsync("change", "close", "--out", str(out))
    assert (said.code, out.read_text("utf-8")) == (2, "mine")
    assert said.err == f"calsync: {out} is there already\n  name another file, or add --yes to write over it\n"
    assert the_change(calsync)["state"] == "open"
    said = calsync("change", "close", "--out", str(tmp_path), "--yes")
    assert (said.code, said.err) == (2, f"calsync: {tmp_path} is a folder\n  name a file in it\n")
    said = calsync("change", "close", "--out", str(out / "summary.md"), "--yes")
    assert (said.code, "so nothing was done" in said.err) == (3, True), said.err
    assert the_change(calsync)["state"] == "open"
    assert calsync("change", "close", "--out", str(out), "--yes").code == 0
    assert out.read_text("utf-8").startswith("# Tickets\n")


# ---- encrypted, handed out, forgotten ----


def test_titles_points_and_answers_are_encrypted_and_nothing_of_them_is_on_a_calendar_or_in_a_log(
    calsync: Calsync, folder: Path
) -> None:
    calsync(*ADD, "--pro", f"{SECRET} one", "--con", f"{SECRET} two")
    calsync("change", "ask")
    calsync("change", "note", "Ana", f"{SECRET} three", "--pro", f"{SECRET} four", "--changed", f"{SECRET} five")
    calsync("nightly", day=1)
    assert SECRET.encode() not in every_byte(folder)
    for command in ("plan", "nightly", "report", "export"):
        said = calsync(command, day=2)
        assert SECRET not in said.out + said.err, command


def test_without_the_key_words_are_missing_one_problem_is_told_and_figures_stand(
    calsync: Calsync, folder: Path
) -> None:
    calsync(*ADD, "--pro", "one place")
    calsync("change", "ask")
    calsync("change", "note", "Ana", "fine", "--con", "slow")
    secrets = folder / "state" / "secrets.json"
    kept = secrets.read_bytes()
    secrets.unlink()
    said = calsync("change", "list", "1")
    assert said.code == 0
    assert said.out.count("(cannot be read)") == 4
    assert "1 of 6 asked before the date" in said.out
    assert said.err.count("cannot be read") == 1
    found = the_change(calsync, "1")
    assert (found["title"], found["pros"][0]["text"], found["affected"][0]["said"]) == (None, None, None)
    week = calsync("week")
    assert week.code == 0
    assert week.err.count("cannot be read") == 1
    assert calsync("nightly", day=1).code in (0, 5)
    assert calsync("report", "--json").json()["changes"]["asked_before"] == 1
    refused = calsync("change", "note", "Ben", "fine")
    assert refused.code == 3
    assert "--new-key" in refused.err
    unclosed = calsync("change", "close")
    assert (unclosed.code, unclosed.out) == (3, "")
    assert the_change(calsync, "1")["closed_at"] is None
    assert calsync("people", "export", "Ana").code == 3
    secrets.write_bytes(kept)
    secrets.chmod(0o600)
    assert the_change(calsync)["title"] == f"New {SECRET} system"


def test_what_is_kept_of_a_person_is_handed_out_renamed_and_forgotten_with_them(calsync: Calsync, folder: Path) -> None:
    calsync(*ADD)
    calsync("change", "note", "Ana", "less typing", "--con", "slow", "--changed", "kept it")
    calsync("change", "note", "Ben", "of Ben", "--pro", "Ben's own point")
    [kept] = calsync("people", "export", "Ana").json()["changes"]
    assert (kept["title"], kept["on"]) == (f"New {SECRET} system", "2027-02-01")
    assert [(s["text"], s["changed"]) for s in kept["said"]] == [("less typing", "kept it")]
    assert [(p["side"], p["text"]) for p in kept["points"]] == [("con", "slow")]
    assert "Ben" not in json.dumps(kept)
    assert calsync("people", "edit", "Ana", "--name", "Anna Silva").code == 0
    found = the_change(calsync)
    assert found["affected"][0]["said"][0]["text"] == "less typing"
    assert found["cons"][0]["by"] == "Anna Silva"
    said = calsync("people", "forget", "Anna Silva", "--yes")
    assert "1 change that affects them, 1 point of theirs about a change" in said.out
    found = the_change(calsync)
    assert (found["cons"], found["count"]) == ([], {"asked_before": 1, "affected": 5})
    assert b"Anna Silva" not in (folder / "state" / "calsync.db").read_bytes()


def test_words_of_a_change_closed_long_ago_are_gone_with_the_next_night(calsync: Calsync, folder: Path) -> None:
    calsync(*ADD, "--pro", "one place")
    calsync("change", "note", "Ana", "fine")
    calsync("change", "close")
    old = 31 * 19
    found = the_change(calsync, "--all", day=old)
    assert (found["title"], found["pros"][0]["text"], found["count"]["asked_before"]) == (None, None, 1)
    assert "(no longer kept)" in calsync("change", "list", "--all", day=old).out
    calsync("nightly", day=old)
    with sqlite3.connect(folder / "state" / "calsync.db") as connection:
        for table in ("changes", "change_people", "change_points"):
            bodies = {body for (body,) in connection.execute(f"select body from {table}")}
            assert bodies == {""}, table
    connection.close()


def test_details_that_had_better_not_be_kept_are_asked_about(calsync: Calsync) -> None:
    calsync(*ADD)
    said = calsync("change", "note", "Ana", "hard for her mother's dialysis days")
    assert said.code == 2
    assert "This seems to speak of" in said.err
    assert the_change(calsync)["count"]["asked_before"] == 0
    assert calsync("change", "note", "Ana", "hard for her mother's dialysis days", "--yes").code == 0


# ---- what is refused, and what changes nothing ----


@pytest.mark.parametrize(
    ("args", "what", "to_do"),
    [
        (("add",), "a change needs a title", "for example"),
        (("add", "  ", "--on", "2027-02-01"), "a change needs a title", "for example"),
        (("add", "Desk", "--affects", "Ana"), "a change needs the date", "add --on"),
        (("add", "Desk", "--on", "2026-11-01", "--affects", "Ana"), "2026-11-01 is not in the future", "give the day"),
        (("add", "Desk", "--on", "today", "--affects", "Ana"), "2026-11-09 is not in the future", "give the day"),
        (("add", "Desk", "--on", "someday", "--affects", "Ana"), "'someday' is no day", "write it as"),
        (("add", "Desk", "--on", "2w"), "a change needs to affect somebody", "add --affects"),
        (("add", "Desk", "--on", "2w", "--affects", "Anna"), "nobody called Anna", "did you mean Ana Sousa?"),
        (("add", "Desk", "--on", "2w", "--affects", "tag:reprot"), "the tag reprot", "did you mean tag:report?"),
        (("add", "Desk", "--on", "2w", "--affects", "tag:xyz"), "the tag xyz", "there are tag:boss"),
        (("add", "Desk", "--on", "2w", "--affects", "tag:nope"), "the tag nope", "there are tag:boss"),
        (("add", "Desk", "--on", "2w", "--affects", "tag: "), "no tag is named", "as in tag:report"),
        (("add", "Desk", "--on", "2w", "--affects", " "), "no name is given", "calsync people list"),
        (("add", "Desk", "--on", "fri 14:00", "--affects", "Ana"), "'fri 14:00' has an hour", "give the day alone"),
        (("add", "De\x07sk", "--on", "2w", "--affects", "Ana"), "control characters", "plain text"),
        (("add", "De\u202esk", "--on", "2w", "--affects", "Ana"), "control characters", "plain text"),
        (("add", "D" * 121, "--on", "2w", "--affects", "Ana"), "more than 120 letters", "fewer words"),
        (("add", "Desk", "--on", "2w", "--affects", "Ana", "--pro", " "), "a point for it is blank", "leave out --pro"),
        (("edit",), "nothing to change", "give --title, --on, --pro, --con, --affects or --except"),
        (("edit", "--on", "2020-01-01"), "not in the future", "give the day"),
        (("edit", "--title", " "), "the title is blank", "leave out --title"),
        (("list", "9"), "there is no change 9", "change list --all"),
        (("ask", "desk"), "there is no change desk", "change list --all"),
        (("note", "Ana"), "a name and what they said are needed", "for example"),
        (("note", "1", "Ana"), "what Ana said is missing", 'change note 1 Ana "fine"'),
        (("note", "Anna", "fine"), "nobody called Anna", "did you mean Ana Sousa?"),
        (("note", "Grace", "fine"), "Grace Lin is not affected", "change edit 1 --affects 'Grace Lin'"),
        (("note", "Ana", "fine", "--at", "2026-12-24"), "is still to come", "once you have it"),
        (("note", "Ana", "f\x00ne"), "control characters", "plain text"),
        (("note", "Ana", "f" * 2001), "more than 2000 letters", "fewer words"),
        (("note", "3", "Ana", "fine"), "there is no change 3", "change list --all"),
    ],
)
def test_bad_input_ends_with_2_and_says_what_to_do(
    calsync: Calsync, args: tuple[str, ...], what: str, to_do: str
) -> None:
    calsync(*ADD)
    before = calsync("change", "list", "--all", "--json").out
    said = calsync("change", *args)
    first, second = said.err.rstrip("\n").split("\n")
    assert (said.code, said.out) == (2, "")
    assert what in first
    assert to_do in second
    assert calsync("change", "list", "--all", "--json").out == before


def test_which_change_is_meant_is_asked_when_several_are_open(calsync: Calsync) -> None:
    assert "there is no change yet" in calsync("change", "ask").err
    calsync(*ADD)
    calsync("change", "add", "New desks", "--on", "2027-03-01", "--affects", "Ana")
    assert "which change is meant? 1 (New" in calsync("change", "ask").err
    assert "new can be any of 1 (" in calsync("change", "ask", "new").err
    assert calsync("change", "ask", "DESKS").code == 0
    assert calsync("change", "close", "2").code == 0
    assert calsync("change", "ask").code == 0, "one is open"
    said = calsync("change", "note", "desks", "Ana", "fine")
    assert (said.code, "change 2 (New desks) is closed" in said.err) == (2, True)
    assert calsync("change", "ask", "1", day=90).err.startswith(f"calsync: New {SECRET} system was announced Mon 1 Feb")


@pytest.mark.parametrize(
    "args",
    [
        ("add", "Desk", "--on", "2w", "--affects", "Ben", "--dry-run"),
        ("edit", "--on", "2027-03-01", "--dry-run"),
        ("ask", "--dry-run"),
        ("ask", "--stop", "--dry-run"),
        ("note", "Ana", "fine", "--dry-run"),
        ("note", "Ben", "--undo", "--dry-run"),
        ("close", "--dry-run"),
    ],
)
def test_a_dry_run_changes_nothing(calsync: Calsync, folder: Path, args: tuple[str, ...]) -> None:
    calsync(*ADD)
    calsync("change", "ask")
    calsync("change", "note", "Ben", "fine")
    before = every_byte(folder)
    said = calsync("change", *args)
    assert said.code == 0
    assert "Would" in said.out + said.err
    assert every_byte(folder) == before


# ---- on the screen ----


@pytest.mark.parametrize(("width", "beside"), [(80, False), (160, True)])
def test_both_sides_stand_beside_each_other_where_there_is_room(folder: Path, width: int, beside: bool) -> None:
    long = "a point that is so long that it needs more than a half of a narrow screen"
    paths = places(folder)
    more = ["--pro", f"pro: {long}", "--con", f"con: {long}", "--now", NOW]
    assert main([*paths, *ADD, *more]) == 0
    terminal, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    command = [sys.executable, "-m", "calsync", *paths, "change", "list", "--now", NOW]
    env = {**{k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}, "TERM": "xterm"}
    with subprocess.Popen(command, stdout=other, stderr=other, stdin=other, env=env) as process:
        os.close(other)
        shown = b""
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
    os.close(terminal)
    assert process.returncode == 0
    rows = shown.decode().splitlines()
    assert max(map(len, rows)) <= width
    assert any("for it" in row and "against it" in row for row in rows) is beside
    assert any("pro:" in row and "con:" in row for row in rows) is beside


def test_short_points_stand_beside_each_other_at_80_columns_too_and_a_pipe_has_a_line_for_each() -> None:
    assert side_by_side(["fast"], ["dear", "new"], 80) == [
        "  for it    against it",
        "  - fast    - dear",
        "            - new",
    ]
    long = "x " * 60 + "end"
    assert side_by_side(["fast"], [long], 0) == ["  for it", "  - fast", "", "  against it", f"  - {long}"]
    wide = side_by_side(["\u4e2d\u6587" * 3], ["b"], 80)
    assert wide[1].index("- b") == 2 + 2 + 6 + 4


def test_the_example_of_the_page_runs_as_it_stands(
    calsync: Calsync, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "changes.md").read_text("utf-8")
    block = page.partition("```sh\n")[2].partition("```")[0]
    monkeypatch.chdir(tmp_path)
    commands = [shlex.split(line, comments=True) for line in block.splitlines()]
    assert len(commands) == 6
    for program, *args in commands:
        said = calsync(*args)
        assert (program, said.code) == ("calsync", 0), said.err
    summary = (tmp_path / "summary.md").read_text("utf-8")
    assert "less typing, if the search works" in summary
    assert "2 of 7 asked before that day" in summary


def test_changes_are_read_back_from_the_second_copy_when_the_database_is_gone(calsync: Calsync, folder: Path) -> None:
    calsync(*ADD, "--pro", "one place")
    calsync("change", "ask")
    calsync("change", "note", "Ana", "fine", "--con", "slow", "--changed", "kept it")
    calsync("change", "close")
    calsync("change", "add", "Desks", "--on", "2027-02-01", "--affects", "Ben")
    before = calsync("change", "list", "--all", "--json").out
    for path in (folder / "state").glob("calsync.db*"):
        path.unlink()
    assert calsync("change", "list", "--all", "--json").out == before


def test_another_spelling_of_a_name_is_no_second_person(calsync: Calsync) -> None:
    calsync("change", "add", "Desks", "--on", "2027-02-01", "--affects", "Ana")
    assert calsync("people", "edit", "Ana", "--name", "ANA SOUSA").code == 0
    calsync("change", "edit", "--affects", "ana")
    calsync("change", "note", "ana", "fine", "--pro", "light")
    found = the_change(calsync)
    assert [(one["name"], one["in_the_rotation"]) for one in found["affected"]] == [("ANA SOUSA", True)]
    assert found["count"] == {"asked_before": 1, "affected": 1}
