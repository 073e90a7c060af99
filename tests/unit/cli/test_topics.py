"""`topics`: what is listed, added and refused, in words and in JSON, and how each call ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync.cli import main
from calsync.people.topics import THEMES
from calsync.topics import shipped
from tests.unit.cli.calling import Calsync, Said

CONFIG = """\
timezone: Europe/Berlin
me: [maya@example.com]
calendars:
  - {name: work, provider: ics, path: work, write: true}
"""
ADD = ("topics", "add", "What did you sing as a child?", "--theme", "home", "--depth", "2")
FOLLOW_UPS = ("--follow-up", "Who taught you?", "--follow-up", "What is left of it?")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    return tmp_path


def test_list_shows_every_topic_and_filters_by_theme_depth_and_own(calsync: Calsync, folder: Path) -> None:
    everything = calsync("topics", "list", "--json").json()["topics"]
    assert len(everything) == len(shipped())
    assert set(everything[0]) == {"key", "text", "theme", "depth", "follow_ups", "evidence", "own"}
    some = calsync("topics", "list", "--theme", "plans", "--depth", "3", "--json").json()["topics"]
    assert some == [one for one in everything if one["theme"] == "plans" and one["depth"] == 3] != []
    text = calsync("topics", "list", "--theme", "plans", "--depth", "3").out
    assert all(one["text"] in text for one in some)
    assert calsync("topics", "list", "--own") == Said(0, "There are no such topics.\n", "")
    assert calsync(*ADD, *FOLLOW_UPS).code == 0
    [own] = calsync("topics", "list", "--own", "--json").json()["topics"]
    assert (own["text"], own["depth"], own["own"]) == ("What did you sing as a child?", 2, True)
    assert calsync("topics", "list", "--own", "--depth", "1").out == "There are no such topics.\n"


def test_the_help_names_every_theme(calsync: Calsync) -> None:
    for command in ("list", "add"):
        text = " ".join(calsync("topics", command, "--help").out.split())
        assert all(theme in text for theme in THEMES)


def test_an_unknown_theme_is_refused_with_the_nearest(calsync: Calsync) -> None:
    for said in (calsync("topics", "list", "--theme", "weekned"), calsync(*ADD[:4], "weekned", *FOLLOW_UPS)):
        assert said.code == 2
        assert "there is no theme weekned; did you mean `weekend`?" in said.err


def test_add_keeps_comments_says_where_and_with_dry_run_does_nothing(calsync: Calsync, folder: Path) -> None:
    path = folder / "topics.yaml"
    dry = calsync(*ADD, *FOLLOW_UPS, "--dry-run")
    assert (dry.code, path.exists()) == (0, False)
    assert "would be added to" in dry.out
    path.write_text("# mine, and mine alone\n", "utf-8")
    done = calsync(*ADD, *FOLLOW_UPS)
    assert done.out == f"own-what-did-you-sing-as-a is added to {path}.\n"
    assert path.read_text("utf-8").startswith("# mine, and mine alone\n")
    again = calsync(*ADD, *FOLLOW_UPS)
    assert again.code == 2
    assert "there already" in again.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("How about this weather?", "about weather"),
        ("What did you think of the game?", "about sports"),
        ("Where are we on the launch?", "about status"),
        ("Did you have a good weekend?", "closed"),
    ],
)
def test_add_refuses_what_the_linter_refuses(calsync: Calsync, folder: Path, text: str, said: str) -> None:
    refused = calsync("topics", "add", text, "--theme", "home", *FOLLOW_UPS)
    assert refused.code == 2
    assert said in refused.err
    assert len(refused.err.splitlines()) == 2
    assert not (folder / "topics.yaml").exists()


def test_add_wants_two_follow_ups(calsync: Calsync) -> None:
    one = calsync(*ADD, *FOLLOW_UPS[:2])
    assert (one.code, "there is 1 follow-up question" in one.err) == (2, True)
    assert calsync(*ADD).code == 2


def test_lint_is_content_with_what_is_shipped(calsync: Calsync) -> None:
    assert calsync("topics", "lint") == Said(0, f"{len(shipped())} topics are fine.\n", "")
    assert calsync("topics", "lint", "--json").json() == {"topics": len(shipped()), "findings": []}


def test_lint_names_file_line_what_and_what_to_do_and_ends_with_2(calsync: Calsync, folder: Path) -> None:
    path = folder / "topics.yaml"
    path.write_text("- text: How about this weather?\n  theme: home\n  follow_ups: [What else?, How so?]\n", "utf-8")
    said = calsync("topics", "lint")
    assert said.code == 2
    assert said.out.splitlines() == [
        f'{path}:1: about weather: "weather"',
        "  ask about the person: what they did, liked or felt",
    ]
    answer = calsync("topics", "lint", "--json")
    assert answer.code == 2
    [finding] = answer.json()["findings"]
    assert finding == {
        "file": str(path),
        "line": 1,
        "rule": "weather",
        "what": 'about weather: "weather"',
        "to_do": "ask about the person: what they did, liked or felt",
    }
    assert calsync("topics", "lint", str(path)).out == said.out


def test_lint_of_a_file_needs_no_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "some.yaml"
    path.write_text("- text: [\n", "utf-8")
    missing = ["--config", str(tmp_path / "none.yaml"), "--state", str(tmp_path / "state")]
    assert main([*missing, "topics", "lint", str(path)]) == 2
    assert f"{path}:2: " in capsys.readouterr().out
    assert main([*missing, "topics", "lint"]) == 0
    assert main([*missing, "topics", "list"]) == 0
    capsys.readouterr()
    assert main([*missing, "topics", "lint", str(tmp_path / "nowhere.yaml")]) == 2
    assert "there is no such file" in capsys.readouterr().err
    assert not (tmp_path / "state").exists()


def test_list_names_a_broken_own_file_and_shows_the_rest(calsync: Calsync, folder: Path) -> None:
    (folder / "topics.yaml").write_text("no list\n", "utf-8")
    said = calsync("topics", "list")
    assert said.code == 2
    assert "expected a list of topics" in said.err
    assert len(said.out.splitlines()) == len(shipped()) + 1


def test_what_looks_like_markup_is_only_text_and_what_moves_a_cursor_is_refused(calsync: Calsync, folder: Path) -> None:
    text = "What does [bold]this[/bold] *link* https://example.com/?a=b#c mean to you?"
    assert calsync("topics", "add", text, "--theme", "home", *FOLLOW_UPS).code == 0
    assert text in calsync("topics", "list", "--own").out
    refused = calsync("topics", "add", "What \x1b[2J now?", "--theme", "home", *FOLLOW_UPS)
    assert refused.code == 2
    assert "\x1b" not in refused.err
    assert "U+001B" in refused.err
