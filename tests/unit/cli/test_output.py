"""Plain text has one record a line; a terminal gets a table; JSON keeps letters and order."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.cli.output import Table, cells, is_fancy, print_json, progress_bar, silent, table, wrapped

PEOPLE = Table(("person", "due", "why"), [("Ana", "Tue 10 Nov", "most overdue"), ("Jürgen 李", "", "soon")], grow=2)


def on_a_terminal(project: Path, program: str, columns: int, **env: str) -> str:
    """What `program` shows when stdout and stderr are a terminal of so many columns."""
    main, other = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color", "PYTHONPATH": str(project), **env}
    with subprocess.Popen([sys.executable, "-c", program], stdout=other, stderr=other, env=environment) as process:
        os.close(other)
        shown = b""
        while select.select([main], [], [], 30)[0]:
            try:
                chunk = os.read(main, 65536)
            except OSError:  # Linux says EIO when the other end is closed
                break
            if not chunk:
                break
            shown += chunk
    os.close(main)
    assert process.returncode == 0, shown
    return shown.decode()


SHOW = """
from calsync.cli.output import Table, table
table(Table(("person", "why"), [("Ana [bold]", "most overdue " * 12), ("Ben", "")], title="Who", grow=1))
"""


def test_in_a_pipe_columns_are_aligned_and_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    table(PEOPLE)
    assert capsys.readouterr().out == (
        "person     due         why\nAna        Tue 10 Nov  most overdue\nJürgen 李              soon\n"
    )


def test_a_table_without_rows_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    table(Table(("a",), []))
    assert capsys.readouterr().out == ""


def test_a_column_in_which_nothing_stands_is_left_out() -> None:
    assert Table(("a", "b", "c"), [("1", "", "3")]).plain() == ["a  c", "1  3"]


@given(st.lists(st.tuples(st.text("abc äß李", max_size=9), st.text("xyz", min_size=1, max_size=30)), max_size=6))
def test_plain_tables_cut_nothing_off(rows: list[tuple[str, str]]) -> None:
    text = Table(("one", "two"), rows).plain()
    assert len(text) == len(rows) + 1
    for (one, two), line in zip(rows, text[1:], strict=True):
        assert line.startswith(one.rstrip()) or not one.strip()
        assert line.endswith(two)


NARROW = """
from calsync.cli.output import Table, sentences, table
table(Table(("", "change", "when", "why"), [("~", "move", "Mon 4 Jan 13:45-14:30", "out of office " * 4)], grow=3))
sentences(["No room in 2027-W01 for 1 connect block: " + "team meeting; " * 5])
"""


def test_a_table_that_is_too_wide_for_a_terminal_is_a_paragraph_a_row_and_sentences_are_wrapped(project: Path) -> None:
    shown = on_a_terminal(project, NARROW, 40).replace("\r", "").splitlines()
    assert shown[:2] == ["~  move; when: Mon 4 Jan 13:45-14:30;", "    why: out of office out of office out"]
    assert shown[-3:] == [
        "No room in 2027-W01 for 1 connect block:",
        "  team meeting; team meeting; team",
        "  meeting; team meeting; team meeting;",
    ]
    assert max(map(len, shown)) <= 40


def test_what_does_not_fit_beside_the_rest_of_a_table_stands_under_each_row() -> None:
    moved = ("~", "move", "Mon 4 Jan 13:45-14:30", "Tue 5 Jan 11:00", "Ana Sousa", "out of office")
    made = ("+", "create", "Fri 8 Jan 09:30-09:40", "", "", "a new weekly block")
    content = Table(("", "change", "when", "was", "person", "why"), [moved, made], grow=5)
    assert content.stacked(60) == [
        "   change  when                   was              person",
        "~  move    Mon 4 Jan 13:45-14:30  Tue 5 Jan 11:00  Ana Sousa",
        "     out of office",
        "+  create  Fri 8 Jan 09:30-09:40",
        "     a new weekly block",
    ]
    assert content.stacked(50)[1:3] == [
        "~  move    Mon 4 Jan 13:45-14:30  Tue 5 Jan 11:00",
        "     person: Ana Sousa; out of office",
    ]
    assert content.stacked(20) == []
    assert Table(("a", "b"), [("1", "2")], grow=0).stacked(80) == []


@pytest.mark.parametrize("columns", [80, 120, 200, 300])
def test_on_a_terminal_a_table_fits_its_width_and_keeps_every_word(project: Path, columns: int) -> None:
    shown = on_a_terminal(project, SHOW, columns, NO_COLOR="1")
    body = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in shown.splitlines()]
    assert max(map(len, body)) <= min(columns, 200)
    assert " ".join(shown.split()).count("overdue") == 12
    assert "Ana [bold]" in shown
    assert "─" in shown


def test_no_color_means_no_escape_codes_that_colour(project: Path) -> None:
    assert re.search(r"\x1b\[(3[0-8]|4[0-8]|9)", on_a_terminal(project, SHOW, 100, NO_COLOR="1")) is None


def test_a_dumb_or_narrow_terminal_gets_plain_text(project: Path) -> None:
    for shown in (on_a_terminal(project, SHOW, 100, TERM="dumb"), on_a_terminal(project, SHOW, 60)):
        assert "\x1b" not in shown
        assert "─" not in shown
        assert shown.splitlines()[0] == "Who"


@pytest.mark.parametrize(
    ("tty", "columns", "env", "fancy"),
    [
        (True, 80, {}, True),
        (True, 79, {}, False),
        (False, 200, {}, False),
        (True, 120, {"TERM": "dumb"}, False),
        (True, 120, {"TERM": "xterm"}, True),
    ],
)
def test_a_table_is_drawn_only_where_it_helps(tty: bool, columns: int, env: dict[str, str], fancy: bool) -> None:
    assert is_fancy(tty, columns, env) is fancy


def test_json_keeps_letters_and_the_order_of_keys(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": "Elif Şahin", "at": None, "a": [1, True]})
    out = capsys.readouterr().out
    assert "Elif Şahin" in out
    assert list(json.loads(out)) == ["name", "at", "a"]


def test_no_bar_is_drawn_and_rich_is_not_needed_where_nobody_looks() -> None:
    with progress_bar() as progress:
        assert progress is silent
        progress("reading", 1, 2)
    with progress_bar(quiet=True) as progress:
        assert progress is silent


BAR = """
from calsync.cli.output import progress_bar
with progress_bar(after=SECONDS) as progress:
    progress("reading calendars", 0, 2)
    progress("reading calendars", 1, 2)
    progress("planning", 1, 0)
import sys
print("rich" in sys.modules)
"""


def test_on_a_terminal_a_bar_comes_only_after_a_second_of_work(project: Path) -> None:
    quick = on_a_terminal(project, BAR.replace("SECONDS", "1000"), 100)
    assert quick.split() == ["False"]
    long = on_a_terminal(project, BAR.replace("SECONDS", "0"), 100)
    assert "reading calendars" in long
    assert long.rstrip().endswith("True")


@given(st.text(alphabet="ab -\u540d\u524d\U0001f600\u0301e", max_size=80), st.integers(12, 40))
def test_wrapped_lines_fit_in_the_columns_that_letters_take_and_lose_none(text: str, width: int) -> None:
    found = wrapped(text, width, "  ", "    ")
    assert all(cells(line) <= width for line in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_a_command_that_has_room_on_a_line_is_not_cut() -> None:
    text = "To mend it run `calsync calendars sign-in work`, and see what it says."
    assert wrapped(text, 40, "", "  ") == [
        "To mend it run",
        "  `calsync calendars sign-in work`, and",
        "  see what it says.",
    ]
    assert wrapped("`calsync calendars sign-in 仕事`", 33, "", "") == ["`calsync calendars sign-in 仕事`"]
    assert max(map(cells, wrapped("run `calsync calendars sign-in work`", 20, "", "  "))) <= 20
