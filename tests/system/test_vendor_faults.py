"""Whatever goes wrong with any one request of a night, the next night ends as if nothing had."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from calsync.nightreport import NightReport
from tests.servers.google import Fault as GoogleFault
from tests.servers.graph import Fault as GraphFault
from tests.system.vendors import NOW, Vendor, VendorWorld, google, graph
from tests.system.world import meeting

Account = Callable[[], AbstractContextManager[Vendor]]

LATER = NOW + timedelta(days=1)
QUICK = ("answer-lost",)
"""The fault that leaves most behind; the others take their time."""
NIGHTS = ("first", "second")


class Story:
    """Two nights: blocks are made around meetings, then a meeting comes, another goes, and the leader edits."""

    def __init__(self, vendor: Vendor, folder: Path) -> None:
        self.vendor = vendor
        self.world = VendorWorld(folder, {"work": vendor}, extra="planning: {horizon_weeks: 8}")
        # Signed in beforehand: what that takes is no part of a night.
        self.world.desk()
        # So busy that each series needs exceptions from the first night on.
        start = NOW.replace(hour=9)
        for day, every in ((0, 1), (1, 3), (2, 2), (3, 4), (4, 3)):
            rule = f"RRULE:FREQ=WEEKLY;INTERVAL={every}"
            self.put(f"m{day}", meeting(f"m{day}", start + timedelta(days=day), 540, rule))
        self.put("day", meeting("day", start + timedelta(days=9), 480))

    def put(self, uid: str, data: bytes) -> str:
        name: str = self.vendor.hand.put(self.vendor.calendar, uid, data)
        return name

    def first(self) -> NightReport:
        return self.world.night(NOW)

    def between(self) -> None:
        """What happens before the second night."""
        hand, calendar = self.vendor.hand, self.vendor.calendar
        blocks = self.world.blocks("work")
        series = blocks[0].series
        days = [d for d in series.days(LATER.date() + timedelta(7), LATER.date() + timedelta(55)) if series.placed(d)]
        clash, gone, moved = days[1], days[3], days[5]
        placed = series.placed(clash)
        assert placed is not None
        self.put("clash", meeting("clash", placed.span.start.astimezone(NOW.tzinfo), 30))
        hand.delete(calendar, self.put("day", meeting("day", NOW.replace(hour=9) + timedelta(days=9), 480)))
        name = hand.name_of(series.key)
        hand.delete_date(calendar, name, gone)
        hand.move_date(calendar, name, moved, moved, (placed.span.start + timedelta(hours=2)).time().replace(hour=18))

    def second(self) -> NightReport:
        return self.world.night(LATER)

    def foreign(self) -> dict[str, bytes]:
        return {n: data for n, data in self.vendor.everything().items() if b"X-CALSYNC-KEY" not in data}

    def blocks(self) -> list[Any]:
        """The blocks without what a second try may count differently."""
        found = [replace(o.series, changed=NOW, sequence=0) for o in self.world.blocks("work", LATER)]
        return sorted(found, key=lambda s: (s.number, s.generation, s.key))


def live(story: Story, night: int, fail: Callable[[], None] = lambda: None) -> list[NightReport]:
    """The reports of a story up to `night`, with `fail` set up just before it; that night is run once more after it."""
    if night == 1:
        assert story.first().exit_code in (0, 5)
        story.between()
    run = (story.first, story.second)[night]
    fail()
    reports = [run()]
    story.vendor.server.behave()
    return [*reports, run()]


def undisturbed(account: Account, folder: Path, night: int) -> tuple[range, list[Any], dict[str, bytes]]:
    """The numbers of the requests of `night`, and what stands after it."""
    with account() as vendor:
        story, numbers = Story(vendor, folder), [0, 0]

        def begin() -> None:
            numbers[0] = len(vendor.server.requests) + 1

        reports = live(story, night, begin)
        assert reports[1].written == 0
        numbers[1] = len(vendor.server.requests)
        story.world.night((NOW, LATER)[night])
        # The night and the one after it; a quiet one shows how many of them are the second's.
        quiet = len(vendor.server.requests) - numbers[1]
        blocks = story.blocks()
        assert any(s.cancelled for s in blocks)
        assert any(s.overrides for s in blocks)
        return range(numbers[0], numbers[1] - quiet + 1), blocks, story.foreign()


def sweep(account: Account, folder: Path, night: int, fault: Any, **more: Any) -> int:
    """Let each request of `night` go wrong that way, in turn; returns how many there were."""
    numbers, blocks, foreign = undisturbed(account, folder / "calm", night)
    for number in numbers:
        with account() as vendor:
            story = Story(vendor, folder / f"at-{number}")
            reports = live(story, night, lambda v=vendor, n=number: v.server.fail_at(n, fault, **more))  # type: ignore[misc]
            where = f"{fault} at request {number} of {numbers}"
            assert reports[-1].exit_code in (0, 5), (where, [e.what for r in reports for e in r.errors])
            assert story.blocks() == blocks, where
            assert story.foreign() == foreign, where
            assert len(vendor.everything()) == len(blocks) + len(foreign), where
            assert vendor.server.mailed == [], where
            assert vendor.server.refused_bodies == [], where
            again = (story.first, story.second)[night]()
            assert again.written == 0, where
    return len(numbers)


@pytest.mark.parametrize("night", [0, pytest.param(1, marks=pytest.mark.slow)], ids=NIGHTS)
@pytest.mark.parametrize("fault", [f for f in GoogleFault if f.value in QUICK], ids=str)
def test_google_a_night_after_a_lost_answer(tmp_path: Path, night: int, fault: GoogleFault) -> None:
    assert sweep(google, tmp_path, night, fault) > 3


@pytest.mark.parametrize("night", [0, 1], ids=NIGHTS)
@pytest.mark.parametrize("fault", [f for f in GraphFault if f.value in QUICK], ids=str)
def test_graph_a_night_after_a_lost_answer(tmp_path: Path, night: int, fault: GraphFault) -> None:
    assert sweep(graph, tmp_path, night, fault) > 3


@pytest.mark.slow
@pytest.mark.parametrize("night", [0, 1], ids=NIGHTS)
@pytest.mark.parametrize("fault", [f for f in GoogleFault if f.value not in QUICK], ids=str)
def test_google_a_night_after_any_other_fault(tmp_path: Path, night: int, fault: GoogleFault) -> None:
    assert sweep(google, tmp_path, night, fault) > 3


@pytest.mark.slow
@pytest.mark.parametrize("night", [0, 1], ids=NIGHTS)
@pytest.mark.parametrize("fault", [f for f in GraphFault if f.value not in QUICK], ids=str)
def test_graph_a_night_after_any_other_fault(tmp_path: Path, night: int, fault: GraphFault) -> None:
    assert sweep(graph, tmp_path, night, fault) > 3


@pytest.mark.slow
@pytest.mark.parametrize("night", [0, 1], ids=NIGHTS)
@pytest.mark.parametrize("part", [0, 1])
@pytest.mark.parametrize("fault", [GraphFault.THROTTLED, GraphFault.UNAVAILABLE, GraphFault.STALE], ids=str)
def test_graph_a_night_after_a_fault_inside_a_batch(tmp_path: Path, night: int, part: int, fault: GraphFault) -> None:
    sweep(graph, tmp_path, night, fault, part=part)
