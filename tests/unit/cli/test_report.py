"""`report` in words, as JSON and as a page: the same figures, no name of anybody, a page that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from calsync.cli.reportpage import page
from calsync.cli.reportsvg import columns
from calsync.cli.reporttext import report_lines, spark
from calsync.model import Person
from calsync.people.contacts import Contact
from calsync.people.figures import Date, figures
from calsync.people.promises import Account
from calsync.report import MOST_WEEKS, Report, report
from calsync.state.store import NewPromise, OutcomeRow, Store
from tests.conftest import RunCalsync
from tests.unit.cli.calling import Calsync, Said, places

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 27, 18, tzinfo=BERLIN)
CONFIG = """\
timezone: Europe/Berlin
me: [maya@example.com]
calendars: [{{name: work, provider: ics, path: work, write: true}}]
blocks: {{connect: {{minutes: 30, per_week: 2}}}}
people: {people}
"""
TWO = "[{name: Zébulon Qwarx, email: zq@example.com, ideal: 7d, max: 14d}, {name: Oddny Vexholm, ideal: 2w, max: 4w}]"
NAMES = ("Zébulon", "Qwarx", "zq@example", "Oddny", "Vexholm")
WORD = ("made", "kept_in_time", "kept_late", "dropped", "open", "overdue")
XHTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"


Call = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG.format(people=TWO), "utf-8")
    return tmp_path


@pytest.fixture
def calsync(calsync: Calsync) -> Call:
    """Call `report`, by default at the time of these tests."""

    def call(*args: str, now: datetime = NOW) -> Said:
        return calsync("report", *args, now=now.isoformat())

    return call


def remember(folder: Path) -> None:
    """Three weeks of blocks and talks."""
    rows, named = [], {}
    for week, what in enumerate(("home", "dropped", "moved")):
        for number in (1, 2):
            home = date(2026, 11, 9 + 7 * week + number)
            start = datetime(2026, 11, home.day, 14, tzinfo=BERLIN)
            end = start + timedelta(minutes=30)
            name = f"connect-{number}-0-{home}"
            gone = what == "dropped"
            why = "" if what == "home" else "team meeting Tue 14:00-15:00, and no other room that week"
            rows.append(OutcomeRow(name, "connect", home, None if gone else start, None if gone else end, what, why))
            named[name] = (start, ("Zébulon Qwarx", "Oddny Vexholm"))
    with Store(folder / "state", NOW) as store:
        store.keep_outcomes(rows)
        store.keep_assignments(named, NOW - timedelta(days=60))
        store.see_people(["Zébulon Qwarx", "Oddny Vexholm"], date(2026, 11, 2))
        store.log_turn("Zébulon Qwarx", datetime(2026, 11, 10, 15, tzinfo=BERLIN), "personal")
        store.log_turn("Oddny Vexholm", datetime(2026, 11, 26, 9, tzinfo=BERLIN), "personal")


def tree(text: str) -> ElementTree.Element:
    assert text.startswith("<!DOCTYPE html>")
    return ElementTree.fromstring(text.partition("\n")[2])


class Strict(HTMLParser):
    """Follows the tags of a page as HTML, and complains of one that is not closed where it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self._note(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ("meta", "rect", "line"), f"<{tag}/> does not close itself in HTML"
        self._note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]


def check_page(text: str) -> Strict:
    """What holds of every page: well-formed as HTML and as XML, and nothing is fetched or run."""
    reader = Strict()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    root = tree(text)
    style = root.find(f".//{XHTML}style")
    assert style is not None
    assert style.text is not None
    digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    policy = next(a["content"] for t, a in reader.tags if t == "meta" and a.get("http-equiv"))
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    for tag, attributes in reader.tags:
        assert tag not in ("script", "link", "img", "iframe", "object", "embed", "image", "use", "a", "form")
        assert not {"href", "src", "style", "srcset", "action"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in style.text
    assert "@import" not in style.text
    assert re.findall(r"https?://[^\"]*", text) == ["http://www.w3.org/1999/xhtml"] + [
        "http://www.w3.org/2000/svg"
    ] * text.count("<svg")
    for drawing in root.iter(f"{SVG}svg"):
        words = [drawing.find(f"{SVG}{part}") for part in ("title", "desc")]
        assert all(word is not None and word.text for word in words)
        assert drawing.get("role") == "img"
        assert drawing.get("aria-labelledby") == " ".join(word.get("id", "") for word in words if word is not None)
    figures_ = list(root.iter(f"{XHTML}figure"))
    assert all(one.find(f".//{XHTML}table") is not None for one in figures_)
    return reader


def test_before_the_first_night_there_is_nothing_and_it_says_so(calsync: Call) -> None:
    said = calsync()
    assert (said.code, said.err) == (0, "")
    assert "talked with     0 of 2 people in the rotation" in said.out
    assert "no night has run yet: calsync nightly" in said.out
    found = calsync("--json").json()
    assert (found["blocks"]["recorded_from"], found["blocks"]["planned"]) == (None, 0)
    assert found["promises"] == {**dict.fromkeys(WORD, 0), "rate": None}
    assert "promise" not in said.out
    check_page(calsync("--html", "-").out)


def test_nobody_in_the_rotation(calsync: Call, folder: Path) -> None:
    (folder / "config.yaml").write_text(CONFIG.format(people="[]"), "utf-8")
    assert "nobody is in the rotation" in calsync().out
    check_page(calsync("--html", "-").out)
    assert calsync("--json").json()["reach"] == {"talked_with": 0, "people": 0}


def test_the_report_in_words_line_by_line(calsync: Call, folder: Path) -> None:
    """Worked out by hand: a talk after 8 days for an ideal of 7 and 17 days of silence since; one after 24 for 14."""
    remember(folder)
    spread = "people had 0.4 times the talks that their gaps ask for in the median, the middle half 0.34 to 0.47"
    assert calsync("--weeks", "4").out.splitlines() == [
        "Mon 2 Nov 2026 to Fri 27 Nov 2026 (4 weeks)",
        "talked with     2 of 2 people in the rotation",
        "gaps            in the median 1.75 times as long as the ideal, over 2 people with a gap to judge",
        "today           1 within the ideal gap, 0 within the maximum, 1 past the maximum",
        f"spread          0 of 2 talks would have to go to others; {spread}",
        "talks a week    0 1 0 1",
        "blocks          6 planned: 2 kept, 2 nothing logged, 2 displaced; of those that stood 2 moved",
        "displaced by    team meeting 2",
        "moved for       team meeting 2",
        "planned a week  0 2 2 2",
        "kept a week     0 1 0 1",
        "                what became of blocks is known from Tue 10 Nov 2026 on",
    ]


def test_the_json_has_its_documented_keys(calsync: Call, folder: Path) -> None:
    remember(folder)
    found = calsync("--json").json()
    assert list(found) == [
        "now",
        "period",
        "reach",
        "gaps",
        "spread",
        "blocks",
        "promises",
        "changes",
        "kindness",
        "weeks",
    ]
    ledger = ["planned", "kept", "open", "displaced", "deleted", "to_come"]
    more = ["moved", "pinned", "displaced_by", "moved_by"]
    assert list(found["blocks"]) == ["recorded_from", *ledger, *more, "kinds"]
    assert list(found["blocks"]["kinds"][0]) == ["kind", *ledger, *more]
    assert list(found["weeks"][0]) == ["week", "start", "talks", *ledger]
    assert found["period"] == {"start": "2026-09-07", "end": "2026-11-27", "weeks": 12}
    assert found["blocks"]["displaced_by"] == [{"what": "team meeting", "blocks": 2}]
    for counts in (found["blocks"], *found["blocks"]["kinds"], *found["weeks"]):
        assert counts["planned"] == sum(counts[key] or 0 for key in ledger[1:])


def promise_something(folder: Path) -> None:
    """Of the four weeks before now: made 5, kept in time 2, late 1, dropped 1, open 1, overdue 2 (one long before)."""
    with Store(folder / "state", NOW) as store:
        for made, due, state, closed in (
            ("2026-10-01", "2026-10-15", "kept", "2026-10-14"),
            ("2026-10-20", "2026-11-03", "kept", "2026-11-03"),
            ("2026-11-02", "2026-11-20", "kept", "2026-11-04"),
            ("2026-11-02", "2026-11-10", "kept", "2026-11-12"),
            ("2026-11-05", "2026-11-20", "dropped", "2026-11-18"),
            ("2026-11-05", "2026-11-20", "dropped", "2026-11-05"),
            ("2026-10-10", "2026-10-20", "open", None),
            ("2026-11-20", "2026-11-26", "open", None),
            ("2026-11-26", "2026-11-30", "open", None),
        ):
            day = [datetime.fromisoformat(f"{text}T12:00+01:00") for text in (made, due)]
            number = store.add_promise(NewPromise("Zébulon Qwarx", *day, 30, ""))
            if closed is not None:
                store.close_promise(number, state, datetime.fromisoformat(f"{closed}T12:00+01:00"))


def test_the_kept_rate_is_that_of_a_hand_computed_fixture_in_all_three_forms(calsync: Call, folder: Path) -> None:
    promise_something(folder)
    found = calsync("--weeks", "4", "--json").json()["promises"]
    assert found == dict(zip((*WORD, "rate"), (5, 2, 1, 1, 1, 2, 0.333), strict=True))
    words = "5 made, 2 of 6 kept in time (33 %), 1 kept late, 1 dropped, 2 overdue, 1 open"
    assert f"promises        {words}" in calsync("--weeks", "4").out.splitlines()
    text = calsync("--weeks", "4", "--html", "-").out
    check_page(text)
    assert f"<p>{words}.</p>" in text
    assert not any(name in text for name in NAMES)


def test_no_answer_holds_a_name_an_address_or_a_title(calsync: Call, folder: Path) -> None:
    remember(folder)
    for args in ([], ["--json"], ["--html", "-"], ["--since", "2026-11-10"], ["--weeks", "1"]):
        said = calsync(*args)
        assert said.code == 0
        for name in NAMES:
            assert name.casefold() not in said.out.casefold()
            assert json.dumps(name)[1:-1].casefold() not in said.out.casefold()


def test_the_page_shows_the_figures_and_needs_nothing_else(calsync: Call, folder: Path) -> None:
    remember(folder)
    text = calsync("--weeks", "4", "--html", "-").out
    reader = check_page(text)
    assert ("html", {"lang": "en", "xmlns": "http://www.w3.org/1999/xhtml"}) in reader.tags
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    root = tree(text)
    rows = [[cell.text for cell in row] for table in root.iter(f"{XHTML}table") for row in table.iter(f"{XHTML}tr")]
    assert ["2026-W46", "2", "1", "1", "0", "0", "0"] in rows
    assert ["team meeting", "2"] in rows
    tiles = ["".join(one.itertext()) for one in root.iter(f"{XHTML}dd")]
    assert tiles == [
        "2 of 2 people in the rotation",
        "1.75 x of the ideal gap",
        "0 % of talks would have to go to others",
        "2 of 6 planned for talks",
    ]


def test_the_file_is_for_its_owner_alone_and_replaced_whole(calsync: Call, folder: Path) -> None:
    target = folder / "out" / "report.html"
    target.parent.mkdir()
    target.write_text("old")
    target.chmod(0o644)
    said = calsync("--html", str(target))
    assert (said.code, said.out) == (0, f"Wrote {target}\n")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [p.name for p in target.parent.iterdir()] == ["report.html"]
    check_page(target.read_text("utf-8"))


def test_dry_run_writes_no_page(calsync: Call, folder: Path) -> None:
    target = folder / "report.html"
    said = calsync("--html", str(target), "--dry-run")
    assert (said.code, said.out) == (0, f"Would write {target}\n")
    assert not target.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(calsync: Call, folder: Path) -> None:
    (folder / "locked").mkdir(mode=0o500)
    assert calsync("--html", str(folder / "locked" / "r.html")).code == 3


def test_a_folder_is_no_place_for_a_page(calsync: Call, folder: Path) -> None:
    said = calsync("--html", str(folder))
    assert said.code == 3
    assert str(folder) in said.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--weeks", "0"], "--weeks"),
        (["--weeks", "105"], "--weeks"),
        (["--weeks", "x"], "--weeks"),
        (["--since", "noday"], "'noday' is no day"),
        (["--since", "2026-11-28"], "2026-11-28 is still to come"),
        (["--since", "tomorrow"], "is still to come"),
        (["--since", "2020-01-01"], f"more than {MOST_WEEKS} weeks back"),
        (["--since", "2026-11-01", "--weeks", "3"], "both say where the report begins"),
        (["--json", "--html", "-"], "two answers"),
        (["--dry-run"], "goes with --html"),
    ],
)
def test_what_cannot_be_meant_is_refused(calsync: Call, args: list[str], words: str) -> None:
    said = calsync(*args)
    assert said.code == 2
    assert words in said.err
    assert said.out == ""


def test_a_day_begins_the_period_and_weeks_are_whole(calsync: Call, folder: Path) -> None:
    remember(folder)
    found = calsync("--since", "2026-11-18", "--json").json()
    assert found["period"] == {"start": "2026-11-18", "end": "2026-11-27", "weeks": 2}
    assert found["blocks"]["planned"] == 3
    assert calsync("--weeks", "1", "--json").json()["period"]["start"] == "2026-11-23"
    assert calsync("--weeks", str(MOST_WEEKS), "--json").json()["period"]["weeks"] == MOST_WEEKS


def test_a_period_before_the_first_night_says_so(calsync: Call, folder: Path) -> None:
    remember(folder)
    said = calsync(now=datetime(2026, 6, 1, 9, tzinfo=BERLIN))
    assert said.code == 0
    assert "none planned; the first one comes with Tue 10 Nov 2026" in said.out


@pytest.mark.parametrize("now", ["2026-03-29T01:59:00+01:00", "2026-03-29T03:01:00+02:00", "2026-10-25T02:30:00+01:00"])
def test_the_weeks_of_the_clock_changes_are_weeks_like_others(calsync: Call, now: str) -> None:
    found = calsync("--json", now=datetime.fromisoformat(now)).json()
    starts = [date.fromisoformat(week["start"]) for week in found["weeks"]]
    assert len(starts) == 12
    assert {(b - a).days for a, b in pairwise(starts)} == {7}


def big(count: int, weeks: int) -> Report:
    """Figures of many people and weeks."""
    start = date(2026, 11, 23) - timedelta(7 * (weeks - 1))
    people = [Person(f"Person {n}", 7 + n % 60, 90) for n in range(count)]
    contacts = [
        Contact(p.name, datetime(2026, 11, 1 + n % 26, 10, tzinfo=BERLIN)) for n, p in enumerate(people) if n % 2
    ]
    dates = [
        Date("connect", start + timedelta(7 * n), None, None, "dropped", f"<cause> & {n % 9}") for n in range(weeks)
    ]
    found = figures(people, contacts, dict.fromkeys((p.name for p in people), start), (), dates, start, NOW, BERLIN)
    return Report(NOW, start, found, Account(made=9, kept_in_time=5, kept_late=2, overdue=1, open=1))


@pytest.mark.parametrize(("count", "weeks"), [(1, 1), (1, 12), (300, 12), (300, 104)])
def test_any_size_fits(count: int, weeks: int) -> None:
    one = big(count, weeks)
    text = page(one)
    check_page(text)
    assert "Person" not in text
    assert len(text) < 100_000
    drawn = [line for line in report_lines(one, draw=True) if any(sign in line for sign in "▁▂▃▄▅▆▇█")]
    assert drawn
    assert all(len(line.split()[3]) <= 60 for line in drawn)


def test_the_heights_of_a_drawing_are_the_numbers() -> None:
    root = ElementTree.fromstring(
        columns("x", "T", "D", ["a", "b"], [("one", "good", [1, 4]), ("two", "late", [1, 0])])
    )
    rects = [(r.get("class"), float(r.get("height", ""))) for r in root.iter(f"{SVG}rect")]
    assert rects == [("good", 40.0), ("late", 40.0), ("good", 160.0)]
    assert [t.text for t in root.iter(f"{SVG}text")] == ["0", "1", "2", "3", "4", "a", "b"]


def test_a_sparkline_keeps_its_lowest_sign_for_nothing() -> None:
    assert spark([0, 1, 50, 100]) == "▁▂▅█"
    assert spark([0, 0]) == "▁▁"
    assert spark([]) == ""


def test_in_a_pipe_there_are_numbers_in_any_encoding(run_calsync: RunCalsync, folder: Path) -> None:
    remember(folder)
    where = [*places(folder), "report", "--now", NOW.isoformat()]
    for encoding in ("utf-8", "ascii", "cp1252"):
        ran = run_calsync(where, env={"PYTHONIOENCODING": encoding})
        assert (ran.code, ran.stderr) == (0, "")
        assert "talks a week    0 0 0 0 0 0 0 0 0 1 0 1" in ran.stdout
        page_ = run_calsync([*where, "--html", "-"], env={"PYTHONIOENCODING": encoding})
        check_page(page_.stdout)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="a terminal is needed")
@pytest.mark.parametrize(
    ("environment", "drawn"),
    [
        ({"TERM": "xterm", "PYTHONIOENCODING": "utf-8"}, True),
        ({"TERM": "xterm", "PYTHONIOENCODING": "ascii"}, False),
        ({"TERM": "dumb", "PYTHONIOENCODING": "utf-8"}, False),
        ({"TERM": "xterm", "PYTHONIOENCODING": "utf-8", "COLUMNS": "60"}, False),
    ],
)
def test_a_terminal_that_can_show_them_gets_sparklines(
    folder: Path, project: Path, environment: dict[str, str], drawn: bool
) -> None:
    remember(folder)
    ours, theirs = os.openpty()
    where = places(folder)
    inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "calsync", *where, "report", "--now", NOW.isoformat()],
        env=inherited | {"PYTHONPATH": str(project)} | environment,
        stdout=theirs,
        stdin=subprocess.DEVNULL,
    ) as running:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux says so when the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(ours)
    assert running.returncode == 0
    text = shown.decode("utf-8")
    assert ("talks a week    ▁▁▁▁▁▁▁▁▁█▁█  0 to 1" in text) == drawn
    assert ("talks a week    0 0 0 0 0 0 0 0 0 1 0 1" in text) != drawn


def test_the_report_agrees_with_who_about_who_is_past_the_maximum(folder: Path) -> None:
    from calsync.contacts import who_is_due
    from calsync.desk import open_desk

    remember(folder)
    for days in range(0, 60, 7):
        desk: Any = open_desk(folder / "config.yaml", folder / "state", NOW + timedelta(days=days))
        past = sum(1 for view in who_is_due(desk) if view.due.past_max)
        assert report(desk, 4).figures.gaps.past_max == past


def test_whoever_is_paused_by_four_silences_is_left_out_as_who_does(folder: Path) -> None:
    from calsync.contacts import who_is_due
    from calsync.desk import open_desk

    remember(folder)
    desk: Any = open_desk(folder / "config.yaml", folder / "state", NOW + timedelta(days=40))
    for silence in range(1, 5):
        with Store(folder / "state", NOW) as store:
            store.log_turn("Zébulon Qwarx", NOW + timedelta(days=silence), "no-answer")
        there = sum(1 for view in who_is_due(desk) if not view.due.paused)
        assert report(desk, 8).figures.people == there == (2 if silence < 4 else 1)
