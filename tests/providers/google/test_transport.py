"""How google-api-python-client speaks through calsync's wire."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from calsync.errors import SignInNeeded, Unreachable
from calsync.model import Span
from calsync.ports import OutcomeState, SeriesWrite
from calsync.wire import Answer, NoAnswer, Wire
from providers.google.calls import Calls
from providers.google.errors import Rejected
from providers.google.provider import GoogleProvider
from providers.google.transport import Transport, asks_for_patience
from tests.contract.samples import WINDOW, series
from tests.contract.suite import context
from tests.providers.google.canned import Canned, refusal
from tests.providers.google.rig import KEY, Rig, rig
from tests.servers.detour import GOOGLE_HOSTS, detour
from tests.servers.google import Fault

# pytest finds a fixture where its name is.
__all__ = ["rig"]

PROJECT = Path(__file__).resolve().parents[3]


class _Access:
    """Gives the next token each time it is renewed."""

    def __init__(self) -> None:
        self.number = 1

    def authorization(self) -> str:
        return f"Bearer t{self.number}"

    def renew(self) -> None:
        self.number += 1


OK = (200, {"Content-Type": "application/json", "ETag": '"e"'}, b"{}")


def send(canned: Canned, method: str, uri: str = "https://www.googleapis.com/x", **more: Any) -> tuple[Any, bytes]:
    return Transport(Wire("work", canned.http), _Access()).request(uri, method, **more)


def test_a_request_carries_the_token_and_one_length() -> None:
    canned = Canned([OK])
    response, body = send(
        canned, "POST", body='{"ä": 1}', headers={"Content-Length": "99", "Content-Type": "application/json"}
    )
    assert (response.status, response["etag"], body) == (200, '"e"', b"{}")
    (asked,) = canned.asked
    assert asked.headers["Authorization"] == "Bearer t1"
    assert asked.headers["Content-Length"] == str(len('{"ä": 1}'.encode()))
    assert asked.body == '{"ä": 1}'.encode()


def test_a_refused_token_is_renewed_once_for_any_request() -> None:
    for method in ("GET", "POST", "PATCH", "DELETE"):
        canned = Canned([refusal(401, "authError"), OK])
        assert send(canned, method)[0].status == 200
        assert [asked.headers["Authorization"] for asked in canned.asked] == ["Bearer t1", "Bearer t2"]
        canned = Canned([refusal(401, "authError")])
        assert send(canned, method)[0].status == 401
        assert len(canned.asked) == 2


@pytest.mark.parametrize(
    ("method", "uri", "headers", "tries"),
    [
        ("GET", "https://www.googleapis.com/calendar/v3/calendars/primary/events", {}, 4),
        ("POST", "https://www.googleapis.com/calendar/v3/freeBusy?alt=json", {}, 4),
        ("POST", "https://www.googleapis.com/x", {"x-http-method-override": "GET"}, 4),
        ("POST", "https://www.googleapis.com/calendar/v3/calendars/primary/events", {}, 1),
        ("PATCH", "https://www.googleapis.com/calendar/v3/calendars/primary/events/freeBusy", {}, 1),
        ("DELETE", "https://www.googleapis.com/x", {}, 1),
    ],
)
def test_only_what_is_safe_to_repeat_is_repeated(method: str, uri: str, headers: dict[str, str], tries: int) -> None:
    canned = Canned([refusal(503, "backendError")])
    assert send(canned, method, uri, headers=headers)[0].status == 503
    assert len(canned.asked) == tries


@pytest.mark.parametrize("reason", ["userRateLimitExceeded", "rateLimitExceeded"])
def test_a_403_about_a_rate_is_a_429(reason: str) -> None:
    canned = Canned([refusal(403, reason), OK])
    wire = Wire("work", canned.http, not_done=asks_for_patience)
    assert Transport(wire, _Access()).request("https://www.googleapis.com/x", "POST")[0].status == 200


@pytest.mark.parametrize("body", [b"", b"[]", b'{"error": "x"}', b'{"error": {"errors": [7]}}', b"<html>"])
def test_a_403_without_sense_asks_for_nothing(body: bytes) -> None:
    assert not asks_for_patience(Answer(403, {}, body, ""))
    assert Rejected(403, {}, body).line == "HTTP 403, no reason given"


def test_an_answer_that_is_lost_is_not_asked_for_again_by_a_library_in_between(rig: Rig) -> None:
    """httplib2 would send the POST a second time."""
    rig.server.fail_next(Fault.ANSWER_LOST)
    assert rig.create(series(KEY)).state is OutcomeState.DONE
    assert rig.names().count("events.insert") == 1


def test_a_question_too_long_for_an_address_is_asked_all_the_same(rig: Rig) -> None:
    calls = Calls("work", Transport(Wire("work", detour(rig.server.url, GOOGLE_HOSTS)), _Access()))
    access = rig.server.token()
    calls.transport._access.authorization = lambda: f"Bearer {access}"  # type: ignore[method-assign]
    pages = list(calls.list_events("primary", q="x" * 2500))
    assert [page["items"] for page in pages] == [[]]
    assert rig.server.requests[-1].query["q"] == ["x" * 2500]


def test_a_list_without_an_end_is_given_up(tmp_path: Path) -> None:
    canned = Canned([(200, {}, json.dumps({"items": [], "nextPageToken": "again"}).encode())])
    provider = GoogleProvider("work", {"account": "a@b"}, context(tmp_path), http=canned.http, access=_Access())
    with pytest.raises(Unreachable, match="work: Google's list has no end"):
        provider.read("", WINDOW, None)


def test_no_token_means_that_nothing_was_sent(tmp_path: Path) -> None:
    class Broken(_Access):
        def authorization(self) -> str:
            raise NoAnswer("work: oauth2.googleapis.com did not answer", "check the network")

    canned = Canned([OK])
    provider = GoogleProvider("work", {"account": "a@b"}, context(tmp_path), http=canned.http, access=Broken())
    (outcome,) = provider.write("", [SeriesWrite(KEY, None, series(KEY))])
    assert (outcome.state, outcome.error) == (
        OutcomeState.FAILED,
        "not sent: work: oauth2.googleapis.com did not answer",
    )
    assert canned.asked == []


def test_an_account_that_has_not_signed_in_is_named_before_anything_is_asked(rig: Rig, tmp_path: Path) -> None:
    http = detour(rig.server.url, GOOGLE_HOSTS)
    provider = GoogleProvider("work", {"account": "maya@example.com"}, context(tmp_path), http=http)
    for ask in (
        lambda: provider.read("", WINDOW, None),
        provider.calendars,
        lambda: provider.busy(["ana@example.com"], Span(WINDOW.start, WINDOW.end)),
    ):
        with pytest.raises(SignInNeeded, match=r"work: maya@example\.com has not signed in at Google yet"):
            ask()
    assert rig.server.requests == []


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    heavy = ("google", "googleapiclient", "httplib2", "icalendar", "recurring_ical_events", "requests", "stamina")
    program = f"import sys, providers.google.provider; sys.exit(bool(set({heavy!r}) & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == 0


def test_the_service_is_made_once_a_provider(rig: Rig) -> None:
    provider = rig.provider()
    provider.read("", rig.window, None)
    calls = provider._calls()
    assert calls.events is calls.events
    assert repr(provider) == "GoogleProvider('work')"
    provider.close()
    provider.read("", rig.window, None)
    assert provider.requests == 2
