"""Processes that open a state at once: one makes or mends it, and all find the same."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calsync.state.store import Store

NOW = datetime(2026, 11, 9, 4, 0, tzinfo=UTC)
OPEN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from calsync.state.store import Store
print("ready", flush=True)
sys.stdin.readline()
with Store(Path(sys.argv[1]), datetime(2026, 11, 9, 4, 0, tzinfo=UTC)) as store:
    print(len(store.contacts()))
"""


def at_once(folder: Path, count: int = 6) -> list[str]:
    """What each of `count` processes finds that open `folder` in the same instant."""
    argv = [sys.executable, "-c", OPEN, str(folder)]
    pipe = subprocess.PIPE
    started = [subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(count)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = []
    for process in started:
        out, err = process.communicate(timeout=60)
        said.append(out.strip() or err)
    return said


def test_a_new_state_is_made_once(tmp_path: Path) -> None:
    assert at_once(tmp_path / "state") == ["0"] * 6


@pytest.mark.skipif(os.name != "posix", reason="the system locks no folders")
@pytest.mark.parametrize("loss", ["gone", "damaged"])
def test_a_lost_database_is_mended_once_and_its_second_copy_stays(tmp_path: Path, loss: str) -> None:
    with Store(tmp_path, NOW) as store:
        store.log_turn("Ana Sousa", NOW, "personal")
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"calsync.db{suffix}").unlink(missing_ok=True)
    if loss == "damaged":
        (tmp_path / "calsync.db").write_bytes(b"\0" * 9999)
    assert at_once(tmp_path) == ["1"] * 6
    aside = sorted(path.name for path in tmp_path.glob("*.damaged-*") if not path.name.endswith(("-wal", "-shm")))
    assert aside == (["calsync.db.damaged-20261109T040000"] if loss == "damaged" else [])
    assert (tmp_path / "decisions.json").exists()
