"""The leader's own edits win, on every kind of calendar, and for thirty nights."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from icalendar import Calendar, Event

from calsync.desk import open_desk
from calsync.model import Series
from calsync.takeback import restore
from tests.system.world import BERLIN, NOW, FolderShelf, Shelf, World, delete_date, edit, meeting, override_date


def first(world: World) -> Series:
    return world.blocks()[0].series


def name_of(series: Series) -> str:
    return f"{series.key}.ics"


def third_date(series: Series) -> datetime:
    day = series.first + timedelta(14)
    return series.home(day).start


def thirty_quiet_nights(world: World) -> None:
    """Thirty more nights: none of them fails, and after the first none moves, adds or drops anything."""
    for n, report in enumerate(world.nights(30, NOW + timedelta(days=1))):
        assert report.exit_code == 0
        if n:
            assert {c.action.value for c in report.changes} <= {"update"}


def test_a_deleted_date_stays_deleted(world: World) -> None:
    world.night()
    series = first(world)
    home = third_date(series)
    edit(world.shelf, name_of(series), delete_date(home))
    report = world.night(NOW + timedelta(hours=1))
    assert [n.split(":")[0] for n in report.notes] == [f"you deleted connect-1 of {home:%a} {home.day} {home:%b}"]
    assert report.written == 0
    thirty_quiet_nights(world)
    after = next(o.series for o in world.blocks() if o.series.key == series.key)
    assert home.date() in after.cancelled
    assert world.decisions() == [("deleted", home.date().isoformat())]


def test_a_moved_date_is_pinned_where_it_was_put_even_on_a_meeting(world: World) -> None:
    world.night()
    series = first(world)
    home = third_date(series)
    edit(world.shelf, name_of(series), override_date(home, hours=-1))
    report = world.night(NOW + timedelta(hours=1))
    assert len(report.notes) == 1
    assert report.written == 0
    thirty_quiet_nights(world)
    after = next(o.series for o in world.blocks() if o.series.key == series.key)
    assert after.overrides[home.date()].span.start == home - timedelta(hours=1)


def test_a_retitled_date_keeps_its_title(world: World) -> None:
    world.night()
    series = first(world)
    home = third_date(series)
    edit(world.shelf, name_of(series), override_date(home, title="Tea with Ana, at last"))
    world.night(NOW + timedelta(hours=1))
    thirty_quiet_nights(world)
    after = next(o.series for o in world.blocks() if o.series.key == series.key)
    assert after.overrides[home.date()].title == "Tea with Ana, at last"


def test_a_deleted_series_is_retired_until_it_is_restored(world: World) -> None:
    world.night()
    series = first(world)
    world.shelf.remove(name_of(series))
    report = world.night(NOW + timedelta(hours=1))
    assert report.notes == [
        "you deleted connect-1: it is not planned again (`calsync restore connect-1` takes it back)"
    ]
    thirty_quiet_nights(world)
    assert [o.series.number for o in world.blocks()] == [2]
    back = restore(open_desk(world.config, world.state, NOW + timedelta(days=31)))
    assert back.exit_code == 0
    found = {o.series.number: o.series for o in world.blocks()}
    assert sorted(found) == [1, 2]
    assert found[1].generation == 1
    assert found[1].key != series.key


def test_a_restored_date_comes_back(world: World) -> None:
    world.night()
    series = first(world)
    home = third_date(series)
    edit(world.shelf, name_of(series), delete_date(home))
    world.night(NOW + timedelta(hours=1))
    desk = open_desk(world.config, world.state, NOW + timedelta(hours=2))
    paper = restore(desk, home.date().isoformat(), dry_run=True)
    assert [(c.action.value, c.start) for c in paper.changes] == [("restore", home)]
    assert world.decisions() == [("deleted", home.date().isoformat())]
    restore(desk, home.date().isoformat())
    after = next(o.series for o in world.blocks() if o.series.key == series.key)
    assert after.placed(home.date()) is not None
    assert world.decisions() == []


def test_a_renamed_series_keeps_the_leaders_title(world: World) -> None:
    world.night()
    series = first(world)

    def rename(_calendar: object, master: dict) -> None:
        master["SUMMARY"] = "People time"

    edit(world.shelf, name_of(series), rename)
    world.night(NOW + timedelta(hours=1))
    thirty_quiet_nights(world)
    assert next(o.series for o in world.blocks() if o.series.key == series.key).title == "People time"


def test_a_series_moved_to_another_time_stays_there(world: World) -> None:
    world.night()
    series = first(world)
    wanted = time(9, 45)

    def shift(_calendar: object, master: dict) -> None:
        for key in ("DTSTART", "DTEND"):
            old = master[key].dt
            del master[key]
            moved = datetime.combine(old.date(), wanted, tzinfo=BERLIN)
            master.add(key, moved if key == "DTSTART" else moved + timedelta(minutes=30))  # type: ignore[attr-defined]

    edit(world.shelf, name_of(series), shift)
    report = world.night(NOW + timedelta(hours=1))
    assert "you moved connect-1 to another time: it stays there" in report.notes
    thirty_quiet_nights(world)
    assert next(o.series for o in world.blocks() if o.series.key == series.key).start == wanted


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;INTERVAL=2", "FREQ=DAILY;COUNT=5"])
def test_a_recurrence_of_the_leaders_own_is_left_alone(folder_world: World, rule: str) -> None:
    world = folder_world
    world.night()
    series = first(world)

    def change(_calendar: object, master: dict) -> None:
        from icalendar import vRecur

        master["RRULE"] = vRecur.from_ical(rule)

    edit(world.shelf, name_of(series), change)
    stored = world.shelf.get(name_of(series))
    world.night(NOW + timedelta(hours=1))
    thirty_quiet_nights(world)
    assert world.shelf.get(name_of(series)) == stored


def test_an_edit_in_one_calendar_reaches_the_other(tmp_path: object, folder_world: World) -> None:
    world = folder_world
    second = world.folder / "second"
    second.mkdir()
    world.calendars = [f"{{name: second, provider: ics, path: '{second}', write: true}}"]
    world.night()
    series = first(world)
    home = third_date(series)
    edit(world.shelf, name_of(series), delete_date(home))
    world.night(NOW + timedelta(hours=1))
    desk = open_desk(world.config, world.state, NOW)
    twins = [o.series for o in desk.provider("second").owned("") if o.series.number == series.number]
    assert [home.date() in twin.cancelled for twin in twins] == [True]
    assert twins[0].key != series.key


def two_calendars(world: World) -> Shelf:
    """Blocks go to a second folder as well."""
    second = FolderShelf(world.folder / "second")
    world.calendars = [f"{{name: second, provider: ics, path: '{second.folder}', write: true}}"]
    world.night()
    return second


def twin(world: World, number: int) -> Series | None:
    found = open_desk(world.config, world.state, NOW).provider("second").owned("")
    return next((o.series for o in found if o.series.number == number), None)


@pytest.mark.parametrize("edited", ["work", "second"])
def test_a_series_deleted_on_one_calendar_goes_from_the_other(folder_world: World, edited: str) -> None:
    second = two_calendars(folder_world)
    shelf = folder_world.shelf if edited == "work" else second
    name = min(shelf.names())
    shelf.remove(name)
    report = folder_world.night(NOW + timedelta(hours=1))
    assert len(report.notes) == 1
    assert len(folder_world.shelf.names()) == len(second.names()) == 1
    assert folder_world.night(NOW + timedelta(hours=2)).written == 0


@pytest.mark.parametrize("edited", ["work", "second"])
def test_a_series_moved_on_one_calendar_moves_on_the_other(folder_world: World, edited: str) -> None:
    second = two_calendars(folder_world)
    shelf = folder_world.shelf if edited == "work" else second
    series = first(folder_world) if edited == "work" else twin(folder_world, first(folder_world).number)
    assert series is not None

    def shift(_calendar: object, master: dict) -> None:
        for key in ("DTSTART", "DTEND"):
            moved = master[key].dt + timedelta(hours=-1)
            del master[key]
            master.add(key, moved)  # type: ignore[attr-defined]

    edit(shelf, name_of(series), shift)
    folder_world.night(NOW + timedelta(hours=1))
    assert folder_world.night(NOW + timedelta(hours=2)).written == 0
    other = twin(folder_world, series.number)
    mine = next(o.series for o in folder_world.blocks() if o.series.number == series.number)
    assert other is not None
    expected = (datetime.combine(series.first, series.start) - timedelta(hours=1)).time()
    assert mine.start == other.start == expected


def test_what_the_leader_wrote_into_a_block_survives_thirty_nights(world: World) -> None:
    world.night()
    series = first(world)

    def write(_calendar: object, master: dict) -> None:
        master["DESCRIPTION"] = "ask Daniel about his daughter"
        master["LOCATION"] = "Café"

    edit(world.shelf, name_of(series), write)
    thirty_quiet_nights(world)
    text = world.shelf.get(name_of(series)).decode()
    assert "LOCATION:Café" in text
    assert "DESCRIPTION:ask Daniel about his daughter" in text


def test_a_note_on_one_date_pins_it_with_the_note(world: World) -> None:
    world.night()
    series = first(world)
    home = third_date(series)

    def note(calendar: Calendar, master: Event) -> None:
        override_date(home)(calendar, master)
        calendar.walk("VEVENT")[-1].add("LOCATION", "Café")

    edit(world.shelf, name_of(series), note)
    world.night(NOW + timedelta(hours=1))
    assert world.decisions() == [("pinned", home.date().isoformat())]
    thirty_quiet_nights(world)
    assert "LOCATION:Café" in world.shelf.get(name_of(series)).decode()


def test_a_series_that_another_program_wrote_down_in_utc_is_still_ours(folder_world: World) -> None:
    folder_world.night()
    series = first(folder_world)
    begin = series.home(series.first).start

    def as_utc(_calendar: object, master: Event) -> None:
        for key, moment in (("DTSTART", begin), ("DTEND", begin + timedelta(minutes=30))):
            del master[key]
            master.add(key, moment.astimezone(UTC))

    edit(folder_world.shelf, name_of(series), as_utc)
    report = folder_world.night(NOW + timedelta(hours=1))
    assert report.notes == []
    after = next(o.series for o in folder_world.blocks() if o.series.key == series.key)
    assert (after.timezone, after.start) == (series.timezone, series.start)
    assert folder_world.night(NOW + timedelta(hours=2)).written == 0


def test_a_cancelled_series_counts_as_deleted(folder_world: World) -> None:
    folder_world.night()
    series = first(folder_world)
    edit(folder_world.shelf, name_of(series), lambda _calendar, master: master.add("STATUS", "CANCELLED"))
    report = folder_world.night(NOW + timedelta(hours=1))
    assert len(report.notes) == 1
    assert report.written == 0
    assert [o.series.number for o in folder_world.blocks()] == [2]


def test_a_retired_number_is_never_given_to_another_series(folder_world: World) -> None:
    folder_world.night()
    folder_world.shelf.remove(name_of(first(folder_world)))
    folder_world.connect = "{minutes: 45, per_week: 2}"
    folder_world.night(NOW + timedelta(days=1), force=True)
    for n in range(2, 5):
        folder_world.night(NOW + timedelta(days=n), force=True)
    alive = [o.series for o in folder_world.blocks() if o.series.until is None]
    assert [(s.number == 1, s.minutes) for s in alive] == [(False, 45)]


def test_an_end_that_the_leader_takes_off_again_brings_the_series_back(folder_world: World) -> None:
    from icalendar import vRecur

    folder_world.night()
    series = first(folder_world)
    rule = f"FREQ=WEEKLY;UNTIL={series.first + timedelta(28):%Y%m%d}T230000Z"
    edit(folder_world.shelf, name_of(series), lambda _c, m: m.__setitem__("RRULE", vRecur.from_ical(rule)))
    folder_world.night(NOW + timedelta(days=1))
    assert folder_world.decisions() == [("retired", "")]
    edit(folder_world.shelf, name_of(series), lambda _c, m: m.__setitem__("RRULE", vRecur.from_ical("FREQ=WEEKLY")))
    folder_world.night(NOW + timedelta(days=2))
    assert folder_world.decisions() == []
    assert len(folder_world.placed(NOW.date() + timedelta(50), NOW.date() + timedelta(57))) == 2


def test_a_series_that_the_leader_ended_still_gives_way_to_a_meeting(folder_world: World) -> None:
    from icalendar import vRecur

    folder_world.night()
    series = first(folder_world)
    rule = f"FREQ=WEEKLY;UNTIL={series.first + timedelta(28):%Y%m%d}T230000Z"
    edit(folder_world.shelf, name_of(series), lambda _c, m: m.__setitem__("RRULE", vRecur.from_ical(rule)))
    folder_world.night(NOW + timedelta(days=1))
    day = series.first + timedelta(14)
    folder_world.shelf.put("clash.ics", meeting("clash", series.home(day).start, 30))
    folder_world.night(NOW + timedelta(days=2))
    after = next(o.series for o in folder_world.blocks() if o.series.key == series.key)
    assert day in after.cancelled
