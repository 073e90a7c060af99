"""JSON batches on the Graph test server: one test for each rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers.graph import Fault, GraphServer
from tests.servers.graph_client import Client, client_of, timed


@pytest.fixture
def server() -> GraphServer:
    return GraphServer()


@pytest.fixture
def client(server: GraphServer) -> Iterator[Client]:
    with client_of(server) as client:
        yield client


def part(number: int, method: str, url: str, body: Any = None, **more: Any) -> dict[str, Any]:
    headers = {"Prefer": 'IdType="ImmutableId"', **({"Content-Type": "application/json"} if body is not None else {})}
    made = {"id": str(number), "method": method, "url": url, "headers": headers, **more}
    return {**made, "body": body} if body is not None else made


def batch(client: Client, *parts: dict[str, Any]) -> dict[str, Any]:
    answer = client.ask("POST", "/$batch", {"requests": list(parts)})
    assert answer.status_code == 200, answer.text
    return {one["id"]: one for one in answer.json()["responses"]}


def test_a_batch_has_twenty_parts_at_most_and_answers_them_in_any_order(server: GraphServer, client: Client) -> None:
    parts = [
        part(n, "POST", "/me/events", timed(f"2026-12-{n:02d}", transactionId=f"calsync:k{n}")) for n in range(1, 22)
    ]
    assert client.error("POST", "/$batch", {"requests": parts})[0] == 400
    answer = client.ask("POST", "/$batch", {"requests": parts[:20]}).json()["responses"]
    assert {one["status"] for one in answer} == {201}
    assert [one["id"] for one in answer] != [one["id"] for one in parts[:20]]
    assert {one["body"]["id"] for one in answer} == {server.hand.name_of(f"k{n}") for n in range(1, 21)}
    assert [seen.path for seen in server.requests] == ["/v1.0/$batch"] * 2
    assert [seen.status for seen in server.requests[1].parts] == [201] * 20
    assert server.peak == 4


def test_what_depends_on_a_failed_part_fails_too_and_each_part_needs_its_own_headers(
    server: GraphServer, client: Client
) -> None:
    parts = (
        part(1, "GET", "/me/events/AAkALgAAnowhere"),
        part(2, "POST", "/me/events", timed("2026-12-01"), dependsOn=["1"]),
        part(3, "GET", "/me/calendar", headers={}),
        part(4, "POST", "/me/events", timed("2026-12-02"), dependsOn=["3"]),
    )
    found = batch(client, *parts)
    assert [found[n]["status"] for n in "1234"] == [404, 424, 200, 201]
    assert server.without_immutable == ["GET /v1.0/me/calendar"]
    assert len(server.hand.names()) == 1
    bare = {"id": "1", "method": "POST", "url": "/me/events", "body": timed("2026-12-01")}
    small = {**bare, "headers": {"content-type": "application/json"}}
    empty = {"id": "1", "method": "POST", "url": "/me/events", "headers": {"Content-Type": "application/json"}}
    for wrong in (
        [bare],
        [small],
        [empty],
        [part(1, "GET", "/v1.0/me")],
        [parts[0], parts[0]],
        [part(1, "GET", "/me", dependsOn=["9"])],
        [],
    ):
        assert client.error("POST", "/$batch", {"requests": wrong})[0] == 400


def test_parts_go_wrong_one_by_one_and_whole_batches_get_lost(server: GraphServer, client: Client) -> None:
    parts = [
        part(n, "POST", "/me/events", timed(f"2026-12-{n:02d}", transactionId=f"calsync:k{n}")) for n in range(1, 5)
    ]
    for position, fault in enumerate((Fault.THROTTLED, Fault.UNAVAILABLE, Fault.ANSWER_LOST)):
        server.fail_next(fault, part=position, retry_after="3")
    found = batch(client, *parts)
    assert [found[n]["status"] for n in "1234"] == [429, 503, 504, 201]
    assert found["1"]["headers"]["Retry-After"] == "3"
    assert server.hand.names() == sorted(server.hand.name_of(k) for k in ("k3", "k4"))
    server.fail_next(Fault.THROTTLED)
    assert client.ask("POST", "/$batch", {"requests": parts}).status_code == 429
    made = client.get(f"/me/events/{server.hand.name_of('k3')}")
    change = part(1, "PATCH", f"/me/events/{made['id']}", {"subject": "B"})
    change["headers"]["If-Match"] = made["@odata.etag"]
    server.fail_next(Fault.STALE)
    assert batch(client, change)["1"]["status"] == 412
