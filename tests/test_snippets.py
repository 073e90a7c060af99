"""What pages and messages tell people to type can be typed: every command line, every option, every piece of YAML.

Nothing is carried out here; what is carried out stands behind `<!-- run: ... -->`, for test_docs.py.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from calsync.cli import COMMANDS, cli
from calsync.config.load import load_config
from calsync.ownlists import ACTS, TOPICS
from calsync.people import actlint
from calsync.people import lint as topiclint
from calsync.registry import kinds, option_keys

PROJECT = Path(__file__).resolve().parents[1]
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")])
SOURCES = sorted([*(PROJECT / "calsync").rglob("*.py"), *(PROJECT / "providers").rglob("*.py")])
COMMAND_NAMES = {name for section in COMMANDS.values() for name in section}
_BARE = re.compile(rf"(?<![-\w/.`])calsync (?:--?\S+ )*(?:{'|'.join(COMMAND_NAMES)})(?: [^`\n;,()]*)?")
GAP = "SOMETHING"
"""What stands in a message for what is only known when it is shown."""
OTHER_PROGRAMS = {"python", "python3", "pip", "pipx", "uv", "sphinx-build"}


class NotThere(AssertionError):
    """A command line that calsync would refuse."""


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a page in this language, without the indentation that they have within a list."""
    found = re.finditer(rf"^(?P<indent> *)```{language}\n(?P<text>.*?)^(?P=indent)```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{one['indent']}", "", one["text"], flags=re.MULTILINE) for one in found]


def typed(line: str) -> list[list[str]]:
    """The commands of a line, each as its words, without what it sends elsewhere."""
    split = shlex.shlex(line, posix=True, punctuation_chars="&;|")
    split.whitespace_split = True
    commands: list[list[str]] = [[]]
    for word in split:
        if set(word) <= set("&;|"):
            commands.append([])
        else:
            commands[-1].append(word)
    return [words[: words.index(">")] if ">" in words else words for words in commands if words]


def check(line: str, *, whole: bool) -> None:
    """Raise NotThere unless `line` calls a command that there is, with options that it has.

    A line that is not `whole` may say less than what has to be typed ("`calsync people add` writes here").
    """
    words = typed(line)[0]
    command, context = cli, click.Context(cli, info_name="calsync")
    words = words[1:]
    while True:
        words = parsed(command, context, words, line)
        if not isinstance(command, click.Group):
            break
        if not words or words[0] in {GAP, "COMMAND", "…", "..."}:
            if whole and not words and not command.invoke_without_command and context.parent is not None:
                raise NotThere(f"{line}: {context.command_path} wants a command behind it")
            return
        inner = command.commands.get(words[0]) if context.parent is not None else known(words[0])
        if inner is None:
            raise NotThere(f"{line}: there is no command {context.command_path} {words[0]}")
        command, context = inner, click.Context(inner, context, info_name=words[0])
        words = words[1:]
    if words and GAP not in words:
        raise NotThere(f"{line}: nothing takes {' '.join(words)}")


@cache
def known(name: str) -> Any:
    return cli.get_command(click.Context(cli), name) if name in COMMAND_NAMES else None


def parsed(command: click.Command, context: click.Context, words: list[str], line: str) -> list[str]:
    """What of the words is left when the command has taken its options and arguments."""
    try:
        return list(command.make_parser(context).parse_args(list(words))[1])
    except click.UsageError as error:
        if isinstance(error, click.BadOptionUsage) and "requires an argument" in error.message:
            return []  # "with --pick", said of the option alone
        raise NotThere(f"{line}: {error.format_message()}") from None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_line_to_be_typed_on_a_page_is_taken_by_the_command_that_it_calls(path: Path) -> None:
    for block in blocks(path.read_text("utf-8"), "sh"):
        for line in block.splitlines():
            for words in typed(line):
                if Path(words[0]).name == "calsync":
                    check(shlex.join(["calsync", *words[1:]]), whole=True)
                else:
                    assert Path(words[0]).name in OTHER_PROGRAMS, f"{path.name}: {line}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_call_that_a_page_only_shows_is_one_that_would_be_taken(path: Path) -> None:
    """Lines of a crontab, of a unit, of what somebody may add: they are not for typing, and still have to be right."""
    for block in blocks(path.read_text("utf-8"), ""):
        for line in block.splitlines():
            shown = re.search(r"(?:^|/)(calsync (?!.*[\[…]).*)$", line)
            if shown is not None:
                check(shown[1], whole=True)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_that_a_page_speaks_of_is_there_with_the_options_that_it_names(path: Path) -> None:
    for said in re.findall(r"(?<!`)`(calsync [^`\[][^`]*)`(?!`)", path.read_text("utf-8")):
        check(said.replace("…", GAP).replace("...", GAP), whole=False)


def said_in(path: Path) -> Iterator[str]:
    """Every text in a module, with a placeholder for each value in it."""
    tree = ast.parse(path.read_text("utf-8"))
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            pieces = [str(p.value) if isinstance(p, ast.Constant) else GAP for p in node.values]
            yield "".join(pieces)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value


def test_every_command_that_a_message_or_a_help_text_names_is_there() -> None:
    wrong, seen = [], 0
    for path in SOURCES:
        for text in said_in(path):
            quoted = re.findall(r"`(calsync [^`]+)`", text)
            bare = _BARE.findall(text)
            named = re.findall(r": (calsync [a-z-]+)$", text)
            for line in {*quoted, *(sentence(one) for one in bare), *named}:
                seen += 1
                try:
                    check(line.replace("{}", GAP), whole=False)
                except NotThere as error:
                    wrong.append(f"{path.relative_to(PROJECT)}: {error}")
                except ValueError:  # a quotation mark that is closed elsewhere
                    continue
    assert wrong == []
    assert seen > 100


def test_every_page_that_a_message_or_a_help_text_names_is_there() -> None:
    named = {
        (page, str(path.relative_to(PROJECT)))
        for path in SOURCES
        for text in said_in(path)
        for page in re.findall(r"docs/[\w-]+\.md", text)
        if GAP not in page
    }
    assert len(named) > 20
    assert [(page, path) for page, path in sorted(named) if not (PROJECT / page).is_file()] == []


def sentence(text: str) -> str:
    """A command in running text, up to where the text goes on: only its options are certain to belong to it."""
    words: list[str] = []
    for word in text.split(". ")[0].rstrip(" .:").split(" "):
        if len(words) > 1 and not re.match(r"-|[A-Z<\"']|SOMETHING", word) and word not in _INNER:
            break
        words.append(word)
    return " ".join(words)


def _inner() -> set[str]:
    groups = [known(name) for name in COMMAND_NAMES]
    return {name for group in groups if isinstance(group, click.Group) for name in group.commands}


_INNER = _inner() | COMMAND_NAMES


MINIMAL = 'calendars:\n  - {name: work, provider: caldav, url: "https://dav.example.net/work/", username: maya}\n'


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_piece_of_yaml_on_a_page_is_understood(path: Path, tmp_path: Path) -> None:
    """A piece of a configuration is checked as part of one; a list, as topics or acts of one's own."""
    for text in blocks(path.read_text("utf-8"), "yaml"):
        value = YAML(typ="safe").load(text)
        if isinstance(value, list):
            own, lint = (ACTS, actlint.check) if path.name == "kindness.md" else (TOPICS, topiclint.check)
            assert lint(own.entries(path, text.encode()), own=True) == []
            continue
        file = tmp_path / "config.yaml"
        file.write_text(text if "calendars" in value else text + MINIMAL, "utf-8")
        load_config(
            file,
            today=date(2026, 11, 9),
            provider_kinds={kind: frozenset(option_keys(kind)) for kind in kinds()},
            system_zone="Europe/Berlin",
        )


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as they are made where such pages are shown."""
    text = re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_to_a_heading_leads_to_one(path: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", path.read_text("utf-8")):
        if "://" not in target:
            page = path.parent / target if target else path
            assert anchor in anchors(page), f"{path.name} links to {target}#{anchor}"


def test_the_tests_that_a_page_names_are_there() -> None:
    cell = re.compile(r"`(tests/[\w/]+\.py)`:((?: `test_\w+`,?)+)")
    found = [
        (file, name)
        for file, names in cell.findall((PROJECT / "docs" / "never.md").read_text("utf-8"))
        for name in re.findall(r"test_\w+", names)
    ]
    assert len(found) > 15
    for file, name in found:
        assert re.search(rf"^ *def {name}\(", (PROJECT / file).read_text("utf-8"), re.MULTILINE), f"{file}: {name}"


def test_the_check_would_find_what_is_not_there() -> None:
    for line in (
        "calsync nosuch",
        "calsync done --nosuch",
        "calsync people nosuch",
        "calsync people add A B",
        "calsync --nosuch week",
        "calsync week now",
    ):
        with pytest.raises(NotThere):
            check(line, whole=False)
    with pytest.raises(NotThere):
        check("calsync people", whole=True)
