"""The laws of the topics that nights give, whoever the rotation names, and whatever the leader logs between."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.briefing import Turn, briefs, keep_topics
from calsync.desk import Desk, open_desk
from calsync.people.promises import PromiseState
from calsync.people.topics import QUIET_DAYS
from calsync.promises import Asked, close, make
from calsync.state.store import Store

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 9, 3, tzinfo=BERLIN)
NAMES = ("Ana Sousa", "Bo Lind", "Chi Oduya")
FREEZE = timedelta(hours=20)
CONFIG = """\
timezone: Europe/Berlin
me: [maya@example.com]
calendars:
  - {name: work, provider: ics, path: work, write: true}
people:
  - {name: Ana Sousa, ideal: 7d, max: 14d}
  - {name: Bo Lind, ideal: 7d, max: 14d}
  - {name: Chi Oduya, ideal: 7d, max: 14d}
"""
Assignments = dict[str, tuple[datetime, tuple[str, ...]]]


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[int, list[tuple[str, ...]], list[str]]]:
    """Nights: days since the one before, whom the blocks of the next eight days are for, and who was talked with."""
    names = st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple)
    night = st.tuples(
        st.integers(1, 3), st.lists(names, min_size=8, max_size=8), st.lists(st.sampled_from(NAMES), max_size=3)
    )
    return draw(st.lists(night, min_size=1, max_size=6))


def desk_at(folder: Path, now: datetime) -> Desk:
    return open_desk(folder / "config.yaml", folder / "state", now)


def coming(now: datetime, whom: list[tuple[str, ...]]) -> Assignments:
    """A block at two on each of the next days."""
    days = [(now + timedelta(days=n)).replace(hour=14) for n in range(len(whom))]
    return {f"connect-1-0-{day:%Y-%m-%d}": (day, names) for day, names in zip(days, whom, strict=True)}


def told(store: Store) -> dict[tuple[str, str], tuple[datetime, str]]:
    return {(row.block, row.person): (row.start, row.topic) for row in store.topics_told()}


@settings(max_examples=15)
@given(lives())
def test_nights_repeat_nothing_keep_what_was_told_and_do_nothing_twice(
    life: list[tuple[int, list[tuple[str, ...]], list[str]]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "work").mkdir()
        (folder / "config.yaml").write_text(CONFIG, "utf-8")
        now = START
        for days, whom, talked in life:
            now += timedelta(days=days)
            desk = desk_at(folder, now)
            with Store(desk.state_folder, now) as store:
                for person in talked:
                    store.log_turn(person, now - timedelta(hours=9), "personal")
                before, blocks = told(store), coming(now, whom)
                assert keep_topics(desk, store, blocks) == []
                after = told(store)
                places = {(block, person) for block, (_, names) in blocks.items() for person in names}
                assert places <= after.keys()
                for place, row in before.items():
                    if row[0] < now or (row[0] < now + FREEZE and place in places):
                        assert after[place] == row
                by_person: dict[str, list[str]] = {}
                for (_, person), (_, topic) in after.items():
                    by_person.setdefault(person, []).append(topic)
                assert all(len(set(topics)) == len(topics) for topics in by_person.values())
                keep_topics(desk, store, blocks)
                assert told(store) == after
                turns = [Turn(block, start, person) for block, (start, names) in blocks.items() for person in names]
                found = briefs(desk, store, turns, blocks)
                assert {place: brief.topic_key for place, brief in found.briefs.items()} == {
                    place: after[place][1] for place in places
                }


def test_what_is_older_than_a_year_is_forgotten_and_nothing_sooner(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    with Store(tmp_path / "state", START) as store:
        keep_topics(desk_at(tmp_path, START), store, coming(START, [("Ana Sousa",)]))
        later = START + timedelta(days=QUIET_DAYS + 1)
        keep_topics(desk_at(tmp_path, later), store, {})
        assert len(told(store)) == 1
        much_later = START + timedelta(days=QUIET_DAYS + 60)
        keep_topics(desk_at(tmp_path, much_later), store, {})
        assert told(store) == {}


def test_what_was_kept_opens_no_talk_any_more_once_its_words_have_expired(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    desk = desk_at(tmp_path, START)
    make(desk, "Ana", Asked("the book", START + timedelta(days=4)))
    close(desk, "1", PromiseState.KEPT)
    for days, opens in ((1, True), (800, False)):
        now = START + timedelta(days=days)
        turn = Turn("connect-1-0", now, "Ana Sousa")
        with Store(tmp_path / "state", now) as store:
            found = briefs(desk_at(tmp_path, now), store, [turn], {turn.block_id})
        assert found.problems == ()
        assert any("the book" in line for line in found.briefs["connect-1-0", "Ana Sousa"].promises) is opens
        assert len(found.briefs["connect-1-0", "Ana Sousa"].promises) == opens


def test_a_night_names_a_file_that_is_wrong_as_a_whole_without_a_line(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    (tmp_path / "topics.yaml").write_bytes(b"#" * (1024 * 1024 + 1))
    with Store(tmp_path / "state", START) as store:
        (line,) = keep_topics(desk_at(tmp_path, START), store, coming(START, [("Ana Sousa",)]))
    assert line.startswith(f"{tmp_path / 'topics.yaml'}: is larger than 1 MiB")
