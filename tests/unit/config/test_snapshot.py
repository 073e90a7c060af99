"""The snapshot is a copy that saves time, and never anything else."""

from __future__ import annotations

import stat
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from calsync.config.load import load_config
from calsync.config.offers import PROVIDERS
from calsync.config.snapshot import FILE_NAME
from calsync.config.values import Config
from calsync.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]
KINDS = {kind: frozenset(rules.keys) for kind, rules in PROVIDERS.items()}
TODAY = date(2026, 12, 7)
WITH: dict[str, Any] = {"today": TODAY, "provider_kinds": KINDS, "system_zone": "Europe/Berlin"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_bytes((ROOT / "config.example.yaml").read_bytes())
    return path


def load(file: Path, **changes: Any) -> Config:
    return load_config(file, snapshot_folder=file.parent / "state", **{**WITH, **changes})


def snapshot(file: Path) -> Path:
    return file.parent / "state" / FILE_NAME


def test_what_comes_from_the_snapshot_equals_what_came_from_the_file(file: Path) -> None:
    first = load(file)
    kept = snapshot(file).read_bytes()
    assert load(file) == first == load_config(file, **WITH)
    assert first.free_days
    assert snapshot(file).read_bytes() == kept
    assert list((file.parent / "state").iterdir()) == [snapshot(file)]


def test_only_its_owner_can_read_it(file: Path) -> None:
    load(file)
    assert stat.S_IMODE(snapshot(file).stat().st_mode) == 0o600
    assert stat.S_IMODE(snapshot(file).parent.stat().st_mode) == 0o700


PROGRAM = """
import sys
from datetime import date
from pathlib import Path
from calsync.config.load import load_config
kinds = {kind: {"account", "path", "url", "username"} for kind in ("caldav", "google", "ics", "microsoft")}
config = load_config(
    Path(sys.argv[1]), snapshot_folder=Path(sys.argv[1]).parent / "state", today=date(2026, 12, 7),
    provider_kinds={kind: frozenset(keys) for kind, keys in kinds.items()},
)
assert len(config.people) == 2
print(" ".join(name for name in ("pydantic", "ruamel.yaml", "holidays", "difflib") if name in sys.modules))
"""


def test_a_second_load_imports_neither_the_schema_nor_the_parser_nor_the_holiday_tables(file: Path) -> None:
    def modules() -> list[str]:
        command = [sys.executable, "-W", "error", "-c", PROGRAM, str(file)]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return result.stdout.split()

    assert modules() == ["pydantic", "ruamel.yaml", "holidays", "difflib"]
    assert modules() == []


def test_any_change_of_the_file_is_seen(file: Path) -> None:
    before = load(file)
    file.write_bytes(file.read_bytes().replace(b"max: 28d", b"max: 29d"))
    after = load(file)
    assert (before.people[0].max_days, after.people[0].max_days) == (28, 29)
    file.write_bytes(file.read_bytes().replace(b"max: 29d", b"max: 2d"))
    with pytest.raises(ConfigError):
        load(file)


def test_a_new_year_brings_its_holidays(file: Path) -> None:
    assert date(2029, 12, 25) not in load(file).free_days
    assert date(2029, 12, 25) in load(file, today=date(2027, 1, 1)).free_days


def test_a_provider_that_is_gone_is_noticed(file: Path) -> None:
    load(file)
    with pytest.raises(ConfigError, match="unknown provider"):
        load(file, provider_kinds={"ics": KINDS["ics"]})


def test_the_zone_of_the_system_matters_only_where_the_file_names_none(file: Path) -> None:
    load(file)
    kept = snapshot(file).read_bytes()
    assert load(file, system_zone="Asia/Kathmandu").timezone == "Europe/Berlin"
    assert snapshot(file).read_bytes() == kept
    file.write_bytes(file.read_bytes().replace(b"timezone: Europe/Berlin\n", b""))
    assert load(file).timezone == "Europe/Berlin"
    assert load(file, system_zone="Asia/Kathmandu").timezone == "Asia/Kathmandu"
    with pytest.raises(ConfigError, match="cannot be told"):
        load(file, system_zone="")


def test_one_folder_may_serve_two_files_in_turn(file: Path) -> None:
    other = file.with_name("other.yaml")
    other.write_bytes(file.read_bytes().replace(b"Ana Sousa", b"Chi Nwosu"))
    for _ in range(2):
        assert load(file).people[0].name == "Ana Sousa"
        assert load(other).people[0].name == "Chi Nwosu"
        assert load(other).path == other


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data.replace(b"Ana Sousa", b"Ann Sousa"),
        lambda data: b"\xff" * len(data),
        lambda data: data.split(b"\n", 1)[0],
        lambda data: data.split(b"\n")[0] + b"\n" + data.split(b"\n")[1] + b"\n{}",
        lambda data: b"\n\n\n" + data,
    ],
)
def test_a_damaged_snapshot_is_passed_over_and_written_anew(file: Path, damage: Any) -> None:
    expected = load(file)
    whole = snapshot(file).read_bytes()
    snapshot(file).write_bytes(damage(whole))
    assert load(file) == expected
    assert snapshot(file).read_bytes() == whole


def test_a_snapshot_of_another_form_with_a_right_digest_is_passed_over_too(file: Path) -> None:
    import hashlib

    expected = load(file)
    whole = snapshot(file).read_bytes()
    key = whole.split(b"\n")[0]
    for body in (b"[]", b'{"system_zone": ""}', b'{"system_zone": "", "config": {"people": [[1]]}}', b"nonsense"):
        digest = hashlib.sha256(key + body).hexdigest().encode()
        snapshot(file).write_bytes(key + b"\n" + digest + b"\n" + body)
        assert load(file) == expected
        assert snapshot(file).read_bytes() == whole


def test_a_folder_that_cannot_be_written_changes_nothing_but_the_time(file: Path) -> None:
    (file.parent / "state").write_text("a file where the folder should be")
    assert load(file) == load_config(file, **WITH)


def test_a_folder_in_the_place_of_the_snapshot_is_no_obstacle(file: Path) -> None:
    snapshot(file).mkdir(parents=True)
    (snapshot(file) / "full").touch()
    assert load(file) == load_config(file, **WITH)
    assert list(snapshot(file).parent.iterdir()) == [snapshot(file)], "no temporary file is left"
