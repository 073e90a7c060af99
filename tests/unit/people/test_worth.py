"""Why an act is worth it: each line rests on evidence that stands in the docs, and claims little."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from calsync.acts import shipped
from calsync.people.recipients import WORDS
from calsync.people.worth import WORTH, worth

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_every_shipped_act_has_a_line_of_its_own_evidence() -> None:
    assert {act.evidence for act in shipped()} <= set(WORTH)


def test_every_line_has_its_evidence_in_the_docs() -> None:
    page = (DOCS / "topics.md").read_text("utf-8")
    known = set(re.findall(r"^\| (E\d+) \|", page, re.MULTILINE))
    assert set(WORTH) <= known


def test_an_act_without_evidence_has_a_line_too() -> None:
    assert worth("") == worth("E99")
    assert worth("")


@pytest.mark.parametrize("line", [*WORTH.values(), worth("")])
def test_a_line_is_one_short_sentence_without_figures_and_superlatives(line: str) -> None:
    assert line.endswith(".")
    assert len(line) <= 110
    assert not re.search(r"\d|%|prove|always|never|guarantee", line)


def test_the_page_lists_the_tags_that_say_what_somebody_is() -> None:
    page = (DOCS / "kindness.md").read_text("utf-8")
    for tie, words in WORDS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{tie}` | `"))
        assert set(re.findall(r"`([^`]+)`", row)) == {tie, *words}
