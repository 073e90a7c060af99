"""Nights on Google and Microsoft 365: one plan around every calendar, the leader's edits, and what a night costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from calsync.model import Series
from calsync.state.store import NewPromise, Store
from calsync.takeback import restore, uninstall
from tests.system.vendors import ACCOUNT, BERLIN, NOW, Vendor, VendorWorld, all_vendors, google, graph
from tests.system.world import meeting

ACCOUNTS: dict[str, Callable[[], AbstractContextManager[Vendor]]] = {"google": google, "microsoft": graph}


@pytest.fixture(params=sorted(ACCOUNTS))
def vendor(request: pytest.FixtureRequest) -> Iterator[Vendor]:
    """An account of each vendor in turn."""
    with ACCOUNTS[request.param]() as one:
        yield one


@pytest.fixture
def world(vendor: Vendor, tmp_path: Path) -> VendorWorld:
    return VendorWorld(tmp_path, {"work": vendor})


def first(world: VendorWorld) -> Series:
    return next(o.series for o in world.blocks("work") if o.series.number == 1)


def ahead(series: Series, weeks: int) -> date:
    """A home date of the series some weeks from now that stands where its rule has it."""
    days = series.days(NOW.date() + timedelta(weeks=weeks), NOW.date() + timedelta(weeks=40))
    return next(d for d in days if d not in series.cancelled and d not in series.overrides)


def test_blocks_stand_outside_the_meetings_of_every_calendar_and_once_on_each(tmp_path: Path) -> None:
    with ExitStack() as stack:
        vendors = all_vendors(stack)
        files = tmp_path / "files"
        files.mkdir()
        places = {
            "google": lambda n, data: vendors["google"].hand.put("primary", n, data),
            "office": lambda n, data: vendors["office"].hand.put(vendors["office"].calendar, n, data),
            "files": lambda n, data: (files / f"{n}.ics").write_bytes(data),
        }
        busy: list[tuple[datetime, datetime]] = []
        for at, place in enumerate(places.values()):
            for week in range(12):
                start = NOW.replace(hour=9) + timedelta(weeks=week, days=at + 1)
                place(f"m{at}-{week}", meeting(f"m{at}-{week}", start, 240))
                busy.append((start, start + timedelta(minutes=245)))
        world = VendorWorld(tmp_path / "leader", vendors, more=(f"{{name: files, provider: ics, path: '{files}'}}",))
        report = world.night()
        assert [e.what for e in report.errors] == []
        placed = {name: world.placed(name, NOW.date(), NOW.date() + timedelta(weeks=12)) for name in vendors}
        assert placed["google"] == placed["office"]
        assert len(placed["google"]) > 20
        for start, end in placed["google"].values():
            assert not any(start < until and begin - timedelta(minutes=5) < end for begin, until in busy)
        again = world.night()
        assert (again.written, again.changes) == (0, [])
        assert all(v.server.mailed == [] for v in vendors.values())


def test_a_quiet_night_is_one_request_after_the_token(world: VendorWorld, vendor: Vendor) -> None:
    vendor.hand.put(vendor.calendar, "weekly", meeting("weekly", NOW.replace(hour=10), 60, "RRULE:FREQ=WEEKLY"))
    world.night()
    for hour in (1, 2):
        before = len(vendor.server.requests)
        report = world.night(NOW + timedelta(hours=hour))
        made = [seen.path for seen in vendor.server.requests[before:] if not _is_sign_in(seen.path)]
        assert (len(made), report.written) == (1, 0), made
        assert [c.requests for c in report.calendars] == [1]


def _is_sign_in(path: str) -> bool:
    return "token" in path or "openid-configuration" in path


def test_a_date_that_the_leader_deleted_stays_deleted_and_can_be_restored(world: VendorWorld, vendor: Vendor) -> None:
    world.night()
    series = first(world)
    day = ahead(series, 3)
    vendor.hand.delete_date(vendor.calendar, vendor.hand.name_of(series.key), day)
    for n in range(1, 31):
        world.night(NOW + timedelta(days=n) if n < 14 else NOW + timedelta(days=14, hours=n))
    assert day in first(world).cancelled
    assert world.decisions() == [("deleted", day.isoformat())]
    desk = world.desk(NOW + timedelta(days=14, hours=40))
    restore(desk, day.isoformat())
    world.night(NOW + timedelta(days=14, hours=41))
    after = first(world)
    placed = after.placed(day)
    assert placed is not None
    assert placed.span == after.home(day)
    quiet = world.night(NOW + timedelta(days=14, hours=42))
    assert (quiet.written, quiet.changes) == (0, [])


def test_a_date_that_the_leader_moved_stays_where_it_was_put(world: VendorWorld, vendor: Vendor) -> None:
    world.night()
    series = first(world)
    day = ahead(series, 3)
    vendor.hand.move_date(vendor.calendar, vendor.hand.name_of(series.key), day, day, time(19, 0))
    for n in range(1, 6):
        report = world.night(NOW + timedelta(days=n))
        assert [e.what for e in report.errors] == []
    override = first(world).overrides[day]
    assert override.span.start == datetime.combine(day, time(19, 0), BERLIN)
    assert world.decisions() == [("pinned", day.isoformat())]


def test_a_series_that_the_leader_deleted_is_retired_and_not_made_again(world: VendorWorld, vendor: Vendor) -> None:
    world.night()
    series = first(world)
    vendor.hand.delete(vendor.calendar, vendor.hand.name_of(series.key))
    for n in range(1, 6):
        world.night(NOW + timedelta(days=n))
    assert [o.series.number for o in world.blocks("work")] == [2]
    assert world.decisions() == [("retired", "")]


def test_a_title_that_the_leader_gave_stays(world: VendorWorld, vendor: Vendor) -> None:
    world.night()
    series = first(world)
    vendor.hand.retitle(vendor.calendar, vendor.hand.name_of(series.key), "Walk")
    for n in range(1, 4):
        world.night(NOW + timedelta(days=n))
    assert first(world).title == "Walk"


def test_a_clash_moves_one_date_and_the_date_goes_home_when_the_clash_is_gone(
    world: VendorWorld, vendor: Vendor
) -> None:
    world.night()
    series = first(world)
    day = ahead(series, 4)
    name = vendor.hand.put(vendor.calendar, "clash", meeting("clash", series.home(day).start.astimezone(BERLIN), 30))
    world.night(NOW + timedelta(days=1))
    moved = first(world).overrides[day]
    assert moved.span.start.isocalendar()[:2] == day.isocalendar()[:2]
    vendor.hand.delete(vendor.calendar, name)
    world.night(NOW + timedelta(days=2))
    assert first(world).placed(day) == series.placed(day)
    assert vendor.server.mailed == []


def test_a_week_without_room_drops_its_date_and_the_date_comes_back_with_the_room(
    world: VendorWorld, vendor: Vendor
) -> None:
    vendor.hand.put(vendor.calendar, "early", meeting("early", NOW.replace(hour=7), 30, "RRULE:FREQ=WEEKLY"))
    world.night()
    series = first(world)
    day = ahead(series, 5)
    monday = datetime.combine(day - timedelta(day.weekday()), time(8), BERLIN)
    rule = "RRULE:FREQ=DAILY;COUNT=5"
    name = vendor.hand.put(vendor.calendar, "offsite", meeting("offsite", monday, 11 * 60, rule))
    report = world.night(NOW + timedelta(days=1))
    assert report.exit_code == 5
    assert first(world).dropped == {day}
    quiet = world.night(NOW + timedelta(days=1, hours=1))
    assert (quiet.written, quiet.changes) == (0, [])
    vendor.hand.delete(vendor.calendar, name)
    back = world.night(NOW + timedelta(days=2))
    assert back.exit_code == 0, [e.what for e in back.errors]
    after = first(world)
    assert after.placed(day) == series.placed(day)
    quiet = world.night(NOW + timedelta(days=2, hours=1))
    assert (quiet.written, quiet.changes) == (0, [])


def test_a_lost_state_is_rebuilt_from_the_calendar_alone(world: VendorWorld, vendor: Vendor) -> None:
    world.night()
    before = {o.series.key: o.series for o in world.blocks("work")}
    for file in world.state.iterdir():
        if file.is_file():
            file.unlink()
    report = world.night(NOW + timedelta(hours=1))
    assert report.written == 0
    assert {o.series.key: o.series for o in world.blocks("work")} == before


def test_uninstall_leaves_the_calendar_as_it_was(world: VendorWorld, vendor: Vendor) -> None:
    vendor.hand.put(vendor.calendar, "weekly", meeting("weekly", NOW.replace(hour=10), 60, "RRULE:FREQ=WEEKLY"))
    vendor.hand.put(vendor.calendar, "single", meeting("single", NOW.replace(hour=14) + timedelta(days=3), 60))
    before = vendor.everything()
    world.night()
    assert vendor.everything() != before
    uninstall(world.desk(NOW + timedelta(hours=1)))
    assert vendor.everything() == before
    assert ACCOUNT not in str(vendor.server.refused_bodies)


def promised(world: VendorWorld, minutes: int = 75) -> None:
    """The leader asks for follow-through blocks and has promised something by Friday."""
    world.connect += "\n  follow-through: {minutes: 45, per_week: 1}"
    with Store(world.state, NOW) as store:
        store.add_promise(NewPromise("Ana Sousa", NOW, NOW + timedelta(days=4, hours=20), minutes, ""))


def added(world: VendorWorld) -> list[Series]:
    return [o.series for o in world.blocks("work") if o.series.once]


def test_a_block_for_a_promise_stands_once_and_goes_when_the_promise_does(world: VendorWorld) -> None:
    world.night()
    promised(world)
    world.night(NOW + timedelta(hours=1))
    (one,) = added(world)
    assert (one.minutes, one.until) == (30, one.first)
    assert world.night(NOW + timedelta(hours=2)).written == 0
    with Store(world.state, NOW) as store:
        store.close_promise(1, "kept", NOW)
    world.night(NOW + timedelta(hours=3))
    assert added(world) == []
    assert world.night(NOW + timedelta(hours=4)).written == 0


@pytest.mark.parametrize("what", ["deleted", "its date deleted", "its date moved"])
def test_a_block_for_a_promise_is_the_leaders_own_affair(world: VendorWorld, vendor: Vendor, what: str) -> None:
    world.night()
    promised(world)
    world.night(NOW + timedelta(hours=1))
    (one,) = added(world)
    name = vendor.hand.name_of(one.key)
    if what == "deleted":
        vendor.hand.delete(vendor.calendar, name)
    elif what == "its date deleted":
        vendor.hand.delete_date(vendor.calendar, name, one.first)
    else:
        vendor.hand.move_date(vendor.calendar, name, one.first, one.first, time(17, 0))
    for n in range(2, 5):
        report = world.night(NOW + timedelta(hours=n))
        assert (report.exit_code, report.written) == (0, 0), (n, report.changes)
    standing = [placed.span.start for s in added(world) if (placed := s.placed(s.first)) is not None]
    moved = datetime.combine(one.first, time(17, 0), BERLIN)
    assert standing == ([moved] if what == "its date moved" else [])
    uninstall(world.desk(NOW + timedelta(hours=6)))
    assert world.blocks("work") == []
