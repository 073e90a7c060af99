"""One setup of a configuration at a time, and none where nothing could be kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync.errors import Busy, StateError
from calsync.setup.alone import alone, check_places


def test_a_second_setup_of_a_configuration_is_refused_until_the_first_is_over(tmp_path: Path) -> None:
    config = tmp_path / "calsync" / "config.yaml"
    with alone(config):
        with pytest.raises(Busy, match="is under way"), alone(config):
            pass
        with alone(tmp_path / "other" / "config.yaml"):
            pass
    with alone(config):
        pass


def test_a_folder_that_was_made_for_nothing_is_gone_again_and_one_that_is_used_stays(tmp_path: Path) -> None:
    config = tmp_path / ".config" / "calsync" / "config.yaml"
    with alone(config):
        pass
    assert list(tmp_path.iterdir()) == []
    with alone(config):
        config.touch()
    assert config.exists()


def test_a_place_where_no_folder_can_be_is_told_at_once(tmp_path: Path) -> None:
    check_places(tmp_path / "new" / "folder", tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="file/state: nothing can be written here") as told:
        check_places(tmp_path, tmp_path / "file" / "state")
    assert told.value.next_step == "make the folder writable, or name others with --config and --state"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
