"""The pages say what the program does: commands, exit codes and links are compared, snippets are run."""

from __future__ import annotations

import inspect
import io
import json
import re
import shlex
import shutil
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
    for command, inner in (
        ("who", ["people"]),
        ("week", ["blocks", "brief"]),
        ("today", []),
        ("today --notify --dry-run", []),
        ("log last", ["run"]),
        ("doctor", []),
        ("schedule show", []),
        ("report", []),
    ):
        capsys.readouterr()
        clock = [] if command.startswith("log") else ["--now", NOW]
        assert main([*where, *command.split(), "--json", *clock]) in (0, 3)
        answer = json.loads(capsys.readouterr().out)
        keys = set(answer)
        for step in inner:
            answer = answer[step][0] if isinstance(answer[step], list) else answer[step]
            keys |= set(answer)
        assert [key for key in sorted(keys) if f"`{key}`" not in told] == [], command


def test_the_changelog_speaks_of_this_version() -> None:
    assert re.search(rf"^## {re.escape(__version__)}\b", page("CHANGELOG.md"), re.MULTILINE)


def test_the_parts_of_the_index_are_the_four_kinds_of_page() -> None:
    parts = re.findall(r"^## (.+)$", page("docs/index.md"), re.MULTILINE)
    assert parts == ["Tutorial", "How to", "Reference", "Explanation", "The project"]


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
    tour = [text for name, text in snippets(page("docs/tutorial.md")) if name == "tour"]
    assert len(tour) >= 3
    for line in "\n".join(["calsync demo", *tour]).splitlines():
        if line.startswith("#"):
            continue
        program, *args = shlex.split(line, comments=True)
        assert program == "calsync", line
        command = cli.get_command(click.Context(cli), next(word for word in args if word in COMMAND_NAMES))
        assert command is not None
        clock = ["--now", NOW] if any(option.name == "now" for option in command.params) else []
        assert main([*args, *clock]) == 0, f"{line}\n{capsys.readouterr()}"
        assert capsys.readouterr().out.strip(), line


PREPARED = {
    "kindness.md": {
        "my-acts.yaml": "- {text: Water the plant that nobody owns., minutes: 2, channel: deed, "
        "reach: private, tie: support}\n"
    },
    "people.md": {
        "people.csv": "name,email,ideal,max\nBo Hansen,bo@example.com,14d,28d\n",
        "contacts.vcf": "BEGIN:VCARD\nVERSION:3.0\nFN:Bo Hansen\nEMAIL:bo.hansen@example.org\nEND:VCARD\n",
    },
}
"""Files that a page speaks of, and that a reader has."""
BEFORE = {
    "people.md": [
        ["people", "edit", "Ana Sousa", "--name", "A. Sousa", "--email", "a.sousa@example.org"],
    ],
}
"""What a reader of a page has done before."""
NEEDS_A_PERSON = re.compile(
    r"sign-in|--note - --thread -|^(?!.*--yes).* (undo|restore|uninstall)\b|setup|schedule|serve"
)
"""Lines that open a browser, ask at a terminal, or reach beyond a folder: tests of their own have them."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages") / "demo"
    assert main(["demo", str(folder), "--now", NOW]) == 0
    return folder


@pytest.mark.parametrize("name", ["README.md", *(f"docs/{path.name}" for path in (PROJECT / "docs").glob("*.md"))])
def test_what_a_page_tells_to_type_works_line_by_line_on_a_demo(
    name: str, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = re.findall(r"(?<!-->\n)^```sh\n(.*?)^```$", page(name), re.MULTILINE | re.DOTALL)
    lines = [shlex.split(line, comments=True) for line in "".join(told).splitlines()]
    lines = [words for words in lines if words[:1] == ["calsync"] and not NEEDS_A_PERSON.search(shlex.join(words))]
    if not lines:
        return
    folder = Path(shutil.copytree(demo, tmp_path / "demo"))
    where = ["--config", str(folder / "config.yaml"), "--state", str(folder / "state")]
    monkeypatch.chdir(tmp_path)
    for file, text in PREPARED.get(Path(name).name, {}).items():
        (tmp_path / file).write_text(text, "utf-8")
    for words in [*BEFORE.get(Path(name).name, []), *(words[1:] for words in lines)]:
        if words[0] == "--config":
            words = words[2:]
        monkeypatch.setattr("sys.stdin", io.StringIO("a word with Eva\n"))
        asks = ["--yes"] if takes(words, "yes") and "--yes" not in words else []
        clock = ["--now", NOW] if takes(words, "now") else []
        capsys.readouterr()
        assert main([*where, *words, *asks, *clock]) == 0, f"{shlex.join(words)}\n{capsys.readouterr()}"


def takes(words: list[str], option: str) -> bool:
    """Whether the command that the words call has such an option."""
    command: click.Command = cli
    for word in words:
        if isinstance(command, click.Group):
            command = command.get_command(click.Context(command), word) or command
    return any(one.name == option for one in command.params)


def test_files_alone_are_enough_as_the_page_on_them_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = page("docs/no-account.md")
    [config] = re.findall(r"^<!-- file: config.yaml -->\n```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "config.yaml").write_text(config, "utf-8")
    meeting = "UID:1\nDTSTAMP:20261101T000000Z\nDTSTART:20261110T090000Z\nDTEND:20261110T100000Z\nSUMMARY:Budget"
    event = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\n{meeting}\nEND:VEVENT\nEND:VCALENDAR\n"
    (tmp_path / "work.ics").write_text(event.replace("\n", "\r\n"), "utf-8")
    monkeypatch.chdir(tmp_path)
    [snippet] = [found for name, found in snippets(text) if name == "folder"]
    for line in snippet.splitlines():
        _, *args = shlex.split(line)
        assert main([*args, "--now", NOW]) == 0, line
    assert capsys.readouterr().out.rstrip().endswith("END:VCALENDAR")
    assert "BEGIN:VEVENT" in (tmp_path / "public" / "connect.ics").read_text("utf-8")
