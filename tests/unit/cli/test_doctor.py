"""`doctor` as it is called: its text, its JSON, what it mends and what it asks before it does anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from calsync.cli import main
from tests.unit.cli.calling import Calsync, places


@pytest.fixture(autouse=True)
def nobodys_schedule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "programs").mkdir()
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TZ", "Europe/Berlin")


NO_SCHEDULE = (
    "Needs a look: no schedule runs the night.\n"
    "  Why it matters: a night happens only when you run `calsync nightly` yourself.\n"
    "  To mend it: run `calsync schedule install`\n"
    "\n"
)


def test_a_finding_is_a_paragraph_and_a_line_counts_them(calsync: Calsync) -> None:
    said = calsync("doctor")
    assert (said.code, said.err) == (0, "")
    assert said.out == NO_SCHEDULE + "Nothing fails tonight; 1 thing needs a look.\n"


def test_with_v_what_is_fine_is_told_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*places(folder), "-v", "doctor", "--now", "2026-11-09T05:00:00+01:00"]) == 0
    out = capsys.readouterr().out
    assert "Fine: work: it can be read; " in out
    assert f"Fine: {folder / 'config.yaml'} can be used: 2 calendars, 10 people.\n" in out


def test_what_fails_comes_first_with_its_exit_code(calsync: Calsync, folder: Path) -> None:
    (folder / "calendars" / "work").rename(folder / "elsewhere")
    (folder / "state").chmod(0o755)
    said = calsync("doctor")
    assert said.code == 3
    assert said.out == (
        f"Fails tonight: {folder / 'calendars' / 'work'}: there is no such file or folder.\n"
        "  Why it matters: a night cannot read that calendar, so it plans nothing new and leaves the blocks as they "
        "stand.\n"
        "  To mend it: check `path` in the config, or put it back\n"
        "\n"
        f"Needs a look: {folder / 'state'}: others on this machine can look into it (mode 0755).\n"
        "  Why it matters: what was logged of people, and the calendars' entries, are in it.\n"
        f"  To mend it: run `chmod 700 {folder / 'state'}`\n"
        "\n" + NO_SCHEDULE + "1 thing fails tonight; 2 things need a look.\n"
    )
    night = calsync("nightly")
    assert night.code == 3


def test_a_configuration_that_is_missing_or_wrong_ends_with_2(calsync: Calsync, folder: Path) -> None:
    (folder / "config.yaml").write_text("calendars: 3\n")
    said = calsync("doctor")
    assert said.code == 2
    assert said.out.startswith(f"Fails tonight: {folder / 'config.yaml'}:1: calendars: expected a list")
    (folder / "config.yaml").unlink()
    said = calsync("doctor")
    assert said.code == 2
    assert said.out.startswith(
        f"Fails tonight: {folder / 'config.yaml'}: there is no configuration here.\n"
        "  Why it matters: without it a night reads and plans nothing.\n"
        "  To mend it: run `calsync setup`\n"
    )


def test_json_has_documented_keys_and_no_titles(calsync: Calsync, folder: Path) -> None:
    (folder / "state").chmod(0o755)
    said = calsync("doctor", "--json", "--fix", "--dry-run")
    found = said.json()
    assert list(found) == ["now", "findings", "fine", "mended", "exit"]
    assert found["now"] == "2026-11-09T05:00:00+01:00"
    assert found["exit"] == said.code == 0
    assert [one["key"] for one in found["findings"]] == ["state.open", "schedule.none"]
    assert all(
        list(one) == ["key", "subject", "level", "what", "why", "command"]
        for one in (*found["findings"], *found["fine"])
    )
    assert found["mended"] == [
        {
            "key": "state.open",
            "subject": str(folder / "state"),
            "what": f"{folder / 'state'} is closed to others (mode 0700)",
            "done": False,
            "error": None,
        }
    ]


def test_fix_mends_says_so_and_looks_again(calsync: Calsync, folder: Path) -> None:
    (folder / "state").chmod(0o755)
    shown = calsync("doctor", "--fix", "--dry-run")
    assert shown.out.startswith(
        f"Would be mended: {folder / 'state'} is closed to others (mode 0700).\n\nNeeds a look: "
    )
    assert (folder / "state").stat().st_mode & 0o777 == 0o755
    done = calsync("doctor", "--fix")
    assert done.out == (
        f"Mended: {folder / 'state'} is closed to others (mode 0700).\n\n"
        + NO_SCHEDULE
        + "Nothing fails tonight; 1 thing needs a look.\n"
    )
    assert (folder / "state").stat().st_mode & 0o777 == 0o700


def test_fix_touches_neither_calendars_nor_the_configuration(calsync: Calsync, folder: Path) -> None:
    before = {p: p.read_bytes() for p in [folder / "config.yaml", *(folder / "calendars").rglob("*.ics")]}
    (folder / "state").chmod(0o755)
    (folder / "state" / "decisions.json").write_text("{")
    assert calsync("doctor", "--fix").code == 0
    assert before == {p: p.read_bytes() for p in [folder / "config.yaml", *(folder / "calendars").rglob("*.ics")]}


def test_titles_of_whole_days_are_for_the_screen_alone(calsync: Calsync, folder: Path) -> None:
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//Another program//EN", "BEGIN:VEVENT", "UID:fair",
        "DTSTAMP:20261101T080000Z", "DTSTART;VALUE=DATE:20261110", "DTEND;VALUE=DATE:20261201", "SUMMARY:Fair in Milan",
        "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    (folder / "calendars" / "work" / "fair.ics").write_bytes(("\r\n".join(lines) + "\r\n").encode())
    assert "  They are: Fair in Milan.\n" in calsync("doctor").out
    said = calsync("doctor", "--json")
    assert "room.days" in said.out
    assert "Milan" not in said.out


def test_writing_is_asked_for(calsync: Calsync, folder: Path) -> None:
    said = calsync("doctor", "--write")
    assert said.code == 2
    assert said.err == (
        "calsync: this asks before it acts, and there is nobody to ask here\n"
        "  add --yes, or look first with --dry-run\n"
    )
    shown = calsync("doctor", "--write", "--dry-run")
    assert shown.code == 0
    assert shown.out.startswith("Would be tried: a scratch block on work.\n\nNeeds a look: ")
    before = sorted((folder / "calendars").rglob("*.ics"))
    said = calsync("doctor", "--write", "--yes")
    assert said.code == 0
    assert sorted((folder / "calendars").rglob("*.ics")) == before


@pytest.mark.parametrize(
    ("args", "what", "step"),
    [
        (["--dry-run"], "--dry-run is for --fix, --write and --live; the checks change nothing", "leave it out"),
        (["--live", "work", "--fix"], "--live and --fix do not go together", "give one of them"),
        (["--live", "nowhere"], None, "connected are: work, family"),
        (
            ["--live", "family"],
            "family is for reading only, so nothing is tried there",
            "give the calendar `write: true`",
        ),
        (["--live", "work"], "work: nothing about a calendar of provider ics is open", "name another calendar"),
    ],
)
def test_calls_that_cannot_be_followed(
    calsync: Calsync, folder: Path, args: list[str], what: str | None, step: str
) -> None:
    said = calsync("doctor", *args)
    assert said.code == 2
    assert said.out == ""
    what = what or f"{folder / 'config.yaml'}: there is no calendar nowhere"
    assert said.err == f"calsync: {what}\n  {step}\n"


def test_what_cannot_be_mended_is_said_on_stderr(calsync: Calsync, folder: Path) -> None:
    from calsync.state.lock import hold

    (folder / "state" / "decisions.json").write_text("{")
    with hold(folder / "state"):
        said = calsync("doctor", "--fix", "--json")
    assert said.err == (
        f"calsync: another calsync run is using {folder / 'state'}\n  wait until it has finished, then run this again\n"
    )
    (row,) = json.loads(said.out)["mended"]
    assert row["done"] is False
    assert row["error"] == f"another calsync run is using {folder / 'state'}"
