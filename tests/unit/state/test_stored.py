"""What versions before this one left on disk is opened by this one: nothing is lost, and the night goes on from there.

The stored states were written by the code of their time (tests/data/state/README.md).
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

import calsync.state
from calsync.cli import main
from calsync.state.database import HEAD
from calsync.state.tables import metadata

STORED = Path(__file__).resolve().parents[2] / "data" / "state"
SCHEMAS = sorted(path.name for path in STORED.iterdir() if path.is_dir())
NIGHT = "2026-10-28T04:15:00+00:00"

Rows = Mapping[str, list[Mapping[str, Any]]]


@pytest.fixture(params=SCHEMAS)
def schema(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def leader(schema: str, tmp_path: Path) -> Path:
    """The leader's folder as that version left it: configuration, calendar, state."""
    folder = tmp_path / "leader"
    shutil.copytree(STORED / schema, folder)
    state = folder / "state"
    state.mkdir(mode=0o700)
    connection = sqlite3.connect(state / "calsync.db")
    connection.executescript((folder / "calsync.sql").read_text("utf-8"))
    connection.close()
    (folder / "calsync.sql").unlink()
    for name in ("decisions.json", "secrets.json"):
        if (folder / name).exists():
            (folder / name).rename(state / name).chmod(0o600)
    return folder


@pytest.fixture
def call(leader: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Call a command on it; answers with stdout, and holds the exit code against `code`."""

    def called(*args: str, code: int = 0) -> str:
        capsys.readouterr()
        where = ["--config", str(leader / "config.yaml"), "--state", str(leader / "state")]
        ended = main([*where, *args])
        said = capsys.readouterr()
        assert ended == code, f"{args}: {said}"
        return said.out

    return called


def rows(leader: Path) -> Rows:
    connection = sqlite3.connect(leader / "state" / "calsync.db")
    connection.row_factory = sqlite3.Row
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {
        table: [dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')]
        for table in tables
        if not table.startswith("sqlite_")
    }
    connection.close()
    return found


def blocks(leader: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in (leader / "calendars" / "work").glob("cs*.ics")}


def test_there_is_a_stored_state_of_every_schema_before_this_one() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(calsync.state.__file__).parent))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    assert known - {HEAD} <= set(SCHEMAS) <= known


def test_a_stored_state_has_rows_in_each_of_its_tables(leader: Path, schema: str) -> None:
    before = rows(leader)
    assert before["alembic_version"] == [{"version_num": schema}]
    assert [table for table, found in before.items() if not found] == []


def test_every_row_is_there_when_a_command_has_opened_it(leader: Path, call: Any) -> None:
    before = rows(leader)
    call("log")
    after = rows(leader)
    assert after.pop("alembic_version") == [{"version_num": HEAD}]
    assert set(after) == set(metadata.tables)
    for table, found in before.items():
        if table != "alembic_version":
            columns = found[0].keys()
            assert [{name: row[name] for name in columns} for row in after[table]] == found, table
    assert not list((leader / "state").glob("*.damaged-*"))


def test_a_night_runs_on_it_and_keeps_every_block_and_every_edit(leader: Path, call: Any) -> None:
    before = blocks(leader)
    call("nightly", "--now", NIGHT)
    after = blocks(leader)
    assert set(before) <= set(after)
    for name, text in before.items():
        # The leader deleted one date of the first block and moved one of the second.
        for line in re.findall(r"^(?:EXDATE|RECURRENCE-ID)[^\r\n]*", text, re.MULTILINE):
            assert line in after[name], name
    again = call("nightly", "--now", NIGHT)
    assert "Nothing to change" in again
    assert blocks(leader) == after


def test_what_was_logged_noted_and_promised_is_still_known(leader: Path, schema: str, call: Any) -> None:
    kept = json.loads(call("people", "export", "Ana Sousa", "--now", NIGHT))
    assert [contact["at"][:10] for contact in kept["contacts"]] == ["2026-10-20"]
    if schema >= "0002":
        assert kept["notes_unreadable"] == []
        [note] = kept["notes"]
        assert (note["note"], note["feel"], note["thread"]) == ("tired of meetings", 4, "her new course")
        assert [one["paused"] for one in json.loads(call("who", "--json", "--now", NIGHT))["people"]].count(True) == 1
    if schema >= "0003":
        assert [promise["text"] for promise in kept["promises"]] == ["intro to Bo"]
        assert "prefers March" in call("change", "list", "1", "--now", NIGHT)
        assert "they smiled" in call("kindness", "list", "--now", NIGHT)
    assert len(json.loads(call("log", "--json"))["runs"]) >= 3


def test_a_lost_database_comes_back_from_the_second_copy_that_version_wrote(leader: Path, call: Any) -> None:
    (leader / "state" / "calsync.db").unlink()
    before = set(blocks(leader))
    call("nightly", "--now", NIGHT)
    kept = json.loads(call("people", "export", "Ana Sousa", "--now", NIGHT))
    assert [contact["at"][:10] for contact in kept["contacts"]] == ["2026-10-20"]
    assert set(blocks(leader)) == before
    assert "Nothing to change" in call("nightly", "--now", NIGHT)
