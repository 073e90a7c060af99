"""The acts of kindness there are: the shipped ones, and the leader's own file with all that can be wrong with it."""

from __future__ import annotations

import os
import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from calsync.acts import lint, own_file, shelf, shipped
from calsync.errors import ConfigError, UsageError
from calsync.people.actphrases import content_words
from calsync.people.acts import DIMENSIONS
from calsync.people.findings import EVIDENCE

PROJECT = Path(__file__).resolve().parents[2]
BROKEN = sorted((PROJECT / "tests" / "data" / "kindness").glob("*.yaml"))
REFUSED = sorted((PROJECT / "tests" / "data" / "kindness" / "refused").glob("*.yaml"))
GOOD = """\
- text: Water the plant that nobody owns.   # mine
  minutes: 2
  channel: deed
  reach: private
  tie: support
"""


def expected(file: Path) -> list[str]:
    return file.with_suffix(".expected").read_text("utf-8").splitlines()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_every_shipped_act_passes_the_linter_and_there_are_enough_for_a_year(config: Path) -> None:
    found, count = lint(config)
    assert found == []
    assert count == len(shipped()) >= 366


def test_the_evidence_of_every_shipped_act_is_a_key_that_the_page_has() -> None:
    page = (PROJECT / "docs" / "topics.md").read_text("utf-8")
    told = set(re.findall(r"^\| (E\d+) \| .+ \| .*https?://.+ \|$", page, re.MULTILINE))
    assert {act.evidence for act in shipped()} <= told == set(EVIDENCE)


def test_the_page_of_kindness_counts_the_acts_and_its_own_ones_pass_the_linter(config: Path) -> None:
    page = (PROJECT / "docs" / "kindness.md").read_text("utf-8")
    assert f"{len(shipped())} of them" in page
    [text] = re.findall(r"^```yaml\n(- text.*?)^```$", page, re.MULTILINE | re.DOTALL)
    own_file(config).write_text(text, "utf-8")
    assert lint(config)[0] == []
    assert [act.text for act in shelf(config).acts if act.own] == re.findall(r"^- text: (.*)$", text, re.MULTILINE)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_value_of_every_dimension_has_its_share(dimension: str) -> None:
    acts = shipped()
    counts = Counter(getattr(act, dimension) for act in acts)
    assert set(counts) == set(DIMENSIONS[dimension])
    assert min(counts.values()) >= 0.14 * len(acts)


def test_the_dimensions_are_spread_over_each_other() -> None:
    """Where one kind of act falls away, as what others see does for some, every other kind is left in its share."""
    acts = shipped()
    for one, other in combinations(DIMENSIONS, 2):
        pairs = Counter((getattr(act, one), getattr(act, other)) for act in acts)
        for a in DIMENSIONS[one]:
            for b in DIMENSIONS[other]:
                product = sum(pairs[a, y] for y in DIMENSIONS[other]) * sum(pairs[x, b] for x in DIMENSIONS[one])
                assert pairs[a, b] * len(acts) >= product * 0.6, (a, b)


def test_many_can_be_done_from_afar_most_take_less_than_ten_minutes_and_nearly_all_are_free() -> None:
    acts = shipped()
    far = sum(act.channel in ("call", "message") for act in acts)
    assert far >= len(acts) / 3  # some deeds and letters come on top
    assert sum(act.minutes < 10 for act in acts) >= 0.8 * len(acts)
    assert sum(act.cost == "free" for act in acts) >= 0.9 * len(acts)


def test_no_two_shipped_acts_are_alike() -> None:
    """Keys are unique, and no two acts share more than four content words, or more than two thirds of the shorter."""
    acts = shipped()
    assert len({act.key for act in acts}) == len(acts)
    words = [content_words(act.text) for act in acts]
    for one, other in combinations(words, 2):
        shared = one & other
        assert len(shared) <= 4, sorted(shared)
        assert len(shared) <= 2 / 3 * min(len(one), len(other)) or len(shared) < 3, sorted(shared)


def test_an_act_that_needs_a_person_speaks_of_them_and_no_public_one_shows_somebody_without_a_name() -> None:
    for act in shipped():
        words = set(re.findall(r"\w+", act.text.casefold()))
        assert not act.needs_person or words & {"them", "they", "their", "theirs"}, act.key
        assert act.reach == "private" or act.needs_person or not words & {"somebody", "someone"}, act.key


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_broken_file_is_named_with_its_lines_and_the_shipped_acts_remain(file: Path, config: Path) -> None:
    own_file(config).write_bytes(file.read_bytes())
    found = shelf(config)
    assert found.acts == shipped()
    [problem] = found.problems
    assert isinstance(problem, ConfigError)
    assert str(problem).splitlines() == [f"{own_file(config)}:{line}" for line in expected(file)]
    assert "calsync kindness lint" in problem.next_step
    assert [f"{one.line}: {one.what}" for one in lint(config)[0]] == expected(file)


@pytest.mark.parametrize("file", REFUSED, ids=lambda file: file.stem)
def test_an_act_that_the_linter_refuses_is_named_by_line_and_left_out_alone(file: Path, config: Path) -> None:
    found, _ = lint(config, file)
    assert [f"{one.line}: {one.what}" for one in found] == expected(file)
    assert {one.file for one in found} == {str(file)}
    own_file(config).write_text(file.read_text("utf-8") + GOOD, "utf-8")
    kept = shelf(config)
    assert "Water the plant that nobody owns." in [act.text for act in kept.acts if act.own]
    [problem] = kept.problems
    assert str(problem).startswith(f"{own_file(config)}:")


def test_there_are_enough_broken_files() -> None:
    assert len(BROKEN) >= 8
    assert len(REFUSED) >= 45


def test_own_acts_stand_behind_the_shipped_ones_as_they_are_written(config: Path) -> None:
    own_file(config).write_text(GOOD, "utf-8")
    found = shelf(config)
    assert found.problems == ()
    *ours, own = found.acts
    assert tuple(ours) == shipped()
    assert (own.text, own.minutes, own.effort, own.own) == ("Water the plant that nobody owns.", 2, "moment", True)


def test_an_act_that_is_refused_says_nothing_of_itself_to_the_log(config: Path) -> None:
    own_file(config).write_text(GOOD.replace("plant that nobody owns", "plant of Ana, with a hug"), "utf-8")
    (problem,) = shelf(config).problems
    assert problem.what == f"{own_file(config)}:1: the linter refuses this act (body); 1 of your acts is left out"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]\n"])
def test_an_empty_file_is_no_mistake(text: str, config: Path) -> None:
    own_file(config).write_text(text, "utf-8")
    assert shelf(config).problems == ()
    assert shelf(config).acts == shipped()


def test_a_configuration_that_is_called_like_the_acts_is_not_taken_for_them(tmp_path: Path) -> None:
    path = tmp_path / "kindness.yaml"
    path.write_text("timezone: Europe/Berlin\n", "utf-8")
    assert shelf(path).problems == ()
    assert lint(path)[0] == []


def test_a_file_that_cannot_be_read_stops_nothing(config: Path) -> None:
    own_file(config).mkdir()
    found = shelf(config)
    assert found.acts == shipped()
    assert "cannot be read" in str(found.problems[0])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_that_nobody_feeds_keeps_no_run_waiting(config: Path) -> None:
    os.mkfifo(own_file(config))
    (problem,) = shelf(config).problems
    assert problem.what == f"{own_file(config)} cannot be read: it is no file"
    with pytest.raises(UsageError, match="it is no file"):
        lint(config)


def test_a_file_that_is_not_there_is_said_to_be_none(config: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file"):
        lint(config, config.with_name("acts.yaml"))
