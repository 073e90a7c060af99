"""Other people's free time, asked only where the leader allows it: who is taken is not named; nothing fails by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from calsync.model import Span
from calsync.state.store import Store
from tests.servers.google import Fault
from tests.system.vendors import NOW, VendorWorld, google

PEOPLE = """
  - {name: Ana Sousa, email: ana@example.com, ideal: 14d, max: 28d}
  - {name: Ben Okafor, email: ben@example.com, ideal: 14d, max: 28d}"""


def named(world: VendorWorld, now: datetime = NOW) -> dict[datetime, set[str]]:
    with Store(world.state, now) as store:
        return {start: set(names) for start, names in store.assignments().values() if start >= now}


@pytest.fixture
def everywhere() -> tuple[datetime, datetime]:
    """All of the coming fortnight."""
    return NOW, NOW + timedelta(days=14)


def test_somebody_who_is_taken_all_fortnight_is_named_after_it(
    tmp_path: Path, everywhere: tuple[datetime, datetime]
) -> None:
    with google() as vendor:
        vendor.server.others = {"ana@example.com": [everywhere], "ben@example.com": []}
        world = VendorWorld(tmp_path, {"work": vendor}, people=PEOPLE, extra="privacy: {free_busy: true}")
        assert world.night().exit_code == 0
        near = [names for start, names in named(world).items() if start < everywhere[1]]
        later = [names for start, names in named(world).items() if start >= everywhere[1]]
        assert any(names == {"Ben Okafor"} for names in near)
        assert all("Ana Sousa" not in names for names in near)
        assert any("Ana Sousa" in names for names in later)
        asked = [r for r in vendor.server.requests if "freeBusy" in r.path]
        assert len(asked) == 1, "one request for everybody"


def test_nobody_is_asked_about_by_default_and_what_was_known_is_forgotten(
    tmp_path: Path, everywhere: tuple[datetime, datetime]
) -> None:
    with google() as vendor:
        vendor.server.others = {"ana@example.com": [everywhere]}
        world = VendorWorld(tmp_path, {"work": vendor}, people=PEOPLE)
        with Store(world.state, NOW) as store:
            store.keep_people_busy({"ana sousa": [Span(*everywhere)]}, NOW)
        world.night()
        assert not [r for r in vendor.server.requests if "freeBusy" in r.path]
        with Store(world.state, NOW) as store:
            assert store.people_busy() == {}
        assert any("Ana Sousa" in names for start, names in named(world).items() if start < everywhere[1])


def test_a_server_that_does_not_tell_costs_one_line_and_no_night(tmp_path: Path) -> None:
    with google() as vendor:
        world = VendorWorld(tmp_path, {"work": vendor}, people=PEOPLE, extra="privacy: {free_busy: true}")
        world.night()
        before = named(world)
        for skip in range(2, 10):
            # After the token and the reading: the question, and each time it is asked again.
            vendor.server.fail_next(Fault.UNAVAILABLE, skip=skip)
        report = world.night()
        assert [note for note in report.notes if note.startswith("work does not say when other people are free")]
        assert (report.written, report.exit_code) == (0, 0)
        assert named(world) == before


def test_whoever_the_server_knows_nothing_of_counts_as_free(tmp_path: Path) -> None:
    with google() as vendor:
        vendor.server.others = {}
        world = VendorWorld(tmp_path, {"work": vendor}, people=PEOPLE, extra="privacy: {free_busy: true}")
        report = world.night()
        assert (report.exit_code, report.errors) == (0, [])
        assert {"Ana Sousa", "Ben Okafor"} <= {name for names in named(world).values() for name in names}
