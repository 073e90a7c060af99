"""What a collection has and what changed in it: sync-collection where it can be trusted, ETags compared where not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from calsync.errors import Malformed, NotFound, Unreachable
from calsync.ical.lexical import Group, cannot_touch, split
from calsync.ports import Resource
from providers.caldav.dav import Dav
from providers.caldav.names import etag_of, href_path, name_of, resource_url
from providers.caldav.xml import CALDAV, DAV, Member, multiget_body, sync_body

__all__ = ["Fetched", "Listing", "changes_since", "fetch", "fetch_one", "list_all", "list_first"]

_LISTED = (f"{DAV}getetag", f"{DAV}getcontenttype", f"{DAV}resourcetype")
_BATCH = 80
_PAGES = 1000
_NO_MULTIGET = frozenset({400, 403, 405, 415, 501})
_COMPONENT = re.compile(r"component=\"?([a-z-]+)")


@dataclass(slots=True)
class Listing:
    """Names with their ETags ("" when the server gives none), and how the server spells each href. `gone` are names
    that are no more; `token` is where to go on; `whole` is True when everything that exists is listed.
    """

    etags: dict[str, str] = field(default_factory=dict)
    hrefs: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    token: str = ""
    whole: bool = True

    def add(self, name: str, member: Member) -> None:
        """Note one member."""
        self.etags[name] = etag_of(member.text(f"{DAV}getetag"))
        self.hrefs[name] = href_path(member.href)
        self.gone.discard(name)

    def drop(self, name: str) -> None:
        """Note that one is gone."""
        self.etags.pop(name, None)
        self.hrefs.pop(name, None)
        self.gone.add(name)


def list_first(dav: Dav, collection: str) -> Listing:
    """Everything in the collection, and a sync token to go on from where the server has them."""
    if dav.quirks.relist_every != 1:
        listing = changes_since(dav, collection, "")
        if listing is not None:
            listing.gone.clear()
            listing.whole = True
            return listing
    return list_all(dav, collection)


def list_all(dav: Dav, collection: str) -> Listing:
    """Every member with its ETag, by one PROPFIND; the sync token with it where the server has one."""
    answer, _ = dav.propfind(collection, (*_LISTED, f"{DAV}sync-token"), 1)
    listing, is_there = Listing(), False
    for member in answer.members:
        name = name_of(collection, member.href)
        if name is None:
            is_there = is_there or member.is_there
            listing.token = listing.token or member.text(f"{DAV}sync-token")
        elif member.is_there:
            if _may_be_calendar(member):
                listing.add(name, member)
        elif member.status not in (404, 410):
            raise Unreachable(
                f"{dav.name}: the server has {name} and does not show it ({member.status})",
                "look at it in the calendar's own app; the next run tries again",
            )
    if not is_there and not listing.etags:
        raise NotFound(f"{dav.name}: there is no {collection}", f"`calsync calendars` lists what {dav.name} has")
    return listing


def changes_since(dav: Dav, collection: str, token: str) -> Listing | None:
    """What changed since `token` ("" lists everything), None when the server cannot or will not say.

    Raises what stands in the way of any other request as well (sign-in, no answer, a login page).
    """
    listing = Listing(whole=False)
    for _ in range(_PAGES):
        answer = dav.report(collection, sync_body(token, _LISTED[:2]), 0)
        if not 200 <= answer.status < 300:
            # A token that is forgotten (403, 409, 410, 412, 500: servers differ) or no such report; the listing that
            # follows meets every other reason again.
            return None
        said = dav.multistatus(answer)
        truncated = False
        for member in said.members:
            name = name_of(collection, member.href)
            if name is None:
                # The collection itself: 507 says that there is more (RFC 6578 3.6); iCloud lists it without reason.
                truncated = truncated or member.status == 507
            elif member.status in (404, 410):
                listing.drop(name)
            elif not member.is_there:
                return None
            elif _may_be_calendar(member):
                listing.add(name, member)
        if not said.sync_token:
            return None
        listing.token = said.sync_token
        if not truncated:
            return listing
        if said.sync_token == token:
            return None
        token = said.sync_token
    return None


@dataclass(slots=True)
class Fetched:
    """What stands under the names asked for. `past` are events that lie wholly before the window, `others` hold
    no event at all, `absent` are gone.
    """

    events: list[Resource] = field(default_factory=list)
    past: list[Resource] = field(default_factory=list)
    others: list[Resource] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)


def fetch(dav: Dav, collection: str, listing: Listing, names: Iterable[str], begin: datetime | None = None) -> Fetched:
    """The content of the named resources of a listing.

    With `begin` the resources that provably end before that instant are put aside. Raises Malformed, naming the
    resource, for one that is no iCalendar object.
    """
    fetched = Fetched()
    names = sorted(names)
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]
        found, absent = _fetch_batch(dav, collection, {name: listing.hrefs[name] for name in batch})
        fetched.absent |= absent
        for resource in (found[name] for name in batch if name in found):
            if not resource.etag:
                resource = replace(resource, etag=listing.etags[resource.name])
            events = _cut(dav, resource)
            if not events:
                fetched.others.append(resource)
            elif begin is not None and all(cannot_touch(event, begin) for event in events):
                fetched.past.append(resource)
            else:
                fetched.events.append(resource)
    return fetched


def _fetch_batch(dav: Dav, collection: str, hrefs: Mapping[str, str]) -> tuple[dict[str, Resource], set[str]]:
    """Contents by name, and the names that are gone, by one multiget."""
    found: dict[str, Resource] = {}
    absent: set[str] = set()
    for member in _multiget(dav, collection, hrefs.values()):
        name = name_of(collection, member.href)
        if name is None or name not in hrefs:
            continue
        data = member.text_as_is(f"{CALDAV}calendar-data")
        if member.status in (404, 410):
            absent.add(name)
        elif data.strip():
            # XML turned the CRLF that RFC 5545 asks for into LF.
            payload = data.replace("\r\n", "\n").replace("\n", "\r\n").lstrip().encode()
            found[name] = Resource(name, etag_of(member.text(f"{DAV}getetag")), payload)
    for name in sorted(hrefs.keys() - found.keys() - absent):
        # Left out of the answer or without content: only a look at it alone tells why.
        resource = fetch_one(dav, resource_url(collection, name), name)
        if resource is None:
            absent.add(name)
        else:
            found[name] = resource
    return found, absent


def fetch_one(dav: Dav, url: str, name: str) -> Resource | None:
    """One resource by GET, None when it is gone. Its ETag is "" when the server gives none."""
    # A proxy that compresses changes the ETag on the way.
    answer = dav.send("GET", url, headers={"Accept": "text/calendar", "Accept-Encoding": "identity"})
    if answer.status in (404, 410):
        return None
    if answer.status != 200:
        raise dav.error(answer)
    if "html" in answer.headers.get("content-type", ""):
        raise Malformed(
            f"{dav.name}: {url} is a web page where an event should be",
            "check that `url` is the CalDAV address, not the address of the web page",
        )
    return Resource(name, etag_of(answer.headers.get("etag")), answer.body)


def _multiget(dav: Dav, collection: str, paths: Iterable[str]) -> tuple[Member, ...]:
    answer = dav.report(collection, multiget_body(paths), 1)
    if answer.status in _NO_MULTIGET:
        return ()
    return dav.multistatus(answer).members


def _may_be_calendar(member: Member) -> bool:
    """False for what the server itself says is no event: a collection, another media type, another component.

    A name without .ics proves nothing (RFC 4791 5.3.2 leaves names to the client), and passing over an event would
    put a block on top of it.
    """
    if member.has_child(f"{DAV}resourcetype", f"{DAV}collection"):
        return False
    kind = member.text(f"{DAV}getcontenttype").lower()
    media, _, parameters = kind.partition(";")
    if media.strip() and media.strip() != "text/calendar":
        return False
    component = _COMPONENT.search(parameters)
    return component is None or component.group(1) == "vevent"


def _cut(dav: Dav, resource: Resource) -> list[Group]:
    """The events in the resource, empty when it holds other components only."""
    try:
        return split(resource.payload).groups
    except Malformed as error:
        raise Malformed(
            f"{dav.name}: {resource.name} on the server cannot be read: {error.what}",
            f"open the calendar in its own app, and repair or delete {resource.name}",
        ) from error
