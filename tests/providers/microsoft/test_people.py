"""Other people: when they are busy, twenty at a time and each for themselves; and whom an account knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from calsync.errors import SignInNeeded, Unreachable
from calsync.grants import GrantFile
from calsync.model import Span
from calsync.ports import AccountPerson
from providers.microsoft.errors import Reply
from providers.microsoft.schedule import busy
from tests.contract.samples import WINDOW, calendar, meeting, single, vevent
from tests.providers.microsoft.conftest import Make
from tests.servers.context import context
from tests.servers.graph import Fault, GraphServer
from tests.servers.graph_access import Signed, provider

DAY = Span(datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC))
TEN = Span(datetime(2026, 12, 1, 9, tzinfo=UTC), datetime(2026, 12, 1, 10, tzinfo=UTC))


def user(name: str, address: str, **fields: Any) -> dict[str, Any]:
    return {"displayName": name, "mail": address, "userPrincipalName": address, **fields}


def known(name: str, *addresses: str, kind: str = "Person") -> dict[str, Any]:
    scored = [{"address": address, "relevanceScore": 9.0} for address in addresses]
    return {"displayName": name, "scoredEmailAddresses": scored, "personType": {"class": kind, "subclass": "x"}}


def test_others_are_busy_when_their_calendar_shows_it(graph: GraphServer, make: Make) -> None:
    graph.add_mailbox("ana@example.com", "Ana")
    hand = graph.hand.of("ana@example.com")
    for name, start in (("busy", "20261201"), ("free", "20261202"), ("away", "20261203"), ("maybe", "20261204")):
        hand.change(
            "", hand.put("", name, single(name, start)), showAs={"away": "oof", "maybe": "tentative"}.get(name, name)
        )
    hand.put("", "weekly", meeting("weekly"))
    (answer,) = make().busy(["Ana@Example.com"], Span(DAY.start, DAY.start + timedelta(days=4)))
    assert (answer.address, answer.error) == ("Ana@Example.com", "")
    assert answer.busy == (
        # The weekly meeting at nine and the one at ten with half an hour between them.
        Span(datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),
        TEN,
        Span(TEN.start + timedelta(days=2), TEN.end + timedelta(days=2)),
        Span(TEN.start + timedelta(days=3), TEN.end + timedelta(days=3)),
    )


def test_times_that_touch_are_one(graph: GraphServer, make: Make) -> None:
    graph.add_mailbox("ana@example.com", "Ana")
    hand = graph.hand.of("ana@example.com")
    hand.put("", "first", single("first"))
    hand.put("", "second", calendar(vevent("second", start="20261201T110000", end="20261201T120000")))
    (answer,) = make().busy(["ana@example.com"], DAY)
    assert answer.busy == (Span(TEN.start, TEN.end + timedelta(hours=1)),)


def test_twenty_are_asked_at_a_time_and_two_months(graph: GraphServer, make: Make) -> None:
    addresses = [f"p{n}@example.com" for n in range(45)]
    for address in addresses:
        graph.add_mailbox(address, "P")
        graph.hand.of(address).put("", "a", single("a"))
    asked = len(graph.requests)
    answers = make().busy(addresses, WINDOW)
    # Three times as many people as fit, and twelve weeks.
    assert len(graph.requests) - asked == 6
    assert [answer.address for answer in answers] == addresses
    assert {answer.busy for answer in answers} == {(TEN,)}


def test_an_error_about_one_is_no_error_about_the_others(graph: GraphServer, make: Make) -> None:
    graph.add_mailbox("ana@example.com", "Ana")
    graph.hand.of("ana@example.com").put("", "a", single("a"))
    graph.directory.hidden["ben@example.com"] = ("ErrorAccessDenied", "…")
    asked = ["ghost@example.com", "ana@example.com", "ben@example.com", "ANA@example.com"]
    answers = make().busy(asked, WINDOW)
    assert [answer.address for answer in answers] == asked
    assert [answer.busy for answer in answers] == [(), (TEN,), (), (TEN,)]
    assert [answer.error for answer in answers] == [
        "Microsoft knows no mailbox ghost@example.com",
        "",
        "Microsoft cannot say when ben@example.com is busy (ErrorAccessDenied)",
        "",
    ]
    assert make().busy([], WINDOW) == []


def test_a_missing_permission_is_said_once_and_silence_is_no_answer(graph: GraphServer, make: Make) -> None:
    graph.scopes = {"User.Read"}
    with pytest.raises(SignInNeeded, match="does not include this"):
        make().busy(["ana@example.com"], DAY)
    graph.scopes = {"Calendars.ReadBasic"}
    assert len(make().busy(["ana@example.com"], DAY)) == 1
    for later in range(4):
        graph.fail_next(Fault.NO_ANSWER, skip=later)
    with pytest.raises(Unreachable):
        make().busy(["ana@example.com"], DAY)


def test_people_are_direct_reports_then_those_the_account_works_with(graph: GraphServer, make: Make) -> None:
    graph.scopes |= {"People.Read"}
    graph.directory.direct_reports = [
        user("Ana Sousa", "Ana@example.com"),
        user("No Mail", "", userPrincipalName=None),
        user("Guest", "", userPrincipalName="gast_example.org#EXT#@example.onmicrosoft.com"),
    ]
    graph.directory.people = [
        known("Maya Lindgren", "maya@example.com"),
        known("Ana Sousa", "ana@example.com", "ana.sousa@example.com"),
        known("Ben Okafor", "Ben@example.org", "b.okafor@example.org"),
        known("Everybody", "all@example.com", kind="Group"),
        known("", "carl@example.com"),
    ]
    assert make().people() == [
        AccountPerson("Ana Sousa", ("ana@example.com",), "a direct report"),
        AccountPerson("Ben Okafor", ("ben@example.org", "b.okafor@example.org"), "somebody you work with"),
        AccountPerson("carl@example.com", ("carl@example.com",), "somebody you work with"),
    ]


def test_neither_needs_the_permission_of_the_other(graph: GraphServer, make: Make) -> None:
    graph.directory.direct_reports = [user("Ana Sousa", "ana@example.com")]
    graph.directory.people = [known("Ben Okafor", "ben@example.org")]
    assert [person.name for person in make().people()] == ["Ana Sousa"]
    graph.scopes = {"People.Read"}
    assert [person.name for person in make().people()] == ["Ben Okafor"]
    graph.scopes = {"Calendars.Read"}
    with pytest.raises(SignInNeeded, match="does not include whom it works with"):
        make().people()


def test_whoever_finds_nobody_without_the_permission_learns_how_to_get_it(graph: GraphServer, make: Make) -> None:
    with pytest.raises(SignInNeeded) as error:
        make().people()
    assert error.value.next_step == "run `calsync calendars sign-in work --people`"
    # A refused directory alone says nothing of it: a private account has none.
    graph.scopes = {"People.Read"}
    assert make().people() == []


def test_long_lists_of_people_are_read_to_their_end(graph: GraphServer, make: Make) -> None:
    graph.empty_pages = True
    graph.directory.direct_reports = [user(f"P{n}", f"p{n}@example.com") for n in range(250)]
    assert len(make().people()) == 250


def test_an_application_asks_about_the_user_whose_calendar_it_is(graph: GraphServer, make: Make) -> None:
    graph.scopes |= {"User.Read.All"}
    graph.directory.direct_reports = [user("Ana Sousa", "ana@example.com")]
    graph.add_mailbox("ana@example.com", "Ana")
    one = make(access=Signed(graph, app_only=True))
    assert [person.name for person in one.people()] == ["Ana Sousa"]
    assert one.busy(["ana@example.com"], DAY)[0].error == ""


def test_a_provider_gets_in_by_the_grant_that_a_sign_in_left(graph: GraphServer, tmp_path: Path) -> None:
    graph.client_secret = "planted secret"
    grant = {"kind": "application", "account": graph.address, "client": "calsync", "tenant": graph.tenant}
    GrantFile(tmp_path, "microsoft", graph.address).write({**grant, "cloud": "global", "scopes": [], "cache": ""})
    one = provider(graph, context(tmp_path, "planted secret"), access=None)
    graph.hand.put("", "a", single("a"))
    delta = one.read("", WINDOW, None)
    assert len(delta.changed) == 1
    # Requests for tokens are not the calendar's.
    assert delta.requests == len([r for r in graph.requests if r.path.startswith("/v1.0/")])
    assert one.read("", WINDOW, delta.cursor).requests == 1


class Nonsense:
    """In the place of Graph: whatever is asked, the answer has `value`."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def root(self) -> str:
        """Where nothing is."""
        return "https://graph.example/me"

    def ask(self, url: str, body: Any) -> Reply:
        """The answer."""
        return Reply(200, {}, {"value": self.value})


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        "busy",
        {"scheduleId": "ana@example.com"},
        [None, "ana@example.com"],
        [{"scheduleId": "ana@example.com", "error": "no"}],
        [{"scheduleId": "ana@example.com", "scheduleItems": 3}],
        [{"scheduleId": "ana@example.com", "scheduleItems": ["busy"]}],
        [{"scheduleId": "ana@example.com", "scheduleItems": [{"status": "busy", "start": "soon", "end": None}]}],
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_understood_is_told_and_stops_nothing(value: Any) -> None:
    graph: Any = Nonsense(value)
    (answer,) = busy(graph, ["ana@example.com"], DAY)
    assert answer.busy == ()
    assert answer.error
