"""WebDAV's XML both ways: bodies of the requests we send, and what a multistatus answer says. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = [
    "CALDAV",
    "CS",
    "DAV",
    "Member",
    "MultiStatus",
    "multiget_body",
    "parse",
    "parse_multistatus",
    "preconditions",
    "propfind_body",
    "sync_body",
]

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
CS = "{http://calendarserver.org/ns/}"
_PREFIXES = {DAV: "d", CALDAV: "c", CS: "cs"}
_NAMESPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/"'
_CONTROL = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0D})
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_HEAD = '<?xml version="1.0" encoding="utf-8"?>'


@dataclass(frozen=True, slots=True)
class Member:
    """One href of a multistatus answer. `status` is its own status (200 when only its properties have one);
    `properties` are those that the server could give.
    """

    href: str
    status: int
    properties: dict[str, Element] = field(default_factory=dict)

    @property
    def is_there(self) -> bool:
        """True for any success: an early draft of sync-collection said 201 for what is new."""
        return 200 <= self.status < 300

    def text(self, tag: str) -> str:
        """The text of a property, "" when there is none."""
        found = self.properties.get(tag)
        return "" if found is None else (found.text or "").strip()

    def text_as_is(self, tag: str) -> str:
        """The text of a property with its white space, "" when there is none."""
        found = self.properties.get(tag)
        return "" if found is None else (found.text or "")

    def href_in(self, tag: str) -> str:
        """The first href inside a property, "" when there is none."""
        found = self.properties.get(tag)
        inner = None if found is None else found.find(f"{DAV}href")
        return "" if inner is None else (inner.text or "").strip()

    def has_child(self, tag: str, child: str) -> bool:
        """True when the property `tag` holds an element `child`."""
        found = self.properties.get(tag)
        return found is not None and found.find(child) is not None


@dataclass(frozen=True, slots=True)
class MultiStatus:
    """A 207 answer: its members, and the sync token when the request was a sync-collection."""

    members: tuple[Member, ...]
    sync_token: str = ""


def parse(body: bytes) -> Element:
    """The root element of `body`. Raises ValueError when it is no XML, or XML that declares entities."""
    from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
    from defusedxml.ElementTree import ParseError, fromstring  # type: ignore[import-untyped]

    try:
        # Servers hand out what clients once stored, control characters that XML cannot hold included.
        root: Element = fromstring(body.translate(None, _CONTROL) if body[:2] not in _UTF16 else body)
    except (ParseError, DefusedXmlException, LookupError) as error:
        # LookupError: an encoding that Python does not know.
        raise ValueError(f"not XML: {error}") from error
    return root


def parse_multistatus(body: bytes) -> MultiStatus:
    """What a 207 body says. Raises ValueError when it is not a multistatus."""
    root = parse(body)
    if root.tag != f"{DAV}multistatus":
        raise ValueError(f"not a WebDAV answer but {root.tag}")
    members: list[Member] = []
    for response in root.iterfind(f"{DAV}response"):
        own = response.find(f"{DAV}status")
        status = _status(own.text) if own is not None else 200
        found: dict[str, Element] = {}
        for propstat in response.iterfind(f"{DAV}propstat"):
            if _status(propstat.findtext(f"{DAV}status")) == 200:
                found.update((element.tag, element) for prop in propstat.iterfind(f"{DAV}prop") for element in prop)
        members.extend(Member((h.text or "").strip(), status, found) for h in response.iterfind(f"{DAV}href"))
    return MultiStatus(tuple(members), (root.findtext(f"{DAV}sync-token") or "").strip())


def preconditions(body: bytes) -> frozenset[str]:
    """The conditions that an error body names (RFC 4918 16), as tags; empty when it is no such body."""
    if b"error" not in body:
        return frozenset()
    try:
        root = parse(body)
    except ValueError:
        return frozenset()
    if root.tag != f"{DAV}error":
        return frozenset()
    # SabreDAV puts its own words beside them.
    return frozenset(child.tag for child in root if child.tag.startswith(tuple(_PREFIXES)))


def propfind_body(properties: Iterable[str]) -> bytes:
    """A PROPFIND that asks for `properties` (tags)."""
    return f"{_HEAD}<d:propfind {_NAMESPACES}>{_prop(properties)}</d:propfind>".encode()


def sync_body(token: str, properties: Iterable[str]) -> bytes:
    """A sync-collection REPORT (RFC 6578). There is never a limit in it: several servers lose data when there is."""
    return (
        f"{_HEAD}<d:sync-collection {_NAMESPACES}><d:sync-token>{escape(token, quote=False)}</d:sync-token>"
        f"<d:sync-level>1</d:sync-level>{_prop(properties)}</d:sync-collection>"
    ).encode()


def multiget_body(paths: Iterable[str]) -> bytes:
    """A calendar-multiget REPORT (RFC 4791 7.9) for the ETag and content of `paths`."""
    hrefs = "".join(f"<d:href>{escape(path, quote=False)}</d:href>" for path in paths)
    wanted = _prop((f"{DAV}getetag", f"{CALDAV}calendar-data"))
    return f"{_HEAD}<c:calendar-multiget {_NAMESPACES}>{wanted}{hrefs}</c:calendar-multiget>".encode()


def _prop(properties: Iterable[str]) -> str:
    names = (tag.partition("}") for tag in properties)
    return "<d:prop>" + "".join(f"<{_PREFIXES[space + '}']}:{name}/>" for space, _, name in names) + "</d:prop>"


def _status(line: str | None) -> int:
    words = (line or "").split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 500
