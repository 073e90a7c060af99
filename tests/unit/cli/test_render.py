"""What a night, a block and the rotation look like in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from calsync.cli.render import (
    calendar_table,
    change_table,
    connected_table,
    due_table,
    night_lines,
    run_table,
    summary,
    when,
)
from calsync.contacts import DueView
from calsync.model import Kind, Span
from calsync.nightreport import CalendarReport, NightReport
from calsync.people.rotation import Due
from calsync.planning.board import Unplaced
from calsync.sync.diff import Action, Change

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 10, 13, tzinfo=UTC)
HALF = timedelta(minutes=30)
NOW = datetime(2026, 11, 9, 5, tzinfo=BERLIN)
HORIZON = Span(NOW, NOW + timedelta(weeks=12))


def change(action: Action, was: datetime | None = None, reason: str = "") -> Change:
    return Change(action, "work", "connect", "connect-1", START, START + HALF, was, None, reason)


def test_a_time_is_told_in_the_leaders_zone() -> None:
    assert when(START, START + HALF, BERLIN) == "Tue 10 Nov 2026 14:00-14:30"
    assert when(START, None, ZoneInfo("America/New_York")) == "Tue 10 Nov 2026 08:00"


def test_a_time_beyond_midnight_names_both_days() -> None:
    late = datetime(2026, 11, 10, 22, 45, tzinfo=UTC)
    assert when(late, late + HALF, BERLIN) == "Tue 10 Nov 2026 23:45 - Wed 11 Nov 2026 00:15"


def test_the_time_of_a_change_from_summer_time_is_that_of_the_clock_on_the_wall() -> None:
    before, after = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert when(before, None, BERLIN) == when(after, None, BERLIN) == "Sun 25 Oct 2026 02:30"


def test_every_action_has_its_sign_and_a_move_says_from_when() -> None:
    changes = [change(action) for action in Action]
    moved = change(Action.MOVE, START - timedelta(days=1), "team meeting Mon 14:00-15:00")
    text = change_table([*changes, moved], BERLIN).plain()
    assert len(text) == len(Action) + 2
    assert "Mon 9 Nov 14:00" in text[-1]
    assert text[-1].endswith("team meeting Mon 14:00-15:00")
    assert {line[0] for line in text[1:]} == {"+", "~", "-"}


def test_the_summary_says_what_was_done_and_for_when() -> None:
    report = NightReport(NOW, HORIZON, dry_run=False)
    assert summary(report, BERLIN, dry_run=False) == "Nothing to change for Mon 9 Nov 2026 to Mon 1 Feb 2027."
    report.changes.append(change(Action.CREATE))
    report.written = 1
    assert summary(report, BERLIN, dry_run=False) == "1 change for Mon 9 Nov 2026 to Mon 1 Feb 2027; 1 write done."
    report.changes.append(change(Action.MOVE))
    assert summary(report, BERLIN, dry_run=True).startswith("2 changes would be made ")
    assert summary(report, BERLIN, dry_run=True).endswith("; nothing was written.")


def test_a_week_without_room_is_named_with_what_took_it() -> None:
    report = NightReport(NOW, HORIZON, dry_run=False)
    report.unplaced = [
        Unplaced("2026-W50", Kind.CONNECT, 2, ("out of office 3 days", "team meeting 4 h")),
        Unplaced("2026-W53", Kind.CONNECT, 1, ()),
    ]
    report.notes = ["you deleted connect-1 of Tue 10 Nov"]
    assert night_lines(report) == [
        "No room in 2026-W50 for 2 connect blocks: out of office 3 days; team meeting 4 h",
        "No room in 2026-W53 for 1 connect block: no working time",
        "you deleted connect-1 of Tue 10 Nov",
    ]


def test_a_calendar_that_could_not_be_read_says_why() -> None:
    rows = [
        CalendarReport("work", "ics", True, 12, 0, None),
        CalendarReport("home", "caldav", False, 0, 1, "no answer"),
    ]
    text = calendar_table(rows).plain()
    assert "read" in text[1]
    assert "not read" in text[2]
    assert text[2].endswith("no answer")


def test_the_rotation_says_when_somebody_is_due_and_both_clocks() -> None:
    def due(name: str, on: date, *, past: bool = False, talk: date | None = None) -> DueView:
        met = datetime(2026, 11, 5, 23, 30, tzinfo=UTC)
        return DueView(Due(name, date(2026, 11, 9), on, past, talk, met, 14, 28, None, "", 1.0, {}))

    text = due_table(
        [
            due("Ana", date(2026, 11, 8), past=True, talk=date(2026, 10, 1)),
            due("Ben", date(2026, 11, 9)),
            due("Chi", date(2026, 11, 10)),
            due("Dan", date(2026, 11, 19), talk=date(2025, 12, 31)),
        ],
        date(2026, 11, 9),
        BERLIN,
    ).plain()
    assert text[1].split("  ")[0] == "Ana"
    assert "Sun 8 Nov (1 day ago), past the maximum" in text[1]
    assert "Thu 1 Oct  " in text[1]
    assert "Fri 6 Nov  " in text[1], "the day of the meeting is that of the leader's zone"
    assert "(today)" in text[2]
    assert "never" in text[2]
    assert "(in 1 day)" in text[3]
    assert "(in 10 days)" in text[4]
    assert "Wed 31 Dec 2025" in text[4], "another year is said"
    assert text[4].endswith("14 to 28")


def test_what_is_connected_says_where_blocks_go_and_what_is_wrong() -> None:
    text = connected_table(
        [
            {"name": "work", "provider": "ics", "write": True, "ok": True, "error": None},
            {"name": "home", "provider": "caldav", "write": False, "ok": False, "error": "home: it wants a password"},
        ]
    ).plain()
    assert text[1].endswith("ok")
    assert "blocks are written here" in text[1]
    assert text[2].endswith("home: it wants a password")


def test_a_run_that_was_cut_off_says_so() -> None:
    run = {"run": 3, "command": "nightly", "started_at": "2026-11-09T04:00:00+00:00", "exit": None}
    full = {**run, "run": 2, "exit": 3, "written": 2, "changes": {"create": 2}, "errors": ["work: no answer"]}
    text = run_table([run, full], BERLIN).plain()
    assert "cut off" in text[1]
    assert "Mon 9 Nov 2026 05:00" in text[1]
    assert text[2].endswith("2 create  work: no answer")
