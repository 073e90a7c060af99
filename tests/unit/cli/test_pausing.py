"""`people pause` and `people resume`, and what four silences in a row do, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.calling import Calsync

CONFIG = """
timezone: Europe/Berlin
calendars:
  - {name: work, provider: ics, path: calendar, write: true}
blocks:
  connect: {minutes: 30, per_week: 2, pings: 2}
people:
  - {name: Ana Sousa, ideal: 14d, max: 28d, channel: call}
  - {name: Ben Okafor, ideal: 14d, max: 28d}
"""


class Leader:
    """`say` calls one command at a day of November 2026."""

    def __init__(self, calsync: Calsync) -> None:
        self.calsync = calsync

    def say(self, *args: str, day: int = 9, code: int = 0) -> str:
        said = self.calsync(*args, now=f"2026-11-{day:02}T06:00:00+01:00")
        assert said.code == code, said.err
        return said.out

    def who(self, name: str, day: int = 9) -> dict[str, object]:
        people = json.loads(self.say("who", "--json", day=day))["people"]
        return next(p for p in people if p["name"] == name)

    def named(self, day: int = 9) -> set[str]:
        blocks = json.loads(self.say("week", "--json", day=day))["blocks"]
        return {person["name"] for block in blocks for person in block["people"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "calendar").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


@pytest.fixture
def leader(calsync: Calsync) -> Leader:
    return Leader(calsync)


def test_somebody_paused_is_named_nowhere_until_resumed(leader: Leader) -> None:
    assert "Would leave Ana Sousa" in leader.say("people", "pause", "ana", "--dry-run")
    assert leader.who("Ana Sousa")["paused"] is False
    leader.say("people", "pause", "ana")
    assert leader.who("Ana Sousa")["paused"] is True
    leader.say("nightly")
    assert "Ana Sousa" not in leader.named()
    assert "Would take Ana Sousa" in leader.say("people", "resume", "ana", "--dry-run")
    assert leader.who("Ana Sousa")["paused"] is True
    leader.say("people", "resume", "Ana Sousa")
    leader.say("nightly")
    assert "Ana Sousa" in leader.named()
    assert "in the rotation already" in leader.say("people", "resume", "ana")


def test_a_pause_at_noon_empties_the_place_that_the_night_gave(leader: Leader) -> None:
    leader.say("nightly")
    assert "Ana Sousa" in leader.named()
    leader.say("people", "pause", "ana")
    assert "Ana Sousa" not in leader.named()


def test_a_talk_with_somebody_paused_is_noted_and_says_that_the_pause_stays(leader: Leader) -> None:
    leader.say("people", "pause", "ana")
    assert "You have paused them, and that stays so: calsync people resume" in leader.say("done", "ana")
    assert leader.who("Ana Sousa")["paused"] is True
    leader.say("people", "resume", "ana")
    assert "paused" not in leader.say("done", "ana")


def test_four_silences_pause_and_a_talk_or_the_leader_ends_it(leader: Leader) -> None:
    """Idea 24: the third switches the channel, the fourth pauses, a reply resets."""
    for day in (2, 4):
        assert "in a row" not in leader.say("done", "ana", "--no-answer", day=day)
    assert "another way of reaching them" in leader.say("done", "ana", "--no-answer", day=6)
    told = leader.say("who", "--explain", "ana", day=7)
    assert "3 in a row; try another way of reaching them" in told
    assert leader.who("Ana Sousa", day=7)["paused"] is False
    assert "or calsync people resume 'Ana Sousa'" in leader.say("done", "ana", "--no-answer", day=8)
    assert leader.who("Ana Sousa")["paused"] is True
    assert "4 times without an answer" in leader.say("who", "--explain", "ana")
    leader.say("people", "resume", "ana")
    assert leader.who("Ana Sousa")["paused"] is False
    for day in (10, 11, 12, 13):
        leader.say("done", "ana", "--no-answer", day=day)
    assert leader.who("Ana Sousa", day=14)["paused"] is True
    leader.say("done", "ana", day=14)
    assert leader.who("Ana Sousa", day=14)["paused"] is False


def test_a_block_that_names_nobody_says_so_and_week_says_when_no_night_has_run(leader: Leader) -> None:
    assert "No night has planned a block yet: calsync nightly" in leader.say("week")
    leader.say("people", "pause", "ana")
    leader.say("people", "pause", "ben")
    leader.say("nightly")
    assert "It is nobody's turn: reach whoever comes to mind." in leader.say("week")


def test_an_unknown_name_is_refused_with_the_nearest(leader: Leader) -> None:
    leader.say("people", "pause", "Anna", code=2)


def test_too_few_blocks_are_told_with_how_many_more_it_takes(leader: Leader) -> None:
    assert "more a week" not in leader.say("who")
    for number in range(10):
        leader.say("people", "add", f"Person {'ABCDEFGHIJ'[number]}", "--ideal", "7d", "--max", "10d")
    turns = json.loads(leader.say("who", "--json"))["turns_a_week"]
    assert turns == {"wanted": 11.0, "needed": 7.5, "given": 4, "more_for_ideal": 4, "more_for_max": 2}
    sentence = "gaps ask for 11.0 turns a week and the blocks give 4: 2 blocks more a week would keep the maximum gaps"
    assert sentence in " ".join(leader.say("who").split())
    assert sentence in " ".join(leader.say("plan").split())
