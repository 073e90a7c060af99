"""A scratch block says whether a calendar takes blocks: nothing of it stays, whoever pulls the plug."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from calsync.coming import coming_blocks
from calsync.config.values import CalendarConfig, Details
from calsync.desk import Desk, open_desk
from calsync.errors import Busy, CalsyncError, Conflict, ProviderError, ReadOnly, Unreachable, UsageError
from calsync.exporting import feed
from calsync.nightly import run_night
from calsync.ports import CalendarProvider, SeriesWrite
from calsync.state.lock import hold
from calsync.state.store import Store
from calsync.takeback import uninstall
from calsync.trial import scratch, try_writing
from providers.memory import Fault, Killed, MemoryProvider, MemoryServer
from tests.system.vendors import VendorWorld, google, graph
from tests.system.world import NOW, World, meeting

LATER = NOW + timedelta(hours=1)
MEETING = meeting("m", NOW.replace(hour=10) + timedelta(1), 60, "RRULE:FREQ=WEEKLY")


def never(seconds: float) -> None:
    """No answer is late here."""
    raise AssertionError(seconds)


class Place:
    """One calendar of some kind: a desk on it, a night there, and everything that it has."""

    def __init__(
        self, world: World | VendorWorld, everything: Callable[[], dict[str, bytes]], put: Callable[[], object]
    ) -> None:
        self.world = world
        self.everything = everything
        put()

    def desk(self) -> Desk:
        if isinstance(self.world, VendorWorld):
            return self.world.desk()
        self.world.write_config()
        return open_desk(self.world.config, self.world.state, NOW)


@pytest.fixture
def dav(world: World) -> Place:
    """A folder, Radicale and Xandikos in turn."""
    return Place(world, world.shelf.everything, lambda: world.shelf.put("m.ics", MEETING))


@pytest.fixture(params=["google", "microsoft"])
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An account of each vendor in turn."""
    with {"google": google, "microsoft": graph}[request.param]() as one:
        world = VendorWorld(tmp_path, {"work": one})
        yield Place(world, one.everything, lambda: one.hand.put(one.calendar, "m", MEETING))


def tried_thrice(place: Place) -> None:
    before = place.everything()
    for _ in range(3):
        try_writing(place.desk(), "work", pause=never)
        assert place.everything() == before
    first = place.world.night()
    assert ([e.what for e in first.errors], first.written, first.notes) == ([], 2, [])
    again = place.world.night(LATER)
    assert (again.written, again.changes, again.notes) == (0, [], [])
    try_writing(place.desk(), "work", pause=never)
    after = place.world.night(LATER)
    assert (after.written, after.changes, after.notes, place.world.decisions()) == (0, [], [], [])


def cleared(place: Place) -> None:
    place.world.night()
    before = place.everything()
    desk = place.desk()
    block = scratch(desk, "work")
    desk.provider("work").write("", [SeriesWrite(block.key, None, block)])
    assert len(place.everything()) == len(before) + 1
    night = place.world.night(LATER)
    assert ([e.what for e in night.errors], night.written, night.notes) == ([], 1, [])
    (change,) = night.changes
    assert (change.action, change.reason) == ("delete", "left by a check that was cut off")
    assert place.everything() == before
    quiet = place.world.night(LATER)
    assert (quiet.written, quiet.changes, quiet.notes, place.world.decisions()) == (0, [], [], [])


def test_on_files_and_caldav_a_try_leaves_nothing_and_can_be_repeated(dav: Place) -> None:
    tried_thrice(dav)


def test_on_files_and_caldav_the_next_night_removes_what_a_killed_try_left(dav: Place) -> None:
    cleared(dav)


def test_on_google_and_microsoft_a_try_leaves_nothing_and_can_be_repeated(account: Place) -> None:
    tried_thrice(account)


def test_on_google_and_microsoft_the_next_night_removes_what_a_killed_try_left(account: Place) -> None:
    cleared(account)


class Memory:
    """A desk both of whose calendars, whatever the file says, are one in memory."""

    def __init__(self, folder: Path) -> None:
        self.server = MemoryServer()
        self.config, self.state = folder / "config.yaml", folder / "state"
        self.config.write_text(
            "timezone: Europe/Berlin\ncalendars:\n"
            f"  - {{name: work, provider: ics, path: '{folder / 'work'}', write: true}}\n"
            f"  - {{name: team, provider: ics, path: '{folder / 'team'}'}}\n"
            "blocks:\n  connect: {minutes: 30, per_week: 2}\n",
            encoding="utf-8",
        )
        self.pauses: list[float] = []

    def desk(self, minutes: int = 0) -> Desk:
        server = self.server

        class MemoryDesk(Desk):
            """A desk whose calendars are in memory."""

            __slots__ = ()

            def open(self, calendar: CalendarConfig) -> CalendarProvider:
                return MemoryProvider(calendar.name, {}, self.context(), server)

        opened = open_desk(self.config, self.state, NOW + timedelta(minutes=minutes))
        return MemoryDesk(opened.config, opened.state_folder, opened.now)

    def fails(self, kind: type[CalsyncError]) -> CalsyncError:
        with pytest.raises(kind) as caught:
            try_writing(self.desk(), "work", pause=self.pauses.append)
        return caught.value


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path)


# Of a try's requests, the first looks for what an earlier one left, the second writes, the third looks, the fourth
# deletes, the fifth looks again.


def test_a_calendar_that_refuses_a_block_is_said_to(memory: Memory) -> None:
    memory.server.fail_next(Fault.REFUSED, skip=1)
    error = memory.fails(ProviderError)
    assert error.what == "work: a test block was refused: the server answered 500 and stored nothing"
    assert error.next_step == "see that the account may write to work, then try again"
    assert memory.server.names() == []
    try_writing(memory.desk(), "work", pause=never)


def test_a_calendar_that_is_for_reading_only_says_so_itself(tmp_path: Path) -> None:
    from tests.servers.google import GoogleServer

    with google() as one:
        assert isinstance(one.server, GoogleServer)
        one.server.calendars["maya@example.com"].role = "reader"
        with pytest.raises(ReadOnly):
            try_writing(VendorWorld(tmp_path, {"work": one}).desk(), "work", pause=never)


def test_without_a_clear_answer_the_calendar_is_asked_what_became_of_the_block(memory: Memory) -> None:
    memory.server.fail_next(Fault.ANSWER_LOST, skip=1)
    try_writing(memory.desk(), "work", pause=never)
    memory.server.fail_next(Fault.NO_ANSWER, skip=1)
    error = memory.fails(Unreachable)
    assert error.what.startswith("work: no clear answer about a test block: ")
    assert error.next_step == "try again later"
    assert memory.pauses == [2.0, 2.0]
    assert memory.server.names() == []


def test_what_stands_and_cannot_be_removed_is_named_with_its_place(memory: Memory) -> None:
    memory.server.fail_next(Fault.REFUSED, skip=3)
    error = memory.fails(ProviderError)
    assert (
        error.what == "work: a test block was written but cannot be removed: the server answered 500 and stored nothing"
    )
    assert error.next_step == (
        'delete "calsync check" of Mon 14 Dec, 04:40 by hand, or leave it to the next `calsync nightly`'
    )
    assert len(memory.server.names()) == 1
    try_writing(memory.desk(5), "work", pause=never)
    assert memory.server.names() == []


def test_when_the_look_fails_the_block_is_removed_all_the_same(memory: Memory) -> None:
    memory.server.fail_next(Fault.NO_ANSWER, skip=2)
    error = memory.fails(Unreachable)
    assert "may stand there" not in error.next_step
    assert memory.server.names() == []


def test_when_nothing_answers_any_more_it_is_said_that_the_block_may_stand_there(memory: Memory) -> None:
    for skip in (2, 3, 4):
        memory.server.fail_next(Fault.NO_ANSWER, skip=skip)
    error = memory.fails(Unreachable)
    assert error.next_step.endswith("; the block of Mon 14 Dec, 04:40 may stand there until the next `calsync nightly`")
    memory.server.behave()
    assert len(memory.server.names()) == 1
    uninstall(memory.desk())
    assert memory.server.names() == []


def test_something_else_in_its_place_is_left_alone(memory: Memory) -> None:
    name = f"{scratch(memory.desk(), 'work').key}.ics"
    memory.server.put(name, MEETING)
    error = memory.fails(Conflict)
    assert error.what.startswith("work: something else stands where a test block was to be written: ")
    assert memory.server.raw(name) == MEETING


def test_who_is_stopped_in_the_middle_leaves_nothing_either(memory: Memory) -> None:
    memory.server.fail_next(Fault.KILLED_AFTER, skip=1)
    with pytest.raises(Killed):
        try_writing(memory.desk(), "work", pause=never)
    assert memory.server.names() == []


def test_one_that_a_night_cannot_remove_either_is_shown_nowhere_as_a_block(memory: Memory) -> None:
    desk = memory.desk()
    run_night(desk)
    block = scratch(desk, "work")
    desk.provider("work").write("", [SeriesWrite(block.key, None, block)])
    # The two calendars are looked at, then it is to be deleted.
    memory.server.fail_next(Fault.REFUSED, skip=2)
    night = run_night(memory.desk(60))
    assert [e.what for e in night.errors] == ["work: the server answered 500 and stored nothing"]
    desk = memory.desk(61)
    with Store(memory.state, desk.now) as store:
        assert any(row.series.trial for row in store.base("work").values())
        assert b"calsync check" not in feed(desk, store, Details.FULL)
    assert {one.series for one in coming_blocks(desk, 30)} == {"connect-1", "connect-2"}
    # Whoever removes it by hand has deleted no block of theirs.
    memory.server.delete_series(block.key)
    quiet = run_night(memory.desk(120))
    assert (quiet.written, quiet.notes, quiet.errors) == (0, [], [])


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("team", "team is for reading only, so nothing is written there"),
        ("nowhere", "nowhere is not in the configuration, so nothing is written there"),
    ],
)
def test_nothing_is_written_to_a_calendar_that_takes_no_blocks(memory: Memory, name: str, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        try_writing(memory.desk(), name, pause=never)
    assert (caught.value.what, caught.value.next_step) == (what, "give the calendar `write: true`")
    assert memory.server.requests == 0


def test_no_try_goes_on_beside_another_run(memory: Memory) -> None:
    with hold(memory.state), pytest.raises(Busy):
        try_writing(memory.desk(), "work", pause=never)
    assert memory.server.requests == 0


def test_the_block_lies_within_what_the_shortest_night_looks_at(memory: Memory) -> None:
    memory.config.write_text(memory.config.read_text("utf-8") + "planning: {horizon_weeks: 1}\n", "utf-8")
    assert scratch(memory.desk(), "work").first == (NOW + timedelta(weeks=1)).date()
