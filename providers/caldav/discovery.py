"""From the address that a person has to the calendar that is meant (RFC 6764, RFC 5397, RFC 4791 6.2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from calsync.errors import Malformed, NotFound, ProviderError, Unreachable
from calsync.ports import CalendarInfo
from providers.caldav.dav import Dav
from providers.caldav.names import absolute, collection_url, same_url
from providers.caldav.xml import CALDAV, CS, DAV, Member

__all__ = ["Found", "availability", "find", "pick"]

_WHAT_IS_IT = (
    f"{DAV}resourcetype",
    f"{DAV}displayname",
    f"{DAV}current-user-principal",
    f"{DAV}current-user-privilege-set",
    f"{CALDAV}supported-calendar-component-set",
    f"{CALDAV}calendar-timezone-id",
)
_EACH_CALENDAR = (
    f"{DAV}resourcetype",
    f"{DAV}displayname",
    f"{DAV}current-user-privilege-set",
    f"{DAV}supported-report-set",
    f"{DAV}sync-token",
    f"{CALDAV}supported-calendar-component-set",
    f"{CALDAV}calendar-timezone-id",
    f"{CS}getctag",
)
_MAY_WRITE = frozenset(f"{DAV}{right}" for right in ("all", "write", "write-content", "bind"))


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at an address: every calendar of the account, sorted by id, and the one that it is itself."""

    calendars: tuple[CalendarInfo, ...]
    itself: CalendarInfo | None


def find(dav: Dav, url: str, *, all_of_them: bool = True) -> Found:
    """The calendars behind `url`, which may be a calendar, a principal, a home or just a host.

    With `all_of_them` False the account is not searched when `url` is a calendar itself (one request). Raises what
    `Dav` raises; NotFound when nothing there speaks CalDAV.
    """
    start, where = _look(dav, url)
    itself = _calendar(start, where) if start is not None else None
    if itself is not None and not all_of_them:
        return Found((itself,), itself)
    principal = _principal(dav, url, start, where)
    try:
        homes = _homes(dav, principal) if principal else []
    except (NotFound, Malformed):
        if itself is None:
            raise
        homes = []
    if not homes and itself is None:
        # No principal and no home (some servers without accounts): what lies directly below is all there can be.
        homes = [collection_url(where)]
    found = {c.id: c for home in homes for c in _calendars_in(dav, home)}
    if itself is not None and not any(same_url(itself.id, known) for known in found):
        found[itself.id] = itself
    return Found(tuple(found[key] for key in sorted(found)), itself)


def availability(dav: Dav, url: str) -> str:
    """What the account behind `url` keeps as its calendar-availability (RFC 7953 7.2.4), "" where it keeps none.

    Raises Unreachable and SignInNeeded as `find` does. Whatever goes wrong at the scheduling inbox itself is none of
    them: Xandikos has one and fails over the question.
    """
    try:
        start, where = _look(dav, url)
        principal = _principal(dav, url, start, where)
        inboxes = _hrefs(dav, principal, f"{CALDAV}schedule-inbox-URL") if principal else []
    except (NotFound, Malformed):
        return ""
    for inbox in inboxes:
        try:
            answer, _ = dav.propfind(inbox, (f"{CALDAV}calendar-availability",), 0)
        except ProviderError:
            continue
        for member in answer.members:
            if said := member.text_as_is(f"{CALDAV}calendar-availability"):
                return said
    return ""


def pick(name: str, found: Found, wanted: str) -> CalendarInfo:
    """The calendar called `wanted` (its display name, its id or the last part of it), or the only one.

    Raises NotFound, naming the calendars there are, when that is none or more than one.
    """
    if not wanted:
        if found.itself is not None:
            return found.itself
        if len(found.calendars) == 1:
            return found.calendars[0]
        raise NotFound(
            f"{name}: the account has {_list(found)}, and none of them is chosen",
            f"add `calendar:` with one of these names to {name}",
        )
    for same in (_exactly, _loosely):
        matches = [c for c in found.calendars if same(c, wanted)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            ids = ", ".join(c.id for c in matches)
            raise NotFound(
                f"{name}: {len(matches)} calendars are called {wanted!r}: {ids}",
                "put the address of the right one into `url`",
            )
    raise NotFound(
        f"{name}: there is no calendar {wanted!r}; the account has {_list(found)}",
        f"put one of these names into `calendar` of {name}",
    )


def _look(dav: Dav, url: str) -> tuple[Member | None, str]:
    """What `url` says of itself, None when it says nothing; and the address that answered."""
    try:
        answer, where = dav.propfind(url, _WHAT_IS_IT, 0)
    except (NotFound, Malformed):
        # A host's root is often a web page or nothing; the well-known address decides.
        if urlsplit(url).path not in ("", "/"):
            raise
        return None, url
    first = answer.members[0] if answer.members else None
    if first is not None and _is_nobody(first) and dav.can_sign_in:
        # The server lets anybody look, and then knows nobody (RFC 5397): it has to be told who is there.
        dav.show_basic()
        return _look(dav, where)
    return first, where


def _principal(dav: Dav, url: str, start: Member | None, where: str) -> str:
    href = start.href_in(f"{DAV}current-user-principal") if start is not None else ""
    if href:
        return absolute(where, href)
    failure: ProviderError | None = None
    try:
        member, there = _look(dav, urljoin(url, "/.well-known/caldav"))
    except (NotFound, Malformed, Unreachable) as error:
        member, there, failure = None, "", error
    href = member.href_in(f"{DAV}current-user-principal") if member is not None else ""
    if href:
        return absolute(there, href)
    if start is None:
        raise NotFound(
            f"{dav.name}: {url} does not speak CalDAV" + (f" ({failure})" if failure else ""),
            "take the CalDAV address from the server's own help page, and put it into `url`",
        ) from failure
    return ""


def _homes(dav: Dav, principal: str) -> list[str]:
    return _hrefs(dav, principal, f"{CALDAV}calendar-home-set")


def _hrefs(dav: Dav, principal: str, tag: str) -> list[str]:
    """The addresses that a property of the principal names."""
    answer, where = dav.propfind(principal, (tag,), 0)
    return [
        absolute(where, href.text or "")
        for member in answer.members
        if (named := member.properties.get(tag)) is not None
        for href in named.iterfind(f"{DAV}href")
    ]


def _calendars_in(dav: Dav, home: str) -> list[CalendarInfo]:
    answer, where = dav.propfind(home, _EACH_CALENDAR, 1)
    return [c for c in (_calendar(member, absolute(where, member.href)) for member in answer.members) if c is not None]


def _calendar(member: Member, url: str) -> CalendarInfo | None:
    """The calendar that a member is, None when it is something else or holds no events."""
    if not member.is_there or not member.has_child(f"{DAV}resourcetype", f"{CALDAV}calendar"):
        return None
    kinds = member.properties.get(f"{CALDAV}supported-calendar-component-set")
    if kinds is not None and len(kinds) and not any(c.get("name", "").upper() == "VEVENT" for c in kinds):
        return None
    identity = collection_url(url)
    name = member.text(f"{DAV}displayname") or _last_part(identity)
    return CalendarInfo(identity, name, may_write(member), member.text(f"{CALDAV}calendar-timezone-id"))


def may_write(member: Member) -> bool:
    """False when the server lists the user's rights and none of them is a right to write."""
    rights = member.properties.get(f"{DAV}current-user-privilege-set")
    if rights is None or not len(rights):
        return True
    return any(right.tag in _MAY_WRITE for privilege in rights for right in privilege)


def _is_nobody(member: Member) -> bool:
    return member.has_child(f"{DAV}current-user-principal", f"{DAV}unauthenticated")


def _last_part(url: str) -> str:
    return unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])


def _exactly(calendar: CalendarInfo, wanted: str) -> bool:
    return wanted in (calendar.name, calendar.id, _last_part(calendar.id))


def _loosely(calendar: CalendarInfo, wanted: str) -> bool:
    return wanted.casefold().strip("/ ") in (calendar.name.casefold(), _last_part(calendar.id).casefold())


def _list(found: Found) -> str:
    if not found.calendars:
        return "no calendar for events"
    return "the calendars " + ", ".join(repr(c.name) for c in found.calendars)
