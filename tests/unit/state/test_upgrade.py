"""A state that an earlier calsync left is taken over whole, from the database and from the second copy alike."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, inspect, text

import calsync.state
from calsync.model import Key, Kind, Series
from calsync.state.codec import dump_series
from calsync.state.database import HEAD
from calsync.state.ledger import UNCERTAIN
from calsync.state.store import Store

NOW = datetime(2026, 11, 9, 4, 0, tzinfo=UTC)
SECOND = int(NOW.timestamp())
SERIES = Series(Key("k1"), Kind.CONNECT, 1, 0, "Europe/Berlin", date(2026, 11, 10), time(9), 30, "Focus", True, NOW)
ROWS: dict[str, list[dict[str, Any]]] = {
    "calendars": [
        {
            "name": "work",
            "fingerprint": "f",
            "cursor": "c",
            "covered_from": SECOND,
            "covered_to": SECOND + 60,
            "zone": "Europe/Berlin",
            "read_at": SECOND,
        }
    ],
    "resources": [{"calendar": "work", "name": "a.ics", "etag": "e", "payload": b"BEGIN", "expanded": "", "owned": ""}],
    "series": [
        {
            "calendar": "work",
            "key": "k1",
            "kind": "connect",
            "number": 1,
            "generation": 0,
            "body": dump_series(SERIES),
            "resource": "r",
            "etag": "e1",
            "standing": True,
        }
    ],
    "decisions": [
        {
            "id": 1,
            "what": "deleted",
            "kind": "connect",
            "number": 1,
            "generation": 0,
            "home": "2026-11-17",
            "placed": "null",
            "calendar": "work",
            "noticed_at": SECOND,
        }
    ],
    "generations": [{"kind": "connect", "number": 1, "last": 3}],
    "runs": [{"id": 7, "command": "nightly", "started_at": SECOND, "now": NOW.isoformat(), "exit": 0, "summary": "{}"}],
    "journal": [
        {
            "id": 5,
            "run": 7,
            "calendar": "work",
            "key": "k1",
            "before": "",
            "after": dump_series(SERIES),
            "state": "intended",
            "error": "",
        }
    ],
    "contacts": [{"id": 2, "person": "Ana Sousa", "at": SECOND, "kind": "personal"}],
    "snoozes": [{"person": "Ben", "until": "2026-12-01"}],
    "newcomers": [{"person": "Ana Sousa", "since": "2026-10-01"}],
    "assignments": [{"block": "connect-1-0-2026-11-10", "people": '["Ana Sousa"]', "start": SECOND}],
}
"""A row of each table of the first schema."""


@pytest.fixture
def first_schema(tmp_path: Path) -> Path:
    """A state folder with a database as the first schema has it, full of rows."""
    config = Config()
    config.set_main_option("script_location", str(Path(calsync.state.__file__).parent))
    config.set_main_option("version_locations", str(Path(calsync.state.__file__).parent / "versions"))
    config.set_main_option("path_separator", "os")
    engine = create_engine(f"sqlite:///{tmp_path / 'calsync.db'}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        assert {*inspect(connection).get_table_names()} == {*ROWS, "alembic_version"}
        for table, rows in ROWS.items():
            for row in rows:
                names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
                connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), row)
    engine.dispose()
    return tmp_path


def rows_in(folder: Path) -> dict[str, list[dict[str, Any]]]:
    engine = create_engine(f"sqlite:///{folder / 'calsync.db'}")
    with engine.connect() as connection:
        found = {t: [dict(row) for row in connection.execute(text(f"SELECT * FROM {t}")).mappings()] for t in ROWS}
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD
    engine.dispose()
    return found


def test_a_database_of_the_first_schema_is_migrated_and_keeps_every_row(first_schema: Path) -> None:
    with Store(first_schema, NOW) as store:
        assert store.set_aside is None
        assert [(c.person, c.at, c.kind) for c in store.contacts()] == [("Ana Sousa", NOW, "personal")]
        assert store.snoozes() == {"Ben": date(2026, 12, 1)}
        assert store.base()["work", "k1"].series == SERIES
        assert [row.id for row in store.journal(state="intended")] == [5]
        assert (store.notes(), store.topics_told(), store.pauses()) == ([], [], {})
        store.add_note("Ana Sousa", NOW, "sealed")
    assert rows_in(first_schema) == ROWS
    with Store(first_schema, NOW) as store:
        assert [note.body for note in store.notes()] == ["sealed"]


def test_a_copy_of_the_first_version_is_read_back(tmp_path: Path) -> None:
    kept = ("series", "decisions", "generations", "contacts", "snoozes", "newcomers", "assignments")
    content = {table: [list(row.values()) for row in ROWS[table]] for table in kept}
    (tmp_path / "decisions.json").write_text(json.dumps({"version": 1, "tables": content}), "utf-8")
    with Store(tmp_path, NOW) as store:
        assert store.rebuilt
        assert store.notes() == []
    found = rows_in(tmp_path)
    assert found["series"] == [{**ROWS["series"][0], "etag": UNCERTAIN}]
    for table in kept[1:]:
        assert found[table] == ROWS[table], table


def test_a_copy_of_this_version_brings_notes_topics_and_pauses_back(tmp_path: Path) -> None:
    from calsync.state.store import ToldRow

    told = ToldRow("connect-1-0-2026-11-10", "Ana Sousa", "weekend-1", NOW)
    with Store(tmp_path, NOW) as store:
        store.log_turn("Ana Sousa", NOW, "personal", "sealed note")
        store.pause("Ben", date(2026, 11, 9))
        store.keep_topics([told], NOW, datetime(2025, 1, 1, tzinfo=UTC))
    (tmp_path / "calsync.db").unlink()
    with Store(tmp_path, NOW) as store:
        assert store.rebuilt
        assert [(note.person, note.at, note.body) for note in store.notes()] == [("Ana Sousa", NOW, "sealed note")]
        assert store.pauses() == {"Ben": date(2026, 11, 9)}
        assert store.topics_told() == [told]
        turn = store.last_turn("ana  sousa")
        assert turn is not None
        assert turn.note is not None


@pytest.mark.parametrize("version", [0, 4, "2", None])
def test_a_copy_of_an_unknown_version_is_set_aside_whole(tmp_path: Path, version: object) -> None:
    (tmp_path / "decisions.json").write_text(json.dumps({"version": version, "tables": {}}), "utf-8")
    with Store(tmp_path, NOW) as store:
        assert not store.rebuilt
    assert [path.name for path in tmp_path.glob("decisions.json*")] == [f"decisions.json.damaged-{NOW:%Y%m%dT%H%M%S}"]
