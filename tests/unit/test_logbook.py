"""The logbook's law: taking back is the exact reverse of logging, whatever was logged."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync.desk import Desk, open_desk
from calsync.errors import UsageError
from calsync.logbook import Said, clean_note, clean_thread, record_done, record_skip, take_back
from calsync.memory import recollect
from calsync.people.contacts import ContactKind
from calsync.people.talks import open_thread
from calsync.state.store import Store

NOW = datetime(2026, 11, 9, 12, tzinfo=ZoneInfo("Europe/Berlin"))
CONFIG = """\
timezone: Europe/Berlin
me: [maya@example.com]
working_hours: {mon-fri: "09:00-17:00"}
calendars: [{name: work, provider: ics, path: work}]
people: [{name: Ana, ideal: 14d, max: 28d}, {name: Bo, ideal: 14d, max: 28d}]
"""

talks = st.builds(
    Said,
    feel=st.none() | st.integers(1, 5),
    note=st.sampled_from(["", "a note"]),
    thread=st.sampled_from(["", "one", "two"]),
)
closings = st.just(Said(close_thread=True)) | st.builds(Said, feel=st.integers(1, 5), close_thread=st.just(True))
silent = st.builds(Said, kind=st.sampled_from([ContactKind.NO_ANSWER, ContactKind.DECLINED]))
entries = st.tuples(st.sampled_from(["Ana", "Bo"]), st.integers(0, 3), talks | closings | silent | st.none())


def desk_in(folder: Path) -> Desk:
    (folder / "config.yaml").write_text(CONFIG, "utf-8")
    return open_desk(folder / "config.yaml", folder / "state", NOW)


def remembered(desk: Desk) -> object:
    with Store(desk.state_folder, desk.now) as store:
        return store.contacts(), dict(recollect(desk, store).talks)


def log(desk: Desk, name: str, days: int, said: Said | None) -> None:
    """Log it, so many days ago; None is a skip."""
    if said is None:
        record_skip(desk, name)
    else:
        record_done(desk, name, NOW - timedelta(days), said)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(entries, max_size=6))
def test_taking_back_goes_step_by_step_to_where_it_was(
    tmp_path_factory: pytest.TempPathFactory, logged: list[tuple[str, int, Said | None]]
) -> None:
    desk = desk_in(tmp_path_factory.mktemp("logbook"))
    before: list[tuple[str, object]] = []
    for name, days, said in logged:
        before.append((name, remembered(desk)))
        log(desk, name, days, said)
        with Store(desk.state_folder, NOW) as store:
            for of in recollect(desk, store).talks.values():
                assert sum(talk.thread_open for talk in of) <= 1
            if said is not None and said.thread:
                waiting = open_thread(recollect(desk, store).talks[name.lower()])
                assert waiting is not None
                assert waiting.thread == said.thread
    for name, state in reversed(before):
        take_back(desk, name)
        assert remembered(desk) == state


@given(st.text(max_size=40))
def test_a_note_is_kept_as_it_is_but_for_its_ends_or_refused(text: str) -> None:
    try:
        kept = clean_note(text)
    except UsageError:
        return
    assert kept == text.replace("\r\n", "\n").replace("\r", "\n").strip()
    assert clean_note(kept) == kept
    line = clean_thread(text)
    assert "\n" not in line
    assert clean_thread(line) == line
