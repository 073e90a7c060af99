"""The topics there are: the shipped ones, and the leader's own file with everything that can be wrong with it."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from pathlib import Path

import pytest

from calsync.errors import ConfigError, UsageError
from calsync.people.lint import EVIDENCE
from calsync.people.topics import DEPTHS, THEMES
from calsync.topics import add_topic, lint, own_file, shelf, shipped

PROJECT = Path(__file__).resolve().parents[2]
BROKEN = sorted((PROJECT / "tests" / "data" / "topics").glob("*.yaml"))
REFUSED = sorted((PROJECT / "tests" / "data" / "topics" / "refused").glob("*.yaml"))
GOOD = """\
# Asked at dinner. https://example.com/?a=1 and *stars* are only text here.
- text: What did you sing as a child?   # mine
  theme: home
  follow_ups: [Who taught you?, "What else, **if** anything?"]

# the end
"""


def expected(file: Path) -> list[str]:
    return file.with_suffix(".txt").read_text("utf-8").splitlines()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_every_shipped_topic_passes_the_linter(config: Path) -> None:
    found, count = lint(config)
    assert found == []
    assert count == len(shipped()) >= 150


def test_the_shipped_topics_are_spread_over_all_themes_and_depths() -> None:
    spread = Counter((topic.theme, topic.depth) for topic in shipped())
    assert set(spread) == {(theme, depth) for theme in THEMES for depth in DEPTHS}
    assert min(spread.values()) >= 5
    assert all(topic.evidence in EVIDENCE and len(topic.follow_ups) == 2 for topic in shipped())


def test_no_two_shipped_topics_are_alike() -> None:
    """Keys and questions are unique, and no two questions share nearly all of their words."""
    topics = shipped()
    assert len({topic.key for topic in topics}) == len({topic.text.casefold() for topic in topics}) == len(topics)
    words = [frozenset(topic.text.casefold().strip("?").split()) for topic in topics]
    for at, one in enumerate(words):
        for other in words[:at]:
            assert len(one & other) / len(one | other) < 0.7, (sorted(one), sorted(other))


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_broken_file_is_named_with_its_lines_and_the_shipped_topics_remain(file: Path, config: Path) -> None:
    own_file(config).write_bytes(file.read_bytes())
    found = shelf(config)
    assert found.topics == shipped()
    [problem] = found.problems
    assert isinstance(problem, ConfigError)
    assert str(problem).splitlines() == [f"{own_file(config)}:{line}" for line in expected(file)]
    assert [f"{one.line}: {one.what}" for one in lint(config)[0]] == expected(file)


@pytest.mark.parametrize("file", REFUSED, ids=lambda file: file.stem)
def test_a_topic_that_the_linter_refuses_is_named_by_line_and_left_out_alone(file: Path, config: Path) -> None:
    found, _ = lint(config, file)
    assert [f"{one.line}: {one.what}" for one in found] == expected(file)
    assert {one.file for one in found} == {str(file)}
    good = GOOD.partition("\n")[2].partition("\n\n")[0] + "\n"
    own_file(config).write_text(file.read_text("utf-8") + good, "utf-8")
    kept = shelf(config)
    assert "What did you sing as a child?" in [topic.text for topic in kept.topics if topic.own]
    [problem] = kept.problems
    assert str(problem).startswith(f"{own_file(config)}:")


def test_there_are_enough_broken_files() -> None:
    assert len(BROKEN) >= 8
    assert len(REFUSED) >= 20


def test_own_topics_stand_behind_the_shipped_ones_as_they_are_written(config: Path) -> None:
    own_file(config).write_text(GOOD, "utf-8")
    found = shelf(config)
    assert found.problems == ()
    *ours, own = found.topics
    assert tuple(ours) == shipped()
    assert (own.text, own.follow_ups) == (
        "What did you sing as a child?",
        ("Who taught you?", "What else, **if** anything?"),
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]\n"])
def test_an_empty_file_is_no_mistake(text: str, config: Path) -> None:
    own_file(config).write_text(text, "utf-8")
    assert shelf(config).problems == ()
    add(config)
    assert len(shelf(config).topics) == len(shipped()) + 1


def add(config: Path, text: str = "What did your first flat smell of?", *, dry_run: bool = False) -> list[str]:
    follow_ups = ["Who lived there with you?", "What is left of it?"]
    return add_topic(config, text, follow_ups=follow_ups, theme="home", depth=2, dry_run=dry_run)


def test_an_added_topic_leaves_every_other_character_as_it_was(config: Path) -> None:
    path = own_file(config)
    path.write_bytes(GOOD.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    before = path.read_bytes()
    [line] = add(config)
    assert line == f"own-what-did-your-first-flat-smell is added to {path}."
    assert path.read_bytes().startswith(before)
    assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [topic.depth for topic in shelf(config).topics if topic.own] == [1, 2]


def test_adding_makes_the_file_and_a_dry_run_does_not(config: Path) -> None:
    add(config, dry_run=True)
    assert not own_file(config).exists()
    add(config)
    add(config, "What did your first flat smell of to your parents?")
    keys = [topic.key for topic in shelf(config).topics if topic.own]
    assert keys == ["own-what-did-your-first-flat-smell", "own-what-did-your-first-flat-smell-2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("How about this weather?", 'about weather: "weather"'),
        ("Did you like it?", 'closed, or no question at all: "Did you like it?"'),
        ("what was the best hour of your weekend?", "calsync ships it as weekend-best-hour"),
        ("What did you sing, as a child?", "it is in"),
    ],
)
def test_what_the_linter_refuses_or_is_there_already_is_not_added(text: str, said: str, config: Path) -> None:
    own_file(config).write_text(GOOD, "utf-8")
    with pytest.raises(UsageError, match=said.split(":")[0]):
        add(config, text)
    assert own_file(config).read_text("utf-8") == GOOD


@pytest.mark.parametrize("text", ["[{text: What now?, theme: home, follow_ups: [What?, How?]}]\n", "- text: x\n...\n"])
def test_a_file_that_cannot_be_edited_safely_is_left_alone(text: str, config: Path) -> None:
    own_file(config).write_text(text, "utf-8")
    with pytest.raises(UsageError):
        add(config)
    assert own_file(config).read_text("utf-8") == text


def test_a_file_that_is_wrong_already_is_not_added_to(config: Path) -> None:
    own_file(config).write_text("text: no list\n", "utf-8")
    with pytest.raises(ConfigError):
        add(config)


def test_a_configuration_that_is_called_like_the_topics_is_not_taken_for_them(tmp_path: Path) -> None:
    path = tmp_path / "topics.yaml"
    path.write_text("timezone: Europe/Berlin\n", "utf-8")
    assert shelf(path).problems == ()
    assert lint(path)[0] == []
    with pytest.raises(UsageError, match="is the configuration"):
        add(path)
    assert path.read_text("utf-8") == "timezone: Europe/Berlin\n"


def test_a_file_that_cannot_be_read_stops_nothing(config: Path) -> None:
    own_file(config).mkdir()
    found = shelf(config)
    assert found.topics == shipped()
    assert "cannot be read" in str(found.problems[0])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_that_nobody_feeds_keeps_no_run_waiting(config: Path) -> None:
    os.mkfifo(own_file(config))
    (problem,) = shelf(config).problems
    assert problem.what == f"{own_file(config)} cannot be read: it is no file"
    with pytest.raises(UsageError, match="it is no file"):
        lint(config)
    with pytest.raises(UsageError, match="it is no file"):
        add_topic(config, "What did you sing as a child?", follow_ups=["Who taught you?", "Where?"], theme="home")


def test_the_page_of_topics_names_every_theme_and_key_of_evidence() -> None:
    page = (PROJECT / "docs" / "topics.md").read_text("utf-8")
    keys = re.findall(r"^\| (E\d+) \| .+ \| .*https?://.+ \|$", page, re.MULTILINE)
    assert tuple(keys) == EVIDENCE
    assert all(f"`{theme}`" in page for theme in THEMES)
    assert f"{len(shipped())} of them" in page
