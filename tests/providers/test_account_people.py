"""`people import` with the vendors' adapters on their test servers: whom each gives, and what a lack of rights does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calsync.config.values import CalendarConfig, Config, Names, PlanningConfig
from calsync.desk import Desk
from calsync.errors import SignInNeeded
from calsync.grants import GrantFile
from calsync.importing import FoundPerson, find_people
from calsync.model import Person
from providers.google.provider import GoogleProvider
from tests.servers.detour import GOOGLE_HOSTS, detour
from tests.servers.google import GoogleServer
from tests.servers.graph import GraphServer
from tests.servers.graph_access import provider as microsoft
from tests.servers.graph_people import user_json

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    server = GoogleServer()
    with server.running():
        yield server


@pytest.fixture
def graph() -> Iterator[GraphServer]:
    server = GraphServer()
    server.scopes.add("People.Read")
    with server.running():
        yield server
    assert not server.without_immutable


def desk_of(folder: Path, google: GoogleServer, graph: GraphServer) -> Desk:
    """A leader with an account at each."""
    config = Config(
        path=folder / "config.yaml",
        timezone="Europe/Berlin",
        me=frozenset({"maya@example.com"}),
        working_hours={},
        holidays="",
        free_days=frozenset(),
        calendars=(
            CalendarConfig("work", "google", options={"account": google.email}),
            CalendarConfig("office", "microsoft", options={"account": graph.address}),
        ),
        blocks=(),
        planning=PlanningConfig(),
        people=(Person("Zoe Adler", 14, 28, ("zoe@example.com",)),),
        names=Names.NONE,
        exports=(),
        notify=(),
    )
    desk = Desk(config, folder / "state", datetime(2026, 11, 23, 5, tzinfo=BERLIN))
    GrantFile(desk.state_folder, "google", google.email).write(
        {
            "kind": "user",
            "account": google.email,
            "client_id": google.client_id,
            "client_secret": google.client_secret,
            "refresh_token": next(iter(google.refresh_tokens)),
        }
    )
    http = detour(google.url, GOOGLE_HOSTS)
    # The desk would open adapters that speak to the world.
    desk._opened["work"] = GoogleProvider("work", desk.config.calendars[0].options, desk.context(), http=http)
    desk._opened["office"] = microsoft(graph, desk.context())
    return desk


@pytest.fixture
def desk(tmp_path: Path, google: GoogleServer, graph: GraphServer) -> Desk:
    return desk_of(tmp_path, google, graph)


def google_person(name: str, *addresses: str) -> dict[str, Any]:
    return {
        "resourceName": f"people/{name}",
        "names": [{"displayName": name, "metadata": {"primary": True}}],
        "emailAddresses": [{"value": address} for address in addresses],
    }


def graph_person(name: str, *addresses: str, kind: str = "Person") -> Mapping[str, Any]:
    return {
        "id": name,
        "displayName": name,
        "scoredEmailAddresses": [{"address": address} for address in addresses],
        "userPrincipalName": addresses[0] if addresses else None,
        "personType": {"class": kind, "subclass": "OrganizationUser"},
    }


def test_a_google_account_of_an_organisation_gives_its_directory(desk: Desk, google: GoogleServer) -> None:
    google.workspace = True
    google.directory = [
        google_person("Ana Sousa", "Ana@example.com", "a.sousa@example.com"),
        google_person("Maya", "maya@example.com"),
        google_person("Zoe Adler", "zoe@example.com"),
        google_person("Nobody"),
    ]
    search = find_people(desk, "google")
    assert search.errors == []
    assert search.people == [
        FoundPerson("Ana Sousa", ("ana@example.com", "a.sousa@example.com"), "in the directory"),
        FoundPerson("Zoe Adler", ("zoe@example.com",), "in the directory", known="Zoe Adler"),
    ]


def test_a_google_account_of_ones_own_gives_its_contacts_however_many_pages_they_fill(
    desk: Desk, google: GoogleServer
) -> None:
    google.connections = [google_person(f"Person No{n}", f"p{n}@example.net") for n in range(7)]
    google.page_size = 3
    found = find_people(desk, "google").people
    assert [person.name for person in found] == [f"Person No{n}" for n in range(7)]
    assert {person.why for person in found} == {"in the contacts"}


def test_without_the_right_to_see_people_google_wants_another_sign_in(desk: Desk, google: GoogleServer) -> None:
    google.scopes = {
        scope for scope in google.scopes if not scope.endswith(("contacts.readonly", "directory.readonly"))
    }
    search = find_people(desk, "google")
    assert search.people == []
    (error,) = search.errors
    assert isinstance(error, SignInNeeded)
    assert "calsync calendars sign-in work" in error.next_step


def test_a_microsoft_account_gives_reports_first_and_no_group_or_room(desk: Desk, graph: GraphServer) -> None:
    graph.directory.direct_reports = [user_json("ana@example.com", "Ana Sousa")]
    graph.directory.people = [
        dict(graph_person("Ana Sousa", "ana@example.com")),
        dict(graph_person("Okafor, Ben", "ben@example.com", "b.okafor@example.org")),
        dict(graph_person("Room 5", "room5@example.com", kind="Room")),
        dict(graph_person("Everybody", "all@example.com", kind="Group")),
        dict(graph_person("Maya", "maya@example.com")),
    ]
    search = find_people(desk, "microsoft")
    assert search.errors == []
    assert search.people == [
        FoundPerson("Ana Sousa", ("ana@example.com",), "a direct report"),
        FoundPerson("Ben Okafor", ("ben@example.com", "b.okafor@example.org"), "somebody you work with"),
    ]


def test_without_the_right_to_see_people_microsoft_still_gives_the_reports(desk: Desk, graph: GraphServer) -> None:
    graph.scopes.discard("People.Read")
    graph.directory.direct_reports = [user_json("ana@example.com", "Ana Sousa")]
    graph.directory.people = [dict(graph_person("Ben Okafor", "ben@example.com"))]
    search = find_people(desk, "microsoft")
    assert [person.name for person in search.people] == ["Ana Sousa"]
    assert search.errors == []
