"""One file with a whole calendar: one look while it is unchanged, and only the changed event when it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from calsync.errors import Malformed, NotFound, ReadOnly
from calsync.ports import SeriesWrite
from providers.ics.provider import IcsProvider
from tests.contract.samples import BERLIN, WINDOW, calendar, series, spans, vevent
from tests.contract.suite import context

ROOT = Path(__file__).resolve().parents[3]
GENERATOR = ROOT.parent / "shared" / "tools" / "gen_calendar.py"
FIXED = 1_700_000_000_123_456_789


def provider(path: Path) -> IcsProvider:
    return IcsProvider("travel", {"path": str(path)}, context(path.parent))


def event(uid: str, day: str = "20261201", title: str = "Flight", stamp: str = "20261101T080000Z") -> str:
    return vevent(uid, start=f"{day}T100000", end=f"{day}T110000", title=title).replace("20261101T080000Z", stamp)


def test_a_file_that_the_file_system_reports_unchanged_is_not_opened(tmp_path: Path) -> None:
    """Shown by spoiling the content behind the file system's back: same size, time and inode."""
    path = tmp_path / "all.ics"
    path.write_bytes(calendar(event("a"), event("b")))
    os.utime(path, ns=(0, FIXED))
    delta = provider(path).read("", WINDOW, None)
    path.write_bytes(b"\0" * path.stat().st_size)
    os.utime(path, ns=(0, FIXED))
    again = provider(path).read("", WINDOW, delta.cursor)
    assert (again.changed, again.removed, again.cursor, again.requests) == ((), (), delta.cursor, 0)


def test_one_changed_event_of_many_is_the_only_one_sent_and_stands_on_its_own(tmp_path: Path) -> None:
    path = tmp_path / "all.ics"
    events = {f"u{n}": event(f"u{n}") for n in range(50)}
    path.write_bytes(calendar(*events.values()))
    work = provider(path)
    first = work.read("", WINDOW, None)
    assert sorted(r.name for r in first.changed) == sorted(events)
    events["u7"] = event("u7", "20261215")
    del events["u9"]
    path.write_bytes(calendar(*events.values()))
    delta = work.read("", WINDOW, first.cursor)
    assert ([r.name for r in delta.changed], delta.removed) == (["u7"], ("u9",))
    (expanded,) = work.expand("", delta.changed, WINDOW, BERLIN)
    assert [start.isoformat() for start, _ in spans([expanded])] == ["2026-12-15T09:00:00+00:00"]
    assert delta.changed[0].payload.count(b"BEGIN:VEVENT") == 1
    assert b"TZID:Europe/Berlin" in delta.changed[0].payload


def test_a_master_and_its_overrides_are_one_resource_wherever_they_stand_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "all.ics"
    master = vevent("s", "RRULE:FREQ=DAILY;COUNT=5", start="20261201T100000", end="20261201T110000")
    moved = vevent(
        "s", "RECURRENCE-ID;TZID=Europe/Berlin:20261202T100000", start="20261202T150000", end="20261202T160000"
    )
    path.write_bytes(calendar(master, event("between"), moved))
    work = provider(path)
    delta = work.read("", WINDOW, None)
    assert sorted(r.name for r in delta.changed) == ["between", "s"]
    found = {e.name: len(e.occurrences) for e in work.expand("", delta.changed, WINDOW, BERLIN)}
    assert found == {"s": 5, "between": 1}


def test_another_order_and_a_new_stamp_on_every_event_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "all.ics"
    path.write_bytes(calendar(event("a"), event("b", "20261202")))
    work = provider(path)
    first = work.read("", WINDOW, None)
    path.write_bytes(calendar(event("b", "20261202", stamp="20261130T000000Z"), event("a", stamp="20261130T000000Z")))
    delta = work.read("", WINDOW, first.cursor)
    assert (delta.changed, delta.removed, delta.complete) == ((), (), False)


def test_a_zone_that_changes_its_rules_changes_the_events_in_it(tmp_path: Path) -> None:
    path = tmp_path / "all.ics"
    text = calendar(event("a"))
    path.write_bytes(text)
    work = provider(path)
    first = work.read("", WINDOW, None)
    path.write_bytes(text.replace(b"BYMONTH=10;BYDAY=-1SU", b"BYMONTH=11;BYDAY=1SU"))
    assert [r.name for r in work.read("", WINDOW, first.cursor).changed] == ["a"]


def test_a_file_that_is_cut_off_or_gone_fails_the_read_and_its_cursor_stays_good(tmp_path: Path) -> None:
    path = tmp_path / "all.ics"
    whole = calendar(event("a"), event("b"))
    path.write_bytes(whole)
    work = provider(path)
    cursor = work.read("", WINDOW, None).cursor
    for data in (b"", whole[:200], whole[:-15], b"<html>", b"\0\0"):
        path.write_bytes(data)
        with pytest.raises(Malformed) as caught:
            work.read("", WINDOW, cursor)
        assert caught.value.what.startswith(f"{path}: ")
    path.unlink()
    with pytest.raises(NotFound, match=r"all\.ics: there is no such file or folder"):
        work.read("", WINDOW, cursor)
    path.write_bytes(whole)
    delta = work.read("", WINDOW, cursor)
    assert (delta.changed, delta.removed) == ((), ())


def test_a_file_is_read_only_and_says_what_to_do_instead(tmp_path: Path) -> None:
    path = tmp_path / "all.ics"
    path.write_bytes(calendar(event("a")))
    with pytest.raises(ReadOnly) as caught:
        provider(path).write("", [SeriesWrite(series().key, None, series())])
    assert caught.value.what == f"travel: the single file {path} can only be read"
    assert "a folder with one event a file" in caught.value.next_step
    with pytest.raises(NotFound, match="there is no calendar 'other' in it"):
        provider(path).read("other", WINDOW, None)


@pytest.mark.skipif(not GENERATOR.exists(), reason="the generator of calendars is not beside the project")
def test_one_file_and_a_folder_of_the_same_calendar_mean_the_same(tmp_path: Path) -> None:
    one, many = tmp_path / "one.ics", tmp_path / "many"
    arguments = ["--events", "600", "--years", "2", "--seed", "11", "--ics", str(one), "--vdir", str(many)]
    subprocess.run([sys.executable, str(GENERATOR), *arguments], check=True, capture_output=True)
    means = []
    for path in (one, many):
        work = provider(path)
        delta = work.read("", WINDOW, None)
        means.append(spans(work.expand("", delta.changed, WINDOW, BERLIN)))
        assert work.read("", WINDOW, delta.cursor).changed == ()
    assert means[0] == means[1]
