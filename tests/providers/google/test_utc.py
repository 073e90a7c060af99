"""A leader whose clock is UTC, by whichever of its names: what a computer in a data centre is set to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calsync.ports import OutcomeState, SeriesWrite
from tests.contract.samples import series
from tests.providers.google.rig import KEY, Rig, rig

__all__ = ["rig"]


@pytest.mark.parametrize("name", ["UTC", "Etc/UTC", "GMT", "Zulu"])
def test_a_series_in_utc_is_made_changed_and_found_by_any_name_of_it(rig: Rig, name: str) -> None:
    one = series(KEY, timezone=name)
    (made,) = rig.write(SeriesWrite(KEY, None, one))
    assert made.state is OutcomeState.DONE, made
    (again,) = rig.write(SeriesWrite(KEY, None, one))
    assert again.state is OutcomeState.DONE, again
    other = replace(one, title="Walk")
    (changed,) = rig.write(SeriesWrite(KEY, one, other, made.etag))
    assert changed.state is OutcomeState.DONE, changed
    (found,) = rig.provider().owned("")
    assert found.series == replace(other, timezone="UTC")
