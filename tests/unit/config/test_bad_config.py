"""Each broken configuration is refused with every problem, on its line, with what was expected there.

`NNN-slug.yaml` is the configuration, `NNN-slug.txt` beside it has a line for each problem: `LINE: KEY: TEXT`.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from calsync.config.load import load_config
from calsync.config.offers import PROVIDERS
from calsync.errors import ConfigError

FOLDER = Path(__file__).resolve().parents[2] / "bad_config"
FILES = sorted(FOLDER.glob("*.yaml"))
KINDS = {kind: frozenset(rules.keys) for kind, rules in PROVIDERS.items()}


def test_there_are_at_least_sixty_and_each_has_its_expected_text() -> None:
    assert len(FILES) >= 60
    assert sorted(FOLDER.glob("*.txt")) == [file.with_suffix(".txt") for file in FILES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_broken_configuration_is_refused_with_all_its_problems(file: Path, tmp_path: Path) -> None:
    expected = file.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    with pytest.raises(ConfigError) as caught:
        load_config(
            file,
            snapshot_folder=tmp_path,
            today=date(2026, 12, 7),
            provider_kinds=KINDS,
            system_zone="Europe/Berlin",
        )
    problems = caught.value.problems
    assert [f"{p.line}: {p.key}: {p.text}" if p.key else f"{p.line}: {p.text}" for p in problems] == expected
    assert str(caught.value).splitlines() == [f"{file}:{line}" for line in expected]
    assert [p.line for p in problems] == sorted(p.line for p in problems)
    assert str(caught.value).replace("\n", "").isprintable()
    assert caught.value.exit_code == 2
    assert caught.value.next_step
    assert list(tmp_path.iterdir()) == [], "nothing is kept of a configuration that is refused"


def test_no_message_shows_a_password() -> None:
    texts = [file.with_suffix(".txt").read_text(encoding="utf-8") for file in FILES]
    assert any("hunter2" in file.read_bytes().decode("utf-8", "replace") for file in FILES)
    assert not any("hunter2" in text for text in texts)
