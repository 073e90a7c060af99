"""Which path of the Graph test server is answered by what, and which scope it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.servers import graph_events, graph_people, graph_views
from tests.servers.graph_events import Ask
from tests.servers.graph_http import Refusal, Reply, Seen
from tests.servers.graph_json import calendar_json
from tests.servers.graph_query import looks_of, only
from tests.servers.graph_store import Calendar

if TYPE_CHECKING:
    from tests.servers.graph import GraphServer

__all__ = ["address_of", "route"]

_READ = ("Calendars.ReadBasic", "Calendars.Read", "Calendars.ReadWrite")
_WRITE = ("Calendars.ReadWrite",)
# microsoft-graph-docs, permissions of user-list-directreports, user-list-people, user-list, user-get-mailboxsettings.
_DIRECTORY = {
    "directReports": ("User.Read", "User.ReadBasic.All", "User.Read.All"),
    "manager": ("User.Read", "User.Read.All"),
    "people": ("People.Read", "People.Read.All"),
    "users": ("User.ReadBasic.All", "User.Read.All"),
    "mailboxSettings": ("MailboxSettings.Read", "MailboxSettings.ReadWrite"),
    "outlook": ("User.Read",),
    "": ("User.Read", "User.Read.All"),
}
_ROOTS = ("calendar", "calendars", "events", "calendarView")


def _segments(seen: Seen) -> list[str]:
    return [part for part in seen.path.removeprefix("/v1.0").split("/") if part]


def address_of(server: GraphServer, seen: Seen) -> str:
    """The mailbox that a request is about."""
    parts = _segments(seen)
    return parts[1].lower() if parts[:1] == ["users"] and len(parts) > 1 else server.address


def route(server: GraphServer, seen: Seen, *, app_only: bool, empty_page: bool, forgotten: bool) -> Reply:
    """Answer a request to the API; a Refusal where Graph would refuse."""
    parts = _segments(seen)
    if parts == ["users"]:
        _need(server, _DIRECTORY["users"], "Authorization_RequestDenied")
        mailbox, rest, base = server.mailboxes[server.address], ["users"], "/v1.0/users"
    elif parts[:1] == ["me"]:
        if app_only:
            raise Refusal(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
        mailbox, rest, base = server.mailboxes[server.address], parts[1:], seen.path
    elif parts[:1] == ["users"]:
        found = server.mailboxes.get(parts[1].lower())
        if found is None:
            raise Refusal(404, "ErrorInvalidUser", f"The requested user '{parts[1]}' is invalid.")
        mailbox, rest, base = found, parts[2:], seen.path
    else:
        raise _nothing(seen)
    shared = mailbox.address != server.address and not app_only
    _permit(server, seen, rest, shared=shared)
    more = {
        "occurrences_share_etag": server.occurrences_share_etag,
        "occurrences_carry_transaction_id": server.occurrences_carry_transaction_id,
        "basic": not server.scopes & {"Calendars.Read", "Calendars.ReadWrite"} and not shared,
    }
    looks = looks_of(seen.headers, seen.query, **more)
    if not looks.immutable and rest[:1] and rest[0] in _ROOTS:
        # microsoft-graph-docs, outlook-immutable-id: the header counts only for the request that it is on.
        server.without_immutable.append(f"{seen.method} {seen.path}")
    items = server.read(mailbox) if seen.method == "GET" else mailbox.items
    ask = Ask(server, mailbox, seen.method, base, rest, seen.query, seen.headers, seen.json, looks, items)
    ask.empty_page, ask.forgotten = empty_page, forgotten
    return _answer(ask, seen)


def _permit(server: GraphServer, seen: Seen, rest: list[str], *, shared: bool) -> None:
    first = rest[0] if rest else ""
    if first not in _ROOTS:
        _need(server, _DIRECTORY.get(first, ()), "Authorization_RequestDenied" if first in _DIRECTORY else "")
        return
    wanted = _READ if seen.method == "GET" or rest[-1] == "getSchedule" else _WRITE
    # microsoft-graph-docs, permissions: another person's calendar needs the .Shared form, their availability does not.
    if shared and rest[-1] != "getSchedule":
        wanted = tuple(f"{name}.Shared" for name in wanted)
    _need(server, wanted, "ErrorAccessDenied")


def _need(server: GraphServer, wanted: tuple[str, ...], code: str) -> None:
    if code and not server.scopes & set(wanted):
        words = {
            "ErrorAccessDenied": "Access is denied. Check credentials and try again.",
            "Authorization_RequestDenied": "Insufficient privileges to complete the operation.",
        }
        raise Refusal(403, code, words[code])


def _answer(ask: Ask, seen: Seen) -> Reply:
    match ask.method, ask.segments:
        case "GET", ["calendars"]:
            return _calendars(ask)
        case "POST", ["calendar", "getSchedule"]:
            return graph_people.schedule(ask)
        case _, ["calendar", *rest]:
            return _in_calendar(ask, _calendar(ask), rest, seen)
        case _, ["calendars", name, *rest]:
            return _in_calendar(ask, _calendar(ask, name), rest, seen)
        case _, ["events", _, *_] as rest:
            return _in_calendar(ask, None, rest, seen)
        case _, ["events" | "calendarView", *_] as rest:
            return _in_calendar(ask, _calendar(ask), rest, seen)
    return _about_people(ask, seen)


def _about_people(ask: Ask, seen: Seen) -> Reply:
    directory = ask.server.directory
    match ask.method, ask.segments:
        case "GET", []:
            return Reply(200, graph_people.user_json(ask.mailbox.address, ask.mailbox.name))
        case "GET", ["users"]:
            return graph_people.listed(ask, directory.users)
        case "GET", ["directReports"]:
            return graph_people.listed(ask, directory.direct_reports)
        case "GET", ["people"]:
            return graph_people.listed(ask, directory.people)
        case "GET", ["manager"]:
            return graph_people.manager(ask)
        case "GET", ["mailboxSettings"]:
            return graph_people.mailbox_settings(ask)
        case "GET", ["outlook", "supportedTimeZones"]:
            return graph_people.time_zones()
    raise _nothing(seen)


def _in_calendar(ask: Ask, calendar: Calendar | None, rest: list[str], seen: Seen) -> Reply:
    """`calendar` None: an event in whichever calendar of the mailbox it is."""
    match ask.method, rest:
        case _, ["events", "delta" | "delta()"]:
            # msgraph-metadata#608: only a view has a delta.
            words = "Unsupported request: Change tracking is not supported against 'microsoft.graph.event'"
            raise Refusal(400, "UnsupportedRequest", words)
        case _, ["events", name, *more]:
            return _event(ask, calendar, name, more, seen)
        case _, _ if calendar is None:
            raise _nothing(seen)
        case "GET", []:
            only(ask.query, "$select")
            return Reply(200, calendar_json(calendar, ask.mailbox))
        case "GET", ["events"]:
            return graph_views.series_and_singles(ask, calendar)
        case "POST", ["events"]:
            return graph_events.create(ask, calendar)
        case "GET", ["calendarView"]:
            return graph_views.view(ask, calendar)
        case "GET", ["calendarView", "delta" | "delta()" | "microsoft.graph.delta()"]:
            return graph_views.delta(ask, calendar)
    raise _nothing(seen)


def _event(ask: Ask, calendar: Calendar | None, name: str, more: list[str], seen: Seen) -> Reply:
    match ask.method, more:
        case "GET", []:
            only(ask.query, "$select", "$expand")
            return graph_events.get(ask, name, calendar)
        case "PATCH", []:
            only(ask.query)
            return graph_events.patch(ask, name, calendar)
        case "DELETE", []:
            only(ask.query)
            return graph_events.delete(ask, name, calendar)
        case "GET", ["instances"]:
            return graph_views.instances(ask, name, calendar)
    raise _nothing(seen)


def _calendar(ask: Ask, name: str = "") -> Calendar:
    calendars = ask.items.calendars
    found = calendars.get(name) if name else ask.mailbox.default
    if found is None:
        raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    return found


def _calendars(ask: Ask) -> Reply:
    query = only(ask.query, "$top", "$skip", "$skiptoken", "$select", "$filter", "$orderby", "$count")
    rows = list(ask.items.calendars.values())
    return graph_views.paged(ask, query, rows, lambda calendar: calendar_json(calendar, ask.mailbox))


def _nothing(seen: Seen) -> Refusal:
    return Refusal(400, "BadRequest", f"Resource not found for the segment '{seen.method} {seen.path}'.")
