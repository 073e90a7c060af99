"""Several processes that note something at once: one key, and every note that was taken can be read."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from calsync.demo import write_demo

NOW = "2026-11-09T05:00:00+01:00"


def test_first_notes_at_once_make_one_key(tmp_path: Path, run_calsync) -> None:
    paths = write_demo(tmp_path / "demo", datetime.fromisoformat(NOW))
    at = ["--config", str(paths.config), "--state", str(paths.state)]

    def note(name: str) -> int:
        return int(run_calsync([*at, "done", name, "--note", f"with {name}", "--now", NOW]).code)

    names = ["ana", "ben", "chiara", "daniel", "ingrid", "grace"]
    with ThreadPoolExecutor(len(names)) as pool:
        codes = dict(zip(names, pool.map(note, names), strict=True))
    assert set(codes.values()) <= {0, 75}
    assert 0 in codes.values()
    key = json.loads((paths.state / "secrets.json").read_text("utf-8"))["calsync:notes"]
    assert "," not in key
    for name, code in codes.items():
        said = run_calsync([*at, "people", "export", name, "--now", NOW])
        if code == 0:
            kept = said.json()
            assert [row["note"] for row in kept["notes"]] == [f"with {name}"]
            assert kept["notes_unreadable"] == []
