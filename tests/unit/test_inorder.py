"""Writes one after another: one that goes wrong stops no other, and a server that says nothing is left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from calsync.errors import Malformed, ReadOnly, SignInNeeded, Unreachable
from calsync.inorder import written_in_order
from calsync.ports import Outcome, OutcomeState, SeriesWrite
from tests.contract.samples import series

DONE, UNCLEAR, FAILED = OutcomeState.DONE, OutcomeState.UNCLEAR, OutcomeState.FAILED


class Server:
    """Answers each write with the next of `answers`: an outcome, or what is raised."""

    def __init__(self, *answers: Outcome | Exception, silent: bool = False) -> None:
        self.answers = list(answers)
        self.any_done = False
        self.silent = silent

    def write(self, _change: SeriesWrite) -> Outcome:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        self.any_done = True
        return answer


def outcomes(server: Server, **more: Callable[[], bool]) -> list[tuple[OutcomeState, str]]:
    writes: list[Any] = [SeriesWrite(one.key, None, one) for one in map(series, "abc")]
    return [(o.state, o.error) for o in written_in_order(writes, server.write, lambda: server.any_done, **more)]


def test_an_unclear_one_does_not_stop_the_others_while_the_server_answers() -> None:
    server = Server(Outcome(UNCLEAR, error="a date was changed meanwhile"), Outcome(DONE), Outcome(DONE))
    assert [state for state, _ in outcomes(server, silent=lambda: server.silent)] == [UNCLEAR, DONE, DONE]


def test_an_unclear_one_stops_the_others_when_the_server_has_gone_silent() -> None:
    server = Server(Outcome(UNCLEAR, error="work: it did not answer"), silent=True)
    assert outcomes(server, silent=lambda: server.silent) == [
        (UNCLEAR, "work: it did not answer"),
        (FAILED, "not sent: work: it did not answer"),
        (FAILED, "not sent: work: it did not answer"),
    ]


def test_a_writer_that_cannot_tell_has_met_silence_when_a_write_is_unclear() -> None:
    server = Server(Outcome(UNCLEAR, error="work: it did not answer"))
    assert [state for state, _ in outcomes(server)] == [UNCLEAR, FAILED, FAILED]


def test_a_failure_stops_nothing_and_no_answer_at_all_does() -> None:
    server = Server(Malformed("work: what is this?"), Unreachable("work: it did not answer"))
    assert outcomes(server, silent=lambda: server.silent) == [
        (FAILED, "work: what is this?"),
        (FAILED, "not sent: work: it did not answer"),
        (FAILED, "not sent: work: it did not answer"),
    ]


@pytest.mark.parametrize("error", [SignInNeeded("work: no"), ReadOnly("work: no")])
def test_rights_that_end_half_way_stop_the_rest_and_are_an_error_at_the_beginning(error: Exception) -> None:
    assert outcomes(Server(Outcome(DONE), error)) == [
        (DONE, ""),
        (FAILED, "work: no"),
        (FAILED, "not sent: work: no"),
    ]
    with pytest.raises(type(error)):
        outcomes(Server(error))
