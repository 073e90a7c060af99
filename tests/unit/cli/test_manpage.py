"""The manual page says what the commands say, in a form that the programs which show it take without a warning."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from calsync.cli.manpage import STATUS, manual_page
from calsync.cli.reference import commands_reference

PROJECT = Path(__file__).resolve().parents[3]


def shown(tmp_path: Path, *program: str) -> str:
    page = tmp_path / "calsync.1"
    page.write_text(manual_page(), "utf-8")
    ended = subprocess.run(
        [*program, str(page)],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MANPAGER": "cat", "GROFF_NO_SGR": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    return re.sub(r".\x08", "", ended.stdout)


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed here")
def test_groff_has_nothing_to_warn_about(tmp_path: Path) -> None:
    text = " ".join(shown(tmp_path, "groff", "-ww", "-man", "-Tutf8").split())
    for heading in ("NAME", "SYNOPSIS", "EVERY DAY", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"):
        assert heading in text


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed here")
def test_man_shows_it(tmp_path: Path) -> None:
    # Where manuals are left out of a system, its `man` only says so.
    text = shown(tmp_path, "man", "--warnings", "-l")
    assert "calsync promise add" in text or "minimized" in text


def test_it_has_every_command_and_every_option_of_the_page_of_commands() -> None:
    page = manual_page().replace("\\-", "-").replace("\\(dq", '"')
    reference = commands_reference()
    commands = re.findall(r"^#+ `(calsync [^`]+)`$", reference, re.MULTILINE)
    assert len(commands) > 50
    assert [name for name in commands if f'.SS "{name} ' not in page] == []
    options = {
        name
        for line in re.findall(r"^\| `(-[^`]+)`", reference, re.MULTILINE)
        for name in re.findall(r"--[a-z-]+", line)
    }
    assert [name for name in options if name not in page] == []


def test_its_numbers_are_those_of_the_page_on_exit_codes() -> None:
    table = (PROJECT / "docs" / "exit-codes.md").read_text("utf-8")
    assert list(STATUS) == [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)]


def test_no_line_of_it_is_taken_for_a_request_that_was_meant_as_text() -> None:
    known = {"TH", "SH", "SS", "PP", "TP", "B"}
    requests = {line[1:].split(" ")[0] for line in manual_page().splitlines() if line[:1] in {".", "'"}}
    assert requests - {'\\"'} == known
