"""Idea 12 by the commands: the act of the day or week, what came of it, and where nothing of it may be found."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from calsync.acts import shipped
from calsync.kindness import acts_ahead, turn_of
from calsync.people.recipients import SOMEBODY, ties_of
from calsync.state.store import KEPT_DAYS, Store
from tests.unit.cli.calling import Calsync, desk_at, plain_demo

NOW = "2026-12-07T05:00:00+01:00"  # a Monday
SECRET = "Zwetschgenknoedel"
WEEKLY = "  kindness: {minutes: 10, per_week: 2}\n"
DAILY = "  kindness: {minutes: 10, per_week: 2, every: day}\n"


@pytest.fixture(scope="session")
def a_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files alone, of another day: no night has run."""
    return plain_demo(tmp_path_factory.mktemp("kindness") / "demo", NOW).folder


@pytest.fixture
def start() -> str:
    return NOW


def later(days: float) -> str:
    return (datetime.fromisoformat(NOW) + timedelta(days)).isoformat()


def configure(folder: Path, blocks: str = "", **changes: str) -> None:
    """Add kinds of blocks, and change texts of the configuration."""
    config = folder / "config.yaml"
    text = config.read_text("utf-8")
    at = text.index("\n", text.index("  connect:")) + 1
    text = text[:at] + blocks + text[at:]
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    config.write_text(text, "utf-8")


def kept(folder: Path) -> list[tuple[str, str, str, str]]:
    """The rows of acts: day, key, person, state."""
    connection = sqlite3.connect(folder / "state" / "calsync.db")
    rows = connection.execute("select day, act, person, state from acts order by day, id").fetchall()
    connection.close()
    return rows


def named_act(calsync: Calsync, weeks: int = 40) -> tuple[str, dict[str, Any]]:
    """An instant in a week whose act names somebody, and the act."""
    for week in range(weeks):
        now = later(7 * week)
        act = calsync("kindness", "--json", now=now).json()["act"]
        if act["person"]:
            return now, act
    raise AssertionError("somebody is named in so many weeks")


# -------------------------------------------------------------------------------------- looking


def test_the_act_of_the_week_is_shown_with_for_whom_how_long_and_why(calsync: Calsync) -> None:
    now, act = named_act(calsync)
    said = calsync("kindness", now=now)
    assert (said.code, said.err) == (0, "")
    head, cue, how, why, count, what_next = said.out.splitlines()
    assert head.startswith("For the week of Mon ")
    assert cue == f"  For {act['person']}: {act['text']}"
    assert "minute" in how
    assert why.strip() == act["why"]
    assert count == f"None noted in {now[:4]} yet, and none is owed."
    assert what_next == "When it is done: calsync kindness done. For another one: calsync kindness skip"


def test_the_json_has_its_documented_keys(calsync: Calsync) -> None:
    found = calsync("kindness", "--json").json()
    assert list(found) == ["now", "every", "start", "end", "state", "act", "year", "year_count"]
    assert (found["every"], found["start"], found["end"]) == ("week", "2026-12-07", "2026-12-13")
    assert (found["state"], found["year"], found["year_count"]) == ("told", 2026, 0)
    assert list(found["act"]) == [
        *("key", "text", "person", "minutes", "channel", "reach"),
        *("whom", "cost", "effort", "tie", "evidence", "why", "own"),
    ]


def test_it_is_the_same_all_week_and_another_one_in_the_next(calsync: Calsync) -> None:
    week = {calsync("kindness", "--json", now=later(day)).json()["act"]["key"] for day in range(7)}
    following = calsync("kindness", "--json", now=later(7)).json()["act"]["key"]
    assert len(week) == 1
    assert following not in week


def test_with_every_day_each_day_has_its_own(calsync: Calsync, folder: Path) -> None:
    configure(folder, DAILY)
    found = [calsync("kindness", "--json", now=later(day)).json() for day in range(7)]
    assert len({one["act"]["key"] for one in found}) == 7
    assert [one["start"] for one in found] == [one["end"] for one in found]
    assert calsync("kindness").out.startswith("For Mon 7 Dec\n")


def test_looking_writes_nothing(calsync: Calsync, folder: Path) -> None:
    calsync("nightly")
    before = (folder / "state" / "calsync.db").read_bytes()
    for args in (
        ["kindness"],
        ["kindness", "list"],
        ["kindness", "done", "--dry-run"],
        ["kindness", "skip", "--dry-run"],
    ):
        assert calsync(*args).code == 0
    assert (folder / "state" / "calsync.db").read_bytes() == before
    assert kept(folder) == []


def test_a_public_act_names_nobody_who_was_not_asked_and_says_to_ask_first(calsync: Calsync) -> None:
    for week in range(60):
        found = calsync("kindness", "--json", now=later(7 * week)).json()["act"]
        if found["reach"] == "public" and found["whom"]:
            assert found["person"] is None
            assert found["whom"] == SOMEBODY[found["tie"]]
            said = calsync("kindness", now=later(7 * week)).out
            assert "  Others see it: choose somebody who likes that, or ask first." in said.splitlines()
            return
    raise AssertionError("a public act for one person comes in so many weeks")


@pytest.mark.parametrize("blocks", [WEEKLY, DAILY])
@pytest.mark.parametrize("thanks", ["private", "public"])
def test_over_a_year_everybody_gets_only_what_suits_them(folder: Path, blocks: str, thanks: str) -> None:
    configure(folder, blocks, **{"tags: [report]}": f"tags: [report], thanks: {thanks}}}"})
    desk = desk_at(folder, NOW)
    acts = {act.key: act for act in shipped()}
    people = {person.name: person for person in desk.config.people}
    with Store(desk.state_folder, desk.now) as store:
        found = acts_ahead(desk, store, [desk.now.date() + timedelta(n) for n in range(365)])
    named = [turn for turn in found.turns.values() if turn.person]
    assert len({turn.act.key for turn in found.turns.values() if turn.act}) == len(found.turns)
    assert len(named) > len(found.turns) / 10
    for turn in named:
        assert turn.act is not None
        act, person = acts[turn.act.key], people[turn.person]
        assert act.needs_person
        assert act.tie in ties_of(person.tags)
        assert act.reach == "private" or person.thanks == "public"
        assert not (person.channel == "chat" and act.channel in ("call", "person"))
    public = [turn for turn in named if turn.act is not None and acts[turn.act.key].reach == "public"]
    assert public or thanks == "private" or blocks == WEEKLY  # in a year of weeks there may be none for a report
    assert not public or thanks == "public"


def test_a_rotation_without_any_tags_works(calsync: Calsync, folder: Path) -> None:
    config = folder / "config.yaml"
    text = config.read_text("utf-8").replace(", tags: [report]", "").replace(", tags: [peer]", "")
    config.write_text(text.replace(", tags: [boss]", ""), "utf-8")
    assert {calsync("kindness", now=later(7 * week)).code for week in range(5)} == {0}
    _, act = named_act(calsync)
    assert act["tie"] == "peer"


def test_who_is_paused_is_not_named(calsync: Calsync) -> None:
    now, act = named_act(calsync)
    assert calsync("people", "pause", act["person"], now=now).code == 0
    again = calsync("kindness", "--json", now=now).json()["act"]
    assert again["key"] == act["key"]
    assert again["person"] != act["person"]


# -------------------------------------------------------------------------------------- done


def test_done_is_noted_with_the_person_who_was_named(calsync: Calsync, folder: Path) -> None:
    now, act = named_act(calsync)
    said = calsync("kindness", "done", now=now)
    assert (said.code, said.err) == (0, "")
    assert said.out == f"Noted: you did it for {act['person']}. 1 act of kindness in {now[:4]} so far.\n"
    assert kept(folder) == [(now[:10], act["key"], act["person"], "done")]
    found = calsync("kindness", "--json", now=now).json()
    assert (found["state"], found["year_count"], found["act"]["person"]) == ("done", 1, act["person"])
    assert " (done)" in calsync("kindness", now=now).out.splitlines()[0]


def test_the_person_can_be_another_one_or_nobody(calsync: Calsync, folder: Path) -> None:
    assert "for Jonas Keller" in calsync("kindness", "done", "--person", "jonas").out
    assert kept(folder)[0][2:] == ("Jonas Keller", "done")
    assert calsync("kindness", "done", "--nobody").code == 0
    assert kept(folder)[0][2:] == ("", "done")


def test_said_twice_it_counts_once_and_what_is_new_is_added(calsync: Calsync, folder: Path) -> None:
    calsync("kindness", "done", "--person", "ana")
    said = calsync("kindness", "done")
    assert said.out == "You have noted this week's act already. For one more: calsync kindness skip\n"
    calsync("kindness", "done", "--note", SECRET)
    assert [row[2:] for row in kept(folder)] == [("Ana Sousa", "done")]
    (one,) = calsync("kindness", "list", "--json").json()["acts"]
    assert (one["person"], one["note"]) == ("Ana Sousa", SECRET)
    calsync("kindness", "done", "--person", "ben")
    (one,) = calsync("kindness", "list", "--json").json()["acts"]
    assert (one["person"], one["note"]) == ("Ben Okafor", SECRET)


def test_a_note_is_sealed(calsync: Calsync, folder: Path) -> None:
    calsync("kindness", "done", "--person", "ana", "--note", f"{SECRET}\nand more")
    files = [path.read_bytes() for path in (folder / "state").rglob("*") if path.is_file()]
    assert files
    assert not any(SECRET.encode() in data for data in files)
    said = calsync("kindness", "list")
    assert said.out.splitlines()[-2:] == [f"{'':14}{SECRET}", f"{'':14}and more"]


def test_of_another_day_it_is_said_which_act_that_was(calsync: Calsync) -> None:
    text = calsync("kindness", "--json", now=later(-7)).json()["act"]["text"]
    for more in ("--dry-run",), ():
        said = calsync("kindness", "done", "--on", later(-7)[:10], *more)
        assert said.out.splitlines()[1] == f"The act of that week: {text}"
    assert "The act of" not in calsync("kindness", "done").out


def test_a_second_note_is_added_to_the_first_and_said_twice_stands_there_once(calsync: Calsync) -> None:
    calsync("kindness", "done", "--note", "She smiled")
    for _ in range(2):
        assert calsync("kindness", "done", "--note", "and wrote back").code == 0
    (one,) = calsync("kindness", "list", "--json").json()["acts"]
    assert one["note"] == "She smiled\nand wrote back"


def test_an_act_done_for_somebody_is_no_talk_with_them(calsync: Calsync) -> None:
    before = calsync("who", "--json").json()["people"]
    calsync("kindness", "done", "--person", "ana")
    assert calsync("who", "--json").json()["people"] == before


def test_one_of_an_earlier_week_can_be_noted_later(calsync: Calsync, folder: Path) -> None:
    act = calsync("kindness", "--json").json()["act"]
    said = calsync("kindness", "done", "--on", "2026-12-08", now=later(10))
    assert said.code == 0
    assert kept(folder)[0][:2] == ("2026-12-07", act["key"])
    assert calsync("kindness", "list", "--json", now=later(10)).json()["acts"][0]["day"] == "2026-12-08"


def test_a_year_ends_at_its_end(calsync: Calsync) -> None:
    calsync("kindness", "done", now="2026-12-31T12:00:00+01:00")
    calsync("kindness", "skip", now="2027-01-01T12:00:00+01:00")
    said = calsync("kindness", "done", now="2027-01-01T12:00:00+01:00")
    assert "1 act of kindness in 2027 so far." in said.out
    assert calsync("kindness", "list", "--year", "2026", "--json", now="2027-01-02T12:00:00+01:00").json()["count"] == 1
    assert calsync("kindness", "list", "--year", now="2027-01-02T12:00:00+01:00").out.startswith("1 act of kindness")


@pytest.mark.parametrize(
    ("args", "what", "to_do"),
    [
        (["done", "--person", "Anna"], "nobody called Anna is in the rotation", "did you mean Ana Sousa?"),
        (["done", "--person", " "], "--person is empty", "give a name, or --nobody"),
        (["done", "--person", "ana", "--nobody"], "exclude each other", "leave out one of them"),
        (["done", "--on", "tomorrow"], "is still to come", "log an act once it is done"),
        (["done", "--note", "a\x07b"], "the note has control characters in it", "write it as plain text"),
        (["done", "--note", " "], "the note is empty", "write something, or leave out --note"),
        (["done", "--new-key"], "--new-key is for a note", "add --note"),
        (["list", "--year", "next"], "next is no year", "for example --year 2025"),
        (["list", "--year", "99999"], "99999 is no year", "for example --year 2025"),
    ],
)
def test_bad_input_is_refused_in_two_lines(
    calsync: Calsync, folder: Path, args: list[str], what: str, to_do: str
) -> None:
    said = calsync("kindness", *args)
    assert (said.code, said.out) == (2, "")
    first, second = said.err.splitlines()
    assert what in first
    assert to_do in second
    assert not (folder / "state" / "calsync.db").exists() or kept(folder) == []


def test_options_before_the_subcommand_are_not_lost_in_silence(calsync: Calsync) -> None:
    said = calsync("kindness", "--json", "list")
    assert said.code == 2
    assert "write calsync kindness list" in said.err


def test_details_of_health_are_asked_about_first(calsync: Calsync, folder: Path) -> None:
    said = calsync("kindness", "done", "--note", "her cancer is back")
    assert said.code == 2, "there is nobody to ask here"
    assert "This seems to speak of" in said.err
    assert not (folder / "state" / "calsync.db").exists() or kept(folder) == []
    assert calsync("kindness", "done", "--note", "her cancer is back", "--yes").code == 0


# -------------------------------------------------------------------------------------- skip


def test_a_skip_gives_another_one_and_changes_no_later_act(calsync: Calsync, folder: Path) -> None:
    planned = [calsync("kindness", "--json", now=later(7 * week)).json()["act"]["key"] for week in range(20)]
    said = calsync("kindness", "skip")
    assert said.code == 0
    assert said.out.startswith("Instead:\n")
    act = calsync("kindness", "--json").json()["act"]
    assert act["key"] not in planned
    assert [row[1:] for row in kept(folder)] == [
        (planned[0], kept(folder)[0][2], "skipped"),
        (act["key"], act["person"] or "", "told"),
    ]
    again = [calsync("kindness", "--json", now=later(7 * week)).json()["act"]["key"] for week in range(1, 20)]
    assert again == planned[1:]
    assert calsync("kindness", "list", "--json").json()["count"] == 0


def test_after_an_act_that_is_done_a_skip_gives_one_more(calsync: Calsync) -> None:
    calsync("kindness", "done")
    calsync("kindness", "skip")
    assert calsync("kindness", "--json").json()["state"] == "told"
    assert "2 acts of kindness in 2026 so far." in calsync("kindness", "done").out
    assert calsync("kindness", "list", "--json").json()["count"] == 2


def test_skipping_one_of_each_day_ends_when_no_other_is_left(calsync: Calsync, folder: Path) -> None:
    configure(folder, DAILY)
    out = "Instead:"
    skips = 0
    while out.startswith("Instead:"):
        out = calsync("kindness", "skip").out
        skips += 1
    assert skips > 10
    assert out == "Skipped; no other act is left for today, the next one comes on Tue 8 Dec.\n"
    assert calsync("kindness").out.splitlines()[0] == (
        "Skipped, and no other act is left; the next one comes on Tue 8 Dec."
    )
    assert calsync("kindness", "--json").json()["act"] is None
    said = calsync("kindness", "skip")
    assert said.code == 2
    assert said.err.splitlines() == [
        "calsync: there is no other act for today",
        "  the next one comes on Tue 8 Dec",
    ]
    assert calsync("kindness", "done").code == 0, "whoever did the last one after all may say so"
    assert kept(folder)[-1][3] == "done"


# -------------------------------------------------------------------------------------- the year


def test_an_empty_year_is_no_reproach(calsync: Calsync) -> None:
    said = calsync("kindness", "list")
    assert said.out == "None noted yet this year. Any day is a good one to begin: calsync kindness\n"
    assert calsync("kindness", "list", "--year", "2025").out == "No acts of kindness are noted for 2025.\n"
    assert calsync("kindness", "list", "--json").json() == {"year": 2026, "count": 0, "acts": []}


def test_a_list_without_the_key_says_what_it_cannot_show_and_the_rest_goes_on(calsync: Calsync, folder: Path) -> None:
    configure(folder, WEEKLY)
    calsync("kindness", "done", "--person", "ana", "--note", SECRET)
    (folder / "state" / "secrets.json").unlink()
    said = calsync("kindness", "list")
    assert said.code == 0
    assert "for Ana Sousa: " in said.out
    assert said.err.count("1 note cannot be read") == 1
    for command in ("kindness", "week", "nightly", "report"):
        assert calsync(command).code in (0, 5)


def test_a_note_is_not_sealed_with_a_key_made_in_passing(calsync: Calsync, folder: Path) -> None:
    calsync("kindness", "done", "--note", SECRET)
    before = kept(folder)
    (folder / "state" / "secrets.json").unlink()
    said = calsync("kindness", "done", "--note", "another", now=later(7))
    assert said.code not in (0, 1)
    assert "nothing is noted" in said.err
    assert kept(folder) == before
    assert calsync("kindness", "done", "--note", "another", "--new-key", now=later(7)).code == 0
    assert calsync("kindness", "done", now=later(14)).code == 0, "without a note no key is needed"


# -------------------------------------------------------------------------------------- nights and blocks


def test_the_night_remembers_what_was_told_and_a_second_one_writes_nothing(calsync: Calsync, folder: Path) -> None:
    configure(folder, WEEKLY)
    act = calsync("kindness", "--json").json()["act"]
    calsync("nightly")
    assert kept(folder) == [("2026-12-07", act["key"], act["person"] or "", "told")]
    calsync("nightly")
    copy = (folder / "state" / "decisions.json").read_bytes()
    calsync("nightly")
    assert (folder / "state" / "decisions.json").read_bytes() == copy
    calsync("nightly", now=later(1))
    assert kept(folder) == [("2026-12-07", act["key"], act["person"] or "", "told")]
    calsync("nightly", now=later(7))
    assert [row[0] for row in kept(folder)] == ["2026-12-07", "2026-12-14"]


def test_without_a_kindness_block_the_night_keeps_none(calsync: Calsync, folder: Path) -> None:
    calsync("nightly")
    assert kept(folder) == []
    assert calsync("kindness", "--json").json()["every"] == "week"


def test_an_act_a_day_needs_no_block(calsync: Calsync, folder: Path) -> None:
    configure(folder, "  kindness: {per_week: 0, every: day}\n")
    found = calsync("kindness", "--json").json()
    assert (found["every"], found["start"], found["end"]) == ("day", "2026-12-07", "2026-12-07")
    calsync("nightly")
    assert kept(folder) == []


def test_with_an_act_a_day_each_night_keeps_one(calsync: Calsync, folder: Path) -> None:
    configure(folder, DAILY)
    for day in range(3):
        calsync("nightly", now=later(day))
    assert [(row[0], row[3]) for row in kept(folder)] == [(f"2026-12-0{7 + n}", "told") for n in range(3)]


def test_what_was_told_and_is_no_act_any_more_is_told_anew(calsync: Calsync, folder: Path) -> None:
    configure(folder, WEEKLY)
    calsync("nightly")
    connection = sqlite3.connect(folder / "state" / "calsync.db")
    connection.execute("update acts set act = 'an-act-of-an-older-calsync'")
    connection.commit()
    connection.close()
    calsync("nightly")
    (row,) = kept(folder)
    assert row[1] == calsync("kindness", "--json").json()["act"]["key"]


def test_what_was_done_and_is_no_act_any_more_still_counts(calsync: Calsync, folder: Path) -> None:
    configure(folder, WEEKLY)
    calsync("kindness", "done", "--person", "ana", "--note", SECRET)
    connection = sqlite3.connect(folder / "state" / "calsync.db")
    connection.execute("update acts set act = 'an-act-of-an-older-calsync'")
    connection.commit()
    connection.close()
    assert calsync("kindness", "--json").json()["state"] == "told"
    calsync("nightly")
    assert [row[3] for row in kept(folder)] == ["done", "told"]
    said = calsync("kindness", "list").out
    assert said.splitlines()[1].endswith("for Ana Sousa: (an act that is no longer among them)")
    assert SECRET in said
    assert "2 acts of kindness" in calsync("kindness", "done").out
    assert [row[3] for row in kept(folder)] == ["done", "done"]


def test_what_is_long_ago_is_forgotten_notes_before_the_rest(calsync: Calsync, folder: Path) -> None:
    calsync("kindness", "done", "--note", SECRET)
    calsync("nightly", now=later(700))
    assert len(kept(folder)) == 1
    assert calsync("kindness", "list", "--year", "2026", "--json", now=later(700)).json()["acts"][0]["note"] is None
    calsync("nightly", now=later(KEPT_DAYS + 1))
    assert kept(folder) == []


def kindness_blocks(calsync: Calsync, now: str) -> list[dict[str, Any]]:
    return [one for one in calsync("week", "--json", now=now).json()["blocks"] if one["kind"] == "kindness"]


def test_the_blocks_of_a_week_show_its_act_and_that_it_is_done(calsync: Calsync, folder: Path) -> None:
    configure(folder, WEEKLY)
    now = NOW
    for week in range(5):
        now = later(7 * week)
        calsync("nightly", now=now)
        if len(kindness_blocks(calsync, now)) == 2:
            break
    act = calsync("kindness", "--json", now=now).json()["act"]
    first, second = kindness_blocks(calsync, now)
    expected = {key: act[key] for key in ("key", "text", "person", "minutes", "channel", "reach")}
    assert (first["act"], second["act"]) == (expected, expected)
    assert all(one["act"] is None or one["kind"] == "kindness" for one in calsync("week", "--json").json()["blocks"])
    assert calsync("week", now=now).out.count(act["text"]) == 2
    assert f"    {act['why']}" in calsync("today", now=first["start"]).out.splitlines()
    calsync("kindness", "done", now=first["start"])
    assert calsync("week", now=now).out.count(" (done)") == 2
    assert [one["state"] == "kept" for one in kindness_blocks(calsync, now)] == [True, False]
    assert act["why"] not in calsync("today", now=second["start"]).out


def test_blocks_of_days_to_come_show_what_the_command_will_say_then(calsync: Calsync, folder: Path) -> None:
    configure(folder, DAILY)
    calsync("nightly")
    blocks = [one for one in calsync("week", "--json").json()["blocks"] if one["kind"] == "kindness"]
    assert blocks
    for block in blocks:
        then = calsync("kindness", "--json", now=block["start"]).json()["act"]
        assert block["act"]["key"] == then["key"]


def test_the_report_counts_acts_and_nobody(calsync: Calsync, folder: Path) -> None:
    configure(folder, WEEKLY)
    calsync("nightly")
    block = next(one for one in calsync("week", "--json").json()["blocks"] if one["kind"] == "kindness")
    calsync("kindness", "done", "--person", "ana", now=block["start"])
    calsync("nightly", now=later(6))
    found = calsync("report", "--weeks", "1", "--json", now=later(6)).json()
    assert found["kindness"] == {"done": 1, "given": 1, "year_count": 1}
    kinds = {one["kind"]: one for one in found["blocks"]["kinds"]}
    assert kinds["kindness"]["kept"] == 1
    words = "1 act done; 1 this year"
    assert f"kindness        {words}" in calsync("report", "--weeks", "1", now=later(6)).out.splitlines()
    page = folder / "report.html"
    assert calsync("report", "--weeks", "1", "--html", str(page), now=later(6)).code == 0
    text = page.read_text("utf-8")
    assert f"<h2>Acts of kindness</h2>\n<p>{words}.</p>" in text
    assert "planned for talks and acts of kindness" in text
    assert "Ana" not in text


# -------------------------------------------------------------------------------------- own acts, rights, privacy


def test_a_broken_file_of_own_acts_is_named_once_and_the_shipped_ones_go_on(calsync: Calsync, folder: Path) -> None:
    configure(folder, WEEKLY)
    calsync("nightly")
    (folder / "kindness.yaml").write_text("- text: [\n", "utf-8")
    for command in ("kindness", "week"):
        said = calsync(command)
        assert said.code == 0
        assert said.out
        assert said.err.count("kindness.yaml") == 1
    notes = calsync("nightly", "--json", now=later(7)).json()["notes"]
    assert sum("kindness.yaml" in note for note in notes) == 1
    assert kept(folder)[-1][0] == "2026-12-14"


def test_own_acts_take_part(folder: Path) -> None:
    act = "- {text: Hand round a bowl of plums., minutes: 2, channel: deed, reach: private, tie: support}\n"
    (folder / "kindness.yaml").write_text(act, "utf-8")
    desk = desk_at(folder, NOW)
    with Store(desk.state_folder, desk.now) as store:
        found = acts_ahead(desk, store, [desk.now.date() + timedelta(7 * n) for n in range(366)])
    assert any(turn.act is not None and turn.act.own for turn in found.turns.values())


def test_what_was_done_for_a_person_is_handed_out_and_forgotten(calsync: Calsync, folder: Path) -> None:
    act = calsync("kindness", "--json").json()["act"]
    calsync("kindness", "done", "--person", "ana", "--note", SECRET)
    (one,) = calsync("people", "export", "ana").json()["acts"]
    assert (one["day"], one["act"], one["text"], one["state"]) == ("2026-12-07", act["key"], act["text"], "done")
    assert (one["note"], one["readable"]) == (SECRET, True)
    said = calsync("people", "forget", "Ana Sousa", "--yes")
    assert said.code in (0, 3), said.err
    assert "act of kindness" in said.out
    assert kept(folder) == []
    data = b"".join(path.read_bytes() for path in (folder / "state").rglob("*") if path.is_file())
    assert b"Ana Sousa" not in data
    assert calsync("kindness", "list", "--json").json()["count"] == 0


def test_nothing_of_acts_is_in_calendars_exports_journal_or_log(calsync: Calsync, folder: Path) -> None:
    configure(folder, WEEKLY)
    words = set()
    for week in range(3):
        calsync("nightly", now=later(7 * week))
        act = calsync("kindness", "--json", now=later(7 * week)).json()["act"]
        words |= {act["key"], act["text"]}
        calsync("kindness", "done", "--person", "ana", "--note", SECRET, now=later(7 * week + 0.2))
    words |= {SECRET, "Ana", "Sousa"}
    ours = list((folder / "calendars").rglob("cs*.ics"))
    assert ours
    shown = [path.read_text("utf-8") for path in [*ours, folder / "connect.ics"]]
    connection = sqlite3.connect(folder / "state" / "calsync.db")
    rows = [*connection.execute("select * from journal"), *connection.execute("select * from runs")]
    connection.close()
    shown += [str(row) for row in rows]
    shown.append(calsync("log", "--json", now=later(15)).out)
    found = {word for word in words for text in shown if word in text}
    assert not found


def test_the_turn_of_a_past_day_is_what_was_given_then(calsync: Calsync, folder: Path) -> None:
    calsync("kindness", "done")
    turn, count, problems = turn_of(desk_at(folder, later(20)), date(2026, 12, 9))
    assert (turn.state, turn.first, count, problems) == ("done", date(2026, 12, 7), 1, ())
