"""What a leader meets when Google says no: each reason has its own line, its next step and its kind of error."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calsync.errors import Malformed, NotFound, ProviderError, ReadOnly, SignInNeeded, Unreachable
from calsync.ports import OutcomeState, SeriesWrite
from calsync.wire import Wire
from providers.google.errors import Rejected, told
from providers.google.provider import GoogleProvider
from providers.google.reading import Reader
from tests.contract.samples import WINDOW, series, single
from tests.contract.suite import context
from tests.providers.google.canned import Canned, refusal
from tests.providers.google.rig import FAMILY, KEY, Rig, rig
from tests.servers.google import Fault

# pytest finds a fixture where its name is.
__all__ = ["rig"]

AUTH = "https://www.googleapis.com/auth/"
SIGN_IN = "run `calsync calendars sign-in work`"
ANSWERS: dict[str, tuple[tuple[int, Mapping[str, str], bytes], type[ProviderError], str, str]] = {
    "unauthorized": (refusal(401, "authError"), SignInNeeded, "work: Google does not let maya@example.com in", SIGN_IN),
    "scope": (
        refusal(403, "insufficientPermissions", detail="ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
        SignInNeeded,
        "work: the sign-in of maya@example.com does not cover primary",
        SIGN_IN,
    ),
    "not enabled": (
        refusal(403, "accessNotConfigured", detail="SERVICE_DISABLED"),
        SignInNeeded,
        "work: the API is not enabled for the OAuth client that maya@example.com signed in through",
        "enable it in Google's console, for the client's project (docs/google.md); it takes some minutes",
    ),
    "policy": (
        refusal(403, "domainPolicy"),
        SignInNeeded,
        "work: the organisation of maya@example.com does not allow it (domainPolicy)",
        "ask an administrator (docs/google.md)",
    ),
    "no calendar": (
        refusal(404, "notFound"),
        NotFound,
        "work: maya@example.com has no calendar primary",
        "`calsync calendars` lists what work has",
    ),
    "unknown 403": (
        refusal(403, "forbidden", "Forbidden"),
        SignInNeeded,
        "work: Google does not let maya@example.com do that (HTTP 403, forbidden: Forbidden)",
        SIGN_IN,
    ),
    "rate": (
        refusal(403, "userRateLimitExceeded"),
        Unreachable,
        "work: Google asks for fewer requests",
        "check the network; the next run tries again",
    ),
    "quota": (
        refusal(403, "quotaExceeded"),
        Unreachable,
        "work: the calendar has reached Google's limit of use (quotaExceeded)",
        "wait some hours; the next run tries again",
    ),
    "failure": (
        refusal(503, "backendError", "Backend Error"),
        Unreachable,
        "work: Google has a failure of its own (HTTP 503, backendError: Backend Error)",
        "check the network; the next run tries again",
    ),
    "failure without words": (
        (502, {}, b"<html>Bad Gateway</html>"),
        Unreachable,
        "work: Google has a failure of its own (HTTP 502, no reason given)",
        "check the network; the next run tries again",
    ),
    "misunderstanding": (
        refusal(400, "badRequest", "Bad Request"),
        Unreachable,
        "work: Google did not understand the request (HTTP 400, badRequest: Bad Request)",
        "please report it",
    ),
    "a page of the network's": (
        (200, {"Content-Type": "text/html"}, b"<html>Welcome to Hotel Lisboa</html>"),
        Malformed,
        "work: what came back from www.googleapis.com is not an answer of Google's",
        "open a web page to see whether this network wants a sign-in of its own",
    ),
    "JSON of another kind": (
        (200, {"Content-Type": "application/json"}, b"[1, 2]"),
        Malformed,
        "work: what came back from www.googleapis.com is not an answer of Google's",
        "open a web page to see whether this network wants a sign-in of its own",
    ),
}


class _Token:
    def authorization(self) -> str:
        return "Bearer ya29.secret-token"

    def renew(self) -> None:
        return


def provider(canned: Canned, folder: Path, **options: str) -> GoogleProvider:
    given = {"account": "maya@example.com", **options}
    return GoogleProvider("work", given, context(folder), http=canned.http, pause=lambda _s: None, access=_Token())


@pytest.mark.parametrize("name", list(ANSWERS))
def test_each_reason_has_its_line_and_its_next_step(tmp_path: Path, name: str) -> None:
    answer, kind, what, step = ANSWERS[name]
    with pytest.raises(ProviderError) as caught:
        provider(Canned([answer]), tmp_path).read("", WINDOW, None)
    assert (type(caught.value), caught.value.what, caught.value.next_step) == (kind, what, step)
    assert "\n" not in caught.value.what + caught.value.next_step


@pytest.mark.parametrize("name", list(ANSWERS))
def test_every_way_of_asking_raises_the_ports_errors_and_no_others(tmp_path: Path, name: str) -> None:
    answer, kind, _, _ = ANSWERS[name]
    for ask in (
        lambda one: one.calendars(),
        lambda one: one.owned(""),
        lambda one: one.busy(["ana@example.com"], WINDOW),
        lambda one: one.people(),
    ):
        with pytest.raises(ProviderError) as caught:
            ask(provider(Canned([answer]), tmp_path))
        if name not in ("scope", "misunderstanding"):
            assert type(caught.value) is kind


def test_a_wait_that_google_asks_for_is_told_as_a_time_of_day() -> None:
    now = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    for status, reason in ((429, "rateLimitExceeded"), (403, "quotaExceeded")):
        rejected = Rejected(*refusal(status, reason, Retry_After="5400"))
        rejected.headers = {"retry-after": "5400"}
        assert "until 04:30 UTC" in told(rejected, Wire("work"), "maya@example.com", "primary", now=now).what


def test_a_wait_of_more_than_a_minute_is_left_to_the_next_run(tmp_path: Path) -> None:
    canned = Canned([refusal(429, "rateLimitExceeded", Retry_After="3600")])
    with pytest.raises(Unreachable, match=r"work: Google asks for fewer requests until \d\d:\d\d UTC"):
        provider(canned, tmp_path).read("", WINDOW, None)
    assert len(canned.asked) == 1


def test_a_clock_that_is_off_is_named_where_a_token_is_refused(rig: Rig) -> None:
    rig.server.now = lambda: datetime.now(UTC) - timedelta(hours=2)
    for number in range(1, 5):
        rig.server.fail_at(number, Fault.UNAUTHORIZED)
    with pytest.raises(SignInNeeded) as caught:
        rig.read()
    assert caught.value.what == (
        "work: Google does not let maya@example.com in, and this computer's clock is 120 minutes fast"
    )
    assert caught.value.next_step == "set the clock, then try again"


def test_a_token_that_is_refused_once_is_renewed_and_nobody_notices(rig: Rig) -> None:
    rig.server.hand.put("", "a", single("a"))
    rig.server.fail_next(Fault.UNAUTHORIZED)
    assert len(rig.read().changed) == 1
    rig.server.fail_next(Fault.UNAUTHORIZED)
    assert rig.create(series(KEY)).state is OutcomeState.DONE
    assert rig.server.hand.names("")[1:] == [KEY]


def test_a_rate_that_was_exceeded_is_tried_again_and_a_write_is_stored_once(rig: Rig) -> None:
    rig.server.fail_next(Fault.QUOTA)
    assert rig.create(series(KEY)).state is OutcomeState.DONE
    rig.server.fail_next(Fault.THROTTLED)
    (outcome,) = rig.write(SeriesWrite(KEY, series(KEY), None))
    assert outcome.state is OutcomeState.DONE


def test_a_calendar_that_can_only_be_read_is_named_and_nothing_is_written(rig: Rig) -> None:
    rig.server.add_calendar(FAMILY, "Family", role="reader")
    with pytest.raises(ReadOnly) as caught:
        rig.write(SeriesWrite(KEY, None, series(KEY)), calendar=FAMILY)
    assert caught.value.what == f"work: {FAMILY} can be read but not written by maya@example.com"
    assert caught.value.next_step == "ask its owner for write access, or set `write: false` for work"
    assert rig.server.hand.names(FAMILY) == []


def test_a_sign_in_for_reading_does_not_cover_writing(rig: Rig) -> None:
    rig.server.scopes = {AUTH + "calendar.events.owned.readonly"}
    assert rig.read().complete
    with pytest.raises(SignInNeeded, match=r"work: the sign-in of maya@example\.com does not cover primary"):
        rig.create(series(KEY))
    assert rig.server.hand.names("") == []


def test_neither_token_nor_query_nor_answer_is_ever_logged(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # What `-vv` shows: calsync's own log, and the client library's should it ever speak.
    for name in ("calsync", "providers", "googleapiclient", "httplib2", "google"):
        caplog.set_level(logging.DEBUG, logger=name)
    rig.server.hand.put("", "planted-uid", single("planted-uid", title="Planted title"))
    delta = rig.read()
    rig.read(delta.cursor)
    rig.create(series(KEY, title="Planted title"))
    answer = refusal(403, "forbidden", "Planted words")
    with pytest.raises(SignInNeeded):
        provider(Canned([answer]), tmp_path).read("", WINDOW, None)
    for planted in ("ya29", "Planted", "planted", "syncToken", "Authorization"):
        assert planted not in caplog.text
    assert "GET https://www.googleapis.com/calendar/v3/calendars/primary/events: 200" in caplog.text


@pytest.mark.parametrize("wait", ["99999999999999", "9" * 400, "86401"])
def test_a_wait_without_an_end_is_not_told_as_a_time_of_day(wait: str) -> None:
    answer = Rejected(429, {"retry-after": wait}, refusal(429, "rateLimitExceeded")[2])
    error = told(answer, Wire("work"), "maya@example.com", "primary")
    assert (type(error), error.what) == (Unreachable, "work: Google asks for fewer requests")


@pytest.mark.parametrize("reason", ["forbidden", "insufficientPermissions"])
def test_whoever_may_not_list_people_is_told_how_to_sign_in_for_that(tmp_path: Path, reason: str) -> None:
    with pytest.raises(SignInNeeded) as caught:
        provider(Canned([refusal(403, reason)]), tmp_path).people()
    assert caught.value.next_step == "run `calsync calendars sign-in work --people`"


def test_lists_of_dates_and_of_people_without_an_end_are_given_up(tmp_path: Path) -> None:
    endless = (200, {}, b'{"items": [], "people": [], "nextPageToken": "again"}')
    with pytest.raises(Unreachable, match="work: Google's list has no end"):
        provider(Canned([endless]), tmp_path).people()
    reader = Reader(provider(Canned([endless]), tmp_path)._calls(), "primary")
    with pytest.raises(Unreachable, match="work: Google's list has no end"):
        reader.instances(KEY, WINDOW.start, WINDOW.end)
