"""A change that Google refuses half-way leaves one series open, and does not keep the others from being written."""

from __future__ import annotations

from calsync.ports import OutcomeState, SeriesWrite
from tests.contract.samples import series
from tests.providers.google.rig import AFTER, BEFORE, KEY, Rig, rig
from tests.servers.google import Fault

# pytest finds a fixture where its name is.
__all__ = ["rig"]


def test_whichever_request_of_a_change_is_refused_the_next_series_is_written(rig: Rig) -> None:
    etag = rig.create(BEFORE).etag
    seen = []
    for number in range(4, 10):
        other = series(f"{KEY[:-1]}{number}")
        rig.server.fail_next(Fault.FORBIDDEN, skip=number)
        first, second = rig.write(SeriesWrite(KEY, BEFORE, AFTER, etag), SeriesWrite(other.key, None, other))
        rig.server.behave()
        if first.error.startswith("Google refuses it:"):
            seen.append(first.state)
            assert second.state is OutcomeState.DONE
    assert OutcomeState.UNCLEAR in seen
