"""Briefs and topics through whole nights: what the leader is told, that it stays, and that no calendar ever has it."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from calsync.coming import Coming, coming
from calsync.desk import Desk, open_desk
from calsync.logbook import Said, record_done, record_skip
from calsync.people.contacts import ContactKind
from calsync.state.store import Store, ToldRow
from calsync.topics import shipped
from tests.conftest import RunCalsync
from tests.system.world import NOW, FolderShelf, World

PEOPLE = (
    "[{name: Ana Sousa, email: ana@example.com, ideal: 14d, max: 28d, tags: [report], channel: chat, thanks: private},"
    " {name: Bo Lind, ideal: 14d, max: 28d}, {name: Chi Oduya, ideal: 28d, max: 56d, channel: call},"
    " {name: Dan Roe, ideal: 7d, max: 14d}, {name: Eve Poe, ideal: 7d, max: 14d},"
    " {name: Fay Loe, ideal: 14d, max: 28d}, {name: Gus Moe, ideal: 7d, max: 14d},"
    " {name: Hal Noe, ideal: 14d, max: 28d}]"
)
KEY = "CALSYNC_SECRET_CALSYNC_NOTES"
PLANTED = "her move to Portobello"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    # A key that the test gives, so that no test ever meets a keyring.
    monkeypatch.setenv(KEY, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    connect = "{minutes: 30, per_week: 2, pings: 2}"
    found = World(tmp_path, FolderShelf(tmp_path / "work"), people=PEOPLE, connect=connect)
    found.write_config()
    return found


def desk(world: World, now: datetime = NOW) -> Desk:
    return open_desk(world.config, world.state, now)


def told(world: World, now: datetime = NOW) -> list[ToldRow]:
    with Store(world.state, now) as store:
        return store.topics_told()


def shown(found: Coming) -> dict[tuple[str, str], Any]:
    return {
        (block.id, name): brief
        for block in found.blocks
        for (name, _), brief in zip(block.people, block.briefs, strict=True)
    }


def test_the_night_gives_everybody_in_every_block_to_come_a_topic_and_a_second_night_changes_none(world: World) -> None:
    world.night()
    first = told(world)
    seats = sum(len(block.people) for block in coming(desk(world), 84).blocks)
    assert len(first) >= seats > 20
    by_person: dict[str, list[str]] = {}
    for row in first:
        by_person.setdefault(row.person, []).append(row.topic)
    for topics in by_person.values():
        assert len(set(topics)) == len(topics)
    report = world.night()
    assert report.changes == []
    assert told(world) == first
    assert world.night(NOW + timedelta(minutes=5)).written == 0
    assert told(world) == first


def test_week_and_today_show_the_topics_of_the_night(world: World) -> None:
    world.night()
    kept = {(row.block, row.person): row.topic for row in told(world)}
    briefs = shown(coming(desk(world), 84))
    assert len(briefs) > 20
    for place, brief in briefs.items():
        assert brief.topic_key == kept[place]
    for day in range(7):
        for place, brief in shown(coming(desk(world, NOW + timedelta(days=day)), 1)).items():
            assert brief.topic_key == kept[place]


def test_a_topic_stays_once_the_freeze_has_begun_whatever_comes_after(world: World) -> None:
    """Talks that are logged late make topics deeper; the one for tomorrow stays, then and afterwards."""
    world.night()
    first = coming(desk(world), 84).blocks[0]
    eve = first.start - timedelta(hours=12)
    world.night(eve)
    before = {row.person: row.topic for row in told(world) if row.block == first.id}
    for days in range(1, 9):
        for name in before:
            record_done(desk(world, eve), name, eve - timedelta(days=90 + days))
    world.night(eve)
    after = {row.person: row.topic for row in told(world) if row.block == first.id}
    still = before.keys() & after.keys()
    assert still
    assert {name: after[name] for name in still} == {name: before[name] for name in still}
    later = first.start + timedelta(days=1)
    world.night(later)
    assert {row.person: row.topic for row in told(world) if row.block == first.id} == after


def test_over_a_year_of_nights_nobody_is_given_a_topic_twice_and_depth_grows(world: World) -> None:
    depth = {topic.key: topic.depth for topic in shipped()}
    given: dict[str, list[tuple[datetime, str]]] = {}
    for week in range(0, 54, 2):
        now = NOW + timedelta(weeks=week)
        world.night(now)
        for block in coming(desk(world, now), 14).blocks:
            for name, _ in block.people:
                record_done(desk(world, block.end), name)
    for row in told(world, NOW + timedelta(weeks=54)):
        given.setdefault(row.person, []).append((row.start, row.topic))
    for rows in given.values():
        year = [topic for start, topic in rows if start < NOW + timedelta(days=365)]
        assert len(year) >= 8
        assert len(set(year)) == len(year)
        assert depth[rows[0][1]] == 1
        assert sum(depth[topic] for _, topic in rows[-4:]) > sum(depth[topic] for _, topic in rows[:4])


def test_a_skipped_person_gives_the_place_and_a_topic_to_somebody_else(world: World) -> None:
    world.night()
    block = coming(desk(world), 84).blocks[0]
    now = block.start - timedelta(hours=6)
    world.night(now)
    gone = block.people[0][0]
    record_skip(desk(world, now), gone)
    after = coming(desk(world, now), 7).blocks[0]
    assert gone not in [name for name, _ in after.people]
    assert all(brief.topic for brief in after.briefs)
    world.night(now)
    given = {row.person: row.topic for row in told(world) if row.block == block.id}
    assert gone not in given
    shown_before = {name: brief.topic_key for (name, _), brief in zip(after.people, after.briefs, strict=True)}
    assert {name: given[name] for name in shown_before if name in given} == {
        name: key for name, key in shown_before.items() if name in given
    }
    assert given.keys() & shown_before.keys()
    kept = {(row.block, row.person): row.topic for row in told(world)}
    for place, brief in shown(coming(desk(world, now), 84)).items():
        assert brief.topic_key == kept[place]


def test_the_open_thread_of_the_last_talk_leads_until_it_is_closed(world: World) -> None:
    world.night()
    turn = coming(desk(world), 84).blocks
    day = NOW - timedelta(days=20)
    record_done(desk(world), "Ana", day, Said(ContactKind.PERSONAL, 4, "", PLANTED))
    thread = next(b for place, b in shown(coming(desk(world), 84)).items() if place[1] == "Ana Sousa").thread
    assert thread is not None
    assert (thread.day, thread.text) == (day.date(), PLANTED)
    record_done(desk(world), "Ana", NOW, Said(ContactKind.PERSONAL, close_thread=True))
    assert turn
    for place, brief in shown(coming(desk(world), 84)).items():
        assert place[1] != "Ana Sousa" or brief.thread is None


def test_nothing_of_a_brief_is_ever_in_a_calendar_an_export_or_the_log(world: World, run_calsync: RunCalsync) -> None:
    world.extra = f"exports:\n  - {{path: '{world.folder / 'out.ics'}', details: full}}\nprivacy: {{names: first}}"
    world.night()
    record_done(desk(world), "Ana", NOW - timedelta(days=20), Said(ContactKind.PERSONAL, 2, "sad", PLANTED))
    for day in range(14):
        world.night(NOW + timedelta(days=day))
    written = b"".join([*world.shelf.everything().values(), (world.folder / "out.ics").read_bytes()]).decode()
    log = run_calsync(["--config", world.config, "--state", world.state, "log", "--json"]).stdout
    plain = "".join(written.split("\r\n "))
    for topic in shipped():
        assert topic.text not in plain
        assert topic.key not in plain
        assert topic.text not in log
    for secret in (PLANTED, "sad", "no status"):
        assert secret not in plain
        assert secret not in log
    assert not any("DESCRIPTION" in line for line in written.splitlines())


@pytest.mark.parametrize(
    "content", [b"- text: [", b"text: no list", b"\xff\xfe\x00", b"- text: Did you?\n  theme: home\n"]
)
def test_a_broken_own_file_never_stops_the_night_and_is_told_once(world: World, content: bytes) -> None:
    (world.folder / "topics.yaml").write_bytes(content)
    report = world.night()
    assert report.exit_code == 0
    assert report.written
    [note] = [note for note in report.notes if "topics.yaml" in note]
    assert "\n" not in note
    assert "the shipped topics are used meanwhile" in note
    assert len(told(world)) > 20
    found = coming(desk(world), 7)
    assert [problem.exit_code for problem in found.problems] == [2]
    assert all(brief.topic for brief in shown(found).values())


@pytest.mark.parametrize(
    "content",
    [
        "- text: Did Zora marry?\n  theme: home\n  follow_ups: [Zora?, Zoran?]\n  Zora: x\n",
        "Zora: 1\nZora: 2\n",
        "- text: Zora\n  Zora: 1\n  Zora: 2\n",
    ],
)
def test_no_word_of_an_own_topic_gets_into_the_log(world: World, content: str, run_calsync: RunCalsync) -> None:
    (world.folder / "topics.yaml").write_text(content, "utf-8")
    report = world.night()
    assert any("topics.yaml:" in note for note in report.notes)
    log = run_calsync(["--config", world.config, "--state", world.state, "log", "--json"]).stdout
    assert "topics.yaml" in log
    assert "Zora" not in "".join(report.notes) + log


def test_own_topics_are_given_too(world: World) -> None:
    own = "".join(
        f"- {{key: mine-{n}, text: 'What about number {n}?', theme: home, follow_ups: ['What else?', 'How so?']}}\n"
        for n in range(60)
    )
    (world.folder / "topics.yaml").write_text(own, "utf-8")
    world.night()
    assert any(row.topic.startswith("mine-") for row in told(world))


def test_the_command_line_shows_the_brief_and_tells_problems_on_stderr(world: World, run_calsync: RunCalsync) -> None:
    """Notes that no key opens are named there, too; the brief is as good as it can be without them."""
    world.night()
    record_done(desk(world), "Ana", NOW - timedelta(days=20), Said(ContactKind.PERSONAL, 2, "", PLANTED))
    record_done(desk(world), "Chi", NOW - timedelta(days=20))
    block = next(b for b in coming(desk(world), 84).blocks if any(name == "Ana Sousa" for name, _ in b.people))
    ask = ["--config", str(world.config), "--state", str(world.state)]
    key = {KEY: os.environ[KEY]}
    clock = ["--now", block.start.isoformat()]
    ran = run_calsync([*ask, "today", *clock], env=key)
    assert (ran.code, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("  Ana Sousa"))
    assert lines[at + 1].startswith("    last time  ")
    assert lines[at + 1].endswith(PLANTED)
    assert "Call" not in "".join(lines[at + 1 : at + 4])
    people = run_calsync([*ask, "today", "--json", *clock], env=key).json()["blocks"][0]["people"]
    [ana] = [one["brief"] for one in people if one["name"] == "Ana Sousa"]
    assert ana["thread"].endswith(f": {PLANTED}")
    assert len(ana["follow_ups"]) == 2
    (world.folder / "topics.yaml").write_text("no list", "utf-8")
    other = {KEY: "NDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU="}
    ran = run_calsync([*ask, "week", *clock], env=other)
    assert ran.code == 0
    assert "Ana Sousa" in ran.stdout
    assert PLANTED not in ran.stdout
    assert "topics.yaml:1: expected a list of topics" in ran.stderr
    assert "cannot be read" in ran.stderr
