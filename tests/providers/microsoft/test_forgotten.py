"""A server that says it has forgotten something, where there is nothing that it had to remember."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from calsync.errors import ProviderError
from calsync.ports import SeriesWrite
from providers.microsoft.provider import MicrosoftProvider
from tests.contract.samples import WINDOW, series
from tests.providers.microsoft.conftest import Make
from tests.servers.detour import MICROSOFT_HOSTS, detour
from tests.servers.graph import GraphServer

ASKED: dict[str, Callable[[MicrosoftProvider], object]] = {
    "calendars": lambda one: one.calendars(),
    "owned": lambda one: one.owned(""),
    "named": lambda one: one.read("", WINDOW, None),
    "write": lambda one: one.write("", [SeriesWrite(series().key, None, series())]),
    "people": lambda one: one.people(),
}


def forgetful(graph: GraphServer, status: int) -> Callable[[], requests.Session]:
    """Sessions whose every answer but those of a delta is that nothing is known."""

    def spoil(answer: requests.Response, **_: object) -> None:
        if "/delta" not in answer.url:
            assert answer.content
            answer.status_code = status
            answer._content = b'{"error": {"code": "SyncStateNotFound", "message": "..."}}'

    def made() -> requests.Session:
        session = detour(graph.url, MICROSOFT_HOSTS)()
        session.hooks["response"].append(spoil)
        return session

    return made


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("asked", ASKED)
def test_what_is_forgotten_where_nothing_is_remembered_is_a_failure_like_any_other(
    graph: GraphServer, make: Make, asked: str, status: int
) -> None:
    options = {"calendar": "Blocks"} if asked == "named" else None
    with pytest.raises(ProviderError, match="work: ") as error:
        ASKED[asked](make(options=options, http=forgetful(graph, status)))
    assert error.value.next_step
