"""JSON batches on the Graph test server.

Decided here, as no source says it: parts that do not depend on each other are carried out in an order of their own,
which a hash decides, as are the answers; so nobody can rely on the order of the request.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from tests.servers.graph_http import Refusal, Reply, Seen, seen_of

__all__ = ["batch", "parts_of"]

_LARGEST = 20


def parts_of(seen: Seen) -> list[Seen]:
    """The requests in a batch, as if each had come alone; a Refusal when the batch is none."""
    body = seen.json
    asked = body.get("requests") if isinstance(body, dict) else None
    # microsoft-graph-docs, json-batching: 20 requests at most, each with an id of its own.
    if not isinstance(asked, list) or not 1 <= len(asked) <= _LARGEST:
        count = len(asked) if isinstance(asked, list) else 0
        raise _bad(f"Batch request limit is {_LARGEST}, and at least 1; it has {count}.")
    ids = [str(one.get("id", "")).lower() for one in asked]
    if len(set(ids)) < len(ids) or "" in ids:
        raise _bad("Request ids must be there and unique.")
    for one in asked:
        if any(name.lower() not in ids for name in one.get("dependsOn") or ()):
            raise _bad(f"Request {one['id']} depends on a request that is not there.")
        writes = one.get("method", "GET").upper() in ("POST", "PATCH", "PUT")
        has_type = "Content-Type" in (one.get("headers") or {})
        if writes and (one.get("body") is None or not has_type):
            # Softeria/ms-365-mcp-server#677, msgraph-sdk-dotnet#2628: the whole batch is refused for it; and
            # microsoft-graph-docs-contrib#8032: the name must be written just so.
            raise _bad(f"Write request id : {one['id']} does not contain Content-Type header or body.")
        if str(one.get("url", "")).lstrip("/").startswith(("v1.0/", "https:")):
            # microsoft-graph-docs, json-batching: it follows the version.
            raise _bad(f"The url of request {one['id']} must be relative to the version.")
    return [_part(one, seen) for one in asked]


def _part(one: dict[str, Any], whole: Seen) -> Seen:
    headers = {name.lower(): str(value) for name, value in (one.get("headers") or {}).items()}
    # microsoft-graph-docs, json-batching: the outer Authorization holds for every part; no other header does.
    headers["authorization"] = whole.headers.get("authorization", "")
    body = b"" if one.get("body") is None else json.dumps(one["body"]).encode()
    return seen_of(str(one.get("method", "GET")).upper(), "/v1.0/" + str(one["url"]).lstrip("/"), headers, body)


def batch(seen: Seen, number: int, run: Callable[[int, Seen], Reply]) -> Reply:
    """Carry out every part and answer 200, whatever became of them (microsoft-graph-docs, json-batching)."""
    asked = seen.json["requests"]
    done: dict[str, Reply] = {}
    left = sorted(range(len(asked)), key=lambda at: _chance(number, "run", asked[at]["id"]))
    while left:
        ready = [at for at in left if all(name in done for name in asked[at].get("dependsOn") or ())]
        if not ready:
            raise _bad("The requests depend on each other in a circle.")
        at = ready[0]
        left.remove(at)
        one, part = asked[at], seen.parts[at]
        if any(done[name].status >= 400 for name in one.get("dependsOn") or ()):
            # microsoft-graph-docs, json-batching: what depends on a failed request fails with 424.
            error = Refusal(424, "FailedDependency", "A request that this one depends on has failed.")
            done[str(one["id"])] = error.reply(number)
        else:
            done[str(one["id"])] = run(at, part)
        part.status = done[str(one["id"])].status
    answers = []
    for name in sorted(done, key=lambda name: _chance(number, "answer", name)):
        reply = done[name]
        answer: dict[str, Any] = {"id": name, "status": reply.status}
        answer["headers"] = {
            **reply.headers,
            **({"Content-Type": "application/json"} if reply.body is not None else {}),
        }
        if reply.body is not None:
            answer["body"] = reply.body
        answers.append(answer)
    return Reply(200, {"responses": answers})


def _chance(number: int, what: str, name: object) -> str:
    return hashlib.sha256(f"{number}/{what}/{name}".encode()).hexdigest()


def _bad(what: str) -> Refusal:
    return Refusal(400, "BadRequest", what)
