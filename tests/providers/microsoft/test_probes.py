"""What `doctor --live` tries on a Microsoft calendar: the answers of the loopback mailbox, and nothing left behind."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from calsync.accounts import Probed
from calsync.errors import CalsyncError, ProviderError
from providers.microsoft.probes import probe
from tests.servers.context import context
from tests.servers.detour import MICROSOFT_HOSTS, detour
from tests.servers.graph import Fault, GraphServer
from tests.servers.graph_access import Signed

DAY = date(2028, 1, 17)
ANSWERS = [
    ("Is a creation that is repeated to the letter answered with the event that it made?", "yes", True),
    (
        "What does another body with the same transactionId get?",
        "refused (HTTP 400 ErrorDuplicateTransactionId), with the id of the event that has it",
        True,
    ),
    ("Can both extended properties be asked for at once?", "yes", True),
    ("In what form do line ends come back in texts?", "as \\r\\n", None),
    ("How soon does a question by an extended property find what was made?", "at look 1, 0 seconds on", None),
    ("Does the list of changes work for this calendar?", "yes", True),
    (
        "Do the dates of a series carry its transactionId and its category in the list of changes?",
        "neither",
        None,
    ),
    ("Do the dates of a series share its version mark (ETag)?", "yes", None),
    ("Is a date that was moved away and back an exception for ever?", "it is of the type exception", None),
    ("Does a change of a series' times take its exceptions away?", "yes: the moved date is back in its series", None),
    (
        "Does a question for an event by its id, through its calendar, find one that was deleted?",
        "no: refused (HTTP 404 ErrorItemNotFound)",
        True,
    ),
    (
        "Does deleting an event free its transactionId?",
        "no: refused (HTTP 400 ErrorDuplicateTransactionId)",
        None,
    ),
]


def tried(server: GraphServer, folder: Path, calendar: str = "") -> Generator[Probed]:
    options = {"account": server.address, **({"calendar": calendar} if calendar else {})}
    return probe(
        "work",
        options,
        context(folder),
        DAY,
        "ab12cd34",
        http=detour(server.url, MICROSOFT_HOSTS),
        access=Signed(server),
        pause=lambda _seconds: None,
    )


def test_each_question_is_asked_and_nothing_is_left(graph: GraphServer, tmp_path: Path) -> None:
    assert [(one.question, one.seen, one.agrees) for one in tried(graph, tmp_path)] == ANSWERS
    assert graph.hand.names("") == []


def test_the_answers_follow_the_mailbox(graph: GraphServer, tmp_path: Path) -> None:
    graph.add_calendar("Blocks")
    graph.transaction_ids_stay_taken = False
    graph.occurrences_carry_transaction_id = True
    graph.occurrences_share_etag = False
    graph.duplicate_status = 409
    graph.filter_lag = 2
    said = {one.question: one.seen for one in tried(graph, tmp_path, "blocks")}
    assert said["What does another body with the same transactionId get?"].startswith("refused (HTTP 409 ")
    assert said["How soon does a question by an extended property find what was made?"] == "at look 3, 4 seconds on"
    assert said["Do the dates of a series share its version mark (ETag)?"] == "no"
    assert said["Does deleting an event free its transactionId?"] == "yes: another event was made"
    assert graph.hand.names("Blocks") == []


@pytest.mark.parametrize("answered", range(1, len(ANSWERS), 2))
def test_whoever_stops_half_way_leaves_nothing(graph: GraphServer, tmp_path: Path, answered: int) -> None:
    answers = tried(graph, tmp_path)
    for _ in range(answered):
        next(answers)
    answers.close()
    assert graph.hand.names("") == []


@pytest.mark.parametrize("request_number", range(2, 22, 3))
def test_a_refusal_half_way_leaves_nothing(graph: GraphServer, tmp_path: Path, request_number: int) -> None:
    graph.fail_at(request_number, Fault.FORBIDDEN)
    with suppress(CalsyncError):
        list(tried(graph, tmp_path))
    assert graph.hand.names("") == []


@pytest.mark.parametrize("request_number", [1, 2, 5, 8, 16])
def test_an_answer_that_is_lost_leaves_nothing_either(graph: GraphServer, tmp_path: Path, request_number: int) -> None:
    graph.filter_lag = 2
    graph.fail_at(request_number, Fault.ANSWER_LOST)
    with suppress(CalsyncError):
        list(tried(graph, tmp_path))
    assert graph.hand.names("") == []


def test_what_cannot_be_removed_is_named(graph: GraphServer, tmp_path: Path) -> None:
    answers = tried(graph, tmp_path)
    next(answers)
    graph.fail_next(Fault.FORBIDDEN)
    with pytest.raises(ProviderError) as caught:
        answers.close()
    assert caught.value.what == "work: 1 events called calsync check, from 2028-01-17 on, could not be removed"
    assert caught.value.next_step == "remove them in the calendar by hand"
