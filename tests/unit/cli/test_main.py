"""The command as a whole: its list of commands, its exit codes, and what errors look like."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from calsync import __version__
from calsync.cli import COMMANDS, Settings, cli, main
from calsync.cli.failure import tell, write_report
from calsync.errors import (
    Busy,
    CalsyncError,
    ConfigError,
    Conflict,
    Malformed,
    NotFound,
    Problem,
    ReadOnly,
    Refused,
    SignInNeeded,
    StateError,
    Unreachable,
    UsageError,
)

ALL = {name: entry for section in COMMANDS.values() for name, entry in section.items()}


def settings(state: Path | None = None, verbosity: int = 0) -> Settings:
    made = Settings()
    made.state = None if state is None else str(state)
    made.verbosity = verbosity
    return made


@pytest.mark.parametrize("name", ALL)
def test_every_command_of_the_table_is_there_under_its_name(name: str) -> None:
    module, _, attribute = ALL[name][0].partition(":")
    command = getattr(importlib.import_module(module), attribute)
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.help


@pytest.mark.parametrize("name", ALL)
def test_the_tables_line_of_help_is_the_first_sentence_of_the_commands_own(name: str) -> None:
    context = click.Context(cli, info_name="calsync")
    command = cli.get_command(context, name)
    assert command is not None
    assert (command.help or "").split("\n\n")[0] == ALL[name][1]


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_help_that_fits_eighty_columns(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: calsync {name}")
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize(
    "name", [name for name in ALL if isinstance(cli.get_command(click.Context(cli), name), click.Group)]
)
def test_the_help_of_a_group_says_in_whole_words_what_its_commands_do(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main([name, "--help"]) == 0
    listed = capsys.readouterr().out.split("Commands:\n")[1]
    assert "..." not in listed
    assert max(map(len, listed.splitlines())) <= 80


def test_help_names_every_command_and_version_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(re.search(rf"^  {name} ", out, re.MULTILINE) for name in ALL)
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"calsync {__version__}\n"


@pytest.mark.parametrize(
    ("args", "what", "next_step"),
    [
        (["nigtly"], "there is no command nigtly; did you mean nightly?", "see: calsync --help"),
        (["unrelated"], "there is no command unrelated", "see: calsync --help"),
        (["week", "--jsn"], "no such option", "see: calsync week --help"),
        (["done"], "missing argument 'NAME'", "see: calsync done --help"),
        (
            ["kindness", "done", "Ana"],
            "got unexpected extra argument (Ana)",
            "see: calsync kindness done --help",
        ),
        (["nightly", "-q"], "no such option '-q'", "it stands before the command: calsync -q nightly"),
        (
            ["promise", "list", "--config", "x"],
            "no such option '--config'",
            "it stands before the command: calsync --config PATH promise list",
        ),
        (
            ["done", "Ana", "Sousa"],
            "got unexpected extra argument (Sousa)",
            "put words that belong together in quotes; see: calsync done --help",
        ),
        (
            ["plan", "--now", "2026-11-09T05:00"],
            "'2026-11-09T05:00' has no offset from UTC",
            "write it as 2026-11-09T05",
        ),
    ],
)
def test_wrong_usage_ends_with_two_and_two_lines_on_stderr(
    capsys: pytest.CaptureFixture[str], args: list[str], what: str, next_step: str
) -> None:
    assert main(args) == 2
    said = capsys.readouterr()
    assert said.out == ""
    first, second = said.err.splitlines()
    assert first.startswith(f"calsync: {what}")
    assert second.startswith(f"  {next_step}")


def test_without_a_command_the_help_goes_to_stderr_and_the_code_is_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("Usage: calsync")


def test_a_missing_configuration_is_named_with_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "none.yaml"
    assert main(["--config", str(config), "--state", str(tmp_path), "week"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"calsync: {config}: there is no configuration here"
    assert "calsync demo" in second


@pytest.mark.parametrize(
    "error",
    [
        UsageError("w", "n"),
        Unreachable("w", "n"),
        Malformed("w", "n"),
        NotFound("w", "n"),
        ReadOnly("w", "n"),
        Conflict("w", "n"),
        SignInNeeded("w", "n"),
        StateError("w", "n"),
        Refused("w", "n"),
        Busy("w", "n"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_expected_error_is_two_lines_and_its_own_code(
    error: CalsyncError, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(error, settings()) == error.exit_code
    assert capsys.readouterr().err == "calsync: w\n  n\n"


def test_what_somebody_else_wrote_is_shown_to_the_letter_and_moves_no_cursor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell(Unreachable("/work/a\x1b[31mred\nSubject: x  ü\udcff.ics: torn", "see \x07"), settings())
    said = "calsync: /work/a\\x1b[31mred\\nSubject: x  ü\\udcff.ics: torn\n  see \\x07\n"
    assert capsys.readouterr().err == said


def test_every_problem_of_a_configuration_has_its_own_line(capsys: pytest.CaptureFixture[str]) -> None:
    problems = [Problem("c.yaml", 3, "me", "must be a list"), Problem("c.yaml", 7, "peple", "unknown; nearest: people")]
    assert tell(ConfigError(problems, "Mend the file"), settings()) == 2
    assert capsys.readouterr().err == (
        "calsync: c.yaml:3: me: must be a list\ncalsync: c.yaml:7: peple: unknown; nearest: people\n  Mend the file\n"
    )


def broken(secret: str) -> None:
    try:
        {}[secret]
    except KeyError as cause:
        raise RuntimeError(f"no {secret}") from cause


def caught(secret: str) -> Exception:
    with pytest.raises(RuntimeError) as failure:
        broken(secret)
    return failure.value


def test_a_bug_leaves_a_report_with_types_and_lines_and_without_messages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(caught("Ana Sousa"), settings(tmp_path)) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("calsync: ")
    assert "RuntimeError" in first
    report = Path(second.removeprefix("  the report is in "))
    assert report.parent == tmp_path / "reports"
    text = report.read_text("utf-8")
    assert f"calsync {__version__}" in text
    assert "builtins.KeyError" in text
    assert text.index("builtins.KeyError") < text.index("builtins.RuntimeError")
    assert "in broken" in text
    assert "Ana" not in text
    if os.name == "posix":
        assert report.stat().st_mode & 0o077 == 0


def test_where_the_system_lets_nothing_be_seen_a_bug_is_told_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings()
    settings.state = str(tmp_path / ("x" * 300))
    assert tell(RuntimeError("oops"), settings) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "calsync: something went wrong that is not your fault (RuntimeError)"
    Path(second.removeprefix("  the report is in ")).unlink()
    config = tmp_path / ("x" * 300)
    assert main(["--config", str(config), "today"]) == 2
    assert capsys.readouterr().err == (
        f"calsync: {config} cannot be read: File name too long\n  check the path and its permissions\n"
    )


def test_without_a_state_folder_the_report_goes_to_the_folder_for_temporary_files(tmp_path: Path) -> None:
    report = write_report(caught("x"), tmp_path / "absent")
    try:
        assert not (tmp_path / "absent").exists()
        assert report.is_file()
    finally:
        report.unlink()


def test_twice_verbose_shows_the_traceback_of_any_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(UsageError("w", "n"), settings(verbosity=2)) == 2
    err = capsys.readouterr().err
    assert "UsageError: w" in err
    assert err.endswith("calsync: w\n  n\n")
    assert tell(UsageError("w", "n"), settings(verbosity=1)) == 2
    assert capsys.readouterr().err == "calsync: w\n  n\n"


def test_a_reader_that_goes_away_is_no_error(project: Path) -> None:
    command = f"'{sys.executable}' -P -m calsync --help | true; exit ${{PIPESTATUS[0]}}"
    for _ in range(3):
        ended = subprocess.run(
            ["bash", "-c", command], env={**os.environ, "PYTHONPATH": str(project)}, capture_output=True, check=False
        )
        assert ended.stderr == b""
        assert ended.returncode in {0, 141}


def test_an_interrupt_ends_quietly_with_130(project: Path) -> None:
    # A command that is interrupted for certain, in a process of its own.
    program = (
        "import os, signal, sys, click, calsync.cli as c\n"
        # A run in the background may have been started with interrupts ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "@click.command()\n"
        "def slow():\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    signal.pause()\n"
        "sys.modules['slow'] = type(sys)('slow'); sys.modules['slow'].slow = slow\n"
        "c.COMMANDS['Begin']['slow'] = ('slow:slow', 'x')\n"
        "sys.exit(c.main(['slow']))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=project, capture_output=True, check=False, timeout=60)
    assert ended.stderr.strip() == b""
    assert ended.returncode == 130
