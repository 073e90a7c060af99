"""What is known of servers, as data: a row a product, recognised by its address or by a header of its answers.

A server that no row knows is treated with care: looked at before anything is created, and listed in full every
seventh night, because some servers answer a forgotten sync token as if nothing had changed. The facts are those that
the compatibility matrix of the `caldav` library (3.6.0) keeps, and our own runs against Radicale and Xandikos.
`D:limit` is never sent to anybody: Nextcloud and Xandikos lose the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["KNOWN", "UNKNOWN", "Quirks", "quirks_for"]


@dataclass(frozen=True, slots=True)
class Quirks:
    """How one server differs from the book.

    `hosts` are host names (or their parents), `paths` parts of the URL's path, `headers` (name, text in it) by which
    it is known. `look_first`: `If-None-Match: *` may be ignored, so a GET comes before a create. `relist_every`: 0
    when sync-collection can be trusted, 1 when it cannot be used, n when every n-th read lists all ETags instead.
    `account_hosts`: a parent domain whose other hosts may be sent the same credentials, because the service spreads
    accounts over them. `pause`: seconds between requests. `password_hint`: what the password must be.
    """

    product: str
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    look_first: bool = False
    relist_every: int = 0
    account_hosts: str = ""
    pause: float = 0.0
    password_hint: str = ""


UNKNOWN = Quirks("unknown server", look_first=True, relist_every=7)

_APP_PASSWORD = "use an app-specific password, not the account's own"  # noqa: S105 - advice, no password

KNOWN: tuple[Quirks, ...] = (
    # Services, by host.
    Quirks("iCloud", hosts=("icloud.com",), account_hosts="icloud.com", relist_every=7, password_hint=_APP_PASSWORD),
    Quirks("Fastmail", hosts=("fastmail.com", "messagingengine.com"), password_hint=_APP_PASSWORD),
    Quirks("GMX", hosts=("gmx.net", "gmx.com", "web.de"), relist_every=1, pause=2.0, look_first=True),
    Quirks("Yahoo", hosts=("yahoo.com",), relist_every=1, look_first=True, password_hint=_APP_PASSWORD),
    Quirks("Posteo", hosts=("posteo.de",), relist_every=1, look_first=True),
    Quirks("Robur", hosts=("robur.coop",), relist_every=1, look_first=True),
    Quirks("Purelymail", hosts=("purelymail.com",), relist_every=3, look_first=True, password_hint=_APP_PASSWORD),
    Quirks("Infomaniak", hosts=("infomaniak.com",), relist_every=1, look_first=True),
    # Products, by what they say of themselves or where they live by default.
    Quirks(
        "Nextcloud", paths=("/remote.php/dav", "/remote.php/caldav"), headers=(("dav", "nextcloud"),), relist_every=30
    ),
    Quirks("Cyrus", headers=(("server", "cyrus"),)),
    Quirks("Xandikos", headers=(("server", "xandikos"),)),
    Quirks("SOGo", paths=("/sogo/dav",), look_first=True, relist_every=3),
    Quirks(
        "DAViCal, Synology",
        paths=("/caldav.php",),
        headers=(("x-davical-version", ""),),
        look_first=True,
        relist_every=3,
    ),
    Quirks("Stalwart", headers=(("server", "stalwart"),), look_first=True, relist_every=3),
    Quirks("Bedework", paths=("/ucaldav/",), look_first=True, relist_every=1),
)


def quirks_for(url: str, headers: Mapping[str, str] | None = None) -> Quirks:
    """The row for the server behind `url`, judged by the URL and by the headers of one of its answers."""
    parts = urlsplit(url)
    host, path = (parts.hostname or "").lower(), parts.path.lower()
    said = {name.lower(): value.lower() for name, value in (headers or {}).items()}
    for row in KNOWN:
        if any(host == known or host.endswith("." + known) for known in row.hosts):
            return row
        if any(part in path for part in row.paths):
            return row
        if any(name in said and text in said[name] for name, text in row.headers):
            return row
    return UNKNOWN
