"""What was promised becomes booked time: before it is due, kept up night by night, and left to the leader's hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event

from calsync.coming import coming
from calsync.desk import open_desk
from calsync.following import outlook
from calsync.model import ONE_OFF, Series
from calsync.people.promises import PromiseState
from calsync.planning.working import working_days
from calsync.promises import Asked, change, close, make, promised
from calsync.report import report
from calsync.state.store import Store
from calsync.takeback import restore, undo, uninstall
from tests.system.world import BERLIN, NOW, FolderShelf, World, delete_date, edit, meeting, override_date

FRIDAY = datetime(2026, 11, 27, 23, 59, tzinfo=BERLIN)
FOLLOW = "\n  follow-through: {minutes: 45, per_week: 1}"


@pytest.fixture
def promising(world: World) -> World:
    """The leader asks for weekly follow-through blocks of 45 minutes, too."""
    world.connect += FOLLOW
    world.night()
    return world


@pytest.fixture
def on_files(tmp_path: Path) -> World:
    """The same on a folder alone, for what does not depend on the calendar."""
    found = World(tmp_path, FolderShelf(tmp_path / "work"))
    found.connect += FOLLOW
    found.night()
    return found


def promise(world: World, minutes: int, due: datetime = FRIDAY, now: datetime = NOW, text: str = "intro to Bo") -> int:
    made, _ = make(open_desk(world.config, world.state, now), "ana", Asked(text, due, minutes))
    return made.id


def added(world: World) -> list[Series]:
    return [one.series for one in world.blocks() if one.series.number >= ONE_OFF]


def only(world: World) -> Series:
    (one,) = added(world)
    return one


def move_whole(days: int, hours: int) -> object:
    """Drag an event that does not recur elsewhere, as a program does: its own start and end change."""

    def moved(_calendar: Calendar, master: Event) -> None:
        for name in ("DTSTART", "DTEND"):
            master[name].dt += timedelta(days=days, hours=hours)

    return moved


def test_a_promise_gets_a_block_that_ends_before_it_is_due_and_the_second_night_writes_nothing(
    promising: World,
) -> None:
    promise(promising, 75)
    first = promising.night(NOW + timedelta(hours=1))
    assert first.exit_code == 0
    assert [c.reason for c in first.changes if c.action == "create"] == ["time for promise 1"]
    one = only(promising)
    assert one.minutes == 30
    assert one.home(one.first).end <= FRIDAY
    assert "intro" not in one.title
    assert "Ana" not in one.title
    before = promising.shelf.everything()
    second = promising.night(NOW + timedelta(hours=2))
    assert (second.written, second.changes) == (0, [])
    assert promising.shelf.everything() == before


def test_a_promise_that_is_kept_or_dropped_takes_its_block_along(on_files: World) -> None:
    number = promise(on_files, 75)
    on_files.night(NOW + timedelta(hours=1))
    desk = open_desk(on_files.config, on_files.state, NOW + timedelta(hours=1))
    close(desk, str(number), PromiseState.DROPPED)
    report_ = on_files.night(NOW + timedelta(hours=1))
    assert [(c.action.value, c.reason) for c in report_.changes] == [("delete", "nothing is left to do in it")]
    assert added(on_files) == []
    again = on_files.night(NOW + timedelta(hours=2))
    assert (again.written, again.changes) == (0, [])


def test_a_block_that_goes_because_nothing_is_left_to_do_is_in_no_ledger(on_files: World) -> None:
    number = promise(on_files, 75)
    on_files.night(NOW + timedelta(hours=1))
    close(open_desk(on_files.config, on_files.state, NOW), str(number), PromiseState.KEPT)
    on_files.night(NOW + timedelta(hours=1))
    figures = report(open_desk(on_files.config, on_files.state, NOW), 1).figures.blocks
    assert (figures.displaced, figures.deleted) == (0, 0)


def test_where_there_is_no_room_the_night_says_which_promise_and_what_would_make_room(on_files: World) -> None:
    for n in range(5):
        day = NOW.replace(hour=8) + timedelta(days=n)
        on_files.shelf.put(f"full{n}.ics", meeting(f"full{n}", day, 600))
    number = promise(on_files, 60)
    found = on_files.night(NOW + timedelta(hours=1))
    assert found.exit_code == 5
    (unkept,) = found.unkept
    assert (unkept.promise.id, unkept.missing) == (number, 60)
    assert unkept.room[0].startswith("give it until Mon 30 Nov: calsync promise edit 1 --by 2026-11-30")
    change(open_desk(on_files.config, on_files.state, NOW), "1", due=datetime(2026, 11, 30, 23, 59, tzinfo=BERLIN))
    assert on_files.night(NOW + timedelta(hours=1)).unkept == ()
    with Store(on_files.state, NOW) as store:
        assert "intro to Bo" not in str(store.runs(9))


def test_what_promise_add_foresees_is_what_the_night_does(on_files: World) -> None:
    number = promise(on_files, 75)
    with Store(on_files.state, NOW) as store:
        seen = outlook(open_desk(on_files.config, on_files.state, NOW), store)
    on_files.night(NOW + timedelta(minutes=1))
    with Store(on_files.state, NOW) as store:
        told = store.promise_time()
    assert sorted((b.start, b.end, b.minutes) for b in seen.booked[number]) == [
        (row.start, row.end, row.minutes) for row in told
    ]


def test_a_meeting_on_top_of_an_added_block_sends_it_elsewhere_before_the_due_instant(on_files: World) -> None:
    promise(on_files, 75)
    on_files.night(NOW + timedelta(hours=1))
    before = only(on_files)
    on_files.shelf.put("clash.ics", meeting("clash", before.home(before.first).start, 30))
    on_files.night(NOW + timedelta(hours=1))
    after = only(on_files)
    assert not after.home(after.first).overlaps(before.home(before.first))
    assert after.home(after.first).end <= FRIDAY


@pytest.mark.parametrize("how", ["the event", "its date"])
def test_an_added_block_that_the_leader_deletes_stays_away_and_can_be_restored(promising: World, how: str) -> None:
    promise(promising, 75)
    promising.night(NOW + timedelta(hours=1))
    one = only(promising)
    name = f"{one.key}.ics"
    if how == "the event":
        promising.shelf.remove(name)
    else:
        edit(promising.shelf, name, delete_date(one.home(one.first).start))
    report_ = promising.night(NOW + timedelta(hours=2))
    assert report_.exit_code == 0
    name = f"follow-through-{one.number}"
    (note,) = report_.notes
    assert note.startswith(
        f"you deleted the added block {name}: nothing is booked in its place (`calsync restore {name}`"
    )
    for night in promising.nights(6, NOW + timedelta(hours=26)):
        assert night.exit_code == 0
        assert [s for s in added(promising) if s.placed(s.first) is not None] == []
    desk = open_desk(promising.config, promising.state, NOW + timedelta(hours=3))
    what = f"follow-through-{one.number}" if how == "the event" else one.first.isoformat()
    restore(desk, what)
    assert [s for s in added(promising) if s.placed(s.first) is not None]


def test_a_block_that_the_leader_took_out_is_not_shown_as_time_and_no_other_is_shown_for_it(on_files: World) -> None:
    number = promise(on_files, 75)
    on_files.night(NOW + timedelta(hours=1))
    one = only(on_files)
    on_files.shelf.remove(f"{one.key}.ics")
    on_files.night(NOW + timedelta(hours=2))
    desk = open_desk(on_files.config, on_files.state, NOW + timedelta(hours=3))
    change(desk, str(number), due=FRIDAY + timedelta(14))  # so that the weekly blocks could hold all of it
    with Store(desk.state_folder, desk.now) as store:
        booked = outlook(desk, store).booked[number]
    shown = [(block.start, minutes) for block in coming(desk, 21).blocks for _, minutes in block.work]
    assert [(b.start, b.minutes) for b in booked] == shown
    assert [minutes for _, minutes in shown] == [45]


@pytest.mark.parametrize("how", ["the event", "its date"])
def test_an_added_block_that_the_leader_moves_stays_there_and_still_counts(promising: World, how: str) -> None:
    promise(promising, 75)
    promising.night(NOW + timedelta(hours=1))
    one = only(promising)
    home = one.home(one.first)
    change_ = move_whole(0, 1) if how == "the event" else override_date(home.start, hours=1)
    edit(promising.shelf, f"{one.key}.ics", change_)  # type: ignore[arg-type]
    for hours in (2, 3):
        report_ = promising.night(NOW + timedelta(hours=hours))
        assert (report_.exit_code, report_.written) == (0, 0), report_.changes
    after = only(promising)
    placed = after.placed(after.first)
    assert placed is not None
    assert placed.span.start == home.start + timedelta(hours=1)
    week = coming(open_desk(promising.config, promising.state, NOW + timedelta(hours=3)), 7).blocks
    assert [minutes for block in week if block.id.startswith("follow-through-101") for _, minutes in block.work] == [30]


def test_an_added_block_that_is_moved_to_after_the_due_instant_gets_another_beside_it(promising: World) -> None:
    promise(promising, 75)
    promising.night(NOW + timedelta(hours=1))
    edit(promising.shelf, f"{only(promising).key}.ics", move_whole(7, 0))  # type: ignore[arg-type]
    report_ = promising.night(NOW + timedelta(hours=2))
    assert report_.exit_code == 0
    due = [s for s in added(promising) if s.home(s.first).end <= FRIDAY]
    assert len(due) == 1
    assert len(added(promising)) == 2


def long_promise(world: World) -> Series:
    """One that needs weeks; the later of the two blocks that are added for it."""
    promise(world, 460, NOW + timedelta(days=40))
    world.night(NOW + timedelta(hours=1))
    return max(added(world), key=lambda one: one.first)


@pytest.mark.parametrize("hours", [24 * 35, 24 * 32 + 1])
def test_an_added_block_that_is_moved_far_ahead_stays_there_until_it_comes(on_files: World, hours: int) -> None:
    """On a day long before its new one its old day is two weeks over."""
    moved = long_promise(on_files)
    home = moved.home(moved.first)
    edit(on_files.shelf, f"{moved.key}.ics", override_date(home.start, hours=hours))
    on_files.night(NOW + timedelta(hours=2))
    for days in (20, 26, 33):
        on_files.night(NOW + timedelta(days=days))
        (after,) = (one for one in added(on_files) if one.key == moved.key)
        placed = after.placed(after.first)
        assert placed is not None
        assert placed.span.start == home.start + timedelta(hours=hours)


def test_a_date_of_an_added_block_that_is_deleted_stays_away_while_its_promise_is_open(on_files: World) -> None:
    gone = long_promise(on_files)
    edit(on_files.shelf, f"{gone.key}.ics", delete_date(gone.home(gone.first).start))
    on_files.night(NOW + timedelta(hours=2))
    before = {one.key for one in added(on_files)}
    for days in (20, 26, 33):
        assert on_files.night(NOW + timedelta(days=days)).exit_code == 0
        assert {one.key for one in added(on_files)} == before


def test_a_run_is_undone_and_everything_is_uninstalled_with_the_added_blocks(on_files: World) -> None:
    promise(on_files, 75)
    before = set(on_files.shelf.names())
    on_files.night(NOW + timedelta(hours=1))
    undo(open_desk(on_files.config, on_files.state, NOW + timedelta(hours=2)))
    assert set(on_files.shelf.names()) == before
    on_files.night(NOW + timedelta(hours=2))
    uninstall(open_desk(on_files.config, on_files.state, NOW + timedelta(hours=3)))
    assert [n for n in on_files.shelf.names() if n.startswith("cs")] == []


def test_time_in_a_block_that_has_begun_counts_as_spent(on_files: World) -> None:
    """45 minutes are done in the weekly block, so that the rest needs no more than was booked for it."""
    promise(on_files, 75)
    on_files.night(NOW + timedelta(hours=1))
    for night in on_files.nights(4, NOW + timedelta(days=1)):
        assert night.exit_code == 0
        assert len(added(on_files)) == 1
    with Store(on_files.state, NOW) as store:
        assert sum(row.minutes for row in store.promise_time()) == 75


def test_without_follow_through_blocks_a_promise_books_nothing_and_costs_no_exit_code(tmp_path: Path) -> None:
    world = World(tmp_path, FolderShelf(tmp_path / "work"))
    world.write_config()
    promise(world, 75)
    report_ = world.night()
    assert (report_.exit_code, report_.unkept) == (0, ())
    assert added(world) == []


def test_two_calendars_have_the_same_added_block_and_lose_it_together(on_files: World) -> None:
    second = FolderShelf(on_files.folder / "second")
    on_files.calendars.append(second.config().replace("name: work", "name: second"))
    promise(on_files, 75)
    on_files.night(NOW + timedelta(hours=1))
    (name,) = (n for n in second.names() if "COUNT=1" in second.get(n).decode())
    one = only(on_files)
    edit(second, name, override_date(one.home(one.first).start, hours=1))
    on_files.night(NOW + timedelta(hours=2))
    moved = only(on_files)
    placed = moved.placed(moved.first)
    assert placed is not None
    assert placed.span.start == one.home(one.first).start + timedelta(hours=1)
    second.remove(name)
    on_files.night(NOW + timedelta(hours=3))
    assert added(on_files) == []
    quiet = on_files.night(NOW + timedelta(hours=4))
    assert (quiet.exit_code, quiet.written) == (0, 0)
    assert promised(open_desk(on_files.config, on_files.state, NOW), Store(on_files.state, NOW)).promises[0].is_open


def move_in(zone: str, days: int, hours: int) -> object:
    """Drag an event as a program does that writes its times in `zone`."""

    def moved(_calendar: Calendar, master: Event) -> None:
        for name in ("DTSTART", "DTEND"):
            at = master[name].dt + timedelta(days=days, hours=hours)
            del master[name]
            master.add(name, at.astimezone(ZoneInfo(zone)))

    return moved


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_an_added_block_that_is_moved_in_another_zone_is_still_one_of_calsyncs(on_files: World, zone: str) -> None:
    promise(on_files, 75)
    on_files.night(NOW + timedelta(hours=1))
    one = only(on_files)
    edit(on_files.shelf, f"{one.key}.ics", move_in(zone, 0, 1))  # type: ignore[arg-type]
    for hours in (2, 3):
        assert on_files.night(NOW + timedelta(hours=hours)).exit_code == 0
    assert only(on_files).home(only(on_files).first).start == one.home(one.first).start + timedelta(hours=1)
    week = coming(open_desk(on_files.config, on_files.state, NOW + timedelta(hours=3)), 7).blocks
    assert [minutes for block in week if block.id.startswith("follow-through-101") for _, minutes in block.work] == [30]
    edit(on_files.shelf, f"{one.key}.ics", move_in(zone, 7, 0))  # type: ignore[arg-type]
    on_files.night(NOW + timedelta(hours=4))
    assert len([s for s in added(on_files) if s.home(s.first).end <= FRIDAY]) == 1


def test_no_block_is_added_upon_the_last_date_of_a_series_that_ends_in_the_same_night(tmp_path: Path) -> None:
    """All else of the week is meetings, with gaps that are too short for a block but make the day's free hour."""
    world = World(tmp_path, FolderShelf(tmp_path / "work"), extra="planning: {freeze_hours: 0}")
    world.connect += FOLLOW
    world.night()
    kept = [block for block in coming(open_desk(world.config, world.state, NOW), 7).blocks if block.kind == "connect"]
    for day in range(7):
        for n in range(12):
            start = NOW.replace(hour=8) + timedelta(days=day, minutes=55 * n)
            end = start + timedelta(minutes=45)
            if not any(start < b.end + timedelta(minutes=5) and b.start < end + timedelta(minutes=5) for b in kept):
                world.shelf.put(f"m{day}-{n}.ics", meeting(f"m{day}-{n}", start, 45))
    world.connect = world.connect.replace("minutes: 30", "minutes: 45")
    promise(world, 30)
    world.night(force=True)
    spans = sorted(
        one.placed(day).span  # type: ignore[union-attr]
        for one in (owned.series for owned in world.blocks())
        for day in one.days(NOW.date(), NOW.date() + timedelta(7))
        if one.placed(day) is not None
    )
    assert not any(a.overlaps(b) for a, b in pairwise(spans)), spans


def week_of(world: World) -> int:
    """The minutes of working time of the week of NOW."""
    config = open_desk(world.config, world.state, NOW).config
    days = working_days(NOW.date(), NOW.date() + timedelta(7), config.working_hours, config.zone, config.free_days)
    return sum((span.length for of in days.values() for span in of), timedelta()) // timedelta(minutes=1)


def test_an_added_block_that_is_over_has_taken_its_part_of_the_tenth_of_its_week(tmp_path: Path) -> None:
    world = World(tmp_path, FolderShelf(tmp_path / "work"), extra="planning: {freeze_hours: 0}")
    world.connect += FOLLOW
    world.night()
    promise(world, 480, NOW.replace(hour=23))
    world.night(NOW + timedelta(hours=1))
    monday = only(world).minutes
    assert monday > 60
    thursday = NOW + timedelta(days=3)
    promise(world, 480, now=thursday)
    world.night(thursday)
    assert sum(block.minutes for block in added(world)) + 2 * 30 + 45 <= week_of(world) // 10


def test_weekly_blocks_keep_clear_of_an_added_block_that_was_moved_from_an_earlier_week(on_files: World) -> None:
    promise(on_files, 75)
    on_files.night(NOW + timedelta(hours=1))
    one = only(on_files)
    home = one.home(one.first).start
    weeklies = (owned.series for owned in on_files.blocks())
    connect = next(s for s in weeklies if s.kind == "connect" and s.start == one.start)
    ahead = connect.home(connect.first + timedelta(21))
    edit(on_files.shelf, f"{one.key}.ics", override_date(home, hours=(ahead.start - home) // timedelta(hours=1)))
    for days in (0, 7, 14):
        on_files.night(NOW + timedelta(days=days, hours=2))
        stand = {owned.series.key: owned.series for owned in on_files.blocks()}
        placed = stand[one.key].placed(one.first)
        assert placed is not None
        assert placed.span.overlaps(ahead)
        weekly = stand[connect.key]
        other = weekly.placed(connect.first + timedelta(21))
        assert other is None or not other.span.overlaps(placed.span)


def test_what_an_added_block_leaves_is_free_for_weekly_blocks_in_the_same_night(tmp_path: Path) -> None:
    """A meeting comes upon a weekly block, and the promise whose block has the rest of that morning is dropped."""
    world = World(tmp_path, FolderShelf(tmp_path / "work"), extra="planning: {freeze_hours: 0}")
    world.connect = (
        "{minutes: 30, per_week: 2, prefer: morning}\n  follow-through: {minutes: 15, per_week: 1, prefer: morning}"
    )
    world.night()
    *_, home = (b.start for b in coming(open_desk(world.config, world.state, NOW), 7).blocks if b.kind == "connect")
    for day in (NOW + timedelta(days=n) for n in range(5)):
        if day.date() != home.date():
            world.shelf.put(f"full{day.day}.ics", meeting(f"full{day.day}", day.replace(hour=8), 720))
    number = promise(world, 165, home.replace(hour=12, minute=30))
    world.night(force=True)
    assert sum(one.minutes for one in added(world)) > 100
    world.shelf.put("m.ics", meeting("m", home.replace(hour=8, minute=0), 130))
    close(open_desk(world.config, world.state, NOW), str(number), PromiseState.DROPPED)
    first = world.night(force=True)
    assert "nothing is left to do in it" in {c.reason for c in first.changes if c.action == "delete"}
    assert added(world) == []
    second = world.night(force=True)
    assert (second.written, second.changes) == (0, [])


@pytest.mark.parametrize("name", ["SUMMARY", "DESCRIPTION"])
def test_an_added_block_that_the_leader_renamed_or_wrote_into_stays_with_what_they_wrote(
    on_files: World, name: str
) -> None:
    number = promise(on_files, 75)
    on_files.night(NOW + timedelta(hours=1))
    one = only(on_files)

    def write(_calendar: Calendar, master: Event) -> None:
        master.pop(name, None)
        master.add(name, "numbers for the talk")

    edit(on_files.shelf, f"{one.key}.ics", write)
    on_files.night(NOW + timedelta(hours=2))
    on_files.shelf.put("clash.ics", meeting("clash", one.home(one.first).start, 30))
    on_files.night(NOW + timedelta(hours=3))
    close(open_desk(on_files.config, on_files.state, NOW), str(number), PromiseState.DROPPED)
    on_files.night(NOW + timedelta(hours=4))
    assert only(on_files).home(one.first) == one.home(one.first)
    assert b"numbers for the talk" in on_files.shelf.get(f"{one.key}.ics")


def test_an_added_block_that_is_moved_to_a_time_that_is_over_counts_as_done(on_files: World) -> None:
    promise(on_files, 75)
    on_files.night(NOW + timedelta(hours=1))
    one = only(on_files)
    days = (NOW.date() - one.first).days
    edit(on_files.shelf, f"{one.key}.ics", move_whole(days, -9))  # type: ignore[arg-type]
    for hours in (2, 3):
        report_ = on_files.night(NOW + timedelta(hours=hours))
        assert (report_.exit_code, report_.written) == (0, 0), report_.changes


def test_the_date_of_an_added_block_that_is_deleted_and_over_by_the_next_night_needs_no_other(on_files: World) -> None:
    """Nothing is booked anew, whether the night sees the deletion before the block was to be or after."""
    promise(on_files, 120, FRIDAY + timedelta(days=7))
    on_files.night(NOW + timedelta(hours=1))
    one = only(on_files)
    edit(on_files.shelf, f"{one.key}.ics", delete_date(one.home(one.first).start))
    late = NOW + (one.first - NOW.date() + timedelta(days=1))
    for hours in range(3):
        report_ = on_files.night(late + timedelta(hours=hours))
        assert report_.exit_code == 0
        assert [c for c in report_.changes if c.action == "create"] == []
