"""What the coming blocks and their briefs look like in words: a week short, a day whole, a terminal unharmed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calsync.cli.briefs import day_lines, week_lines
from calsync.cli.output import paragraphs
from calsync.coming import ComingBlock
from calsync.kindness import ActTurn
from calsync.people.acts import Act
from calsync.people.brief import NOTHING, Brief, Thread
from calsync.people.signals import Flag

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 10, 13, tzinfo=UTC)
WHOLE = Brief(
    preface="Say first why you are there.",
    thread=Thread(date(2026, 10, 27), "her move to Porto"),
    promises=("an introduction to Bo, by Fri 13 Nov",),
    topic="What are you looking forward to?",
    follow_ups=("What do you like about it?", "Who will be there?"),
    flags=(Flag("low", "Your last talk felt like 2.", "Say it as an impression.", ("Tue 27 Oct 2026: feel 2",)),),
    channel="Call them.",
    ask_twice="Leave a pause.",
    asks=("how they like to be thanked", "which hours suit them"),
)


def block(*people: tuple[str, str, Brief], kind: str = "connect") -> ComingBlock:
    return ComingBlock(
        "connect-1-0-2026-11-10",
        "connect-1",
        kind,
        "work",
        START,
        START + timedelta(minutes=30),
        "moved",
        tuple((name, why) for name, why, _ in people),
        tuple(brief for _, _, brief in people),
    )


def joined(blocks: list[ComingBlock], *, day: bool = True) -> list[str]:
    return [begin + rest for begin, rest in (day_lines if day else week_lines)(blocks, BERLIN)]


def test_a_day_shows_the_whole_brief_of_each_person_and_the_open_thread_leads_it() -> None:
    assert joined([block(("Ana Sousa", "12 days past", WHOLE), ("Ben Okafor", "", NOTHING))]) == [
        "Tue 10 Nov 2026 14:00-14:30  connect (moved)",
        "  Ana Sousa (take note): 12 days past",
        "    last time  Tue 27 Oct 2026: her move to Porto",
        "    promised   an introduction to Bo, by Fri 13 Nov",
        "    take note  Your last talk felt like 2. (Tue 27 Oct 2026: feel 2)",
        "               Say it as an impression.",
        "    reach      Call them.",
        "    begin      Say first why you are there.",
        "    ask        What are you looking forward to?",
        "               What do you like about it?",
        "               Who will be there?",
        "    listen     Leave a pause.",
        "    ask once   how they like to be thanked",
        "               which hours suit them",
        "               (`calsync people edit` keeps the answers)",
        "  Ben Okafor",
    ]


def test_a_week_has_two_lines_a_person_at_most() -> None:
    asked = Brief(topic="What made you laugh?")
    promised = Brief(promises=("the book",), topic="What made you laugh?")
    people = [("Ana", "", WHOLE), ("Bo", "due", asked), ("Chi", "", promised), ("Dan", "", NOTHING)]
    assert joined([block(*people)], day=False)[1:] == [
        "  Ana (take note)",
        "    last time Tue 27 Oct 2026: her move to Porto",
        "  Bo: due",
        "    ask What made you laugh?",
        "  Chi",
        "    promised the book",
        "  Dan",
    ]


def test_a_block_without_people_has_the_documented_keys_with_nothing_in_them() -> None:
    answer = block(kind="kindness").as_json()
    assert (answer["person"], answer["people"]) == (None, [])
    assert {key for key, value in answer["brief"].items() if value} == set()
    assert {"preface", "thread", "promises", "topic", "follow_ups", "flags"} <= set(answer["brief"])


@pytest.mark.parametrize("day", [True, False])
def test_an_act_before_others_for_nobody_by_name_says_to_mind_who_likes_that_in_a_week_too(day: bool) -> None:
    act = Act("an-act", "Thank them in the meeting for one thing.", 2, "free", "person", "public", "peer", True, "E15")
    monday = date(2026, 11, 9)
    turn = ActTurn(monday, monday + timedelta(6), act, "", "told")
    said = "    Others see it: choose somebody who likes that, or ask first."
    assert joined([replace(block(kind="kindness"), act=turn)], day=day)[2] == said
    for other in (
        replace(turn, person="Ana"),
        replace(turn, state="done"),
        replace(turn, act=replace(act, reach="private")),
    ):
        assert said not in joined([replace(block(kind="kindness"), act=other)], day=day)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("red \x1b[31m alarm\x07", "red [31m alarm"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("turned \u202eround", "turned round"),
        ("[bold]not markup[/bold] **nor** [this](https://example.com)", None),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", None),
    ],
)
def test_nothing_in_a_thread_or_a_topic_moves_the_cursor(text: str, shown: str | None) -> None:
    lines = joined([block(("Ana", "", Brief(thread=Thread(date(2026, 10, 27), text), topic=text)))])
    expected = text if shown is None else shown
    assert lines[2:] == [f"    last time  Tue 27 Oct 2026: {expected}", f"    ask        {expected}"]


def test_paragraphs_are_one_line_each_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    paragraphs([("  a ", "word " * 60), ("", "b")])
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_paragraphs_are_wrapped_behind_their_beginning_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    paragraphs([("  label ", "word " * 30), ("  empty ", "")])
    first, second, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("  label word word")
    assert second.startswith("        word")
    assert max(len(first), len(second)) <= 80
    assert last == "  empty"
