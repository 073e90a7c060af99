"""`kindness lint`: what is found, in words and in JSON, and how the call ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from calsync.acts import shipped
from tests.unit.cli.calling import Calsync

CONFIG = """\
timezone: Europe/Berlin
me: [maya@example.com]
calendars:
  - {name: work, provider: ics, path: work, write: true}
"""
GOOD = "- {text: Water the plant that nobody owns., minutes: 2, channel: deed, reach: private, tie: support}\n"
BAD = "- {text: Give them a hug., minutes: 1, channel: person, reach: private, tie: peer, needs_person: true}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    return tmp_path


def test_the_shipped_and_the_own_acts_are_checked_together(calsync: Calsync, tmp_path: Path) -> None:
    (tmp_path / "kindness.yaml").write_text(GOOD, "utf-8")
    assert calsync("kindness", "lint") == (0, f"{len(shipped()) + 1} acts are fine.\n", "")


def test_what_is_wrong_is_named_by_file_and_line_and_the_call_ends_with_2(calsync: Calsync, tmp_path: Path) -> None:
    path = tmp_path / "kindness.yaml"
    path.write_text(GOOD + BAD, "utf-8")
    code, out, _ = calsync("kindness", "lint")
    assert code == 2
    where, what = "".join(out.splitlines()).split('kindness.yaml:2: about the body or looks: "hug"')
    assert where.replace("\n", "") == str(tmp_path) + "/"
    assert what.strip() == "leave the body and the looks out: speak of what they did"
    code, out, _ = calsync("kindness", "lint", "--json")
    assert code == 2
    assert json.loads(out) == {
        "acts": len(shipped()) + 2,
        "findings": [
            {
                "file": str(path),
                "line": 2,
                "rule": "body",
                "what": 'about the body or looks: "hug"',
                "to_do": "leave the body and the looks out: speak of what they did",
            }
        ],
    }


def test_one_file_is_checked_by_itself_and_against_the_shipped_acts(calsync: Calsync, tmp_path: Path) -> None:
    path = tmp_path / "more.yaml"
    path.write_text(GOOD, "utf-8")
    assert calsync("kindness", "lint", str(path))[:2] == (0, "1 act is fine.\n")
    path.write_text(GOOD.replace("plant that nobody owns.", "plant.").replace("}", ", key: outside-litter}"), "utf-8")
    code, out, _ = calsync("kindness", "lint", str(path))
    assert code == 2
    assert "calsync ships an act with the key outside-litter" in " ".join(out.split())


def test_a_file_that_is_not_there_is_one_line_and_ends_with_2(calsync: Calsync, tmp_path: Path) -> None:
    code, out, err = calsync("kindness", "lint", str(tmp_path / "none.yaml"))
    assert (code, out) == (2, "")
    assert "there is no such file" in err
