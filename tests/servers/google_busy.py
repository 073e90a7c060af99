"""freebusy.query, the list of calendars, and the People API's three lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.servers.google_errors import ApiError, bad_request
from tests.servers.google_store import Calendar, is_live
from tests.servers.google_times import Series, instant, moment, stamp

if TYPE_CHECKING:
    from tests.servers.google import GoogleServer

__all__ = ["Around"]

Json = dict[str, Any]
Query = Mapping[str, Sequence[str]]
Interval = tuple[datetime, datetime]
_MOST = 50
_ROLES = ("freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")


class Around:
    """What is asked besides events."""

    def __init__(self, server: GoogleServer) -> None:
        self._server = server

    def calendars(self, query: Query) -> Json:
        """calendarList.list; pages as everywhere, and no sync token."""
        least = _ROLES.index(query["minAccessRole"][0]) if query.get("minAccessRole") else 0
        every = sorted(self._server.calendars.values(), key=lambda one: one.id)
        rows = [_entry(one) for one in every if _ROLES.index(one.role) >= least]
        return {"kind": "calendar#calendarList", "etag": '"p1"', **self._paged(rows, query, "items", "maxResults", 100)}

    def entry(self, calendar: Calendar) -> Json:
        """calendarList.get."""
        return _entry(calendar)

    def calendar(self, calendar: Calendar) -> Json:
        """calendars.get."""
        shown: Json = {
            "kind": "calendar#calendar",
            "etag": '"c1"',
            "id": calendar.id,
            "summary": calendar.summary,
            "timeZone": calendar.timezone,
        }
        if calendar.working_hours is not None and calendar.primary and self._server.workspace:
            # "Only available for primary calendars of Google Workspace users" (discovery document, Calendar).
            shown["workingHours"] = calendar.working_hours
        return shown

    def freebusy(self, body: Json) -> Json:
        """freebusy.query: errors stand beside each calendar inside a 200 (discovery document, FreeBusyCalendar)."""
        begin, end = _time(body, "timeMin"), _time(body, "timeMax")
        if end <= begin:
            raise ApiError(400, "timeRangeEmpty", "The specified time range is empty.", domain="calendar")
        if end - begin > self._server.longest_busy_range:
            # Seen in calcom/cal.diy#11696.
            raise ApiError(400, "timeRangeTooLong", "The requested time range is too long.", domain="calendar")
        most = body.get("calendarExpansionMax") or _MOST
        if most > _MOST or (body.get("groupExpansionMax") or 0) > 100:
            # "Maximum value is 50"; "Maximum value is 100" (discovery document, FreeBusyRequest).
            raise bad_request("Invalid expansion maximum.", "invalid", "calendarExpansionMax")
        groups, wanted = self._groups(body)
        zone = ZoneInfo(body.get("timeZone") or "UTC")
        calendars = {
            name: _problem("tooManyCalendarsRequested") if at >= most else self._busy(name, begin, end, zone)
            for at, name in enumerate(wanted)
        }
        answer: Json = {"kind": "calendar#freeBusy", "timeMin": _shown(begin, zone), "timeMax": _shown(end, zone)}
        return {**answer, **({"groups": groups} if groups else {}), "calendars": calendars}

    def people(self, name: str, query: Query) -> Json:
        """The People API: `readMask` or `personFields` is required, and only what it names is answered."""
        server = self._server
        masks = {"people.listDirectoryPeople": "readMask", "people.connections.list": "personFields"}
        mask = query.get(masks.get(name, "readMask"), [""])[0]
        if not mask:
            raise bad_request(f"{masks.get(name, 'readMask')} mask is required.", "badRequest")
        if name == "people.listDirectoryPeople":
            if not server.workspace:
                raise ApiError(400, "failedPrecondition", "Must be a G Suite domain user.")
            if not query.get("sources"):
                raise bad_request("Must specify at least one source.", "badRequest")
            people, key = server.directory, "people"
        elif name == "people.connections.list":
            people, key = server.connections, "connections"
        else:
            people, key = server.other_contacts, "otherContacts"
        fields = {"resourceName", "etag", *mask.split(",")}
        rows = [{k: v for k, v in one.items() if k in fields} for one in people]
        size = int(query.get("pageSize", ["100"])[0] or 100)
        if size > 1000:
            # "Valid values are between 1 and 1000, inclusive" (discovery document).
            raise bad_request("Page size must be at most 1000.", "badRequest")
        return self._paged(rows, query, key, "pageSize", 100)

    def _paged(self, rows: list[Json], query: Query, key: str, parameter: str, default: int) -> Json:
        size = int(query.get(parameter, [""])[0] or default)
        size = min(size, self._server.page_size or size)
        begin = int((query.get("pageToken", [""])[0] or "p0")[1:])
        answer: Json = {key: rows[begin : begin + size]} if rows or key == "items" else {}
        if begin + size < len(rows):
            answer["nextPageToken"] = f"p{begin + size}"
        return answer

    def _groups(self, body: Json) -> tuple[Json, list[str]]:
        groups: Json = {}
        wanted: list[str] = []
        for item in body.get("items", []):
            name = item["id"]
            members = self._server.groups.get(name)
            if members is None:
                wanted.append(name)
            elif len(members) > (body.get("groupExpansionMax") or 100):
                groups[name] = {"errors": _problem("groupTooBig")["errors"]}
            else:
                groups[name] = {"calendars": members}
                wanted += members
        return groups, list(dict.fromkeys(wanted))

    def _busy(self, name: str, begin: datetime, end: datetime, zone: ZoneInfo) -> Json:
        server = self._server
        if name in server.busy_errors:
            return _problem(server.busy_errors[name])
        try:
            found = self._of_calendar(server.calendar(name), begin, end)
        except ApiError:
            if name not in server.others:
                return _problem("notFound")
            found = [(first.astimezone(UTC), last.astimezone(UTC)) for first, last in server.others[name]]
        inside = [(max(a, begin), min(b, end)) for a, b in found if a < end and b > begin]
        return {"busy": [{"start": _shown(a, zone), "end": _shown(b, zone)} for a, b in _joined(inside)]}

    def _of_calendar(self, calendar: Calendar, begin: datetime, end: datetime) -> list[Interval]:
        found: list[Json] = []
        for entry in calendar.masters():
            body = entry.body
            if not is_live(body):
                continue
            if not body.get("recurrence"):
                found.append(body)
                continue
            series = Series(body, calendar.zone)
            own = [one.body for one in calendar.exceptions(body["id"])]
            replaced = {one["id"].rpartition("_")[2] for one in own}
            found += [one for one in own if is_live(one)]
            for at in series.starts(begin - series.length, end):
                if stamp(at) not in replaced:
                    found.append(self._server.store.instance(body, series, at))
        return [
            (instant(moment(one["start"]), calendar.zone), instant(moment(one["end"]), calendar.zone))
            for one in found
            if _is_busy(one)
        ]


def _is_busy(body: Json) -> bool:
    """ "transparent - The event does not block time" (discovery document); what the leader declined does not either."""
    declined = any(one.get("self") and one.get("responseStatus") == "declined" for one in body.get("attendees", []))
    return body.get("transparency") != "transparent" and body.get("eventType") != "workingLocation" and not declined


def _joined(intervals: Iterable[Interval]) -> list[Interval]:
    made: list[Interval] = []
    for begin, end in sorted(intervals):
        if begin >= end:
            continue
        if made and begin <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((begin, end))
    return made


def _entry(calendar: Calendar) -> Json:
    shown: Json = {
        "kind": "calendar#calendarListEntry",
        "etag": '"l1"',
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.timezone,
        "accessRole": calendar.role,
        "defaultReminders": calendar.default_reminders,
        "selected": True,
    }
    return {**shown, "primary": True} if calendar.primary else shown


def _problem(reason: str) -> Json:
    return {"errors": [{"domain": "global", "reason": reason}], "busy": []}


def _time(body: Json, name: str) -> datetime:
    if not body.get(name):
        raise bad_request(f"Missing {name}.", "required", name)
    at = datetime.fromisoformat(body[name])
    if at.tzinfo is None:
        raise bad_request("Bad Request", "badRequest", name)
    return at.astimezone(UTC)


def _shown(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds").replace("+00:00", "Z")
