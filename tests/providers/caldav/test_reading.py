"""Reading: how many requests each kind of night takes, and servers that are vague about what changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from calsync.errors import Malformed, NotFound, Unreachable
from calsync.ports import Delta
from providers.caldav.provider import CalDavProvider
from providers.caldav.quirks import UNKNOWN
from tests.contract.samples import BERLIN, WINDOW, meeting, series, single
from tests.servers.awkward import AwkwardServer
from tests.servers.context import context
from tests.servers.fixtures import CalDavCalendar
from tests.servers.process import ServerProcess
from tests.servers.radicale import place_on_disk

Make = Callable[..., CalDavProvider]
VTODO = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"


def names(delta: Delta) -> list[str]:
    return [r.name for r in delta.changed]


@pytest.fixture
def place(request: pytest.FixtureRequest) -> CalDavCalendar:
    """A calendar on the server that the test is parametrised with."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, CalDavCalendar)
    return found


both = pytest.mark.parametrize("place", ["radicale", "xandikos"], indirect=True)


@both
def test_a_quiet_night_is_one_request_and_a_changed_event_one_more(place: CalDavCalendar, tmp_path: Path) -> None:
    def provider() -> CalDavProvider:
        return CalDavProvider("work", place.options, context(tmp_path, place.password))

    for n in range(5):
        place.hand.put(place.path, f"e{n}.ics", single(f"e{n}"))
    first = provider().read("", WINDOW, None)
    assert len(first.changed) == 5
    # Radicale asks for a password first; then: what is it, what is in it, and the content.
    assert first.requests == (4 if place.username else 3)
    quiet = provider().read("", WINDOW, first.cursor)
    assert (quiet.requests, quiet.changed, quiet.complete) == (1, (), False)
    place.hand.put(place.path, "e3.ics", single("e3", title="Changed"))
    place.hand.delete(place.path, "e4.ics")
    third = provider().read("", WINDOW, quiet.cursor)
    assert (third.requests, names(third), third.removed) == (2, ["e3.ics"], ("e4.ics",))
    assert provider().read("", WINDOW, third.cursor).requests == 1


@both
@pytest.mark.parametrize("token", ["http://radicale.org/ns/sync/" + "0" * 64, "garbage", "0" * 40])
def test_a_token_that_a_real_server_has_forgotten_costs_a_listing_and_no_complete_read(
    place: CalDavCalendar, tmp_path: Path, token: str
) -> None:
    provider = CalDavProvider("work", place.options, context(tmp_path, place.password))
    for n in range(3):
        place.hand.put(place.path, f"e{n}.ics", single(f"e{n}"))
    first = provider.read("", WINDOW, None)
    cursor = json.loads(first.cursor)
    place.hand.put(place.path, "e1.ics", single("e1", title="Changed"))
    place.hand.delete(place.path, "e2.ics")
    delta = provider.read("", WINDOW, json.dumps({**cursor, "token": token}))
    assert (delta.complete, names(delta), delta.removed, delta.requests) == (False, ["e1.ics"], ("e2.ics",), 3)
    assert provider.read("", WINDOW, delta.cursor).requests == 1


def meetings(count: int) -> dict[str, bytes]:
    return {f"m{n}.ics": single(f"m{n}", f"202612{n % 28 + 1:02}") for n in range(count)}


def check(provider: CalDavProvider, count: int, requests: int) -> None:
    """All `count` are read in `requests`, each means something, and the next night is one request."""
    first = provider.read("", WINDOW, None)
    assert (len(first.changed), first.requests) == (count, requests)
    expanded = provider.expand("", first.changed, WINDOW, BERLIN)
    assert sum(len(e.occurrences) for e in expanded) == count
    quiet = provider.read("", WINDOW, first.cursor)
    assert (quiet.requests, quiet.changed) == (1, ())


def test_a_calendar_of_a_thousand_events_is_read_in_fifteen_requests_and_then_in_one(
    awkward: AwkwardServer, provider: Make
) -> None:
    for name, data in meetings(1000).items():
        awkward.calendar.put(name, data)
    check(provider(), 1000, requests=2 + 13)


@pytest.mark.slow
def test_a_full_calendar_on_a_real_server_is_read_in_as_few_requests(
    radicale_server: ServerProcess, radicale: CalDavCalendar, tmp_path: Path
) -> None:
    place_on_disk(radicale_server, radicale.path, meetings(300))
    # One more: Radicale asks for the password first.
    check(CalDavProvider("work", radicale.options, context(tmp_path, radicale.password)), 300, requests=3 + 4)


def test_a_server_without_sync_collection_is_listed_and_compared(awkward: AwkwardServer, provider: Make) -> None:
    awkward.sync, awkward.no_sync_property = "unsupported", True
    awkward.calendar.put("a.ics", single("a"))
    awkward.calendar.put("b.ics", single("b"))
    first = provider().read("", WINDOW, None)
    assert names(first) == ["a.ics", "b.ics"]
    awkward.calendar.put("a.ics", single("a", title="Changed"))
    awkward.calendar.delete("b.ics")
    awkward.take()
    second = provider().read("", WINDOW, first.cursor)
    assert (names(second), second.removed, second.complete) == (["a.ics"], ("b.ics",), False)
    assert awkward.take() == ["PROPFIND", "REPORT multiget"]
    assert provider().read("", WINDOW, second.cursor).requests == 1


@pytest.mark.parametrize("status", [403, 409, 410, 412, 500, 507, 400])
def test_a_forgotten_token_is_a_full_listing_whatever_the_status(
    awkward: AwkwardServer, provider: Make, status: int
) -> None:
    awkward.calendar.put("a.ics", single("a"))
    first = provider().read("", WINDOW, None)
    awkward.sync, awkward.forgets_with = "forgets", status
    awkward.calendar.put("b.ics", single("b"))
    delta = provider().read("", WINDOW, first.cursor)
    assert (names(delta), delta.complete) == (["b.ics"], False)


def test_a_server_that_answers_a_forgotten_token_with_nothing_is_found_out_by_the_next_listing(
    awkward: AwkwardServer, provider: Make
) -> None:
    awkward.calendar.put("a.ics", single("a"))
    delta = provider().read("", WINDOW, None)
    awkward.sync = "lies"
    awkward.calendar.put("b.ics", single("b"))
    nights = 0
    while not delta.changed or nights == 0:
        delta = provider().read("", WINDOW, delta.cursor)
        nights += 1
        assert delta.requests <= 2
    assert names(delta) == ["b.ics"]
    assert nights == UNKNOWN.relist_every


def test_answers_cut_into_pages_are_followed_to_their_end(awkward: AwkwardServer, provider: Make) -> None:
    awkward.page = 3
    for n in range(10):
        awkward.calendar.put(f"e{n}.ics", single(f"e{n}"))
    awkward.calendar.delete("e0.ics")
    first = provider().read("", WINDOW, None)
    assert len(first.changed) == 9
    assert awkward.take().count("REPORT sync") == 4


def test_a_collection_that_lists_itself_is_no_event(awkward: AwkwardServer, provider: Make) -> None:
    awkward.lists_itself_in_sync = True
    awkward.calendar.put("a.ics", single("a"))
    first = provider().read("", WINDOW, None)
    assert names(first) == ["a.ics"]
    quiet = provider().read("", WINDOW, first.cursor)
    assert (quiet.changed, quiet.removed, quiet.requests) == ((), (), 1)


def test_tasks_folders_and_other_files_are_no_events_but_a_name_without_ics_may_be_one(
    awkward: AwkwardServer, provider: Make
) -> None:
    put, types = awkward.calendar.put, awkward.calendar.types
    put("event", single("event"))
    types["event"] = ""
    put("todo.ics", VTODO)
    types["todo.ics"] = "text/calendar; charset=utf-8; component=vtodo"
    put("untyped-todo.ics", VTODO)
    types["untyped-todo.ics"] = "text/calendar"
    put("photo.jpg", b"JFIF")
    types["photo.jpg"] = "image/jpeg"
    put("folder", b"")
    types["folder"] = "collection"
    awkward.sync = "unsupported"
    first = provider().read("", WINDOW, None)
    assert names(first) == ["event"]
    quiet = provider().read("", WINDOW, first.cursor)
    assert quiet.changed == ()
    assert "REPORT multiget" not in awkward.take()[-2:]


def test_a_server_without_multiget_is_asked_one_by_one(awkward: AwkwardServer, provider: Make) -> None:
    awkward.no_multiget = True
    awkward.calendar.put("a b.ics", single("a"))
    awkward.calendar.put("c.ics", single("c"))
    assert names(provider().read("", WINDOW, None)) == ["a b.ics", "c.ics"]
    assert awkward.take().count("GET") == 2


def test_what_a_multiget_leaves_out_is_asked_for_and_never_taken_for_gone(
    awkward: AwkwardServer, provider: Make
) -> None:
    awkward.calendar.put("a.ics", single("a"))
    awkward.calendar.put("b.ics", single("b"))
    awkward.multiget_leaves_out = {"b.ics"}
    assert names(provider().read("", WINDOW, None)) == ["a.ics", "b.ics"]
    assert awkward.take()[-1] == "GET"


def test_an_event_that_the_server_lists_and_will_not_show_stops_the_read(
    awkward: AwkwardServer, provider: Make
) -> None:
    awkward.calendar.put("a.ics", single("a"))
    awkward.member_status["hidden.ics"] = 403
    awkward.sync = "unsupported"
    with pytest.raises(Unreachable, match=r"hidden\.ics"):
        provider().read("", WINDOW, None)
    awkward.member_status["hidden.ics"] = 404
    assert names(provider().read("", WINDOW, None)) == ["a.ics"]


@pytest.mark.parametrize("data", [single("b")[:120], b"hello", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n"])
def test_an_event_that_cannot_be_read_stops_the_read_by_name(
    awkward: AwkwardServer, provider: Make, data: bytes
) -> None:
    awkward.calendar.put("a.ics", single("a"))
    first = provider().read("", WINDOW, None)
    awkward.calendar.put("torn.ics", data)
    for cursor in (None, first.cursor):
        with pytest.raises(Malformed, match=r"work: torn\.ics") as caught:
            provider().read("", WINDOW, cursor)
        assert "torn.ics" in caught.value.next_step


def test_events_wholly_before_the_window_are_left_out_and_not_fetched_again(
    awkward: AwkwardServer, provider: Make
) -> None:
    awkward.sync = "unsupported"
    awkward.calendar.put("old.ics", single("old", "20200101"))
    awkward.calendar.put("running.ics", meeting("running"))
    first = provider().read("", WINDOW, None)
    assert names(first) == ["running.ics"]
    awkward.take()
    quiet = provider().read("", WINDOW, first.cursor)
    assert (quiet.changed, quiet.removed) == ((), ())
    assert "REPORT multiget" not in awkward.take()


def test_the_cursor_is_the_same_text_while_a_trusted_server_is(awkward: AwkwardServer, provider: Make) -> None:
    awkward.headers["Server"] = "Cyrus-HTTP/3.10"
    awkward.calendar.put("a.ics", single("a"))
    first = provider().read("", WINDOW, None)
    assert provider().read("", WINDOW, first.cursor).cursor == first.cursor


def test_a_calendar_that_is_gone_is_not_found_and_never_empty(awkward: AwkwardServer, provider: Make) -> None:
    awkward.calendar.put("a.ics", single("a"))
    first = provider().read("", WINDOW, None)
    awkward.calendars.clear()
    for cursor in (None, first.cursor):
        with pytest.raises(NotFound):
            provider().read("", WINDOW, cursor)


def test_owned_series_are_fetched_by_the_shape_of_their_name_alone(awkward: AwkwardServer, provider: Make) -> None:
    from calsync.ical.write import series_bytes

    for n in range(200):
        awkward.calendar.put(f"Meeting-{n}.ics", single(f"Meeting-{n}"))
    ours = series("cs" + "0123456789abcdef" * 2)
    awkward.calendar.put(f"{ours.key}.ics", series_bytes(ours))
    assert [o.series.key for o in provider().owned("")] == [ours.key]
    assert awkward.take() == ["PROPFIND", "PROPFIND", "REPORT multiget"]


def test_a_read_that_breaks_off_in_the_middle_raises_and_leaves_the_old_cursor_good(
    awkward: AwkwardServer, provider: Make
) -> None:
    awkward.calendar.put("a.ics", single("a"))
    first = provider().read("", WINDOW, None)
    awkward.calendar.put("b.ics", single("b"))
    awkward.busy = ["0"] * 4
    with pytest.raises(Unreachable):
        provider().read("", WINDOW, first.cursor)
    assert names(provider().read("", WINDOW, first.cursor)) == ["b.ics"]
