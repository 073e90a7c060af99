"""A Graph server for the adapter's own tests, and providers on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from providers.microsoft.provider import MicrosoftProvider
from tests.servers.context import context
from tests.servers.graph import GraphServer
from tests.servers.graph_access import provider

Make = Callable[..., MicrosoftProvider]


@pytest.fixture
def graph() -> Iterator[GraphServer]:
    """A server with one mailbox. Whatever a test does: every body is one, nobody is mailed, every id is immutable."""
    server = GraphServer()
    with server.running():
        yield server
    assert not server.refused_bodies
    assert not server.mailed
    assert not server.without_immutable


@pytest.fixture
def make(graph: GraphServer, tmp_path: Path) -> Make:
    """Makes a provider on the server, as one run after another does; options and more as in `graph_access`."""

    def made(**more: object) -> MicrosoftProvider:
        options = more.pop("options", None)
        return provider(graph, context(tmp_path), options, **more)  # type: ignore[arg-type]

    return made
