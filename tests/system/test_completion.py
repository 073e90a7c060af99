"""What the Tab key offers: asked of the shells themselves, with the script that `calsync completion` prints."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import calsync
from calsync.cli import COMMANDS, completing, main

CONFIG = """\
calendars:
  - {name: work, provider: ics, path: work, write: true}
  - {name: travel, provider: ics, path: travel.ics}
people:
  - {name: Ana Sousa, ideal: 14d, max: 28d}
  - {name: "O'Hara, Bo", ideal: 14d, max: 28d}
  - {name: Zoë Ahl, ideal: 14d, max: 28d}
"""
ALL = {name for section in COMMANDS.values() for name in section}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a configuration, and a `calsync` that runs the code that is tested."""
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "calsync"
    home = Path(calsync.__file__).resolve().parents[1]
    python = f'PYTHONPATH={shlex.quote(str(home))} exec {shlex.quote(sys.executable)} -P -m calsync "$@"'
    command.write_text(f"#!/bin/sh\n{python}\n", "utf-8")
    command.chmod(0o755)
    return tmp_path


def environment(place: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CALSYNC_", "_CALSYNC", "PYTHON", "XDG_"))}
    return {**kept, "PATH": f"{place / 'bin'}:{kept['PATH']}", "HOME": str(place), "TERM": "xterm", "LC_ALL": "C.UTF-8"}


def ask(place: Path, *command: str) -> list[str]:
    ended = subprocess.run(
        command, cwd=place, env=environment(place), capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, ""), ended
    return ended.stdout.splitlines()


def offered_by_bash(place: Path, *words: str) -> list[str]:
    listed = " ".join(shlex.quote(word) for word in words)
    program = f"""eval "$(calsync completion bash)"
        COMP_WORDS=({listed}) COMP_CWORD={len(words) - 1}
        _calsync_completion calsync
        [ ${{#COMPREPLY[@]}} -eq 0 ] || printf '%s\\n' "${{COMPREPLY[@]}}" """
    return ask(place, "bash", "--norc", "-c", program)


def test_bash_offers_every_command_and_the_options_of_one(place: Path) -> None:
    assert set(offered_by_bash(place, "calsync", "")) == ALL
    assert offered_by_bash(place, "calsync", "people", "import", "--f") == ["--format", "--from"]


def test_bash_offers_names_so_that_they_stay_one_word(place: Path) -> None:
    begin = ("calsync", "--config", "config.yaml", "done")
    assert offered_by_bash(place, *begin, "bo") == [r"O\'Hara,\ Bo"]
    assert offered_by_bash(place, *begin, '"A') == ["Ana Sousa", "Zoë Ahl"]
    assert offered_by_bash(place, "calsync", "--config", "conf") == ["config.yaml"]


def test_bash_offers_nothing_and_says_nothing_without_a_configuration(place: Path) -> None:
    assert offered_by_bash(place, "calsync", "--config", "none.yaml", "done", "") == []


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed here")
def test_fish_offers_commands_with_their_help_and_whole_names(place: Path) -> None:
    def offered(line: str) -> list[str]:
        program = f"calsync completion fish | source; complete -C {shlex.quote(line)}"
        return ask(place, "fish", "--no-config", "-c", program)

    assert offered("calsync peo") == [f"people\t{COMMANDS['People and calendars']['people'][1]}"]
    assert offered("calsync --config config.yaml done o") == ["O'Hara, Bo"]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed here")
def test_zsh_completes_a_name_and_quotes_it(place: Path) -> None:
    terminal, theirs = pty.openpty()
    shell = subprocess.Popen(
        ["zsh", "-f", "-i"],
        cwd=place,
        env=environment(place),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        typed(terminal, "autoload -Uz compinit; compinit -u; . <(calsync completion zsh); echo so''urced\r", "sourced")
        typed(terminal, "calsync --config config.yaml done an\t", r"Ana\ Sousa")
        typed(terminal, "\x15calsync peo\t", "people ")
    finally:
        os.close(terminal)
        shell.kill()
        shell.wait()


def typed(terminal: int, text: str, until: str) -> None:
    """Type into the shell, and read what it shows until it shows `until`."""
    os.write(terminal, text.encode())
    shown, end = "", time.monotonic() + 60
    while until not in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown):
        assert select.select([terminal], [], [], max(0, end - time.monotonic()))[0], shown
        shown += os.read(terminal, 65536).decode("utf-8", "replace")


def offered_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """What bash would be told, asked in this process."""
    monkeypatch.setenv("COMP_WORDS", "\n".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    capsys.readouterr()
    assert completing.answer("bash_complete") == 0
    said = capsys.readouterr()
    assert said.err == ""
    return [line.partition(",")[2].replace("\\", "") for line in said.out.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "offers"),
    [
        (("done", ""), ["Ana Sousa", "O'Hara, Bo", "Zoë Ahl"]),
        (("people", "edit", "zo"), ["Zoë Ahl"]),
        (("people", "merge", "Ana Sousa", "so"), ["Ana Sousa"]),
        (("change", "note", "A"), ["Ana Sousa", "Zoë Ahl"]),
        (("kindness", "done", "--person", "a"), ["Ana Sousa", "Zoë Ahl"]),
        (("who", "--explain", "an"), ["Ana Sousa"]),
        (("calendars", "sign-in", ""), ["work", "travel"]),
        (("people", "import", "--calendar", "t"), ["travel"]),
        (("doctor", "--live", "w"), ["work"]),
        (("people", "import", "--from", "m"), ["microsoft", "meetings"]),
        (("people", "import", "--format", ""), ["csv", "vcard"]),
        (("people", "add", "A"), []),
        (("people", "add", "A", "--timezone", "Europe/Lis"), ["Europe/Lisbon"]),
        (("people", "edit", "A", "--thanks", "p"), ["public", "private"]),
        (("topics", "list", "--theme", "w"), ["weekend", "work"]),
        (("nosuchcommand", ""), []),
    ],
    ids=" ".join,
)
def test_each_place_of_a_line_has_what_can_stand_there(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    offers: list[str],
) -> None:
    monkeypatch.setenv("CALSYNC_CONFIG", str(place / "config.yaml"))
    found = offered_here(monkeypatch, capsys, "calsync", *words)
    assert found == offers or (words[0] == "nosuchcommand" and set(found) == ALL)


@pytest.mark.parametrize("text", ["people: 3", "- a", "", "people: [{name: [", "people: [{name: 7}, 8]", "\x00"])
def test_a_configuration_that_cannot_be_read_offers_nobody(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (place / "config.yaml").write_text(text, "utf-8")
    monkeypatch.setenv("CALSYNC_CONFIG", str(place / "config.yaml"))
    assert offered_here(monkeypatch, capsys, "calsync", "done", "") == []


def test_nothing_is_said_when_a_shell_asks_for_what_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    for asked in ("csh_source", "bash_dance", "", "bash_complete"):
        assert completing.answer(asked) == 0
    said = capsys.readouterr()
    assert (said.out.strip(), said.err) == ("", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_says_where_it_goes(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    head = capsys.readouterr().out.splitlines()[:6]
    assert any(f"calsync completion {shell} > ~/" in line and line.startswith("#") for line in head), head


def test_the_words_that_are_offered_are_those_that_are_taken() -> None:
    from calsync.cli.topics import _THEMES
    from calsync.people.topics import THEMES

    assert _THEMES.replace(" or ", ", ").split(", ") == list(THEMES)
