"""The pages say what the program does: commands, exit codes and links are compared, snippets are run."""

from __future__ import annotations

import inspect
import io
import json
import re
import shlex
from datetime import date, datetime
from pathlib import Path

import click
import pytest

from calsync import __version__, errors
from calsync.cli import COMMANDS, cli, main
from calsync.cli.reference import rewritten
from calsync.config.load import load_config
from calsync.demo import write_demo
from calsync.registry import kinds, option_keys
from calsync.state import tables

PROJECT = Path(__file__).resolve().parents[1]
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")])
COMMAND_NAMES = [name for section in COMMANDS.values() for name in section]
NOW = "2026-11-09T05:00:00+01:00"
SNIPPET = re.compile(r"^<!-- run: (?P<name>[a-z]+) -->\n```sh\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    return (PROJECT / name).read_text("utf-8")


def snippets(text: str) -> list[tuple[str, str]]:
    return [(found["name"], found["text"].strip()) for found in SNIPPET.finditer(text)]


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    """If this fails: python -m calsync.cli.generated"""
    assert rewritten(page("docs/commands.md")) == page("docs/commands.md")


def test_every_command_has_a_heading_on_its_page() -> None:
    headings = re.findall(r"^### `calsync (\S+)`$", page("docs/commands.md"), re.MULTILINE)
    assert headings == COMMAND_NAMES


def test_a_page_without_marks_is_not_rewritten() -> None:
    with pytest.raises(ValueError, match="generated"):
        rewritten("# The commands\n")


def test_the_table_of_exit_codes_has_every_error_under_its_own_code() -> None:
    rows = re.findall(r"^\| (\d+) \| .*? \| (.*?) ?\|$", page("docs/exit-codes.md"), re.MULTILINE)
    documented = {name: int(code) for code, names in rows for name in names.split(", ") if name}
    defined = {
        name: error.exit_code
        for name, error in vars(errors).items()
        if inspect.isclass(error) and issubclass(error, errors.CalsyncError) and error is not errors.CalsyncError
    }
    assert documented == defined
    assert [int(code) for code, _ in rows] == [0, 1, 2, 3, 4, 5, 75, 130, 141]


def test_the_page_of_the_state_names_every_table() -> None:
    text = page("docs/state.md")
    assert [name for name in tables.metadata.tables if f"`{name}`" not in text] == []


def test_the_page_of_commands_names_every_key_of_what_is_read_most(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "demo"
    where = ["--config", str(folder / "config.yaml"), "--state", str(folder / "state")]
    assert main(["demo", str(folder), "--now", NOW]) == 0
    told = page("docs/commands.md").partition("## JSON")[2]
    for command, inner in (("who", ["people"]), ("week", ["blocks", "brief"]), ("report", [])):
        capsys.readouterr()
        assert main([*where, command, "--json", "--now", NOW]) == 0
        answer = json.loads(capsys.readouterr().out)
        keys = set(answer)
        for step in inner:
            answer = answer[step][0] if isinstance(answer[step], list) else answer[step]
            keys |= set(answer)
        assert [key for key in sorted(keys) if f"`{key}`" not in told] == [], command


def test_the_changelog_speaks_of_this_version() -> None:
    assert re.search(rf"^## {re.escape(__version__)}\b", page("CHANGELOG.md"), re.MULTILINE)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_to_one(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_index_leads_to_every_page() -> None:
    for path in (PROJECT / "docs").glob("*.md"):
        assert path.name == "index.md" or f"({path.name})" in page("docs/index.md"), path.name


def test_the_readme_has_exactly_the_two_commands_of_one_line_each() -> None:
    found = snippets(page("README.md"))
    assert [name for name, _ in found] == ["demo", "tests"]
    assert all(len(text.splitlines()) == 1 for _, text in found)
    assert found[0][1].endswith("calsync demo")
    assert "-m pytest" in found[1][1]


def test_the_readmes_configuration_is_valid(tmp_path: Path) -> None:
    [text] = re.findall(r"^```yaml\n(.*?)^```$", page("README.md"), re.MULTILINE | re.DOTALL)
    path = tmp_path / "config.yaml"
    path.write_text(text, "utf-8")
    config = load_config(
        path,
        snapshot_folder=tmp_path,
        today=date(2026, 11, 9),
        provider_kinds={kind: frozenset(option_keys(kind)) for kind in kinds()},
    )
    assert [calendar.name for calendar in config.calendars] == ["work", "office", "family", "travel"]
    assert len(config.people) == 2


def test_every_command_in_a_snippet_is_one_that_there_is() -> None:
    for path in PAGES:
        for block in re.findall(r"^```sh\n(.*?)^```$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                words = shlex.split(line, comments=True)
                if words and words[0] == "calsync":
                    commands = [word for word in words[1:] if word in COMMAND_NAMES]
                    assert commands, f"{path.name}: {line}"


def test_the_snippet_on_promises_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """For a leader who has promised nothing yet: in a demo something is promised already."""
    write_demo(tmp_path, datetime.fromisoformat(NOW))
    where = ["--config", str(tmp_path / "config.yaml"), "--state", str(tmp_path / "state")]
    assert main([*where, "nightly", "--now", NOW]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("a word with Eva\n"))
    [(_, text)] = snippets(page("docs/promises.md"))
    for line in text.splitlines():
        program, *args = shlex.split(line, comments=True)
        assert program == "calsync", line
        capsys.readouterr()
        assert main([*where, *args, "--now", NOW]) == 0, f"{line}\n{capsys.readouterr()}"
    capsys.readouterr()
    assert main([*where, "promise", "list", "--all", "--json", "--now", NOW]) == 0
    found = json.loads(capsys.readouterr().out)["promises"]
    states = {promise["text"]: promise["state"] for promise in found}
    assert states == {"intro to Bo": "open", "the slides": "dropped", "a word with Eva": "kept"}


def test_the_snippet_on_kindness_does_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", str(tmp_path), "--now", NOW]) == 0
    text, *_ = re.findall(r"^```sh\n(.*?)^```$", page("docs/kindness.md"), re.MULTILINE | re.DOTALL)
    where = ["--config", str(tmp_path / "config.yaml"), "--state", str(tmp_path / "state")]
    for line in text.splitlines():
        program, *args = shlex.split(line, comments=True)
        assert program == "calsync", line
        capsys.readouterr()
        assert main([*where, *args, "--now", NOW]) == 0, f"{line}\n{capsys.readouterr()}"
    assert capsys.readouterr().out.startswith("1 act of kindness this year.\n")


def test_the_tour_can_be_taken_step_by_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line is called in this process, at a fixed time where the command takes one."""
    monkeypatch.chdir(tmp_path)
    tour = [text for name, text in snippets(page("docs/index.md")) if name == "tour"]
    assert len(tour) >= 3
    for line in "\n".join(["calsync demo", *tour]).splitlines():
        program, *args = shlex.split(line, comments=True)
        assert program == "calsync", line
        command = cli.get_command(click.Context(cli), next(word for word in args if word in COMMAND_NAMES))
        assert command is not None
        clock = ["--now", NOW] if any(option.name == "now" for option in command.params) else []
        assert main([*args, *clock]) == 0, f"{line}\n{capsys.readouterr()}"
        assert capsys.readouterr().out.strip(), line
