"""Answers that no server is needed for: a session that gives them one after another."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from requests.adapters import BaseAdapter

__all__ = ["Canned", "refusal"]


@dataclass
class Canned(BaseAdapter):
    """Gives `answers` (status, headers, body) in order, the last one again and again; keeps what was asked."""

    answers: list[tuple[int, Mapping[str, str], bytes]]
    asked: list[requests.PreparedRequest] = field(default_factory=list)

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        self.asked.append(request)
        status, headers, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        response = requests.Response()
        response.status_code = status
        response.headers.update(headers)
        response.raw = io.BytesIO(body)
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        return

    @property
    def http(self) -> Callable[[], requests.Session]:
        def make() -> requests.Session:
            session = requests.Session()
            session.trust_env = False
            session.mount("https://", self)
            return session

        return make


def refusal(
    status: int, reason: str, message: str = "No.", *, detail: str = "", **headers: str
) -> tuple[int, Mapping[str, str], bytes]:
    """An error answer as Google gives it; `detail` is the reason in a google.rpc.ErrorInfo."""
    error: dict[str, Any] = {"errors": [{"domain": "global", "reason": reason, "message": message}]}
    error |= {"code": status, "message": message}
    if detail:
        error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": detail}]
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, named, json.dumps({"error": error}).encode()
