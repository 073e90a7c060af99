"""The ledger over many nights: each planned block is accounted for once; nothing is forgotten, nothing made up."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from calsync.desk import open_desk
from calsync.logbook import record_done
from calsync.people.figures import Blocks
from calsync.report import Report, report
from calsync.state.store import OutcomeRow, Store
from tests.system.world import BERLIN, NOW, World, delete_date, edit, meeting, override_date

EVE = NOW - timedelta(days=1)
"""The night to Sunday: the first night of all, so that the whole of the first week can be planned."""


def outcomes(world: World) -> list[OutcomeRow]:
    with Store(world.state, NOW) as store:
        return store.outcomes()


def reported(world: World, now: datetime, since: date | None = None) -> Report:
    return report(open_desk(world.config, world.state, now), 4, since)


def sums(blocks: Blocks) -> bool:
    rest = blocks.open + blocks.displaced + blocks.deleted + blocks.to_come
    return blocks.planned == (blocks.kept or 0) + rest


def monday(week: int) -> datetime:
    """Three in the morning, `week` weeks after the first night."""
    return (NOW.replace(tzinfo=None) + timedelta(weeks=week)).replace(tzinfo=BERLIN)


def test_a_first_month_of_nights_is_accounted_for(folder_world: World) -> None:
    """Two blocks a week. Week 2 is full, in week 3 the leader deletes one and drags one, in week 4 one is kept."""
    world = folder_world
    world.people = "[{name: Ana Sousa, email: ana@example.com, ideal: 2d, max: 7d}]"
    for n in range(5):
        day = monday(1).replace(hour=9) + timedelta(days=n)
        world.shelf.put(f"full{n}.ics", meeting(f"full{n}", day, 510))
    for _ in world.nights(15, EVE):
        pass
    (name, *_) = [name for name in world.shelf.names() if b"X-CALSYNC-KEY" in world.shelf.get(name)]
    third = [row for row in outcomes(world) if monday(2).date() <= row.home < monday(3).date()]
    assert [row.what for row in third] == ["home", "home"]
    series = next(o.series for o in world.blocks() if o.resource == name)
    (day,) = series.days(monday(2).date(), monday(3).date())
    edit(world.shelf, name, delete_date(series.home(day).start))
    other_name = next(n for n in world.shelf.names() if b"X-CALSYNC-KEY" in world.shelf.get(n) and n != name)
    other = next(o.series for o in world.blocks() if o.series.key != series.key)
    (their,) = other.days(monday(2).date(), monday(3).date())
    edit(world.shelf, other_name, override_date(other.home(their).start, hours=-1))
    for _ in world.nights(10, monday(2)):
        pass
    fourth = [row for row in outcomes(world) if monday(3).date() <= row.home < monday(4).date()]
    with Store(world.state, NOW) as store:
        kept = next(row.start for row in fourth if row.start and store.assignments()[row.block][1])
    talk = kept.astimezone(BERLIN) + timedelta(minutes=20)
    record_done(open_desk(world.config, world.state, talk), "Ana Sousa")
    for _ in world.nights(4, monday(3) + timedelta(days=3)):
        pass
    found = reported(world, monday(3) + timedelta(days=6, hours=12)).figures
    assert [(w.blocks.planned, w.blocks.displaced, w.blocks.deleted, w.blocks.kept) for w in found.weeks] == [
        (2, 0, 0, 0),
        (2, 2, 0, 0),
        (2, 0, 1, 0),
        (2, 0, 0, 1),
    ]
    assert (found.blocks.pinned, found.blocks.to_come) == (1, 0)
    assert found.blocks.displaced_by == (("team meeting", 2),)
    assert all(sums(week.blocks) for week in found.weeks)
    assert sums(found.blocks)


def test_a_night_remembers_the_horizon_and_counts_only_weeks_that_have_come(folder_world: World) -> None:
    world = folder_world
    world.night(EVE)
    rows = outcomes(world)
    assert len(rows) == 24
    assert {row.what for row in rows} == {"home"}
    found = reported(world, NOW).figures
    assert (found.blocks.planned, found.blocks.to_come) == (2, 2)
    late = reported(world, NOW + timedelta(days=6, hours=20)).figures
    assert (late.blocks.planned, late.blocks.open) == (2, 2)


def test_weeks_in_which_the_machine_was_off_are_counted_as_they_were_planned(folder_world: World) -> None:
    world = folder_world
    world.night(EVE)
    world.night(monday(3))
    assert [w.blocks.planned for w in reported(world, monday(3)).figures.weeks] == [2, 2, 2, 2]


def test_the_second_night_and_a_night_on_paper_write_nothing(folder_world: World) -> None:
    world = folder_world
    world.shelf.put("m.ics", meeting("m", NOW.replace(hour=9), 510, "RRULE:FREQ=DAILY;COUNT=3"))
    world.night(EVE)
    world.night(EVE)
    copy = world.state / "decisions.json"
    before = outcomes(world), copy.stat().st_mtime_ns
    world.night(EVE, dry_run=True)
    world.night(EVE + timedelta(minutes=1))
    assert (outcomes(world), copy.stat().st_mtime_ns) == before


def test_a_week_that_is_full_names_what_took_it_and_no_title(folder_world: World) -> None:
    world = folder_world
    for n in range(5):
        start = NOW.replace(hour=9) + timedelta(days=n)
        world.shelf.put(f"x{n}.ics", meeting(f"x{n}", start, 510, "RRULE:FREQ=WEEKLY", title="Planted title"))
    world.night(EVE)
    assert {row.what for row in outcomes(world)} == {"dropped"}
    found = reported(world, NOW).figures
    assert (found.blocks.planned, found.blocks.displaced) == (2, 2)
    assert found.blocks.displaced_by == (("team meeting", 2),)
    assert "Planted" not in repr(outcomes(world))


def test_a_series_that_the_leader_deletes_is_deleted_for_the_rest_of_its_week(folder_world: World) -> None:
    world = folder_world
    world.night(EVE)
    for name in world.shelf.names():
        world.shelf.remove(name)
    world.night(NOW + timedelta(hours=1))
    world.night(NOW + timedelta(hours=2))
    found = reported(world, NOW + timedelta(days=1)).figures
    assert (found.blocks.planned, found.blocks.deleted) == (2, 2)
    assert sums(found.blocks)


def test_the_record_survives_the_loss_of_the_database(folder_world: World) -> None:
    world = folder_world
    world.night(EVE)
    before = outcomes(world)
    for path in world.state.glob("calsync.db*"):
        path.unlink()
    world.night(EVE + timedelta(minutes=1))
    assert outcomes(world) == before
