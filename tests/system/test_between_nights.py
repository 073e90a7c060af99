"""What the leader says between two nights shows at once as the next night will have it; and whom no night names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from calsync.coming import ComingBlock, coming
from calsync.contacts import dues_of, explain
from calsync.desk import Desk, open_desk
from calsync.logbook import Said, record_done, record_skip, record_snooze
from calsync.pausing import pause
from calsync.people.contacts import ContactKind
from calsync.people.cues import CHANNEL_CUES, QUIETER
from calsync.state.store import Store
from tests.system.world import NOW, FolderShelf, World

NAMES = (
    *("Ana Sousa", "Bo Lind", "Chi Oduya", "Dan Roe", "Eve Poe", "Fay Loe"),
    *("Gus Moe", "Hal Noe", "Ida Foe", "Jo Doe", "Kim Zoe", "Lea Coe"),
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    people = ", ".join(f"{{name: {name}, ideal: 14d, max: 28d, channel: call}}" for name in NAMES)
    connect = "{minutes: 30, per_week: 2, pings: 2}"
    found = World(tmp_path, FolderShelf(tmp_path / "work"), people=f"[{people}]", connect=connect)
    found.write_config()
    for number, name in enumerate(NAMES):
        record_done(desk(found), name, NOW - timedelta(days=14 + number))
    return found


def desk(world: World, now: datetime = NOW) -> Desk:
    return open_desk(world.config, world.state, now)


def shown(world: World, now: datetime, days: int = 7) -> dict[str, list[str]]:
    return {block.id: [name for name, _ in block.people] for block in coming(desk(world, now), days).blocks}


def topics(world: World, now: datetime) -> dict[tuple[str, str], str | None]:
    blocks = coming(desk(world, now), 7).blocks
    return {(b.id, n): brief.topic for b in blocks for (n, _), brief in zip(b.people, b.briefs, strict=True)}


ACTS: dict[str, Callable[[Desk, str], object]] = {
    "done": record_done,
    "skip": record_skip,
    "snooze": lambda desk, name: record_snooze(desk, name, date(2026, 12, 20)),
    "no answer": lambda desk, name: record_done(desk, name, said=Said(ContactKind.NO_ANSWER)),
    "pause": pause,
}


@pytest.mark.parametrize(
    ("doing", "place", "before"),
    [
        *((doing, 1, timedelta(days=1)) for doing in ACTS),
        *((doing, 0, timedelta(hours=2)) for doing in ACTS if doing != "done"),
    ],
)
def test_whoever_leaves_a_block_gives_the_place_to_whom_the_next_night_has_there(
    world: World, doing: str, place: int, before: timedelta
) -> None:
    world.night()
    first = coming(desk(world), 7).blocks[0]
    now, gone = first.start - before, first.people[place][0]
    ACTS[doing](desk(world, now), gone)
    week, asked = shown(world, now), topics(world, now)
    assert gone not in week[first.id]
    assert len(week[first.id]) == 2
    today = shown(world, now, 1)
    assert today == {block: week[block] for block in today}
    turns = [block.start for block in coming(desk(world, now), 84).blocks if gone in dict(block.people)]
    said = dict(explain(desk(world, now), gone))["next turn"]
    assert said == (f"{turns[0]:%Y-%m-%d %H:%M}" if turns else "none in the blocks to come")
    report = world.night(now + timedelta(hours=1))
    assert {change.person for change in report.changes} <= {week[first.id][0]}
    assert shown(world, now + timedelta(hours=1)) == week
    assert topics(world, now + timedelta(hours=1)) == asked


def test_a_talk_on_the_day_of_the_block_keeps_that_block(world: World) -> None:
    world.night()
    first = coming(desk(world), 7).blocks[0]
    now = first.start - timedelta(hours=2)
    record_done(desk(world, now), first.people[0][0])
    world.night(now)
    after = coming(desk(world, now), 1).blocks[0]
    assert (after.state, sorted(dict(after.people))) == ("kept", sorted(dict(first.people)))


def _turn_of(world: World, name: str, now: datetime) -> ComingBlock:
    return next(block for block in coming(desk(world, now), 84).blocks if name in dict(block.people))


def test_three_silences_suggest_another_way_a_fourth_leaves_in_peace_and_an_answer_begins_anew(world: World) -> None:
    name, now = "Dan Roe", NOW
    for silence in range(1, 4):
        world.night(now)
        block = _turn_of(world, name, now)
        assert block.briefs[[n for n, _ in block.people].index(name)].channel == CHANNEL_CUES["call"]
        record_done(desk(world, block.end), name, said=Said(ContactKind.NO_ANSWER))
        now = block.end + timedelta(days=1)
        assert dict(explain(desk(world, now), name))["without an answer"].startswith(f"{silence} in a row")
    world.night(now)
    block = _turn_of(world, name, now)
    assert block.briefs[[n for n, _ in block.people].index(name)].channel == QUIETER["chat"]
    record_done(desk(world, block.end), name, said=Said(ContactKind.NO_ANSWER))
    now = block.end + timedelta(days=1)
    assert dict(explain(desk(world, now), name))["next turn"] == "none in the blocks to come"
    world.night(now)
    assert not any(name in dict(block.people) for block in coming(desk(world, now), 84).blocks)
    with Store(world.state, now) as store:
        assert [due.person for due in dues_of(desk(world, now), store) if due.paused] == [name]
    record_done(desk(world, now), name)
    world.night(now)
    block = _turn_of(world, name, now)
    assert block.briefs[[n for n, _ in block.people].index(name)].channel == CHANNEL_CUES["call"]


def test_on_the_other_persons_holiday_only_people_who_work_are_named(world: World) -> None:
    """The first and the eighth of December are holidays in Portugal, and ordinary Tuesdays for everybody else."""
    away, here = NAMES[:8], NAMES[8:]
    people = ", ".join(
        f"{{name: {name}, ideal: 14d, max: 28d{', holidays: PT' if name in away else ''}}}" for name in NAMES
    )
    world.people = f"[{people}]"
    world.write_config()
    world.night()
    blocks = coming(desk(world), 28).blocks
    holidays = [block for block in blocks if block.start.date() in (date(2026, 12, 1), date(2026, 12, 8))]
    assert holidays
    for block in holidays:
        assert set(dict(block.people)) <= set(here)
    others = {name for block in blocks if block not in holidays for name, _ in block.people}
    assert others & set(away)
    assert dict(explain(desk(world), away[0]))["out of reach"].endswith("by their clock or holidays")
    assert "out of reach" not in dict(explain(desk(world), here[0]))


def test_a_leader_who_wants_no_such_blocks_any_more_still_has_people_explained(world: World) -> None:
    world.night()
    world.config.write_text(
        world.config.read_text("utf-8").replace("connect:", "kindness:").replace(", pings: 2", ""), "utf-8"
    )
    terms = dict(explain(desk(world), "Ana"))
    assert terms["name"] == "Ana Sousa"
    assert "next turn" not in terms


@pytest.mark.parametrize("number", [0, 1])
def test_the_last_dates_of_a_block_that_ends_are_still_for_somebody(world: World, number: int) -> None:
    """Fewer blocks a week: what the freeze leaves on the calendar keeps the people who were told for it."""
    world.night(NOW)
    eve = coming(desk(world), 28).blocks[number].start - timedelta(hours=12)
    world.night(eve)
    frozen = coming(desk(world, eve), 1).blocks or coming(desk(world, eve), 2).blocks
    told = {block.start: [name for name, _ in block.people] for block in frozen}
    assert all(told.values())
    world.connect = "{minutes: 30, per_week: 1, pings: 2}"
    world.write_config()
    world.night(eve, force=True)
    left = {block.start: [name for name, _ in block.people] for block in coming(desk(world, eve), 2).blocks}
    assert {start: left.get(start) for start in told} == told
