"""Hrefs, names and version marks: the texts that servers spell differently and that must compare equal here.

A resource's *name* is the last segment of its href, percent-decoded; a calendar's id is its absolute URL with a
slash at the end, spelled as the server spells it.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

__all__ = ["absolute", "collection_url", "etag_of", "href_path", "name_of", "origin", "resource_url", "same_url"]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_WEAK_ENCODED = re.compile(r"^(W/)?%22", re.IGNORECASE)


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of `url`, in lower case and with the default port filled in (0 when there is none)."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS.get(scheme, 0)


def absolute(base: str, href: str) -> str:
    """Where an href in the answer of `base` points. Behind a proxy a server writes its inner scheme and port into its
    hrefs: on the same host the path alone counts.
    """
    try:
        url = urljoin(base, href.strip())
        one, other = urlsplit(base), urlsplit(url)
    except ValueError:
        # The client refuses it by name when it is to be used.
        return href
    if one.hostname == other.hostname:
        return urlunsplit((one.scheme, one.netloc, other.path, other.query, ""))
    return url


def collection_url(url: str) -> str:
    """`url` as the id of a collection: no user, query or fragment, and a slash at the end."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    path = parts.path if parts.path.endswith("/") else parts.path + "/"
    return urlunsplit((parts.scheme, host, path, "", ""))


def same_url(one: str, other: str) -> bool:
    """True when the two name the same thing, however they are percent-encoded and whether or not a slash ends them."""
    return origin(one) == origin(other) and _plain(urlsplit(one).path) == _plain(urlsplit(other).path)


def href_path(href: str) -> str:
    """The path of an href as the server spelled it: some servers put their inner host name before it."""
    try:
        return urlsplit(href.strip()).path
    except ValueError:
        return href.strip()


def name_of(collection: str, href: str) -> str | None:
    """The name of the member that `href` points at, or None for the collection itself and for collections in it."""
    base, path = urlsplit(collection).path, href_path(href)
    if not path.startswith("/"):
        path = base + path
    if path.endswith("/") or _plain(path) == _plain(base):
        return None
    segment = path.rpartition("/")[2]
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        # No text that could be stored and encoded back; the raw spelling can.
        return segment


def resource_url(collection: str, name: str) -> str:
    """Where the member `name` of `collection` stands."""
    return collection + quote(name, safe="-._~!$&'()*+,;=:@")


def etag_of(text: str | None) -> str:
    """One spelling for an ETag: quoted, strong, not percent-encoded; "" for none.

    Proxies that compress make a strong ETag weak, GMX answers a PUT with a weak one, Bedework percent-encodes it, and
    a few servers forget the quotes; If-Match needs the strong form of the same text.
    """
    value = (text or "").strip()
    if _WEAK_ENCODED.match(value):
        value = unquote(value)
    if value[:2] in ("W/", "w/"):
        value = value[2:]
    if value and not (value.startswith('"') and value.endswith('"') and len(value) > 1):
        value = f'"{value}"'
    return value


def _plain(path: str) -> str:
    return unquote(path).rstrip("/")
