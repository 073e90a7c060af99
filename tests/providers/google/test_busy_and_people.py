"""Other people: when they are busy, and whom the account knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from calsync.errors import SignInNeeded
from calsync.model import Span
from providers.google.freebusy import ask
from tests.contract.samples import meeting
from tests.providers.google.rig import Rig, rig
from tests.servers.google import Fault

# pytest finds a fixture where its name is.
__all__ = ["rig"]

AUTH = "https://www.googleapis.com/auth/"
WEEK = Span(datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 8, tzinfo=UTC))


def hours(day: int, begin: int, end: int) -> tuple[datetime, datetime]:
    return datetime(2026, 12, day, begin, tzinfo=UTC), datetime(2026, 12, day, end, tzinfo=UTC)


# --- when others are busy ---


def test_busy_times_come_one_for_one_in_order_and_an_error_is_one_persons_own(rig: Rig) -> None:
    rig.server.others = {"ana@example.com": [hours(1, 9, 10), hours(2, 9, 10)], "ben@example.com": []}
    rig.server.busy_errors = {"cem@example.com": "internalError"}
    rig.server.groups = {
        "team@example.com": ["ana@example.com"],
        "all@example.com": [f"p{n}@example.com" for n in range(101)],
    }
    asked = [
        "Ben@example.com",
        "nobody@example.com",
        "cem@example.com",
        "ana@example.com",
        "all@example.com",
        "team@example.com",
    ]
    answers = rig.provider().busy(asked, WEEK)
    assert [a.address for a in answers] == asked
    assert {a.address: a.error for a in answers} == {
        "Ben@example.com": "",
        "nobody@example.com": "Google does not show when they are busy",
        "cem@example.com": "Google could not tell; try again later",
        "ana@example.com": "",
        "all@example.com": "it is a group of too many people",
        "team@example.com": "it is a group, not a person",
    }
    assert answers[3].busy == (Span(*hours(1, 9, 10)), Span(*hours(2, 9, 10)))
    assert all(a.busy == () for a in answers if a.address != "ana@example.com")
    assert rig.names() == ["freebusy.query"]


def test_fifty_people_are_asked_about_at_a_time(rig: Rig) -> None:
    everybody = [f"p{n}@example.com" for n in range(120)]
    rig.server.others = {name: [hours(1, n % 20, n % 20 + 1)] for n, name in enumerate(everybody)}
    answers = rig.provider().busy([*everybody, everybody[7]], WEEK)
    assert [a.busy for a in answers] == [(Span(*hours(1, n % 20, n % 20 + 1)),) for n in [*range(120), 7]]
    assert rig.names() == ["freebusy.query"] * 3
    assert rig.provider().busy([], WEEK) == []
    assert rig.names() == []


class Nonsense:
    """In the place of the calls to Google: whatever is asked, the answer is `said`."""

    def __init__(self, said: Any) -> None:
        self.said = said
        self.freebusy = self

    def query(self, body: Any) -> None:
        """A request that is never sent."""

    def run(self, request: Any) -> Any:
        """The answer."""
        return self.said


@pytest.mark.parametrize(
    "said",
    [
        {"calendars": None},
        {"calendars": ["ana@example.com"]},
        {"calendars": {"ana@example.com": "busy"}},
        {"calendars": {"ana@example.com": {"busy": [{"start": "2026-12-01T09:00:00Z"}]}}},
        {"calendars": {"ana@example.com": {"busy": [{"start": "soon", "end": "later"}]}}},
        {"calendars": {"ana@example.com": {"busy": [{"start": 3, "end": None}]}}},
        {"calendars": {"ana@example.com": {"errors": ["no"]}}},
        {"groups": [1]},
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_understood_is_told_and_stops_nothing(said: Any) -> None:
    calls: Any = Nonsense(said)
    (answer,) = ask(calls, ["ana@example.com"], WEEK)
    assert answer.busy == ()
    assert answer.error == "what Google says of them cannot be understood"


def test_a_long_time_is_asked_in_pieces_and_what_reaches_over_a_seam_is_one(rig: Rig) -> None:
    begin = datetime(2026, 12, 1, tzinfo=UTC)
    seam = begin + timedelta(days=60)
    rig.server.others = {"ana@example.com": [(seam - timedelta(hours=1), seam + timedelta(hours=1))]}
    (answer,) = rig.provider().busy(["ana@example.com"], Span(begin, begin + timedelta(days=200)))
    assert answer.busy == (Span(seam - timedelta(hours=1), seam + timedelta(hours=1)),)
    assert rig.names() == ["freebusy.query"] * 4


def test_asking_changes_nothing_and_is_asked_again_when_no_answer_comes(rig: Rig) -> None:
    rig.server.hand.put("", "weekly", meeting("weekly"))
    rig.server.fail_next(Fault.NO_ANSWER)
    (answer,) = rig.provider().busy([rig.server.email], WEEK)
    assert answer.busy == (Span(datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),)


def test_without_the_permission_the_sign_in_is_named(rig: Rig) -> None:
    rig.server.scopes = {AUTH + "calendar.events.owned"}
    with pytest.raises(SignInNeeded) as caught:
        rig.provider().busy(["ana@example.com"], WEEK)
    assert caught.value.what == (
        "work: the sign-in of maya@example.com does not cover other people's free and busy times"
    )


# --- whom the account knows ---


def person(name: str, *addresses: str, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"resourceName": f"people/{name}", "etag": "%1", **more}
    if name:
        said["names"] = [{"displayName": name, "metadata": {"primary": True}}]
    said["emailAddresses"] = [{"value": address} for address in addresses]
    return said


def test_the_people_of_a_workspace_are_those_of_its_directory_without_the_leader(rig: Rig) -> None:
    rig.server.workspace = True
    rig.server.page_size = 2
    two = person("Ana Sousa", "ana.sousa@example.com", "Ana@Example.com", "ana@example.com")
    two["emailAddresses"][1]["metadata"] = {"primary": True}
    rig.server.directory = [
        two,
        person("Maya", "MAYA@example.com"),
        person("Ben"),
        person("", "cem@example.com"),
    ]
    rig.server.connections = [person("Somebody", "somebody@example.org")]
    found = rig.provider().people()
    assert [(p.name, p.addresses, p.why) for p in found] == [
        ("Ana Sousa", ("ana@example.com", "ana.sousa@example.com"), "in the directory"),
        ("cem@example.com", ("cem@example.com",), "in the directory"),
    ]
    assert rig.names() == ["people.listDirectoryPeople"] * 2


@pytest.mark.parametrize("scopes", [("contacts.readonly", "directory.readonly"), ("contacts.readonly",)])
def test_without_a_directory_they_are_the_contacts(rig: Rig, scopes: tuple[str, ...]) -> None:
    rig.server.scopes = {AUTH + scope for scope in scopes}
    rig.server.workspace = len(scopes) == 1
    rig.server.connections = [person("Ana Sousa", "ana@example.org"), person("Ben", "ben@example.org")]
    found = rig.provider().people()
    assert [(p.name, p.why) for p in found] == [("Ana Sousa", "in the contacts"), ("Ben", "in the contacts")]


def test_an_empty_directory_leaves_the_contacts(rig: Rig) -> None:
    rig.server.workspace = True
    rig.server.connections = [person("Ana Sousa", "ana@example.org")]
    assert [p.name for p in rig.provider().people()] == ["Ana Sousa"]


def test_a_sign_in_without_people_says_how_to_get_them(rig: Rig) -> None:
    rig.server.scopes = {AUTH + "calendar.events.owned"}
    with pytest.raises(SignInNeeded) as caught:
        rig.provider().people()
    assert caught.value.what == "work: the sign-in of maya@example.com does not cover its people"
    assert caught.value.next_step == "run `calsync calendars sign-in work --people`"
