"""The crontab: our line alone is ours, whatever else stands there and however it is written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.errors import StateError, UsageError
from calsync.schedule import cron
from calsync.schedule.job import Job
from tests.unit.schedule.made import COMMAND, job
from tests.unit.schedule.programs import Machine

ID = "0123abcd"
LINE = f"37 * * * * calsync -q nightly # calsync:{ID}"
LINES = st.lists(
    st.sampled_from([b"", b"# mine", b"MAILTO=maya@example.com", b"@daily x % y", b"5 4 * * * z\r", b"\xff\xfe", b"\t"])
    | st.binary(max_size=20).filter(lambda line: b"\n" not in line),
    max_size=6,
)
CRONTABS = st.builds(lambda lines, end: b"\n".join(lines) + end, LINES, st.sampled_from([b"", b"\n"]))
NAMES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="\\"), min_size=1, max_size=30)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path / "machine", monkeypatch, "crontab")


@given(CRONTABS)
def test_a_line_put_in_and_taken_out_leaves_every_byte_as_it_was(crontab: bytes) -> None:
    assert cron.without_line(cron.with_line(crontab, ID, LINE), ID) == crontab


@given(CRONTABS)
def test_a_line_put_in_twice_stands_there_once_and_a_new_one_takes_its_place(crontab: bytes) -> None:
    once = cron.with_line(crontab, ID, LINE)
    assert cron.with_line(once, ID, LINE) == once
    other = cron.with_line(once, ID, LINE.replace("37", "12"))
    assert other == once.replace(b"37 * * * * calsync", b"12 * * * * calsync")
    assert cron.with_line(cron.with_line(once, "ffffffff", "x # calsync:ffffffff"), ID, LINE).count(b"calsync:") == 2


@given(CRONTABS, CRONTABS)
def test_lines_of_others_around_ours_stay_as_they_are(before: bytes, after: bytes) -> None:
    before = before if not before or before.endswith(b"\n") else before + b"\n"
    text = before + LINE.encode() + b"\n" + after
    assert cron.without_line(text, ID) == before + after
    assert cron.with_line(text, ID, "new # calsync:" + ID) == before + b"new # calsync:" + ID.encode() + b"\n" + after


@given(st.lists(NAMES, min_size=1, max_size=4), st.dictionaries(st.just("TZ"), NAMES, max_size=1))
def test_what_a_line_runs_can_be_read_back_from_it(names: list[str], environment: dict[str, str]) -> None:
    one = job(("/bin/calsync", *names), environment)
    assert cron.parse(cron.line(one)) == (37, one.command)


def test_the_shell_that_cron_starts_sees_each_word_as_it_is(tmp_path: Path) -> None:
    show = tmp_path / "show"
    show.write_text('#!/bin/sh\nprintf "%s\\n" "$TZ" "$@"\n', "utf-8")
    show.chmod(0o755)
    command = cron.line(job((str(show), *COMMAND[1:]))).split(None, 5)[5].replace("\\%", "%")
    ended = subprocess.run(
        ["/bin/sh", "-c", command], env={"PATH": "/usr/bin:/bin"}, capture_output=True, encoding="utf-8", check=True
    )
    assert ended.stdout.splitlines() == ["Europe/Berlin", *COMMAND[1:]]


def test_the_line_escapes_percent_signs_and_gives_variables_to_its_own_command_alone() -> None:
    text = cron.line(job())
    assert text.startswith("37 * * * * env HTTPS_PROXY=http://proxy.example:3128/\\%20 TZ=Europe/Berlin /home/maya/")
    assert text.endswith(f" --if-due 04:15 # calsync:{ID}")
    assert "50\\% " in text


def test_a_line_longer_than_cron_takes_is_refused() -> None:
    with pytest.raises(UsageError, match=r"cron takes 998"):
        cron.line(job(("/bin/calsync", "x" * 1000)))


def test_a_backslash_that_crons_read_in_different_ways_is_refused() -> None:
    with pytest.raises(UsageError, match="backslash"):
        cron.line(job(("/bin/calsync", "a\\b")))


def test_the_first_line_makes_a_crontab_and_the_second_time_nothing_is_written(machine: Machine) -> None:
    one = job()
    cron.place(one)
    assert machine.crontab == f"{cron.line(one)}\n".encode()
    cron.place(one)
    assert machine.told("crontab.writes") == ["written"]
    found = cron.present(ID)
    assert found is not None
    assert (found.minute, found.command, found.problems) == (37, COMMAND, ())


def test_each_configuration_has_a_line_of_its_own(machine: Machine) -> None:
    machine.crontab = b"MAILTO=maya@example.com\n0 7 * * 1 backup\n"
    cron.place(job())
    other = Job("ffff0000", ("/bin/calsync",), {}, job().at, 12, job().state, ())
    cron.place(other)
    assert cron.take(ID, dry_run=False) == [f"the line in your crontab (crontab -l): {cron.line(job())}"]
    assert machine.crontab == b"MAILTO=maya@example.com\n0 7 * * 1 backup\n" + cron.line(other).encode() + b"\n"


def test_a_line_that_was_switched_off_is_told_and_taken_out(machine: Machine) -> None:
    machine.crontab = f"#{cron.line(job())}\n".encode()
    found = cron.present(ID)
    assert found is not None
    assert found.problems == ("the line in the crontab is switched off (a # stands before it)",)
    assert found.command == COMMAND
    cron.take(ID, dry_run=False)
    assert machine.crontab == b""


@pytest.mark.parametrize("when", ["37 4 * * *", "*/30 * * * *", "@daily"])
def test_a_line_that_runs_at_other_times_by_hand_is_told_and_put_right_by_an_installation(
    machine: Machine, when: str
) -> None:
    machine.crontab = cron.line(job()).replace("37 * * * *", when).encode() + b"\n"
    found = cron.present(ID)
    assert found is not None
    assert found.problems == ("the line in the crontab was changed by hand: when it runs cannot be told",)
    cron.place(job())
    assert machine.crontab == cron.line(job()).encode() + b"\n"


def test_on_paper_nothing_is_taken_out(machine: Machine) -> None:
    cron.place(job())
    before = machine.crontab
    assert len(cron.take(ID, dry_run=True)) == 1
    assert machine.crontab == before


def test_a_heading_that_cron_adds_by_itself_is_no_difference(machine: Machine) -> None:
    machine.says("crontab.mood", "heading")
    machine.crontab = b"0 7 * * 1 backup\n"
    cron.place(job())
    assert machine.crontab is not None
    assert machine.crontab.endswith(f"backup\n{cron.line(job())}\n".encode())


@pytest.mark.parametrize(
    ("mood", "text"),
    [
        ("denied", "your crontab cannot be read: You (maya) are not allowed to use this program (crontab)"),
        ("broken", "your crontab cannot be read: crontab: the spool cannot be read"),
        ("full", "your crontab cannot be written: crontab: no space left"),
        ("deaf", "cron did not keep the crontab as it was given; the old one was put back"),
    ],
)
def test_a_cron_that_refuses_is_told_with_what_to_do(machine: Machine, mood: str, text: str) -> None:
    machine.says("crontab.mood", mood)
    with pytest.raises(StateError) as refusal:
        cron.place(job())
    assert refusal.value.what == text
    assert "calsync schedule install" in refusal.value.next_step
    assert machine.crontab is None


def test_where_this_user_may_not_use_cron_nothing_of_ours_is_there(machine: Machine) -> None:
    machine.says("crontab.mood", "denied")
    assert cron.present(ID) is None
    assert cron.take(ID, dry_run=False) == []


def test_a_crontab_that_cannot_be_read_is_not_taken_for_an_empty_one(machine: Machine) -> None:
    machine.says("crontab.mood", "broken")
    with pytest.raises(StateError, match="spool"):
        cron.take(ID, dry_run=False)


def test_without_a_crontab_program_cron_does_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Machine(tmp_path / "bare", monkeypatch)
    assert cron.fits({}) == (False, "there is no program crontab on this machine")
    assert cron.present(ID) is None
    assert cron.take(ID, dry_run=False) == []
