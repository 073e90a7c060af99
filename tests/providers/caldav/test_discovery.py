"""From the address that a person has to the calendar: on both real servers, and on one that answers oddly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from calsync.errors import Malformed, NotFound
from providers.caldav.provider import CalDavProvider
from tests.contract.samples import WINDOW, single
from tests.servers.awkward import PASSWORD, AwkwardServer, Calendar
from tests.servers.context import context
from tests.servers.fixtures import CalDavCalendar

Make = Callable[..., CalDavProvider]


def on(place: CalDavCalendar, folder: Path, **options: str) -> CalDavProvider:
    return CalDavProvider("work", {**place.options, **options}, context(folder, place.password))


def read(provider: CalDavProvider) -> list[str]:
    return [r.name for r in provider.read("", WINDOW, None).changed]


@pytest.mark.parametrize("start", ["", "{user}/", "{user}/work/", "{user}/work", ".well-known/caldav"])
def test_any_address_on_radicale_leads_to_the_only_calendar(
    radicale: CalDavCalendar, tmp_path: Path, start: str
) -> None:
    radicale.hand.put(radicale.path, "a.ics", single("a"))
    provider = on(radicale, tmp_path, url=radicale.server + start.format(user=radicale.username))
    assert read(provider) == ["a.ics"]
    (found,) = provider.calendars()
    assert (found.id, found.name, found.writable) == (radicale.url, f"{radicale.username}/work", True)


@pytest.mark.parametrize("start", ["", "user/", "user/calendars/", ".well-known/caldav"])
def test_any_address_on_xandikos_leads_to_the_calendar_that_is_named(
    xandikos: CalDavCalendar, tmp_path: Path, start: str
) -> None:
    xandikos.hand.put(xandikos.path, "a.ics", single("a"))
    name = xandikos.path.rstrip("/").rpartition("/")[2]
    assert read(on(xandikos, tmp_path, url=xandikos.server + start, calendar=name)) == ["a.ics"]


def test_of_several_calendars_the_named_one_is_taken_by_title_id_or_last_part(
    radicale: CalDavCalendar, tmp_path: Path
) -> None:
    home = f"/{radicale.username}/"
    radicale.hand.make_calendar(home + "c2/", "Kränze & Wege", "VEVENT VTODO")
    radicale.hand.make_calendar(home + "tasks/", "Tasks", "VTODO")
    radicale.hand.put(home + "c2/", "b.ics", single("b"))
    for wanted in ("Kränze & Wege", "kränze & wege", "c2", "/c2/", radicale.server.rstrip("/") + home + "c2/"):
        assert read(on(radicale, tmp_path, url=radicale.server, calendar=wanted)) == ["b.ics"], wanted
    provider = on(radicale, tmp_path, url=radicale.server)
    assert [c.name for c in provider.calendars()] == ["Kränze & Wege", home.strip("/") + "/work"]
    with pytest.raises(NotFound) as caught:
        read(provider)
    assert f"'Kränze & Wege', '{radicale.username}/work'" in caught.value.what
    assert "calendar:" in caught.value.next_step
    with pytest.raises(NotFound) as caught:
        read(on(radicale, tmp_path, url=radicale.server, calendar="wrok"))
    assert "no calendar 'wrok'" in caught.value.what
    assert "/work'" in caught.value.what


def test_two_calendars_of_one_title_are_told_by_their_address(awkward: AwkwardServer, provider: Make) -> None:
    awkward.calendars["/dav/second/"] = Calendar("Work")
    with pytest.raises(NotFound) as caught:
        read(provider(url=awkward.url, calendar="Work"))
    assert awkward.url + "dav/second/" in caught.value.what
    assert read(provider(url=awkward.url, calendar="second")) == []


def test_an_address_that_is_the_calendar_needs_one_request_and_no_search(
    awkward: AwkwardServer, provider: Make
) -> None:
    assert read(provider()) == []
    assert awkward.take() == ["PROPFIND", "REPORT sync"]


def test_a_host_whose_root_is_a_web_page_is_found_by_its_well_known_address(
    awkward: AwkwardServer, provider: Make
) -> None:
    awkward.redirects["/"] = (405, "")
    awkward.redirects["/.well-known/caldav"] = (301, "/principals/maya/")
    assert read(provider(url=awkward.url)) == []


def test_a_host_that_speaks_no_caldav_is_said_to_speak_none(awkward: AwkwardServer, provider: Make) -> None:
    awkward.html = True
    with pytest.raises(NotFound, match="does not speak CalDAV") as caught:
        read(provider(url=awkward.url))
    assert "help page" in caught.value.next_step
    with pytest.raises(Malformed, match="web page"):
        read(provider(url=awkward.url + "index.html"))


def test_a_server_that_lets_anybody_look_is_told_who_is_there(awkward: AwkwardServer, provider: Make) -> None:
    awkward.knows_nobody_without_password = True
    assert read(provider(url=awkward.url)) == []
    assert "authorization" not in awkward.seen[0].headers
    assert all("authorization" in seen.headers for seen in awkward.seen[1:])
    awkward.seen.clear()
    with pytest.raises(NotFound):
        read(provider(secret=None, url=awkward.url))
    assert all(PASSWORD not in str(seen.headers) for seen in awkward.seen)


def test_hrefs_with_the_inner_address_of_a_server_behind_a_proxy_are_understood(
    awkward: AwkwardServer, provider: Make
) -> None:
    awkward.inner_origin = "http://127.0.0.1:1"
    awkward.calendar.put("a.ics", single("a"))
    one = provider(url=awkward.url)
    assert read(one) == ["a.ics"]
    assert [c.id for c in one.calendars()] == [awkward.calendar_url]


def test_a_calendar_that_the_user_may_only_read_is_listed_as_such(awkward: AwkwardServer, provider: Make) -> None:
    awkward.read_only = True
    assert [c.writable for c in provider(url=awkward.url).calendars()] == [False]


def test_a_list_of_tasks_is_no_calendar(awkward: AwkwardServer, provider: Make) -> None:
    awkward.calendar.components = ("VTODO", "VJOURNAL")
    assert provider(url=awkward.url).calendars() == []
    with pytest.raises(NotFound, match="no calendar for events"):
        read(provider(url=awkward.url))


def test_a_calendar_that_moved_is_found_again_by_its_name_and_read_completely(
    awkward: AwkwardServer, provider: Make
) -> None:
    awkward.calendar.put("a.ics", single("a"))
    first = provider(url=awkward.url, calendar="Work").read("", WINDOW, None)
    awkward.calendars["/dav/moved/"] = awkward.calendars.pop("/dav/cal/")
    again = provider(url=awkward.url, calendar="Work").read("", WINDOW, first.cursor)
    assert again.complete
    assert [r.name for r in again.changed] == ["a.ics"]
    awkward.calendars.clear()
    with pytest.raises(NotFound):
        provider(url=awkward.url, calendar="Work").read("", WINDOW, again.cursor)


def test_another_url_user_or_calendar_in_the_config_makes_the_cursor_unknown(
    awkward: AwkwardServer, provider: Make
) -> None:
    awkward.calendars["/dav/other/"] = Calendar("Other")
    first = provider().read("", WINDOW, None)
    for options in ({"url": awkward.url, "calendar": "Other"}, {"username": "ana"}, {"calendar": "cal"}):
        assert provider(**options).read("", WINDOW, first.cursor).complete
    assert provider().read(awkward.url + "dav/other/", WINDOW, first.cursor).complete
    assert not provider().read("", WINDOW, first.cursor).complete
