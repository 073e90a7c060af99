"""What `doctor --live` tries on a Google calendar: the answers of the loopback account, and nothing left behind."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from calsync.accounts import Probed
from calsync.errors import CalsyncError, ProviderError
from calsync.grants import GrantFile
from providers.google.probes import probe
from tests.servers.context import context
from tests.servers.detour import GOOGLE_HOSTS, detour
from tests.servers.google import Fault, GoogleServer
from tests.servers.google_fixtures import server

__all__ = ["server"]

DAY = date(2028, 1, 17)
ANSWERS = [
    (
        "Does the id of an event stay taken after it was deleted?",
        "made again with the same id: refused (HTTP 409, duplicate); asked for by its id it is cancelled",
        True,
    ),
    ('Are two conditions on private properties joined by "and" or by "or"?', 'joined by "and"', None),
    ("Does a list show an event as soon as it was made?", "yes, at the first look", None),
    (
        "With which error does an account without focus time refuse it?",
        "it was refused (HTTP 400, eventTypeRestriction)",
        True,
    ),
    ("Does a list by iCalUID find the cancelled dates of a series?", "no", None),
    ("Does a list from a day on bring the cancelled dates after that day?", "yes", True),
    (
        "Can a cancelled date be made to take place again?",
        "it is done (HTTP 200); asked for by its id it is confirmed",
        True,
    ),
    ("Does a change of one date give its series another version (ETag)?", "no", None),
]


def tried(server: GoogleServer, folder: Path, calendar: str = "") -> Generator[Probed]:
    GrantFile(folder, "google", server.email).write(
        {
            "kind": "user",
            "account": server.email,
            "client_id": server.client_id,
            "client_secret": server.client_secret,
            "refresh_token": next(iter(server.refresh_tokens)),
        }
    )
    options = {"account": server.email, **({"calendar": calendar} if calendar else {})}
    return probe("work", options, context(folder), DAY, "ab12cd34", http=detour(server.url, GOOGLE_HOSTS))


def test_each_question_is_asked_and_nothing_is_left(server: GoogleServer, tmp_path: Path) -> None:
    assert [(one.question, one.seen, one.agrees) for one in tried(server, tmp_path)] == ANSWERS
    assert server.hand.names("") == []
    assert not server.refused_bodies
    assert not server.mailed
    assert {body.body["summary"] for body in server.bodies if "summary" in body.body} == {"calsync check"}


def test_the_answers_follow_the_account(server: GoogleServer, tmp_path: Path) -> None:
    server.workspace, server.cancelled_dates_have_uid = True, True
    said = {one.question: one.seen for one in tried(server, tmp_path)}
    assert said["With which error does an account without focus time refuse it?"] == (
        "it was made, as an event of the type focusTime"
    )
    assert said["Does a list by iCalUID find the cancelled dates of a series?"] == "yes"
    assert server.hand.names("") == []


def test_another_calendar_is_tried_by_its_name(server: GoogleServer, tmp_path: Path) -> None:
    server.add_calendar("scratch@group.calendar.google.com", "Scratch", role="owner")
    assert len(list(tried(server, tmp_path, "scratch"))) == len(ANSWERS)
    assert all("scratch" in one.path for one in server.bodies)


@pytest.mark.parametrize("answered", range(1, len(ANSWERS)))
def test_whoever_stops_half_way_leaves_nothing(server: GoogleServer, tmp_path: Path, answered: int) -> None:
    answers = tried(server, tmp_path)
    for _ in range(answered):
        next(answers)
    answers.close()
    assert server.hand.names("") == []


@pytest.mark.parametrize("request_number", range(2, 24, 3))
def test_a_failure_half_way_leaves_nothing(server: GoogleServer, tmp_path: Path, request_number: int) -> None:
    server.fail_at(request_number, Fault.ANSWER_LOST)
    with suppress(CalsyncError):
        list(tried(server, tmp_path))
    assert server.hand.names("") == []


def test_what_cannot_be_removed_is_named(server: GoogleServer, tmp_path: Path) -> None:
    answers = tried(server, tmp_path)
    for _ in range(3):
        next(answers)
    server.drop_calendar(server.email)
    server.add_calendar(server.email, "Maya", primary=True, role="reader")
    with pytest.raises(ProviderError) as caught:
        answers.close()
    assert caught.value.what == ("work: 3 events called calsync check, from 2028-01-17 on, could not be removed")
    assert caught.value.next_step == "remove them in the calendar by hand"
