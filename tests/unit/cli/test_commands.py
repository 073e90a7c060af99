"""Every command on a demo, called in this process: what it answers, in words and in JSON, and how it ends."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import icalendar
import pytest

from calsync.cli import main
from calsync.people.assignment import KEPT, LONGEST, WEIGHTS
from calsync.people.rounds import REGULAR
from tests.unit.cli.calling import NOW, Calsync, Said


def blocks_in(folder: Path) -> list[Path]:
    return sorted(p for p in (folder / "calendars" / "work").iterdir() if b"X-CALSYNC-KEY" in p.read_bytes())


def test_demo_runs_a_night_shows_the_week_and_says_what_to_try_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", str(tmp_path / "d"), "--now", NOW]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "What the night did:" in said.out
    assert "The next seven days:" in said.out
    brief = said.out.partition("Before the talk with ")[2]
    assert brief.splitlines()[1].startswith("    last time  ")
    assert "\n    ask        What " in brief
    commands = [
        line.strip() for line in said.out.partition("Try next:")[2].splitlines() if line.startswith("  calsync")
    ]
    assert len(commands) == 4
    for command in commands:
        program, *args = shlex.split(command)
        assert (program, main(args)) == ("calsync", 0), command
    assert blocks_in(tmp_path / "d")
    assert icalendar.Calendar.from_ical((tmp_path / "d" / "connect.ics").read_bytes()).events


def test_demo_run_again_goes_on_and_changes_nothing(
    a_demo: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", str(folder), "--now", NOW]) == 0
    out = capsys.readouterr().out
    assert f"Going on with the demo in {folder}" in out
    assert "Nothing to change" in out
    for path in blocks_in(a_demo):
        assert (folder / "calendars" / "work" / path.name).read_bytes() == path.read_bytes()


def test_demo_json_has_the_night_and_the_blocks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", str(tmp_path / "d"), "--now", NOW, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["folder", "night", "blocks"]
    assert answer["night"]["written"] > 0
    assert {block["kind"] for block in answer["blocks"]} == {"connect", "follow-through", "kindness"}


@pytest.mark.parametrize("command", ["plan", "nightly"])
def test_the_night_in_json_has_the_documented_keys(calsync: Calsync, command: str) -> None:
    answer = calsync(command, "--json").json()
    keys = {"now", "horizon", "calendars", "changes", "unplaced", "written", "exit"}
    assert keys <= set(answer)
    assert set(answer["horizon"]) == {"start", "end"}
    assert {"name", "provider", "ok", "events", "requests", "error"} <= set(answer["calendars"][0])
    assert answer["now"] == NOW
    assert answer["exit"] == 0


def test_a_night_right_after_a_night_says_that_nothing_changes(calsync: Calsync) -> None:
    said = calsync("nightly")
    assert said.code == 0
    assert "Nothing to change" in said.out
    assert said.err == ""


def test_a_quiet_night_on_which_nothing_changes_says_nothing(calsync: Calsync, folder: Path) -> None:
    calsync("nightly")
    assert calsync("-q", "nightly") == Said(0, "", "")
    assert "calendar" in calsync("-v", "nightly").out


def meeting_on(folder: Path, path: Path) -> None:
    """Put a meeting of everybody on the second date of the block in `path`."""
    block = next(iter(icalendar.Calendar.from_ical(path.read_bytes()).events))
    day = (block.start + 7 * (block.end - block.start).resolution * 86400 * 1000000).strftime("%Y%m%d")
    (folder / "calendars" / "work" / "clash.ics").write_text(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:clash\r\nDTSTAMP:20261101T000000Z\r\n"
        f"DTSTART;TZID=Europe/Berlin:{day}T{block.start:%H%M}00\r\nDTEND;TZID=Europe/Berlin:{day}T{block.end:%H%M}00\r\n"
        "SUMMARY:Surprise\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        newline="",
    )


def test_plan_shows_the_change_that_a_new_meeting_makes_and_writes_nothing(calsync: Calsync, folder: Path) -> None:
    meeting_on(folder, blocks_in(folder)[0])
    before = {p.name: p.read_bytes() for p in (folder / "calendars" / "work").iterdir()}
    said = calsync("plan")
    assert said.code == 0, said.err
    assert "nothing was written" in said.out
    assert "Surprise" not in said.out, "reasons have no titles"
    assert {p.name: p.read_bytes() for p in (folder / "calendars" / "work").iterdir()} == before
    dry = calsync("nightly", "--dry-run")
    assert dry.out == said.out
    done = calsync("nightly")
    assert "done." in done.out
    assert {p.name: p.read_bytes() for p in (folder / "calendars" / "work").iterdir()} != before


def test_week_and_today_have_the_documented_keys(calsync: Calsync) -> None:
    blocks = calsync("week", "--json", now="2026-11-16T05:00:00+01:00").json()["blocks"]
    assert blocks
    assert {"id", "series", "kind", "calendar", "start", "end", "state", "person", "why", "brief"} <= set(blocks[0])
    assert {"preface", "thread", "promises", "topic", "follow_ups", "flags"} <= set(blocks[0]["brief"])
    assert blocks[0]["people"][0]["brief"] == blocks[0]["brief"]
    assert [b["start"] for b in blocks] == sorted(b["start"] for b in blocks)
    text = calsync("week", now="2026-11-16T05:00:00+01:00").out
    assert all(b["person"] in text for b in blocks)
    first = blocks[0]["start"]
    assert calsync("today", "--json", now=first).json()["blocks"][0]["id"] == blocks[0]["id"]
    assert calsync("today", now="2026-11-15T05:00:00+01:00").out.startswith("No blocks today; `calsync week` shows")


def test_who_shows_everybody_most_due_first(calsync: Calsync) -> None:
    people = calsync("who", "--json").json()["people"]
    assert len(people) == 10
    assert {
        "name",
        "due_on",
        "past_max",
        "last_personal",
        "last_work",
        "ideal_days",
        "max_days",
        "score",
        "terms",
    } <= set(people[0])
    assert [p["score"] for p in people] == sorted((p["score"] for p in people), reverse=True)
    text = calsync("who").out.splitlines()
    assert [line.split("  ")[0] for line in text[1:]] == [p["name"] for p in people]
    few = calsync("who", "--upcoming", "1w", "--json").json()["people"]
    assert 0 < len(few) < 10


def test_who_explains_one_person_by_a_part_of_the_name(calsync: Calsync) -> None:
    said = calsync("who", "--explain", "ana")
    assert said.out.startswith("name: Ana Sousa\n")
    explained = calsync("who", "--explain", "ana", "--json").json()
    assert explained["person"] == explained["terms"]["name"] == "Ana Sousa"
    for label, value in explained["terms"].items():
        assert f"{label}: {value}\n" in said.out


def test_who_explains_every_weight_by_which_the_blocks_are_filled(calsync: Calsync) -> None:
    calsync("change", "add", "New desks", "--on", "2w", "--affects", "Ana")
    calsync("change", "ask")
    terms = calsync("who", "--explain", "Ana", "--json").json()["terms"]
    said = " ".join(terms.values())
    (week, _), *kept = KEPT
    weights = [*WEIGHTS.values(), LONGEST, *(saved for _, saved in kept)]
    assert [weight for weight in weights if f"{weight:,}" not in said] == []
    assert f"{REGULAR} times" in terms["gaps much alike"]
    assert f"stays within {week} days" in terms["what you were told"]


def test_two_days_after_a_talk_at_a_gap_of_fourteen_somebody_is_due_in_twelve(calsync: Calsync) -> None:
    assert calsync("done", "ana", "--on", "2026-11-07").code == 0
    people = {p["name"]: p for p in calsync("who", "--json").json()["people"]}
    assert people["Ana Sousa"]["due_on"] == "2026-11-21"
    assert "Sat 21 Nov (in 12 days)" in calsync("who").out
    assert "Ana Sousa" in calsync("who", "--upcoming", "14d").out
    assert "Ana Sousa" not in calsync("who", "--upcoming", "11d").out
    much_later = "2026-12-06T05:00:00+01:00"
    assert calsync("done", "ben", "--on", "2026-12-05", now=much_later).code == 0
    everybody = calsync("who", "--json", now=much_later).json()["people"]
    past = [p["past_max"] for p in everybody]
    assert past[0] is True
    assert past == sorted(past, reverse=True)
    assert next(p for p in everybody if p["name"] == "Ana Sousa")["past_max"], "29 days after a talk, at most 28"


def test_who_and_plan_say_how_many_more_blocks_a_week_the_gaps_take(calsync: Calsync, folder: Path) -> None:
    assert calsync("who", "--json").json()["turns_a_week"]["more_for_ideal"] == 0
    assert "more a week" not in calsync("who").out
    config = folder / "config.yaml"
    config.write_text(config.read_text("utf-8").replace("per_week: 2, pings: 2", "per_week: 1, pings: 1"), "utf-8")
    turns = calsync("who", "--json").json()["turns_a_week"]
    assert (turns["given"], turns["more_for_max"], turns["more_for_ideal"]) == (1, 1, 3)
    said = (
        "1 block more a week would keep the maximum gaps; 3 blocks more a week would keep everybody within their ideal"
    )
    assert said in calsync("who").out
    assert said in calsync("plan").out


def test_plan_says_who_can_never_be_named_and_who_explain_why(calsync: Calsync, folder: Path) -> None:
    assert "no block to come" not in calsync("plan").out
    config = folder / "config.yaml"
    early = config.read_text("utf-8").replace("timezone: America/New_York", "timezone: Pacific/Honolulu")
    config.write_text(early.replace("{name: Henrik Dahl,", '{name: Henrik Dahl, working_hours: {sat: "09:00-10:00"},'))
    assert "no block to come lies within the hours of Grace Lin and Henrik Dahl" in calsync("plan").out
    assert "out of reach: in " in calsync("who", "--explain", "Grace").out
    calsync("people", "pause", "Grace")
    assert "no block to come lies within the hours of Henrik Dahl," in calsync("plan").out


def test_done_skip_and_snooze_are_noted(calsync: Calsync) -> None:
    assert "Ana Sousa" in calsync("done", "ana").out
    assert "Ben Okafor" in calsync("done", "Ben", "--on", "yesterday").out
    assert "Chiara Ricci" in calsync("skip", "chiara").out
    assert "Daniel" in calsync("snooze", "daniel", "--until", "2w").out
    people = {p["name"]: p for p in calsync("who", "--json").json()["people"]}
    assert people["Ana Sousa"]["last_personal"] == "2026-11-09"
    assert people["Ben Okafor"]["last_personal"] == "2026-11-08"
    assert people["Chiara Ricci"]["last_personal"] is None
    assert people["Daniel Weiß"]["due_on"] >= "2026-11-23"


@pytest.mark.parametrize("args", [("done", "ana"), ("skip", "ana"), ("snooze", "ana", "--until", "fri")])
def test_a_dry_run_of_what_notes_something_notes_nothing(calsync: Calsync, args: tuple[str, ...]) -> None:
    before = calsync("who", "--json").out
    said = calsync(*args, "--dry-run")
    assert said.out.startswith("Would ")
    assert "Ana Sousa" in said.out
    assert calsync("who", "--json").out == before


@pytest.mark.parametrize(
    "args",
    [
        ("done", "anna"),
        ("skip", "nobody at all"),
        ("snooze", "ana"),
        ("snooze", "ana", "--until", "never"),
        ("done", "ana", "--on", "tomorrow"),
        ("who", "--upcoming", "soon"),
        ("who", "--explain", "xyz"),
        ("undo", "0"),
        ("undo", "99999999999999999999999"),
        ("log", "--last", "99999999999999999999999"),
        ("plan", "--now", "0001-01-01T00:00:00+00:00"),
        ("plan", "--now", "9999-12-31T23:59:59+00:00"),
        ("snooze", "ana", "--until", "9999-12-31"),
        ("done", "ana", "--on", "0001-01-01"),
        ("people", "edit", "ana"),
        ("people", "add", "Ana Sousa", "--ideal", "2w"),
        ("people", "add", "Kim", "--ideal", "2w", "--timezone", "Europe/Atlantis"),
        ("people", "import", "no-such-file.csv"),
        ("calendars", "sign-in", "wrk"),
        ("export", "--out"),
    ],
)
def test_wrong_usage_ends_with_two_lines_and_code_two(calsync: Calsync, args: tuple[str, ...]) -> None:
    said = calsync(*args)
    assert said.code == 2, said
    assert said.out == ""
    lines = said.err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("calsync: ")
    assert lines[1].startswith("  ")


def test_people_are_added_changed_and_removed_and_the_comments_stay(calsync: Calsync, folder: Path) -> None:
    comments = [line for line in (folder / "config.yaml").read_text("utf-8").splitlines() if line.startswith("#")]
    assert calsync("people", "add", "Kim Nguyen", "--ideal", "2w", "--email", "kim@example.com", "--dry-run").code == 0
    assert "Kim" not in (folder / "config.yaml").read_text("utf-8")
    assert calsync("people", "add", "Kim Nguyen", "--ideal", "2w", "--email", "kim@example.com").code == 0
    assert calsync("people", "edit", "kim", "--max", "60d", "--channel", "chat").code == 0
    kim = calsync("people", "list", "--json").json()["people"][-1]
    assert kim == {
        "name": "Kim Nguyen",
        "ideal_days": 14,
        "max_days": 60,
        "addresses": ["kim@example.com"],
        "timezone": None,
        "tags": [],
        "channel": "chat",
        "call_name": None,
        "working_hours": None,
        "holidays": None,
        "thanks": None,
    }
    assert "Kim Nguyen" in calsync("people", "list").out
    assert calsync("people", "remove", "kim").code == 2, "nobody can be asked here"
    assert "would be" in calsync("people", "remove", "kim", "--dry-run").out
    assert calsync("people", "remove", "kim", "--yes").code == 0
    assert "Kim" not in calsync("people", "list").out
    after = [line for line in (folder / "config.yaml").read_text("utf-8").splitlines() if line.startswith("#")]
    assert after == comments


def test_people_go_out_as_csv_and_come_in_again(calsync: Calsync, folder: Path, tmp_path: Path) -> None:
    everybody = calsync("people", "list", "--json").json()
    out = tmp_path / "people.csv"
    assert calsync("people", "export", "--out", str(out)).code == 0
    assert calsync("people", "export").out.splitlines() == out.read_text("utf-8").splitlines()
    for name in [p["name"] for p in everybody["people"]][:3]:
        calsync("people", "remove", name, "--yes")
    said = calsync("people", "import", str(out))
    assert said.code == 0, said.err
    assert said.out.count("is in the rotation already and stays as they are") == 7
    key = str
    assert sorted(calsync("people", "list", "--json").json()["people"], key=key) == sorted(everybody["people"], key=key)


def test_rows_that_cannot_be_used_are_named_with_code_three_and_the_others_come_in(
    calsync: Calsync, tmp_path: Path
) -> None:
    table = tmp_path / "people.csv"
    table.write_text("name,email,ideal\nLea Roth,lea@example.com,3w\n,x@example.com,\n", "utf-8")
    said = calsync("people", "import", str(table))
    assert said.code == 3
    first, second = said.err.splitlines()
    assert first.startswith(f"calsync: {table}: line 3: name: ")
    assert second == "  it says: ,x@example.com,"
    assert calsync("people", "list", "--json").json()["people"][-1]["name"] == "Lea Roth"


def test_people_come_in_from_vcards(calsync: Calsync, tmp_path: Path) -> None:
    card = tmp_path / "lea.vcf"
    card.write_text("BEGIN:VCARD\nVERSION:3.0\nFN:Lea Roth\nEMAIL:lea@example.com\nEND:VCARD\n", "utf-8")
    assert calsync("people", "import", str(card), "--ideal", "3w").code == 0
    lea = calsync("people", "list", "--json").json()["people"][-1]
    assert (lea["name"], lea["addresses"], lea["ideal_days"], lea["max_days"]) == (
        "Lea Roth",
        ["lea@example.com"],
        21,
        42,
    )


def test_calendars_shows_what_is_connected(calsync: Calsync, folder: Path) -> None:
    rows = calsync("calendars", "--json").json()["calendars"]
    assert [(r["name"], r["provider"], r["write"], r["ok"]) for r in rows] == [
        ("work", "ics", True, True),
        ("family", "ics", False, True),
    ]
    (folder / "calendars" / "family.ics").unlink()
    said = calsync("calendars")
    assert said.code == 3
    assert "family" in said.out


def test_log_shows_the_runs_latest_first(calsync: Calsync) -> None:
    calsync("nightly")
    runs = calsync("log", "--json").json()["runs"]
    assert [r["run"] for r in runs] == sorted((r["run"] for r in runs), reverse=True)
    assert len(runs) == 2
    assert len(calsync("log", "--last", "1", "--json").json()["runs"]) == 1
    assert calsync("log").out.splitlines()[0].startswith("run")


def test_an_option_without_its_value_points_to_the_help_of_its_command(calsync: Calsync, folder: Path) -> None:
    asked = calsync("report", "--html")
    assert (asked.code, asked.err.splitlines()[-1]) == (2, "  see: calsync report --help")


def test_an_export_that_has_nowhere_to_go_says_so(calsync: Calsync, folder: Path) -> None:
    config = folder / "config.yaml"
    config.write_text(config.read_text("utf-8").partition("\nexports:")[0] + "\n", "utf-8")
    assert calsync("export").out == "The configuration names no file to export to; name one with --out FILE.\n"


def test_export_to_stdout_is_icalendar_and_to_a_file_is_the_same(
    calsync: Calsync, folder: Path, tmp_path: Path
) -> None:
    text = calsync("export", "--out", "-").out
    assert len(icalendar.Calendar.from_ical(text).events) >= 2
    out = tmp_path / "mine.ics"
    assert calsync("export", "--out", str(out), "--dry-run").out == f"Would write {out}\n"
    assert not out.exists()
    assert calsync("export", "--out", str(out)).out == f"Wrote {out}\n"
    stamp = out.stat().st_mtime_ns
    assert calsync("export", "--out", str(out)).out == f"{out} is up to date\n"
    assert out.stat().st_mtime_ns == stamp
    assert icalendar.Calendar.from_ical(out.read_bytes()).events


def test_undo_takes_back_the_night(calsync: Calsync, folder: Path) -> None:
    assert calsync("undo").code == 2, "nobody can be asked here"
    assert blocks_in(folder)
    assert "nothing was written" in calsync("undo", "--dry-run").out
    assert blocks_in(folder)
    said = calsync("undo", "--yes")
    assert said.code == 0, said.err
    assert not blocks_in(folder)
    last = "The next night plans again; to keep a block away, delete it on the calendar."
    assert said.out.splitlines()[-1] == last
    assert calsync("nightly").code == 0
    answer = calsync("undo", "--yes", "--json")
    assert answer.json()["written"] > 0, "JSON and nothing else"


def test_an_undo_without_a_calendar_to_look_at_says_so_and_does_not_ask(calsync: Calsync, folder: Path) -> None:
    (folder / "calendars" / "work").rename(folder / "calendars" / "elsewhere")
    said = calsync("undo")
    assert said.code == 3
    assert "nothing to take back" not in said.out
    assert "calendars/work: there is no such file or folder" in said.err


def test_an_undo_that_can_take_back_a_part_only_names_the_rest_before_it_asks(calsync: Calsync, folder: Path) -> None:
    changed = blocks_in(folder)[0]
    changed.write_bytes(changed.read_bytes().replace(b"\r\nSUMMARY:", b"\r\nSUMMARY:My own "))
    said = calsync("undo")
    assert said.code == 2, "nobody can be asked here"
    assert "was changed since that run and is left as it is" in said.err
    assert "would be made" in said.out


def test_a_far_day_is_told_with_its_year(calsync: Calsync) -> None:
    assert calsync("snooze", "ana", "--until", "2200-12-31").out.endswith(" 31 Dec 2200.\n")
    assert calsync("snooze", "ana", "--until", "2026-12-31").out.endswith(" 31 Dec.\n")


@pytest.mark.parametrize("command", ["plan", "nightly"])
def test_a_night_that_reads_nothing_does_not_say_that_there_is_nothing_to_change(
    calsync: Calsync, folder: Path, command: str
) -> None:
    (folder / "calendars" / "family.ics").unlink()
    said = calsync(command)
    assert said.code == 3
    assert said.out.startswith("Nothing was changed for ")


@pytest.mark.parametrize("name", ["family.ics", "work/blocks.ics", "work/../family.ics"])
def test_an_export_into_a_connected_calendar_is_refused(calsync: Calsync, folder: Path, name: str) -> None:
    out = folder / "calendars" / name
    before = out.read_bytes() if out.exists() else None
    for more in ([], ["--dry-run"]):
        said = calsync("export", "--out", str(out), *more)
        assert said.code == 2
        assert "lies in the calendar" in said.err
    assert (out.read_bytes() if out.exists() else None) == before


def test_people_that_cannot_be_written_are_an_error_with_a_next_step(calsync: Calsync, tmp_path: Path) -> None:
    said = calsync("people", "export", "--out", str(tmp_path / "none" / "people.csv"))
    assert said.code == 3
    assert len(said.err.splitlines()) == 2


def test_a_deleted_block_stays_deleted_until_restore(calsync: Calsync, folder: Path) -> None:
    gone = blocks_in(folder)[0]
    gone.unlink()
    assert "calsync restore" in calsync("nightly").out
    assert len(blocks_in(folder)) == 1
    assert calsync("restore", "--dry-run").code == 0
    assert len(blocks_in(folder)) == 1
    said = calsync("restore", "--yes")
    assert said.code == 0, said.err
    assert len(blocks_in(folder)) == 2


def test_uninstall_leaves_the_calendars_as_they_were(calsync: Calsync, folder: Path) -> None:
    assert calsync("uninstall").code == 2, "nobody can be asked here"
    assert calsync("uninstall", "--dry-run").code == 0
    assert blocks_in(folder)
    said = calsync("uninstall", "--yes")
    assert said.code == 0, said.err
    assert not blocks_in(folder)
    assert not (folder / "connect.ics").exists()
    again = calsync("uninstall", "--yes")
    assert again.code == 0


def test_a_calendar_that_cannot_be_read_is_named_on_stderr_with_code_three(calsync: Calsync, folder: Path) -> None:
    (folder / "calendars" / "family.ics").write_bytes(b"BEGIN:VCALENDAR\r\nnonsense")
    said = calsync("nightly")
    assert said.code == 3
    assert "family" in said.err
    assert said.err.startswith("calsync: ")
    answer = calsync("nightly", "--json")
    assert answer.json()["exit"] == answer.code == 3
    assert [c["ok"] for c in answer.json()["calendars"]] == [True, False]
