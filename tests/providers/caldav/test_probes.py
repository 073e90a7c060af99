"""What `doctor --live` tries on a CalDAV calendar: the answers of Radicale and Xandikos, and nothing left behind."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date
from pathlib import Path

import pytest

from calsync.accounts import Probed
from providers.caldav.probes import probe
from tests.servers.context import context
from tests.servers.fixtures import CalDavCalendar

DAY = date(2028, 1, 17)


def tried(place: CalDavCalendar, folder: Path) -> Generator[Probed]:
    return probe("work", place.options, context(folder, place.password), DAY, "ab12cd34")


def test_radicale_answers_and_nothing_is_left(radicale: CalDavCalendar, tmp_path: Path) -> None:
    said = [(one.question, one.seen, one.agrees) for one in tried(radicale, tmp_path)]
    assert said == [
        ("Does a creation (If-None-Match: *) overwrite what stands there?", "no: refused (HTTP 412)", None),
        ("What comes with the answer to a write?", "the version mark by which it stands", None),
        ("Is a change on the condition of an old version refused?", "yes: refused (HTTP 412)", True),
        ("Are a series' override and cancelled date kept?", "override and cancelled date kept", True),
        ("Does the server add an alarm?", "no", None),
        ("Is the category kept, and the class?", "category kept, class kept", None),
        (
            "Does the list of changes (sync-collection) have what was made and what was deleted?",
            "it has what was made and what was deleted",
            True,
        ),
        ("What does a token that the server does not know get?", "refused (HTTP 403, valid-sync-token)", None),
        ("Is an event with the UID of another one refused?", "yes: refused (HTTP 409, no-uid-conflict)", None),
        ("Can a name be used again after its event was deleted?", "yes", None),
    ]
    assert list(radicale.hand.names(radicale.path)) == []


def test_xandikos_answers_and_nothing_is_left(xandikos: CalDavCalendar, tmp_path: Path) -> None:
    said = {one.question: (one.seen, one.agrees) for one in tried(xandikos, tmp_path)}
    assert said["Does a creation (If-None-Match: *) overwrite what stands there?"] == ("no: refused (HTTP 412)", None)
    assert said["What does a token that the server does not know get?"] == (
        "refused (HTTP 412, valid-sync-token)",
        None,
    )
    assert list(xandikos.hand.names(xandikos.path)) == []


@pytest.mark.parametrize("answered", [1, 4, 7, 9])
def test_whoever_stops_half_way_leaves_nothing(radicale: CalDavCalendar, tmp_path: Path, answered: int) -> None:
    answers = tried(radicale, tmp_path)
    for _ in range(answered):
        next(answers)
    answers.close()
    assert list(radicale.hand.names(radicale.path)) == []
